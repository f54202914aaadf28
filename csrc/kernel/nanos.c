/* Timestamps of nanoseconds: timestamp_nanos and unix_nanos. */
#include "kernel/cast.h"
#include "kernel/kernel_int.h"

#define KERNEL(NAME)                                                                               \
  static mill_status NAME(mill_call *call, const mill_vector *const *args, size_t n,               \
                          mill_vector *out, mill_error *err)

static mill_status out_of_range(mill_call *call, mill_i128 v, mill_error *err) {
  char text[MILL_DECIMAL_TEXT];
  mill_decimal_format(v, 0, text);
  return mill_call_fail(
      call, err, MILL_E_DATETIME_OVERFLOW, "operation",
      mill_error_fmt(err, "create a TIMESTAMP_LTZ(9) from %s nanoseconds since the epoch", text),
      NULL);
}

/* Digits behind the nanoseconds are cut. The microseconds must fit into 64 bits. */
KERNEL(k_timestamp) {
  mill_i128 *r = out->data;
  int scale = args[0]->type->id == MILL_DECIMAL ? args[0]->type->scale : 0;
  mill_i128 unit = mill_pow10(scale);
  if (args[0]->type->phys == MILL_PHYS_I64 && scale == 0) { /* a count of 64 bits always fits */
    MILL_EACH(out, n, i) r[i] = MILL_AT(int64_t, args[0], i);
    return MILL_OK;
  }
  MILL_EACH(out, n, i) {
    mill_i128 v = mill_int_at(args[0], i);
    r[i] = v / unit - (v % unit < 0);
    if (r[i] < (mill_i128)INT64_MIN * 1000 || r[i] >= ((mill_i128)INT64_MAX + 1) * 1000)
      return out_of_range(call, r[i], err);
  }
  return MILL_OK;
}

KERNEL(k_unix) {
  (void)call, (void)err;
  mill_copy_fixed(out, args[0], n);
  return MILL_OK;
}

static mill_status bind_timestamp(mill_binding *b, mill_error *err) {
  if (b->arg_type[0]->id == MILL_NULL) return mill_bind_types(b, "bigint -> ltz_nanos", err);
  return mill_bind_types(b, "!integral|decimal -> ltz_nanos", err);
}

static mill_status bind_unix(mill_binding *b, mill_error *err) {
  if (b->arg_type[0]->id != MILL_NULL && !mill_type_is_nanos(b->arg_type[0]))
    return mill_bind_wrong_type(b, 0, "\"(TIMESTAMP_LTZ(P) OR TIMESTAMP_NTZ(P) WITH P IN [7, 9])\"",
                                err);
  MILL_TRY(mill_bind_types(b, "!ltz_nanos|ntz_nanos -> decimal", err));
  b->result = mill_type_decimal(b->ctx->types, 21, 0);
  return b->result ? MILL_OK : mill_oom(b->ctx->memory, sizeof *b->result, err);
}

const mill_function mill_family_nanos[] = {
    {.name = "timestamp_nanos",
     .types = "any",
     .kernel = k_timestamp,
     .bind = bind_timestamp,
     .usage = "timestamp_nanos(expr)",
     .doc = "The time so many nanoseconds after 1970 began in UTC.",
     .example = "SELECT CAST(timestamp_nanos(1) AS STRING) -> 1970-01-01 00:00:00.000000001"},
    {.name = "unix_nanos",
     .types = "any",
     .kernel = k_unix,
     .bind = bind_unix,
     .flags = MILL_FN_NO_RAISE,
     .usage = "unix_nanos(timestamp)",
     .doc = "The nanoseconds from the beginning of 1970 in UTC to a time that counts them.",
     .example = "SELECT unix_nanos(timestamp_nanos(17)) -> 17"},
    {0}};
