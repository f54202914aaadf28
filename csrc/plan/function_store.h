/* SQL functions that last as long as the session: names and the CREATE FUNCTION statements that made them.
** Others stand in the catalogue (catalog/catalog.h), by the same text.
**
** Whoever calls a function parses its text into the plan of the call, so that a function sees the views,
** variables and functions of the time of the call. Names are compared without case, as Spark does. */
#ifndef MILL_PLAN_FUNCTION_STORE_H
#define MILL_PLAN_FUNCTION_STORE_H

#include "base/memory.h"

typedef struct mill_stored_function {
  const char *name, *text; /* name: of one of the catalogue "spark_catalog.database.name" */
  const char *path;        /* of SET PATH when it was made; NULL: none */
  bool temporary;
} mill_stored_function;

typedef struct mill_function_store {
  mill_memory *memory;
  mill_stored_function *at; /* sorted by name */
  size_t n, capacity;
} mill_function_store;

/* In place of one that has the name. */
mill_status mill_function_store_define(mill_function_store *s, const char *name, const char *text,
                                       const char *path, mill_error *err) MILL_USE_RESULT;
const mill_stored_function *mill_function_store_find(const mill_function_store *s,
                                                     const char *name); /* NULL: none */
bool mill_function_store_drop(mill_function_store *s, const char *name);
void mill_function_store_clear(mill_function_store *s);

#endif
