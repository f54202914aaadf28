/* What the files of csrc/io share: the job of one read, decoders, windows on bytes.
**
**     mill_read_open: options -> files -> schema -> morsels          (reader.c, discover.c)
**     cursor:         seek -> window on a file's bytes -> decoder -> batches    (file_scan.c)
**
** A format fills an io_format and is listed in reader.c. Private to csrc/io. */
#ifndef MILL_IO_FORMAT_INT_H
#define MILL_IO_FORMAT_INT_H

#include "base/codec.h"
#include "io/reader.h"
#include "kernel/csv_text.h"

typedef struct io_format io_format;

typedef enum io_mode { IO_PERMISSIVE, IO_DROP_MALFORMED, IO_FAIL_FAST } io_mode;

typedef enum io_charset {
  IO_UTF8,
  IO_LATIN1,
  IO_ASCII,
  IO_UTF16, /* by its mark, big-endian without one */
  IO_UTF16LE,
  IO_UTF16BE,
  IO_UTF32,
  IO_UTF32LE,
  IO_UTF32BE,
} io_charset;

/* One read: immutable once opened, owned by the scan, shared by its cursors. */
typedef struct io_job {
  mill_arena arena;
  mill_context context;
  mill_settings settings;
  mill_options options; /* in the arena */
  const char *(*conf)(void *arg, const char *key);
  void *conf_arg;
  mill_read_files files;
  const io_format *format;
  void *plan;              /* the format's own options, in the arena */
  const mill_type *data;   /* the columns that files hold */
  const mill_type *schema; /* and the partition columns behind them */
  io_charset charset;
  size_t look_back; /* bytes before a morsel that tell whether a record begins with it */
  io_mode mode;
  bool ignore_corrupt, ignore_missing;
  bool guessed; /* no schema was given */
  bool times;   /* TIME columns need no setting */
  bool texts;   /* the files hold a DataFrame's texts (reader.lua): errors do not tell of them */
  const char
      *single; /* singleVariantColumn: whole records go into that column; NULL: they do not */
} io_job;

const char *mill_io_conf(const io_job *job, const char *key);            /* NULL: the default */
bool mill_io_is_set(const io_job *job, const char *key, bool otherwise); /* a boolean setting */
static inline mill_memory *io_memory(const io_job *job) { return job->context.memory; }

/* ---- windows -------------------------------------------------------------------------------- */

enum { IO_MORSEL = 4 << 20, IO_PAD = 64, IO_RECORD_MAX = 64 << 20 };

typedef csv_newline io_separator;

/* A moving window on a file's bytes as UTF-8: data[at, have), followed by IO_PAD readable zeros.
** mill_io_fill moves what is left to the front and reads on; views into data end with it. */
typedef struct io_window {
  mill_memory *memory;
  mill_file file;         /* plain bytes, or .. */
  mill_reader *reader;    /* .. compressed ones, .. */
  struct io_ahead *ahead; /* .. perhaps unpacked by another thread */
  char *room, *data;      /* data begins with a page; capacity: from there */
  size_t capacity, at, have;
  size_t block;    /* how much of a plain file is read at a time */
  uint64_t offset; /* of data[0] in the file's bytes */
  uint64_t size;   /* of a plain file when it was listed: what is appended later is not read */
  uint64_t next,
      stop;     /* where reading goes on; records that begin at or behind stop are not ours */
  size_t check; /* the first byte that mill_io_valid has not seen */
  size_t cr;    /* up to there no byte is a \r; 0: nobody has looked */
  bool eof, checked, valid;
  io_separator line; /* the line end of a chained format's file */
  io_charset charset;
  char raw[8]; /* an unfinished unit of a wide charset */
  size_t nraw;
  const char *path;
} io_window;

void mill_io_window_init(io_window *w, mill_memory *m);
void mill_io_window_clear(io_window *w);
/* The bytes [from, to) of the file, and on to the end of the last record; to UINT64_MAX: all. */
mill_status mill_io_window_open(io_window *w, const io_job *job, size_t file, uint64_t from,
                                uint64_t to, mill_error *err) MILL_USE_RESULT;
mill_status mill_io_fill(io_window *w, mill_error *err) MILL_USE_RESULT;
/* Is there no broken UTF-8 in the bytes of the window? A character that it cuts is not. */
bool mill_io_valid(io_window *w);
/* Can the file be cut into morsels? */
bool mill_io_plain(const io_job *job, size_t file);

mill_status mill_io_charset_of(const char *name, io_charset *out, mill_error *err) MILL_USE_RESULT;
/* Append `in` as UTF-8 to out (room for 3 n + 4); returns bytes taken. */
size_t mill_io_charset_decode(io_charset c, const unsigned char *in, size_t n, bool last, char *out,
                              size_t *made);
/* Append UTF-8 `in` in a charset; what it cannot say becomes "?". */
mill_status mill_io_charset_encode(io_charset c, const char *in, size_t n, mill_text *out,
                                   mill_error *err) MILL_USE_RESULT;

/* ---- lines ---------------------------------------------------------------------------------- */

/* The next line that begins in the window's range; *size excludes the separator. False: no more.
** A line longer than IO_RECORD_MAX is an error. `limit`: do not refill, for views that must last:
** *more is set when a fill is needed. */
mill_status mill_io_line(io_window *w, io_separator sep, bool may_fill, const char **line,
                         size_t *size, bool *found, mill_error *err) MILL_USE_RESULT;
/* Move to the first line that begins in the range. */
mill_status mill_io_first_line(io_window *w, io_separator sep, mill_error *err) MILL_USE_RESULT;

/* ---- decoders ------------------------------------------------------------------------------- */

typedef struct io_decoder io_decoder;
struct io_decoder {
  /* The window has just been opened; `first`: it is at the file's beginning. */
  mill_status (*start)(io_decoder *d, io_window *w, bool first, mill_error *err);
  /* Fill cols (one a wanted column) with up to MILL_BATCH rows; *sel may become a selection. *n 0:
  ** the end. */
  mill_status (*next)(io_decoder *d, io_window *w, mill_vector *cols, uint32_t *n,
                      const uint32_t **sel, mill_error *err);
  void (*free)(io_decoder *d);
  /* Of formats that cut their files themselves, instead of start (next gets no window then): the
  ** piece [from, to) of a file. */
  mill_status (*seek)(io_decoder *d, size_t file, uint64_t from, uint64_t to, mill_error *err);
  uint64_t row; /* set by next, of those formats: of the batch's first row, from `from` on */
  /* NULL: no use for it. Ahead of the first seek: rows that fail one of the tests, whose columns are
  ** those of job->data, may be left out; of its columns only the parts are looked at (NULL: all of
  ** them). Both outlive the decoder. */
  void (*narrow)(io_decoder *d, const mill_test *tests, int n, const mill_part *const *parts);
};

typedef mill_status (*io_piece)(void *arg, size_t file, uint64_t from, uint64_t to,
                                mill_error *err);

struct io_format {
  const char *name;
  const char *title; /* as Spark writes it in errors */
  /* Read the options into job->plan. */
  mill_status (*configure)(io_job *job, mill_error *err);
  /* Set job->data from the files; UNABLE_TO_INFER_SCHEMA is the caller's when there are none. */
  mill_status (*infer)(io_job *job, mill_error *err);
  /* May a column have this type? */
  bool (*takes)(const mill_type *t);
  bool (*whole)(const io_job *job); /* a file is one piece */
  bool fixed;                       /* one column, whatever the files hold */
  bool variants;                    /* knows the option singleVariantColumn */
  mill_status (*decoder)(const io_job *job, const int *columns, int n, io_decoder **out,
                         mill_error *err);
  /* NULL: files are cut by bytes. Else call `piece` for each piece of each file, in order; from and
  ** to are the format's own numbers, *rows all rows where they are known. */
  mill_status (*cut)(io_job *job, io_piece piece, void *arg, double *rows, mill_error *err);
  /* NULL: never known. May a piece hold a row that fulfils all tests? */
  mill_status (*may_hold)(const io_job *job, size_t file, uint64_t from, uint64_t to,
                          const mill_test *tests, int n, bool *yes, mill_error *err);
  /* Of formats in which a piece's beginning depends on the pieces before it (seam.h); NULL: none.
  ** The line end of a file by its beginning; where, at or behind `to`, the first record begins
  ** when one begins at w->at: UINT64_MAX for none. The window may have moved on. */
  bool (*chained)(const io_job *job);
  io_separator (*line_of)(const io_job *job, const io_window *w);
  mill_status (*seam)(const io_job *job, io_window *w, uint64_t to, uint64_t *next,
                      mill_error *err);
};

extern const io_format mill_format_csv, mill_format_json, mill_format_parquet, mill_format_text,
    mill_format_arrow;
const io_format *mill_io_format(const char *name); /* NULL: none */

/* ---- where a row is from ---------------------------------------------------------------------- */

/* The hidden column _metadata: a STRUCT of file_path, file_name, file_size, file_block_start,
** file_block_length, file_modification_time, and of formats that know it row_index. */
typedef struct io_origin {
  const mill_type *type;
  mill_vector child[7];
  _Alignas(16) mill_str path; /* as all values of 16 bytes are */
  mill_str name;
  int64_t number[4];
  int64_t *row; /* MILL_BATCH row numbers; NULL: no row_index */
} io_origin;

const mill_type *mill_io_origin_type(io_job *job); /* NULL: out of memory */
mill_status mill_io_origin_init(io_origin *o, const mill_type *t, mill_arena *a,
                                mill_error *err) MILL_USE_RESULT;
/* The rows that follow are of that file. */
mill_status mill_io_origin_file(io_origin *o, const mill_read_file *f, mill_arena *a,
                                mill_error *err) MILL_USE_RESULT;
/* The vector of a batch whose first row is number `row` of the file. */
mill_vector mill_io_origin_rows(io_origin *o, uint64_t row);

/* ---- shared steps --------------------------------------------------------------------------- */

/* Append a user's path without "file:" and slashes at the end. */
mill_status mill_io_plain_path(const char *path, mill_text *out, mill_error *err) MILL_USE_RESULT;
/* List files, read partition columns off their folders: fills job->files. */
mill_status mill_io_discover(io_job *job, const mill_read *r, mill_error *err) MILL_USE_RESULT;
/* job->schema from job->data, the folders, and with `user` types for partition columns. */
mill_status mill_io_partition(io_job *job, const mill_type *user, mill_error *err) MILL_USE_RESULT;
/* Call `piece` for the byte ranges that files are cut into, in order; `to` UINT64_MAX: to the end. */
mill_status mill_io_cut(const io_job *job, io_piece piece, void *arg,
                        mill_error *err) MILL_USE_RESULT;
/* columnNameOfCorruptRecord, by option or setting. */
const char *mill_io_corrupt_name(io_job *job);
/* spark.sql.timestampType: do timestamps without a zone become TIMESTAMP_NTZ? */
bool mill_io_prefers_ntz(const io_job *job);
/* Is the corrupt record's column a STRING, and not the only one that is read? */
mill_status mill_io_check_corrupt(const io_job *job, const int *columns, int n, const char *name,
                                  mill_error *err) MILL_USE_RESULT;
/* Turn what err holds into FAILED_READ_FILE.NO_HINT for the file's path, the cause in the hint. */
mill_status mill_io_failed_read(const io_job *job, size_t file, mill_status cause, mill_error *err);
/* Where an error says nothing of it, the file whose schema it is about goes into its hint. */
mill_status mill_io_in_file(mill_error *err, const char *path, mill_status s) MILL_USE_RESULT;
/* PERMISSIVE unless the option mode says otherwise. */
io_mode mill_io_mode(mill_options o);
/* The option samplingRatio, where types are inferred: above 0. */
mill_status mill_io_check_sampling(const io_job *job, double share,
                                   mill_error *err) MILL_USE_RESULT;
/* The lineSep option: IllegalArgument when empty. */
mill_status mill_io_separator(io_job *job, io_separator *out, mill_error *err) MILL_USE_RESULT;

/* Takes the job over, also on failure. */
mill_status mill_io_scan(io_job *job, mill_scan **out, mill_error *err) MILL_USE_RESULT;
void mill_io_job_free(io_job *job);

#endif
