/* Casts to DATE, TIMESTAMP, TIMESTAMP_NTZ and TIME, and their texts. */
#include "kernel/cast_int.h"

mill_kernel mill_cast_datetime(const mill_type *from, const mill_type *to) {
  (void)from, (void)to;
  return NULL;
}

mill_status mill_print_datetime(value_printer *p, const mill_type *t, int64_t v) {
  (void)t;
  return mill_text_printf(p->out, p->err, "%lld", (long long)v);
}
