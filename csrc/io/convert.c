/* The rules by which texts of files become values: from the options of a reader. */
#include "io/convert_int.h"

mill_status mill_io_rules_init(mill_value_rules *r, const io_job *job, mill_error *err) {
  const char *zone = mill_option_text(job->options, "timeZone");
  *r = (mill_value_rules){.nan = mill_option_text(job->options, "nanValue"),
                          .positive_inf = mill_option_text(job->options, "positiveInf"),
                          .negative_inf = mill_option_text(job->options, "negativeInf")};
  if (!r->nan) r->nan = "NaN";
  if (!r->positive_inf) r->positive_inf = "Inf";
  if (!r->negative_inf) r->negative_inf = "-Inf";
  r->timestamp = (mill_timestamp_rules){.zones = job->context.zones,
                                        .zone = job->settings.zone,
                                        .now = job->settings.now_micros,
                                        .allow_zone = true};
  if (zone && r->timestamp.zones)
    MILL_TRY(mill_zones_find(r->timestamp.zones, zone, strlen(zone), &r->timestamp.zone, err));
  r->ntz = r->timestamp;
  r->ntz.ntz = true;
  r->ntz.allow_zone = false;
  return MILL_OK;
}

/* A pattern that is none is no error, as in Spark: no text is of it. */
static mill_status read_pattern(io_job *job, const char *key, const mill_pattern **out,
                                mill_error *err) {
  static const char nothing[] = "'\x01\x02'";
  const char *v = mill_option_text(job->options, key);
  *out = NULL;
  if (v == NULL) return MILL_OK;
  mill_status s = mill_pattern_new_in(&job->arena, v, strlen(v), true,
                                      mill_option_text(job->options, "locale"), out, err);
  if (s != MILL_E_INVALID_DATETIME_PATTERN_ILLEGAL_CHARACTER) return s;
  mill_error_clear(err);
  return mill_pattern_new(&job->arena, nothing, sizeof nothing - 1, true, out, err);
}

mill_status mill_io_rules_formats(mill_value_rules *r, io_job *job, mill_error *err) {
  MILL_TRY(mill_io_rules_init(r, job, err));
  MILL_TRY(read_pattern(job, "dateFormat", &r->date_pattern, err));
  MILL_TRY(read_pattern(job, "timestampFormat", &r->timestamp_pattern, err));
  MILL_TRY(read_pattern(job, "timestampNTZFormat", &r->ntz_pattern, err));
  return mill_option_bool(job->options, "enableDateTimeParsingFallback", false, &r->fallback, err);
}
