/* Exact sums of doubles; see exact_sum.h.
**
** The wide form is a number of 67 digits of 32 bits, digit 0 worth 2^-1075 at its lowest bit, each
** in a signed 64-bit word:
**
**     digit   66 ............ 33 ............ 0
**     bit      2^1037 .. 2^1068    1 ..    2^-1075 .. 2^-1044
**
** A double touches three digits. Digits are brought back below 2^32 before 2^30 additions could
** carry one of them out of its word. */
#include "kernel/exact_sum.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "kernel/kernel_int.h"

enum { DIGITS = 67, LOWEST = -1075, CARRY_AFTER = 1 << 29 };

struct mill_exact_wide {
  int64_t digit[DIGITS];
  int64_t infinite, negative, nan; /* how many: inf, -inf, NaN */
  uint32_t added;                  /* since digits were carried */
};

/* ---- the wide form -------------------------------------------------------------------------- */

/* Digits become 0 .. 2^32 - 1, but the highest, which keeps the sign. */
static void carry(mill_exact_wide *w) {
  for (int i = 0; i + 1 < DIGITS; i++) {
    int64_t up = w->digit[i] >> 32;
    w->digit[i] -= up * ((int64_t)1 << 32);
    w->digit[i + 1] += up;
  }
  w->added = 0;
}

static void wide_add(mill_exact_wide *w, double x, double sign) {
  int64_t one = sign < 0 ? -1 : 1;
  if (x != x) {
    w->nan += one;
  } else if (fabs(x) > DBL_MAX) {
    *(x > 0 ? &w->infinite : &w->negative) += one;
  } else if (x != 0) {
    int e;
    int64_t m = (int64_t)(frexp(x, &e) * 0x1p53) * one;
    uint64_t size = m < 0 ? 0 - (uint64_t)m : (uint64_t)m;
    int bit = e - 53 - LOWEST, drop = bit < 0 ? -bit : 0; /* subnormal: its low bits are zeros */
    bit += drop;
    __uint128_t v = (__uint128_t)(size >> drop) << (bit % 32);
    int64_t *d = w->digit + bit / 32;
    for (int i = 0; i < 3; i++) {
      int64_t part = (uint32_t)(v >> (32 * i));
      d[i] += m < 0 ? -part : part;
    }
    if (++w->added >= CARRY_AFTER) carry(w);
  }
}

/* sum(digit) rounded to nearest, ties to even: the leading 64 bits, all below as one sticky bit. */
static double wide_value(const mill_exact_wide *from) {
  mill_exact_wide w = *from;
  if (w.nan || (w.infinite && w.negative)) return NAN;
  if (w.infinite || w.negative) return w.infinite ? INFINITY : -INFINITY;
  carry(&w);
  bool minus = w.digit[DIGITS - 1] < 0;
  for (int i = 0; minus && i < DIGITS; i++) w.digit[i] = -w.digit[i];
  if (minus) carry(&w);
  int top = DIGITS - 1;
  while (top > 0 && w.digit[top] == 0) top--;
  __uint128_t v = (__uint128_t)(uint64_t)w.digit[top] << 64;
  if (top > 0) v |= (__uint128_t)(uint64_t)w.digit[top - 1] << 32;
  if (top > 1) v |= (uint64_t)w.digit[top - 2];
  if (v == 0) return 0;
  bool rest = false;
  for (int i = top - 3; i >= 0; i--) rest |= w.digit[i] != 0;
  int e = 32 * (top - 2) + LOWEST, shift = 0;
  while (v >> shift >> 62) shift++; /* 62 bits are enough: 53, a round bit, sticky below */
  rest |= (v & (((__uint128_t)1 << shift) - 1)) != 0;
  uint64_t m = (uint64_t)(v >> shift);
  e += shift;
  int bits = 64 - __builtin_clzll(m), low = bits + e - 53; /* exponent of the result's last bit */
  if (low < -1074) low = -1074;                            /* subnormal results have fewer bits */
  int cut = low - e;
  if (cut > 0 && cut < 63) {
    uint64_t half = 1ull << (cut - 1), tail = m & (2 * half - 1);
    m >>= cut;
    if (tail > half || (tail == half && (rest || (m & 1)))) m++;
    e = low;
  }
  double r = ldexp((double)m, e);
  return minus ? -r : r;
}

static mill_status need_more(mill_exact_sum *s, mill_arena *a, mill_error *err) {
  if (s->more == NULL) s->more = mill_arena_alloc(a, sizeof *s->more);
  return s->more ? MILL_OK : mill_oom(a->memory, sizeof *s->more, err);
}

static mill_status widen(mill_exact_sum *s, mill_arena *a, mill_error *err) {
  if (mill_exact_is_wide(s)) return MILL_OK;
  MILL_TRY(need_more(s, a, err));
  mill_exact_wide *w = mill_arena_alloc(a, sizeof *w);
  if (w == NULL) return mill_oom(a->memory, sizeof *w, err);
  memset(w, 0, sizeof *w);
  for (int i = 0; i < MILL_EXACT_PARTS; i++) wide_add(w, mill_exact_part(s, i), 1);
  s->part[0] = s->part[1] = s->more->part = 0;
  s->more->wide = w;
  return MILL_OK;
}

mill_status mill_exact_add_slow(mill_exact_sum *s, double x, double sign, mill_arena *a,
                                mill_error *err) {
  MILL_TRY(need_more(s, a, err));
  if (s->more->wide == NULL) {
    double e, f, g;
    double p0 = mill_two_sum(s->part[0], x * sign, &e);
    double p1 = mill_two_sum(s->part[1], e, &f);
    double p2 = mill_two_sum(s->more->part, f, &g);
    if (g == 0) {
      s->part[0] = p0;
      s->part[1] = p1;
      s->more->part = p2;
      return MILL_OK;
    }
  }
  MILL_TRY(widen(s, a, err));
  wide_add(s->more->wide, x, sign);
  return MILL_OK;
}

mill_status mill_exact_add_sum(mill_exact_sum *s, const mill_exact_sum *x, mill_arena *a,
                               mill_error *err) {
  for (int i = 0; i < MILL_EXACT_PARTS; i++) {
    double part = mill_exact_part(x, i);
    if (part != 0) MILL_TRY(mill_exact_step(s, part, 1, a, err));
  }
  if (!mill_exact_is_wide(x)) return MILL_OK;
  MILL_TRY(widen(s, a, err));
  mill_exact_wide *to = s->more->wide, from = *x->more->wide;
  carry(to);
  carry(&from);
  for (int i = 0; i < DIGITS; i++) to->digit[i] += from.digit[i];
  to->infinite += from.infinite;
  to->negative += from.negative;
  to->nan += from.nan;
  return MILL_OK;
}

/* ---- the parts ------------------------------------------------------------------------------ */

/* Where adding the parts could leave the range. */
static double large_value(const mill_exact_sum *s) {
  mill_exact_wide w = {.added = 0};
  for (int i = 0; i < MILL_EXACT_PARTS; i++) wide_add(&w, mill_exact_part(s, i), 1);
  return wide_value(&w);
}

/* Three doubles become a sum without overlap, largest first, by sweeps from the smallest; then the
** first is the value but where it lies half way and the last decides. */
double mill_exact_value(const mill_exact_sum *s) {
  if (mill_exact_is_wide(s)) return wide_value(s->more->wide);
  if (fabs(s->part[0]) > 0x1p1023) return large_value(s);
  double a = s->part[0], b = s->part[1], c = mill_exact_part(s, 2);
  if (c != 0 || b != 0) {
    for (int sweep = 0; sweep < 4; sweep++) {
      b = mill_two_sum(b, c, &c);
      a = mill_two_sum(a, b, &b);
    }
    if (b == 0) b = c, c = 0;
    double twice = 2 * b, other = a + twice;
    if (c != 0 && (b < 0) == (c < 0) && other - a == twice) a = other;
  }
  return a + 0.0;
}

/* ---- many at once --------------------------------------------------------------------------- */

/* Values are cut at common bits: adding and taking away 1.5 * 2^k rounds them to multiples of
** 2^(k - 52), so near in size that the sum of 2,048 of them is exact in any order; what is left goes
** on to the next cut, 40 bits further down [the pre-rounding of Demmel and Nguyen, Fast reproducible
** floating-point summation, 2013]. Two cuts leave nothing of nearly all blocks: where to make them is
** guessed from some of the values, and the same pass tells whether the guess was right. */
enum { CUT_BITS = 40, CUTS = 4, LANES = 4, STEP = 2 * LANES, SAMPLE = 32, SLACK = 3 };
enum { AHEAD = 256 }; /* values asked for ahead: pages end too often for the processor to do it */

/* As many as a register of AVX2 has; the compiler makes two of it where there is none. */
typedef double lanes __attribute__((vector_size(8 * LANES)));
typedef int64_t bits __attribute__((vector_size(8 * LANES)));

/* The cuts for values below 2^e in size. */
static mill_exact_cut cut_at(int e) {
  return (mill_exact_cut){ldexp(1.5, e + 12), ldexp(1.5, e + 12 - CUT_BITS), ldexp(1, e)};
}

bool mill_exact_cut_for(const double *x, size_t n, mill_exact_cut *c) {
  double m = 0;
  int e;
  for (size_t i = 0; i < n && i < SAMPLE; i++) m = fabs(x[i]) > m ? fabs(x[i]) : m;
  if (!(m > 0x1p-800 && m < 0x1p990)) return false;
  frexp(m, &e);
  *c = cut_at(e + SLACK);
  return true;
}

/* LANES values in two parts; what is wrong with them goes to `bad`. */
static inline __attribute__((always_inline)) void split(const double *x, const lanes cut[3],
                                                        lanes *high, lanes *low, bits *bad) {
  lanes v;
  memcpy(&v, x, sizeof v);
  const bits size = (bits)v & INT64_MAX;
  const lanes q = (v + cut[0]) - cut[0], r = v - q;
  *bad |= (r != (r + cut[1]) - cut[1]) | ~((lanes)size < cut[2]);
  *high = q;
  *low = r;
}

static inline __attribute__((always_inline)) void spread(const mill_exact_cut *c, lanes to[3]) {
  for (int k = 0; k < LANES; k++) {
    to[0][k] = c->first;
    to[1][k] = c->second;
    to[2][k] = c->below;
  }
}

static inline bool none(const bits *bad) {
  int64_t any = 0;
  for (int k = 0; k < LANES; k++) any |= (*bad)[k];
  return any == 0;
}

static inline double total(const lanes *v) { return ((*v)[0] + (*v)[1]) + ((*v)[2] + (*v)[3]); }

MILL_HOT bool mill_exact_split(const mill_exact_cut *c, const double *x, size_t n, double *high,
                               double *low) {
  lanes cut[3], h, l;
  bits bad = {0};
  size_t i = 0;
  spread(c, cut);
  for (; i + LANES <= n; i += LANES) {
    __builtin_prefetch((const char *)x + (i + AHEAD) * sizeof *x);
    split(x + i, cut, &h, &l, &bad);
    memcpy(high + i, &h, sizeof h);
    memcpy(low + i, &l, sizeof l);
  }
  if (i < n) {
    double last[LANES] = {0};
    memcpy(last, x + i, (n - i) * sizeof *x);
    split(last, cut, &h, &l, &bad);
    memcpy(high + i, &h, (n - i) * sizeof *x);
    memcpy(low + i, &l, (n - i) * sizeof *x);
  }
  return none(&bad);
}

/* The sums of both parts, exact if that is true. */
MILL_HOT static bool sum_split(const mill_exact_cut *c, const double *x, size_t n, double sum[2]) {
  lanes cut[3], h, l, high[2] = {{0}}, low[2] = {{0}};
  bits bad = {0};
  size_t i = 0;
  spread(c, cut);
  for (; i + STEP <= n; i += STEP) {
    __builtin_prefetch((const char *)x + (i + AHEAD) * sizeof *x);
    for (size_t k = 0; k < 2; k++) {
      split(x + i + k * LANES, cut, &h, &l, &bad);
      high[k] += h;
      low[k] += l;
    }
  }
  for (; i < n; i += LANES) {
    double last[LANES] = {0};
    memcpy(last, x + i, (n - i < LANES ? n - i : LANES) * sizeof *x);
    split(last, cut, &h, &l, &bad);
    high[0] += h;
    low[0] += l;
  }
  high[0] += high[1];
  low[0] += low[1];
  sum[0] = total(&high[0]);
  sum[1] = total(&low[0]);
  return none(&bad);
}

/* The largest in size, NaN above infinity: as integers they are in that order. */
MILL_HOT static double largest(const double *x, size_t n) {
  int64_t most[LANES] = {0};
  double m;
  size_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (int k = 0; k < LANES; k++) {
      int64_t v;
      memcpy(&v, x + i + k, sizeof v);
      v &= INT64_MAX;
      most[k] = v > most[k] ? v : most[k];
    }
  for (; i < n; i++) {
    int64_t v;
    memcpy(&v, x + i, sizeof v);
    v &= INT64_MAX;
    most[0] = v > most[0] ? v : most[0];
  }
  for (int k = 1; k < LANES; k++) most[0] = most[k] > most[0] ? most[k] : most[0];
  memcpy(&m, most, sizeof m);
  return m;
}

/* One cut: the sum of what is above it; x becomes what is below. */
static double cut_off(double *x, size_t n, double at, bool *left) {
  double sum = 0;
  *left = false;
  for (size_t i = 0; i < n; i++) {
    double q = (x[i] + at) - at;
    sum += q;
    x[i] -= q;
    *left |= x[i] != 0;
  }
  return sum;
}

/* Two cuts. *done: false if they leave something. */
static mill_status add_split(mill_exact_sum *s, const mill_exact_cut *c, const double *x, size_t n,
                             bool *done, mill_arena *a, mill_error *err) {
  double sum[2];
  *done = sum_split(c, x, n, sum);
  if (!*done) return MILL_OK;
  MILL_TRY(mill_exact_step(s, sum[0], 1, a, err));
  return mill_exact_step(s, sum[1], 1, a, err);
}

/* Values of which two cuts leave something. */
static mill_status add_apart(mill_exact_sum *s, const double *x, size_t n, int e, mill_arena *a,
                             mill_error *err) {
  double rest[MILL_EXACT_BLOCK];
  bool left = true;
  memcpy(rest, x, n * sizeof *x);
  for (int i = 0; left && i < CUTS; i++, e -= CUT_BITS)
    MILL_TRY(mill_exact_step(s, cut_off(rest, n, cut_at(e).first, &left), 1, a, err));
  for (size_t i = 0; left && i < n; i++) MILL_TRY(mill_exact_step(s, rest[i], 1, a, err));
  return MILL_OK;
}

static mill_status add_block(mill_exact_sum *s, const double *x, size_t n, mill_arena *a,
                             mill_error *err) {
  mill_exact_cut c;
  bool done = false;
  int e;
  if (mill_exact_cut_for(x, n, &c)) MILL_TRY(add_split(s, &c, x, n, &done, a, err));
  const double m = done ? 0 : largest(x, n);
  if (m == 0) return MILL_OK;
  if (m > 0x1p-800 && m < 0x1p1000) {
    frexp(m, &e);
    c = cut_at(e);
    MILL_TRY(add_split(s, &c, x, n, &done, a, err));
    return done ? MILL_OK : add_apart(s, x, n, e, a, err);
  }
  for (size_t i = 0; i < n; i++) MILL_TRY(mill_exact_step(s, x[i], 1, a, err));
  return MILL_OK;
}

mill_status mill_exact_add_all(mill_exact_sum *s, const double *x, size_t n, mill_arena *a,
                               mill_error *err) {
  for (size_t at = 0, k; at < n; at += k) {
    k = n - at < MILL_EXACT_BLOCK ? n - at : MILL_EXACT_BLOCK;
    MILL_TRY(add_block(s, x + at, k, a, err));
  }
  return MILL_OK;
}

/* ---- travelling ----------------------------------------------------------------------------- */

void mill_exact_save(const mill_exact_sum *s, char to[MILL_EXACT_BYTES]) {
  mill_exact_wide w = *s->more->wide;
  carry(&w);
  memcpy(to, w.digit, sizeof w.digit);
  memcpy(to + sizeof w.digit, (int64_t[]){w.infinite, w.negative, w.nan}, 3 * sizeof(int64_t));
}

mill_status mill_exact_load(mill_exact_sum *s, const char *from, size_t n, mill_arena *a,
                            mill_error *err) {
  int64_t other[3];
  MILL_TRY(widen(s, a, err));
  mill_exact_wide *w = s->more->wide, in = {.added = 0};
  if (n != MILL_EXACT_BYTES)
    return mill_fail(err, MILL_E_INTERNAL_ERROR, "message", "a sum of another size", NULL);
  memcpy(in.digit, from, sizeof in.digit);
  memcpy(other, from + sizeof in.digit, sizeof other);
  carry(w);
  carry(&in);
  for (int i = 0; i < DIGITS; i++) w->digit[i] += in.digit[i];
  w->infinite += other[0];
  w->negative += other[1];
  w->nan += other[2];
  return MILL_OK;
}
