/* Refusals of streaming plans (stream_check.h). Spark: UnsupportedOperationChecker.
**
** First the whole: complete mode needs an aggregation, and nothing stateful may stand above an
** operator that emits rows older than the watermark. Then each node, from the sources up. Which
** columns carry an event time is found by the way: a watermark starts one; windows over it, other
** names for it and window_time of it carry it on. */
#include "plan/stream_check.h"

#include <string.h>

#include "plan/plan_int.h"

enum { MAX_DEPTH = 1000, MAX_TIMES = 64 };

typedef enum mode { APPEND, UPDATE, COMPLETE } mode;

typedef struct times { /* ids of columns that carry an event time; more than fit are left out */
  uint64_t id[MAX_TIMES];
  int n;
} times;

typedef struct check {
  mode mode;
  const char *mode_name;
  times times;
  int depth;
  mill_error *err;
} check;

static mill_status refuse(const check *c, const char *msg) {
  return mill_fail(c->err, MILL_E_LEGACY_3102, "msg", msg, NULL);
}

mill_status mill_stream_only(mill_error *err) {
  return mill_fail(err, MILL_E_LEGACY_3102, "msg",
                   "Queries with streaming sources must be executed with writeStream.start(), or "
                   "from a streaming table or flow definition within a Spark Declarative Pipeline.",
                   NULL);
}

static mill_status wrong_mode(const check *c, const char *operation) {
  return mill_fail(c->err, MILL_E_STREAMING_OUTPUT_MODE_UNSUPPORTED_OPERATION, "operation",
                   operation, "outputMode", c->mode_name, NULL);
}

/* ---- event times ---------------------------------------------------------------------------- */

static bool is_time(const check *c, const mill_expr *e) {
  bool carries = false;
  if (mill_watermark_of(e->metadata, NULL)) return true;
  while (e->kind == MILL_X_ALIAS) e = e->args[0];
  if (e->kind == MILL_X_CALL && e->name && e->nargs > 0)
    carries = strcmp(e->name, "window") == 0 || strcmp(e->name, "sliding_window") == 0 ||
              strcmp(e->name, "session_window") == 0 || strcmp(e->name, "window_time") == 0;
  if (carries) return is_time(c, e->args[0]);
  for (int i = 0; e->kind == MILL_X_COLUMN && i < c->times.n; i++)
    if (c->times.id[i] == e->id) return true;
  return false;
}

static void carry(check *c, uint64_t id) {
  if (c->times.n < MAX_TIMES) c->times.id[c->times.n++] = id;
}

static void forget(check *c, const mill_node *n) {
  int kept = 0;
  for (int i = 0; i < c->times.n; i++)
    if (!mill_x_find_id(n->output, n->noutput, c->times.id[i]))
      c->times.id[kept++] = c->times.id[i];
  c->times.n = kept;
}

/* New names of event times among the expressions of a node. */
static void carry_exprs(check *c, const mill_expr *const *e, int n) {
  for (int i = 0; i < n; i++)
    if (e[i] && e[i]->kind == MILL_X_ALIAS && is_time(c, e[i])) carry(c, e[i]->id);
}

/* A union's columns stand in the places of its first child's. */
static void carry_union(check *c, const mill_node *n) {
  for (int k = 0; k < n->nchildren; k++)
    for (int i = 0; i < n->noutput && i < n->child[k]->noutput; i++)
      if (is_time(c, n->child[k]->output[i])) carry(c, n->output[i]->id);
}

/* ---- what a tree holds ---------------------------------------------------------------------- */

static bool is_aggregation(const mill_node *n) {
  return n->kind == MILL_N_AGGREGATE || n->kind == MILL_N_DISTINCT || n->kind == MILL_N_PIVOT;
}

static bool has_aggregation(const mill_node *n, int depth) {
  if (!n->streaming || depth > MAX_DEPTH) return false;
  if (is_aggregation(n)) return true;
  for (int i = 0; i < n->nchildren; i++)
    if (has_aggregation(n->child[i], depth + 1)) return true;
  return false;
}

static bool is_stream_join(const mill_node *n) {
  return n->kind == MILL_N_JOIN && n->child[0]->streaming && n->child[1]->streaming;
}

static bool is_stateful(const mill_node *n) {
  return n->streaming && (is_aggregation(n) || n->kind == MILL_N_DEDUP || is_stream_join(n));
}

/* Is there an operator at or below n whose rows may be late for one above? */
static bool emits_late(const check *c, const mill_node *n, int depth) {
  if (!n->streaming || depth > MAX_DEPTH) return false;
  if (is_aggregation(n) && c->mode != APPEND) return true;
  for (int i = 0; i < n->nchildren; i++)
    if (emits_late(c, n->child[i], depth + 1)) return true;
  return false;
}

/* Deduplication of what an aggregation gives is let through, as Spark does. */
static mill_status check_order(const check *c, const mill_node *n, int depth) {
  if (depth > MAX_DEPTH) return refuse(c, "The plan is nested too deeply");
  for (int i = 0; i < n->nchildren; i++) {
    if (is_stateful(n) && n->kind != MILL_N_DEDUP && emits_late(c, n->child[i], depth))
      return refuse(c, "Rows of one stateful operator may be late for the one above it, which "
                       "would drop them without a word. Use append mode with a watermark, or cut "
                       "the query in two");
    MILL_TRY(check_order(c, n->child[i], depth + 1));
  }
  return MILL_OK;
}

/* ---- one node ------------------------------------------------------------------------------- */

static bool any_distinct(const mill_expr *e, int depth) {
  if (e == NULL || depth > MAX_DEPTH) return false;
  if (e->kind == MILL_X_CALL && e->distinct) return true;
  for (int i = 0; i < e->nargs; i++)
    if (any_distinct(e->args[i], depth + 1)) return true;
  return false;
}

static bool any_call(const mill_expr *e, const char *name, int depth) {
  if (e == NULL || depth > MAX_DEPTH) return false;
  if (e->kind == MILL_X_CALL && e->name && strcmp(e->name, name) == 0) return true;
  for (int i = 0; i < e->nargs; i++)
    if (any_call(e->args[i], name, depth + 1)) return true;
  return false;
}

static mill_status check_aggregate(check *c, const mill_node *n) {
  bool timed = false;
  bool distinct = false;
  for (int i = 0; i < n->nexprs; i++) distinct |= any_distinct(n->exprs[i], 0);
  for (int i = 0; i < n->naggs; i++) distinct |= any_distinct(n->aggs[i], 0);
  if (distinct)
    return refuse(c, "Distinct aggregations are not supported on streaming DataFrames/Datasets. "
                     "Consider using approx_count_distinct() instead.");
  for (int i = 0; i < n->nkeys; i++) {
    timed |= is_time(c, n->keys[i]);
    if (c->mode == UPDATE && any_call(n->keys[i], "session_window", 0))
      return wrong_mode(c, "session window streaming aggregations");
  }
  for (int i = 0; n->kind == MILL_N_DISTINCT && i < n->child[0]->noutput; i++)
    timed |= is_time(c, n->child[0]->output[i]);
  if (c->mode == APPEND && !timed) return wrong_mode(c, "streaming aggregations without watermark");
  carry_exprs(c, n->exprs, n->nexprs);
  carry_exprs(c, n->keys, n->nkeys);
  return MILL_OK;
}

static mill_status check_dedup(const check *c, const mill_node *n) {
  if (!n->within_watermark) return MILL_OK;
  for (int i = 0; i < n->child[0]->noutput; i++)
    if (is_time(c, n->child[0]->output[i])) return MILL_OK;
  return refuse(c, "dropDuplicatesWithinWatermark is not supported on streaming "
                   "DataFrames/DataSets without watermark");
}

static bool is_zero(const mill_expr *e) {
  const mill_vector *v = e ? e->value : NULL;
  return v && v->type->phys == MILL_PHYS_I32 && *(const int32_t *)v->data == 0;
}

static mill_status check_limit(const check *c, const mill_node *n) {
  bool offset = n->nexprs > 1 ? n->exprs[1] && !is_zero(n->exprs[1]) : n->from > 0;
  bool limit = n->nexprs > 0 ? n->exprs[0] != NULL : n->to >= 0;
  if (offset) return refuse(c, "Offset is not supported on streaming DataFrames/Datasets");
  if (limit && c->mode == UPDATE)
    return refuse(c, "Limits are not supported on streaming DataFrames/Datasets in Update output "
                     "mode");
  return MILL_OK;
}

static mill_status check_set_op(const check *c, const mill_node *n) {
  if (n->intersect && n->child[0]->streaming && n->child[1]->streaming)
    return refuse(c, "Intersect of streaming DataFrames/Datasets is not supported");
  if (!n->intersect && n->child[1]->streaming)
    return refuse(c, "Except on a streaming DataFrame/Dataset on the right is not supported");
  return MILL_OK;
}

static mill_status check_union(check *c, const mill_node *n) {
  for (int i = 0; i < n->nchildren; i++)
    if (!n->child[i]->streaming)
      return refuse(c, "Union between streaming and batch DataFrames/Datasets is not supported");
  carry_union(c, n);
  return MILL_OK;
}

static const char *join_name(mill_join j) {
  static const char *const name[] = {"Inner",     "Inner",    "LeftOuter", "RightOuter",
                                     "FullOuter", "LeftSemi", "LeftAnti"};
  return name[j];
}

/* One side is a table. */
static mill_status check_static_join(const check *c, const mill_node *n) {
  bool left = n->child[0]->streaming;
  const char *name = join_name(n->join);
  switch (n->join) {
  case MILL_JOIN_FULL:
    return refuse(c, mill_error_fmt(c->err,
                                    "%s joins with streaming DataFrames/Datasets on the %s and a "
                                    "static DataFrame/Dataset on the %s is not supported",
                                    name, left ? "left" : "right", left ? "right" : "left"));
  case MILL_JOIN_RIGHT:
    if (left)
      return refuse(c,
                    "RightOuter join with a streaming DataFrame/Dataset on the left and a static "
                    "DataFrame/DataSet on the right not supported");
    return MILL_OK;
  case MILL_JOIN_ANTI:
    if (!left)
      return refuse(c, "LeftAnti joins with a streaming DataFrame/Dataset on the right are not "
                       "supported");
    return MILL_OK;
  case MILL_JOIN_LEFT:
  case MILL_JOIN_SEMI:
    if (!left)
      return refuse(c, mill_error_fmt(c->err,
                                      "%s join with a streaming DataFrame/Dataset on the right and "
                                      "a static DataFrame/Dataset on the left is not supported",
                                      name));
    return MILL_OK;
  default: return MILL_OK;
  }
}

static bool mentions_time(const check *c, const mill_expr *e, int depth) {
  if (e == NULL || depth > MAX_DEPTH) return false;
  if (is_time(c, e)) return true;
  for (int i = 0; i < e->nargs; i++)
    if (mentions_time(c, e->args[i], depth + 1)) return true;
  return false;
}

static mill_status check_stream_join(const check *c, const mill_node *n) {
  const char *name = join_name(n->join);
  bool inner = n->join == MILL_JOIN_INNER || n->join == MILL_JOIN_CROSS;
  if (n->join == MILL_JOIN_ANTI)
    return refuse(c, "LeftAnti joins with a streaming DataFrame/Dataset on the right are not "
                     "supported");
  if (c->mode == COMPLETE || (!inner && c->mode != APPEND))
    return refuse(c, mill_error_fmt(c->err,
                                    "%s join between two streaming DataFrames/Datasets is not "
                                    "supported in %s output mode, only in Append %s",
                                    name, c->mode == UPDATE ? "Update" : "Complete",
                                    inner ? "and Update output modes" : "output mode"));
  bool bound = n->nexprs > 0 && mentions_time(c, n->exprs[0], 0);
  if (inner || bound) return MILL_OK;
  return refuse(c,
                mill_error_fmt(c->err,
                               "Stream-stream %s join between two streaming DataFrame/Datasets is "
                               "not supported without a watermark in the join keys, or a "
                               "watermark on the nullable side and an appropriate range "
                               "condition",
                               name));
}

static mill_status check_window(const check *c, const mill_node *n) {
  const mill_expr *alias = n->nexprs ? n->exprs[0] : NULL, *e = alias;
  while (e && (e->kind == MILL_X_ALIAS || e->kind == MILL_X_WINDOW)) e = e->args[0];
  const char *column = alias && alias->kind == MILL_X_ALIAS ? alias->parts[0] : "";
  return mill_fail(c->err, MILL_E_NON_TIME_WINDOW_NOT_SUPPORTED_IN_STREAMING, "windowFunc",
                   e && e->name ? e->name : "", "columnName",
                   mill_error_fmt(c->err, "`%s`", column), "windowSpec", "", NULL);
}

static mill_status check_node(check *c, const mill_node *n) {
  switch (n->kind) {
  case MILL_N_AGGREGATE:
  case MILL_N_DISTINCT:
  case MILL_N_PIVOT: return check_aggregate(c, n);
  case MILL_N_DEDUP: return check_dedup(c, n);
  case MILL_N_SORT:
    if (c->mode == COMPLETE && has_aggregation(n->child[0], c->depth)) return MILL_OK;
    return refuse(c, "Sorting is not supported on streaming DataFrames/Datasets, unless it is on "
                     "aggregated DataFrame/Dataset in Complete output mode");
  case MILL_N_LIMIT: return check_limit(c, n);
  case MILL_N_SAMPLE:
    return refuse(c, "Sampling is not supported on streaming DataFrames/Datasets");
  case MILL_N_SET_OP: return check_set_op(c, n);
  case MILL_N_UNION: return check_union(c, n);
  case MILL_N_JOIN: return is_stream_join(n) ? check_stream_join(c, n) : check_static_join(c, n);
  case MILL_N_WATERMARK: /* other columns are event times no more */
    forget(c, n->child[0]);
    if (n->exprs[0]->kind == MILL_X_COLUMN) carry(c, n->exprs[0]->id);
    for (int i = 0; i < n->noutput; i++) /* it may give the column a new id */
      if (n->exprs[0]->name && n->output[i]->name &&
          strcmp(n->output[i]->name, n->exprs[0]->name) == 0)
        carry(c, n->output[i]->id);
    return MILL_OK;
  case MILL_N_WINDOW: return check_window(c, n);
  case MILL_N_GENERATE:
    if (is_time(c, n->exprs[0])) carry(c, n->output[n->noutput - 1]->id);
    return MILL_OK;
  default: carry_exprs(c, n->exprs, n->nexprs); return MILL_OK;
  }
}

static mill_status check_tree(check *c, const mill_node *n) {
  if (!n->streaming) return MILL_OK;
  if (++c->depth > MAX_DEPTH) return refuse(c, "The plan is nested too deeply");
  for (int i = 0; i < n->nchildren; i++) MILL_TRY(check_tree(c, n->child[i]));
  c->depth--;
  return check_node(c, n);
}

mill_status mill_stream_check(const mill_node *root, const char *mode_name, mill_error *err) {
  check c = {.mode_name = mode_name, .err = err};
  c.mode = strcmp(mode_name, "update") == 0     ? UPDATE
           : strcmp(mode_name, "complete") == 0 ? COMPLETE
                                                : APPEND;
  if (!root->streaming) return MILL_OK;
  if (c.mode == COMPLETE && !has_aggregation(root, 0))
    return wrong_mode(&c, "no streaming aggregations");
  MILL_TRY(check_order(&c, root, 0));
  return check_tree(&c, root);
}
