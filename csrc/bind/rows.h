/* Rows out of plans and into them: collect, iterators, texts for show, createDataFrame. */
#ifndef MILL_BIND_ROWS_H
#define MILL_BIND_ROWS_H

#include <lua.h>

void mill_rows_open_class(lua_State *L);
int mill_rows_collect(lua_State *L); /* core.collect(plan): list of Rows */
int mill_rows_texts(lua_State *L);   /* core.texts(plan): lists of cells as show prints them */
int mill_rows_iterate(lua_State *L); /* core.rows(plan): reader with row, values, batch, close */
int mill_rows_write(lua_State *L);   /* core.write(plan, spec): rows as files */

int mill_table_infer(lua_State *L);  /* core.infer(session, rows, names, by_name): struct type */
int mill_table_create(lua_State *L); /* core.table(session, rows, type): plan handle */
void mill_table_open_class(lua_State *L);
/* Push the handle of a plan that is a table. */
struct mill_table;
void mill_table_push(lua_State *L, int session, struct mill_table *t);

#endif
