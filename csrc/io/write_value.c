/* How a writer says dates and times: from its options. */
#include "io/write_int.h"

static mill_status read_pattern(mill_encoder *e, const mill_write *w, const char *key,
                                const mill_pattern **out, mill_error *err) {
  const char *v = mill_option_text(w->options, key);
  if (v == NULL) return MILL_OK;
  return mill_pattern_new_in(&e->arena, v, strlen(v), false, mill_option_text(w->options, "locale"),
                             out, err);
}

/* A pattern of `key` that asks for what a value of type `id` does not have, a zone or a time of the day, prints none. */
static mill_status check_pattern(const mill_encoder *e, const mill_write *w, const char *key,
                                 const mill_pattern *p, mill_type_id id, const char *letters,
                                 mill_error *err) {
  if (p == NULL || !mill_type_holds(e->schema, id) || !mill_pattern_takes(p, letters))
    return MILL_OK;
  mill_fail(err, MILL_E_TASK_WRITE_FAILED, "path", mill_error_fmt(err, "%s", w->path), NULL);
  mill_error_hint(err, "%s '%s' asks for what a %s does not have.", key,
                  mill_option_text(w->options, key), id == MILL_DATE ? "DATE" : "TIMESTAMP_NTZ");
  return MILL_E_TASK_WRITE_FAILED;
}

mill_status mill_io_texts_init(mill_value_texts *t, mill_encoder *e, const mill_write *w,
                               mill_error *err) {
  const char *zone = mill_option_text(w->options, "timeZone");
  MILL_TRY(read_pattern(e, w, "dateFormat", &t->date, err));
  MILL_TRY(read_pattern(e, w, "timestampFormat", &t->timestamp, err));
  MILL_TRY(read_pattern(e, w, "timestampNTZFormat", &t->ntz, err));
  MILL_TRY(read_pattern(e, w, "timeFormat", &t->time, err));
  MILL_TRY(check_pattern(e, w, "dateFormat", t->date, MILL_DATE, "aBhHkKmsSnNAVzOXxZ", err));
  MILL_TRY(check_pattern(e, w, "timestampNTZFormat", t->ntz, MILL_TIMESTAMP_NTZ, "VzOXxZ", err));
  if (zone == NULL || t->zones == NULL) return MILL_OK;
  t->settings.zone_name = zone;
  return mill_zones_find(t->zones, zone, strlen(zone), &t->settings.zone, err);
}
