/* What decimals, dates, times and intervals share: see scalar.h. */
#include "bind/scalar.h"

#include <lauxlib.h>

#include "bind/raise.h"
#include "bind/state.h"
#include "kernel/cast.h"

static const char MARK; /* key in the metatables of scalars */

static const char *const classes[MILL_TYPE_COUNT] = {
    [MILL_DECIMAL] = "tidemill.decimal",
    [MILL_DATE] = "tidemill.date",
    [MILL_TIMESTAMP] = "tidemill.timestamp",
    [MILL_TIMESTAMP_NTZ] = "tidemill.timestamp_ntz",
    [MILL_TIME] = "tidemill.time",
    [MILL_TIMESTAMP_NANOS] = "tidemill.timestamp_nanos",
    [MILL_TIMESTAMP_NTZ_NANOS] = "tidemill.timestamp_nanos",
    [MILL_INTERVAL_YM] = "tidemill.interval_ym",
    [MILL_INTERVAL_DT] = "tidemill.interval_dt",
    [MILL_INTERVAL] = "tidemill.interval",
};

void mill_scalar_type(const mill_scalar *s, mill_type *out) {
  *out = *mill_type_of((mill_type_id)s->id);
  out->precision = s->precision;
  out->scale = s->scale;
  out->start = s->start;
  out->end = s->end;
  if (s->id == MILL_DECIMAL) {
    out->phys = s->precision <= 18 ? MILL_PHYS_I64 : MILL_PHYS_I128;
    out->width = s->precision <= 18 ? 8 : 16;
  }
}

mill_vector mill_scalar_vector(const mill_scalar *s, const mill_type *type) {
  mill_vector v = {0};
  v.type = type;
  v.data = (void *)s->bits;
  v.size = 1;
  return v;
}

static mill_scalar *new_scalar(lua_State *L, const mill_type *t) {
  mill_scalar *s = mill_state_handle(L, sizeof *s, classes[t->id], 0);
  *s = (mill_scalar){(uint8_t)t->id, t->precision, t->scale, t->start, t->end, {0, 0}};
  return s;
}

mill_scalar *mill_scalar_push(lua_State *L, const mill_type *type, const void *data) {
  mill_scalar *s = new_scalar(L, type);
  if (type->id == MILL_DECIMAL && type->width == 8) {
    int64_t narrow;
    memcpy(&narrow, data, sizeof narrow);
    mill_i128 wide = narrow;
    memcpy(s->bits, &wide, sizeof wide);
  } else {
    memcpy(s->bits, data, type->width);
  }
  return s;
}

void mill_scalar_push_long(lua_State *L, const mill_scalar *like, mill_type_id id, int64_t v) {
  mill_type t = *mill_type_of(id);
  if (like->id == id) mill_scalar_type(like, &t);
  int32_t narrow = (int32_t)v;
  mill_scalar_push(L, &t, t.width == 4 ? (const void *)&narrow : (const void *)&v);
}

mill_scalar *mill_scalar_push_wide(lua_State *L, mill_i128 v, int precision, int scale) {
  mill_type t = *mill_type_of(MILL_DECIMAL);
  t.precision = (uint8_t)precision;
  t.scale = (uint8_t)scale;
  mill_scalar *s = new_scalar(L, &t);
  memcpy(s->bits, &v, sizeof v);
  return s;
}

const mill_scalar *mill_scalar_test(lua_State *L, int index) {
  if (lua_type(L, index) != LUA_TUSERDATA || !lua_getmetatable(L, index)) return NULL;
  bool ours = lua_rawgetp(L, -1, &MARK) != LUA_TNIL;
  lua_pop(L, 2);
  return ours ? lua_touserdata(L, index) : NULL;
}

const mill_scalar *mill_scalar_check(lua_State *L, int index) {
  const mill_scalar *s = mill_scalar_test(L, index);
  luaL_argexpected(L, s != NULL, index, "tidemill value");
  return s;
}

static int scalar_tostring(lua_State *L) {
  const mill_scalar *s = mill_scalar_check(L, 1);
  mill_state *state = mill_state_of(L);
  mill_settings set;
  mill_error err;
  mill_type t;
  mill_error_clear(&err);
  mill_state_settings(state, &set);
  mill_scalar_type(s, &t);
  if (s->id == MILL_DECIMAL) { /* bits are always wide here */
    char buf[MILL_DECIMAL_TEXT];
    int n = mill_decimal_format(mill_scalar_wide(s), s->scale, buf);
    lua_pushlstring(L, buf, (size_t)n);
    return 1;
  }
  mill_vector v = mill_scalar_vector(s, &t);
  mill_text_reset(&state->text);
  MILL_RAISE_IF(L, &err, mill_value_text(&set, &v, 0, &state->text, &err), NULL);
  lua_pushlstring(L, state->text.data, state->text.size);
  return 1;
}

/* <, <= and == of two values of one kind; decimals have their own. */
static int compare(lua_State *L, bool strict, int *out) {
  const mill_scalar *a = mill_scalar_test(L, 1), *b = mill_scalar_test(L, 2);
  if (a == NULL || b == NULL || a->id != b->id || (strict && a->id == MILL_INTERVAL)) {
    if (!strict) return 0;
    return luaL_error(L, "attempt to compare %s with %s", luaL_typename(L, 1), luaL_typename(L, 2));
  }
  if (a->id == MILL_INTERVAL) {
    *out = memcmp(a->bits, b->bits, sizeof(mill_interval)) != 0;
    return 1;
  }
  bool wide = a->id == MILL_TIMESTAMP_NANOS || a->id == MILL_TIMESTAMP_NTZ_NANOS;
  mill_i128 x = wide ? mill_scalar_wide(a) : mill_scalar_long(a);
  mill_i128 y = wide ? mill_scalar_wide(b) : mill_scalar_long(b);
  *out = (x > y) - (x < y);
  return 1;
}

static int scalar_eq(lua_State *L) {
  int c = 1;
  lua_pushboolean(L, compare(L, false, &c) && c == 0);
  return 1;
}
static int scalar_lt(lua_State *L) {
  int c = 0;
  compare(L, true, &c);
  lua_pushboolean(L, c < 0);
  return 1;
}
static int scalar_le(lua_State *L) {
  int c = 0;
  compare(L, true, &c);
  lua_pushboolean(L, c <= 0);
  return 1;
}

static int scalar_concat(lua_State *L) {
  luaL_tolstring(L, 1, NULL);
  luaL_tolstring(L, 2, NULL);
  lua_concat(L, 2);
  return 1;
}

void mill_scalar_class(lua_State *L, const char *name, lua_CFunction index,
                       const luaL_Reg *methods) {
  static const luaL_Reg shared[] = {{"__tostring", scalar_tostring},
                                    {"__eq", scalar_eq},
                                    {"__lt", scalar_lt},
                                    {"__le", scalar_le},
                                    {"__concat", scalar_concat},
                                    {NULL, NULL}};
  luaL_newmetatable(L, name);
  luaL_setfuncs(L, shared, 0);
  luaL_setfuncs(L, methods, 0);
  lua_pushcfunction(L, index);
  lua_setfield(L, -2, "__index");
  lua_pushstring(L, name); /* getmetatable(v) tells the class, and no more */
  lua_setfield(L, -2, "__metatable");
  lua_pushboolean(L, 1);
  lua_rawsetp(L, -2, &MARK);
  lua_pop(L, 1);
}

/* Cast the constant text with the kernel that SQL's CAST uses, so that both read the same forms. */
static mill_status cast_text(mill_state *s, const mill_type *type, mill_vector *in,
                             mill_vector *out, mill_error *err) {
  mill_settings set;
  mill_state_settings(s, &set);
  set.times = true; /* a value is no column */
  const mill_type *from = mill_type_of(MILL_STRING);
  const mill_vector *value = in;
  bool nullable = false;
  const char *sql = "value";
  const mill_type *to = NULL;
  mill_binding b = {.ctx = &s->context,
                    .set = &set,
                    .name = "cast",
                    .nargs = 1,
                    .arg_type = &from,
                    .arg_value = &value,
                    .arg_nullable = &nullable,
                    .arg_sql = &sql,
                    .arena = &s->arena,
                    .cast_to = &to};
  MILL_TRY(mill_cast_bind(&b, type, MILL_CAST_ANSI, err));
  mill_call call = {.ctx = &s->context,
                    .set = &set,
                    .result = type,
                    .arg_type = &from,
                    .nargs = 1,
                    .state = b.state,
                    .arena = &s->arena,
                    .start = -1};
  MILL_TRY(mill_vector_init(out, type, 1, &s->arena, err));
  out->size = 1;
  return b.kernel(&call, &value, 1, out, err);
}

void mill_scalar_parse(lua_State *L, const mill_type *type, const char *text, size_t n) {
  mill_state *s = mill_state_of(L);
  mill_error err;
  mill_error_clear(&err);
  mill_arena_clear(&s->arena);
  mill_str str = mill_str_view(text, n);
  mill_vector in = {0}, out;
  in.type = mill_type_of(MILL_STRING);
  in.data = &str;
  in.size = 1;
  MILL_RAISE_IF(L, &err, cast_text(s, type, &in, &out, &err), NULL);
  if (!mill_vector_valid(&out, 0)) /* texts of calendar intervals become null where they are none */
    MILL_RAISE_IF(L, &err,
                  mill_fail(&err, MILL_E_CANNOT_PARSE_INTERVAL, "intervalString",
                            mill_error_fmt(&err, "'%.*s'", (int)n, text), NULL),
                  NULL);
  mill_scalar_push(L, type, out.data);
}
