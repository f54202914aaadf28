/* Begin and end of a parse: the text is copied and split, then everything must have been read. */
#include "sql/parser_int.h"

#include <stdio.h>

/* Does an operator of a pipe begin with that word? */
static bool begins_operator(int kind) {
  switch (kind) {
  case MILL_K_SELECT:
  case MILL_K_EXTEND:
  case MILL_K_SET:
  case MILL_K_DROP:
  case MILL_K_AS:
  case MILL_K_WHERE:
  case MILL_K_PIVOT:
  case MILL_K_UNPIVOT:
  case MILL_K_TABLESAMPLE:
  case MILL_K_INNER:
  case MILL_K_CROSS:
  case MILL_K_LEFT:
  case MILL_K_RIGHT:
  case MILL_K_FULL:
  case MILL_K_NATURAL:
  case MILL_K_SEMI:
  case MILL_K_ANTI:
  case MILL_K_JOIN:
  case MILL_K_UNION:
  case MILL_K_EXCEPT:
  case MILL_K_MINUS:
  case MILL_K_INTERSECT:
  case MILL_K_ORDER:
  case MILL_K_SORT:
  case MILL_K_CLUSTER:
  case MILL_K_DISTRIBUTE:
  case MILL_K_LIMIT:
  case MILL_K_OFFSET:
  case MILL_K_AGGREGATE:
  case MILL_K_WINDOW: return true;
  default: return false;
  }
}

/* A single | in front of such a word is |>. */
static void find_pipes(mill_tokens *t) {
  for (size_t i = 0; i + 1 < t->n; i++)
    if (t->token[i].kind == MILL_T_PIPE && begins_operator(t->token[i + 1].kind))
      t->token[i].kind = MILL_T_OPERATOR_PIPE;
}

mill_status mill_p_begin(mill_parser *p, const mill_sql_rules *rules, mill_arena *a,
                         const char *text, size_t n, mill_error *err) {
  *p = (mill_parser){.rules = *rules, .arena = a, .err = err, .n = n};
  p->text = mill_arena_strndup(a, text, n);
  if (p->text == NULL) return mill_oom(a->memory, n, err);
  MILL_TRY(mill_lex(a->memory, p->text, n, &p->tokens, err));
  if (rules->pipes) find_pipes(&p->tokens);
  p->token = p->tokens.token;
  p->ntokens = (int)p->tokens.n;
  p->not_query = mill_calloc(a->memory, p->tokens.n * sizeof *p->not_query);
  if (p->not_query) return MILL_OK;
  mill_tokens_clear(&p->tokens, a->memory);
  return mill_oom(a->memory, n, err);
}

/* The syntax error at the furthest token. */
static mill_status syntax_error(mill_parser *p) {
  const mill_token *t = &p->token[p->furthest];
  char near[96], hint[128] = "";
  int n = t->stop - t->start;
  if (t->kind == MILL_T_EOF) {
    snprintf(near, sizeof near, "end of input");
  } else {
    snprintf(near, sizeof near, "'%.*s'", n < 80 ? n : 80, p->text + t->start);
    /* Spark calls a token extra where the statement ends without it */
    bool last = p->token[p->furthest + 1].kind == MILL_T_EOF;
    if (p->extra && last) snprintf(hint, sizeof hint, ": extra input %s", near);
  }
  mill_error_clear(p->err);
  mill_status s = mill_fail(p->err, MILL_E_PARSE_SYNTAX_ERROR, "error", near, "hint", hint, NULL);
  mill_error_in(p->err, p->text, (size_t)t->start, (size_t)t->stop);
  return s;
}

/* A window whose name no clause defined. */
static void check_windows(mill_parser *p) {
  if (p->failed || p->status != MILL_OK || p->windows.n == 0) return;
  const mill_expr *e = p->windows.item[0];
  p->status = mill_fail(p->err, MILL_E_MISSING_WINDOW_SPECIFICATION, "windowName", e->window->name,
                        "docroot", "https://spark.apache.org/docs/latest", NULL);
  mill_error_in(p->err, p->text, (size_t)e->start, (size_t)e->stop);
}

/* Everything must be read; gives the first error, of syntax before meaning. */
mill_status mill_p_end(mill_parser *p) {
  while (mill_p_accept(p, MILL_T_SEMICOLON)) {
  }
  if (!p->failed && p->token[p->at].kind != MILL_T_EOF) {
    bool further = p->at >= p->furthest;
    mill_p_syntax(p);
    p->extra = further;
  }
  check_windows(p);
  mill_status s = p->failed == MILL_P_SYNTAX ? syntax_error(p) : p->status;
  mill_free(p->arena->memory, p->not_query, (size_t)p->ntokens * sizeof *p->not_query);
  mill_tokens_clear(&p->tokens, p->arena->memory);
  return s;
}
