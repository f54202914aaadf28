/* Optimiser rule: SEMI and ANTI joins go below inner joins, to the relation whose columns they ask
** about, where the other side has fewer rows than that relation: each row they drop there is never
** joined. */
#include "plan/plan_int.h"

static const mill_node *push(mill_planner *w, const mill_node *side, const mill_node *semi);

static bool inner(const mill_node *n) {
  return n->kind == MILL_N_JOIN && !n->lateral &&
         (n->join == MILL_JOIN_INNER || n->join == MILL_JOIN_CROSS);
}

static int asks(const mill_expr *e, void *arg) {
  const mill_node *const *n = arg; /* where it stands now, the side that it shall go to */
  if (e->kind != MILL_X_COLUMN) return 0;
  return mill_x_find_id(n[0]->output, n[0]->noutput, e->id) &&
         !mill_x_find_id(n[1]->output, n[1]->noutput, e->id);
}

/* Does the condition ask for no column of the left side but those of `side`? */
static bool enough(const mill_node *semi, const mill_node *left, const mill_node *side) {
  const mill_node *n[] = {left, side};
  return !mill_x_any(semi->exprs[0], asks, n);
}

static const mill_node *into(mill_planner *w, const mill_node *n, int child,
                             const mill_node *semi) {
  const mill_node *c = push(w, n->child[child], semi);
  mill_node *copy = c ? mill_w_node_copy(w, n) : NULL;
  if (copy) copy->child[child] = c;
  return copy;
}

/* The join of `side` and the right side of `semi`, as deep in `side` as it can stand. */
static const mill_node *push(mill_planner *w, const mill_node *side, const mill_node *semi) {
  if (side->kind == MILL_N_PROJECT && enough(semi, side, side->child[0]))
    return into(w, side, 0, semi);
  for (int i = 0; inner(side) && i < 2; i++)
    if (enough(semi, side, side->child[i])) return into(w, side, i, semi);
  return mill_w_join(w, semi->join, side, semi->child[1], semi->exprs[0]);
}

/* The relation that would be joined. */
static const mill_node *target(const mill_node *side, const mill_node *semi) {
  for (;;) {
    const mill_node *next = NULL;
    if (side->kind == MILL_N_PROJECT && enough(semi, side, side->child[0])) next = side->child[0];
    for (int i = 0; inner(side) && i < 2 && next == NULL; i++)
      if (enough(semi, side, side->child[i])) next = side->child[i];
    if (next == NULL) return side;
    side = next;
  }
}

static const mill_node *move(mill_planner *w, const mill_node *n) {
  bool semi = n->kind == MILL_N_JOIN && !n->all && !n->lateral && n->nexprs == 1 &&
              (n->join == MILL_JOIN_SEMI || n->join == MILL_JOIN_ANTI);
  if (!semi || !mill_x_deterministic(n->exprs[0])) return n;
  const mill_node *to = target(n->child[0], n);
  if (to == n->child[0] || mill_n_estimate(n->child[1]) > mill_n_estimate(to)) return n;
  const mill_node *r = push(w, n->child[0], n);
  mill_exprs out = {0};
  if (r == NULL || !mill_exprs_copy(w, &out, n->output, n->noutput)) return NULL;
  return mill_w_project(w, r, &out);
}

const mill_node *mill_push_semi(mill_planner *w, const mill_node *n) {
  return mill_n_up(w, n, move);
}
