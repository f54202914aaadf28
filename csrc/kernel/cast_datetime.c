/* Casts to DATE, TIMESTAMP, TIMESTAMP_NTZ and TIME, and their texts. TIMESTAMP is an instant: its
** local side is that of the session's zone. Numbers are seconds. */
#include "base/calendar.h"
#include "base/timezone.h"
#include "kernel/cast_int.h"

enum { NANOS_PER_MICRO = 1000 };

const mill_zone *mill_session_zone(const mill_settings *set) {
  return set->zone ? set->zone : mill_zone_utc();
}

/* ---- from text ------------------------------------------------------------------------------ */

CAST_KERNEL(string_to_date) {
  int32_t *r = out->data;
  MILL_EACH(out, n, i) {
    const mill_str *s = &MILL_AT(mill_str, args[0], i);
    r[i] = 0;
    if (!mill_date_parse(mill_str_data(s), s->size, &r[i]))
      MILL_TRY(mill_cast_invalid(call, args[0], i, out, err));
  }
  return MILL_OK;
}

CAST_KERNEL(string_to_timestamp) {
  const cast_plan *plan = call->state;
  mill_timestamp_rules rules = {.zones = call->ctx->zones,
                                .zone = mill_session_zone(call->set),
                                .now = mill_settings_now(call->set),
                                .ntz = plan->to->id == MILL_TIMESTAMP_NTZ,
                                .allow_zone = true};
  int64_t *r = out->data;
  MILL_EACH(out, n, i) {
    const mill_str *s = &MILL_AT(mill_str, args[0], i);
    r[i] = 0;
    if (mill_timestamp_parse(&rules, mill_str_data(s), s->size, &r[i])) continue;
    MILL_TRY(mill_zones_check(err));
    MILL_TRY(mill_cast_invalid(call, args[0], i, out, err));
  }
  return MILL_OK;
}

/* Nanoseconds cut to the digits that TIME(p) keeps. */
static int64_t cut_time(int64_t nanos, int precision) {
  int64_t unit = (int64_t)mill_pow10(9 - precision);
  return nanos - nanos % unit;
}

CAST_KERNEL(string_to_time) {
  int64_t *r = out->data;
  MILL_EACH(out, n, i) {
    const mill_str *s = &MILL_AT(mill_str, args[0], i);
    r[i] = 0;
    if (mill_time_parse(mill_str_data(s), s->size, &r[i]))
      r[i] = cut_time(r[i], out->type->precision);
    else
      MILL_TRY(mill_cast_invalid(call, args[0], i, out, err));
  }
  return MILL_OK;
}

/* ---- among dates, timestamps and times ------------------------------------------------------ */

CAST_KERNEL(local_to_date) {
  const mill_zone *zone = args[0]->type->id == MILL_TIMESTAMP ? mill_session_zone(call->set) : NULL;
  int32_t *r = out->data;
  (void)err;
  MILL_EACH(out, n, i) {
    int64_t v = MILL_AT(int64_t, args[0], i);
    r[i] = (int32_t)mill_floor_div(zone ? mill_zone_to_local(zone, v) : v, MILL_MICROS_DAY);
  }
  return MILL_OK;
}

/* Midnights of UTC; false where one is beyond the range. */
static bool utc_midnights(const mill_vector *v, size_t n, int64_t *r) {
  const int32_t most = INT64_MAX / MILL_MICROS_DAY;
  const int32_t *days = v->data;
  const uint32_t mask = v->mask;
  bool beyond = false;
  for (size_t i = 0; i < n; i++) {
    const int32_t day = days[i & mask];
    beyond |= day > most || day < -most;
    r[i] = (int64_t)((uint64_t)day * MILL_MICROS_DAY); /* what runs over is made again */
  }
  return !beyond;
}

/* Midnights of a zone; NULL: of local times. */
static mill_status midnights(mill_call *call, const mill_vector *v, size_t n, const mill_zone *zone,
                             mill_vector *out, mill_error *err) {
  int64_t *r = out->data;
  if ((zone == NULL || mill_zone_is_utc(zone)) && utc_midnights(v, n, r)) return MILL_OK;
  MILL_EACH(out, n, i) {
    int64_t local;
    r[i] = 0;
    bool fits = !__builtin_mul_overflow((int64_t)MILL_AT(int32_t, v, i), MILL_MICROS_DAY, &local);
    if (fits && zone == NULL)
      r[i] = local;
    else if (!fits || !mill_zone_to_utc(zone, local, &r[i]))
      MILL_TRY(mill_cast_overflow(call, v, i, out, err));
  }
  return MILL_OK;
}

CAST_KERNEL(date_to_timestamp) {
  return midnights(call, args[0], n, mill_session_zone(call->set), out, err);
}

CAST_KERNEL(date_to_ntz) { return midnights(call, args[0], n, NULL, out, err); }

CAST_KERNEL(ntz_to_timestamp) {
  const mill_zone *zone = mill_session_zone(call->set);
  int64_t *r = out->data;
  if (mill_zone_is_utc(zone)) {
    mill_copy_fixed(out, args[0], n);
    return MILL_OK;
  }
  MILL_EACH(out, n, i) {
    r[i] = 0;
    if (!mill_zone_to_utc(zone, MILL_AT(int64_t, args[0], i), &r[i]))
      MILL_TRY(mill_cast_overflow(call, args[0], i, out, err));
  }
  return MILL_OK;
}

CAST_KERNEL(timestamp_to_ntz) {
  const mill_zone *zone = mill_session_zone(call->set);
  int64_t *r = out->data;
  (void)err;
  MILL_EACH(out, n, i) r[i] = mill_zone_to_local(zone, MILL_AT(int64_t, args[0], i));
  return MILL_OK;
}

CAST_KERNEL(local_to_time) {
  const mill_zone *zone = args[0]->type->id == MILL_TIMESTAMP ? mill_session_zone(call->set) : NULL;
  int64_t *r = out->data;
  (void)err;
  MILL_EACH(out, n, i) {
    int64_t v = MILL_AT(int64_t, args[0], i);
    v = mill_floor_mod(zone ? mill_zone_to_local(zone, v) : v, MILL_MICROS_DAY);
    r[i] = cut_time(v * NANOS_PER_MICRO, out->type->precision);
  }
  return MILL_OK;
}

CAST_KERNEL(time_to_time) {
  int64_t *r = out->data;
  (void)call, (void)err;
  MILL_EACH(out, n, i) r[i] = cut_time(MILL_AT(int64_t, args[0], i), out->type->precision);
  return MILL_OK;
}

/* ---- seconds -------------------------------------------------------------------------------- */

CAST_KERNEL(int_to_timestamp) {
  int64_t *r = out->data;
  bool flag = args[0]->type->id == MILL_BOOLEAN; /* legacy: true is one microsecond */
  (void)call, (void)err;
  MILL_EACH(out, n, i) {
    int64_t v = (int64_t)mill_int_at(args[0], i);
    if (flag)
      r[i] = v;
    else if (__builtin_mul_overflow(v, 1000000, &r[i]))
      r[i] = v < 0 ? INT64_MIN : INT64_MAX;
  }
  return MILL_OK;
}

CAST_KERNEL(decimal_to_timestamp) {
  int64_t *r = out->data;
  (void)call, (void)err;
  MILL_EACH(out, n, i) {
    mill_i128 v = 0;
    if (!mill_decimal_rescale(mill_int_at(args[0], i), args[0]->type->scale, 6, MILL_DECIMAL_MAX,
                              MILL_DOWN, &v))
      v = 0;
    r[i] = (int64_t)v;
  }
  return MILL_OK;
}

CAST_KERNEL(float_to_timestamp) {
  const cast_plan *plan = call->state;
  bool wide = args[0]->type->id == MILL_DOUBLE, legacy = plan->mode == MILL_CAST_LEGACY;
  int64_t *r = out->data;
  MILL_EACH(out, n, i) {
    double d = wide ? MILL_AT(double, args[0], i) : (double)MILL_AT(float, args[0], i);
    double micros = d * 1e6;
    r[i] = 0;
    if (d - d != 0)
      MILL_TRY(mill_cast_invalid(call, args[0], i, out, err));
    else if (micros >= -0x1p63 && micros < 0x1p63)
      r[i] = (int64_t)micros;
    else if (legacy)
      r[i] = micros < 0 ? INT64_MIN : INT64_MAX;
    else
      MILL_TRY(mill_cast_overflow(call, args[0], i, out, err));
  }
  return MILL_OK;
}

static mill_kernel to_timestamp(const mill_type *from) {
  switch (from->id) {
  case MILL_STRING: return string_to_timestamp;
  case MILL_DATE: return date_to_timestamp;
  case MILL_TIMESTAMP_NTZ: return ntz_to_timestamp;
  case MILL_FLOAT:
  case MILL_DOUBLE: return float_to_timestamp;
  case MILL_DECIMAL: return decimal_to_timestamp;
  default: return from->id >= MILL_BOOLEAN && from->id <= MILL_BIGINT ? int_to_timestamp : NULL;
  }
}

mill_kernel mill_cast_datetime(const mill_type *from, const mill_type *to) {
  bool local = from->id == MILL_TIMESTAMP || from->id == MILL_TIMESTAMP_NTZ;
  switch (to->id) {
  case MILL_DATE: return from->id == MILL_STRING ? string_to_date : local ? local_to_date : NULL;
  case MILL_TIMESTAMP: return to_timestamp(from);
  case MILL_TIMESTAMP_NTZ:
    if (from->id == MILL_STRING) return string_to_timestamp;
    if (from->id == MILL_DATE) return date_to_ntz;
    return from->id == MILL_TIMESTAMP ? timestamp_to_ntz : NULL;
  default:
    if (from->id == MILL_STRING) return string_to_time;
    if (from->id == MILL_TIME) return time_to_time;
    return local ? local_to_time : NULL;
  }
}

mill_status mill_print_datetime(value_printer *p, const mill_type *t, int64_t v) {
  char buf[MILL_TIMESTAMP_TEXT];
  int n;
  switch (t->id) {
  case MILL_DATE: n = mill_date_text(v, buf); break;
  case MILL_TIME: n = mill_time_text(v, buf); break;
  default:
    n = mill_timestamp_text(v, t->id == MILL_TIMESTAMP ? mill_session_zone(p->set) : NULL, buf);
  }
  return mill_text_add(p->out, buf, (size_t)n, p->err);
}
