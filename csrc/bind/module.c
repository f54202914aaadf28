/* luaopen_tidemill_core: the one exported symbol of the C module `tidemill.core`. */
#include <lauxlib.h>
#include <lua.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/number.h"
#include "base/version.h"
#include "bind/arrow.h"
#include "bind/frequent.h"
#include "bind/plan.h"
#include "bind/rows.h"
#include "bind/scalar.h"
#include "bind/schema.h"
#include "bind/session.h"
#include "bind/stage.h"
#include "bind/state.h"
#include "bind/stream.h"
#include "bind/variant.h"
#include "kernel/function.h"
#include "ml/stage.h"

__attribute__((visibility("default"))) int luaopen_tidemill_core(lua_State *L);

/* core.number_text(float): as Spark prints it. */
static int number_text(lua_State *L) {
  char buf[MILL_DOUBLE_TEXT];
  int n = mill_double_text(luaL_checknumber(L, 1), buf);
  lua_pushlstring(L, buf, (size_t)n);
  return 1;
}

/* core.is_terminal(descriptor) */
static int is_terminal(lua_State *L) {
  lua_pushboolean(L, isatty((int)luaL_checkinteger(L, 1)));
  return 1;
}

/* core.seconds(): a clock that only goes forward. */
static int seconds(lua_State *L) {
  lua_pushnumber(L, (lua_Number)mill_monotonic() / 1e9);
  return 1;
}

/* core.function_names(): what the catalogue lists. */
static int function_names(lua_State *L) {
  lua_newtable(L);
  lua_Integer n = 0;
  const mill_function *f;
  for (size_t i = 0; (f = mill_function_at(i)) != NULL; i++) {
    if (f->flags & MILL_FN_HIDDEN) continue;
    lua_pushstring(L, f->name);
    lua_rawseti(L, -2, ++n);
  }
  return 1;
}

static void set_text(lua_State *L, const char *key, const char *value) {
  if (value == NULL) return;
  lua_pushstring(L, value);
  lua_setfield(L, -2, key);
}

/* core.function_info(name): { name, types, usage, doc, example, alias, kind }, nil when unknown. */
static int function_info(lua_State *L) {
  static const char *const kinds[] = {"scalar", "aggregate", "window", "generator", "table"};
  size_t n;
  const char *name = luaL_checklstring(L, 1, &n);
  const mill_function *f = mill_function_find(name, n);
  if (f == NULL || f->flags & MILL_FN_HIDDEN) return 0;
  lua_createtable(L, 0, 7);
  set_text(L, "name", f->name);
  set_text(L, "types", f->types);
  set_text(L, "usage", f->usage);
  set_text(L, "doc", f->doc);
  set_text(L, "example", f->example);
  set_text(L, "alias", f->alias);
  set_text(L, "kind", kinds[f->kind]);
  return 1;
}

int luaopen_tidemill_core(lua_State *L) {
  static const luaL_Reg functions[] = {{"hook", mill_state_set_hook},
                                       {"decimal", mill_scalar_new_decimal},
                                       {"datetime", mill_scalar_new_datetime},
                                       {"interval", mill_scalar_new_interval},
                                       {"variant_text", mill_variant_text},
                                       {"variant_parse", mill_variant_parsed},
                                       {"variant_lua", mill_variant_values},
                                       {"type_text", mill_schema_name},
                                       {"can_store", mill_schema_can_store},
                                       {"number_text", number_text},
                                       {"function_names", function_names},
                                       {"function_info", function_info},
                                       {"session_new", mill_session_create},
                                       {"activate", mill_session_activate},
                                       {"plan", mill_plan_build},
                                       {"sql", mill_plan_sql},
                                       {"parse_type", mill_plan_type},
                                       {"collect", mill_rows_collect},
                                       {"texts", mill_rows_texts},
                                       {"frequent", mill_frequent_items},
                                       {"rows", mill_rows_iterate},
                                       {"write", mill_rows_write},
                                       {"arrow_out", mill_arrow_out},
                                       {"arrow_in", mill_arrow_in},
                                       {"is_terminal", is_terminal},
                                       {"seconds", seconds},
                                       {"infer", mill_table_infer},
                                       {"table", mill_table_create},
                                       {"stream_query", mill_stream_query},
                                       {"stream_check", mill_stream_refusal},
                                       {"stream_feed", mill_stream_feed_new},
                                       {"uuid", mill_stream_uuid},
                                       {"rest", mill_stream_rest},
                                       {"stage", mill_stage_create},
                                       {"stage_made", mill_stage_made},
                                       {"stage_load", mill_stage_open},
                                       {"stage_classes", mill_stage_classes},
                                       {NULL, NULL}};
  luaL_checkversion(L);
  mill_state_open(L);
  mill_decimal_open(L);
  mill_datetime_open(L);
  mill_interval_open(L);
  mill_session_open_class(L);
  mill_plan_open_class(L);
  mill_stream_open_class(L);
  mill_rows_open_class(L);
  mill_frequent_open_class(L);
  mill_arrow_open_class(L);
  mill_table_open_class(L);
  mill_stage_open_class(L);
  luaL_newlib(L, functions);
  lua_pushliteral(L, MILL_VERSION);
  lua_setfield(L, -2, "version");
  lua_pushlightuserdata(L, NULL);
  lua_setfield(L, -2, "null");
  return 1;
}
