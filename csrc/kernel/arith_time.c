/* Arithmetic with dates, timestamps, times and intervals: the pairs that Spark's
** BinaryArithmeticWithDatetimeResolver takes away from plain numbers. */
#include "kernel/arith_int.h"

mill_status mill_arith_time(mill_binding *b, arith *st, bool *done, mill_error *err) {
  (void)b, (void)st, (void)err;
  *done = false;
  return MILL_OK;
}

mill_status mill_arith_time1(mill_binding *b, bool absolute, bool *done, mill_error *err) {
  (void)b, (void)absolute, (void)err;
  *done = false;
  return MILL_OK;
}
