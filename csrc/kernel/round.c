/* round, bround, ceil, floor: Spark's RoundBase, RoundCeil, Ceil and their types.
**
** Decimals and integers round exactly in 128 bits. A DOUBLE or FLOAT is rounded as the decimal
** number that its shortest text shows (Java's BigDecimal.valueOf), so round(2.675, 2) is 2.68. */
#include <math.h>
#include <stdlib.h>

#include "base/divide.h"
#include "base/number.h"
#include "kernel/coerce.h"
#include "kernel/kernel_int.h"

#define KERNEL_HEAD(NAME)                                                                          \
  static mill_status NAME(mill_call *call, const mill_vector *const *args, size_t n,               \
                          mill_vector *out, mill_error *err)

typedef struct {
  mill_rounding how;
  int scale;
} round_plan;

/* ---- exact numbers -------------------------------------------------------------------------- */

/* v / 10^drop rounded to a whole number; drop may be beyond the digits of v. */
static mill_i128 drop_digits(mill_i128 v, int drop, mill_rounding how) {
  if (drop <= 0) return v;
  mill_i128 unit = drop > MILL_DECIMAL_MAX ? 0 : mill_pow10(drop);
  mill_i128 q = unit ? v / unit : 0, rest = unit ? v % unit : v;
  if (rest == 0) return q;
  int sign = v < 0 ? -1 : 1;
  if (how == MILL_FLOOR) return q - (sign < 0);
  if (how == MILL_CEILING) return q + (sign > 0);
  if (unit == 0) return q;
  mill_i128 size = rest < 0 ? -rest : rest;
  int half = size > unit - size ? 1 : size == unit - size ? 0 : -1;
  bool up = half > 0 || (half == 0 && (how == MILL_HALF_UP || (q & 1)));
  return q + (up ? sign : 0);
}

/* The value with `scale` digits behind the point kept (negative: zeros before it), at `to`
** digits. */
static bool round_exact(mill_i128 v, int from, int scale, int to, mill_rounding how,
                        mill_i128 *out) {
  mill_i128 q = drop_digits(v, from - scale, how);
  int up = to - (scale < from ? scale : from);
  if (q == 0 || up <= 0) {
    *out = q;
    return true;
  }
  return up <= MILL_DECIMAL_MAX && !__builtin_mul_overflow(q, mill_pow10(up), out);
}

static bool fits(const mill_type *t, mill_i128 v) {
  switch (t->id) {
  case MILL_TINYINT: return v == (int8_t)v;
  case MILL_SMALLINT: return v == (int16_t)v;
  case MILL_INT: return v == (int32_t)v;
  case MILL_DECIMAL: return mill_decimal_fits(v, t->precision);
  default: return v == (int64_t)v;
  }
}

static void store(mill_vector *out, size_t i, mill_i128 v) {
  switch (out->type->phys) {
  case MILL_PHYS_I8: ((int8_t *)out->data)[i] = (int8_t)v; break;
  case MILL_PHYS_I16: ((int16_t *)out->data)[i] = (int16_t)v; break;
  case MILL_PHYS_I32: ((int32_t *)out->data)[i] = (int32_t)v; break;
  case MILL_PHYS_I64: ((int64_t *)out->data)[i] = (int64_t)v; break;
  default: ((mill_i128 *)out->data)[i] = v; break;
  }
}

static mill_status overflow(mill_call *call, size_t i, mill_vector *out, const char *message,
                            mill_error *err) {
  bool decimal = out->type->id == MILL_DECIMAL;
  if (!call->set->ansi) return decimal ? mill_set_null(call, out, i, err) : MILL_OK;
  if (decimal)
    return mill_call_fail(
        call, err, MILL_E_NUMERIC_VALUE_OUT_OF_RANGE_WITH_SUGGESTION, "value", "The result",
        "precision", mill_error_fmt(err, "%d", out->type->precision), "scale",
        mill_error_fmt(err, "%d", out->type->scale), "config", "\"spark.sql.ansi.enabled\"", NULL);
  return mill_call_fail(call, err, MILL_E_ARITHMETIC_OVERFLOW, "message", message, "alternative",
                        "", "config", "\"spark.sql.ansi.enabled\"", NULL);
}

enum { QUOTIENT_DIGITS = 15 }; /* below the 2^50 of mill_quotient */

/* round_words where the quotients are short enough for a reciprocal. What lies under nulls is any number. */
static void round_short_words(const mill_vector *v, int64_t unit, mill_rounding how,
                              mill_vector *out, size_t n) {
  int64_t *r = out->data;
  double inverse = 1.0 / (double)unit;
  for (size_t i = 0; i < n; i++) {
    int64_t x = MILL_AT(int64_t, v, i);
    uint64_t size = (x < 0 ? -(uint64_t)x : (uint64_t)x) + (uint64_t)unit / 2;
    uint64_t q = (uint64_t)mill_quotient((int64_t)size, unit, inverse);
    q -= how == MILL_HALF_EVEN && (q & 1) && q * (uint64_t)unit == size; /* a half */
    r[i] = (int64_t)(x < 0 ? -q : q);
  }
}

/* Halves of 64-bit decimals whose result keeps the scale that is asked for: DECIMAL(p, s) to fewer
** digits, the usual case, without 128-bit division. */
static void round_words(const mill_vector *v, int64_t unit, mill_rounding how, mill_vector *out,
                        size_t n) {
  int64_t *r = out->data;
  for (size_t i = 0; i < n; i++) {
    int64_t x = MILL_AT(int64_t, v, i), q = x / unit, rest = x - q * unit;
    int64_t size = rest < 0 ? -rest : rest, sign = x < 0 ? -1 : 1;
    bool up = size > unit - size || (size == unit - size && (how == MILL_HALF_UP || (q & 1)));
    r[i] = q + (up ? sign : 0);
  }
}

/* A drop of 1 to 18 digits leaves a number that is smaller, and fits wherever the type has room for
** one digit more than what is left. */
static bool fit_words(const mill_vector *v, const mill_vector *out, const round_plan *plan) {
  int drop = v->type->scale - plan->scale;
  return v->type->phys == MILL_PHYS_I64 && v->type->id == MILL_DECIMAL &&
         out->type->phys == MILL_PHYS_I64 && out->type->scale == plan->scale && drop > 0 &&
         drop <= 18 && v->type->precision - drop < out->type->precision &&
         (plan->how == MILL_HALF_UP || plan->how == MILL_HALF_EVEN);
}

KERNEL_HEAD(round_numbers) {
  const round_plan *plan = call->state;
  if (fit_words(args[0], out, plan)) {
    int64_t unit = (int64_t)mill_pow10(args[0]->type->scale - plan->scale);
    bool brief = args[0]->type->precision - (args[0]->type->scale - plan->scale) <= QUOTIENT_DIGITS;
    (brief ? round_short_words : round_words)(args[0], unit, plan->how, out, n);
    return MILL_OK;
  }
  int from = args[0]->type->id == MILL_DECIMAL ? args[0]->type->scale : 0;
  int to = out->type->id == MILL_DECIMAL ? out->type->scale : 0;
  MILL_EACH(out, n, i) {
    mill_i128 v = 0;
    bool ok = round_exact(mill_int_at(args[0], i), from, plan->scale, to, plan->how, &v);
    store(out, i, v);
    if (!ok || !fits(out->type, v)) MILL_TRY(overflow(call, i, out, "Overflow", err));
  }
  return MILL_OK;
}

/* ---- fractions ------------------------------------------------------------------------------ */

/* Digits of a shortest text without sign, point and exponent; *exponent: value = digits * 10^it. */
static int digits_of(const char *text, char *digits, int *exponent) {
  int n = 0, behind = 0, e = 0;
  bool point = false;
  for (; *text && *text != 'E'; text++) {
    if (*text == '.') point = true;
    if (*text < '0' || *text > '9') continue;
    digits[n++] = *text;
    behind += point;
  }
  if (*text == 'E') e = atoi(text + 1);
  *exponent = e - behind;
  return n;
}

/* Round the digits at the unit 10^-scale; the result is whole * 10^-scale. */
static bool round_digits(const char *text, int scale, mill_rounding how, char *out, size_t size) {
  char digits[40];
  int exponent, n = digits_of(text, digits, &exponent);
  if (-exponent <= scale) return false; /* nothing behind the unit */
  mill_i128 v = 0;
  for (int i = 0; i < n; i++) v = v * 10 + (digits[i] - '0');
  v = drop_digits(v, -exponent - scale, how);
  char whole[48];
  mill_decimal_format(v, 0, whole);
  snprintf(out, size, "%se%d", whole, -scale);
  return true;
}

enum { MOST_EXACT = 15 };
static const double power_of_ten[MOST_EXACT + 1] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

static bool by_product(const round_plan *plan) {
  return plan->scale >= 0 && plan->scale <= MOST_EXACT &&
         (plan->how == MILL_HALF_UP || plan->how == MILL_HALF_EVEN);
}

/* The same without texts, where the product with 10^scale is so far from a half that neither its own
** rounding nor the distance of the shortest text from the double can reach it, 2^-51 of the product
** together. A whole number below 2^53 by a power of ten that a double holds is the closest double. */
static bool round_product(double size, const round_plan *plan, double *out) {
  if (!by_product(plan)) return false;
  double p = size * power_of_ten[plan->scale], whole = floor(p), half = p - whole - 0.5;
  if (!(p < 0x1p50) || fabs(half) <= p * 0x1p-50) return false;
  *out = (whole + (half > 0)) / power_of_ten[plan->scale];
  return true;
}

static double round_double(double d, const round_plan *plan) {
  char text[MILL_DOUBLE_TEXT], rounded[80];
  double r = d;
  if (d - d != 0 || d == 0) return d;
  if (round_product(fabs(d), plan, &r)) return d < 0 ? (r == 0 ? 0.0 : -r) : r;
  mill_double_text(fabs(d), text);
  if (!round_digits(text, plan->scale, plan->how, rounded, sizeof rounded)) return d;
  if (!mill_parse_double(rounded, strlen(rounded), &r)) return d;
  return d < 0 ? (r == 0 ? 0.0 : -r) : r;
}

static float round_float(float d, const round_plan *plan) {
  char text[MILL_DOUBLE_TEXT], rounded[80];
  float r = d;
  if (d - d != 0 || d == 0) return d;
  mill_float_text(fabsf(d), text);
  if (!round_digits(text, plan->scale, plan->how, rounded, sizeof rounded)) return d;
  if (!mill_parse_float(rounded, strlen(rounded), &r)) return d;
  return d < 0 ? (r == 0 ? 0.0f : -r) : r;
}

/* All rows as round_product does it; true: there are some that need more than that. */
MILL_HOT static bool round_products(const double *restrict d, size_t n, double power,
                                    double *restrict r) {
  int64_t odd = 0; /* as wide as a double: the flags of a vector stay in their lanes */
  for (size_t i = 0; i < n; i++) {
    double size = fabs(d[i]), p = size * power, whole = floor(p), half = p - whole - 0.5;
    int64_t far = !(p < 0x1p50), near = fabs(half) <= p * 0x1p-50, zero = size == 0;
    odd |= far | near | zero;
    double rounded = (whole + (half > 0 ? 1.0 : 0.0)) / power;
    r[i] = d[i] < 0 && rounded > 0 ? -rounded : rounded;
  }
  return odd != 0;
}

KERNEL_HEAD(round_doubles) {
  const round_plan *plan = call->state;
  double *r = out->data;
  (void)err;
  if (by_product(plan) && args[0]->mask &&
      !round_products(args[0]->data, n, power_of_ten[plan->scale], r))
    return MILL_OK;
  MILL_EACH(out, n, i) r[i] = round_double(MILL_AT(double, args[0], i), plan);
  return MILL_OK;
}

KERNEL_HEAD(round_floats) {
  float *r = out->data;
  (void)err;
  MILL_EACH(out, n, i) r[i] = round_float(MILL_AT(float, args[0], i), call->state);
  return MILL_OK;
}

/* ceil and floor of a fraction: a BIGINT. */
KERNEL_HEAD(whole_doubles) {
  const round_plan *plan = call->state;
  int64_t *r = out->data;
  MILL_EACH(out, n, i) {
    double x = MILL_AT(double, args[0], i);
    x = plan->how == MILL_CEILING ? ceil(x) : floor(x);
    bool fit = x >= -0x1p63 && x < 0x1p63;
    r[i] = fit ? (int64_t)x : x > 0 ? INT64_MAX : x < 0 ? INT64_MIN : 0;
    if (!fit && x == x) MILL_TRY(overflow(call, i, out, "overflow", err));
  }
  return MILL_OK;
}

KERNEL_HEAD(same_bigint) {
  (void)call, (void)err;
  mill_copy_fixed(out, args[0], n);
  return MILL_OK;
}

KERNEL_HEAD(always_null) {
  (void)args;
  for (size_t i = 0; i < n; i++) MILL_TRY(mill_set_null(call, out, i, err));
  return MILL_OK;
}

/* ---- binding -------------------------------------------------------------------------------- */

/* A constant scale in b->state; *null when it is null. */
static mill_status bind_plan(mill_binding *b, mill_rounding how, bool *null, mill_error *err) {
  void *mem;
  mill_vector v;
  MILL_TRY(mill_bind_alloc(b, sizeof(round_plan), &mem, err));
  round_plan *plan = mem;
  plan->how = how;
  b->state = plan;
  *null = false;
  if (b->nargs < 2) return MILL_OK;
  bool whole = how == MILL_CEILING || how == MILL_FLOOR; /* these take no other type for it */
  if (whole && (b->arg_value[1] == NULL || b->arg_type[1]->id != MILL_INT))
    return mill_fail(err, MILL_E_NON_FOLDABLE_ARGUMENT, "funcName",
                     strcasecmp(b->name, "ceiling") ? mill_error_fmt(err, "`%s`", b->fn->name)
                                                    : "`ceiling`",
                     "paramName", "`scale`", "paramType", "\"INT\"", NULL);
  if (b->arg_value[1] == NULL)
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_NON_FOLDABLE_INPUT, "sqlExpr",
                     mill_bind_sql(b, err), "inputName", "`scale`", "inputType", "\"INT\"",
                     "inputExpr", mill_error_fmt(err, "\"%s\"", mill_arg_sql(b, 1)), NULL);
  const mill_type *t = mill_convert_to(b->ctx->types, "int", b->arg_type[1]);
  if (t == NULL) return mill_bind_wrong_type(b, 1, "\"INT\"", err);
  b->cast_to[1] = t;
  MILL_TRY(mill_bind_constant(b, 1, &v, err));
  *null = !mill_vector_valid(&v, 0);
  if (!*null) plan->scale = MILL_AT(int32_t, &v, 0);
  if (plan->scale > 400) plan->scale = 400;
  if (plan->scale < -400) plan->scale = -400;
  return MILL_OK;
}

static const mill_type *decimal_result(mill_binding *b, const mill_type *t, int scale) {
  int precision = t->precision - t->scale + 1, kept = scale < t->scale ? scale : t->scale;
  if (scale < 0) {
    kept = 0;
    if (precision < -scale + 1) precision = -scale + 1;
  }
  precision += kept;
  return mill_type_decimal(b->ctx->types, precision < 38 ? precision : 38, kept);
}

static mill_status bind_round(mill_binding *b, mill_rounding how, mill_error *err) {
  bool null;
  MILL_TRY(bind_plan(b, how, &null, err));
  const round_plan *plan = b->state;
  const mill_type *t = mill_convert_to(b->ctx->types, "numeric", b->arg_type[0]);
  if (t == NULL) return mill_bind_wrong_type(b, 0, "\"NUMERIC\"", err);
  b->cast_to[0] = t;
  b->result = t->id == MILL_DECIMAL ? decimal_result(b, t, plan->scale) : t;
  b->kernel = t->id == MILL_DOUBLE  ? round_doubles
              : t->id == MILL_FLOAT ? round_floats
                                    : round_numbers;
  b->nullable = true;
  return b->result ? MILL_OK : mill_oom(b->ctx->memory, sizeof *t, err);
}

/* ceil(x), floor(x): BIGINT, but a decimal stays one. With a scale everything is a decimal. */
static mill_status bind_whole(mill_binding *b, mill_rounding how, mill_error *err) {
  bool null;
  mill_types *types = b->ctx->types;
  MILL_TRY(bind_plan(b, how, &null, err));
  const round_plan *plan = b->state;
  const mill_type *t = b->arg_type[0];
  bool text = t->id == MILL_STRING || t->id == MILL_NULL;
  if (!text && !mill_type_numeric(t))
    return mill_bind_wrong_type(
        b, 0, b->nargs == 2 ? "\"DECIMAL\"" : "(\"BIGINT\" or \"DOUBLE\" or \"DECIMAL\")", err);
  if (b->nargs == 2) {
    t = text ? mill_type_decimal(types, 38, 18) : mill_decimal_for(types, t);
  } else if (text || t->id == MILL_FLOAT) {
    t = mill_type_of(MILL_DOUBLE);
  } else if (mill_type_integral(t)) {
    t = mill_type_of(MILL_BIGINT);
  }
  if (t == NULL) return mill_oom(b->ctx->memory, sizeof *t, err);
  b->cast_to[0] = t;
  bool decimal = t->id == MILL_DECIMAL;
  b->result = decimal ? decimal_result(b, t, plan->scale) : mill_type_of(MILL_BIGINT);
  b->kernel = null                   ? always_null
              : decimal              ? round_numbers
              : t->id == MILL_DOUBLE ? whole_doubles
                                     : same_bigint;
  b->nullable = true;
  return b->result ? MILL_OK : mill_oom(b->ctx->memory, sizeof *t, err);
}

static mill_status bind_half_up(mill_binding *b, mill_error *err) {
  return bind_round(b, MILL_HALF_UP, err);
}
static mill_status bind_half_even(mill_binding *b, mill_error *err) {
  return bind_round(b, MILL_HALF_EVEN, err);
}
static mill_status bind_ceil(mill_binding *b, mill_error *err) {
  return bind_whole(b, MILL_CEILING, err);
}
static mill_status bind_floor(mill_binding *b, mill_error *err) {
  return bind_whole(b, MILL_FLOOR, err);
}

const mill_function mill_family_round[] = {
    {.name = "round",
     .types = "any, any?",
     .said = ", 0",
     .bind = bind_half_up,
     .usage = "round(expr[, d])",
     .doc = "Rounded to d digits behind the point, halves away from zero.",
     .example = "SELECT round(2.5, 0) -> 3"},
    {.name = "bround",
     .types = "any, any?",
     .said = ", 0",
     .bind = bind_half_even,
     .usage = "bround(expr[, d])",
     .doc = "Rounded to d digits behind the point, halves to the even neighbour.",
     .example = "SELECT bround(2.5, 0) -> 2"},
    {.name = "ceil",
     .types = "any, any?",
     .bind = bind_ceil,
     .alias = "ceiling",
     .usage = "ceil(expr[, scale])",
     .doc = "The smallest number of that scale which is not below the value.",
     .example = "SELECT ceil(-0.1) -> 0"},
    {.name = "floor",
     .types = "any, any?",
     .bind = bind_floor,
     .usage = "floor(expr[, scale])",
     .doc = "The largest number of that scale which is not above the value.",
     .example = "SELECT floor(5) -> 5"},
    {0}};
