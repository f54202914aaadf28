/* Cells of CSV as values: one loop a type, with a quick way for the texts that nearly all values have
** (kernel/quick.h) and the general one, Spark's rules, behind it (kernel/value_parse.h). */
#include "base/utf8.h"
#include "io/csv_int.h"
#include "kernel/quick.h"

static mill_status repaired(mill_arena *scratch, const char *p, size_t n, mill_str *out,
                            mill_error *err) {
  mill_text t;
  mill_text_init(&t, scratch->memory);
  mill_status s = mill_utf8_repair(p, n, &t, err);
  char *own = s == MILL_OK ? mill_arena_strndup(scratch, t.data ? t.data : "", t.size) : NULL;
  if (s == MILL_OK && !own) s = mill_oom(scratch->memory, t.size, err);
  if (own) *out = mill_str_view(own, t.size);
  mill_text_clear(&t);
  return s;
}

static inline void null_at(mill_vector *v, uint32_t i) { v->valid[i >> 6] &= ~(1ull << (i & 63)); }

/* Texts; `check`: some of them may be broken UTF-8. BINARY is the bytes as they are. */
static mill_status text_column(csv_cells *d, const csv_cell *cell, mill_vector *v, uint32_t n,
                               bool check, mill_arena *scratch, uint32_t *nulls, mill_error *err) {
  mill_str *out = v->data;
  for (uint32_t i = 0; i < n; i++) {
    if (cell[i].size == CSV_NULL) {
      null_at(v, i);
      ++*nulls;
      continue;
    }
    const char *p = csv_cell_text(d, cell[i]);
    if (check && !mill_utf8_valid(p, cell[i].size))
      MILL_TRY(repaired(scratch, p, cell[i].size, &out[i], err));
    else
      out[i] = mill_str_view_padded(p, cell[i].size);
  }
  return MILL_OK;
}

/* What is no plain text of its type, or null. */
static __attribute__((noinline)) bool other(csv_cells *d, const csv_cell *cell, mill_vector *v,
                                            uint32_t i, void *out) {
  bool null = cell[i].size == CSV_NULL;
  if (!null &&
      mill_value_parse(&d->plan->rules, v->type, csv_cell_text(d, cell[i]), cell[i].size, out))
    return true;
  null_at(v, i);
  d->bad[i] |= !null;
  return false;
}

/* The loop of one type: QUICK takes the text [p, p + k) into out[i] or is false. */
#define COLUMN(NAME, CTYPE, READY, QUICK)                                                          \
  static uint32_t NAME(csv_cells *d, const csv_cell *cell, mill_vector *v, uint32_t n) {           \
    CTYPE *out = v->data;                                                                          \
    uint32_t nulls = 0;                                                                            \
    READY;                                                                                         \
    for (uint32_t i = 0; i < n; i++) {                                                             \
      const char *p = csv_cell_text(d, cell[i]);                                                   \
      size_t k = cell[i].size;                                                                     \
      if (p && k != CSV_NULL && (QUICK)) continue;                                                 \
      nulls += !other(d, cell, v, i, &out[i]);                                                     \
    }                                                                                              \
    return nulls;                                                                                  \
  }

static inline bool is_word(const char *p, const char *word, size_t n) {
  return memcmp(p, word, n) == 0;
}

static inline bool quick_bool(const char *p, size_t n, uint8_t *out) {
  *out = n == 4;
  return (n == 4 && is_word(p, "true", 4)) || (n == 5 && is_word(p, "false", 5));
}

static inline bool quick_i32(const char *p, size_t n, int32_t *out) {
  int64_t x;
  if (n > 11 || !quick_integer(p, n, &x) || x != (int32_t)x) return false;
  *out = (int32_t)x;
  return true;
}

/* An unscaled decimal of 64 bits with at most `most` as its magnitude. */
static inline bool quick_unscaled(const char *p, size_t n, unsigned scale, int64_t most,
                                  int64_t *out) {
  return quick_decimal(p, n, scale, out) && *out <= most && *out >= -most;
}

static inline bool quick_instant(const mill_zone *zone, bool utc, const char *p, size_t n,
                                 int64_t *out) {
  return quick_timestamp(p, n, out) && (utc || mill_zone_to_utc(zone, *out, out));
}

static int64_t largest(int precision) {
  int64_t v = 1;
  for (int i = 0; i < precision; i++) v *= 10;
  return v - 1;
}

COLUMN(column_bool, uint8_t, , quick_bool(p, k, &out[i]))
COLUMN(column_i8, int8_t, , false)
COLUMN(column_i16, int16_t, , false)
COLUMN(column_i32, int32_t, , quick_i32(p, k, &out[i]))
COLUMN(column_i64, int64_t, , quick_integer(p, k, &out[i]))
COLUMN(column_f32, float, , false)
COLUMN(column_f64, double, , quick_double(p, k, &out[i]))
COLUMN(column_i128, mill_i128, , false)
COLUMN(column_date, int32_t, , k == 10 && quick_date(p, &out[i]))
COLUMN(column_decimal, int64_t, unsigned scale = v->type->scale;
       int64_t most = largest(v->type->precision), quick_unscaled(p, k, scale, most, &out[i]))
COLUMN(column_instant, int64_t, const mill_zone *zone = d->plan->rules.timestamp.zone;
       bool utc = mill_zone_is_utc(zone), quick_instant(zone, utc, p, k, &out[i]))
COLUMN(column_local, int64_t, , quick_timestamp(p, k, &out[i]))
COLUMN(column_any32, int32_t, , false)
COLUMN(column_any64, int64_t, , false)

typedef uint32_t (*column_loop)(csv_cells *d, const csv_cell *cell, mill_vector *v, uint32_t n);

static column_loop loop_of(const mill_value_rules *r, const mill_type *t) {
  switch (t->id) {
  case MILL_DATE: return r->date_pattern ? column_any32 : column_date;
  case MILL_TIMESTAMP: return r->timestamp_pattern ? column_any64 : column_instant;
  case MILL_TIMESTAMP_NTZ: return r->ntz_pattern ? column_any64 : column_local;
  case MILL_INT: return column_i32;
  case MILL_BIGINT: return column_i64;
  case MILL_DECIMAL: return t->phys == MILL_PHYS_I64 ? column_decimal : column_i128;
  default: break;
  }
  switch (t->phys) {
  case MILL_PHYS_BOOL: return column_bool;
  case MILL_PHYS_I8: return column_i8;
  case MILL_PHYS_I16: return column_i16;
  case MILL_PHYS_I32: return column_any32;
  case MILL_PHYS_I64: return column_any64;
  case MILL_PHYS_F32: return column_f32;
  case MILL_PHYS_F64: return column_f64;
  default: return column_i128;
  }
}

mill_status mill_csv_convert(csv_cells *d, const csv_cell *cell, mill_vector *v, uint32_t n,
                             bool check, mill_arena *scratch, mill_error *err) {
  uint32_t nulls = 0;
  memset(v->valid, 0xff, MILL_BATCH / 8);
  if (v->type->phys == MILL_PHYS_STR)
    MILL_TRY(text_column(d, cell, v, n, check && v->type->id == MILL_STRING, scratch, &nulls, err));
  else
    nulls = loop_of(&d->plan->rules, v->type)(d, cell, v, n);
  if (nulls == 0) v->valid = NULL;
  return MILL_OK;
}
