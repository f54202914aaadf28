/* df.write.saveAsTable over a table that is there: rows are added by the names of columns, or a new table
** takes its place. Spark: PreprocessTableCreation, DataFrameWriter.saveAsV1Table. */
#include <string.h>
#include <strings.h>

#include "plan/format.h"
#include "plan/warehouse_int.h"

typedef struct saving {
  mill_planner *w;
  const mill_node *n;
  const mill_definition *d;
  const mill_catalog_table *old;
  const mill_node *rows;
  const char *full;
} saving;

/* ---- what was said against what is there ---------------------------------------------------- */

/* As Spark's messages call a format. */
static const char *class_of(const char *format) {
  static const char *const known[][2] = {{"parquet", "ParquetDataSourceV2"},
                                         {"csv", "CSVDataSourceV2"},
                                         {"json", "JsonDataSourceV2"},
                                         {"orc", "OrcDataSourceV2"},
                                         {"text", "TextDataSourceV2"}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcasecmp(known[i][0], format) == 0) return known[i][1];
  return format;
}

static bool same_format(saving *s) {
  const char *said =
      s->d->format ? s->d->format : mill_session_get(s->w->session, "spark.sql.sources.default");
  if (strcasecmp(said, s->old->provider) == 0) return true;
  if (!mill_format_readable(said))
    (void)MILL_W_FAIL_AT(s->w, s->n, MILL_E_DATA_SOURCE_NOT_FOUND, "provider", said, NULL);
  else
    (void)MILL_W_FAIL_AT(s->w, s->n, MILL_E_LEGACY_1159, "tableName", s->full, "existingProvider",
                         class_of(s->old->provider), "specifiedProvider", class_of(said), NULL);
  return false;
}

static bool same_place(saving *s) {
  const char *said = mill_option_text(s->d->options, "path");
  if (said && strncmp(said, "file:", 5) == 0) said += 5;
  if (said == NULL || strcmp(said, s->old->location) == 0) return true;
  (void)MILL_W_FAIL_AT(s->w, s->n, MILL_E_LEGACY_1160, "identifier", s->full, "existingTableLoc",
                       mill_error_fmt(s->w->err, "file:%s", s->old->location), "tableDescLoc",
                       mill_error_fmt(s->w->err, "file://%s", said), NULL);
  return false;
}

static bool same_count(saving *s) {
  if ((uint32_t)s->rows->noutput == s->old->schema->nfields) return true;
  const mill_type *given = mill_w_schema(s->w, s->rows->output, s->rows->noutput);
  mill_text has, gets;
  if (given == NULL) return false;
  mill_text_init(&has, s->w->ctx->memory);
  mill_text_init(&gets, s->w->ctx->memory);
  s->w->status = mill_type_simple(s->old->schema, &has, s->w->err);
  if (s->w->status == MILL_OK) s->w->status = mill_type_simple(given, &gets, s->w->err);
  if (s->w->status == MILL_OK)
    (void)MILL_W_FAIL_AT(s->w, s->n, MILL_E_LEGACY_1161, "tableName", s->full,
                         "existingTableSchema", has.data, "querySchema", gets.data, NULL);
  mill_text_clear(&has);
  mill_text_clear(&gets);
  return false;
}

static bool same_names(saving *s) {
  const mill_expr *c;
  for (uint32_t i = 0; i < s->old->schema->nfields; i++) {
    const char *name = s->old->schema->fields[i].name, *list = "";
    int found = mill_find_column(s->w, s->rows->output, s->rows->noutput, name, &c);
    if (found == 1) continue;
    for (int k = 0; k < s->rows->noutput; k++)
      list = mill_w_printf(s->w, "%s%s%s", list, k ? ", " : "", s->rows->output[k]->name);
    (void)MILL_W_FAIL_AT(s->w, s->n, MILL_E_LEGACY_1162, "col", name, "inputColumns", list, NULL);
    return false;
  }
  return true;
}

static const char *list_text(saving *s, const char *const *names, int n) {
  const char *text = "";
  for (int i = 0; i < n; i++) text = mill_w_printf(s->w, "%s%s%s", text, i ? ", " : "", names[i]);
  return text;
}

static bool same_words(saving *s, mill_word_list a, mill_word_list b) {
  bool same = a.n == b.n;
  for (int i = 0; same && i < a.n; i++) same = mill_w_same_name(s->w, a.at[i], b.at[i]);
  return same;
}

static bool same_partitions(saving *s) {
  const mill_definition *d = s->d;
  const char **names = mill_w_alloc(s->w, (size_t)(d->npartitions + 1) * sizeof *names);
  if (names == NULL) return false;
  for (int i = 0; i < d->npartitions; i++) names[i] = d->partitions[i]->parts[0];
  mill_word_list said = {names, d->npartitions};
  if (same_words(s, said, s->old->partitions)) return true;
  (void)MILL_W_FAIL_AT(s->w, s->n, MILL_E_LEGACY_1163, "tableName", s->full, "specifiedPartCols",
                       list_text(s, said.at, said.n), "existingPartCols",
                       list_text(s, s->old->partitions.at, s->old->partitions.n), NULL);
  return false;
}

static const char *bucket_text(saving *s, int n, mill_word_list columns, mill_word_list sorts) {
  if (n == 0) return "not bucketed";
  const char *text = mill_w_printf(s->w, "%d buckets, bucket columns: [%s]", n,
                                   list_text(s, columns.at, columns.n));
  if (sorts.n == 0) return text;
  return mill_w_printf(s->w, "%s, sort columns: [%s]", text, list_text(s, sorts.at, sorts.n));
}

static bool same_buckets(saving *s) {
  const mill_definition *d = s->d;
  const mill_catalog_table *t = s->old;
  if (d->nbuckets == t->nbuckets && same_words(s, d->buckets, t->buckets) &&
      same_words(s, d->sorts, t->sorts))
    return true;
  (void)MILL_W_FAIL_AT(s->w, s->n, MILL_E_LEGACY_1164, "tableName", s->full,
                       "specifiedBucketString", bucket_text(s, d->nbuckets, d->buckets, d->sorts),
                       "existingBucketString", bucket_text(s, t->nbuckets, t->buckets, t->sorts),
                       NULL);
  return false;
}

/* [["a"],["b"]] */
static const char *cluster_text(saving *s, mill_word_list l) {
  const char *text = "[";
  for (int i = 0; i < l.n; i++)
    text = mill_w_printf(s->w, "%s%s[\"%s\"]", text, i ? "," : "", l.at[i]);
  return mill_w_printf(s->w, "%s]", text);
}

static bool same_clusters(saving *s) {
  if (same_words(s, s->d->clusters, s->old->clusters)) return true;
  (void)MILL_W_FAIL_AT(s->w, s->n, MILL_E_CLUSTERING_COLUMNS_MISMATCH, "tableName", s->full,
                       "specifiedClusteringString", cluster_text(s, s->d->clusters),
                       "existingClusteringString", cluster_text(s, s->old->clusters), NULL);
  return false;
}

/* ---- both ----------------------------------------------------------------------------------- */

bool mill_append_to_table(mill_planner *w, const mill_node *n, const mill_catalog_table *old) {
  saving s = {.w = w,
              .n = n,
              .d = n->definition,
              .old = old,
              .full = mill_w_printf(w, "spark_catalog.%s.%s", old->database, old->name)};
  if (old->kind == MILL_TABLE_VIEW)
    return (void)MILL_W_FAIL_AT(w, n, MILL_E_LEGACY_1158, NULL), false;
  s.rows = mill_analyse(w, n->child[0], NULL);
  if (s.rows == NULL || !same_format(&s) || !same_place(&s) || !same_count(&s) || !same_names(&s) ||
      !same_partitions(&s) || !same_buckets(&s) || !same_clusters(&s))
    return false;
  mill_node *insert = mill_w_unary(w, MILL_N_INSERT, s.rows);
  static const mill_definition none;
  if (insert == NULL) return false;
  insert->definition = &none;
  insert->by_name = true;
  const mill_node *stored = mill_stored_rows(w, insert, old);
  return stored && mill_table_write(w, old, stored, false, "");
}

bool mill_w_may_overwrite(mill_planner *w, const mill_node *n, const mill_catalog_table *old,
                          const mill_node *rows) {
  if (rows == NULL || old->kind == MILL_TABLE_VIEW || !mill_reads_folder(rows, old->location))
    return true;
  (void)MILL_W_FAIL_AT(w, n, MILL_E_UNSUPPORTED_OVERWRITE_TABLE, "table",
                       mill_w_full_name(w, (mill_table_name){old->database, old->name}), NULL);
  return false;
}
