/* FROM lists, joins, PIVOT, UNPIVOT and LATERAL VIEW.
**
** `a, b JOIN c` joins c to the product of a and b, so that its condition sees both: Spark's rule
** unless spark.sql.ansi.relationPrecedence is on. */
#include "sql/parser_int.h"

#include <stdio.h>

/* The join words that stand here: how many tokens up to and with JOIN, and the kind; 0: none. */
static int join_words(const mill_parser *p, int i, mill_join *kind) {
  int start = i, word = mill_p_peek(p, i), next = mill_p_peek(p, i + 1);
  *kind = MILL_JOIN_INNER;
  switch (word) {
  case MILL_K_JOIN: return 1;
  case MILL_K_INNER: i++; break;
  case MILL_K_CROSS:
    *kind = MILL_JOIN_CROSS;
    i++;
    break;
  case MILL_K_LEFT:
    *kind = next == MILL_K_SEMI   ? MILL_JOIN_SEMI
            : next == MILL_K_ANTI ? MILL_JOIN_ANTI
                                  : MILL_JOIN_LEFT;
    i += next == MILL_K_SEMI || next == MILL_K_ANTI || next == MILL_K_OUTER ? 2 : 1;
    break;
  case MILL_K_RIGHT:
    *kind = MILL_JOIN_RIGHT;
    i += next == MILL_K_OUTER ? 2 : 1;
    break;
  case MILL_K_FULL:
    *kind = MILL_JOIN_FULL;
    i += next == MILL_K_OUTER ? 2 : 1;
    break;
  case MILL_K_SEMI:
    *kind = MILL_JOIN_SEMI;
    i++;
    break;
  case MILL_K_ANTI:
    *kind = MILL_JOIN_ANTI;
    i++;
    break;
  default: return 0;
  }
  return mill_p_peek(p, i) == MILL_K_JOIN ? i + 1 - start : 0;
}

bool mill_p_join_ahead(const mill_parser *p) {
  mill_join kind;
  int next = mill_p_peek(p, 1);
  switch (mill_p_peek(p, 0)) {
  case MILL_K_NATURAL: return join_words(p, 1, &kind) > 0;
  case MILL_K_PIVOT: return next == MILL_T_LPAREN;
  case MILL_K_UNPIVOT:
    return next == MILL_T_LPAREN || next == MILL_K_INCLUDE || next == MILL_K_EXCLUDE;
  default: return join_words(p, 0, &kind) > 0;
  }
}

static mill_node *join_node(mill_parser *p, int from, mill_node *left, mill_node *right,
                            mill_join kind, bool lateral) {
  mill_node *n = mill_p_node(p, MILL_N_JOIN, from);
  n->child = mill_p_children(p, left, right);
  n->nchildren = 2;
  n->join = kind;
  n->lateral = lateral;
  return n;
}

static const char *const join_names[] = {"INNER",      "CROSS",     "LEFT OUTER", "RIGHT OUTER",
                                         "FULL OUTER", "LEFT SEMI", "LEFT ANTI"};

static bool nearest_ahead(const mill_parser *p) {
  return (mill_p_is(p, MILL_K_APPROX) || mill_p_is(p, MILL_K_EXACT)) &&
         mill_p_peek(p, 1) == MILL_K_NEAREST;
}

static void check_nearest(mill_parser *p, const mill_node *n, int from, int64_t rows) {
  if (n->lateral) mill_p_error(p, from, MILL_E_UNSUPPORTED_FEATURE_LATERAL_JOIN_NEAREST_BY, NULL);
  if (n->join != MILL_JOIN_INNER && n->join != MILL_JOIN_LEFT)
    mill_p_error(p, from, MILL_E_NEAREST_BY_JOIN_UNSUPPORTED_JOIN_TYPE, "joinType",
                 join_names[n->join], "supported", "'INNER', 'LEFT OUTER'", NULL);
  char text[24];
  snprintf(text, sizeof text, "%lld", (long long)rows);
  if (rows < 1 || rows > 100000)
    mill_p_error(p, from, MILL_E_NEAREST_BY_JOIN_NUM_RESULTS_OUT_OF_RANGE, "numResults", text,
                 "min", "1", "max", "100000", NULL);
}

/* APPROX or EXACT NEAREST [n] BY DISTANCE or SIMILARITY e: a lateral join with the first n rows of the
** right side in the order of e, of those where it is not NULL. */
static void nearest(mill_parser *p, mill_node *n) {
  int from = p->at;
  p->at += 2;
  int64_t rows = mill_p_is(p, MILL_T_INTEGER) ? mill_p_integer(p, INT32_MAX) : 1;
  mill_p_expect(p, MILL_K_BY);
  bool similar = mill_p_accept(p, MILL_K_SIMILARITY);
  if (!similar) mill_p_expect(p, MILL_K_DISTANCE);
  int at = p->at;
  mill_expr *e = mill_p_expression(p);
  check_nearest(p, n, from, rows);
  mill_node *right =
      mill_p_filter(p, (mill_node *)n->child[1], mill_p_call(p, at, "isnotnull", 1, e), at);
  mill_expr *key = mill_p_call(p, at, NULL, 1, e);
  key->kind = MILL_X_SORT;
  key->descending = similar, key->nulls_first = !similar;
  mill_list keys = {0}, limit = {0};
  mill_p_push(p, &keys, key);
  right = mill_p_unary_node(p, MILL_N_SORT, right, at);
  right->global = true;
  mill_p_exprs(&keys, &right->exprs, &right->nexprs);
  right = mill_p_unary_node(p, MILL_N_LIMIT, right, at);
  int32_t count = (int32_t)rows;
  mill_p_push(p, &limit, mill_p_value(p, at, mill_type_of(MILL_INT), &count, sizeof count));
  mill_p_push(p, &limit, NULL);
  mill_p_exprs(&limit, &right->exprs, &right->nexprs);
  n->child = mill_p_children(p, n->child[0], right);
  n->lateral = n->nearest = true;
}

static void criteria(mill_parser *p, mill_node *n) {
  mill_list condition = {0}, columns = {0};
  if (nearest_ahead(p)) {
    nearest(p, n);
    return;
  }
  if (mill_p_accept(p, MILL_K_ON)) {
    mill_p_push(p, &condition, mill_p_expression(p));
  } else if (mill_p_accept(p, MILL_K_USING)) {
    mill_p_name_list(p, &columns);
  }
  mill_p_exprs(&condition, &n->exprs, &n->nexprs);
  mill_p_names(&columns, &n->columns, &n->ncolumns);
}

mill_node *mill_p_join(mill_parser *p, mill_node *left, int from) {
  mill_join kind;
  int at = p->at;
  if (mill_p_is(p, MILL_K_PIVOT)) return mill_p_pivot(p, left, from);
  if (mill_p_is(p, MILL_K_UNPIVOT)) return mill_p_unpivot(p, left, from);
  bool natural = mill_p_accept(p, MILL_K_NATURAL);
  p->at += join_words(p, 0, &kind);
  bool lateral = mill_p_is(p, MILL_K_LATERAL) && mill_p_accept(p, MILL_K_LATERAL);
  mill_node *right = mill_p_relation_primary(p);
  mill_node *n = join_node(p, from, left, right, kind, lateral);
  n->natural = natural;
  if (natural && kind == MILL_JOIN_CROSS)
    mill_p_error(p, at, MILL_E_INCOMPATIBLE_JOIN_TYPES, "joinType1", "NATURAL", "joinType2",
                 "CROSS", NULL);
  if (natural && lateral)
    mill_p_error(p, at, MILL_E_INCOMPATIBLE_JOIN_TYPES, "joinType1", "LATERAL", "joinType2",
                 "NATURAL", NULL);
  if (natural) return n;
  criteria(p, n);
  if (lateral && n->ncolumns)
    mill_p_error(p, at, MILL_E_UNSUPPORTED_FEATURE_LATERAL_JOIN_USING, NULL);
  if (lateral && kind != MILL_JOIN_INNER && kind != MILL_JOIN_CROSS && kind != MILL_JOIN_LEFT)
    mill_p_error(p, at, MILL_E_INVALID_LATERAL_JOIN_TYPE, "joinType", join_names[kind], NULL);
  if (p->at > from && !p->failed) n->stop = p->token[p->at - 1].stop;
  return n;
}

/* Join words without JOIN: the error stands behind them. */
static void check_join_words(mill_parser *p) {
  switch (mill_p_peek(p, 0)) {
  case MILL_K_INNER:
  case MILL_K_CROSS:
  case MILL_K_LEFT:
  case MILL_K_RIGHT:
  case MILL_K_FULL:
  case MILL_K_SEMI:
  case MILL_K_ANTI:
  case MILL_K_NATURAL: break;
  default: return;
  }
  bool left = mill_p_is(p, MILL_K_LEFT);
  p->at++;
  if (!mill_p_accept(p, MILL_K_OUTER) && left && !mill_p_accept(p, MILL_K_SEMI))
    mill_p_accept(p, MILL_K_ANTI);
  mill_p_syntax(p);
}

mill_node *mill_p_from(mill_parser *p) {
  int from = p->at;
  mill_node *n = NULL;
  mill_p_expect(p, MILL_K_FROM);
  do {
    bool lateral = mill_p_is(p, MILL_K_LATERAL) && mill_p_accept(p, MILL_K_LATERAL);
    mill_node *right = mill_p_relation_primary(p);
    n = n ? join_node(p, from, n, right, MILL_JOIN_INNER, lateral) : right;
    while (mill_p_join_ahead(p) && !p->failed) n = mill_p_join(p, n, from);
    check_join_words(p);
  } while (mill_p_accept(p, MILL_T_COMMA));
  n = mill_p_lateral_views(p, n, from);
  while ((mill_p_is(p, MILL_K_PIVOT) || mill_p_is(p, MILL_K_UNPIVOT)) && mill_p_join_ahead(p))
    n = mill_p_join(p, n, from);
  return n;
}

mill_node *mill_p_lateral_views(mill_parser *p, mill_node *child, int from) {
  while (mill_p_accept2(p, MILL_K_LATERAL, MILL_K_VIEW)) {
    bool outer = mill_p_is(p, MILL_K_OUTER) && mill_p_peek(p, 1) != MILL_T_LPAREN &&
                 mill_p_peek(p, 1) != MILL_T_DOT && mill_p_accept(p, MILL_K_OUTER);
    mill_list exprs = {0}, columns = {0};
    mill_p_push(p, &exprs, mill_p_function(p));
    const char *alias = mill_p_name(p);
    bool as = mill_p_accept(p, MILL_K_AS);
    if (as ||
        (mill_p_is_name(p, 0) && !mill_p_clause(p, 0) && !mill_token_strict(mill_p_peek(p, 0)))) {
      do mill_p_push(p, &columns, mill_p_name(p));
      while (mill_p_accept(p, MILL_T_COMMA));
    }
    mill_node *n = mill_p_unary_node(p, MILL_N_GENERATE, child, from);
    n->outer = outer;
    n->alias = alias;
    mill_p_exprs(&exprs, &n->exprs, &n->nexprs);
    mill_p_names(&columns, &n->columns, &n->ncolumns);
    child = n;
  }
  return child;
}

/* a, (a), or (a, b) as struct(a, b) */
static mill_expr *pivot_column(mill_parser *p) {
  int from = p->at;
  mill_list names = {0}, columns = {0};
  bool many = mill_p_is(p, MILL_T_LPAREN);
  if (many) {
    mill_p_name_list(p, &names);
  } else {
    mill_p_push(p, &names, mill_p_checked_name(p));
  }
  for (int i = 0; i < names.n && !p->failed; i++) {
    mill_list part = {0};
    mill_p_push(p, &part, names.item[i]);
    mill_expr *e = mill_p_expr(p, MILL_X_NAME, from);
    mill_p_names(&part, &e->parts, &e->nparts);
    mill_p_push(p, &columns, e);
  }
  if (names.n < 2) return columns.n ? columns.item[0] : mill_p_null_literal(p, from);
  mill_expr *row = mill_p_call(p, from, "struct", 0);
  mill_p_exprs(&columns, &row->args, &row->nargs);
  return row;
}

/* value [[AS] name] */
static mill_expr *pivot_value(mill_parser *p) {
  int from = p->at;
  mill_list names = {0};
  mill_expr *e = mill_p_expression(p);
  if (!mill_p_alias_follows(p)) return e;
  mill_p_push(p, &names, mill_p_checked_name(p));
  mill_expr *alias = mill_p_call(p, from, NULL, 1, e);
  alias->kind = MILL_X_ALIAS;
  mill_p_names(&names, &alias->parts, &alias->nparts);
  return alias;
}

mill_node *mill_p_pivot(mill_parser *p, mill_node *child, int from) {
  mill_list aggs = {0}, values = {0}, column = {0};
  p->at += 2;
  do {
    mill_p_push(p, &aggs, mill_p_named(p));
  } while (mill_p_accept(p, MILL_T_COMMA));
  mill_p_expect(p, MILL_K_FOR);
  mill_p_push(p, &column, pivot_column(p));
  mill_p_expect(p, MILL_K_IN);
  mill_p_expect(p, MILL_T_LPAREN);
  mill_p_expr_list(p, &values, pivot_value);
  mill_p_expect(p, MILL_T_RPAREN);
  mill_p_expect(p, MILL_T_RPAREN);
  mill_node *n = mill_p_unary_node(p, MILL_N_PIVOT, child, from);
  mill_p_exprs(&aggs, &n->aggs, &n->naggs);
  mill_p_exprs(&column, &n->exprs, &n->nexprs);
  mill_p_exprs(&values, &n->values, &n->nvalues);
  return mill_p_alias(p, n, from, true);
}

static mill_expr *unpivot_column(mill_parser *p) {
  int from = p->at;
  mill_list parts = {0};
  mill_p_parts(p, &parts);
  mill_expr *e = mill_p_expr(p, MILL_X_NAME, from);
  mill_p_names(&parts, &e->parts, &e->nparts);
  return e;
}

/* a [AS x], or (a, b) [AS x] with `many` */
static mill_expr *unpivot_value(mill_parser *p, bool many) {
  int from = p->at;
  mill_expr *e;
  if (many) {
    mill_list columns = {0};
    mill_p_expect(p, MILL_T_LPAREN);
    mill_p_expr_list(p, &columns, unpivot_column);
    mill_p_expect(p, MILL_T_RPAREN);
    e = mill_p_call(p, from, "struct", 0);
    mill_p_exprs(&columns, &e->args, &e->nargs);
  } else {
    e = unpivot_column(p);
  }
  if (!mill_p_accept(p, MILL_K_AS) && !mill_p_is_name(p, 0)) return e;
  mill_list names = {0};
  mill_p_push(p, &names, mill_p_checked_name(p));
  mill_expr *alias = mill_p_call(p, from, NULL, 1, e);
  alias->kind = MILL_X_ALIAS;
  mill_p_names(&names, &alias->parts, &alias->nparts);
  return alias;
}

mill_node *mill_p_unpivot(mill_parser *p, mill_node *child, int from) {
  mill_list names = {0}, values = {0}, columns = {0};
  p->at++;
  bool include = mill_p_accept2(p, MILL_K_INCLUDE, MILL_K_NULLS);
  if (!include) mill_p_accept2(p, MILL_K_EXCLUDE, MILL_K_NULLS);
  mill_p_expect(p, MILL_T_LPAREN);
  bool many = mill_p_is(p, MILL_T_LPAREN);
  if (many) {
    mill_p_name_list(p, &values);
  } else {
    mill_p_push(p, &values, mill_p_name(p));
  }
  mill_p_expect(p, MILL_K_FOR);
  mill_p_push(p, &names, mill_p_name(p));
  for (int i = 0; i < values.n; i++) mill_p_push(p, &names, values.item[i]);
  mill_p_expect(p, MILL_K_IN);
  mill_p_expect(p, MILL_T_LPAREN);
  do mill_p_push(p, &columns, unpivot_value(p, many));
  while (mill_p_accept(p, MILL_T_COMMA));
  mill_p_expect(p, MILL_T_RPAREN);
  mill_p_expect(p, MILL_T_RPAREN);
  mill_node *n = mill_p_unary_node(p, MILL_N_UNPIVOT, child, from);
  n->outer = include;
  n->all = true;
  mill_p_names(&names, &n->columns, &n->ncolumns);
  mill_p_exprs(&columns, &n->values, &n->nvalues);
  return mill_p_alias(p, n, from, false);
}
