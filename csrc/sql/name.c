/* Names: identifiers, dotted names, and whether a word is an alias or begins a clause.
**
** Spark reserves no keyword by default, so that `SELECT 1 FROM` names a column FROM. A word after
** an expression or a relation is a clause where what follows it fits that clause, else an alias. */
#include "sql/parser_int.h"

#include <ctype.h>
#include <stdio.h>

static bool usable(const mill_parser *p, int kind) {
  if (kind == MILL_T_IDENTIFIER || kind == MILL_T_BACKQUOTED) return true;
  if (kind == MILL_T_DOUBLE_QUOTED) return p->rules.quoted_identifiers;
  return kind > MILL_T_KEYWORD && !(p->rules.reserved && mill_token_reserved(kind));
}

bool mill_p_is_name(const mill_parser *p, int ahead) { return usable(p, mill_p_peek(p, ahead)); }

static const char *unquote(mill_parser *p, const char *s, size_t n) {
  char quote = s[0];
  char *q = mill_p_alloc(p, n + 1);
  if (q == NULL) return "";
  size_t k = 0;
  for (size_t i = 1; i + 1 < n; i++) {
    q[k++] = s[i];
    if (s[i] == quote) i++;
  }
  return q;
}

static bool plain(const char *s, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (!(isalnum((unsigned char)s[i]) || s[i] == '_')) return false;
  return n > 0;
}

/* IDENTIFIER('name'), a name made of a string. */
static bool is_identifier_clause(const mill_parser *p, int ahead) {
  return mill_p_peek(p, ahead) == MILL_K_IDENTIFIER && mill_p_peek(p, ahead + 1) == MILL_T_LPAREN &&
         mill_p_is_string(p, ahead + 2);
}

bool mill_p_identifier_call(const mill_parser *p, int ahead) {
  int depth = 0, i = ahead + 1;
  if (mill_p_peek(p, ahead) != MILL_K_IDENTIFIER || mill_p_peek(p, i) != MILL_T_LPAREN)
    return false;
  do {
    int kind = mill_p_peek(p, i++);
    if (kind == MILL_T_EOF) return false;
    depth += (kind == MILL_T_LPAREN) - (kind == MILL_T_RPAREN);
  } while (depth > 0);
  return mill_p_peek(p, i) == MILL_T_LPAREN;
}

static const char *token_name(mill_parser *p) {
  int kind = mill_p_peek(p, 0), from = p->at;
  if (!usable(p, kind)) {
    mill_p_syntax(p);
    return "";
  }
  const mill_token *t = &p->token[p->at++];
  const char *s = p->text + t->start;
  size_t n = (size_t)(t->stop - t->start);
  if (kind == MILL_T_BACKQUOTED || kind == MILL_T_DOUBLE_QUOTED) return unquote(p, s, n);
  const char *name = mill_p_copy(p, s, n);
  if (kind == MILL_T_IDENTIFIER && !plain(s, n))
    mill_p_error(p, from, MILL_E_INVALID_IDENTIFIER, "ident", name, NULL);
  return name;
}

static void too_many_parts(mill_parser *p, int from, const mill_list *parts) {
  size_t n = 1;
  for (int i = 0; i < parts->n; i++) n += strlen(parts->item[i]) + 3;
  char *s = mill_p_alloc(p, n);
  for (int i = 0; s && i < parts->n; i++)
    sprintf(s + strlen(s), i ? ".`%s`" : "`%s`", (char *)parts->item[i]);
  mill_p_error(p, from, MILL_E_IDENTIFIER_TOO_MANY_NAME_PARTS, "identifier", s ? s : "", "limit",
               "1", NULL);
}

const char *mill_p_name(mill_parser *p) {
  if (is_identifier_clause(p, 0) && mill_p_peek(p, 3) == MILL_T_RPAREN) {
    int from = p->at;
    p->at += 2;
    const char *s = mill_p_string(p, NULL);
    mill_p_expect(p, MILL_T_RPAREN);
    mill_list parts = {0};
    const char *last = mill_p_split(p, s, &parts);
    if (parts.n > 1) too_many_parts(p, from, &parts);
    return last;
  }
  return token_name(p);
}

const char *mill_p_checked_name(mill_parser *p) {
  int from = p->at;
  const char *name = mill_p_name(p);
  if (!mill_p_is(p, MILL_T_MINUS) || !mill_p_is_name(p, 1)) return name;
  while (mill_p_is(p, MILL_T_MINUS) && mill_p_is_name(p, 1)) p->at += 2;
  mill_p_error(p, from, MILL_E_INVALID_IDENTIFIER, "ident", mill_p_fragment(p, from), NULL);
  return name;
}

void mill_p_parts(mill_parser *p, mill_list *out) {
  if (is_identifier_clause(p, 0)) {
    p->at += 2;
    const char *s = mill_p_string(p, NULL);
    mill_p_expect(p, MILL_T_RPAREN);
    mill_p_split(p, s, out);
  } else {
    mill_p_push(p, out, mill_p_checked_name(p));
  }
  while (mill_p_accept(p, MILL_T_DOT)) mill_p_push(p, out, mill_p_checked_name(p));
}

void mill_p_name_list(mill_parser *p, mill_list *out) {
  mill_p_expect(p, MILL_T_LPAREN);
  do mill_p_push(p, out, mill_p_checked_name(p));
  while (mill_p_accept(p, MILL_T_COMMA));
  mill_p_expect(p, MILL_T_RPAREN);
}

/* The parts of "a.`b c`.d"; gives the last. */
const char *mill_p_split(mill_parser *p, const char *s, mill_list *out) {
  if (*s == '\0') mill_p_error(p, p->at, MILL_E_PARSE_EMPTY_STATEMENT, NULL);
  for (;;) {
    const char *from = s, *part;
    if (*s == '`') {
      for (s++; *s && !(*s == '`' && s[1] != '`'); s++)
        if (*s == '`') s++;
      if (*s) s++;
      part = unquote(p, from, (size_t)(s - from));
    } else {
      while (*s && *s != '.') s++;
      part = mill_p_copy(p, from, (size_t)(s - from));
      if (!plain(from, (size_t)(s - from)))
        mill_p_error(p, p->at, MILL_E_PARSE_SYNTAX_ERROR, "error", mill_p_quoted(p, part, '\''),
                     "hint", "", NULL);
    }
    mill_p_push(p, out, part);
    if (*s != '.') {
      if (*s) mill_p_error(p, p->at, MILL_E_PARSE_SYNTAX_ERROR, "error", from, "hint", "", NULL);
      return part;
    }
    s++;
  }
}

const char *mill_p_dotted(mill_parser *p, const mill_list *parts) {
  size_t n = 1;
  for (int i = 0; i < parts->n; i++) n += 2 * strlen(parts->item[i]) + 3;
  char *out = mill_p_alloc(p, n), *q = out;
  if (out == NULL) return "";
  for (int i = 0; i < parts->n; i++) {
    const char *s = parts->item[i];
    bool quote = !plain(s, strlen(s));
    if (i) *q++ = '.';
    if (quote) *q++ = '`';
    for (; *s; s++) {
      *q++ = *s;
      if (quote && *s == '`') *q++ = '`';
    }
    if (quote) *q++ = '`';
  }
  return out;
}

/* Words that begin a clause; as the first operand of another clause they are taken for one. */
static bool clause_word(int kind) {
  switch (kind) {
  case MILL_K_FROM:
  case MILL_K_WHERE:
  case MILL_K_GROUP:
  case MILL_K_HAVING:
  case MILL_K_QUALIFY:
  case MILL_K_ORDER:
  case MILL_K_SORT:
  case MILL_K_CLUSTER:
  case MILL_K_DISTRIBUTE:
  case MILL_K_LIMIT:
  case MILL_K_OFFSET:
  case MILL_K_UNION:
  case MILL_K_EXCEPT:
  case MILL_K_MINUS:
  case MILL_K_INTERSECT:
  case MILL_K_WINDOW: return true;
  default: return false;
  }
}

static bool ends(int kind) {
  return kind == MILL_T_EOF || kind == MILL_T_SEMICOLON || kind == MILL_T_COMMA ||
         kind == MILL_T_RPAREN || kind == MILL_T_OPERATOR_PIPE;
}

/* May an operand begin there, taken for a clause's? */
static bool operand(const mill_parser *p, int ahead) {
  int kind = mill_p_peek(p, ahead);
  if (ends(kind) || kind == MILL_T_DOT || kind == MILL_K_AS) return false;
  return !clause_word(kind) || !mill_p_clause(p, ahead);
}

static bool set_operation(const mill_parser *p, int ahead) {
  int kind = mill_p_peek(p, ahead + 1);
  if (kind == MILL_K_ALL || kind == MILL_K_DISTINCT) return true;
  return kind == MILL_T_LPAREN || mill_p_query_ahead(p, ahead + 1);
}

bool mill_p_clause(const mill_parser *p, int ahead) {
  int next = mill_p_peek(p, ahead + 1);
  switch (mill_p_peek(p, ahead)) {
  case MILL_K_FROM:
    return next == MILL_T_LPAREN || (mill_p_is_name(p, ahead + 1) && operand(p, ahead + 1));
  case MILL_K_WHERE:
  case MILL_K_HAVING:
  case MILL_K_QUALIFY:
  case MILL_K_LIMIT:
  case MILL_K_OFFSET: return operand(p, ahead + 1);
  case MILL_K_GROUP:
  case MILL_K_ORDER:
  case MILL_K_SORT:
  case MILL_K_CLUSTER:
  case MILL_K_DISTRIBUTE: return next == MILL_K_BY;
  case MILL_K_UNION:
  case MILL_K_EXCEPT:
  case MILL_K_MINUS:
  case MILL_K_INTERSECT: return set_operation(p, ahead);
  case MILL_K_WINDOW: return mill_p_is_name(p, ahead + 1) && mill_p_peek(p, ahead + 2) == MILL_K_AS;
  case MILL_K_LATERAL: return next == MILL_K_VIEW;
  case MILL_K_SELECT: return operand(p, ahead + 1); /* the next of FROM t SELECT a SELECT b */
  case MILL_K_INSERT: return next == MILL_K_INTO || next == MILL_K_OVERWRITE;
  case MILL_K_DO: return p->for_query > 0;
  case MILL_K_FOR: /* of PIVOT */
    return next == MILL_T_LPAREN || mill_p_peek(p, ahead + 2) == MILL_K_IN;
  case MILL_K_PIVOT:
  case MILL_K_TABLESAMPLE:
    return next == MILL_T_LPAREN ||
           (mill_p_is_name(p, ahead + 1) && mill_p_peek(p, ahead + 2) == MILL_T_LPAREN);
  case MILL_K_UNPIVOT: return next == MILL_T_LPAREN || mill_p_peek(p, ahead + 2) == MILL_K_NULLS;
  default: return false;
  }
}

/* What may stand behind an alias. */
static bool follows_alias(const mill_parser *p, int ahead) {
  return ends(mill_p_peek(p, ahead)) || mill_p_clause(p, ahead);
}

/* Consumes AS; true if a name is to be read next. */
bool mill_p_alias_follows(mill_parser *p) {
  if (mill_p_is(p, MILL_K_AS)) {
    bool word_as = !mill_p_is_name(p, 1) && follows_alias(p, 1) && !p->rules.reserved;
    word_as = word_as || (mill_p_clause(p, 1) && !follows_alias(p, 2) && !p->rules.reserved);
    if (!word_as) p->at++;
    return true;
  }
  return mill_p_is_name(p, 0) && !mill_p_clause(p, 0);
}
