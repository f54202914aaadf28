/* Texts of files as typed values. Private to csrc/io. */
#ifndef MILL_IO_CONVERT_INT_H
#define MILL_IO_CONVERT_INT_H

#include "base/pattern.h"
#include "column/vector.h"
#include "io/format_int.h"

typedef struct io_rules {
  mill_timestamp_rules timestamp, ntz;
  /* dateFormat, timestampFormat, timestampNTZFormat; NULL: the texts of casts */
  const mill_pattern *date_pattern, *timestamp_pattern, *ntz_pattern;
  bool fallback; /* what is none of the pattern may be a cast's text */
  const char *nan, *positive_inf, *negative_inf; /* NULL: NaN, Inf, -Inf */
} io_rules;

mill_status mill_io_rules_init(io_rules *r, const io_job *job, mill_error *err) MILL_USE_RESULT;
/* The same with the formats of the reader's options. */
mill_status mill_io_rules_formats(io_rules *r, io_job *job, mill_error *err) MILL_USE_RESULT;
/* The value of type `t` (flat, not STRING) that s[0, n) says, written to *out; false: none. */
bool mill_io_value(const io_rules *r, const mill_type *t, const char *s, size_t n, void *out);

/* Plain integers and dates without calls, for the column loops; false: take the general way. */
static inline bool io_digits(const char *s, size_t n, int64_t *out) {
  size_t i = n && (s[0] == '-' || s[0] == '+');
  int64_t v = 0;
  if (n - i - 1 >= 18) return false; /* none, or too many for 64 bits without a check */
  for (; i < n; i++) {
    unsigned d = (unsigned char)s[i] - '0';
    if (d > 9) return false;
    v = v * 10 + d;
  }
  *out = s[0] == '-' ? -v : v;
  return true;
}

/* Types without a child that a text can say. */
static inline bool io_flat(const mill_type *t) {
  return t->phys != MILL_PHYS_LIST && t->phys != MILL_PHYS_STRUCT && t->phys != MILL_PHYS_NONE &&
         t->id != MILL_INTERVAL && t->id != MILL_INTERVAL_YM && t->id != MILL_INTERVAL_DT;
}

#endif
