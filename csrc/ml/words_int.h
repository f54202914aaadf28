/* A set of strings, numbered in the order of their arrival: labels, vocabularies. Private to csrc/ml.
**
** Open addressing over an arena, which keeps copies of the bytes; never shrinks. Adding is for one
** thread, finding for any number once nothing is added any more. */
#ifndef MILL_ML_WORDS_INT_H
#define MILL_ML_WORDS_INT_H

#include "column/vector.h"

typedef struct mill_words {
  mill_arena *arena;
  mill_str *word; /* n of them, by number */
  uint32_t *slot; /* number + 1, or 0; a power of two of them */
  uint32_t n, room, slots;
} mill_words;

void mill_words_init(mill_words *w, mill_arena *a);
/* The number of s, which is added when it is new (then *number is the old n). */
mill_status mill_words_add(mill_words *w, const mill_str *s, uint32_t *number,
                           mill_error *err) MILL_USE_RESULT;
bool mill_words_find(const mill_words *w, const mill_str *s, uint32_t *number);

#endif
