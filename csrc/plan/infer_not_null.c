/* Rule for streams: columns that a filter, an inner join or a generator needs not to be null are
** filtered as such at once.
**
** `v > 5` keeps no row whose v is null, nor does an inner join with v among its equal columns, nor
** explode(v). The filter reaches the source, and rows it drops are no input: Spark counts streams'
** input that way (InferFiltersFromConstraints, InferFiltersFromGenerate). */
#include "plan/plan_int.h"

/* Is the value null whenever an argument is? */
static bool is_strict(const mill_expr *e) {
  if (e->kind == MILL_X_CAST || e->kind == MILL_X_FIELD) return true;
  return e->kind == MILL_X_CALL && e->fn && e->fn->kind == MILL_SCALAR &&
         (e->fn->flags & (MILL_FN_NULLS | MILL_FN_LAZY | MILL_FN_LAMBDA)) == 0;
}

/* The columns of `side` without which e, which must hold, is null. */
static bool collect(mill_planner *w, const mill_expr *e, const mill_node *side, mill_exprs *out) {
  if (e->kind == MILL_X_COLUMN) {
    bool fresh = e->nullable && mill_x_find_id(side->output, side->noutput, e->id) &&
                 !mill_x_find_id(out->at, out->n, e->id);
    return !fresh || mill_exprs_add(w, out, e);
  }
  bool known = mill_x_is_call(e, "isnotnull");
  for (int i = 0; (known || is_strict(e)) && i < e->nargs; i++)
    if (!collect(w, e->args[i], side, out)) return false;
  return true;
}

static const mill_node *filtered(mill_planner *w, const mill_node *side, const mill_expr *e) {
  mill_exprs parts = {0}, columns = {0};
  const mill_expr *all = NULL;
  if (!mill_x_conjuncts(w, e, &parts)) return NULL;
  for (int i = 0; i < parts.n; i++)
    if (!collect(w, parts.at[i], side, &columns)) return NULL;
  for (int i = 0; i < columns.n; i++) {
    all = mill_x_and(w, all, mill_x_bound(w, "isnotnull", 1, columns.at[i]));
    if (all == NULL) return NULL;
  }
  return all ? mill_w_filter(w, side, all) : side;
}

static const mill_node *with_child(mill_planner *w, const mill_node *n, int i,
                                   const mill_node *child) {
  if (child == NULL || child == n->child[i]) return child ? n : NULL;
  mill_node *c = mill_w_node_copy(w, n);
  if (c) c->child[i] = child;
  return c;
}

static const mill_node *into_join(mill_planner *w, const mill_node *n) {
  bool inner = n->join == MILL_JOIN_INNER || n->join == MILL_JOIN_CROSS;
  bool open[] = {inner || n->join == MILL_JOIN_SEMI || n->join == MILL_JOIN_RIGHT,
                 inner || n->join == MILL_JOIN_SEMI || n->join == MILL_JOIN_LEFT};
  for (int i = 0; n && n->nexprs && i < 2; i++)
    if (open[i] && n->child[i]->streaming)
      n = with_child(w, n, i, filtered(w, n->child[i], n->exprs[0]));
  return n;
}

static const mill_node *into_generate(mill_planner *w, const mill_node *n) {
  const mill_expr *e = n->exprs[0];
  bool known = mill_x_is_call(e, "explode") || mill_x_is_call(e, "posexplode") ||
               mill_x_is_call(e, "inline");
  if (!known || n->outer || e->nargs != 1 || e->args[0]->kind != MILL_X_COLUMN) return n;
  const mill_expr *some = mill_x_bound(w, "isnotnull", 1, e->args[0]);
  return some ? with_child(w, n, 0, filtered(w, n->child[0], some)) : NULL;
}

static const mill_node *infer(mill_planner *w, const mill_node *n) {
  if (!n->streaming) return n;
  switch (n->kind) {
  case MILL_N_FILTER: return with_child(w, n, 0, filtered(w, n->child[0], n->exprs[0]));
  case MILL_N_JOIN: return into_join(w, n);
  case MILL_N_GENERATE: return into_generate(w, n);
  default: return n;
  }
}

const mill_node *mill_infer_not_null(mill_planner *w, const mill_node *n) {
  return mill_n_up(w, n, infer);
}
