/* Keyed stores: what is put is found, deltas rebuild the store, damaged deltas are refused. The
** oracle is an array of 997 counters. */
#include "../check.h"
#include "stream/store.h"

static mill_memory *m;
static mill_error err;

enum { KEYS = 997 };
static int oracle[KEYS]; /* 0: absent */

static size_t key_text(int k, char *buf) {
  return (size_t)snprintf(buf, 40, "key %d%s", k, k % 3 ? "" : " with a longer name");
}

static void change(mill_store *s, unsigned *seed, int steps) {
  char key[40];
  for (int i = 0; i < steps; i++) {
    *seed = *seed * 1103515245u + 12345u;
    int k = (int)(*seed >> 8) % KEYS;
    size_t n = key_text(k, key);
    if (*seed >> 28 < 5) {
      const mill_store_entry *e = mill_store_get(s, key, n);
      if ((e != NULL) != (oracle[k] != 0)) CHECK(false, "key %d", k);
      if (e && mill_store_remove(s, e, &err) != MILL_OK) CHECK(false);
      oracle[k] = 0;
    } else {
      oracle[k] = i + 1;
      if (mill_store_put(s, key, n, (char *)&oracle[k], sizeof(int), k, &err) != MILL_OK)
        CHECK(false);
    }
  }
}

static int differences(const mill_store *s) {
  char key[40];
  int bad = 0;
  size_t rows = 0;
  for (int k = 0; k < KEYS; k++) {
    size_t n = key_text(k, key);
    const mill_store_entry *e = mill_store_get(s, key, n);
    rows += oracle[k] != 0;
    bad += (e != NULL) != (oracle[k] != 0);
    if (e) bad += memcmp(mill_store_value(e), &oracle[k], sizeof(int)) != 0 || e->time != k;
  }
  return bad + (rows != s->rows);
}

static void test_random(void) {
  mill_store s, copy;
  mill_text delta;
  unsigned seed = 7;
  mill_store_init(&s, m);
  mill_store_init(&copy, m);
  mill_text_init(&delta, m);
  memset(oracle, 0, sizeof oracle);
  for (int round = 0; round < 20; round++) {
    change(&s, &seed, 300);
    CHECK(differences(&s) == 0, "round %d", round);
    mill_text_reset(&delta);
    CHECK(mill_store_changes(&s, round == 10, &delta, &err) == MILL_OK);
    mill_store_settle(&s);
    if (round == 10) mill_store_clear(&copy);
    mill_row_reader r = {delta.data, delta.data + delta.size, false};
    CHECK(mill_store_apply(&copy, &r, &err) == MILL_OK && !r.broken && r.p == r.end);
    CHECK(differences(&copy) == 0, "copy after round %d", round);
  }
  uint64_t removed;
  CHECK(mill_store_evict(&copy, 499, &removed, &err) == MILL_OK);
  for (int k = 0; k <= 499; k++) removed -= oracle[k] != 0, oracle[k] = 0;
  CHECK(removed == 0 && differences(&copy) == 0 && copy.oldest > 499);
  mill_text_clear(&delta);
  mill_store_clear(&s);
  mill_store_clear(&copy);
}

/* Every truncation of a delta is noticed. */
static void test_truncated(void) {
  mill_store s, copy;
  mill_text delta;
  mill_store_init(&s, m);
  mill_text_init(&delta, m);
  CHECK(mill_store_put(&s, "a", 1, "one", 3, 1, &err) == MILL_OK);
  CHECK(mill_store_put(&s, "bb", 2, "", 0, MILL_NO_TIME, &err) == MILL_OK);
  CHECK(mill_store_changes(&s, true, &delta, &err) == MILL_OK);
  int missed = 0;
  for (size_t n = 0; n < delta.size; n++) {
    mill_store_init(&copy, m);
    mill_row_reader r = {delta.data, delta.data + n, false};
    missed += mill_store_apply(&copy, &r, &err) == MILL_OK && !r.broken;
    mill_store_clear(&copy);
  }
  CHECK(missed == 0, "%d", missed);
  mill_text_clear(&delta);
  mill_store_clear(&s);
}

/* Every allocation of a run fails once: an error, and nothing leaks. */
static void test_no_memory(void) {
  unsigned failed = 0;
  for (uint64_t n = 1;; n++) {
    mill_store s;
    mill_text delta;
    mill_status st = MILL_OK;
    mill_store_init(&s, m);
    mill_text_init(&delta, m);
    mill_error_clear(&err);
    mill_memory_fail_at(m, n, false);
    for (int i = 0; st == MILL_OK && i < 100; i++)
      st = mill_store_put(&s, (char *)&i, sizeof i, "v", 1, i, &err);
    uint64_t removed;
    if (st == MILL_OK) st = mill_store_evict(&s, 40, &removed, &err);
    if (st == MILL_OK) st = mill_store_changes(&s, false, &delta, &err);
    mill_memory_fail_at(m, 0, false);
    mill_text_clear(&delta);
    mill_store_clear(&s);
    if (st == MILL_OK) break;
    failed++;
  }
  CHECK(failed > 100, "%u", failed);
}

int main(void) {
  m = mill_memory_new(0);
  mill_error_clear(&err);
  test_random();
  test_truncated();
  test_no_memory();
  CHECK(mill_memory_read(m).used == 0, "nothing leaks");
  mill_memory_free(m);
  return check_done();
}
