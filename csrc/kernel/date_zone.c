/* Times across zones and units: convert_timezone, from_utc_timestamp, timestampadd, timestampdiff, and
** the current date and time.
**
** Current values are those at the query's start (settings), the same for all its rows. Months and
** days are counted on local times, smaller units on instants. */
#include <strings.h>

#include "base/calendar.h"
#include "base/divide.h"
#include "kernel/bytes_int.h"

/* ---- zones ---------------------------------------------------------------------------------- */

/* The zone that argument v names in row i; constant ones are kept by the caller. */
static mill_status zone_at(mill_call *call, const mill_vector *v, size_t i,
                           const mill_zone **cached, mill_error *err) {
  if (*cached && v->mask == 0) return MILL_OK;
  bytes s = bytes_at(v, i);
  mill_status status = mill_zones_find(call->ctx->zones, s.p, s.n, cached, err);
  if (status != MILL_OK && call->start >= 0 && err)
    mill_error_in(err, call->text, (size_t)call->start, (size_t)call->stop);
  return status;
}

KERNEL_HEAD(k_from_utc) {
  const mill_zone *z = NULL;
  int64_t *r = out->data;
  MILL_EACH(out, n, i) {
    MILL_TRY(zone_at(call, args[1], i, &z, err));
    r[i] = mill_zone_to_local(z, MILL_AT(int64_t, args[0], i));
  }
  return MILL_OK;
}

KERNEL_HEAD(k_to_utc) {
  const mill_zone *z = NULL;
  int64_t *r = out->data;
  MILL_EACH(out, n, i) {
    MILL_TRY(zone_at(call, args[1], i, &z, err));
    if (!mill_zone_to_utc(z, MILL_AT(int64_t, args[0], i), &r[i])) r[i] = INT64_MAX;
  }
  return MILL_OK;
}

KERNEL_HEAD(k_convert) {
  const mill_zone *from = NULL, *to = NULL;
  int64_t *r = out->data;
  MILL_EACH(out, n, i) {
    int64_t at = 0;
    MILL_TRY(zone_at(call, args[0], i, &from, err));
    MILL_TRY(zone_at(call, args[1], i, &to, err));
    if (!mill_zone_to_utc(from, MILL_AT(int64_t, args[2], i), &at)) at = INT64_MAX;
    r[i] = mill_zone_to_local(to, at);
  }
  return MILL_OK;
}

/* ---- units ---------------------------------------------------------------------------------- */

typedef struct unit {
  const char *name;
  int months;
  int64_t micros; /* days as well */
} unit;

static const unit units[] = {{"YEAR", 12, 0},
                             {"QUARTER", 3, 0},
                             {"MONTH", 1, 0},
                             {"WEEK", 0, 7 * MILL_MICROS_DAY},
                             {"DAY", 0, MILL_MICROS_DAY},
                             {"DAYOFYEAR", 0, MILL_MICROS_DAY},
                             {"HOUR", 0, 3600000000},
                             {"MINUTE", 0, 60000000},
                             {"SECOND", 0, 1000000},
                             {"MILLISECOND", 0, 1000},
                             {"MICROSECOND", 0, 1}};

static mill_status unit_of(mill_call *call, bytes s, const unit **out, mill_error *err) {
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    *out = &units[i];
    if (strlen(units[i].name) == s.n && strncasecmp(units[i].name, s.p, s.n) == 0) return MILL_OK;
  }
  return mill_call_fail(call, err, MILL_E_INVALID_PARAMETER_VALUE_DATETIME_UNIT, "functionName",
                        mill_error_fmt(err, "`%s`", call->fn->name), "parameter", "`unit`",
                        "invalidValue", mill_error_fmt(err, "'%.*s'", (int)s.n, s.p), NULL);
}

/* Months and whole days are added to the local time. */
static bool add_local(const mill_zone *z, const unit *u, int64_t count, int64_t at, int64_t *out) {
  int64_t local = mill_zone_to_local(z, at), day = mill_floor_div(local, MILL_MICROS_DAY);
  int64_t rest = local - day * MILL_MICROS_DAY;
  if (count > INT32_MAX || count < INT32_MIN) return false;
  day = u->months ? mill_add_months(day, count * u->months)
                  : day + count * (u->micros / MILL_MICROS_DAY);
  return !__builtin_mul_overflow(day, MILL_MICROS_DAY, &local) &&
         !__builtin_add_overflow(local, rest, &local) && mill_zone_to_utc(z, local, out);
}

static bool add_units(const mill_zone *z, const unit *u, int64_t count, int64_t at, int64_t *out) {
  if (u->months || u->micros >= MILL_MICROS_DAY) return add_local(z, u, count, at, out);
  return !__builtin_mul_overflow(count, u->micros, out) && !__builtin_add_overflow(*out, at, out);
}

/* The unit of row i; a constant is looked up once. */
static mill_status next_unit(mill_call *call, const mill_vector *v, size_t i, const unit **u,
                             mill_error *err) {
  if (*u && v->mask == 0) return MILL_OK;
  return unit_of(call, bytes_at(v, i), u, err);
}

static const mill_zone *zone_of(const mill_call *call, const mill_type *t) {
  return t->id == MILL_TIMESTAMP ? mill_session_zone(call->set) : mill_zone_utc();
}

KERNEL_HEAD(k_timestampadd) {
  const mill_zone *z = zone_of(call, args[2]->type);
  int64_t *r = out->data;
  const unit *u = NULL;
  MILL_EACH(out, n, i) {
    MILL_TRY(next_unit(call, args[0], i, &u, err));
    int64_t count = MILL_AT(int64_t, args[1], i);
    if (!add_units(z, u, count, MILL_AT(int64_t, args[2], i), &r[i]))
      return mill_call_fail(call, err, MILL_E_DATETIME_OVERFLOW, "operation",
                            mill_error_fmt(err, "add %lld %s to a time", (long long)count, u->name),
                            NULL);
  }
  return MILL_OK;
}

/* Whole months from a to b, as java.time counts them: of days, a day nearer where b's time of day has not come. */
static int64_t months_between(int64_t a, int64_t b) {
  int64_t from = mill_floor_div(a, MILL_MICROS_DAY), to = mill_floor_div(b, MILL_MICROS_DAY);
  int64_t in_from = a - from * MILL_MICROS_DAY, in_to = b - to * MILL_MICROS_DAY;
  mill_datetime x, y;
  if (to > from && in_to < in_from) to--;
  if (to < from && in_to > in_from) to++;
  mill_datetime_of(from * MILL_MICROS_DAY, &x);
  mill_datetime_of(to * MILL_MICROS_DAY, &y);
  return (((y.year - x.year) * 12 + y.month - x.month) * 32 + y.day - x.day) / 32;
}

/* Whole units of microseconds from a to b, towards zero. */
static inline int64_t units_between(const unit *u, double inverse, int64_t a, int64_t b) {
  int64_t gap;
  if (__builtin_sub_overflow(b, a, &gap) || gap == INT64_MIN || inverse == 0)
    return (int64_t)(((mill_i128)b - a) / u->micros);
  int64_t count = mill_quotient(gap < 0 ? -gap : gap, u->micros, inverse);
  return gap < 0 ? -count : count;
}

/* Rows of one unit that is no longer than an hour: instants are as good as local times. */
static void units_of_rows(const unit *u, const mill_vector *a, const mill_vector *b, size_t n,
                          int64_t *restrict r) {
  const int64_t by = u->micros;
  const double inverse = mill_divisor_of(by).inverse;
  bool far = inverse == 0;
  for (size_t i = 0; !far && i < n; i++) {
    int64_t gap;
    far |= __builtin_sub_overflow(MILL_AT(int64_t, b, i), MILL_AT(int64_t, a, i), &gap);
    int64_t sign = gap >> 63, size = (int64_t)(((uint64_t)gap ^ (uint64_t)sign) - (uint64_t)sign);
    r[i] = (mill_quotient(size, by, inverse) ^ sign) - sign;
    far |= size < 0;
  }
  for (size_t i = 0; far && i < n; i++)
    r[i] = units_between(u, inverse, MILL_AT(int64_t, a, i), MILL_AT(int64_t, b, i));
}

KERNEL_HEAD(k_timestampdiff) {
  const mill_zone *z = zone_of(call, args[1]->type);
  int64_t *r = out->data;
  const unit *u = NULL, *before = NULL;
  double inverse = 0;
  if (args[0]->mask == 0 && n) MILL_TRY(next_unit(call, args[0], 0, &u, err));
  if (u && u->months == 0 && u->micros < MILL_MICROS_DAY) {
    units_of_rows(u, args[1], args[2], n, r);
    return MILL_OK;
  }
  MILL_EACH(out, n, i) {
    MILL_TRY(next_unit(call, args[0], i, &u, err));
    if (u != before) inverse = mill_divisor_of(u->micros).inverse;
    before = u;
    int64_t a = MILL_AT(int64_t, args[1], i), b = MILL_AT(int64_t, args[2], i);
    bool local = u->months || u->micros >= MILL_MICROS_DAY;
    if (local) a = mill_zone_to_local(z, a), b = mill_zone_to_local(z, b);
    r[i] = u->months ? months_between(a, b) / u->months : units_between(u, inverse, a, b);
  }
  return MILL_OK;
}

static mill_status bind_units(mill_binding *b, mill_error *err) {
  bool add = strcmp(b->fn->name, "timestampadd") == 0;
  int time = add ? 2 : 1;
  bool ntz = b->arg_type[time]->id == MILL_TIMESTAMP_NTZ;
  if (add)
    return mill_bind_types(b,
                           ntz ? "string, bigint, timestamp_ntz -> timestamp_ntz"
                               : "string, bigint, timestamp -> timestamp",
                           err);
  return mill_bind_types(b,
                         ntz && b->arg_type[2]->id == MILL_TIMESTAMP_NTZ
                             ? "string, timestamp_ntz, timestamp_ntz -> bigint"
                             : "string, timestamp, timestamp -> bigint",
                         err);
}

/* ---- now ------------------------------------------------------------------------------------ */

KERNEL_HEAD(k_now) {
  int64_t *r = out->data;
  (void)args, (void)err;
  int64_t at = mill_settings_now(call->set);
  if (out->type->id != MILL_TIMESTAMP) at = mill_zone_to_local(mill_session_zone(call->set), at);
  if (out->type->id == MILL_TIME) {
    int64_t step = 1;
    for (int k = out->type->precision; k < 6; k++) step *= 10;
    at = mill_floor_mod(at, MILL_MICROS_DAY);
    at = (at - at % step) * 1000;
  }
  for (size_t i = 0; i < n; i++) r[i] = at;
  return MILL_OK;
}

KERNEL_HEAD(k_now_nanos) {
  mill_i128 *r = out->data;
  (void)args, (void)err;
  int64_t at = mill_settings_now(call->set);
  if (out->type->id != MILL_TIMESTAMP_NANOS)
    at = mill_zone_to_local(mill_session_zone(call->set), at);
  for (size_t i = 0; i < n; i++) r[i] = (mill_i128)at * 1000;
  return MILL_OK;
}

static mill_status bad_precision(bool local, int32_t p, mill_error *err) {
  if (p >= 7 && p <= 9)
    return mill_fail(err, MILL_E_FEATURE_NOT_ENABLED, "featureName",
                     "Nanosecond-precision timestamp types", "configKey",
                     "spark.sql.timestampNanosTypes.enabled", "configValue", "true", NULL);
  return mill_fail(err, MILL_E_INVALID_TIMESTAMP_PRECISION, "precision",
                   mill_error_fmt(err, "%d", (int)p), "type",
                   local ? "TIMESTAMP_NTZ" : "TIMESTAMP_LTZ", NULL);
}

/* now(p) and its like: 6 digits behind the seconds, or 7 to 9. */
static mill_status bind_now(mill_binding *b, mill_error *err) {
  bool local = strcmp(b->fn->name, "localtimestamp") == 0;
  b->result = mill_type_of(local ? MILL_TIMESTAMP_NTZ : MILL_TIMESTAMP);
  if (b->nargs == 0) return MILL_OK;
  const char *name = mill_error_fmt(err, "`%s`", b->name);
  const char *type = mill_bind_type_sql(b, b->arg_type[0], err);
  const mill_vector *v = b->arg_value[0];
  if (v == NULL)
    return mill_fail(err, MILL_E_NON_FOLDABLE_ARGUMENT, "funcName", name, "paramName",
                     "`precision`", "paramType", type, NULL);
  if (b->arg_type[0]->id != MILL_INT || !mill_vector_valid(v, 0))
    return mill_fail(err, MILL_E_UNEXPECTED_INPUT_TYPE, "functionName", name, "paramIndex", "first",
                     "inputSql", mill_error_fmt(err, "\"%s\"", mill_arg_sql(b, 0)), "inputType",
                     type, "requiredType", "\"INT\"", NULL);
  int32_t p = MILL_AT(int32_t, v, 0);
  if (p != 6 && (p < 7 || p > 9 || !b->set->nanos)) return bad_precision(local, p, err);
  b->shown = local ? "localtimestamp()" : p == 6 ? "now()" : "current_timestamp()";
  if (p == 6) return MILL_OK;
  b->kernel = k_now_nanos;
  b->result =
      mill_type_nanos(b->ctx->types, local ? MILL_TIMESTAMP_NTZ_NANOS : MILL_TIMESTAMP_NANOS, p);
  return b->result ? MILL_OK : mill_oom(b->ctx->memory, 1, err);
}

KERNEL_HEAD(k_today) {
  int32_t *r = out->data;
  (void)args, (void)err;
  int64_t local = mill_zone_to_local(mill_session_zone(call->set), mill_settings_now(call->set));
  for (size_t i = 0; i < n; i++) r[i] = (int32_t)mill_floor_div(local, MILL_MICROS_DAY);
  return MILL_OK;
}

KERNEL_HEAD(k_current_zone) {
  const char *id = call->set->zone_name ? call->set->zone_name : "UTC";
  (void)args, (void)err;
  for (size_t i = 0; i < n; i++) put_view(out, i, id, strlen(id));
  return MILL_OK;
}

/* current_time(p): the digits behind the seconds, a constant of 0 to 9. */
static mill_status bind_current_time(mill_binding *b, mill_error *err) {
  mill_vector v = {0};
  int32_t digits = 6;
  MILL_TRY(mill_bind_types(b, "#int? -> time", err));
  if (b->nargs) {
    MILL_TRY(mill_bind_constant(b, 0, &v, err));
    if (v.type && mill_vector_valid(&v, 0)) digits = *(const int32_t *)v.data;
    if (digits < 0 || digits > 9)
      return mill_fail(err, MILL_E_DATATYPE_MISMATCH_VALUE_OUT_OF_RANGE, "sqlExpr",
                       mill_bind_sql(b, err), "exprName", "`precision`", "valueRange", "[0, 9]",
                       "currentValue", mill_error_fmt(err, "%d", (int)digits), NULL);
  }
  b->result = mill_type_time(b->ctx->types, digits);
  return b->result ? MILL_OK : mill_oom(b->ctx->memory, 1, err);
}

#define NOW (MILL_FN_NULLS | MILL_FN_NEVER_NULL | MILL_FN_NO_RAISE | MILL_FN_CLOCK)
#define DEF(NAME, TYPES, KERNEL, FLAGS, USAGE, DOC, EXAMPLE)                                       \
  {                                                                                                \
    .name = NAME, .types = TYPES, .kernel = KERNEL, .flags = FLAGS, .usage = USAGE, .doc = DOC,    \
    .example = EXAMPLE                                                                             \
  }

#define MOMENT(NAME, DOC, EXAMPLE)                                                                 \
  {                                                                                                \
    .name = NAME, .types = "any?", .kernel = k_now, .bind = bind_now, .flags = NOW,                \
    .usage = NAME "([precision])", .doc = DOC, .example = EXAMPLE                                  \
  }

const mill_function mill_family_date_zone[] = {
    DEF("from_utc_timestamp", "timestamp, string -> timestamp", k_from_utc, 0,
        "from_utc_timestamp(timestamp, timezone)", "A time of UTC as the zone's clock shows it.",
        "SELECT from_utc_timestamp('2016-08-31', 'Asia/Seoul') -> 2016-08-31 09:00:00"),
    DEF("to_utc_timestamp", "timestamp, string -> timestamp", k_to_utc, 0,
        "to_utc_timestamp(timestamp, timezone)", "A time of the zone's clock as UTC has it.",
        "SELECT to_utc_timestamp('2016-08-31', 'Asia/Seoul') -> 2016-08-30 15:00:00"),
    {.name = "convert_timezone",
     .types = "string, string, timestamp_ntz? -> timestamp_ntz",
     .kernel = k_convert,
     .fill = "<current_timezone()",
     .usage = "convert_timezone([sourceTz, ]targetTz, sourceTs)",
     .doc = "A local time of one zone as another zone's clock shows it.",
     .example = "SELECT convert_timezone('Europe/Brussels', 'America/Los_Angeles', TIMESTAMP_NTZ "
                "'2021-12-06 00:00:00') -> 2021-12-05 15:00:00"},
    {.name = "timestampadd",
     .types = "string, bigint, any",
     .kernel = k_timestampadd,
     .bind = bind_units,
     .usage = "timestampadd(unit, quantity, timestamp)",
     .doc = "The time so many units later.",
     .example = "SELECT timestampadd(HOUR, 8, TIMESTAMP_NTZ '2022-02-11 20:30:00') -> 2022-02-12 "
                "04:30:00"},
    {.name = "timestampdiff",
     .types = "string, any, any",
     .kernel = k_timestampdiff,
     .bind = bind_units,
     .usage = "timestampdiff(unit, start, end)",
     .doc = "The whole units from one time to another.",
     .example = "SELECT timestampdiff(MONTH, TIMESTAMP_NTZ '2022-01-01 00:00:00', TIMESTAMP_NTZ "
                "'2022-04-01 00:00:00') -> 3"},
    MOMENT("current_timestamp", "The time at which the query began.",
           "SELECT current_timestamp() = now() -> true"),
    MOMENT("now", "The time at which the query began.",
           "SELECT now() = current_timestamp() -> true"),
    MOMENT("localtimestamp", "The local time at which the query began.",
           "SELECT localtimestamp() = CAST(now() AS TIMESTAMP_NTZ) -> true"),
    {.name = "current_date",
     .types = " -> date",
     .kernel = k_today,
     .flags = NOW,
     .alias = "=curdate",
     .usage = "current_date()",
     .doc = "The date at which the query began.",
     .example = "SELECT current_date() = CAST(now() AS DATE) -> true"},
    {.name = "current_time",
     .types = "#int?",
     .said = "6",
     .kernel = k_now,
     .bind = bind_current_time,
     .flags = NOW,
     .usage = "current_time([precision])",
     .doc = "The time of day at which the query began.",
     .example = "SELECT typeof(current_time(3)) -> time(3)",
     .alias = "=localtime"},
    DEF("current_timezone", " -> string", k_current_zone, NOW, "current_timezone()",
        "The session's time zone.", "SELECT current_timezone() IS NULL -> false"),
    {0}};
