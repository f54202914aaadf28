/* Dictionaries of values: from a value to its number in order of first appearance.
**
** Open addressing over slots of 64 bits, the upper half of a value's hash beside its number: most
** comparisons need no look at the values. Words, FIXED values and INT96 lie back to back; strings are
** views, of long ones into the arena. */
#include "base/hash.h"
#include "io/parquet_write_int.h"

enum { FIRST_SLOTS = 64 };

void mill_parquet_dictionary_init(parquet_dictionary *d, mill_memory *m, uint32_t width) {
  *d = (parquet_dictionary){.memory = m, .width = width};
  mill_arena_init(&d->arena, m);
}

static size_t item(const parquet_dictionary *d) { return d->width ? d->width : sizeof(mill_str); }

void mill_parquet_dictionary_clear(parquet_dictionary *d) {
  if (d->value) mill_free(d->memory, d->value, d->capacity * item(d));
  if (d->slot) mill_free(d->memory, d->slot, d->nslots * sizeof *d->slot);
  mill_arena_clear(&d->arena);
  mill_parquet_dictionary_init(d, d->memory, d->width);
}

/* ---- by width ------------------------------------------------------------------------------- */

static inline uint64_t hash_of(uint32_t width, const char *v) {
  uint64_t wide[2];
  uint32_t narrow;
  switch (width) {
  case 4: memcpy(&narrow, v, 4); return mill_hash_word(narrow + 0x9e3779b97f4a7c15ull);
  case 8: memcpy(wide, v, 8); return mill_hash_word(wide[0] + 0x9e3779b97f4a7c15ull);
  case 0: {
    const mill_str *s = (const mill_str *)(const void *)v;
    memcpy(wide, v, 16);
    if (s->size > MILL_STR_INLINE) wide[1] = mill_hash_bytes(s->u.ptr, s->size);
    return mill_hash_combine(mill_hash_word(wide[0]), wide[1]);
  }
  default: return mill_hash_bytes(v, width);
  }
}

static inline bool same(uint32_t width, const char *a, const char *b) {
  switch (width) {
  case 4: return memcmp(a, b, 4) == 0;
  case 8: return memcmp(a, b, 8) == 0;
  case 0:
    return mill_str_equal((const mill_str *)(const void *)a, (const mill_str *)(const void *)b);
  default: return memcmp(a, b, width) == 0;
  }
}

/* ---- adding --------------------------------------------------------------------------------- */

static mill_status grow_slots(parquet_dictionary *d, mill_error *err) {
  size_t n = d->nslots ? 2 * d->nslots : FIRST_SLOTS;
  uint64_t *slot = mill_calloc(d->memory, n * sizeof *slot);
  if (slot == NULL) return mill_oom(d->memory, n * sizeof *slot, err);
  for (uint32_t i = 0; i < d->n; i++) {
    uint64_t h = hash_of(d->width, (const char *)d->value + i * item(d));
    size_t k = h & (n - 1);
    while (slot[k]) k = (k + 1) & (n - 1);
    slot[k] = (h & 0xffffffff00000000ull) | (i + 1);
  }
  if (d->slot) mill_free(d->memory, d->slot, d->nslots * sizeof *slot);
  d->slot = slot;
  d->nslots = n;
  return MILL_OK;
}

static mill_status add_entry(parquet_dictionary *d, const char *v, mill_error *err) {
  size_t n = item(d);
  MILL_TRY(mill_grow(d->memory, &d->value, &d->capacity, (size_t)d->n + 1, n, err));
  char *to = (char *)d->value + d->n * n;
  memcpy(to, v, n);
  d->bytes += d->width;
  if (d->width == 0) {
    mill_str *s = (mill_str *)(void *)to;
    char *own = s->size > MILL_STR_INLINE ? mill_arena_take(&d->arena, s->size) : to;
    if (own == NULL) return mill_oom(d->memory, s->size, err);
    if (s->size > MILL_STR_INLINE) {
      memcpy(own, s->u.ptr, s->size);
      s->u.ptr = own;
      d->long_bytes += s->size;
    }
    d->bytes += 4 + (size_t)s->size;
  }
  d->n++;
  return MILL_OK;
}

/* The loop over values, once a width. */
static inline mill_status add(parquet_dictionary *d, uint32_t width, const char *v, size_t n,
                              size_t limit, uint32_t *code, size_t *done, mill_error *err) {
  size_t step = width ? width : sizeof(mill_str);
  for (*done = 0; *done < n; ++*done, v += step) {
    if (2 * ((size_t)d->n + 1) > d->nslots) MILL_TRY(grow_slots(d, err));
    uint64_t h = hash_of(width, v), tag = h >> 32, x;
    size_t k = h & (d->nslots - 1);
    for (; (x = d->slot[k]) != 0; k = (k + 1) & (d->nslots - 1))
      if (x >> 32 == tag && same(width, (const char *)d->value + ((uint32_t)x - 1) * step, v))
        break;
    if (x == 0) {
      MILL_TRY(add_entry(d, v, err));
      x = d->slot[k] = (h & 0xffffffff00000000ull) | d->n;
    }
    code[*done] = (uint32_t)x - 1;
    if (d->bytes > limit) {
      ++*done;
      return MILL_OK;
    }
  }
  return MILL_OK;
}

mill_status mill_parquet_dictionary_add(parquet_dictionary *d, const void *value, size_t n,
                                        size_t limit, uint32_t *code, size_t *done,
                                        mill_error *err) {
  switch (d->width) {
  case 0: return add(d, 0, value, n, limit, code, done, err);
  case 4: return add(d, 4, value, n, limit, code, done, err);
  case 8: return add(d, 8, value, n, limit, code, done, err);
  default: return add(d, d->width, value, n, limit, code, done, err);
  }
}
