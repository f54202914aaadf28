/* variant_explode, variant_explode_outer: a row a member of an object or element of an array. */
#include "kernel/variant_int.h"

/* One output row: place, name and value; x NULL: the row of nulls. */
static mill_status put_row(mill_call *call, const mill_variant *v, const mill_variant_item *x,
                           uint32_t i, mill_variant_builder *b, mill_text *names, mill_vector *out,
                           mill_error *err) {
  mill_variant part;
  const char *name = "";
  size_t n = 0;
  mill_vector null[3];
  bool object = x && x->kind == MILL_VARIANT_OBJECT;
  for (int c = 0; c < 3; c++) mill_vector_null(&null[c], out[c].type);
  if (x == NULL) {
    for (int c = 0; c < 3; c++)
      MILL_TRY(mill_vector_append(&out[c], &null[c], NULL, 1, false, call->arena, err));
    return MILL_OK;
  }
  if (!(object ? mill_variant_member(v, x, i, &name, &n, &part)
               : mill_variant_element(v, x, i, &part)))
    return mill_variant_fail(v, err);
  mill_variant_reset(b);
  MILL_TRY(mill_variant_put(b, &part, err));
  mill_text_reset(names);
  MILL_TRY(mill_variant_metadata(b, names, err));
  int32_t place = (int32_t)i;
  mill_str key = mill_str_view(name, n), value = mill_str_view(b->out.data, b->out.size),
           dictionary = mill_str_view(names->data, names->size);
  mill_vector halves[2] = {{.type = out[2].child[0].type, .data = &value},
                           {.type = out[2].child[1].type, .data = &dictionary}};
  mill_vector one[3] = {{.type = out[0].type, .data = &place},
                        {.type = out[1].type, .data = &key},
                        {.type = out[2].type, .child = halves}};
  if (!object) one[1] = null[1];
  for (int c = 0; c < 3; c++)
    MILL_TRY(mill_vector_append(&out[c], &one[c], NULL, 1, true, call->arena, err));
  return MILL_OK;
}

static mill_status explode_row(mill_call *call, const mill_vector *arg, size_t i,
                               mill_variant_builder *b, mill_text *names, uint32_t *count,
                               mill_vector *out, mill_error *err) {
  bool outer = strstr(call->fn->name, "_outer") != NULL;
  mill_variant_item x = {0};
  mill_variant v = {0};
  if (arg->type->phys != MILL_PHYS_NONE && mill_vector_valid(arg, i)) {
    v = mill_variant_at(arg, i);
    if (!mill_variant_valid(&v) || !mill_variant_read(&v, &x)) return mill_variant_fail(&v, err);
  }
  *count = x.count ? x.count : outer;
  for (uint32_t k = 0; k < *count; k++)
    MILL_TRY(put_row(call, &v, x.count ? &x : NULL, k, b, names, out, err));
  return MILL_OK;
}

static mill_status explode_rows(mill_call *call, const mill_vector *const *args, size_t n,
                                uint32_t *counts, mill_vector *out, mill_error *err) {
  mill_variant_builder b;
  mill_text names;
  mill_status s = MILL_OK;
  mill_variant_open(&b, call->ctx->memory);
  mill_text_init(&names, call->ctx->memory);
  for (size_t i = 0; i < n && s == MILL_OK; i++)
    s = explode_row(call, args[0], i, &b, &names, &counts[i], out, err);
  mill_variant_close(&b);
  mill_text_clear(&names);
  return s;
}

static mill_status bind_explode(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "!variant -> null", err));
  bool outer = strstr(b->fn->name, "_outer") != NULL;
  mill_field f[] = {{"pos", mill_type_of(MILL_INT), outer, NULL},
                    {"key", mill_type_of(MILL_STRING), true, NULL},
                    {"value", mill_type_of(MILL_VARIANT), outer, NULL}};
  b->result = mill_type_struct(b->ctx->types, f, 3);
  return b->result ? MILL_OK : mill_oom(b->ctx->memory, sizeof f, err);
}

#define EXPLODE(NAME, DOC, EXAMPLE)                                                                \
  {                                                                                                \
    .name = NAME, .types = "!variant", .kind = MILL_GENERATOR,                                     \
    .flags = MILL_FN_NULLS | MILL_FN_NAMED, .bind = bind_explode, .generate = explode_rows,        \
    .usage = NAME "(input)", .doc = DOC, .example = EXAMPLE                                        \
  }

const mill_function mill_family_variant_explode[] = {
    EXPLODE("variant_explode", "A row each member or element of a variant: pos, key, value.",
            "SELECT * FROM variant_explode(parse_json('[\"a\"]')) -> 0, NULL, a"),
    EXPLODE("variant_explode_outer", "As variant_explode, a row of nulls where there is none.",
            "SELECT * FROM variant_explode_outer(parse_json('[]')) -> NULL, NULL, NULL"),
    {0}};
