/* Snappy blocks: those of the format's description, and bytes that are none. */
#include "../check.h"
#include "base/snappy.h"

static char out[256 + MILL_SNAPPY_SLACK];

static void unpacks(const char *block, size_t n, const char *want, size_t size) {
  size_t stated;
  memset(out, '?', sizeof out);
  CHECK(mill_snappy_size(block, n, &stated) && stated == size);
  CHECK(mill_snappy_unpack(block, n, out, size) && memcmp(out, want, size) == 0);
  CHECK(!mill_snappy_unpack(block, n, out, size + 1));
  for (size_t k = 0; k < n; k++) CHECK(!mill_snappy_unpack(block, k, out, size), "cut at %zu", k);
}

#define UNPACKS(block, want) unpacks(block, sizeof(block) - 1, want, sizeof(want) - 1)

int main(void) {
  UNPACKS("\x03\x08"
          "abc",
          "abc");
  /* a literal, then 10 bytes from 4 back (offset in one byte and three bits) */
  UNPACKS("\x0e\x0c"
          "abcd"
          "\x19\x04",
          "abcdabcdabcdab");
  /* one byte over and over, offset of two bytes */
  UNPACKS("\x15\x00x\x4e\x01\x00", "xxxxxxxxxxxxxxxxxxxxx");
  /* offset of four bytes; from 3 back across a step */
  UNPACKS("\x17\x08"
          "abc"
          "\x4f\x03\x00\x00\x00",
          "abcabcabcabcabcabcabcab");
  /* a literal whose length stands behind its tag */
  UNPACKS("\x40\xf0\x3f"
          "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
          "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
  CHECK(!mill_snappy_unpack("\x08\x00x\x0e\x02\x00", 6, out, 8), "from before the beginning");
  CHECK(!mill_snappy_unpack("\x08\x00x\x1a\x00\x00", 6, out, 8), "from itself");
  CHECK(!mill_snappy_unpack("\x03\x00x\x1a\x01\x00", 6, out, 3), "more than its size");
  return check_done();
}
