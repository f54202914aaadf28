/* Cells of CSV as values: one loop a type, with a quick way for the texts that nearly all values have
** (kernel/quick.h) and the general one, Spark's rules, behind it (kernel/value_parse.h).
**
** Whole numbers and decimals of up to eight digits, and dates, are worked out a lot at a time: their bytes go into words, in
** a loop without branches, which another one turns into numbers, several a step where the processor has vectors.
** What is no such text shows in its word, and is looked at again alone. */
#include "base/hot.h"
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

/* A text of the side text, which moves when it grows. */
static mill_status own(mill_arena *scratch, const char *p, size_t n, mill_str *out,
                       mill_error *err) {
  char *copy = n > MILL_STR_INLINE ? mill_arena_strndup(scratch, p, n) : NULL;
  if (n > MILL_STR_INLINE && !copy) return mill_oom(scratch->memory, n, err);
  *out = mill_str_view(copy ? copy : p, n);
  return MILL_OK;
}

mill_status mill_csv_string(const csv_cells *d, csv_cell c, bool check, mill_arena *scratch,
                            mill_str *out, mill_error *err) {
  const char *p = csv_cell_text(d, c);
  if (check && !mill_utf8_valid(p, c.size)) return repaired(scratch, p, c.size, out, err);
  if (c.at & CSV_SIDE) return own(scratch, p, c.size, out, err);
  *out = mill_str_view_padded(p, c.size);
  return MILL_OK;
}

/* Texts; `check`: some of them may be broken UTF-8. BINARY is the bytes as they are. */
static mill_status text_column(csv_cells *d, const csv_cell *cell, mill_vector *v, uint32_t n,
                               bool check, mill_arena *scratch, uint32_t *nulls, mill_error *err) {
  mill_str *out = (mill_str *)v->data + d->from;
  for (uint32_t i = 0; i < n; i++) {
    if (cell[i].size == CSV_NULL) {
      mill_vector_clear_bit(v, d->from + i);
      ++*nulls;
    } else if (check || cell[i].at & CSV_SIDE) {
      MILL_TRY(mill_csv_string(d, cell[i], check, scratch, &out[i], err));
    } else {
      out[i] = mill_str_view_padded(d->base + cell[i].at, cell[i].size);
    }
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
  mill_vector_clear_bit(v, d->from + i);
  d->bad[d->from + i] |= !null;
  return false;
}

/* The loop of one type: QUICK takes the text [p, p + k) into out[i] or is false. */
#define COLUMN(NAME, CTYPE, READY, QUICK)                                                          \
  static uint32_t NAME(csv_cells *d, const csv_cell *cell, mill_vector *v, uint32_t n) {           \
    CTYPE *out = (CTYPE *)v->data + d->from;                                                       \
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

/* ---- lots ----------------------------------------------------------------------------------- */

enum { LOT = 64 };
#define ZEROS 0x3030303030303030ull
#define NO_DIGITS (~0ull)

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
/* The k digits at p as a word: the last one is the highest byte, zeros are before the first. */
static inline uint64_t digits_of(const char *p, uint32_t k) {
  uint64_t x = (quick_load(p) ^ ZEROS) << ((64 - 8 * k) & 63);
  return k - 1 < 8 ? x : NO_DIGITS;
}

/* The same of k - 1 digits with a point before the last `scale`. */
static inline uint64_t digits_around_point(const char *p, uint32_t k, unsigned scale) {
  uint32_t before = k - scale - 1, shift = 8 * (before & 7);
  uint64_t x = quick_load(p) ^ ZEROS, y = quick_load(p + 1) ^ ZEROS, low = (1ull << shift) - 1;
  bool point = k <= 9 && before - 1 < 7 && (x >> shift & 0xff) == ('.' ^ '0');
  x = ((x & low) | (y & ~low)) << ((64 - 8 * (k - 1)) & 63);
  return point ? x : NO_DIGITS;
}
#else
static inline uint64_t digits_of(const char *p, uint32_t k) { return NO_DIGITS; }
static inline uint64_t digits_around_point(const char *p, uint32_t k, unsigned scale) {
  return NO_DIGITS;
}
#endif

static inline uint64_t other_bytes(uint64_t digits) {
  return (digits | (digits + 0x7676767676767676ull)) & 0x8080808080808080ull;
}

/* The numbers that the words say; true: they all do. Pairs, fours, then eight digits at once; times ten and
** hundred are shifts, which vectors of such words have. */
MILL_HOT static bool numbers_of(const uint64_t word[LOT], uint64_t number[LOT]) {
  uint64_t other = 0;
  for (int i = 0; i < LOT; i++) {
    uint64_t x = word[i];
    other |= other_bytes(x);
    x = ((x << 3) + (x << 1) + (x >> 8)) & 0x00ff00ff00ff00ffull;
    x = ((x << 6) + (x << 5) + (x << 2) + (x >> 16)) & 0x0000ffff0000ffffull;
    number[i] = (uint64_t)(uint32_t)x * 10000 + (x >> 32);
  }
  return other == 0;
}

/* The loop of one type: WORD takes the text [p, p + k) into a word, VALUE a number x into a value, QUICK as above
** what is no word of digits. Where the first of a lot is too long for that, the others will be. */
#define LOTS(NAME, CTYPE, READY, WORD, VALUE, QUICK)                                               \
  static uint32_t NAME(csv_cells *d, const csv_cell *cell, mill_vector *v, uint32_t n) {           \
    CTYPE *out = (CTYPE *)v->data + d->from;                                                       \
    uint64_t word[LOT], number[LOT];                                                               \
    uint32_t nulls = 0;                                                                            \
    for (uint32_t from = 0; from < n; from += LOT) {                                               \
      uint32_t to = n - from < LOT ? n : from + LOT;                                               \
      bool lot = cell[from].size <= 9;                                                             \
      uint32_t stop = lot ? to : from;                                                             \
      memset(word, lot ? 0 : 0xff, sizeof word);                                                   \
      READY;                                                                                       \
      for (uint32_t i = from; i < stop; i++) {                                                     \
        const char *p = csv_cell_text(d, cell[i]);                                                 \
        uint32_t k = cell[i].size;                                                                 \
        word[i - from] = (WORD);                                                                   \
      }                                                                                            \
      bool all = lot && numbers_of(word, number);                                                  \
      for (uint32_t i = from; i < stop; i++) {                                                     \
        uint64_t x = number[i - from];                                                             \
        out[i] = (VALUE);                                                                          \
      }                                                                                            \
      for (uint32_t i = from; i < to && !all; i++) {                                               \
        const char *p = csv_cell_text(d, cell[i]);                                                 \
        size_t k = cell[i].size;                                                                   \
        if (!other_bytes(word[i - from]) || (k != CSV_NULL && (QUICK))) continue;                  \
        nulls += !other(d, cell, v, i, &out[i]);                                                   \
      }                                                                                            \
    }                                                                                              \
    return nulls;                                                                                  \
  }

/* The two words of a date: of its first and its last eight bytes, less the characters of yyyy-MM-dd. */
typedef struct date_words {
  uint64_t head[LOT], tail[LOT];
} date_words;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
static inline void date_words_of(date_words *w, uint32_t i, const char *p, uint32_t k) {
  w->head[i] = k == 10 ? quick_load(p) ^ quick_load("0000-00-") : NO_DIGITS;
  w->tail[i] = quick_load(p + 2) ^ quick_load("00-00-00");
}
#else
static inline void date_words_of(date_words *w, uint32_t i, const char *p, uint32_t k) {
  w->head[i] = w->tail[i] = NO_DIGITS;
}
#endif

/* A byte each: the day, the month, the year's last and its first two digits; 0 of what is no date's layout. */
MILL_HOT static void date_parts_of(const date_words *w, uint32_t parts[LOT]) {
  const uint64_t head_room = 0x7f76767f76767676ull, tail_room = 0x76767f76767f7676ull;
  for (int i = 0; i < LOT; i++) {
    uint64_t x = w->head[i], y = w->tail[i];
    uint64_t other = (x | (x + head_room) | y | (y + tail_room)) & 0x8080808080808080ull;
    x = (x << 3) + (x << 1) + (x >> 8); /* pairs of neighbours */
    y = (y << 3) + (y << 1) + (y >> 8);
    uint64_t all = (x & 0xff) << 24 | (x & 0xff0000) | (x >> 32 & 0xff00) | (y >> 48 & 0xff);
    parts[i] = other ? 0 : (uint32_t)all;
  }
}

/* The days that the parts say, and which of them are no dates; true: they all are. Years begin with March here, so
** that the days before a month are a line through its number. */
MILL_HOT static bool days_of(const uint32_t parts[LOT], int32_t *days, uint32_t wrong[LOT]) {
  uint32_t any = 0;
  for (int i = 0; i < LOT; i++) {
    int32_t day = parts[i] & 0xff, month = parts[i] >> 8 & 0xff, two = parts[i] >> 16 & 0xff,
            century = (int32_t)(parts[i] >> 24), year = century * 100 + two;
    int32_t leap = ((two ? two : century) & 3) == 0, early = month <= 2;
    int32_t length = month == 2 ? 28 + leap : 30 + ((month ^ month >> 3) & 1);
    int32_t y = year - early, m = month - 3 + 12 * early, c = y * 5243 >> 19; /* y / 100 */
    days[i] = 365 * y + (y >> 2) - c + (c >> 2) + ((979 * m + 15) >> 5) + day - 719469;
    wrong[i] = (uint32_t)((month < 1) | (month > 12) | (day < 1) | (day > length) | (year < 1));
    any |= wrong[i];
  }
  return any == 0;
}

static uint32_t column_date(csv_cells *d, const csv_cell *cell, mill_vector *v, uint32_t n) {
  int32_t *out = (int32_t *)v->data + d->from, days[LOT];
  uint32_t parts[LOT], wrong[LOT], nulls = 0;
  date_words words;
  memset(&words, 0, sizeof words);
  for (uint32_t from = 0; from < n; from += LOT) {
    uint32_t lot = n - from < LOT ? n - from : LOT;
    for (uint32_t i = 0; i < lot; i++)
      date_words_of(&words, i, csv_cell_text(d, cell[from + i]), cell[from + i].size);
    date_parts_of(&words, parts);
    bool all = days_of(parts, days, wrong);
    memcpy(out + from, days, lot * sizeof *days);
    for (uint32_t i = from; i < from + lot && !all; i++)
      if (wrong[i - from]) nulls += !other(d, cell, v, i, &out[i]);
  }
  return nulls;
}

/* Has the cell a point where a decimal of that scale has it? The others of the lot will, too. */
static bool has_point(const csv_cells *d, csv_cell c, unsigned scale) {
  return c.size != CSV_NULL && c.size > scale && csv_cell_text(d, c)[c.size - scale - 1] == '.';
}

/* ---- types ---------------------------------------------------------------------------------- */

COLUMN(column_bool, uint8_t, , quick_bool(p, k, &out[i]))
COLUMN(column_i8, int8_t, , false)
COLUMN(column_i16, int16_t, , false)
LOTS(column_i32, int32_t, , digits_of(p, k), (int32_t)x, quick_i32(p, k, &out[i]))
LOTS(column_i64, int64_t, , digits_of(p, k), (int64_t)x, quick_integer(p, k, &out[i]))
COLUMN(column_f32, float, , false)
COLUMN(column_f64, double, , quick_double(p, k, &out[i]))
COLUMN(column_i128, mill_i128, , false)
COLUMN(column_narrow, int64_t, unsigned scale = v->type->scale;
       int64_t most = largest(v->type->precision), quick_unscaled(p, k, scale, most, &out[i]))
/* Eight digits fit, whatever stands behind the point. */
LOTS(column_decimal, int64_t, unsigned scale = v->type->scale;
     int64_t most = largest(v->type->precision); bool point = has_point(d, cell[from], scale);
     int64_t times = point ? 1 : largest((int)scale) + 1,
     point ? digits_around_point(p, k, scale) : digits_of(p, k), (int64_t)x *times,
     quick_unscaled(p, k, scale, most, &out[i]))
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
  case MILL_DECIMAL:
    if (t->phys != MILL_PHYS_I64) return column_i128;
    if (r->numbers) return column_any64;
    return t->scale && t->precision >= 8 + t->scale ? column_decimal : column_narrow;
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
                             bool check, mill_arena *scratch, uint32_t *nulls, mill_error *err) {
  if (v->type->phys == MILL_PHYS_STR)
    return text_column(d, cell, v, n, check && v->type->id == MILL_STRING, scratch, nulls, err);
  *nulls += loop_of(&d->plan->rules, v->type)(d, cell, v, n);
  return MILL_OK;
}
