/* CREATE FUNCTION with a body in SQL, and DROP FUNCTION. */
#include "plan/routine.h"

#include "sql/parser_int.h"

static bool if_clause(mill_parser *p, bool negated) {
  int at = negated ? 2 : 1;
  if (!mill_p_is(p, MILL_K_IF) || mill_p_peek(p, at) != MILL_K_EXISTS) return false;
  if (negated && mill_p_peek(p, 1) != MILL_K_NOT) return false;
  p->at += at + 1;
  return true;
}

static void name(mill_parser *p, mill_node *n) {
  n->child = mill_p_children(p, mill_p_relation_name(p), NULL);
  n->nchildren = 1;
}

/* ---- parameters and columns ------------------------------------------------------------------- */

static void preset(mill_parser *p, mill_routine_field *f) {
  int from = p->at;
  f->preset = mill_p_expression(p);
  f->preset_text = p->failed ? "" : mill_p_fragment(p, from);
}

/* name TYPE [DEFAULT expression] [COMMENT 'x'] */
static void field(mill_parser *p, mill_routine_field *f, bool parameter) {
  int from = p->at;
  bool not_null = false;
  f->name = mill_p_checked_name(p);
  f->type = mill_p_type(p);
  for (bool more = true; more && !p->failed;) {
    if (mill_p_accept(p, MILL_K_COMMENT)) {
      f->comment = mill_p_string(p, NULL);
    } else if (parameter && mill_p_accept(p, MILL_K_DEFAULT)) {
      preset(p, f);
    } else if (mill_p_accept2(p, MILL_K_NOT, MILL_K_NULL)) {
      not_null = true;
    } else {
      more = false;
    }
  }
  if (not_null && parameter)
    mill_p_error(p, from, MILL_E_UDF_NOT_NULL_ON_FUNCTION_PARAMETERS, "input",
                 mill_p_fragment(p, from), NULL);
}

/* (fields) */
static const mill_routine_field *fields(mill_parser *p, bool parameters, int *n) {
  mill_routine_field *all = NULL;
  int capacity = 0;
  *n = 0;
  mill_p_expect(p, MILL_T_LPAREN);
  if (parameters && mill_p_accept(p, MILL_T_RPAREN)) return NULL;
  do {
    if (*n == capacity) {
      capacity = capacity ? 2 * capacity : 4;
      mill_routine_field *more = mill_p_alloc(p, (size_t)capacity * sizeof *more);
      if (more == NULL) return all;
      if (*n) memcpy(more, all, (size_t)*n * sizeof *more);
      all = more;
    }
    field(p, &all[(*n)++], parameters);
  } while (mill_p_accept(p, MILL_T_COMMA));
  mill_p_expect(p, MILL_T_RPAREN);
  return all;
}

static void returns(mill_parser *p, mill_routine *r) {
  if (!mill_p_accept(p, MILL_K_RETURNS)) return;
  if (!mill_p_accept(p, MILL_K_TABLE)) {
    r->returns = mill_p_type(p);
    return;
  }
  r->table = true;
  if (mill_p_is(p, MILL_T_LPAREN)) r->columns = fields(p, false, &r->ncolumns);
}

/* ---- characteristics -------------------------------------------------------------------------- */

enum { LANGUAGE = 1, DETERMINISTIC = 2, ACCESS = 4, COMMENTED = 8, SECURITY = 16, NULLS = 32 };

static void once(mill_parser *p, int from, unsigned *seen, unsigned what, const char *clause) {
  if (*seen & what) mill_p_error(p, from, MILL_E_DUPLICATE_CLAUSES, "clauseName", clause, NULL);
  *seen |= what;
}

static void refuse(mill_parser *p, int from, const char *message) {
  mill_p_error(p, from, MILL_E_LEGACY_0035, "message", message, NULL);
}

static void language(mill_parser *p, int from) {
  if (mill_p_accept(p, MILL_K_SQL)) return;
  const char *words = "Unsupported language for user defined functions: ";
  const char *other = mill_p_name(p);
  char *message = mill_p_alloc(p, strlen(words) + strlen(other) + 1);
  if (message == NULL) return;
  strcpy(message, words);
  strcat(message, other);
  refuse(p, from, message);
}

/* One clause between RETURNS and RETURN; false: none stands here. */
static bool characteristic(mill_parser *p, mill_routine *r, unsigned *seen) {
  int from = p->at;
  if (mill_p_accept(p, MILL_K_LANGUAGE)) {
    once(p, from, seen, LANGUAGE, "LANGUAGE");
    language(p, from);
  } else if (mill_p_accept(p, MILL_K_DETERMINISTIC)) {
    once(p, from, seen, DETERMINISTIC, "DETERMINISTIC");
  } else if (mill_p_accept2(p, MILL_K_NOT, MILL_K_DETERMINISTIC)) {
    once(p, from, seen, DETERMINISTIC, "DETERMINISTIC");
    r->not_deterministic = true;
  } else if (mill_p_accept2(p, MILL_K_CONTAINS, MILL_K_SQL)) {
    once(p, from, seen, ACCESS, "SQL DATA ACCESS");
    r->access = "CONTAINS SQL";
  } else if (mill_p_accept2(p, MILL_K_READS, MILL_K_SQL)) {
    mill_p_expect(p, MILL_K_DATA);
    once(p, from, seen, ACCESS, "SQL DATA ACCESS");
    r->access = "READS SQL DATA";
  } else if (mill_p_accept2(p, MILL_K_MODIFIES, MILL_K_SQL)) {
    mill_p_expect(p, MILL_K_DATA);
    refuse(p, from, "SQL function with MODIFIES SQL DATA is not supported");
  } else if (mill_p_accept2(p, MILL_K_SQL, MILL_K_SECURITY)) {
    once(p, from, seen, SECURITY, "SQL SECURITY RIGHTS");
    if (!mill_p_accept(p, MILL_K_DEFINER)) {
      mill_p_expect(p, MILL_K_INVOKER);
      refuse(p, from, "SQL function with SQL SECURITY INVOKER is not supported");
    }
  } else if (mill_p_accept(p, MILL_K_COMMENT)) {
    once(p, from, seen, COMMENTED, "COMMENT");
    r->comment = mill_p_string(p, NULL);
  } else {
    return false;
  }
  return true;
}

/* ---- statements ------------------------------------------------------------------------------- */

static void body(mill_parser *p, mill_routine *r) {
  int from = p->at;
  if (mill_p_query_ahead(p, 0)) {
    mill_node *query = mill_p_query(p);
    mill_expr *e = mill_p_expr(p, MILL_X_SCALAR_QUERY, from);
    e->query = query;
    r->body = e;
  } else {
    r->body = mill_p_expression(p);
  }
  r->query = r->body->kind == MILL_X_SCALAR_QUERY;
  r->body_text = p->failed ? "" : mill_p_fragment(p, from);
}

static void check(mill_parser *p, int from, const mill_node *n) {
  if (n->replace && n->if_exists)
    mill_p_error(p, from, MILL_E_INVALID_SQL_SYNTAX_CREATE_ROUTINE_WITH_IF_NOT_EXISTS_AND_REPLACE,
                 NULL);
  if (n->temporary && n->if_exists)
    mill_p_error(p, from, MILL_E_INVALID_SQL_SYNTAX_CREATE_TEMP_FUNC_WITH_IF_NOT_EXISTS, NULL);
}

mill_node *mill_p_create_function(mill_parser *p) {
  int from = p->at++;
  unsigned seen = 0;
  mill_node *n = mill_p_node(p, MILL_N_CREATE_FUNCTION, from);
  mill_routine *r = mill_p_alloc(p, sizeof *r);
  if (r == NULL) return n;
  n->replace = mill_p_accept2(p, MILL_K_OR, MILL_K_REPLACE);
  n->temporary = mill_p_accept(p, MILL_K_TEMPORARY) || mill_p_accept(p, MILL_K_TEMP);
  mill_p_expect(p, MILL_K_FUNCTION);
  n->if_exists = if_clause(p, true);
  name(p, n);
  if (mill_p_is(p, MILL_K_AS) && mill_p_is_string(p, 1)) return mill_p_unsupported(p, from);
  r->parameters = fields(p, true, &r->nparameters);
  returns(p, r);
  while (!p->failed && characteristic(p, r, &seen)) {
  }
  mill_p_expect(p, MILL_K_RETURN);
  body(p, r);
  r->text = p->failed ? "" : mill_p_fragment(p, from);
  n->routine = r;
  n->stop = p->token[p->at > from ? p->at - 1 : from].stop;
  check(p, from, n);
  return n;
}

mill_node *mill_p_drop_function(mill_parser *p) {
  int from = p->at++;
  mill_node *n = mill_p_node(p, MILL_N_DROP_FUNCTION, from);
  n->temporary = mill_p_accept(p, MILL_K_TEMPORARY) || mill_p_accept(p, MILL_K_TEMP);
  mill_p_expect(p, MILL_K_FUNCTION);
  n->if_exists = if_clause(p, false);
  name(p, n);
  return n;
}
