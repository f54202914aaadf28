/* A Parquet file's footer: its metadata, and its schema as a tree with levels.
**
** Reading takes the file's last bytes (one read where they hold the whole footer), checks that the
** schema is a tree, that each row group has a chunk of the right type for each leaf, and that chunks
** lie within the file. What is checked here is relied upon by those who read pages. Immutable once
** read; shared by cursors. Errors: CORRUPT_FILE; PARQUET_ENCRYPTED for encrypted footers. Private to
** csrc/io. */
#ifndef MILL_IO_PARQUET_FOOTER_H
#define MILL_IO_PARQUET_FOOTER_H

#include "base/file.h"
#include "io/parquet_int.h"

typedef struct parquet_field parquet_field;
struct parquet_field {
  const parquet_element *element;
  const char *name;
  const parquet_field *parent; /* NULL: the root */
  parquet_field *child;
  uint32_t n;
  int leaf;         /* number of its column chunk, of a group: of its first leaf; -1: it has none */
  uint8_t def, rep; /* levels from which on it is there; repeated fields down to itself */
};

typedef struct parquet_footer {
  mill_arena arena;
  const char *path;
  uint64_t size; /* of the file when it was read */
  parquet_file meta;
  parquet_field *root;
  const parquet_field **leaf;
  uint32_t leaves;
  uint64_t *first; /* row number of each row group's first row; one more for the end */
} parquet_footer;

mill_status mill_parquet_footer_read(const mill_files *fs, mill_memory *m, const char *path,
                                     parquet_footer **out, mill_error *err) MILL_USE_RESULT;
void mill_parquet_footer_free(parquet_footer *f); /* NULL allowed */

/* The row group of a row. */
size_t mill_parquet_group_of(const parquet_footer *f, uint64_t row);
/* The value of a key of the file, or NULL. */
const thrift_bytes *mill_parquet_key(const parquet_footer *f, const char *key);

static inline const parquet_chunk_meta *parquet_chunk_of(const parquet_footer *f, size_t group,
                                                         int leaf) {
  return &f->meta.groups.at[group].chunks.at[leaf].meta;
}
/* Where a chunk's pages begin, the dictionary's first. */
static inline uint64_t parquet_chunk_start(const parquet_chunk_meta *c) {
  bool dictionary = c->has & THRIFT_HAS(11) && c->dictionary_page > 0;
  return (uint64_t)(dictionary && c->dictionary_page < c->data_page ? c->dictionary_page
                                                                    : c->data_page);
}
static inline bool parquet_is_leaf(const parquet_field *f) {
  return f->element->has & THRIFT_HAS(1);
}
static inline bool parquet_has_logical(const parquet_field *f, int kind) {
  return f->element->has & THRIFT_HAS(10) && f->element->logical.has & THRIFT_HAS(kind);
}
static inline bool parquet_has_converted(const parquet_field *f, int32_t kind) {
  return f->element->has & THRIFT_HAS(6) && f->element->converted == kind;
}

/* CORRUPT_FILE with that reason. */
mill_status mill_parquet_damaged(const char *path, mill_error *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4), cold));

#endif
