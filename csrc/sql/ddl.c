/* CREATE and DROP of databases and tables, and what they share with ALTER: columns, partitions,
** clauses. */
#include "sql/parser_int.h"

#include "sql/ddl_int.h"

mill_definition *mill_p_definition(mill_parser *p, mill_node *n) {
  static mill_definition dead;
  mill_definition *d = mill_p_alloc(p, sizeof *d);
  n->definition = d;
  return d ? d : &dead;
}

void mill_p_words(const mill_list *l, mill_word_list *out) {
  out->at = (const char *const *)l->item;
  out->n = l->n;
}

/* Where an identifier is expected, one with dots, or IDENTIFIER(expression) in exprs. */
void mill_p_target(mill_parser *p, mill_node *n) {
  const mill_node *name = mill_p_relation_name(p);
  n->parts = name->parts;
  n->nparts = name->nparts;
  n->exprs = name->exprs;
  n->nexprs = name->nexprs;
}

bool mill_p_if_exists(mill_parser *p, bool negated) {
  int i = negated ? 2 : 1;
  if (!mill_p_is(p, MILL_K_IF) || mill_p_peek(p, i) != MILL_K_EXISTS) return false;
  if (negated && mill_p_peek(p, 1) != MILL_K_NOT) return false;
  p->at += i + 1;
  return true;
}

void mill_p_option_list(mill_parser *p, mill_options *out) {
  const mill_option *at = NULL;
  int n = 0;
  mill_p_options(p, &at, &n);
  *out = (mill_options){at, n};
}

/* ---- columns -------------------------------------------------------------------------------- */

static const char *text_between(mill_parser *p, int from) {
  return p->at > from ? mill_p_fragment(p, from) : "";
}

/* Up to the parenthesis that closes the one here. */
static void skip_parenthesis(mill_parser *p) {
  int depth = 0;
  do {
    if (mill_p_is(p, MILL_T_EOF)) {
      mill_p_syntax(p);
      return;
    }
    depth += mill_p_is(p, MILL_T_LPAREN) - mill_p_is(p, MILL_T_RPAREN);
    p->at++;
  } while (depth > 0);
}

/* GENERATED ALWAYS AS (expression) | AS IDENTITY [(START WITH ..)] */
static const char *generated(mill_parser *p) {
  p->at++;
  if (mill_p_accept(p, MILL_K_BY)) {
    mill_p_expect(p, MILL_K_DEFAULT);
  } else {
    mill_p_expect(p, MILL_K_ALWAYS);
  }
  mill_p_expect(p, MILL_K_AS);
  if (mill_p_accept(p, MILL_K_IDENTITY)) {
    if (mill_p_is(p, MILL_T_LPAREN)) skip_parenthesis(p);
    return "identity columns";
  }
  if (!mill_p_is(p, MILL_T_LPAREN)) mill_p_syntax(p);
  skip_parenthesis(p);
  return "generated columns";
}

/* CONSTRAINT name, PRIMARY KEY, UNIQUE, CHECK (..), REFERENCES t(a) and their properties. */
bool mill_p_constraint_ahead(const mill_parser *p) {
  int next = mill_p_peek(p, 1);
  switch (mill_p_peek(p, 0)) {
  case MILL_K_CONSTRAINT: return mill_p_is_name(p, 1);
  case MILL_K_PRIMARY:
  case MILL_K_FOREIGN: return next == MILL_K_KEY;
  case MILL_K_UNIQUE: return true;
  case MILL_K_CHECK: return next == MILL_T_LPAREN;
  case MILL_K_REFERENCES: return mill_p_is_name(p, 1);
  default: return false;
  }
}

void mill_p_constraint(mill_parser *p) {
  if (mill_p_accept(p, MILL_K_CONSTRAINT)) mill_p_name(p);
  while (!mill_p_is(p, MILL_T_EOF) && !mill_p_is(p, MILL_T_COMMA) && !mill_p_is(p, MILL_T_RPAREN) &&
         !mill_p_is(p, MILL_K_COMMENT) && !mill_p_is(p, MILL_K_DEFAULT))
    if (mill_p_is(p, MILL_T_LPAREN))
      skip_parenthesis(p);
    else
      p->at++;
}

static void clause_once(mill_parser *p, int from, bool *seen, const char *name) {
  if (*seen)
    mill_p_error(p, from, MILL_E_CREATE_TABLE_COLUMN_DESCRIPTOR_DUPLICATE, "columnName", "",
                 "optionName", name, NULL);
  *seen = true;
}

void mill_p_preset(mill_parser *p, mill_column *c) {
  int from = p->at;
  c->preset = mill_p_expression(p);
  c->preset_text = text_between(p, from);
}

/* What may stand behind a column's type. */
static void column_clauses(mill_parser *p, mill_column *c, bool table) {
  bool not_null = false, comment = false, preset = false, made = false;
  for (;;) {
    int from = p->at;
    if (mill_p_accept2(p, MILL_K_NOT, MILL_K_NULL) || mill_p_accept2(p, MILL_T_BANG, MILL_K_NULL)) {
      clause_once(p, from, &not_null, "NOT NULL");
      c->nullable = false;
    } else if (mill_p_accept(p, MILL_K_COMMENT)) {
      clause_once(p, from, &comment, "COMMENT");
      c->comment = mill_p_string(p, NULL);
    } else if (mill_p_accept(p, MILL_K_DEFAULT)) {
      clause_once(p, from, &preset, "DEFAULT");
      mill_p_preset(p, c);
    } else if (table && mill_p_is(p, MILL_K_GENERATED)) {
      clause_once(p, from, &made, "GENERATED ALWAYS AS");
      c->refused = generated(p);
    } else if (mill_p_constraint_ahead(p)) {
      mill_p_constraint(p);
      c->refused = "CONSTRAINT";
    } else {
      return;
    }
  }
}

static mill_column *new_column(mill_parser *p) {
  static mill_column dead;
  mill_column *c = mill_p_alloc(p, sizeof *c);
  if (c) c->nullable = true;
  return c ? c : &dead;
}

void mill_p_place(mill_parser *p, mill_column *c) {
  if (mill_p_accept(p, MILL_K_FIRST)) {
    c->first = true;
  } else if (mill_p_accept(p, MILL_K_AFTER)) {
    mill_list after = {0};
    mill_p_push(p, &after, mill_p_checked_name(p));
    c->after = (const char *const *)after.item;
  }
}

/* name type [clauses]; of ALTER TABLE: a.b.c, and a place. */
mill_column *mill_p_column(mill_parser *p, bool table) {
  mill_column *c = new_column(p);
  mill_list parts = {0};
  if (table)
    mill_p_push(p, &parts, mill_p_checked_name(p));
  else
    mill_p_parts(p, &parts);
  c->parts = (const char *const *)parts.item;
  c->nparts = parts.n;
  if (table) mill_p_accept(p, MILL_T_COLON);
  c->type = mill_p_type(p);
  column_clauses(p, c, table);
  if (!table) {
    mill_p_place(p, c);
    column_clauses(p, c, table);
  }
  return c;
}

void mill_p_column_list(mill_parser *p, bool table, mill_list *out, mill_definition *d) {
  do {
    if (table && mill_p_constraint_ahead(p)) {
      mill_p_constraint(p);
      d->refused = "CONSTRAINT";
    } else {
      mill_column *c = mill_p_column(p, table);
      if (c->refused && d->refused == NULL) d->refused = c->refused;
      mill_p_push(p, out, c);
    }
  } while (mill_p_accept(p, MILL_T_COMMA));
}

/* ---- partitions ----------------------------------------------------------------------------- */

/* (a = 1, b) */
const mill_partition_spec *mill_p_partition_spec(mill_parser *p) {
  mill_list names = {0}, values = {0};
  mill_partition_spec *s = mill_p_alloc(p, sizeof *s);
  mill_p_expect(p, MILL_K_PARTITION);
  mill_p_expect(p, MILL_T_LPAREN);
  do {
    mill_p_push(p, &names, mill_p_checked_name(p));
    mill_expr *value = mill_p_accept(p, MILL_T_EQ) ? mill_p_operand(p) : NULL;
    mill_p_push(p, &values, value);
  } while (mill_p_accept(p, MILL_T_COMMA));
  mill_p_expect(p, MILL_T_RPAREN);
  if (s == NULL) return NULL;
  s->names = (const char *const *)names.item;
  s->values = (const mill_expr *const *)values.item;
  s->n = names.n;
  return s;
}

/* A column with its type, a column's name, or a transform of columns. */
static void partition_field(mill_parser *p, mill_definition *d, mill_list *out) {
  int from = p->at;
  if (mill_p_is_name(p, 0) && mill_p_peek(p, 1) == MILL_T_LPAREN) {
    p->at++;
    skip_parenthesis(p);
    d->transform = mill_p_fragment(p, from);
    return;
  }
  mill_column *c;
  int next = mill_p_peek(p, 1);
  if (next == MILL_T_COMMA || next == MILL_T_RPAREN || next == MILL_T_DOT) {
    mill_list parts = {0};
    c = new_column(p);
    mill_p_parts(p, &parts);
    c->parts = (const char *const *)parts.item;
    c->nparts = parts.n;
  } else {
    c = mill_p_column(p, true);
  }
  mill_p_push(p, out, c);
}

static void partitioned_by(mill_parser *p, mill_definition *d) {
  mill_list l = {0};
  mill_p_expect(p, MILL_T_LPAREN);
  int from = p->at;
  do partition_field(p, d, &l);
  while (mill_p_accept(p, MILL_T_COMMA));
  mill_p_expect(p, MILL_T_RPAREN);
  bool typed = false, named = d->transform != NULL;
  for (int i = 0; i < l.n && !p->failed; i++) {
    const mill_column *c = l.item[i];
    typed |= c->type != NULL;
    named |= c->type == NULL;
  }
  if (typed && named)
    mill_p_error(p, from, MILL_E_LEGACY_0035, "message",
                 "PARTITION BY: Cannot mix partition expressions and partition columns", NULL);
  d->partitions = (const mill_column *const *)l.item;
  d->npartitions = l.n;
}

/* ---- clauses -------------------------------------------------------------------------------- */

static void bucketed(mill_parser *p, mill_definition *d) {
  mill_list columns = {0}, sorts = {0};
  mill_p_name_list(p, &columns);
  mill_p_words(&columns, &d->buckets);
  if (mill_p_accept2(p, MILL_K_SORTED, MILL_K_BY)) {
    mill_p_expect(p, MILL_T_LPAREN);
    do {
      int from = p->at;
      mill_p_push(p, &sorts, mill_p_checked_name(p));
      if (mill_p_accept(p, MILL_K_DESC))
        mill_p_error(p, from, MILL_E_LEGACY_0035, "message",
                     "Column ordering must be ASC, was 'DESC'", NULL);
      mill_p_accept(p, MILL_K_ASC);
    } while (mill_p_accept(p, MILL_T_COMMA));
    mill_p_expect(p, MILL_T_RPAREN);
    mill_p_words(&sorts, &d->sorts);
  }
  mill_p_expect(p, MILL_K_INTO);
  int from = p->at;
  d->nbuckets = (int)mill_p_integer(p, INT32_MAX);
  if (d->nbuckets <= 0 && !p->failed)
    mill_p_error(p, from, MILL_E_INVALID_BUCKET_COUNT, "bucketingMaxBuckets", "100000",
                 "numBuckets", mill_p_fragment(p, from), NULL);
  mill_p_expect(p, MILL_K_BUCKETS);
}

/* Up to what may begin the next clause. */
static void hive_clause(mill_parser *p, mill_definition *d) {
  d->hive = true;
  p->at++;
  for (;;) {
    switch (mill_p_peek(p, 0)) {
    case MILL_T_EOF:
    case MILL_T_SEMICOLON:
    case MILL_K_TBLPROPERTIES:
    case MILL_K_LOCATION:
    case MILL_K_STORED:
    case MILL_K_COMMENT:
    case MILL_K_PARTITIONED: return;
    case MILL_K_AS:
      if (mill_p_query_ahead(p, 1)) return;
      break;
    default:
      if (mill_p_query_ahead(p, 0)) return;
    }
    p->at++;
  }
}

static void using(mill_parser *p, mill_definition *d) {
  mill_list format = {0};
  mill_p_parts(p, &format);
  d->format = mill_p_dotted(p, &format);
}

enum {
  SEEN_OPTIONS = 1,
  SEEN_PARTITIONS = 2,
  SEEN_BUCKETS = 4,
  SEEN_LOCATION = 8,
  SEEN_COMMENT = 16,
  SEEN_PROPERTIES = 32,
  SEEN_CLUSTERS = 64
};

static void clause(mill_parser *p, int from, int *seen, int what, const char *name) {
  if (*seen & what) mill_p_error(p, from, MILL_E_DUPLICATE_CLAUSES, "clauseName", name, NULL);
  *seen |= what;
}

/* One clause of CREATE TABLE; false: none stands here. */
static bool table_clause(mill_parser *p, mill_definition *d, int *seen) {
  int from = p->at;
  if (mill_p_accept(p, MILL_K_OPTIONS)) {
    clause(p, from, seen, SEEN_OPTIONS, "OPTIONS");
    mill_p_option_list(p, &d->options);
  } else if (mill_p_accept2(p, MILL_K_PARTITIONED, MILL_K_BY)) {
    clause(p, from, seen, SEEN_PARTITIONS, "PARTITIONED BY");
    partitioned_by(p, d);
  } else if (mill_p_accept2(p, MILL_K_CLUSTER, MILL_K_BY)) {
    mill_list l = {0};
    clause(p, from, seen, SEEN_CLUSTERS, "CLUSTER BY");
    mill_p_name_list(p, &l);
    mill_p_words(&l, &d->clusters);
    d->clustered = true;
  } else if (mill_p_accept2(p, MILL_K_CLUSTERED, MILL_K_BY)) {
    clause(p, from, seen, SEEN_BUCKETS, "CLUSTERED BY");
    bucketed(p, d);
  } else if (mill_p_accept(p, MILL_K_LOCATION)) {
    clause(p, from, seen, SEEN_LOCATION, "LOCATION");
    d->location = mill_p_string(p, NULL);
  } else if (mill_p_accept(p, MILL_K_COMMENT)) {
    clause(p, from, seen, SEEN_COMMENT, "COMMENT");
    d->comment = mill_p_string(p, NULL);
  } else if (mill_p_accept(p, MILL_K_TBLPROPERTIES)) {
    clause(p, from, seen, SEEN_PROPERTIES, "TBLPROPERTIES");
    mill_p_option_list(p, &d->properties);
  } else if (mill_p_accept2(p, MILL_K_DEFAULT, MILL_K_COLLATION)) {
    d->collation = mill_p_name(p);
  } else if (mill_p_is(p, MILL_K_STORED) || mill_p_is(p, MILL_K_ROW) ||
             mill_p_is(p, MILL_K_SKEWED)) {
    hive_clause(p, d);
  } else {
    return false;
  }
  return true;
}

/* ---- tables --------------------------------------------------------------------------------- */

/* CREATE TABLE a LIKE b [USING ..] [clauses] */
static mill_node *create_like(mill_parser *p, mill_node *n, mill_definition *d) {
  int seen = 0;
  mill_list parts = {0};
  p->at++;
  mill_p_parts(p, &parts);
  mill_p_names(&parts, &n->columns, &n->ncolumns);
  for (;;) {
    if (mill_p_accept(p, MILL_K_USING))
      using(p, d);
    else if (!table_clause(p, d, &seen))
      return n;
  }
}

static void check_create(mill_parser *p, const mill_node *n, const mill_definition *d, int from) {
  if (n->temporary)
    mill_p_error(p, from, MILL_E_LEGACY_0046, NULL);
  else if (n->nchildren && d->ncolumns)
    mill_p_error(p, from, MILL_E_LEGACY_0035, "message",
                 "Schema may not be specified in a Create Table As Select (CTAS) statement", NULL);
  else if (n->nchildren && d->npartitions && d->partitions[0]->type)
    mill_p_error(p, from, MILL_E_LEGACY_0035, "message",
                 "Partition column types may not be specified in Create Table As Select (CTAS)",
                 NULL);
  else if (d->external && d->location == NULL && !d->hive)
    mill_p_error(p, from, MILL_E_CREATE_EXTERNAL_TABLE_WITHOUT_LOCATION, NULL);
}

/* [CREATE [OR]] REPLACE TABLE, CREATE [TEMPORARY] [EXTERNAL] TABLE */
mill_node *mill_p_create_table(mill_parser *p) {
  int from = p->at, seen = 0;
  mill_node *n = mill_p_node(p, MILL_N_CREATE_TABLE, from);
  mill_definition *d = mill_p_definition(p, n);
  mill_list columns = {0};
  mill_p_accept(p, MILL_K_CREATE);
  mill_p_accept(p, MILL_K_OR);
  n->replace = mill_p_accept(p, MILL_K_REPLACE);
  n->temporary = mill_p_accept(p, MILL_K_TEMPORARY) || mill_p_accept(p, MILL_K_TEMP);
  d->external = mill_p_accept(p, MILL_K_EXTERNAL);
  mill_p_expect(p, MILL_K_TABLE);
  n->if_exists = mill_p_if_exists(p, true);
  mill_p_target(p, n);
  if (mill_p_is(p, MILL_K_LIKE)) return create_like(p, n, d);
  if (mill_p_is(p, MILL_T_LPAREN) && !mill_p_query_ahead(p, 1)) {
    p->at++;
    mill_p_column_list(p, true, &columns, d);
    mill_p_expect(p, MILL_T_RPAREN);
    d->columns = (const mill_column *const *)columns.item;
    d->ncolumns = columns.n;
  }
  if (mill_p_accept(p, MILL_K_USING)) using(p, d);
  while (table_clause(p, d, &seen)) {
  }
  bool as = mill_p_accept(p, MILL_K_AS);
  if (as || mill_p_query_ahead(p, 0) || mill_p_is(p, MILL_T_LPAREN)) {
    n->child = mill_p_children(p, mill_p_query(p), NULL);
    n->nchildren = 1;
  }
  check_create(p, n, d, from);
  return n;
}

mill_node *mill_p_drop_table(mill_parser *p) {
  int from = p->at;
  p->at += 2;
  mill_node *n = mill_p_node(p, MILL_N_DROP_TABLE, from);
  n->if_exists = mill_p_if_exists(p, false);
  mill_p_target(p, n);
  n->all = mill_p_accept(p, MILL_K_PURGE);
  return n;
}

/* ---- databases ------------------------------------------------------------------------------ */

bool mill_p_database_word(const mill_parser *p, int ahead) {
  int kind = mill_p_peek(p, ahead);
  return kind == MILL_K_DATABASE || kind == MILL_K_SCHEMA || kind == MILL_K_NAMESPACE;
}

mill_node *mill_p_create_database(mill_parser *p) {
  int from = p->at, seen = 0;
  p->at += 2;
  mill_node *n = mill_p_node(p, MILL_N_CREATE_DATABASE, from);
  mill_definition *d = mill_p_definition(p, n);
  n->if_exists = mill_p_if_exists(p, true);
  mill_p_target(p, n);
  for (;;) {
    int at = p->at;
    if (mill_p_accept(p, MILL_K_COMMENT)) {
      clause(p, at, &seen, SEEN_COMMENT, "COMMENT");
      d->comment = mill_p_string(p, NULL);
    } else if (mill_p_accept(p, MILL_K_LOCATION)) {
      clause(p, at, &seen, SEEN_LOCATION, "LOCATION");
      d->location = mill_p_string(p, NULL);
    } else if (mill_p_accept2(p, MILL_K_DEFAULT, MILL_K_COLLATION)) {
      d->collation = mill_p_name(p);
    } else if (mill_p_accept(p, MILL_K_WITH)) {
      clause(p, at, &seen, SEEN_PROPERTIES, "WITH PROPERTIES");
      if (!mill_p_accept(p, MILL_K_DBPROPERTIES)) mill_p_expect(p, MILL_K_PROPERTIES);
      mill_p_option_list(p, &d->properties);
    } else {
      return n;
    }
  }
}

mill_node *mill_p_drop_database(mill_parser *p) {
  int from = p->at;
  p->at += 2;
  mill_node *n = mill_p_node(p, MILL_N_DROP_DATABASE, from);
  n->if_exists = mill_p_if_exists(p, false);
  mill_p_target(p, n);
  n->all = mill_p_accept(p, MILL_K_CASCADE);
  if (!n->all) mill_p_accept(p, MILL_K_RESTRICT);
  return n;
}
