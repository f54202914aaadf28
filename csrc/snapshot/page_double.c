/* Doubles as bytes; see page_int.h. Most columns of doubles hold short decimals (prices, rates): x /
** 10^e for whole numbers x below 2^51 is what the decimal's text would be read as, since the quotient
** of two exact doubles is rounded once. Values that are not so stand in a list of their own. After
** ALP (Afroozeh, Kuffo, Boncz, SIGMOD 2023), with a division in place of its two factors. */
#include <math.h>

#include "base/hot.h"
#include "snapshot/page_int.h"
#include "snapshot/snapshot_int.h"

enum { SAMPLE = 64, DIGITS = 16, RARE = 32 }; /* listed are less than one of RARE values */

static const double power[DIGITS] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                     1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

/* The whole number that gives exactly v, -0.0 told from 0.0; false: there is none. */
static inline bool whole_of(double v, double power_of_ten, int64_t *out) {
  double x = nearbyint(v * power_of_ten);
  if (!(x > -0x1p51 && x < 0x1p51)) return false;
  *out = (int64_t)x;
  double back = (double)*out / power_of_ten;
  return memcmp(&back, &v, sizeof v) == 0;
}

/* The least number of digits that nearly all of a sample take; DIGITS: they are no short decimals. */
static int find_digits(const double *v, size_t n) {
  size_t every = n / SAMPLE + 1;
  for (int e = 0; e < DIGITS; e++) {
    size_t tried = 0, fit = 0;
    int64_t x;
    for (size_t i = 0; i < n; i += every, tried++) fit += whole_of(v[i], power[e], &x);
    if (fit * 8 >= tried * 7) return e;
  }
  return DIGITS;
}

/* Whole numbers of all values, and places of those that have none; false: too many. */
static bool find_whole(const double *v, size_t n, int digits, int64_t *x, uint32_t *place,
                       size_t *listed) {
  int64_t last = 0;
  *listed = 0;
  for (size_t i = 0; i < n; i++) {
    if (whole_of(v[i], power[digits], &x[i])) {
      last = x[i];
      continue;
    }
    if (*listed == n / RARE) return false;
    x[i] = last;
    place[(*listed)++] = (uint32_t)i;
  }
  return true;
}

static mill_status put_bits(const double *v, size_t n, int64_t *bits, mill_arena *scratch,
                            mill_text *out, mill_error *err) {
  MILL_TRY(mill_text_addc(out, PAGE_PLAIN, err));
  if (n) memcpy(bits, v, n * sizeof *v);
  return mill_numbers_put(bits, n, 8, scratch, out, err);
}

mill_status mill_doubles_put(const double *v, size_t n, mill_arena *scratch, mill_text *out,
                             mill_error *err) {
  void *mem, *places;
  size_t listed;
  char word[8];
  MILL_TRY(page_room(scratch, n, sizeof(int64_t), err, &mem));
  MILL_TRY(page_room(scratch, n / RARE + 1, sizeof(uint32_t), err, &places));
  int64_t *x = mem;
  uint32_t *place = places;
  int digits = n ? find_digits(v, n) : DIGITS;
  if (digits == DIGITS || !find_whole(v, n, digits, x, place, &listed))
    return put_bits(v, n, x, scratch, out, err);
  MILL_TRY(mill_text_addc(out, PAGE_SPECIAL, err));
  MILL_TRY(mill_text_addc(out, (char)digits, err));
  snapshot_put(word, listed, 4);
  MILL_TRY(mill_text_add(out, word, 4, err));
  MILL_TRY(mill_numbers_put(x, n, 8, scratch, out, err));
  for (size_t i = 0; i < listed; i++) {
    snapshot_put(word, place[i], 4);
    MILL_TRY(mill_text_add(out, word, 4, err));
  }
  for (size_t i = 0; i < listed; i++) {
    uint64_t bits;
    memcpy(&bits, &v[place[i]], 8);
    snapshot_put(word, bits, 8);
    MILL_TRY(mill_text_add(out, word, 8, err));
  }
  return MILL_OK;
}

/* In place: whole numbers become their quotients. */
static MILL_HOT void divide(double *out, size_t n, double by) {
  for (size_t i = 0; i < n; i++) {
    int64_t x;
    memcpy(&x, &out[i], sizeof x);
    out[i] = (double)x / by;
  }
}

mill_status mill_doubles_get(page_reader *r, size_t n, double *out) {
  uint8_t form, digits;
  const char *p, *places, *values;
  MILL_TRY(page_byte(r, &form));
  if (form > PAGE_SPECIAL) return page_bad(r, "doubles of an unknown form");
  if (form == PAGE_PLAIN) return mill_numbers_get(r, n, 8, out);
  MILL_TRY(page_byte(r, &digits));
  if (digits >= DIGITS) return page_bad(r, "doubles of an unknown form");
  MILL_TRY(page_take(r, 4, 1, &p));
  size_t listed = snapshot_get(p, 4);
  MILL_TRY(mill_numbers_get(r, n, 8, out));
  MILL_TRY(page_take(r, listed, 4, &places));
  MILL_TRY(page_take(r, listed, 8, &values));
  divide(out, n, power[digits]);
  for (size_t i = 0; i < listed; i++) {
    size_t at = snapshot_get(places + i * 4, 4);
    uint64_t bits = snapshot_get(values + i * 8, 8);
    if (at >= n) return page_bad(r, "a double behind its rows");
    memcpy(&out[at], &bits, 8);
  }
  return MILL_OK;
}
