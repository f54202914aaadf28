/* New files of a table. Of a managed one they are written under names that nothing lists, and count with
** the commit of the transaction; what a statement that fails has written is removed. Files of an
** external table go to its folder as df.write puts them there. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "plan/format.h"
#include "plan/warehouse_int.h"

typedef struct table_write {
  mill_planner *w;
  const mill_catalog_table *t;
  mill_names files; /* below the table's folder */
  bool dynamic;
} table_write;

static const char *conf(void *arg, const char *key) { return mill_session_get(arg, key); }

static void remove_files(table_write *x) {
  mill_text path;
  mill_text_init(&path, x->w->ctx->memory);
  for (size_t i = 0; i < x->files.n; i++) {
    mill_text_reset(&path);
    if (mill_path_join(&path, x->t->location, x->files.name[i], NULL) != MILL_OK) continue;
    if (mill_file_remove(x->w->ctx->files, path.data, NULL) != MILL_OK) continue;
  }
  mill_text_clear(&path);
}

/* The rows of an analysed tree, as they come. */
static mill_rows *open_rows(mill_planner *w, const mill_node *n) {
  mill_plan *p = NULL;
  mill_rows *rows = NULL;
  w->status = mill_plan_new(w->session, &p, w->err);
  if (w->status) return NULL;
  p->root = (mill_node *)n;
  p->settings = w->set;
  p->settings.once = NULL;
  p->schema = mill_w_schema(w, n->output, n->noutput);
  if (w->status == MILL_OK) w->status = mill_plan_open(p, &rows, w->err);
  mill_plan_unref(p);
  return w->status ? NULL : rows;
}

static bool run(table_write *x, const mill_node *n, mill_save_mode mode, const char *path,
                bool partitions) {
  mill_planner *w = x->w;
  mill_rows *rows = open_rows(w, n);
  mill_write write = {.format = x->t->provider,
                      .path = path,
                      .options = x->t->options,
                      .mode = mode,
                      .partition_by = partitions ? x->t->partitions.at : NULL,
                      .npartition_by = partitions ? x->t->partitions.n : 0,
                      .files = x->t->kind == MILL_TABLE_MANAGED || partitions ? &x->files : NULL,
                      .conf = conf,
                      .conf_arg = w->session};
  if (rows == NULL) return false;
  w->status = mill_format_write(w->session, &w->set, &write, rows, NULL, w->err);
  return w->status == MILL_OK;
}

/* "y=2024/r=n" of "y=2024/r=n/part-.."; the name is changed in the arena's copy. */
static const char *folder_of(mill_planner *w, const char *file) {
  const char *slash = strrchr(file, '/');
  return slash ? mill_w_copy(w, file, (size_t)(slash - file)) : "";
}

static bool is_below(const char *path, const char *below) {
  size_t n = strlen(below);
  return n == 0 || (strncmp(path, below, n) == 0 && (path[n] == '\0' || path[n] == '/'));
}

static bool was_written(table_write *x, const char *path) {
  for (size_t i = 0; i < x->files.n; i++) {
    const char *slash = strrchr(x->files.name[i], '/');
    size_t n = slash ? (size_t)(slash - x->files.name[i]) : 0;
    if (strlen(path) == n && strncmp(path, x->files.name[i], n) == 0) return true;
  }
  return false;
}

/* What stood in the partitions that are overwritten is dropped. */
static bool drop_old(table_write *x, const char *below) {
  mill_planner *w = x->w;
  mill_catalog *c = mill_w_catalog(w);
  mill_catalog_partition *p;
  size_t n;
  w->status = mill_catalog_partitions(c, x->t, "", w->arena, &p, &n, w->err);
  for (size_t i = 0; i < n && w->status == MILL_OK; i++) {
    bool again = was_written(x, p[i].path);
    if (!is_below(p[i].path, below) || (x->dynamic && !again)) continue;
    w->status = mill_catalog_partition_drop(c, x->t, &p[i], again, w->err);
  }
  return w->status == MILL_OK;
}

static bool list_files(table_write *x) {
  mill_planner *w = x->w;
  mill_catalog *c = mill_w_catalog(w);
  mill_file_info info;
  for (size_t i = 0; i < x->files.n && w->status == MILL_OK; i++) {
    const char *name = x->files.name[i];
    const char *path = mill_w_printf(w, "%s/%s", x->t->location, name);
    if (path) w->status = mill_file_stat(w->ctx->files, path, &info, w->err);
    if (w->status == MILL_OK)
      w->status = mill_catalog_file_add(c, x->t, folder_of(w, name), name, info.size, w->err);
  }
  return w->status == MILL_OK;
}

/* Where files go, for the case that the process dies before the commit. */
static mill_status note(table_write *x) {
  mill_planner *w = x->w;
  mill_catalog *c = mill_w_catalog(w);
  x->w->writing = true;
  const char *root = mill_w_printf(w, "%s/_catalog", mill_catalog_warehouse(c));
  MILL_TRY(mill_folder_make(w->ctx->files, root, w->err));
  return mill_catalog_note(c, w->ctx->files, w->ctx->memory, x->t->location, w->err);
}

static bool write_managed(table_write *x, const mill_node *n, bool overwrite, const char *below) {
  mill_planner *w = x->w;
  w->status = mill_folder_make(w->ctx->files, x->t->location, w->err);
  if (w->status == MILL_OK) w->status = note(x);
  if (w->status) return false;
  if (run(x, n, MILL_SAVE_APPEND, x->t->location, true) && (!overwrite || drop_old(x, below)) &&
      list_files(x))
    return true;
  remove_files(x);
  return false;
}

/* The folders of partitions that hold files now are partitions. */
static bool list_partitions(table_write *x) {
  mill_planner *w = x->w;
  mill_catalog *c = mill_w_catalog(w);
  mill_catalog_partition *p;
  size_t n;
  w->status = mill_catalog_partitions(c, x->t, "", w->arena, &p, &n, w->err);
  for (size_t i = 0; i < x->files.n && w->status == MILL_OK; i++) {
    const char *path = folder_of(w, x->files.name[i]);
    bool known = false;
    for (size_t k = 0; k < n; k++) known |= strcmp(p[k].path, path) == 0;
    if (!known) w->status = mill_catalog_partition_put(c, x->t, path, NULL, w->err);
  }
  return w->status == MILL_OK;
}

/* Partitions that are overwritten without new rows lose their folders and their place. */
static bool drop_folders(table_write *x, const char *below) {
  mill_planner *w = x->w;
  mill_catalog *c = mill_w_catalog(w);
  mill_catalog_partition *p;
  size_t n;
  w->status = mill_catalog_partitions(c, x->t, "", w->arena, &p, &n, w->err);
  for (size_t i = 0; i < n && w->status == MILL_OK; i++) {
    if (!is_below(p[i].path, below) || was_written(x, p[i].path)) continue;
    w->status = mill_catalog_partition_drop(c, x->t, &p[i], false, w->err);
    if (w->status == MILL_OK)
      w->status = mill_folder_remove(w->ctx->files, mill_partition_place(w, x->t, &p[i]), w->err);
  }
  return w->status == MILL_OK;
}

static bool write_external(table_write *x, const mill_node *n, bool overwrite, const char *below) {
  mill_planner *w = x->w;
  bool parts = x->t->partitions.n > 0;
  mill_option *o = mill_w_alloc(w, (size_t)(x->t->options.n + 1) * sizeof *o);
  mill_catalog_table t = *x->t;
  if (o == NULL) return false;
  if (x->t->options.n) memcpy(o, x->t->options.at, (size_t)x->t->options.n * sizeof *o);
  if (parts && overwrite) o[t.options.n++] = (mill_option){"partitionOverwriteMode", "dynamic"};
  t.options.at = o;
  x->t = &t;
  if (!run(x, n, overwrite ? MILL_SAVE_OVERWRITE : MILL_SAVE_APPEND, t.location, parts))
    return false;
  if (!parts) return true;
  return list_partitions(x) && (!overwrite || x->dynamic || drop_folders(x, below));
}

bool mill_table_write(mill_planner *w, const mill_catalog_table *t, const mill_node *rows,
                      bool overwrite, const char *below) {
  const char *mode = mill_option_text(t->options, "partitionOverwriteMode");
  if (mode == NULL) mode = mill_session_get(w->session, "spark.sql.sources.partitionOverwriteMode");
  table_write x = {.w = w, .t = t};
  if (rows == NULL) return false;
  x.dynamic = t->partitions.n && strcasecmp(mode, "dynamic") == 0;
  mill_names_init(&x.files, w->ctx->memory);
  bool good = t->kind == MILL_TABLE_MANAGED ? write_managed(&x, rows, overwrite, below)
                                            : write_external(&x, rows, overwrite, below);
  mill_names_clear(&x.files);
  return good;
}
