/* JSON, shared by its files: json.c (the format, options), json_infer.c (types that texts suggest),
** json_decode.c (records into rows). Values become columns in kernel/json_value.h. Private to csrc/io. */
#ifndef MILL_IO_JSON_INT_H
#define MILL_IO_JSON_INT_H

#include "io/convert_int.h"
#include "kernel/json_value.h"

typedef struct json_plan {
  io_separator line;
  mill_json_rules read;
  bool quick; /* records of the usual form are taken without tokens */
  bool multi, primitives_as_string, prefers_decimal, infer_timestamp, drop_all_null;
  double sampling;
  const char *corrupt; /* columnNameOfCorruptRecord */
} json_plan;

mill_status mill_io_json_infer(io_job *job, mill_error *err) MILL_USE_RESULT;
mill_status mill_io_json_decoder(const io_job *job, const int *columns, int n, io_decoder **out,
                                 mill_error *err) MILL_USE_RESULT;

#endif
