/* Errors as values.
**
** A core function that can fail returns a `mill_status` and fills the caller's `mill_error`. It
** never prints, exits or jumps. A status is 0 (MILL_OK) or a condition of condition.def; conditions
** carry Spark's names and SQLSTATEs, so what users know of Spark's errors holds here.
**
**     if (n < 0)
**       return mill_fail(err, MILL_E_NEGATIVE, "value", mill_error_fmt(err, "%d", n), NULL);
**
** A mill_error is cleared before its first use. It lives on its caller's stack or inside a handle,
** owns no memory, and so reports an exhausted memory limit as well as anything else. Text that does
** not fit is cut and ends in "...". Not thread-safe: each worker fills its own, the first in source
** order is reported. */
#ifndef MILL_BASE_ERROR_H
#define MILL_BASE_ERROR_H

#include <stddef.h>
#include <stdint.h>

typedef enum mill_condition {
  MILL_OK = 0,
#define MILL_CONDITION(id, name, state, cls, text) MILL_E_##id,
#include "base/condition.def"
#undef MILL_CONDITION
  MILL_CONDITION_COUNT
} mill_condition;

typedef mill_condition mill_status;

#define MILL_USE_RESULT __attribute__((warn_unused_result))
/* Return the status of `call` to the caller unless it is MILL_OK. */
#define MILL_TRY(call)                                                                             \
  do {                                                                                             \
    mill_status try_status_ = (call);                                                              \
    if (try_status_ != MILL_OK) return try_status_;                                                \
  } while (0)

enum { MILL_ERROR_PARAMS = 12, MILL_ERROR_TEXT = 6144 };

typedef struct mill_error_param {
  const char *name; /* static text */
  uint16_t value;   /* offset into text */
} mill_error_param;

typedef struct mill_error {
  mill_status condition;
  int nparams;
  mill_error_param params[MILL_ERROR_PARAMS];
  uint16_t message, hint; /* offsets into text; 0: none */
  uint16_t used;          /* bytes of text taken */
  int32_t start, stop;    /* half-open byte range in the query text; start < 0: none */
  const char *query;      /* that text where known, borrowed from the plan, else NULL */
  char text[MILL_ERROR_TEXT];
} mill_error;

void mill_error_clear(mill_error *err);

/* Fill `err` and return `condition`. The pairs are message parameters (name, value), ended by NULL;
** names must be literals, values are copied. An err of NULL is allowed: only the status is kept. */
mill_status mill_fail(mill_error *err, mill_status condition, ...) __attribute__((sentinel, cold));

/* printf into err's own text; the result serves as a parameter value for mill_fail. */
const char *mill_error_fmt(mill_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), cold));

/* Add what the user can do about it; the byte range of the query text that is at fault. */
void mill_error_hint(mill_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), cold));
void mill_error_at(mill_error *err, size_t start, size_t stop);
/* The same, with the text that the range counts in: it must live as long as the plan that failed. */
void mill_error_in(mill_error *err, const char *query, size_t start, size_t stop);

const char *mill_error_message(const mill_error *err);
const char *mill_error_hint_text(const mill_error *err); /* NULL: none */
const char *mill_error_value(const mill_error *err, int i);

/* Spark's name, SQLSTATE and PySpark's exception class of a condition. */
const char *mill_condition_name(mill_status condition);
const char *mill_condition_sqlstate(mill_status condition);
const char *mill_condition_class(mill_status condition);

#endif
