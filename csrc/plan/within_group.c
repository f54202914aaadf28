/* f(..) WITHIN GROUP (ORDER BY k ..): the keys become arguments, and their directions go with the binding.
**
** percentile_cont(p), percentile_disc(p) and mode() take their one key in front of their arguments; listagg takes
** its keys behind them. Spark: SupportsOrderingWithinGroup. Calls are printed as they were written, but for mode,
** which Spark prints by the way it searches: the smallest of equally frequent values goes as DESC. */
#include <string.h>

#include "plan/plan_int.h"

enum { INVERSE = 1, MODE, LIST }; /* kinds of functions that take an order */

static int kind_of(const mill_function *fn) {
  if (strcmp(fn->name, "mode") == 0) return MODE;
  if (strcmp(fn->name, "listagg") == 0) return LIST;
  return strcmp(fn->name, "percentile_cont") == 0 || strcmp(fn->name, "percentile_disc") == 0
             ? INVERSE
             : 0;
}

static bool fail_orderings(mill_planner *w, const mill_expr *e, const char *name, int want) {
  (void)MILL_W_FAIL_AT(w, e, MILL_E_INVALID_WITHIN_GROUP_EXPRESSION_WRONG_NUM_ORDERINGS, "funcName",
                       mill_w_printf(w, "`%s`", name), "expectedNum", mill_w_printf(w, "%d", want),
                       "actualNum", mill_w_printf(w, "%d", e->norder), NULL);
  return false;
}

static bool fail_by_name(mill_planner *w, const mill_expr *e, mill_status condition) {
  (void)MILL_W_FAIL_AT(w, e, condition, "funcName", mill_w_printf(w, "`%s`", e->fn->name), NULL);
  return false;
}

static bool fail_count(mill_planner *w, const mill_expr *e, const char *want) {
  (void)MILL_W_FAIL_AT(w, e, MILL_E_WRONG_NUM_ARGS_WITHOUT_SUGGESTION, "functionName",
                       mill_w_printf(w, "`%s`", e->name), "expectedNum", want, "actualNum",
                       mill_w_printf(w, "%d", e->nargs), "docroot",
                       "https://spark.apache.org/docs/latest", NULL);
  return false;
}

/* What a call that searches in an order must look like. */
static bool check_inverse(mill_planner *w, const mill_expr *e, int kind) {
  bool mode = kind == MODE, disc = strcmp(e->fn->name, "percentile_disc") == 0;
  const char *class = mode ? "Mode" : disc ? "PercentileDisc" : "PercentileCont";
  if (!mode && e->nargs != 1) return fail_count(w, e, "1");
  if (e->distinct)
    return fail_by_name(w, e, MILL_E_INVALID_WITHIN_GROUP_EXPRESSION_DISTINCT_UNSUPPORTED);
  if (mode && e->nargs > 0) return e->norder == 0 || fail_orderings(w, e, "mode", 0);
  if (e->norder == 0)
    return fail_by_name(w, e, MILL_E_INVALID_WITHIN_GROUP_EXPRESSION_WITHIN_GROUP_MISSING);
  return e->norder == 1 || fail_orderings(w, e, class, 1);
}

/* mode(x, deterministic): a constant, never NULL. */
static bool check_flag(mill_planner *w, const mill_expr *e) {
  const mill_expr *flag = e->args[1];
  const mill_vector *v;
  if (flag->type->id != MILL_BOOLEAN && flag->type->id != MILL_NULL)
    (void)MILL_W_FAIL_AT(w, e, MILL_E_UNEXPECTED_INPUT_TYPE, "functionName", "`mode`", "paramIndex",
                         "second", "inputSql", mill_w_quoted_sql(w, flag), "inputType",
                         mill_w_quoted_type(w, flag->type), "requiredType", "\"BOOLEAN\"", NULL);
  else if (!mill_w_evaluate(w, flag, &v) || mill_x_rewritten(flag))
    (void)MILL_W_FAIL_AT(w, e, MILL_E_NON_FOLDABLE_ARGUMENT, "funcName", "`mode`", "paramName",
                         "`deterministic`", "paramType", "\"BOOLEAN\"", NULL);
  else if (flag->type->id == MILL_NULL || !mill_vector_valid(v, 0))
    (void)MILL_W_FAIL_AT(w, e, MILL_E_DATATYPE_MISMATCH_UNEXPECTED_NULL, "exprName",
                         "`deterministic`", "sqlExpr", mill_w_quoted_sql(w, flag), NULL);
  return w->status == MILL_OK;
}

/* As if WITHIN GROUP (ORDER BY x) stood behind it. */
static bool order_by_first(mill_planner *w, mill_expr *e) {
  mill_expr *key = mill_x_new(w, MILL_X_SORT, e);
  mill_exprs keys = {0};
  if (key == NULL) return false;
  key->args = e->args;
  key->nargs = 1;
  if (!mill_exprs_add(w, &keys, key)) return false;
  e->order = keys.at;
  e->norder = 1;
  return true;
}

/* mode(x, true) is the smallest of the most frequent values, mode(x, false) any of them. */
static bool place_flag(mill_planner *w, mill_expr *e) {
  const mill_vector *v;
  if (!check_flag(w, e) || !mill_w_evaluate(w, e->args[1], &v)) return false;
  bool smallest = ((const uint8_t *)v->data)[0];
  e->nargs = 1;
  e->pretty = smallest ? mill_w_printf(w, "mode() WITHIN GROUP (ORDER BY %s DESC)",
                                       mill_w_sql(w, e->args[0]))
                       : mill_w_sql(w, e);
  return e->pretty != NULL && (!smallest || order_by_first(w, e));
}

static const char *filter_text(mill_planner *w, const mill_expr *e) {
  return e->filter ? mill_w_printf(w, " FILTER (WHERE %s)", mill_w_sql(w, e->filter)) : "";
}

static bool place_inverse(mill_planner *w, mill_expr *e, int kind) {
  mill_exprs args = {0};
  const mill_expr *key = e->order[0]->args[0];
  bool shown_down = e->order[0]->descending != (kind == MODE);
  const char *given = e->nargs ? mill_w_sql(w, e->args[0]) : "";
  if (!mill_exprs_add(w, &args, key) || !mill_exprs_copy(w, &args, e->args, e->nargs)) return false;
  e->pretty = mill_w_printf(w, "%s(%s) WITHIN GROUP (ORDER BY %s%s)%s", e->fn->name, given,
                            mill_w_sql(w, key), shown_down ? " DESC" : "", filter_text(w, e));
  e->args = args.at;
  e->nargs = args.n;
  return e->pretty != NULL;
}

/* ---- listagg -------------------------------------------------------------------------------- */

/* Do equal texts come from equal values only? */
static bool text_tells(const mill_type *t) {
  switch (t->id) {
  case MILL_FLOAT:
  case MILL_DOUBLE:
  case MILL_TIMESTAMP:
  case MILL_INTERVAL: return false;
  default: return t->nfields == 0;
  }
}

/* listagg(DISTINCT x) can be ordered by x alone, or by what x is the text of. */
static bool check_distinct_order(mill_planner *w, const mill_expr *e) {
  const mill_expr *x = e->args[0], *key = e->order[0]->args[0], *of = x;
  bool text = x->type->id == MILL_STRING || x->type->id == MILL_BINARY;
  if (x->kind == MILL_X_CAST && !mill_x_same(x, key)) of = x->args[0];
  if (e->norder == 1 && mill_x_same(of, key)) {
    if ((of == x && text) || text_tells(of->type)) return true;
    (void)MILL_W_FAIL_AT(
        w, e, MILL_E_INVALID_WITHIN_GROUP_EXPRESSION_MISMATCH_WITH_DISTINCT_INPUT_UNSAFE_CAST,
        "funcName", "`listagg`", "inputType", mill_w_quoted_type(w, of->type), "castType",
        "\"STRING\"", NULL);
    return false;
  }
  const char *keys = "";
  for (int i = 0; i < e->norder; i++)
    keys =
        mill_w_printf(w, "%s%s%s", keys, i ? ", " : "", mill_w_quoted_sql(w, e->order[i]->args[0]));
  (void)MILL_W_FAIL_AT(w, e, MILL_E_INVALID_WITHIN_GROUP_EXPRESSION_MISMATCH_WITH_DISTINCT_INPUT,
                       "funcName", "`listagg`", "funcArg", mill_w_quoted_sql(w, x), "orderingExpr",
                       keys, NULL);
  return false;
}

static bool place_keys(mill_planner *w, mill_expr *e) {
  mill_exprs args = {0};
  mill_expr *named = mill_x_copy(w, e);
  if (named == NULL || (e->distinct && !check_distinct_order(w, e))) return false;
  named->name = "listagg"; /* string_agg is shown so, too */
  e->pretty = mill_w_sql(w, named);
  if (!mill_exprs_copy(w, &args, e->args, e->nargs)) return false;
  for (int i = 0; i < e->norder; i++)
    if (!mill_exprs_add(w, &args, e->order[i]->args[0])) return false;
  e->args = args.at;
  e->nargs = args.n;
  return true;
}

/* ---- all ------------------------------------------------------------------------------------ */

/* The keys are arguments now: what is left in the order are its directions. */
static bool keep_directions(mill_planner *w, mill_expr *e) {
  for (int i = 0; i < e->norder; i++) {
    mill_expr *o = mill_x_copy(w, e->order[i]);
    if (o == NULL || (o->args[0] = mill_x_bool(w, true)) == NULL) return false;
    e->order[i] = o;
  }
  return true;
}

static bool check_keys(mill_planner *w, const mill_expr *e) {
  for (int i = 0; i < e->norder; i++) {
    const mill_type *t = e->order[i]->args[0]->type;
    if (mill_type_orderable(t)) continue;
    (void)MILL_W_FAIL_AT(w, e, MILL_E_DATATYPE_MISMATCH_INVALID_ORDERING_TYPE, "functionName",
                         "`sortorder`", "dataType", mill_w_quoted_type(w, t), "sqlExpr",
                         mill_w_quoted_sql(w, e->order[i]), NULL);
    return false;
  }
  return true;
}

bool mill_within_group(mill_planner *w, mill_expr *e) {
  int kind = e->fn ? kind_of(e->fn) : 0;
  if (e->binding || (kind == 0 && e->norder == 0)) return true;
  if (kind == 0) {
    (void)MILL_W_FAIL_AT(w, e, MILL_E_INVALID_SQL_SYNTAX_FUNCTION_WITH_UNSUPPORTED_SYNTAX,
                         "prettyName", mill_w_printf(w, "`%s`", e->fn->name), "syntax",
                         "WITHIN GROUP (ORDER BY ...)", NULL);
    return false;
  }
  if (!check_keys(w, e) || (kind != LIST && !check_inverse(w, e, kind))) return false;
  if (kind == LIST && (e->nargs < 1 || e->nargs > 2)) return fail_count(w, e, "[1, 2]");
  if (kind == MODE && e->nargs == 2) return place_flag(w, e);
  if (e->norder == 0) return true;
  return (kind == LIST ? place_keys(w, e) : place_inverse(w, e, kind)) && keep_directions(w, e);
}
