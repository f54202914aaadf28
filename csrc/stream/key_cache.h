/* The groups of a batch's rows by the words of their keys, in front of a store that knows groups by
** row bytes: bytes are made once a group and batch, not once a row.
**
** Keys of fixed width and strings have words (column/groups.h); of a struct, such as a window, its
** members count. Where a struct is null, or a key has no words, there is no answer and the caller
** makes bytes for each row. One cache serves one batch of a query: what a number stands for is the
** caller's. Single-threaded. */
#ifndef MILL_STREAM_KEY_CACHE_H
#define MILL_STREAM_KEY_CACHE_H

#include "column/groups.h"

typedef struct mill_key_cache {
  mill_group_layout layout;
  mill_group_keys keys;
  mill_groups groups;
  mill_vector *member; /* the keys of a batch, structs taken apart */
  bool able;           /* all keys have words */
} mill_key_cache;

/* For columns key[0..nkeys) of `input`. Small things come from the arena. */
mill_status mill_key_cache_init(mill_key_cache *c, const mill_type *input, const int *key,
                                int nkeys, mill_arena *a, mill_error *err) MILL_USE_RESULT;
void mill_key_cache_clear(mill_key_cache *c);
/* Number the rows of the batch that count; a new key gets the next number, in the order of rows.
** *done false: no answer. `a` may be cleared afterwards. */
mill_status mill_key_cache_find(mill_key_cache *c, const mill_batch *in, const int *key, int nkeys,
                                uint32_t *number, bool *done, mill_arena *a,
                                mill_error *err) MILL_USE_RESULT;

#endif
