/* Reading one column chunk after the other: pages in, values of a column's type out.
**
**     mill_parquet_column_open(&c, ..)       a leaf of a file
**     mill_parquet_column_seek(&c, group)    at the first row of a row group
**     mill_parquet_column_skip(&c, n)        over rows, and over whole pages without unpacking them
**     mill_parquet_column_flat(&c, n, some, &v)  the next n rows of a leaf that stands by itself, or
**     mill_parquet_column_rows(&c, n)        .. of one within a struct, list or map, with levels
**
** Values that a call gives live until the next call on the column: texts point into page buffers,
** which stay until then; dictionary pages become the dictionary of the vectors, whose last entry is a
** null. Memory is a window on the file (16 MiB shared by all columns, or a page), the pages of a batch, the dictionary.
**
** Pages are trusted in nothing: sizes are held against the chunk and against each other, checksums
** are verified where they are, counts of values against the chunk's. Private to csrc/io. */
#ifndef MILL_IO_PARQUET_COLUMN_H
#define MILL_IO_PARQUET_COLUMN_H

#include "io/parquet_codes.h"
#include "io/parquet_convert.h"
#include "io/parquet_decode.h"

/* A leaf and what is made of it; immutable. */
typedef struct parquet_leaf {
  const parquet_field *field;
  const mill_type *type; /* NULL: only the levels are wanted */
  parquet_conversion conversion;
  bool alone;   /* a column by itself: read by mill_parquet_column_flat */
  uint8_t slot; /* definition level from which on an entry has a place among the values */
} parquet_leaf;

typedef struct parquet_buffer parquet_buffer; /* the bytes of a page */
struct parquet_buffer {
  parquet_buffer *next;
  size_t size;
  uint8_t data[];
};

/* Where the values of a page come from. */
typedef enum parquet_stream {
  PARQUET_FROM_FIXED, /* packed words */
  PARQUET_FROM_BITS,
  PARQUET_FROM_RUNS,  /* booleans */
  PARQUET_FROM_BYTES, /* lengths and bytes */
  PARQUET_FROM_VIEWS, /* mill_str that were decoded ahead */
  PARQUET_FROM_DICTIONARY,
} parquet_stream;

typedef struct parquet_levels {
  parquet_rle runs;
  const uint8_t *bytes; /* decoded ahead (BIT_PACKED), else NULL */
} parquet_levels;

enum { PARQUET_STAGE = 512 };

typedef struct parquet_column {
  const parquet_leaf *leaf;
  const parquet_footer *footer;
  mill_file *file;
  mill_memory *memory;
  const parquet_chunk_meta *chunk;
  const parquet_offset_index *index; /* of the chunk where it is known, else NULL */

  /* bytes: window[pos, have) stands for the file from `at - (have - pos)` on; the chunk ends at end */
  uint8_t *window;
  size_t capacity, pos, have;
  size_t read_ahead; /* how many bytes at once, at least */
  uint64_t at, end;

  /* the dictionary, in the layout of the type */
  void *dictionary;
  size_t dictionary_bytes;
  uint64_t *dictionary_valid;
  parquet_buffer *texts; /* that it points into */
  uint32_t entries;
  bool has_dictionary;
  parquet_codes *codes; /* who reads column after column keeps them; off for what is not alone */

  /* the page */
  parquet_buffer *page, *ahead; /* its bytes; what was decoded of it ahead */
  parquet_buffer *spent;        /* of pages before that the last values may point into */
  uint32_t left;                /* entries of it that have not been read */
  int64_t unread;               /* entries of the chunk behind it, or more */
  uint64_t row;                 /* of the row group: the next one */
  parquet_stream stream;
  const uint8_t *values, *stop;
  uint32_t bit;
  size_t nviews;
  parquet_rle runs; /* of indices, booleans */
  parquet_levels def, rep;

  /* the values of the last call */
  void *data;
  size_t data_capacity; /* values */
  uint64_t *valid;
  size_t valid_capacity; /* words */
  uint32_t *indices;
  uint8_t *levels[2]; /* definition, repetition of each entry */
  size_t levels_capacity[2];
  size_t n, slots; /* entries, places */

  /* levels read ahead to find where a row ends */
  uint8_t stage[2][PARQUET_STAGE];
  uint32_t staged, stage_at;
} parquet_column;

/* `columns`: how many are read beside each other. `codes` outlive what is read. */
void mill_parquet_column_init(parquet_column *c, const parquet_leaf *leaf,
                              const parquet_footer *footer, mill_file *file, int columns,
                              parquet_codes *codes, mill_memory *m);
void mill_parquet_column_clear(parquet_column *c);
mill_status mill_parquet_column_seek(parquet_column *c, size_t group,
                                     mill_error *err) MILL_USE_RESULT;
mill_status mill_parquet_column_skip(parquet_column *c, uint64_t rows,
                                     mill_error *err) MILL_USE_RESULT;
/* Rows of a batch, ascending; what stands at the others may be anything. NULL for one: all rows. */
typedef struct parquet_some {
  const uint32_t *row;
  uint32_t n;
} parquet_some;

/* n is at most MILL_BATCH. */
mill_status mill_parquet_column_flat(parquet_column *c, uint32_t n, const parquet_some *some,
                                     mill_vector *out, mill_error *err) MILL_USE_RESULT;
/* Fills levels (of the two those that the leaf has), n, slots; data and valid unless only levels are
** wanted. */
mill_status mill_parquet_column_rows(parquet_column *c, uint32_t rows,
                                     mill_error *err) MILL_USE_RESULT;

/* ---- parquet_page.c ------------------------------------------------------------------------- */

/* The next data page; the dictionary on the way. With `pass` pages of up to *pass entries are passed
** over and counted off. */
mill_status mill_parquet_page_next(parquet_column *c, uint64_t *pass,
                                   mill_error *err) MILL_USE_RESULT;
bool mill_parquet_page_more(const parquet_column *c); /* are there entries that were not read? */
/* n dense values to dst, in the layout of the type; to nowhere. */
mill_status mill_parquet_page_values(parquet_column *c, size_t n, void *dst,
                                     mill_error *err) MILL_USE_RESULT;
mill_status mill_parquet_page_skip(parquet_column *c, size_t n, mill_error *err) MILL_USE_RESULT;
/* Of the next n values those at row[0..k) - base, dense, to dst: FROM_FIXED and FROM_DICTIONARY only. */
mill_status mill_parquet_page_some(parquet_column *c, size_t n, const uint32_t *row, size_t k,
                                   uint32_t base, void *dst, mill_error *err) MILL_USE_RESULT;
/* The dictionary's entries at `index`; indices are checked first. */
mill_status mill_parquet_gather(const parquet_column *c, const uint32_t *index, size_t n, void *dst,
                                mill_error *err) MILL_USE_RESULT;
mill_status mill_parquet_check_indices(const parquet_column *c, const uint32_t *index, size_t n,
                                       mill_error *err) MILL_USE_RESULT;
void mill_parquet_page_release(parquet_column *c); /* what the last values pointed into */
void mill_parquet_page_forget(parquet_column *c);  /* page and dictionary, when a chunk is left */
/* The dictionary of a chunk that was just sought, where all values are in it; else *whole is false. */
mill_status mill_parquet_page_dictionary(parquet_column *c, bool *whole,
                                         mill_error *err) MILL_USE_RESULT;
/* Go on at the page at `offset` of the file; the dictionary is read before. */
mill_status mill_parquet_page_jump(parquet_column *c, uint64_t offset,
                                   mill_error *err) MILL_USE_RESULT;
mill_status mill_parquet_column_damaged(const parquet_column *c, mill_error *err, const char *what);

#endif
