/* A SQL function as CREATE FUNCTION says it; its names and texts lie with the statement. */
#ifndef MILL_PLAN_ROUTINE_H
#define MILL_PLAN_ROUTINE_H

#include "plan/expr.h"

typedef struct mill_routine_field {
  const char *name, *comment; /* comment NULL: none */
  const mill_type *type;
  const mill_expr *preset; /* NULL: an argument must be given */
  const char *preset_text;
} mill_routine_field;

typedef struct mill_routine {
  const mill_routine_field *parameters,
      *columns; /* columns: of a table; none: as the body has them */
  int nparameters, ncolumns;
  bool table, query; /* query: the body is a SCALAR_QUERY, written without parentheses or with */
  bool not_deterministic;
  const mill_type *returns; /* of a scalar function; NULL: the body's */
  const mill_expr *body;
  const char *body_text, *comment, *access; /* access: CONTAINS SQL, READS SQL DATA */
  const char *text;                         /* the whole statement */
  const char *path; /* of names in it (sql_path.h); NULL: the one in force */
} mill_routine;

#endif
