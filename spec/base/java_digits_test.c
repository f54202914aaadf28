/* Digits of floating-point numbers: what Float.toString and Double.toString of Java 17 answer. */
#include "base/number.h"

#include <float.h>

#include "../check.h"

static void of_double(double d, const char *want) {
  char buf[MILL_DOUBLE_TEXT];
  mill_double_text(d, buf);
  CHECK_STR(buf, want);
}

static void of_float(float f, const char *want) {
  char buf[MILL_DOUBLE_TEXT];
  mill_float_text(f, buf);
  CHECK_STR(buf, want);
}

int main(void) {
  of_double(5e-324, "4.9E-324"); /* the shortest would be 5e-324 */
  of_double(2.2250738585072014E-308, "2.2250738585072014E-308");
  of_double(DBL_MAX, "1.7976931348623157E308");
  of_double(1e23, "9.999999999999999E22");
  of_double(2e23, "1.9999999999999998E23");
  of_double(0.001, "0.001");
  of_double(1e-4, "1.0E-4");
  of_double(1e7, "1.0E7");
  of_double(9999999.0, "9999999.0");
  of_double(0.1 + 0.2, "0.30000000000000004");
  of_double(2.3851136372966234E25, "2.3851136372966234E25"); /* a sum that overflows in the JDK */
  of_double(-17954.55, "-17954.55");
  of_float(123456789.0f, "1.23456792E8");
  of_float(2147483648.0f, "2.14748365E9");
  of_float(1714979289.0f, "1.71497933E9");
  of_float(FLT_MAX, "3.4028235E38");
  of_float(1.4e-45f, "1.4E-45");
  of_float(5.8614782E25f, "5.8614782E25"); /* the same overflow */
  of_float(9.223372E18f, "9.223372E18");
  of_float(1.1f, "1.1");
  return check_done();
}
