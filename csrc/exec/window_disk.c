/* A partition that does not fit in memory, as a window operator's blocks; see window_int.h.
**
**     rows       the operator's columns and keys      one reader, which gives the blocks
**     keys       the order keys                       two places: a row, the end of its peers
**     a call     what it reads of other rows          as many places as its frame has edges
**
** Each is a run of its own, so that who moves through the partition reads no more than it needs. A
** block is a page of the rows. All places move on with the rows; the few blocks that a reader keeps
** (spill.h) serve them without reading anything twice, unless a frame is wide. Memory: those blocks
** for each call, whatever the partition's size. */
#include "exec/window_int.h"

typedef struct column_run {
  mill_spill *file; /* NULL: no columns */
  mill_spill_run *run;
  mill_spill_seeker *seeker;
} column_run;

struct mill_window_disk {
  const mill_sorted *sorted;
  const mill_op *op;
  mill_arena arena; /* as long as the partition */
  column_run rows, keys, *value;
  mill_sort_column *key; /* in keys */
  mill_window_call *call;
  uint64_t n;
  uint32_t at, peer, peer_stop;
};

static mill_status open_run(const mill_context *ctx, const mill_type *schema, column_run *out,
                            mill_error *err) {
  if (schema == NULL) return mill_oom(ctx->memory, sizeof *schema, err);
  MILL_TRY(mill_spill_new(ctx, schema, &out->file, err));
  return mill_spill_run_new(out->file, &out->run, err);
}

static void drop_run(column_run *r) {
  mill_spill_seeker_free(r->seeker);
  mill_spill_run_free(r->run);
  mill_spill_free(r->file);
}

static mill_status open_keys(mill_window_disk *d, mill_error *err) {
  const mill_sorted *s = d->sorted;
  uint32_t n = (uint32_t)d->op->nsorts;
  bool needed = false;
  for (int i = 0; i < d->op->nwindows; i++) needed |= mill_window_needs_peers(&d->op->windows[i]);
  mill_field *f = mill_arena_alloc(&d->arena, (n + 1) * sizeof *f);
  d->key = mill_arena_alloc(&d->arena, (n + 1) * sizeof *d->key);
  if (f == NULL || d->key == NULL) return mill_oom(d->arena.memory, n * sizeof *f, err);
  for (uint32_t i = 0; i < n; i++) {
    d->key[i] = (mill_sort_column){.column = i};
    f[i] = s->schema->fields[s->key[d->op->nkeys + (int)i].column];
  }
  if (!needed) return MILL_OK;
  return open_run(s->x->ctx, mill_type_struct(s->x->ctx->types, f, n), &d->keys, err);
}

static mill_status open_values(mill_window_disk *d, int k, mill_error *err) {
  const mill_op_window *w = &d->op->windows[k];
  const mill_sorted *s = d->sorted;
  mill_window_call *c = &d->call[k];
  int n = mill_window_layout(w, c);
  mill_field *f = mill_arena_alloc(&d->arena, (size_t)(n + 1) * sizeof *f);
  if (f == NULL) return mill_oom(d->arena.memory, sizeof *f, err);
  for (int i = 0; i < n; i++) f[i] = (mill_field){"value", NULL, true, NULL};
  for (int i = 0; i < w->call.nargs; i++) f[i].type = w->call.args[i]->type;
  if (c->from >= 0) f[c->from].type = w->from_value->type;
  if (c->to >= 0) f[c->to].type = w->to_value->type;
  if (c->key >= 0) f[c->key].type = s->schema->fields[s->key[d->op->nkeys].column].type;
  if (n == 0) return MILL_OK;
  return open_run(s->x->ctx, mill_type_struct(s->x->ctx->types, f, (uint32_t)n), &d->value[k], err);
}

static mill_status open_all(mill_window_disk *d, mill_error *err) {
  size_t n = (size_t)d->op->nwindows + 1;
  d->value = mill_arena_alloc(&d->arena, n * sizeof *d->value);
  d->call = mill_arena_alloc(&d->arena, n * sizeof *d->call);
  if (d->value == NULL || d->call == NULL)
    return mill_oom(d->arena.memory, n * sizeof *d->call, err);
  MILL_TRY(open_run(d->sorted->x->ctx, d->sorted->schema, &d->rows, err));
  MILL_TRY(open_keys(d, err));
  for (int k = 0; k < d->op->nwindows; k++) MILL_TRY(open_values(d, k, err));
  return MILL_OK;
}

mill_status mill_window_disk_new(const mill_sorted *sorted, const mill_op *op,
                                 mill_window_disk **out, mill_error *err) {
  mill_memory *m = sorted->x->ctx->memory;
  mill_window_disk *d = mill_calloc(m, sizeof *d);
  *out = d;
  if (d == NULL) return mill_oom(m, sizeof *d, err);
  d->sorted = sorted;
  d->op = op;
  mill_arena_init(&d->arena, m);
  return open_all(d, err);
}

void mill_window_disk_free(mill_window_disk *d) {
  if (d == NULL) return;
  mill_memory *m = d->arena.memory;
  for (int k = 0; k < d->op->nwindows && d->value && d->call; k++) {
    mill_window_runner_free(d->call[k].runner);
    drop_run(&d->value[k]);
  }
  drop_run(&d->keys);
  drop_run(&d->rows);
  mill_arena_clear(&d->arena);
  mill_free(m, d, sizeof *d);
}

/* ---- writing -------------------------------------------------------------------------------- */

static mill_status write(column_run *r, mill_vector *col, uint32_t ncols, uint32_t n,
                         mill_error *err) {
  mill_batch b = {.n = n, .ncols = ncols, .col = col};
  return r->run ? mill_spill_write(r->run, &b, err) : MILL_OK;
}

static mill_status write_columns(mill_window_disk *d, mill_vector *col, const mill_vector *made,
                                 uint32_t n, mill_vector *own, mill_error *err) {
  const mill_sorted *s = d->sorted;
  const mill_sort_column *order = s->key + d->op->nkeys;
  MILL_TRY(write(&d->rows, col, s->schema->nfields, n, err));
  for (int i = 0; i < d->op->nsorts; i++) own[i] = col[order[i].column];
  MILL_TRY(write(&d->keys, own, (uint32_t)d->op->nsorts, n, err));
  for (int k = 0; k < d->op->nwindows; k++) {
    uint32_t width = 0;
    mill_window_call *c = &d->call[k];
    uint32_t fields = d->value[k].file ? (uint32_t)mill_window_layout(c->w, c) : 0;
    for (; width < fields - (c->key >= 0); width++) own[width] = *made++;
    if (c->key >= 0) own[width++] = col[order[0].column];
    MILL_TRY(write(&d->value[k], own, width, n, err));
  }
  return MILL_OK;
}

mill_status mill_window_disk_add(mill_window_disk *d, mill_vector *col, const mill_vector *made,
                                 uint32_t n, mill_error *err) {
  size_t most = (size_t)d->op->nsorts + 4;
  for (int k = 0; k < d->op->nwindows; k++) most += (size_t)d->op->windows[k].call.nargs;
  mill_memory *m = d->arena.memory;
  mill_vector *own = mill_alloc(m, most * sizeof *own);
  if (own == NULL) return mill_oom(m, most * sizeof *own, err);
  mill_status s = write_columns(d, col, made, n, own, err);
  mill_free(m, own, most * sizeof *own);
  d->n += n;
  if (s == MILL_OK && d->n > UINT32_MAX - MILL_BATCH) s = mill_oom(m, SIZE_MAX, err);
  return s;
}

static mill_status end_run(column_run *r, mill_error *err) {
  if (r->run == NULL) return MILL_OK;
  MILL_TRY(mill_spill_end(r->run, err));
  return mill_spill_seeker_new(r->run, &r->seeker, err);
}

mill_status mill_window_disk_end(mill_window_disk *d, mill_error *err) {
  MILL_TRY(end_run(&d->rows, err));
  MILL_TRY(end_run(&d->keys, err));
  for (int k = 0; k < d->op->nwindows; k++) {
    MILL_TRY(end_run(&d->value[k], err));
    d->call[k].values.seeker = d->value[k].seeker;
  }
  return MILL_OK;
}

/* ---- blocks --------------------------------------------------------------------------------- */

/* The peers of row i, which is behind those known. */
static mill_status find_peers(mill_window_disk *d, uint32_t i, mill_error *err) {
  mill_spill_piece own, other;
  uint32_t stop = i + 1;
  d->peer = i;
  if (d->keys.seeker) MILL_TRY(mill_spill_seek(d->keys.seeker, i, &own, err));
  for (; stop < d->n && d->keys.seeker; stop++) {
    if (stop % MILL_BATCH == 0) MILL_TRY(mill_watch_check(err));
    MILL_TRY(mill_spill_seek(d->keys.seeker, stop, &other, err));
    if (stop - i >= MILL_BATCH) MILL_TRY(mill_spill_seek(d->keys.seeker, i, &own, err));
    if (!mill_window_same(d->key, d->op->nsorts, own.col, own.at, other.col, other.at)) break;
  }
  d->peer_stop = stop;
  return MILL_OK;
}

static mill_status list_peers(mill_window_disk *d, mill_window_block *b, mill_error *err) {
  b->peer = mill_arena_take(&b->arena, (b->n + 1) * sizeof *b->peer);
  b->peer_stop = mill_arena_take(&b->arena, (b->n + 1) * sizeof *b->peer_stop);
  if (!b->peer || !b->peer_stop) return mill_oom(b->arena.memory, b->n * sizeof *b->peer, err);
  for (uint32_t k = 0; k < b->n; k++) {
    if (b->base + k >= d->peer_stop) MILL_TRY(find_peers(d, b->base + k, err));
    b->peer[k] = d->peer;
    b->peer_stop[k] = d->peer_stop;
  }
  return MILL_OK;
}

static mill_status next_page(mill_window_disk *d, mill_window_block *b, mill_error *err) {
  uint32_t width = d->sorted->schema->nfields;
  mill_spill_piece p;
  MILL_TRY(mill_spill_seek(d->rows.seeker, d->at, &p, err));
  b->n = p.n;
  b->base = d->at;
  d->at += p.n;
  b->col = mill_arena_take(&b->arena, (width + 1) * sizeof *b->col);
  b->frame = mill_arena_take(&b->arena, b->n * sizeof *b->frame);
  if (b->col == NULL || b->frame == NULL) return mill_oom(b->arena.memory, b->n, err);
  memcpy(b->col, p.col, width * sizeof *b->col);
  return list_peers(d, b, err);
}

mill_status mill_window_disk_next(mill_window_disk *d, mill_window_block *b, mill_error *err) {
  mill_arena_reset(&b->arena);
  *b = (mill_window_block){.x = d->sorted->x,
                           .op = d->op,
                           .sorted = d->sorted,
                           .key = d->sorted->key,
                           .arena = b->arena,
                           .deep = true,
                           .call = d->call};
  if (d->at == d->n) return MILL_OK;
  MILL_TRY(next_page(d, b, err));
  mill_window_span s = {0, (uint32_t)d->n, b->base, b->base + b->n};
  for (int k = 0; k < d->op->nwindows; k++) {
    mill_window_call *c = &d->call[k];
    MILL_TRY(mill_vector_init(&c->out, c->w->call.type, b->n, &b->arena, err));
    MILL_TRY(mill_window_rows(b, c, &s, err));
  }
  return MILL_OK;
}
