/* Rows of vectors as the buffers of Arrow arrays.
**
**     mill_arrow_column_init(&c, memory, &type, mill_type, err)
**     mill_arrow_column_append(&c, vector, rows, n, err)      (any number of times)
**     .. c.valid, c.buffer, c.child ..
**     mill_arrow_column_reset(&c)   or   mill_arrow_column_clear(&c)
**
** The type is one that mill_arrow_from_type made. Buffers are what Arrow's layout asks for, in the
** host's byte order, with offsets of 32 bits: more than 2 GiB of text or 2^31 elements is an error, and
** who appends takes care to begin anew before. Where there are no nulls `valid` is empty. Values of
** nulls are zeros, so equal rows give equal bytes. */
#ifndef MILL_COLUMN_ARROW_WRITE_H
#define MILL_COLUMN_ARROW_WRITE_H

#include "base/text.h"
#include "column/arrow_type.h"

typedef struct mill_arrow_column mill_arrow_column;
struct mill_arrow_column {
  const mill_arrow_type *type; /* may go when all is appended */
  const mill_type *from;
  uint64_t rows, nulls;
  uint32_t nchildren;
  mill_text valid;
  mill_text buffer[2];
  mill_arrow_column *child; /* as many as the type has */
};

mill_status mill_arrow_column_init(mill_arrow_column *c, mill_memory *m, const mill_arrow_type *t,
                                   const mill_type *from, mill_error *err) MILL_USE_RESULT;
void mill_arrow_column_clear(mill_arrow_column *c); /* also after a failed init */
void mill_arrow_column_reset(mill_arrow_column *c); /* no rows, the memory stays */
size_t mill_arrow_column_bytes(const mill_arrow_column *c);
/* The rows at positions at[0, n) of the vector; `at` NULL: its first n. */
mill_status mill_arrow_column_append(mill_arrow_column *c, const mill_vector *v, const uint32_t *at,
                                     size_t n, mill_error *err) MILL_USE_RESULT;

#endif
