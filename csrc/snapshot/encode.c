/* Vectors of any form to bytes; the layout is drawn in column_int.h. Values behind nulls are written
** as zeros, so that equal columns make equal bytes and nothing of the process's memory gets out. */
#include "base/hash.h"
#include "snapshot/column_int.h"
#include "snapshot/snapshot_int.h"

typedef struct encoder {
  mill_snapshot_writer *w;
  mill_arena arena;
  mill_error *err;
} encoder;

/* Rows of a vector: all n of it, or those that sel names. */
typedef struct rows_of {
  const mill_vector *v;
  const uint32_t *sel;
  size_t n;
} rows_of;

enum { RUN = 512 }; /* values put together at once; a multiple of 64 */

static inline uint32_t at(const rows_of *r, size_t i) {
  return mill_vector_at(r->v, r->sel ? r->sel[i] : i);
}

static inline bool valid(const rows_of *r, size_t i) {
  return r->v->type->phys != MILL_PHYS_NONE && mill_valid_bit(r->v->valid, at(r, i));
}

static mill_status put(encoder *e, const void *p, size_t n) {
  return n ? mill_snapshot_add(e->w, p, n, e->err) : MILL_OK;
}

static bool any_null(const rows_of *r) {
  if (r->v->type->phys == MILL_PHYS_NONE) return r->n > 0;
  for (size_t i = 0; r->v->valid && i < r->n; i++)
    if (!valid(r, i)) return true;
  return false;
}

static mill_status put_head(encoder *e, const rows_of *r) {
  char head[5], words[RUN / 8];
  bool nulls = any_null(r);
  snapshot_put(head, r->n, 4);
  head[4] = (char)nulls;
  MILL_TRY(put(e, head, sizeof head));
  for (size_t i = 0; nulls && i < r->n; i += RUN) {
    size_t n = r->n - i < RUN ? r->n - i : RUN;
    memset(words, 0xff, sizeof words);
    for (size_t k = 0; k < n; k++)
      if (!valid(r, i + k)) words[k / 8] = (char)(words[k / 8] & ~(1 << k % 8));
    MILL_TRY(put(e, words, (n + 63) / 64 * 8));
  }
  return MILL_OK;
}

static mill_status put_fixed(encoder *e, const rows_of *r) {
  char run[RUN * 16];
  uint8_t width = r->v->type->width;
  for (size_t i = 0; i < r->n; i += RUN) {
    size_t n = r->n - i < RUN ? r->n - i : RUN;
    for (size_t k = 0; k < n; k++)
      if (valid(r, i + k))
        memcpy(run + k * width, (const char *)r->v->data + (size_t)at(r, i + k) * width, width);
      else
        memset(run + k * width, 0, width);
    snapshot_swap(run, n, r->v->type);
    MILL_TRY(put(e, run, n * width));
  }
  return MILL_OK;
}

/* Sizes of strings or lists, one a row. */
static mill_status put_sizes(encoder *e, const rows_of *r) {
  char run[RUN * 4];
  bool text = r->v->type->phys == MILL_PHYS_STR;
  for (size_t i = 0; i < r->n; i += RUN) {
    size_t n = r->n - i < RUN ? r->n - i : RUN;
    for (size_t k = 0; k < n; k++) {
      uint32_t size = 0;
      if (valid(r, i + k))
        size = text ? ((const mill_str *)r->v->data)[at(r, i + k)].size
                    : ((const mill_span *)r->v->data)[at(r, i + k)].size;
      snapshot_put(run + k * 4, size, 4);
    }
    MILL_TRY(put(e, run, n * 4));
  }
  return MILL_OK;
}

static mill_status put_strings(encoder *e, const rows_of *r) {
  MILL_TRY(put_sizes(e, r));
  for (size_t i = 0; i < r->n; i++) {
    const mill_str *s = (const mill_str *)r->v->data + at(r, i);
    if (valid(r, i)) MILL_TRY(put(e, mill_str_data(s), s->size));
  }
  return MILL_OK;
}

static mill_status put_vector(encoder *e, const rows_of *r);

/* A child over rows of its own; a constant null has none. */
static mill_status put_child(encoder *e, const mill_vector *v, uint32_t c, const uint32_t *sel,
                             size_t n) {
  mill_vector null;
  if (!v->child) mill_vector_null(&null, v->type->fields[c].type);
  rows_of child = {v->child ? &v->child[c] : &null, sel, n};
  return put_vector(e, &child);
}

static mill_status put_lists(encoder *e, const rows_of *r) {
  size_t total = 0, n = 0;
  const mill_span *span = r->v->data;
  MILL_TRY(put_sizes(e, r));
  for (size_t i = 0; i < r->n; i++) total += valid(r, i) ? span[at(r, i)].size : 0;
  if (total > UINT32_MAX) return mill_oom(e->arena.memory, SIZE_MAX, e->err);
  uint32_t *sel = mill_arena_alloc(&e->arena, (total + 1) * sizeof *sel);
  if (!sel) return mill_oom(e->arena.memory, total * sizeof *sel, e->err);
  for (size_t i = 0; i < r->n; i++)
    if (valid(r, i))
      for (uint32_t k = 0; k < span[at(r, i)].size; k++) sel[n++] = span[at(r, i)].start + k;
  for (uint32_t c = 0; c < r->v->type->nfields; c++) MILL_TRY(put_child(e, r->v, c, sel, total));
  return MILL_OK;
}

static mill_status put_structs(encoder *e, const rows_of *r) {
  const uint32_t *sel = r->sel;
  if (r->v->index) {
    uint32_t *rows = mill_arena_alloc(&e->arena, (r->n + 1) * sizeof *rows);
    if (!rows) return mill_oom(e->arena.memory, r->n * sizeof *rows, e->err);
    for (size_t i = 0; i < r->n; i++) rows[i] = at(r, i);
    sel = rows;
  }
  for (uint32_t c = 0; c < r->v->type->nfields; c++) MILL_TRY(put_child(e, r->v, c, sel, r->n));
  return MILL_OK;
}

static mill_status put_vector(encoder *e, const rows_of *r) {
  MILL_TRY(put_head(e, r));
  switch (r->v->type->phys) {
  case MILL_PHYS_NONE: return MILL_OK;
  case MILL_PHYS_STR: return put_strings(e, r);
  case MILL_PHYS_LIST: return put_lists(e, r);
  case MILL_PHYS_STRUCT: return put_structs(e, r);
  default: return put_fixed(e, r);
  }
}

mill_status mill_snapshot_add_column(mill_snapshot_writer *w, mill_memory *m, const mill_vector *v,
                                     uint32_t n, mill_error *err) {
  encoder e = {.w = w, .err = err};
  rows_of r = {v, NULL, n};
  mill_arena_init(&e.arena, m);
  mill_status s = put_vector(&e, &r);
  mill_arena_clear(&e.arena);
  return s;
}
