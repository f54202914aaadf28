/* A column chunk on its way: values to dictionary entries or PLAIN values, those to pages.
**
** As parquet-java does it, so that files have the shape that Spark's have: values go into a dictionary
** until that is larger than parquet.dictionary.page.size, or until the first page shows that it does
** not pay; the pages from then on are written without one. A page ends at 20,000 rows or
** parquet.page.size bytes of values, between rows.
**
** Memory: the dictionary, the page under way and the finished pages, which are packed. */
#include "io/parquet_encode.h"
#include "io/parquet_write_int.h"

static void init_page(parquet_made_page *page, mill_memory *m) {
  *page = (parquet_made_page){0};
  mill_text_init(&page->bytes, m);
  mill_parquet_bounds_init(&page->bounds, m);
}

static void clear_page(parquet_made_page *page) {
  mill_text_clear(&page->bytes);
  mill_parquet_bounds_clear(&page->bounds);
}

mill_status mill_parquet_chunk_init(parquet_chunk_writer *c, const parquet_plan *p,
                                    const parquet_write_leaf *leaf, mill_memory *m,
                                    mill_error *err) {
  *c = (parquet_chunk_writer){.plan = p, .leaf = leaf, .memory = m, .coding = leaf->dictionary};
  mill_text_init(&c->def, m);
  mill_text_init(&c->rep, m);
  mill_text_init(&c->plain, m);
  mill_parquet_bounds_init(&c->bounds, m);
  mill_parquet_bounds_init(&c->total, m);
  init_page(&c->dictionary_page, m);
  mill_parquet_dictionary_init(&c->dictionary, m, leaf->width);
  return leaf->bloom_bytes ? mill_parquet_bloom_init(&c->bloom, m, leaf->bloom_bytes, err)
                           : MILL_OK;
}

static void drop_pages(parquet_chunk_writer *c) {
  for (size_t i = 0; i < c->npages; i++) clear_page(&c->page[i]);
  clear_page(&c->dictionary_page);
  init_page(&c->dictionary_page, c->memory);
  c->npages = c->npacked = 0;
}

/* Room for a page, which is made anew for the next one. */
static void drop_room(parquet_chunk_writer *c) {
  if (c->code) mill_free(c->memory, c->code, c->code_room * sizeof *c->code);
  c->code = NULL;
  c->code_room = 0;
  mill_text_clear(&c->def);
  mill_text_clear(&c->rep);
  mill_text_clear(&c->plain);
}

void mill_parquet_chunk_clear(parquet_chunk_writer *c) {
  drop_pages(c);
  drop_room(c);
  if (c->page) mill_free(c->memory, c->page, c->page_room * sizeof *c->page);
  mill_parquet_bounds_clear(&c->bounds);
  mill_parquet_bounds_clear(&c->total);
  mill_parquet_dictionary_clear(&c->dictionary);
  mill_parquet_bloom_clear(&c->bloom);
}

void mill_parquet_chunk_reset(parquet_chunk_writer *c) {
  drop_pages(c);
  drop_room(c);
  mill_parquet_bounds_reset(&c->total);
  mill_parquet_dictionary_clear(&c->dictionary);
  if (c->bloom.word) mill_parquet_bloom_reset(&c->bloom);
  c->coding = c->leaf->dictionary;
  c->judged = false;
  c->ncoded = 0;
  c->total_entries = c->total_nulls = 0;
}

size_t mill_parquet_chunk_size(const parquet_chunk_writer *c) {
  size_t pages = c->dictionary_page.bytes.size;
  for (size_t i = 0; i < c->npages; i++) pages += c->page[i].bytes.size;
  return pages + c->plain.size + c->ncodes * sizeof *c->code + c->dictionary.bytes;
}

size_t mill_parquet_chunk_held(const parquet_chunk_writer *c) {
  const parquet_dictionary *d = &c->dictionary;
  size_t item = d->width ? d->width : sizeof(mill_str), bytes = c->dictionary_page.bytes.capacity;
  for (size_t i = 0; i < c->npages; i++) bytes += c->page[i].bytes.capacity;
  return bytes + c->plain.capacity + c->def.capacity + c->rep.capacity +
         c->code_room * sizeof *c->code + d->long_bytes + d->capacity * item +
         d->nslots * sizeof *d->slot;
}

/* ---- values of the page under way ----------------------------------------------------------- */

/* Append n values as a PLAIN page has them. */
static mill_status add_plain(const parquet_chunk_writer *c, const void *value, size_t n,
                             mill_text *out, mill_error *err) {
  uint32_t width = c->leaf->width;
  const mill_str *s = value;
  size_t bytes = n * width;
  for (size_t i = 0; width == 0 && i < n; i++) bytes += 4 + (size_t)s[i].size;
  if (bytes == 0) return MILL_OK;
  if (width) return mill_text_add(out, value, bytes, err);
  MILL_TRY(mill_text_reserve(out, bytes, err));
  char *to = out->data + out->size;
  for (size_t i = 0; i < n; i++) {
    memcpy(to, &s[i].size, 4);
    memcpy(to + 4, mill_str_data(&s[i]), s[i].size);
    to += 4 + (size_t)s[i].size;
  }
  out->size += bytes;
  return MILL_OK;
}

static mill_status too_large(const parquet_chunk_writer *c, mill_error *err) {
  return mill_fail(err, MILL_E_VALUE_TOO_LARGE_FOR_PAGE, "columnName",
                   mill_error_fmt(err, "`%.*s`", (int)c->leaf->path[0].n, c->leaf->path[0].p),
                   NULL);
}

/* The dictionary as its page: the entries that pages refer to. It is not needed from then on. */
static mill_status end_dictionary(parquet_chunk_writer *c, mill_error *err) {
  parquet_made_page *to = &c->dictionary_page;
  MILL_TRY(add_plain(c, c->dictionary.value, c->ncoded, &to->bytes, err));
  if (to->bytes.size > INT32_MAX / 2) return too_large(c, err);
  to->raw = (uint32_t)to->bytes.size;
  to->entries = c->ncoded;
  to->encoding = c->plan->v2 ? PARQUET_PLAIN : PARQUET_PLAIN_DICTIONARY;
  mill_parquet_dictionary_clear(&c->dictionary);
  c->coding = false;
  return MILL_OK;
}

/* The page's entries of the dictionary as plain values: it does without from here on. */
static mill_status give_up_coding(parquet_chunk_writer *c, mill_error *err) {
  size_t item = c->leaf->width ? c->leaf->width : sizeof(mill_str);
  for (size_t i = 0; i < c->ncodes; i++)
    MILL_TRY(
        add_plain(c, (const char *)c->dictionary.value + c->code[i] * item, 1, &c->plain, err));
  c->ncodes = 0;
  return end_dictionary(c, err);
}

static mill_status add_values(parquet_chunk_writer *c, const void *value, size_t n,
                              mill_error *err) {
  size_t done = 0, item = c->leaf->width ? c->leaf->width : sizeof(mill_str);
  if (c->coding) {
    void *code = c->code;
    mill_status s = mill_grow(c->memory, &code, &c->code_room, c->ncodes + n, sizeof *c->code, err);
    c->code = code;
    MILL_TRY(s);
    MILL_TRY(mill_parquet_dictionary_add(&c->dictionary, value, n, c->plan->dictionary_size,
                                         c->code + c->ncodes, &done, err));
    c->ncodes += done;
    if (c->dictionary.bytes > c->plan->dictionary_size) MILL_TRY(give_up_coding(c, err));
  }
  if (done < n) MILL_TRY(add_plain(c, (const char *)value + done * item, n - done, &c->plain, err));
  if (c->leaf->bounds) MILL_TRY(mill_parquet_bounds_add(&c->bounds, c->leaf, value, n, err));
  if (c->bloom.word) mill_parquet_bloom_add(&c->bloom, c->leaf, value, n);
  c->values += (uint32_t)n;
  return MILL_OK;
}

static mill_status add_levels(parquet_chunk_writer *c, const parquet_run *r, uint32_t from,
                              uint32_t n, mill_error *err) {
  if (r->rep) MILL_TRY(mill_text_add(&c->rep, (const char *)r->rep + from, n, err));
  if (r->def && c->def.size < c->entries) {
    MILL_TRY(mill_text_reserve(&c->def, c->entries, err));
    memset(c->def.data, c->leaf->max_def, c->entries);
    c->def.size = c->entries;
  }
  if (r->def) return mill_text_add(&c->def, (const char *)r->def + from, n, err);
  if (c->def.size == 0) return MILL_OK;
  MILL_TRY(mill_text_reserve(&c->def, n, err));
  memset(c->def.data + c->def.size, c->leaf->max_def, n);
  c->def.size += n;
  return MILL_OK;
}

/* ---- finishing a page ----------------------------------------------------------------------- */

static mill_status put_length(mill_text *out, size_t at, mill_error *err) {
  size_t n = out->size - at - 4;
  if (n > INT32_MAX)
    return mill_fail(err, MILL_E_INTERNAL_ERROR, "message", "levels of a page beyond 2 GiB", NULL);
  memcpy(out->data + at, &(uint32_t){(uint32_t)n}, 4);
  return MILL_OK;
}

/* Levels with a length ahead (v1) or without; none where the greatest is 0. */
static mill_status put_levels(parquet_chunk_writer *c, const mill_text *level, uint8_t max,
                              mill_text *out, uint32_t *bytes, mill_error *err) {
  size_t at = out->size;
  int width = parquet_width(max);
  if (max == 0) return MILL_OK;
  if (!c->plan->v2) MILL_TRY(mill_text_add(out, "\0\0\0\0", 4, err));
  if (level->size) {
    MILL_TRY(mill_parquet_rle_bytes((const uint8_t *)level->data, level->size, width, out, err));
  } else {
    MILL_TRY(mill_parquet_run(c->entries, max, width, out, err));
  }
  *bytes = (uint32_t)(out->size - at);
  return c->plan->v2 ? MILL_OK : put_length(out, at, err);
}

static mill_status put_codes(parquet_chunk_writer *c, mill_text *out, mill_error *err) {
  int width = parquet_width(c->dictionary.n - 1);
  MILL_TRY(mill_text_addc(out, (char)width, err));
  return mill_parquet_rle(c->code, c->ncodes, width, out, err);
}

static mill_status put_plain(parquet_chunk_writer *c, mill_text *out, mill_error *err) {
  const mill_text *v = &c->plain;
  const parquet_write_leaf *l = c->leaf;
  if (c->values == 0) return MILL_OK;
  switch (l->encoding) {
  case PARQUET_RLE: { /* booleans, with a length ahead */
    size_t at = out->size;
    MILL_TRY(mill_text_add(out, "\0\0\0\0", 4, err));
    MILL_TRY(mill_parquet_rle_bytes((const uint8_t *)v->data, c->values, 1, out, err));
    return put_length(out, at, err);
  }
  case PARQUET_DELTA_BINARY_PACKED:
    return mill_parquet_delta(v->data, c->values, (int)l->width, out, err);
  case PARQUET_DELTA_BYTE_ARRAY:
    return mill_parquet_delta_prefix(v->data, c->values, l->width, out, err);
  case PARQUET_BYTE_STREAM_SPLIT: return mill_parquet_split(v->data, c->values, l->width, out, err);
  default: break;
  }
  if (l->physical == PARQUET_BOOLEAN)
    return mill_parquet_bits((const uint8_t *)v->data, c->values, out, err);
  return mill_text_add(out, v->data, v->size, err);
}

/* The values behind the levels, and the encoding they got. A first page with entries of a dictionary
** decides whether that stays. */
static mill_status put_values(parquet_chunk_writer *c, mill_text *out, int32_t *encoding,
                              mill_error *err) {
  if (c->coding && c->values) {
    size_t at = out->size;
    MILL_TRY(put_codes(c, out, err));
    bool pays = c->judged || out->size - at + c->dictionary.bytes < c->value_bytes;
    c->judged = true;
    if (pays) {
      c->ncoded = c->dictionary.n;
      *encoding = c->plan->v2 ? PARQUET_RLE_DICTIONARY : PARQUET_PLAIN_DICTIONARY;
      return MILL_OK;
    }
    out->size = at;
    MILL_TRY(give_up_coding(c, err));
  }
  *encoding = c->values || !c->plan->v2 ? c->leaf->encoding : PARQUET_PLAIN;
  return put_plain(c, out, err);
}

static void begin_page(parquet_chunk_writer *c) {
  mill_text_reset(&c->def);
  mill_text_reset(&c->rep);
  mill_text_reset(&c->plain);
  mill_parquet_bounds_reset(&c->bounds);
  c->ncodes = c->value_bytes = 0;
  c->entries = c->values = c->rows = 0;
}

static mill_status end_page(parquet_chunk_writer *c, parquet_worker *w, mill_error *err) {
  mill_text *out = &w->bytes;
  void *page = c->page;
  mill_status s = mill_grow(c->memory, &page, &c->page_room, c->npages + 1, sizeof *c->page, err);
  c->page = page;
  MILL_TRY(s);
  parquet_made_page *to = &c->page[c->npages];
  init_page(to, c->memory);
  c->npages++;
  mill_text_reset(out);
  MILL_TRY(put_levels(c, &c->rep, c->leaf->max_rep, out, &to->rep_bytes, err));
  MILL_TRY(put_levels(c, &c->def, c->leaf->max_def, out, &to->def_bytes, err));
  MILL_TRY(put_values(c, out, &to->encoding, err));
  if (out->size > INT32_MAX / 2) return too_large(c, err);
  if (out->size) MILL_TRY(mill_text_add(&to->bytes, out->data, out->size, err));
  to->raw = (uint32_t)out->size;
  to->entries = c->entries;
  to->nulls = c->entries - c->values;
  to->rows = c->rows;
  MILL_TRY(mill_parquet_bounds_merge(&to->bounds, c->leaf, &c->bounds, err));
  MILL_TRY(mill_parquet_bounds_merge(&c->total, c->leaf, &c->bounds, err));
  c->total_entries += to->entries;
  c->total_nulls += to->nulls;
  begin_page(c);
  return MILL_OK;
}

mill_status mill_parquet_chunk_end(parquet_chunk_writer *c, parquet_worker *w, mill_error *err) {
  if (c->entries) MILL_TRY(end_page(c, w, err));
  return c->coding ? end_dictionary(c, err) : MILL_OK;
}

/* ---- rows ----------------------------------------------------------------------------------- */

/* As parquet-java counts what a value takes without a dictionary. */
static inline size_t size_of(const parquet_write_leaf *l, const void *value, size_t k) {
  switch (l->physical) {
  case PARQUET_BYTE_ARRAY: return 4 + (size_t)((const mill_str *)value)[k].size;
  case PARQUET_INT96:
  case PARQUET_FIXED: return l->width + 4;
  default: return l->width;
  }
}

/* Entries from `from` on that the page still takes, whole rows; counts them in. */
static uint32_t fitting(parquet_chunk_writer *c, const parquet_run *r, uint32_t from,
                        uint32_t value_from, uint32_t *values) {
  uint32_t i = from, k = value_from, n = r->n - from;
  if (r->rep == NULL && r->def == NULL && c->leaf->width) {
    uint64_t left = c->plan->page_rows - c->rows, size = size_of(c->leaf, r->value, 0);
    uint64_t bytes = (c->plan->page_size - c->value_bytes + size - 1) / size;
    n = left < n ? (uint32_t)left : n;
    n = bytes < n ? (uint32_t)bytes : n;
    c->rows += n;
    c->value_bytes += n * size;
    return *values = n;
  }
  for (; i < r->n; i++) {
    bool full = c->rows >= c->plan->page_rows || c->value_bytes >= c->plan->page_size;
    if (r->rep == NULL || r->rep[i] == 0) {
      if (full) break;
      c->rows++;
    }
    if (r->def && r->def[i] != c->leaf->max_def) continue;
    c->value_bytes += size_of(c->leaf, r->value, k);
    k++;
  }
  *values = k - value_from;
  return i - from;
}

mill_status mill_parquet_chunk_add(parquet_chunk_writer *c, parquet_worker *w, const mill_vector *v,
                                   const uint32_t *at, uint32_t n, mill_error *err) {
  parquet_run r;
  size_t item = c->leaf->width ? c->leaf->width : sizeof(mill_str);
  MILL_TRY(mill_parquet_shred(c->plan, c->leaf, v, at, n, &w->arena, &r, err));
  for (uint32_t from = 0, value = 0; from < r.n;) {
    uint32_t values, entries = fitting(c, &r, from, value, &values);
    MILL_TRY(add_levels(c, &r, from, entries, err));
    if (values) MILL_TRY(add_values(c, (const char *)r.value + value * item, values, err));
    c->entries += entries;
    from += entries;
    value += values;
    if (c->rows >= c->plan->page_rows || c->value_bytes >= c->plan->page_size)
      MILL_TRY(end_page(c, w, err));
  }
  return MILL_OK;
}

/* ---- packing -------------------------------------------------------------------------------- */

mill_status mill_parquet_page_pack(const parquet_plan *p, parquet_made_page *page,
                                   parquet_worker *w, mill_error *err) {
  bool data2 =
      p->v2 && page->rows > 0; /* levels stand as they are, and values that do not shrink */
  size_t levels = data2 ? page->rep_bytes + page->def_bytes : 0;
  mill_text *out = &w->bytes;
  if (page->packed) return MILL_OK;
  page->packed = true;
  if (p->codec == PARQUET_UNCOMPRESSED) return MILL_OK;
  mill_text_reset(out);
  if (levels) MILL_TRY(mill_text_add(out, page->bytes.data, levels, err));
  if (page->raw > levels || levels == 0)
    MILL_TRY(mill_packer_add(w->packer, page->bytes.data ? page->bytes.data + levels : "",
                             page->raw - levels, out, err));
  if (data2 && out->size >= page->raw) return MILL_OK;
  page->compressed = true;
  mill_text fit;
  mill_text_init(&fit, page->bytes.memory);
  MILL_TRY(mill_text_add(&fit, out->data, out->size, err));
  mill_text_clear(&page->bytes);
  page->bytes = fit;
  return MILL_OK;
}
