/* Groups by the words of keys: see key_cache.h. */
#include "stream/key_cache.h"

static int members(const mill_type *t) { return t->phys == MILL_PHYS_STRUCT ? (int)t->nfields : 1; }

mill_status mill_key_cache_init(mill_key_cache *c, const mill_type *input, const int *key,
                                int nkeys, mill_arena *a, mill_error *err) {
  int n = 0;
  *c = (mill_key_cache){0};
  for (int k = 0; k < nkeys; k++) n += members(input->fields[key[k]].type);
  const mill_type **type = mill_arena_alloc(a, ((size_t)n + 1) * sizeof *type);
  c->member = mill_arena_alloc(a, ((size_t)n + 1) * sizeof *c->member);
  if (type == NULL || c->member == NULL) return mill_oom(a->memory, (size_t)n, err);
  n = 0;
  for (int k = 0; k < nkeys; k++) {
    const mill_type *t = input->fields[key[k]].type;
    if (t->phys != MILL_PHYS_STRUCT) type[n++] = t;
    for (uint32_t f = 0; t->phys == MILL_PHYS_STRUCT && f < t->nfields; f++)
      type[n++] = t->fields[f].type;
  }
  MILL_TRY(mill_group_layout_init(&c->layout, type, n, a, err));
  c->able = c->layout.plain && n > 0;
  if (!c->able) return MILL_OK;
  MILL_TRY(mill_group_keys_init(&c->keys, &c->layout, a, err));
  return mill_groups_init(&c->groups, &c->layout, a->memory, a, err);
}

void mill_key_cache_clear(mill_key_cache *c) { mill_groups_clear(&c->groups); }

static bool any_null(const mill_vector *v, uint32_t n) {
  for (uint32_t i = 0; v->valid && i < n; i++)
    if (!mill_vector_valid(v, i)) return true;
  return false;
}

/* The rows of `v` that count, flat or constant. */
static mill_status flatten(const mill_batch *in, const mill_vector *v, mill_vector *out,
                           mill_arena *a, mill_error *err) {
  *out = *v;
  if (v->index == NULL && (v->mask == 0 || in->sel == NULL)) return MILL_OK;
  uint32_t *all = mill_arena_alloc(a, ((size_t)in->n + 1) * sizeof *all);
  if (all == NULL) return mill_oom(a->memory, in->n, err);
  for (uint32_t i = 0; i < in->n; i++) all[i] = mill_batch_row(in, i);
  return mill_vector_gather(out, v, all, in->n, false, a, err);
}

/* The keys' vectors with structs taken apart; *done false: one is null, or not flat within. */
static mill_status take_apart(mill_key_cache *c, const mill_batch *in, const int *key, int nkeys,
                              bool *done, mill_arena *a, mill_error *err) {
  mill_vector *to = c->member, v;
  *done = false;
  for (int k = 0; k < nkeys; k++) {
    MILL_TRY(flatten(in, &in->col[key[k]], &v, a, err));
    if (v.type->phys != MILL_PHYS_STRUCT) {
      *to++ = v;
      continue;
    }
    if (any_null(&v, in->n)) return MILL_OK;
    for (uint32_t f = 0; f < v.type->nfields; f++) {
      *to = v.child[f];
      if (to->index) return MILL_OK;
      to++->mask &= v.mask;
    }
  }
  *done = true;
  return MILL_OK;
}

mill_status mill_key_cache_find(mill_key_cache *c, const mill_batch *in, const int *key, int nkeys,
                                uint32_t *number, bool *done, mill_arena *a, mill_error *err) {
  *done = false;
  if (c->able) MILL_TRY(take_apart(c, in, key, nkeys, done, a, err));
  if (!*done) return MILL_OK;
  mill_group_keys_set(&c->keys, &c->layout, c->member, in->n);
  return mill_groups_find(&c->groups, &c->keys, in->n, number, err);
}
