/* Arrow arrays to vectors, a window of rows at a time.
**
**     mill_arrow_reader r = {.arena = &batch_arena, .zone = zone};
**     MILL_TRY(mill_arrow_read(&r, &array, type, at, n, &vector, err));     (at, n within the array)
**
** Numbers, dates and timestamps of microseconds are pointed at where they lie; texts become views of
** the array's bytes; bits, decimals, offsets and other units are converted into the arena. So the
** array must stay as long as the vector, and a window of n rows costs memory for n rows, whatever
** the array's length. Every offset, length and index is checked against the buffers before it is
** used: CORRUPT_FILE, with `path` as the file. Buffers of the C data interface say nothing of their
** sizes; the producer answers for them, and what follows from its offsets is their size here. */
#ifndef MILL_COLUMN_ARROW_READ_H
#define MILL_COLUMN_ARROW_READ_H

#include "column/arrow_type.h"

typedef struct mill_arrow_buffer {
  const unsigned char *data;
  size_t size;
} mill_arrow_buffer;

typedef struct mill_arrow_array mill_arrow_array;
struct mill_arrow_array {
  const mill_arrow_type *type;
  int64_t length, offset;  /* rows [offset, offset + length) of the buffers */
  mill_arrow_buffer valid; /* no data: no nulls */
  mill_arrow_buffer buffer[2];
  mill_arrow_buffer *views; /* BYTES_VIEW: the data buffers */
  size_t nviews;
  mill_arrow_array *child;
  const mill_vector *dictionary; /* its values as made by mill_arrow_dictionary_add */
};

typedef struct mill_arrow_reader {
  mill_arena *arena;
  const struct mill_zone *zone; /* of timestamps without one */
  const char *path;             /* for errors */
} mill_arrow_reader;

/* Check what does not depend on rows: lengths against buffers, at every depth. */
mill_status mill_arrow_check(const mill_arrow_reader *r, const mill_arrow_array *a,
                             mill_error *err) MILL_USE_RESULT;
/* Rows [at, at + n) of the array, counted from its offset, as a vector of `type` with size n. A
** dictionary's vector may be in dictionary form when `top`. mill_arrow_check comes first. */
mill_status mill_arrow_read(const mill_arrow_reader *r, const mill_arrow_array *a,
                            const mill_type *type, int64_t at, uint32_t n, bool top,
                            mill_vector *out, mill_error *err) MILL_USE_RESULT;
/* Append an array's values (NULL: none) to a dictionary's: a vector in the reader's arena that begins
** with a null, `values` zeroed before the first call. */
mill_status mill_arrow_dictionary_add(const mill_arrow_reader *r, const mill_arrow_array *a,
                                      const mill_type *type, mill_vector *values,
                                      mill_error *err) MILL_USE_RESULT;
mill_status mill_arrow_corrupt(const mill_arrow_reader *r, const char *reason, mill_error *err);

#endif
