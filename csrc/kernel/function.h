/* The catalogue of SQL functions: one definition each, from which SQL, `F`, help, stubs and tests
** derive.
**
** A definition is a static mill_function in its family's file (`string.c`, `math.c`, `datetime.c`,
** ...), in an array that the family's entry in `family.def` names. To add a function: add a
** definition, and the contract suite tests it.
**
** Binding turns a call with known argument types into a kernel: it checks the number of arguments,
** finds the implicit casts (Spark's ANSI rules, coerce.h), the result type and the kernel function.
** Most definitions only have a `types` string and the result type; those with rules of their own
** (`+`, `if`, `concat`, `coalesce`) have a `bind` function.
**
** `types`: one entry an argument, separated by commas, then `->` and the result.
**   argument
**     string binary boolean tinyint smallint int bigint float double decimal date timestamp
**     timestamp_ntz time ym dt interval variant null      that type, by implicit cast
**     numeric integral fractional any array map struct vector datetime atomic orderable
**     a|b              one of these, the first that an implicit cast reaches
**     array<..>        nested; map<..,..> too
**     =                same type as the other "=" arguments, all widened to a common one
**     suffix ?         may be left out
**     suffix *         zero or more of it (last only)
**     prefix !         exact: no implicit cast (Spark's ExpectsInputTypes)
**     prefix #         must be foldable (else NON_FOLDABLE_INPUT); its value is in the binding
**   result
**     a type name, or $1, $2 (type of that argument after casts), $1.element, $1.key, $1.value
** e.g. substring: "string|binary, int, int? -> $1"
**
** Null rule: with MILL_FN_NULLS the kernel sees nulls and sets the result's validity itself.
** Without, a null in any argument is a null result: the evaluator has set `out->valid` before the
** kernel runs, and the kernel must skip (or harmlessly compute) rows that are not valid. A kernel
** may make more rows null. */
#ifndef MILL_KERNEL_FUNCTION_H
#define MILL_KERNEL_FUNCTION_H

#include "column/context.h"
#include "column/vector.h"

typedef enum mill_function_kind {
  MILL_SCALAR,
  MILL_AGGREGATE,
  MILL_WINDOW,    /* window only: rank, lag, ...; aggregates are window functions too */
  MILL_GENERATOR, /* explode, ... : rows out of a row */
  MILL_TABLE,     /* table-valued only: range */
} mill_function_kind;

enum {                               /* flags of a definition */
       MILL_FN_NULLS = 1,            /* handles nulls itself */
       MILL_FN_NONDETERMINISTIC = 2, /* never folded, never moved */
       MILL_FN_NO_RAISE =
           4, /* cannot fail on any row; may be evaluated on rows that do not count */
       MILL_FN_NEVER_NULL = 8, /* the result is never null */
       MILL_FN_NULLABLE = 16,  /* the result may be null though no argument is */
       MILL_FN_OPERATOR =
           32, /* an operator: not callable by name from SQL as name(...) unless Spark allows */
       MILL_FN_NAMED = 512,   /* takes arguments by name: the names are those of `usage` */
       MILL_FN_TIME = 1024,   /* of times of day: needs spark.sql.timeType.enabled */
       MILL_FN_MICROS = 2048, /* takes timestamps of nanoseconds by their microseconds */
       MILL_FN_LATE =
           16384, /* reads its constants when a run begins: any that is known by then serves */
       MILL_FN_CLOCK = 4096, /* tells when the query runs: no constant, though its arguments are */
       MILL_FN_LAMBDA = 64,  /* has arguments that are lambdas */
       MILL_FN_HIDDEN = 128, /* internal: not listed, not callable .. */
       MILL_FN_UNLISTED = 8192, /* .. but for this one, whose name is told by another library */
       MILL_FN_LAZY = 256, /* arguments are evaluated only where needed: the planner makes AND, OR,
                                CASE or COALESCE of the call; its kernel is the eager form */
};

typedef struct mill_function mill_function;
typedef struct mill_binding mill_binding;
typedef struct mill_call mill_call;

/* Compute n rows. args[i] is flat or constant (never dictionary), `out` is flat with room for n
** values and `valid` as by the null rule above (NULL: all valid; get a bitmap with
** mill_vector_need_valid). Strings and list elements of the result go to call->arena. */
typedef mill_status (*mill_kernel)(mill_call *call, const mill_vector *const *args, size_t n,
                                   mill_vector *out, mill_error *err);

struct mill_call {
  const mill_context *ctx;
  const mill_settings *set;
  const mill_function *fn;
  const mill_type *result;
  const mill_type *const *arg_type;
  int nargs;
  const void
      *state; /* what bind prepared (compiled pattern, zone, ...): read-only, shared by workers */
  mill_arena *arena;   /* lives as long as the batch */
  const char *text;    /* the query text that errors may quote, or NULL */
  int32_t start, stop; /* where in it this call stands; start < 0: unknown */
  uint64_t first_row;  /* position of row 0 in the source: rand, monotonically_increasing_id */
  struct mill_lambda *lambda; /* higher-order functions, lambda.h */
};

/* Raise an error at the call's place in the query text. */
mill_status mill_call_fail(const mill_call *call, mill_error *err, mill_status condition, ...)
    __attribute__((sentinel, cold));

/* An aggregate's state is `state_size` bytes per group, zeroed before init, aligned to 16 if its size is
** a multiple of 16, else to 8; what it points to lives in call->arena, which here lasts as long as all states. `states[i]` is the group
** of row i; `args` are as for kernels. A state travels (spill, stream state, between workers) as a
** value of `partial`. */
enum { MILL_FEW_GROUPS = 256 };

/* Rows of a batch that fall into few groups: row i into group[i] < ngroups <= MILL_FEW_GROUPS, whose
** state is at states + group[i] * stride. How many fall into each is counted when it is asked for. */
typedef struct mill_few_groups {
  const uint32_t *group;
  char *states;
  uint32_t ngroups, stride;
  bool counted;
  uint32_t rows[MILL_FEW_GROUPS];
} mill_few_groups;

typedef struct mill_aggregate {
  uint32_t state_size;
  void (*init)(mill_call *call, void *state);
  mill_status (*update)(mill_call *call, void *const *states, const mill_vector *const *args,
                        size_t n, mill_error *err);
  mill_status (*merge)(mill_call *call, void *const *states, const mill_vector *partial, size_t n,
                       mill_error *err);
  mill_status (*save)(mill_call *call, void *const *states, size_t n, mill_vector *out,
                      mill_error *err);
  mill_status (*final)(mill_call *call, void *const *states, size_t n, mill_vector *out,
                       mill_error *err);
  /* optional: all n rows into one state; take rows back out (streams, sliding frames) */
  mill_status (*update_all)(mill_call *call, void *state, const mill_vector *const *args, size_t n,
                            mill_error *err);
  mill_status (*retract)(mill_call *call, void *const *states, const mill_vector *const *args,
                         size_t n, mill_error *err);
  /* optional: as update, of rows that fall into few groups; no argument is null */
  mill_status (*update_few)(mill_call *call, mill_few_groups *g, const mill_vector *const *args,
                            size_t n, mill_error *err);
  /* optional: as save and merge, state by state; call->arena is that of `to`. `from` is not used again, and what
  ** it points to lives as long as `to`, which may take it over */
  mill_status (*combine)(mill_call *call, void *const *to, void *const *from, size_t n,
                         mill_error *err);
  /* optional: a state that begins learns from one of its group, made of other rows, with which it will be combined,
  ** what need not be kept */
  mill_status (*heed)(mill_call *call, void *state, const void *other, mill_error *err);
  bool exact;  /* the order of rows, and of merging, cannot be seen in the result */
  bool common; /* update and merge do not look at the call: two that differ in `final` may share */
} mill_aggregate;

/* Generators bind to a STRUCT result whose fields are their output columns.
** Rows out of rows: for each of n input rows append its output rows to out[0..ncols) (growable
** vectors) and their number to counts[i]. */
typedef mill_status (*mill_generate)(mill_call *call, const mill_vector *const *args, size_t n,
                                     uint32_t *counts, mill_vector *out, mill_error *err);

/* How a key of WITHIN GROUP (ORDER BY ..) is sorted. */
typedef struct mill_key_order {
  bool descending, nulls_first;
} mill_key_order;

struct mill_binding {
  const mill_context *ctx;
  const mill_settings *set;
  const mill_function *fn;
  const char *name; /* as the user wrote it */
  int nargs;
  const mill_type *const *arg_type; /* given types; MILL_NULL for an untyped NULL */
  const mill_vector *const
      *arg_value; /* a constant vector where the argument is foldable, else NULL */
  const bool *arg_nullable;
  const char *const *arg_sql;  /* texts for mill_arg_sql; NULL: `print` makes them */
  const mill_key_order *order; /* WITHIN GROUP: its keys are arguments as the function wants them */
  int norder;
  const bool *arg_literal; /* the argument is a plain literal; NULL: those with a value are */
  mill_arena *arena;       /* for everything that the bound call keeps */
  /* A schema ("a INT, b STRING") or a type, as SQL writes them. */
  mill_status (*parse_schema)(mill_binding *b, const char *text, size_t n, const mill_type **out,
                              mill_error *err);
  const char *(*print)(const mill_binding *b, int i);
  const void *call; /* of print: what is bound */
  void *planner;    /* of parse_schema and print */

  /* results */
  const mill_type **cast_to; /* per argument: the type to cast to (the given one: no cast) */
  const mill_type *result;
  bool nullable;
  const mill_type *partial; /* aggregates: type of the travelling state */
  mill_kernel kernel;
  const mill_aggregate *aggregate;
  mill_generate generate;
  void *state;
  const char *shown; /* how the call is printed where not as it was written, in the error's text */
  bool safe;         /* as MILL_FN_NO_RAISE, of this call only */
  bool tries;        /* texts among the arguments are cast as TRY_CAST does */
  uint64_t
      voids; /* arguments, by bit, that have no type where an exact one is wanted: NULLs of it */
  const char *stands_for; /* as `lowered`, where it hangs on the arguments; printed as what it is,
                             or as `shown` */
};

/* The text of an argument as Spark prints it in messages, for bind functions. */
static inline const char *mill_arg_sql(const mill_binding *b, int i) {
  return b->arg_sql ? b->arg_sql[i] : b->print(b, i);
}

struct mill_function {
  const char *name;
  const char *types;
  mill_function_kind kind;
  unsigned flags;
  mill_kernel kernel;
  /* NULL: types and kernel say all. A bind function may call mill_bind_types first. */
  mill_status (*bind)(mill_binding *b, mill_error *err);
  const mill_aggregate *aggregate;
  mill_generate generate;
  const char *usage; /* "substring(str, pos[, len])" */
  const char *doc;   /* one line, own words */
  const char
      *example;      /* "SELECT substring('tidemill', 5) -> mill"; more than one separated by \n */
  const char *alias; /* further names, comma separated: "substr"; NULL. One behind '=' is printed as
                          the name: "=array_agg" */
  const char *fill;  /* SQL of the arguments that may be left out, by place, blank where one may
                          not: ", , true". Spark prints them too. "<x": x goes in front of all */
  const char *said;  /* as `fill`, where the arguments are only printed: ", 0" */
  const char *lowered; /* SQL over $1, $2, .. that the call stands for (Spark's RuntimeReplaceable):
                          the planner expands it, and must where kernel is NULL */
  const struct mill_lambda_rule *lambda; /* MILL_FN_LAMBDA: lambda.h */
};

/* The definition of a name in any case, or NULL. Aliases are found as well. */
const mill_function *mill_function_find(const char *name, size_t n);
/* The name that a call is printed by where it was written as `name`: an alias or the name itself. */
const char *mill_function_printed(const mill_function *fn, const char *name);
/* All definitions in catalogue order; the i-th or NULL. */
const mill_function *mill_function_at(size_t i);
/* Up to max names close to `name` for "did you mean", best first. */
size_t mill_function_similar(const char *name, size_t n, const char **out, size_t max);

/* Bind a call: sets the results of b. Errors are Spark's: WRONG_NUM_ARGS, DATATYPE_MISMATCH.*, ...
** */
mill_status mill_function_bind(mill_binding *b, mill_error *err) MILL_USE_RESULT;
/* The number of arguments alone; for higher-order functions before their lambdas are bound. */
mill_status mill_function_check_count(mill_binding *b, mill_error *err) MILL_USE_RESULT;
/* Can values of the type be compared? Not those of maps, variants, .. */
bool mill_type_orderable(const mill_type *t);
/* The part that follows the `types` string alone. */
mill_status mill_bind_types(mill_binding *b, const char *types, mill_error *err) MILL_USE_RESULT;

#endif
