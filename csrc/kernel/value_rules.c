/* The rules of value_parse.h as the options of a reader set them. */
#include <string.h>
#include <strings.h>

#include "base/timezone.h"
#include "kernel/value_parse.h"

mill_status mill_value_rules_init(mill_value_rules *r, mill_options o, mill_timestamp_rules base,
                                  mill_error *err) {
  const char *zone = mill_option_text(o, "timeZone"), *locale = mill_option_text(o, "locale");
  *r = (mill_value_rules){.timestamp = base,
                          .nan = mill_option_text(o, "nanValue"),
                          .positive_inf = mill_option_text(o, "positiveInf"),
                          .negative_inf = mill_option_text(o, "negativeInf")};
  if (locale && strcasecmp(locale, "en-US") != 0) r->numbers = mill_signs_find(locale);
  if (!r->nan) r->nan = "NaN";
  if (!r->positive_inf) r->positive_inf = "Inf";
  if (!r->negative_inf) r->negative_inf = "-Inf";
  if (zone && r->timestamp.zones)
    MILL_TRY(mill_zones_find(r->timestamp.zones, zone, strlen(zone), &r->timestamp.zone, err));
  r->ntz = r->timestamp;
  r->ntz.ntz = true;
  r->ntz.allow_zone = false;
  return MILL_OK;
}

/* A pattern that is none is no error, as in Spark: no text is of it. One that Spark 2 had is an error
** for a column of its type, so not where types are `guessed`. */
static mill_status read_pattern(mill_options o, bool guessed, mill_arena *a, const char *key,
                                const mill_pattern **out, mill_error *err) {
  static const char nothing[] = "'\x01\x02'";
  const char *v = mill_option_text(o, key);
  *out = NULL;
  if (v == NULL) return MILL_OK;
  mill_status s =
      mill_pattern_new_in(a, v, strlen(v), true, mill_option_text(o, "locale"), out, err);
  bool old = s == MILL_E_INCONSISTENT_DATETIME_PATTERN_RECOGNITION;
  if (s != MILL_E_INVALID_DATETIME_PATTERN_ILLEGAL_CHARACTER &&
      s != MILL_E_INVALID_DATETIME_PATTERN_WITH_SUGGESTION &&
      s != MILL_E_INVALID_DATETIME_PATTERN_LENGTH &&
      s != MILL_E_INCONSISTENT_DATETIME_WEEK_BASED_PATTERN && !(old && guessed))
    return s;
  mill_error_clear(err);
  return mill_pattern_new(a, nothing, sizeof nothing - 1, true, out, err);
}

/* A column without a format has that of Spark 2, where its reader counts. */
static mill_status old_pattern(const mill_value_rules *r, mill_arena *a, const char *usual,
                               const mill_pattern *given, const mill_pattern **out,
                               mill_error *err) {
  *out = given;
  if (given || r->policy == MILL_TIMES_CORRECTED) return MILL_OK;
  return mill_pattern_new(a, usual, strlen(usual), true, out, err);
}

mill_status mill_value_rules_formats(mill_value_rules *r, mill_options o, bool guessed,
                                     mill_arena *a, mill_error *err) {
  MILL_TRY(read_pattern(o, guessed, a, "dateFormat", &r->date_pattern, err));
  MILL_TRY(read_pattern(o, guessed, a, "timestampFormat", &r->timestamp_pattern, err));
  MILL_TRY(read_pattern(o, guessed, a, "timestampNTZFormat", &r->ntz_pattern, err));
  MILL_TRY(read_pattern(o, guessed, a, "timeFormat", &r->time_pattern, err));
  MILL_TRY(old_pattern(r, a, "yyyy-MM-dd", r->date_pattern, &r->old_date, err));
  MILL_TRY(old_pattern(r, a, "yyyy-MM-dd'T'HH:mm:ss.SSSXXX", r->timestamp_pattern,
                       &r->old_timestamp, err));
  MILL_TRY(mill_option_bool(o, "enableDateTimeParsingFallback", r->policy == MILL_TIMES_LEGACY,
                            &r->fallback, err));
  r->no_days = !r->fallback && mill_option_text(o, "enableDateTimeParsingFallback");
  return MILL_OK;
}
