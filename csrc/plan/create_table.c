/* CREATE TABLE, also AS a query and LIKE another, and DROP TABLE. Spark: CreateTable,
** CreateDataSourceTableAsSelectCommand, CreateTableLikeCommand, PreprocessTableCreation. */
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/uuid.h"
#include "plan/format.h"
#include "plan/warehouse_int.h"

typedef struct creation {
  mill_planner *w;
  const mill_node *n;
  const mill_definition *d;
  mill_catalog_table t;
  const char *full;
  const mill_node *rows;         /* AS; NULL: none */
  const mill_catalog_table *old; /* whose place it takes; NULL: none */
} creation;

static bool unsupported(creation *x, const char *operation) {
  (void)MILL_W_FAIL_AT(x->w, x->n, MILL_E_UNSUPPORTED_FEATURE_TABLE_OPERATION, "tableName", x->full,
                       "operation", operation, NULL);
  return false;
}

/* ---- columns -------------------------------------------------------------------------------- */

static bool twice(creation *x, const char *name) {
  (void)MILL_W_FAIL_AT(x->w, x->n, MILL_E_COLUMN_ALREADY_EXISTS, "columnName",
                       mill_w_quoted_parts(x->w, &name, 1), NULL);
  return false;
}

bool mill_column_field(mill_planner *w, const char *statement, const mill_column *c,
                       mill_field *out) {
  const char *name = c->parts[c->nparts - 1];
  if (c->preset && !mill_check_default(w, statement, name, c->type, c->preset, c->preset_text))
    return false;
  *out = (mill_field){name, c->type, c->nullable, mill_column_metadata(w, c)};
  return w->status == MILL_OK;
}

/* The fields of the statement's columns and of typed partition columns behind them. */
static bool said_columns(creation *x, mill_field *f, uint32_t *n) {
  const mill_definition *d = x->d;
  int typed = d->npartitions && d->partitions[0]->type ? d->npartitions : 0;
  const mill_type *texts = mill_collate_texts(x->w, d->collation);
  if (x->w->status) return false;
  for (int i = 0; i < d->ncolumns + typed; i++) {
    const mill_column *c = i < d->ncolumns ? d->columns[i] : d->partitions[i - d->ncolumns];
    if (!mill_column_field(x->w, "CREATE TABLE", c, &f[*n])) return false;
    f[*n].type = mill_collate_default(x->w, f[*n].type, texts);
    if (f[*n].type == NULL) return false;
    for (uint32_t k = 0; k < *n; k++)
      if (mill_w_same_name(x->w, f[k].name, f[*n].name)) return twice(x, f[*n].name);
    ++*n;
  }
  return true;
}

static bool given_columns(creation *x, mill_field *f, uint32_t *n) {
  const mill_type *t = x->d->schema;
  for (uint32_t i = 0; i < t->nfields; i++) {
    f[i] = t->fields[i];
    for (uint32_t k = 0; k < i; k++)
      if (mill_w_same_name(x->w, f[k].name, f[i].name)) return twice(x, f[i].name);
  }
  *n = t->nfields;
  return true;
}

static bool query_columns(creation *x, mill_field *f, uint32_t *n) {
  if (!mill_collate_check_schema(x->w, x->rows->output, x->rows->noutput)) return false;
  for (int i = 0; i < x->rows->noutput; i++) {
    const mill_expr *c = x->rows->output[i];
    f[i] = (mill_field){c->name, c->type, c->nullable, c->metadata};
    for (int k = 0; k < i; k++)
      if (mill_w_same_name(x->w, f[k].name, c->name)) return twice(x, c->name);
  }
  *n = (uint32_t)x->rows->noutput;
  return true;
}

static int field_at(creation *x, const mill_field *f, uint32_t n, const char *name) {
  for (uint32_t i = 0; i < n; i++)
    if (mill_w_same_name(x->w, f[i].name, name)) return (int)i;
  return -1;
}

static bool not_defined(creation *x, const char *kind, const char *name, const mill_field *f,
                        uint32_t n) {
  const char *list = "";
  for (uint32_t i = 0; i < n; i++)
    list = mill_w_printf(x->w, "%s%s%s", list, i ? ", " : "",
                         mill_w_quoted_parts(x->w, &f[i].name, 1));
  (void)MILL_W_FAIL_AT(x->w, x->n, MILL_E_COLUMN_NOT_DEFINED_IN_TABLE, "colType", kind, "colName",
                       mill_w_quoted_parts(x->w, &name, 1), "tableName", x->full, "tableCols", list,
                       NULL);
  return false;
}

/* Names of columns as the table calls them. */
static bool settle_names(creation *x, const char *kind, mill_word_list said, const mill_field *f,
                         uint32_t n, mill_word_list *out) {
  const char **at = mill_w_alloc(x->w, (size_t)(said.n + 1) * sizeof *at);
  if (at == NULL) return false;
  for (int i = 0; i < said.n; i++) {
    int k = field_at(x, f, n, said.at[i]);
    if (k < 0) return not_defined(x, kind, said.at[i], f, n);
    for (int j = 0; j < i; j++)
      if (strcmp(at[j], f[k].name) == 0) return twice(x, f[k].name);
    at[i] = f[k].name;
  }
  *out = (mill_word_list){at, said.n};
  return true;
}

static bool partition_type(creation *x, const mill_field *f) {
  if (f->type->nfields == 0 && f->type->id != MILL_INTERVAL && f->type->id != MILL_VARIANT)
    return true;
  (void)MILL_W_FAIL_AT(x->w, x->n, MILL_E_INVALID_PARTITION_COLUMN_DATA_TYPE, "type",
                       mill_w_quoted_type(x->w, f->type), NULL);
  return false;
}

static bool partition_names(creation *x, mill_word_list *out) {
  const mill_definition *d = x->d;
  const char **at = mill_w_alloc(x->w, (size_t)(d->npartitions + 1) * sizeof *at);
  for (int i = 0; at && i < d->npartitions; i++) {
    const mill_column *c = d->partitions[i];
    at[i] = c->parts[c->nparts - 1];
  }
  *out = (mill_word_list){at, d->npartitions};
  return at != NULL;
}

/* A column cannot part the rows into folders and into buckets. */
static bool apart(creation *x) {
  const mill_catalog_table *t = &x->t;
  const char *list = "";
  for (int i = 0; i < t->partitions.n; i++)
    list = mill_w_printf(x->w, "%s%s%s", list, i ? ", " : "", t->partitions.at[i]);
  for (int i = 0; i < t->buckets.n + t->sorts.n; i++) {
    bool bucket = i < t->buckets.n;
    const char *name = bucket ? t->buckets.at[i] : t->sorts.at[i - t->buckets.n];
    for (int k = 0; k < t->partitions.n; k++) {
      if (strcmp(t->partitions.at[k], name) != 0) continue;
      (void)MILL_W_FAIL_AT(x->w, x->n, bucket ? MILL_E_LEGACY_1166 : MILL_E_LEGACY_1167,
                           bucket ? "bucketCol" : "sortCol", name, "normalizedPartCols", list,
                           NULL);
      return false;
    }
  }
  return true;
}

/* x->t.schema with partition columns last. */
static bool settle_schema(creation *x, const mill_field *f, uint32_t n) {
  mill_catalog_table *t = &x->t;
  mill_word_list names;
  mill_field *ordered = mill_w_alloc(x->w, (n + 1) * sizeof *ordered);
  if (ordered == NULL || !partition_names(x, &names) ||
      !settle_names(x, "partition", names, f, n, &t->partitions))
    return false;
  uint32_t at = 0;
  for (uint32_t i = 0; i < n; i++) {
    bool partition = false;
    for (int k = 0; k < t->partitions.n; k++) partition |= t->partitions.at[k] == f[i].name;
    if (!partition) ordered[at++] = f[i];
  }
  if (at == 0 && n)
    return (void)MILL_W_FAIL_AT(x->w, x->n, MILL_E_ALL_PARTITION_COLUMNS_NOT_ALLOWED, NULL), false;
  for (int k = 0; k < t->partitions.n; k++) {
    ordered[at] = f[field_at(x, f, n, t->partitions.at[k])];
    if (!partition_type(x, &ordered[at++])) return false;
  }
  t->schema = mill_type_struct(x->w->ctx->types, ordered, n);
  if (t->schema == NULL) x->w->status = mill_oom(x->w->ctx->memory, n, x->w->err);
  return t->schema && settle_names(x, "bucket", x->d->buckets, f, n, &t->buckets) &&
         settle_names(x, "sort", x->d->sorts, f, n, &t->sorts) &&
         settle_names(x, "cluster", x->d->clusters, f, n, &t->clusters) && apart(x);
}

/* A managed table has no files yet that could tell its columns. */
static bool no_columns(creation *x) {
  static const char *const shown[][2] = {
      {"parquet", "Parquet"}, {"csv", "CSV"}, {"json", "JSON"}, {"orc", "ORC"}, {"text", "Text"}};
  const char *format = x->t.provider;
  for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
    if (strcmp(shown[i][0], x->t.provider) == 0) format = shown[i][1];
  (void)MILL_W_FAIL_AT(x->w, x->n, MILL_E_UNABLE_TO_INFER_SCHEMA, "format", format, NULL);
  return false;
}

/* Without columns they are those of the files in the LOCATION. */
static bool inferred(creation *x, mill_field **f, uint32_t *n) {
  mill_planner *w = x->w;
  if (x->t.kind == MILL_TABLE_MANAGED) return !x->d->inferred || no_columns(x);
  mill_scan *scan = NULL;
  mill_file_info info;
  w->status = mill_file_stat(w->ctx->files, x->t.location, &info, w->err);
  if (w->status || !info.exists) return w->status == MILL_OK && no_columns(x);
  mill_read r = {.format = x->t.provider,
                 .paths = &x->t.location,
                 .npaths = 1,
                 .options = x->t.options,
                 .conf = (const char *(*)(void *, const char *))mill_session_get,
                 .conf_arg = w->session};
  w->status = mill_format_open(w->ctx, &w->set, &r, &scan, w->err);
  if (w->status) return false;
  const mill_type *schema = scan->schema;
  *f = mill_w_alloc(w, (schema->nfields + 1) * sizeof **f);
  if (*f) memcpy(*f, schema->fields, schema->nfields * sizeof **f);
  *n = schema->nfields;
  mill_scan_unref(scan);
  return *f != NULL;
}

static bool find_columns(creation *x) {
  const mill_definition *d = x->d;
  uint32_t n = 0;
  size_t most = (size_t)(d->ncolumns + d->npartitions + (x->rows ? x->rows->noutput : 0)) +
                (d->schema ? d->schema->nfields : 0) + 1;
  mill_field *f = mill_w_alloc(x->w, most * sizeof *f);
  if (f == NULL) return false;
  bool said = d->ncolumns || (d->npartitions && d->partitions[0]->type);
  bool good = x->rows     ? query_columns(x, f, &n)
              : d->schema ? given_columns(x, f, &n)
              : said      ? said_columns(x, f, &n)
                          : inferred(x, &f, &n);
  return good && settle_schema(x, f, n);
}

/* ---- where it goes -------------------------------------------------------------------------- */

/* Is there anything in the folder that is not waiting to be removed? */
static bool is_free(creation *x, const char *path, bool *out) {
  mill_planner *w = x->w;
  mill_names names;
  mill_file_info info;
  *out = true;
  w->status = mill_file_stat(w->ctx->files, path, &info, w->err);
  if (w->status || !info.exists) return w->status == MILL_OK;
  mill_names_init(&names, w->ctx->memory);
  w->status = mill_folder_list(w->ctx->files, path, &names, w->err);
  for (size_t i = 0; i < names.n && w->status == MILL_OK && *out; i++) {
    const char *below = mill_w_printf(w, "%s/%s", path, names.name[i]);
    bool dropped = names.name[i][0] == '.';
    mill_catalog *c = dropped || below == NULL ? NULL : mill_w_catalog(w);
    if (c) w->status = mill_catalog_dropped(c, below, &dropped, w->err);
    if (dropped || w->status) continue;
    w->status = mill_file_stat(w->ctx->files, below, &info, w->err);
    if (w->status == MILL_OK && info.folder && !is_free(x, below, out)) break;
    if (w->status == MILL_OK && !info.folder) *out = false;
  }
  mill_names_clear(&names);
  return w->status == MILL_OK;
}

/* Does another table live in the folder (one that was renamed)? */
static bool taken(creation *x, const char *path, bool *out) {
  mill_word_list names;
  mill_catalog *c = mill_w_catalog(x->w);
  const mill_catalog_table *t;
  *out = false;
  x->w->status = mill_catalog_names(c, 't', x->t.database, x->w->arena, &names, x->w->err);
  for (int i = 0; i < names.n && x->w->status == MILL_OK; i++) {
    x->w->status =
        mill_catalog_table_get(c, x->t.database, names.at[i], x->w->arena, &t, x->w->err);
    if (t && t->location && strcmp(t->location, path) == 0) *out = true;
  }
  return x->w->status == MILL_OK;
}

/* A table whose place is said is an external one. */
static bool find_kind(creation *x) {
  const char *path = x->d->location ? x->d->location : mill_option_text(x->t.options, "path");
  x->t.kind = path ? MILL_TABLE_EXTERNAL : MILL_TABLE_MANAGED;
  if (path) x->t.location = mill_w_location(x->w, x->n, path);
  return path == NULL || x->t.location;
}

static bool find_place(creation *x, const mill_catalog_database *db) {
  mill_planner *w = x->w;
  bool free_place, other;
  if (x->t.kind == MILL_TABLE_EXTERNAL) return true;
  if (x->old && x->old->kind == MILL_TABLE_MANAGED) {
    x->t.location = x->old->location;
    return true;
  }
  x->t.location = mill_w_printf(w, "%s/%s", db->location, x->t.name);
  if (x->t.location == NULL || !taken(x, x->t.location, &other)) return false;
  if (other) {
    x->t.location = mill_w_printf(w, "%s/%s-%.8s", db->location, x->t.name, x->t.id);
    return x->t.location;
  }
  if (!is_free(x, x->t.location, &free_place)) return false;
  if (free_place) return true;
  (void)MILL_W_FAIL_AT(w, x->n, MILL_E_LOCATION_ALREADY_EXISTS, "location",
                       mill_error_fmt(w->err, "'%s'", x->t.location), "identifier", x->full, NULL);
  return false;
}

/* ---- CREATE --------------------------------------------------------------------------------- */

static bool check_definition(creation *x) {
  const mill_definition *d = x->d;
  if (d->hive && d->format == NULL)
    return (void)MILL_W_FAIL_AT(x->w, x->n, MILL_E_NOT_SUPPORTED_COMMAND_WITHOUT_HIVE_SUPPORT,
                                "cmd", "CREATE Hive TABLE (AS SELECT)", NULL),
           false;
  if (d->refused) return unsupported(x, d->refused);
  if (d->transform)
    return (void)MILL_W_FAIL_AT(x->w, x->n, MILL_E_UNSUPPORTED_PARTITION_TRANSFORM, "transform",
                                mill_error_fmt(x->w->err, "`%s`", d->transform), NULL),
           false;
  if (mill_format_readable(x->t.provider)) return true;
  (void)MILL_W_FAIL_AT(x->w, x->n, MILL_E_DATA_SOURCE_NOT_FOUND, "provider", x->t.provider, NULL);
  return false;
}

static bool check_buckets(creation *x) {
  enum { MOST = 100000 };
  const mill_definition *d = x->d;
  if (d->buckets.n == 0 || (d->nbuckets > 0 && d->nbuckets <= MOST)) return true;
  (void)MILL_W_FAIL_AT(x->w, x->n, MILL_E_INVALID_BUCKET_COUNT, "bucketingMaxBuckets", "100000",
                       "numBuckets", mill_error_fmt(x->w->err, "%d", d->nbuckets), NULL);
  return false;
}

static bool start(creation *x) {
  mill_planner *w = x->w;
  const mill_definition *d = x->d;
  if (!check_buckets(x)) return false;
  mill_table_name name = {x->t.database, x->t.name};
  char *id = mill_w_alloc(w, MILL_UUID);
  if (id == NULL) return false;
  mill_uuid(id);
  x->full = mill_w_full_name(w, name);
  x->t.id = id;
  if (d->format) x->t.provider = mill_w_fold(w, d->format);
  if (x->t.provider == NULL)
    x->t.provider = mill_session_get(w->session, "spark.sql.sources.default");
  x->t.created_millis = mill_clock_micros(w->ctx->clock) / 1000;
  x->t.rows = x->t.bytes = -1;
  x->t.comment = d->comment ? d->comment : x->t.comment;
  x->t.collation = d->collation;
  x->t.nbuckets = d->nbuckets;
  if (d->options.n) x->t.options = d->options;
  if (d->properties.n) x->t.properties = d->properties;
  return true;
}

/* The columns and format of the other table, its data not. */
static bool like(creation *x) {
  mill_planner *w = x->w;
  mill_node *n = mill_w_node_copy(w, x->n);
  if (n == NULL) return false;
  n->parts = x->n->columns;
  n->nparts = x->n->ncolumns;
  mill_plan *view = mill_w_temporary(w, n->parts, n->nparts);
  const mill_catalog_table *t = view ? NULL : mill_w_need_table(w, n);
  if (view) x->t.schema = view->schema;
  if (t) {
    x->t.schema = t->schema;
    x->t.partitions = t->partitions;
    x->t.buckets = t->buckets;
    x->t.sorts = t->sorts;
    x->t.nbuckets = t->nbuckets;
    if (t->kind != MILL_TABLE_VIEW && x->d->format == NULL) x->t.provider = t->provider;
    if (t->kind != MILL_TABLE_VIEW && x->d->format == NULL) x->t.options = t->options;
  }
  return view || t;
}

/* All that can be wrong with the statement itself. */
static bool prepare(creation *x) {
  bool copy = x->n->ncolumns > 0;
  if (!(copy ? like(x) : check_definition(x)) || !find_kind(x)) return false;
  if (x->n->nchildren) {
    x->rows = mill_analyse(x->w, x->n->child[0], NULL);
    if (x->rows == NULL) return false;
  }
  return copy || find_columns(x);
}

static bool make(creation *x, const mill_catalog_database *db) {
  mill_planner *w = x->w;
  if (!find_place(x, db)) return false;
  w->status = mill_catalog_table_put(mill_w_catalog(w), &x->t, w->err);
  if (w->status == MILL_OK) w->status = mill_folder_make(w->ctx->files, x->t.location, w->err);
  if (w->status || x->rows == NULL) return w->status == MILL_OK;
  mill_exprs l = {0};
  for (uint32_t i = 0; i < x->t.schema->nfields; i++) {
    const mill_expr *c = NULL;
    mill_find_column(w, x->rows->output, x->rows->noutput, x->t.schema->fields[i].name, &c);
    if (!mill_exprs_add(w, &l, c)) return false;
  }
  return mill_table_write(w, &x->t, mill_w_project(w, x->rows, &l),
                          x->t.kind == MILL_TABLE_EXTERNAL, "");
}

/* The old table goes and the new one comes with the same commit. */
static bool replace(creation *x, const mill_catalog_database *db) {
  mill_planner *w = x->w;
  if (!mill_w_may_overwrite(w, x->n, x->old, x->rows)) return false;
  w->status = mill_catalog_table_drop(mill_w_catalog(w), x->old, w->err);
  return w->status == MILL_OK && make(x, db);
}

static bool create(creation *x, mill_table_name name) {
  const mill_definition *d = x->d;
  const mill_catalog_database *db = mill_w_need_database(x->w, x->n, name.database);
  if (db == NULL || !mill_w_find_table(x->w, name, &x->old)) return false;
  if (x->old && d->save == MILL_CREATE_APPEND) return mill_append_to_table(x->w, x->n, x->old);
  if (!prepare(x)) return false;
  if (x->old == NULL && x->n->replace && d->save != MILL_CREATE_OVERWRITE)
    return mill_w_no_such_table(x->w, x->n, name) != NULL;
  if (x->old == NULL) return make(x, db);
  if (d->save == MILL_CREATE_OVERWRITE || x->n->replace) return replace(x, db);
  if (x->n->if_exists) return true;
  (void)MILL_W_FAIL_AT(x->w, x->n, MILL_E_TABLE_OR_VIEW_ALREADY_EXISTS, "relationName", x->full,
                       NULL);
  return false;
}

const mill_node *mill_create_table(mill_planner *w, const mill_node *n) {
  mill_table_name name;
  n = mill_identifier(w, n);
  if (n == NULL || !mill_w_table_name(w, n, n->parts, n->nparts, &name)) return NULL;
  creation x = {
      .w = w, .n = n, .d = n->definition, .t = {.database = name.database, .name = name.name}};
  if (!start(&x)) return NULL;
  if (n->replace && strcmp(x.t.provider, "snapshot") != 0)
    return unsupported(&x, n->nchildren ? "REPLACE TABLE AS SELECT" : "REPLACE TABLE"), NULL;
  if (!mill_w_new_name(w, n, name.name) || !mill_w_begin(w)) return NULL;
  return mill_w_end(w, create(&x, name)) ? mill_nothing(w) : NULL;
}

/* ---- DROP ----------------------------------------------------------------------------------- */

const mill_node *mill_drop_table(mill_planner *w, const mill_node *n) {
  mill_table_name name;
  const mill_catalog_table *t;
  n = mill_identifier(w, n);
  if (n == NULL) return NULL;
  if (mill_w_temporary(w, n->parts, n->nparts)) {
    mill_session_view_drop(w->session, n->parts[n->nparts - 1], n->nparts == 2);
    return mill_nothing(w);
  }
  if (!mill_w_table_name(w, n, n->parts, n->nparts, &name) || !mill_w_begin(w)) return NULL;
  bool good = mill_w_find_table(w, name, &t);
  if (good && t == NULL) {
    mill_w_end(w, false);
    return n->if_exists ? mill_nothing(w)
           : n->name    ? mill_w_no_such_table(w, n, name)
                        : mill_w_no_table(w, n);
  }
  if (good) w->status = mill_catalog_table_drop(mill_w_catalog(w), t, w->err);
  return mill_w_end(w, good) ? mill_nothing(w) : NULL;
}
