/* EXECUTE IMMEDIATE: a statement whose text is computed, with values for its parameters.
**
** The text is parsed and analysed as a plan of its own, which sees the session's variables and none of the
** script around it; a query's rows are the statement's, or go INTO variables. */
#include <ctype.h>
#include <string.h>

#include "plan/plan_int.h"

enum { MOST = 32 }; /* texts that execute texts that execute .. */

/* The text, NULL: failed. */
static const char *text_of(mill_planner *w, const mill_node *n, size_t *size) {
  mill_scope none = {0};
  const mill_expr *e = mill_resolve(w, &none, n->exprs[0]);
  if (e == NULL) return NULL;
  if (mill_x_has_subquery(e))
    return MILL_W_FAIL_AT(w, n, MILL_E_UNSUPPORTED_EXPR_FOR_PARAMETER, "invalidExprSql",
                          mill_w_quoted_sql(w, e), NULL);
  if (e->type->id != MILL_STRING)
    return MILL_W_FAIL_AT(w, n, MILL_E_INVALID_EXPR_TYPE_FOR_QUERY_EXECUTE_IMMEDIATE, "exprType",
                          mill_w_quoted_type(w, e->type), NULL);
  const mill_vector *v = mill_w_compute(w, e);
  if (v == NULL) return NULL;
  const char *name = mill_w_sql(w, n->exprs[0]);
  if (!mill_vector_valid(v, 0))
    return MILL_W_FAIL_AT(w, n, MILL_E_NULL_QUERY_STRING_EXECUTE_IMMEDIATE, "varName",
                          mill_w_quoted_parts(w, &name, 1), NULL);
  const mill_str *s = v->data;
  *size = s->size;
  return mill_w_copy(w, mill_str_data(s), s->size);
}

/* ---- parameters ------------------------------------------------------------------------------ */

static bool collection(const mill_expr *e) {
  return mill_x_is_call(e, "array") || mill_x_is_call(e, "map") ||
         mill_x_is_call(e, "named_struct");
}

/* What USING says, as a value; arrays and their like keep the form they are printed in. */
static const mill_expr *value_of(mill_planner *w, const mill_expr *written) {
  mill_scope none = {0};
  const mill_expr *e = mill_resolve(w, &none, written);
  if (e == NULL) return NULL;
  while (e->kind == MILL_X_ALIAS) e = e->args[0];
  if (mill_x_has_subquery(e) || !mill_x_deterministic(e) || mill_x_has_aggregate(e) ||
      mill_x_rewritten(written) || mill_x_rewritten(e))
    return MILL_W_FAIL_AT(w, written, MILL_E_UNSUPPORTED_EXPR_FOR_PARAMETER, "invalidExprSql",
                          mill_w_quoted_sql(w, e), NULL);
  const mill_vector *v = mill_w_compute(w, e);
  return v && e->kind == MILL_X_CALL && e->value && collection(e) ? e : mill_x_value(w, v, e->type);
}

static const char *name_of(const mill_expr *e) {
  return e->kind == MILL_X_ALIAS ? e->parts[0] : NULL;
}

static bool names_once(mill_planner *w, const mill_node *n) {
  for (int i = 0; i < n->nvalues; i++)
    for (int k = 0; name_of(n->values[i]) && k < i; k++) {
      const char *name = name_of(n->values[i]), *other = name_of(n->values[k]);
      if (other == NULL || !mill_w_same_name(w, name, other)) continue;
      (void)MILL_W_FAIL_AT(w, n, MILL_E_EXEC_IMMEDIATE_DUPLICATE_ARGUMENT_ALIASES, "aliases",
                           mill_w_quoted_parts(w, &name, 1), NULL);
      return false;
    }
  return true;
}

/* All must have names where the text asks by name. */
static bool all_named(mill_planner *w, const mill_node *n) {
  const char *bare = "";
  for (int i = 0; i < n->nvalues; i++)
    if (name_of(n->values[i]) == NULL)
      bare = mill_w_printf(w, "%s%s\"%s\"", bare, *bare ? ", " : "", mill_w_sql(w, n->values[i]));
  if (*bare == '\0') return true;
  (void)MILL_W_FAIL_AT(w, n, MILL_E_ALL_PARAMETERS_MUST_BE_NAMED, "exprs", bare, NULL);
  return false;
}

static bool parameters_of(mill_planner *w, const mill_node *n, const mill_plan *p,
                          mill_parameters *out) {
  const char **names = mill_w_alloc(w, (size_t)(n->nvalues + 1) * sizeof *names);
  const mill_expr **values = mill_w_alloc(w, (size_t)(n->nvalues + 1) * sizeof *values);
  if (names == NULL || values == NULL || (p->named && !all_named(w, n))) return false;
  for (int i = 0; i < n->nvalues; i++) {
    names[i] = p->named ? name_of(n->values[i]) : NULL;
    values[i] = value_of(w, n->values[i]);
    if (values[i] == NULL) return false;
  }
  *out = (mill_parameters){n->nvalues, names, values};
  return true;
}

/* ---- the statement --------------------------------------------------------------------------- */

/* The text parsed, kept as long as the plan of the statement; NULL: failed. */
static mill_plan *parsed(mill_planner *w, const mill_node *n, const char *text, size_t size) {
  mill_plan *p = NULL;
  if (w->plan->nested >= MOST)
    return MILL_W_FAIL_AT(w, n, MILL_E_PLAN_TOO_DEEP, "limit", mill_error_fmt(w->err, "%d", MOST),
                          NULL);
  w->status = mill_plan_new(w->session, &p, w->err);
  if (w->status) return NULL;
  w->status = mill_plan_keep_plan(w->plan, p, w->err);
  mill_plan_unref(p);
  if (w->status) return NULL;
  p->nested = w->plan->nested + 1;
  w->status = mill_session_parse_statement(w->session)(p, text, size, w->err);
  return w->status ? NULL : p;
}

static const char *upper(mill_planner *w, const char *s) {
  size_t n = strlen(s);
  char *out = mill_w_alloc(w, n + 1);
  for (size_t i = 0; out && i < n; i++) out[i] = (char)toupper((unsigned char)s[i]);
  return out ? out : s;
}

static bool targets_exist(mill_planner *w, const mill_node *n) {
  const mill_variable_scope *scope;
  for (int i = 0; i < n->nkeys; i++) {
    const mill_expr *e = n->keys[i];
    if (mill_find_variable(w, e->parts, e->nparts, &scope)) continue;
    (void)MILL_W_FAIL_AT(w, e, MILL_E_UNRESOLVED_COLUMN_WITHOUT_SUGGESTION, "objectName",
                         mill_w_quoted_parts(w, e->parts, e->nparts), NULL);
    return false;
  }
  return true;
}

const mill_node *mill_analyse_execute(mill_planner *w, const mill_node *n) {
  size_t size = 0;
  mill_parameters params;
  if (!targets_exist(w, n) || !names_once(w, n)) return NULL;
  const char *text = text_of(w, n, &size);
  mill_plan *p = text ? parsed(w, n, text, size) : NULL;
  if (p == NULL) return NULL;
  if (p->root->kind == MILL_N_SCRIPT)
    return MILL_W_FAIL_AT(w, n, MILL_E_SQL_SCRIPT_IN_EXECUTE_IMMEDIATE, "sqlString", text, NULL);
  if (n->nkeys && mill_n_is_command(p->root->kind))
    return MILL_W_FAIL_AT(w, n, MILL_E_INVALID_STATEMENT_FOR_EXECUTE_INTO, "sqlString",
                          upper(w, text), NULL);
  if (!parameters_of(w, n, p, &params)) return NULL;
  bool query = !mill_n_is_command(p->root->kind);
  w->status = mill_plan_analyse(p, &params, w->err);
  if (w->status) return NULL;
  if (n->nkeys == 0) return query ? mill_requalify(w, p->root, NULL, NULL, false) : p->root;
  return mill_assign_variables(w, n, p->root, true) ? mill_nothing(w) : NULL;
}
