/* What spark.catalog lists: databases, tables, views and columns with all that its records have. */
#include <string.h>
#include <strings.h>

#include "plan/warehouse_int.h"

/* ---- databases ------------------------------------------------------------------------------ */

/* All of them, or the one of parts. */
const mill_node *mill_show_database_records(mill_planner *w, const mill_node *n) {
  static const char *const names[] = {"name", "catalog", "description", "locationUri"};
  mill_word_list list;
  const mill_catalog_database *d;
  int rows = 0;
  mill_catalog *c = mill_w_catalog(w);
  const char *one = c && n->nparts ? mill_w_named_database(w, n) : NULL;
  if (c == NULL || (n->nparts && one == NULL)) return NULL;
  w->status = mill_catalog_names(c, 'd', NULL, w->arena, &list, w->err);
  if (one) list = (mill_word_list){&one, 1};
  const char **cells = w->status ? NULL : mill_w_alloc(w, (size_t)(4 * list.n + 4) * sizeof *cells);
  for (int i = 0; cells && i < list.n; i++) {
    if (!mill_show_matches(n->alias, list.at[i])) continue;
    d = mill_w_need_database(w, n, list.at[i]);
    if (d == NULL) return NULL;
    const char **row = cells + 4 * rows++;
    row[0] = d->name, row[1] = "spark_catalog", row[2] = d->comment ? d->comment : "";
    row[3] = mill_w_printf(w, "file:%s", d->location);
  }
  return cells ? mill_answer(w, names, "ssss", cells, rows) : NULL;
}

/* ---- tables --------------------------------------------------------------------------------- */

enum { TABLE_CELLS = 7 };

static const char *const table_names[] = {"name",      "catalog",     "namespace", "description",
                                          "tableType", "isTemporary", "provider"};

static void put_table(const char **row, const mill_catalog_table *t) {
  static const char *const kinds[] = {"MANAGED", "EXTERNAL", "VIEW"};
  row[0] = t->name, row[1] = "spark_catalog", row[2] = t->database;
  row[3] = t->comment, row[4] = kinds[t->kind], row[5] = "false", row[6] = t->provider;
}

static void put_temporary(const char **row, const char *name, bool global) {
  row[0] = name, row[1] = NULL, row[2] = global ? "global_temp" : NULL;
  row[3] = NULL, row[4] = "TEMPORARY", row[5] = "true", row[6] = NULL;
}

static int count_views(mill_planner *w, bool global) {
  int n = 0;
  while (mill_session_view_at(w->session, n, global)) n++;
  return n;
}

static bool add_stored(mill_planner *w, const mill_node *n, const char *database,
                       mill_word_list stored, const char **cells, int *rows) {
  const mill_catalog_table *t;
  for (int i = 0; i < stored.n; i++) {
    if (!mill_show_matches(n->alias, stored.at[i])) continue;
    if (!mill_w_find_table(w, (mill_table_name){database, stored.at[i]}, &t)) return false;
    if (t == NULL || (n->view && t->kind != MILL_TABLE_VIEW)) continue;
    put_table(cells + TABLE_CELLS * (*rows)++, t);
  }
  return true;
}

static void add_temporary(mill_planner *w, const mill_node *n, bool global, const char **cells,
                          int *rows) {
  const char *v;
  for (int i = 0; (v = mill_session_view_at(w->session, i, global)) != NULL; i++)
    if (mill_show_matches(n->alias, v)) put_temporary(cells + TABLE_CELLS * (*rows)++, v, global);
}

/* Those of the database, then temporary views, which are in every one. */
const mill_node *mill_show_table_records(mill_planner *w, const mill_node *n) {
  bool global = n->nparts == 1 && strcasecmp(n->parts[0], "global_temp") == 0;
  const char *database = global ? NULL : mill_w_named_database(w, n);
  mill_word_list stored = {0};
  int rows = 0;
  if (!global && (database == NULL || !mill_w_need_database(w, n, database))) return NULL;
  if (!global)
    w->status = mill_catalog_names(mill_w_catalog(w), 't', database, w->arena, &stored, w->err);
  if (w->status) return NULL;
  int most = stored.n + count_views(w, false) + count_views(w, true) + 1;
  const char **cells = mill_w_alloc(w, (size_t)(TABLE_CELLS * most) * sizeof *cells);
  if (cells == NULL || !add_stored(w, n, database, stored, cells, &rows)) return NULL;
  if (global) add_temporary(w, n, true, cells, &rows);
  add_temporary(w, n, false, cells, &rows);
  return mill_answer(w, table_names, "sssssbs", cells, rows);
}

const mill_node *mill_show_table_record(mill_planner *w, const mill_node *n) {
  const char *row[TABLE_CELLS];
  if (mill_w_temporary(w, n->parts, n->nparts)) {
    put_temporary(row, n->parts[n->nparts - 1], n->nparts == 2);
  } else {
    const mill_catalog_table *t = mill_w_need_table(w, n);
    if (t == NULL) return NULL;
    put_table(row, t);
  }
  return mill_answer(w, table_names, "sssssbs", row, 1);
}

/* ---- columns -------------------------------------------------------------------------------- */

static bool is_among(mill_planner *w, mill_word_list names, const char *name) {
  for (int i = 0; i < names.n; i++)
    if (mill_w_same_name(w, names.at[i], name)) return true;
  return false;
}

/* Of a table, its schema as it was declared; of anything else, what its rows have. */
const mill_node *mill_show_column_records(mill_planner *w, const mill_node *n) {
  static const char *const names[] = {"name",        "description", "dataType", "nullable",
                                      "isPartition", "isBucket",    "isCluster"};
  static const char *const truth[] = {"false", "true"};
  const mill_catalog_table none = {0}, *t = &none;
  const mill_type *schema;
  if (mill_w_temporary(w, n->parts, n->nparts)) {
    const mill_node *q = mill_analyse_relation(w, n, NULL);
    schema = q ? mill_w_schema(w, q->output, q->noutput) : NULL;
  } else {
    t = mill_w_need_table(w, n);
    schema = t ? t->schema : NULL;
  }
  const char **cells = schema ? mill_w_alloc(w, (7 * schema->nfields + 7) * sizeof *cells) : NULL;
  for (uint32_t i = 0; cells && i < schema->nfields; i++) {
    const mill_field *f = &schema->fields[i];
    const char **row = cells + 7 * i;
    row[0] = f->name;
    row[1] = mill_metadata_text(w, f, "comment");
    row[2] = mill_w_simple_type(w, f->type);
    row[3] = truth[t != &none || f->nullable]; /* tables of files keep no NOT NULL */
    row[4] = truth[is_among(w, t->partitions, f->name)];
    row[5] = truth[is_among(w, t->buckets, f->name)];
    row[6] = truth[is_among(w, t->clusters, f->name)];
    if (w->status) return NULL;
  }
  return cells ? mill_answer(w, names, "sssbbbb", cells, (int)schema->nfields) : NULL;
}
