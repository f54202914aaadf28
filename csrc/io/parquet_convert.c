/* See parquet_convert.h. One loop a pair of layouts; what stands at null rows is converted along and
** must not fail, so it is never looked at: callers hand over dense values. */
#include "io/parquet_convert.h"

#include "base/calendar.h"

#define L(kind) PARQUET_LOGICAL_##kind

enum { GREGORIAN_START = -141427 };                     /* 1582-10-15 */
static const int64_t modern_micros = -2208988800000000; /* 1900-01-01 00:00 UTC */
enum { UNIX_JULIAN_DAY = 2440588 };

typedef const parquet_conversion conv;

#define LOOP(name, from, to, expression)                                                           \
  static mill_status name(conv *c, const void *src, size_t n, void *dst, mill_error *err) {        \
    to *y = dst;                                                                                   \
    (void)c;                                                                                       \
    (void)err;                                                                                     \
    for (size_t i = 0; i < n; i++) {                                                               \
      from x;                                                                                      \
      memcpy(&x, (const char *)src + i * sizeof x, sizeof x);                                      \
      y[i] = (to)(expression);                                                                     \
    }                                                                                              \
    return MILL_OK;                                                                                \
  }

LOOP(i32_to_i8, int32_t, int8_t, x)
LOOP(i32_to_i16, int32_t, int16_t, x)
LOOP(i32_to_i64, int32_t, int64_t, x)
LOOP(u32_to_i64, uint32_t, int64_t, x)
LOOP(i32_to_f64, int32_t, double, x)
LOOP(f32_to_f64, float, double, x)
LOOP(i32_scaled, int32_t, int64_t, (uint64_t)x *(uint64_t)c->factor)
LOOP(i32_scaled_wide, int32_t, mill_i128, x * c->factor)
LOOP(i64_scaled, int64_t, int64_t, (uint64_t)x *(uint64_t)c->factor)
LOOP(i64_scaled_wide, int64_t, mill_i128, x * c->factor)
LOOP(u64_wide, uint64_t, mill_i128, x)

/* ---- times ---------------------------------------------------------------------------------- */

static mill_status overflow(mill_error *err) {
  return mill_fail(err, MILL_E_CORRUPT_FILE, "path", "(file)", "reason",
                   "a time is out of the range of 64 bits", NULL);
}

static mill_status times(conv *c, const void *src, size_t n, void *dst, mill_error *err) {
  int64_t *y = dst;
  for (size_t i = 0; i < n; i++) {
    int64_t x;
    memcpy(&x, (const char *)src + i * sizeof x, sizeof x);
    if (__builtin_mul_overflow(x, (int64_t)c->factor, &y[i])) return overflow(err);
  }
  return MILL_OK;
}

static mill_status ancient(conv *c, mill_error *err) {
  return mill_fail(err, MILL_E_INCONSISTENT_READ_ANCIENT_DATETIME, "option",
                   c->from == 12 ? "int96RebaseMode" : "datetimeRebaseMode", NULL);
}

/* The day of the proleptic Gregorian calendar that has the same date as a day of the Julian one. */
static int64_t julian_to_gregorian(int64_t days) {
  int64_t k = days + UNIX_JULIAN_DAY + 32082;
  int64_t d = mill_floor_div(4 * k + 3, 1461), e = k - mill_floor_div(1461 * d, 4);
  int64_t m = (5 * e + 2) / 153;
  int64_t day = e - (153 * m + 2) / 5 + 1, month = m + 3 - 12 * (m / 10);
  return mill_days_from_civil(d - 4800 + m / 10, (int)month, 1) + day - 1;
}

static mill_status rebase_days(conv *c, int32_t *y, size_t n, mill_error *err) {
  for (size_t i = 0; i < n; i++) {
    if (y[i] >= GREGORIAN_START) continue;
    if (c->rebase == PARQUET_EXCEPTION) return ancient(c, err);
    y[i] = (int32_t)julian_to_gregorian(y[i]);
  }
  return MILL_OK;
}

static int64_t rebase_micros_of(const mill_zone *zone, int64_t micros) {
  int64_t local = mill_zone_to_local(zone, micros), utc;
  int64_t day = mill_floor_div(local, MILL_MICROS_DAY);
  if (day >= GREGORIAN_START) return micros;
  local += (julian_to_gregorian(day) - day) * MILL_MICROS_DAY;
  return mill_zone_to_utc(zone, local, &utc) ? utc : micros;
}

static mill_status rebase_micros(conv *c, int64_t *y, size_t n, mill_error *err) {
  for (size_t i = 0; i < n; i++) {
    if (y[i] >= modern_micros) continue;
    if (c->rebase == PARQUET_EXCEPTION) return ancient(c, err);
    if (y[i] > INT64_MIN / 2) y[i] = rebase_micros_of(c->zone, y[i]);
  }
  return MILL_OK;
}

static mill_status days_rebased(conv *c, const void *src, size_t n, void *dst, mill_error *err) {
  memcpy(dst, src, n * sizeof(int32_t));
  return rebase_days(c, dst, n, err);
}

static mill_status times_rebased(conv *c, const void *src, size_t n, void *dst, mill_error *err) {
  MILL_TRY(times(c, src, n, dst, err));
  return rebase_micros(c, dst, n, err);
}

static mill_status days_to_micros(conv *c, const void *src, size_t n, void *dst, mill_error *err) {
  int64_t *y = dst;
  for (size_t i = 0; i < n; i++) {
    int32_t x;
    memcpy(&x, (const char *)src + i * sizeof x, sizeof x);
    if (c->rebase != PARQUET_CORRECTED) MILL_TRY(rebase_days(c, &x, 1, err));
    if (__builtin_mul_overflow((int64_t)x, MILL_MICROS_DAY, &y[i])) return overflow(err);
  }
  return MILL_OK;
}

/* Nanoseconds of the day, then the Julian day number. */
static mill_status int96_to_micros(conv *c, const void *src, size_t n, void *dst, mill_error *err) {
  int64_t *y = dst;
  for (size_t i = 0; i < n; i++) {
    int64_t nanos;
    int32_t day;
    memcpy(&nanos, (const char *)src + i * 12, 8);
    memcpy(&day, (const char *)src + i * 12 + 8, 4);
    int64_t midnight;
    if (__builtin_mul_overflow((int64_t)day - UNIX_JULIAN_DAY, MILL_MICROS_DAY, &midnight) ||
        __builtin_add_overflow(midnight, mill_floor_div(nanos, 1000), &y[i]))
      return overflow(err);
  }
  return c->rebase == PARQUET_CORRECTED ? MILL_OK : rebase_micros(c, y, n, err);
}

/* ---- decimals as bytes ---------------------------------------------------------------------- */

/* Big-endian two's complement; bytes above the 16th must repeat the sign. */
static bool big_decimal(const uint8_t *p, size_t n, mill_i128 *out) {
  uint8_t sign = n && p[0] & 0x80 ? 0xff : 0;
  for (; n > 16; n--)
    if (*p++ != sign) return false;
  mill_u128 v = sign ? ~(mill_u128)0 : 0;
  for (size_t i = 0; i < n; i++) v = v << 8 | p[i];
  *out = (mill_i128)v;
  return true;
}

static mill_status too_many_digits(mill_error *err) {
  return mill_fail(err, MILL_E_CORRUPT_FILE, "path", "(file)", "reason",
                   "a decimal has more digits than its type", NULL);
}

static mill_status put_decimal(conv *c, const uint8_t *p, size_t n, void *dst, size_t i,
                               mill_error *err) {
  mill_i128 v;
  if (!big_decimal(p, n, &v) || __builtin_mul_overflow(v, c->factor, &v) ||
      !mill_decimal_fits(v, c->precision))
    return too_many_digits(err);
  if (c->to == 8)
    ((int64_t *)dst)[i] = (int64_t)v;
  else
    ((mill_i128 *)dst)[i] = v;
  return MILL_OK;
}

static mill_status fixed_to_decimal(conv *c, const void *src, size_t n, void *dst,
                                    mill_error *err) {
  const uint8_t *p = src;
  for (size_t i = 0; i < n; i++, p += c->length)
    MILL_TRY(put_decimal(c, p, c->length, dst, i, err));
  return MILL_OK;
}

static inline uint64_t big_word(const uint8_t *p) {
  uint64_t w;
  memcpy(&w, p, sizeof w);
  return __builtin_bswap64(w);
}

/* Decimals of at most eight bytes whose scale stays: each is the beginning of a word, but for the last
** ones, behind which there may be no more bytes. */
static mill_status fixed_to_word(conv *c, const void *src, size_t n, void *dst, mill_error *err) {
  const uint8_t *p = src;
  const uint32_t length = c->length, shift = 64 - 8 * length;
  const uint64_t most = (uint64_t)mill_pow10(c->precision) - 1;
  const size_t words = n * length < 8 ? 0 : (n * length - 8) / length + 1;
  int64_t *y = dst;
  uint64_t bad = 0;
  for (size_t i = 0; i < words; i++, p += length) {
    const int64_t v = (int64_t)big_word(p) >> shift;
    bad |= (uint64_t)v + most > 2 * most;
    y[i] = v;
  }
  for (size_t i = words; i < n; i++, p += length) MILL_TRY(put_decimal(c, p, length, dst, i, err));
  return bad ? too_many_digits(err) : MILL_OK;
}

/* The same of nine to sixteen bytes: two words that overlap. */
static mill_status fixed_to_wide(conv *c, const void *src, size_t n, void *dst, mill_error *err) {
  const uint8_t *p = src;
  const uint32_t length = c->length, shift = 128 - 8 * length;
  const mill_i128 most = mill_pow10(c->precision) - 1;
  mill_i128 *y = dst;
  bool bad = false;
  for (size_t i = 0; i < n; i++, p += length) {
    const int64_t high = (int64_t)big_word(p) >> shift;
    const mill_i128 v = (mill_i128)((mill_u128)high << 64 | big_word(p + length - 8));
    bad |= v > most || v < -most;
    y[i] = v;
  }
  return bad ? too_many_digits(err) : MILL_OK;
}

static mill_status bytes_to_decimal(conv *c, const void *src, size_t n, void *dst,
                                    mill_error *err) {
  const mill_str *s = src;
  for (size_t i = 0; i < n; i++)
    MILL_TRY(put_decimal(c, (const uint8_t *)mill_str_data(&s[i]), s[i].size, dst, i, err));
  return MILL_OK;
}

static mill_status fixed_to_bytes(conv *c, const void *src, size_t n, void *dst, mill_error *err) {
  mill_str *y = dst;
  const char *p = src;
  (void)err;
  for (size_t i = 0; i < n; i++, p += c->length) y[i] = mill_str_view(p, c->length);
  return MILL_OK;
}

/* ---- pairs ---------------------------------------------------------------------------------- */

/* A decimal with this annotation as DECIMAL(t): the scale may grow, and the digits before the point
** must not become fewer. Integers need room for all their digits; those without a sign are none. */
static bool decimal_fits(const parquet_field *f, parquet_meaning m, const mill_type *t,
                         parquet_conversion *c) {
  int scale = t->scale;
  if (m.kind == L(DECIMAL)) {
    int more = t->scale - m.scale;
    if (more < 0 || t->precision - m.precision < more) return false;
    scale = more;
  } else if (m.kind == 0 || (m.kind == L(INTEGER) && m.is_signed)) {
    int digits = f->element->type == PARQUET_INT32 ? 10 : 20;
    bool whole = f->element->type == PARQUET_INT32 || f->element->type == PARQUET_INT64;
    if (!whole || t->precision - t->scale < digits) return false;
  } else {
    return false;
  }
  c->factor = mill_pow10(scale);
  c->precision = t->precision;
  return true;
}

static bool from_int32(const parquet_field *f, parquet_meaning m, const mill_type *t,
                       parquet_conversion *c) {
  switch (t->id) {
  case MILL_INT:
  case MILL_INTERVAL_YM: return true;
  case MILL_TINYINT: c->run = i32_to_i8; return true;
  case MILL_SMALLINT: c->run = i32_to_i16; return true;
  case MILL_BIGINT:
    c->run = m.kind == L(INTEGER) && m.width == 32 && !m.is_signed ? u32_to_i64 : i32_to_i64;
    return true;
  case MILL_DOUBLE: c->run = i32_to_f64; return true;
  case MILL_DATE:
    if (c->rebase != PARQUET_CORRECTED) c->run = days_rebased;
    return true;
  case MILL_TIMESTAMP_NTZ: c->run = days_to_micros; return m.kind == L(DATE);
  case MILL_DECIMAL:
    if (!decimal_fits(f, m, t, c)) return false;
    c->run = t->width == 16 ? i32_scaled_wide : c->factor == 1 ? i32_to_i64 : i32_scaled;
    return true;
  default: return false;
  }
}

static bool from_int64(const parquet_field *f, parquet_meaning m, const mill_type *t,
                       parquet_conversion *c) {
  bool timestamp = m.kind == L(TIMESTAMP), millis = m.unit == PARQUET_UNIT_MILLIS;
  switch (t->id) {
  case MILL_BIGINT:
  case MILL_INTERVAL_DT: return true;
  case MILL_TIMESTAMP:
  case MILL_TIMESTAMP_NTZ:
    if (!timestamp || m.unit == PARQUET_UNIT_NANOS) return false;
    c->factor = millis ? 1000 : 1;
    if (t->id == MILL_TIMESTAMP && c->rebase != PARQUET_CORRECTED)
      c->run = times_rebased;
    else if (millis)
      c->run = times;
    return true;
  case MILL_TIME:
    if (m.kind != L(TIME) || millis) return false;
    c->factor = 1000;
    if (m.unit == PARQUET_UNIT_MICROS) c->run = times;
    return true;
  case MILL_DECIMAL:
    if (m.kind == L(INTEGER) && m.width == 64 && !m.is_signed) {
      c->run = u64_wide;
      return t->precision == 20 && t->scale == 0;
    }
    if (!decimal_fits(f, m, t, c)) return false;
    if (t->width == 16)
      c->run = i64_scaled_wide;
    else if (c->factor != 1)
      c->run = i64_scaled;
    return true;
  default: return false;
  }
}

static bool from_bytes(const parquet_field *f, parquet_meaning m, const mill_type *t,
                       parquet_conversion *c) {
  bool fixed = f->element->type == PARQUET_FIXED;
  if (t->id == MILL_DECIMAL) {
    bool fits = decimal_fits(f, m, t, c);
    c->run = !fixed                                                              ? bytes_to_decimal
             : c->factor == 1 && c->to == 8 && c->length - 1 < 8                 ? fixed_to_word
             : c->factor == 1 && c->to == 16 && c->length > 8 && c->length <= 16 ? fixed_to_wide
                                                                                 : fixed_to_decimal;
    return fits;
  }
  if (fixed) {
    c->run = fixed_to_bytes;
    return t->id == MILL_BINARY;
  }
  return t->id == MILL_BINARY || t->id == MILL_STRING;
}

uint32_t mill_parquet_width(const parquet_field *leaf) {
  static const uint8_t widths[] = {0, 4, 8, 12, 4, 8, 0};
  int32_t type = leaf->element->type;
  return type == PARQUET_FIXED ? (uint32_t)leaf->element->type_length : widths[type];
}

bool mill_parquet_conversion(const parquet_field *leaf, const mill_type *type,
                             const parquet_calendar *calendar, parquet_conversion *out) {
  parquet_meaning m = mill_parquet_meaning(leaf);
  int32_t physical = leaf->element->type;
  *out = (parquet_conversion){.from = mill_parquet_width(leaf),
                              .to = type->width,
                              .length = (uint32_t)leaf->element->type_length,
                              .factor = 1,
                              .rebase = calendar->datetime,
                              .zone = calendar->zone};
  if (physical == PARQUET_BYTE_ARRAY) out->from = sizeof(mill_str);
  if (physical == PARQUET_BOOLEAN) out->from = 1;
  switch (physical) {
  case PARQUET_BOOLEAN: return type->id == MILL_BOOLEAN;
  case PARQUET_INT32: return from_int32(leaf, m, type, out);
  case PARQUET_INT64: return from_int64(leaf, m, type, out);
  case PARQUET_FLOAT:
    if (type->id == MILL_DOUBLE) out->run = f32_to_f64;
    return type->id == MILL_FLOAT || type->id == MILL_DOUBLE;
  case PARQUET_DOUBLE: return type->id == MILL_DOUBLE;
  case PARQUET_INT96:
    out->run = int96_to_micros;
    out->rebase = type->id == MILL_TIMESTAMP ? calendar->int96 : PARQUET_CORRECTED;
    return type->id == MILL_TIMESTAMP || type->id == MILL_TIMESTAMP_NTZ;
  default: return from_bytes(leaf, m, type, out);
  }
}
