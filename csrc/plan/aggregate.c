/* GROUP BY: keys, grouping sets, and select lists over groups.
**
** The select list becomes a PROJECT over an AGGREGATE. Its expressions are rewritten so that
** aggregate calls and keys are columns of the AGGREGATE; a column that is left is an error. With
** grouping sets the last key is the grouping id, and every key has an id of its own, since within
** aggregates the column means its own value. */
#include <string.h>

#include "plan/plan_int.h"

typedef struct grouping {
  const mill_node *node; /* for sets */
  const mill_expr *const *keys;
  int nkeys;           /* those of the user */
  mill_exprs named;    /* and as columns of the AGGREGATE */
  mill_exprs aggs;     /* calls; their ids ascend where none were there before */
  mill_chains calls;   /* of them, by trace */
  mill_chains alike;   /* of many keys, by what they are alike */
  const mill_expr *id; /* the grouping id's column, or NULL */
  bool above;          /* of ORDER BY or HAVING: the node is analysed */
} grouping;

bool mill_sets_repeat(const mill_node *n) {
  for (int i = 0; n && i < n->nsets; i++)
    for (int k = 0; k < i; k++)
      if (n->sets[i] == n->sets[k]) return true;
  return false;
}

static const mill_expr *rewrite(mill_planner *w, const mill_expr *e, void *arg);

/* The first of many keys that is like e; -1: none is. */
static int key_of_many(mill_planner *w, grouping *g, const mill_expr *e) {
  int first = -1;
  while (g->alike.n < g->nkeys)
    if (!mill_chains_add(w, &g->alike, mill_x_alike_trace(g->keys[g->alike.n]))) return -1;
  for (int i = mill_chains_find(&g->alike, mill_x_alike_trace(e)); i >= 0;
       i = mill_chains_next(&g->alike, i))
    if (mill_x_alike(mill_x_unalias(g->keys[i]), e)) first = i;
  return first;
}

static const mill_expr *key_column(mill_planner *w, grouping *g, const mill_expr *e) {
  enum { FEW = 8 };
  int at = g->nkeys > FEW ? key_of_many(w, g, e) : -1;
  for (int i = 0; g->nkeys <= FEW && at < 0 && i < g->nkeys; i++)
    if (mill_x_alike(mill_x_unalias(g->keys[i]), e)) at = i;
  return at < 0 ? NULL : mill_x_column(w, g->named.at[at]);
}

/* grouping_id(): what tells a set from an equal one stands above the keys' bits (lower.c). */
static const mill_expr *group_id(mill_planner *w, grouping *g, const mill_expr *e) {
  if (!mill_sets_repeat(g->node)) return mill_x_column(w, g->id);
  const mill_expr *bits =
      mill_x_bound(w, "%", 2, mill_x_column(w, g->id), mill_x_bigint(w, (int64_t)1 << g->nkeys));
  mill_expr *c = bits ? mill_x_copy(w, bits) : NULL;
  if (c) c->pretty = mill_w_sql(w, e), c->nullable = false;
  return c;
}

/* GROUPING SETS (()): all rows are one group, as without GROUP BY. */
static bool only_empty_set(const grouping *g) {
  if (g->node == NULL || g->nkeys) return false;
  return g->node->nsets == 1 || (g->node->nsets == 0 && g->node->grouping == MILL_GROUP_SETS);
}

static bool is_key(const grouping *g, int i, const mill_expr *e) {
  return mill_x_alike(mill_x_unalias(g->keys[i]), e) ||
         (e->kind == MILL_X_COLUMN && e->id == g->named.at[i]->id);
}

static const char *keys_text(mill_planner *w, const grouping *g) {
  const char *keys = "";
  for (int i = 0; i < g->nkeys; i++)
    keys =
        mill_w_printf(w, "%s%s%s", keys, i ? "," : "", mill_w_sql(w, mill_x_unalias(g->keys[i])));
  return keys;
}

/* grouping_id(..) names all keys in their order, or none. */
static bool names_keys(mill_planner *w, const grouping *g, const mill_expr *e) {
  const char *given = "";
  bool same = e->nargs == 0 || e->nargs == g->nkeys;
  for (int i = 0; same && i < e->nargs; i++) same = is_key(g, i, e->args[i]);
  if (same) return true;
  for (int i = 0; i < e->nargs; i++)
    given = mill_w_printf(w, "%s%s%s", given, i ? "," : "", mill_w_sql(w, e->args[i]));
  (void)MILL_W_FAIL_AT(w, e, MILL_E_GROUPING_ID_COLUMN_MISMATCH, "groupingIdColumn", given,
                       "groupByColumns", keys_text(w, g), NULL);
  return false;
}

/* grouping(key): a bit of the grouping id. */
static const mill_expr *grouping_bit(mill_planner *w, grouping *g, const mill_expr *e) {
  int at = -1;
  bool whole = mill_x_is_call(e, "grouping_id");
  if (whole && !names_keys(w, g, e)) return NULL;
  if (whole && only_empty_set(g)) return mill_x_bigint(w, 0);
  if (g->id == NULL || (g->above && g->nkeys == 0)) {
    (void)MILL_W_FAIL_AT(w, e, MILL_E_UNSUPPORTED_GROUPING_EXPRESSION, NULL);
    return NULL;
  }
  if (whole) return group_id(w, g, e);
  for (int i = 0; i < g->nkeys && e->nargs == 1; i++)
    if (is_key(g, i, e->args[0])) at = i;
  if (at < 0)
    return MILL_W_FAIL_AT(w, e, MILL_E_GROUPING_COLUMN_MISMATCH, "grouping",
                          e->nargs ? mill_w_sql(w, e->args[0]) : "", "groupingColumns",
                          keys_text(w, g), NULL);
  const mill_expr *shift = mill_x_bound(w, "div", 2, mill_x_column(w, g->id),
                                        mill_x_bigint(w, (int64_t)1 << (g->nkeys - 1 - at)));
  const mill_expr *bit = shift ? mill_x_bound(w, "%", 2, shift, mill_x_bigint(w, 2)) : NULL;
  mill_expr *c = mill_x_copy(w, mill_x_cast(w, bit, mill_type_of(MILL_TINYINT)));
  if (c) c->pretty = mill_w_sql(w, e), c->nullable = false;
  return c;
}

static int is_aggregate_at(const mill_expr *e, void *arg) {
  (void)arg;
  return mill_x_is_aggregate(e);
}

/* Those that were there before, of a node that is analysed. */
static bool chain_calls(mill_planner *w, grouping *g) {
  while (g->calls.n < g->aggs.n)
    if (!mill_chains_add(w, &g->calls, mill_x_trace(g->aggs.at[g->calls.n]->args[0]))) return false;
  return true;
}

/* The call's column among those that are there; NULL: it is a new one. */
static const mill_expr *known_call(mill_planner *w, const grouping *g, const mill_expr *e,
                                   uint32_t trace) {
  for (int i = mill_chains_find(&g->calls, trace); i >= 0; i = mill_chains_next(&g->calls, i))
    if (mill_x_same(g->aggs.at[i]->args[0], e)) return mill_x_column(w, g->aggs.at[i]);
  return NULL;
}

static bool is_call_id(const grouping *g, uint64_t id) {
  int low = 0, high = g->aggs.n;
  if (g->above) return mill_x_find_id(g->aggs.at, g->aggs.n, id);
  while (low < high) {
    const int mid = low + (high - low) / 2;
    if (g->aggs.at[mid]->id < id)
      low = mid + 1;
    else
      high = mid;
  }
  return low < g->aggs.n && g->aggs.at[low]->id == id;
}

static const mill_expr *aggregate_column(mill_planner *w, grouping *g, const mill_expr *e) {
  for (int i = 0; i < e->nargs; i++)
    if (mill_x_any(e->args[i], is_aggregate_at, NULL))
      return MILL_W_FAIL_AT(w, e, MILL_E_NESTED_AGGREGATE_FUNCTION, NULL);
  for (int i = 0; i < e->nargs; i++)
    if (mill_x_draws(e->args[i]))
      return MILL_W_FAIL_AT(w, e, MILL_E_AGGREGATE_FUNCTION_WITH_NONDETERMINISTIC_EXPRESSION,
                            "sqlExpr", mill_w_quoted_sql(w, e), NULL);
  const uint32_t trace = mill_x_trace(e);
  const mill_expr *known = chain_calls(w, g) ? known_call(w, g, e, trace) : NULL;
  if (known || w->status) return known;
  mill_expr *a = mill_x_alias(w, e, mill_w_sql(w, e));
  if (!mill_exprs_add(w, &g->aggs, a) || !mill_chains_add(w, &g->calls, trace)) return NULL;
  return mill_x_column(w, a);
}

/* A window's function is no aggregate of the query, but its arguments may hold some. */
static const mill_expr *rewrite_window(mill_planner *w, const mill_expr *e, grouping *g) {
  mill_expr *c = mill_x_copy(w, e), *call = mill_x_copy(w, e->args[0]);
  if (c == NULL || call == NULL) return NULL;
  const char *pretty = mill_w_sql(w, e);
  for (int i = 0; i < call->nargs; i++) {
    call->args[i] = mill_x_map(w, call->args[i], rewrite, g);
    if (call->args[i] == NULL) return NULL;
  }
  c->args[0] = call;
  c->pretty = pretty;
  mill_window *v = mill_w_alloc(w, sizeof *v);
  if (v == NULL) return NULL;
  *v = *e->window;
  v->partition = mill_w_alloc(w, (size_t)(v->npartition + 1) * sizeof *v->partition);
  v->order = mill_w_alloc(w, (size_t)(v->norder + 1) * sizeof *v->order);
  if (v->partition == NULL || v->order == NULL) return NULL;
  for (int i = 0; i < v->npartition; i++)
    v->partition[i] = mill_x_map(w, e->window->partition[i], rewrite, g);
  for (int i = 0; i < v->norder; i++) v->order[i] = mill_x_map(w, e->window->order[i], rewrite, g);
  c->window = v;
  return w->status == MILL_OK ? c : NULL;
}

/* ---- what a query within uses of the groups --------------------------------------------------- */

static const mill_expr *outer_to_column(mill_planner *w, const mill_expr *e, void *arg) {
  (void)arg;
  mill_expr *c = e->kind == MILL_X_OUTER ? mill_x_copy(w, e) : NULL;
  if (c) c->kind = MILL_X_COLUMN;
  return c;
}

static int is_inner_at(const mill_expr *e, void *arg) {
  (void)arg;
  return e->kind == MILL_X_COLUMN || e->query != NULL;
}

/* A key or an aggregate, written in outer columns, is one of the groups' columns to the query. */
static const mill_expr *group_from_within(mill_planner *w, const mill_expr *e, void *arg) {
  grouping *g = arg;
  if (!mill_x_has_outer(e) || mill_x_any(e, is_inner_at, NULL)) return NULL;
  const mill_expr *plain = mill_x_map(w, e, outer_to_column, NULL);
  const mill_expr *c = plain ? key_column(w, g, plain) : NULL;
  if (c == NULL && plain && !w->status && mill_x_is_aggregate(plain))
    c = aggregate_column(w, g, plain);
  mill_expr *outer = c ? mill_x_copy(w, c) : NULL;
  if (outer) outer->kind = MILL_X_OUTER;
  return outer;
}

/* Its own groups are left as they are. */
static const mill_node *query_over_groups(mill_planner *w, const mill_node *n, grouping *g) {
  if (!mill_n_has_outer(n)) return n;
  mill_node *copy = mill_w_node_copy(w, n);
  for (int i = 0; copy && i < n->nchildren; i++) {
    copy->child[i] = query_over_groups(w, n->child[i], g);
    if (copy->child[i] == NULL) return NULL;
  }
  if (copy) copy->analysed = n->analysed;
  if (copy == NULL || n->kind == MILL_N_AGGREGATE) return copy;
  return mill_n_map_exprs(w, copy, group_from_within, g);
}

static const mill_expr *rewrite_query(mill_planner *w, const mill_expr *e, grouping *g) {
  mill_expr *c = mill_x_copy(w, e);
  for (int i = 0; c && i < e->nargs; i++) {
    c->args[i] = mill_x_map(w, e->args[i], rewrite, g);
    if (c->args[i] == NULL) return NULL;
  }
  if (c) c->query = query_over_groups(w, e->query, g);
  return c && c->query ? c : NULL;
}

static const mill_expr *rewrite(mill_planner *w, const mill_expr *e, void *arg) {
  grouping *g = arg;
  if (g->above && e->query && e->query->analysed && mill_n_has_outer(e->query))
    return rewrite_query(w, e, g);
  if (mill_x_is_call(e, "grouping") || mill_x_is_call(e, "grouping_id"))
    return grouping_bit(w, g, e);
  if (e->kind != MILL_X_ALIAS) {
    const mill_expr *key = key_column(w, g, e);
    if (key || w->status) return key;
  }
  if (e->kind == MILL_X_WINDOW) return rewrite_window(w, e, g);
  return mill_x_is_aggregate(e) ? aggregate_column(w, g, e) : NULL;
}

static const mill_expr *missing(mill_planner *w, const grouping *g, const mill_expr *e) {
  if (g->nkeys == 0) return MILL_W_FAIL_AT(w, e, MILL_E_MISSING_GROUP_BY, NULL);
  return MILL_W_FAIL_AT(w, e, MILL_E_MISSING_AGGREGATION, "expression", mill_w_quoted_sql(w, e),
                        "expressionAnyValue",
                        mill_error_fmt(w->err, "\"any_value(%s)\"", mill_w_sql(w, e)), NULL);
}

typedef struct leftover {
  const grouping *g;
  const mill_expr *const *also; /* the select list's own columns */
  int nalso;
  const mill_expr *found;
} leftover;

static int leftover_at(const mill_expr *e, void *arg) {
  leftover *l = arg;
  if (e->kind != MILL_X_COLUMN) return 0;
  if (mill_x_find_id(l->g->named.at, l->g->named.n, e->id) || is_call_id(l->g, e->id) ||
      (l->g->id && l->g->id->id == e->id) || mill_x_find_id(l->also, l->nalso, e->id))
    return 0;
  l->found = e;
  return 1;
}

/* Keep the alias of an item, with its id and name, around what it became. */
static const mill_expr *rewrite_item(mill_planner *w, grouping *g, const mill_expr *item) {
  const mill_expr *r = mill_x_map(w, mill_x_unalias(item), rewrite, g);
  leftover l = {g, NULL, 0, NULL};
  if (r == NULL) return NULL;
  if (mill_x_any(r, leftover_at, &l)) return missing(w, g, l.found);
  if (item->kind == MILL_X_ALIAS) {
    mill_expr *a = mill_x_copy(w, item);
    if (a == NULL) return NULL;
    a->args[0] = r;
    a->type = r->type;
    a->nullable = r->nullable;
    return a;
  }
  if (r->id == item->id) return item;
  mill_expr *c = mill_x_copy(w, r); /* a key under grouping sets, or one that has another name */
  if (c) c->parts = item->parts, c->nparts = item->nparts;
  if (c && item->name) c->name = item->name;
  return c;
}

/* ---- building ------------------------------------------------------------------------------- */

static bool name_keys(mill_planner *w, grouping *g) {
  bool sets = g->node && g->node->nsets > 0 && !only_empty_set(g);
  for (int i = 0; i < g->nkeys; i++) {
    const mill_expr *k = g->keys[i];
    if (k->kind != MILL_X_COLUMN || sets) {
      const char *name = k->kind == MILL_X_ALIAS ? k->parts[0] : mill_w_sql(w, k);
      mill_expr *a = mill_x_alias(w, mill_x_unalias(k), name);
      if (a && sets) a->nullable = true;
      k = a;
    }
    if (!mill_exprs_add(w, &g->named, k)) return false;
  }
  if (!sets) return true;
  g->id = mill_x_alias(w, mill_x_bigint(w, 0), "spark_grouping_id");
  return g->id != NULL;
}

static const mill_node *aggregate_node(mill_planner *w, const mill_node *child, grouping *g) {
  mill_node *a = mill_w_unary(w, MILL_N_AGGREGATE, child);
  mill_exprs keys = {0}, all = {0};
  if (a == NULL || !mill_exprs_copy(w, &keys, g->named.at, g->named.n)) return NULL;
  if (g->id && !mill_exprs_add(w, &keys, g->id)) return NULL;
  a->keys = keys.at;
  a->nkeys = keys.n;
  a->aggs = g->aggs.at;
  a->naggs = g->aggs.n;
  if (g->id || only_empty_set(g)) a->grouping = MILL_GROUP_SETS;
  if (g->id) {
    a->sets = g->node->sets;
    a->nsets = g->node->nsets;
  }
  for (int i = 0; i < keys.n; i++)
    if (!mill_exprs_add(w, &all, mill_x_column(w, keys.at[i]))) return NULL;
  for (int i = 0; i < g->aggs.n; i++)
    if (!mill_exprs_add(w, &all, mill_x_column(w, g->aggs.at[i]))) return NULL;
  a->output = all.at;
  a->noutput = all.n;
  return a;
}

static bool makes_rows(const mill_expr *e) {
  return e->kind == MILL_X_CALL && e->fn && e->fn->kind == MILL_GENERATOR;
}

/* Over groups there is one generator at most. */
static bool one_generator(mill_planner *w, const mill_exprs *items) {
  const char *list = "";
  int n = 0;
  for (int i = 0; i < items->n; i++) {
    const mill_expr *e = mill_x_unalias(items->at[i]);
    if (!makes_rows(e)) continue;
    list = mill_w_printf(w, "%s%s%s", list, n++ ? ", " : "", mill_w_quoted_sql(w, e));
  }
  if (n < 2) return true;
  (void)MILL_W_FAIL_AT(w, items->at[0], MILL_E_UNSUPPORTED_GENERATOR_MULTI_GENERATOR, "num",
                       mill_error_fmt(w->err, "%d", n), "generators", list, NULL);
  return false;
}

const mill_node *mill_build_aggregate(mill_planner *w, const mill_node *n, const mill_node *child,
                                      const mill_exprs *keys, mill_exprs *items) {
  grouping g = {
      .node = keys ? n : NULL, .keys = keys ? keys->at : NULL, .nkeys = keys ? keys->n : 0};
  mill_exprs out = {0};
  if (!mill_check_grouped_queries(w, keys, items) || !one_generator(w, items)) return NULL;
  for (int i = 0; i < items->n; i++) child = mill_expose_all(w, child, items->at[i]);
  if (child == NULL || !name_keys(w, &g)) return NULL;
  for (int i = 0; i < items->n; i++)
    if (!mill_exprs_add(w, &out, rewrite_item(w, &g, items->at[i]))) return NULL;
  const mill_node *a = aggregate_node(w, child, &g);
  /* windows see the groups, not what a generator makes of them */
  if (a == NULL || !mill_extract_windows(w, &a, &out)) return NULL;
  return mill_build_project(w, a, &out, NULL);
}

/* ---- keys ----------------------------------------------------------------------------------- */

static const mill_expr *ordinal(mill_planner *w, const mill_exprs *items, const mill_expr *k) {
  int32_t at = *(const int32_t *)k->value->data;
  if (at < 1 || at > items->n)
    return MILL_W_FAIL_AT(w, k, MILL_E_GROUP_BY_POS_OUT_OF_RANGE, "index",
                          mill_error_fmt(w->err, "%d", (int)at), "size",
                          mill_error_fmt(w->err, "%d", items->n), NULL);
  const mill_expr *e = items->at[at - 1];
  if (makes_rows(mill_x_unalias(e)) && mill_x_unalias(e)->nargs == 1)
    return mill_x_unalias(e)->args[0];
  if (mill_x_has_aggregate(e))
    return MILL_W_FAIL_AT(w, k, MILL_E_GROUP_BY_POS_AGGREGATE, "index",
                          mill_error_fmt(w->err, "%d", (int)at), "aggExpr", mill_w_whole_sql(w, e),
                          NULL);
  return e;
}

/* A name that is no column, but an alias of the select list. */
static const mill_expr *by_alias(mill_planner *w, const mill_exprs *items, const mill_expr *k) {
  for (int i = 0; k->kind == MILL_X_NAME && k->nparts == 1 && i < items->n; i++)
    if (items->at[i]->kind == MILL_X_ALIAS &&
        mill_w_same_name(w, items->at[i]->parts[0], k->parts[0]))
      return makes_rows(mill_x_unalias(items->at[i])) ? NULL : items->at[i];
  return NULL;
}

/* A place in the list means nothing where a star stands in it. */
static bool counts_stars(mill_planner *w, const mill_node *n) {
  bool star = false, place = false;
  for (int i = 0; i < n->nexprs; i++) star |= n->exprs[i]->kind == MILL_X_STAR;
  for (int i = 0; i < n->nkeys; i++)
    place |= n->keys[i]->kind == MILL_X_LITERAL && n->keys[i]->value->type->id == MILL_INT;
  if (!star || !place || !mill_w_conf(w, "spark.sql.groupByOrdinal")) return false;
  (void)MILL_W_FAIL_AT(w, n, MILL_E_STAR_GROUP_BY_POS, NULL);
  return true;
}

static const mill_expr *resolve_key(mill_planner *w, const mill_scope *s, const mill_exprs *items,
                                    const mill_expr *k) {
  if (k->kind == MILL_X_PARAMETER) k = mill_resolve(w, s, k);
  if (k == NULL) return NULL;
  if (k->kind == MILL_X_LITERAL && k->value->type->id == MILL_INT &&
      mill_vector_valid(k->value, 0) && mill_w_conf(w, "spark.sql.groupByOrdinal"))
    return ordinal(w, items, k);
  const mill_expr *r = NULL;
  if (k->kind == MILL_X_NAME) {
    r = mill_resolve_name_quiet(w, s, k);
    if (r == NULL && w->status == MILL_OK && mill_w_conf(w, "spark.sql.groupByAliases"))
      r = by_alias(w, items, k);
    if (r && r->kind == MILL_X_ALIAS && mill_x_has_aggregate(r))
      return MILL_W_FAIL_AT(w, k, MILL_E_GROUP_BY_AGGREGATE, "sqlExpr",
                            mill_w_whole_sql(w, mill_x_unalias(r)), NULL);
    if (r || w->status) return r;
  }
  mill_scope own = *s; /* inside an expression the aliases of the list are known as well */
  if (k->kind != MILL_X_NAME && mill_w_conf(w, "spark.sql.groupByAliases")) own.lateral = items;
  r = mill_resolve(w, &own, k);
  if (r && makes_rows(r))
    return MILL_W_FAIL_AT(w, k, MILL_E_UNSUPPORTED_EXPR_FOR_OPERATOR, "operator", "Aggregate",
                          "invalidExprSqls", mill_w_quoted_sql(w, r), NULL);
  if (r && mill_x_has_aggregate(r))
    return MILL_W_FAIL_AT(w, k, MILL_E_GROUP_BY_AGGREGATE, "sqlExpr", mill_w_whole_sql(w, r), NULL);
  return r;
}

/* Keys that the list makes of its own aliases are none. */
static bool groups_by_alias(mill_planner *w, const mill_expr *k) {
  if (k->kind != MILL_X_ALIAS || !k->lateral) return false;
  (void)MILL_W_FAIL_AT(w, k, MILL_E_UNSUPPORTED_FEATURE_LATERAL_COLUMN_ALIAS_IN_GROUP_BY, NULL);
  return true;
}

static bool orderable(mill_planner *w, const mill_expr *k) {
  if (k->type->id != MILL_VARIANT) return true;
  (void)MILL_W_FAIL_AT(w, k, MILL_E_GROUP_EXPRESSION_TYPE_IS_NOT_ORDERABLE, "sqlExpr",
                       mill_w_quoted_sql(w, k), "dataType", mill_w_quoted_type(w, k->type), NULL);
  return false;
}

/* |> AGGREGATE: a key that is a number is that column of the input. */
static const mill_node *input_ordinals(mill_planner *w, const mill_node *n,
                                       const mill_node *child) {
  mill_node *c = mill_w_node_copy(w, n);
  mill_exprs items = {0}, keys = {0}, input = {child->output, child->noutput, child->noutput};
  if (c == NULL || !mill_exprs_copy(w, &items, n->exprs, n->nexprs)) return NULL;
  for (int i = 0; i < n->nkeys; i++) {
    const mill_expr *k = n->keys[i];
    bool number = k->kind == MILL_X_LITERAL && k->value->type->id == MILL_INT &&
                  mill_vector_valid(k->value, 0);
    if (number && (k = ordinal(w, &input, k)) == NULL) return NULL;
    if (number && n->exprs[i]->kind != MILL_X_ALIAS) items.at[i] = k;
    if (!mill_exprs_add(w, &keys, k)) return NULL;
  }
  c->exprs = items.at, c->keys = keys.at;
  return c;
}

/* |> AGGREGATE: what is no key is an aggregate. */
static bool aggregates_only(mill_planner *w, const mill_node *n, const mill_exprs *items) {
  for (int i = n->nkeys; i < items->n; i++) {
    const mill_expr *e = mill_x_unalias(items->at[i]);
    if (mill_x_has_aggregate(e) && e->kind != MILL_X_WINDOW) continue;
    (void)MILL_W_FAIL_AT(w, e,
                         MILL_E_PIPE_OPERATOR_AGGREGATE_EXPRESSION_CONTAINS_NO_AGGREGATE_FUNCTION,
                         "expr", mill_w_sql(w, e), NULL);
    return false;
  }
  return true;
}

/* Grouping sets: keys that are alike, as an ordinal and its column are, become one. */
static const mill_node *merge_keys(mill_planner *w, const mill_node *n, mill_exprs *keys) {
  mill_exprs once = {0};
  mill_node *c = mill_w_node_copy(w, n);
  uint64_t *sets = mill_w_alloc(w, ((size_t)n->nsets + 1) * sizeof *sets);
  if (c == NULL || sets == NULL) return NULL;
  for (int k = 0; k < keys->n; k++) {
    int at = 0;
    while (at < once.n && !mill_x_alike(mill_x_unalias(once.at[at]), mill_x_unalias(keys->at[k])))
      at++;
    if (at == once.n && !mill_exprs_add(w, &once, keys->at[k])) return NULL;
    for (int i = 0; i < n->nsets; i++) sets[i] |= (n->sets[i] >> k & 1) << at;
  }
  *keys = once;
  c->sets = sets;
  return c;
}

/* GROUP BY ALL where `all` is a column, or an alias of the list, is by that. */
static const mill_node *by_column_all(mill_planner *w, const mill_node *n, const mill_scope *s,
                                      const mill_exprs *items) {
  static const char *const word = "all";
  mill_expr *name = mill_x_name(w, word);
  if (name == NULL) return NULL;
  mill_scope own = *s;
  own.arguments = NULL, own.lateral = NULL;
  const mill_expr *c = mill_resolve_name_quiet(w, &own, name);
  if (c == NULL && w->status == MILL_OK && mill_w_conf(w, "spark.sql.groupByAliases"))
    c = by_alias(w, items, name);
  mill_node *copy = c ? mill_w_node_copy(w, n) : NULL;
  mill_exprs keys = {0};
  if (copy == NULL) return w->status == MILL_OK ? n : NULL;
  if (!mill_exprs_add(w, &keys, name)) return NULL;
  copy->grouping = MILL_GROUP_PLAIN;
  copy->keys = keys.at, copy->nkeys = 1;
  return copy;
}

/* GROUP BY ALL: an item without aggregates; of a generator, which runs over the groups, its arguments. */
static bool key_of_item(mill_planner *w, const mill_expr *item, mill_exprs *keys) {
  const mill_expr *e = mill_x_unalias(item);
  if (!makes_rows(e))
    return mill_x_has_aggregate(item) ||
           (!groups_by_alias(w, item) && mill_exprs_add(w, keys, item));
  for (int i = 0; i < e->nargs; i++)
    if (e->args[i]->kind != MILL_X_LITERAL && !mill_x_has_aggregate(e->args[i]) &&
        !mill_exprs_add(w, keys, e->args[i]))
      return false;
  return true;
}

static int column_of_no_call(const mill_expr *e, void *arg) {
  (void)arg;
  if (mill_x_is_aggregate(e)) return -1;
  return e->kind == MILL_X_COLUMN || (e->query && e->query->analysed && mill_n_has_outer(e->query));
}

/* GROUP BY ALL without a key: all rows are one group, unless an item has columns beside its aggregates. */
static bool one_group(mill_planner *w, const mill_node *n, const mill_exprs *items) {
  for (int i = 0; i < items->n; i++) {
    if (makes_rows(mill_x_unalias(items->at[i])) ||
        !mill_x_any(items->at[i], column_of_no_call, NULL))
      continue;
    (void)MILL_W_FAIL_AT(w, n, MILL_E_UNRESOLVED_ALL_IN_GROUP_BY, NULL);
    return false;
  }
  return true;
}

const mill_node *mill_analyse_aggregate(mill_planner *w, const mill_node *n,
                                        const mill_scope *outer) {
  const mill_node *child = mill_analyse(w, n->child[0], outer);
  mill_exprs items = {0}, keys = {0}, hidden = {0};
  if (child == NULL || !mill_source_columns(w, child, &hidden) ||
      !mill_using_columns(w, child, &hidden))
    return NULL;
  mill_scope s = mill_scope_of(child, outer);
  s.hidden = hidden.at;
  s.nhidden = hidden.n;
  bool piped = n->name != NULL;
  if (piped ? (n = input_ordinals(w, n, child)) == NULL : counts_stars(w, n)) return NULL;
  if (!mill_resolve_items(w, &s, n->exprs, n->nexprs, &items) ||
      (piped && !aggregates_only(w, n, &items)))
    return NULL;
  if (n->grouping == MILL_GROUP_ALL && (n = by_column_all(w, n, &s, &items)) == NULL) return NULL;
  for (int i = 0; i < n->nkeys; i++) {
    const mill_expr *k = resolve_key(w, &s, &items, n->keys[i]);
    if (k == NULL || groups_by_alias(w, k) || !orderable(w, k) || !mill_exprs_add(w, &keys, k))
      return NULL;
  }
  if (n->nsets && (n = merge_keys(w, n, &keys)) == NULL) return NULL;
  for (int i = 0; n->grouping == MILL_GROUP_ALL && i < items.n; i++)
    if (!key_of_item(w, items.at[i], &keys)) return NULL;
  if (n->grouping == MILL_GROUP_ALL && keys.n == 0 && !one_group(w, n, &items)) return NULL;
  for (int i = 0; i < items.n && hidden.n && child; i++)
    child = mill_expose_all(w, child, items.at[i]);
  for (int i = 0; i < keys.n && hidden.n && child; i++)
    child = mill_expose_all(w, child, keys.at[i]);
  return child ? mill_build_aggregate(w, n, child, &keys, &items) : NULL;
}

/* ---- ORDER BY, HAVING over groups ----------------------------------------------------------- */

/* To ORDER BY and HAVING a column that is neither a key nor in the list is none at all. */
typedef struct writing {
  const mill_expr *column, *name;
} writing;

static int written_at(const mill_expr *e, void *arg) {
  writing *x = arg;
  if (e->kind != MILL_X_NAME || e->text != x->column->text || e->start != x->column->start)
    return 0;
  x->name = e;
  return 1;
}

static const mill_expr *unknown_above(mill_planner *w, const mill_node *top,
                                      const mill_expr *written, const mill_expr *c) {
  writing found = {c, NULL};
  mill_scope s = mill_scope_of(top, NULL);
  if (c->text && mill_x_any(written, written_at, &found)) return mill_unresolved(w, &s, found.name);
  mill_expr *name = mill_x_new(w, MILL_X_NAME, c);
  const char **parts = mill_w_alloc(w, sizeof *parts);
  if (name == NULL || parts == NULL) return NULL;
  parts[0] = c->name;
  name->parts = parts, name->nparts = 1;
  return mill_unresolved(w, &s, name);
}

static bool groups_of(mill_planner *w, const mill_node *a, grouping *g) {
  *g = (grouping){.node = a, .keys = a->keys, .nkeys = a->nkeys, .above = true};
  if (a->nsets) g->id = a->keys[--g->nkeys];
  return mill_exprs_copy(w, &g->named, a->keys, g->nkeys) &&
         mill_exprs_copy(w, &g->aggs, a->aggs, a->naggs);
}

const mill_expr *mill_no_key(mill_planner *w, const mill_node *agg, const mill_expr *e,
                             const mill_node *top) {
  grouping g;
  if (!groups_of(w, agg, &g)) return NULL;
  leftover l = {&g, top->output, top->noutput, NULL};
  const mill_expr *r = mill_x_map(w, e, rewrite, &g);
  return r && mill_x_any(r, leftover_at, &l) ? l.found : NULL;
}

const mill_node *mill_more_aggregates(mill_planner *w, const mill_node *agg,
                                      const mill_exprs *more) {
  mill_node *copy = mill_w_node_copy(w, agg);
  mill_exprs aggs = {0}, all = {0};
  if (copy == NULL || !mill_exprs_copy(w, &aggs, agg->aggs, agg->naggs) ||
      !mill_exprs_copy(w, &aggs, more->at, more->n) ||
      !mill_exprs_copy(w, &all, agg->output, agg->noutput))
    return NULL;
  for (int i = 0; i < more->n; i++)
    if (!mill_exprs_add(w, &all, mill_x_column(w, more->at[i]))) return NULL;
  copy->aggs = aggs.at, copy->naggs = aggs.n;
  copy->output = all.at, copy->noutput = all.n;
  return copy;
}

const mill_expr *mill_above_aggregate(mill_planner *w, const mill_node **agg, const mill_expr *e,
                                      const mill_node *top, const mill_expr *written) {
  const mill_node *a = *agg;
  grouping g;
  mill_exprs before = {0};
  if (!groups_of(w, a, &g) || !mill_exprs_copy(w, &before, a->aggs, a->naggs)) return NULL;
  const mill_expr *r = mill_x_map(w, e, rewrite, &g);
  leftover l = {&g, top->output, top->noutput, NULL};
  if (r == NULL) return NULL;
  if (mill_x_any(r, leftover_at, &l)) return unknown_above(w, top, written, l.found);
  if (g.aggs.n == before.n) return r;
  mill_node *copy = mill_w_node_copy(w, a);
  mill_exprs all = {0};
  if (copy == NULL || !mill_exprs_copy(w, &all, a->output, a->noutput)) return NULL;
  for (int i = before.n; i < g.aggs.n; i++)
    if (!mill_exprs_add(w, &all, mill_x_column(w, g.aggs.at[i]))) return NULL;
  copy->aggs = g.aggs.at;
  copy->naggs = g.aggs.n;
  copy->output = all.at;
  copy->noutput = all.n;
  *agg = copy;
  return r;
}
