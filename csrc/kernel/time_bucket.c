/* time_bucket: the start of the bucket that a time is in. Buckets of one size follow upon each other from an origin
** on, both ways, by the clocks of the session's zone; those of months begin at the origin's day of the month, or at
** the last of a shorter one. */
#include "base/calendar.h"
#include "base/divide.h"
#include "kernel/cast.h"
#include "kernel/kernel_int.h"

typedef struct buckets {
  int64_t origin;        /* microseconds, local */
  mill_divisor size;     /* microseconds, or .. */
  int64_t months;        /* .. months; 0: microseconds */
  const mill_zone *zone; /* NULL: local already */
} buckets;

static int64_t floor_div(int64_t a, int64_t b) {
  return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

static bool local_of(const mill_zone *zone, int64_t micros, int64_t *out) {
  int64_t offset = zone ? (int64_t)mill_zone_offset_at(zone, micros) * 1000000 : 0;
  return !__builtin_add_overflow(micros, offset, out);
}

/* The origin and k months, local. */
static int64_t months_later(int64_t origin, int64_t k) {
  int64_t day = floor_div(origin, MILL_MICROS_DAY);
  return mill_add_months(day, k) * MILL_MICROS_DAY + (origin - day * MILL_MICROS_DAY);
}

static int64_t month_of(int64_t micros) {
  int64_t year;
  int month, day;
  mill_civil_from_days(floor_div(micros, MILL_MICROS_DAY), &year, &month, &day);
  return year * 12 + month;
}

static bool month_bucket(const buckets *b, int64_t local, int64_t *out) {
  int64_t k = floor_div(month_of(local) - month_of(b->origin), b->months) * b->months;
  *out = months_later(b->origin, k);
  if (*out > local) *out = months_later(b->origin, k - b->months);
  return true;
}

static bool micro_bucket(const buckets *b, int64_t local, int64_t *out) {
  int64_t since;
  if (__builtin_sub_overflow(local, b->origin, &since)) return false;
  *out = mill_floor_multiple(b->size, since);
  return *out <= since && !__builtin_add_overflow(*out, b->origin, out);
}

static bool bucket(const buckets *b, int64_t at, int64_t *out) {
  int64_t local;
  if (!local_of(b->zone, at, &local)) return false;
  if (!(b->months ? month_bucket(b, local, out) : micro_bucket(b, local, out))) return false;
  return b->zone == NULL || mill_zone_to_utc(b->zone, *out, out);
}

static mill_status k_time_bucket(mill_call *call, const mill_vector *const *args, size_t n,
                                 mill_vector *out, mill_error *err) {
  const buckets *b = call->state;
  int64_t *r = out->data;
  MILL_EACH(out, n, i) {
    if (!bucket(b, MILL_AT(int64_t, args[1], i), &r[i]))
      return mill_call_fail(call, err, MILL_E_DATETIME_OVERFLOW, "operation",
                            "find the bucket of a time", NULL);
  }
  return MILL_OK;
}

/* ---- binding -------------------------------------------------------------------------------- */

#define TIMES "\"(TIMESTAMP OR TIMESTAMP WITHOUT TIME ZONE)\""

/* What a NULL time is, the origin says. */
static bool is_ntz(const mill_binding *b) {
  int i = b->nargs > 2 && b->arg_type[1]->id == MILL_NULL ? 2 : 1;
  return b->arg_type[i]->id == MILL_TIMESTAMP_NTZ;
}

static mill_status check_types(mill_binding *b, mill_error *err) {
  mill_type_id size = b->arg_type[0]->id;
  if (size != MILL_INTERVAL_DT && size != MILL_INTERVAL_YM && size != MILL_NULL)
    return mill_bind_wrong_type(b, 0, "(\"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\")",
                                err);
  for (int i = 1; i < b->nargs; i++) {
    mill_type_id t = b->arg_type[i]->id;
    if (t != MILL_TIMESTAMP && t != MILL_TIMESTAMP_NTZ && t != MILL_NULL)
      return mill_bind_wrong_type(b, i, TIMES, err);
  }
  bool ntz = is_ntz(b);
  if (b->nargs > 2 && b->arg_type[2]->id != MILL_NULL &&
      ntz != (b->arg_type[2]->id == MILL_TIMESTAMP_NTZ))
    return mill_bind_wrong_type(b, 2, ntz ? "\"TIMESTAMP_NTZ\"" : "\"TIMESTAMP\"", err);
  return MILL_OK;
}

static mill_status constant(mill_binding *b, int i, const char *name, mill_vector *v,
                            mill_error *err) {
  if (b->arg_value[i]) return mill_bind_constant(b, i, v, err);
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_NON_FOLDABLE_INPUT, "sqlExpr",
                   mill_bind_sql(b, err), "inputName", name, "inputType",
                   mill_bind_type_sql(b, b->arg_type[i], err), "inputExpr",
                   mill_error_fmt(err, "\"%s\"", mill_arg_sql(b, i)), NULL);
}

static mill_status bind_time_bucket(mill_binding *b, mill_error *err) {
  void *mem;
  mill_vector size = {0}, origin = {0};
  bool ntz = is_ntz(b);
  if (b->nargs < 3)
    b->shown =
        mill_error_fmt(err, "%s(%s, %s, %s '1970-01-01 00:00:00')", b->name, mill_arg_sql(b, 0),
                       mill_arg_sql(b, 1), ntz ? "TIMESTAMP_NTZ" : "TIMESTAMP");
  MILL_TRY(check_types(b, err));
  b->result = mill_type_of(ntz ? MILL_TIMESTAMP_NTZ : MILL_TIMESTAMP);
  if (b->arg_type[0]->id == MILL_NULL) b->cast_to[0] = mill_type_of(MILL_INTERVAL_DT);
  for (int i = 1; i < b->nargs; i++) b->cast_to[i] = b->result;
  MILL_TRY(constant(b, 0, "`bucketSize`", &size, err));
  if (b->nargs > 2) MILL_TRY(constant(b, 2, "`origin`", &origin, err));
  bool known = mill_vector_valid(&size, 0) && (b->nargs < 3 || mill_vector_valid(&origin, 0));
  MILL_TRY(mill_bind_alloc(b, sizeof(buckets), &mem, err));
  buckets *s = mem;
  b->state = s;
  b->nullable = true;
  if (!known) return MILL_OK;
  bool months = b->arg_type[0]->id == MILL_INTERVAL_YM;
  int64_t width = (int64_t)mill_int_at(&size, 0);
  *s = (buckets){.size = mill_divisor_of(width > 0 ? width : 1),
                 .months = months ? width : 0,
                 .zone = ntz ? NULL : mill_session_zone(b->set)};
  if (b->nargs > 2 && !local_of(s->zone, MILL_AT(int64_t, &origin, 0), &s->origin))
    return mill_fail(err, MILL_E_DATETIME_OVERFLOW, "operation", "find the bucket of a time", NULL);
  b->nullable = b->arg_nullable[1];
  if (width > 0) return MILL_OK;
  mill_text text;
  mill_text_init(&text, b->ctx->memory);
  mill_status printed = mill_value_sql(b->set, &size, 0, &text, err);
  const char *given = printed == MILL_OK ? mill_error_fmt(err, "%s", text.data) : "";
  mill_text_clear(&text);
  MILL_TRY(printed);
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_VALUE_OUT_OF_RANGE, "sqlExpr",
                   mill_bind_sql(b, err), "exprName", "`bucketSize`", "valueRange", "(0, inf)",
                   "currentValue", given, NULL);
}

const mill_function mill_family_time_bucket[] = {
    {.name = "time_bucket",
     .types = "any, any, any?",
     .kernel = k_time_bucket,
     .bind = bind_time_bucket,
     .usage = "time_bucket(bucketSize, ts[, origin])",
     .doc = "The start of the bucket that a time is in; buckets follow upon each other from an "
            "origin on.",
     .example = "SELECT time_bucket(INTERVAL '15' MINUTE, TIMESTAMP'2024-05-06 07:08:09') -> "
                "2024-05-06 07:00:00"},
    {0}};
