/* Commands: they take effect when they are analysed, as spark.sql does; their rows stand in the
** plan as a table. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plan/warehouse_int.h"

static void unref_table(void *t) { mill_table_unref(t); }

static const mill_type *answer_schema(mill_planner *w, const char *const *names,
                                      const char *types) {
  mill_field f[9];
  int n = (int)strlen(types);
  for (int i = 0; i < n; i++)
    f[i] =
        (mill_field){names[i], mill_type_of(tolower(types[i]) == 'b' ? MILL_BOOLEAN : MILL_STRING),
                     types[i] >= 'a', NULL};
  return mill_type_struct(w->ctx->types, f, (uint32_t)n);
}

static const mill_expr *answer_value(mill_planner *w, char type, const char *cell) {
  if (tolower(type) == 'b') return mill_x_bool(w, strcmp(cell, "true") == 0);
  return cell ? mill_x_string(w, cell) : mill_x_null(w, mill_type_of(MILL_STRING));
}

const mill_node *mill_answer(mill_planner *w, const char *const *names, const char *types,
                             const char *const *cells, int rows) {
  mill_table *t = NULL;
  int width = (int)strlen(types);
  const mill_type *schema = answer_schema(w, names, types);
  if (schema == NULL) return NULL;
  w->status = mill_table_new(w->ctx->memory, schema, &t, w->err);
  for (int r = 0; r < rows && w->status == MILL_OK; r++) {
    mill_vector cols[9];
    for (int c = 0; c < width; c++) {
      const mill_expr *e = answer_value(w, types[c], cells[r * width + c]);
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

const mill_node *mill_nothing(mill_planner *w) { return mill_w_node(w, MILL_N_VALUES, NULL); }

/* ---- SET, RESET, EXPLAIN ---------------------------------------------------------------------- */

/* Is the setting's name that of a variable, with its session before it or without? */
static bool names_variable(mill_planner *w, const char *name, const char **parts, int *n) {
  const mill_variable_scope *scope;
  const char *dot = name;
  for (*n = 0; dot && *n < 3; name = dot + 1) {
    dot = strchr(name, '.');
    parts[(*n)++] = dot ? mill_w_copy(w, name, (size_t)(dot - name)) : name;
  }
  return dot == NULL && w->status == MILL_OK && mill_find_variable(w, parts, *n, &scope);
}

static const mill_node *set(mill_planner *w, const mill_node *n) {
  static const char *const names[] = {"key", "value"};
  const char *cells[2] = {NULL, NULL};
  if (n->name == NULL && n->alias) return mill_set_path(w, n);
  if (n->name == NULL) return mill_answer(w, names, "ss", cells, 0);
  const char *parts[3];
  int nparts;
  if (n->alias && names_variable(w, n->name, parts, &nparts))
    return MILL_W_FAIL_AT(w, n, MILL_E_UNSUPPORTED_FEATURE_SET_VARIABLE_USING_SET, "variableName",
                          mill_w_quoted_parts(w, parts, nparts), NULL);
  if (w->status) return NULL;
  if (n->alias && strcmp(n->name, "spark.sql.warehouse.dir") == 0)
    return MILL_W_FAIL_AT(w, n, MILL_E_CANNOT_MODIFY_STATIC_CONFIG, "key",
                          mill_error_fmt(w->err, "\"%s\"", n->name), NULL);
  if (n->alias) {
    w->status = mill_session_set(w->session, n->name, n->alias, w->err);
    if (w->status) return NULL;
  }
  const char *v = mill_session_get(w->session, n->name);
  cells[0] = n->name;
  cells[1] = mill_w_copy(w, v ? v : "<undefined>", strlen(v ? v : "<undefined>"));
  return mill_answer(w, names, "ss", cells, 1);
}

static const mill_node *reset(mill_planner *w, const mill_node *n) {
  mill_session_reset(w->session, n->name);
  return mill_nothing(w);
}

static const mill_node *explained(mill_planner *w, const mill_text *t) {
  static const char *const names[] = {"plan"};
  const char *cell = w->status ? NULL : mill_w_copy(w, t->data, t->size);
  return cell ? mill_answer(w, names, "s", &cell, 1) : NULL;
}

/* Of a command it is told which it is; it is not run. */
static const mill_node *explain_command(mill_planner *w, const mill_node *n) {
  static const char *const commands[] = {"CreateView",    "DropView",       "DescribeTable",
                                         "Explain",       "Show",           "Set",
                                         "Reset",         "SetNamespace",   "CreateNamespace",
                                         "DropNamespace", "AlterNamespace", "CreateTable",
                                         "DropTable",     "AlterTable",     "TruncateTable",
                                         "Insert",        "Insert",         "DeleteFromTable",
                                         "UpdateTable",   "MergeIntoTable", "AnalyzeTable",
                                         "RepairTable",   "RefreshTable",   "CacheTable",
                                         "UncacheTable",  "ClearCache",     "AddResources"};
  const char *name = commands[n->kind - MILL_N_CREATE_VIEW];
  mill_text t;
  mill_text_init(&t, w->ctx->memory);
  w->status = mill_text_printf(&t, w->err, "== Physical Plan ==\nExecute %sCommand\n\n", name);
  const mill_node *rows = explained(w, &t);
  mill_text_clear(&t);
  return rows;
}

/* What is wrong with the query is told in rows, a line each; with EXTENDED below the parsed plan. */
static const mill_node *explain_failed(mill_planner *w, const mill_node *q, bool extended) {
  static const char *const names[] = {"plan"};
  const char *cells[64];
  mill_error *why = mill_w_alloc(w, sizeof *why);
  mill_text t;
  int rows = 0;
  if (why == NULL) return NULL;
  *why = *w->err;
  mill_text_init(&t, w->ctx->memory);
  w->status = mill_explain_failed(w, q, why, extended, &t);
  char *text = w->status ? NULL : (char *)mill_w_copy(w, t.data, t.size), *next;
  mill_text_clear(&t);
  if (text == NULL) return NULL;
  if (extended) return mill_answer(w, names, "s", (const char *const *)&text, 1);
  for (; rows < 64 && *text; text = next + 1) {
    next = strchr(text, '\n');
    *next = '\0';
    cells[rows++] = text;
  }
  return mill_answer(w, names, "s", cells, rows);
}

static const mill_node *explain(mill_planner *w, const mill_node *n) {
  const char *mode = n->name ? n->name : "simple";
  mill_plan *p = NULL;
  mill_text t;
  if (n->child[0]->kind >= MILL_N_CREATE_VIEW) return explain_command(w, n->child[0]);
  const mill_node *q = mill_analyse(w, n->child[0], NULL);
  if (q == NULL && w->status && w->status != MILL_E_OUT_OF_MEMORY)
    return explain_failed(w, n->child[0], strcmp(mode, "extended") == 0);
  if (q == NULL) return NULL;
  w->status = mill_plan_new(w->session, &p, w->err);
  if (w->status) return NULL;
  p->root = (mill_node *)q;
  p->parsed = n->child[0];
  p->settings = w->set;
  mill_text_init(&t, w->ctx->memory);
  w->status = mill_plan_explain(p, mode, &t, w->err);
  const mill_node *rows = explained(w, &t);
  mill_text_clear(&t);
  mill_plan_unref(p);
  return rows;
}

const mill_node *mill_analyse_command(mill_planner *w, const mill_node *n,
                                      const mill_scope *outer) {
  mill_settings_once(&w->set);
  switch (n->kind) {
  case MILL_N_CREATE_VIEW: return mill_create_view(w, n);
  case MILL_N_DROP_VIEW: return mill_drop_view(w, n);
  case MILL_N_DESCRIBE: return mill_describe(w, n);
  case MILL_N_EXPLAIN: return explain(w, n);
  case MILL_N_SHOW: return mill_show(w, n);
  case MILL_N_SET: return set(w, n);
  case MILL_N_RESET: return reset(w, n);
  case MILL_N_DECLARE:
  case MILL_N_SET_VARIABLE:
  case MILL_N_DROP_VARIABLE: return mill_analyse_variable(w, n);
  case MILL_N_EXECUTE: return mill_analyse_execute(w, n);
  case MILL_N_CREATE_FUNCTION:
  case MILL_N_DROP_FUNCTION: return mill_analyse_routine(w, n);
  case MILL_N_SCRIPT: return mill_analyse_script(w, n);
  case MILL_N_USE:
  case MILL_N_CREATE_DATABASE:
  case MILL_N_DROP_DATABASE:
  case MILL_N_ALTER_DATABASE: return mill_database_command(w, n);
  case MILL_N_INSERT:
  case MILL_N_INSERTS: return mill_insert(w, n, outer);
  case MILL_N_CREATE_TABLE: return mill_create_table(w, n);
  case MILL_N_DROP_TABLE: return mill_drop_table(w, n);
  case MILL_N_CACHE_TABLE:
  case MILL_N_UNCACHE:
  case MILL_N_CLEAR_CACHE:
  case MILL_N_REFRESH: return mill_cache_command(w, n);
  case MILL_N_RESOURCE: {
    static const char *const names[] = {"Results"};
    return n->name ? mill_answer(w, names, "s", NULL, 0) : mill_nothing(w);
  }
  default: break;
  }
  n = mill_identifier(w, n);
  bool rows =
      n && (n->kind == MILL_N_DELETE || n->kind == MILL_N_UPDATE || n->kind == MILL_N_MERGE);
  if (rows) n = mill_path_relation(w, n);
  if (n == NULL) return NULL;
  switch (n->kind) {
  case MILL_N_ALTER_TABLE: return n->view ? mill_alter_view(w, n) : mill_alter_table(w, n);
  case MILL_N_TRUNCATE: return mill_truncate(w, n);
  case MILL_N_DELETE:
  case MILL_N_UPDATE: return mill_change_rows(w, n);
  case MILL_N_MERGE: return mill_merge(w, n);
  case MILL_N_ANALYZE: return mill_analyze_table(w, n);
  case MILL_N_REPAIR: return mill_repair(w, n);
  default:
    return MILL_W_FAIL_AT(w, n, MILL_E_UNSUPPORTED_FEATURE_TABLE_OPERATION, "tableName", "",
                          "operation", "this statement", NULL);
  }
}
