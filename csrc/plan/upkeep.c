/* TRUNCATE, ANALYZE, REFRESH, CACHE and UNCACHE of tables. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "kernel/cast.h"
#include "plan/cache.h"
#include "plan/text_cache.h"
#include "plan/warehouse_int.h"

static const char *full_name(mill_planner *w, const mill_catalog_table *t) {
  return mill_w_full_name(w, (mill_table_name){t->database, t->name});
}

/* ---- TRUNCATE ------------------------------------------------------------------------------- */

static bool truncate(mill_planner *w, const mill_node *n) {
  const mill_definition *d = n->definition;
  const mill_catalog_table *t = mill_w_need_own_table(w, n, n->alias ? n->alias : "TRUNCATE TABLE");
  mill_catalog_partition *p;
  size_t count;
  if (t == NULL) return false;
  if (t->kind == MILL_TABLE_EXTERNAL)
    return (void)MILL_W_FAIL_AT(w, n, MILL_E_CANNOT_TRUNCATE_EXTERNAL_TABLE, "tableName",
                                full_name(w, t), NULL),
           false;
  if (d->nspecs && t->partitions.n == 0)
    return (void)MILL_W_FAIL_AT(w, n, MILL_E_LEGACY_1267, "tableIdentWithDB", full_name(w, t),
                                NULL),
           false;
  if (!mill_partitions_of(w, n, t, d->nspecs ? d->specs[0] : NULL, &p, &count)) return false;
  for (size_t i = 0; i < count && w->status == MILL_OK; i++)
    w->status = mill_catalog_partition_drop(mill_w_catalog(w), t, &p[i], true, w->err);
  return w->status == MILL_OK;
}

const mill_node *mill_truncate(mill_planner *w, const mill_node *n) {
  if (!mill_w_begin(w)) return NULL;
  return mill_w_end(w, truncate(w, n)) ? mill_nothing(w) : NULL;
}

/* ---- ANALYZE -------------------------------------------------------------------------------- */

static int64_t bytes_of(mill_planner *w, const mill_catalog_table *t) {
  mill_catalog_partition *p;
  size_t n;
  uint64_t sum = 0;
  w->status = mill_catalog_partitions(mill_w_catalog(w), t, "", w->arena, &p, &n, w->err);
  for (size_t i = 0; i < n && w->status == MILL_OK; i++)
    for (size_t k = 0; k < p[i].nfiles; k++) sum += p[i].file[k].size;
  return (int64_t)sum;
}

/* count(*), and for each column its minimum, maximum, NULLs, distinct values and lengths. */
static const mill_node *statistics_query(mill_planner *w, const mill_node *rows,
                                         const mill_expr *const *columns, int n) {
  mill_exprs l = {0};
  mill_node *a = mill_w_unary(w, MILL_N_AGGREGATE, rows);
  mill_expr *count = mill_x_call(w, "count", 1, mill_x_int(w, 1));
  if (a == NULL || count == NULL) return NULL;
  if (!mill_exprs_add(w, &l, mill_x_alias(w, count, "rows"))) return NULL;
  for (int i = 0; i < n; i++) {
    const mill_expr *c = columns[i];
    bool ordered =
        c->type->nfields == 0 && c->type->id != MILL_STRING && c->type->id != MILL_BINARY;
    const mill_expr *none = mill_x_null(w, mill_type_of(MILL_STRING));
    bool text = c->type->id == MILL_STRING || c->type->id == MILL_BINARY;
    const mill_expr *size =
        text ? mill_x_call(w, "octet_length", 1, c) : mill_x_int(w, c->type->width);
    const mill_expr *item[] = {ordered ? mill_x_call(w, "min", 1, c) : none,
                               ordered ? mill_x_call(w, "max", 1, c) : none,
                               mill_x_call(w, "count", 1, c),
                               mill_x_call(w, "approx_count_distinct", 1, c),
                               mill_x_call(w, "ceil", 1, mill_x_call(w, "avg", 1, size)),
                               mill_x_call(w, "max", 1, size)};
    for (int k = 0; k < 6; k++)
      if (!mill_exprs_add(w, &l, mill_x_alias(w, item[k], "s"))) return NULL;
  }
  a->analysed = false;
  a->exprs = l.at;
  a->nexprs = l.n;
  a->grouping = MILL_GROUP_PLAIN;
  return a;
}

static bool put_value(mill_planner *w, mill_text *t, const char *name, const mill_vector *v) {
  mill_text s;
  if (!mill_vector_valid(v, 0)) return true;
  mill_text_init(&s, w->ctx->memory);
  w->status = mill_value_text(&w->set, v, 0, &s, w->err);
  if (w->status == MILL_OK)
    w->status =
        mill_text_printf(t, w->err, "%s\"%s\":", t->data[t->size - 1] == '{' ? "" : ",", name);
  if (w->status == MILL_OK) w->status = mill_json_quote(s.data ? s.data : "", s.size, t, w->err);
  mill_text_clear(&s);
  return w->status == MILL_OK;
}

/* {"column":{"min":"1",..},..} from the one row of statistics_query. */
static const char *statistics_text(mill_planner *w, const mill_vector *v,
                                   const mill_expr *const *columns, int n, int64_t rows) {
  static const char *const names[] = {"min",           "max",       "count",
                                      "distinctCount", "avgLength", "maxLength"};
  mill_text t;
  mill_text_init(&t, w->ctx->memory);
  w->status = mill_text_addc(&t, '{', w->err);
  for (int i = 0; i < n && w->status == MILL_OK; i++) {
    if (i) w->status = mill_text_addc(&t, ',', w->err);
    if (w->status == MILL_OK)
      w->status = mill_json_quote(columns[i]->name, strlen(columns[i]->name), &t, w->err);
    if (w->status == MILL_OK) w->status = mill_text_adds(&t, ":{", w->err);
    for (int k = 0; k < 6 && w->status == MILL_OK; k++)
      put_value(w, &t, names[k], &v[1 + 6 * i + k]);
    if (w->status == MILL_OK)
      w->status = mill_text_printf(&t, w->err, ",\"nulls\":\"%lld\"}",
                                   (long long)(rows - *(const int64_t *)v[1 + 6 * i + 2].data));
  }
  if (w->status == MILL_OK) w->status = mill_text_addc(&t, '}', w->err);
  const char *text = w->status ? NULL : mill_w_copy(w, t.data, t.size);
  mill_text_clear(&t);
  return text;
}

static bool wanted(mill_planner *w, const mill_node *n, const mill_node *rows, mill_exprs *out) {
  for (int i = 0; n->all && i < rows->noutput; i++)
    if (!mill_exprs_add(w, out, rows->output[i])) return false;
  for (int i = 0; i < n->ncolumns; i++) {
    const mill_expr *c;
    if (mill_find_column(w, rows->output, rows->noutput, n->columns[i], &c) == 0)
      return (void)MILL_W_FAIL_AT(w, n, MILL_E_COLUMN_NOT_FOUND, "colName",
                                  mill_w_quoted_parts(w, &n->columns[i], 1), "caseSensitiveConfig",
                                  "\"spark.sql.caseSensitive\"", NULL),
             false;
    if (!mill_exprs_add(w, out, c)) return false;
  }
  return true;
}

/* The size alone; the number of rows is known as long as that is what it was. */
static bool analyze_size(mill_planner *w, const mill_catalog_table *t) {
  mill_catalog_table changed = *t;
  changed.bytes = bytes_of(w, t);
  if (changed.bytes != t->bytes) changed.rows = -1;
  if (w->status == MILL_OK) w->status = mill_catalog_table_put(mill_w_catalog(w), &changed, w->err);
  return w->status == MILL_OK;
}

static bool analyze_one(mill_planner *w, const mill_node *n, const mill_catalog_table *t) {
  if (n->extended) return analyze_size(w, t);
  mill_exprs columns = {0};
  mill_table *result = NULL;
  const mill_node *rows = mill_table_relation(w, t);
  if (rows == NULL || !wanted(w, n, rows, &columns)) return false;
  const mill_node *q = statistics_query(w, rows, columns.at, columns.n);
  q = q ? mill_analyse(w, q, NULL) : NULL;
  if (q == NULL) return false;
  w->status = mill_plan_rows(w, q, false, &result);
  if (w->status) return false;
  mill_batch one = {0};
  mill_vector *v = mill_w_alloc(w, (result->schema->nfields + 1) * sizeof *v);
  if (v) w->status = mill_chunk_batch(result->chunk[0], 0, 1, v, w->arena, &one, w->err);
  if (w->status) v = NULL;
  mill_catalog_table changed = *t;
  changed.rows = v ? *(const int64_t *)v[0].data : -1;
  changed.bytes = bytes_of(w, t);
  if (v && columns.n)
    changed.statistics = statistics_text(w, v, columns.at, columns.n, changed.rows);
  mill_table_unref(result);
  if (w->status == MILL_OK) w->status = mill_catalog_table_put(mill_w_catalog(w), &changed, w->err);
  return w->status == MILL_OK;
}

static bool analyze_all(mill_planner *w, const mill_node *n) {
  mill_word_list names;
  const char *database = mill_w_named_database(w, n);
  const mill_catalog_table *t;
  if (database == NULL || !mill_w_need_database(w, n, database)) return false;
  mill_catalog *c = mill_w_catalog(w);
  w->status = mill_catalog_names(c, 't', database, w->arena, &names, w->err);
  for (int i = 0; i < names.n && w->status == MILL_OK; i++) {
    w->status = mill_catalog_table_get(c, database, names.at[i], w->arena, &t, w->err);
    if (w->status == MILL_OK && t->kind != MILL_TABLE_VIEW) analyze_one(w, n, t);
  }
  return w->status == MILL_OK;
}

const mill_node *mill_analyze_table(mill_planner *w, const mill_node *n) {
  if (!mill_w_begin(w)) return NULL;
  bool good;
  if (n->name && strcmp(n->name, "TABLES") == 0) {
    good = analyze_all(w, n);
  } else {
    const mill_catalog_table *t =
        mill_w_need_own_table(w, n, n->alias ? n->alias : "ANALYZE TABLE");
    good = t && analyze_one(w, n, t);
  }
  return mill_w_end(w, good) ? mill_nothing(w) : NULL;
}

/* ---- CACHE ---------------------------------------------------------------------------------- */

#define OUTDATED                                                                                   \
  UINT64_MAX /* no version of the catalogue: the rows are computed when they are next asked for */

/* What a table or view is cached by; NULL: there is none of the name. */
static const char *cache_key(mill_planner *w, const mill_node *n) {
  mill_table_name name;
  const mill_catalog_table *t;
  if (mill_w_temporary(w, n->parts, n->nparts)) return mill_w_temporary_key(w, n->parts, n->nparts);
  if (!mill_w_table_name(w, n, n->parts, n->nparts, &name) || !mill_w_find_table(w, name, &t))
    return NULL;
  return t ? mill_w_printf(w, "%s.%s", t->database, t->name) : NULL;
}

/* A plan that keeps the rows of an analysed tree. */
static mill_plan *kept_plan(mill_planner *w, const mill_node *rows) {
  mill_plan *p = NULL, *cached = NULL;
  w->status = mill_plan_new(w->session, &p, w->err);
  if (w->status) return NULL;
  w->status = mill_plan_keep_plan(p, w->plan, w->err);
  p->root = (mill_node *)rows;
  p->settings = w->set;
  p->settings.once = NULL;
  p->schema = mill_w_schema(w, rows->output, rows->noutput);
  if (w->status == MILL_OK) w->status = mill_plan_cache(p, &cached, w->err);
  mill_plan_unref(p);
  return w->status ? NULL : cached;
}

static bool fill(mill_planner *w, mill_plan *p) { return mill_cache_fill(w, p->root) != NULL; }

bool mill_keep_cached(mill_planner *w, const char *key, const mill_node *rows, bool lazy) {
  mill_warehouse *h = mill_session_warehouse(w->session);
  mill_plan *p = kept_plan(w, rows);
  if (p == NULL) return false;
  uint64_t version = h->catalog ? mill_ledger_version(mill_catalog_ledger(h->catalog)) : 0;
  if (lazy || fill(w, p)) w->status = mill_warehouse_cache(h, key, p, version, w->err);
  mill_plan_unref(p);
  mill_text_cache_clear(mill_session_texts(w->session));
  return w->status == MILL_OK;
}

/* CACHE TABLE t AS query: a temporary view, kept. */
static bool cache_query(mill_planner *w, const mill_node *n) {
  mill_node *v = mill_w_node_copy(w, n);
  if (v == NULL) return false;
  v->kind = MILL_N_CREATE_VIEW;
  v->temporary = true;
  v->definition = NULL;
  v->alias = n->parts[n->nparts - 1];
  return mill_create_view(w, v) != NULL;
}

static bool keep_relation(mill_planner *w, const mill_node *n, const mill_node *name,
                          const char *key) {
  const mill_node *rows = mill_analyse_relation(w, name, NULL);
  return rows && mill_keep_cached(w, key, rows, n->name != NULL);
}

/* By a plan of its own: the view that the statement has made holds the statement's plan, which would hold the view. */
static bool keep_apart(mill_planner *w, const mill_node *n, const mill_node *name,
                       const char *key) {
  mill_plan *own = NULL;
  mill_planner of;
  bool kept = false;
  w->status = mill_plan_new(w->session, &own, w->err);
  if (w->status == MILL_OK) w->status = mill_planner_init(&of, own, w->err);
  if (w->status == MILL_OK) {
    kept = keep_relation(&of, n, name, key);
    w->status = of.status;
  }
  mill_plan_unref(own);
  return kept;
}

static const mill_node *cache(mill_planner *w, const mill_node *n) {
  if (n->nchildren && !cache_query(w, n)) return NULL;
  const char *key = cache_key(w, n);
  if (key == NULL) return w->status ? NULL : mill_w_no_table(w, n);
  mill_node *name = mill_w_node(w, MILL_N_RELATION, n);
  if (name == NULL) return NULL;
  name->parts = n->parts;
  name->nparts = n->nparts;
  if (mill_warehouse_cached(mill_session_warehouse(w->session), key)) return mill_nothing(w);
  bool kept = n->nchildren ? keep_apart(w, n, name, key) : keep_relation(w, n, name, key);
  return kept ? mill_nothing(w) : NULL;
}

static const mill_node *uncache(mill_planner *w, const mill_node *n) {
  const char *key = cache_key(w, n);
  if (key == NULL && (w->status || n->if_exists)) return w->status ? NULL : mill_nothing(w);
  if (key == NULL) return mill_w_no_table(w, n);
  mill_warehouse_uncache(mill_session_warehouse(w->session), key);
  return mill_nothing(w);
}

const mill_node *mill_show_cached(mill_planner *w, const mill_node *n) {
  static const char *const names[] = {"isCached"};
  const char *key = cache_key(w, n);
  mill_node *named = mill_w_node_copy(w, n);
  if (named == NULL) return NULL;
  named->name = NULL;
  if (key == NULL) return w->status ? NULL : mill_w_no_table(w, named);
  const char *cell =
      mill_warehouse_cached(mill_session_warehouse(w->session), key) ? "true" : "false";
  return mill_answer(w, names, "b", &cell, 1);
}

/* Rows of a table are kept for a version of the catalogue, those of a temporary view until they are dropped. */
static bool keep_anew(mill_planner *w, const mill_node *n, const char *key) {
  mill_warehouse *h = mill_session_warehouse(w->session);
  mill_node *lazy = mill_w_node_copy(w, n), *name = mill_w_node(w, MILL_N_RELATION, n);
  mill_warehouse_cached(h, key)->version = OUTDATED;
  if (!mill_w_temporary(w, n->parts, n->nparts)) return true;
  if (lazy == NULL || name == NULL) return false;
  lazy->name = "LAZY";
  name->parts = n->parts, name->nparts = n->nparts;
  mill_warehouse_uncache(h, key);
  return keep_apart(w, lazy, name, key);
}

/* Files are looked at anew by every query: only what is cached of them is out of date. */
static const mill_node *refresh(mill_planner *w, const mill_node *n) {
  if (n->alias && mill_function_find(n->alias, strlen(n->alias)))
    return MILL_W_FAIL_AT(w, n, MILL_E_LEGACY_1256, "functionName", n->alias, NULL);
  mill_warehouse *h = mill_session_warehouse(w->session);
  for (size_t i = 0; n->nparts == 0 && i < h->ncached; i++) h->cached[i].version = OUTDATED;
  if (n->nparts == 0) return mill_nothing(w);
  const char *key = cache_key(w, n);
  if (key == NULL) return w->status ? NULL : mill_w_no_table(w, n);
  if (mill_warehouse_cached(h, key) && !keep_anew(w, n, key)) return NULL;
  return mill_nothing(w);
}

const mill_node *mill_cache_command(mill_planner *w, const mill_node *n) {
  mill_warehouse *h = mill_session_warehouse(w->session);
  n = mill_identifier(w, n);
  bool by_path = n && ((n->kind == MILL_N_CACHE_TABLE && n->nchildren == 0) ||
                       (n->kind == MILL_N_UNCACHE && !n->if_exists));
  if (by_path) n = mill_path_relation(w, n);
  if (n == NULL) return NULL;
  switch (n->kind) {
  case MILL_N_CACHE_TABLE: return cache(w, n);
  case MILL_N_UNCACHE: return uncache(w, n);
  case MILL_N_REFRESH: return refresh(w, n);
  default:
    while (h->ncached) mill_warehouse_uncache(h, h->cached[0].key);
    return mill_nothing(w);
  }
}
