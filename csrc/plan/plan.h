/* A plan: an arena, a logical tree in it, and the plans, tables and scans it keeps alive.
**
**     mill_plan_new -> build nodes in plan->arena -> plan->root -> mill_plan_analyse
**                   -> mill_plan_open / _collect / _explain, and use by other plans
**
** A DataFrame is a reference to an analysed plan. The next call of a chain makes a new plan whose
** leaf is the root of the one before (mill_plan_use), so nothing is copied. Analysis is eager:
** names, types and the errors about them are settled at the call, as in Spark. An analysed plan
** never changes and can be run any number of times; one that is collected again keeps its operators. Not thread-safe: a plan belongs to its
** session's thread. */
#ifndef MILL_PLAN_PLAN_H
#define MILL_PLAN_PLAN_H

#include "plan/node.h"
#include "plan/session.h"

enum { MILL_PLAN_SLOTS = 8 };

/* Parameters whose values may change from run to run (slots.c): how often analysis met each, and how
** often it left it open. */
typedef struct mill_plan_slots {
  int n;
  uint32_t made[MILL_PLAN_SLOTS], used[MILL_PLAN_SLOTS];
  mill_vector value[MILL_PLAN_SLOTS];
} mill_plan_slots;

struct mill_plan {
  mill_session *session;
  mill_arena arena;
  mill_node *root;
  const mill_node *parsed; /* the root before its analysis, for EXPLAIN */
  const mill_type *schema; /* analysed: a STRUCT */
  mill_settings settings;  /* as they were at its analysis */
  bool streaming;
  bool deferred;          /* not analysed: it uses columns of a query that it will stand in */
  bool once;              /* what its analysis found holds for it alone (mill_settings.once) */
  bool positional, named; /* parameters that its text has: ?, :name */
  bool collected;
  int nested; /* how many EXECUTE IMMEDIATE around its text */
  int refs;
  const struct mill_variable_scope
      *locals;                       /* before analysis: the variables of a script around it */
  mill_plan_slots *slots;            /* NULL: its parameters are constants */
  const struct mill_view_text *view; /* a view made of a text (view.c); NULL: of the tree */
  struct mill_plan_keep *keep;       /* what is kept alive */
  struct mill_plan_lowered *lowered; /* from the second mill_plan_collect on, where that may be */
};

mill_status mill_plan_new(mill_session *s, mill_plan **out, mill_error *err) MILL_USE_RESULT;
mill_plan *mill_plan_ref(mill_plan *p);
void mill_plan_unref(mill_plan *p); /* NULL allowed */

/* Keep `other` alive as long as p and give its root, to stand as a child in p's tree. NULL: out of
** memory. */
const mill_node *mill_plan_use(mill_plan *p, mill_plan *other);
size_t mill_plan_bytes(const mill_plan *p); /* what its trees take */
/* A plan that means the same as p, with columns of its own: it can be joined with p. */
mill_status mill_plan_renew(mill_plan *p, mill_plan **out, mill_error *err) MILL_USE_RESULT;
/* Keep a table, a scan, a stage, or anything: release(object) is called when p goes. On failure it
** is released. */
mill_status mill_plan_keep(mill_plan *p, void *object, void (*release)(void *),
                           mill_error *err) MILL_USE_RESULT;

/* Parameters for MILL_X_PARAMETER: names (NULL: positional) and literal expressions. */
typedef struct mill_parameters {
  int n;
  const char *const *names;
  const mill_expr *const *values;
} mill_parameters;

/* Resolve p->root in place (it becomes the analysed tree). A failed plan can only be unref'd, unless
** it is `deferred`: then its root, as it was built, may be used by a plan that has the columns. */
mill_status mill_plan_analyse(mill_plan *p, const mill_parameters *params,
                              mill_error *err) MILL_USE_RESULT;

/* Prepared statements (slots.c). prepare: before analysis, with the first values, which the arena of p
** holds. Where the plan is _prepared after it, it may be collected with other values of the same types
** and names, and others may share it; _fix makes a plan of it for values that `given` holds, with columns
** of its own. */
mill_status mill_plan_prepare(mill_plan *p, const mill_parameters *params,
                              mill_error *err) MILL_USE_RESULT;
bool mill_plan_prepared(const mill_plan *p);
mill_status mill_plan_collect_with(mill_plan *p, const mill_parameters *params, mill_table **out,
                                   mill_error *err) MILL_USE_RESULT;
mill_status mill_plan_fix(mill_plan *p, mill_plan *given, const mill_parameters *params,
                          mill_plan **out, mill_error *err) MILL_USE_RESULT;

/* Optimise, lower and run. Commands take effect at the first of these. The reader keeps p alive. */
mill_status mill_plan_open(mill_plan *p, mill_rows **out, mill_error *err) MILL_USE_RESULT;
mill_status mill_plan_collect(mill_plan *p, mill_table **out, mill_error *err) MILL_USE_RESULT;
/* mode: simple, extended, formatted, cost, codegen */
mill_status mill_plan_explain(mill_plan *p, const char *mode, struct mill_text *out,
                              mill_error *err) MILL_USE_RESULT;
/* Find a column of an analysed plan by name as df.name does; -1: none, -2: more than one. */
int mill_plan_column(const mill_plan *p, const char *name, size_t n);

#endif
