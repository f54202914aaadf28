/* Characters of a text by its first bytes (base/utf8.h) against the rule, byte by byte: texts of random pieces, whole and
** cut anywhere, and what Spark 4.3 answers for texts that are not valid. */
#include <string.h>

#include "base/utf8.h"

#include "../check.h"

/* UTF8String.numBytesForFirstByte: 2 from c2 to df, 3 to ef, 4 to f4, else 1. */
static size_t width(uint8_t b) {
  if (b < 0xc2 || b > 0xf4) return 1;
  return b < 0xe0 ? 2 : b < 0xf0 ? 3 : 4;
}

static size_t expected(const char *p, size_t n) {
  size_t count = 0;
  for (size_t i = 0; i < n; i += width((uint8_t)p[i])) count++;
  return count;
}

static uint32_t seed = 1;
static uint32_t draw(uint32_t n) {
  seed = seed * 1664525u + 1013904223u;
  return (seed >> 8) % n;
}

/* Pieces of valid texts, and with `broken` of others, too. */
static size_t make(char *out, size_t room, bool broken) {
  static const char *const good[] = {
      "a", "Ω", "т", "€", "한", "😀", "some plain letters and more of them", "é"};
  static const char *const bad[] = {"\x80",
                                    "\xc0\x80",
                                    "\xc1",
                                    "\xc3",
                                    "\xe4",
                                    "\xe4\xb8",
                                    "\xed\xa0\x80",
                                    "\xf0\x9f",
                                    "\xf5\x80\x80\x80",
                                    "\xff",
                                    "\xf4\x90\x80\x80",
                                    "\xe4"
                                    "A"};
  size_t n = 0, want = draw(120);
  while (n < want) {
    const char *s = broken && draw(6) == 0 ? bad[draw(12)] : good[draw(8)];
    if (n + strlen(s) > room) break;
    memcpy(out + n, s, strlen(s));
    n += strlen(s);
  }
  return n;
}

static void test_texts(bool broken) {
  char text[200];
  int wrong = 0;
  for (int i = 0; i < 20000; i++) {
    const size_t n = make(text, sizeof text, broken), from = n ? draw((uint32_t)n) : 0;
    wrong += mill_utf8_count(text, n) != expected(text, n);
    wrong += mill_utf8_count(text + from, n - from) != expected(text + from, n - from);
    wrong += mill_utf8_count(text, from) != expected(text, from);
    const size_t chars = draw(130), at = mill_utf8_offset(text, n, chars), all = expected(text, n);
    wrong += at > n || (chars >= all ? at != n : expected(text, at) != chars);
  }
  CHECK(wrong == 0, "%s", broken ? "broken" : "valid");
}

/* SELECT length(CAST(X'..' AS STRING)). */
static void test_spark(void) {
  static const struct {
    const char *text;
    size_t chars;
  } asked[] = {{"\xed\xa0\x80", 1},
               {"\xc0\x80", 2},
               {"\xe0\x80\x80", 1},
               {"\xf4\x90\x80\x80", 1},
               {"\xf5\x80\x80\x80", 4},
               {"\xf8\x80\x80\x80", 4},
               {"\xc1\xbf"
                "A",
                3},
               {"\x80", 1},
               {"\xe4", 1},
               {"\xe4"
                "AA",
                1},
               {"\xf0\x80\x80\x80", 1},
               {"\xff\xfe", 2}};
  for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
    CHECK(mill_utf8_count(asked[i].text, strlen(asked[i].text)) == asked[i].chars);
}

int main(void) {
  test_texts(false);
  test_texts(true);
  test_spark();
  return check_done();
}
