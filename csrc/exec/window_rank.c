/* Functions of the window family: ranks, and values of other rows; see window_int.h. */
#include "exec/window_int.h"

typedef enum rank_kind {
  NO_RANK,
  ROW_NUMBER,
  RANK,
  DENSE_RANK,
  PERCENT_RANK,
  CUME_DIST,
  NTILE,
  LAG,
  LEAD,
  NTH_VALUE
} rank_kind;

enum { NOWHERE = UINT32_MAX };

static rank_kind rank_of(const mill_function *fn) {
  static const char *const names[] = {
      "",          "row_number", "rank", "dense_rank", "percent_rank",
      "cume_dist", "ntile",      "lag",  "lead",       "nth_value"};
  for (int i = 1; i < 10; i++)
    if (strcmp(fn->name, names[i]) == 0) return (rank_kind)i;
  return NO_RANK;
}

bool mill_window_is_rank(const mill_function *fn) { return rank_of(fn) != NO_RANK; }
bool mill_window_needs_frame(const mill_function *fn) {
  rank_kind k = rank_of(fn);
  return k == NO_RANK || k == NTH_VALUE;
}

/* ---- ranks ---------------------------------------------------------------------------------- */

static double ratio(uint32_t a, uint32_t b) { return b ? (double)a / (double)b : 0.0; }

static int32_t tile_of(uint32_t i, uint32_t n, uint32_t tiles) {
  uint32_t small = n / tiles, more = n % tiles, wide = more * (small + 1);
  if (i < wide) return (int32_t)(i / (small + 1)) + 1;
  return (int32_t)(more + (small ? (i - wide) / small : 0)) + 1;
}

static void rank_ints(const mill_window_block *b, const mill_window_call *c, rank_kind kind,
                      uint32_t from, uint32_t to, int32_t *out) {
  uint32_t dense = 0, tiles = 1;
  if (kind == NTILE && c->w->call.nargs) tiles = ((const uint32_t *)c->arg[0].data)[from];
  for (uint32_t i = from; i < to; i++) {
    dense += b->peer[i] == i;
    switch (kind) {
    case ROW_NUMBER: out[i] = (int32_t)(i - from) + 1; break;
    case RANK: out[i] = (int32_t)(b->peer[i] - from) + 1; break;
    case DENSE_RANK: out[i] = (int32_t)dense; break;
    default: out[i] = tile_of(i - from, to - from, tiles); break;
    }
  }
}

static mill_status ranks(mill_window_block *b, mill_window_call *c, rank_kind kind, uint32_t from,
                         uint32_t to, mill_error *err) {
  MILL_TRY(mill_vector_reserve(&c->out, to, &b->arena, err));
  if (kind == PERCENT_RANK || kind == CUME_DIST) {
    double *out = c->out.data;
    for (uint32_t i = from; i < to; i++)
      out[i] = kind == PERCENT_RANK ? ratio(b->peer[i] - from, to - from - 1)
                                    : ratio(b->peer_stop[i] - from, to - from);
  } else {
    rank_ints(b, c, kind, from, to, c->out.data);
  }
  c->out.size = to;
  return MILL_OK;
}

/* ---- values of other rows -------------------------------------------------------------------- */

/* Append the values of the first argument at rows at[0..n); where that is NOWHERE the value of
** `other` in the row itself (row, row + 1, ..), or null. */
static mill_status pick(mill_window_block *b, mill_window_call *c, const uint32_t *at, uint32_t n,
                        const mill_vector *other, uint32_t row, mill_error *err) {
  mill_vector null;
  mill_vector_null(&null, c->w->call.type);
  for (uint32_t i = 0; i < n;) {
    uint32_t k = i, own[MILL_BATCH];
    bool none = at[i] == NOWHERE;
    while (k < n && k - i < MILL_BATCH && (at[k] == NOWHERE) == none) own[k - i] = row + k, k++;
    const mill_vector *from = !none ? &c->arg[0] : other ? other : &null;
    const uint32_t *sel = !none ? at + i : other ? own : NULL;
    MILL_TRY(mill_vector_append(&c->out, from, sel, k - i, false, &b->arena, err));
    i = k;
  }
  return MILL_OK;
}

/* The row `offset` rows on from i, passing over nulls where asked. */
static uint32_t shifted(const mill_window_call *c, uint32_t i, int64_t offset, uint32_t from,
                        uint32_t to) {
  int64_t at = (int64_t)i + offset, step = offset > 0 ? 1 : -1;
  if (c->w->call.ignore_nulls && offset != 0) {
    int64_t left = offset > 0 ? offset : -offset;
    for (at = i; left > 0;) {
      at += step;
      if (at < (int64_t)from || at >= (int64_t)to) return NOWHERE;
      left -= mill_vector_valid(&c->arg[0], (size_t)at);
    }
  }
  return at < (int64_t)from || at >= (int64_t)to ? NOWHERE : (uint32_t)at;
}

static uint32_t nth(const mill_window_call *c, const mill_frame *f, int64_t n) {
  int64_t at = (int64_t)f->from + n - 1;
  if (c->w->call.ignore_nulls) {
    for (at = f->from; at < (int64_t)f->to; at++) {
      n -= mill_vector_valid(&c->arg[0], (size_t)at);
      if (n == 0) break;
    }
  }
  return at < (int64_t)f->to ? (uint32_t)at : NOWHERE;
}

static mill_status others(mill_window_block *b, mill_window_call *c, rank_kind kind, uint32_t from,
                          uint32_t to, const mill_frame *frame, mill_error *err) {
  int64_t offset = 1;
  const mill_vector *other = kind != NTH_VALUE && c->w->call.nargs > 2 ? &c->arg[2] : NULL;
  if (c->w->call.nargs > 1) offset = ((const int32_t *)c->arg[1].data)[from];
  if (kind == LAG) offset = -offset;
  for (uint32_t i = from; i < to; i += MILL_BATCH) {
    uint32_t n = to - i < MILL_BATCH ? to - i : MILL_BATCH, at[MILL_BATCH];
    for (uint32_t k = 0; k < n; k++)
      at[k] = kind == NTH_VALUE ? nth(c, &frame[i + k - from], offset)
                                : shifted(c, i + k, offset, from, to);
    MILL_TRY(pick(b, c, at, n, other, i, err));
  }
  return MILL_OK;
}

mill_status mill_window_rank(mill_window_block *b, mill_window_call *c, uint32_t from, uint32_t to,
                             const mill_frame *frame, mill_error *err) {
  rank_kind kind = rank_of(c->w->call.fn);
  if (kind >= LAG) return others(b, c, kind, from, to, frame, err);
  return ranks(b, c, kind, from, to, err);
}
