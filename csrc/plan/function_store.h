/* SQL functions: names and the CREATE FUNCTION statements that made them.
**
** Temporary ones go by their name, the others by catalogue, database and name ("spark_catalog.default.f").
** Only the text is kept: whoever calls a function parses it into the plan of the call, so that a function
** sees the views, variables and functions of the time of the call, and a catalogue can keep the same text
** on disk. Names are compared without case, as Spark does. */
#ifndef MILL_PLAN_FUNCTION_STORE_H
#define MILL_PLAN_FUNCTION_STORE_H

#include "base/memory.h"

typedef struct mill_stored_function {
  char *name, *text;
  bool temporary;
} mill_stored_function;

typedef struct mill_function_store {
  mill_memory *memory;
  mill_stored_function *at; /* sorted by name */
  size_t n, capacity;
} mill_function_store;

/* In place of one that has the name. */
mill_status mill_function_store_define(mill_function_store *s, const char *name, bool temporary,
                                       const char *text, mill_error *err) MILL_USE_RESULT;
const mill_stored_function *mill_function_store_find(const mill_function_store *s, const char *name,
                                                     bool temporary); /* NULL: none */
bool mill_function_store_drop(mill_function_store *s, const char *name, bool temporary);
void mill_function_store_clear(mill_function_store *s);

#endif
