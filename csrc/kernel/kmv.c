/* Samples of hashes; see kmv_int.h. A hash table by open addressing, at most half full; when 2 * 2^lgK hashes are
** there, the larger half goes. */
#include <stdlib.h>

#include "kernel/kmv_int.h"

enum { FIRST_LG = 4 };

/* ---- the table ------------------------------------------------------------------------------ */

static mill_status take_slots(mill_arena *a, int lg, mill_kmv_entry **out, mill_error *err) {
  size_t size = sizeof **out << lg;
  *out = mill_arena_alloc(a, size);
  return *out ? MILL_OK : mill_oom(a->memory, size, err);
}

mill_status mill_kmv_open(mill_arena *a, mill_kmv *s, mill_error *err) {
  *s = (mill_kmv){.theta = MILL_KMV_ALL, .lg_slots = FIRST_LG};
  return take_slots(a, FIRST_LG, &s->slot, err);
}

static mill_kmv_entry *find(mill_kmv_entry *slot, int lg, uint64_t hash) {
  size_t mask = ((size_t)1 << lg) - 1, k = hash & mask;
  while (slot[k].hash && slot[k].hash != hash) k = (k + 1) & mask;
  return &slot[k];
}

static mill_status grow(mill_arena *a, mill_kmv *s, mill_error *err) {
  mill_kmv_entry *slot;
  int lg = s->lg_slots + 1;
  MILL_TRY(take_slots(a, lg, &slot, err));
  for (size_t k = 0; k < (size_t)1 << s->lg_slots; k++)
    if (s->slot[k].hash) *find(slot, lg, s->slot[k].hash) = s->slot[k];
  s->slot = slot;
  s->lg_slots = (uint8_t)lg;
  return MILL_OK;
}

static int by_hash(const void *a, const void *b) {
  uint64_t x = ((const mill_kmv_entry *)a)->hash, y = ((const mill_kmv_entry *)b)->hash;
  return (x > y) - (x < y);
}

/* The entries below theta, in memory that the caller frees (`*room` entries). */
static mill_status take_entries(mill_memory *m, const mill_kmv *s, mill_kmv_entry **out,
                                size_t *room, uint32_t *count, mill_error *err) {
  uint32_t n = 0;
  *room = (size_t)s->count + 1;
  *out = mill_alloc(m, *room * sizeof **out);
  if (*out == NULL) return mill_oom(m, *room * sizeof **out, err);
  for (size_t k = 0; s->count && k < (size_t)1 << s->lg_slots; k++)
    if (s->slot[k].hash && s->slot[k].hash < s->theta) (*out)[n++] = s->slot[k];
  *count = n;
  return MILL_OK;
}

/* Hoare's selection: e[at] becomes the entry that sorting would put there, the lesser ones stand before it.
** Hashes are as good as random, so the middle one is a fair pivot. */
static void select_least(mill_kmv_entry *e, size_t n, size_t at) {
  size_t low = 0, high = n - 1;
  while (low < high) {
    uint64_t pivot = e[low + (high - low) / 2].hash;
    size_t i = low, j = high + 1; /* j: one behind the last that may be less */
    while (i < j) {
      while (e[i].hash < pivot) i++;
      while (e[j - 1].hash > pivot) j--;
      if (i >= j) break;
      mill_kmv_entry x = e[i];
      e[i++] = e[j - 1];
      e[--j] = x;
    }
    if (at < j)
      high = j - 1;
    else if (at >= i)
      low = i;
    else
      return;
  }
}

/* Keep the 2^lgK least hashes below theta; the next one is theta then. */
static mill_status trim(mill_memory *m, mill_kmv *s, const mill_kmv_rule *rule, mill_error *err) {
  mill_kmv_entry *e;
  size_t room;
  uint32_t n, most = rule->lg_k ? 1u << rule->lg_k : UINT32_MAX;
  MILL_TRY(take_entries(m, s, &e, &room, &n, err));
  if (n > most) {
    select_least(e, n, most);
    s->theta = e[most].hash;
    n = most;
  }
  if (n < s->count) {
    memset(s->slot, 0, sizeof *s->slot << s->lg_slots);
    for (uint32_t k = 0; k < n; k++) *find(s->slot, s->lg_slots, e[k].hash) = e[k];
    s->count = n;
  }
  mill_free(m, e, room * sizeof *e);
  return MILL_OK;
}

/* ---- entries -------------------------------------------------------------------------------- */

static mill_summary merged(const mill_kmv_rule *rule, mill_summary a, mill_summary b) {
  bool less = rule->real ? b.real < a.real : b.integer < a.integer;
  switch (rule->mode) {
  case MILL_KMV_MIN: return less ? b : a;
  case MILL_KMV_MAX: return less ? a : b;
  case MILL_KMV_ONE: return rule->real ? (mill_summary){.real = 1} : (mill_summary){.integer = 1};
  default: break;
  }
  if (rule->real) return (mill_summary){.real = a.real + b.real};
  return (mill_summary){.integer = (int32_t)((uint32_t)a.integer + (uint32_t)b.integer)};
}

mill_status mill_kmv_put(mill_arena *a, mill_kmv *s, const mill_kmv_rule *rule, uint64_t hash,
                         mill_summary x, mill_error *err) {
  mill_kmv_entry *e = find(s->slot, s->lg_slots, hash);
  if (e->hash) {
    e->summary = merged(rule, e->summary, x);
    return MILL_OK;
  }
  *e = (mill_kmv_entry){hash, x};
  s->count++;
  if (rule->lg_k && s->count >= 2u << rule->lg_k) return trim(a->memory, s, rule, err);
  return 2 * (uint64_t)s->count > 1ull << s->lg_slots ? grow(a, s, err) : MILL_OK;
}

mill_status mill_kmv_unite(mill_arena *a, mill_kmv *to, const mill_kmv *from,
                           const mill_kmv_rule *rule, mill_error *err) {
  if (to->slot == NULL) MILL_TRY(mill_kmv_open(a, to, err));
  to->some |= from->some;
  if (from->theta < to->theta) {
    to->theta = from->theta;
    MILL_TRY(trim(a->memory, to, rule, err));
  }
  for (size_t k = 0; k < (size_t)1 << from->lg_slots; k++)
    if (from->slot[k].hash)
      MILL_TRY(mill_kmv_add(a, to, rule, from->slot[k].hash, from->slot[k].summary, err));
  return MILL_OK;
}

/* The entries of a that `b` has too (with: true) or not, below the lesser theta. */
static mill_status select_entries(mill_arena *arena, mill_kmv *a, const mill_kmv *b,
                                  const mill_kmv_rule *rule, bool with, mill_error *err) {
  static const mill_kmv_rule all = {0};
  mill_kmv out;
  MILL_TRY(mill_kmv_open(arena, &out, err));
  out.theta = a->theta < b->theta ? a->theta : b->theta;
  for (size_t k = 0; k < (size_t)1 << a->lg_slots; k++) {
    mill_kmv_entry e = a->slot[k];
    if (e.hash == 0) continue;
    const mill_kmv_entry *other = find(b->slot, b->lg_slots, e.hash);
    if ((other->hash != 0) != with) continue;
    if (with) e.summary = merged(rule, e.summary, other->summary);
    MILL_TRY(mill_kmv_add(arena, &out, &all, e.hash, e.summary, err));
  }
  *a = out;
  return MILL_OK;
}

mill_status mill_kmv_intersect(mill_arena *a, mill_kmv *to, const mill_kmv *from,
                               const mill_kmv_rule *rule, mill_error *err) {
  static const mill_kmv_rule all = {0};
  if (to->slot == NULL) return mill_kmv_unite(a, to, from, &all, err);
  bool some = to->some && from->some;
  MILL_TRY(select_entries(a, to, from, rule, true, err));
  to->some = some;
  if (!some) to->theta = MILL_KMV_ALL;
  return MILL_OK;
}

mill_status mill_kmv_union_combine(mill_call *call, void *const *to, void *const *from, size_t n,
                                   mill_error *err) {
  for (size_t i = 0; i < n; i++) {
    const mill_kmv *s = from[i];
    if (s->slot) MILL_TRY(mill_kmv_unite(call->arena, to[i], s, call->state, err));
  }
  return MILL_OK;
}

mill_status mill_kmv_intersection_combine(mill_call *call, void *const *to, void *const *from,
                                          size_t n, mill_error *err) {
  for (size_t i = 0; i < n; i++) {
    const mill_kmv *s = from[i];
    if (s->slot) MILL_TRY(mill_kmv_intersect(call->arena, to[i], s, call->state, err));
  }
  return MILL_OK;
}

mill_status mill_kmv_heed(mill_call *call, void *state, const void *other, mill_error *err) {
  const mill_kmv *from = other;
  mill_kmv *to = state;
  if (from->slot == NULL) return MILL_OK;
  if (to->slot == NULL) MILL_TRY(mill_kmv_open(call->arena, to, err));
  if (from->theta < to->theta) to->theta = from->theta;
  return MILL_OK;
}

mill_status mill_kmv_subtract(mill_arena *a, mill_kmv *to, const mill_kmv *from, mill_error *err) {
  if (!to->some) return MILL_OK;
  MILL_TRY(select_entries(a, to, from, NULL, false, err));
  to->some = to->count > 0 || to->theta < MILL_KMV_ALL;
  return MILL_OK;
}

mill_status mill_kmv_sorted(mill_arena *a, mill_kmv *s, const mill_kmv_rule *rule,
                            mill_kmv_entry **out, mill_error *err) {
  mill_kmv_entry *e;
  size_t room;
  uint32_t n;
  MILL_TRY(trim(a->memory, s, rule, err));
  MILL_TRY(take_entries(a->memory, s, &e, &room, &n, err));
  qsort(e, n, sizeof *e, by_hash);
  *out = mill_arena_take(a, room * sizeof *e);
  if (*out) memcpy(*out, e, n * sizeof *e);
  mill_free(a->memory, e, room * sizeof *e);
  return *out ? MILL_OK : mill_oom(a->memory, room * sizeof *e, err);
}

double mill_kmv_share(const mill_kmv *s) {
  return s->theta >= MILL_KMV_ALL ? 1 : (double)s->theta / 9223372036854775808.0;
}

double mill_kmv_estimate(const mill_kmv *s) { return (double)s->count / mill_kmv_share(s); }
