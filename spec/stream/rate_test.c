/* rate and rate-micro-batch against rows recorded from Spark 4.3 and closed forms. */
#include "base/clock.h"
#include "flow.h"

static mill_clock manual = {1700000000000000, 1};

/* "time|value" of the first and last row, and how many. */
static void want_rows(mill_stream_feed *f, const char *start, const char *end, int n,
                      const char *first, const char *last) {
  mill_rows *r;
  mill_batch *b;
  char *head = NULL, *tail = NULL;
  int count = 0;
  CHECK(f->open(f, &B.set, start, end, &r, &B.err) == MILL_OK);
  while (r->next(r, &b, &B.err) == MILL_OK && b)
    for (uint32_t i = 0; i < b->n; i++, count++) {
      if (head == NULL) head = row_text(b, i);
      if (i == b->n - 1) tail = row_text(b, i);
    }
  r->free(r);
  CHECK(count == n, "%d rows", count);
  CHECK_STR(head ? head : "", first);
  CHECK_STR(tail ? tail : "", last);
}

static void want_latest(mill_stream_feed *f, const char *start, const char *want) {
  mill_text t;
  mill_text_init(&t, B.memory);
  CHECK(f->latest(f, start, false, &t, &B.err) == MILL_OK);
  CHECK_STR(t.size ? t.data : "", want);
  mill_text_clear(&t);
}

static mill_stream_feed *feed_of(bool micro, const mill_option *o, int n) {
  mill_stream_source *s;
  mill_stream_feed *f = NULL;
  CHECK(mill_stream_rate_new(&B.ctx, micro, (mill_options){o, n}, &s, &B.err) == MILL_OK);
  CHECK(s->start(s, &B.ctx, &f, &B.err) == MILL_OK);
  mill_stream_source_unref(s);
  return f;
}

static void test_micro_batch(void) {
  mill_option o[] = {{"rowsPerBatch", "5"}, {"startTimestamp", "1700000000000"}};
  mill_stream_feed *f = feed_of(true, o, 2);
  const char *one = "{\"offset\":5,\"timestamp\":1700000001000}",
             *two = "{\"offset\":10,\"timestamp\":1700000002000}";
  want_latest(f, NULL, one);
  want_latest(f, one, two);
  want_rows(f, NULL, one, 5, "2023-11-14 22:13:20|0", "2023-11-14 22:13:20|4");
  want_rows(f, one, two, 5, "2023-11-14 22:13:21|5", "2023-11-14 22:13:21|9");
  CHECK(f->freeze(f, one, &B.err) == MILL_OK);
  want_latest(f, one, two);
  want_latest(f, two, "");
  f->free(f);
}

static void test_rate(void) {
  mill_option o[] = {{"rowsPerSecond", "10"}, {"rampUpTime", "4s"}};
  manual.fixed = 1700000000000000;
  mill_stream_feed *f = feed_of(false, o, 1);
  want_latest(f, NULL, "");
  manual.fixed += 2500000;
  want_latest(f, NULL, "2");
  want_latest(f, "2", "");
  want_rows(f, NULL, "2", 20, "2023-11-14 22:13:20|0", "2023-11-14 22:13:21.9|19");
  want_rows(f, "2", "402", 4000, "2023-11-14 22:13:22|20", "2023-11-14 22:20:01.9|4019");
  f->free(f);
  manual.fixed = 1700000000000000;
  f = feed_of(false, o, 2); /* 2 rows more a second: 0 2 6 12 20 30 40 */
  want_rows(f, "2", "3", 6, "2023-11-14 22:13:22|6", "2023-11-14 22:13:22.833|11");
  want_rows(f, "5", "6", 10, "2023-11-14 22:13:25|30", "2023-11-14 22:13:25.9|39");
  f->free(f);
}

static void test_options(void) {
  mill_stream_source *s;
  mill_option bad[] = {{"rowsPerSecond", "0"}, {"rampUpTime", "-1s"}, {"numPartitions", "0"}};
  for (int i = 0; i < 3; i++)
    CHECK(mill_stream_rate_new(&B.ctx, false, (mill_options){&bad[i], 1}, &s, &B.err) != MILL_OK);
  CHECK(mill_stream_rate_new(&B.ctx, true, (mill_options){0}, &s, &B.err) != MILL_OK,
        "rowsPerBatch is needed");
}

int main(void) {
  bench_open();
  B.set.zone = mill_zone_utc();
  B.ctx.clock = &manual;
  mill_error_clear(&B.err);
  test_micro_batch();
  test_rate();
  test_options();
  return bench_close();
}
