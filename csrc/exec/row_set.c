/* Rows by number; see row_set.h. */
#include "exec/row_set.h"

mill_status mill_row_set_init(mill_row_set *s, mill_memory *m, const mill_type *schema,
                              mill_error *err) {
  *s = (mill_row_set){.memory = m, .schema = schema};
  mill_arena_init(&s->moved, m);
  s->nulls = mill_calloc(m, schema->nfields + 1);
  s->simple = s->nulls ? mill_calloc(m, schema->nfields + 1) : NULL;
  if (s->simple == NULL) {
    mill_row_set_clear(s);
    return mill_oom(m, schema->nfields, err);
  }
  for (uint32_t c = 0; c < schema->nfields; c++) {
    mill_phys p = schema->fields[c].type->phys;
    s->simple[c] = p != MILL_PHYS_NONE && p != MILL_PHYS_LIST && p != MILL_PHYS_STRUCT;
  }
  return MILL_OK;
}

void mill_row_set_clear(mill_row_set *s) {
  if (s->schema == NULL) return;
  size_t width = s->schema->nfields ? s->schema->nfields : 1;
  for (size_t i = 0; i < s->nhold; i++) mill_chunk_unref(s->hold[i]);
  mill_free(s->memory, s->hold, s->hold_capacity * sizeof *s->hold);
  mill_free(s->memory, s->col, s->capacity * width * sizeof *s->col);
  mill_free(s->memory, s->n, s->capacity * sizeof *s->n);
  mill_free(s->memory, s->nulls, s->schema->nfields + 1);
  mill_free(s->memory, s->simple, s->schema->nfields + 1);
  mill_arena_clear(&s->moved);
  *s = (mill_row_set){0};
}

static mill_status grow(mill_row_set *s, mill_error *err) {
  size_t width = s->schema->nfields ? s->schema->nfields : 1;
  size_t want = s->capacity ? 2 * s->capacity : 16;
  mill_vector *col = mill_alloc(s->memory, want * width * sizeof *col);
  uint32_t *n = mill_alloc(s->memory, want * sizeof *n);
  if (col == NULL || n == NULL) {
    mill_free(s->memory, col, want * width * sizeof *col);
    mill_free(s->memory, n, want * sizeof *n);
    return mill_oom(s->memory, want * width * sizeof *col, err);
  }
  if (s->nchunks) {
    memcpy(col, s->col, s->nchunks * width * sizeof *col);
    memcpy(n, s->n, s->nchunks * sizeof *n);
  }
  mill_free(s->memory, s->col, s->capacity * width * sizeof *s->col);
  mill_free(s->memory, s->n, s->capacity * sizeof *s->n);
  s->col = col;
  s->n = n;
  s->capacity = want;
  return MILL_OK;
}

void mill_row_set_put(mill_row_set *s, size_t k, const mill_vector *cols, uint32_t n) {
  uint32_t width = s->schema->nfields;
  s->n[k] = n;
  for (uint32_t c = 0; c < width; c++) {
    s->col[k * width + c] = cols[c];
    s->nulls[c] |= cols[c].valid != NULL;
    s->simple[c] &= cols[c].mask == MILL_FLAT && cols[c].index == NULL;
  }
}

mill_status mill_row_set_add(mill_row_set *s, const mill_vector *cols, uint32_t n,
                             mill_error *err) {
  if (s->nchunks == s->capacity) MILL_TRY(grow(s, err));
  mill_row_set_put(s, s->nchunks++, cols, n);
  s->rows += n;
  return MILL_OK;
}

mill_status mill_row_set_hold(mill_row_set *s, mill_chunk *c, mill_error *err) {
  void *p = s->hold;
  mill_status st = mill_grow(s->memory, &p, &s->hold_capacity, s->nhold + 1, sizeof *s->hold, err);
  s->hold = p;
  if (st == MILL_OK) s->hold[s->nhold++] = mill_chunk_ref(c);
  return st;
}

mill_status mill_row_set_add_table(mill_row_set *s, const mill_table *t, mill_error *err) {
  for (size_t i = 0; i < t->nchunks; i++) {
    MILL_TRY(mill_row_set_hold(s, t->chunk[i], err));
    MILL_TRY(mill_row_set_add(s, t->chunk[i]->col, t->chunk[i]->n, err));
  }
  return MILL_OK;
}

/* ---- fetching ------------------------------------------------------------------------------- */

#define FETCH_LOOP(T)                                                                              \
  for (uint32_t i = 0; i < n; i++) {                                                               \
    uint64_t r = (row[(size_t)i * stride] & mask);                                                 \
    ((T *)out->data)[i] = ((const T *)col[(r >> 16) * width].data)[r & 0xffff];                    \
  }

static void fetch_values(const mill_vector *col, size_t width, const uint64_t *row, uint32_t stride,
                         uint64_t mask, uint32_t n, mill_vector *out) {
  switch (out->type->width) {
  case 1: FETCH_LOOP(uint8_t) break;
  case 2: FETCH_LOOP(uint16_t) break;
  case 4: FETCH_LOOP(uint32_t) break;
  case 8: FETCH_LOOP(uint64_t) break;
  default: FETCH_LOOP(mill_i128) break;
  }
}

static mill_status fetch_valid(const mill_vector *col, size_t width, const uint64_t *row,
                               uint32_t stride, uint64_t mask, uint32_t n, mill_vector *out,
                               mill_arena *a, mill_error *err) {
  MILL_TRY(mill_vector_need_valid(out, a, err));
  for (uint32_t i = 0; i < n; i++) {
    uint64_t r = (row[(size_t)i * stride] & mask);
    if (!mill_valid_bit(col[(r >> 16) * width].valid, r & 0xffff)) mill_vector_clear_bit(out, i);
  }
  return MILL_OK;
}

/* Nested values and odd forms: runs of rows of the same chunk, by the vectors' own copy. */
static mill_status fetch_runs(const mill_vector *col, size_t width, const uint64_t *row,
                              uint32_t stride, uint64_t mask, uint32_t n, mill_vector *out,
                              mill_arena *a, mill_error *err) {
  uint32_t place[256];
  for (uint32_t i = 0; i < n;) {
    uint64_t chunk = (row[(size_t)i * stride] & mask) >> 16;
    uint32_t k = 0;
    while (i < n && k < 256 && (row[(size_t)i * stride] & mask) >> 16 == chunk)
      place[k++] = mill_row_place((row[(size_t)i++ * stride] & mask));
    MILL_TRY(mill_vector_append(out, &col[chunk * width], place, k, false, a, err));
  }
  return MILL_OK;
}

mill_status mill_row_set_gather(const mill_row_set *s, uint32_t c, const uint64_t *row,
                                uint32_t stride, uint64_t mask, uint32_t n, mill_vector *out,
                                mill_arena *a, mill_error *err) {
  const mill_vector *col = s->col + c;
  size_t width = s->schema->nfields;
  MILL_TRY(mill_vector_init(out, s->schema->fields[c].type, n ? n : 1, a, err));
  if (!s->simple[c]) return fetch_runs(col, width, row, stride, mask, n, out, a, err);
  fetch_values(col, width, row, stride, mask, n, out);
  if (s->nulls[c]) MILL_TRY(fetch_valid(col, width, row, stride, mask, n, out, a, err));
  out->size = n;
  return MILL_OK;
}

/* ---- moving --------------------------------------------------------------------------------- */

size_t mill_row_move_bytes(const mill_row_set *s, const bool *keep) {
  size_t bytes = 1;
  for (uint32_t c = 0; c < s->schema->nfields; c++) {
    if (!keep[c]) continue;
    if (!s->simple[c]) return 0;
    bytes += s->schema->fields[c].type->width + s->nulls[c];
  }
  return bytes;
}

mill_status mill_row_move_begin(mill_row_set *s, const bool *keep, mill_row_move *out,
                                mill_error *err) {
  mill_arena *a = &s->moved;
  size_t width = s->schema->nfields, n = (size_t)s->rows, words = (n + 63) / 64 + 1;
  out->data = mill_arena_alloc(a, (width + 1) * sizeof *out->data);
  out->valid = mill_arena_alloc(a, (width + 1) * sizeof *out->valid);
  out->bits = mill_arena_alloc(a, (width + 1) * sizeof *out->bits);
  if (!out->data || !out->valid || !out->bits) return mill_oom(s->memory, width, err);
  for (size_t c = 0; c < width; c++) {
    size_t bytes = n * s->schema->fields[c].type->width;
    if (!keep[c]) continue;
    out->data[c] = mill_arena_take(a, bytes + 1);
    if (out->data[c] == NULL) return mill_oom(s->memory, bytes, err);
    if (!s->nulls[c]) continue;
    out->valid[c] = mill_arena_take(a, n + 1);
    out->bits[c] = mill_arena_take(a, words * sizeof **out->bits);
    if (!out->valid[c] || !out->bits[c]) return mill_oom(s->memory, n, err);
  }
  return MILL_OK;
}

#define PUT_LOOP(T)                                                                                \
  for (uint32_t i = 0; i < n; i++) {                                                               \
    uint64_t r = row[i];                                                                           \
    ((T *)data)[to[i]] = ((const T *)col[(r >> 16) * width].data)[r & 0xffff];                     \
  }

void mill_row_move_put(const mill_row_move *m, const mill_row_set *s, const uint64_t *row,
                       uint32_t n, const size_t *to) {
  size_t width = s->schema->nfields;
  for (size_t c = 0; c < width; c++) {
    const mill_vector *col = s->col + c;
    void *data = m->data[c];
    if (data == NULL) continue;
    switch (s->schema->fields[c].type->width) {
    case 1: PUT_LOOP(uint8_t) break;
    case 2: PUT_LOOP(uint16_t) break;
    case 4: PUT_LOOP(uint32_t) break;
    case 8: PUT_LOOP(uint64_t) break;
    default: PUT_LOOP(mill_i128) break;
    }
    for (uint32_t i = 0; m->valid[c] && i < n; i++) {
      uint64_t r = row[i];
      m->valid[c][to[i]] = mill_valid_bit(col[(r >> 16) * width].valid, r & 0xffff);
    }
  }
}

void mill_row_move_bits(const mill_row_move *m, const mill_row_set *s, size_t chunk) {
  size_t from = chunk * MILL_CHUNK, stop = from + MILL_CHUNK;
  if (stop > s->rows) stop = (size_t)s->rows;
  for (size_t c = 0; c < s->schema->nfields; c++) {
    if (m->valid[c] == NULL) continue;
    for (size_t at = from; at < stop; at += 64) {
      uint64_t w = 0;
      for (size_t i = at; i < at + 64 && i < stop; i++) w |= (uint64_t)m->valid[c][i] << (i & 63);
      m->bits[c][at / 64] = w;
    }
  }
}

void mill_row_move_end(const mill_row_move *m, mill_row_set *s) {
  uint32_t width = s->schema->nfields;
  bool views = false;
  for (uint32_t c = 0; c < width; c++)
    views |= m->data[c] && s->schema->fields[c].type->phys == MILL_PHYS_STR;
  for (; !views && s->nhold > 0; s->nhold--) mill_chunk_unref(s->hold[s->nhold - 1]);
  s->nchunks = (size_t)((s->rows + MILL_CHUNK - 1) / MILL_CHUNK);
  for (size_t k = 0; k < s->nchunks; k++) {
    size_t from = k * MILL_CHUNK;
    s->n[k] = s->rows - from < MILL_CHUNK ? (uint32_t)(s->rows - from) : MILL_CHUNK;
    for (uint32_t c = 0; c < width; c++) {
      const mill_type *t = s->schema->fields[c].type;
      mill_vector v = {.type = t, .mask = MILL_FLAT, .size = s->n[k]};
      if (m->data[c]) v.data = m->data[c] + from * t->width;
      if (m->bits[c]) v.valid = m->bits[c] + from / 64;
      s->col[k * width + c] = v;
    }
  }
}
