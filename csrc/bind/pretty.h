/* Cells as df:show() prints them (Spark's ToPrettyString): NULL at every depth, binary as [DE AD]. */
#ifndef MILL_BIND_PRETTY_H
#define MILL_BIND_PRETTY_H

#include "base/text.h"
#include "column/context.h"
#include "column/vector.h"

mill_status mill_pretty_value(const mill_settings *set, const mill_vector *v, size_t i,
                              mill_text *out, mill_error *err) MILL_USE_RESULT;

#endif
