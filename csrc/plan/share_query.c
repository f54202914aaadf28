/* Optimiser rule: groups that a query without outer columns asks for and that stand elsewhere too (a
** WITH query or a view, named twice) are computed once a run. Spark: ReuseSubquery, ReuseExchange.
**
** A query inside an expression runs by itself, so a node that both it and the rest of the plan hold
** becomes a CACHE node whose rows live as long as the run's arena. Only groups: they are fewer than
** the rows they are made of. */
#include "plan/cache.h"
#include "plan/plan_int.h"

enum { MOST = 32 };

typedef struct met {
  const mill_node *node, *kept; /* kept: what takes its place */
  int times, in_queries;
} met;

typedef struct sharing {
  met met[MOST];
  int n, depth; /* depth: queries around */
} sharing;

static met *find(sharing *s, const mill_node *n) {
  for (int i = 0; i < s->n; i++)
    if (s->met[i].node == n) return &s->met[i];
  return NULL;
}

/* ---- counting ------------------------------------------------------------------------------- */

static void count(sharing *s, const mill_node *n);

static int count_query(const mill_expr *e, void *arg) {
  sharing *s = arg;
  if (e->query == NULL) return 0;
  s->depth++;
  count(s, e->query);
  s->depth--;
  return 0;
}

static void count_exprs(sharing *s, const mill_expr *const *l, int n) {
  for (int i = 0; i < n; i++) mill_x_any(l[i], count_query, s);
}

static void count(sharing *s, const mill_node *n) {
  if (n->kind == MILL_N_AGGREGATE) {
    met *m = find(s, n);
    if (m == NULL && s->n < MOST) {
      m = &s->met[s->n++];
      *m = (met){.node = n};
    }
    if (m) m->times++, m->in_queries += s->depth > 0;
    if (m && m->times > 1) return; /* what is below has been counted */
  }
  count_exprs(s, n->exprs, n->nexprs);
  count_exprs(s, n->aggs, n->naggs);
  count_exprs(s, n->keys, n->nkeys);
  for (int i = 0; i < n->nchildren; i++) count(s, n->child[i]);
}

/* ---- replacing ------------------------------------------------------------------------------ */

static bool list_deterministic(const mill_expr *const *l, int n) {
  for (int i = 0; i < n; i++)
    if (!mill_x_deterministic(l[i])) return false;
  return true;
}

static bool deterministic(const mill_node *n) {
  if (n->kind == MILL_N_SAMPLE || !list_deterministic(n->exprs, n->nexprs) ||
      !list_deterministic(n->aggs, n->naggs) || !list_deterministic(n->keys, n->nkeys))
    return false;
  for (int i = 0; i < n->nchildren; i++)
    if (!deterministic(n->child[i])) return false;
  return true;
}

static bool shared(const met *m) {
  return m->times > 1 && m->in_queries > 0 && !m->node->streaming && !mill_n_has_outer(m->node) &&
         deterministic(m->node);
}

static const mill_node *replace(mill_planner *w, sharing *s, const mill_node *n);

static const mill_expr *replace_query(mill_planner *w, const mill_expr *e, void *arg) {
  if (e->query == NULL) return NULL; /* what it is made of is looked at */
  const mill_node *q = replace(w, arg, e->query);
  if (q == NULL || q == e->query) return q ? e : NULL;
  mill_expr *copy = mill_w_alloc(w, sizeof *copy);
  if (copy == NULL) return NULL;
  *copy = *e;
  copy->query = q;
  return copy;
}

static const mill_node *replace_below(mill_planner *w, sharing *s, const mill_node *n) {
  const mill_node *r = mill_n_map_exprs(w, n, replace_query, s);
  mill_node *copy = NULL;
  for (int i = 0; r && i < r->nchildren; i++) {
    const mill_node *c = replace(w, s, r->child[i]);
    if (c == NULL) return NULL;
    if (c == r->child[i]) continue;
    if (copy == NULL) copy = mill_w_node_copy(w, r);
    if (copy == NULL) return NULL;
    copy->child[i] = c;
  }
  return copy ? copy : r;
}

static const mill_node *replace(mill_planner *w, sharing *s, const mill_node *n) {
  met *m = n->kind == MILL_N_AGGREGATE ? find(s, n) : NULL;
  if (m == NULL || !shared(m)) return replace_below(w, s, n);
  if (m->kept) return m->kept;
  mill_node *kept = mill_w_unary(w, MILL_N_CACHE, n);
  if (kept == NULL) return NULL;
  kept->cache = mill_cache_of_run(w);
  return kept->cache ? m->kept = kept : NULL;
}

const mill_node *mill_share_queries(mill_planner *w, const mill_node *n) {
  sharing s = {.n = 0};
  count(&s, n);
  for (int i = 0; i < s.n; i++)
    if (shared(&s.met[i])) return replace(w, &s, n);
  return n;
}
