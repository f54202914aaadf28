/* Hash aggregation: the groups of a part, or its loose rows, by piece of the hash.
**
**     number[start[p]] .. number[start[p + 1]]     those of piece p, ascending
**
** They are merged piece by piece, a share of each part after the other. Reading a share from all over the
** part costs a miss of the cache for each key, its hash and its state; so keys of a fixed form are moved
** first, with what belongs to them: read once from front to back and written at as many places as there
** are pieces. Then entry first + k of the part is the one that was number[k]. Loose rows are moved when their
** morsel ends, what else there is before it is merged. */
#include <string.h>

#include "exec/aggregate_int.h"

enum { LEAST_PIECES = 64, MOST_PIECES = 512 };
enum { PIECE_BYTES = 1 << 19 }; /* so much of a piece is looked up in the nearer caches */

uint32_t mill_agg_pieces(const mill_agg_plan *plan, uint64_t groups) {
  const uint64_t each = 24 + 8 * plan->layout.words + plan->state_size;
  uint32_t n = LEAST_PIECES;
  while (n < MOST_PIECES && groups * each / n > PIECE_BYTES) n *= 2;
  return n;
}

static const mill_groups *keys_of(const mill_agg_share *s) {
  return s->loose ? &s->part->loose->keys : &s->part->groups;
}

/* Where each goes; number[] and start[] tell the same the other way round. */
static void deal(mill_agg_share *s, uint32_t pieces, uint32_t *at, uint32_t *to) {
  const uint64_t *hash = keys_of(s)->hash;
  const int shift = 64 - __builtin_ctz(pieces);
  if (pieces == 1) { /* without keys there is no hash */
    for (uint32_t i = 0; i < s->n; i++) s->number[i] = s->first + i;
    s->start[1] = s->n;
    return;
  }
  for (uint32_t i = 0; i < s->n; i++) s->start[(hash[i] >> shift) + 1]++;
  for (uint32_t p = 0; p < pieces; p++) {
    at[p] = s->start[p];
    s->start[p + 1] += s->start[p];
  }
  for (uint32_t i = 0; i < s->n; i++) {
    const uint32_t k = at[hash[i] >> shift]++;
    to[i] = k;
    s->number[k] = s->first + i;
  }
}

static mill_status move_states(mill_agg_part *p, const uint32_t *to, mill_error *err) {
  const size_t size = p->plan->state_size, n = p->groups.n;
  mill_memory *m = p->arena.memory;
  if (size == 0) return MILL_OK;
  char *state = mill_alloc(m, n * size);
  if (state == NULL) return mill_oom(m, n * size, err);
  switch (size) {
  case 8:
    for (size_t i = 0; i < n; i++) memcpy(state + 8 * (size_t)to[i], p->state + 8 * i, 8);
    break;
  case 16:
    for (size_t i = 0; i < n; i++) memcpy(state + 16 * (size_t)to[i], p->state + 16 * i, 16);
    break;
  default:
    for (size_t i = 0; i < n; i++) memcpy(state + size * to[i], p->state + size * i, size);
  }
  mill_free(m, p->state, p->capacity * size);
  p->state = state;
  p->capacity = (uint32_t)n;
  return MILL_OK;
}

/* Keys move last: until then, and if memory ends, the part is as it was. */
static mill_status move(mill_agg_share *s, const uint32_t *to, bool back, mill_error *err) {
  mill_agg_part *p = s->part;
  if (s->loose) {
    MILL_TRY(mill_agg_loose_reorder(p, to, back ? NULL : s->number, err));
    MILL_TRY(mill_groups_reorder(&p->loose->keys, to, err));
  } else {
    MILL_TRY(move_states(p, to, err));
    MILL_TRY(mill_groups_reorder(&p->groups, to, err));
  }
  s->moved = !back;
  return MILL_OK;
}

static mill_status arrange(mill_agg_share *s, uint32_t pieces, uint32_t *at, uint32_t *to,
                           mill_error *err) {
  mill_memory *m = s->part->arena.memory;
  s->start = mill_calloc(m, ((size_t)pieces + 1) * sizeof *s->start);
  s->number = mill_alloc(m, s->n * sizeof *s->number);
  if (s->start == NULL || s->number == NULL) return mill_oom(m, s->n * sizeof *s->number, err);
  deal(s, pieces, at, to);
  s->moved = pieces == 1;
  return s->moved || !s->part->plan->layout.plain ? MILL_OK : move(s, to, false, err);
}

static mill_status arrange_share(mill_agg_share *s, uint32_t pieces, mill_error *err) {
  s->n = s->part ? keys_of(s)->n : 0;
  if (s->n == 0) return MILL_OK;
  mill_memory *m = s->part->arena.memory;
  const size_t bytes = ((size_t)pieces + s->n) * sizeof(uint32_t);
  uint32_t *at = mill_alloc(m, bytes);
  if (at == NULL) return mill_oom(m, bytes, err);
  mill_status status = arrange(s, pieces, at, at + pieces, err);
  mill_free(m, at, bytes);
  return status;
}

enum { LINE = 64, ASKED = 256 }; /* bytes the processor reads at once; it goes on by itself */

static void ask(const void *from, size_t width, uint32_t first, uint32_t n) {
  const char *p = (const char *)from + first * width;
  for (size_t i = 0; from && i < n * width; i += LINE) __builtin_prefetch(p + i);
}

void mill_agg_share_ask(const mill_agg_share *s, size_t piece) {
  if (!s->moved) return;
  const mill_agg_plan *plan = s->part->plan;
  const mill_groups *g = keys_of(s);
  const uint32_t at = s->start[piece], all = s->start[piece + 1] - at,
                 n = all < ASKED ? all : ASKED;
  ask(s->number, sizeof *s->number, at, n);
  ask(g->row, 8 * plan->layout.words, at, n);
  ask(g->hash, sizeof *g->hash, at, n);
  if (!s->loose) ask(s->part->state, plan->state_size, at, n);
  for (int i = 0; s->loose && i < plan->nexprs - plan->op->nkeys; i++)
    if (s->part->loose->moves && s->part->loose->moves[i])
      ask(s->part->loose->arg[i].data, s->part->loose->arg[i].type->width, at, n);
}

mill_status mill_agg_arrange(mill_agg_part *p, uint32_t pieces, mill_error *err) {
  if (p->pieces) return MILL_OK;
  mill_groups_close(&p->groups);
  p->pieces = pieces;
  p->share[0] = (mill_agg_share){.part = p};
  if (p->loose) p->share[1] = (mill_agg_share){.part = p, .loose = true, .first = p->groups.n};
  MILL_TRY(arrange_share(&p->share[0], pieces, err));
  return arrange_share(&p->share[1], pieces, err);
}

static mill_status restore(mill_agg_share *s, mill_error *err) {
  if (s->n == 0 || !s->moved || s->part->pieces == 1) return MILL_OK;
  mill_memory *m = s->part->arena.memory;
  uint32_t *to = mill_alloc(m, s->n * sizeof *to);
  if (to == NULL) return mill_oom(m, s->n * sizeof *to, err);
  for (uint32_t k = 0; k < s->n; k++) to[k] = s->number[k] - s->first;
  mill_status status = move(s, to, true, err);
  mill_free(m, to, s->n * sizeof *to);
  return status;
}

mill_status mill_agg_restore(mill_agg_part *p, mill_error *err) {
  for (int i = 0; i < 2; i++) MILL_TRY(restore(&p->share[i], err));
  mill_agg_shares_clear(p);
  return MILL_OK;
}

void mill_agg_shares_clear(mill_agg_part *p) {
  mill_memory *m = p->arena.memory;
  for (int i = 0; i < 2; i++) {
    mill_agg_share *s = &p->share[i];
    mill_free(m, s->number, s->n * sizeof *s->number);
    mill_free(m, s->start, ((size_t)p->pieces + 1) * sizeof *s->start);
    *s = (mill_agg_share){0};
  }
  p->pieces = 0;
}
