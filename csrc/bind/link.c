/* Which parts of the core this build has: see link.h. */
#include "bind/link.h"

#include "bind/raise.h"

void mill_link_need_plan(lua_State *L) {
  if (mill_session_new == NULL || mill_plan_analyse == NULL)
    mill_raise_misuse(L, "NOT_IMPLEMENTED", "feature", "Running plans", NULL);
}

void mill_link_need_sql(lua_State *L) {
  mill_link_need_plan(L);
  if (mill_sql_parse == NULL) mill_raise_misuse(L, "NOT_IMPLEMENTED", "feature", "SQL text", NULL);
}

void mill_link_need_ml(lua_State *L) {
  if (mill_stage_new == NULL)
    mill_raise_misuse(L, "NOT_IMPLEMENTED", "feature", "Machine learning", NULL);
}
