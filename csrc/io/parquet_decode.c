/* See parquet_decode.h. Bit-unpacking loops are written once and made for each width by the
** compiler, so that shifts and masks are constants. */
#include "io/parquet_decode.h"

/* ---- bit-packed ----------------------------------------------------------------------------- */

static inline uint64_t load64(const uint8_t *p) {
  uint64_t v;
  memcpy(&v, p, 8);
  return v;
}

static inline __attribute__((always_inline)) void groups_of(const uint8_t *p, uint32_t *out,
                                                            size_t groups, const uint32_t width) {
  const uint32_t mask = width == 32 ? UINT32_MAX : (1u << width) - 1;
#define ONE(k) out[k] = (uint32_t)(load64(p + (k)*width / 8) >> ((k)*width & 7)) & mask
  for (size_t g = 0; g < groups; g++, p += width, out += 8) {
    ONE(0), ONE(1), ONE(2), ONE(3);
    ONE(4), ONE(5), ONE(6), ONE(7);
  }
#undef ONE
}

/* Groups of eight, from a byte on. */
static void unpack_groups(const uint8_t *p, uint32_t *out, size_t groups, uint32_t width) {
#define WIDTH(w)                                                                                   \
  case w:                                                                                          \
    groups_of(p, out, groups, w);                                                                  \
    break;
#define WIDTHS(w) WIDTH(w) WIDTH(w + 1) WIDTH(w + 2) WIDTH(w + 3)
  switch (width) {
    WIDTHS(1)
    WIDTHS(5)
    WIDTHS(9)
    WIDTHS(13)
    WIDTHS(17)
    WIDTHS(21)
    WIDTHS(25)
    WIDTHS(29)
  default: memset(out, 0, groups * 8 * sizeof *out);
  }
#undef WIDTHS
#undef WIDTH
}

void mill_parquet_unpack_bits(const uint8_t *p, uint32_t bit, uint32_t width, uint32_t *out,
                              size_t n) {
  const uint32_t mask = width == 32 ? UINT32_MAX : (1u << width) - 1;
  uint64_t at = bit;
  size_t i = 0;
  for (; i < n && at & 7; i++, at += width)
    out[i] = (uint32_t)(load64(p + at / 8) >> (at & 7)) & mask;
  size_t groups = (n - i) / 8;
  if (groups) {
    unpack_groups(p + at / 8, out + i, groups, width);
    i += groups * 8;
    at += groups * 8 * width;
  }
  for (; i < n; i++, at += width) out[i] = (uint32_t)(load64(p + at / 8) >> (at & 7)) & mask;
}

bool mill_parquet_levels_packed(const void *p, size_t size, uint32_t width, uint8_t *out,
                                size_t n) {
  const uint8_t *s = p;
  if ((uint64_t)n * width > (uint64_t)size * 8) return false;
  uint64_t bit = 0;
  for (size_t i = 0; i < n; i++) {
    uint32_t v = 0;
    for (uint32_t k = 0; k < width; k++, bit++) v = v << 1 | (s[bit / 8] >> (7 - (bit & 7)) & 1u);
    out[i] = (uint8_t)v;
  }
  return true;
}

/* ---- runs ----------------------------------------------------------------------------------- */

bool mill_parquet_rle_start(parquet_rle *r, const void *p, size_t n, uint32_t width) {
  *r = (parquet_rle){.at = p, .end = (const uint8_t *)p + n, .width = width};
  return width <= 32;
}

static bool varint(const uint8_t **at, const uint8_t *end, uint64_t *out) {
  uint64_t v = 0;
  for (int shift = 0; shift < 64 && *at < end; shift += 7) {
    uint8_t b = *(*at)++;
    v |= (uint64_t)(b & 0x7f) << shift;
    if (b < 0x80) {
      *out = v;
      return true;
    }
  }
  return false;
}

/* The next run's head. Packed groups at the end of a page may be cut short: what is there counts. */
static bool next_run(parquet_rle *r) {
  uint64_t head;
  if (r->packed) r->at += ((uint64_t)r->bit + 7) / 8;
  r->packed = false;
  if (!varint(&r->at, r->end, &head) || head >> 1 == 0 || head >> 1 > UINT32_MAX / 8) return false;
  size_t left = (size_t)(r->end - r->at);
  r->packed = head & 1;
  r->bit = 0;
  if (r->packed) {
    uint64_t n = (head >> 1) * 8;
    if (r->width && n * r->width > (uint64_t)left * 8) n = (uint64_t)left * 8 / r->width;
    r->left = (uint32_t)n;
    return n > 0;
  }
  size_t bytes = (r->width + 7) / 8;
  if (bytes > left) return false;
  r->value = 0;
  memcpy(&r->value, r->at, bytes);
  if (r->width < 32 && r->value >> r->width) return false;
  r->at += bytes;
  r->left = (uint32_t)(head >> 1);
  return true;
}

/* Packed bits are walked in steps that keep `bit` within 32 bits. */
static void pass(parquet_rle *r, uint32_t n) {
  r->left -= n;
  if (!r->packed) return;
  uint64_t bit = r->bit + (uint64_t)n * r->width;
  r->at += bit / 8;
  r->bit = (uint32_t)(bit & 7);
}

bool mill_parquet_rle_u32(parquet_rle *r, uint32_t *out, size_t n) {
  while (n) {
    if (r->left == 0 && !next_run(r)) return false;
    uint32_t k = r->left < n ? r->left : (uint32_t)n;
    if (r->packed)
      mill_parquet_unpack_bits(r->at, r->bit, r->width, out, k);
    else
      for (uint32_t i = 0; i < k; i++) out[i] = r->value;
    pass(r, k);
    out += k;
    n -= k;
  }
  return true;
}

bool mill_parquet_rle_u8(parquet_rle *r, uint8_t *out, size_t n) {
  uint32_t part[256];
  while (n) {
    if (r->left == 0 && !next_run(r)) return false;
    uint32_t k = r->left < n ? r->left : (uint32_t)n;
    if (r->packed) {
      if (k > 256) k = 256;
      mill_parquet_unpack_bits(r->at, r->bit, r->width, part, k);
      for (uint32_t i = 0; i < k; i++) out[i] = (uint8_t)part[i];
    } else {
      memset(out, (int)r->value, k);
    }
    pass(r, k);
    out += k;
    n -= k;
  }
  return true;
}

bool mill_parquet_rle_peek(parquet_rle *r, size_t n, size_t *same, uint32_t *value) {
  *same = 0;
  if (n == 0) return true;
  if (r->left == 0 && !next_run(r)) return false;
  if (r->packed) return true;
  *same = r->left < n ? r->left : n;
  *value = r->value;
  return true;
}

bool mill_parquet_rle_skip(parquet_rle *r, size_t n) {
  while (n) {
    if (r->left == 0 && !next_run(r)) return false;
    uint32_t k = r->left < n ? r->left : (uint32_t)n;
    pass(r, k);
    n -= k;
  }
  return true;
}

bool mill_parquet_rle_some(parquet_rle *r, size_t n, const uint32_t *row, size_t k, uint32_t base,
                           uint32_t *out) {
  const uint32_t mask = r->width == 32 ? UINT32_MAX : (1u << r->width) - 1;
  size_t i = 0;
  while (n) {
    if (r->left == 0 && !next_run(r)) return false;
    const uint32_t some = r->left < n ? r->left : (uint32_t)n;
    for (; i < k && row[i] - base < some; i++) {
      const uint64_t bit = r->bit + (uint64_t)(row[i] - base) * r->width;
      out[i] = r->packed ? (uint32_t)(load64(r->at + bit / 8) >> (bit & 7)) & mask : r->value;
    }
    pass(r, some);
    base += some;
    n -= some;
  }
  return true;
}

/* ---- deltas --------------------------------------------------------------------------------- */

static int64_t zigzag(uint64_t v) { return (int64_t)(v >> 1) ^ -(int64_t)(v & 1); }

/* n values of `width` bits (0..64), one after the other, as sums of min and what went before. */
static int64_t add_deltas(const uint8_t *p, uint32_t width, uint64_t min, int64_t last,
                          int64_t *out, size_t n) {
  uint64_t mask = width == 64 ? UINT64_MAX : (1ull << width) - 1, sum = (uint64_t)last, bit = 0;
  for (size_t i = 0; i < n; i++, bit += width) {
    uint32_t shift = bit & 7;
    uint64_t v = load64(p + bit / 8) >> shift;
    if (shift + width > 64) v |= (uint64_t)p[bit / 8 + 8] << (64 - shift);
    sum += min + (v & mask);
    out[i] = (int64_t)sum;
  }
  return (int64_t)sum;
}

typedef struct delta {
  const uint8_t *at, *end;
  uint64_t per_mini, minis, total;
} delta;

static bool delta_head(delta *d, size_t most, int64_t *first) {
  uint64_t block, v;
  if (!varint(&d->at, d->end, &block) || !varint(&d->at, d->end, &d->minis) ||
      !varint(&d->at, d->end, &d->total) || !varint(&d->at, d->end, &v))
    return false;
  *first = zigzag(v);
  if (d->minis == 0 || d->minis > 4096 || block == 0 || block > 1 << 24 || block % d->minis)
    return false;
  d->per_mini = block / d->minis;
  return d->per_mini % 8 == 0 && d->total <= most;
}

/* One block: the smallest delta, a width for each part, the parts. */
static bool delta_block(delta *d, int64_t *last, int64_t *out, size_t *done) {
  uint64_t v;
  if (!varint(&d->at, d->end, &v) || (uint64_t)(d->end - d->at) < d->minis) return false;
  const uint8_t *widths = d->at;
  d->at += d->minis;
  for (uint64_t m = 0; m < d->minis && *done < d->total; m++) {
    uint64_t n = d->total - *done < d->per_mini ? d->total - *done : d->per_mini;
    uint64_t bytes = d->per_mini / 8 * widths[m], left = (uint64_t)(d->end - d->at);
    if (widths[m] > 64) return false;
    if (bytes > left) { /* the last part may be cut behind its last value */
      if ((n * widths[m] + 7) / 8 > left) return false;
      bytes = left;
    }
    *last = add_deltas(d->at, widths[m], (uint64_t)zigzag(v), *last, out + *done, n);
    *done += n;
    d->at += bytes;
  }
  return true;
}

bool mill_parquet_read_delta(const void *p, size_t size, size_t most, int64_t *out, size_t *n,
                             size_t *used) {
  delta d = {.at = p, .end = (const uint8_t *)p + size};
  int64_t last;
  size_t done = 0;
  if (!delta_head(&d, most, &last)) return false;
  if (d.total) out[done++] = last;
  while (done < d.total)
    if (!delta_block(&d, &last, out, &done)) return false;
  *n = d.total;
  *used = (size_t)(d.at - (const uint8_t *)p);
  return true;
}

/* ---- streams -------------------------------------------------------------------------------- */

static inline __attribute__((always_inline)) void join_of(const uint8_t *p, size_t n,
                                                          const size_t width, uint8_t *out) {
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < width; k++) out[i * width + k] = p[k * n + i];
}

void mill_parquet_join_streams(const uint8_t *p, size_t n, size_t width, uint8_t *out) {
  switch (width) {
  case 4: join_of(p, n, 4, out); break;
  case 8: join_of(p, n, 8, out); break;
  default: join_of(p, n, width, out);
  }
}
