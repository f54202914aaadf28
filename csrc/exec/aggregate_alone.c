/* Hash aggregation where most rows have a group of their own: those that do are not merged. Of a piece
** (aggregate_merge.c), which parts' groups and loose rows hash into, this tells the ones whose key no
** other of the piece has. The result takes their keys from where they lie, and a loose row's state is
** made when the row is written.
**
**     entry[e]     share << 32 | k: what is in the piece, in the order of the shares (aggregate_arrange.c)
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

/* The keys of a share, and where its k-th stands in them. */
static const mill_groups *keys_of(const mill_agg_share *s, uint32_t k, uint32_t *at) {
  *at = mill_agg_entry(s, k) - s->first;
  return s->loose ? &s->part->loose->keys : &s->part->groups;
}

static bool same_key(const mill_agg_share *share, uint64_t a, uint64_t b) {
  uint32_t x, y;
  const mill_groups *g = keys_of(&share[a >> 32], (uint32_t)a, &x);
  const mill_groups *h = keys_of(&share[b >> 32], (uint32_t)b, &y);
  return mill_groups_same(g, x, h, y);
}

/* The piece as it is looked through. */
typedef struct piece {
  const mill_agg_share *share;
  size_t n, number;
  size_t at;     /* the next share .. */
  uint32_t next; /* .. and how many of it are taken */
} piece;

/* Take the next entries, `from` on, as far as `to`. */
static void take_entries(mill_agg_alone *a, piece *p, uint32_t from, uint32_t to) {
  for (uint32_t e = from; e < to; p->at++, p->next = 0) {
    const mill_agg_share *s = &p->share[p->at];
    uint32_t k = s->start[p->number] + p->next, stop = s->start[p->number + 1];
    for (; e < to && k < stop; e++, k++, p->next++) {
      const uint64_t hash = mill_agg_hash(s->part, mill_agg_entry(s, k));
      a->tag[e] = (uint32_t)(hash >> MILL_AGG_TAG_SHIFT);
      a->entry[e] = (uint64_t)p->at << 32 | k;
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
      if (a->tag[other - 1] != a->tag[e] || !same_key(p->share, a->entry[other - 1], a->entry[e]))
        continue;
      a->shared[other - 1] = a->shared[e] = true;
      twice++;
      break;
    }
    if (a->slot[s] == 0) a->slot[s] = e + 1;
  }
  return true;
}

/* What stands alone is referred to, the rest moves together. */
static uint32_t part_entries(mill_agg_alone *a, const piece *p, uint32_t n, uint64_t *ref) {
  uint32_t kept = 0;
  uint64_t before = UINT64_MAX;
  size_t span = 0;
  for (uint32_t e = 0; e < n; e++) {
    const mill_agg_share *s = &p->share[a->entry[e] >> 32];
    const uint32_t k = (uint32_t)a->entry[e];
    if (a->entry[e] >> 32 != before) span = 0;
    before = a->entry[e] >> 32;
    if (a->shared[e])
      a->entry[kept++] = a->entry[e];
    else
      ref[mill_agg_place(s->part, s->number[k], &span)] =
          MILL_AGG_ALONE | (uint64_t)s->owner << 32 | mill_agg_entry(s, k);
  }
  return kept;
}

mill_status mill_agg_take_alone(mill_agg_alone *a, const mill_agg_share *share, size_t n,
                                size_t number, mill_memory *m, uint64_t *ref, uint32_t *rest,
                                mill_error *err) {
  piece p = {.share = share, .n = n, .number = number};
  size_t total = 0;
  for (size_t i = 0; i < n; i++) total += share[i].start[number + 1] - share[i].start[number];
  *rest = UINT32_MAX;
  if (total == 0 || total >= UINT32_MAX / 4) return MILL_OK;
  MILL_TRY(make_room(a, total, m, err));
  if (find_shared(a, &p, (uint32_t)total)) *rest = part_entries(a, &p, (uint32_t)total, ref);
  return MILL_OK;
}
