/* Shredded VARIANTs put together again, after Parquet's VariantShredding.md.
**
** A value may stand in two places: `value` holds it in the variant's own form, `typed_value` as a column
** of a plain type. One of them is null, but of an object: then `value` holds the members that have no
** column. In typed_value an object is a struct of such pairs, an array a list of them. A pair of nulls is
** a member that is not there, elsewhere a null. */
#include <string.h>

#include "base/variant.h"
#include "io/parquet_node.h"

typedef struct joiner {
  mill_variant_builder builder;
  mill_text names; /* the dictionary of the row being made */
  mill_str metadata;
  mill_error *err;
} joiner;

/* ---- places --------------------------------------------------------------------------------- */

static const mill_vector *member(const mill_vector *pair, const char *name) {
  for (uint32_t i = 0; i < pair->type->nfields; i++)
    if (strcmp(pair->type->fields[i].name, name) == 0) return &pair->child[i];
  return NULL;
}

static bool there(const mill_vector *v, size_t i) {
  return v && v->type->id != MILL_NULL && mill_vector_valid(v, i);
}

static mill_str bytes_of(const mill_vector *v, size_t i) {
  return ((const mill_str *)v->data)[mill_vector_at(v, i)];
}

/* The variant in `value`. The string it looks into must outlive it. */
static mill_variant own_value(const joiner *j, const mill_str *s) {
  return (mill_variant){mill_str_data(s), mill_str_data(&j->metadata), s->size, j->metadata.size};
}

static mill_status malformed(const joiner *j) {
  return mill_fail(j->err, MILL_E_MALFORMED_VARIANT, NULL);
}

/* ---- values --------------------------------------------------------------------------------- */

static mill_status put_pair(joiner *j, const mill_vector *pair, size_t i);

static mill_status put_atom(joiner *j, const mill_vector *v, size_t i) {
  uint32_t k = mill_vector_at(v, i);
  mill_variant_builder *b = &j->builder;
  const char *p = (const char *)v->data + (size_t)k * v->type->width;
  const mill_str *s = (const mill_str *)v->data + k;
  mill_i128 wide;
  int64_t whole = 0;
  switch (v->type->phys) {
  case MILL_PHYS_I8: whole = *(const int8_t *)p; break;
  case MILL_PHYS_I16: whole = *(const int16_t *)p; break;
  case MILL_PHYS_I32: whole = *(const int32_t *)p; break;
  case MILL_PHYS_I64: whole = *(const int64_t *)p; break;
  default: break;
  }
  switch (v->type->id) {
  case MILL_BOOLEAN: return mill_variant_put_bool(b, *p != 0, j->err);
  case MILL_FLOAT: return mill_variant_put_float(b, *(const float *)p, j->err);
  case MILL_DOUBLE: return mill_variant_put_double(b, *(const double *)p, j->err);
  case MILL_DECIMAL:
    wide = whole;
    if (v->type->phys == MILL_PHYS_I128) memcpy(&wide, p, sizeof wide);
    return mill_variant_put_decimal(b, wide, v->type->scale, j->err);
  case MILL_STRING:
  case MILL_BINARY:
    return mill_variant_put_text(
        b, v->type->id == MILL_STRING ? MILL_VARIANT_STRING : MILL_VARIANT_BINARY, mill_str_data(s),
        s->size, j->err);
  case MILL_DATE: return mill_variant_put_time(b, MILL_VARIANT_DATE, whole, j->err);
  case MILL_TIMESTAMP: return mill_variant_put_time(b, MILL_VARIANT_TIMESTAMP, whole, j->err);
  case MILL_TIMESTAMP_NTZ:
    return mill_variant_put_time(b, MILL_VARIANT_TIMESTAMP_NTZ, whole, j->err);
  case MILL_TINYINT:
  case MILL_SMALLINT:
  case MILL_INT:
  case MILL_BIGINT: return mill_variant_put_long(b, whole, j->err);
  default: return malformed(j);
  }
}

static mill_status put_list(joiner *j, const mill_vector *v, size_t i) {
  mill_span s = ((const mill_span *)v->data)[mill_vector_at(v, i)];
  mill_variant_frame f;
  if (v->child[0].type->id != MILL_STRUCT) return malformed(j);
  MILL_TRY(mill_variant_begin(&j->builder, &f, j->err));
  for (uint32_t k = 0; k < s.size; k++) {
    MILL_TRY(mill_variant_item_begins(&j->builder, &f, j->err));
    MILL_TRY(put_pair(j, &v->child[0], s.start + k));
  }
  return mill_variant_end_array(&j->builder, &f, j->err);
}

/* The members that have no column: those of the object in `rest`. */
static mill_status put_rest(joiner *j, const mill_variant_frame *f, const mill_vector *rest,
                            size_t i) {
  mill_variant_item x;
  mill_variant part;
  const char *name;
  size_t n;
  if (!there(rest, i)) return MILL_OK;
  mill_str s = bytes_of(rest, i);
  mill_variant v = own_value(j, &s);
  if (!mill_variant_read(&v, &x) || x.kind != MILL_VARIANT_OBJECT) return malformed(j);
  for (uint32_t k = 0; k < x.count; k++) {
    if (!mill_variant_member(&v, &x, k, &name, &n, &part)) return malformed(j);
    MILL_TRY(mill_variant_name(&j->builder, f, name, n, j->err));
    MILL_TRY(mill_variant_put(&j->builder, &part, j->err));
  }
  return MILL_OK;
}

static mill_status put_object(joiner *j, const mill_vector *v, const mill_vector *rest, size_t i) {
  mill_variant_frame f;
  uint32_t k = mill_vector_at(v, i);
  MILL_TRY(mill_variant_begin(&j->builder, &f, j->err));
  for (uint32_t c = 0; c < v->type->nfields; c++) {
    const mill_vector *pair = &v->child[c];
    const char *name = v->type->fields[c].name;
    if (pair->type->id != MILL_STRUCT) return malformed(j);
    if (!there(pair, k)) continue;
    uint32_t at = mill_vector_at(pair, k);
    if (!there(member(pair, "value"), at) && !there(member(pair, "typed_value"), at)) continue;
    MILL_TRY(mill_variant_name(&j->builder, &f, name, strlen(name), j->err));
    MILL_TRY(put_pair(j, pair, k));
  }
  MILL_TRY(put_rest(j, &f, rest, i));
  return mill_variant_end_object(&j->builder, &f, j->err);
}

static mill_status put_pair(joiner *j, const mill_vector *pair, size_t i) {
  const mill_vector *value = member(pair, "value"), *typed = member(pair, "typed_value");
  if (!there(pair, i)) return mill_variant_put_null(&j->builder, j->err);
  size_t k = mill_vector_at(pair, i);
  if (value && value->type->phys != MILL_PHYS_STR) return malformed(j);
  if (there(typed, k)) {
    if (typed->type->id == MILL_STRUCT) return put_object(j, typed, value, k);
    if (there(value, k)) return malformed(j);
    return typed->type->id == MILL_ARRAY ? put_list(j, typed, k) : put_atom(j, typed, k);
  }
  if (!there(value, k)) return mill_variant_put_null(&j->builder, j->err);
  mill_str s = bytes_of(value, k);
  mill_variant v = own_value(j, &s);
  return mill_variant_put(&j->builder, &v, j->err);
}

/* ---- rows ----------------------------------------------------------------------------------- */

static mill_status keep(const mill_text *t, mill_vector *to, uint32_t i, mill_arena *a,
                        mill_error *err) {
  char *own = mill_arena_strndup(a, t->data, t->size);
  if (own == NULL) return mill_oom(a->memory, t->size, err);
  ((mill_str *)to->data)[i] = mill_str_view(own, t->size);
  return MILL_OK;
}

static mill_status join_row(joiner *j, const mill_vector *parts, uint32_t i, mill_arena *a,
                            mill_vector *out) {
  const mill_vector *metadata = member(parts, "metadata");
  size_t k = mill_vector_at(parts, i);
  if (!there(metadata, k) || metadata->type->phys != MILL_PHYS_STR) return malformed(j);
  j->metadata = bytes_of(metadata, k);
  mill_variant_reset(&j->builder);
  mill_text_reset(&j->names);
  MILL_TRY(put_pair(j, parts, i));
  MILL_TRY(mill_variant_metadata(&j->builder, &j->names, j->err));
  MILL_TRY(keep(&j->builder.out, &out->child[0], i, a, j->err));
  return keep(&j->names, &out->child[1], i, a, j->err);
}

mill_status mill_parquet_variants(const mill_vector *parts, uint32_t n, mill_arena *a,
                                  mill_vector *out, mill_error *err) {
  joiner j = {.err = err};
  MILL_TRY(mill_vector_init(out, mill_type_of(MILL_VARIANT), n, a, err));
  mill_variant_open(&j.builder, a->memory);
  mill_text_init(&j.names, a->memory);
  mill_status s = MILL_OK;
  for (uint32_t i = 0; i < n && s == MILL_OK; i++)
    s = there(parts, i) ? join_row(&j, parts, i, a, out) : mill_vector_set_null(out, i, a, err);
  mill_variant_close(&j.builder);
  mill_text_clear(&j.names);
  out->size = n;
  return s;
}
