/* Streams into and out of tables. Spark: DataStreamWriter.toTable, DataStreamReader.table.
**
** A table as a source is the file source over the files that the catalogue lists: what is added later is
** read later, each file once. Files that UPDATE or MERGE write anew end the query, or with the option
** ignoreChanges are new files. */
#include "plan/stream_table.h"

#include <string.h>
#include <strings.h>

#include "plan/format.h"
#include "plan/stream_plan.h"
#include "plan/warehouse_int.h"

static const char *conf(void *arg, const char *key) { return mill_session_get(arg, key); }

/* ---- the sink ------------------------------------------------------------------------------- */

typedef struct listing {
  mill_session *session;
  mill_arena arena;
  const mill_catalog_table *t;
} listing;

static mill_catalog *catalog_of(const listing *l) {
  return mill_session_warehouse(l->session)->catalog;
}

/* The table must be the one that the query began with. */
static mill_status find(listing *l, const mill_catalog_table **out, mill_error *err) {
  MILL_TRY(mill_catalog_table_get(catalog_of(l), l->t->database, l->t->name, &l->arena, out, err));
  if (*out && strcmp((*out)->id, l->t->id) == 0) return MILL_OK;
  return mill_fail(err, MILL_E_TABLE_OR_VIEW_NOT_FOUND, "relationName",
                   mill_error_fmt(err, "`spark_catalog`.`%s`.`%s`", l->t->database, l->t->name),
                   "searchPath", mill_error_fmt(err, "[`spark_catalog`.`%s`]", l->t->database),
                   NULL);
}

static mill_status last_batch(void *arg, const char *query, int64_t *batch, mill_error *err) {
  listing *l = arg;
  MILL_TRY(mill_ledger_refresh(mill_catalog_ledger(catalog_of(l)), err));
  return mill_catalog_stream_get(catalog_of(l), l->t, query, batch, err);
}

static mill_status begin(void *arg, mill_error *err) {
  listing *l = arg;
  const mill_catalog_table *now;
  MILL_TRY(mill_warehouse_begin(mill_session_warehouse(l->session), l->session, err));
  mill_status s = find(l, &now, err);
  const mill_context *ctx = mill_session_context(l->session);
  if (s == MILL_OK)
    s = mill_catalog_note(catalog_of(l), ctx->files, ctx->memory, now->location, err);
  if (s != MILL_OK) mill_warehouse_abandon(mill_session_warehouse(l->session), l->session, false);
  return s;
}

static mill_status add(void *arg, const char *name, uint64_t size, mill_error *err) {
  listing *l = arg;
  const char *slash = strrchr(name, '/');
  mill_text folder;
  mill_text_init(&folder, l->arena.memory);
  mill_status s = mill_text_add(&folder, name, slash ? (size_t)(slash - name) : 0, err);
  if (s == MILL_OK)
    s = mill_catalog_file_add(catalog_of(l), l->t, slash ? folder.data : "", name, size, err);
  mill_text_clear(&folder);
  return s;
}

static mill_status end(void *arg, const char *query, int64_t batch, bool good, mill_error *err) {
  listing *l = arg;
  mill_warehouse *h = mill_session_warehouse(l->session);
  mill_status s = MILL_OK;
  if (good) s = mill_catalog_stream_put(catalog_of(l), l->t, query, batch, err);
  if (good && s == MILL_OK) return mill_warehouse_commit(h, l->session, true, err);
  mill_warehouse_abandon(h, l->session, true);
  return s;
}

static void free_listing(void *arg) {
  listing *l = arg;
  mill_memory *m = l->arena.memory;
  mill_arena_clear(&l->arena);
  mill_free(m, l, sizeof *l);
}

/* Files as a table has them, whatever the format: under names that no other has. */
static mill_status write_files(const mill_context *ctx, const mill_settings *set,
                               const mill_write *w, mill_rows *rows, uint64_t *written,
                               mill_error *err) {
  mill_names files;
  mill_write named = *w;
  named.mode = MILL_SAVE_APPEND;
  named.files = &files;
  mill_names_init(&files, ctx->memory);
  mill_status s = mill_folder_make(ctx->files, w->path, err);
  if (s == MILL_OK)
    s = mill_format_write(w->conf_arg, set, &named, rows, written,
                          err); /* conf reads the session */
  else
    rows->free(rows);
  mill_names_clear(&files);
  return s;
}

static mill_status sink_of(listing *l, mill_stream_sink **out, mill_error *err) {
  const mill_context *ctx = mill_session_context(l->session);
  const mill_catalog_table *t = l->t;
  mill_stream_io io = {.write = write_files};
  const mill_sink_list list = {l, last_batch, begin, add, end, free_listing};
  mill_write w = {.format = t->provider,
                  .path = t->location,
                  .mode = MILL_SAVE_APPEND,
                  .options = t->options,
                  .partition_by = t->partitions.at,
                  .npartition_by = t->partitions.n,
                  .conf = conf,
                  .conf_arg = l->session};
  if (t->kind == MILL_TABLE_MANAGED) return mill_sink_listed_new(ctx, &io, &w, &list, out, err);
  mill_status s = mill_sink_file_new(ctx, &mill_plan_stream_io, &w, out, err);
  free_listing(l);
  return s;
}

mill_status mill_stream_table_sink(mill_session *s, const char *database, const char *name,
                                   mill_stream_sink **out, mill_error *err) {
  mill_memory *m = mill_session_memory(s);
  mill_warehouse *h = mill_session_warehouse(s);
  MILL_TRY(mill_warehouse_open(h, s, err));
  MILL_TRY(mill_ledger_refresh(mill_catalog_ledger(h->catalog), err));
  listing *l = mill_calloc(m, sizeof *l);
  if (l == NULL) return mill_oom(m, sizeof *l, err);
  l->session = s;
  mill_arena_init(&l->arena, m);
  mill_status status = mill_catalog_table_get(h->catalog, database, name, &l->arena, &l->t, err);
  if (status == MILL_OK && l->t == NULL)
    status = mill_fail(err, MILL_E_TABLE_OR_VIEW_NOT_FOUND, "relationName",
                       mill_error_fmt(err, "`%s`.`%s`", database, name), "searchPath", "", NULL);
  if (status == MILL_OK) return sink_of(l, out, err);
  free_listing(l);
  return status;
}

/* ---- the source ----------------------------------------------------------------------------- */

/* The option that tells list_files which table it lists; no reader has it. */
#define TABLE_OPTION "__table"

static mill_status add_file(mill_read_files *out, const mill_context *ctx,
                            const mill_catalog_table *t, const mill_catalog_file *file,
                            mill_error *err) {
  mill_text path;
  mill_file_info info;
  mill_text_init(&path, ctx->memory);
  mill_status s = mill_path_join(&path, t->location, file->name, err);
  if (s == MILL_OK) s = mill_file_stat(ctx->files, path.data, &info, err);
  const char *own = s == MILL_OK ? mill_arena_strndup(&out->arena, path.data, path.size) : NULL;
  if (s == MILL_OK && own == NULL) s = mill_oom(ctx->memory, path.size, err);
  if (s == MILL_OK && info.exists)
    out->file[out->n++] = (mill_read_file){own, file->size, info.mtime_millis, NULL};
  mill_text_clear(&path);
  return s;
}

static mill_status fill(mill_read_files *out, const mill_context *ctx, mill_session *s,
                        const char *table, mill_error *err) {
  mill_warehouse *h = mill_session_warehouse(s);
  const mill_catalog_table *t;
  mill_catalog_partition *p;
  size_t n, most = 1;
  const char *dot = strchr(table, '.');
  char *database = mill_arena_strndup(&out->arena, table, (size_t)(dot - table));
  if (database == NULL) return mill_oom(ctx->memory, 1, err);
  MILL_TRY(mill_warehouse_open(h, s, err));
  MILL_TRY(mill_ledger_refresh(mill_catalog_ledger(h->catalog), err));
  MILL_TRY(mill_catalog_table_get(h->catalog, database, dot + 1, &out->arena, &t, err));
  if (t == NULL)
    return mill_fail(err, MILL_E_TABLE_OR_VIEW_NOT_FOUND, "relationName", table, "searchPath", "",
                     NULL);
  MILL_TRY(mill_catalog_partitions(h->catalog, t, "", &out->arena, &p, &n, err));
  for (size_t i = 0; i < n; i++) most += p[i].nfiles;
  out->file = mill_alloc(ctx->memory, most * sizeof *out->file);
  if (out->file == NULL) return mill_oom(ctx->memory, most * sizeof *out->file, err);
  out->capacity = most;
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < p[i].nfiles; k++) MILL_TRY(add_file(out, ctx, t, &p[i].file[k], err));
  return MILL_OK;
}

static mill_status list_files(const mill_context *ctx, const mill_read *r, mill_read_files *out,
                              mill_error *err) {
  memset(out, 0, sizeof *out);
  mill_arena_init(&out->arena, ctx->memory);
  mill_status s = fill(out, ctx, r->conf_arg, mill_option_text(r->options, TABLE_OPTION), err);
  if (s != MILL_OK) mill_read_files_clear(out);
  return s;
}

static mill_status open_files(const mill_context *ctx, const mill_settings *set, const mill_read *r,
                              mill_scan **out, mill_error *err) {
  mill_read plain = *r;
  plain.options.n--; /* TABLE_OPTION, the last */
  return mill_format_open(ctx, set, &plain, out, err);
}

static void unref_source(void *s) { mill_stream_source_unref(s); }

/* The options of the table, those of the query, and what the source is to know. */
static const mill_option *source_options(mill_planner *w, const mill_node *n,
                                         const mill_catalog_table *t, int *count) {
  mill_option *o = mill_w_alloc(w, (size_t)(t->options.n + n->noptions + 4) * sizeof *o);
  int k = 0;
  if (o == NULL) return NULL;
  for (int i = 0; i < n->noptions; i++) o[k++] = n->options[i];
  for (int i = 0; i < t->options.n; i++) o[k++] = t->options.at[i];
  o[k++] = (mill_option){"basePath", t->location};
  o[k++] = (mill_option){"maxFileAge", "100000d"}; /* a table forgets nothing */
  if (t->kind == MILL_TABLE_MANAGED)
    o[k++] = (mill_option){TABLE_OPTION, mill_w_printf(w, "%s.%s", t->database, t->name)};
  *count = k;
  return o;
}

static bool open_source(mill_planner *w, const mill_node *n, const mill_catalog_table *t,
                        mill_source *s) {
  const mill_stream_io managed = {.list = list_files,
                                  .clear = mill_read_files_clear,
                                  .open = open_files,
                                  .table =
                                      mill_w_full_name(w, (mill_table_name){t->database, t->name})};
  const char **path = mill_w_alloc(w, sizeof *path);
  *s = (mill_source){.format = t->provider, .npaths = 1, .paths = path};
  s->options = source_options(w, n, t, &s->noptions);
  s->schema = mill_table_schema(w, t);
  if (path == NULL || s->options == NULL || s->schema == NULL) return false;
  path[0] = t->location;
  mill_read r = {.format = s->format,
                 .paths = path,
                 .npaths = 1,
                 .options = {s->options, s->noptions},
                 .schema = s->schema,
                 .conf = conf,
                 .conf_arg = w->session};
  const mill_stream_io *io = t->kind == MILL_TABLE_MANAGED ? &managed : &mill_plan_stream_io;
  w->status = mill_stream_files_new(w->ctx, io, &r, &s->stream, w->err);
  if (w->status == MILL_OK) w->status = mill_plan_keep(w->plan, s->stream, unref_source, w->err);
  return w->status == MILL_OK;
}

const mill_node *mill_stream_relation(mill_planner *w, const mill_node *n,
                                      const mill_catalog_table *t) {
  mill_node *s = mill_w_node(w, MILL_N_SOURCE, n);
  mill_source *source = s ? mill_w_alloc(w, sizeof *source) : NULL;
  const char **parts = s ? mill_w_alloc(w, 3 * sizeof *parts) : NULL;
  mill_exprs l = {0};
  if (source == NULL || parts == NULL || !open_source(w, n, t, source)) return NULL;
  s->source = source;
  s->streaming = true;
  parts[0] = "spark_catalog", parts[1] = t->database, parts[2] = t->name;
  const mill_node *rows = mill_analyse_source(w, s);
  if (rows == NULL || !mill_exprs_copy(w, &l, rows->output, rows->noutput)) return NULL;
  mill_node *p = mill_w_project(w, rows, &l);
  for (int i = 0; p && i < p->noutput; i++) {
    mill_expr *o = mill_x_column(w, p->output[i]);
    if (o == NULL) return NULL;
    o->parts = parts;
    o->nparts = 3;
    p->output[i] = o;
  }
  return p;
}
