/* The handle of ML stages: see stage.h. Parameters travel as JSON text. */
#include "bind/stage.h"

#include <lauxlib.h>
#include <string.h>

#include "bind/push.h"
#include "bind/raise.h"
#include "bind/rows.h"
#include "bind/state.h"

static int stage_gc(lua_State *L) {
  mill_handle_stage *h = luaL_checkudata(L, 1, MILL_STAGE_CLASS);
  mill_stage *s = h->s;
  mill_session *session = h->session;
  h->s = NULL;
  h->session = NULL;
  if (s) mill_stage_unref(s);
  if (session) mill_session_unref(session);
  return 0;
}

mill_handle_stage *mill_stage_check(lua_State *L, int index) {
  mill_handle_stage *h = luaL_checkudata(L, index, MILL_STAGE_CLASS);
  if (h->s == NULL) mill_raise_misuse(L, "SESSION_CLOSED", "object", "stage", NULL);
  return h;
}

static mill_handle_stage *push_stage(lua_State *L, int session) {
  session = lua_absindex(L, session);
  mill_session *s = mill_session_check(L, session)->s;
  mill_handle_stage *h = mill_state_handle(L, sizeof *h, MILL_STAGE_CLASS, 1);
  h->session = mill_session_ref(s);
  lua_pushvalue(L, session);
  lua_setiuservalue(L, -2, 1);
  return h;
}

/* A new handle beside stage 1, in the same session. */
static mill_handle_stage *push_beside(lua_State *L) {
  lua_getiuservalue(L, 1, 1);
  return push_stage(L, -1);
}

static const mill_context *context_of(lua_State *L) {
  lua_getiuservalue(L, 1, 1);
  const mill_context *ctx = mill_session_context(mill_session_check(L, -1)->s);
  lua_pop(L, 1);
  return ctx;
}

int mill_stage_create(lua_State *L) {
  size_t n;
  mill_error err;
  mill_error_clear(&err);
  mill_handle_session *s = mill_session_check(L, 1);
  const char *name = luaL_checklstring(L, 2, &n), *uid = luaL_optstring(L, 3, NULL);
  const mill_stage_class *c = mill_stage_class_find(name, n);
  if (c == NULL) return luaL_error(L, "no stage class '%s'", name);
  mill_handle_stage *h = push_stage(L, 1);
  MILL_RAISE_IF(L, &err, mill_stage_new(mill_session_context(s->s), c, uid, &h->s, &err), NULL);
  return 1;
}

int mill_stage_made(lua_State *L) {
  size_t n, size;
  mill_error err;
  mill_error_clear(&err);
  mill_handle_session *s = mill_session_check(L, 1);
  const char *name = luaL_checklstring(L, 2, &n), *json = luaL_checklstring(L, 3, &size);
  const mill_stage_class *c = mill_stage_class_find(name, n);
  if (c == NULL) return luaL_error(L, "no stage class '%s'", name);
  mill_handle_stage *h = push_stage(L, 1);
  MILL_RAISE_IF(L, &err, mill_stage_make(mill_session_context(s->s), c, json, size, &h->s, &err),
                NULL);
  return 1;
}

int mill_stage_open(lua_State *L) {
  mill_error err;
  mill_error_clear(&err);
  mill_handle_session *s = mill_session_check(L, 1);
  const char *path = luaL_checkstring(L, 2);
  mill_handle_stage *h = push_stage(L, 1);
  MILL_RAISE_IF(L, &err, mill_stage_load(mill_session_context(s->s), path, &h->s, &err), NULL);
  return 1;
}

static void set_text(lua_State *L, const char *key, const char *value) {
  if (value == NULL) return;
  lua_pushstring(L, value);
  lua_setfield(L, -2, key);
}

static void push_class(lua_State *L, const mill_stage_class *c) {
  static const char *const roles[] = {"transformer", "estimator", "model", "evaluator"};
  static const char *const kinds[] = {
      "boolean", "int",          "long",         "float",  "double", "string", "strings", "ints",
      "doubles", "double_lists", "string_lists", "vector", "matrix", "stages", "stage",   "maps"};
  lua_createtable(L, 0, 8);
  set_text(L, "name", mill_stage_class_name(c));
  set_text(L, "package", mill_stage_class_package(c));
  set_text(L, "doc", mill_stage_class_doc(c));
  set_text(L, "example", mill_stage_class_example(c));
  set_text(L, "role", roles[mill_stage_class_role(c)]);
  set_text(L, "model", mill_stage_class_model(c));
  lua_pushboolean(L, mill_stage_class_summarises(c));
  lua_setfield(L, -2, "summarises");
  lua_newtable(L);
  const char *name;
  for (int i = 0; (name = mill_stage_class_attribute(c, i)) != NULL; i++) {
    lua_pushstring(L, name);
    lua_rawseti(L, -2, i + 1);
  }
  lua_setfield(L, -2, "attributes");
  lua_newtable(L);
  const mill_param *p;
  for (int i = 0; (p = mill_stage_class_param(c, i)) != NULL; i++) {
    lua_createtable(L, 0, 5);
    set_text(L, "name", p->name);
    set_text(L, "kind", kinds[p->kind]);
    set_text(L, "preset", p->preset);
    set_text(L, "valid", p->valid);
    set_text(L, "doc", p->doc);
    lua_rawseti(L, -2, i + 1);
  }
  lua_setfield(L, -2, "params");
}

int mill_stage_classes(lua_State *L) {
  lua_newtable(L);
  const mill_stage_class *c;
  for (size_t i = 0; (c = mill_stage_class_at(i)) != NULL; i++) {
    push_class(L, c);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

static int stage_name(lua_State *L) {
  lua_pushstring(L, mill_stage_class_name(mill_stage_class_of(mill_stage_check(L, 1)->s)));
  return 1;
}

static int stage_uid(lua_State *L) {
  lua_pushstring(L, mill_stage_uid(mill_stage_check(L, 1)->s));
  return 1;
}

/* stage:set(param, json) */
static int stage_set(lua_State *L) {
  size_t n;
  mill_error err;
  mill_error_clear(&err);
  mill_handle_stage *h = mill_stage_check(L, 1);
  const char *json = luaL_checklstring(L, 3, &n);
  MILL_RAISE_IF(L, &err, mill_stage_set(h->s, luaL_checkstring(L, 2), json, n, &err), NULL);
  return 0;
}

/* stage:set_stages(param, list of handles) */
static int stage_set_stages(lua_State *L) {
  mill_error err;
  mill_error_clear(&err);
  mill_handle_stage *h = mill_stage_check(L, 1);
  const char *name = luaL_checkstring(L, 2);
  luaL_checktype(L, 3, LUA_TTABLE);
  int n = (int)lua_rawlen(L, 3);
  mill_stage **list = lua_newuserdatauv(L, ((size_t)n + 1) * sizeof *list, 0);
  for (int i = 0; i < n; i++) {
    lua_rawgeti(L, 3, i + 1);
    list[i] = mill_stage_check(L, -1)->s;
    lua_pop(L, 1);
  }
  MILL_RAISE_IF(L, &err, mill_stage_set_stages(h->s, name, list, n, &err), NULL);
  return 0;
}

static int stage_clear(lua_State *L) {
  mill_error err;
  mill_error_clear(&err);
  mill_handle_stage *h = mill_stage_check(L, 1);
  MILL_RAISE_IF(L, &err, mill_stage_clear(h->s, luaL_checkstring(L, 2), &err), NULL);
  return 0;
}

static int stage_is_set(lua_State *L) {
  lua_pushboolean(L, mill_stage_is_set(mill_stage_check(L, 1)->s, luaL_checkstring(L, 2)));
  return 1;
}

/* stage:get(param): JSON text. */
static int stage_get(lua_State *L) {
  mill_state *state = mill_state_of(L);
  mill_error err;
  mill_error_clear(&err);
  mill_handle_stage *h = mill_stage_check(L, 1);
  mill_text_reset(&state->text);
  MILL_RAISE_IF(L, &err, mill_stage_get(h->s, luaL_checkstring(L, 2), &state->text, &err), NULL);
  lua_pushlstring(L, state->text.data ? state->text.data : "", state->text.size);
  return 1;
}

static int stage_copy(lua_State *L) {
  mill_error err;
  mill_error_clear(&err);
  mill_handle_stage *h = mill_stage_check(L, 1);
  mill_handle_stage *copy = push_beside(L);
  MILL_RAISE_IF(L, &err, mill_stage_copy(h->s, &copy->s, &err), NULL);
  return 1;
}

static int push_stages(lua_State *L, mill_stage *const *parts, int n) {
  lua_createtable(L, n, 0);
  int list = lua_gettop(L);
  for (int i = 0; i < n; i++) {
    mill_handle_stage *h = push_beside(L);
    h->s = mill_stage_ref(parts[i]);
    lua_rawseti(L, list, i + 1);
    lua_settop(L, list);
  }
  return 1;
}

/* stage:parts(): handles of the stages of a PipelineModel. */
static int stage_parts(lua_State *L) {
  mill_stage *const *parts;
  int n = mill_stage_parts(mill_stage_check(L, 1)->s, &parts);
  return push_stages(L, parts, n);
}

/* stage:tried(): handles of the models that tuning kept, fold by fold. */
static int stage_tried(lua_State *L) {
  mill_stage *const *tried;
  int n = mill_stage_tried(mill_stage_check(L, 1)->s, &tried);
  return push_stages(L, tried, n);
}

/* The data set of the plan at index 2, owned by a userdata on the stack. */
typedef struct dataset_handle {
  mill_dataset *d;
} dataset_handle;
#define DATASET "tidemill.dataset"

static int dataset_gc(lua_State *L) {
  dataset_handle *h = luaL_checkudata(L, 1, DATASET);
  mill_dataset *d = h->d;
  h->d = NULL;
  if (d) d->free(d);
  return 0;
}

static mill_dataset *push_dataset(lua_State *L, mill_settings *set) {
  mill_error err;
  mill_error_clear(&err);
  mill_handle_plan *p = mill_plan_check(L, 2);
  mill_session_enter(L, p->session);
  MILL_RAISE_IF(L, &err, mill_session_settings(p->session->s, set, &err), NULL);
  dataset_handle *h = mill_state_handle(L, sizeof *h, DATASET, 0);
  MILL_RAISE_IF(L, &err, mill_dataset_new(p->p, set, &h->d, &err), NULL);
  return h->d;
}

/* A handle of the model that `make` gives of stage and data set. */
static int push_model(lua_State *L, mill_status (*make)(mill_stage *, mill_dataset *, mill_stage **,
                                                        mill_error *)) {
  mill_settings set;
  mill_error err;
  mill_error_clear(&err);
  mill_handle_stage *h = mill_stage_check(L, 1);
  mill_dataset *d = push_dataset(L, &set);
  mill_handle_stage *model = push_beside(L);
  mill_status status = make(h->s, d, &model->s, &err);
  mill_session_leave(L, mill_plan_check(L, 2)->session);
  MILL_RAISE_IF(L, &err, status, NULL);
  return 1;
}

/* stage:fit(plan): the model. */
static int stage_fit(lua_State *L) { return push_model(L, mill_stage_fit); }

/* stage:summarise(plan): the model with the summary of these rows. */
static int stage_summarise(lua_State *L) { return push_model(L, mill_stage_summarise); }

/* stage:evaluate(plan): metric, larger is better. */
static int stage_evaluate(lua_State *L) {
  mill_settings set;
  mill_error err;
  double metric;
  bool larger;
  mill_error_clear(&err);
  mill_handle_stage *h = mill_stage_check(L, 1);
  mill_dataset *d = push_dataset(L, &set);
  mill_status status = mill_stage_evaluate(h->s, d, &metric, &larger, &err);
  mill_session_leave(L, mill_plan_check(L, 2)->session);
  MILL_RAISE_IF(L, &err, status, NULL);
  lua_pushnumber(L, metric);
  lua_pushboolean(L, larger);
  return 2;
}

static int stage_attributes(lua_State *L) {
  mill_handle_stage *h = mill_stage_check(L, 1);
  lua_newtable(L);
  const char *name;
  for (int i = 0; (name = mill_stage_attribute_at(h->s, i)) != NULL; i++) {
    lua_pushstring(L, name);
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

typedef struct attribute {
  mill_table *t;
  mill_session *session;
} attribute;
#define ATTRIBUTE "tidemill.attribute"

static int attribute_gc(lua_State *L) {
  attribute *a = luaL_checkudata(L, 1, ATTRIBUTE);
  mill_table *t = a->t;
  mill_session *session = a->session;
  a->t = NULL;
  a->session = NULL;
  if (t) mill_table_unref(t);
  if (session) mill_session_unref(session);
  return 0;
}

/* stage:attribute(name): its value; a table of more rows than one as a list of Rows; what is a
** DataFrame as a plan. */
static int stage_attribute(lua_State *L) {
  mill_error err;
  mill_error_clear(&err);
  mill_handle_stage *h = mill_stage_check(L, 1);
  const char *name = luaL_checkstring(L, 2);
  lua_settop(L, 2);
  attribute *a = mill_state_handle(L, sizeof *a, ATTRIBUTE, 0);
  a->session = mill_session_ref(h->session);
  bool frame = false;
  MILL_RAISE_IF(L, &err, mill_stage_attribute(h->s, name, &a->t, &frame, &err), NULL);
  mill_table *t = a->t;
  if (frame) {
    lua_getiuservalue(L, 1, 1);
    mill_table_push(L, -1, t);
    return 1;
  }
  lua_newtable(L);
  if (t->rows == 1 && t->schema->nfields == 1) {
    mill_push_value(L, 4, &t->chunk[0]->col[0], 0);
    return 1;
  }
  lua_newtable(L);
  lua_Integer n = 0;
  for (size_t c = 0; c < t->nchunks; c++)
    for (uint32_t i = 0; i < t->chunk[c]->n; i++) {
      mill_push_row(L, 4, t->schema, t->chunk[c]->col, i);
      lua_rawseti(L, 5, ++n);
    }
  return 1;
}

/* stage:save(path, overwrite) */
static int stage_save(lua_State *L) {
  mill_error err;
  mill_error_clear(&err);
  mill_handle_stage *h = mill_stage_check(L, 1);
  const mill_context *ctx = context_of(L);
  MILL_RAISE_IF(
      L, &err, mill_stage_save(h->s, ctx, luaL_checkstring(L, 2), lua_toboolean(L, 3), &err), NULL);
  return 0;
}

void mill_stage_open_class(lua_State *L) {
  static const luaL_Reg none[] = {{NULL, NULL}};
  static const luaL_Reg methods[] = {{"name", stage_name},
                                     {"uid", stage_uid},
                                     {"set", stage_set},
                                     {"set_stages", stage_set_stages},
                                     {"clear", stage_clear},
                                     {"is_set", stage_is_set},
                                     {"get", stage_get},
                                     {"copy", stage_copy},
                                     {"parts", stage_parts},
                                     {"tried", stage_tried},
                                     {"fit", stage_fit},
                                     {"summarise", stage_summarise},
                                     {"evaluate", stage_evaluate},
                                     {"attributes", stage_attributes},
                                     {"attribute", stage_attribute},
                                     {"save", stage_save},
                                     {NULL, NULL}};
  mill_state_class(L, MILL_STAGE_CLASS, methods, stage_gc);
  mill_state_class(L, DATASET, none, dataset_gc);
  mill_state_class(L, ATTRIBUTE, none, attribute_gc);
}
