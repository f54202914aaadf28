/* Arithmetic with dates, timestamps, times and intervals: the pairs that Spark's
** BinaryArithmeticWithDatetimeResolver takes away from plain numbers.
**
** Each pair has a kernel that knows on which side its interval stands (st->flip), so arguments keep
** the user's order. Days and months move the local side of a TIMESTAMP, in the session's zone; the
** rest of an interval moves the instant. Products and quotients of intervals round HALF_UP. */
#include <math.h>

#include "base/calendar.h"
#include "kernel/cast.h"
#include "kernel/arith_int.h"
#include "kernel/coerce.h"

#define KERNEL_HEAD(NAME)                                                                          \
  static mill_status NAME(mill_call *call, const mill_vector *const *args, size_t n,               \
                          mill_vector *out, mill_error *err)
/* The moved side, and what moves it. */
#define LEFT args[st->flip]
#define RIGHT args[!st->flip]
#define SIGN (st->op == OP_SUB ? -1 : 1)

static mill_status out_of_range(mill_call *call, size_t i, mill_vector *out, mill_error *err) {
  const arith *st = call->state;
  if (st->mode == ARITH_TRY) return mill_set_null(call, out, i, err);
  return mill_call_fail(call, err, MILL_E_DATETIME_OVERFLOW, "operation",
                        "add an interval to a date or time", NULL);
}

/* ---- dates ---------------------------------------------------------------------------------- */

KERNEL_HEAD(date_days) {
  const arith *st = call->state;
  int32_t *r = out->data;
  (void)err;
  MILL_EACH(out, n, i) {
    int64_t by = (int64_t)mill_int_at(RIGHT, i);
    r[i] = (int32_t)(uint32_t)(MILL_AT(int32_t, LEFT, i) + SIGN * by);
  }
  return MILL_OK;
}

KERNEL_HEAD(date_day_interval) {
  const arith *st = call->state;
  int32_t *r = out->data;
  (void)err;
  MILL_EACH(out, n, i) {
    int64_t by = MILL_AT(int64_t, RIGHT, i) / MILL_MICROS_DAY;
    r[i] = (int32_t)(MILL_AT(int32_t, LEFT, i) + SIGN * by);
  }
  return MILL_OK;
}

/* Months and days of a year-month or a calendar interval. */
static mill_interval parts_of(const mill_vector *v, size_t i) {
  if (v->type->id == MILL_INTERVAL) return MILL_AT(mill_interval, v, i);
  if (v->type->id == MILL_INTERVAL_YM) return (mill_interval){MILL_AT(int32_t, v, i), 0, 0};
  int64_t micros = MILL_AT(int64_t, v, i), days = micros / MILL_MICROS_DAY;
  return (mill_interval){0, (int32_t)days, micros - days * MILL_MICROS_DAY};
}

KERNEL_HEAD(date_interval) {
  const arith *st = call->state;
  int32_t *r = out->data;
  MILL_EACH(out, n, i) {
    mill_interval v = parts_of(RIGHT, i);
    int64_t months = SIGN * (int64_t)v.months;
    int64_t day = mill_add_months(MILL_AT(int32_t, LEFT, i), months) + SIGN * (int64_t)v.days;
    r[i] = (int32_t)day;
    if (v.micros != 0 && st->mode == ARITH_ANSI)
      return mill_call_fail(call, err, MILL_E_INVALID_INTERVAL_WITH_MICROSECONDS_ADDITION,
                            "ansiConfig", "\"spark.sql.ansi.enabled\"", NULL);
    if (day != (int32_t)day) MILL_TRY(out_of_range(call, i, out, err));
  }
  return MILL_OK;
}

MILL_KERNEL2(date_minus_date, int32_t, int32_t, int64_t, ((int64_t)x - y) * MILL_MICROS_DAY)

/* ---- timestamps ----------------------------------------------------------------------------- */

static bool move(const mill_zone *zone, int64_t at, mill_interval by, int sign, int64_t *out) {
  int64_t micros;
  if (by.months || by.days) {
    int64_t local = zone ? mill_zone_to_local(zone, at) : at;
    int64_t day = mill_floor_div(local, MILL_MICROS_DAY);
    int64_t rest = local - day * MILL_MICROS_DAY;
    day = mill_add_months(day, sign * (int64_t)by.months) + sign * (int64_t)by.days;
    if (__builtin_mul_overflow(day, MILL_MICROS_DAY, &local) ||
        __builtin_add_overflow(local, rest, &local))
      return false;
    at = local;
    if (zone && !mill_zone_to_utc(zone, local, &at)) return false;
  }
  return !__builtin_mul_overflow((int64_t)sign, by.micros, &micros) &&
         !__builtin_add_overflow(at, micros, out);
}

/* Intervals of days and time where a day is always as long: one sum; false: some row has none. */
static bool move_micros(const mill_vector *at, const mill_vector *by, int sign, size_t n,
                        int64_t *r) {
  bool fine = true;
  for (size_t i = 0; i < n; i++) {
    int64_t micros = MILL_AT(int64_t, by, i), from = MILL_AT(int64_t, at, i);
    fine &= !(sign < 0 ? __builtin_sub_overflow(from, micros, &r[i])
                       : __builtin_add_overflow(from, micros, &r[i]));
  }
  return fine;
}

KERNEL_HEAD(timestamp_interval) {
  const arith *st = call->state;
  const mill_zone *zone = LEFT->type->id == MILL_TIMESTAMP ? mill_session_zone(call->set) : NULL;
  int64_t *r = out->data;
  if (zone && mill_zone_is_utc(zone)) zone = NULL;
  if (zone == NULL && RIGHT->type->id == MILL_INTERVAL_DT && move_micros(LEFT, RIGHT, SIGN, n, r))
    return MILL_OK;
  MILL_EACH(out, n, i) {
    r[i] = 0;
    if (!move(zone, MILL_AT(int64_t, LEFT, i), parts_of(RIGHT, i), SIGN, &r[i]))
      MILL_TRY(out_of_range(call, i, out, err));
  }
  return MILL_OK;
}

/* The microseconds are moved, the digits behind them stay. */
KERNEL_HEAD(nanos_interval) {
  const arith *st = call->state;
  const mill_zone *zone =
      LEFT->type->id == MILL_TIMESTAMP_NANOS ? mill_session_zone(call->set) : NULL;
  mill_i128 *r = out->data;
  MILL_EACH(out, n, i) {
    int rest;
    int64_t moved = 0, at = mill_nanos_split(MILL_AT(mill_i128, LEFT, i), &rest);
    if (move(zone, at, parts_of(RIGHT, i), SIGN, &moved))
      r[i] = (mill_i128)moved * 1000 + rest;
    else
      MILL_TRY(out_of_range(call, i, out, err));
  }
  return MILL_OK;
}

KERNEL_HEAD(timestamp_minus_timestamp) {
  const mill_zone *zone = args[0]->type->id == MILL_TIMESTAMP ? mill_session_zone(call->set) : NULL;
  int64_t *r = out->data;
  MILL_EACH(out, n, i) {
    int64_t a = MILL_AT(int64_t, args[0], i), b = MILL_AT(int64_t, args[1], i);
    if (zone) a = mill_zone_to_local(zone, a), b = mill_zone_to_local(zone, b);
    if (__builtin_sub_overflow(a, b, &r[i])) MILL_TRY(mill_arith_overflow(call, args, i, out, err));
  }
  return MILL_OK;
}

/* A text that is moved stays a text. */
KERNEL_HEAD(text_interval) {
  mill_vector moved;
  char *p = NULL;
  const mill_zone *zone = mill_session_zone(call->set);
  MILL_TRY(mill_vector_init(&moved, mill_type_of(MILL_TIMESTAMP), (uint32_t)n, call->arena, err));
  moved.valid = out->valid;
  MILL_TRY(timestamp_interval(call, args, n, &moved, err));
  out->valid = moved.valid;
  MILL_EACH(out, n, i) {
    MILL_TRY(mill_bytes_take(call, MILL_TIMESTAMP_TEXT, &p, err));
    int size = mill_timestamp_text(MILL_AT(int64_t, &moved, i), zone, p);
    ((mill_str *)out->data)[i] = mill_str_done(call, p, (size_t)size);
  }
  return MILL_OK;
}

/* ---- times ---------------------------------------------------------------------------------- */

KERNEL_HEAD(time_interval) {
  const arith *st = call->state;
  int64_t *r = out->data;
  MILL_EACH(out, n, i) {
    mill_i128 v = MILL_AT(int64_t, LEFT, i) + SIGN * (mill_i128)MILL_AT(int64_t, RIGHT, i) * 1000;
    r[i] = (int64_t)v;
    if (v < 0 || v >= (mill_i128)MILL_MICROS_DAY * 1000) MILL_TRY(out_of_range(call, i, out, err));
  }
  return MILL_OK;
}

MILL_KERNEL2(time_minus_time, int64_t, int64_t, int64_t, (x - y) / 1000)

/* ---- intervals ------------------------------------------------------------------------------ */

#define INTERVAL_SUM(NAME, T)                                                                      \
  KERNEL_HEAD(NAME) {                                                                              \
    const arith *st = call->state;                                                                 \
    T *r = out->data;                                                                              \
    MILL_EACH(out, n, i) {                                                                         \
      mill_i128 v = (mill_i128)MILL_AT(T, args[0], i) + SIGN * (mill_i128)MILL_AT(T, args[1], i);  \
      r[i] = (T)v;                                                                                 \
      if (v != r[i]) MILL_TRY(mill_arith_overflow(call, args, i, out, err));                       \
    }                                                                                              \
    return MILL_OK;                                                                                \
  }
INTERVAL_SUM(ym_sum, int32_t)
INTERVAL_SUM(dt_sum, int64_t)

static bool add_parts(mill_interval a, mill_interval b, mill_interval *r) {
  return !__builtin_add_overflow(a.months, b.months, &r->months) &&
         !__builtin_add_overflow(a.days, b.days, &r->days) &&
         !__builtin_add_overflow(a.micros, b.micros, &r->micros);
}

static bool sub_parts(mill_interval a, mill_interval b, mill_interval *r) {
  return !__builtin_sub_overflow(a.months, b.months, &r->months) &&
         !__builtin_sub_overflow(a.days, b.days, &r->days) &&
         !__builtin_sub_overflow(a.micros, b.micros, &r->micros);
}

KERNEL_HEAD(calendar_sum) {
  const arith *st = call->state;
  mill_interval *r = out->data;
  MILL_EACH(out, n, i) {
    mill_interval a = MILL_AT(mill_interval, args[0], i), b = MILL_AT(mill_interval, args[1], i);
    bool ok = st->op == OP_ADD ? add_parts(a, b, &r[i]) : sub_parts(a, b, &r[i]);
    if (!ok) MILL_TRY(mill_arith_overflow(call, args, i, out, err));
  }
  return MILL_OK;
}

KERNEL_HEAD(calendar_negative) {
  mill_interval *r = out->data;
  (void)call, (void)err;
  MILL_EACH(out, n, i) {
    mill_interval v = MILL_AT(mill_interval, args[0], i);
    r[i] = (mill_interval){(int32_t) - (uint32_t)v.months, (int32_t) - (uint32_t)v.days,
                           (int64_t) - (uint64_t)v.micros};
  }
  return MILL_OK;
}

static bool round_double(double d, mill_i128 *out) {
  d = round(d);
  if (!(d > -0x1p100 && d < 0x1p100)) return false;
  *out = (mill_i128)d;
  return true;
}

/* v * or / the number of row i, rounded HALF_UP. The divisor is not 0. */
static bool scale_by(int64_t v, const mill_vector *num, size_t i, bool divide, mill_i128 *out) {
  if (num->type->id == MILL_DOUBLE) {
    double d = MILL_AT(double, num, i);
    return round_double(divide ? (double)v / d : (double)v * d, out);
  }
  int scale = num->type->id == MILL_DECIMAL ? num->type->scale : 0;
  mill_i128 x = mill_int_at(num, i);
  return (divide ? mill_decimal_div : mill_decimal_mul)(v, 0, x, scale, MILL_DECIMAL_MAX, 0, out);
}

static bool is_zero(const mill_vector *num, size_t i) {
  return num->type->id == MILL_DOUBLE ? MILL_AT(double, num, i) == 0 : mill_int_at(num, i) == 0;
}

KERNEL_HEAD(interval_scaled) {
  const arith *st = call->state;
  bool divide = st->op == OP_DIV, months = out->type->phys == MILL_PHYS_I32;
  MILL_EACH(out, n, i) {
    mill_i128 v = 0;
    bool zero = divide && is_zero(RIGHT, i);
    bool ok = zero || scale_by((int64_t)mill_int_at(LEFT, i), RIGHT, i, divide, &v);
    ok = ok && (months ? v == (int32_t)v : v == (int64_t)v);
    if (months)
      ((int32_t *)out->data)[i] = (int32_t)v;
    else
      ((int64_t *)out->data)[i] = (int64_t)v;
    if (zero) MILL_TRY(mill_arith_by_zero(call, i, out, err));
    if (!ok) MILL_TRY(mill_arith_overflow(call, args, i, out, err));
  }
  return MILL_OK;
}

/* Each part times a DOUBLE; fractions of a day go on into the microseconds. */
KERNEL_HEAD(calendar_scaled) {
  const arith *st = call->state;
  mill_interval *r = out->data;
  MILL_EACH(out, n, i) {
    double by = MILL_AT(double, RIGHT, i);
    mill_interval v = MILL_AT(mill_interval, LEFT, i);
    r[i] = (mill_interval){0, 0, 0};
    if (st->op == OP_DIV && by == 0) {
      MILL_TRY(mill_arith_by_zero(call, i, out, err));
      continue;
    }
    double m = st->op == OP_DIV ? v.months / by : v.months * by;
    double d = st->op == OP_DIV ? v.days / by : v.days * by;
    double u = st->op == OP_DIV ? (double)v.micros / by : (double)v.micros * by;
    u += (double)MILL_MICROS_DAY * (d - trunc(d));
    if (fabs(m) < 2147483648.0 && fabs(d) < 2147483648.0 && fabs(u) < 0x1p63)
      r[i] = (mill_interval){(int32_t)m, (int32_t)d, (int64_t)floor(u + 0.5)};
    else
      MILL_TRY(mill_arith_overflow(call, args, i, out, err));
  }
  return MILL_OK;
}

KERNEL_HEAD(interval_quotient) {
  int64_t *r = out->data;
  MILL_EACH(out, n, i) {
    int64_t a = (int64_t)mill_int_at(args[0], i), b = (int64_t)mill_int_at(args[1], i);
    r[i] = 0;
    if (b == 0)
      MILL_TRY(mill_arith_by_zero(call, i, out, err));
    else if (b == -1 && a == INT64_MIN)
      MILL_TRY(mill_arith_overflow(call, args, i, out, err));
    else
      r[i] = a / b;
  }
  return MILL_OK;
}

/* ---- binding -------------------------------------------------------------------------------- */

static const char any_stamp[] =
    "(\"(TIMESTAMP OR TIMESTAMP WITHOUT TIME ZONE)\" or \"(TIMESTAMP_LTZ(P) OR "
    "TIMESTAMP_NTZ(P) WITH P IN [7, 9])\")";

static bool is_stamp(const mill_type *t) {
  return t->id == MILL_TIMESTAMP || t->id == MILL_TIMESTAMP_NTZ;
}
static bool is_ansi_interval(const mill_type *t) {
  return t->id == MILL_INTERVAL_YM || t->id == MILL_INTERVAL_DT;
}
static bool is_interval(const mill_type *t) {
  return is_ansi_interval(t) || t->id == MILL_INTERVAL;
}

static mill_status done_with(mill_binding *b, const mill_type *result, mill_kernel kernel,
                             bool *done) {
  b->result = result;
  b->kernel = kernel;
  *done = true;
  return result ? MILL_OK : MILL_E_OUT_OF_MEMORY;
}

/* How Spark prints the call, from the texts of its operands; what try_add and its like were written
** as stays. */
static mill_status shown_as(mill_binding *b, const arith *st, const char *form, int first,
                            mill_error *err) {
  if (st->mode == ARITH_TRY) return MILL_OK;
  b->shown = mill_error_fmt(err, form, mill_arg_sql(b, first), mill_arg_sql(b, 1 - first));
  return MILL_OK;
}

/* date_add's second argument is no number of days. A text beside a date has become one. */
static mill_status wrong_days(mill_binding *b, const arith *st, int date, mill_error *err) {
  bool text = b->arg_type[1 - date]->id == MILL_STRING;
  int first = text ? 0 : date;
  const mill_type *t = text ? b->arg_type[date] : b->arg_type[1 - date];
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_UNEXPECTED_INPUT_TYPE, "sqlExpr",
                   mill_error_fmt(err, "\"date_%s(%s, %s)\"", st->op == OP_ADD ? "add" : "sub",
                                  mill_arg_sql(b, first), mill_arg_sql(b, 1 - first)),
                   "paramIndex", mill_ordinal(1), "requiredType",
                   "(\"INT\" or \"SMALLINT\" or \"TINYINT\")", "inputSql",
                   mill_error_fmt(err, "\"%s\"", mill_arg_sql(b, 1 - first)), "inputType",
                   mill_bind_type_sql(b, t, err), NULL);
}

/* date + n. The name that Spark gives the call is date_add's, with the date first. */
static mill_status bind_date_days(mill_binding *b, arith *st, int date, bool *done,
                                  mill_error *err) {
  const mill_type *t = b->arg_type[1 - date];
  MILL_TRY(shown_as(b, st, st->op == OP_ADD ? "date_add(%s, %s)" : "date_sub(%s, %s)", date, err));
  if (t->id == MILL_DATE || !(t->id >= MILL_TINYINT && t->id <= MILL_INT))
    return wrong_days(b, st, date, err);
  st->flip = date == 1;
  return done_with(b, mill_type_of(MILL_DATE), date_days, done);
}

/* As many digits as the time has, or the interval, whose seconds have six. */
static mill_status bind_time_moved(mill_binding *b, const mill_type *time, const mill_type *by,
                                   bool *done, mill_error *err) {
  MILL_TRY(mill_bind_times(b, err));
  bool whole = by->id == MILL_INTERVAL_DT && by->end != MILL_SECOND;
  int digits = whole || time->precision > 6 ? time->precision : 6;
  return done_with(b, mill_type_time(b->ctx->types, digits), time_interval, done);
}

static mill_status bind_moved(mill_binding *b, arith *st, int side, bool *done, mill_error *err) {
  const mill_type *l = b->arg_type[side], *by = b->arg_type[1 - side];
  bool days = l->id == MILL_DATE && by->id == MILL_INTERVAL_DT && by->start == MILL_DAY &&
              by->end == MILL_DAY;
  const char *form = st->op == OP_ADD ? "%s + %s" : "%s - %s";
  if (days)
    form = st->op == OP_ADD ? "date_add(%s, extractansiintervaldays(%s))"
                            : "date_add(%s, (- extractansiintervaldays(%s)))";
  st->flip = side == 1;
  MILL_TRY(shown_as(b, st, form, side, err));
  if (l->id == MILL_TIME) return bind_time_moved(b, l, by, done, err);
  if (is_stamp(l)) return done_with(b, l, timestamp_interval, done);
  if (mill_type_is_nanos(l)) return done_with(b, l, nanos_interval, done);
  if (days) return done_with(b, l, date_day_interval, done);
  if (by->id != MILL_INTERVAL_DT) return done_with(b, l, date_interval, done);
  b->cast_to[side] = mill_type_of(MILL_TIMESTAMP);
  return done_with(b, b->cast_to[side], timestamp_interval, done);
}

static mill_status bind_interval_sum(mill_binding *b, arith *st, const mill_type *l,
                                     const mill_type *r, bool *done) {
  if (l->id == MILL_NULL) l = r;
  if (r->id == MILL_NULL) r = l;
  if (l->id != r->id) return MILL_OK;
  const mill_type *t = mill_common_type(b->ctx->types, l, r);
  st->interval = true;
  b->cast_to[0] = b->cast_to[1] = t;
  return done_with(b, t,
                   l->id == MILL_INTERVAL      ? calendar_sum
                   : l->id == MILL_INTERVAL_YM ? ym_sum
                                               : dt_sum,
                   done);
}

static const mill_type *in_micros(const mill_type *t) {
  return t->id == MILL_TIMESTAMP_NANOS       ? mill_type_of(MILL_TIMESTAMP)
         : t->id == MILL_TIMESTAMP_NTZ_NANOS ? mill_type_of(MILL_TIMESTAMP_NTZ)
                                             : t;
}

/* date - date, timestamp - anything like one, time - time. */
static mill_status bind_difference(mill_binding *b, const arith *st, bool *done, mill_error *err) {
  const mill_type *l = in_micros(b->arg_type[0]), *r = in_micros(b->arg_type[1]);
  mill_types *types = b->ctx->types;
  if (is_stamp(l) || is_stamp(r)) {
    const mill_type *t = mill_common_type(types, l, r);
    if (t == NULL || !is_stamp(t)) t = is_stamp(l) ? l : r;
    for (int i = 0; i < 2; i++)
      if (!mill_implicit_cast(i ? r : l, t, false))
        return mill_bind_wrong_type(b, i, any_stamp, err);
    b->cast_to[0] = b->cast_to[1] = t;
    return done_with(b, mill_type_of(MILL_INTERVAL_DT), timestamp_minus_timestamp, done);
  }
  bool nulls = l->id == MILL_NULL || r->id == MILL_NULL;
  bool texts = l->id == MILL_STRING || r->id == MILL_STRING;
  if ((l->id == MILL_TIME || r->id == MILL_TIME) && (l->id == r->id || nulls || texts)) {
    MILL_TRY(mill_bind_times(b, err));
    for (int i = 0; i < 2; i++)
      if (b->arg_type[i]->id != MILL_TIME) b->cast_to[i] = mill_type_time(types, 6);
    MILL_TRY(shown_as(b, st, "%s - %s", 0, err));
    return done_with(b, mill_type_interval(types, MILL_INTERVAL_DT, MILL_HOUR, MILL_SECOND),
                     time_minus_time, done);
  }
  bool dates = (r->id == MILL_DATE && mill_implicit_cast(l, r, false)) ||
               (l->id == MILL_DATE && (r->id == MILL_STRING || r->id == MILL_NULL));
  if (dates) {
    b->cast_to[0] = b->cast_to[1] = mill_type_of(MILL_DATE);
    return done_with(b, mill_type_interval(types, MILL_INTERVAL_DT, MILL_DAY, MILL_DAY),
                     date_minus_date, done);
  }
  if (r->id == MILL_DATE) return mill_bind_wrong_type(b, 0, "\"DATE\"", err);
  return MILL_OK;
}

/* Days or a calendar interval move anything that is a timestamp or becomes one. */
static mill_status bind_other_moved(mill_binding *b, arith *st, int side, bool *done,
                                    mill_error *err) {
  const char *form = st->op == OP_ADD ? "%s + %s" : "%s - %s";
  if (b->arg_type[side]->id != MILL_STRING)
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_UNEXPECTED_INPUT_TYPE, "sqlExpr",
                     mill_error_fmt(err, st->op == OP_ADD ? "\"%s + %s\"" : "\"%s + (- %s)\"",
                                    mill_arg_sql(b, side), mill_arg_sql(b, 1 - side)),
                     "paramIndex", mill_ordinal(0), "requiredType", any_stamp, "inputSql",
                     mill_error_fmt(err, "\"%s\"", mill_arg_sql(b, side)), "inputType",
                     mill_bind_type_sql(b, b->arg_type[side], err), NULL);
  b->cast_to[side] = mill_type_of(MILL_TIMESTAMP);
  st->flip = side == 1;
  MILL_TRY(shown_as(b, st, form, side, err));
  return done_with(b, mill_type_of(MILL_STRING), text_interval, done);
}

static mill_status bind_sum(mill_binding *b, arith *st, bool *done, mill_error *err) {
  const mill_type *l = b->arg_type[0], *r = b->arg_type[1];
  bool add = st->op == OP_ADD;
  bool nulls = l->id == MILL_NULL || r->id == MILL_NULL;
  for (int side = 0; side < (add ? 2 : 1); side++) {
    const mill_type *x = b->arg_type[side], *by = b->arg_type[1 - side];
    bool moves = is_interval(by) && (x->id != MILL_TIME || by->id == MILL_INTERVAL_DT);
    bool point = x->id == MILL_DATE || is_stamp(x) || x->id == MILL_TIME || mill_type_is_nanos(x);
    if (point && moves) return bind_moved(b, st, side, done, err);
    if (add && (x->id == MILL_DATE || is_stamp(x) || x->id == MILL_TIME) && by->id == MILL_NULL) {
      b->cast_to[1 - side] = mill_type_of(MILL_INTERVAL_DT);
      if (x->id == MILL_TIME) return bind_moved(b, st, side, done, err);
      b->cast_to[side] = is_stamp(x) ? x : mill_type_of(MILL_TIMESTAMP);
      st->flip = side == 1;
      MILL_TRY(shown_as(b, st, "%s + %s", side, err));
      return done_with(b, b->cast_to[side], timestamp_interval, done);
    }
  }
  if ((is_interval(l) && l->id == r->id) || (nulls && (is_interval(l) || is_interval(r))))
    return bind_interval_sum(b, st, l, r, done);
  if (is_interval(r) && r->id != MILL_INTERVAL_YM) return bind_other_moved(b, st, 0, done, err);
  if (add && is_interval(l) && l->id != MILL_INTERVAL_YM)
    return bind_other_moved(b, st, 1, done, err);
  if (!add) MILL_TRY(bind_difference(b, st, done, err));
  if (*done) return MILL_OK;
  if (l->id == MILL_DATE) return bind_date_days(b, st, 0, done, err);
  if (add && r->id == MILL_DATE) return bind_date_days(b, st, 1, done, err);
  return MILL_OK;
}

/* interval * number (either way round), interval / number. */
static mill_status bind_scaled(mill_binding *b, arith *st, int side, bool *done, mill_error *err) {
  const mill_type *t = b->arg_type[side], *by = b->arg_type[1 - side];
  bool calendar = t->id == MILL_INTERVAL;
  st->flip = side == 1;
  st->interval = true;
  const char *form = st->op == OP_MUL ? "(%s * %s)" : "(%s / %s)";
  if (calendar) form = st->op == OP_MUL ? "multiply_interval(%s, %s)" : "divide_interval(%s, %s)";
  MILL_TRY(shown_as(b, st, form, side, err));
  if (!mill_type_numeric(by) && by->id != MILL_STRING && by->id != MILL_NULL)
    return mill_bind_wrong_type(b, 1 - side, calendar ? "\"DOUBLE\"" : "\"NUMERIC\"", err);
  const mill_type *to = mill_type_of(MILL_DOUBLE);
  if (!calendar && mill_type_integral(by)) to = mill_type_of(MILL_BIGINT);
  if (!calendar && by->id == MILL_DECIMAL) to = by;
  b->cast_to[1 - side] = to;
  return done_with(b, mill_type_of(t->id), calendar ? calendar_scaled : interval_scaled, done);
}

mill_status mill_arith_time(mill_binding *b, arith *st, bool *done, mill_error *err) {
  const mill_type *l = b->arg_type[0], *r = b->arg_type[1];
  *done = false;
  mill_status s = MILL_OK;
  switch (st->op) {
  case OP_ADD:
  case OP_SUB: s = bind_sum(b, st, done, err); break;
  case OP_MUL:
    if (is_interval(l))
      s = bind_scaled(b, st, 0, done, err);
    else if (is_interval(r))
      s = bind_scaled(b, st, 1, done, err);
    break;
  case OP_DIV:
    if (is_interval(l)) s = bind_scaled(b, st, 0, done, err);
    break;
  case OP_IDIV:
    if (!is_ansi_interval(l) && !is_ansi_interval(r)) break;
    if (l->id == MILL_NULL) b->cast_to[0] = r;
    if (r->id == MILL_NULL) b->cast_to[1] = l;
    if (b->cast_to[0]->id != b->cast_to[1]->id) break;
    s = done_with(b, mill_type_of(MILL_BIGINT), interval_quotient, done);
    break;
  default: break;
  }
  if (*done) b->nullable |= st->mode == ARITH_TRY || st->op == OP_IDIV;
  return s == MILL_E_OUT_OF_MEMORY ? mill_oom(b->ctx->memory, sizeof *st, err) : s;
}

mill_kernel mill_arith_calendar_negative(void) { return calendar_negative; }
