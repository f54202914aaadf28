/* How a writer says dates and times: from its options. */
#include "io/write_int.h"

static mill_status read_pattern(mill_encoder *e, const mill_write *w, const char *key,
                                const mill_pattern **out, mill_error *err) {
  const char *v = mill_option_text(w->options, key);
  if (v == NULL) return MILL_OK;
  return mill_pattern_new_in(&e->arena, v, strlen(v), false, mill_option_text(w->options, "locale"),
                             out, err);
}

mill_status mill_io_texts_init(mill_value_texts *t, mill_encoder *e, const mill_write *w,
                               mill_error *err) {
  const char *zone = mill_option_text(w->options, "timeZone");
  MILL_TRY(read_pattern(e, w, "dateFormat", &t->date, err));
  MILL_TRY(read_pattern(e, w, "timestampFormat", &t->timestamp, err));
  MILL_TRY(read_pattern(e, w, "timestampNTZFormat", &t->ntz, err));
  MILL_TRY(read_pattern(e, w, "timeFormat", &t->time, err));
  if (zone == NULL || t->zones == NULL) return MILL_OK;
  t->settings.zone_name = zone;
  return mill_zones_find(t->zones, zone, strlen(zone), &t->settings.zone, err);
}
