/* The press: rows that wait for their files, worked on by all threads; see write_int.h.
**
** Rows are kept until PRESS_BYTES of them wait (less under a memory limit), then all drafts are worked
** on, round by round. One task more puts the bytes that the run before has made, so that threads do not
** stand still while files are written. Memory is bounded by the rows that wait, what is made of them,
** and what the drafts hold (PRESS_HELD; the largest are flushed first). */
#include "base/thread.h"
#include "io/write_int.h"

enum {
  PRESS_BYTES = 32 << 20,
  PRESS_LEAST = 64 << 10,
  PRESS_HELD = 256 << 20,
  PRESS_LAST = 64, /* drafts that are to end */
};

/* Bytes on their way into a file, or its end. */
typedef struct made_bytes {
  io_sink sink;
  mill_text bytes;
  bool done;
} made_bytes;

struct io_press {
  const mill_context *ctx;
  mill_encoder *encoder;
  mill_arena arena; /* the lots and what is in them */
  io_draft **draft;
  size_t *first; /* number of each draft's first task in the round at hand */
  size_t n, room, first_room, nlast;
  int round;
  bool lasting;
  size_t waiting, most_waiting, most_held;
  made_bytes *made;
  size_t nmade, made_room;
  size_t nput; /* of them are to be put in the round at hand */
};

mill_status mill_io_press_new(const mill_context *ctx, mill_encoder *e, bool lasting,
                              io_press **out, mill_error *err) {
  io_press *p = mill_calloc(ctx->memory, sizeof *p);
  size_t limit = mill_memory_read(ctx->memory).limit;
  if (p == NULL) return mill_oom(ctx->memory, sizeof *p, err);
  p->ctx = ctx;
  p->encoder = e;
  p->lasting = lasting;
  p->most_waiting = limit && limit / 16 < PRESS_BYTES ? limit / 16 : PRESS_BYTES;
  if (p->most_waiting < PRESS_LEAST) p->most_waiting = PRESS_LEAST;
  if (e->lot_bytes && e->lot_bytes < p->most_waiting) p->most_waiting = e->lot_bytes;
  p->most_held = limit && limit / 4 < PRESS_HELD ? limit / 4 : PRESS_HELD;
  mill_arena_init(&p->arena, ctx->memory);
  *out = p;
  return MILL_OK;
}

static void free_draft(io_press *p, io_draft *d) {
  if (d->lot) mill_free(p->ctx->memory, d->lot, d->lot_room * sizeof *d->lot);
  d->is->free(d);
}

void mill_io_press_free(io_press *p) {
  if (p == NULL) return;
  for (size_t i = 0; i < p->n; i++) free_draft(p, p->draft[i]);
  if (p->draft) mill_free(p->ctx->memory, p->draft, p->room * sizeof *p->draft);
  if (p->first) mill_free(p->ctx->memory, p->first, p->first_room * sizeof *p->first);
  for (size_t i = 0; i < p->nmade; i++) mill_text_clear(&p->made[i].bytes);
  if (p->made) mill_free(p->ctx->memory, p->made, p->made_room * sizeof *p->made);
  mill_arena_clear(&p->arena);
  mill_free(p->ctx->memory, p, sizeof *p);
}

static mill_status run(io_press *p, mill_error *err);

mill_status mill_io_press_open(io_press *p, io_sink sink, io_draft **out, mill_error *err) {
  mill_memory *m = p->ctx->memory;
  if (p->nlast >= PRESS_LAST) MILL_TRY(run(p, err));
  void *draft = p->draft, *first = p->first;
  mill_status s = mill_grow(m, &draft, &p->room, p->n + 1, sizeof *p->draft, err);
  p->draft = draft;
  if (s == MILL_OK) s = mill_grow(m, &first, &p->first_room, p->n + 1, sizeof *p->first, err);
  p->first = first;
  MILL_TRY(s);
  MILL_TRY(mill_io_draft_new(p->encoder, out, err));
  (*out)->sink = sink;
  (*out)->press = p;
  p->draft[p->n++] = *out;
  return MILL_OK;
}

void mill_io_press_last(io_draft *d) {
  d->last = true;
  d->press->nlast++;
}

/* ---- bytes ---------------------------------------------------------------------------------- */

static mill_status add_made(io_press *p, const made_bytes *m, mill_error *err) {
  void *made = p->made;
  mill_status s =
      mill_grow(p->ctx->memory, &made, &p->made_room, p->nmade + 1, sizeof *p->made, err);
  p->made = made;
  MILL_TRY(s);
  p->made[p->nmade++] = *m;
  return MILL_OK;
}

mill_status mill_io_press_put_move(io_draft *d, mill_text *bytes, mill_error *err) {
  made_bytes m = {d->sink, *bytes, false};
  mill_status s = m.bytes.size ? add_made(d->press, &m, err) : MILL_OK;
  if (s != MILL_OK || m.bytes.size == 0) mill_text_clear(&m.bytes);
  mill_text_init(bytes, m.bytes.memory);
  return s;
}

static mill_status put_made(io_press *p, mill_error *err) {
  for (size_t i = 0; i < p->nput; i++) {
    made_bytes *m = &p->made[i];
    MILL_TRY(m->done ? m->sink.done(m->sink.arg, err)
                     : m->sink.put(m->sink.arg, m->bytes.data, m->bytes.size, err));
    mill_text_clear(&m->bytes);
  }
  return MILL_OK;
}

/* What has been put goes off the list. */
static void drop_put(io_press *p) {
  if (p->nput == 0) return;
  p->nmade -= p->nput;
  memmove(p->made, p->made + p->nput, p->nmade * sizeof *p->made);
  p->nput = 0;
}

/* ---- rows that wait ------------------------------------------------------------------------- */

/* Bytes of n values: at positions at[0..n), or with NULL at from, from + 1, .. */
static size_t bytes_of(const mill_vector *v, const uint32_t *at, size_t from, size_t n) {
  mill_phys phys = v->type->phys;
  size_t sum = n * v->type->width;
  if (phys == MILL_PHYS_STRUCT)
    for (uint32_t c = 0; v->child && c < v->type->nfields; c++)
      sum += bytes_of(&v->child[c], at, from, n);
  if (phys != MILL_PHYS_STR && (phys != MILL_PHYS_LIST || v->child == NULL)) return sum;
  for (size_t i = 0; i < n; i++) {
    uint32_t k = mill_vector_at(v, at ? at[i] : from + i);
    if (!mill_valid_bit(v->valid, k)) continue;
    if (phys == MILL_PHYS_STR) {
      sum += ((const mill_str *)v->data)[k].size;
      continue;
    }
    mill_span s = ((const mill_span *)v->data)[k];
    for (uint32_t c = 0; c < v->type->nfields; c++)
      sum += bytes_of(&v->child[c], NULL, s.start, s.size);
  }
  return sum;
}

/* A vector whose data last, but not its heads, which belong to a batch. */
static mill_status keep_head(io_press *p, mill_vector *out, const mill_vector *v, mill_error *err) {
  size_t bytes = v->type->nfields * sizeof *v;
  *out = *v;
  if (v->child == NULL || v->type->phys != MILL_PHYS_STRUCT || bytes == 0) return MILL_OK;
  out->child = mill_arena_alloc(&p->arena, bytes);
  if (out->child == NULL) return mill_oom(p->ctx->memory, bytes, err);
  for (uint32_t i = 0; i < v->type->nfields; i++)
    MILL_TRY(keep_head(p, &out->child[i], &v->child[i], err));
  return MILL_OK;
}

static mill_status keep_rows(io_press *p, io_lot *x, const mill_vector *col, uint32_t ncols,
                             const uint32_t *at, uint32_t n, mill_error *err) {
  mill_vector *kept = mill_arena_alloc(&p->arena, ((size_t)ncols + 1) * sizeof *kept);
  uint32_t *own = p->lasting && at ? mill_arena_take(&p->arena, n * sizeof *own) : NULL;
  if (kept == NULL || (p->lasting && at && own == NULL))
    return mill_oom(p->ctx->memory, ncols * sizeof *kept + n * sizeof *own, err);
  if (own) memcpy(own, at, n * sizeof *own);
  *x = (io_lot){kept, own, n};
  p->waiting += ncols * sizeof *kept;
  for (uint32_t i = 0; i < ncols; i++) {
    p->waiting += bytes_of(&col[i], at, 0, n);
    MILL_TRY(p->lasting && col[i].index == NULL
                 ? keep_head(p, &kept[i], &col[i], err)
                 : mill_vector_gather(&kept[i], &col[i], at, n, true, &p->arena, err));
  }
  return MILL_OK;
}

static mill_status add_lot(io_press *p, io_draft *d, const mill_vector *col, uint32_t ncols,
                           const uint32_t *at, uint32_t n, mill_error *err) {
  void *lot = d->lot;
  mill_status s = mill_grow(p->ctx->memory, &lot, &d->lot_room, d->nlots + 1, sizeof *d->lot, err);
  d->lot = lot;
  MILL_TRY(s);
  MILL_TRY(keep_rows(p, &d->lot[d->nlots], col, ncols, at, n, err));
  d->nlots++;
  d->rows += n;
  return d->rows >= d->room || p->waiting >= p->most_waiting ? run(p, err) : MILL_OK;
}

mill_status mill_io_press_add(io_press *p, io_draft *d, const mill_vector *col, uint32_t ncols,
                              const uint32_t *at, uint32_t n, mill_error *err) {
  uint32_t rest[MILL_BATCH];
  if (d->room > d->rows && n <= d->room - d->rows) return add_lot(p, d, col, ncols, at, n, err);
  for (uint32_t i = 0; i < n; i++) rest[i] = at ? at[i] : i;
  for (uint32_t done = 0; done < n;) {
    uint64_t room = d->room - d->rows;
    uint32_t take = room < n - done ? (uint32_t)room : n - done;
    MILL_TRY(add_lot(p, d, col, ncols, rest + done, take, err));
    done += take;
  }
  return MILL_OK;
}

/* ---- working -------------------------------------------------------------------------------- */

/* The round's first task puts bytes, when there are some. Of the others the draft is the last one whose
** first task is not behind. */
static mill_status work(void *arg, size_t task, int worker, mill_error *err) {
  io_press *p = arg;
  size_t lo = 0, hi = p->n;
  if (p->nput && task-- == 0) return put_made(p, err);
  while (hi - lo > 1) {
    size_t middle = lo + (hi - lo) / 2;
    if (p->first[middle] <= task)
      lo = middle;
    else
      hi = middle;
  }
  io_draft *d = p->draft[lo];
  return d->is->work(d, p->round, task - p->first[lo], worker, err);
}

/* Drafts without tasks share their first with the next one, so they are never found. */
static mill_status run_round(io_press *p, mill_error *err) {
  size_t total = 0;
  for (size_t i = 0; i < p->n; i++) {
    size_t n = 0;
    io_draft *d = p->draft[i];
    p->first[i] = total;
    if (p->round < d->is->rounds) MILL_TRY(d->is->tasks(d, p->round, &n, err));
    total += n;
  }
  p->nput = total ? p->nmade : 0;
  MILL_TRY(mill_pool_run(p->ctx->pool, total + (p->nput > 0), work, p, err));
  drop_put(p);
  return MILL_OK;
}

/* What is ready is handed on, draft after draft; drafts that are complete go. */
static mill_status take_out(io_press *p, mill_error *err) {
  size_t left = 0;
  mill_status s = MILL_OK;
  for (size_t i = 0; i < p->n; i++) {
    io_draft *d = p->draft[i];
    made_bytes end = {.sink = d->sink, .done = true};
    if (s == MILL_OK) s = d->is->take(d, err);
    if (s == MILL_OK && d->last) s = add_made(p, &end, err);
    d->nlots = 0;
    d->rows = 0;
    d->flush = false;
    if (d->last && s == MILL_OK)
      free_draft(p, d);
    else
      p->draft[left++] = d;
  }
  p->n = left;
  p->nlast = p->waiting = 0;
  mill_arena_reset(&p->arena);
  return s;
}

static mill_status run_rounds(io_press *p, mill_error *err) {
  int rounds = 0;
  for (size_t i = 0; i < p->n; i++)
    if (p->draft[i]->is->rounds > rounds) rounds = p->draft[i]->is->rounds;
  for (p->round = 0; p->round < rounds; p->round++) MILL_TRY(run_round(p, err));
  return take_out(p, err);
}

/* When the drafts hold too much together, the largest are to hand on what they can. */
static bool mark_largest(io_press *p) {
  size_t held = 0;
  bool any = false;
  for (size_t i = 0; i < p->n; i++) held += p->draft[i]->held;
  while (held > (any ? p->most_held / 2 : p->most_held)) {
    io_draft *largest = NULL;
    for (size_t i = 0; i < p->n; i++)
      if (!p->draft[i]->flush && (largest == NULL || p->draft[i]->held > largest->held))
        largest = p->draft[i];
    if (largest == NULL || largest->held == 0) break;
    largest->flush = any = true;
    held -= largest->held;
  }
  return any;
}

static mill_status run(io_press *p, mill_error *err) {
  MILL_TRY(run_rounds(p, err));
  return mark_largest(p) ? run_rounds(p, err) : MILL_OK;
}

mill_status mill_io_press_end(io_press *p, mill_error *err) {
  MILL_TRY(run(p, err));
  p->nput = p->nmade;
  MILL_TRY(put_made(p, err));
  drop_put(p);
  return MILL_OK;
}
