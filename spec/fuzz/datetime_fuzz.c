/* Dates and times by patterns: a line that is a pattern, a line of eight bytes that are an instant, then a
** text. The pattern prints the instant and reads the text, and the text is read as casts read dates, times,
** instants and intervals; what was read is printed. */
#include <string.h>

#include "base/pattern.h"
#include "base/timezone.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const languages[] = {NULL, "fr-FR", "de", "en-US"};
static const char *const zone_names[] = {"UTC", "Europe/Amsterdam", "+05:30", "America/St_Johns"};

static void print(const mill_pattern *p, const mill_moment *m, mill_memory *memory) {
  mill_error err;
  mill_text text;
  mill_error_clear(&err);
  mill_text_init(&text, memory);
  if (mill_pattern_format(p, m, &text, &err) == MILL_E_OUT_OF_MEMORY) abort();
  mill_text_clear(&text);
}

static void by_pattern(const char *p, size_t n, const char *s, size_t size, int64_t utc,
                       unsigned way, mill_arena *arena, mill_zones *zones) {
  const mill_pattern *pattern;
  const mill_zone *zone;
  const char *name = zone_names[way & 3], *language = languages[way >> 2 & 3];
  mill_error err;
  mill_moment m;
  mill_error_clear(&err);
  if (mill_zones_find(zones, name, strlen(name), &zone, &err) != MILL_OK) abort();
  if (mill_pattern_new_in(arena, p, n, false, language, &pattern, &err) == MILL_OK) {
    m = mill_moment_at(utc, zone);
    print(pattern, &m, arena->memory);
  }
  mill_error_clear(&err);
  if (mill_pattern_new_in(arena, p, n, true, language, &pattern, &err) != MILL_OK) return;
  if (mill_pattern_parse(pattern, zones, zone, s, size, &m)) {
    print(pattern, &m, arena->memory);
    (void)mill_moment_utc(&m, &utc);
  }
}

static void by_cast(const char *s, size_t n) {
  int32_t days;
  char text[MILL_TIMESTAMP_TEXT];
  if (mill_date_parse(s, n, &days) && mill_date_text(days, text) > MILL_TIMESTAMP_TEXT) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 10) return 0;
  int64_t utc;
  mill_arena arena;
  unsigned way = data[0];
  memcpy(&utc, data + 1, sizeof utc);
  const char *p = (const char *)data + 9, *end = (const char *)data + size;
  const char *stop = memchr(p, '\n', (size_t)(end - p)), *s = stop ? stop + 1 : end;
  if (stop == NULL) stop = end;
  mill_memory *m = mill_memory_new(FUZZ_MEMORY);
  mill_zones *zones = mill_zones_new(m);
  mill_arena_init(&arena, m);
  by_pattern(p, (size_t)(stop - p), s, (size_t)(end - s), utc, way, &arena, zones);
  by_cast(s, (size_t)(end - s));
  mill_arena_clear(&arena);
  mill_zones_free(zones);
  if (mill_memory_read(m).used != 0) abort();
  mill_memory_free(m);
  return 0;
}
