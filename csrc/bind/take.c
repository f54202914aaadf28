/* Lua values as values of vectors: see take.h. Inference is in infer.c. */
#include "bind/take.h"

#include <lauxlib.h>
#include <math.h>

#include "base/number.h"
#include "bind/raise.h"
#include "bind/scalar.h"
#include "bind/schema.h"
#include "bind/state.h"

bool mill_take_is_null(lua_State *L, int index) {
  return lua_isnoneornil(L, index) ||
         (lua_islightuserdata(L, index) && lua_touserdata(L, index) == NULL);
}

static void need(lua_State *L, mill_error *err, mill_status s) { MILL_RAISE_IF(L, err, s, NULL); }

static void set_null(lua_State *L, mill_taker *t, mill_vector *v, uint32_t k) {
  mill_error err;
  mill_error_clear(&err);
  need(L, &err, mill_vector_set_null(v, k, t->arena, &err));
  if (v->type->phys == MILL_PHYS_STRUCT)
    for (uint32_t i = 0; i < v->type->nfields; i++) set_null(L, t, &v->child[i], k);
  if (v->type->phys == MILL_PHYS_LIST) ((mill_span *)v->data)[k] = (mill_span){0, 0};
}

/* Push the text of a place, nil where there is none. */
static void push_place(lua_State *L, const mill_place *p) {
  if (p == NULL) {
    lua_pushnil(L);
    return;
  }
  if (p->name)
    lua_pushfstring(L, p->outer ? "%s %s in " : "%s %s", p->what, p->name);
  else
    lua_pushfstring(L, "%s ", p->what);
  if (p->outer == NULL) return;
  push_place(L, p->outer);
  lua_concat(L, 2);
}

/* The hook "misfit" raises with the type, the value and the place. */
static void refuse(lua_State *L, const mill_taker *t, int index, const mill_type *type) {
  mill_state_hook(L, "misfit");
  mill_schema_push(L, type);
  lua_pushvalue(L, index);
  push_place(L, t->place);
  if (t->row)
    lua_pushinteger(L, t->row);
  else
    lua_pushnil(L);
  lua_call(L, 4, 0);
  luaL_error(L, "value does not fit its column");
}

/* A value that its type does not take. */
static void misfit(lua_State *L, mill_taker *t, int index, mill_vector *v, uint32_t k) {
  if (!t->lenient) refuse(L, t, index, v->type);
  set_null(L, t, v, k);
}

static void need_value(lua_State *L, const mill_taker *t, int index, bool nullable) {
  if (nullable || !mill_take_is_null(L, index)) return;
  push_place(L, t->place);
  mill_raise_misuse(L, "FIELD_NOT_NULLABLE_WITH_NAME", "field_name", lua_tostring(L, -1), NULL);
}

static void out_of_bounds(lua_State *L, int index, int64_t low, int64_t high) {
  const char *actual = luaL_tolstring(L, index, NULL);
  const char *lower = lua_pushfstring(L, "%I", (LUAI_UACINT)low);
  const char *upper = lua_pushfstring(L, "%I", (LUAI_UACINT)high);
  mill_raise_misuse(L, "VALUE_OUT_OF_BOUNDS", "arg_name", "obj", "lower_bound", lower,
                    "upper_bound", upper, "actual", actual, NULL);
}

/* A whole number of more than 64 bits, which Lua has as a decimal only. */
static bool is_wide(lua_State *L, int index) {
  const mill_scalar *d = mill_scalar_test(L, index);
  if (d == NULL || d->id != MILL_DECIMAL || d->scale != 0) return false;
  mill_i128 v = mill_scalar_wide(d);
  return v < INT64_MIN || v > INT64_MAX;
}

/* Whole floats are integers, as anywhere in Lua: decoders of JSON make nothing but floats. */
static void take_integer(lua_State *L, mill_taker *t, int index, mill_vector *v, uint32_t k) {
  static const int64_t low[] = {INT8_MIN, INT16_MIN, INT32_MIN, INT64_MIN};
  static const int64_t high[] = {INT8_MAX, INT16_MAX, INT32_MAX, INT64_MAX};
  int exact = 0, at = (int)v->type->id - MILL_TINYINT;
  lua_Integer i = lua_type(L, index) == LUA_TNUMBER ? lua_tointegerx(L, index, &exact) : 0;
  if (!exact && is_wide(L, index)) out_of_bounds(L, index, low[at], high[at]);
  if (!exact) {
    misfit(L, t, index, v, k);
    return;
  }
  if (i < low[at] || i > high[at]) out_of_bounds(L, index, low[at], high[at]);
  switch (v->type->id) {
  case MILL_TINYINT: ((int8_t *)v->data)[k] = (int8_t)i; break;
  case MILL_SMALLINT: ((int16_t *)v->data)[k] = (int16_t)i; break;
  case MILL_INT: ((int32_t *)v->data)[k] = (int32_t)i; break;
  default: ((int64_t *)v->data)[k] = i;
  }
}

static void put_decimal(mill_vector *v, uint32_t k, mill_i128 d) {
  if (v->type->width == 8)
    ((int64_t *)v->data)[k] = (int64_t)d;
  else
    ((mill_i128 *)v->data)[k] = d;
}

static void take_decimal(lua_State *L, mill_taker *t, int index, mill_vector *v, uint32_t k) {
  int p = v->type->precision, s = v->type->scale;
  const mill_scalar *d = mill_scalar_test(L, index);
  mill_i128 r = 0;
  bool ok = false;
  size_t n;
  if (d && d->id == MILL_DECIMAL) {
    ok = mill_decimal_rescale(mill_scalar_wide(d), d->scale, s, p, MILL_HALF_UP, &r);
  } else if (t->exact) {
    ok = false;
  } else if (lua_isinteger(L, index)) {
    ok = mill_decimal_rescale(lua_tointeger(L, index), 0, s, p, MILL_HALF_UP, &r);
  } else if (lua_type(L, index) == LUA_TNUMBER) {
    ok = mill_decimal_from_double(lua_tonumber(L, index), p, s, &r);
  } else if (lua_type(L, index) == LUA_TSTRING) {
    const char *text = lua_tolstring(L, index, &n);
    ok = mill_decimal_parse(text, n, p, s, &r, NULL);
  }
  if (!ok) {
    misfit(L, t, index, v, k);
    return;
  }
  put_decimal(v, k, r);
}

/* UTF-8 without surrogates or overlong forms; lax bytes belong in BINARY. */
static bool valid_utf8(const char *s, size_t n) {
  const unsigned char *p = (const unsigned char *)s, *end = p + n;
  while (p < end) {
    int more = *p < 0x80 ? 0 : *p < 0xc2 ? -1 : *p < 0xe0 ? 1 : *p < 0xf0 ? 2 : *p < 0xf5 ? 3 : -1;
    if (more < 0 || end - p <= more) return false;
    if ((*p == 0xe0 && p[1] < 0xa0) || (*p == 0xed && p[1] > 0x9f) || (*p == 0xf0 && p[1] < 0x90) ||
        (*p == 0xf4 && p[1] > 0x8f))
      return false;
    for (int i = 1; i <= more; i++)
      if ((p[i] & 0xc0) != 0x80) return false;
    p += more + 1;
  }
  return true;
}

static void put_text(lua_State *L, mill_taker *t, mill_vector *v, uint32_t k, const char *text,
                     size_t n) {
  if (n > UINT32_MAX) luaL_error(L, "string of more than 4 GiB");
  const char *copy = text;
  if (n > MILL_STR_INLINE) copy = mill_arena_strndup(t->arena, text, n);
  if (copy == NULL) mill_raise_memory(L, t->arena->memory, n);
  ((mill_str *)v->data)[k] = mill_str_view(copy, n);
}

bool mill_take_is_binary(lua_State *L, int index) {
  if (luaL_getmetafield(L, index, "__name") == LUA_TNIL) return false;
  bool yes = lua_type(L, -1) == LUA_TSTRING && strcmp(lua_tostring(L, -1), "Binary") == 0;
  lua_pop(L, 1);
  return yes;
}

static void take_text(lua_State *L, mill_taker *t, int index, mill_vector *v, uint32_t k) {
  char buf[MILL_DOUBLE_TEXT];
  size_t n;
  switch (lua_type(L, index)) {
  case LUA_TSTRING: {
    const char *text = lua_tolstring(L, index, &n);
    if (v->type->id == MILL_STRING && !valid_utf8(text, n)) break;
    put_text(L, t, v, k, text, n);
    return;
  }
  case LUA_TNUMBER: /* the text that Spark's cast gives the number */
    if (v->type->id == MILL_BINARY) break;
    n = lua_isinteger(L, index) ? (size_t)mill_int_text(lua_tointeger(L, index), buf)
                                : (size_t)mill_double_text(lua_tonumber(L, index), buf);
    put_text(L, t, v, k, buf, n);
    return;
  case LUA_TBOOLEAN:
    if (v->type->id == MILL_BINARY) break;
    n = lua_toboolean(L, index) ? 4 : 5;
    put_text(L, t, v, k, n == 4 ? "true" : "false", n);
    return;
  case LUA_TUSERDATA:
    if (v->type->id == MILL_BINARY || !mill_scalar_test(L, index)) break;
    const char *text = luaL_tolstring(L, index, &n);
    put_text(L, t, v, k, text, n);
    lua_pop(L, 1);
    return;
  case LUA_TTABLE: /* tidemill.binary */
    if (v->type->id != MILL_BINARY || !mill_take_is_binary(L, index)) break;
    lua_rawgeti(L, index, 1);
    const char *bytes = luaL_checklstring(L, -1, &n);
    put_text(L, t, v, k, bytes, n);
    lua_pop(L, 1);
    return;
  default: break;
  }
  misfit(L, t, index, v, k);
}

/* A date makes no timestamp where the class must fit. */
static bool becomes(const mill_taker *t, uint8_t from, mill_type_id to) {
  bool days = to >= MILL_DATE && to <= MILL_TIMESTAMP_NTZ;
  bool own = from >= MILL_DATE && from <= MILL_TIMESTAMP_NTZ;
  return days && own && !(t->exact && from == MILL_DATE);
}

/* May a text stand for the value? Intervals have no other constructor in Lua. */
static bool takes_text(const mill_taker *t, mill_type_id id) {
  return !t->exact || id == MILL_INTERVAL_YM || id == MILL_INTERVAL_DT || id == MILL_INTERVAL;
}

/* Dates, times and intervals: an object of the kind, or its text. A timestamp makes a date. */
static void take_scalar(lua_State *L, mill_taker *t, int index, mill_vector *v, uint32_t k) {
  const mill_type *type = v->type;
  const mill_scalar *s = mill_scalar_test(L, index);
  int top = lua_gettop(L);
  if (s == NULL && lua_type(L, index) == LUA_TSTRING && takes_text(t, type->id)) {
    size_t n;
    const char *text = lua_tolstring(L, index, &n);
    mill_scalar_parse(L, type, text, n);
    s = mill_scalar_test(L, -1);
  } else if (s && s->id != type->id && becomes(t, s->id, type->id)) {
    size_t n;
    const char *text = luaL_tolstring(L, index, &n);
    mill_scalar_parse(L, type, text, n);
    s = mill_scalar_test(L, -1);
  }
  if (s == NULL || s->id != type->id)
    misfit(L, t, index, v, k);
  else
    memcpy((char *)v->data + (size_t)k * type->width, s->bits, type->width);
  lua_settop(L, top);
}

static uint32_t grow(lua_State *L, mill_taker *t, mill_vector *child, lua_Unsigned n) {
  mill_error err;
  mill_error_clear(&err);
  if (n > (lua_Unsigned)INT32_MAX || child->size > UINT32_MAX - (uint32_t)n)
    luaL_error(L, "list too long");
  uint32_t want = child->size + (uint32_t)n;
  if (want > child->capacity) {
    uint32_t room = child->capacity < 8 ? 8 : child->capacity;
    while (room < want) room = room > UINT32_MAX / 2 ? want : room * 2;
    need(L, &err, mill_vector_reserve(child, room, t->arena, &err));
  }
  uint32_t start = child->size;
  child->size = want;
  return start;
}

/* Lists may come from table.pack, with their length in n and holes as NULL. */
static lua_Unsigned list_length(lua_State *L, int index) {
  lua_Unsigned n = lua_rawlen(L, index);
  lua_pushliteral(L, "n");
  if (lua_rawget(L, index) == LUA_TNUMBER && lua_isinteger(L, -1) && lua_tointeger(L, -1) >= 0)
    n = (lua_Unsigned)lua_tointeger(L, -1);
  lua_pop(L, 1);
  return n;
}

/* Anything but, perhaps, the n of table.pack? */
static bool has_other_keys(lua_State *L, int index) {
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    if (lua_type(L, -2) == LUA_TSTRING && strcmp(lua_tostring(L, -2), "n") == 0) continue;
    lua_pop(L, 2);
    return true;
  }
  return false;
}

static void take_list(lua_State *L, mill_taker *t, int index, mill_vector *v, uint32_t k) {
  if (lua_type(L, index) != LUA_TTABLE) {
    misfit(L, t, index, v, k);
    return;
  }
  lua_Unsigned n = list_length(L, index);
  if (n == 0 && has_other_keys(L, index)) {
    misfit(L, t, index, v, k);
    return;
  }
  mill_vector *items = &v->child[0];
  uint32_t start = grow(L, t, items, n);
  const mill_place *outer = t->place, place = {"element in array", NULL, outer};
  t->place = &place;
  for (lua_Unsigned i = 0; i < n; i++) {
    lua_rawgeti(L, index, (lua_Integer)i + 1);
    need_value(L, t, lua_gettop(L), v->type->contains_null);
    mill_take_value(L, t, lua_gettop(L), items, start + (uint32_t)i);
    lua_pop(L, 1);
  }
  t->place = outer;
  ((mill_span *)v->data)[k] = (mill_span){start, (uint32_t)n};
}

static void take_entry(lua_State *L, mill_taker *t, int key, int value, mill_vector *v) {
  uint32_t at = grow(L, t, &v->child[0], 1);
  grow(L, t, &v->child[1], 1);
  const mill_place *outer = t->place;
  const mill_place of_key = {"key of map", NULL, outer}, of_value = {"value of map", NULL, outer};
  bool lenient = t->lenient;
  t->place = &of_key;
  t->lenient = false; /* a key is never NULL */
  need_value(L, t, key, false);
  mill_take_value(L, t, key, &v->child[0], at);
  t->place = &of_value;
  t->lenient = lenient;
  need_value(L, t, value, v->type->contains_null);
  mill_take_value(L, t, value, &v->child[1], at);
  t->place = outer;
}

static bool is_entry_list(lua_State *L, int index) {
  if (lua_rawgeti(L, index, 1) != LUA_TTABLE) {
    lua_pop(L, 1);
    return false;
  }
  lua_pushliteral(L, "key");
  bool yes = lua_rawget(L, -2) != LUA_TNIL;
  lua_pop(L, 2);
  return yes;
}

/* Entries of a plain table come in the order of their keys, so that results do not vary. */
static void take_map(lua_State *L, mill_taker *t, int index, mill_vector *v, uint32_t k) {
  if (lua_type(L, index) != LUA_TTABLE) {
    misfit(L, t, index, v, k);
    return;
  }
  int top = lua_gettop(L);
  uint32_t start = v->child[0].size, n = 0;
  if (is_entry_list(L, index)) {
    n = (uint32_t)lua_rawlen(L, index);
    for (uint32_t i = 0; i < n; i++) {
      lua_rawgeti(L, index, (lua_Integer)i + 1);
      luaL_checktype(L, -1, LUA_TTABLE);
      lua_getfield(L, top + 1, "key");
      lua_getfield(L, top + 1, "value");
      take_entry(L, t, top + 2, top + 3, v);
      lua_settop(L, top);
    }
  } else {
    mill_state_hook(L, "sorted_keys");
    lua_pushvalue(L, index);
    lua_call(L, 1, 1);
    n = (uint32_t)lua_rawlen(L, top + 1);
    for (uint32_t i = 0; i < n; i++) {
      lua_rawgeti(L, top + 1, (lua_Integer)i + 1);
      lua_pushvalue(L, -1);
      lua_rawget(L, index);
      take_entry(L, t, top + 2, top + 3, v);
      lua_settop(L, top + 1);
    }
  }
  lua_settop(L, top);
  ((mill_span *)v->data)[k] = (mill_span){start, n};
}

/* { size =, indices =, values = } or a list of numbers. */
static void take_vector(lua_State *L, mill_taker *t, int index, mill_vector *v, uint32_t k) {
  if (lua_type(L, index) != LUA_TTABLE) {
    misfit(L, t, index, v, k);
    return;
  }
  int top = lua_gettop(L);
  lua_pushliteral(L, "indices");
  bool sparse = lua_rawget(L, index) == LUA_TTABLE;
  ((int8_t *)v->child[0].data)[k] = sparse ? 0 : 1;
  if (!sparse) {
    set_null(L, t, &v->child[1], k);
    set_null(L, t, &v->child[2], k);
    take_list(L, t, index, &v->child[3], k);
    lua_settop(L, top);
    return;
  }
  take_list(L, t, top + 1, &v->child[2], k);
  lua_getfield(L, index, "size");
  take_integer(L, t, top + 2, &v->child[1], k);
  lua_getfield(L, index, "values");
  take_list(L, t, top + 3, &v->child[3], k);
  lua_settop(L, top);
}

static void take_named(lua_State *L, mill_taker *t, int index, mill_vector *v, uint32_t k,
                       const char *const *names) {
  if (lua_type(L, index) != LUA_TTABLE) {
    misfit(L, t, index, v, k);
    return;
  }
  for (uint32_t i = 0; i < v->type->nfields; i++) {
    lua_pushstring(L, names[i]);
    lua_rawget(L, index);
    if (v->type->id == MILL_VARIANT && lua_type(L, -1) != LUA_TSTRING) refuse(L, t, index, v->type);
    mill_take_value(L, t, lua_gettop(L), &v->child[i], k);
    lua_pop(L, 1);
  }
}

static void take_udt(lua_State *L, mill_taker *t, int index, mill_vector *v, uint32_t k) {
  static const char *const matrix[] = {"type",       "numRows", "numCols",     "colPtrs",
                                       "rowIndices", "values",  "isTransposed"};
  static const char *const variant[] = {"value", "metadata"};
  bool exact = t->exact;
  t->exact =
      false; /* their own classes made the numbers of vectors doubles, plain tables may hold any */
  if (v->type->id == MILL_VECTOR)
    take_vector(L, t, index, v, k);
  else
    take_named(L, t, index, v, k, v->type->id == MILL_MATRIX ? matrix : variant);
  t->exact = exact;
}

/* Is the row a list? Rows are tables whose metatable has __name "Row"; other tables by their keys. */
static bool row_is_list(lua_State *L, int index) {
  if (luaL_getmetafield(L, index, "__name") == LUA_TSTRING) {
    lua_pop(L, 1);
    return true;
  }
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    bool text = lua_type(L, -2) == LUA_TSTRING;
    if (text && strcmp(lua_tostring(L, -2), "n") == 0) continue; /* of table.pack: says nothing */
    bool list = lua_type(L, -2) == LUA_TNUMBER;
    lua_pop(L, 2);
    return list;
  }
  return true;
}

/* Structs inside a row are told by their place. */
static void check_length(lua_State *L, const mill_taker *t, lua_Unsigned got, uint32_t want) {
  if (got <= want) return;
  const char *has = lua_pushfstring(L, "%d", (int)got);
  const char *takes = lua_pushfstring(L, "%d", (int)want);
  if (t->place == NULL)
    mill_raise_misuse(L, "FIELD_STRUCT_LENGTH_MISMATCH", "object_length", has, "field_length",
                      takes, NULL);
  push_place(L, t->place);
  mill_raise_misuse(L, "FIELD_STRUCT_LENGTH_MISMATCH_WITH_NAME", "field_name", lua_tostring(L, -1),
                    "object_length", has, "field_length", takes, NULL);
}

void mill_take_row(lua_State *L, mill_taker *t, int index, const mill_type *schema,
                   mill_vector *col, uint32_t k) {
  luaL_checkstack(L, 8, "value nested too deep");
  bool list = row_is_list(L, index);
  const mill_place *outer = t->place;
  if (list) check_length(L, t, list_length(L, index), schema->nfields);
  for (uint32_t i = 0; i < schema->nfields; i++) {
    const mill_field *f = &schema->fields[i];
    if (list) {
      lua_rawgeti(L, index, (lua_Integer)i + 1);
    } else {
      lua_pushstring(L, f->name);
      lua_rawget(L, index);
    }
    const mill_place place = {"field", f->name, outer};
    t->place = &place;
    need_value(L, t, lua_gettop(L), f->nullable);
    mill_take_value(L, t, lua_gettop(L), &col[i], k);
    lua_pop(L, 1);
  }
  t->place = outer;
}

static void take_struct(lua_State *L, mill_taker *t, int index, mill_vector *v, uint32_t k) {
  if (lua_type(L, index) != LUA_TTABLE) {
    misfit(L, t, index, v, k);
    return;
  }
  mill_take_row(L, t, index, v->type, v->child, k);
}

void mill_take_value(lua_State *L, mill_taker *t, int index, mill_vector *v, uint32_t k) {
  luaL_checkstack(L, 12, "value nested too deep");
  if (k >= v->size) v->size = k + 1;
  if (mill_take_is_null(L, index)) {
    set_null(L, t, v, k);
    return;
  }
  switch (v->type->id) {
  case MILL_NULL: misfit(L, t, index, v, k); break;
  case MILL_BOOLEAN:
    if (lua_isboolean(L, index))
      ((uint8_t *)v->data)[k] = (uint8_t)lua_toboolean(L, index);
    else
      misfit(L, t, index, v, k);
    break;
  case MILL_TINYINT:
  case MILL_SMALLINT:
  case MILL_INT:
  case MILL_BIGINT: take_integer(L, t, index, v, k); break;
  case MILL_FLOAT:
  case MILL_DOUBLE:
    if (lua_type(L, index) != LUA_TNUMBER || (t->exact && lua_isinteger(L, index)))
      misfit(L, t, index, v, k);
    else if (v->type->id == MILL_FLOAT)
      ((float *)v->data)[k] = (float)lua_tonumber(L, index);
    else
      ((double *)v->data)[k] = lua_tonumber(L, index);
    break;
  case MILL_DECIMAL: take_decimal(L, t, index, v, k); break;
  case MILL_STRING:
  case MILL_BINARY: take_text(L, t, index, v, k); break;
  case MILL_ARRAY: take_list(L, t, index, v, k); break;
  case MILL_MAP: take_map(L, t, index, v, k); break;
  case MILL_STRUCT: take_struct(L, t, index, v, k); break;
  case MILL_VARIANT:
  case MILL_VECTOR:
  case MILL_MATRIX: take_udt(L, t, index, v, k); break;
  default: take_scalar(L, t, index, v, k);
  }
}
