/* The DataFrame's handle: an analysed plan. */
#ifndef MILL_BIND_PLAN_H
#define MILL_BIND_PLAN_H

#include <lua.h>

#include "bind/session.h"
#include "plan/plan.h"

#define MILL_PLAN_CLASS "tidemill.plan"

typedef struct mill_handle_plan {
  mill_plan *p;                 /* user value 1: the session's handle */
  mill_handle_session *session; /* of user value 1 */
  mill_plan *given;             /* p is a prepared plan: the plan that holds `params`, its values */
  mill_parameters params;
  bool shared; /* others may have found p by its text (plan/text_cache.h) */
} mill_handle_plan;

void mill_plan_open_class(lua_State *L);
mill_handle_plan *mill_plan_check(lua_State *L, int index);
/* The same, to be collected: with the values of `given`, if there is one. */
mill_handle_plan *mill_plan_check_collect(lua_State *L, int index);
/* The same, only to be run or looked at: nothing may be built upon it, its columns' ids are not asked. */
mill_handle_plan *mill_plan_check_run(lua_State *L, int index);
/* One that may be deferred: to stand inside another plan. */
mill_handle_plan *mill_plan_check_any(lua_State *L, int index);
/* Push a handle with a new, empty plan of the session at `session`. */
mill_handle_plan *mill_plan_push(lua_State *L, int session);
int mill_plan_build(lua_State *L); /* core.plan(session, node) */
int mill_plan_sql(lua_State *L);   /* core.sql(session, text, parameters) */
int mill_plan_type(lua_State *L);  /* core.parse_type(session, text, "type" | "schema" | ..) */
/* The plan is ready to be analysed: do it, or raise. `text` is its SQL, may be NULL. */
void mill_plan_settle(lua_State *L, mill_handle_plan *h, const mill_parameters *params,
                      const char *text);

#endif
