/* DESCRIBE of queries, tables, columns, partitions, databases and functions. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/json.h"
#include "plan/warehouse_int.h"

typedef struct lines {
  mill_planner *w;
  const char **cell; /* three a row */
  int n, capacity;
} lines;

static bool add(lines *l, const char *a, const char *b, const char *c) {
  if (l->n == l->capacity) {
    int capacity = l->capacity ? 2 * l->capacity : 32;
    const char **cell = mill_w_alloc(l->w, (size_t)(3 * capacity) * sizeof *cell);
    if (cell == NULL) return false;
    if (l->n) memcpy(cell, l->cell, (size_t)(3 * l->n) * sizeof *cell);
    l->cell = cell;
    l->capacity = capacity;
  }
  l->cell[3 * l->n] = a, l->cell[3 * l->n + 1] = b, l->cell[3 * l->n + 2] = c;
  l->n++;
  return true;
}

static const mill_node *answer(lines *l) {
  static const char *const names[] = {"col_name", "data_type", "comment"};
  return mill_answer(l->w, names, "sss", l->cell, l->n);
}

static bool add_field(lines *l, const mill_field *f) {
  const char *comment = mill_metadata_text(l->w, f, "comment");
  const char *type = mill_w_simple_type(l->w, f->type);
  return l->w->status == MILL_OK && add(l, f->name, type, comment);
}

static bool add_schema(lines *l, const mill_type *schema) {
  for (uint32_t i = 0; i < schema->nfields; i++)
    if (!add_field(l, &schema->fields[i])) return false;
  return true;
}

static const mill_field *field_of(mill_planner *w, const mill_type *schema, const char *name) {
  for (uint32_t i = 0; i < schema->nfields; i++)
    if (mill_w_same_name(w, schema->fields[i].name, name)) return &schema->fields[i];
  return NULL;
}

/* ---- tables --------------------------------------------------------------------------------- */

static bool add_named(lines *l, const char *title, mill_word_list names, const mill_type *schema) {
  if (names.n == 0) return true;
  if (!add(l, title, "", "") || !add(l, "# col_name", "data_type", "comment")) return false;
  for (int i = 0; i < names.n; i++)
    if (!add_field(l, field_of(l->w, schema, names.at[i]))) return false;
  return true;
}

static const char *time_text(mill_planner *w, int64_t millis) {
  time_t seconds = (time_t)(millis / 1000);
  struct tm t;
  char text[64];
  gmtime_r(&seconds, &t);
  strftime(text, sizeof text, "%a %b %d %H:%M:%S UTC %Y", &t);
  return mill_w_copy(w, text, strlen(text));
}

/* "[a=1, b=2]", sorted by key */
static const char *options_text(mill_planner *w, mill_options o) {
  const mill_option *last = NULL;
  const char *text = "[";
  for (int i = 0; i < o.n; i++) {
    const mill_option *next = NULL;
    for (int k = 0; k < o.n; k++)
      if ((last == NULL || strcmp(o.at[k].key, last->key) > 0) &&
          (next == NULL || strcmp(o.at[k].key, next->key) < 0))
        next = &o.at[k];
    if (next == NULL) break;
    text = mill_w_printf(w, "%s%s%s=%s", text, last ? ", " : "", next->key,
                         next->value ? next->value : "null");
    last = next;
  }
  return mill_w_printf(w, "%s]", text);
}

static const char *quoted_list(mill_planner *w, mill_word_list l) {
  const char *text = "[";
  for (int i = 0; i < l.n; i++)
    text = mill_w_printf(w, "%s%s%s", text, i ? ", " : "", mill_w_quoted_parts(w, &l.at[i], 1));
  return mill_w_printf(w, "%s]", text);
}

static bool put(lines *l, const char *name, const char *value) {
  return value == NULL || add(l, name, value, "");
}

static const char *statistics(mill_planner *w, const mill_catalog_table *t) {
  if (t->bytes < 0) return NULL;
  return t->rows < 0
             ? mill_w_printf(w, "%lld bytes", (long long)t->bytes)
             : mill_w_printf(w, "%lld bytes, %lld rows", (long long)t->bytes, (long long)t->rows);
}

/* What DESCRIBE EXTENDED and SHOW TABLE EXTENDED say of a table: name and value in the first two cells. */
static bool add_details(lines *l, const mill_catalog_table *t) {
  static const char *const kinds[] = {"MANAGED", "EXTERNAL", "VIEW"};
  mill_planner *w = l->w;
  bool view = t->kind == MILL_TABLE_VIEW;
  bool good = put(l, "Catalog", "spark_catalog") && put(l, "Database", t->database) &&
              put(l, "Table", t->name) && put(l, "Created Time", time_text(w, t->created_millis)) &&
              put(l, "Last Access", "UNKNOWN") && put(l, "Created By", "Spark 4.3.0") &&
              put(l, "Type", kinds[t->kind]) && put(l, "Provider", t->provider);
  if (good && t->nbuckets)
    good = put(l, "Num Buckets", mill_w_printf(w, "%d", t->nbuckets)) &&
           put(l, "Bucket Columns", quoted_list(w, t->buckets)) &&
           put(l, "Sort Columns", quoted_list(w, t->sorts));
  good = good && put(l, "Comment", t->comment && *t->comment ? t->comment : NULL) &&
         put(l, "Collation", t->collation);
  if (good && view)
    good = put(l, "View Text", t->text) && put(l, "View Original Text", t->text) &&
           put(l, "View Schema Mode", t->schema_mode ? t->schema_mode : "COMPENSATION") &&
           put(l, "View Catalog and Namespace",
               mill_w_printf(w, "spark_catalog.%s", t->text_database)) &&
           put(l, "SQL Path", t->text_path ? mill_path_shown(w, t->text_path) : NULL) &&
           put(l, "View Query Output Columns", quoted_list(w, t->text_columns));
  good = good &&
         put(l, "Table Properties", t->properties.n ? options_text(w, t->properties) : NULL) &&
         put(l, "Statistics", statistics(w, t));
  if (!good || view) return good;
  return put(l, "Location", mill_w_printf(w, "file:%s", t->location)) &&
         put(l, "Storage Properties", t->options.n ? options_text(w, t->options) : NULL) &&
         put(l, "Partition Provider", t->partitions.n ? "Catalog" : NULL);
}

static bool add_defaults(lines *l, const mill_type *schema) {
  bool titled = false;
  for (uint32_t i = 0; i < schema->nfields; i++) {
    const char *text = mill_metadata_text(l->w, &schema->fields[i], "CURRENT_DEFAULT");
    if (text == NULL) continue;
    if (!titled && (!add(l, "", "", "") || !add(l, "# Column Default Values", "", "")))
      return false;
    titled = true;
    if (!add(l, schema->fields[i].name, mill_w_simple_type(l->w, schema->fields[i].type), text))
      return false;
  }
  return true;
}

static bool add_partition(lines *l, const mill_node *n, const mill_catalog_table *t) {
  mill_planner *w = l->w;
  mill_catalog_partition *p;
  size_t count;
  const char *path = mill_partition_path(w, n, t, n->definition->specs[0], true);
  if (path == NULL || !mill_partitions_of(w, n, t, n->definition->specs[0], &p, &count))
    return false;
  if (count == 0)
    return (void)MILL_W_FAIL_AT(w, n, MILL_E_PARTITIONS_NOT_FOUND, "partitionList", path,
                                "tableName",
                                mill_w_full_name(w, (mill_table_name){t->database, t->name}), NULL),
           false;
  if (!n->extended) return true;
  char *values = mill_w_printf(w, "[%s]", path) ? (char *)mill_w_printf(w, "[%s]", path) : NULL;
  const char *text = "";
  for (char *s = values; s && *s; s++)
    text = *s == '/' ? mill_w_printf(w, "%s, ", text) : mill_w_printf(w, "%s%c", text, *s);
  return add(l, "", "", "") && add(l, "# Detailed Partition Information", "", "") &&
         put(l, "Database", t->database) && put(l, "Table", t->name) &&
         put(l, "Partition Values", text) &&
         put(l, "Location", mill_w_printf(w, "file:%s", mill_partition_place(w, t, p))) &&
         put(l, "Storage Properties", t->options.n ? options_text(w, t->options) : NULL) &&
         put(l, "Created Time", time_text(w, t->created_millis)) &&
         put(l, "Last Access", "UNKNOWN");
}

static bool of_partition(const mill_node *n) { return n->definition && n->definition->nspecs; }

static const mill_node *no_partition(mill_planner *w, const mill_node *n, const char *type) {
  return MILL_W_FAIL_AT(w, n, MILL_E_FORBIDDEN_OPERATION, "statement", "DESC PARTITION",
                        "objectType", type, "objectName",
                        mill_w_quoted_parts(w, &n->parts[n->nparts - 1], 1), NULL);
}

static const mill_node *describe_table(mill_planner *w, const mill_node *n,
                                       const mill_catalog_table *t) {
  lines l = {.w = w};
  bool spec = of_partition(n);
  if (spec && t->kind == MILL_TABLE_VIEW) return no_partition(w, n, "VIEW");
  if (spec && t->partitions.n == 0)
    return MILL_W_FAIL_AT(w, n, MILL_E_LEGACY_1251, "action", "DESC PARTITION", "tableName",
                          t->name, NULL);
  if (!add_schema(&l, t->schema) ||
      !add_named(&l, "# Partition Information", t->partitions, t->schema) ||
      !add_named(&l, "# Clustering Information", t->clusters, t->schema))
    return NULL;
  if (spec) return add_partition(&l, n, t) ? answer(&l) : NULL;
  if (n->extended && (!add(&l, "", "", "") || !add(&l, "# Detailed Table Information", "", "") ||
                      !add_details(&l, t)))
    return NULL;
  return add_defaults(&l, t->schema) ? answer(&l) : NULL;
}

/* The type as df.printSchema() calls it. */
static const char *tree_name(mill_planner *w, const mill_type *t) {
  switch (t->id) {
  case MILL_TINYINT: return "byte";
  case MILL_SMALLINT: return "short";
  case MILL_INT: return "integer";
  case MILL_BIGINT: return "long";
  case MILL_ARRAY: return "array";
  case MILL_MAP: return "map";
  case MILL_STRUCT: return "struct";
  default: return mill_w_simple_type(w, t);
  }
}

static mill_status add_tree(mill_planner *w, const mill_type *t, const char *indent,
                            mill_text *out) {
  static const char *const flags[] = {"containsNull", "valueContainsNull", "nullable"};
  int flag = t->id == MILL_ARRAY ? 0 : t->id == MILL_MAP ? 1 : 2;
  for (uint32_t i = 0; i < t->nfields; i++) {
    const mill_field *f = &t->fields[i];
    bool nullable = flag == 2 ? f->nullable : t->contains_null;
    MILL_TRY(
        mill_text_printf(out, w->err, "%s |-- %s: %s", indent, f->name, tree_name(w, f->type)));
    if (flag == 1 && i == 0)
      MILL_TRY(mill_text_adds(out, "\n", w->err));
    else
      MILL_TRY(
          mill_text_printf(out, w->err, " (%s = %s)\n", flags[flag], nullable ? "true" : "false"));
    bool nested =
        f->type->id == MILL_ARRAY || f->type->id == MILL_MAP || f->type->id == MILL_STRUCT;
    if (nested) MILL_TRY(add_tree(w, f->type, mill_w_printf(w, "%s |   ", indent), out));
  }
  return MILL_OK;
}

const char *mill_table_information(mill_planner *w, const mill_catalog_table *t) {
  lines l = {.w = w};
  mill_text tree;
  const char *text = "";
  if (!add_details(&l, t)) return NULL;
  for (int i = 0; i < l.n; i++)
    text = mill_w_printf(w, "%s%s: %s\n", text, l.cell[3 * i], l.cell[3 * i + 1]);
  if (t->partitions.n)
    text = mill_w_printf(w, "%sPartition Columns: %s\n", text, quoted_list(w, t->partitions));
  const mill_type *schema = mill_table_schema(w, t);
  if (schema == NULL) return NULL;
  mill_text_init(&tree, w->ctx->memory);
  w->status = mill_text_adds(&tree, "root\n", w->err);
  if (w->status == MILL_OK) w->status = add_tree(w, schema, "", &tree);
  if (w->status == MILL_OK)
    text = mill_w_printf(w, "%sSchema: %.*s\n", text, (int)tree.size, tree.data ? tree.data : "");
  mill_text_clear(&tree);
  return w->status ? NULL : text;
}

/* ---- one column ----------------------------------------------------------------------------- */

static const char *statistic(mill_planner *w, const mill_catalog_table *t, const char *column,
                             const char *name) {
  mill_json *j;
  if (t == NULL || t->statistics == NULL) return "NULL";
  w->status = mill_json_parse(t->statistics, strlen(t->statistics), w->arena, &j, w->err);
  return w->status ? "NULL" : mill_json_text(mill_json_get(j, column), name, "NULL");
}

static const mill_node *describe_column(mill_planner *w, const mill_node *n,
                                        const mill_type *schema, const mill_catalog_table *t) {
  static const char *const names[] = {"info_name", "info_value"};
  const mill_field *f = field_of(w, schema, n->columns[0]);
  if (f && n->ncolumns > 1)
    return MILL_W_FAIL_AT(w, n, MILL_E_LEGACY_1060, "command", "DESC TABLE COLUMN", "column",
                          mill_error_fmt(w->err, "%s.%s", n->columns[0], n->columns[1]), NULL);
  if (f == NULL)
    return MILL_W_FAIL_AT(w, n, MILL_E_COLUMN_NOT_FOUND, "colName",
                          mill_w_quoted_parts(w, n->columns, n->ncolumns), "caseSensitiveConfig",
                          "\"spark.sql.caseSensitive\"", NULL);
  const char *comment = mill_metadata_text(w, f, "comment");
  const char *cells[] = {"col_name",
                         f->name,
                         "data_type",
                         mill_w_simple_type(w, f->type),
                         "comment",
                         comment ? comment : "NULL",
                         "min",
                         statistic(w, t, f->name, "min"),
                         "max",
                         statistic(w, t, f->name, "max"),
                         "num_nulls",
                         statistic(w, t, f->name, "nulls"),
                         "distinct_count",
                         statistic(w, t, f->name, "distinctCount"),
                         "avg_col_len",
                         statistic(w, t, f->name, "avgLength"),
                         "max_col_len",
                         statistic(w, t, f->name, "maxLength"),
                         "histogram",
                         "NULL"};
  return w->status ? NULL : mill_answer(w, names, "ss", cells, n->extended ? 10 : 3);
}

/* ---- the rest ------------------------------------------------------------------------------- */

static const mill_node *describe_query(mill_planner *w, const mill_node *n, const mill_node *q) {
  if (q == NULL) return NULL;
  lines l = {.w = w};
  const mill_type *schema = mill_w_schema(w, q->output, q->noutput);
  if (schema == NULL) return NULL;
  if (n->ncolumns) return describe_column(w, n, schema, NULL);
  return add_schema(&l, schema) ? answer(&l) : NULL;
}

static const mill_node *describe_function(mill_planner *w, const mill_node *n) {
  static const char *const names[] = {"function_desc"};
  const mill_function *fn = mill_function_find(n->name, strlen(n->name));
  const mill_expr *written = fn ? NULL : mill_w_parse(w, n->name, strlen(n->name));
  const char *cells[3];
  if (written && written->kind == MILL_X_NAME) {
    const char *const *parts = written->parts;
    int k = written->nparts, rows = 0;
    const mill_stored_function *f = mill_find_routine(w, parts[k - 1], parts, k);
    const char **text = f ? mill_describe_routine(w, f, n->extended, &rows) : NULL;
    if (w->status) return NULL;
    if (f) return text ? mill_answer(w, names, "s", text, rows) : NULL;
  }
  if (fn == NULL)
    return MILL_W_FAIL_AT(w, n, MILL_E_UNRESOLVED_ROUTINE, "routineName",
                          mill_error_fmt(w->err, "`%s`", n->name), "searchPath",
                          mill_w_search_path(w), NULL);
  cells[0] = mill_w_printf(w, "Function: %s", fn->name);
  cells[1] = mill_w_printf(w, "Usage: %s", fn->usage ? fn->usage : fn->name);
  cells[2] = fn->doc;
  return mill_answer(w, names, "s", cells, 3);
}

/* "((a,1), (b,2))" */
static const char *pairs_text(mill_planner *w, mill_options o) {
  const char *text = "(";
  if (o.n == 0) return "";
  for (int i = 0; i < o.n; i++)
    text = mill_w_printf(w, "%s%s(%s,%s)", text, i ? ", " : "", o.at[i].key, o.at[i].value);
  return mill_w_printf(w, "%s)", text);
}

static const mill_node *describe_database(mill_planner *w, const mill_node *n) {
  static const char *const names[] = {"info_name", "info_value"};
  const char *name = mill_w_named_database(w, n);
  const mill_catalog_database *d = name ? mill_w_need_database(w, n, name) : NULL;
  if (d == NULL) return NULL;
  const char *owner = mill_session_user();
  const char *cells[] = {"Catalog Name",   "spark_catalog",
                         "Namespace Name", d->name,
                         "Comment",        d->comment ? d->comment : "",
                         "Location",       mill_w_printf(w, "file:%s", d->location),
                         "Owner",          owner,
                         "Properties",     pairs_text(w, d->properties)};
  return mill_answer(w, names, "ss", cells, n->extended ? 6 : 5);
}

const mill_node *mill_describe(mill_planner *w, const mill_node *n) {
  mill_table_name name;
  const mill_catalog_table *t;
  if (n->nchildren) return describe_query(w, n, mill_analyse(w, n->child[0], NULL));
  n = mill_identifier(w, n);
  if (n == NULL) return NULL;
  if (n->name && strcmp(n->name, "DATABASE") == 0 && n->nparts) return describe_database(w, n);
  if (n->name && n->nparts == 0) return describe_function(w, n);
  if (n->all && !n->extended)
    return MILL_W_FAIL_AT(w, n, MILL_E_DESCRIBE_JSON_NOT_EXTENDED, "tableName",
                          n->parts[n->nparts - 1], NULL);
  bool temporary = mill_w_temporary(w, n->parts, n->nparts) != NULL;
  if (temporary && of_partition(n)) return no_partition(w, n, "TEMPORARY VIEW");
  if (temporary) return describe_query(w, n, mill_analyse_relation(w, n, NULL));
  if (!mill_w_table_name(w, n, n->parts, n->nparts, &name) || !mill_w_find_table(w, name, &t))
    return NULL;
  if (t == NULL) return describe_query(w, n, mill_analyse_relation(w, n, NULL));
  return n->ncolumns ? describe_column(w, n, t->schema, t) : describe_table(w, n, t);
}
