/* SELECT: hints, DISTINCT, the list, FROM, LATERAL VIEW, WHERE, GROUP BY, HAVING, QUALIFY, WINDOW.
**
** The node it makes, from the leaf up: source, GENERATE, FILTER, AGGREGATE or PROJECT, FILTER
** (having), FILTER (qualify), DISTINCT. */
#include <ctype.h>
#include <string.h>

#include "sql/parser_int.h"

mill_node *mill_p_filter(mill_parser *p, mill_node *child, const mill_expr *condition, int from) {
  mill_node *n = mill_p_unary_node(p, MILL_N_FILTER, child, from);
  mill_list exprs = {0};
  mill_p_push(p, &exprs, condition);
  mill_p_exprs(&exprs, &n->exprs, &n->nexprs);
  return n;
}

/* A column of a hint may be written as a string. */
static mill_expr *hint_parameter(mill_parser *p, const char *hint) {
  int from = p->at, next = mill_p_peek(p, 1);
  bool text = mill_p_is_string(p, 0) && (next == MILL_T_COMMA || next == MILL_T_RPAREN);
  if (!text || strncmp(hint, "RE", 2) != 0) return mill_p_primary(p);
  mill_list parts = {0};
  mill_p_split(p, mill_p_string(p, NULL), &parts);
  mill_expr *e = mill_p_expr(p, MILL_X_NAME, from);
  mill_p_names(&parts, &e->parts, &e->nparts);
  return e;
}

static mill_expr *hint(mill_parser *p) {
  int from = p->at;
  mill_list parameters = {0};
  const char *name = mill_p_name(p);
  char *upper = mill_p_alloc(p, strlen(name) + 1);
  for (size_t i = 0; upper && name[i]; i++) upper[i] = (char)toupper((unsigned char)name[i]);
  if (upper && mill_p_accept(p, MILL_T_LPAREN)) {
    do mill_p_push(p, &parameters, hint_parameter(p, upper));
    while (mill_p_accept(p, MILL_T_COMMA));
    mill_p_expect(p, MILL_T_RPAREN);
  }
  mill_expr *h = mill_p_call(p, from, upper ? upper : "", 0);
  mill_p_exprs(&parameters, &h->args, &h->nargs);
  return h;
}

/* Hints change no result; what they are given is checked at analysis. */
static void hints(mill_parser *p, mill_list *out) {
  while (mill_p_accept(p, MILL_T_HINT_START)) {
    do {
      mill_p_push(p, out, hint(p));
      mill_p_accept(p, MILL_T_COMMA);
    } while (mill_p_is_name(p, 0));
    mill_p_expect(p, MILL_T_HINT_END);
  }
}

/* TRANSFORM (..) USING 'command': its rows would go through a process. */
static void refuse_transform(mill_parser *p) {
  int depth = 0, i = 1, kind, inside = mill_p_peek(p, 2);
  if (!mill_p_word(p, 0, "TRANSFORM") || mill_p_peek(p, 1) != MILL_T_LPAREN) return;
  do {
    kind = mill_p_peek(p, i++);
    depth += (kind == MILL_T_LPAREN) - (kind == MILL_T_RPAREN);
  } while (depth > 0 && kind != MILL_T_EOF);
  bool command = (mill_p_peek(p, i) == MILL_K_USING && mill_p_is_string(p, i + 1)) ||
                 (mill_p_peek(p, i) == MILL_K_ROW && mill_p_word(p, i + 1, "FORMAT")) ||
                 mill_p_word(p, i, "RECORDWRITER");
  if (!command) return;
  bool quantified = inside == MILL_K_DISTINCT || inside == MILL_K_ALL;
  mill_p_stop(p, quantified
                     ? mill_fail(p->err, MILL_E_UNSUPPORTED_FEATURE_TRANSFORM_DISTINCT_ALL, NULL)
                     : mill_fail(p->err, MILL_E_UNSUPPORTED_FEATURE_SQL_STATEMENT, "statement",
                                 "SELECT TRANSFORM", NULL));
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
  mill_list list = {0}, hinted = {0};
  mill_p_expect(p, MILL_K_SELECT);
  hints(p, &hinted);
  refuse_transform(p);
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
  if (distinct) n = mill_p_unary_node(p, MILL_N_DISTINCT, n, from);
  mill_p_exprs(&hinted, &n->hints, &n->nhints);
  return n;
}
