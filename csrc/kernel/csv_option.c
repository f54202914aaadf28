/* The options of CSV; see csv_text.h. */
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "kernel/csv_text.h"

/* What a backslash and `c` stand for in a separator; -1: nothing. */
static int special(char c) {
  switch (c) {
  case 't': return '\t';
  case 'r': return '\r';
  case 'b': return '\b';
  case 'f': return '\f';
  case '"':
  case '\'':
  case '\\': return c;
  default: return -1;
  }
}

mill_status mill_csv_separator(mill_options o, char out[CSV_SEPARATOR], size_t *n,
                               mill_error *err) {
  const char *v = mill_option_text(o, "sep");
  if (v == NULL) v = mill_option_text(o, "delimiter");
  if (v == NULL) v = ",";
  *n = 0;
  for (const char *p = v; *p; p++) {
    int c = (unsigned char)*p;
    if (*p == '\\') {
      if (p[1] == 0) return mill_fail(err, MILL_E_INVALID_DELIMITER_BACKSLASH, NULL);
      c = special(*++p);
      if (c < 0) return mill_fail(err, MILL_E_INVALID_DELIMITER_SPECIAL, "str", v, NULL);
    }
    if (*n == CSV_SEPARATOR)
      return mill_fail(err, MILL_E_INVALID_DELIMITER_SPECIAL, "str", v, NULL);
    out[(*n)++] = (char)c;
  }
  return *n ? MILL_OK : mill_fail(err, MILL_E_INVALID_DELIMITER_EMPTY, NULL);
}

static const char *text_option(mill_options o, const char *key, const char *otherwise) {
  const char *v = mill_option_text(o, key);
  return v ? v : otherwise;
}

/* One byte; an empty text is none. */
static mill_status byte_option(mill_options o, const char *key, int otherwise, int *out,
                               mill_error *err) {
  const char *v = mill_option_text(o, key);
  *out = v == NULL ? otherwise : *v ? (unsigned char)*v : CSV_NONE;
  size_t n = v ? strlen(v) : 0;
  if (n < 2 || (size_t)mill_utf8_length(v, n) == n) return MILL_OK;
  return mill_fail(err, MILL_E_OPTION_VALUE_EXCEEDS_ONE_CHARACTER, "paramName", key, "actualValue",
                   v, NULL);
}

static mill_status unescaped_option(mill_options o, csv_unescaped *out, mill_error *err) {
  static const struct {
    const char *name;
    csv_unescaped how;
  } ways[] = {{"STOP_AT_DELIMITER", CSV_STOP_AT_DELIMITER},
              {"STOP_AT_CLOSING_QUOTE", CSV_STOP_AT_CLOSING_QUOTE},
              {"BACK_TO_DELIMITER", CSV_BACK_TO_DELIMITER},
              {"SKIP_VALUE", CSV_SKIP_VALUE},
              {"RAISE_ERROR", CSV_RAISE_ERROR}};
  const char *v = text_option(o, "unescapedQuoteHandling", "STOP_AT_DELIMITER");
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
    if (strcasecmp(v, ways[i].name) == 0) {
      *out = ways[i].how;
      return MILL_OK;
    }
  return mill_fail(err, MILL_E_INVALID_OPTION_VALUE, "paramName", "unescapedQuoteHandling", "kind",
                   "STOP_AT_DELIMITER, STOP_AT_CLOSING_QUOTE, BACK_TO_DELIMITER, SKIP_VALUE or "
                   "RAISE_ERROR",
                   "value", v, NULL);
}

static mill_status flags(csv_plan *p, mill_options o, mill_error *err) {
  MILL_TRY(mill_option_bool(o, "header", false, &p->header, err));
  MILL_TRY(mill_option_bool(o, "inferSchema", false, &p->infer, err));
  MILL_TRY(mill_option_bool(o, "multiLine", false, &p->multi, err));
  MILL_TRY(mill_option_bool(o, "ignoreLeadingWhiteSpace", false, &p->trim_leading, err));
  MILL_TRY(mill_option_bool(o, "ignoreTrailingWhiteSpace", false, &p->trim_trailing, err));
  MILL_TRY(mill_option_bool(o, "enforceSchema", true, &p->enforce_schema, err));
  MILL_TRY(mill_option_bool(o, "preferDate", true, &p->prefer_date, err));
  MILL_TRY(mill_option_int(o, "maxColumns", 20480, &p->max_columns, err));
  MILL_TRY(mill_option_int(o, "maxCharsPerColumn", -1, &p->max_chars, err));
  if (p->max_chars < -1)
    return mill_fail(err, MILL_E_INVALID_OPTION_VALUE, "paramName", "maxCharsPerColumn", "kind",
                     "-1 or more", "value", mill_option_text(o, "maxCharsPerColumn"), NULL);
  return mill_option_double(o, "samplingRatio", 1.0, &p->sampling, err);
}

static bool line_char(int c) { return c == '\n' || c == '\r'; }

/* Are the characters that mean something one byte each, and none the same as another? */
static bool simple(const csv_plan *p) {
  int sep = (unsigned char)p->sep[0];
  return p->nsep == 1 && !p->trim_leading && !p->trim_trailing && p->max_chars < 0 &&
         p->quote != sep && p->escape != sep && p->escape != CSV_NONE && !line_char(sep) &&
         (p->escape_escape == CSV_NONE || p->escape_escape == p->escape) && !line_char(p->quote) &&
         !line_char(p->escape);
}

mill_status mill_csv_options(csv_plan *p, mill_options o, mill_error *err) {
  MILL_TRY(mill_csv_separator(o, p->sep, &p->nsep, err));
  MILL_TRY(flags(p, o, err));
  MILL_TRY(byte_option(o, "quote", '"', &p->quote, err));
  MILL_TRY(byte_option(o, "escape", '\\', &p->escape, err));
  int usual = p->escape != p->quote ? p->escape : CSV_NONE;
  MILL_TRY(byte_option(o, "charToEscapeQuoteEscaping", usual, &p->escape_escape, err));
  MILL_TRY(byte_option(o, "comment", CSV_NONE, &p->comment, err));
  p->null_value = text_option(o, "nullValue", "");
  p->null_size = strlen(p->null_value);
  p->empty_value = text_option(o, "emptyValue", "");
  MILL_TRY(unescaped_option(o, &p->unescaped, err));
  p->simple = simple(p);
  return MILL_OK;
}
