/* The part of FlatBuffers that Arrow's messages need, read and built by hand.
**
** A table begins with a signed distance back to its vtable {u16 size, u16 table size, u16 place of each
** field}; texts and vectors begin with a u32 count; all references are u32 distances forward.
**
** Reading never trusts a byte: every place is checked against the buffer. What is out of range reads
** as absent and sets `bad`, so that a caller looks once, when it is done. Private to csrc/io. */
#ifndef MILL_IO_ARROW_FLAT_INT_H
#define MILL_IO_ARROW_FLAT_INT_H

#include "base/text.h"

/* ---- reading -------------------------------------------------------------------------------- */

typedef struct io_flat {
  const unsigned char *data;
  size_t size;
  bool bad;
} io_flat;

typedef struct io_flat_table {
  io_flat *flat;
  size_t at;    /* 0: absent */
  size_t slots; /* place of the first field's entry in the vtable */
  uint32_t nslots, size;
} io_flat_table;

typedef struct io_flat_vector {
  io_flat *flat;
  size_t at; /* of the first element */
  uint32_t n;
} io_flat_vector;

io_flat_table mill_flat_root(io_flat *f);
/* A scalar of `width` bytes as a signed number; `otherwise` where it is absent. */
int64_t mill_flat_int(io_flat_table t, int field, int width, int64_t otherwise);
io_flat_table mill_flat_sub(io_flat_table t, int field);
/* Elements of `width` bytes each; n 0 where absent. */
io_flat_vector mill_flat_list(io_flat_table t, int field, size_t width);
io_flat_table mill_flat_element(io_flat_vector v, uint32_t i);    /* of tables */
int64_t mill_flat_number(io_flat_vector v, size_t at, int width); /* at bytes behind the first */
/* A text, in the arena; NULL: absent, or (then *oom) no memory. */
const char *mill_flat_text(io_flat_table t, int field, mill_arena *a, bool *oom);

/* ---- building ------------------------------------------------------------------------------- */

/* Built from the end to the front, as references point forward: `used` bytes stand at the end of the
** buffer, and an object is known by how many bytes there were when it was complete. */
enum { IO_FLAT_FIELDS = 8 };

typedef struct io_flat_builder {
  mill_memory *memory;
  unsigned char *data;
  size_t capacity, used;
  mill_error *err;
  mill_status status; /* the first failure; later calls do nothing */
  uint32_t field[IO_FLAT_FIELDS];
  size_t begun;
} io_flat_builder;

void mill_flat_init(io_flat_builder *b, mill_memory *m, mill_error *err);
void mill_flat_clear(io_flat_builder *b);
uint32_t mill_flat_put_text(io_flat_builder *b, const char *s);
/* A vector of references, and one of n structs or scalars whose bytes are given (little-endian). */
uint32_t mill_flat_put_refs(io_flat_builder *b, const uint32_t *ref, uint32_t n);
uint32_t mill_flat_put_bytes(io_flat_builder *b, const void *p, uint32_t n, size_t width,
                             size_t align);
/* A table: begin, its fields in any order (each once), end. */
void mill_flat_begin(io_flat_builder *b);
void mill_flat_set_int(io_flat_builder *b, int field, int64_t v, int width);
void mill_flat_set_ref(io_flat_builder *b, int field, uint32_t ref);
uint32_t mill_flat_end(io_flat_builder *b);
/* The finished buffer with its root; its size is a multiple of 8. */
mill_status mill_flat_finish(io_flat_builder *b, uint32_t root, const unsigned char **data,
                             size_t *size) MILL_USE_RESULT;

#endif
