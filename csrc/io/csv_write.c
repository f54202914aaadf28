/* CSV files, byte for byte as the univocity writer makes them with Spark's settings.
**
** A value is quoted when quoteAll says so, when it begins with a quote (or, in the first column, with
** the comment character), or when it holds a separator, a line end or, with escapeQuotes, a quote.
** Inside quotes a quote is preceded by `escape`, and the escape character by
** charToEscapeQuoteEscaping. Blanks around values go unless the options keep them; an empty value is
** written as emptyValue, a null as nullValue. A line without any byte is left out. */
#include <string.h>

#include "base/utf8.h"
#include "io/csv_int.h"
#include "io/write_int.h"

typedef struct csv_char { /* one character, or none: then n is 0 */
  char s[4];
  uint8_t n;
} csv_char;

typedef struct csv_writer {
  char sep[CSV_SEPARATOR];
  size_t nsep;
  csv_char quote, escape, escape_escape, comment, newline;
  bool header, quote_all, escape_quotes, trim_leading, trim_trailing;
  const char *null_value, *empty_value;
  bool special[256]; /* first bytes of all characters that have a meaning */
  bool plain;        /* texts of numbers, dates and times have none of them */
} csv_writer;

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
  static const csv_char quote = {"\"", 1}, escape = {"\\", 1}, nul = {"", 1}, none = {"", 0};
  MILL_TRY(char_option(o, "quote", quote, &c->quote, err));
  MILL_TRY(char_option(o, "escape", escape, &c->escape, err));
  MILL_TRY(char_option(o, "comment", nul, &c->comment, err));
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

/* Letters and digits, so that the name stays one of a file here. */
static mill_status read_extension(mill_encoder *e, mill_options o, mill_error *err) {
  const char *v = mill_option_text(o, "extension");
  if (v == NULL) return MILL_OK;
  size_t n = strlen(v);
  bool fine = n > 0 && n < sizeof e->suffix - 8; /* room for the codec's */
  for (const char *p = v; *p; p++)
    fine &= (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9');
  if (!fine)
    return mill_fail(err, MILL_E_INVALID_OPTION_VALUE, "paramName", "extension", "kind",
                     "letters and digits", "value", v, NULL);
  e->suffix[0] = '.';
  memcpy(e->suffix + 1, v, n + 1);
  return MILL_OK;
}

static void find_special(csv_writer *c, bool formats) {
  const csv_char *const chars[] = {&c->quote, &c->escape, &c->newline};
  c->special[(unsigned char)c->sep[0]] = c->special['\n'] = c->special['\r'] = true;
  for (int i = 0; i < 3; i++)
    if (chars[i]->n) c->special[(unsigned char)chars[i]->s[0]] = true;
  c->plain = !c->quote_all && c->comment.s[0] == 0 && !formats;
  for (const char *p = "0123456789+-.:EINTZadefilnrstuy"; *p; p++)
    c->plain &= !c->special[(unsigned char)*p];
}

static bool csv_takes_written(const mill_type *t) {
  return t->nfields == 0 && t->phys != MILL_PHYS_STRUCT && t->id != MILL_NULL &&
         t->id != MILL_INTERVAL;
}

static mill_status csv_configure(mill_encoder *e, const mill_write *w, mill_error *err) {
  mill_options o = w->options;
  if (e->nline_end > 2)
    return mill_fail(err, MILL_E_INVALID_LINE_SEPARATOR_TOO_LONG, "length",
                     mill_error_fmt(err, "%zu", e->nline_end), NULL);
  csv_writer *c = mill_arena_alloc(&e->arena, sizeof *c);
  if (c == NULL) return mill_oom(e->memory, sizeof *c, err);
  e->plan = c;
  MILL_TRY(mill_csv_separator(o, c->sep, &c->nsep, err));
  MILL_TRY(read_chars(c, o, err));
  MILL_TRY(read_flags(c, o, err));
  MILL_TRY(read_extension(e, o, err));
  int n = mill_utf8_length(e->line_end, e->nline_end);
  c->newline.n = (uint8_t)(n ? n : 1);
  memcpy(c->newline.s, e->line_end, c->newline.n);
  c->null_value = mill_option_text(o, "nullValue");
  c->empty_value = mill_option_text(o, "emptyValue");
  if (c->null_value == NULL) c->null_value = "";
  if (c->empty_value == NULL) c->empty_value = "\"\"";
  find_special(c, e->texts.date || e->texts.timestamp || e->texts.ntz);
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

/* A text that is no null and not empty, or (`given`) the one that stands for those. */
static mill_status put_text(const csv_writer *c, const char *p, const char *end, bool given,
                            bool first, mill_text *out, mill_error *err) {
  bool quoted = c->quote_all || (first && p < end && is_at(&c->comment, p, end));
  while (c->trim_leading && p < end && (unsigned char)*p <= ' ') p++;
  if (p == end && !given)
    return put_text(c, c->empty_value, c->empty_value + strlen(c->empty_value), true, first, out,
                    err);
  if (p < end && is_at(&c->quote, p, end)) {
    bool done = given && end - p >= 2 && is_at(&c->quote, end - c->quote.n, end);
    if (done) return mill_text_add(out, p, (size_t)(end - p), err);
    quoted = true;
  }
  if (quoted || needs_quotes(c, p, end)) return put_quoted(c, p, end, out, err);
  while (c->trim_trailing && end > p && (unsigned char)end[-1] <= ' ') end--;
  return mill_text_add(out, p, (size_t)(end - p), err);
}

static mill_status put_bytes(const mill_str *s, mill_text *out, mill_error *err) {
  MILL_TRY(mill_text_addc(out, '[', err));
  for (uint32_t i = 0; i < s->size; i++)
    MILL_TRY(
        mill_text_printf(out, err, "%s%02X", i ? " " : "", (unsigned char)mill_str_data(s)[i]));
  return mill_text_addc(out, ']', err);
}

static mill_status put_value(mill_encoder *e, const mill_vector *v, uint32_t k, bool first,
                             mill_text *out, mill_error *err) {
  const csv_writer *c = e->plan;
  if (v->type->id == MILL_STRING) {
    const char *p;
    size_t n;
    MILL_TRY(mill_io_utf8(e, (const mill_str *)v->data + k, &p, &n, err));
    return put_text(c, p, p + n, false, first, out, err);
  }
  if (c->plain && v->type->phys != MILL_PHYS_STR && v->type->id != MILL_INTERVAL_YM &&
      v->type->id != MILL_INTERVAL_DT)
    return mill_value_put(&e->texts, v, k, out, err);
  mill_text *t = &e->scratch;
  mill_text_reset(t);
  MILL_TRY(v->type->id == MILL_BINARY ? put_bytes((const mill_str *)v->data + k, t, err)
                                      : mill_value_put(&e->texts, v, k, t, err));
  return put_text(c, t->data, t->data + t->size, false, first, out, err);
}

static mill_status csv_header(mill_encoder *e, mill_text *out, mill_error *err) {
  const csv_writer *c = e->plan;
  if (!c->header) return MILL_OK;
  for (uint32_t i = 0; i < e->schema->nfields; i++) {
    const char *name = e->schema->fields[i].name;
    if (i) MILL_TRY(mill_text_add(out, c->sep, c->nsep, err));
    MILL_TRY(put_text(c, name, name + strlen(name), false, i == 0, out, err));
  }
  return mill_text_add(out, e->line_end, e->nline_end, err);
}

static mill_status csv_row_out(mill_encoder *e, const mill_vector *col, uint32_t at, mill_text *out,
                               mill_error *err) {
  const csv_writer *c = e->plan;
  size_t before = out->size;
  for (uint32_t i = 0; i < e->schema->nfields; i++) {
    const mill_vector *v = &col[i];
    if (i && c->nsep == 1) MILL_TRY(mill_text_addc(out, c->sep[0], err));
    if (i && c->nsep > 1) MILL_TRY(mill_text_add(out, c->sep, c->nsep, err));
    MILL_TRY(mill_vector_valid(v, at)
                 ? put_value(e, v, mill_vector_at(v, at), i == 0, out, err)
                 : put_text(c, c->null_value, c->null_value + strlen(c->null_value), true, i == 0,
                            out, err));
  }
  return out->size == before ? MILL_OK : mill_text_add(out, e->line_end, e->nline_end, err);
}

const io_output mill_output_csv = {.name = "csv",
                                   .suffix = ".csv",
                                   .charsets = true,
                                   .takes = csv_takes_written,
                                   .configure = csv_configure,
                                   .header = csv_header,
                                   .row = csv_row_out};
