/* Pages: finding, unpacking and decoding them; see parquet_column.h. */
#include <string.h>

#include "base/hash.h"
#include "base/hot.h"
#include "io/parquet_codec.h"
#include "io/parquet_column.h"

enum { RATIO = 10000 };
static const size_t built_most = (size_t)1 << 31; /* bytes of the texts of one page */

mill_status mill_parquet_column_damaged(const parquet_column *c, mill_error *err,
                                        const char *what) {
  return mill_parquet_damaged(c->footer->path, err, "column %s, before byte %llu: %s",
                              c->leaf->field->name,
                              (unsigned long long)(c->at - (c->have - c->pos)), what);
}

/* ---- bytes ---------------------------------------------------------------------------------- */

static uint64_t bytes_left(const parquet_column *c) { return c->end - c->at + (c->have - c->pos); }

/* Bring n bytes, which the chunk has, into the window. */
static mill_status need(parquet_column *c, size_t n, mill_error *err) {
  size_t kept = c->have - c->pos;
  if (kept >= n) return MILL_OK;
  size_t want = n > c->read_ahead ? n : c->read_ahead;
  if (want - kept > c->end - c->at) want = kept + (size_t)(c->end - c->at);
  if (want + PARQUET_PAD > c->capacity) {
    uint8_t *grown = mill_alloc(c->memory, want + PARQUET_PAD);
    if (!grown) return mill_oom(c->memory, want, err);
    if (kept) memcpy(grown, c->window + c->pos, kept);
    if (c->window) mill_free(c->memory, c->window, c->capacity);
    c->window = grown;
    c->capacity = want + PARQUET_PAD;
  } else if (kept) {
    memmove(c->window, c->window + c->pos, kept);
  }
  size_t got;
  c->pos = 0;
  c->have = kept;
  MILL_TRY(mill_file_read_at(c->file, c->at, c->window + kept, want - kept, &got, err));
  c->at += got;
  c->have += got;
  return c->have >= n ? MILL_OK : mill_parquet_column_damaged(c, err, "the file was cut");
}

static void pass_bytes(parquet_column *c, uint64_t n) {
  size_t kept = c->have - c->pos;
  if (n <= kept) {
    c->pos += n;
    return;
  }
  c->at += n - kept;
  c->pos = c->have = 0;
}

static mill_status new_buffer(parquet_column *c, size_t size, parquet_buffer **out,
                              mill_error *err) {
  parquet_buffer *b = mill_alloc(c->memory, sizeof *b + size + PARQUET_PAD);
  if (!b) return mill_oom(c->memory, size, err);
  b->next = NULL;
  b->size = size;
  memset(b->data + size, 0, PARQUET_PAD);
  *out = b;
  return MILL_OK;
}

static void free_buffers(parquet_column *c, parquet_buffer *b) {
  while (b) {
    parquet_buffer *next = b->next;
    mill_free(c->memory, b, sizeof *b + b->size + PARQUET_PAD);
    b = next;
  }
}

void mill_parquet_page_release(parquet_column *c) {
  free_buffers(c, c->spent);
  c->spent = NULL;
}

void mill_parquet_page_forget(parquet_column *c) {
  free_buffers(c, c->page);
  free_buffers(c, c->ahead);
  free_buffers(c, c->texts);
  c->page = c->ahead = c->texts = NULL;
  if (c->dictionary) mill_free(c->memory, c->dictionary, c->dictionary_bytes);
  c->dictionary = NULL;
  c->has_dictionary = c->codes->on = false;
  mill_parquet_page_release(c);
}

/* ---- headers -------------------------------------------------------------------------------- */

static mill_status read_header(parquet_column *c, parquet_page *h, mill_error *err) {
  size_t used = 0, least = 1024;
  mill_arena none; /* headers hold no lists */
  mill_arena_init(&none, c->memory);
  for (;;) {
    uint64_t left = bytes_left(c);
    if (left == 0) return mill_parquet_column_damaged(c, err, "it has fewer values than rows");
    MILL_TRY(need(c, left < least ? (size_t)left : least, err));
    mill_status s = mill_thrift_read(&mill_parquet_page, c->window + c->pos, c->have - c->pos,
                                     c->footer->path, &none, h, &used, err);
    if (s == MILL_OK) break;
    if (s != MILL_E_CORRUPT_FILE || c->have - c->pos >= left || least > PARQUET_FOOTER_MAX)
      return s == MILL_E_OUT_OF_MEMORY
                 ? s
                 : mill_parquet_column_damaged(c, err, "a page's header cannot be read");
    if (err) mill_error_clear(err);
    least = 4 * (c->have - c->pos);
  }
  c->pos += used;
  if (h->compressed < 0 || h->uncompressed < 0 || (uint64_t)h->compressed > bytes_left(c))
    return mill_parquet_column_damaged(c, err, "a page's size is beyond the chunk");
  if (h->uncompressed / RATIO > h->compressed)
    return mill_parquet_column_damaged(c, err, "a page unpacks to more than 10000 times its size");
  return MILL_OK;
}

/* Fuzz targets (the macro is libFuzzer's convention) look behind checksums, which they cannot guess. */
static bool sound(const parquet_page *h, const uint8_t *p, size_t n) {
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
  (void)h, (void)p, (void)n;
  return true;
#else
  return !(h->has & THRIFT_HAS(4)) || mill_crc32(p, n) == (uint32_t)h->crc;
#endif
}

/* The page's bytes, unpacked but for the first `plain` ones, which are not compressed. */
static mill_status unpack(parquet_column *c, const parquet_page *h, size_t plain, bool compressed,
                          parquet_buffer **out, mill_error *err) {
  size_t stored = (size_t)h->compressed, size = (size_t)h->uncompressed;
  parquet_buffer *b = NULL;
  MILL_TRY(need(c, stored, err));
  const uint8_t *p = c->window + c->pos;
  if (!sound(h, p, stored))
    return mill_parquet_column_damaged(c, err, "a page's checksum is wrong");
  if (plain > stored || plain > size)
    return mill_parquet_column_damaged(c, err, "a page's levels are longer than the page");
  MILL_TRY(new_buffer(c, size, &b, err));
  memcpy(b->data, p, plain);
  mill_status s = MILL_OK;
  if (size > plain || stored > plain)
    s = mill_parquet_unpack(c->memory, compressed ? c->chunk->codec : PARQUET_UNCOMPRESSED,
                            p + plain, stored - plain, b->data + plain, size - plain,
                            c->footer->path, err);
  if (s != MILL_OK) {
    free_buffers(c, b);
    return s;
  }
  c->pos += stored;
  *out = b;
  return MILL_OK;
}

/* ---- values of a page ----------------------------------------------------------------------- */

static mill_status cut(parquet_column *c, mill_error *err) {
  return mill_parquet_column_damaged(c, err, "a page ends before its values");
}

/* Room for what is decoded ahead; it stays as long as the page. */
static void *ahead(parquet_column *c, size_t n, mill_status *s, mill_error *err) {
  parquet_buffer *b = NULL;
  *s = new_buffer(c, n, &b, err);
  if (*s != MILL_OK) return NULL;
  b->next = c->ahead;
  c->ahead = b;
  return b->data;
}

/* Numbers that were decoded ahead, at most `most` of them. */
static mill_status numbers(parquet_column *c, size_t most, int64_t **out, size_t *n,
                           mill_error *err) {
  mill_status s = MILL_OK;
  size_t used;
  *out = ahead(c, most * sizeof **out, &s, err);
  if (s != MILL_OK) return s;
  if (!mill_parquet_read_delta(c->values, (size_t)(c->stop - c->values), most, *out, n, &used))
    return mill_parquet_column_damaged(c, err, "deltas that cannot be decoded");
  c->values += used;
  return MILL_OK;
}

static mill_status start_delta(parquet_column *c, size_t most, mill_error *err) {
  int64_t *v;
  size_t n;
  MILL_TRY(numbers(c, most, &v, &n, err));
  c->values = (const uint8_t *)v;
  c->stop = c->values + n * c->leaf->conversion.from;
  if (c->leaf->conversion.from == 4)
    for (size_t i = 0; i < n; i++) {
      int32_t x = (int32_t)v[i];
      memcpy((char *)v + i * 4, &x, 4);
    }
  return MILL_OK;
}

static mill_status start_lengths(parquet_column *c, size_t most, mill_error *err) {
  int64_t *length;
  size_t n;
  mill_status s = MILL_OK;
  MILL_TRY(numbers(c, most, &length, &n, err));
  mill_str *views = ahead(c, n * sizeof *views, &s, err);
  if (s != MILL_OK) return s;
  const uint8_t *p = c->values;
  for (size_t i = 0; i < n; i++) {
    if (length[i] < 0 || length[i] > c->stop - p) return cut(c, err);
    views[i] = mill_str_view((const char *)p, (size_t)length[i]);
    p += length[i];
  }
  c->stream = PARQUET_FROM_VIEWS;
  c->values = (const uint8_t *)views;
  c->nviews = n;
  return MILL_OK;
}

/* Each text is the beginning of the one before and a suffix. */
static mill_status start_prefixes(parquet_column *c, size_t most, mill_error *err) {
  int64_t *prefix, *suffix;
  size_t n, m, total = 0;
  mill_status s = MILL_OK;
  MILL_TRY(numbers(c, most, &prefix, &n, err));
  MILL_TRY(numbers(c, most, &suffix, &m, err));
  if (m != n) return cut(c, err);
  int64_t bytes = c->stop - c->values, before = 0;
  for (size_t i = 0; i < n; i++) {
    if (prefix[i] < 0 || prefix[i] > before || suffix[i] < 0 || suffix[i] > bytes)
      return cut(c, err);
    bytes -= suffix[i];
    before = prefix[i] + suffix[i];
    total += (size_t)before;
    if (before > INT32_MAX || total > built_most) return cut(c, err);
  }
  mill_str *views = ahead(c, n * sizeof *views, &s, err);
  char *text = s == MILL_OK ? ahead(c, total, &s, err) : NULL;
  if (s != MILL_OK) return s;
  const char *from = (const char *)c->values, *last = text;
  uint32_t fixed = c->leaf->field->element->type == PARQUET_FIXED ? c->leaf->conversion.from : 0;
  const char *begin = text;
  for (size_t i = 0; i < n; i++) {
    char *to = text;
    if (prefix[i]) memcpy(to, last, (size_t)prefix[i]);
    if (suffix[i]) memcpy(to + prefix[i], from, (size_t)suffix[i]);
    from += suffix[i];
    text += prefix[i] + suffix[i];
    last = to;
    if (fixed && (size_t)(text - to) != fixed) return cut(c, err);
    views[i] = mill_str_view(to, (size_t)(text - to));
  }
  c->stream = fixed ? PARQUET_FROM_FIXED : PARQUET_FROM_VIEWS;
  c->values = fixed ? (const uint8_t *)begin : (const uint8_t *)views;
  c->stop = (const uint8_t *)text;
  c->nviews = n;
  return MILL_OK;
}

static mill_status start_split(parquet_column *c, mill_error *err) {
  size_t width = c->leaf->conversion.from, n = (size_t)(c->stop - c->values) / width;
  mill_status s = MILL_OK;
  uint8_t *p = ahead(c, n * width, &s, err);
  if (s != MILL_OK) return s;
  mill_parquet_join_streams(c->values, n, width, p);
  c->values = p;
  c->stop = p + n * width;
  return MILL_OK;
}

static mill_status start_plain(parquet_column *c) {
  int32_t type = c->leaf->field->element->type;
  c->stream = type == PARQUET_BOOLEAN      ? PARQUET_FROM_BITS
              : type == PARQUET_BYTE_ARRAY ? PARQUET_FROM_BYTES
                                           : PARQUET_FROM_FIXED;
  c->bit = 0;
  return MILL_OK;
}

static mill_status start_indices(parquet_column *c, mill_error *err) {
  if (!c->has_dictionary)
    return mill_parquet_column_damaged(c, err, "indices without a dictionary");
  c->stream = PARQUET_FROM_DICTIONARY;
  size_t n = (size_t)(c->stop - c->values);
  /* a page of nulls alone may have no width */
  if (!mill_parquet_rle_start(&c->runs, c->values + (n > 0), n - (n > 0), n ? c->values[0] : 0))
    return mill_parquet_column_damaged(c, err, "indices of more than 32 bits");
  return MILL_OK;
}

static mill_status start_booleans(parquet_column *c, mill_error *err) {
  uint32_t n;
  if (c->stop - c->values < 4) return cut(c, err);
  memcpy(&n, c->values, 4);
  if (n > (size_t)(c->stop - c->values) - 4) return cut(c, err);
  c->stream = PARQUET_FROM_RUNS;
  (void)mill_parquet_rle_start(&c->runs, c->values + 4, n, 1);
  return MILL_OK;
}

/* values[0, stop) in that encoding: at most `most` values. */
static mill_status start_values(parquet_column *c, int32_t encoding, size_t most, mill_error *err) {
  int32_t type = c->leaf->field->element->type;
  bool whole = type == PARQUET_INT32 || type == PARQUET_INT64, bytes = type == PARQUET_BYTE_ARRAY;
  c->stream = PARQUET_FROM_FIXED;
  if (encoding == PARQUET_PLAIN) return start_plain(c);
  if (encoding == PARQUET_PLAIN_DICTIONARY || encoding == PARQUET_RLE_DICTIONARY)
    return start_indices(c, err);
  if (encoding == PARQUET_RLE && type == PARQUET_BOOLEAN) return start_booleans(c, err);
  if (encoding == PARQUET_DELTA_BINARY_PACKED && whole) return start_delta(c, most, err);
  if (encoding == PARQUET_DELTA_LENGTH_BYTE_ARRAY && bytes) return start_lengths(c, most, err);
  if (encoding == PARQUET_DELTA_BYTE_ARRAY && (bytes || type == PARQUET_FIXED))
    return start_prefixes(c, most, err);
  if (encoding == PARQUET_BYTE_STREAM_SPLIT && !bytes && type != PARQUET_BOOLEAN)
    return start_split(c, err);
  return mill_parquet_column_damaged(c, err, "an encoding that its type does not have");
}

/* ---- reading values ------------------------------------------------------------------------- */

static mill_status fixed_values(parquet_column *c, size_t n, void *dst, mill_error *err) {
  const parquet_conversion *k = &c->leaf->conversion;
  if (n > (size_t)(c->stop - c->values) / k->from) return cut(c, err);
  const uint8_t *from = c->values;
  c->values += n * k->from;
  if (!dst) return MILL_OK;
  if (k->run) return k->run(k, from, n, dst, err);
  memcpy(dst, from, n * k->from);
  return MILL_OK;
}

static mill_status bit_values(parquet_column *c, size_t n, uint8_t *dst, mill_error *err) {
  if (c->bit + n > (size_t)(c->stop - c->values) * 8) return cut(c, err);
  for (size_t i = 0; dst && i < n; i++) {
    size_t bit = c->bit + i;
    dst[i] = c->values[bit / 8] >> (bit & 7) & 1;
  }
  c->values += (c->bit + n) / 8;
  c->bit = (uint32_t)((c->bit + n) & 7);
  return MILL_OK;
}

/* As mill_str_view, by loads of fixed size: pages are padded, there are bytes behind the last text. */
static inline mill_str view(const uint8_t *p, uint32_t size) {
  mill_str s;
  uint64_t low;
  uint32_t high;
  s.size = size;
  memcpy(&low, p, 8);
  memcpy(&high, p + 8, 4);
  if (size > MILL_STR_INLINE) {
    memcpy(s.prefix, &low, 4);
    s.u.ptr = (const char *)p;
    return s;
  }
  low &= size >= 8 ? UINT64_MAX : (1ull << 8 * size) - 1;
  high &= size <= 8 ? 0 : (uint32_t)((1ull << 8 * (size - 8)) - 1);
  memcpy(s.prefix, &low, 4);
  memcpy(s.u.rest, (const char *)&low + 4, 4);
  memcpy(s.u.rest + 4, &high, 4);
  return s;
}

/* n texts behind their lengths; `dst` NULL: passed over. */
static mill_status views_of(parquet_column *c, size_t n, mill_str *dst, mill_error *err) {
  const uint8_t *p = c->values;
  for (size_t i = 0; i < n; i++) {
    uint32_t size;
    if (c->stop - p < 4) return cut(c, err);
    memcpy(&size, p, 4);
    p += 4;
    if (size > (size_t)(c->stop - p) || size > INT32_MAX) return cut(c, err);
    if (dst) dst[i] = view(p, size);
    p += size;
  }
  c->values = p;
  return MILL_OK;
}

static mill_status ready_views(parquet_column *c, size_t n, const mill_str **out, mill_error *err) {
  if (n > c->nviews) return cut(c, err);
  *out = (const mill_str *)c->values;
  c->values += n * sizeof **out;
  c->nviews -= n;
  return MILL_OK;
}

static mill_status text_values(parquet_column *c, size_t n, void *dst, mill_error *err) {
  const parquet_conversion *k = &c->leaf->conversion;
  const mill_str *ready = NULL;
  if (c->stream == PARQUET_FROM_VIEWS) {
    MILL_TRY(ready_views(c, n, &ready, err));
    if (dst && k->run) return k->run(k, ready, n, dst, err);
    if (dst && n) memcpy(dst, ready, n * sizeof *ready);
    return MILL_OK;
  }
  if (!dst || !k->run) return views_of(c, n, dst, err);
  mill_str part[256];
  for (char *to = dst; n;) {
    size_t some = n < 256 ? n : 256;
    MILL_TRY(views_of(c, some, part, err));
    MILL_TRY(k->run(k, part, some, to, err));
    to += some * k->to;
    n -= some;
  }
  return MILL_OK;
}

static MILL_HOT uint32_t largest(const uint32_t *index, size_t n) {
  uint32_t most = 0;
  for (size_t i = 0; i < n; i++) most = index[i] > most ? index[i] : most;
  return most;
}

mill_status mill_parquet_check_indices(const parquet_column *c, const uint32_t *index, size_t n,
                                       mill_error *err) {
  return n == 0 || largest(index, n) < c->entries
             ? MILL_OK
             : mill_parquet_column_damaged(c, err, "an index beyond the dictionary");
}

#define GATHER(type)                                                                               \
  for (size_t i = 0; i < n; i++) ((type *)dst)[i] = ((const type *)c->dictionary)[index[i]]

mill_status mill_parquet_gather(const parquet_column *c, const uint32_t *index, size_t n, void *dst,
                                mill_error *err) {
  MILL_TRY(mill_parquet_check_indices(c, index, n, err));
  switch (c->leaf->conversion.to) {
  case 1: GATHER(uint8_t); break;
  case 2: GATHER(uint16_t); break;
  case 4: GATHER(uint32_t); break;
  case 8: GATHER(uint64_t); break;
  default: GATHER(mill_u128); break;
  }
  return MILL_OK;
}

static mill_status indexed_values(parquet_column *c, size_t n, char *dst, mill_error *err) {
  uint32_t index[512];
  while (n) {
    size_t some = n < 512 ? n : 512;
    if (!mill_parquet_rle_u32(&c->runs, index, some)) return cut(c, err);
    MILL_TRY(mill_parquet_gather(c, index, some, dst, err));
    dst += some * c->leaf->conversion.to;
    n -= some;
  }
  return MILL_OK;
}

mill_status mill_parquet_page_values(parquet_column *c, size_t n, void *dst, mill_error *err) {
  switch (c->stream) {
  case PARQUET_FROM_FIXED: return fixed_values(c, n, dst, err);
  case PARQUET_FROM_BITS: return bit_values(c, n, dst, err);
  case PARQUET_FROM_RUNS: return mill_parquet_rle_u8(&c->runs, dst, n) ? MILL_OK : cut(c, err);
  case PARQUET_FROM_DICTIONARY: return indexed_values(c, n, dst, err);
  default: return text_values(c, n, dst, err);
  }
}

/* Values apart are brought together before they are converted, where they are short and no view of
** them stays. */
static mill_status fixed_some(parquet_column *c, size_t n, const uint32_t *row, size_t k,
                              uint32_t base, char *dst, mill_error *err) {
  enum { SHORT = 16 };
  const parquet_conversion *v = &c->leaf->conversion;
  const uint8_t *from = c->values;
  const size_t width = v->from;
  uint8_t packed[MILL_BATCH * SHORT + SHORT], *to = v->run ? packed : (uint8_t *)dst;
  MILL_TRY(fixed_values(c, n, NULL, err));
  if (width > SHORT || c->leaf->type->phys == MILL_PHYS_STR) {
    for (size_t i = 0; i < k; i++)
      MILL_TRY(v->run(v, from + (size_t)(row[i] - base) * width, 1, dst + i * v->to, err));
    return MILL_OK;
  }
  for (size_t i = 0; i < k; i++) {
    const uint8_t *at = from + (size_t)(row[i] - base) * width;
    if (width == 8)
      memcpy(to + 8 * i, at, 8);
    else if (width == 4)
      memcpy(to + 4 * i, at, 4);
    else
      memcpy(packed + i * width, at, SHORT); /* pages are padded */
  }
  return v->run ? v->run(v, packed, k, dst, err) : MILL_OK;
}

/* Indices into a dictionary of values of fixed width. */
static mill_status indexed_some(parquet_column *c, size_t n, const uint32_t *row, size_t k,
                                uint32_t base, char *dst, mill_error *err) {
  uint32_t index[MILL_BATCH];
  if (!mill_parquet_rle_some(&c->runs, n, row, k, base, index)) return cut(c, err);
  return mill_parquet_gather(c, index, k, dst, err);
}

mill_status mill_parquet_page_some(parquet_column *c, size_t n, const uint32_t *row, size_t k,
                                   uint32_t base, void *dst, mill_error *err) {
  return c->stream == PARQUET_FROM_FIXED ? fixed_some(c, n, row, k, base, dst, err)
                                         : indexed_some(c, n, row, k, base, dst, err);
}

mill_status mill_parquet_page_skip(parquet_column *c, size_t n, mill_error *err) {
  switch (c->stream) {
  case PARQUET_FROM_FIXED: return fixed_values(c, n, NULL, err);
  case PARQUET_FROM_BITS: return bit_values(c, n, NULL, err);
  case PARQUET_FROM_RUNS:
  case PARQUET_FROM_DICTIONARY: return mill_parquet_rle_skip(&c->runs, n) ? MILL_OK : cut(c, err);
  default: return text_values(c, n, NULL, err);
  }
}

/* ---- dictionaries --------------------------------------------------------------------------- */

static mill_status room_for_dictionary(parquet_column *c, uint32_t n, mill_error *err) {
  size_t width = c->leaf->conversion.to, words = (n + 64ull) / 64;
  size_t bytes = (n + 1ull) * width + words * 8 + 64;
  if (c->dictionary) mill_free(c->memory, c->dictionary, c->dictionary_bytes);
  c->dictionary = mill_calloc(c->memory, bytes);
  c->dictionary_bytes = bytes;
  if (!c->dictionary) return mill_oom(c->memory, bytes, err);
  size_t at = ((n + 1ull) * width + 15) & ~(size_t)15;
  c->dictionary_valid = (uint64_t *)((char *)c->dictionary + at);
  memset(c->dictionary_valid, 0xff, words * 8);
  c->dictionary_valid[n / 64] &= ~(1ull << (n & 63));
  return MILL_OK;
}

static mill_status read_dictionary(parquet_column *c, const parquet_page *h, mill_error *err) {
  int32_t encoding = h->dictionary.encoding, n = h->dictionary.values;
  parquet_buffer *b = NULL;
  if (c->has_dictionary || !(h->has & THRIFT_HAS(7)) || n < 0)
    return mill_parquet_column_damaged(c, err, "a dictionary where none may be");
  if (encoding != PARQUET_PLAIN && encoding != PARQUET_PLAIN_DICTIONARY)
    return mill_parquet_column_damaged(c, err, "a dictionary in an unknown encoding");
  if (!c->leaf->type) {
    c->has_dictionary = true;
    pass_bytes(c, (uint64_t)h->compressed);
    return MILL_OK;
  }
  MILL_TRY(unpack(c, h, 0, true, &b, err));
  b->next = c->texts;
  c->texts = b;
  size_t least = c->leaf->field->element->type == PARQUET_BYTE_ARRAY ? 4 : c->leaf->conversion.from;
  c->values = b->data;
  c->stop = b->data + b->size;
  if (c->leaf->field->element->type == PARQUET_BOOLEAN || (size_t)n > b->size / least)
    return mill_parquet_column_damaged(c, err, "a dictionary with fewer entries than it says");
  MILL_TRY(room_for_dictionary(c, (uint32_t)n, err));
  MILL_TRY(start_plain(c));
  MILL_TRY(mill_parquet_page_values(c, (size_t)n, c->dictionary, err));
  c->entries = (uint32_t)n;
  c->has_dictionary = true;
  if (c->leaf->type->phys != MILL_PHYS_STR || !c->leaf->alone) return MILL_OK;
  return mill_parquet_codes_chunk(c->codes, c->leaf->type, c->dictionary, c->entries, b->size,
                                  c->memory, err);
}

/* ---- data pages ----------------------------------------------------------------------------- */

static uint32_t width_of(uint32_t level) { return level ? 32 - (uint32_t)__builtin_clz(level) : 0; }

/* Levels in front of a page's values, those of version 1 behind their length. */
static mill_status start_levels(parquet_column *c, parquet_levels *l, uint8_t most,
                                int32_t encoding, size_t n, mill_error *err) {
  uint32_t width = width_of(most), size;
  size_t left = (size_t)(c->stop - c->values);
  mill_status s = MILL_OK;
  l->bytes = NULL;
  if (most == 0) return MILL_OK;
  if (encoding == PARQUET_BIT_PACKED) {
    uint8_t *p = ahead(c, n, &s, err);
    if (s != MILL_OK) return s;
    if (!mill_parquet_levels_packed(c->values, left, width, p, n)) return cut(c, err);
    l->bytes = p;
    c->values += (n * width + 7) / 8;
    return MILL_OK;
  }
  if (encoding != PARQUET_RLE)
    return mill_parquet_column_damaged(c, err, "levels in an unknown encoding");
  if (left < 4) return cut(c, err);
  memcpy(&size, c->values, 4);
  if (size > left - 4) return cut(c, err);
  (void)mill_parquet_rle_start(&l->runs, c->values + 4, size, width);
  c->values += 4 + (size_t)size;
  return MILL_OK;
}

static mill_status start_page(parquet_column *c, const parquet_page *h, mill_error *err) {
  const parquet_field *f = c->leaf->field;
  size_t n = (size_t)h->data.values;
  MILL_TRY(unpack(c, h, 0, true, &c->page, err));
  c->values = c->page->data;
  c->stop = c->values + c->page->size;
  MILL_TRY(start_levels(c, &c->rep, f->rep, h->data.repetition, n, err));
  MILL_TRY(start_levels(c, &c->def, f->def, h->data.definition, n, err));
  return c->leaf->type ? start_values(c, h->data.encoding, n, err) : MILL_OK;
}

static mill_status start_page_v2(parquet_column *c, const parquet_page *h, mill_error *err) {
  const parquet_data_page_v2 *d = &h->data2;
  const parquet_field *f = c->leaf->field;
  if (d->definition_bytes < 0 || d->repetition_bytes < 0)
    return mill_parquet_column_damaged(c, err, "a page's levels have no size");
  size_t rep = (size_t)d->repetition_bytes, def = (size_t)d->definition_bytes;
  MILL_TRY(unpack(c, h, rep + def, !(d->has & THRIFT_HAS(7)) || d->compressed, &c->page, err));
  const uint8_t *p = c->page->data;
  c->rep.bytes = c->def.bytes = NULL;
  (void)mill_parquet_rle_start(&c->rep.runs, p, rep, width_of(f->rep));
  (void)mill_parquet_rle_start(&c->def.runs, p + rep, def, width_of(f->def));
  c->values = p + rep + def;
  c->stop = p + c->page->size;
  return c->leaf->type ? start_values(c, d->encoding, (size_t)d->values, err) : MILL_OK;
}

/* The page that was read goes to those that values point into. */
static void retire(parquet_column *c) {
  while (c->ahead) {
    parquet_buffer *b = c->ahead;
    c->ahead = b->next;
    b->next = c->spent;
    c->spent = b;
  }
  if (!c->page) return;
  c->page->next = c->spent;
  c->spent = c->page;
  c->page = NULL;
}

/* How many entries can a page be passed over by? */
static bool may_pass(const parquet_column *c, const parquet_page *h, int32_t values,
                     const uint64_t *pass) {
  if (!pass) return false;
  if (c->leaf->field->rep == 0) return (uint64_t)values <= *pass;
  return h->type == PARQUET_DATA_PAGE_V2 && h->data2.rows >= 0 && (uint64_t)h->data2.rows <= *pass;
}

static mill_status data_page(parquet_column *c, const parquet_page *h, uint64_t *pass, bool *done,
                             mill_error *err) {
  bool two = h->type == PARQUET_DATA_PAGE_V2;
  int32_t values = two ? h->data2.values : h->data.values;
  if (!(h->has & THRIFT_HAS(two ? 8 : 5)) || values < 0 || values > c->unread)
    return mill_parquet_column_damaged(c, err, "a page has more values than its chunk");
  c->unread -= values;
  if (may_pass(c, h, values, pass)) {
    *pass -= (uint64_t)(c->leaf->field->rep == 0 ? values : h->data2.rows);
    pass_bytes(c, (uint64_t)h->compressed);
    *done = *pass == 0;
    return MILL_OK;
  }
  MILL_TRY(two ? start_page_v2(c, h, err) : start_page(c, h, err));
  c->left = (uint32_t)values;
  *done = values > 0;
  return MILL_OK;
}

static bool is_dictionary(int32_t encoding) {
  return encoding == PARQUET_PLAIN_DICTIONARY || encoding == PARQUET_RLE_DICTIONARY;
}

/* Have all data pages indices? Without counts of pages by encoding, version 1 tells by its encodings. */
static bool all_indices(const parquet_chunk_meta *m) {
  bool some = false;
  for (uint32_t i = 0; i < m->encoding_stats.n; i++) {
    const parquet_encoding_stats *s = &m->encoding_stats.at[i];
    bool data = s->page_type == PARQUET_DATA_PAGE || s->page_type == PARQUET_DATA_PAGE_V2;
    if (!data || s->count == 0) continue;
    if (!is_dictionary(s->encoding)) return false;
    some = true;
  }
  if (m->encoding_stats.n) return some;
  for (uint32_t i = 0; i < m->encodings.n; i++) {
    int32_t e = m->encodings.at[i];
    some |= e == PARQUET_PLAIN_DICTIONARY;
    if (e != PARQUET_PLAIN_DICTIONARY && e != PARQUET_RLE && e != PARQUET_BIT_PACKED) return false;
  }
  return some;
}

mill_status mill_parquet_page_dictionary(parquet_column *c, bool *whole, mill_error *err) {
  parquet_page h;
  *whole = all_indices(c->chunk) && bytes_left(c) > 0;
  if (!*whole || c->has_dictionary) return MILL_OK;
  size_t before = c->pos;
  MILL_TRY(read_header(c, &h, err));
  *whole = h.type == PARQUET_DICTIONARY_PAGE;
  if (*whole) return read_dictionary(c, &h, err);
  c->pos = before; /* a window that begins with the chunk is not moved */
  return MILL_OK;
}

mill_status mill_parquet_page_jump(parquet_column *c, uint64_t offset, mill_error *err) {
  parquet_page h;
  retire(c);
  c->left = 0;
  if (!c->has_dictionary && c->at - (c->have - c->pos) < (uint64_t)c->chunk->data_page) {
    MILL_TRY(read_header(c, &h, err));
    if (h.type == PARQUET_DICTIONARY_PAGE) MILL_TRY(read_dictionary(c, &h, err));
  }
  uint64_t here = c->at - (c->have - c->pos);
  if (offset < here || offset > c->end)
    return mill_parquet_column_damaged(c, err, "its index names a page that is not there");
  pass_bytes(c, offset - here);
  return MILL_OK;
}

bool mill_parquet_page_more(const parquet_column *c) {
  return c->left > 0 || (c->unread > 0 && bytes_left(c) > 0);
}

mill_status mill_parquet_page_next(parquet_column *c, uint64_t *pass, mill_error *err) {
  bool done = false;
  while (!done) {
    parquet_page h;
    retire(c);
    MILL_TRY(read_header(c, &h, err));
    switch (h.type) {
    case PARQUET_DICTIONARY_PAGE: MILL_TRY(read_dictionary(c, &h, err)); break;
    case PARQUET_DATA_PAGE:
    case PARQUET_DATA_PAGE_V2: MILL_TRY(data_page(c, &h, pass, &done, err)); break;
    default: pass_bytes(c, (uint64_t)h.compressed);
    }
  }
  return MILL_OK;
}
