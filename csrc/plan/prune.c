/* Optimiser rule ColumnPruning: the columns that some expression or the result needs, by id.
** Lowering reads and computes no others. */
#include "plan/cache.h"
#include "plan/plan_int.h"
#include "plan/stream_check.h"

/* A field of a column's STRUCT that is looked at: column.path[0].path[1].. */
typedef struct field_path {
  struct field_path *next;
  uint64_t id;
  int n;
  int path[]; /* the outermost field first */
} field_path;

/* Which of the child's columns somebody above a GENERATE asks for: what its own call takes need not
** be copied to the rows it makes. */
struct mill_passing {
  const struct mill_passing *next;
  const mill_node *n;
  bool column[];
};

typedef struct id_set {
  mill_planner *w;
  const struct mill_passing *passing;
  struct id_set *whole; /* of the ids those that are needed for more than fields of theirs */
  field_path *paths;
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

/* e is a field (of a field ..) of a column. */
static void add_path(id_set *s, const mill_expr *e, const mill_expr *column, int n) {
  field_path *p = mill_w_alloc(s->w, sizeof *p + (size_t)n * sizeof *p->path);
  if (p == NULL) return;
  p->next = s->paths;
  p->id = column->id;
  p->n = n;
  for (int i = n; i-- > 0; e = e->args[0]) p->path[i] = e->index;
  s->paths = p;
}

static int id_at(const mill_expr *e, void *arg) {
  id_set *s = arg;
  const mill_expr *c = e;
  int n = 0;
  for (; c->kind == MILL_X_FIELD; c = c->args[0]) n++;
  if (c->kind != MILL_X_COLUMN) return 0;
  id_add(s, c->id);
  if (n)
    add_path(s, e, c, n);
  else
    id_add(s->whole, c->id);
  return -1;
}

static void use_list(id_set *s, const mill_expr *const *l, int n) {
  for (int i = 0; i < n; i++) mill_x_any(l[i], id_at, s);
}

static bool used(const id_set *s, const mill_expr *e) {
  return id_has(s->slot, s->capacity, e->id);
}

/* The parents have been here. A node with several is met again, and then finds the uses of all. */
static void note_passing(id_set *s, const mill_node *n) {
  int first = n->noutput - (int)n->exprs[0]->type->nfields;
  struct mill_passing *p = mill_w_alloc(s->w, sizeof *p + (size_t)first * sizeof *p->column);
  if (p == NULL) return;
  p->next = s->passing;
  p->n = n;
  for (int i = 0; i < first; i++) p->column[i] = used(s, n->output[i]);
  s->passing = p;
}

bool mill_passes(const mill_lowering *l, const mill_node *n, int i) {
  const struct mill_passing *p = l->all ? NULL : l->passing;
  while (p && p->n != n) p = p->next;
  return p == NULL || p->column[i];
}

/* Parents before children: what a list computes for nobody is not looked at. */
static void use_node(id_set *s, const mill_node *n) {
  switch (n->kind) {
  case MILL_N_PROJECT:
    if (n->all) use_list(s, n->output, n->noutput);
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
  case MILL_N_WINDOW_GROUP_LIMIT:
    use_list(s, n->keys, n->nkeys);
    use_list(s, n->exprs, n->nexprs);
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
  case MILL_N_SOURCE: break;                /* what it has beyond its output is for who asks */
  case MILL_N_GENERATE: note_passing(s, n); /* fall through */
  default: use_list(s, n->exprs, n->nexprs);
  }
  for (int i = 0; i < n->nchildren; i++) use_node(s, n->child[i]);
}

static bool fill_part(mill_lowering *l, uint64_t id, const int *path, int n, const mill_type *t,
                      mill_part *out);

/* The part of field i of what `path` names. */
static bool field_part(mill_lowering *l, uint64_t id, const int *path, int n, int i,
                       const mill_type *t, mill_part *out) {
  int *longer = mill_w_alloc(l->w, ((size_t)n + 1) * sizeof *longer);
  if (longer == NULL) return false;
  for (int k = 0; k < n; k++) longer[k] = path[k];
  longer[n] = i;
  return fill_part(l, id, longer, n + 1, t, out);
}

/* What of column.path is looked at. */
static bool fill_part(mill_lowering *l, uint64_t id, const int *path, int n, const mill_type *t,
                      mill_part *out) {
  bool all = false, any = false;
  for (const field_path *p = l->paths; p; p = p->next) {
    int k = 0;
    if (p->id != id) continue;
    while (k < n && k < p->n && p->path[k] == path[k]) k++;
    all |= k == p->n;
    any |= k == n || k == p->n;
  }
  *out = (mill_part){.unused = !any};
  if (all || !any || t->id != MILL_STRUCT) return true;
  mill_part *f = mill_w_alloc(l->w, (t->nfields + 1ull) * sizeof *f);
  if (f == NULL) return false;
  out->fields = f;
  for (uint32_t i = 0; i < t->nfields; i++)
    if (!field_part(l, id, path, n, (int)i, t->fields[i].type, &f[i])) return false;
  return true;
}

bool mill_used_part(mill_lowering *l, uint64_t id, const mill_type *t, const mill_part **out) {
  mill_part *p;
  *out = NULL;
  if (l->all || t->id != MILL_STRUCT || id_has(l->whole, l->nwhole, id)) return true;
  p = mill_w_alloc(l->w, sizeof *p);
  *out = p;
  return p && fill_part(l, id, NULL, 0, t, p);
}

bool mill_prune_columns(mill_lowering *l, const mill_node *root, const mill_node *n) {
  id_set whole = {.w = l->w}, s = {.w = l->w, .whole = &whole};
  l->all = mill_rule_excluded(l->w, "ColumnPruning");
  use_list(&s, root->output, root->noutput);
  use_node(&s, n);
  l->used = s.slot;
  l->passing = s.passing;
  l->nused = s.capacity;
  l->whole = whole.slot;
  l->nwhole = whole.capacity;
  l->paths = s.paths;
  return l->w->status == MILL_OK;
}
