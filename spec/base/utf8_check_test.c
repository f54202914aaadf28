/* Validity by the table of well-formed sequences (Unicode 3.9, table 3-7), at every place of a block: all pairs
** of bytes, leads with their last good and first bad bytes, sequences cut off. */
#include <string.h>

#include "../check.h"
#include "base/utf8.h"

/* Characters by the table; SIZE_MAX. */
static size_t expected(const unsigned char *p, size_t n) {
  static const unsigned char table[][9] = {/* length, lows and highs of each byte */
                                           {1, 0x00, 0x7f},
                                           {2, 0xc2, 0xdf, 0x80, 0xbf},
                                           {3, 0xe0, 0xe0, 0xa0, 0xbf, 0x80, 0xbf},
                                           {3, 0xe1, 0xec, 0x80, 0xbf, 0x80, 0xbf},
                                           {3, 0xed, 0xed, 0x80, 0x9f, 0x80, 0xbf},
                                           {3, 0xee, 0xef, 0x80, 0xbf, 0x80, 0xbf},
                                           {4, 0xf0, 0xf0, 0x90, 0xbf, 0x80, 0xbf, 0x80, 0xbf},
                                           {4, 0xf1, 0xf3, 0x80, 0xbf, 0x80, 0xbf, 0x80, 0xbf},
                                           {4, 0xf4, 0xf4, 0x80, 0x8f, 0x80, 0xbf, 0x80, 0xbf}};
  size_t count = 0;
  for (size_t i = 0; i < n; count++) {
    size_t took = 0;
    for (size_t k = 0; k < sizeof table / sizeof *table && !took; k++) {
      bool fits = table[k][0] <= n - i;
      for (size_t b = 0; fits && b < table[k][0]; b++)
        fits = p[i + b] >= table[k][1 + 2 * b] && p[i + b] <= table[k][2 + 2 * b];
      if (fits) took = table[k][0];
    }
    if (!took) return SIZE_MAX;
    i += took;
  }
  return count;
}

static bool agree(const unsigned char *p, size_t n) {
  return mill_utf8_check((const char *)p, n) == expected(p, n);
}

int main(void) {
  unsigned char text[64];
  static const unsigned char edge[] = {0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf,
                                       0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed,
                                       0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff};
  enum { EDGES = sizeof edge };
  bool pairs = true, fours = true, ends = true, blocks = true;
  for (int a = 0; a < 256; a++)
    for (int b = 0; b < 256; b++) {
      memset(text, 'x', sizeof text);
      text[15] = (unsigned char)a, text[16] = (unsigned char)b;
      pairs &= agree(text, 40) && agree(text, 17) && agree(text + 15, 2) && agree(text, 16);
    }
  for (size_t k = 0; k < (size_t)EDGES * EDGES * EDGES * EDGES; k++) {
    size_t at = 10 + k % 8;
    memset(text, 'x', sizeof text);
    for (size_t i = 0, rest = k; i < 4; i++, rest /= EDGES) text[at + i] = edge[rest % EDGES];
    fours &= agree(text, 32) && agree(text, at + 4) && agree(text, at + 3);
  }
  for (size_t n = 0; n < 60; n++) {
    for (size_t i = 0; i < 60; i += 3) memcpy(text + i, "\xe2\x82\xac", 3);
    ends &= agree(text, n);
    for (size_t i = 0; i < 60; i += 4) memcpy(text + i, "\xf0\x9f\x98\x80", 4);
    ends &= agree(text, n);
  }
  for (size_t k = 0; k < (size_t)EDGES * EDGES * EDGES; k++) {
    unsigned char wide[200];
    size_t at = 60 + k % 8 + (k % 3) * 16;
    memset(wide, 'x', sizeof wide);
    for (size_t i = 0, rest = k; i < 3; i++, rest /= EDGES) wide[at + i] = edge[rest % EDGES];
    blocks &= agree(wide, sizeof wide) && agree(wide, at + 66) && agree(wide, at + 2);
  }
  CHECK(pairs, "all pairs of bytes");
  CHECK(blocks, "bytes at the edges of blocks of ASCII");
  CHECK(fours, "four bytes at the edges of the table");
  CHECK(ends, "texts cut at each byte");
  return check_done();
}
