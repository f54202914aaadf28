/* Window functions: rows sorted by partition and order, then each function over each partition.
**
** Frames are half-open ranges of positions in the partition. An aggregate whose frame only grows
** is updated as it grows; other frames are computed anew when they change. */
#include <string.h>
#include <strings.h>

#include "exec/exec_int.h"

typedef struct mill_sort_keys {
  mill_table *table; /* the key columns, one row for each row to sort */
  const mill_bound_sort *sorts;
  int n;
} mill_sort_keys;

static size_t chunk_of(const mill_table *t, uint64_t row, uint32_t *at) {
  if (t->nchunks == 1) {
    *at = (uint32_t)row;
    return 0;
  }
  size_t i = (size_t)(row / MILL_CHUNK);
  if (i < t->nchunks && t->chunk[0]->n == MILL_CHUNK) { /* all but the last are full, mostly */
    uint64_t before = 0;
    bool full = true;
    for (size_t k = 0; k < i && full; k++) full = t->chunk[k]->n == MILL_CHUNK;
    before = (uint64_t)i * MILL_CHUNK;
    if (full && row - before < t->chunk[i]->n) {
      *at = (uint32_t)(row - before);
      return i;
    }
  }
  for (i = 0; row >= t->chunk[i]->n; i++) row -= t->chunk[i]->n;
  *at = (uint32_t)row;
  return i;
}

/* ---- comparing ------------------------------------------------------------------------------ */

static int mill_sort_compare(const mill_sort_keys *k, uint32_t a, uint32_t b) {
  uint32_t i, j;
  const mill_chunk *x = k->table->chunk[chunk_of(k->table, a, &i)];
  const mill_chunk *y = k->table->chunk[chunk_of(k->table, b, &j)];
  for (int c = 0; c < k->n; c++) {
    const mill_bound_sort *s = &k->sorts[c];
    bool va = mill_vector_valid(&x->col[c], i), vb = mill_vector_valid(&y->col[c], j);
    if (!va && !vb) continue;
    if (va != vb) return va == s->nulls_first ? 1 : -1;
    int d = mill_vector_compare(&x->col[c], i, &y->col[c], j);
    if (d) return s->descending ? -d : d;
  }
  return 0;
}

/* Bottom-up merge sort: no recursion, stable. */
static mill_status mill_sort_rows(const mill_exec *x, const mill_sort_keys *k, uint32_t *order,
                                  size_t n, mill_error *err) {
  mill_memory *m = x->ctx->memory;
  uint32_t *other = mill_alloc(m, (n + 1) * sizeof *other), *from = order, *to = other;
  if (other == NULL) return mill_oom(m, n * sizeof *other, err);
  for (size_t width = 1; width < n; width *= 2) {
    for (size_t lo = 0; lo < n; lo += 2 * width) {
      size_t mid = lo + width < n ? lo + width : n, hi = lo + 2 * width < n ? lo + 2 * width : n;
      size_t a = lo, b = mid;
      if (mid == hi || mill_sort_compare(k, from[mid - 1], from[mid]) <= 0) {
        memcpy(to + lo, from + lo, (hi - lo) * sizeof *to);
        continue;
      }
      for (size_t o = lo; o < hi; o++) {
        bool left = a < mid && (b >= hi || mill_sort_compare(k, from[a], from[b]) <= 0);
        to[o] = left ? from[a++] : from[b++];
      }
    }
    uint32_t *t = from;
    from = to;
    to = t;
  }
  if (from != order) memcpy(order, from, n * sizeof *order);
  mill_free(m, other, (n + 1) * sizeof *other);
  return MILL_OK;
}

typedef struct partition {
  const mill_exec *x;
  const mill_op *op;
  const mill_table *in;
  mill_sort_keys keys; /* partition keys, then order keys */
  const uint32_t *row; /* of the partition, in order */
  uint32_t n;
  uint32_t *peer, *peer_stop; /* first row of the same order key, and the row behind the last */
} partition;

typedef struct frame {
  uint32_t from, to;
} frame;

/* ---- frames --------------------------------------------------------------------------------- */

static uint32_t clamp(int64_t v, uint32_t n) {
  return v < 0 ? 0 : v > (int64_t)n ? n : (uint32_t)v;
}

static bool order_null(const partition *p, uint32_t i) {
  mill_vector v;
  mill_arena a;
  mill_arena_init(&a, p->x->ctx->memory);
  uint32_t row = p->row[i];
  bool null = mill_table_gather(p->keys.table, (uint32_t)p->op->nkeys, &row, 1, &v, &a, NULL) ||
              !mill_vector_valid(&v, 0);
  mill_arena_clear(&a);
  return null;
}

/* RANGE with a value: where in the partition the order key passes the edge of row i. */
static mill_status range_edge(const partition *p, const mill_table *edges, uint32_t i, bool upper,
                              uint32_t *out, mill_error *err) {
  mill_arena a;
  mill_vector edge, key;
  mill_arena_init(&a, p->x->ctx->memory);
  uint32_t row = p->row[i], lo = 0, hi = p->n;
  bool descending = p->op->sorts[0].descending;
  mill_status s = mill_table_gather(edges, 0, &row, 1, &edge, &a, err);
  while (lo < hi && p->op->sorts[0].nulls_first && order_null(p, lo)) lo++;
  while (lo < hi && !p->op->sorts[0].nulls_first && order_null(p, hi - 1)) hi--;
  while (s == MILL_OK && lo < hi) {
    uint32_t mid = lo + (hi - lo) / 2, r = p->row[mid];
    s = mill_table_gather(p->keys.table, (uint32_t)p->op->nkeys, &r, 1, &key, &a, err);
    if (s != MILL_OK) break;
    int d = mill_vector_compare(&key, 0, &edge, 0);
    if (descending) d = -d;
    if (d < 0 || (upper && d == 0)) {
      lo = mid + 1;
    } else {
      hi = mid;
    }
  }
  mill_arena_clear(&a);
  *out = lo;
  return s;
}

static mill_status edge_of(const partition *p, const mill_op_window *w, const mill_table *edges,
                           uint32_t i, bool upper, uint32_t *out, mill_error *err) {
  mill_op_edge kind = upper ? w->to : w->from;
  if (kind == MILL_EDGE_UNBOUNDED) {
    *out = upper ? p->n : 0;
  } else if (kind == MILL_EDGE_CURRENT) {
    *out = w->rows ? i + upper : upper ? p->peer_stop[i] : p->peer[i];
  } else if (w->rows) {
    const mill_bound *v = upper ? w->to_value : w->from_value;
    int64_t offset = v->value ? *(const int64_t *)v->value->data : 0;
    *out = clamp((int64_t)i + offset + upper, p->n);
  } else if (order_null(p, i)) {
    *out = upper ? p->peer_stop[i] : p->peer[i];
  } else {
    return range_edge(p, edges, i, upper, out, err);
  }
  return MILL_OK;
}

/* ---- ranks ---------------------------------------------------------------------------------- */

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

static rank_kind rank_of(const mill_function *fn) {
  static const char *const names[] = {
      "",          "row_number", "rank", "dense_rank", "percent_rank",
      "cume_dist", "ntile",      "lag",  "lead",       "nth_value"};
  for (int i = 1; i < 10; i++)
    if (strcmp(fn->name, names[i]) == 0) return (rank_kind)i;
  return NO_RANK;
}

static double ratio(uint32_t a, uint32_t b) { return b ? (double)a / (double)b : 0.0; }

static int32_t tile_of(uint32_t i, uint32_t n, uint32_t tiles) {
  uint32_t small = n / tiles, more = n % tiles, wide = more * (small + 1);
  if (i < wide) return (int32_t)(i / (small + 1)) + 1;
  return (int32_t)(more + (small ? (i - wide) / small : 0)) + 1;
}

static mill_status rank_rows(const partition *p, const mill_op_window *w, rank_kind kind,
                             const mill_table *args, mill_vector *out, mill_arena *a,
                             mill_error *err) {
  uint32_t dense = 0, tiles = 1;
  if (kind == NTILE && w->call.nargs) {
    mill_vector v;
    MILL_TRY(mill_table_gather(args, 0, p->row, 1, &v, a, err));
    tiles = (uint32_t)((const int32_t *)v.data)[0];
  }
  for (uint32_t i = 0; i < p->n; i++) {
    int32_t k = 0;
    double d = 0;
    dense += p->peer[i] == i;
    switch (kind) {
    case ROW_NUMBER: k = (int32_t)i + 1; break;
    case RANK: k = (int32_t)p->peer[i] + 1; break;
    case DENSE_RANK: k = (int32_t)dense; break;
    case NTILE: k = tile_of(i, p->n, tiles); break;
    case PERCENT_RANK: d = ratio(p->peer[i], p->n - 1); break;
    default: d = ratio(p->peer_stop[i], p->n); break;
    }
    bool real = kind == PERCENT_RANK || kind == CUME_DIST;
    mill_vector one = {.type = w->call.type, .data = real ? (void *)&d : (void *)&k, .size = 1};
    MILL_TRY(mill_vector_append(out, &one, NULL, 1, false, a, err));
  }
  return MILL_OK;
}

/* ---- values of other rows -------------------------------------------------------------------- */

static mill_status valid_at(const partition *p, const mill_table *args, uint32_t i, bool *valid,
                            mill_error *err) {
  mill_arena a;
  mill_vector v;
  mill_arena_init(&a, p->x->ctx->memory);
  mill_status s = mill_table_gather(args, 0, &p->row[i], 1, &v, &a, err);
  *valid = s == MILL_OK && mill_vector_valid(&v, 0);
  mill_arena_clear(&a);
  return s;
}

/* The position `offset` rows on, passing over nulls where asked; -1: outside. */
static mill_status shifted(const partition *p, const mill_op_window *w, const mill_table *args,
                           uint32_t i, int64_t offset, int64_t *out, mill_error *err) {
  int64_t at = (int64_t)i;
  *out = at + offset;
  if (w->call.ignore_nulls && offset != 0) {
    int64_t step = offset > 0 ? 1 : -1, left = offset > 0 ? offset : -offset;
    while (left > 0) {
      bool valid;
      at += step;
      if (at < 0 || at >= (int64_t)p->n) break;
      MILL_TRY(valid_at(p, args, (uint32_t)at, &valid, err));
      left -= valid;
    }
    *out = at;
  }
  if (*out < 0 || *out >= (int64_t)p->n) *out = -1;
  return MILL_OK;
}

static mill_status shift_rows(const partition *p, const mill_op_window *w, bool lag,
                              const mill_table *args, mill_vector *out, mill_arena *a,
                              mill_error *err) {
  int64_t offset = 1;
  if (w->call.nargs > 1) {
    mill_vector v;
    MILL_TRY(mill_table_gather(args, 1, p->row, 1, &v, a, err));
    offset = ((const int32_t *)v.data)[0];
  }
  if (lag) offset = -offset;
  for (uint32_t i = 0; i < p->n; i++) {
    int64_t at;
    mill_vector v;
    MILL_TRY(shifted(p, w, args, i, offset, &at, err));
    uint32_t row = at >= 0 ? p->row[at] : p->row[i];
    uint32_t col = at >= 0 ? 0 : 2;
    if (at < 0 && w->call.nargs < 3) {
      mill_vector_null(&v, w->call.type);
    } else {
      MILL_TRY(mill_table_gather(args, col, &row, 1, &v, a, err));
    }
    MILL_TRY(mill_vector_append(out, &v, NULL, 1, false, a, err));
  }
  return MILL_OK;
}

static mill_status nth_rows(const partition *p, const mill_op_window *w, const mill_table *args,
                            const frame *f, mill_vector *out, mill_arena *a, mill_error *err) {
  mill_vector v;
  MILL_TRY(mill_table_gather(args, 1, p->row, 1, &v, a, err));
  int64_t nth = ((const int32_t *)v.data)[0];
  for (uint32_t i = 0; i < p->n; i++) {
    int64_t at = (int64_t)f[i].from + nth - 1;
    if (w->call.ignore_nulls) {
      int64_t left = nth;
      for (at = f[i].from; at < (int64_t)f[i].to; at++) {
        bool valid;
        MILL_TRY(valid_at(p, args, (uint32_t)at, &valid, err));
        left -= valid;
        if (left == 0) break;
      }
    }
    if (at >= (int64_t)f[i].to) {
      mill_vector_null(&v, w->call.type);
    } else {
      MILL_TRY(mill_table_gather(args, 0, &p->row[at], 1, &v, a, err));
    }
    MILL_TRY(mill_vector_append(out, &v, NULL, 1, false, a, err));
  }
  return MILL_OK;
}

/* ---- aggregates ----------------------------------------------------------------------------- */

static mill_status add_rows(const partition *p, const mill_op_window *w, mill_call *call,
                            const mill_table *args, void *state, uint32_t from, uint32_t to,
                            mill_error *err) {
  const mill_bound_aggregate *g = &w->call;
  mill_status s = MILL_OK;
  for (uint32_t at = from; at < to && s == MILL_OK; at += MILL_BATCH) {
    uint32_t n = to - at < MILL_BATCH ? to - at : MILL_BATCH;
    void *states[MILL_BATCH];
    mill_arena a;
    mill_arena_init(&a, p->x->ctx->memory);
    mill_vector *v = mill_arena_alloc(&a, (size_t)(g->nargs + 1) * sizeof *v);
    const mill_vector **list = mill_arena_alloc(&a, (size_t)(g->nargs + 1) * sizeof *list);
    s = v && list ? MILL_OK : mill_oom(a.memory, 1, err);
    for (int k = 0; k < g->nargs && s == MILL_OK; k++) {
      s = mill_table_gather(args, (uint32_t)k, p->row + at, n, &v[k], &a, err);
      list[k] = &v[k];
    }
    for (uint32_t i = 0; i < n; i++) states[i] = state;
    if (s == MILL_OK) s = g->impl->update(call, states, list, n, err);
    mill_arena_clear(&a);
  }
  return s;
}

static mill_status aggregate_rows(const partition *p, const mill_op_window *w,
                                  const mill_table *args, const frame *f, mill_vector *out,
                                  mill_arena *a, mill_error *err) {
  const mill_bound_aggregate *g = &w->call;
  mill_arena states, finals;
  mill_arena_init(&states, p->x->ctx->memory);
  mill_arena_init(&finals, p->x->ctx->memory);
  mill_call call = {.ctx = p->x->ctx,
                    .set = p->x->set,
                    .fn = g->fn,
                    .result = g->type,
                    .arg_type = g->arg_type,
                    .nargs = g->nargs,
                    .state = g->state,
                    .arena = &states,
                    .text = g->text,
                    .start = g->start,
                    .stop = g->stop};
  mill_status s = MILL_OK;
  void *state = NULL;
  frame have = {0, 0};
  mill_vector value = {0};
  for (uint32_t i = 0; i < p->n && s == MILL_OK; i++) {
    frame want = f[i];
    if (want.to < want.from) want.to = want.from;
    bool fresh = state == NULL || want.from != have.from || want.to < have.to;
    if (fresh) {
      mill_arena_clear(&states);
      state = mill_arena_alloc(&states, g->impl->state_size ? g->impl->state_size : 1);
      if (state == NULL) s = mill_oom(states.memory, 1, err);
      if (state && g->impl->init) g->impl->init(&call, state);
      have = (frame){want.from, want.from};
    }
    if (s == MILL_OK && (fresh || want.to > have.to)) {
      s = add_rows(p, w, &call, args, state, have.to, want.to, err);
      have.to = want.to;
      mill_arena_clear(&finals);
      if (s == MILL_OK) s = mill_vector_init(&value, g->type, 1, &finals, err);
      value.size = 1;
      call.arena = &finals;
      if (s == MILL_OK) s = g->impl->final(&call, &state, 1, &value, err);
      call.arena = &states;
    }
    if (s == MILL_OK) s = mill_vector_append(out, &value, NULL, 1, true, a, err);
  }
  mill_arena_clear(&finals);
  mill_arena_clear(&states);
  return s;
}

/* ---- partitions ------------------------------------------------------------------------------ */

static mill_status edges_table(const partition *p, const mill_op_window *w, bool upper,
                               mill_table **out, mill_error *err) {
  const mill_bound *v = upper ? w->to_value : w->from_value;
  *out = NULL;
  if (w->rows || v == NULL) return MILL_OK;
  return mill_table_map(p->x, p->in, &v, 1, out, err);
}

typedef struct window_call {
  mill_table *args, *from, *to;
  mill_vector out;
} window_call;

static mill_status one_call(const partition *p, const mill_op_window *w, window_call *c,
                            mill_arena *a, mill_error *err) {
  rank_kind kind = rank_of(w->call.fn);
  if (kind == LAG || kind == LEAD) return shift_rows(p, w, kind == LAG, c->args, &c->out, a, err);
  if (kind != NO_RANK && kind != NTH_VALUE) return rank_rows(p, w, kind, c->args, &c->out, a, err);
  frame *f = mill_alloc(p->x->ctx->memory, (p->n + 1) * sizeof *f);
  mill_status s = f ? MILL_OK : mill_oom(p->x->ctx->memory, p->n, err);
  for (uint32_t i = 0; i < p->n && s == MILL_OK; i++) {
    s = edge_of(p, w, c->from, i, false, &f[i].from, err);
    if (s == MILL_OK) s = edge_of(p, w, c->to, i, true, &f[i].to, err);
  }
  if (s == MILL_OK)
    s = kind == NTH_VALUE ? nth_rows(p, w, c->args, f, &c->out, a, err)
                          : aggregate_rows(p, w, c->args, f, &c->out, a, err);
  if (f) mill_free(p->x->ctx->memory, f, (p->n + 1) * sizeof *f);
  return s;
}

static bool same_prefix(const partition *p, int n, uint32_t a, uint32_t b) {
  mill_sort_keys k = p->keys;
  k.n = n;
  return mill_sort_compare(&k, a, b) == 0;
}

static mill_status run_partition(partition *p, window_call *calls, uint32_t *peers, mill_arena *a,
                                 mill_error *err) {
  int nkeys = p->op->nkeys + p->op->nsorts;
  p->peer = peers;
  p->peer_stop = peers + p->n;
  for (uint32_t i = 0; i < p->n; i++)
    p->peer[i] = i > 0 && same_prefix(p, nkeys, p->row[i - 1], p->row[i]) ? p->peer[i - 1] : i;
  for (uint32_t i = p->n; i-- > 0;)
    p->peer_stop[i] = i + 1 < p->n && p->peer[i + 1] == p->peer[i] ? p->peer_stop[i + 1] : i + 1;
  for (int k = 0; k < p->op->nwindows; k++)
    MILL_TRY(one_call(p, &p->op->windows[k], &calls[k], a, err));
  return MILL_OK;
}

static mill_status prepare(partition *p, window_call *calls, mill_arena *a, mill_error *err) {
  const mill_op *op = p->op;
  int n = op->nkeys + op->nsorts;
  mill_bound_sort *sorts = mill_arena_alloc(a, (size_t)(n + 1) * sizeof *sorts);
  const mill_bound **e = mill_arena_alloc(a, (size_t)(n + 1) * sizeof *e);
  if (sorts == NULL || e == NULL) return mill_oom(a->memory, 1, err);
  for (int i = 0; i < n; i++) {
    sorts[i] =
        i < op->nkeys ? (mill_bound_sort){op->keys[i], false, true} : op->sorts[i - op->nkeys];
    e[i] = sorts[i].expr;
  }
  p->keys = (mill_sort_keys){NULL, sorts, n};
  MILL_TRY(mill_table_map(p->x, p->in, e, n, &p->keys.table, err));
  for (int k = 0; k < op->nwindows; k++) {
    const mill_op_window *w = &op->windows[k];
    MILL_TRY(mill_vector_init(&calls[k].out, w->call.type, 16, a, err));
    MILL_TRY(mill_table_map(p->x, p->in, w->call.args, w->call.nargs, &calls[k].args, err));
    MILL_TRY(edges_table(p, w, false, &calls[k].from, err));
    MILL_TRY(edges_table(p, w, true, &calls[k].to, err));
  }
  return MILL_OK;
}

static mill_status emit(const partition *p, const window_call *calls, const uint32_t *order,
                        size_t n, mill_table *out, mill_error *err) {
  uint32_t nin = p->in->schema->nfields, ncols = nin + (uint32_t)p->op->nwindows;
  mill_status s = MILL_OK;
  for (size_t at = 0; at < n && s == MILL_OK; at += MILL_BATCH) {
    uint32_t m = n - at < MILL_BATCH ? (uint32_t)(n - at) : MILL_BATCH, rows[MILL_BATCH];
    mill_arena a;
    mill_arena_init(&a, p->x->ctx->memory);
    mill_vector *cols = mill_arena_alloc(&a, (ncols + 1) * sizeof *cols);
    s = cols ? MILL_OK : mill_oom(a.memory, 1, err);
    for (uint32_t i = 0; i < m; i++) rows[i] = (uint32_t)(at + i);
    for (uint32_t c = 0; c < ncols && s == MILL_OK; c++)
      s = c < nin ? mill_table_gather(p->in, c, order + at, m, &cols[c], &a, err)
                  : mill_vector_gather(&cols[c], &calls[c - nin].out, rows, m, false, &a, err);
    mill_batch b = {.n = m, .ncols = ncols, .col = cols};
    if (s == MILL_OK) s = mill_table_append(out, &b, err);
    mill_arena_clear(&a);
  }
  return s;
}

static mill_status window_table(partition *p, window_call *calls, mill_table *out, mill_arena *a,
                                mill_error *err) {
  mill_memory *m = p->x->ctx->memory;
  size_t n = (size_t)p->in->rows;
  MILL_TRY(prepare(p, calls, a, err));
  uint32_t *order = mill_alloc(m, (n + 1) * sizeof *order);
  uint32_t *peers = mill_alloc(m, (2 * n + 1) * sizeof *peers);
  mill_status s = order && peers ? MILL_OK : mill_oom(m, n, err);
  for (size_t i = 0; order && i < n; i++) order[i] = (uint32_t)i;
  if (s == MILL_OK) s = mill_sort_rows(p->x, &p->keys, order, n, err);
  for (size_t at = 0; at < n && s == MILL_OK;) {
    size_t stop = at + 1;
    while (stop < n && same_prefix(p, p->op->nkeys, order[at], order[stop])) stop++;
    p->row = order + at;
    p->n = (uint32_t)(stop - at);
    s = run_partition(p, calls, peers, a, err);
    at = stop;
  }
  if (s == MILL_OK) s = emit(p, calls, order, n, out, err);
  if (order) mill_free(m, order, (n + 1) * sizeof *order);
  if (peers) mill_free(m, peers, (2 * n + 1) * sizeof *peers);
  return s;
}

mill_status mill_exec_window(const mill_exec *x, const mill_op *op, mill_table **out,
                             mill_error *err) {
  mill_table *in = NULL, *t = NULL;
  mill_arena a;
  mill_arena_init(&a, x->ctx->memory);
  window_call *calls = mill_arena_alloc(&a, (size_t)(op->nwindows + 1) * sizeof *calls);
  partition p = {.x = x, .op = op};
  mill_status s =
      calls ? mill_exec_table(x, op->child[0], -1, &in, err) : mill_oom(a.memory, 1, err);
  p.in = in;
  if (s == MILL_OK) s = mill_table_new(x->ctx->memory, op->schema, &t, err);
  if (s == MILL_OK) s = window_table(&p, calls, t, &a, err);
  for (int k = 0; calls && k < op->nwindows; k++) {
    mill_table_unref(calls[k].args);
    mill_table_unref(calls[k].from);
    mill_table_unref(calls[k].to);
  }
  mill_table_unref(p.keys.table);
  mill_table_unref(in);
  mill_arena_clear(&a);
  if (s != MILL_OK) {
    mill_table_unref(t);
    return s;
  }
  *out = t;
  return MILL_OK;
}
