/* LATERAL: a table that is computed for each row of another, as one join.
**
** The right side uses columns of the left. Its distinct values of them, the domain, are joined into
** the right side's tree below the nodes that use them and passed up beside its columns; the lateral
** join is then an ordinary one in which the domain's columns equal the left's, NULL to NULL
** (Neumann and Kemper, Unnesting Arbitrary Queries, BTW 2015). Groups without rows are put back
** where an aggregate without keys must give a row for each. A LIMIT counts for each value of the
** domain, by row numbers. An inner join with a right side of one row's expressions and generators
** needs none of this: that side goes on top of the left. */
#include <string.h>

#include "plan/plan_int.h"

typedef struct lateral {
  mill_planner *w;
  const mill_node *left;
  mill_exprs used;         /* columns of the left, as the right uses them */
  const mill_node *domain; /* their distinct values; NULL: the left itself, row by row */
} lateral;

/* A rewritten node: the columns of the one before come first in its output, then the domain's. */
static const mill_node *rewrite(lateral *l, const mill_node *n);

static mill_exprs domain_of(const lateral *l, const mill_node *n) {
  return (mill_exprs){n->output + (n->noutput - l->used.n), l->used.n, l->used.n};
}

/* ---- what uses the left --------------------------------------------------------------------- */

typedef struct finder {
  lateral *l;
  bool any, nested;
} finder;

static int outer_at(const mill_expr *e, void *arg) {
  finder *f = arg;
  if (e->query && mill_n_has_outer(e->query)) f->nested = true;
  if (e->kind != MILL_X_OUTER || !mill_n_computes(f->l->w, f->l->left, e->id)) return 0;
  f->any = true;
  if (!mill_x_find_id(f->l->used.at, f->l->used.n, e->id)) mill_exprs_add(f->l->w, &f->l->used, e);
  return 0;
}

static bool uses_left(lateral *l, const mill_node *n) {
  finder f = {.l = l};
  mill_n_any_expr(n, outer_at, &f);
  return f.any;
}

/* ---- pieces --------------------------------------------------------------------------------- */

typedef struct binding {
  const lateral *l;
  mill_exprs columns; /* of the domain, in the order of l->used */
} binding;

static const mill_expr *bound_column(mill_planner *w, const mill_expr *e, void *arg) {
  const binding *b = arg;
  (void)w;
  for (int i = 0; e->kind == MILL_X_OUTER && i < b->l->used.n; i++)
    if (b->l->used.at[i]->id == e->id) return b->columns.at[i];
  return NULL;
}

static const mill_node *bind_exprs(lateral *l, const mill_node *n, mill_exprs columns) {
  binding b = {l, columns};
  return n ? mill_n_map_exprs(l->w, n, bound_column, &b) : NULL;
}

/* The columns of `like` out of a node, then the domain's. */
static const mill_node *with_output(lateral *l, const mill_node *n, const mill_node *like,
                                    mill_exprs domain) {
  mill_node *c = n ? mill_w_node_copy(l->w, n) : NULL;
  mill_exprs out = {0};
  if (c == NULL || !mill_exprs_copy(l->w, &out, like->output, like->noutput) ||
      !mill_exprs_copy(l->w, &out, domain.at, domain.n))
    return NULL;
  c->output = out.at;
  c->noutput = out.n;
  return c;
}

/* The same, for nodes whose output has an order of its own. */
static const mill_node *projected(lateral *l, const mill_node *n, const mill_node *like,
                                  mill_exprs domain) {
  mill_exprs items = {0};
  if (n == NULL || !mill_exprs_copy(l->w, &items, like->output, like->noutput) ||
      !mill_exprs_copy(l->w, &items, domain.at, domain.n))
    return NULL;
  return mill_w_project(l->w, n, &items);
}

static const mill_node *over(lateral *l, const mill_node *n, const mill_node *child) {
  mill_node *c = child ? mill_w_node_copy(l->w, n) : NULL;
  if (c) c->child[0] = child;
  return c;
}

/* a <=> b, of any type, for all columns of two domains. */
static const mill_expr *equal(lateral *l, mill_exprs a, mill_exprs b, const mill_expr *condition) {
  for (int i = 0; i < a.n; i++) {
    condition = mill_x_and(l->w, condition, mill_x_bound(l->w, "same", 2, a.at[i], b.at[i]));
    if (condition == NULL) return NULL;
  }
  return condition;
}

static const mill_node *refuse(lateral *l, const mill_node *n) {
  return MILL_W_FAIL_AT(
      l->w, n,
      MILL_E_UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY_ACCESSING_OUTER_QUERY_COLUMN_IS_NOT_ALLOWED,
      "treeNode", "", NULL);
}

/* ---- kinds of nodes ------------------------------------------------------------------------- */

/* A tree that does not use the left, beside every value of the domain. */
static const mill_node *leaf(lateral *l, const mill_node *n) {
  if (l->domain == NULL && n->kind == MILL_N_ONE_ROW) return l->left;
  const mill_node *d = l->domain ? mill_renew_ids(l->w, l->domain) : l->left;
  const mill_node *j = d ? mill_w_join(l->w, MILL_JOIN_INNER, d, n, NULL) : NULL;
  return projected(l, j, n, (mill_exprs){d->output, d->noutput, d->noutput});
}

static const mill_node *project(lateral *l, const mill_node *n) {
  const mill_node *child = rewrite(l, n->child[0]);
  if (child == NULL) return NULL;
  mill_exprs domain = domain_of(l, child), items = {0};
  const mill_node *p = bind_exprs(l, over(l, n, child), domain);
  mill_node *c = p ? mill_w_node_copy(l->w, p) : NULL;
  if (c == NULL || !mill_exprs_copy(l->w, &items, p->exprs, p->nexprs) ||
      !mill_exprs_copy(l->w, &items, domain.at, domain.n) || !mill_w_set_exprs(l->w, c, &items))
    return NULL;
  return with_output(l, c, n, domain);
}

static const mill_node *generate(lateral *l, const mill_node *n) {
  const mill_node *child = rewrite(l, n->child[0]);
  if (child == NULL) return NULL;
  mill_exprs domain = domain_of(l, child), out = {0};
  int before = n->child[0]->noutput;
  const mill_node *g = bind_exprs(l, over(l, n, child), domain);
  mill_node *c = g ? mill_w_node_copy(l->w, g) : NULL;
  if (c == NULL || !mill_exprs_copy(l->w, &out, child->output, child->noutput) ||
      !mill_exprs_copy(l->w, &out, n->output + before, n->noutput - before))
    return NULL;
  c->output = out.at;
  c->noutput = out.n;
  return projected(l, c, n, domain);
}

/* FILTER, SORT: what passes rows on. */
static const mill_node *pass(lateral *l, const mill_node *n) {
  const mill_node *child = rewrite(l, n->child[0]);
  if (child == NULL) return NULL;
  mill_exprs domain = domain_of(l, child);
  return with_output(l, bind_exprs(l, over(l, n, child), domain), n, domain);
}

static bool is_one_of(const mill_expr *call, const char *const *names) {
  for (int i = 0; names[i]; i++)
    if (mill_x_is_call(call, names[i])) return true;
  return false;
}

bool mill_counts_rows(const mill_expr *call) {
  static const char *const zero[] = {"count", "count_if", "approx_count_distinct", "regr_count",
                                     NULL};
  return is_one_of(call, zero);
}

/* SELECT agg FROM no rows, for aggregate `i` of n. */
static const mill_expr *over_nothing(mill_planner *w, const mill_node *n, int i) {
  mill_exprs nulls = {0};
  const mill_node *child = n->child[0];
  for (int k = 0; k < child->noutput; k++) {
    const mill_expr *c = child->output[k], *null = mill_x_null(w, c->type);
    mill_expr *a = null ? mill_x_alias(w, null, c->name) : NULL;
    if (a) a->id = c->id;
    if (!mill_exprs_add(w, &nulls, a)) return NULL;
  }
  const mill_node *one = mill_w_node(w, MILL_N_ONE_ROW, n);
  const mill_node *row = one ? mill_w_project(w, one, &nulls) : NULL;
  const mill_node *none = row ? mill_w_filter(w, row, mill_x_bool(w, false)) : NULL;
  mill_node *total = none ? mill_w_unary(w, MILL_N_AGGREGATE, none) : NULL;
  mill_expr *q = mill_x_new(w, MILL_X_SCALAR_QUERY, NULL);
  mill_exprs agg = {0}, out = {0};
  if (total == NULL || q == NULL || !mill_exprs_add(w, &agg, n->aggs[i]) ||
      !mill_exprs_add(w, &out, mill_x_column(w, n->aggs[i])))
    return NULL;
  total->aggs = agg.at, total->naggs = 1;
  total->output = out.at, total->noutput = 1;
  q->query = total, q->type = n->aggs[i]->type, q->nullable = true;
  return q;
}

/* What aggregate `i` of n gives for no rows in place of `column`, which is NULL there. */
static const mill_expr *of_none(mill_planner *w, const mill_node *n, int i,
                                const mill_expr *column) {
  /* of the others, sketches too, Spark says NULL where there were no rows */
  static const char *const empty[] = {
      "collect_list",   "collect_set",          "array_agg", "count_min_sketch", "bitmap_or_agg",
      "bitmap_and_agg", "bitmap_construct_agg", NULL};
  const mill_expr *call = mill_x_unalias(n->aggs[i]);
  if (mill_counts_rows(call))
    return mill_x_bound(w, "coalesce", 2, column, mill_x_cast(w, mill_x_int(w, 0), call->type));
  if (!is_one_of(call, empty) || mill_x_has_outer(call)) return column;
  const mill_expr *none = over_nothing(w, n, i);
  return none ? mill_x_bound(w, "coalesce", 2, column, none) : NULL;
}

/* Groups of an aggregate without keys: one for each value of the domain, also without rows. */
static const mill_node *all_groups(lateral *l, const mill_node *n, const mill_node *agg) {
  const mill_node *d = mill_renew_ids(l->w, l->domain);
  if (d == NULL || agg == NULL) return NULL;
  mill_exprs own = {d->output, d->noutput, d->noutput}, items = {0};
  const mill_expr *on = equal(l, own, domain_of(l, agg), NULL);
  const mill_node *j = on ? mill_w_join(l->w, MILL_JOIN_LEFT, d, agg, on) : NULL;
  for (int i = 0; j && i < n->naggs; i++) {
    const mill_expr *c = mill_x_column(l->w, n->aggs[i]);
    const mill_expr *v = c ? of_none(l->w, n, i, c) : NULL;
    mill_expr *a = v ? mill_x_alias(l->w, v, c->name) : NULL;
    if (a) a->id = n->aggs[i]->id;
    if (!mill_exprs_add(l->w, &items, a)) return NULL;
  }
  if (j == NULL || !mill_exprs_copy(l->w, &items, own.at, own.n)) return NULL;
  const mill_node *p = mill_w_project(l->w, j, &items);
  return projected(l, p, n, own);
}

static const mill_node *aggregate(lateral *l, const mill_node *n) {
  if (n->nsets) return refuse(l, n);
  const mill_node *child = rewrite(l, n->child[0]);
  if (child == NULL) return NULL;
  mill_exprs domain = domain_of(l, child), keys = {0};
  const mill_node *a = bind_exprs(l, over(l, n, child), domain);
  mill_node *c = a ? mill_w_node_copy(l->w, a) : NULL;
  if (c == NULL || !mill_exprs_copy(l->w, &keys, a->keys, a->nkeys) ||
      !mill_exprs_copy(l->w, &keys, domain.at, domain.n))
    return NULL;
  c->keys = keys.at;
  c->nkeys = keys.n;
  const mill_node *r = with_output(l, c, n, domain);
  return n->nkeys ? r : all_groups(l, n, r);
}

/* The rows of a LIMIT by their numbers within each value of the domain. */
static const mill_node *limit(lateral *l, const mill_node *n) {
  mill_planner *w = l->w;
  const mill_node *child = rewrite(l, n->child[0]);
  mill_window *v = mill_w_alloc(w, sizeof *v);
  mill_expr *win = mill_x_new(w, MILL_X_WINDOW, NULL), *key = mill_x_new(w, MILL_X_SORT, NULL);
  const mill_expr **args = mill_w_alloc(w, 2 * sizeof *args);
  if (!child || !v || !win || !key || !args) return NULL;
  mill_exprs domain = domain_of(l, child), order = {0}, items = {0};
  bool sorted = child->kind == MILL_N_SORT;
  args[0] = mill_x_int(w, 1);
  key->args = args, key->nargs = 1, key->type = mill_type_of(MILL_INT), key->nulls_first = true;
  if (sorted ? !mill_exprs_copy(w, &order, child->exprs, child->nexprs)
             : !mill_exprs_add(w, &order, key))
    return NULL;
  *v = (mill_window){.npartition = domain.n,
                     .partition = domain.at,
                     .norder = order.n,
                     .order = order.at,
                     .framed = true,
                     .unit = MILL_FRAME_ROWS,
                     .from = MILL_UNBOUNDED_PRECEDING,
                     .to = MILL_CURRENT_ROW};
  args[1] = mill_x_bound(w, "row_number", 0);
  if (args[1] == NULL) return NULL;
  win->args = args + 1, win->nargs = 1, win->window = v, win->type = args[1]->type;
  mill_expr *number = mill_x_alias(w, win, "n");
  if (!mill_exprs_copy(w, &items, child->output, child->noutput) ||
      !mill_exprs_add(w, &items, number))
    return NULL;
  const mill_node *p = mill_build_project(w, child, &items, NULL);
  int64_t skip = n->from > 0 ? n->from : 0;
  const mill_expr *at =
      p ? mill_x_cast(w, p->output[p->noutput - 1], mill_type_of(MILL_BIGINT)) : NULL;
  const mill_expr *in = mill_x_bound(w, ">", 2, at, mill_x_bigint(w, skip));
  if (n->to >= 0)
    in = mill_x_and(w, in, mill_x_bound(w, "<=", 2, at, mill_x_bigint(w, skip + n->to)));
  const mill_node *f = in ? mill_w_filter(w, p, in) : NULL;
  return f ? with_output(l, f, n, domain) : NULL;
}

/* Windows see the rows of one value of the domain. */
static const mill_node *window(lateral *l, const mill_node *n) {
  mill_planner *w = l->w;
  const mill_node *child = rewrite(l, n->child[0]);
  if (child == NULL) return NULL;
  mill_exprs domain = domain_of(l, child), items = {0};
  const mill_node *m = bind_exprs(l, over(l, n, child), domain);
  mill_node *c = m ? mill_w_node_copy(w, m) : NULL;
  for (int i = 0; c && i < m->nexprs; i++) {
    mill_expr *a = mill_x_copy(w, m->exprs[i]), *x = a ? mill_x_copy(w, a->args[0]) : NULL;
    mill_window *v = x ? mill_w_alloc(w, sizeof *v) : NULL;
    mill_exprs keys = {0};
    if (v == NULL || !mill_exprs_copy(w, &keys, x->window->partition, x->window->npartition) ||
        !mill_exprs_copy(w, &keys, domain.at, domain.n))
      return NULL;
    *v = *x->window;
    v->partition = keys.at, v->npartition = keys.n;
    x->window = v;
    a->args[0] = x;
    if (!mill_exprs_add(w, &items, a)) return NULL;
  }
  if (c == NULL || !mill_w_set_exprs(w, c, &items)) return NULL;
  mill_exprs out = {0};
  if (!mill_exprs_copy(w, &out, child->output, child->noutput)) return NULL;
  for (int i = 0; i < n->noutput; i++)
    if (!mill_x_find_id(out.at, out.n, n->output[i]->id) && !mill_exprs_add(w, &out, n->output[i]))
      return NULL;
  c->output = out.at, c->noutput = out.n;
  return projected(l, c, n, domain);
}

static const mill_node *join(lateral *l, const mill_node *n) {
  bool right = uses_left(l, n->child[1]) || n->join == MILL_JOIN_RIGHT;
  bool left = !right || uses_left(l, n->child[0]) || n->join != MILL_JOIN_RIGHT;
  if (n->join == MILL_JOIN_FULL || n->lateral) return refuse(l, n);
  const mill_node *a = left ? rewrite(l, n->child[0]) : n->child[0];
  const mill_node *b = right && a ? rewrite(l, n->child[1]) : n->child[1];
  mill_node *c = a && b ? mill_w_node_copy(l->w, n) : NULL;
  if (c == NULL) return NULL;
  c->child[0] = a, c->child[1] = b;
  mill_exprs domain = domain_of(l, left && n->join != MILL_JOIN_RIGHT ? a : b), list = {0};
  const mill_node *m = bind_exprs(l, c, domain);
  if (m == NULL) return NULL;
  const mill_expr *on = m->nexprs ? m->exprs[0] : NULL;
  if (left && right) {
    on = equal(l, domain_of(l, a), domain_of(l, b), on);
    if (on == NULL) return NULL;
  }
  c = mill_w_node_copy(l->w, m);
  if (c && c->join == MILL_JOIN_CROSS) c->join = MILL_JOIN_INNER;
  if (on && (!mill_exprs_add(l->w, &list, on) || !mill_w_set_exprs(l->w, c, &list))) return NULL;
  return projected(l, c, n, domain);
}

static const mill_node *all_children(lateral *l, const mill_node *n) {
  mill_node *u = mill_w_node_copy(l->w, n);
  mill_exprs domain = {0};
  for (int i = 0; u && i < n->nchildren; i++) {
    const mill_node *c = rewrite(l, n->child[i]);
    mill_exprs items = {0};
    if (c == NULL || !mill_exprs_copy(l->w, &items, c->output, c->noutput)) return NULL;
    u->child[i] = mill_w_project(l->w, c, &items);
    if (u->child[i] == NULL) return NULL;
  }
  for (int k = 0; u && k < l->used.n; k++) {
    mill_expr *c = mill_x_copy(l->w, l->domain->output[k]);
    if (c) c->id = mill_session_next_id(l->w->session);
    if (!mill_exprs_add(l->w, &domain, c)) return NULL;
  }
  return u ? with_output(l, u, n, domain) : NULL;
}

static const mill_node *rewrite(lateral *l, const mill_node *n) {
  if (!uses_left(l, n)) return leaf(l, n);
  switch (n->kind) {
  case MILL_N_PROJECT: return project(l, n);
  case MILL_N_FILTER:
  case MILL_N_SORT: return pass(l, n);
  case MILL_N_GENERATE: return generate(l, n);
  case MILL_N_AGGREGATE: return aggregate(l, n);
  case MILL_N_LIMIT: return limit(l, n);
  case MILL_N_WINDOW: return window(l, n);
  case MILL_N_JOIN: return join(l, n);
  case MILL_N_UNION: return all_children(l, n);
  default: return refuse(l, n);
  }
}

/* ---- the join ------------------------------------------------------------------------------- */

/* The left's column that is used; its list may have it without showing it. */
static const mill_expr *of_left(lateral *l, int i) {
  mill_expr *c = mill_x_copy(l->w, l->used.at[i]);
  if (c) c->kind = MILL_X_COLUMN;
  return c;
}

static const mill_node *make_domain(lateral *l) {
  mill_exprs items = {0};
  for (int i = 0; i < l->used.n; i++) {
    const mill_expr *c = of_left(l, i);
    if (c == NULL || !mill_exprs_add(l->w, &items, mill_x_alias(l->w, c, c->name))) return NULL;
  }
  const mill_node *p = mill_w_project(l->w, l->left, &items);
  mill_node *a = p ? mill_w_unary(l->w, MILL_N_AGGREGATE, p) : NULL;
  if (a == NULL) return NULL;
  a->keys = p->output;
  a->nkeys = p->noutput;
  return a;
}

const mill_node *mill_lateral_rows(mill_planner *w, const mill_node *a, const mill_node *b,
                                   const mill_expr **on, int *used) {
  lateral l = {.w = w, .left = a};
  finder f = {.l = &l};
  mill_n_any_expr(b, outer_at, &f);
  if (f.nested) return refuse(&l, b);
  *used = l.used.n;
  if (!f.any) return b;
  l.domain = make_domain(&l);
  const mill_node *r = l.domain ? rewrite(&l, b) : NULL;
  if (r == NULL) return NULL;
  mill_exprs own = {0};
  for (int i = 0; i < l.used.n; i++)
    if (!mill_exprs_add(w, &own, of_left(&l, i))) return NULL;
  *on = equal(&l, own, domain_of(&l, r), *on);
  return *on ? r : NULL;
}

/* Does every row of the left make its rows alone, without another's? */
static bool by_row(lateral *l, const mill_node *n) {
  while (n->kind == MILL_N_PROJECT || n->kind == MILL_N_FILTER || n->kind == MILL_N_GENERATE)
    n = n->child[0];
  return !uses_left(l, n);
}

/* An inner join with such a tree needs neither domain nor join: the left is what the tree stands on. */
static const mill_node *rows_of_left(lateral *l, const mill_node *b, const mill_expr *condition) {
  const mill_node *a = l->left;
  mill_exprs out = {0};
  l->used = (mill_exprs){a->output, a->noutput, a->noutput};
  const mill_node *r = rewrite(l, b);
  if (r == NULL || !mill_exprs_copy(l->w, &out, a->output, a->noutput) ||
      !mill_exprs_copy(l->w, &out, r->output, r->noutput - a->noutput))
    return NULL;
  r = mill_w_project(l->w, r, &out);
  return r && condition ? mill_w_filter(l->w, r, condition) : r;
}

const mill_node *mill_lateral_join(mill_planner *w, mill_join kind, const mill_node *a,
                                   const mill_node *b, const mill_expr *condition) {
  int used = 0;
  mill_exprs out = {0};
  lateral l = {.w = w, .left = a};
  finder f = {.l = &l};
  mill_n_any_expr(b, outer_at, &f);
  if (f.any && !f.nested && (kind == MILL_JOIN_INNER || kind == MILL_JOIN_CROSS) && by_row(&l, b))
    return rows_of_left(&l, b, condition);
  const mill_node *r = mill_lateral_rows(w, a, b, &condition, &used);
  if (r == NULL) return NULL;
  if (used == 0) return mill_w_join(w, kind, a, b, condition);
  const mill_node *j =
      mill_w_join(w, kind == MILL_JOIN_CROSS ? MILL_JOIN_INNER : kind, a, r, condition);
  if (j == NULL || !mill_exprs_copy(w, &out, j->output, j->noutput - used)) return NULL;
  return mill_w_project(w, j, &out);
}
