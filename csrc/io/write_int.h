/* What the files of writing share: encoders of formats, values as texts, part files.
**
**     mill_write_run: checks -> staging folder -> part files -> publish     (writer.c)
**     part files:     rows by folder -> press: drafts -> bytes              (parts.c, press.c)
**
** A format fills an io_output and is listed in encoder.c. Private to csrc/io. */
#ifndef MILL_IO_WRITE_INT_H
#define MILL_IO_WRITE_INT_H

#include "base/packer.h"
#include "base/pattern.h"
#include "io/encoder.h"
#include "io/format_int.h"
#include "kernel/value_write.h"

/* ---- encoders ------------------------------------------------------------------------------- */

typedef struct io_output io_output;
typedef struct io_draft io_draft;

struct mill_encoder {
  const io_output *format;
  const mill_context *context;
  mill_memory *memory;
  mill_arena arena;  /* for the encoder's life */
  mill_text scratch; /* one value */
  mill_text narrow;  /* UTF-8 bytes on their way into another charset */
  const mill_type *schema;
  mill_value_texts texts;
  io_charset charset;
  mill_codec codec;     /* of the files .. */
  mill_packing packing; /* .. or of blocks in them, which the drafts pack */
  char suffix[32];
  const char *line_end;
  size_t nline_end;
  void *plan;           /* the format's own, in the arena */
  size_t lot_bytes;     /* rows are worked on when so many bytes of them wait; 0: the press knows */
  mill_encoder *worker; /* formats that write row by row: one a thread .. */
  mill_packer *packer;  /* .. with its own .. */
  size_t row_bytes;     /* .. and an eighth more than the last lot's rows took on average */
};

struct io_output {
  const char *name;
  const char *suffix; /* ".csv" */
  bool charsets;      /* takes the option encoding */
  bool packs;         /* compresses by itself */
  bool times;         /* takes TIME whatever spark.sql.timeType.enabled says */
  /* May a column (or what is inside it) be of this type? Types with children are asked first. */
  bool (*takes)(const mill_type *t);
  /* Read options into e->plan, check the schema as a whole. */
  mill_status (*configure)(mill_encoder *e, const mill_write *w, mill_error *err);
  mill_status (*header)(mill_encoder *e, mill_text *out, mill_error *err); /* NULL: none */
  /* Formats that write row by row have `row`, the others make drafts of their own. */
  mill_status (*row)(mill_encoder *e, const mill_vector *col, uint32_t at, mill_text *out,
                     mill_error *err);
  mill_status (*draft)(mill_encoder *e, io_draft **out, mill_error *err);
};

/* The text as valid UTF-8, broken sequences replaced in e->scratch: valid until that is next used. */
mill_status mill_io_utf8(mill_encoder *e, const mill_str *s, const char **p, size_t *n,
                         mill_error *err) MILL_USE_RESULT;

extern const io_output mill_output_csv, mill_output_json, mill_output_text, mill_output_parquet,
    mill_output_arrow;

/* A setting of the session; NULL: the default. */
const char *mill_write_conf(const mill_write *w, const char *key);

/* e->texts by the options: its settings and zones are set already. */
mill_status mill_io_texts_init(mill_value_texts *t, mill_encoder *e, const mill_write *w,
                               mill_error *err) MILL_USE_RESULT;

/* ---- drafts --------------------------------------------------------------------------------- */

/* Where the bytes of a file go, in order. Called by one thread at a time, which may be any of the
** pool's while the caller of the press waits. */
typedef struct io_sink {
  mill_status (*put)(void *arg, const char *p, size_t n, mill_error *err);
  mill_status (*done)(void *arg, mill_error *err); /* all bytes of the file have been put */
  void *arg;
} io_sink;

/* Rows on their way into a file: positions at[0, n) of the columns, NULL: 0..n. */
typedef struct io_lot {
  const mill_vector *col;
  const uint32_t *at;
  uint32_t n;
} io_lot;

/* One file under way. Lots are worked on in rounds, the tasks of a round by all threads at once; then
** what is ready is taken out in order, and goes into its file while the next lots are worked on. So one
** mechanism (press.c) writes all formats on all threads, with the same bytes at any number of them:
** which rows make a lot, and which lots are worked on together, depends on the rows alone. */
typedef struct io_press io_press;
typedef struct io_drafting {
  int rounds;
  mill_status (*tasks)(io_draft *d, int round, size_t *n, mill_error *err);
  mill_status (*work)(io_draft *d, int round, size_t task, int worker, mill_error *err);
  mill_status (*take)(io_draft *d,
                      mill_error *err); /* hands on texts with mill_io_press_put_move */
  void (*free)(io_draft *d);
} io_drafting;

struct io_draft {
  const io_drafting *is;
  mill_encoder *encoder;
  io_press *press;
  io_sink sink;
  io_lot *lot;
  size_t nlots, lot_room;
  uint64_t rows; /* in the lots */
  uint64_t room; /* rows that may wait: work is due when there are so many */
  bool last;     /* the file ends with these lots */
  bool flush;    /* memory is short: hand on what can be */
  size_t held;   /* bytes that the draft keeps beyond its lots */
};

/* A draft of the encoder's format. */
mill_status mill_io_draft_new(mill_encoder *e, io_draft **out, mill_error *err) MILL_USE_RESULT;
/* The one of formats that write row by row (rows.c). */
mill_status mill_io_rows_draft(mill_encoder *e, io_draft **out, mill_error *err) MILL_USE_RESULT;

/* The drafts of one write, worked on together when enough rows wait. */
mill_status mill_io_press_new(const mill_context *ctx, mill_encoder *e, bool lasting,
                              io_press **out, mill_error *err) MILL_USE_RESULT;
void mill_io_press_free(io_press *p); /* with its drafts; NULL allowed */
/* A new file; the draft is the press's. */
mill_status mill_io_press_open(io_press *p, io_sink sink, io_draft **out,
                               mill_error *err) MILL_USE_RESULT;
/* Rows for it: copied, unless the press was told that they last. */
mill_status mill_io_press_add(io_press *p, io_draft *d, const mill_vector *col, uint32_t ncols,
                              const uint32_t *at, uint32_t n, mill_error *err) MILL_USE_RESULT;
/* The next bytes of a draft's file; *bytes is empty then, also on failure. */
mill_status mill_io_press_put_move(io_draft *d, mill_text *bytes, mill_error *err) MILL_USE_RESULT;
/* The draft gets no more rows, and is gone when the press has worked on those that it has. */
void mill_io_press_last(io_draft *d);
/* No more rows come, and all drafts are at their last: put everything. */
mill_status mill_io_press_end(io_press *p, mill_error *err) MILL_USE_RESULT;

/* ---- part files ----------------------------------------------------------------------------- */

/* The files of one write below a staging folder: one a folder of partition values, and on to the
** next when it holds maxRecordsPerFile rows. Any number of folders: bytes wait in memory, at most
** 64 MiB of them, and no more than 64 files are open. */
typedef struct io_parts io_parts;
typedef struct io_parts_plan {
  const mill_context *ctx;
  const mill_settings *settings;
  const char *folder;
  mill_encoder *encoder;
  const mill_type *schema; /* of the rows, partition columns among them */
  const int *partition;    /* which columns those are .. */
  const char *const *name; /* .. and as what their folders name them */
  int npartition;
  uint64_t max_records; /* 0: no limit */
  bool lasting;         /* values stay until all rows have been taken */
} io_parts_plan;

mill_status mill_io_parts_new(const io_parts_plan *plan, io_parts **out,
                              mill_error *err) MILL_USE_RESULT;
mill_status mill_io_parts_add(io_parts *p, const mill_batch *b, mill_error *err) MILL_USE_RESULT;
/* All bytes are on disk, and so are the folders' names. */
mill_status mill_io_parts_end(io_parts *p, mill_error *err) MILL_USE_RESULT;
void mill_io_parts_free(io_parts *p); /* NULL allowed */

/* ---- publishing ----------------------------------------------------------------------------- */

typedef enum io_publish {
  IO_PUBLISH_NEW,     /* nothing stands there */
  IO_PUBLISH_APPEND,  /* files move in, one after the other; a failure takes them out again */
  IO_PUBLISH_REPLACE, /* the folders are exchanged, the old one goes */
  IO_PUBLISH_DYNAMIC, /* the same for each folder of partition values that was written */
} io_publish;

/* The folder of a write. `staging` is hidden: beside it, or in it for APPEND and DYNAMIC. */
typedef struct io_target {
  const mill_files *files;
  mill_memory *memory;
  mill_text path, staging;
  mill_file lock; /* of the staging folder */
  bool exists;
} io_target;

/* Look at the path: made real where it exists. */
mill_status mill_io_target_init(io_target *t, const mill_context *ctx, const char *path,
                                mill_error *err) MILL_USE_RESULT;
void mill_io_target_clear(io_target *t); /* removes the staging folder, where one is left */
/* Make the staging folder. REPLACE and DYNAMIC: OVERWRITE_REFUSED when there is anything in the
** folder that no write of ours or Spark's makes. */
mill_status mill_io_stage(io_target *t, io_publish how, mill_error *err) MILL_USE_RESULT;
/* `mark`: with an empty file _SUCCESS. `files` (NULL: nobody asks) gets the files that APPEND and DYNAMIC
** moved in, by their names below the folder. */
mill_status mill_io_publish(io_target *t, io_publish how, bool mark, mill_names *files,
                            mill_error *err) MILL_USE_RESULT;

#endif
