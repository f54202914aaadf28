/* The optimiser: a list of rules, one a file, each a function from tree to tree.
**
** A rule has the name of Spark's class; spark.sql.optimizer.excludedRules switches it off, as in
** Spark, by that name or its last part, several split by commas. A rule may change the order in
** which rows are found only where the order of the result is left open. Subqueries must become
** joins, whatever is excluded. Streams take the rules that keep rows apart from their number. A rule
** says what trees it has work in (shape.c).
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
  unsigned of; /* there is nothing to do in a tree without any of these; 0: they do not tell */
} rule;

static const rule rules[] = {
    {"ReuseSubquery", mill_share_queries, false, MILL_HAS_QUERY},
    {NULL, mill_unnest, true, MILL_HAS_QUERY},
    {"CollapseProject", mill_collapse_projects, false, MILL_HAS_PROJECT},
    {"PushDownPredicates", mill_push_filters, true, MILL_HAS_FILTER | MILL_HAS_JOIN},
    {"EliminateOuterJoin", mill_narrow_joins, false, MILL_HAS_JOIN},
    {"PushDownPredicates", mill_push_filters, false,
     MILL_HAS_FILTER | MILL_HAS_JOIN}, /* what narrower joins let pass */
    {"NullPropagation", mill_propagate_nulls, false, MILL_HAS_NULL},
    {"ConstantFolding", mill_fold_constants, false, MILL_HAS_CONSTANT},
    {"BooleanSimplification", mill_simplify_booleans, false, MILL_HAS_BOOLEAN},
    {"UnwrapCastInBinaryComparison", mill_unwrap_casts, false, MILL_HAS_CAST},
    {"PruneFilters", mill_prune_filters, false, MILL_HAS_FILTER},
    {NULL, mill_sample_filters, false, MILL_HAS_FILTER},
    {"PushDownLeftSemiAntiJoin", mill_push_semi, false, MILL_HAS_JOIN},
    {"ReorderJoin", mill_order_joins, true, MILL_HAS_JOIN},
    {NULL, mill_shift_sums, false, MILL_HAS_AGGREGATE},
    {"InferWindowGroupLimit", mill_infer_window_group_limits, false, MILL_HAS_WINDOW},
    {"LimitPushDown", mill_push_limits, false, MILL_HAS_LIMIT},
    {"CollapseProject", mill_collapse_projects, false, MILL_HAS_PROJECT},
    {"RemoveLiteralFromGroupExpressions", mill_drop_determined_keys, false, MILL_HAS_AGGREGATE},
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
  const mill_node *known = NULL; /* the tree whose shape it is */
  unsigned shape = 0;
  for (size_t i = 0; n && i < sizeof rules / sizeof *rules; i++) {
    const rule *r = &rules[i];
    if (n->streaming && !r->streams) continue;
    if (n != known) shape = mill_n_shape(known = n);
    if (r->of && !(shape & r->of)) continue;
    if (!any || r->name == NULL || !mill_rule_excluded(w, r->name)) n = r->apply(w, n);
  }
  return n;
}
