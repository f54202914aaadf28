/* Parts of the core that a build may lack: they are linked weakly, and their absence is a clear
** error at the first call instead of a module that does not load. */
#ifndef MILL_BIND_LINK_H
#define MILL_BIND_LINK_H

#include <lua.h>

#include "io/reader.h"
#include "io/writer.h"
#include "ml/stage.h"
#include "sql/parse.h"

#pragma weak mill_stage_class_find
#pragma weak mill_stage_class_at
#pragma weak mill_stage_class_name
#pragma weak mill_stage_class_package
#pragma weak mill_stage_class_doc
#pragma weak mill_stage_class_role
#pragma weak mill_stage_class_param
#pragma weak mill_stage_class_of
#pragma weak mill_stage_new
#pragma weak mill_stage_ref
#pragma weak mill_stage_unref
#pragma weak mill_stage_uid
#pragma weak mill_stage_set
#pragma weak mill_stage_set_stages
#pragma weak mill_stage_is_set
#pragma weak mill_stage_get
#pragma weak mill_stage_copy
#pragma weak mill_stage_parts
#pragma weak mill_stage_fit
#pragma weak mill_stage_evaluate
#pragma weak mill_stage_attribute_at
#pragma weak mill_stage_attribute
#pragma weak mill_stage_save
#pragma weak mill_stage_load

/* Raise unless the part is linked. */
void mill_link_need_ml(lua_State *L);

#endif
