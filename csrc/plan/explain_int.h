/* What the files of EXPLAIN share: the lines that join a tree, a printer of physical operators.
**
**     explain.c       logical trees, Statistics
**     explain_op.c    physical trees: an operator a line
**     explain_list.c  "formatted": numbers in the tree, what each operator is given below it; "codegen"
**
** Headings, names of nodes and operators and the order of what stands behind them are Spark's. Columns
** have no #id behind their names, and there is no Exchange: rows go nowhere. */
#ifndef MILL_PLAN_EXPLAIN_INT_H
#define MILL_PLAN_EXPLAIN_INT_H

#include "plan/plan_int.h"

/* A node's place: below which node, and whether a sibling comes behind it. The root's `above` is NULL. */
typedef struct mill_branch {
  const struct mill_branch *above;
  bool more;
} mill_branch;

/* What stands before the node: "+- ", or ":- " where a sibling comes, behind the lines of those above. */
mill_status mill_explain_branch(const mill_branch *b, mill_text *out, mill_error *err);

typedef struct mill_op_printer {
  mill_planner *w;
  mill_text *out;
  const mill_meters *meters; /* of a run; NULL: none */
} mill_op_printer;

/* Columns that an expression reads: those of one input, then of the other. */
typedef struct mill_op_inputs {
  const mill_type *left, *right;
} mill_op_inputs;

mill_op_inputs mill_op_inputs_of(const mill_op *op);
mill_status mill_op_puts(mill_op_printer *p, const char *s);
/* "a, b": names of fields; expressions. */
mill_status mill_op_names(mill_op_printer *p, const mill_type *schema, const char *between);
mill_status mill_op_exprs(mill_op_printer *p, const mill_bound *const *e, int n, mill_op_inputs in);
mill_status mill_op_expr(mill_op_printer *p, const mill_bound *b, mill_op_inputs in);
mill_status mill_op_aggregates(mill_op_printer *p, const mill_op *op);
/* The select list of a PROJECT: "a, (b + 1) AS c". */
mill_status mill_op_select(mill_op_printer *p, const mill_op *op);
mill_status mill_op_tests(mill_op_printer *p, const mill_op *op);
mill_status mill_op_location(mill_op_printer *p, const mill_op *op);
const char *mill_op_name(const mill_op *op);
const char *mill_op_join_name(const mill_op *op);
/* Does it read files? */
bool mill_op_of_files(const mill_op *op);
/* What stands behind the name of an operator without a form of its own: "[a DESC NULLS LAST], true, 0". */
mill_status mill_op_arguments(mill_op_printer *p, const mill_op *op);

#endif
