/* Texts of files and of JSON as typed values, by the rules of Spark's CSV and JSON readers: Java's
** parsers for numbers, the casts' for dates and times. */
#ifndef MILL_KERNEL_VALUE_PARSE_H
#define MILL_KERNEL_VALUE_PARSE_H

#include "base/locale_number.h"
#include "base/pattern.h"
#include "column/context.h"
#include "column/option.h"
#include "column/vector.h"

typedef struct mill_value_rules {
  mill_timestamp_rules timestamp, ntz;
  /* dateFormat, timestampFormat, timestampNTZFormat, timeFormat; NULL: the texts of casts */
  const mill_pattern *date_pattern, *timestamp_pattern, *ntz_pattern, *time_pattern;
  /* What the policy of Spark 2 reads dates and timestamps by; NULL: it does not count */
  const mill_pattern *old_date, *old_timestamp;
  mill_time_policy policy;
  bool fallback; /* what is none of the pattern may be a cast's text */
  bool no_days;  /* .. or may not, nor be `days` */
  bool days;     /* a whole number is a date too, the days since 1970-01-01 in Julian dates: JSON */
  const char *nan, *positive_inf, *negative_inf; /* NULL: NaN, Inf, -Inf */
  const mill_signs *numbers; /* how decimals are written; NULL: as in en-US, commas left out */
} mill_value_rules;

/* By a reader's options: timeZone, locale, nanValue, positiveInf and negativeInf, whose texts are those of `o`; `base`
** with the session's zone. */
mill_status mill_value_rules_init(mill_value_rules *r, mill_options o, mill_timestamp_rules base,
                                  mill_error *err) MILL_USE_RESULT;
/* And by r->policy, dateFormat, timestampFormat, timestampNTZFormat, timeFormat, locale, enableDateTimeParsingFallback; guessed: no
** schema is given. */
mill_status mill_value_rules_formats(mill_value_rules *r, mill_options o, bool guessed,
                                     mill_arena *a, mill_error *err) MILL_USE_RESULT;

/* The value of type `t` (flat, not STRING) that s[0, n) says, written to *out; false: none. */
bool mill_value_parse(const mill_value_rules *r, const mill_type *t, const char *s, size_t n,
                      void *out);

/* The same to find out a type: nobody asks mill_value_check then. */
bool mill_value_guess(const mill_value_rules *r, const mill_type *t, const char *s, size_t n,
                      void *out);
/* Who takes a text that mill_value_parse refused to be wrong asks first, in the same thread: memory may be short, or
** Spark 2 have made a value of a text since (policy EXCEPTION). */
mill_status mill_value_check(const mill_value_rules *r, mill_error *err) MILL_USE_RESULT;
/* The error of such a text; `config` and all. */
mill_status mill_value_differs(const char *s, size_t n, mill_error *err) MILL_USE_RESULT;

/* The text of a DECIMAL in plain digits, by the option locale; its length, 0: none. */
enum { MILL_VALUE_DECIMAL = 128 /* bytes of `out` */ };
size_t mill_value_plain_decimal(const mill_value_rules *r, const char *s, size_t n, char *out);
/* The DECIMAL of plain digits, as numbers of JSON are: no locale counts. */
bool mill_value_decimal(const mill_type *t, const char *s, size_t n, void *out);

/* Plain integers and dates without calls, for the column loops; false: take the general way. */
static inline bool mill_value_digits(const char *s, size_t n, int64_t *out) {
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

#endif
