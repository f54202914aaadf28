/* Statements about variables, and EXECUTE IMMEDIATE: DECLARE, SET VAR, DROP TEMPORARY VARIABLE. */
#include "sql/parser_int.h"

static bool variable_word(mill_parser *p) {
  bool word = mill_p_is(p, MILL_K_VARIABLE) || mill_p_is(p, MILL_K_VAR);
  if (word) p->at++;
  return word;
}

static void as_children(const mill_list *l, mill_node *n) {
  n->child = (const mill_node **)l->item;
  n->nchildren = l->n;
}

/* DEFAULT or =, and an expression, whose text is kept to be computed anew by SET x = DEFAULT. */
static void preset(mill_parser *p, mill_node *n) {
  mill_list exprs = {0};
  if (!mill_p_accept(p, MILL_K_DEFAULT)) mill_p_expect(p, MILL_T_EQ);
  int at = p->at;
  mill_p_push(p, &exprs, mill_p_expression(p));
  mill_p_exprs(&exprs, &n->exprs, &n->nexprs);
  n->alias = p->failed ? "" : mill_p_fragment(p, at);
}

static bool preset_ahead(const mill_parser *p) {
  return mill_p_is(p, MILL_T_EQ) || mill_p_is(p, MILL_K_DEFAULT);
}

mill_node *mill_p_declare(mill_parser *p) {
  int from = p->at++;
  mill_node *n = mill_p_node(p, MILL_N_DECLARE, from);
  mill_list names = {0};
  n->replace = mill_p_accept2(p, MILL_K_OR, MILL_K_REPLACE);
  if (mill_p_is_name(p, 1)) variable_word(p);
  do mill_p_push(p, &names, mill_p_relation_name(p));
  while (mill_p_accept(p, MILL_T_COMMA));
  as_children(&names, n);
  if (mill_p_is_name(p, 0) && !preset_ahead(p)) n->type = mill_p_type(p);
  if (preset_ahead(p)) preset(p, n);
  n->stop = p->token[p->at > from ? p->at - 1 : from].stop;
  if (n->type == NULL && n->nexprs == 0)
    mill_p_error(p, from, MILL_E_INVALID_SQL_SYNTAX_VARIABLE_TYPE_OR_DEFAULT_REQUIRED, NULL);
  return n;
}

bool mill_p_drops_variable(const mill_parser *p) {
  int temporary = mill_p_peek(p, 1), what = mill_p_peek(p, 2);
  return mill_p_is(p, MILL_K_DROP) && (temporary == MILL_K_TEMPORARY || temporary == MILL_K_TEMP) &&
         (what == MILL_K_VARIABLE || what == MILL_K_VAR);
}

mill_node *mill_p_drop_variable(mill_parser *p) {
  int from = p->at;
  p->at += 3;
  mill_node *n = mill_p_node(p, MILL_N_DROP_VARIABLE, from);
  mill_list names = {0};
  if (mill_p_is(p, MILL_K_IF) && mill_p_peek(p, 1) == MILL_K_EXISTS) {
    n->if_exists = true;
    p->at += 2;
  }
  mill_p_push(p, &names, mill_p_relation_name(p));
  as_children(&names, n);
  return n;
}

static const mill_expr *target(mill_parser *p) {
  int from = p->at;
  mill_list parts = {0};
  mill_p_parts(p, &parts);
  mill_expr *e = mill_p_expr(p, MILL_X_NAME, from);
  mill_p_names(&parts, &e->parts, &e->nparts);
  return e;
}

static void targets(mill_parser *p, mill_list *out) {
  do mill_p_push(p, out, target(p));
  while (mill_p_accept(p, MILL_T_COMMA));
}

/* (a, b) = (query) */
static void from_query(mill_parser *p, mill_node *n) {
  mill_list names = {0};
  mill_p_expect(p, MILL_T_LPAREN);
  targets(p, &names);
  mill_p_expect(p, MILL_T_RPAREN);
  mill_p_expect(p, MILL_T_EQ);
  mill_p_expect(p, MILL_T_LPAREN);
  n->child = mill_p_children(p, mill_p_query(p), NULL);
  n->nchildren = 1;
  mill_p_expect(p, MILL_T_RPAREN);
  mill_p_exprs(&names, &n->keys, &n->nkeys);
}

/* a = 1, b = 2 */
static void from_values(mill_parser *p, mill_node *n) {
  mill_list names = {0}, values = {0};
  do {
    mill_p_push(p, &names, target(p));
    mill_p_expect(p, MILL_T_EQ);
    mill_p_push(p, &values, mill_p_expression(p));
  } while (mill_p_accept(p, MILL_T_COMMA));
  mill_p_exprs(&names, &n->keys, &n->nkeys);
  mill_p_exprs(&values, &n->exprs, &n->nexprs);
}

mill_node *mill_p_set_variable(mill_parser *p) {
  int from = p->at++;
  if (!p->scripted) variable_word(p);
  mill_node *n = mill_p_node(p, MILL_N_SET_VARIABLE, from);
  if (mill_p_is(p, MILL_T_LPAREN)) {
    from_query(p, n);
  } else {
    from_values(p, n);
  }
  return n;
}

bool mill_p_set_variable_ahead(const mill_parser *p) {
  int kind = mill_p_peek(p, 1), i = 1;
  if (kind != MILL_K_VAR && kind != MILL_K_VARIABLE) return false;
  while (mill_p_peek(p, i) != MILL_T_EOF && mill_p_peek(p, i) != MILL_T_EQ) i++;
  if (mill_p_peek(p, i) == MILL_T_EOF) return false; /* a key of two words */
  return mill_p_is_name(p, 2) || mill_p_peek(p, 2) == MILL_T_LPAREN;
}

/* USING a, b AS c, with or without parentheses */
static void arguments(mill_parser *p, mill_node *n) {
  mill_list values = {0};
  mill_mark mark = mill_p_mark(p);
  if (mill_p_accept(p, MILL_T_LPAREN)) {
    mill_p_expr_list(p, &values, mill_p_named);
    mill_p_expect(p, MILL_T_RPAREN);
    int next = mill_p_peek(p, 0);
    bool whole = next == MILL_T_EOF || next == MILL_T_SEMICOLON;
    if ((p->failed || !whole) && mill_p_back(p, mark)) values.n = 0;
  }
  if (values.n == 0) mill_p_expr_list(p, &values, mill_p_named);
  mill_p_exprs(&values, &n->values, &n->nvalues);
}

mill_node *mill_p_execute(mill_parser *p) {
  int from = p->at;
  p->at += 2;
  mill_node *n = mill_p_node(p, MILL_N_EXECUTE, from);
  mill_list text = {0}, names = {0};
  mill_p_push(p, &text, mill_p_expression(p));
  mill_p_exprs(&text, &n->exprs, &n->nexprs);
  if (mill_p_accept(p, MILL_K_INTO)) targets(p, &names);
  mill_p_exprs(&names, &n->keys, &n->nkeys);
  if (mill_p_accept(p, MILL_K_USING)) arguments(p, n);
  return n;
}

/* [OR REPLACE] [TEMPORARY] FUNCTION */
static bool function_ahead(const mill_parser *p, int i) {
  if (mill_p_peek(p, i) == MILL_K_OR && mill_p_peek(p, i + 1) == MILL_K_REPLACE) i += 2;
  if (mill_p_peek(p, i) == MILL_K_TEMPORARY || mill_p_peek(p, i) == MILL_K_TEMP) i++;
  return mill_p_peek(p, i) == MILL_K_FUNCTION;
}

mill_node *mill_p_other_statement(mill_parser *p) {
  int next = mill_p_peek(p, 1);
  switch (mill_p_peek(p, 0)) {
  case MILL_K_DECLARE: return mill_p_is_name(p, 1) ? mill_p_declare(p) : NULL;
  case MILL_K_EXECUTE: return next == MILL_K_IMMEDIATE ? mill_p_execute(p) : NULL;
  case MILL_K_BEGIN: return p->at == 0 ? mill_p_script(p) : NULL;
  case MILL_K_CREATE: return function_ahead(p, 1) ? mill_p_create_function(p) : NULL;
  case MILL_K_DROP:
    if (mill_p_drops_variable(p)) return mill_p_drop_variable(p);
    return function_ahead(p, 1) ? mill_p_drop_function(p) : NULL;
  default: return NULL;
  }
}
