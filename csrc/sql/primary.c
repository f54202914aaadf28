/* Operands: constants, columns, stars, parentheses, lambdas, CASE, and what may follow them: a
** field, an element, a cast, a path into a variant, a collation. */
#include "base/text.h"
#include "sql/parser_int.h"

#include <stdio.h>

mill_expr *mill_p_row(mill_parser *p, int from, const mill_list *items) {
  mill_expr *e = mill_p_call(p, from, "struct", 0);
  mill_p_exprs(items, &e->args, &e->nargs);
  e->hidden = true;
  return e;
}

static mill_expr *query_expr(mill_parser *p, mill_expr_kind kind, int from, mill_node *query) {
  mill_expr *e = mill_p_expr(p, kind, from);
  e->query = query;
  return e;
}

/* (x, y) -> */
static bool lambda_ahead(const mill_parser *p) {
  int i = 1;
  while (mill_p_is_name(p, i) && mill_p_peek(p, i + 1) == MILL_T_COMMA) i += 2;
  return i > 1 && mill_p_is_name(p, i) && mill_p_peek(p, i + 1) == MILL_T_RPAREN &&
         mill_p_peek(p, i + 2) == MILL_T_ARROW;
}

static mill_expr *lambda(mill_parser *p) {
  int from = p->at;
  mill_list names = {0};
  bool many = mill_p_accept(p, MILL_T_LPAREN);
  do mill_p_push(p, &names, mill_p_name(p));
  while (many && mill_p_accept(p, MILL_T_COMMA));
  if (many) mill_p_expect(p, MILL_T_RPAREN);
  mill_p_expect(p, MILL_T_ARROW);
  mill_list body = {0};
  mill_p_push(p, &body, mill_p_expression(p));
  mill_expr *e = mill_p_expr(p, MILL_X_LAMBDA, from);
  mill_p_names(&names, &e->parts, &e->nparts);
  mill_p_exprs(&body, &e->args, &e->nargs);
  return e;
}

static mill_expr *parenthesis(mill_parser *p) {
  int from = p->at;
  if (lambda_ahead(p)) return lambda(p);
  mill_node *query = mill_p_subquery(p);
  if (query) return query_expr(p, MILL_X_SCALAR_QUERY, from, query);
  mill_p_expect(p, MILL_T_LPAREN);
  mill_list items = {0};
  mill_p_expr_list(p, &items, mill_p_named);
  mill_expr *first = items.n ? items.item[0] : NULL;
  if (items.n == 1 && first->kind == MILL_X_ALIAS && !p->failed) {
    p->at--; /* only the fields of a row have names */
    mill_p_syntax(p);
  }
  mill_p_expect(p, MILL_T_RPAREN);
  if (p->failed) return mill_p_null_literal(p, from);
  return items.n == 1 ? items.item[0] : mill_p_row(p, from, &items);
}

/* * or a.b.*, with EXCEPT (..) */
static mill_expr *star(mill_parser *p, int from, mill_list *parts) {
  mill_p_expect(p, MILL_T_ASTERISK);
  mill_list except = {0};
  if (mill_p_is(p, MILL_K_EXCEPT) && mill_p_peek(p, 1) == MILL_T_LPAREN &&
      !mill_p_query_ahead(p, 2)) {
    p->at += 2;
    do {
      mill_list column = {0};
      mill_p_parts(p, &column);
      mill_p_push(p, &except, mill_p_dotted(p, &column));
    } while (mill_p_accept(p, MILL_T_COMMA));
    mill_p_expect(p, MILL_T_RPAREN);
  }
  mill_expr *e = mill_p_expr(p, MILL_X_STAR, from);
  mill_p_names(parts, &e->parts, &e->nparts);
  mill_p_names(&except, &e->except, &e->nexcept);
  return e;
}

static mill_expr *column(mill_parser *p) {
  int from = p->at;
  mill_list parts = {0};
  bool plain = false;
  if (mill_p_is(p, MILL_K_IDENTIFIER) && mill_p_peek(p, 1) == MILL_T_LPAREN &&
      mill_p_is_string(p, 2)) {
    p->at += 2;
    mill_p_split(p, mill_p_string(p, NULL), &parts);
    mill_p_expect(p, MILL_T_RPAREN);
  } else {
    plain = true;
    mill_p_push(p, &parts, mill_p_name(p));
  }
  while (plain && mill_p_is(p, MILL_T_DOT) && mill_p_is_name(p, 1)) {
    p->at++;
    mill_p_push(p, &parts, mill_p_name(p));
  }
  if (mill_p_accept2(p, MILL_T_DOT, MILL_T_ASTERISK)) {
    p->at--;
    return star(p, from, &parts);
  }
  mill_expr *e = mill_p_expr(p, MILL_X_NAME, from);
  mill_p_names(&parts, &e->parts, &e->nparts);
  return e;
}

mill_expr *mill_p_parameter(mill_parser *p) {
  int from = p->at;
  bool named = mill_p_is(p, MILL_T_COLON);
  p->at++;
  const char *name = named ? mill_p_name(p) : NULL;
  mill_expr *e = mill_p_expr(p, MILL_X_PARAMETER, from);
  e->name = name;
  e->index = named ? 0 : p->parameters++;
  p->named |= named;
  return e;
}

static bool parameter_ahead(const mill_parser *p) {
  return mill_p_is(p, MILL_T_QUESTION) || (mill_p_is(p, MILL_T_COLON) && mill_p_is_name(p, 1));
}

/* Texts and parameters side by side are one text: `first`, and what is behind it. */
static mill_expr *joined(mill_parser *p, int from, mill_expr *first) {
  mill_list l = {0};
  mill_p_push(p, &l, first);
  while (mill_p_is_string(p, 0) || parameter_ahead(p)) {
    int at = p->at;
    size_t n;
    if (!mill_p_is_string(p, 0)) {
      mill_p_push(p, &l, mill_p_parameter(p));
      continue;
    }
    const char *s = mill_p_string(p, &n);
    mill_p_push(p, &l, mill_p_string_literal(p, at, s, n));
  }
  mill_expr *e = mill_p_expr(p, MILL_X_PARAMETER, from);
  mill_p_exprs(&l, &e->args, &e->nargs);
  return e;
}

/* CASE as an expression, not as a column's name. */
static bool case_ahead(const mill_parser *p) {
  int next = mill_p_peek(p, 1);
  if (!mill_p_is(p, MILL_K_CASE)) return false;
  return next != MILL_T_EOF && next != MILL_T_COMMA && next != MILL_T_RPAREN &&
         next != MILL_T_DOT && next != MILL_K_END && !mill_p_clause(p, 1);
}

static mill_expr *case_when(mill_parser *p) {
  int from = p->at++;
  mill_expr *value = mill_p_is(p, MILL_K_WHEN) ? NULL : mill_p_expression(p);
  mill_list args = {0};
  do {
    mill_p_expect(p, MILL_K_WHEN);
    int at = p->at;
    mill_expr *when = mill_p_expression(p);
    if (value) when = mill_p_call(p, at, "=", 2, value, when);
    mill_p_push(p, &args, when);
    mill_p_expect(p, MILL_K_THEN);
    mill_p_push(p, &args, mill_p_expression(p));
  } while (mill_p_is(p, MILL_K_WHEN));
  if (mill_p_accept(p, MILL_K_ELSE)) mill_p_push(p, &args, mill_p_expression(p));
  mill_p_expect(p, MILL_K_END);
  mill_expr *e = mill_p_call(p, from, "when", 0);
  mill_p_exprs(&args, &e->args, &e->nargs);
  return e;
}

static bool function_ahead(const mill_parser *p) {
  int i = 0;
  while (mill_p_is_name(p, i) && mill_p_peek(p, i + 1) == MILL_T_DOT) i += 2;
  return mill_p_is_name(p, i) && mill_p_peek(p, i + 1) == MILL_T_LPAREN;
}

/* Words that are calls by themselves, as they are printed. */
static const struct {
  int kind;
  const char *printed;
} without_parentheses[] = {
    {MILL_K_CURRENT_DATE, "\"current_date()\""},
    {MILL_K_CURRENT_TIMESTAMP, "\"current_timestamp()\""},
    {MILL_K_CURRENT_USER, "\"current_user()\""},
    {MILL_K_USER, "\"current_user()\""},
    {MILL_K_SESSION_USER, "\"current_user()\""},
    {MILL_K_CURRENT_TIME, "\"current_time(6)\""},
    {MILL_K_LOCALTIME, "\"current_time(6)\""},
};

/* Such a word with names in parentheses behind it is itself with aliases, which only generators have. */
static bool refuse_aliases(mill_parser *p) {
  int from = p->at, i = 2;
  const char *shown = NULL;
  for (size_t k = 0; k < sizeof without_parentheses / sizeof *without_parentheses; k++)
    if (without_parentheses[k].kind == mill_p_peek(p, 0)) shown = without_parentheses[k].printed;
  while (shown && mill_p_is_name(p, i) && mill_p_peek(p, i + 1) == MILL_T_COMMA) i += 2;
  if (shown == NULL || !mill_p_is_name(p, i) || mill_p_peek(p, i + 1) != MILL_T_RPAREN)
    return false;
  int behind = mill_p_peek(p, i + 2);
  if (behind != MILL_T_EOF && behind != MILL_T_COMMA && behind != MILL_K_FROM &&
      behind != MILL_K_WHERE)
    return false;
  mill_text names;
  mill_text_init(&names, p->rules.ctx->memory);
  mill_status s = MILL_OK;
  for (p->at += 2; s == MILL_OK && !p->failed;) {
    s = mill_text_adds(&names, mill_p_name(p), p->err);
    if (!mill_p_accept(p, MILL_T_COMMA)) break;
    if (s == MILL_OK) s = mill_text_adds(&names, ", ", p->err);
  }
  if (s == MILL_OK)
    mill_p_error(p, from, MILL_E_MULTI_ALIAS_WITHOUT_GENERATOR, "expr", shown, "names",
                 mill_p_copy(p, names.data, names.size), NULL);
  else
    mill_p_stop(p, s);
  mill_text_clear(&names);
  return mill_p_expect(p, MILL_T_RPAREN), true;
}

/* What a word at an operand's place is. */
static mill_expr *word(mill_parser *p) {
  int from = p->at, kind = mill_p_peek(p, 0), next = mill_p_peek(p, 1);
  if (case_ahead(p)) return case_when(p);
  if (kind == MILL_K_INTERVAL &&
      (mill_p_is_interval(p) || next == MILL_T_INTEGER || next == MILL_T_DECIMAL))
    return mill_p_interval(p);
  if (kind != MILL_T_BACKQUOTED && mill_p_is_string(p, 1)) return mill_p_typed_literal(p);
  if (next == MILL_T_ARROW) return lambda(p);
  if (kind == MILL_K_EXISTS && next == MILL_T_LPAREN) {
    p->at++;
    mill_node *query = mill_p_subquery(p);
    if (query) return query_expr(p, MILL_X_EXISTS, from, query);
    if (!p->failed) p->at = from;
  }
  if (next == MILL_T_LPAREN && refuse_aliases(p)) return mill_p_null_literal(p, from);
  mill_expr *special = next == MILL_T_LPAREN ? mill_p_special(p) : NULL;
  if (special) return special;
  bool literal = mill_p_is_string(p, 2) && mill_p_peek(p, 3) == MILL_T_RPAREN;
  if (function_ahead(p) &&
      !(kind == MILL_K_IDENTIFIER && literal && mill_p_peek(p, 4) != MILL_T_LPAREN))
    return mill_p_function(p);
  if (kind == MILL_K_NULL || kind == MILL_K_TRUE || kind == MILL_K_FALSE) {
    p->at++;
    if (kind == MILL_K_NULL) return mill_p_null_literal(p, from);
    return mill_p_bool_literal(p, from, kind == MILL_K_TRUE);
  }
  return column(p);
}

static mill_expr *base(mill_parser *p) {
  int from = p->at, kind = mill_p_peek(p, 0);
  mill_list none = {0};
  if (mill_p_is_number(p, 0)) return mill_p_number(p);
  if (mill_p_is_string(p, 0)) {
    size_t n;
    const char *s = mill_p_string(p, &n);
    mill_expr *text = mill_p_string_literal(p, from, s, n);
    return parameter_ahead(p) ? joined(p, from, text) : text;
  }
  if (kind == MILL_T_LPAREN) return parenthesis(p);
  if (kind == MILL_T_ASTERISK) return star(p, from, &none);
  if (parameter_ahead(p)) {
    mill_expr *parameter = mill_p_parameter(p);
    return mill_p_is_string(p, 0) ? joined(p, from, parameter) : parameter;
  }
  bool constant = kind == MILL_K_NULL || kind == MILL_K_TRUE || kind == MILL_K_FALSE ||
                  kind == MILL_K_CASE || kind == MILL_K_CAST;
  if (constant || mill_p_is_name(p, 0) || kind > MILL_T_KEYWORD) {
    if (constant || mill_p_is_name(p, 0) || mill_p_peek(p, 1) == MILL_T_LPAREN ||
        (kind >= MILL_K_CURRENT_DATE && kind <= MILL_K_CURRENT_USER))
      return word(p);
  }
  mill_p_syntax(p);
  return mill_p_null_literal(p, from);
}

static mill_expr *extract(mill_parser *p, int from, mill_expr *e, mill_expr *key) {
  mill_expr *x = mill_p_call(p, from, NULL, 2, e, key);
  x->kind = MILL_X_EXTRACT;
  return x;
}

static mill_expr *cast_to(mill_parser *p, int from, mill_expr *e) {
  const mill_type *t = mill_p_type(p);
  mill_expr *c = mill_p_call(p, from, NULL, 1, e);
  c->kind = MILL_X_CAST;
  c->target = t;
  c->mode = p->rules.set.ansi ? MILL_CAST_ANSI : MILL_CAST_LEGACY;
  return c;
}

static const char *printed(mill_parser *p, const char *fmt, const char *word) {
  size_t n = strlen(word) + 8;
  char *q = mill_p_alloc(p, n);
  if (q) snprintf(q, n, fmt, word);
  return q ? q : "";
}

/* One step of a path as a JSON path has it; NULL: none stands here. */
static const char *step(mill_parser *p, bool first, const char **name) {
  if (mill_p_accept(p, MILL_T_LBRACKET)) {
    int at = p->at;
    if (mill_p_is_string(p, 0)) {
      *name = mill_p_string(p, NULL);
    } else if (mill_p_is_name(p, 0)) {
      *name = mill_p_name(p);
    } else {
      mill_p_integer(p, INT32_MAX);
    }
    const char *written = mill_p_fragment(p, at);
    mill_p_expect(p, MILL_T_RBRACKET);
    return printed(p, "[%s]", written);
  }
  if (!first && !(mill_p_is(p, MILL_T_DOT) && mill_p_is_name(p, 1))) return NULL;
  p->at += !first;
  *name = mill_p_name(p);
  const char *dot = strrchr(*name, '.'), *whole = *name;
  if (dot) *name = dot + 1; /* `a.b` is two steps */
  return printed(p, dot == NULL && strpbrk(whole, "[]' ") ? "['%s']" : ".%s", whole);
}

/* v:a.b[0]['c'] becomes variant_get(v, '$.a.b[0]['c']', 'variant'); hidden, with the last name in
** metadata, so that a select list can name it so. */
static mill_expr *path(mill_parser *p, int from, mill_expr *e) {
  mill_list steps = {0};
  const char *name = "", *s;
  size_t n = 2;
  for (bool first = true; (s = step(p, first, &name)) != NULL && !p->failed; first = false) {
    n += strlen(s);
    mill_p_push(p, &steps, s);
  }
  char *whole = mill_p_alloc(p, n);
  if (whole == NULL) return e;
  strcpy(whole, "$");
  for (int i = 0; i < steps.n; i++) strcat(whole, steps.item[i]);
  mill_expr *get =
      mill_p_call(p, from, "variant_get", 3, e, mill_p_string_literal(p, from, whole, n - 1),
                  mill_p_string_literal(p, from, "variant", 7));
  get->hidden = *name != 0; /* [0] alone names nothing */
  get->metadata = *name ? name : NULL;
  return get;
}

static mill_expr *suffix(mill_parser *p, int from, mill_expr *e, bool *more) {
  if (mill_p_accept(p, MILL_T_LBRACKET)) {
    mill_expr *key = mill_p_operand(p);
    mill_p_expect(p, MILL_T_RBRACKET);
    return extract(p, from, e, key);
  }
  if (mill_p_accept(p, MILL_T_DOT)) {
    int at = p->at;
    const char *field = mill_p_name(p);
    return extract(p, from, e, mill_p_string_literal(p, at, field, strlen(field)));
  }
  if (mill_p_accept(p, MILL_T_DOUBLE_COLON)) return cast_to(p, from, e);
  if (mill_p_is(p, MILL_T_COLON) &&
      (mill_p_is_name(p, 1) || mill_p_peek(p, 1) == MILL_T_LBRACKET)) {
    p->at++;
    return path(p, from, e);
  }
  if (mill_p_is(p, MILL_K_COLLATE) && mill_p_is_name(p, 1) && !mill_p_clause(p, 1)) {
    int at = ++p->at;
    mill_list parts = {0};
    mill_p_parts(p, &parts);
    const char *name = parts.n ? parts.item[parts.n - 1] : "";
    return mill_p_call(p, from, "collate", 2, e, mill_p_string_literal(p, at, name, strlen(name)));
  }
  *more = false;
  return e;
}

mill_expr *mill_p_primary(mill_parser *p) {
  int from = p->at;
  mill_expr *e = base(p);
  for (bool more = true; more && !p->failed;) e = suffix(p, from, e, &more);
  return e;
}

mill_expr *mill_p_named(mill_parser *p) {
  int from = p->at;
  mill_expr *e = mill_p_expression(p);
  mill_list names = {0};
  bool system = false;
  const mill_expr *path = e->kind == MILL_X_CAST ? e->args[0] : e; /* a cast keeps the name */
  if (mill_p_is(p, MILL_K_AS) && mill_p_peek(p, 1) == MILL_T_LPAREN) {
    p->at++;
    mill_p_name_list(p, &names);
  } else if (mill_p_is(p, MILL_T_LPAREN)) {
    mill_p_name_list(p, &names);
  } else if (mill_p_alias_follows(p)) {
    mill_p_push(p, &names, mill_p_checked_name(p));
  } else if (path->kind == MILL_X_CALL && path->hidden && path->metadata) {
    mill_p_push(p, &names, path->metadata);
    system = true;
  } else {
    return e;
  }
  mill_expr *alias = mill_p_call(p, from, NULL, 1, e);
  alias->kind = MILL_X_ALIAS;
  alias->hidden = system;
  mill_p_names(&names, &alias->parts, &alias->nparts);
  return alias;
}
