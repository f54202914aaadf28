/* Joins on disk, the second half: partitions of both sides, one after the other, into runs of result
** rows, each by the place of the left row; right rows that nobody met have places behind all others.
**
** A partition whose right rows fit in memory makes a table that its left rows probe, as in memory.
** One that does not is cut again by other bits of the hash. Where that does not help (few keys, or
** none: a nested loop) the right rows are taken block by block, and the left rows are read again for
** each. `met` then tells which left rows had a partner, and a last pass of the others over an empty
** table gives what the kind of join makes of them:
**
**     kind                      each block   last pass
**     INNER                     INNER
**     LEFT, SINGLE              INNER        LEFT       (SINGLE: a second partner is an error)
**     RIGHT                     RIGHT
**     FULL                      RIGHT        LEFT
**     SEMI                      SEMI
**     ANTI, NULL_AWARE_ANTI     SEMI         the kind   (what the blocks give is not kept)
**     MARK                      MARK         MARK       (of a block only what is true)
*/
#include "exec/join_spill_int.h"

enum { FORCED_ROOM = 4096 }; /* under force_spill tables are that small, so that tests see it all */
static const uint64_t BEHIND = 1ull << 62; /* added to the places of right rows without a partner */

/* The left rows of a partition against one table. */
typedef struct joining {
  mill_step end; /* takes the rows of the result */
  mill_join_disk *d;
  mill_spill_run *out;
  mill_vector *col; /* of the run */
  uint32_t ncols;   /* of the result */
  bool blocks;      /* in blocks: `met` of each left row of the partition, and rows are numbered */
  uint8_t *met;
  bool skip_met;  /* left rows that have been met do not probe */
  bool keep_true; /* only rows whose last column is true */
  bool silent;    /* rows only mark `met` */
  bool single;    /* two rows of one left row are an error */
  bool behind;    /* rows are right rows without a partner */
  uint32_t sel[MILL_BATCH];
} joining;

/* ---- rows of the result ---------------------------------------------------------------------- */

static mill_status note_met(joining *j, const mill_batch *b, mill_error *err) {
  const mill_vector *number = &b->col[b->ncols - 1];
  const uint64_t *n = number->data;
  for (uint32_t i = 0; i < b->n; i++) {
    uint8_t *met = &j->met[n[mill_vector_at(number, mill_batch_row(b, i))]];
    if (j->single && *met) return mill_fail(err, MILL_E_SCALAR_SUBQUERY_TOO_MANY_ROWS, NULL);
    *met = 1;
  }
  return MILL_OK;
}

static void keep_true(joining *j, mill_batch *b) {
  const mill_vector *v = &b->col[j->ncols - 1];
  uint32_t n = 0;
  for (uint32_t i = 0; i < b->n; i++) {
    uint32_t row = mill_batch_row(b, i);
    j->sel[n] = row;
    n += mill_vector_valid(v, row) && ((const uint8_t *)v->data)[mill_vector_at(v, row)];
  }
  b->n = n;
  b->sel = j->sel;
}

/* Put the places of right rows behind those of all left rows. */
static mill_status put_behind(const mill_vector *place, uint32_t n, mill_vector *out, mill_arena *a,
                              mill_error *err) {
  MILL_TRY(mill_vector_init(out, mill_type_of(MILL_BIGINT), n, a, err));
  out->size = n;
  for (uint32_t i = 0; i < n; i++)
    ((uint64_t *)out->data)[i] = ((const uint64_t *)place->data)[mill_vector_at(place, i)] + BEHIND;
  return MILL_OK;
}

static mill_status push_end(mill_step *s, mill_batch *b, mill_error *err) {
  joining *j = (joining *)s;
  mill_batch own = *b;
  if (j->keep_true) keep_true(j, &own);
  if (j->blocks && !j->behind) MILL_TRY(note_met(j, &own, err));
  if (j->silent || own.n == 0) return MILL_OK;
  mill_arena a;
  mill_arena_init(&a, s->x->ctx->memory);
  mill_status st = MILL_OK;
  for (uint32_t c = 0; c < j->ncols; c++) j->col[c] = b->col[c];
  const mill_vector *place = &b->col[b->ncols - 1 - (j->blocks && !j->behind)];
  j->col[j->ncols] = *place;
  if (j->behind) st = put_behind(place, b->n, &j->col[j->ncols], &a, err);
  own.col = j->col;
  own.ncols = j->ncols + 1;
  if (st == MILL_OK) st = mill_spill_write(j->out, &own, err);
  mill_arena_clear(&a);
  return st;
}

/* ---- left rows ------------------------------------------------------------------------------- */

/* The batch with the numbers of its rows, those that have been met left out where asked. */
static mill_status number_rows(joining *j, mill_batch *b, uint64_t first, uint32_t *sel,
                               mill_arena *a, mill_error *err) {
  uint32_t width = b->ncols, n = 0;
  mill_vector *col = mill_arena_alloc(a, (width + 1) * sizeof *col);
  if (col == NULL) return mill_oom(a->memory, width * sizeof *col, err);
  memcpy(col, b->col, width * sizeof *col);
  MILL_TRY(mill_vector_init(&col[width], mill_type_of(MILL_BIGINT), b->n, a, err));
  col[width].size = b->n;
  for (uint32_t i = 0; i < b->n; i++) {
    ((uint64_t *)col[width].data)[i] = first + i;
    sel[n] = i;
    n += !(j->skip_met && j->met[first + i]);
  }
  b->col = col;
  b->ncols = width + 1;
  if (n < b->n) b->sel = sel;
  b->n = n;
  return MILL_OK;
}

static mill_status push_run(joining *j, mill_step *probe, mill_rows *rows, uint64_t *number,
                            mill_error *err) {
  uint32_t sel[MILL_BATCH];
  const mill_run *run = j->d->x->run;
  mill_arena a;
  mill_arena_init(&a, j->d->x->ctx->memory);
  mill_status s = MILL_OK;
  while (s == MILL_OK) {
    mill_batch *read, b;
    s = rows->next(rows, &read, err);
    if (s != MILL_OK || read == NULL) break;
    b = *read;
    if (run->poll) s = run->poll(run->poll_arg, -1, 0, err);
    if (s == MILL_OK && j->blocks) s = number_rows(j, &b, *number, sel, &a, err);
    *number += read->n;
    if (s == MILL_OK && b.n) s = probe->push(probe, &b, err);
    mill_arena_clear(&a);
  }
  mill_arena_clear(&a);
  return s;
}

static mill_status push_runs(joining *j, mill_step *probe, mill_join_runs left, mill_error *err) {
  uint64_t number = 0;
  for (size_t i = 0; i < left.n; i++) {
    mill_rows *rows = NULL;
    if (left.run[i * left.stride] == NULL) continue;
    MILL_TRY(mill_spill_read(left.run[i * left.stride], &rows, err));
    mill_status s = push_run(j, probe, rows, &number, err);
    rows->free(rows);
    if (s != MILL_OK) return s;
  }
  return MILL_OK;
}

/* ---- one table ------------------------------------------------------------------------------ */

static mill_status probe_table(joining *j, mill_join_table *t, mill_join_runs left,
                               mill_error *err) {
  mill_step *probe = NULL;
  const mill_join_side *right = &j->d->side[1];
  t->any = right->any;
  t->has_null_key = right->null_key;
  MILL_TRY(mill_join_probe(t->x, t->op, t, &probe, err));
  probe->next = &j->end;
  mill_status s = push_runs(j, probe, left, err);
  probe->free(probe);
  return s;
}

/* The left rows against a table of the right ones, which is taken over, as a join of `kind`. */
static mill_status join_table(joining *j, mill_op_join kind, mill_table *right, mill_join_runs left,
                              mill_error *err) {
  mill_join_table *t = NULL;
  mill_op op = j->d->op;
  op.join = kind;
  mill_status s = mill_join_table_new(j->d->x, &op, right, &t, err);
  if (s == MILL_OK) s = mill_sorted_placed_run(j->d->out, &j->out, err);
  if (s == MILL_OK) s = probe_table(j, t, left, err);
  if (s == MILL_OK && (kind == MILL_OP_RIGHT || kind == MILL_OP_FULL)) {
    j->behind = true;
    s = mill_join_unmatched(t, &j->end, err);
    j->behind = false;
  }
  if (s == MILL_OK) s = mill_spill_end(j->out, err);
  mill_join_free(t);
  return s;
}

/* ---- right rows ------------------------------------------------------------------------------ */

typedef struct right_reader {
  mill_join_runs runs;
  size_t at;
  mill_rows *rows;
  uint64_t left; /* rows that have not been read */
} right_reader;

/* At least `most` rows, if there are so many, and no more than a batch above. */
static mill_status read_rows(right_reader *r, uint64_t most, mill_table *out, mill_error *err) {
  while (out->rows < most && r->at < r->runs.n) {
    mill_spill_run *run = r->runs.run[r->at * r->runs.stride];
    mill_batch *b = NULL;
    if (run && r->rows == NULL) MILL_TRY(mill_spill_read(run, &r->rows, err));
    if (run) MILL_TRY(r->rows->next(r->rows, &b, err));
    if (b) {
      r->left -= b->n;
      MILL_TRY(mill_table_append(out, b, err));
      continue;
    }
    if (r->rows) r->rows->free(r->rows);
    r->rows = NULL;
    r->at++;
  }
  return MILL_OK;
}

static mill_status read_table(joining *j, right_reader *r, uint64_t most, mill_table **out,
                              mill_error *err) {
  MILL_TRY(mill_table_new(j->d->x->ctx->memory, j->d->side[1].schema, out, err));
  (*out)->expect = r->left < most ? r->left : most;
  mill_status s = read_rows(r, most, *out, err);
  if (s == MILL_OK) return s;
  mill_table_unref(*out);
  *out = NULL;
  return s;
}

/* ---- blocks --------------------------------------------------------------------------------- */

static mill_op_join block_kind(mill_op_join kind) {
  switch (kind) {
  case MILL_OP_RIGHT:
  case MILL_OP_FULL: return MILL_OP_RIGHT;
  case MILL_OP_SEMI:
  case MILL_OP_ANTI:
  case MILL_OP_NULL_AWARE_ANTI: return MILL_OP_SEMI;
  case MILL_OP_MARK: return MILL_OP_MARK;
  default: return MILL_OP_INNER;
  }
}

static mill_status last_pass(joining *j, mill_join_runs left, mill_error *err) {
  mill_op_join kind = j->d->op.join;
  mill_table *none = NULL;
  if (kind == MILL_OP_INNER || kind == MILL_OP_RIGHT || kind == MILL_OP_SEMI) return MILL_OK;
  if (kind == MILL_OP_FULL || kind == MILL_OP_SINGLE) kind = MILL_OP_LEFT;
  j->skip_met = true;
  j->silent = j->keep_true = j->single = false;
  MILL_TRY(mill_table_new(j->d->x->ctx->memory, j->d->side[1].schema, &none, err));
  return join_table(j, kind, none, left, err);
}

static mill_status join_blocks(joining *j, mill_join_runs left, right_reader *r, uint64_t most,
                               mill_error *err) {
  mill_op_join kind = j->d->op.join, each = block_kind(kind);
  j->skip_met = each == MILL_OP_SEMI || each == MILL_OP_MARK;
  j->silent = each == MILL_OP_SEMI && kind != MILL_OP_SEMI;
  j->keep_true = each == MILL_OP_MARK;
  j->single = kind == MILL_OP_SINGLE;
  while (r->left > 0) {
    mill_table *t = NULL;
    MILL_TRY(read_table(j, r, most, &t, err));
    MILL_TRY(join_table(j, each, t, left, err));
  }
  return last_pass(j, left, err);
}

/* ---- partitions ----------------------------------------------------------------------------- */

static uint64_t rows_of(mill_join_runs r, uint64_t *bytes) {
  uint64_t rows = 0;
  *bytes = 0;
  for (size_t i = 0; i < r.n; i++) {
    const mill_spill_run *run = r.run[i * r.stride];
    if (run == NULL) continue;
    rows += mill_spill_rows(run);
    *bytes += mill_spill_bytes(run);
  }
  return rows;
}

/* Bytes that a table may take: what is left below the point where spilling begins, but at least a
** part of the whole that is always tried. */
static uint64_t room_of(const mill_context *ctx) {
  if (ctx->force_spill) return FORCED_ROOM;
  mill_memory_stats s = mill_memory_read(ctx->memory);
  if (s.limit == 0) return UINT64_MAX;
  uint64_t due = s.limit / 5 * 4, least = s.limit / 16;
  return s.used + least < due ? due - s.used : least;
}

static mill_status join_rows(mill_join_disk *d, mill_join_runs left, mill_join_runs right,
                             int depth, mill_error *err);

static mill_status add_runs(mill_join_side *to, mill_join_runs from, mill_error *err) {
  MILL_TRY(to->base.begin(&to->base, 1, err));
  for (size_t i = 0; i < from.n; i++) {
    mill_rows *rows = NULL;
    mill_batch *b = NULL;
    if (from.run[i * from.stride] == NULL) continue;
    MILL_TRY(mill_spill_read(from.run[i * from.stride], &rows, err));
    mill_status s = rows->next(rows, &b, err);
    while (s == MILL_OK && b) {
      s = mill_join_side_add(to, b, err);
      if (s == MILL_OK) s = rows->next(rows, &b, err);
    }
    rows->free(rows);
    if (s != MILL_OK) return s;
  }
  return to->base.end_morsel(&to->base, 0, err);
}

/* Cut a partition by other bits of the hash. */
static mill_status join_cut(mill_join_disk *d, mill_join_runs left, mill_join_runs right, int depth,
                            mill_error *err) {
  mill_join_side side[2] = {0};
  mill_status s = mill_join_side_init(&side[0], d->x, &d->op, false, depth + 1, err);
  if (s == MILL_OK) s = mill_join_side_init(&side[1], d->x, &d->op, true, depth + 1, err);
  if (s == MILL_OK) s = add_runs(&side[0], left, err);
  if (s == MILL_OK) s = add_runs(&side[1], right, err);
  for (int p = 0; p < MILL_JOIN_PARTS && s == MILL_OK; p++)
    s = join_rows(d, mill_join_side_runs(&side[0], p), mill_join_side_runs(&side[1], p), depth + 1,
                  err);
  for (int i = 0; i < 2; i++) mill_join_side_clear(&side[i]);
  return s;
}

/* Tables of at most `most` rows: one, or block by block. */
static mill_status join_tables(mill_join_disk *d, mill_join_runs left, right_reader *r,
                               uint64_t nleft, uint64_t most, mill_error *err) {
  mill_memory *m = d->x->ctx->memory;
  uint32_t n = d->op.schema->nfields;
  mill_table *t = NULL;
  joining *j = mill_calloc(m, sizeof *j);
  if (j == NULL) return mill_oom(m, sizeof *j, err);
  *j = (joining){.end = {.x = d->x, .push = push_end}, .d = d, .ncols = n};
  j->blocks = r->left > most;
  j->col = mill_calloc(m, (n + 1) * sizeof *j->col);
  if (j->blocks) j->met = mill_calloc(m, (size_t)nleft + 1);
  mill_status s = MILL_OK;
  if (j->col == NULL || (j->blocks && j->met == NULL)) {
    s = mill_oom(m, (size_t)nleft, err);
  } else if (j->blocks) {
    s = join_blocks(j, left, r, most, err);
  } else {
    s = read_table(j, r, most, &t, err);
    if (s == MILL_OK) s = join_table(j, d->op.join, t, left, err);
  }
  if (r->rows) r->rows->free(r->rows);
  if (j->met) mill_free(m, j->met, (size_t)nleft + 1);
  if (j->col) mill_free(m, j->col, (n + 1) * sizeof *j->col);
  mill_free(m, j, sizeof *j);
  return s;
}

/* Can there be rows of the result? */
static bool matters(mill_op_join kind, uint64_t nleft, uint64_t nright) {
  switch (kind) {
  case MILL_OP_INNER:
  case MILL_OP_SEMI: return nleft > 0 && nright > 0;
  case MILL_OP_RIGHT: return nright > 0;
  case MILL_OP_FULL: return nleft > 0 || nright > 0;
  default: return nleft > 0;
  }
}

static mill_status join_rows(mill_join_disk *d, mill_join_runs left, mill_join_runs right,
                             int depth, mill_error *err) {
  uint64_t lbytes, bytes, nleft = rows_of(left, &lbytes), nright = rows_of(right, &bytes);
  if (!matters(d->op.join, nleft, nright)) return MILL_OK;
  uint64_t each = mill_join_table_bytes(d->side[1].schema, 1) + bytes / (nright ? nright : 1);
  uint64_t most = room_of(d->x->ctx) / each;
  if (nright > most && d->op.nkeys && depth < MILL_JOIN_DEEPEST)
    return join_cut(d, left, right, depth, err);
  right_reader r = {.runs = right, .left = nright};
  return join_tables(d, left, &r, nleft, most < MILL_BATCH ? MILL_BATCH : most, err);
}

mill_status mill_join_parts(mill_join_disk *d, mill_error *err) {
  for (int p = 0; p < MILL_JOIN_PARTS; p++)
    MILL_TRY(join_rows(d, mill_join_side_runs(&d->side[0], p), mill_join_side_runs(&d->side[1], p),
                       0, err));
  return MILL_OK;
}
