/* The types that texts of CSV suggest: INT, BIGINT, DECIMAL, DOUBLE, DATE, TIME, TIMESTAMP, BOOLEAN, STRING, the
** first that holds the text. */
#include "kernel/csv_text.h"

bool mill_csv_fits(const csv_plan *p, mill_type_id id, const char *s, size_t n) {
  mill_i128 v = 0;
  return mill_value_guess(&p->rules, mill_type_of(id), s, n, &v);
}

/* Whole numbers that are no BIGINT: a decimal of as many digits. The separators of groups count in other languages
** than English alone. */
static bool whole_decimal(const csv_plan *p, const char *s, size_t n, int *digits) {
  char plain[MILL_VALUE_DECIMAL];
  if (p->rules.numbers) {
    n = mill_value_plain_decimal(&p->rules, s, n, plain);
    s = plain;
  }
  n -= n && s[n - 1] == '.';
  size_t at = n && (*s == '-' || *s == '+');
  while (at + 1 < n && s[at] == '0') at++;
  for (size_t i = at; i < n; i++)
    if (s[i] < '0' || s[i] > '9') return false;
  *digits = (int)(n - at);
  return n > at && n - at <= MILL_DECIMAL_MAX;
}

const mill_type *mill_csv_guess(const csv_plan *p, mill_types *types, const char *s, size_t n) {
  int digits = 0;
  if (mill_csv_fits(p, MILL_INT, s, n)) return mill_type_of(MILL_INT);
  if (mill_csv_fits(p, MILL_BIGINT, s, n)) return mill_type_of(MILL_BIGINT);
  if (whole_decimal(p, s, n, &digits)) return mill_type_decimal(types, digits, 0);
  if (mill_csv_fits(p, MILL_DOUBLE, s, n)) return mill_type_of(MILL_DOUBLE);
  bool full = p->rules.date_pattern || n == 10; /* yyyy-MM-dd, nothing shorter */
  if (p->prefer_date && full && mill_csv_fits(p, MILL_DATE, s, n)) return mill_type_of(MILL_DATE);
  if (p->times && mill_csv_fits(p, MILL_TIME, s, n)) return mill_type_of(MILL_TIME);
  if (n >= 6 && p->ntz && mill_csv_fits(p, MILL_TIMESTAMP_NTZ, s, n))
    return mill_type_of(MILL_TIMESTAMP_NTZ);
  if (n >= 6 && mill_csv_fits(p, MILL_TIMESTAMP, s, n)) return mill_type_of(MILL_TIMESTAMP);
  if (mill_csv_fits(p, MILL_BOOLEAN, s, n)) return mill_type_of(MILL_BOOLEAN);
  return mill_type_of(MILL_STRING);
}
