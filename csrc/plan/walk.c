/* Walking and rebuilding of expressions, and questions about them; see plan_int.h. */
#include <limits.h>
#include <string.h>
#include <strings.h>

#include "base/hash.h"
#include "plan/plan_int.h"

/* ---- rebuilding ----------------------------------------------------------------------------- */

/* Map a list; *out is the same list when nothing changed. */
static bool map_list(mill_planner *w, const mill_expr **in, int n, mill_x_change f, void *arg,
                     const mill_expr ***out) {
  const mill_expr **copy = NULL;
  *out = in;
  for (int i = 0; i < n; i++) {
    const mill_expr *e = mill_x_map(w, in[i], f, arg);
    if (e == NULL) return false;
    if (e == in[i]) continue;
    if (copy == NULL) {
      copy = mill_w_alloc(w, (size_t)(n + 1) * sizeof *copy);
      if (copy == NULL) return false;
      memcpy(copy, in, (size_t)n * sizeof *copy);
      *out = copy;
    }
    copy[i] = e;
  }
  return true;
}

static bool map_one(mill_planner *w, const mill_expr *in, mill_x_change f, void *arg,
                    const mill_expr **out) {
  *out = in ? mill_x_map(w, in, f, arg) : NULL;
  return in == NULL || *out != NULL;
}

static bool map_window(mill_planner *w, const mill_window *in, mill_x_change f, void *arg,
                       const mill_window **out) {
  mill_window v;
  *out = in;
  if (in == NULL) return true;
  v = *in;
  if (!map_list(w, in->partition, in->npartition, f, arg, &v.partition) ||
      !map_list(w, in->order, in->norder, f, arg, &v.order) ||
      !map_one(w, in->from_offset, f, arg, &v.from_offset) ||
      !map_one(w, in->to_offset, f, arg, &v.to_offset))
    return false;
  if (v.partition == in->partition && v.order == in->order && v.from_offset == in->from_offset &&
      v.to_offset == in->to_offset)
    return true;
  mill_window *copy = mill_w_alloc(w, sizeof *copy);
  if (copy == NULL) return false;
  *copy = v;
  *out = copy;
  return true;
}

static bool is_leaf(const mill_expr *e) {
  return e->nargs == 0 && e->norder == 0 && e->filter == NULL && e->window == NULL;
}

static const mill_expr *map_below(mill_planner *w, const mill_expr *e, mill_x_change f, void *arg) {
  const mill_expr **args, **order, *filter;
  const mill_window *window;
  if (!map_list(w, e->args, e->nargs, f, arg, &args) ||
      !map_list(w, e->order, e->norder, f, arg, &order) ||
      !map_one(w, e->filter, f, arg, &filter) || !map_window(w, e->window, f, arg, &window))
    return NULL;
  if (args == e->args && order == e->order && filter == e->filter && window == e->window) return e;
  mill_expr *copy = mill_w_take(w, sizeof *copy);
  if (copy == NULL) return NULL;
  *copy = *e;
  copy->args = args;
  copy->order = order;
  copy->filter = filter;
  copy->window = window;
  return copy;
}

const mill_expr *mill_x_map(mill_planner *w, const mill_expr *e, mill_x_change f, void *arg) {
  if (e == NULL || w->status != MILL_OK || !mill_w_enter(w)) return NULL;
  const mill_expr *own = f(w, e, arg);
  if (own == NULL && w->status == MILL_OK) own = is_leaf(e) ? e : map_below(w, e, f, arg);
  mill_w_leave(w);
  return w->status == MILL_OK ? own : NULL;
}

typedef struct substitution {
  const mill_expr *const *defs;
  int n;
} substitution;

static const mill_expr *substitute_one(mill_planner *w, const mill_expr *e, void *arg) {
  const substitution *s = arg;
  if (e->kind != MILL_X_COLUMN) return NULL;
  int i = mill_w_find_id(w, s->defs, s->n, e->id);
  return i < 0 ? NULL : mill_x_unalias(s->defs[i]);
}

const mill_expr *mill_x_substitute(mill_planner *w, const mill_expr *e,
                                   const mill_expr *const *defs, int n) {
  substitution s = {defs, n};
  return mill_x_map(w, e, substitute_one, &s);
}

bool mill_x_conjuncts(mill_planner *w, const mill_expr *e, mill_exprs *l) {
  if (e == NULL) return false;
  if (!mill_x_is_call(e, "and")) return mill_exprs_add(w, l, e);
  return mill_x_conjuncts(w, e->args[0], l) && mill_x_conjuncts(w, e->args[1], l);
}

/* ---- questions ------------------------------------------------------------------------------ */

static bool any_in(const mill_expr *const *list, int n, int (*f)(const mill_expr *, void *),
                   void *arg) {
  for (int i = 0; i < n; i++)
    if (mill_x_any(list[i], f, arg)) return true;
  return false;
}

bool mill_x_any(const mill_expr *e, int (*f)(const mill_expr *e, void *arg), void *arg) {
  if (e == NULL) return false;
  int found = f(e, arg);
  if (found) return found > 0;
  if (is_leaf(e)) return false;
  if (any_in(e->args, e->nargs, f, arg) || any_in(e->order, e->norder, f, arg) ||
      mill_x_any(e->filter, f, arg))
    return true;
  const mill_window *v = e->window;
  return v && (any_in(v->partition, v->npartition, f, arg) || any_in(v->order, v->norder, f, arg) ||
               mill_x_any(v->from_offset, f, arg) || mill_x_any(v->to_offset, f, arg));
}

/* Variables from number `own` on are those of lambdas that are being compared: the same by their place. */
static bool same(const mill_expr *a, const mill_expr *b, int own);

static bool same_lists(const mill_expr *const *a, int na, const mill_expr *const *b, int nb,
                       int own) {
  for (int i = 0; na == nb && i < na; i++)
    if (!same(a[i], b[i], own)) return false;
  return na == nb;
}

static bool same_or_null(const mill_expr *a, const mill_expr *b, int own) {
  return a && b ? same(a, b, own) : a == b;
}

static bool same_windows(const mill_window *a, const mill_window *b, int own) {
  if (a == NULL || b == NULL) return a == b;
  return same_lists(a->partition, a->npartition, b->partition, b->npartition, own) &&
         same_lists(a->order, a->norder, b->order, b->norder, own) && a->framed == b->framed &&
         a->unit == b->unit && a->from == b->from && a->to == b->to &&
         same_or_null(a->from_offset, b->from_offset, own) &&
         same_or_null(a->to_offset, b->to_offset, own);
}

/* Two queries of one statement that are written alike. */
static bool same_query(const mill_expr *a, const mill_expr *b) {
  int32_t n = a->stop - a->start;
  return a->query == b->query || (a->text && a->text == b->text && n == b->stop - b->start &&
                                  memcmp(a->text + a->start, b->text + b->start, (size_t)n) == 0);
}

static bool same_heads(const mill_expr *a, const mill_expr *b, int own) {
  switch (a->kind) {
  case MILL_X_LITERAL: return mill_vector_equal(a->value, 0, b->value, 0);
  case MILL_X_PARAMETER: return a->given != NULL && a->given == b->given;
  case MILL_X_COLUMN:
  case MILL_X_OUTER: return a->id == b->id;
  case MILL_X_CALL:
    return strcasecmp(a->name, b->name) == 0 && a->distinct == b->distinct &&
           a->ignore_nulls == b->ignore_nulls && mill_x_deterministic(a) &&
           same_or_null(a->filter, b->filter, own) &&
           same_lists(a->order, a->norder, b->order, b->norder, own);
  case MILL_X_CAST: return a->target == b->target && a->mode == b->mode;
  case MILL_X_FIELD: return a->index == b->index;
  case MILL_X_VARIABLE: return a->id == b->id || (a->index >= own && a->index == b->index);
  case MILL_X_SORT: return a->descending == b->descending && a->nulls_first == b->nulls_first;
  case MILL_X_WINDOW: return same_windows(a->window, b->window, own);
  case MILL_X_HOST: return a->host == b->host;
  case MILL_X_SCALAR_QUERY:
  case MILL_X_EXISTS:
  case MILL_X_IN_QUERY: return same_query(a, b);
  case MILL_X_LAMBDA: return a->index == b->index && a->nparts == b->nparts;
  case MILL_X_ALIAS:
  case MILL_X_EXTRACT: return true;
  default: return false;
  }
}

static bool same(const mill_expr *a, const mill_expr *b, int own) {
  if (a == b) return true;
  if (a->kind == MILL_X_ALIAS && b->kind != MILL_X_ALIAS) return same(a->args[0], b, own);
  if (b->kind == MILL_X_ALIAS && a->kind != MILL_X_ALIAS) return same(a, b->args[0], own);
  if (a->kind == MILL_X_LAMBDA && a->index < own) own = a->index;
  return a->kind == b->kind && a->type == b->type && same_heads(a, b, own) &&
         same_lists(a->args, a->nargs, b->args, b->nargs, own);
}

bool mill_x_same(const mill_expr *a, const mill_expr *b) { return same(a, b, INT_MAX); }

static uint64_t trace_list(uint64_t h, const mill_expr *const *list, int n) {
  for (int i = 0; i < n; i++) h = mill_hash_combine(h, mill_x_trace(list[i]));
  return h;
}

static uint64_t trace_window(uint64_t h, const mill_window *v) {
  h = trace_list(trace_list(h, v->partition, v->npartition), v->order, v->norder);
  h = trace_list(h, &v->from_offset, v->from_offset != NULL);
  return trace_list(h, &v->to_offset, v->to_offset != NULL);
}

/* The columns and constants in it, and the shape of the arguments. */
uint32_t mill_x_trace(const mill_expr *e) {
  while (e->kind == MILL_X_ALIAS) e = e->args[0];
  uint64_t h = (uint64_t)e->kind;
  uint32_t row = 0;
  if (e->kind == MILL_X_COLUMN) h = mill_hash_combine(h, e->id);
  if (e->kind == MILL_X_LITERAL) mill_vector_hash(e->value, &row, 1, true, &h);
  if (e->window) h = trace_window(h, e->window);
  return (uint32_t)trace_list(h, e->args, e->nargs);
}

const mill_expr *mill_x_unalias(const mill_expr *e) {
  return e->kind == MILL_X_ALIAS ? e->args[0] : e;
}

bool mill_x_is_call(const mill_expr *e, const char *name) {
  return e->kind == MILL_X_CALL && mill_is_name(e->name, name);
}

static const mill_function *function_of(const mill_expr *e) {
  if (e->kind != MILL_X_CALL) return NULL;
  return e->fn ? e->fn : mill_function_find(e->name, strlen(e->name));
}

bool mill_x_is_aggregate(const mill_expr *e) {
  const mill_function *fn = function_of(e);
  return fn && fn->kind == MILL_AGGREGATE;
}

static int aggregate_at(const mill_expr *e, void *arg) {
  (void)arg;
  if (e->kind == MILL_X_WINDOW) {
    bool below = any_in(e->args[0]->args, e->args[0]->nargs, aggregate_at, NULL) ||
                 any_in(e->window->partition, e->window->npartition, aggregate_at, NULL) ||
                 any_in(e->window->order, e->window->norder, aggregate_at, NULL);
    return below ? 1 : -1;
  }
  return mill_x_is_aggregate(e);
}
bool mill_x_has_aggregate(const mill_expr *e) { return mill_x_any(e, aggregate_at, NULL); }

static int window_at(const mill_expr *e, void *arg) {
  (void)arg;
  return e->kind == MILL_X_WINDOW;
}
bool mill_x_has_window(const mill_expr *e) { return mill_x_any(e, window_at, NULL); }

static int generator_at(const mill_expr *e, void *arg) {
  const mill_function *fn = function_of(e);
  (void)arg;
  return fn && fn->kind == MILL_GENERATOR;
}
bool mill_x_has_generator(const mill_expr *e) { return mill_x_any(e, generator_at, NULL); }

static int subquery_at(const mill_expr *e, void *arg) {
  (void)arg;
  return e->kind == MILL_X_SCALAR_QUERY || e->kind == MILL_X_EXISTS || e->kind == MILL_X_IN_QUERY;
}
bool mill_x_has_subquery(const mill_expr *e) { return mill_x_any(e, subquery_at, NULL); }

static int outer_at(const mill_expr *e, void *arg) {
  (void)arg;
  return e->kind == MILL_X_OUTER;
}
bool mill_x_has_outer(const mill_expr *e) { return mill_x_any(e, outer_at, NULL); }

static int nondeterministic_at(const mill_expr *e, void *arg) {
  const mill_function *fn = function_of(e);
  (void)arg;
  return e->kind == MILL_X_HOST || (fn && (fn->flags & MILL_FN_NONDETERMINISTIC));
}
bool mill_x_deterministic(const mill_expr *e) { return !mill_x_any(e, nondeterministic_at, NULL); }

static int drawing_at(const mill_expr *e, void *arg) {
  const mill_function *fn = function_of(e);
  (void)arg;
  return fn && fn->flags & MILL_FN_NONDETERMINISTIC;
}
bool mill_x_draws(const mill_expr *e) { return mill_x_any(e, drawing_at, NULL); }

int mill_seed_argument(const mill_expr *e) {
  static const struct {
    const char *name;
    int at;
  } draws[] = {{"rand", 0},    {"randn", 0}, {"uniform", 2},
               {"randstr", 1}, {"uuid", 0},  {"shuffle", 1}};
  for (size_t i = 0; i < sizeof draws / sizeof *draws; i++)
    if (mill_x_is_call(e, draws[i].name)) return draws[i].at;
  return -1;
}

static int unfoldable_at(const mill_expr *e, void *arg) {
  const mill_function *fn = function_of(e);
  (void)arg;
  switch (e->kind) {
  case MILL_X_LITERAL:
  case MILL_X_CAST:
  case MILL_X_EXTRACT:
  case MILL_X_FIELD:
  case MILL_X_ALIAS:
  case MILL_X_LAMBDA:
  case MILL_X_VARIABLE: return 0;
  case MILL_X_CALL:
    return fn == NULL || fn->kind != MILL_SCALAR || (fn->flags & MILL_FN_NONDETERMINISTIC);
  default: return 1;
  }
}
bool mill_x_foldable(const mill_expr *e) { return !mill_x_any(e, unfoldable_at, NULL); }

static int raising_at(const mill_expr *e, void *arg) {
  (void)arg;
  if (e->kind == MILL_X_CALL)
    return !(e->fn && (e->fn->flags & MILL_FN_NO_RAISE || (e->binding && e->binding->safe)));
  return e->kind == MILL_X_CAST || e->kind == MILL_X_HOST || e->kind == MILL_X_EXTRACT ||
         subquery_at(e, NULL);
}
bool mill_x_can_raise(const mill_expr *e) { return mill_x_any(e, raising_at, NULL); }

typedef struct id_set {
  const mill_expr *const *output;
  int n;
} id_set;

bool mill_x_find_id(const mill_expr *const *output, int n, uint64_t id) {
  for (int i = 0; i < n; i++)
    if (output[i]->id == id) return true;
  return false;
}

static int foreign_at(const mill_expr *e, void *arg) {
  const id_set *s = arg;
  return e->kind == MILL_X_COLUMN && !mill_x_find_id(s->output, s->n, e->id);
}
bool mill_x_uses_only(const mill_expr *e, const mill_expr *const *output, int n) {
  id_set s = {output, n};
  return !mill_x_any(e, foreign_at, &s);
}

static int own_at(const mill_expr *e, void *arg) {
  const id_set *s = arg;
  return e->kind == MILL_X_COLUMN && mill_x_find_id(s->output, s->n, e->id);
}
bool mill_x_uses_any(const mill_expr *e, const mill_expr *const *output, int n) {
  id_set s = {output, n};
  return mill_x_any(e, own_at, &s);
}

/* ---- nodes ---------------------------------------------------------------------------------- */

static bool list_has_outer(const mill_expr *const *l, int n) {
  return any_in(l, n, outer_at, NULL);
}

bool mill_n_has_outer(const mill_node *n) {
  if (list_has_outer(n->exprs, n->nexprs) || list_has_outer(n->keys, n->nkeys) ||
      list_has_outer(n->aggs, n->naggs) || list_has_outer(n->values, n->nvalues))
    return true;
  for (int i = 0; i < n->nchildren; i++)
    if (mill_n_has_outer(n->child[i])) return true;
  return false;
}

bool mill_n_any_expr(const mill_node *n, int (*f)(const mill_expr *e, void *arg), void *arg) {
  if (any_in(n->exprs, n->nexprs, f, arg) || any_in(n->keys, n->nkeys, f, arg) ||
      any_in(n->aggs, n->naggs, f, arg) || any_in(n->values, n->nvalues, f, arg))
    return true;
  for (int i = 0; i < n->nchildren; i++)
    if (mill_n_any_expr(n->child[i], f, arg)) return true;
  return false;
}

static bool map_node_list(mill_planner *w, const mill_expr ***list, int n, mill_x_change f,
                          void *arg, bool *changed) {
  const mill_expr **out;
  if (n == 0) return true;
  if (!map_list(w, *list, n, f, arg, &out)) return false;
  *changed |= out != *list;
  *list = out;
  return true;
}

const mill_node *mill_n_map_exprs(mill_planner *w, const mill_node *n, mill_x_change f, void *arg) {
  const mill_expr **exprs = n->exprs, **keys = n->keys, **aggs = n->aggs, **values = n->values;
  bool changed = false;
  if (!map_node_list(w, &exprs, n->nexprs, f, arg, &changed) ||
      !map_node_list(w, &keys, n->nkeys, f, arg, &changed) ||
      !map_node_list(w, &aggs, n->naggs, f, arg, &changed) ||
      !map_node_list(w, &values, n->nvalues, f, arg, &changed))
    return NULL;
  if (!changed) return n;
  mill_node *copy = mill_w_take(w, sizeof *copy);
  if (copy == NULL) return NULL;
  *copy = *n;
  copy->exprs = exprs;
  copy->keys = keys;
  copy->aggs = aggs;
  copy->values = values;
  return copy;
}

const mill_node *mill_n_up(mill_planner *w, const mill_node *n, mill_rule f) {
  if (n == NULL || !mill_w_enter(w)) return NULL;
  mill_node *copy = NULL;
  for (int i = 0; i < n->nchildren; i++) {
    const mill_node *c = mill_n_up(w, n->child[i], f);
    if (c == NULL) break;
    if (c == n->child[i]) continue;
    if (copy == NULL) copy = mill_w_node_copy(w, n);
    if (copy == NULL) break;
    copy->child[i] = c;
  }
  const mill_node *out = w->status == MILL_OK ? f(w, copy ? copy : n) : NULL;
  mill_w_leave(w);
  return out;
}
