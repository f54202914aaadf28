/* Calls of higher-order functions: arguments first, then the bodies of lambdas over variables whose
** types follow from the arguments (kernel/lambda.h), then the call as any other.
**
** An argument where a lambda is expected may be any expression: it is the body of a lambda that does
** not look at its variables. Lambdas that may be left out are the definition's `fill`. */
#include <string.h>

#include "kernel/lambda.h"
#include "plan/plan_int.h"

static bool wants_lambda(const mill_expr *e, int arg) {
  return e->fn->lambda && arg >= e->fn->lambda->first;
}

static const mill_expr *misplaced(mill_planner *w, const mill_expr *e) {
  if (e->fn->lambda)
    return MILL_W_FAIL_AT(
        w, e, MILL_E_INVALID_LAMBDA_FUNCTION_CALL_PARAMETER_DOES_NOT_ACCEPT_LAMBDA_FUNCTION, NULL);
  return MILL_W_FAIL_AT(w, e, MILL_E_INVALID_LAMBDA_FUNCTION_CALL_NON_HIGHER_ORDER_FUNCTION,
                        "class", e->fn->name, NULL);
}

static const mill_expr *wrong_number(mill_planner *w, const mill_expr *lambda, int given) {
  return MILL_W_FAIL_AT(w, lambda, MILL_E_INVALID_LAMBDA_FUNCTION_CALL_NUM_ARGS_MISMATCH,
                        "expectedNumArgs", mill_error_fmt(w->err, "%d", lambda->nparts),
                        "actualNumArgs", mill_error_fmt(w->err, "%d", given), NULL);
}

/* No two variables of a lambda have the same name. */
static bool distinct_names(mill_planner *w, const mill_expr *lambda) {
  const char *list = "";
  bool twice = false;
  for (int i = 0; i < lambda->nparts; i++) {
    list = mill_w_printf(w, "%s%s`%s`", list, i ? ", " : "", lambda->parts[i]);
    if (list == NULL) return false;
    for (int k = 0; k < i; k++) twice |= mill_w_same_name(w, lambda->parts[i], lambda->parts[k]);
  }
  if (twice)
    (void)MILL_W_FAIL_AT(w, lambda, MILL_E_INVALID_LAMBDA_FUNCTION_CALL_DUPLICATE_ARG_NAMES, "args",
                         list, "caseSensitiveConfig", "\"spark.sql.caseSensitive\"", NULL);
  return !twice;
}

/* What is written at a lambda's place, as a lambda; `given` variables where it names none. */
static mill_expr *as_lambda(mill_planner *w, const mill_expr *written, int given) {
  bool is = written->kind == MILL_X_LAMBDA;
  mill_expr *l = is ? mill_x_copy(w, written) : mill_x_new(w, MILL_X_LAMBDA, written);
  if (l == NULL || is) return l;
  l->args = mill_w_alloc(w, sizeof *l->args);
  l->parts = mill_w_alloc(w, (size_t)(given + 1) * sizeof *l->parts);
  if (l->args == NULL || l->parts == NULL) return NULL;
  l->args[0] = written;
  l->nargs = 1;
  l->nparts = given;
  for (int i = 0; i < given; i++) l->parts[i] = ""; /* a name that none can write */
  return l;
}

static int variable_at(const mill_expr *e, void *arg) {
  (void)arg;
  return e->kind == MILL_X_VARIABLE;
}

/* Aggregates, windows and generators see rows, which a lambda's variables are not of. */
static int rows_of_variables_at(const mill_expr *e, void *arg) {
  bool rows =
      e->kind == MILL_X_WINDOW || (e->kind == MILL_X_CALL && e->fn && e->fn->kind != MILL_SCALAR);
  return rows && mill_x_any(e, variable_at, arg);
}

static const mill_expr *resolve_body(mill_planner *w, const mill_scope *s, mill_expr *lambda,
                                     const mill_lambda_variables *vars) {
  mill_scope below = *s;
  mill_variables link[MILL_LAMBDA_VARIABLES];
  int depth = 0;
  for (const mill_variables *v = s->variables; v; v = v->next) depth++;
  for (int i = 0; i < vars->n; i++) {
    mill_expr *x = mill_x_new(w, MILL_X_VARIABLE, lambda);
    if (x == NULL) return NULL;
    x->name = lambda->parts[i];
    x->type = vars->type[i];
    x->nullable = vars->nullable[i];
    x->index = depth + i;
    x->id = mill_session_next_id(w->session);
    link[i] = (mill_variables){below.variables, x};
    below.variables = &link[i];
  }
  below.nested = true;
  const mill_expr *body = mill_resolve(w, &below, lambda->args[0]);
  if (body == NULL) return NULL;
  while (body->kind == MILL_X_ALIAS) body = body->args[0];
  if (mill_x_has_subquery(body))
    return MILL_W_FAIL_AT(
        w, lambda, MILL_E_UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY_HIGHER_ORDER_FUNCTION, NULL);
  if (mill_x_any(body, rows_of_variables_at, NULL))
    return MILL_W_FAIL_AT(w, lambda, MILL_E_UNSUPPORTED_EXPR_FOR_OPERATOR, "invalidExprSqls",
                          mill_w_quoted_sql(w, body), NULL);
  lambda->args[0] = body;
  lambda->index = depth;
  lambda->type = body->type;
  lambda->nullable = body->nullable;
  return lambda;
}

static const mill_expr *resolve_lambda(mill_planner *w, const mill_scope *s, mill_expr *e,
                                       mill_binding *b, int arg) {
  const mill_expr *written = e->args[arg];
  mill_lambda_variables vars = {0};
  int named = written->kind == MILL_X_LAMBDA ? written->nparts : 1;
  w->status = e->fn->lambda->variables(b, arg, named, &vars, w->err);
  if (w->status) {
    mill_w_at(w, e->text, e->start, e->stop);
    return NULL;
  }
  mill_expr *l = as_lambda(w, written, vars.n);
  if (l == NULL || (written->kind == MILL_X_LAMBDA && !distinct_names(w, l))) return NULL;
  if (l->nparts != vars.n) return wrong_number(w, l, vars.n);
  return resolve_body(w, s, l, &vars);
}

/* The lambdas that were left out. */
static bool fill_lambdas(mill_planner *w, mill_expr *e) {
  const char *fill = e->fn->fill;
  if (fill == NULL || e->nargs != e->fn->lambda->first + (strcmp(e->fn->name, "array_sort") != 0))
    return true;
  mill_exprs all = {0};
  const mill_expr *parsed = mill_w_parse(w, fill, strlen(fill));
  if (parsed == NULL || !mill_exprs_copy(w, &all, e->args, e->nargs) ||
      !mill_exprs_add(w, &all, parsed))
    return false;
  e->args = all.at;
  e->nargs = all.n;
  return true;
}

static bool right_count(mill_planner *w, const mill_expr *e, mill_binding *b) {
  if (b == NULL) return false;
  w->status = mill_function_check_count(b, w->err);
  if (w->status) mill_w_at(w, e->text, e->start, e->stop);
  return w->status == MILL_OK;
}

const mill_expr *mill_bind_lambda_call(mill_planner *w, const mill_scope *s, mill_expr *e) {
  mill_scope below = *s;
  below.nested = true;
  e->fn = mill_function_find(e->name, strlen(e->name));
  if (e->fn == NULL) return mill_bind_call(w, s, e);
  for (int i = 0; i < e->nargs; i++) {
    if (wants_lambda(e, i)) continue;
    if (e->args[i]->kind == MILL_X_LAMBDA)
      return right_count(w, e, mill_binding_of(w, e)) ? misplaced(w, e) : NULL;
    e->args[i] = mill_resolve(w, &below, e->args[i]);
    if (e->args[i] == NULL) return NULL;
  }
  if (e->fn->lambda == NULL || e->nargs < e->fn->lambda->first) return mill_bind_call(w, s, e);
  bool natural = e->nargs == e->fn->lambda->first;
  if (!fill_lambdas(w, e)) return NULL;
  mill_binding *b = mill_binding_of(w, e);
  if (!right_count(w, e, b)) return NULL;
  for (int i = e->fn->lambda->first; i < e->nargs; i++) {
    e->args[i] = resolve_lambda(w, s, e, b, i);
    if (e->args[i] == NULL) return NULL;
  }
  if (natural) { /* printed with its lambda, run without */
    e->pretty = mill_w_sql(w, e);
    e->nargs = e->fn->lambda->first;
  }
  return mill_bind_call(w, s, e);
}
