/* INSERT, DELETE, UPDATE, MERGE. */
#include "sql/ddl_int.h"

/* ---- INSERT --------------------------------------------------------------------------------- */

/* [PARTITION (..) [IF NOT EXISTS]] [BY NAME | (columns)], behind the name of the table */
static void insert_columns(mill_parser *p, mill_node *n, mill_definition *d) {
  mill_list l = {0}, names = {0};
  if (mill_p_is(p, MILL_K_PARTITION) && mill_p_peek(p, 1) == MILL_T_LPAREN) {
    mill_p_push(p, &l, mill_p_partition_spec(p));
    d->specs = (const mill_partition_spec *const *)l.item;
    d->nspecs = l.n;
    n->if_exists = mill_p_if_exists(p, true);
  }
  if (mill_p_accept2(p, MILL_K_BY, MILL_K_NAME)) {
    n->by_name = true;
  } else if (mill_p_is(p, MILL_T_LPAREN) && !mill_p_query_ahead(p, 1) &&
             mill_p_peek(p, 1) != MILL_T_LPAREN) {
    mill_p_name_list(p, &names);
    mill_p_names(&names, &n->columns, &n->ncolumns);
  }
}

/* [LOCAL] DIRECTORY ['path'] USING format [OPTIONS (..)] */
static void insert_directory(mill_parser *p, mill_node *n, mill_definition *d) {
  mill_list format = {0};
  if (mill_p_is_string(p, 0)) d->location = mill_p_string(p, NULL);
  if (mill_p_is(p, MILL_K_ROW) || mill_p_is(p, MILL_K_STORED)) {
    d->hive = true;
    while (!mill_p_is(p, MILL_T_EOF) && !mill_p_query_ahead(p, 0)) p->at++;
    n->name = "";
    return;
  }
  mill_p_expect(p, MILL_K_USING);
  mill_p_parts(p, &format);
  n->name = mill_p_dotted(p, &format);
  if (mill_p_accept(p, MILL_K_OPTIONS)) mill_p_option_list(p, &d->options);
}

/* INTO [TABLE] t .. | OVERWRITE [TABLE] t .. | OVERWRITE [LOCAL] DIRECTORY .. */
static mill_node *insert_target(mill_parser *p, int from) {
  mill_node *n = mill_p_node(p, MILL_N_INSERT, from);
  mill_definition *d = mill_p_definition(p, n);
  n->replace = mill_p_accept(p, MILL_K_OVERWRITE);
  if (!n->replace) mill_p_expect(p, MILL_K_INTO);
  if (n->replace &&
      (mill_p_accept2(p, MILL_K_LOCAL, MILL_K_DIRECTORY) || mill_p_accept(p, MILL_K_DIRECTORY))) {
    insert_directory(p, n, d);
    return n;
  }
  if (mill_p_is(p, MILL_K_TABLE) && mill_p_is_name(p, 1)) p->at++;
  mill_p_target(p, n);
  if (mill_p_is(p, MILL_K_WITH) && mill_p_peek(p, 1) == MILL_T_LPAREN) {
    p->at++;
    mill_p_option_list(p, &d->options);
  }
  if (!n->replace && mill_p_accept(p, MILL_K_REPLACE)) {
    n->by_name = mill_p_accept2(p, MILL_K_BY, MILL_K_NAME);
    if (mill_p_accept(p, MILL_K_WHERE)) d->where = mill_p_expression(p);
    d->refused = "INSERT INTO ... REPLACE WHERE";
    return n;
  }
  insert_columns(p, n, d);
  return n;
}

static mill_node *insert_one(mill_parser *p, mill_node *source) {
  int from = p->at;
  mill_p_expect(p, MILL_K_INSERT);
  mill_node *n = insert_target(p, from), *rows = source;
  int mark = p->windows.n;
  if (source == NULL)
    rows = mill_p_query(p);
  else if (mill_p_is(p, MILL_K_SELECT))
    rows = mill_p_organize(p, mill_p_select(p, source), mark, from);
  else
    mill_p_syntax(p);
  n->child = mill_p_children(p, rows, NULL);
  n->nchildren = 1;
  return n;
}

mill_node *mill_p_insert(mill_parser *p, mill_node *source) {
  int from = p->at;
  mill_node *n = insert_one(p, source);
  if (source == NULL || !mill_p_is(p, MILL_K_INSERT)) return n;
  mill_list all = {0};
  mill_p_push(p, &all, n);
  while (mill_p_is(p, MILL_K_INSERT)) mill_p_push(p, &all, insert_one(p, source));
  n = mill_p_node(p, MILL_N_INSERTS, from);
  n->child = (const mill_node **)all.item;
  n->nchildren = all.n;
  return n;
}

/* ---- DELETE, UPDATE ------------------------------------------------------------------------- */

static void target_alias(mill_parser *p, mill_node *n) {
  mill_p_target(p, n);
  bool as = mill_p_accept(p, MILL_K_AS);
  if (as || (mill_p_is_name(p, 0) && !mill_p_is(p, MILL_K_SET) && !mill_p_is(p, MILL_K_WHERE) &&
             !mill_p_is(p, MILL_K_USING)))
    n->alias = mill_p_checked_name(p);
}

mill_node *mill_p_delete(mill_parser *p) {
  int from = p->at++;
  mill_node *n = mill_p_node(p, MILL_N_DELETE, from);
  mill_definition *d = mill_p_definition(p, n);
  mill_p_expect(p, MILL_K_FROM);
  target_alias(p, n);
  if (mill_p_accept(p, MILL_K_WHERE)) d->where = mill_p_expression(p);
  return n;
}

static mill_assignment *assignment(mill_parser *p) {
  int from = p->at;
  mill_list parts = {0};
  mill_assignment *a = mill_p_alloc(p, sizeof *a);
  mill_p_parts(p, &parts);
  mill_p_expect(p, MILL_T_EQ);
  bool preset = mill_p_is(p, MILL_K_DEFAULT) && mill_p_peek(p, 1) != MILL_T_DOT &&
                mill_p_peek(p, 1) != MILL_T_LPAREN;
  const mill_expr *value = NULL;
  if (preset)
    p->at++;
  else
    value = mill_p_expression(p);
  if (a == NULL) return NULL;
  *a = (mill_assignment){.parts = (const char *const *)parts.item,
                         .nparts = parts.n,
                         .value = value,
                         .text = p->text,
                         .start = p->token[from].start,
                         .stop = p->token[p->at > from ? p->at - 1 : from].stop};
  return a;
}

static void assignments(mill_parser *p, const mill_assignment *const **out, int *n) {
  mill_list l = {0};
  do mill_p_push(p, &l, assignment(p));
  while (mill_p_accept(p, MILL_T_COMMA));
  *out = (const mill_assignment *const *)l.item;
  *n = l.n;
}

mill_node *mill_p_update(mill_parser *p) {
  int from = p->at++;
  mill_node *n = mill_p_node(p, MILL_N_UPDATE, from);
  mill_definition *d = mill_p_definition(p, n);
  target_alias(p, n);
  mill_p_expect(p, MILL_K_SET);
  assignments(p, &d->set, &d->nset);
  if (mill_p_accept(p, MILL_K_WHERE)) d->where = mill_p_expression(p);
  return n;
}

/* ---- MERGE ---------------------------------------------------------------------------------- */

/* INSERT * | INSERT (a, b) VALUES (x, y) */
static void merge_insert(mill_parser *p, mill_merge_clause *c) {
  mill_list l = {0};
  c->action = MILL_MERGE_INSERT;
  c->all = mill_p_accept(p, MILL_T_ASTERISK);
  if (c->all) return;
  mill_list names = {0};
  if (mill_p_is(p, MILL_T_LPAREN)) {
    mill_p_expect(p, MILL_T_LPAREN);
    do {
      mill_list parts = {0};
      mill_assignment *a = mill_p_alloc(p, sizeof *a);
      mill_p_parts(p, &parts);
      if (a == NULL) return;
      *a = (mill_assignment){
          .parts = (const char *const *)parts.item, .nparts = parts.n, .text = p->text};
      mill_p_push(p, &names, a);
    } while (mill_p_accept(p, MILL_T_COMMA));
    mill_p_expect(p, MILL_T_RPAREN);
  }
  int from = p->at;
  mill_p_expect(p, MILL_K_VALUES);
  mill_p_expect(p, MILL_T_LPAREN);
  do {
    mill_assignment *a = l.n < names.n ? names.item[l.n] : mill_p_alloc(p, sizeof *a);
    bool preset = mill_p_is(p, MILL_K_DEFAULT) &&
                  (mill_p_peek(p, 1) == MILL_T_COMMA || mill_p_peek(p, 1) == MILL_T_RPAREN);
    const mill_expr *value = NULL;
    if (preset)
      p->at++;
    else
      value = mill_p_expression(p);
    if (a == NULL) return;
    a->value = value;
    mill_p_push(p, &l, a);
  } while (mill_p_accept(p, MILL_T_COMMA));
  mill_p_expect(p, MILL_T_RPAREN);
  if (names.n && l.n != names.n)
    mill_p_error(p, from, MILL_E_LEGACY_0035, "message",
                 "The number of inserted values cannot match the fields.", NULL);
  c->set = (const mill_assignment *const *)l.item;
  c->nset = l.n;
}

static void merge_action(mill_parser *p, mill_merge_clause *c) {
  if (mill_p_accept(p, MILL_K_DELETE)) {
    c->action = MILL_MERGE_DELETE;
  } else if (mill_p_accept(p, MILL_K_UPDATE)) {
    c->action = MILL_MERGE_UPDATE;
    mill_p_expect(p, MILL_K_SET);
    c->all = mill_p_accept(p, MILL_T_ASTERISK);
    if (!c->all) assignments(p, &c->set, &c->nset);
  } else {
    mill_p_expect(p, MILL_K_INSERT);
    merge_insert(p, c);
  }
}

/* WHEN [NOT] MATCHED [BY {SOURCE | TARGET}] [AND condition] THEN action */
static mill_merge_clause *merge_clause(mill_parser *p) {
  int from = p->at;
  mill_merge_clause *c = mill_p_alloc(p, sizeof *c);
  mill_p_expect(p, MILL_K_WHEN);
  bool negated = mill_p_accept(p, MILL_K_NOT) || mill_p_accept(p, MILL_T_BANG);
  mill_p_expect(p, MILL_K_MATCHED);
  bool source = negated && mill_p_accept2(p, MILL_K_BY, MILL_K_SOURCE);
  if (negated && !source) mill_p_accept2(p, MILL_K_BY, MILL_K_TARGET);
  const mill_expr *condition = mill_p_accept(p, MILL_K_AND) ? mill_p_expression(p) : NULL;
  mill_p_expect(p, MILL_K_THEN);
  if (c == NULL) return NULL;
  c->when = source ? MILL_NOT_MATCHED_BY_SOURCE : negated ? MILL_NOT_MATCHED : MILL_MATCHED;
  c->condition = condition;
  merge_action(p, c);
  if ((c->action == MILL_MERGE_INSERT) != (c->when == MILL_NOT_MATCHED)) mill_p_syntax(p);
  (void)from;
  return c;
}

static void check_clauses(mill_parser *p, int from, const mill_list *l) {
  static const mill_condition last[] = {
      MILL_E_NON_LAST_MATCHED_CLAUSE_OMIT_CONDITION,
      MILL_E_NON_LAST_NOT_MATCHED_BY_TARGET_CLAUSE_OMIT_CONDITION,
      MILL_E_NON_LAST_NOT_MATCHED_BY_SOURCE_CLAUSE_OMIT_CONDITION};
  if (l->n == 0) mill_p_error(p, from, MILL_E_MERGE_WITHOUT_WHEN, NULL);
  for (int i = 0; i < l->n && !p->failed; i++) {
    const mill_merge_clause *c = l->item[i];
    for (int k = i + 1; k < l->n && c->condition == NULL; k++)
      if (((const mill_merge_clause *)l->item[k])->when == c->when)
        mill_p_error(p, from, last[c->when], NULL);
  }
}

mill_node *mill_p_merge(mill_parser *p) {
  int from = p->at++;
  mill_node *n = mill_p_node(p, MILL_N_MERGE, from);
  mill_definition *d = mill_p_definition(p, n);
  mill_list clauses = {0};
  if (mill_p_accept2(p, MILL_K_WITH, MILL_K_SCHEMA)) {
    mill_p_expect(p, MILL_K_EVOLUTION);
    d->refused = "MERGE INTO TABLE with schema evolution";
  }
  mill_p_expect(p, MILL_K_INTO);
  target_alias(p, n);
  mill_p_expect(p, MILL_K_USING);
  n->child = mill_p_children(p, mill_p_relation_primary(p), NULL);
  n->nchildren = 1;
  mill_p_expect(p, MILL_K_ON);
  d->where = mill_p_expression(p);
  while (mill_p_is(p, MILL_K_WHEN)) mill_p_push(p, &clauses, merge_clause(p));
  check_clauses(p, from, &clauses);
  d->clauses = (const mill_merge_clause *const *)clauses.item;
  d->nclauses = clauses.n;
  return n;
}
