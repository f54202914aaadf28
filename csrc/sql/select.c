/* SELECT: hints, DISTINCT, the list, FROM, LATERAL VIEW, WHERE, GROUP BY, HAVING, QUALIFY, WINDOW.
**
** The node it makes, from the leaf up: source, GENERATE, FILTER, AGGREGATE or PROJECT, FILTER
** (having), FILTER (qualify), DISTINCT. */
#include "sql/parser_int.h"

mill_node *mill_p_filter(mill_parser *p, mill_node *child, const mill_expr *condition, int from) {
  mill_node *n = mill_p_unary_node(p, MILL_N_FILTER, child, from);
  mill_list exprs = {0};
  mill_p_push(p, &exprs, condition);
  mill_p_exprs(&exprs, &n->exprs, &n->nexprs);
  return n;
}

/* Hints change no result; they are checked and dropped. */
static void hints(mill_parser *p) {
  while (mill_p_accept(p, MILL_T_HINT_START)) {
    do {
      mill_p_name(p);
      if (mill_p_accept(p, MILL_T_LPAREN)) {
        mill_list ignored = {0};
        mill_p_expr_list(p, &ignored, mill_p_primary);
        mill_p_expect(p, MILL_T_RPAREN);
      }
      mill_p_accept(p, MILL_T_COMMA);
    } while (mill_p_is_name(p, 0));
    mill_p_expect(p, MILL_T_HINT_END);
  }
}

/* DISTINCT or ALL as a quantifier, not as a column. */
static bool quantifier(mill_parser *p, int kind) {
  int next = mill_p_peek(p, 1);
  if (!mill_p_is(p, kind) || next == MILL_T_EOF || next == MILL_T_COMMA || next == MILL_T_DOT ||
      next == MILL_T_RPAREN || next == MILL_T_SEMICOLON || next == MILL_K_AS || mill_p_clause(p, 1))
    return false;
  p->at++;
  return true;
}

static mill_node *one_row(mill_parser *p, int from) { return mill_p_node(p, MILL_N_ONE_ROW, from); }

mill_node *mill_p_select(mill_parser *p, mill_node *source) {
  int from = p->at, mark = p->windows.n;
  mill_list list = {0};
  mill_p_expect(p, MILL_K_SELECT);
  hints(p);
  bool distinct = quantifier(p, MILL_K_DISTINCT);
  if (!distinct) quantifier(p, MILL_K_ALL);
  mill_p_expr_list(p, &list, mill_p_named);
  mill_node *n = source;
  if (n == NULL) n = mill_p_is(p, MILL_K_FROM) ? mill_p_from(p) : one_row(p, from);
  n = mill_p_lateral_views(p, n, from);
  if (mill_p_accept(p, MILL_K_WHERE)) n = mill_p_filter(p, n, mill_p_expression(p), from);
  bool grouped = mill_p_accept2(p, MILL_K_GROUP, MILL_K_BY);
  if (grouped) {
    n = mill_p_group(p, n, &list, from);
  } else {
    n = mill_p_unary_node(p, MILL_N_PROJECT, n, from);
    mill_p_exprs(&list, &n->exprs, &n->nexprs);
  }
  if (mill_p_accept(p, MILL_K_HAVING)) {
    if (!grouped) { /* a global aggregate, as Spark takes it */
      n->kind = MILL_N_AGGREGATE;
    }
    n = mill_p_filter(p, n, mill_p_expression(p), from);
    n->having = true;
  }
  if (mill_p_accept(p, MILL_K_QUALIFY)) {
    n = mill_p_filter(p, n, mill_p_expression(p), from);
    n->qualify = true;
  }
  if (mill_p_is(p, MILL_K_WINDOW)) mill_p_window_clause(p, mark);
  return distinct ? mill_p_unary_node(p, MILL_N_DISTINCT, n, from) : n;
}
