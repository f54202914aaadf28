/* Caches: rows of a plan that are kept in memory from its first run on, for every plan above it.
**
** A cached plan gets a PROJECT of its own columns as its root, and that node carries the cache: no
** node above can ask it for hidden columns, and a copy of it that computes anything else does not
** carry the cache on. The rule below puts the table in the node's place, filling it first. */
#include "plan/plan_int.h"

struct mill_cache {
  mill_table *table; /* NULL: not filled yet */
  bool wanted;
};

static void cache_clear(void *cache) {
  struct mill_cache *c = cache;
  if (c->table) mill_table_unref(c->table);
  c->table = NULL;
}

static mill_status add_root(mill_plan *p, mill_error *err) {
  mill_planner w;
  mill_exprs columns = {0};
  MILL_TRY(mill_planner_init(&w, p, err));
  struct mill_cache *c = mill_w_alloc(&w, sizeof *c);
  for (int i = 0; i < p->root->noutput; i++)
    if (!mill_exprs_add(&w, &columns, mill_x_column(&w, p->root->output[i]))) return w.status;
  mill_node *root = c ? mill_w_project(&w, p->root, &columns) : NULL;
  if (root == NULL) return w.status;
  MILL_TRY(mill_plan_keep(p, c, cache_clear, err));
  root->cache = c;
  p->root = root;
  return MILL_OK;
}

mill_status mill_plan_cache(mill_plan *p, bool on, mill_error *err) {
  if (p->streaming || (p->root->cache == NULL && !on)) return MILL_OK;
  if (p->root->cache == NULL) MILL_TRY(add_root(p, err));
  p->root->cache->wanted = on;
  if (!on) cache_clear(p->root->cache);
  return MILL_OK;
}

static const mill_node *filled(mill_planner *w, const mill_node *n) {
  struct mill_cache *c = n->cache;
  if (c->table == NULL) w->status = mill_plan_rows(w, n->child[0], &c->table);
  mill_node *t = w->status == MILL_OK ? mill_w_node(w, MILL_N_TABLE, n) : NULL;
  if (t == NULL) return NULL;
  t->table = c->table;
  t->output = n->output;
  t->noutput = n->noutput;
  return t;
}

/* From the top down: what stands below a cache is not looked at. */
const mill_node *mill_use_caches(mill_planner *w, const mill_node *n) {
  mill_node *copy = NULL;
  const struct mill_cache *c = n->cache;
  if (c && c->wanted && (c->table || !w->explaining)) return filled(w, n);
  if (!mill_w_enter(w)) return NULL;
  for (int i = 0; i < n->nchildren; i++) {
    const mill_node *child = mill_use_caches(w, n->child[i]);
    if (child == NULL) break;
    if (child == n->child[i]) continue;
    if (copy == NULL) copy = mill_w_node_copy(w, n);
    if (copy == NULL) break;
    copy->child[i] = child;
  }
  mill_w_leave(w);
  return w->status ? NULL : copy ? copy : n;
}
