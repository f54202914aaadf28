/* Statements that are no queries: which one begins here, and views, EXPLAIN, SET, RESET, USE. The others
** are in ddl.c, alter.c, dml.c, show.c and upkeep.c. */
#include <ctype.h>
#include <stdio.h>

#include "base/calendar.h"
#include "sql/ddl_int.h"

static const char *upper(mill_parser *p, int token) {
  const mill_token *t = &p->token[token];
  char *s = mill_p_alloc(p, (size_t)(t->stop - t->start) + 1);
  if (s == NULL) return "";
  for (int i = 0; i < t->stop - t->start; i++)
    s[i] = (char)toupper((unsigned char)p->text[t->start + i]);
  return s;
}

static bool temporary(mill_parser *p) {
  return mill_p_accept(p, MILL_K_TEMPORARY) || mill_p_accept(p, MILL_K_TEMP);
}

/* (a COMMENT 'x', b) behind a view's name. */
static void view_columns(mill_parser *p, mill_node *n, mill_definition *d) {
  mill_list columns = {0}, comments = {0};
  if (!mill_p_accept(p, MILL_T_LPAREN)) return;
  do {
    mill_p_push(p, &columns, mill_p_name(p));
    const char *comment = mill_p_accept(p, MILL_K_COMMENT) ? mill_p_string(p, NULL) : NULL;
    mill_p_push(p, &comments, comment);
  } while (mill_p_accept(p, MILL_T_COMMA));
  mill_p_expect(p, MILL_T_RPAREN);
  mill_p_names(&columns, &n->columns, &n->ncolumns);
  d->column_comments = (const char *const *)comments.item;
}

/* COMMENT '..', TBLPROPERTIES (..), WITH SCHEMA .. */
static void view_clauses(mill_parser *p, mill_definition *d) {
  for (;;) {
    if (mill_p_accept(p, MILL_K_COMMENT)) {
      d->comment = mill_p_string(p, NULL);
    } else if (mill_p_accept(p, MILL_K_TBLPROPERTIES)) {
      mill_p_option_list(p, &d->properties);
    } else if (mill_p_accept2(p, MILL_K_WITH, MILL_K_SCHEMA)) {
      mill_p_view_schema(p, d);
    } else if (mill_p_accept2(p, MILL_K_DEFAULT, MILL_K_COLLATION)) {
      d->collation = mill_p_name(p);
    } else {
      return;
    }
  }
}

/* [(schema)] USING format [OPTIONS (..)] */
static void view_using(mill_parser *p, mill_node *n) {
  int from = p->at;
  mill_source *source = mill_p_alloc(p, sizeof *source);
  if (source == NULL) return;
  if (mill_p_accept(p, MILL_T_LPAREN)) {
    source->schema = mill_p_columns(p);
    mill_p_expect(p, MILL_T_RPAREN);
  }
  mill_p_expect(p, MILL_K_USING);
  mill_list format = {0};
  mill_p_parts(p, &format);
  source->format = mill_p_dotted(p, &format);
  if (mill_p_accept(p, MILL_K_OPTIONS)) mill_p_options(p, &source->options, &source->noptions);
  mill_node *child = mill_p_node(p, MILL_N_SOURCE, from);
  child->source = source;
  n->child = mill_p_children(p, child, NULL);
  n->nchildren = 1;
}

/* USING follows, perhaps behind a parenthesis. */
static bool using_ahead(const mill_parser *p) {
  if (mill_p_is(p, MILL_K_USING)) return true;
  int i = 0, depth = 0;
  if (!mill_p_is(p, MILL_T_LPAREN)) return false;
  do {
    int kind = mill_p_peek(p, i++);
    if (kind == MILL_T_EOF) return false;
    depth += (kind == MILL_T_LPAREN) - (kind == MILL_T_RPAREN);
  } while (depth > 0);
  return mill_p_peek(p, i) == MILL_K_USING;
}

/* Its parts, the last as alias too; or an expression in exprs. */
static void view_name(mill_parser *p, mill_node *n) {
  mill_p_target(p, n);
  n->alias = n->nparts ? n->parts[n->nparts - 1] : "";
}

static mill_node *create_view(mill_parser *p) {
  int from = p->at++;
  mill_node *n = mill_p_node(p, MILL_N_CREATE_VIEW, from);
  mill_definition *d = mill_p_definition(p, n);
  n->replace = mill_p_accept2(p, MILL_K_OR, MILL_K_REPLACE);
  n->global = mill_p_accept(p, MILL_K_GLOBAL);
  n->temporary = temporary(p);
  mill_p_expect(p, MILL_K_VIEW);
  n->if_exists = mill_p_if_exists(p, true);
  view_name(p, n);
  if (n->temporary && using_ahead(p)) {
    view_using(p, n);
    return n;
  }
  view_columns(p, n, d);
  view_clauses(p, d);
  mill_p_expect(p, MILL_K_AS);
  int text = p->at;
  n->child = mill_p_children(p, mill_p_query(p), NULL);
  d->view_text = mill_p_fragment(p, text);
  n->nchildren = 1;
  if (n->temporary && n->if_exists) mill_p_error(p, from, MILL_E_LEGACY_0053, NULL);
  if (n->if_exists && n->replace)
    mill_p_error(p, from, MILL_E_CREATE_VIEW_WITH_IF_NOT_EXISTS_AND_REPLACE, "viewName", n->alias,
                 NULL);
  return n;
}

static mill_node *drop_view(mill_parser *p) {
  int from = p->at;
  p->at += 2;
  mill_node *n = mill_p_node(p, MILL_N_DROP_VIEW, from);
  n->if_exists = mill_p_if_exists(p, false);
  view_name(p, n);
  return n;
}

static mill_node *explain(mill_parser *p) {
  int from = p->at++;
  static const struct {
    int kind;
    const char *name;
  } modes[] = {{MILL_K_FORMATTED, "formatted"},
               {MILL_K_EXTENDED, "extended"},
               {MILL_K_CODEGEN, "codegen"},
               {MILL_K_COST, "cost"}};
  const char *mode = "simple";
  if (mill_p_is(p, MILL_K_LOGICAL)) {
    p->at++;
    while (mill_p_peek(p, 0) != MILL_T_EOF) p->at++;
    mill_p_error(p, from, MILL_E_INVALID_STATEMENT_OR_CLAUSE, "operation", "EXPLAIN LOGICAL", NULL);
    return mill_p_node(p, MILL_N_RESET, from);
  }
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
    if (mill_p_accept(p, modes[i].kind)) {
      mode = modes[i].name;
      break;
    }
  mill_node *n = mill_p_unary_node(p, MILL_N_EXPLAIN, mill_p_statement(p), from);
  n->name = mode;
  return n;
}

/* CREATE, DROP or ALTER of something that is none: the error stands at that word. What Spark's
** grammar knows of Hive and then refuses is an error of its own. */
static bool no_object(mill_parser *p, int from) {
  int kind = p->token[from].kind;
  if (kind != MILL_K_CREATE && kind != MILL_K_DROP && kind != MILL_K_ALTER) return false;
  const char *second = p->token[from + 1].kind == MILL_T_EOF ? "" : upper(p, from + 1);
  bool index = strcmp(second, "INDEX") == 0 && p->token[from + 2].kind == MILL_T_EOF;
  if (index || strcmp(second, "ROLE") == 0) {
    const char *first = upper(p, from);
    char *both = mill_p_alloc(p, strlen(first) + strlen(second) + 2);
    if (both) sprintf(both, "%s %s", first, second);
    mill_p_error(p, from, MILL_E_INVALID_STATEMENT_OR_CLAUSE, "operation", both, NULL);
    return false;
  }
  if (*second && p->token[from + 1].kind > MILL_T_KEYWORD) return false;
  p->at = from + 1;
  mill_p_syntax(p);
  return true;
}

/* CALL name(..): there are no procedures. */
static mill_node *call_statement(mill_parser *p, int from) {
  mill_list parts = {0};
  p->at = from + 1;
  mill_p_parts(p, &parts);
  mill_p_expect(p, MILL_T_LPAREN);
  mill_text name;
  mill_text_init(&name, p->rules.ctx->memory);
  mill_status s = MILL_OK;
  for (int i = 0; i < parts.n && s == MILL_OK; i++)
    s = mill_text_printf(&name, p->err, "%s`%s`", i ? "." : "", (const char *)parts.item[i]);
  if (s != MILL_OK) mill_p_stop(p, s);
  const char *quoted = mill_p_copy(p, name.data, name.size);
  mill_text_clear(&name);
  mill_p_error(p, from, MILL_E_UNRESOLVED_ROUTINE, "routineName", quoted, "searchPath",
               "[`system`.`builtin`, `system`.`session`, `spark_catalog`.`default`]", NULL);
  while (mill_p_peek(p, 0) != MILL_T_EOF) p->at++;
  return mill_p_node(p, MILL_N_RESET, from);
}

mill_node *mill_p_unsupported(mill_parser *p, int from) {
  int to = from + 1;
  if (mill_p_peek(p, from - p->at) == MILL_K_CALL) return call_statement(p, from);
  if (no_object(p, from)) return mill_p_node(p, MILL_N_RESET, from);
  const char *words = upper(p, from);
  if (to < p->ntokens && p->token[to].kind > MILL_T_KEYWORD) {
    const char *second = upper(p, to);
    char *both = mill_p_alloc(p, strlen(words) + strlen(second) + 2);
    if (both) {
      strcpy(both, words);
      strcat(both, " ");
      strcat(both, second);
      words = both;
    }
  }
  mill_p_error(p, from, MILL_E_UNSUPPORTED_FEATURE_SQL_STATEMENT, "statement", words, NULL);
  while (mill_p_peek(p, 0) != MILL_T_EOF) p->at++;
  return mill_p_node(p, MILL_N_RESET, from);
}

/* The text of tokens [from, to), blanks around and back-quotes left out. */
static const char *raw(mill_parser *p, int32_t start, int32_t stop) {
  while (start < stop && isspace((unsigned char)p->text[start])) start++;
  while (stop > start && isspace((unsigned char)p->text[stop - 1])) stop--;
  if (stop - start > 1 && p->text[start] == '`' && p->text[stop - 1] == '`') start++, stop--;
  return mill_p_copy(p, p->text + start, (size_t)(stop - start));
}

/* An interval as the offset of a zone. One that is none is shown by what is too much of it: its months, its days,
** its hours, or, where there is less than a second, its seconds. */
static const char *offset_of(mill_parser *p, int from, const mill_expr *e) {
  enum { SECOND = 1000000, MOST = 18 * 3600 };
  if (e->type == NULL || (e->type->id != MILL_INTERVAL_DT && e->type->id != MILL_INTERVAL_YM))
    return "+00:00";
  bool months = e->type->id == MILL_INTERVAL_YM;
  int64_t micros = months ? 0 : *(int64_t *)e->value->data, seconds = micros / SECOND;
  int64_t bad = months ? *(int32_t *)e->value->data : 0;
  if (!months && e->type->start == MILL_DAY) bad = micros / MILL_MICROS_DAY;
  if (bad == 0 && (seconds > MOST || seconds < -MOST)) bad = seconds / 3600;
  if (bad == 0 && micros % SECOND) bad = seconds;
  if (bad || micros % SECOND)
    mill_p_error(p, from, MILL_E_INVALID_INTERVAL_FORMAT_TIMEZONE_INTERVAL_OUT_OF_RANGE, "input",
                 mill_error_fmt(p->err, "%lld", (long long)bad), NULL);
  if (seconds == 0) return "Z";
  char *s = mill_p_alloc(p, 16);
  unsigned at = (unsigned)(seconds < 0 ? -seconds : seconds) % (24 * 3600);
  if (s)
    snprintf(s, 16, at % 60 ? "%c%02u:%02u:%02u" : "%c%02u:%02u", seconds < 0 ? '-' : '+',
             at / 3600, at / 60 % 60, at % 60);
  return s;
}

static mill_node *time_zone(mill_parser *p, mill_node *n, int from) {
  p->at += 2;
  n->name = "spark.sql.session.timeZone";
  if (mill_p_is_string(p, 0)) {
    n->alias = mill_p_string(p, NULL);
  } else if (mill_p_accept(p, MILL_K_LOCAL)) {
    n->alias = "UTC"; /* the zone of a session that was given none */
  } else if (mill_p_is_interval(p)) {
    mill_expr *e = mill_p_interval(p);
    n->alias = offset_of(p, from, e);
  } else {
    while (mill_p_peek(p, 0) != MILL_T_EOF) p->at++;
    mill_p_error(p, from, MILL_E_LEGACY_0045, NULL);
  }
  return n;
}

/* USE [DATABASE] name */
static mill_node *use(mill_parser *p) {
  int from = p->at++;
  mill_node *n = mill_p_node(p, MILL_N_USE, from);
  if (mill_p_is_name(p, 1) && mill_p_database_word(p, 0)) p->at++;
  mill_p_target(p, n);
  return n;
}

/* SET CATALOG {name | 'name'} */
static mill_node *set_catalog(mill_parser *p, int from) {
  mill_node *n = mill_p_node(p, MILL_N_USE, from);
  p->at++;
  n->name = mill_p_is_string(p, 0) ? mill_p_string(p, NULL) : mill_p_name(p);
  return n;
}

/* The tokens ahead of an entry of a path; 0: there is none. */
static int path_entry(const mill_parser *p, int ahead) {
  int n = 0;
  while (mill_p_is_name(p, ahead + n)) {
    n++;
    if (mill_p_peek(p, ahead + n) != MILL_T_DOT) return n;
    n++;
  }
  return 0;
}

/* PATH = a.b, CURRENT_SCHEMA: Spark takes what has another form for a setting of that name. */
static bool path_ahead(const mill_parser *p) {
  int at = 1, n;
  if (!mill_p_is(p, MILL_K_PATH) || mill_p_peek(p, 1) != MILL_T_EQ) return false;
  do {
    at++;
    if ((n = path_entry(p, at)) == 0) return false;
    at += n;
  } while (mill_p_peek(p, at) == MILL_T_COMMA);
  return mill_p_peek(p, at) == MILL_T_EOF || mill_p_peek(p, at) == MILL_T_SEMICOLON;
}

static bool path_word(int kind) {
  return kind == MILL_K_PATH || kind == MILL_K_DEFAULT_PATH || kind == MILL_K_SYSTEM_PATH ||
         kind == MILL_K_CURRENT_SCHEMA || kind == MILL_K_CURRENT_DATABASE;
}

static mill_node *set_path(mill_parser *p, int from) {
  mill_node *n = mill_p_node(p, MILL_N_SET, from);
  p->at += 2;
  int first = p->at;
  do {
    int size = path_entry(p, 0), kind = mill_p_peek(p, 0);
    const char *name = size == 1 && !path_word(kind) ? mill_p_name(p) : NULL;
    if (name)
      mill_p_error(p, from, MILL_E_INVALID_SQL_PATH_SCHEMA_REFERENCE, "qualifiedName", name, NULL);
    else
      p->at += size;
  } while (mill_p_accept(p, MILL_T_COMMA));
  n->alias = mill_p_fragment(p, first);
  return n;
}

static mill_node *set(mill_parser *p) {
  int from = p->at++;
  if (path_ahead(p)) return set_path(p, from);
  mill_node *n = mill_p_node(p, MILL_N_SET, from);
  int next = mill_p_peek(p, 1);
  if (mill_p_is(p, MILL_K_TIME) && next == MILL_K_ZONE) return time_zone(p, n, from);
  if (mill_p_is(p, MILL_K_CATALOG) && (mill_p_is_name(p, 1) || mill_p_is_string(p, 1)))
    return set_catalog(p, from);
  int first = p->at, equals = -1;
  while (mill_p_peek(p, 0) != MILL_T_EOF) {
    if (equals < 0 && mill_p_is(p, MILL_T_EQ)) equals = p->at;
    p->at++;
  }
  int last = p->at;
  if (last > first && p->token[last - 1].kind == MILL_T_SEMICOLON) last--;
  if (last == first) return n;
  int32_t stop = p->token[last - 1].stop;
  int32_t key_stop = equals < 0 ? stop : p->token[equals].start;
  n->name = raw(p, p->token[first].start, key_stop);
  int words = (equals < 0 ? last : equals) - first;
  if (words > 1 && strpbrk(n->name, " \t\r\n") && p->token[first].kind != MILL_T_BACKQUOTED)
    mill_p_error(p, from, MILL_E_INVALID_SET_SYNTAX, NULL);
  if (equals >= 0) n->alias = raw(p, p->token[equals].stop, stop);
  return n;
}

static mill_node *reset(mill_parser *p) {
  int from = p->at++, first = p->at;
  mill_node *n = mill_p_node(p, MILL_N_RESET, from);
  while (mill_p_peek(p, 0) != MILL_T_EOF && mill_p_peek(p, 0) != MILL_T_SEMICOLON) p->at++;
  if (p->at > first) n->name = raw(p, p->token[first].start, p->token[p->at - 1].stop);
  if (n->name && strpbrk(n->name, " \t\r\n") && p->token[first].kind != MILL_T_BACKQUOTED)
    mill_p_error(p, from, MILL_E_INVALID_RESET_COMMAND_FORMAT, NULL);
  return n;
}

/* CREATE [OR REPLACE] [GLOBAL] [TEMPORARY] VIEW */
static bool view_ahead(const mill_parser *p) {
  int i = 1;
  if (mill_p_peek(p, i) == MILL_K_OR && mill_p_peek(p, i + 1) == MILL_K_REPLACE) i += 2;
  if (mill_p_peek(p, i) == MILL_K_GLOBAL) i++;
  if (mill_p_peek(p, i) == MILL_K_TEMPORARY || mill_p_peek(p, i) == MILL_K_TEMP) i++;
  return mill_p_peek(p, i) == MILL_K_VIEW;
}

/* Statements of Hive that Spark itself refuses; the number of words that say so, 0: none. */
static int refused(const mill_parser *p) {
  static const struct {
    uint16_t first, second;
  } words[] = {
      {MILL_K_CREATE, MILL_K_ROLE},      {MILL_K_DROP, MILL_K_ROLE},
      {MILL_K_SHOW, MILL_K_GRANT},       {MILL_K_SHOW, MILL_K_ROLE},
      {MILL_K_SHOW, MILL_K_PRINCIPALS},  {MILL_K_SHOW, MILL_K_ROLES},
      {MILL_K_EXPORT, MILL_K_TABLE},     {MILL_K_IMPORT, MILL_K_TABLE},
      {MILL_K_SHOW, MILL_K_COMPACTIONS}, {MILL_K_SHOW, MILL_K_TRANSACTIONS},
      {MILL_K_SHOW, MILL_K_INDEXES},     {MILL_K_SHOW, MILL_K_LOCKS},
      {MILL_K_ALTER, MILL_K_INDEX},      {MILL_K_LOCK, MILL_K_TABLE},
      {MILL_K_LOCK, MILL_K_DATABASE},    {MILL_K_UNLOCK, MILL_K_TABLE},
      {MILL_K_UNLOCK, MILL_K_DATABASE},  {MILL_K_START, MILL_K_TRANSACTION},
      {MILL_K_EXPLAIN, MILL_K_LOGICAL},
  };
  int kind = mill_p_peek(p, 0), next = mill_p_peek(p, 1);
  if (kind == MILL_K_COMMIT || kind == MILL_K_ROLLBACK || kind == MILL_K_DFS ||
      kind == MILL_K_GRANT || kind == MILL_K_REVOKE)
    return next == MILL_K_ROLE ? 2 : 1;
  if (kind == MILL_K_SHOW && next == MILL_K_CURRENT && mill_p_peek(p, 2) == MILL_K_ROLES) return 3;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (words[i].first == kind && words[i].second == next) return 2;
  return 0;
}

static mill_node *refuse(mill_parser *p, int n) {
  int from = p->at;
  size_t size = 1;
  for (int i = 0; i < n; i++) size += strlen(upper(p, from + i)) + 1;
  char *words = mill_p_alloc(p, size);
  for (int i = 0; words && i < n; i++) {
    if (i) strcat(words, " ");
    strcat(words, upper(p, from + i));
  }
  while (mill_p_peek(p, 0) != MILL_T_EOF) p->at++;
  mill_p_error(p, from, MILL_E_INVALID_STATEMENT_OR_CLAUSE, "operation", words ? words : "", NULL);
  return mill_p_node(p, MILL_N_RESET, from);
}

/* Spark's statements that are not answered yet. */
static bool statement_word(int kind) {
  switch (kind) {
  case MILL_K_CREATE:
  case MILL_K_DROP:
  case MILL_K_LOAD:
  case MILL_K_CALL: return true;
  default: return false;
  }
}

/* CREATE [OR REFRESH] {MATERIALIZED VIEW | STREAMING TABLE}: those of a pipeline. */
static mill_node *pipeline_data(mill_parser *p) {
  int i = mill_p_peek(p, 1) == MILL_K_OR ? 3 : 1, from = p->at;
  bool view = mill_p_peek(p, i) == MILL_K_MATERIALIZED && mill_p_peek(p, i + 1) == MILL_K_VIEW;
  bool table = mill_p_peek(p, i) == MILL_K_STREAMING && mill_p_peek(p, i + 1) == MILL_K_TABLE;
  if (!view && !table) return NULL;
  while (mill_p_peek(p, 0) != MILL_T_EOF) p->at++;
  mill_p_error(p, from, MILL_E_UNSUPPORTED_FEATURE_CREATE_PIPELINE_DATASET_QUERY_EXECUTION,
               "pipelineDatasetType", view ? "MATERIALIZED VIEW" : "STREAMING TABLE", NULL);
  return mill_p_node(p, MILL_N_RESET, from);
}

static bool known_statement(const mill_parser *p) {
  int kind = mill_p_peek(p, 0), next = mill_p_peek(p, 1);
  return statement_word(kind) && (next > MILL_T_KEYWORD || mill_p_is_name(p, 1));
}

/* CREATE and DROP, by what. */
static mill_node *make_or_drop(mill_parser *p) {
  bool create = mill_p_is(p, MILL_K_CREATE);
  int i = 1;
  if (create && view_ahead(p)) return create_view(p);
  if (mill_p_database_word(p, 1))
    return create ? mill_p_create_database(p) : mill_p_drop_database(p);
  if (!create)
    return mill_p_peek(p, 1) == MILL_K_VIEW    ? drop_view(p)
           : mill_p_peek(p, 1) == MILL_K_TABLE ? mill_p_drop_table(p)
                                               : NULL;
  if (mill_p_peek(p, i) == MILL_K_OR && mill_p_peek(p, i + 1) == MILL_K_REPLACE) i += 2;
  if (mill_p_peek(p, i) == MILL_K_TEMPORARY || mill_p_peek(p, i) == MILL_K_TEMP) i++;
  if (mill_p_peek(p, i) == MILL_K_EXTERNAL) i++;
  return mill_p_peek(p, i) == MILL_K_TABLE ? mill_p_create_table(p) : pipeline_data(p);
}

static mill_node *any_statement(mill_parser *p) {
  mill_node *other = mill_p_other_statement(p);
  if (other) return other;
  switch (mill_p_peek(p, 0)) {
  case MILL_K_CREATE:
  case MILL_K_DROP: return make_or_drop(p);
  case MILL_K_REPLACE: return mill_p_create_table(p);
  case MILL_K_ALTER: return mill_p_alter(p);
  case MILL_K_COMMENT: return mill_p_comment_on(p);
  case MILL_K_INSERT: return mill_p_insert(p, NULL);
  case MILL_K_DELETE: return mill_p_delete(p);
  case MILL_K_UPDATE: return mill_p_update(p);
  case MILL_K_MERGE: return mill_p_merge(p);
  case MILL_K_DESC:
  case MILL_K_DESCRIBE: return mill_p_describe(p);
  case MILL_K_EXPLAIN: return explain(p);
  case MILL_K_SHOW: return mill_p_show(p);
  case MILL_K_SET: return mill_p_set_variable_ahead(p) ? mill_p_set_variable(p) : set(p);
  case MILL_K_RESET: return reset(p);
  case MILL_K_USE: return use(p);
  default: return mill_p_upkeep(p);
  }
}

mill_node *mill_p_statement(mill_parser *p) {
  int refused_words = refused(p);
  if (refused_words) return refuse(p, refused_words);
  mill_node *n = any_statement(p);
  if (n) return n;
  if (statement_word(mill_p_peek(p, 0)) && mill_p_peek(p, 1) == MILL_T_EOF) {
    p->at++; /* what is missing is missing at the end */
    mill_p_syntax(p);
  }
  p->statement = p->at;
  return known_statement(p) ? mill_p_unsupported(p, p->at) : mill_p_query(p);
}
