/* Functions that exist over a window only. Their evaluation needs the partition, its order and its
** frame, and so belongs to exec/window; here stand their names, types and checks. IGNORE NULLS of
** lag, lead and nth_value is a flag of the call, not an argument. */
#include "base/text.h"
#include "kernel/cast.h"
#include "kernel/kernel_int.h"

static mill_status out_of_range(mill_binding *b, const char *name, const char *range,
                                const char *value, mill_error *err) {
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_VALUE_OUT_OF_RANGE, "sqlExpr",
                   mill_bind_sql(b, err), "exprName", name, "valueRange", range, "currentValue",
                   value, NULL);
}

/* The constant INT argument i must be at least 1. */
static mill_status want_positive(mill_binding *b, int i, const char *name, mill_error *err) {
  mill_vector v;
  MILL_TRY(mill_bind_constant(b, i, &v, err));
  bool null = !mill_vector_valid(&v, 0);
  int32_t k = null ? 0 : MILL_AT(int32_t, &v, 0);
  if (k > 0) return MILL_OK;
  return out_of_range(b, name, "(0, 2147483647]",
                      null ? "NULL" : mill_error_fmt(err, "%dL", (int)k), err);
}

static mill_status bind_ntile(mill_binding *b, mill_error *err) {
  if (b->nargs == 0) {
    b->result = mill_type_of(MILL_INT);
    return MILL_OK;
  }
  if (b->arg_type[0]->id != MILL_INT) /* not even what is cast to it elsewhere */
    return mill_bind_wrong_type(b, 0, "\"INT\"", err);
  MILL_TRY(mill_bind_types(b, "#int -> int", err));
  return want_positive(b, 0, "n", err);
}

static mill_status bind_nth(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "any, #int -> $1", err));
  b->nullable = true;
  return want_positive(b, 1, "offset", err);
}

/* lag(x[, offset[, default]]): the default becomes x's type. */
static mill_status bind_shift(mill_binding *b, mill_error *err) {
  bool unknown = b->nargs > 1 && b->arg_value[1] == NULL && b->arg_type[1]->id != MILL_INT;
  bool null = b->nargs > 1 && b->arg_value[1] && !mill_vector_valid(b->arg_value[1], 0);
  if (unknown || null) return mill_fail(err, MILL_E_LEGACY_1035, "prettyName", b->name, NULL);
  MILL_TRY(mill_bind_types(b,
                           b->nargs == 1   ? "any -> $1"
                           : b->nargs == 2 ? "any, #int -> $1"
                                           : "any, #int, any -> $1",
                           err));
  if (b->nargs > 2) {
    const mill_type *from = b->arg_type[2], *to = b->result;
    bool plain = from == to || from->id == MILL_NULL || from->id == MILL_STRING ||
                 (mill_type_numeric(from) && mill_type_numeric(to)) || to->id == MILL_STRING;
    if (!plain) return mill_bind_wrong_type(b, 2, mill_bind_type_sql(b, to, err), err);
    b->cast_to[2] = to;
  }
  b->nullable = b->nargs < 3 || b->arg_nullable[0] || b->arg_nullable[2];
  return MILL_OK;
}

/* ---- counters ------------------------------------------------------------------------------- */

static mill_status negative(mill_call *call, const mill_vector *v, size_t i, mill_error *err) {
  mill_text text;
  mill_text_init(&text, call->ctx->memory);
  mill_status s = mill_value_text(call->set, v, i, &text, err);
  if (s == MILL_OK)
    s = mill_call_fail(call, err, MILL_E_COUNTER_DIFF_NEGATIVE_COUNTER_VALUE, "function",
                       "`counter_diff`", "value", mill_error_fmt(err, "%.60s", text.data), NULL);
  mill_text_clear(&text);
  return s;
}

static const char *time_text(mill_call *call, const mill_vector *v, size_t i, mill_error *err) {
  mill_text text;
  mill_text_init(&text, call->ctx->memory);
  mill_status s = mill_value_text(call->set, v, i, &text, err);
  const char *out = s == MILL_OK ? mill_error_fmt(err, "%.60s", text.data) : "?";
  mill_text_clear(&text);
  return out;
}

/* Did the counter start anew between the row before and this one? */
static mill_status restarted(mill_call *call, const mill_vector *const *args, size_t i, bool *yes,
                             mill_error *err) {
  *yes = false;
  if (call->nargs < 4 || !mill_vector_valid(args[2], i) || !mill_vector_valid(args[3], i))
    return MILL_OK;
  int64_t now = MILL_AT(int64_t, args[2], i), before = MILL_AT(int64_t, args[3], i);
  *yes = now > before;
  if (now >= before) return MILL_OK;
  return mill_call_fail(call, err, MILL_E_COUNTER_DIFF_START_TIME_DECREASED, "function",
                        "`counter_diff`", "previousStartTime", time_text(call, args[3], i, err),
                        "currentStartTime", time_text(call, args[2], i, err), NULL);
}

static double fraction_at(const mill_vector *v, size_t i) {
  return v->type->id == MILL_FLOAT ? (double)MILL_AT(float, v, i) : MILL_AT(double, v, i);
}

static void put_int(mill_vector *out, size_t i, mill_i128 v) {
  switch (out->type->width) {
  case 1: ((int8_t *)out->data)[i] = (int8_t)v; break;
  case 2: ((int16_t *)out->data)[i] = (int16_t)v; break;
  case 4: ((int32_t *)out->data)[i] = (int32_t)v; break;
  case 8: ((int64_t *)out->data)[i] = (int64_t)v; break;
  default: ((mill_i128 *)out->data)[i] = v;
  }
}

/* The difference, false where the counter went back. NaN is above all. */
static bool put_step(mill_vector *out, const mill_vector *now, const mill_vector *before,
                     size_t i) {
  if (out->type->id != MILL_FLOAT && out->type->id != MILL_DOUBLE) {
    mill_i128 x = mill_int_at(now, i), y = mill_int_at(before, i);
    if (x >= y) put_int(out, i, x - y);
    return x >= y;
  }
  double x = fraction_at(now, i), y = fraction_at(before, i);
  if (x < y || (y != y && x == x)) return false;
  if (out->type->id == MILL_FLOAT)
    ((float *)out->data)[i] = (float)x - (float)y;
  else
    ((double *)out->data)[i] = x - y;
  return true;
}

static bool below_zero(const mill_vector *v, size_t i) {
  bool whole = v->type->id != MILL_FLOAT && v->type->id != MILL_DOUBLE;
  return whole ? mill_int_at(v, i) < 0 : fraction_at(v, i) < 0;
}

/* counter_step(value, value before[, start, start before]): what counter_diff is computed by. */
static mill_status k_step(mill_call *call, const mill_vector *const *args, size_t n,
                          mill_vector *out, mill_error *err) {
  for (size_t i = 0; i < n; i++) {
    bool known = mill_vector_valid(args[0], i), anew = false;
    if (known && below_zero(args[0], i)) return negative(call, args[0], i, err);
    known &= mill_vector_valid(args[1], i);
    if (known) MILL_TRY(restarted(call, args, i, &anew, err));
    if (!known || anew || !put_step(out, args[0], args[1], i))
      MILL_TRY(mill_set_null(call, out, i, err));
  }
  return MILL_OK;
}

static mill_status bind_step(mill_binding *b, mill_error *err) {
  (void)err;
  for (int i = 0; i < b->nargs; i++) b->cast_to[i] = b->arg_type[i];
  b->result = b->arg_type[0];
  b->nullable = true;
  return MILL_OK;
}

static mill_status bind_counter(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "!numeric, !timestamp|timestamp_ntz? -> $1", err));
  b->nullable = true;
  return MILL_OK;
}

/* Ranks take what they rank by and pay no heed to it: the window's order says it. */
static mill_status bind_rank(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "any* -> int", err));
  b->nullable = false;
  if (b->nargs) b->shown = strcmp(b->fn->name, "rank") == 0 ? "RANK()" : "DENSE_RANK()";
  return MILL_OK;
}

static mill_status bind_percent_rank(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "any* -> double", err));
  b->nullable = false;
  if (b->nargs) b->shown = "PERCENT_RANK()";
  return MILL_OK;
}

#define WINDOW(NAME, TYPES, BIND, FLAGS, USAGE, DOC, EXAMPLE)                                      \
  {                                                                                                \
    .name = NAME, .types = TYPES, .kind = MILL_WINDOW, .bind = BIND, .flags = FLAGS,               \
    .usage = USAGE, .doc = DOC, .example = EXAMPLE                                                 \
  }
#define SHIFT(NAME, USAGE, DOC, EXAMPLE)                                                           \
  {                                                                                                \
    .name = NAME, .types = "any, any?, any?", .fill = ", 1, NULL", .kind = MILL_WINDOW,            \
    .bind = bind_shift, .usage = USAGE, .doc = DOC, .example = EXAMPLE                             \
  }

const mill_function mill_family_window[] = {
    WINDOW("row_number", "-> int", NULL, MILL_FN_NEVER_NULL, "row_number()",
           "The number of the row in its partition.", "SELECT row_number() OVER (ORDER BY 1) -> 1"),
    WINDOW("rank", "any*", bind_rank, MILL_FN_NEVER_NULL, "rank()",
           "One more than the rows before the row's equals.",
           "SELECT rank() OVER (ORDER BY 1) -> 1"),
    WINDOW("dense_rank", "any*", bind_rank, MILL_FN_NEVER_NULL, "dense_rank()",
           "One more than the different orders before the row.",
           "SELECT dense_rank() OVER (ORDER BY 1) -> 1"),
    WINDOW("percent_rank", "any*", bind_percent_rank, MILL_FN_NEVER_NULL, "percent_rank()",
           "The rank as a share, from 0 to 1.", "SELECT percent_rank() OVER (ORDER BY 1) -> 0.0"),
    WINDOW("cume_dist", "-> double", NULL, MILL_FN_NEVER_NULL, "cume_dist()",
           "The share of rows that are not after the row.",
           "SELECT cume_dist() OVER (ORDER BY 1) -> 1.0"),
    WINDOW("ntile", "any?", bind_ntile, MILL_FN_NEVER_NULL, "ntile(n)",
           "The number of the row's part when the partition is cut into n even parts.",
           "SELECT ntile(2) OVER (ORDER BY 1) -> 1"),
    SHIFT("lag", "lag(input[, offset[, default]])",
          "The value of the row that stands `offset` rows before.",
          "SELECT lag(1, 1, 0) OVER (ORDER BY 1) -> 0"),
    SHIFT("lead", "lead(input[, offset[, default]])",
          "The value of the row that stands `offset` rows after.",
          "SELECT lead(1, 1, 0) OVER (ORDER BY 1) -> 0"),
    WINDOW("nth_value", "any, any", bind_nth, 0, "nth_value(input, offset)",
           "The value of the frame's row number `offset`.",
           "SELECT nth_value(7, 1) OVER (ORDER BY 1) -> 7"),
    {.name = "counter_diff",
     .types = "any, any?",
     .kind = MILL_WINDOW,
     .bind = bind_counter,
     .flags = MILL_FN_NAMED,
     .usage = "counter_diff(value[, startTime])",
     .doc = "What a counter grew by since the last row that has it; NULL where it started anew.",
     .example = "SELECT counter_diff(5) OVER (ORDER BY 1) -> NULL"},
    {.name = "counter_step",
     .types = "any, any, any?, any?",
     .kernel = k_step,
     .bind = bind_step,
     .flags = MILL_FN_HIDDEN | MILL_FN_NULLS},
    {0}};
