/* What the aggregate families share. Private to csrc/kernel.
**
** A state is a plain struct at states[i] for row i (function.h). Updates skip null rows with
** AGG_ROWS. A cell keeps one value of any type across batches. */
#ifndef MILL_KERNEL_AGG_INT_H
#define MILL_KERNEL_AGG_INT_H

#include "kernel/kernel_int.h"

#define AGG_UPDATE(NAME)                                                                           \
  static mill_status NAME(mill_call *call, void *const *states, const mill_vector *const *args,    \
                          size_t n, mill_error *err)
#define AGG_MERGE(NAME)                                                                            \
  static mill_status NAME(mill_call *call, void *const *states, const mill_vector *partial,        \
                          size_t n, mill_error *err)
/* save and final */
#define AGG_OUTPUT(NAME)                                                                           \
  static mill_status NAME(mill_call *call, void *const *states, size_t n, mill_vector *out,        \
                          mill_error *err)
#define AGG_FEW(NAME)                                                                              \
  static mill_status NAME(mill_call *call, mill_few_groups *g, const mill_vector *const *args,     \
                          size_t n, mill_error *err)
#define AGG_COMBINE(NAME)                                                                          \
  static mill_status NAME(mill_call *call, void *const *to, void *const *from, size_t n,           \
                          mill_error *err)
/* Of a constant all rows count, or none. */
#define AGG_ROWS(v, n, i)                                                                          \
  MILL_ROWS((v)->mask ? (v)->valid : NULL, (v)->mask || mill_vector_valid(v, 0) ? (n) : 0, i)

/* One value of any type. Long strings live in a buffer that is reused while it is large enough. */
typedef struct mill_cell {
  union {
    mill_i128 fixed;
    mill_str str;
  } u;
  char *bytes;
  uint32_t room;
  uint8_t set, null;
  mill_vector *nested;
} mill_cell;

mill_status mill_cell_set(mill_call *call, mill_cell *c, const mill_vector *v, size_t i,
                          mill_error *err) MILL_USE_RESULT;
/* A constant vector that looks into the cell, which must hold a value that is not null. */
mill_vector mill_cell_view(const mill_cell *c, const mill_type *t);
/* Store the cell as row i of a flat vector; rows must come in order where the type is nested. An
** unset cell is null. */
mill_status mill_cell_put(mill_call *call, const mill_cell *c, mill_vector *out, size_t i,
                          mill_error *err) MILL_USE_RESULT;

/* max_by and min_by with a third argument: agg_top.c. */
mill_status mill_bind_top(mill_binding *b, bool largest, mill_error *err) MILL_USE_RESULT;

/* A struct type of up to eight fields named a, b, c, .. for b->partial. */
mill_status mill_bind_partial(mill_binding *b, int n, const mill_type *const *fields,
                              mill_error *err) MILL_USE_RESULT;

typedef struct mill_bytes_key {
  const char *p;
  size_t n;
} mill_bytes_key;

/* collation.c: what of a text is hashed, so that texts that its collation holds equal count as one: its bytes, without
** blanks at the end where those do not count, or the collation's hash, which goes into *room. */
mill_bytes_key mill_text_key(const mill_type *t, const mill_str *s, uint64_t *room);

#endif
