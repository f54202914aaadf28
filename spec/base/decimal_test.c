/* Expectations: exact arithmetic by hand, and Java's BigDecimal for rounding. */
#include "base/decimal.h"

#include <string.h>

#include "../check.h"

static mill_i128 big(const char *digits) {
  mill_i128 v = 0;
  CHECK(mill_decimal_parse(digits, strlen(digits), 38, 0, &v, NULL));
  return v;
}

static bool shows(mill_i128 v, int scale, const char *text) {
  char buf[MILL_DECIMAL_TEXT];
  return mill_decimal_format(v, scale, buf) == (int)strlen(text) && strcmp(buf, text) == 0;
}

static void showing(void) {
  mill_i128 one = 1, e18 = 1000000000000000000;
  CHECK(shows(0, 0, "0") && shows(0, 3, "0.000") && shows(-7, 3, "-0.007") && shows(10, 1, "1.0"));
  CHECK(shows(e18 * 100 + 5, 0, "100000000000000000005"));
  CHECK(shows(-(e18 * e18 * 10 + 90), 38, "-0.10000000000000000000000000000000000090"));
  CHECK(shows(e18 * e18, 18, "1000000000000000000.000000000000000000"));
  CHECK(shows((one << 64), 0, "18446744073709551616"));
  CHECK(shows((one << 64) - 1, 20, "0.18446744073709551615"));
}

static void parsing(void) {
  mill_i128 v;
  bool ok;
  CHECK(mill_decimal_parse(" 12.345 ", 8, 10, 2, &v, &ok) && v == 1235);
  CHECK(mill_decimal_parse("-12.345", 7, 10, 2, &v, &ok) && v == -1235);
  CHECK(mill_decimal_parse("1.5e3", 5, 10, 0, &v, &ok) && v == 1500);
  CHECK(!mill_decimal_parse("1000", 4, 3, 0, &v, &ok) && ok);
  CHECK(!mill_decimal_parse("1,0", 3, 3, 0, &v, &ok) && !ok);
  CHECK(!mill_decimal_parse("", 0, 3, 0, &v, &ok) && !ok);
  CHECK(mill_decimal_parse("1e-100000", 9, 10, 2, &v, &ok) && v == 0);
  CHECK(!mill_decimal_parse("1e100000", 8, 10, 2, &v, &ok) && ok);
  int p, s;
  CHECK(mill_decimal_parse_free("001.50", 6, &v, &p, &s) && v == 150 && p == 3 && s == 2);
  CHECK(mill_decimal_parse_free("0.05", 4, &v, &p, &s) && v == 5 && p == 2 && s == 2);
}

static void arithmetic(void) {
  mill_i128 v, max = big("99999999999999999999999999999999999999");
  CHECK(mill_decimal_add(max, 0, 1, 1, 38, 0, &v) && v == max);
  CHECK(!mill_decimal_add(max, 0, 1, 0, 38, 0, &v));
  CHECK(mill_decimal_sub(100, 2, 100, 2, 10, 2, &v) && v == 0);
  CHECK(mill_decimal_mul(max, 37, max, 37, 38, 35, &v));
  CHECK(shows(v, 35, "100.00000000000000000000000000000000000"));
  CHECK(mill_decimal_div(1, 0, 3, 0, 38, 6, &v) && v == 333333);
  CHECK(mill_decimal_div(-2, 0, 3, 0, 38, 6, &v) && v == -666667);
  CHECK(mill_decimal_div(max, 0, big("33333333333333333333333333333333333333"), 0, 38, 2, &v) &&
        v == 300);
  CHECK(mill_decimal_rem(-75, 1, 2, 0, 10, 1, &v) && v == -15);
  CHECK(mill_decimal_quotient(-75, 1, 2, 0, &v) && v == -3);
  CHECK(mill_decimal_compare(10, 1, 1, 0) == 0 && mill_decimal_compare(-11, 1, -1, 0) < 0);
  CHECK(mill_decimal_compare(max, 38, 1, 0) < 0);
}

static void rounding(void) {
  mill_i128 v;
  CHECK(mill_decimal_rescale(25, 1, 0, 38, MILL_HALF_EVEN, &v) && v == 2);
  CHECK(mill_decimal_rescale(35, 1, 0, 38, MILL_HALF_EVEN, &v) && v == 4);
  CHECK(mill_decimal_rescale(-25, 1, 0, 38, MILL_HALF_UP, &v) && v == -3);
  CHECK(mill_decimal_rescale(-21, 1, 0, 38, MILL_FLOOR, &v) && v == -3);
  CHECK(mill_decimal_rescale(-29, 1, 0, 38, MILL_CEILING, &v) && v == -2);
  CHECK(mill_decimal_rescale(29, 1, 0, 38, MILL_DOWN, &v) && v == 2);
}

int main(void) {
  showing();
  parsing();
  arithmetic();
  rounding();
  CHECK(shows(0, 2, "0.00") && shows(-5, 2, "-0.05") && shows(1234, 0, "1234"));
  CHECK(mill_decimal_to_double(12345, 2) == 123.45);
  mill_i128 v;
  CHECK(mill_decimal_from_double(0.1, 10, 3, &v) && v == 100);
  CHECK(!mill_decimal_from_double(1e30, 10, 3, &v));
  return check_done();
}
