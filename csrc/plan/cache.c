/* Kept rows: df:cache(), persist, checkpoint. Spark: CacheManager, InMemoryRelation.
**
** A CACHE node stands above the plan it keeps. The first run that reads it fills it with all rows
** of its child; later runs scan those. The plans built upon it share the node, and so the rows. */
#include "plan/cache.h"

#include "plan/plan_int.h"
#include "plan/stream_check.h"

struct mill_cache {
  mill_memory *memory;
  mill_table *table; /* NULL: not filled yet */
  bool off;          /* unpersisted: the child is computed again */
  int refs;
};

static void unref(void *p) {
  mill_cache *c = p;
  if (--c->refs > 0) return;
  mill_table_unref(c->table);
  mill_free(c->memory, c, sizeof *c);
}

mill_status mill_plan_cache(mill_plan *p, mill_plan **out, mill_error *err) {
  mill_memory *m = mill_session_memory(p->session);
  mill_plan *q = NULL;
  if (p->streaming) return mill_stream_only(err);
  MILL_TRY(mill_plan_new(p->session, &q, err));
  mill_status status = MILL_OK;
  mill_planner w;
  mill_cache *c = mill_calloc(m, sizeof *c);
  if (c == NULL) {
    status = mill_oom(m, sizeof *c, err);
  } else {
    *c = (mill_cache){.memory = m, .refs = 1};
    status = mill_plan_keep(q, c, unref, err);
  }
  if (status == MILL_OK) status = mill_plan_keep_plan(q, p, err);
  if (status == MILL_OK) status = mill_planner_init(&w, q, err);
  if (status == MILL_OK) {
    q->root = mill_w_unary(&w, MILL_N_CACHE, p->root);
    status = w.status;
  }
  if (status != MILL_OK) {
    mill_plan_unref(q);
    return status;
  }
  q->root->cache = c;
  q->schema = p->schema;
  q->settings = p->settings;
  *out = q;
  return MILL_OK;
}

void mill_plan_uncache(mill_plan *p) {
  if (p->root->kind != MILL_N_CACHE) return;
  mill_table_unref(p->root->cache->table);
  p->root->cache->table = NULL;
  p->root->cache->off = true;
}

bool mill_cache_off(const mill_cache *c) { return c->off; }

double mill_cache_rows(const mill_cache *c) { return c->table ? (double)c->table->rows : -1; }

const mill_table *mill_cache_table(const mill_cache *c) { return c->table; }

static void drop_table(void *p) { mill_table_unref(((mill_cache *)p)->table); }

mill_cache *mill_cache_of_run(mill_planner *w) {
  mill_cache *c = mill_w_alloc(w, sizeof *c);
  if (c == NULL) return NULL;
  c->memory = w->ctx->memory;
  c->refs = 1;
  if (mill_arena_at_end(w->arena, drop_table, c)) return c;
  w->status = mill_oom(w->ctx->memory, sizeof *c, w->err);
  return NULL;
}

mill_table *mill_cache_fill(mill_planner *w, const mill_node *n) {
  mill_cache *c = n->cache;
  if (c->table == NULL) w->status = mill_plan_rows(w, n->child[0], true, &c->table);
  return w->status == MILL_OK ? c->table : NULL;
}
