/* PIVOT: the values of a column become columns of aggregates.
**
** Spark's two steps (Analyzer.ResolvePivot, PivotFirst): the aggregates by the keys and the pivot
** column, and over those by the keys alone the one value that a group has beside each pivot value.
** So a group without rows of a value has NULL there, of count(*) as well. In SQL the keys are all
** columns that neither the pivot column nor the aggregates use; `all` says that they are given. */
#include <string.h>

#include "kernel/coerce.h"
#include "plan/plan_int.h"

typedef struct pivot {
  const mill_node *node;
  const mill_expr *column; /* what is compared with the values */
  mill_exprs keys, aggs;   /* named */
  mill_exprs values;       /* literals of the column's type */
  const char **names;      /* of the values */
} pivot;

static const mill_expr *bare(const mill_expr *e) {
  while (e->kind == MILL_X_ALIAS) e = e->args[0];
  return e;
}

static int is_aggregate_at(const mill_expr *e, void *arg) {
  (void)arg;
  return mill_x_is_aggregate(e) ? -1 : e->kind == MILL_X_COLUMN;
}

/* The aggregates; a column outside of them has no value here. */
static bool take_aggregates(mill_planner *w, mill_scope *s, pivot *p) {
  for (int i = 0; i < p->node->naggs; i++) {
    const mill_expr *call = bare(p->node->aggs[i]);
    if (!p->node->all || !call->star) continue;
    (void)MILL_W_FAIL_AT(w, call, MILL_E_INVALID_USAGE_OF_STAR_OR_REGEX, "elem", "'*'",
                         "prettyName", "Pivot", NULL);
    return false;
  }
  if (!mill_resolve_items(w, s, p->node->aggs, p->node->naggs, &p->aggs)) return false;
  for (int i = 0; i < p->aggs.n; i++) {
    const mill_expr *e = bare(p->aggs.at[i]);
    if (mill_x_has_aggregate(e) && !mill_x_any(e, is_aggregate_at, NULL)) continue;
    (void)MILL_W_FAIL_AT(w, e, MILL_E_LEGACY_1006, "sql", mill_w_sql(w, e), NULL);
    return false;
  }
  return true;
}

static bool used_elsewhere(const pivot *p, const mill_expr *c) {
  const mill_expr *one[] = {c};
  bool used = mill_x_uses_any(p->column, one, 1);
  for (int i = 0; i < p->aggs.n; i++) used |= mill_x_uses_any(p->aggs.at[i], one, 1);
  return used;
}

static bool take_keys(mill_planner *w, mill_scope *s, const mill_node *child, pivot *p) {
  if (p->node->all) return mill_resolve_items(w, s, p->node->keys, p->node->nkeys, &p->keys);
  for (int i = 0; i < child->noutput; i++)
    if (!used_elsewhere(p, child->output[i]) && !mill_exprs_add(w, &p->keys, child->output[i]))
      return false;
  return true;
}

/* A value as text: the alias that it has, or as CAST(value AS STRING) gives it. */
static const char *value_name(mill_planner *w, const mill_expr *e) {
  const mill_vector *v = NULL;
  if (e->kind == MILL_X_ALIAS) return e->parts[0];
  const mill_expr *text = mill_x_cast(w, e, mill_type_of(MILL_STRING));
  if (text == NULL || !mill_w_evaluate(w, text, &v)) return NULL;
  if (!mill_vector_valid(v, 0)) return "null";
  const mill_str *s = v->data;
  return mill_w_copy(w, mill_str_data(s), s->size);
}

/* A text may be no value of the type, which a field that is never NULL does not take. */
static bool texts_fit(const mill_type *from, const mill_type *to) {
  if (from->id != MILL_STRUCT || from->nfields != to->nfields) return true;
  for (uint32_t i = 0; i < from->nfields; i++) {
    const mill_type *f = from->fields[i].type, *t = to->fields[i].type;
    bool lossy = f->id == MILL_STRING && t->id != MILL_STRING && t->id != MILL_BINARY;
    if ((lossy && !to->fields[i].nullable) || !texts_fit(f, t)) return false;
  }
  return true;
}

static bool value_fits(mill_planner *w, const mill_expr *e, const mill_type *t) {
  if (mill_can_cast(e->type, t, false) && texts_fit(e->type, t)) return true;
  const char *has = mill_w_simple_type(w, e->type), *wants = mill_w_simple_type(w, t);
  if (has && wants)
    (void)MILL_W_FAIL_AT(w, e, MILL_E_PIVOT_VALUE_DATA_TYPE_MISMATCH, "value", mill_w_sql(w, e),
                         "valueType", has, "pivotType", wants, NULL);
  return false;
}

static bool take_values(mill_planner *w, const mill_scope *s, pivot *p) {
  int n = p->node->nvalues;
  p->names = mill_w_alloc(w, (size_t)(n + 1) * sizeof *p->names);
  for (int i = 0; p->names && i < n; i++) {
    const mill_expr *e = p->node->values[i], *r = mill_resolve(w, s, e);
    if (r == NULL) return false;
    bool constant = mill_x_foldable(r) && !mill_x_rewritten(e) && !mill_x_rewritten(r);
    if (!constant) {
      (void)MILL_W_FAIL_AT(w, e, MILL_E_NON_LITERAL_PIVOT_VALUES, "expression",
                           mill_w_quoted_sql(w, bare(r)), NULL);
      return false;
    }
    if (mill_w_compute(w, bare(r)) == NULL) return false;
    p->names[i] = value_name(w, r);
    if (p->names[i] == NULL || !value_fits(w, bare(r), p->column->type) ||
        !mill_exprs_add(w, &p->values, mill_x_cast(w, bare(r), p->column->type)))
      return false;
  }
  return p->names != NULL;
}

/* ---- the two steps -------------------------------------------------------------------------- */

/* keys, pivot column, aggregates: one row for each key and value of the column. */
static const mill_node *by_value(mill_planner *w, const mill_node *child, const pivot *p) {
  mill_exprs keys = {0}, items = {0};
  const mill_expr *column = p->column;
  if (column->kind != MILL_X_COLUMN) column = mill_x_alias(w, column, "pivot");
  for (int i = 0; i < p->keys.n; i++)
    if (!mill_exprs_add(w, &keys, p->keys.at[i])) return NULL;
  if (!mill_exprs_add(w, &keys, column) || !mill_exprs_copy(w, &items, keys.at, keys.n) ||
      !mill_exprs_copy(w, &items, p->aggs.at, p->aggs.n))
    return NULL;
  return mill_build_aggregate(w, p->node, child, &keys, &items);
}

static const char *column_name(mill_planner *w, const pivot *p, int value, int agg) {
  if (p->aggs.n == 1) return p->names[value];
  return mill_w_printf(w, "%s_%s", p->names[value], p->aggs.at[agg]->parts[0]);
}

/* The one row of a group that has the value. */
static const mill_expr *pick(mill_planner *w, const mill_expr *column, const mill_expr *value,
                             const mill_expr *from) {
  const mill_expr *hit = mill_x_bound(w, "<=>", 2, column, value);
  const mill_expr *item = mill_x_bound(w, "when", 2, hit, from);
  return mill_x_bound(w, "first", 2, item, mill_x_bool(w, true));
}

static const mill_node *spread(mill_planner *w, const mill_node *n, const pivot *p) {
  mill_exprs keys = {0}, items = {0};
  int nkeys = p->keys.n;
  if (!mill_exprs_copy(w, &keys, n->output, nkeys) || !mill_exprs_copy(w, &items, keys.at, keys.n))
    return NULL;
  for (int v = 0; v < p->values.n; v++) {
    for (int a = 0; a < p->aggs.n; a++) {
      const mill_expr *e = pick(w, n->output[nkeys], p->values.at[v], n->output[nkeys + 1 + a]);
      if (!mill_exprs_add(w, &items, mill_x_alias(w, e, column_name(w, p, v, a)))) return NULL;
    }
  }
  return mill_build_aggregate(w, p->node, n, &keys, &items);
}

const mill_node *mill_analyse_pivot(mill_planner *w, const mill_node *n, const mill_scope *outer) {
  const mill_node *child = mill_analyse(w, n->child[0], outer);
  if (child == NULL) return NULL;
  mill_scope s = mill_scope_of(child, outer);
  pivot p = {.node = n, .column = mill_resolve(w, &s, n->exprs[0])};
  if (p.column == NULL) return NULL;
  p.column = bare(p.column);
  if (!mill_type_orderable(p.column->type))
    return MILL_W_FAIL_AT(w, n, MILL_E_INCOMPARABLE_PIVOT_COLUMN, "columnName",
                          mill_w_sql(w, p.column), NULL);
  if (!take_aggregates(w, &s, &p) || !take_keys(w, &s, child, &p) || !take_values(w, &s, &p))
    return NULL;
  const mill_node *step = by_value(w, child, &p);
  return step ? spread(w, step, &p) : NULL;
}
