/* Numbers in other bases and bytes as digits: bin, conv, hex, unhex. */
#include <string.h>

#include "base/number.h"
#include "kernel/kernel_int.h"

#define KERNEL_HEAD(NAME)                                                                          \
  static mill_status NAME(mill_call *call, const mill_vector *const *args, size_t n,               \
                          mill_vector *out, mill_error *err)

enum { RADIX_TEXT = 72 };

static const char digit[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/* Digits of v in a base of 2..36, right-aligned before `end`; returns where they start. */
static char *put_digits(char *end, uint64_t v, unsigned base) {
  if ((base & (base - 1)) == 0) { /* without divisions */
    int bits = __builtin_ctz(base);
    do *--end = digit[v & (base - 1)];
    while (v >>= bits);
    return end;
  }
  if (base == 10) return mill_digits_before(end, v);
  do {
    *--end = digit[v % base];
    v /= base;
  } while (v);
  return end;
}

static inline mill_status store_text(mill_call *call, mill_vector *out, size_t i, char *s, size_t n,
                                     mill_error *err) {
  char *p = s;
  if (n > MILL_STR_INLINE) {
    MILL_TRY(mill_bytes_take(call, n, &p, err));
    memcpy(p, s, n);
  }
  ((mill_str *)out->data)[i] = mill_str_view(p, n);
  return MILL_OK;
}

/* Digits of `bits` bits each. */
static inline mill_status shift_rows(mill_call *call, const mill_vector *v, size_t n,
                                     mill_vector *out, int bits, mill_error *err) {
  MILL_EACH(out, n, i) {
    uint64_t x = (uint64_t)MILL_AT(int64_t, v, i);
    int size = x ? (63 - __builtin_clzll(x)) / bits + 1 : 1;
    char *p = NULL;
    MILL_TRY(mill_bytes_take(call, (size_t)size, &p, err));
    for (int k = size; k-- > 0; x >>= bits) p[k] = digit[x & ((1u << bits) - 1)];
    ((mill_str *)out->data)[i] = mill_str_done(call, p, (size_t)size);
  }
  return MILL_OK;
}

KERNEL_HEAD(k_bin) { return shift_rows(call, args[0], n, out, 1, err); }
KERNEL_HEAD(hex_number) { return shift_rows(call, args[0], n, out, 4, err); }

KERNEL_HEAD(hex_bytes) {
  mill_str *r = out->data;
  MILL_EACH(out, n, i) {
    const mill_str *s = &MILL_AT(mill_str, args[0], i);
    const unsigned char *from = (const unsigned char *)mill_str_data(s);
    char *p = NULL;
    MILL_TRY(mill_bytes_take(call, (size_t)s->size * 2, &p, err));
    for (uint32_t k = 0; k < s->size; k++) {
      p[2 * k] = digit[from[k] >> 4];
      p[2 * k + 1] = digit[from[k] & 15];
    }
    r[i] = mill_str_done(call, p, (size_t)s->size * 2);
  }
  return MILL_OK;
}

static int value_of(unsigned char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
  return c >= 'a' && c <= 'z' ? c - 'a' + 10 : 99;
}

/* An odd first digit stands alone; any other character makes the whole text null. */
KERNEL_HEAD(k_unhex) {
  enum { WATCHED = 65536 }; /* bytes of one text between looks at whether it is to go on */
  mill_str *r = out->data;
  MILL_EACH(out, n, i) {
    const mill_str *s = &MILL_AT(mill_str, args[0], i);
    const char *from = mill_str_data(s);
    char *p = NULL;
    bool ok = true;
    uint32_t at = 0, k = 0;
    MILL_TRY(mill_bytes_take(call, s->size / 2 + 1, &p, err));
    if (s->size & 1) {
      int v = value_of((unsigned char)from[k++]);
      ok = v < 16;
      p[at++] = (char)v;
    }
    for (; ok && k < s->size; k += 2) {
      int a = value_of((unsigned char)from[k]), b = value_of((unsigned char)from[k + 1]);
      ok = a < 16 && b < 16;
      if (at % WATCHED == WATCHED - 1) MILL_TRY(mill_watch_check(err));
      p[at++] = (char)(a << 4 | b);
    }
    r[i] = mill_str_done(call, p, ok ? at : 0);
    if (!ok) MILL_TRY(mill_set_null(call, out, i, err));
  }
  return MILL_OK;
}

static mill_status bind_hex(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "bigint|binary|string -> string", err));
  b->kernel = b->cast_to[0]->id == MILL_BIGINT ? hex_number : hex_bytes;
  return MILL_OK;
}

/* ---- conv ----------------------------------------------------------------------------------- */

/* Leading digits of the base; false when there is none. Too many saturate and set *over. */
static bool read_unsigned(const char *p, const char *end, unsigned base, uint64_t *out,
                          bool *over) {
  const uint64_t safe = UINT64_MAX / 36 - 1; /* one digit more fits in any base */
  uint64_t v = 0;
  const char *start = p;
  for (; p < end; p++) {
    unsigned d = (unsigned)value_of((unsigned char)*p);
    if (d >= base) break;
    if (*over) continue;
    if (v < safe)
      v = v * base + d;
    else
      *over = __builtin_mul_overflow(v, (uint64_t)base, &v) ||
              __builtin_add_overflow(v, (uint64_t)d, &v);
  }
  *out = *over ? UINT64_MAX : v;
  return p > start;
}

/* A negative target base reads the 64 bits as a signed number. */
static char *convert(uint64_t v, bool negative, int to, char *end) {
  if (negative && to > 0) v = (int64_t)v < 0 ? UINT64_MAX : -v;
  if (to < 0 && (int64_t)v < 0) {
    v = -v;
    negative = true;
  }
  char *p = put_digits(end, v, (unsigned)(to < 0 ? -to : to));
  if (negative && to < 0) *--p = '-';
  return p;
}

KERNEL_HEAD(k_conv) {
  char buf[RADIX_TEXT], *stop = buf + sizeof buf;
  MILL_EACH(out, n, i) {
    const mill_str *s = &MILL_AT(mill_str, args[0], i);
    const char *p = mill_str_data(s), *end = p + s->size;
    int from = MILL_AT(int32_t, args[1], i), to = MILL_AT(int32_t, args[2], i);
    int size = to < 0 ? -to : to;
    uint64_t v = 0;
    bool over = false;
    while (p < end && *p == ' ') p++;
    while (end > p && end[-1] == ' ') end--;
    bool negative = p < end && *p == '-';
    bool bases = from >= 2 && from <= 36 && to != INT32_MIN && size >= 2 && size <= 36;
    if (!bases || p == end) {
      MILL_TRY(mill_set_null(call, out, i, err));
      continue;
    }
    read_unsigned(p + negative, end, (unsigned)from, &v, &over);
    if (over && call->set->ansi)
      return mill_call_fail(call, err, MILL_E_ARITHMETIC_OVERFLOW, "message",
                            "Overflow in function conv()", "alternative", "", "config",
                            "\"spark.sql.ansi.enabled\"", NULL);
    char *q = convert(v, negative, to, stop);
    MILL_TRY(store_text(call, out, i, q, (size_t)(stop - q), err));
  }
  return MILL_OK;
}

const mill_function mill_family_radix[] = {
    {.name = "bin",
     .types = "bigint -> string",
     .kernel = k_bin,
     .flags = MILL_FN_NO_RAISE,
     .usage = "bin(expr)",
     .doc = "The number in binary digits.",
     .example = "SELECT bin(13) -> 1101"},
    {.name = "hex",
     .types = "any",
     .bind = bind_hex,
     .flags = MILL_FN_NO_RAISE,
     .usage = "hex(expr)",
     .doc = "The number, or the bytes of the text, in hexadecimal digits.",
     .example = "SELECT hex(17) -> 11"},
    {.name = "unhex",
     .types = "string -> binary",
     .kernel = k_unhex,
     .flags = MILL_FN_NO_RAISE | MILL_FN_NULLABLE,
     .usage = "unhex(expr)",
     .doc = "The bytes that hexadecimal digits stand for.",
     .example = "SELECT decode(unhex('4D696C6C'), 'UTF-8') -> Mill"},
    {.name = "conv",
     .types = "string, int, int -> string",
     .kernel = k_conv,
     .flags = MILL_FN_NULLABLE,
     .usage = "conv(num, from_base, to_base)",
     .doc = "A number's digits in another base; a negative target base gives a signed number.",
     .example = "SELECT conv('100', 2, 10) -> 4"},
    {0}};
