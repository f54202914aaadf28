/* Queries: WITH, set operations by precedence (INTERSECT before UNION and EXCEPT), the clauses that
** end a query, and |>. */
#include <stdlib.h>
#include <string.h>

#include "sql/ddl_int.h"

bool mill_p_query_ahead(const mill_parser *p, int ahead) {
  int next = mill_p_peek(p, ahead + 1);
  switch (mill_p_peek(p, ahead)) {
  case MILL_K_SELECT: return next != MILL_T_DOT;
  case MILL_K_VALUES:
    return next == MILL_T_LPAREN || mill_p_is_number(p, ahead + 1) ||
           mill_p_is_string(p, ahead + 1) ||
           (next > MILL_T_KEYWORD && !mill_p_clause(p, ahead + 1));
  case MILL_K_FROM:
  case MILL_K_TABLE:
  case MILL_K_WITH: return mill_p_is_name(p, ahead + 1) || next == MILL_T_LPAREN;
  default: return false;
  }
}

/* A parenthesis here can open a query only if one begins behind it and those that follow. More of them than may be
** nested need not be looked through. */
static bool may_open_query(const mill_parser *p) {
  int i = 0;
  while (i <= MILL_PARSE_DEPTH && mill_p_peek(p, i) == MILL_T_LPAREN) i++;
  return i > 0 && mill_p_query_ahead(p, i);
}

mill_node *mill_p_subquery(mill_parser *p) {
  int at = p->at;
  if (p->failed || !may_open_query(p) || p->not_query[at]) return NULL;
  mill_mark mark = mill_p_mark(p);
  p->at++;
  mill_node *n = mill_p_query(p);
  mill_p_expect(p, MILL_T_RPAREN);
  if (!p->failed) return n;
  if (mill_p_back(p, mark)) p->not_query[at] = 1;
  return NULL;
}

static mill_node *united(mill_parser *p, int from, const mill_list *sides, int low, int high);

/* FROM t SELECT .. SELECT ..: the rows of each, as UNION ALL has them. */
static mill_node *selections(mill_parser *p, mill_node *source, int from) {
  mill_list sides = {0};
  do {
    int mark = p->windows.n;
    mill_p_push(p, &sides, mill_p_organize(p, mill_p_select(p, source), mark, from));
  } while (mill_p_is(p, MILL_K_SELECT));
  return sides.n == 0 ? source : united(p, from, &sides, 0, sides.n);
}

mill_node *mill_p_query_primary(mill_parser *p) {
  int from = p->at;
  switch (mill_p_peek(p, 0)) {
  case MILL_K_SELECT: return mill_p_select(p, NULL);
  case MILL_K_VALUES: return mill_p_values(p);
  case MILL_K_TABLE: p->at++; return mill_p_relation_name(p);
  case MILL_K_FROM: {
    mill_node *source = mill_p_from(p);
    if (mill_p_is(p, MILL_K_INSERT) && from == p->statement) return mill_p_insert(p, source);
    return mill_p_is(p, MILL_K_SELECT) ? selections(p, source, from) : source;
  }
  case MILL_T_LPAREN: {
    if (!mill_p_enter(p)) return mill_p_node(p, MILL_N_ONE_ROW, from);
    p->at++;
    mill_node *n = mill_p_query(p);
    mill_p_expect(p, MILL_T_RPAREN);
    mill_p_leave(p);
    return n;
  }
  default: mill_p_syntax(p); return mill_p_node(p, MILL_N_ONE_ROW, from);
  }
}

static int set_operator(const mill_parser *p) {
  int kind = mill_p_peek(p, 0);
  return kind == MILL_K_UNION || kind == MILL_K_INTERSECT || kind == MILL_K_EXCEPT ||
                 kind == MILL_K_MINUS
             ? kind
             : 0;
}

mill_node *mill_p_set_operation(mill_parser *p, int from, int operator, bool all, mill_node *left,
                                mill_node *right) {
  bool is_union = operator== MILL_K_UNION;
  mill_node *n = mill_p_node(p, is_union ? MILL_N_UNION : MILL_N_SET_OP, from);
  n->child = mill_p_children(p, left, right);
  n->nchildren = 2;
  n->all = all;
  n->intersect = operator== MILL_K_INTERSECT;
  return is_union && !all ? mill_p_unary_node(p, MILL_N_DISTINCT, n, from) : n;
}

/* FROM t INSERT ..: a statement, to which nothing can be added as to a query. */
static bool writes(const mill_node *n) {
  return n->kind == MILL_N_INSERT || n->kind == MILL_N_INSERTS;
}

static mill_node *term(mill_parser *p, bool intersect);

/* The operator, its quantifier and its right side. */
static mill_node *operation(mill_parser *p, int from, mill_node *left) {
  int operator= mill_p_peek(p, 0);
  p->at++;
  bool all = mill_p_accept(p, MILL_K_ALL);
  if (!all) mill_p_accept(p, MILL_K_DISTINCT);
  mill_node *right = operator== MILL_K_INTERSECT ? mill_p_query_primary(p) : term(p, true);
  return mill_p_set_operation(p, from, operator, all, left, right);
}

/* Sides [low, high) of a chain of UNION ALL: one behind the other, or long chains as a tree that is no deeper than
** need be, so that the limit of nesting does not meet them. */
static mill_node *united(mill_parser *p, int from, const mill_list *sides, int low, int high) {
  enum { LONG = 64 };
  if (high - low == 1) return sides->item[low];
  int cut = sides->n > LONG ? low + (high - low) / 2 : high - 1;
  mill_node *left = united(p, from, sides, low, cut);
  return mill_p_set_operation(p, from, MILL_K_UNION, true, left, united(p, from, sides, cut, high));
}

/* What stands from n on between UNION ALL and UNION ALL. */
static mill_node *union_all(mill_parser *p, int from, mill_node *n) {
  mill_list sides = {0};
  mill_p_push(p, &sides, n);
  while (mill_p_accept2(p, MILL_K_UNION, MILL_K_ALL)) mill_p_push(p, &sides, term(p, true));
  return p->failed || sides.n == 0 ? n : united(p, from, &sides, 0, sides.n);
}

/* Chains of INTERSECT; without `intersect` also of the others and of pipes. */
static mill_node *term(mill_parser *p, bool intersect) {
  int from = p->at;
  mill_node *n = mill_p_query_primary(p);
  while (!writes(n)) {
    int operator= set_operator(p);
    if (!intersect && operator== MILL_K_UNION && mill_p_peek(p, 1) == MILL_K_ALL) {
      n = union_all(p, from, n);
    } else if (operator== MILL_K_INTERSECT ||(operator&& !intersect)) {
      n = operation(p, from, n);
    } else if (!intersect && mill_p_accept(p, MILL_T_OPERATOR_PIPE)) {
      n = mill_p_pipe(p, n, from);
    } else {
      return n;
    }
  }
  return n;
}

static mill_node *sorted(mill_parser *p, mill_node *n, bool global, const mill_list *keys,
                         int from) {
  mill_node *s = mill_p_unary_node(p, MILL_N_SORT, n, from);
  s->global = global;
  mill_p_exprs(keys, &s->exprs, &s->nexprs);
  const mill_expr *key = keys->n == 1 && !p->failed ? s->exprs[0]->args[0] : NULL;
  s->all =
      key && key->kind == MILL_X_NAME && key->nparts == 1 && strcasecmp(key->parts[0], "ALL") == 0;
  return s;
}

/* Plain keys as sort items, for CLUSTER BY. */
static void as_items(mill_parser *p, mill_list *keys) {
  for (int i = 0; i < keys->n && !p->failed; i++) {
    const mill_expr *key = keys->item[i];
    mill_expr *item = mill_p_call(p, p->at - 1, NULL, 1, key);
    item->kind = MILL_X_SORT;
    item->nulls_first = true;
    item->start = key->start;
    item->stop = key->stop;
    keys->item[i] = item;
  }
}

static mill_node *ordered(mill_parser *p, mill_node *n, int from) {
  int clauses = 0, at = p->at;
  mill_list order = {0}, cluster = {0}, distribute = {0}, sort = {0};
  if (mill_p_accept2(p, MILL_K_ORDER, MILL_K_BY)) {
    mill_p_expr_list(p, &order, mill_p_sort_item);
    n = sorted(p, n, true, &order, from);
    clauses++;
  }
  if (mill_p_accept2(p, MILL_K_CLUSTER, MILL_K_BY)) {
    mill_p_expr_list(p, &cluster, mill_p_expression);
    as_items(p, &cluster);
    n = sorted(p, n, false, &cluster, from);
    clauses++;
  }
  bool distributed = mill_p_accept2(p, MILL_K_DISTRIBUTE, MILL_K_BY);
  if (distributed) {
    mill_p_expr_list(p, &distribute, mill_p_expression);
    n = mill_p_unary_node(p, MILL_N_REPARTITION, n, from);
    mill_p_exprs(&distribute, &n->exprs, &n->nexprs);
  }
  if (mill_p_accept2(p, MILL_K_SORT, MILL_K_BY)) {
    mill_p_expr_list(p, &sort, mill_p_sort_item);
    n = sorted(p, n, false, &sort, from);
    clauses += !distributed;
  }
  if (clauses + distributed > 1)
    mill_p_error(p, at, MILL_E_UNSUPPORTED_FEATURE_COMBINATION_QUERY_RESULT_CLAUSES, NULL);
  return n;
}

mill_node *mill_p_organize(mill_parser *p, mill_node *n, int mark, int from) {
  n = ordered(p, n, from);
  if (mill_p_is(p, MILL_K_WINDOW)) mill_p_window_clause(p, mark);
  mill_expr *limit = NULL, *offset = NULL;
  bool limited = mill_p_accept(p, MILL_K_LIMIT);
  if (limited && !(mill_p_is(p, MILL_K_ALL) && mill_p_peek(p, 1) != MILL_T_DOT)) {
    limit = mill_p_expression(p);
  } else if (limited) {
    p->at++;
  }
  if (mill_p_accept(p, MILL_K_OFFSET)) offset = mill_p_expression(p);
  if (limit == NULL && offset == NULL) return n;
  mill_node *l = mill_p_unary_node(p, MILL_N_LIMIT, n, from);
  mill_list exprs = {0};
  mill_p_push(p, &exprs, limit);
  mill_p_push(p, &exprs, offset);
  mill_p_exprs(&exprs, &l->exprs, &l->nexprs);
  return l;
}

/* name [(columns)] [MAX RECURSION LEVEL n] [AS] (query) */
static mill_node *cte(mill_parser *p) {
  int from = p->at;
  mill_list columns = {0};
  int64_t level = -1;
  const char *name = mill_p_checked_name(p);
  if (mill_p_is(p, MILL_T_LPAREN) && !may_open_query(p)) mill_p_name_list(p, &columns);
  if (mill_p_accept2(p, MILL_K_MAX, MILL_K_RECURSION)) {
    mill_p_expect(p, MILL_K_LEVEL);
    level = mill_p_integer(p, INT32_MAX);
  }
  mill_p_accept(p, MILL_K_AS);
  mill_p_expect(p, MILL_T_LPAREN);
  mill_node *n = mill_p_unary_node(p, MILL_N_ALIAS, mill_p_query(p), from);
  mill_p_expect(p, MILL_T_RPAREN);
  n->alias = name;
  n->to = level;
  mill_p_names(&columns, &n->columns, &n->ncolumns);
  return n;
}

static int by_alias(const void *a, const void *b) {
  const mill_node *x = *(const mill_node *const *)a, *y = *(const mill_node *const *)b;
  int order = strcasecmp(x->alias, y->alias);
  return order ? order : (x->start > y->start) - (x->start < y->start);
}

/* The first query whose name another one before it has is told. */
static void check_names(mill_parser *p, int from, const mill_list *ctes) {
  const mill_node *again = NULL;
  const size_t n = (size_t)ctes->n;
  const mill_node **sorted = mill_p_alloc(p, (n + 1) * sizeof *sorted);
  if (p->failed) return;
  for (size_t i = 0; i < n; i++) sorted[i] = ctes->item[i];
  qsort(sorted, n, sizeof *sorted, by_alias);
  for (size_t i = 1; i < n; i++) {
    const bool same = strcasecmp(sorted[i - 1]->alias, sorted[i]->alias) == 0;
    if (same && (again == NULL || sorted[i]->start < again->start)) again = sorted[i];
  }
  if (again)
    mill_p_error(p, from, MILL_E_DUPLICATED_CTE_NAMES, "duplicateNames",
                 mill_p_quoted(p, again->alias, '`'), NULL);
}

static mill_node *with(mill_parser *p) {
  int from = p->at++;
  bool recursive = mill_p_is(p, MILL_K_RECURSIVE) && mill_p_is_name(p, 1) &&
                   mill_p_peek(p, 1) != MILL_K_AS && mill_p_accept(p, MILL_K_RECURSIVE);
  mill_list ctes = {0};
  do mill_p_push(p, &ctes, cte(p));
  while (mill_p_accept(p, MILL_T_COMMA));
  int next = mill_p_peek(p, 1);
  bool insert = mill_p_is(p, MILL_K_INSERT) && from == p->statement &&
                (next == MILL_K_INTO || next == MILL_K_OVERWRITE);
  if (from == p->statement) p->statement = p->at;
  mill_node *body = insert ? mill_p_insert(p, NULL) : mill_p_query(p);
  check_names(p, from, &ctes);
  mill_node *n = mill_p_unary_node(p, MILL_N_WITH, body, from);
  n->ctes = (const mill_node **)ctes.item;
  n->nctes = ctes.n;
  n->recursive = recursive;
  return n;
}

mill_node *mill_p_query(mill_parser *p) {
  int from = p->at, mark = p->windows.n;
  if (!mill_p_enter(p)) return mill_p_node(p, MILL_N_ONE_ROW, from);
  mill_node *n;
  if (mill_p_is(p, MILL_K_WITH)) {
    n = with(p);
  } else {
    n = term(p, false);
    if (!writes(n)) n = mill_p_organize(p, n, mark, from);
    /* clauses may stand before a pipe */
    while (!writes(n) && mill_p_accept(p, MILL_T_OPERATOR_PIPE)) n = mill_p_pipe(p, n, from);
  }
  mill_p_leave(p);
  return n;
}
