/* Logical expressions, from what a user wrote to what is resolved.
**
** SQL text (sql/parse.h) and DataFrame calls build the same unresolved nodes; the analyser
** (plan/analyse.h) turns them into resolved ones; the planner lowers those to bound expressions
** (kernel/bound.h). A resolved expression has a `type`. Nodes are immutable once analysed, live in
** the arena of their plan and may be shared by plans that keep that plan alive.
**
** Operators are calls by the name of Spark's function: a + b is CALL "+", NOT a is CALL "not", a IS
** NULL is CALL "isnull", a BETWEEN b AND c is CALL "between", a LIKE b ESCAPE c is CALL "like", a
** IN (..) is CALL "in", CASE is CALL "when", a[b] is EXTRACT; a sign is CALL "-" of one argument,
** a <> b is not(a = b), a IS TRUE is a <=> true. Resolved columns are known by a
** session-unique id, so renaming, self joins and subqueries never confuse them. */
#ifndef MILL_PLAN_EXPR_H
#define MILL_PLAN_EXPR_H

#include "kernel/bound.h"
#include "kernel/cast.h"

/* The CALL that an INTERVAL with parameters is until they are known. */
#define MILL_INTERVAL_PIECES "interval pieces"

typedef enum mill_expr_kind {
  /* as written */
  MILL_X_NAME, /* parts[nparts]: a, t.a, db.t.a.field */
  MILL_X_TEXT, /* `name`: a column of that very name, or else SQL text to parse */
  MILL_X_STAR, /* parts[nparts]: qualifier or struct column, none: all; `except`:
                   columns left out, as "t.`a b`" */
  MILL_X_PARAMETER, /* :name, or ? number `index` (from 0) with name NULL; resolved: `given`, index + 1 */
  MILL_X_NAMED, /* name => args[0]: an argument by name, only in args of calls and functions */
  /* resolved nodes keep their kind and gain a type */
  MILL_X_LITERAL,  /* `value`, a constant vector */
  MILL_X_CALL,     /* `name` over args; distinct, ignore_nulls, filter, order as written; parts: a
                      qualified name; hidden: named_struct made of (a, b) */
  MILL_X_CAST,     /* args[0] to `target`; mode */
  MILL_X_EXTRACT,  /* args[0][args[1]]: element, map value, or struct field by literal name */
  MILL_X_FIELD,    /* resolved: field `index` of the struct args[0] */
  MILL_X_ALIAS,    /* args[0] AS parts[0] (more parts: a generator's columns); id, metadata */
  MILL_X_LAMBDA,   /* parts[nparts] -> args[0] */
  MILL_X_VARIABLE, /* resolved lambda variable; index as in kernel/bound.h; name */
  MILL_X_WINDOW,   /* args[0], a call, OVER `window` */
  MILL_X_SORT,     /* args[0] with descending and nulls_first: a sort key, only in lists of them */
  MILL_X_SCALAR_QUERY, /* (query): `query` */
  MILL_X_EXISTS,       /* EXISTS (query) */
  MILL_X_IN_QUERY,     /* args IN (query) */
  MILL_X_HOST,         /* host function over args; target is its result type */
  MILL_X_COLUMN,       /* resolved: column `id`, called `name` */
  MILL_X_OUTER,        /* resolved: column `id` of the query around this one */
} mill_expr_kind;

typedef enum mill_frame_unit { MILL_FRAME_ROWS, MILL_FRAME_RANGE } mill_frame_unit;
typedef enum mill_frame_bound {
  MILL_UNBOUNDED_PRECEDING,
  MILL_PRECEDING, /* `offset` expression */
  MILL_CURRENT_ROW,
  MILL_FOLLOWING,
  MILL_UNBOUNDED_FOLLOWING,
} mill_frame_bound;

typedef struct mill_expr mill_expr;
struct mill_node;

typedef struct mill_window {
  const char *name; /* OVER w, or the base of OVER (w ...); NULL */
  int npartition, norder;
  const mill_expr **partition;
  const mill_expr **order; /* MILL_X_SORT */
  bool framed;             /* a frame was written */
  mill_frame_unit unit;
  mill_frame_bound from, to;
  const mill_expr *from_offset, *to_offset;
} mill_window;

struct mill_expr {
  mill_expr_kind kind;
  const mill_type *type; /* NULL: not resolved */
  bool nullable;
  bool distinct, ignore_nulls, star; /* CALL; star: count(*) */
  bool descending, nulls_first;      /* SORT */
  bool
      hidden; /* CAST put in by coercion: not shown in names; ALIAS by the system; COLUMN of a scope
                   that only its table's name in front of it makes known */
  bool lateral; /* ALIAS: of a select list, by aliases before it */
  bool outer;   /* NAME: meant for the query around this one (Column.outer()) */
  bool
      rewritten; /* resolved: put in for a call that is no constant to Spark's analysis (rewritten.c) */
  uint8_t mode; /* CAST: mill_cast_mode */
  int nargs, nparts, norder, nexcept;
  const mill_expr **args;
  const char *name;
  const char **parts, **except;
  uint64_t id;
  int index;
  const mill_vector *value; /* LITERAL; resolved CALL, CAST, ..: its constant value, or NULL */
  const mill_vector *given; /* PARAMETER, resolved: where its value stands in each run (slots.c) */
  const mill_type *target;
  const char *metadata; /* ALIAS, COLUMN: JSON text or NULL */
  const mill_expr *filter;
  const mill_expr **order; /* CALL: WITHIN GROUP (ORDER BY ..), as SORT */
  const mill_window *window;
  const struct mill_node *query;
  const mill_function *fn; /* resolved CALL */
  const mill_binding *binding;
  mill_host *host;
  const char *by_alias; /* the name of the alias of the same select list that it was found by */
  const char *pretty; /* printed instead of the node: what the user wrote, where it was rewritten */
  const char *text;   /* the statement this was parsed from; NULL: built by calls */
  int32_t start, stop;
};

/* A new zeroed node (start and stop are -1); NULL when out of memory. */
mill_expr *mill_expr_new(mill_arena *a, mill_expr_kind kind);
/* Pretty SQL as Spark names columns by it ("(a + 1)", "sum(x)", "CAST(a AS STRING)"). */
mill_status mill_expr_sql(const mill_expr *e, const mill_settings *set, struct mill_text *out,
                          mill_error *err) MILL_USE_RESULT;

#endif
