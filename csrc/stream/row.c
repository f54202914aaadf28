/* Rows as bytes (row.h). Recursion follows the type, whose depth the type reader limits. */
#include "stream/row.h"

#include <math.h>

mill_status mill_put_u32(mill_text *out, uint32_t v, mill_error *err) {
  return mill_text_add(out, (const char *)&v, sizeof v, err);
}

mill_status mill_put_u64(mill_text *out, uint64_t v, mill_error *err) {
  return mill_text_add(out, (const char *)&v, sizeof v, err);
}

mill_status mill_put_bytes(mill_text *out, const void *p, size_t n, mill_error *err) {
  MILL_TRY(mill_put_u32(out, (uint32_t)n, err));
  return n ? mill_text_add(out, p, n, err) : MILL_OK;
}

static bool take(mill_row_reader *r, void *to, size_t n) {
  if (r->broken || (size_t)(r->end - r->p) < n) {
    r->broken = true;
    memset(to, 0, n);
    return false;
  }
  memcpy(to, r->p, n);
  r->p += n;
  return true;
}

uint32_t mill_take_u32(mill_row_reader *r) {
  uint32_t v;
  take(r, &v, sizeof v);
  return v;
}

uint64_t mill_take_u64(mill_row_reader *r) {
  uint64_t v;
  take(r, &v, sizeof v);
  return v;
}

const char *mill_take_bytes(mill_row_reader *r, size_t *n) {
  *n = mill_take_u32(r);
  if (r->broken || (size_t)(r->end - r->p) < *n) {
    r->broken = true;
    *n = 0;
    return "";
  }
  const char *p = r->p;
  r->p += *n;
  return p;
}

/* ---- writing -------------------------------------------------------------------------------- */

static mill_status put_fixed(const mill_vector *v, uint32_t k, bool key, mill_text *out,
                             mill_error *err) {
  size_t width = v->type->width;
  const char *p = (const char *)v->data + (size_t)k * width;
  double d;
  float f;
  if (key && v->type->phys == MILL_PHYS_F64) {
    memcpy(&d, p, sizeof d);
    d = isnan(d) ? (double)NAN : d == 0 ? 0.0 : d;
    return mill_text_add(out, (const char *)&d, sizeof d, err);
  }
  if (key && v->type->phys == MILL_PHYS_F32) {
    memcpy(&f, p, sizeof f);
    f = isnan(f) ? (float)NAN : f == 0 ? 0.0f : f;
    return mill_text_add(out, (const char *)&f, sizeof f, err);
  }
  return mill_text_add(out, p, width, err);
}

static mill_status put_list(const mill_vector *v, uint32_t k, bool key, mill_text *out,
                            mill_error *err) {
  mill_span s = ((const mill_span *)v->data)[k];
  MILL_TRY(mill_put_u32(out, s.size, err));
  for (uint32_t c = 0; c < v->type->nfields; c++)
    for (uint32_t j = 0; j < s.size; j++)
      MILL_TRY(mill_row_put(&v->child[c], s.start + j, key, out, err));
  return MILL_OK;
}

mill_status mill_row_put(const mill_vector *v, size_t i, bool key, mill_text *out,
                         mill_error *err) {
  if (v->type->phys == MILL_PHYS_NONE || !mill_vector_valid(v, i))
    return mill_text_addc(out, 0, err);
  uint32_t k = mill_vector_at(v, i);
  MILL_TRY(mill_text_addc(out, 1, err));
  switch (v->type->phys) {
  case MILL_PHYS_STR: {
    const mill_str *s = (const mill_str *)v->data + k;
    return mill_put_bytes(out, mill_str_data(s), s->size, err);
  }
  case MILL_PHYS_LIST: return put_list(v, k, key, out, err);
  case MILL_PHYS_STRUCT:
    for (uint32_t c = 0; c < v->type->nfields; c++)
      MILL_TRY(mill_row_put(&v->child[c], k, key, out, err));
    return MILL_OK;
  default: return put_fixed(v, k, key, out, err);
  }
}

mill_status mill_row_put_all(const mill_vector *const *v, int n, size_t i, bool key, mill_text *out,
                             mill_error *err) {
  for (int k = 0; k < n; k++) MILL_TRY(mill_row_put(v[k], i, key, out, err));
  return MILL_OK;
}

/* ---- reading -------------------------------------------------------------------------------- */

static mill_status room(mill_vector *v, mill_arena *a, mill_error *err) {
  if (v->size < v->capacity) return MILL_OK;
  return mill_vector_reserve(v, v->size < 8 ? 16 : v->size * 2, a, err);
}

static mill_status take_null(mill_vector *v, mill_arena *a, mill_error *err) {
  mill_vector null;
  mill_vector_null(&null, v->type);
  return mill_vector_append(v, &null, NULL, 1, false, a, err);
}

static mill_status take_text(mill_row_reader *r, mill_str *out, mill_arena *a, mill_error *err) {
  size_t n;
  const char *p = mill_take_bytes(r, &n), *own = p;
  if (n > MILL_STR_INLINE && (own = mill_arena_strndup(a, p, n)) == NULL)
    return mill_oom(a->memory, n, err);
  *out = mill_str_view(own, n);
  return MILL_OK;
}

static mill_status take_list(mill_row_reader *r, mill_vector *v, mill_arena *a, mill_error *err) {
  uint32_t n = mill_take_u32(r);
  if (n > (size_t)(r->end - r->p)) r->broken = true; /* a value has a byte at least */
  if (r->broken) n = 0;
  ((mill_span *)v->data)[v->size] = (mill_span){v->child[0].size, n};
  for (uint32_t c = 0; c < v->type->nfields; c++)
    for (uint32_t j = 0; j < n; j++) MILL_TRY(mill_row_take(r, &v->child[c], a, err));
  return MILL_OK;
}

mill_status mill_row_take(mill_row_reader *r, mill_vector *v, mill_arena *a, mill_error *err) {
  char there;
  if (!take(r, &there, 1) || there != 1 || v->type->phys == MILL_PHYS_NONE) {
    r->broken |= there != 0;
    return take_null(v, a, err);
  }
  MILL_TRY(room(v, a, err));
  size_t width = v->type->width;
  switch (v->type->phys) {
  case MILL_PHYS_STR: MILL_TRY(take_text(r, (mill_str *)v->data + v->size, a, err)); break;
  case MILL_PHYS_LIST: MILL_TRY(take_list(r, v, a, err)); break;
  case MILL_PHYS_STRUCT:
    for (uint32_t c = 0; c < v->type->nfields; c++)
      MILL_TRY(mill_row_take(r, &v->child[c], a, err));
    break;
  default: take(r, (char *)v->data + v->size * width, width);
  }
  v->size++;
  return MILL_OK;
}
