/* Encodings of Parquet; see parquet_encode.h. */
#include "io/parquet_encode.h"

#include <string.h>

enum { EIGHT = 8, DELTA_BLOCK = 128, DELTA_GROUPS = 4, DELTA_GROUP = 32 };

/* ---- bits and varints ----------------------------------------------------------------------- */

/* Bits on their way out, least significant first. */
typedef struct packer {
  char *to;
  uint64_t word;
  int n; /* bits in word, below 64 */
} packer;

static inline void pack(packer *p, uint64_t v, int width) {
  p->word |= v << p->n;
  if (p->n + width < 64) {
    p->n += width;
    return;
  }
  int used = 64 - p->n;
  memcpy(p->to, &p->word, 8);
  p->to += 8;
  p->word = used < 64 ? v >> used : 0;
  p->n = width - used;
}

static void pack_end(packer *p) {
  size_t n = (size_t)(p->n + 7) / 8;
  memcpy(p->to, &p->word, n);
  p->to += n;
}

static char *put_varint(char *to, uint64_t v) {
  for (; v >= 128; v >>= 7) *to++ = (char)(v | 128);
  *to++ = (char)v;
  return to;
}

static inline uint64_t zigzag(int64_t v) { return (uint64_t)v << 1 ^ (uint64_t)(v >> 63); }

/* Room for n bytes at the end of the text, which the caller fills and counts. */
static mill_status room(mill_text *out, size_t n, char **to, mill_error *err) {
  MILL_TRY(mill_text_reserve(out, n, err));
  *to = out->data + out->size;
  return MILL_OK;
}

static void end_at(mill_text *out, const char *to) {
  out->size = (size_t)(to - out->data);
  out->data[out->size] = 0;
}

/* ---- runs and packed values ----------------------------------------------------------------- */

/* A text of n values of `width` bits: at worst all are packed, or runs of 8 stand between eights. */
static size_t rle_most(size_t n, int width) {
  size_t value = (size_t)(width + 7) / 8;
  return n / EIGHT * ((size_t)width + 10 + value) + (size_t)width + value + 24;
}

static char *put_run(char *to, size_t n, uint32_t v, int width) {
  to = put_varint(to, (uint64_t)n << 1);
  for (int i = 0; i < width; i += 8) *to++ = (char)(v >> i);
  return to;
}

static inline uint32_t value_at(const void *v, bool bytes, size_t i) {
  return bytes ? ((const uint8_t *)v)[i] : ((const uint32_t *)v)[i];
}

/* Values [from, to) packed, zeros behind the last to fill its eight. */
static inline char *put_packed(char *out, const void *v, bool bytes, size_t from, size_t to,
                               int width) {
  if (from == to) return out;
  size_t eights = (to - from + EIGHT - 1) / EIGHT;
  packer p = {put_varint(out, (uint64_t)eights << 1 | 1), 0, 0};
  for (size_t i = from; i < to; i++) pack(&p, value_at(v, bytes, i), width);
  for (size_t i = to - from; i < eights * EIGHT; i++) pack(&p, 0, width);
  pack_end(&p);
  return p.to;
}

/* Where an eight begins, 8 and more equal values are written as a run (all of it); else the eight
** joins those that wait to be packed. */
static inline mill_status rle(const void *v, bool bytes, size_t n, int width, mill_text *out,
                              mill_error *err) {
  char *to;
  size_t packed = 0; /* values before it are written */
  MILL_TRY(room(out, rle_most(n, width), &to, err));
  for (size_t i = 0; i < n;) {
    uint32_t first = value_at(v, bytes, i);
    size_t same = i + 1;
    while (same < n && value_at(v, bytes, same) == first) same++;
    if (same - i < EIGHT && width) {
      i += EIGHT;
      continue;
    }
    to = put_packed(to, v, bytes, packed, i, width);
    to = put_run(to, same - i, first, width);
    i = packed = same;
  }
  if (packed < n) to = put_packed(to, v, bytes, packed, n, width);
  end_at(out, to);
  return MILL_OK;
}

mill_status mill_parquet_rle(const uint32_t *v, size_t n, int width, mill_text *out,
                             mill_error *err) {
  return rle(v, false, n, width, out, err);
}

mill_status mill_parquet_rle_bytes(const uint8_t *v, size_t n, int width, mill_text *out,
                                   mill_error *err) {
  return rle(v, true, n, width, out, err);
}

mill_status mill_parquet_run(size_t n, uint32_t v, int width, mill_text *out, mill_error *err) {
  char *to;
  MILL_TRY(room(out, 16, &to, err));
  end_at(out, put_run(to, n, v, width));
  return MILL_OK;
}

mill_status mill_parquet_bits(const uint8_t *v, size_t n, mill_text *out, mill_error *err) {
  packer p = {NULL, 0, 0};
  MILL_TRY(room(out, n / 8 + 16, &p.to, err));
  for (size_t i = 0; i < n; i++) pack(&p, v[i], 1);
  pack_end(&p);
  end_at(out, p.to);
  return MILL_OK;
}

/* ---- differences ---------------------------------------------------------------------------- */

static inline int64_t word_at(const char *plain, size_t i, int size) {
  int64_t wide;
  int32_t narrow;
  if (size == 8) {
    memcpy(&wide, plain + i * 8, 8);
    return wide;
  }
  memcpy(&narrow, plain + i * 4, 4);
  return narrow;
}

/* a - b, wrapped to the values' width as readers add it again. */
static inline int64_t difference(int64_t a, int64_t b, int size) {
  uint64_t d = (uint64_t)a - (uint64_t)b;
  return size == 8 ? (int64_t)d : (int32_t)(uint32_t)d;
}

/* One block: the least difference, four widths, what the differences have more than the least. A
** group without values has width 0 and no bytes; the last one with values is filled up. */
static char *put_block(char *to, const int64_t *d, size_t n, int size) {
  int64_t least = d[0];
  uint64_t more[DELTA_BLOCK] = {0}, mask = size == 8 ? UINT64_MAX : UINT32_MAX;
  for (size_t i = 1; i < n; i++) least = d[i] < least ? d[i] : least;
  to = put_varint(to, zigzag(least));
  char *widths = to;
  to += DELTA_GROUPS;
  for (size_t i = 0; i < n; i++) more[i] = ((uint64_t)d[i] - (uint64_t)least) & mask;
  for (size_t g = 0; g < DELTA_GROUPS; g++) {
    const uint64_t *v = more + g * DELTA_GROUP;
    uint64_t all = 0;
    for (int i = 0; i < DELTA_GROUP; i++) all |= v[i];
    int width = parquet_width(all);
    widths[g] = (char)width;
    packer p = {to, 0, 0};
    for (int i = 0; i < DELTA_GROUP && width; i++) pack(&p, v[i], width);
    pack_end(&p);
    to = p.to;
  }
  return to;
}

mill_status mill_parquet_delta(const char *plain, size_t n, int size, mill_text *out,
                               mill_error *err) {
  int64_t d[DELTA_BLOCK];
  char *to;
  MILL_TRY(room(out, (n / DELTA_BLOCK + 2) * (DELTA_BLOCK * 8 + 32), &to, err));
  int64_t before = n ? word_at(plain, 0, size) : 0;
  to = put_varint(to, DELTA_BLOCK);
  to = put_varint(to, DELTA_GROUPS);
  to = put_varint(to, n);
  to = put_varint(to, zigzag(before));
  for (size_t i = 1; i < n;) {
    size_t k = 0;
    for (; k < DELTA_BLOCK && i < n; k++, i++) {
      int64_t v = word_at(plain, i, size);
      d[k] = difference(v, before, size);
      before = v;
    }
    to = put_block(to, d, k, size);
  }
  end_at(out, to);
  return MILL_OK;
}

/* ---- byte arrays ---------------------------------------------------------------------------- */

/* The next value of a PLAIN page. */
static inline const char *next_bytes(const char **plain, uint32_t fixed, uint32_t *n) {
  *n = fixed;
  if (fixed == 0) {
    memcpy(n, *plain, 4);
    *plain += 4;
  }
  const char *p = *plain;
  *plain += *n;
  return p;
}

typedef struct lengths {
  mill_memory *memory;
  int32_t *prefix, *size;
  size_t n;
} lengths;

static mill_status lengths_init(lengths *l, mill_memory *m, size_t n, mill_error *err) {
  *l = (lengths){.memory = m, .n = n + 1};
  l->prefix = mill_alloc(m, 2 * l->n * sizeof *l->prefix);
  if (l->prefix == NULL) return mill_oom(m, 2 * l->n * sizeof *l->prefix, err);
  l->size = l->prefix + l->n;
  return MILL_OK;
}

static void lengths_clear(lengths *l) {
  mill_free(l->memory, l->prefix, 2 * l->n * sizeof *l->prefix);
}

static uint32_t common(const char *a, uint32_t na, const char *b, uint32_t nb) {
  uint32_t n = na < nb ? na : nb, i = 0;
  while (i < n && a[i] == b[i]) i++;
  return i;
}

/* The bytes of each value that are not shared with the one before; prefix all 0 with share false. */
static mill_status suffixes(const char *plain, size_t n, uint32_t fixed, bool share, lengths *l,
                            mill_text *out, mill_error *err) {
  const char *before = NULL, *at = plain;
  uint32_t nbefore = 0, size;
  for (size_t i = 0; i < n; i++) {
    const char *p = next_bytes(&at, fixed, &size);
    uint32_t k = share && before ? common(before, nbefore, p, size) : 0;
    l->prefix[i] = (int32_t)k;
    l->size[i] = (int32_t)(size - k);
    before = p;
    nbefore = size;
  }
  if (share) MILL_TRY(mill_parquet_delta((const char *)l->prefix, n, 4, out, err));
  MILL_TRY(mill_parquet_delta((const char *)l->size, n, 4, out, err));
  MILL_TRY(mill_text_reserve(out, (size_t)(at - plain), err));
  at = plain;
  for (size_t i = 0; i < n; i++) {
    const char *p = next_bytes(&at, fixed, &size);
    MILL_TRY(mill_text_add(out, p + l->prefix[i], (size_t)l->size[i], err));
  }
  return MILL_OK;
}

static mill_status put_arrays(const char *plain, size_t n, uint32_t fixed, bool share,
                              mill_text *out, mill_error *err) {
  lengths l;
  MILL_TRY(lengths_init(&l, out->memory, n, err));
  mill_status s = suffixes(plain, n, fixed, share, &l, out, err);
  lengths_clear(&l);
  return s;
}

mill_status mill_parquet_delta_length(const char *plain, size_t n, mill_text *out,
                                      mill_error *err) {
  return put_arrays(plain, n, 0, false, out, err);
}

mill_status mill_parquet_delta_prefix(const char *plain, size_t n, uint32_t fixed, mill_text *out,
                                      mill_error *err) {
  return put_arrays(plain, n, fixed, true, out, err);
}

mill_status mill_parquet_split(const char *plain, size_t n, uint32_t size, mill_text *out,
                               mill_error *err) {
  char *to;
  MILL_TRY(room(out, n * size, &to, err));
  for (uint32_t k = 0; k < size; k++)
    for (size_t i = 0; i < n; i++) *to++ = plain[i * size + k];
  end_at(out, to);
  return MILL_OK;
}
