/* Normalised sort keys: the keys of a row as one number of up to 128 bits, so that two rows are
** compared by comparing numbers.
**
** A layout says which bits each key takes, from the top: one bit for null where there are nulls,
** then the value's rank among the values of its type, less the least value met. Descending keys
** are counted from the greatest value down. Ranks of strings are their first bytes; where all are
** short the length follows and the rank is exact.
**
** What does not fit, and keys without a rank (lists, structs, strings compared without case), make
** the layout inexact: rows of equal numbers are then compared by their columns.
**
** Entries, for sorting: `words` (1 or 2) words of the number, high one first, then the row's number
** in its row set; or both in one word, where they fit:
**
**     | key 0 | key 1 | .. 0 0 .. | row | Two ways to make a layout: from what all rows hold (narrow), or for any rows of
** the types (for top-N and merging, where rows are seen one batch at a time). */
#ifndef MILL_EXEC_SORT_KEY_H
#define MILL_EXEC_SORT_KEY_H

#include "exec/row_set.h"

typedef unsigned __int128 mill_rank;

enum { MILL_SORT_TEXT = 15 }; /* bytes of the longest texts whose number can tell all */

typedef struct mill_sort_column {
  uint32_t column; /* of the row set */
  bool descending, nulls_first;
} mill_sort_column;

typedef struct mill_sort_part {
  uint8_t null_bits, bits;
  uint8_t cut;    /* low bits of the rank that found no room */
  uint8_t rank;   /* how it is ranked: see sort_key.c */
  uint8_t length; /* strings: bytes of the text in the rank */
  mill_rank least, most;
} mill_sort_part;

typedef struct mill_sort_layout {
  const mill_sort_column *key;
  mill_sort_part *part;
  int n;
  int used; /* bits */
  int words;
  int row_bits; /* the row stands in so many low bits of the one word; 0: behind the words */
  int inexact;  /* the first key that the number does not tell all about; n: none */
} mill_sort_layout;

/* What the rows of some chunks hold, key by key. Stats of chunks are joined in any order. */
typedef struct mill_sort_stats {
  bool nulls, values;
  uint32_t longest; /* strings */
  mill_rank least, most;
} mill_sort_stats;

void mill_sort_stats_chunk(const mill_row_set *s, size_t chunk, const mill_sort_column *key, int n,
                           mill_sort_stats *out); /* added to what `out` has */
void mill_sort_stats_join(mill_sort_stats *to, const mill_sort_stats *from, int n);

/* An exact number of one word that leaves room for rows up to `last` takes them in. */
void mill_sort_layout_pack(mill_sort_layout *l, uint64_t last);
static inline uint32_t mill_sort_stride(const mill_sort_layout *l) {
  return (uint32_t)l->words + (l->row_bits == 0);
}
static inline uint64_t mill_sort_row_mask(const mill_sort_layout *l) {
  return l->row_bits ? (1ull << l->row_bits) - 1 : UINT64_MAX;
}

/* part[0..n) is filled. stats NULL: for any rows of the types. */
void mill_sort_layout_make(mill_sort_layout *l, const mill_type *schema,
                           const mill_sort_column *key, int n, mill_sort_part *part,
                           const mill_sort_stats *stats);
/* The numbers of rows [from, from + n) of columns cols[0..], `stride` words apart; out[words - 1]
** is the low word of the first. */
void mill_sort_encode(const mill_sort_layout *l, const mill_vector *cols, uint32_t from, uint32_t n,
                      uint64_t *out, uint32_t stride);
/* Does the number tell the value of key i, so that its column need not be looked at? */
bool mill_sort_decodes(const mill_sort_layout *l, const mill_type *type, int i);
/* The values of key i of n entries, `stride` words apart. */
mill_status mill_sort_decode(const mill_sort_layout *l, const mill_type *type, int i,
                             const uint64_t *entry, uint32_t stride, uint32_t n, mill_vector *out,
                             mill_arena *a, mill_error *err) MILL_USE_RESULT;
/* Are the first nkeys keys of two entries the same, as far as the number tells? */
bool mill_sort_same(const mill_sort_layout *l, int nkeys, const uint64_t *a, const uint64_t *b);
/* How each of n entries differs from the one before it, as far as the numbers tell: not at all (0), behind
** the first nkeys keys (1), in those (2). out[0] is 2. */
void mill_sort_breaks(const mill_sort_layout *l, int nkeys, const uint64_t *entry, uint32_t stride,
                      uint32_t n, uint8_t *out);
/* The ranks of n values of a type of at most 64 bits, direction and nulls folded in: ordered as the values,
** but that null is as the least value, or the greatest. False: the type is none of these. */
bool mill_sort_words(const mill_vector *v, const mill_sort_column *key, uint32_t n, uint64_t *out);
/* Compare two rows by the keys from `first` on. */
int mill_sort_key_compare(const mill_row_set *s, const mill_sort_column *key, int first, int n,
                          uint64_t a, uint64_t b);

#endif
