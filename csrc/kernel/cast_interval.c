/* Casts to the interval types, and their texts. A number counts units of the type's last field; a
** wider interval is cut to the fields that the type has. */
#include "base/calendar.h"
#include "kernel/cast_int.h"

static const int64_t unit_micros[] = {86400000000, 3600000000, 60000000, 1000000};

/* Months or microseconds of one unit of the type's last field. */
static int64_t unit_of(const mill_type *t) {
  if (t->id == MILL_INTERVAL_YM) return t->end == MILL_YEAR ? 12 : 1;
  return unit_micros[t->end];
}

static void store(mill_vector *out, size_t i, int64_t v) {
  if (out->type->phys == MILL_PHYS_I32)
    ((int32_t *)out->data)[i] = (int32_t)v;
  else
    ((int64_t *)out->data)[i] = v;
}

CAST_KERNEL(number_to_interval) {
  int64_t unit = unit_of(out->type);
  const mill_type *from = args[0]->type;
  int scale = from->id == MILL_DECIMAL ? from->scale : 0;
  bool months = out->type->id == MILL_INTERVAL_YM;
  MILL_EACH(out, n, i) {
    mill_i128 v = 0;
    bool ok = mill_decimal_mul(mill_int_at(args[0], i), scale, unit, 0, MILL_DECIMAL_MAX, 0, &v);
    ok = ok && (months ? v == (int32_t)v : v == (int64_t)v);
    store(out, i, ok ? (int64_t)v : 0);
    if (!ok) MILL_TRY(mill_cast_overflow(call, args[0], i, out, err));
  }
  return MILL_OK;
}

CAST_KERNEL(cut_interval) {
  int64_t unit =
      out->type->end == MILL_SECOND && out->type->id == MILL_INTERVAL_DT ? 1 : unit_of(out->type);
  (void)call, (void)err;
  MILL_EACH(out, n, i) {
    int64_t v = (int64_t)mill_int_at(args[0], i);
    store(out, i, v - v % unit);
  }
  return MILL_OK;
}

mill_kernel mill_cast_interval(const mill_type *from, const mill_type *to) {
  if (from->id == MILL_STRING) return mill_cast_interval_text(to);
  if (to->id == MILL_INTERVAL) return NULL;
  if (from->id == to->id) return cut_interval;
  return mill_type_integral(from) || from->id == MILL_DECIMAL ? number_to_interval : NULL;
}

/* ---- texts ---------------------------------------------------------------------------------- */

/* Digits of a fraction of a second, without the zeros at its end; with the point. */
static mill_status put_fraction(value_printer *p, uint64_t micros) {
  char buf[8];
  if (micros == 0) return MILL_OK;
  snprintf(buf, sizeof buf, "%06u", (unsigned)micros);
  size_t n = 6;
  while (buf[n - 1] == '0') n--;
  MILL_TRY(mill_text_addc(p->out, '.', p->err));
  return mill_text_add(p->out, buf, n, p->err);
}

static mill_status put_day_time(value_printer *p, const mill_type *t, int64_t v) {
  static const char *const before[] = {"", " ", ":", ":"};
  uint64_t rest = v < 0 ? -(uint64_t)v : (uint64_t)v;
  if (v < 0) MILL_TRY(mill_text_addc(p->out, '-', p->err));
  for (int f = t->start; f <= t->end; f++) {
    uint64_t count = rest / (uint64_t)unit_micros[f];
    rest -= count * (uint64_t)unit_micros[f];
    const char *fmt = f == MILL_DAY ? "%s%llu" : "%s%02llu";
    const char *gap = f == t->start ? "" : before[f];
    MILL_TRY(mill_text_printf(p->out, p->err, fmt, gap, (unsigned long long)count));
  }
  return t->end == MILL_SECOND ? put_fraction(p, rest) : MILL_OK;
}

static mill_status put_year_month(value_printer *p, const mill_type *t, int64_t v) {
  uint64_t months = v < 0 ? -(uint64_t)v : (uint64_t)v;
  const char *sign = v < 0 ? "-" : "";
  if (t->start != t->end)
    return mill_text_printf(p->out, p->err, "%s%llu-%llu", sign, (unsigned long long)(months / 12),
                            (unsigned long long)(months % 12));
  if (t->end == MILL_YEAR) months /= 12;
  return mill_text_printf(p->out, p->err, "%s%llu", sign, (unsigned long long)months);
}

/* INTERVAL '1-2' YEAR TO MONTH */
mill_status mill_print_interval(value_printer *p, const mill_type *t, int64_t v) {
  MILL_TRY(mill_text_adds(p->out, "INTERVAL '", p->err));
  MILL_TRY(t->id == MILL_INTERVAL_YM ? put_year_month(p, t, v) : put_day_time(p, t, v));
  MILL_TRY(mill_text_adds(p->out, "'", p->err));
  size_t at = p->out->size;
  MILL_TRY(mill_type_sql(t, p->out, p->err));
  memmove(p->out->data + at, p->out->data + at + 8, p->out->size - at - 8); /* less "INTERVAL" */
  p->out->size -= 8;
  p->out->data[p->out->size] = '\0';
  return MILL_OK;
}

static mill_status put_unit(value_printer *p, size_t start, int64_t v, const char *unit) {
  if (v == 0) return MILL_OK;
  const char *gap = p->out->size > start ? " " : "";
  return mill_text_printf(p->out, p->err, "%s%lld %s", gap, (long long)v, unit);
}

static mill_status put_seconds(value_printer *p, size_t start, int64_t rest) {
  uint64_t micros = rest < 0 ? -(uint64_t)rest : (uint64_t)rest;
  if (rest == 0) return MILL_OK;
  MILL_TRY(mill_text_printf(p->out, p->err, "%s%s%llu", p->out->size > start ? " " : "",
                            rest < 0 ? "-" : "", (unsigned long long)(micros / 1000000)));
  MILL_TRY(put_fraction(p, micros % 1000000));
  return mill_text_adds(p->out, " seconds", p->err);
}

/* 1 years 2 months 3 days 4 hours 5 minutes 6.5 seconds */
mill_status mill_print_calendar(value_printer *p, const mill_interval *v) {
  size_t start = p->out->size;
  MILL_TRY(put_unit(p, start, v->months / 12, "years"));
  MILL_TRY(put_unit(p, start, v->months % 12, "months"));
  MILL_TRY(put_unit(p, start, v->days, "days"));
  MILL_TRY(put_unit(p, start, v->micros / unit_micros[MILL_HOUR], "hours"));
  int64_t rest = v->micros % unit_micros[MILL_HOUR];
  MILL_TRY(put_unit(p, start, rest / unit_micros[MILL_MINUTE], "minutes"));
  MILL_TRY(put_seconds(p, start, rest % unit_micros[MILL_MINUTE]));
  return p->out->size > start ? MILL_OK : mill_text_adds(p->out, "0 seconds", p->err);
}
