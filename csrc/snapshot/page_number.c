/* Whole numbers as bytes; see page_int.h. Packed numbers are read by one unaligned word each, so a
** loop has no state and the compiler may turn it as it likes. */
#include "base/hot.h"
#include "snapshot/page_int.h"
#include "snapshot/snapshot_int.h"

enum { KIND_PLAIN, KIND_PACKED, KIND_DELTA, KIND_RUNS };
enum { MOST_BITS = 56, SLACK = 7 };

static unsigned bits_of(uint64_t x) { return x ? 64 - (unsigned)__builtin_clzll(x) : 0; }

static size_t packed_size(size_t n, unsigned bits) { return bits ? (n * bits + 7) / 8 + SLACK : 0; }

static uint64_t load64(const void *p) {
  uint64_t x;
  memcpy(&x, p, 8);
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
  x = __builtin_bswap64(x);
#endif
  return x;
}

static void store64(void *p, uint64_t x) {
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
  x = __builtin_bswap64(x);
#endif
  memcpy(p, &x, 8);
}

/* ---- writing -------------------------------------------------------------------------------- */

typedef struct shape {
  int64_t min, max, least, most; /* of values; of differences, when the values lie within 2^62 */
  size_t runs;
} shape;

static MILL_HOT void find_range(const int64_t *v, size_t n, shape *s) {
  int64_t min = v[0], max = v[0];
  for (size_t i = 0; i < n; i++) {
    min = v[i] < min ? v[i] : min;
    max = v[i] > max ? v[i] : max;
  }
  s->min = min;
  s->max = max;
}

static MILL_HOT void find_steps(const int64_t *v, size_t n, shape *s) {
  int64_t least = INT64_MAX, most = INT64_MIN;
  size_t runs = 1;
  for (size_t i = 1; i < n; i++) {
    int64_t d = (int64_t)((uint64_t)v[i] - (uint64_t)v[i - 1]);
    least = d < least ? d : least;
    most = d > most ? d : most;
    runs += d != 0;
  }
  s->least = least;
  s->most = most;
  s->runs = runs;
}

/* The largest number that divides all distances from the least value; 1 is found fast. */
static uint64_t find_step(const int64_t *v, size_t n, int64_t min) {
  uint64_t step = 0;
  for (size_t i = 0; i < n && step != 1; i++) {
    uint64_t x = (uint64_t)v[i] - (uint64_t)min;
    if (step && (x | step) >> 32 == 0 ? (uint32_t)x % (uint32_t)step == 0 : step && x % step == 0)
      continue;
    while (x) {
      uint64_t rest = step % x;
      step = x;
      x = rest;
    }
  }
  return step ? step : 1;
}

/* Division of multiples by an odd number is a product modulo 2^64 (Newton's iteration). */
static uint64_t inverse_of(uint64_t odd) {
  uint64_t x = odd;
  for (int i = 0; i < 5; i++) x *= 2 - odd * x;
  return x;
}

typedef struct divisor {
  unsigned shift;
  uint64_t inverse;
} divisor;

static divisor divide_by(uint64_t step) {
  unsigned shift = (unsigned)__builtin_ctzll(step);
  return (divisor){shift, inverse_of(step >> shift)};
}

/* What is packed: (v[i] - (delta ? v[i - 1] : 0) - base) / step. */
typedef struct source {
  const int64_t *v;
  size_t n;
  uint64_t base;
  divisor by;
} source;

static inline uint64_t value_at(const source *s, size_t i, bool delta) {
  uint64_t from = delta ? (uint64_t)s->v[(ptrdiff_t)i - 1] + s->base : s->base;
  return (((uint64_t)s->v[i] - from) >> s->by.shift) * s->by.inverse;
}

static inline uint64_t four(const source *s, size_t i, bool delta, unsigned bits) {
  return value_at(s, i, delta) | value_at(s, i + 1, delta) << bits |
         value_at(s, i + 2, delta) << 2 * bits | value_at(s, i + 3, delta) << 3 * bits;
}

/* Eight values of up to 16 bits fill whole bytes. Gives how many were packed. */
static inline size_t pack_eights(char *to, const source *s, bool delta, unsigned bits) {
  size_t i = 0;
  for (; bits <= 16 && i + 8 <= s->n; i += 8, to += bits) {
    mill_u128 all = four(s, i, delta, bits) | (mill_u128)four(s, i + 4, delta, bits) << 4 * bits;
    store64(to, (uint64_t)all);
    if (bits > 8) store64(to + 8, (uint64_t)(all >> 64));
  }
  return i;
}

static inline void pack_any(char *to, const source *s, size_t from, bool delta, unsigned bits) {
  uint64_t word = 0;
  unsigned fill = 0;
  for (size_t i = from; i < s->n; i++) {
    uint64_t x = value_at(s, i, delta);
    word |= x << fill;
    fill += bits;
    if (fill < 64) continue;
    store64(to, word);
    to += 8;
    fill -= 64;
    word = x >> (bits - fill);
  }
  for (; fill; fill -= fill < 8 ? fill : 8, word >>= 8) *to++ = (char)word;
}

static inline void pack(char *to, const source *s, bool delta, unsigned bits) {
  size_t done = pack_eights(to, s, delta, bits);
  pack_any(to + done / 8 * bits, s, done, delta, bits);
}

static mill_status put_packed(const int64_t *v, size_t n, bool delta, uint64_t base, uint64_t step,
                              unsigned bits, mill_text *out, mill_error *err) {
  size_t size = packed_size(n, bits), tail = size < 16 ? size : 16;
  MILL_TRY(mill_text_addc(out, (char)bits, err));
  MILL_TRY(mill_text_reserve(out, size, err));
  char *to = out->data + out->size;
  memset(to + size - tail, 0, tail);
  source from = {v, n, base, divide_by(step)};
  if (bits && delta)
    pack(to, &from, true, bits);
  else if (bits)
    pack(to, &from, false, bits);
  out->size += size;
  out->data[out->size] = 0;
  return MILL_OK;
}

static mill_status put_word(mill_text *out, uint64_t x, int bytes, mill_error *err) {
  char word[8];
  snapshot_put(word, x, bytes);
  return mill_text_add(out, word, (size_t)bytes, err);
}

static mill_status put_plain(const int64_t *v, size_t n, int width, mill_text *out,
                             mill_error *err) {
  MILL_TRY(mill_text_addc(out, KIND_PLAIN, err));
  MILL_TRY(mill_text_reserve(out, n * (size_t)width, err));
  char *to = out->data + out->size;
  for (size_t i = 0; i < n; i++) snapshot_put(to + i * (size_t)width, (uint64_t)v[i], width);
  out->size += n * (size_t)width;
  out->data[out->size] = 0;
  return MILL_OK;
}

static mill_status put_runs(const int64_t *v, size_t n, size_t runs, int width, mill_arena *scratch,
                            mill_text *out, mill_error *err);

/* Which kind takes the fewest bits; runs cost two numbers each. */
static mill_status put(const int64_t *v, size_t n, int width, bool whole, mill_arena *scratch,
                       mill_text *out, mill_error *err) {
  shape s;
  unsigned least = n > MILL_CHUNK; /* bits a number */
  if (n == 0) return put_plain(v, 0, width, out, err);
  find_range(v, n, &s);
  uint64_t range = (uint64_t)s.max - (uint64_t)s.min;
  uint64_t step = range > 255 ? find_step(v, n, s.min) : 1;
  unsigned packed = bits_of(range / step), delta = 64;
  find_steps(v, n, &s);
  if (range >> 62 == 0 && n > 1) delta = bits_of((uint64_t)s.most - (uint64_t)s.least);
  if (packed < least) packed = least;
  if (delta < least) delta = least;
  if (whole && n <= MILL_CHUNK && s.runs < n / 4 && s.runs * (packed + 8) < n * packed &&
      s.runs * (packed + 8) < n * delta)
    return put_runs(v, n, s.runs, width, scratch, out, err);
  if (delta + 1 < packed && delta <= MOST_BITS) {
    MILL_TRY(mill_text_addc(out, KIND_DELTA, err));
    MILL_TRY(put_word(out, (uint64_t)v[0], 8, err));
    MILL_TRY(put_word(out, (uint64_t)s.least, 8, err));
    return put_packed(v + 1, n - 1, true, (uint64_t)s.least, 1, delta, out, err);
  }
  if (packed > MOST_BITS || packed >= (unsigned)width * 8) return put_plain(v, n, width, out, err);
  MILL_TRY(mill_text_addc(out, KIND_PACKED, err));
  MILL_TRY(put_word(out, (uint64_t)s.min, 8, err));
  MILL_TRY(put_word(out, step, 8, err));
  return put_packed(v, n, false, (uint64_t)s.min, step, packed, out, err);
}

static mill_status put_runs(const int64_t *v, size_t n, size_t runs, int width, mill_arena *scratch,
                            mill_text *out, mill_error *err) {
  int64_t *value = mill_arena_take(scratch, 2 * runs * sizeof *value);
  if (!value) return mill_oom(scratch->memory, 2 * runs * sizeof *value, err);
  int64_t *length = value + runs;
  size_t k = 0;
  for (size_t i = 0, from = 0; i < n; i++) {
    if (i + 1 < n && v[i + 1] == v[i]) continue;
    value[k] = v[i];
    length[k++] = (int64_t)(i + 1 - from);
    from = i + 1;
  }
  MILL_TRY(mill_text_addc(out, KIND_RUNS, err));
  MILL_TRY(put_word(out, runs, 4, err));
  MILL_TRY(put(value, runs, width, false, scratch, out, err));
  return put(length, runs, 4, false, scratch, out, err);
}

mill_status mill_numbers_put(const int64_t *v, size_t n, int width, mill_arena *scratch,
                             mill_text *out, mill_error *err) {
  return put(v, n, width, true, scratch, out, err);
}

/* ---- reading -------------------------------------------------------------------------------- */

/* One loop a width. */
#define FOR_WIDTH(width, LOOP)                                                                     \
  do {                                                                                             \
    switch (width) {                                                                               \
    case 1: LOOP(uint8_t); break;                                                                  \
    case 2: LOOP(uint16_t); break;                                                                 \
    case 4: LOOP(uint32_t); break;                                                                 \
    default: LOOP(uint64_t); break;                                                                \
    }                                                                                              \
  } while (0)

#define PACKED_AT(i) (load64(p + ((i)*bits >> 3)) >> ((i)*bits & 7) & mask)

static MILL_HOT void unpack(const char *p, size_t n, size_t bits, uint64_t base, uint64_t step,
                            int width, void *out) {
  const uint64_t mask = (1ull << bits) - 1;
#define SCALED(T)                                                                                  \
  for (size_t i = 0; i < n; i++) ((T *)out)[i] = (T)(base + PACKED_AT(i) * step)
#define SHIFTED(T)                                                                                 \
  for (size_t i = 0; i < n; i++) ((T *)out)[i] = (T)(base + PACKED_AT(i))
#define EQUAL(T)                                                                                   \
  for (size_t i = 0; i < n; i++) ((T *)out)[i] = (T)base
  if (bits == 0)
    FOR_WIDTH(width, EQUAL);
  else if (step == 1)
    FOR_WIDTH(width, SHIFTED);
  else
    FOR_WIDTH(width, SCALED);
}

static MILL_HOT void add_up(const char *p, size_t n, size_t bits, uint64_t first, uint64_t base,
                            int width, void *out) {
  const uint64_t mask = (1ull << bits) - 1;
  uint64_t x = first;
#define SUMMED(T)                                                                                  \
  for (size_t i = 0; i < n; i++) {                                                                 \
    ((T *)out)[i] = (T)x;                                                                          \
    x += base + (bits && i + 1 < n ? PACKED_AT(i) : 0);                                            \
  }
  FOR_WIDTH(width, SUMMED);
}

static mill_status get_packed(page_reader *r, size_t n, size_t values, const char **p,
                              uint8_t *bits) {
  MILL_TRY(page_byte(r, bits));
  if (*bits > MOST_BITS || (*bits == 0 && values > MILL_CHUNK))
    return page_bad(r, "numbers of an impossible size");
  if (n > SIZE_MAX / 64) return page_bad(r, "it holds less than it states");
  return page_take(r, packed_size(n, *bits), 1, p);
}

static mill_status get_words(page_reader *r, uint64_t *a, uint64_t *b) {
  const char *p;
  MILL_TRY(page_take(r, 2, 8, &p));
  *a = load64(p);
  *b = load64(p + 8);
  return MILL_OK;
}

static mill_status get_plain(page_reader *r, size_t n, int width, void *out) {
  const char *p;
  MILL_TRY(page_take(r, n, (size_t)width, &p));
#define LOADED(T)                                                                                  \
  for (size_t i = 0; i < n; i++) ((T *)out)[i] = (T)snapshot_get(p + i * sizeof(T), sizeof(T))
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  if (n) memcpy(out, p, n * (size_t)width);
#else
  FOR_WIDTH(width, LOADED);
#endif
  return MILL_OK;
}

static mill_status get_runs(page_reader *r, size_t n, int width, void *out);

static mill_status get(page_reader *r, size_t n, int width, bool whole, void *out) {
  uint8_t kind, bits;
  uint64_t a, b;
  const char *p;
  MILL_TRY(page_byte(r, &kind));
  switch (kind) {
  case KIND_PLAIN: return get_plain(r, n, width, out);
  case KIND_PACKED:
    MILL_TRY(get_words(r, &a, &b));
    MILL_TRY(get_packed(r, n, n, &p, &bits));
    unpack(p, n, bits, a, b, width, out);
    return MILL_OK;
  case KIND_DELTA:
    if (n == 0) return page_bad(r, "differences of nothing");
    MILL_TRY(get_words(r, &a, &b));
    MILL_TRY(get_packed(r, n - 1, n, &p, &bits));
    add_up(p, n, bits, a, b, width, out);
    return MILL_OK;
  case KIND_RUNS:
    if (!whole || n > MILL_CHUNK) return page_bad(r, "runs where there can be none");
    return get_runs(r, n, width, out);
  default: return page_bad(r, "numbers of an unknown kind");
  }
}

static mill_status get_runs(page_reader *r, size_t n, int width, void *out) {
  const char *p;
  void *mem, *lengths;
  size_t at = 0;
  MILL_TRY(page_take(r, 4, 1, &p));
  size_t runs = snapshot_get(p, 4);
  if (runs > n) return page_bad(r, "more runs than values");
  MILL_TRY(page_room(r->scratch, runs, (size_t)width, r->err, &mem));
  MILL_TRY(page_room(r->scratch, runs, 4, r->err, &lengths));
  MILL_TRY(get(r, runs, width, false, mem));
  MILL_TRY(get(r, runs, 4, false, lengths));
  const uint32_t *length = lengths;
  for (size_t i = 0; i < runs; i++) {
    if (length[i] == 0 || length[i] > n - at) return page_bad(r, "runs that do not fit its rows");
    at += length[i];
  }
  if (at != n) return page_bad(r, "runs that do not fit its rows");
#define REPEATED(T)                                                                                \
  for (size_t i = 0, k = 0; i < runs; i++)                                                         \
    for (uint32_t left = length[i]; left; left--) ((T *)out)[k++] = ((T *)mem)[i]
  FOR_WIDTH(width, REPEATED);
  return MILL_OK;
}

mill_status mill_numbers_get(page_reader *r, size_t n, int width, void *out) {
  return get(r, n, width, true, out);
}
