/* SQL scripts: BEGIN .. END and what stands in it, as parsed (sql/script.c) and run (script.c). */
#ifndef MILL_PLAN_SCRIPT_H
#define MILL_PLAN_SCRIPT_H

#include "plan/node.h"

typedef enum mill_statement_kind {
  MILL_S_RUN,    /* run: a statement of SQL */
  MILL_S_BLOCK,  /* BEGIN .. END: parts, handlers */
  MILL_S_LIST,   /* parts alone: what IF, CASE and loops hold */
  MILL_S_IF,     /* conditions, and as many parts; one more: ELSE */
  MILL_S_CASE,   /* the same of CASE value: values instead of conditions */
  MILL_S_WHILE,  /* conditions[0], parts[0] */
  MILL_S_REPEAT, /* parts[0] until conditions[0] */
  MILL_S_LOOP,   /* parts[0] */
  MILL_S_FOR,    /* name or NULL, run: a query, parts[0] */
  MILL_S_LEAVE,  /* label */
  MILL_S_ITERATE,
} mill_statement_kind;

typedef struct mill_statement mill_statement;

/* EXIT HANDLER FOR conditions, in capitals, and SQLSTATEs. */
typedef struct mill_handler {
  const char *const *conditions, *const *states;
  int nconditions, nstates;
  bool exception, not_found; /* SQLEXCEPTION, NOT FOUND */
  const mill_statement *body;
} mill_handler;

struct mill_statement {
  mill_statement_kind kind;
  const char *label, *name; /* label NULL: none */
  const mill_node *run;
  const mill_expr *value;
  const mill_expr *const *conditions;
  const mill_statement *const *parts;
  const mill_handler *const *handlers;
  int nconditions, nparts, nhandlers;
  const char *text;
  int32_t start, stop;
};

#endif
