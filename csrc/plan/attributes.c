/* Columns of other DataFrames: a node may use only what its children have.
**
** Names are resolved against the columns at hand, but df.col of another DataFrame comes resolved.
** Such a column is an error that names the operator and its input, as Spark's CheckAnalysis. */
#include <string.h>

#include "plan/plan_int.h"

typedef struct search {
  mill_planner *w;
  const mill_node *node;
  mill_exprs missing;
} search;

static int missing_at(const mill_expr *e, void *arg) {
  search *s = arg;
  if (e->kind != MILL_X_COLUMN) return 0;
  for (int i = 0; i < s->node->nchildren; i++) {
    mill_exprs source = {0}; /* what a source has beyond its output passes through lists */
    if (mill_n_computes(s->w, s->node->child[i], e->id)) return 0;
    if (!mill_source_columns(s->w, s->node->child[i], &source)) return 0;
    if (mill_x_find_id(source.at, source.n, e->id)) return 0;
  }
  if (!mill_x_find_id(s->missing.at, s->missing.n, e->id)) mill_exprs_add(s->w, &s->missing, e);
  return 0;
}

static const char *names(mill_planner *w, const char *before, const mill_expr *const *e, int n) {
  for (int i = 0; before && i < n; i++)
    before = mill_w_printf(w, "%s%s\"%s\"", before, *before ? ", " : "", e[i]->name);
  return before;
}

static const char *texts(mill_planner *w, const mill_expr *const *e, int n) {
  const char *s = "";
  for (int i = 0; s && i < n; i++)
    s = mill_w_printf(w, "%s%s%s", s, i ? ", " : "", mill_w_sql(w, e[i]));
  return s;
}

static const char *join_name(mill_join j) {
  static const char *const name[] = {"Inner",     "Cross",    "LeftOuter", "RightOuter",
                                     "FullOuter", "LeftSemi", "LeftAnti"};
  return name[j];
}

/* The operator as Spark prints it, with the mark of one that is not valid. */
static const char *shown(mill_planner *w, const mill_node *n) {
  const char *list = texts(w, n->exprs, n->nexprs);
  switch (n->kind) {
  case MILL_N_FILTER: return mill_w_printf(w, "!Filter %s", list);
  case MILL_N_JOIN: return mill_w_printf(w, "!Join %s, %s", join_name(n->join), list);
  case MILL_N_SORT: return mill_w_printf(w, "!Sort [%s], %s", list, n->global ? "true" : "false");
  case MILL_N_GENERATE: {
    int n0 = n->child[0]->noutput;
    return mill_w_printf(w, "!Generate %s, %s, [%s]", list, n->outer ? "true" : "false",
                         texts(w, n->output + n0, n->noutput - n0));
  }
  default: return mill_w_printf(w, "!Project [%s]", list);
  }
}

static const mill_node *fail(mill_planner *w, const mill_node *n, const mill_exprs *missing) {
  const char *input = "", *same = "";
  for (int i = 0; i < n->nchildren; i++)
    input = names(w, input, n->child[i]->output, n->child[i]->noutput);
  for (int k = 0; k < missing->n; k++)
    for (int i = 0; i < n->nchildren; i++) {
      const mill_expr *c = NULL;
      if (mill_find_column(w, n->child[i]->output, n->child[i]->noutput, missing->at[k]->name, &c))
        same = names(w, same, &c, 1);
    }
  const char *list = names(w, "", missing->at, missing->n);
  if (*same)
    return MILL_W_FAIL_AT(w, n, MILL_E_MISSING_ATTRIBUTES_RESOLVED_ATTRIBUTE_APPEAR_IN_OPERATION,
                          "missingAttributes", list, "input", input, "operator", shown(w, n),
                          "operation", same, NULL);
  return MILL_W_FAIL_AT(w, n, MILL_E_MISSING_ATTRIBUTES_RESOLVED_ATTRIBUTE_MISSING_FROM_INPUT,
                        "missingAttributes", list, "input", input, "operator", shown(w, n), NULL);
}

const mill_node *mill_check_attributes(mill_planner *w, const mill_node *n) {
  if (n == NULL) return NULL;
  if (n->kind != MILL_N_PROJECT && n->kind != MILL_N_FILTER && n->kind != MILL_N_SORT &&
      n->kind != MILL_N_JOIN && n->kind != MILL_N_GENERATE)
    return n;
  search s = {.w = w, .node = n};
  for (int i = 0; i < n->nexprs; i++)
    if (n->exprs[i]) mill_x_any(n->exprs[i], missing_at, &s);
  return s.missing.n && w->status == MILL_OK ? fail(w, n, &s.missing) : n;
}
