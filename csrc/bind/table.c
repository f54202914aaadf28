/* Rows into plans: createDataFrame. See rows.h.
**
** Rows are written batch by batch into vectors of an arena that a builder userdata owns, and from
** there into the chunks of a table. Raising at any row frees all of it. */
#include <lauxlib.h>

#include "bind/plan.h"
#include "bind/raise.h"
#include "bind/rows.h"
#include "bind/schema.h"
#include "bind/state.h"
#include "bind/take.h"

#define BUILDER "tidemill.builder"

typedef struct builder {
  mill_arena arena;
  mill_table *t;
  mill_session *session; /* a reference: the memory is the session's. NULL: closed */
} builder;

static int builder_gc(lua_State *L) {
  builder *b = luaL_checkudata(L, 1, BUILDER);
  mill_session *session = b->session;
  if (session == NULL) return 0;
  b->session = NULL;
  mill_arena_clear(&b->arena);
  if (b->t) mill_table_unref(b->t);
  mill_session_unref(session);
  return 0;
}

void mill_table_open_class(lua_State *L) {
  static const luaL_Reg none[] = {{NULL, NULL}};
  mill_state_class(L, BUILDER, none, builder_gc);
}

/* Rows [from, from + n) of the list at index 2 as one batch. */
static void add_batch(lua_State *L, builder *b, mill_taker *taker, lua_Integer from, uint32_t n) {
  const mill_type *schema = b->t->schema;
  mill_error err;
  mill_error_clear(&err);
  mill_arena_clear(&b->arena);
  mill_vector *col = mill_arena_alloc(&b->arena, ((size_t)schema->nfields + 1) * sizeof *col);
  if (col == NULL) MILL_RAISE_IF(L, &err, mill_oom(b->arena.memory, 0, &err), NULL);
  for (uint32_t k = 0; k < schema->nfields; k++)
    MILL_RAISE_IF(L, &err, mill_vector_init(&col[k], schema->fields[k].type, n, &b->arena, &err),
                  NULL);
  for (uint32_t i = 0; i < n; i++) {
    lua_rawgeti(L, 2, from + i);
    taker->row = from + i;
    mill_take_row(L, taker, lua_gettop(L), schema, col, i);
    lua_pop(L, 1);
  }
  mill_batch batch = {n, schema->nfields, NULL, col, (uint64_t)from - 1};
  MILL_RAISE_IF(L, &err, mill_table_append(b->t, &batch, &err), NULL);
}

static void release_table(void *t) { mill_table_unref(t); }

void mill_table_push(lua_State *L, int session, mill_table *t) {
  mill_error err;
  mill_error_clear(&err);
  mill_handle_plan *h = mill_plan_push(L, session);
  mill_node *n = mill_node_new(&h->p->arena, MILL_N_TABLE);
  if (n == NULL) MILL_RAISE_IF(L, &err, mill_oom(h->p->arena.memory, sizeof *n, &err), NULL);
  n->table = mill_table_ref(t);
  MILL_RAISE_IF(L, &err, mill_plan_keep(h->p, n->table, release_table, &err), NULL);
  h->p->root = n;
  mill_plan_settle(L, h, NULL, NULL);
}

int mill_table_create(lua_State *L) {
  mill_error err;
  mill_error_clear(&err);
  lua_settop(L, 5);
  mill_handle_session *s = mill_session_check(L, 1);
  luaL_checktype(L, 2, LUA_TTABLE);
  const mill_context *ctx = mill_session_context(s->s);
  const mill_type *schema = mill_schema_take(L, 3, ctx->types);
  luaL_argcheck(L, schema->id == MILL_STRUCT, 3, "a struct type");
  builder *b = mill_state_handle(L, sizeof *b, BUILDER, 0);
  mill_arena_init(&b->arena, ctx->memory);
  b->session = mill_session_ref(s->s);
  MILL_RAISE_IF(L, &err, mill_table_new(ctx->memory, schema, &b->t, &err), NULL);
  mill_taker taker = {&b->arena, ctx->types, NULL, 0, lua_toboolean(L, 4), lua_toboolean(L, 5)};
  lua_Integer rows = (lua_Integer)lua_rawlen(L, 2);
  for (lua_Integer at = 1; at <= rows; at += MILL_BATCH) {
    lua_Integer left = rows - at + 1;
    add_batch(L, b, &taker, at, (uint32_t)(left < MILL_BATCH ? left : MILL_BATCH));
  }
  mill_table_push(L, 1, b->t);
  return 1;
}

/* ---- inference ------------------------------------------------------------------------------ */

static void raise_unmerged(lua_State *L, const char *name, lua_Integer row, const mill_type *a,
                           const mill_type *b, int value) {
  mill_state_hook(L, "unmerged");
  lua_pushstring(L, name);
  lua_pushinteger(L, row);
  mill_schema_push(L, a);
  if (b)
    mill_schema_push(L, b);
  else
    lua_pushnil(L);
  lua_pushvalue(L, value);
  lua_call(L, 5, 0);
  luaL_error(L, "the values of a column have no common type");
}

/* The type of column k (name at the top of the stack) over all rows. */
static const mill_type *column_type(lua_State *L, mill_types *types, int k, bool by_name) {
  const mill_type *all = mill_type_of(MILL_NULL);
  int name = lua_gettop(L);
  lua_Integer rows = (lua_Integer)lua_rawlen(L, 2);
  for (lua_Integer i = 1; i <= rows; i++) {
    lua_rawgeti(L, 2, i);
    if (by_name) {
      lua_pushvalue(L, name);
      lua_rawget(L, -2);
    } else {
      lua_rawgeti(L, -1, k + 1);
    }
    const mill_type *t = mill_take_type(L, types, lua_gettop(L), false);
    const mill_type *merged = t ? mill_take_merge(types, all, t, false) : NULL;
    if (merged == NULL) raise_unmerged(L, lua_tostring(L, name), i, all, t, lua_gettop(L));
    all = merged;
    lua_settop(L, name);
  }
  return all;
}

/* core.infer(session, rows, names, by_name): a struct type; columns of NULL only are void. */
int mill_table_infer(lua_State *L) {
  lua_settop(L, 4);
  mill_handle_session *s = mill_session_check(L, 1);
  mill_types *types = mill_session_context(s->s)->types;
  luaL_checktype(L, 2, LUA_TTABLE);
  luaL_checktype(L, 3, LUA_TTABLE);
  bool by_name = lua_toboolean(L, 4);
  int n = (int)lua_rawlen(L, 3);
  mill_field *f = lua_newuserdatauv(L, ((size_t)n + 1) * sizeof *f, 0);
  for (int k = 0; k < n; k++) {
    lua_rawgeti(L, 3, k + 1);
    f[k] = (mill_field){luaL_checkstring(L, -1), NULL, true, NULL};
    f[k].type = column_type(L, types, k, by_name);
    lua_pop(L, 1);
  }
  const mill_type *t = mill_type_struct(types, f, (uint32_t)n);
  if (t == NULL) mill_raise_memory(L, mill_types_memory(types), sizeof *t);
  mill_schema_push(L, t);
  return 1;
}
