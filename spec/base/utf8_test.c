/* Expectations: Unicode's tables, and Java's String.toUpperCase, toLowerCase (Locale.ROOT). */
#include "base/utf8.h"

#include <ctype.h>
#include <string.h>

#include "../check.h"

static mill_text t;

static bool cases(mill_case how, const char *text, const char *want) {
  mill_text_reset(&t);
  CHECK(mill_utf8_case(how, text, strlen(text), &t, NULL) == MILL_OK);
  return t.size == strlen(want) && memcmp(t.data, want, t.size) == 0;
}

static bool repaired(const char *text, const char *want) {
  mill_text_reset(&t);
  CHECK(mill_utf8_repair(text, strlen(text), &t, NULL) == MILL_OK);
  return strcmp(t.data, want) == 0;
}

/* Every byte at every place of texts up to 40 bytes, against toupper and tolower of the C locale. */
static void test_ascii_case(void) {
  char in[40], up[40], low[40];
  bool ok = true;
  for (size_t n = 1; n <= sizeof in; n++)
    for (int c = 0; c < 256; c++) {
      for (size_t i = 0; i < n; i++) in[i] = (char)((c + 7 * i) % 128);
      in[n * 5 / 7] = (char)c;
      bool a = mill_utf8_ascii_case(MILL_UPPER, in, n, up),
           b = mill_utf8_ascii_case(MILL_LOWER, in, n, low);
      ok &= a == (c < 128) && b == a && mill_utf8_ascii(in, n) == a;
      for (size_t i = 0; a && i < n; i++)
        ok &= up[i] == (char)toupper((unsigned char)in[i]) &&
              low[i] == (char)tolower((unsigned char)in[i]);
    }
  CHECK(ok, "the case of ASCII texts");
}

int main(void) {
  test_ascii_case();
  mill_memory *m = mill_memory_new(0);
  mill_text_init(&t, m);
  CHECK(mill_utf8_valid("abc\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 12));
  CHECK(!mill_utf8_valid("\xc0\xaf", 2) && !mill_utf8_valid("\xed\xa0\x80", 3));
  CHECK(!mill_utf8_valid("\xf4\x90\x80\x80", 4) && !mill_utf8_valid("\xe2\x82", 2));
  CHECK(mill_utf8_count("a\xc3\xa9\xe2\x82\xac", 6) == 3);
  CHECK(mill_utf8_offset("a\xc3\xa9z", 4, 2) == 3 && mill_utf8_offset("abc", 3, 9) == 3);
  CHECK(cases(MILL_UPPER,
              "stra\xc3\x9f"
              "e",
              "STRASSE"));
  CHECK(cases(MILL_LOWER, "\xce\x9f\xce\x94\xce\x9f\xce\xa3", "\xce\xbf\xce\xb4\xce\xbf\xcf\x82"));
  CHECK(cases(MILL_LOWER, "\xc4\xb0", "i\xcc\x87"));
  CHECK(cases(MILL_INITCAP, "sPark sql", "Spark Sql"));
  CHECK(cases(MILL_INITCAP, "\xc3\xa9ric \xc3\x9fx", "\xc3\x89ric Ssx"));
  CHECK(repaired("a\xff"
                 "b",
                 "a\xef\xbf\xbd"
                 "b"));
  CHECK(repaired("\xe2\x82", "\xef\xbf\xbd"));
  CHECK(mill_utf8_width("\xe6\x97\xa5"
                        "a",
                        4) == 3);
  mill_text_clear(&t);
  CHECK(mill_memory_read(m).blocks == 0);
  mill_memory_free(m);
  return check_done();
}
