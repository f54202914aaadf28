/* The handle of ML stages, and the data sets that estimators read: plans. */
#ifndef MILL_BIND_STAGE_H
#define MILL_BIND_STAGE_H

#include <lua.h>

#include "bind/plan.h"
#include "ml/stage.h"

#define MILL_STAGE_CLASS "tidemill.stage"

typedef struct mill_handle_stage {
  mill_stage *s;         /* user value 1: the session's handle */
  mill_session *session; /* a reference: the stage's memory is the session's, which may be closed */
} mill_handle_stage;

void mill_stage_open_class(lua_State *L);
mill_handle_stage *mill_stage_check(lua_State *L, int index);
int mill_stage_create(lua_State *L);  /* core.stage(session, class, uid) */
int mill_stage_made(lua_State *L);    /* core.stage_made(session, class, values as JSON) */
int mill_stage_open(lua_State *L);    /* core.stage_load(session, path) */
int mill_stage_classes(lua_State *L); /* core.stage_classes(): the tables of classes */

/* A data set over the rows of a plan, which it keeps alive. */
mill_status mill_dataset_new(mill_plan *p, const mill_settings *set, mill_dataset **out,
                             mill_error *err) MILL_USE_RESULT;

#endif
