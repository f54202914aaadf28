/* K1: what a row of the engine's kernels is measured against: plain loops over the same arrays, and
** libraries called directly.
**
** A kernel reads columns of `table` and writes one result a row into `result`, whose buffers are
** there before the clock runs. What it wrote is summed by its kind and compared with the engine's
** answer. */
#ifndef TIDEMILL_BENCH_K1_KERNEL_H
#define TIDEMILL_BENCH_K1_KERNEL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Row r of a column of texts is bytes[end[r - 1] .. end[r]); end[-1] is 0. So are lists. */
typedef struct text_column {
  const char *bytes;
  const int64_t *end;
} text_column;

typedef struct list_column {
  const int64_t *values;
  const int64_t *end;
} list_column;

/* Row r of a column of lists of floats. */
typedef struct float_lists {
  const float *values;
  const int64_t *end;
} float_lists;

/* Row r of a column of maps has the entries end[r - 1] .. end[r). */
typedef struct map_column {
  const int64_t *keys, *values, *end;
} map_column;

typedef struct table {
  size_t rows;
  const int64_t *i, *j, *m, *ts;
  const int32_t *n, *d;
  const double *x, *y;
  float_lists e, f;
  text_column s, t, u, h, num, day, at, js, xm, cs, b;
  text_column v;        /* variants, made of js before the clock runs */
  const int64_t *value; /* where each of them begins, behind its dictionary */
  list_column a, c;
  map_column mp; /* 1: i, 2: j, 3: i + j, 4: i - j */
} table;

enum { LONGEST = 256, LIST_ROOM = 32 }; /* what a row may write: bytes of a text, items of lists */

typedef enum kind { NOTHING, INT64, INT32, REAL, FLAG, TEXT } kind;

/* count: rows of the result, one of each row of the table unless a kernel says otherwise. */
typedef struct result {
  int64_t *values, *more; /* `more`: a second column, or the values of lists */
  int32_t *narrow;
  double *reals;
  uint8_t *flags;
  char *bytes;
  int64_t *end;
  size_t count;
} result;

typedef void kernel(const table *t, result *r);

typedef struct kernel_case {
  const char *name;
  kernel *run;
  kind kind;
} kernel_case;

extern const kernel_case number_cases[], time_cases[], text_cases[], pattern_cases[], parse_cases[],
    variant_cases[], nested_cases[], aggregate_cases[];

kernel k_parse_json;

/* out[k] = value for every row k of t. */
#define EACH(name, out, value)                                                                     \
  static void name(const table *t, result *r) {                                                    \
    for (size_t k = 0; k < t->rows; k++) r->out[k] = (value);                                      \
  }

/* Every row k with its text of a column, from p to e; what has been written stands before w. */
#define EACH_TEXT(name, column, body)                                                              \
  static void name(const table *t, result *r) {                                                    \
    char *w = r->bytes;                                                                            \
    int64_t from = 0;                                                                              \
    for (size_t k = 0; k < t->rows; from = t->column.end[k++]) {                                   \
      const char *p = t->column.bytes + from, *e = t->column.bytes + t->column.end[k];             \
      body r->end[k] = w - r->bytes;                                                               \
    }                                                                                              \
  }

/* Every row k with its list of a column, from p to e. */
#define EACH_LIST(name, column, body)                                                              \
  static void name(const table *t, result *r) {                                                    \
    int64_t from = 0, *w = r->more;                                                                \
    for (size_t k = 0; k < t->rows; from = t->column.end[k++]) {                                   \
      const int64_t *p = t->column.values + from, *e = t->column.values + t->column.end[k];        \
      body r->end[k] = w - r->more;                                                                \
    }                                                                                              \
  }

static inline int64_t text_from(const text_column *c, size_t k) {
  return k > 0 ? c->end[k - 1] : 0;
}
static inline int64_t list_from(const list_column *c, size_t k) {
  return k > 0 ? c->end[k - 1] : 0;
}
static inline int64_t from_of(const int64_t *end, size_t k) { return k > 0 ? end[k - 1] : 0; }

static inline char *put(char *w, const char *p, size_t n) {
  memcpy(w, p, n);
  return w + n;
}

static inline uint64_t mix(uint64_t x) {
  x = (x ^ x >> 33) * 0xff51afd7ed558ccdULL;
  x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53ULL;
  return x ^ x >> 33;
}

/* The decimal digits of a number; where they end. */
static inline char *put_int(char *w, int64_t v) {
  char digits[20];
  int n = 0;
  uint64_t u = v < 0 ? -(uint64_t)v : (uint64_t)v;
  do digits[n++] = (char)('0' + u % 10);
  while ((u /= 10) > 0);
  if (v < 0) *w++ = '-';
  while (n > 0) *w++ = digits[--n];
  return w;
}

static inline int64_t get_int(const char *p, const char *e) {
  int64_t v = 0;
  int minus = p < e && *p == '-';
  for (p += minus; p < e && *p >= '0' && *p <= '9'; p++) v = v * 10 + (*p - '0');
  return minus ? -v : v;
}

/* Days since 1970-01-01 of a date, and back (Howard Hinnant, chrono-compatible date algorithms). */
static inline int32_t days_of(int32_t y, int32_t m, int32_t d) {
  y -= m <= 2;
  int32_t era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
  int32_t of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

typedef struct civil {
  int32_t y, m, d;
} civil;

static inline civil civil_of(int32_t days) {
  days += 719468;
  int32_t era = (days >= 0 ? days : days - 146096) / 146097, of_era = days - era * 146097;
  int32_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  int32_t of_year = of_era - (365 * y + y / 4 - y / 100), mp = (5 * of_year + 2) / 153;
  int32_t m = mp < 10 ? mp + 3 : mp - 9;
  return (civil){y + era * 400 + (m <= 2), m, of_year - (153 * mp + 2) / 5 + 1};
}

#endif
