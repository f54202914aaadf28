/* Unpacking Snappy blocks; see snappy.h. Pieces are copied 16 bytes at a time: what is written too
** much the next piece overwrites, or it is in the slack. Far from the end of the block, where no read
** of a tag or a short literal can leave it, pieces need one check each. */
#include "base/snappy.h"

#include <stdint.h>
#include <string.h>

enum { STEP = 16, TAG_MOST = 5, FAR = STEP + TAG_MOST + 3 };

static const uint8_t *read_size(const uint8_t *at, const uint8_t *end, size_t *size) {
  uint64_t v = 0;
  for (int shift = 0; shift < 35 && at < end; shift += 7) {
    v |= (uint64_t)(*at & 0x7f) << shift;
    if (*at++ < 0x80) {
      *size = (size_t)v;
      return v <= UINT32_MAX ? at : NULL;
    }
  }
  return NULL;
}

bool mill_snappy_size(const void *p, size_t n, size_t *size) {
  return read_size(p, (const uint8_t *)p + n, size) != NULL;
}

/* The same bytes over and over: `back` is less than a step. Eight by hand, then steps from as many
** whole repetitions before as make eight. */
static void repeat(uint8_t *to, size_t n, size_t back) {
  const uint8_t *stop = to + n;
  for (int i = 0; i < 8; i++) to[i] = to[i - (ptrdiff_t)back];
  if (n <= 8) return;
  size_t far = back * ((7 + back) / back);
  for (to += 8; to < stop; to += 8) memcpy(to, to - far, 8);
}

/* n is at most 64. */
static inline void copy(uint8_t *to, size_t n, size_t back) {
  if (back < STEP) {
    repeat(to, n, back);
    return;
  }
  memcpy(to, to - back, STEP);
  for (size_t i = STEP; i < n; i += STEP) memcpy(to + i, to + i - back, STEP);
}

/* A tag's length and offset (0: a literal), and how many bytes follow it; p[1..4] are readable. */
typedef struct tag {
  size_t n, back, bytes;
} tag;

static inline tag read_tag(const uint8_t *p) {
  uint32_t kind = p[0] & 3, word;
  memcpy(&word, p + 1, 4);
  if (kind == 0) {
    size_t n = p[0] >> 2, bytes = n < 60 ? 0 : n - 59;
    uint64_t mask = (1ull << 8 * bytes) - 1;
    return (tag){(n < 60 ? n : word & mask) + 1, 0, bytes};
  }
  bool near = kind == 1;
  size_t n = near ? (p[0] >> 2 & 7u) + 4 : (p[0] >> 2) + 1u;
  size_t back = near ? (size_t)(p[0] >> 5) << 8 | (word & 0xff) : kind == 2 ? word & 0xffff : word;
  return (tag){n, back ? back : SIZE_MAX, near ? 1 : kind == 2 ? 2 : 4};
}

bool mill_snappy_unpack(const void *p, size_t n, void *out, size_t size) {
  const uint8_t *end = (const uint8_t *)p + n;
  size_t stated;
  const uint8_t *at = read_size(p, end, &stated);
  uint8_t *to = out, *stop = to + size, last[TAG_MOST + 3] = {0};
  if (!at || stated != size) return false;
  while (at < end) {
    size_t left = (size_t)(end - at);
    const uint8_t *from = at;
    if (left < FAR) from = memcpy(last, at, left < TAG_MOST ? left : TAG_MOST);
    tag t = read_tag(from);
    if (t.bytes >= left || t.n > (size_t)(stop - to)) return false;
    at += 1 + t.bytes;
    left -= 1 + t.bytes;
    if (t.back) {
      if (t.back > (size_t)(to - (uint8_t *)out)) return false;
      copy(to, t.n, t.back);
    } else {
      if (t.n > left) return false;
      if (t.n <= STEP && left >= STEP)
        memcpy(to, at, STEP);
      else
        memcpy(to, at, t.n);
      at += t.n;
    }
    to += t.n;
  }
  return to == stop;
}
