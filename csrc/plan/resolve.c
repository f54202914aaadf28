/* Name resolution: unresolved expressions to typed ones over the columns of a scope.
**
** A name is looked for among lambda variables, then as qualifier and column, then as column and
** fields, then among the aliases of the same select list, then in the query around this one. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/thread.h"
#include "plan/plan_int.h"
#include "plan/warehouse_int.h"

mill_scope mill_scope_of(const mill_node *n, const mill_scope *outer) {
  return (mill_scope){.outer = outer, .from = n, .column = n->output, .ncolumns = n->noutput};
}

/* ---- columns -------------------------------------------------------------------------------- */

int mill_find_column(const mill_planner *w, const mill_expr *const *column, int n, const char *name,
                     const mill_expr **out) {
  int found = 0;
  for (int i = 0; i < n; i++) {
    if (!mill_w_same_name(w, column[i]->name, name)) continue;
    if (found == 0) *out = column[i];
    if (found == 0 || column[i]->id != (*out)->id) found++;
  }
  return found;
}

/* Does the column's qualifier end in parts[0..n)? */
static bool qualified(const mill_planner *w, const mill_expr *c, const char *const *parts, int n) {
  if (c->nparts < n || c->parts == NULL) return false;
  for (int i = 0; i < n; i++)
    if (!mill_w_same_name(w, c->parts[c->nparts - n + i], parts[i])) return false;
  return true;
}

enum { MANY_COLUMNS = 64 };

uint32_t mill_hash_name(const char *s) {
  uint32_t h = 2166136261u;
  for (; *s; s++) h = (h ^ (uint32_t)tolower((unsigned char)*s)) * 16777619u;
  return h ^ h >> 15;
}

/* The names of a long list; NULL: it is short, or there is no memory for them. */
static const mill_name_index *names_of(mill_planner *w, const mill_expr *const *column, int n) {
  mill_name_index *l = &w->names;
  if (n < MANY_COLUMNS) return NULL;
  if (l->column == column && l->n == n) return l;
  uint32_t slots = 2 * MANY_COLUMNS;
  while (slots < (uint32_t)n) slots *= 2;
  *l = (mill_name_index){.mask = slots - 1,
                         .head = mill_w_alloc(w, slots * sizeof *l->head),
                         .next = mill_w_alloc(w, (size_t)n * sizeof *l->next)};
  if (l->head == NULL || l->next == NULL) return NULL;
  for (int i = n; i-- > 0;) {
    int32_t *head = &l->head[mill_hash_name(column[i]->name) & l->mask];
    l->next[i] = *head;
    *head = i + 1;
  }
  l->column = column, l->n = n;
  return l;
}

/* Columns that match `nq` qualifiers and a name at parts[nq]. */
static int matches(mill_planner *w, const mill_expr *const *column, int n, const mill_expr *e,
                   int nq, const mill_expr **out) {
  const mill_name_index *l = names_of(w, column, n);
  int found = 0;
  for (int i = l ? l->head[mill_hash_name(e->parts[nq]) & l->mask] - 1 : 0; i >= 0 && i < n;
       i = l ? l->next[i] - 1 : i + 1) {
    const mill_expr *c = column[i];
    if (!mill_w_same_name(w, c->name, e->parts[nq])) continue;
    if (nq > 0 ? !qualified(w, c, e->parts, nq) : c->hidden) continue;
    if (found == 0) *out = c;
    if (found == 0 || c->id != (*out)->id) found++;
  }
  return found;
}

/* `t`.`c`, without the first `skip` qualifiers; a query in FROM that has no name qualifies nothing. */
static const char *told(mill_planner *w, const mill_expr *c, int skip) {
  int n = c->parts ? c->nparts - skip : 0;
  bool nameless = n > 0 && strcmp(c->parts[skip], "__auto_generated_subquery_name") == 0;
  const char *q = n > 0 && !nameless ? mill_w_quoted_parts(w, c->parts + skip, n) : "";
  return mill_w_printf(w, "%s%s%s", q, *q ? "." : "", mill_w_quoted_parts(w, &c->name, 1));
}

static int by_text(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const mill_expr *ambiguous(mill_planner *w, const mill_expr *const *column, int n,
                                  const mill_expr *e, int nq) {
  const char **names = mill_w_alloc(w, ((size_t)n + 1) * sizeof *names), *list = "";
  int found = 0;
  for (int i = 0; names && i < n; i++) {
    const mill_expr *c = column[i];
    if (!mill_w_same_name(w, c->name, e->parts[nq])) continue;
    if (nq > 0 && !qualified(w, c, e->parts, nq)) continue;
    mill_expr *written = mill_x_copy(w, c);
    if (written == NULL) return NULL;
    written->name = e->parts[nq];
    names[found] = told(w, written, 0);
    if (names[found++] == NULL) return NULL;
  }
  if (names == NULL) return NULL;
  qsort(names, (size_t)found, sizeof *names, by_text);
  for (int i = 0; list && i < found; i++)
    list = mill_w_printf(w, "%s%s%s", list, i ? ", " : "", names[i]);
  mill_error_clear(w->err);
  return MILL_W_FAIL_AT(w, e, MILL_E_AMBIGUOUS_REFERENCE, "name",
                        mill_w_quoted_parts(w, e->parts, e->nparts), "referenceNames",
                        mill_error_fmt(w->err, "[%s]", list ? list : ""), NULL);
}

/* The field path parts[from..) below a column. */
static const mill_expr *fields(mill_planner *w, const mill_expr *c, const mill_expr *e, int from) {
  for (int i = from; c && i < e->nparts; i++) c = mill_bind_field(w, c, e->parts[i], e);
  return c;
}

static const mill_expr *positioned(mill_planner *w, const mill_expr *c, const mill_expr *e) {
  mill_expr *copy = mill_x_copy(w, c);
  if (copy == NULL) return NULL;
  copy->text = e->text, copy->start = e->start, copy->stop = e->stop;
  return copy;
}

/* The column under the name that the query gives it, which may differ in case. */
static const mill_expr *as_written(mill_planner *w, const mill_expr *c, const mill_expr *e,
                                   const char *name) {
  mill_expr *copy = mill_x_copy(w, positioned(w, c, e));
  if (copy) copy->name = name, copy->hidden = false;
  return copy;
}

/* Among one list of columns: NULL and no error when there is none. */
static const mill_expr *in_columns(mill_planner *w, const mill_expr *const *column, int n,
                                   const mill_expr *e) {
  const mill_expr *c = NULL;
  int most = e->nparts - 1 < 3 ? e->nparts - 1 : 3;
  for (int nq = most; nq >= 0; nq--) {
    int found = matches(w, column, n, e, nq, &c);
    if (found > 1) return ambiguous(w, column, n, e, nq);
    if (found == 1) return fields(w, as_written(w, c, e, e->parts[nq]), e, nq + 1);
  }
  return NULL;
}

/* The same, where a name of several columns, or of a field that is none, is no column at all. */
static const mill_expr *if_column(mill_planner *w, const mill_expr *const *column, int n,
                                  const mill_expr *e) {
  const mill_expr *r = in_columns(w, column, n, e);
  if (w->status == MILL_OK || w->status == MILL_E_OUT_OF_MEMORY) return r;
  mill_error_clear(w->err);
  w->status = MILL_OK;
  return NULL;
}

/* HAVING: was the column that the name meant below the list no key? */
static bool is_of_list(const mill_scope *s, const mill_expr *e) {
  for (int i = 0; s->of_list && i < s->of_list->n; i++)
    if (s->of_list->at[i]->text == e->text && s->of_list->at[i]->start == e->start) return true;
  return false;
}

static const mill_expr *in_variables(mill_planner *w, const mill_scope *s, const mill_expr *e) {
  for (const mill_variables *v = s->variables; v; v = v->next)
    if (mill_w_same_name(w, v->variable->name, e->parts[0])) return fields(w, v->variable, e, 1);
  return NULL;
}

/* The call as Spark prints it while the alias in it is not resolved. */
static const mill_expr *alias_in_call(mill_planner *w, const mill_scope *s, const mill_expr *e) {
  const char *name = mill_w_quoted_parts(w, e->parts, 1);
  const char *call = mill_w_quoted_sql(w, s->within);
  if (s->within->kind == MILL_X_WINDOW)
    return MILL_W_FAIL_AT(w, e, MILL_E_UNSUPPORTED_FEATURE_LATERAL_COLUMN_ALIAS_IN_WINDOW, "lca",
                          name, "windowExpr", call, NULL);
  return MILL_W_FAIL_AT(w, e, MILL_E_UNSUPPORTED_FEATURE_LATERAL_COLUMN_ALIAS_IN_AGGREGATE_FUNC,
                        "lca", name, "aggFunc", call, NULL);
}

static const mill_expr *in_aliases(mill_planner *w, const mill_scope *s, const mill_expr *e) {
  const mill_expr *found = NULL;
  int n = 0; /* aliases of that name; of generators, whose columns are found later, too */
  for (int i = 0; s->lateral && i < s->lateral->n; i++) {
    const mill_expr *a = s->lateral->at[i];
    n += a->kind == MILL_X_COLUMN && mill_x_find_id(s->named.at, s->named.n, a->id) &&
         mill_w_same_name(w, a->name, e->parts[0]);
    if (a->kind != MILL_X_ALIAS || a->hidden || !mill_w_same_name(w, a->parts[0], e->parts[0]))
      continue;
    found = a;
    n++;
  }
  if (n > 1)
    return MILL_W_FAIL_AT(w, e, MILL_E_AMBIGUOUS_LATERAL_COLUMN_ALIAS, "name",
                          mill_w_quoted_parts(w, e->parts, e->nparts), "n",
                          mill_error_fmt(w->err, "%d", n), NULL);
  if (found == NULL) return NULL;
  if (s->within) return alias_in_call(w, s, e);
  w->by_alias = true;
  mill_expr *r = mill_x_copy(w, fields(w, positioned(w, found->args[0], e), e, 1));
  if (r == NULL) return NULL;
  r->by_alias = e->parts[e->nparts - 1];
  r->pretty = mill_w_printf(w, "lateralAliasReference(%s)", r->by_alias);
  return r;
}

static const mill_expr *in_outer(mill_planner *w, const mill_scope *s, const mill_expr *e) {
  const mill_scope *o = s->outer; /* and no further out, as in Spark */
  if (o == NULL) return NULL;
  bool sorting = w->no_routines && strcmp(w->no_routines, "Sort") == 0;
  const mill_expr *c = in_columns(w, o->column, o->ncolumns, e);
  if (c == NULL && !w->status && !sorting) c = in_columns(w, o->hidden, o->nhidden, e);
  if (w->status) return NULL;
  if (c == NULL && o->arguments) return mill_find_argument(w, o, e, true);
  if (c == NULL && o->outer && o->outer->arguments)
    return mill_find_argument(w, o->outer, e, true);   /* a function's parameter, and no column */
  if (c == NULL || c->kind != MILL_X_COLUMN) return c; /* fields of an outer struct */
  mill_expr *x = mill_x_copy(w, c);
  if (x) x->kind = MILL_X_OUTER;
  return x;
}

/* current_date and its like, which stand without parentheses. */
static bool bare_call(const char *name) {
  static const char *const names[] = {"current_date",    "current_timestamp",
                                      "current_user",    "user",
                                      "session_user",    "localtimestamp",
                                      "current_time",    "localtime",
                                      "current_schema",  "current_database",
                                      "current_catalog", "current_path",
                                      "grouping__id",    NULL};
  for (int i = 0; names[i]; i++)
    if (strcasecmp(names[i], name) == 0) return true;
  return false;
}

static const mill_expr *bare_value(mill_planner *w, const mill_scope *s, const mill_expr *e) {
  mill_expr *call = mill_x_new(w, MILL_X_CALL, e);
  if (call == NULL) return NULL;
  bool hive = strcasecmp(e->parts[0], "grouping__id") == 0; /* Hive's name of grouping_id() */
  call->name = hive ? "grouping_id" : e->parts[0];
  return mill_bind_call(w, s, call);
}

static const mill_expr *resolve_in(mill_planner *w, const mill_scope *s, const mill_expr *e) {
  if (s->expand && e->nparts == 1 && e->parts[0][0] == '$')
    return s->expand->at[e->parts[0][1] - '1'];
  const mill_expr *r = in_variables(w, s, e);
  bool of_list = s->below_first && is_of_list(s, e);
  if (r == NULL && !w->status && s->below_first && !of_list)
    r = if_column(w, s->hidden, s->nhidden, e);
  if (r == NULL && !w->status)
    r = (s->above ? if_column : in_columns)(w, s->column, s->ncolumns, e);
  if (r == NULL && !w->status && s->nhidden && !s->below_first)
    r = (s->above ? if_column : in_columns)(w, s->hidden, s->nhidden, e);
  if (r == NULL && !w->status && e->nparts == 1 && bare_call(e->parts[0])) r = bare_value(w, s, e);
  if (r == NULL && !w->status) r = in_aliases(w, s, e);
  if (r == NULL && !w->status) r = in_columns(w, s->made.at, s->made.n, e);
  if (r == NULL && !w->status && s->arguments) r = mill_find_argument(w, s, e, false);
  return r;
}

const mill_expr *mill_resolve_name_quiet(mill_planner *w, const mill_scope *s, const mill_expr *e) {
  return resolve_in(w, s, e);
}

/* ---- names that are none -------------------------------------------------------------------- */

static int distance(const char *a, const char *b) {
  int row[65], n = (int)strlen(b);
  if (n > 64) return 99;
  for (int j = 0; j <= n; j++) row[j] = j;
  for (int i = 1; *a; i++, a++) {
    int before = row[0];
    row[0] = i;
    for (int j = 1; j <= n; j++) {
      int above = row[j], cost = *a != b[j - 1];
      int best = before + cost;
      if (above + 1 < best) best = above + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      before = above;
      row[j] = best;
    }
  }
  return row[n];
}

/* How many of the first qualifiers all columns share. */
static int shared_qualifiers(const mill_scope *s) {
  const mill_expr *first = s->column[0];
  int n = first->parts ? first->nparts : 0;
  for (int i = 1; i < s->ncolumns; i++) {
    const mill_expr *c = s->column[i];
    if ((c->parts ? c->nparts : 0) != (first->parts ? first->nparts : 0)) return 0;
    for (int k = 0; k < n; k++)
      if (strcmp(c->parts[k], first->parts[k]) != 0) n = k;
  }
  return n;
}

/* How many qualifiers are not told where the name has `nparts` parts: all that a plain name has not, if all columns
** share them, and the databases of what a name of two parts could be in. */
static int untold(const mill_scope *s, int nparts) {
  if (s->ncolumns == 0 || nparts > 2) return 0;
  int all = s->column[0]->parts ? s->column[0]->nparts : 0, shared = shared_qualifiers(s);
  if (nparts == 1 && shared == all) return all;
  return all > 0 && shared >= all - 1 ? all - 1 : 0;
}

/* The name as Spark measures how far others are: parts that are no identifier stand in quotes. */
static const char *measured(mill_planner *w, const mill_expr *e) {
  mill_text text;
  mill_text_init(&text, w->ctx->memory);
  for (int i = 0; w->status == MILL_OK && i < e->nparts; i++) {
    const char *part = e->parts[i], *p = part;
    bool digits = true;
    for (; isalnum((unsigned char)*p) || *p == '_'; p++)
      digits = digits && isdigit((unsigned char)*p);
    bool plain = p > part && *p == '\0' && !digits;
    const char *shown = plain ? part : mill_w_quoted_parts(w, &e->parts[i], 1);
    if (i && w->status == MILL_OK) w->status = mill_text_adds(&text, ".", w->err);
    if (w->status == MILL_OK) w->status = mill_text_adds(&text, shown, w->err);
  }
  const char *name = w->status == MILL_OK ? mill_w_copy(w, text.data, text.size) : NULL;
  mill_text_clear(&text);
  return name;
}

/* Up to five column names of the scope, the nearest first, then by name: "`a`, `b`". */
static const char *proposals(mill_planner *w, const mill_scope *s, const mill_expr *e) {
  int n = s->ncolumns, *far = mill_w_alloc(w, ((size_t)n + 1) * sizeof *far);
  const char **shown = mill_w_alloc(w, ((size_t)n + 1) * sizeof *shown);
  const char *text = "", *name = measured(w, e);
  if (far == NULL || shown == NULL || name == NULL) return NULL;
  int skip = untold(s, e->nparts);
  for (int i = 0; i < n; i++) {
    shown[i] = told(w, s->column[i], skip);
    if (shown[i] == NULL) return NULL;
    far[i] = distance(name, shown[i]);
  }
  for (int k = 0; text && k < 5 && k < n; k++) {
    int best = -1;
    for (int i = 0; i < n; i++) {
      if (far[i] < 0) continue;
      if (best < 0 || far[i] < far[best] ||
          (far[i] == far[best] && strcmp(s->column[i]->name, s->column[best]->name) < 0))
        best = i;
    }
    text = mill_w_printf(w, "%s%s%s", text, k ? ", " : "", shown[best]);
    far[best] = -1;
  }
  return text;
}

const mill_expr *mill_unresolved(mill_planner *w, const mill_scope *s, const mill_expr *e) {
  mill_scope parameters = {0};
  if (s->ncolumns == 0 && s->arguments) {
    const mill_arguments *a = s->arguments;
    mill_exprs named = {0};
    for (int i = 0; i < a->n; i++)
      if (!mill_exprs_add(w, &named, mill_x_alias(w, a->values[i], a->names[i]))) return NULL;
    for (int i = 0; i < named.n; i++) named.at[i] = mill_x_column(w, named.at[i]);
    parameters = (mill_scope){.column = named.at, .ncolumns = named.n};
    s = &parameters;
  }
  const char *near = proposals(w, s, e);
  if (near == NULL) return NULL;
  mill_error_clear(w->err);
  const char *name = mill_w_quoted_parts(w, e->parts, e->nparts);
  if (*near == '\0')
    return MILL_W_FAIL_AT(w, e, MILL_E_UNRESOLVED_COLUMN_WITHOUT_SUGGESTION, "objectName", name,
                          NULL);
  return MILL_W_FAIL_AT(w, e, MILL_E_UNRESOLVED_COLUMN_WITH_SUGGESTION, "objectName", name,
                        "proposal", near, NULL);
}

static const mill_expr *resolve_name(mill_planner *w, const mill_scope *s, const mill_expr *e) {
  const mill_expr *r = e->outer && s->outer ? in_outer(w, s, e) : resolve_in(w, s, e);
  if (r || w->status) return r;
  if (e->outer) {
    w->deferred |= s->outer == NULL;
    return mill_unresolved(w, s, e);
  }
  r = in_outer(w, s, e);
  if (r == NULL && !w->status) r = mill_variable_reference(w, e);
  if (r || w->status) return r;
  return mill_unresolved(w, s, e);
}

/* ---- other kinds ---------------------------------------------------------------------------- */

const mill_expr *mill_w_parse(mill_planner *w, const char *text, size_t n) {
  const mill_expr *e = NULL;
  mill_parse_expr parse = mill_session_parse(w->session);
  if (text == NULL) return NULL; /* there was no memory for it */
  if (parse == NULL)
    return MILL_W_FAIL(w, MILL_E_UNRESOLVED_COLUMN_WITHOUT_SUGGESTION, "objectName", text, NULL);
  w->status = parse(w->session, text, n, w->arena, &e, w->err);
  return w->status == MILL_OK ? e : NULL;
}

/* Only names have back quotes, and those come in pairs. */
static bool odd_quotes(const char *text) {
  int n = 0;
  for (; *text; text++) n += *text == '`';
  return n % 2 == 1;
}

static const mill_expr *resolve_text(mill_planner *w, const mill_scope *s, const mill_expr *e) {
  const mill_expr *c = NULL;
  int found = mill_find_column(w, s->column, s->ncolumns, e->name, &c);
  if (found == 1) return as_written(w, c, e, e->name);
  if (odd_quotes(e->name))
    return MILL_W_FAIL(w, MILL_E_INVALID_ATTRIBUTE_NAME_SYNTAX, "name", e->name, NULL);
  const mill_expr *parsed = mill_w_parse(w, e->name, strlen(e->name));
  const mill_expr *r = parsed ? mill_resolve(w, s, parsed) : NULL;
  return r ? mill_path_named(w, parsed, r) : NULL;
}

/* struct(..) handed in is shown as the named_struct that it is. */
static const mill_expr *argument(mill_planner *w, const mill_expr *e) {
  if (e == NULL || !mill_x_is_call(e, "named_struct")) return e;
  mill_expr *c = mill_x_copy(w, e);
  if (c) c->pretty = NULL;
  return c;
}

/* 'a' :p 'b' */
static const mill_expr *joined_text(mill_planner *w, const mill_scope *s, const mill_expr *e) {
  const char *all = "";
  for (int i = 0; i < e->nargs; i++) {
    const mill_vector *v = NULL;
    const mill_expr *a = mill_resolve(w, s, e->args[i]);
    if (a == NULL || (a->type->id == MILL_STRING && !mill_w_evaluate(w, a, &v))) return NULL;
    if (v == NULL || !mill_vector_valid(v, 0))
      return MILL_W_FAIL_AT(w, a, MILL_E_PARSE_SYNTAX_ERROR, "error", mill_w_quoted_sql(w, a),
                            "hint", ": texts and parameters that are texts go side by side", NULL);
    const mill_str *text = v->data;
    all = mill_w_printf(w, "%s%.*s", all, (int)text->size, mill_str_data(text));
    if (all == NULL) return NULL;
  }
  return mill_x_string(w, all);
}

static const mill_expr *resolve_parameter(mill_planner *w, const mill_scope *s,
                                          const mill_expr *e) {
  const mill_parameters *p = w->params;
  if (e->nargs) return joined_text(w, s, e);
  for (int i = 0; p && i < p->n; i++) {
    const char *name = p->names ? p->names[i] : NULL;
    bool hit = e->name ? name && strcmp(name, e->name) == 0 : name == NULL && i == e->index;
    if (hit) return mill_slot_literal(w, i, argument(w, mill_resolve(w, s, p->values[i])));
  }
  return MILL_W_FAIL_AT(w, e, MILL_E_UNBOUND_SQL_PARAMETER, "name",
                        e->name ? e->name : mill_error_fmt(w->err, "_%d", (int)e->start), NULL);
}

/* Copy of e with resolved args. */
static mill_expr *with_args(mill_planner *w, const mill_scope *s, const mill_expr *e) {
  mill_expr *c = mill_x_copy(w, e);
  mill_scope below = *s;
  below.nested = true;
  const mill_function *fn =
      e->kind == MILL_X_CALL ? mill_function_find(e->name, strlen(e->name)) : NULL;
  if (fn && fn->kind == MILL_AGGREGATE && below.within == NULL) below.within = e;
  for (int i = 0; c && i < c->nargs; i++) {
    c->args[i] = mill_resolve(w, &below, e->args[i]);
    if (c->args[i] == NULL) return NULL;
  }
  return c;
}

static bool has_lambda(const mill_expr *e) {
  const mill_function *fn = mill_function_find(e->name, strlen(e->name));
  if (fn && fn->lambda) return true;
  for (int i = 0; i < e->nargs; i++)
    if (e->args[i]->kind == MILL_X_LAMBDA) return true;
  return false;
}

/* Stars among the arguments: count(*) is count(1), struct(*) has all columns. */
static const mill_expr *expand_args(mill_planner *w, const mill_scope *s, const mill_expr *e) {
  mill_exprs l = {0};
  bool star = false;
  const mill_function *fn = mill_function_find(e->name, strlen(e->name));
  if (fn && fn->flags & MILL_FN_OPERATOR) return e;
  for (int i = 0; i < e->nargs; i++) star |= mill_expands(w, e->args[i]);
  if (!star) return e;
  mill_expr *c = mill_x_copy(w, e);
  if (c == NULL) return NULL;
  bool all = e->args[0]->kind == MILL_X_STAR;
  if (mill_x_is_call(e, "count") && e->nargs == 1 && !e->distinct && all &&
      e->args[0]->nparts == 0) {
    c->args[0] = mill_x_int(w, 1);
    return c->args[0] ? c : NULL;
  }
  if (mill_x_is_call(e, "count") && e->nargs == 1 && all && e->args[0]->nparts == 1 &&
      mill_names_table(w, s, e->args[0]))
    return MILL_W_FAIL_AT(w, e, MILL_E_INVALID_USAGE_OF_STAR_WITH_TABLE_IDENTIFIER_IN_COUNT,
                          "tableName", mill_w_quoted_parts(w, e->args[0]->parts, 1), NULL);
  if (!mill_expand_list(w, s, e->args, e->nargs, &l)) return NULL;
  c->args = l.at;
  c->nargs = l.n;
  return c;
}

const mill_expr *mill_constant_name(mill_planner *w, const mill_scope *s, const mill_expr *e) {
  const mill_vector *v = NULL;
  mill_scope none = {0};
  const mill_expr *arg = mill_resolve(w, s ? s : &none, e);
  if (arg == NULL) return NULL;
  const char *sql = mill_w_whole_sql(w, arg);
  if (arg->type->id != MILL_STRING)
    return MILL_W_FAIL_AT(w, e, MILL_E_NOT_A_CONSTANT_STRING_WRONG_TYPE, "name", "IDENTIFIER",
                          "expr", sql, "dataType", mill_w_simple_type(w, arg->type), NULL);
  if (!mill_w_evaluate(w, arg, &v))
    return MILL_W_FAIL_AT(w, e, MILL_E_NOT_A_CONSTANT_STRING_NOT_CONSTANT, "name", "IDENTIFIER",
                          "expr", sql, NULL);
  if (!mill_vector_valid(v, 0))
    return MILL_W_FAIL_AT(w, e, MILL_E_NOT_A_CONSTANT_STRING_NULL, "name", "IDENTIFIER", "expr",
                          sql, NULL);
  const mill_str *text = v->data;
  const char *copy = mill_w_copy(w, mill_str_data(text), text->size);
  const mill_expr *name = copy ? mill_w_parse(w, copy, text->size) : NULL;
  if (name && name->kind != MILL_X_NAME)
    return MILL_W_FAIL_AT(w, e, MILL_E_PARSE_SYNTAX_ERROR, "error", mill_w_printf(w, "'%s'", copy),
                          "hint", "", NULL);
  return name;
}

/* IDENTIFIER('a.b'): the column of that name. */
static const mill_expr *resolve_identifier(mill_planner *w, const mill_scope *s,
                                           const mill_expr *e) {
  const mill_expr *name = mill_constant_name(w, s, e->args[0]);
  mill_expr *at = mill_x_copy(w, name);
  if (at == NULL) return NULL;
  at->text = e->text, at->start = e->start, at->stop = e->stop;
  return mill_resolve(w, s, at);
}

/* IDENTIFIER('f')(..): the first argument says what is called. */
static const mill_expr *named_call(mill_planner *w, const mill_scope *s, const mill_expr *e) {
  const mill_expr *name = mill_constant_name(w, s, e->args[0]);
  mill_expr *c = name ? mill_x_copy(w, e) : NULL;
  if (c == NULL) return NULL;
  c->args++;
  c->nargs--;
  c->name = name->parts[name->nparts - 1];
  if (name->nparts > 1) c->parts = name->parts, c->nparts = name->nparts;
  return c;
}

static int aggregate_at(const mill_expr *e, void *arg) {
  if (!mill_x_is_aggregate(e)) return 0;
  *(const mill_expr **)arg = e;
  return 1;
}

static int window_at(const mill_expr *e, void *arg) {
  if (e->kind != MILL_X_WINDOW) return 0;
  *(const mill_expr **)arg = e;
  return 1;
}

/* May it stand in FILTER (WHERE ..)? */
static bool may_filter(mill_planner *w, const mill_expr *c) {
  const mill_expr *found = NULL;
  const char *sql = mill_w_quoted_sql(w, c);
  if (mill_x_draws(c))
    (void)MILL_W_FAIL_AT(w, c, MILL_E_INVALID_AGGREGATE_FILTER_NON_DETERMINISTIC, "filterExpr", sql,
                         NULL);
  else if (c->type->id != MILL_BOOLEAN)
    (void)MILL_W_FAIL_AT(w, c, MILL_E_INVALID_AGGREGATE_FILTER_NOT_BOOLEAN, "filterExpr", sql,
                         NULL);
  else if (mill_x_any(c, window_at, &found))
    (void)MILL_W_FAIL_AT(w, c, MILL_E_INVALID_AGGREGATE_FILTER_CONTAINS_WINDOW_FUNCTION,
                         "filterExpr", sql, "windowExpr", mill_w_quoted_sql(w, found), NULL);
  else if (mill_x_any(c, aggregate_at, &found))
    (void)MILL_W_FAIL_AT(w, c, MILL_E_INVALID_AGGREGATE_FILTER_CONTAINS_AGGREGATE, "filterExpr",
                         sql, "aggExpr", mill_w_quoted_sql(w, found), NULL);
  return w->status == MILL_OK;
}

/* Without system.builtin on the path a call that is written as one finds nothing that is built in; operators do. */
static bool built_in_reachable(mill_planner *w, const mill_scope *s, const mill_expr *e) {
  if (mill_w_path(w) == NULL || e->text == NULL || e->nparts > 1 || s->expand) return true;
  const char *at = e->text + e->start, *end = e->text + e->stop;
  size_t n = strlen(e->name);
  at += *at == '`';
  bool called = isalpha((unsigned char)*e->name) && strcasecmp(e->name, "not") != 0 &&
                strcasecmp(e->name, "struct") != 0 && (size_t)(end - at) > n &&
                strncasecmp(at, e->name, n) == 0;
  for (at += called ? n : 0; called && (*at == '`' || isspace((unsigned char)*at));) at++;
  return !called || *at != '(' || mill_path_holds(w, true);
}

static const mill_expr *resolve_call(mill_planner *w, const mill_scope *s, const mill_expr *e) {
  if (*e->name == '\0' && e->nargs) e = named_call(w, s, e);
  if (e == NULL) return NULL;
  if (mill_is_field_update(e)) return mill_resolve_field_update(w, s, e);
  if (mill_x_is_call(e, "identifier") && e->nargs == 1) return resolve_identifier(w, s, e);
  if (mill_x_is_call(e, MILL_INTERVAL_PIECES)) return mill_resolve_interval(w, s, e);
  const mill_stored_function *routine = mill_find_routine(w, e->name, e->parts, e->nparts);
  if (w->status) return NULL;
  if (routine == NULL && !built_in_reachable(w, s, e)) return mill_no_routine(w, e);
  if (routine == NULL) e = mill_place_arguments(w, e);
  if (e) e = expand_args(w, s, e);
  if (e && routine) return mill_call_routine(w, s, e, routine);
  if (e == NULL) return NULL;
  if (has_lambda(e)) {
    mill_expr *c = mill_x_copy(w, e);
    return c ? mill_bind_lambda_call(w, s, c) : NULL;
  }
  const mill_function *fn = mill_function_find(e->name, strlen(e->name));
  if (fn && (fn->flags & (MILL_FN_HIDDEN | MILL_FN_UNLISTED)) == MILL_FN_HIDDEN && e->text &&
      !s->expand)
    return mill_no_routine(w, e);
  const char *before = w->no_routines;
  if (fn && fn->kind == MILL_GENERATOR) w->no_routines = "Generate";
  mill_expr *c = with_args(w, s, e);
  w->no_routines = before;
  if (c == NULL) return NULL;
  mill_scope below = *s;
  below.nested = true;
  for (int i = 0; i < e->norder; i++) {
    c->order[i] = mill_resolve(w, &below, e->order[i]);
    if (c->order[i] == NULL) return NULL;
  }
  if (e->filter) {
    c->filter = mill_resolve(w, &below, e->filter);
    if (c->filter == NULL || !may_filter(w, c->filter)) return NULL;
  }
  return mill_lift_aggregate(w, s, mill_bind_call(w, s, c));
}

static const mill_expr *resolve_alias(mill_planner *w, const mill_scope *s, const mill_expr *e) {
  mill_scope same = *s;
  const mill_expr *of = mill_resolve(w, &same, e->args[0]);
  if (of == NULL) return NULL;
  if (of->kind == MILL_X_ALIAS) of = of->args[0];
  if (e->nparts > 1 && !mill_x_has_generator(of)) {
    const char *names = e->parts[0];
    for (int i = 1; i < e->nparts; i++) names = mill_w_printf(w, "%s, %s", names, e->parts[i]);
    return MILL_W_FAIL_AT(w, e, MILL_E_MULTI_ALIAS_WITHOUT_GENERATOR, "expr",
                          mill_w_quoted_sql(w, of), "names", names, NULL);
  }
  mill_expr *a = mill_x_alias(w, of, e->parts[0]);
  if (a == NULL) return NULL;
  a->parts = e->parts;
  a->nparts = e->nparts;
  a->hidden = e->hidden;
  if (e->metadata) a->metadata = e->metadata;
  return a;
}

static const mill_expr *resolve_typed(mill_planner *w, mill_expr *c, const mill_type *t,
                                      bool nullable) {
  (void)w;
  if (c == NULL) return NULL;
  c->type = t;
  c->nullable = nullable;
  return c;
}

static bool is_plain_string(const mill_type *t) {
  return t && t->id == MILL_STRING && t == mill_type_of(MILL_STRING);
}

/* A literal text of a view with a collation of its own. */
static const mill_expr *collated_literal(mill_planner *w, const mill_expr *e) {
  mill_vector *v = mill_w_alloc(w, sizeof *v);
  mill_expr *c = mill_x_copy(w, e);
  if (v == NULL || c == NULL) return NULL;
  *v = *e->value;
  v->type = w->texts;
  c->value = v;
  return resolve_typed(w, c, w->texts, !mill_vector_valid(v, 0));
}

static const mill_expr *resolve_cast(mill_planner *w, const mill_scope *s, const mill_expr *e) {
  mill_expr *c = with_args(w, s, e);
  if (c && w->texts && is_plain_string(c->target)) c->target = w->texts;
  return c ? mill_bind_cast(w, c) : NULL;
}

static const mill_expr *resolve_literal(mill_planner *w, const mill_expr *e) {
  if (w->texts && is_plain_string(e->value->type)) return collated_literal(w, e);
  return resolve_typed(w, mill_x_copy(w, e), e->value->type, !mill_vector_valid(e->value, 0));
}

static const mill_expr *resolve_kind(mill_planner *w, const mill_scope *s, const mill_expr *e) {
  mill_expr *c;
  switch (e->kind) {
  case MILL_X_NAME: return resolve_name(w, s, e);
  case MILL_X_TEXT: return resolve_text(w, s, e);
  case MILL_X_PARAMETER: return resolve_parameter(w, s, e);
  case MILL_X_LITERAL: return resolve_literal(w, e);
  case MILL_X_CALL: return resolve_call(w, s, e);
  case MILL_X_CAST: return resolve_cast(w, s, e);
  case MILL_X_EXTRACT: c = with_args(w, s, e); return c ? mill_bind_extract(w, c) : NULL;
  case MILL_X_ALIAS: return resolve_alias(w, s, e);
  case MILL_X_WINDOW: return mill_resolve_window(w, s, e);
  case MILL_X_SORT:
    c = with_args(w, s, e);
    return c ? resolve_typed(w, c, c->args[0]->type, c->args[0]->nullable) : NULL;
  case MILL_X_SCALAR_QUERY:
  case MILL_X_EXISTS:
  case MILL_X_IN_QUERY: return mill_resolve_subquery(w, s, e);
  case MILL_X_HOST: c = with_args(w, s, e); return c ? resolve_typed(w, c, e->target, true) : NULL;
  case MILL_X_NAMED: return mill_resolve(w, s, e->args[0]);
  case MILL_X_STAR:
    return MILL_W_FAIL_AT(w, e, MILL_E_INVALID_USAGE_OF_STAR_OR_REGEX, "elem", "'*'", "prettyName",
                          "expression", NULL);
  default:
    return MILL_W_FAIL_AT(w, e, MILL_E_INVALID_LAMBDA_FUNCTION_CALL_NON_HIGHER_ORDER_FUNCTION,
                          "class", mill_w_sql(w, e), NULL);
  }
}

/* df.x where the columns of df have got other ids. */
static const mill_expr *renewed(const mill_planner *w, const mill_scope *s, const mill_expr *e) {
  if (e->kind != MILL_X_COLUMN || mill_x_find_id(s->column, s->ncolumns, e->id)) return e;
  for (const mill_renewal *r = w->renewals; r; r = r->next)
    for (int i = 0; i < r->before->noutput; i++) {
      const mill_expr *own = r->after->output[i];
      if (r->before->output[i]->id == e->id && mill_x_find_id(s->column, s->ncolumns, own->id))
        return own;
    }
  return e;
}

const mill_expr *mill_resolve(mill_planner *w, const mill_scope *s, const mill_expr *e) {
  if (e == NULL || w->status != MILL_OK) return NULL;
  if (e->type && e->kind != MILL_X_LITERAL) return renewed(w, s, e);
  w->status = mill_watch_check(w->err);
  if (w->status != MILL_OK || !mill_w_enter(w)) return NULL;
  const mill_expr *r = resolve_kind(w, s, e);
  mill_w_leave(w);
  return r;
}
