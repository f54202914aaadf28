/* Variables in statements: what a name stands for, DECLARE, SET and DROP.
**
** A reference is a literal of the value as it is now, printed as Spark prints a variable; a plan with one
** is good for its own query alone. All values of a SET are computed before the first is stored. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/collation.h"
#include "kernel/cast.h"
#include "plan/plan_int.h"
#include "plan/warehouse_int.h"

/* ---- finding -------------------------------------------------------------------------------- */

/* Is it how a variable of the session may be called: x, session.x, system.session.x? */
static bool of_session(const char *const *parts, int n) {
  if (n == 1) return true;
  if (n == 2) return strcasecmp(parts[0], "session") == 0;
  return n == 3 && strcasecmp(parts[0], "system") == 0 && strcasecmp(parts[1], "session") == 0;
}

mill_variable *mill_find_variable(mill_planner *w, const char *const *parts, int n,
                                  const mill_variable_scope **scope) {
  bool exact = w->set.case_sensitive;
  mill_variable *v = NULL;
  *scope = NULL;
  if (n <= 2)
    v = mill_variable_scope_find(w->locals, n == 2 ? parts[0] : NULL, parts[n - 1], exact, scope);
  if (v || !of_session(parts, n)) return v;
  if (n == 1 && !mill_path_holds(w, false)) return NULL;
  return mill_variable_find(mill_session_variables(w->session), parts[n - 1], exact);
}

/* The name as Spark quotes it where it must. */
static const char *plainly(mill_planner *w, const char *name) {
  bool plain = *name != '\0';
  for (const char *s = name; *s; s++) plain = plain && (isalnum((unsigned char)*s) || *s == '_');
  return plain ? name : mill_w_printf(w, "`%s`", name);
}

static mill_status add_collation(const mill_vector *v, mill_text *out, mill_error *err) {
  char name[MILL_COLLATION_NAME];
  const mill_type *t = v->type;
  bool said = t->collation != MILL_UTF8_BINARY || t->written;
  if (t->id != MILL_STRING || !said || !mill_vector_valid(v, 0)) return MILL_OK;
  return mill_text_printf(out, err, " collate %s", mill_collation_name(t->collation, name));
}

static const char *shown(mill_planner *w, const mill_variable *v, const mill_variable_scope *s) {
  mill_text t;
  mill_text_init(&t, w->ctx->memory);
  mill_status status = mill_value_sql(&w->set, &v->value, 0, &t, w->err);
  if (status == MILL_OK) status = add_collation(&v->value, &t, w->err);
  if (status == MILL_OK) status = mill_text_addc(&t, '\0', w->err);
  const char *out = NULL;
  if (status == MILL_OK)
    out = mill_w_printf(w, "variablereference(%s.%s.%s=%s)", s ? "local" : "system",
                        s ? plainly(w, s->label) : "session", plainly(w, v->name), t.data);
  else
    w->status = status;
  mill_text_clear(&t);
  return out;
}

/* The value in the planner's arena. */
static const mill_vector *value_of(mill_planner *w, const mill_vector *v, size_t i) {
  uint32_t at = (uint32_t)i;
  mill_vector *flat = mill_w_alloc(w, sizeof *flat), *out = mill_w_alloc(w, sizeof *out);
  if (flat == NULL || out == NULL) return NULL;
  w->status = mill_vector_gather(flat, v, &at, 1, true, w->arena, w->err);
  if (w->status == MILL_OK) w->status = mill_vector_constant(out, flat, 0, w->arena, w->err);
  return w->status == MILL_OK ? out : NULL;
}

const mill_expr *mill_variable_reference(mill_planner *w, const mill_expr *e) {
  const mill_variable_scope *scope;
  for (int n = e->nparts < 3 ? e->nparts : 3; n > 0; n--) {
    const mill_variable *v = mill_find_variable(w, e->parts, n, &scope);
    if (v == NULL) continue;
    if (!mill_not_temporary(w, "VARIABLE", v->name)) return NULL;
    mill_settings_once(&w->set);
    mill_expr *c = mill_x_copy(w, mill_x_value(w, value_of(w, &v->value, 0), v->type));
    const char *pretty = c ? shown(w, v, scope) : NULL;
    if (pretty == NULL) return NULL;
    c->pretty = pretty;
    c->name = e->parts[n - 1];
    c->text = e->text, c->start = e->start, c->stop = e->stop;
    const mill_expr *r = c;
    for (int i = n; r && i < e->nparts; i++) r = mill_bind_field(w, r, e->parts[i], e);
    return r;
  }
  return NULL;
}

/* ---- computing ------------------------------------------------------------------------------ */

/* Its first rows, at most two are looked at; NULL: failed. */
static mill_table *rows_of(mill_planner *w, const mill_node *q) {
  mill_table *t = NULL;
  if (q == NULL) return NULL;
  w->status = mill_plan_rows(w, q, false, &t);
  return w->status == MILL_OK ? t : NULL;
}

/* The column of the first row, a null where there is none. */
static const mill_vector *first_value(mill_planner *w, const mill_table *t, int i) {
  for (size_t c = 0; c < t->nchunks; c++)
    if (t->chunk[c]->n) return value_of(w, &t->chunk[c]->col[i], 0);
  mill_vector *none = mill_w_alloc(w, sizeof *none);
  if (none) mill_vector_null(none, t->schema->fields[i].type);
  return none;
}

const mill_vector *mill_w_compute(mill_planner *w, const mill_expr *e) {
  const mill_vector *v;
  if (e == NULL) return NULL;
  if (mill_w_evaluate(w, e, &v)) return v;
  mill_exprs l = {0};
  mill_node *one = mill_w_node(w, MILL_N_ONE_ROW, NULL);
  if (one == NULL || !mill_exprs_add(w, &l, mill_x_alias(w, e, "value"))) return NULL;
  mill_table *t = rows_of(w, mill_w_project(w, one, &l));
  if (t == NULL) return NULL;
  v = first_value(w, t, 0);
  mill_table_unref(t);
  return v;
}

static bool is_sized(const mill_type *t) {
  return t->id == MILL_STRING && t->string_kind != MILL_PLAIN_STRING;
}

/* As the variable's type; what is too long for a CHAR or VARCHAR is an error when it is computed. */
static const mill_expr *fitted(mill_planner *w, const mill_expr *e, const mill_type *t) {
  e = mill_x_explicit_cast(w, e, t);
  return e && is_sized(t) ? mill_sized_text(w, t, e) : e;
}

/* The values of a one-row select list, cast: without a run where all are constants. */
static bool constant_values(mill_planner *w, const mill_node *q, const mill_type *const *types,
                            const mill_vector **out) {
  if (q->kind != MILL_N_PROJECT || q->child[0]->kind != MILL_N_ONE_ROW) return false;
  for (int i = 0; i < q->nexprs; i++) {
    const mill_expr *e = q->exprs[i];
    if (e->kind == MILL_X_ALIAS) e = e->args[0];
    if (e->value == NULL && e->kind != MILL_X_LITERAL) return false;
    e = fitted(w, e, types[i]);
    if (e == NULL || !mill_w_evaluate(w, e, &out[i])) return false;
  }
  return true;
}

static bool query_values(mill_planner *w, const mill_node *at, const mill_node *q,
                         const mill_type *const *types, const mill_vector **out) {
  mill_exprs l = {0};
  for (int i = 0; i < q->noutput; i++) {
    const mill_expr *e = fitted(w, q->output[i], types[i]);
    if (!mill_exprs_add(w, &l, mill_x_alias(w, e, q->output[i]->name))) return false;
  }
  mill_table *t = rows_of(w, mill_w_project(w, q, &l));
  if (t == NULL) return false;
  if (t->rows > 1) (void)MILL_W_FAIL_AT(w, at, MILL_E_ROW_SUBQUERY_TOO_MANY_ROWS, NULL);
  for (int i = 0; i < q->noutput && w->status == MILL_OK; i++) out[i] = first_value(w, t, i);
  mill_table_unref(t);
  return w->status == MILL_OK;
}

/* ---- assignment ----------------------------------------------------------------------------- */

static bool unresolved_variable(mill_planner *w, const mill_expr *e, const char *path) {
  (void)MILL_W_FAIL_AT(w, e, MILL_E_UNRESOLVED_VARIABLE, "variableName",
                       mill_w_quoted_parts(w, e->parts, e->nparts), "searchPath", path, NULL);
  return false;
}

static mill_variable **find_targets(mill_planner *w, const mill_expr *const *names, int n,
                                    bool columns) {
  const mill_variable_scope *scope;
  mill_variable **v = mill_w_alloc(w, (size_t)(n + 1) * sizeof *v);
  for (int i = 0; v && i < n; i++) {
    const mill_expr *e = names[i];
    v[i] = mill_find_variable(w, e->parts, e->nparts, &scope);
    if (v[i] == NULL && columns)
      return MILL_W_FAIL_AT(w, e, MILL_E_UNRESOLVED_COLUMN_WITHOUT_SUGGESTION, "objectName",
                            mill_w_quoted_parts(w, e->parts, e->nparts), NULL);
    if (v[i] == NULL && !unresolved_variable(w, e, mill_w_search_path(w))) return NULL;
    for (int k = 0; k < i; k++)
      if (v[k] == v[i])
        return MILL_W_FAIL_AT(
            w, e, MILL_E_DUPLICATE_ASSIGNMENTS, "nameList",
            mill_error_fmt(w->err, "`%s`", mill_w_fold(w, e->parts[e->nparts - 1])), NULL);
  }
  return v;
}

bool mill_assign_variables(mill_planner *w, const mill_node *at, const mill_node *q, bool columns) {
  int n = at->nkeys;
  mill_variable **v = find_targets(w, at->keys, n, columns);
  const mill_type **types = mill_w_alloc(w, (size_t)(n + 1) * sizeof *types);
  const mill_vector **values = mill_w_alloc(w, (size_t)(n + 1) * sizeof *values);
  if (v == NULL || types == NULL || values == NULL || q == NULL) return false;
  if (q->noutput != n) {
    (void)MILL_W_FAIL_AT(w, at, MILL_E_ASSIGNMENT_ARITY_MISMATCH, "numExpr",
                         mill_error_fmt(w->err, "%d", q->noutput), "numTarget",
                         mill_error_fmt(w->err, "%d", n), NULL);
    return false;
  }
  for (int i = 0; i < n; i++) types[i] = v[i]->sized ? v[i]->sized : v[i]->type;
  if (!constant_values(w, q, types, values) &&
      (w->status || !query_values(w, at, q, types, values)))
    return false;
  for (int i = 0; i < n && w->status == MILL_OK; i++)
    w->status = values[i] ? mill_variable_set(v[i], values[i], 0, w->err) : MILL_E_OUT_OF_MEMORY;
  return w->status == MILL_OK;
}

static int is_default(const mill_expr *e, void *arg) {
  (void)arg;
  return e->kind == MILL_X_NAME && e->nparts == 1 && strcasecmp(e->parts[0], "DEFAULT") == 0;
}

/* What DEFAULT stands for; e itself where it is no DEFAULT. */
static const mill_expr *preset_of(mill_planner *w, const mill_variable *v, const mill_expr *e) {
  if (!is_default(e, NULL))
    return mill_x_any(e, is_default, NULL)
               ? MILL_W_FAIL_AT(w, e, MILL_E_DEFAULT_PLACEMENT_INVALID, NULL)
               : e;
  if (v->preset == NULL) return mill_x_null(w, v->type);
  const char *text = mill_w_copy(w, v->preset, strlen(v->preset));
  return text ? mill_w_parse(w, text, strlen(text)) : NULL;
}

static int is_name(const mill_expr *e, void *arg) {
  (void)arg;
  return e->kind == MILL_X_NAME || e->query != NULL;
}

/* Value i as it sees the ones before it. In Spark they are aliases of one select list, so a name in an
** expression means the new value; but a bare name means a new value only where that is a constant. */
static const mill_expr *seen_by(mill_planner *w, const mill_node *n, const mill_expr *const *exprs,
                                int i, const mill_expr *e) {
  if (e == NULL || e->kind != MILL_X_NAME || e->nparts != 1) return e;
  for (int k = 0; k < i; k++) {
    const mill_expr *target = n->keys[k];
    if (!mill_w_same_name(w, target->parts[target->nparts - 1], e->parts[0])) continue;
    const mill_expr *old = mill_x_any(exprs[k], is_name, NULL) ? mill_variable_reference(w, e) : e;
    return old || w->status ? old : e;
  }
  return e;
}

/* A select list over no table, of values called as the variables. */
static const mill_node *list_of(mill_planner *w, const mill_node *n, mill_variable *const *v,
                                const mill_expr *const *exprs) {
  mill_node *p = mill_w_node(w, MILL_N_PROJECT, n), *one = mill_w_node(w, MILL_N_ONE_ROW, n);
  const mill_node **child = mill_w_alloc(w, sizeof *child);
  mill_exprs l = {0};
  if (p == NULL || one == NULL || child == NULL) return NULL;
  for (int i = 0; i < n->nkeys; i++) {
    const mill_expr *value = seen_by(w, n, exprs, i, preset_of(w, v[i], exprs[i]));
    mill_expr *a = value ? mill_x_new(w, MILL_X_ALIAS, value) : NULL;
    const mill_expr **args = mill_w_alloc(w, sizeof *args);
    if (a == NULL || args == NULL) return NULL;
    args[0] = value;
    a->args = args, a->nargs = 1;
    a->parts = n->keys[i]->parts + n->keys[i]->nparts - 1, a->nparts = 1;
    if (!mill_exprs_add(w, &l, a)) return NULL;
  }
  child[0] = one;
  p->child = child, p->nchildren = 1;
  p->exprs = l.at, p->nexprs = l.n;
  p->analysed = false;
  return p;
}

static const mill_node *set_variables(mill_planner *w, const mill_node *n) {
  mill_variable **v = find_targets(w, n->keys, n->nkeys, false);
  const mill_node *q = n->nchildren ? n->child[0] : NULL;
  if (v == NULL) return NULL;
  if (q == NULL) {
    q = list_of(w, n, v, n->exprs);
  } else if (q->kind == MILL_N_PROJECT && q->child[0]->kind == MILL_N_ONE_ROW &&
             q->nexprs == n->nkeys) {
    mill_node *c = mill_w_node_copy(w, q);
    const mill_expr **exprs = mill_w_alloc(w, (size_t)(q->nexprs + 1) * sizeof *exprs);
    for (int i = 0; c && exprs && i < q->nexprs; i++) exprs[i] = preset_of(w, v[i], q->exprs[i]);
    if (c == NULL || exprs == NULL || w->status) return NULL;
    c->exprs = exprs;
    c->analysed = false;
    q = c;
  }
  q = mill_analyse(w, q, NULL);
  return q && mill_assign_variables(w, n, q, false) ? mill_nothing(w) : NULL;
}

/* ---- declaration ---------------------------------------------------------------------------- */

static const char *full_name(mill_planner *w, const char *name) {
  const char *local[] = {w->locals ? w->locals->label : "", name};
  const char *session[] = {"system", "session", name};
  return w->locals ? mill_w_quoted_parts(w, local, 2) : mill_w_quoted_parts(w, session, 3);
}

/* The value of the declaration's default, cast to the type, which may be unknown before. */
static const mill_vector *first_preset(mill_planner *w, const mill_node *n, const mill_type **type,
                                       const char *name) {
  mill_scope none = {0};
  const mill_expr *e = n->nexprs ? n->exprs[0] : mill_x_null(w, mill_type_of(MILL_NULL));
  if (e && mill_x_has_subquery(e))
    return MILL_W_FAIL_AT(w, n, MILL_E_INVALID_DEFAULT_VALUE_SUBQUERY_EXPRESSION, "statement",
                          "DECLARE VARIABLE", "colName", full_name(w, name), "defaultValue",
                          n->alias, NULL);
  e = mill_resolve(w, &none, e);
  if (e == NULL) return NULL;
  while (e->kind == MILL_X_ALIAS) e = e->args[0];
  if (mill_x_has_generator(e))
    return MILL_W_FAIL_AT(w, n, MILL_E_UNSUPPORTED_GENERATOR_OUTSIDE_SELECT, "plan",
                          "CreateVariable", NULL);
  if (mill_x_has_aggregate(e) || mill_x_has_window(e))
    return MILL_W_FAIL_AT(w, n, MILL_E_UNSUPPORTED_EXPR_FOR_OPERATOR, "operator", "CreateVariable",
                          "invalidExprSqls", mill_w_quoted_sql(w, e), NULL);
  e = fitted(w, e, *type ? *type : e->type);
  *type = e ? e->type : NULL; /* without the length of a CHAR */
  return mill_w_compute(w, e);
}

/* The one part that names a new variable; NULL: failed. */
static const char *declared_name(mill_planner *w, const mill_node *relation) {
  const mill_node *r = mill_identifier(w, relation);
  if (r == NULL) return NULL;
  const char *name = r->parts[r->nparts - 1];
  if (w->locals && r->nparts > 1)
    return MILL_W_FAIL_AT(w, r, MILL_E_INVALID_VARIABLE_DECLARATION_QUALIFIED_LOCAL_VARIABLE,
                          "varName", mill_w_quoted_parts(w, &name, 1), NULL);
  if (!of_session(r->parts, r->nparts))
    return MILL_W_FAIL_AT(w, r, MILL_E_UNRESOLVED_VARIABLE, "variableName",
                          mill_w_quoted_parts(w, r->parts, r->nparts), "searchPath",
                          "[`system`.`session`]", NULL);
  return name;
}

static bool declare_one(mill_planner *w, const mill_node *n, const char *name,
                        const mill_type *type, const mill_vector *value) {
  mill_variable_list *l =
      w->locals ? (mill_variable_list *)&w->locals->list : mill_session_variables(w->session);
  mill_variable *old = mill_variable_find(l, name, w->set.case_sensitive), *v = NULL;
  if (old && !n->replace) {
    (void)MILL_W_FAIL_AT(w, n, MILL_E_VARIABLE_ALREADY_EXISTS, "variableName", full_name(w, name),
                         NULL);
    return false;
  }
  w->status =
      mill_variable_add(w->ctx->memory, l, name, n->nexprs ? n->alias : NULL, type, &v, w->err);
  if (w->status == MILL_OK) w->status = mill_variable_set(v, value, 0, w->err);
  if (w->status == MILL_OK && n->type && is_sized(n->type)) v->sized = n->type;
  if (w->status != MILL_OK) {
    if (v) mill_variable_drop(l, name, w->set.case_sensitive);
    return false;
  }
  if (old) { /* the new one stands before it */
    mill_variable_list rest = {v->next};
    mill_variable_drop(&rest, name, w->set.case_sensitive);
    v->next = rest.first;
  }
  return true;
}

static const mill_node *declare(mill_planner *w, const mill_node *n) {
  const char **name = mill_w_alloc(w, (size_t)(n->nchildren + 1) * sizeof *name);
  const mill_type *type = n->type;
  for (int i = 0; name && i < n->nchildren; i++) {
    name[i] = declared_name(w, n->child[i]);
    if (name[i] == NULL) return NULL;
    for (int k = 0; k < i; k++)
      if (mill_w_same_name(w, name[k], name[i]))
        return MILL_W_FAIL_AT(w, n, MILL_E_DUPLICATE_VARIABLE_NAME_INSIDE_DECLARE, "variableName",
                              full_name(w, mill_w_fold(w, name[i])), NULL);
  }
  if (name == NULL) return NULL;
  const mill_vector *value = first_preset(w, n, &type, name[0]);
  if (value == NULL) return NULL;
  for (int i = 0; i < n->nchildren; i++)
    if (!declare_one(w, n, name[i], type, value)) return NULL;
  return mill_nothing(w);
}

static const mill_node *drop(mill_planner *w, const mill_node *n) {
  const mill_node *r = mill_identifier(w, n->child[0]);
  if (r == NULL) return NULL;
  if (!of_session(r->parts, r->nparts))
    return MILL_W_FAIL_AT(w, r, MILL_E_UNRESOLVED_VARIABLE, "variableName",
                          mill_w_quoted_parts(w, r->parts, r->nparts), "searchPath",
                          "[`system`.`session`]", NULL);
  const char *name = r->parts[r->nparts - 1];
  bool found = mill_variable_drop(mill_session_variables(w->session), name, w->set.case_sensitive);
  if (found || n->if_exists) return mill_nothing(w);
  return MILL_W_FAIL_AT(w, r, MILL_E_VARIABLE_NOT_FOUND, "variableName", full_name(w, name), NULL);
}

const mill_node *mill_analyse_variable(mill_planner *w, const mill_node *n) {
  switch (n->kind) {
  case MILL_N_DECLARE: return declare(w, n);
  case MILL_N_SET_VARIABLE: return set_variables(w, n);
  default: return drop(w, n);
  }
}
