/* Out of memory in bind and kernel code: fail every allocation in turn, once and for ever. Each
** call either answers as usual or says OUT_OF_MEMORY; nothing leaks, nothing crashes. */
#include "call.h"

static const struct {
  const char *name, *args[4];
} calls[] = {
    {"+", {"INT:1", "DECIMAL(5,2):2.50"}},
    {"-", {"STRING:2024-05-06", "DATE:2024-05-01"}},
    {"in",
     {"STRING:a string that is long", "STRING:another string, long",
      "STRING:a string that is long"}},
    {"coalesce", {"ARRAY<STRING>:NULL", "ARRAY<STRING>:NULL"}},
    {"greatest", {"INT:1", "BIGINT:2", "DOUBLE:3"}},
    {"round", {"DOUBLE:2.675", "INT:2"}},
    {"hex", {"STRING:tidemill tidemill tidemill"}},
    {"conv", {"STRING:1234567890123456789", "INT:10", "INT:2"}},
    {"rand", {"INT:1"}},
    {"+", {"BOOLEAN:true", "INT:1"}},
    {"/", {"INT:1", "INT:0"}},
};

static int run(size_t i, char *got, size_t size) {
  mill_vector *args[4];
  int n = 0;
  for (; n < 4 && calls[i].args[n]; n++) args[n] = value_of(calls[i].args[n]);
  mill_error_clear(&B.err);
  uint64_t before = mill_memory_read(B.memory).calls;
  snprintf(got, size, "%s", answer(calls[i].name, args, n));
  return (int)(mill_memory_read(B.memory).calls - before);
}

/* Arguments are made first, so that only the call itself meets the failure. */
static void fail_at(size_t i, uint64_t k, bool forever, const char *expected) {
  mill_vector *args[4];
  int n = 0;
  for (; n < 4 && calls[i].args[n]; n++) args[n] = value_of(calls[i].args[n]);
  mill_arena kept = B.arena;
  mill_arena_init(&B.arena, B.memory);
  mill_text_clear(&B.text);
  mill_error_clear(&B.err);
  mill_memory_fail_at(B.memory, k, forever);
  const char *got = answer(calls[i].name, args, n);
  bool fine =
      strcmp(got, expected) == 0 || strcmp(got, "?") == 0 || strcmp(got, "!OUT_OF_MEMORY") == 0;
  mill_memory_fail_at(B.memory, 0, false);
  CHECK(fine, "%s at %d: %s, not %s", calls[i].name, (int)k, got, expected);
  mill_arena_clear(&B.arena);
  B.arena = kept;
}

int main(void) {
  bench_open();
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    char expected[512];
    run(i, expected, sizeof expected);
    for (uint64_t k = 1; k <= 12; k++) {
      fail_at(i, k, false, expected);
      fail_at(i, k, true, expected);
    }
    mill_arena_clear(&B.arena);
  }
  return bench_close();
}
