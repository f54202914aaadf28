/* INSERT INTO and INSERT OVERWRITE, of tables and directories. Spark: InsertIntoStatement,
** InsertIntoHadoopFsRelationCommand. */
#include <string.h>
#include <strings.h>

#include "plan/format.h"
#include "plan/warehouse_int.h"

static const char *conf(void *arg, const char *key) { return mill_session_get(arg, key); }

bool mill_reads_folder(const mill_node *n, const char *folder) {
  size_t size = strlen(folder);
  for (int i = 0; n->kind == MILL_N_SOURCE && n->source && i < n->source->npaths; i++)
    if (strncmp(n->source->paths[i], folder, size) == 0 &&
        (n->source->paths[i][size] == '/' || n->source->paths[i][size] == '\0'))
      return true;
  for (int i = 0; i < n->nchildren; i++)
    if (mill_reads_folder(n->child[i], folder)) return true;
  return false;
}

/* "y=2024" of the static columns of PARTITION (..); NULL: failed. */
static const char *static_path(mill_planner *w, const mill_node *n, const mill_catalog_table *t) {
  const mill_definition *d = n->definition;
  return d->nspecs ? mill_partition_path(w, n, t, d->specs[0], false) : "";
}

/* INSERT OVERWRITE .. PARTITION (..) IF NOT EXISTS where the partition is there. */
static bool is_there(mill_planner *w, const mill_catalog_table *t, const char *path, bool *out) {
  mill_catalog_partition *p;
  size_t n;
  mill_catalog *c = mill_w_catalog(w);
  w->status = mill_catalog_partitions(c, t, path, w->arena, &p, &n, w->err);
  *out = n > 0;
  return w->status == MILL_OK;
}

/* df.writeTo: rows instead of those that meet the condition, or of whole partitions. */
static bool insert_versioned(mill_planner *w, const mill_node *n, const mill_catalog_table *t) {
  const mill_definition *d = n->definition;
  mill_catalog_table dynamic = *t;
  const mill_option mode = {"partitionOverwriteMode", "dynamic"};
  if (strcasecmp(t->provider, "snapshot") != 0 || t->kind != MILL_TABLE_MANAGED)
    return (void)MILL_W_FAIL_AT(w, n, MILL_E_LEGACY_1012, "identifier",
                                mill_w_full_name(w, (mill_table_name){t->database, t->name}), NULL),
           false;
  const mill_node *rows = mill_stored_rows(w, n, t);
  if (rows == NULL || (d->where && !mill_delete_rows(w, n, t))) return false;
  if (d->dynamic) dynamic.options = (mill_options){&mode, 1};
  return mill_table_write(w, &dynamic, rows, d->dynamic, "");
}

static bool insert_rows(mill_planner *w, const mill_node *n) {
  if (n->definition->versioned && mill_w_temporary(w, n->parts, n->nparts))
    return (void)MILL_W_FAIL_AT(w, n, MILL_E_VIEW_WRITE_NOT_ALLOWED, "name",
                                n->parts[n->nparts - 1], NULL),
           false;
  const mill_catalog_table *t = mill_w_need_own_table(w, n, "INSERT");
  bool there = false;
  if (t == NULL) return false;
  if (n->definition->versioned) return insert_versioned(w, n, t);
  if (n->definition->refused)
    return (void)MILL_W_FAIL_AT(w, n, MILL_E_UNSUPPORTED_FEATURE_TABLE_OPERATION, "tableName",
                                mill_w_full_name(w, (mill_table_name){t->database, t->name}),
                                "operation", n->definition->refused, NULL),
           false;
  const mill_node *rows = mill_stored_rows(w, n, t);
  const char *path = rows ? static_path(w, n, t) : NULL;
  if (path == NULL) return false;
  const char *mode = mill_session_get(w->session, "spark.sql.sources.partitionOverwriteMode");
  bool dynamic = t->partitions.n && strcasecmp(mode, "dynamic") == 0;
  if (n->replace && !dynamic && mill_reads_folder(rows, t->location))
    return (void)MILL_W_FAIL_AT(w, n, MILL_E_UNSUPPORTED_OVERWRITE_TABLE, "table",
                                mill_w_full_name(w, (mill_table_name){t->database, t->name}), NULL),
           false;
  if (n->if_exists && !is_there(w, t, path, &there)) return false;
  return there || mill_table_write(w, t, rows, n->replace, path);
}

/* INSERT OVERWRITE DIRECTORY 'path' USING format */
static const mill_node *insert_directory(mill_planner *w, const mill_node *n) {
  const mill_definition *d = n->definition;
  mill_plan *p = NULL;
  mill_rows *rows = NULL;
  const char *path = d->location ? d->location : mill_option_text(d->options, "path");
  if (d->hive)
    return MILL_W_FAIL_AT(w, n, MILL_E_NOT_SUPPORTED_COMMAND_WITHOUT_HIVE_SUPPORT, "cmd",
                          "INSERT OVERWRITE DIRECTORY with the Hive format", NULL);
  if (path == NULL || !mill_format_readable(n->name))
    return MILL_W_FAIL_AT(w, n, MILL_E_DATA_SOURCE_NOT_FOUND, "provider", n->name, NULL);
  if (*path == '\0')
    return MILL_W_FAIL_AT(w, n, MILL_E_INVALID_EMPTY_LOCATION, "location", path, NULL);
  const mill_node *q = mill_analyse(w, n->child[0], NULL);
  if (q == NULL) return NULL;
  w->status = mill_plan_new(w->session, &p, w->err);
  if (w->status) return NULL;
  p->root = (mill_node *)q;
  p->settings = w->set;
  p->settings.once = NULL;
  p->schema = mill_w_schema(w, q->output, q->noutput);
  mill_write write = {.format = n->name,
                      .path = path,
                      .options = d->options,
                      .mode = MILL_SAVE_OVERWRITE,
                      .conf = conf,
                      .conf_arg = w->session};
  if (w->status == MILL_OK) w->status = mill_plan_open(p, &rows, w->err);
  mill_plan_unref(p);
  if (w->status == MILL_OK)
    w->status = mill_format_write(w->session, &w->set, &write, rows, NULL, w->err);
  return w->status ? NULL : mill_nothing(w);
}

static bool insert_one(mill_planner *w, const mill_node *n) {
  if (n->name) return insert_directory(w, n) != NULL;
  const mill_node *one = mill_identifier(w, n);
  if (one) one = mill_path_relation(w, one);
  return one && insert_rows(w, one);
}

const mill_node *mill_insert(mill_planner *w, const mill_node *n, const mill_scope *outer) {
  (void)outer;
  if (n->kind == MILL_N_INSERT && n->name) return insert_directory(w, n);
  bool many = n->kind == MILL_N_INSERTS;
  if (!mill_w_begin(w)) return NULL;
  bool good = true;
  for (int i = 0; good && i < (many ? n->nchildren : 1); i++)
    good = insert_one(w, many ? n->child[i] : n);
  return mill_w_end(w, good) ? mill_nothing(w) : NULL;
}
