/* Decimal arithmetic: Spark's result types (DecimalPrecision, with precision loss allowed) and the
** kernels behind them.
**
** Where the result type holds every possible result - the formula gave at most 38 digits - no check
** is needed, and sums, differences and products are plain integer loops after both sides were
** brought to one scale: the path of prices and discounts. Everything else goes row by row through
** base/decimal, which is exact in 256 bits. */
#include "kernel/arith_int.h"
#include "kernel/exact_decimal.h"

enum { MIN_SCALE = 6 };

#define KERNEL_HEAD(NAME)                                                                          \
  static mill_status NAME(mill_call *call, const mill_vector *const *args, size_t n,               \
                          mill_vector *out, mill_error *err)

/* ---- result types --------------------------------------------------------------------------- */

/* Fit digits into 38: the fraction gives way down to six digits. True if nothing was lost. */
static bool adjust(int *precision, int *scale) {
  if (*precision <= MILL_DECIMAL_MAX) return true;
  int integral = *precision - *scale;
  int least = *scale < MIN_SCALE ? *scale : MIN_SCALE;
  int left = MILL_DECIMAL_MAX - integral;
  *precision = MILL_DECIMAL_MAX;
  *scale = left > least ? left : least;
  return false;
}

static int max_of(int a, int b) { return a > b ? a : b; }

/* With spark.sql.decimalOperations.allowPrecisionLoss off digits are cut at 38 instead. */
static bool bound_digits(arith_op op, const mill_type *a, const mill_type *b, int *p, int *s) {
  int whole = *p - *s, over;
  bool fits = *p <= MILL_DECIMAL_MAX;
  if (op == OP_DIV) {
    whole = a->precision - a->scale + b->scale;
    if (whole > MILL_DECIMAL_MAX) whole = MILL_DECIMAL_MAX;
    if (*s > MILL_DECIMAL_MAX) *s = MILL_DECIMAL_MAX;
    over = whole + *s - MILL_DECIMAL_MAX;
    if (over > 0) *s -= over / 2 + 1, whole = MILL_DECIMAL_MAX - *s;
    *p = whole + *s;
  }
  if (*p > MILL_DECIMAL_MAX) *p = MILL_DECIMAL_MAX;
  if (*s > MILL_DECIMAL_MAX) *s = MILL_DECIMAL_MAX;
  return fits;
}

static bool result_digits(const mill_settings *set, arith_op op, const mill_type *a,
                          const mill_type *b, int *p, int *s) {
  int p1 = a->precision, s1 = a->scale, p2 = b->precision, s2 = b->scale;
  switch (op) {
  case OP_ADD:
  case OP_SUB:
    *s = max_of(s1, s2);
    *p = max_of(p1 - s1, p2 - s2) + *s + 1;
    break;
  case OP_MUL:
    *s = s1 + s2;
    *p = p1 + p2 + 1;
    break;
  case OP_DIV:
    *s = max_of(MIN_SCALE, s1 + p2 + 1);
    *p = p1 - s1 + s2 + *s;
    break;
  default:
    *s = max_of(s1, s2);
    *p = (p1 - s1 < p2 - s2 ? p1 - s1 : p2 - s2) + *s;
    if (*p == 0) *p = 1;
    break;
  }
  return set->bounded ? bound_digits(op, a, b, p, s) : adjust(p, s);
}

/* ---- fast kernels --------------------------------------------------------------------------- */

/* Names tell the widths: operands a, b and result, n = 64 bits, w = 128. */
#define FAST(NAME, A, B, R)                                                                        \
  MILL_HOT KERNEL_HEAD(add_##NAME) {                                                               \
    const arith *st = call->state;                                                                 \
    const R fa = (R)st->fa, fb = (R)st->fb;                                                        \
    (void)err;                                                                                     \
    MILL_MAP2(A, B, R, (R)x *fa + (R)y * fb);                                                      \
    return MILL_OK;                                                                                \
  }                                                                                                \
  MILL_HOT KERNEL_HEAD(sub_##NAME) {                                                               \
    const arith *st = call->state;                                                                 \
    const R fa = (R)st->fa, fb = (R)st->fb;                                                        \
    (void)err;                                                                                     \
    MILL_MAP2(A, B, R, (R)x *fa - (R)y * fb);                                                      \
    return MILL_OK;                                                                                \
  }                                                                                                \
  MILL_KERNEL2(mul_##NAME, A, B, R, (R)x *(R)y)

FAST(nnn, uint64_t, uint64_t, uint64_t) /* wraps harmlessly on null rows */
FAST(nnw, int64_t, int64_t, mill_i128)
FAST(nww, int64_t, mill_i128, mill_u128)
FAST(wnw, mill_i128, int64_t, mill_u128)
FAST(www, mill_u128, mill_u128, mill_u128)

static mill_kernel fast_kernel(arith_op op, bool wide_a, bool wide_b, bool wide_r) {
  static const mill_kernel add[] = {add_nnw, add_nww, add_wnw, add_www, add_nnn};
  static const mill_kernel sub[] = {sub_nnw, sub_nww, sub_wnw, sub_www, sub_nnn};
  static const mill_kernel mul[] = {mul_nnw, mul_nww, mul_wnw, mul_www, mul_nnn};
  int k = wide_r ? 2 * wide_a + wide_b : 4;
  return (op == OP_ADD ? add : op == OP_SUB ? sub : mul)[k];
}

/* ---- exact kernels -------------------------------------------------------------------------- */

static void store(mill_vector *out, size_t i, mill_i128 v) {
  if (out->type->phys == MILL_PHYS_I64)
    ((int64_t *)out->data)[i] = (int64_t)v;
  else
    ((mill_i128 *)out->data)[i] = v;
}

/* The row's result does not fit: Spark shows its full value. */
static mill_status out_of_range(mill_call *call, const mill_vector *const *args, size_t i,
                                mill_vector *out, mill_error *err) {
  const arith *st = call->state;
  char text[MILL_EXACT_TEXT];
  int sa = args[0]->type->scale, sb = args[1]->type->scale;
  mill_i128 a = mill_int_at(args[0], i), b = mill_int_at(args[1], i);
  if (st->mode != ARITH_ANSI) return mill_set_null(call, out, i, err);
  bool told = true;
  if (st->op == OP_ADD || st->op == OP_SUB)
    mill_exact_sum(a, sa, st->op == OP_ADD ? b : -b, sb, text);
  else if (st->op == OP_MUL)
    mill_exact_product(a, sa, b, sb, text);
  else
    told = st->op == OP_DIV && mill_exact_quotient(a, sa, b, sb, st->scale, text);
  return mill_call_fail(
      call, err, MILL_E_NUMERIC_VALUE_OUT_OF_RANGE_WITH_SUGGESTION, "value",
      told ? text : "The result", "precision", mill_error_fmt(err, "%d", st->precision), "scale",
      mill_error_fmt(err, "%d", st->scale), "config", "\"spark.sql.ansi.enabled\"", NULL);
}

typedef bool (*decimal_op)(mill_i128 a, int sa, mill_i128 b, int sb, int precision, int scale,
                           mill_i128 *out);

/* rem, brought to the sign of the divisor. */
static bool pmod(mill_i128 a, int sa, mill_i128 b, int sb, int precision, int scale,
                 mill_i128 *out) {
  if (!mill_decimal_rem(a, sa, b, sb, precision, scale, out)) return false;
  if (*out >= 0) return true;
  mill_i128 sum;
  if (!mill_decimal_add(*out, scale, b, sb, MILL_DECIMAL_MAX, scale, &sum)) return false;
  return mill_decimal_rem(sum, scale, b, sb, precision, scale, out);
}

/* Where 128 bits hold a sum, difference or product at the result's own scale: no rounding. False:
** the full operation decides. */
static inline bool narrow_op(const arith *st, mill_i128 a, mill_i128 b, mill_i128 fa, mill_i128 fb,
                             mill_i128 most, mill_i128 *v) {
  if (st->op == OP_MUL) {
    if (__builtin_mul_overflow(a, b, v)) return false;
  } else {
    if (__builtin_mul_overflow(a, fa, &a) || __builtin_mul_overflow(b, fb, &b)) return false;
    bool over =
        st->op == OP_ADD ? __builtin_add_overflow(a, b, v) : __builtin_sub_overflow(a, b, v);
    if (over) return false;
  }
  return *v<most && * v> - most;
}

/* Factors that bring both sides to the result's scale; false: it has fewer digits than that. */
static bool keeps_digits(const arith *st, int sa, int sb, mill_i128 *fa, mill_i128 *fb) {
  *fa = *fb = 1;
  if (st->op == OP_MUL) return st->scale == sa + sb;
  if (st->op > OP_MUL || st->scale < sa || st->scale < sb) return false;
  *fa = mill_pow10(st->scale - sa);
  *fb = mill_pow10(st->scale - sb);
  return true;
}

KERNEL_HEAD(exact_rows) {
  static const decimal_op ops[] = {
      [OP_ADD] = mill_decimal_add, [OP_SUB] = mill_decimal_sub, [OP_MUL] = mill_decimal_mul,
      [OP_DIV] = mill_decimal_div, [OP_MOD] = mill_decimal_rem, [OP_PMOD] = pmod};
  const arith *st = call->state;
  const decimal_op op = ops[st->op];
  int sa = args[0]->type->scale, sb = args[1]->type->scale;
  mill_i128 fa, fb, most = mill_pow10(st->precision);
  bool narrow = keeps_digits(st, sa, sb, &fa, &fb);
  MILL_EACH(out, n, i) {
    mill_i128 v = 0, a = mill_int_at(args[0], i), b = mill_int_at(args[1], i);
    if (narrow && narrow_op(st, a, b, fa, fb, most, &v)) {
      store(out, i, v);
      continue;
    }
    v = 0;
    if (st->op >= OP_DIV && b == 0) {
      MILL_TRY(mill_arith_by_zero(call, i, out, err));
    } else if (!op(a, sa, b, sb, st->precision, st->scale, &v)) {
      v = 0;
      MILL_TRY(out_of_range(call, args, i, out, err));
    }
    store(out, i, v);
  }
  return MILL_OK;
}

/* A quotient beyond BIGINT keeps its lower 64 bits, as in Spark. */
KERNEL_HEAD(quotient_rows) {
  int sa = args[0]->type->scale, sb = args[1]->type->scale;
  int64_t *r = out->data;
  MILL_EACH(out, n, i) {
    mill_i128 v = 0, a = mill_int_at(args[0], i), b = mill_int_at(args[1], i);
    if (b == 0) {
      MILL_TRY(mill_arith_by_zero(call, i, out, err));
    } else if (!mill_decimal_quotient(a, sa, b, sb, &v)) {
      MILL_TRY(mill_arith_overflow(call, args, i, out, err));
    }
    r[i] = (int64_t)v;
  }
  return MILL_OK;
}

/* ---- binding -------------------------------------------------------------------------------- */

mill_status mill_arith_decimal(mill_binding *b, arith *st, mill_error *err) {
  const mill_type *x = b->cast_to[0], *y = b->cast_to[1];
  if (st->op == OP_IDIV) {
    b->result = mill_type_of(MILL_BIGINT);
    b->kernel = quotient_rows;
    return MILL_OK;
  }
  bool whole = result_digits(b->set, st->op, x, y, &st->precision, &st->scale);
  b->result = mill_type_decimal(b->ctx->types, st->precision, st->scale);
  if (b->result == NULL) return mill_oom(b->ctx->memory, sizeof *b->result, err);
  b->kernel = exact_rows;
  if (st->op > OP_MUL || !whole) return MILL_OK;
  bool product = st->op == OP_MUL;
  b->safe = true; /* the result has room for every digit */
  st->fa = product ? 1 : mill_pow10(st->scale - x->scale);
  st->fb = product ? 1 : mill_pow10(st->scale - y->scale);
  b->kernel = fast_kernel(st->op, x->phys == MILL_PHYS_I128, y->phys == MILL_PHYS_I128,
                          b->result->phys == MILL_PHYS_I128);
  return MILL_OK;
}
