/* What the kernels of higher-order functions share: the elements of a batch's lists laid end to end,
** and their values as variables. Private to csrc/kernel. */
#ifndef MILL_KERNEL_LAMBDA_INT_H
#define MILL_KERNEL_LAMBDA_INT_H

#include "kernel/bytes_int.h"
#include "kernel/lambda.h"
#include "kernel/list_words.h"

/* Element i belongs to row[i] and is value at[i] of the list's child, the place[i]-th of its row. */
typedef struct elements {
  uint32_t n;
  bool straight; /* at[i] is at[0] + i */
  uint32_t *row, *at;
  int32_t *place;
} elements;

static inline mill_status elements_new(mill_call *call, size_t n, elements *e, mill_error *err) {
  size_t room = n + 1;
  if (n >= INT32_MAX) return mill_oom(call->arena->memory, n, err);
  e->n = 0;
  e->straight = false;
  e->row = mill_arena_take(call->arena, room * sizeof *e->row);
  e->at = mill_arena_take(call->arena, room * sizeof *e->at);
  e->place = mill_arena_take(call->arena, room * sizeof *e->place);
  return e->row && e->at && e->place ? MILL_OK : mill_oom(call->arena->memory, room, err);
}

/* All elements of rows 0..n-1 of a list or map. */
static inline mill_status elements_of(mill_call *call, const mill_vector *v, size_t n, elements *e,
                                      mill_error *err) {
  size_t total = 0;
  for (size_t i = 0; i < n; i++) total += span_at(v, i).size;
  MILL_TRY(elements_new(call, total, e, err));
  e->straight = true;
  for (size_t i = 0; i < n; i++) {
    mill_span s = span_at(v, i);
    uint32_t *row = e->row + e->n, *at = e->at + e->n;
    int32_t *place = e->place + e->n;
    if (s.size && e->n) e->straight &= s.start == at[-1] + 1;
    for (uint32_t k = 0; k < s.size; k++) {
      row[k] = (uint32_t)i;
      at[k] = s.start + k;
      place[k] = (int32_t)k;
    }
    e->n += s.size;
  }
  return MILL_OK;
}

/* Values at[0..n) of a list's child; UINT32_MAX stands for a null. */
static inline mill_status values_at(mill_call *call, const mill_vector *child, const uint32_t *at,
                                    uint32_t n, mill_vector *out, mill_error *err) {
  if (child && child->type->phys != MILL_PHYS_NONE)
    return mill_vector_gather(out, child, at, n, false, call->arena, err);
  mill_vector_null(out, child ? child->type : mill_type_of(MILL_NULL));
  return MILL_OK;
}

/* The elements' values, without a copy where they lie one behind the other. */
static inline mill_status element_values(mill_call *call, const mill_vector *child,
                                         const elements *e, mill_vector *out, mill_error *err) {
  if (!e->straight || !mill_list_words(child) || child->valid)
    return values_at(call, child, e->at, e->n, out, err);
  *out = (mill_vector){.type = child->type,
                       .data = (char *)child->data + (size_t)e->at[0] * child->type->width,
                       .mask = MILL_FLAT,
                       .size = e->n};
  return MILL_OK;
}

/* Whether a condition holds at values 0..n-1, as 1 and 0; a null is neither. */
static inline mill_status flags_of(mill_call *call, const mill_vector *v, uint32_t n,
                                   const uint8_t **out, mill_error *err) {
  *out = v->data;
  if (v->type->id == MILL_BOOLEAN && v->mask && v->valid == NULL) return MILL_OK;
  uint8_t *flag = mill_arena_take(call->arena, (size_t)n + 1);
  if (flag == NULL) return mill_oom(call->arena->memory, n, err);
  for (uint32_t i = 0; i < n; i++)
    flag[i] = v->type->id != MILL_NULL && mill_vector_valid(v, i) && MILL_AT(uint8_t, v, i);
  *out = flag;
  return MILL_OK;
}

static inline void places_of(const elements *e, mill_vector *out) {
  *out = (mill_vector){
      .type = mill_type_of(MILL_INT), .data = e->place, .mask = MILL_FLAT, .size = e->n};
}

static inline bool is_null(const mill_vector *v, size_t i) {
  return v->type->id == MILL_NULL || !mill_vector_valid(v, i);
}

/* The call's argument `i` as an array or a map, or the error that it is none. */
static inline mill_status need_type(mill_binding *b, int i, mill_type_id id, mill_error *err) {
  if (b->arg_type[i]->id == id) return MILL_OK;
  return mill_bind_wrong_type(b, i, id == MILL_MAP ? "\"MAP\"" : "\"ARRAY\"", err);
}

/* The lambda at argument i is a condition. */
static inline mill_status need_condition(mill_binding *b, int i, mill_error *err) {
  b->cast_to[i] = mill_type_of(MILL_BOOLEAN);
  if (b->arg_type[i]->id == MILL_BOOLEAN || b->arg_type[i]->id == MILL_NULL) return MILL_OK;
  return mill_bind_wrong_type(b, i, "\"BOOLEAN\"", err);
}

static inline void add_variable(mill_lambda_variables *v, const mill_type *t, bool nullable) {
  v->type[v->n] = t;
  v->nullable[v->n++] = nullable;
}

/* Variables: the element of argument 0, and its place when the lambda names two. */
mill_status mill_element_variables(mill_binding *b, int arg, int given, mill_lambda_variables *out,
                                   mill_error *err) MILL_USE_RESULT;

#endif
