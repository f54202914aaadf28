/* The entries: see parse.h. */
#include "sql/parse.h"

#include <stdio.h>
#include <stdlib.h>

#include "sql/parser_int.h"

static bool setting(mill_session *s, const char *key) {
  const char *v = mill_session_get(s, key);
  return v && strcasecmp(v, "true") == 0;
}

static mill_status begin(mill_parser *p, mill_session *s, mill_arena *a, const char *text, size_t n,
                         mill_tokens *tokens, mill_error *err) {
  *p = (mill_parser){.arena = a, .ctx = mill_session_context(s), .err = err, .n = n};
  MILL_TRY(mill_session_settings(s, &p->set, err));
  p->reserved = p->set.ansi && setting(s, "spark.sql.ansi.enforceReservedKeywords");
  p->quoted_identifiers = p->set.ansi && setting(s, "spark.sql.ansi.doubleQuotedIdentifiers");
  const char *timestamp = mill_session_get(s, "spark.sql.timestampType");
  p->ntz = timestamp && strcasecmp(timestamp, "TIMESTAMP_NTZ") == 0;
  p->text = mill_arena_strndup(a, text, n);
  if (p->text == NULL) return mill_oom(a->memory, n, err);
  MILL_TRY(mill_lex(a->memory, p->text, n, tokens, err));
  p->token = tokens->token;
  p->ntokens = (int)tokens->n;
  p->not_query = mill_alloc(a->memory, tokens->n * sizeof *p->not_query);
  if (p->not_query == NULL) {
    mill_tokens_clear(tokens, a->memory);
    return mill_oom(a->memory, n, err);
  }
  memset(p->not_query, 0, tokens->n * sizeof *p->not_query);
  return MILL_OK;
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
    if (p->extra) snprintf(hint, sizeof hint, ": extra input %s", near);
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
static mill_status end(mill_parser *p, mill_tokens *tokens) {
  while (mill_p_accept(p, MILL_T_SEMICOLON)) {
  }
  if (!p->failed && p->token[p->at].kind != MILL_T_EOF) {
    bool further = p->at >= p->furthest;
    mill_p_syntax(p);
    p->extra = further;
  }
  check_windows(p);
  mill_status s = p->failed == MILL_P_SYNTAX ? syntax_error(p) : p->status;
  mill_free(p->arena->memory, p->not_query, tokens->n * sizeof *p->not_query);
  mill_tokens_clear(tokens, p->arena->memory);
  return s;
}

mill_status mill_sql_parse(mill_plan *plan, const char *text, size_t n, mill_error *err) {
  mill_parser p;
  mill_tokens tokens;
  MILL_TRY(begin(&p, plan->session, &plan->arena, text, n, &tokens, err));
  mill_node *root = mill_p_statement(&p);
  MILL_TRY(end(&p, &tokens));
  plan->root = root;
  return MILL_OK;
}

mill_status mill_sql_expr(mill_session *s, const char *text, size_t n, mill_arena *a,
                          const mill_expr **out, mill_error *err) {
  mill_parser p;
  mill_tokens tokens;
  MILL_TRY(begin(&p, s, a, text, n, &tokens, err));
  const mill_expr *e = mill_p_named(&p);
  MILL_TRY(end(&p, &tokens));
  *out = e;
  return MILL_OK;
}

static mill_status read_type(mill_session *s, const char *text, size_t n, bool schema,
                             const mill_type **out, mill_error *err) {
  mill_parser p;
  mill_tokens tokens;
  mill_arena arena;
  mill_arena_init(&arena, mill_session_memory(s));
  mill_status status = begin(&p, s, &arena, text, n, &tokens, err);
  if (status == MILL_OK) {
    const mill_type *t = NULL;
    mill_mark mark = mill_p_mark(&p);
    if (schema && !mill_p_is(&p, MILL_T_EOF)) t = mill_p_columns(&p);
    bool whole = !p.failed && mill_p_is(&p, MILL_T_EOF);
    if (!(schema && whole) && mill_p_back(&p, mark)) t = mill_p_type(&p);
    status = end(&p, &tokens);
    if (status == MILL_OK) *out = t;
  }
  if (err && status != MILL_OK) err->query = NULL; /* the text goes with the arena */
  mill_arena_clear(&arena);
  return status;
}

mill_status mill_sql_type(mill_session *s, const char *text, size_t n, const mill_type **out,
                          mill_error *err) {
  return read_type(s, text, n, false, out, err);
}

mill_status mill_sql_schema(mill_session *s, const char *text, size_t n, const mill_type **out,
                            mill_error *err) {
  return read_type(s, text, n, true, out, err);
}
