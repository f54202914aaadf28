/* Joins: conditions, USING and NATURAL, what becomes nullable. */
#include <string.h>

#include "plan/plan_int.h"

static bool semi(mill_join j) { return j == MILL_JOIN_SEMI || j == MILL_JOIN_ANTI; }

static bool shares_ids(const mill_node *a, const mill_node *b) {
  for (int i = 0; i < b->noutput; i++)
    if (mill_x_find_id(a->output, a->noutput, b->output[i]->id)) return true;
  return false;
}

static bool add_output(mill_planner *w, mill_exprs *l, const mill_node *n, bool nullable) {
  for (int i = 0; i < n->noutput; i++) {
    mill_expr *c = mill_x_copy(w, n->output[i]);
    if (c) c->nullable |= nullable;
    if (!mill_exprs_add(w, l, c)) return false;
  }
  return true;
}

mill_node *mill_w_join(mill_planner *w, mill_join kind, const mill_node *a, const mill_node *b,
                       const mill_expr *condition) {
  mill_node *j = mill_w_binary(w, MILL_N_JOIN, a, b);
  mill_exprs out = {0}, l = {0};
  if (j == NULL) return NULL;
  j->join = kind;
  if (condition && (!mill_exprs_add(w, &l, condition) || !mill_w_set_exprs(w, j, &l))) return NULL;
  if (!add_output(w, &out, a, kind == MILL_JOIN_RIGHT || kind == MILL_JOIN_FULL)) return NULL;
  if (!semi(kind) && !add_output(w, &out, b, kind == MILL_JOIN_LEFT || kind == MILL_JOIN_FULL))
    return NULL;
  j->output = out.at;
  j->noutput = out.n;
  return j;
}

/* ---- USING ---------------------------------------------------------------------------------- */

static const mill_expr *using_column(mill_planner *w, const mill_node *side, const char *name,
                                     const char *which, const mill_node *n) {
  const mill_expr *c = NULL;
  if (mill_find_column(w, side->output, side->noutput, name, &c) >= 1) return c;
  char buf[512] = "";
  for (int i = 0; i < side->noutput && strlen(buf) + 64 < sizeof buf; i++) {
    strcat(buf, i ? ", `" : "`");
    strncat(buf, side->output[i]->name, 48);
    strcat(buf, "`");
  }
  return MILL_W_FAIL_AT(w, n, MILL_E_UNRESOLVED_USING_COLUMN_FOR_JOIN, "colName",
                        mill_error_fmt(w->err, "`%s`", name), "side", which, "suggestion",
                        mill_error_fmt(w->err, "%s", buf), NULL);
}

/* The key of a USING column in the result. */
static const mill_expr *merged(mill_planner *w, mill_join kind, const mill_expr *l,
                               const mill_expr *r) {
  if (kind == MILL_JOIN_RIGHT) return r;
  if (kind == MILL_JOIN_FULL) return mill_x_alias(w, mill_x_bound(w, "coalesce", 2, l, r), l->name);
  return l;
}

static const mill_node *project_using(mill_planner *w, mill_node *j, const mill_exprs *left,
                                      const mill_exprs *right) {
  mill_exprs l = {0};
  int na = j->child[0]->noutput;
  for (int i = 0; i < left->n; i++)
    if (!mill_exprs_add(w, &l, merged(w, j->join, left->at[i], right->at[i]))) return NULL;
  for (int i = 0; i < j->noutput; i++) {
    const mill_exprs *keys = i < na ? left : right;
    if (mill_x_find_id(keys->at, keys->n, j->output[i]->id)) continue;
    if (!mill_exprs_add(w, &l, j->output[i])) return NULL;
  }
  int visible = l.n;
  for (int i = 0; i < left->n; i++) {
    if (!mill_x_find_id(l.at, l.n, left->at[i]->id) && !mill_exprs_add(w, &l, left->at[i]))
      return NULL;
    if (!semi(j->join) && !mill_x_find_id(l.at, l.n, right->at[i]->id) &&
        !mill_exprs_add(w, &l, right->at[i]))
      return NULL;
  }
  mill_node *p = mill_w_unary(w, MILL_N_PROJECT, j);
  if (p) p->natural = true;
  return p && mill_w_set_exprs(w, p, &l) && mill_w_output_exprs(w, p, visible) ? p : NULL;
}

static const mill_node *join_using(mill_planner *w, const mill_node *n, const mill_node *a,
                                   const mill_node *b, const char *const *names, int count) {
  mill_exprs left = {0}, right = {0};
  const mill_expr *condition = NULL;
  for (int i = 0; i < count; i++) {
    const mill_expr *l = using_column(w, a, names[i], "left", n);
    const mill_expr *r = l ? using_column(w, b, names[i], "right", n) : NULL;
    if (r == NULL || !mill_exprs_add(w, &left, l) || !mill_exprs_add(w, &right, r)) return NULL;
    condition = mill_x_and(w, condition, mill_x_bound(w, "=", 2, l, r));
    if (condition == NULL) return NULL;
  }
  mill_node *j = mill_w_join(w, n->join, a, b, condition);
  return j ? project_using(w, j, &left, &right) : NULL;
}

static int named(mill_planner *w, const char *const *names, int n, const char *name) {
  int count = 0;
  for (int i = 0; i < n; i++) count += mill_w_same_name(w, names[i], name);
  return count;
}

/* By the names of both sides, each as often as both have it. */
static const mill_node *join_natural(mill_planner *w, const mill_node *n, const mill_node *a,
                                     const mill_node *b) {
  const char **names = mill_w_alloc(w, (size_t)(a->noutput + 1) * sizeof *names);
  int count = 0;
  const mill_expr *c;
  for (int i = 0; names && i < a->noutput; i++) {
    const char *name = a->output[i]->name;
    int has = mill_find_column(w, b->output, b->noutput, name, &c);
    if (has > named(w, names, count, name)) names[count++] = name;
  }
  return names ? join_using(w, n, a, b, names, count) : NULL;
}

/* left.k == left.k, joined with left itself: the second is the other side's column. */
typedef struct self_join {
  const mill_node *before, *after; /* the right side with ids that the left has too, and renewed */
} self_join;

static const mill_expr *other_side(mill_planner *w, const mill_expr *e, void *arg) {
  const self_join *s = arg;
  if (!mill_x_is_call(e, "=") && !mill_x_is_call(e, "<=>")) return NULL;
  if (e->args[0]->kind != MILL_X_COLUMN || e->args[1]->kind != MILL_X_COLUMN ||
      e->args[0]->id == 0 || e->args[0]->id != e->args[1]->id)
    return NULL;
  for (int i = 0; i < s->before->noutput; i++)
    if (s->before->output[i]->id == e->args[0]->id) {
      mill_expr *c = mill_x_copy(w, e);
      if (c) c->args[1] = s->after->output[i];
      return c;
    }
  return NULL;
}

/* A lateral join over a USING, whose keys that it does not show may be used on the right. */
static const mill_node *lateral_with_keys(mill_planner *w, mill_join kind, const mill_node *a,
                                          const mill_exprs *keys, const mill_node *b,
                                          const mill_expr *condition) {
  mill_exprs all = {0}, shown = {0};
  if (!mill_exprs_copy(w, &all, a->output, a->noutput)) return NULL;
  for (int i = 0; i < keys->n; i++) {
    mill_expr *c = mill_x_copy(w, keys->at[i]);
    if (c) c->hidden = false;
    if (!mill_exprs_add(w, &all, c)) return NULL;
  }
  const mill_node *left = mill_w_project(w, a, &all);
  const mill_node *j = left ? mill_lateral_join(w, kind, left, b, condition) : NULL;
  for (int i = 0; j && i < j->noutput; i++)
    if (!mill_x_find_id(keys->at, keys->n, j->output[i]->id) &&
        !mill_exprs_add(w, &shown, j->output[i]))
      return NULL;
  return j ? mill_w_project(w, j, &shown) : NULL;
}

/* The ranking of a NEAREST join sees both sides alike, though the rows of the right one are then ranked as a
** lateral table is: a name of both is ambiguous. */
static bool ranks(mill_planner *w, const mill_node *n, const mill_node *a,
                  const mill_scope *outer) {
  const mill_node *sort = n->child[1]->child[0];
  const mill_expr *written = sort->exprs[0]->args[0];
  const mill_node *b = mill_analyse(w, sort->child[0]->child[0], outer);
  if (b && shares_ids(a, b)) b = mill_renew_ids(w, b);
  mill_exprs both = {0};
  if (b == NULL || !mill_exprs_copy(w, &both, a->output, a->noutput) ||
      !mill_exprs_copy(w, &both, b->output, b->noutput))
    return false;
  mill_scope s = {.outer = outer, .column = both.at, .ncolumns = both.n};
  const mill_expr *r = NULL;
  if (a->streaming || b->streaming)
    (void)MILL_W_FAIL_AT(w, n, MILL_E_NEAREST_BY_JOIN_STREAMING_NOT_SUPPORTED, NULL);
  else if (mill_refuse_generator(w, written))
    r = mill_resolve(w, &s, written);
  if (r == NULL || !mill_refuse_groups(w, r, "NearestByJoin")) return false;
  if (mill_type_orderable(r->type)) return true;
  (void)MILL_W_FAIL_AT(w, r, MILL_E_NEAREST_BY_JOIN_NON_ORDERABLE_RANKING_EXPRESSION, "expression",
                       mill_w_quoted_sql(w, r), "type", mill_w_quoted_type(w, r->type), NULL);
  return false;
}

/* A column that a frame gave is the left side's where that has it: of two that are one frame the right one has ids of
** its own, as after every join. */
static const mill_expr *of_left(mill_planner *w, const mill_expr *e, void *arg) {
  const mill_node *left = arg;
  if (e->kind != MILL_X_COLUMN || e->id == 0 || !mill_x_find_id(left->output, left->noutput, e->id))
    return NULL;
  mill_expr *c = mill_x_copy(w, e);
  if (c) c->kind = MILL_X_OUTER;
  return c;
}

/* LIMIT over SORT over FILTER, with columns of the left side's row. */
static const mill_node *beside_row(mill_planner *w, const mill_node *n, const mill_node *left) {
  if (n->kind != MILL_N_LIMIT && n->kind != MILL_N_SORT && n->kind != MILL_N_FILTER) return n;
  mill_node *copy = mill_w_node_copy(w, n);
  mill_exprs l = {0};
  if (copy == NULL) return NULL;
  copy->analysed = false;
  for (int i = 0; n->kind != MILL_N_LIMIT && i < n->nexprs; i++)
    if (!mill_exprs_add(w, &l, mill_x_map(w, n->exprs[i], of_left, (void *)left))) return NULL;
  if (l.n && !mill_w_set_exprs(w, copy, &l)) return NULL;
  if (n->kind != MILL_N_FILTER) copy->child[0] = beside_row(w, n->child[0], left);
  return copy->child[0] ? copy : NULL;
}

static bool draws(const mill_node *n);

static int query_draws(const mill_expr *e, void *arg) {
  (void)arg;
  return e->query && e->query->analysed && draws(e->query);
}

static bool draws(const mill_node *n) {
  for (int i = 0; i < n->nexprs; i++) {
    const mill_expr *e = n->exprs[i];
    if (e && (mill_x_draws(e) || mill_x_any(e, query_draws, NULL))) return true;
  }
  for (int i = 0; i < n->nchildren; i++)
    if (draws(n->child[i])) return true;
  return false;
}

/* Is it known that n has one row at most? */
static bool one_row(const mill_node *n) {
  switch (n->kind) {
  case MILL_N_ONE_ROW: return true;
  case MILL_N_VALUES: return n->nrows <= 1;
  case MILL_N_AGGREGATE: return n->nkeys == 0;
  case MILL_N_LIMIT: return (n->to >= 0 && n->to <= 1) || one_row(n->child[0]);
  case MILL_N_JOIN: return one_row(n->child[0]) && one_row(n->child[1]);
  case MILL_N_RANGE: return n->step > 0 ? n->to - n->from <= n->step : n->from - n->to <= -n->step;
  case MILL_N_PROJECT:
  case MILL_N_FILTER:
  case MILL_N_SORT:
  case MILL_N_WINDOW:
  case MILL_N_ALIAS: return one_row(n->child[0]);
  default: return false;
  }
}

/* What a LATERAL query draws it would have to draw for each row of the other side. */
static bool draws_by_row(mill_planner *w, const mill_node *n, const mill_node *a,
                         const mill_node *b) {
  if (!n->lateral || n->nearest || one_row(a) || !draws(b)) return true;
  (void)MILL_W_FAIL_AT(w, n,
                       MILL_E_UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY_NON_DETERMINISTIC_LATERAL,
                       "treeNode", "", NULL);
  return false;
}

const mill_node *mill_analyse_join(mill_planner *w, const mill_node *n, const mill_scope *outer) {
  const mill_node *a = mill_analyse(w, n->child[0], outer);
  if (a == NULL) return NULL;
  const mill_node *right = n->child[1];
  if (n->nearest) {
    right = ranks(w, n, a, outer) ? beside_row(w, right, a) : NULL;
    if (right == NULL) return NULL;
  }
  mill_scope left = mill_scope_of(a, outer);
  mill_exprs keys = {0};
  if (!mill_using_columns(w, a, &keys)) return NULL;
  left.hidden = keys.at, left.nhidden = keys.n;
  const mill_exprs of_left = keys;
  const mill_node *b = mill_analyse(w, right, n->lateral ? &left : outer);
  if (b == NULL || !draws_by_row(w, n, a, b)) return NULL;
  self_join self = {b, b};
  if (shares_ids(a, b)) self.after = b = mill_renew_ids(w, b);
  if (b == NULL) return NULL;
  if (n->natural) return join_natural(w, n, a, b);
  if (n->ncolumns) return join_using(w, n, a, b, n->columns, n->ncolumns);
  const mill_expr *condition = NULL;
  if (n->nexprs) {
    mill_exprs both = {0};
    if (!mill_exprs_copy(w, &both, a->output, a->noutput) ||
        !mill_exprs_copy(w, &both, b->output, b->noutput))
      return NULL;
    if (!mill_using_columns(w, b, &keys)) return NULL;
    mill_scope s = {.outer = outer, .column = both.at, .ncolumns = both.n, .hidden = keys.at};
    s.nhidden = keys.n;
    const mill_expr *on = n->exprs[0];
    if (self.after != self.before) on = mill_x_map(w, on, other_side, &self);
    condition = mill_refuse_generator(w, on) ? mill_resolve(w, &s, on) : NULL;
    if (condition == NULL) return NULL;
    if (!mill_refuse_groups(w, condition, "Join")) return NULL;
    if (condition->type->id != MILL_BOOLEAN)
      return MILL_W_FAIL_AT(w, n, MILL_E_JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE, "joinCondition",
                            mill_w_quoted_sql(w, condition), "conditionType",
                            mill_w_quoted_type(w, condition->type), NULL);
    condition = mill_x_cast(w, condition, mill_type_of(MILL_BOOLEAN));
    if (condition == NULL) return NULL;
  }
  if (n->lateral && condition && mill_x_draws(condition))
    return MILL_W_FAIL_AT(
        w, n,
        MILL_E_UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY_LATERAL_JOIN_CONDITION_NON_DETERMINISTIC,
        "condition", mill_w_sql(w, condition), NULL);
  if (n->lateral && !a->streaming && !b->streaming)
    return of_left.n ? lateral_with_keys(w, n->join, a, &of_left, b, condition)
                     : mill_lateral_join(w, n->join, a, b, condition);
  mill_node *j = mill_w_join(w, n->join, a, b, condition);
  if (j) j->lateral = n->lateral;
  return j;
}
