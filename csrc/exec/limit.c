/* LIMIT and TAIL in the middle of a plan, and rows of a reader that can be read once: kept rows
** (kept.c), which go to disk where memory is short.
**
** A LIMIT runs what is below it morsel after morsel until it has enough, and keeps only its rows. A
** TAIL keeps all rows of its child first, since nobody knows their number. */
#include "exec/exec_int.h"

/* Rows [skip, skip + left) of what is pushed go on to `to`. */
typedef struct cut_sink {
  mill_sink base;
  mill_sink *to;
  uint64_t skip, left;
  uint32_t sel[MILL_BATCH];
} cut_sink;

static mill_status cut_begin(mill_sink *s, size_t morsels, mill_error *err) {
  mill_sink *to = ((cut_sink *)s)->to;
  return to->begin(to, morsels, err);
}

static mill_status cut_push(mill_sink *s, size_t morsel, mill_batch *b, mill_error *err) {
  cut_sink *c = (cut_sink *)s;
  uint32_t from = c->skip < b->n ? (uint32_t)c->skip : b->n, n = b->n - from;
  c->skip -= from;
  if (n > c->left) n = (uint32_t)c->left;
  c->left -= n;
  if (n == 0) return MILL_OK;
  mill_batch own = *b;
  for (uint32_t i = 0; i < n && n < b->n; i++) c->sel[i] = mill_batch_row(b, from + i);
  if (n < b->n) own.sel = c->sel;
  own.n = n;
  return c->to->push(c->to, morsel, &own, err);
}

static mill_status cut_end(mill_sink *s, size_t morsel, mill_error *err) {
  mill_sink *to = ((cut_sink *)s)->to;
  return to->end_morsel(to, morsel, err);
}

static bool cut_full(mill_sink *s) { return ((cut_sink *)s)->left == 0; }

static cut_sink cut_of(const mill_exec *x, mill_kept *k, uint64_t skip, uint64_t left) {
  return (cut_sink){.base = {.x = x,
                             .begin = cut_begin,
                             .push = cut_push,
                             .end_morsel = cut_end,
                             .full = cut_full,
                             .keeps_few = left <= MILL_CHUNK},
                    .to = mill_kept_sink(k),
                    .skip = skip,
                    .left = left};
}

/* The scan of what was kept; `s` tells how it went. */
static mill_status finish(mill_kept *k, mill_status s, mill_scan **out, mill_error *err) {
  if (s == MILL_OK) return mill_kept_scan(k, out, err);
  mill_kept_free(k);
  return s;
}

mill_status mill_exec_limit_scan(const mill_exec *x, const mill_op *op, mill_scan **out,
                                 mill_error *err) {
  mill_kept *k = NULL;
  MILL_TRY(mill_kept_new(x, op->schema, &k, err));
  cut_sink c = cut_of(x, k, (uint64_t)op->offset, op->limit < 0 ? UINT64_MAX : (uint64_t)op->limit);
  return finish(k, mill_pipeline_run(x, op->child[0], &c.base, err), out, err);
}

/* ---- TAIL ----------------------------------------------------------------------------------- */

static mill_status count_rows(void *arg, mill_batch *b, mill_error *err) {
  *(uint64_t *)arg += b->n;
  (void)err;
  return MILL_OK;
}

static mill_status push_cut(void *arg, mill_batch *b, mill_error *err) {
  return cut_push(arg, 0, b, err);
}

static mill_status keep_tail(const mill_exec *x, const mill_scan *rows, uint64_t limit,
                             mill_kept *k, mill_error *err) {
  uint64_t n = 0;
  if (rows->rows >= 0)
    n = (uint64_t)rows->rows;
  else
    MILL_TRY(mill_exec_each(x, rows, count_rows, &n, err));
  cut_sink c = cut_of(x, k, n > limit ? n - limit : 0, limit);
  MILL_TRY(cut_begin(&c.base, 1, err));
  MILL_TRY(mill_exec_each(x, rows, push_cut, &c, err));
  return cut_end(&c.base, 0, err);
}

mill_status mill_exec_tail_scan(const mill_exec *x, const mill_op *op, mill_scan **out,
                                mill_error *err) {
  mill_scan *rows = NULL;
  mill_kept *k = NULL;
  MILL_TRY(mill_exec_held(x, op->child[0], &rows, err));
  mill_status s = mill_kept_new(x, op->schema, &k, err);
  if (s == MILL_OK) s = finish(k, keep_tail(x, rows, (uint64_t)op->limit, k, err), out, err);
  mill_scan_unref(rows);
  return s;
}

/* ---- rows of a reader ------------------------------------------------------------------------- */

static mill_status keep_all(mill_rows *r, mill_sink *to, mill_error *err) {
  MILL_TRY(to->begin(to, 1, err));
  for (mill_batch *b;;) {
    MILL_TRY(r->next(r, &b, err));
    if (b == NULL) return to->end_morsel(to, 0, err);
    MILL_TRY(to->push(to, 0, b, err));
  }
}

mill_status mill_exec_rows_scan(const mill_exec *x, const mill_op *op, mill_scan **out,
                                mill_error *err) {
  mill_kept *k = NULL;
  mill_rows *r = op->open(op->open_arg, err);
  if (r == NULL) return err ? err->condition : MILL_E_CORRUPT_FILE;
  mill_status s = mill_kept_new(x, op->schema, &k, err);
  if (s == MILL_OK) s = finish(k, keep_all(r, mill_kept_sink(k), err), out, err);
  r->free(r);
  return s;
}
