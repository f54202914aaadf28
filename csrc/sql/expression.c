/* Expressions by precedence, lowest first: OR, AND, NOT, predicates (IS, IN, LIKE, BETWEEN, ..),
** comparisons, |, ^, &, shifts, + - ||, * / % DIV, signs. Chains of AND and of OR become balanced
** trees, as in Spark, so that long filters stay shallow. */
#include "sql/parser_int.h"

static mill_expr *negated(mill_parser *p, int from, bool negate, mill_expr *e) {
  return negate ? mill_p_call(p, from, "not", 1, e) : e;
}

/* items[lo..hi] as one tree of `name`. */
static mill_expr *balance(mill_parser *p, int from, const char *name, const mill_list *items,
                          int lo, int hi) {
  if (lo == hi) return items->item[lo];
  int mid = lo + (hi - lo) / 2;
  mill_expr *left = balance(p, from, name, items, lo, mid);
  mill_expr *right = balance(p, from, name, items, mid + 1, hi);
  mill_expr *e = mill_p_call(p, from, name, 2, left, right);
  if (lo != 0 || hi != items->n - 1) {
    e->start = left->start;
    e->stop = right->stop;
  }
  return e;
}

typedef struct {
  int kind, level;
  const char *name;
} binary_operator;

static const binary_operator operators[] = {
    {MILL_T_EQ, 1, "="},       {MILL_T_NSEQ, 1, "<=>"},    {MILL_T_NEQ, 1, NULL},
    {MILL_T_NEQJ, 1, NULL},    {MILL_T_LT, 1, "<"},        {MILL_T_LTE, 1, "<="},
    {MILL_T_GT, 1, ">"},       {MILL_T_GTE, 1, ">="},      {MILL_T_PIPE, 2, "|"},
    {MILL_T_HAT, 3, "^"},      {MILL_T_AMPERSAND, 4, "&"}, {MILL_T_SHIFT_LEFT, 5, "<<"},
    {MILL_T_PLUS, 6, "+"},     {MILL_T_MINUS, 6, "-"},     {MILL_T_CONCAT, 6, "concat"},
    {MILL_T_ASTERISK, 7, "*"}, {MILL_T_SLASH, 7, "/"},     {MILL_T_PERCENT, 7, "%"},
    {MILL_K_DIV, 7, "div"},
};

/* How many > stand here without a blank between them. */
static int closing(const mill_parser *p) {
  int n = 0;
  while (n < 3 && mill_p_peek(p, n) == MILL_T_GT &&
         (n == 0 || p->token[p->at + n - 1].stop == p->token[p->at + n].start))
    n++;
  return n;
}

/* The binary operator that stands here and how many tokens it has; level 0: none. */
static binary_operator operator_here(const mill_parser *p, int *tokens) {
  int kind = mill_p_peek(p, 0), shift = kind == MILL_T_GT ? closing(p) : 0;
  *tokens = shift > 1 ? shift : 1;
  if (shift > 1) return (binary_operator){kind, 5, shift == 2 ? ">>" : ">>>"};
  for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
    if (operators[i].kind == kind) return operators[i];
  return (binary_operator){0, 0, NULL};
}

/* DIV may also be an alias. */
static bool operator_fits(const mill_parser *p, const binary_operator *o) {
  if (o->kind != MILL_K_DIV) return true;
  int next = mill_p_peek(p, 1);
  return next != MILL_T_EOF && next != MILL_T_COMMA && next != MILL_T_RPAREN &&
         !mill_p_clause(p, 1);
}

static mill_expr *sign(mill_parser *p) {
  int from = p->at, kind = mill_p_peek(p, 0);
  if ((kind != MILL_T_MINUS && kind != MILL_T_PLUS && kind != MILL_T_TILDE) ||
      mill_p_is_number(p, 0))
    return mill_p_primary(p);
  if (!mill_p_enter(p)) return mill_p_null_literal(p, from);
  p->at++;
  mill_expr *operand = sign(p);
  mill_p_leave(p);
  return mill_p_call(p, from,
                     kind == MILL_T_MINUS  ? "-"
                     : kind == MILL_T_PLUS ? "positive"
                                           : "~",
                     1, operand);
}

static mill_expr *binary(mill_parser *p, int level) {
  int from = p->at, tokens;
  mill_expr *left = sign(p);
  for (;;) {
    binary_operator o = operator_here(p, &tokens);
    if (o.level < level || o.level == 0 || !operator_fits(p, &o)) return left;
    p->at += tokens;
    mill_expr *right = binary(p, o.level + 1);
    left = mill_p_call(p, from, o.name ? o.name : "=", 2, left, right);
    if (o.name == NULL) left = negated(p, from, true, left);
  }
}

mill_expr *mill_p_operand(mill_parser *p) {
  int from = p->at;
  if (!mill_p_enter(p)) return mill_p_null_literal(p, from);
  mill_expr *e = binary(p, 1);
  mill_p_leave(p);
  return e;
}

static mill_expr *between(mill_parser *p, int from, mill_expr *e) {
  mill_expr *low = mill_p_operand(p);
  mill_p_expect(p, MILL_K_AND);
  mill_expr *high = mill_p_operand(p);
  return mill_p_call(p, from, "between", 3, e, low, high);
}

static void push_args(mill_parser *p, mill_expr *e, const mill_expr *first, const mill_list *rest) {
  mill_list all = {0};
  mill_p_push(p, &all, first);
  for (int i = 0; i < rest->n; i++) mill_p_push(p, &all, rest->item[i]);
  mill_p_exprs(&all, &e->args, &e->nargs);
}

/* e IN (query): a row stands for its fields. */
static mill_expr *in_query(mill_parser *p, int from, mill_expr *e, mill_node *query) {
  mill_expr *in = mill_p_expr(p, MILL_X_IN_QUERY, from);
  mill_list args = {0};
  if (e->kind == MILL_X_CALL && e->hidden) {
    for (int i = 0; i < e->nargs; i++) mill_p_push(p, &args, e->args[i]);
  } else {
    mill_p_push(p, &args, e);
  }
  mill_p_exprs(&args, &in->args, &in->nargs);
  in->query = query;
  return in;
}

static mill_expr *in_list(mill_parser *p, int from, mill_expr *e) {
  int list = p->at - 1;
  /* IN (SELECT 'x') is a list of one strange literal in Spark's grammar, not a query */
  bool literal = mill_p_peek(p, 1) == MILL_K_SELECT && mill_p_is_string(p, 2) &&
                 mill_p_peek(p, 3) == MILL_T_RPAREN;
  mill_node *query = literal ? NULL : mill_p_subquery(p);
  if (query) return in_query(p, from, e, query);
  mill_list items = {0};
  mill_p_expect(p, MILL_T_LPAREN);
  if (mill_p_accept(p, MILL_T_RPAREN)) {
    mill_p_error(p, list, MILL_E_INVALID_SQL_SYNTAX_EMPTY_IN_PREDICATE, NULL);
    return e;
  }
  mill_p_expr_list(p, &items, mill_p_expression);
  mill_p_expect(p, MILL_T_RPAREN);
  mill_expr *in = mill_p_call(p, from, "in", 0);
  push_args(p, in, e, &items);
  return in;
}

/* The items one after the other, as Spark's names show them; many of them balanced. */
static mill_expr *joined(mill_parser *p, int from, const char *name, const mill_list *items) {
  enum { MANY = 64 };
  mill_expr *result = items->item[0];
  if (items->n > MANY) return balance(p, from, name, items, 0, items->n - 1);
  for (int i = 1; i < items->n; i++) result = mill_p_call(p, from, name, 2, result, items->item[i]);
  return result;
}

/* e LIKE ANY (..): one call where all patterns are literals, else a chain. ILIKE lowers both. */
static mill_expr *quantified(mill_parser *p, int from, mill_expr *e, bool negate, bool ilike) {
  bool all = mill_p_is(p, MILL_K_ALL), literals = true;
  int quantifier = p->at++;
  mill_list items = {0};
  mill_p_expect(p, MILL_T_LPAREN);
  if (!mill_p_is(p, MILL_T_RPAREN)) mill_p_expr_list(p, &items, mill_p_expression);
  mill_p_expect(p, MILL_T_RPAREN);
  if (items.n == 0) {
    mill_p_error(p, quantifier, MILL_E_INVALID_SQL_SYNTAX_EMPTY_QUANTIFIED_PATTERN, NULL);
    return e;
  }
  for (int i = 0; i < items.n; i++) {
    const mill_expr *x = items.item[i];
    literals = literals && x->kind == MILL_X_LITERAL && x->type && x->type->id == MILL_STRING;
  }
  if (literals) {
    mill_expr *c = mill_p_call(p, from,
                               all      ? (negate ? "notlikeall" : "likeall")
                               : negate ? "notlikeany"
                                        : "likeany",
                               0);
    if (ilike) e = mill_p_call(p, from, "lower", 1, e);
    for (int i = 0; ilike && i < items.n; i++)
      items.item[i] = mill_p_call(p, from, "lower", 1, items.item[i]);
    push_args(p, c, e, &items);
    return c;
  }
  for (int i = 0; i < items.n && !p->failed; i++)
    items.item[i] = negated(p, from, negate,
                            mill_p_call(p, from, ilike ? "ilike" : "like", 2, e, items.item[i]));
  return p->failed ? e : joined(p, from, all ? "and" : "or", &items);
}

static mill_expr *like(mill_parser *p, int from, mill_expr *e, bool negate) {
  bool ilike = mill_p_peek(p, -1) == MILL_K_ILIKE;
  int kind = mill_p_peek(p, 0), at = p->at - 1;
  if ((kind == MILL_K_ANY || kind == MILL_K_SOME || kind == MILL_K_ALL) &&
      mill_p_peek(p, 1) == MILL_T_LPAREN)
    return quantified(p, from, e, negate, ilike);
  mill_expr *pattern = mill_p_operand(p);
  const char *name = ilike ? "ilike" : "like";
  if (!mill_p_is(p, MILL_K_ESCAPE) || !mill_p_is_string(p, 1))
    return negated(p, from, negate, mill_p_call(p, from, name, 2, e, pattern));
  int escape_at = ++p->at;
  size_t n;
  const char *s = mill_p_string(p, &n);
  size_t chars = 0;
  for (size_t i = 0; i < n; i++) chars += ((unsigned char)s[i] & 0xc0) != 0x80;
  if (chars != 1)
    mill_p_error(p, at, MILL_E_INVALID_ESC, "invalidEscape", mill_p_fragment(p, escape_at), NULL);
  mill_expr *escape = mill_p_string_literal(p, escape_at, s, n);
  return negated(p, from, negate, mill_p_call(p, from, name, 3, e, pattern, escape));
}

/* Spark calls IS UNKNOWN what it becomes, IS NULL, but over TRUE and FALSE. */
static const char *const of_literal[2][2] = {{"(false IS UNKNOWN)", "(false IS NOT UNKNOWN)"},
                                             {"(true IS UNKNOWN)", "(true IS NOT UNKNOWN)"}};

static mill_expr *is(mill_parser *p, int from, mill_expr *e) {
  bool negate = mill_p_accept(p, MILL_K_NOT) || mill_p_accept(p, MILL_T_BANG);
  bool unknown = mill_p_is(p, MILL_K_UNKNOWN);
  if (mill_p_accept(p, MILL_K_NULL) || mill_p_accept(p, MILL_K_UNKNOWN)) {
    mill_expr *call = mill_p_call(p, from, negate ? "isnotnull" : "isnull", 1, e);
    if (unknown && e->kind == MILL_X_LITERAL && e->value->type->id == MILL_BOOLEAN)
      call->pretty = of_literal[*(const uint8_t *)e->value->data][negate];
    return call;
  }
  bool value = mill_p_is(p, MILL_K_TRUE);
  if (mill_p_accept(p, MILL_K_TRUE) || mill_p_accept(p, MILL_K_FALSE)) {
    mill_expr *literal = mill_p_bool_literal(p, p->at - 1, value);
    return negated(p, from, negate, mill_p_call(p, from, "<=>", 2, e, literal));
  }
  mill_p_expect(p, MILL_K_DISTINCT);
  mill_p_expect(p, MILL_K_FROM);
  mill_expr *right = mill_p_operand(p);
  return negated(p, from, !negate, mill_p_call(p, from, "<=>", 2, e, right));
}

/* Does a predicate begin with the word at `ahead`, rather than an alias of that name? */
static bool predicate_at(const mill_parser *p, int ahead) {
  int next = mill_p_peek(p, ahead + 1);
  switch (mill_p_peek(p, ahead)) {
  case MILL_K_IN: return next == MILL_T_LPAREN;
  case MILL_K_BETWEEN:
  case MILL_K_LIKE:
  case MILL_K_ILIKE:
  case MILL_K_RLIKE:
  case MILL_K_REGEXP:
    return next != MILL_T_EOF && next != MILL_T_COMMA && next != MILL_T_RPAREN &&
           !mill_p_clause(p, ahead + 1);
  default: return false;
  }
}

static bool is_predicate(const mill_parser *p) {
  switch (mill_p_peek(p, 1)) {
  case MILL_K_NOT:
  case MILL_T_BANG:
  case MILL_K_NULL:
  case MILL_K_TRUE:
  case MILL_K_FALSE:
  case MILL_K_UNKNOWN: return true;
  case MILL_K_DISTINCT: return mill_p_peek(p, 2) == MILL_K_FROM;
  default: return false;
  }
}

static mill_expr *predicate(mill_parser *p) {
  int from = p->at;
  mill_expr *e = mill_p_operand(p);
  if (mill_p_is(p, MILL_K_IS) && is_predicate(p)) {
    p->at++;
    return is(p, from, e);
  }
  bool negate = mill_p_is(p, MILL_K_NOT) || mill_p_is(p, MILL_T_BANG);
  if (!predicate_at(p, negate)) return e;
  p->at += negate;
  int kind = mill_p_peek(p, 0);
  p->at++;
  switch (kind) {
  case MILL_K_IN: return negated(p, from, negate, in_list(p, from, e));
  case MILL_K_BETWEEN: return negated(p, from, negate, between(p, from, e));
  case MILL_K_LIKE:
  case MILL_K_ILIKE: return like(p, from, e, negate);
  default: {
    mill_expr *pattern = mill_p_operand(p);
    return negated(p, from, negate, mill_p_call(p, from, "rlike", 2, e, pattern));
  }
  }
}

/* NOT as an operator, not as a column's name. */
static bool not_operator(const mill_parser *p) {
  if (mill_p_is(p, MILL_T_BANG)) return true;
  if (!mill_p_is(p, MILL_K_NOT)) return false;
  int next = mill_p_peek(p, 1);
  return next == MILL_T_LPAREN || next == MILL_T_MINUS || next == MILL_T_PLUS ||
         next == MILL_T_TILDE || next == MILL_T_BANG || next == MILL_T_QUESTION ||
         next == MILL_T_COLON || mill_p_is_string(p, 1) || mill_p_is_number(p, 1) ||
         (mill_p_is_name(p, 1) && !mill_p_clause(p, 1));
}

static mill_expr *negation(mill_parser *p) {
  int from = p->at;
  if (!not_operator(p)) return predicate(p);
  if (!mill_p_enter(p)) return mill_p_null_literal(p, from);
  p->at++;
  mill_expr *e = negation(p);
  mill_p_leave(p);
  return mill_p_call(p, from, "not", 1, e);
}

/* AND, OR as operators, not as aliases. */
static bool logical(mill_parser *p, int kind) {
  int next = mill_p_peek(p, 1);
  if (!mill_p_is(p, kind) || next == MILL_T_EOF || next == MILL_T_COMMA || next == MILL_T_RPAREN)
    return false;
  p->at++;
  return true;
}

static mill_expr *conjunction(mill_parser *p) {
  int from = p->at;
  mill_list items = {0};
  do mill_p_push(p, &items, negation(p));
  while (logical(p, MILL_K_AND));
  return p->failed ? mill_p_null_literal(p, from) : balance(p, from, "and", &items, 0, items.n - 1);
}

mill_expr *mill_p_expression(mill_parser *p) {
  int from = p->at;
  if (!mill_p_enter(p)) return mill_p_null_literal(p, from);
  mill_list items = {0};
  do mill_p_push(p, &items, conjunction(p));
  while (logical(p, MILL_K_OR));
  mill_p_leave(p);
  return p->failed ? mill_p_null_literal(p, from) : balance(p, from, "or", &items, 0, items.n - 1);
}

void mill_p_expr_list(mill_parser *p, mill_list *out, mill_expr *(*rule)(mill_parser *)) {
  do mill_p_push(p, out, rule(p));
  while (mill_p_accept(p, MILL_T_COMMA));
}
