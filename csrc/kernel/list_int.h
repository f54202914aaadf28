/* Writing lists: elements picked out of other vectors. Values of one width without nulls go straight to their
** place, others are appended in runs. Private to csrc/kernel.
**
**     list_out o;
**     list_open(&o, call, out);
**     each row, in order:  list_add(&o, src, k, err), list_add_span(..) ..; list_row(&o, i, err)
**     list_close(&o, err)
*/
#ifndef MILL_KERNEL_LIST_INT_H
#define MILL_KERNEL_LIST_INT_H

#include "kernel/coerce.h"
#include "kernel/kernel_int.h"

enum { LIST_LONG = 1 << 16 }; /* elements between two questions whether to go on */

typedef struct list_out {
  mill_call *call;
  mill_vector *out;
  const mill_vector *src; /* of what waits in sel; NULL: nulls */
  bool direct;            /* nothing of `src` waits: it goes to its place */
  uint32_t start, total, n;
  uint32_t sel[256];
} list_out;

static inline void list_open(list_out *o, mill_call *call, mill_vector *out) {
  o->call = call;
  o->out = out;
  o->src = NULL;
  o->direct = false;
  o->n = 0;
  o->start = o->total = out->child[0].size;
}

static inline mill_status list_flush(list_out *o, mill_error *err) {
  mill_vector *to = &o->out->child[0], null;
  uint32_t n = o->n;
  o->n = 0;
  if (o->src) return mill_vector_append(to, o->src, o->sel, n, false, o->call->arena, err);
  mill_vector_null(&null, to->type);
  for (uint32_t i = 0; i < n; i++)
    MILL_TRY(mill_vector_append(to, &null, NULL, 1, false, o->call->arena, err));
  return MILL_OK;
}

/* What follows comes from src. */
static inline mill_status list_turn(list_out *o, const mill_vector *src, mill_error *err) {
  const mill_vector *to = &o->out->child[0];
  if (o->n) MILL_TRY(list_flush(o, err));
  mill_phys phys = to->type->phys;
  bool values = phys != MILL_PHYS_NONE && phys != MILL_PHYS_LIST && phys != MILL_PHYS_STRUCT;
  o->src = src;
  o->direct = values && src && src->type->phys == phys && !src->valid && !src->index && !to->valid;
  return MILL_OK;
}

/* n more elements. */
static inline mill_status list_count(list_out *o, uint32_t n, mill_error *err) {
  uint32_t before = o->total;
  if (n >= UINT32_MAX - before) return mill_oom(o->call->arena->memory, o->total, err);
  o->total += n;
  return (o->total ^ before) >= LIST_LONG ? mill_watch_check(err) : MILL_OK;
}

/* Room for n elements in their place. */
static inline mill_status list_room(list_out *o, uint32_t n, mill_error *err) {
  mill_vector *to = &o->out->child[0];
  if (n <= to->capacity - to->size) return MILL_OK;
  return mill_vector_reserve(to, to->size + n, o->call->arena, err);
}

/* Value k of src, which has the element's type; a null with src NULL. */
static inline mill_status list_add(list_out *o, const mill_vector *src, uint32_t k,
                                   mill_error *err) {
  if (src && src->type->phys == MILL_PHYS_NONE) src = NULL;
  if (src != o->src) MILL_TRY(list_turn(o, src, err));
  MILL_TRY(list_count(o, 1, err));
  if (o->direct) {
    mill_vector *to = &o->out->child[0];
    size_t width = to->type->width;
    MILL_TRY(list_room(o, 1, err));
    char *p = (char *)to->data + width * to->size++;
    const char *from = (const char *)src->data + width * (k & src->mask);
    if (width == 8)
      memcpy(p, from, 8);
    else
      memcpy(p, from, width);
    return MILL_OK;
  }
  if (o->n == 256) MILL_TRY(list_flush(o, err));
  o->sel[o->n++] = k;
  return MILL_OK;
}

/* Values s of src, as list_add has each of them. */
static inline mill_status list_add_span(list_out *o, const mill_vector *src, mill_span s,
                                        mill_error *err) {
  if (s.size == 0) return MILL_OK;
  if (src != o->src) MILL_TRY(list_turn(o, src, err));
  if (!o->direct || src->mask == 0) {
    for (uint32_t k = s.start; k < s.start + s.size; k++) MILL_TRY(list_add(o, src, k, err));
    return MILL_OK;
  }
  mill_vector *to = &o->out->child[0];
  size_t width = to->type->width;
  MILL_TRY(list_count(o, s.size, err));
  MILL_TRY(list_room(o, s.size, err));
  memcpy((char *)to->data + width * to->size, (const char *)src->data + width * s.start,
         width * s.size);
  to->size += s.size;
  return MILL_OK;
}

/* Row i is what was added since the last row. */
static inline void list_row(list_out *o, size_t i) {
  ((mill_span *)o->out->data)[i] = (mill_span){o->start, o->total - o->start};
  o->start = o->total;
}

static inline mill_status list_close(list_out *o, mill_error *err) { return list_flush(o, err); }

/* The elements of row i; none where the list is a constant null. */
static inline mill_span span_at(const mill_vector *v, size_t i) {
  return v->data && v->child && mill_vector_valid(v, i) ? MILL_AT(mill_span, v, i)
                                                        : (mill_span){0, 0};
}

/* The closest type of two that loses nothing: no text is made of numbers, nor a DECIMAL of
** integers that it cannot hold. NULL: none. */
const mill_type *mill_tightest_type(mill_types *types, const mill_type *a, const mill_type *b);
/* The type of both maps' keys: what holds both, where a text is read as nothing else. */
const mill_type *mill_common_key(mill_types *types, const mill_type *a, const mill_type *b);
/* INVALID_MAP_KEY_TYPE for a type that cannot be one of a map's keys. */
mill_status mill_bind_map_key(mill_binding *b, const mill_type *key,
                              mill_error *err) MILL_USE_RESULT;
/* ARRAY_FUNCTION_DIFF_TYPES of argument 0, an array, and argument `at`. */
mill_status mill_bind_element_differs(mill_binding *b, int at, mill_error *err)
    __attribute__((cold));
/* NULL_TYPE: the function does not take a NULL without a type. */
mill_status mill_bind_null_type(mill_binding *b, mill_error *err) __attribute__((cold));
/* Arguments 0, an array, and `at`, an element: cast to one another's type. */
mill_status mill_bind_element(mill_binding *b, int at, mill_error *err) MILL_USE_RESULT;
/* With spark.sql.mapKeyDedupPolicy=LAST_WIN: leave one entry of each key in the n maps of `out`. */
mill_status mill_map_last_wins(mill_call *call, mill_vector *out, size_t n, mill_error *err);
/* Keys [from, at) are those of a map already: the n from `at` on are none of them, nor of each other,
** nor null. */
mill_status mill_check_map_keys(mill_call *call, const mill_vector *keys, uint32_t from,
                                uint32_t at, uint32_t n, mill_error *err) MILL_USE_RESULT;
/* The same of the keys of n maps. */
mill_status mill_check_maps(mill_call *call, const mill_vector *keys, const mill_span *map,
                            size_t n, mill_error *err) MILL_USE_RESULT;
/* Two arrays of one element type. */
mill_status mill_bind_arrays(mill_binding *b, mill_error *err) MILL_USE_RESULT;

#endif
