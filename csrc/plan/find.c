/* Where things stand in long lists: columns by id, expressions by what they say.
**
** Rules look for each column of one list in another. The lists that were searched last have an index, a table of
** positions by id: lists of analysed nodes, which do not change as long as they are there. A planner that is the
** copy of another makes indexes of its own, in its own arena. */
#include <string.h>

#include "base/hash.h"
#include "plan/plan_int.h"

enum { LONG = 48 };

static uint64_t id_at(const mill_id_index *x, int i) {
  return x->list ? x->list[i]->id : x->ids[i];
}

/* The slot of the id, or the free one where it would be. */
static int32_t *slot_of(const mill_id_index *x, uint64_t id) {
  uint64_t i = mill_hash_word(id);
  while (x->slot[i & x->mask] && id_at(x, x->slot[i & x->mask] - 1) != id) i++;
  return &x->slot[i & x->mask];
}

/* Of an id that stands there twice the first place counts. */
static void fill(mill_id_index *x) {
  memset(x->slot, 0, ((size_t)x->mask + 1) * sizeof *x->slot);
  for (int i = x->n; i-- > 0;) *slot_of(x, id_at(x, i)) = i + 1;
}

static bool room(mill_planner *w, mill_id_index *x, int n) {
  uint32_t slots = 128;
  while (slots < 2 * (uint32_t)n) slots *= 2;
  if (x->owner == w && x->slots >= slots) {
    x->mask = slots - 1;
    return true;
  }
  x->slot = mill_w_alloc(w, slots * sizeof *x->slot);
  x->slots = x->slot ? slots : 0;
  x->mask = slots - 1;
  x->owner = w;
  return x->slot != NULL;
}

static const mill_id_index *index_of(mill_planner *w, const mill_expr *const *list,
                                     const uint64_t *ids, int n) {
  const int lists = sizeof w->ids / sizeof *w->ids;
  for (int i = 0; i < lists; i++) {
    const mill_id_index *x = &w->ids[i];
    if (x->owner == w && x->list == list && x->ids == ids && x->n == n) return x;
  }
  mill_id_index *x = &w->ids[w->next_ids++ % (unsigned)lists];
  x->n = -1;
  if (!room(w, x, n)) return NULL;
  x->list = list, x->ids = ids, x->n = n;
  fill(x);
  return x;
}

static int find(mill_planner *w, const mill_expr *const *list, const uint64_t *ids, int n,
                uint64_t id) {
  const mill_id_index *x = n > LONG ? index_of(w, list, ids, n) : NULL;
  if (x) return *slot_of(x, id) - 1;
  for (int i = 0; i < n; i++)
    if ((list ? list[i]->id : ids[i]) == id) return i;
  return -1;
}

int mill_w_find_id(mill_planner *w, const mill_expr *const *list, int n, uint64_t id) {
  return n > 0 ? find(w, list, NULL, n, id) : -1;
}

int mill_w_find_number(mill_planner *w, const uint64_t *ids, int n, uint64_t id) {
  return find(w, NULL, ids, n, id);
}

/* ---- chains --------------------------------------------------------------------------------- */

static void chain(mill_chains *c, int i) {
  int32_t *head = &c->head[c->hash[i] & (uint32_t)(c->room - 1)];
  c->next[i] = *head;
  *head = i + 1;
}

bool mill_chains_add(mill_planner *w, mill_chains *c, uint32_t hash) {
  if (c->n == c->room) {
    const int room = c->room ? 2 * c->room : 8;
    const uint32_t *before = c->hash;
    c->hash = mill_w_alloc(w, (size_t)room * sizeof *c->hash);
    c->head = mill_w_alloc(w, (size_t)room * sizeof *c->head);
    c->next = mill_w_alloc(w, (size_t)room * sizeof *c->next);
    if (c->hash == NULL || c->head == NULL || c->next == NULL) return false;
    if (c->n) memcpy(c->hash, before, (size_t)c->n * sizeof *c->hash);
    c->room = room;
    for (int i = 0; i < c->n; i++) chain(c, i);
  }
  c->hash[c->n] = hash;
  chain(c, c->n++);
  return true;
}

int mill_chains_find(const mill_chains *c, uint32_t hash) {
  return c->room ? c->head[hash & (uint32_t)(c->room - 1)] - 1 : -1;
}

int mill_chains_next(const mill_chains *c, int i) { return c->next[i] - 1; }
