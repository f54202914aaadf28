/* Statements that keep tables in order: TRUNCATE, ANALYZE, REFRESH, CACHE, REPAIR. */
#include "sql/ddl_int.h"

static mill_node *truncate(mill_parser *p) {
  int from = p->at++;
  mill_node *n = mill_p_node(p, MILL_N_TRUNCATE, from);
  mill_definition *d = mill_p_definition(p, n);
  mill_list l = {0};
  mill_p_expect(p, MILL_K_TABLE);
  mill_p_target(p, n);
  if (!mill_p_is(p, MILL_K_PARTITION)) return n;
  mill_p_push(p, &l, mill_p_partition_spec(p));
  d->specs = (const mill_partition_spec *const *)l.item;
  d->nspecs = l.n;
  return n;
}

/* TABLE t [PARTITION (..)] | TABLES [IN db]; COMPUTE STATISTICS [NOSCAN | FOR {ALL COLUMNS | COLUMNS a, b}] */
static mill_node *analyze(mill_parser *p) {
  int from = p->at++;
  mill_node *n = mill_p_node(p, MILL_N_ANALYZE, from);
  mill_definition *d = mill_p_definition(p, n);
  mill_list l = {0}, columns = {0};
  if (mill_p_accept(p, MILL_K_TABLES)) {
    n->name = "TABLES";
    if (mill_p_accept(p, MILL_K_IN) || mill_p_accept(p, MILL_K_FROM)) mill_p_target(p, n);
  } else {
    mill_p_expect(p, MILL_K_TABLE);
    mill_p_target(p, n);
    if (mill_p_is(p, MILL_K_PARTITION)) {
      mill_p_push(p, &l, mill_p_partition_spec(p));
      d->specs = (const mill_partition_spec *const *)l.item;
      d->nspecs = l.n;
    }
  }
  mill_p_expect(p, MILL_K_COMPUTE);
  mill_p_expect(p, MILL_K_STATISTICS);
  if (mill_p_accept2(p, MILL_K_FOR, MILL_K_COLUMNS)) {
    do mill_p_push(p, &columns, mill_p_checked_name(p));
    while (mill_p_accept(p, MILL_T_COMMA));
    mill_p_names(&columns, &n->columns, &n->ncolumns);
  } else if (mill_p_accept2(p, MILL_K_FOR, MILL_K_ALL)) {
    mill_p_expect(p, MILL_K_COLUMNS);
    n->all = true;
  } else if (mill_p_is_name(p, 0)) {
    int at = p->at;
    const char *word = mill_p_name(p);
    if (strcasecmp(word, "NOSCAN") != 0)
      mill_p_error(p, at, MILL_E_PARSE_SYNTAX_ERROR, "error", mill_p_quoted(p, word, '\''), "hint",
                   "", NULL);
    n->extended = true;
  }
  return n;
}

/* TABLE t | FUNCTION f | 'path' | a path without quotes */
static mill_node *refresh(mill_parser *p) {
  int from = p->at++;
  mill_node *n = mill_p_node(p, MILL_N_REFRESH, from);
  if (mill_p_is(p, MILL_K_FUNCTION) && mill_p_is_name(p, 1)) {
    mill_list parts = {0};
    p->at++;
    mill_p_parts(p, &parts);
    n->alias = mill_p_dotted(p, &parts);
  } else if (mill_p_is(p, MILL_K_TABLE) && mill_p_is_name(p, 1)) {
    p->at++;
    mill_p_target(p, n);
  } else if (mill_p_is_string(p, 0)) {
    n->name = mill_p_string(p, NULL);
  } else {
    int at = p->at;
    while (mill_p_peek(p, 0) != MILL_T_EOF && mill_p_peek(p, 0) != MILL_T_SEMICOLON) p->at++;
    if (p->at == at)
      mill_p_error(p, from, MILL_E_INVALID_SQL_SYNTAX_EMPTY_REFRESH_RESOURCE_PATH, NULL);
    else
      n->name = mill_p_fragment(p, at);
  }
  return n;
}

/* [LAZY] TABLE t [OPTIONS (..)] [[AS] query] */
static mill_node *cache(mill_parser *p) {
  int from = p->at++;
  mill_node *n = mill_p_node(p, MILL_N_CACHE_TABLE, from);
  mill_definition *d = mill_p_definition(p, n);
  if (mill_p_accept(p, MILL_K_LAZY)) n->name = "LAZY";
  mill_p_expect(p, MILL_K_TABLE);
  mill_p_target(p, n);
  if (mill_p_accept(p, MILL_K_OPTIONS)) mill_p_option_list(p, &d->options);
  if (!mill_p_accept(p, MILL_K_AS) && !mill_p_query_ahead(p, 0)) return n;
  n->child = mill_p_children(p, mill_p_query(p), NULL);
  n->nchildren = 1;
  return n;
}

static mill_node *uncache(mill_parser *p) {
  int from = p->at++;
  mill_node *n = mill_p_node(p, MILL_N_UNCACHE, from);
  mill_p_expect(p, MILL_K_TABLE);
  n->if_exists = mill_p_if_exists(p, false);
  mill_p_target(p, n);
  return n;
}

/* [MSCK] REPAIR TABLE t [{ADD | DROP | SYNC} PARTITIONS] */
static mill_node *repair(mill_parser *p) {
  int from = p->at;
  mill_node *n = mill_p_node(p, MILL_N_REPAIR, from);
  mill_p_accept(p, MILL_K_MSCK);
  mill_p_expect(p, MILL_K_REPAIR);
  mill_p_expect(p, MILL_K_TABLE);
  mill_p_target(p, n);
  bool said = mill_p_accept(p, MILL_K_ADD);
  n->name = "ADD";
  if (!said && mill_p_accept(p, MILL_K_DROP)) n->name = "DROP", said = true;
  if (!said && mill_p_accept(p, MILL_K_SYNC)) n->name = "SYNC", said = true;
  if (said) mill_p_expect(p, MILL_K_PARTITIONS);
  return n;
}

static mill_node *resource(mill_parser *p, bool list) {
  int from = p->at++;
  mill_node *n = mill_p_node(p, MILL_N_RESOURCE, from);
  n->name = list ? "LIST" : NULL;
  if (!mill_p_is_name(p, 0)) mill_p_syntax(p);
  while (mill_p_peek(p, 0) != MILL_T_EOF && mill_p_peek(p, 0) != MILL_T_SEMICOLON) p->at++;
  return n;
}

mill_node *mill_p_upkeep(mill_parser *p) {
  int from = p->at;
  switch (mill_p_peek(p, 0)) {
  case MILL_K_TRUNCATE: return truncate(p);
  case MILL_K_ANALYZE: return analyze(p);
  case MILL_K_REFRESH: return refresh(p);
  case MILL_K_CACHE: return cache(p);
  case MILL_K_UNCACHE: return uncache(p);
  case MILL_K_CLEAR:
    p->at++;
    mill_p_expect(p, MILL_K_CACHE);
    return mill_p_node(p, MILL_N_CLEAR_CACHE, from);
  case MILL_K_MSCK:
  case MILL_K_REPAIR: return repair(p);
  case MILL_K_ADD: return resource(p, false);
  case MILL_K_LIST: return resource(p, true);
  default: return NULL;
  }
}
