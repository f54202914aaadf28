/* Optimiser rule: sums of one small integer and constants, sum(x + 1), sum(x + 2), .., become sum(x) +
** k * count(x): two aggregates instead of many.
**
** Nothing overflows in either form: x is a TINYINT or SMALLINT, added in a wider type, k has few bits
** more, and no table has the 2^47 rows of which such a sum leaves BIGINT. */
#include "plan/plan_int.h"

enum { FEWEST = 3, MOST_SHIFT = 1 << 16 };

typedef struct shifted {
  const mill_expr *of; /* x; NULL: the call is no such sum */
  int64_t by;
} shifted;

static bool small_constant(const mill_expr *e, int64_t *k) {
  if (e->value == NULL || !mill_type_integral(e->type) || !mill_vector_valid(e->value, 0))
    return false;
  switch (e->type->phys) {
  case MILL_PHYS_I8: *k = *(const int8_t *)e->value->data; break;
  case MILL_PHYS_I16: *k = *(const int16_t *)e->value->data; break;
  case MILL_PHYS_I32: *k = *(const int32_t *)e->value->data; break;
  default: *k = *(const int64_t *)e->value->data;
  }
  return *k > -MOST_SHIFT && *k < MOST_SHIFT;
}

/* The small integer that e is made of by casts to wider ones; NULL: it is something else. */
static const mill_expr *small_integer(const mill_expr *e) {
  while (e->kind == MILL_X_CAST && mill_type_integral(e->type) &&
         mill_type_integral(e->args[0]->type) && e->args[0]->type->phys < e->type->phys)
    e = e->args[0];
  bool small = e->type->id == MILL_TINYINT || e->type->id == MILL_SMALLINT;
  return small && e->value == NULL && mill_x_deterministic(e) ? e : NULL;
}

static shifted shift_of(const mill_expr *alias) {
  const mill_expr *call = alias->args[0];
  shifted s = {0};
  if (!mill_x_is_call(call, "sum") || call->distinct || call->filter || call->nargs != 1) return s;
  const mill_expr *e = call->args[0];
  bool plus = mill_x_is_call(e, "+"), minus = mill_x_is_call(e, "-");
  if ((!plus && !minus) || e->nargs != 2 || (e->type->id != MILL_INT && e->type->id != MILL_BIGINT))
    return s;
  bool second = small_constant(e->args[1], &s.by);
  if (!second && (minus || !small_constant(e->args[0], &s.by))) return s;
  if (minus) s.by = -s.by;
  s.of = small_integer(e->args[!second]);
  return s;
}

/* The sums of one x, as the aggregates that serve them. */
typedef struct served {
  const mill_expr *of, *sum, *count;
} served;

static const mill_expr *column_of(mill_planner *w, mill_exprs *aggs, const char *fn,
                                  const mill_expr *x) {
  const mill_expr *call = mill_x_bound(w, fn, 1, x);
  const mill_expr *alias = call ? mill_x_alias(w, call, fn) : NULL;
  return alias && mill_exprs_add(w, aggs, alias) ? mill_x_column(w, alias) : NULL;
}

static bool serve(mill_planner *w, mill_exprs *aggs, served *s, const mill_expr *x) {
  s->of = x;
  s->sum = column_of(w, aggs, "sum", x);
  s->count = s->sum ? column_of(w, aggs, "count", x) : NULL;
  return s->count != NULL;
}

/* The item that takes the place of an aggregate: it keeps its id and name. */
static const mill_expr *item(mill_planner *w, const mill_expr *alias, const served *s, int64_t by) {
  const mill_expr *k = mill_x_bigint(w, by);
  const mill_expr *all = k ? mill_x_bound(w, "*", 2, k, s->count) : NULL;
  const mill_expr *e = all ? mill_x_bound(w, "+", 2, s->sum, all) : NULL;
  mill_expr *a = e ? mill_x_copy(w, alias) : NULL;
  if (a) a->args[0] = e;
  return a;
}

static int like(const shifted *all, int n, const mill_expr *x) {
  int same = 0;
  for (int i = 0; i < n; i++) same += all[i].of && mill_x_same(all[i].of, x);
  return same;
}

/* Aggregates and what is shown of them, after the keys in `items`. */
static bool split(mill_planner *w, const mill_node *n, const shifted *all, mill_exprs *aggs,
                  mill_exprs *items) {
  served *s = mill_w_alloc(w, (size_t)(n->naggs + 1) * sizeof *s);
  int nserved = 0;
  if (s == NULL) return false;
  for (int i = 0; i < n->naggs; i++) {
    int k = 0;
    if (all[i].of == NULL) {
      const mill_expr *column = mill_x_column(w, n->aggs[i]);
      if (!mill_exprs_add(w, aggs, n->aggs[i]) || !mill_exprs_add(w, items, column)) return false;
      continue;
    }
    while (k < nserved && !mill_x_same(s[k].of, all[i].of)) k++;
    if (k == nserved && !serve(w, aggs, &s[nserved++], all[i].of)) return false;
    if (!mill_exprs_add(w, items, item(w, n->aggs[i], &s[k], all[i].by))) return false;
  }
  return true;
}

static const mill_node *rewrite(mill_planner *w, const mill_node *n, const shifted *all) {
  mill_exprs aggs = {0}, items = {0}, output = {0};
  mill_node *a = mill_w_node_copy(w, n);
  if (a == NULL) return NULL;
  for (int i = 0; i < n->nkeys; i++)
    if (!mill_exprs_add(w, &items, mill_x_column(w, n->keys[i])) ||
        !mill_exprs_add(w, &output, mill_x_column(w, n->keys[i])))
      return NULL;
  if (!split(w, n, all, &aggs, &items)) return NULL;
  for (int i = 0; i < aggs.n; i++)
    if (!mill_exprs_add(w, &output, mill_x_column(w, aggs.at[i]))) return NULL;
  a->aggs = aggs.at, a->naggs = aggs.n;
  a->output = output.at, a->noutput = output.n;
  mill_node *p = mill_w_project(w, a, &items);
  if (p) p->analysed = true;
  return p;
}

static const mill_node *shift(mill_planner *w, const mill_node *n) {
  if (n->kind != MILL_N_AGGREGATE || n->naggs < FEWEST) return n;
  shifted *all = mill_w_alloc(w, (size_t)n->naggs * sizeof *all);
  bool any = false;
  if (all == NULL) return NULL;
  for (int i = 0; i < n->naggs; i++) all[i] = shift_of(n->aggs[i]);
  for (int i = 0; i < n->naggs; i++) {
    if (all[i].of && like(all, n->naggs, all[i].of) < FEWEST) all[i].of = NULL;
    any |= all[i].of != NULL;
  }
  return any ? rewrite(w, n, all) : n;
}

const mill_node *mill_shift_sums(mill_planner *w, const mill_node *n) {
  return mill_n_up(w, n, shift);
}
