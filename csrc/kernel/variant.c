/* Variants: parse_json, to_variant_object, is_variant_null, is_valid_variant, and casts to VARIANT.
**
** A value becomes a variant member by member (Spark's castToVariant): a null is JSON's null, a map's
** entries and a struct's fields are an object's members. */
#include "kernel/cast_int.h"
#include "kernel/variant_int.h"

/* Rows have one dictionary often: then it stands in memory once. */
mill_status mill_variant_store(mill_call *call, mill_vector *out, size_t i, mill_variant_builder *b,
                               mill_error *err) {
  mill_str *names = (mill_str *)out->child[1].data + i;
  const mill_text *made;
  MILL_TRY(mill_variant_made(b, &made, err));
  MILL_TRY(put_text(call, &out->child[0], i, &b->out, err));
  bool same = i > 0 && mill_vector_valid(out, i - 1) && names[-1].size == made->size &&
              memcmp(mill_str_data(&names[-1]), made->data, made->size) == 0;
  if (!same) return put_text(call, &out->child[1], i, made, err);
  *names = names[-1];
  return MILL_OK;
}

/* ---- values as variants --------------------------------------------------------------------- */

bool mill_variant_takes(const mill_type *t, bool nested) {
  switch (t->id) {
  case MILL_ARRAY: return mill_variant_takes(t->fields[0].type, nested);
  case MILL_MAP:
    return nested && t->fields[0].type->id == MILL_STRING &&
           mill_variant_takes(t->fields[1].type, true);
  case MILL_STRUCT:
    for (uint32_t i = 0; nested && i < t->nfields; i++)
      if (!mill_variant_takes(t->fields[i].type, true)) return false;
    return nested;
  case MILL_VARIANT: return true;
  default: return t->id >= MILL_BOOLEAN && t->id <= MILL_TIMESTAMP_NTZ;
  }
}

static mill_status make_array(mill_variant_builder *b, const mill_vector *v, mill_span s,
                              mill_error *err) {
  mill_variant_frame f;
  MILL_TRY(mill_variant_begin(b, &f, err));
  for (uint32_t k = 0; k < s.size; k++) {
    MILL_TRY(mill_variant_item_begins(b, &f, err));
    MILL_TRY(mill_variant_make(b, &v->child[0], s.start + k, err));
  }
  return mill_variant_end_array(b, &f, err);
}

static mill_status make_map(mill_variant_builder *b, const mill_vector *v, mill_span s,
                            mill_error *err) {
  mill_variant_frame f;
  MILL_TRY(mill_variant_begin(b, &f, err));
  for (uint32_t k = 0; k < s.size; k++) {
    bytes name = bytes_at(&v->child[0], mill_vector_at(&v->child[0], s.start + k));
    MILL_TRY(mill_variant_name(b, &f, name.p, name.n, err));
    MILL_TRY(mill_variant_make(b, &v->child[1], s.start + k, err));
  }
  return mill_variant_end_object(b, &f, err);
}

static mill_status make_struct(mill_variant_builder *b, const mill_vector *v, uint32_t k,
                               mill_error *err) {
  mill_variant_frame f;
  MILL_TRY(mill_variant_begin(b, &f, err));
  for (uint32_t c = 0; c < v->type->nfields; c++) {
    const char *name = v->type->fields[c].name;
    MILL_TRY(mill_variant_name(b, &f, name, strlen(name), err));
    MILL_TRY(mill_variant_make(b, &v->child[c], k, err));
  }
  return mill_variant_end_object(b, &f, err);
}

static mill_status make_atom(mill_variant_builder *b, const mill_vector *v, uint32_t k,
                             mill_error *err) {
  mill_vector flat = *v;
  flat.mask = MILL_FLAT;
  flat.index = NULL;
  switch (v->type->id) {
  case MILL_BOOLEAN: return mill_variant_put_bool(b, MILL_AT(uint8_t, &flat, k) != 0, err);
  case MILL_FLOAT: return mill_variant_put_float(b, MILL_AT(float, &flat, k), err);
  case MILL_DOUBLE: return mill_variant_put_double(b, MILL_AT(double, &flat, k), err);
  case MILL_DECIMAL: return mill_variant_put_decimal(b, mill_int_at(&flat, k), v->type->scale, err);
  case MILL_STRING:
  case MILL_BINARY: {
    bytes s = bytes_at(&flat, k);
    return mill_variant_put_text(
        b, v->type->id == MILL_STRING ? MILL_VARIANT_STRING : MILL_VARIANT_BINARY, s.p, s.n, err);
  }
  case MILL_DATE:
  case MILL_TIMESTAMP:
  case MILL_TIMESTAMP_NTZ: {
    mill_variant_kind kind = v->type->id == MILL_DATE        ? MILL_VARIANT_DATE
                             : v->type->id == MILL_TIMESTAMP ? MILL_VARIANT_TIMESTAMP
                                                             : MILL_VARIANT_TIMESTAMP_NTZ;
    return mill_variant_put_time(b, kind, (int64_t)mill_int_at(&flat, k), err);
  }
  default: return mill_variant_put_long(b, (int64_t)mill_int_at(&flat, k), err);
  }
}

mill_status mill_variant_make(mill_variant_builder *b, const mill_vector *v, size_t i,
                              mill_error *err) {
  if (v->type->id == MILL_NULL || !mill_vector_valid(v, i)) return mill_variant_put_null(b, err);
  uint32_t k = mill_vector_at(v, i);
  switch (v->type->id) {
  case MILL_BIGINT: return mill_variant_put_long(b, ((const int64_t *)v->data)[k], err);
  case MILL_ARRAY: return make_array(b, v, ((const mill_span *)v->data)[k], err);
  case MILL_MAP: return make_map(b, v, ((const mill_span *)v->data)[k], err);
  case MILL_STRUCT: return make_struct(b, v, k, err);
  case MILL_VARIANT: {
    mill_variant one = mill_variant_at(v, i);
    return mill_variant_put(b, &one, err);
  }
  default: return make_atom(b, v, k, err);
  }
}

/* One variant a row by `make`; a status of its own kind is null where `soft`. */
typedef mill_status (*row_maker)(mill_call *call, const mill_vector *const *args, size_t i,
                                 mill_variant_builder *b, mill_error *err);

static mill_status make_rows(mill_call *call, const mill_vector *const *args, size_t n,
                             mill_vector *out, row_maker make, bool soft, mill_error *err) {
  mill_variant_builder b;
  mill_status s = MILL_OK;
  mill_variant_open(&b, call->ctx->memory);
  for (size_t i = 0; i < n && s == MILL_OK; i++) {
    if (!mill_valid_bit(out->valid, i)) continue;
    mill_variant_reset(&b);
    s = make(call, args, i, &b, err);
    if (soft && s != MILL_OK && s != MILL_E_OUT_OF_MEMORY) {
      mill_error_clear(err);
      s = mill_set_null(call, out, i, err);
    } else if (s == MILL_OK) {
      s = mill_variant_store(call, out, i, &b, err);
    }
  }
  mill_variant_close(&b);
  return s;
}

static mill_status make_value(mill_call *call, const mill_vector *const *args, size_t i,
                              mill_variant_builder *b, mill_error *err) {
  (void)call;
  return mill_variant_make(b, args[0], i, err);
}

mill_status mill_cast_to_variant(mill_call *call, const mill_vector *const *args, size_t n,
                                 mill_vector *out, mill_error *err) {
  return make_rows(call, args, n, out, make_value, false, err);
}

static mill_status bind_object(mill_binding *b, mill_error *err) {
  const mill_type *t = b->arg_type[0];
  MILL_TRY(mill_bind_types(b, "any -> variant", err));
  bool nested = t->id == MILL_ARRAY || t->id == MILL_MAP || t->id == MILL_STRUCT;
  if (!nested || !mill_variant_takes(t, true))
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_CAST_WITHOUT_SUGGESTION, "sqlExpr",
                     mill_bind_sql(b, err), "srcType", mill_bind_type_sql(b, t, err), "targetType",
                     "\"VARIANT\"", NULL);
  return MILL_OK;
}

/* ---- parse_json ----------------------------------------------------------------------------- */

static mill_status make_parsed(mill_call *call, const mill_vector *const *args, size_t i,
                               mill_variant_builder *b, mill_error *err) {
  mill_json_reader r;
  bool good;
  bytes s = bytes_at(args[0], i);
  mill_status status = mill_variant_put_quick(call, b, s.p, s.n, &good, err);
  if (status == MILL_OK && !good) {
    mill_variant_reset(b);
    mill_json_start(&r, s.p, s.n, 0);
    status = mill_variant_put_json(b, &r, mill_json_next(&r), &good, err);
  }
  bool twice = status == MILL_E_VARIANT_DUPLICATE_KEY;
  if (!twice && (good || status != MILL_OK)) return status;
  if (twice) mill_error_clear(err);
  status = mill_call_fail(call, err, MILL_E_MALFORMED_RECORD, "badRecord",
                          mill_error_fmt(err, "%.*s", (int)(s.n < 200 ? s.n : 200), s.p),
                          "failFastMode", "FAILFAST", NULL);
  if (twice) mill_error_hint(err, "An object has two members of one name.");
  return status;
}

KERNEL_HEAD(k_parse_json) { return make_rows(call, args, n, out, make_parsed, false, err); }
KERNEL_HEAD(k_try_parse_json) { return make_rows(call, args, n, out, make_parsed, true, err); }

/* ---- questions ------------------------------------------------------------------------------ */

KERNEL_HEAD(k_is_variant_null) {
  uint8_t *r = out->data;
  (void)call, (void)err;
  for (size_t i = 0; i < n; i++) {
    r[i] = 0;
    if (args[0]->type->phys == MILL_PHYS_NONE || !mill_vector_valid(args[0], i)) continue;
    mill_variant v = mill_variant_at(args[0], i);
    r[i] = v.size > 0 && v.value[0] == 0;
  }
  return MILL_OK;
}

KERNEL_HEAD(k_is_valid_variant) {
  uint8_t *r = out->data;
  (void)call, (void)err;
  MILL_EACH(out, n, i) {
    mill_variant v = mill_variant_at(args[0], i);
    r[i] = mill_variant_valid(&v);
  }
  return MILL_OK;
}

const mill_function mill_family_variant[] = {
    {.name = "parse_json",
     .types = "!string -> variant",
     .kernel = k_parse_json,
     .usage = "parse_json(jsonStr)",
     .doc = "A JSON text as a variant.",
     .example = "SELECT parse_json('{\"a\":1,\"b\":0.8}') -> {\"a\":1,\"b\":0.8}"},
    {.name = "try_parse_json",
     .types = "!string -> variant",
     .kernel = k_try_parse_json,
     .flags = MILL_FN_NULLABLE | MILL_FN_NO_RAISE,
     .usage = "try_parse_json(jsonStr)",
     .doc = "A JSON text as a variant, null where it is no JSON.",
     .example = "SELECT try_parse_json('{\"a\":1') -> NULL"},
    {.name = "to_variant_object",
     .types = "any -> variant",
     .kernel = mill_cast_to_variant,
     .bind = bind_object,
     .usage = "to_variant_object(expr)",
     .doc = "A struct, map or array as a variant; structs and maps become objects.",
     .example = "SELECT to_variant_object(named_struct('a', 1, 'b', 2)) -> {\"a\":1,\"b\":2}"},
    {.name = "is_variant_null",
     .types = "!variant -> boolean",
     .kernel = k_is_variant_null,
     .flags = MILL_FN_NULLS | MILL_FN_NEVER_NULL | MILL_FN_NO_RAISE,
     .usage = "is_variant_null(expr)",
     .doc = "True for a variant that holds JSON's null, false for an SQL null.",
     .example = "SELECT is_variant_null(parse_json('null')) -> true"},
    {.name = "is_valid_variant",
     .types = "!variant -> boolean",
     .kernel = k_is_valid_variant,
     .flags = MILL_FN_NO_RAISE,
     .usage = "is_valid_variant(expr)",
     .doc = "True where the bytes of the variant are as the encoding wants them.",
     .example = "SELECT is_valid_variant(parse_json('1')) -> true"},
    {0}};
