/* Values as fields of CSV, byte for byte as the univocity writer makes them with Spark's settings.
**
** A value is quoted when quoteAll says so, when it begins with a quote (or, in the first column, with
** the comment character), or when it holds a separator, a line end or, with escapeQuotes, a quote.
** Inside quotes a quote is preceded by `escape`, and the escape character by
** charToEscapeQuoteEscaping. Blanks around values go unless the options keep them; an empty value is
** written as emptyValue, a null as nullValue. */
#include <string.h>

#include "base/utf8.h"
#include "kernel/csv_text.h"

/* ---- options -------------------------------------------------------------------------------- */

/* A character; an empty text (and a NUL, which ends C's texts) is NUL, as in Spark. */
static mill_status char_option(mill_options o, const char *key, csv_char otherwise, csv_char *out,
                               mill_error *err) {
  const char *v = mill_option_text(o, key);
  *out = otherwise;
  if (v == NULL) return MILL_OK;
  size_t n = strlen(v);
  int used = n ? mill_utf8_length(v, n) : 1;
  if ((size_t)used < n)
    return mill_fail(err, MILL_E_OPTION_VALUE_EXCEEDS_ONE_CHARACTER, "paramName", key,
                     "actualValue", v, NULL);
  *out = (csv_char){{0}, (uint8_t)used};
  memcpy(out->s, v, n);
  return MILL_OK;
}

static mill_status read_chars(csv_writer *c, mill_options o, mill_error *err) {
  static const csv_char quote = {"\"", 1}, escape = {"\\", 1}, hash = {"#", 1}, none = {"", 0};
  MILL_TRY(char_option(o, "quote", quote, &c->quote, err));
  MILL_TRY(char_option(o, "escape", escape, &c->escape, err));
  MILL_TRY(char_option(o, "comment", hash, &c->comment, err));
  if (c->comment.s[0] == 0) c->comment = hash; /* what univocity takes where Spark says nothing */
  bool same = c->quote.n == c->escape.n && memcmp(c->quote.s, c->escape.s, c->quote.n) == 0;
  MILL_TRY(
      char_option(o, "charToEscapeQuoteEscaping", same ? none : c->escape, &c->escape_escape, err));
  if (c->escape_escape.s[0] == 0) c->escape_escape = none;
  return MILL_OK;
}

static mill_status read_flags(csv_writer *c, mill_options o, mill_error *err) {
  MILL_TRY(mill_option_bool(o, "header", false, &c->header, err));
  MILL_TRY(mill_option_bool(o, "quoteAll", false, &c->quote_all, err));
  MILL_TRY(mill_option_bool(o, "escapeQuotes", true, &c->escape_quotes, err));
  MILL_TRY(mill_option_bool(o, "ignoreLeadingWhiteSpace", true, &c->trim_leading, err));
  return mill_option_bool(o, "ignoreTrailingWhiteSpace", true, &c->trim_trailing, err);
}

static void find_special(csv_writer *c, bool formats) {
  const csv_char *const chars[] = {&c->quote, &c->escape, &c->newline};
  c->special[(unsigned char)c->sep[0]] = c->special['\n'] = c->special['\r'] = true;
  for (int i = 0; i < 3; i++)
    if (chars[i]->n) c->special[(unsigned char)chars[i]->s[0]] = true;
  c->plain = !c->quote_all && c->comment.s[0] == '#' && !formats;
  for (const char *p = "0123456789+-.:EINTZadefilnrstuy"; *p; p++)
    c->plain &= !c->special[(unsigned char)*p];
}

mill_status mill_csv_writer(csv_writer *c, mill_options o, csv_char newline, bool formats,
                            mill_error *err) {
  MILL_TRY(mill_csv_separator(o, c->sep, &c->nsep, err));
  MILL_TRY(read_chars(c, o, err));
  MILL_TRY(read_flags(c, o, err));
  c->newline = newline;
  c->null_value = mill_option_text(o, "nullValue");
  c->empty_value = mill_option_text(o, "emptyValue");
  if (c->null_value == NULL) c->null_value = "";
  if (c->empty_value == NULL) c->empty_value = "\"\"";
  find_special(c, formats);
  return MILL_OK;
}

/* ---- values --------------------------------------------------------------------------------- */

static bool is_at(const csv_char *c, const char *p, const char *end) {
  return c->n && p < end && *p == c->s[0] && (size_t)(end - p) >= c->n &&
         memcmp(p, c->s, c->n) == 0;
}

/* Is there anything in the text that only quotes can hold? */
static bool needs_quotes(const csv_writer *c, const char *p, const char *end) {
  for (; p < end; p++) {
    if (!c->special[(unsigned char)*p]) continue;
    if (*p == '\n' || *p == '\r' || is_at(&c->newline, p, end)) return true;
    if ((size_t)(end - p) >= c->nsep && memcmp(p, c->sep, c->nsep) == 0) return true;
    if (c->escape_quotes && is_at(&c->quote, p, end)) return true;
  }
  return false;
}

static mill_status put_quoted(const csv_writer *c, const char *p, const char *end, mill_text *out,
                              mill_error *err) {
  MILL_TRY(mill_text_add(out, c->quote.s, c->quote.n, err));
  size_t from = out->size;
  for (const char *start = p;; p++) {
    bool quote = p < end && is_at(&c->quote, p, end);
    bool escape = p < end && !quote && is_at(&c->escape, p, end);
    if (p < end && !quote && !escape) continue;
    MILL_TRY(mill_text_add(out, start, (size_t)(p - start), err));
    if (p == end) break;
    const csv_char *before = quote ? &c->escape : &c->escape_escape;
    MILL_TRY(mill_text_add(out, before->s, before->n, err));
    start = p;
  }
  while (c->trim_trailing && out->size > from && (unsigned char)out->data[out->size - 1] <= ' ')
    out->size--;
  return mill_text_add(out, c->quote.s, c->quote.n, err);
}

mill_status mill_csv_put(const csv_writer *c, const char *p, const char *end, bool given,
                         bool first, mill_text *out, mill_error *err) {
  bool quoted = c->quote_all || (first && p < end && is_at(&c->comment, p, end));
  while (c->trim_leading && p < end && (unsigned char)*p <= ' ') p++;
  if (p == end && !given)
    return mill_csv_put(c, c->empty_value, c->empty_value + strlen(c->empty_value), true, first,
                        out, err);
  if (p < end && is_at(&c->quote, p, end)) {
    bool done = given && end - p >= 2 && is_at(&c->quote, end - c->quote.n, end);
    if (done) return mill_text_add(out, p, (size_t)(end - p), err);
    quoted = true;
  }
  if (quoted || needs_quotes(c, p, end)) return put_quoted(c, p, end, out, err);
  while (c->trim_trailing && end > p && (unsigned char)end[-1] <= ' ') end--;
  return mill_text_add(out, p, (size_t)(end - p), err);
}

mill_status mill_csv_bytes(const mill_str *s, mill_text *out, mill_error *err) {
  MILL_TRY(mill_text_addc(out, '[', err));
  for (uint32_t i = 0; i < s->size; i++)
    MILL_TRY(
        mill_text_printf(out, err, "%s%02X", i ? " " : "", (unsigned char)mill_str_data(s)[i]));
  return mill_text_addc(out, ']', err);
}

mill_status mill_csv_put_null(const csv_writer *c, bool first, mill_text *out, mill_error *err) {
  return mill_csv_put(c, c->null_value, c->null_value + strlen(c->null_value), true, first, out,
                      err);
}
