/* EXPLAIN of logical trees: indented lines, parents first, children below with "+- "; the optimised
** tree with the rows expected. */
#include <string.h>

#include "plan/plan_int.h"

static const char *const node_names[] = {"Relation",
                                         "TableFunction",
                                         "LocalRelation",
                                         "FileScan",
                                         "Values",
                                         "OneRow",
                                         "Range",
                                         "UnionLoop",
                                         "Project",
                                         "Filter",
                                         "Aggregate",
                                         "Sort",
                                         "Limit",
                                         "Tail",
                                         "Distinct",
                                         "Deduplicate",
                                         "Window",
                                         "WindowGroupLimit",
                                         "Generate",
                                         "Sample",
                                         "SubqueryAlias",
                                         "WithColumns",
                                         "Drop",
                                         "Rename",
                                         "Watermark",
                                         "Transform",
                                         "Pivot",
                                         "Unpivot",
                                         "Repartition",
                                         "InMemoryRelation",
                                         "Join",
                                         "Union",
                                         "SetOperation",
                                         "With"};

static mill_status indent(mill_text *out, int depth, mill_error *err) {
  for (int i = 1; i < depth; i++) MILL_TRY(mill_text_adds(out, "   ", err));
  return depth ? mill_text_adds(out, "+- ", err) : MILL_OK;
}

static mill_status list(mill_planner *w, const mill_expr *const *e, int n, mill_text *out) {
  MILL_TRY(mill_text_adds(out, " [", w->err));
  for (int i = 0; i < n; i++) {
    if (i) MILL_TRY(mill_text_adds(out, ", ", w->err));
    MILL_TRY(mill_expr_sql(e[i], &w->set, out, w->err));
  }
  return mill_text_adds(out, "]", w->err);
}

/* What a node is given beside expressions. */
static mill_status arguments(mill_planner *w, const mill_node *n, mill_text *out) {
  static const char *const joins[] = {"Inner",     "Cross",    "LeftOuter", "RightOuter",
                                      "FullOuter", "LeftSemi", "LeftAnti"};
  if (n->kind == MILL_N_JOIN) return mill_text_printf(out, w->err, " %s", joins[n->join]);
  if (n->kind == MILL_N_RANGE)
    return mill_text_printf(out, w->err, " (%lld, %lld, step=%lld)", (long long)n->from,
                            (long long)n->to, (long long)n->step);
  if (n->kind != MILL_N_LIMIT && n->kind != MILL_N_TAIL) return MILL_OK;
  if (n->to >= 0) MILL_TRY(mill_text_printf(out, w->err, " %lld", (long long)n->to));
  if (n->from <= 0) return MILL_OK;
  return mill_text_printf(out, w->err, " offset %lld", (long long)n->from);
}

static mill_status logical(mill_planner *w, const mill_node *n, int depth, bool cost,
                           mill_text *out) {
  MILL_TRY(indent(out, depth, w->err));
  bool known = (size_t)n->kind < sizeof node_names / sizeof *node_names;
  MILL_TRY(mill_text_adds(out, known ? node_names[n->kind] : "Command", w->err));
  MILL_TRY(arguments(w, n, out));
  bool counts = n->kind == MILL_N_LIMIT || n->kind == MILL_N_TAIL;
  if (n->nkeys) MILL_TRY(list(w, n->keys, n->nkeys, out));
  if (n->nexprs && n->kind != MILL_N_VALUES && !counts) MILL_TRY(list(w, n->exprs, n->nexprs, out));
  if (n->naggs) MILL_TRY(list(w, n->aggs, n->naggs, out));
  double rows = cost ? mill_n_estimate(n) : -1;
  if (n->kind == MILL_N_WINDOW_GROUP_LIMIT)
    MILL_TRY(mill_text_printf(out, w->err, ", %s(), %lld", n->name, (long long)n->to));
  if (rows >= 0) MILL_TRY(mill_text_printf(out, w->err, ", Statistics(rowCount=%.0f)", rows));
  MILL_TRY(mill_text_addc(out, '\n', w->err));
  for (int i = 0; i < n->nchildren; i++) MILL_TRY(logical(w, n->child[i], depth + 1, cost, out));
  return MILL_OK;
}

static mill_status schema_line(mill_planner *w, const mill_node *n, mill_text *out) {
  for (int i = 0; i < n->noutput; i++) {
    MILL_TRY(mill_text_printf(out, w->err, i ? ", %s: " : "%s: ", n->output[i]->name));
    MILL_TRY(mill_type_simple(n->output[i]->type, out, w->err));
  }
  return mill_text_addc(out, '\n', w->err);
}

mill_status mill_explain_logical(mill_planner *w, const mill_node *n, const char *title,
                                 mill_text *out) {
  MILL_TRY(mill_text_printf(out, w->err, "== %s Logical Plan ==\n", title));
  if (strcmp(title, "Analyzed") == 0) MILL_TRY(schema_line(w, n, out));
  MILL_TRY(logical(w, n, 0, strcmp(title, "Optimized") == 0, out));
  return mill_text_addc(out, '\n', w->err);
}
