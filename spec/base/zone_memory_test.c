/* Zones that texts name, while there is no memory to read them: no text is taken to be wrong, and the next
** try finds the zone. */
#include <string.h>

#include "../check.h"
#include "base/calendar.h"
#include "base/pattern.h"
#include "base/timezone.h"

static mill_memory *memory;
static mill_zones *zones;
static mill_error err;

static bool by_pattern(const char *text) {
  mill_arena arena;
  const mill_pattern *p = NULL;
  mill_moment m;
  mill_arena_init(&arena, memory);
  mill_error_clear(&err);
  mill_status s = mill_pattern_new(&arena, "yyyy-MM-dd VV", 13, true, &p, &err);
  bool ok = s == MILL_OK && mill_pattern_parse(p, zones, mill_zone_utc(), text, strlen(text), &m);
  mill_arena_clear(&arena);
  return ok;
}

static bool by_cast(const char *text) {
  int64_t micros;
  mill_timestamp_rules r = {.zones = zones, .zone = mill_zone_utc(), .allow_zone = true};
  return mill_timestamp_parse(&r, text, strlen(text), &micros);
}

/* Each allocation of the lookup fails once; the text is right as soon as there is memory. */
static void sweep(bool (*parse)(const char *), const char *text, const char *what) {
  uint64_t failed = 0;
  for (uint64_t n = 1; n < 20; n++) {
    zones = mill_zones_new(memory);
    mill_memory_fail_at(memory, n, false);
    bool ok = parse(text);
    mill_memory_fail_at(memory, 0, false);
    mill_error_clear(&err);
    if (!ok && mill_zones_check(&err) != MILL_OK) {
      failed++;
      CHECK(err.condition == MILL_E_OUT_OF_MEMORY, "%s: allocation %d says so", what, (int)n);
    }
    CHECK(mill_zones_check(&err) == MILL_OK, "%s: told once", what);
    CHECK(parse(text), "%s: then there is memory", what);
    mill_zones_free(zones);
    if (ok) break;
  }
  CHECK(failed >= 2, "%s: %d failures told", what, (int)failed);
}

int main(void) {
  memory = mill_memory_new(0);
  sweep(by_pattern, "2020-01-02 Europe/Paris", "pattern");
  sweep(by_cast, "2020-01-02 03:04:05 Europe/Paris", "cast");
  zones = mill_zones_new(memory);
  CHECK(!by_pattern("2020-01-02 Europe/Nowhere"), "no such zone");
  CHECK(mill_zones_check(&err) == MILL_OK, "and memory enough");
  mill_zones_free(zones);
  CHECK(mill_memory_read(memory).blocks == 0, "nothing is left");
  mill_memory_free(memory);
  return check_done();
}
