/* Optimiser rule PruneFilters: a filter that is always true goes; one that is never true lets its
** input stop before the first row. */
#include "plan/plan_int.h"

static const mill_node *prune(mill_planner *w, const mill_node *n) {
  if (n->kind != MILL_N_FILTER || n->exprs[0]->value == NULL) return n;
  const mill_vector *v = n->exprs[0]->value;
  if (mill_vector_valid(v, 0) && *(const uint8_t *)v->data) return n->child[0];
  mill_node *none = mill_w_unary(w, MILL_N_LIMIT, n->child[0]);
  if (none == NULL) return NULL;
  none->output = n->output;
  none->noutput = n->noutput;
  none->to = 0;
  none->analysed = true;
  return none;
}

const mill_node *mill_prune_filters(mill_planner *w, const mill_node *n) {
  return mill_n_up(w, n, prune);
}
