/* UNPIVOT: columns become rows of a name and a value.
**
** Each row of the child is stacked into one row for each value column, or for each list of them
** where there are more value names than one; rows whose values are all NULL are left out unless
** `outer` says to keep them. */
#include <string.h>

#include "kernel/coerce.h"
#include "plan/plan_int.h"

typedef struct unpivot {
  const mill_node *node;
  int width;         /* value names */
  mill_exprs ids;    /* columns that are repeated */
  mill_exprs values; /* width columns a row of the result, row by row */
  const char **labels;
  int nlabels;
} unpivot;

static const mill_expr *bare(const mill_expr *e) {
  while (e->kind == MILL_X_ALIAS) e = e->args[0];
  return e;
}

/* Columns of the written list; other expressions are refused. */
static bool take_column(mill_planner *w, const mill_scope *s, const mill_expr *e, mill_exprs *out) {
  const mill_expr *c = mill_resolve(w, s, e);
  if (c == NULL) return false;
  if (c->kind != MILL_X_COLUMN) {
    (void)MILL_W_FAIL_AT(w, e, MILL_E_UNPIVOT_REQUIRES_ATTRIBUTES, "given", "id or value",
                         "expressions", mill_w_quoted_sql(w, c), "empty", "no expressions", NULL);
    return false;
  }
  return mill_exprs_add(w, out, c);
}

/* One entry of the list: a column or struct(columns), under a label of its own or their names. */
static bool take_entry(mill_planner *w, const mill_scope *s, const mill_expr *e, unpivot *u) {
  const mill_expr *x = bare(e);
  bool many = mill_x_is_call(x, "struct");
  int from = u->values.n, count = many ? x->nargs : 1;
  if (count != u->width) {
    (void)MILL_W_FAIL_AT(w, x, MILL_E_UNPIVOT_VALUE_SIZE_MISMATCH, "names",
                         mill_w_quoted_parts(w, u->node->columns + 1, u->width), NULL);
    return false;
  }
  const char *label = "";
  for (int i = 0; i < count; i++) {
    if (!take_column(w, s, many ? x->args[i] : x, &u->values)) return false;
    label = mill_w_printf(w, "%s%s%s", label, i ? "_" : "", u->values.at[from + i]->name);
  }
  u->labels[u->nlabels++] = e->kind == MILL_X_ALIAS ? e->parts[0] : label;
  return label != NULL;
}

/* All columns that are no ids, or all that are no values. */
static bool take_rest(mill_planner *w, const mill_node *child, const mill_exprs *but,
                      mill_exprs *out) {
  for (int i = 0; i < child->noutput; i++)
    if (!mill_x_find_id(but->at, but->n, child->output[i]->id) &&
        !mill_exprs_add(w, out, child->output[i]))
      return false;
  return true;
}

static bool take_lists(mill_planner *w, const mill_node *child, const mill_scope *s, unpivot *u) {
  const mill_node *n = u->node;
  int most = n->nvalues > child->noutput ? n->nvalues : child->noutput;
  u->labels = mill_w_alloc(w, (size_t)(most + 1) * sizeof *u->labels);
  if (u->labels == NULL) return false;
  for (int i = 0; i < n->nkeys; i++)
    if (!take_column(w, s, n->keys[i], &u->ids)) return false;
  for (int i = 0; i < n->nvalues; i++)
    if (!take_entry(w, s, n->values[i], u)) return false;
  if (n->all) return take_rest(w, child, &u->values, &u->ids);
  if (n->nvalues == 0 && !take_rest(w, child, &u->ids, &u->values)) return false;
  for (; u->nlabels < u->values.n && n->nvalues == 0; u->nlabels++)
    u->labels[u->nlabels] = u->values.at[u->nlabels]->name;
  if (u->values.n) return true;
  (void)MILL_W_FAIL_AT(w, n, MILL_E_UNPIVOT_REQUIRES_VALUE_COLUMNS, NULL);
  return false;
}

/* ---- types ---------------------------------------------------------------------------------- */

/* "INT" (`a`, `b`), "STRING" (`c`): the types of value k and the columns that have them. */
static const char *types_found(mill_planner *w, const unpivot *u, int k) {
  const char **types = mill_w_alloc(w, (size_t)(u->nlabels + 1) * sizeof *types);
  const char *text = "", *last = "";
  int n = 0;
  if (types == NULL) return NULL;
  for (int i = 0; i < u->nlabels; i++)
    types[n++] = mill_w_quoted_type(w, u->values.at[i * u->width + k]->type);
  for (;;) { /* the next type by its text */
    const char *next = NULL, *columns = "";
    for (int i = 0; i < n; i++)
      if (strcmp(types[i], last) > 0 && (next == NULL || strcmp(types[i], next) < 0))
        next = types[i];
    if (next == NULL) return text;
    for (int i = 0; i < n; i++)
      if (strcmp(types[i], next) == 0)
        columns = mill_w_printf(w, "%s%s`%s`", columns, *columns ? ", " : "",
                                u->values.at[i * u->width + k]->name);
    text = mill_w_printf(w, "%s%s%s (%s)", text, *text ? ", " : "", next, columns);
    if (text == NULL) return NULL;
    last = next;
  }
}

/* Texts go with texts only. */
static const mill_type *common_type(mill_planner *w, const mill_type *a, const mill_type *b) {
  bool text = a->id == MILL_STRING, other = b->id == MILL_STRING;
  bool null = a->id == MILL_NULL || b->id == MILL_NULL;
  return text == other || null ? mill_common_type(w->ctx->types, a, b) : NULL;
}

static bool agree(mill_planner *w, unpivot *u) {
  for (int k = 0; k < u->width; k++) {
    const mill_type *t = u->values.at[k]->type;
    for (int i = 1; t && i < u->nlabels; i++)
      t = common_type(w, t, u->values.at[i * u->width + k]->type);
    if (t == NULL) {
      (void)MILL_W_FAIL_AT(w, u->node, MILL_E_UNPIVOT_VALUE_DATA_TYPE_MISMATCH, "types",
                           types_found(w, u, k), NULL);
      return false;
    }
    for (int i = 0; i < u->nlabels; i++) {
      const mill_expr **at = &u->values.at[i * u->width + k];
      *at = mill_x_cast(w, *at, t);
      if (*at == NULL) return false;
    }
  }
  return true;
}

/* ---- rows ----------------------------------------------------------------------------------- */

/* stack(rows, label, value.., label, value..) */
static const mill_expr *stack(mill_planner *w, const unpivot *u) {
  mill_exprs args = {0};
  if (!mill_exprs_add(w, &args, mill_x_int(w, u->nlabels))) return NULL;
  for (int i = 0; i < u->nlabels; i++)
    if (!mill_exprs_add(w, &args, mill_x_string(w, u->labels[i])) ||
        !mill_exprs_copy(w, &args, u->values.at + i * u->width, u->width))
      return NULL;
  mill_expr *call = mill_x_new(w, MILL_X_CALL, NULL);
  if (call == NULL) return NULL;
  call->name = "stack";
  call->args = args.at;
  call->nargs = args.n;
  return mill_bind_call(w, NULL, call);
}

/* The new columns behind the ids; the name is never NULL. */
static const mill_node *named(mill_planner *w, const mill_node *g, const mill_expr *const *made,
                              const unpivot *u) {
  mill_exprs items = {0};
  if (!mill_exprs_copy(w, &items, u->ids.at, u->ids.n)) return NULL;
  for (int i = 0; i <= u->width; i++) {
    mill_expr *a = mill_x_alias(w, made[i], u->node->columns[i]);
    if (a && i == 0) a->nullable = false;
    if (!mill_exprs_add(w, &items, a)) return NULL;
  }
  return mill_w_project(w, g, &items);
}

const mill_node *mill_analyse_unpivot(mill_planner *w, const mill_node *n,
                                      const mill_scope *outer) {
  const mill_node *child = mill_analyse(w, n->child[0], outer);
  if (child == NULL) return NULL;
  mill_scope s = mill_scope_of(child, outer);
  unpivot u = {.node = n, .width = n->ncolumns - 1};
  if (!take_lists(w, child, &s, &u) || !agree(w, &u)) return NULL;
  const mill_node *g = mill_generated(w, child, stack(w, &u));
  if (g == NULL) return NULL;
  const mill_expr *const *made = g->output + child->noutput;
  const mill_expr *some = NULL;
  for (int i = 1; !n->outer && i <= u.width; i++) {
    const mill_expr *here = mill_x_bound(w, "isnotnull", 1, made[i]);
    some = some ? mill_x_bound(w, "or", 2, some, here) : here;
    if (some == NULL) return NULL;
  }
  if (some) g = mill_w_filter(w, g, some);
  return g ? named(w, g, made, &u) : NULL;
}
