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

int main(void) {
  bench_open();
  B.set.zone = mill_zone_utc();
  mill_error_clear(&B.err);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) run_case(&cases[i]);
  return bench_close();
}
