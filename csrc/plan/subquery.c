/* Subqueries in expressions: their analysis, and their replacement by joins.
**
** A query without columns of the outer one runs first and becomes a constant (lower_expr.c), but
** for IN. The others become joins: predicates that use outer columns are pulled out of the query
** and up to the join's condition, through select lists and groups; what they compare is added
** there. */
#include <string.h>

#include "kernel/coerce.h"
#include "plan/plan_int.h"

/* ---- analysis ------------------------------------------------------------------------------- */

/* The type that argument i of IN and the query's column are compared as: of one text with another collation
** what `=` makes of both. NULL: none, or it failed. */
static const mill_type *compared_as(mill_planner *w, const mill_expr *in, int i,
                                    const mill_expr *column) {
  const mill_expr *a = in->args[i];
  bool texts = a->type->id == MILL_STRING && column->type->id == MILL_STRING;
  if (!texts || mill_type_same(a->type, column->type, true) || in->nargs > 1)
    return mill_common_type(w->ctx->types, a->type, column->type);
  const mill_expr *eq = mill_x_bound(w, "=", 2, a, column);
  if (eq) return eq->args[0]->type;
  if (w->status == MILL_E_OUT_OF_MEMORY) return NULL;
  mill_error_clear(w->err);
  return MILL_W_FAIL_AT(w, in, MILL_E_INDETERMINATE_COLLATION_IN_EXPRESSION, "expr",
                        mill_w_quoted_sql(w, in), NULL);
}

static bool match_types(mill_planner *w, mill_expr *e, const mill_node **q) {
  const mill_type **types = mill_w_alloc(w, (size_t)(e->nargs + 1) * sizeof *types);
  if (types == NULL) return false;
  for (int i = 0; i < e->nargs; i++) {
    types[i] = compared_as(w, e, i, (*q)->output[i]);
    if (w->status) return false;
    if (types[i] == NULL) {
      (void)MILL_W_FAIL_AT(
          w, e, MILL_E_DATATYPE_MISMATCH_IN_SUBQUERY_DATA_TYPE_MISMATCH, "sqlExpr",
          mill_w_quoted_sql(w, e), "leftType", mill_w_quoted_type(w, e->args[i]->type), "rightType",
          mill_w_quoted_type(w, (*q)->output[i]->type), "mismatchedColumns", "", NULL);
      return false;
    }
    e->args[i] = mill_x_cast(w, e->args[i], types[i]);
    if (e->args[i] == NULL) return false;
  }
  *q = mill_cast_outputs(w, *q, types);
  return *q != NULL;
}

static const char *quoted_list(mill_planner *w, const mill_expr *const *e, int n) {
  const char *s = "";
  for (int i = 0; s && i < n; i++)
    s = mill_w_printf(w, "%s%s%s", s, i ? ", " : "", mill_w_quoted_sql(w, e[i]));
  return s;
}

const mill_expr *mill_resolve_subquery(mill_planner *w, const mill_scope *s, const mill_expr *e) {
  mill_expr *c = mill_x_copy(w, e);
  mill_scope below = *s;
  below.lateral = NULL;
  for (int i = 0; c && i < c->nargs; i++) {
    c->args[i] = mill_resolve(w, s, e->args[i]);
    if (c->args[i] == NULL) return NULL;
  }
  const mill_node *q = c ? mill_analyse(w, e->query, &below) : NULL;
  if (q && e->query->analysed) q = mill_renew_ids(w, q); /* the query around may use them as well */
  if (q == NULL) return NULL;
  c->type = mill_type_of(MILL_BOOLEAN);
  c->nullable = e->kind == MILL_X_IN_QUERY;
  if (e->kind == MILL_X_SCALAR_QUERY) {
    if (q->noutput != 1)
      return MILL_W_FAIL_AT(
          w, e,
          MILL_E_INVALID_SUBQUERY_EXPRESSION_SCALAR_SUBQUERY_RETURN_MORE_THAN_ONE_OUTPUT_COLUMN,
          "number", mill_error_fmt(w->err, "%d", q->noutput), NULL);
    c->type = q->output[0]->type;
    c->nullable = true;
  }
  if (e->kind == MILL_X_IN_QUERY) {
    if (q->noutput != e->nargs)
      return MILL_W_FAIL_AT(w, e, MILL_E_DATATYPE_MISMATCH_IN_SUBQUERY_LENGTH_MISMATCH, "sqlExpr",
                            mill_w_quoted_sql(w, c), "leftLength",
                            mill_error_fmt(w->err, "%d", e->nargs), "leftColumns",
                            quoted_list(w, c->args, c->nargs), "rightLength",
                            mill_error_fmt(w->err, "%d", q->noutput), "rightColumns",
                            quoted_list(w, q->output, q->noutput), NULL);
    if (!match_types(w, c, &q)) return NULL;
  }
  c->query = q;
  return c;
}

/* ---- pulling outer predicates up ------------------------------------------------------------- */

static const mill_expr *to_column(mill_planner *w, const mill_expr *e, void *arg) {
  (void)arg;
  if (e->kind != MILL_X_OUTER) return NULL;
  mill_expr *c = mill_x_copy(w, e);
  if (c) c->kind = MILL_X_COLUMN;
  return c;
}

typedef struct inner_columns {
  mill_planner *w;
  mill_exprs *out;
} inner_columns;

static int inner_at(const mill_expr *e, void *arg) {
  inner_columns *c = arg;
  if (e->kind == MILL_X_COLUMN && !mill_x_find_id(c->out->at, c->out->n, e->id))
    mill_exprs_add(c->w, c->out, e);
  return 0;
}

static int own_column_at(const mill_expr *e, void *arg) {
  (void)arg;
  return e->kind == MILL_X_COLUMN;
}

const mill_expr *mill_lift_aggregate(mill_planner *w, const mill_scope *s, const mill_expr *e) {
  mill_exprs *to = s->outer ? s->outer->lifted : NULL;
  if (e == NULL || to == NULL || !s->where || !mill_x_is_aggregate(e) || !mill_x_has_outer(e) ||
      mill_x_any(e, own_column_at, NULL))
    return e;
  const mill_expr *call = mill_x_map(w, e, to_column, NULL);
  mill_expr *a = call ? mill_x_alias(w, call, mill_w_sql(w, call)) : NULL;
  if (a == NULL || !mill_exprs_add(w, to, a)) return NULL;
  mill_expr *c = mill_x_copy(w, mill_x_column(w, a));
  if (c) c->kind = MILL_X_OUTER;
  return c;
}

/* n without the conjuncts that use outer columns; those go to `pulled`, the inner columns they use
** are exposed by what is given back. */
static const mill_node *pull(mill_planner *w, const mill_node *n, mill_exprs *pulled,
                             mill_exprs *need);

static const mill_node *pull_filter(mill_planner *w, const mill_node *n, mill_exprs *pulled,
                                    mill_exprs *need) {
  mill_exprs all = {0};
  const mill_expr *kept = NULL;
  const mill_node *child = pull(w, n->child[0], pulled, need);
  if (child == NULL || !mill_x_conjuncts(w, n->exprs[0], &all)) return NULL;
  for (int i = 0; i < all.n; i++) {
    if (!mill_x_has_outer(all.at[i])) {
      kept = mill_x_and(w, kept, all.at[i]);
      if (kept == NULL) return NULL;
      continue;
    }
    inner_columns c = {w, need};
    mill_x_any(all.at[i], inner_at, &c);
    if (!mill_exprs_add(w, pulled, all.at[i])) return NULL;
  }
  return kept ? mill_w_filter(w, child, kept) : child;
}

static const mill_node *pull_project(mill_planner *w, const mill_node *n, mill_exprs *pulled,
                                     mill_exprs *need) {
  const mill_node *child = pull(w, n->child[0], pulled, need);
  mill_node *copy = child ? mill_w_node_copy(w, n) : NULL;
  mill_exprs l = {0};
  if (copy == NULL || !mill_exprs_copy(w, &l, n->exprs, n->nexprs)) return NULL;
  for (int i = 0; i < need->n; i++)
    if (!mill_x_find_id(l.at, l.n, need->at[i]->id) && !mill_exprs_add(w, &l, need->at[i]))
      return NULL;
  copy->child[0] = child;
  return mill_w_set_exprs(w, copy, &l) ? copy : NULL;
}

static const mill_node *pull_aggregate(mill_planner *w, const mill_node *n, mill_exprs *pulled,
                                       mill_exprs *need) {
  const mill_node *child = pull(w, n->child[0], pulled, need);
  mill_node *copy = child ? mill_w_node_copy(w, n) : NULL;
  mill_exprs keys = {0}, out = {0};
  if (copy == NULL || !mill_exprs_copy(w, &keys, n->keys, n->nkeys)) return NULL;
  for (int i = 0; i < need->n; i++)
    if (!mill_x_find_id(keys.at, keys.n, need->at[i]->id) && !mill_exprs_add(w, &keys, need->at[i]))
      return NULL;
  copy->child[0] = child;
  copy->keys = keys.at;
  copy->nkeys = keys.n;
  if (!mill_exprs_copy(w, &out, n->output, n->noutput) ||
      !mill_exprs_copy(w, &out, need->at, need->n))
    return NULL;
  copy->output = out.at;
  copy->noutput = out.n;
  return copy;
}

static const mill_node *pull(mill_planner *w, const mill_node *n, mill_exprs *pulled,
                             mill_exprs *need) {
  if (!mill_n_has_outer(n)) return n;
  switch (n->kind) {
  case MILL_N_FILTER: return pull_filter(w, n, pulled, need);
  case MILL_N_PROJECT: return pull_project(w, n, pulled, need);
  case MILL_N_AGGREGATE: return pull_aggregate(w, n, pulled, need);
  case MILL_N_SORT: return pull(w, n->child[0], pulled, need);
  default:
    return MILL_W_FAIL_AT(
        w, n,
        MILL_E_UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY_ACCESSING_OUTER_QUERY_COLUMN_IS_NOT_ALLOWED,
        "treeNode", "", NULL);
  }
}

/* ---- what can be pulled up -------------------------------------------------------------------- */

static bool any_outer(const mill_expr *const *list, int n) {
  for (int i = 0; i < n; i++)
    if (list[i] && mill_x_has_outer(list[i])) return true;
  return false;
}

static int is_column(const mill_expr *e, void *arg) {
  (void)arg;
  return e->kind == MILL_X_COLUMN || e->query != NULL;
}

/* column = an expression of the outer query: what groups may be made by instead. */
static bool key_of_outer(const mill_expr *e) {
  if (!mill_x_is_call(e, "=") && !mill_x_is_call(e, "<=>")) return false;
  for (int i = 0; i < 2; i++)
    if (e->args[i]->kind == MILL_X_COLUMN && !mill_x_any(e->args[1 - i], is_column, NULL))
      return true;
  return false;
}

/* Do all conjuncts that use outer columns mean the same above the groups? */
static bool groupable(const mill_expr *e) {
  if (mill_x_is_call(e, "and")) return groupable(e->args[0]) && groupable(e->args[1]);
  return !mill_x_has_outer(e) || key_of_outer(e);
}

static bool aggregate_pullable(const mill_node *n);

/* Are outer columns used by filters alone, below nothing that counts rows but groups? An aggregate without
** keys gives a row where there are none, which a join would miss. */
static bool pullable(const mill_node *n, bool grouped) {
  if (!mill_n_has_outer(n)) return true;
  switch (n->kind) {
  case MILL_N_FILTER: return (!grouped || groupable(n->exprs[0])) && pullable(n->child[0], grouped);
  case MILL_N_SORT:
  case MILL_N_PROJECT: return !any_outer(n->exprs, n->nexprs) && pullable(n->child[0], grouped);
  case MILL_N_AGGREGATE: return n->nkeys && aggregate_pullable(n);
  default: return false;
  }
}

static bool aggregate_pullable(const mill_node *n) {
  return n->nsets == 0 && !any_outer(n->keys, n->nkeys) && !any_outer(n->aggs, n->naggs) &&
         pullable(n->child[0], true);
}

/* SELECT of aggregates over all rows: its value for no rows is known (without_rows). */
static bool is_total(const mill_node *q) {
  const mill_node *agg = q->kind == MILL_N_PROJECT ? q->child[0] : q;
  if (q->kind != MILL_N_PROJECT || agg->kind != MILL_N_AGGREGATE || agg->nkeys) return false;
  for (int i = 0; i < agg->naggs; i++) {
    const mill_expr *call = mill_x_unalias(agg->aggs[i]);
    if (!call->nullable && !mill_counts_rows(call)) return false;
  }
  return !any_outer(q->exprs, q->nexprs) && aggregate_pullable(agg);
}

/* The query and the condition on its join with `left`, NULL for none. What cannot be pulled up is computed
** for each combination of the outer values that it uses (lateral.c); *each: so it was. */
static const mill_node *decorrelate(mill_planner *w, const mill_node *left, const mill_expr *e,
                                    const mill_expr **on, mill_exprs *need, bool *each) {
  mill_exprs pulled = {0};
  const mill_node *q = e->query;
  bool scalar = e->kind == MILL_X_SCALAR_QUERY;
  int used;
  *on = NULL;
  *each = !(scalar && is_total(q)) && !pullable(q, false);
  if (*each) return mill_lateral_rows(w, left, q, on, &used);
  q = pull(w, q, &pulled, need);
  for (int i = 0; q && i < pulled.n; i++) {
    const mill_expr *p = mill_x_map(w, pulled.at[i], to_column, NULL);
    *on = p ? mill_x_and(w, *on, p) : NULL;
    if (*on == NULL) return NULL;
  }
  if (q == NULL || need->n == 0) return q;
  mill_exprs l = {0};
  if (!mill_exprs_copy(w, &l, q->output, q->noutput)) return NULL;
  for (int i = 0; i < need->n; i++)
    if (!mill_x_find_id(l.at, l.n, need->at[i]->id) && !mill_exprs_add(w, &l, need->at[i]))
      return NULL;
  return mill_w_project(w, q, &l);
}

/* ---- predicates ----------------------------------------------------------------------------- */

/* a = b for all columns of IN; `unknown`: true where it is not false. */
static const mill_expr *in_condition(mill_planner *w, const mill_expr *e, const mill_node *q,
                                     bool unknown) {
  const mill_expr *on = NULL;
  for (int i = 0; i < e->nargs; i++) {
    const mill_expr *eq = mill_x_bound(w, "=", 2, e->args[i], q->output[i]);
    if (eq && unknown) eq = mill_x_bound(w, "or", 2, eq, mill_x_bound(w, "isnull", 1, eq));
    on = eq ? mill_x_and(w, on, eq) : NULL;
    if (on == NULL) return NULL;
  }
  return on;
}

static const mill_node *join_query(mill_planner *w, const mill_node *child, const mill_expr *e,
                                   bool negated, bool mark, const mill_expr **flag) {
  const mill_expr *on = NULL;
  mill_exprs need = {0};
  bool each;
  const mill_node *q = decorrelate(w, child, e, &on, &need, &each);
  if (q == NULL) return NULL;
  bool in = e->kind == MILL_X_IN_QUERY;
  bool aware = in && negated && e->nargs == 1 && on == NULL;
  if (in) {
    const mill_expr *eq = in_condition(w, e, q, negated && !aware);
    on = eq ? mill_x_and(w, on, eq) : NULL;
    if (on == NULL) return NULL;
  }
  bool semi =
      mark || !negated; /* `negated` of a mark: true where nobody knows, or unknown itself */
  mill_node *j = mill_w_join(w, semi ? MILL_JOIN_SEMI : MILL_JOIN_ANTI, child, q, on);
  if (j == NULL) return NULL;
  j->all = mark || aware;
  if (mark) {
    mill_exprs out = {0};
    mill_expr *c = mill_x_new(w, MILL_X_COLUMN, NULL);
    if (c == NULL || !mill_exprs_copy(w, &out, j->output, j->noutput)) return NULL;
    c->name = "exists";
    c->type = mill_type_of(MILL_BOOLEAN);
    c->nullable = in;
    c->id = mill_session_next_id(w->session);
    if (!mill_exprs_add(w, &out, c)) return NULL;
    j->output = out.at, j->noutput = out.n;
    *flag = c;
  }
  return j;
}

static bool is_predicate(const mill_expr *e) {
  if (e->kind == MILL_X_IN_QUERY) return true;
  return e->kind == MILL_X_EXISTS && mill_n_has_outer(e->query);
}

/* ---- scalar queries -------------------------------------------------------------------------- */

/* What the query's aggregates give for no rows: count is 0, the others are null. */
static const mill_expr *empty_value(mill_planner *w, const mill_expr *e, void *arg) {
  const mill_node *agg = arg;
  if (e->kind != MILL_X_COLUMN) return NULL;
  for (int i = 0; i < agg->naggs; i++) {
    if (agg->aggs[i]->id != e->id) continue;
    if (!mill_counts_rows(mill_x_unalias(agg->aggs[i]))) return mill_x_null(w, e->type);
    return mill_x_cast(w, mill_x_int(w, 0), e->type);
  }
  return mill_x_null(w, e->type);
}

static const mill_expr *rebind(mill_planner *w, const mill_expr *e) {
  if (e == NULL || e->nargs == 0 || e->kind == MILL_X_LITERAL) return e;
  mill_expr *c = mill_x_copy(w, e);
  for (int i = 0; c && i < c->nargs; i++) c->args[i] = rebind(w, e->args[i]);
  if (c == NULL) return NULL;
  c->value = NULL;
  if (c->kind == MILL_X_CALL) return mill_bind_call(w, NULL, c);
  return c->kind == MILL_X_CAST ? mill_bind_cast(w, c) : c;
}

/* The value for outer rows without a match, or NULL: null. */
static const mill_expr *without_rows(mill_planner *w, const mill_node *q) {
  if (!is_total(q)) return NULL;
  const mill_node *agg = q->child[0];
  const mill_expr *e = mill_x_map(w, mill_x_unalias(q->exprs[0]), empty_value, (void *)agg);
  e = rebind(w, e);
  return e && (e->value == NULL || mill_vector_valid(e->value, 0)) ? e : NULL;
}

static const mill_expr *join_scalar(mill_planner *w, const mill_node **child, const mill_expr *e) {
  const mill_expr *on = NULL, *other = without_rows(w, e->query);
  mill_exprs need = {0};
  bool each = false;
  const mill_node *q = w->status ? NULL : decorrelate(w, *child, e, &on, &need, &each);
  mill_node *j = q ? mill_w_join(w, MILL_JOIN_LEFT, *child, q, on) : NULL;
  if (j == NULL) return NULL;
  j->intersect = true; /* at most one match */
  *child = j;
  const mill_expr *c = mill_x_column(w, q->output[0]);
  if (other == NULL || need.n == 0 || c == NULL || each) return c;
  const mill_expr *none = mill_x_bound(w, "isnull", 1, need.at[0]);
  return none ? mill_x_bound(w, "if", 3, none, other, c) : NULL;
}

/* ---- the rule -------------------------------------------------------------------------------- */

/* AND, OR and NOT over queries, below an odd number of NOT or an even one: where nobody knows, Spark says
** false of IN and of NOT IN. */
static const mill_expr *known(mill_planner *w, const mill_expr *e, const mill_node **child,
                              bool negated);

/* p = true and p = false are p and NOT p: Spark simplifies before it looks for queries. NULL for others. */
static const mill_expr *simpler(mill_planner *w, const mill_expr *e) {
  if (!mill_x_is_call(e, "=") || !mill_x_has_subquery(e)) return NULL;
  for (int i = 0; i < 2; i++) {
    const mill_expr *v = e->args[1 - i], *p = e->args[i];
    if (v->type->id != MILL_BOOLEAN || v->value == NULL || !mill_vector_valid(v->value, 0))
      continue;
    if (p->type->id != MILL_BOOLEAN || !mill_x_has_subquery(p)) continue;
    return *(const uint8_t *)v->value->data ? p : mill_x_bound(w, "not", 1, p);
  }
  return NULL;
}

static const mill_expr *replace(mill_planner *w, const mill_expr *e, void *arg) {
  const mill_node **child = arg;
  if (e->kind == MILL_X_SCALAR_QUERY && mill_n_has_outer(e->query)) return join_scalar(w, child, e);
  const mill_expr *simple = simpler(w, e);
  if (simple) return known(w, simple, child, false);
  bool connective = mill_x_is_call(e, "not") || mill_x_is_call(e, "and") || mill_x_is_call(e, "or");
  if (is_predicate(e) || (connective && mill_x_has_subquery(e))) return known(w, e, child, false);
  return NULL;
}

static const mill_expr *known(mill_planner *w, const mill_expr *e, const mill_node **child,
                              bool negated) {
  const mill_expr *flag = NULL, *simple = simpler(w, e);
  if (simple) e = simple;
  if (mill_x_is_call(e, "not"))
    return mill_x_bound(w, "not", 1, known(w, e->args[0], child, !negated));
  if (mill_x_is_call(e, "and") || mill_x_is_call(e, "or")) {
    const mill_expr *a = known(w, e->args[0], child, negated);
    return a ? mill_x_bound(w, e->name, 2, a, known(w, e->args[1], child, negated)) : NULL;
  }
  if (!is_predicate(e)) return mill_x_map(w, e, replace, child);
  *child = join_query(w, *child, e, negated, true, &flag);
  if (*child == NULL) return NULL;
  return mill_x_bound(w, "coalesce", 2, flag,
                      mill_x_bool(w, negated && e->kind == MILL_X_IN_QUERY));
}

static const mill_node *unnest_filter(mill_planner *w, const mill_node *n) {
  mill_exprs all = {0};
  mill_exprs rest = {0};
  const mill_node *child = n->child[0];
  if (!mill_x_conjuncts(w, n->exprs[0], &all)) return NULL;
  for (int i = 0; i < all.n && child; i++) {
    const mill_expr *e = all.at[i], *simple = simpler(w, e);
    if (simple) e = simple;
    bool negated = mill_x_is_call(e, "not");
    const mill_expr *p = negated ? e->args[0] : e;
    if (is_predicate(p)) {
      child = join_query(w, child, p, negated, false, NULL);
      continue;
    }
    e = mill_x_map(w, e, replace, &child);
    if (e == NULL || !mill_exprs_add(w, &rest, e)) return NULL;
  }
  const mill_expr *kept = child ? mill_x_all(w, rest.at, rest.n) : NULL;
  if (child == NULL || w->status) return NULL;
  mill_node *f = kept ? mill_w_filter(w, child, kept) : NULL;
  if (kept == NULL) {
    mill_exprs l = {0};
    return mill_exprs_copy(w, &l, n->output, n->noutput) ? mill_w_project(w, child, &l) : NULL;
  }
  if (f) f->output = n->output, f->noutput = n->noutput;
  return f;
}

static bool has_join_query(const mill_node *n) {
  for (int i = 0; i < n->nexprs; i++)
    if (mill_x_has_subquery(n->exprs[i])) return true;
  for (int i = 0; i < n->naggs; i++)
    if (mill_x_has_subquery(n->aggs[i])) return true;
  for (int i = 0; i < n->nkeys; i++)
    if (n->keys[i] && mill_x_has_subquery(n->keys[i])) return true;
  return false;
}

/* The sides of a join, and whether a query in its condition uses them. */
typedef struct join_sides {
  mill_planner *w;
  const mill_node *side[2];
  bool used[2];
} join_sides;

static int side_at(const mill_expr *e, void *arg) {
  join_sides *s = arg;
  for (int i = 0; i < 2 && (e->kind == MILL_X_COLUMN || e->kind == MILL_X_OUTER); i++)
    s->used[i] |= mill_n_computes(s->w, s->side[i], e->id);
  return 0;
}

static int conjunct_side_at(const mill_expr *e, void *arg) {
  if (e->query) mill_n_any_expr(e->query, side_at, arg);
  return side_at(e, arg);
}

static const mill_expr *both_sides(mill_planner *w, const mill_expr *e) {
  return MILL_W_FAIL_AT(
      w, e,
      MILL_E_UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY_UNSUPPORTED_CORRELATED_EXPRESSION_IN_JOIN_CONDITION,
      "subqueryExpression", mill_w_sql(w, e), NULL);
}

static bool one_side(mill_planner *w, const mill_expr *e, join_sides *s) {
  s->used[0] = s->used[1] = false;
  for (int i = 0; i < e->nargs; i++) mill_x_any(e->args[i], side_at, s);
  mill_n_any_expr(e->query, side_at, s);
  return !(s->used[0] && s->used[1]) || both_sides(w, e) != NULL;
}

static const mill_expr *check_sides(mill_planner *w, const mill_expr *e, void *arg) {
  if (is_predicate(e)) (void)one_side(w, e, arg);
  return NULL;
}

static const mill_expr *ask_side(mill_planner *w, const mill_expr *e, void *arg);

/* Does a conjunct use both sides? Those of one side are asked of its rows, as Spark pushes them there. */
static bool of_both(const mill_expr *e, join_sides *s) {
  s->used[0] = s->used[1] = false;
  mill_x_any(e, conjunct_side_at, s);
  return s->used[0] && s->used[1];
}

/* What an inner join asks of queries is asked of its rows. */
static const mill_node *unnest_join(mill_planner *w, const mill_node *n) {
  const mill_expr *on = NULL, *later = NULL;
  mill_exprs all = {0}, list = {0};
  join_sides s = {w, {n->child[0], n->child[1]}, {false, false}};
  if (!mill_x_map(w, n->exprs[0], check_sides, &s) || !mill_x_conjuncts(w, n->exprs[0], &all))
    return NULL;
  for (int i = 0; i < all.n; i++) {
    const mill_expr *e = all.at[i];
    bool asks = mill_x_has_subquery(e), both = asks && of_both(e, &s);
    if (both) e = mill_x_map(w, e, ask_side, &s);
    const mill_expr **to = asks && !both ? &later : &on;
    *to = e ? mill_x_and(w, *to, e) : NULL;
    if (*to == NULL) return NULL;
  }
  mill_node *j = mill_w_node_copy(w, n);
  if (j == NULL || s.side[0] == NULL || s.side[1] == NULL || (on && !mill_exprs_add(w, &list, on)))
    return NULL;
  j->exprs = list.at, j->nexprs = list.n;
  j->child[0] = s.side[0], j->child[1] = s.side[1];
  const mill_node *f = later ? mill_w_filter(w, j, later) : j;
  return f && later ? unnest_filter(w, f) : f;
}

/* A predicate in the condition of a join becomes a column of the side that it uses. */
static const mill_expr *ask_side(mill_planner *w, const mill_expr *e, void *arg) {
  join_sides *s = arg;
  if (!is_predicate(e)) return NULL;
  if (!one_side(w, e, s)) return NULL;
  /* what nobody knows is false here, also below NOT, as in Spark */
  return known(w, e, &s->side[s->used[1]], false);
}

/* Of an outer join, whose rows may not be dropped, each side is asked before. */
static const mill_node *unnest_sides(mill_planner *w, const mill_node *n) {
  join_sides s = {w, {n->child[0], n->child[1]}, {false, false}};
  const mill_node *m = mill_n_map_exprs(w, n, ask_side, &s);
  mill_node *j = m && m != n ? mill_w_node_copy(w, m) : NULL;
  if (j == NULL || s.side[0] == NULL || s.side[1] == NULL) return m == n ? n : NULL;
  j->child[0] = s.side[0], j->child[1] = s.side[1];
  return j;
}

static const mill_node *unnest_node(mill_planner *w, const mill_node *n) {
  if (n->kind == MILL_N_JOIN && n->nexprs == 1 && n->exprs[0] && !n->lateral &&
      mill_x_has_subquery(n->exprs[0]) && n->join != MILL_JOIN_INNER && n->join != MILL_JOIN_CROSS)
    return unnest_sides(w, n);
  bool inner = n->kind == MILL_N_JOIN && n->nexprs == 1 && n->exprs[0] && !n->lateral &&
               (n->join == MILL_JOIN_INNER || n->join == MILL_JOIN_CROSS);
  if (inner && mill_x_has_subquery(n->exprs[0])) return unnest_join(w, n);
  if (n->nchildren != 1 || !has_join_query(n)) return n;
  if (n->kind == MILL_N_FILTER) return unnest_filter(w, n);
  const mill_node *child = n->child[0];
  const mill_node *m = mill_n_map_exprs(w, n, replace, &child);
  if (m == NULL || m == n || child == NULL) return m;
  mill_node *copy = mill_w_node_copy(w, m);
  if (copy) copy->child[0] = child;
  return copy;
}

/* Queries inside expressions are unnested before those that hold them. */
static const mill_expr *inside(mill_planner *w, const mill_expr *e, void *arg) {
  (void)arg;
  if (e->query == NULL) return NULL;
  mill_expr *c = mill_x_copy(w, e);
  if (c) c->query = mill_unnest(w, e->query);
  return c && c->query ? c : NULL;
}

static const mill_node *enter_queries(mill_planner *w, const mill_node *n) {
  n = mill_n_map_exprs(w, n, inside, NULL);
  return n ? unnest_node(w, n) : NULL;
}

const mill_node *mill_unnest(mill_planner *w, const mill_node *n) {
  return mill_n_up(w, n, enter_queries);
}
