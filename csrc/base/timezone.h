/* Time zones from the system's tzdata (TZif files, RFC 8536), with Java's rules for local times.
**
** A mill_zones pool belongs to a session and caches the zones it has read; zones live as long as
** the pool. Ids are those of Java's ZoneId: regions ("Europe/Paris"), offsets ("+01:00", "-7",
** "+0530"), "Z", "UTC", "GMT", "UT" with or without an offset, and the old three-letter ids.
** Thread-safe. */
#ifndef MILL_BASE_TIMEZONE_H
#define MILL_BASE_TIMEZONE_H

#include "base/error.h"
#include "base/memory.h"

typedef struct mill_zone mill_zone;
typedef struct mill_zones mill_zones;

mill_zones *mill_zones_new(mill_memory *m); /* NULL: out of memory */
void mill_zones_free(mill_zones *z);

/* INVALID_TIMEZONE when there is none of that id. Names that could leave tzdata's folder are
** refused. */
mill_status mill_zones_find(mill_zones *z, const char *id, size_t n, const mill_zone **out,
                            mill_error *err) MILL_USE_RESULT;
/* A zone that a text may name; NULL: it names none, or memory is short, which the thread keeps in mind until
** mill_zones_check asks. Who takes a text to be wrong asks first. */
const mill_zone *mill_zones_try(mill_zones *z, const char *id, size_t n);
mill_status mill_zones_check(mill_error *err) MILL_USE_RESULT;
const mill_zone *mill_zone_utc(void);
const char *mill_zone_id(const mill_zone *z);
bool mill_zone_is_utc(const mill_zone *z);

/* Seconds east of UTC at an instant (microseconds since 1970). */
int32_t mill_zone_offset_at(const mill_zone *z, int64_t micros);
/* The abbreviation in force ("CET"); whether it is summer time (may be NULL). */
const char *mill_zone_name_at(const mill_zone *z, int64_t micros, bool *summer);
/* Local microseconds to UTC: in a gap the time moves on by its length, in an overlap the earlier
** offset holds. False when the result leaves 64 bits. */
bool mill_zone_to_utc(const mill_zone *z, int64_t local, int64_t *utc);
/* Local time at an offset of seconds. Hours from the ends of 64 bits it may lie beyond: it is the end then. */
static inline int64_t mill_zone_shift(int64_t utc, int32_t offset) {
  int64_t local;
  if (!__builtin_add_overflow(utc, (int64_t)offset * 1000000, &local)) return local;
  return offset < 0 ? INT64_MIN : INT64_MAX;
}
static inline int64_t mill_zone_to_local(const mill_zone *z, int64_t utc) {
  return mill_zone_shift(utc, mill_zone_offset_at(z, utc));
}

#endif
