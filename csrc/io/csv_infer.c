/* Types that the texts of CSV suggest, and the names of columns.
**
** Inference follows Spark: each column starts as unknown and widens INT, BIGINT, DECIMAL, DOUBLE;
** DATE; TIMESTAMP; BOOLEAN; and STRING where the texts do not go together. Files are cut as they are
** for reading; each piece is guessed by itself, in parallel, and the guesses are merged in order. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/thread.h"
#include "base/utf8.h"
#include "base/xorshift.h"
#include "io/csv_int.h"
#include "io/seam.h"
#include "kernel/quick.h"

/* ---- widening ------------------------------------------------------------------------------- */

static int rank(const mill_type *t) {
  switch (t->id) {
  case MILL_INT: return 1;
  case MILL_BIGINT: return 2;
  case MILL_DECIMAL: return 3;
  case MILL_DOUBLE: return 4;
  default: return 0;
  }
}

static bool is_time(const mill_type *t) {
  return t->id == MILL_DATE || t->id == MILL_TIMESTAMP || t->id == MILL_TIMESTAMP_NTZ;
}

static const mill_type *widen(io_job *job, const mill_type *a, const mill_type *b) {
  if (a == NULL || a == b) return b;
  if (rank(a) && rank(b)) {
    if (a->id == MILL_DECIMAL && b->id == MILL_DECIMAL) return a->precision > b->precision ? a : b;
    const mill_type *wide = rank(a) > rank(b) ? a : b, *other = wide == a ? b : a;
    int need = other->id == MILL_BIGINT ? 20 : 10;
    if (wide->id == MILL_DECIMAL && wide->precision < need)
      return mill_type_decimal(job->context.types, need, 0);
    return wide;
  }
  if (!is_time(a) || !is_time(b)) return mill_type_of(MILL_STRING);
  bool ntz = a->id != MILL_TIMESTAMP && b->id != MILL_TIMESTAMP;
  const csv_plan *p = job->plan; /* a date is no text of a pattern of timestamps */
  if ((a->id == MILL_DATE || b->id == MILL_DATE) &&
      (ntz ? p->rules.ntz_pattern : p->rules.timestamp_pattern))
    return mill_type_of(MILL_STRING);
  return mill_type_of(ntz ? MILL_TIMESTAMP_NTZ : MILL_TIMESTAMP);
}

/* The text can stay of the type guessed so far: most texts can. They have IO_PAD bytes behind them. */
static bool stays(const csv_plan *p, const mill_type *t, const char *s, size_t n) {
  int64_t v;
  int32_t day;
  double d;
  if (t == NULL) return false;
  switch (t->id) {
  case MILL_STRING: return true;
  case MILL_INT:
    return n <= 9 ? quick_integer(s, n, &v) || mill_csv_fits(p, t->id, s, n)
                  : mill_csv_fits(p, t->id, s, n);
  case MILL_BIGINT: return quick_integer(s, n, &v) || mill_csv_fits(p, t->id, s, n);
  case MILL_DOUBLE: return quick_double(s, n, &d) || mill_csv_fits(p, t->id, s, n);
  case MILL_DATE: return n == 10 && !p->rules.date_pattern && quick_date(s, &day);
  case MILL_TIMESTAMP:
  case MILL_TIMESTAMP_NTZ:
    return !p->rules.date_pattern && !p->rules.timestamp_pattern && !p->rules.ntz_pattern &&
           quick_timestamp(s, n, &v);
  default: return false;
  }
}

static bool is_null(const csv_plan *p, const char *text, csv_cell c) {
  size_t n = p->null_size;
  return c.size == CSV_NULL || c.size == 0 || (c.size == n && memcmp(text, p->null_value, n) == 0);
}

/* Widen *g by the cells of one column that are in the sample. */
static mill_status guess_column(io_job *job, const csv_cells *cells, const csv_cell *cell,
                                uint32_t n, const uint8_t *skip, const mill_type **g,
                                mill_error *err) {
  const csv_plan *p = job->plan;
  for (uint32_t i = 0; i < n; i++) {
    const char *text = cell[i].size == CSV_NULL ? "" : csv_cell_text(cells, cell[i]);
    if (skip[i] || is_null(p, text, cell[i]) || stays(p, *g, text, cell[i].size)) continue;
    const mill_type *t = mill_csv_guess(p, job->context.types, text, cell[i].size);
    if (t) t = widen(job, *g, t);
    if (t == NULL) return mill_oom(io_memory(job), sizeof *t, err);
    *g = t;
    if (t->id == MILL_STRING) break;
  }
  return MILL_OK;
}

/* ---- names ---------------------------------------------------------------------------------- */

static mill_status own_name(io_job *job, const char *p, size_t n, const char **out,
                            mill_error *err) {
  mill_text t;
  mill_text_init(&t, io_memory(job));
  mill_status s = mill_utf8_repair(p, n, &t, err);
  *out = s == MILL_OK ? mill_arena_strndup(&job->arena, t.data ? t.data : "", t.size) : NULL;
  mill_text_clear(&t);
  return s != MILL_OK || *out ? s : mill_oom(io_memory(job), n, err);
}

/* Column names: the header's, made unique with their position, or _c0, _c1, .. */
static mill_status name_columns(io_job *job, const csv_row *row, mill_field *f, mill_error *err) {
  const csv_plan *p = job->plan;
  char buf[300];
  for (size_t i = 0; i < row->n; i++) {
    csv_cell c = row->cell[i];
    bool named = p->header && !is_null(p, csv_text(row, c), c);
    bool twice = false;
    for (size_t k = 0; named && k < row->n; k++) {
      csv_cell o = row->cell[k];
      if (k == i || o.size != c.size || is_null(p, csv_text(row, o), o)) continue;
      twice |= (job->settings.case_sensitive ? strncmp : strncasecmp)(
                   csv_text(row, o), csv_text(row, c), c.size) == 0;
    }
    int n = named ? snprintf(buf, sizeof buf, twice ? "%.*s%zu" : "%.*s", (int)c.size,
                             csv_text(row, c), i)
                  : snprintf(buf, sizeof buf, "_c%zu", i);
    if (n >= (int)sizeof buf) n = sizeof buf - 1;
    const char *name;
    if (named && !twice)
      MILL_TRY(own_name(job, csv_text(row, c), c.size, &name, err));
    else
      MILL_TRY(own_name(job, buf, (size_t)n, &name, err));
    f[i] = (mill_field){name, mill_type_of(MILL_STRING), true, NULL};
  }
  return MILL_OK;
}

/* ---- pieces --------------------------------------------------------------------------------- */

typedef struct piece {
  size_t file;
  uint64_t from, to;
  const mill_type **guess; /* of each column */
} piece;

typedef struct inference {
  io_job *job;
  const csv_plan *plan;
  mill_field *field;
  size_t ncols;
  const char *header; /* the first line; without multiLine all that are equal to it are left out */
  size_t nheader;
  piece *piece;
  size_t n, capacity;
  io_seams *seams;
} inference;

/* A damaged file is passed over with ignoreCorruptFiles. */
static mill_status failed(const inference *in, size_t file, mill_status s, mill_error *err) {
  if (s == MILL_E_CORRUPT_FILE && in->job->ignore_corrupt) {
    mill_error_clear(err);
    return MILL_OK;
  }
  bool own = s == MILL_E_OUT_OF_MEMORY || s == MILL_E_MALFORMED_CSV_RECORD;
  return own ? s : mill_io_failed_read(in->job, file, s, err);
}

static mill_status first_record(inference *in, io_window *w, size_t file, csv_row *row, bool *found,
                                mill_error *err) {
  csv_source source;
  const char *at;
  size_t size;
  MILL_TRY(mill_io_window_open(w, in->job, file, 0, UINT64_MAX, err));
  MILL_TRY(mill_csv_begin(&source, w, in->plan, true, err));
  source.keep_blank = true;
  MILL_TRY(mill_csv_record(&source, true, row, &at, &size, found, err));
  if (!*found || in->plan->multi) return MILL_OK;
  in->header = mill_arena_strndup(&in->job->arena, at, size);
  in->nheader = size;
  return in->header ? MILL_OK : mill_oom(io_memory(in->job), size, err);
}

/* The first record names the columns; *found false: the file has none. */
static mill_status name_from(inference *in, size_t file, bool *found, mill_error *err) {
  io_job *job = in->job;
  io_window w;
  csv_row row;
  *found = false;
  mill_io_window_init(&w, io_memory(job));
  mill_csv_row_init(&row, io_memory(job));
  mill_status s = first_record(in, &w, file, &row, found, err);
  if (s == MILL_OK && *found) {
    in->ncols = row.n;
    in->field = mill_arena_alloc(&job->arena, (row.n + 1) * sizeof *in->field);
    s = in->field ? name_columns(job, &row, in->field, err)
                  : mill_oom(io_memory(job), row.n * sizeof *in->field, err);
  }
  mill_csv_row_clear(&row);
  mill_io_window_clear(&w);
  return s == MILL_OK ? s : failed(in, file, s, err);
}

static bool is_header(const inference *in, const csv_cells *c, uint32_t i) {
  csv_cell line = c->line[i];
  return line.size == in->nheader && memcmp(c->base + line.at, in->header, line.size) == 0;
}

/* Mark the records of a batch that do not count: the header, what is not in the sample, by Spark's
** draws for partitions that are our pieces. */
static void mark_skipped(const inference *in, const csv_cells *c, bool header, mill_xorshift *draws,
                         uint32_t n, uint8_t *skip) {
  memset(skip, 0, n);
  for (uint32_t i = 0; i < n && in->plan->sampling < 1; i++)
    skip[i] = mill_xorshift_double(draws) >= in->plan->sampling;
  if (in->plan->multi || !in->plan->header) {
    if (header) skip[0] = 1;
    return;
  }
  for (uint32_t i = 0; i < n; i++) skip[i] |= is_header(in, c, i);
}

static mill_status guess_records(const inference *in, piece *p, csv_cells *c, mill_error *err) {
  uint8_t skip[MILL_BATCH];
  mill_xorshift draws = mill_xorshift_new(1 + (uint64_t)(p - in->piece));
  for (bool header = p->from == 0 && in->plan->header;; header = false) {
    uint32_t n = 0;
    mill_text_reset(&c->row.side);
    MILL_TRY(mill_csv_cells_next(c, &n, err));
    if (n == 0) return MILL_OK;
    mark_skipped(in, c, header, &draws, n, skip);
    for (size_t i = 0; i < in->ncols; i++)
      MILL_TRY(guess_column(in->job, c, c->cell + i * CSV_STRIDE, n, skip, &p->guess[i], err));
  }
}

static mill_status guess_piece(void *arg, size_t task, int worker, mill_error *err) {
  inference *in = arg;
  piece *p = &in->piece[task];
  mill_memory *m = io_memory(in->job);
  uint32_t ncols = (uint32_t)in->ncols;
  mill_arena a;
  io_window w;
  (void)worker;
  mill_arena_init(&a, m);
  mill_io_window_init(&w, m);
  csv_cells *c = mill_arena_alloc(&a, sizeof *c);
  mill_status s = c ? mill_csv_cells_init(c, in->plan, m, ncols, (int)ncols, &a, err)
                    : mill_oom(m, sizeof *c, err);
  for (uint32_t i = 0; i < ncols && s == MILL_OK; i++) c->slot[i] = (int)i;
  if (s == MILL_OK)
    s = mill_io_seams_open(in->seams, in->job, task, p->file, p->from, p->to, &w, err);
  if (s == MILL_OK) s = mill_csv_begin(&c->source, &w, in->plan, p->from == 0, err);
  if (s == MILL_OK) s = guess_records(in, p, c, err);
  if (c) mill_csv_cells_clear(c);
  mill_io_window_clear(&w);
  mill_arena_clear(&a);
  return s == MILL_OK ? s : failed(in, p->file, s, err);
}

static mill_status add_piece(void *arg, size_t file, uint64_t from, uint64_t to, mill_error *err) {
  inference *in = arg;
  mill_memory *m = io_memory(in->job);
  MILL_TRY(mill_grow(m, (void **)&in->piece, &in->capacity, in->n + 1, sizeof *in->piece, err));
  size_t bytes = (in->ncols + 1) * sizeof(mill_type *);
  piece *p = &in->piece[in->n];
  *p = (piece){.file = file, .from = from, .to = to, .guess = mill_calloc(m, bytes)};
  if (p->guess == NULL) return mill_oom(m, bytes, err);
  in->n++;
  return MILL_OK;
}

static mill_status guess_all(inference *in, mill_error *err) {
  mill_memory *m = io_memory(in->job);
  mill_pool *pool = in->job->context.pool;
  mill_status s = mill_io_cut(in->job, add_piece, in, err);
  if (s == MILL_OK) s = mill_io_seams_new(in->job, &in->seams, err);
  if (s == MILL_OK && pool) s = mill_pool_run(pool, in->n, guess_piece, in, err);
  for (size_t i = 0; i < in->n; i++) {
    const mill_type **g = in->piece[i].guess;
    if (s == MILL_OK && !pool) s = guess_piece(in, i, 0, err);
    for (size_t c = 0; c < in->ncols && s == MILL_OK; c++) {
      const mill_type **all = &in->piece[0].guess[c];
      if (i == 0 || g[c] == NULL) continue;
      *all = widen(in->job, *all, g[c]);
      if (*all == NULL) s = mill_oom(m, sizeof *g, err);
    }
  }
  for (size_t c = 0; c < in->ncols && s == MILL_OK && in->n; c++)
    if (in->piece[0].guess[c]) in->field[c].type = in->piece[0].guess[c];
  for (size_t i = 0; i < in->n; i++)
    mill_free(m, in->piece[i].guess, (in->ncols + 1) * sizeof(mill_type *));
  mill_io_seams_free(in->seams, m);
  if (in->piece) mill_free(m, in->piece, in->capacity * sizeof *in->piece);
  return s;
}

mill_status mill_csv_infer(io_job *job, mill_error *err) {
  inference in = {.job = job, .plan = job->plan};
  size_t largest = 0; /* names the columns, as in Spark, which reads large files first */
  bool found = false;
  for (size_t i = 1; i < job->files.n; i++)
    if (job->files.file[i].size > job->files.file[largest].size) largest = i;
  for (size_t i = 0; i < job->files.n && !found; i++)
    MILL_TRY(name_from(&in, i == 0 ? largest : i <= largest ? i - 1 : i, &found, err));
  if (found && in.plan->infer) {
    MILL_TRY(mill_io_check_sampling(job, in.plan->sampling, err));
    MILL_TRY(guess_all(&in, err));
  }
  job->data = mill_type_struct(job->context.types, in.field, (uint32_t)in.ncols);
  return job->data ? MILL_OK : mill_oom(io_memory(job), in.ncols, err);
}
