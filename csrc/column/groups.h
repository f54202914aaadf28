/* Groups by key: from rows of key values to numbers 0, 1, 2, .. in order of first appearance.
**
** Keys of fixed width stand row-major as 64-bit words, one or two a key, so that a comparison is a
** few word comparisons and a hash a few multiplications:
**
**     row[g * words ..]   | key 0 | key 1        | ..      a null is zero, and bit k of null[g]
**     slot[h]             | upper half of hash | g + 1 |
**
** Strings are their 16-byte views; those too long to be inline point into the arena. Floats are
** normalised first (one NaN, no -0.0). Keys without such a form (lists, structs, strings under a
** collation) are kept as vectors and compared by value.
**
** The arena is the owner's and outlives the groups. Single-threaded. */
#ifndef MILL_COLUMN_GROUPS_H
#define MILL_COLUMN_GROUPS_H

#include "column/vector.h"

enum { MILL_GROUP_KEYS = 64 }; /* more keys than that are kept as vectors */

/* How the keys of an operator are laid out. */
typedef struct mill_group_layout {
  const mill_type **type;
  uint32_t *at, *size; /* first word of each key; how many */
  int nkeys;
  uint32_t words, string_at; /* first word of the first key that is a string */
  bool plain, strings;
} mill_group_layout;

mill_status mill_group_layout_init(mill_group_layout *l, const mill_type *const *type, int nkeys,
                                   mill_arena *a, mill_error *err) MILL_USE_RESULT;

/* Up to a batch of keys, ready to be looked up. Filled by mill_group_keys_set or by hand. */
typedef struct mill_group_keys {
  uint64_t *word, *null, *hash; /* null: of plain keys, NULL where no key is null */
  uint64_t *null_room;
  bool has_long;            /* some string is not inline */
  const mill_vector *value; /* of other keys, flat or constant */
} mill_group_keys;

mill_status mill_group_keys_init(mill_group_keys *k, const mill_group_layout *l, mill_arena *a,
                                 mill_error *err) MILL_USE_RESULT;
/* Take the first n rows of the key vectors, which are flat or constant. */
void mill_group_keys_set(mill_group_keys *k, const mill_group_layout *l, const mill_vector *key,
                         uint32_t n);

typedef struct mill_groups {
  const mill_group_layout *layout;
  mill_memory *memory;
  mill_arena *arena;
  uint32_t n, capacity;
  uint64_t *row, *null, *hash;
  mill_vector *key;
  uint64_t *slot;
  size_t nslots;
  bool borrows;  /* long strings stay where they are: their owner outlives the groups */
  bool has_long; /* some string is not inline */
} mill_groups;

mill_status mill_groups_init(mill_groups *g, const mill_group_layout *l, mill_memory *m,
                             mill_arena *a, mill_error *err) MILL_USE_RESULT;
/* Room for n groups at once. */
mill_status mill_groups_reserve(mill_groups *g, uint32_t n, mill_error *err) MILL_USE_RESULT;
void mill_groups_clear(mill_groups *g);
/* Give back what only finding needs. */
void mill_groups_close(mill_groups *g);
/* The group of each of n keys; new ones are added, numbered from the g->n before on. */
mill_status mill_groups_find(mill_groups *g, const mill_group_keys *k, uint32_t n, uint32_t *group,
                             mill_error *err) MILL_USE_RESULT;
/* The same without adding any: UINT32_MAX where there is no such group. */
void mill_groups_look(const mill_groups *g, const mill_group_keys *k, uint32_t n, uint32_t *group);
/* Room for n groups that are only appended. */
mill_status mill_groups_room(mill_groups *g, uint32_t n, mill_error *err) MILL_USE_RESULT;
/* Add each of n keys as a group of its own, numbered from the g->n before on, found or not. Nothing can
** be found from then on. */
mill_status mill_groups_append(mill_groups *g, const mill_group_keys *k, uint32_t n,
                               mill_error *err) MILL_USE_RESULT;
/* Plain keys in another order: group i becomes number to[i]. Nothing can be found from then on. */
mill_status mill_groups_reorder(mill_groups *g, const uint32_t *to,
                                mill_error *err) MILL_USE_RESULT;
/* Groups [at, at + n) as keys, where they lie: plain ones. */
mill_group_keys mill_groups_view(const mill_groups *g, uint32_t at);
/* The key of a group will be read. */
static inline void mill_groups_ask(const mill_groups *g, uint32_t group) {
  if (g->row) __builtin_prefetch(g->row + (size_t)group * g->layout->words);
}
/* Do two groups, each of its own set, have the same key? */
bool mill_groups_same(const mill_groups *a, uint32_t x, const mill_groups *b, uint32_t y);
/* The keys of the given groups, to be looked up elsewhere. */
mill_status mill_groups_keys(const mill_groups *g, const uint32_t *group, uint32_t n,
                             mill_group_keys *out, mill_arena *a, mill_error *err) MILL_USE_RESULT;
/* The keys of n groups as vectors out[0..nkeys), each group of its own set of groups. Strings are
** views. */
mill_status mill_groups_values(const mill_groups *const *g, const uint32_t *group, uint32_t n,
                               mill_vector *out, mill_arena *a, mill_error *err) MILL_USE_RESULT;

#endif
