/* Lua values as values of vectors, and the types that Lua values have.
**
** A taker writes into growable vectors of an arena that a userdata owns, so that raising out of it
** leaks nothing. What does not fit the type raises as PySpark's schema verification does, with the
** row and the field's name, unless the taker is lenient. */
#ifndef MILL_BIND_TAKE_H
#define MILL_BIND_TAKE_H

#include <lua.h>

#include "column/context.h"
#include "column/vector.h"

/* Where a value stands, for messages: "element in array field a". */
typedef struct mill_place {
  const char *what; /* "field", "element in array", "key of map", "value of map" */
  const char *name; /* of a field, else NULL */
  const struct mill_place *outer;
} mill_place;

typedef struct mill_taker {
  mill_arena *arena;
  mill_types *types;
  const mill_place *place; /* NULL: none */
  int64_t row;             /* 1-based; 0: none */
  bool lenient;            /* values that do not fit are NULL */
  bool
      exact; /* values are of the type's own class: no whole numbers for DOUBLE, no texts for DATE */
} mill_taker;

/* Is the value at `index` NULL (nil or the NULL light userdata)? */
bool mill_take_is_null(lua_State *L, int index);
/* A tidemill.binary: its bytes are at [1]. */
bool mill_take_is_binary(lua_State *L, int index);
/* Write the Lua value at `index` (absolute) as value k of v; v has room for it. */
void mill_take_value(lua_State *L, mill_taker *t, int index, mill_vector *v, uint32_t k);
/* Write a row (a list or a map-shaped table at `index`) as row k of the columns col[0..n). */
void mill_take_row(lua_State *L, mill_taker *t, int index, const mill_type *schema,
                   mill_vector *col, uint32_t k);

/* The type that inference gives the value at `index`, MILL_NULL for NULL; integers are BIGINT, or
** with `literal` INT where they fit, as F.lit types them. NULL: the value has no type. */
const mill_type *mill_take_type(lua_State *L, mill_types *types, int index, bool literal);
/* The type that holds values of both, or NULL; whole numbers and fractions go together in a literal. */
const mill_type *mill_take_merge(mill_types *types, const mill_type *a, const mill_type *b,
                                 bool literal);

/* A constant vector in the arena. type NULL: inferred as a literal. Raises when it has no type. */
const mill_vector *mill_take_literal(lua_State *L, mill_arena *a, mill_types *types, int index,
                                     const mill_type *type);

#endif
