/* Streaming queries in unit tests: rows ts TIMESTAMP, k STRING, v INT pushed into a memory source,
** an optional window over ts, grouping, and a sink that writes each batch down as a line:
**
**     <batch> in=<rows> wm=<watermark> state=<total>,<updated>,<removed>,<dropped> <row> <row> ..
**
** rows sorted, columns joined by "|". */
#ifndef MILL_SPEC_STREAM_FLOW_H
#define MILL_SPEC_STREAM_FLOW_H

#include "../kernel/call.h"
#include "base/clock.h"
#include "base/json.h"
#include "stream/query.h"

enum { FLOW_SHOWN = 512, FLOW_BATCHES = 32 };

typedef struct flow {
  const mill_type *input, *windowed, *result;
  mill_stream_source *source;
  mill_query *query;
  mill_text rows, lines;     /* of the batch that runs; of all */
  int64_t window, slide;     /* seconds; 0: group by ts itself */
  char (*shown)[FLOW_SHOWN]; /* rows of each batch, the last time it was shown; NULL: not kept */
  int64_t fail_at;           /* the sink fails at batch fail_at - 1 */
  mill_stream_node nodes[5];
  mill_stream_node *child[5];
} flow;

static inline const mill_type *fields(int n, const char *const *names, const mill_type *const *t) {
  mill_field f[8];
  for (int i = 0; i < n; i++) f[i] = (mill_field){names[i], t[i], true, NULL};
  return mill_type_struct(B.types, f, (uint32_t)n);
}

static inline void flow_types(flow *f) {
  const mill_type *ts = mill_type_of(MILL_TIMESTAMP), *s = mill_type_of(MILL_STRING),
                  *i = mill_type_of(MILL_INT);
  f->input = fields(3, (const char *[]){"ts", "k", "v"}, (const mill_type *[]){ts, s, i});
  const mill_type *w = fields(2, (const char *[]){"start", "end"}, (const mill_type *[]){ts, ts});
  f->windowed = fields(3, (const char *[]){"window", "k", "v"},
                       (const mill_type *[]){f->window ? w : ts, s, i});
}

/* ---- rows in -------------------------------------------------------------------------------- */

/* "ts,k,v;ts,k,v" as a table. */
static inline mill_table *flow_table(flow *f, const char *rows, size_t n) {
  mill_table *t;
  mill_batch b = {.ncols = 3};
  b.col = mill_arena_alloc(&B.arena, 3 * sizeof *b.col);
  for (int c = 0; c < 3; c++)
    if (mill_vector_init(&b.col[c], f->input->fields[c].type, 16, &B.arena, &B.err)) return NULL;
  for (const char *p = rows, *end = rows + n; p < end;) {
    for (int c = 0; c < 3; c++) {
      char spec[80];
      size_t k = strcspn(p, ",;/");
      snprintf(spec, sizeof spec, "%s:%.*s", (const char *[]){"TIMESTAMP", "STRING", "INT"}[c],
               (int)k, p);
      char *own = mill_arena_strndup(&B.arena, spec, strlen(spec));
      if (mill_vector_append(&b.col[c], value_of(own), NULL, 1, true, &B.arena, &B.err))
        return NULL;
      p += k + (p + k < end);
    }
    b.n++;
  }
  if (mill_table_new(B.memory, f->input, &t, &B.err) != MILL_OK) return NULL;
  if (b.n && mill_table_append(t, &b, &B.err) != MILL_OK) CHECK(false, "append");
  return t;
}

static inline void flow_add(flow *f, const char *rows, size_t n) {
  mill_table *t = flow_table(f, rows, n);
  if (t == NULL || mill_stream_memory_add(f->source, t, &B.err) != MILL_OK) CHECK(false, "add");
}

/* ---- the stateless segment: windows --------------------------------------------------------- */

static inline mill_status put_window(flow *f, mill_batch *out, const mill_batch *in, uint32_t row,
                                     int64_t start) {
  int64_t *from = out->col[0].child[0].data, *to = out->col[0].child[1].data;
  from[out->n] = start;
  to[out->n] = start + f->window * 1000000;
  out->col[0].size = out->col[0].child[0].size = out->col[0].child[1].size = ++out->n;
  for (int c = 1; c < 3; c++)
    MILL_TRY(mill_vector_append(&out->col[c], &in->col[c], &row, 1, true, &B.arena, &B.err));
  return MILL_OK;
}

static inline mill_status windows_of(flow *f, const mill_batch *in, mill_table *t) {
  mill_batch out = {.ncols = 3};
  out.col = mill_arena_alloc(&B.arena, 3 * sizeof *out.col);
  uint32_t room = (uint32_t)(in->n * (f->window / f->slide));
  for (int c = 0; c < 3; c++)
    MILL_TRY(mill_vector_init(&out.col[c], f->windowed->fields[c].type, room, &B.arena, &B.err));
  for (uint32_t i = 0; i < in->n; i++) {
    uint32_t row = mill_batch_row(in, i);
    int64_t ts = mill_event_time_at(&in->col[0], false, row), slide = f->slide * 1000000;
    if (ts == MILL_NO_TIME) continue; /* a null time is in no window */
    int64_t last = ts - (ts % slide + slide) % slide;
    for (int64_t s = last - f->window * 1000000 + slide; s <= last; s += slide)
      MILL_TRY(put_window(f, &out, in, row, s));
  }
  return out.n ? mill_table_append(t, &out, &B.err) : MILL_OK;
}

static inline mill_status flow_windows(void *arg, const mill_stream_batch *b, mill_rows **in, int n,
                                       mill_rows **out, mill_error *err) {
  flow *f = arg;
  mill_batch *batch;
  mill_table *t;
  (void)b, (void)n;
  if (f->window == 0) {
    *out = in[0];
    return MILL_OK;
  }
  mill_status s = mill_table_new(B.memory, f->windowed, &t, err);
  while (s == MILL_OK && (s = in[0]->next(in[0], &batch, err)) == MILL_OK && batch)
    s = windows_of(f, batch, t);
  in[0]->free(in[0]);
  return s == MILL_OK ? mill_stream_table_rows(t, out, err) : s;
}

/* ---- aggregates ----------------------------------------------------------------------------- */

/* name over column `index` (-1: none, as in count(1)), bound as the planner would. */
static inline mill_bound_aggregate flow_aggregate(const char *name, const mill_type *t, int index) {
  mill_vector *one = value_of("INT:1");
  const mill_type **type = mill_arena_alloc(&B.arena, sizeof *type);
  const mill_vector *value = index < 0 ? one : NULL;
  bool nullable = true;
  const char *sql = "x";
  *type = index < 0 ? one->type : t;
  mill_binding b = {.ctx = &B.ctx,
                    .set = &B.set,
                    .fn = mill_function_find(name, strlen(name)),
                    .name = name,
                    .nargs = 1,
                    .arg_type = type,
                    .arg_value = &value,
                    .arg_nullable = &nullable,
                    .arg_sql = &sql,
                    .arena = &B.arena};
  if (mill_function_bind(&b, &B.err) != MILL_OK) CHECK(false, "%s", name);
  mill_bound *arg = mill_arena_alloc(&B.arena, sizeof *arg);
  const mill_bound **args = mill_arena_alloc(&B.arena, sizeof *args);
  *arg = (mill_bound){.kind = index < 0 ? MILL_B_LITERAL : MILL_B_COLUMN,
                      .type = *type,
                      .index = index,
                      .value = one};
  args[0] = arg;
  return (mill_bound_aggregate){.fn = b.fn,
                                .impl = b.aggregate,
                                .type = b.result,
                                .partial = b.partial,
                                .nullable = true,
                                .nargs = 1,
                                .args = args,
                                .arg_type = type,
                                .state = b.state,
                                .start = -1};
}

/* ---- the sink ------------------------------------------------------------------------------- */

static inline int by_text(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static inline char *row_text(const mill_batch *b, uint32_t row) {
  mill_text t;
  mill_text_init(&t, B.memory);
  for (uint32_t c = 0; c < b->ncols; c++) {
    if (c && mill_text_addc(&t, '|', &B.err)) return NULL;
    mill_status s = mill_vector_valid(&b->col[c], row)
                        ? mill_value_text(&B.set, &b->col[c], row, &t, &B.err)
                        : mill_text_adds(&t, "null", &B.err);
    if (s != MILL_OK) return NULL;
  }
  char *own = mill_arena_strndup(&B.arena, t.data, t.size);
  mill_text_clear(&t);
  return own;
}

static inline mill_status flow_sink(void *arg, int64_t batch, mill_table *table, mill_error *err) {
  flow *f = arg;
  char *rows[256];
  size_t n = 0;
  mill_rows *r;
  mill_batch *b;
  MILL_TRY(mill_stream_table_rows(mill_table_ref(table), &r, err));
  while (r->next(r, &b, err) == MILL_OK && b)
    for (uint32_t i = 0; i < b->n && n < 256; i++) rows[n++] = row_text(b, i);
  r->free(r);
  qsort(rows, n, sizeof *rows, by_text);
  mill_text_reset(&f->rows);
  for (size_t i = 0; i < n; i++) MILL_TRY(mill_text_printf(&f->rows, err, " %s", rows[i]));
  if (f->shown && batch < FLOW_BATCHES)
    snprintf(f->shown[batch], FLOW_SHOWN, "%s", f->rows.size ? f->rows.data : "");
  if (f->fail_at == batch + 1)
    return mill_fail(err, MILL_E_INTERNAL_ERROR, "message", "the sink fails", NULL);
  return MILL_OK;
}

/* The line of the batch whose report is the last. */
static inline void flow_note(flow *f) {
  const char *last = NULL, *p;
  for (int i = 0; (p = mill_query_progress(f->query, i)) != NULL; i++) last = p;
  mill_json *j;
  if (last == NULL || mill_json_parse(last, strlen(last), &B.arena, &j, &B.err) != MILL_OK) {
    CHECK(false, "report");
    return;
  }
  const mill_json *op = mill_json_get(j, "stateOperators")->child;
  if (mill_text_printf(&f->lines, &B.err, "%lld in=%lld wm=%s",
                       (long long)mill_json_int(j, "batchId", -1),
                       (long long)mill_json_int(j, "numInputRows", -1),
                       mill_json_text(mill_json_get(j, "eventTime"), "watermark", "none")))
    return;
  if (op && mill_text_printf(&f->lines, &B.err, " state=%lld,%lld,%lld,%lld",
                             (long long)mill_json_int(op, "numRowsTotal", -1),
                             (long long)mill_json_int(op, "numRowsUpdated", -1),
                             (long long)mill_json_int(op, "numRowsRemoved", -1),
                             (long long)mill_json_int(op, "numRowsDroppedByWatermark", -1)))
    return;
  if (mill_text_printf(&f->lines, &B.err, "%s\n", f->rows.size ? f->rows.data : "")) return;
}

static inline mill_status flow_run(flow *f) {
  bool ran = true;
  while (ran) {
    MILL_TRY(mill_query_step(f->query, &ran, &B.err));
    if (ran) flow_note(f);
  }
  return MILL_OK;
}

/* ---- the query ------------------------------------------------------------------------------ */

static inline mill_stream_node *flow_link(flow *f, int at, mill_stream_node n) {
  f->nodes[at] = n;
  f->child[at] = at ? &f->nodes[at - 1] : NULL;
  f->nodes[at].nchildren = at > 0;
  f->nodes[at].child = &f->child[at];
  return &f->nodes[at];
}

/* source, watermark (delay < 0: none), windows, GROUP BY window[, k], count(*)[, sum(v)]. */
static inline mill_status flow_open(flow *f, mill_output_mode mode, int64_t delay, int nkeys,
                                    int naggs, bool no_data, const char *checkpoint) {
  static const int keys[] = {0, 1};
  const mill_type *big = mill_type_of(MILL_BIGINT);
  int at = 0;
  flow_types(f);
  mill_bound_aggregate *aggs = mill_arena_alloc(&B.arena, 2 * sizeof *aggs);
  aggs[0] = flow_aggregate("count", NULL, -1);
  aggs[1] = flow_aggregate("sum", mill_type_of(MILL_INT), 2);
  const mill_type *t[] = {f->windowed->fields[0].type, mill_type_of(MILL_STRING), big, big};
  if (nkeys == 1) t[1] = big;
  f->result = fields(nkeys + naggs, (const char *[]){"a", "b", "c", "d"}, t);
  if (f->source == NULL) MILL_TRY(mill_stream_memory_new(&B.ctx, f->input, &f->source, &B.err));
  flow_link(f, at++, (mill_stream_node){.kind = MILL_STREAM_SOURCE, .schema = f->input});
  if (delay >= 0)
    flow_link(
        f, at++,
        (mill_stream_node){.kind = MILL_STREAM_WATERMARK, .schema = f->input, .delay = delay});
  flow_link(
      f, at++,
      (mill_stream_node){
          .kind = MILL_STREAM_SEGMENT, .schema = f->windowed, .build = flow_windows, .arg = f});
  mill_stream_aggregate d = {
      f->windowed, f->result, keys, nkeys, aggs, naggs, {delay >= 0 ? 0 : -1, f->window != 0}};
  mill_stream_op *op;
  mill_stream_sink *sink;
  MILL_TRY(mill_stream_aggregate_new(&B.ctx, &d, &op, &B.err));
  mill_stream_node *root = flow_link(
      f, at++, (mill_stream_node){.kind = MILL_STREAM_OPERATOR, .schema = f->result, .op = op});
  mill_status made =
      mill_sink_call_new(&B.ctx, "ForeachBatchSink", f->result, flow_sink, f, NULL, &sink, &B.err);
  if (made != MILL_OK) {
    mill_stream_op_free(op);
    return made;
  }
  mill_query_spec spec = {.mode = mode,
                          .checkpoint = checkpoint,
                          .root = root,
                          .sources = &f->source,
                          .nsources = 1,
                          .sink = sink,
                          .set = B.set,
                          .no_data_batches = no_data,
                          .keep_progress = 10};
  MILL_TRY(mill_query_new(&B.ctx, &spec, &f->query, &B.err));
  return mill_query_start(f->query, &B.err);
}

/* source, watermark (delay < 0: none), first rows of the keys. */
static inline mill_status flow_open_dedup(flow *f, mill_output_mode mode, int64_t delay,
                                          const mill_stream_dedup *d) {
  int at = 0;
  mill_stream_op *op;
  mill_stream_sink *sink;
  f->result = f->input;
  MILL_TRY(mill_stream_memory_new(&B.ctx, f->input, &f->source, &B.err));
  flow_link(f, at++, (mill_stream_node){.kind = MILL_STREAM_SOURCE, .schema = f->input});
  if (delay >= 0)
    flow_link(f, at++, (mill_stream_node){.kind = MILL_STREAM_WATERMARK, .delay = delay});
  MILL_TRY(mill_stream_dedup_new(&B.ctx, d, &op, &B.err));
  mill_stream_node *root =
      flow_link(f, at++, (mill_stream_node){.kind = MILL_STREAM_OPERATOR, .op = op});
  MILL_TRY(
      mill_sink_call_new(&B.ctx, "ForeachBatchSink", f->result, flow_sink, f, NULL, &sink, &B.err));
  mill_query_spec spec = {.mode = mode,
                          .root = root,
                          .sources = &f->source,
                          .nsources = 1,
                          .sink = sink,
                          .set = B.set,
                          .no_data_batches = true,
                          .keep_progress = 10};
  MILL_TRY(mill_query_new(&B.ctx, &spec, &f->query, &B.err));
  return mill_query_start(f->query, &B.err);
}

static inline void flow_close(flow *f) {
  mill_query_free(f->query);
  mill_stream_source_unref(f->source);
  mill_text_clear(&f->rows);
  mill_text_clear(&f->lines);
}

#endif
