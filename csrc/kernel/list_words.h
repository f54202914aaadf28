/* Loops over the elements of a batch's lists, once for each type whose values are words, so that none
** asks for the type, or calls for a comparison, an element. Other types, and elements that are a
** constant or a dictionary, go through mill_vector_compare. Private to csrc/kernel. */
#ifndef MILL_KERNEL_LIST_WORDS_H
#define MILL_KERNEL_LIST_WORDS_H

#include "kernel/list_int.h"

#define MILL_NO_ELEMENT UINT32_MAX

/* Words that lie one behind the other; some may be null. */
static inline bool mill_list_words(const mill_vector *v) {
  return v && mill_phys_is_word(v->type->phys) && v->mask && v->index == NULL;
}

/* Room for where in the child an element of each row stands. */
static inline mill_status mill_list_places(mill_call *call, size_t n, uint32_t **at,
                                           mill_error *err) {
  *at = mill_arena_take(call->arena, (n + 1) * sizeof **at);
  return *at ? MILL_OK : mill_oom(call->arena->memory, n * sizeof **at, err);
}

/* at[i] = where in the child of `list` the first element of row i stands that is equal to row i of x;
** MILL_NO_ELEMENT where there is none. Rows without a bit in `valid` have none. */
void mill_list_find(const mill_vector *list, const mill_vector *x, const uint64_t *valid, size_t n,
                    uint32_t *at);
/* The same for the first of the largest (sign 1) or smallest (-1) elements that are not null. */
void mill_list_best(const mill_vector *list, int sign, size_t n, uint32_t *at);
/* Row i of `out` is element at[i] of `child`, null for MILL_NO_ELEMENT. `at` is changed. */
mill_status mill_list_pick(mill_call *call, const mill_vector *child, uint32_t *at, size_t n,
                           mill_vector *out, mill_error *err) MILL_USE_RESULT;

/* Append to `to`, which is empty, sizes[i] elements of each row of `list`, `total` of all: nulls where it has
** ended. */
mill_status mill_list_pad(mill_call *call, const mill_vector *list, const uint32_t *sizes, size_t n,
                          size_t total, mill_vector *to, mill_error *err) MILL_USE_RESULT;

/* Append to `to` the n rows of args[0], args[step], .. below args[nargs] in turn: the elements of n
** lists. All have the type of `to`. */
mill_status mill_list_interleave(mill_call *call, mill_vector *to, const mill_vector *const *args,
                                 int nargs, int step, size_t n, mill_error *err) MILL_USE_RESULT;

/* The order that lists are sorted in; equal elements stay as they stood. */
typedef struct mill_list_order {
  bool descending, nulls_last;
} mill_list_order;

/* Append the elements of row i of `list` in order to `out`, and set its span. */
mill_status mill_list_sort(mill_call *call, const mill_vector *list, size_t i, mill_list_order how,
                           mill_vector *out, mill_error *err) MILL_USE_RESULT;

#endif
