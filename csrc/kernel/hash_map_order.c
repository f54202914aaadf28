/* Spark's OpenHashSet: a table of a power of two slots, 64 at first, doubled when more than seven tenths
** are taken; a key goes to the slot of its Java hash, mixed by Murmur3, or by triangular steps to the
** first free one behind it. It lists its slots from the first to the last. */
#include "kernel/hash_map_order.h"

#include <string.h>

#include "base/hash.h"

enum { FIRST_SLOTS = 64 };

bool mill_hash_map_orders(const mill_type *t) {
  switch (t->id) {
  case MILL_BOOLEAN:
  case MILL_TINYINT:
  case MILL_SMALLINT:
  case MILL_INT:
  case MILL_BIGINT:
  case MILL_FLOAT:
  case MILL_DOUBLE:
  case MILL_DATE:
  case MILL_TIMESTAMP:
  case MILL_TIMESTAMP_NTZ:
  case MILL_INTERVAL_YM:
  case MILL_INTERVAL_DT: return true;
  default: return mill_type_same(t, mill_type_of(MILL_STRING), true);
  }
}

static int32_t fold(int64_t v) { return (int32_t)(uint64_t)(v ^ (int64_t)((uint64_t)v >> 32)); }

int32_t mill_java_hash(const mill_vector *v, uint32_t row) {
  uint32_t k = mill_vector_at(v, row);
  int64_t word;
  int32_t half;
  uint64_t hash;
  if (!mill_hash_map_orders(v->type)) {
    mill_vector_hash(v, &row, 1, false, &hash);
    return (int32_t)(uint32_t)hash;
  }
  switch (v->type->id) {
  case MILL_BOOLEAN: return ((const uint8_t *)v->data)[k] ? 1231 : 1237;
  case MILL_TINYINT: return ((const int8_t *)v->data)[k];
  case MILL_SMALLINT: return ((const int16_t *)v->data)[k];
  case MILL_FLOAT:
  case MILL_INT:
  case MILL_DATE:
  case MILL_INTERVAL_YM:
    memcpy(&half, (const char *)v->data + k * sizeof half, sizeof half);
    return half;
  case MILL_STRING: {
    const mill_str *s = (const mill_str *)v->data + k;
    return mill_murmur3_bytes(mill_str_data(s), s->size, 42);
  }
  default: memcpy(&word, (const char *)v->data + k * sizeof word, sizeof word); return fold(word);
  }
}

/* slot[i] is a place in `rows` and one, or 0. */
static void put(uint32_t *slot, uint32_t slots, const int32_t *hash, uint32_t key) {
  uint32_t at = (uint32_t)hash[key] & (slots - 1);
  for (uint32_t step = 1; slot[at]; step++) at = (at + step) & (slots - 1);
  slot[at] = key + 1;
}

static void grow(uint32_t *slot, uint32_t *spare, uint32_t slots, const int32_t *hash) {
  memcpy(spare, slot, slots * sizeof *slot);
  memset(slot, 0, 2 * slots * sizeof *slot);
  for (uint32_t i = 0; i < slots; i++)
    if (spare[i]) put(slot, 2 * slots, hash, spare[i] - 1);
}

/* The keys in the order of their slots, into `list`. */
static void through_map(uint32_t n, const int32_t *hash, uint32_t *slot, uint32_t *spare,
                        uint32_t *list) {
  uint32_t slots = FIRST_SLOTS, m = 0;
  memset(slot, 0, slots * sizeof *slot);
  for (uint32_t i = 0; i < n; i++) {
    put(slot, slots, hash, i);
    if (i + 1 <= (uint32_t)(0.7 * slots)) continue;
    grow(slot, spare, slots, hash);
    slots *= 2;
  }
  for (uint32_t i = 0; i < slots; i++)
    if (slot[i]) list[m++] = slot[i] - 1;
}

mill_status mill_hash_map_order(mill_arena *a, const mill_vector *v, uint32_t *rows, uint32_t n,
                                mill_error *err) {
  size_t slots = FIRST_SLOTS;
  while (0.7 * (double)slots < n) slots *= 2;
  size_t words = 3 * slots + 3 * (size_t)n + 1;
  uint32_t *slot = mill_arena_alloc(a, words * sizeof *slot);
  if (slot == NULL) return mill_oom(a->memory, words * sizeof *slot, err);
  uint32_t *spare = slot + 2 * slots, *keys = spare + slots, *was = keys + n;
  int32_t *hash = (int32_t *)(was + n);
  for (uint32_t i = 0; i < n; i++) {
    was[i] = rows[i];
    hash[i] = mill_murmur3_int(mill_java_hash(v, rows[i]), 0);
  }
  through_map(n, hash, slot, spare, keys);
  for (uint32_t i = 0; i < n; i++) rows[i] = was[keys[i]];
  return MILL_OK;
}
