/* Options as texts; see option.h. */
#include "column/option.h"

#include <string.h>
#include <strings.h>

#include "base/number.h"
#include "base/text.h"

const char *mill_option_text(mill_options o, const char *key) {
  for (int i = o.n; i-- > 0;)
    if (strcasecmp(o.at[i].key, key) == 0) return o.at[i].value;
  return NULL;
}

static mill_status bad(const char *key, const char *value, const char *kind, mill_error *err) {
  return mill_fail(err, MILL_E_INVALID_OPTION_VALUE, "paramName", mill_error_fmt(err, "%s", key),
                   "value", mill_error_fmt(err, "%s", value), "kind", kind, NULL);
}

mill_status mill_option_bool(mill_options o, const char *key, bool otherwise, bool *out,
                             mill_error *err) {
  const char *v = mill_option_text(o, key);
  *out = otherwise;
  if (v == NULL) return MILL_OK;
  if (strcasecmp(v, "true") != 0 && strcasecmp(v, "false") != 0)
    return bad(key, v, "true or false", err);
  *out = v[0] == 't' || v[0] == 'T';
  return MILL_OK;
}

mill_status mill_option_int(mill_options o, const char *key, int64_t otherwise, int64_t *out,
                            mill_error *err) {
  const char *v = mill_option_text(o, key);
  *out = otherwise;
  if (v == NULL) return MILL_OK;
  if (mill_parse_int64(v, strlen(v), INT64_MIN, INT64_MAX, false, out) != MILL_PARSED)
    return bad(key, v, "an integer", err);
  return MILL_OK;
}

mill_status mill_option_double(mill_options o, const char *key, double otherwise, double *out,
                               mill_error *err) {
  const char *v = mill_option_text(o, key);
  *out = otherwise;
  if (v == NULL) return MILL_OK;
  return mill_parse_double(v, strlen(v), out) ? MILL_OK : bad(key, v, "a number", err);
}
