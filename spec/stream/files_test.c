/* Files in, files out: each row once, whatever call on a file the process dies at; limits, order,
** what is forgotten. Rows of files are read and written by stand-ins for csrc/io. */
#include <dirent.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utime.h>

#include "base/file.h"
#include "flow.h"

static char folder[64], in[80], out[80], chk[80];
static flow types; /* lends its types and its parser of rows */

/* ---- stand-ins ------------------------------------------------------------------------------ */

static mill_status fake_list(const mill_context *ctx, const mill_read *r, mill_read_files *l,
                             mill_error *err) {
  mill_names names;
  mill_file_info info;
  *l = (mill_read_files){0};
  mill_arena_init(&l->arena, ctx->memory);
  mill_names_init(&names, ctx->memory);
  MILL_TRY(mill_folder_list(ctx->files, r->paths[0], &names, err));
  l->file = mill_arena_alloc(&l->arena, (names.n + 1) * sizeof *l->file);
  for (size_t i = 0; i < names.n; i++) {
    char *path = mill_arena_alloc(&l->arena, 200);
    snprintf(path, 200, "%s/%s", r->paths[0], names.name[i]);
    MILL_TRY(mill_file_stat(ctx->files, path, &info, err));
    l->file[l->n++] = (mill_read_file){path, info.size, info.mtime_millis, NULL};
  }
  mill_names_clear(&names);
  return MILL_OK;
}

static void fake_clear(mill_read_files *l) { mill_arena_clear(&l->arena); }

static mill_status fake_open(const mill_context *ctx, const mill_settings *set, const mill_read *r,
                             mill_scan **scan, mill_error *err) {
  mill_text t;
  (void)set;
  mill_text_init(&t, ctx->memory);
  for (int i = 0; i < r->npaths; i++)
    MILL_TRY(mill_file_load(ctx->files, ctx->memory, r->paths[i], 0, &t, err));
  mill_table *table = flow_table(&types, t.data ? t.data : "", t.size);
  mill_text_clear(&t);
  mill_status s = mill_scan_table(table, scan, err);
  mill_table_unref(table);
  return s;
}

static mill_status fake_write(const mill_context *ctx, const mill_settings *set,
                              const mill_write *w, mill_rows *rows, uint64_t *n, mill_error *err) {
  mill_text t;
  mill_batch *b;
  char path[200], id[MILL_QUERY_ID];
  (void)set;
  mill_text_init(&t, ctx->memory);
  for (*n = 0; rows->next(rows, &b, err) == MILL_OK && b;)
    for (uint32_t i = 0; i < b->n; i++, ++*n)
      MILL_TRY(mill_text_printf(&t, err, "%s\n", row_text(b, mill_batch_row(b, i))));
  rows->free(rows);
  mill_uuid(id);
  snprintf(path, sizeof path, "%s/part-%s.txt", w->path, id);
  MILL_TRY(mill_folder_make(ctx->files, w->path, err));
  mill_status s =
      mill_file_replace(ctx->files, ctx->memory, path, t.data ? t.data : "", t.size, err);
  mill_text_clear(&t);
  return s;
}

static const mill_stream_io fake = {fake_list, fake_clear, fake_open, fake_write, NULL};

/* ---- the query: in -> out --------------------------------------------------------------------- */

/* A list whose commit fails for some time; meanwhile what it does not list is removed from the folder, as others may. */
static struct {
  bool used;
  int fails;
  int64_t batch;
  mill_text names, added;
} fake_ledger;

static mill_status list_last(void *arg, const char *query, int64_t *batch, mill_error *err) {
  (void)arg, (void)query, (void)err;
  *batch = fake_ledger.batch;
  return MILL_OK;
}

static mill_status list_begin(void *arg, mill_error *err) {
  (void)arg, (void)err;
  mill_text_reset(&fake_ledger.added);
  return MILL_OK;
}

static mill_status list_add(void *arg, const char *name, uint64_t size, mill_error *err) {
  (void)arg, (void)size;
  return mill_text_printf(&fake_ledger.added, err, "%s\n", name);
}

static mill_status remove_unlisted(mill_error *err) {
  mill_names names;
  char path[200];
  mill_names_init(&names, B.memory);
  mill_status s = mill_folder_list(NULL, out, &names, err);
  for (size_t i = 0; i < names.n && s == MILL_OK; i++) {
    if (names.name[i][0] == '.' ||
        (fake_ledger.names.data && strstr(fake_ledger.names.data, names.name[i])))
      continue;
    snprintf(path, sizeof path, "%s/%s", out, names.name[i]);
    s = mill_file_remove(NULL, path, err);
  }
  mill_names_clear(&names);
  return s;
}

static mill_status list_end(void *arg, const char *query, int64_t batch, bool good,
                            mill_error *err) {
  (void)arg, (void)query;
  if (good && --fake_ledger.fails < 0) {
    fake_ledger.batch = batch;
    return mill_text_adds(&fake_ledger.names, fake_ledger.added.data, err);
  }
  MILL_TRY(remove_unlisted(err));
  return mill_fail(err, MILL_E_FILE_ACCESS, "operation", "list", "path", out, "reason", "", NULL);
}

static void list_free(void *arg) { (void)arg; }

static mill_status sink_new(const mill_write *w, mill_stream_sink **sink) {
  const mill_sink_list list = {&fake_ledger, list_last, list_begin, list_add, list_end, list_free};
  return fake_ledger.used ? mill_sink_listed_new(&B.ctx, &fake, w, &list, sink, &B.err)
                          : mill_sink_file_new(&B.ctx, &fake, w, sink, &B.err);
}

static mill_query *query_new(const mill_option *o, int n, mill_trigger trigger) {
  mill_stream_source *source;
  mill_stream_sink *sink;
  mill_query *q = NULL;
  const char *path = in;
  mill_stream_node *node = mill_arena_alloc(&B.arena, sizeof *node);
  mill_read r = {
      .format = "text", .paths = &path, .npaths = 1, .options = {o, n}, .schema = types.input};
  mill_write w = {.format = "text", .path = out};
  *node = (mill_stream_node){.kind = MILL_STREAM_SOURCE, .schema = types.input};
  mill_status s = mill_stream_files_new(&B.ctx, &fake, &r, &source, &B.err);
  if (s == MILL_OK) s = sink_new(&w, &sink);
  mill_query_spec spec = {.root = node,
                          .sources = &source,
                          .nsources = 1,
                          .sink = sink,
                          .checkpoint = chk,
                          .trigger = trigger,
                          .set = B.set,
                          .keep_progress = 9};
  if (s == MILL_OK) s = mill_query_new(&B.ctx, &spec, &q, &B.err);
  CHECK(s == MILL_OK, "%s", mill_error_message(&B.err));
  mill_stream_source_unref(source);
  return q;
}

static mill_status run(const mill_option *o, int n, mill_trigger trigger, int *batches) {
  bool ran = true;
  mill_query *q = query_new(o, n, trigger);
  *batches = 0;
  mill_status s = mill_query_start(q, &B.err);
  while (s == MILL_OK && ran && mill_query_active(q)) {
    s = mill_query_step(q, &ran, &B.err);
    *batches += ran;
  }
  mill_query_free(q);
  return s;
}

/* A file with one row whose v is `v`, changed at second `at`. */
static void put_file(const char *name, int v, int at) {
  char path[200], row[64];
  snprintf(path, sizeof path, "%s/%s", in, name);
  int n = snprintf(row, sizeof row, "2024-05-01 10:00:00,k,%d;", v);
  CHECK(mill_file_replace(NULL, B.memory, path, row, (size_t)n, &B.err) == MILL_OK);
  utime(path, &(struct utimbuf){at, at});
}

static void wipe(void) {
  mill_error_clear(&B.err);
  mill_status s = MILL_OK;
  const char *all[] = {in, out, chk};
  for (int i = 0; i < 3 && s == MILL_OK; i++) s = mill_folder_remove(NULL, all[i], &B.err);
  if (s == MILL_OK) s = mill_folder_make(NULL, in, &B.err);
  CHECK(s == MILL_OK);
}

/* The values of v in the files of `out`, sorted; and as its list tells, when `list`. */
static void values(const char *list, char *text) {
  mill_names names;
  char *rows[64], path[200];
  size_t n = 0;
  mill_text t;
  mill_names_init(&names, B.memory);
  mill_text_init(&t, B.memory);
  if (mill_folder_list(NULL, out, &names, &B.err) != MILL_OK) names.n = 0;
  for (size_t i = 0; i < names.n; i++) {
    if (names.name[i][0] == '.' || names.name[i][0] == '_') continue;
    if (list && strstr(list, names.name[i]) == NULL) continue;
    snprintf(path, sizeof path, "%s/%s", out, names.name[i]);
    if (mill_file_load(NULL, B.memory, path, 0, &t, &B.err) != MILL_OK) CHECK(false, "%s", path);
  }
  for (char *p = t.data; p && (p = strstr(p, "|k|")) != NULL;) {
    rows[n++] = p += 3;
    p += strcspn(p, "\n");
    *p++ = 0;
  }
  qsort(rows, n, sizeof *rows, by_text);
  *text = 0;
  for (size_t i = 0; i < n; i++) strcat(strcat(text, rows[i]), " ");
  mill_text_clear(&t);
  mill_names_clear(&names);
}

static void want_values(const char *want, const char *when) {
  char got[256];
  values(NULL, got);
  CHECK(strcmp(got, want) == 0, "%s: got %s", when, got);
}

static const mill_option one_file = {"maxFilesPerTrigger", "1"};

static void test_limits(void) {
  int n;
  wipe();
  put_file("c", 1, 1000);
  put_file("a", 2, 2000);
  put_file("b", 3, 2000);
  CHECK(run(&one_file, 1, MILL_TRIGGER_AVAILABLE_NOW, &n) == MILL_OK && n == 3, "%d", n);
  want_values("1 2 3 ", "one a batch");
  CHECK(run(&one_file, 1, MILL_TRIGGER_AVAILABLE_NOW, &n) == MILL_OK && n == 0, "%d", n);
  put_file("a", 9, 2500); /* known by its path */
  put_file("d", 4, 3000);
  put_file("e", 5, 3000);
  CHECK(run(&one_file, 1, MILL_TRIGGER_ONCE, &n) == MILL_OK && n == 1, "once takes all: %d", n);
  want_values("1 2 3 4 5 ", "later files");
  mill_option bytes = {"maxBytesPerTrigger", "60"};
  for (int i = 0; i < 5; i++) put_file((const char *[]){"f", "g", "h", "i", "j"}[i], 6, 4000 + i);
  CHECK(run(&bytes, 1, MILL_TRIGGER_AVAILABLE_NOW, &n) == MILL_OK && n == 3, "%d", n);
  mill_option age = {"maxFileAge", "10s"};
  put_file("k", 7, 3990); /* the newest of earlier batches is of 4004 */
  put_file("l", 8, 3994);
  CHECK(run(&age, 1, MILL_TRIGGER_AVAILABLE_NOW, &n) == MILL_OK && n == 1, "%d", n);
  want_values("1 2 3 4 5 6 6 6 6 6 8 ", "too old");
}

static void test_bad_options(void) {
  int n;
  mill_option both[] = {one_file, {"maxBytesPerTrigger", "1"}};
  mill_option bad[] = {{"maxFilesPerTrigger", "many"}, {"maxFilesPerTrigger", "0"},
                       {"cleanSource", "burn"},        {"cleanSource", "archive"},
                       {"maxFileAge", "old"},          {"latestFirst", "perhaps"}};
  wipe();
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    CHECK(run(&bad[i], 1, MILL_TRIGGER_ONCE, &n) != MILL_OK, "%s", bad[i].value);
  CHECK(run(both, 2, MILL_TRIGGER_ONCE, &n) == MILL_E_INVALID_OPTION_VALUE);
}

/* An older copy of the checkpoint, or none, under a sink that has the batches already. */
static void test_older_checkpoint(void) {
  int n;
  wipe();
  put_file("a", 1, 1000);
  CHECK(run(NULL, 0, MILL_TRIGGER_ONCE, &n) == MILL_OK && n == 1);
  CHECK(mill_folder_remove(NULL, chk, &B.err) == MILL_OK);
  CHECK(run(NULL, 0, MILL_TRIGGER_ONCE, &n) == MILL_E_STREAMING_CHECKPOINT_BEHIND_SINK);
  want_values("1 ", "untouched");
}

/* ---- kills ---------------------------------------------------------------------------------- */

static int tick(void *arg, mill_file_call call, const char *path) {
  (void)call, (void)path;
  if ((*(int *)arg)-- == 0) _exit(9);
  return 0;
}

static bool killed_at(int calls) {
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    mill_files files = {tick, &calls};
    int n;
    B.ctx.files = &files;
    _exit(run(&one_file, 1, MILL_TRIGGER_AVAILABLE_NOW, &n) == MILL_OK ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) != 1, "call %d", calls);
  return WEXITSTATUS(status) == 9;
}

/* Both readers agree: of the whole folder, and of what the lists say. */
static bool exact(void) {
  char all[256], listed[256], path[200];
  mill_names names;
  mill_text lists;
  snprintf(path, sizeof path, "%s/_spark_metadata", out);
  mill_names_init(&names, B.memory);
  mill_text_init(&lists, B.memory);
  CHECK(mill_folder_list(NULL, path, &names, &B.err) == MILL_OK);
  for (size_t i = 0; i < names.n; i++) {
    snprintf(path, sizeof path, "%s/_spark_metadata/%s", out, names.name[i]);
    if (mill_file_load(NULL, B.memory, path, 0, &lists, &B.err) != MILL_OK) CHECK(false);
  }
  values(NULL, all);
  values(lists.data, listed);
  mill_text_clear(&lists);
  mill_names_clear(&names);
  return strcmp(all, "1 2 3 ") == 0 && strcmp(listed, all) == 0;
}

static void test_kills(void) {
  int kills = 0, wrong = 0, n;
  bool killed = true;
  for (int calls = 0; killed && calls < 3000; calls++) {
    wipe();
    put_file("a", 1, 1000);
    put_file("b", 2, 2000);
    put_file("c", 3, 3000);
    killed = killed_at(calls);
    kills += killed;
    mill_status s = run(&one_file, 1, MILL_TRIGGER_AVAILABLE_NOW, &n);
    if (s != MILL_OK) printf("# call %d: %s\n", calls, mill_error_message(&B.err));
    wrong += s != MILL_OK || !exact();
  }
  CHECK(kills > 60 && wrong == 0, "%d kills, %d wrong", kills, wrong);
}

/* Files whose list could not be committed are there for the next try. */
static void test_listed(void) {
  char text[200];
  int n;
  wipe();
  fake_ledger.used = true;
  fake_ledger.batch = -1;
  mill_text_init(&fake_ledger.names, B.memory);
  mill_text_init(&fake_ledger.added, B.memory);
  for (int i = 1; i <= 3; i++) {
    put_file(i == 1 ? "a" : i == 2 ? "b" : "c", i, i * 1000);
    fake_ledger.fails = 2;
    for (int k = 0; k < 3; k++) {
      mill_error_clear(&B.err);
      mill_status s = run(&one_file, 1, MILL_TRIGGER_AVAILABLE_NOW, &n);
      CHECK((s == MILL_OK) == (k == 2), "%s", mill_error_message(&B.err));
    }
  }
  CHECK(remove_unlisted(&B.err) == MILL_OK);
  values(fake_ledger.names.data, text);
  CHECK_STR(text, "1 2 3 ");
  mill_text_clear(&fake_ledger.names);
  mill_text_clear(&fake_ledger.added);
  fake_ledger.used = false;
}

int main(void) {
  bench_open();
  B.set.zone = mill_zone_utc();
  bool quick = access("/dev/shm", W_OK) == 0;
  snprintf(folder, sizeof folder, "%s/mill_files.XXXXXX", quick ? "/dev/shm" : "/tmp");
  CHECK(mkdtemp(folder) != NULL);
  snprintf(in, sizeof in, "%s/in", folder);
  snprintf(out, sizeof out, "%s/out", folder);
  snprintf(chk, sizeof chk, "%s/chk", folder);
  flow_types(&types);
  test_limits();
  test_bad_options();
  test_older_checkpoint();
  test_kills();
  test_listed();
  wipe();
  CHECK(mill_folder_remove(NULL, folder, &B.err) == MILL_OK);
  return bench_close();
}
