/* Records of CSV into columns of cells, up to a batch at a time.
**
** In the common form (one-byte separator, no trimming) the ends of fields are found through bit masks
** (csv_marks.h), those of some hundred records in a row, and become cells column by column, the wanted ones
** alone: what a loop works on stays in the first cache, and no branch asks what a byte is. A record that holds
** anything else goes through mill_csv_split.
**
**     end[record * nfile + field]     where the field ends
**
** A record with other numbers of fields is made as long: fields that are missing end one byte ahead of where
** they would begin, the others are dropped. */
#include "base/hot.h"
#include "io/csv_marks.h"
#include "kernel/quick.h"

enum { CSV_ENDS = 8192 /* unless one record has more */ };

/* ---- ends ----------------------------------------------------------------------------------- */

/* The records that are being collected. */
typedef struct csv_run {
  uint32_t *end;
  uint32_t rows, most; /* whole records; where to stop */
  uint32_t n, first;   /* ends; of them the first of the record at hand */
  uint32_t dropped;    /* fields of the record at hand that have no end here */
  uint32_t line;       /* where it begins */
  uint32_t stop;       /* records from here on are not ours */
  uint64_t quotes, twice;
  bool special; /* the record at hand takes the long way */
  bool failed;  /* there is one with more fields than maxColumns */
} csv_run;

/* Append the places of n bits: by eights, up to 7 too many. */
CSV_INLINE void put_ends(uint32_t *end, uint32_t at, uint64_t bits, uint32_t n) {
  uint32_t done = 0;
  do {
#pragma GCC unroll 8
    for (int k = 0; k < 8; k++) {
      end[done + k] = at + (uint32_t)__builtin_ctzll(bits | 1ull << 63);
      bits &= bits - 1;
    }
    done += 8;
  } while (done < n);
}

/* Is there nothing in the line at p, by the rule of the reader? */
static bool is_blank(const csv_marks *m, uint32_t at) {
  const csv_form f = m->form;
  const char *p = m->data + at, *end = m->data + m->end;
  if (f.multi) return f.pair ? *p == '\r' : *p == '\n';
  while (p < end && (unsigned char)*p <= ' ' && *p != '\n' && !(f.either && *p == '\r')) p++;
  return p == end || *p == '\n' || (f.either && *p == '\r');
}

/* Is the record at r->line to be scanned? */
CSV_INLINE bool goes_on(const csv_cells *d, const csv_marks *m, csv_run *r) {
  if (r->line >= r->stop || r->rows == r->most) return false;
  unsigned char c = (unsigned char)m->data[r->line];
  if (c <= ' ' || c == d->plan->comment) r->special = c == d->plan->comment || is_blank(m, r->line);
  return !r->special;
}

/* Row `row` has `got` of its fields' ends at p, and `rest` ends of other records behind them: make them as many as
** a record has. */
static __attribute__((noinline)) void fit(csv_cells *d, uint32_t row, uint32_t *p, uint32_t got,
                                          uint32_t rest) {
  uint32_t want = d->nfile;
  d->bad[row] = d->count;
  memmove(p + want, p + got, rest * sizeof *p);
  for (uint32_t i = got; i < want; i++) p[i] = p[got - 1];
}

/* The record at hand ends at `at` with end number `last`, the next one begins at `next`. */
CSV_INLINE void take_record(csv_cells *d, csv_run *r, uint32_t last, uint32_t at, uint32_t next,
                            uint32_t row) {
  uint32_t got = last + 1 - r->first, moved = d->nfile - got;
  d->bad[row] = 0;
  d->line[row] = (csv_cell){r->line, at - r->line};
  r->end[last] = at;
  if (moved || r->dropped) {
    fit(d, row, r->end + r->first, got, r->n - last - 1);
    if ((uint64_t)got + r->dropped > (uint64_t)d->plan->max_columns) r->failed = true;
    r->n += moved;
    r->dropped = 0;
  }
  r->line = next;
  r->first += d->nfile;
  r->rows++;
}

/* Where a lot of blocks has ends. Masks, ends and records are loops of their own: what one of them guesses wrong
** does not hold up the next. */
typedef struct csv_lot {
  uint32_t at, n;
  uint64_t fields[CSV_BLOCKS], lines[CSV_BLOCKS];
  uint64_t quotes, twice;
  bool wrong; /* the record that goes on behind it is not of the common form */
} csv_lot;

CSV_INLINE bool next_lot(csv_marks *m, csv_form f, csv_walk *w, csv_lot *lot) {
  csv_block b = {0};
  uint64_t quotes = 0, twice = 0;
  uint32_t n = 0;
  lot->at = w->at;
  while (n < CSV_BLOCKS && !b.wrong && marks_block(m, f, w, &b)) {
    lot->fields[n] = b.fields;
    lot->lines[n++] = b.lines;
    quotes |= b.quotes;
    twice |= b.twice;
  }
  lot->n = n;
  lot->quotes = quotes;
  lot->twice = twice;
  lot->wrong = b.wrong;
  return n != 0;
}

/* The places where its lines end: nearly always at most one in a block. */
CSV_INLINE uint32_t line_ends(const csv_lot *lot, uint32_t *to) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < lot->n; i++) {
    uint64_t lines = lot->lines[i];
    uint32_t at = lot->at + 64 * i;
    to[n] = at + (uint32_t)__builtin_ctzll(lines | 1ull << 63);
    n += lines != 0;
    for (lines &= lines - 1; lines; lines &= lines - 1)
      to[n++] = at + (uint32_t)__builtin_ctzll(lines);
  }
  return n;
}

/* The number of the end at a place of the record at hand. */
static __attribute__((noinline)) uint32_t number_of(const csv_run *r, uint32_t at) {
  uint32_t last = r->first;
  while (r->end[last] != at) last++;
  return last;
}

/* The records that end at n places. False: stop behind the last of them. */
CSV_INLINE bool take_lines(csv_cells *d, const csv_marks *m, csv_form f, const uint32_t *line,
                           uint32_t n, csv_run *r, uint32_t row) {
  for (uint32_t i = 0; i < n; i++) {
    uint32_t at = line[i], next = at + 1, last = r->first + d->nfile - 1;
    if (f.either && m->data[at] == '\r') {
      if (next == m->end && !m->eof) return false;
      next += m->data[next] == '\n';
    }
    if (last >= r->n || r->end[last] != at) last = number_of(r, at);
    take_record(d, r, last, at - f.pair, next, row + r->rows);
    if (r->failed || !goes_on(d, m, r)) return false;
  }
  return true;
}

/* Records from row n of the batch on. The run is a variable of the loop: its fields stay in registers. */
CSV_INLINE csv_run collect(csv_cells *d, csv_marks *m, csv_form f, csv_run run, uint32_t n) {
  csv_run r = run;
  csv_walk w = marks_from(r.line);
  csv_lot lot;
  uint32_t line[64 * CSV_BLOCKS + 1];
  if (!goes_on(d, m, &r)) return r;
  while (next_lot(m, f, &w, &lot)) {
    for (uint32_t i = 0; i < lot.n; i++) {
      uint32_t found = (uint32_t)__builtin_popcountll(lot.fields[i]);
      put_ends(r.end + r.n, lot.at + 64 * i, lot.fields[i], found);
      r.n += found;
    }
    r.quotes |= lot.quotes;
    r.twice |= lot.twice;
    if (!take_lines(d, m, f, line, line_ends(&lot, line), &r, n)) return r;
    if (r.n - r.first > d->nfile) {
      r.dropped += r.n - r.first - d->nfile;
      r.n = r.first + d->nfile;
    }
    r.special = lot.wrong;
    if (lot.wrong) return r;
  }
  if (!m->eof || r.line >= m->end) return r;
  r.special = w.inside != 0; /* else the last record ends with the file */
  if (!r.special) take_record(d, &r, r.n++, m->end, m->end, n + r.rows);
  return r;
}

MILL_HOT static csv_run collect_lines(csv_cells *d, csv_marks *m, csv_run run, uint32_t n) {
  return collect(d, m, (csv_form){.either = true, .doubled = true}, run, n);
}

MILL_HOT static csv_run collect_multi(csv_cells *d, csv_marks *m, csv_run run, uint32_t n) {
  return collect(d, m, (csv_form){.multi = true, .doubled = true}, run, n);
}

MILL_HOT static csv_run collect_any(csv_cells *d, csv_marks *m, csv_run run, uint32_t n) {
  return collect(d, m, m->form, run, n);
}

/* The loop of the form. */
static csv_run collect_form(csv_cells *d, csv_marks *m, csv_run run, uint32_t n) {
  const csv_form f = m->form;
  if (f.doubled && f.either && !f.multi) return collect_lines(d, m, run, n);
  if (f.doubled && f.multi && !f.either && !f.pair) return collect_multi(d, m, run, n);
  return collect_any(d, m, run, n);
}

/* ---- cells ---------------------------------------------------------------------------------- */

/* A text between quotes in which they stand twice, with one of each: in the batch's side text. */
static mill_status halve_quotes(csv_cells *d, csv_cell *cell, mill_error *err) {
  mill_text *side = &d->row.side;
  const char *p = d->base + cell->at, *end = p + cell->size;
  size_t before = side->size;
  MILL_TRY(mill_text_reserve(side, cell->size + IO_PAD, err));
  char *q = side->data + before;
  for (; p < end; p++) {
    *q++ = *p;
    p += (unsigned char)*p == d->plan->quote;
  }
  side->size = (size_t)(q - side->data);
  *cell = (csv_cell){(uint32_t)before | CSV_SIDE, (uint32_t)(side->size - before)};
  return MILL_OK;
}

/* Is one of the n bytes a quote? By words: most texts are one or two. */
static inline bool has_quote(const char *p, uint32_t n, unsigned char quote) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  const uint64_t ones = 0x0101010101010101ull;
  uint64_t hit = 0;
  for (uint32_t k = 0; k < n && !hit; k += 8) {
    uint64_t x = quick_load(p + k) ^
                 ones * quote; /* a zero where it is: above that only ones may be wrong */
    hit = (x - ones) & ~x & ones << 7;
    if (n - k < 8) hit &= (1ull << (8 * (n - k))) - 1;
  }
  return hit != 0;
#else
  return memchr(p, quote, n) != NULL;
#endif
}

/* A field with its quotes, as the text between them. */
static mill_status unquote(csv_cells *d, csv_cell *cell, bool twice, mill_error *err) {
  const csv_plan *plan = d->plan;
  *cell = (csv_cell){cell->at + 1, cell->size - 2};
  if (cell->size == 0 && *plan->empty_value) {
    *cell = (csv_cell){(uint32_t)d->row.side.size | CSV_SIDE, (uint32_t)strlen(plan->empty_value)};
    return mill_text_adds(&d->row.side, plan->empty_value, err);
  }
  if (cell->size == 0 && !*plan->null_value) cell->size = CSV_NULL;
  if (cell->size == CSV_NULL || !twice ||
      !has_quote(d->base + cell->at, cell->size, (unsigned char)plan->quote))
    return MILL_OK;
  return halve_quotes(d, cell, err);
}

/* Column `col` of the collected records into `to`; `quotes`: are there some? */
CSV_INLINE mill_status fill(csv_cells *d, const csv_run *r, uint32_t col, csv_cell *to,
                            const csv_cell *line, bool quotes, mill_error *err) {
  const uint32_t *end = r->end + col, rows = r->rows, nfile = d->nfile;
  const char *base = d->base, quote = (char)d->plan->quote;
  for (uint32_t i = 0; i < rows; i++, end += nfile) {
    uint32_t at = col ? end[-1] + 1 : line[i].at, size = *end - at;
    to[i] = (csv_cell){at, size - (size == 0)};
    if (quotes && base[at] == quote && (int32_t)size > 0)
      MILL_TRY(unquote(d, &to[i], r->twice, err));
  }
  return MILL_OK;
}

static mill_status fill_column(csv_cells *d, const csv_run *r, uint32_t col, uint32_t n,
                               mill_error *err) {
  csv_cell *to = d->cell + (size_t)d->slot[col] * CSV_STRIDE + n - d->from;
  return r->quotes ? fill(d, r, col, to, d->line + n, true, err)
                   : fill(d, r, col, to, d->line + n, false, err);
}

/* ---- rows ----------------------------------------------------------------------------------- */

static void clear_row(csv_cells *d, uint32_t n) {
  for (int i = 0; i < d->nslots; i++)
    d->cell[(size_t)i * CSV_STRIDE + n - d->from] = (csv_cell){0, CSV_NULL};
  d->bad[n] = 0;
}

static mill_status too_many(mill_error *err) {
  return mill_fail(err, MILL_E_MALFORMED_CSV_RECORD, "badRecord",
                   "it has more fields than maxColumns", NULL);
}

/* Is the number of fields right? Too few: the rest is null already. */
static mill_status check_count(csv_cells *d, uint32_t n, uint32_t ncols, mill_error *err) {
  if (ncols > (uint64_t)d->plan->max_columns) return too_many(err);
  if (ncols != d->nfile && d->count) d->bad[n] = 1;
  return MILL_OK;
}

/* Take over d->row, whose record is at[0, size). */
static mill_status take_row(csv_cells *d, uint32_t n, const char *at, size_t size,
                            mill_error *err) {
  clear_row(d, n);
  for (size_t i = 0; i < d->row.n && i < d->nfile; i++)
    if (d->slot[i] >= 0) d->cell[(size_t)d->slot[i] * CSV_STRIDE + n - d->from] = d->row.cell[i];
  d->line[n] = (csv_cell){(uint32_t)(at - d->base), (uint32_t)size};
  return check_count(d, n, (uint32_t)d->row.n, err);
}

/* The line at w->at by the long way. False: no whole line there. */
static mill_status slow_row(csv_cells *d, uint32_t *n, bool *found, mill_error *err) {
  const char *at;
  size_t size;
  MILL_TRY(mill_csv_record(&d->source, *n == 0, &d->row, &at, &size, found, err));
  if (!*found) return MILL_OK;
  d->base = d->row.base;
  MILL_TRY(take_row(d, *n, at, size, err));
  ++*n;
  return MILL_OK;
}

/* Rows of the window by the fast scan, up to row `most`, until it is empty or a record is special. */
static mill_status fast_rows(csv_cells *d, io_window *w, uint32_t most, uint32_t *n, bool *special,
                             mill_error *err) {
  csv_marks m;
  marks_begin(&m, &d->source);
  uint64_t stop = w->stop > w->offset ? w->stop - w->offset : 0;
  d->base = w->data;
  *special = d->nfile > (uint64_t)d->plan->max_columns;
  for (bool more = true; more && !*special && *n < most;) {
    csv_run r = {.end = d->end, .line = (uint32_t)w->at, .most = d->most};
    r.stop = stop < m.end ? (uint32_t)stop : m.end;
    if (r.most > most - *n) r.most = most - *n;
    r = collect_form(d, &m, r, *n);
    if (r.failed) return too_many(err);
    for (uint32_t i = 0; i < d->nfile; i++)
      if (d->slot[i] >= 0) MILL_TRY(fill_column(d, &r, i, *n, err));
    *n += r.rows;
    w->at = r.line;
    *special = r.special;
    more = r.rows == r.most;
  }
  return MILL_OK;
}

mill_status mill_csv_cells_next(csv_cells *d, uint32_t *n, mill_error *err) {
  io_window *w = d->source.window;
  uint32_t most = *n + CSV_ROWS < MILL_BATCH ? *n + CSV_ROWS : MILL_BATCH;
  d->from = *n;
  while (*n < most) {
    bool special = true, found = true;
    if (d->source.fast && w->at < w->have) MILL_TRY(fast_rows(d, w, most, n, &special, err));
    if (*n == most) break;
    if (!special && *n) break; /* more bytes are needed: the views must end first */
    uint32_t before = *n;
    MILL_TRY(slow_row(d, n, &found, err));
    if (!found || *n == before) break;
  }
  return mill_text_reserve(&d->row.side, IO_PAD, err);
}

/* ---- life ----------------------------------------------------------------------------------- */

mill_status mill_csv_cells_init(csv_cells *d, const csv_plan *plan, mill_memory *m, uint32_t nfile,
                                int nslots, mill_arena *a, mill_error *err) {
  *d = (csv_cells){.plan = plan, .nfile = nfile, .nslots = nslots};
  mill_csv_row_init(&d->row, m);
  d->slot = mill_arena_alloc(a, ((size_t)nfile + 1) * sizeof *d->slot);
  d->most = nfile < CSV_ENDS / CSV_ROWS ? CSV_ROWS : nfile < CSV_ENDS ? CSV_ENDS / nfile : 1;
  size_t ends =
      (size_t)d->most * nfile + 64 * CSV_BLOCKS + 64; /* and those of a lot, some too many */
  d->end = mill_arena_alloc(a, ends * sizeof *d->end);
  d->cell = mill_arena_alloc(a, ((size_t)nslots + 1) * CSV_STRIDE * sizeof *d->cell);
  return d->slot && d->end && d->cell ? MILL_OK : mill_oom(m, (size_t)nslots * MILL_BATCH, err);
}

void mill_csv_cells_clear(csv_cells *d) { mill_csv_row_clear(&d->row); }
