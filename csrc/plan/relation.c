/* Leaves: views, WITH queries, files, inline tables and table functions. */
#include <string.h>
#include <strings.h>

#include "kernel/coerce.h"
#include "plan/format.h"
#include "plan/warehouse_int.h"
#include "stream/source.h"

struct mill_cte {
  const struct mill_cte *next;
  const char *name;
  const mill_node *query; /* analysed */
  const char *const *columns;
};

bool mill_table_output(mill_planner *w, mill_node *n, const mill_type *schema) {
  n->output = mill_w_alloc(w, (size_t)(schema->nfields + 1) * sizeof *n->output);
  if (n->output == NULL) return false;
  for (uint32_t i = 0; i < schema->nfields; i++) {
    mill_expr *c = mill_x_new(w, MILL_X_COLUMN, NULL);
    if (c == NULL) return false;
    c->name = schema->fields[i].name;
    c->type = schema->fields[i].type;
    c->nullable = schema->fields[i].nullable;
    c->metadata = schema->fields[i].metadata;
    c->id = mill_session_next_id(w->session);
    n->output[i] = c;
  }
  n->noutput = (int)schema->nfields;
  return true;
}

/* ---- sources -------------------------------------------------------------------------------- */

/* The column that a source has beyond its output: its only expression. */
static bool add_hidden(mill_planner *w, mill_node *s, const mill_type *t) {
  mill_expr *c = mill_x_new(w, MILL_X_COLUMN, NULL);
  s->exprs = mill_w_alloc(w, sizeof *s->exprs);
  if (c == NULL || s->exprs == NULL) return false;
  c->name = "_metadata";
  c->type = t;
  c->id = mill_session_next_id(w->session);
  s->exprs[0] = c;
  s->nexprs = 1;
  return true;
}

static void unref_scan(void *s) { mill_scan_unref(s); }

const mill_node *mill_analyse_source(mill_planner *w, const mill_node *n) {
  mill_node *s = mill_w_node_copy(w, n);
  mill_source *source = mill_w_alloc(w, sizeof *source);
  if (s == NULL || source == NULL) return NULL;
  *source = *n->source;
  s->source = source;
  if (n->streaming && source->stream == NULL && !mill_stream_source_open(w, source)) return NULL;
  s->streaming = source->stream != NULL;
  if (s->streaming) source->schema = source->stream->schema;
  if (source->scan == NULL && source->stream == NULL) {
    mill_settings_once(&w->set);
    mill_read r = {.format = source->format,
                   .paths = source->paths,
                   .npaths = source->npaths,
                   .options = {source->options, source->noptions},
                   .schema = source->schema,
                   .conf = (const char *(*)(void *, const char *))mill_session_get,
                   .conf_arg = w->session};
    w->status = mill_format_open(w->ctx, &w->set, &r, &source->scan, w->err);
    if (w->status) return NULL;
    w->status = mill_plan_keep(w->plan, source->scan, unref_scan, w->err);
    if (w->status) return NULL;
    source->schema = source->scan->schema;
  }
  if (source->scan && source->scan->hidden && !add_hidden(w, s, source->scan->hidden)) return NULL;
  return mill_table_output(w, s, source->schema) ? s : NULL;
}

static const mill_node *file_relation(mill_planner *w, const mill_node *n) {
  mill_node *s = mill_w_node(w, MILL_N_SOURCE, n);
  mill_source *source = mill_w_alloc(w, sizeof *source);
  const char **paths = mill_w_alloc(w, sizeof *paths);
  if (s == NULL || source == NULL || paths == NULL) return NULL;
  paths[0] = n->parts[1];
  *source = (mill_source){.format = n->parts[0],
                          .npaths = 1,
                          .paths = paths,
                          .noptions = n->noptions,
                          .options = n->options};
  s->source = source;
  return mill_analyse_source(w, s);
}

/* ---- names ---------------------------------------------------------------------------------- */

static const struct mill_cte *find_cte(const mill_planner *w, const char *name) {
  for (const struct mill_cte *c = w->ctes; c; c = c->next)
    if (mill_w_same_name(w, c->name, name)) return c;
  return NULL;
}

/* A temporary view: the tree it was made of, or its text. */
static const mill_node *use_view(mill_planner *w, mill_plan *view, const char *name) {
  const mill_node *root = mill_plan_use(w->plan, view);
  if (root == NULL) {
    w->status = mill_oom(w->ctx->memory, 1, w->err);
    return NULL;
  }
  if (view->view == NULL) /* a frame's, whose files are still told: it is no reference (select.c) */
    return mill_requalify(w, mill_renew_ids(w, root), name, NULL, false);
  const char **parts = mill_w_alloc(w, sizeof *parts);
  if (parts == NULL) return NULL;
  parts[0] = name;
  return mill_text_view(w, view->view, name, parts, 1);
}

/* The view that is being made must not read itself, nor what is gone before it. */
static bool may_read(mill_planner *w, const mill_node *n, const char *name, bool temporary) {
  if (w->defining && mill_w_same_name(w, w->defining, name)) {
    const char *path = name;
    for (const mill_view_chain *c = w->views; c; c = c->next)
      path = mill_w_printf(w, "%s -> %s", c->name, path);
    (void)MILL_W_FAIL_AT(w, n, MILL_E_RECURSIVE_VIEW, "viewIdent", mill_w_quoted_parts(w, &name, 1),
                         "newPath", path, NULL);
    return false;
  }
  return !temporary || mill_not_temporary(w, "VIEW", name);
}

/* What is kept of a table made anew, since the catalogue has changed: by a plan of its own, for the one at
** hand is about to hold it. */
static mill_cached_table *renewed(mill_planner *w, const char *key, const mill_catalog_table *t) {
  mill_plan *own = NULL;
  mill_planner of;
  const mill_catalog_table *same = NULL;
  const mill_node *rows = NULL;
  w->status = mill_plan_new(w->session, &own, w->err);
  if (w->status == MILL_OK) w->status = mill_planner_init(&of, own, w->err);
  if (w->status == MILL_OK) {
    of.views = w->views;
    if (mill_w_find_table(&of, (mill_table_name){t->database, t->name}, &same) && same)
      rows = t->kind == MILL_TABLE_VIEW ? mill_view_relation(&of, same)
                                        : mill_table_relation(&of, same);
    bool kept = rows && mill_keep_cached(&of, key, rows, true);
    w->status = of.status;
    /* nothing without a reason: of what is there now no plan fitted into memory, and the old one is not it */
    if (same && !kept && w->status == MILL_OK) w->status = mill_oom(w->ctx->memory, 1, w->err);
    w->nameless |= of.nameless;
  }
  mill_plan_unref(own);
  return w->status ? NULL : mill_warehouse_cached(mill_session_warehouse(w->session), key);
}

/* What CACHE TABLE keeps by the key; NULL and no error: nothing. */
static const mill_node *use_cached(mill_planner *w, const char *key, const mill_catalog_table *t,
                                   const char *name) {
  mill_warehouse *h = mill_session_warehouse(w->session);
  mill_cached_table *c = key ? mill_warehouse_cached(h, key) : NULL;
  if (c == NULL) return NULL;
  if (t && c->version != mill_ledger_version(mill_catalog_ledger(h->catalog)))
    c = renewed(w, key, t);
  if (c == NULL) return NULL;
  mill_settings_once(&w->set);
  const mill_node *root = mill_plan_use(w->plan, c->plan);
  return root ? mill_requalify(w, root, name, NULL, true) : NULL;
}

/* A table or view of the catalogue; NULL and no error: there is none. */
static const mill_node *catalogued(mill_planner *w, const mill_node *n) {
  mill_table_name name;
  const mill_catalog_table *t;
  if (!mill_w_table_name(w, n, n->parts, n->nparts, &name) || !mill_w_find_table(w, name, &t) ||
      t == NULL)
    return NULL;
  const char *key = mill_w_printf(w, "%s.%s", t->database, t->name);
  if (key == NULL || !may_read(w, n, key, false)) return NULL;
  if (n->streaming && t->kind != MILL_TABLE_VIEW) return mill_stream_relation(w, n, t);
  const mill_node *cached = use_cached(w, key, t, t->name);
  if (cached || w->status) return cached;
  return t->kind == MILL_TABLE_VIEW ? mill_view_relation(w, t) : mill_table_relation(w, t);
}

const mill_node *mill_identifier(mill_planner *w, const mill_node *n) {
  mill_scope none = {0};
  if (n->nparts || n->nexprs == 0) return n;
  const mill_expr *name = mill_constant_name(w, &none, n->exprs[0]);
  mill_node *c = name ? mill_w_node_copy(w, n) : NULL;
  if (c == NULL) return NULL;
  c->parts = name->parts;
  c->nparts = name->nparts;
  return c;
}

const mill_node *mill_analyse_relation(mill_planner *w, const mill_node *n,
                                       const mill_scope *outer) {
  (void)outer;
  n = mill_identifier(w, n);
  if (n == NULL) return NULL;
  w->reads = true;
  const char *name = n->nparts ? n->parts[n->nparts - 1] : "";
  const struct mill_cte *c = n->nparts == 1 ? find_cte(w, name) : NULL;
  if (c) return mill_requalify(w, c->query, name, c->columns, true);
  n = mill_path_relation(w, n);
  if (n == NULL) return NULL;
  bool lasting = w->views && w->views->lasting;
  mill_plan *v = lasting ? NULL : mill_w_temporary(w, n->parts, n->nparts);
  if (v) {
    if (!may_read(w, n, name, true)) return NULL;
    const mill_node *rows = use_cached(w, mill_w_temporary_key(w, n->parts, n->nparts), NULL, name);
    if (rows == NULL && w->status == MILL_OK) rows = use_view(w, v, name);
    if (rows == NULL || rows->streaming || !n->streaming) return rows;
    return MILL_W_FAIL_AT(w, n, MILL_E_LEGACY_1008, "quoted", name, NULL);
  }
  const mill_node *table = catalogued(w, n);
  if (table || w->status) return table;
  if (n->nparts == 2 && mill_format_readable(n->parts[0])) return file_relation(w, n);
  return mill_w_no_table(w, n);
}

const struct mill_cte *mill_push_cte(mill_planner *w, const char *name, const mill_node *query,
                                     const char *const *columns) {
  const struct mill_cte *before = w->ctes;
  struct mill_cte *c = mill_w_alloc(w, sizeof *c);
  if (c) *c = (struct mill_cte){before, name, query, columns};
  w->ctes = c;
  return before;
}

bool mill_define_cte(mill_planner *w, const mill_node *n, int i, const mill_scope *outer) {
  const mill_node *a = n->ctes[i];
  bool recursive = n->recursive && mill_refers_to(a->child[0], a->alias);
  const mill_node *q =
      recursive ? mill_analyse_recursive(w, a, outer) : mill_analyse(w, a->child[0], outer);
  if (q && a->ncolumns && a->ncolumns != q->noutput)
    (void)MILL_W_FAIL_AT(w, a, MILL_E_ASSIGNMENT_ARITY_MISMATCH, "numExpr",
                         mill_error_fmt(w->err, "%d", a->ncolumns), "numTarget",
                         mill_error_fmt(w->err, "%d", q->noutput), NULL);
  if (q == NULL || w->status) return false;
  (void)mill_push_cte(w, a->alias, q, a->ncolumns ? a->columns : NULL);
  return w->ctes != NULL;
}

const mill_node *mill_analyse_with(mill_planner *w, const mill_node *n, const mill_scope *outer) {
  const struct mill_cte *before = w->ctes;
  for (int i = 0; i < n->nctes; i++)
    if (!mill_define_cte(w, n, i, outer)) return NULL;
  const mill_node *r = mill_analyse(w, n->child[0], outer);
  w->ctes = before;
  return r;
}

/* ---- inline tables and table functions ------------------------------------------------------- */

/* Of these Spark computes no value by itself: some give their operand a name, which an inline table cannot look up. */
static int not_inline(const mill_expr *e, void *arg) {
  static const char *const names[] = {"between",       "nullif", "zeroifnull",
                                      "regexp_substr", "elt",    NULL};
  (void)arg;
  for (int i = 0; names[i]; i++)
    if (mill_x_is_call(e, names[i])) return 1;
  return e->kind == MILL_X_LAMBDA;
}

static const mill_expr *inline_value(mill_planner *w, const mill_scope *s,
                                     const mill_expr *written) {
  const char *before = w->no_routines;
  w->no_routines = "InlineTable";
  const mill_expr *e = mill_resolve(w, s, written);
  w->no_routines = before;
  while (e && e->kind == MILL_X_ALIAS) e = e->args[0];
  bool computable = e == NULL || !(mill_x_draws(e) || mill_x_has_outer(e) || mill_x_has_window(e) ||
                                   mill_x_has_aggregate(e) || mill_x_has_generator(e) ||
                                   mill_x_any(written, not_inline, NULL));
  if (computable) return e;
  return MILL_W_FAIL_AT(w, e,
                        MILL_E_INVALID_INLINE_TABLE_CANNOT_EVALUATE_EXPRESSION_IN_INLINE_TABLE,
                        "expr", mill_w_quoted_sql(w, e), NULL);
}

static const char *value_name(mill_planner *w, const mill_node *n, int c) {
  return n->ncolumns ? n->columns[c] : mill_w_printf(w, "col%d", c + 1);
}

/* The type of a column of the values, which are given row by row; *nullable: may one be NULL? */
static const mill_type *value_type(mill_planner *w, const mill_node *n, const mill_exprs *values,
                                   int column, bool *nullable) {
  int width = n->nexprs / n->nrows;
  const mill_type *t = values->at[column]->type;
  for (int i = column; t && i < n->nexprs; i += width) {
    t = mill_common_value(w->ctx->types, t, values->at[i]->type);
    *nullable |= values->at[i]->nullable;
  }
  if (t == NULL)
    (void)MILL_W_FAIL_AT(w, n, MILL_E_INVALID_INLINE_TABLE_INCOMPATIBLE_TYPES_IN_INLINE_TABLE,
                         "colName", mill_w_printf(w, "`%s`", value_name(w, n, column)), NULL);
  return t;
}

const mill_node *mill_analyse_values(mill_planner *w, const mill_node *n, const mill_scope *outer) {
  int width = n->nrows ? n->nexprs / n->nrows : 0;
  mill_scope none = {.outer = outer};
  mill_exprs l = {0}, cast = {0};
  for (int i = 0; i < n->nexprs; i++)
    if (!mill_exprs_add(w, &l, inline_value(w, &none, n->exprs[i]))) return NULL;
  mill_field *f = mill_w_alloc(w, (size_t)(width + 1) * sizeof *f);
  if (f == NULL) return NULL;
  for (int c = 0; c < width; c++) {
    f[c] = (mill_field){.name = value_name(w, n, c)};
    f[c].type = value_type(w, n, &l, c, &f[c].nullable);
    if (f[c].name == NULL || f[c].type == NULL) return NULL;
  }
  for (int i = 0; i < l.n; i++) {
    const mill_type *t = f[i % width].type;
    bool null = l.at[i]->type->id == MILL_NULL;
    if (!mill_exprs_add(w, &cast, null ? mill_x_null(w, t) : mill_x_cast(w, l.at[i], t)))
      return NULL;
  }
  mill_node *v = mill_w_node_copy(w, n);
  const mill_type *schema = mill_type_struct(w->ctx->types, f, (uint32_t)width);
  if (schema == NULL) w->status = mill_oom(w->ctx->memory, 1, w->err);
  if (v == NULL || schema == NULL || !mill_w_set_exprs(w, v, &cast)) return NULL;
  return mill_table_output(w, v, schema) ? v : NULL;
}

/* The bound as a BIGINT, of a constant as it is written, no variable, no parameter of a function: false where it is
** none, an error where a text is no number. */
static bool range_bound(mill_planner *w, const mill_expr *given, int64_t *out) {
  const mill_vector *v = NULL;
  const mill_expr *e = mill_x_cast(w, given, mill_type_of(MILL_BIGINT));
  if (e == NULL) return false;
  if (mill_w_evaluate(w, e, &v)) {
    if (!mill_vector_valid(v, 0)) return false;
    *out = *(const int64_t *)v->data;
    return true;
  }
  if (given->type->id == MILL_STRING && mill_w_evaluate(w, given, &v))
    (void)MILL_W_FAIL_AT(w, given, MILL_E_CAST_INVALID_INPUT, "expression",
                         mill_w_printf(w, "'%s'", mill_w_sql(w, given)), "sourceType", "\"STRING\"",
                         "targetType", "\"BIGINT\"", "ansiConfig", "\"spark.sql.ansi.enabled\"",
                         NULL);
  return false;
}

static bool range_bounds(mill_planner *w, const mill_node *n, const mill_scope *outer,
                         int64_t *out) {
  static const char *const names[] = {"start", "end", "step"};
  static const char *const places[] = {"first", "second", "third"};
  mill_scope none = {.outer = outer};
  for (int i = 0; i < n->nexprs && i < 3; i++) {
    const mill_expr *e = mill_resolve(w, &none, n->exprs[i]);
    bool variable = e && e->kind == MILL_X_LITERAL && e->name;
    if (e == NULL) return false;
    const char *name = names[n->nexprs == 1 ? 1 : i];
    if (variable || mill_x_has_outer(e) || n->exprs[i]->kind == MILL_X_NAMED || mill_x_draws(e) ||
        mill_x_rewritten(n->exprs[i])) {
      (void)MILL_W_FAIL_AT(w, e, MILL_E_NON_FOLDABLE_ARGUMENT, "funcName", "`range`", "paramName",
                           mill_w_quoted_parts(w, &name, 1), "paramType", "\"BIGINT\"", NULL);
      return false;
    }
    if (!mill_type_numeric(e->type) && e->type->id != MILL_STRING) {
      (void)MILL_W_FAIL_AT(w, e, MILL_E_UNEXPECTED_INPUT_TYPE, "functionName", "`range`",
                           "paramIndex", places[n->nexprs == 1 ? 1 : i], "inputSql",
                           mill_w_quoted_sql(w, e), "inputType", mill_w_quoted_type(w, e->type),
                           "requiredType", "\"BIGINT\"", NULL);
      return false;
    }
    if (!range_bound(w, e, &out[i])) return false;
  }
  return true;
}

/* SELECT * FROM explode(..): a generator over one row. */
static const mill_node *generator_relation(mill_planner *w, const mill_node *n,
                                           const mill_scope *outer) {
  mill_node *one = mill_w_node(w, MILL_N_ONE_ROW, n);
  mill_expr *call = mill_x_new(w, MILL_X_CALL, NULL);
  mill_scope none = {.outer = outer};
  mill_exprs items = {0};
  if (one == NULL || call == NULL) return NULL;
  call->name = n->name;
  call->args = n->exprs;
  call->nargs = n->nexprs;
  call->text = n->text, call->start = n->start, call->stop = n->stop;
  const mill_expr *r = mill_generators_alone(w, call) ? mill_resolve(w, &none, call) : NULL;
  if (!mill_exprs_add(w, &items, r)) return NULL;
  const mill_node *child = one;
  if (!mill_extract_generator(w, &child, &items)) return NULL;
  return mill_w_project(w, child, &items);
}

const mill_node *mill_analyse_table_function(mill_planner *w, const mill_node *n,
                                             const mill_scope *outer) {
  if (n->nkeys) { /* IDENTIFIER(..)(..) */
    const mill_expr *name = mill_constant_name(w, outer, n->keys[0]);
    mill_node *named = name ? mill_w_node_copy(w, n) : NULL;
    if (named == NULL) return NULL;
    named->parts = name->parts, named->nparts = name->nparts;
    named->name = name->parts[name->nparts - 1];
    named->nkeys = 0;
    n = named;
  }
  const mill_function *fn = mill_function_find(n->name, strlen(n->name));
  const mill_stored_function *routine = mill_find_routine(w, n->name, n->parts, n->nparts);
  int64_t at[3] = {0, 0, 1};
  if (n->nparts < 2 && !mill_path_holds(w, true)) fn = NULL;
  if (w->status) return NULL;
  if (routine) return mill_call_table_routine(w, n, outer, routine);
  if (fn && fn->kind == MILL_GENERATOR) return generator_relation(w, n, outer);
  if (fn && fn->kind != MILL_TABLE)
    return MILL_W_FAIL_AT(w, n, MILL_E_NOT_A_TABLE_FUNCTION, "functionName",
                          mill_w_quoted_parts(w, &n->name, 1), NULL);
  if (fn && strcmp(fn->name, "range") != 0) return mill_fact_table(w, n, fn->name);
  if (fn && (n->nexprs < 1 || n->nexprs > 4))
    return MILL_W_FAIL_AT(w, n, MILL_E_WRONG_NUM_ARGS_WITHOUT_SUGGESTION, "functionName",
                          mill_w_quoted_parts(w, &n->name, 1), "expectedNum", "[1, 2, 3, 4]",
                          "actualNum", mill_error_fmt(w->err, "%d", n->nexprs), "docroot",
                          "https://spark.apache.org/docs/latest", NULL);
  bool bounded = fn && range_bounds(w, n, outer, at);
  if (bounded && at[2] == 0)
    return MILL_W_FAIL_AT(w, n, MILL_E_FAILED_FUNCTION_CALL, "funcName", "`range`", NULL);
  if (!bounded) {
    if (w->status) return NULL;
    return MILL_W_FAIL_AT(w, n, MILL_E_UNRESOLVABLE_TABLE_VALUED_FUNCTION, "name",
                          mill_error_fmt(w->err, "`%s`", n->name), NULL);
  }
  mill_node *r = mill_w_node(w, MILL_N_RANGE, n);
  const mill_field id = {"id", mill_type_of(MILL_BIGINT), false, NULL};
  const mill_type *t = mill_type_struct(w->ctx->types, &id, 1);
  if (r == NULL || t == NULL) return NULL;
  r->from = n->nexprs > 1 ? at[0] : 0;
  r->to = n->nexprs > 1 ? at[1] : at[0];
  r->step = at[2];
  return mill_table_output(w, r, t) ? r : NULL;
}
