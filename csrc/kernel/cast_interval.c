/* Casts to the interval types, and their texts. */
#include "kernel/cast_int.h"

mill_kernel mill_cast_interval(const mill_type *from, const mill_type *to) {
  (void)from, (void)to;
  return NULL;
}

static const char *const dt_names[] = {"DAY", "HOUR", "MINUTE", "SECOND"};

mill_status mill_print_calendar(value_printer *p, const mill_interval *v) {
  return mill_text_printf(p->out, p->err, "%d months %d days %lld", v->months, v->days,
                          (long long)v->micros);
}

mill_status mill_print_interval(value_printer *p, const mill_type *t, int64_t v) {
  (void)t;
  (void)dt_names;
  return mill_text_printf(p->out, p->err, "%lld", (long long)v);
}
