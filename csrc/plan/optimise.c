/* The optimiser: a list of rules, one a file, each a function from tree to tree. Constants are
** folded as expressions are bound (bind.c), LIMIT over SORT becomes a top-N as it is lowered. */
#include "plan/plan_int.h"

static const mill_rule rules[] = {mill_unnest, mill_push_filters, mill_push_semi, mill_order_joins};

const mill_node *mill_plan_optimise(mill_planner *w, const mill_node *n) {
  for (size_t i = 0; n && i < sizeof rules / sizeof *rules; i++) n = rules[i](w, n);
  return n;
}
