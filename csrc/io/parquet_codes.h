/* Codes of a column of texts that hold for all row groups, and files, a reader goes through (vector.h:
** entries).
**
** Dictionaries of row groups list much the same texts in other orders. Where they are few, each text has
** one code from the first group on, so that who groups by codes or asks a condition once an entry does
** so once a reader. The texts shown for the codes lie at a new place whenever there are more of them:
** the same place always shows the same texts, as long as the reader lives.
**
**     mill_parquet_codes_chunk(&k, entries, n, ..)   the dictionary of a row group: its indices' codes
**     mill_parquet_codes_null(&k, ..)                a null was met: it has a code too from now on
**
** Memory: MILL_CODES texts, each of at most a dictionary page of CODES_PAGE bytes. Private to csrc/io. */
#ifndef MILL_IO_PARQUET_CODES_H
#define MILL_IO_PARQUET_CODES_H

#include "column/coder.h"

typedef struct parquet_codes {
  mill_arena arena;
  mill_coder *coder;
  mill_vector all; /* what the coder fills */
  mill_str *shown; /* all.entries of them */
  uint32_t nshown;
  uint32_t null;           /* the code of nulls, where has_null */
  uint32_t of[MILL_CODES]; /* of each entry of the group's dictionary */
  bool on;                 /* for the group's dictionary */
  bool has_null, many;     /* many: too many texts, there will be no more codes */
} parquet_codes;

/* The dictionary of a row group, of `n` texts that end with the group. k->on tells whether it has
** codes. `k` is zero at first. */
mill_status mill_parquet_codes_chunk(parquet_codes *k, const mill_type *type, const mill_str *entry,
                                     uint32_t n, size_t page, mill_memory *m,
                                     mill_error *err) MILL_USE_RESULT;
/* Only while k->on. */
mill_status mill_parquet_codes_null(parquet_codes *k, mill_error *err) MILL_USE_RESULT;
void mill_parquet_codes_clear(parquet_codes *k);

#endif
