/* Variants as JSON and from JSON; see variant.h. */
#include <math.h>
#include <string.h>

#include "base/calendar.h"
#include "base/number.h"
#include "base/utf8.h"
#include "base/variant.h"

/* ---- writing -------------------------------------------------------------------------------- */

static mill_status put_base64(const char *s, size_t n, mill_text *out, mill_error *err) {
  static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const unsigned char *p = (const unsigned char *)s;
  for (size_t i = 0; i < n; i += 3) {
    size_t left = n - i;
    unsigned v =
        (unsigned)p[i] << 16 | (left > 1 ? p[i + 1] : 0u) << 8 | (left > 2 ? p[i + 2] : 0u);
    char four[4] = {digit[v >> 18], digit[v >> 12 & 63], left > 1 ? digit[v >> 6 & 63] : '=',
                    left > 2 ? digit[v & 63] : '='};
    MILL_TRY(mill_text_add(out, four, 4, err));
  }
  return MILL_OK;
}

static mill_status put_uuid(const char *s, mill_text *out, mill_error *err) {
  for (int i = 0; i < 16; i++) {
    bool dash = i == 4 || i == 6 || i == 8 || i == 10;
    MILL_TRY(mill_text_printf(out, err, dash ? "-%02x" : "%02x", (unsigned char)s[i]));
  }
  return MILL_OK;
}

mill_status mill_variant_plain(const mill_variant_item *x, const mill_zone *zone, mill_text *out,
                               mill_error *err) {
  char buf[MILL_DECIMAL_TEXT];
  switch (x->kind) {
  case MILL_VARIANT_NULL: return mill_text_adds(out, "null", err);
  case MILL_VARIANT_BOOLEAN: return mill_text_adds(out, x->integer ? "true" : "false", err);
  case MILL_VARIANT_LONG: mill_int_text(x->integer, buf); break;
  case MILL_VARIANT_DOUBLE: mill_double_text(x->number, buf); break;
  case MILL_VARIANT_FLOAT: mill_float_text((float)x->number, buf); break;
  case MILL_VARIANT_DECIMAL: mill_decimal_format(x->digits, x->scale, buf); break;
  case MILL_VARIANT_DATE: buf[mill_date_text(x->integer, buf)] = 0; break;
  case MILL_VARIANT_TIMESTAMP: buf[mill_timestamp_text(x->integer, zone, buf)] = 0; break;
  case MILL_VARIANT_TIMESTAMP_NTZ: buf[mill_timestamp_text(x->integer, NULL, buf)] = 0; break;
  case MILL_VARIANT_UUID: return put_uuid(x->text, out, err);
  default: return mill_text_add(out, x->text, x->size, err);
  }
  return mill_text_adds(out, buf, err);
}

/* The offset of local time: +01:00, seconds where there are some. */
static mill_status put_offset(const mill_zone *zone, int64_t micros, mill_text *out,
                              mill_error *err) {
  int at = mill_zone_offset_at(zone, micros), s = at < 0 ? -at : at;
  MILL_TRY(mill_text_printf(out, err, "%c%02d:%02d", at < 0 ? '-' : '+', s / 3600, s / 60 % 60));
  return s % 60 ? mill_text_printf(out, err, ":%02d", s % 60) : MILL_OK;
}

static mill_status put_string(const mill_variant_item *x, mill_text *out, mill_error *err) {
  if (mill_utf8_valid(x->text, x->size)) return mill_json_quote(x->text, x->size, out, err);
  mill_text whole;
  mill_text_init(&whole, out->memory);
  mill_status s = mill_utf8_repair(x->text, x->size, &whole, err);
  if (s == MILL_OK) s = mill_json_quote(whole.data, whole.size, out, err);
  mill_text_clear(&whole);
  return s;
}

static mill_status put_quoted(const mill_variant_item *x, const mill_zone *zone, mill_text *out,
                              mill_error *err) {
  MILL_TRY(mill_text_addc(out, '"', err));
  if (x->kind == MILL_VARIANT_BINARY)
    MILL_TRY(put_base64(x->text, x->size, out, err));
  else
    MILL_TRY(mill_variant_plain(x, zone, out, err));
  if (x->kind == MILL_VARIANT_TIMESTAMP) MILL_TRY(put_offset(zone, x->integer, out, err));
  return mill_text_addc(out, '"', err);
}

static mill_status put_value(const mill_variant *v, const mill_zone *zone, mill_text *out,
                             mill_error *err);

static mill_status put_parts(const mill_variant *v, const mill_variant_item *x,
                             const mill_zone *zone, mill_text *out, mill_error *err) {
  bool object = x->kind == MILL_VARIANT_OBJECT;
  mill_variant part;
  const char *name;
  size_t n;
  MILL_TRY(mill_text_addc(out, object ? '{' : '[', err));
  for (uint32_t i = 0; i < x->count; i++) {
    if (i) MILL_TRY(mill_text_addc(out, ',', err));
    if (!(object ? mill_variant_member(v, x, i, &name, &n, &part)
                 : mill_variant_element(v, x, i, &part)))
      return mill_variant_fail(v, err);
    if (object) {
      mill_variant_item text = {.text = name, .size = n};
      MILL_TRY(put_string(&text, out, err));
      MILL_TRY(mill_text_addc(out, ':', err));
    }
    MILL_TRY(put_value(&part, zone, out, err));
  }
  return mill_text_addc(out, object ? '}' : ']', err);
}

static mill_status put_value(const mill_variant *v, const mill_zone *zone, mill_text *out,
                             mill_error *err) {
  mill_variant_item x;
  if (!mill_variant_read(v, &x)) return mill_variant_fail(v, err);
  switch (x.kind) {
  case MILL_VARIANT_UNKNOWN: return mill_variant_fail(v, err);
  case MILL_VARIANT_OBJECT:
  case MILL_VARIANT_ARRAY: return put_parts(v, &x, zone, out, err);
  case MILL_VARIANT_STRING: return put_string(&x, out, err);
  case MILL_VARIANT_DOUBLE:
  case MILL_VARIANT_FLOAT:
    if (isfinite(x.number)) return mill_variant_plain(&x, zone, out, err);
    return put_quoted(&x, zone, out, err);
  case MILL_VARIANT_NULL:
  case MILL_VARIANT_BOOLEAN:
  case MILL_VARIANT_LONG:
  case MILL_VARIANT_DECIMAL: return mill_variant_plain(&x, zone, out, err);
  default: return put_quoted(&x, zone, out, err);
  }
}

mill_status mill_variant_json(const mill_variant *v, const mill_zone *zone, mill_text *out,
                              mill_error *err) {
  return mill_variant_valid(v) ? put_value(v, zone, out, err) : mill_variant_fail(v, err);
}

/* ---- reading -------------------------------------------------------------------------------- */

/* Digits with a sign and a point only, no more than 38 of them on either side. */
static bool plain_decimal(const char *p, size_t n, mill_i128 *out, int *scale) {
  mill_u128 v = 0;
  bool point = false, negative = n && *p == '-';
  size_t fraction = 0;
  int digits = 0;
  for (size_t i = negative; i < n; i++) {
    if (p[i] == '.' && !point) {
      point = true;
      continue;
    }
    if (p[i] < '0' || p[i] > '9') return false;
    digits += digits || p[i] != '0';
    fraction += point;
    if (digits > MILL_DECIMAL_MAX || fraction > MILL_DECIMAL_MAX) return false;
    v = v * 10 + (unsigned)(p[i] - '0');
  }
  *out = negative ? -(mill_i128)v : (mill_i128)v;
  *scale = (int)fraction;
  return true;
}

enum { SAFE_DIGITS = 18 }; /* and a sign: always an int64_t */

static mill_status take_number(mill_variant_builder *b, const mill_json_reader *r, bool integer,
                               bool *good, mill_error *err) {
  int64_t whole = 0;
  mill_i128 digits;
  int scale;
  double d;
  bool minus = *r->text == '-';
  if (integer && r->size <= SAFE_DIGITS) { /* the reader has seen that there are digits only */
    for (size_t i = minus; i < r->size; i++) whole = whole * 10 + (r->text[i] - '0');
    return mill_variant_put_long(b, minus ? -whole : whole, err);
  }
  if (integer &&
      mill_parse_int64(r->text, r->size, INT64_MIN, INT64_MAX, false, &whole) == MILL_PARSED)
    return mill_variant_put_long(b, whole, err);
  if (plain_decimal(r->text, r->size, &digits, &scale))
    return mill_variant_put_decimal(b, digits, scale, err);
  *good = mill_parse_double(r->text, r->size, &d);
  return *good ? mill_variant_put_double(b, d, err) : MILL_OK;
}

/* The text of a token: as it stands, or without its escapes. */
static mill_status text_of(const mill_json_reader *r, mill_text *own, const char **p, size_t *n,
                           mill_error *err) {
  *p = r->text;
  *n = r->size;
  if (!r->escaped) return MILL_OK;
  mill_text_reset(own);
  MILL_TRY(mill_json_unescape(r->text, r->size, own, err));
  *p = own->data ? own->data : "";
  *n = own->size;
  return MILL_OK;
}

typedef struct taker {
  mill_variant_builder *b;
  mill_json_reader *r;
  mill_text text;
  bool good;
  mill_error *err;
} taker;

static mill_status take_value(taker *t, mill_json_token first);

static mill_status take_object(taker *t) {
  mill_variant_frame f;
  mill_json_token token;
  const char *p;
  size_t n;
  MILL_TRY(mill_variant_begin(t->b, &f, t->err));
  while ((token = mill_json_next(t->r)) == MILL_JSON_NAME) {
    MILL_TRY(text_of(t->r, &t->text, &p, &n, t->err));
    MILL_TRY(mill_variant_name(t->b, &f, p, n, t->err));
    MILL_TRY(take_value(t, mill_json_next(t->r)));
    if (!t->good) return MILL_OK;
  }
  t->good = token == MILL_JSON_OBJECT_END;
  return t->good ? mill_variant_end_object(t->b, &f, t->err) : MILL_OK;
}

static mill_status take_array(taker *t) {
  mill_variant_frame f;
  mill_json_token token;
  MILL_TRY(mill_variant_begin(t->b, &f, t->err));
  while ((token = mill_json_next(t->r)) != MILL_JSON_ARRAY_END) {
    MILL_TRY(mill_variant_item_begins(t->b, &f, t->err));
    MILL_TRY(take_value(t, token));
    if (!t->good) return MILL_OK;
  }
  return mill_variant_end_array(t->b, &f, t->err);
}

static mill_status take_value(taker *t, mill_json_token first) {
  const char *p;
  size_t n;
  switch (first) {
  case MILL_JSON_NULL: return mill_variant_put_null(t->b, t->err);
  case MILL_JSON_TRUE:
  case MILL_JSON_FALSE: return mill_variant_put_bool(t->b, first == MILL_JSON_TRUE, t->err);
  case MILL_JSON_INTEGER:
  case MILL_JSON_NUMBER:
    return take_number(t->b, t->r, first == MILL_JSON_INTEGER, &t->good, t->err);
  case MILL_JSON_TEXT:
    MILL_TRY(text_of(t->r, &t->text, &p, &n, t->err));
    return mill_variant_put_text(t->b, MILL_VARIANT_STRING, p, n, t->err);
  case MILL_JSON_OBJECT: return take_object(t);
  case MILL_JSON_ARRAY: return take_array(t);
  default: t->good = false; return MILL_OK;
  }
}

mill_status mill_variant_put_json(mill_variant_builder *b, mill_json_reader *r,
                                  mill_json_token first, bool *good, mill_error *err) {
  taker t = {.b = b, .r = r, .good = true, .err = err};
  mill_text_init(&t.text, b->memory);
  mill_status s = take_value(&t, first);
  mill_text_clear(&t.text);
  *good = t.good;
  return s;
}
