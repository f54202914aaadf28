/* INTERVAL :n DAY: Spark puts the values of parameters into the text as literals, so an interval with
** parameters is parsed once more when they are known. The parser (sql/interval.c) leaves a call of its
** pieces: texts and parameters by turns. */
#include <string.h>

#include "plan/plan_int.h"

/* A text as a literal of SQL. */
static const char *as_literal(mill_planner *w, const mill_str *s) {
  const char *from = mill_str_data(s);
  char *text = mill_w_alloc(w, (size_t)s->size * 2 + 3), *to = text;
  if (text == NULL) return NULL;
  *to++ = '\'';
  for (uint32_t i = 0; i < s->size; i++) {
    if (from[i] == '\'' || from[i] == '\\') *to++ = '\\';
    *to++ = from[i];
  }
  *to++ = '\'';
  *to = '\0';
  return text;
}

/* What a piece adds to the text; NULL: not known. */
static const char *piece(mill_planner *w, const mill_scope *s, const mill_expr *e) {
  bool parameter = e->kind == MILL_X_PARAMETER;
  const mill_expr *value = mill_resolve(w, s, e);
  if (value == NULL) return NULL;
  if (value->type->id != MILL_STRING || !value->value || !mill_vector_valid(value->value, 0))
    return mill_w_sql(w, value);
  const mill_str *text = value->value->data;
  return parameter ? as_literal(w, text) : mill_w_copy(w, mill_str_data(text), text->size);
}

const mill_expr *mill_resolve_interval(mill_planner *w, const mill_scope *s, const mill_expr *e) {
  const char *text = "";
  for (int i = 0; text && i < e->nargs; i++) {
    const char *part = piece(w, s, e->args[i]);
    text = part ? mill_w_printf(w, "%s %s", text, part) : NULL;
  }
  const mill_expr *parsed = text ? mill_w_parse(w, text, strlen(text)) : NULL;
  return parsed ? mill_resolve(w, s, parsed) : NULL;
}
