/* The quick ways to read a text are right when they answer: as the general ways. */
#include "kernel/quick.h"

#include <stdlib.h>

#include "../check.h"
#include "base/decimal.h"

static char buffer[128];

static const char *put(const char *text) {
  memset(buffer, '7', sizeof buffer); /* what stands behind must not count */
  memcpy(buffer, text, strlen(text));
  return buffer;
}

static bool date(const char *text, int64_t year, int month, int day) {
  int32_t got;
  return quick_date(put(text), &got) && got == mill_days_from_civil(year, month, day);
}
static bool no_date(const char *text) {
  int32_t got;
  return !quick_date(put(text), &got);
}

static bool instant(const char *text) {
  const mill_timestamp_rules rules = {.zone = mill_zone_utc(), .ntz = true};
  int64_t got, want;
  return quick_timestamp(put(text), strlen(text), &got) &&
         mill_timestamp_parse(&rules, text, strlen(text), &want) && got == want;
}
static bool no_instant(const char *text) {
  int64_t got;
  return !quick_timestamp(put(text), strlen(text), &got);
}

/* 0: left to the general way, 1: right, -1: wrong. */
static int decimal(const char *text, unsigned scale) {
  int64_t got;
  mill_i128 want;
  size_t n = strlen(text);
  if (!quick_decimal(put(text), n, scale, &got)) return 0;
  return mill_decimal_parse(text, n, 38, (int)scale, &want, NULL) && want == got ? 1 : -1;
}

static int number(const char *text) {
  double got, want;
  size_t n = strlen(text);
  if (!quick_double(put(text), n, &got)) return 0;
  return mill_parse_double(text, n, &want) && memcmp(&got, &want, sizeof got) == 0 ? 1 : -1;
}

static int integer(const char *text) {
  int64_t got, want;
  size_t n = strlen(text);
  if (n == 0 || !quick_integer(put(text), n, &got)) return 0;
  return mill_parse_int64(text, n, INT64_MIN, INT64_MAX, false, &want) == MILL_PARSED && got == want
             ? 1
             : -1;
}

int main(void) {
  CHECK(date("2024-02-29", 2024, 2, 29) && date("0001-01-01", 1, 1, 1));
  CHECK(date("9999-12-31", 9999, 12, 31) && date("1900-03-01", 1900, 3, 1));
  CHECK(no_date("2023-02-29") && no_date("0000-01-01") && no_date("2024-13-01"));
  CHECK(no_date("2024/01/01") && no_date("2024-1-011") && no_date("2024-00-10"));
  CHECK(instant("2024-02-29 12:34:56") && instant("1969-12-31T23:59:59.999999"));
  CHECK(instant("2024-02-29 12:34:56.7") && instant("0001-01-01 00:00:00.001"));
  CHECK(no_instant("2024-02-29 24:00:00") && no_instant("2024-02-29 12:34:56."));
  CHECK(no_instant("2024-02-29 12:34:56Z") && no_instant("2024-02-29_12:34:56"));
  CHECK(decimal("1.25", 2) == 1 && decimal("-1234567.25", 2) == 1 && decimal("3", 2) == 1);
  CHECK(number("0.1") == 1 && number("-0.0") == 1 && number("0.30000000000000004") == 1);
  CHECK(number("1e-7") == 1 && number("12345678901234567.5") >= 0 && number("1.") >= 0);
  int wrong = 0, told = 0;
  static const char alphabet[] = "0123456789012345678900.-+eE ";
  srand(3);
  for (int i = 0; i < 500000; i++) {
    char text[40];
    int n = rand() % 28;
    for (int k = 0; k < n; k++)
      text[k] = alphabet[rand() % (i % 2 ? 23 : (int)sizeof alphabet - 1)];
    text[n] = 0;
    for (unsigned scale = 0; scale < 9; scale += 2) wrong += decimal(text, scale) < 0;
    wrong += number(text) < 0;
    wrong += integer(text) < 0;
    told += number(text) > 0;
  }
  CHECK(wrong == 0 && told > 100000, "%d wrong, %d told", wrong, told);
  return check_done();
}
