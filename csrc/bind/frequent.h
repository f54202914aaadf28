/* The frequent values of columns (kernel/item_counter.h). */
#ifndef MILL_BIND_FREQUENT_H
#define MILL_BIND_FREQUENT_H

#include <lua.h>

void mill_frequent_open_class(lua_State *L);
/* core.frequent(plan, most, half): for each column the list of its frequent values. As Spark with two partitions
** does, the first `half` rows have a counter and the others one, and they are added up. */
int mill_frequent_items(lua_State *L);

#endif
