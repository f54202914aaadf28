/* A growable byte buffer, for building texts: names, messages, rows of CSV, JSON.
**
**     mill_text t;
**     mill_text_init(&t, memory);
**     MILL_TRY(mill_text_add(&t, p, n, err));   (and so on; on failure t stays as it was)
**     mill_text_clear(&t);
**
** `data` is NULL until something was added, and NUL-terminated after that. */
#ifndef MILL_BASE_TEXT_H
#define MILL_BASE_TEXT_H

#include <string.h>

#include "base/memory.h"

typedef struct mill_text {
  mill_memory *memory;
  char *data;
  size_t size, capacity;
} mill_text;

static inline void mill_text_init(mill_text *t, mill_memory *m) { *t = (mill_text){m, NULL, 0, 0}; }
void mill_text_clear(mill_text *t); /* frees; the text can be used again */
static inline void mill_text_reset(mill_text *t) { t->size = 0; }

mill_status mill_text_grow(mill_text *t, size_t n, mill_error *err) MILL_USE_RESULT
    __attribute__((cold));
/* Room for n more bytes and the NUL. */
static inline MILL_USE_RESULT mill_status mill_text_reserve(mill_text *t, size_t n,
                                                            mill_error *err) {
  return n < t->capacity - t->size ? MILL_OK : mill_text_grow(t, n, err);
}

/* In the header: a text is built of many small parts, and their sizes are often known to the compiler. */
static inline MILL_USE_RESULT mill_status mill_text_add(mill_text *t, const char *p, size_t n,
                                                        mill_error *err) {
  MILL_TRY(mill_text_reserve(t, n, err));
  if (n) memcpy(t->data + t->size, p, n);
  t->size += n;
  t->data[t->size] = 0;
  return MILL_OK;
}
static inline MILL_USE_RESULT mill_status mill_text_adds(mill_text *t, const char *s,
                                                         mill_error *err) {
  return mill_text_add(t, s, strlen(s), err);
}
static inline MILL_USE_RESULT mill_status mill_text_addc(mill_text *t, char c, mill_error *err) {
  MILL_TRY(mill_text_reserve(t, 1, err));
  t->data[t->size++] = c;
  t->data[t->size] = 0;
  return MILL_OK;
}
mill_status mill_text_printf(mill_text *t, mill_error *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4))) MILL_USE_RESULT;

#endif
