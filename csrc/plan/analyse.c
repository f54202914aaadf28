/* Analysis: an unresolved tree to one with names, types and ids; the nodes that need few rules.
**
** What is only another way to write a simpler node becomes that node here: DISTINCT and
** dropDuplicates are AGGREGATE, an alias is a PROJECT with other qualifiers. */
#include <string.h>

#include "plan/plan_int.h"

/* ---- helpers -------------------------------------------------------------------------------- */

/* Column i of n under a new id; what is a column before it once more is that one still: their name is not
** ambiguous. */
static mill_expr *renewed(mill_planner *w, const mill_node *n, int i, const char *name,
                          const mill_exprs *before) {
  mill_expr *a = mill_x_alias(w, n->output[i], name);
  for (int k = 0; a && k < i; k++)
    if (n->output[k]->id == n->output[i]->id && mill_w_same_name(w, before->at[k]->parts[0], name))
      a->id = before->at[k]->id;
  return a;
}

const mill_node *mill_requalify(mill_planner *w, const mill_node *child, const char *alias,
                                const char *const *names, bool fresh) {
  mill_exprs l = {0};
  if (child == NULL) return NULL;
  for (int i = 0; i < child->noutput; i++) {
    const mill_expr *c = child->output[i], *e = c;
    if (fresh) e = renewed(w, child, i, names ? names[i] : c->name, &l);
    if (!mill_exprs_add(w, &l, e)) return NULL;
  }
  mill_node *p = mill_w_project(w, child, &l);
  if (p == NULL) return NULL;
  p->alias = alias;
  for (int i = 0; i < p->noutput; i++) {
    mill_expr *o = mill_x_column(w, p->output[i]);
    const char **parts = mill_w_alloc(w, sizeof *parts);
    if (o == NULL || parts == NULL) return NULL;
    parts[0] = alias;
    if (alias) o->parts = parts, o->nparts = 1;
    if (names) o->name = names[i];
    p->output[i] = o;
  }
  p->alias = alias; /* what is below cannot be named by other qualifiers any more */
  return p;
}

const mill_node *mill_renew_ids(mill_planner *w, const mill_node *n) {
  mill_exprs l = {0};
  for (int i = 0; n && i < n->noutput; i++) {
    if (!mill_exprs_add(w, &l, renewed(w, n, i, n->output[i]->name, &l))) return NULL;
  }
  mill_node *p = n ? mill_w_project(w, n, &l) : NULL;
  for (int i = 0; p && i < p->noutput; i++) {
    mill_expr *o = mill_x_column(w, p->output[i]);
    if (o == NULL) return NULL;
    o->parts = n->output[i]->parts;
    o->nparts = n->output[i]->nparts;
    p->output[i] = o;
  }
  return p;
}

const mill_node *mill_cast_outputs(mill_planner *w, const mill_node *n,
                                   const mill_type *const *types) {
  mill_exprs l = {0};
  bool same = true;
  for (int i = 0; i < n->noutput; i++) same &= n->output[i]->type == types[i];
  if (same) return n;
  for (int i = 0; i < n->noutput; i++) {
    const mill_expr *c = n->output[i];
    if (c->type != types[i]) c = mill_x_alias(w, mill_x_cast(w, c, types[i]), c->name);
    if (!mill_exprs_add(w, &l, c)) return NULL;
  }
  return mill_w_project(w, n, &l);
}

/* ---- filters, order, limits ----------------------------------------------------------------- */

static const mill_node *visible_of(mill_planner *w, const mill_node *n, const mill_node *like) {
  mill_exprs l = {0};
  for (int i = 0; i < like->noutput; i++)
    if (!mill_exprs_add(w, &l, like->output[i])) return NULL;
  mill_node *p = mill_w_project(w, n, &l);
  if (p) p->output = like->output;
  return p;
}

typedef struct aggregate_list {
  mill_planner *w;
  const char *text;
} aggregate_list;

static int list_aggregate(const mill_expr *e, void *arg) {
  aggregate_list *l = arg;
  if (!mill_x_is_aggregate(e)) return 0;
  l->text = mill_w_printf(l->w, "%s%s%s", l->text, *l->text ? ", " : "", mill_w_whole_sql(l->w, e));
  return -1;
}

static int is_inner_column(const mill_expr *e, void *arg) {
  (void)arg;
  return e->kind == MILL_X_COLUMN;
}

/* An aggregate of this query: those of columns of the query around are for its HAVING. */
static int own_aggregate_at(const mill_expr *e, void *arg) {
  if (e->kind == MILL_X_WINDOW || !mill_x_is_aggregate(e)) return 0;
  return !mill_x_has_outer(e) || mill_x_any(e, is_inner_column, arg) ? 1 : -1;
}

static const mill_node *aggregates_in_where(mill_planner *w, const mill_node *n,
                                            const mill_expr *e) {
  aggregate_list l = {w, ""};
  mill_x_any(e, list_aggregate, &l);
  return MILL_W_FAIL_AT(w, n, MILL_E_INVALID_WHERE_CONDITION, "condition", mill_w_quoted_sql(w, e),
                        "expressionList", l.text, NULL);
}

static int is_group(const mill_expr *e, void *arg) {
  (void)arg;
  return e->kind == MILL_X_WINDOW || mill_x_is_aggregate(e);
}

static int find_group(const mill_expr *e, void *arg) {
  aggregate_list *l = arg;
  if (!is_group(e, NULL)) return 0;
  l->text =
      mill_w_printf(l->w, "%s%s%s", l->text, *l->text ? ", " : "", mill_w_quoted_sql(l->w, e));
  return e->kind == MILL_X_WINDOW ? 0 : -1;
}

bool mill_refuse_groups(mill_planner *w, const mill_expr *e, const char *operator) {
  aggregate_list l = {w, ""};
  if (!mill_x_any(e, is_group, NULL)) return true;
  mill_x_any(e, find_group, &l);
  (void)MILL_W_FAIL_AT(w, e, MILL_E_UNSUPPORTED_EXPR_FOR_OPERATOR, "operator", operator,
                       "invalidExprSqls", l.text, NULL);
  return false;
}

typedef struct list_columns {
  const mill_node *list; /* the PROJECT */
  const mill_node *shown;
} list_columns;

static int outer_beyond_at(const mill_expr *e, void *arg) {
  const list_columns *l = arg;
  return e->kind == MILL_X_OUTER && !mill_x_find_id(l->shown->output, l->shown->noutput, e->id);
}

static int beyond_list_at(const mill_expr *e, void *arg) {
  const list_columns *l = arg;
  if (e->query && e->query->analysed && mill_n_any_expr(e->query, outer_beyond_at, arg)) return 1;
  if (e->kind == MILL_X_COLUMN && mill_x_find_id(l->shown->output, l->shown->noutput, e->id))
    return 0;
  for (int i = 0; i < l->list->nexprs && i < l->list->noutput; i++) {
    const mill_expr *item = l->list->exprs[i];
    while (item->kind == MILL_X_ALIAS) item = item->args[0];
    if (mill_x_alike(item, e)) return -1;
  }
  return e->kind == MILL_X_COLUMN;
}

/* HAVING over keys or aggregates that the list has not: above it the list is seen, and the keys that are
** columns, as in Spark. */
static const mill_node *close_list(mill_planner *w, const mill_node *filter,
                                   const mill_node *before) {
  list_columns l = {filter->child[0], before};
  if (l.list->kind != MILL_N_PROJECT || !mill_x_any(filter->exprs[0], beyond_list_at, &l))
    return filter;
  mill_node *p = mill_w_node_copy(w, visible_of(w, filter, before));
  if (p) p->having = true;
  return p;
}

/* Does the list of that query hold a window? */
static bool has_windows(const mill_node *n) {
  while (n->kind == MILL_N_FILTER || (n->kind == MILL_N_PROJECT && n->alias == NULL))
    n = n->child[0];
  return n->kind == MILL_N_WINDOW;
}

static const mill_node *analyse_filter(mill_planner *w, const mill_node *n,
                                       const mill_scope *outer) {
  const mill_node *child = mill_analyse(w, n->child[0], outer), *before = child;
  if (child == NULL) return NULL;
  if (!mill_refuse_generator(w, n->exprs[0])) return NULL;
  mill_clause clause = n->having ? MILL_HAVING : n->qualify ? MILL_QUALIFY : MILL_WHERE;
  if (n->name) clause = MILL_PIPED;
  const mill_expr *e = mill_resolve_above(w, &child, outer, clause, n->exprs[0]);
  if (e == NULL) return NULL;
  if (mill_x_has_window(e) && !n->qualify)
    return MILL_W_FAIL_AT(w, n, MILL_E_WINDOW_FUNCTION_NOT_ALLOWED_IN_CLAUSE, "clauseName",
                          n->having ? "HAVING" : "WHERE", NULL);
  if (n->qualify && !mill_x_has_window(e) && !has_windows(child))
    return MILL_W_FAIL_AT(w, n, MILL_E_QUALIFY_REQUIRES_WINDOW_FUNCTION, NULL);
  bool of_having = outer && outer->of_list;
  bool groups = of_having ? mill_x_any(e, own_aggregate_at, NULL) : mill_x_has_aggregate(e);
  if (groups && !mill_x_has_window(e)) return aggregates_in_where(w, n, e);
  if (n->having) e = mill_x_explicit_cast(w, e, mill_type_of(MILL_BOOLEAN));
  if (e == NULL) return NULL;
  if (e->type->id != MILL_BOOLEAN)
    return MILL_W_FAIL_AT(w, n, MILL_E_DATATYPE_MISMATCH_FILTER_NOT_BOOLEAN, "sqlExpr",
                          mill_w_quoted_sql(w, e), "filter", mill_w_quoted_sql(w, e), "type",
                          mill_w_quoted_type(w, e->type), NULL);
  e = mill_x_cast(w, e, mill_type_of(MILL_BOOLEAN));
  if (e && mill_x_has_window(e)) {
    mill_exprs l = {0};
    if (!mill_exprs_add(w, &l, e) || !mill_extract_windows(w, &child, &l)) return NULL;
    const mill_node *f = mill_w_filter(w, child, l.at[0]);
    return f ? visible_of(w, f, before) : NULL;
  }
  const mill_node *f = mill_w_filter(w, child, e);
  if (f && n->having && !mill_check_subqueries(w, f)) return NULL;
  return f && n->having ? close_list(w, f, before) : f;
}

bool mill_refuse_unordered(mill_planner *w, const mill_expr *at, const mill_expr *key) {
  const mill_type *t = key->args[0]->type;
  if (mill_type_orderable(t)) return true;
  (void)MILL_W_FAIL_AT(w, at, MILL_E_DATATYPE_MISMATCH_INVALID_ORDERING_TYPE, "sqlExpr",
                       mill_w_quoted_sql(w, key), "functionName", "`sortorder`", "dataType",
                       mill_w_quoted_type(w, t), NULL);
  return false;
}

static const mill_expr *order_item(mill_planner *w, const mill_node **child,
                                   const mill_scope *outer, mill_clause clause,
                                   const mill_expr *item) {
  const mill_expr *e = item->args[0], *r;
  if (e->kind == MILL_X_LITERAL && e->value->type->id == MILL_INT &&
      mill_vector_valid(e->value, 0) && mill_w_conf(w, "spark.sql.orderByOrdinal")) {
    int32_t at = *(const int32_t *)e->value->data;
    if (at < 1 || at > (*child)->noutput)
      return MILL_W_FAIL_AT(w, e, MILL_E_ORDER_BY_POS_OUT_OF_RANGE, "index",
                            mill_error_fmt(w->err, "%d", (int)at), "size",
                            mill_error_fmt(w->err, "%d", (*child)->noutput), NULL);
    r = (*child)->output[at - 1];
  } else {
    r = mill_refuse_generator(w, e) ? mill_resolve_above(w, child, outer, clause, e) : NULL;
  }
  if (r == NULL || !mill_refuse_groups(w, r, "Sort")) return NULL;
  while (r->kind == MILL_X_ALIAS) r = r->args[0];
  mill_expr *s = mill_x_copy(w, item);
  if (s == NULL) return NULL;
  s->args[0] = r, s->type = r->type;
  if (!mill_refuse_unordered(w, e, s)) return NULL;
  return s;
}

static const mill_node *analyse_sort(mill_planner *w, const mill_node *n, const mill_scope *outer) {
  const mill_node *child = mill_analyse(w, n->child[0], outer), *before = child;
  mill_exprs l = {0};
  if (child == NULL) return NULL;
  bool all = n->all && n->nexprs == 1;
  for (int i = 0; i < (all ? before->noutput : n->nexprs); i++) {
    const mill_expr *s;
    if (all) {
      mill_expr *c = mill_x_copy(w, n->exprs[0]);
      if (c) c->args[0] = before->output[i], c->type = c->args[0]->type;
      s = c && mill_refuse_unordered(w, c, c) ? c : NULL;
    } else {
      const char *refused = w->no_routines;
      w->no_routines = "Sort";
      s = order_item(w, &child, outer, n->name ? MILL_PIPED : MILL_ORDER_BY, n->exprs[i]);
      w->no_routines = refused;
    }
    if (!mill_exprs_add(w, &l, s)) return NULL;
  }
  mill_node *s = mill_w_unary(w, MILL_N_SORT, child);
  if (s == NULL || !mill_w_set_exprs(w, s, &l)) return NULL;
  s->global = n->global;
  s->output = before->output;
  s->noutput = before->noutput;
  return s;
}

static int is_column(const mill_expr *e, void *arg) {
  (void)arg;
  return e->kind == MILL_X_COLUMN;
}

/* The constant of LIMIT or OFFSET; -1 for none. */
static bool limit_value(mill_planner *w, const mill_node *child, const mill_expr *e,
                        const char *name, int64_t *out) {
  mill_scope none = mill_scope_of(child, NULL);
  *out = -1;
  if (e == NULL) return true;
  const char *before = w->no_routines;
  w->no_routines = "GlobalLimit";
  const mill_expr *r = mill_resolve(w, &none, e);
  w->no_routines = before;
  const mill_vector *v = NULL;
  if (r == NULL) return false;
  if (r->kind == MILL_X_CALL && r->fn && r->fn->kind == MILL_GENERATOR) {
    const char *node = strcmp(name, "limit") == 0 ? "LocalLimit" : "Offset",
               *sql = mill_w_sql(w, r);
    (void)MILL_W_FAIL_AT(w, e, MILL_E_UNSUPPORTED_GENERATOR_OUTSIDE_SELECT, "plan",
                         mill_error_fmt(w->err, "%s %s", node, sql ? sql : ""), NULL);
    return false;
  }
  if (mill_x_any(r, is_column, NULL) || mill_x_rewritten(e)) {
    (void)MILL_W_FAIL_AT(w, e, MILL_E_INVALID_LIMIT_LIKE_EXPRESSION_IS_UNFOLDABLE, "name", name,
                         "expr", mill_w_quoted_sql(w, r), NULL);
    return false;
  }
  if (!mill_type_integral(r->type) || r->type->id == MILL_BIGINT) {
    (void)MILL_W_FAIL_AT(w, e, MILL_E_INVALID_LIMIT_LIKE_EXPRESSION_DATA_TYPE, "name", name, "expr",
                         mill_w_quoted_sql(w, r), "dataType", mill_w_quoted_type(w, r->type), NULL);
    return false;
  }
  r = mill_x_cast(w, r, mill_type_of(MILL_BIGINT));
  if (r == NULL) return false;
  if (!mill_w_evaluate(w, r, &v)) {
    (void)MILL_W_FAIL_AT(w, e, MILL_E_INVALID_LIMIT_LIKE_EXPRESSION_IS_UNFOLDABLE, "name", name,
                         "expr", mill_w_quoted_sql(w, r), NULL);
    return false;
  }
  if (!mill_vector_valid(v, 0)) {
    (void)MILL_W_FAIL_AT(w, e, MILL_E_INVALID_LIMIT_LIKE_EXPRESSION_IS_NULL, "name", name, "expr",
                         mill_w_quoted_sql(w, r), NULL);
    return false;
  }
  *out = *(const int64_t *)v->data;
  if (*out >= 0) return true;
  (void)MILL_W_FAIL_AT(w, e, MILL_E_INVALID_LIMIT_LIKE_EXPRESSION_IS_NEGATIVE, "name", name, "expr",
                       mill_w_quoted_sql(w, r), "v",
                       mill_error_fmt(w->err, "%lld", (long long)*out), NULL);
  return false;
}

static const mill_node *analyse_limit(mill_planner *w, const mill_node *n,
                                      const mill_scope *outer) {
  mill_node *l = mill_w_unary(w, n->kind, mill_analyse(w, n->child[0], outer));
  if (l == NULL) return NULL;
  const mill_expr *offset = n->nexprs > 1 ? n->exprs[1] : NULL;
  const char *name = n->kind == MILL_N_TAIL ? "tail" : "limit";
  if (!limit_value(w, l->child[0], n->exprs[0], name, &l->to) ||
      !limit_value(w, l->child[0], offset, "offset", &l->from))
    return NULL;
  return l;
}

/* ---- distinct rows -------------------------------------------------------------------------- */

static bool all_compare(mill_planner *w, const mill_node *at, const mill_expr *const *column,
                        int n) {
  for (int i = 0; i < n; i++) {
    const mill_type *t = column[i]->type;
    bool variant = mill_type_holds(t, MILL_VARIANT);
    if (!variant && !mill_type_holds(t, MILL_MAP)) continue;
    (void)MILL_W_FAIL_AT(w, at,
                         variant ? MILL_E_UNSUPPORTED_FEATURE_SET_OPERATION_ON_VARIANT_TYPE
                                 : MILL_E_UNSUPPORTED_FEATURE_SET_OPERATION_ON_MAP_TYPE,
                         "colName", mill_w_quoted_parts(w, &column[i]->name, 1), "dataType",
                         mill_w_quoted_type(w, t), NULL);
    return false;
  }
  return true;
}

bool mill_rows_compare(mill_planner *w, const mill_node *rows) {
  return all_compare(w, rows, rows->output, rows->noutput);
}

const mill_node *mill_distinct(mill_planner *w, const mill_node *child) {
  if (child && !mill_rows_compare(w, child)) return NULL;
  mill_node *a = child ? mill_w_unary(w, MILL_N_AGGREGATE, child) : NULL;
  if (a == NULL) return NULL;
  a->keys = child->output;
  a->nkeys = child->noutput;
  return a;
}

/* Over a stream it stays what it is: csrc/stream has an operator for it. */
static const mill_node *dedup_stream(mill_planner *w, const mill_node *n, const mill_node *child,
                                     const mill_exprs *keys) {
  mill_node *d = mill_w_unary(w, MILL_N_DEDUP, child);
  if (d == NULL) return NULL;
  d->within_watermark = n->within_watermark;
  d->keys = keys->n ? keys->at : child->output;
  d->nkeys = keys->n ? keys->n : child->noutput;
  return d;
}

static const mill_node *analyse_dedup(mill_planner *w, const mill_node *n,
                                      const mill_scope *outer) {
  const mill_node *child = mill_analyse(w, n->child[0], outer);
  mill_exprs keys = {0}, aggs = {0}, items = {0};
  if (child == NULL) return NULL;
  if (n->within_watermark && !child->streaming)
    return MILL_W_FAIL_AT(
        w, n, MILL_E_LEGACY_3102, "msg",
        "dropDuplicatesWithinWatermark is not supported with batch DataFrames/DataSets", NULL);
  if (n->nkeys == 0 && !child->streaming) return mill_distinct(w, child);
  mill_scope s = mill_scope_of(child, outer);
  for (int i = 0; i < n->nkeys; i++)
    if (!mill_exprs_add(w, &keys, mill_resolve(w, &s, n->keys[i]))) return NULL;
  if (!all_compare(w, n, keys.at, keys.n)) return NULL;
  if (child->streaming) return dedup_stream(w, n, child, &keys);
  mill_node *a = mill_w_unary(w, MILL_N_AGGREGATE, child);
  if (a == NULL) return NULL;
  for (int i = 0; i < child->noutput; i++) {
    const mill_expr *c = child->output[i], *item = c;
    if (!mill_x_find_id(keys.at, keys.n, c->id)) {
      item = mill_x_alias(w, mill_x_bound(w, "first", 1, c), c->name);
      if (!mill_exprs_add(w, &aggs, item)) return NULL;
    }
    if (!mill_exprs_add(w, &items, mill_x_column(w, item))) return NULL;
  }
  a->keys = keys.at, a->nkeys = keys.n;
  a->aggs = aggs.at, a->naggs = aggs.n;
  a->output = items.at, a->noutput = items.n;
  mill_node *p = mill_w_project(w, a, &items);
  for (int i = 0; p && i < p->noutput; i++) {
    mill_expr *o = mill_x_column(w, p->output[i]);
    if (o == NULL) return NULL;
    o->parts = child->output[i]->parts, o->nparts = child->output[i]->nparts;
    p->output[i] = o;
  }
  return p;
}

/* ---- all kinds ------------------------------------------------------------------------------ */

static const mill_node *analyse_alias(mill_planner *w, const mill_node *n,
                                      const mill_scope *outer) {
  const mill_node *child = mill_analyse(w, n->child[0], outer);
  if (child == NULL) return NULL;
  const mill_node *of = n->child[0];
  bool uneven = n->ncolumns != child->noutput && (n->alias == NULL || n->ncolumns);
  if (uneven && of->kind == MILL_N_FUNCTION)
    return MILL_W_FAIL_AT(w, n, MILL_E_NUM_TABLE_VALUE_ALIASES_MISMATCH, "funcName",
                          mill_w_quoted_parts(w, &of->name, 1), "aliasesNum",
                          mill_error_fmt(w->err, "%d", n->ncolumns), "outColsNum",
                          mill_error_fmt(w->err, "%d", child->noutput), NULL);
  if (uneven && of->kind == MILL_N_VALUES)
    return MILL_W_FAIL_AT(w, n, MILL_E_INVALID_INLINE_TABLE_NUM_COLUMNS_MISMATCH, "expectedNumCols",
                          mill_error_fmt(w->err, "%d", n->ncolumns), "actualNumCols",
                          mill_error_fmt(w->err, "%d", child->noutput), "rowIndex", "0", NULL);
  if (uneven)
    return MILL_W_FAIL_AT(w, n, MILL_E_ASSIGNMENT_ARITY_MISMATCH, "numExpr",
                          mill_error_fmt(w->err, "%d", n->ncolumns), "numTarget",
                          mill_error_fmt(w->err, "%d", child->noutput), NULL);
  return mill_requalify(w, child, n->alias, n->ncolumns ? n->columns : NULL, n->alias == NULL);
}

static const mill_node *analyse_range(mill_planner *w, const mill_node *n) {
  mill_node *r = mill_w_node_copy(w, n);
  const mill_field id = {"id", mill_type_of(MILL_BIGINT), false, NULL};
  const mill_type *t = mill_type_struct(w->ctx->types, &id, 1);
  if (t == NULL) w->status = mill_oom(w->ctx->memory, 1, w->err);
  return r && t && mill_table_output(w, r, t) ? r : NULL;
}

static const mill_node *analyse_sample(mill_planner *w, const mill_node *n,
                                       const mill_scope *outer) {
  const mill_node *child = mill_analyse(w, n->child[0], outer);
  mill_node *s = child ? mill_w_node_copy(w, n) : NULL;
  if (s == NULL) return NULL;
  s->child[0] = child;
  s->streaming = child->streaming;
  mill_w_output_child(s);
  return s;
}

/* Rows stay where they are; what they would be spread by must be there. */
static const mill_node *analyse_repartition(mill_planner *w, const mill_node *n,
                                            const mill_scope *outer) {
  const mill_node *child = mill_analyse(w, n->child[0], outer);
  if (child == NULL) return NULL;
  mill_scope s = mill_scope_of(child, outer);
  for (int i = 0; i < n->nexprs; i++)
    if (mill_resolve(w, &s, n->exprs[i]) == NULL) return NULL;
  return child;
}

static const mill_node *analyse_kind(mill_planner *w, const mill_node *n, const mill_scope *outer) {
  if (n->kind == MILL_N_PROJECT || n->kind == MILL_N_AGGREGATE || n->kind == MILL_N_WITH_COLUMNS)
    n = mill_time_windows(w, n, outer);
  if (n == NULL) return NULL;
  switch (n->kind) {
  case MILL_N_RELATION: return mill_analyse_relation(w, n, outer);
  case MILL_N_FUNCTION: return mill_analyse_table_function(w, n, outer);
  case MILL_N_VALUES: return mill_analyse_values(w, n, outer);
  case MILL_N_TABLE: {
    mill_node *t = mill_w_node_copy(w, n);
    return t && mill_table_output(w, t, n->table->schema) ? t : NULL;
  }
  case MILL_N_SOURCE: return mill_analyse_source(w, n);
  case MILL_N_ONE_ROW: return mill_w_node_copy(w, n);
  case MILL_N_RANGE: return analyse_range(w, n);
  case MILL_N_PROJECT: return mill_analyse_project(w, n, outer);
  case MILL_N_FILTER: return analyse_filter(w, n, outer);
  case MILL_N_AGGREGATE: return mill_analyse_aggregate(w, n, outer);
  case MILL_N_SORT: return analyse_sort(w, n, outer);
  case MILL_N_LIMIT:
  case MILL_N_TAIL: return analyse_limit(w, n, outer);
  case MILL_N_DISTINCT: return mill_distinct(w, mill_analyse(w, n->child[0], outer));
  case MILL_N_DEDUP: return analyse_dedup(w, n, outer);
  case MILL_N_WATERMARK: return mill_analyse_watermark(w, n, outer);
  case MILL_N_GENERATE: return mill_analyse_generate(w, n, outer);
  case MILL_N_SAMPLE: return analyse_sample(w, n, outer);
  case MILL_N_ALIAS: return analyse_alias(w, n, outer);
  case MILL_N_WITH_COLUMNS:
  case MILL_N_DROP:
  case MILL_N_RENAME: return mill_analyse_columns(w, n, outer);
  case MILL_N_TRANSFORM: return mill_analyse_transform(w, n, outer);
  case MILL_N_REPARTITION: return analyse_repartition(w, n, outer);
  case MILL_N_ZIP: return mill_analyse_zip(w, n, outer);
  case MILL_N_JOIN: return mill_analyse_join(w, n, outer);
  case MILL_N_UNION:
  case MILL_N_SET_OP: return mill_analyse_set(w, n, outer);
  case MILL_N_PIVOT: return mill_analyse_pivot(w, n, outer);
  case MILL_N_UNPIVOT: return mill_analyse_unpivot(w, n, outer);
  case MILL_N_WITH: return mill_analyse_with(w, n, outer);
  default: return mill_analyse_command(w, n, outer);
  }
}

/* A frame analysed before, in a subquery over the same frame: its columns and those of the query around
** would have the same ids, so that none could tell which is meant. It gets ids of its own. */
static const mill_node *apart(mill_planner *w, const mill_node *n, const mill_scope *outer) {
  bool shared = false;
  for (const mill_scope *o = outer; o; o = o->outer)
    for (int i = 0; i < n->noutput; i++)
      shared |= mill_x_find_id(o->column, o->ncolumns, n->output[i]->id);
  if (!shared) return n;
  mill_renewal *r = mill_w_alloc(w, sizeof *r);
  const mill_node *own = mill_renew_ids(w, n);
  if (r == NULL || own == NULL) return NULL;
  *r = (mill_renewal){n, own, w->renewals};
  w->renewals = r;
  return own;
}

const mill_node *mill_analyse(mill_planner *w, const mill_node *n, const mill_scope *outer) {
  if (n == NULL || w->status != MILL_OK) return NULL;
  if (n->analysed) return apart(w, n, outer);
  if (!mill_w_enter(w)) return NULL;
  const mill_node *r = mill_check_hints(w, n) ? analyse_kind(w, n, outer) : NULL;
  r = mill_check_subqueries(w, mill_check_attributes(w, r));
  if (r && !mill_resolve_hints(w, n, r, outer)) r = NULL;
  if (r == NULL) mill_w_at(w, n->text, n->start, n->stop);
  mill_w_leave(w);
  return r;
}
