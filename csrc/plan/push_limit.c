/* Optimiser rule LimitPushDown: a limit moves to where it saves work.
**
**   below a select list, so that it meets a sort and makes a top-N of it;
**   into each part of a UNION, and into the left side of a LEFT join, which gives a row at least for
**   each of its own (the limit above stays);
**   two limits become one. */
#include "plan/plan_int.h"

static int64_t offset_of(const mill_node *n) { return n->from > 0 ? n->from : 0; }

/* Rows that a limit needs of its input; -1: all. */
static int64_t needed(const mill_node *n) {
  int64_t sum;
  if (n->to < 0 || __builtin_add_overflow(n->to, offset_of(n), &sum)) return -1;
  return sum;
}

static const mill_node *limited(mill_planner *w, const mill_node *child, int64_t rows) {
  if (child == NULL) return NULL;
  if (child->kind == MILL_N_LIMIT && child->to >= 0 && child->to <= rows) return child;
  mill_node *l = mill_w_unary(w, MILL_N_LIMIT, child);
  if (l == NULL) return NULL;
  mill_w_output_child(l);
  l->to = rows;
  l->analysed = true;
  return l;
}

static bool moves(const mill_node *project) {
  for (int i = 0; i < project->nexprs; i++)
    if (!mill_x_deterministic(project->exprs[i]) || mill_x_has_subquery(project->exprs[i]))
      return false;
  return true;
}

static const mill_node *push(mill_planner *w, const mill_node *n);

static const mill_node *below_project(mill_planner *w, const mill_node *n) {
  const mill_node *p = n->child[0];
  mill_node *project = mill_w_node_copy(w, p), *limit = mill_w_node_copy(w, n);
  if (!moves(p)) return n;
  if (project == NULL || limit == NULL) return NULL;
  limit->child[0] = p->child[0];
  mill_w_output_child(limit);
  project->child[0] = push(w, limit);
  return project->child[0] ? project : NULL;
}

static const mill_node *two_limits(mill_planner *w, const mill_node *n) {
  const mill_node *below = n->child[0];
  int64_t skip = offset_of(n), rows = below->to, from;
  if (__builtin_add_overflow(skip, offset_of(below), &from)) return n;
  if (rows >= 0) rows = rows > skip ? rows - skip : 0;
  if (rows < 0 || (n->to >= 0 && n->to < rows)) rows = n->to;
  mill_node *one = mill_w_node_copy(w, n);
  if (one == NULL) return NULL;
  one->child[0] = below->child[0];
  one->from = from;
  one->to = rows;
  return push(w, one);
}

static const mill_node *into_union(mill_planner *w, const mill_node *n) {
  const mill_node *u = n->child[0];
  mill_node *copy = mill_w_node_copy(w, u), *limit = mill_w_node_copy(w, n);
  if (copy == NULL || limit == NULL) return NULL;
  for (int i = 0; i < u->nchildren; i++) {
    const mill_node *l = limited(w, u->child[i], needed(n));
    copy->child[i] = l && l != u->child[i] ? push(w, l) : l;
    if (copy->child[i] == NULL) return NULL;
  }
  limit->child[0] = copy;
  return limit;
}

static const mill_node *into_join(mill_planner *w, const mill_node *n) {
  const mill_node *j = n->child[0], *left = limited(w, j->child[0], needed(n));
  mill_node *copy = mill_w_node_copy(w, j), *limit = mill_w_node_copy(w, n);
  if (left == NULL || copy == NULL || limit == NULL) return NULL;
  if (left == j->child[0]) return n;
  copy->child[0] = push(w, left);
  limit->child[0] = copy;
  return copy->child[0] ? limit : NULL;
}

/* A recursion that nobody stops stops where enough rows are there. */
static const mill_node *into_recursion(mill_planner *w, const mill_node *n) {
  mill_node *limit = mill_w_node_copy(w, n), *copy = mill_w_node_copy(w, n->child[0]);
  if (limit == NULL || copy == NULL) return NULL;
  copy->from = needed(n);
  limit->child[0] = copy;
  return limit;
}

static const mill_node *push(mill_planner *w, const mill_node *n) {
  if (n->kind != MILL_N_LIMIT) return n;
  const mill_node *child = n->child[0];
  switch (child->kind) {
  case MILL_N_PROJECT: return below_project(w, n);
  case MILL_N_LIMIT: return two_limits(w, n);
  case MILL_N_RECURSION: return needed(n) >= 0 ? into_recursion(w, n) : n;
  case MILL_N_UNION: return needed(n) >= 0 ? into_union(w, n) : n;
  case MILL_N_JOIN:
    return child->join == MILL_JOIN_LEFT && !child->intersect && !child->lateral && needed(n) >= 0
               ? into_join(w, n)
               : n;
  default: return n;
  }
}

const mill_node *mill_push_limits(mill_planner *w, const mill_node *n) {
  return mill_n_up(w, n, push);
}
