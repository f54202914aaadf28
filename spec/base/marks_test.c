/* Bit masks of bytes agree with a look at each byte, at any width and place. */
#include "base/marks.h"

#include <stdlib.h>

#include "../check.h"

enum { BLOCKS = 5, SIZE = 64 * BLOCKS };

int main(void) {
  static char text[SIZE + 64];
  static const char alphabet[] = "a,\n\r\"\\ \t\x80\xff\x1f!z";
  mill_marks found[BLOCKS];
  uint64_t ends[BLOCKS], shown[BLOCKS];
  int wrong = 0;
  srand(1);
  for (int round = 0; round < 2000; round++) {
    for (size_t i = 0; i < sizeof text; i++) text[i] = alphabet[rand() % (int)(sizeof alphabet)];
    const char *p = text + rand() % 64;
    unsigned char set[MILL_MARKS];
    int n = 1 + round % MILL_MARKS;
    for (int k = 0; k < n; k++) set[k] = (unsigned char)alphabet[rand() % 8];
    mill_marks_each(p, BLOCKS, set, n, found);
    mill_marks_lines(p, BLOCKS, ends, shown);
    for (int i = 0; i < SIZE; i++) {
      unsigned char c = (unsigned char)p[i];
      for (int k = 0; k < n; k++)
        wrong += (int)(found[i / 64].of[k] >> (i % 64) & 1) != (c == set[k]);
      wrong += (int)(ends[i / 64] >> (i % 64) & 1) != (c == '\n' || c == '\r');
      wrong += (int)(shown[i / 64] >> (i % 64) & 1) != (c > ' ');
    }
  }
  CHECK(wrong == 0, "%d bits", wrong);
  return check_done();
}
