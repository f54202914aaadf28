/* dropDuplicates and dropDuplicatesWithinWatermark, batch by batch, against Spark 4.3; LIMIT. */
#include "flow.h"

typedef struct dedup_case {
  const char *name;
  mill_output_mode mode;
  int keys[3], nkeys;
  bool within;
  int64_t delay; /* milliseconds; -1: no watermark */
  const char *steps, *lines;
} dedup_case;

#include "dedup_cases.h"

static void run_case(const dedup_case *c) {
  flow f = {0};
  mill_text_init(&f.rows, B.memory);
  mill_text_init(&f.lines, B.memory);
  flow_types(&f);
  bool timed = false;
  for (int i = 0; i < c->nkeys; i++) timed |= c->keys[i] == 0;
  mill_stream_dedup d = {.input = f.input,
                         .keys = c->keys,
                         .nkeys = c->nkeys,
                         .time = {c->delay < 0 ? -1 : 0, false},
                         .evict = c->delay >= 0 && timed,
                         .within = c->within,
                         .delay = c->delay * 1000};
  mill_status s = flow_open_dedup(&f, c->mode, c->delay, &d);
  for (const char *p = c->steps; s == MILL_OK;) {
    size_t n = strcspn(p, "/");
    flow_add(&f, p, n);
    s = flow_run(&f);
    if (p[n] == 0) break;
    p += n + 1;
  }
  CHECK(s == MILL_OK, "%s: %s", c->name, mill_error_message(&B.err));
  const char *got = f.lines.data ? f.lines.data : "";
  CHECK(strcmp(got, c->lines) == 0, "%s", c->name);
  if (strcmp(got, c->lines) != 0) fprintf(stderr, "%s got\n%swant\n%s", c->name, got, c->lines);
  flow_close(&f);
}

/* LIMIT counts over the batches of a query's life. */
static void test_limit(void) {
  flow f = {0};
  flow_types(&f);
  mill_stream_op *op;
  uint64_t total = 0;
  CHECK(mill_stream_limit_new(&B.ctx, f.input, 3, &op, &B.err) == MILL_OK);
  mill_stream_batch b = {.ctx = &B.ctx, .set = &B.set};
  for (int i = 0; i < 3; i++) {
    const char *rows = "NULL,a,1;NULL,b,2";
    mill_rows *in, *out;
    mill_batch *batch;
    CHECK(mill_stream_table_rows(flow_table(&f, rows, strlen(rows)), &in, &B.err) == MILL_OK);
    CHECK(op->run(op, &b, in, &out, &B.err) == MILL_OK);
    while (out->next(out, &batch, &B.err) == MILL_OK && batch) total += batch->n;
    out->free(out);
    CHECK(total == (i == 0 ? 2 : 3), "%d", (int)total);
  }
  mill_stream_op_free(op);
}

int main(void) {
  bench_open();
  B.set.zone = mill_zone_utc();
  mill_error_clear(&B.err);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) run_case(&cases[i]);
  test_limit();
  return bench_close();
}
