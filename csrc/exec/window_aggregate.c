/* Aggregates over frames; see window_int.h. All edges of a frame move on only, so:
**
** - min and max keep a deque of the rows that may still be the answer (amortised O(1) a row);
** - a frame that only grows at its end is added to;
** - where the aggregate can take rows back, rows that leave the frame are taken back;
** - else a tree of partial states over FAN rows, FAN * FAN rows, .. gives each frame in O(log n)
**   merges, left to right, so that aggregates that mind the order are right too.
**
** Sums are exact whichever way they are made. For a partition on disk the levels of the tree are
** runs as well, and the deque is used only where the frame bounds it. */
#include "exec/window_int.h"

enum { FAN = 16, LEVELS = 8, NOWHERE = UINT32_MAX, DEQUE_ROWS = 1 << 20, CHECK_FRAMES = 512 };

/* Partial states of a level of the tree, MILL_BATCH a vector, or a run. */
typedef struct level {
  uint32_t n;
  mill_vector *piece;
  mill_spill *file;
  mill_spill_run *run;
  mill_spill_seeker *seeker;
} level;

struct mill_window_runner {
  mill_window_block *b;
  mill_window_call *c;
  const mill_bound_aggregate *g;
  mill_window_span s;
  const mill_frame *frame;
  mill_status (*way)(mill_window_runner *r, mill_error *err);
  mill_call call;
  mill_arena states, scratch, kept; /* kept: as long as the partition */
  void *state;
  mill_frame have;   /* slide: what the state holds */
  mill_vector value; /* of the current frame */
  uint32_t *deque;   /* extreme: a ring of mask + 1 rows */
  uint32_t mask, head, tail, next;
  bool grows; /* frames begin where the partition does, so that the first of the deque is enough */
  level level[LEVELS];
  int nlevels;
  uint32_t frames; /* that have been asked for */
};
typedef mill_window_runner runner;

/* ---- states --------------------------------------------------------------------------------- */

static mill_status new_state(runner *r, mill_error *err) {
  uint32_t size = r->g->impl->state_size ? r->g->impl->state_size : 1;
  mill_arena_reset(&r->states);
  r->state = mill_arena_alloc(&r->states, size);
  if (r->state == NULL) return mill_oom(r->states.memory, size, err);
  if (r->g->impl->init) r->g->impl->init(&r->call, r->state);
  return MILL_OK;
}

/* The arguments of *n rows from `at` on, or fewer, as the aggregate reads them. */
static mill_status arguments(runner *r, uint32_t at, uint32_t *n, const mill_vector **list,
                             mill_error *err) {
  mill_vector *v = mill_arena_take(&r->scratch, (size_t)(r->g->nargs + 1) * sizeof *v);
  mill_spill_piece p;
  uint32_t sel[MILL_BATCH];
  if (v == NULL) return mill_oom(r->scratch.memory, sizeof *v, err);
  if (r->g->nargs == 0) return MILL_OK;
  MILL_TRY(mill_window_find(&r->c->values, at, &p, err));
  if (*n > p.n) *n = p.n;
  for (uint32_t i = 0; *n > 1 && i < *n; i++) sel[i] = p.at + i;
  for (int k = 0; k < r->g->nargs; k++) {
    list[k] = &v[k];
    MILL_TRY(*n == 1 ? mill_vector_constant(&v[k], &p.col[k], p.at, &r->scratch, err)
                     : mill_vector_gather(&v[k], &p.col[k], sel, *n, false, &r->scratch, err));
  }
  return MILL_OK;
}

typedef mill_status (*mover)(mill_call *call, void *const *states, const mill_vector *const *args,
                             size_t n, mill_error *err);

/* Put rows [at, to) into the one state, or take them back. */
static mill_status move_rows(runner *r, mover f, uint32_t at, uint32_t to, mill_error *err) {
  void *states[MILL_BATCH];
  const mill_vector *list[64];
  for (uint32_t i = 0; i < MILL_BATCH && i < to - at; i++) states[i] = r->state;
  while (at < to) {
    uint32_t n = to - at < 4 ? 1 : to - at < MILL_BATCH ? to - at : MILL_BATCH;
    MILL_TRY(arguments(r, at, &n, list, err));
    MILL_TRY(f(&r->call, states, list, n, err));
    at += n;
    if (n <= FAN) continue;
    mill_arena_reset(&r->scratch);
    MILL_TRY(mill_watch_check(err));
  }
  return MILL_OK;
}

static mill_status final(runner *r, mill_vector *v, mill_error *err) {
  r->call.arena = &r->scratch;
  mill_status s = r->g->impl->final(&r->call, &r->state, 1, v, err);
  r->call.arena = &r->states;
  return s;
}

/* A number goes to its rows from where it was made. */
static mill_status put_number(runner *r, uint32_t rows, mill_error *err) {
  mill_i128 value = 0;
  mill_vector *out = &r->c->out;
  mill_vector v = {.type = r->g->type, .data = &value, .mask = MILL_FLAT, .size = 1, .capacity = 1};
  MILL_TRY(final(r, &v, err));
  if (rows > UINT32_MAX - out->size) return mill_oom(r->b->arena.memory, SIZE_MAX, err);
  if (rows > out->capacity - out->size)
    MILL_TRY(mill_vector_reserve(out, out->size + rows, &r->b->arena, err));
  const size_t width = v.type->width;
  bool valid = mill_vector_valid(&v, 0);
  for (uint32_t i = 0; i < rows; i++, out->size++) {
    memcpy((char *)out->data + out->size * width, &value, width);
    if (!valid) MILL_TRY(mill_vector_set_null(out, out->size, &r->b->arena, err));
  }
  return MILL_OK;
}

/* The value of the state, for `rows` rows. */
static mill_status put_value(runner *r, uint32_t rows, mill_error *err) {
  mill_vector *v = &r->value;
  mill_arena_reset(&r->scratch);
  if (r->g->type->phys >= MILL_PHYS_BOOL && r->g->type->phys <= MILL_PHYS_F64)
    return put_number(r, rows, err);
  MILL_TRY(mill_vector_init(v, r->g->type, 1, &r->scratch, err));
  v->size = 1;
  MILL_TRY(final(r, v, err));
  mill_vector one;
  MILL_TRY(mill_vector_constant(&one, v, 0, &r->scratch, err));
  return mill_vector_append(&r->c->out, &one, NULL, rows, true, &r->b->arena, err);
}

/* Asked for each frame, a check now and then. */
static mill_status look_up(runner *r, mill_error *err) {
  return ++r->frames % CHECK_FRAMES == 0 ? mill_watch_check(err) : MILL_OK;
}

/* Rows from the i-th on that have the same frame. */
static uint32_t same_frames(const runner *r, uint32_t i) {
  uint32_t k = i + 1, n = r->s.stop - r->s.first;
  while (k < n && r->frame[k].from == r->frame[i].from && r->frame[k].to == r->frame[i].to) k++;
  return k - i;
}

/* ---- growing and sliding frames ------------------------------------------------------------------ */

static mill_status slide(runner *r, mill_error *err) {
  uint32_t n = r->s.stop - r->s.first;
  for (uint32_t i = 0, rows; i < n; i += rows) {
    mill_frame want = r->frame[i];
    MILL_TRY(look_up(r, err));
    rows = same_frames(r, i);
    if (r->state == NULL || want.from >= r->have.to) {
      MILL_TRY(new_state(r, err));
      r->have = (mill_frame){want.from, want.from};
    }
    if (want.from > r->have.from)
      MILL_TRY(move_rows(r, r->g->impl->retract, r->have.from, want.from, err));
    MILL_TRY(move_rows(r, r->g->impl->update, r->have.to, want.to, err));
    r->have = want;
    MILL_TRY(put_value(r, rows, err));
  }
  return MILL_OK;
}

/* ---- minimum and maximum ------------------------------------------------------------------------- */

static bool is_largest(const runner *r) { return strcmp(r->g->fn->name, "max") == 0; }

/* The rows of a frame at most, where that is known and not too many; else 0. */
static uint32_t frame_width(const mill_op_window *w) {
  const mill_bound *at[2] = {w->from_value, w->to_value};
  mill_op_edge kind[2] = {w->from, w->to};
  int64_t edge[2] = {0, 0};
  for (int i = 0; i < 2; i++) {
    if (kind[i] == MILL_EDGE_UNBOUNDED || (kind[i] == MILL_EDGE_OFFSET && !w->rows)) return 0;
    if (kind[i] == MILL_EDGE_OFFSET && at[i]->value) edge[i] = *(const int64_t *)at[i]->value->data;
    if (edge[i] < -DEQUE_ROWS || edge[i] > DEQUE_ROWS) return 0;
  }
  if (!w->rows) return 0;
  return edge[1] < edge[0] ? 1 : (uint32_t)(edge[1] - edge[0]) + 1;
}

static mill_status start_extreme(runner *r, uint32_t rows, mill_error *err) {
  uint32_t room = 1;
  while (room < rows) room *= 2;
  r->mask = room - 1;
  r->head = r->tail = 0;
  r->next = r->s.from;
  r->deque = mill_arena_take(&r->kept, room * sizeof *r->deque);
  return r->deque ? MILL_OK : mill_oom(r->kept.memory, room * sizeof *r->deque, err);
}

/* Row `next` comes into the frame: rows behind it that it beats can be the answer no more. */
static mill_status enter(runner *r, uint32_t row, bool largest, mill_error *err) {
  mill_spill_piece own, other;
  MILL_TRY(mill_window_find(&r->c->values, row, &own, err));
  if (!mill_vector_valid(&own.col[0], own.at)) return MILL_OK;
  for (; r->tail != r->head; r->tail--) {
    uint32_t last = r->deque[(r->tail - 1) & r->mask];
    MILL_TRY(mill_window_find(&r->c->values, last, &other, err));
    int d = mill_vector_compare(&own.col[0], own.at, &other.col[0], other.at);
    if (largest ? d <= 0 : d >= 0) break;
  }
  if (r->head == r->tail || !r->grows) r->deque[r->tail++ & r->mask] = row;
  return MILL_OK;
}

static mill_status extreme(runner *r, mill_error *err) {
  bool largest = is_largest(r);
  uint32_t n = r->s.stop - r->s.first;
  mill_vector null;
  mill_vector_null(&null, r->g->type);
  for (uint32_t i = 0; i < n; i++) {
    mill_frame f = r->frame[i];
    MILL_TRY(look_up(r, err));
    while (r->head != r->tail && r->deque[r->head & r->mask] < f.from) r->head++;
    if (r->next < f.from) r->next = f.from;
    for (; r->next < f.to; r->next++) MILL_TRY(enter(r, r->next, largest, err));
    bool some = r->head != r->tail;
    mill_spill_piece p = {&null, 0, 1};
    if (some) MILL_TRY(mill_window_find(&r->c->values, r->deque[r->head & r->mask], &p, err));
    MILL_TRY(mill_vector_append(&r->c->out, &p.col[0], some ? &p.at : NULL, 1, r->b->deep,
                                &r->b->arena, err));
  }
  return MILL_OK;
}

/* ---- the tree ------------------------------------------------------------------------------- */

/* A node as a constant. */
static mill_status node_value(runner *r, const level *l, uint32_t node, mill_vector *out,
                              mill_error *err) {
  mill_spill_piece p = {l->piece + node / MILL_BATCH, node % MILL_BATCH, 1};
  if (l->seeker) MILL_TRY(mill_spill_seek(l->seeker, node, &p, err));
  return mill_vector_constant(out, &p.col[0], p.at, &r->scratch, err);
}

/* Keep the states of the nodes first.. of a level. A saved state may point into its arena, so it is
** copied. */
static mill_status save_level(runner *r, level *l, uint32_t first, void *const *states, uint32_t n,
                              mill_error *err) {
  mill_vector own, *p = &l->piece[first / MILL_BATCH];
  mill_call save = r->call;
  save.arena = &r->scratch;
  MILL_TRY(mill_vector_init(&own, r->g->partial, n, &r->scratch, err));
  MILL_TRY(r->g->impl->save(&save, states, n, &own, err));
  own.size = n;
  mill_batch b = {.n = n, .ncols = 1, .col = &own};
  if (l->run) return mill_spill_write(l->run, &b, err);
  MILL_TRY(mill_vector_init(p, r->g->partial, n, &r->kept, err));
  return mill_vector_append(p, &own, NULL, n, true, &r->kept, err);
}

static mill_status fill_node(runner *r, const level *below, uint32_t node, uint32_t items,
                             void *state, mill_error *err) {
  uint32_t at = node * FAN, stop = items - at < FAN ? items : at + FAN;
  r->state = state;
  if (below == NULL) return move_rows(r, r->g->impl->update, r->s.from + at, r->s.from + stop, err);
  for (; at < stop; at++) {
    mill_vector one;
    MILL_TRY(node_value(r, below, at, &one, err));
    MILL_TRY(r->g->impl->merge(&r->call, &state, &one, 1, err));
  }
  return MILL_OK;
}

/* Where the level's states go. */
static mill_status open_level(runner *r, level *l, mill_error *err) {
  size_t pieces = (l->n + MILL_BATCH - 1) / MILL_BATCH;
  if (!r->b->deep || pieces == 1) {
    l->piece = mill_arena_alloc(&r->kept, pieces * sizeof *l->piece);
    return l->piece ? MILL_OK : mill_oom(r->kept.memory, pieces * sizeof *l->piece, err);
  }
  const mill_context *ctx = r->b->x->ctx;
  mill_field f = {"state", r->g->partial, true, NULL};
  const mill_type *schema = mill_type_struct(ctx->types, &f, 1);
  if (schema == NULL) return mill_oom(ctx->memory, sizeof f, err);
  MILL_TRY(mill_spill_new(ctx, schema, &l->file, err));
  return mill_spill_run_new(l->file, &l->run, err);
}

static mill_status fill_level(runner *r, level *l, const level *below, uint32_t items,
                              mill_error *err) {
  uint32_t size = r->g->impl->state_size ? r->g->impl->state_size : 1;
  for (uint32_t at = 0; at < l->n; at += MILL_BATCH) {
    void *states[MILL_BATCH];
    uint32_t n = l->n - at < MILL_BATCH ? l->n - at : MILL_BATCH;
    MILL_TRY(mill_watch_check(err));
    mill_arena_reset(&r->states);
    for (uint32_t i = 0; i < n; i++) {
      states[i] = mill_arena_alloc(&r->states, size);
      if (states[i] == NULL) return mill_oom(r->states.memory, size, err);
      if (r->g->impl->init) r->g->impl->init(&r->call, states[i]);
      MILL_TRY(fill_node(r, below, at + i, items, states[i], err));
      mill_arena_reset(&r->scratch);
    }
    MILL_TRY(save_level(r, l, at, states, n, err));
  }
  if (l->run == NULL) return MILL_OK;
  MILL_TRY(mill_spill_end(l->run, err));
  return mill_spill_seeker_new(l->run, &l->seeker, err);
}

/* The levels over the partition's rows, each over the nodes of that below. */
static mill_status grow_tree(runner *r, mill_error *err) {
  for (uint32_t items = r->s.to - r->s.from; items > FAN && r->nlevels < LEVELS;) {
    level *l = &r->level[r->nlevels++];
    *l = (level){.n = (items - 1) / FAN + 1};
    MILL_TRY(open_level(r, l, err));
    MILL_TRY(fill_level(r, l, r->nlevels > 1 ? l - 1 : NULL, items, err));
    items = l->n;
  }
  return MILL_OK;
}

/* The largest node that starts at row `at` (counted in the partition) and ends by `to`. */
static int node_at(const runner *r, uint32_t at, uint32_t to, uint64_t *width) {
  int best = -1;
  uint64_t w = 1;
  for (int k = 0; k < r->nlevels; k++) {
    w *= FAN;
    if (at % w || at + w > to) break;
    best = k;
    *width = w;
  }
  return best;
}

static mill_status add_frame(runner *r, uint32_t at, uint32_t to, mill_error *err) {
  while (at < to) {
    uint64_t width = 1;
    int k = node_at(r, at, to, &width);
    if (k < 0) {
      uint32_t stop = (at / FAN + 1) * FAN;
      if (stop > to) stop = to;
      MILL_TRY(move_rows(r, r->g->impl->update, r->s.from + at, r->s.from + stop, err));
      at = stop;
      continue;
    }
    mill_vector one;
    MILL_TRY(node_value(r, &r->level[k], (uint32_t)(at / width), &one, err));
    MILL_TRY(r->g->impl->merge(&r->call, &r->state, &one, 1, err));
    at += (uint32_t)width;
  }
  return MILL_OK;
}

static mill_status over_tree(runner *r, mill_error *err) {
  uint32_t n = r->s.stop - r->s.first;
  if (r->s.first == r->s.from) MILL_TRY(grow_tree(r, err));
  for (uint32_t i = 0, rows; i < n; i += rows) {
    rows = same_frames(r, i);
    MILL_TRY(look_up(r, err));
    MILL_TRY(new_state(r, err));
    MILL_TRY(add_frame(r, r->frame[i].from - r->s.from, r->frame[i].to - r->s.from, err));
    MILL_TRY(put_value(r, rows, err));
  }
  return MILL_OK;
}

static void drop_tree(runner *r) {
  for (int i = 0; i < r->nlevels; i++) {
    mill_spill_seeker_free(r->level[i].seeker);
    mill_spill_run_free(r->level[i].run);
    mill_spill_free(r->level[i].file);
  }
  r->nlevels = 0;
}

/* ---- all ------------------------------------------------------------------------------------ */

/* A partition begins. */
static mill_status start(runner *r, mill_error *err) {
  const mill_op_window *w = r->c->w;
  bool disk = r->b->deep, pick = is_largest(r) || !strcmp(r->g->fn->name, "min");
  uint32_t n = r->s.stop - r->s.first, width = disk ? frame_width(w) : n;
  drop_tree(r);
  mill_arena_reset(&r->kept);
  r->state = NULL;
  r->have = (mill_frame){0, 0};
  r->grows = w->from == MILL_EDGE_UNBOUNDED;
  if (r->grows) width = 1;
  r->way = r->grows || r->g->impl->retract ? slide : over_tree;
  if (!pick || r->g->nargs != 1 || width == 0 || r->g->args[0]->type != r->g->type) return MILL_OK;
  r->way = extreme;
  return start_extreme(r, width, err);
}

static mill_status runner_new(mill_window_block *b, mill_window_call *c, mill_error *err) {
  const mill_bound_aggregate *g = &c->w->call;
  mill_memory *m = b->x->ctx->memory;
  runner *r = mill_calloc(m, sizeof *r);
  if (r == NULL) return mill_oom(m, sizeof *r, err);
  r->c = c;
  r->g = g;
  mill_arena_init(&r->states, m);
  mill_arena_init(&r->scratch, m);
  mill_arena_init(&r->kept, m);
  r->call = (mill_call){.ctx = b->x->ctx,
                        .set = b->x->set,
                        .fn = g->fn,
                        .result = g->type,
                        .arg_type = g->arg_type,
                        .nargs = g->nargs,
                        .state = g->state,
                        .arena = &r->states,
                        .text = g->text,
                        .start = g->start,
                        .stop = g->stop};
  c->runner = r;
  return MILL_OK;
}

void mill_window_runner_free(runner *r) {
  if (r == NULL) return;
  mill_memory *m = r->states.memory;
  drop_tree(r);
  mill_arena_clear(&r->scratch);
  mill_arena_clear(&r->states);
  mill_arena_clear(&r->kept);
  mill_free(m, r, sizeof *r);
}

mill_status mill_window_aggregate(mill_window_block *b, mill_window_call *c,
                                  const mill_window_span *s, const mill_frame *frame,
                                  mill_error *err) {
  if (c->runner == NULL) MILL_TRY(runner_new(b, c, err));
  runner *r = c->runner;
  r->b = b;
  r->s = *s;
  r->frame = frame;
  if (s->first == s->from) MILL_TRY(start(r, err));
  return r->way(r, err);
}
