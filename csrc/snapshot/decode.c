/* Bytes of files before version 2 to vectors; the layout is drawn in column_int.h. Every count is held
** against the bytes that are left before memory of its size is taken. */
#include "base/hash.h"
#include "snapshot/column_int.h"
#include "snapshot/snapshot_int.h"

typedef struct decoder {
  const mill_snapshot *s;
  const char *what; /* the column, for errors */
  const char *p, *end;
  mill_arena *arena;
  mill_error *err;
} decoder;

static mill_status bad(decoder *d, const char *reason) {
  return mill_snapshot_damaged(d->s, d->err, "%s: %s", d->what, reason);
}

/* The next n items of `width` bytes. */
static mill_status take(decoder *d, size_t n, size_t width, const char **out) {
  *out = d->p;
  if (n > (size_t)(d->end - d->p) / width) return bad(d, "it holds less than it states");
  d->p += n * width;
  return MILL_OK;
}

static mill_status room(decoder *d, size_t n, size_t width, void **out) {
  *out = NULL;
  if (n == 0) return MILL_OK;
  if (n > SIZE_MAX / 2 / width) return mill_oom(d->arena->memory, SIZE_MAX, d->err);
  *out = mill_arena_alloc(d->arena, n * width);
  return *out ? MILL_OK : mill_oom(d->arena->memory, n * width, d->err);
}

static mill_status read_valid(decoder *d, mill_vector *v, uint32_t n) {
  const char *p;
  void *mem;
  size_t words = ((size_t)n + 63) / 64;
  MILL_TRY(take(d, words, 8, &p));
  MILL_TRY(room(d, words, 8, &mem));
  v->valid = mem;
  for (size_t i = 0; i < words; i++) v->valid[i] = snapshot_get(p + i * 8, 8);
  if (n % 64) v->valid[n / 64] |= ~0ull << n % 64;
  return MILL_OK;
}

static mill_status read_head(decoder *d, mill_vector *v, uint32_t n) {
  const char *p;
  MILL_TRY(take(d, 5, 1, &p));
  if (snapshot_get(p, 4) != n) return bad(d, "its number of values is not that of its rows");
  if ((uint8_t)p[4] > 1) return bad(d, "malformed nulls");
  return p[4] ? read_valid(d, v, n) : MILL_OK;
}

static bool all_valid(const mill_vector *v, uint32_t n) {
  for (uint32_t i = 0; v->valid && i < n; i++)
    if (!mill_valid_bit(v->valid, i)) return false;
  return true;
}

static mill_status read_void(decoder *d, mill_vector *v, uint32_t n) {
  for (uint32_t i = 0; i < n; i++)
    if (mill_valid_bit(v->valid, i)) return bad(d, "a VOID that is not null");
  return MILL_OK;
}

static bool decimals_fit(const mill_vector *v, uint32_t n) {
  bool fit = true;
  if (v->type->width == 8) {
    int64_t limit = (int64_t)mill_pow10(v->type->precision);
    const int64_t *x = v->data;
    for (uint32_t i = 0; i < n; i++) fit &= x[i] < limit && x[i] > -limit;
    return fit;
  }
  for (uint32_t i = 0; i < n && fit; i++)
    fit = mill_decimal_fits(((const mill_i128 *)v->data)[i], v->type->precision);
  return fit;
}

const char *mill_snapshot_wrong_values(const mill_vector *v, uint32_t n) {
  if (v->type->phys == MILL_PHYS_BOOL)
    for (uint32_t i = 0; i < n; i++)
      if (((const uint8_t *)v->data)[i] > 1) return "a BOOLEAN that is neither true nor false";
  if (v->type->id == MILL_DECIMAL && !decimals_fit(v, n)) return "a DECIMAL beyond its precision";
  return NULL;
}

static mill_status read_fixed(decoder *d, mill_vector *v, uint32_t n) {
  const char *p;
  uint8_t width = v->type->width;
  MILL_TRY(take(d, n, width, &p));
  MILL_TRY(room(d, n, width, &v->data));
  if (n) memcpy(v->data, p, (size_t)n * width);
  snapshot_swap(v->data, n, v->type);
  const char *wrong = mill_snapshot_wrong_values(v, n);
  return wrong ? bad(d, wrong) : MILL_OK;
}

static mill_status read_strings(decoder *d, mill_vector *v, uint32_t n) {
  const char *sizes, *p;
  size_t total = 0, apart = 0;
  void *mem;
  MILL_TRY(take(d, n, 4, &sizes));
  for (uint32_t i = 0; i < n; i++) {
    size_t size = snapshot_get(sizes + (size_t)i * 4, 4);
    total += size;
    if (size > MILL_STR_INLINE) apart += size;
  }
  MILL_TRY(take(d, total, 1, &p));
  MILL_TRY(room(d, n, sizeof(mill_str), &v->data));
  MILL_TRY(room(d, apart, 1, &mem));
  char *to = mem;
  for (uint32_t i = 0; i < n; i++) {
    size_t size = snapshot_get(sizes + (size_t)i * 4, 4);
    const char *bytes = p;
    if (size > MILL_STR_INLINE) {
      bytes = memcpy(to, p, size);
      to += size;
    }
    ((mill_str *)v->data)[i] = mill_str_view(bytes, size);
    p += size;
  }
  return MILL_OK;
}

static mill_status read_vector(decoder *d, mill_vector *v, const mill_type *type, uint32_t n);

static mill_status read_children(decoder *d, mill_vector *v, uint32_t n) {
  for (uint32_t c = 0; c < v->type->nfields; c++)
    MILL_TRY(read_vector(d, &v->child[c], v->type->fields[c].type, n));
  return MILL_OK;
}

static mill_status read_lists(decoder *d, mill_vector *v, uint32_t n) {
  const char *sizes;
  uint64_t total = 0;
  MILL_TRY(take(d, n, 4, &sizes));
  MILL_TRY(room(d, n, sizeof(mill_span), &v->data));
  for (uint32_t i = 0; i < n; i++) {
    uint32_t size = (uint32_t)snapshot_get(sizes + (size_t)i * 4, 4);
    ((mill_span *)v->data)[i] = (mill_span){(uint32_t)total, size};
    total += size;
    if (total > UINT32_MAX) return bad(d, "more elements than a column can hold");
  }
  MILL_TRY(read_children(d, v, (uint32_t)total));
  if (v->type->id == MILL_MAP && !all_valid(&v->child[0], (uint32_t)total))
    return bad(d, "a null as the key of a map");
  return MILL_OK;
}

static mill_status read_structs(decoder *d, mill_vector *v, uint32_t n) {
  MILL_TRY(read_children(d, v, n));
  bool ml = v->type->id == MILL_VECTOR || v->type->id == MILL_MATRIX;
  const char *wrong = ml ? mill_snapshot_check_ml(v, n) : NULL;
  return wrong ? bad(d, wrong) : MILL_OK;
}

static mill_status read_vector(decoder *d, mill_vector *v, const mill_type *type, uint32_t n) {
  void *child;
  *v = (mill_vector){.type = type, .mask = MILL_FLAT, .size = n, .capacity = n};
  MILL_TRY(room(d, type->nfields, sizeof(mill_vector), &child));
  v->child = child;
  MILL_TRY(read_head(d, v, n));
  switch (type->phys) {
  case MILL_PHYS_NONE: return read_void(d, v, n);
  case MILL_PHYS_STR: return read_strings(d, v, n);
  case MILL_PHYS_LIST: return read_lists(d, v, n);
  case MILL_PHYS_STRUCT: return read_structs(d, v, n);
  default: return read_fixed(d, v, n);
  }
}

mill_status mill_snapshot_decode(const mill_snapshot *s, const char *what, const mill_text *bytes,
                                 const mill_type *type, uint32_t n, mill_arena *a, mill_vector *out,
                                 mill_error *err) {
  decoder d = {s, what, bytes->data, bytes->data + bytes->size, a, err};
  MILL_TRY(read_vector(&d, out, type, n));
  return d.p == d.end ? MILL_OK : bad(&d, "more bytes behind its values");
}
