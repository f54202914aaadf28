/* EXPLAIN: trees as indented lines, parents first, children below with "+- ". */
#include <string.h>

#include "plan/plan_int.h"

static const char *const node_names[] = {
    "Relation",      "TableFunction", "LocalRelation", "FileScan",         "Values",    "OneRow",
    "Range",         "Project",       "Filter",        "Aggregate",        "Sort",      "Limit",
    "Tail",          "Distinct",      "Deduplicate",   "Window",           "Generate",  "Sample",
    "SubqueryAlias", "WithColumns",   "Drop",          "Rename",           "Watermark", "Transform",
    "Pivot",         "Unpivot",       "Repartition",   "InMemoryRelation", "Join",      "Union",
    "SetOperation",  "With"};

static const char *const op_names[] = {
    "Scan",     "Rows", "Range", "OneRow", "Filter", "Project", "Expand",   "HashAggregate",
    "HashJoin", "Sort", "Limit", "Tail",   "Union",  "Window",  "Generate", "Sample",
    "Share"};

static const char *const join_names[] = {"Inner",         "LeftOuter", "RightOuter",
                                         "FullOuter",     "LeftSemi",  "LeftAnti",
                                         "NullAwareAnti", "Existence", "LeftSingle"};

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

static mill_status logical(mill_planner *w, const mill_node *n, int depth, mill_text *out) {
  MILL_TRY(indent(out, depth, w->err));
  bool known = (size_t)n->kind < sizeof node_names / sizeof *node_names;
  MILL_TRY(mill_text_adds(out, known ? node_names[n->kind] : "Command", w->err));
  if (n->nkeys) MILL_TRY(list(w, n->keys, n->nkeys, out));
  if (n->nexprs && n->kind != MILL_N_VALUES) MILL_TRY(list(w, n->exprs, n->nexprs, out));
  if (n->naggs) MILL_TRY(list(w, n->aggs, n->naggs, out));
  MILL_TRY(mill_text_addc(out, '\n', w->err));
  for (int i = 0; i < n->nchildren; i++) MILL_TRY(logical(w, n->child[i], depth + 1, out));
  return MILL_OK;
}

mill_status mill_explain_logical(mill_planner *w, const mill_node *n, mill_text *out) {
  MILL_TRY(mill_text_adds(out, "== Analyzed Logical Plan ==\n", w->err));
  MILL_TRY(logical(w, n, 0, out));
  return mill_text_adds(out, "\n", w->err);
}

static mill_status details(mill_planner *w, const mill_op *op, mill_text *out) {
  if (op->kind == MILL_OP_JOIN)
    MILL_TRY(mill_text_printf(out, w->err, " %s, %d keys%s", join_names[op->join], op->nkeys,
                              op->condition ? ", condition" : ""));
  if (op->kind == MILL_OP_SCAN) MILL_TRY(mill_text_printf(out, w->err, " %s", op->scan->name));
  if (op->limit >= 0)
    MILL_TRY(mill_text_printf(out, w->err, " limit %lld offset %lld", (long long)op->limit,
                              (long long)op->offset));
  MILL_TRY(mill_text_adds(out, " [", w->err));
  for (uint32_t i = 0; i < op->schema->nfields; i++)
    MILL_TRY(mill_text_printf(out, w->err, i ? ", %s" : "%s", op->schema->fields[i].name));
  return mill_text_adds(out, "]", w->err);
}

static mill_status physical(mill_planner *w, const mill_op *op, int depth, mill_text *out) {
  MILL_TRY(indent(out, depth, w->err));
  MILL_TRY(mill_text_adds(out, op_names[op->kind], w->err));
  MILL_TRY(details(w, op, out));
  MILL_TRY(mill_text_addc(out, '\n', w->err));
  for (int i = 0; i < op->nchildren; i++) MILL_TRY(physical(w, op->child[i], depth + 1, out));
  return MILL_OK;
}

mill_status mill_explain_physical(mill_planner *w, const mill_op *op, mill_text *out) {
  MILL_TRY(mill_text_adds(out, "== Physical Plan ==\n", w->err));
  return physical(w, op, 0, out);
}
