/* Casts to DECIMAL. A value that does not fit is NUMERIC_VALUE_OUT_OF_RANGE under ANSI, else null;
** a NaN or an infinity is null in every mode, as in Spark. Widening among decimals and from
** integers that always fit are loops of one multiplication. */
#include "base/number.h"
#include "kernel/cast_int.h"

static void store(mill_vector *out, size_t i, mill_i128 v) {
  if (out->type->phys == MILL_PHYS_I64)
    ((int64_t *)out->data)[i] = (int64_t)v;
  else
    ((mill_i128 *)out->data)[i] = v;
}

/* ---- loops without checks ------------------------------------------------------------------- */

#define SCALE_UP(NAME, A, R)                                                                       \
  CAST_KERNEL(NAME) {                                                                              \
    const R by = (R)mill_pow10(out->type->scale - args[0]->type->scale);                           \
    (void)call, (void)err;                                                                         \
    MILL_MAP1(A, R, (R)x *by);                                                                     \
    return MILL_OK;                                                                                \
  }
SCALE_UP(up_u8_n, uint8_t, int64_t)
SCALE_UP(up_i8_n, int8_t, int64_t)
SCALE_UP(up_i16_n, int16_t, int64_t)
SCALE_UP(up_i32_n, int32_t, int64_t)
SCALE_UP(up_i64_n, uint64_t, uint64_t)
SCALE_UP(up_u8_w, uint8_t, mill_u128)
SCALE_UP(up_i8_w, int8_t, mill_u128)
SCALE_UP(up_i16_w, int16_t, mill_u128)
SCALE_UP(up_i32_w, int32_t, mill_u128)
SCALE_UP(up_i64_w, int64_t, mill_u128)
SCALE_UP(up_i128_w, mill_u128, mill_u128)

static int digits_of(const mill_type *t) {
  switch (t->id) {
  case MILL_BOOLEAN: return 1;
  case MILL_TINYINT: return 3;
  case MILL_SMALLINT: return 5;
  case MILL_INT: return 10;
  case MILL_BIGINT: return 19;
  default: return t->precision - t->scale;
  }
}

static mill_kernel widening(const mill_type *from, const mill_type *to) {
  static const mill_kernel narrow[] = {up_u8_n, up_i8_n, up_i16_n, up_i32_n, up_i64_n, NULL};
  static const mill_kernel wide[] = {up_u8_w, up_i8_w, up_i16_w, up_i32_w, up_i64_w, up_i128_w};
  if (to->scale < from->scale || to->precision - to->scale < digits_of(from)) return NULL;
  return (to->phys == MILL_PHYS_I64 ? narrow : wide)[from->phys - MILL_PHYS_BOOL];
}

/* ---- row by row ----------------------------------------------------------------------------- */

static mill_status too_wide(mill_call *call, mill_i128 v, int scale, size_t i, mill_vector *out,
                            mill_error *err) {
  char text[MILL_DECIMAL_TEXT];
  mill_decimal_format(v, scale, text);
  return mill_cast_too_wide(call, text, i, out, err);
}

CAST_KERNEL(rescale_rows) {
  int from = args[0]->type->scale, to = out->type->scale, precision = out->type->precision;
  MILL_EACH(out, n, i) {
    mill_i128 v = 0, x = mill_int_at(args[0], i);
    bool ok = mill_decimal_rescale(x, from, to, precision, MILL_HALF_UP, &v);
    store(out, i, ok ? v : 0);
    if (!ok) MILL_TRY(too_wide(call, x, from, i, out, err));
  }
  return MILL_OK;
}

static mill_status store_double(mill_call *call, double d, size_t i, mill_vector *out,
                                mill_error *err) {
  mill_i128 v = 0;
  char text[MILL_DOUBLE_TEXT];
  bool ok = mill_decimal_from_double(d, out->type->precision, out->type->scale, &v);
  store(out, i, ok ? v : 0);
  if (ok) return MILL_OK;
  if (d - d != 0) return mill_set_null(call, out, i, err);
  mill_double_text(d, text);
  return mill_cast_too_wide(call, text, i, out, err);
}

CAST_KERNEL(float_rows) {
  MILL_EACH(out, n, i)
  MILL_TRY(store_double(call, (double)MILL_AT(float, args[0], i), i, out, err));
  return MILL_OK;
}

CAST_KERNEL(double_rows) {
  MILL_EACH(out, n, i)
  MILL_TRY(store_double(call, MILL_AT(double, args[0], i), i, out, err));
  return MILL_OK;
}

CAST_KERNEL(timestamp_rows) {
  MILL_EACH(out, n, i)
  MILL_TRY(store_double(call, (double)MILL_AT(int64_t, args[0], i) / 1e6, i, out, err));
  return MILL_OK;
}

/* Seconds with their fraction, or whole units of an interval's last field. */
CAST_KERNEL(interval_rows) {
  static const int64_t micros[] = {86400000000, 3600000000, 60000000};
  const mill_type *t = args[0]->type;
  int scale = t->id == MILL_TIME ? 9 : t->id == MILL_INTERVAL_DT && t->end == MILL_SECOND ? 6 : 0;
  MILL_EACH(out, n, i) {
    mill_i128 v = 0, x = mill_int_at(args[0], i);
    if (t->id == MILL_INTERVAL_YM && t->end == MILL_YEAR) x /= 12;
    if (t->id == MILL_INTERVAL_DT && t->end != MILL_SECOND) x /= micros[t->end];
    bool ok =
        mill_decimal_rescale(x, scale, out->type->scale, out->type->precision, MILL_HALF_UP, &v);
    store(out, i, ok ? v : 0);
    if (!ok) MILL_TRY(too_wide(call, x, scale, i, out, err));
  }
  return MILL_OK;
}

CAST_KERNEL(string_rows) {
  const cast_plan *plan = call->state;
  MILL_EACH(out, n, i) {
    mill_i128 v = 0;
    bool syntax = false;
    const mill_str *s = &MILL_AT(mill_str, args[0], i);
    const char *p = mill_str_data(s);
    size_t size = s->size;
    bool ok = mill_decimal_parse(p, size, out->type->precision, out->type->scale, &v, &syntax);
    store(out, i, ok ? v : 0);
    if (ok) continue;
    if (!syntax) {
      MILL_TRY(mill_cast_invalid(call, args[0], i, out, err));
      continue;
    }
    char text[128];
    bool beyond = mill_decimal_whole_digits(p, size) > 38;
    while (!beyond && size && (unsigned char)*p <= ' ') p++, size--;
    while (!beyond && size && (unsigned char)p[size - 1] <= ' ') size--;
    snprintf(text, sizeof text, "%.*s", (int)(size > 100 ? 100 : size), p);
    if (plan->strict && beyond)
      return mill_call_fail(call, err, MILL_E_NUMERIC_OUT_OF_SUPPORTED_RANGE, "value", text, NULL);
    MILL_TRY(mill_cast_too_wide(call, text, i, out, err));
  }
  return MILL_OK;
}

mill_kernel mill_cast_decimal(const mill_type *from, const mill_type *to) {
  switch (from->id) {
  case MILL_STRING: return string_rows;
  case MILL_FLOAT: return float_rows;
  case MILL_DOUBLE: return double_rows;
  case MILL_TIMESTAMP: return timestamp_rows;
  case MILL_TIME:
  case MILL_INTERVAL_YM:
  case MILL_INTERVAL_DT: return interval_rows;
  case MILL_BOOLEAN:
  case MILL_TINYINT:
  case MILL_SMALLINT:
  case MILL_INT:
  case MILL_BIGINT:
  case MILL_DECIMAL: {
    mill_kernel k = widening(from, to);
    return k ? k : rescale_rows;
  }
  default: return NULL;
  }
}
