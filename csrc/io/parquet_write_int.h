/* What the files of writing Parquet share.
**
**     plan:    schema, key-value metadata and options of a write        (parquet_write_options.c, parquet_write_schema.c)
**     shred:   rows of a column -> levels and values of one leaf         (parquet_shred.c)
**     column:  values -> dictionary, pages, bounds, Bloom filter         (parquet_chunk_writer.c, ..)
**     draft:   columns -> row groups -> indexes -> footer, of one file   (parquet_write.c)
**
** The plan belongs to the write and does not change; a file under way has a column for each leaf of
** the schema, worked on by one thread at a time. Private to csrc/io. */
#ifndef MILL_IO_PARQUET_WRITE_INT_H
#define MILL_IO_PARQUET_WRITE_INT_H

#include "base/packer.h"
#include "io/parquet_int.h"
#include "io/write_int.h"

/* ---- the plan ------------------------------------------------------------------------------- */

/* How values become those of the physical type. */
typedef enum parquet_convert {
  PARQUET_AS_INT32,   /* from 8 to 32 bits, and decimals of 64 */
  PARQUET_AS_WORD,    /* the bits as they are; BOOLEAN: a byte each until the page ends */
  PARQUET_AS_FIXED,   /* decimals, most significant byte first */
  PARQUET_AS_BYTES,   /* BYTE_ARRAY */
  PARQUET_AS_INT96,   /* microseconds as nanoseconds of a Julian day */
  PARQUET_AS_MILLIS,  /* microseconds */
  PARQUET_AS_MICROS,  /* nanoseconds of TIME */
  PARQUET_AS_REBASED, /* microseconds */
  PARQUET_AS_NOTHING  /* VOID: there are none */
} parquet_convert;

/* What orders values in statistics. */
typedef enum parquet_ordering {
  PARQUET_ORDER_NONE, /* no bounds are written */
  PARQUET_ORDER_SIGNED,
  PARQUET_ORDER_FLOAT,
  PARQUET_ORDER_BYTES,  /* as memcmp */
  PARQUET_ORDER_DECIMAL /* FIXED in two's complement */
} parquet_ordering;

typedef enum parquet_step_kind {
  PARQUET_STEP_END,   /* the leaf */
  PARQUET_STEP_FIELD, /* on to a field of a struct */
  PARQUET_STEP_LIST   /* on to the elements of a list, the keys or values of a map */
} parquet_step_kind;

/* One node on the way from a column down to a leaf. */
typedef struct parquet_step {
  parquet_step_kind kind;
  bool optional;  /* a definition level tells null from a value */
  uint32_t child; /* of the vector */
  uint8_t def;    /* LIST: the level of an element that is there */
  uint8_t rep;    /* LIST: the level of elements behind the first */
} parquet_step;

typedef struct parquet_write_leaf {
  int column;               /* of the rows */
  const parquet_step *step; /* up to END */
  const mill_type *type;
  parquet_convert convert;
  parquet_ordering order;
  parquet_rebase rebase;
  int32_t physical;
  uint32_t width; /* bytes of a value; 0: BYTE_ARRAY */
  uint8_t max_def, max_rep;
  thrift_bytes *path;
  uint32_t npath;
  bool dictionary, bounds; /* are wanted */
  int32_t encoding;        /* of values without a dictionary */
  uint32_t bloom_bytes;    /* 0: no Bloom filter */
  double bloom_fpp;        /* > 0: cut to what this share of false positives needs */
} parquet_write_leaf;

/* What a thread needs besides. */
typedef struct parquet_worker {
  mill_packer *packer;
  mill_arena arena; /* of a task */
  mill_text bytes;  /* of a page */
} parquet_worker;

typedef struct parquet_plan {
  parquet_element *element;
  uint32_t nelements, nleaves, nkey_values;
  parquet_write_leaf *leaf;
  parquet_key_value *key_value;
  parquet_worker *worker;
  int nworkers;
  const mill_settings *settings;
  int32_t codec; /* PARQUET_SNAPPY, .. */
  uint64_t block_size, page_size, dictionary_size, block_rows, page_rows;
  size_t index_bytes, bound_bytes; /* longest bounds in indexes, in statistics */
  bool v2, checksum, legacy, field_ids;
  parquet_rebase rebase, rebase_int96;
  int32_t timestamp_unit;  /* 0: INT96 */
  const mill_write *write; /* while options are read */
} parquet_plan;

mill_status mill_parquet_write_configure(mill_encoder *e, const mill_write *w,
                                         mill_error *err) MILL_USE_RESULT;
/* Options of the name, else of the session, else NULL. */
const char *mill_parquet_option(const parquet_plan *p, const char *key);
/* element, leaf and key_value from the schema. */
mill_status mill_parquet_write_schema(mill_encoder *e, parquet_plan *p,
                                      mill_error *err) MILL_USE_RESULT;
/* The options of a column that are written with "#" and its path, or of all columns. */
mill_status mill_parquet_leaf_options(mill_encoder *e, parquet_plan *p, parquet_write_leaf *leaf,
                                      mill_error *err) MILL_USE_RESULT;

/* ---- shredding ------------------------------------------------------------------------------ */

/* Entries of one leaf, a level pair each; those of the greatest definition level have a value. */
typedef struct parquet_run {
  uint32_t n, nvalues;
  const uint8_t *def, *rep; /* NULL: all of max_def; all 0 */
  const void *value;        /* words, FIXED bytes, or mill_str */
} parquet_run;

/* The rows at[0..n) of a column, or 0..n. Everything is in the arena or where the rows are. */
mill_status mill_parquet_shred(const parquet_plan *p, const parquet_write_leaf *leaf,
                               const mill_vector *v, const uint32_t *at, uint32_t n, mill_arena *a,
                               parquet_run *out, mill_error *err) MILL_USE_RESULT;

/* ---- bounds --------------------------------------------------------------------------------- */

/* The least and the greatest of some values; of longer ones the first PARQUET_BOUND bytes. */
enum { PARQUET_BOUND = 4096 };
typedef struct parquet_bounds {
  bool some;
  bool unknown; /* a NaN among them: neither can be told */
  mill_text min, max;
} parquet_bounds;

void mill_parquet_bounds_init(parquet_bounds *b, mill_memory *m);
void mill_parquet_bounds_clear(parquet_bounds *b);
void mill_parquet_bounds_reset(parquet_bounds *b);
mill_status mill_parquet_bounds_add(parquet_bounds *b, const parquet_write_leaf *leaf,
                                    const void *value, size_t n, mill_error *err) MILL_USE_RESULT;
mill_status mill_parquet_bounds_merge(parquet_bounds *b, const parquet_write_leaf *leaf,
                                      const parquet_bounds *other, mill_error *err) MILL_USE_RESULT;
/* < 0, 0, > 0: two bounds of the leaf. */
int mill_parquet_bound_compare(const parquet_write_leaf *leaf, const mill_text *a,
                               const mill_text *b);
/* Append a bound of at most `limit` bytes: the beginning of a minimum, the next greater text of that
** length for a maximum, or all where there is none. */
mill_status mill_parquet_bound_cut(const parquet_write_leaf *leaf, const mill_text *bound, bool max,
                                   size_t limit, mill_text *out, mill_error *err) MILL_USE_RESULT;

/* ---- dictionaries --------------------------------------------------------------------------- */

typedef struct parquet_dictionary {
  mill_memory *memory;
  mill_arena arena; /* bytes of long strings */
  uint32_t width, n;
  size_t bytes;      /* of the dictionary page */
  size_t long_bytes; /* in the arena */
  void *value;       /* n words, FIXED values or mill_str */
  size_t capacity;
  uint64_t *slot; /* upper half of the hash, entry + 1 */
  size_t nslots;
} parquet_dictionary;

void mill_parquet_dictionary_init(parquet_dictionary *d, mill_memory *m, uint32_t width);
void mill_parquet_dictionary_clear(parquet_dictionary *d);
/* The entries of n values, new ones added. Stops once the page is larger than `limit`: *done. */
mill_status mill_parquet_dictionary_add(parquet_dictionary *d, const void *value, size_t n,
                                        size_t limit, uint32_t *code, size_t *done,
                                        mill_error *err) MILL_USE_RESULT;

/* ---- Bloom filters -------------------------------------------------------------------------- */

/* Split block Bloom filters over XXH64: blocks of eight words, a bit in each. */
typedef struct parquet_bloom_filter {
  mill_memory *memory;
  uint32_t *word;
  size_t bytes;
} parquet_bloom_filter;

/* Bytes for so many different values, a power of two between 32 and `most`. */
uint32_t mill_parquet_bloom_size(uint64_t values, double fpp, uint32_t most);
mill_status mill_parquet_bloom_init(parquet_bloom_filter *f, mill_memory *m, size_t bytes,
                                    mill_error *err) MILL_USE_RESULT;
void mill_parquet_bloom_clear(parquet_bloom_filter *f);
void mill_parquet_bloom_reset(parquet_bloom_filter *f);
void mill_parquet_bloom_add(parquet_bloom_filter *f, const parquet_write_leaf *leaf,
                            const void *value, size_t n);
/* The filter as if it had been made with half the bytes, as long as that keeps to fpp. Returns bytes. */
size_t mill_parquet_bloom_fold(parquet_bloom_filter *f, double fpp);

/* ---- columns -------------------------------------------------------------------------------- */

typedef struct parquet_made_page {
  mill_text bytes; /* levels and values, from packing on as in the file */
  bool packed;
  bool compressed;               /* v2: are the values? */
  uint32_t raw;                  /* bytes before packing */
  uint32_t rep_bytes, def_bytes; /* v2 */
  uint32_t entries, nulls, rows;
  int32_t encoding;
  parquet_bounds bounds;
} parquet_made_page;

typedef struct parquet_chunk_writer {
  const parquet_plan *plan;
  const parquet_write_leaf *leaf;
  mill_memory *memory;
  /* the page under way */
  mill_text def, rep; /* a byte an entry; def is empty while all are max_def */
  mill_text plain;    /* values as in a PLAIN page; BOOLEAN: bytes */
  uint32_t *code;     /* or entries of the dictionary */
  size_t ncodes, code_room;
  uint32_t entries, values, rows;
  size_t value_bytes; /* of its values in a PLAIN page */
  parquet_bounds bounds;
  /* the chunk */
  parquet_dictionary dictionary;
  bool coding;     /* values go into the dictionary */
  bool judged;     /* and it has been found to pay */
  uint32_t ncoded; /* entries that finished pages use */
  parquet_made_page dictionary_page;
  parquet_made_page *page;
  size_t npages, page_room, npacked;
  uint64_t total_entries, total_nulls;
  parquet_bounds total;
  parquet_bloom_filter bloom;
} parquet_chunk_writer;

mill_status mill_parquet_chunk_init(parquet_chunk_writer *c, const parquet_plan *p,
                                    const parquet_write_leaf *leaf, mill_memory *m,
                                    mill_error *err) MILL_USE_RESULT;
void mill_parquet_chunk_clear(parquet_chunk_writer *c);
/* Rows of the column's vector; pages end where they are full. */
mill_status mill_parquet_chunk_add(parquet_chunk_writer *c, parquet_worker *w, const mill_vector *v,
                                   const uint32_t *at, uint32_t n, mill_error *err) MILL_USE_RESULT;
/* The page under way is the chunk's last; the dictionary page is made. */
mill_status mill_parquet_chunk_end(parquet_chunk_writer *c, parquet_worker *w,
                                   mill_error *err) MILL_USE_RESULT;
/* Pack a page as the codec has it. */
mill_status mill_parquet_page_pack(const parquet_plan *p, parquet_made_page *page,
                                   parquet_worker *w, mill_error *err) MILL_USE_RESULT;
/* Ready for the next chunk. */
void mill_parquet_chunk_reset(parquet_chunk_writer *c);
/* Bytes of the chunk so far; bytes that it has in memory. */
size_t mill_parquet_chunk_size(const parquet_chunk_writer *c);
size_t mill_parquet_chunk_held(const parquet_chunk_writer *c);

#endif
