/* Casts, shared by cast.c and the files of its targets. Private to csrc/kernel. */
#ifndef MILL_KERNEL_CAST_INT_H
#define MILL_KERNEL_CAST_INT_H

#include "base/text.h"
#include "kernel/cast.h"
#include "kernel/kernel_int.h"

/* State of every cast kernel. */
typedef struct cast_plan {
  const mill_type *from, *to;
  mill_cast_mode mode;
  bool strict;                   /* an error, not null, where a value has no image */
  const struct cast_plan *inner; /* nested types: one plan a field */
  mill_kernel kernel;            /* NULL: the same bytes serve */
} cast_plan;

/* The kernel for a pair that mill_can_cast allows, by target; NULL: none. */
mill_kernel mill_cast_number(const mill_type *from, const mill_type *to, mill_cast_mode mode);
mill_kernel mill_cast_decimal(const mill_type *from, const mill_type *to);
mill_kernel mill_cast_boolean(const mill_type *from);
mill_kernel mill_cast_text(const mill_type *from, const mill_type *to);
mill_kernel mill_cast_datetime(const mill_type *from, const mill_type *to);
mill_kernel mill_cast_nanos(const mill_type *from, const mill_type *to);
mill_kernel mill_cast_interval(const mill_type *from, const mill_type *to);
mill_kernel mill_cast_interval_text(const mill_type *to);
/* Of all pairs that are not nested. */
mill_kernel mill_cast_kernel(const mill_type *from, const mill_type *to, mill_cast_mode mode);

/* variant.c, variant_get.c */
mill_status mill_cast_to_variant(mill_call *call, const mill_vector *const *args, size_t n,
                                 mill_vector *out, mill_error *err);
mill_status mill_cast_from_variant(mill_call *call, const mill_vector *const *args, size_t n,
                                   mill_vector *out, mill_error *err);

/* Row i has no image: null, or the error where the plan is strict. */
mill_status mill_cast_invalid(mill_call *call, const mill_vector *v, size_t i, mill_vector *out,
                              mill_error *err);
mill_status mill_cast_overflow(mill_call *call, const mill_vector *v, size_t i, mill_vector *out,
                               mill_error *err);
/* NUMERIC_VALUE_OUT_OF_RANGE; text is the value in plain digits. */
mill_status mill_cast_too_wide(mill_call *call, const char *text, size_t i, mill_vector *out,
                               mill_error *err);

/* A value's text. For strings inside nested values as Spark's cast prints them: bare. */
typedef struct value_printer {
  const mill_settings *set;
  mill_text *out;
  mill_error *err;
} value_printer;

/* DATE, TIMESTAMP, TIMESTAMP_NTZ, TIME; the two interval types of ANSI SQL; the calendar's. */
mill_status mill_print_datetime(value_printer *p, const mill_type *t, int64_t v);
mill_status mill_print_nanos(value_printer *p, const mill_type *t, mill_i128 v);
mill_status mill_print_interval(value_printer *p, const mill_type *t, int64_t v);
mill_status mill_print_calendar(value_printer *p, const mill_interval *v);

#define CAST_KERNEL(NAME)                                                                          \
  static mill_status NAME(mill_call *call, const mill_vector *const *args, size_t n,               \
                          mill_vector *out, mill_error *err)

#endif
