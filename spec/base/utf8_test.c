/* Expectations: Unicode's tables, and Java's String.toUpperCase, toLowerCase (Locale.ROOT). */
#include "base/utf8.h"

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

int main(void) {
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
