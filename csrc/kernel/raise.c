/* Errors on purpose: raise_error, assert_true. */
#include "kernel/bytes_int.h"

KERNEL_HEAD(k_raise) {
  (void)out;
  for (size_t i = 0; i < n; i++) {
    bytes s = mill_vector_valid(args[0], i) ? bytes_at(args[0], i) : (bytes){"null", 4};
    return mill_call_fail(call, err, MILL_E_USER_RAISED_EXCEPTION, "errorMessage",
                          mill_error_fmt(err, "%.*s", (int)s.n, s.p), NULL);
  }
  return MILL_OK;
}

KERNEL_HEAD(k_assert) {
  (void)out;
  if (args[0]->mask && mill_count_valid(args[0], n) == n && memchr(args[0]->data, 0, n) == NULL)
    return MILL_OK;
  for (size_t i = 0; i < n; i++) {
    if (mill_vector_valid(args[0], i) && MILL_AT(uint8_t, args[0], i)) continue;
    bytes s = mill_vector_valid(args[1], i) ? bytes_at(args[1], i) : (bytes){"null", 4};
    return mill_call_fail(call, err, MILL_E_USER_RAISED_EXCEPTION, "errorMessage",
                          mill_error_fmt(err, "%.*s", (int)s.n, s.p), NULL);
  }
  return MILL_OK;
}

static mill_status bind_raise(mill_binding *b, mill_error *err) {
  bool assert = b->nargs == 2;
  MILL_TRY(mill_bind_types(b, assert ? "!boolean, string -> int" : "string -> int", err));
  b->result = mill_type_of(MILL_NULL);
  b->nullable = true;
  return MILL_OK;
}

const mill_function mill_family_raise[] = {
    {.name = "raise_error",
     .types = "string",
     .kernel = k_raise,
     .bind = bind_raise,
     .flags = MILL_FN_NULLS | MILL_FN_NONDETERMINISTIC,
     .usage = "raise_error(expr)",
     .doc = "An error with the text.",
     .example = "SELECT typeof(raise_error('custom error message')) -> void"},
    {.name = "assert_true",
     .types = "!boolean, string?",
     .kernel = k_assert,
     .bind = bind_raise,
     .flags = MILL_FN_NULLS | MILL_FN_NONDETERMINISTIC,
     .fill = ", $1",
     .usage = "assert_true(expr[, message])",
     .doc = "An error unless the condition is true.",
     .example = "SELECT assert_true(0 < 1) -> NULL"},
    {0}};
