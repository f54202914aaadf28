/* What INSERT, UPDATE and MERGE ask of values before a table takes them. Only the planner calls these.
** Spark: CheckOverflowInTableInsert, CharVarcharCodegenUtils. */
#include <math.h>

#include "kernel/bytes_int.h"

#include "base/utf8.h"

/* A number that is none, or has no end, is a decimal's NULL without an error. */
static bool no_number(const mill_vector *v, size_t i, bytes to) {
  if (to.n < 8 || memcmp(to.p, "\"DECIMAL", 8) != 0) return false;
  if (v->type->id == MILL_DOUBLE) return !isfinite(MILL_AT(double, v, i));
  return v->type->id == MILL_FLOAT && !isfinite(MILL_AT(float, v, i));
}

/* store_fits(value, as stored, its type, the column's type, column): true, or an error where a value
** became NULL. */
KERNEL_HEAD(k_fits) {
  uint8_t *fits = out->data;
  for (size_t i = 0; i < n; i++) {
    fits[i] = 1;
    if (!mill_vector_valid(args[0], i) || mill_vector_valid(args[1], i)) continue;
    bytes from = bytes_at(args[2], i), to = bytes_at(args[3], i), column = bytes_at(args[4], i);
    if (no_number(args[0], i, to)) continue;
    return mill_call_fail(call, err, MILL_E_CAST_OVERFLOW_IN_TABLE_INSERT, "sourceType",
                          mill_error_fmt(err, "%.*s", (int)from.n, from.p), "targetType",
                          mill_error_fmt(err, "%.*s", (int)to.n, to.p), "columnName",
                          mill_error_fmt(err, "%.*s", (int)column.n, column.p), NULL);
  }
  return MILL_OK;
}

/* A text of at most `limit` characters: blanks beyond them go, `pad` fills up to them. */
static mill_status sized_row(mill_call *call, bytes s, size_t limit, bool pad, mill_vector *out,
                             size_t i, mill_error *err) {
  size_t n = mill_utf8_count(s.p, s.n), bytes_kept = s.n;
  char *p = NULL;
  while (n > limit && bytes_kept > 0 && s.p[bytes_kept - 1] == ' ') bytes_kept--, n--;
  if (n > limit)
    return mill_call_fail(call, err, MILL_E_EXCEED_LIMIT_LENGTH, "limit",
                          mill_error_fmt(err, "%zu", limit), NULL);
  size_t blanks = pad ? limit - n : 0;
  MILL_TRY(mill_bytes_take(call, bytes_kept + blanks, &p, err));
  memcpy(p, s.p, bytes_kept);
  memset(p + bytes_kept, ' ', blanks);
  ((mill_str *)out->data)[i] = mill_str_done(call, p, bytes_kept + blanks);
  return MILL_OK;
}

/* store_text(value, limit, padded) */
KERNEL_HEAD(k_text) {
  for (size_t i = 0; i < n; i++) {
    if (!mill_vector_valid(args[0], i)) continue;
    size_t limit = (size_t)MILL_AT(int32_t, args[1], i);
    MILL_TRY(
        sized_row(call, bytes_at(args[0], i), limit, MILL_AT(uint8_t, args[2], i), out, i, err));
  }
  return MILL_OK;
}

static mill_status bind_fits(mill_binding *b, mill_error *err) {
  (void)err;
  b->result = mill_type_of(MILL_BOOLEAN);
  b->nullable = false;
  return MILL_OK;
}

const mill_function mill_family_store[] = {
    {.name = "store_fits",
     .types = "any, any, string, string, string -> boolean",
     .bind = bind_fits,
     .kernel = k_fits,
     .flags = MILL_FN_NULLS | MILL_FN_HIDDEN | MILL_FN_NEVER_NULL,
     .usage = "store_fits(value, stored, sourceType, targetType, column)",
     .doc = "True, or an error where the stored value is NULL and the value is not.",
     .example = "SELECT store_fits(1, 1Y, 'INT', 'TINYINT', 'a') -> true"},
    {.name = "store_text",
     .types = "string, int, boolean -> string",
     .kernel = k_text,
     .flags = MILL_FN_HIDDEN,
     .usage = "store_text(value, length, padded)",
     .doc = "The text for a CHAR or VARCHAR column.",
     .example = "SELECT store_text('ab', 3, true) = 'ab ' -> true"},
    {0}};
