/* What the files of writing share: encoders of formats, values as texts, part files.
**
**     mill_write_run: checks -> staging folder -> encoders -> part files -> publish     (writer.c)
**
** A format fills an io_output and is listed in encoder.c. Private to csrc/io. */
#ifndef MILL_IO_WRITE_INT_H
#define MILL_IO_WRITE_INT_H

#include "base/pattern.h"
#include "io/encoder.h"
#include "io/format_int.h"
#include "kernel/value_write.h"

/* ---- encoders ------------------------------------------------------------------------------- */

typedef struct io_output io_output;

struct mill_encoder {
  const io_output *format;
  mill_memory *memory;
  mill_arena arena;  /* for the encoder's life */
  mill_text scratch; /* one value */
  mill_text narrow;  /* UTF-8 bytes on their way into another charset */
  const mill_type *schema;
  mill_value_texts texts;
  io_charset charset;
  mill_codec codec;
  char suffix[32];
  const char *line_end;
  size_t nline_end;
  void *plan; /* the format's own, in the arena */
};

struct io_output {
  const char *name;
  const char *suffix; /* ".csv" */
  bool charsets;      /* takes the option encoding */
  /* May a column (or what is inside it) be of this type? Types with children are asked first. */
  bool (*takes)(const mill_type *t);
  /* Read options into e->plan, check the schema as a whole. */
  mill_status (*configure)(mill_encoder *e, const mill_write *w, mill_error *err);
  mill_status (*header)(mill_encoder *e, mill_text *out, mill_error *err); /* NULL: none */
  mill_status (*row)(mill_encoder *e, const mill_batch *b, uint32_t at, mill_text *out,
                     mill_error *err);
};

/* The text as valid UTF-8, broken sequences replaced in e->scratch: valid until that is next used. */
mill_status mill_io_utf8(mill_encoder *e, const mill_str *s, const char **p, size_t *n,
                         mill_error *err) MILL_USE_RESULT;

extern const io_output mill_output_csv, mill_output_json, mill_output_text;

/* A setting of the session; NULL: the default. */
const char *mill_write_conf(const mill_write *w, const char *key);

/* e->texts by the options: its settings and zones are set already. */
mill_status mill_io_texts_init(mill_value_texts *t, mill_encoder *e, const mill_write *w,
                               mill_error *err) MILL_USE_RESULT;
/* Append UTF-8 `in` in a charset; what it cannot say becomes "?". */
mill_status mill_io_charset_encode(io_charset c, const char *in, size_t n, mill_text *out,
                                   mill_error *err) MILL_USE_RESULT;

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
  const int *partition;    /* which columns those are */
  int npartition;
  uint64_t max_records; /* 0: no limit */
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
/* `mark`: with an empty file _SUCCESS. */
mill_status mill_io_publish(io_target *t, io_publish how, bool mark,
                            mill_error *err) MILL_USE_RESULT;

#endif
