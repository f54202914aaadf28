/* DEFAULT of columns: kept as text in the column's metadata, where Spark keeps it too (CURRENT_DEFAULT for
** rows to come, EXISTS_DEFAULT for rows that were there before the column). Spark:
** ResolveDefaultColumns. */
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "kernel/cast.h"
#include "plan/warehouse_int.h"

/* ---- metadata ------------------------------------------------------------------------------- */

static bool add(mill_planner *w, mill_text *t, const char *name, const char *value) {
  if (value == NULL) return true;
  w->status = mill_text_printf(t, w->err, "%s\"%s\":", t->size ? "," : "{", name);
  if (w->status == MILL_OK) w->status = mill_json_quote(value, strlen(value), t, w->err);
  return w->status == MILL_OK;
}

/* The value of DEFAULT now, as a literal's text; NULL where there is none. */
static const char *existing(mill_planner *w, const mill_column *c) {
  const mill_vector *v = NULL;
  mill_scope none = {0};
  mill_text t;
  if (c->preset == NULL || c->type == NULL) return NULL;
  const mill_expr *e = mill_x_cast(w, mill_resolve(w, &none, c->preset), c->type);
  if (e == NULL || !mill_w_evaluate(w, e, &v)) return NULL;
  mill_text_init(&t, w->ctx->memory);
  w->status = mill_value_sql(&w->set, v, 0, &t, w->err);
  const char *text = w->status ? NULL : mill_w_copy(w, t.data, t.size);
  mill_text_clear(&t);
  return text;
}

const char *mill_column_metadata(mill_planner *w, const mill_column *c) {
  mill_text t;
  const char *now = existing(w, c);
  if (w->status) return NULL;
  mill_text_init(&t, w->ctx->memory);
  bool good = add(w, &t, "comment", c->comment) &&
              add(w, &t, "CURRENT_DEFAULT", c->preset ? c->preset_text : NULL) &&
              add(w, &t, "EXISTS_DEFAULT", now);
  if (good && t.size) {
    w->status = mill_text_addc(&t, '}', w->err);
    good = w->status == MILL_OK;
  }
  const char *text = good && t.size ? mill_w_copy(w, t.data, t.size) : NULL;
  mill_text_clear(&t);
  return text;
}

const char *mill_metadata_text(mill_planner *w, const mill_field *f, const char *name) {
  mill_json *j;
  if (f->metadata == NULL) return NULL;
  w->status = mill_json_parse(f->metadata, strlen(f->metadata), w->arena, &j, w->err);
  return w->status ? NULL : mill_json_text(j, name, NULL);
}

const char *mill_metadata_set(mill_planner *w, const char *metadata, const char *name,
                              const char *value) {
  mill_json *j = NULL;
  mill_text t;
  bool good = true;
  if (metadata) {
    w->status = mill_json_parse(metadata, strlen(metadata), w->arena, &j, w->err);
    if (w->status) return NULL;
  }
  mill_text_init(&t, w->ctx->memory);
  for (const mill_json *x = j ? j->child : NULL; x && good; x = x->next) {
    const char *key = mill_w_copy(w, x->name, x->name_size);
    good = key != NULL;
    if (!good || strcmp(key, name) == 0) continue;
    w->status = mill_text_printf(&t, w->err, "%s\"%s\":", t.size ? "," : "{", key);
    if (w->status == MILL_OK) w->status = mill_json_write(x, &t, w->err);
    good = w->status == MILL_OK;
  }
  good = good && add(w, &t, name, value);
  if (good) w->status = mill_text_adds(&t, t.size ? "}" : "{}", w->err);
  const char *text = good && w->status == MILL_OK ? mill_w_copy(w, t.data, t.size) : NULL;
  mill_text_clear(&t);
  return text;
}

/* ---- checks --------------------------------------------------------------------------------- */

static bool refuse(mill_planner *w, mill_condition why, const char *statement, const char *name,
                   const char *text) {
  mill_error_clear(w->err);
  w->status = MILL_OK;
  (void)MILL_W_FAIL(w, why, "statement", statement, "colName", mill_w_quoted_parts(w, &name, 1),
                    "defaultValue", text, NULL);
  return false;
}

bool mill_check_default(mill_planner *w, const char *statement, const char *name,
                        const mill_type *type, const mill_expr *preset, const char *text) {
  mill_scope none = {0};
  const mill_vector *v = NULL;
  if (mill_x_has_subquery(preset))
    return refuse(w, MILL_E_INVALID_DEFAULT_VALUE_SUBQUERY_EXPRESSION, statement, name, text);
  const mill_expr *e = mill_resolve(w, &none, preset);
  if (e == NULL && w->status == MILL_E_OUT_OF_MEMORY) return false;
  if (e == NULL) {
    bool column = strncmp(mill_condition_name(w->status), "UNRESOLVED_COLUMN", 17) == 0;
    return refuse(w,
                  column ? MILL_E_INVALID_DEFAULT_VALUE_NOT_CONSTANT
                         : MILL_E_INVALID_DEFAULT_VALUE_UNRESOLVED_EXPRESSION,
                  statement, name, text);
  }
  while (e->kind == MILL_X_ALIAS) e = e->args[0];
  if (mill_x_has_aggregate(e) || mill_x_has_window(e) || mill_x_has_generator(e) ||
      !mill_x_foldable(e))
    return refuse(w, MILL_E_INVALID_DEFAULT_VALUE_NOT_CONSTANT, statement, name, text);
  if (mill_can_up_cast(e->type, type)) return true;
  const mill_expr *cast = mill_x_try_cast(w, e, type);
  bool fits = cast && mill_w_evaluate(w, cast, &v) && mill_vector_valid(v, 0);
  if (fits || w->status == MILL_E_OUT_OF_MEMORY) return fits;
  mill_error_clear(w->err);
  w->status = MILL_OK;
  (void)MILL_W_FAIL(w, MILL_E_INVALID_DEFAULT_VALUE_DATA_TYPE, "statement", statement, "colName",
                    mill_w_quoted_parts(w, &name, 1), "expectedType", mill_w_quoted_type(w, type),
                    "defaultValue", text, "actualType", mill_w_quoted_type(w, e->type), NULL);
  return false;
}

/* ---- use ------------------------------------------------------------------------------------ */

/* Not resolved yet. */
static const mill_expr *written(mill_planner *w, const mill_field *f) {
  const char *text = mill_metadata_text(w, f, "CURRENT_DEFAULT");
  if (text) return mill_w_parse(w, text, strlen(text));
  return w->status ? NULL : mill_x_null(w, f->type);
}

const mill_expr *mill_column_default(mill_planner *w, const mill_field *f) {
  mill_scope none = {0};
  const mill_expr *e = written(w, f);
  return e ? mill_resolve(w, &none, e) : NULL;
}

static bool is_default(const mill_expr *e) {
  return e->kind == MILL_X_NAME && e->nparts == 1 && strcasecmp(e->parts[0], "DEFAULT") == 0;
}

static int has_default(const mill_expr *e, void *arg) {
  (void)arg;
  return is_default(e);
}

/* The items of a list where DEFAULT stands for what column i % width gets. */
static const mill_expr **replaced(mill_planner *w, const mill_expr *const *e, int n, int width,
                                  const mill_field *const *targets, int ntargets) {
  const mill_expr **list = mill_w_alloc(w, (size_t)(n + 1) * sizeof *list);
  for (int i = 0; list && i < n; i++) {
    const mill_expr *x = e[i];
    while (x->kind == MILL_X_ALIAS) x = x->args[0];
    list[i] = e[i];
    if (is_default(x) && i % width < ntargets) {
      list[i] =
          mill_x_cast(w, mill_column_default(w, targets[i % width]), targets[i % width]->type);
    } else if (mill_x_any(x, has_default, NULL)) {
      return MILL_W_FAIL_AT(w, x, MILL_E_DEFAULT_PLACEMENT_INVALID, NULL);
    }
    if (list[i] == NULL) return NULL;
  }
  return list;
}

static bool any_default(const mill_node *n) {
  for (int i = 0; i < n->nexprs; i++)
    if (n->exprs[i] && mill_x_any(n->exprs[i], has_default, NULL)) return true;
  return false;
}

const mill_node *mill_fill_defaults(mill_planner *w, const mill_node *n,
                                    const mill_field *const *targets, int ntargets) {
  if (n->kind == MILL_N_ALIAS && n->nchildren == 1) {
    mill_node *c = mill_w_node_copy(w, n);
    if (c) c->analysed = false;
    if (c) c->child[0] = mill_fill_defaults(w, n->child[0], targets, ntargets);
    return c && c->child[0] ? c : NULL;
  }
  bool list = n->kind == MILL_N_VALUES || n->kind == MILL_N_PROJECT;
  if (!list || n->analysed || n->nexprs == 0 || !any_default(n)) return n;
  int width = n->kind == MILL_N_VALUES && n->nrows ? n->nexprs / n->nrows : n->nexprs;
  mill_node *c = mill_w_node_copy(w, n);
  if (c == NULL) return NULL;
  c->analysed = false;
  c->exprs = replaced(w, n->exprs, n->nexprs, width, targets, ntargets);
  return c->exprs ? c : NULL;
}
