/* Function calls and the functions with a syntax of their own: CAST, EXTRACT, TRIM, SUBSTRING,
** POSITION, OVERLAY, STRUCT, TIMESTAMPADD and TIMESTAMPDIFF. */
#include "sql/parser_int.h"

#include <ctype.h>
#include <stdio.h>

/* Does `kind` stand between the parenthesis at `p->at + 1` and its end, outside inner ones? FROM of
** IS DISTINCT FROM does not count. */
static int count_inside(const mill_parser *p, int kind) {
  int depth = 0, found = 0;
  for (int i = 1; mill_p_peek(p, i) != MILL_T_EOF; i++) {
    int k = mill_p_peek(p, i);
    if (k == MILL_T_LPAREN || k == MILL_T_LBRACKET) depth++;
    if ((k == MILL_T_RPAREN || k == MILL_T_RBRACKET) && --depth == 0) break;
    if (k == kind && depth == 1 && mill_p_peek(p, i - 1) != MILL_K_DISTINCT) found++;
  }
  return found;
}

static mill_expr *cast(mill_parser *p, int from, bool attempt) {
  p->at += 2;
  mill_expr *e = mill_p_expression(p);
  mill_p_expect(p, MILL_K_AS);
  const mill_type *t = mill_p_type(p);
  mill_p_expect(p, MILL_T_RPAREN);
  mill_expr *c = mill_p_call(p, from, NULL, 1, e);
  c->kind = MILL_X_CAST;
  c->target = t;
  c->mode = attempt ? MILL_CAST_TRY : p->rules.set.ansi ? MILL_CAST_ANSI : MILL_CAST_LEGACY;
  return c;
}

static mill_expr *structure(mill_parser *p, int from) {
  p->at += 2;
  mill_list args = {0};
  if (!mill_p_is(p, MILL_T_RPAREN)) mill_p_expr_list(p, &args, mill_p_named);
  mill_p_expect(p, MILL_T_RPAREN);
  mill_expr *e = mill_p_call(p, from, "struct", 0);
  mill_p_exprs(&args, &e->args, &e->nargs);
  return e;
}

static mill_expr *extract(mill_parser *p, int from) {
  p->at += 2;
  int at = p->at;
  const char *field = mill_p_name(p);
  mill_expr *f = mill_p_string_literal(p, at, field, strlen(field));
  mill_p_expect(p, MILL_K_FROM);
  mill_expr *source = mill_p_operand(p);
  mill_p_expect(p, MILL_T_RPAREN);
  return mill_p_call(p, from, "extract", 2, f, source);
}

static mill_expr *trim(mill_parser *p, int from) {
  p->at += 2;
  const char *name = "trim";
  int option = mill_p_peek(p, 0);
  if (option == MILL_K_BOTH || option == MILL_K_LEADING || option == MILL_K_TRAILING) {
    name = option == MILL_K_LEADING ? "ltrim" : option == MILL_K_TRAILING ? "rtrim" : "trim";
    p->at++;
  }
  mill_expr *what = mill_p_is(p, MILL_K_FROM) ? NULL : mill_p_operand(p);
  mill_p_expect(p, MILL_K_FROM);
  mill_expr *source = mill_p_operand(p);
  mill_p_expect(p, MILL_T_RPAREN);
  if (what == NULL) return mill_p_call(p, from, name, 1, source);
  return mill_p_call(p, from, name, 2, what, source);
}

static mill_expr *substring(mill_parser *p, int from) {
  p->at += 2;
  mill_expr *s = mill_p_operand(p);
  mill_p_expect(p, MILL_K_FROM);
  mill_expr *start = mill_p_operand(p);
  mill_expr *n =
      mill_p_accept(p, MILL_K_FOR) || mill_p_accept(p, MILL_T_COMMA) ? mill_p_operand(p) : NULL;
  mill_p_expect(p, MILL_T_RPAREN);
  return n ? mill_p_call(p, from, "substring", 3, s, start, n)
           : mill_p_call(p, from, "substring", 2, s, start);
}

static mill_expr *position(mill_parser *p, int from) {
  p->at += 2;
  mill_expr *what = mill_p_operand(p);
  mill_p_expect(p, MILL_K_IN);
  mill_expr *s = mill_p_operand(p);
  mill_p_expect(p, MILL_T_RPAREN);
  return mill_p_call(p, from, "locate", 3, what, s, mill_p_int_literal(p, from, 1));
}

static mill_expr *overlay(mill_parser *p, int from) {
  p->at += 2;
  mill_expr *s = mill_p_operand(p);
  mill_p_expect(p, MILL_K_PLACING);
  mill_expr *with = mill_p_operand(p);
  mill_p_expect(p, MILL_K_FROM);
  mill_expr *start = mill_p_operand(p);
  mill_expr *n = mill_p_accept(p, MILL_K_FOR) ? mill_p_operand(p) : NULL;
  mill_p_expect(p, MILL_T_RPAREN);
  return n ? mill_p_call(p, from, "overlay", 4, s, with, start, n)
           : mill_p_call(p, from, "overlay", 3, s, with, start);
}

static bool datetime_unit(int kind) {
  switch (kind) {
  case MILL_K_YEAR:
  case MILL_K_QUARTER:
  case MILL_K_MONTH:
  case MILL_K_WEEK:
  case MILL_K_DAY:
  case MILL_K_DAYOFYEAR:
  case MILL_K_HOUR:
  case MILL_K_MINUTE:
  case MILL_K_SECOND:
  case MILL_K_MILLISECOND:
  case MILL_K_MICROSECOND: return true;
  default: return false;
  }
}

/* name(UNIT, a, b) */
static mill_expr *with_unit(mill_parser *p, int from, const char *name) {
  const mill_token *called = &p->token[p->at];
  int at = p->at += 2;
  const mill_token *t = &p->token[p->at];
  bool string = mill_p_is_string(p, 0);
  const char *unit = mill_p_copy(p, p->text + t->start, (size_t)(t->stop - t->start));
  p->at++;
  if (string)
    mill_p_error(p, from, MILL_E_INVALID_PARAMETER_VALUE_DATETIME_UNIT, "functionName",
                 mill_error_fmt(p->err, "`%.*s`", (int)(called->stop - called->start),
                                p->text + called->start),
                 "parameter", "`unit`", "invalidValue", unit, NULL);
  mill_expr *u = mill_p_string_literal(p, at, unit, strlen(unit));
  mill_p_expect(p, MILL_T_COMMA);
  mill_expr *a = mill_p_operand(p);
  mill_p_expect(p, MILL_T_COMMA);
  mill_expr *b = mill_p_operand(p);
  mill_p_expect(p, MILL_T_RPAREN);
  return mill_p_call(p, from, name, 3, u, a, b);
}

static mill_expr *unit_function(mill_parser *p, int from, const char *name) {
  bool unit = datetime_unit(mill_p_peek(p, 2)) || mill_p_is_string(p, 2);
  if (!unit || mill_p_peek(p, 3) != MILL_T_COMMA || count_inside(p, MILL_T_COMMA) != 2) return NULL;
  return with_unit(p, from, name);
}

/* TIMESTAMPADD and TIMESTAMPDIFF are no functions: they have a unit. */
static mill_expr *only_with_unit(mill_parser *p, int from, const char *name) {
  mill_expr *e = unit_function(p, from, name);
  if (e || mill_p_peek(p, 3) != MILL_T_COMMA || !mill_p_is_name(p, 2)) return e;
  char *quoted = mill_p_alloc(p, strlen(name) + 3);
  if (quoted == NULL) return NULL;
  sprintf(quoted, "`%s`", name);
  mill_p_error(p, from, MILL_E_UNRESOLVED_ROUTINE, "routineName", quoted, "searchPath",
               "[`system`.`builtin`, `system`.`session`, `spark_catalog`.`default`]", NULL);
  int depth = 0;
  for (p->at++; mill_p_peek(p, 0) != MILL_T_EOF; p->at++) {
    depth += mill_p_is(p, MILL_T_LPAREN) - mill_p_is(p, MILL_T_RPAREN);
    if (depth == 0) break;
  }
  mill_p_expect(p, MILL_T_RPAREN);
  return mill_p_null_literal(p, from);
}

mill_expr *mill_p_special(mill_parser *p) {
  int from = p->at;
  switch (mill_p_peek(p, 0)) {
  case MILL_K_CAST:
  case MILL_K_TRY_CAST:
    if (count_inside(p, MILL_T_COMMA) && !count_inside(p, MILL_K_AS)) return NULL;
    return cast(p, from, mill_p_is(p, MILL_K_TRY_CAST));
  case MILL_K_STRUCT: return structure(p, from);
  case MILL_K_EXTRACT: return mill_p_peek(p, 3) == MILL_K_FROM ? extract(p, from) : NULL;
  case MILL_K_TRIM: return count_inside(p, MILL_K_FROM) ? trim(p, from) : NULL;
  case MILL_K_SUBSTR:
  case MILL_K_SUBSTRING: return count_inside(p, MILL_K_FROM) ? substring(p, from) : NULL;
  case MILL_K_POSITION:
    return count_inside(p, MILL_K_IN) && !count_inside(p, MILL_T_COMMA) ? position(p, from) : NULL;
  case MILL_K_OVERLAY: return count_inside(p, MILL_K_PLACING) ? overlay(p, from) : NULL;
  case MILL_K_TIMESTAMPADD: return only_with_unit(p, from, "timestampadd");
  case MILL_K_DATEADD:
  case MILL_K_DATE_ADD: return unit_function(p, from, "timestampadd");
  case MILL_K_TIMESTAMPDIFF: return only_with_unit(p, from, "timestampdiff");
  case MILL_K_DATEDIFF:
  case MILL_K_DATE_DIFF:
  case MILL_K_TIMEDIFF: return unit_function(p, from, "timestampdiff");
  default: return NULL;
  }
}

mill_expr *mill_p_argument(mill_parser *p) {
  int from = p->at;
  if (!mill_p_is_name(p, 0) || mill_p_peek(p, 1) != MILL_T_FAT_ARROW) return mill_p_expression(p);
  const char *name = mill_p_name(p);
  p->at++;
  mill_expr *e = mill_p_call(p, from, name, 1, mill_p_expression(p));
  e->kind = MILL_X_NAMED;
  return e;
}

static void quantifier(mill_parser *p, mill_expr *call) {
  int next = mill_p_peek(p, 1);
  if (next == MILL_T_RPAREN || next == MILL_T_COMMA) return;
  if (mill_p_accept(p, MILL_K_DISTINCT)) {
    call->distinct = true;
  } else if (mill_p_is(p, MILL_K_ALL) && next != MILL_T_DOT) {
    p->at++;
  }
}

/* With one of the two first_value and last_value are first and last, also by name. */
static bool nulls_option(mill_parser *p, mill_expr *call) {
  if (mill_p_accept2(p, MILL_K_IGNORE, MILL_K_NULLS))
    call->ignore_nulls = true;
  else if (!mill_p_accept2(p, MILL_K_RESPECT, MILL_K_NULLS))
    return false;
  if (call->nparts < 2 && strcasecmp(call->name, "first_value") == 0) call->name = "first";
  if (call->nparts < 2 && strcasecmp(call->name, "last_value") == 0) call->name = "last";
  return true;
}

static void arguments(mill_parser *p, int from, mill_expr *call) {
  mill_list args = {0};
  mill_p_expect(p, MILL_T_LPAREN);
  if (!mill_p_is(p, MILL_T_RPAREN)) {
    quantifier(p, call);
    mill_p_expr_list(p, &args, mill_p_argument);
    nulls_option(p, call);
  }
  mill_p_expect(p, MILL_T_RPAREN);
  mill_p_exprs(&args, &call->args, &call->nargs);
  const mill_expr *first = args.n == 1 ? args.item[0] : NULL;
  if (first && first->kind == MILL_X_STAR && first->nparts == 0 && first->nexcept == 0 &&
      strcasecmp(call->name, "count") == 0 && call->nparts == 0 && !call->distinct) {
    call->star = true;
    call->args[0] = mill_p_int_literal(p, from, 1);
  }
}

/* WITHIN GROUP (ORDER BY ..), FILTER (WHERE ..), IGNORE NULLS */
static void modifiers(mill_parser *p, mill_expr *call) {
  if (mill_p_is(p, MILL_K_WITHIN) && mill_p_peek(p, 1) == MILL_K_GROUP) {
    mill_list order = {0};
    p->at += 2;
    mill_p_expect(p, MILL_T_LPAREN);
    mill_p_expect(p, MILL_K_ORDER);
    mill_p_expect(p, MILL_K_BY);
    mill_p_expr_list(p, &order, mill_p_sort_item);
    mill_p_expect(p, MILL_T_RPAREN);
    mill_p_exprs(&order, &call->order, &call->norder);
  }
  if (mill_p_is(p, MILL_K_FILTER) && mill_p_peek(p, 1) == MILL_T_LPAREN &&
      mill_p_peek(p, 2) == MILL_K_WHERE) {
    p->at += 3;
    call->filter = mill_p_expression(p);
    mill_p_expect(p, MILL_T_RPAREN);
  }
  nulls_option(p, call);
}

/* The arguments behind the name that IDENTIFIER(..) computes. */
static void put_before(mill_parser *p, mill_expr *call, const mill_expr *first) {
  mill_list args = {0};
  mill_p_push(p, &args, first);
  for (int i = 0; i < call->nargs; i++) mill_p_push(p, &args, call->args[i]);
  mill_p_exprs(&args, &call->args, &call->nargs);
}

mill_expr *mill_p_function(mill_parser *p) {
  int from = p->at;
  mill_list parts = {0};
  const mill_expr *computed = NULL;
  if (mill_p_identifier_call(p, 0)) {
    p->at += 2;
    computed = mill_p_expression(p);
    mill_p_expect(p, MILL_T_RPAREN);
  } else {
    do mill_p_push(p, &parts, mill_p_name(p));
    while (mill_p_accept(p, MILL_T_DOT));
  }
  mill_expr *call = mill_p_call(p, from, parts.n ? parts.item[parts.n - 1] : "", 0);
  if (parts.n > 1) mill_p_names(&parts, &call->parts, &call->nparts);
  arguments(p, from, call);
  if (computed) put_before(p, call, computed);
  modifiers(p, call);
  if (p->at > from) call->stop = p->token[p->at - 1].stop;
  return mill_p_over(p, from, call);
}
