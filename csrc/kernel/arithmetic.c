/* + - * / % div, their try_ forms, pmod, unary minus and plus, abs: Spark's arithmetic.
**
** Binding follows AnsiTypeCoercion: dates and intervals first (arith_time.c), then a string takes
** the other side's type, decimals keep their own types (arith_decimal.c), the rest widen to a
** common one. Kernels of integers compute with wrap-around and gather one overflow flag; only a
** raised flag starts the second loop that finds the row (ANSI: the first valid one fails; try:
** null; legacy: wraps). */
#include "kernel/arith_int.h"

#include <math.h>

#include "kernel/coerce.h"

#define NUMERIC_OR_INTERVAL                                                                        \
  "(\"NUMERIC\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\" or \"INTERVAL\")"

static const char *const symbols[] = {"+", "-", "*", "/", "%", "div", "pmod"};
static const char *const try_names[] = {
    "try_add", "try_subtract", "try_multiply", "try_divide", "try_mod", "try_divide", ""};

/* ---- faults --------------------------------------------------------------------------------- */

static mill_i128 exact(arith_op op, mill_i128 x, mill_i128 y) {
  return op == OP_ADD ? x + y : op == OP_SUB ? x - y : op == OP_MUL ? x * y : y ? x / y : 0;
}

static bool fits(mill_phys phys, mill_i128 v) {
  switch (phys) {
  case MILL_PHYS_I8: return v == (int8_t)v;
  case MILL_PHYS_I16: return v == (int16_t)v;
  case MILL_PHYS_I32: return v == (int32_t)v;
  default: return v == (int64_t)v;
  }
}

static mill_status overflow_error(mill_call *call, const mill_vector *const *args, size_t i,
                                  mill_error *err) {
  const arith *st = call->state;
  const char *hint = try_names[st->op];
  if (st->interval)
    return mill_call_fail(call, err, MILL_E_INTERVAL_ARITHMETIC_OVERFLOW_WITH_SUGGESTION,
                          "functionName", mill_error_fmt(err, "`%s`", hint), NULL);
  if (call->result->id <= MILL_SMALLINT) /* Spark shows both widths as SMALLINT literals */
    return mill_call_fail(call, err, MILL_E_BINARY_ARITHMETIC_OVERFLOW, "value1",
                          mill_error_fmt(err, "%dS", (int)mill_int_at(args[0], i)), "symbol",
                          symbols[st->op], "value2",
                          mill_error_fmt(err, "%dS", (int)mill_int_at(args[1], i)), "functionName",
                          mill_error_fmt(err, "`%s`", hint), NULL);
  return mill_call_fail(
      call, err, MILL_E_ARITHMETIC_OVERFLOW, "message",
      st->op == OP_IDIV ? "Overflow in integral divide" : "overflow", "alternative",
      mill_error_fmt(err, " Use '%s' to tolerate overflow and return NULL instead.", hint),
      "config", "\"spark.sql.ansi.enabled\"", NULL);
}

mill_status mill_arith_overflow(mill_call *call, const mill_vector *const *args, size_t i,
                                mill_vector *out, mill_error *err) {
  const arith *st = call->state;
  if (st->mode == ARITH_TRY || (st->mode == ARITH_LEGACY && call->result->id == MILL_DECIMAL))
    return mill_set_null(call, out, i, err);
  if (st->mode == ARITH_LEGACY && !st->interval) return MILL_OK;
  return overflow_error(call, args, i, err);
}

mill_status mill_arith_by_zero(mill_call *call, size_t i, mill_vector *out, mill_error *err) {
  const arith *st = call->state;
  if (st->mode != ARITH_ANSI) return mill_set_null(call, out, i, err);
  if (st->interval) return mill_call_fail(call, err, MILL_E_INTERVAL_DIVIDED_BY_ZERO, NULL);
  bool rest = st->op == OP_MOD || st->op == OP_PMOD;
  return mill_call_fail(call, err, rest ? MILL_E_REMAINDER_BY_ZERO : MILL_E_DIVIDE_BY_ZERO,
                        "config", "\"spark.sql.ansi.enabled\"", NULL);
}

/* Some row, perhaps a null one, overflowed: deal with those that count. */
static mill_status find_overflow(mill_call *call, const mill_vector *const *args, size_t n,
                                 mill_vector *out, mill_error *err) {
  const arith *st = call->state;
  MILL_EACH(out, n, i) {
    mill_i128 v = exact(st->op, mill_int_at(args[0], i), mill_int_at(args[1], i));
    if (!fits(out->type->phys, v)) MILL_TRY(mill_arith_overflow(call, args, i, out, err));
  }
  return MILL_OK;
}

/* ---- integers ------------------------------------------------------------------------------- */

#define KERNEL_HEAD(NAME)                                                                          \
  static mill_status NAME(mill_call *call, const mill_vector *const *args, size_t n,               \
                          mill_vector *out, mill_error *err)

#define ADD_SUB(NAME, T, U, OP, FLAG)                                                              \
  MILL_HOT KERNEL_HEAD(NAME) {                                                                     \
    T bad = 0;                                                                                     \
    MILL_MAP2(T, T, T, ({                                                                          \
                const T v = (T)((U)x OP(U) y);                                                     \
                bad = (T)(bad | (FLAG));                                                           \
                v;                                                                                 \
              }));                                                                                 \
    return bad < 0 ? find_overflow(call, args, n, out, err) : MILL_OK;                             \
  }
#define MUL(NAME, T, W)                                                                            \
  MILL_HOT KERNEL_HEAD(NAME) {                                                                     \
    W bad = 0;                                                                                     \
    MILL_MAP2(T, T, T, ({                                                                          \
                const W w = (W)((W)x * (W)y);                                                      \
                const T v = (T)w;                                                                  \
                bad |= w ^ (W)v;                                                                   \
                v;                                                                                 \
              }));                                                                                 \
    return bad ? find_overflow(call, args, n, out, err) : MILL_OK;                                 \
  }
#define INTEGERS(S, T, U, W)                                                                       \
  ADD_SUB(add_##S, T, U, +, (x ^ v) & (y ^ v))                                                     \
  ADD_SUB(sub_##S, T, U, -, (x ^ y) & (x ^ v))                                                     \
  MUL(mul_##S, T, W)

INTEGERS(i8, int8_t, uint8_t, int32_t)
INTEGERS(i16, int16_t, uint16_t, int32_t)
INTEGERS(i32, int32_t, uint32_t, int64_t)
ADD_SUB(add_i64, int64_t, uint64_t, +, (x ^ v) & (y ^ v))
ADD_SUB(sub_i64, int64_t, uint64_t, -, (x ^ y) & (x ^ v))

KERNEL_HEAD(mul_i64) {
  int bad = 0;
  MILL_MAP2(int64_t, int64_t, int64_t, ({
              int64_t v;
              bad |= __builtin_mul_overflow(x, y, &v);
              v;
            }));
  return bad ? find_overflow(call, args, n, out, err) : MILL_OK;
}

/* Remainders take the sign of the dividend; pmod brings them to the sign of the divisor. */
#define REMAINDER(NAME, T)                                                                         \
  KERNEL_HEAD(NAME) {                                                                              \
    const arith *st = call->state;                                                                 \
    T *r = out->data;                                                                              \
    MILL_EACH(out, n, i) {                                                                         \
      const T x = MILL_AT(T, args[0], i), y = MILL_AT(T, args[1], i);                              \
      r[i] = 0;                                                                                    \
      if (y == 0) {                                                                                \
        MILL_TRY(mill_arith_by_zero(call, i, out, err));                                           \
        continue;                                                                                  \
      }                                                                                            \
      T v = (T)(y == -1 ? 0 : x % y);                                                              \
      if (st->op == OP_PMOD && v < 0) v = (T)(((int64_t)v + y) % y);                               \
      r[i] = v;                                                                                    \
    }                                                                                              \
    return MILL_OK;                                                                                \
  }
REMAINDER(mod_i8, int8_t)
REMAINDER(mod_i16, int16_t)
REMAINDER(mod_i32, int32_t)
REMAINDER(mod_i64, int64_t)

KERNEL_HEAD(div_i64) {
  int64_t *r = out->data;
  MILL_EACH(out, n, i) {
    const int64_t x = MILL_AT(int64_t, args[0], i), y = MILL_AT(int64_t, args[1], i);
    r[i] = 0;
    if (y == 0) {
      MILL_TRY(mill_arith_by_zero(call, i, out, err));
    } else if (y == -1) {
      r[i] = (int64_t) - (uint64_t)x;
      if (x == INT64_MIN) MILL_TRY(mill_arith_overflow(call, args, i, out, err));
    } else {
      r[i] = x / y;
    }
  }
  return MILL_OK;
}

/* ---- floating point ------------------------------------------------------------------------- */

#define FLOATS(S, T, FMOD)                                                                         \
  MILL_KERNEL2(add_##S, T, T, T, x + y)                                                            \
  MILL_KERNEL2(sub_##S, T, T, T, x - y)                                                            \
  MILL_KERNEL2(mul_##S, T, T, T, x *y)                                                             \
  KERNEL_HEAD(mod_##S) {                                                                           \
    const arith *st = call->state;                                                                 \
    T *r = out->data;                                                                              \
    MILL_EACH(out, n, i) {                                                                         \
      const T x = MILL_AT(T, args[0], i), y = MILL_AT(T, args[1], i);                              \
      if (y == 0) MILL_TRY(mill_arith_by_zero(call, i, out, err));                                 \
      T v = FMOD(x, y);                                                                            \
      r[i] = st->op == OP_PMOD && v < 0 ? FMOD(v + y, y) : v;                                      \
    }                                                                                              \
    return MILL_OK;                                                                                \
  }
FLOATS(f32, float, fmodf)
FLOATS(f64, double, fmod)

MILL_HOT KERNEL_HEAD(div_f64) {
  int zero = 0;
  MILL_MAP2(double, double, double, ({
              zero |= y == 0;
              x / y;
            }));
  if (!zero) return MILL_OK;
  MILL_EACH(out, n, i)
  if (MILL_AT(double, args[1], i) == 0) MILL_TRY(mill_arith_by_zero(call, i, out, err));
  return MILL_OK;
}

static mill_kernel kernel_of(arith_op op, mill_phys phys) {
  static const mill_kernel table[][6] = {
      [OP_ADD] = {add_i8, add_i16, add_i32, add_i64, add_f32, add_f64},
      [OP_SUB] = {sub_i8, sub_i16, sub_i32, sub_i64, sub_f32, sub_f64},
      [OP_MUL] = {mul_i8, mul_i16, mul_i32, mul_i64, mul_f32, mul_f64},
      [OP_DIV] = {NULL, NULL, NULL, NULL, NULL, div_f64},
      [OP_MOD] = {mod_i8, mod_i16, mod_i32, mod_i64, mod_f32, mod_f64},
      [OP_IDIV] = {NULL, NULL, NULL, div_i64, NULL, NULL},
      [OP_PMOD] = {mod_i8, mod_i16, mod_i32, mod_i64, mod_f32, mod_f64}};
  int column = phys >= MILL_PHYS_I8 && phys <= MILL_PHYS_I64 ? (int)(phys - MILL_PHYS_I8)
               : phys == MILL_PHYS_F32                       ? 4
                                                             : 5;
  return table[op][column];
}

/* ---- binding -------------------------------------------------------------------------------- */

static const char *required(arith_op op) {
  switch (op) {
  case OP_ADD:
  case OP_SUB: return NUMERIC_OR_INTERVAL;
  case OP_DIV: return "(\"DOUBLE\" or \"DECIMAL\")";
  case OP_IDIV:
    return "(\"BIGINT\" or \"DECIMAL\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO "
           "MONTH\")";
  default: return "\"NUMERIC\"";
  }
}

/* The narrowest decimal of an integer literal beside a decimal, as Spark's DecimalPrecision
** picks. */
static const mill_type *decimal_of(mill_binding *b, int i) {
  const mill_type *t = b->arg_type[i];
  bool literal = mill_bind_literal(b, i) && b->arg_value[i] && t->id != MILL_TINYINT;
  if (!mill_type_integral(t) || !literal) return mill_decimal_for(b->ctx->types, t);
  mill_i128 v = mill_int_at(b->arg_value[i], 0);
  int digits = 1;
  for (; v > 9 || v < -9; v /= 10) digits++;
  return mill_type_decimal(b->ctx->types, digits, 0);
}

/* cast_to of two numeric operands of which one at least is a decimal; false: they become DOUBLE. */
static bool cast_decimals(mill_binding *b) {
  for (int i = 0; i < 2; i++)
    if (b->arg_type[i]->id == MILL_FLOAT || b->arg_type[i]->id == MILL_DOUBLE) return false;
  for (int i = 0; i < 2; i++)
    b->cast_to[i] = b->arg_type[i]->id == MILL_NULL ? b->arg_type[1 - i] : decimal_of(b, i);
  return true;
}

static mill_status cast_operands(mill_binding *b, arith_op op, mill_error *err) {
  const mill_type *l = b->arg_type[0], *r = b->arg_type[1];
  bool numbers =
      (mill_type_numeric(l) || l->id == MILL_NULL) && (mill_type_numeric(r) || r->id == MILL_NULL);
  if (numbers && (l->id == MILL_DECIMAL || r->id == MILL_DECIMAL) && cast_decimals(b))
    return MILL_OK;
  const mill_type *t = mill_common_type(b->ctx->types, l, r);
  if (t == NULL) return mill_bind_operands_differ(b, err);
  if (t->id == MILL_NULL) t = mill_type_of(MILL_DOUBLE);
  if (op == OP_DIV && mill_type_numeric(t)) t = mill_type_of(MILL_DOUBLE);
  if (op == OP_IDIV && (mill_type_integral(t) || l == r)) {
    if (mill_type_integral(t) || l->id == MILL_NULL) t = mill_type_of(MILL_BIGINT);
  }
  bool promoted = l->id == MILL_STRING || r->id == MILL_STRING || l == r ||
                  (l->id == MILL_DECIMAL && r->id == MILL_DOUBLE) ||
                  (l->id == MILL_DOUBLE && r->id == MILL_DECIMAL);
  bool accepted = mill_type_numeric(t) && !(op == OP_IDIV && t->id != MILL_BIGINT);
  if (!accepted)
    return promoted ? mill_bind_operand_wrong(b, t, required(op), err)
                    : mill_bind_operands_differ(b, err);
  b->cast_to[0] = b->cast_to[1] = t;
  return MILL_OK;
}

static mill_status bind_op(mill_binding *b, arith_op op, bool trying, mill_error *err) {
  void *mem;
  bool done = false;
  MILL_TRY(mill_bind_alloc(b, sizeof(arith), &mem, err));
  arith *st = mem;
  st->op = op;
  st->mode = trying ? ARITH_TRY : b->set->ansi ? ARITH_ANSI : ARITH_LEGACY;
  b->tries = trying;
  b->state = st;
  MILL_TRY(mill_arith_time(b, st, &done, err));
  if (!done) {
    MILL_TRY(cast_operands(b, op, err));
    if (b->cast_to[0]->id == MILL_DECIMAL) {
      MILL_TRY(mill_arith_decimal(b, st, err));
    } else {
      b->result = b->cast_to[0];
      b->kernel = kernel_of(op, b->result->phys);
    }
    b->nullable |= st->mode == ARITH_TRY || op >= OP_DIV ||
                   (b->result->id == MILL_DECIMAL && st->mode == ARITH_LEGACY);
  }
  return b->kernel ? MILL_OK : mill_bind_operand_wrong(b, b->cast_to[0], required(op), err);
}

static mill_status bind_negative(mill_binding *b, mill_error *err);

static mill_status bind_minus(mill_binding *b, mill_error *err) {
  if (b->nargs == 2) return bind_op(b, OP_SUB, false, err);
  b->fn = mill_function_find("negative", 8);
  return bind_negative(b, err);
}
static mill_status bind_plus(mill_binding *b, mill_error *err) {
  return bind_op(b, OP_ADD, false, err);
}
static mill_status bind_times(mill_binding *b, mill_error *err) {
  return bind_op(b, OP_MUL, false, err);
}
static mill_status bind_divide(mill_binding *b, mill_error *err) {
  return bind_op(b, OP_DIV, false, err);
}
static mill_status bind_mod(mill_binding *b, mill_error *err) {
  return bind_op(b, OP_MOD, false, err);
}
static mill_status bind_div(mill_binding *b, mill_error *err) {
  return bind_op(b, OP_IDIV, false, err);
}
static mill_status bind_pmod(mill_binding *b, mill_error *err) {
  return bind_op(b, OP_PMOD, false, err);
}
/* The try_ forms are called what they replace in messages: "(1 + true)". */
static mill_status bind_try(mill_binding *b, arith_op op, mill_error *err) {
  const mill_function *own = b->fn;
  b->fn = mill_function_find(symbols[op], strlen(symbols[op]));
  mill_status s = bind_op(b, op, true, err);
  b->fn = own;
  return s;
}
static mill_status bind_try_add(mill_binding *b, mill_error *err) {
  return bind_try(b, OP_ADD, err);
}
static mill_status bind_try_subtract(mill_binding *b, mill_error *err) {
  return bind_try(b, OP_SUB, err);
}
static mill_status bind_try_multiply(mill_binding *b, mill_error *err) {
  return bind_try(b, OP_MUL, err);
}
static mill_status bind_try_divide(mill_binding *b, mill_error *err) {
  return bind_try(b, OP_DIV, err);
}
static mill_status bind_try_mod(mill_binding *b, mill_error *err) {
  return bind_try(b, OP_MOD, err);
}

/* ---- one operand ---------------------------------------------------------------------------- */

static mill_status unary_overflow(mill_call *call, const mill_vector *x, size_t n, mill_vector *out,
                                  mill_error *err) {
  if (!call->set->ansi) return MILL_OK;
  MILL_EACH(out, n, i)
  if (!fits(out->type->phys, -mill_int_at(x, i)))
    return out->type->id == MILL_INTERVAL_YM || out->type->id == MILL_INTERVAL_DT
               ? mill_call_fail(call, err, MILL_E_INTERVAL_ARITHMETIC_OVERFLOW_WITHOUT_SUGGESTION,
                                NULL)
               : mill_call_fail(call, err, MILL_E_ARITHMETIC_OVERFLOW, "message", "overflow",
                                "alternative", "", "config", "\"spark.sql.ansi.enabled\"", NULL);
  return MILL_OK;
}

#define UNARY(S, T, U)                                                                             \
  MILL_HOT KERNEL_HEAD(neg_##S) {                                                                  \
    T bad = 0;                                                                                     \
    MILL_MAP1(T, T, ({                                                                             \
                const T v = (T)(0 - (U)x);                                                         \
                bad = (T)(bad | (x & v));                                                          \
                v;                                                                                 \
              }));                                                                                 \
    return bad < 0 ? unary_overflow(call, args[0], n, out, err) : MILL_OK;                         \
  }                                                                                                \
  MILL_HOT KERNEL_HEAD(abs_##S) {                                                                  \
    T bad = 0;                                                                                     \
    MILL_MAP1(T, T, ({                                                                             \
                const T v = x < 0 ? (T)(0 - (U)x) : x;                                             \
                bad = (T)(bad | v);                                                                \
                v;                                                                                 \
              }));                                                                                 \
    return bad < 0 ? unary_overflow(call, args[0], n, out, err) : MILL_OK;                         \
  }
UNARY(i8, int8_t, uint8_t)
UNARY(i16, int16_t, uint16_t)
UNARY(i32, int32_t, uint32_t)
UNARY(i64, int64_t, uint64_t)
MILL_KERNEL1(neg_i128, mill_i128, mill_i128, -x)
MILL_KERNEL1(abs_i128, mill_i128, mill_i128, x < 0 ? -x : x)
MILL_KERNEL1(neg_f32, float, float, -x)
MILL_KERNEL1(abs_f32, float, float, fabsf(x))
MILL_KERNEL1(neg_f64, double, double, -x)
MILL_KERNEL1(abs_f64, double, double, fabs(x))

KERNEL_HEAD(same_value) {
  (void)call, (void)err;
  mill_copy_fixed(out, args[0], n);
  return MILL_OK;
}

static mill_kernel unary_kernel(bool absolute, mill_phys phys) {
  static const mill_kernel neg[] = {neg_i8, neg_i16, neg_i32, neg_i64, neg_i128, neg_f32, neg_f64};
  static const mill_kernel pos[] = {abs_i8, abs_i16, abs_i32, abs_i64, abs_i128, abs_f32, abs_f64};
  return (absolute ? pos : neg)[phys - MILL_PHYS_I8];
}

static mill_status bind_unary(mill_binding *b, bool absolute, const char *want, mill_error *err) {
  const mill_type *t = b->arg_type[0];
  bool interval = t->id == MILL_INTERVAL_YM || t->id == MILL_INTERVAL_DT;
  bool calendar = t->id == MILL_INTERVAL && !absolute;
  if (t->id == MILL_STRING || t->id == MILL_NULL) t = mill_type_of(MILL_DOUBLE);
  if (!mill_type_numeric(t) && !interval && !calendar) return mill_bind_wrong_type(b, 0, want, err);
  b->result = b->cast_to[0] = t;
  b->kernel = calendar ? mill_arith_calendar_negative() : unary_kernel(absolute, t->phys);
  return MILL_OK;
}

static mill_status bind_negative(mill_binding *b, mill_error *err) {
  return bind_unary(b, false, NUMERIC_OR_INTERVAL, err);
}
static mill_status bind_abs(mill_binding *b, mill_error *err) {
  return bind_unary(
      b, true, "(\"NUMERIC\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\")", err);
}
static mill_status bind_positive(mill_binding *b, mill_error *err) {
  MILL_TRY(bind_unary(b, false, NUMERIC_OR_INTERVAL, err));
  b->kernel = same_value;
  return MILL_OK;
}

const mill_function mill_family_arithmetic[] = {
    {.name = "+",
     .types = "any, any",
     .bind = bind_plus,
     .flags = MILL_FN_OPERATOR,
     .usage = "expr1 + expr2",
     .doc = "The sum; also a date or timestamp moved by an interval or by days.",
     .example = "SELECT 1 + 2 -> 3"},
    {.name = "-",
     .types = "any, any?",
     .bind = bind_minus,
     .flags = MILL_FN_OPERATOR,
     .usage = "expr1 - expr2",
     .doc = "The difference; of two dates or timestamps, the interval between them.",
     .example = "SELECT 2 - 1 -> 1"},
    {.name = "*",
     .types = "any, any",
     .bind = bind_times,
     .flags = MILL_FN_OPERATOR,
     .usage = "expr1 * expr2",
     .doc = "The product.",
     .example = "SELECT 2 * 3 -> 6"},
    {.name = "/",
     .types = "any, any",
     .bind = bind_divide,
     .flags = MILL_FN_OPERATOR,
     .usage = "expr1 / expr2",
     .doc = "The quotient, always a fraction: of integers a DOUBLE.",
     .example = "SELECT 3 / 2 -> 1.5"},
    {.name = "%",
     .types = "any, any",
     .bind = bind_mod,
     .flags = MILL_FN_OPERATOR,
     .usage = "expr1 % expr2",
     .doc = "The remainder, with the sign of the dividend.",
     .example = "SELECT 2 % 1.8 -> 0.2"},
    {.name = "div",
     .types = "any, any",
     .bind = bind_div,
     .flags = MILL_FN_OPERATOR,
     .usage = "expr1 div expr2",
     .doc = "The quotient cut to a BIGINT.",
     .example = "SELECT 3 div 2 -> 1"},
    {.name = "negative",
     .types = "any",
     .bind = bind_negative,
     .usage = "negative(expr)",
     .doc = "The value with its sign changed.",
     .example = "SELECT negative(1) -> -1"},
    {.name = "positive",
     .types = "any",
     .bind = bind_positive,
     .flags = MILL_FN_NO_RAISE,
     .usage = "positive(expr)",
     .doc = "The value as it is.",
     .example = "SELECT positive(1) -> 1"},
    {.name = "abs",
     .types = "any",
     .bind = bind_abs,
     .usage = "abs(expr)",
     .doc = "The distance from zero.",
     .example = "SELECT abs(-1) -> 1"},
    {.name = "mod",
     .types = "any, any",
     .bind = bind_mod,
     .usage = "mod(expr1, expr2)",
     .doc = "The remainder, with the sign of the dividend.",
     .example = "SELECT mod(7, 3) -> 1"},
    {.name = "pmod",
     .types = "any, any",
     .bind = bind_pmod,
     .usage = "pmod(expr1, expr2)",
     .doc = "The remainder that is not negative for a positive divisor.",
     .example = "SELECT pmod(-10, 3) -> 2"},
    {.name = "try_add",
     .types = "any, any",
     .bind = bind_try_add,
     .flags = MILL_FN_NO_RAISE,
     .usage = "try_add(expr1, expr2)",
     .doc = "As +, but null where the result does not fit.",
     .example = "SELECT try_add(2147483647, 1) -> NULL"},
    {.name = "try_subtract",
     .types = "any, any",
     .bind = bind_try_subtract,
     .flags = MILL_FN_NO_RAISE,
     .usage = "try_subtract(expr1, expr2)",
     .doc = "As -, but null where the result does not fit.",
     .example = "SELECT try_subtract(-2147483648, 1) -> NULL"},
    {.name = "try_multiply",
     .types = "any, any",
     .bind = bind_try_multiply,
     .flags = MILL_FN_NO_RAISE,
     .usage = "try_multiply(expr1, expr2)",
     .doc = "As *, but null where the result does not fit.",
     .example = "SELECT try_multiply(2, 3) -> 6"},
    {.name = "try_divide",
     .types = "any, any",
     .bind = bind_try_divide,
     .flags = MILL_FN_NO_RAISE,
     .usage = "try_divide(dividend, divisor)",
     .doc = "As /, but null where the divisor is zero.",
     .example = "SELECT try_divide(1, 0) -> NULL"},
    {.name = "try_mod",
     .types = "any, any",
     .bind = bind_try_mod,
     .flags = MILL_FN_NO_RAISE,
     .usage = "try_mod(dividend, divisor)",
     .doc = "As %, but null where the divisor is zero.",
     .example = "SELECT try_mod(2, 0) -> NULL"},
    {0}};
