/* CAST between any two types, ANSI, legacy (null instead of error) and try_cast. */
#ifndef MILL_KERNEL_CAST_H
#define MILL_KERNEL_CAST_H

#include "kernel/function.h"

typedef enum mill_cast_mode { MILL_CAST_ANSI, MILL_CAST_TRY, MILL_CAST_LEGACY } mill_cast_mode;

/* Bind a cast of b->arg_type[0] to `to`; fills result, kernel, state and nullable. Raises
** DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION and its kin where Spark does. */
mill_status mill_cast_bind(mill_binding *b, const mill_type *to, mill_cast_mode mode,
                           mill_error *err) MILL_USE_RESULT;
/* The value of a year-month or day-time interval type that a text says, as the cast reads it. */
bool mill_interval_parse(const mill_type *t, const char *s, size_t n, int64_t *out);
/* The text of value i as CAST(v AS STRING) gives it; null is "NULL". For printing and errors. */
struct mill_text;
mill_status mill_value_text(const mill_settings *set, const mill_vector *v, size_t i,
                            struct mill_text *out, mill_error *err) MILL_USE_RESULT;
/* A VARIANT as JSON, as show() prints it: a text has its quotes. */
mill_status mill_value_json(const mill_settings *set, const mill_vector *v, size_t i,
                            mill_text *out, mill_error *err) MILL_USE_RESULT;
/* The value as a SQL literal: 1, 'a', DATE '2024-05-06', 2.5D, ... as Spark's Literal.sql prints
** it. */
mill_status mill_value_sql(const mill_settings *set, const mill_vector *v, size_t i,
                           struct mill_text *out, mill_error *err) MILL_USE_RESULT;

/* Whole microseconds of nanoseconds, and the 0 to 999 behind them. */
int64_t mill_nanos_split(mill_i128 v, int *rest);

#endif
