/* Patterns of dates and times ("yyyy-MM-dd HH:mm:ss"), as Spark's DateTimeFormatter reads them.
**
**     const mill_pattern *p;
**     MILL_TRY(mill_pattern_new(arena, "dd/MM/yyyy", 10, true, &p, err));
**     if (!mill_pattern_parse(p, zones, zone, s, n, &moment)) ... the text is none of that pattern
**     MILL_TRY(mill_pattern_format(p, &moment, &text, err));
**
** Letters are Java's: G y M L d D Q q E F a h H k K m s S V z O X x Z, text in quotes, optional
** parts in brackets; reading names takes any case of Latin letters without marks. Week-based letters, letters and
** lengths that Spark refuses are errors of Spark's names. A compiled pattern is read-only and may be
** shared. Fields that a text does not give are those of 1970-01-01 00:00:00. */
#ifndef MILL_BASE_PATTERN_H
#define MILL_BASE_PATTERN_H

#include "base/calendar.h"
#include "base/text.h"

typedef struct mill_pattern mill_pattern;

/* A point of time as a pattern prints it: local microseconds, and where they are local to. */
typedef struct mill_moment {
  int64_t local;
  const mill_zone *zone; /* NULL: `offset` alone */
  int32_t offset;        /* seconds east of UTC */
  int32_t nanos;         /* beyond the microseconds: 0..999 */
  bool zoned;            /* the text that was read named a zone */
} mill_moment;

/* parsing: stricter, since fewer letters can be read than written. Memory is the arena's. */
mill_status mill_pattern_new(mill_arena *a, const char *s, size_t n, bool parsing,
                             const mill_pattern **out, mill_error *err) MILL_USE_RESULT;
/* The same with names in the language of a tag ("fr-FR", NULL: English); INVALID_OPTION_VALUE where there
** are names in the pattern and the language is not known (locale.h). */
mill_status mill_pattern_new_in(mill_arena *a, const char *s, size_t n, bool parsing,
                                const char *tag, const mill_pattern **out,
                                mill_error *err) MILL_USE_RESULT;
/* Does printing by the pattern take one of those letters, outside of optional parts? */
bool mill_pattern_takes(const mill_pattern *p, const char *letters);
mill_status mill_pattern_format(const mill_pattern *p, const mill_moment *m, mill_text *out,
                                mill_error *err) MILL_USE_RESULT;
/* The whole text by the pattern. A zone in the text wins over `zone`; m->zone is then NULL where it
** was an offset. False when the text is none, or no date and time that exists. */
bool mill_pattern_parse(const mill_pattern *p, mill_zones *zones, const mill_zone *zone,
                        const char *s, size_t n, mill_moment *m);
/* The same as Spark 2 read texts (pattern_old.c): lenient as its readers of files, else as its functions. `now` says
** in which century years of two digits are. */
bool mill_pattern_parse_old(const mill_pattern *p, mill_zones *zones, const mill_zone *zone,
                            const char *s, size_t n, bool lenient, int64_t now, mill_moment *m);
/* Why the text that mill_pattern_parse refused is none, as Java says it; in err's memory. */
const char *mill_pattern_why(const mill_pattern *p, mill_zones *zones, const char *s, size_t n,
                             mill_error *err);
/* What Java says of a day that its month does not have. */
const char *mill_no_such_day(int64_t year, int month, int day, mill_error *err);
/* The instant of a moment, in microseconds; false beyond 64 bits. */
bool mill_moment_utc(const mill_moment *m, int64_t *utc);
/* The moment of an instant in a zone. */
mill_moment mill_moment_at(int64_t utc, const mill_zone *zone);

#endif
