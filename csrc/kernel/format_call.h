/* What from_json, from_csv, from_xml and their kin share: options out of a map, schemas out of texts, and the
** rules that options set. Private to csrc/kernel by what it includes. */
#ifndef MILL_KERNEL_FORMAT_CALL_H
#define MILL_KERNEL_FORMAT_CALL_H

#include "column/option.h"
#include "kernel/bytes_int.h"
#include "kernel/json_value.h"
#include "kernel/value_parse.h"
#include "kernel/value_write.h"

/* The options of argument i: a constant map of texts, or left out. INVALID_OPTIONS. */
mill_status mill_call_options(mill_binding *b, int i, mill_options *out,
                              mill_error *err) MILL_USE_RESULT;
/* The schema that argument i, a constant text, says; all of it may be null. INVALID_SCHEMA. */
mill_status mill_call_schema(mill_binding *b, int i, const mill_type **out,
                             mill_error *err) MILL_USE_RESULT;
/* Is mode FAILFAST? DROPMALFORMED is PARSE_MODE_UNSUPPORTED. */
mill_status mill_call_mode(mill_binding *b, mill_options o, bool *fail_fast,
                           mill_error *err) MILL_USE_RESULT;
/* The member for texts of malformed records; -1: none. INVALID_CORRUPT_RECORD_TYPE. */
mill_status mill_call_corrupt(mill_binding *b, mill_options o, const mill_type *t, int *out,
                              mill_error *err) MILL_USE_RESULT;
/* Argument 0 of schema_of_json and the like: a constant text that is no NULL. */
mill_status mill_call_sample(mill_binding *b, const char *name, bytes *out,
                             mill_error *err) MILL_USE_RESULT;
/* The DDL of a type as the result of schema_of_json and the like. */
mill_status mill_call_ddl(mill_call *call, const mill_type *t, mill_vector *out, size_t n,
                          mill_error *err) MILL_USE_RESULT;
mill_status mill_call_malformed(mill_call *call, bytes s, mill_error *err);
mill_status mill_call_rules(mill_binding *b, mill_options o, mill_value_rules *v,
                            mill_error *err) MILL_USE_RESULT;
mill_status mill_call_json_rules(mill_binding *b, mill_options o, mill_json_rules *r,
                                 mill_error *err) MILL_USE_RESULT;
mill_status mill_call_texts(mill_binding *b, mill_options o, mill_value_texts *t,
                            mill_error *err) MILL_USE_RESULT;

#endif
