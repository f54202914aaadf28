/* Checkpoints: restarts, failing batches, kills at every call on a file, damaged bytes. The oracle
** is always the answer of Spark 4.3 to the same rows without any of that. */
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "flow.h"
#include "stream/query_int.h"

typedef struct window_case {
  const char *name;
  mill_output_mode mode;
  int64_t window, slide, delay;
  int keys, aggs;
  bool no_data;
  const char *steps, *lines;
} window_case;

#include "window_cases.h"

static char folder[64], chk[80];
static char (*shown)[FLOW_SHOWN]; /* shared with child processes */

static const window_case *case_named(const char *name) {
  size_t i = 0;
  while (strcmp(cases[i].name, name) != 0) i++;
  return &cases[i];
}

static void wipe(void) {
  mill_error_clear(&B.err);
  if (mill_folder_remove(NULL, chk, &B.err) != MILL_OK) CHECK(false, "wipe");
  memset(shown, 0, FLOW_SHOWN * FLOW_BATCHES);
}

static mill_status open_case(flow *f, const window_case *c) {
  return flow_open(f, c->mode, c->delay, c->keys, c->aggs, c->no_data, chk);
}

static void flow_begin(flow *f, const window_case *c) {
  *f = (flow){.window = c->window, .slide = c->slide, .shown = shown};
  mill_text_init(&f->rows, B.memory);
  mill_text_init(&f->lines, B.memory);
  mill_error_clear(&B.err);
}

/* Does every batch show the rows that it should? */
static bool shows(const window_case *c) {
  const char *p = c->lines;
  for (int i = 0; i < FLOW_BATCHES; i++) {
    size_t n = strcspn(p, "\n");
    char line[1024];
    snprintf(line, sizeof line, "%.*s", (int)n, p);
    const char *rows = strstr(line, "state=");
    rows = rows ? rows + strcspn(rows, " ") : "";
    if (strcmp(rows, shown[i]) != 0) return false;
    p += n + (p[n] == '\n');
  }
  return true;
}

/* All steps, a restart (and a query that failed at batch `fail` started again) before each. */
static mill_status run_steps(flow *f, const window_case *c, bool restart, int64_t fail) {
  f->fail_at = fail;
  MILL_TRY(open_case(f, c));
  for (const char *p = c->steps;;) {
    size_t n = strcspn(p, "/");
    flow_add(f, p, n);
    mill_status s = flow_run(f);
    if (s != MILL_OK && f->fail_at == 0) return s;
    if (restart || s != MILL_OK) {
      f->fail_at = 0;
      mill_query_free(f->query);
      f->query = NULL;
      mill_error_clear(&B.err);
      MILL_TRY(open_case(f, c));
      if (s != MILL_OK) MILL_TRY(flow_run(f));
    }
    if (p[n] == 0) return MILL_OK;
    p += n + 1;
  }
}

static void test_restart(void) {
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    flow f;
    wipe();
    flow_begin(&f, &cases[i]);
    mill_status s = run_steps(&f, &cases[i], true, 0);
    CHECK(s == MILL_OK, "%s: %s", cases[i].name, mill_error_message(&B.err));
    CHECK(f.lines.data && strcmp(f.lines.data, cases[i].lines) == 0, "%s", cases[i].name);
    flow_close(&f);
  }
}

/* The sink fails once, at each batch in turn, after it has seen the rows. */
static void test_failing_batch(void) {
  const window_case *c = case_named("tumbling_append");
  for (int64_t k = 1; k <= 8; k++) {
    flow f;
    wipe();
    flow_begin(&f, c);
    CHECK(run_steps(&f, c, false, k) == MILL_OK, "%s", mill_error_message(&B.err));
    CHECK(shows(c), "failed at batch %d", (int)k - 1);
    flow_close(&f);
  }
}

/* ---- kills ---------------------------------------------------------------------------------- */

typedef struct bomb { /* the process dies instead of making call number `left` */
  int left;
} bomb;

static int tick(void *arg, mill_file_call call, const char *path) {
  bomb *b = arg;
  (void)call, (void)path;
  if (b->left-- == 0) _exit(9);
  return 0;
}

/* In a process of its own: all steps, dying at call number n. True when it was killed. */
static bool run_until(const window_case *c, int n) {
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    bomb b = {n};
    mill_files files = {tick, &b};
    flow f;
    B.ctx.files = &files;
    flow_begin(&f, c);
    _exit(run_steps(&f, c, false, 0) == MILL_OK ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) != 1, "call %d", n);
  return WEXITSTATUS(status) == 9;
}

/* Steps without late rows: a restart may skip a batch without data, as Spark does, and then windows
** close later, but with the same rows. The last two rows only push the watermark. */
static const window_case plain = {
    .name = "plain",
    .mode = MILL_APPEND,
    .window = 600,
    .slide = 600,
    .delay = 600000,
    .keys = 2,
    .aggs = 2,
    .no_data = true,
    .steps = "2024-05-01 10:01:00,a,1;2024-05-01 10:04:00,b,2/2024-05-01 10:11:00,a,3/"
             "2024-05-01 10:26:00,a,4;2024-05-01 10:27:00,a,-7/2024-05-01 10:41:00,b,8;NULL,a,11/"
             "2024-05-02 00:00:00,z,0/2024-05-03 00:00:00,z,0"};
static const char plain_rows[] = "{2024-05-01 10:00:00, 2024-05-01 10:10:00}|a|1|1;"
                                 "{2024-05-01 10:00:00, 2024-05-01 10:10:00}|b|1|2;"
                                 "{2024-05-01 10:10:00, 2024-05-01 10:20:00}|a|1|3;"
                                 "{2024-05-01 10:20:00, 2024-05-01 10:30:00}|a|2|-3;"
                                 "{2024-05-01 10:40:00, 2024-05-01 10:50:00}|b|1|8;";

/* All rows of the first day that were shown, each batch as it was shown last. */
static bool complete(void) {
  char *rows[64], all[FLOW_SHOWN * FLOW_BATCHES] = "", got[4096] = "";
  size_t n = 0;
  for (int i = 0; i < FLOW_BATCHES; i++) strcat(all, shown[i]);
  for (char *p = all; (p = strstr(p, " {")) != NULL; p++) rows[n++] = p + 1;
  for (size_t i = 0; i < n; i++) rows[i][-1] = 0;
  qsort(rows, n, sizeof *rows, by_text);
  for (size_t i = 0; i < n; i++)
    if (strncmp(rows[i], "{2024-05-01", 11) == 0) strcat(strcat(got, rows[i]), ";");
  if (strcmp(got, plain_rows) != 0) printf("# got %s\n", got);
  return strcmp(got, plain_rows) == 0;
}

/* How many adds the checkpoint knows of. */
static int64_t known_adds(const flow *f) {
  const mill_query_feed *q = f->query->feeds;
  const mill_text *t = f->query->pending ? &q->end : &q->start;
  return t->size ? atoll(t->data) + 1 : 0;
}

/* Start on what is there, push the same rows again (offsets tell which are known), run all. `full`:
** what the batches before showed, when a run without an end has been copied. */
static mill_status go_on(char (*full)[FLOW_SHOWN]) {
  flow f;
  flow_begin(&f, &plain);
  mill_status s = open_case(&f, &plain);
  int64_t known = s == MILL_OK ? known_adds(&f) : 0;
  for (int64_t i = 0; s == MILL_OK && full && i < f.query->batch; i++)
    memcpy(shown[i], full[i], FLOW_SHOWN);
  for (const char *p = plain.steps; s == MILL_OK; known--) {
    size_t n = strcspn(p, "/");
    flow_add(&f, p, n);
    if (known <= 1) s = flow_run(&f);
    if (p[n] == 0) break;
    p += n + 1;
  }
  flow_close(&f);
  return s;
}

static void test_kills(void) {
  int n = 0, kills = 0;
  for (bool killed = true; killed && n < 2000; n++) {
    wipe();
    killed = run_until(&plain, n);
    kills += killed;
    if (killed) CHECK(go_on(NULL) == MILL_OK, "after call %d: %s", n, mill_error_message(&B.err));
    CHECK(complete(), "after call %d", n);
  }
  CHECK(kills > 30, "%d kills", kills);
}

/* ---- damage --------------------------------------------------------------------------------- */

static void last_segment(char *path, size_t size) {
  mill_names names;
  char log[96];
  snprintf(log, sizeof log, "%s/log", chk);
  mill_names_init(&names, B.memory);
  CHECK(mill_folder_list(NULL, log, &names, &B.err) == MILL_OK && names.n > 0);
  snprintf(path, size, "%s/%s", log, names.name[names.n - 1]);
  mill_names_clear(&names);
}

typedef struct damage { /* the files of a checkpoint, one of them damaged */
  char segment[128], metadata[128];
  mill_text log, id;
  size_t log_size, id_size; /* what is written of them */
  char full[FLOW_BATCHES][FLOW_SHOWN];
  int errors;
} damage;

/* Is this the error of a damaged file: does it name the file, and the batch where one is known? */
static bool names_file(const damage *d, mill_status s) {
  const char *text = mill_error_message(&B.err), *name = strrchr(d->segment, '/');
  if (s != MILL_E_CORRUPT_FILE) printf("# %s\n", text);
  bool file = strstr(text, name) || strstr(text, "/metadata");
  bool whole = strstr(text, "batch") || strstr(text, "first record") || strstr(text, "it ") ||
               strstr(text, "version") || strstr(text, "metadata");
  if (!file || !whole) printf("# %s\n", text);
  return s == MILL_E_CORRUPT_FILE && file && whole;
}

/* Go on with these files: a clear error, or the right rows. */
static bool survives(damage *d) {
  char log[96];
  memset(shown, 0, FLOW_SHOWN * FLOW_BATCHES);
  mill_error_clear(&B.err);
  snprintf(log, sizeof log, "%s/log", chk);
  mill_status s = mill_folder_remove(NULL, log, &B.err);
  if (s == MILL_OK) s = mill_folder_make(NULL, log, &B.err);
  if (s == MILL_OK)
    s = mill_file_replace(NULL, B.memory, d->segment, d->log.data, d->log_size, &B.err);
  if (s == MILL_OK)
    s = mill_file_replace(NULL, B.memory, d->metadata, d->id.data, d->id_size, &B.err);
  if (s != MILL_OK) CHECK(false, "%s", mill_error_message(&B.err));
  s = go_on(d->full);
  d->errors += s != MILL_OK;
  return s == MILL_OK ? complete() : names_file(d, s);
}

static void damage_init(damage *d) {
  flow f;
  *d = (damage){0};
  wipe();
  flow_begin(&f, &plain);
  CHECK(run_steps(&f, &plain, false, 0) == MILL_OK && complete());
  flow_close(&f);
  memcpy(d->full, shown, sizeof d->full);
  last_segment(d->segment, sizeof d->segment);
  snprintf(d->metadata, sizeof d->metadata, "%s/metadata", chk);
  mill_text_init(&d->log, B.memory);
  mill_text_init(&d->id, B.memory);
  CHECK(mill_file_load(NULL, B.memory, d->segment, 0, &d->log, &B.err) == MILL_OK);
  CHECK(mill_file_load(NULL, B.memory, d->metadata, 0, &d->id, &B.err) == MILL_OK);
  d->log_size = d->log.size;
  d->id_size = d->id.size;
}

/* Each byte of a file wrong, then the file cut behind each byte. */
static void damage_each(damage *d, mill_text *t, size_t *size, const char *name) {
  int bad = 0;
  d->errors = 0;
  for (size_t i = 0; i < t->size; i++) {
    t->data[i] = (char)(t->data[i] ^ 1 << (i % 8));
    bad += !survives(d);
    t->data[i] = (char)(t->data[i] ^ 1 << (i % 8));
  }
  CHECK(bad == 0 && d->errors > (int)t->size / 2, "%s: %d of %zu flips, %d errors", name, bad,
        t->size, d->errors);
  bad = 0;
  for (*size = 0; *size < t->size; ++*size) bad += !survives(d);
  CHECK(bad == 0, "%s: %d truncations", name, bad);
}

static void test_damage(void) {
  static damage d;
  damage_init(&d);
  damage_each(&d, &d.log, &d.log_size, "log");
  damage_each(&d, &d.id, &d.id_size, "metadata");
  mill_text_clear(&d.log);
  mill_text_clear(&d.id);
}

/* ---- one writer, other queries --------------------------------------------------------------- */

static void test_refusals(void) {
  const window_case *c = case_named("tumbling_append");
  window_case other = *c;
  flow f, g;
  wipe();
  flow_begin(&f, c);
  flow_begin(&g, c);
  CHECK(open_case(&f, c) == MILL_OK);
  flow_add(&f, "2024-05-01 10:00:00,a,1", 23);
  CHECK(flow_run(&f) == MILL_OK);
  CHECK(open_case(&g, c) == MILL_E_CONCURRENT_QUERY, "while another runs");
  flow_close(&g);
  flow_close(&f);
  other.keys = 1;
  flow_begin(&f, &other);
  CHECK(open_case(&f, &other) == MILL_E_STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE);
  flow_close(&f);
  other.keys = 2;
  other.aggs = 1;
  flow_begin(&f, &other);
  CHECK(open_case(&f, &other) == MILL_E_STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE);
  flow_close(&f);
  char path[128];
  snprintf(path, sizeof path, "%s/metadata", chk);
  CHECK(unlink(path) == 0);
  flow_begin(&f, c);
  CHECK(open_case(&f, c) == MILL_E_STREAMING_CHECKPOINT_MISSING_METADATA_FILE);
  flow_close(&f);
}

int main(void) {
  bench_open();
  B.set.zone = mill_zone_utc();
  bool quick =
      access("/dev/shm", W_OK) == 0; /* thousands of flushes: in memory where there is one */
  snprintf(folder, sizeof folder, "%s/mill_checkpoint.XXXXXX", quick ? "/dev/shm" : "/tmp");
  CHECK(mkdtemp(folder) != NULL);
  snprintf(chk, sizeof chk, "%s/chk", folder);
  shown = mmap(NULL, FLOW_SHOWN * FLOW_BATCHES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
               -1, 0);
  test_restart();
  test_failing_batch();
  test_kills();
  test_damage();
  test_refusals();
  wipe();
  CHECK(rmdir(folder) == 0);
  return bench_close();
}
