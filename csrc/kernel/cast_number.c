/* Casts to TINYINT .. BIGINT, FLOAT, DOUBLE and BOOLEAN.
**
** ANSI and try: a value outside the target is an error or null. Legacy (spark.sql.ansi.enabled
** off): integers keep their low bits, fractions are cut as Java's casts do. Loops gather one flag
** and look for the row only when it is raised. */
#include <math.h>

#include "base/number.h"
#include "kernel/cast_int.h"

enum { MICROS_PER_SECOND = 1000000 };

/* ---- between integers and floats ------------------------------------------------------------ */

/* Widening: every value has an image. */
#define WIDEN(NAME, A, R) MILL_KERNEL1(NAME, A, R, x)

/* Narrowing among integers. */
#define NARROW(NAME, A, R)                                                                         \
  MILL_HOT CAST_KERNEL(NAME) {                                                                     \
    const cast_plan *plan = call->state;                                                           \
    A bad = 0;                                                                                     \
    MILL_MAP1(A, R, ({                                                                             \
                bad = (A)(bad | (x ^ (A)(R)x));                                                    \
                x;                                                                                 \
              }));                                                                                 \
    if (bad == 0 || plan->mode == MILL_CAST_LEGACY) return MILL_OK;                                \
    MILL_EACH(out, n, i) {                                                                         \
      A x = MILL_AT(A, args[0], i);                                                                \
      if (x != (A)(R)x) MILL_TRY(mill_cast_overflow(call, args[0], i, out, err));                  \
    }                                                                                              \
    return MILL_OK;                                                                                \
  }

/* Fractions to integers, cut towards zero. LO and HI are exact in the fraction's type. */
#define CUT(NAME, A, R, LO, HI, JAVA)                                                              \
  CAST_KERNEL(NAME) {                                                                              \
    const cast_plan *plan = call->state;                                                           \
    R *r = out->data;                                                                              \
    MILL_EACH(out, n, i) {                                                                         \
      A x = MILL_AT(A, args[0], i);                                                                \
      r[i] = (R)JAVA(x);                                                                           \
      if (plan->mode != MILL_CAST_LEGACY && !(floor(x) <= (HI) && ceil(x) >= (LO)))                \
        MILL_TRY(mill_cast_overflow(call, args[0], i, out, err));                                  \
    }                                                                                              \
    return MILL_OK;                                                                                \
  }

/* Java's (int) and (long) of a fraction: NaN is 0, the rest saturates. */
static int32_t java_int(double x) {
  if (x != x) return 0;
  return x >= 2147483647.0 ? INT32_MAX : x <= -2147483648.0 ? INT32_MIN : (int32_t)x;
}
static int64_t java_long(double x) {
  if (x != x) return 0;
  return x >= 0x1p63 ? INT64_MAX : x <= -0x1p63 ? INT64_MIN : (int64_t)x;
}

#define FROM_INT(S, A)                                                                             \
  WIDEN(S##_f32, A, float)                                                                         \
  WIDEN(S##_f64, A, double)
#define FROM_FLOAT(S, A)                                                                           \
  CUT(S##_i8, A, int8_t, -128.0, 127.0, java_int)                                                  \
  CUT(S##_i16, A, int16_t, -32768.0, 32767.0, java_int)                                            \
  CUT(S##_i32, A, int32_t, -2147483648.0, 2147483647.0, java_int)                                  \
  CUT(S##_i64, A, int64_t, -0x1p63, 0x1p63, java_long)

FROM_INT(u8, uint8_t)
FROM_INT(i8, int8_t)
FROM_INT(i16, int16_t)
FROM_INT(i32, int32_t)
FROM_INT(i64, int64_t)
FROM_FLOAT(f32, float)
FROM_FLOAT(f64, double)
WIDEN(u8_i8, uint8_t, int8_t)
WIDEN(u8_i16, uint8_t, int16_t)
WIDEN(u8_i32, uint8_t, int32_t)
WIDEN(u8_i64, uint8_t, int64_t)
WIDEN(i8_i16, int8_t, int16_t)
WIDEN(i8_i32, int8_t, int32_t)
WIDEN(i8_i64, int8_t, int64_t)
WIDEN(i16_i32, int16_t, int32_t)
WIDEN(i16_i64, int16_t, int64_t)
WIDEN(i32_i64, int32_t, int64_t)
NARROW(i16_i8, int16_t, int8_t)
NARROW(i32_i8, int32_t, int8_t)
NARROW(i32_i16, int32_t, int16_t)
NARROW(i64_i8, int64_t, int8_t)
NARROW(i64_i16, int64_t, int16_t)
NARROW(i64_i32, int64_t, int32_t)
WIDEN(f32_f64, float, double)
WIDEN(f64_f32, double, float)

static int column_of(const mill_type *t) { return t->id - MILL_TINYINT; }

/* Rows: BOOLEAN, TINYINT .. BIGINT, FLOAT, DOUBLE. Columns: TINYINT .. DOUBLE. */
static const mill_kernel plain_casts[][6] = {
    {u8_i8, u8_i16, u8_i32, u8_i64, u8_f32, u8_f64},
    {NULL, i8_i16, i8_i32, i8_i64, i8_f32, i8_f64},
    {i16_i8, NULL, i16_i32, i16_i64, i16_f32, i16_f64},
    {i32_i8, i32_i16, NULL, i32_i64, i32_f32, i32_f64},
    {i64_i8, i64_i16, i64_i32, NULL, i64_f32, i64_f64},
    {f32_i8, f32_i16, f32_i32, f32_i64, NULL, f32_f64},
    {f64_i8, f64_i16, f64_i32, f64_i64, f64_f32, NULL},
};

/* ---- from other types ----------------------------------------------------------------------- */

static bool in_range(mill_type_id id, mill_i128 v) {
  switch (id) {
  case MILL_TINYINT: return v == (int8_t)v;
  case MILL_SMALLINT: return v == (int16_t)v;
  case MILL_INT: return v == (int32_t)v;
  default: return v == (int64_t)v;
  }
}

static void store_int(mill_vector *out, size_t i, int64_t v) {
  switch (out->type->phys) {
  case MILL_PHYS_I8: ((int8_t *)out->data)[i] = (int8_t)v; break;
  case MILL_PHYS_I16: ((int16_t *)out->data)[i] = (int16_t)v; break;
  case MILL_PHYS_I32: ((int32_t *)out->data)[i] = (int32_t)v; break;
  default: ((int64_t *)out->data)[i] = v; break;
  }
}

static void store_float(mill_vector *out, size_t i, double v) {
  if (out->type->phys == MILL_PHYS_F32)
    ((float *)out->data)[i] = (float)v;
  else
    ((double *)out->data)[i] = v;
}

/* Units of the interval's last field, cut towards zero. */
static int64_t interval_units(const mill_type *t, int64_t v) {
  static const int64_t micros[] = {86400000000, 3600000000, 60000000, 1000000};
  if (t->id == MILL_INTERVAL_YM) return t->end == MILL_YEAR ? v / 12 : v;
  return v / micros[t->end];
}

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a ^ b) < 0); }

/* Whole value of a decimal, timestamp, time or interval, cut or floored as Spark does. */
static mill_i128 whole(const mill_vector *v, size_t i) {
  const mill_type *t = v->type;
  mill_i128 x = mill_int_at(v, i);
  switch (t->id) {
  case MILL_DECIMAL: return x / mill_pow10(t->scale);
  case MILL_TIMESTAMP: return floor_div((int64_t)x, MICROS_PER_SECOND);
  case MILL_TIME: return x / 1000000000;
  default: return interval_units(t, (int64_t)x);
  }
}

CAST_KERNEL(whole_to_int) {
  const cast_plan *plan = call->state;
  MILL_EACH(out, n, i) {
    mill_i128 x = whole(args[0], i);
    store_int(out, i, (int64_t)x);
    bool wraps = plan->mode == MILL_CAST_LEGACY && plan->from->id != MILL_INTERVAL_DT &&
                 plan->from->id != MILL_INTERVAL_YM;
    if (!wraps && !in_range(plan->to->id, x))
      MILL_TRY(mill_cast_overflow(call, args[0], i, out, err));
  }
  return MILL_OK;
}

CAST_KERNEL(decimal_to_float) {
  int scale = args[0]->type->scale;
  (void)call, (void)err;
  MILL_EACH(out, n, i) store_float(out, i, mill_decimal_to_double(mill_int_at(args[0], i), scale));
  return MILL_OK;
}

CAST_KERNEL(timestamp_to_float) {
  (void)call, (void)err;
  MILL_EACH(out, n, i) store_float(out, i, (double)MILL_AT(int64_t, args[0], i) / 1e6);
  return MILL_OK;
}

CAST_KERNEL(string_to_int) {
  const cast_plan *plan = call->state;
  int bits = plan->to->width * 8;
  int64_t max = (int64_t)(UINT64_MAX >> (65 - bits)), min = -max - 1, v;
  bool legacy = plan->mode == MILL_CAST_LEGACY;
  MILL_EACH(out, n, i) {
    const mill_str *s = &MILL_AT(mill_str, args[0], i);
    bool ok = mill_parse_int64(mill_str_data(s), s->size, min, max, legacy, &v) == MILL_PARSED;
    store_int(out, i, ok ? v : 0);
    if (!ok) MILL_TRY(mill_cast_invalid(call, args[0], i, out, err));
  }
  return MILL_OK;
}

CAST_KERNEL(string_to_float) {
  double d;
  float f;
  bool wide = out->type->phys == MILL_PHYS_F64;
  MILL_EACH(out, n, i) {
    const mill_str *s = &MILL_AT(mill_str, args[0], i);
    bool ok = wide ? mill_parse_double(mill_str_data(s), s->size, &d)
                   : mill_parse_float(mill_str_data(s), s->size, &f);
    store_float(out, i, !ok ? 0 : wide ? d : (double)f);
    if (!ok) MILL_TRY(mill_cast_invalid(call, args[0], i, out, err));
  }
  return MILL_OK;
}

/* DATE to a number exists without ANSI only, and is always null. */
CAST_KERNEL(always_null) {
  (void)args;
  for (size_t i = 0; i < n; i++) MILL_TRY(mill_set_null(call, out, i, err));
  return MILL_OK;
}

mill_kernel mill_cast_number(const mill_type *from, const mill_type *to, mill_cast_mode mode) {
  bool integral = mill_type_integral(to);
  (void)mode;
  switch (from->id) {
  case MILL_STRING: return integral ? string_to_int : string_to_float;
  case MILL_DECIMAL: return integral ? whole_to_int : decimal_to_float;
  case MILL_TIMESTAMP: return integral ? whole_to_int : timestamp_to_float;
  case MILL_TIME:
  case MILL_INTERVAL_YM:
  case MILL_INTERVAL_DT: return integral ? whole_to_int : NULL;
  case MILL_DATE: return always_null;
  default:
    if (from->id < MILL_BOOLEAN || from->id > MILL_DOUBLE) return NULL;
    return plain_casts[from->id - MILL_BOOLEAN][column_of(to)];
  }
}

/* ---- to BOOLEAN ----------------------------------------------------------------------------- */

MILL_KERNEL1(i8_bool, int8_t, uint8_t, x != 0)
MILL_KERNEL1(i16_bool, int16_t, uint8_t, x != 0)
MILL_KERNEL1(i32_bool, int32_t, uint8_t, x != 0)
MILL_KERNEL1(i64_bool, int64_t, uint8_t, x != 0)
MILL_KERNEL1(i128_bool, mill_i128, uint8_t, x != 0)
MILL_KERNEL1(f32_bool, float, uint8_t, x != 0)
MILL_KERNEL1(f64_bool, double, uint8_t, x != 0)

static bool is_word(const char *s, size_t n, const char *const *words) {
  for (; *words; words++)
    if (strlen(*words) == n && strncasecmp(*words, s, n) == 0) return true;
  return false;
}

CAST_KERNEL(string_to_bool) {
  static const char *const yes[] = {"t", "true", "y", "yes", "1", NULL};
  static const char *const no[] = {"f", "false", "n", "no", "0", NULL};
  uint8_t *r = out->data;
  MILL_EACH(out, n, i) {
    const mill_str *s = &MILL_AT(mill_str, args[0], i);
    const char *p = mill_str_data(s), *end = p + s->size;
    while (p < end && (unsigned char)*p <= ' ') p++;
    while (end > p && (unsigned char)end[-1] <= ' ') end--;
    r[i] = is_word(p, (size_t)(end - p), yes);
    if (!r[i] && !is_word(p, (size_t)(end - p), no))
      MILL_TRY(mill_cast_invalid(call, args[0], i, out, err));
  }
  return MILL_OK;
}

mill_kernel mill_cast_boolean(const mill_type *from) {
  if (from->id == MILL_STRING) return string_to_bool;
  if (from->id == MILL_DATE) return always_null;
  switch (from->phys) {
  case MILL_PHYS_I8: return i8_bool;
  case MILL_PHYS_I16: return i16_bool;
  case MILL_PHYS_I32: return i32_bool;
  case MILL_PHYS_I64: return i64_bool;
  case MILL_PHYS_I128: return i128_bool;
  case MILL_PHYS_F32: return f32_bool;
  case MILL_PHYS_F64: return f64_bool;
  default: return NULL;
  }
}
