/* Values as JSON, as Spark's generator and Jackson under it make them: for files and for to_json.
**
** Null members are left out (ignoreNullFields), nulls in arrays and maps stay. Fractions that JSON
** cannot say are texts ("NaN"), binary values base64, keys of maps the texts of their stored values,
** structs as [a,b]. `pretty` sets a member a line. */
#ifndef MILL_KERNEL_JSON_WRITE_H
#define MILL_KERNEL_JSON_WRITE_H

#include "base/text.h"
#include "kernel/value_write.h"

/* The name of a part of a type as its member begins, `"name":`, where the type is a struct, and of what its
** own parts are. */
typedef struct mill_json_names {
  const char *text;
  size_t size;
  struct mill_json_names *part;
} mill_json_names;

typedef struct mill_json_style {
  bool ignore_nulls, pretty, ascii; /* ascii: writeNonAsciiCharacterAsCodePoint */
  bool sort_keys;                   /* of maps, by their texts */
  mill_json_names names;
} mill_json_style;

/* Find style->names of the type that will be written, when the rest is known. */
mill_status mill_json_style_names(mill_json_style *style, const mill_type *t, mill_arena *a,
                                  mill_error *err) MILL_USE_RESULT;

typedef struct mill_json_writer {
  const mill_json_style *style;
  const mill_value_texts *texts;
  mill_text *out, *scratch;
  mill_error *err;
  int depth;
} mill_json_writer;

/* Append value i of v, a vector of the type whose names the style has. */
mill_status mill_json_put(mill_json_writer *j, const mill_vector *v, size_t i) MILL_USE_RESULT;
/* Append an object of row k of the columns of that type, a STRUCT. */
mill_status mill_json_put_object(mill_json_writer *j, const mill_vector *child, const mill_type *t,
                                 uint32_t k) MILL_USE_RESULT;

#endif
