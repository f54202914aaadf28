/* Commands: they take effect when they are analysed, as spark.sql does; their rows stand in the
** plan as a table. */
#include <string.h>
#include <strings.h>

#include "plan/plan_int.h"

static void unref_table(void *t) { mill_table_unref(t); }

/* A table of text columns, `width` a row; NULL texts are null. */
static const mill_node *text_rows(mill_planner *w, const char *const *names, int width,
                                  const char *const *cells, int rows) {
  mill_field f[4];
  mill_table *t = NULL;
  for (int i = 0; i < width; i++)
    f[i] = (mill_field){names[i], mill_type_of(MILL_STRING), true, NULL};
  const mill_type *schema = mill_type_struct(w->ctx->types, f, (uint32_t)width);
  if (schema == NULL) return NULL;
  w->status = mill_table_new(w->ctx->memory, schema, &t, w->err);
  for (int r = 0; r < rows && w->status == MILL_OK; r++) {
    mill_vector cols[4];
    for (int c = 0; c < width; c++) {
      const char *s = cells[r * width + c];
      const mill_expr *e = s ? mill_x_string(w, s) : mill_x_null(w, mill_type_of(MILL_STRING));
      if (e == NULL) break;
      cols[c] = *e->value;
    }
    mill_batch one = {.n = 1, .ncols = (uint32_t)width, .col = cols};
    if (w->status == MILL_OK) w->status = mill_table_append(t, &one, w->err);
  }
  if (w->status == MILL_OK) {
    mill_node *n = mill_w_node(w, MILL_N_TABLE, NULL);
    w->status = mill_plan_keep(w->plan, t, unref_table, w->err);
    if (n == NULL || w->status) return NULL;
    n->table = t;
    return mill_table_output(w, n, schema) ? n : NULL;
  }
  if (t) mill_table_unref(t);
  return NULL;
}

static const mill_node *nothing(mill_planner *w) {
  mill_node *n = mill_w_node(w, MILL_N_VALUES, NULL);
  return n;
}

/* ---- views ---------------------------------------------------------------------------------- */

static const mill_node *create_view(mill_planner *w, const mill_node *n) {
  if (!n->temporary)
    return MILL_W_FAIL_AT(w, n, MILL_E_UNSUPPORTED_FEATURE_TABLE_OPERATION, "tableName",
                          mill_w_quoted_parts(w, n->parts, n->nparts), "operation",
                          "views that are not temporary", NULL);
  const char *name = n->alias ? n->alias : n->parts[n->nparts - 1];
  if (n->if_exists && mill_session_view(w->session, name, n->global)) return nothing(w);
  mill_plan *p = NULL;
  const mill_node *q = mill_analyse(w, n->child[0], NULL);
  if (q == NULL) return NULL;
  if (n->ncolumns && n->ncolumns != q->noutput)
    return MILL_W_FAIL_AT(w, n,
                          n->ncolumns > q->noutput
                              ? MILL_E_CREATE_VIEW_COLUMN_ARITY_MISMATCH_NOT_ENOUGH_DATA_COLUMNS
                              : MILL_E_CREATE_VIEW_COLUMN_ARITY_MISMATCH_TOO_MANY_DATA_COLUMNS,
                          "viewName", name, "viewColumns", "", "dataColumns", "", NULL);
  q = mill_requalify(w, q, NULL, n->ncolumns ? n->columns : NULL, false);
  if (q == NULL) return NULL;
  w->status = mill_plan_new(w->session, &p, w->err);
  if (w->status) return NULL;
  w->status = mill_plan_keep_plan(p, w->plan, w->err); /* q lives in this plan's arena */
  p->root = (mill_node *)q;
  p->settings = w->set;
  p->streaming = q->streaming;
  p->schema = mill_w_schema(w, q->output, q->noutput);
  if (w->status == MILL_OK)
    w->status = mill_session_view_set(w->session, name, p, n->replace, n->global, w->err);
  mill_plan_unref(p);
  return w->status ? NULL : nothing(w);
}

static const mill_node *drop_view(mill_planner *w, const mill_node *n) {
  n = mill_identifier(w, n);
  if (n == NULL) return NULL;
  const char *name = n->parts[n->nparts - 1];
  bool global = n->nparts == 2 && strcasecmp(n->parts[0], "global_temp") == 0;
  if (mill_session_view_drop(w->session, name, global) || n->if_exists) return nothing(w);
  return MILL_W_FAIL_AT(w, n, MILL_E_VIEW_NOT_FOUND, "relationName",
                        mill_w_quoted_parts(w, n->parts, n->nparts), NULL);
}

/* ---- describe, show, set, explain ------------------------------------------------------------ */

static const mill_node *describe_columns(mill_planner *w, const mill_node *q) {
  static const char *const names[] = {"col_name", "data_type", "comment"};
  const char **cells = mill_w_alloc(w, (size_t)(3 * q->noutput + 1) * sizeof *cells);
  for (int i = 0; cells && i < q->noutput; i++) {
    mill_text t;
    mill_text_init(&t, w->ctx->memory);
    w->status = mill_type_simple(q->output[i]->type, &t, w->err);
    cells[3 * i] = q->output[i]->name;
    cells[3 * i + 1] = w->status ? "" : mill_w_copy(w, t.data, t.size);
    mill_text_clear(&t);
    if (w->status) return NULL;
  }
  return cells ? text_rows(w, names, 3, cells, q->noutput) : NULL;
}

static const mill_node *describe_function(mill_planner *w, const mill_node *n) {
  static const char *const names[] = {"function_desc"};
  const mill_function *fn = mill_function_find(n->name, strlen(n->name));
  const char *cells[3];
  if (fn == NULL)
    return MILL_W_FAIL_AT(
        w, n, MILL_E_UNRESOLVED_ROUTINE, "routineName", mill_error_fmt(w->err, "`%s`", n->name),
        "searchPath", "[`system`.`builtin`, `system`.`session`, `spark_catalog`.`default`]", NULL);
  cells[0] = mill_w_printf(w, "Function: %s", fn->name);
  cells[1] = mill_w_printf(w, "Usage: %s", fn->usage ? fn->usage : fn->name);
  cells[2] = fn->doc;
  return text_rows(w, names, 1, cells, 3);
}

static const mill_node *describe(mill_planner *w, const mill_node *n) {
  if (n->nchildren) {
    const mill_node *q = mill_analyse(w, n->child[0], NULL);
    return q ? describe_columns(w, q) : NULL;
  }
  if (n->name && n->nparts == 0) return describe_function(w, n);
  const mill_node *q = mill_analyse_relation(w, n, NULL);
  return q ? describe_columns(w, q) : NULL;
}

/* Spark's pattern of SHOW: * stands for anything, | between alternatives. */
static bool like(const char *p, const char *s) {
  for (; *p && *p != '|'; p++, s++) {
    if (*p == '*') {
      for (const char *r = s;; r++) {
        if (like(p + 1, r)) return true;
        if (*r == '\0') break;
      }
      break;
    }
    if ((*p | 32) != (*s | 32)) break;
  }
  if ((*p == '\0' || *p == '|') && *s == '\0') return true;
  return false;
}

static bool matches(const char *pattern, const char *s) {
  for (const char *p = pattern; p; p = strchr(p, '|'), p = p ? p + 1 : NULL)
    if (like(p, s)) return true;
  return pattern == NULL;
}

static const mill_node *show(mill_planner *w, const mill_node *n) {
  mill_exprs l = {0};
  (void)l;
  const char **cells = mill_w_alloc(w, 4096 * sizeof *cells);
  int rows = 0;
  if (cells == NULL) return NULL;
  if (strcasecmp(n->name, "FUNCTIONS") == 0) {
    static const char *const names[] = {"function"};
    const mill_function *fn;
    for (size_t i = 0; (fn = mill_function_at(i)) != NULL && rows < 4096; i++)
      if (!(fn->flags & MILL_FN_HIDDEN) && matches(n->alias, fn->name)) cells[rows++] = fn->name;
    return text_rows(w, names, 1, cells, rows);
  }
  if (strcasecmp(n->name, "TABLES") == 0 || strcasecmp(n->name, "VIEWS") == 0) {
    static const char *const names[] = {"namespace", "tableName", "isTemporary"};
    const char *v;
    for (int i = 0; (v = mill_session_view_at(w->session, i, false)) != NULL && rows < 1300; i++) {
      if (!matches(n->alias, v)) continue;
      cells[3 * rows] = "", cells[3 * rows + 1] = v, cells[3 * rows + 2] = "true";
      rows++;
    }
    return text_rows(w, names, 3, cells, rows);
  }
  if (strcasecmp(n->name, "COLUMNS") == 0) {
    static const char *const names[] = {"col_name"};
    const mill_node *q = mill_analyse_relation(w, n, NULL);
    for (int i = 0; q && i < q->noutput && rows < 4096; i++) cells[rows++] = q->output[i]->name;
    return q ? text_rows(w, names, 1, cells, rows) : NULL;
  }
  static const char *const names[] = {"namespace"};
  cells[0] = "default";
  return text_rows(w, names, 1, cells, matches(n->alias, cells[0]));
}

static const mill_node *set(mill_planner *w, const mill_node *n) {
  static const char *const names[] = {"key", "value"};
  const char *cells[2] = {NULL, NULL};
  if (n->name == NULL) return text_rows(w, names, 2, cells, 0);
  if (n->alias) {
    w->status = mill_session_set(w->session, n->name, n->alias, w->err);
    if (w->status) return NULL;
  }
  const char *v = mill_session_get(w->session, n->name);
  cells[0] = n->name;
  cells[1] = mill_w_copy(w, v ? v : "<undefined>", strlen(v ? v : "<undefined>"));
  return text_rows(w, names, 2, cells, 1);
}

static const mill_node *explain(mill_planner *w, const mill_node *n) {
  static const char *const names[] = {"plan"};
  const mill_node *q = mill_analyse(w, n->child[0], NULL);
  mill_plan *p = NULL;
  mill_text t;
  if (q == NULL) return NULL;
  w->status = mill_plan_new(w->session, &p, w->err);
  if (w->status) return NULL;
  p->root = (mill_node *)q;
  p->settings = w->set;
  mill_text_init(&t, w->ctx->memory);
  w->status = mill_plan_explain(p, n->name ? n->name : "simple", &t, w->err);
  const char *cell = w->status ? NULL : mill_w_copy(w, t.data, t.size);
  mill_text_clear(&t);
  mill_plan_unref(p);
  return cell ? text_rows(w, names, 1, &cell, 1) : NULL;
}

const mill_node *mill_analyse_command(mill_planner *w, const mill_node *n,
                                      const mill_scope *outer) {
  (void)outer;
  mill_settings_once(&w->set);
  switch (n->kind) {
  case MILL_N_CREATE_VIEW: return create_view(w, n);
  case MILL_N_DROP_VIEW: return drop_view(w, n);
  case MILL_N_DESCRIBE: return describe(w, n);
  case MILL_N_EXPLAIN: return explain(w, n);
  case MILL_N_SHOW: return show(w, n);
  case MILL_N_SET: return set(w, n);
  case MILL_N_RESET:
  case MILL_N_USE: return nothing(w);
  default:
    return MILL_W_FAIL_AT(w, n, MILL_E_UNSUPPORTED_FEATURE_TABLE_OPERATION, "tableName", "",
                          "operation", "this statement", NULL);
  }
}
