/* Packing of Snappy's block format; see snappy.h.
**
** A table of the last place of each hash of 4 bytes finds what came before. Where nothing is found
** the steps grow, so that bytes that do not repeat cost little: one more of each 32 bytes passed. */
#include "base/snappy.h"

#include <string.h>

enum {
  SNAPPY_BLOCK = 1 << 16,
  SNAPPY_BITS = 14,
  SNAPPY_MARGIN = 15, /* bytes at a block's end that are not looked up: loads of 8 stay inside */
  SNAPPY_COPY = 64,   /* most bytes of one copy */
};

static inline uint32_t load4(const uint8_t *p) {
  uint32_t v;
  memcpy(&v, p, 4);
  return v;
}

static inline uint32_t slot_of(uint32_t v) { return v * 0x1e35a7bdu >> (32 - SNAPPY_BITS); }

static uint8_t *put_literal(uint8_t *to, const uint8_t *p, size_t n) {
  size_t last = n - 1;
  if (n == 0) return to;
  if (last < 60) {
    *to++ = (uint8_t)(last << 2);
  } else {
    int bytes = last < 256 ? 1 : 2;
    *to++ = (uint8_t)((59 + bytes) << 2);
    *to++ = (uint8_t)last;
    if (bytes == 2) *to++ = (uint8_t)(last >> 8);
  }
  memcpy(to, p, n);
  return to + n;
}

static uint8_t *put_one_copy(uint8_t *to, size_t offset, size_t n) {
  if (n < 12 && offset < 2048) {
    *to++ = (uint8_t)(1 | (n - 4) << 2 | (offset >> 8) << 5);
    *to++ = (uint8_t)offset;
    return to;
  }
  *to++ = (uint8_t)(2 | (n - 1) << 2);
  *to++ = (uint8_t)offset;
  *to++ = (uint8_t)(offset >> 8);
  return to;
}

/* No piece is left that is shorter than the 4 bytes that a short copy needs. */
static uint8_t *put_copy(uint8_t *to, size_t offset, size_t n) {
  for (; n >= SNAPPY_COPY + 4; n -= SNAPPY_COPY) to = put_one_copy(to, offset, SNAPPY_COPY);
  if (n > SNAPPY_COPY) {
    to = put_one_copy(to, offset, SNAPPY_COPY - 4);
    n -= SNAPPY_COPY - 4;
  }
  return put_one_copy(to, offset, n);
}

/* How far two places agree; `a` is the later one. */
static size_t agree(const uint8_t *a, const uint8_t *b, const uint8_t *end) {
  const uint8_t *start = a;
  while (end - a >= 8) {
    uint64_t x, y;
    memcpy(&x, a, 8);
    memcpy(&y, b, 8);
    if (x != y) {
      while (*a == *b) a++, b++;
      return (size_t)(a - start);
    }
    a += 8;
    b += 8;
  }
  while (a < end && *a == *b) a++, b++;
  return (size_t)(a - start);
}

/* The next place from `at` on that repeats an earlier one, *from; NULL: none before `stop`. */
static const uint8_t *find(const uint8_t *base, const uint8_t *at, const uint8_t *stop,
                           uint16_t *table, const uint8_t **from) {
  for (uint32_t passed = 32; at < stop; at += passed++ >> 5) {
    uint32_t v = load4(at);
    uint16_t *slot = &table[slot_of(v)];
    *from = base + *slot;
    *slot = (uint16_t)(at - base);
    if (*from < at && load4(*from) == v) return at;
  }
  return NULL;
}

static uint8_t *pack_block(const uint8_t *p, size_t n, uint8_t *to, uint16_t *table) {
  const uint8_t *end = p + n, *literal = p, *from;
  if (n > SNAPPY_MARGIN) {
    const uint8_t *stop = end - SNAPPY_MARGIN, *at = p;
    memset(table, 0, sizeof(uint16_t) << SNAPPY_BITS);
    while ((at = find(p, at, stop, table, &from)) != NULL) {
      size_t same = 4 + agree(at + 4, from + 4, end);
      to = put_literal(to, literal, (size_t)(at - literal));
      to = put_copy(to, (size_t)(at - from), same);
      literal = at += same;
      if (at >= stop) break;
      table[slot_of(load4(at - 1))] = (uint16_t)(at - 1 - p);
    }
  }
  return put_literal(to, literal, (size_t)(end - literal));
}

mill_status mill_snappy_pack(const void *p, size_t n, mill_text *out, mill_error *err) {
  uint16_t table[1 << SNAPPY_BITS];
  const uint8_t *from = p;
  MILL_TRY(mill_text_reserve(out, n + n / 6 + 64, err));
  uint8_t *to = (uint8_t *)out->data + out->size;
  size_t v = n;
  for (; v >= 128; v >>= 7) *to++ = (uint8_t)(v | 128);
  *to++ = (uint8_t)v;
  for (size_t at = 0; at < n; at += SNAPPY_BLOCK)
    to = pack_block(from + at, n - at < SNAPPY_BLOCK ? n - at : SNAPPY_BLOCK, to, table);
  out->size = (size_t)(to - (uint8_t *)out->data);
  out->data[out->size] = 0;
  return MILL_OK;
}
