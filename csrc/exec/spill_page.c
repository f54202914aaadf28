/* Batches as bytes and back; see spill_int.h for the layout. */
#include "exec/spill_int.h"

/* ---- writing -------------------------------------------------------------------------------- */

/* Fill up to a multiple of 16 with zeros. */
static mill_status pad(mill_text *out, mill_error *err) {
  static const char zero[16];
  return mill_text_add(out, zero, (16 - out->size % 16) % 16, err);
}

static mill_status add(mill_text *out, const void *p, size_t n, mill_error *err) {
  if (n) MILL_TRY(mill_text_add(out, p, n, err));
  return pad(out, err);
}

static mill_status add_u32(mill_text *out, uint32_t v, mill_error *err) {
  return add(out, &v, sizeof v, err);
}

static mill_status write_column(mill_text *out, const mill_vector *v, uint32_t n, mill_error *err);

static mill_status write_strings(mill_text *out, const mill_vector *v, uint32_t n,
                                 mill_error *err) {
  const mill_str *s = v->data;
  size_t total = 0;
  for (uint32_t i = 0; i < n; i++) {
    uint32_t size = mill_valid_bit(v->valid, i) ? s[i].size : 0;
    total += size;
    MILL_TRY(mill_text_add(out, (const char *)&size, sizeof size, err));
  }
  MILL_TRY(pad(out, err));
  MILL_TRY(mill_text_reserve(out, total + 16, err));
  for (uint32_t i = 0; i < n; i++)
    if (mill_valid_bit(v->valid, i))
      MILL_TRY(mill_text_add(out, mill_str_data(&s[i]), s[i].size, err));
  return pad(out, err);
}

/* The children of a chunk's lists lie in the order of the lists, but rows may start anywhere. */
static mill_status write_lists(mill_text *out, const mill_vector *v, uint32_t n, mill_error *err) {
  const mill_span *s = v->data;
  uint32_t total = 0;
  for (uint32_t i = 0; i < n; i++) {
    uint32_t size = mill_valid_bit(v->valid, i) ? s[i].size : 0;
    total += size;
    MILL_TRY(mill_text_add(out, (const char *)&size, sizeof size, err));
  }
  MILL_TRY(pad(out, err));
  MILL_TRY(add_u32(out, total, err));
  for (uint32_t c = 0; c < v->type->nfields; c++)
    MILL_TRY(write_column(out, &v->child[c], total, err));
  return MILL_OK;
}

static mill_status write_column(mill_text *out, const mill_vector *v, uint32_t n, mill_error *err) {
  bool nulls = v->valid != NULL;
  MILL_TRY(add_u32(out, nulls, err));
  if (nulls) MILL_TRY(add(out, v->valid, ((size_t)n + 63) / 64 * sizeof *v->valid, err));
  switch (v->type->phys) {
  case MILL_PHYS_NONE: return MILL_OK;
  case MILL_PHYS_STR: return write_strings(out, v, n, err);
  case MILL_PHYS_LIST: return write_lists(out, v, n, err);
  case MILL_PHYS_STRUCT:
    for (uint32_t c = 0; c < v->type->nfields; c++)
      MILL_TRY(write_column(out, &v->child[c], n, err));
    return MILL_OK;
  default: return add(out, v->data, (size_t)n * v->type->width, err);
  }
}

mill_status mill_spill_page_write(mill_text *out, const mill_vector *col, uint32_t ncols,
                                  uint32_t n, mill_error *err) {
  MILL_TRY(add_u32(out, n, err));
  for (uint32_t c = 0; c < ncols; c++) MILL_TRY(write_column(out, &col[c], n, err));
  return MILL_OK;
}

/* ---- reading -------------------------------------------------------------------------------- */

static const char *take(const char **p, size_t n) {
  const char *at = *p;
  *p += (n + 15) & ~(size_t)15;
  return at;
}

static uint32_t take_u32(const char **p) {
  uint32_t v;
  memcpy(&v, take(p, sizeof v), sizeof v);
  return v;
}

static mill_status read_column(const char **p, const mill_type *type, uint32_t n, mill_vector *out,
                               mill_arena *a, mill_error *err);

static mill_status read_children(const char **p, uint32_t n, mill_vector *out, mill_arena *a,
                                 mill_error *err) {
  const mill_type *t = out->type;
  out->child = mill_arena_alloc(a, (t->nfields + 1) * sizeof *out->child);
  if (out->child == NULL) return mill_oom(a->memory, t->nfields, err);
  for (uint32_t c = 0; c < t->nfields; c++)
    MILL_TRY(read_column(p, t->fields[c].type, n, &out->child[c], a, err));
  return MILL_OK;
}

static mill_status read_strings(const char **p, uint32_t n, mill_vector *out, mill_arena *a,
                                mill_error *err) {
  const uint32_t *size = (const uint32_t *)(const void *)take(p, n * sizeof *size);
  mill_str *s = mill_arena_alloc(a, (n + 1) * sizeof *s);
  const char *bytes = *p;
  size_t at = 0;
  if (s == NULL) return mill_oom(a->memory, n * sizeof *s, err);
  for (uint32_t i = 0; i < n; i++) {
    s[i] = mill_str_view(bytes + at, size[i]);
    at += size[i];
  }
  take(p, at);
  out->data = s;
  return MILL_OK;
}

static mill_status read_lists(const char **p, uint32_t n, mill_vector *out, mill_arena *a,
                              mill_error *err) {
  const uint32_t *size = (const uint32_t *)(const void *)take(p, n * sizeof *size);
  mill_span *s = mill_arena_alloc(a, (n + 1) * sizeof *s);
  uint32_t at = 0;
  if (s == NULL) return mill_oom(a->memory, n * sizeof *s, err);
  for (uint32_t i = 0; i < n; i++) {
    s[i] = (mill_span){at, size[i]};
    at += size[i];
  }
  out->data = s;
  uint32_t total = take_u32(p);
  return read_children(p, total, out, a, err);
}

static mill_status read_column(const char **p, const mill_type *type, uint32_t n, mill_vector *out,
                               mill_arena *a, mill_error *err) {
  *out = (mill_vector){.type = type, .mask = MILL_FLAT, .size = n};
  if (take_u32(p))
    out->valid = (uint64_t *)(uintptr_t)take(p, ((size_t)n + 63) / 64 * sizeof *out->valid);
  switch (type->phys) {
  case MILL_PHYS_NONE: return MILL_OK;
  case MILL_PHYS_STR: return read_strings(p, n, out, a, err);
  case MILL_PHYS_LIST: return read_lists(p, n, out, a, err);
  case MILL_PHYS_STRUCT: return read_children(p, n, out, a, err);
  default: out->data = (void *)(uintptr_t)take(p, (size_t)n * type->width); return MILL_OK;
  }
}

mill_status mill_spill_page_read(const char *p, const mill_type *schema, mill_vector *cols,
                                 uint32_t *n, const char **next, mill_arena *a, mill_error *err) {
  *n = take_u32(&p);
  for (uint32_t c = 0; c < schema->nfields; c++)
    MILL_TRY(read_column(&p, schema->fields[c].type, *n, &cols[c], a, err));
  *next = p;
  return MILL_OK;
}
