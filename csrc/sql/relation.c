/* What stands behind FROM: tables, files, subqueries, VALUES, table functions, with samples and
** aliases. */
#include "sql/parser_int.h"

#include <stdio.h>

#include "base/number.h"

mill_node *mill_p_relation_name(mill_parser *p) {
  int from = p->at;
  mill_list parts = {0}, name = {0};
  if (mill_p_is(p, MILL_K_IDENTIFIER) && mill_p_peek(p, 1) == MILL_T_LPAREN &&
      !(mill_p_is_string(p, 2) && mill_p_peek(p, 3) == MILL_T_RPAREN)) {
    p->at += 2;
    mill_p_push(p, &name, mill_p_expression(p));
    mill_p_expect(p, MILL_T_RPAREN);
  } else {
    mill_p_parts(p, &parts);
  }
  mill_node *n = mill_p_node(p, MILL_N_RELATION, from);
  mill_p_names(&parts, &n->parts, &n->nparts);
  mill_p_exprs(&name, &n->exprs, &n->nexprs);
  return n;
}

static const char *option_value(mill_parser *p) {
  if (mill_p_is_string(p, 0)) return mill_p_string(p, NULL);
  int from = p->at;
  if (mill_p_is_number(p, 0)) {
    mill_p_number(p);
  } else if (!mill_p_accept(p, MILL_K_TRUE)) {
    mill_p_expect(p, MILL_K_FALSE);
  }
  return p->failed ? "" : mill_p_fragment(p, from);
}

/* (key = 'value', a.b 'value', ..) */
void mill_p_options(mill_parser *p, const mill_option **out, int *n) {
  mill_list options = {0};
  mill_p_expect(p, MILL_T_LPAREN);
  do {
    mill_option *o = mill_p_alloc(p, sizeof *o);
    if (o == NULL) return;
    mill_list key = {0};
    if (mill_p_is_string(p, 0)) {
      o->key = mill_p_string(p, NULL);
    } else {
      mill_p_parts(p, &key);
      size_t length = 1;
      for (int i = 0; i < key.n; i++) length += strlen(key.item[i]) + 1;
      char *s = mill_p_alloc(p, length);
      for (int i = 0; s && i < key.n; i++)
        sprintf(s + strlen(s), i ? ".%s" : "%s", (char *)key.item[i]);
      o->key = s ? s : "";
    }
    mill_p_accept(p, MILL_T_EQ);
    bool none = mill_p_is(p, MILL_T_COMMA) || mill_p_is(p, MILL_T_RPAREN);
    o->value = none ? NULL : option_value(p);
    mill_p_push(p, &options, o);
  } while (mill_p_accept(p, MILL_T_COMMA));
  mill_p_expect(p, MILL_T_RPAREN);
  mill_option *all = mill_p_alloc(p, ((size_t)options.n + 1) * sizeof *all);
  for (int i = 0; all && i < options.n; i++) all[i] = *(mill_option *)options.item[i];
  *out = all;
  *n = all ? options.n : 0;
}

/* A word here that goes on with the relation rather than naming it. */
static bool continues(const mill_parser *p) {
  int next = mill_p_peek(p, 1);
  switch (mill_p_peek(p, 0)) {
  case MILL_K_SELECT: return true;
  case MILL_K_APPROX:
  case MILL_K_EXACT: return next == MILL_K_NEAREST;
  case MILL_K_INSERT: return next == MILL_K_INTO || next == MILL_K_OVERWRITE;
  case MILL_K_WATERMARK: return mill_p_is_name(p, 1);
  case MILL_K_FOR:
    return next == MILL_K_SYSTEM_VERSION || next == MILL_K_SYSTEM_TIME || next == MILL_K_VERSION ||
           next == MILL_K_TIMESTAMP;
  case MILL_K_WITH: return next == MILL_T_LPAREN || next == MILL_K_SCHEMA;
  case MILL_K_SET: return mill_p_is_name(p, 1) && mill_p_peek(p, 2) == MILL_T_EQ;
  default: return false;
  }
}

mill_node *mill_p_alias(mill_parser *p, mill_node *n, int from, bool columns) {
  mill_list names = {0};
  const char *alias = NULL;
  if (!mill_p_clause(p, 0) && !continues(p)) {
    if (mill_p_is(p, MILL_K_AS) && mill_p_is_name(p, 1) && !mill_token_strict(mill_p_peek(p, 1))) {
      p->at++;
      alias = mill_p_name(p);
    } else if (mill_p_is_name(p, 0) && !mill_token_strict(mill_p_peek(p, 0))) {
      alias = mill_p_name(p);
    }
  }
  if (alias == NULL) return n;
  if (columns && mill_p_is(p, MILL_T_LPAREN)) mill_p_name_list(p, &names);
  mill_node *a = mill_p_unary_node(p, MILL_N_ALIAS, n, from);
  a->alias = alias;
  mill_p_names(&names, &a->columns, &a->ncolumns);
  bool values = n->kind == MILL_N_VALUES; /* whose errors tell of these names */
  if (values && a->ncolumns * n->nrows == n->nexprs)
    n->columns = a->columns, n->ncolumns = a->ncolumns;
  return a;
}

/* The error covers the clause up to the parenthesis that is still to be read. */
static void sample_error(mill_parser *p, int from, mill_status s, const char *name,
                         const char *value) {
  bool close = mill_p_is(p, MILL_T_RPAREN);
  p->at += close;
  mill_p_error(p, from, s, name, value, NULL);
  p->at -= close;
}

static mill_node *rows_sample(mill_parser *p, mill_node *n, int from, const mill_expr *count) {
  mill_node *l = mill_p_unary_node(p, MILL_N_LIMIT, n, from);
  mill_list exprs = {0};
  mill_p_push(p, &exprs, count);
  mill_p_push(p, &exprs, NULL);
  mill_p_exprs(&exprs, &l->exprs, &l->nexprs);
  return l;
}

static mill_node *share(mill_parser *p, mill_node *n, int from, double fraction) {
  if (fraction < -1e-6 || fraction > 1 + 1e-6) {
    char text[MILL_DOUBLE_TEXT];
    mill_double_text(fraction, text);
    sample_error(p, from, MILL_E_INVALID_TABLESAMPLE_FRACTION, "fraction", text);
  }
  mill_node *s = mill_p_unary_node(p, MILL_N_SAMPLE, n, from);
  s->upper = fraction;
  s->seed = p->rules.set.seed;
  mill_settings_once(&p->rules.set);
  return s;
}

static double number_value(mill_parser *p) {
  char buf[64];
  bool minus = mill_p_accept(p, MILL_T_MINUS);
  const mill_token *t = &p->token[p->at++];
  snprintf(buf, sizeof buf, "%.*s", (int)(t->stop - t->start < 60 ? t->stop - t->start : 60),
           p->text + t->start);
  double v = 0, scale = 0;
  for (const char *s = buf; *s; s++) {
    if (*s == '.') {
      scale = 1;
    } else {
      v = v * 10 + (*s - '0');
      scale *= 10;
    }
  }
  v = scale > 0 ? v / scale : v;
  return minus ? -v : v;
}

static mill_node *bucket(mill_parser *p, mill_node *n, int from) {
  p->at++;
  double x = (double)mill_p_integer(p, INT32_MAX);
  mill_p_expect(p, MILL_K_OUT);
  mill_p_expect(p, MILL_K_OF);
  double y = (double)mill_p_integer(p, INT32_MAX);
  if (mill_p_accept(p, MILL_K_ON)) {
    mill_list parts = {0};
    mill_p_parts(p, &parts);
    bool function = mill_p_accept2(p, MILL_T_LPAREN, MILL_T_RPAREN);
    const char *msg = function ? "TABLESAMPLE(BUCKET x OUT OF y ON function)"
                               : "TABLESAMPLE(BUCKET x OUT OF y ON colname)";
    sample_error(p, from, MILL_E_LEGACY_0015, "msg", msg);
  }
  return share(p, n, from, y > 0 ? x / y : 0);
}

/* Between the parentheses. */
static mill_node *method(mill_parser *p, mill_node *n, int from) {
  int number = mill_p_is(p, MILL_T_MINUS), kind = mill_p_peek(p, number);
  if (mill_p_is(p, MILL_K_BUCKET) && mill_p_peek(p, 1) == MILL_T_INTEGER) return bucket(p, n, from);
  if ((kind == MILL_T_INTEGER || kind == MILL_T_DECIMAL) &&
      mill_p_peek(p, number + 1) == MILL_K_PERCENT) {
    double percent = number_value(p);
    p->at++;
    return share(p, n, from, percent / 100);
  }
  int at = p->at;
  mill_expr *e = mill_p_expression(p);
  if (mill_p_accept(p, MILL_K_ROWS)) return rows_sample(p, n, from, e);
  const char *text = mill_p_fragment(p, at);
  size_t length = strlen(text);
  bool bytes =
      length > 1 && strchr("bBkKmMgG", text[length - 1]) && text[0] >= '0' && text[0] <= '9';
  sample_error(p, from, bytes ? MILL_E_LEGACY_0015 : MILL_E_LEGACY_0016, bytes ? "msg" : "bytesStr",
               bytes ? "byteLengthLiteral" : text);
  return n;
}

mill_node *mill_p_sample(mill_parser *p, mill_node *n) {
  int from = p->at;
  if (!mill_p_is(p, MILL_K_TABLESAMPLE) || !mill_p_clause(p, 0)) return n;
  p->at++;
  if (mill_p_is(p, MILL_K_SYSTEM) && mill_p_peek(p, 1) == MILL_T_LPAREN)
    mill_p_error(p, from, MILL_E_UNSUPPORTED_FEATURE_TABLESAMPLE_SYSTEM_NO_SCAN, "relationName",
                 "the relation", NULL);
  if (mill_p_is_name(p, 0) && mill_p_peek(p, 1) == MILL_T_LPAREN) p->at++; /* BERNOULLI */
  mill_p_expect(p, MILL_T_LPAREN);
  bool empty = mill_p_is(p, MILL_T_RPAREN);
  mill_node *s = empty ? n : method(p, n, from);
  mill_p_expect(p, MILL_T_RPAREN);
  if (empty) sample_error(p, from, MILL_E_LEGACY_0014, NULL, NULL);
  if (mill_p_accept(p, MILL_K_REPEATABLE)) {
    mill_p_expect(p, MILL_T_LPAREN);
    s->seed = (uint64_t)mill_p_integer(p, INT64_MAX);
    mill_p_expect(p, MILL_T_RPAREN);
  }
  return s;
}

/* The values of one row: the fields of a row, or one value. */
static void push_row(mill_parser *p, mill_list *out, const mill_expr *e) {
  bool row = e->kind == MILL_X_CALL && strcasecmp(e->name, "struct") == 0;
  for (int i = 0; row && i < e->nargs; i++) {
    const mill_expr *x = e->args[i];
    mill_p_push(p, out, x->kind == MILL_X_ALIAS ? x->args[0] : x);
  }
  if (!row) mill_p_push(p, out, e);
}

static void uneven(mill_parser *p, int from, int want, int got, int row) {
  char a[16], b[16], c[16];
  snprintf(a, sizeof a, "%d", want);
  snprintf(b, sizeof b, "%d", got);
  snprintf(c, sizeof c, "%d", row);
  mill_p_error(p, from, MILL_E_INVALID_INLINE_TABLE_NUM_COLUMNS_MISMATCH, "expectedNumCols", a,
               "actualNumCols", b, "rowIndex", c, NULL);
}

mill_node *mill_p_values(mill_parser *p) {
  int from = p->at, rows = 0, width = 0;
  mill_list values = {0}, columns = {0};
  mill_p_expect(p, MILL_K_VALUES);
  do {
    int before = values.n, at = p->at;
    const mill_expr *row = mill_p_expression(p);
    if (p->failed) break;
    push_row(p, &values, row);
    int got = values.n - before;
    if (rows == 0) width = got;
    if (got != width) uneven(p, at, width, got, rows);
    rows++;
  } while (mill_p_accept(p, MILL_T_COMMA));
  for (int i = 0; i < width && !p->failed; i++) {
    char name[16];
    snprintf(name, sizeof name, "col%d", i + 1);
    mill_p_push(p, &columns, mill_p_copy(p, name, strlen(name)));
  }
  mill_node *n = mill_p_node(p, MILL_N_VALUES, from);
  n->nrows = rows;
  mill_p_exprs(&values, &n->exprs, &n->nexprs);
  mill_p_names(&columns, &n->columns, &n->ncolumns);
  return mill_p_alias(p, n, from, true);
}

static bool function_ahead(const mill_parser *p) {
  int i = 0;
  if (mill_p_identifier_call(p, 0)) return true;
  while (mill_p_is_name(p, i) && mill_p_peek(p, i + 1) == MILL_T_DOT) i += 2;
  return mill_p_is_name(p, i) && mill_p_peek(p, i + 1) == MILL_T_LPAREN &&
         mill_p_peek(p, i) != MILL_K_IDENTIFIER;
}

static mill_node *function(mill_parser *p, int from) {
  mill_list parts = {0}, args = {0}, computed = {0};
  if (mill_p_identifier_call(p, 0)) {
    p->at += 2;
    mill_p_push(p, &computed, mill_p_expression(p));
    mill_p_expect(p, MILL_T_RPAREN);
  } else {
    mill_p_parts(p, &parts);
  }
  mill_p_expect(p, MILL_T_LPAREN);
  if (!mill_p_is(p, MILL_T_RPAREN)) mill_p_expr_list(p, &args, mill_p_argument);
  mill_p_expect(p, MILL_T_RPAREN);
  mill_node *n = mill_p_node(p, MILL_N_FUNCTION, from);
  n->name = parts.n ? parts.item[parts.n - 1] : "";
  mill_p_names(&parts, &n->parts, &n->nparts);
  mill_p_exprs(&args, &n->exprs, &n->nexprs);
  mill_p_exprs(&computed, &n->keys, &n->nkeys);
  n->ordinality = mill_p_accept2(p, MILL_K_WITH, MILL_K_ORDINALITY);
  return mill_p_alias(p, n, from, true);
}

/* WATERMARK column DELAY OF INTERVAL .. */
static mill_node *watermark(mill_parser *p, mill_node *n, int from) {
  if (!mill_p_is(p, MILL_K_WATERMARK) || !mill_p_is_name(p, 1)) return n;
  p->at++;
  mill_list exprs = {0};
  mill_p_push(p, &exprs, mill_p_named(p));
  mill_p_expect(p, MILL_K_DELAY);
  mill_p_expect(p, MILL_K_OF);
  mill_p_push(p, &exprs, mill_p_is_interval(p) ? mill_p_interval(p) : mill_p_operand(p));
  mill_node *w = mill_p_unary_node(p, MILL_N_WATERMARK, n, from);
  mill_p_exprs(&exprs, &w->exprs, &w->nexprs);
  return w;
}

/* [FOR] VERSION AS OF .., TIMESTAMP AS OF ..: tables have no history here. */
static void time_travel(mill_parser *p, const mill_node *n) {
  int from = p->at, i = mill_p_is(p, MILL_K_FOR), kind = mill_p_peek(p, i);
  if (kind != MILL_K_SYSTEM_VERSION && kind != MILL_K_VERSION && kind != MILL_K_SYSTEM_TIME &&
      kind != MILL_K_TIMESTAMP)
    return;
  if (mill_p_peek(p, i + 1) != MILL_K_AS || mill_p_peek(p, i + 2) != MILL_K_OF) return;
  p->at += i + 3;
  mill_p_operand(p);
  mill_list parts = {0};
  for (int k = 0; k < n->nparts; k++) mill_p_push(p, &parts, n->parts[k]);
  mill_p_error(p, from, MILL_E_UNSUPPORTED_FEATURE_TIME_TRAVEL, "relationId",
               mill_p_dotted(p, &parts), NULL);
}

static mill_node *table(mill_parser *p, int from) {
  bool stream = mill_p_is(p, MILL_K_STREAM) && mill_p_is_name(p, 1) && !mill_p_clause(p, 1) &&
                !mill_token_strict(mill_p_peek(p, 1)) && mill_p_accept(p, MILL_K_STREAM);
  mill_node *n = mill_p_relation_name(p);
  n->streaming = stream;
  time_travel(p, n);
  if (mill_p_is(p, MILL_K_WITH) && mill_p_peek(p, 1) == MILL_T_LPAREN) {
    p->at++;
    mill_p_options(p, &n->options, &n->noptions);
  }
  n = watermark(p, mill_p_sample(p, n), from);
  return mill_p_alias(p, n, from, true);
}

/* (relation), joins and all. */
static mill_node *parenthesised(mill_parser *p) {
  mill_p_expect(p, MILL_T_LPAREN);
  int from = p->at;
  if (!mill_p_enter(p)) return mill_p_node(p, MILL_N_ONE_ROW, from);
  mill_node *n = mill_p_relation_primary(p);
  while (mill_p_join_ahead(p) && !p->failed) n = mill_p_join(p, n, from);
  mill_p_expect(p, MILL_T_RPAREN);
  mill_p_leave(p);
  return n;
}

mill_node *mill_p_relation_primary(mill_parser *p) {
  int from = p->at;
  if (mill_p_is(p, MILL_T_LPAREN)) {
    mill_node *n = mill_p_subquery(p);
    bool query = n != NULL;
    if (n == NULL) n = parenthesised(p);
    n = watermark(p, mill_p_sample(p, n), from);
    mill_node *named = mill_p_alias(p, n, from, true);
    if (!query || named != n) return named;
    named = mill_p_unary_node(p, MILL_N_ALIAS, n, from);
    named->alias = "__auto_generated_subquery_name";
    return named;
  }
  if (mill_p_is(p, MILL_K_VALUES) && mill_p_query_ahead(p, 0)) return mill_p_values(p);
  if (function_ahead(p)) return function(p, from);
  return table(p, from);
}
