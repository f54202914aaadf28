/* Casts to and from timestamps of nanoseconds, and their texts. A value is split into microseconds, which
** go the way of TIMESTAMP and TIMESTAMP_NTZ, and the three digits behind them. */
#include "base/calendar.h"
#include "kernel/cast_int.h"

enum { MICRO = 1000 };

static bool is_instant(const mill_type *t) {
  return t->id == MILL_TIMESTAMP || t->id == MILL_TIMESTAMP_NANOS;
}

int64_t mill_nanos_split(mill_i128 v, int *rest) {
  mill_i128 micros = v / MICRO;
  *rest = (int)(v - micros * MICRO);
  if (*rest < 0) *rest += MICRO, micros--;
  return (int64_t)micros;
}

static mill_i128 joined(int64_t micros, int rest, const mill_type *t) {
  int unit = t->precision == 7 ? 100 : t->precision == 8 ? 10 : 1;
  return (mill_i128)micros * MICRO + rest - rest % unit;
}

/* The microseconds of row i, and the digits behind them. */
static int64_t micros_at(const mill_vector *v, size_t i, int *rest) {
  *rest = 0;
  if (v->type->id == MILL_DATE) return (int64_t)MILL_AT(int32_t, v, i) * MILL_MICROS_DAY;
  if (!mill_type_is_nanos(v->type)) return MILL_AT(int64_t, v, i);
  return mill_nanos_split(MILL_AT(mill_i128, v, i), rest);
}

/* From the clock of the first type to that of the second: local, or the instant. */
static bool rezone(const mill_zone *zone, const mill_type *from, const mill_type *to,
                   int64_t *micros) {
  if (is_instant(from) == is_instant(to)) return true;
  if (is_instant(to)) return mill_zone_to_utc(zone, *micros, micros);
  *micros = mill_zone_to_local(zone, *micros);
  return true;
}

static void put_stamp(mill_vector *out, size_t i, int64_t micros, int rest) {
  if (mill_type_is_nanos(out->type))
    ((mill_i128 *)out->data)[i] = joined(micros, rest, out->type);
  else
    ((int64_t *)out->data)[i] = micros;
}

CAST_KERNEL(stamp_to_stamp) {
  const mill_zone *zone = mill_session_zone(call->set);
  MILL_EACH(out, n, i) {
    int rest;
    int64_t micros = micros_at(args[0], i, &rest);
    if (rezone(zone, args[0]->type, out->type, &micros))
      put_stamp(out, i, micros, rest);
    else
      MILL_TRY(mill_cast_overflow(call, args[0], i, out, err));
  }
  return MILL_OK;
}

CAST_KERNEL(text_to_stamp) {
  mill_timestamp_rules rules = {.zones = call->ctx->zones,
                                .zone = mill_session_zone(call->set),
                                .now = mill_settings_now(call->set),
                                .ntz = !is_instant(out->type),
                                .allow_zone = true};
  MILL_EACH(out, n, i) {
    const mill_str *s = &MILL_AT(mill_str, args[0], i);
    int64_t micros = 0;
    int rest = 0;
    if (mill_timestamp_parse_nanos(&rules, mill_str_data(s), s->size, &micros, &rest))
      put_stamp(out, i, micros, rest);
    else
      MILL_TRY(mill_cast_invalid(call, args[0], i, out, err));
  }
  return MILL_OK;
}

/* A time of day is of the day on which the query began. */
CAST_KERNEL(time_to_stamp) {
  const mill_zone *zone = mill_session_zone(call->set);
  int64_t today = mill_zone_to_local(zone, mill_settings_now(call->set));
  today -= mill_floor_mod(today, MILL_MICROS_DAY);
  MILL_EACH(out, n, i) {
    int64_t time = MILL_AT(int64_t, args[0], i), micros = today + time / MICRO;
    if (is_instant(out->type) && !mill_zone_to_utc(zone, micros, &micros))
      MILL_TRY(mill_cast_overflow(call, args[0], i, out, err));
    else
      put_stamp(out, i, micros, (int)(time % MICRO));
  }
  return MILL_OK;
}

CAST_KERNEL(stamp_to_date) {
  const mill_zone *zone = is_instant(args[0]->type) ? mill_session_zone(call->set) : NULL;
  int32_t *r = out->data;
  (void)err;
  MILL_EACH(out, n, i) {
    int rest;
    int64_t micros = micros_at(args[0], i, &rest);
    r[i] =
        (int32_t)mill_floor_div(zone ? mill_zone_to_local(zone, micros) : micros, MILL_MICROS_DAY);
  }
  return MILL_OK;
}

CAST_KERNEL(stamp_to_time) {
  const mill_zone *zone = is_instant(args[0]->type) ? mill_session_zone(call->set) : NULL;
  int64_t *r = out->data, unit = (int64_t)mill_pow10(9 - out->type->precision);
  (void)err;
  MILL_EACH(out, n, i) {
    int rest;
    int64_t micros = micros_at(args[0], i, &rest);
    micros = mill_floor_mod(zone ? mill_zone_to_local(zone, micros) : micros, MILL_MICROS_DAY);
    r[i] = micros * MICRO + rest;
    r[i] -= r[i] % unit;
  }
  return MILL_OK;
}

mill_kernel mill_cast_nanos(const mill_type *from, const mill_type *to) {
  switch (from->id) {
  case MILL_STRING: return text_to_stamp;
  case MILL_TIME: return time_to_stamp;
  case MILL_DATE:
  case MILL_TIMESTAMP:
  case MILL_TIMESTAMP_NTZ: return stamp_to_stamp;
  case MILL_TIMESTAMP_NANOS:
  case MILL_TIMESTAMP_NTZ_NANOS:
    return to->id == MILL_DATE   ? stamp_to_date
           : to->id == MILL_TIME ? stamp_to_time
                                 : stamp_to_stamp;
  default: return NULL;
  }
}

mill_status mill_print_nanos(value_printer *p, const mill_type *t, mill_i128 v) {
  char buf[MILL_TIMESTAMP_TEXT];
  int rest;
  int64_t micros = mill_nanos_split(v, &rest);
  const mill_zone *zone = is_instant(t) ? mill_session_zone(p->set) : NULL;
  int n = mill_timestamp_text_nanos(micros, rest, zone, buf);
  return mill_text_add(p->out, buf, (size_t)n, p->err);
}
