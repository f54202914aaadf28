/* Bound expressions: resolved, typed, casts explicit, columns by position. What the planner hands
** to the expression evaluator (exec/program.h), to readers for push-down, to streams and to ML.
**
** Immutable, in the arena of the plan that made it. `type` and `nullable` describe the result. */
#ifndef MILL_KERNEL_BOUND_H
#define MILL_KERNEL_BOUND_H

#include "kernel/function.h"

typedef enum mill_bound_kind {
  MILL_B_COLUMN,  /* column `index` of the input batch */
  MILL_B_LITERAL, /* `value`, a constant vector */
  MILL_B_CALL,    /* `kernel` over args; fn NULL for a cast */
  MILL_B_AND,     /* three-valued, args[1] only where args[0] does not decide */
  MILL_B_OR,
  MILL_B_CASE, /* args: condition, value, condition, value, ..., else; values only where chosen */
  MILL_B_COALESCE, /* the next argument only where all before are null */
  MILL_B_FIELD,    /* field `index` of the STRUCT args[0] */
  MILL_B_LAMBDA,   /* body args[0] over variables; only as an argument of a LAMBDA call */
  MILL_B_VARIABLE, /* lambda variable `index`, counted from the outermost lambda in */
  MILL_B_HOST, /* a function of the host (a Lua UDF): `host` over args, run on the host's thread */
} mill_bound_kind;

typedef struct mill_bound mill_bound;
struct mill_bound {
  mill_bound_kind kind;
  const mill_type *type;
  bool nullable;
  bool can_raise; /* this node or one below may fail on some row */
  bool deterministic;
  int index; /* COLUMN, FIELD, VARIABLE; LAMBDA: number of its first variable */
  int nargs; /* LAMBDA: nvars below */
  int nvars;
  const mill_bound *const *args;
  const mill_vector *value;
  const mill_function *fn;
  mill_kernel kernel;
  const void *state;
  const mill_type *const *arg_type;
  struct mill_host *host;
  const char *text; /* query text and the range this call covers, for errors; start < 0: none */
  int32_t start, stop;
};

/* Is it `x IN (constants)`? Then the constants that are not null, of the type of x and in a flat vector
** (compare.c); else NULL. */
const mill_vector *mill_bound_in_items(const mill_bound *b);

/* Do both give the same values for the same rows? */
static inline bool mill_bound_same(const mill_bound *a, const mill_bound *b) {
  if (a == b) return a->deterministic;
  if (a->kind != b->kind || a->type != b->type || a->nargs != b->nargs || a->index != b->index ||
      a->nvars != b->nvars || a->value != b->value || a->fn != b->fn || a->kernel != b->kernel ||
      a->host != b->host || a->state != b->state || !a->deterministic)
    return false;
  for (int i = 0; i < a->nargs; i++)
    if (!mill_bound_same(a->args[i], b->args[i])) return false;
  return true;
}

/* One aggregate or window function of an operator: the bound call and what stands around it. */
typedef struct mill_bound_aggregate {
  const mill_function *fn;
  const mill_aggregate *impl;
  const mill_type *type, *partial;
  bool nullable, distinct, ignore_nulls;
  int nargs;
  const mill_bound *const *args;
  const mill_type *const *arg_type;
  const mill_bound *filter; /* FILTER (WHERE ..) or NULL */
  const void *state;
  const char *text;
  int32_t start, stop;
} mill_bound_aggregate;

/* One sort key. */
typedef struct mill_bound_sort {
  const mill_bound *expr;
  bool descending, nulls_first;
} mill_bound_sort;

/* A function that the host runs, in batches of rows, on the host's thread only. */
typedef struct mill_host mill_host;
struct mill_host {
  const char *name;
  mill_status (*call)(mill_host *h, const mill_vector *const *args, int nargs, size_t n,
                      mill_vector *out, mill_arena *arena, mill_error *err);
};

#endif
