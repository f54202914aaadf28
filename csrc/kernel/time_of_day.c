/* Times of day: time_diff, time_trunc, counts since midnight. TIME is nanoseconds of the day. */
#include <strings.h>

#include "base/divide.h"
#include "kernel/bytes_int.h"

enum { DAY_SECONDS = 86400 };

static int64_t unit_nanos(bytes s) {
  static const struct {
    const char *name;
    int64_t nanos;
  } units[] = {{"HOUR", 3600000000000},
               {"MINUTE", 60000000000},
               {"SECOND", 1000000000},
               {"MILLISECOND", 1000000},
               {"MICROSECOND", 1000}};
  for (size_t i = 0; i < sizeof units / sizeof *units; i++)
    if (strlen(units[i].name) == s.n && strncasecmp(units[i].name, s.p, s.n) == 0)
      return units[i].nanos;
  return 0;
}

static mill_status bad_unit(mill_call *call, bytes s, mill_error *err) {
  return mill_call_fail(call, err, MILL_E_INVALID_PARAMETER_VALUE_TIME_UNIT, "functionName",
                        mill_error_fmt(err, "`%s`", call->fn->name), "parameter", "`unit`",
                        "invalidValue", mill_error_fmt(err, "'%.*s'", (int)s.n, s.p), NULL);
}

KERNEL_HEAD(k_time_diff) {
  int64_t *r = out->data;
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(args[0], i);
    int64_t unit = unit_nanos(s);
    if (unit == 0) return bad_unit(call, s, err);
    r[i] = (MILL_AT(int64_t, args[2], i) - MILL_AT(int64_t, args[1], i)) / unit;
  }
  return MILL_OK;
}

KERNEL_HEAD(k_time_trunc) {
  int64_t *r = out->data, unit = 0;
  mill_divisor d = {0};
  bytes last = {NULL, 0};
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(args[0], i);
    if (s.p != last.p || s.n != last.n) { /* a constant is read once */
      unit = unit_nanos(s);
      if (unit == 0) return bad_unit(call, s, err);
      d = mill_divisor_of(unit);
      last = s;
    }
    r[i] = mill_floor_multiple(d, MILL_AT(int64_t, args[1], i));
  }
  return MILL_OK;
}

static mill_status bind_trunc(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "string, time -> $2", err));
  return MILL_OK;
}

/* ---- since midnight ------------------------------------------------------------------------- */

static mill_status out_of_day(mill_call *call, int64_t value, int64_t unit, mill_error *err) {
  return mill_call_fail(call, err, MILL_E_DATETIME_FIELD_OUT_OF_BOUNDS_WITHOUT_SUGGESTION,
                        "rangeMessage",
                        mill_error_fmt(err,
                                       "Invalid TIME value: must be between 00:00:00 and "
                                       "23:59:59.999999999, but got %lld nanoseconds",
                                       (long long)((uint64_t)value * (uint64_t)unit)),
                        NULL);
}

static mill_status of_count(mill_call *call, const mill_vector *v, size_t n, mill_vector *out,
                            int64_t unit, mill_error *err) {
  int64_t *r = out->data, most = DAY_SECONDS * 1000000000ll / unit;
  MILL_EACH(out, n, i) {
    int64_t x = (int64_t)mill_int_at(v, i);
    if (x < 0 || x >= most) return out_of_day(call, x, unit, err);
    r[i] = x * unit;
  }
  return MILL_OK;
}

KERNEL_HEAD(from_seconds) { return of_count(call, args[0], n, out, 1000000000, err); }
KERNEL_HEAD(from_millis) { return of_count(call, args[0], n, out, 1000000, err); }
KERNEL_HEAD(from_micros) { return of_count(call, args[0], n, out, 1000, err); }

KERNEL_HEAD(from_fraction) {
  int64_t *r = out->data;
  const mill_type *t = args[0]->type;
  MILL_EACH(out, n, i) {
    double d = t->id == MILL_DOUBLE  ? MILL_AT(double, args[0], i)
               : t->id == MILL_FLOAT ? (double)MILL_AT(float, args[0], i)
                                     : mill_decimal_to_double(mill_int_at(args[0], i), t->scale);
    if (!(d >= 0 && d < DAY_SECONDS)) return out_of_day(call, (int64_t)(d * 1e9), 1, err);
    r[i] = (int64_t)(d * 1e6) * 1000;
  }
  return MILL_OK;
}

static mill_status bind_from_seconds(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "!numeric -> time", err));
  b->kernel = mill_type_integral(b->cast_to[0]) ? from_seconds : from_fraction;
  return MILL_OK;
}

MILL_KERNEL1(to_seconds, int64_t, int64_t, x / 1000)
MILL_KERNEL1(to_millis, int64_t, int64_t, x / 1000000)
MILL_KERNEL1(to_micros, int64_t, int64_t, x / 1000)

static mill_status bind_to_seconds(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "!time -> bigint", err));
  b->result = mill_type_decimal(b->ctx->types, 14, 6);
  return b->result ? MILL_OK : mill_oom(b->ctx->memory, 1, err);
}

#define DEF(NAME, TYPES, KERNEL, BIND, FLAGS, USAGE, DOC, EXAMPLE)                                 \
  {                                                                                                \
    .name = NAME, .types = TYPES, .kernel = KERNEL, .bind = BIND,                                  \
    .flags = MILL_FN_TIME | MILL_FN_NULLABLE | (FLAGS), .usage = USAGE, .doc = DOC,                \
    .example = EXAMPLE                                                                             \
  }

const mill_function mill_family_time_of_day[] = {
    DEF("time_diff", "string, time, time -> bigint", k_time_diff, NULL, 0,
        "time_diff(unit, start, end)", "The whole units from one time of day to another.",
        "SELECT time_diff('HOUR', TIME '20:30:29', TIME '21:30:29') -> 1"),
    DEF("time_trunc", "string, time", k_time_trunc, bind_trunc, 0, "time_trunc(unit, expr)",
        "The time of day cut to a unit.",
        "SELECT time_trunc('HOUR', TIME '09:32:05.359') -> 09:00:00"),
    DEF("time_from_seconds", "!numeric", NULL, bind_from_seconds, 0, "time_from_seconds(seconds)",
        "The time so many seconds after midnight.", "SELECT time_from_seconds(3661) -> 01:01:01"),
    DEF("time_from_millis", "!integral -> time", from_millis, NULL, 0, "time_from_millis(millis)",
        "The time so many milliseconds after midnight.",
        "SELECT time_from_millis(1000) -> 00:00:01"),
    DEF("time_from_micros", "!integral -> time", from_micros, NULL, 0, "time_from_micros(micros)",
        "The time so many microseconds after midnight.",
        "SELECT time_from_micros(1000000) -> 00:00:01"),
    DEF("time_to_seconds", "!time", to_seconds, bind_to_seconds, MILL_FN_NO_RAISE,
        "time_to_seconds(time)", "Seconds since midnight, with the fraction.",
        "SELECT time_to_seconds(TIME '01:01:01') -> 3661.000000"),
    DEF("time_to_millis", "!time -> bigint", to_millis, NULL, MILL_FN_NO_RAISE,
        "time_to_millis(time)", "Milliseconds since midnight.",
        "SELECT time_to_millis(TIME '00:00:01') -> 1000"),
    DEF("time_to_micros", "!time -> bigint", to_micros, NULL, MILL_FN_NO_RAISE,
        "time_to_micros(time)", "Microseconds since midnight.",
        "SELECT time_to_micros(TIME '00:00:01') -> 1000000"),
    {0}};
