/* SQL text to unresolved plans (plan/node.h), Spark 4.3's grammar (SqlBaseParser.g4), ANSI on.
**
** A hand-written lexer and recursive-descent parser with a depth limit of 1,000. Errors are Spark's
** (PARSE_SYNTAX_ERROR, PARSE_EMPTY_STATEMENT, ...) with the byte range in the text. Nodes and
** copies of names live in the arena; every node knows the text and range it came from. */
#ifndef MILL_SQL_PARSE_H
#define MILL_SQL_PARSE_H

#include "plan/plan.h"

/* One statement, a trailing semicolon allowed, into p->root (not analysed). The text is copied. */
mill_status mill_sql_parse(mill_plan *p, const char *text, size_t n,
                           mill_error *err) MILL_USE_RESULT;
/* One expression, with an optional alias: what df:selectExpr, F.expr and string columns take. Fits
** mill_session_parser. */
mill_status mill_sql_expr(mill_session *s, const char *text, size_t n, mill_arena *a,
                          const mill_expr **out, mill_error *err) MILL_USE_RESULT;
/* A data type ("array<int>", "decimal(10,2)"), and a schema ("a INT, b STRING NOT NULL COMMENT 'x'"
** or "struct<..>"). */
mill_status mill_sql_type(mill_session *s, const char *text, size_t n, const mill_type **out,
                          mill_error *err) MILL_USE_RESULT;
mill_status mill_sql_schema(mill_session *s, const char *text, size_t n, const mill_type **out,
                            mill_error *err) MILL_USE_RESULT;

#endif
