/* Windowed aggregation over streams, batch by batch, against the answers of Spark 4.3. */
#include "flow.h"

typedef struct window_case {
  const char *name;
  mill_output_mode mode;
  int64_t window, slide, delay; /* seconds, seconds, milliseconds (-1: no watermark) */
  int keys, aggs;
  bool no_data;
  const char *steps, *lines;
} window_case;

#include "window_cases.h"

static void run_case(const window_case *c) {
  flow f = {.window = c->window, .slide = c->slide};
  mill_text_init(&f.rows, B.memory);
  mill_text_init(&f.lines, B.memory);
  mill_status s = flow_open(&f, c->mode, c->delay, c->keys, c->aggs, c->no_data, NULL);
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

/* Every allocation of a query's life fails once: a clean error, nothing leaks. The rows and the
** sources have memory of their own. */
static void test_no_memory(const window_case *c) {
  mill_memory *own = mill_memory_new(0), *rows = B.memory;
  int failed = 0, leaks = 0;
  for (uint64_t n = 1; n < 20000; n++) {
    flow f = {.window = c->window, .slide = c->slide};
    bool ran = true;
    mill_text_init(&f.rows, rows);
    mill_text_init(&f.lines, rows);
    mill_error_clear(&B.err);
    flow_types(&f);
    if (mill_stream_memory_new(&B.ctx, f.input, &f.source, &B.err) != MILL_OK) break;
    flow_add(&f, c->steps, strcspn(c->steps, "/"));
    B.ctx.memory = own;
    mill_memory_fail_at(own, n, false);
    mill_status s = flow_open(&f, c->mode, c->delay, c->keys, c->aggs, true, NULL);
    while (s == MILL_OK && ran) s = mill_query_step(f.query, &ran, &B.err);
    mill_memory_fail_at(own, 0, false);
    mill_query_free(f.query);
    f.query = NULL;
    B.ctx.memory = rows;
    flow_close(&f);
    leaks += mill_memory_read(own).used != 0;
    if (s == MILL_OK) break;
    failed++;
  }
  CHECK(failed > 40 && leaks == 0, "%d failures, %d leaks", failed, leaks);
  mill_memory_free(own);
}

int main(void) {
  bench_open();
  B.set.zone = mill_zone_utc();
  mill_error_clear(&B.err);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) run_case(&cases[i]);
  test_no_memory(&cases[0]);
  return bench_close();
}
