/* CSV as text, for files (io/csv*.c) and for from_csv and to_csv: what the options say, records into
** fields, the types that texts suggest, values as fields. */
#ifndef MILL_KERNEL_CSV_TEXT_H
#define MILL_KERNEL_CSV_TEXT_H

#include "column/option.h"
#include "kernel/value_parse.h"

enum { CSV_NONE = -1, CSV_SEPARATOR = 64 };

/* What ends a record; text NULL: \n, \r or \r\n. */
typedef struct csv_newline {
  const char *text;
  size_t size;
} csv_newline;

/* ---- reading -------------------------------------------------------------------------------- */

typedef enum csv_unescaped { /* a quote inside a quoted value that is no end of it */
                             CSV_STOP_AT_DELIMITER,
                             CSV_STOP_AT_CLOSING_QUOTE,
                             CSV_BACK_TO_DELIMITER,
                             CSV_SKIP_VALUE,
                             CSV_RAISE_ERROR,
} csv_unescaped;

typedef struct csv_plan {
  csv_newline line;
  char sep[CSV_SEPARATOR];
  size_t nsep;
  int quote, escape, escape_escape, comment; /* bytes, or CSV_NONE */
  bool ntz;                                  /* timestamps without a zone are the session's */
  bool times;                                /* TIME is inferred */
  bool all_columns; /* records are as long as the schema, whatever is wanted */
  bool header, infer, multi, trim_leading, trim_trailing, enforce_schema, prefer_date;
  bool simple; /* one-byte separator, no trimming: the fast scan holds, where line ends allow it */
  const char *null_value, *empty_value;
  size_t null_size;
  int64_t max_columns, max_chars; /* max_chars -1: no limit */
  csv_unescaped unescaped;
  double sampling;
  const char *corrupt; /* columnNameOfCorruptRecord */
  mill_value_rules rules;
} csv_plan;

/* A field: bytes of the record's buffer, or of the row's side text when SIDE is set in `at`. */
#define CSV_SIDE 0x80000000u
#define CSV_NULL 0xffffffffu /* size of a null */
typedef struct csv_cell {
  uint32_t at, size;
} csv_cell;

typedef struct csv_row {
  mill_memory *memory;
  const char *base; /* cells count from here */
  csv_cell *cell;
  size_t n, capacity;
  mill_text side; /* texts that are not as they stand in the file */
} csv_row;

void mill_csv_row_init(csv_row *r, mill_memory *m);
void mill_csv_row_clear(csv_row *r);
static inline const char *csv_text(const csv_row *r, csv_cell c) {
  return c.at & CSV_SIDE ? r->side.data + (c.at & ~CSV_SIDE) : r->base + c.at;
}

/* Split the record at p into row->cell (n is reset, side grows). The record ends at `end`, or with
** `newline` (multiLine) behind its first newline outside quotes; *behind is where the next begins,
** NULL when the record goes on behind `end`, which is not the end of the file. */
mill_status mill_csv_split(const csv_plan *plan, const char *p, const char *end, bool eof,
                           const csv_newline *newline, csv_row *row, const char **behind,
                           mill_error *err) MILL_USE_RESULT;

/* The options of reading but for those of files: columnPruning, lineSep, columnNameOfCorruptRecord; and
** those of value_parse.h. Texts are those of `o`. */
mill_status mill_csv_options(csv_plan *p, mill_options o, mill_error *err) MILL_USE_RESULT;
/* The options sep and delimiter, with their escapes resolved. */
mill_status mill_csv_separator(mill_options o, char out[CSV_SEPARATOR], size_t *n,
                               mill_error *err) MILL_USE_RESULT;
/* The type that a text which is no null suggests; NULL: out of memory. */
const mill_type *mill_csv_guess(const csv_plan *p, mill_types *types, const char *s, size_t n);
bool mill_csv_fits(const csv_plan *p, mill_type_id id, const char *s, size_t n);

/* ---- writing -------------------------------------------------------------------------------- */

typedef struct csv_char { /* one character, or none: then n is 0 */
  char s[4];
  uint8_t n;
} csv_char;

typedef struct csv_writer {
  char sep[CSV_SEPARATOR];
  size_t nsep;
  csv_char quote, escape, escape_escape, comment, newline;
  bool header, quote_all, escape_quotes, trim_leading, trim_trailing;
  const char *null_value, *empty_value;
  bool special[256]; /* first bytes of all characters that have a meaning */
  bool plain;        /* texts of numbers, dates and times have none of them */
} csv_writer;

/* The options of writing; newline: the first character of what ends a record; formats: dates and times
** have patterns of their own. */
mill_status mill_csv_writer(csv_writer *c, mill_options o, csv_char newline, bool formats,
                            mill_error *err) MILL_USE_RESULT;
/* Append a value's text, or (`given`) one that stands for what is none. */
mill_status mill_csv_put(const csv_writer *c, const char *p, const char *end, bool given,
                         bool first, mill_text *out, mill_error *err) MILL_USE_RESULT;
mill_status mill_csv_put_null(const csv_writer *c, bool first, mill_text *out,
                              mill_error *err) MILL_USE_RESULT;
/* BINARY as its bytes in brackets, before it is put. */
mill_status mill_csv_bytes(const mill_str *s, mill_text *out, mill_error *err) MILL_USE_RESULT;

#endif
