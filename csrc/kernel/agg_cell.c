/* Cells: one value of any type, kept by aggregates between batches; see agg_int.h. */
#include "kernel/agg_int.h"

static mill_status set_string(mill_call *call, mill_cell *c, const mill_str *s, mill_error *err) {
  if (s->size <= MILL_STR_INLINE) {
    c->u.str = *s;
    return MILL_OK;
  }
  if (s->size > c->room) {
    uint32_t room = s->size < 64 ? 64 : s->size;
    char *p = mill_arena_alloc(call->arena, room);
    if (p == NULL) return mill_oom(call->arena->memory, room, err);
    c->bytes = p;
    c->room = room;
  }
  memcpy(c->bytes, s->u.ptr, s->size);
  c->u.str = mill_str_view(c->bytes, s->size);
  return MILL_OK;
}

static mill_status set_nested(mill_call *call, mill_cell *c, const mill_vector *v, size_t i,
                              mill_error *err) {
  uint32_t row = (uint32_t)i;
  mill_vector *copy = mill_arena_alloc(call->arena, sizeof *copy);
  if (copy == NULL) return mill_oom(call->arena->memory, sizeof *copy, err);
  MILL_TRY(mill_vector_init(copy, v->type, 1, call->arena, err));
  MILL_TRY(mill_vector_append(copy, v, &row, 1, true, call->arena, err));
  c->nested = copy;
  return MILL_OK;
}

mill_status mill_cell_set(mill_call *call, mill_cell *c, const mill_vector *v, size_t i,
                          mill_error *err) {
  bool null = v->type->phys == MILL_PHYS_NONE || !mill_vector_valid(v, i);
  uint32_t k = mill_vector_at(v, i);
  if (!null && v->type->phys == MILL_PHYS_STR)
    MILL_TRY(set_string(call, c, (const mill_str *)v->data + k, err));
  else if (!null && (v->type->phys == MILL_PHYS_LIST || v->type->phys == MILL_PHYS_STRUCT))
    MILL_TRY(set_nested(call, c, v, i, err));
  else if (!null)
    memcpy(&c->u, (const char *)v->data + (size_t)k * v->type->width, v->type->width);
  c->set = 1;
  c->null = null;
  return MILL_OK;
}

mill_vector mill_cell_view(const mill_cell *c, const mill_type *t) {
  if (c->nested) {
    mill_vector v = *c->nested;
    v.capacity = 0;
    return v;
  }
  return (mill_vector){.type = t, .data = (void *)(uintptr_t)&c->u, .size = 1};
}

mill_status mill_cell_put(mill_call *call, const mill_cell *c, mill_vector *out, size_t i,
                          mill_error *err) {
  bool null = !c->set || c->null;
  const mill_type *t = out->type;
  if (t->phys == MILL_PHYS_LIST || t->phys == MILL_PHYS_STRUCT) {
    mill_vector v;
    mill_vector_null(&v, t);
    if (!null) v = *c->nested;
    out->size = (uint32_t)i;
    return mill_vector_append(out, &v, NULL, 1, true, call->arena, err);
  }
  if (null) return mill_vector_set_null(out, i, call->arena, err);
  memcpy((char *)out->data + i * t->width, &c->u, t->width);
  return MILL_OK;
}

mill_status mill_bind_partial(mill_binding *b, int n, const mill_type *const *fields,
                              mill_error *err) {
  static const char *const name[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
  mill_field f[8];
  for (int i = 0; i < n && i < 8; i++) f[i] = (mill_field){name[i], fields[i], true, NULL};
  b->partial = mill_type_struct(b->ctx->types, f, (uint32_t)n);
  return b->partial ? MILL_OK : mill_oom(b->ctx->memory, sizeof *f, err);
}
