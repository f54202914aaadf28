/* Parts of dates, times and intervals: year .. second, extract and date_part. Timestamps are read in
** the session's time zone. Days of the week: dayofweek counts Sunday as 1, weekday Monday as 0. */
#include <strings.h>

#include "base/calendar.h"
#include "kernel/cast.h"
#include "kernel/kernel_int.h"

typedef enum part {
  PART_YEAR,
  PART_YEAROFWEEK,
  PART_QUARTER,
  PART_MONTH,
  PART_WEEK,
  PART_DAY,
  PART_DAYOFWEEK,
  PART_WEEKDAY,
  PART_DAYOFWEEK_ISO,
  PART_DAYOFYEAR,
  PART_HOUR,
  PART_MINUTE,
  PART_SECOND,
} part;

static const struct {
  const char *name;
  part which;
} parts[] = {{"YEAR", PART_YEAR},
             {"Y", PART_YEAR},
             {"YEARS", PART_YEAR},
             {"YR", PART_YEAR},
             {"YRS", PART_YEAR},
             {"YEAROFWEEK", PART_YEAROFWEEK},
             {"QUARTER", PART_QUARTER},
             {"QTR", PART_QUARTER},
             {"MONTH", PART_MONTH},
             {"MON", PART_MONTH},
             {"MONS", PART_MONTH},
             {"MONTHS", PART_MONTH},
             {"WEEK", PART_WEEK},
             {"W", PART_WEEK},
             {"WEEKS", PART_WEEK},
             {"DAY", PART_DAY},
             {"D", PART_DAY},
             {"DAYS", PART_DAY},
             {"DAYOFWEEK", PART_DAYOFWEEK},
             {"DOW", PART_DAYOFWEEK},
             {"DAYOFWEEK_ISO", PART_DAYOFWEEK_ISO},
             {"DOW_ISO", PART_DAYOFWEEK_ISO},
             {"DOY", PART_DAYOFYEAR},
             {"HOUR", PART_HOUR},
             {"H", PART_HOUR},
             {"HOURS", PART_HOUR},
             {"HR", PART_HOUR},
             {"HRS", PART_HOUR},
             {"MINUTE", PART_MINUTE},
             {"M", PART_MINUTE},
             {"MIN", PART_MINUTE},
             {"MINS", PART_MINUTE},
             {"MINUTES", PART_MINUTE},
             {"SECOND", PART_SECOND},
             {"S", PART_SECOND},
             {"SEC", PART_SECOND},
             {"SECONDS", PART_SECOND},
             {"SECS", PART_SECOND}};

/* Days and microseconds of the day, local. */
static int64_t local_of(const mill_call *call, const mill_vector *v, size_t i, int64_t *micros) {
  *micros = 0;
  if (v->type->id == MILL_DATE) return MILL_AT(int32_t, v, i);
  bool instant = v->type->id == MILL_TIMESTAMP || v->type->id == MILL_TIMESTAMP_NANOS;
  int rest;
  int64_t at = mill_type_is_nanos(v->type) ? mill_nanos_split(MILL_AT(mill_i128, v, i), &rest)
                                           : MILL_AT(int64_t, v, i);
  if (v->type->id == MILL_TIME) {
    *micros = at / 1000;
    return 0;
  }
  if (instant) at = mill_zone_to_local(mill_session_zone(call->set), at);
  *micros = mill_floor_mod(at, MILL_MICROS_DAY);
  return mill_floor_div(at, MILL_MICROS_DAY);
}

static int32_t part_of(part p, int64_t days, int64_t micros) {
  int64_t year;
  int month, day, week;
  if (p == PART_HOUR) return (int32_t)(micros / 3600000000);
  if (p == PART_MINUTE) return (int32_t)(micros / 60000000 % 60);
  if (p == PART_SECOND) return (int32_t)(micros / 1000000 % 60);
  mill_civil_from_days(days, &year, &month, &day);
  switch (p) {
  case PART_YEAR: return (int32_t)year;
  case PART_YEAROFWEEK: mill_iso_week(days, &year, &week); return (int32_t)year;
  case PART_QUARTER: return (month + 2) / 3;
  case PART_MONTH: return month;
  case PART_WEEK: mill_iso_week(days, &year, &week); return week;
  case PART_DAY: return day;
  case PART_DAYOFWEEK: return mill_weekday(days) + 1;
  case PART_WEEKDAY: return (mill_weekday(days) + 6) % 7;
  case PART_DAYOFWEEK_ISO: return (mill_weekday(days) + 6) % 7 + 1;
  case PART_DAYOFYEAR: return mill_day_of_year(days);
  default: return 0; /* of the day: above */
  }
}

static mill_status k_part(mill_call *call, const mill_vector *const *args, size_t n,
                          mill_vector *out, mill_error *err) {
  part p = *(const part *)call->state;
  const mill_vector *v = args[call->nargs - 1];
  int32_t *r = out->data;
  (void)err;
  MILL_EACH(out, n, i) {
    int64_t micros, days = local_of(call, v, i, &micros);
    r[i] = part_of(p, days, micros);
  }
  return MILL_OK;
}

static bool is_interval(const mill_type *t) {
  return t->id == MILL_INTERVAL || t->id == MILL_INTERVAL_YM || t->id == MILL_INTERVAL_DT;
}

static void put_micros(mill_vector *out, size_t i, int64_t micros) {
  if (out->type->phys == MILL_PHYS_I128)
    ((mill_i128 *)out->data)[i] = micros;
  else if (out->type->phys == MILL_PHYS_I64)
    ((int64_t *)out->data)[i] = micros;
  else
    ((int32_t *)out->data)[i] = (int32_t)micros;
}

/* extract(SECOND FROM ..): with the fraction, DECIMAL(8, 6). */
static mill_status k_seconds(mill_call *call, const mill_vector *const *args, size_t n,
                             mill_vector *out, mill_error *err) {
  const mill_vector *v = args[1];
  (void)err;
  MILL_EACH(out, n, i) {
    int64_t micros;
    local_of(call, v, i, &micros);
    put_micros(out, i, micros % 60000000);
  }
  return MILL_OK;
}

/* The same of nanoseconds: DECIMAL(11, 9). */
static mill_status k_nano_seconds(mill_call *call, const mill_vector *const *args, size_t n,
                                  mill_vector *out, mill_error *err) {
  const mill_vector *v = args[1];
  int64_t *r = out->data;
  (void)err;
  MILL_EACH(out, n, i) {
    int64_t micros;
    int rest;
    local_of(call, v, i, &micros);
    mill_nanos_split(MILL_AT(mill_i128, v, i), &rest);
    r[i] = micros % 60000000 * 1000 + rest;
  }
  return MILL_OK;
}

static mill_status set_part(mill_binding *b, part p, mill_error *err) {
  void *mem;
  MILL_TRY(mill_bind_alloc(b, sizeof(part), &mem, err));
  *(part *)mem = p;
  b->state = mem;
  b->kernel = k_part;
  return MILL_OK;
}

static const struct {
  const char *name;
  part which;
} functions[] = {{"year", PART_YEAR},       {"quarter", PART_QUARTER},
                 {"month", PART_MONTH},     {"weekofyear", PART_WEEK},
                 {"day", PART_DAY},         {"dayofweek", PART_DAYOFWEEK},
                 {"weekday", PART_WEEKDAY}, {"dayofyear", PART_DAYOFYEAR},
                 {"hour", PART_HOUR},       {"minute", PART_MINUTE},
                 {"second", PART_SECOND}};

static mill_status bind_date(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "date -> int", err));
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
    if (strcmp(functions[i].name, b->fn->name) == 0) return set_part(b, functions[i].which, err);
  return MILL_OK;
}

static mill_status bind_time(mill_binding *b, mill_error *err) {
  mill_type_id id = b->arg_type[0]->id;
  if (id == MILL_TIME) MILL_TRY(mill_bind_times(b, err));
  MILL_TRY(mill_bind_types(b,
                           id == MILL_TIME            ? "time -> int"
                           : id == MILL_TIMESTAMP_NTZ ? "timestamp_ntz -> int"
                                                      : "timestamp -> int",
                           err));
  b->nullable |= id == MILL_TIME;
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
    if (strcmp(functions[i].name, b->fn->name) == 0) return set_part(b, functions[i].which, err);
  return MILL_OK;
}

/* ---- fields by name -------------------------------------------------------------------------- */

/* The parts of an interval are those its type spans: months below a year, hours below a day. */
static bool interval_has(const mill_type *t, part p) {
  switch (t->id) {
  case MILL_INTERVAL_YM:
    return (p == PART_YEAR && t->start == MILL_YEAR) || (p == PART_MONTH && t->end == MILL_MONTH);
  case MILL_INTERVAL_DT: {
    int field = p == PART_DAY      ? MILL_DAY
                : p == PART_HOUR   ? MILL_HOUR
                : p == PART_MINUTE ? MILL_MINUTE
                : p == PART_SECOND ? MILL_SECOND
                                   : -1;
    return field >= t->start && field <= t->end;
  }
  default:
    return p == PART_YEAR || p == PART_MONTH || p == PART_DAY || p == PART_HOUR ||
           p == PART_MINUTE || p == PART_SECOND;
  }
}

static mill_interval interval_of(const mill_vector *v, size_t i) {
  if (v->type->id == MILL_INTERVAL) return MILL_AT(mill_interval, v, i);
  if (v->type->id == MILL_INTERVAL_YM) return (mill_interval){.months = MILL_AT(int32_t, v, i)};
  int64_t at = MILL_AT(int64_t, v, i);
  return (mill_interval){.days = (int32_t)(at / MILL_MICROS_DAY), .micros = at % MILL_MICROS_DAY};
}

static mill_status k_interval(mill_call *call, const mill_vector *const *args, size_t n,
                              mill_vector *out, mill_error *err) {
  part p = *(const part *)call->state;
  (void)err;
  MILL_EACH(out, n, i) {
    mill_interval x = interval_of(args[1], i);
    switch (p) {
    case PART_YEAR: ((int32_t *)out->data)[i] = x.months / 12; break;
    case PART_DAY: ((int32_t *)out->data)[i] = x.days; break;
    case PART_MONTH: ((int8_t *)out->data)[i] = (int8_t)(x.months % 12); break;
    case PART_HOUR: ((int8_t *)out->data)[i] = (int8_t)(x.micros / 3600000000 % 24); break;
    case PART_MINUTE: ((int8_t *)out->data)[i] = (int8_t)(x.micros / 60000000 % 60); break;
    default: put_micros(out, i, x.micros % 60000000);
    }
  }
  return MILL_OK;
}

/* Where the field is NULL every row is. */
static mill_status k_nothing(mill_call *call, const mill_vector *const *args, size_t n,
                             mill_vector *out, mill_error *err) {
  (void)call, (void)args, (void)n, (void)out, (void)err;
  return MILL_OK;
}

/* A field that is NULL tells nothing of the result, which is a DOUBLE then, as in Spark. */
static mill_status bind_no_field(mill_binding *b) {
  b->cast_to[0] = mill_type_of(MILL_STRING);
  b->cast_to[1] = b->arg_type[1];
  b->result = mill_type_of(MILL_DOUBLE);
  b->nullable = true;
  b->kernel = k_nothing;
  return MILL_OK;
}

static mill_status bad_field(mill_binding *b, const mill_str *s, mill_error *err) {
  return mill_fail(err, MILL_E_INVALID_EXTRACT_FIELD, "field",
                   mill_error_fmt(err, "`%.*s`", (int)s->size, mill_str_data(s)), "expr",
                   mill_error_fmt(err, "\"%s\"", mill_arg_sql(b, 1)), NULL);
}

static bool find_part(const mill_str *s, part *out) {
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    if (strlen(parts[i].name) != s->size ||
        strncasecmp(parts[i].name, mill_str_data(s), s->size) != 0)
      continue;
    *out = parts[i].which;
    return true;
  }
  return false;
}

/* Does the source have the part at all? */
static bool has_part(const mill_type *t, part p) {
  if (t->id == MILL_TIME) return p == PART_HOUR || p == PART_MINUTE || p == PART_SECOND;
  return !is_interval(t) || interval_has(t, p);
}

static mill_status bind_seconds(mill_binding *b, mill_error *err) {
  bool nanos = mill_type_is_nanos(b->arg_type[1]);
  if (!is_interval(b->arg_type[1])) b->kernel = nanos ? k_nano_seconds : k_seconds;
  b->result = mill_type_decimal(b->ctx->types, nanos ? 11 : 8, nanos ? 9 : 6);
  return b->result ? MILL_OK : mill_oom(b->ctx->memory, 1, err);
}

/* The field is a constant; a text as source is a timestamp. */
static mill_status bind_extract(mill_binding *b, mill_error *err) {
  const mill_vector *v = b->arg_value[0];
  const mill_type *from = b->arg_type[1];
  mill_type_id id = from->id;
  bool timed = id == MILL_DATE || id == MILL_TIMESTAMP || id == MILL_TIMESTAMP_NTZ ||
               id == MILL_TIME || mill_type_is_nanos(from);
  part p = PART_YEAR;
  if (v && !mill_vector_valid(v, 0)) return bind_no_field(b);
  if (v == NULL || b->arg_type[0]->id != MILL_STRING)
    return mill_fail(err, MILL_E_NON_FOLDABLE_ARGUMENT, "funcName",
                     mill_error_fmt(err, "`%s`", b->name), "paramName", "`field`", "paramType",
                     "\"STRING\"", NULL);
  if (!find_part(v->data, &p) || !has_part(from, p)) return bad_field(b, v->data, err);
  MILL_TRY(mill_bind_types(
      b, timed || is_interval(from) ? "#string, any -> int" : "#string, timestamp -> int", err));
  if (id == MILL_TIME) MILL_TRY(mill_bind_times(b, err));
  b->nullable |= id == MILL_TIME;
  MILL_TRY(set_part(b, p, err));
  if (is_interval(from)) b->kernel = k_interval;
  if (p == PART_SECOND) return bind_seconds(b, err);
  if (is_interval(from) && p != PART_YEAR && p != PART_DAY) b->result = mill_type_of(MILL_TINYINT);
  return MILL_OK;
}

#define PART(NAME, BIND, TYPES, ALIAS, DOC, EXAMPLE)                                               \
  {                                                                                                \
    .name = NAME, .types = TYPES, .bind = BIND, .flags = MILL_FN_NO_RAISE | MILL_FN_MICROS,        \
    .alias = ALIAS, .usage = NAME "(expr)", .doc = DOC, .example = EXAMPLE                         \
  }

const mill_function mill_family_date_part[] = {
    PART("year", bind_date, "date", NULL, "The year.", "SELECT year('2016-07-30') -> 2016"),
    PART("quarter", bind_date, "date", NULL, "The quarter of the year, 1 to 4.",
         "SELECT quarter('2016-08-31') -> 3"),
    PART("month", bind_date, "date", NULL, "The month, 1 to 12.",
         "SELECT month('2016-07-30') -> 7"),
    PART("weekofyear", bind_date, "date", NULL, "The week of the year by ISO 8601.",
         "SELECT weekofyear('2008-02-20') -> 8"),
    PART("day", bind_date, "date", "dayofmonth", "The day of the month.",
         "SELECT day('2009-07-30') -> 30"),
    PART("dayofweek", bind_date, "date", NULL, "The day of the week, 1 is Sunday.",
         "SELECT dayofweek('2009-07-30') -> 5"),
    PART("weekday", bind_date, "date", NULL, "The day of the week, 0 is Monday.",
         "SELECT weekday('2009-07-30') -> 3"),
    PART("dayofyear", bind_date, "date", NULL, "The day of the year.",
         "SELECT dayofyear('2016-04-09') -> 100"),
    PART("hour", bind_time, "timestamp|timestamp_ntz|time", NULL, "The hour of the day.",
         "SELECT hour('2009-07-30 12:58:59') -> 12"),
    PART("minute", bind_time, "timestamp|timestamp_ntz|time", NULL, "The minute of the hour.",
         "SELECT minute('2009-07-30 12:58:59') -> 58"),
    PART("second", bind_time, "timestamp|timestamp_ntz|time", NULL, "The second of the minute.",
         "SELECT second('2009-07-30 12:58:59') -> 59"),
    {.name = "extract",
     .types = "#string, any",
     .bind = bind_extract,
     .flags = MILL_FN_NO_RAISE,
     .usage = "extract(field FROM source)",
     .doc = "A part of a date or time.",
     .example = "SELECT extract(YEAR FROM TIMESTAMP '2019-08-12 01:00:00.123456') -> 2019"},
    {.name = "date_part",
     .types = "#string, any",
     .bind = bind_extract,
     .flags = MILL_FN_NO_RAISE,
     .alias = "datepart",
     .usage = "date_part(field, source)",
     .doc = "A part of a date or time.",
     .example = "SELECT date_part('YEAR', TIMESTAMP '2019-08-12 01:00:00.123456') -> 2019"},
    {0}};
