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
bool mill_window_needs_peers(const mill_op_window *w) {
  rank_kind k = rank_of(w->call.fn);
  return k == RANK || k == DENSE_RANK || k == PERCENT_RANK || k == CUME_DIST ||
         (mill_window_needs_frame(w->call.fn) && !w->rows);
}

/* ---- ranks ---------------------------------------------------------------------------------- */

static double ratio(uint32_t a, uint32_t b) { return b ? (double)a / (double)b : 0.0; }

static int32_t tile_of(uint32_t i, uint32_t n, uint32_t tiles) {
  uint32_t small = n / tiles, more = n % tiles, wide = more * (small + 1);
  if (i < wide) return (int32_t)(i / (small + 1)) + 1;
  return (int32_t)(more + (small ? (i - wide) / small : 0)) + 1;
}

/* An argument that is the same in all rows: its value in the partition's first. */
static mill_status constant_of(const mill_window_call *c, const mill_window_span *s, int arg,
                               int32_t *out, mill_error *err) {
  mill_spill_piece p;
  if (c->w->call.nargs <= arg) return MILL_OK;
  MILL_TRY(mill_window_find(&c->values, s->from, &p, err));
  *out = ((const int32_t *)p.col[arg].data)[p.at];
  return MILL_OK;
}

static mill_status rank_ints(const mill_window_block *b, mill_window_call *c, rank_kind kind,
                             const mill_window_span *s, mill_error *err) {
  int32_t tiles = 1, *out = c->out.data;
  uint32_t from = s->from;
  if (kind == NTILE) MILL_TRY(constant_of(c, s, 0, &tiles, err));
  for (uint32_t i = s->first, k = i - b->base; i < s->stop; i++, k++) {
    c->dense += b->peer[k] == i;
    switch (kind) {
    case ROW_NUMBER: out[k] = (int32_t)(i - from) + 1; break;
    case RANK: out[k] = (int32_t)(b->peer[k] - from) + 1; break;
    case DENSE_RANK: out[k] = (int32_t)c->dense; break;
    default: out[k] = tile_of(i - from, s->to - from, (uint32_t)tiles); break;
    }
  }
  return MILL_OK;
}

static mill_status ranks(mill_window_block *b, mill_window_call *c, rank_kind kind,
                         const mill_window_span *s, mill_error *err) {
  MILL_TRY(mill_vector_reserve(&c->out, s->stop - b->base, &b->arena, err));
  c->out.size = s->stop - b->base;
  if (kind != PERCENT_RANK && kind != CUME_DIST) return rank_ints(b, c, kind, s, err);
  double *out = c->out.data;
  for (uint32_t i = s->first; i < s->stop; i++) {
    uint32_t k = i - b->base, n = s->to - s->from;
    out[k] = kind == PERCENT_RANK ? ratio(b->peer[k] - s->from, n - 1)
                                  : ratio(b->peer_stop[k] - s->from, n);
  }
  return MILL_OK;
}

/* ---- values of other rows -------------------------------------------------------------------- */

/* Append column `col` of the rows at[0..n), a piece at a time. */
static mill_status append_rows(mill_window_block *b, mill_window_call *c, int col,
                               const uint32_t *at, uint32_t n, mill_error *err) {
  mill_spill_piece p;
  for (uint32_t i = 0; i < n;) {
    uint32_t sel[MILL_BATCH], k = 0;
    MILL_TRY(mill_window_find(&c->values, at[i], &p, err));
    uint32_t start = at[i] - p.at, stop = at[i] + p.n;
    for (; i < n && at[i] >= start && at[i] < stop; i++) sel[k++] = at[i] - start;
    MILL_TRY(mill_vector_append(&c->out, &p.col[col], sel, k, b->deep, &b->arena, err));
  }
  return MILL_OK;
}

/* Append the values of the first argument at rows at[0..n); where that is NOWHERE the value of
** column `other` in the row itself (row, row + 1, ..), or null (other < 0). */
static mill_status pick(mill_window_block *b, mill_window_call *c, const uint32_t *at, uint32_t n,
                        int other, uint32_t row, mill_error *err) {
  mill_vector null;
  mill_vector_null(&null, c->w->call.type);
  for (uint32_t i = 0; i < n;) {
    uint32_t k = i, own[MILL_BATCH];
    bool none = at[i] == NOWHERE;
    while (k < n && (at[k] == NOWHERE) == none) own[k - i] = row + k, k++;
    if (none && other < 0) {
      MILL_TRY(mill_vector_append(&c->out, &null, NULL, k - i, false, &b->arena, err));
    } else {
      MILL_TRY(append_rows(b, c, none ? other : 0, none ? own : at + i, k - i, err));
    }
    i = k;
  }
  return MILL_OK;
}

static mill_status is_value(const mill_window_call *c, uint32_t row, bool *out, mill_error *err) {
  mill_spill_piece p;
  MILL_TRY(mill_window_find(&c->values, row, &p, err));
  *out = mill_vector_valid(&p.col[0], p.at);
  return MILL_OK;
}

/* The n-th row from `low` on that is not null, before `to`; neither moves back. c->seen counts the
** ones in [c->low, c->at). */
static mill_status value_after(mill_window_call *c, uint32_t low, int64_t n, uint32_t to,
                               uint32_t *row, mill_error *err) {
  bool one;
  for (; c->low < low && c->low < c->at; c->low++) {
    MILL_TRY(is_value(c, c->low, &one, err));
    c->seen -= one;
  }
  c->low = low;
  if (c->at < low) c->at = low;
  while (c->seen < n && c->at < to) {
    MILL_TRY(is_value(c, c->at++, &one, err));
    c->seen += one;
  }
  *row = c->seen == n ? c->at - 1 : NOWHERE;
  return MILL_OK;
}

/* The n-th row before i that is not null; i does not move back. c->seen counts the ones in
** [c->low, i). */
static mill_status value_before(mill_window_call *c, uint32_t i, int64_t n, uint32_t *row,
                                mill_error *err) {
  bool one;
  for (; c->at < i; c->at++) {
    MILL_TRY(is_value(c, c->at, &one, err));
    c->seen += one;
  }
  for (*row = NOWHERE; c->seen >= n && *row == NOWHERE;) {
    MILL_TRY(is_value(c, c->low, &one, err));
    if (one && c->seen == n) {
      *row = c->low;
    } else {
      c->seen -= one;
      c->low++;
    }
  }
  return MILL_OK;
}

/* The row `offset` rows on from i, passing over nulls where asked. */
static mill_status shifted(mill_window_call *c, const mill_window_span *s, uint32_t i,
                           int64_t offset, uint32_t *row, mill_error *err) {
  int64_t at = (int64_t)i + offset;
  if (c->w->call.ignore_nulls && offset != 0)
    return offset > 0 ? value_after(c, i + 1, offset, s->to, row, err)
                      : value_before(c, i, -offset, row, err);
  *row = at < (int64_t)s->from || at >= (int64_t)s->to ? NOWHERE : (uint32_t)at;
  return MILL_OK;
}

static mill_status nth(mill_window_call *c, const mill_frame *f, int64_t n, uint32_t *row,
                       mill_error *err) {
  int64_t at = (int64_t)f->from + n - 1;
  if (c->w->call.ignore_nulls) return value_after(c, f->from, n, f->to, row, err);
  *row = at < (int64_t)f->to ? (uint32_t)at : NOWHERE;
  return MILL_OK;
}

static mill_status others(mill_window_block *b, mill_window_call *c, rank_kind kind,
                          const mill_window_span *s, const mill_frame *frame, mill_error *err) {
  int32_t given = 1;
  int other = kind != NTH_VALUE && c->w->call.nargs > 2 ? 2 : -1;
  MILL_TRY(constant_of(c, s, 1, &given, err));
  int64_t offset = kind == LAG ? -(int64_t)given : given;
  for (uint32_t i = s->first; i < s->stop; i += MILL_BATCH) {
    uint32_t n = s->stop - i < MILL_BATCH ? s->stop - i : MILL_BATCH, at[MILL_BATCH];
    for (uint32_t k = 0; k < n; k++)
      MILL_TRY(kind == NTH_VALUE ? nth(c, &frame[i + k - s->first], offset, &at[k], err)
                                 : shifted(c, s, i + k, offset, &at[k], err));
    MILL_TRY(pick(b, c, at, n, other, i, err));
  }
  return MILL_OK;
}

mill_status mill_window_rank(mill_window_block *b, mill_window_call *c, const mill_window_span *s,
                             const mill_frame *frame, mill_error *err) {
  rank_kind kind = rank_of(c->w->call.fn);
  if (kind >= LAG) return others(b, c, kind, s, frame, err);
  return ranks(b, c, kind, s, err);
}
