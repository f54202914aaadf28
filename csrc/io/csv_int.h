/* CSV, shared by its files: csv.c (the format, options), csv_record.c (windows into records),
** csv_decode.c (fields into vectors, csv_column.c, csv_codes.c), csv_variant.c (into variants), csv_infer.c. Private to csrc/io. */
#ifndef MILL_IO_CSV_INT_H
#define MILL_IO_CSV_INT_H

#include "base/variant.h"
#include "column/coder.h"
#include "io/convert_int.h"
#include "kernel/csv_text.h"

/* The next record that is no comment and not empty. *found false: the window has no whole one
** without a fill, or the range has ended. *at, *size: its text. */
typedef struct csv_source {
  io_window *window;
  const csv_plan *plan;
  io_separator newline; /* what ends records; in a line of its own NULL is any line end */
  bool fast;            /* the fast scan holds */
  bool keep_blank;      /* lines of tabs and control characters are records */
} csv_source;

/* With multiLine the first line end in a file is that of all. */
io_separator mill_csv_line_end(const csv_plan *plan, const io_window *w);
mill_status mill_csv_begin(csv_source *s, io_window *w, const csv_plan *plan, bool first,
                           mill_error *err) MILL_USE_RESULT;
mill_status mill_csv_record(csv_source *s, bool may_fill, csv_row *row, const char **at,
                            size_t *size, bool *found, mill_error *err) MILL_USE_RESULT;

/* Some records of a batch as columns of cells: cell[slot * CSV_STRIDE + row - from]. They and their texts stay in
** the first cache until they are values. The stride is no power of two, since a row's cells would fall into the
** same lines of it. */
enum { CSV_ROWS = 128, CSV_STRIDE = CSV_ROWS + 8 };
typedef struct csv_cells {
  const csv_plan *plan;
  csv_source source;
  csv_row row;    /* the row that takes the long way; its side text is the batch's */
  int *slot;      /* of each file column; -1: not wanted */
  uint32_t nfile; /* columns that a record should have */
  int nslots;
  bool count;    /* records of other lengths are malformed */
  uint32_t from; /* row of the batch of the first cell */
  csv_cell *cell;
  uint32_t *end, most;       /* ends of fields, of so many records at a time: csv_scan.c */
  csv_cell line[MILL_BATCH]; /* whole records */
  uint8_t bad[MILL_BATCH];   /* malformed */
  const char *base;          /* cells count from here */
} csv_cells;

/* The arrays are the arena's; the caller fills `slot`, sets `count` and perhaps less as `nfile`, and begins
** `source`. */
mill_status mill_csv_cells_init(csv_cells *c, const csv_plan *plan, mill_memory *m, uint32_t nfile,
                                int nslots, mill_arena *a, mill_error *err) MILL_USE_RESULT;
void mill_csv_cells_clear(csv_cells *c);
/* The next rows of a batch behind its first *n: up to CSV_ROWS, none when the batch is full or, once it has some,
** when the window has to move. A batch begins with *n = 0 and an empty side text; no rows then: the range ends. */
mill_status mill_csv_cells_next(csv_cells *c, uint32_t *n, mill_error *err) MILL_USE_RESULT;
static inline const char *csv_cell_text(const csv_cells *d, csv_cell c) {
  return c.at & CSV_SIDE ? d->row.side.data + (c.at & ~CSV_SIDE) : d->base + c.at;
}

/* Convert n cells of a column into v from row d->from on; its data and `valid`, all ones, have room for a batch.
** Texts that are not as they stand in the file go to the arena. Malformed ones become null and their rows bad.
** `check`: texts may be broken UTF-8. *nulls grows by the nulls. */
mill_status mill_csv_convert(csv_cells *d, const csv_cell *cell, mill_vector *v, uint32_t n,
                             bool check, mill_arena *scratch, uint32_t *nulls,
                             mill_error *err) MILL_USE_RESULT;

/* A text as a string that lasts as long as the batch; `check` as above. */
mill_status mill_csv_string(const csv_cells *d, csv_cell c, bool check, mill_arena *scratch,
                            mill_str *out, mill_error *err) MILL_USE_RESULT;

/* A column of STRING while it has few different texts: a batch is codes of entries (vector.h), which hold as long as
** the decoder lives. The texts shown lie at a new place whenever there are more of them. */
enum { CSV_KNOWN = 24, CSV_KNOWNS = 2 * MILL_CODES };
typedef struct csv_known {
  uint64_t word[3]; /* a text of up to CSV_KNOWN bytes */
  uint32_t size, code;
} csv_known;
typedef struct csv_codes {
  mill_arena arena;
  mill_coder *coder;
  mill_vector all;       /* what the coder fills */
  mill_str *shown;       /* all.entries of them */
  uint32_t nshown, null; /* null: the code of nulls, or CSV_NULL */
  bool many;             /* too many texts, there will be no more codes */
  uint32_t code[MILL_BATCH];
  csv_known known[CSV_KNOWNS]; /* by hash, open addressing, half empty; size CSV_NULL: none */
} csv_codes;

mill_status mill_csv_codes_new(mill_memory *m, const mill_type *type, csv_codes **out,
                               mill_error *err)
    MILL_USE_RESULT;                                    /* the caller frees it on failure, too */
void mill_csv_codes_free(csv_codes *k, mill_memory *m); /* NULL allowed */
/* mill_csv_convert into codes; k->many: the whole batch goes into v after all. */
mill_status mill_csv_convert_codes(csv_cells *d, csv_codes *k, const csv_cell *cell, mill_vector *v,
                                   uint32_t n, bool check, mill_arena *scratch, uint32_t *nulls,
                                   mill_error *err) MILL_USE_RESULT;
/* Make v the batch's codes. */
mill_status mill_csv_codes_show(csv_codes *k, mill_vector *v, mill_error *err) MILL_USE_RESULT;

/* Variants as they are built: csv_variant.c. */
typedef struct csv_variants {
  mill_variant_builder builder;
  mill_text names;
} csv_variants;
void mill_csv_variants_init(csv_variants *v, mill_memory *m);
void mill_csv_variants_clear(csv_variants *v);
/* A column of VARIANT values in the arena; *state goes along with it through the file, from 0 on. */
mill_status mill_csv_variant_column(csv_cells *d, csv_variants *v, uint8_t *state,
                                    const csv_cell *cell, mill_vector *out, uint32_t n,
                                    mill_arena *scratch, mill_error *err) MILL_USE_RESULT;
/* The decoder of singleVariantColumn. */
mill_status mill_csv_single_decoder(const io_job *job, const int *columns, int n, io_decoder **out,
                                    mill_error *err) MILL_USE_RESULT;

/* Can records be counted by their lines? Then: those of the window's range. */
bool mill_csv_counts(const csv_plan *plan);
mill_status mill_csv_count(csv_source *s, uint64_t *lines, mill_error *err) MILL_USE_RESULT;

mill_status mill_csv_seam(const io_job *job, io_window *w, uint64_t to, uint64_t *next,
                          mill_error *err) MILL_USE_RESULT;
mill_status mill_csv_infer(io_job *job, mill_error *err) MILL_USE_RESULT;
mill_status mill_csv_decoder(const io_job *job, const int *columns, int n, io_decoder **out,
                             mill_error *err) MILL_USE_RESULT;

#endif
