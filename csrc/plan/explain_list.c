/* EXPLAIN FORMATTED: the tree of the operators' names with numbers, children before their parents, then
** for each of them what goes in, what comes out and what it does. EXPLAIN CODEGEN: the same tree, then the
** programs that compute the expressions of each operator. */
#include "plan/explain_int.h"

typedef mill_op_printer printer;
typedef mill_op_inputs columns;

static int count(const mill_op *op) {
  int n = 1;
  for (int i = 0; i < op->nchildren; i++) n += count(op->child[i]);
  return n;
}

static mill_status title(printer *p, const mill_op *op) {
  bool files = mill_op_of_files(op);
  MILL_TRY(mill_op_puts(p, files ? "Scan" : mill_op_name(op)));
  return files ? mill_text_printf(p->out, p->w->err, " %s", op->scan->name) : MILL_OK;
}

static mill_status tree(printer *p, const mill_op *op, const mill_branch *place, int number) {
  MILL_TRY(mill_explain_branch(place, p->out, p->w->err));
  MILL_TRY(title(p, op));
  if (op->kind == MILL_OP_JOIN)
    MILL_TRY(mill_text_printf(p->out, p->w->err, " %s %s", mill_op_join_name(op),
                              op->build_left ? "BuildLeft" : "BuildRight"));
  MILL_TRY(mill_text_printf(p->out, p->w->err, " (%d)\n", number));
  int last = number - count(op);
  for (int i = 0; i < op->nchildren; i++) {
    const mill_branch child = {place, i + 1 < op->nchildren};
    last += count(op->child[i]);
    MILL_TRY(tree(p, op->child[i], &child, last));
  }
  return MILL_OK;
}

/* ---- formatted -------------------------------------------------------------------------------- */

/* "Keys [2]: [" or "Keys: [": what follows is a list of n. */
static mill_status heading(printer *p, const char *name, int n) {
  return n ? mill_text_printf(p->out, p->w->err, "%s [%d]: [", name, n)
           : mill_text_printf(p->out, p->w->err, "%s: [", name);
}

static mill_status fields(printer *p, const char *name, const mill_type *schema) {
  MILL_TRY(heading(p, name, (int)schema->nfields));
  MILL_TRY(mill_op_names(p, schema, ", "));
  return mill_op_puts(p, "]\n");
}

static mill_status exprs(printer *p, const char *name, const mill_bound *const *e, int n,
                         columns in) {
  MILL_TRY(heading(p, name, n));
  MILL_TRY(mill_op_exprs(p, e, n, in));
  return mill_op_puts(p, "]\n");
}

static mill_status arguments(printer *p, const mill_op *op, const char *label) {
  MILL_TRY(mill_op_puts(p, label));
  MILL_TRY(mill_op_arguments(p, op));
  return mill_op_puts(p, "\n");
}

static mill_status scan(printer *p, const mill_op *op) {
  MILL_TRY(fields(p, "Output", op->schema));
  if (!mill_op_of_files(op)) return arguments(p, op, "Arguments: ");
  MILL_TRY(mill_op_puts(p, "Location: InMemoryFileIndex "));
  MILL_TRY(mill_op_location(p, op));
  MILL_TRY(mill_op_puts(p, "\n"));
  MILL_TRY(mill_op_tests(p, op));
  MILL_TRY(mill_op_puts(p, "\nReadSchema: "));
  MILL_TRY(mill_type_simple(op->schema, p->out, p->w->err));
  return mill_op_puts(p, "\n");
}

static mill_status aggregate(printer *p, const mill_op *op) {
  MILL_TRY(exprs(p, "Keys", op->keys, op->nkeys, mill_op_inputs_of(op)));
  MILL_TRY(heading(p, "Functions", op->naggs));
  MILL_TRY(mill_op_aggregates(p, op));
  MILL_TRY(mill_op_puts(p, "]\n"));
  return fields(p, "Results", op->schema);
}

static mill_status join(printer *p, const mill_op *op) {
  columns both = mill_op_inputs_of(op), left = {both.left, NULL}, right = {both.right, NULL};
  if (op->nkeys) {
    MILL_TRY(exprs(p, "Left keys", op->keys, op->nkeys, left));
    MILL_TRY(exprs(p, "Right keys", op->right_keys, op->nkeys, right));
  }
  MILL_TRY(mill_text_printf(p->out, p->w->err,
                            "Join type: %s\nJoin condition: ", mill_op_join_name(op)));
  MILL_TRY(op->condition ? mill_op_expr(p, op->condition, both) : mill_op_puts(p, "None"));
  return mill_op_puts(p, "\n");
}

static mill_status details(printer *p, const mill_op *op) {
  switch (op->kind) {
  case MILL_OP_SCAN: return scan(p, op);
  case MILL_OP_ROWS:
  case MILL_OP_ONE_ROW: return fields(p, "Output", op->schema);
  case MILL_OP_RANGE:
    MILL_TRY(fields(p, "Output", op->schema));
    return arguments(p, op, "Arguments: Range ");
  case MILL_OP_PROJECT:
    MILL_TRY(heading(p, "Output", op->nexprs));
    MILL_TRY(mill_op_select(p, op));
    MILL_TRY(mill_op_puts(p, "]\n"));
    return fields(p, "Input", op->child[0]->schema);
  case MILL_OP_JOIN: return join(p, op);
  case MILL_OP_UNION:
  case MILL_OP_SHARE: return MILL_OK;
  default: break;
  }
  MILL_TRY(fields(p, "Input", op->child[0]->schema));
  if (op->kind == MILL_OP_AGGREGATE) return aggregate(p, op);
  return arguments(p, op, op->kind == MILL_OP_FILTER ? "Condition : " : "Arguments: ");
}

static mill_status sections(printer *p, const mill_op *op, int *next) {
  for (int i = 0; i < op->nchildren; i++) MILL_TRY(sections(p, op->child[i], next));
  MILL_TRY(mill_text_printf(p->out, p->w->err, "\n(%d) ", (*next)++));
  MILL_TRY(title(p, op));
  MILL_TRY(mill_op_puts(p, "\n"));
  return details(p, op);
}

/* ---- codegen ---------------------------------------------------------------------------------- */

static mill_status program(printer *p, const mill_bound *const *e, int n, columns in) {
  for (int i = 0; i < n; i++) {
    MILL_TRY(mill_op_puts(p, "  "));
    MILL_TRY(mill_op_expr(p, e[i], in));
    MILL_TRY(mill_op_puts(p, ": "));
    MILL_TRY(mill_type_simple(e[i]->type, p->out, p->w->err));
    MILL_TRY(mill_op_puts(p, "\n"));
  }
  return MILL_OK;
}

static mill_status programs(printer *p, const mill_op *op, int *next) {
  for (int i = 0; i < op->nchildren; i++) MILL_TRY(programs(p, op->child[i], next));
  columns in = mill_op_inputs_of(op);
  int n = op->kind == MILL_OP_EXPAND ? op->nsets * op->nexprs : op->nexprs;
  MILL_TRY(mill_text_printf(p->out, p->w->err, "\n(%d) ", (*next)++));
  MILL_TRY(title(p, op));
  MILL_TRY(mill_op_puts(p, "\n"));
  if (op->predicate) MILL_TRY(program(p, &op->predicate, 1, in));
  MILL_TRY(program(p, op->exprs, n, in));
  return program(p, op->keys, op->nkeys, in);
}

mill_status mill_explain_list(mill_planner *w, const mill_op *op, bool codegen, mill_text *out) {
  const mill_branch root = {NULL, false};
  printer p = {w, out, NULL};
  int next = 1;
  MILL_TRY(mill_op_puts(&p, "== Physical Plan ==\n"));
  MILL_TRY(tree(&p, op, &root, count(op)));
  MILL_TRY(mill_op_puts(&p, codegen ? "\n== Expression Programs ==\n" : "\n"));
  return codegen ? programs(&p, op, &next) : sections(&p, op, &next);
}
