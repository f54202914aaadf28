/* Floor division by a number that stays the same for many rows: a product with its reciprocal, of which
** the rest then says how far it is off, a third of what the processor's division takes. */
#ifndef MILL_BASE_DIVIDE_H
#define MILL_BASE_DIVIDE_H

#include <stdint.h>

typedef struct mill_divisor {
  int64_t by;
  double inverse; /* 0: a small divisor, whose quotients a double does not hold */
} mill_divisor;

/* by > 0. From 2^13 on quotients stay below 2^50, and the product is off by one at most. */
static inline mill_divisor mill_divisor_of(int64_t by) {
  return (mill_divisor){by, by >= 8192 ? 1.0 / (double)by : 0};
}

/* x / by where that is from 0 to 2^50; inverse = 1.0 / by. Of other x the result is none, but harmless. */
static inline int64_t mill_quotient(int64_t x, int64_t by, double inverse) {
  int64_t q = (int64_t)((double)x * inverse),
          rest = (int64_t)((uint64_t)x - (uint64_t)q * (uint64_t)by);
  return q + (rest >= by) - (rest < 0);
}

/* The largest multiple of the divisor that is not above x; it wraps where that is below INT64_MIN. */
static inline int64_t mill_floor_multiple(mill_divisor d, int64_t x) {
  int64_t q = d.inverse == 0 ? x / d.by : (int64_t)((double)x * d.inverse);
  uint64_t product = (uint64_t)q * (uint64_t)d.by;
  int64_t rest = (int64_t)((uint64_t)x - product);
  for (; rest < 0; rest += d.by) product -= (uint64_t)d.by;
  for (; rest >= d.by; rest -= d.by) product += (uint64_t)d.by;
  return (int64_t)product;
}

#endif
