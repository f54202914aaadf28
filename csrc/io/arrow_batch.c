/* Record batches and dictionaries of Arrow files: buffers into memory; see arrow_int.h.
**
** Columns come in the order of the schema, each with its nodes and buffers in pre-order. Those that
** nobody wants are counted past. A buffer is read from the file by itself, and unpacked when the
** batch is compressed, into the batch's arena, at addresses that vectors may point at. */
#include "io/arrow_int.h"

#include "base/lz4_frame.h"

typedef struct loader {
  io_arrow_batch *b;
  const io_arrow_block *block;
  mill_arena *arena;
  io_flat_vector nodes, buffers, variadic;
  uint32_t node, buffer, view; /* the next ones */
  int codec;                   /* -1: none, 0: LZ4 frames, 1: zstd */
  size_t limit;                /* blocks that count for dictionaries */
  mill_error *err;
} loader;

enum { NODE = 16, ROWS_MAX = INT32_MAX };

void mill_arrow_batch_init(io_arrow_batch *b, io_arrow_file *f) {
  *b = (io_arrow_batch){.file = f};
  mill_arena_init(&b->arena, f->memory);
}

void mill_arrow_batch_forget(io_arrow_batch *b) {
  mill_memory *m = b->file->memory;
  for (size_t i = 0; i < b->ndictionaries; i++) {
    mill_arena_clear(&b->dictionary[i]->arena);
    mill_free(m, b->dictionary[i], sizeof **b->dictionary);
  }
  b->ndictionaries = 0;
}

void mill_arrow_batch_clear(io_arrow_batch *b) {
  mill_arrow_batch_forget(b);
  if (b->dictionary) mill_free(b->file->memory, b->dictionary, b->capacity * sizeof *b->dictionary);
  mill_arena_clear(&b->arena);
}

static mill_status corrupt(const loader *l, const char *reason) {
  return mill_arrow_file_corrupt(l->b->file, reason, l->err);
}

/* ---- buffers -------------------------------------------------------------------------------- */

static void *room(const loader *l, uint64_t n, mill_status *s) {
  void *p = n > SIZE_MAX / 2 ? NULL : mill_arena_take(l->arena, (size_t)n + 16);
  if (p == NULL) *s = mill_oom(l->arena->memory, (size_t)n, l->err);
  return p;
}

static mill_status unpack(const loader *l, const unsigned char *from, uint64_t n,
                          mill_arrow_buffer *out) {
  mill_memory *m = l->arena->memory;
  uint64_t size = 0;
  mill_status s = MILL_OK;
  for (int i = 0; i < 8; i++) size |= (uint64_t)from[i] << 8 * i;
  if (size == UINT64_MAX) { /* it would not have become smaller */
    *out = (mill_arrow_buffer){from + 8, n - 8};
    return MILL_OK;
  }
  if (size > n * IO_ARROW_EXPANDS)
    return corrupt(l, "a compressed buffer would grow more than 10000 times");
  void *to = room(l, size, &s);
  if (s != MILL_OK) return s;
  *out = (mill_arrow_buffer){to, (size_t)size};
  if (size == 0) return MILL_OK;
  s = l->codec == 0 ? mill_lz4_frame_unpack_into(m, from + 8, n - 8, to, size, l->err)
                    : mill_zstd_unpack_into(m, from + 8, n - 8, to, size, l->err);
  if (s != MILL_E_CORRUPT_FILE) return s;
  if (l->err) mill_error_clear(l->err);
  return corrupt(l, "a compressed buffer is damaged");
}

/* The next buffer; `wanted`: its bytes. */
static mill_status next_buffer(loader *l, bool wanted, mill_arrow_buffer *out) {
  mill_status s = MILL_OK;
  *out = (mill_arrow_buffer){NULL, 0};
  if (l->buffer >= l->buffers.n) return corrupt(l, "a record batch has too few buffers");
  size_t at = (size_t)l->buffer++ * NODE;
  if (!wanted) return MILL_OK;
  int64_t from = mill_flat_number(l->buffers, at, 8), n = mill_flat_number(l->buffers, at + 8, 8);
  if (from < 0 || n < 0 || (uint64_t)from > l->block->body ||
      (uint64_t)n > l->block->body - (uint64_t)from)
    return corrupt(l, "a buffer lies outside of its message");
  if (n == 0) return MILL_OK;
  unsigned char *p = room(l, (uint64_t)n, &s);
  if (s != MILL_OK) return s;
  MILL_TRY(
      mill_arrow_file_read(l->b->file, l->block->body_at + (uint64_t)from, p, (size_t)n, l->err));
  *out = (mill_arrow_buffer){p, (size_t)n};
  if (l->codec < 0) return MILL_OK;
  return n < 8 ? corrupt(l, "a compressed buffer is damaged") : unpack(l, p, (uint64_t)n, out);
}

/* ---- columns -------------------------------------------------------------------------------- */

static mill_status find_dictionary(loader *l, const mill_arrow_type *t, const mill_type *as,
                                   const mill_vector **out);

static mill_status load_views(loader *l, mill_arrow_array *a, bool wanted) {
  if (l->view >= l->variadic.n) return corrupt(l, "a record batch has too few buffers");
  int64_t n = mill_flat_number(l->variadic, (size_t)l->view++ * 8, 8);
  if (n < 0 || n > (int64_t)(l->buffers.n - l->buffer))
    return corrupt(l, "a record batch has too few buffers");
  if (!wanted) {
    l->buffer += (uint32_t)n;
    return MILL_OK;
  }
  a->nviews = (size_t)n;
  a->views = mill_arena_alloc(l->arena, ((size_t)n + 1) * sizeof *a->views);
  if (a->views == NULL) return mill_oom(l->arena->memory, (size_t)n, l->err);
  for (int64_t i = 0; i < n; i++) MILL_TRY(next_buffer(l, true, &a->views[i]));
  return MILL_OK;
}

/* The wanted type of a child. */
static const mill_type *child_type(const mill_arrow_type *t, const mill_type *as, uint32_t i) {
  if (as == NULL || t->kind == MILL_ARROW_RUN_END) return as;
  if (t->kind == MILL_ARROW_MAP) return as; /* its entries have the map's children */
  return as->fields[i].type;
}

static mill_status load_array(loader *l, const mill_arrow_type *t, const mill_type *as,
                              mill_arrow_array *a);

static mill_status load_children(loader *l, const mill_arrow_type *t, const mill_type *as,
                                 mill_arrow_array *a) {
  mill_arrow_array passed;
  if (as && t->nchildren) {
    a->child = mill_arena_alloc(l->arena, t->nchildren * sizeof *a->child);
    if (a->child == NULL) return mill_oom(l->arena->memory, t->nchildren * sizeof *a, l->err);
  }
  for (uint32_t i = 0; i < t->nchildren; i++)
    MILL_TRY(load_array(l, &t->child[i], child_type(t, as, i), as ? &a->child[i] : &passed));
  return MILL_OK;
}

/* `as` NULL: nobody wants it, only count. */
static mill_status load_array(loader *l, const mill_arrow_type *t, const mill_type *as,
                              mill_arrow_array *a) {
  mill_arrow_buffer passed;
  bool wanted = as != NULL;
  if (l->node >= l->nodes.n) return corrupt(l, "a record batch has too few columns");
  size_t at = (size_t)l->node++ * NODE;
  *a = (mill_arrow_array){.type = t, .length = mill_flat_number(l->nodes, at, 8)};
  bool nulls = mill_flat_number(l->nodes, at + 8, 8) != 0;
  if (a->length < 0) return corrupt(l, "a column has a negative length");
  if (mill_arrow_has_validity(t)) MILL_TRY(next_buffer(l, wanted && nulls, &a->valid));
  if (wanted && nulls && a->valid.data == NULL && a->length && mill_arrow_has_validity(t))
    return corrupt(l, "a column has nulls without a bitmap");
  for (int i = 0; i < mill_arrow_buffers(t); i++)
    MILL_TRY(next_buffer(l, wanted, i < 2 ? &a->buffer[i] : &passed));
  if (t->index_width) return wanted ? find_dictionary(l, t, as, &a->dictionary) : MILL_OK;
  if (t->kind == MILL_ARROW_BYTES_VIEW) return load_views(l, a, wanted);
  return load_children(l, t, as, a);
}

/* Take the lists of a RecordBatch table. */
static mill_status begin(loader *l, io_flat_table batch) {
  l->nodes = mill_flat_list(batch, 1, NODE);
  l->buffers = mill_flat_list(batch, 2, NODE);
  l->variadic = mill_flat_list(batch, 4, 8);
  io_flat_table packed = mill_flat_sub(batch, 3);
  l->codec = packed.at ? (int)mill_flat_int(packed, 0, 1, 0) : -1;
  if (batch.at == 0 || batch.flat->bad) return corrupt(l, "malformed metadata");
  if (packed.at && (l->codec < 0 || l->codec > 1 || mill_flat_int(packed, 1, 1, 0) != 0))
    return mill_fail(l->err, MILL_E_NOT_IMPLEMENTED, "feature",
                     "Arrow's compression of a kind other than LZ4_FRAME and ZSTD", NULL);
  return MILL_OK;
}

/* ---- dictionaries --------------------------------------------------------------------------- */

static mill_status add_block(io_arrow_batch *b, io_arrow_dictionary *d, size_t block,
                             mill_error *err) {
  io_arrow_file *f = b->file;
  io_flat flat;
  io_flat_table header;
  mill_arrow_array a;
  mill_text outer = f->message; /* of the batch that needs this dictionary */
  mill_arrow_reader r = {.arena = &d->arena, .zone = b->zone, .path = f->path};
  loader l = {.b = b, .block = &f->block[block], .arena = &d->arena, .err = err};
  l.limit = f->stream ? block : f->nblocks;
  mill_text_init(&f->message, f->memory);
  mill_status s =
      mill_arrow_file_message(f, &f->block[block], IO_ARROW_DICTIONARY, &flat, &header, err);
  if (s == MILL_OK) s = begin(&l, mill_flat_sub(header, 1));
  if (s == MILL_OK) s = load_array(&l, &d->value, d->type, &a);
  if (s == MILL_OK) s = mill_arrow_dictionary_add(&r, &a, d->type, &d->values, err);
  mill_text_clear(&f->message);
  f->message = outer;
  return s;
}

/* Behind the last whole one before `limit`; 0: there is none. What was looked at before is not again:
** a file may have very many batches behind one dictionary. */
static size_t newest(const io_arrow_batch *b, const io_arrow_dictionary *d, size_t limit) {
  const io_arrow_block *block = b->file->block;
  bool goes_on = d->values.type && d->next <= limit;
  for (size_t i = limit; i > (goes_on ? d->next : 0); i--)
    if (block[i - 1].dictionary && block[i - 1].id == d->id && !block[i - 1].delta) return i;
  return goes_on ? d->first : 0;
}

/* Make it hold what blocks before `limit` say: the last whole one and the deltas behind it. */
static mill_status update(io_arrow_batch *b, io_arrow_dictionary *d, size_t limit,
                          mill_error *err) {
  const io_arrow_block *block = b->file->block;
  size_t first = newest(b, d, limit);
  if (d->values.type == NULL || d->first != first || d->next > limit) {
    mill_arrow_reader r = {.arena = &d->arena, .zone = b->zone, .path = b->file->path};
    mill_arena_clear(&d->arena);
    d->values = (mill_vector){0};
    d->first = first;
    d->next = first ? first - 1 : 0;
    MILL_TRY(mill_arrow_dictionary_add(&r, NULL, d->type, &d->values, err));
  }
  mill_status s = MILL_OK;
  for (; d->next < limit && s == MILL_OK; d->next++)
    if (block[d->next].dictionary && block[d->next].id == d->id) s = add_block(b, d, d->next, err);
  if (s != MILL_OK) d->values.type = NULL; /* made anew when it is asked for again */
  return s;
}

static mill_status new_dictionary(io_arrow_batch *b, const mill_arrow_type *t, const mill_type *as,
                                  io_arrow_dictionary **out, mill_error *err) {
  mill_memory *m = b->file->memory;
  void *p = b->dictionary;
  mill_status s = mill_grow(m, &p, &b->capacity, b->ndictionaries + 1, sizeof *b->dictionary, err);
  b->dictionary = p;
  MILL_TRY(s);
  io_arrow_dictionary *d = mill_calloc(m, sizeof *d);
  if (d == NULL) return mill_oom(m, sizeof *d, err);
  d->id = t->dictionary;
  d->type = as;
  d->value = *t;
  d->value.index_width = 0;
  mill_arena_init(&d->arena, m);
  b->dictionary[b->ndictionaries++] = d;
  *out = d;
  return MILL_OK;
}

static mill_status find_dictionary(loader *l, const mill_arrow_type *t, const mill_type *as,
                                   const mill_vector **out) {
  io_arrow_dictionary *d = NULL;
  for (size_t i = 0; i < l->b->ndictionaries; i++)
    if (l->b->dictionary[i]->id == t->dictionary && l->b->dictionary[i]->type == as &&
        l->b->dictionary[i]->value.child == t->child)
      d = l->b->dictionary[i];
  if (d == NULL) MILL_TRY(new_dictionary(l->b, t, as, &d, l->err));
  MILL_TRY(update(l->b, d, l->limit, l->err));
  *out = &d->values;
  return MILL_OK;
}

/* ---- a batch -------------------------------------------------------------------------------- */

static mill_status load_columns(loader *l, mill_error *err) {
  io_arrow_batch *b = l->b;
  const mill_arrow_type *schema = &b->file->schema;
  mill_arrow_reader r = {.arena = &b->arena, .zone = b->zone, .path = b->file->path};
  mill_arrow_array passed;
  for (uint32_t i = 0; i < schema->nchildren; i++) {
    int to = 0;
    while (to < b->nwant && b->want[to].field != (int)i) to++;
    if (to == b->nwant) to = -1;
    mill_arrow_array *a = to < 0 ? &passed : &b->array[to];
    MILL_TRY(load_array(l, &schema->child[i], to < 0 ? NULL : b->want[to].type, a));
    if (a->length != b->rows) return corrupt(l, "a column has another length than its batch");
    if (to >= 0) MILL_TRY(mill_arrow_check(&r, a, err));
  }
  return MILL_OK;
}

mill_status mill_arrow_batch_load(io_arrow_batch *b, size_t block, mill_error *err) {
  io_arrow_file *f = b->file;
  io_flat flat;
  io_flat_table batch;
  loader l = {.b = b, .block = &f->block[block], .arena = &b->arena, .err = err};
  l.limit = f->stream ? block : f->nblocks;
  b->rows = 0;
  mill_arena_reset(&b->arena);
  MILL_TRY(mill_arrow_file_message(f, l.block, IO_ARROW_BATCH, &flat, &batch, err));
  MILL_TRY(begin(&l, batch));
  b->rows = mill_flat_int(batch, 0, 8, 0);
  if (b->rows < 0 || b->rows > ROWS_MAX)
    return corrupt(&l, "a record batch of more than 2^31 rows");
  b->array = mill_arena_alloc(&b->arena, ((size_t)b->nwant + 1) * sizeof *b->array);
  if (b->array == NULL) return mill_oom(f->memory, (size_t)b->nwant * sizeof *b->array, err);
  MILL_TRY(load_columns(&l, err));
  return flat.bad ? corrupt(&l, "malformed metadata") : MILL_OK;
}
