/* The exact value of a decimal operation whose result has no room: the text that Spark's error shows. Digits are
** worked on one by one, since this runs once a query. Sums are exact, products have the 39 digits that Java gives
** them, quotients the digits of the result's scale. */
#include "kernel/exact_decimal.h"

#include <string.h>

enum { DIGITS = 128, PRODUCT_DIGITS = MILL_DECIMAL_MAX + 1 };

/* A number without sign: d[0] is its last digit. */
typedef struct digits {
  int n;
  int8_t d[DIGITS];
} digits;

static digits of_number(mill_i128 v, int zeros) {
  mill_u128 u = v < 0 ? -(mill_u128)v : (mill_u128)v;
  digits x = {.n = zeros};
  for (; u > 0; u /= 10) x.d[x.n++] = (int8_t)(u % 10);
  return x;
}

static void settle(digits *x) {
  while (x->n > 0 && x->d[x->n - 1] == 0) x->n--;
}

static bool is_less(const digits *a, const digits *b) {
  if (a->n != b->n) return a->n < b->n;
  for (int i = a->n - 1; i >= 0; i--)
    if (a->d[i] != b->d[i]) return a->d[i] < b->d[i];
  return false;
}

/* a + by * b, which is not below zero. */
static digits sum(const digits *a, const digits *b, int by) {
  digits out = {0};
  int carry = 0;
  for (; out.n < DIGITS - 1 && (out.n < a->n || out.n < b->n || carry > 0); out.n++) {
    int v = a->d[out.n] + by * b->d[out.n] + carry;
    carry = v < 0 ? -1 : v / 10;
    out.d[out.n] = (int8_t)(v - 10 * carry);
  }
  settle(&out);
  return out;
}

static digits product(const digits *a, const digits *b) {
  digits out = {.n = a->n + b->n};
  for (int i = 0; i < a->n; i++) {
    int carry = 0;
    for (int k = 0; k < b->n || carry; k++) {
      int v = out.d[i + k] + a->d[i] * b->d[k] + carry;
      out.d[i + k] = (int8_t)(v % 10);
      carry = v / 10;
    }
  }
  settle(&out);
  return out;
}

/* The last `n` digits go, rounded half up. */
static void drop(digits *x, int n) {
  const digits one = {.n = 1, .d = {1}};
  bool up = n > 0 && n <= x->n && x->d[n - 1] >= 5;
  digits out = {.n = x->n > n ? x->n - n : 0};
  memcpy(out.d, x->d + (x->n - out.n), (size_t)out.n);
  *x = up ? sum(&out, &one, 1) : out;
}

/* a / b, rounded half up; false: b is too long to be divided by here. */
static bool quotient(const digits *a, mill_u128 b, digits *out) {
  mill_u128 rest = 0;
  if (b > (~(mill_u128)0 - 9) / 10) return false;
  *out = (digits){.n = a->n + 1};
  for (int i = a->n - 1; i >= -1; i--) { /* one digit more, to round by */
    rest = rest * 10 + (mill_u128)(i < 0 ? 0 : a->d[i]);
    out->d[i + 1] = (int8_t)(rest / b);
    rest %= b;
  }
  drop(out, 1);
  settle(out);
  return true;
}

static void put(const digits *x, bool minus, int scale, char *text) {
  int n = x->n > scale ? x->n : scale + 1;
  if (minus) *text++ = '-';
  for (int i = n - 1; i >= 0; i--) {
    *text++ = (char)('0' + (i < x->n ? x->d[i] : 0));
    if (i == scale && scale) *text++ = '.';
  }
  *text = 0;
}

void mill_exact_sum(mill_i128 a, int sa, mill_i128 b, int sb, char *text) {
  int scale = sa > sb ? sa : sb;
  digits x = of_number(a, scale - sa), y = of_number(b, scale - sb);
  settle(&x), settle(&y);
  bool minus = a < 0;
  digits r;
  if ((a < 0) == (b < 0)) {
    r = sum(&x, &y, 1);
  } else {
    bool less = is_less(&x, &y);
    r = less ? sum(&y, &x, -1) : sum(&x, &y, -1);
    minus = minus != less;
  }
  put(&r, minus && r.n, scale, text);
}

void mill_exact_product(mill_i128 a, int sa, mill_i128 b, int sb, char *text) {
  digits x = of_number(a, 0), y = of_number(b, 0), r = product(&x, &y);
  int scale = sa + sb, over = r.n - PRODUCT_DIGITS;
  if (over > 0) {
    drop(&r, over);
    scale -= over;
  }
  if (scale < 0) { /* zeros in place of the digits that are not kept */
    digits z = {.n = r.n - scale};
    memcpy(z.d - scale, r.d, (size_t)r.n);
    r = z;
    scale = 0;
  }
  put(&r, (a < 0) != (b < 0), scale, text);
}

bool mill_exact_quotient(mill_i128 a, int sa, mill_i128 b, int sb, int scale, char *text) {
  int zeros = scale + sb - sa;
  digits x = of_number(a, zeros > 0 ? zeros : 0), r;
  if (zeros < 0 || !quotient(&x, b < 0 ? -(mill_u128)b : (mill_u128)b, &r)) return false;
  put(&r, (a < 0) != (b < 0), scale, text);
  return true;
}
