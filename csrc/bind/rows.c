/* Rows out of plans: see rows.h.
**
** A reader pulls batches as its caller asks and is closed at the end, by `close`, by <close> and by
** the collector. Rows come with their number first, so that a NULL cannot end a loop. */
#include "bind/rows.h"

#include <lauxlib.h>
#include <string.h>

#include "bind/plan.h"
#include "bind/pretty.h"
#include "bind/push.h"
#include "bind/raise.h"
#include "bind/state.h"

#define READER "tidemill.rows"
#define TABLE "tidemill.table"

typedef struct table_handle {
  mill_table *t;
} table_handle;

typedef struct reader {
  mill_rows *rows; /* user value 1: the plan, 2: classes of Rows */
  mill_handle_session *session;
  mill_batch *batch;
  uint32_t at;   /* next row of the batch */
  lua_Integer n; /* rows given so far */
  lua_Integer generation;
  bool done;
} reader;

static int table_gc(lua_State *L) {
  table_handle *h = luaL_checkudata(L, 1, TABLE);
  mill_table *t = h->t;
  h->t = NULL;
  if (t) mill_table_unref(t);
  return 0;
}

/* Run the plan at index 1; pushes the table's handle. */
static mill_table *collect(lua_State *L) {
  mill_error err;
  mill_error_clear(&err);
  mill_handle_plan *h = mill_plan_check_collect(L, 1);
  mill_session_enter(L, h->session);
  table_handle *t = mill_state_handle(L, sizeof *t, TABLE, 0);
  mill_status status = h->given ? mill_plan_collect_with(h->p, &h->params, &t->t, &err)
                                : mill_plan_collect(h->p, &t->t, &err);
  mill_session_leave(L, h->session);
  MILL_RAISE_IF(L, &err, status, NULL);
  return t->t;
}

int mill_rows_collect(lua_State *L) {
  lua_settop(L, 1);
  mill_table *t = collect(L);
  lua_newtable(L);
  int classes = lua_gettop(L);
  lua_createtable(L, t->rows < 1 << 26 ? (int)t->rows : 0, 0);
  lua_Integer n = 0;
  for (size_t c = 0; c < t->nchunks; c++)
    for (uint32_t i = 0; i < t->chunk[c]->n; i++) {
      mill_push_row(L, classes, t->schema, t->chunk[c]->col, i);
      lua_rawseti(L, -2, ++n);
    }
  return 1;
}

int mill_rows_texts(lua_State *L) {
  mill_error err;
  mill_settings set;
  mill_error_clear(&err);
  lua_settop(L, 1);
  mill_handle_plan *h = mill_plan_check_run(L, 1);
  mill_table *t = collect(L);
  mill_state *state = mill_state_of(L);
  MILL_RAISE_IF(L, &err, mill_session_settings(h->session->s, &set, &err), NULL);
  lua_newtable(L);
  lua_Integer n = 0;
  for (size_t c = 0; c < t->nchunks; c++)
    for (uint32_t i = 0; i < t->chunk[c]->n; i++) {
      lua_createtable(L, (int)t->schema->nfields, 0);
      for (uint32_t k = 0; k < t->schema->nfields; k++) {
        mill_text_reset(&state->text);
        MILL_RAISE_IF(L, &err, mill_pretty_value(&set, &t->chunk[c]->col[k], i, &state->text, &err),
                      NULL);
        lua_pushlstring(L, state->text.data ? state->text.data : "", state->text.size);
        lua_rawseti(L, -2, (lua_Integer)k + 1);
      }
      lua_rawseti(L, -2, ++n);
    }
  return 1;
}

/* ---- readers -------------------------------------------------------------------------------- */

static int reader_close(lua_State *L) {
  reader *r = luaL_checkudata(L, 1, READER);
  mill_rows *rows = r->rows;
  r->rows = NULL;
  r->batch = NULL;
  r->generation++;
  if (rows) rows->free(rows);
  return 0;
}

int mill_rows_iterate(lua_State *L) {
  mill_error err;
  mill_error_clear(&err);
  lua_settop(L, 1);
  mill_handle_plan *h = mill_plan_check_run(L, 1);
  mill_session_enter(L, h->session);
  reader *r = mill_state_handle(L, sizeof *r, READER, 2);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, 1);
  lua_newtable(L);
  lua_setiuservalue(L, -2, 2);
  r->session = h->session;
  mill_status status = mill_plan_open(h->p, &r->rows, &err);
  mill_session_leave(L, h->session);
  MILL_RAISE_IF(L, &err, status, NULL);
  return 1;
}

/* The next batch with rows; false at the end, where the reader closes. */
static bool advance(lua_State *L, reader *r) {
  mill_error err;
  mill_error_clear(&err);
  r->generation++;
  r->at = 0;
  if (r->done) return false;
  if (r->rows == NULL || r->session->s == NULL)
    mill_raise_misuse(L, "SESSION_CLOSED", "object", "iterator", NULL);
  mill_session_enter(L, r->session);
  mill_status status;
  do status = r->rows->next(r->rows, &r->batch, &err);
  while (status == MILL_OK && r->batch && r->batch->n == 0);
  mill_session_leave(L, r->session);
  MILL_RAISE_IF(L, &err, status, NULL);
  if (r->batch) return true;
  r->done = true;
  reader_close(L);
  return false;
}

static bool next_row(lua_State *L, reader *r, uint32_t *row) {
  if ((r->batch == NULL || r->at >= r->batch->n) && !advance(L, r)) return false;
  *row = mill_batch_row(r->batch, r->at++);
  lua_pushinteger(L, ++r->n);
  return true;
}

static int reader_row(lua_State *L) {
  reader *r = luaL_checkudata(L, 1, READER);
  uint32_t row;
  lua_settop(L, 1);
  lua_getiuservalue(L, 1, 2);
  if (!next_row(L, r, &row)) return 0;
  mill_push_row(L, 2, r->rows->schema, r->batch->col, row);
  return 2;
}

static int reader_values(lua_State *L) {
  reader *r = luaL_checkudata(L, 1, READER);
  uint32_t row;
  lua_settop(L, 1);
  lua_getiuservalue(L, 1, 2);
  if (!next_row(L, r, &row)) return 0;
  luaL_checkstack(L, (int)r->batch->ncols + 8, "too many columns");
  for (uint32_t k = 0; k < r->batch->ncols; k++) mill_push_value(L, 2, &r->batch->col[k], row);
  return 1 + (int)r->batch->ncols;
}

/* reader:batch(): rows of the next batch and a mark that the batch's calls must show. */
static int reader_batch(lua_State *L) {
  reader *r = luaL_checkudata(L, 1, READER);
  lua_settop(L, 1);
  if (!advance(L, r)) return 0;
  r->at = r->batch->n;
  lua_pushinteger(L, r->batch->n);
  lua_pushinteger(L, r->generation);
  return 2;
}

static const mill_vector *column(lua_State *L, reader *r) {
  if (luaL_checkinteger(L, 2) != r->generation || r->batch == NULL)
    luaL_error(L, "a batch lasts until the next one is asked for");
  lua_Integer k = luaL_checkinteger(L, 3);
  luaL_argcheck(L, k >= 1 && k <= (lua_Integer)r->batch->ncols, 3, "no such column");
  return &r->batch->col[k - 1];
}

/* reader:value(mark, column, row) */
static int reader_value(lua_State *L) {
  reader *r = luaL_checkudata(L, 1, READER);
  lua_settop(L, 4);
  const mill_vector *v = column(L, r);
  lua_Integer i = luaL_checkinteger(L, 4);
  luaL_argcheck(L, i >= 1 && i <= (lua_Integer)r->batch->n, 4, "no such row");
  lua_getiuservalue(L, 1, 2);
  mill_push_value(L, 5, v, mill_batch_row(r->batch, (uint32_t)i - 1));
  return 1;
}

/* reader:sum(mark, column): sum of the values that are not NULL, and their number. */
static int reader_sum(lua_State *L) {
  reader *r = luaL_checkudata(L, 1, READER);
  const mill_vector *v = column(L, r);
  lua_Integer whole = 0, n = 0;
  double sum = 0;
  bool integral = mill_type_integral(v->type);
  luaL_argcheck(L, integral || v->type->id == MILL_DOUBLE || v->type->id == MILL_FLOAT, 3,
                "sum needs a column of integers or floats");
  for (uint32_t i = 0; i < r->batch->n; i++) {
    uint32_t row = mill_batch_row(r->batch, i), k = mill_vector_at(v, row);
    if (!mill_vector_valid(v, row)) continue;
    n++;
    switch (v->type->id) {
    case MILL_TINYINT: whole += ((const int8_t *)v->data)[k]; break;
    case MILL_SMALLINT: whole += ((const int16_t *)v->data)[k]; break;
    case MILL_INT: whole += ((const int32_t *)v->data)[k]; break;
    case MILL_BIGINT:
      if (__builtin_add_overflow(whole, ((const int64_t *)v->data)[k], &whole))
        return luaL_error(L, "sum leaves 64 bits");
      break;
    case MILL_FLOAT: sum += (double)((const float *)v->data)[k]; break;
    default: sum += ((const double *)v->data)[k];
    }
  }
  if (integral)
    lua_pushinteger(L, whole);
  else
    lua_pushnumber(L, sum);
  lua_pushinteger(L, n);
  return 2;
}

void mill_rows_open_class(lua_State *L) {
  static const luaL_Reg none[] = {{NULL, NULL}};
  static const luaL_Reg methods[] = {{"close", reader_close},
                                     {"row", reader_row},
                                     {"values", reader_values},
                                     {"batch", reader_batch},
                                     {"value", reader_value},
                                     {"sum", reader_sum},
                                     {NULL, NULL}};
  mill_state_class(L, TABLE, none, table_gc);
  mill_state_class(L, READER, methods, reader_close);
}
