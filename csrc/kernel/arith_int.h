/* Arithmetic shared by arithmetic.c, arith_decimal.c and arith_time.c. Private to csrc/kernel. */
#ifndef MILL_KERNEL_ARITH_INT_H
#define MILL_KERNEL_ARITH_INT_H

#include "kernel/kernel_int.h"

typedef enum arith_op { OP_ADD, OP_SUB, OP_MUL, OP_DIV, OP_MOD, OP_IDIV, OP_PMOD } arith_op;
typedef enum arith_mode { ARITH_ANSI, ARITH_LEGACY, ARITH_TRY } arith_mode;

/* State of every arithmetic call. */
typedef struct arith {
  arith_op op;
  arith_mode mode;
  bool flip;     /* the right argument is the one that is moved or scaled */
  bool interval; /* integers that stand for intervals: their overflow has its own condition */
  /* decimals: operands times fa, fb; then the result divided by 10^drop */
  mill_i128 fa, fb;
  int drop, precision, scale;
} arith;

/* Row i has no result: null under try and legacy rules, the error otherwise. */
mill_status mill_arith_overflow(mill_call *call, const mill_vector *const *args, size_t i,
                                mill_vector *out, mill_error *err);
mill_status mill_arith_by_zero(mill_call *call, size_t i, mill_vector *out, mill_error *err);

/* Both operands are decimals (cast_to set): sets result, kernel, and st's decimal part. */
mill_status mill_arith_decimal(mill_binding *b, arith *st, mill_error *err) MILL_USE_RESULT;
/* Dates, timestamps, times, intervals: *done tells whether the pair was one of them. */
mill_status mill_arith_time(mill_binding *b, arith *st, bool *done,
                            mill_error *err) MILL_USE_RESULT;
/* The kernel of - for calendar intervals. */
mill_kernel mill_arith_calendar_negative(void);

#endif
