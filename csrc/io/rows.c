/* Drafts of formats that write row by row: each lot is a task, its text waits for those before it.
**
** Every thread has an encoder of its own, a copy that shares the options. */
#include "base/thread.h"
#include "io/write_int.h"

typedef struct rows_draft {
  io_draft base;
  mill_text *text; /* of each lot */
  size_t ntexts, room;
  bool begun;
} rows_draft;

/* ---- encoders ------------------------------------------------------------------------------- */

static void clear_workers(void *encoder) {
  mill_encoder *e = encoder;
  for (int i = 0; i < mill_pool_threads(e->context->pool); i++) {
    mill_text_clear(&e->worker[i].scratch);
    mill_text_clear(&e->worker[i].narrow);
  }
}

static mill_status make_workers(mill_encoder *e, mill_error *err) {
  size_t n = (size_t)mill_pool_threads(e->context->pool);
  mill_encoder *w = mill_arena_alloc(&e->arena, n * sizeof *w);
  if (w == NULL) return mill_oom(e->memory, n * sizeof *w, err);
  for (size_t i = 0; i < n; i++) {
    w[i] = *e;
    mill_text_init(&w[i].scratch, e->memory);
    mill_text_init(&w[i].narrow, e->memory);
  }
  e->worker = w;
  if (mill_arena_at_end(&e->arena, clear_workers, e)) return MILL_OK;
  e->worker = NULL;
  return mill_oom(e->memory, n * sizeof *w, err);
}

/* ---- bytes ---------------------------------------------------------------------------------- */

/* Move what was written as UTF-8 into the charset. */
static mill_status take_narrow(mill_encoder *e, mill_text *out, mill_error *err) {
  return mill_io_charset_encode(e->charset, e->narrow.data, e->narrow.size, out, err);
}

/* What stands before the first row: a byte order mark, a header. */
static mill_status put_begin(mill_encoder *e, mill_text *out, mill_error *err) {
  bool utf8 = e->charset == IO_UTF8;
  mill_text *to = utf8 ? out : &e->narrow;
  mill_text_reset(&e->narrow);
  if (e->charset == IO_UTF16) MILL_TRY(mill_text_add(out, "\xfe\xff", 2, err));
  if (e->format->header) MILL_TRY(e->format->header(e, to, err));
  return utf8 || e->narrow.size == 0 ? MILL_OK : take_narrow(e, out, err);
}

static mill_status put_rows(mill_encoder *e, const io_lot *x, mill_text *out, mill_error *err) {
  bool utf8 = e->charset == IO_UTF8;
  mill_text *to = utf8 ? out : &e->narrow;
  mill_text_reset(&e->narrow);
  for (uint32_t i = 0; i < x->n; i++)
    MILL_TRY(e->format->row(e, x->col, x->at ? x->at[i] : i, to, err));
  return utf8 || e->narrow.size == 0 ? MILL_OK : take_narrow(e, out, err);
}

/* ---- the draft ------------------------------------------------------------------------------ */

static mill_status tasks(io_draft *base, int round, size_t *n, mill_error *err) {
  rows_draft *d = (rows_draft *)base;
  void *text = d->text;
  (void)round;
  mill_status s =
      mill_grow(base->encoder->memory, &text, &d->room, base->nlots, sizeof *d->text, err);
  d->text = text;
  MILL_TRY(s);
  for (; d->ntexts < base->nlots; d->ntexts++)
    mill_text_init(&d->text[d->ntexts], base->encoder->memory);
  *n = base->nlots;
  return MILL_OK;
}

static mill_status work(io_draft *base, int round, size_t task, int worker, mill_error *err) {
  rows_draft *d = (rows_draft *)base;
  (void)round;
  mill_text_reset(&d->text[task]);
  return put_rows(&base->encoder->worker[worker], &base->lot[task], &d->text[task], err);
}

static mill_status put(io_draft *d, const mill_text *t, mill_error *err) {
  return t->size ? d->sink.put(d->sink.arg, t->data, t->size, err) : MILL_OK;
}

static mill_status take(io_draft *base, mill_error *err) {
  rows_draft *d = (rows_draft *)base;
  mill_text begin;
  mill_status s = MILL_OK;
  mill_text_init(&begin, base->encoder->memory);
  if (!d->begun) s = put_begin(base->encoder, &begin, err);
  d->begun = true;
  if (s == MILL_OK) s = put(base, &begin, err);
  mill_text_clear(&begin);
  for (size_t i = 0; i < base->nlots && s == MILL_OK; i++) {
    s = put(base, &d->text[i], err);
    mill_text_clear(&d->text[i]);
  }
  return s;
}

static void free_draft(io_draft *base) {
  rows_draft *d = (rows_draft *)base;
  mill_memory *m = base->encoder->memory;
  for (size_t i = 0; i < d->ntexts; i++) mill_text_clear(&d->text[i]);
  if (d->text) mill_free(m, d->text, d->room * sizeof *d->text);
  mill_free(m, d, sizeof *d);
}

mill_status mill_io_rows_draft(mill_encoder *e, io_draft **out, mill_error *err) {
  static const io_drafting rows = {1, tasks, work, take, free_draft};
  if (e->worker == NULL) MILL_TRY(make_workers(e, err));
  rows_draft *d = mill_calloc(e->memory, sizeof *d);
  if (d == NULL) return mill_oom(e->memory, sizeof *d, err);
  d->base = (io_draft){.is = &rows, .room = UINT64_MAX};
  *out = &d->base;
  return MILL_OK;
}
