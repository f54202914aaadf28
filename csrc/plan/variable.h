/* Variables of SQL: names that stand for one value until SET gives them another.
**
** A list belongs to the session (DECLARE) or to a block of a script that is running; the planner finds
** them through mill_plan.scope and the session. A variable owns its value: plans that use it copy it.
**
**     mill_variable_add -> mill_variable_set, any number of times -> mill_variable_drop / _clear */
#ifndef MILL_PLAN_VARIABLE_H
#define MILL_PLAN_VARIABLE_H

#include "column/vector.h"

typedef struct mill_variable mill_variable;
struct mill_variable {
  mill_variable *next;
  char *name, *preset; /* preset: the text of what DEFAULT stands for; NULL: a null */
  const mill_type *type;
  const mill_type *sized; /* CHAR(n), VARCHAR(n): what values must fit; NULL: any text */
  mill_vector value;      /* a constant, in the arena */
  mill_arena arena;
};

typedef struct mill_variable_list {
  mill_variable *first;
} mill_variable_list;

/* The variables of a block of a script, and where the search goes on. */
typedef struct mill_variable_scope mill_variable_scope;
struct mill_variable_scope {
  const mill_variable_scope *outer;
  const char *label; /* the block's, or a name of our own for it */
  bool handler;      /* of an exception handler: see mill_variable_scope_find */
  mill_variable_list list;
};

/* A new variable, null, at the front of the list; the caller has seen that none has the name. */
mill_status mill_variable_add(mill_memory *m, mill_variable_list *l, const char *name,
                              const char *preset, const mill_type *type, mill_variable **out,
                              mill_error *err) MILL_USE_RESULT;
/* Value i of v, copied; on failure the variable keeps what it has. */
mill_status mill_variable_set(mill_variable *v, const mill_vector *value, size_t i,
                              mill_error *err) MILL_USE_RESULT;
mill_variable *mill_variable_find(const mill_variable_list *l, const char *name,
                                  bool case_sensitive);
bool mill_variable_drop(mill_variable_list *l, const char *name, bool case_sensitive);
void mill_variable_clear(mill_variable_list *l);

/* By a name, or a label and a name (label may be NULL), from the innermost block outwards; *scope: where.
** Behind the block of an exception handler the outermost that has the name is taken, as Spark does. */
mill_variable *mill_variable_scope_find(const mill_variable_scope *s, const char *label,
                                        const char *name, bool case_sensitive,
                                        const mill_variable_scope **scope);

#endif
