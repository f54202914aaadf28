/* Select lists: stars, names of items, windows and generators in them; and what ORDER BY, HAVING
** and QUALIFY may use beyond the list. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/regex.h"
#include "plan/plan_int.h"

/* ---- stars ---------------------------------------------------------------------------------- */

/* The names of EXCEPT by hash: number 2 i is name i, 2 i + 1 what stands behind its last point. */
typedef struct exception {
  const mill_expr *star;
  mill_chains names;
} exception;

static const char *excepted_name(const mill_expr *star, int number) {
  const char *x = star->except[number / 2], *dot = number % 2 ? strrchr(x, '.') : NULL;
  return dot ? dot + 1 : x;
}

static bool exception_of(mill_planner *w, const mill_expr *star, exception *out) {
  *out = (exception){.star = star};
  for (int k = 0; k < 2 * star->nexcept; k++)
    if (!mill_chains_add(w, &out->names, mill_hash_name(excepted_name(star, k)))) return false;
  return true;
}

/* Is the name excepted, and with `found` by which of the list? */
static bool excepted(const mill_planner *w, const exception *x, const char *name, bool *found) {
  bool any = false;
  if (x->star->nexcept == 0) return false;
  for (int k = mill_chains_find(&x->names, mill_hash_name(name)); k >= 0;
       k = mill_chains_next(&x->names, k)) {
    if (!mill_w_same_name(w, excepted_name(x->star, k), name)) continue;
    any = true;
    if (found) found[k / 2] = true;
  }
  return any;
}

static bool has_qualifier(const mill_planner *w, const mill_expr *c, const mill_expr *star) {
  if (c->nparts < star->nparts) return false;
  for (int i = 0; i < star->nparts; i++)
    if (!mill_w_same_name(w, c->parts[c->nparts - star->nparts + i], star->parts[i])) return false;
  return true;
}

bool mill_names_table(const mill_planner *w, const mill_scope *s, const mill_expr *star) {
  for (int i = 0; i < s->ncolumns; i++)
    if (has_qualifier(w, s->column[i], star)) return true;
  return false;
}

/* s.* of a struct column. */
static bool expand_struct(mill_planner *w, const mill_scope *s, const exception *x,
                          mill_exprs *out) {
  const mill_expr *star = x->star;
  mill_expr *name = mill_x_new(w, MILL_X_NAME, star);
  if (name == NULL) return false;
  name->parts = star->parts;
  name->nparts = star->nparts;
  const mill_expr *c = mill_resolve_name_quiet(w, s, name);
  if (c && c->type->id != MILL_STRUCT) {
    const char *list = star->parts[0];
    for (int i = 1; i < star->nparts; i++) list = mill_w_printf(w, "%s, %s", list, star->parts[i]);
    (void)MILL_W_FAIL_AT(w, star, MILL_E_LEGACY_1050, "attributes",
                         mill_w_printf(w, "List(%s)", list), NULL);
    return false;
  }
  if (c == NULL) {
    const char *names = "";
    for (int i = 0; names && i < s->ncolumns; i++)
      names = mill_w_printf(w, "%s%s%s", names, i ? ", " : "",
                            mill_w_quoted_parts(w, &s->column[i]->name, 1));
    if (w->status == MILL_OK)
      (void)MILL_W_FAIL_AT(w, star, MILL_E_CANNOT_RESOLVE_STAR_EXPAND, "targetString",
                           mill_w_quoted_parts(w, star->parts, star->nparts), "columns",
                           names ? names : "", NULL);
    return false;
  }
  for (uint32_t i = 0; i < c->type->nfields; i++) {
    mill_expr field = {.name = c->type->fields[i].name};
    if (excepted(w, x, field.name, NULL)) continue;
    const mill_expr *f = mill_bind_field(w, c, c->type->fields[i].name, star);
    if (!mill_exprs_add(w, out, mill_x_alias(w, f, c->type->fields[i].name))) return false;
  }
  return true;
}

static bool overlapping(mill_planner *w, const mill_expr *star) {
  const char *list = star->except[0];
  for (int i = 1; i < star->nexcept; i++) list = mill_w_printf(w, "%s, %s", list, star->except[i]);
  (void)MILL_W_FAIL_AT(w, star, MILL_E_EXCEPT_OVERLAPPING_COLUMNS, "columns", list, NULL);
  return false;
}

static bool stands_twice(const mill_planner *w, const exception *x, int k) {
  const char *name = x->star->except[k];
  for (int j = mill_chains_find(&x->names, mill_hash_name(name)); j >= 0;
       j = mill_chains_next(&x->names, j))
    if (j % 2 == 0 && j / 2 != k && mill_w_same_name(w, x->star->except[j / 2], name)) return true;
  return false;
}

/* Each name of EXCEPT must be one of the columns, and stand there once. */
static bool excepts_columns(mill_planner *w, const mill_scope *s, const exception *x) {
  const mill_expr *star = x->star;
  bool *found = mill_w_alloc(w, (size_t)star->nexcept + 1);
  if (found == NULL) return false;
  for (int k = 0; k < star->nexcept; k++)
    if (stands_twice(w, x, k)) return overlapping(w, star);
  for (int i = 0; i < s->ncolumns; i++)
    if (has_qualifier(w, s->column[i], star)) excepted(w, x, s->column[i]->name, found);
  for (int k = 0; k < star->nexcept; k++) {
    if (found[k] || strchr(star->except[k], '.')) continue;
    mill_expr *name = mill_x_new(w, MILL_X_NAME, star);
    if (name) name->parts = star->except + k, name->nparts = 1, (void)mill_unresolved(w, s, name);
    return false;
  }
  return true;
}

/* "s.a" of EXCEPT behind the name of the struct s: "a"; NULL: it is no field of that column. */
static const char *field_path(mill_planner *w, const char *path, const mill_expr *c) {
  size_t n = strlen(c->name);
  if (c->type->id != MILL_STRUCT || strlen(path) <= n || path[n] != '.') return NULL;
  const char *head = mill_w_copy(w, path, n);
  return head && mill_w_same_name(w, head, c->name) ? path + n + 1 : NULL;
}

/* The column, a struct without the fields that EXCEPT names. */
static const mill_expr *without_fields(mill_planner *w, const mill_scope *s, const mill_expr *star,
                                       const mill_expr *c) {
  mill_expr *call = mill_x_new(w, MILL_X_CALL, NULL);
  mill_exprs args = {0};
  if (call == NULL || !mill_exprs_add(w, &args, c)) return NULL;
  for (int i = 0; c->type->id == MILL_STRUCT && i < star->nexcept; i++) {
    const char *path = field_path(w, star->except[i], c);
    if (path == NULL) continue;
    if (strchr(path, '.') == NULL && mill_bind_field(w, c, path, star) == NULL) return NULL;
    if (!mill_exprs_add(w, &args, mill_x_string(w, path))) return NULL;
  }
  if (args.n == 1) return c;
  call->name = "drop_fields";
  call->args = args.at, call->nargs = args.n;
  const mill_expr *r = mill_resolve_field_update(w, s, call);
  return r ? mill_x_alias(w, r, c->name) : NULL;
}

/* t.* of a table around this query. */
static bool expand_outer(mill_planner *w, const mill_scope *s, const exception *x,
                         mill_exprs *out) {
  const mill_expr *star = x->star;
  const mill_scope *o = s->outer;
  bool any = false;
  for (int i = 0; o && i < o->ncolumns; i++) {
    if (!has_qualifier(w, o->column[i], star) || excepted(w, x, o->column[i]->name, NULL)) continue;
    mill_expr *c = mill_x_copy(w, o->column[i]);
    if (c) c->kind = MILL_X_OUTER;
    if (!mill_exprs_add(w, out, c)) return false;
    any = true;
  }
  return any;
}

static bool expand_star(mill_planner *w, const mill_scope *s, const mill_expr *star,
                        mill_exprs *out) {
  bool any = star->nparts == 0;
  mill_exprs all = {0};
  exception x;
  if (!exception_of(w, star, &x)) return false;
  if (!any && s->from && !mill_using_columns(w, s->from, &all)) return false;
  if (!mill_exprs_copy(w, &all, s->column, s->ncolumns)) return false;
  mill_scope those = *s;
  those.column = all.at, those.ncolumns = all.n;
  if (!any && !mill_names_table(w, &those, star) && expand_outer(w, s, &x, out)) return true;
  if (w->status) return false;
  if (!any && !mill_names_table(w, &those, star)) return expand_struct(w, s, &x, out);
  if (!excepts_columns(w, &those, &x)) return false;
  for (int i = 0; i < all.n; i++) {
    if (!has_qualifier(w, all.at[i], star) || excepted(w, &x, all.at[i]->name, NULL)) continue;
    mill_expr *c = mill_x_copy(w, all.at[i]);
    if (c == NULL) return false;
    c->hidden = false;
    if (!mill_exprs_add(w, out, without_fields(w, s, star, c))) return false;
  }
  return true;
}

/* A name in back-quotes with signs that names do not have, where spark.sql.parser.quotedRegexColumnNames
** makes it a regular expression. */
static bool is_pattern(const mill_planner *w, const mill_expr *e) {
  if (e->kind != MILL_X_NAME || e->text == NULL || e->nparts > 2 || e->text[e->stop - 1] != '`')
    return false;
  const char *s = e->parts[e->nparts - 1];
  while (isalnum((unsigned char)*s) || *s == '_') s++;
  return *s != '\0' && mill_w_conf(w, "spark.sql.parser.quotedRegexColumnNames");
}

/* The columns whose names are what the pattern says, from end to end. */
static bool expand_pattern(mill_planner *w, const mill_scope *s, const mill_expr *e,
                           mill_exprs *out) {
  const mill_regex *r = NULL;
  mill_search search;
  mill_expr table = *e;
  const char *text = mill_w_printf(w, "^(?:%s)$", e->parts[e->nparts - 1]);
  if (text == NULL) return false;
  table.nparts--;
  w->status = mill_regex_new(w->arena, text, strlen(text), !w->set.case_sensitive, &r, w->err);
  if (w->status == MILL_OK && r == NULL) return mill_exprs_add(w, out, e);
  if (w->status == MILL_OK) w->status = mill_search_init(&search, r, w->err);
  if (w->status) return false;
  bool good = true;
  for (int i = 0; good && i < s->ncolumns; i++) {
    const mill_expr *c = s->column[i];
    if (table.nparts && !has_qualifier(w, c, &table)) continue;
    if (mill_search_run(&search, c->name, strlen(c->name), 0) == MILL_FOUND)
      good = mill_exprs_add(w, out, c);
  }
  mill_search_clear(&search);
  return good;
}

bool mill_expands(const mill_planner *w, const mill_expr *e) {
  return e->kind == MILL_X_STAR || is_pattern(w, e);
}

bool mill_expand_list(mill_planner *w, const mill_scope *s, const mill_expr *const *list, int n,
                      mill_exprs *out) {
  for (int i = 0; i < n; i++) {
    if (is_pattern(w, list[i])) {
      if (!expand_pattern(w, s, list[i], out)) return false;
      continue;
    }
    bool star = list[i]->kind == MILL_X_STAR ||
                (list[i]->kind == MILL_X_TEXT && strcmp(list[i]->name, "*") == 0);
    if (star ? !expand_star(w, s, list[i], out) : !mill_exprs_add(w, out, list[i])) return false;
  }
  return true;
}

/* ---- items ---------------------------------------------------------------------------------- */

const mill_expr *mill_path_named(mill_planner *w, const mill_expr *written,
                                 const mill_expr *resolved) {
  bool inside = resolved->kind == MILL_X_CALL ||
                (resolved->kind == MILL_X_LITERAL && resolved->pretty); /* of a VOID column */
  if (written->kind != MILL_X_NAME || written->nparts < 2 || !inside) return resolved;
  mill_expr *a = mill_x_alias(w, resolved, written->parts[written->nparts - 1]);
  if (a) a->hidden = true;
  return a;
}

/* The name that an item has by an alias of the same list, alone or in a cast; NULL: another one. */
static const char *name_by_alias(const mill_planner *w, const mill_expr *written) {
  if (!w->by_alias) return NULL;
  if (written->kind == MILL_X_CAST) written = written->args[0];
  return written->kind == MILL_X_NAME ? written->parts[written->nparts - 1] : NULL;
}

const mill_expr *mill_named(mill_planner *w, const mill_expr *written, const mill_expr *resolved) {
  if (resolved == NULL) return NULL;
  if (name_by_alias(w, written)) {
    mill_expr *a = mill_x_alias(w, resolved, name_by_alias(w, written));
    if (a) a->hidden = true;
    return a;
  }
  resolved = mill_path_named(w, written, resolved);
  if (resolved == NULL) return NULL;
  if (resolved->kind == MILL_X_COLUMN || resolved->kind == MILL_X_ALIAS) return resolved;
  bool variable =
      resolved->kind == MILL_X_LITERAL && resolved->name && written->kind == MILL_X_NAME;
  bool field = variable || resolved->kind == MILL_X_OUTER ||
               (resolved->kind == MILL_X_FIELD && resolved->pretty == NULL);
  bool cast = resolved->kind == MILL_X_CAST && resolved->pretty == NULL &&
              resolved->args[0]->kind == MILL_X_COLUMN;
  bool hive = written->kind == MILL_X_NAME && mill_x_is_call(resolved, "grouping_id");
  const char *name = hive    ? "grouping__id"
                     : field ? resolved->name
                     : cast  ? resolved->args[0]->name /* a column that is cast keeps its name */
                             : mill_w_name_of(w, resolved);
  mill_expr *a = mill_x_alias(w, resolved, name);
  if (a) a->hidden = variable; /* no name for the items behind it */
  return a;
}

static int generator_at(const mill_expr *e, void *arg) {
  (void)arg;
  const mill_function *fn =
      e->kind == MILL_X_CALL ? mill_function_find(e->name, strlen(e->name)) : NULL;
  return fn && fn->kind == MILL_GENERATOR;
}

bool mill_refuse_generator(mill_planner *w, const mill_expr *e) {
  if (!mill_x_any(e, generator_at, NULL)) return true;
  (void)MILL_W_FAIL_AT(w, e, MILL_E_UNSUPPORTED_GENERATOR_OUTSIDE_SELECT, "plan",
                       mill_w_quoted_sql(w, e), NULL);
  return false;
}

/* A generator is an item of its own. */
bool mill_generators_alone(mill_planner *w, const mill_expr *item) {
  const mill_expr *e = item->kind == MILL_X_ALIAS ? item->args[0] : item;
  bool inside = false, whole = generator_at(e, NULL);
  if (!whole) inside = mill_x_any(e, generator_at, NULL);
  for (int i = 0; whole && i < e->nargs; i++) inside |= mill_x_any(e->args[i], generator_at, NULL);
  if (!inside) return true;
  (void)MILL_W_FAIL_AT(w, e, MILL_E_UNSUPPORTED_GENERATOR_NESTED_IN_EXPRESSIONS, "expression",
                       mill_w_quoted_sql(w, e), NULL);
  return false;
}

/* Resolve the items of a list, each seeing the aliases before it. */
bool mill_resolve_items(mill_planner *w, mill_scope *s, const mill_expr *const *list, int n,
                        mill_exprs *out) {
  mill_exprs items = {0};
  if (!mill_expand_list(w, s, list, n, &items)) return false;
  s->lateral = out;
  for (int i = 0; i < items.n; i++) {
    if (!mill_generators_alone(w, items.at[i])) return false;
    w->by_alias = false;
    const mill_expr *r = mill_named(w, items.at[i], mill_resolve(w, s, items.at[i]));
    if (r && w->by_alias && r->kind == MILL_X_ALIAS) {
      mill_expr *a = mill_x_copy(w, r);
      if (a) a->lateral = true;
      r = a;
    }
    if (!mill_exprs_add(w, out, r)) return false;
  }
  s->lateral = NULL;
  return true;
}

const mill_node *mill_build_project(mill_planner *w, const mill_node *child, mill_exprs *items,
                                    const mill_exprs *hidden) {
  if (!mill_extract_generator(w, &child, items) || !mill_extract_windows(w, &child, items))
    return NULL;
  int visible = items->n;
  for (int i = 0; hidden && i < hidden->n; i++)
    if (!mill_exprs_add(w, items, hidden->at[i])) return NULL;
  mill_node *p = mill_w_unary(w, MILL_N_PROJECT, child);
  return p && mill_w_set_exprs(w, p, items) && mill_w_output_exprs(w, p, visible) ? p : NULL;
}

bool mill_no_aggregate(mill_planner *w, const mill_node *n, const mill_expr *e) {
  if (n->name == NULL || mill_x_has_window(e) || !mill_x_has_aggregate(e)) return true;
  (void)MILL_W_FAIL_AT(w, e, MILL_E_PIPE_OPERATOR_CONTAINS_AGGREGATE_FUNCTION, "expr",
                       mill_w_sql(w, e->kind == MILL_X_ALIAS ? e->args[0] : e), "clause", n->name,
                       NULL);
  return false;
}

/* SELECT a, FROM t: FROM is read as a column, with t for its alias. */
static bool no_trailing_comma(mill_planner *w, const mill_node *n) {
  const mill_expr *e = n->nexprs > 1 ? n->exprs[n->nexprs - 1] : NULL;
  if (e && e->kind == MILL_X_ALIAS) e = e->args[0];
  if (e == NULL || n->child[0]->kind != MILL_N_ONE_ROW || e->kind != MILL_X_NAME ||
      e->nparts != 1 || strcasecmp(e->parts[0], "from") != 0)
    return true;
  (void)MILL_W_FAIL_AT(w, e, MILL_E_TRAILING_COMMA_IN_SELECT, NULL);
  return false;
}

static int aggregate_at(const mill_expr *e, void *arg) {
  (void)arg;
  if (e->kind == MILL_X_WINDOW) return -1;
  const mill_function *fn =
      e->kind == MILL_X_CALL ? mill_function_find(e->name, strlen(e->name)) : NULL;
  return fn && fn->kind == MILL_AGGREGATE;
}

/* Do generators of the list run over the rows, and not over a group of them all? */
static bool makes_rows(const mill_node *n) {
  bool some = false;
  for (int i = 0; i < n->nexprs; i++) {
    if (mill_x_any(n->exprs[i], aggregate_at, NULL)) return false;
    some |= mill_x_any(n->exprs[i], generator_at, NULL);
  }
  return some;
}

static const mill_node *expose(mill_planner *w, const mill_node *n, const mill_expr *c);

/* Keys of joins USING that the list names, of joins below joins too. */
static const mill_node *expose_keys(mill_planner *w, const mill_node *child,
                                    const mill_exprs *items) {
  mill_exprs keys = {0};
  if (!mill_using_columns(w, child, &keys)) return NULL;
  for (int k = 0; k < keys.n && child; k++)
    for (int i = 0; i < items->n && child; i++)
      if (mill_x_uses_any(items->at[i], &keys.at[k], 1)) child = expose(w, child, keys.at[k]);
  return child;
}

const mill_node *mill_analyse_project(mill_planner *w, const mill_node *n,
                                      const mill_scope *outer) {
  if (!no_trailing_comma(w, n)) return NULL;
  const mill_node *child = mill_analyse(w, n->child[0], outer);
  if (child == NULL) return NULL;
  mill_exprs items = {0}, hidden = {0};
  mill_scope s = mill_scope_of(child, outer);
  if (!mill_hidden_columns(w, child, &hidden)) return NULL;
  s.hidden = hidden.at;
  s.nhidden = hidden.n;
  mill_exprs list = {0};
  if (!mill_exprs_copy(w, &list, n->exprs, n->nexprs)) return NULL;
  if (makes_rows(n)) {
    mill_exprs written = list;
    list = (mill_exprs){0};
    for (int i = 0; i < written.n; i++)
      if (!mill_generators_alone(w, written.at[i])) return NULL;
    if (!mill_generate_items(w, &s, written.at, written.n, &child, &list)) return NULL;
  }
  if (!mill_resolve_items(w, &s, list.at, list.n, &items)) return NULL;
  bool aggregate = false;
  for (int i = 0; i < items.n; i++) {
    if (!mill_no_aggregate(w, n, items.at[i])) return NULL;
    aggregate |= mill_x_has_aggregate(items.at[i]);
  }
  if (aggregate) return mill_build_aggregate(w, n, child, NULL, &items);
  child = expose_keys(w, child, &items);
  if (child == NULL || !mill_check_attributes(w, mill_w_project(w, child, &items))) return NULL;
  for (int i = 0; i < items.n && child; i++) child = mill_expose_all(w, child, items.at[i]);
  return child ? mill_build_project(w, child, &items, NULL) : NULL;
}

/* ---- below the list ------------------------------------------------------------------------- */

static bool passes_through(const mill_node *n) {
  return n->kind == MILL_N_FILTER || n->kind == MILL_N_SORT || n->kind == MILL_N_WINDOW ||
         n->kind == MILL_N_LIMIT || n->kind == MILL_N_SAMPLE;
}

/* And what has all columns of its child, with others of its own behind them. */
static bool keeps_columns(const mill_node *n) {
  return passes_through(n) || n->kind == MILL_N_GENERATE;
}

bool mill_n_computes(mill_planner *w, const mill_node *n, uint64_t id) {
  if (mill_w_find_id(w, n->output, n->noutput, id) >= 0) return true;
  switch (n->kind) {
  case MILL_N_PROJECT: return mill_w_find_id(w, n->exprs, n->nexprs, id) >= 0;
  case MILL_N_AGGREGATE:
    return mill_w_find_id(w, n->keys, n->nkeys, id) >= 0 ||
           mill_w_find_id(w, n->aggs, n->naggs, id) >= 0;
  case MILL_N_SOURCE: return mill_w_find_id(w, n->exprs, n->nexprs, id) >= 0;
  case MILL_N_JOIN:
    if (mill_n_computes(w, n->child[0], id)) return true;
    return n->join != MILL_JOIN_SEMI && n->join != MILL_JOIN_ANTI &&
           mill_n_computes(w, n->child[1], id);
  default: return passes_through(n) && mill_n_computes(w, n->child[0], id);
  }
}

/* A view or a WITH query where it is used: its rows have ids of their own, and nothing names their files. */
static bool is_reference(const mill_node *n) {
  return n->alias && n->nexprs && n->exprs[0]->kind == MILL_X_ALIAS;
}

static bool tells_source(const mill_node *n) {
  return keeps_columns(n) || (n->kind == MILL_N_PROJECT && !n->having);
}

/* Of a join each side tells its own; what may be missing may be NULL. What has no name is for input_file_name(). */
static bool add_source_columns(mill_planner *w, const mill_node *n, bool missing, mill_exprs *out) {
  const mill_expr *beside = n->noutput ? n->output[0] : NULL;
  bool named = true;
  for (; tells_source(n); n = n->child[0]) named = named && !is_reference(n);
  if (n->kind == MILL_N_JOIN && !named) return true;
  if (n->kind == MILL_N_JOIN) {
    bool left = n->join == MILL_JOIN_RIGHT || n->join == MILL_JOIN_FULL;
    bool right = n->join == MILL_JOIN_LEFT || n->join == MILL_JOIN_FULL;
    bool one = n->join == MILL_JOIN_SEMI || n->join == MILL_JOIN_ANTI;
    return add_source_columns(w, n->child[0], missing || left, out) &&
           (one || add_source_columns(w, n->child[1], missing || right, out));
  }
  for (int i = 0; n->kind == MILL_N_SOURCE && i < n->nexprs; i++) {
    if (mill_x_find_id(out->at, out->n, n->exprs[i]->id)) continue; /* a frame joined with itself */
    mill_expr *c = mill_x_copy(w, n->exprs[i]);
    if (c == NULL) return false;
    c->nullable |= missing;
    c->hidden = !named;
    if (beside && named) c->parts = beside->parts, c->nparts = beside->nparts;
    if (!mill_exprs_add(w, out, c)) return false;
  }
  return true;
}

bool mill_source_columns(mill_planner *w, const mill_node *n, mill_exprs *out) {
  return add_source_columns(w, n, false, out);
}

bool mill_using_columns(mill_planner *w, const mill_node *n, mill_exprs *out) {
  while (keeps_columns(n)) n = n->child[0];
  if (n->kind == MILL_N_JOIN)
    return mill_using_columns(w, n->child[0], out) &&
           (n->join == MILL_JOIN_SEMI || n->join == MILL_JOIN_ANTI ||
            mill_using_columns(w, n->child[1], out));
  if (n->kind != MILL_N_PROJECT || !n->natural) return true;
  for (int i = n->noutput; i < n->nexprs; i++) {
    mill_expr *c = mill_x_copy(w, n->exprs[i]);
    if (c) c->hidden = true;
    if (!mill_exprs_add(w, out, c)) return false;
  }
  return mill_using_columns(w, n->child[0], out);
}

/* The keys of the groups below HAVING that are columns. */
static bool key_columns(mill_planner *w, const mill_node *n, mill_exprs *out) {
  while (passes_through(n) || n->kind == MILL_N_PROJECT) n = n->child[0];
  for (int i = 0; n->kind == MILL_N_AGGREGATE && i < n->nkeys; i++)
    if (n->keys[i]->kind == MILL_X_COLUMN && !mill_exprs_add(w, out, n->keys[i])) return false;
  return true;
}

bool mill_hidden_columns(mill_planner *w, const mill_node *n, mill_exprs *out) {
  if (!mill_source_columns(w, n, out) || !mill_using_columns(w, n, out)) return false;
  while (passes_through(n)) n = n->child[0];
  if (n->kind == MILL_N_PROJECT && n->having) return key_columns(w, n->child[0], out);
  if (n->kind != MILL_N_PROJECT || n->having || n->alias || n->natural) return true;
  for (int i = n->noutput; i < n->nexprs; i++)
    if (n->exprs[i]->kind == MILL_X_COLUMN && !mill_exprs_add(w, out, n->exprs[i])) return false;
  const mill_node *below = n->child[0];
  while (passes_through(below)) below = below->child[0];
  if (below->kind == MILL_N_AGGREGATE) below = below->child[0];
  return mill_exprs_copy(w, out, below->output, below->noutput) &&
         mill_using_columns(w, below, out);
}

/* The child's columns that a GENERATE hands on stand in front of those that it makes. */
static bool hand_on(mill_planner *w, mill_node *g, const mill_expr *c) {
  mill_exprs l = {0};
  int made = (int)g->exprs[0]->type->nfields, first = g->noutput - made;
  if (!mill_exprs_copy(w, &l, g->output, first) || !mill_exprs_add(w, &l, mill_x_column(w, c)) ||
      !mill_exprs_copy(w, &l, g->output + first, made))
    return false;
  g->output = l.at;
  g->noutput = l.n;
  return true;
}

/* Does the source below n have the column beyond its output? */
static bool has_source_column(const mill_node *n, uint64_t id) {
  while (tells_source(n)) n = n->child[0];
  if (n->kind == MILL_N_JOIN)
    return has_source_column(n->child[0], id) || has_source_column(n->child[1], id);
  return n->kind == MILL_N_SOURCE && mill_x_find_id(n->exprs, n->nexprs, id);
}

static const mill_node *expose(mill_planner *w, const mill_node *n, const mill_expr *c);

static const mill_node *expose_of_join(mill_planner *w, const mill_node *n, const mill_expr *c) {
  mill_node *copy = mill_w_node_copy(w, n);
  if (copy == NULL) return NULL;
  for (int i = 0; i < 2; i++) {
    if (!has_source_column(n->child[i], c->id)) continue;
    copy->child[i] = expose(w, n->child[i], c);
    if (copy->child[i] == NULL) return NULL;
  }
  return copy;
}

static const mill_node *expose(mill_planner *w, const mill_node *n, const mill_expr *c) {
  if (n == NULL || mill_n_computes(w, n, c->id)) return n;
  if (n->kind == MILL_N_JOIN) return expose_of_join(w, n, c);
  if (n->kind != MILL_N_PROJECT && !keeps_columns(n)) return n;
  mill_node *copy = mill_w_node_copy(w, n);
  if (copy == NULL) return NULL;
  copy->child[0] = expose(w, n->child[0], c);
  if (copy->child[0] == NULL) return NULL;
  if (n->kind == MILL_N_GENERATE && mill_n_computes(w, copy->child[0], c->id) &&
      !hand_on(w, copy, c))
    return NULL;
  if (n->kind == MILL_N_PROJECT) {
    mill_exprs l = {0};
    if (!mill_exprs_copy(w, &l, n->exprs, n->nexprs) ||
        !mill_exprs_add(w, &l, mill_x_column(w, c)) || !mill_w_set_exprs(w, copy, &l))
      return NULL;
  }
  return copy;
}

typedef struct collector {
  mill_planner *w;
  mill_exprs *out;
  const mill_node *groups; /* the AGGREGATE below, or NULL */
} collector;

static const mill_node *aggregate_below(const mill_node *n);

static int collect_outer_at(const mill_expr *e, void *arg) {
  collector *c = arg;
  if (e->kind == MILL_X_OUTER && c->groups &&
      mill_x_find_id(c->groups->output, c->groups->noutput, e->id)) {
    mill_expr *column = mill_x_copy(c->w, e);
    if (column) column->kind = MILL_X_COLUMN;
    mill_exprs_add(c->w, c->out, column);
  }
  return 0;
}

/* Columns, and those of the groups that queries use from outside. */
static int collect_at(const mill_expr *e, void *arg) {
  collector *c = arg;
  if (e->kind == MILL_X_COLUMN) mill_exprs_add(c->w, c->out, e);
  if (e->query && e->query->analysed) mill_n_any_expr(e->query, collect_outer_at, c);
  return 0;
}

const mill_node *mill_expose_all(mill_planner *w, const mill_node *n, const mill_expr *e) {
  if (n == NULL) return NULL;
  mill_exprs columns = {0};
  collector c = {w, &columns, aggregate_below(n)};
  mill_x_any(e, collect_at, &c);
  for (int i = 0; i < columns.n && n; i++) n = expose(w, n, columns.at[i]);
  return w->status == MILL_OK ? n : NULL;
}

/* The AGGREGATE that the list of n is computed from, or NULL. */
static const mill_node *aggregate_below(const mill_node *n) {
  while (passes_through(n)) n = n->child[0];
  if (n->kind != MILL_N_PROJECT || n->having) return NULL;
  n = n->child[0];
  while (passes_through(n)) n = n->child[0];
  return n->kind == MILL_N_AGGREGATE ? n : NULL;
}

/* n with `from` replaced by `to` somewhere down its first children. */
static const mill_node *replace(mill_planner *w, const mill_node *n, const mill_node *from,
                                const mill_node *to) {
  if (n == from) return to;
  mill_node *copy = mill_w_node_copy(w, n);
  if (copy == NULL) return NULL;
  copy->child[0] = replace(w, n->child[0], from, to);
  return copy->child[0] ? copy : NULL;
}

/* HAVING: names that mean no key below the list mean a column of it. */
static const mill_expr *resolve_having(mill_planner *w, const mill_node *child,
                                       const mill_node *agg, mill_scope *s, const mill_expr *e) {
  mill_exprs of_list = {0};
  s->below_first = true, s->of_list = &of_list;
  for (;;) {
    s->lifted->n = 0;
    const mill_expr *r = mill_resolve(w, s, e);
    const mill_expr *c = r ? mill_no_key(w, agg, r, child) : NULL;
    if (c == NULL) return w->status == MILL_OK ? r : NULL;
    for (int i = 0; i < of_list.n; i++)
      if (of_list.at[i]->text == c->text && of_list.at[i]->start == c->start) return r;
    if (!mill_exprs_add(w, &of_list, c)) return NULL;
  }
}

/* ORDER BY: what is no expression over the list may be one over what is below. */
static const mill_expr *resolve_order(mill_planner *w, mill_scope *s, const mill_expr *e) {
  const mill_expr *r = mill_resolve(w, s, e);
  if (r || w->status == MILL_E_OUT_OF_MEMORY || s->nhidden == 0) return r;
  mill_scope below = *s;
  below.below_first = true;
  mill_error_clear(w->err);
  w->status = MILL_OK;
  r = mill_resolve(w, &below, e);
  if (r || w->status == MILL_E_OUT_OF_MEMORY) return r;
  mill_error_clear(w->err);
  w->status = MILL_OK;
  return mill_resolve(w, s, e); /* and the error is told of the list */
}

static const mill_expr *resolve_clause(mill_planner *w, const mill_node *child, mill_scope *s,
                                       mill_clause clause, const mill_expr *e) {
  const mill_node *agg = aggregate_below(child);
  s->above = clause == MILL_ORDER_BY;
  if (clause == MILL_HAVING && agg) return resolve_having(w, child, agg, s, e);
  return clause == MILL_ORDER_BY ? resolve_order(w, s, e) : mill_resolve(w, s, e);
}

/* What queries of the clause ask of the groups is computed with them, and handed up to the clause. */
static bool add_lifted(mill_planner *w, const mill_node **child, const mill_exprs *lifted) {
  const mill_node *agg = aggregate_below(*child);
  const mill_node *more = lifted->n && agg ? mill_more_aggregates(w, agg, lifted) : agg;
  if (lifted->n == 0 || agg == NULL) return true;
  *child = more ? replace(w, *child, agg, more) : NULL;
  for (int i = 0; *child && i < lifted->n; i++)
    *child = mill_expose_all(w, *child, mill_x_column(w, lifted->at[i]));
  return *child != NULL;
}

static int any_aggregate_at(const mill_expr *e, void *arg) {
  if (e->kind == MILL_X_WINDOW) return -1;
  if (mill_x_is_aggregate(e)) *(const mill_expr **)arg = e;
  return mill_x_is_aggregate(e);
}

/* A column that is neither of the list nor a key. */
static int beyond_qualify_at(const mill_expr *e, void *arg) {
  collector *c = arg;
  if (e->kind == MILL_X_COLUMN && !mill_x_find_id(c->out->at, c->out->n, e->id)) {
    mill_exprs_add(c->w, c->out, e);
    return 1;
  }
  return 0;
}

/* What comes when groups are made sees columns of the list and keys: false for another one. */
static bool sees_columns(mill_planner *w, const mill_node *child, const mill_node *agg,
                         const mill_expr *e) {
  mill_exprs seen = {0};
  collector c = {w, &seen, NULL};
  if (!mill_exprs_copy(w, &seen, child->output, child->noutput) ||
      !mill_exprs_copy(w, &seen, agg->keys, agg->nkeys))
    return false;
  if (!mill_x_any(e, beyond_qualify_at, &c)) return true;
  const mill_expr *column = seen.n ? seen.at[seen.n - 1] : NULL;
  mill_expr *name = column ? mill_x_new(w, MILL_X_NAME, column) : NULL;
  mill_scope s = mill_scope_of(child, NULL);
  const char **parts = mill_w_alloc(w, sizeof *parts);
  if (name == NULL || parts == NULL) return false;
  *parts = column->name;
  name->parts = parts, name->nparts = 1;
  (void)mill_unresolved(w, &s, name);
  return false;
}

static bool windows_between(const mill_node *n, const mill_node *agg) {
  while (n != agg && n->kind != MILL_N_WINDOW) n = n->child[0];
  return n != agg;
}

/* ORDER BY over windows of groups comes when the groups are made, too. */
static bool orders_windows(mill_planner *w, const mill_node *child, const mill_node *agg,
                           const mill_expr *e) {
  if (agg->nsets || !windows_between(child, agg) || mill_x_has_window(e)) return true;
  return sees_columns(w, child, agg, e) && mill_refuse_groups(w, e, "Sort");
}

/* QUALIFY comes when groups are made: it takes columns of the list, and windows over them. */
static bool qualifies(mill_planner *w, const mill_node *child, const mill_node *agg,
                      const mill_expr *e) {
  if (!mill_x_has_aggregate(e)) return true;
  const mill_expr *call = NULL;
  if (agg && !sees_columns(w, child, agg, e)) return false;
  if (mill_x_any(e, any_aggregate_at, &call)) {
    (void)MILL_W_FAIL_AT(w, call, MILL_E_QUALIFY_AGGREGATE_NOT_ALLOWED, "aggregateExpr",
                         mill_w_quoted_sql(w, call), NULL);
  } else {
    (void)MILL_W_FAIL_AT(w, e, MILL_E_MISSING_GROUP_BY, NULL);
  }
  return false;
}

const mill_expr *mill_resolve_above(mill_planner *w, const mill_node **child,
                                    const mill_scope *outer, mill_clause clause,
                                    const mill_expr *e) {
  mill_exprs hidden = {0}, lifted = {0};
  mill_scope s = mill_scope_of(*child, outer);
  s.where = clause == MILL_WHERE;
  s.lifted = clause == MILL_HAVING && aggregate_below(*child) ? &lifted : NULL;
  bool piped = clause == MILL_PIPED;
  if (!(piped ? mill_using_columns : mill_hidden_columns)(w, *child, &hidden)) return NULL;
  s.hidden = hidden.at;
  s.nhidden = hidden.n;
  const mill_expr *r = resolve_clause(w, *child, &s, clause, e);
  if (r == NULL || !add_lifted(w, child, &lifted)) return NULL;
  const mill_node *agg = piped ? NULL : aggregate_below(*child);
  if (clause == MILL_QUALIFY && !qualifies(w, *child, agg, r)) return NULL;
  if (clause == MILL_ORDER_BY && agg && !orders_windows(w, *child, agg, r)) return NULL;
  if (agg &&
      (mill_x_has_subquery(r) || !mill_x_uses_only(r, (*child)->output, (*child)->noutput))) {
    const mill_node *more = agg;
    r = mill_above_aggregate(w, &more, r, *child, e);
    if (r == NULL) return NULL;
    if (more != agg) *child = replace(w, *child, agg, more);
  } else if (agg && mill_x_has_aggregate(r)) {
    const mill_node *more = agg;
    r = mill_above_aggregate(w, &more, r, *child, e);
    if (r && more != agg) *child = replace(w, *child, agg, more);
  }
  if (r == NULL || *child == NULL) return NULL;
  *child = mill_expose_all(w, *child, r);
  return *child ? r : NULL;
}
