/* What the functions of variants share. Private to csrc/kernel. */
#ifndef MILL_KERNEL_VARIANT_INT_H
#define MILL_KERNEL_VARIANT_INT_H

#include "base/variant.h"
#include "kernel/bytes_int.h"

/* The bytes of a VARIANT that is not null; they live as long as the vector. */
static inline mill_variant mill_variant_at(const mill_vector *v, size_t i) {
  uint32_t k = mill_vector_at(v, i);
  const mill_vector *value = &v->child[0], *names = &v->child[1];
  uint32_t at = mill_vector_at(value, k), names_at = mill_vector_at(names, k);
  if (!mill_valid_bit(value->valid, at) || !mill_valid_bit(names->valid, names_at)) /* malformed */
    return (mill_variant){"", "", 0, 0};
  const mill_str *a = (const mill_str *)value->data + at;
  const mill_str *b = (const mill_str *)names->data + names_at;
  return (mill_variant){mill_str_data(a), mill_str_data(b), a->size, b->size};
}

/* Row i of a VARIANT result becomes a copy of what was built. Rows are stored in order. */
mill_status mill_variant_store(mill_call *call, mill_vector *out, size_t i, mill_variant_builder *b,
                               mill_error *err) MILL_USE_RESULT;

/* As mill_variant_put_json, for texts of the usual form; *good is false for others, of which b may have some. */
mill_status mill_variant_put_quick(mill_call *call, mill_variant_builder *b, const char *p,
                                   size_t n, bool *good, mill_error *err) MILL_USE_RESULT;

/* May a value of that type be a variant, with and without structs and maps inside? */
bool mill_variant_takes(const mill_type *t, bool nested);
/* May a variant become a value of that type? */
bool mill_variant_gives(const mill_type *t);
/* Append value i of any vector of such a type. */
mill_status mill_variant_make(mill_variant_builder *b, const mill_vector *v, size_t i,
                              mill_error *err) MILL_USE_RESULT;

/* items[0, n) as values of out->type; nulls are items without bytes. Strict: INVALID_VARIANT_CAST
** where one has no image, else null. */
mill_status mill_variant_cast(mill_call *call, const mill_variant *items, size_t n, bool strict,
                              mill_vector *out, mill_error *err) MILL_USE_RESULT;

/* A path into a variant: $.name['name'][3]. */
typedef struct mill_variant_step {
  const char *name; /* NULL: an element */
  size_t n;         /* bytes of the name, or the element's place */
  size_t end;       /* of the path's text up to here */
} mill_variant_step;

typedef struct mill_variant_path {
  const char *text;
  size_t size;
  size_t n;
  mill_variant_step *step;
} mill_variant_path;
/* False: no path. The steps look into the text. */
mill_status mill_variant_path_read(mill_arena *a, const char *p, size_t n, mill_variant_path *out,
                                   bool *good, mill_error *err) MILL_USE_RESULT;

#endif
