/* Texts and bytes of rows, for the families that read and write them. Private to csrc/kernel. */
#ifndef MILL_KERNEL_BYTES_INT_H
#define MILL_KERNEL_BYTES_INT_H

#include "base/text.h"
#include "kernel/kernel_int.h"

#define KERNEL_HEAD(NAME)                                                                          \
  static mill_status NAME(mill_call *call, const mill_vector *const *args, size_t n,               \
                          mill_vector *out, mill_error *err)

typedef struct bytes {
  const char *p;
  size_t n;
} bytes;

static inline bytes bytes_at(const mill_vector *v, size_t i) {
  const mill_str *s = &MILL_AT(mill_str, v, i);
  return (bytes){mill_str_data(s), s->size};
}

/* Of a constant vector, or nothing where it is none or null. */
static inline bytes bytes_of(const mill_vector *v) {
  if (v == NULL || v->type == NULL || v->type->phys != MILL_PHYS_STR || !mill_vector_valid(v, 0))
    return (bytes){"", 0};
  return bytes_at(v, 0);
}

/* A string to where there is room for 12 bytes more than it has; gives where it ends. What stands in the value itself
** goes whole, without a look at its size. */
static inline char *copy_string(char *to, const mill_str *s) {
  if (s->size > MILL_STR_INLINE) {
    memcpy(to, s->u.ptr, s->size);
  } else {
    memcpy(to, s->prefix, 4);
    memcpy(to + 4, s->u.rest, 8);
  }
  return to + s->size;
}

/* Row i becomes a view of bytes that live as long as the batch, or a copy of any others. */
/* Characters of one text, or places in it, between looks at whether it is to go on. */
enum { TEXT_WATCHED = 65536 };

static inline void put_view(mill_vector *out, size_t i, const char *p, size_t n) {
  ((mill_str *)out->data)[i] = mill_str_view(p, n);
}
static inline mill_status put_copy(mill_call *call, mill_vector *out, size_t i, const char *p,
                                   size_t n, mill_error *err) {
  char *to = (char *)p; /* a short one needs no room of its own */
  if (n > MILL_STR_INLINE) {
    MILL_TRY(mill_bytes_take(call, n, &to, err));
    memcpy(to, p, n);
  }
  put_view(out, i, to, n);
  return MILL_OK;
}
static inline mill_status put_text(mill_call *call, mill_vector *out, size_t i, const mill_text *t,
                                   mill_error *err) {
  return put_copy(call, out, i, t->data ? t->data : "", t->size, err);
}

/* Zeroed binding memory of a type: NULL leaves with the status. */
#define BIND_NEW(b, T, out, err)                                                                   \
  do {                                                                                             \
    void *mem_;                                                                                    \
    MILL_TRY(mill_bind_alloc(b, sizeof(T), &mem_, err));                                           \
    (out) = mem_;                                                                                  \
  } while (0)

#endif
