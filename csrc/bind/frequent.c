#include "bind/frequent.h"

#include <lauxlib.h>

#include "bind/plan.h"
#include "bind/push.h"
#include "bind/raise.h"
#include "bind/state.h"
#include "kernel/item_counter.h"

#define COUNTERS "tidemill.counters"

/* Of each column a counter for the rows that come, and one of all that came before. */
typedef struct counters {
  mill_memory *memory;
  mill_rows *rows;
  mill_item_counter *now, *all;
  uint32_t n, nnow, nall; /* columns; counters that there are */
  uint32_t *order;
  size_t room;
} counters;

static void clear(mill_item_counter *c, uint32_t *n) {
  while (*n > 0) mill_item_counter_clear(&c[--*n]);
}

static int counters_gc(lua_State *L) {
  counters *c = luaL_checkudata(L, 1, COUNTERS);
  if (c->memory == NULL) return 0;
  if (c->rows) c->rows->free(c->rows);
  if (c->now) clear(c->now, &c->nnow);
  if (c->all) clear(c->all, &c->nall);
  mill_free(c->memory, c->now, (c->n + 1) * sizeof *c->now);
  mill_free(c->memory, c->all, (c->n + 1) * sizeof *c->all);
  mill_free(c->memory, c->order, c->room * sizeof *c->order);
  mill_memory_free(c->memory);
  *c = (counters){0};
  return 0;
}

static mill_status begin(counters *c, mill_item_counter *list, uint32_t *n, const mill_type *schema,
                         uint64_t most, mill_error *err) {
  for (mill_status s; *n < c->n;) {
    s = mill_item_counter_init(&list[*n], c->memory, schema->fields[*n].type, most, err);
    ++*n; /* to be cleared, on failure too */
    if (s != MILL_OK) return s;
  }
  return MILL_OK;
}

static mill_status add_up(counters *c, mill_error *err) {
  for (uint32_t k = 0; k < c->n; k++)
    MILL_TRY(mill_item_counter_merge(&c->all[k], &c->now[k], err));
  clear(c->now, &c->nnow);
  return MILL_OK;
}

/* Rows [from, from + n) of the batch. */
static mill_status count(counters *c, const mill_batch *b, uint32_t from, uint32_t n,
                         mill_error *err) {
  uint32_t row[MILL_BATCH];
  for (uint32_t i = 0; i < n; i++) row[i] = mill_batch_row(b, from + i);
  for (uint32_t k = 0; k < c->n; k++)
    MILL_TRY(mill_item_counter_add(&c->now[k], &b->col[k], row, n, err));
  return MILL_OK;
}

static mill_status count_rows(counters *c, mill_plan *p, uint64_t most, uint64_t half,
                              mill_error *err) {
  const mill_type *schema = p->schema;
  mill_batch *b;
  MILL_TRY(mill_plan_open(p, &c->rows, err));
  MILL_TRY(begin(c, c->all, &c->nall, schema, most, err));
  MILL_TRY(begin(c, c->now, &c->nnow, schema, most, err));
  for (uint64_t at = 0;;) {
    MILL_TRY(c->rows->next(c->rows, &b, err));
    if (b == NULL) return add_up(c, err);
    for (uint32_t from = 0, n; from < b->n; from += n, at += n) {
      if (at == half && half > 0) {
        MILL_TRY(add_up(c, err));
        MILL_TRY(begin(c, c->now, &c->nnow, schema, most, err));
      }
      n = b->n - from;
      if (at < half && n > half - at) n = (uint32_t)(half - at);
      MILL_TRY(count(c, b, from, n, err));
    }
  }
}

/* Pushes the list of a column's values. */
static void push_items(lua_State *L, int classes, counters *c, const mill_item_counter *of) {
  mill_error err;
  void *order = c->order;
  mill_error_clear(&err);
  mill_status s = mill_grow(c->memory, &order, &c->room, of->item.size + 1, sizeof *c->order, &err);
  c->order = order;
  if (s == MILL_OK) s = mill_item_counter_list(of, c->order, &err);
  MILL_RAISE_IF(L, &err, s, NULL);
  lua_createtable(L, (int)of->item.size, 1);
  for (uint32_t i = 0; i < of->item.size; i++) {
    if (mill_vector_valid(&of->item, c->order[i]))
      mill_push_value(L, classes, &of->item, c->order[i]);
    else
      lua_pushlightuserdata(L, NULL); /* core.null */
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
}

int mill_frequent_items(lua_State *L) {
  mill_error err;
  mill_error_clear(&err);
  const uint64_t most = (uint64_t)luaL_checkinteger(L, 2), half = (uint64_t)luaL_checkinteger(L, 3);
  lua_settop(L, 1);
  mill_handle_plan *h = mill_plan_check_run(L, 1);
  mill_session_enter(L, h->session);
  counters *c = mill_state_handle(L, sizeof *c, COUNTERS, 0);
  const uint32_t n = h->p->schema->nfields;
  c->memory = mill_memory_ref(mill_session_context(h->session->s)->memory);
  c->n = n;
  c->now = mill_calloc(c->memory, (n + 1) * sizeof *c->now);
  c->all = mill_calloc(c->memory, (n + 1) * sizeof *c->all);
  mill_status s = c->now && c->all ? count_rows(c, h->p, most, half, &err)
                                   : mill_oom(c->memory, n * sizeof *c->now, &err);
  mill_session_leave(L, h->session);
  MILL_RAISE_IF(L, &err, s, NULL);
  lua_newtable(L);
  int classes = lua_gettop(L);
  lua_createtable(L, (int)n, 0);
  for (uint32_t k = 0; k < n; k++) {
    push_items(L, classes, c, &c->all[k]);
    lua_rawseti(L, -2, (lua_Integer)k + 1);
  }
  return 1;
}

void mill_frequent_open_class(lua_State *L) {
  static const luaL_Reg none[] = {{NULL, NULL}};
  mill_state_class(L, COUNTERS, none, counters_gc);
}
