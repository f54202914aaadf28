/* KLL sketches; see kll_int.h. */
#include <math.h>
#include <stdlib.h>

#include "kernel/kll_int.h"

/* ---- levels --------------------------------------------------------------------------------- */

/* k * (2/3)^depth to the nearest, at least M. */
static uint32_t level_capacity(int k, int depth) {
  double c = floor(k * pow(2.0 / 3.0, depth) + 0.5);
  return c < MILL_KLL_M ? MILL_KLL_M : (uint32_t)c;
}

uint32_t mill_kll_capacity(int k, int levels) {
  uint32_t all = 0;
  for (int depth = 0; depth < levels; depth++) all += level_capacity(k, depth);
  return all;
}

static mill_status add_level(mill_arena *a, mill_kll *s, mill_error *err) {
  if (s->levels == s->room) {
    uint8_t room = s->room ? (uint8_t)(2 * s->room) : 2;
    mill_kll_level *l = mill_arena_alloc(a, room * sizeof *l);
    if (l == NULL) return mill_oom(a->memory, room * sizeof *l, err);
    if (s->levels) memcpy(l, s->level, s->levels * sizeof *l);
    s->level = l;
    s->room = room;
  }
  s->level[s->levels++] = (mill_kll_level){0};
  s->capacity = mill_kll_capacity(s->k, s->levels);
  return MILL_OK;
}

mill_status mill_kll_room(mill_arena *a, mill_kll *s, int level, uint32_t n, mill_error *err) {
  while (s->levels <= level) MILL_TRY(add_level(a, s, err));
  mill_kll_level *l = &s->level[level];
  if (n <= l->room) return MILL_OK;
  uint32_t room = l->room ? 2 * l->room : MILL_KLL_M;
  if (room < n) room = n;
  uint64_t *item = mill_arena_take(a, room * sizeof *item);
  if (item == NULL) return mill_oom(a->memory, room * sizeof *item, err);
  if (l->n) memcpy(item, l->item, l->n * sizeof *item);
  l->item = item;
  l->room = room;
  return MILL_OK;
}

mill_status mill_kll_open(mill_arena *a, mill_kll *s, int k, mill_error *err) {
  *s = (mill_kll){.k = (uint16_t)k, .min_k = (uint16_t)k, .least = UINT64_MAX};
  return add_level(a, s, err);
}

/* ---- compaction ----------------------------------------------------------------------------- */

static int by_word(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

/* Put n sorted items among those of a level. */
static mill_status merge_sorted(mill_arena *a, mill_kll *s, int level, const uint64_t *from,
                                uint32_t n, uint32_t step, mill_error *err) {
  MILL_TRY(mill_kll_room(a, s, level, s->level[level].n + n, err));
  mill_kll_level *l = &s->level[level];
  uint32_t i = l->n, k = n, at = l->n + n;
  while (k) {
    uint64_t x = from[(size_t)(k - 1) * step];
    if (i && l->item[i - 1] > x)
      l->item[--at] = l->item[--i];
    else
      l->item[--at] = x, k--;
  }
  l->n += n;
  return MILL_OK;
}

static int full_level(const mill_kll *s) {
  for (int h = 0; h < s->levels; h++)
    if (s->level[h].n >= level_capacity(s->k, s->levels - 1 - h)) return h;
  return s->levels - 1;
}

/* Every other item of the first full level goes up, the others are dropped; one of an odd number stays. */
static mill_status compact(mill_arena *a, mill_kll *s, mill_error *err) {
  int h = full_level(s);
  if (h + 1 >= MILL_KLL_LEVELS) return mill_oom(a->memory, SIZE_MAX, err);
  if (h + 1 == s->levels) MILL_TRY(add_level(a, s, err));
  mill_kll_level *l = &s->level[h];
  uint32_t odd = l->n & 1, half = l->n / 2;
  if (h == 0) qsort(l->item + odd, l->n - odd, sizeof *l->item, by_word);
  uint32_t offset = mill_hash_word(s->n * MILL_KLL_LEVELS + (uint64_t)h + 1) & 1;
  const uint64_t *from = l->item + odd + offset;
  MILL_TRY(merge_sorted(a, s, h + 1, from, half, 2, err));
  s->level[h].n = odd;
  s->retained -= half;
  return MILL_OK;
}

static mill_status fit(mill_arena *a, mill_kll *s, mill_error *err) {
  while (s->retained > s->capacity) MILL_TRY(compact(a, s, err));
  return MILL_OK;
}

mill_status mill_kll_add(mill_arena *a, mill_kll *s, uint64_t item, mill_error *err) {
  mill_kll_level *l = &s->level[0];
  if (l->n == l->room) {
    MILL_TRY(mill_kll_room(a, s, 0, l->n + 1, err));
    l = &s->level[0];
  }
  l->item[l->n++] = item;
  s->n++;
  s->retained++;
  if (item < s->least) s->least = item;
  if (item > s->most) s->most = item;
  return fit(a, s, err);
}

mill_status mill_kll_merge(mill_arena *a, mill_kll *to, const mill_kll *from, mill_error *err) {
  if (to->k == 0) MILL_TRY(mill_kll_open(a, to, from->k, err));
  if (from->n == 0) return MILL_OK;
  for (int h = 0; h < from->levels; h++) {
    const mill_kll_level *l = &from->level[h];
    MILL_TRY(mill_kll_room(a, to, h, (h < to->levels ? to->level[h].n : 0) + l->n, err));
    if (h) {
      MILL_TRY(merge_sorted(a, to, h, l->item, l->n, 1, err));
      continue;
    }
    if (l->n) memcpy(to->level[0].item + to->level[0].n, l->item, l->n * sizeof *l->item);
    to->level[0].n += l->n;
  }
  to->n += from->n;
  to->retained += from->retained;
  if (from->least < to->least) to->least = from->least;
  if (from->most > to->most) to->most = from->most;
  if (from->levels > 1 && from->min_k < to->min_k) to->min_k = from->min_k;
  return fit(a, to, err);
}

/* ---- answers -------------------------------------------------------------------------------- */

typedef struct {
  uint64_t item, weight;
} weighted;

mill_status mill_kll_sorted(mill_arena *a, const mill_kll *s, mill_kll_view *out, mill_error *err) {
  size_t size = s->retained * sizeof(weighted) + 1;
  weighted *w = mill_alloc(a->memory, size);
  uint64_t *sums = mill_arena_take(a, 2 * s->retained * sizeof *sums + 1);
  if (w == NULL || sums == NULL) {
    if (w) mill_free(a->memory, w, size);
    return mill_oom(a->memory, size, err);
  }
  uint32_t n = 0;
  for (int h = 0; h < s->levels; h++)
    for (uint32_t k = 0; k < s->level[h].n; k++)
      w[n++] = (weighted){s->level[h].item[k], 1ull << h};
  qsort(w, n, sizeof *w, by_word); /* the item comes first */
  *out = (mill_kll_view){sums, sums + n, n};
  uint64_t sum = 0;
  for (uint32_t k = 0; k < n; k++) {
    out->item[k] = w[k].item;
    out->sum[k] = sum += w[k].weight;
  }
  mill_free(a->memory, w, size);
  return MILL_OK;
}

uint64_t mill_kll_quantile(const mill_kll *s, const mill_kll_view *v, double rank) {
  if (rank <= 0 || v->n == 0) return s->least;
  if (rank >= 1) return s->most;
  double place = ceil(rank * (double)s->n);
  uint32_t low = 0, high = v->n - 1; /* the first whose sum reaches the place */
  while (low < high) {
    uint32_t mid = low + (high - low) / 2;
    if ((double)v->sum[mid] >= place)
      high = mid;
    else
      low = mid + 1;
  }
  return v->item[low];
}

double mill_kll_rank(const mill_kll *s, const mill_kll_view *v, uint64_t item) {
  uint32_t low = 0, high = v->n; /* how many are at most the item */
  while (low < high) {
    uint32_t mid = low + (high - low) / 2;
    if (v->item[mid] <= item)
      low = mid + 1;
    else
      high = mid;
  }
  return low ? (double)v->sum[low - 1] / (double)s->n : 0;
}
