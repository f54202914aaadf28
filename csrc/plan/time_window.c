/* Windows of event time, below the node that speaks of them.
**
** A call of window, session_window or window_time in a select list, among grouping keys or added
** columns is no value of the row alone: it may make several rows of one, or none. So it is computed
** below the node, and the node reads a column of that name:
**
**   tumbling   Filter(time is not null) - Project(child's columns, window(time, ..) AS window)
**   sliding    Generate(sliding_window(time, ..)): a row for each window around the time
**   session    Filter(start < end) - Project(.., session_window(time, time + gap) AS session_window);
**              below a GROUP BY, sessions that touch are then made one, a group of the other keys
**              at a time, by window functions
**   time of    Project(child's columns, window_time(w) AS `window_time(w)`)
**
** The calls stay as they are in those nodes, so whoever looks for event times (stream_check.c) finds
** the way from the window back to the time. `window.start` in a list over GROUP BY window(..) is a
** field of that column. The source is Spark's TimeWindowing, SessionWindowing, ResolveWindowTime. */
#include <string.h>
#include <strings.h>

#include "plan/plan_int.h"

typedef struct windowing {
  const mill_node *before, *child; /* the node's own child; it grows */
  const mill_scope *outer;
  const mill_expr *found[2]; /* the resolved window or session_window, and window_time */
  const mill_expr *column[2];
  bool grouped; /* the node is an AGGREGATE */
  const mill_expr *session;
} windowing;

enum { WINDOW, TIME };

/* ---- finding -------------------------------------------------------------------------------- */

static bool is_window(const mill_expr *e) {
  return e->kind == MILL_X_CALL && e->nparts == 0 && e->nargs > 1 && e->type == NULL &&
         (mill_x_is_call(e, "window") || mill_x_is_call(e, "session_window"));
}

static bool is_time_of(const mill_expr *e) {
  return e->kind == MILL_X_CALL && e->nparts == 0 && e->nargs == 1 && e->type == NULL &&
         mill_x_is_call(e, "window_time");
}

static bool mentions(const char *text) {
  for (; *text; text++)
    if (strncasecmp(text, "window", 6) == 0) return true;
  return false;
}

static int any_at(const mill_expr *e, void *arg) {
  (void)arg;
  if (e->kind == MILL_X_TEXT) return mentions(e->name);
  return is_window(e) || is_time_of(e);
}

static bool any_in(const mill_expr *const *e, int n) {
  for (int i = 0; i < n; i++)
    if (mill_x_any(e[i], any_at, NULL)) return true;
  return false;
}

/* ---- computing ------------------------------------------------------------------------------ */

/* The child's columns and one more. */
static bool add_column(mill_planner *w, windowing *x, const mill_expr *alias) {
  mill_exprs l = {0};
  if (!mill_exprs_copy(w, &l, x->child->output, x->child->noutput) || !mill_exprs_add(w, &l, alias))
    return false;
  mill_node *p = mill_w_project(w, x->child, &l);
  for (int i = 0; p && i < x->child->noutput; i++) p->output[i] = x->child->output[i];
  x->child = p;
  return p != NULL;
}

/* A window over an event time is one itself: it takes the delay on. */
static const char *window_metadata(mill_planner *w, const mill_expr *call, const char *marker) {
  int64_t millis;
  const mill_expr *time = call->args[0];
  while (mill_x_is_call(time, "window_time")) time = time->args[0];
  if (!mill_watermark_of(time->metadata, &millis))
    return mill_w_printf(w, "{\"spark.%s\":true}", marker);
  return mill_w_printf(w, "{\"spark.%s\":true,\"spark.watermarkDelayMs\":%lld}", marker,
                       (long long)millis);
}

static mill_expr *marked(mill_planner *w, const mill_expr *call, const char *name,
                         const char *marker) {
  mill_expr *a = mill_x_alias(w, call, name);
  if (a) a->metadata = window_metadata(w, call, marker);
  return a;
}

static bool slides(const mill_expr *call) {
  return call->nargs > 2 && !(call->args[1]->value && mill_x_same(call->args[1], call->args[2]));
}

static const mill_expr *sliding(mill_planner *w, windowing *x, const mill_expr *call) {
  mill_expr *g = mill_x_copy(w, call);
  mill_exprs l = {0}, out = {0};
  if (g == NULL) return NULL;
  g->name = "sliding_window";
  g->type = NULL, g->value = NULL;
  const mill_expr *generator = mill_bind_call(w, NULL, g);
  mill_node *n = generator ? mill_w_unary(w, MILL_N_GENERATE, x->child) : NULL;
  mill_expr *c = mill_x_new(w, MILL_X_COLUMN, NULL);
  if (n == NULL || c == NULL || !mill_exprs_add(w, &l, generator) || !mill_w_set_exprs(w, n, &l) ||
      !mill_exprs_copy(w, &out, x->child->output, x->child->noutput))
    return NULL;
  c->name = "window";
  c->type = call->type;
  c->nullable = true;
  c->id = mill_session_next_id(w->session);
  c->metadata = window_metadata(w, call, "timeWindow");
  if (!mill_exprs_add(w, &out, c)) return NULL;
  n->output = out.at;
  n->noutput = out.n;
  x->child = n;
  return c;
}

static const mill_expr *tumbling(mill_planner *w, windowing *x, const mill_expr *call) {
  mill_expr *a = marked(w, call, "window", "timeWindow");
  const mill_expr *some = a ? mill_x_bound(w, "isnotnull", 1, call->args[0]) : NULL;
  if (some == NULL) return NULL;
  a->nullable = false;
  x->child = mill_w_filter(w, x->child, some);
  return x->child && add_column(w, x, a) ? mill_x_column(w, a) : NULL;
}

/* The end is the time and the gap; a gap that is none or not above zero makes no session. */
static const mill_expr *session(mill_planner *w, windowing *x, const mill_expr *call) {
  const mill_expr *time = call->args[0];
  const mill_expr *gap = mill_x_cast(w, call->args[1], mill_type_of(MILL_INTERVAL));
  const mill_expr *end = gap ? mill_x_bound(w, "+", 2, time, gap) : NULL;
  const mill_expr *some = end ? mill_x_bound(w, "<", 2, time, end) : NULL;
  const mill_expr *bound = end ? mill_x_bound(w, "session_window", 2, time, end) : NULL;
  if (some == NULL || bound == NULL) return NULL;
  mill_expr *a = marked(w, bound, "session_window", "sessionWindow");
  if (a == NULL) return NULL;
  a->nullable = false;
  x->child = mill_w_filter(w, x->child, some);
  if (x->child == NULL || !add_column(w, x, a)) return NULL;
  return x->session = mill_x_column(w, a);
}

/* The column for a resolved call, computed below where it is new. */
static const mill_expr *column_of(mill_planner *w, windowing *x, const mill_expr *call, int which) {
  if (x->found[which] && mill_x_same(x->found[which], call)) return x->column[which];
  if (x->found[which] && which == WINDOW) return MILL_W_FAIL_AT(w, call, MILL_E_LEGACY_1039, NULL);
  const mill_expr *c = NULL;
  if (which == TIME) {
    mill_expr *a = mill_x_alias(w, call, mill_w_sql(w, call));
    if (a) a->metadata = call->args[0]->metadata;
    c = a && add_column(w, x, a) ? mill_x_column(w, a) : NULL;
  } else if (mill_x_is_call(call, "session_window")) {
    c = session(w, x, call);
  } else {
    c = slides(call) ? sliding(w, x, call) : tumbling(w, x, call);
  }
  x->found[which] = call;
  x->column[which] = c;
  return c;
}

/* ---- replacing ------------------------------------------------------------------------------ */

typedef struct pass {
  windowing *x;
  int which;
} pass;

/* window(w, ..) of a window is that of its time. */
static mill_expr *over_window(mill_planner *w, windowing *x, const mill_expr *call,
                              const mill_scope *s) {
  mill_expr *c = mill_x_copy(w, call);
  const mill_expr *time = c ? mill_resolve(w, s, call->args[0]) : NULL;
  if (time == NULL) return NULL;
  c->args[0] = time;
  if (time->type->id != MILL_STRUCT || mill_x_is_call(call, "session_window")) return c;
  const mill_expr *last = mill_x_bound(w, "window_time", 1, time);
  c->args[0] = last ? column_of(w, x, last, TIME) : NULL;
  return c->args[0] ? c : NULL;
}

static const mill_expr *replace_at(mill_planner *w, const mill_expr *e, void *arg) {
  const pass *p = arg;
  if (e->kind == MILL_X_TEXT && mentions(e->name)) {
    const mill_expr *c = NULL;
    if (mill_find_column(w, p->x->child->output, p->x->child->noutput, e->name, &c)) return e;
    const mill_expr *parsed = mill_w_parse(w, e->name, strlen(e->name));
    return parsed ? mill_x_map(w, parsed, replace_at, arg) : NULL;
  }
  if (p->which == WINDOW ? !is_window(e) : !is_time_of(e)) return NULL;
  mill_scope s = mill_scope_of(p->which == WINDOW ? p->x->before : p->x->child, p->x->outer);
  if (p->which == WINDOW) e = over_window(w, p->x, e, &s);
  const mill_expr *call = e ? mill_resolve(w, &s, e) : NULL;
  return call ? column_of(w, p->x, call, p->which) : NULL;
}

static bool replace_in(mill_planner *w, const mill_expr *const *in, int n, pass *p,
                       const mill_expr ***out) {
  *out = mill_w_alloc(w, (size_t)(n + 1) * sizeof **out);
  for (int i = 0; *out && i < n; i++) {
    (*out)[i] = mill_x_map(w, in[i], replace_at, p);
    if ((*out)[i] == NULL) return false;
  }
  return *out != NULL;
}

/* ---- sessions that touch -------------------------------------------------------------------- */

static mill_expr *over(mill_planner *w, mill_expr *call, const mill_exprs *keys,
                       const mill_expr *order, int before) {
  mill_expr *x = mill_x_new(w, MILL_X_WINDOW, NULL);
  mill_window *v = mill_w_alloc(w, sizeof *v);
  const mill_expr **args = mill_w_alloc(w, 2 * sizeof *args);
  mill_expr *sort = mill_x_new(w, MILL_X_SORT, NULL);
  const mill_expr **by = mill_w_alloc(w, 2 * sizeof *by), **of = mill_w_alloc(w, 2 * sizeof *of);
  if (!x || !v || !args || !sort || !by || !of || call == NULL) return NULL;
  by[0] = order;
  sort->args = by, sort->nargs = 1, sort->nulls_first = true;
  of[0] = sort;
  *v = (mill_window){.npartition = keys->n, .partition = keys->at, .framed = true};
  v->from = MILL_UNBOUNDED_PRECEDING;
  v->to = before < 0 ? MILL_UNBOUNDED_FOLLOWING : before ? MILL_PRECEDING : MILL_CURRENT_ROW;
  if (before > 0) v->to_offset = mill_x_int(w, before);
  if (before >= 0) v->order = of, v->norder = 1;
  args[0] = call;
  x->args = args, x->nargs = 1, x->window = v;
  return x;
}

/* The node with one more column, a window function over the child's columns. */
static const mill_expr *compute(mill_planner *w, windowing *x, const mill_expr *e) {
  mill_scope s = mill_scope_of(x->child, x->outer);
  const mill_expr *r = e ? mill_resolve(w, &s, e) : NULL;
  mill_expr *a = r ? mill_x_alias(w, r, "session_part") : NULL;
  mill_exprs l = {0};
  if (a == NULL || !mill_exprs_copy(w, &l, x->child->output, x->child->noutput) ||
      !mill_exprs_add(w, &l, a))
    return NULL;
  const mill_node *below = x->child;
  mill_node *p = (mill_node *)mill_build_project(w, x->child, &l, NULL);
  for (int i = 0; p && i < below->noutput; i++) p->output[i] = below->output[i];
  x->child = p;
  return p ? p->output[below->noutput] : NULL;
}

/* A session begins where its start is not before the latest end so far; all between take the first
** start and the last end. */
static const mill_expr *merge_sessions(mill_planner *w, windowing *x, const mill_exprs *keys) {
  const mill_expr *start = mill_bind_field(w, x->session, "start", x->session);
  const mill_expr *end = start ? mill_bind_field(w, x->session, "end", x->session) : NULL;
  if (end == NULL) return NULL;
  const mill_expr *latest = compute(w, x, over(w, mill_x_call(w, "max", 1, end), keys, start, 1));
  mill_expr *first = latest ? mill_x_call(w, "<=", 2, start, latest) : NULL;
  mill_expr *same = first ? mill_x_call(w, "coalesce", 2, first, mill_x_bool(w, false)) : NULL;
  mill_expr *step = same ? mill_x_call(w, "if", 3, same, mill_x_int(w, 0), mill_x_int(w, 1)) : NULL;
  const mill_expr *number =
      step ? compute(w, x, over(w, mill_x_call(w, "sum", 1, step), keys, start, 0)) : NULL;
  mill_exprs parts = {0};
  if (number == NULL || !mill_exprs_copy(w, &parts, keys->at, keys->n) ||
      !mill_exprs_add(w, &parts, number))
    return NULL;
  const mill_expr *from = compute(w, x, over(w, mill_x_call(w, "min", 1, start), &parts, NULL, -1));
  const mill_expr *to =
      from ? compute(w, x, over(w, mill_x_call(w, "max", 1, end), &parts, NULL, -1)) : NULL;
  const mill_expr *whole = to ? mill_x_bound(w, "session_window", 2, from, to) : NULL;
  mill_expr *a = whole ? mill_x_alias(w, whole, "session_window") : NULL;
  if (a) a->metadata = x->session->metadata, a->nullable = false;
  return a && add_column(w, x, a) ? mill_x_column(w, a) : NULL;
}

typedef struct swap {
  uint64_t id;
  const mill_expr *by;
} swap;

static const mill_expr *swap_at(mill_planner *w, const mill_expr *e, void *arg) {
  const swap *s = arg;
  (void)w;
  return e->kind == MILL_X_COLUMN && e->id == s->id ? s->by : NULL;
}

static int uses_at(const mill_expr *e, void *arg) {
  return e->kind == MILL_X_COLUMN && e->id == *(const uint64_t *)arg;
}

/* Only the columns that may be read by name stay: not the lone sessions, nor their parts. */
static bool hide_parts(mill_planner *w, windowing *x, uint64_t lone) {
  mill_exprs l = {0};
  for (int i = 0; i < x->child->noutput; i++) {
    const mill_expr *c = x->child->output[i];
    if (c->id == lone || strcmp(c->name, "session_part") == 0) continue;
    if (!mill_exprs_add(w, &l, c)) return false;
  }
  mill_node *p = mill_w_project(w, x->child, &l);
  for (int i = 0; p && i < p->noutput; i++) p->output[i] = l.at[i];
  x->child = p;
  return p != NULL;
}

/* The item of the select list that a key means by its alias or its place, or the key. */
static const mill_expr *item_of(mill_planner *w, const mill_scope *s, const mill_node *n,
                                const mill_expr *k) {
  if (k->kind == MILL_X_LITERAL && k->value->type->id == MILL_INT) {
    int32_t at = mill_vector_valid(k->value, 0) ? *(const int32_t *)k->value->data : 0;
    return at >= 1 && at <= n->nexprs ? n->exprs[at - 1] : k;
  }
  if (k->kind != MILL_X_NAME || k->nparts != 1 || mill_resolve_name_quiet(w, s, k)) return k;
  for (int i = 0; i < n->nexprs; i++)
    if (n->exprs[i]->kind == MILL_X_ALIAS &&
        mill_w_same_name(w, n->exprs[i]->parts[0], k->parts[0]))
      return n->exprs[i];
  return k;
}

static bool group_sessions(mill_planner *w, windowing *x, mill_node *n) {
  mill_exprs keys = {0};
  mill_scope s = mill_scope_of(x->child, x->outer);
  uint64_t lone = x->session->id;
  if (x->child->streaming)
    return MILL_W_FAIL_AT(w, n, MILL_E_UNSUPPORTED_FEATURE_TABLE_OPERATION, "tableName", "stream",
                          "operation", "session windows", NULL) != NULL;
  for (int i = 0; i < n->nkeys; i++) {
    const mill_expr *item = item_of(w, &s, n, n->keys[i]);
    if (mill_x_any(item, uses_at, &lone)) continue;
    const mill_expr *k = mill_resolve(w, &s, item);
    while (k && k->kind == MILL_X_ALIAS) k = k->args[0];
    if (!mill_exprs_add(w, &keys, k)) return false;
  }
  swap t = {lone, merge_sessions(w, x, &keys)};
  if (t.by == NULL || !hide_parts(w, x, lone)) return false;
  for (int i = 0; i < n->nkeys; i++) n->keys[i] = mill_x_map(w, n->keys[i], swap_at, &t);
  for (int i = 0; i < n->nexprs; i++) n->exprs[i] = mill_x_map(w, n->exprs[i], swap_at, &t);
  return w->status == MILL_OK;
}

/* ---- nodes ---------------------------------------------------------------------------------- */

/* Stars and withColumns mean the columns from before. */
static bool spread(mill_planner *w, mill_node *n, const mill_node *child, const mill_scope *outer) {
  mill_exprs l = {0};
  mill_scope s = mill_scope_of(child, outer);
  if (n->kind == MILL_N_WITH_COLUMNS) {
    for (int i = 0; i < child->noutput; i++) {
      const mill_expr *item = child->output[i];
      for (int k = 0; k < n->nexprs; k++)
        if (mill_w_same_name(w, n->exprs[k]->parts[0], item->name)) item = NULL, k = n->nexprs;
      if (item && !mill_exprs_add(w, &l, item)) return false;
    }
    n->kind = MILL_N_PROJECT;
  }
  return mill_expand_list(w, &s, n->exprs, n->nexprs, &l) && mill_w_set_exprs(w, n, &l);
}

const mill_node *mill_time_windows(mill_planner *w, const mill_node *n, const mill_scope *outer) {
  if (!any_in(n->exprs, n->nexprs) && !any_in(n->keys, n->nkeys)) return n;
  const mill_node *child = mill_analyse(w, n->child[0], outer);
  mill_node *c = child ? mill_w_node_copy(w, n) : NULL;
  if (c == NULL || !spread(w, c, child, outer)) return NULL;
  windowing x = {
      .before = child, .child = child, .outer = outer, .grouped = n->kind == MILL_N_AGGREGATE};
  for (int which = WINDOW; which <= TIME; which++) {
    pass p = {&x, which};
    if (!replace_in(w, c->keys, c->nkeys, &p, &c->keys) ||
        !replace_in(w, c->exprs, c->nexprs, &p, &c->exprs))
      return NULL;
  }
  if (x.session && x.grouped && !group_sessions(w, &x, c)) return NULL;
  c->child[0] = x.child;
  c->analysed = false;
  return x.child ? c : NULL;
}
