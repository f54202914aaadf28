/* Dates and times from and to texts by pattern: date_format, to_date, to_timestamp, unix_timestamp,
** from_unixtime, to_time and their try_ forms.
**
** A constant pattern is compiled when the call is bound (base/pattern.h), others by row with the last
** one kept. Texts that are none of the pattern are errors in ANSI mode, null in try_ forms and else.
** Without a pattern to_date and its like are casts. */
#include "base/pattern.h"
#include "base/timezone.h"
#include "kernel/bytes_int.h"
#include "kernel/cast.h"
#include "kernel/value_parse.h"

typedef struct text_plan {
  const mill_pattern *pattern; /* NULL: by row */
  const char *suggest;         /* the function that errors name */
  bool parsing, lenient;
} text_plan;

static mill_status find_pattern(mill_call *call, const mill_vector *v, size_t i,
                                const mill_pattern **out, mill_error *err) {
  const text_plan *p = call->state;
  if (p->pattern) {
    *out = p->pattern;
    return MILL_OK;
  }
  bytes s = bytes_at(v, i);
  return mill_pattern_new(call->arena, s.p, s.n, p->parsing, out, err);
}

/* Compile argument `at` where it is constant. A pattern that is none fails when a row is reached. */
static mill_status bind_pattern(mill_binding *b, int at, bool parsing, bool lenient,
                                const char *suggest, mill_error *err) {
  text_plan *p;
  mill_vector v = {0};
  BIND_NEW(b, text_plan, p, err);
  *p = (text_plan){NULL, suggest, parsing, lenient};
  b->state = p;
  if (at >= b->nargs) return MILL_OK;
  MILL_TRY(mill_bind_constant(b, at, &v, err));
  if (v.type == NULL || v.type->id != MILL_STRING || !mill_vector_valid(&v, 0)) return MILL_OK;
  mill_error ignored;
  mill_error_clear(&ignored);
  bytes s = bytes_of(&v);
  if (mill_pattern_new(b->arena, s.p, s.n, parsing, &p->pattern, &ignored) != MILL_OK)
    p->pattern = NULL;
  return MILL_OK;
}

/* ---- printing ------------------------------------------------------------------------------- */

static mill_status format_rows(mill_call *call, const mill_vector *v, int64_t unit,
                               const mill_vector *pattern, size_t n, mill_vector *out,
                               mill_error *err) {
  const mill_zone *z = mill_session_zone(call->set);
  mill_status status = MILL_OK;
  mill_text text;
  mill_text_init(&text, call->ctx->memory);
  for (size_t i = 0; i < n && status == MILL_OK; i++) {
    const mill_pattern *p = NULL;
    if (!mill_valid_bit(out->valid, i)) continue;
    int64_t at; /* as a long of Java, which begins anew behind its end */
    (void)__builtin_mul_overflow(MILL_AT(int64_t, v, i), unit, &at);
    mill_moment m = mill_moment_at(at, z);
    mill_text_reset(&text);
    status = find_pattern(call, pattern, i, &p, err);
    if (status == MILL_OK) status = mill_pattern_format(p, &m, &text, err);
    if (status == MILL_OK) status = put_text(call, out, i, &text, err);
  }
  mill_text_clear(&text);
  return status;
}

KERNEL_HEAD(k_date_format) { return format_rows(call, args[0], 1, args[1], n, out, err); }
KERNEL_HEAD(k_from_unixtime) { return format_rows(call, args[0], 1000000, args[1], n, out, err); }

/* Does a pattern ask a time of day for what it does not have, a date or a zone? */
static bool beyond_time(bytes s) {
  bool quoted = false;
  for (size_t k = 0; k < s.n; k++) {
    bool letter = (uint8_t)((s.p[k] | 32) - 'a') < 26;
    if (s.p[k] == '\'') quoted = !quoted;
    if (!quoted && letter && !strchr("ahKkHmsSAnNB", s.p[k])) return true;
  }
  return false;
}

static mill_status no_time_pattern(mill_call *call, bytes s, mill_error *err) {
  return mill_call_fail(call, err, MILL_E_INVALID_PARAMETER_VALUE_PATTERN, "functionName",
                        "`date_format`", "parameter", "`format`", "value",
                        mill_error_fmt(err, "'%.*s'", (int)s.n, s.p), NULL);
}

/* As date_format of a timestamp, with three more digits. */
KERNEL_HEAD(k_nanos_format) {
  mill_status status = MILL_OK;
  bool instant = args[0]->type->id == MILL_TIMESTAMP_NANOS;
  mill_text text;
  mill_text_init(&text, call->ctx->memory);
  for (size_t i = 0; i < n && status == MILL_OK; i++) {
    const mill_pattern *p = NULL;
    int rest;
    if (!mill_valid_bit(out->valid, i)) continue;
    int64_t micros = mill_nanos_split(MILL_AT(mill_i128, args[0], i), &rest);
    mill_moment m = {.local = micros};
    if (instant) m = mill_moment_at(micros, mill_session_zone(call->set));
    m.nanos = rest;
    mill_text_reset(&text);
    status = find_pattern(call, args[1], i, &p, err);
    if (status == MILL_OK) status = mill_pattern_format(p, &m, &text, err);
    if (status == MILL_OK) status = put_text(call, out, i, &text, err);
  }
  mill_text_clear(&text);
  return status;
}

/* A time of day: there is no zone between it and its text. */
KERNEL_HEAD(k_time_format) {
  mill_status status = MILL_OK;
  mill_text text;
  mill_text_init(&text, call->ctx->memory);
  for (size_t i = 0; i < n && status == MILL_OK; i++) {
    const mill_pattern *p = NULL;
    if (!mill_valid_bit(out->valid, i)) continue;
    int64_t nanos = MILL_AT(int64_t, args[0], i);
    mill_moment m = {.local = nanos / 1000, .nanos = (int32_t)(nanos % 1000)};
    mill_text_reset(&text);
    status = beyond_time(bytes_at(args[1], i)) ? no_time_pattern(call, bytes_at(args[1], i), err)
                                               : find_pattern(call, args[1], i, &p, err);
    if (status == MILL_OK) status = mill_pattern_format(p, &m, &text, err);
    if (status == MILL_OK) status = put_text(call, out, i, &text, err);
  }
  mill_text_clear(&text);
  return status;
}

static mill_status bind_format(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, b->fn->types, err));
  return bind_pattern(b, 1, false, false, "", err);
}

static mill_status bind_date_format(mill_binding *b, mill_error *err) {
  if (mill_type_is_nanos(b->arg_type[0])) {
    b->kernel = k_nanos_format;
    MILL_TRY(mill_bind_types(b, "ltz_nanos|ntz_nanos, string -> string", err));
    return bind_pattern(b, 1, false, false, "", err);
  }
  if (b->arg_type[0]->id != MILL_TIME) return bind_format(b, err);
  b->kernel = k_time_format;
  MILL_TRY(mill_bind_types(b, "time, string -> string", err));
  return bind_pattern(b, 1, false, false, "", err);
}

/* ---- reading -------------------------------------------------------------------------------- */

/* As Spark 2 read it. */
static bool parse_old(const mill_call *call, const mill_pattern *p, bytes s, mill_moment *m) {
  return mill_pattern_parse_old(p, call->ctx->zones, mill_session_zone(call->set), s.p, s.n, false,
                                mill_settings_now(call->set), m);
}

static const char *why(const mill_call *call, const mill_pattern *p, bytes s, mill_error *err) {
  if (call->set->time_policy == MILL_TIMES_LEGACY)
    return mill_error_fmt(err, "Unparseable date: \"%.*s\"", (int)s.n, s.p);
  return mill_pattern_why(p, call->ctx->zones, s.p, s.n, err);
}

static mill_status unreadable(mill_call *call, const mill_pattern *pattern, bytes s,
                              mill_vector *out, size_t i, mill_error *err) {
  const text_plan *p = call->state;
  mill_moment m;
  MILL_TRY(mill_zones_check(err));
  if (call->set->time_policy == MILL_TIMES_EXCEPTION && parse_old(call, pattern, s, &m))
    return mill_value_differs(s.p, s.n, err);
  if (p->lenient || !call->set->ansi) return mill_set_null(call, out, i, err);
  return mill_call_fail(call, err, MILL_E_CANNOT_PARSE_TIMESTAMP, "message",
                        why(call, pattern, s, err), "func", p->suggest, NULL);
}

/* Row i of a text as instant (or local time: ntz) in *at; null rows are marked. */
static mill_status parse_row(mill_call *call, const mill_vector *const *args, size_t i, bool ntz,
                             mill_vector *out, int64_t *at, bool *ok, mill_error *err) {
  const mill_pattern *p = NULL;
  mill_moment m;
  bytes s = bytes_at(args[0], i);
  MILL_TRY(find_pattern(call, args[1], i, &p, err));
  *ok = call->set->time_policy == MILL_TIMES_LEGACY
            ? parse_old(call, p, s, &m)
            : mill_pattern_parse(p, call->ctx->zones, mill_session_zone(call->set), s.p, s.n, &m);
  if (*ok && ntz)
    *at = m.local;
  else
    *ok = *ok && mill_moment_utc(&m, at);
  return *ok ? MILL_OK : unreadable(call, p, s, out, i, err);
}

KERNEL_HEAD(parse_timestamp) {
  int64_t *r = out->data;
  bool ok, ntz = out->type->id == MILL_TIMESTAMP_NTZ;
  MILL_EACH(out, n, i) MILL_TRY(parse_row(call, args, i, ntz, out, &r[i], &ok, err));
  return MILL_OK;
}

KERNEL_HEAD(parse_date) {
  const mill_zone *z = mill_session_zone(call->set);
  int32_t *r = out->data;
  MILL_EACH(out, n, i) {
    int64_t at = 0;
    bool ok;
    MILL_TRY(parse_row(call, args, i, false, out, &at, &ok, err));
    if (ok) r[i] = (int32_t)mill_floor_div(mill_zone_to_local(z, at), MILL_MICROS_DAY);
  }
  return MILL_OK;
}

KERNEL_HEAD(parse_seconds) {
  int64_t *r = out->data;
  MILL_EACH(out, n, i) {
    int64_t at = 0;
    bool ok;
    MILL_TRY(parse_row(call, args, i, false, out, &at, &ok, err));
    r[i] = mill_floor_div(at, 1000000);
  }
  return MILL_OK;
}

KERNEL_HEAD(parse_time) {
  int64_t *r = out->data;
  const text_plan *plan = call->state;
  MILL_EACH(out, n, i) {
    const mill_pattern *p = NULL;
    mill_moment m;
    bytes s = bytes_at(args[0], i);
    MILL_TRY(find_pattern(call, args[1], i, &p, err));
    if (mill_pattern_parse(p, call->ctx->zones, mill_zone_utc(), s.p, s.n, &m)) {
      r[i] = mill_floor_mod(m.local, MILL_MICROS_DAY) * 1000 + m.nanos;
    } else if (plan->lenient) {
      MILL_TRY(mill_set_null(call, out, i, err));
    } else {
      bytes f = bytes_at(args[1], i);
      return mill_call_fail(call, err, MILL_E_CANNOT_PARSE_TIME, "input",
                            mill_error_fmt(err, "'%.*s'", (int)s.n, s.p), "format",
                            mill_error_fmt(err, "'%.*s'", (int)f.n, f.p), NULL);
    }
  }
  return MILL_OK;
}

/* ---- binding -------------------------------------------------------------------------------- */

/* A cast whose errors are another's. */
typedef struct cast_state {
  mill_kernel kernel;
  const void *state;
} cast_state;

/* One argument: a cast. */
static mill_status bind_cast(mill_binding *b, const mill_type *to, bool lenient, mill_error *err) {
  mill_cast_mode mode = lenient ? MILL_CAST_TRY : b->set->ansi ? MILL_CAST_ANSI : MILL_CAST_LEGACY;
  if (b->arg_type[0]->id == MILL_NULL) {
    b->cast_to[0] = b->result = to;
    b->nullable = true;
    b->kernel = parse_timestamp; /* never run: all rows are null */
    return MILL_OK;
  }
  MILL_TRY(mill_cast_bind(b, to, mode, err));
  b->result = to;
  b->nullable |= lenient || b->arg_nullable[0];
  if (b->kernel == NULL) b->kernel = parse_timestamp;
  return MILL_OK;
}

static const mill_type *target_of(const char *name, const mill_settings *set) {
  if (strstr(name, "date")) return mill_type_of(MILL_DATE);
  if (strstr(name, "_ntz")) return mill_type_of(MILL_TIMESTAMP_NTZ);
  bool zoned = !set->ntz || strstr(name, "_ltz");
  if (strstr(name, "timestamp")) return mill_type_of(zoned ? MILL_TIMESTAMP : MILL_TIMESTAMP_NTZ);
  return mill_type_of(MILL_TIME);
}

/* to_time as a cast reads it, whose error names the pattern that the text should have had. */
KERNEL_HEAD(plain_time) {
  const cast_state *inner = call->state;
  mill_call sub = *call;
  sub.state = inner->state;
  MILL_TRY(inner->kernel(&sub, args, n, out, err));
  for (size_t i = 0; i < n; i++) {
    if (!mill_vector_valid(args[0], i) || mill_valid_bit(out->valid, i)) continue;
    bytes s = bytes_at(args[0], i);
    return mill_call_fail(call, err, MILL_E_CANNOT_PARSE_TIME, "input",
                          mill_error_fmt(err, "'%.*s'", (int)s.n, s.p), "format",
                          "'HH:mm:ss.SSSSSS'", NULL);
  }
  return MILL_OK;
}

static mill_status bind_plain_time(mill_binding *b, mill_error *err) {
  void *mem;
  MILL_TRY(mill_cast_bind(b, mill_type_of(MILL_TIME), MILL_CAST_TRY, err));
  MILL_TRY(mill_bind_alloc(b, sizeof(cast_state), &mem, err));
  *(cast_state *)mem = (cast_state){b->kernel, b->state};
  b->state = mem;
  b->kernel = plain_time;
  b->nullable = true;
  return MILL_OK;
}

/* to_date takes anything that has a text, and reads that: a number is no count of days. */
static mill_status bind_dated(mill_binding *b, mill_error *err) {
  void *mem;
  const mill_type *t =
      mill_convert_to(b->ctx->types, "string|date|timestamp|timestamp_ntz", b->arg_type[0]);
  if (t == NULL)
    return mill_bind_wrong_type(
        b, 0, "(\"STRING\" or \"DATE\" or \"TIMESTAMP\" or \"TIMESTAMP_NTZ\")", err);
  if (b->arg_type[0]->id == MILL_NULL || t == b->arg_type[0]) return MILL_OK;
  MILL_TRY(mill_bind_alloc(b, sizeof t, &mem, err));
  *(const mill_type **)mem = b->cast_to[0] = t;
  b->arg_type = mem;
  return MILL_OK;
}

/* to_time and try_to_time take nothing else for a text; an error shows both as to_time. */
static mill_status no_text(mill_binding *b, mill_error *err) {
  b->shown = b->nargs == 1
                 ? mill_error_fmt(err, "to_time(%s)", mill_arg_sql(b, 0))
                 : mill_error_fmt(err, "to_time(%s, %s)", mill_arg_sql(b, 0), mill_arg_sql(b, 1));
  return mill_bind_wrong_type(b, 0, "\"STRING\"", err);
}

static mill_status bind_reading(mill_binding *b, mill_error *err) {
  const char *name = b->fn->name;
  bool lenient = strncmp(name, "try_", 4) == 0;
  const mill_type *to = target_of(name, b->set), *from = b->arg_type[0];
  bool date = to->id == MILL_DATE, time = to->id == MILL_TIME;
  bool already = !time && (from->id == MILL_DATE || from->id == MILL_TIMESTAMP ||
                           from->id == MILL_TIMESTAMP_NTZ);
  if (time && from->id != MILL_STRING && from->id != MILL_NULL) return no_text(b, err);
  if (b->nargs == 1 && date) MILL_TRY(bind_dated(b, err));
  if (b->nargs == 1 && time && !lenient && from->id == MILL_STRING) return bind_plain_time(b, err);
  if (b->nargs == 1 && from != to) return bind_cast(b, to, lenient, err);
  if (already || b->nargs == 1) {
    if (b->nargs > 1 && mill_convert_to(b->ctx->types, "string", b->arg_type[1]) == NULL)
      return mill_bind_wrong_type(b, 1, "\"STRING\"", err);
    b->cast_to[0] = b->result = to;
    b->nullable = b->arg_nullable[0] || (b->nargs > 1 && b->arg_nullable[1]);
    b->kernel = NULL;
    return MILL_OK;
  }
  MILL_TRY(mill_bind_types(b, "string, string -> string", err));
  b->result = to;
  b->nullable = time || lenient || !b->set->ansi || b->arg_nullable[0] || b->arg_nullable[1];
  b->kernel = date ? parse_date : time ? parse_time : parse_timestamp;
  return bind_pattern(b, 1, true, lenient, date ? "`try_to_date`" : "`try_to_timestamp`", err);
}

KERNEL_HEAD(same_value) {
  (void)call, (void)err;
  mill_copy_fixed(out, args[0], n);
  return MILL_OK;
}

static mill_status bind_to(mill_binding *b, mill_error *err) {
  MILL_TRY(bind_reading(b, err));
  if (strcmp(b->fn->name, "try_to_time") == 0) /* shown as what it tries */
    b->shown = b->nargs == 1 ? mill_error_fmt(err, "%s(to_time(%s))", b->name, mill_arg_sql(b, 0))
                             : mill_error_fmt(err, "%s(to_time(%s, %s))", b->name,
                                              mill_arg_sql(b, 0), mill_arg_sql(b, 1));
  if (b->kernel == NULL) b->kernel = same_value;
  return MILL_OK;
}

/* Towards 1970, unlike unix_seconds: so Spark divides here. */
KERNEL_HEAD(seconds_of) {
  int64_t *r = out->data;
  (void)call, (void)err;
  MILL_EACH(out, n, i) r[i] = MILL_AT(int64_t, args[0], i) / 1000000;
  return MILL_OK;
}

static mill_status bind_unix(mill_binding *b, mill_error *err) {
  const mill_type *t = b->arg_type[0];
  bool time = t->id == MILL_DATE || t->id == MILL_TIMESTAMP || t->id == MILL_TIMESTAMP_NTZ;
  if (!time && t->id != MILL_STRING && t->id != MILL_NULL)
    return mill_bind_wrong_type(b, 0,
                                "(\"STRING\" or \"DATE\" or \"TIMESTAMP\" or "
                                "\"TIMESTAMP WITHOUT TIME ZONE\")",
                                err);
  MILL_TRY(
      mill_bind_types(b, time ? "timestamp, !string -> bigint" : "string, !string -> bigint", err));
  b->nullable = !b->set->ansi;
  for (int i = 0; i < b->nargs; i++) b->nullable |= b->arg_nullable[i];
  b->kernel = time ? seconds_of : parse_seconds;
  return bind_pattern(b, 1, true, false, "`try_to_timestamp`", err);
}

#define DEFAULT_PATTERN "'yyyy-MM-dd HH:mm:ss'"
#define READ_WITH(FLAGS, NAME, DOC, EXAMPLE)                                                       \
  {                                                                                                \
    .name = NAME, .types = "any, string?", .bind = bind_to,                                        \
    .flags = MILL_FN_NULLABLE | MILL_FN_MICROS | (FLAGS), .usage = NAME "(expr[, fmt])",           \
    .doc = DOC, .example = EXAMPLE                                                                 \
  }
#define READ(NAME, DOC, EXAMPLE) READ_WITH(0, NAME, DOC, EXAMPLE)

const mill_function mill_family_date_text[] = {
    {.name = "date_format",
     .types = "timestamp, string -> string",
     .kernel = k_date_format,
     .bind = bind_date_format,
     .usage = "date_format(timestamp, fmt)",
     .doc = "A time as text by a pattern.",
     .example = "SELECT date_format('2016-04-08', 'y') -> 2016"},
    {.name = "from_unixtime",
     .types = "bigint, string? -> string",
     .kernel = k_from_unixtime,
     .flags = MILL_FN_NULLABLE,
     .bind = bind_format,
     .fill = ", " DEFAULT_PATTERN,
     .usage = "from_unixtime(seconds[, fmt])",
     .doc = "The time so many seconds after 1970 as text by a pattern.",
     .example = "SELECT from_unixtime(0, 'yyyy-MM-dd HH:mm:ss') -> 1970-01-01 00:00:00"},
    {.name = "unix_timestamp",
     .types = "any?, string?",
     .bind = bind_unix,
     .flags = MILL_FN_NULLABLE | MILL_FN_MICROS,
     .fill = "current_timestamp(), " DEFAULT_PATTERN,
     .usage = "unix_timestamp([time[, fmt]])",
     .doc = "Seconds since 1970 of a time, or of a text by a pattern.",
     .example = "SELECT unix_timestamp('2016-04-08', 'yyyy-MM-dd') -> 1460073600"},
    {.name = "to_unix_timestamp",
     .types = "any, string?",
     .bind = bind_unix,
     .flags = MILL_FN_NULLABLE | MILL_FN_MICROS,
     .fill = ", " DEFAULT_PATTERN,
     .usage = "to_unix_timestamp(time[, fmt])",
     .doc = "Seconds since 1970 of a time, or of a text by a pattern.",
     .example = "SELECT to_unix_timestamp('2016-04-08', 'yyyy-MM-dd') -> 1460073600"},
    READ("to_date", "A text as date, by a pattern or as a cast reads it.",
         "SELECT to_date('2016-12-31', 'yyyy-MM-dd') -> 2016-12-31"),
    READ("try_to_date", "As to_date, null where the text is none.",
         "SELECT try_to_date('foo', 'yyyy-MM-dd') -> NULL"),
    READ("to_timestamp", "A text as time, by a pattern or as a cast reads it.",
         "SELECT to_timestamp('2016-12-31', 'yyyy-MM-dd') -> 2016-12-31 00:00:00"),
    READ("to_timestamp_ltz", "A text as TIMESTAMP, by a pattern or as a cast reads it.",
         "SELECT to_timestamp_ltz('2016-12-31', 'yyyy-MM-dd') -> 2016-12-31 00:00:00"),
    READ("to_timestamp_ntz", "A text as TIMESTAMP_NTZ, by a pattern or as a cast reads it.",
         "SELECT to_timestamp_ntz('2016-12-31', 'yyyy-MM-dd') -> 2016-12-31 00:00:00"),
    READ("try_to_timestamp", "As to_timestamp, null where the text is none.",
         "SELECT try_to_timestamp('foo', 'yyyy-MM-dd') -> NULL"),
    READ_WITH(MILL_FN_TIME, "to_time", "A text as time of day, by a pattern or as a cast reads it.",
              "SELECT to_time('12.10.05', 'HH.mm.ss') -> 12:10:05"),
    READ_WITH(MILL_FN_TIME, "try_to_time", "As to_time, null where the text is none.",
              "SELECT try_to_time('12-00', 'HH:mm') -> NULL"),
    {0}};
