/* What follows |>: each operator makes one node over the query before it. */
#include <strings.h>

#include "sql/parser_int.h"

static mill_node *project(mill_parser *p, mill_node *child, int from, const char *name,
                          const mill_list *list) {
  mill_node *n = mill_p_unary_node(p, MILL_N_PROJECT, child, from);
  n->name = name;
  mill_p_exprs(list, &n->exprs, &n->nexprs);
  return n;
}

/* EXTEND and SET make one column each. */
static mill_expr *one_column(mill_parser *p, mill_expr *e) {
  if (e->kind == MILL_X_STAR)
    mill_p_error(p, p->at - 1, MILL_E_INVALID_USAGE_OF_STAR_OR_REGEX, "elem", "'*'", "prettyName",
                 "expression `pipeexpression`", NULL);
  return e;
}

static mill_expr *extension(mill_parser *p) { return one_column(p, mill_p_named(p)); }

static mill_node *extend(mill_parser *p, mill_node *child, int from) {
  mill_list list = {0};
  mill_p_push(p, &list, mill_p_expr(p, MILL_X_STAR, p->at - 1));
  mill_p_expr_list(p, &list, extension);
  return project(p, child, from, "EXTEND", &list);
}

/* Each assignment sees what those before it have made. */
static mill_node *set(mill_parser *p, mill_node *child, int from) {
  do {
    mill_list list = {0};
    int at = p->at;
    mill_list name = {0};
    mill_p_push(p, &name, mill_p_checked_name(p));
    if (mill_p_is(p, MILL_T_DOT))
      mill_p_error(p, at, MILL_E_LEGACY_0035, "message",
                   "SQL pipe syntax |> SET operator with multi-part assignment key (only "
                   "single-part keys are allowed)",
                   NULL);
    while (mill_p_accept(p, MILL_T_DOT)) mill_p_name(p);
    mill_p_expect(p, MILL_T_EQ);
    mill_expr *e = mill_p_call(p, at, NULL, 1, one_column(p, mill_p_expression(p)));
    e->kind = MILL_X_ALIAS;
    mill_p_names(&name, &e->parts, &e->nparts);
    mill_p_push(p, &list, e);
    child = mill_p_unary_node(p, MILL_N_WITH_COLUMNS, child, from);
    child->name = "SET";
    mill_p_exprs(&list, &child->exprs, &child->nexprs);
  } while (mill_p_accept(p, MILL_T_COMMA));
  return child;
}

/* Columns of the names, each said once; otherwise it is as SELECT * EXCEPT (..). */
static bool plain_drop(const mill_list *names) {
  for (int i = 0; i < names->n; i++) {
    const mill_expr *a = names->item[i];
    if (a->nparts != 1) return false;
    for (int k = 0; k < i; k++)
      if (strcasecmp(a->parts[0], ((mill_expr *)names->item[k])->parts[0]) == 0) return false;
  }
  return true;
}

static mill_node *drop(mill_parser *p, mill_node *child, int from) {
  mill_list names = {0}, except = {0}, none = {0}, items = {0};
  do {
    int at = p->at;
    mill_list parts = {0};
    mill_p_push(p, &parts, mill_p_checked_name(p));
    while (mill_p_is(p, MILL_T_DOT) && mill_p_is_name(p, 1)) {
      p->at++;
      mill_p_push(p, &parts, mill_p_name(p));
    }
    mill_expr *e = mill_p_expr(p, MILL_X_NAME, at);
    mill_p_names(&parts, &e->parts, &e->nparts);
    mill_p_push(p, &names, e);
    mill_p_push(p, &except, mill_p_dotted(p, &parts));
  } while (mill_p_accept(p, MILL_T_COMMA));
  bool plain = p->failed || plain_drop(&names);
  mill_node *n = mill_p_unary_node(p, plain ? MILL_N_DROP : MILL_N_PROJECT, child, from);
  mill_expr *star = mill_p_expr(p, MILL_X_STAR, from);
  n->name = plain ? "DROP" : NULL;
  mill_p_names(&none, &star->parts, &star->nparts);
  mill_p_names(&except, &star->except, &star->nexcept);
  mill_p_push(p, &items, star);
  mill_p_exprs(plain ? &names : &items, &n->exprs, &n->nexprs);
  return n;
}

static mill_node *where(mill_parser *p, mill_node *child, int from) {
  mill_node *n = mill_p_filter(p, child, mill_p_expression(p), from);
  n->name = "WHERE";
  int at = p->at, mark = p->windows.n;
  if (!mill_p_is(p, MILL_K_WINDOW)) return n;
  mill_p_window_clause(p, mark);
  mill_p_error(p, at, MILL_E_UNSUPPORTED_FEATURE_CLAUSE_WITH_PIPE_OPERATORS, "clauses",
               "the WINDOW clause", NULL);
  return n;
}

/* GROUP BY of AGGREGATE: the keys come first in the result. */
static void group_keys(mill_parser *p, int from, mill_list *keys, mill_list *select_list) {
  static const struct {
    int kind;
    const char *what;
  } unsupported[] = {{MILL_K_ROLLUP, "GROUP BY ROLLUP"},
                     {MILL_K_CUBE, "GROUP BY CUBE"},
                     {MILL_K_ALL, "GROUP BY ALL"},
                     {MILL_K_GROUPING, "GROUPING SETS"}};
  do {
    int at = p->at;
    const mill_expr *e = mill_p_named(p);
    for (size_t i = 0; i < sizeof unsupported / sizeof *unsupported; i++) {
      int kind = p->token[at].kind, next = p->token[at].kind ? p->token[at + 1].kind : 0;
      bool alone = kind == MILL_K_GROUPING || (kind == MILL_K_ALL && p->at == at + 1);
      if (kind == unsupported[i].kind && (alone || (next == MILL_T_LPAREN && kind != MILL_K_ALL)))
        mill_p_error(p, from, MILL_E_UNSUPPORTED_FEATURE_PIPE_OPERATOR_AGGREGATE_UNSUPPORTED_CASE,
                     "case", unsupported[i].what, NULL);
    }
    mill_p_push(p, keys, e->kind == MILL_X_ALIAS && e->nargs ? e->args[0] : e);
    mill_p_push(p, select_list, e);
  } while (mill_p_accept(p, MILL_T_COMMA));
}

static mill_node *aggregate(mill_parser *p, mill_node *child, int from) {
  mill_list aggs = {0}, keys = {0}, list = {0};
  int next = mill_p_peek(p, 0);
  if (next == MILL_T_EOF || next == MILL_T_SEMICOLON || next == MILL_T_RPAREN ||
      next == MILL_T_OPERATOR_PIPE)
    mill_p_error(
        p, p->at - 1, MILL_E_LEGACY_0035, "message",
        "The AGGREGATE clause requires a list of aggregate expressions or a list of grouping "
        "expressions, or both",
        NULL);
  else if (!(mill_p_is(p, MILL_K_GROUP) && mill_p_peek(p, 1) == MILL_K_BY))
    mill_p_expr_list(p, &aggs, mill_p_named);
  if (mill_p_accept2(p, MILL_K_GROUP, MILL_K_BY)) group_keys(p, from, &keys, &list);
  for (int i = 0; i < aggs.n; i++) mill_p_push(p, &list, aggs.item[i]);
  mill_node *n = mill_p_unary_node(p, MILL_N_AGGREGATE, child, from);
  n->name = "AGGREGATE";
  mill_p_exprs(&list, &n->exprs, &n->nexprs);
  mill_p_exprs(&keys, &n->keys, &n->nkeys);
  return n;
}

static mill_node *set_operation(mill_parser *p, mill_node *left, int from, int operator) {
  bool all = mill_p_accept(p, MILL_K_ALL);
  if (!all) mill_p_accept(p, MILL_K_DISTINCT);
  return mill_p_set_operation(p, from, operator, all, left, mill_p_query_primary(p));
}

static mill_node *alias(mill_parser *p, mill_node *child, int from) {
  mill_node *n = mill_p_unary_node(p, MILL_N_ALIAS, child, from);
  n->alias = mill_p_checked_name(p);
  return n;
}

/* ORDER BY, LIMIT and their like: one of them an operator. */
static mill_node *organize(mill_parser *p, mill_node *child, int from) {
  int at = p->at, mark = p->windows.n, kind = mill_p_peek(p, 0);
  mill_node *n = mill_p_organize(p, child, mark, from);
  if (p->failed) return n;
  if (n->kind == MILL_N_SORT) n->name = "ORDER BY";
  static const struct {
    int kind;
    const char *name;
  } clauses[] = {{MILL_K_ORDER, "ORDER BY"},
                 {MILL_K_CLUSTER, "CLUSTER BY"},
                 {MILL_K_DISTRIBUTE, "DISTRIBUTE BY"},
                 {MILL_K_SORT, "SORT BY"}};
  if (kind == MILL_K_WINDOW)
    mill_p_error(p, at, MILL_E_UNSUPPORTED_FEATURE_CLAUSE_WITH_PIPE_OPERATORS, "clauses",
                 "the WINDOW clause", NULL);
  for (size_t i = 0; i < sizeof clauses / sizeof *clauses; i++)
    if (clauses[i].kind == kind && n->kind == MILL_N_LIMIT)
      mill_p_error(p, at, MILL_E_MULTIPLE_QUERY_RESULT_CLAUSES_WITH_PIPE_OPERATORS, "clause1",
                   clauses[i].name, "clause2", n->exprs[0] ? "LIMIT" : "OFFSET", NULL);
  return n;
}

mill_node *mill_p_pipe(mill_parser *p, mill_node *child, int from) {
  int kind = mill_p_peek(p, 0);
  if (mill_p_join_ahead(p)) return mill_p_join(p, child, from);
  switch (kind) {
  case MILL_K_SELECT: return mill_p_select(p, child);
  case MILL_K_EXTEND: p->at++; return extend(p, child, from);
  case MILL_K_SET: p->at++; return set(p, child, from);
  case MILL_K_DROP: p->at++; return drop(p, child, from);
  case MILL_K_AS: p->at++; return alias(p, child, from);
  case MILL_K_WHERE: p->at++; return where(p, child, from);
  case MILL_K_AGGREGATE: p->at++; return aggregate(p, child, from);
  case MILL_K_TABLESAMPLE: return mill_p_sample(p, child);
  case MILL_K_UNION:
  case MILL_K_EXCEPT:
  case MILL_K_MINUS:
  case MILL_K_INTERSECT: p->at++; return set_operation(p, child, from, kind);
  case MILL_K_ORDER:
  case MILL_K_SORT:
  case MILL_K_CLUSTER:
  case MILL_K_DISTRIBUTE:
  case MILL_K_LIMIT:
  case MILL_K_OFFSET:
  case MILL_K_WINDOW: return organize(p, child, from);
  default: return child; /* `|>` and nothing: the query as it is */
  }
}
