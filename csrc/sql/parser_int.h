/* The state of a parse and what all rules of the grammar share.
**
** Failing is sticky: a rule that meets a token it cannot take calls mill_p_syntax; from then on the
** parser sees only the end of the text, so every loop and recursion unwinds without checks, and
** what is built meanwhile is thrown away. New nodes are never NULL (out of memory gives a dummy).
** Rules that must try one reading before another save a mill_mark and go back to it.
**
** Errors of meaning (a date that is none) do not stop the parse, since a syntax error further on
** comes first in Spark: the first is kept in `err` and reported at the end. */
#ifndef MILL_SQL_PARSER_INT_H
#define MILL_SQL_PARSER_INT_H

#include "plan/node.h"
#include "sql/lexer_int.h"

enum { MILL_PARSE_DEPTH = 1000 };

typedef struct mill_list {
  void **item;
  int n, cap;
} mill_list;

typedef enum mill_fail_kind { MILL_P_FINE, MILL_P_SYNTAX, MILL_P_STOPPED } mill_fail_kind;

/* What the session's settings say about the language. */
typedef struct mill_sql_rules {
  const mill_context *ctx;
  mill_settings set;
  bool reserved;           /* keywords are reserved */
  bool quoted_identifiers; /* ".." is a name */
  bool pipes;              /* | may stand for |> */
  bool ntz;                /* TIMESTAMP means TIMESTAMP_NTZ */
} mill_sql_rules;

typedef struct mill_parser {
  mill_sql_rules rules;
  mill_arena *arena;
  mill_tokens tokens;
  const char *text;
  size_t n;
  const mill_token *token;
  int ntokens, at, depth;
  uint32_t made; /* expressions and nodes */
  mill_fail_kind failed;
  mill_status status; /* of MILL_P_STOPPED, or of the first error of meaning */
  mill_error *err;
  int furthest;             /* token of the syntax error to report */
  bool extra;               /* the statement was complete before it */
  int statement;            /* where the query of the statement itself begins, which may write */
  int32_t *not_query;       /* by token: a parenthesis known not to open a query */
  mill_list windows;        /* WINDOW expressions whose name is not defined yet */
  int parameters;           /* ? seen */
  bool named;               /* :name seen */
  bool scripted;            /* below the BEGIN of a script */
  struct mill_block *block; /* the innermost of a script around (script.c) */
  int for_query;            /* below FOR .. AS, where DO is no alias */
  mill_expr dead_expr;
  mill_node dead_node;
} mill_parser;

typedef struct mill_mark {
  int at, windows, parameters, depth;
  mill_status status;
} mill_mark;

/* frame.c. After a failed begin there is no end; end releases the tokens and gives the status. */
mill_status mill_p_begin(mill_parser *p, const mill_sql_rules *rules, mill_arena *a,
                         const char *text, size_t n, mill_error *err) MILL_USE_RESULT;
mill_status mill_p_end(mill_parser *p) MILL_USE_RESULT;

/* parser.c: tokens */
static inline int mill_p_peek(const mill_parser *p, int ahead) {
  int i = p->at + ahead;
  return p->failed || i >= p->ntokens ? MILL_T_EOF : p->token[i].kind;
}
static inline bool mill_p_is(const mill_parser *p, int kind) { return mill_p_peek(p, 0) == kind; }
bool mill_p_accept(mill_parser *p, int kind);
bool mill_p_accept2(mill_parser *p, int a, int b);
void mill_p_expect(mill_parser *p, int kind);
void mill_p_syntax(mill_parser *p);
bool mill_p_word(const mill_parser *p, int ahead, const char *word); /* unquoted, any case */
bool mill_p_enter(mill_parser *p); /* deeper by one; false: too deep, the parse has failed */
static inline void mill_p_leave(mill_parser *p) { p->depth--; }
mill_mark mill_p_mark(const mill_parser *p);
/* Back to the mark, the syntax error forgotten; false: stopped for good. */
bool mill_p_back(mill_parser *p, mill_mark m);

/* parser.c: errors of meaning, about tokens [from, p->at) */
void mill_p_error(mill_parser *p, int from, mill_status condition, ...) __attribute__((sentinel));
const char *mill_p_fragment(mill_parser *p, int from); /* their text, in the arena */
void mill_p_oom(mill_parser *p, size_t n);
void mill_p_stop(mill_parser *p, mill_status s); /* err is filled */

/* parser.c: making nodes, over the tokens from `from` on */
mill_expr *mill_p_expr(mill_parser *p, mill_expr_kind kind, int from);
mill_node *mill_p_node(mill_parser *p, mill_node_kind kind, int from);
mill_node *mill_p_unary_node(mill_parser *p, mill_node_kind kind, const mill_node *child, int from);
mill_expr *mill_p_call(mill_parser *p, int from, const char *name, int n, ...);
void *mill_p_alloc(mill_parser *p, size_t n); /* zeroed; NULL and stopped when out of memory */
const char *mill_p_quoted(mill_parser *p, const char *s, char quote); /* quotes around */
const char *mill_p_copy(mill_parser *p, const char *s, size_t n);
void mill_p_push(mill_parser *p, mill_list *l, const void *item);
const mill_node **mill_p_children(mill_parser *p, const mill_node *a, const mill_node *b);
static inline void mill_p_exprs(const mill_list *l, const mill_expr ***items, int *n) {
  *items = (const mill_expr **)l->item;
  *n = l->n;
}
static inline void mill_p_names(const mill_list *l, const char ***items, int *n) {
  *items = (const char **)l->item;
  *n = l->n;
}

/* name.c */
bool mill_p_is_name(const mill_parser *p, int ahead);              /* an identifier, keywords too */
const char *mill_p_name(mill_parser *p);                           /* identifier */
const char *mill_p_checked_name(mill_parser *p);                   /* and complain about a-b */
void mill_p_parts(mill_parser *p, mill_list *out);                 /* a.b.c */
void mill_p_name_list(mill_parser *p, mill_list *out);             /* (a, b) */
const char *mill_p_dotted(mill_parser *p, const mill_list *parts); /* quoted where needed */
bool mill_p_clause(const mill_parser *p, int ahead); /* a clause of a query begins there */
bool mill_p_alias_follows(mill_parser *p);           /* AS, or a name that is no clause */
const char *mill_p_split(mill_parser *p, const char *s, mill_list *out); /* 'a.b' of IDENTIFIER */

/* string.c, literal.c, interval.c, type.c */
bool mill_p_is_string(const mill_parser *p, int ahead);
const char *mill_p_string(mill_parser *p, size_t *n); /* one or more adjacent; n may be NULL */
mill_expr *mill_p_string_literal(mill_parser *p, int from, const char *s, size_t n);
mill_expr *mill_p_int_literal(mill_parser *p, int from, int64_t v);
mill_expr *mill_p_bool_literal(mill_parser *p, int from, bool v);
mill_expr *mill_p_null_literal(mill_parser *p, int from);
mill_expr *mill_p_value(mill_parser *p, int from, const mill_type *type, const void *data,
                        size_t width);
bool mill_p_is_number(const mill_parser *p, int ahead);
mill_expr *mill_p_number(mill_parser *p);
mill_expr *mill_p_typed_literal(mill_parser *p); /* DATE '..' */
int64_t mill_p_integer(mill_parser *p, int64_t max);
bool mill_p_is_interval(const mill_parser *p);
mill_expr *mill_p_interval(mill_parser *p);
mill_expr *mill_p_interval_text(mill_parser *p, int from, const char *s, size_t n);
const mill_type *mill_p_type(mill_parser *p);
const mill_type *mill_p_columns(mill_parser *p); /* a INT, b STRING NOT NULL COMMENT '..' */

/* expression.c, primary.c, call.c, window.c */
mill_expr *mill_p_expression(mill_parser *p);
mill_expr *mill_p_operand(mill_parser *p); /* valueExpression: no AND, OR, NOT, predicate */
mill_expr *mill_p_primary(mill_parser *p);
mill_expr *mill_p_parameter(mill_parser *p); /* :name or ? */
mill_expr *mill_p_named(mill_parser *p);     /* with an optional alias */
void mill_p_expr_list(mill_parser *p, mill_list *out, mill_expr *(*rule)(mill_parser *));
mill_expr *mill_p_function(mill_parser *p); /* name(..) with all that may follow; at its name */
/* IDENTIFIER(..)( stands there: a call whose name is computed. */
bool mill_p_identifier_call(const mill_parser *p, int ahead);
mill_expr *mill_p_special(
    mill_parser *p); /* CAST(..) and its like; NULL: none of them stands here */
mill_expr *mill_p_row(mill_parser *p, int from, const mill_list *items); /* (a, b) */
mill_expr *mill_p_argument(mill_parser *p);
mill_expr *mill_p_sort_item(mill_parser *p);
mill_expr *mill_p_over(mill_parser *p, int from, mill_expr *call);
void mill_p_window_clause(mill_parser *p, int mark); /* WINDOW w AS ..; names used from mark on */

/* query.c, select.c, group.c, relation.c, join.c, pipe.c, command.c */
mill_node *mill_p_query(mill_parser *p);
mill_node *mill_p_query_primary(mill_parser *p);
/* left UNION | INTERSECT | EXCEPT | MINUS [ALL] right */
mill_node *mill_p_set_operation(mill_parser *p, int from, int operator, bool all, mill_node *left,
                                mill_node *right);
bool mill_p_query_ahead(const mill_parser *p, int ahead); /* SELECT, WITH, .. */
/* The query behind the parenthesis that stands here, closed; NULL: it opens something else. */
mill_node *mill_p_subquery(mill_parser *p);
mill_node *mill_p_organize(mill_parser *p, mill_node *n, int mark, int from);
mill_node *mill_p_select(mill_parser *p, mill_node *source);
mill_node *mill_p_filter(mill_parser *p, mill_node *child, const mill_expr *condition, int from);
mill_node *mill_p_group(mill_parser *p, mill_node *child, mill_list *select, int from);
mill_node *mill_p_from(mill_parser *p);
mill_node *mill_p_relation_primary(mill_parser *p);
mill_node *mill_p_values(mill_parser *p);
mill_node *mill_p_alias(mill_parser *p, mill_node *n, int from, bool columns);
mill_node *mill_p_sample(mill_parser *p, mill_node *n);
bool mill_p_join_ahead(const mill_parser *p);
mill_node *mill_p_join(mill_parser *p, mill_node *left, int from);
mill_node *mill_p_pivot(mill_parser *p, mill_node *child, int from);
mill_node *mill_p_unpivot(mill_parser *p, mill_node *child, int from);
mill_node *mill_p_lateral_views(mill_parser *p, mill_node *child, int from);
mill_node *mill_p_pipe(mill_parser *p, mill_node *child, int from);
void mill_p_options(mill_parser *p, const mill_option **out, int *n);
mill_node *mill_p_relation_name(mill_parser *p); /* a RELATION: parts or IDENTIFIER(..) */
mill_node *mill_p_statement(mill_parser *p);
/* variable.c, script.c, function_definition.c: statements about variables, scripts, functions. */
mill_node *mill_p_declare(mill_parser *p);
mill_node *mill_p_set_variable(mill_parser *p);
bool mill_p_set_variable_ahead(const mill_parser *p);
bool mill_p_drops_variable(const mill_parser *p);
mill_node *mill_p_drop_variable(mill_parser *p);
mill_node *mill_p_execute(mill_parser *p);
mill_node *mill_p_script(mill_parser *p);
mill_node *mill_p_create_function(mill_parser *p);
mill_node *mill_p_drop_function(mill_parser *p);
mill_node *mill_p_other_statement(mill_parser *p); /* whichever of them begins here; NULL: none */
/* The statement from `from` on is none of ours: the rest is skipped. */
mill_node *mill_p_unsupported(mill_parser *p, int from);

#endif
