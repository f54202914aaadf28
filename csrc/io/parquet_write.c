/* Parquet files: columns -> row groups -> indexes -> footer.
**
**     "PAR1" | row group: each column's pages, then its Bloom filters | .. | column indexes |
**     offset indexes | footer | its length | "PAR1"
**
** A draft's rounds: the columns take the lots, one task a column; when the row group is full (or the
** file ends) the columns end; then all new pages are packed, one task a page. So a row group is encoded
** by all threads, and wide pages of one column do not hold up the others. A row group is full when what
** is held of it reaches parquet.block.size. Memory: that, and the metadata until the file ends. */
#include "base/hash.h"
#include "base/version.h"
#include "io/parquet_write_int.h"

enum { LONG_BYTES = 16 << 10 };

typedef struct made_index {
  parquet_offset_index offsets;
  parquet_column_index bounds;
  bool has_bounds;
} made_index;

typedef struct made_group {
  parquet_group group;
  made_index *index; /* of each chunk */
} made_group;

typedef struct parquet_draft {
  io_draft base;
  const parquet_plan *plan;
  mill_memory *memory;
  mill_arena arena; /* metadata of the file */
  parquet_chunk_writer *chunk;
  parquet_made_page **pack; /* pages of the round */
  size_t npack, pack_room;
  made_group *group;
  size_t ngroups, group_room;
  mill_text bytes; /* a header, an index, the footer */
  mill_text tail;  /* short ones, on their way out together */
  uint64_t group_rows, rows, offset;
  bool ending; /* the row group ends with this round */
} parquet_draft;

static mill_status oom(const parquet_draft *d, mill_error *err) {
  return mill_oom(d->memory, 1024, err);
}

/* ---- encoding ------------------------------------------------------------------------------- */

/* Pages that are not packed yet; the last one of dictionary pages waits for the group's end. */
static mill_status list_pages(parquet_draft *d, size_t *n, mill_error *err) {
  size_t most = 0;
  void *pack = d->pack;
  for (uint32_t i = 0; i < d->plan->nleaves; i++)
    most += d->chunk[i].npages - d->chunk[i].npacked + 1;
  mill_status s = mill_grow(d->memory, &pack, &d->pack_room, most, sizeof *d->pack, err);
  d->pack = pack;
  MILL_TRY(s);
  d->npack = 0;
  for (uint32_t i = 0; i < d->plan->nleaves; i++) {
    parquet_chunk_writer *c = &d->chunk[i];
    if (d->ending && c->ncoded) d->pack[d->npack++] = &c->dictionary_page;
    for (; c->npacked < c->npages; c->npacked++) d->pack[d->npack++] = &c->page[c->npacked];
  }
  *n = d->npack;
  return MILL_OK;
}

static bool group_ends(parquet_draft *d) {
  size_t bytes = 0;
  d->group_rows += d->base.rows;
  for (uint32_t i = 0; i < d->plan->nleaves; i++) bytes += mill_parquet_chunk_size(&d->chunk[i]);
  bool full = bytes >= d->plan->block_size || d->group_rows >= d->plan->block_rows;
  return d->group_rows && (full || d->base.last || d->base.flush);
}

static mill_status tasks(io_draft *base, int round, size_t *n, mill_error *err) {
  parquet_draft *d = (parquet_draft *)base;
  switch (round) {
  case 0: *n = base->nlots ? d->plan->nleaves : 0; return MILL_OK;
  case 1:
    d->ending = group_ends(d);
    *n = d->ending ? d->plan->nleaves : 0;
    return MILL_OK;
  default: return list_pages(d, n, err);
  }
}

static mill_status add_lots(parquet_draft *d, parquet_chunk_writer *c, parquet_worker *w,
                            mill_error *err) {
  for (size_t i = 0; i < d->base.nlots; i++) {
    const io_lot *x = &d->base.lot[i];
    mill_arena_reset(&w->arena);
    MILL_TRY(mill_parquet_chunk_add(c, w, &x->col[c->leaf->column], x->at, x->n, err));
  }
  return MILL_OK;
}

static mill_status work(io_draft *base, int round, size_t task, int worker, mill_error *err) {
  parquet_draft *d = (parquet_draft *)base;
  parquet_worker *w = &d->plan->worker[worker];
  switch (round) {
  case 0: return add_lots(d, &d->chunk[task], w, err);
  case 1: return mill_parquet_chunk_end(&d->chunk[task], w, err);
  default: return mill_parquet_page_pack(d->plan, d->pack[task], w, err);
  }
}

/* ---- bytes ---------------------------------------------------------------------------------- */

static mill_status put(parquet_draft *d, const char *p, size_t n, mill_error *err) {
  if (n == 0) return MILL_OK;
  d->offset += n;
  return mill_text_add(&d->tail, p, n, err);
}

/* Long bytes go out as they are. */
static mill_status put_move(parquet_draft *d, mill_text *bytes, mill_error *err) {
  if (bytes->size < LONG_BYTES) return put(d, bytes->data, bytes->size, err);
  d->offset += bytes->size;
  MILL_TRY(mill_io_press_put_move(&d->base, &d->tail, err));
  return mill_io_press_put_move(&d->base, bytes, err);
}

static mill_status put_struct(parquet_draft *d, const thrift_struct *of, const void *x,
                              mill_error *err) {
  mill_text_reset(&d->bytes);
  MILL_TRY(mill_thrift_write(of, x, &d->bytes, err));
  return put(d, d->bytes.data, d->bytes.size, err);
}

static void describe_data(const parquet_plan *p, const parquet_write_leaf *l,
                          const parquet_made_page *page, parquet_page *head) {
  if (p->v2) {
    head->has |= THRIFT_HAS(8);
    head->type = PARQUET_DATA_PAGE_V2;
    head->data2 = (parquet_data_page_v2){0xfe,
                                         (int32_t)page->entries,
                                         (int32_t)page->nulls,
                                         (int32_t)page->rows,
                                         page->encoding,
                                         (int32_t)page->def_bytes,
                                         (int32_t)page->rep_bytes,
                                         page->compressed,
                                         {0}};
    return;
  }
  head->has |= THRIFT_HAS(5);
  head->type = PARQUET_DATA_PAGE;
  head->data = (parquet_data_page){0x1e,
                                   (int32_t)page->entries,
                                   page->encoding,
                                   l->max_def ? PARQUET_RLE : PARQUET_BIT_PACKED,
                                   l->max_rep ? PARQUET_RLE : PARQUET_BIT_PACKED,
                                   {0}};
}

/* Put a page; its bytes before packing are added to *raw. */
static mill_status put_page(parquet_draft *d, const parquet_write_leaf *l, parquet_made_page *page,
                            bool dictionary, int64_t *raw, mill_error *err) {
  mill_text *b = &page->bytes;
  uint64_t before = d->offset;
  parquet_page head = {.has = THRIFT_HAS(1) | THRIFT_HAS(2) | THRIFT_HAS(3)};
  head.uncompressed = (int32_t)page->raw;
  head.compressed = (int32_t)b->size;
  if (dictionary) {
    head.has |= THRIFT_HAS(7);
    head.type = PARQUET_DICTIONARY_PAGE;
    head.dictionary = (parquet_dictionary_page){0x6, (int32_t)page->entries, page->encoding, false};
  } else {
    describe_data(d->plan, l, page, &head);
  }
  if (d->plan->checksum) {
    head.has |= THRIFT_HAS(4);
    head.crc = (int32_t)mill_crc32(b->data, b->size);
  }
  MILL_TRY(put_struct(d, &mill_parquet_page, &head, err));
  *raw += (int64_t)(d->offset - before) + page->raw;
  return put_move(d, b, err);
}

/* ---- a chunk's metadata --------------------------------------------------------------------- */

static mill_status text_in(parquet_draft *d, const parquet_write_leaf *l, const mill_text *bound,
                           bool max, size_t limit, thrift_bytes *out, mill_error *err) {
  mill_text_reset(&d->bytes);
  MILL_TRY(mill_parquet_bound_cut(l, bound, max, limit, &d->bytes, err));
  out->n = (uint32_t)d->bytes.size;
  out->p = mill_arena_strndup(&d->arena, d->bytes.data ? d->bytes.data : "", d->bytes.size);
  return out->p ? MILL_OK : oom(d, err);
}

/* Bounds that together are longer than PARQUET_BOUND are left out, as parquet-java does. */
static mill_status describe_values(parquet_draft *d, const parquet_chunk_writer *c,
                                   parquet_statistics *s, mill_error *err) {
  const parquet_bounds *b = &c->total;
  s->has = THRIFT_HAS(3);
  s->null_count = (int64_t)c->total_nulls;
  if (!c->leaf->bounds || !b->some || b->unknown) return MILL_OK;
  MILL_TRY(text_in(d, c->leaf, &b->min, false, d->plan->bound_bytes, &s->min, err));
  MILL_TRY(text_in(d, c->leaf, &b->max, true, d->plan->bound_bytes, &s->max, err));
  if (s->min.n + s->max.n >= PARQUET_BOUND) return MILL_OK;
  s->min_exact = s->min.n == b->min.size;
  s->max_exact = s->max.n == b->max.size && memcmp(s->max.p, b->max.data, s->max.n) == 0;
  s->has |= THRIFT_HAS(5) | THRIFT_HAS(6) | THRIFT_HAS(7) | THRIFT_HAS(8);
  return MILL_OK;
}

static void add_encoding(parquet_ints *list, int32_t encoding) {
  for (uint32_t i = 0; i < list->n; i++)
    if (list->at[i] == encoding) return;
  list->at[list->n++] = encoding;
}

static void count_encoding(parquet_chunk_meta *m, int32_t page, int32_t encoding) {
  for (uint32_t i = 0; i < m->encoding_stats.n; i++) {
    parquet_encoding_stats *s = &m->encoding_stats.at[i];
    if (s->page_type == page && s->encoding == encoding) {
      s->count++;
      return;
    }
  }
  m->encoding_stats.at[m->encoding_stats.n++] = (parquet_encoding_stats){0xe, page, encoding, 1};
}

/* The dictionary's, the values' with and without it, the levels'. */
static mill_status describe_encodings(parquet_draft *d, const parquet_chunk_writer *c,
                                      parquet_chunk_meta *m, mill_error *err) {
  const parquet_write_leaf *l = c->leaf;
  m->encodings.at = mill_arena_alloc(&d->arena, 8 * sizeof *m->encodings.at);
  m->encoding_stats.at = mill_arena_alloc(&d->arena, 8 * sizeof *m->encoding_stats.at);
  if (m->encodings.at == NULL || m->encoding_stats.at == NULL) return oom(d, err);
  if (!d->plan->v2) {
    add_encoding(&m->encodings, l->max_rep ? PARQUET_RLE : PARQUET_BIT_PACKED);
    add_encoding(&m->encodings, l->max_def ? PARQUET_RLE : PARQUET_BIT_PACKED);
  }
  if (c->ncoded) {
    add_encoding(&m->encodings, c->dictionary_page.encoding);
    count_encoding(m, PARQUET_DICTIONARY_PAGE, c->dictionary_page.encoding);
  }
  for (size_t i = 0; i < c->npages; i++) {
    add_encoding(&m->encodings, c->page[i].encoding);
    count_encoding(m, d->plan->v2 ? PARQUET_DATA_PAGE_V2 : PARQUET_DATA_PAGE, c->page[i].encoding);
  }
  return MILL_OK;
}

static mill_status describe_chunk(parquet_draft *d, const parquet_chunk_writer *c,
                                  parquet_chunk_meta *m, mill_error *err) {
  const parquet_write_leaf *l = c->leaf;
  for (int i = 1; i <= 7; i++) m->has |= THRIFT_HAS(i);
  m->has |= THRIFT_HAS(9) | THRIFT_HAS(12) | THRIFT_HAS(13);
  m->type = l->physical;
  m->path.at = l->path;
  m->path.n = l->npath;
  m->codec = d->plan->codec;
  m->values = (int64_t)c->total_entries;
  MILL_TRY(describe_encodings(d, c, m, err));
  return describe_values(d, c, &m->statistics, err);
}

/* ---- page indexes --------------------------------------------------------------------------- */

static bool all_bounded(const parquet_chunk_writer *c) {
  if (!c->leaf->bounds || c->total.unknown) return false;
  for (size_t i = 0; i < c->npages; i++)
    if (!c->page[i].bounds.some && c->page[i].nulls < c->page[i].entries) return false;
  return true;
}

/* Do the pages' bounds rise, fall, or neither? Pages of nulls do not count. */
static int32_t order_of(const parquet_chunk_writer *c) {
  bool rises = true, falls = true;
  const parquet_bounds *before = NULL;
  for (size_t i = 0; i < c->npages; i++) {
    const parquet_bounds *b = &c->page[i].bounds;
    if (!b->some) continue;
    if (before) {
      int min = mill_parquet_bound_compare(c->leaf, &before->min, &b->min);
      int max = mill_parquet_bound_compare(c->leaf, &before->max, &b->max);
      rises &= min <= 0 && max <= 0;
      falls &= min >= 0 && max >= 0;
    }
    before = b;
  }
  return rises ? PARQUET_ASCENDING : falls ? PARQUET_DESCENDING : PARQUET_UNORDERED;
}

static mill_status index_bounds(parquet_draft *d, const parquet_chunk_writer *c,
                                parquet_column_index *x, mill_error *err) {
  size_t n = c->npages;
  x->has = THRIFT_HAS(1) | THRIFT_HAS(2) | THRIFT_HAS(3) | THRIFT_HAS(4) | THRIFT_HAS(5);
  x->null_pages.at = mill_arena_alloc(&d->arena, n * sizeof *x->null_pages.at);
  x->min.at = mill_arena_alloc(&d->arena, n * sizeof *x->min.at);
  x->max.at = mill_arena_alloc(&d->arena, n * sizeof *x->max.at);
  x->nulls.at = mill_arena_alloc(&d->arena, n * sizeof *x->nulls.at);
  if (!x->null_pages.at || !x->min.at || !x->max.at || !x->nulls.at) return oom(d, err);
  x->null_pages.n = x->min.n = x->max.n = x->nulls.n = (uint32_t)n;
  x->order = order_of(c);
  for (size_t i = 0; i < n; i++) {
    const parquet_made_page *page = &c->page[i];
    x->nulls.at[i] = page->nulls;
    x->null_pages.at[i] = !page->bounds.some;
    x->min.at[i] = x->max.at[i] = (thrift_bytes){"", 0};
    if (!page->bounds.some) continue;
    size_t limit = d->plan->index_bytes;
    MILL_TRY(text_in(d, c->leaf, &page->bounds.min, false, limit, &x->min.at[i], err));
    MILL_TRY(text_in(d, c->leaf, &page->bounds.max, true, limit, &x->max.at[i], err));
  }
  return MILL_OK;
}

/* ---- row groups ----------------------------------------------------------------------------- */

static mill_status put_pages(parquet_draft *d, parquet_chunk_writer *c, parquet_chunk_meta *m,
                             parquet_offset_index *x, mill_error *err) {
  int64_t first_row = 0;
  x->has = THRIFT_HAS(1);
  x->pages.at = mill_arena_alloc(&d->arena, c->npages * sizeof *x->pages.at);
  if (x->pages.at == NULL) return oom(d, err);
  if (c->ncoded) {
    m->has |= THRIFT_HAS(11);
    m->dictionary_page = (int64_t)d->offset;
    MILL_TRY(put_page(d, c->leaf, &c->dictionary_page, true, &m->uncompressed, err));
  }
  m->data_page = (int64_t)d->offset;
  for (size_t i = 0; i < c->npages; i++) {
    uint64_t at = d->offset;
    MILL_TRY(put_page(d, c->leaf, &c->page[i], false, &m->uncompressed, err));
    x->pages.at[x->pages.n++] =
        (parquet_location){0xe, (int64_t)at, (int32_t)(d->offset - at), first_row};
    first_row += c->page[i].rows;
  }
  return MILL_OK;
}

static mill_status put_chunk(parquet_draft *d, parquet_chunk_writer *c, parquet_chunk *out,
                             made_index *x, mill_error *err) {
  parquet_chunk_meta *m = &out->meta;
  uint64_t at = d->offset;
  out->has = THRIFT_HAS(2) | THRIFT_HAS(3);
  out->file_offset = (int64_t)at;
  MILL_TRY(describe_chunk(d, c, m, err));
  MILL_TRY(put_pages(d, c, m, &x->offsets, err));
  m->compressed = (int64_t)(d->offset - at);
  x->has_bounds = all_bounded(c);
  return x->has_bounds ? index_bounds(d, c, &x->bounds, err) : MILL_OK;
}

static mill_status put_bloom(parquet_draft *d, parquet_chunk_writer *c, parquet_chunk_meta *m,
                             mill_error *err) {
  static const parquet_empty first = {THRIFT_HAS(1)};
  const parquet_write_leaf *l = c->leaf;
  if (l->bloom_bytes == 0) return MILL_OK;
  size_t n = l->bloom_fpp > 0 ? mill_parquet_bloom_fold(&c->bloom, l->bloom_fpp) : c->bloom.bytes;
  parquet_bloom head = {0x1e, (int32_t)n, first, first, first};
  m->has |= THRIFT_HAS(14) | THRIFT_HAS(15);
  m->bloom_offset = (int64_t)d->offset;
  MILL_TRY(put_struct(d, &mill_parquet_bloom, &head, err));
  MILL_TRY(put(d, (const char *)c->bloom.word, n, err));
  m->bloom_length = (int32_t)((int64_t)d->offset - m->bloom_offset);
  return MILL_OK;
}

static mill_status put_group(parquet_draft *d, mill_error *err) {
  uint32_t n = d->plan->nleaves;
  void *group = d->group;
  mill_status s =
      mill_grow(d->memory, &group, &d->group_room, d->ngroups + 1, sizeof *d->group, err);
  d->group = group;
  MILL_TRY(s);
  made_group *made = &d->group[d->ngroups];
  parquet_group *g = &made->group;
  *made = (made_group){.index = mill_arena_alloc(&d->arena, n * sizeof *made->index)};
  g->chunks.at = mill_arena_alloc(&d->arena, n * sizeof *g->chunks.at);
  if (made->index == NULL || g->chunks.at == NULL) return oom(d, err);
  g->chunks.n = n;
  g->has = THRIFT_HAS(1) | THRIFT_HAS(2) | THRIFT_HAS(3) | THRIFT_HAS(5) | THRIFT_HAS(6);
  if (d->ngroups <= INT16_MAX) g->has |= THRIFT_HAS(7);
  g->ordinal = (int16_t)d->ngroups;
  g->rows = (int64_t)d->group_rows;
  g->file_offset = (int64_t)d->offset;
  for (uint32_t i = 0; i < n; i++) {
    MILL_TRY(put_chunk(d, &d->chunk[i], &g->chunks.at[i], &made->index[i], err));
    g->bytes += g->chunks.at[i].meta.uncompressed;
    g->compressed += g->chunks.at[i].meta.compressed;
  }
  for (uint32_t i = 0; i < n; i++) {
    MILL_TRY(put_bloom(d, &d->chunk[i], &g->chunks.at[i].meta, err));
    mill_parquet_chunk_reset(&d->chunk[i]);
  }
  d->rows += d->group_rows;
  d->group_rows = 0;
  d->ngroups++;
  return MILL_OK;
}

/* ---- the end of the file -------------------------------------------------------------------- */

static mill_status put_indexes(parquet_draft *d, bool bounds, mill_error *err) {
  for (size_t g = 0; g < d->ngroups; g++)
    for (uint32_t i = 0; i < d->plan->nleaves; i++) {
      made_index *x = &d->group[g].index[i];
      parquet_chunk *c = &d->group[g].group.chunks.at[i];
      int64_t at = (int64_t)d->offset;
      if (bounds && x->has_bounds) {
        MILL_TRY(put_struct(d, &mill_parquet_column_index, &x->bounds, err));
        c->has |= THRIFT_HAS(6) | THRIFT_HAS(7);
        c->column_index = at;
        c->column_index_length = (int32_t)((int64_t)d->offset - at);
      } else if (!bounds) {
        MILL_TRY(put_struct(d, &mill_parquet_offset_index, &x->offsets, err));
        c->has |= THRIFT_HAS(4) | THRIFT_HAS(5);
        c->offset_index = at;
        c->offset_index_length = (int32_t)((int64_t)d->offset - at);
      }
    }
  return MILL_OK;
}

static mill_status describe_file(parquet_draft *d, parquet_file *f, mill_error *err) {
  static const char creator[] = "tidemill version " MILL_VERSION;
  const parquet_plan *p = d->plan;
  f->has = THRIFT_HAS(1) | THRIFT_HAS(2) | THRIFT_HAS(3) | THRIFT_HAS(4) | THRIFT_HAS(5) |
           THRIFT_HAS(6) | THRIFT_HAS(7);
  f->version = 1;
  f->rows = (int64_t)d->rows;
  f->schema.at = p->element;
  f->schema.n = p->nelements;
  f->groups.at = mill_arena_alloc(&d->arena, (d->ngroups + 1) * sizeof *f->groups.at);
  f->orders.at = mill_arena_alloc(&d->arena, p->nleaves * sizeof *f->orders.at);
  if (f->groups.at == NULL || f->orders.at == NULL) return oom(d, err);
  for (size_t i = 0; i < d->ngroups; i++) f->groups.at[i] = d->group[i].group;
  f->groups.n = (uint32_t)d->ngroups;
  for (uint32_t i = 0; i < p->nleaves; i++) f->orders.at[i].has = THRIFT_HAS(1);
  f->orders.n = p->nleaves;
  f->key_values.at = p->key_value;
  f->key_values.n = p->nkey_values;
  f->created_by = (thrift_bytes){creator, sizeof creator - 1};
  return MILL_OK;
}

static mill_status put_footer(parquet_draft *d, mill_error *err) {
  parquet_file f = {0};
  char tail[PARQUET_TAIL];
  uint64_t at = d->offset;
  MILL_TRY(put_indexes(d, true, err));
  MILL_TRY(put_indexes(d, false, err));
  at = d->offset;
  MILL_TRY(describe_file(d, &f, err));
  MILL_TRY(put_struct(d, &mill_parquet_file, &f, err));
  uint32_t length = (uint32_t)(d->offset - at);
  memcpy(tail, &length, 4);
  memcpy(tail + 4, PARQUET_MAGIC, 4);
  return put(d, tail, sizeof tail, err);
}

static mill_status take(io_draft *base, mill_error *err) {
  parquet_draft *d = (parquet_draft *)base;
  if (d->offset == 0) MILL_TRY(put(d, PARQUET_MAGIC, 4, err));
  if (d->ending) MILL_TRY(put_group(d, err));
  d->ending = false;
  base->room = d->plan->block_rows - d->group_rows;
  base->held = 0;
  for (uint32_t i = 0; i < d->plan->nleaves; i++)
    base->held += mill_parquet_chunk_held(&d->chunk[i]);
  if (base->last) MILL_TRY(put_footer(d, err));
  return mill_io_press_put_move(base, &d->tail, err);
}

/* ---- life ----------------------------------------------------------------------------------- */

static void free_draft(io_draft *base) {
  parquet_draft *d = (parquet_draft *)base;
  mill_memory *m = d->memory;
  for (uint32_t i = 0; d->chunk && i < d->plan->nleaves; i++)
    if (d->chunk[i].plan) mill_parquet_chunk_clear(&d->chunk[i]);
  if (d->chunk) mill_free(m, d->chunk, d->plan->nleaves * sizeof *d->chunk);
  if (d->pack) mill_free(m, d->pack, d->pack_room * sizeof *d->pack);
  if (d->group) mill_free(m, d->group, d->group_room * sizeof *d->group);
  mill_text_clear(&d->bytes);
  mill_text_clear(&d->tail);
  mill_arena_clear(&d->arena);
  mill_free(m, d, sizeof *d);
}

static mill_status draft_new(mill_encoder *e, io_draft **out, mill_error *err) {
  static const io_drafting drafting = {3, tasks, work, take, free_draft};
  const parquet_plan *p = e->plan;
  parquet_draft *d = mill_calloc(e->memory, sizeof *d);
  if (d == NULL) return mill_oom(e->memory, sizeof *d, err);
  d->base = (io_draft){.is = &drafting, .room = p->block_rows};
  d->plan = p;
  d->memory = e->memory;
  mill_arena_init(&d->arena, e->memory);
  mill_text_init(&d->bytes, e->memory);
  mill_text_init(&d->tail, e->memory);
  d->chunk = mill_calloc(e->memory, p->nleaves * sizeof *d->chunk);
  mill_status s = d->chunk ? MILL_OK : oom(d, err);
  for (uint32_t i = 0; i < p->nleaves && s == MILL_OK; i++)
    s = mill_parquet_chunk_init(&d->chunk[i], p, &p->leaf[i], e->memory, err);
  if (s == MILL_OK)
    *out = &d->base;
  else
    free_draft(&d->base);
  return s;
}

static bool parquet_takes(const mill_type *t) {
  return t->id != MILL_INTERVAL && (t->id != MILL_STRUCT || t->nfields > 0);
}

const io_output mill_output_parquet = {.name = "parquet",
                                       .suffix = ".parquet",
                                       .packs = true,
                                       .takes = parquet_takes,
                                       .configure = mill_parquet_write_configure,
                                       .draft = draft_new};
