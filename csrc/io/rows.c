/* Drafts of formats that write row by row: each lot is a task, its text waits for those before it.
**
** gzip and zstd are packed by all threads too: the texts of some lots are a member or frame of their
** own, which every reader takes for one file. Every thread has an encoder of its own, a copy that
** shares the options, and a packer. */
#include "base/thread.h"
#include "io/write_int.h"

/* Bytes of text from which on a member or frame ends; zstd's default level. */
enum { ROWS_PACK = 1 << 20, ROWS_ZSTD_LEVEL = 3 };

typedef struct rows_draft {
  io_draft base;
  mill_text *text; /* of each lot, then of each member */
  size_t *end;     /* lots before which a member ends */
  size_t ntexts, room, end_room, nends;
  bool begun, first; /* first: the file begins with the first lot's text */
} rows_draft;

/* ---- encoders ------------------------------------------------------------------------------- */

static void clear_workers(void *encoder) {
  mill_encoder *e = encoder;
  for (int i = 0; i < mill_pool_threads(e->context->pool); i++) {
    mill_text_clear(&e->worker[i].scratch);
    mill_text_clear(&e->worker[i].narrow);
    mill_packer_free(e->worker[i].packer);
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
  if (!mill_arena_at_end(&e->arena, clear_workers, e))
    return mill_oom(e->memory, n * sizeof *w, err);
  e->worker = w;
  for (size_t i = 0; i < n && e->packing != MILL_PACK_NONE; i++)
    MILL_TRY(mill_packer_new(e->memory, e->packing,
                             e->packing == MILL_PACK_GZIP ? -1 : ROWS_ZSTD_LEVEL, &w[i].packer,
                             err));
  return MILL_OK;
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

/* Bytes that rows will take, by those before them: no text grows step by step. */
static size_t expected(const mill_encoder *e, const io_lot *x) {
  size_t bytes = x->n * e->row_bytes;
  return bytes < ROWS_PACK ? bytes : ROWS_PACK;
}

static mill_status put_rows(mill_encoder *e, const io_lot *x, mill_text *out, mill_error *err) {
  bool utf8 = e->charset == IO_UTF8;
  mill_text *to = utf8 ? out : &e->narrow;
  mill_text_reset(&e->narrow);
  MILL_TRY(mill_text_reserve(to, expected(e, x), err));
  for (uint32_t i = 0; i < x->n; i++)
    MILL_TRY(e->format->row(e, x->col, x->at ? x->at[i] : i, to, err));
  e->row_bytes = x->n ? to->size / x->n + to->size / x->n / 8 : 0;
  return utf8 || e->narrow.size == 0 ? MILL_OK : take_narrow(e, out, err);
}

/* ---- the draft ------------------------------------------------------------------------------ */

static mill_status begin_texts(rows_draft *d, size_t *n, mill_error *err) {
  mill_memory *m = d->base.encoder->memory;
  void *text = d->text;
  mill_status s = mill_grow(m, &text, &d->room, d->base.nlots, sizeof *d->text, err);
  d->text = text;
  MILL_TRY(s);
  for (; d->ntexts < d->base.nlots; d->ntexts++) mill_text_init(&d->text[d->ntexts], m);
  d->first = !d->begun;
  d->begun |= d->base.nlots > 0;
  *n = d->base.nlots;
  return MILL_OK;
}

/* Cut the lots into members. */
static mill_status cut_members(rows_draft *d, size_t *n, mill_error *err) {
  void *end = d->end;
  size_t bytes = 0;
  mill_status s = mill_grow(d->base.encoder->memory, &end, &d->end_room, d->base.nlots + 1,
                            sizeof *d->end, err);
  d->end = end;
  MILL_TRY(s);
  d->nends = 0;
  for (size_t i = 0; i < d->base.nlots; i++) {
    bytes += d->text[i].size;
    if (bytes < ROWS_PACK && i + 1 < d->base.nlots) continue;
    if (bytes) d->end[d->nends++] = i + 1;
    bytes = 0;
  }
  *n = d->nends;
  return MILL_OK;
}

static mill_status tasks(io_draft *base, int round, size_t *n, mill_error *err) {
  rows_draft *d = (rows_draft *)base;
  if (round == 0) return begin_texts(d, n, err);
  return base->encoder->packing == MILL_PACK_NONE ? MILL_OK : cut_members(d, n, err);
}

/* The texts of a member's lots, packed, in place of the first of them. */
static mill_status pack_member(rows_draft *d, size_t member, mill_encoder *w, mill_error *err) {
  size_t from = member ? d->end[member - 1] : 0;
  mill_text *all = &w->narrow;
  mill_text_reset(all);
  for (size_t i = from; i < d->end[member]; i++) {
    if (d->text[i].size) MILL_TRY(mill_text_add(all, d->text[i].data, d->text[i].size, err));
    mill_text_clear(&d->text[i]);
  }
  return mill_packer_add(w->packer, all->data, all->size, &d->text[from], err);
}

static mill_status work(io_draft *base, int round, size_t task, int worker, mill_error *err) {
  rows_draft *d = (rows_draft *)base;
  mill_encoder *w = &base->encoder->worker[worker];
  if (round) return pack_member(d, task, w, err);
  if (task == 0 && d->first) MILL_TRY(put_begin(w, &d->text[0], err));
  return put_rows(w, &base->lot[task], &d->text[task], err);
}

/* A file without rows. */
static mill_status put_empty(rows_draft *d, mill_error *err) {
  mill_encoder *w = d->base.encoder->worker;
  mill_text begin, packed;
  mill_text_init(&begin, w->memory);
  mill_text_init(&packed, w->memory);
  d->begun = true;
  mill_status s = put_begin(w, &begin, err);
  if (s == MILL_OK && w->packer)
    s = mill_packer_add(w->packer, begin.data ? begin.data : "", begin.size, &packed, err);
  if (s == MILL_OK) s = mill_io_press_put_move(&d->base, w->packer ? &packed : &begin, err);
  mill_text_clear(&begin);
  mill_text_clear(&packed);
  return s;
}

static mill_status take(io_draft *base, mill_error *err) {
  rows_draft *d = (rows_draft *)base;
  for (size_t i = 0; i < base->nlots; i++) MILL_TRY(mill_io_press_put_move(base, &d->text[i], err));
  return base->last && !d->begun ? put_empty(d, err) : MILL_OK;
}

static void free_draft(io_draft *base) {
  rows_draft *d = (rows_draft *)base;
  mill_memory *m = base->encoder->memory;
  for (size_t i = 0; i < d->ntexts; i++) mill_text_clear(&d->text[i]);
  if (d->text) mill_free(m, d->text, d->room * sizeof *d->text);
  if (d->end) mill_free(m, d->end, d->end_room * sizeof *d->end);
  mill_free(m, d, sizeof *d);
}

mill_status mill_io_rows_draft(mill_encoder *e, io_draft **out, mill_error *err) {
  static const io_drafting rows = {2, tasks, work, take, free_draft};
  if (e->worker == NULL) MILL_TRY(make_workers(e, err));
  rows_draft *d = mill_calloc(e->memory, sizeof *d);
  if (d == NULL) return mill_oom(e->memory, sizeof *d, err);
  d->base = (io_draft){.is = &rows, .room = UINT64_MAX};
  *out = &d->base;
  return MILL_OK;
}
