/* Casts to STRING, and to BINARY without ANSI. Text goes through one growing buffer a batch, then
** to the batch's arena; digits of integers are written in place. */
#include "base/number.h"
#include "kernel/cast_int.h"

/* Most numbers are short: their digits, and a zero behind them, are written where an inline text has
** its bytes. */
static inline mill_status put_int(mill_call *call, int64_t x, mill_str *out, mill_error *err) {
  const int64_t short_end = 100000000000 - 1; /* 11 digits, or 10 behind a sign */
  char *p = NULL;
  if (x <= short_end && x >= -short_end / 10) {
    *out = (mill_str){0};
    out->size = (uint32_t)mill_int_text(x, out->prefix);
    return MILL_OK;
  }
  MILL_TRY(mill_bytes_take(call, MILL_INT_TEXT, &p, err));
  *out = mill_str_done(call, p, (size_t)mill_int_text(x, p));
  return MILL_OK;
}

#define INT_TEXTS(T)                                                                               \
  MILL_EACH(out, n, i) MILL_TRY(put_int(call, (int64_t)MILL_AT(T, args[0], i), &r[i], err))

CAST_KERNEL(int_text) {
  mill_str *r = out->data;
  switch (args[0]->type->phys) {
    MILL_WORD_CASES(INT_TEXTS)
  default: break;
  }
  return MILL_OK;
}

CAST_KERNEL(bool_text) {
  mill_str *r = out->data;
  const mill_str word[] = {mill_str_view("false", 5), mill_str_view("true", 4)};
  (void)call, (void)err;
  MILL_EACH(out, n, i) r[i] = word[MILL_AT(uint8_t, args[0], i) != 0];
  return MILL_OK;
}

static mill_status text_rows(mill_call *call, const mill_vector *v, size_t n, mill_vector *out,
                             mill_text *text, mill_error *err) {
  mill_str *r = out->data;
  char *p = NULL;
  MILL_EACH(out, n, i) {
    mill_text_reset(text);
    MILL_TRY(mill_value_text(call->set, v, i, text, err));
    MILL_TRY(mill_bytes_take(call, text->size, &p, err));
    if (text->size) memcpy(p, text->data, text->size);
    r[i] = mill_str_done(call, p, text->size);
  }
  return MILL_OK;
}

CAST_KERNEL(value_text) {
  mill_text text;
  mill_text_init(&text, call->ctx->memory);
  mill_status s = text_rows(call, args[0], n, out, &text, err);
  mill_text_clear(&text);
  return s;
}

/* Bytes become text as they are; what is not UTF-8 stays in the value, as in Spark. */
CAST_KERNEL(bytes_text) {
  (void)call, (void)err;
  mill_copy_fixed(out, args[0], n);
  return MILL_OK;
}

/* Integers as big-endian bytes. */
CAST_KERNEL(int_bytes) {
  mill_str *r = out->data;
  size_t width = args[0]->type->width;
  (void)call, (void)err;
  MILL_EACH(out, n, i) {
    uint64_t v = (uint64_t)mill_int_at(args[0], i);
    char buf[8];
    for (size_t k = 0; k < width; k++) buf[k] = (char)(v >> (8 * (width - 1 - k)));
    r[i] = mill_str_view(buf, width);
  }
  return MILL_OK;
}

mill_kernel mill_cast_text(const mill_type *from, const mill_type *to) {
  if (to->id == MILL_BINARY) return mill_type_integral(from) ? int_bytes : NULL;
  if (mill_type_integral(from)) return int_text;
  if (from->id == MILL_BOOLEAN) return bool_text;
  return from->id == MILL_BINARY ? bytes_text : value_text;
}
