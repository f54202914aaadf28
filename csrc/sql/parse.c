/* The parser's entries: see parse.h. */
#include "sql/parse.h"

#include <string.h>

#include "sql/parser_int.h"

static bool is_true(const mill_session *s, const char *key) {
  const char *v = mill_session_get(s, key);
  return v != NULL && strcmp(v, "true") == 0;
}

static mill_status read_rules(mill_session *s, mill_sql_rules *out, mill_error *err) {
  *out = (mill_sql_rules){.ctx = mill_session_context(s)};
  MILL_TRY(mill_session_settings(s, &out->set, err));
  bool ansi = out->set.ansi;
  out->reserved = ansi && is_true(s, "spark.sql.ansi.enforceReservedKeywords");
  out->quoted_identifiers = ansi && is_true(s, "spark.sql.ansi.doubleQuotedIdentifiers");
  out->pipes = is_true(s, "spark.sql.parser.singleCharacterPipeOperator.enabled");
  const char *timestamp = mill_session_get(s, "spark.sql.timestampType");
  out->ntz = timestamp != NULL && strcmp(timestamp, "TIMESTAMP_NTZ") == 0;
  return MILL_OK;
}

static mill_status begin(mill_parser *p, mill_session *s, mill_arena *a, const char *text, size_t n,
                         mill_error *err) {
  mill_sql_rules rules;
  MILL_TRY(read_rules(s, &rules, err));
  return mill_p_begin(p, &rules, a, text, n, err);
}

static bool is_blank(const char *text, size_t n) {
  size_t k = 0;
  while (k < n && text[k] && strchr(" \t\r\n", text[k])) k++;
  return k == n;
}

static mill_status statement(mill_plan *plan, const char *text, size_t n, mill_error *err) {
  mill_parser p;
  MILL_TRY(begin(&p, plan->session, &plan->arena, text, n, err));
  p.rules.set.once = &plan->once;
  if (p.ntokens == 1) { /* the end alone; behind a comment it is where a statement is missing */
    if (!is_blank(text, n)) mill_p_syntax(&p);
    MILL_TRY(mill_p_end(&p));
    return mill_fail(err, MILL_E_PARSE_EMPTY_STATEMENT, NULL);
  }
  mill_node *root = mill_p_statement(&p);
  MILL_TRY(mill_p_end(&p));
  plan->root = root;
  plan->positional = p.parameters > 0;
  plan->named = p.named;
  if (plan->positional && plan->named)
    return mill_fail(err, MILL_E_INVALID_QUERY_MIXED_QUERY_PARAMETERS, NULL);
  return MILL_OK;
}

mill_status mill_sql_parse(mill_plan *plan, const char *text, size_t n, mill_error *err) {
  mill_watch watch;
  mill_session_watch(plan->session, &watch);
  mill_status s = statement(plan, text, n, err);
  mill_watch_end(&watch);
  return s;
}

static mill_status expression(mill_session *s, const char *text, size_t n, mill_arena *a,
                              const mill_expr **out, mill_error *err) {
  mill_parser p;
  if (is_blank(text, n)) return mill_fail(err, MILL_E_PARSE_EMPTY_STATEMENT, NULL);
  MILL_TRY(begin(&p, s, a, text, n, err));
  *out = mill_p_named(&p);
  return mill_p_end(&p);
}

mill_status mill_sql_expr(mill_session *s, const char *text, size_t n, mill_arena *a,
                          const mill_expr **out, mill_error *err) {
  mill_watch watch;
  mill_session_watch(s, &watch);
  mill_status status = expression(s, text, n, a, out, err);
  mill_watch_end(&watch);
  return status;
}

/* The copy of the text goes with the arena, so an error keeps its range only; the caller has the
** text. */
static mill_status parse_type(mill_session *s, const char *text, size_t n,
                              const mill_type *(*rule)(mill_parser *), const mill_type **out,
                              mill_error *err) {
  mill_arena arena;
  mill_parser p;
  mill_watch watch;
  mill_arena_init(&arena, mill_session_memory(s));
  mill_session_watch(s, &watch);
  mill_status status = begin(&p, s, &arena, text, n, err);
  if (status == MILL_OK) {
    *out = rule(&p);
    status = mill_p_end(&p);
  }
  mill_watch_end(&watch);
  if (err) err->query = NULL;
  mill_arena_clear(&arena);
  return status;
}

mill_status mill_sql_type(mill_session *s, const char *text, size_t n, const mill_type **out,
                          mill_error *err) {
  return parse_type(s, text, n, mill_p_type, out, err);
}

/* "struct<a: int>" is a schema too. */
static const mill_type *schema(mill_parser *p) {
  bool nested = mill_p_word(p, 0, "struct") && mill_p_peek(p, 1) == MILL_T_LT;
  return nested ? mill_p_type(p) : mill_p_columns(p);
}

mill_status mill_sql_schema(mill_session *s, const char *text, size_t n, const mill_type **out,
                            mill_error *err) {
  return parse_type(s, text, n, schema, out, err);
}
