/* Resolved expressions to bound ones: columns by position, lazy functions as branches. */
#include <string.h>

#include "plan/plan_int.h"

typedef struct sides {
  const mill_lowered *left, *right;
} sides;

static const mill_bound *lower(mill_lowering *l, const mill_expr *e, const sides *s);

static mill_bound *bound(mill_lowering *l, mill_bound_kind kind, const mill_expr *e, int nargs) {
  mill_bound *b = mill_w_alloc(l->w, sizeof *b);
  const mill_bound **args = mill_w_alloc(l->w, (size_t)(nargs + 1) * sizeof *args);
  if (b == NULL || args == NULL) return NULL;
  *b = (mill_bound){.kind = kind,
                    .type = e->type,
                    .nullable = e->nullable,
                    .deterministic = true,
                    .nargs = nargs,
                    .args = args,
                    .text = e->text,
                    .start = e->start,
                    .stop = e->stop};
  return b;
}

static bool set_args(mill_lowering *l, mill_bound *b, const mill_expr *e, const sides *s) {
  const mill_bound **args = (const mill_bound **)b->args;
  for (int i = 0; i < b->nargs; i++) {
    args[i] = lower(l, e->args[i], s);
    if (args[i] == NULL) return false;
    b->can_raise |= args[i]->can_raise;
    b->deterministic &= args[i]->deterministic;
  }
  return true;
}

static int position(mill_planner *w, const mill_lowered *in, uint64_t id) {
  return in ? mill_w_find_number(w, in->ids, in->n, id) : -1;
}

static const mill_bound *column(mill_lowering *l, const mill_expr *e, const sides *s) {
  mill_bound *b = bound(l, MILL_B_COLUMN, e, 0);
  if (b == NULL) return NULL;
  b->index = position(l->w, s->left, e->id);
  if (b->index < 0 && s->right) {
    b->index = position(l->w, s->right, e->id);
    if (b->index >= 0) b->index += s->left->n;
  }
  if (b->index >= 0) return b;
  mill_planner *w = l->w;
  return MILL_W_FAIL_AT(w, e, MILL_E_UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY_CORRELATED_REFERENCE,
                        "sqlExprs", mill_w_quoted_sql(w, e), NULL);
}

static const mill_bound *literal(mill_lowering *l, const mill_expr *e) {
  mill_bound *b = bound(l, MILL_B_LITERAL, e, 0);
  if (b == NULL) return NULL;
  b->value = e->value ? e->value : e->given;
  b->nullable = b->value == NULL || !mill_vector_valid(b->value, 0);
  return b;
}

static mill_bound_kind lazy_kind(const mill_expr *e) {
  if (mill_x_is_call(e, "and")) return MILL_B_AND;
  if (mill_x_is_call(e, "or")) return MILL_B_OR;
  if (mill_x_is_call(e, "when") || mill_x_is_call(e, "if")) return MILL_B_CASE;
  if (mill_x_is_call(e, "coalesce")) return MILL_B_COALESCE;
  return MILL_B_CALL;
}

static bool any_can_raise(const mill_expr *e, int from) {
  for (int i = from; i < e->nargs; i++)
    if (e->args[i]->value == NULL && mill_x_can_raise(e->args[i])) return true;
  return false;
}

/* What Spark does not reach cannot fail: nanvl and IN as IF and OR where an argument could; otherwise e. */
static const mill_expr *as_lazy(mill_planner *w, const mill_expr *e) {
  enum { LONG = 256 }; /* as deep as that a chain may be */
  bool in = mill_x_is_call(e, "in") && e->nargs < LONG, nanvl = mill_x_is_call(e, "nanvl");
  if (!(in ? any_can_raise(e, 2) : nanvl && any_can_raise(e, 1)) ||
      !mill_x_deterministic(e->args[0]))
    return e;
  if (nanvl) {
    const mill_expr *nan = mill_x_bound(w, "isnan", 1, e->args[0]);
    return nan ? mill_x_bound(w, "if", 3, nan, e->args[1], e->args[0]) : NULL;
  }
  const mill_expr *any = NULL;
  for (int i = 1; i < e->nargs; i++) {
    const mill_expr *same = mill_x_bound(w, "=", 2, e->args[0], e->args[i]);
    any = any && same ? mill_x_bound(w, "or", 2, any, same) : same;
    if (any == NULL) return NULL;
  }
  return any;
}

static const mill_bound *call(mill_lowering *l, const mill_expr *e, const sides *s) {
  mill_bound_kind kind = lazy_kind(e);
  mill_planner *w = l->w;
  if (e->fn->kind == MILL_GENERATOR && e != l->generator)
    return MILL_W_FAIL_AT(w, e, MILL_E_UNSUPPORTED_GENERATOR_OUTSIDE_SELECT, "plan",
                          mill_w_quoted_sql(w, e), NULL);
  if (e->fn->kind != MILL_SCALAR && e->fn->kind != MILL_GENERATOR) {
    if (e->fn->kind == MILL_WINDOW)
      return MILL_W_FAIL_AT(w, e, MILL_E_WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE, "funcName",
                            mill_w_quoted_sql(w, e), NULL);
    return MILL_W_FAIL_AT(w, e, MILL_E_INVALID_WHERE_CONDITION, "condition",
                          mill_w_quoted_sql(w, e), "expressionList", mill_w_sql(w, e), NULL);
  }
  if (!mill_collate_check_call(w, e)) return NULL;
  int nargs = e->nargs;
  bool no_else = mill_x_is_call(e, "when") && nargs % 2 == 0;
  mill_bound *b = bound(l, kind, e, nargs + no_else);
  if (b == NULL) return NULL;
  b->nargs = nargs;
  if (!set_args(l, b, e, s)) return NULL;
  if (no_else) {
    const mill_expr *null = mill_x_null(w, e->type);
    ((const mill_bound **)b->args)[b->nargs++] = null ? literal(l, null) : NULL;
    if (null == NULL) return NULL;
  }
  b->fn = e->fn;
  b->kernel = e->binding->kernel;
  b->state = e->binding->state;
  b->arg_type = (const mill_type *const *)e->binding->cast_to;
  bool safe = e->binding->safe || e->fn->flags & MILL_FN_NO_RAISE;
  b->can_raise |= !safe && kind == MILL_B_CALL;
  b->deterministic &= !(e->fn->flags & MILL_FN_NONDETERMINISTIC);
  return b;
}

static const mill_bound *cast(mill_lowering *l, const mill_expr *e, const sides *s) {
  mill_bound *b = bound(l, MILL_B_CALL, e, 1);
  if (b == NULL || !set_args(l, b, e, s)) return NULL;
  b->kernel = e->binding->kernel;
  b->state = e->binding->state;
  b->arg_type = e->binding->arg_type;
  b->can_raise |= e->mode == MILL_CAST_ANSI;
  return b;
}

/* A query without outer columns runs now; its one value stands in the expression. */
static const mill_bound *scalar_query(mill_lowering *l, const mill_expr *e) {
  mill_planner *w = l->w;
  mill_table *t = NULL;
  mill_bound *b = bound(l, MILL_B_LITERAL, e, 0);
  mill_vector *v = mill_w_alloc(w, sizeof *v);
  if (b == NULL || v == NULL) return NULL;
  w->status = mill_plan_rows(w, e->query, false, &t);
  if (w->status) return NULL;
  if (e->kind == MILL_X_EXISTS) {
    const mill_expr *yes = mill_x_bool(w, t->rows > 0);
    b->value = yes ? yes->value : NULL;
  } else if (t->rows > 1) {
    (void)MILL_W_FAIL_AT(w, e, MILL_E_SCALAR_SUBQUERY_TOO_MANY_ROWS, NULL);
  } else if (t->rows == 0) {
    mill_vector_null(v, e->type);
    b->value = v;
  } else {
    mill_vector *own = mill_w_alloc(w, sizeof *own);
    uint32_t first = 0;
    if (own)
      w->status = mill_vector_gather(own, &t->chunk[0]->col[0], &first, 1, true, w->arena, w->err);
    if (own && !w->status) w->status = mill_vector_constant(v, own, 0, w->arena, w->err);
    b->value = v;
  }
  mill_table_unref(t);
  return w->status || b->value == NULL ? NULL : b;
}

/* asc and desc order rows in ORDER BY; anywhere else they would do nothing. */
static const mill_bound *stray_sort_key(mill_planner *w, const mill_expr *e) {
  (void)MILL_W_FAIL_AT(w, e, MILL_E_INTERNAL_ERROR, "message",
                       mill_w_printf(w, "Cannot evaluate expression: %s", mill_w_sql(w, e)), NULL);
  mill_error_hint(w->err, "a sort key stands in orderBy and in the orderBy of a window");
  return NULL;
}

static const mill_bound *lower_kind(mill_lowering *l, const mill_expr *e, const sides *s) {
  mill_bound *b;
  switch (e->kind) {
  case MILL_X_COLUMN: return column(l, e, s);
  case MILL_X_PARAMETER: return literal(l, e);
  case MILL_X_CALL: {
    const mill_expr *lazy = as_lazy(l->w, e);
    return lazy ? call(l, lazy, s) : NULL;
  }
  case MILL_X_CAST: return cast(l, e, s);
  case MILL_X_ALIAS: return lower(l, e->args[0], s);
  case MILL_X_SORT: return stray_sort_key(l->w, e);
  case MILL_X_FIELD:
    b = bound(l, MILL_B_FIELD, e, 1);
    if (b) b->index = e->index;
    return b && set_args(l, b, e, s) ? b : NULL;
  case MILL_X_HOST:
    b = bound(l, MILL_B_HOST, e, e->nargs);
    if (b == NULL || !set_args(l, b, e, s)) return NULL;
    b->host = e->host;
    b->can_raise = true;
    b->deterministic = false;
    return b;
  case MILL_X_LAMBDA:
    b = bound(l, MILL_B_LAMBDA, e, 1);
    if (b) b->index = e->index, b->nvars = e->nparts;
    return b && set_args(l, b, e, s) ? b : NULL;
  case MILL_X_VARIABLE:
    b = bound(l, MILL_B_VARIABLE, e, 0);
    if (b) b->index = e->index;
    return b;
  case MILL_X_EXISTS:
  case MILL_X_SCALAR_QUERY: return scalar_query(l, e);
  default: {
    mill_planner *w = l->w;
    return MILL_W_FAIL_AT(w, e, MILL_E_UNSUPPORTED_EXPR_FOR_OPERATOR, "invalidExprSqls",
                          mill_w_quoted_sql(w, e), NULL);
  }
  }
}

static const mill_bound *lower(mill_lowering *l, const mill_expr *e, const sides *s) {
  if (e == NULL || !mill_w_enter(l->w)) return NULL;
  const mill_bound *b = e->value ? literal(l, e) : lower_kind(l, e, s);
  mill_w_leave(l->w);
  return b;
}

const mill_bound *mill_lower_expr2(mill_lowering *l, const mill_expr *e, const mill_lowered *left,
                                   const mill_lowered *right) {
  sides s = {left, right};
  return lower(l, e, &s);
}

const mill_bound *mill_lower_expr(mill_lowering *l, const mill_expr *e, const mill_lowered *in) {
  return mill_lower_expr2(l, e, in, NULL);
}

/* An argument that could fail in rows which FILTER leaves out is not computed for them, but for DISTINCT. */
static const mill_expr *filtered(mill_planner *w, const mill_expr *call, const mill_expr *arg) {
  if (!call->filter || call->distinct || !mill_x_can_raise(arg) ||
      !mill_x_deterministic(call->filter))
    return arg;
  return mill_x_bound(w, "if", 3, call->filter, arg, mill_x_null(w, arg->type));
}

const mill_bound *mill_lower_key(mill_lowering *l, const mill_expr *e, const mill_lowered *in) {
  return mill_collate_check(l->w, e->type) ? mill_lower_expr(l, e, in) : NULL;
}

bool mill_lower_aggregate_call(mill_lowering *l, const mill_expr *e, const mill_lowered *in,
                               mill_bound_aggregate *out) {
  const mill_bound **args = mill_w_alloc(l->w, (size_t)(e->nargs + 1) * sizeof *args);
  if (args == NULL || !mill_collate_check_call(l->w, e)) return false;
  for (int i = 0; i < e->nargs; i++) {
    const mill_expr *arg = filtered(l->w, e, e->args[i]);
    args[i] = arg ? mill_lower_expr(l, arg, in) : NULL;
    if (args[i] == NULL) return false;
  }
  *out = (mill_bound_aggregate){.fn = e->fn,
                                .impl = e->binding->aggregate,
                                .type = e->type,
                                .partial = e->binding->partial,
                                .nullable = e->nullable,
                                .distinct = e->distinct,
                                .ignore_nulls = e->ignore_nulls,
                                .nargs = e->nargs,
                                .args = args,
                                .arg_type = (const mill_type *const *)e->binding->cast_to,
                                .state = e->binding->state,
                                .text = e->text,
                                .start = e->start,
                                .stop = e->stop};
  if (e->filter) {
    out->filter = mill_lower_expr(l, e->filter, in);
    return out->filter != NULL;
  }
  return true;
}
