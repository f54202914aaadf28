/* The optimiser: a list of rules, one a file, each a function from tree to tree.
**
** A rule has the name of Spark's class; spark.sql.optimizer.excludedRules switches it off, as in
** Spark, by that name or its last part, several split by commas. A rule may change the order in
** which rows are found only where the order of the result is left open. Subqueries must become
** joins, whatever is excluded. Streams take the rules that keep rows apart from their number.
**
** Constants are folded as expressions are bound (bind.c) and again where rules have put constants
** for columns. The columns that nobody needs are found last (prune.c). */
#include <string.h>
#include <strings.h>

#include "plan/plan_int.h"

typedef struct rule {
  const char *name; /* NULL: always */
  mill_rule apply;
  bool streams;
} rule;

static const rule rules[] = {
    {"ReuseSubquery", mill_share_queries, false},
    {NULL, mill_unnest, true},
    {"CollapseProject", mill_collapse_projects, false},
    {"PushDownPredicates", mill_push_filters, true},
    {"EliminateOuterJoin", mill_narrow_joins, false},
    {"PushDownPredicates", mill_push_filters, false}, /* what narrower joins let pass */
    {"NullPropagation", mill_propagate_nulls, false},
    {"ConstantFolding", mill_fold_constants, false},
    {"BooleanSimplification", mill_simplify_booleans, false},
    {"UnwrapCastInBinaryComparison", mill_unwrap_casts, false},
    {"PruneFilters", mill_prune_filters, false},
    {NULL, mill_sample_filters, false},
    {"PushDownLeftSemiAntiJoin", mill_push_semi, false},
    {"ReorderJoin", mill_order_joins, true},
    {NULL, mill_shift_sums, false},
    {"InferWindowGroupLimit", mill_infer_window_group_limits, false},
    {"LimitPushDown", mill_push_limits, false},
    {"CollapseProject", mill_collapse_projects, false},
    {"RemoveLiteralFromGroupExpressions", mill_drop_determined_keys, false},
};

static bool names(const char *list, size_t n, const char *name) {
  size_t k = strlen(name);
  while (n && list[n - 1] == ' ') n--;
  if (n < k || strncmp(list + n - k, name, k) != 0) return false;
  return n == k || list[n - k - 1] == '.' || list[n - k - 1] == ' ';
}

static const char EXCLUDED[] = "spark.sql.optimizer.excludedRules";

bool mill_rule_excluded(const mill_planner *w, const char *name) {
  const char *list = mill_session_get(w->session, EXCLUDED);
  while (list && *list) {
    size_t n = strcspn(list, ",");
    if (names(list, n, name)) return true;
    list += n + (list[n] == ',');
  }
  return false;
}

const mill_node *mill_plan_optimise(mill_planner *w, const mill_node *n) {
  const char *excluded = mill_session_get(w->session, EXCLUDED);
  const bool any = excluded && *excluded;
  for (size_t i = 0; n && i < sizeof rules / sizeof *rules; i++) {
    const rule *r = &rules[i];
    if (n->streaming && !r->streams) continue;
    if (!any || r->name == NULL || !mill_rule_excluded(w, r->name)) n = r->apply(w, n);
  }
  return n;
}
