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

/* The keys' vectors with structs taken apart; false: one is null. */
static bool take_apart(mill_key_cache *c, const mill_batch *in, const int *key, int nkeys) {
  mill_vector *to = c->member;
  for (int k = 0; k < nkeys; k++) {
    const mill_vector *v = &in->col[key[k]];
    if (v->type->phys != MILL_PHYS_STRUCT) {
      *to++ = *v;
      continue;
    }
    if (any_null(v, in->n)) return false;
    for (uint32_t f = 0; f < v->type->nfields; f++) {
      *to = v->child[f];
      to++->mask &= v->mask;
    }
  }
  return true;
}

mill_status mill_key_cache_find(mill_key_cache *c, const mill_batch *in, const int *key, int nkeys,
                                uint32_t *number, bool *done, mill_error *err) {
  *done = c->able && in->sel == NULL && take_apart(c, in, key, nkeys);
  if (!*done) return MILL_OK;
  mill_group_keys_set(&c->keys, &c->layout, c->member, in->n);
  return mill_groups_find(&c->groups, &c->keys, in->n, number, err);
}
