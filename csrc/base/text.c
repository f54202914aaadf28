#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

void mill_text_clear(mill_text *t) {
  mill_free(t->memory, t->data, t->capacity);
  mill_text_init(t, t->memory);
}

mill_status mill_text_grow(mill_text *t, size_t n, mill_error *err) {
  if (n > SIZE_MAX / 2 - t->size) return mill_oom(t->memory, n, err);
  return mill_grow(t->memory, (void **)&t->data, &t->capacity, t->size + n + 1, 1, err);
}

/* One pass into what room there is, a second one when that did not do. */
mill_status mill_text_printf(mill_text *t, mill_error *err, const char *fmt, ...) {
  MILL_TRY(mill_text_reserve(t, 64, err));
  for (;;) {
    va_list args;
    va_start(args, fmt);
    size_t room = t->capacity - t->size;
    int n = vsnprintf(t->data + t->size, room, fmt, args);
    va_end(args);
    if (n >= 0 && (size_t)n < room) {
      t->size += (size_t)n;
      return MILL_OK;
    }
    t->data[t->size] = 0;
    if (n < 0) return mill_fail(err, MILL_E_INTERNAL_ERROR, "message", "text formatting", NULL);
    MILL_TRY(mill_text_reserve(t, (size_t)n, err));
  }
}
