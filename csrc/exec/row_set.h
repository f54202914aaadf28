/* Rows of many chunks, known by number.
**
** A row set views the columns of chunks that it keeps alive. A row's number is
** chunk << 16 | place in the chunk, so that it is found without a search and numbers ascend with
** the source. Sort, window and the merge of runs move 8-byte numbers about and fetch the columns
** once, at the end, in the order that was found. Reading is thread-safe; adding is not. */
#ifndef MILL_EXEC_ROW_SET_H
#define MILL_EXEC_ROW_SET_H

#include "column/chunk.h"

typedef struct mill_row_set {
  mill_memory *memory;
  const mill_type *schema;
  mill_vector *col; /* column c of chunk k is col[k * schema->nfields + c] */
  uint32_t *n;      /* rows of each chunk */
  size_t nchunks, capacity;
  mill_chunk **hold;
  size_t nhold, hold_capacity;
  bool *nulls;  /* of each column: has it any? */
  bool *simple; /* of each column: flat and not nested, so that a plain loop fetches it */
  uint64_t rows;
  mill_arena moved; /* columns that were moved */
} mill_row_set;

mill_status mill_row_set_init(mill_row_set *s, mill_memory *m, const mill_type *schema,
                              mill_error *err) MILL_USE_RESULT;
void mill_row_set_clear(mill_row_set *s); /* harmless on a zeroed set */
/* One more chunk of n <= MILL_CHUNK rows; the vectors are copied, their values are not. */
mill_status mill_row_set_add(mill_row_set *s, const mill_vector *cols, uint32_t n,
                             mill_error *err) MILL_USE_RESULT;
/* Put other columns in the place of chunk k. */
void mill_row_set_put(mill_row_set *s, size_t k, const mill_vector *cols, uint32_t n);
/* Keep c alive as long as the set. */
mill_status mill_row_set_hold(mill_row_set *s, mill_chunk *c, mill_error *err) MILL_USE_RESULT;
/* All chunks of a table of the set's schema, held. */
mill_status mill_row_set_add_table(mill_row_set *s, const mill_table *t,
                                   mill_error *err) MILL_USE_RESULT;

/* Moving all rows to other numbers, in parallel. Begin makes room; each row is put once, column by
** column; bits packs what is known of nulls, for a chunk of the new rows; end puts the new rows in the place
** of the old. Columns for which keep is false are left out and must not be asked for. */
typedef struct mill_row_move {
  char **data;     /* by column; NULL: left out */
  uint8_t **valid; /* a byte a row; NULL: no nulls */
  uint64_t **bits;
} mill_row_move;
mill_status mill_row_move_begin(mill_row_set *s, const bool *keep, mill_row_move *out,
                                mill_error *err) MILL_USE_RESULT;
/* Rows row[0..n) become rows to[0..n). */
void mill_row_move_put(const mill_row_move *m, const mill_row_set *s, const uint64_t *row,
                       uint32_t n, const size_t *to);
void mill_row_move_bits(const mill_row_move *m, const mill_row_set *s, size_t chunk);
void mill_row_move_end(const mill_row_move *m, mill_row_set *s);
/* What moving takes, a row; 0: the set has columns that cannot be moved. */
size_t mill_row_move_bytes(const mill_row_set *s, const bool *keep);

static inline const mill_vector *mill_row_set_col(const mill_row_set *s, uint64_t row, uint32_t c) {
  return &s->col[(row >> 16) * s->schema->nfields + c];
}
static inline uint32_t mill_row_place(uint64_t row) { return (uint32_t)(row & 0xffff); }

/* Column c of the given rows; strings go on pointing at the chunks' bytes. `stride` words lie
** between one row number and the next, which stands in the bits of `mask`. */
mill_status mill_row_set_gather(const mill_row_set *s, uint32_t c, const uint64_t *row,
                                uint32_t stride, uint64_t mask, uint32_t n, mill_vector *out,
                                mill_arena *a, mill_error *err) MILL_USE_RESULT;

#endif
