/* Aggregates over frames; see window_int.h. All edges of a frame move on only, so:
**
** - min and max keep a deque of the rows that may still be the answer (amortised O(1) a row);
** - a frame that only grows at its end is added to;
** - where the aggregate can take rows back, rows that leave the frame are taken back;
** - else a tree of partial states over FAN rows, FAN * FAN rows, .. gives each frame in O(log n)
**   merges, left to right, so that aggregates that mind the order are right too.
**
** Sums are exact whichever way they are made. */
#include "exec/window_int.h"

enum { FAN = 16, LEVELS = 8, NOWHERE = UINT32_MAX };

typedef struct runner {
  mill_window_block *b;
  mill_window_call *c;
  const mill_bound_aggregate *g;
  uint32_t from, to; /* the partition */
  const mill_frame *frame;
  mill_call call;
  mill_arena states, scratch;
  void *state;
  mill_vector value; /* of the current frame */
  struct level {
    mill_vector *piece; /* partial states, MILL_BATCH a vector */
    uint32_t n;
  } level[LEVELS];
  int nlevels;
} runner;

/* ---- states --------------------------------------------------------------------------------- */

static mill_status new_state(runner *r, mill_error *err) {
  uint32_t size = r->g->impl->state_size ? r->g->impl->state_size : 1;
  mill_arena_clear(&r->states);
  r->state = mill_arena_alloc(&r->states, size);
  if (r->state == NULL) return mill_oom(r->states.memory, size, err);
  if (r->g->impl->init) r->g->impl->init(&r->call, r->state);
  return MILL_OK;
}

/* The arguments of n rows from `at` on, as the aggregate reads them. */
static mill_status arguments(runner *r, uint32_t at, uint32_t n, const mill_vector **list,
                             mill_error *err) {
  mill_vector *v = mill_arena_alloc(&r->scratch, (size_t)(r->g->nargs + 1) * sizeof *v);
  uint32_t sel[MILL_BATCH];
  if (v == NULL) return mill_oom(r->scratch.memory, sizeof *v, err);
  for (uint32_t i = 0; n > 1 && i < n; i++) sel[i] = at + i;
  for (int k = 0; k < r->g->nargs; k++) {
    list[k] = &v[k];
    MILL_TRY(n == 1 ? mill_vector_constant(&v[k], &r->c->arg[k], at, &r->scratch, err)
                    : mill_vector_gather(&v[k], &r->c->arg[k], sel, n, false, &r->scratch, err));
  }
  return MILL_OK;
}

typedef mill_status (*mover)(mill_call *call, void *const *states, const mill_vector *const *args,
                             size_t n, mill_error *err);

/* Put rows [at, to) into the one state, or take them back. */
static mill_status move_rows(runner *r, mover f, uint32_t at, uint32_t to, mill_error *err) {
  void *states[MILL_BATCH];
  const mill_vector *list[64];
  while (at < to) {
    uint32_t n = to - at < 4 ? 1 : to - at < MILL_BATCH ? to - at : MILL_BATCH;
    for (uint32_t i = 0; i < n; i++) states[i] = r->state;
    MILL_TRY(arguments(r, at, n, list, err));
    MILL_TRY(f(&r->call, states, list, n, err));
    at += n;
  }
  return MILL_OK;
}

/* The value of the state, for `rows` rows. */
static mill_status put_value(runner *r, uint32_t rows, mill_error *err) {
  mill_vector *v = &r->value;
  mill_arena_clear(&r->scratch);
  MILL_TRY(mill_vector_init(v, r->g->type, 1, &r->scratch, err));
  v->size = 1;
  r->call.arena = &r->scratch;
  mill_status s = r->g->impl->final(&r->call, &r->state, 1, v, err);
  r->call.arena = &r->states;
  MILL_TRY(s);
  mill_vector one;
  MILL_TRY(mill_vector_constant(&one, v, 0, &r->scratch, err));
  return mill_vector_append(&r->c->out, &one, NULL, rows, true, &r->b->arena, err);
}

/* Rows from i on that have the same frame. */
static uint32_t same_frames(const runner *r, uint32_t i) {
  uint32_t k = i + 1, n = r->to - r->from;
  while (k < n && r->frame[k].from == r->frame[i].from && r->frame[k].to == r->frame[i].to) k++;
  return k - i;
}

/* ---- growing and sliding frames ------------------------------------------------------------------ */

static mill_status slide(runner *r, mill_error *err) {
  mill_frame have = {0, 0};
  uint32_t n = r->to - r->from;
  for (uint32_t i = 0, rows; i < n; i += rows) {
    mill_frame want = r->frame[i];
    rows = same_frames(r, i);
    if (r->state == NULL || want.from >= have.to) {
      MILL_TRY(new_state(r, err));
      have = (mill_frame){want.from, want.from};
    }
    if (want.from > have.from)
      MILL_TRY(move_rows(r, r->g->impl->retract, have.from, want.from, err));
    MILL_TRY(move_rows(r, r->g->impl->update, have.to, want.to, err));
    have = want;
    MILL_TRY(put_value(r, rows, err));
  }
  return MILL_OK;
}

/* ---- minimum and maximum ------------------------------------------------------------------------- */

static mill_status extreme(runner *r, bool largest, mill_error *err) {
  const mill_vector *v = &r->c->arg[0];
  uint32_t n = r->to - r->from, head = 0, tail = 0, next = r->from;
  uint32_t *deque = mill_arena_alloc(&r->states, (size_t)n * sizeof *deque);
  if (deque == NULL) return mill_oom(r->states.memory, n * sizeof *deque, err);
  mill_vector null;
  mill_vector_null(&null, r->g->type);
  for (uint32_t i = 0; i < n; i++) {
    mill_frame f = r->frame[i];
    for (; next < f.to; next++) {
      if (!mill_vector_valid(v, next)) continue;
      while (tail > head) {
        int d = mill_vector_compare(v, next, v, deque[tail - 1]);
        if (largest ? d <= 0 : d >= 0) break;
        tail--;
      }
      deque[tail++] = next;
    }
    while (head < tail && deque[head] < f.from) head++;
    bool some = head < tail && deque[head] < f.to;
    MILL_TRY(mill_vector_append(&r->c->out, some ? v : &null, some ? &deque[head] : NULL, 1, false,
                                &r->b->arena, err));
  }
  return MILL_OK;
}

/* ---- the tree ------------------------------------------------------------------------------- */

/* States of n nodes of FAN items each, made by `fill`, saved as the pieces of a level. */
static mill_status save_level(runner *r, struct level *l, uint32_t first, void *const *states,
                              uint32_t n, mill_error *err) {
  mill_vector *p = &l->piece[first / MILL_BATCH];
  MILL_TRY(mill_vector_init(p, r->g->partial, n, &r->b->arena, err));
  mill_call save = r->call;
  save.arena = &r->b->arena;
  return r->g->impl->save(&save, states, n, p, err);
}

static mill_status fill_node(runner *r, const struct level *below, uint32_t node, uint32_t items,
                             void *state, mill_error *err) {
  uint32_t at = node * FAN, stop = items - at < FAN ? items : at + FAN;
  r->state = state;
  if (below == NULL) return move_rows(r, r->g->impl->update, r->from + at, r->from + stop, err);
  for (; at < stop; at++) {
    mill_vector one;
    MILL_TRY(mill_vector_constant(&one, &below->piece[at / MILL_BATCH], at % MILL_BATCH,
                                  &r->scratch, err));
    MILL_TRY(r->g->impl->merge(&r->call, &state, &one, 1, err));
  }
  return MILL_OK;
}

/* The level over `items` rows, or over the nodes of the level below. */
static mill_status add_level(runner *r, uint32_t items, mill_error *err) {
  struct level *l = &r->level[r->nlevels];
  const struct level *below = r->nlevels ? l - 1 : NULL;
  uint32_t size = r->g->impl->state_size ? r->g->impl->state_size : 1;
  l->n = (items + FAN - 1) / FAN;
  size_t pieces = (l->n + MILL_BATCH - 1) / MILL_BATCH;
  l->piece = mill_arena_alloc(&r->b->arena, pieces * sizeof *l->piece);
  if (l->piece == NULL) return mill_oom(r->states.memory, pieces, err);
  for (uint32_t at = 0; at < l->n; at += MILL_BATCH) {
    void *states[MILL_BATCH];
    uint32_t n = l->n - at < MILL_BATCH ? l->n - at : MILL_BATCH;
    mill_arena_clear(&r->states);
    for (uint32_t i = 0; i < n; i++) {
      states[i] = mill_arena_alloc(&r->states, size);
      if (states[i] == NULL) return mill_oom(r->states.memory, size, err);
      if (r->g->impl->init) r->g->impl->init(&r->call, states[i]);
      MILL_TRY(fill_node(r, below, at + i, items, states[i], err));
      mill_arena_clear(&r->scratch);
    }
    MILL_TRY(save_level(r, l, at, states, n, err));
  }
  r->nlevels++;
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
      MILL_TRY(move_rows(r, r->g->impl->update, r->from + at, r->from + stop, err));
      at = stop;
      continue;
    }
    uint32_t node = (uint32_t)(at / width);
    mill_vector one;
    MILL_TRY(mill_vector_constant(&one, &r->level[k].piece[node / MILL_BATCH], node % MILL_BATCH,
                                  &r->scratch, err));
    MILL_TRY(r->g->impl->merge(&r->call, &r->state, &one, 1, err));
    at += (uint32_t)width;
  }
  return MILL_OK;
}

static mill_status over_tree(runner *r, mill_error *err) {
  uint32_t n = r->to - r->from;
  for (uint32_t items = n; items > FAN && r->nlevels < LEVELS; items = (items + FAN - 1) / FAN)
    MILL_TRY(add_level(r, items, err));
  for (uint32_t i = 0, rows; i < n; i += rows) {
    rows = same_frames(r, i);
    MILL_TRY(new_state(r, err));
    MILL_TRY(add_frame(r, r->frame[i].from - r->from, r->frame[i].to - r->from, err));
    MILL_TRY(put_value(r, rows, err));
  }
  return MILL_OK;
}

/* ---- all ------------------------------------------------------------------------------------ */

static mill_status run(runner *r, mill_error *err) {
  const char *name = r->g->fn->name;
  uint32_t n = r->to - r->from;
  bool grows = r->frame[0].from == r->frame[n - 1].from;
  bool largest = strcmp(name, "max") == 0;
  if (r->g->nargs == 1 && (largest || strcmp(name, "min") == 0) && r->c->arg[0].type == r->g->type)
    return extreme(r, largest, err);
  return grows || r->g->impl->retract ? slide(r, err) : over_tree(r, err);
}

mill_status mill_window_aggregate(mill_window_block *b, mill_window_call *c, uint32_t from,
                                  uint32_t to, const mill_frame *frame, mill_error *err) {
  const mill_bound_aggregate *g = &c->w->call;
  runner r = {.b = b, .c = c, .g = g, .from = from, .to = to, .frame = frame};
  mill_arena_init(&r.states, b->x->ctx->memory);
  mill_arena_init(&r.scratch, b->x->ctx->memory);
  r.call = (mill_call){.ctx = b->x->ctx,
                       .set = b->x->set,
                       .fn = g->fn,
                       .result = g->type,
                       .arg_type = g->arg_type,
                       .nargs = g->nargs,
                       .state = g->state,
                       .arena = &r.states,
                       .text = g->text,
                       .start = g->start,
                       .stop = g->stop};
  mill_status s = run(&r, err);
  mill_arena_clear(&r.scratch);
  mill_arena_clear(&r.states);
  return s;
}
