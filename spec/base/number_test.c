/* Expectations: Java's Double.toString, Float.toString (JDK 21) and Long.parseLong. */
#include "base/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../check.h"

static bool shows(double d, const char *text) {
  char buf[MILL_DOUBLE_TEXT];
  mill_double_text(d, buf);
  return strcmp(buf, text) == 0;
}

static bool shows_float(float f, const char *text) {
  char buf[MILL_DOUBLE_TEXT];
  mill_float_text(f, buf);
  return strcmp(buf, text) == 0;
}

static bool reads(const char *text, double d) {
  double v;
  return mill_parse_double(text, strlen(text), &v) && (v == d || (v != v && d != d));
}

static mill_parsed integer(const char *text, int64_t *v) {
  return mill_parse_int64(text, strlen(text), INT64_MIN, INT64_MAX, false, v);
}

/* Random texts, most of them near halfway between two values, read as the C library reads them. */
static int misread(int rounds) {
  int wrong = 0;
  srand(5);
  for (int i = 0; i < rounds; i++) {
    char text[80];
    double d, half;
    float f;
    uint64_t bits =
        (uint64_t)(1023 + rand() % 160 - 90) << 52 | ((uint64_t)rand() << 21 ^ (uint64_t)rand());
    memcpy(&half, &bits, sizeof half);
    if (i % 4 == 0) half = (double)(float)half + (double)(float)half * 0x1p-25;
    snprintf(text, sizeof text, i % 3 ? "%.*g" : "%.*f", 1 + rand() % 25, half);
    size_t n = strlen(text);
    if (i % 5 == 0 && n < 19) text[n - 1] = (char)('0' + rand() % 10);
    wrong += !mill_parse_double(text, n, &d) || d != strtod(text, NULL);
    wrong += !mill_parse_float(text, n, &f) || f != strtof(text, NULL);
  }
  return wrong;
}

int main(void) {
  CHECK(shows(1, "1.0") && shows(-0.0, "-0.0") && shows(100, "100.0") && shows(0.1, "0.1"));
  CHECK(shows(1e7, "1.0E7") && shows(9999999, "9999999.0") && shows(1234567.5, "1234567.5"));
  CHECK(shows(0.001, "0.001") && shows(0.00099, "9.9E-4") && shows(1.5e-10, "1.5E-10"));
  CHECK(shows(1.0 / 3, "0.3333333333333333") && shows(2e23, "1.9999999999999998E23") &&
        shows(1e23, "9.999999999999999E22"));
  CHECK(shows(4.9e-324, "4.9E-324") && shows(1.7976931348623157e308, "1.7976931348623157E308"));
  CHECK(shows(123456789.125, "1.23456789125E8") && shows(0.1 + 0.2, "0.30000000000000004"));
  CHECK(shows(NAN, "NaN") && shows(INFINITY, "Infinity") && shows(-INFINITY, "-Infinity"));
  CHECK(shows_float(0.1f, "0.1") && shows_float(16777216.0f, "1.6777216E7"));
  CHECK(shows_float(1.4e-45f, "1.4E-45") && shows_float(3.4028235e38f, "3.4028235E38"));
  CHECK(reads("1e3", 1000) && reads(" -.5 ", -0.5) && reads("1d", 1) && reads("2.5F", 2.5));
  CHECK(reads("inf", INFINITY) && reads("-Infinity", -INFINITY) && reads("NaN", NAN));
  CHECK(reads("9007199254740993", 9007199254740992.0) && reads("1e400", INFINITY));
  CHECK(misread(200000) == 0);
  double d;
  float f;
  CHECK(!mill_parse_double("", 0, &d) && !mill_parse_double("1e", 2, &d) &&
        !mill_parse_double("0x10", 4, &d) && !mill_parse_double("1 2", 3, &d));
  CHECK(mill_parse_double("0x1p3", 5, &d) && d == 8); /* as Spark casts them */
  CHECK(mill_parse_float("-0x1.8P1d", 9, &f) && f == -3);
  CHECK(!mill_parse_double("0x.p1", 5, &d) && !mill_parse_double("0x1p", 4, &d));
  int64_t v = 0;
  CHECK(integer(" +42\n", &v) == MILL_PARSED && v == 42);
  CHECK(integer("-9223372036854775808", &v) == MILL_PARSED && v == INT64_MIN);
  CHECK(integer("9223372036854775808", &v) == MILL_OUT_OF_RANGE);
  CHECK(integer("1.0", &v) == MILL_NOT_A_NUMBER && integer("-", &v) == MILL_NOT_A_NUMBER);
  CHECK(mill_parse_int64("1.9", 3, -128, 127, true, &v) == MILL_PARSED && v == 1);
  CHECK(mill_parse_int64("-129", 4, -128, 127, true, &v) == MILL_OUT_OF_RANGE);
  return check_done();
}
