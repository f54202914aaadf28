/* Arrow IPC: what its files share. Private to csrc/io.
**
**     file     ARROW1 00 00 | messages | FF FF FF FF 00 00 00 00 | footer | i32 its size | ARROW1
**     stream   messages | FF FF FF FF 00 00 00 00 (may be missing)
**     message  FF FF FF FF | i32 metadata size | metadata (FlatBuffers) | body
**              (before version 0.15 of Arrow without the first four bytes)
**
** The first message is the schema, the others are record batches and dictionary batches. Bodies hold
** the buffers of their columns in pre-order, each alone compressed or not. Both kinds of file are
** read through the same list of blocks: the footer has it, and of a stream the heads of the messages
** are read one after the other. So both can be read from any record batch on.
**
**     schema   arrow_schema.c    metadata <-> mill_arrow_type
**     file     arrow_file.c      blocks of a file or stream
**     batch    arrow_batch.c     buffers of the wanted columns, dictionaries
**     format   arrow.c           decoder: windows of batches as vectors
**     output   arrow_write.c     rows to messages */
#ifndef MILL_IO_ARROW_INT_H
#define MILL_IO_ARROW_INT_H

#include "column/arrow_read.h"
#include "column/arrow_write.h"
#include "io/arrow_flat_int.h"
#include "io/format_int.h"

enum { IO_ARROW_META_MAX = 64 << 20, IO_ARROW_EXPANDS = 10000 };
enum { IO_ARROW_SCHEMA = 1, IO_ARROW_DICTIONARY = 2, IO_ARROW_BATCH = 3 }; /* message headers */

/* ---- schemas -------------------------------------------------------------------------------- */

/* A Schema table as a STRUCT of its fields, in the arena. *spark: the text of the key that Spark keeps
** its schema under in Parquet files, which other libraries hand on; NULL: there is none. */
mill_status mill_arrow_read_schema(const mill_arrow_reader *r, io_flat_table schema,
                                   mill_arrow_type *out, const char **spark,
                                   mill_error *err) MILL_USE_RESULT;
/* The same table built: its reference in the builder. */
uint32_t mill_arrow_build_schema(io_flat_builder *b, const mill_arrow_type *fields,
                                 const char *spark);

/* ---- files ---------------------------------------------------------------------------------- */

typedef struct io_arrow_block {
  uint64_t at, body_at, body; /* of the message and of its body */
  uint64_t meta_at;
  uint32_t meta;
  bool dictionary, delta;
  int64_t id; /* of the dictionary */
} io_arrow_block;

typedef struct io_arrow_file {
  mill_memory *memory;
  mill_arena arena; /* the schema */
  mill_file file;
  mill_text bytes; /* in place of the file when that is compressed as a whole */
  uint64_t size;
  const char *path;
  bool stream;
  mill_arrow_type schema;
  const char *spark;     /* Spark's schema as JSON; NULL: none */
  io_arrow_block *block; /* of a file: dictionaries first */
  size_t nblocks, capacity;
  mill_text message; /* the metadata read last */
} io_arrow_file;

void mill_arrow_file_init(io_arrow_file *f, mill_memory *m);
void mill_arrow_file_clear(io_arrow_file *f); /* it can be opened again */
/* Open file number `number` of the job and list its blocks. `heads`: the schema alone. */
mill_status mill_arrow_file_open(io_arrow_file *f, const io_job *job, size_t number, bool heads,
                                 mill_error *err) MILL_USE_RESULT;
mill_status mill_arrow_file_read(io_arrow_file *f, uint64_t at, void *p, size_t n,
                                 mill_error *err) MILL_USE_RESULT;
/* The header table of a block's message, in f->message. */
mill_status mill_arrow_file_message(io_arrow_file *f, const io_arrow_block *b, int kind,
                                    io_flat *flat, io_flat_table *out,
                                    mill_error *err) MILL_USE_RESULT;
mill_status mill_arrow_file_corrupt(const io_arrow_file *f, const char *reason, mill_error *err);

/* ---- batches -------------------------------------------------------------------------------- */

typedef struct io_arrow_dictionary {
  int64_t id;
  const mill_type *type; /* as it is wanted */
  mill_arrow_type value;
  mill_arena arena;
  mill_vector values;
  size_t first, next; /* blocks that it has been made of; next 0: none yet */
} io_arrow_dictionary;

typedef struct io_arrow_wanted {
  int field; /* in the file's schema; -1: it has none of that name */
  const mill_type *type;
} io_arrow_wanted;

/* Buffers of the record batch read last, for the wanted columns. */
typedef struct io_arrow_batch {
  io_arrow_file *file;
  const struct mill_zone *zone;
  mill_arena arena;
  io_arrow_wanted *want;
  int nwant;
  mill_arrow_array *array; /* one a wanted column */
  int64_t rows;
  io_arrow_dictionary **dictionary;
  size_t ndictionaries, capacity;
} io_arrow_batch;

void mill_arrow_batch_init(io_arrow_batch *b, io_arrow_file *f);
void mill_arrow_batch_clear(io_arrow_batch *b);
void mill_arrow_batch_forget(io_arrow_batch *b); /* the dictionaries: the file is another one */
mill_status mill_arrow_batch_load(io_arrow_batch *b, size_t block, mill_error *err) MILL_USE_RESULT;

/* ---- messages ------------------------------------------------------------------------------- */

typedef enum io_arrow_codec { IO_ARROW_PLAIN = -1, IO_ARROW_LZ4, IO_ARROW_ZSTD } io_arrow_codec;

/* Each appends. A file is magic, schema, batches, end, footer; a stream schema, batches, end. */
mill_status mill_arrow_put_magic(mill_text *out, mill_error *err) MILL_USE_RESULT;
mill_status mill_arrow_put_schema(const mill_arrow_type *fields, const char *spark, mill_text *out,
                                  mill_error *err) MILL_USE_RESULT;
/* Into two empty texts, to stand one behind the other. */
mill_status mill_arrow_put_batch(const mill_arrow_column *columns, uint32_t n, uint64_t rows,
                                 io_arrow_codec codec, mill_text *head, mill_text *body,
                                 mill_error *err) MILL_USE_RESULT;
mill_status mill_arrow_put_end(mill_text *out, mill_error *err) MILL_USE_RESULT;
mill_status mill_arrow_put_footer(const mill_arrow_type *fields, const char *spark,
                                  const io_arrow_block *block, size_t n, mill_text *out,
                                  mill_error *err) MILL_USE_RESULT;

#endif
