/* Views: of the session and of the catalogue. What SQL makes is a text, analysed anew where it is used, so
** that it follows the tables it reads; what df:createTempView makes is a plan. Spark: SessionCatalog,
** ViewHelper, ResolvedView. */
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/uuid.h"
#include "plan/warehouse_int.h"

typedef struct mill_view_name {
  const char *const *parts;
  int nparts; /* 3: of the catalogue */
} mill_view_name;

/* ---- use ------------------------------------------------------------------------------------ */

/* The tree of a statement, kept alive by the plan at hand. */
static const mill_node *parse(mill_planner *w, const char *text) {
  mill_plan *p = NULL;
  w->status = mill_plan_new(w->session, &p, w->err);
  if (w->status) return NULL;
  w->status = mill_session_parse_statement(w->session)(p, text, strlen(text), w->err);
  if (w->status == MILL_OK) w->status = mill_plan_keep_plan(w->plan, p, w->err);
  const mill_node *root = p->root;
  mill_plan_unref(p);
  return w->status ? NULL : root;
}

static const mill_node *analysed_text(mill_planner *w, const mill_view_text *v, const char *name,
                                      bool lasting) {
  mill_view_chain chain = {w->views, name, lasting};
  mill_planner outer = *w;
  const mill_node *tree = parse(w, v->text);
  if (tree == NULL) return NULL;
  w->ctes = NULL;
  w->params = NULL;
  w->database = v->database;
  if (v->path && w->set.paths) w->path = v->path;
  w->views = &chain;
  w->texts = mill_collate_texts(w, v->collation);
  const mill_node *q = w->status ? NULL : mill_analyse(w, tree, NULL);
  w->ctes = outer.ctes;
  w->params = outer.params;
  w->database = outer.database;
  w->path = outer.path;
  w->views = outer.views;
  w->texts = outer.texts;
  return q;
}

/* The statement that makes the view anew. */
static const char *suggested(mill_planner *w, const mill_view_text *v, const mill_view_name *name) {
  bool renamed = false;
  const char *names = "";
  if (name->nparts < 3) return "CREATE OR REPLACE TEMPORARY VIEW";
  for (int i = 0; names && i < v->n; i++) {
    renamed |= strcmp(v->names[i], v->columns[i]) != 0;
    names = mill_w_printf(w, "%s%s%s", names, i ? ", " : "", v->names[i]);
  }
  return mill_w_printf(w,
                       renamed ? "CREATE OR REPLACE VIEW %s.%s.%s (%s) AS %s"
                               : "CREATE OR REPLACE VIEW %s.%s.%s%.0s AS %s",
                       name->parts[0], name->parts[1], name->parts[2], names, v->text);
}

static const mill_expr *changed(mill_planner *w, const mill_view_text *v, const mill_node *q,
                                const mill_view_name *name, int i) {
  const char *found = "", *suggestion = suggested(w, v, name);
  int expected = 0;
  for (int k = 0; found && k < q->noutput; k++)
    if (mill_w_same_name(w, q->output[k]->name, v->columns[i]))
      found = mill_w_printf(w, "%s%s%s", found, *found ? ", " : "", q->output[k]->name);
  for (int k = 0; k < v->n; k++) expected += mill_w_same_name(w, v->columns[k], v->columns[i]);
  return MILL_W_FAIL(w, MILL_E_INCOMPATIBLE_VIEW_SCHEMA_CHANGE, "viewName",
                     mill_w_quoted_parts(w, name->parts, name->nparts), "colName", v->columns[i],
                     "expectedNum", mill_error_fmt(w->err, "%d", expected), "actualCols",
                     mill_error_fmt(w->err, "[%s]", found ? found : ""), "suggestion",
                     suggestion ? suggestion : "", NULL);
}

/* Column i of the view among those that its query gives today; NULL: it is there no longer. */
static const mill_expr *find(mill_planner *w, const mill_view_text *v, const mill_node *q, int i) {
  const mill_expr *c = NULL;
  int found = mill_find_column(w, q->output, q->noutput, v->columns[i], &c);
  if (found == 1) return c;
  return found > 1 && v->n == q->noutput ? q->output[i] : NULL;
}

static const mill_expr *conform(mill_planner *w, const mill_view_text *v, const mill_node *q,
                                int i) {
  const mill_type *t = v->schema->fields[i].type;
  const mill_expr *c = find(w, v, q, i);
  if (c == NULL) return NULL;
  if (strcmp(v->mode, "TYPE EVOLUTION") == 0 || c->type == t) return c;
  if (strcmp(v->mode, "BINDING") == 0 && !mill_can_up_cast(c->type, t))
    return MILL_W_FAIL(w, MILL_E_CANNOT_UP_CAST_DATATYPE, "expression", mill_w_whole_sql(w, c),
                       "sourceType", mill_w_quoted_type(w, c->type), "targetType",
                       mill_w_quoted_type(w, t), "details",
                       "Make the view anew with CREATE OR REPLACE VIEW.", NULL);
  return mill_x_cast(w, c, t);
}

const mill_node *mill_text_view(mill_planner *w, const mill_view_text *v, const char *name,
                                const char *const *parts, int nparts) {
  mill_exprs l = {0};
  const mill_view_name own = {parts, nparts};
  const mill_node *q = analysed_text(w, v, name, nparts == 3);
  if (q == NULL) return NULL;
  bool evolves = strcmp(v->mode, "EVOLUTION") == 0;
  int n = evolves ? q->noutput : v->n;
  for (int i = 0; i < n && !evolves; i++)
    if (find(w, v, q, i) == NULL) return (void)changed(w, v, q, &own, i), NULL;
  for (int i = 0; i < n; i++) {
    const mill_expr *c = evolves ? q->output[i] : conform(w, v, q, i);
    mill_expr *a = mill_x_alias(w, c, evolves ? q->output[i]->name : v->names[i]);
    if (!mill_exprs_add(w, &l, a)) return NULL;
    if (!evolves && v->schema->fields[i].metadata) a->metadata = v->schema->fields[i].metadata;
  }
  mill_node *p = mill_w_project(w, q, &l);
  for (int i = 0; p && i < p->noutput; i++) {
    mill_expr *o = mill_x_column(w, p->output[i]);
    if (o == NULL) return NULL;
    o->parts = (const char **)parts;
    o->nparts = nparts;
    p->output[i] = o;
  }
  if (p) p->alias = parts[nparts - 1]; /* what is below cannot be named from outside */
  return p;
}

const mill_node *mill_view_relation(mill_planner *w, const mill_catalog_table *t) {
  const char **parts = mill_w_alloc(w, 3 * sizeof *parts);
  const char **names = mill_w_alloc(w, (t->schema->nfields + 1) * sizeof *names);
  if (parts == NULL || names == NULL) return NULL;
  parts[0] = "spark_catalog", parts[1] = t->database, parts[2] = t->name;
  for (uint32_t i = 0; i < t->schema->nfields; i++) names[i] = t->schema->fields[i].name;
  mill_view_text v = {.text = t->text,
                      .database = t->text_database,
                      .path = t->text_path,
                      .names = names,
                      .columns = t->text_columns.at,
                      .n = (int)t->schema->nfields,
                      .schema = t->schema,
                      .mode = t->schema_mode ? t->schema_mode : "COMPENSATION",
                      .collation = t->collation};
  return mill_text_view(w, &v, mill_w_printf(w, "%s.%s", t->database, t->name), parts, 3);
}

/* ---- making --------------------------------------------------------------------------------- */

/* CREATE VIEW v (a, b): as many names as columns, none of them twice. */
static bool check_columns(mill_planner *w, const mill_node *n, const mill_node *q) {
  const char *view = mill_w_quoted_parts(w, n->parts, n->nparts);
  if (n->ncolumns && n->ncolumns != q->noutput) {
    (void)MILL_W_FAIL_AT(w, n,
                         n->ncolumns > q->noutput
                             ? MILL_E_CREATE_VIEW_COLUMN_ARITY_MISMATCH_NOT_ENOUGH_DATA_COLUMNS
                             : MILL_E_CREATE_VIEW_COLUMN_ARITY_MISMATCH_TOO_MANY_DATA_COLUMNS,
                         "viewName", n->alias && !n->nparts ? n->alias : view, "viewColumns", "",
                         "dataColumns", "", NULL);
    return false;
  }
  for (int i = 0; i < q->noutput; i++)
    for (int k = 0; k < i; k++) {
      const char *a = n->ncolumns ? n->columns[i] : q->output[i]->name;
      const char *b = n->ncolumns ? n->columns[k] : q->output[k]->name;
      if (!mill_w_same_name(w, a, b) || (n->definition == NULL)) continue;
      (void)MILL_W_FAIL_AT(w, n, MILL_E_COLUMN_ALREADY_EXISTS, "columnName",
                           mill_w_quoted_parts(w, &a, 1), NULL);
      return false;
    }
  return true;
}

/* Columns of the view as a schema, with the comments that are said. */
static const mill_type *view_schema(mill_planner *w, const mill_node *n, const mill_node *q) {
  const mill_definition *d = n->definition;
  mill_field *f = mill_w_alloc(w, (size_t)(q->noutput + 1) * sizeof *f);
  if (f == NULL) return NULL;
  for (int i = 0; i < q->noutput; i++) {
    const char *comment = d && d->column_comments && n->ncolumns ? d->column_comments[i] : NULL;
    const mill_column c = {.comment = comment};
    f[i] = (mill_field){n->ncolumns ? n->columns[i] : q->output[i]->name, q->output[i]->type, true,
                        n->ncolumns ? mill_column_metadata(w, &c) : q->output[i]->metadata};
    if (n->ncolumns && comment == NULL) f[i].metadata = q->output[i]->metadata;
  }
  const mill_type *t = mill_type_struct(w->ctx->types, f, (uint32_t)q->noutput);
  if (t == NULL) w->status = mill_oom(w->ctx->memory, 1, w->err);
  return t;
}

static const char *const *query_columns(mill_planner *w, const mill_node *q) {
  const char **names = mill_w_alloc(w, (size_t)(q->noutput + 1) * sizeof *names);
  for (int i = 0; names && i < q->noutput; i++) names[i] = q->output[i]->name;
  return names;
}

/* The query, while a view that it must not read is being made; full: its name, where it lasts. */
static const mill_node *defining_query(mill_planner *w, const mill_node *n, const char *view,
                                       const char *full, const char *collation) {
  const char *before = w->defining;
  const mill_type *texts = w->texts;
  const mill_making making = {"VIEW", full, true}, *was = w->making;
  w->defining = view;
  if (full) w->making = &making;
  w->texts = mill_collate_texts(w, collation);
  const mill_node *q = w->status ? NULL : mill_analyse(w, n->child[0], NULL);
  w->texts = texts;
  w->defining = before;
  w->making = was;
  if (q == NULL || !check_columns(w, n, q)) return NULL;
  return mill_collate_check_schema(w, q->output, q->noutput) ? q : NULL;
}

/* The text of n for its plan: NULL where it is no text. */
static bool keep_text(mill_planner *w, const mill_node *n, const mill_node *q, mill_plan *p) {
  const mill_definition *d = n->definition;
  if (d == NULL || d->view_text == NULL || w->params || w->ctes) return true;
  mill_view_text *v = mill_w_alloc(w, sizeof *v);
  const mill_type *schema = view_schema(w, n, q);
  if (v == NULL || schema == NULL) return false;
  const char **names = mill_w_alloc(w, (schema->nfields + 1) * sizeof *names);
  if (names == NULL) return false;
  for (uint32_t i = 0; i < schema->nfields; i++) names[i] = schema->fields[i].name;
  *v = (mill_view_text){.text = d->view_text,
                        .path = mill_path_kept(w, false),
                        .database = mill_w_copy(w, mill_w_database(w), strlen(mill_w_database(w))),
                        .names = names,
                        .columns = query_columns(w, q),
                        .n = q->noutput,
                        .schema = schema,
                        .mode = "BINDING",
                        .collation = d->collation};
  p->view = v;
  return v->columns && v->database;
}

static const mill_node *create_temporary(mill_planner *w, const mill_node *n) {
  const char *name = n->alias ? n->alias : n->parts[n->nparts - 1];
  mill_plan *p = NULL;
  mill_plan *old = mill_session_view(w->session, name, n->global);
  if (n->nparts > 1)
    return MILL_W_FAIL_AT(w, n, MILL_E_TEMP_VIEW_NAME_TOO_MANY_NAME_PARTS, "actualName",
                          mill_w_quoted_parts(w, n->parts, n->nparts), NULL);
  const mill_node *q = defining_query(w, n, old && n->definition ? name : NULL, NULL,
                                      n->definition ? n->definition->collation : NULL);
  if (q == NULL) return NULL;
  const mill_node *rows = mill_requalify(w, q, NULL, n->ncolumns ? n->columns : NULL, false);
  if (rows == NULL) return NULL;
  w->status = mill_plan_new(w->session, &p, w->err);
  if (w->status) return NULL;
  w->status = mill_plan_keep_plan(p, w->plan, w->err); /* the tree lives in this plan's arena */
  p->root = (mill_node *)rows;
  p->settings = w->set;
  p->streaming = rows->streaming;
  p->schema = mill_w_schema(w, rows->output, rows->noutput);
  if (w->status == MILL_OK && !keep_text(w, n, q, p) && w->status == MILL_OK)
    w->status = mill_oom(w->ctx->memory, 1, w->err);
  if (w->status == MILL_OK)
    w->status = mill_session_view_set(w->session, name, p, n->replace, n->global, w->err);
  mill_plan_unref(p);
  return w->status ? NULL : mill_nothing(w);
}

/* The select list that names the columns of a query. */
static const mill_node *naming_list(const mill_node *n) {
  while (n && n->kind != MILL_N_PROJECT && n->kind != MILL_N_AGGREGATE)
    n = n->nchildren && n->kind != MILL_N_JOIN && n->kind != MILL_N_ALIAS ? n->child[0] : NULL;
  return n;
}

/* c, c.d, c[0]: what is named by the path it is read along. */
static bool only_extracts(const mill_expr *e) {
  while (e->kind == MILL_X_EXTRACT) {
    if (e->args[1]->kind != MILL_X_LITERAL && e->args[1]->kind != MILL_X_NAME) return false;
    e = e->args[0];
  }
  return e->kind == MILL_X_NAME;
}

/* Does Spark take the column's name for one that was meant? */
static bool is_named(const mill_expr *e) {
  switch (e->kind) {
  case MILL_X_STAR:
  case MILL_X_ALIAS:
  case MILL_X_LITERAL:
  case MILL_X_FIELD: return true;
  case MILL_X_CAST: return e->args[0]->kind == MILL_X_NAME;
  case MILL_X_CALL:
    if (mill_x_is_call(e, "-") && e->nargs == 1) return e->args[0]->kind == MILL_X_LITERAL;
    return mill_x_is_call(e, "explode") || mill_x_is_call(e, "inline");
  default: return only_extracts(e);
  }
}

static bool check_named(mill_planner *w, const mill_node *n) {
  const mill_node *list = n->ncolumns ? NULL : naming_list(n->child[0]);
  for (int i = 0; list && i < list->nexprs; i++) {
    const mill_expr *e = list->exprs[i];
    if (e->text == NULL || is_named(e)) continue;
    (void)MILL_W_FAIL_AT(
        w, n, MILL_E_CREATE_PERMANENT_VIEW_WITHOUT_ALIAS, "name",
        mill_w_quoted_parts(w, n->parts, n->nparts), "attr",
        mill_error_fmt(w->err, "\"%.*s\"", (int)(e->stop - e->start), e->text + e->start), NULL);
    return false;
  }
  return true;
}

static bool view_record(mill_planner *w, const mill_node *n, const mill_node *q,
                        mill_catalog_table *t) {
  const mill_definition *d = n->definition;
  char *id = mill_w_alloc(w, MILL_UUID);
  if (id == NULL) return false;
  mill_uuid(id);
  t->id = id;
  t->kind = MILL_TABLE_VIEW;
  t->text = d->view_text;
  t->text_database = mill_w_database(w);
  t->text_path = mill_path_kept(w, true);
  t->schema = view_schema(w, n, q);
  t->text_columns = (mill_word_list){query_columns(w, q), q->noutput};
  t->rows = t->bytes = -1;
  return t->schema && t->text_columns.at;
}

/* A view whose columns are named cannot follow those of its query but in their types. */
static const char *schema_mode(const mill_node *n) {
  const char *said = n->definition->schema_mode;
  return said && n->ncolumns && strcmp(said, "EVOLUTION") == 0 ? "TYPE EVOLUTION" : said;
}

static const mill_node *create_lasting(mill_planner *w, const mill_node *n) {
  const mill_definition *d = n->definition;
  mill_table_name name;
  const mill_catalog_table *old;
  if (!mill_w_table_name(w, n, n->parts, n->nparts, &name) || !mill_w_new_name(w, n, name.name) ||
      !mill_w_need_database(w, n, name.database) || !mill_w_find_table(w, name, &old))
    return NULL;
  const char *full = mill_w_full_name(w, name);
  const char *key = mill_w_printf(w, "%s.%s", name.database, name.name);
  if (!check_named(w, n)) return NULL;
  const mill_node *q = defining_query(w, n, old ? key : NULL, full, d->collation);
  if (q == NULL) return NULL;
  if (old && n->if_exists) return mill_nothing(w);
  if (old && old->kind != MILL_TABLE_VIEW && n->replace)
    return MILL_W_FAIL_AT(w, n, MILL_E_EXPECT_VIEW_NOT_TABLE_NO_ALTERNATIVE, "tableName", full,
                          "operation", "CREATE OR REPLACE VIEW", NULL);
  if (old && !n->replace)
    return MILL_W_FAIL_AT(w, n, MILL_E_TABLE_OR_VIEW_ALREADY_EXISTS, "relationName", full, NULL);
  mill_catalog_table t = {.database = name.database,
                          .name = name.name,
                          .comment = d->comment,
                          .collation = d->collation,
                          .properties = d->properties,
                          .schema_mode = schema_mode(n),
                          .created_millis = mill_clock_micros(w->ctx->clock) / 1000};
  if (!view_record(w, n, q, &t) || !mill_w_begin(w)) return NULL;
  w->status = mill_catalog_table_put(mill_w_catalog(w), &t, w->err);
  return mill_w_end(w, true) ? mill_nothing(w) : NULL;
}

const mill_node *mill_create_view(mill_planner *w, const mill_node *n) {
  if (n->temporary) return create_temporary(w, n);
  n = mill_identifier(w, n);
  return n ? create_lasting(w, n) : NULL;
}

/* ---- dropping, changing --------------------------------------------------------------------- */

const mill_node *mill_drop_view(mill_planner *w, const mill_node *n) {
  mill_table_name name;
  const mill_catalog_table *t;
  n = mill_identifier(w, n);
  if (n == NULL) return NULL;
  if (mill_w_temporary(w, n->parts, n->nparts)) {
    mill_session_view_drop(w->session, n->parts[n->nparts - 1], n->nparts == 2);
    return mill_nothing(w);
  }
  if (!mill_w_table_name(w, n, n->parts, n->nparts, &name) || !mill_w_find_table(w, name, &t))
    return NULL;
  if (t == NULL && n->if_exists) return mill_nothing(w);
  if (t == NULL) return mill_w_no_such_table(w, n, name);
  if (t->kind != MILL_TABLE_VIEW)
    return MILL_W_FAIL_AT(w, n, MILL_E_WRONG_COMMAND_FOR_OBJECT_TYPE, "operation", "DROP VIEW",
                          "requiredType", "VIEW or METRIC_VIEW", "objectName",
                          mill_error_fmt(w->err, "spark_catalog.%s.%s", t->database, t->name),
                          "foundType", t->kind == MILL_TABLE_MANAGED ? "MANAGED" : "EXTERNAL",
                          "alternative", "DROP TABLE", NULL);
  if (!mill_w_begin(w)) return NULL;
  w->status = mill_catalog_table_drop(mill_w_catalog(w), t, w->err);
  return mill_w_end(w, true) ? mill_nothing(w) : NULL;
}

/* ALTER VIEW v AS query, for a temporary one: CREATE OR REPLACE. */
static const mill_node *replace_temporary(mill_planner *w, const mill_node *n,
                                          const mill_plan *old) {
  mill_node *c = mill_w_node_copy(w, n);
  mill_definition *d = mill_w_alloc(w, sizeof *d);
  if (c == NULL || d == NULL) return NULL;
  *d = *n->definition;
  d->collation = old->view ? old->view->collation : NULL;
  c->definition = d;
  c->kind = MILL_N_CREATE_VIEW;
  c->temporary = c->replace = true;
  c->global = n->nparts == 2;
  c->alias = n->parts[n->nparts - 1];
  c->parts = n->parts + n->nparts - 1;
  c->nparts = 1;
  return create_temporary(w, c);
}

static const mill_node *rename_temporary(mill_planner *w, const mill_node *n, mill_plan *p) {
  const char *old = n->parts[n->nparts - 1], *name = n->columns[n->ncolumns - 1];
  mill_plan_ref(p);
  w->status = mill_session_view_set(w->session, name, p, false, n->nparts == 2, w->err);
  if (w->status == MILL_OK) mill_session_view_drop(w->session, old, n->nparts == 2);
  mill_plan_unref(p);
  return w->status ? NULL : mill_nothing(w);
}

static const mill_node *replace_text(mill_planner *w, const mill_node *n,
                                     const mill_catalog_table *t) {
  if (!check_named(w, n)) return NULL;
  const mill_node *q =
      defining_query(w, n, mill_w_printf(w, "%s.%s", t->database, t->name),
                     mill_w_full_name(w, (mill_table_name){t->database, t->name}), t->collation);
  mill_catalog_table changed = *t;
  if (q == NULL || !view_record(w, n, q, &changed) || !mill_w_begin(w)) return NULL;
  changed.id = t->id;
  w->status = mill_catalog_table_put(mill_w_catalog(w), &changed, w->err);
  return mill_w_end(w, true) ? mill_nothing(w) : NULL;
}

const mill_node *mill_alter_view(mill_planner *w, const mill_node *n) {
  const mill_definition *d = n->definition;
  mill_plan *p = mill_w_temporary(w, n->parts, n->nparts);
  bool text = d->alter == MILL_ALTER_VIEW_TEXT;
  if (p && text) return replace_temporary(w, n, p);
  if (p && d->alter == MILL_ALTER_RENAME) return rename_temporary(w, n, p);
  if (p && d->alter == MILL_ALTER_VIEW_SCHEMA)
    return MILL_W_FAIL_AT(w, n, MILL_E_UNSUPPORTED_FEATURE_TEMPORARY_VIEW_SCHEMA_MODE, NULL);
  if (p)
    return MILL_W_FAIL_AT(w, n, MILL_E_EXPECT_PERMANENT_VIEW_NOT_TEMP, "operation", "ALTER VIEW",
                          "viewName", mill_w_quoted_parts(w, n->parts, n->nparts), NULL);
  const mill_catalog_table *t = mill_w_need_table(w, n);
  if (t == NULL) return NULL;
  if (t->kind == MILL_TABLE_VIEW && text) return replace_text(w, n, t);
  const char *name = n->parts[n->nparts - 1];
  bool mode = d->alter == MILL_ALTER_VIEW_SCHEMA;
  if (t->kind != MILL_TABLE_VIEW && !text && !mode)
    return MILL_W_FAIL_AT(w, n, MILL_E_EXPECT_VIEW_NOT_TABLE_USE_ALTER_TABLE, "operation",
                          "ALTER VIEW", "tableName", mill_w_quoted_parts(w, &name, 1), NULL);
  if (t->kind != MILL_TABLE_VIEW)
    return MILL_W_FAIL_AT(w, n, MILL_E_EXPECT_VIEW_NOT_TABLE_NO_ALTERNATIVE, "operation",
                          mode ? "ALTER VIEW ... WITH SCHEMA ..." : "ALTER VIEW ... AS",
                          "tableName", mill_w_full_name(w, (mill_table_name){t->database, t->name}),
                          NULL);
  if (!mode) return mill_alter_table(w, n);
  mill_catalog_table changed = *t;
  changed.schema_mode = d->schema_mode;
  if (!mill_w_begin(w)) return NULL;
  w->status = mill_catalog_table_put(mill_w_catalog(w), &changed, w->err);
  return mill_w_end(w, true) ? mill_nothing(w) : NULL;
}
