/* The funnel counts, refuses and fails where told; an arena gives everything back. */
#include "base/memory.h"

#include "../check.h"

static void test_counts(void) {
  mill_memory *m = mill_memory_new(4096);
  char *p = mill_alloc(m, 1000);
  CHECK(p != NULL);
  CHECK(mill_memory_read(m).used == 1000);
  char *q = mill_alloc(m, 4000);
  CHECK(q == NULL, "beyond the limit");
  p = mill_realloc(m, p, 1000, 3000);
  CHECK(p != NULL && mill_memory_read(m).used == 3000);
  mill_free(m, p, 3000);
  CHECK(mill_memory_read(m).used == 0 && mill_memory_read(m).blocks == 0);
  CHECK(mill_memory_read(m).peak <= 4096 && mill_memory_read(m).peak >= 3000);
  mill_memory_free(m);
}

static void test_fail_at(void) {
  mill_memory *m = mill_memory_new(0);
  mill_memory_fail_at(m, 2, false);
  char *a = mill_alloc(m, 8), *b = mill_alloc(m, 8), *c = mill_alloc(m, 8);
  CHECK(a != NULL && b == NULL && c != NULL);
  mill_memory_fail_at(m, 1, true);
  char *d = mill_alloc(m, 8), *e = mill_alloc(m, 8);
  CHECK(d == NULL && e == NULL);
  mill_memory_fail_at(m, 0, false);
  mill_free(m, a, 8);
  mill_free(m, c, 8);
  CHECK(mill_memory_read(m).used == 0);
  mill_memory_free(m);
}

/* A spare block comes back with its contents, to its kind and size alone, and counts as free until then. */
/* What a large block held is there after it grew, and it counts as what it is. */
static void test_growth(void) {
  size_t from[] = {1 << 20, 3 << 20, (64 << 20) + 4096, (70 << 20) + 5};
  for (size_t i = 0; i < sizeof from / sizeof *from; i++) {
    mill_memory *m = mill_memory_new(400 << 20);
    size_t n = from[i], more = (100 << 20) + 77;
    unsigned char *p = mill_alloc(m, n);
    for (size_t k = 0; k < n; k += 997) p[k] = (unsigned char)(k % 251);
    p[n - 1] = 7;
    CHECK(mill_realloc(m, p, n, (size_t)500 << 20) == NULL, "beyond the limit");
    p = mill_realloc(m, p, n, more);
    bool same = p[n - 1] == 7;
    for (size_t k = 0; k < n - 1; k += 997) same &= p[k] == k % 251;
    CHECK(same, "%zu bytes grow", n);
    memset(p, 1, more);
    CHECK(mill_memory_read(m).used == more && mill_memory_read(m).blocks == 1, "counted");
    mill_free(m, p, more);
    CHECK(mill_memory_read(m).used == 0 && mill_memory_read(m).blocks == 0, "freed");
    mill_memory_free(m);
  }
}

static void test_spare(void) {
  mill_memory *m = mill_memory_new(1 << 20);
  CHECK(mill_spare_take(m, MILL_SPARE_ZSTD, 5000) == NULL && mill_memory_read(m).used == 0);
  char *p = mill_alloc(m, 5000);
  memset(p, 7, 5000);
  mill_spare_give(m, MILL_SPARE_ZSTD, p, 5000);
  CHECK(mill_memory_read(m).used == 0 && mill_memory_read(m).blocks == 0);
  CHECK(mill_spare_take(m, MILL_SPARE_ZSTD, 6000) == NULL && mill_memory_read(m).used == 0);
  mill_memory_fail_at(m, 1, false);
  CHECK(mill_spare_take(m, MILL_SPARE_ZSTD, 5000) == NULL, "fails where told");
#ifndef __SANITIZE_ADDRESS__ /* nothing is kept there */
  char *q = mill_spare_take(m, MILL_SPARE_ZSTD, 5000);
  CHECK(q == p && q[0] == 7 && q[4999] == 7);
  CHECK(mill_memory_read(m).used == 5000 && mill_memory_read(m).blocks == 1);
  CHECK(mill_spare_take(m, MILL_SPARE_ZSTD, 5000) == NULL, "only once");
  mill_spare_give(m, MILL_SPARE_ZSTD, q, 5000);
#endif
  for (int i = 0; i < 20; i++) { /* more than are kept */
    void *many[20];
    for (int k = 0; k < 20; k++) many[k] = mill_alloc(m, 30000);
    for (int k = 0; k < 20; k++) mill_spare_give(m, MILL_SPARE_ZSTD, many[k], 30000);
  }
  char *all = mill_alloc(m, 7 << 17);
  CHECK(all != NULL, "what is kept goes when it is needed");
  mill_free(m, all, 7 << 17);
  CHECK(mill_memory_read(m).used == 0 && mill_memory_read(m).blocks == 0);
  mill_memory_free(m);
}

/* Blocks that share huge pages: each is its owner's alone, counts as what it takes, and goes back alone. */
static void test_shared(void) {
  enum { BLOCKS = 200, MUCH = 40 << 20 };
  unsigned char *p[BLOCKS];
  size_t size[BLOCKS], asked = MUCH;
  bool same = true, aligned = true;
  mill_memory *m = mill_memory_new((size_t)1 << 30);
  char *much = mill_alloc(m, MUCH);
  for (int i = 0; i < BLOCKS; i++) {
    size[i] = (size_t)(i % 13 + 1) * 150001;
    asked += size[i];
    p[i] = mill_alloc(m, size[i]);
    aligned &= ((size_t)p[i] & 63) == 0;
    memset(p[i], i, size[i]);
  }
  size_t used = mill_memory_read(m).used;
  CHECK(used >= asked && used - asked <= asked / 8 + BLOCKS * 4096, "%zu of %zu", used, asked);
  for (int i = 0; i < BLOCKS; i += 2) mill_free(m, p[i], size[i]);
  for (int i = 0; i < BLOCKS; i += 2) memset(p[i] = mill_alloc(m, size[i]), i, size[i]);
  CHECK(mill_memory_read(m).used == used, "the same blocks count the same");
  for (int i = 0; i < BLOCKS; i++) {
    for (size_t k = 0; k < size[i]; k += 509) same &= p[i][k] == i;
    same &= p[i][size[i] - 1] == i;
    mill_free(m, p[i], size[i]);
  }
  CHECK(same && aligned, "no two blocks share a byte");
  mill_free(m, much, MUCH);
  CHECK(mill_memory_read(m).used == 0 && mill_memory_read(m).blocks == 0);
  mill_memory_free(m);
}

static void test_arena(void) {
  mill_memory *m = mill_memory_new(0);
  mill_arena a;
  mill_arena_init(&a, m);
  for (size_t i = 1; i < 3000; i++) {
    char *p = mill_arena_alloc(&a, i);
    CHECK(((size_t)p & 15) == 0 && p[0] == 0 && p[i - 1] == 0);
    if (i > 20) i += 97;
    memset(p, 1, i < 21 ? i : 21);
  }
  char *s = mill_arena_strndup(&a, "tide", 3);
  CHECK_STR(s, "tid");
  mill_arena_clear(&a);
  CHECK(mill_memory_read(m).used == 0);
  mill_memory_free(m);
}

#ifndef __SANITIZE_ADDRESS__ /* nothing is kept there */
/* What is asked for again and again is kept, whatever a past load left behind. */
static void test_kept(void) {
  enum { LOADED = 100, OLD = 1 << 20, NEW = 1 << 18 };
  void *p[LOADED];
  mill_memory *m = mill_memory_new((size_t)LOADED << 20);
  for (int i = 0; i < 8 * LOADED / 10; i++) CHECK((p[i] = mill_alloc(m, OLD)) != NULL);
  for (int i = 0; i < 8 * LOADED / 10; i++) mill_free(m, p[i], OLD);
  for (int i = 0; i < 8; i++) CHECK((p[i] = mill_alloc(m, NEW)) != NULL);
  for (int i = 0; i < 8; i++) memset(p[i], 7, NEW);
  for (int i = 0; i < 8; i++) mill_free(m, p[i], NEW);
  for (int i = 0; i < 8; i++) {
    CHECK((p[i] = mill_alloc(m, NEW)) != NULL);
    CHECK(((char *)p[i])[NEW - 1] == 7, "a block that was given back, not one of the system");
  }
  for (int i = 0; i < 8; i++) mill_free(m, p[i], NEW);
  mill_memory_free(m);
}
#endif

static void test_error_text(void) {
  mill_error e;
  mill_error_clear(&e);
  mill_status s =
      mill_fail(&e, MILL_E_INTERNAL_ERROR, "message", mill_error_fmt(&e, "broken <%d>", 7), NULL);
  CHECK(s == MILL_E_INTERNAL_ERROR);
  CHECK_STR(mill_error_message(&e), "broken <7>");
  CHECK_STR(mill_condition_sqlstate(s), "XX000");
  char big[9000];
  memset(big, 'x', sizeof big - 1);
  big[sizeof big - 1] = '\0';
  CHECK(mill_fail(&e, MILL_E_INTERNAL_ERROR, "message", big, NULL) == MILL_E_INTERNAL_ERROR);
  CHECK(strlen(e.text + 1) < MILL_ERROR_TEXT);
}

int main(void) {
  test_counts();
  test_fail_at();
  test_growth();
  test_spare();
  test_shared();
  test_arena();
#ifndef __SANITIZE_ADDRESS__
  test_kept();
#endif
  test_error_text();
  return check_done();
}
