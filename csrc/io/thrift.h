/* Thrift's compact protocol, driven by tables.
**
** A thrift_struct lists the fields of a struct: number, kind, place in a C struct. One walk over the
** table reads any struct, one writes any. The C struct begins with `uint64_t has`, a bit for each
** field number that is present; members of absent fields are 0. Structs (and unions, which are structs
** with one field) stand inside their parent; lists are {T *at; uint32_t n}; strings and binaries are
** views of the bytes that were read, which must outlive the struct.
**
**     typedef struct { uint64_t has; int64_t offset; thrift_bytes name; } thing;
**     static const thrift_field fields[] = {{1, THRIFT_I64, false, offsetof(thing, offset), NULL},
**                                           {3, THRIFT_BYTES, false, offsetof(thing, name), NULL}};
**     const thrift_struct thing_is = {"thing", fields, 2, sizeof(thing), THRIFT_HAS(1)};
**
** Reading trusts nothing: lengths and counts are held against the bytes that are left before memory
** is taken, structs nest to THRIFT_DEPTH, unknown fields and fields of another type than the table's
** are passed over, missing required fields are an error. Field numbers are 1..63. Private to
** csrc/io. */
#ifndef MILL_IO_THRIFT_H
#define MILL_IO_THRIFT_H

#include "base/text.h"

enum { THRIFT_DEPTH = 32 };
#define THRIFT_HAS(id) (1ull << (id))

typedef enum thrift_kind {
  THRIFT_BOOL,  /* bool */
  THRIFT_I8,    /* int8_t */
  THRIFT_I16,   /* int16_t */
  THRIFT_I32,   /* int32_t, enumerations too */
  THRIFT_I64,   /* int64_t */
  THRIFT_BYTES, /* thrift_bytes: string, binary */
  THRIFT_STRUCT,
  THRIFT_MARK, /* a struct without members of interest: its bit in `has` is all */
} thrift_kind;

typedef struct thrift_bytes {
  const char *p;
  uint32_t n;
} thrift_bytes;

typedef struct thrift_struct thrift_struct;

typedef struct thrift_field {
  int16_t id;
  uint8_t kind; /* thrift_kind, of a list: its elements' */
  bool list;
  uint16_t offset;
  const thrift_struct *of; /* THRIFT_STRUCT */
} thrift_field;

struct thrift_struct {
  const char *name;
  const thrift_field *field; /* ascending by id */
  uint16_t n, size;          /* fields; bytes of the C struct */
  uint64_t required;         /* THRIFT_HAS bits */
};

/* Read one struct from p[0, n) into `out` (of->size bytes); *used: bytes it took. CORRUPT_FILE when it
** is cut or broken, with `path` as the file's name. */
mill_status mill_thrift_read(const thrift_struct *of, const void *p, size_t n, const char *path,
                             mill_arena *a, void *out, size_t *used,
                             mill_error *err) MILL_USE_RESULT;
/* Append the fields of `in` that it has. */
mill_status mill_thrift_write(const thrift_struct *of, const void *in, mill_text *out,
                              mill_error *err) MILL_USE_RESULT;

#endif
