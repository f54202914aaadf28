/* CREATE, DROP, DESCRIBE and SHOW of SQL functions.
**
** A function is checked when it is created, by resolving its body over columns that stand for its
** parameters; what is kept is the text of the statement. */
#include <string.h>
#include <strings.h>

#include "plan/plan_int.h"
#include "plan/routine.h"
#include "plan/text_cache.h"
#include "plan/warehouse_int.h"

/* ---- names ------------------------------------------------------------------------------------ */

typedef struct routine_name {
  const char *database, *name; /* the last parts; database NULL: temporary */
  const char *key;             /* as it is shown */
  const char *quoted;
  bool temporary;
} routine_name;

static bool session_part(const char *const *parts, int n) {
  return (n == 1 && strcasecmp(parts[0], "session") == 0) ||
         (n == 2 && strcasecmp(parts[0], "system") == 0 && strcasecmp(parts[1], "session") == 0);
}

static bool name_of(mill_planner *w, const mill_node *n, routine_name *out) {
  const mill_node *r = mill_identifier(w, n->child[0]);
  if (r == NULL) return false;
  int k = r->nparts;
  const char *name = mill_w_small(w, r->parts[k - 1]);
  if (name == NULL) return false;
  *out = (routine_name){.name = name, .temporary = n->temporary};
  if (n->temporary) {
    out->key = name;
    out->quoted = mill_w_quoted_parts(w, &name, 1);
    if (k == 1 || session_part(r->parts, k - 1)) return true;
    (void)MILL_W_FAIL_AT(w, n, MILL_E_INVALID_TEMP_OBJ_QUALIFIER, "objectType", "FUNCTION",
                         "objectName", mill_w_quoted_parts(w, &name, 1), "qualifier",
                         mill_w_quoted_parts(w, r->parts, k - 1), NULL);
    return false;
  }
  const char *database = k > 1 ? mill_w_small(w, r->parts[k - 2]) : mill_w_database(w);
  const char *full[] = {database, name};
  const mill_catalog_database *d;
  if (database == NULL || !mill_w_find_database(w, database, &d)) return false;
  out->database = database;
  out->key = mill_w_printf(w, "spark_catalog.%s.%s", database, name);
  out->quoted = mill_w_quoted_parts(w, full, 2);
  if (d == NULL) return mill_w_no_database(w, n, database), false;
  return out->key && out->quoted;
}

/* ---- checks ----------------------------------------------------------------------------------- */

static const char *small(mill_planner *w, const char *name) {
  const char *folded = mill_w_fold(w, name);
  return mill_w_quoted_parts(w, &folded, 1);
}

/* A field whose name another before it has; -1: none. */
static int doubled(const mill_planner *w, const mill_routine_field *f, int n) {
  for (int i = 0; i < n; i++)
    for (int k = 0; k < i; k++)
      if (mill_w_same_name(w, f[i].name, f[k].name)) return i;
  return -1;
}

static bool check_names(mill_planner *w, const mill_node *n, const routine_name *name) {
  const mill_routine *r = n->routine;
  int i = doubled(w, r->parameters, r->nparameters);
  if (i >= 0)
    (void)MILL_W_FAIL_AT(w, n, MILL_E_DUPLICATE_ROUTINE_PARAMETER_NAMES, "routineName", name->name,
                         "names", small(w, r->parameters[i].name), NULL);
  i = doubled(w, r->columns, r->ncolumns);
  if (i >= 0)
    (void)MILL_W_FAIL_AT(w, n, MILL_E_DUPLICATE_ROUTINE_RETURNS_COLUMNS, "routineName", name->name,
                         "columns", small(w, r->columns[i].name), NULL);
  return w->status == MILL_OK;
}

static bool check_presets(mill_planner *w, const mill_node *n, const routine_name *name) {
  const mill_routine *r = n->routine;
  mill_scope none = {0};
  for (int i = 0; i < r->nparameters; i++) {
    const mill_routine_field *f = &r->parameters[i], *next = f + 1;
    if (f->preset == NULL) continue;
    if (i + 1 < r->nparameters && next->preset == NULL)
      (void)MILL_W_FAIL_AT(w, n, MILL_E_UDF_NOT_A_VALID_DEFAULT_PARAMETER_POSITION, "functionName",
                           name->name, "parameterName", f->name, "nextParameterName", next->name,
                           NULL);
    else if (mill_x_has_subquery(f->preset))
      (void)MILL_W_FAIL_AT(w, n, MILL_E_UDF_NOT_A_VALID_DEFAULT_EXPRESSION, "functionName",
                           name->name, "parameterName", f->name, NULL);
    if (w->status) return false;
    const mill_expr *e = mill_resolve(w, &none, f->preset);
    if (e == NULL || mill_x_explicit_cast(w, e, f->type) == NULL) return false;
  }
  return true;
}

/* Columns in the place of the arguments. */
static bool stand_ins(mill_planner *w, const mill_routine *r, const char *name,
                      mill_arguments *out) {
  int n = r->nparameters;
  const char **names = mill_w_alloc(w, (size_t)(n + 1) * sizeof *names);
  const mill_expr **values = mill_w_alloc(w, (size_t)(n + 1) * sizeof *values);
  for (int i = 0; names && values && i < n; i++) {
    mill_expr *c = mill_x_new(w, MILL_X_COLUMN, NULL);
    const mill_expr *null =
        mill_x_explicit_cast(w, mill_x_null(w, mill_type_of(MILL_NULL)), r->parameters[i].type);
    if (c == NULL || null == NULL) return false;
    c->name = names[i] = r->parameters[i].name;
    c->type = null->type; /* without the length of a CHAR */
    c->nullable = true;
    c->id = mill_session_next_id(w->session);
    values[i] = c;
  }
  *out = (mill_arguments){name, names, values, n};
  return names && values;
}

/* A body that is no query may hold no aggregates and their like. */
static bool simple(mill_planner *w, const mill_node *n, const mill_expr *e) {
  if (!mill_x_has_aggregate(e) && !mill_x_has_window(e) && !mill_x_has_generator(e)) return true;
  (void)MILL_W_FAIL_AT(w, n, MILL_E_UDF_CANNOT_CONTAIN_COMPLEX_FUNCTIONS, "queryText",
                       n->routine->body_text, NULL);
  return false;
}

static bool check_body(mill_planner *w, const mill_node *n, const routine_name *name) {
  const mill_routine *r = n->routine;
  mill_arguments arguments;
  mill_making making = {"FUNCTION", mill_w_copy(w, name->quoted, strlen(name->quoted)), false};
  if (making.name == NULL || !stand_ins(w, r, name->name, &arguments)) return false;
  if (!name->temporary) w->making = &making;
  mill_called own = {NULL, name->key, name->temporary};
  w->called = &own;
  w->reads = false;
  bool ok;
  if (r->table) {
    ok = mill_routine_table(w, r, &arguments) != NULL;
  } else {
    const mill_expr *e = mill_routine_value(w, r, &arguments);
    ok = e && simple(w, n, e);
  }
  w->making = NULL;
  w->called = NULL;
  if (ok && w->reads && r->access && !mill_routine_reads(r)) {
    (void)MILL_W_FAIL_AT(w, n, MILL_E_INVALID_SQL_FUNCTION_DATA_ACCESS, NULL);
    return false;
  }
  return ok;
}

/* ---- create and drop -------------------------------------------------------------------------- */

/* *there: one has the name. The catalogue is that of the running transaction. */
static bool find(mill_planner *w, const routine_name *name, bool *there) {
  *there = name->temporary &&
           mill_function_store_find(mill_session_functions(w->session), name->name) != NULL;
  mill_catalog *c = name->temporary ? NULL : mill_w_catalog(w);
  const mill_catalog_function *f = NULL;
  if (c) w->status = mill_catalog_function_get(c, name->database, name->name, w->arena, &f, w->err);
  *there |= f != NULL;
  return w->status == MILL_OK;
}

static bool put(mill_planner *w, const routine_name *name, const char *text) {
  const char *path = mill_path_kept(w, !name->temporary);
  if (w->status) return false;
  if (name->temporary) {
    w->status = mill_function_store_define(mill_session_functions(w->session), name->name, text,
                                           path, w->err);
  } else {
    mill_catalog_function f = {name->database, name->name, text, path};
    w->status = mill_catalog_function_put(mill_w_catalog(w), &f, w->err);
  }
  return w->status == MILL_OK;
}

static bool store(mill_planner *w, const mill_node *n, const routine_name *name) {
  bool there;
  if (!find(w, name, &there) || (there && n->if_exists)) return w->status == MILL_OK;
  if (!there || n->replace) return put(w, name, n->routine->text);
  (void)MILL_W_FAIL_AT(w, n, MILL_E_ROUTINE_ALREADY_EXISTS, "routineName", name->quoted,
                       "newRoutineType", "routine", "existingRoutineType", "routine", NULL);
  return false;
}

static const mill_node *create(mill_planner *w, const mill_node *n) {
  routine_name name;
  if (!name_of(w, n, &name) || !check_names(w, n, &name)) return NULL;
  if (!check_presets(w, n, &name) || !check_body(w, n, &name)) return NULL;
  mill_text_cache_clear(mill_session_texts(w->session));
  if (!name.temporary && !mill_w_begin(w)) return NULL;
  bool good = store(w, n, &name);
  if (!name.temporary) good = mill_w_end(w, good);
  return good ? mill_nothing(w) : NULL;
}

/* Dropping what is there. */
static bool take(mill_planner *w, const routine_name *name) {
  if (name->temporary)
    return mill_function_store_drop(mill_session_functions(w->session), name->name);
  if (!mill_w_begin(w)) return false;
  mill_catalog *c = mill_w_catalog(w);
  if (c) w->status = mill_catalog_function_drop(c, name->database, name->name, w->err);
  return mill_w_end(w, true);
}

static const mill_node *drop(mill_planner *w, const mill_node *n) {
  routine_name name;
  bool there;
  if (!name_of(w, n, &name) || !find(w, &name, &there)) return NULL;
  bool bare = n->child[0]->nparts == 1;
  bool built_in = bare && mill_function_find(name.name, strlen(name.name));
  if (there && (n->temporary || !built_in)) {
    mill_text_cache_clear(mill_session_texts(w->session));
    return take(w, &name) ? mill_nothing(w) : NULL;
  }
  if (built_in)
    return MILL_W_FAIL_AT(w, n, MILL_E_FORBIDDEN_OPERATION, "statement", "DROP", "objectType",
                          "FUNCTION", "objectName", mill_w_quoted_parts(w, &name.name, 1), NULL);
  if (bare && !n->temporary &&
      mill_function_store_find(mill_session_functions(w->session), name.name))
    return MILL_W_FAIL_AT(
        w, n, MILL_E_EXPECT_PERSISTENT_FUNCTION_NOT_TEMP, "functionName",
        mill_w_quoted_parts(w, &name.name, 1), "operation", "DROP FUNCTION", "alternative",
        " Please use DROP TEMPORARY FUNCTION to drop a temporary function.", NULL);
  if (n->if_exists) return mill_nothing(w);
  return MILL_W_FAIL_AT(w, n, MILL_E_ROUTINE_NOT_FOUND, "routineName", name.quoted, NULL);
}

const mill_node *mill_analyse_routine(mill_planner *w, const mill_node *n) {
  return n->kind == MILL_N_CREATE_FUNCTION ? create(w, n) : drop(w, n);
}

/* ---- describe --------------------------------------------------------------------------------- */

typedef struct description {
  mill_planner *w;
  const char **line;
  int n, width; /* of the labels */
} description;

static void say(description *d, const char *label, const char *text) {
  d->line[d->n] = mill_w_printf(d->w, "%-*s%s", d->width, label, text);
  d->n += d->line[d->n] != NULL;
}

static const char *type_text(mill_planner *w, const mill_type *t) {
  mill_text text;
  mill_text_init(&text, w->ctx->memory);
  w->status = mill_type_sql(t, &text, w->err);
  const char *s = w->status ? NULL : mill_w_copy(w, text.data, text.size);
  mill_text_clear(&text);
  return s ? s : "";
}

/* name TYPE, in columns; extended: with defaults and comments. */
static void say_fields(description *d, const char *label, const mill_routine_field *f, int n,
                       bool extended) {
  int name = 0, type = 0;
  for (int i = 0; i < n; i++) {
    int k = (int)strlen(f[i].name), t = (int)strlen(type_text(d->w, f[i].type));
    name = k > name ? k : name;
    type = t > type ? t : type;
  }
  for (int i = 0; i < n; i++) {
    const char *more = "";
    if (extended && f[i].preset) more = mill_w_printf(d->w, " DEFAULT %s", f[i].preset_text);
    if (extended && f[i].comment) more = mill_w_printf(d->w, "%s '%s'", more, f[i].comment);
    const char *text = mill_w_printf(d->w, "%-*s %-*s%s", name, f[i].name, type,
                                     type_text(d->w, f[i].type), more ? more : "");
    say(d, i ? "" : label, text ? text : "");
  }
  if (n == 0) say(d, label, "()");
}

/* The columns that the body gives, where RETURNS does not say. */
static const mill_routine_field *body_columns(mill_planner *w, const mill_routine *r, int *n) {
  mill_arguments arguments;
  const mill_node *q =
      stand_ins(w, r, "", &arguments) ? mill_routine_table(w, r, &arguments) : NULL;
  mill_routine_field *f = q ? mill_w_alloc(w, (size_t)(q->noutput + 1) * sizeof *f) : NULL;
  for (int i = 0; f && i < q->noutput; i++)
    f[i] = (mill_routine_field){.name = q->output[i]->name, .type = q->output[i]->type};
  *n = f ? q->noutput : 0;
  return f;
}

static void say_returns(description *d, const mill_routine *r) {
  mill_planner *w = d->w;
  mill_arguments arguments;
  if (r->table) {
    int n = r->ncolumns;
    const mill_routine_field *f = n ? r->columns : body_columns(w, r, &n);
    say_fields(d, "Returns:", f, n, false);
  } else if (r->returns) {
    say(d, "Returns:", type_text(w, r->returns));
  } else if (stand_ins(w, r, "", &arguments)) {
    const mill_expr *e = mill_routine_value(w, r, &arguments);
    if (e) say(d, "Returns:", type_text(w, e->type));
  }
}

const char **mill_describe_routine(mill_planner *w, const mill_stored_function *f, bool extended,
                                   int *n) {
  const mill_routine *r = mill_parse_routine(w, f);
  if (r == NULL) return NULL;
  int most = 17 + r->nparameters + r->ncolumns;
  if (r->table && r->ncolumns == 0) {
    int extra = 0;
    if (body_columns(w, r, &extra) == NULL) return NULL;
    most += extra;
  }
  description d = {w, mill_w_alloc(w, (size_t)most * sizeof *d.line), 0, extended ? 15 : 10};
  if (d.line == NULL) return NULL;
  say(&d, "Function:", f->name);
  say(&d, "Type:", r->table ? "TABLE" : "SCALAR");
  say_fields(&d, "Input:", r->parameters, r->nparameters, extended);
  say_returns(&d, r);
  if (extended) {
    if (r->comment) say(&d, "Comment:", r->comment);
    say(&d, "Deterministic:", r->not_deterministic ? "false" : "true");
    say(&d, "Data Access:", r->access ? r->access : "CONTAINS SQL");
    say(&d, "Body:", r->body_text);
    if (f->path) say(&d, "SQL Path:", mill_path_shown(w, f->path));
  }
  *n = d.n;
  return w->status ? NULL : d.line;
}
