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

/* Rows are sorted by the keys of both lists. Spark gives what is computed for that a name of its own. */
static bool keys_ordered(mill_planner *w, const mill_window *v) {
  for (int i = 0; i < v->norder; i++)
    if (!mill_refuse_unordered(w, v->order[i], v->order[i])) return false;
  for (int i = 0; i < v->npartition; i++) {
    const mill_expr *k = v->partition[i];
    if (mill_type_orderable(k->type)) continue;
    bool computed = k->kind != MILL_X_COLUMN && !mill_x_foldable(k);
    (void)MILL_W_FAIL_AT(w, k, MILL_E_EXPRESSION_TYPE_IS_NOT_ORDERABLE, "expr",
                         computed ? "\"_w0\"" : mill_w_quoted_sql(w, k), "exprType",
                         mill_w_quoted_type(w, k->type), NULL);
    return false;
  }
  return true;
}

static bool shifts(const mill_expr *call) {
  return mill_x_is_call(call, "lag") || mill_x_is_call(call, "lead");
}

/* lag, lead and the ranks have a frame of their own: a written one must be that, and for lag and
** lead only a distance that is spelt as Spark spells it, ROWS BETWEEN -1 FOLLOWING AND -1 FOLLOWING. */
static bool may_frame(mill_planner *w, const mill_window *v, const mill_expr *call) {
  if (!v->framed || call->fn->kind != MILL_WINDOW || mill_x_is_call(call, "nth_value")) return true;
  if (shifts(call)) {
    if (v->unit == MILL_FRAME_ROWS && v->from == MILL_FOLLOWING && v->to == MILL_FOLLOWING)
      return true;
    (void)MILL_W_FAIL_AT(w, call, MILL_E_LEGACY_1035, "prettyName", call->name, NULL);
    return false;
  }
  bool rows = !mill_x_is_call(call, "cume_dist");
  if (v->from == MILL_UNBOUNDED_PRECEDING && v->to == MILL_CURRENT_ROW &&
      v->unit == (rows ? MILL_FRAME_ROWS : MILL_FRAME_RANGE))
    return true;
  (void)MILL_W_FAIL_AT(w, call, MILL_E_LEGACY_1036, "wf",
                       v->unit == MILL_FRAME_ROWS ? "ROWS" : "RANGE", "required",
                       rows ? "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
                            : "RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW",
                       NULL);
  return false;
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

/* listagg as Spark tells of it in an error, its delimiter and keys as arguments: "listagg(a, NULL, b ASC ..)". */
static const char *listagg_text(mill_planner *w, const mill_expr *e) {
  int given = e->nargs - e->norder;
  const char *s = mill_w_printf(w, "listagg(%s, %s", mill_w_sql(w, e->args[0]),
                                given > 1 ? mill_w_sql(w, e->args[1]) : "NULL");
  for (int i = 0; s && i < e->norder; i++) {
    mill_expr *key = mill_x_copy(w, e->order[i]);
    if (key == NULL) return NULL;
    key->args[0] = e->args[given + i];
    s = mill_w_printf(w, "%s, %s", s, mill_w_sql(w, key));
  }
  return s ? mill_w_printf(w, "%s)", s) : NULL;
}

/* median, percentiles in an order and listagg in one are of a whole partition. */
static bool needs_whole(mill_planner *w, const mill_expr *e) {
  static const char *const names[] = {"median", "percentile_cont", "percentile_disc", NULL};
  const mill_window *v = e->window;
  bool whole = v->norder == 0 && v->unit == MILL_FRAME_ROWS &&
               v->from == MILL_UNBOUNDED_PRECEDING && v->to == MILL_UNBOUNDED_FOLLOWING;
  bool sorted = strcmp(e->args[0]->fn->name, "listagg") == 0 && e->args[0]->norder > 0;
  if (!(sorted || named(e->args[0], names)) || whole) return false;
  mill_expr *call = mill_x_copy(w, e->args[0]);
  if (call) {
    call->pretty = sorted ? listagg_text(w, call) : NULL, call->norder = 0;
    (void)MILL_W_FAIL_AT(w, e, MILL_E_INVALID_WINDOW_SPEC_FOR_AGGREGATION_FUNC, "aggFunc",
                         mill_w_quoted_sql(w, call), NULL);
  }
  return true;
}

/* The text of a frame alone, for an error. */
static const char *frame_text(mill_planner *w, const mill_expr *e) {
  return mill_w_printf(w, "\"%s\"", spec_text(w, e, true));
}

/* A distance as Spark has it: N PRECEDING is -N, and a text or NULL with a sign is a DOUBLE. */
static const mill_type *offset_type(const mill_expr *e, mill_frame_bound b) {
  bool signed_double =
      b == MILL_PRECEDING && (e->type->id == MILL_STRING || e->type->id == MILL_NULL);
  return signed_double ? mill_type_of(MILL_DOUBLE) : e->type;
}

static bool unaccepted(mill_planner *w, const mill_expr *e, bool upper, const mill_type *is,
                       const char *wanted) {
  (void)MILL_W_FAIL_AT(w, e, MILL_E_DATATYPE_MISMATCH_SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE,
                       "sqlExpr", frame_text(w, e), "location", upper ? "upper" : "lower",
                       "exprType", mill_w_quoted_type(w, is), "expectedType", wanted, NULL);
  return false;
}

#define SIGNED                                                                                     \
  "(\"NUMERIC\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\" or \"INTERVAL\")"

/* May a RANGE frame over the order key go so far? Keys but dates and times take the distance cast to
** their own type, so the type must have a distance. */
static bool range_bound(mill_planner *w, const mill_expr *e, bool upper) {
  const mill_window *v = e->window;
  const mill_type *key = v->order[0]->type;
  const mill_expr *of = upper ? v->to_offset : v->from_offset;
  const mill_type *t = offset_type(of, upper ? v->to : v->from);
  bool interval = t->id == MILL_INTERVAL_YM || t->id == MILL_INTERVAL_DT || t->id == MILL_INTERVAL;
  bool fits = true;
  if (key->id == MILL_STRING || key->id == MILL_BOOLEAN)
    return unaccepted(w, e, upper, key, SIGNED);
  if (key->id == MILL_DATE)
    fits = t->id == MILL_INT || (interval && !(t->id == MILL_INTERVAL_DT && t->end != MILL_DAY));
  else if (key->id == MILL_TIMESTAMP || key->id == MILL_TIMESTAMP_NTZ)
    fits = interval;
  else if (key->nfields || key->id == MILL_BINARY || key->id == MILL_TIME)
    fits = key == t;
  if (fits) return true;
  (void)MILL_W_FAIL_AT(w, e, MILL_E_DATATYPE_MISMATCH_RANGE_FRAME_INVALID_TYPE, "sqlExpr",
                       mill_w_printf(w, "\"(%s)\"", spec_text(w, e, false)), "orderSpecType",
                       mill_w_quoted_type(w, key), "valueBoundaryType", mill_w_quoted_type(w, t),
                       NULL);
  return false;
}

static bool frame_bound(mill_planner *w, const mill_expr *e, bool upper) {
  const mill_window *v = e->window;
  const mill_expr *of = upper ? v->to_offset : v->from_offset;
  mill_frame_bound b = upper ? v->to : v->from;
  if (of == NULL) return true;
  if (b == MILL_PRECEDING && of->type->id == MILL_BOOLEAN)
    return mill_x_bound(w, "negative", 1, of) != NULL; /* that says why not */
  if (v->unit == MILL_FRAME_ROWS && of->type->id != MILL_INT)
    return unaccepted(w, e, upper, offset_type(of, b), "\"INT\"");
  return v->unit == MILL_FRAME_ROWS || v->norder != 1 || range_bound(w, e, upper);
}

static const char *bound_text(mill_planner *w, mill_frame_bound b, const mill_expr *of) {
  switch (b) {
  case MILL_UNBOUNDED_PRECEDING: return "\"UNBOUNDED PRECEDING\"";
  case MILL_UNBOUNDED_FOLLOWING: return "\"UNBOUNDED FOLLOWING\"";
  case MILL_CURRENT_ROW: return "\"CURRENT ROW\"";
  case MILL_PRECEDING: return mill_w_printf(w, "\"(- %s)\"", mill_w_sql(w, of));
  default: return mill_w_quoted_sql(w, of);
  }
}

/* Frames that end where all begin, or begin where all end. */
static bool in_order(mill_planner *w, const mill_expr *e) {
  const mill_window *v = e->window;
  if (v->from != MILL_UNBOUNDED_FOLLOWING && v->to != MILL_UNBOUNDED_PRECEDING) return true;
  (void)MILL_W_FAIL_AT(w, e, MILL_E_DATATYPE_MISMATCH_SPECIFIED_WINDOW_FRAME_INVALID_BOUND,
                       "sqlExpr", frame_text(w, e), "upper", bound_text(w, v->to, v->to_offset),
                       "lower", bound_text(w, v->from, v->from_offset), NULL);
  return false;
}

/* Distances from dates and times stay of the types they have, which must then be the same. */
static bool same_distance(mill_planner *w, const mill_expr *e) {
  const mill_window *v = e->window;
  if (v->unit != MILL_FRAME_RANGE || v->norder != 1 || !v->from_offset || !v->to_offset)
    return true;
  mill_type_id key = v->order[0]->type->id;
  const mill_type *from = offset_type(v->from_offset, v->from);
  const mill_type *to = offset_type(v->to_offset, v->to);
  if ((key != MILL_DATE && key != MILL_TIMESTAMP && key != MILL_TIMESTAMP_NTZ) || from == to)
    return true;
  (void)MILL_W_FAIL_AT(w, e, MILL_E_DATATYPE_MISMATCH_SPECIFIED_WINDOW_FRAME_DIFF_TYPES, "sqlExpr",
                       frame_text(w, e), "lower", bound_text(w, v->from, v->from_offset), "upper",
                       bound_text(w, v->to, v->to_offset), "lowerType", mill_w_quoted_type(w, from),
                       "upperType", mill_w_quoted_type(w, to), NULL);
  return false;
}

static const mill_expr *check_frame(mill_planner *w, const mill_expr *e) {
  const mill_window *v = e->window;
  int64_t from, to;
  bool offsets = v->from_offset || v->to_offset;
  if (!frame_bound(w, e, false) || !frame_bound(w, e, true) || !same_distance(w, e) ||
      !in_order(w, e))
    return NULL;
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
                        "sqlExpr", frame_text(w, e), "comparison", "less than or equal", NULL);
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

/* lag(x) IGNORE NULLS over the window of `e`. */
static const mill_expr *last_before(mill_planner *w, const mill_expr *e, const mill_expr *x) {
  const mill_expr *bound = mill_x_bound(w, "lag", 1, x);
  mill_expr *lag = bound ? mill_x_copy(w, bound) : NULL, *c = mill_x_copy(w, e);
  if (lag == NULL || c == NULL) return NULL;
  lag->ignore_nulls = true;
  c->args[0] = lag;
  c->type = lag->type;
  c->nullable = true;
  return c;
}

/* counter_diff by the row before that has a counter, and by the start that stands there: in a struct, so that
** IGNORE NULLS does not pass over a start that is NULL. */
static const mill_expr *counter_diff(mill_planner *w, const mill_expr *e) {
  const mill_expr *call = e->args[0], *value = call->args[0], *args[4] = {value};
  int n = call->nargs > 1 ? 4 : 2;
  args[1] = last_before(w, e, value);
  if (n > 2) {
    const mill_expr *counted = mill_x_bound(w, "isnotnull", 1, value);
    const mill_expr *boxed = counted ? mill_x_bound(w, "struct", 1, call->args[1]) : NULL;
    const mill_expr *start = boxed ? mill_x_bound(w, "when", 2, counted, boxed) : NULL;
    const mill_expr *before = start ? last_before(w, e, start) : NULL;
    args[2] = call->args[1];
    args[3] = before ? mill_bind_field(w, before, before->type->fields[0].name, before) : NULL;
  }
  if (w->status || args[n - 1] == NULL || args[1] == NULL) return NULL;
  const mill_expr *step =
      n > 2 ? mill_x_bound(w, "counter_step", 4, args[0], args[1], args[2], args[3])
            : mill_x_bound(w, "counter_step", 2, args[0], args[1]);
  mill_expr *shown = step ? mill_x_copy(w, step) : NULL;
  if (shown) shown->pretty = mill_w_sql(w, e);
  return shown;
}

const mill_expr *mill_resolve_window(mill_planner *w, const mill_scope *s, const mill_expr *e) {
  mill_scope below = *s;
  below.nested = true;
  if (below.within == NULL) below.within = e;
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
  if (!keys_ordered(w, v)) return NULL;
  if (call->fn->kind == MILL_WINDOW && v->norder == 0)
    return MILL_W_FAIL_AT(w, e, MILL_E_WINDOW_FUNCTION_FRAME_NOT_ORDERED, "wf_name", call->name,
                          "wf_expr", mill_w_whole_sql(w, call), NULL);
  v->from_offset = offset(w, &below, e->window->from_offset);
  v->to_offset = offset(w, &below, e->window->to_offset);
  if (w->status || !may_frame(w, v, call)) return NULL;
  default_frame(v, call);
  if (shifts(call)) v->to = MILL_CURRENT_ROW;
  c->args[0] = call;
  c->window = v;
  c->type = call->type;
  c->nullable = call->nullable;
  const mill_expr *r = check_frame(w, c);
  if (r && needs_whole(w, c)) return NULL;
  if (r && mill_x_is_call(call, "counter_diff")) return counter_diff(w, r);
  return r && boxed ? unboxed(w, r) : r;
}

/* ---- extraction ----------------------------------------------------------------------------- */

typedef struct extraction {
  mill_exprs found;        /* ALIAS of WINDOW; those that one is computed from stand before it */
  mill_chains known;       /* of them, by trace */
  const mill_expr *opened; /* the window whose parts are being searched */
  bool nested;             /* one is computed from another */
} extraction;

static const mill_expr *extract(mill_planner *w, const mill_expr *e, void *arg);

/* e over columns, in place of the windows inside it. */
static const mill_expr *extract_inside(mill_planner *w, const mill_expr *e, extraction *x) {
  const mill_expr *before = x->opened;
  x->opened = e;
  const mill_expr *r = mill_x_map(w, e, extract, x);
  x->opened = before;
  if (r == NULL || r == e) return r;
  x->nested = true;
  mill_expr *c = mill_x_copy(w, r);
  if (c) c->pretty = mill_w_sql(w, e);
  return c;
}

static const mill_expr *extract(mill_planner *w, const mill_expr *e, void *arg) {
  extraction *x = arg;
  if (e->kind != MILL_X_WINDOW || e == x->opened) return NULL;
  if ((e = extract_inside(w, e, x)) == NULL) return NULL;
  const uint32_t trace = mill_x_trace(e);
  for (int i = mill_chains_find(&x->known, trace); i >= 0; i = mill_chains_next(&x->known, i))
    if (mill_x_same(x->found.at[i]->args[0], e)) return mill_x_column(w, x->found.at[i]);
  mill_expr *a = mill_x_alias(w, e, mill_w_sql(w, e));
  bool added = mill_exprs_add(w, &x->found, a) && mill_chains_add(w, &x->known, trace);
  return added ? mill_x_column(w, a) : NULL;
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

typedef struct pending {
  const extraction *x;
  const bool *done;
} pending;

static int is_pending(const mill_expr *e, void *arg) {
  const pending *p = arg;
  for (int i = 0; e->kind == MILL_X_COLUMN && i < p->x->found.n; i++)
    if (p->x->found.at[i]->id == e->id) return p->done[i] ? 0 : 1;
  return 0;
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
  extraction x = {0};
  int nodes = 0;
  for (int i = 0; i < items->n; i++) {
    const mill_expr *before = items->at[i];
    if (!mill_x_has_window(before)) continue;
    const mill_expr *e = mill_x_map(w, before, extract, &x);
    if (e == NULL) return false;
    items->at[i] = e;
  }
  bool *done = mill_w_alloc(w, (size_t)x.found.n + 1);
  bool *now = mill_w_alloc(w, (size_t)x.found.n + 1);
  if (done == NULL || now == NULL) return false;
  for (int i = 0; i < x.found.n; i++) {
    mill_exprs group = {0};
    pending p = {&x, done};
    if (done[i]) continue;
    for (int k = i; k < x.found.n; k++) {
      now[k] = !done[k] && same_spec(x.found.at[i], x.found.at[k]) &&
               !(x.nested && mill_x_any(x.found.at[k]->args[0], is_pending, &p));
      if (now[k] && !mill_exprs_add(w, &group, x.found.at[k])) return false;
    }
    for (int k = i; k < x.found.n; k++) done[k] |= now[k];
    if (++nodes > MILL_PLAN_DEPTH) return mill_w_too_deep(w);
    *child = window_node(w, *child, &group);
    if (*child == NULL) return false;
  }
  return true;
}
