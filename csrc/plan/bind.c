/* Resolved arguments to bound calls, casts and extractions; constants are computed on the way. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/calendar.h"
#include "base/hash.h"
#include "base/timezone.h"
#include "kernel/coerce.h"
#include "plan/plan_int.h"

/* ---- constants ------------------------------------------------------------------------------ */

/* Run a kernel on constants. A failure leaves the call to be run, where it is raised if the row is
** reached; so errors are dropped here. */
static const mill_vector *fold(mill_planner *w, const mill_expr *e, const mill_binding *b,
                               const mill_vector *const *values) {
  mill_vector *flat = mill_w_alloc(w, sizeof *flat), *out = mill_w_alloc(w, sizeof *out);
  bool nulls = b->fn && (b->fn->flags & MILL_FN_NULLS);
  if (flat == NULL || out == NULL) return NULL;
  for (int i = 0; !nulls && i < b->nargs; i++) {
    if (mill_vector_valid(values[i], 0)) continue;
    mill_vector_null(out, b->result);
    return out;
  }
  mill_call call = {.ctx = w->ctx,
                    .set = &w->set,
                    .fn = b->fn,
                    .result = b->result,
                    .arg_type = (const mill_type *const *)b->cast_to,
                    .nargs = b->nargs,
                    .state = b->state,
                    .arena = w->arena,
                    .start = e->start,
                    .stop = e->stop,
                    .text = e->text};
  w->status = mill_vector_init(flat, b->result, 1, w->arena, w->err);
  if (w->status) return NULL;
  flat->size = 1;
  mill_error ignored;
  mill_error_clear(&ignored);
  mill_status s = b->kernel(&call, values, 1, flat, &ignored);
  if (s == MILL_OK) s = mill_vector_constant(out, flat, 0, w->arena, &ignored);
  return s == MILL_OK ? out : NULL;
}

static const mill_vector *constant_of(const mill_expr *e) {
  while (e->kind == MILL_X_ALIAS) e = e->args[0];
  return e->value;
}

/* The values of all args, or NULL when one is no constant. */
static const mill_vector **constants(mill_planner *w, const mill_expr *e) {
  const mill_vector **v = mill_w_alloc(w, (size_t)(e->nargs + 1) * sizeof *v);
  for (int i = 0; v && i < e->nargs; i++) {
    v[i] = constant_of(e->args[i]);
    /* what cannot be compared is an error when it runs */
    if (v[i] == NULL || mill_collate_none(e->args[i]->type)) return NULL;
  }
  return v;
}

bool mill_w_evaluate(mill_planner *w, const mill_expr *e, const mill_vector **out) {
  (void)w;
  *out = constant_of(e);
  return *out != NULL;
}

/* ---- bindings ------------------------------------------------------------------------------- */

/* A list of columns with types, or one type. Where memory ends, that is the answer: the other form would blame
** the text. */
static mill_status parse_schema(mill_binding *b, const char *text, size_t n, const mill_type **out,
                                mill_error *err) {
  mill_planner own = *(mill_planner *)b->planner;
  const char *form[] = {"CAST(NULL AS STRUCT<%.*s>)", "CAST(NULL AS %.*s)"};
  own.err = err;
  for (int i = 0; i < 2 && own.status != MILL_E_OUT_OF_MEMORY; i++) {
    own.status = MILL_OK;
    mill_error_clear(err);
    const char *sql = mill_w_printf(&own, form[i], (int)n, text);
    const mill_expr *e = sql ? mill_w_parse(&own, sql, strlen(sql)) : NULL;
    if (e == NULL || e->kind != MILL_X_CAST) continue;
    *out = e->target;
    return MILL_OK;
  }
  return own.status ? own.status
                    : mill_fail(err, MILL_E_INVALID_SCHEMA_NON_STRING_LITERAL, "inputSchema",
                                mill_error_fmt(err, "\"%.*s\"", (int)n, text), NULL);
}

/* Few calls are ever quoted, and at each level of a long chain the text would take its length. */
static const char *print_argument(const mill_binding *b, int i) {
  return mill_w_sql(b->planner, ((const mill_expr *)b->call)->args[i]);
}

/* The constant that a function may ask for. One that Spark's analysis does not see yet is none, but for options
** and the functions that read theirs when a run begins. */
static const mill_vector *constant_argument(const mill_expr *call, const mill_expr *arg) {
  const mill_vector *v = constant_of(arg);
  if (v == NULL || arg->kind == MILL_X_LITERAL) return v;
  bool late = arg->type->id == MILL_MAP || (call->fn && (call->fn->flags & MILL_FN_LATE));
  return late || !mill_x_rewritten(arg) ? v : NULL;
}

mill_binding *mill_binding_of(mill_planner *w, const mill_expr *e) {
  size_t n = (size_t)e->nargs + 1;
  mill_binding *b = mill_w_alloc(w, sizeof *b);
  const mill_type **types = mill_w_alloc(w, n * sizeof *types);
  const mill_type **casts = mill_w_alloc(w, n * sizeof *casts);
  const mill_vector **values = mill_w_alloc(w, n * sizeof *values);
  bool *nullable = mill_w_alloc(w, n), *literal = mill_w_alloc(w, n);
  mill_key_order *order = mill_w_alloc(w, (size_t)(e->norder + 1) * sizeof *order);
  if (!b || !types || !casts || !values || !nullable || !literal || !order) return NULL;
  for (int i = 0; i < e->norder; i++)
    order[i] = (mill_key_order){e->order[i]->descending, e->order[i]->nulls_first};
  for (int i = 0; i < e->nargs; i++) {
    types[i] = casts[i] = e->args[i]->type;
    values[i] = constant_argument(e, e->args[i]);
    nullable[i] = e->args[i]->nullable;
    literal[i] = e->args[i]->kind == MILL_X_LITERAL;
  }
  *b = (mill_binding){.ctx = w->ctx,
                      .set = &w->plan->settings,
                      .fn = e->fn,
                      .name = e->name,
                      .nargs = e->nargs,
                      .arg_type = types,
                      .arg_value = values,
                      .arg_nullable = nullable,
                      .arg_literal = literal,
                      .arena = w->arena,
                      .order = order,
                      .norder = e->norder,
                      .cast_to = casts,
                      .parse_schema = parse_schema,
                      .print = print_argument,
                      .call = e,
                      .planner = w};
  return b;
}

static const mill_expr *cast_by_name(mill_planner *w, mill_expr *e);

const mill_expr *mill_no_routine(mill_planner *w, const mill_expr *e) {
  bool ours = e->nparts == 3 && (strcasecmp(e->parts[0], "spark_catalog") == 0 ||
                                 strcasecmp(e->parts[0], "system") == 0);
  if (e->nparts > 2 && !ours)
    return MILL_W_FAIL_AT(w, e, MILL_E_REQUIRES_SINGLE_PART_NAMESPACE, "sessionCatalog",
                          "spark_catalog", "identifier",
                          mill_w_quoted_parts(w, e->parts, e->nparts), NULL);
  return MILL_W_FAIL_AT(w, e, MILL_E_UNRESOLVED_ROUTINE, "routineName",
                        e->nparts ? mill_w_quoted_parts(w, e->parts, e->nparts)
                                  : mill_w_quoted_parts(w, &e->name, 1),
                        "searchPath", mill_w_search_path(w), NULL);
}

/* `form`, SQL over $1, $2, .., with the call's args; printed as `pretty`, or as what it is. */
static const mill_expr *expand(mill_planner *w, const mill_scope *s, const mill_expr *e,
                               const char *form, const char *pretty) {
  mill_exprs args = {e->args, e->nargs, e->nargs};
  mill_scope none = {0};
  mill_scope over = s ? *s : none;
  over.expand = &args;
  char text[1024];
  size_t at = 0;
  for (const char *p = form; *p && at + 12 < sizeof text; p++) { /* $1: a name */
    bool arg = *p == '$' && p[1] >= '1' && p[1] <= '9';
    at += (size_t)snprintf(text + at, sizeof text - at, arg ? "`$%c`" : "%c", arg ? *++p : *p);
  }
  const mill_expr *parsed = mill_w_parse(w, mill_w_copy(w, text, at), at);
  const mill_expr *r = parsed ? mill_resolve(w, &over, parsed) : NULL;
  mill_expr *c = r ? mill_x_copy(w, r) : NULL;
  if (c == NULL) return NULL;
  if (pretty) c->pretty = pretty;
  c->rewritten = mill_x_rewritten(e);
  c->text = e->text, c->start = e->start, c->stop = e->stop;
  return c;
}

/* decode(x, a, 1, b, 2, .., else) is CASE WHEN x <=> a THEN 1 WHEN x <=> b THEN 2 .. ELSE else END, of the types that
** its binding found. */
static const mill_expr *as_cases(mill_planner *w, const mill_scope *s, const mill_expr *e,
                                 const mill_binding *b) {
  const mill_expr **args = mill_w_alloc(w, (size_t)e->nargs * sizeof *args);
  mill_expr *c = mill_x_copy(w, e);
  if (args == NULL || c == NULL) return NULL;
  for (int i = 0; i < e->nargs; i++)
    if ((args[i] = mill_x_cast(w, e->args[i], b->cast_to[i])) == NULL) return NULL;
  const mill_expr *of = args[0];
  for (int i = 1; i < e->nargs; i++) { /* the arguments move to the left by one */
    bool search = i % 2 == 1 && i + 1 < e->nargs;
    args[i - 1] = search ? mill_x_bound(w, "<=>", 2, of, args[i]) : args[i];
    if (args[i - 1] == NULL) return NULL;
  }
  c->pretty = mill_w_sql(w, e);
  c->name = "when";
  c->fn = NULL;
  c->args = args;
  c->nargs = e->nargs - 1;
  return mill_bind_call(w, s, c);
}

static const char *field_name(const mill_expr *e) {
  switch (e->kind) {
  case MILL_X_ALIAS: return e->parts[0];
  case MILL_X_COLUMN:
  case MILL_X_OUTER:
  case MILL_X_FIELD:
  case MILL_X_VARIABLE: return e->name;
  default: return e->by_alias;
  }
}

/* struct() has no fields; named_struct() is no call. */
static const mill_expr *empty_struct(mill_planner *w, mill_expr *c) {
  mill_vector *v = mill_w_alloc(w, sizeof *v);
  c->kind = MILL_X_LITERAL;
  c->type = mill_type_struct(w->ctx->types, NULL, 0);
  c->nullable = false;
  if (v == NULL || c->type == NULL) return NULL;
  *v = (mill_vector){.type = c->type, .size = 1};
  c->value = v;
  return c;
}

/* struct(a, b) is named_struct('a', a, 'b', b), and so is (a, b), which is shown as that. */
static const mill_expr *bind_struct(mill_planner *w, const mill_scope *s, const mill_expr *e) {
  mill_expr *c = mill_x_copy(w, e);
  if (c == NULL) return NULL;
  c->pretty = e->hidden ? NULL : mill_w_sql(w, e);
  if (e->nargs == 0) return empty_struct(w, c);
  c->name = "named_struct";
  c->args = mill_w_alloc(w, (size_t)(2 * e->nargs + 1) * sizeof *c->args);
  if (c->args == NULL) return NULL;
  c->nargs = 2 * e->nargs;
  for (int i = 0; i < e->nargs; i++) {
    const char *name = field_name(e->args[i]);
    c->args[2 * i] = mill_x_string(w, name ? name : mill_w_printf(w, "col%d", i + 1));
    c->args[2 * i + 1] = mill_x_unalias(e->args[i]);
    if (c->args[2 * i] == NULL) return NULL;
  }
  return mill_bind_call(w, s, c);
}

/* The patterns [low, high) of e, joined by `operator`: by halves, so that many of them do not nest deep. */
static mill_expr *like_each(mill_planner *w, const mill_expr *e, bool negate, const char *operator,
                            int low, int high) {
  if (high - low == 1) {
    mill_expr *one = mill_x_call(w, "like", 2, e->args[0], e->args[low]);
    return one && negate ? mill_x_call(w, "not", 1, one) : one;
  }
  int cut = low + (high - low + 1) / 2;
  mill_expr *left = like_each(w, e, negate, operator, low, cut);
  return left ? mill_x_call(w, operator, 2, left, like_each(w, e, negate, operator, cut, high))
              : NULL;
}

/* x LIKE ANY (p, q) is x LIKE p OR x LIKE q, shown as a call over x. */
static const mill_expr *quantified_like(mill_planner *w, const mill_expr *e) {
  bool negate = strncasecmp(e->name, "not", 3) == 0,
       all = strcasecmp(e->name + 3 * negate + 4, "all") == 0;
  mill_expr *result = like_each(w, e, negate, all ? "and" : "or", 1, e->nargs);
  const char *pretty = mill_w_printf(w, "%s(%s)", e->name, mill_w_sql(w, e->args[0]));
  mill_scope none = {0};
  const mill_expr *r = mill_resolve(w, &none, result);
  mill_expr *c = r ? mill_x_copy(w, r) : NULL;
  if (c) c->pretty = pretty;
  return c;
}

static bool is_quantified_like(const char *name) {
  static const char *const names[] = {"likeany", "likeall", "notlikeany", "notlikeall"};
  for (int i = 0; i < 4; i++)
    if (strcmp(name, names[i]) == 0) return true;
  return false;
}

/* An alias inside an expression names nothing, but is shown: max(id AS x). */
static const mill_expr *strip_aliases(mill_planner *w, mill_expr *e) {
  for (int i = 0; i < e->nargs; i++) {
    const mill_expr *a = e->args[i], *of = a;
    while (of->kind == MILL_X_ALIAS) of = of->args[0];
    if (of == a) continue;
    mill_expr *c = mill_x_copy(w, of);
    if (c == NULL) return NULL;
    if (!a->hidden) c->pretty = mill_w_sql(w, a);
    e->args[i] = c;
  }
  return e;
}

static const mill_expr *unsupported(mill_planner *w, const mill_expr *e, const char *syntax) {
  return MILL_W_FAIL_AT(w, e, MILL_E_INVALID_SQL_SYNTAX_FUNCTION_WITH_UNSUPPORTED_SYNTAX,
                        "prettyName", mill_error_fmt(w->err, "`%s`", e->name), "syntax", syntax,
                        NULL);
}

/* A text that is none of the type is NULL. */
static const mill_expr *tried(mill_planner *w, const mill_expr *e, const mill_type *t) {
  mill_expr *c = mill_x_new(w, MILL_X_CAST, e);
  const mill_expr **args = mill_w_alloc(w, sizeof *args);
  if (c == NULL || args == NULL) return NULL;
  args[0] = e;
  c->args = args, c->nargs = 1;
  c->target = t;
  c->hidden = true;
  c->mode = MILL_CAST_TRY;
  return mill_bind_cast(w, c);
}

/* A lambda is cast by its body. */
static const mill_expr *cast_argument(mill_planner *w, const mill_binding *b, int i,
                                      const mill_expr *e) {
  const mill_type *t = b->cast_to[i];
  if (b->tries && e->type->id == MILL_STRING && t != e->type) return tried(w, e, t);
  if (i < 64 && b->voids >> i & 1 && e->kind != MILL_X_LITERAL) return mill_x_null(w, t);
  if (e->kind != MILL_X_LAMBDA || e->type == t) return mill_x_cast(w, e, t);
  mill_expr *l = mill_x_copy(w, e);
  if (l == NULL) return NULL;
  l->args[0] = mill_x_cast(w, e->args[0], t);
  l->type = t;
  return l->args[0] ? l : NULL;
}

/* Where a null argument is a null result, so is one that its cast makes null. */
static bool null_by_cast(const mill_binding *b, const mill_expr *from, const mill_expr *to) {
  unsigned own = MILL_FN_NULLS | MILL_FN_NEVER_NULL | MILL_FN_LAZY;
  return b->fn->kind == MILL_SCALAR && !(b->fn->flags & own) && to->nullable && !from->nullable;
}

static const mill_expr *finish_call(mill_planner *w, mill_expr *e, mill_binding *b) {
  bool path = e->hidden && e->metadata; /* v:a, with the name that it has */
  if (b->shown && path)
    e->pretty = mill_w_printf(w, "%s AS %s", b->shown, e->metadata);
  else if (b->shown)
    e->pretty = mill_w_copy(w, b->shown, strlen(b->shown));
  for (int i = 0; i < e->nargs; i++) {
    const mill_expr *given = e->args[i];
    e->args[i] = cast_argument(w, b, i, given);
    if (e->args[i] == NULL) return NULL;
    b->nullable |= null_by_cast(b, given, e->args[i]);
  }
  e->binding = b;
  e->type = b->result;
  e->nullable = b->nullable;
  bool some = e->nargs > 0 || mill_x_is_call(e, "array") || mill_x_is_call(e, "map");
  bool pure = e->fn->kind == MILL_SCALAR && b->kernel && some &&
              !(e->fn->flags & (MILL_FN_NONDETERMINISTIC | MILL_FN_LAMBDA | MILL_FN_CLOCK));
  const mill_vector **v = NULL;
  if (mill_x_is_call(e, "typeof")) /* is known without the value, which may fail */
    v = mill_w_alloc(w, sizeof *v);
  else if (pure)
    v = constants(w, e);
  if (v) e->value = fold(w, e, b, v);
  return w->status == MILL_OK ? e : NULL;
}

/* One entry of `fill`, resolved; $1 in it is the text of the first argument. */
static const mill_expr *fill_entry(mill_planner *w, const mill_expr *e, const char *text,
                                   size_t n) {
  mill_scope none = {0};
  const char *mark = e->nargs ? memmem(text, n, "$1", 2) : NULL;
  if (mark) {
    const char *said = mill_w_printf(w, "'%s' is not true!", mill_w_sql(w, e->args[0]));
    return said ? mill_x_string(w, said) : NULL;
  }
  const mill_expr *parsed = mill_w_parse(w, mill_w_copy(w, text, n), n);
  return parsed ? mill_resolve(w, &none, parsed) : NULL;
}

const char *mill_next_fill(const char **text, size_t *n) {
  const char *at = *text;
  int depth = 0;
  bool quoted = false;
  while (*at == ' ') at++;
  const char *start = at;
  for (; *at && (depth || quoted || *at != ','); at++) {
    if (*at == '\'') quoted = !quoted;
    depth += (*at == '(') - (*at == ')');
  }
  *n = (size_t)(at - start);
  *text = *at ? at + 1 : at;
  return start;
}

/* The arguments that were left out, as the definition says what stands for them. */
static bool fill_arguments(mill_planner *w, mill_expr *e) {
  const char *text = e->fn->fill;
  mill_exprs all = {0};
  if (*text == '<') {
    if (e->nargs != 2) return true;
    if (!mill_exprs_add(w, &all, fill_entry(w, e, text + 1, strlen(text + 1)))) return false;
  }
  if (!mill_exprs_copy(w, &all, e->args, e->nargs)) return false;
  for (int i = 0; *text && *text != '<'; i++) {
    size_t n;
    const char *entry = mill_next_fill(&text, &n);
    if (i >= e->nargs && n == 0) return true; /* one that must be given */
    if (i >= e->nargs && !mill_exprs_add(w, &all, fill_entry(w, e, entry, n))) return false;
  }
  e->args = all.at;
  e->nargs = all.n;
  return true;
}

/* Is it a name that what is built in may have: f, builtin.f, system.builtin.f? */
static bool built_in_name(const mill_expr *e) {
  if (e->nparts < 2) return true;
  if (strcasecmp(e->parts[e->nparts - 2], "builtin") != 0) return false;
  return e->nparts == 2 || (e->nparts == 3 && strcasecmp(e->parts[0], "system") == 0);
}

/* Does the function take IGNORE NULLS? */
static bool ignores_nulls(const mill_function *fn) {
  static const char *const names[] = {"first", "last", "any_value",    "nth_value",
                                      "lag",   "lead", "collect_list", "collect_set"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(fn->name, names[i]) == 0) return true;
  return false;
}

/* How many scans of files rows come from: a UNION has each row from one. */
static int files_below(const mill_node *n) {
  int sum = n->kind == MILL_N_SOURCE && n->nexprs > 0;
  for (int i = 0; i < n->nchildren; i++) sum += files_below(n->child[i]);
  return n->kind == MILL_N_UNION && sum > 1 ? 1 : sum;
}

/* _metadata of the files that n's rows are read from, as far as they are taken where they are read; NULL:
** there is none, or what stands above n could not ask for it. */
static const mill_expr *origin_of(const mill_scope *s) {
  const mill_node *n = s->from;
  while (n && (n->kind == MILL_N_FILTER || n->kind == MILL_N_SAMPLE || n->kind == MILL_N_GENERATE ||
               (n->kind == MILL_N_PROJECT && !n->having)))
    n = n->child[0];
  if (n == NULL || n->kind != MILL_N_SOURCE || n->nexprs == 0) return NULL;
  for (int i = 0; i < s->nhidden; i++)
    if (s->hidden[i]->id == n->exprs[0]->id) return s->hidden[i];
  return NULL;
}

/* input_file_name() and the like are fields of _metadata where that is in reach. */
static const mill_expr *of_file(mill_planner *w, const mill_scope *s, mill_expr *e) {
  static const char *const form[][2] = {
      {"input_file_name", "`~file_uri`(($1).file_path)"},
      {"input_file_block_start", "`~file_block`(($1).file_block_start)"},
      {"input_file_block_length", "`~file_block`(($1).file_block_length)"}};
  for (size_t i = 0; e->nargs == 0 && s && i < sizeof form / sizeof *form; i++) {
    if (strcmp(e->fn->name, form[i][0]) != 0) continue;
    if (s->from && files_below(s->from) > 1)
      return MILL_W_FAIL_AT(w, e, MILL_E_MULTI_SOURCES_UNSUPPORTED_FOR_EXPRESSION, "expr",
                            mill_w_quoted_sql(w, e), NULL);
    const mill_expr *origin = origin_of(s);
    if (origin == NULL) continue;
    mill_expr *over = mill_x_copy(w, e);
    if (over == NULL) return NULL;
    over->args = &origin;
    over->nargs = 1;
    return expand(w, s, over, form[i][1], mill_w_sql(w, e));
  }
  return e;
}

/* Two values that hold texts and are not of one type. */
static bool differ_in_collation(const mill_expr *e) {
  if (e->nargs != 2 || mill_type_same(e->args[0]->type, e->args[1]->type, true)) return false;
  return mill_type_holds(e->args[0]->type, MILL_STRING) &&
         mill_type_holds(e->args[1]->type, MILL_STRING);
}

/* A call that draws and was given no seed gets one of its own, so that no two draw the same; it is shown as it
** was written. Spark: ResolveRandomSeed. */
static bool seed_draw(mill_planner *w, mill_expr *e) {
  int at = mill_seed_argument(e);
  if (at < 0 || e->nargs != at) return true;
  mill_exprs all = {0};
  uint64_t seed = mill_hash_combine(w->set.seed, (uint64_t)mill_session_next_id(w->session));
  mill_settings_once(&w->set);
  if (e->pretty == NULL) e->pretty = mill_w_sql(w, e);
  if (!mill_exprs_copy(w, &all, e->args, e->nargs) ||
      !mill_exprs_add(w, &all, mill_x_bigint(w, (int64_t)seed)))
    return false;
  e->args = all.at;
  e->nargs = all.n;
  return true;
}

const mill_expr *mill_bind_call(mill_planner *w, const mill_scope *s, mill_expr *e) {
  if (!built_in_name(e)) return mill_no_routine(w, e);
  e->fn = mill_function_find(e->name, strlen(e->name));
  if (e->fn == NULL && is_quantified_like(e->name)) return quantified_like(w, e);
  if (e->fn == NULL) return cast_by_name(w, e);
  if (e->fn->fill && !e->fn->lambda && !fill_arguments(w, e)) return NULL;
  if (!seed_draw(w, e)) return NULL;
  if (e->fn->kind == MILL_TABLE)
    return MILL_W_FAIL_AT(w, e, MILL_E_NOT_A_SCALAR_FUNCTION, "functionName",
                          mill_w_quoted_parts(w, &e->name, 1), NULL);
  if (mill_x_is_call(e, "struct")) return bind_struct(w, s, e);
  if (mill_x_is_call(e, "named_struct") && e->nargs == 0) {
    e->pretty = mill_w_sql(w, e);
    return empty_struct(w, e);
  }
  bool aggregate = e->fn->kind == MILL_AGGREGATE;
  if (e->distinct && !aggregate) return unsupported(w, e, "DISTINCT");
  if (e->filter && !aggregate) return unsupported(w, e, "FILTER CLAUSE");
  if (e->ignore_nulls && !ignores_nulls(e->fn)) return unsupported(w, e, "IGNORE NULLS");
  const mill_expr *known = of_file(w, s, e);
  if (known != e) return known;
  if (strip_aliases(w, e) == NULL) return NULL;
  if (!mill_pad_chars(w, e)) return NULL;
  const mill_expr *collated = mill_collate_call(w, e);
  if (collated != e) return collated;
  if (mill_x_is_call(e, "nullif") && differ_in_collation(e)) /* as `=` decides */
    return expand(w, s, e, e->fn->lowered, mill_w_sql(w, e));
  const mill_expr *decided = mill_compare_decimal_literal(w, e);
  if (decided != e) return decided;
  if (e->ignore_nulls && aggregate && e->nargs == 1 && e->fn->types && strchr(e->fn->types, ',')) {
    const mill_expr **args = mill_w_alloc(w, 2 * sizeof *args); /* first(x, true) */
    if (args == NULL) return NULL;
    args[0] = e->args[0];
    args[1] = mill_x_bool(w, true);
    e->args = args;
    e->nargs = 2;
  }
  if (!mill_slot_arguments(w, e) || !mill_within_group(w, e)) return NULL;
  mill_binding *b = mill_binding_of(w, e);
  if (b == NULL) return NULL;
  if (e->fn->lowered &&
      ((e->fn->kernel == NULL && e->fn->aggregate == NULL) || (e->fn->flags & MILL_FN_LAZY))) {
    bool typed = e->fn->kind == MILL_AGGREGATE && e->fn->bind;
    w->status = typed ? mill_function_bind(b, w->err) : mill_function_check_count(b, w->err);
    if (w->status != MILL_OK) return NULL;
    return expand(w, s, e, e->fn->lowered, mill_w_sql(w, e));
  }
  w->status = mill_function_bind(b, w->err);
  if (w->status != MILL_OK) {
    mill_w_at(w, e->text, e->start, e->stop);
    return NULL;
  }
  /* nullif(2, 2.5): its kernel has both sides as the first, where `=` takes what holds both. */
  if (e->fn->lowered && e->nargs == 2 && e->args[0]->type != e->args[1]->type)
    return expand(w, s, e, e->fn->lowered, mill_w_sql(w, e));
  if (e->nargs > 2 && strcmp(e->fn->name, "decode") == 0) return as_cases(w, s, e, b);
  if (b->stands_for)
    return expand(w, s, e, b->stands_for,
                  b->shown ? mill_w_copy(w, b->shown, strlen(b->shown)) : NULL);
  if (!mill_collate_result(w, e, b)) return NULL;
  return finish_call(w, e, b);
}

/* CHAR(n) and VARCHAR(n) are STRING wherever a value is made. */
static const mill_type *without_lengths(mill_planner *w, const mill_type *t) {
  mill_types *pool = w->ctx->types;
  if (t->id == MILL_STRING && t->string_kind != MILL_PLAIN_STRING)
    return mill_type_string(pool, t->collation, MILL_PLAIN_STRING, 0);
  if (t->id != MILL_ARRAY && t->id != MILL_MAP && t->id != MILL_STRUCT) return t;
  mill_field *f = mill_w_alloc(w, (t->nfields + 1) * sizeof *f);
  bool same = true;
  for (uint32_t i = 0; f && i < t->nfields; i++) {
    f[i] = t->fields[i];
    f[i].type = without_lengths(w, t->fields[i].type);
    if (f[i].type == NULL) return NULL;
    same &= f[i].type == t->fields[i].type;
  }
  if (f == NULL || same) return f ? t : NULL;
  if (t->id == MILL_ARRAY) return mill_type_array(pool, f[0].type, t->contains_null);
  if (t->id == MILL_MAP) return mill_type_map(pool, f[0].type, f[1].type, t->contains_null);
  return mill_type_struct(pool, f, t->nfields);
}

/* int(x), string(x), ..: a cast by the type's name. */
static const mill_expr *cast_by_name(mill_planner *w, mill_expr *e) {
  static const struct {
    const char *name;
    mill_type_id id;
  } types[] = {{"boolean", MILL_BOOLEAN},   {"tinyint", MILL_TINYINT},
               {"smallint", MILL_SMALLINT}, {"int", MILL_INT},
               {"bigint", MILL_BIGINT},     {"float", MILL_FLOAT},
               {"double", MILL_DOUBLE},     {"decimal", MILL_DECIMAL},
               {"date", MILL_DATE},         {"timestamp", MILL_TIMESTAMP},
               {"binary", MILL_BINARY},     {"string", MILL_STRING},
               {"time", MILL_TIME}};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    if (strcasecmp(e->name, types[i].name) != 0) continue;
    if (e->nargs != 1)
      return MILL_W_FAIL_AT(w, e, MILL_E_WRONG_NUM_ARGS_WITHOUT_SUGGESTION, "functionName",
                            mill_error_fmt(w->err, "`%s`", types[i].name), "expectedNum", "1",
                            "actualNum", mill_error_fmt(w->err, "%d", e->nargs), "docroot",
                            "https://spark.apache.org/docs/latest", NULL);
    mill_expr *c = mill_x_new(w, MILL_X_CAST, e);
    if (c == NULL) return NULL;
    c->args = e->args;
    c->nargs = 1;
    c->target = mill_type_of(types[i].id);
    c->mode = MILL_CAST_ANSI;
    c->hidden = true;
    return mill_bind_cast(w, c);
  }
  return mill_no_routine(w, e);
}

/* A constant 'epoch', 'today' or the like as what it stands for; NULL: it is none. */
static const mill_vector *special_time(mill_planner *w, const mill_expr *e, const mill_vector *v) {
  mill_type_id id = e->target->id;
  bool date = id == MILL_DATE;
  if (e->args[0]->type->id != MILL_STRING || !mill_vector_valid(v, 0)) return NULL;
  if (!date && id != MILL_TIMESTAMP && id != MILL_TIMESTAMP_NTZ) return NULL;
  const mill_str *s = v->data;
  int64_t now = w->set.now_micros, out;
  if (w->set.zone) now = mill_zone_to_local(w->set.zone, now);
  if (!mill_special_time(mill_str_data(s), s->size, mill_floor_div(now, MILL_MICROS_DAY), now, date,
                         &out))
    return NULL;
  mill_settings_once(&w->set);
  if (id == MILL_TIMESTAMP && out != 0 && w->set.zone) mill_zone_to_utc(w->set.zone, out, &out);
  int32_t day = (int32_t)out;
  const mill_expr *r = mill_x_constant(w, e->target, date ? (void *)&day : (void *)&out);
  return r ? r->value : NULL;
}

const mill_expr *mill_bind_cast(mill_planner *w, mill_expr *e) {
  while (e->args[0]->kind == MILL_X_ALIAS) e->args[0] = e->args[0]->args[0];
  if (e->mode == MILL_CAST_ANSI && !w->set.ansi) e->mode = MILL_CAST_LEGACY;
  e->target = without_lengths(w, e->target);
  if (e->target == NULL) return NULL;
  mill_binding *b = mill_binding_of(w, e);
  if (b == NULL) return NULL;
  w->status = mill_cast_bind(b, e->target, (mill_cast_mode)e->mode, w->err);
  if (w->status != MILL_OK) {
    mill_w_at(w, e->text, e->start, e->stop);
    return NULL;
  }
  e->binding = b;
  e->type = e->target;
  e->nullable = b->nullable || e->args[0]->nullable;
  const mill_vector **v = constants(w, e);
  if (v) e->value = special_time(w, e, v[0]);
  if (v && e->value == NULL) e->value = fold(w, e, b, v);
  return w->status == MILL_OK ? e : NULL;
}

const mill_expr *mill_x_explicit_cast(mill_planner *w, const mill_expr *e, const mill_type *t) {
  mill_expr *c = mill_x_new(w, MILL_X_CAST, e);
  const mill_expr **args = mill_w_alloc(w, sizeof *args);
  if (c == NULL || args == NULL || e == NULL) return NULL;
  if (e->type == t) return e;
  args[0] = e;
  c->args = args, c->nargs = 1;
  c->target = t;
  c->mode = MILL_CAST_ANSI;
  return mill_bind_cast(w, c);
}

/* ---- fields and elements -------------------------------------------------------------------- */

const mill_expr *mill_bind_field(mill_planner *w, const mill_expr *of, const char *name,
                                 const mill_expr *at) {
  const mill_type *t = of->type;
  int found = -1, count = 0;
  if (t->id != MILL_STRUCT) {
    mill_expr *x = mill_x_new(w, MILL_X_EXTRACT, at);
    const mill_expr **args = mill_w_alloc(w, 2 * sizeof *args);
    if (x == NULL || args == NULL) return NULL;
    args[0] = of;
    args[1] = mill_x_string(w, name);
    x->args = args;
    x->nargs = 2;
    return args[1] ? mill_bind_extract(w, x) : NULL;
  }
  for (uint32_t i = 0; i < t->nfields; i++) {
    if (!mill_w_same_name(w, t->fields[i].name, name)) continue;
    if (count++ == 0) found = (int)i;
  }
  if (count > 1)
    return MILL_W_FAIL_AT(w, at, MILL_E_AMBIGUOUS_REFERENCE_TO_FIELDS, "field", name, "count",
                          mill_error_fmt(w->err, "%d", count), NULL);
  if (found < 0) {
    char list[1024] = "";
    size_t k = 0;
    for (uint32_t i = 0; i < t->nfields && k + 4 < sizeof list; i++) {
      int m = snprintf(list + k, sizeof list - k, i ? ", `%s`" : "`%s`", t->fields[i].name);
      k += m > 0 ? (size_t)m : 0;
    }
    return MILL_W_FAIL_AT(w, at, MILL_E_FIELD_NOT_FOUND, "fieldName",
                          mill_error_fmt(w->err, "`%s`", name), "fields",
                          mill_error_fmt(w->err, "%s", list), NULL);
  }
  mill_expr *f = mill_x_new(w, MILL_X_FIELD, at);
  const mill_expr **args = mill_w_alloc(w, sizeof *args);
  if (f == NULL || args == NULL) return NULL;
  args[0] = of;
  f->args = args;
  f->nargs = 1;
  f->index = found;
  f->name = name; /* as it is written: the case of SELECT s.A stays */
  f->type = t->fields[found].type;
  f->nullable = of->nullable || t->fields[found].nullable;
  return f;
}

/* arr.name: the field of each struct of a list. */
static const mill_expr *bind_field_of_each(mill_planner *w, const mill_expr *of, mill_str field) {
  mill_exprs args = {&of, 1, 1};
  mill_scope over = {.expand = &args};
  const char *name = mill_w_copy(w, mill_str_data(&field), field.size);
  const char *text = mill_w_printf(w, "transform(`$1`, x -> x.`%s`)", name);
  const mill_expr *parsed = text ? mill_w_parse(w, text, strlen(text)) : NULL;
  const mill_expr *r = parsed ? mill_resolve(w, &over, parsed) : NULL;
  mill_expr *c = r ? mill_x_copy(w, r) : NULL;
  if (c) c->pretty = mill_w_printf(w, "%s.%s", mill_w_sql(w, of), name);
  return c;
}

const mill_expr *mill_bind_extract(mill_planner *w, mill_expr *e) {
  const mill_expr *of = e->args[0], *key = e->args[1];
  const mill_vector *v = constant_of(key);
  if (of->type->id == MILL_STRUCT && v && key->type->id == MILL_STRING) {
    mill_str s = ((const mill_str *)v->data)[0];
    const char *name = mill_w_copy(w, mill_str_data(&s), s.size);
    mill_expr *f = name ? mill_x_copy(w, mill_bind_field(w, of, name, e)) : NULL;
    if (f) f->pretty = mill_w_sql(w, f); /* named in full, unlike a.b */
    return f;
  }
  if (of->type->id == MILL_ARRAY && of->type->fields[0].type->id == MILL_STRUCT && v &&
      key->type->id == MILL_STRING)
    return bind_field_of_each(w, of, ((const mill_str *)v->data)[0]);
  if (of->type->id == MILL_STRUCT)
    return MILL_W_FAIL_AT(w, e, MILL_E_INVALID_EXTRACT_FIELD_TYPE, "extraction",
                          mill_w_quoted_sql(w, key), NULL);
  if (of->type->id == MILL_NULL) { /* nothing is in it, whatever is asked for */
    mill_expr *null = mill_x_copy(w, mill_x_null(w, of->type));
    if (null) null->pretty = mill_w_sql(w, e);
    return null;
  }
  if (of->type->id != MILL_ARRAY && of->type->id != MILL_MAP)
    return MILL_W_FAIL_AT(w, e, MILL_E_INVALID_EXTRACT_BASE_FIELD_TYPE, "base",
                          mill_w_quoted_sql(w, of), "other", mill_w_quoted_type(w, of->type), NULL);
  const char *pretty = mill_w_sql(w, e);
  mill_expr *call = mill_x_call(w, "extract_value", 2, of, key);
  if (call == NULL) return NULL;
  call->pretty = pretty;
  call->text = e->text, call->start = e->start, call->stop = e->stop;
  return mill_bind_call(w, NULL, call);
}
