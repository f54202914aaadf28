/* Functions of real numbers: powers, logarithms, trigonometry, and a few of whole numbers. Formulas
** where Java and C differ follow Spark's expressions (atanh, pow of special values).
** Logarithms are null outside their domain. Rounding is in round.c. */
#include <math.h>

#include "kernel/kernel_int.h"

#define KERNEL_HEAD(NAME)                                                                          \
  static mill_status NAME(mill_call *call, const mill_vector *const *args, size_t n,               \
                          mill_vector *out, mill_error *err)
#define REAL(NAME, EXPR) MILL_KERNEL1(k_##NAME, double, double, EXPR)

static double java_sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }
static double java_pow(double x, double y) {
  if (y != y || (fabs(x) == 1 && isinf(y))) return NAN;
  return pow(x, y);
}

REAL(acos, acos(x))
REAL(acosh, acosh(x))
REAL(asin, asin(x))
REAL(asinh, asinh(x))
REAL(atan, atan(x))
REAL(atanh, 0.5 * (log1p(x) - log1p(-x)))
REAL(cbrt, cbrtl((long double)x)) /* glibc's cbrt is off by one unit */
REAL(cos, cos(x))
REAL(cosh, cosh(x))
REAL(cot, 1 / tan(x))
REAL(csc, 1 / sin(x))
REAL(degrees, x * 57.29577951308232)
REAL(exp, exp(x))
REAL(expm1, expm1(x))
REAL(radians, x * 0.017453292519943295)
REAL(rint, rint(x))
REAL(sec, 1 / cos(x))
REAL(sign, java_sign(x))
REAL(sin, sin(x))
REAL(sinh, sinh(x))
REAL(sqrt, sqrt(x))
REAL(tan, tan(x))
REAL(tanh, tanh(x))
MILL_KERNEL2(k_atan2, double, double, double, atan2(x + 0.0, y + 0.0))
MILL_KERNEL2(k_hypot, double, double, double, hypot(x, y))
MILL_KERNEL2(k_pow, double, double, double, java_pow(x, y))

/* Logarithms: null up to and at the limit of their domain. */
#define LOGARITHM(NAME, LIMIT, EXPR)                                                               \
  KERNEL_HEAD(k_##NAME) {                                                                          \
    double *r = out->data;                                                                         \
    MILL_EACH(out, n, i) {                                                                         \
      const double x = MILL_AT(double, args[0], i);                                                \
      r[i] = EXPR;                                                                                 \
      if (x <= (LIMIT)) MILL_TRY(mill_set_null(call, out, i, err));                                \
    }                                                                                              \
    return MILL_OK;                                                                                \
  }
LOGARITHM(ln, 0, log(x))
LOGARITHM(log10, 0, log10(x))
LOGARITHM(log2, 0, log2(x))
LOGARITHM(log1p, -1, log1p(x))

KERNEL_HEAD(k_log) {
  double *r = out->data;
  MILL_EACH(out, n, i) {
    const double base = MILL_AT(double, args[0], i), x = MILL_AT(double, args[1], i);
    r[i] = log(x) / log(base);
    if (base <= 0 || x <= 0) MILL_TRY(mill_set_null(call, out, i, err));
  }
  return MILL_OK;
}

static mill_status bind_log(mill_binding *b, mill_error *err) {
  if (b->nargs == 2) {
    b->kernel = k_log;
    return mill_bind_types(b, "double, double -> double", err);
  }
  b->kernel = k_ln;
  if (b->nargs == 1) b->shown = mill_error_fmt(err, "LOG(E(), %s)", mill_arg_sql(b, 0));
  return mill_bind_types(b, "double -> double", err);
}

KERNEL_HEAD(interval_sign) {
  double *r = out->data;
  (void)call, (void)err;
  MILL_EACH(out, n, i) {
    mill_i128 v = mill_int_at(args[0], i);
    r[i] = (v > 0) - (v < 0);
  }
  return MILL_OK;
}

static mill_status bind_sign(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "double|ym|dt -> double", err));
  if (b->cast_to[0]->id != MILL_DOUBLE) b->kernel = interval_sign;
  return MILL_OK;
}

static mill_status fill_double(mill_vector *out, size_t n, double v) {
  for (size_t i = 0; i < n; i++) ((double *)out->data)[i] = v;
  return MILL_OK;
}

KERNEL_HEAD(k_e) {
  (void)call, (void)args, (void)err;
  return fill_double(out, n, 2.718281828459045);
}
KERNEL_HEAD(k_pi) {
  (void)call, (void)args, (void)err;
  return fill_double(out, n, 3.141592653589793);
}

KERNEL_HEAD(k_factorial) {
  int64_t *r = out->data;
  MILL_EACH(out, n, i) {
    int32_t x = MILL_AT(int32_t, args[0], i);
    r[i] = 1;
    if (x < 0 || x > 20)
      MILL_TRY(mill_set_null(call, out, i, err));
    else
      for (int k = 2; k <= x; k++) r[i] *= k;
  }
  return MILL_OK;
}

/* ---- width_bucket --------------------------------------------------------------------------- */

static double value_at(const mill_vector *v, size_t i) {
  return v->type->id == MILL_DOUBLE ? MILL_AT(double, v, i) : (double)mill_int_at(v, i);
}

typedef struct buckets {
  double min, width; /* width: of all; negative where they go down */
  int64_t count;     /* 0: everything is null */
} buckets;

static buckets buckets_of(double min, double max, int64_t count) {
  bool bad = count <= 0 || count == INT64_MAX || min == max || isinf(min) || isinf(max) ||
             min != min || max != max;
  return (buckets){min, max - min, bad ? 0 : count};
}

/* 0 below, count + 1 above, -1: null. */
static inline int64_t bucket(double v, double max, const buckets *b) {
  bool up = b->width > 0;
  if (b->count == 0 || v != v) return -1;
  if (up ? v < b->min : v > b->min) return 0;
  if (up ? v >= max : v <= max) return b->count + 1;
  double from = up ? v - b->min : b->min - v;
  return (int64_t)((double)b->count * from / (up ? b->width : -b->width)) + 1;
}

KERNEL_HEAD(k_width_bucket) {
  const mill_vector *v = args[0], *low = args[1], *high = args[2], *count = args[3];
  bool same = low->mask == 0 && high->mask == 0 && count->mask == 0;
  bool real = v->type->id == MILL_DOUBLE;
  int64_t *r = out->data;
  double max = 0;
  buckets b = {0};
  MILL_EACH(out, n, i) {
    if (!same || i == 0 || b.count == 0) {
      max = value_at(high, i);
      b = buckets_of(value_at(low, i), max, MILL_AT(int64_t, count, i));
    }
    r[i] = bucket(real ? MILL_AT(double, v, i) : value_at(v, i), max, &b);
    if (r[i] < 0) MILL_TRY(mill_set_null(call, out, i, err));
  }
  return MILL_OK;
}

/* A value that is an interval, and bounds of another kind. */
static mill_status other_bounds(mill_binding *b, mill_error *err) {
  static const bool same[] = {true, true, true, false};
  void *mem;
  MILL_TRY(mill_bind_alloc(b, 4 * sizeof *b->arg_type, &mem, err));
  const mill_type **types = mem;
  for (int i = 0; i < 4; i++)
    types[i] = mill_type_numeric(b->arg_type[i]) ? mill_type_of(MILL_DOUBLE) : b->arg_type[i];
  b->arg_type = types;
  return mill_bind_diff_types(b, same, err);
}

static mill_status bind_width_bucket(mill_binding *b, mill_error *err) {
  mill_type_id id = b->arg_type[0]->id;
  for (int i = 1; i < 3 && (id == MILL_INTERVAL_YM || id == MILL_INTERVAL_DT); i++)
    if (b->arg_type[i]->id != id && b->arg_type[i]->id != MILL_NULL) return other_bounds(b, err);
  const char *types = id == MILL_INTERVAL_YM   ? "ym, ym, ym, bigint -> bigint"
                      : id == MILL_INTERVAL_DT ? "dt, dt, dt, bigint -> bigint"
                                               : "double, double, double, bigint -> bigint";
  MILL_TRY(mill_bind_types(b, types, err));
  b->nullable = true;
  return MILL_OK;
}

#define REAL_DEF(NAME, ALIAS, KERNEL, DOC, EXAMPLE)                                                \
  {                                                                                                \
    .name = NAME, .alias = ALIAS, .types = "double -> double", .kernel = KERNEL,                   \
    .flags = MILL_FN_NO_RAISE | MILL_FN_NULLABLE, .usage = NAME "(expr)", .doc = DOC,              \
    .example = EXAMPLE                                                                             \
  }

const mill_function mill_family_math[] = {
    REAL_DEF("acos", NULL, k_acos, "The arc cosine.", "SELECT acos(1) -> 0.0"),
    REAL_DEF("acosh", NULL, k_acosh, "The inverse hyperbolic cosine.", "SELECT acosh(1) -> 0.0"),
    REAL_DEF("asin", NULL, k_asin, "The arc sine.", "SELECT asin(0) -> 0.0"),
    REAL_DEF("asinh", NULL, k_asinh, "The inverse hyperbolic sine.", "SELECT asinh(0) -> 0.0"),
    REAL_DEF("atan", NULL, k_atan, "The arc tangent.", "SELECT atan(0) -> 0.0"),
    REAL_DEF("atanh", NULL, k_atanh, "The inverse hyperbolic tangent.", "SELECT atanh(0) -> 0.0"),
    REAL_DEF("cbrt", NULL, k_cbrt, "The cube root.", "SELECT cbrt(27.0) -> 3.0"),
    REAL_DEF("cos", NULL, k_cos, "The cosine.", "SELECT cos(0) -> 1.0"),
    REAL_DEF("cosh", NULL, k_cosh, "The hyperbolic cosine.", "SELECT cosh(0) -> 1.0"),
    REAL_DEF("cot", NULL, k_cot, "The cotangent.", "SELECT cot(1) -> 0.6420926159343306"),
    REAL_DEF("csc", NULL, k_csc, "The cosecant.", "SELECT csc(1) -> 1.1883951057781212"),
    REAL_DEF("degrees", NULL, k_degrees, "Radians as degrees.",
             "SELECT degrees(3.141592653589793) -> 180.0"),
    REAL_DEF("exp", NULL, k_exp, "e to the power of the value.", "SELECT exp(0) -> 1.0"),
    REAL_DEF("expm1", NULL, k_expm1, "exp less 1, exact near zero.", "SELECT expm1(0) -> 0.0"),
    REAL_DEF("radians", NULL, k_radians, "Degrees as radians.",
             "SELECT radians(180) -> 3.141592653589793"),
    REAL_DEF("rint", NULL, k_rint, "The closest whole number, halves to even.",
             "SELECT rint(12.3456) -> 12.0"),
    REAL_DEF("sec", NULL, k_sec, "The secant.", "SELECT sec(0) -> 1.0"),
    REAL_DEF("sin", NULL, k_sin, "The sine.", "SELECT sin(0) -> 0.0"),
    REAL_DEF("sinh", NULL, k_sinh, "The hyperbolic sine.", "SELECT sinh(0) -> 0.0"),
    REAL_DEF("sqrt", NULL, k_sqrt, "The square root.", "SELECT sqrt(4) -> 2.0"),
    REAL_DEF("tan", NULL, k_tan, "The tangent.", "SELECT tan(0) -> 0.0"),
    REAL_DEF("tanh", NULL, k_tanh, "The hyperbolic tangent.", "SELECT tanh(0) -> 0.0"),
    REAL_DEF("ln", NULL, k_ln, "The natural logarithm.", "SELECT ln(1) -> 0.0"),
    REAL_DEF("log10", NULL, k_log10, "The logarithm to base 10.", "SELECT log10(10) -> 1.0"),
    REAL_DEF("log2", NULL, k_log2, "The logarithm to base 2.", "SELECT log2(2) -> 1.0"),
    REAL_DEF("log1p", NULL, k_log1p, "log of 1 more, exact near zero.", "SELECT log1p(0) -> 0.0"),
    {.name = "log",
     .types = "any, any?",
     .bind = bind_log,
     .flags = MILL_FN_NO_RAISE | MILL_FN_NULLABLE,
     .usage = "log(base, expr)",
     .doc = "The logarithm to the given base, or the natural one.",
     .example = "SELECT log(10, 100) -> 2.0"},
    {.name = "sign",
     .types = "any",
     .bind = bind_sign,
     .kernel = k_sign,
     .flags = MILL_FN_NO_RAISE | MILL_FN_NULLABLE,
     .alias = "signum",
     .usage = "sign(expr)",
     .doc = "-1.0, 0.0 or 1.0 as the value is negative, zero or positive.",
     .example = "SELECT sign(40) -> 1.0"},
    {.name = "atan2",
     .types = "double, double -> double",
     .kernel = k_atan2,
     .flags = MILL_FN_NO_RAISE,
     .usage = "atan2(exprY, exprX)",
     .doc = "The angle of the point (x, y).",
     .example = "SELECT atan2(0, 0) -> 0.0"},
    {.name = "hypot",
     .types = "double, double -> double",
     .kernel = k_hypot,
     .flags = MILL_FN_NO_RAISE,
     .usage = "hypot(expr1, expr2)",
     .doc = "The square root of the sum of the squares.",
     .example = "SELECT hypot(3, 4) -> 5.0"},
    {.name = "pow",
     .types = "double, double -> double",
     .kernel = k_pow,
     .flags = MILL_FN_NO_RAISE,
     .alias = "power",
     .usage = "pow(expr1, expr2)",
     .doc = "The first to the power of the second.",
     .example = "SELECT pow(2, 3) -> 8.0"},
    {.name = "e",
     .types = "-> double",
     .kernel = k_e,
     .flags = MILL_FN_NO_RAISE | MILL_FN_NEVER_NULL,
     .usage = "e()",
     .doc = "Euler's number.",
     .example = "SELECT e() -> 2.718281828459045"},
    {.name = "pi",
     .types = "-> double",
     .kernel = k_pi,
     .flags = MILL_FN_NO_RAISE | MILL_FN_NEVER_NULL,
     .usage = "pi()",
     .doc = "The circumference of a circle of diameter one.",
     .example = "SELECT pi() -> 3.141592653589793"},
    {.name = "factorial",
     .types = "int -> bigint",
     .kernel = k_factorial,
     .flags = MILL_FN_NO_RAISE | MILL_FN_NULLABLE,
     .usage = "factorial(expr)",
     .doc = "The product of 1 to n for n of 0 to 20, else null.",
     .example = "SELECT factorial(5) -> 120"},
    {.name = "width_bucket",
     .types = "any, any, any, any",
     .bind = bind_width_bucket,
     .kernel = k_width_bucket,
     .flags = MILL_FN_NO_RAISE | MILL_FN_NULLABLE,
     .usage = "width_bucket(value, min_value, max_value, num_bucket)",
     .doc = "The number of the bucket of an equi-width histogram that the value falls into.",
     .example = "SELECT width_bucket(5.3, 0.2, 10.6, 5) -> 3"},
    {0}};
