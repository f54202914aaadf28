/* Hash aggregation by codes: where all keys are columns of codes (vector.h: entries), and few
** combinations of their entries are possible, a list from combination to group stands before the
** groups. Only combinations that are not in it yet are looked up by their values.
**
** A list holds for one part and one set of entries. */
#include <string.h>

#include "exec/aggregate_int.h"

enum { MOST_COMBINATIONS = 8192, UNKNOWN = UINT32_MAX };

static bool is_code(const mill_vector *v) { return v->index && v->entries; }

/* Are the keys codes, and their combinations few? */
static bool usable(const mill_op *op, const mill_batch *b) {
  uint64_t n = 1;
  if (op->nkeys == 0 || op->nkeys > MILL_AGG_CODES) return false;
  for (int k = 0; k < op->nkeys; k++) {
    if (op->keys[k]->kind != MILL_B_COLUMN || !is_code(&b->col[op->keys[k]->index])) return false;
    n *= b->col[op->keys[k]->index].entries;
    if (n > MOST_COMBINATIONS) return false;
  }
  return true;
}

/* An empty list unless the one there is still holds. */
static mill_status begin(mill_agg_codes *c, const mill_agg_part *p, const mill_batch *b,
                         mill_arena *own, mill_error *err) {
  const mill_op *op = p->plan->op;
  bool same = c->part == p;
  for (int k = 0; k < op->nkeys; k++) same &= c->entries[k] == b->col[op->keys[k]->index].data;
  if (same) return MILL_OK;
  if (c->group == NULL) c->group = mill_arena_take(own, MOST_COMBINATIONS * sizeof *c->group);
  if (c->group == NULL) return mill_oom(own->memory, MOST_COMBINATIONS, err);
  memset(c->group, 0xff, MOST_COMBINATIONS * sizeof *c->group);
  c->part = p;
  for (int k = 0; k < op->nkeys; k++) c->entries[k] = b->col[op->keys[k]->index].data;
  return MILL_OK;
}

/* code = code * entries + the code of key k. */
static void add_codes(const mill_vector *v, const mill_batch *b, bool first, uint32_t *code) {
  const uint32_t *index = v->index, *sel = b->sel, step = v->entries;
  if (first) memset(code, 0, b->n * sizeof *code);
  if (sel)
    for (uint32_t i = 0; i < b->n; i++) code[i] = code[i] * step + index[sel[i] & v->mask];
  else
    for (uint32_t i = 0; i < b->n; i++) code[i] = code[i] * step + index[i & v->mask];
}

/* Look up the n rows of the batch at positions row[] by their values. */
static mill_status find_values(mill_agg_part *p, const mill_batch *b, const uint32_t *row,
                               uint32_t n, mill_group_keys *keys, mill_arena *scratch,
                               uint32_t *group, mill_error *err) {
  const mill_op *op = p->plan->op;
  mill_vector *v = mill_arena_alloc(scratch, (size_t)op->nkeys * sizeof *v);
  if (v == NULL) return mill_oom(scratch->memory, 1, err);
  for (int k = 0; k < op->nkeys; k++)
    MILL_TRY(mill_vector_gather(&v[k], &b->col[op->keys[k]->index], row, n, false, scratch, err));
  mill_group_keys_set(keys, &p->plan->layout, v, n);
  return mill_agg_find(p, keys, n, group, err);
}

mill_status mill_agg_find_codes(mill_agg_codes *c, mill_agg_part *p, const mill_batch *b,
                                mill_group_keys *keys, mill_arena *own, mill_arena *scratch,
                                uint32_t *group, bool *done, mill_error *err) {
  const mill_op *op = p->plan->op;
  uint32_t code[MILL_BATCH], row[MILL_BATCH], found[MILL_BATCH], n = 0;
  *done = usable(op, b);
  if (!*done) return MILL_OK;
  MILL_TRY(begin(c, p, b, own, err));
  for (int k = 0; k < op->nkeys; k++) add_codes(&b->col[op->keys[k]->index], b, k == 0, code);
  for (uint32_t i = 0; i < b->n; i++) {
    group[i] = c->group[code[i]];
    row[n] = mill_batch_row(b, i);
    found[n] = i;
    n += group[i] == UNKNOWN;
  }
  if (n == 0) return MILL_OK;
  uint32_t *at = mill_arena_take(scratch, n * sizeof *at);
  if (at == NULL) return mill_oom(scratch->memory, n, err);
  MILL_TRY(find_values(p, b, row, n, keys, scratch, at, err));
  for (uint32_t i = 0; i < n; i++) group[found[i]] = c->group[code[found[i]]] = at[i];
  return MILL_OK;
}
