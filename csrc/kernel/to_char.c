/* to_char, to_number and their kin: numbers as texts and back by a number format (number_format.h). The
** to_char of a time is its date_format, that of bytes their base64, hex or decode. */
#include "kernel/number_format.h"

#include <strings.h>

#include "kernel/bytes_int.h"

/* ---- numbers -------------------------------------------------------------------------------- */

/* The compiled second argument into b->state, NULL where it is null. */
static mill_status bind_number_format(mill_binding *b, mill_error *err) {
  mill_number_format *f;
  mill_vector v = {0};
  MILL_TRY(mill_bind_constant(b, 1, &v, err));
  if (!mill_vector_valid(&v, 0)) {
    b->nullable = true;
    return MILL_OK;
  }
  bytes s = bytes_of(&v);
  MILL_TRY(mill_number_format_new(b->arena, s.p, s.n, &f, err));
  b->state = f;
  return MILL_OK;
}

KERNEL_HEAD(k_to_char) {
  const mill_number_format *f = call->state;
  int scale = call->arg_type[0]->scale;
  MILL_EACH(out, n, i) {
    char *p = NULL;
    MILL_TRY(mill_bytes_take(call, mill_number_format_room(f), &p, err));
    size_t length = mill_number_format_write(f, mill_int_at(args[0], i), scale, p);
    ((mill_str *)out->data)[i] = mill_str_done(call, p, length);
  }
  return MILL_OK;
}

static mill_status mismatch(mill_call *call, bytes s, mill_error *err) {
  const mill_number_format *f = call->state;
  return mill_call_fail(call, err, MILL_E_INVALID_FORMAT_MISMATCH_INPUT, "inputType", "\"STRING\"",
                        "input", mill_error_fmt(err, "%.*s", (int)s.n, s.p), "format",
                        mill_number_format_text(f), NULL);
}

/* A number in front of the point where the format has no place for it. */
static mill_status out_of_range(mill_call *call, bytes s, mill_error *err) {
  return mill_call_fail(call, err, MILL_E_NUMERIC_VALUE_OUT_OF_RANGE_WITH_SUGGESTION, "value",
                        mill_error_fmt(err, "%.*s", (int)s.n, s.p), "precision",
                        mill_error_fmt(err, "%d", call->result->precision), "scale",
                        mill_error_fmt(err, "%d", call->result->scale), "config",
                        "\"spark.sql.ansi.enabled\"", NULL);
}

static void put_decimal(mill_vector *out, size_t i, mill_i128 v) {
  if (out->type->phys == MILL_PHYS_I64)
    ((int64_t *)out->data)[i] = (int64_t)v;
  else
    ((mill_i128 *)out->data)[i] = v;
}

KERNEL_HEAD(k_to_number) {
  const mill_number_format *f = call->state;
  bool lenient = *call->fn->name == 't' && call->fn->name[1] == 'r';
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(args[0], i);
    mill_i128 v = 0;
    bool ok = mill_number_format_read(f, s.p, s.n, &v);
    if (!ok && !lenient) return mismatch(call, s, err);
    if (ok && !mill_decimal_fits(v, call->result->precision)) return out_of_range(call, s, err);
    if (ok)
      put_decimal(out, i, v);
    else
      MILL_TRY(mill_set_null(call, out, i, err));
  }
  return MILL_OK;
}

static mill_status bind_to_number(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "string, #string -> string", err));
  MILL_TRY(bind_number_format(b, err));
  const mill_number_format *f = b->state;
  int precision = f ? mill_number_format_precision(f) : 10;
  if (precision > MILL_DECIMAL_MAX)
    return mill_fail(err, MILL_E_DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION, "precision",
                     mill_error_fmt(err, "%d", precision), "maxPrecision", "38", NULL);
  b->result = mill_type_decimal(b->ctx->types, precision, f ? mill_number_format_scale(f) : 0);
  return b->result ? MILL_OK : mill_oom(b->arena->memory, sizeof *b->result, err);
}

/* ---- to_char of other things ---------------------------------------------------------------- */

static mill_status binary_format(mill_binding *b, bytes *out, mill_error *err) {
  const mill_vector *v = b->arg_value[1];
  const char *name = mill_error_fmt(err, "`%s`", b->name);
  if (v == NULL || b->arg_type[1]->id != MILL_STRING)
    return mill_fail(err, MILL_E_NON_FOLDABLE_ARGUMENT, "funcName", name, "paramName", "`format`",
                     "paramType", mill_bind_type_sql(b, b->arg_type[1], err), NULL);
  if (!mill_vector_valid(v, 0))
    return mill_fail(err, MILL_E_INVALID_PARAMETER_VALUE_NULL, "parameter", "`format`",
                     "functionName", name, NULL);
  bytes s = bytes_of(v);
  while (s.n && (unsigned char)*s.p <= ' ') s.p++, s.n--;
  while (s.n && (unsigned char)s.p[s.n - 1] <= ' ') s.n--;
  *out = s;
  return MILL_OK;
}

static mill_status bind_binary(mill_binding *b, mill_error *err) {
  static const struct {
    const char *format, *sql;
  } forms[] = {{"base64", "base64($1)"}, {"hex", "hex($1)"}, {"utf-8", "decode($1, $2)"}};
  bytes s = {"", 0};
  MILL_TRY(binary_format(b, &s, err));
  for (size_t k = 0; k < 3; k++) {
    if (strlen(forms[k].format) != s.n || strncasecmp(forms[k].format, s.p, s.n) != 0) continue;
    b->stands_for = forms[k].sql;
    if (strcasecmp(b->name, "to_varchar") == 0)
      b->shown = k < 2 ? mill_error_fmt(err, "%s(%s)", b->name, mill_arg_sql(b, 0))
                       : mill_error_fmt(err, "%s(%s, %s)", b->name, mill_arg_sql(b, 0),
                                        mill_arg_sql(b, 1));
    return MILL_OK;
  }
  return mill_fail(err, MILL_E_INVALID_PARAMETER_VALUE_BINARY_FORMAT, "parameter", "`format`",
                   "functionName", mill_error_fmt(err, "`%s`", b->name), "invalidFormat",
                   mill_error_fmt(err, "'%.*s'", (int)s.n, s.p), NULL);
}

static mill_status bind_to_char(mill_binding *b, mill_error *err) {
  switch (b->arg_type[0]->id) {
  case MILL_DATE:
  case MILL_TIMESTAMP:
  case MILL_TIMESTAMP_NTZ:
  case MILL_TIMESTAMP_NANOS:
  case MILL_TIMESTAMP_NTZ_NANOS:
  case MILL_TIME: b->stands_for = "date_format($1, $2)"; return MILL_OK;
  case MILL_BINARY: return bind_binary(b, err);
  default: break;
  }
  MILL_TRY(mill_bind_types(b, "decimal, #string -> string", err));
  return bind_number_format(b, err);
}

#define NUMBER(NAME, FLAGS, DOC, EXAMPLE)                                                          \
  {                                                                                                \
    .name = NAME, .types = "string, string", .kernel = k_to_number, .bind = bind_to_number,        \
    .flags = FLAGS, .usage = NAME "(expr, fmt)", .doc = DOC, .example = EXAMPLE                    \
  }

const mill_function mill_family_to_char[] = {
    {.name = "to_char",
     .types = "any, any",
     .kernel = k_to_char,
     .bind = bind_to_char,
     .alias = "=to_varchar",
     .usage = "to_char(expr, format)",
     .doc = "A number by a number format, a time by a pattern, bytes as base64, hex or utf-8.",
     .example = "SELECT to_char(-12454.8, '99G999D9S') -> 12,454.8-"},
    NUMBER("to_number", 0, "The number that a text writes in a number format.",
           "SELECT to_number('$78.12', '$99.99') -> 78.12"),
    NUMBER("try_to_number", MILL_FN_NULLABLE, "As to_number, null where the text is none.",
           "SELECT try_to_number('5x', '99') -> NULL"),
    {0}};
