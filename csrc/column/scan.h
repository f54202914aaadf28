/* Sources of rows that can be read in pieces, in any order, by many workers.
**
** A scan is cut into morsels at fixed places (row ranges of a table, byte ranges of a file), so the
** cut does not depend on the number of threads. A worker opens a cursor, points it at one morsel
** after the other and takes batches until there are none. Batches are valid until the next call on
** their cursor.
**
** Scans are immutable and shared by reference count; cursors belong to one worker. */
#ifndef MILL_COLUMN_SCAN_H
#define MILL_COLUMN_SCAN_H

#include "column/chunk.h"
#include "column/context.h"

typedef struct mill_scan mill_scan;
typedef struct mill_cursor mill_cursor;

/* What a row must fulfil to be wanted: `column op value`, the value not null and of the column's type.
** A row whose column is null fulfils IS_NULL alone. */
typedef enum mill_test_kind {
  MILL_TEST_EQUAL,
  MILL_TEST_LESS,
  MILL_TEST_LESS_EQUAL,
  MILL_TEST_GREATER,
  MILL_TEST_GREATER_EQUAL,
  MILL_TEST_IN,    /* one of n values */
  MILL_TEST_AMONG, /* one of `among` */
  MILL_TEST_IS_NULL,
  MILL_TEST_NOT_NULL,
  MILL_TEST_NOT_EQUAL,
} mill_test_kind;

/* The integers base + i, i < range, whose bit i is set; bits NULL: all of them. The words of bits are
** there up to the last of range. */
typedef struct mill_numbers {
  int64_t base;
  uint64_t range;
  const uint64_t *bits;
} mill_numbers;

typedef struct mill_test {
  mill_test_kind kind;
  int column; /* of the scan's schema */
  uint32_t n;
  const mill_vector *value;  /* n values, flat or constant; NULL where none is needed */
  const mill_numbers *among; /* of a column of 32 or 64-bit integers; outlives all scans */
} mill_test;

/* What is known of some rows' values of a column. NaN may be among those of a floating type. */
typedef struct mill_range {
  const mill_vector *min, *max; /* one value; NULL: unknown */
  int64_t nulls;                /* < 0: unknown */
  bool all_null;
} mill_range;

/* What of a value is looked at: all of it (fields NULL), or some fields of a STRUCT. */
typedef struct mill_part mill_part;
struct mill_part {
  bool unused;
  const mill_part *fields; /* one a field of the type */
};

struct mill_cursor {
  const mill_scan *scan;
  /* Rows of `morsel` come next. */
  mill_status (*seek)(mill_cursor *c, size_t morsel, mill_error *err);
  /* *out is NULL at the end of the morsel. batch.first counts from the start of the morsel. */
  mill_status (*next)(mill_cursor *c, mill_batch **out, mill_error *err);
  void (*free)(mill_cursor *c);
  /* NULL: has none. In place of `next`: all rows of the morsel as a chunk that is the caller's, for who
  ** keeps them. *out is NULL when the morsel has no rows. */
  mill_status (*chunk)(mill_cursor *c, mill_chunk **out, mill_error *err);
};

struct mill_scan {
  const mill_type *schema;
  const mill_type
      *hidden; /* NULL, or the type of one more column, number schema->nfields: _metadata */
  size_t morsels;
  double rows; /* how many there are, < 0: unknown (then `bytes` gives an idea) */
  uint64_t bytes;
  bool near;        /* a cursor has less to do with morsels that lie beside each other */
  bool in_turn;     /* one cursor reads all morsels in turn, since they lie in no other order */
  int refs;         /* atomic; starts at 1 */
  const char *name; /* for EXPLAIN: "csv", "memory" */
  /* A cursor over the columns columns[0..n) of the schema, in that order. */
  mill_status (*open)(const mill_scan *s, const mill_context *ctx, const int *columns, int n,
                      mill_cursor **out, mill_error *err);
  void (*free)(mill_scan *s);
  /* NULL: does not know how. A scan of the rows without (some of) those that fail one of the tests, in
  ** the same order; who wants none of them filters its rows all the same. parts: NULL, or one a column
  ** (NULL: all of it); what is unused may be null. Tests and parts are copied, but not numbers. */
  mill_status (*narrow)(const mill_scan *s, const mill_test *tests, int n,
                        const mill_part *const *parts, mill_scan **out, mill_error *err);
  /* NULL: does not know. The range of a column of the schema in a morsel, which lives as long as the scan.
  ** The first question costs a look at the values. False: it is not known. Any thread. */
  bool (*range)(const mill_scan *s, size_t morsel, int column, mill_range *out);
};

mill_scan *mill_scan_ref(mill_scan *s);
void mill_scan_unref(mill_scan *s); /* NULL allowed */

/* The rows of a table, without copies; the scan keeps the table alive. */
mill_status mill_scan_table(mill_table *t, mill_scan **out, mill_error *err) MILL_USE_RESULT;
/* That table; NULL: the scan was made otherwise. For who can use rows where they lie. */
const mill_table *mill_scan_in_memory(const mill_scan *s);

#endif
