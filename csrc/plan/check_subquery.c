/* What Spark refuses of queries in expressions (CheckAnalysis, ValidateSubqueryExpression): where they
** stand, and what of the outer query their aggregates use. Checked when the node is analysed. */
#include <string.h>

#include "plan/plan_int.h"

/* ---- inside a query -------------------------------------------------------------------------- */

static int is_outer(const mill_expr *e, void *arg) {
  (void)arg;
  return e->kind == MILL_X_OUTER;
}

static int is_inner(const mill_expr *e, void *arg) {
  (void)arg;
  return e->kind == MILL_X_COLUMN;
}

static bool mixed_aggregate(mill_planner *w, const mill_expr *e) {
  if (e->kind == MILL_X_ALIAS) e = e->args[0];
  if (!mill_x_any(e, is_outer, NULL) || !mill_x_any(e, is_inner, NULL)) return false;
  (void)MILL_W_FAIL_AT(
      w, e, MILL_E_UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY_AGGREGATE_FUNCTION_MIXED_REFERENCES,
      "function", mill_w_whole_sql(w, e), NULL);
  return true;
}

/* The columns that an AGGREGATE makes, as the calls and keys they are. */
static const mill_expr *made_of(mill_planner *w, const mill_expr *e, void *arg) {
  const mill_node *a = arg;
  (void)w;
  if (e->kind != MILL_X_COLUMN) return NULL;
  for (int i = 0; i < a->naggs; i++)
    if (a->aggs[i]->id == e->id) return mill_x_unalias(a->aggs[i]);
  for (int i = 0; i < a->nkeys; i++)
    if (a->keys[i]->kind == MILL_X_ALIAS && a->keys[i]->id == e->id)
      return mill_x_unalias(a->keys[i]);
  return NULL;
}

typedef struct references {
  mill_planner *w;
  const mill_expr *first;
  const char *list;
} references;

/* Note those of the expressions that use the query around; made: the AGGREGATE below them, or NULL. */
static bool note(references *r, const mill_expr *const *list, int n, const mill_node *made) {
  for (int i = 0; i < n; i++) {
    const mill_expr *e =
        list[i] && made ? mill_x_map(r->w, list[i], made_of, (void *)made) : list[i];
    if (list[i] && e == NULL) return false;
    if (e == NULL || !mill_x_any(e, is_outer, NULL)) continue;
    if (r->first == NULL) r->first = e;
    r->list = mill_w_printf(r->w, "%s%s\"%s\"", r->list, *r->list ? "," : "", mill_w_sql(r->w, e));
  }
  return true;
}

static bool refuse(const references *r) {
  if (r->first == NULL) return true;
  (void)MILL_W_FAIL_AT(r->w, r->first,
                       MILL_E_UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY_CORRELATED_REFERENCE,
                       "sqlExprs", r->list ? r->list : "", NULL);
  return false;
}

/* Outer columns stand in no aggregate, nor in a select list over aggregates, in GROUP BY or in ORDER BY. */
static bool check_tree(mill_planner *w, const mill_node *n) {
  const mill_node *a = n->kind == MILL_N_PROJECT ? n->child[0] : n;
  references r = {w, NULL, ""};
  if (a->kind != MILL_N_AGGREGATE) a = NULL;
  for (int i = 0; a && i < a->naggs; i++)
    if (mixed_aggregate(w, a->aggs[i])) return false;
  for (int i = 0; a && i < a->nkeys; i++) {
    const mill_expr *key = mill_x_unalias(a->keys[i]);
    if (!note(&r, &key, 1, NULL)) return false;
  }
  if (a && a != n && (a->naggs || r.first) && !note(&r, n->exprs, n->nexprs, a)) return false;
  if (a == n && !note(&r, a->aggs, a->naggs, NULL)) return false;
  if (n->kind == MILL_N_SORT && !note(&r, n->exprs, n->nexprs, NULL)) return false;
  if (!refuse(&r)) return false;
  for (int i = 0; i < n->nchildren; i++)
    if (!check_tree(w, n->child[i])) return false;
  return true;
}

/* ---- where a query stands --------------------------------------------------------------------- */

typedef struct place {
  mill_planner *w;
  const mill_node *node;
} place;

static bool correlated(const mill_expr *e) {
  return e->kind == MILL_X_SCALAR_QUERY && e->query->analysed && mill_n_has_outer(e->query);
}

static int check_at(const mill_expr *e, void *arg) {
  place *p = arg;
  if (e->query == NULL || !e->query->analysed) return 0;
  mill_node_kind kind = p->node->kind;
  if (kind == MILL_N_VALUES && e->kind == MILL_X_SCALAR_QUERY)
    (void)MILL_W_FAIL_AT(
        p->w, e, MILL_E_UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY_SCALAR_SUBQUERY_IN_VALUES, NULL);
  else if (kind == MILL_N_SORT && e->kind != MILL_X_SCALAR_QUERY)
    (void)MILL_W_FAIL_AT(
        p->w, e, MILL_E_UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY_UNSUPPORTED_IN_EXISTS_SUBQUERY,
        "treeNode", "", NULL);
  else if (correlated(e) && (kind == MILL_N_JOIN || kind == MILL_N_SORT))
    (void)MILL_W_FAIL_AT(
        p->w, e,
        MILL_E_UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY_UNSUPPORTED_CORRELATED_SCALAR_SUBQUERY,
        "treeNode", "", NULL);
  else
    (void)check_tree(p->w, e->query);
  return p->w->status ? 1 : 0;
}

const mill_node *mill_check_subqueries(mill_planner *w, const mill_node *n) {
  place p = {w, n};
  for (int i = 0; n && i < n->nexprs; i++)
    if (n->exprs[i]) mill_x_any(n->exprs[i], check_at, &p);
  for (int i = 0; n && i < n->naggs; i++) mill_x_any(n->aggs[i], check_at, &p);
  return w->status == MILL_OK ? n : NULL;
}

/* ---- in the list of groups -------------------------------------------------------------------- */

typedef struct grouped {
  mill_planner *w;
  const mill_expr *const *keys;
  int nkeys;
} grouped;

static bool is_key(const grouped *g, const mill_expr *e) {
  for (int i = 0; i < g->nkeys; i++)
    if (mill_x_same(g->keys[i], e)) return true;
  return false;
}

static int outside_groups(const mill_expr *e, void *arg) {
  grouped *g = arg;
  if (mill_x_is_aggregate(e) || is_key(g, e)) return -1;
  if (!correlated(e)) return 0;
  (void)MILL_W_FAIL_AT(g->w, e, MILL_E_SCALAR_SUBQUERY_IS_IN_GROUP_BY_OR_AGGREGATE_FUNCTION,
                       "sqlExpr", mill_w_sql(g->w, e), NULL);
  return 1;
}

static int wanted(const mill_expr *e, void *arg) { return mill_x_same(e, arg) ? 1 : 0; }

bool mill_check_grouped_queries(mill_planner *w, const mill_exprs *keys, const mill_exprs *items) {
  grouped g = {w, keys ? keys->at : NULL, keys ? keys->n : 0};
  for (int i = 0; i < items->n; i++)
    if (mill_x_has_subquery(items->at[i]) && mill_x_any(items->at[i], outside_groups, &g))
      return false;
  for (int k = 0; k < g.nkeys; k++) {
    const mill_expr *key = g.keys[k]->kind == MILL_X_ALIAS ? g.keys[k]->args[0] : g.keys[k];
    bool found = !correlated(key);
    for (int i = 0; !found && i < items->n; i++)
      found = mill_x_any(items->at[i], wanted, (void *)key);
    if (found) continue;
    (void)MILL_W_FAIL_AT(
        w, key,
        MILL_E_UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY_MUST_AGGREGATE_CORRELATED_SCALAR_SUBQUERY,
        NULL);
    return false;
  }
  return true;
}
