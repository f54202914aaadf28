/* Which parts of the core this build has: see link.h. */
#include "bind/link.h"

#include "bind/raise.h"

void mill_link_need_ml(lua_State *L) {
  if (mill_stage_new == NULL)
    mill_raise_misuse(L, "NOT_IMPLEMENTED", "feature", "Machine learning", NULL);
}
