/* Packed texts there and back: of words, of few and of all bytes, of every length around the lanes' ends;
** a packed text made by hand; and bytes that are none. */
#include "base/fsst.h"

#include <stdlib.h>
#include <string.h>

#include "../check.h"

static mill_memory *m;
static mill_error err;
static uint64_t seed = 3;

static uint64_t rnd(void) {
  seed = seed * 6364136223846793005ull + 1442695040888963407ull;
  return seed >> 33;
}

/* Packed, in memory of its own size. */
static char *pack(const char *p, size_t n, size_t *size) {
  mill_arena a;
  mill_text t;
  mill_arena_init(&a, m);
  mill_text_init(&t, m);
  mill_fsst *f = mill_fsst_train(p, n, &a);
  CHECK(f && mill_fsst_pack(f, p, n, &t, &err) == MILL_OK);
  char *out = malloc(t.size + 1);
  memcpy(out, t.data, t.size);
  *size = t.size;
  mill_text_clear(&t);
  mill_arena_clear(&a);
  return out;
}

/* Gives the packed size; text and result lie in memory of their own size. */
static size_t there_and_back(const char *text, size_t n, const char *what) {
  size_t size;
  char *p = malloc(n + 1), *back = malloc(n + 2);
  memcpy(p, text, n);
  char *packed = pack(p, n, &size);
  memset(back, 'x', n + 2);
  CHECK(mill_fsst_unpack(packed, size, back, n) && memcmp(back, p, n) == 0, "%s of %zu", what, n);
  CHECK(back[n] == 'x' && back[n + 1] == 'x', "%s of %zu: nothing behind it", what, n);
  CHECK(!mill_fsst_unpack(packed, size, back, n + 1) &&
            !mill_fsst_unpack(packed, size - 1, back, n),
        "%s of %zu: other sizes", what, n);
  free(packed);
  free(back);
  free(p);
  return size;
}

enum { MOST = 300000 };
static char text[MOST];

static void texts(void) {
  static const char *const words[] = {"regular ", "deposits ", "sleep ",     "furiously ",
                                      "the ",     "a ",        "http://www."};
  size_t n = 0;
  while (n < MOST - 20) {
    const char *w = words[rnd() % 7];
    memcpy(text + n, w, strlen(w));
    n += strlen(w);
  }
  CHECK(there_and_back(text, n, "words") * 3 < n);
  for (size_t k = 1; k < 200; k++) there_and_back(text, k, "words");
  for (size_t i = 0; i < MOST; i++) text[i] = (char)(rnd() % 2);
  CHECK(there_and_back(text, MOST, "two bytes") * 2 < MOST);
  for (size_t i = 0; i < MOST; i++) text[i] = (char)rnd();
  there_and_back(text, MOST, "noise");
  memset(text, 0, MOST);
  CHECK(there_and_back(text, MOST, "zeros") < MOST / 8 + 300);
  memset(text, 255, MOST);
  CHECK(there_and_back(text, MOST, "the code of none") < MOST / 8 + 300);
  for (size_t i = 0; i < MOST; i++) text[i] = (char)(rnd() % 9 ? 'a' + rnd() % 3 : rnd());
  there_and_back(text, MOST, "a few and noise");
}

static void by_hand(void) {
  char out[9];
  const char packed[] = "\2\3\1abcd\1\0\0\0\1\0\0\0\2\0\0\0\1\0\0\0\0\0\377x\1";
  CHECK(mill_fsst_unpack(packed, sizeof packed - 1, out, 8) == false,
        "lanes are of a quarter each");
  const char fits[] = "\1\3abc\1\0\0\0\1\0\0\0\6\0\0\0\0\0\0\0\0\0\377x\377y\377z";
  CHECK(mill_fsst_unpack(fits, sizeof fits - 1, out, 9) && memcmp(out, "abcabcxyz", 9) == 0,
        "three lanes of three");
  CHECK(mill_fsst_unpack("\1\1a\1\0\0\0\1\0\0\0\2\0\0\0\1\0\0\0\0\0\377x\0", 24, out, 4) &&
            memcmp(out, "aaxa", 4) == 0,
        "a code a lane");
  CHECK(!mill_fsst_unpack("\1\1a\1\0\0\0\1\0\0\0\2\0\0\0\1\0\0\0\0\0\377x\1", 24, out, 4),
        "no such code");
  CHECK(!mill_fsst_unpack("\1\1a\1\0\0\0\1\0\0\0\2\0\0\0\1\0\0\0\0\0\377x\377", 24, out, 4),
        "cut off");
  CHECK(!mill_fsst_unpack("\1\11a", 3, out, 4) && !mill_fsst_unpack("\1\0a", 3, out, 4), "sizes");
  CHECK(!mill_fsst_unpack("", 0, out, 4) && !mill_fsst_unpack("\377\1", 2, out, 4), "no table");
}

/* Whatever the bytes say, nothing is written behind the text. */
static void damaged(void) {
  size_t n = 3000, size;
  for (size_t i = 0; i < n; i++) text[i] = "the quick brown fox "[(i + rnd() % 3) % 20];
  char *packed = pack(text, n, &size), *out = malloc(n);
  for (size_t bit = 0; bit < size * 8; bit++) {
    packed[bit / 8] = (char)(packed[bit / 8] ^ 1 << bit % 8);
    if (mill_fsst_unpack(packed, size, out, n)) text[0] = out[n - 1];
    packed[bit / 8] = (char)(packed[bit / 8] ^ 1 << bit % 8);
  }
  int taken = 0;
  for (size_t k = 0; k < size; k++) {
    char *cut = malloc(k + 1);
    memcpy(cut, packed, k);
    taken += mill_fsst_unpack(cut, k, out, n);
    free(cut);
  }
  CHECK(taken == 0, "cut off");
  free(packed);
  free(out);
}

int main(void) {
  m = mill_memory_new(0);
  mill_error_clear(&err);
  texts();
  by_hand();
  damaged();
  CHECK(mill_memory_read(m).blocks == 0);
  mill_memory_free(m);
  return check_done();
}
