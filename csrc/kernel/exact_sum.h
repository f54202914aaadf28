/* The exact sum of doubles: its rounding hangs neither on their order nor on how partial sums were
** cut, and what was added can be taken out again.
**
**     mill_exact_sum s = {0};                          zeroed: the empty sum
**     MILL_TRY(mill_exact_add(&s, x, arena, err));     -x takes x out again
**     double d = mill_exact_value(&s);                 the double nearest to it, ties to even
**
** Most sums are held by two doubles whose exact sum they are. One that needs a third has it in the
** arena. One that needs more, or has met an infinity or NaN, moves to a wide form there: a fixed-point
** number over the whole range of DOUBLE [after Neal, Fast exact summation using small and large
** superaccumulators, arXiv 1505.05571]. Infinities and NaNs are counted, so that they can be taken
** out too. -0.0 adds 0.0.
** Infinite is the result only where it is out of DOUBLE's range at the end. */
#ifndef MILL_KERNEL_EXACT_SUM_H
#define MILL_KERNEL_EXACT_SUM_H

#include "base/memory.h"

typedef struct mill_exact_wide mill_exact_wide;

typedef struct mill_exact_more {
  double part;
  mill_exact_wide *wide; /* NULL: the parts are all */
} mill_exact_more;

typedef struct mill_exact_sum {
  double part[2];
  mill_exact_more *more; /* NULL: these parts are all */
} mill_exact_sum;

enum { MILL_EXACT_PARTS = 3 };
static inline double mill_exact_part(const mill_exact_sum *s, int k) {
  return k < 2 ? s->part[k] : s->more ? s->more->part : 0;
}
static inline bool mill_exact_is_wide(const mill_exact_sum *s) { return s->more && s->more->wide; }

mill_status mill_exact_add_slow(mill_exact_sum *s, double x, double sign, mill_arena *a,
                                mill_error *err) MILL_USE_RESULT;

/* a + b and what the rounding lost [Knuth]. */
static inline double mill_two_sum(double a, double b, double *lost) {
  double s = a + b, t = s - a;
  *lost = (a - (s - t)) + (b - t);
  return s;
}

/* Add x (sign 1.0) or take it out (-1.0). */
static inline mill_status mill_exact_step(mill_exact_sum *s, double x, double sign, mill_arena *a,
                                          mill_error *err) {
  double e, f;
  double p0 = mill_two_sum(s->part[0], x * sign, &e);
  double p1 = mill_two_sum(s->part[1], e, &f);
  /* NaN, also of an overflow, is not 0 */
  if (__builtin_expect(f != 0 || s->more, 0)) return mill_exact_add_slow(s, x, sign, a, err);
  s->part[0] = p0;
  s->part[1] = p1;
  return MILL_OK;
}

/* n values at once; faster than one by one. */
mill_status mill_exact_add_all(mill_exact_sum *s, const double *x, size_t n, mill_arena *a,
                               mill_error *err) MILL_USE_RESULT;
mill_status mill_exact_add_sum(mill_exact_sum *s, const mill_exact_sum *x, mill_arena *a,
                               mill_error *err) MILL_USE_RESULT;
double mill_exact_value(const mill_exact_sum *s);

/* Where to cut values in two, so that the parts of as many as a block has add without rounding, in any
** order and whichever are left out. Guessed from some of the n; false: they have no such place. Then
** the parts of n values, x[i] = high[i] + low[i]; false: some do not fit, and the parts are of no use. */
typedef struct mill_exact_cut {
  double first, second, below;
} mill_exact_cut;
enum { MILL_EXACT_BLOCK = 2048 };
bool mill_exact_cut_for(const double *x, size_t n, mill_exact_cut *c) MILL_USE_RESULT;
bool mill_exact_split(const mill_exact_cut *c, const double *x, size_t n, double *high,
                      double *low) MILL_USE_RESULT;

/* The wide form as bytes that travel; read them with the parts in place, after zeroing. */
enum { MILL_EXACT_WORDS = 67 + 3, MILL_EXACT_BYTES = MILL_EXACT_WORDS * 8 };
void mill_exact_save(const mill_exact_sum *s, char to[MILL_EXACT_BYTES]);
mill_status mill_exact_load(mill_exact_sum *s, const char *from, size_t n, mill_arena *a,
                            mill_error *err) MILL_USE_RESULT;

#endif
