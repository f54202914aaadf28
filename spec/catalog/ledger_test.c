/* The ledger: what is committed is there after any cut, flip, failed call and failed allocation; what is not
** is not. */
#include "catalog/ledger.h"

#include <errno.h>
#include <stdlib.h>

#include "../check.h"

typedef struct failing {
  int at, seen;
} failing;

static int fail_at(void *arg, mill_file_call call, const char *path) {
  failing *f = arg;
  (void)call, (void)path;
  return ++f->seen == f->at ? ENOSPC : 0;
}

static mill_memory *m;
static char base[] = "/tmp/tidemill_ledger_XXXXXX";
static char folder[100], log_path[120];

static mill_status no_wait(void *arg, mill_error *err) {
  (void)arg;
  return mill_fail(err, MILL_E_WAREHOUSE_LOCKED, "path", "", "seconds", "0", NULL);
}

static mill_ledger *open_ledger(const mill_files *fs) {
  mill_ledger *l = NULL;
  CHECK(mill_ledger_open(fs, m, folder, &l, NULL) == MILL_OK);
  return l;
}

static bool is(const mill_ledger *l, const char *key, const char *want) {
  size_t n;
  const char *got = mill_ledger_get(l, key, &n);
  return want == NULL ? got == NULL : got && n == strlen(want) && memcmp(got, want, n) == 0;
}

/* Commit number i: 1 puts, 2 appends and puts, 3 removes and puts. */
static mill_status commit(mill_ledger *l, int i, mill_error *err) {
  MILL_TRY(mill_ledger_begin(l, no_wait, NULL, err));
  mill_status s = MILL_OK;
  if (i == 1) s = mill_ledger_put(l, "a", "one", 3, err);
  if (i == 2) s = mill_ledger_append(l, "a", "+two", 4, err);
  if (i == 2 && s == MILL_OK) s = mill_ledger_put(l, "b/x", "", 0, err);
  if (i == 3) s = mill_ledger_remove(l, "a", err);
  if (i == 3 && s == MILL_OK) s = mill_ledger_put(l, "b/y", "three", 5, err);
  if (s == MILL_OK) return mill_ledger_commit(l, NULL, NULL, err);
  mill_ledger_rollback(l);
  return s;
}

/* Is it as after commit i? */
static bool after(const mill_ledger *l, int i) {
  static const char *const a[] = {NULL, "one", "one+two", NULL};
  return is(l, "a", a[i]) && is(l, "b/x", i >= 2 ? "" : NULL) &&
         is(l, "b/y", i >= 3 ? "three" : NULL);
}

static void remove_all(void) { CHECK(mill_folder_remove(NULL, folder, NULL) == MILL_OK); }

static void two_handles(void) {
  mill_ledger *a = open_ledger(NULL), *b = open_ledger(NULL);
  mill_error err;
  mill_error_clear(&err);
  CHECK(mill_ledger_refresh(a, &err) == MILL_OK && after(a, 0));
  for (int i = 1; i <= 3; i++) {
    uint64_t version = mill_ledger_version(b);
    CHECK(commit(a, i, &err) == MILL_OK && after(a, i));
    CHECK(after(b, i - 1));
    CHECK(mill_ledger_refresh(b, &err) == MILL_OK && after(b, i));
    CHECK(mill_ledger_version(b) > version);
  }
  CHECK(mill_ledger_begin(a, no_wait, NULL, &err) == MILL_OK);
  CHECK(mill_ledger_begin(b, no_wait, NULL, &err) == MILL_E_WAREHOUSE_LOCKED);
  mill_ledger_rollback(a);
  size_t i = mill_ledger_seek(b, "b/");
  CHECK_STR(mill_ledger_key(b, i), "b/x");
  CHECK_STR(mill_ledger_key(b, i + 1), "b/y");
  CHECK(mill_ledger_key(b, i + 2) == NULL);
  mill_ledger_free(a);
  mill_ledger_free(b);
  remove_all();
}

/* A log of three commits, in `out`; ends[i]: its size after commit i. */
static void whole_log(mill_text *out, size_t ends[4]) {
  mill_ledger *l = open_ledger(NULL);
  ends[0] = 0;
  for (int i = 1; i <= 3; i++) {
    mill_file_info info;
    CHECK(commit(l, i, NULL) == MILL_OK);
    CHECK(mill_file_stat(NULL, log_path, &info, NULL) == MILL_OK);
    ends[i] = (size_t)info.size;
  }
  CHECK(mill_file_load(NULL, m, log_path, 0, out, NULL) == MILL_OK);
  mill_ledger_free(l);
}

static void write_log(const char *p, size_t n) {
  CHECK(mill_file_replace(NULL, m, log_path, p, n, NULL) == MILL_OK);
}

/* Cut at every byte: what was committed before is there, and a later commit goes on. */
static void cuts(const mill_text *whole, const size_t ends[4]) {
  int bad = 0;
  for (size_t n = 0; n < whole->size; n++) {
    mill_error err;
    mill_error_clear(&err);
    int k = n >= ends[2] ? 2 : n >= ends[1] ? 1 : 0;
    write_log(whole->data, n);
    mill_ledger *l = open_ledger(NULL);
    mill_status s = mill_ledger_refresh(l, &err);
    bool good = (k == 0 && s == MILL_E_CORRUPT_FILE) || (s == MILL_OK && after(l, k));
    if (k && good) good = commit(l, k + 1, &err) == MILL_OK && after(l, k + 1);
    mill_ledger_free(l);
    l = open_ledger(NULL);
    if (k && good) good = mill_ledger_refresh(l, NULL) == MILL_OK && after(l, k + 1);
    mill_ledger_free(l);
    bad += !good;
  }
  CHECK(bad == 0, "%d of %zu cuts", bad, whole->size);
}

/* A flipped byte is told, or is taken for a torn end: never other content. */
static void flips(const mill_text *whole, const size_t ends[4]) {
  int bad = 0;
  for (size_t at = 0; at < whole->size; at++) {
    mill_error err;
    mill_error_clear(&err);
    whole->data[at] ^= 0x41;
    write_log(whole->data, whole->size);
    whole->data[at] ^= 0x41;
    mill_ledger *l = open_ledger(NULL);
    mill_status s = mill_ledger_refresh(l, &err);
    bool good = at < ends[2] ? s == MILL_E_CORRUPT_FILE : s == MILL_OK && after(l, 2);
    if (at < ends[2] && at >= ends[1]) good |= s == MILL_OK && after(l, 1);
    mill_ledger_free(l);
    bad += !good;
  }
  CHECK(bad == 0, "%d of %zu flips", bad, whole->size);
}

/* Whatever call fails: the commit is there whole or not at all, and the next one works. */
static void failing_calls(void) {
  for (int i = 1; i <= 3; i++) {
    bool done = false;
    for (int at = 1; !done; at++) {
      mill_error err;
      mill_error_clear(&err);
      failing f = {0, 0};
      mill_files fs = {fail_at, &f};
      mill_ledger *l = open_ledger(&fs);
      for (int k = 1; k < i; k++) CHECK(commit(l, k, &err) == MILL_OK);
      f = (failing){at, 0};
      mill_status s = commit(l, i, &err);
      done = f.seen < at;
      f = (failing){0, 0};
      mill_ledger *other = open_ledger(NULL);
      CHECK(mill_ledger_refresh(other, &err) == MILL_OK);
      CHECK(s == MILL_OK ? after(other, i) : after(other, i) || after(other, i - 1));
      CHECK(mill_ledger_refresh(l, &err) == MILL_OK);
      CHECK(after(l, i) == after(other, i));
      if (!after(l, i)) CHECK(commit(l, i, &err) == MILL_OK && after(l, i));
      mill_ledger_free(other);
      mill_ledger_free(l);
      remove_all();
    }
  }
}

/* The same for allocations. */
static void failing_memory(void) {
  for (int i = 1; i <= 3; i++) {
    bool done = false;
    for (uint64_t at = 1; !done; at++) {
      mill_error err;
      mill_error_clear(&err);
      mill_ledger *l = open_ledger(NULL);
      for (int k = 1; k < i; k++) CHECK(commit(l, k, &err) == MILL_OK);
      uint64_t calls = mill_memory_read(m).calls;
      mill_memory_fail_at(m, at, false);
      mill_status s = commit(l, i, &err);
      mill_memory_fail_at(m, 0, false);
      done = mill_memory_read(m).calls - calls < at;
      CHECK(s == MILL_OK || s == MILL_E_OUT_OF_MEMORY);
      mill_ledger *other = open_ledger(NULL);
      CHECK(mill_ledger_refresh(other, &err) == MILL_OK);
      CHECK(after(other, s == MILL_OK ? i : i - 1));
      CHECK(mill_ledger_refresh(l, &err) == MILL_OK && after(l, s == MILL_OK ? i : i - 1));
      mill_ledger_free(other);
      mill_ledger_free(l);
      remove_all();
    }
  }
}

/* Many changes do not make the file grow without end, and those who read see the new one. */
static void compaction(void) {
  mill_ledger *l = open_ledger(NULL), *reader = open_ledger(NULL);
  char *big = malloc(100000);
  mill_file_info info;
  memset(big, 'x', 100000);
  for (int i = 0; i < 40; i++) {
    CHECK(mill_ledger_begin(l, no_wait, NULL, NULL) == MILL_OK);
    CHECK(mill_ledger_put(l, "k", big, 100000, NULL) == MILL_OK);
    CHECK(mill_ledger_commit(l, NULL, NULL, NULL) == MILL_OK);
  }
  CHECK(mill_file_stat(NULL, log_path, &info, NULL) == MILL_OK);
  CHECK(info.size < 1500000, "%llu", (unsigned long long)info.size);
  size_t n;
  CHECK(mill_ledger_refresh(reader, NULL) == MILL_OK && mill_ledger_get(reader, "k", &n) &&
        n == 100000);
  free(big);
  mill_ledger_free(l);
  mill_ledger_free(reader);
  remove_all();
}

/* Files that are written anew take turns with two inodes: one who reads now and then takes none for another. */
static void inodes(void) {
  mill_ledger *l = open_ledger(NULL), *reader = open_ledger(NULL);
  enum { SIZE = 400000 };
  char *big = malloc(SIZE);
  int old = 0;
  memset(big, 'x', SIZE);
  for (int i = 0; i < 60; i++) {
    big[0] = (char)('A' + i);
    CHECK(mill_ledger_begin(l, no_wait, NULL, NULL) == MILL_OK);
    CHECK(mill_ledger_put(l, "k", big, SIZE, NULL) == MILL_OK);
    CHECK(mill_ledger_commit(l, NULL, NULL, NULL) == MILL_OK);
    if (i % 10 != 9) continue;
    size_t n;
    CHECK(mill_ledger_refresh(reader, NULL) == MILL_OK);
    const char *got = mill_ledger_get(reader, "k", &n);
    old += got == NULL || n != SIZE || got[0] != big[0];
  }
  CHECK(old == 0, "%d older states", old);
  free(big);
  mill_ledger_free(l);
  mill_ledger_free(reader);
  remove_all();
}

/* A commit that could not be flushed is cut off, and another one is as long: who had read the first has the second. */
static void cut_behind_a_reader(void) {
  mill_ledger *l = open_ledger(NULL), *reader = open_ledger(NULL);
  mill_file_info info;
  mill_file f;
  CHECK(commit(l, 1, NULL) == MILL_OK);
  CHECK(mill_file_stat(NULL, log_path, &info, NULL) == MILL_OK);
  CHECK(commit(l, 2, NULL) == MILL_OK);
  CHECK(mill_ledger_refresh(reader, NULL) == MILL_OK && after(reader, 2));
  mill_ledger_free(l);
  CHECK(mill_file_open(NULL, m, log_path, MILL_FILE_APPEND, &f, NULL) == MILL_OK);
  CHECK(mill_file_truncate(&f, info.size, NULL) == MILL_OK);
  mill_file_clear(&f);
  l = open_ledger(NULL);
  CHECK(mill_ledger_begin(l, no_wait, NULL, NULL) == MILL_OK);
  CHECK(mill_ledger_put(l, "a", "another one, which is longer than the commit was", 48, NULL) ==
        MILL_OK);
  CHECK(mill_ledger_commit(l, NULL, NULL, NULL) == MILL_OK);
  CHECK(mill_ledger_begin(reader, no_wait, NULL, NULL) == MILL_OK);
  mill_ledger_rollback(reader);
  mill_ledger_free(reader);
  reader = open_ledger(NULL);
  CHECK(mill_ledger_refresh(reader, NULL) == MILL_OK);
  CHECK(is(reader, "a", "another one, which is longer than the commit was"));
  mill_ledger_free(l);
  mill_ledger_free(reader);
  remove_all();
}

int main(void) {
  mill_text whole;
  size_t ends[4];
  m = mill_memory_new(0);
  mill_text_init(&whole, m);
  if (mkdtemp(base) == NULL) return 1;
  snprintf(folder, sizeof folder, "%s/_catalog", base);
  snprintf(log_path, sizeof log_path, "%s/catalog.log", folder);
  two_handles();
  whole_log(&whole, ends);
  cuts(&whole, ends);
  flips(&whole, ends);
  remove_all();
  failing_calls();
  failing_memory();
  compaction();
  inodes();
  cut_behind_a_reader();
  mill_text_clear(&whole);
  CHECK(mill_memory_read(m).blocks == 0);
  mill_memory_free(m);
  CHECK(mill_folder_remove(NULL, base, NULL) == MILL_OK);
  return check_done();
}
