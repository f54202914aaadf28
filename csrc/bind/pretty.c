/* Cells as df:show() prints them: see pretty.h. */
#include "bind/pretty.h"

#include "kernel/cast.h"

static mill_status put_binary(const mill_vector *v, size_t i, mill_text *out, mill_error *err) {
  const mill_str *s = &((const mill_str *)v->data)[mill_vector_at(v, i)];
  const unsigned char *p = (const unsigned char *)mill_str_data(s);
  MILL_TRY(mill_text_addc(out, '[', err));
  for (uint32_t k = 0; k < s->size; k++)
    MILL_TRY(mill_text_printf(out, err, k ? " %02X" : "%02X", p[k]));
  return mill_text_addc(out, ']', err);
}

static mill_status put_list(const mill_settings *set, const mill_vector *v, size_t i,
                            mill_text *out, mill_error *err) {
  mill_span s = ((const mill_span *)v->data)[mill_vector_at(v, i)];
  bool map = v->type->id == MILL_MAP;
  MILL_TRY(mill_text_addc(out, map ? '{' : '[', err));
  for (uint32_t k = 0; k < s.size; k++) {
    if (k) MILL_TRY(mill_text_adds(out, ", ", err));
    MILL_TRY(mill_pretty_value(set, &v->child[0], s.start + k, out, err));
    if (!map) continue;
    MILL_TRY(mill_text_adds(out, " -> ", err));
    MILL_TRY(mill_pretty_value(set, &v->child[1], s.start + k, out, err));
  }
  return mill_text_addc(out, map ? '}' : ']', err);
}

static mill_status put_struct(const mill_settings *set, const mill_vector *v, size_t i,
                              mill_text *out, mill_error *err) {
  MILL_TRY(mill_text_addc(out, '{', err));
  for (uint32_t k = 0; k < v->type->nfields; k++) {
    if (k) MILL_TRY(mill_text_adds(out, ", ", err));
    MILL_TRY(mill_pretty_value(set, &v->child[k], mill_vector_at(v, i), out, err));
  }
  return mill_text_addc(out, '}', err);
}

mill_status mill_pretty_value(const mill_settings *set, const mill_vector *v, size_t i,
                              mill_text *out, mill_error *err) {
  if (v->type->id == MILL_NULL || !mill_vector_valid(v, i)) return mill_text_adds(out, "NULL", err);
  switch (v->type->id) {
  case MILL_BINARY: return put_binary(v, i, out, err);
  case MILL_ARRAY:
  case MILL_MAP: return put_list(set, v, i, out, err);
  case MILL_VARIANT: return mill_value_json(set, v, i, out, err);
  case MILL_STRUCT: return put_struct(set, v, i, out, err);
  default: return mill_value_text(set, v, i, out, err);
  }
}
