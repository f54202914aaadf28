/* ALTER DATABASE, TABLE and VIEW, and COMMENT ON, which is one of them. */
#include "sql/ddl_int.h"

static void specs(const mill_list *l, mill_definition *d) {
  d->specs = (const mill_partition_spec *const *)l->item;
  d->nspecs = l->n;
}

static void columns(const mill_list *l, mill_definition *d) {
  d->columns = (const mill_column *const *)l->item;
  d->ncolumns = l->n;
}

/* SET or UNSET the properties behind the word. */
static void properties(mill_parser *p, mill_node *n, mill_definition *d, bool unset) {
  d->alter = MILL_ALTER_PROPERTIES;
  d->unset = unset;
  if (unset) n->if_exists = mill_p_if_exists(p, false);
  mill_p_option_list(p, &d->properties);
}

/* ---- columns -------------------------------------------------------------------------------- */

static void named_column(mill_parser *p, mill_list *out) {
  mill_column *c = mill_p_alloc(p, sizeof *c);
  mill_list parts = {0};
  mill_p_parts(p, &parts);
  if (c == NULL) return;
  c->parts = (const char *const *)parts.item;
  c->nparts = parts.n;
  mill_p_push(p, out, c);
}

static void add_columns(mill_parser *p, mill_definition *d) {
  mill_list l = {0};
  d->alter = MILL_ALTER_ADD_COLUMNS;
  bool closed = mill_p_accept(p, MILL_T_LPAREN);
  mill_p_column_list(p, false, &l, d);
  if (closed) mill_p_expect(p, MILL_T_RPAREN);
  columns(&l, d);
}

static void replace_columns(mill_parser *p, mill_definition *d) {
  mill_list l = {0};
  d->alter = MILL_ALTER_REPLACE_COLUMNS;
  mill_p_expect(p, MILL_K_COLUMNS);
  mill_p_expect(p, MILL_T_LPAREN);
  mill_p_column_list(p, false, &l, d);
  mill_p_expect(p, MILL_T_RPAREN);
  columns(&l, d);
}

static void drop_columns(mill_parser *p, mill_node *n, mill_definition *d) {
  mill_list l = {0};
  d->alter = MILL_ALTER_DROP_COLUMNS;
  n->if_exists = mill_p_if_exists(p, false);
  bool closed = mill_p_accept(p, MILL_T_LPAREN);
  do named_column(p, &l);
  while (mill_p_accept(p, MILL_T_COMMA));
  if (closed) mill_p_expect(p, MILL_T_RPAREN);
  columns(&l, d);
}

static void rename_column(mill_parser *p, mill_node *n, mill_definition *d) {
  mill_list l = {0}, to = {0};
  d->alter = MILL_ALTER_RENAME_COLUMN;
  named_column(p, &l);
  mill_p_expect(p, MILL_K_TO);
  mill_p_push(p, &to, mill_p_checked_name(p));
  columns(&l, d);
  mill_p_names(&to, &n->columns, &n->ncolumns);
}

/* What ALTER COLUMN changes of c. */
static void column_action(mill_parser *p, mill_column *c, mill_definition *d) {
  if (mill_p_accept(p, MILL_K_TYPE)) {
    d->change = MILL_CHANGE_TYPE;
    c->type = mill_p_type(p);
  } else if (mill_p_accept(p, MILL_K_COMMENT)) {
    d->change = MILL_CHANGE_COMMENT;
    c->comment = mill_p_string(p, NULL);
  } else if (mill_p_accept2(p, MILL_K_SET, MILL_K_DEFAULT)) {
    d->change = MILL_CHANGE_PRESET;
    mill_p_preset(p, c);
  } else if (mill_p_accept2(p, MILL_K_DROP, MILL_K_DEFAULT)) {
    d->change = MILL_CHANGE_PRESET;
  } else if (mill_p_is(p, MILL_K_SET) || mill_p_is(p, MILL_K_DROP)) {
    d->change = MILL_CHANGE_NULLS;
    p->at++;
    mill_p_expect(p, MILL_K_NOT);
    mill_p_expect(p, MILL_K_NULL);
  } else {
    d->change = MILL_CHANGE_PLACE;
    mill_p_place(p, c);
    if (!c->first && c->after == NULL) mill_p_syntax(p);
  }
}

/* ALTER COLUMN a .., and CHANGE COLUMN a a type [COMMENT ..] of Hive. */
static void alter_column(mill_parser *p, mill_definition *d, bool hive) {
  mill_list l = {0};
  d->alter = MILL_ALTER_COLUMN;
  mill_p_accept(p, MILL_K_COLUMN);
  int from = p->at;
  do {
    named_column(p, &l);
    if (p->failed) return;
    mill_column *c = l.item[l.n - 1];
    bool action = mill_p_is(p, MILL_K_TYPE) || mill_p_is(p, MILL_K_COMMENT) ||
                  mill_p_is(p, MILL_K_SET) || mill_p_is(p, MILL_K_DROP) ||
                  mill_p_is(p, MILL_K_FIRST) || mill_p_is(p, MILL_K_AFTER);
    if (!hive || action) {
      column_action(p, c, d);
      continue;
    }
    const char *name = mill_p_checked_name(p);
    if (strcasecmp(name, c->parts[c->nparts - 1]) != 0)
      mill_p_error(p, from, MILL_E_LEGACY_0034, "operation", "Renaming column", "command",
                   "ALTER COLUMN", "msg", ", please run RENAME COLUMN instead", NULL);
    c->type = mill_p_type(p);
    d->change = MILL_CHANGE_TYPE;
    if (mill_p_accept(p, MILL_K_COMMENT)) c->comment = mill_p_string(p, NULL);
    mill_p_place(p, c);
  } while (mill_p_accept(p, MILL_T_COMMA));
  columns(&l, d);
}

/* ---- partitions ----------------------------------------------------------------------------- */

static void add_partitions(mill_parser *p, mill_node *n, mill_definition *d) {
  mill_list l = {0};
  d->alter = MILL_ALTER_ADD_PARTITION;
  n->if_exists = mill_p_if_exists(p, true);
  do {
    mill_partition_spec *s = mill_p_alloc(p, sizeof *s);
    const mill_partition_spec *spec = mill_p_partition_spec(p);
    if (s == NULL || spec == NULL) return;
    *s = *spec;
    if (mill_p_accept(p, MILL_K_LOCATION)) s->location = mill_p_string(p, NULL);
    mill_p_push(p, &l, s);
  } while (mill_p_is(p, MILL_K_PARTITION));
  specs(&l, d);
}

static void drop_partitions(mill_parser *p, mill_node *n, mill_definition *d) {
  mill_list l = {0};
  d->alter = MILL_ALTER_DROP_PARTITION;
  n->if_exists = mill_p_if_exists(p, false);
  do mill_p_push(p, &l, mill_p_partition_spec(p));
  while (mill_p_accept(p, MILL_T_COMMA));
  mill_p_accept(p, MILL_K_PURGE);
  specs(&l, d);
}

/* PARTITION (..) RENAME TO PARTITION (..) | SET LOCATION | SET SERDE.. */
static void of_partition(mill_parser *p, mill_definition *d) {
  mill_list l = {0};
  mill_p_push(p, &l, mill_p_partition_spec(p));
  if (mill_p_accept2(p, MILL_K_RENAME, MILL_K_TO)) {
    d->alter = MILL_ALTER_RENAME_PARTITION;
    mill_p_push(p, &l, mill_p_partition_spec(p));
  } else {
    mill_p_expect(p, MILL_K_SET);
    if (mill_p_accept(p, MILL_K_LOCATION)) {
      d->alter = MILL_ALTER_LOCATION;
      d->location = mill_p_string(p, NULL);
    } else {
      d->alter = MILL_ALTER_SERDE;
      mill_p_expect(p, MILL_K_SERDEPROPERTIES);
      mill_p_option_list(p, &d->options);
    }
  }
  specs(&l, d);
}

/* ---- tables and views ----------------------------------------------------------------------- */

static void set_what(mill_parser *p, mill_node *n, mill_definition *d) {
  if (mill_p_accept(p, MILL_K_TBLPROPERTIES)) {
    properties(p, n, d, false);
  } else if (mill_p_accept(p, MILL_K_LOCATION)) {
    d->alter = MILL_ALTER_LOCATION;
    d->location = mill_p_string(p, NULL);
  } else if (mill_p_accept(p, MILL_K_SERDEPROPERTIES)) {
    d->alter = MILL_ALTER_SERDE;
    mill_p_option_list(p, &d->options);
  } else if (mill_p_accept(p, MILL_K_SERDE)) {
    d->alter = MILL_ALTER_SERDE;
    d->refused = "ALTER TABLE SERDE";
    mill_p_string(p, NULL);
    if (mill_p_accept(p, MILL_K_WITH)) {
      mill_p_expect(p, MILL_K_SERDEPROPERTIES);
      mill_p_option_list(p, &d->options);
    }
  } else {
    mill_p_syntax(p);
  }
}

static void constraint(mill_parser *p, mill_definition *d) {
  d->alter = MILL_ALTER_CONSTRAINT;
  while (!mill_p_is(p, MILL_T_EOF) && !mill_p_is(p, MILL_T_SEMICOLON)) p->at++;
}

static void add(mill_parser *p, mill_node *n, mill_definition *d) {
  if (mill_p_accept(p, MILL_K_COLUMN) || mill_p_accept(p, MILL_K_COLUMNS)) {
    add_columns(p, d);
  } else if (mill_p_constraint_ahead(p)) {
    constraint(p, d);
  } else {
    add_partitions(p, n, d);
  }
}

static void drop(mill_parser *p, mill_node *n, mill_definition *d) {
  if (mill_p_accept(p, MILL_K_COLUMN) || mill_p_accept(p, MILL_K_COLUMNS)) {
    drop_columns(p, n, d);
  } else if (mill_p_is(p, MILL_K_CONSTRAINT)) {
    constraint(p, d);
  } else {
    drop_partitions(p, n, d);
  }
}

static void rename(mill_parser *p, mill_node *n, mill_definition *d) {
  if (mill_p_accept(p, MILL_K_COLUMN)) {
    rename_column(p, n, d);
    return;
  }
  mill_list to = {0};
  d->alter = MILL_ALTER_RENAME;
  mill_p_expect(p, MILL_K_TO);
  mill_p_parts(p, &to);
  mill_p_names(&to, &n->columns, &n->ncolumns);
}

static void cluster(mill_parser *p, mill_definition *d) {
  mill_list l = {0};
  d->alter = MILL_ALTER_CLUSTER;
  mill_p_expect(p, MILL_K_BY);
  if (mill_p_accept(p, MILL_K_NONE)) return;
  mill_p_name_list(p, &l);
  mill_p_words(&l, &d->clusters);
}

static void table_action(mill_parser *p, mill_node *n, mill_definition *d) {
  int kind = mill_p_peek(p, 0);
  if (kind == MILL_K_PARTITION) {
    of_partition(p, d);
    return;
  }
  p->at++;
  switch (kind) {
  case MILL_K_ADD: add(p, n, d); break;
  case MILL_K_DROP: drop(p, n, d); break;
  case MILL_K_RENAME: rename(p, n, d); break;
  case MILL_K_ALTER: alter_column(p, d, false); break;
  case MILL_K_CHANGE: alter_column(p, d, true); break;
  case MILL_K_REPLACE: replace_columns(p, d); break;
  case MILL_K_SET: set_what(p, n, d); break;
  case MILL_K_UNSET:
    mill_p_expect(p, MILL_K_TBLPROPERTIES);
    properties(p, n, d, true);
    break;
  case MILL_K_RECOVER:
    mill_p_expect(p, MILL_K_PARTITIONS);
    d->alter = MILL_ALTER_RECOVER_PARTITIONS;
    break;
  case MILL_K_CLUSTER: cluster(p, d); break;
  case MILL_K_DEFAULT:
    mill_p_expect(p, MILL_K_COLLATION);
    d->alter = MILL_ALTER_COLLATION;
    d->collation = mill_p_name(p);
    break;
  default: p->at--; mill_p_syntax(p);
  }
}

/* BINDING | COMPENSATION | [TYPE] EVOLUTION */
void mill_p_view_schema(mill_parser *p, mill_definition *d) {
  if (mill_p_accept(p, MILL_K_BINDING)) {
    d->schema_mode = "BINDING";
  } else if (mill_p_accept(p, MILL_K_COMPENSATION)) {
    d->schema_mode = "COMPENSATION";
  } else {
    d->schema_mode = mill_p_accept(p, MILL_K_TYPE) ? "TYPE EVOLUTION" : "EVOLUTION";
    mill_p_expect(p, MILL_K_EVOLUTION);
  }
}

/* WITH SCHEMA BINDING, and no query whose WITH has one of that name. */
static bool schema_ahead(const mill_parser *p) {
  int next = mill_p_peek(p, 2);
  return mill_p_is(p, MILL_K_WITH) && mill_p_peek(p, 1) == MILL_K_SCHEMA && next != MILL_K_AS &&
         next != MILL_T_LPAREN;
}

static void view_action(mill_parser *p, mill_node *n, mill_definition *d) {
  if (schema_ahead(p)) {
    p->at += 2;
    d->alter = MILL_ALTER_VIEW_SCHEMA;
    mill_p_view_schema(p, d);
    return;
  }
  bool as = mill_p_accept(p, MILL_K_AS);
  if (as || mill_p_query_ahead(p, 0) || mill_p_is(p, MILL_T_LPAREN)) {
    d->alter = MILL_ALTER_VIEW_TEXT;
    int from = p->at;
    n->child = mill_p_children(p, mill_p_query(p), NULL);
    n->nchildren = 1;
    d->view_text = mill_p_fragment(p, from);
  } else {
    table_action(p, n, d);
  }
}

static mill_node *alter_database(mill_parser *p, int from) {
  mill_node *n = mill_p_node(p, MILL_N_ALTER_DATABASE, from);
  mill_definition *d = mill_p_definition(p, n);
  p->at++;
  mill_p_target(p, n);
  bool unset = mill_p_accept(p, MILL_K_UNSET);
  if (!unset && mill_p_accept2(p, MILL_K_DEFAULT, MILL_K_COLLATION)) {
    d->alter = MILL_ALTER_COLLATION;
    d->collation = mill_p_name(p);
    return n;
  }
  if (!unset) mill_p_expect(p, MILL_K_SET);
  if (!unset && mill_p_accept(p, MILL_K_LOCATION)) {
    d->alter = MILL_ALTER_LOCATION;
    d->location = mill_p_string(p, NULL);
    return n;
  }
  if (!mill_p_accept(p, MILL_K_DBPROPERTIES)) mill_p_expect(p, MILL_K_PROPERTIES);
  properties(p, n, d, unset);
  return n;
}

mill_node *mill_p_alter(mill_parser *p) {
  int from = p->at++;
  if (mill_p_database_word(p, 0)) return alter_database(p, from);
  mill_node *n = mill_p_node(p, MILL_N_ALTER_TABLE, from);
  mill_definition *d = mill_p_definition(p, n);
  n->view = mill_p_accept(p, MILL_K_VIEW);
  if (!n->view) mill_p_expect(p, MILL_K_TABLE);
  mill_p_target(p, n);
  if (n->view)
    view_action(p, n, d);
  else
    table_action(p, n, d);
  return n;
}

/* COMMENT ON {DATABASE name | TABLE name | COLUMN t.a} IS {'text' | NULL} */
mill_node *mill_p_comment_on(mill_parser *p) {
  int from = p->at;
  p->at += 2;
  bool database = mill_p_database_word(p, 0), column = mill_p_is(p, MILL_K_COLUMN);
  if (!database && !column && !mill_p_is(p, MILL_K_TABLE)) mill_p_syntax(p);
  p->at++;
  mill_node *n = mill_p_node(p, database ? MILL_N_ALTER_DATABASE : MILL_N_ALTER_TABLE, from);
  mill_definition *d = mill_p_definition(p, n);
  mill_p_target(p, n);
  mill_p_expect(p, MILL_K_IS);
  const char *text = mill_p_accept(p, MILL_K_NULL) ? "" : mill_p_string(p, NULL);
  d->alter = MILL_ALTER_COMMENT;
  d->comment = text;
  if (!column || n->nparts < 2) return n;
  mill_column *c = mill_p_alloc(p, sizeof *c);
  mill_list l = {0};
  if (c == NULL) return n;
  *c = (mill_column){.parts = n->parts + n->nparts - 1, .nparts = 1, .comment = text};
  n->nparts--;
  mill_p_push(p, &l, c);
  columns(&l, d);
  d->alter = MILL_ALTER_COLUMN;
  d->change = MILL_CHANGE_COMMENT;
  return n;
}
