/* Options of CSV that reading and writing share. */
#include <string.h>

#include "io/csv_int.h"

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
