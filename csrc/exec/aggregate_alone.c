/* Hash aggregation where most rows have a group of their own: those that do are not merged. Of a piece
** (aggregate_merge.c), which parts' groups and loose rows hash into, this tells the ones whose key no
** other of the piece has. The result takes their keys from where they lie, and a loose row's state is
** made when the row is written.
**
**     entry[e]     part << 32 | number: what is in the piece, in the order of the parts
**     slot[tag]    e + 1, open addressing; at most half full
**
** A piece that shows to have many keys twice is left as it is: telling costs a look at the other key. */
#include <string.h>

#include "exec/aggregate_int.h"

enum { BLOCK = 1024, FEW_SHARED = 20, AHEAD = 32 };

void mill_agg_alone_clear(mill_agg_alone *a, mill_memory *m) {
  mill_free(m, a->slot, a->nslots * sizeof *a->slot);
  mill_free(m, a->entry, a->room * sizeof *a->entry);
  mill_free(m, a->tag, a->room * sizeof *a->tag);
  mill_free(m, a->shared, a->room * sizeof *a->shared);
  *a = (mill_agg_alone){0};
}

static mill_status make_room(mill_agg_alone *a, size_t n, mill_memory *m, mill_error *err) {
  if (n <= a->room) {
    memset(a->slot, 0, a->nslots * sizeof *a->slot);
    return MILL_OK;
  }
  mill_agg_alone_clear(a, m);
  size_t slots = MILL_BATCH;
  while (slots < 2 * n) slots *= 2;
  a->slot = mill_calloc(m, slots * sizeof *a->slot);
  a->nslots = a->slot ? slots : 0;
  a->entry = mill_alloc(m, n * sizeof *a->entry);
  a->tag = a->entry ? mill_alloc(m, n * sizeof *a->tag) : NULL;
  a->shared = a->tag ? mill_alloc(m, n * sizeof *a->shared) : NULL;
  if (a->slot && a->shared) {
    a->room = n;
    return MILL_OK;
  }
  if (a->entry) mill_free(m, a->entry, n * sizeof *a->entry);
  if (a->tag) mill_free(m, a->tag, n * sizeof *a->tag);
  a->entry = NULL;
  a->tag = NULL;
  mill_agg_alone_clear(a, m);
  return mill_oom(m, n * sizeof *a->entry, err);
}

static const mill_groups *keys_of(const mill_agg_part *p, uint32_t *number) {
  if (*number < p->groups.n) return &p->groups;
  *number -= p->groups.n;
  return &p->loose->keys;
}

static bool same_key(mill_agg_part *const *part, uint64_t a, uint64_t b) {
  uint32_t x = (uint32_t)a, y = (uint32_t)b;
  const mill_groups *g = keys_of(part[a >> 32], &x), *h = keys_of(part[b >> 32], &y);
  return mill_groups_same(g, x, h, y);
}

/* The piece as it is looked through. */
typedef struct piece {
  mill_agg_part *const *part;
  size_t n, stride;
  uint32_t *const *order;
  const uint32_t *start;
  uint32_t *stop;
  size_t at;     /* the next part .. */
  uint32_t next; /* .. and where in its order, counted from its start */
} piece;

/* Take the next entries, `from` on, as far as `to`. */
static void take_entries(mill_agg_alone *a, piece *p, uint32_t from, uint32_t to) {
  for (uint32_t e = from; e < to; p->at++, p->next = 0) {
    if (p->order[p->at] == NULL) continue;
    const mill_agg_part *part = p->part[p->at];
    uint32_t k = p->start[p->at * p->stride] + p->next, stop = p->stop[p->at * p->stride];
    for (; e < to && k < stop; e++, k++, p->next++) {
      uint32_t number = p->order[p->at][k];
      a->tag[e] = (uint32_t)(mill_agg_hash(part, number) >> MILL_AGG_TAG_SHIFT);
      a->entry[e] = (uint64_t)p->at << 32 | number;
    }
    if (e == to) return;
  }
}

/* Mark the entries, n in all, whose key another has. False: too many. */
static bool find_shared(mill_agg_alone *a, piece *p, uint32_t n) {
  const size_t mask = a->nslots - 1;
  uint32_t twice = 0, taken = 0;
  memset(a->shared, 0, n * sizeof *a->shared);
  for (uint32_t e = 0; e < n; e++) {
    if (e == taken) {
      if (twice > e / FEW_SHARED) return false;
      taken = n - e < BLOCK ? n : e + BLOCK;
      take_entries(a, p, e, taken);
    }
    if (e + AHEAD < taken) __builtin_prefetch(&a->slot[a->tag[e + AHEAD] & mask], 1);
    size_t s = a->tag[e] & mask;
    for (uint32_t other; (other = a->slot[s]) != 0; s = (s + 1) & mask) {
      if (a->tag[other - 1] != a->tag[e] || !same_key(p->part, a->entry[other - 1], a->entry[e]))
        continue;
      a->shared[other - 1] = a->shared[e] = true;
      twice++;
      break;
    }
    if (a->slot[s] == 0) a->slot[s] = e + 1;
  }
  return true;
}

/* What stands alone is referred to, the rest stays in the shares. */
static void part_entries(const mill_agg_alone *a, piece *p, uint64_t *ref) {
  uint32_t e = 0;
  for (size_t i = 0; i < p->n; i++) {
    if (p->order[i] == NULL) continue;
    uint32_t kept = p->start[i * p->stride];
    size_t span = 0;
    for (uint32_t k = kept; k < p->stop[i * p->stride]; k++, e++) {
      uint32_t number = p->order[i][k];
      if (a->shared[e])
        p->order[i][kept++] = number;
      else
        ref[mill_agg_place(p->part[i], number, &span)] = MILL_AGG_ALONE | a->entry[e];
    }
    p->stop[i * p->stride] = kept;
  }
}

mill_status mill_agg_take_alone(mill_agg_alone *a, mill_agg_part *const *part, size_t n,
                                uint32_t *const *order, const uint32_t *start, uint32_t *stop,
                                size_t stride, uint64_t *ref, mill_error *err) {
  piece p = {.part = part, .n = n, .stride = stride, .order = order, .start = start, .stop = stop};
  mill_memory *m = NULL;
  size_t total = 0;
  for (size_t i = 0; i < n; i++) {
    if (order[i] == NULL) continue;
    m = part[i]->arena.memory;
    total += stop[i * stride] - start[i * stride];
  }
  if (total == 0 || total >= UINT32_MAX / 4) return MILL_OK;
  MILL_TRY(make_room(a, total, m, err));
  if (find_shared(a, &p, (uint32_t)total)) part_entries(a, &p, ref);
  return MILL_OK;
}
