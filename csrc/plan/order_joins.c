/* Optimiser rule: inner joins in an order that avoids cross products and keeps results small.
**
** A tree of inner joins is taken apart into relations and predicates, and put together again as the
** cheapest tree there is (join_tree.c). Where there are too many relations for that, or some that
** nothing links, it is put together from the largest relation, the probe side, on: always next the
** relation that makes the fewest rows of what is there. */
#include <string.h>

#include "plan/cache.h"
#include "plan/order_joins_int.h"

typedef mill_join_set join_set;

/* The share of rows that a condition keeps, by its form. */
/* Texts that begin with some letters are rarer than texts that hold them somewhere. */
static double share_like(const mill_expr *e) {
  const mill_expr *p = e->nargs > 1 ? e->args[1] : NULL;
  if (p == NULL || p->value == NULL || p->type->id != MILL_STRING ||
      !mill_vector_valid(p->value, 0))
    return 0.2;
  const mill_str *s = p->value->data;
  return s->size > 0 && *mill_str_data(s) != '%' ? 0.02 : 0.05;
}

double mill_x_share_kept(const mill_expr *e) {
  if (mill_x_is_call(e, "and"))
    return mill_x_share_kept(e->args[0]) * mill_x_share_kept(e->args[1]);
  if (mill_x_is_call(e, "or")) {
    double s = mill_x_share_kept(e->args[0]) + mill_x_share_kept(e->args[1]);
    return s < 1 ? s : 1;
  }
  if (mill_x_is_call(e, "isnotnull") || mill_x_is_call(e, "not")) return 0.9;
  if (mill_x_is_call(e, "=")) return 0.05;
  if (mill_x_is_call(e, "like") || mill_x_is_call(e, "ilike")) return share_like(e);
  if (mill_x_is_call(e, "<") || mill_x_is_call(e, "<=") || mill_x_is_call(e, ">") ||
      mill_x_is_call(e, ">="))
    return 0.35;
  return 0.2;
}

/* Rows of a relation before its filters. */
static double base_rows(const mill_node *n) {
  while (n->kind == MILL_N_FILTER || n->kind == MILL_N_PROJECT) n = n->child[0];
  if (n->kind != MILL_N_JOIN) return mill_n_estimate(n);
  double a = base_rows(n->child[0]), b = base_rows(n->child[1]);
  bool left_only = n->join == MILL_JOIN_SEMI || n->join == MILL_JOIN_ANTI;
  return left_only || a > b ? a : b;
}

/* The share of the rows of the left side that have a partner: as many as the right side has kept. */
static double share_met(const mill_node *n) {
  double kept = mill_n_estimate(n->child[1]), all = base_rows(n->child[1]);
  if (all < 1 || kept >= all) return 0.9;
  return 0.9 * kept / all;
}

/* Inner: each row of the side with more rows before filters has one partner before filters. */
static double join_rows(const mill_node *n) {
  double a = mill_n_estimate(n->child[0]), b = mill_n_estimate(n->child[1]);
  if (n->join == MILL_JOIN_SEMI && !n->all) return a * share_met(n);
  if (n->join == MILL_JOIN_ANTI && !n->all) return a * (1 - share_met(n));
  if (n->join == MILL_JOIN_SEMI || n->join == MILL_JOIN_ANTI) return a;
  if (n->nexprs == 0) return a * b;
  double x = base_rows(n->child[0]), y = base_rows(n->child[1]), keys = x < y ? x : y;
  double rows = a * b / (keys > 1 ? keys : 1);
  bool keeps_left = n->join == MILL_JOIN_LEFT || n->join == MILL_JOIN_FULL;
  bool keeps_right = n->join == MILL_JOIN_RIGHT || n->join == MILL_JOIN_FULL;
  if (keeps_left && rows < a) rows = a;
  return keeps_right && rows < b ? b : rows;
}

double mill_n_estimate(const mill_node *n) {
  double a;
  switch (n->kind) {
  case MILL_N_TABLE: return (double)n->table->rows;
  case MILL_N_CACHE:
    a = mill_cache_rows(n->cache);
    return a >= 0 ? a : mill_n_estimate(n->child[0]);
  case MILL_N_SOURCE:
    return n->source->scan == NULL      ? 1000
           : n->source->scan->rows >= 0 ? n->source->scan->rows
                                        : (double)n->source->scan->bytes / 100;
  case MILL_N_VALUES: return n->nrows;
  case MILL_N_RANGE: return n->step ? (double)(n->to - n->from) / (double)n->step : 0;
  case MILL_N_FILTER:
    a = n->share > 0 ? n->share : mill_x_share_kept(n->exprs[0]);
    return mill_n_estimate(n->child[0]) * a;
  case MILL_N_AGGREGATE: return n->nkeys ? mill_n_estimate(n->child[0]) * 0.2 : 1;
  case MILL_N_LIMIT:
    a = mill_n_estimate(n->child[0]);
    return n->to >= 0 && (double)n->to < a ? (double)n->to : a;
  case MILL_N_JOIN: return n->rows > 0 ? n->rows : join_rows(n);
  case MILL_N_UNION:
    a = 0;
    for (int i = 0; i < n->nchildren; i++) a += mill_n_estimate(n->child[i]);
    return a;
  default: return n->nchildren ? mill_n_estimate(n->child[0]) : 1;
  }
}

static bool inner(const mill_node *n) {
  return n->kind == MILL_N_JOIN && !n->lateral &&
         (n->join == MILL_JOIN_INNER || n->join == MILL_JOIN_CROSS);
}

static bool collect(mill_planner *w, const mill_node *n, join_set *s) {
  if (!inner(n)) {
    if (s->n == MILL_MANY_JOINS) s->full = true;
    if (s->full) return true;
    s->relation[s->n++] = n;
    return true;
  }
  return collect(w, n->child[0], s) && collect(w, n->child[1], s) &&
         (n->nexprs == 0 || mill_x_conjuncts(w, n->exprs[0], &s->predicates));
}

/* Does the equality link the joined columns with relation k? */
static bool links(const join_set *s, const mill_exprs *have, int k, const mill_expr *e) {
  const mill_node *r = s->relation[k];
  if (!mill_x_is_call(e, "=")) return false;
  for (int side = 0; side < 2; side++)
    if (mill_x_uses_any(e->args[side], r->output, r->noutput) &&
        mill_x_uses_only(e->args[side], r->output, r->noutput) &&
        mill_x_uses_only(e->args[!side], have->at, have->n) &&
        mill_x_uses_any(e->args[!side], have->at, have->n))
      return true;
  return false;
}

/* Distinct values of a column: no more than the smallest relation has rows among those that
** equalities tie to it. */
static double distinct_values(const join_set *s, const mill_expr *column) {
  uint64_t tied[2 * MILL_MANY_JOINS];
  int n = 0;
  double least = -1;
  tied[n++] = column->id;
  for (int i = 0; i < n; i++) {
    for (int k = 0; k < s->n; k++) {
      if (!mill_x_find_id(s->relation[k]->output, s->relation[k]->noutput, tied[i])) continue;
      if (least < 0 || s->base[k] < least) least = s->base[k];
    }
    for (int k = 0; k < s->predicates.n; k++) {
      const mill_expr *e = s->predicates.at[k];
      if (!mill_x_is_call(e, "=") || e->args[0]->kind != MILL_X_COLUMN ||
          e->args[1]->kind != MILL_X_COLUMN)
        continue;
      for (int side = 0; side < 2; side++) {
        bool known = e->args[side]->id != tied[i];
        for (int j = 0; j < n; j++) known |= tied[j] == e->args[!side]->id;
        if (!known && n < 2 * MILL_MANY_JOINS) tied[n++] = e->args[!side]->id;
      }
    }
  }
  return least > 1 ? least : 1;
}

/* Rows of a join with relation k for each row that is there; < 0: nothing links them. */
static double growth(const join_set *s, const mill_exprs *have, int k) {
  double values = 1, most = s->base[k];
  bool linked = false;
  for (int i = 0; i < s->predicates.n; i++) {
    const mill_expr *e = s->predicates.at[i];
    if (!links(s, have, k, e)) continue;
    linked = true;
    bool columns = e->args[0]->kind == MILL_X_COLUMN && e->args[1]->kind == MILL_X_COLUMN;
    values *= columns ? distinct_values(s, e->args[0]) : 10;
  }
  if (values > most) values = most > 1 ? most : 1; /* keys of several columns */
  return linked ? s->rows[k] / values : -1;
}

static int next_relation(const join_set *s, const mill_exprs *have, const bool *used) {
  int best = -1;
  double least = 0;
  for (int k = 0; k < s->n; k++) {
    if (used[k]) continue;
    double g = growth(s, have, k);
    if (g < 0) g = 1e12 + s->rows[k];
    if (best < 0 || g < least) best = k, least = g;
  }
  return best;
}

/* Predicates that only now have all their columns. */
static const mill_expr *applicable(mill_planner *w, join_set *s, bool *spent,
                                   const mill_exprs *have) {
  const mill_expr *on = NULL;
  for (int i = 0; i < s->predicates.n; i++) {
    if (spent[i] || !mill_x_uses_only(s->predicates.at[i], have->at, have->n)) continue;
    spent[i] = true;
    on = mill_x_and(w, on, s->predicates.at[i]);
    if (on == NULL) return NULL;
  }
  return on;
}

/* How much the relation asks to be the probe side: by its rows, and as guesses about filters may be
** wrong, by those before filters. */
static double weight(const join_set *s, int k) { return s->rows[k] + s->base[k] / 4; }

static const mill_node *from_largest(mill_planner *w, join_set *s) {
  bool used[MILL_MANY_JOINS] = {false};
  bool *spent = mill_w_alloc(w, (size_t)s->predicates.n + 1);
  mill_exprs have = {0};
  int first = 0;
  if (spent == NULL) return NULL;
  for (int k = 1; k < s->n; k++)
    if (weight(s, k) > weight(s, first)) first = k;
  used[first] = true;
  const mill_node *r = s->relation[first];
  if (!mill_exprs_copy(w, &have, r->output, r->noutput)) return NULL;
  for (int i = 1; i < s->n; i++) {
    int k = next_relation(s, &have, used);
    used[k] = true;
    if (!mill_exprs_copy(w, &have, s->relation[k]->output, s->relation[k]->noutput)) return NULL;
    const mill_expr *on = applicable(w, s, spent, &have);
    if (w->status) return NULL;
    r = mill_w_join(w, MILL_JOIN_INNER, r, s->relation[k], on);
    if (r == NULL) return NULL;
  }
  return r;
}

static const mill_node *rebuild(mill_planner *w, join_set *s, const mill_node *top) {
  const mill_node *r;
  mill_exprs out = {0};
  for (int k = 0; k < s->n; k++) {
    s->rows[k] = mill_n_estimate(s->relation[k]);
    s->base[k] = base_rows(s->relation[k]);
  }
  if (!mill_join_tree(w, s, &r)) return NULL;
  if (r == NULL) r = from_largest(w, s);
  if (r == NULL || !mill_exprs_copy(w, &out, top->output, top->noutput)) return NULL;
  return mill_w_project(w, r, &out);
}

static const mill_node *order(mill_planner *w, const mill_node *n);

static const mill_node *children(mill_planner *w, const mill_node *n) {
  mill_node *copy = NULL;
  for (int i = 0; i < n->nchildren; i++) {
    const mill_node *c = order(w, n->child[i]);
    if (c == NULL) return NULL;
    if (c == n->child[i]) continue;
    if (copy == NULL) copy = mill_w_node_copy(w, n);
    if (copy == NULL) return NULL;
    copy->child[i] = c;
  }
  return copy ? copy : n;
}

/* Two relations keep their order unless the probe side is much the smaller. */
static const mill_node *order(mill_planner *w, const mill_node *n) {
  if (n == NULL || !mill_w_enter(w)) return NULL;
  const mill_node *r = n;
  join_set s = {.n = 0};
  if (inner(n) && collect(w, n, &s) && !s.full && s.n > 2) {
    for (int k = 0; k < s.n && r; k++) {
      s.relation[k] = order(w, s.relation[k]);
      if (s.relation[k] == NULL) r = NULL;
    }
    if (r) r = rebuild(w, &s, n);
  } else {
    r = children(w, n);
  }
  mill_w_leave(w);
  return w->status ? NULL : r;
}

const mill_node *mill_order_joins(mill_planner *w, const mill_node *n) { return order(w, n); }
