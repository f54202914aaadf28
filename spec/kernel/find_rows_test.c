/* A needle in many rows against memmem in each: texts side by side, behind lengths, apart, short and null. */
#include "kernel/find_rows.h"

#include <stdlib.h>

#include "../check.h"

enum { ROWS = MILL_FIND_ROWS, ROOM = 1 << 16 };

static char text[ROOM];
static mill_str view[ROWS + 3];

/* Texts of "ab.." with up to `gap` bytes between; every `alone`th row is null or has a text elsewhere. */
static void lay(size_t gap, size_t most, size_t alone, uint64_t *valid) {
  static const char elsewhere[] = "bbabbbabababbbb";
  size_t at = 0;
  for (size_t i = 0; i < ROOM; i++) text[i] = "ab"[i * 2654435761u >> 7 & 1];
  memset(valid, 0xff, 8 * (ROWS / 64 + 1));
  for (size_t i = 0; i < ROWS + 3; i++) {
    size_t n = (i * 31 + most) % (most + 1);
    view[i] = mill_str_view(text + at, n);
    at += n + (i % 3 ? gap : gap / 2);
    if (alone && i % alone == 1) valid[i / 64] &= ~(1ull << (i & 63));
    if (alone && i % alone == 2) view[i] = mill_str_view(elsewhere, 15);
  }
}

static bool agree(const mill_vector *v, const uint64_t *valid, size_t first, size_t n,
                  const char *what) {
  const char *at[ROWS];
  size_t m = strlen(what);
  mill_find_rows(v, valid, first, n, what, m, at);
  for (size_t i = 0; i < n; i++) {
    const mill_str *s = &view[(uint32_t)(first + i) & v->mask];
    const char *want =
        mill_valid_bit(valid, first + i) ? memmem(mill_str_data(s), s->size, what, m) : NULL;
    if (at[i] != want) return false;
  }
  return true;
}

int main(void) {
  static const char *const needles[] = {"a",        "ab",          "bab", "bbaa",
                                        "abababab", "aaaaabaaaab", "c",   "abbababababaab"};
  uint64_t valid[ROWS / 64 + 1];
  mill_vector v = {.type = mill_type_of(MILL_STRING), .data = view, .mask = MILL_FLAT};
  for (size_t gap = 0; gap < 8; gap++)
    for (size_t most = 1; most < 200; most += 33)
      for (size_t alone = 0; alone < 12; alone += 5) {
        bool ok = true;
        lay(gap, most, alone, valid);
        for (size_t k = 0; k < sizeof needles / sizeof *needles; k++) {
          ok &= agree(&v, valid, 0, ROWS, needles[k]) && agree(&v, NULL, 3, ROWS, needles[k]);
          ok &= agree(&v, valid, 64, 1, needles[k]);
        }
        CHECK(ok, "gap %zu, texts to %zu bytes, row in %zu apart", gap, most, alone);
      }
  lay(0, 100, 0, valid);
  v.mask = 0;
  CHECK(agree(&v, NULL, 0, ROWS, "ab"), "a constant");
  return check_done();
}
