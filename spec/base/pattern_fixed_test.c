/* Patterns of one layout against the same with an optional zone, which the general reader takes: each text
** that is right, and each with one byte changed, gives the same moment from both. Against the same with an
** optional nothing, which the general printer takes: moments of all widths of years give the same text. */
#include <stdio.h>
#include <string.h>

#include "../check.h"
#include "base/pattern.h"
#include "base/text.h"
#include "base/timezone.h"

static mill_memory *memory;
static mill_arena arena;
static mill_zones *zones;

static const mill_pattern *pattern(const char *s) {
  mill_error err;
  const mill_pattern *p = NULL;
  mill_error_clear(&err);
  CHECK(mill_pattern_new(&arena, s, strlen(s), true, &p, &err) == MILL_OK, "%s", s);
  return p;
}

static bool agree(const mill_pattern *a, const mill_pattern *b, const char *s, size_t n,
                  bool *good) {
  mill_moment x, y;
  bool one = mill_pattern_parse(a, zones, mill_zone_utc(), s, n, &x);
  bool two = mill_pattern_parse(b, zones, mill_zone_utc(), s, n, &y);
  *good = one;
  return one == two && (!one || (x.local == y.local && x.nanos == y.nanos && x.zone == y.zone));
}

static void test_pattern(const char *s, const char *const *texts) {
  char general[64], text[64];
  static const char bytes[] = "0123456789/-+: .aZ\x2f\x3a\xc3\xb0";
  snprintf(general, sizeof general, "%s[X]", s);
  const mill_pattern *a = pattern(s), *b = pattern(general);
  bool ok = true, good = false, right = true;
  for (; *texts; texts++) {
    size_t n = strlen(*texts);
    ok &= agree(a, b, *texts, n, &good);
    right &= good;
    for (size_t cut = 0; cut < n; cut++) ok &= agree(a, b, *texts, cut, &good);
    for (size_t i = 0; i < n; i++)
      for (size_t k = 0; k < sizeof bytes; k++) {
        memcpy(text, *texts, n + 1);
        text[i] = bytes[k];
        ok &= agree(a, b, text, n, &good);
      }
  }
  CHECK(right, "%s: its texts are read", s);
  CHECK(ok, "%s: as the general reader does", s);
}

static void test_printing(const char *s) {
  char general[64];
  static const int64_t days[] = {-719529, -719528, -719163, -1,     0,
                                 19782,   2932896, 2932897, -800000};
  snprintf(general, sizeof general, "%s[]", s);
  const mill_pattern *p[] = {pattern(s), pattern(general)};
  mill_text text[2];
  mill_error err;
  mill_error_clear(&err);
  for (int k = 0; k < 2; k++) mill_text_init(&text[k], memory);
  for (size_t i = 0; i < 2 * sizeof days / sizeof *days; i++) {
    int64_t second = i % 2 ? 86399 : 1;
    mill_moment m = {.local = (days[i / 2] * 86400 + second) * 1000000 + 999999};
    for (int k = 0; k < 2; k++)
      CHECK(mill_pattern_format(p[k], &m, &text[k], &err) == MILL_OK, "%s", s);
  }
  CHECK(strcmp(text[0].data, text[1].data) == 0, "%s: as the general printer does", s);
  for (int k = 0; k < 2; k++) mill_text_clear(&text[k]);
}

#define TEXTS(...)                                                                                 \
  (const char *const[]) { __VA_ARGS__, NULL }

int main(void) {
  memory = mill_memory_new(0);
  mill_arena_init(&arena, memory);
  zones = mill_zones_new(memory);
  test_pattern("dd/MM/yyyy", TEXTS("29/02/2024", "01/01/1970", "31/12/9999", "30/11/0001"));
  test_pattern("yyyy-MM-dd", TEXTS("2015-10-21", "1582-10-04", "2000-02-29"));
  test_pattern("yyyyMMdd", TEXTS("20240229", "00010101"));
  test_pattern("yyyy-MM-dd HH:mm:ss", TEXTS("2015-10-21 23:59:59", "1969-07-20 20:17:40"));
  test_pattern("yyyyMMddHHmmss", TEXTS("20151021235959"));
  test_pattern("HH:mm:ss", TEXTS("00:00:00", "23:59:59"));
  test_pattern("ss,mm,HH dd yyyy LL", TEXTS("01,02,03 04 2005 06"));
  test_pattern("[dd/MM/yyyy]", TEXTS("29/02/2024"));
  test_pattern("dd MMM yyyy", TEXTS("29 Feb 2024"));
  test_pattern("dd'T'MM'T'yyyy", TEXTS("29t02T2024"));
  test_printing("yyyy-MM-dd HH:mm:ss");
  test_printing("dd/MM/yyyy");
  test_printing("HH:mm:ss");
  test_printing("ss,mm,HH dd yyyy LL");
  mill_arena_clear(&arena);
  mill_zones_free(zones);
  CHECK(mill_memory_read(memory).blocks == 0, "nothing leaks");
  mill_memory_free(memory);
  return check_done();
}
