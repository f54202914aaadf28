/* Values as JSON, as Spark's generator and Jackson under it make them: for files and for to_json.
**
** Null members are left out (ignoreNullFields), nulls in arrays and maps stay. Fractions that JSON
** cannot say are texts ("NaN"), binary values base64, keys of maps the texts of their stored values,
** structs as [a,b]. `pretty` sets a member a line. */
#ifndef MILL_KERNEL_JSON_WRITE_H
#define MILL_KERNEL_JSON_WRITE_H

#include "base/text.h"
#include "kernel/value_write.h"

typedef struct mill_json_style {
  bool ignore_nulls, pretty, ascii; /* ascii: writeNonAsciiCharacterAsCodePoint */
  bool sort_keys;                   /* of maps, by their texts */
} mill_json_style;

typedef struct mill_json_writer {
  const mill_json_style *style;
  const mill_value_texts *texts;
  mill_text *out, *scratch;
  mill_error *err;
  int depth;
} mill_json_writer;

/* Append value i of v. */
mill_status mill_json_put(mill_json_writer *j, const mill_vector *v, size_t i) MILL_USE_RESULT;
/* Append an object of row k of the columns of a STRUCT type. */
mill_status mill_json_put_object(mill_json_writer *j, const mill_vector *child, const mill_type *t,
                                 uint32_t k) MILL_USE_RESULT;

#endif
