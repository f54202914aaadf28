/* JSON texts of the usual form as variants, without a token between text and value (json_quick.h).
**
** Values that are not of that form (escapes, fractions) go through the reader of tokens one by one; where the
** structure is not as expected the text is left to it as a whole, which knows what is wrong. */
#include "kernel/json_quick.h"
#include "kernel/variant_int.h"

enum { PAD = 64, MOST_DIGITS = 15 };

typedef struct quick {
  json_walk w;
  mill_variant_builder *b;
  mill_error *err;
  bool good;
} quick;

static mill_status put_value(quick *q);

static mill_status unusual(quick *q) {
  q->good = false;
  return MILL_OK;
}

static mill_status put_slowly(quick *q) {
  mill_json_reader r;
  mill_json_start(&r, q->w.p, (size_t)(q->w.end - q->w.p), 0);
  MILL_TRY(mill_variant_put_json(q->b, &r, mill_json_next(&r), &q->good, q->err));
  q->w.p = r.p;
  return MILL_OK;
}

/* The plain text at a quote; false: it is none. */
static inline bool take_text(json_walk *w, bytes *out) {
  const char *p = w->p + 1, *end = json_text_end(p);
  *out = (bytes){p, (size_t)(end - p)};
  if (end >= w->end || *end != '"') return false;
  w->p = end + 1;
  return true;
}

static mill_status put_integer(quick *q) {
  const char *p = q->w.p, *from = p + (*p == '-');
  uint64_t v = 0;
  size_t n = quick_run(from, (size_t)(q->w.end - from), &v);
  if (n == 0 || n > MOST_DIGITS || (*from == '0' && n > 1) || !json_ends_value(from[n]))
    return put_slowly(q);
  q->w.p = from + n;
  return mill_variant_put_long(q->b, *p == '-' ? -(int64_t)v : (int64_t)v, q->err);
}

static mill_status put_object(quick *q) {
  json_walk *w = &q->w;
  mill_variant_frame f;
  bytes name;
  MILL_TRY(mill_variant_begin(q->b, &f, q->err));
  w->p++;
  for (char c = json_next_char(w) == '}' ? '}' : ','; c != '}'; w->p++) {
    if (c != ',' || json_next_char(w) != '"' || !take_text(w, &name) || json_next_char(w) != ':')
      return unusual(q);
    w->p++;
    MILL_TRY(mill_variant_name(q->b, &f, name.p, name.n, q->err));
    MILL_TRY(put_value(q));
    if (!q->good) return MILL_OK;
    c = json_next_char(w);
    if (c == '}') break;
  }
  w->p++;
  return mill_variant_end_object(q->b, &f, q->err);
}

static mill_status put_array(quick *q) {
  json_walk *w = &q->w;
  mill_variant_frame f;
  MILL_TRY(mill_variant_begin(q->b, &f, q->err));
  w->p++;
  for (char c = json_next_char(w) == ']' ? ']' : ','; c != ']'; w->p++) {
    if (c != ',') return unusual(q);
    MILL_TRY(mill_variant_item_begins(q->b, &f, q->err));
    MILL_TRY(put_value(q));
    if (!q->good) return MILL_OK;
    c = json_next_char(w);
    if (c == ']') break;
  }
  w->p++;
  return mill_variant_end_array(q->b, &f, q->err);
}

static mill_status put_value(quick *q) {
  json_walk *w = &q->w;
  char c = json_next_char(w);
  bytes text;
  switch (c) {
  case '"':
    if (!take_text(w, &text)) return put_slowly(q);
    return mill_variant_put_text(q->b, MILL_VARIANT_STRING, text.p, text.n, q->err);
  case '{':
  case '[':
    if (q->b->depth >= JSON_QUICK_DEPTH) return unusual(q);
    return c == '{' ? put_object(q) : put_array(q);
  default: return c == '-' || (c >= '0' && c <= '9') ? put_integer(q) : put_slowly(q);
  }
}

mill_status mill_variant_put_quick(mill_call *call, mill_variant_builder *b, const char *p,
                                   size_t n, bool *good, mill_error *err) {
  char *own = NULL;
  MILL_TRY(mill_bytes_take(call, n + PAD, &own, err));
  if (n) memcpy(own, p, n);
  memset(own + n, 0, PAD);
  quick q = {.w = {.p = own, .end = own + n}, .b = b, .err = err, .good = true};
  mill_status s = put_value(&q);
  (void)mill_str_done(call, own, 0);
  *good = q.good;
  return s;
}
