/* What the parsers of commands share. Private to csrc/sql. */
#ifndef MILL_SQL_DDL_INT_H
#define MILL_SQL_DDL_INT_H

#include "plan/definition.h"
#include "sql/parser_int.h"

/* ddl.c */
mill_definition *mill_p_definition(mill_parser *p, mill_node *n); /* never NULL */
void mill_p_words(const mill_list *l, mill_word_list *out);
void mill_p_target(mill_parser *p, mill_node *n); /* parts, or exprs: IDENTIFIER(..) */
bool mill_p_if_exists(mill_parser *p, bool negated);
void mill_p_option_list(mill_parser *p, mill_options *out);
bool mill_p_database_word(const mill_parser *p, int ahead);
bool mill_p_constraint_ahead(const mill_parser *p);
void mill_p_constraint(mill_parser *p);
/* A column of CREATE TABLE, or of ALTER TABLE. */
mill_column *mill_p_column(mill_parser *p, bool table);
void mill_p_column_list(mill_parser *p, bool table, mill_list *out, mill_definition *d);
void mill_p_preset(mill_parser *p, mill_column *c); /* the expression of DEFAULT */
void mill_p_place(mill_parser *p, mill_column *c);  /* FIRST, AFTER b */
const mill_partition_spec *mill_p_partition_spec(mill_parser *p);
mill_node *mill_p_create_table(mill_parser *p);
mill_node *mill_p_drop_table(mill_parser *p);
mill_node *mill_p_create_database(mill_parser *p);
mill_node *mill_p_drop_database(mill_parser *p);

/* alter.c */
mill_node *mill_p_alter(mill_parser *p);
mill_node *mill_p_comment_on(mill_parser *p);
void mill_p_view_schema(mill_parser *p, mill_definition *d); /* behind WITH SCHEMA */

/* dml.c */
/* INSERT .. at this place, of the rows of `source` where that is not NULL. */
mill_node *mill_p_insert(mill_parser *p, mill_node *source);
mill_node *mill_p_delete(mill_parser *p);
mill_node *mill_p_update(mill_parser *p);
mill_node *mill_p_merge(mill_parser *p);

/* show.c */
mill_node *mill_p_describe(mill_parser *p);
mill_node *mill_p_show(mill_parser *p);

/* upkeep.c */
/* TRUNCATE, ANALYZE, REFRESH, CACHE, UNCACHE, CLEAR CACHE, REPAIR, MSCK, ADD, LIST; NULL: none of them. */
mill_node *mill_p_upkeep(mill_parser *p);

#endif
