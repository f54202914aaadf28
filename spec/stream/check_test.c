/* What is refused of streaming plans: the condition, or its message where Spark has no name for it,
** as recorded from Spark 4.3. Trees are built by hand, as the analyser leaves them. */
#include "../kernel/call.h"
#include "plan/stream_check.h"

static mill_expr *column(uint64_t id, const char *name) {
  mill_expr *e = mill_expr_new(&B.arena, MILL_X_COLUMN);
  e->id = id;
  e->name = name;
  return e;
}

static mill_expr *call(const char *name, const mill_expr *arg) {
  mill_expr *e = mill_expr_new(&B.arena, MILL_X_CALL);
  e->name = name;
  e->args = mill_arena_alloc(&B.arena, sizeof *e->args);
  e->args[0] = arg;
  e->nargs = 1;
  return e;
}

static mill_expr *alias(uint64_t id, const mill_expr *of) {
  mill_expr *e = call(NULL, of);
  e->kind = MILL_X_ALIAS;
  e->id = id;
  e->parts = mill_arena_alloc(&B.arena, sizeof *e->parts);
  e->parts[0] = "x";
  return e;
}

static const mill_expr **list(const mill_expr *e) {
  const mill_expr **l = mill_arena_alloc(&B.arena, sizeof *l);
  l[0] = e;
  return l;
}

static mill_node *node(mill_node_kind kind, const mill_node *a, const mill_node *b) {
  mill_node *n = mill_node_new(&B.arena, kind);
  n->child = mill_arena_alloc(&B.arena, 2 * sizeof *n->child);
  n->child[0] = a;
  n->child[1] = b;
  n->nchildren = (a != NULL) + (b != NULL);
  n->streaming = (a && a->streaming) || (b && b->streaming);
  n->output = a ? a->output : NULL;
  n->noutput = a ? a->noutput : 0;
  return n;
}

/* A leaf with columns ts (id 1) and k (id 2), from `id` on. */
static mill_node *leaf(bool streaming, uint64_t id) {
  mill_node *n = node(MILL_N_SOURCE, NULL, NULL);
  n->streaming = streaming;
  n->output = mill_arena_alloc(&B.arena, 2 * sizeof *n->output);
  n->output[0] = column(id, "ts");
  n->output[1] = column(id + 1, "k");
  n->noutput = 2;
  return n;
}

static mill_node *marked(const mill_node *child, uint64_t id) {
  mill_node *n = node(MILL_N_WATERMARK, child, NULL);
  n->exprs = list(column(id, "ts"));
  n->nexprs = 1;
  return n;
}

static mill_node *grouped(const mill_node *child, const mill_expr *key) {
  mill_node *n = node(MILL_N_AGGREGATE, child, NULL);
  n->keys = list(key);
  n->nkeys = 1;
  n->aggs = list(alias(90, call("count", column(2, "k"))));
  n->naggs = 1;
  n->output = list(column(key->id, "x"));
  n->noutput = 1;
  return n;
}

static mill_node *joined(mill_join how, const mill_node *a, const mill_node *b,
                         const mill_expr *condition) {
  mill_node *n = node(MILL_N_JOIN, a, b);
  n->join = how;
  n->exprs = list(condition);
  n->nexprs = 1;
  return n;
}

/* want: "" accepted; a condition's name; or how the message begins. */
static void want_check(const char *want, const mill_node *n, const char *mode) {
  mill_error_clear(&B.err);
  mill_status s = mill_stream_check(n, mode, &B.err);
  const char *got = s == MILL_OK              ? ""
                    : s == MILL_E_LEGACY_3102 ? mill_error_message(&B.err)
                                              : mill_condition_name(s);
  CHECK(*want ? strncmp(got, want, strlen(want)) == 0 : *got == 0, "%s: got <%s> want <%s>", mode,
        got, want);
}

static void test_aggregates(void) {
  const char *mode = "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION";
  mill_node *t = leaf(true, 1), *w = marked(t, 1);
  mill_expr *k = column(2, "k"), *ts = column(1, "ts");
  want_check(mode, grouped(t, k), "append");
  want_check("", grouped(t, k), "update");
  want_check("", grouped(t, k), "complete");
  want_check(mode, grouped(w, k), "append");
  want_check("", grouped(w, ts), "append");
  mill_node *windows = grouped(w, alias(10, call("window", ts)));
  want_check("", windows, "append");
  want_check(mode, grouped(t, alias(10, call("window", ts))), "append");
  want_check(mode, grouped(w, alias(11, call("window", call("+", ts)))), "append");
  want_check("", grouped(windows, alias(12, call("window", column(10, "x")))), "append");
  want_check(mode, grouped(windows, column(90, "n")), "append");
  want_check("Rows of one stateful", grouped(grouped(t, k), k), "complete");
  want_check(mode, grouped(w, alias(13, call("session_window", ts))), "update");
  want_check("", node(MILL_N_DEDUP, grouped(t, k), NULL), "update");
  mill_node *d = grouped(t, k);
  ((mill_expr *)d->aggs[0]->args[0])->distinct = true;
  want_check("Distinct aggregations", d, "update");
  want_check(mode, t, "complete");
  want_check("", leaf(false, 1), "complete");
}

static void test_rows(void) {
  mill_node *t = leaf(true, 1), *s = leaf(false, 5);
  want_check("Sorting is not", node(MILL_N_SORT, t, NULL), "append");
  want_check("Sorting is not", node(MILL_N_SORT, grouped(t, column(2, "k")), NULL), "update");
  want_check("", node(MILL_N_SORT, grouped(t, column(2, "k")), NULL), "complete");
  want_check("Sampling is not", node(MILL_N_SAMPLE, t, NULL), "append");
  want_check("Union between", node(MILL_N_UNION, t, s), "append");
  want_check("", node(MILL_N_UNION, t, leaf(true, 7)), "append");
  want_check("Except on a", node(MILL_N_SET_OP, t, leaf(true, 7)), "append");
  mill_node *i = node(MILL_N_SET_OP, t, leaf(true, 7));
  i->intersect = true;
  want_check("Intersect of", i, "append");
  mill_node *limit = node(MILL_N_LIMIT, t, NULL);
  limit->exprs = mill_arena_alloc(&B.arena, 2 * sizeof *limit->exprs);
  limit->nexprs = 2;
  mill_expr *one = mill_expr_new(&B.arena, MILL_X_LITERAL);
  one->value = value_of("INT:1");
  limit->exprs[0] = one;
  want_check("", limit, "append");
  want_check("Limits are not", limit, "update");
  limit->exprs[1] = one;
  want_check("Offset is not", limit, "append");
  want_check("NON_TIME_WINDOW_NOT_SUPPORTED_IN_STREAMING", node(MILL_N_WINDOW, t, NULL), "append");
  mill_node *within = node(MILL_N_DEDUP, t, NULL);
  within->within_watermark = true;
  want_check("dropDuplicatesWithinWatermark", within, "append");
  within->child[0] = marked(t, 1);
  want_check("", within, "append");
}

static void test_joins(void) {
  mill_node *t = leaf(true, 1), *s = leaf(false, 5), *u = leaf(true, 7);
  mill_expr *k = call("=", column(2, "k")), *ts = call("=", column(1, "ts"));
  want_check("", joined(MILL_JOIN_LEFT, t, s, k), "append");
  want_check("LeftOuter join with", joined(MILL_JOIN_LEFT, s, t, k), "append");
  want_check("LeftSemi join with", joined(MILL_JOIN_SEMI, s, t, k), "append");
  want_check("RightOuter join with", joined(MILL_JOIN_RIGHT, t, s, k), "append");
  want_check("", joined(MILL_JOIN_RIGHT, s, t, k), "append");
  want_check("FullOuter joins with", joined(MILL_JOIN_FULL, t, s, k), "append");
  want_check("", joined(MILL_JOIN_INNER, t, u, k), "update");
  want_check("Stream-stream LeftOuter", joined(MILL_JOIN_LEFT, t, u, k), "append");
  want_check("", joined(MILL_JOIN_LEFT, marked(t, 1), marked(u, 7), ts), "append");
  want_check("LeftOuter join between", joined(MILL_JOIN_LEFT, marked(t, 1), marked(u, 7), ts),
             "update");
  want_check("LeftAnti joins with", joined(MILL_JOIN_ANTI, t, u, k), "append");
}

static void test_deep(void) {
  mill_node *n = leaf(true, 1);
  for (int i = 0; i < 5000; i++) n = node(MILL_N_PROJECT, n, NULL);
  want_check("The plan is nested", n, "append");
}

int main(void) {
  bench_open();
  test_aggregates();
  test_rows();
  test_joins();
  test_deep();
  return bench_close();
}
