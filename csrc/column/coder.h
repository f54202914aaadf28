/* Strings that repeat, as codes: a column of a chunk that is filled as a dictionary while it has few
** different values (vector.h: `entries`).
**
** The bytes of an entry are copied into the arena of the chunk, where the coder lives too. When there
** are too many, the column goes on as a flat one. */
#ifndef MILL_COLUMN_CODER_H
#define MILL_COLUMN_CODER_H

#include "column/vector.h"

enum { MILL_CODES = 512 };

typedef struct mill_coder mill_coder;

/* Make `v` an empty coded column of `type`, strings or binary, of about so many rows. */
mill_status mill_coder_new(mill_vector *v, const mill_type *type, uint32_t rows, mill_arena *a,
                           mill_coder **out, mill_error *err) MILL_USE_RESULT;
/* Append the values sel[0..n) of `src`, or the first n with sel NULL. *fits: false if that makes too
** many different ones; nothing is appended then. */
mill_status mill_coder_append(mill_coder *c, mill_vector *v, const mill_vector *src,
                              const uint32_t *sel, size_t n, mill_arena *a, bool *fits,
                              mill_error *err) MILL_USE_RESULT;
/* Make `v` flat, with room for more, `rows` in all as it seems. */
mill_status mill_coder_end(mill_vector *v, uint32_t rows, mill_arena *a,
                           mill_error *err) MILL_USE_RESULT;

#endif
