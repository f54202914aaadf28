/* Calls of SQL functions: the body takes the place of the call, with the arguments in the places of the
** parameters, so that it is optimised with the query around it and nothing is called while it runs.
**
** A body sees its parameters, the session's views, variables and functions, and nothing of the query that
** calls it. Names in it mean columns of its own queries first, then parameters. */
#include "plan/routine.h"

#include <string.h>
#include <strings.h>

#include "plan/plan_int.h"
#include "plan/sql_path.h"
#include "plan/warehouse_int.h"

/* ---- finding ---------------------------------------------------------------------------------- */

/* One of the catalogue, whose names are small. */
static const mill_stored_function *lasting(mill_planner *w, const char *database,
                                           const char *name) {
  const char *in = mill_w_small(w, database), *called = mill_w_small(w, name);
  mill_catalog *c = in && called ? mill_w_catalog(w) : NULL;
  const mill_catalog_function *f = NULL;
  if (c) w->status = mill_catalog_function_get(c, in, called, w->arena, &f, w->err);
  mill_stored_function *out = f && !w->status ? mill_w_alloc(w, sizeof *out) : NULL;
  if (out == NULL) return NULL;
  *out = (mill_stored_function){mill_w_printf(w, "spark_catalog.%s.%s", in, called), f->definition,
                                f->path, false};
  return out->name ? out : NULL;
}

/* The first of the path that has the name; NULL and no error: what is built in, or none. */
static const mill_stored_function *along_path(mill_planner *w, const char *at, const char *name) {
  const mill_stored_function *f = NULL;
  mill_path_entry e;
  while (f == NULL && w->status == MILL_OK && mill_path_next(w, &at, &e)) {
    if (e.builtin && mill_function_find(name, strlen(name))) return NULL;
    if (e.session)
      f = mill_function_store_find(mill_session_functions(w->session), name);
    else if (mill_path_schema(w, &e, name))
      f = lasting(w, e.parts[1], name);
  }
  return f;
}

const mill_stored_function *mill_find_routine(mill_planner *w, const char *name,
                                              const char *const *parts, int n) {
  const mill_function_store *s = mill_session_functions(w->session);
  if (n <= 1) {
    if (mill_w_path(w)) return along_path(w, mill_w_path(w), name);
    if (mill_function_find(name, strlen(name))) return NULL; /* what is built in comes first */
    const mill_stored_function *f = mill_function_store_find(s, name);
    return f ? f : lasting(w, mill_w_database(w), name);
  }
  bool system = n == 3 && strcasecmp(parts[0], "system") == 0;
  if (strcasecmp(parts[n - 2], "session") == 0 && (n == 2 || system)) {
    const mill_stored_function *f = mill_function_store_find(s, name);
    if (f || system) return f;
  }
  if (n > 3 || (n == 3 && strcasecmp(parts[0], "spark_catalog") != 0)) return NULL;
  return lasting(w, parts[n - 2], name);
}

const mill_routine *mill_parse_routine(mill_planner *w, const mill_stored_function *f) {
  mill_plan *p = NULL;
  w->status = mill_plan_new(w->session, &p, w->err);
  if (w->status) return NULL;
  w->status = mill_plan_keep_plan(w->plan, p, w->err);
  mill_plan_unref(p);
  if (w->status == MILL_OK)
    w->status = mill_session_parse_statement(w->session)(p, f->text, strlen(f->text), w->err);
  if (w->status) return NULL;
  mill_routine *r = mill_w_alloc(w, sizeof *r);
  if (r == NULL) return NULL;
  *r = *p->root->routine;
  r->path = w->set.paths ? f->path ? f->path : MILL_PATH_DEFAULT : NULL;
  return r;
}

bool mill_routine_reads(const mill_routine *r) {
  return r->access && strcmp(r->access, "READS SQL DATA") == 0;
}

bool mill_not_temporary(mill_planner *w, const char *kind, const char *name) {
  const mill_making *m = w->views && w->making && w->making->view ? NULL : w->making;
  if (m == NULL) return true;
  (void)MILL_W_NOTE(w, MILL_E_INVALID_TEMP_OBJ_REFERENCE, "obj", m->kind, "objName", m->name,
                    "tempObj", kind, "tempObjName", mill_w_quoted_parts(w, &name, 1), NULL);
  return false;
}

/* ---- parameters ------------------------------------------------------------------------------- */

static const mill_expr *to_outer(mill_planner *w, const mill_expr *e, void *arg) {
  (void)arg;
  if (e->kind != MILL_X_COLUMN) return NULL;
  mill_expr *c = mill_x_copy(w, e);
  if (c) c->kind = MILL_X_OUTER;
  return c;
}

const mill_expr *mill_find_argument(mill_planner *w, const mill_scope *s, const mill_expr *e,
                                    bool below) {
  const mill_arguments *a = s->arguments;
  bool named = a && e->nparts > 1 && mill_w_same_name(w, e->parts[0], a->function);
  for (int qualified = named; a && qualified >= 0; qualified--)
    for (int i = 0; i < a->n; i++) {
      if (!mill_w_same_name(w, a->names[i], e->parts[qualified])) continue;
      const mill_expr *r = a->values[i];
      if (below) r = mill_x_map(w, r, to_outer, NULL);
      for (int k = qualified + 1; r && k < e->nparts; k++)
        r = mill_bind_field(w, r, e->parts[k], e);
      return r;
    }
  return NULL;
}

/* ---- bodies ----------------------------------------------------------------------------------- */

/* What of the planner a body must not see, put aside while it is resolved. */
typedef struct put_aside {
  const struct mill_cte *ctes;
  const mill_variable_scope *locals;
  const mill_parameters *params;
  const char *no_routines;
  const mill_type *texts;
  const char *path;
} put_aside;

/* path: of names in it; NULL: the one in force. */
static put_aside enter_body(mill_planner *w, const char *path) {
  put_aside p = {w->ctes, w->locals, w->params, w->no_routines, w->texts, w->path};
  if (path) w->path = path;
  w->ctes = NULL;
  w->locals = NULL;
  w->params = NULL;
  w->no_routines = NULL;
  w->texts = NULL;
  return p;
}

static void leave_body(mill_planner *w, put_aside p) {
  w->ctes = p.ctes;
  w->locals = p.locals;
  w->params = p.params;
  w->no_routines = p.no_routines;
  w->texts = p.texts;
  w->path = p.path;
}

const mill_expr *mill_routine_value(mill_planner *w, const mill_routine *r,
                                    const mill_arguments *arguments) {
  mill_scope s = {.arguments = arguments, .nested = true};
  put_aside p = enter_body(w, r->path);
  const mill_expr *e = mill_resolve(w, &s, r->body);
  leave_body(w, p);
  while (e && e->kind == MILL_X_ALIAS) e = e->args[0];
  return e && r->returns ? mill_x_explicit_cast(w, e, r->returns) : e;
}

/* The columns cast and called as RETURNS TABLE says. */
static const mill_node *as_returned(mill_planner *w, const mill_routine *r, const mill_node *q) {
  mill_exprs l = {0};
  if (r->ncolumns == 0) return q;
  for (int i = 0; i < r->ncolumns; i++) {
    const mill_expr *e = mill_x_explicit_cast(w, q->output[i], r->columns[i].type);
    if (!mill_exprs_add(w, &l, mill_x_alias(w, e, r->columns[i].name))) return NULL;
  }
  return mill_w_project(w, q, &l);
}

const mill_node *mill_routine_table(mill_planner *w, const mill_routine *r,
                                    const mill_arguments *arguments) {
  mill_scope s = {.arguments = arguments};
  if (!r->query)
    return MILL_W_FAIL_AT(w, r->body, MILL_E_UDF_SQL_TABLE_UDF_BODY_MUST_BE_A_QUERY, "name",
                          arguments->function, NULL);
  put_aside p = enter_body(w, r->path);
  const mill_node *q = mill_analyse(w, r->body->query, &s);
  leave_body(w, p);
  if (q && r->ncolumns && r->ncolumns != q->noutput)
    return MILL_W_FAIL_AT(w, r->body, MILL_E_UDF_RETURN_COLUMN_COUNT_MISMATCH, "outputSize",
                          mill_error_fmt(w->err, "%d", q->noutput), "returnParamSize",
                          mill_error_fmt(w->err, "%d", r->ncolumns), "name", arguments->function,
                          NULL);
  return q ? as_returned(w, r, q) : NULL;
}

/* ---- arguments -------------------------------------------------------------------------------- */

/* `spark_catalog`.`default`.`f`; of a temporary one `f`. */
static const char *quoted(mill_planner *w, const mill_stored_function *f) {
  if (f->temporary) return mill_w_quoted_parts(w, &f->name, 1);
  const char *database = strchr(f->name, '.') + 1, *name = strrchr(database, '.') + 1;
  const char *parts[] = {"spark_catalog", mill_w_copy(w, database, (size_t)(name - 1 - database)),
                         name};
  return parts[1] ? mill_w_quoted_parts(w, parts, 3) : "";
}

static bool wrong_number(mill_planner *w, const mill_expr *e, const mill_stored_function *f,
                         int wanted) {
  (void)MILL_W_FAIL_AT(w, e, MILL_E_WRONG_NUM_ARGS_WITHOUT_SUGGESTION, "functionName", quoted(w, f),
                       "expectedNum", mill_error_fmt(w->err, "%d", wanted), "actualNum",
                       mill_error_fmt(w->err, "%d", e->nargs), "docroot",
                       "https://spark.apache.org/docs/latest", NULL);
  return false;
}

static bool missing(mill_planner *w, const mill_expr *e, const mill_stored_function *f,
                    const mill_routine *r, int i) {
  if (!mill_has_named_arguments(e)) return wrong_number(w, e, f, r->nparameters);
  (void)MILL_W_FAIL_AT(w, e, MILL_E_REQUIRED_PARAMETER_NOT_FOUND, "routineName", quoted(w, f),
                       "parameterName", mill_w_quoted_parts(w, &r->parameters[i].name, 1), "index",
                       mill_error_fmt(w->err, "%d", i), NULL);
  return false;
}

/* A default is resolved where nothing of the call is in sight. */
static const mill_expr *preset_of(mill_planner *w, const mill_routine_field *f, const char *path) {
  mill_scope none = {0};
  put_aside p = enter_body(w, path);
  const mill_expr *e = mill_resolve(w, &none, f->preset);
  leave_body(w, p);
  return e;
}

/* The arguments of the call, each resolved: as they are shown, and cast to the parameters' types. */
static bool take_arguments(mill_planner *w, const mill_scope *s, const mill_expr *e,
                           const mill_stored_function *f, const mill_routine *r, mill_exprs *shown,
                           mill_arguments *out) {
  int n = r->nparameters, given = e->nargs;
  const char **names = mill_w_alloc(w, (size_t)(n + 1) * sizeof *names);
  const mill_expr **placed = mill_w_alloc(w, (size_t)(n + 1) * sizeof *placed);
  const mill_expr **values = mill_w_alloc(w, (size_t)(n + 1) * sizeof *values);
  if (names == NULL || placed == NULL || values == NULL) return false;
  for (int i = 0; i < n; i++) names[i] = r->parameters[i].name;
  if (!mill_place_by_name(w, e, quoted(w, f), names, n, placed, &given)) return false;
  bool named = mill_has_named_arguments(e);
  if (!named && e->nargs > n) return wrong_number(w, e, f, n);
  for (int i = 0; i < n; i++) {
    const mill_expr *v = placed[i];
    if (v == NULL && r->parameters[i].preset == NULL) return missing(w, e, f, r, i);
    v = v ? mill_resolve(w, s, v) : preset_of(w, &r->parameters[i], r->path);
    while (v && v->kind == MILL_X_ALIAS) v = v->args[0];
    if (v == NULL) return false;
    if ((named || placed[i]) && !mill_exprs_add(w, shown, v)) return false;
    values[i] = mill_x_explicit_cast(w, v, r->parameters[i].type);
    if (values[i] == NULL) return false;
  }
  out->names = names;
  out->values = values;
  out->n = n;
  return true;
}

/* Note that the function is being entered; NULL: it is inside itself. */
static bool enter(mill_planner *w, const mill_stored_function *f, mill_called *own) {
  *own = (mill_called){w->called, f->name, f->temporary};
  const char *path = f->name;
  for (const mill_called *c = w->called; c; c = c->next) {
    path = mill_w_printf(w, "%s -> %s", c->name, path);
    if (strcasecmp(c->name, f->name) != 0 || c->temporary != f->temporary) continue;
    (void)MILL_W_NOTE(w, MILL_E_CYCLIC_FUNCTION_REFERENCE, "path", path ? path : "", NULL);
    return false;
  }
  if (f->temporary && !mill_not_temporary(w, "FUNCTION", f->name)) return false;
  w->called = own;
  return true;
}

static const char *printed(mill_planner *w, const char *name, const mill_exprs *shown) {
  const char *list = "";
  for (int i = 0; list && i < shown->n; i++)
    list = mill_w_printf(w, "%s%s%s", list, i ? ", " : "", mill_w_sql(w, shown->at[i]));
  return list ? mill_w_printf(w, "%s(%s)", name, list) : NULL;
}

static const char *last_part(const char *name) {
  const char *dot = strrchr(name, '.');
  return dot ? dot + 1 : name;
}

/* ---- calls ------------------------------------------------------------------------------------ */

static const char *unsupported_clause(const mill_expr *e) {
  return e->distinct       ? "DISTINCT"
         : e->filter       ? "FILTER CLAUSE"
         : e->norder       ? "WITHIN GROUP (ORDER BY ...)"
         : e->ignore_nulls ? "IGNORE NULLS"
                           : NULL;
}

/* Where a SQL function cannot be called, Spark says so. */
static bool callable(mill_planner *w, const mill_scope *s, const mill_expr *e,
                     const mill_stored_function *f, const mill_routine *r) {
  const char *name = quoted(w, f), *clause = unsupported_clause(e);
  if (r->table)
    (void)MILL_W_FAIL_AT(w, e, MILL_E_NOT_A_SCALAR_FUNCTION, "functionName", name, NULL);
  else if (clause)
    (void)MILL_W_FAIL_AT(w, e, MILL_E_INVALID_SQL_SYNTAX_FUNCTION_WITH_UNSUPPORTED_SYNTAX,
                         "prettyName", name, "syntax", clause, NULL);
  else if (s->variables)
    (void)MILL_W_FAIL_AT(w, e, MILL_E_UNSUPPORTED_FEATURE_LAMBDA_FUNCTION_WITH_SQL_UDF, "funcName",
                         f->name, NULL);
  else if (w->no_routines && strcmp(w->no_routines, "InlineTable") == 0)
    (void)MILL_W_FAIL_AT(w, e,
                         MILL_E_INVALID_INLINE_TABLE_CANNOT_EVALUATE_EXPRESSION_IN_INLINE_TABLE,
                         "expr", mill_w_quoted_sql(w, e), NULL);
  else if (w->no_routines)
    (void)MILL_W_FAIL_AT(w, e, MILL_E_UNSUPPORTED_SQL_UDF_USAGE, "functionName", name, "nodeName",
                         w->no_routines, NULL);
  return w->status == MILL_OK;
}

/* A node that can be printed as the call; a column keeps its own name, so a cast stands before it. */
static mill_expr *own_node(mill_planner *w, const mill_expr *body) {
  if (body->kind != MILL_X_COLUMN && body->kind != MILL_X_OUTER) return mill_x_copy(w, body);
  mill_expr *c = mill_x_new(w, MILL_X_CAST, body);
  const mill_expr **args = mill_w_alloc(w, sizeof *args);
  if (c == NULL || args == NULL) return NULL;
  args[0] = body;
  c->args = args, c->nargs = 1;
  c->target = body->type;
  c->mode = MILL_CAST_ANSI;
  return mill_x_copy(w, mill_bind_cast(w, c));
}

const mill_expr *mill_call_routine(mill_planner *w, const mill_scope *s, const mill_expr *e,
                                   const mill_stored_function *f) {
  mill_called own;
  mill_exprs shown = {0};
  mill_scope below = *s;
  const char *name = mill_w_copy(w, f->name, strlen(f->name));
  const mill_called *before = w->called;
  mill_arguments arguments = {.function = name ? last_part(name) : ""};
  below.nested = true;
  if (name == NULL || !enter(w, f, &own)) return NULL;
  w->called = before; /* arguments are outside */
  const mill_routine *r = mill_parse_routine(w, f);
  w->reads |= r && mill_routine_reads(r);
  bool ok = r && callable(w, s, e, f, r) && take_arguments(w, &below, e, f, r, &shown, &arguments);
  w->called = &own;
  const mill_expr *body = ok ? mill_routine_value(w, r, &arguments) : NULL;
  w->called = before;
  mill_expr *c = body ? own_node(w, body) : NULL;
  if (c == NULL) return NULL;
  c->pretty = printed(w, name, &shown);
  c->name = c->kind == MILL_X_LITERAL ? NULL : c->name; /* no variable's */
  c->text = e->text, c->start = e->start, c->stop = e->stop;
  return c;
}

const mill_node *mill_call_table_routine(mill_planner *w, const mill_node *n,
                                         const mill_scope *outer, const mill_stored_function *f) {
  mill_called own;
  mill_exprs shown = {0};
  mill_scope none = {.outer = outer, .nested = true};
  const mill_called *before = w->called;
  const char *name = mill_w_copy(w, f->name, strlen(f->name));
  mill_arguments arguments = {.function = name ? last_part(name) : ""};
  mill_expr *call = mill_x_new(w, MILL_X_CALL, NULL);
  if (name == NULL || call == NULL || !enter(w, f, &own)) return NULL;
  call->name = n->name;
  call->args = n->exprs, call->nargs = n->nexprs;
  call->text = n->text, call->start = n->start, call->stop = n->stop;
  w->called = before;
  const mill_routine *r = mill_parse_routine(w, f);
  if (r == NULL) return NULL;
  w->reads |= mill_routine_reads(r);
  if (!r->table)
    return MILL_W_FAIL_AT(w, n, MILL_E_NOT_A_TABLE_FUNCTION, "functionName", quoted(w, f), NULL);
  if (!take_arguments(w, &none, call, f, r, &shown, &arguments)) return NULL;
  w->called = &own;
  const mill_node *q = mill_routine_table(w, r, &arguments);
  w->called = before;
  return q ? mill_requalify(w, q, arguments.function, NULL, true) : NULL;
}
