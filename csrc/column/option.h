/* Options of readers, writers and sources: keys and values as texts, keys in any case.
**
** Unknown keys are kept and ignored, as in Spark. Of several equal keys the last one counts. */
#ifndef MILL_COLUMN_OPTION_H
#define MILL_COLUMN_OPTION_H

#include "base/error.h"

#include <stdbool.h>

typedef struct mill_option {
  const char *key, *value;
} mill_option;

typedef struct mill_options {
  const mill_option *at;
  int n;
} mill_options;

/* The value, or NULL when there is none. */
const char *mill_option_text(mill_options o, const char *key);
/* As above with a default; a value that is none of the kind is an error that names key and value. */
mill_status mill_option_bool(mill_options o, const char *key, bool otherwise, bool *out,
                             mill_error *err) MILL_USE_RESULT;
mill_status mill_option_int(mill_options o, const char *key, int64_t otherwise, int64_t *out,
                            mill_error *err) MILL_USE_RESULT;
mill_status mill_option_double(mill_options o, const char *key, double otherwise, double *out,
                               mill_error *err) MILL_USE_RESULT;

#endif
