/* Optimiser rule: filters move down to where their columns come from.
**
** Through select lists, other filters, sorts, groups (on keys), windows (on what partitions share),
** generators and unions; into joins, where a
** predicate on both sides becomes part of the condition of an inner join. Predicates that may fail
** or are not deterministic do not pass a join's other predicates, but keep their order. */
#include <string.h>

#include "plan/plan_int.h"

static const mill_node *push(mill_planner *w, const mill_node *n, mill_exprs *p);

/* Is c a conjunct of e? */
static bool has_conjunct(const mill_expr *e, const mill_expr *c) {
  if (mill_x_is_call(e, "and")) return has_conjunct(e->args[0], c) || has_conjunct(e->args[1], c);
  return mill_x_same(e, c);
}

static bool in_all(const mill_expr *c, const mill_expr *e) {
  if (mill_x_is_call(e, "or")) return in_all(c, e->args[0]) && in_all(c, e->args[1]);
  return has_conjunct(e, c);
}

/* (a AND b) OR (a AND c) implies a, which may be a join's key: add such conjuncts. */
static bool add_common(mill_planner *w, mill_exprs *p) {
  int n = p->n;
  for (int i = 0; i < n; i++) {
    const mill_expr *e = p->at[i], *first = e;
    mill_exprs parts = {0};
    if (!mill_x_is_call(e, "or")) continue;
    while (mill_x_is_call(first, "or")) first = first->args[0];
    if (!mill_x_conjuncts(w, first, &parts)) return false;
    for (int k = 0; k < parts.n; k++)
      if (mill_x_deterministic(parts.at[k]) && in_all(parts.at[k], e) &&
          !mill_exprs_add(w, p, parts.at[k]))
        return false;
  }
  return true;
}

static const mill_node *filter_all(mill_planner *w, const mill_node *n, const mill_exprs *p) {
  const mill_expr *e = mill_x_all(w, p->at, p->n);
  if (w->status) return NULL;
  return n && e ? mill_w_filter(w, n, e) : n;
}

static const mill_node *with_child(mill_planner *w, const mill_node *n, int i,
                                   const mill_node *child) {
  if (child == NULL) return NULL;
  if (n->child[i] == child) return n;
  mill_node *c = mill_w_node_copy(w, n);
  if (c) c->child[i] = child;
  return c;
}

/* Children on their own, predicates above. */
static const mill_node *stop(mill_planner *w, const mill_node *n, const mill_exprs *p) {
  for (int i = 0; i < n->nchildren && n; i++) {
    mill_exprs none = {0};
    n = with_child(w, n, i, push(w, n->child[i], &none));
    if (n == NULL) return NULL;
  }
  return filter_all(w, n, p);
}

static bool plain_list(const mill_node *n) {
  for (int i = 0; i < n->nexprs; i++)
    if (!mill_x_deterministic(n->exprs[i]) || mill_x_has_subquery(n->exprs[i])) return false;
  return true;
}

static const mill_node *through_project(mill_planner *w, const mill_node *n, mill_exprs *p) {
  mill_exprs below = {0};
  if (!plain_list(n)) return stop(w, n, p);
  for (int i = 0; i < p->n; i++)
    if (!mill_exprs_add(w, &below, mill_x_substitute(w, p->at[i], n->exprs, n->nexprs)))
      return NULL;
  return with_child(w, n, 0, push(w, n->child[0], &below));
}

/* One predicate right above a relation, where it belongs. */
static bool rests(const mill_node *n, const mill_exprs *p) {
  return p->n == 0 && n->child[0]->nchildren == 0 && !n->having && !n->qualify &&
         !mill_x_is_call(n->exprs[0], "and") && !mill_x_is_call(n->exprs[0], "or");
}

static const mill_node *through_filter(mill_planner *w, const mill_node *n, mill_exprs *p) {
  mill_exprs all = {0};
  if (rests(n, p)) return n;
  if (!mill_x_conjuncts(w, n->exprs[0], &all) || !add_common(w, &all) ||
      !mill_exprs_copy(w, &all, p->at, p->n))
    return NULL;
  return push(w, n->child[0], &all);
}

static const mill_node *through_aggregate(mill_planner *w, const mill_node *n, mill_exprs *p) {
  mill_exprs below = {0}, above = {0};
  for (int i = 0; i < p->n; i++) {
    bool keys = n->nsets == 0 && n->nkeys > 0 && mill_x_uses_only(p->at[i], n->keys, n->nkeys) &&
                mill_x_deterministic(p->at[i]);
    const mill_expr *e = keys ? mill_x_substitute(w, p->at[i], n->keys, n->nkeys) : p->at[i];
    if (!mill_exprs_add(w, keys ? &below : &above, e)) return NULL;
  }
  const mill_node *c = with_child(w, n, 0, push(w, n->child[0], &below));
  return c ? filter_all(w, c, &above) : NULL;
}

/* Which sides of a join may a predicate enter? */
static bool left_open(const mill_node *n) {
  return n->join != MILL_JOIN_RIGHT && n->join != MILL_JOIN_FULL;
}
static bool right_open(const mill_node *n) {
  return n->join == MILL_JOIN_INNER || n->join == MILL_JOIN_CROSS || n->join == MILL_JOIN_RIGHT;
}

static bool uses_side(const mill_expr *e, const mill_node *side) {
  return mill_x_uses_only(e, side->output, side->noutput);
}

static bool sort_predicates(mill_planner *w, const mill_node *n, const mill_exprs *p,
                            mill_exprs *left, mill_exprs *right, mill_exprs *on, mill_exprs *rest) {
  bool inner = n->join == MILL_JOIN_INNER || n->join == MILL_JOIN_CROSS;
  for (int i = 0; i < p->n; i++) {
    const mill_expr *e = p->at[i];
    mill_exprs *to = rest;
    if (mill_x_deterministic(e) && !n->lateral && !mill_x_has_subquery(e)) {
      if (left_open(n) && uses_side(e, n->child[0])) {
        to = left;
      } else if (right_open(n) && uses_side(e, n->child[1])) {
        to = right;
      } else if (inner) {
        to = on;
      }
    }
    if (!mill_exprs_add(w, to, e)) return false;
  }
  return true;
}

/* Conjuncts of the condition that concern one side only go to it where that keeps the result. */
static bool split_condition(mill_planner *w, const mill_node *n, mill_exprs *left,
                            mill_exprs *right, mill_exprs *on) {
  mill_exprs all = {0};
  bool inner = n->join == MILL_JOIN_INNER || n->join == MILL_JOIN_CROSS ||
               (n->join == MILL_JOIN_SEMI && !n->all);
  bool right_too = (inner || n->join == MILL_JOIN_LEFT || n->join == MILL_JOIN_ANTI) && !n->all;
  if (n->nexprs && !mill_x_conjuncts(w, n->exprs[0], &all)) return false;
  for (int i = 0; i < all.n; i++) {
    const mill_expr *e = all.at[i];
    mill_exprs *to = on;
    if (mill_x_deterministic(e) && !mill_x_has_subquery(e)) {
      if (inner && uses_side(e, n->child[0])) {
        to = left;
      } else if (right_too && uses_side(e, n->child[1])) {
        to = right;
      }
    }
    if (!mill_exprs_add(w, to, e)) return false;
  }
  return true;
}

/* What e implies about the columns of one side: (a AND b) OR (c AND d) implies a OR c. NULL: nothing
** that could be told. */
static const mill_expr *implied(mill_planner *w, const mill_expr *e, const mill_node *side) {
  mill_exprs all = {0};
  const mill_expr *r = NULL;
  if (mill_x_is_call(e, "or")) {
    const mill_expr *a = implied(w, e->args[0], side);
    const mill_expr *b = a ? implied(w, e->args[1], side) : NULL;
    return b ? mill_x_bound(w, "or", 2, a, b) : NULL;
  }
  if (!mill_x_conjuncts(w, e, &all)) return NULL;
  for (int i = 0; i < all.n; i++)
    if (uses_side(all.at[i], side) && mill_x_uses_any(all.at[i], side->output, side->noutput) &&
        !mill_x_can_raise(all.at[i]))
      r = mill_x_and(w, r, all.at[i]);
  return r;
}

/* Conditions of an inner join that are alternatives: what they imply about each side goes there. */
static bool add_implied(mill_planner *w, const mill_node *n, const mill_exprs *on, mill_exprs *left,
                        mill_exprs *right) {
  if (n->join != MILL_JOIN_INNER && n->join != MILL_JOIN_CROSS) return true;
  for (int i = 0; i < on->n; i++) {
    const mill_expr *e = on->at[i];
    if (!mill_x_is_call(e, "or") || !mill_x_deterministic(e) || mill_x_has_subquery(e)) continue;
    for (int s = 0; s < 2; s++) {
      const mill_expr *x = implied(w, e, n->child[s]);
      if (w->status || (x && !mill_exprs_add(w, s ? right : left, x))) return false;
    }
  }
  return true;
}

static const mill_node *through_join(mill_planner *w, const mill_node *n, mill_exprs *p) {
  mill_exprs left = {0}, right = {0}, on = {0}, rest = {0}, one = {0};
  if (!split_condition(w, n, &left, &right, &on) ||
      !sort_predicates(w, n, p, &left, &right, &on, &rest) ||
      !add_implied(w, n, &on, &left, &right))
    return NULL;
  mill_node *j = mill_w_node_copy(w, n);
  const mill_expr *e = j ? mill_x_all(w, on.at, on.n) : NULL;
  if (j == NULL || w->status) return NULL;
  if (e && (!mill_exprs_add(w, &one, e) || !mill_w_set_exprs(w, j, &one))) return NULL;
  if (e == NULL) j->nexprs = 0;
  if (e && j->join == MILL_JOIN_CROSS) j->join = MILL_JOIN_INNER;
  j->child[0] = push(w, n->child[0], &left);
  j->child[1] = j->child[0] ? push(w, n->child[1], &right) : NULL;
  return j->child[1] ? filter_all(w, j, &rest) : NULL;
}

static const mill_node *through_union(mill_planner *w, const mill_node *n, mill_exprs *p) {
  mill_node *u = mill_w_node_copy(w, n);
  for (int i = 0; u && i < n->nchildren; i++) {
    mill_exprs below = {0}, defs = {0};
    const mill_node *c = n->child[i];
    for (int k = 0; k < n->noutput; k++) {
      mill_expr *a = mill_x_copy(w, mill_x_alias(w, c->output[k], n->output[k]->name));
      if (a) a->id = n->output[k]->id;
      if (!mill_exprs_add(w, &defs, a)) return NULL;
    }
    for (int k = 0; k < p->n; k++)
      if (!mill_exprs_add(w, &below, mill_x_substitute(w, p->at[k], defs.at, defs.n))) return NULL;
    u->child[i] = push(w, c, &below);
    if (u->child[i] == NULL) return NULL;
  }
  return u;
}

/* What a predicate may be made of so that it can be asked first: expressions over columns. */
typedef struct basis {
  const mill_expr *const *at;
  int n;
  bool met;
} basis;

static int foreign_to(const mill_expr *e, void *arg) {
  basis *b = arg;
  for (int i = 0; i < b->n; i++) {
    if (!mill_x_same(b->at[i], e)) continue;
    b->met = true;
    return -1;
  }
  return e->kind == MILL_X_COLUMN;
}

static const mill_node *through_basis(mill_planner *w, const mill_node *n, mill_exprs *p,
                                      const mill_expr *const *at, int nat) {
  mill_exprs below = {0}, above = {0};
  for (int i = 0; i < p->n; i++) {
    const mill_expr *e = p->at[i];
    basis b = {at, nat, false};
    bool down = mill_x_deterministic(e) && !mill_x_has_subquery(e) &&
                !mill_x_any(e, foreign_to, &b) && b.met;
    if (!mill_exprs_add(w, down ? &below : &above, e)) return NULL;
  }
  const mill_node *c = with_child(w, n, 0, push(w, n->child[0], &below));
  return c ? filter_all(w, c, &above) : NULL;
}

/* By what partitions have in common whole partitions go or stay. */
static const mill_node *through_window(mill_planner *w, const mill_node *n, mill_exprs *p) {
  const mill_window *v = n->exprs[0]->args[0]->window;
  return through_basis(w, n, p, v->partition, v->npartition);
}

static const mill_node *through_generate(mill_planner *w, const mill_node *n, mill_exprs *p) {
  if (!mill_x_deterministic(n->exprs[0])) return stop(w, n, p);
  return through_basis(w, n, p, n->child[0]->output, n->child[0]->noutput);
}

/* A filter of the event time stays above: rows it drops move the watermark all the same. */
static const mill_node *through_watermark(mill_planner *w, const mill_node *n, mill_exprs *p) {
  mill_exprs below = {0}, above = {0};
  for (int i = 0; i < p->n; i++) {
    bool time = mill_x_uses_any(p->at[i], n->exprs, 1) || !mill_x_deterministic(p->at[i]);
    if (!mill_exprs_add(w, time ? &above : &below, p->at[i])) return NULL;
  }
  n = with_child(w, n, 0, push(w, n->child[0], &below));
  return n ? filter_all(w, n, &above) : NULL;
}

static const mill_node *push(mill_planner *w, const mill_node *n, mill_exprs *p) {
  if (n == NULL || !mill_w_enter(w)) return NULL;
  const mill_node *r;
  switch (n->kind) {
  case MILL_N_PROJECT: r = through_project(w, n, p); break;
  case MILL_N_FILTER: r = through_filter(w, n, p); break;
  case MILL_N_AGGREGATE: r = through_aggregate(w, n, p); break;
  case MILL_N_SORT: r = with_child(w, n, 0, push(w, n->child[0], p)); break;
  case MILL_N_JOIN: r = through_join(w, n, p); break;
  case MILL_N_UNION: r = through_union(w, n, p); break;
  case MILL_N_WINDOW: r = through_window(w, n, p); break;
  case MILL_N_WATERMARK: r = through_watermark(w, n, p); break;
  case MILL_N_GENERATE: r = through_generate(w, n, p); break;
  default: r = stop(w, n, p); break;
  }
  mill_w_leave(w);
  return r;
}

const mill_node *mill_push_filters(mill_planner *w, const mill_node *n) {
  mill_exprs none = {0};
  return push(w, n, &none);
}
