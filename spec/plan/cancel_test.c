/* A query ends soon after its poll refuses, whatever it is at: reading its text, sorting, merging, spilling, joining, computing
** windows. Polls come at every check here (mill_watch_every(0)), so that the n-th of them is always at the same
** place of one thread's work, and nothing hangs on time. Expected: no poll after the refusal, the poll's error,
** and hardly a block more on disk. */
#include <stdlib.h>

#include "../check.h"
#include "base/thread.h"
#include "sql/parse.h"

enum { BLOCK_BYTES = 1 << 18 };

typedef struct asked {
  const mill_context *ctx;
  long calls, refuse; /* at that call; 0: never */
  uint64_t written, gap;
} asked;

static mill_status ask(void *arg, double done, uint64_t rows, mill_error *err) {
  asked *a = arg;
  uint64_t written = __atomic_load_n(&a->ctx->temp->written, __ATOMIC_RELAXED);
  (void)done, (void)rows;
  if (written - a->written > a->gap) a->gap = written - a->written;
  a->written = written;
  if (++a->calls != a->refuse) return MILL_OK;
  return mill_fail(err, MILL_E_OPERATION_CANCELED, "operationId", "the test", NULL);
}

static mill_status run(mill_session *s, const char *text, mill_error *err) {
  mill_plan *p = NULL;
  mill_table *t = NULL;
  mill_status st = mill_plan_new(s, &p, err);
  if (st == MILL_OK) st = mill_sql_parse(p, text, strlen(text), err);
  if (st == MILL_OK) st = mill_plan_analyse(p, NULL, err);
  if (st == MILL_OK) st = mill_plan_collect(p, &t, err);
  mill_table_unref(t);
  mill_plan_unref(p);
  return st;
}

static const char *const queries[] = {
    "SELECT id FROM (SELECT id, hash(id) h FROM range(300000)) ORDER BY h LIMIT 10 OFFSET 200000",
    /* equal in all that a sort key tells */
    "SELECT id FROM (SELECT id, 'the same sixteen bytes ' || id % 1000 s FROM range(100000)) ORDER "
    "BY s, id "
    "LIMIT 10 OFFSET 90000",
    "SELECT sum(r) FROM (SELECT row_number() OVER (ORDER BY hash(id)) r FROM range(200000))",
    "SELECT sum(r) FROM (SELECT stddev(id) OVER (PARTITION BY id % 3 ORDER BY hash(id) ROWS "
    "BETWEEN 50 "
    "PRECEDING AND 9 FOLLOWING) r FROM range(20000))",
    "SELECT count(*) FROM range(200000) a JOIN (SELECT id, hash(id) h FROM range(150000)) b ON "
    "a.id = b.h % 1000",
    "SELECT count(*) FROM (SELECT id, count(*), collect_list(id) FROM range(100000) GROUP BY id)",
    "SELECT count(*) FROM range(3000) a JOIN range(3000) b ON a.id * b.id = 17",
    "SELECT count(DISTINCT hash(id)) FROM range(100000)",
};

static void cancel(mill_session *s, asked *a, const char *text, int threads, long at) {
  mill_error err;
  mill_error_clear(&err);
  const mill_temp *temp = a->ctx->temp;
  a->calls = 0;
  a->refuse = at;
  mill_status st = run(s, text, &err);
  uint64_t more = temp->written - a->written, most = (uint64_t)(threads - 1) * 2 * BLOCK_BYTES;
  if (threads > 1 && a->calls < at) return; /* the other thread had more of the work this time */
  CHECK(st == MILL_E_OPERATION_CANCELED, "at poll %ld: %s", at, text);
  CHECK(a->calls == at, "%ld polls after the one that refused", a->calls - at);
  CHECK(more <= most, "%llu bytes more on disk", (unsigned long long)more);
  CHECK(temp->used == 0, "what was on disk is given back");
}

static void walk(const mill_session_options *o) {
  mill_session *s = NULL;
  mill_error err;
  mill_error_clear(&err);
  CHECK(mill_session_new(o, &s, &err) == MILL_OK, "a session");
  asked a = {.ctx = mill_session_context(s)};
  mill_session_progress(s, ask, &a);
  for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
    a.calls = a.refuse = 0;
    a.gap = 0;
    a.written = a.ctx->temp->written;
    mill_status st = run(s, queries[i], &err);
    long all = a.calls;
    CHECK(st == MILL_OK, "%s: %s", queries[i], err.text);
    CHECK(all > 20, "%ld polls", all);
    if (o->threads == 1)
      CHECK(a.gap <= 2 * BLOCK_BYTES, "%llu bytes between polls", (unsigned long long)a.gap);
    for (long part = 0; part < 8; part++) cancel(s, &a, queries[i], o->threads, 1 + all * part / 8);
  }
  mill_session_close(s);
  mill_session_unref(s);
}

/* ---- statements that are long before they are queries ---------------------------------------- */

/* `item` n times, between `before` and `after`. */
static char *repeated(const char *before, const char *item, size_t n, const char *after) {
  size_t k = strlen(item), at = strlen(before);
  char *s = malloc(at + n * k + strlen(after) + 1);
  if (s == NULL) abort();
  memcpy(s, before, at);
  for (size_t i = 0; i < n; i++, at += k) memcpy(s + at, item, k);
  strcpy(s + at, after);
  return s;
}

static mill_status only_parse(mill_session *s, const char *text, mill_error *err) {
  mill_plan *p = NULL;
  mill_status st = mill_plan_new(s, &p, err);
  if (st == MILL_OK) st = mill_sql_parse(p, text, strlen(text), err);
  mill_plan_unref(p);
  return st;
}

/* Wherever it is stopped, in the lexer, the parser, analysis or optimisation, that is the end of it. */
static void stop_everywhere(mill_session *s, asked *a, const char *text, long least_to_parse) {
  mill_error err;
  mill_error_clear(&err);
  a->calls = a->refuse = 0;
  mill_status whole = only_parse(s, text, &err);
  CHECK(a->calls >= least_to_parse, "%ld polls while %.40s is parsed", a->calls, text);
  if (whole == MILL_OK) {
    a->calls = 0;
    whole = run(s, text, &err);
  }
  CHECK(whole == MILL_OK || whole == MILL_E_PARSE_SYNTAX_ERROR, "%.40s: %s", text, err.text);
  for (long all = a->calls, part = 0; part < 32; part++) {
    mill_error_clear(&err);
    a->calls = 0;
    a->refuse = 1 + all * part / 32;
    mill_status st = run(s, text, &err);
    CHECK(st == MILL_E_OPERATION_CANCELED && a->calls == a->refuse, "poll %ld of %ld, %.40s: %s",
          a->refuse, all, text, mill_condition_name(st));
  }
}

static void long_texts(void) {
  enum { N = 20000 };
  mill_session *s = NULL;
  mill_error err;
  mill_error_clear(&err);
  CHECK(mill_session_new(&(mill_session_options){.threads = 1}, &s, &err) == MILL_OK);
  asked a = {.ctx = mill_session_context(s)};
  mill_session_progress(s, ask, &a);
  char *texts[] = {
      repeated("SELECT 1", ", 1", N, ""),
      repeated("SELECT id", ", id", N, " FROM range(1)"),
      repeated("SELECT size(array(1", ", 1", N, "))"),
      repeated("SELECT ", "'\\", N, ""), /* each quote is searched for its end */
      repeated("SELECT 1 a", " UNION ALL SELECT 1", N / 16, ""),
      repeated("SELECT id IN (1", ", id + 1", N, ") FROM range(1)"),
  };
  const long least[] = {N / 256, N / 256, N / 256, 60, N / 256 / 8, N / 256};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    stop_everywhere(s, &a, texts[i], least[i]);
    free(texts[i]);
  }
  mill_session_close(s);
  mill_session_unref(s);
}

int main(void) {
  mill_watch_every(0);
  long_texts();
  walk(&(mill_session_options){.threads = 1, .force_spill = true});
  walk(&(mill_session_options){.threads = 2, .force_spill = true});
  walk(&(mill_session_options){.threads = 2, .memory = 128u << 20});
  return check_done();
}
