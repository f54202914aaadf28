/* Window expressions: their frames by Spark's defaults, and their place below the select list. */
#include <string.h>
#include <strings.h>

#include "plan/plan_int.h"

static bool resolve_list(mill_planner *w, const mill_scope *s, const mill_expr *const *in, int n,
                         const mill_expr ***out) {
  *out = mill_w_alloc(w, (size_t)(n + 1) * sizeof **out);
  for (int i = 0; *out && i < n; i++) {
    (*out)[i] = mill_resolve(w, s, in[i]);
    if ((*out)[i] == NULL) return false;
  }
  return *out != NULL;
}

static bool shifts(const mill_expr *call) {
  return mill_x_is_call(call, "lag") || mill_x_is_call(call, "lead");
}

/* The frame where none is written, or the one that the function brings. */
static void default_frame(mill_window *v, const mill_expr *call) {
  bool ranking = call->fn->kind == MILL_WINDOW && !mill_x_is_call(call, "nth_value");
  if (v->framed && !ranking) return;
  v->framed = true;
  v->from = MILL_UNBOUNDED_PRECEDING;
  v->to = MILL_CURRENT_ROW;
  v->unit = ranking && !mill_x_is_call(call, "cume_dist") ? MILL_FRAME_ROWS : MILL_FRAME_RANGE;
  if (!ranking && v->norder == 0) {
    v->unit = MILL_FRAME_ROWS;
    v->to = MILL_UNBOUNDED_FOLLOWING;
  }
}

/* "ORDER BY .. ROWS BETWEEN ..", or the frame alone. */
static const char *spec_text(mill_planner *w, const mill_expr *e, bool frame) {
  const char *all = mill_w_sql(w, e), *call = mill_w_sql(w, e->args[0]);
  if (strlen(all) < strlen(call) + 8) return "";
  const char *spec = all + strlen(call) + 7; /* behind " OVER (" */
  const char *at =
      frame ? strstr(spec, e->window->unit == MILL_FRAME_ROWS ? "ROWS" : "RANGE") : spec;
  return at ? mill_w_copy(w, at, strlen(at) - 1) : "";
}

static const char *orders(mill_planner *w, const mill_window *v) {
  const char *s = "";
  for (int i = 0; s && i < v->norder; i++)
    s = mill_w_printf(w, "%s%s%s", s, i ? "," : "", mill_w_sql(w, v->order[i]));
  return s;
}

/* A bound as a distance from the current row, where it is a constant. */
static bool distance_of(const mill_expr *e, mill_frame_bound b, int64_t *out) {
  if (e == NULL || e->value == NULL || !mill_vector_valid(e->value, 0)) return false;
  if (e->type->id == MILL_INT)
    *out = *(const int32_t *)e->value->data;
  else if (e->type->id == MILL_BIGINT)
    *out = *(const int64_t *)e->value->data;
  else
    return false;
  if (b == MILL_PRECEDING) *out = -*out;
  return true;
}

static bool named(const mill_expr *e, const char *const *names) {
  for (int i = 0; names[i]; i++)
    if (mill_x_is_call(e, names[i])) return true;
  return false;
}

/* median and percentiles in an order are of a whole partition. */
static bool needs_whole(mill_planner *w, const mill_expr *e) {
  static const char *const names[] = {"median", "percentile_cont", "percentile_disc", NULL};
  const mill_window *v = e->window;
  bool whole = v->norder == 0 && v->unit == MILL_FRAME_ROWS &&
               v->from == MILL_UNBOUNDED_PRECEDING && v->to == MILL_UNBOUNDED_FOLLOWING;
  if (!named(e->args[0], names) || whole) return false;
  mill_expr *call = mill_x_copy(w, e->args[0]);
  if (call) {
    call->pretty = NULL, call->norder = 0;
    (void)MILL_W_FAIL_AT(w, e, MILL_E_INVALID_WINDOW_SPEC_FOR_AGGREGATION_FUNC, "aggFunc",
                         mill_w_quoted_sql(w, call), NULL);
  }
  return true;
}

static const mill_expr *check_frame(mill_planner *w, const mill_expr *e) {
  const mill_window *v = e->window;
  int64_t from, to;
  bool offsets = v->from_offset || v->to_offset;
  if (v->unit == MILL_FRAME_RANGE && offsets && v->norder == 0)
    return MILL_W_FAIL_AT(w, e, MILL_E_DATATYPE_MISMATCH_RANGE_FRAME_WITHOUT_ORDER, "sqlExpr",
                          mill_w_printf(w, "\"(%s)\"", spec_text(w, e, false)), NULL);
  if (v->unit == MILL_FRAME_RANGE && offsets && v->norder > 1)
    return MILL_W_FAIL_AT(w, e, MILL_E_DATATYPE_MISMATCH_RANGE_FRAME_MULTI_ORDER, "sqlExpr",
                          mill_w_printf(w, "\"(%s)\"", spec_text(w, e, false)), "orderSpec",
                          orders(w, v), NULL);
  if (!distance_of(v->from_offset, v->from, &from) || !distance_of(v->to_offset, v->to, &to) ||
      from <= to)
    return e;
  return MILL_W_FAIL_AT(w, e, MILL_E_DATATYPE_MISMATCH_SPECIFIED_WINDOW_FRAME_WRONG_COMPARISON,
                        "sqlExpr", mill_w_printf(w, "\"%s\"", spec_text(w, e, true)), "comparison",
                        "less than or equal", NULL);
}

static const mill_expr *offset(mill_planner *w, const mill_scope *s, const mill_expr *e) {
  return e ? mill_resolve(w, s, e) : NULL;
}

/* first(x), last(x) and any_value(x) without IGNORE NULLS. */
static bool sees_nulls(mill_planner *w, const mill_expr *call) {
  static const char *const names[] = {"first",       "last",       "any_value",
                                      "first_value", "last_value", NULL};
  const mill_vector *v;
  bool ignores = call->nargs == 2 && mill_w_evaluate(w, call->args[1], &v) &&
                 mill_vector_valid(v, 0) && ((const uint8_t *)v->data)[0];
  return named(call, names) && call->nargs > 0 && !call->ignore_nulls && !ignores;
}

/* The value out of the struct that `filtered` put it into, shown as the window itself. */
static const mill_expr *unboxed(mill_planner *w, const mill_expr *window) {
  const char *pretty = mill_w_sql(w, window);
  mill_expr *f = mill_x_copy(w, mill_bind_field(w, window, window->type->fields[0].name, window));
  if (f) f->pretty = pretty, f->nullable = true;
  return f;
}

/* f(x) FILTER (WHERE c) OVER .. is f over x where c holds and NULL elsewhere, which f does not look at.
** Those that do see NULLs are run over struct(x) where c holds, and IGNORE NULLS. */
static const mill_expr *filtered(mill_planner *w, const mill_scope *s, const mill_expr *call) {
  static const char *const by_second[] = {"max_by", "min_by", NULL};
  bool boxed = sees_nulls(w, call);
  mill_expr *c = mill_x_copy(w, call);
  if (c == NULL) return NULL;
  c->pretty = mill_w_sql(w, call);
  if (call->nargs == 0) {
    c->args = mill_w_alloc(w, sizeof *c->args);
    if (c->args == NULL || (c->args[0] = mill_x_int(w, 1)) == NULL) return NULL;
    c->nargs = 1;
    c->star = false;
  }
  int at = named(call, by_second) && c->nargs > 1;
  if (boxed) {
    c->ignore_nulls = true;
    c->nargs = 1;
    c->args[0] = mill_x_bound(w, "struct", 1, call->args[0]);
    if (c->args[0] == NULL) return NULL;
  }
  c->args[at] = mill_x_bound(w, "when", 2, call->filter, c->args[at]);
  c->filter = NULL;
  return c->args[at] ? mill_bind_call(w, s, c) : NULL;
}

const mill_expr *mill_resolve_window(mill_planner *w, const mill_scope *s, const mill_expr *e) {
  mill_scope below = *s;
  below.nested = true;
  const mill_expr *f = e->args[0];
  if (f->kind == MILL_X_CALL && mill_find_routine(w, f->name, f->parts, f->nparts))
    return MILL_W_FAIL_AT(w, e, MILL_E_UNSUPPORTED_SQL_UDF_USAGE, "functionName",
                          mill_w_quoted_parts(w, &f->name, 1), "nodeName", "Window", NULL);
  const mill_expr *call = mill_resolve(w, &below, f);
  if (call == NULL) return NULL;
  if (call->kind != MILL_X_CALL || call->fn == NULL ||
      (call->fn->kind != MILL_WINDOW && call->fn->kind != MILL_AGGREGATE))
    return MILL_W_FAIL_AT(w, e, MILL_E_UNSUPPORTED_EXPR_FOR_WINDOW, "sqlExpr",
                          mill_w_quoted_sql(w, call), NULL);
  if (call->distinct)
    return MILL_W_FAIL_AT(w, e, MILL_E_DISTINCT_WINDOW_FUNCTION_UNSUPPORTED, "windowExpr",
                          mill_w_quoted_sql(w, e), NULL);
  bool boxed = call->filter && sees_nulls(w, call);
  if (call->filter && (call = filtered(w, &below, call)) == NULL) return NULL;
  mill_window *v = mill_w_alloc(w, sizeof *v);
  mill_expr *c = mill_x_copy(w, e);
  if (v == NULL || c == NULL) return NULL;
  *v = *e->window;
  if (!resolve_list(w, &below, e->window->partition, v->npartition, &v->partition) ||
      !resolve_list(w, &below, e->window->order, v->norder, &v->order))
    return NULL;
  if (call->fn->kind == MILL_WINDOW && v->norder == 0)
    return MILL_W_FAIL_AT(w, e, MILL_E_WINDOW_FUNCTION_FRAME_NOT_ORDERED, "wf_name", call->name,
                          "wf_expr", mill_w_sql(w, call), NULL);
  v->from_offset = offset(w, &below, e->window->from_offset);
  v->to_offset = offset(w, &below, e->window->to_offset);
  if (w->status) return NULL;
  default_frame(v, call);
  if (shifts(call)) v->to = MILL_CURRENT_ROW;
  c->args[0] = call;
  c->window = v;
  c->type = call->type;
  c->nullable = call->nullable;
  const mill_expr *r = needs_whole(w, c) ? NULL : check_frame(w, c);
  return r && boxed ? unboxed(w, r) : r;
}

/* ---- extraction ----------------------------------------------------------------------------- */

typedef struct extraction {
  mill_exprs found; /* ALIAS of WINDOW */
} extraction;

static const mill_expr *extract(mill_planner *w, const mill_expr *e, void *arg) {
  extraction *x = arg;
  if (e->kind != MILL_X_WINDOW) return NULL;
  for (int i = 0; i < x->found.n; i++)
    if (mill_x_same(x->found.at[i]->args[0], e)) return mill_x_column(w, x->found.at[i]);
  mill_expr *a = mill_x_alias(w, e, mill_w_sql(w, e));
  return mill_exprs_add(w, &x->found, a) ? mill_x_column(w, a) : NULL;
}

static bool same_lists(const mill_expr *const *a, int na, const mill_expr *const *b, int nb) {
  for (int i = 0; na == nb && i < na; i++)
    if (!mill_x_same(a[i], b[i])) return false;
  return na == nb;
}

static bool same_spec(const mill_expr *a, const mill_expr *b) {
  const mill_window *x = a->args[0]->window, *y = b->args[0]->window;
  return same_lists(x->partition, x->npartition, y->partition, y->npartition) &&
         same_lists(x->order, x->norder, y->order, y->norder);
}

static const mill_node *window_node(mill_planner *w, const mill_node *child,
                                    const mill_exprs *group) {
  mill_node *n = mill_w_unary(w, MILL_N_WINDOW, child);
  mill_exprs out = {0};
  if (n == NULL || !mill_w_set_exprs(w, n, group) ||
      !mill_exprs_copy(w, &out, child->output, child->noutput))
    return NULL;
  for (int i = 0; i < group->n; i++)
    if (!mill_exprs_add(w, &out, mill_x_column(w, group->at[i]))) return NULL;
  n->output = out.at;
  n->noutput = out.n;
  return n;
}

bool mill_extract_windows(mill_planner *w, const mill_node **child, mill_exprs *items) {
  extraction x = {{0}};
  for (int i = 0; i < items->n; i++) {
    const mill_expr *before = items->at[i];
    if (!mill_x_has_window(before)) continue;
    const mill_expr *e = mill_x_map(w, before, extract, &x);
    if (e == NULL) return false;
    items->at[i] = e;
  }
  bool *done = mill_w_alloc(w, (size_t)x.found.n + 1);
  if (done == NULL) return false;
  for (int i = 0; i < x.found.n; i++) {
    mill_exprs group = {0};
    if (done[i]) continue;
    for (int k = i; k < x.found.n; k++) {
      if (done[k] || !same_spec(x.found.at[i], x.found.at[k])) continue;
      done[k] = true;
      if (!mill_exprs_add(w, &group, x.found.at[k])) return false;
    }
    *child = window_node(w, *child, &group);
    if (*child == NULL) return false;
  }
  return true;
}
