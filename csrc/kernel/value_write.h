/* Values as the texts of files and of JSON. Timestamps carry milliseconds and, when they are instants,
** their offset: yyyy-MM-dd'T'HH:mm:ss[.SSS][XXX], Spark's default for writing. */
#ifndef MILL_KERNEL_VALUE_WRITE_H
#define MILL_KERNEL_VALUE_WRITE_H

#include "base/calendar.h"
#include "base/decimal.h"
#include "base/pattern.h"
#include "column/context.h"
#include "column/vector.h"

/* How dates and times are written. */
typedef struct mill_value_texts {
  mill_settings settings; /* with the zone of the option timeZone */
  struct mill_zones *zones;
  const mill_pattern *date, *timestamp, *ntz, *time; /* NULL: ISO 8601 */
} mill_value_texts;

static inline bool mill_value_formats(const mill_value_texts *t) {
  return t->date || t->timestamp || t->ntz || t->time;
}

/* Append value k of the flat vector v, no null, as the files say it:
** numbers as Java prints them, dates and times by the rules above, intervals as literals. */
mill_status mill_value_put(const mill_value_texts *t, const mill_vector *v, uint32_t k,
                           mill_text *out, mill_error *err) MILL_USE_RESULT;

/* Types whose texts are short when no format is asked for: numbers, dates, times. */
bool mill_value_short(const mill_type *t);
/* Their text, written to p, which has MILL_VALUE_TEXT bytes; returns its end. */
enum { MILL_VALUE_TEXT = MILL_DECIMAL_TEXT + MILL_TIMESTAMP_TEXT };
char *mill_value_put_short(const mill_value_texts *t, const mill_vector *v, uint32_t k, char *p);

/* java.math.BigDecimal.toString. Returns the length. */
int mill_value_decimal_text(mill_i128 v, int scale, char *buf);

#endif
