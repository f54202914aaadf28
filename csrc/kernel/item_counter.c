/* Counters of frequent values: see item_counter.h. The values that are left when some go move into an arena of
** their own. */
#include "kernel/item_counter.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/hash_map_order.h"
#include "kernel/kernel_int.h"

enum { FIRST_SLOTS = 16, FIRST_LISTED = 16 };

/* ---- the table ------------------------------------------------------------------------------ */

/* Where the value stands, or a free slot. */
static uint32_t *find(const mill_item_counter *c, const mill_vector *v, uint32_t row,
                      uint64_t hash) {
  size_t at = hash & (c->nslots - 1);
  for (uint32_t k; (k = c->slot[at]) != 0; at = (at + 1) & (c->nslots - 1))
    if (c->entry[k - 1].hash == hash && mill_vector_equal(&c->item, k - 1, v, row)) break;
  return &c->slot[at];
}

static void fill_slots(mill_item_counter *c) {
  memset(c->slot, 0, c->nslots * sizeof *c->slot);
  for (uint32_t k = 0; k < c->item.size; k++) {
    size_t at = c->entry[k].hash & (c->nslots - 1);
    while (c->slot[at]) at = (at + 1) & (c->nslots - 1);
    c->slot[at] = k + 1;
  }
}

static mill_status take_slots(mill_item_counter *c, size_t n, mill_error *err) {
  mill_memory *m = c->arena.memory;
  uint32_t *slot = mill_alloc(m, n * sizeof *slot);
  if (slot == NULL) return mill_oom(m, n * sizeof *slot, err);
  mill_free(m, c->slot, c->nslots * sizeof *slot);
  c->slot = slot;
  c->nslots = n;
  fill_slots(c);
  return MILL_OK;
}

static mill_status put(mill_item_counter *c, const mill_vector *v, uint32_t row, uint64_t hash,
                       int64_t count, mill_error *err) {
  const size_t n = c->item.size + 1;
  void *entry = c->entry;
  mill_status s = mill_grow(c->arena.memory, &entry, &c->room, n, sizeof *c->entry, err);
  c->entry = entry;
  if (s == MILL_OK && 2 * n > c->nslots) s = take_slots(c, 2 * c->nslots, err);
  if (s == MILL_OK) s = mill_vector_append(&c->item, v, &row, 1, true, &c->arena, err);
  if (s != MILL_OK) return s;
  c->entry[n - 1] = (mill_item_entry){hash, count};
  *find(c, v, row, hash) = (uint32_t)n;
  return MILL_OK;
}

/* Values with nothing left go. */
static mill_status drop(mill_item_counter *c, mill_error *err) {
  mill_memory *m = c->arena.memory;
  const uint32_t n = c->item.size;
  uint32_t left = 0, *kept = mill_alloc(m, (n + 1) * sizeof *kept);
  mill_arena arena;
  mill_vector item;
  if (kept == NULL) return mill_oom(m, n * sizeof *kept, err);
  for (uint32_t k = 0; k < n; k++)
    if (c->entry[k].count > 0) kept[left++] = k;
  mill_arena_init(&arena, m);
  mill_status s = mill_vector_init(&item, c->item.type, left, &arena, err);
  if (s == MILL_OK) s = mill_vector_append(&item, &c->item, kept, left, true, &arena, err);
  for (uint32_t k = 0; k < left && s == MILL_OK; k++) c->entry[k] = c->entry[kept[k]];
  mill_free(m, kept, (n + 1) * sizeof *kept);
  if (s != MILL_OK) {
    mill_arena_clear(&arena);
    return s;
  }
  mill_arena_clear(&c->arena);
  c->arena = arena;
  c->item = item;
  fill_slots(c);
  return MILL_OK;
}

/* ---- counting ------------------------------------------------------------------------------- */

/* Scala's table doubles when it is written to while three quarters are taken. */
static void note_write(mill_item_counter *c) {
  if (c->item.size + 1 >= c->listed / 4 * 3) c->listed *= 2;
}

static int64_t least_count(const mill_item_counter *c) {
  int64_t least = c->item.size ? c->entry[0].count : 0;
  for (uint32_t k = 1; k < c->item.size; k++)
    least = c->entry[k].count < least ? c->entry[k].count : least;
  return least;
}

static mill_status count_one(mill_item_counter *c, const mill_vector *v, uint32_t row,
                             uint64_t hash, int64_t by, mill_error *err) {
  const uint32_t known = *find(c, v, row, hash);
  if (known) {
    note_write(c);
    c->entry[known - 1].count += by;
    return MILL_OK;
  }
  const bool full = c->item.size >= c->most;
  const int64_t least = full ? least_count(c) : 0, off = by < least ? by : least;
  if (by >= least) {
    note_write(c);
    MILL_TRY(put(c, v, row, hash, by, err));
  }
  if (!full) return MILL_OK;
  for (uint32_t k = 0; k < c->item.size; k++) c->entry[k].count -= off;
  return by < least ? MILL_OK : drop(c, err);
}

mill_status mill_item_counter_init(mill_item_counter *c, mill_memory *m, const mill_type *t,
                                   uint64_t most, mill_error *err) {
  *c = (mill_item_counter){.most = most, .listed = FIRST_LISTED};
  mill_arena_init(&c->arena, m);
  MILL_TRY(mill_vector_init(&c->item, t, FIRST_SLOTS, &c->arena, err));
  return take_slots(c, FIRST_SLOTS, err);
}

void mill_item_counter_clear(mill_item_counter *c) {
  mill_memory *m = c->arena.memory;
  mill_free(m, c->slot, c->nslots * sizeof *c->slot);
  mill_free(m, c->entry, c->room * sizeof *c->entry);
  mill_arena_clear(&c->arena);
}

mill_status mill_item_counter_add(mill_item_counter *c, const mill_vector *v, const uint32_t *sel,
                                  uint32_t n, mill_error *err) {
  uint64_t hash[MILL_BATCH];
  for (uint32_t from = 0, m; from < n; from += m) {
    uint32_t row[MILL_BATCH];
    m = n - from < MILL_BATCH ? n - from : MILL_BATCH;
    for (uint32_t i = 0; i < m; i++) row[i] = sel ? sel[from + i] : from + i;
    mill_vector_hash(v, row, m, false, hash);
    for (uint32_t i = 0; i < m; i++) MILL_TRY(count_one(c, v, row[i], hash[i], 1, err));
  }
  return MILL_OK;
}

mill_status mill_item_counter_merge(mill_item_counter *c, const mill_item_counter *other,
                                    mill_error *err) {
  mill_memory *m = other->arena.memory;
  const uint32_t n = other->item.size;
  uint32_t *order = mill_alloc(m, (n + 1) * sizeof *order);
  if (order == NULL) return mill_oom(m, n * sizeof *order, err);
  mill_status s = mill_item_counter_list(other, order, err);
  for (uint32_t i = 0; i < n && s == MILL_OK; i++) {
    const mill_item_entry *e = &other->entry[order[i]];
    s = count_one(c, &other->item, order[i], e->hash, e->count, err);
  }
  mill_free(m, order, (n + 1) * sizeof *order);
  return s;
}

/* ---- the order ------------------------------------------------------------------------------ */

static int32_t of_long(int64_t x) {
  const int32_t half = (int32_t)(uint32_t)(uint64_t)x;
  return half == x ? half : (int32_t)(uint32_t)((uint64_t)x ^ (uint64_t)x >> 32);
}

static int32_t of_double(double x) {
  int64_t bits;
  int32_t half;
  const float single = (float)x;
  if (x >= -0x1p63 && x < 0x1p63 && x == (double)(int64_t)x) return of_long((int64_t)x);
  memcpy(&bits, &x, sizeof bits);
  memcpy(&half, &single, sizeof half);
  return single == x ? half : (int32_t)(uint32_t)((uint64_t)bits ^ (uint64_t)bits >> 32);
}

/* What Scala's ## is of the value: numbers that are equal have it in common. */
static int32_t scala_hash(const mill_vector *v, uint32_t row) {
  if (!mill_vector_valid(v, row)) return 0;
  switch (v->type->phys) {
  case MILL_PHYS_I64: return of_long(MILL_AT(int64_t, v, row));
  case MILL_PHYS_F32: return of_double((double)MILL_AT(float, v, row));
  case MILL_PHYS_F64: return of_double(MILL_AT(double, v, row));
  default: return mill_java_hash(v, row);
  }
}

typedef struct listed_item {
  uint32_t bin;
  int32_t hash;
  uint32_t item;
} listed_item;

static int by_bin(const void *x, const void *y) {
  const listed_item *a = x, *b = y;
  if (a->bin != b->bin) return a->bin < b->bin ? -1 : 1;
  if (a->hash != b->hash) return a->hash < b->hash ? -1 : 1;
  return (a->item > b->item) - (a->item < b->item);
}

mill_status mill_item_counter_list(const mill_item_counter *c, uint32_t *order, mill_error *err) {
  mill_memory *m = c->arena.memory;
  const uint32_t n = c->item.size;
  listed_item *list = mill_alloc(m, (n + 1) * sizeof *list);
  if (list == NULL) return mill_oom(m, n * sizeof *list, err);
  for (uint32_t k = 0; k < n; k++) {
    const uint32_t h = (uint32_t)scala_hash(&c->item, k), mixed = h ^ h >> 16;
    list[k] = (listed_item){mixed & (uint32_t)(c->listed - 1), (int32_t)mixed, k};
  }
  qsort(list, n, sizeof *list, by_bin);
  for (uint32_t k = 0; k < n; k++) order[k] = list[k].item;
  mill_free(m, list, (n + 1) * sizeof *list);
  return MILL_OK;
}
