/* DESCRIBE and SHOW. */
#include "sql/ddl_int.h"

/* ---- DESCRIBE ------------------------------------------------------------------------------- */

/* Of DESCRIBE FUNCTION: a name, a string or an operator. */
static void described_function(mill_parser *p, mill_node *n) {
  mill_list parts = {0};
  p->at++;
  n->extended = mill_p_is(p, MILL_K_EXTENDED) && mill_p_peek(p, 1) != MILL_T_EOF &&
                mill_p_accept(p, MILL_K_EXTENDED);
  if (mill_p_is_string(p, 0)) {
    n->name = mill_p_string(p, NULL);
  } else if (mill_p_is_name(p, 0)) {
    mill_p_parts(p, &parts);
    n->name = mill_p_dotted(p, &parts);
  } else {
    int at = p->at;
    while (mill_p_peek(p, 0) != MILL_T_EOF && mill_p_peek(p, 0) != MILL_T_SEMICOLON) p->at++;
    if (p->at == at) mill_p_syntax(p);
    n->name = mill_p_fragment(p, at);
  }
}

/* [TABLE] [EXTENDED | FORMATTED] name [PARTITION (..)] [column] [AS JSON] */
static void described_table(mill_parser *p, mill_node *n) {
  mill_list column = {0}, specs = {0};
  if (mill_p_is_name(p, 1)) mill_p_accept(p, MILL_K_TABLE);
  if (mill_p_is_name(p, 1) && !mill_p_is(p, MILL_K_AS))
    n->extended = mill_p_accept(p, MILL_K_EXTENDED) || mill_p_accept(p, MILL_K_FORMATTED);
  mill_p_target(p, n);
  if (mill_p_is(p, MILL_K_PARTITION) && mill_p_peek(p, 1) == MILL_T_LPAREN) {
    mill_definition *d = mill_p_definition(p, n);
    mill_p_push(p, &specs, mill_p_partition_spec(p));
    d->specs = (const mill_partition_spec *const *)specs.item;
    d->nspecs = specs.n;
  }
  if (mill_p_is_name(p, 0) && !mill_p_is(p, MILL_K_AS)) mill_p_parts(p, &column);
  mill_p_names(&column, &n->columns, &n->ncolumns);
  n->all = mill_p_accept2(p, MILL_K_AS, MILL_K_JSON); /* as one document */
}

/* DATABASE [EXTENDED] name */
static void described_database(mill_parser *p, mill_node *n) {
  p->at++;
  n->name = "DATABASE";
  n->extended = mill_p_is_name(p, 1) && mill_p_accept(p, MILL_K_EXTENDED);
  mill_p_target(p, n);
}

mill_node *mill_p_describe(mill_parser *p) {
  int from = p->at++;
  mill_node *n = mill_p_node(p, MILL_N_DESCRIBE, from);
  if (mill_p_is(p, MILL_K_FUNCTION) && mill_p_peek(p, 1) != MILL_T_EOF) {
    described_function(p, n);
    return n;
  }
  if (mill_p_database_word(p, 0) && mill_p_is_name(p, 1)) {
    described_database(p, n);
    return n;
  }
  bool query = mill_p_is(p, MILL_K_QUERY) &&
               (mill_p_query_ahead(p, 1) || mill_p_peek(p, 1) == MILL_T_LPAREN) &&
               mill_p_accept(p, MILL_K_QUERY);
  bool table = mill_p_is(p, MILL_K_TABLE) || !mill_p_query_ahead(p, 0);
  if (query || !table || mill_p_is(p, MILL_T_LPAREN)) {
    n->child = mill_p_children(p, mill_p_query(p), NULL);
    n->nchildren = 1;
  } else {
    described_table(p, n);
  }
  return n;
}

/* ---- SHOW ----------------------------------------------------------------------------------- */

/* [LIKE] 'pattern' */
static void pattern(mill_parser *p, mill_node *n) {
  bool like = mill_p_is_string(p, 1) && mill_p_accept(p, MILL_K_LIKE);
  if (like || mill_p_is_string(p, 0)) n->alias = mill_p_string(p, NULL);
}

/* IN or FROM a namespace or table. */
static bool of(mill_parser *p, mill_node *n) {
  if (!mill_p_accept(p, MILL_K_IN) && !mill_p_accept(p, MILL_K_FROM)) return false;
  mill_p_target(p, n);
  return true;
}

static const char *shown(int kind) {
  switch (kind) {
  case MILL_K_TABLES: return "TABLES";
  case MILL_K_VIEWS: return "VIEWS";
  case MILL_K_COLUMNS: return "COLUMNS";
  case MILL_K_FUNCTIONS: return "FUNCTIONS";
  case MILL_K_CATALOGS: return "CATALOGS";
  case MILL_K_COLLATIONS: return "COLLATIONS";
  case MILL_K_DATABASES:
  case MILL_K_SCHEMAS:
  case MILL_K_NAMESPACES: return "DATABASES";
  case MILL_K_CURRENT: return "CURRENT";
  default: return NULL;
  }
}

/* a [IN b]: the table b.a */
static void show_columns(mill_parser *p, mill_node *n) {
  mill_node database = {0};
  if (!of(p, n)) mill_p_syntax(p);
  if (!of(p, &database) || n->nparts == 0) return;
  mill_list parts = {0};
  if (n->nparts > 1 &&
      strcasecmp(database.parts[database.nparts - 1], n->parts[n->nparts - 2]) != 0)
    mill_p_error(p, p->at - 1, MILL_E_SHOW_COLUMNS_WITH_CONFLICT_NAMESPACE, "namespaceA",
                 mill_p_quoted(p, database.parts[database.nparts - 1], '`'), "namespaceB",
                 mill_p_quoted(p, n->parts[n->nparts - 2], '`'), NULL);
  for (int i = 0; i < database.nparts; i++) mill_p_push(p, &parts, database.parts[i]);
  mill_p_push(p, &parts, n->parts[n->nparts - 1]);
  mill_p_names(&parts, &n->parts, &n->nparts);
}

/* TBLPROPERTIES t [(key)] | PARTITIONS t [PARTITION (..)] | CREATE TABLE t [AS SERDE] |
** TABLE EXTENDED [IN db] LIKE 'p' [PARTITION (..)]; false: none of them. */
static bool show_of_table(mill_parser *p, mill_node *n) {
  mill_definition *d = mill_p_definition(p, n);
  mill_list specs = {0}, key = {0};
  if (mill_p_accept(p, MILL_K_TBLPROPERTIES)) {
    n->name = "TBLPROPERTIES";
    mill_p_target(p, n);
    if (!mill_p_accept(p, MILL_T_LPAREN)) return true;
    if (mill_p_is_string(p, 0)) {
      n->alias = mill_p_string(p, NULL);
    } else {
      mill_p_parts(p, &key);
      n->alias = mill_p_dotted(p, &key);
    }
    mill_p_expect(p, MILL_T_RPAREN);
    return true;
  }
  if (mill_p_accept(p, MILL_K_PARTITIONS)) {
    n->name = "PARTITIONS";
    mill_p_target(p, n);
  } else if (mill_p_accept2(p, MILL_K_CREATE, MILL_K_TABLE)) {
    n->name = "CREATE TABLE";
    mill_p_target(p, n);
    n->extended = mill_p_accept2(p, MILL_K_AS, MILL_K_SERDE);
  } else if (mill_p_accept2(p, MILL_K_TABLE, MILL_K_EXTENDED)) {
    n->name = "TABLE EXTENDED";
    of(p, n);
    if (!mill_p_is(p, MILL_K_LIKE)) mill_p_syntax(p);
    pattern(p, n);
  } else {
    return false;
  }
  if (!mill_p_is(p, MILL_K_PARTITION)) return true;
  mill_p_push(p, &specs, mill_p_partition_spec(p));
  d->specs = (const mill_partition_spec *const *)specs.item;
  d->nspecs = specs.n;
  return true;
}

mill_node *mill_p_show(mill_parser *p) {
  int from = p->at++;
  mill_node *n = mill_p_node(p, MILL_N_SHOW, from);
  if (show_of_table(p, n)) return n;
  if (mill_p_peek(p, 1) == MILL_K_FUNCTIONS && mill_p_is_name(p, 0)) {
    n->user = mill_p_is(p, MILL_K_USER);
    n->system = mill_p_word(p, 0, "SYSTEM");
    if (!n->user && !n->system && !mill_p_is(p, MILL_K_ALL))
      mill_p_error(p, p->at, MILL_E_INVALID_SQL_SYNTAX_SHOW_FUNCTIONS_INVALID_SCOPE, "scope",
                   mill_p_quoted(p, mill_p_fragment(p, p->at), '`'), NULL);
    p->at++;
  }
  int kind = mill_p_peek(p, 0);
  n->name = shown(kind);
  if (n->name == NULL) {
    mill_p_syntax(p);
    return n;
  }
  p->at += kind == MILL_K_CURRENT ? 2 : 1;
  if (kind == MILL_K_COLUMNS)
    show_columns(p, n);
  else
    of(p, n);
  if (kind == MILL_K_FUNCTIONS && !mill_p_is(p, MILL_K_LIKE) && mill_p_is_name(p, 0)) {
    mill_list parts = {0};
    mill_p_parts(p, &parts);
    n->alias = mill_p_dotted(p, &parts);
  }
  pattern(p, n);
  return n;
}
