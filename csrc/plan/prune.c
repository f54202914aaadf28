/* Optimiser rule ColumnPruning: the columns that some expression or the result needs, by id.
** Lowering reads and computes no others. */
#include "plan/cache.h"
#include "plan/plan_int.h"
#include "plan/stream_check.h"

typedef struct id_set {
  mill_planner *w;
  uint64_t *slot; /* open addressing; 0: free */
  size_t n, capacity;
} id_set;

static bool id_has(const uint64_t *slot, size_t capacity, uint64_t id) {
  if (capacity == 0) return false;
  for (size_t i = (id * 0x9e3779b97f4a7c15ull) & (capacity - 1); slot[i];
       i = (i + 1) & (capacity - 1))
    if (slot[i] == id) return true;
  return false;
}

bool mill_used(const mill_lowering *l, uint64_t id) {
  return l->all || id_has(l->used, l->nused, id);
}

static void id_put(uint64_t *slot, size_t capacity, uint64_t id) {
  size_t i = (id * 0x9e3779b97f4a7c15ull) & (capacity - 1);
  while (slot[i] && slot[i] != id) i = (i + 1) & (capacity - 1);
  slot[i] = id;
}

static bool id_add(id_set *s, uint64_t id) {
  if (id_has(s->slot, s->capacity, id)) return true;
  if (2 * s->n + 2 > s->capacity) {
    size_t capacity = s->capacity ? 2 * s->capacity : 64;
    uint64_t *slot = mill_w_alloc(s->w, capacity * sizeof *slot);
    if (slot == NULL) return false;
    for (size_t i = 0; i < s->capacity; i++)
      if (s->slot[i]) id_put(slot, capacity, s->slot[i]);
    s->slot = slot;
    s->capacity = capacity;
  }
  id_put(s->slot, s->capacity, id);
  s->n++;
  return true;
}

static int id_at(const mill_expr *e, void *arg) {
  if (e->kind == MILL_X_COLUMN) id_add(arg, e->id);
  return 0;
}

static void use_list(id_set *s, const mill_expr *const *l, int n) {
  for (int i = 0; i < n; i++) mill_x_any(l[i], id_at, s);
}

static bool used(const id_set *s, const mill_expr *e) {
  return id_has(s->slot, s->capacity, e->id);
}

/* Parents before children: what a list computes for nobody is not looked at. */
static void use_node(id_set *s, const mill_node *n) {
  switch (n->kind) {
  case MILL_N_PROJECT:
    for (int i = 0; i < n->nexprs; i++)
      if (used(s, n->exprs[i])) use_list(s, n->exprs + i, 1);
    break;
  case MILL_N_AGGREGATE:
    use_list(s, n->keys, n->nkeys);
    for (int i = 0; i < n->naggs; i++)
      if (used(s, n->aggs[i])) use_list(s, n->aggs + i, 1);
    break;
  case MILL_N_UNION:
    for (int k = 0; k < n->noutput; k++)
      for (int i = 0; i < n->nchildren && used(s, n->output[k]); i++)
        use_list(s, n->child[i]->output + k, 1);
    break;
  case MILL_N_WINDOW:
    for (int i = 0; i < n->nexprs; i++)
      if (used(s, n->exprs[i])) use_list(s, n->exprs + i, 1);
    break;
  case MILL_N_DEDUP: /* and the event time, by which rows are late */
    use_list(s, n->keys, n->nkeys);
    for (int i = 0; i < n->noutput; i++)
      if (mill_watermark_of(n->output[i]->metadata, NULL)) use_list(s, n->output + i, 1);
    break;
  case MILL_N_CACHE:
    if (!mill_cache_off(n->cache)) return; /* its child runs by itself, for all columns */
    use_list(s, n->output, n->noutput);
    break;
  case MILL_N_GENERATE: use_list(s, n->child[0]->output, n->child[0]->noutput); /* fall through */
  default: use_list(s, n->exprs, n->nexprs);
  }
  for (int i = 0; i < n->nchildren; i++) use_node(s, n->child[i]);
}

bool mill_prune_columns(mill_lowering *l, const mill_node *root, const mill_node *n) {
  id_set s = {.w = l->w};
  l->all = mill_rule_excluded(l->w, "ColumnPruning");
  use_list(&s, root->output, root->noutput);
  use_node(&s, n);
  l->used = s.slot;
  l->nused = s.capacity;
  return l->w->status == MILL_OK;
}
