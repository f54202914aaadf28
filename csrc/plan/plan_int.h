/* What the files of csrc/plan share: the planner's state, making and walking of trees, name
** resolution, analysis, optimisation and lowering. Private.
**
** Inside csrc/plan a function that makes a node or an expression returns it, or NULL when it failed;
** then w->err says why and w->status is its condition. Makers take NULL arguments and give NULL, so
** calls can be nested and one check at the end is enough.
**
** The life of a statement:
**
**     unresolved tree --analyse--> analysed tree --optimise--> tree without subqueries
**         --lower--> mill_op tree over batches --exec--> rows
**
** Columns are known by id. A node's `output` lists its visible columns; it may compute more (hidden
** sort keys, keys of USING), which nodes above can use by id and which the last projection drops. */
#ifndef MILL_PLAN_PLAN_INT_H
#define MILL_PLAN_PLAN_INT_H

#include <strings.h>

#include "base/text.h"
#include "exec/meter.h"
#include "plan/function_store.h"
#include "plan/plan.h"
#include "plan/variable.h"

enum { MILL_PLAN_DEPTH = 1000 };

typedef struct mill_exprs {
  const mill_expr **at;
  int n, capacity;
} mill_exprs;

struct mill_cte;

typedef struct mill_view_chain {
  const struct mill_view_chain *next;
  const char *name;
  bool lasting; /* of the catalogue: temporary views are not seen from it */
} mill_view_chain;

/* Arguments of a SQL function while its body is resolved, under the names of its parameters. */
typedef struct mill_arguments {
  const char *function;
  const char *const *names;
  const mill_expr *const *values; /* resolved */
  int n;
} mill_arguments;

/* SQL functions whose bodies are being resolved, innermost first. */
typedef struct mill_called {
  const struct mill_called *next;
  const char *name;
  bool temporary;
} mill_called;

/* What an object that lasts is made of: nothing in it may be temporary. */
typedef struct mill_making {
  const char *kind, *name; /* "FUNCTION", its quoted name */
  bool view;               /* what other views read is theirs */
} mill_making;

/* A frame whose columns got new ids where it is used (analyse.c). */
typedef struct mill_renewal {
  const mill_node *before, *after;
  const struct mill_renewal *next;
} mill_renewal;

/* Where names stand in a long list of columns (resolve.c): chains by hash, their positions ascending. */
typedef struct mill_name_index {
  const mill_expr *const *column;
  int n;
  uint32_t mask;
  int32_t *head, *next; /* position + 1; 0: no more */
} mill_name_index;

typedef struct mill_planner mill_planner;

/* Where the ids of a long list stand (find.c): open addressing. */
typedef struct mill_id_index {
  const mill_planner *owner;    /* whose arena it lies in */
  const mill_expr *const *list; /* NULL: `ids` */
  const uint64_t *ids;
  int n;
  uint32_t slots, mask; /* of `slots` those are in use */
  int32_t *slot;        /* position + 1; 0: free */
} mill_id_index;

/* The items of a list by a hash, their numbers chained (find.c). */
typedef struct mill_chains {
  uint32_t *hash;       /* of each item */
  int32_t *head, *next; /* number + 1; 0: no more */
  int n, room;          /* room: of all three, a power of two */
} mill_chains;

struct mill_planner {
  mill_session *session;
  mill_plan *plan;
  const mill_context *ctx;
  mill_settings set;
  mill_arena *arena;
  const mill_parameters *params;
  mill_error *err;
  mill_status status;
  int depth;
  uint32_t taken;                    /* times that memory was */
  const mill_variable_scope *locals; /* variables of a script */
  const mill_called *called;
  const mill_making *making;   /* NULL: nothing that lasts */
  const char *no_routines;     /* where SQL functions may not be called now; NULL: they may */
  const struct mill_cte *ctes; /* WITH queries in scope, innermost first */
  const mill_renewal *renewals;
  mill_name_index names; /* of the last long list that was searched */
  mill_id_index ids[4];  /* of some of those that were last */
  uint32_t next_ids;
  int inlined;          /* views and CTEs being entered */
  const char *database; /* in use while a view's text is analysed; NULL: the session's */
  const char *path;     /* of names, while the text of a view or function is; NULL: the session's */
  const struct mill_view_chain *views; /* views that are being entered, innermost first */
  const mill_type *texts; /* of literals and casts, by DEFAULT COLLATION of a view; NULL: STRING */
  const char *defining;   /* the view that is being made anew, which its query must not read */
  bool writing;           /* files of a table are noted as being written */
  bool reads;             /* a table or view was read */
  bool deferred;          /* a name is meant for a query around this one, and there is none yet */
  bool by_alias;          /* an alias of the same select list was used */
  bool nameless;          /* memory ran out where a text was made: "?" stands in its place */
};

/* Note the failure and give NULL. Once memory has run out or the user has had enough, that is what is told. */
#define MILL_W_NOTE(w, ...)                                                                        \
  ((w)->status == MILL_E_OUT_OF_MEMORY || (w)->status == MILL_E_OPERATION_CANCELED                 \
       ? MILL_OK                                                                                   \
       : ((w)->status = mill_fail((w)->err, __VA_ARGS__)))
#define MILL_W_FAIL(w, ...) ((void)MILL_W_NOTE(w, __VA_ARGS__), NULL)
/* The same, with the place of an expression or node (anything with text, start, stop). */
#define MILL_W_FAIL_AT(w, x, ...)                                                                  \
  ((void)MILL_W_NOTE(w, __VA_ARGS__), mill_w_at((w), (x)->text, (x)->start, (x)->stop), NULL)
void mill_w_at(mill_planner *w, const char *text, int32_t start, int32_t stop);

mill_status mill_planner_init(mill_planner *w, mill_plan *p, mill_error *err) MILL_USE_RESULT;
/* One level deeper; false when that is too deep. Every true needs a leave. */
bool mill_w_enter(mill_planner *w);
bool mill_w_too_deep(mill_planner *w); /* notes that a plan is; false */
void mill_w_leave(mill_planner *w);
/* Zeroed arena memory. */
void *mill_w_alloc(mill_planner *w, size_t n);
void *mill_w_take(mill_planner *w, size_t n); /* the same, not zeroed */
const char *mill_w_copy(mill_planner *w, const char *s, size_t n);
const char *mill_w_printf(mill_planner *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
bool mill_w_same_name(const mill_planner *w, const char *a, const char *b);
bool mill_w_conf(const mill_planner *w, const char *key); /* a boolean setting */

/* ---- build.c: lists, nodes, expressions ------------------------------------------------------- */

bool mill_exprs_add(mill_planner *w, mill_exprs *l, const mill_expr *e);
bool mill_exprs_copy(mill_planner *w, mill_exprs *l, const mill_expr *const *e, int n);
mill_expr *mill_x_new(mill_planner *w, mill_expr_kind kind, const mill_expr *like);
mill_expr *mill_x_copy(mill_planner *w, const mill_expr *e); /* with its own args array */
mill_expr *mill_x_alias(mill_planner *w, const mill_expr *e, const char *name); /* with a new id */
/* The COLUMN that stands for the value of an ALIAS or COLUMN. */
mill_expr *mill_x_column(mill_planner *w, const mill_expr *named);
mill_expr *mill_x_name(mill_planner *w, const char *name);
/* An unresolved call of n arguments. */
mill_expr *mill_x_call(mill_planner *w, const char *name, int n, ...);
/* Resolved: bound call, hidden cast (e itself when it has the type). */
const mill_expr *mill_x_bound(mill_planner *w, const char *name, int n, ...);
const mill_expr *mill_x_cast(mill_planner *w, const mill_expr *e, const mill_type *t);
/* A literal of a type of fixed width, its value in `data`. */
const mill_expr *mill_x_constant(mill_planner *w, const mill_type *t, const void *data);
const mill_expr *mill_x_int(mill_planner *w, int32_t v);
const mill_expr *mill_x_bigint(mill_planner *w, int64_t v);
const mill_expr *mill_x_bool(mill_planner *w, bool v);
const mill_expr *mill_x_string(mill_planner *w, const char *s);
const mill_expr *mill_x_null(mill_planner *w, const mill_type *t);
const mill_expr *mill_x_value(mill_planner *w, const mill_vector *v, const mill_type *t);
const mill_expr *mill_x_and(mill_planner *w, const mill_expr *a,
                            const mill_expr *b); /* NULL: none */
/* All of them at once: many make a shallow tree. NULL with MILL_OK: there are none. */
const mill_expr *mill_x_all(mill_planner *w, const mill_expr *const *at, int n);

mill_node *mill_w_node(mill_planner *w, mill_node_kind kind, const mill_node *like);
mill_node *mill_w_node_copy(mill_planner *w, const mill_node *n); /* with its own child array */
mill_node *mill_w_unary(mill_planner *w, mill_node_kind kind, const mill_node *child);
mill_node *mill_w_binary(mill_planner *w, mill_node_kind kind, const mill_node *a,
                         const mill_node *b);
bool mill_w_set_exprs(mill_planner *w, mill_node *n, const mill_exprs *l);
/* output := the columns of a node's exprs, or those of a child. */
bool mill_w_output_exprs(mill_planner *w, mill_node *n, int count);
void mill_w_output_child(mill_node *n);
mill_node *mill_w_project(mill_planner *w, const mill_node *child, const mill_exprs *l);
mill_node *mill_w_filter(mill_planner *w, const mill_node *child, const mill_expr *condition);
const mill_type *mill_w_schema(mill_planner *w, const mill_expr *const *output, int n);

/* ---- walk.c ------------------------------------------------------------------------------------ */

/* Rebuild e: f may give a replacement for a node (its children are then not visited), or NULL to go
** on into it. Unchanged trees are not copied. NULL when w->status is an error. */
typedef const mill_expr *(*mill_x_change)(mill_planner *w, const mill_expr *e, void *arg);
const mill_expr *mill_x_map(mill_planner *w, const mill_expr *e, mill_x_change f, void *arg);
/* Is there a node for which f holds? f < 0: do not look below. */
bool mill_x_any(const mill_expr *e, int (*f)(const mill_expr *e, void *arg), void *arg);
/* As mill_x_same, where operands that may change places have: 1 + a and a + 1, a > b and b < a. */
bool mill_x_alike(const mill_expr *a, const mill_expr *b);
uint32_t mill_x_alike_trace(
    const mill_expr *e); /* the same of what is alike, mostly another of others */
bool mill_x_same(const mill_expr *a, const mill_expr *b); /* equal as values (names left out) */
/* find.c: the first place of the id in a list of an analysed node, or of the ids of an operator; -1: none. */
int mill_w_find_id(mill_planner *w, const mill_expr *const *list, int n, uint64_t id);
int mill_w_find_number(mill_planner *w, const uint64_t *ids, int n, uint64_t id);
uint32_t mill_hash_name(const char *s); /* the same of names that differ in case alone */
/* One more item, the next number. */
bool mill_chains_add(mill_planner *w, mill_chains *c, uint32_t hash);
/* The last item that may have the hash, and the one before it; -1: none. */
int mill_chains_find(const mill_chains *c, uint32_t hash);
int mill_chains_next(const mill_chains *c, int i);
uint32_t mill_x_trace(const mill_expr *e); /* the same of equal ones, mostly another of others */
bool mill_x_is_call(const mill_expr *e, const char *name);
/* What an alias names; other expressions are themselves. */
const mill_expr *mill_x_unalias(const mill_expr *e);
/* Is it that name, in any case? Most others have another first letter. */
static inline bool mill_is_name(const char *s, const char *name) {
  return (s[0] | 32) == (name[0] | 32) && strcasecmp(s, name) == 0;
}
bool mill_x_is_aggregate(const mill_expr *e);  /* an aggregate call itself */
bool mill_x_has_aggregate(const mill_expr *e); /* outside windows' functions */
bool mill_x_has_window(const mill_expr *e);
bool mill_x_has_generator(const mill_expr *e);
bool mill_x_has_subquery(const mill_expr *e);
bool mill_x_has_outer(const mill_expr *e);
bool mill_x_deterministic(const mill_expr *e);
/* Does it call rand() or the like? Functions of the host are taken to be deterministic, as Spark's are. */
bool mill_x_draws(const mill_expr *e);
/* Which argument of a call that draws is its seed; -1: it is no such call. */
int mill_seed_argument(const mill_expr *e);
bool mill_x_foldable(const mill_expr *e);
/* rewritten.c: does it hold a call that is no constant to Spark, of whatever arguments? Most are to be seen in what is
** written, those of times in what it is resolved to. */
bool mill_x_rewritten(const mill_expr *e);
bool mill_x_can_raise(const mill_expr *e);
/* Does e use only columns among ids? Does it use any? */
bool mill_x_uses_only(const mill_expr *e, const mill_expr *const *output, int n);
bool mill_x_uses_any(const mill_expr *e, const mill_expr *const *output, int n);
bool mill_x_find_id(const mill_expr *const *output, int n, uint64_t id);
/* Put the conjuncts of e into l. */
bool mill_x_conjuncts(mill_planner *w, const mill_expr *e, mill_exprs *l);
/* Replace columns by what an ALIAS list defines for their ids. */
const mill_expr *mill_x_substitute(mill_planner *w, const mill_expr *e,
                                   const mill_expr *const *defs, int n);
/* Does some node below (subqueries' trees left out) have it? */
bool mill_n_has_outer(const mill_node *n);
/* mill_x_any over the expressions of n and of the nodes below. */
bool mill_n_any_expr(const mill_node *n, int (*f)(const mill_expr *e, void *arg), void *arg);

/* ---- names -------------------------------------------------------------------------------------- */

const char *mill_w_sql(mill_planner *w, const mill_expr *e); /* pretty; "?" when out of memory */
/* The name of a column that e makes; e with everything there is: qualifiers, quotes, casts. */
const char *mill_w_name_of(mill_planner *w, const mill_expr *e);
const char *mill_w_whole_sql(mill_planner *w, const mill_expr *e);
const char *mill_w_quoted_sql(mill_planner *w,
                              const mill_expr *e); /* in double quotes, for errors */
const char *mill_w_quoted_type(mill_planner *w, const mill_type *t);
/* `array<int>`: as typeof says it. NULL: out of memory. */
const char *mill_w_simple_type(mill_planner *w, const mill_type *t);
const char *mill_w_quoted_parts(mill_planner *w, const char *const *parts, int n);

/* ---- resolve.c: expressions --------------------------------------------------------------------- */

typedef struct mill_scope {
  const struct mill_scope *outer; /* the query around this one */
  const mill_node *from;          /* whose output the columns are, or NULL */
  const mill_expr *const *column, *const *hidden;
  int ncolumns, nhidden;
  const mill_exprs *lateral; /* aliases of the same list, or NULL */
  mill_exprs made, named;    /* what generators of that list make; those of them with an alias */
  const mill_expr *within;   /* the aggregate or window around, which takes none of them */
  const struct mill_variables *variables; /* of lambdas */
  const mill_exprs *expand;               /* $1, $2, .. of a lowered function */
  const mill_arguments *arguments;        /* of a SQL function whose body this is */
  bool nested;                            /* below the top of a select item */
  bool above;                /* ORDER BY: what fails among `column` may be meant below the list */
  bool below_first;          /* HAVING: `hidden` comes before `column`, but for .. */
  const mill_exprs *of_list; /* .. the columns at these places, which are no keys */
  mill_exprs *lifted;        /* HAVING: what queries in it ask of the groups, as aliases */
  bool where;                /* WHERE: there they may ask */
} mill_scope;

typedef struct mill_variables {
  const struct mill_variables *next;
  const mill_expr *variable;
} mill_variables;

/* The scope of a node's output. */
mill_scope mill_scope_of(const mill_node *n, const mill_scope *outer);
/* interval_text.c: INTERVAL with parameters, a call of its pieces. */
const mill_expr *mill_resolve_interval(mill_planner *w, const mill_scope *s, const mill_expr *e);
const mill_expr *mill_resolve(mill_planner *w, const mill_scope *s, const mill_expr *e);
/* A column by one name among candidates: number of matches, the first in *out. */
int mill_find_column(const mill_planner *w, const mill_expr *const *column, int n, const char *name,
                     const mill_expr **out);
/* A NAME against the scope's own columns only; NULL and no error when there is none. */
const mill_expr *mill_resolve_name_quiet(mill_planner *w, const mill_scope *s, const mill_expr *e);
/* named_arguments.c: the arguments of e in the places of the parameters; out is cleared before. */
bool mill_has_named_arguments(const mill_expr *e);
bool mill_place_by_name(mill_planner *w, const mill_expr *e, const char *routine,
                        const char *const *names, int n, const mill_expr **out, int *nargs);
/* A call whose arguments by name stand in their places. */
const mill_expr *mill_place_arguments(mill_planner *w, const mill_expr *e);
/* The next entry of a definition's `fill`: where it begins and its length, 0 for none. */
const char *mill_next_fill(const char **text, size_t *n);
/* The error of a call that names no function; NULL. */
const mill_expr *mill_no_routine(mill_planner *w, const mill_expr *e);
/* Bind a call whose args are resolved. */
const mill_expr *mill_bind_call(mill_planner *w, const mill_scope *s, mill_expr *call);
/* collate.c: the call with its texts of one collation; another function may do it; NULL: failed. Then the type of
** its result. mill_collate_check: can values of the type be compared? INDETERMINATE_COLLATION where not; and what the
** call compares? */
const mill_expr *mill_collate_call(mill_planner *w, mill_expr *e);
bool mill_collate_result(mill_planner *w, const mill_expr *e, mill_binding *b);
bool mill_collate_check(mill_planner *w, const mill_type *t);
bool mill_collate_check_call(mill_planner *w, const mill_expr *e);
/* The texts of a table or view with DEFAULT COLLATION: NULL as everywhere, or not to be had; and a type with them
** where it has STRING. */
const mill_type *mill_collate_texts(mill_planner *w, const char *collation);
const mill_type *mill_collate_default(mill_planner *w, const mill_type *t, const mill_type *texts);
bool mill_collate_none(const mill_type *t); /* has it texts without a collation? */
/* Columns that are to be kept have collations. */
bool mill_collate_check_schema(mill_planner *w, const mill_expr *const *columns, int n);
/* collate_search.c: the call as it is done by the collation of its first text. */
const mill_expr *mill_collate_search(mill_planner *w, mill_expr *e);
bool mill_collate_among(const char *name, const char *const *names);
/* A trim of two arguments, whose text is the second. */
bool mill_collate_text_last(const mill_expr *e);
/* The call as an error shows it, in quotes. */
const char *mill_collate_shown(mill_planner *w, const mill_expr *e);
/* char_padding.c: what a CHAR column is compared with is as long as it; false: failed. */
bool mill_pad_chars(mill_planner *w, mill_expr *e);
/* decimal_literal.c: the comparison with an integer instead of a decimal literal, or e. */
const mill_expr *mill_compare_decimal_literal(mill_planner *w, mill_expr *e);
/* update_fields.c: withField and dropFields, which only the API calls. */
bool mill_is_field_update(const mill_expr *e);
const mill_expr *mill_resolve_field_update(mill_planner *w, const mill_scope *s,
                                           const mill_expr *e);
/* bind_lambda.c: a call with lambdas, or of a function that takes some; no argument is resolved. */
const mill_expr *mill_bind_lambda_call(mill_planner *w, const mill_scope *s, mill_expr *call);
/* What is known of a call's or cast's resolved arguments. */
/* within_group.c: make arguments of the keys of WITHIN GROUP; refuse it where none is taken. */
bool mill_within_group(mill_planner *w, mill_expr *e);
mill_binding *mill_binding_of(mill_planner *w, const mill_expr *e);
const mill_expr *mill_bind_cast(mill_planner *w, mill_expr *cast);
const mill_expr *mill_bind_extract(mill_planner *w, mill_expr *e);
const mill_expr *mill_bind_field(mill_planner *w, const mill_expr *of, const char *name,
                                 const mill_expr *at);
/* UNRESOLVED_COLUMN for a name in a scope. */
const mill_expr *mill_unresolved(mill_planner *w, const mill_scope *s, const mill_expr *e);
/* SQL text as an expression, by the session's parser. */
const mill_expr *mill_w_parse(mill_planner *w, const char *text, size_t n);

/* ---- analysis of nodes --------------------------------------------------------------------------- */

const mill_node *mill_analyse(mill_planner *w, const mill_node *n, const mill_scope *outer);
/* IDENTIFIER(e): the NAME that a constant text says, NULL: failed. */
const mill_expr *mill_constant_name(mill_planner *w, const mill_scope *s, const mill_expr *e);
/* Constant value of a foldable expression. */
bool mill_w_evaluate(mill_planner *w, const mill_expr *e, const mill_vector **out);
/* select.c */
bool mill_generators_alone(mill_planner *w, const mill_expr *item); /* in no call, or told so */
bool mill_expands(const mill_planner *w, const mill_expr *e); /* a star, or a pattern of names */
bool mill_expand_list(mill_planner *w, const mill_scope *s, const mill_expr *const *list, int n,
                      mill_exprs *out);
const mill_node *mill_analyse_project(mill_planner *w, const mill_node *n, const mill_scope *outer);
/* m.k of a map or a list is called k. */
const mill_expr *mill_path_named(mill_planner *w, const mill_expr *written,
                                 const mill_expr *resolved);
/* Name a select item: ALIAS or COLUMN. */
const mill_expr *mill_named(mill_planner *w, const mill_expr *written, const mill_expr *resolved);
/* An aggregate is an error in |> EXTEND and |> SET. */
bool mill_no_aggregate(mill_planner *w, const mill_node *n, const mill_expr *e);
/* Is it t.* of a table t of the query? */
bool mill_names_table(const mill_planner *w, const mill_scope *s, const mill_expr *star);
/* A call of a generator in e, which is not resolved yet, is an error. */
bool mill_refuse_generator(mill_planner *w, const mill_expr *e);
/* Aggregates and windows in e are an error of that operator, as Spark names it. */
bool mill_refuse_groups(mill_planner *w, const mill_expr *e, const char *operator);
/* A sort key must have an order: no maps, VARIANTs, .. in it. */
bool mill_refuse_unordered(mill_planner *w, const mill_expr *at, const mill_expr *key);
/* Nodes for select items that hold windows or lateral aliases, over child. */
const mill_node *mill_build_project(mill_planner *w, const mill_node *child, mill_exprs *items,
                                    const mill_exprs *hidden);
/* generate.c: `list` with what its generators make in their place, over *child, which gets them. Items, and
** generators, know the columns that generators make, whichever stands first. */
bool mill_generate_items(mill_planner *w, mill_scope *s, const mill_expr *const *list, int n,
                         const mill_node **child, mill_exprs *out);
/* Resolve and name the items of a list, each seeing the aliases before it. */
bool mill_resolve_items(mill_planner *w, mill_scope *s, const mill_expr *const *list, int n,
                        mill_exprs *out);
/* Columns below the list of n that ORDER BY and its like may use. */
bool mill_hidden_columns(mill_planner *w, const mill_node *n, mill_exprs *out);
/* Of those the keys of USING and NATURAL below n that it does not show: only `table.key` names them. */
bool mill_using_columns(mill_planner *w, const mill_node *n, mill_exprs *out);
/* Of those what a source has beyond its output (_metadata), above lists and filters. */
bool mill_source_columns(mill_planner *w, const mill_node *n, mill_exprs *out);
/* n, with the columns that e uses passed up to it. */
const mill_node *mill_expose_all(mill_planner *w, const mill_node *n, const mill_expr *e);
/* Is the column with this id computed by n or by what its rows come from, so that it can be passed up? */
bool mill_n_computes(mill_planner *w, const mill_node *n, uint64_t id);
/* attributes.c: n, or MISSING_ATTRIBUTES where it uses columns that its children have not. */
const mill_node *mill_check_attributes(mill_planner *w, const mill_node *n);
/* check_subquery.c: n, or what Spark refuses of the queries in its expressions. */
const mill_node *mill_check_subqueries(mill_planner *w, const mill_node *n);
/* The same of a list over groups by the keys. */
bool mill_check_grouped_queries(mill_planner *w, const mill_exprs *keys, const mill_exprs *items);
/* aggregate.c */
/* group_map.c: the value as a key of groups. */
const mill_expr *mill_group_value(mill_planner *w, const mill_expr *e);
/* Is one of the grouping sets there twice? Then each makes groups of its own. */
bool mill_sets_repeat(const mill_node *n);
/* The query of resolved `items` (they hold aggregates) over child, by the keys of n (NULL: none). */
const mill_node *mill_build_aggregate(mill_planner *w, const mill_node *n, const mill_node *child,
                                      const mill_exprs *keys, mill_exprs *items);
/* e over the results of an AGGREGATE, which may gain aggregates; `top` is its select list, `written` what
** e was before names were resolved. */
/* subquery.c: an aggregate of the outer query's columns alone, in the WHERE of a query of its HAVING, is the outer query's:
** its column; any other e as it is. */
const mill_expr *mill_lift_aggregate(mill_planner *w, const mill_scope *s, const mill_expr *e);
/* The AGGREGATE with these aliases of calls, too. */
const mill_node *mill_more_aggregates(mill_planner *w, const mill_node *agg,
                                      const mill_exprs *more);
const mill_expr *mill_above_aggregate(mill_planner *w, const mill_node **agg, const mill_expr *e,
                                      const mill_node *top, const mill_expr *written);
/* The first column of e that is neither of that list, nor a key or in an aggregate; NULL: none, or failed. */
const mill_expr *mill_no_key(mill_planner *w, const mill_node *agg, const mill_expr *e,
                             const mill_node *top);
const mill_node *mill_analyse_aggregate(mill_planner *w, const mill_node *n,
                                        const mill_scope *outer);
const mill_node *mill_analyse_having(mill_planner *w, const mill_node *n, const mill_scope *outer);
/* Resolve an expression over a query's result, adding hidden columns or aggregates to the nodes
** below as ORDER BY and HAVING may. *child is replaced. HAVING takes a name for a column below the list
** where that is a key or in an aggregate; to ORDER BY the list comes first. */
/* MILL_PIPED: an operator of its own behind |>, which sees what the one before gives and no more. */
typedef enum mill_clause {
  MILL_WHERE,
  MILL_ORDER_BY,
  MILL_HAVING,
  MILL_QUALIFY,
  MILL_PIPED
} mill_clause;
const mill_expr *mill_resolve_above(mill_planner *w, const mill_node **child,
                                    const mill_scope *outer, mill_clause clause,
                                    const mill_expr *e);
/* window.c */
bool mill_extract_windows(mill_planner *w, const mill_node **child, mill_exprs *items);
const mill_expr *mill_resolve_window(mill_planner *w, const mill_scope *s, const mill_expr *e);
/* time_window.c: n over a child that computes the windows of event time which n speaks of, or n
** itself where there are none. Call before n is analysed. */
const mill_node *mill_time_windows(mill_planner *w, const mill_node *n, const mill_scope *outer);
/* generate.c */
const mill_node *mill_analyse_generate(mill_planner *w, const mill_node *n,
                                       const mill_scope *outer);
/* child with the columns of a generator's call behind its own. */
const mill_node *mill_generated(mill_planner *w, const mill_node *child, const mill_expr *call);
bool mill_extract_generator(mill_planner *w, const mill_node **child, mill_exprs *items);
/* relation.c */
const mill_node *mill_analyse_relation(mill_planner *w, const mill_node *n,
                                       const mill_scope *outer);
const mill_node *mill_analyse_with(mill_planner *w, const mill_node *n, const mill_scope *outer);
/* The query i of a WITH joins those in scope (NULL: failed); and any other. What gives those before. */
bool mill_define_cte(mill_planner *w, const mill_node *n, int i, const mill_scope *outer);
const struct mill_cte *mill_push_cte(mill_planner *w, const char *name, const mill_node *query,
                                     const char *const *columns);
/* recursion.c: does an unresolved query refer to a name? One of a WITH RECURSIVE that does to its own, as a
** RECURSION; its rows, NULL: failed. */
bool mill_refers_to(const mill_node *n, const char *name);
const mill_node *mill_analyse_recursive(mill_planner *w, const mill_node *a,
                                        const mill_scope *outer);
mill_table *mill_run_recursion(mill_planner *w, const mill_node *n);
/* n with the parts that IDENTIFIER(expr) stands for. */
const mill_node *mill_identifier(mill_planner *w, const mill_node *n);
const mill_node *mill_analyse_source(mill_planner *w, const mill_node *n);
/* stream_source.c: s->stream from format, paths, schema and options; the plan keeps it. */
bool mill_stream_source_open(mill_planner *w, mill_source *s);
/* watermark.c */
const mill_node *mill_analyse_watermark(mill_planner *w, const mill_node *n,
                                        const mill_scope *outer);
/* Does the metadata of a column call it an event time? Its delay. `millis` may be NULL. */
bool mill_watermark_of(const char *metadata, int64_t *millis);
/* The rows of child under another qualifier (NULL: as they are) and names; fresh: with new ids. */
const mill_node *mill_requalify(mill_planner *w, const mill_node *child, const char *alias,
                                const char *const *names, bool fresh);
/* Can the rows be told apart? Neither maps nor variants can: an error. */
bool mill_rows_compare(mill_planner *w, const mill_node *rows);
const mill_node *mill_distinct(mill_planner *w, const mill_node *child);
const mill_node *mill_renew_ids(mill_planner *w, const mill_node *n);
/* sql_keywords(), collations() and their like, by the function's name. */
const mill_node *mill_fact_table(mill_planner *w, const mill_node *n, const char *name);
const mill_node *mill_analyse_table_function(mill_planner *w, const mill_node *n,
                                             const mill_scope *outer);
const mill_node *mill_analyse_values(mill_planner *w, const mill_node *n, const mill_scope *outer);
bool mill_table_output(mill_planner *w, mill_node *n, const mill_type *schema);
/* hint.c: what the hints of a SELECT are given, before it is analysed; the columns that they name, by its rows. */
bool mill_check_hints(mill_planner *w, const mill_node *n);
bool mill_resolve_hints(mill_planner *w, const mill_node *n, const mill_node *rows,
                        const mill_scope *outer);
mill_node *mill_w_join(mill_planner *w, mill_join kind, const mill_node *a, const mill_node *b,
                       const mill_expr *condition);
/* join.c, setop.c, pivot.c, unpivot.c, columns.c, transform.c, command.c, subquery.c */
const mill_node *mill_analyse_join(mill_planner *w, const mill_node *n, const mill_scope *outer);
/* lateral.c: b, which may use columns of a as MILL_X_OUTER, as rows that do not: the values of those
** columns that a row is for come last, *used of them, and *on says that they are those of a. */
const mill_node *mill_lateral_rows(mill_planner *w, const mill_node *a, const mill_node *b,
                                   const mill_expr **on, int *used);
/* Is 0 what the aggregate gives for no rows? */
bool mill_counts_rows(const mill_expr *call);
/* a joined with b, which may use columns of a as MILL_X_OUTER. */
const mill_node *mill_lateral_join(mill_planner *w, mill_join kind, const mill_node *a,
                                   const mill_node *b, const mill_expr *condition);
const mill_node *mill_analyse_zip(mill_planner *w, const mill_node *n, const mill_scope *outer);
const mill_node *mill_analyse_set(mill_planner *w, const mill_node *n, const mill_scope *outer);
const mill_node *mill_analyse_pivot(mill_planner *w, const mill_node *n, const mill_scope *outer);
const mill_node *mill_analyse_unpivot(mill_planner *w, const mill_node *n, const mill_scope *outer);
const mill_node *mill_analyse_columns(mill_planner *w, const mill_node *n, const mill_scope *outer);
const mill_node *mill_analyse_transform(mill_planner *w, const mill_node *n,
                                        const mill_scope *outer);
const mill_node *mill_analyse_command(mill_planner *w, const mill_node *n, const mill_scope *outer);
const mill_expr *mill_resolve_subquery(mill_planner *w, const mill_scope *s, const mill_expr *e);
const mill_node *mill_cast_outputs(mill_planner *w, const mill_node *n,
                                   const mill_type *const *types);

/* Is it a statement that does something, not a query? */
static inline bool mill_n_is_command(mill_node_kind kind) { return kind >= MILL_N_CREATE_VIEW; }
/* An analysed node without rows and columns: what a statement gives that asks for nothing. */
const mill_node *mill_nothing(mill_planner *w);
/* set_variable.c: DECLARE, SET, DROP. */
const mill_node *mill_analyse_variable(mill_planner *w, const mill_node *n);
/* The variable that the parts name as a whole, of a script (*scope: of which block) or the session. */
mill_variable *mill_find_variable(mill_planner *w, const char *const *parts, int n,
                                  const mill_variable_scope **scope);
/* A NAME that is a variable, or fields of one; NULL and no error when there is none. */
const mill_expr *mill_variable_reference(mill_planner *w, const mill_expr *e);
/* Give the variables that keys of `at` name the only row of q, nulls where there is none. `columns`: a name
** that is none is said to be a column that is none. */
bool mill_assign_variables(mill_planner *w, const mill_node *at, const mill_node *q, bool columns);
/* The value of a resolved expression without columns, run where it is no constant. */
const mill_vector *mill_w_compute(mill_planner *w, const mill_expr *e);
/* Where functions and variables are looked for, as errors tell it. */
const char *mill_w_search_path(mill_planner *w);
/* routine.c: SQL functions. The function that a call of these parts (NULL: of the name alone) means, and
** its quoted name; NULL: none. */
const mill_stored_function *mill_find_routine(mill_planner *w, const char *name,
                                              const char *const *parts, int n);
const mill_expr *mill_call_routine(mill_planner *w, const mill_scope *s, const mill_expr *e,
                                   const mill_stored_function *f);
const mill_node *mill_call_table_routine(mill_planner *w, const mill_node *n,
                                         const mill_scope *outer, const mill_stored_function *f);
/* A parameter of the function whose body is resolved; NULL and no error when there is none. below: from
** a query inside the body. */
const mill_expr *mill_find_argument(mill_planner *w, const mill_scope *s, const mill_expr *e,
                                    bool below);
const struct mill_routine *mill_parse_routine(mill_planner *w, const mill_stored_function *f);
/* The body with the arguments in the place of the parameters, resolved and cast: an expression, or a query
** (columns called as the function says). */
bool mill_routine_reads(const struct mill_routine *r); /* READS SQL DATA is said of it */
const mill_expr *mill_routine_value(mill_planner *w, const struct mill_routine *r,
                                    const mill_arguments *arguments);
const mill_node *mill_routine_table(mill_planner *w, const struct mill_routine *r,
                                    const mill_arguments *arguments);
/* What lasts must not be made of something temporary: false, and an error. */
bool mill_not_temporary(mill_planner *w, const char *kind, const char *name);
/* define_function.c: CREATE, DROP, DESCRIBE and SHOW. */
const mill_node *mill_analyse_routine(mill_planner *w, const mill_node *n);
const char **mill_describe_routine(mill_planner *w, const mill_stored_function *f, bool extended,
                                   int *n);
/* A cast as a user writes it, which fails as that does. */
const mill_expr *mill_x_explicit_cast(mill_planner *w, const mill_expr *e, const mill_type *t);
/* execute_immediate.c */
const mill_node *mill_analyse_execute(mill_planner *w, const mill_node *n);
/* script.c */
const mill_node *mill_analyse_script(mill_planner *w, const mill_node *n);

/* slots.c: a resolved value of parameter i, which may become a slot; comparisons make it one. */
const mill_expr *mill_slot_literal(mill_planner *w, int i, const mill_expr *e);
bool mill_slot_arguments(mill_planner *w, mill_expr *comparison);

/* ---- optimisation --------------------------------------------------------------------------------- */

typedef const mill_node *(*mill_rule)(mill_planner *w, const mill_node *n);
/* All rules until nothing changes. The result has no subqueries but uncorrelated scalar ones. */
const mill_node *mill_plan_optimise(mill_planner *w, const mill_node *n);
/* Apply f to every node, children first. f gives its argument when there is nothing to do. */
const mill_node *mill_n_up(mill_planner *w, const mill_node *n, mill_rule f);
/* shape.c: what a tree has, nodes and, in their expressions, constants that are NULL, casts, calls over
** booleans, queries, and what could be computed without a row and is not. */
enum {
  MILL_HAS_FILTER = 1,
  MILL_HAS_JOIN = 2,
  MILL_HAS_PROJECT = 4,
  MILL_HAS_AGGREGATE = 8,
  MILL_HAS_WINDOW = 16,
  MILL_HAS_LIMIT = 32,
  MILL_HAS_NULL = 64,
  MILL_HAS_CAST = 128,
  MILL_HAS_BOOLEAN = 256,
  MILL_HAS_QUERY = 512,
  MILL_HAS_CONSTANT = 1024,
};
unsigned mill_n_shape(const mill_node *n);
/* Is a rule switched off by spark.sql.optimizer.excludedRules? */
bool mill_rule_excluded(const mill_planner *w, const char *rule);
const mill_node *mill_push_filters(mill_planner *w, const mill_node *n);
const mill_node *mill_push_semi(mill_planner *w, const mill_node *n);
const mill_node *mill_shift_sums(mill_planner *w, const mill_node *n);
const mill_node *mill_drop_determined_keys(mill_planner *w, const mill_node *n);
const mill_node *mill_collapse_projects(mill_planner *w, const mill_node *n);
const mill_node *mill_narrow_joins(mill_planner *w, const mill_node *n);
const mill_node *mill_fold_constants(mill_planner *w, const mill_node *n);
const mill_node *mill_propagate_nulls(mill_planner *w, const mill_node *n);
const mill_node *mill_simplify_booleans(mill_planner *w, const mill_node *n);
const mill_node *mill_unwrap_casts(mill_planner *w, const mill_node *n);
const mill_node *mill_prune_filters(mill_planner *w, const mill_node *n);
const mill_node *mill_push_limits(mill_planner *w, const mill_node *n);
const mill_node *mill_infer_window_group_limits(mill_planner *w, const mill_node *n);
/* The value of an expression without columns; false: it fails, or is none. */
bool mill_fold_value(mill_planner *w, const mill_expr *e, const mill_vector **out);
/* Are the node's rows made of nothing but VALUES, row by row? */
bool mill_n_of_values(const mill_node *n);
const mill_node *mill_order_joins(mill_planner *w, const mill_node *n);
const mill_node *mill_infer_not_null(mill_planner *w, const mill_node *n); /* streams only */
const mill_node *mill_unnest(mill_planner *w, const mill_node *n);         /* subqueries to joins */
const mill_node *mill_share_queries(mill_planner *w, const mill_node *n);
const mill_node *mill_sample_filters(mill_planner *w, const mill_node *n);
double mill_n_estimate(const mill_node *n); /* rows */
/* The share of rows that a condition keeps, guessed by its form. */
double mill_x_share_kept(const mill_expr *e);
/* Apply f to every expression of a node. */
const mill_node *mill_n_map_exprs(mill_planner *w, const mill_node *n, mill_x_change f, void *arg);

/* ---- lowering ------------------------------------------------------------------------------------- */

/* A physical tree and which column has which id. */
typedef struct mill_lowered {
  const mill_op *op;
  const uint64_t *ids;
  int n;
} mill_lowered;

struct mill_scan_list {
  struct mill_scan_list *next;
  mill_scan *scan;
};

/* Streams: a node that is lowered as `with`, at one place where it stands in the tree. */
typedef struct mill_leaf {
  const mill_node *node;
  mill_lowered with;
  bool met;
} mill_leaf;

/* An aggregate over many rows below a join with few: only groups that the join can use are made. */
enum { MILL_NARROW_KEYS = 8 };
typedef struct mill_narrow {
  const mill_node *aggregate; /* NULL: none */
  const mill_op *few;         /* the join's other side */
  const mill_bound *few_key[MILL_NARROW_KEYS];
  const mill_expr *key[MILL_NARROW_KEYS]; /* of the aggregate's input */
  int n;
} mill_narrow;

typedef struct mill_lowering {
  mill_planner *w;
  struct mill_scan_list *scans; /* made by lowering: to be released after the run */
  const uint64_t *used;         /* sorted ids that some expression needs */
  size_t nused;
  const struct mill_passing *passing; /* of what generators take, which they pass on */
  const uint64_t *whole;              /* of them those that are needed for more than some fields */
  size_t nwhole;
  const struct field_path *paths; /* those fields */
  bool all;                       /* the rule is switched off: every column is needed */
  const mill_expr *generator;     /* the one call of its kind that stands where it may */
  mill_leaf *leaves;
  int nleaves;
  bool explaining; /* nothing is run: a cache that is empty stays so */
  mill_narrow narrow;
} mill_lowering;

bool mill_lower(mill_lowering *l, const mill_node *n, mill_lowered *out);
/* Optimise and note which columns are needed. NULL: failed. */
const mill_node *mill_lowering_begin(mill_lowering *l, const mill_node *root);
void mill_lowering_release(struct mill_scan_list *s);
/* The rows that an AGGREGATE groups: its child's, once a grouping set. */
bool mill_lower_group_input(mill_lowering *l, const mill_node *n, mill_lowered *out);
/* Key i of an AGGREGATE over those rows. */
const mill_bound *mill_lower_group_key(mill_lowering *l, const mill_node *n, int i,
                                       const mill_lowered *in);
/* prune.c: rule ColumnPruning. Note what columns the tree `n` of a query with that result needs. */
bool mill_prune_columns(mill_lowering *l, const mill_node *root, const mill_node *n);
/* raise_constants.c: the error of a constant that fails where rows would meet it, after the columns are pruned. */
bool mill_raise_constants(mill_lowering *l, const mill_node *n);
/* Is the column needed by any expression or the result? */
bool mill_used(const mill_lowering *l, uint64_t id);
/* Is column i of a GENERATE's child needed above it? */
bool mill_passes(const mill_lowering *l, const mill_node *n, int i);
/* What of the column is needed; *out NULL: all of it. */
bool mill_used_part(mill_lowering *l, uint64_t id, const mill_type *t, const mill_part **out);
/* The value of an expression without columns. */
mill_status mill_constant(mill_lowering *l, const mill_bound *b, mill_vector *out) MILL_USE_RESULT;
/* The columns of `output` in that order. */
bool mill_lower_output(mill_lowering *l, const mill_lowered *in, const mill_expr *const *output,
                       int n, mill_lowered *out);
const mill_bound *mill_lower_expr(mill_lowering *l, const mill_expr *e, const mill_lowered *in);
const mill_bound *mill_lower_expr2(mill_lowering *l, const mill_expr *e, const mill_lowered *left,
                                   const mill_lowered *right);
/* What is grouped or sorted by. */
const mill_bound *mill_lower_key(mill_lowering *l, const mill_expr *e, const mill_lowered *in);
bool mill_lower_aggregate_call(mill_lowering *l, const mill_expr *call, const mill_lowered *in,
                               mill_bound_aggregate *out);
/* *scan by a scan that narrows it, which lowering keeps. */
bool mill_lower_narrow_scan(mill_lowering *l, const mill_test *at, int n,
                            const mill_part *const *parts, mill_scan **scan);
/* The scan, which the filter stands right above, without rows that it can leave out. NULL: failed. */
const mill_op *mill_lower_scan_tests(mill_lowering *l, const mill_bound *predicate,
                                     const mill_op *scan);
/* lower_*.c: one kind of node each */
bool mill_lower_aggregate(mill_lowering *l, const mill_node *n, mill_lowered *out);
/* The rows of `in` that have a partner among the few. */
bool mill_lower_narrow(mill_lowering *l, const mill_narrow *few, mill_lowered *in);
bool mill_lower_join(mill_lowering *l, const mill_node *n, mill_lowered *out);
bool mill_lower_window(mill_lowering *l, const mill_node *n, mill_lowered *out);
bool mill_lower_set_op(mill_lowering *l, const mill_node *n, mill_lowered *out);
bool mill_lower_dedup(mill_lowering *l, const mill_node *n, mill_lowered *out);
mill_op *mill_op_make(mill_lowering *l, mill_op_kind kind, const mill_op *child);
bool mill_op_project(mill_lowering *l, const mill_op *child, const mill_bound *const *exprs,
                     const uint64_t *ids, const char *const *names, int n, mill_lowered *out);
mill_bound *mill_b_column(mill_lowering *l, const mill_op *op, int i);
const mill_type *mill_op_schema(mill_lowering *l, const mill_field *f, int n);

/* ---- commands, explain ------------------------------------------------------------------------------ */

/* title: "Parsed", "Analyzed", "Optimized". */
mill_status mill_explain_logical(mill_planner *w, const mill_node *n, const char *title,
                                 bool with_statistics, mill_text *out);
mill_status mill_explain_physical(mill_planner *w, const mill_op *op, const mill_meters *meters,
                                  mill_text *out);
/* "formatted" or "codegen" */
mill_status mill_explain_list(mill_planner *w, const mill_op *op, bool codegen, mill_text *out);
/* In place of a plan: why there is none. */
mill_status mill_explain_failed(mill_planner *w, const mill_node *parsed, const mill_error *why,
                                bool extended, mill_text *out);

/* ---- plan.c ------------------------------------------------------------------------------------------- */

/* A planner for a run: the settings are those of the analysis, the clock and seed new. */
mill_status mill_plan_begin(mill_plan *p, mill_planner *w, mill_error *err) MILL_USE_RESULT;
/* Run an analysed tree in an arena of its own. coded: for rows that are kept (exec/run.h). */
mill_status mill_plan_rows(mill_planner *w, const mill_node *root, bool coded, mill_table **out);
/* Keep a plan alive as long as p. */
mill_status mill_plan_keep_plan(mill_plan *p, mill_plan *other, mill_error *err) MILL_USE_RESULT;

#endif
