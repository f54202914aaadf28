/* Scripts: BEGIN .. END with what may stand in it (SqlBaseParser.g4, compoundStatement).
**
** Labels, the order of declarations and the conditions of handlers are checked here, as Spark does while
** it parses. `p->block` is the innermost block or loop, for labels and conditions around. */
#include "plan/script.h"

#include <ctype.h>

#include "sql/parser_int.h"

/* What is declared so far in a block, or the label of a loop. */
typedef struct mill_block {
  struct mill_block *outer;
  const char *label;
  bool loop, variable; /* variable: the label is that of FOR x */
  mill_list conditions, handlers;
  bool begun, handled; /* a statement, a handler was seen */
  bool plain;          /* what IF, a loop or a handler holds: nothing is declared there */
} mill_block;

static mill_statement *statement(mill_parser *p);

static mill_statement *made(mill_parser *p, mill_statement_kind kind, int from) {
  static mill_statement dead;
  mill_statement *s = mill_p_alloc(p, sizeof *s);
  if (s == NULL) return &dead;
  s->kind = kind;
  s->text = p->text;
  s->start = p->token[from].start;
  s->stop = p->token[p->at > from ? p->at - 1 : from].stop;
  return s;
}

static void set_parts(const mill_list *l, mill_statement *s) {
  s->parts = (const mill_statement *const *)l->item;
  s->nparts = l->n;
}

static const char *capitals(mill_parser *p, const char *s) {
  char *q = mill_p_alloc(p, strlen(s) + 1);
  for (size_t i = 0; q && s[i]; i++) q[i] = (char)toupper((unsigned char)s[i]);
  return q ? q : "";
}

static const char *small(mill_parser *p, const char *s) {
  char *q = mill_p_alloc(p, strlen(s) + 1);
  for (size_t i = 0; q && s[i]; i++) q[i] = (char)tolower((unsigned char)s[i]);
  return q ? q : "";
}

/* ---- labels ---------------------------------------------------------------------------------- */

static const mill_block *labelled(const mill_parser *p, const char *label) {
  for (const mill_block *b = p->block; b; b = b->outer)
    if (b->label && strcasecmp(b->label, label) == 0) return b;
  return NULL;
}

static void check_label(mill_parser *p, int from, const char *label) {
  static const char *const forbidden[] = {"builtin", "session", "system", "information_schema",
                                          NULL};
  for (int i = 0; forbidden[i]; i++)
    if (strcasecmp(forbidden[i], label) == 0)
      mill_p_error(p, from, MILL_E_LABEL_OR_FOR_VARIABLE_NAME_FORBIDDEN, "label",
                   mill_p_quoted(p, label, '`'), NULL);
  if (labelled(p, label))
    mill_p_error(p, from, MILL_E_LABEL_OR_FOR_VARIABLE_ALREADY_EXISTS, "label",
                 mill_p_quoted(p, label, '`'), NULL);
}

/* name: */
static const char *begin_label(mill_parser *p) {
  int from = p->at;
  if (!mill_p_is_name(p, 0) || mill_p_peek(p, 1) != MILL_T_COLON) return NULL;
  const char *label = small(p, mill_p_name(p));
  p->at++;
  check_label(p, from, label);
  return label;
}

static void end_label(mill_parser *p, const char *label) {
  int from = p->at;
  if (!mill_p_is_name(p, 0)) return;
  const char *end = small(p, mill_p_name(p));
  if (label == NULL) {
    mill_p_error(p, from, MILL_E_END_LABEL_WITHOUT_BEGIN_LABEL, "endLabel",
                 mill_p_quoted(p, end, '`'), NULL);
  } else if (strcmp(label, end) != 0) {
    mill_p_error(p, from, MILL_E_LABELS_MISMATCH, "beginLabel", mill_p_quoted(p, label, '`'),
                 "endLabel", mill_p_quoted(p, end, '`'), NULL);
  }
}

static mill_statement *jump(mill_parser *p, bool iterate) {
  int from = p->at++;
  const char *label = mill_p_name(p);
  mill_statement *s = made(p, iterate ? MILL_S_ITERATE : MILL_S_LEAVE, from);
  const mill_block *b = p->failed ? NULL : labelled(p, label);
  s->label = b ? b->label : label;
  if (b == NULL || b->variable)
    mill_p_error(p, from, MILL_E_INVALID_LABEL_USAGE_DOES_NOT_EXIST, "labelName",
                 capitals(p, label), "statementType", iterate ? "ITERATE" : "LEAVE", NULL);
  else if (iterate && !b->loop)
    mill_p_error(p, from, MILL_E_INVALID_LABEL_USAGE_ITERATE_IN_COMPOUND, "labelName",
                 capitals(p, label), NULL);
  return s;
}

/* ---- lists of statements ---------------------------------------------------------------------- */

static bool ends_list(const mill_parser *p) {
  int kind = mill_p_peek(p, 0);
  return p->failed || kind == MILL_T_EOF || kind == MILL_K_END || kind == MILL_K_ELSE ||
         kind == MILL_K_ELSEIF || kind == MILL_K_UNTIL || kind == MILL_K_WHEN;
}

/* The statements up to what ends them; at least one. A declaration has no place here. */
static mill_statement *list(mill_parser *p) {
  mill_block *around = p->block, own = {.outer = around, .begun = true, .plain = true};
  mill_list parts = {0};
  int from = p->at;
  p->block = &own;
  do {
    mill_p_push(p, &parts, statement(p));
    mill_p_expect(p, MILL_T_SEMICOLON);
  } while (!ends_list(p));
  p->block = around;
  mill_statement *s = made(p, MILL_S_LIST, from);
  set_parts(&parts, s);
  return s;
}

/* ---- declarations ----------------------------------------------------------------------------- */

static bool good_state(const char *s) {
  size_t n = strlen(s);
  for (size_t i = 0; i < n; i++)
    if (!isdigit((unsigned char)s[i]) && !(s[i] >= 'A' && s[i] <= 'Z')) return false;
  return n == 5 && strncmp(s, "00", 2) != 0 && strncmp(s, "01", 2) != 0 && strncmp(s, "XX", 2) != 0;
}

/* SQLSTATE [VALUE] '22012' */
static const char *sql_state(mill_parser *p) {
  int from = p->at;
  mill_p_expect(p, MILL_K_SQLSTATE);
  mill_p_accept(p, MILL_K_VALUE);
  if (!mill_p_is_string(p, 0)) {
    mill_p_syntax(p);
    return "";
  }
  const char *state = capitals(p, mill_p_string(p, NULL));
  if (!good_state(state)) mill_p_error(p, from, MILL_E_INVALID_SQLSTATE, "sqlState", state, NULL);
  return state;
}

static bool has(const mill_list *l, const char *name) {
  for (int i = 0; i < l->n; i++)
    if (strcmp(l->item[i], name) == 0) return true;
  return false;
}

/* name CONDITION [FOR SQLSTATE '45000'] */
static void declare_condition(mill_parser *p, int from) {
  mill_block *b = p->block;
  const char *name = capitals(p, mill_p_name(p));
  p->at++;
  if (mill_p_accept(p, MILL_K_FOR)) sql_state(p);
  if (b->begun || b->handled)
    mill_p_error(p, from, MILL_E_INVALID_ERROR_CONDITION_DECLARATION_NOT_AT_START, "conditionName",
                 mill_p_quoted(p, name, '`'), NULL);
  for (const mill_block *o = b; o; o = o->outer)
    if (has(&o->conditions, name))
      mill_p_error(p, from, MILL_E_DUPLICATE_CONDITION_IN_SCOPE, "condition",
                   mill_p_quoted(p, name, '`'), NULL);
  mill_p_push(p, &b->conditions, name);
}

/* Is there an error of that name, or of that main name, or a declared condition? */
static bool known_condition(const mill_parser *p, const char *name) {
  size_t n = strlen(name);
  for (const mill_block *b = p->block; b; b = b->outer)
    if (has(&b->conditions, name)) return true;
  if (strcmp(name, "NOT_FOUND") == 0) return true;
  for (int i = 1; i < MILL_CONDITION_COUNT; i++) {
    const char *known = mill_condition_name((mill_status)i);
    if (strncmp(known, name, n) == 0 && (known[n] == '\0' || known[n] == '.')) return true;
  }
  return false;
}

static void handler_condition(mill_parser *p, mill_handler *h, mill_list *names,
                              mill_list *states) {
  int from = p->at;
  if (mill_p_is(p, MILL_K_SQLSTATE)) {
    const char *state = sql_state(p);
    if (has(states, state))
      mill_p_error(p, from, MILL_E_INVALID_HANDLER_DECLARATION_DUPLICATE_SQLSTATE, "sqlState",
                   mill_p_quoted(p, state, '\''), NULL);
    mill_p_push(p, states, state);
    return;
  }
  const char *name;
  if (mill_p_accept(p, MILL_K_SQLEXCEPTION)) {
    name = "SQLEXCEPTION";
    h->exception = true;
  } else if (mill_p_accept2(p, MILL_K_NOT, MILL_K_FOUND)) {
    name = "NOT FOUND";
    h->not_found = true;
  } else {
    mill_list parts = {0};
    mill_p_parts(p, &parts);
    name = capitals(p, mill_p_dotted(p, &parts));
    if (!p->failed && !known_condition(p, name))
      mill_p_error(p, from, MILL_E_INVALID_HANDLER_DECLARATION_CONDITION_NOT_FOUND, "condition",
                   name, NULL);
  }
  if (has(names, name))
    mill_p_error(p, from, MILL_E_INVALID_HANDLER_DECLARATION_DUPLICATE_CONDITION, "condition",
                 mill_p_quoted(p, name, '`'), NULL);
  mill_p_push(p, names, name);
}

/* Handlers of one block must not want the same. */
static void check_handlers(mill_parser *p, int from, const mill_handler *h) {
  const mill_block *b = p->block;
  for (int i = 0; i < b->handlers.n; i++) {
    const mill_handler *o = b->handlers.item[i];
    mill_list names = {(void **)o->conditions, o->nconditions, 0};
    mill_list states = {(void **)o->states, o->nstates, 0};
    for (int k = 0; k < h->nconditions; k++)
      if (has(&names, h->conditions[k]))
        mill_p_error(p, from, MILL_E_DUPLICATE_EXCEPTION_HANDLER_CONDITION, "condition",
                     mill_p_quoted(p, h->conditions[k], '`'), NULL);
    for (int k = 0; k < h->nstates; k++)
      if (has(&states, h->states[k]))
        mill_p_error(p, from, MILL_E_DUPLICATE_EXCEPTION_HANDLER_SQLSTATE, "sqlState",
                     mill_p_quoted(p, h->states[k], '\''), NULL);
  }
}

/* A handler's statement: a block, or one of SQL. */
static mill_statement *handler_body(mill_parser *p) {
  switch (mill_p_peek(p, 0)) {
  case MILL_K_IF:
  case MILL_K_CASE:
  case MILL_K_WHILE:
  case MILL_K_LOOP:
  case MILL_K_REPEAT:
  case MILL_K_FOR:
  case MILL_K_LEAVE:
  case MILL_K_ITERATE: p->at++; mill_p_syntax(p);
  }
  return statement(p);
}

/* {EXIT | CONTINUE} HANDLER FOR conditions statement */
static void declare_handler(mill_parser *p, int from) {
  mill_list names = {0}, states = {0};
  mill_block *b = p->block;
  mill_handler *h = mill_p_alloc(p, sizeof *h);
  if (h == NULL) return;
  bool goes_on = mill_p_is(p, MILL_K_CONTINUE);
  p->at += 2;
  mill_p_expect(p, MILL_K_FOR);
  do handler_condition(p, h, &names, &states);
  while (mill_p_accept(p, MILL_T_COMMA));
  if (goes_on) mill_p_error(p, from, MILL_E_UNSUPPORTED_FEATURE_CONTINUE_EXCEPTION_HANDLER, NULL);
  int generals = h->exception + h->not_found;
  if (generals && names.n + states.n > generals)
    mill_p_error(p, from, MILL_E_INVALID_HANDLER_DECLARATION_COMBINATION, NULL);
  if (b->begun) mill_p_error(p, from, MILL_E_INVALID_HANDLER_DECLARATION_WRONG_PLACE, NULL);
  h->conditions = (const char *const *)names.item, h->nconditions = names.n;
  h->states = (const char *const *)states.item, h->nstates = states.n;
  check_handlers(p, from, h);
  mill_block *around = p->block, own = {.outer = around, .begun = true, .plain = true};
  p->block = &own;
  h->body = handler_body(p);
  p->block = around;
  b->handled = true;
  mill_p_push(p, &b->handlers, h);
}

static bool cursor_ahead(const mill_parser *p) {
  int kind = mill_p_peek(p, 0), next = mill_p_peek(p, 1);
  if (kind == MILL_K_OPEN || kind == MILL_K_CLOSE || kind == MILL_K_FETCH)
    return mill_p_is_name(p, 1) || next == MILL_K_FROM;
  if (kind != MILL_K_DECLARE || !mill_p_is_name(p, 1)) return false;
  int third = mill_p_peek(p, 2);
  return third == MILL_K_CURSOR || ((third == MILL_K_INSENSITIVE || third == MILL_K_ASENSITIVE) &&
                                    mill_p_peek(p, 3) == MILL_K_CURSOR);
}

/* Spark 4.3 knows cursors and refuses them. */
static mill_statement *cursor(mill_parser *p) {
  int from = p->at;
  while (mill_p_peek(p, 0) != MILL_T_EOF && mill_p_peek(p, 0) != MILL_T_SEMICOLON) p->at++;
  mill_p_error(p, from, MILL_E_UNSUPPORTED_FEATURE_SQL_CURSOR, NULL);
  return made(p, MILL_S_LIST, from);
}

/* A variable stands before all but other variables and conditions of its block. */
static mill_statement *declare_variable(mill_parser *p, int from) {
  const mill_block *b = p->block;
  mill_node *n = mill_p_declare(p);
  mill_statement *s = made(p, MILL_S_RUN, from);
  s->run = n;
  const mill_node *first = n->nchildren ? n->child[0] : NULL;
  const char *name = first && first->nparts ? first->parts[first->nparts - 1] : "";
  const char *quoted = mill_p_quoted(p, name, '`');
  if (b->begun || b->handled)
    mill_p_error(p, from,
                 b->plain ? MILL_E_INVALID_VARIABLE_DECLARATION_NOT_ALLOWED_IN_SCOPE
                          : MILL_E_INVALID_VARIABLE_DECLARATION_ONLY_AT_BEGINNING,
                 "varName", quoted, NULL);
  if (n->replace)
    mill_p_error(p, from, MILL_E_INVALID_VARIABLE_DECLARATION_REPLACE_LOCAL_VARIABLE, "varName",
                 quoted, NULL);
  return s;
}

/* ---- blocks ----------------------------------------------------------------------------------- */

/* A declaration that is no statement to run is consumed here. */
static bool declaration(mill_parser *p) {
  int from = p->at, next = mill_p_peek(p, 1);
  if (!mill_p_is(p, MILL_K_DECLARE)) return false;
  bool handler =
      (next == MILL_K_EXIT || next == MILL_K_CONTINUE) && mill_p_peek(p, 2) == MILL_K_HANDLER;
  bool condition = mill_p_is_name(p, 1) && mill_p_peek(p, 2) == MILL_K_CONDITION;
  if (!handler && !condition) return false;
  p->at++;
  if (handler) {
    declare_handler(p, from);
  } else {
    declare_condition(p, from);
  }
  return true;
}

static mill_statement *block(mill_parser *p, const char *label, int from) {
  mill_block *around = p->block, own = {.outer = around, .label = label};
  mill_list parts = {0};
  if (!mill_p_enter(p)) return made(p, MILL_S_BLOCK, from);
  p->at++;
  if (mill_p_accept(p, MILL_K_NOT)) mill_p_expect(p, MILL_K_ATOMIC);
  p->block = &own;
  while (!ends_list(p)) {
    if (!declaration(p)) {
      bool variable = mill_p_is(p, MILL_K_DECLARE) && !cursor_ahead(p);
      mill_p_push(p, &parts, statement(p));
      own.begun |= !variable;
    }
    mill_p_expect(p, MILL_T_SEMICOLON);
  }
  mill_p_expect(p, MILL_K_END);
  p->block = around;
  mill_p_leave(p);
  mill_statement *s = made(p, MILL_S_BLOCK, from);
  set_parts(&parts, s);
  s->label = label;
  s->handlers = (const mill_handler *const *)own.handlers.item;
  s->nhandlers = own.handlers.n;
  return s;
}

/* ---- control ---------------------------------------------------------------------------------- */

static void set_conditions(const mill_list *l, mill_statement *s) {
  s->conditions = (const mill_expr *const *)l->item;
  s->nconditions = l->n;
}

static mill_statement *if_else(mill_parser *p) {
  int from = p->at;
  mill_list conditions = {0}, parts = {0};
  do {
    p->at++;
    mill_p_push(p, &conditions, mill_p_expression(p));
    mill_p_expect(p, MILL_K_THEN);
    mill_p_push(p, &parts, list(p));
  } while (mill_p_is(p, MILL_K_ELSEIF));
  if (mill_p_accept(p, MILL_K_ELSE)) mill_p_push(p, &parts, list(p));
  mill_p_expect(p, MILL_K_END);
  mill_p_expect(p, MILL_K_IF);
  mill_statement *s = made(p, MILL_S_IF, from);
  set_conditions(&conditions, s);
  set_parts(&parts, s);
  return s;
}

static mill_statement *cases(mill_parser *p) {
  int from = p->at++;
  mill_list conditions = {0}, parts = {0};
  const mill_expr *value = mill_p_is(p, MILL_K_WHEN) ? NULL : mill_p_expression(p);
  do {
    mill_p_expect(p, MILL_K_WHEN);
    mill_p_push(p, &conditions, mill_p_expression(p));
    mill_p_expect(p, MILL_K_THEN);
    mill_p_push(p, &parts, list(p));
  } while (mill_p_is(p, MILL_K_WHEN));
  if (mill_p_accept(p, MILL_K_ELSE)) mill_p_push(p, &parts, list(p));
  mill_p_expect(p, MILL_K_END);
  mill_p_expect(p, MILL_K_CASE);
  mill_statement *s = made(p, value ? MILL_S_CASE : MILL_S_IF, from);
  s->value = value;
  set_conditions(&conditions, s);
  set_parts(&parts, s);
  return s;
}

/* The body of a loop, in which its label is known. */
static void body(mill_parser *p, const char *label, mill_list *parts) {
  mill_block *around = p->block, own = {.outer = around, .label = label, .loop = true};
  p->block = &own;
  mill_p_push(p, parts, list(p));
  p->block = around;
}

static mill_statement *loop_of(mill_parser *p, mill_statement_kind kind, int word,
                               const char *label, int from) {
  mill_list conditions = {0}, parts = {0};
  p->at++;
  if (kind == MILL_S_WHILE) {
    mill_p_push(p, &conditions, mill_p_expression(p));
    mill_p_expect(p, MILL_K_DO);
  }
  body(p, label, &parts);
  if (kind == MILL_S_REPEAT) {
    mill_p_expect(p, MILL_K_UNTIL);
    mill_p_push(p, &conditions, mill_p_expression(p));
  }
  mill_p_expect(p, MILL_K_END);
  mill_p_expect(p, word);
  mill_statement *s = made(p, kind, from);
  s->label = label;
  set_conditions(&conditions, s);
  set_parts(&parts, s);
  return s;
}

static mill_statement *for_rows(mill_parser *p, const char *label, int from) {
  mill_list parts = {0};
  const char *name = NULL;
  mill_block *around = p->block, labels = {.outer = around, .label = label, .loop = true};
  p->at++;
  if (label) p->block = &labels;
  if (mill_p_is_name(p, 0) && mill_p_peek(p, 1) == MILL_K_AS) {
    int at = p->at;
    name = small(p, mill_p_name(p));
    p->at++;
    check_label(p, at, name);
  }
  p->for_query++;
  mill_node *query = mill_p_query(p);
  p->for_query--;
  mill_p_expect(p, MILL_K_DO);
  mill_block own = {.outer = p->block, .label = name, .loop = true, .variable = true};
  if (name) p->block = &own;
  body(p, NULL, &parts);
  p->block = around;
  mill_p_expect(p, MILL_K_END);
  mill_p_expect(p, MILL_K_FOR);
  mill_statement *s = made(p, MILL_S_FOR, from);
  s->label = label;
  s->name = name;
  s->run = query;
  set_parts(&parts, s);
  return s;
}

static mill_statement *labelled_statement(mill_parser *p, int from, const char *label) {
  switch (mill_p_peek(p, 0)) {
  case MILL_K_BEGIN: return block(p, label, from);
  case MILL_K_WHILE: return loop_of(p, MILL_S_WHILE, MILL_K_WHILE, label, from);
  case MILL_K_REPEAT: return loop_of(p, MILL_S_REPEAT, MILL_K_REPEAT, label, from);
  case MILL_K_LOOP: return loop_of(p, MILL_S_LOOP, MILL_K_LOOP, label, from);
  case MILL_K_FOR: return for_rows(p, label, from);
  default: return NULL;
  }
}

/* A statement of SQL; SET is about variables here, and needs no word for that. */
static mill_statement *run(mill_parser *p) {
  int from = p->at;
  if (cursor_ahead(p)) return cursor(p);
  if (mill_p_is(p, MILL_K_DECLARE)) return declare_variable(p, from);
  bool drop = mill_p_drops_variable(p);
  mill_node *n = mill_p_is(p, MILL_K_SET) ? mill_p_set_variable(p) : mill_p_statement(p);
  if (drop)
    mill_p_error(p, from, MILL_E_UNSUPPORTED_FEATURE_SQL_SCRIPTING_DROP_TEMPORARY_VARIABLE, NULL);
  mill_statement *s = made(p, MILL_S_RUN, from);
  s->run = n;
  return s;
}

static mill_statement *statement(mill_parser *p) {
  int from = p->at;
  const char *label = begin_label(p);
  if (!mill_p_enter(p)) return made(p, MILL_S_LIST, from);
  mill_statement *s = labelled_statement(p, from, label);
  if (s) {
    end_label(p, label);
  } else if (label) {
    mill_p_syntax(p);
    s = made(p, MILL_S_LIST, from);
  } else {
    switch (mill_p_peek(p, 0)) {
    case MILL_K_IF: s = if_else(p); break;
    case MILL_K_CASE: s = cases(p); break;
    case MILL_K_LEAVE: s = jump(p, false); break;
    case MILL_K_ITERATE: s = jump(p, true); break;
    default: s = run(p); break;
    }
  }
  mill_p_leave(p);
  return s;
}

mill_node *mill_p_script(mill_parser *p) {
  int from = p->at;
  p->scripted = true;
  mill_node *n = mill_p_node(p, MILL_N_SCRIPT, from);
  n->script = block(p, NULL, from);
  mill_p_accept(p, MILL_T_SEMICOLON);
  if (mill_p_peek(p, 0) != MILL_T_EOF) mill_p_syntax(p);
  return n;
}
