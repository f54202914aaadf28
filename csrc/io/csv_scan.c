/* Records of CSV into columns of cells, up to a batch at a time.
**
** In the common form (one-byte separator, no trimming) plain fields and quoted ones that end as they
** should are found through bit masks (csv_marks.h), also those over several lines with multiLine; a
** record that holds anything else goes through mill_csv_split. */
#include "io/csv_marks.h"

/* ---- the fast scan -------------------------------------------------------------------------- */

/* Note field `col` of row n. What is not wanted goes to a column that nobody reads. */
static inline void put(csv_cells *d, uint32_t col, uint32_t n, csv_cell cell) {
  d->to[col < d->nfile ? col : d->nfile][n] = cell;
}

/* A text between quotes in which they stand twice, with one of each: in the batch's side text. */
static mill_status halve_quotes(csv_cells *d, uint32_t from, uint32_t to, csv_cell *out,
                                mill_error *err) {
  mill_text *side = &d->row.side;
  const char *p = d->base + from, *end = d->base + to;
  size_t before = side->size;
  MILL_TRY(mill_text_reserve(side, to - from + IO_PAD, err));
  char *q = side->data + before;
  for (; p < end; p++) {
    *q++ = *p;
    p += (unsigned char)*p == d->plan->quote;
  }
  side->size = (size_t)(q - side->data);
  *out = (csv_cell){(uint32_t)before | CSV_SIDE, (uint32_t)(side->size - before)};
  return MILL_OK;
}

/* The quoted field whose opening mark at `open` has been taken; *behind: its closing quote. */
static __attribute__((noinline)) csv_seen quoted_field(csv_cells *d, csv_marks *m, uint32_t open,
                                                       uint32_t col, uint32_t n, uint32_t *behind,
                                                       mill_error *err) {
  bool doubled;
  csv_seen seen = marks_close(m, open, behind, &doubled);
  if (seen != CSV_SEEN) return seen;
  csv_cell cell = {open + 1, *behind - open - 1};
  if (cell.size == 0 && *d->plan->empty_value) return CSV_SLOW;
  if (cell.size == 0 && !*d->plan->null_value) cell.size = CSV_NULL;
  if (doubled && col < d->nfile && d->slot[col] >= 0 &&
      halve_quotes(d, open + 1, *behind, &cell, err) != MILL_OK)
    return CSV_FAILED;
  put(d, col, n, cell);
  return CSV_SEEN;
}

/* The line ends with the mark at q, or with the file; *next: behind it. */
static inline csv_seen end_of_line(csv_marks *m, uint32_t q, uint32_t *next) {
  *next = q < m->end ? q + 1 : q;
  if (q >= m->end) return m->eof ? CSV_SEEN : CSV_MORE;
  if (!m->either || m->data[q] == '\n') return CSV_SEEN;
  if (q + 1 >= m->end) return m->eof ? CSV_SEEN : CSV_MORE;
  if (m->data[q + 1] == '\n') *next = marks_next(m) + 1;
  return CSV_SEEN;
}

/* Behind the last field that is wanted: the end of the line, the place of its mark. Fields are passed over,
** those in quotes by their quotes. */
static inline csv_seen pass_fields(csv_marks *m, uint32_t line, uint32_t *end) {
  for (;;) {
    uint32_t q = marks_next_end(m), close;
    bool doubled;
    *end = q;
    if (q >= m->end || marks_ends(m, q, line)) return CSV_SEEN;
    if ((unsigned char)m->data[q] != m->quote || m->data[q - 1] != m->sep) continue;
    csv_seen seen = marks_close(m, q, &close, &doubled);
    if (seen != CSV_SEEN) return seen;
  }
}

/* Are there perhaps more fields than maxColumns? */
static bool too_many(const csv_cells *d, uint32_t from, uint32_t to) {
  const char sep = d->plan->sep[0];
  uint32_t n = 0;
  for (uint32_t i = from; i < to; i++) n += d->base[i] == sep;
  return n >= d->plan->max_columns;
}

/* Split the line at *line, which is then the next one, into row n. */
static inline csv_seen scan_line(csv_cells *d, csv_marks *m, uint32_t *line, uint32_t n,
                                 uint32_t *ncols, mill_error *err) {
  uint32_t start = *line, col = 0, q;
  bool taken = false; /* the field at hand, for it was quoted */
  for (;;) {
    q = marks_next(m);
    char c = m->data[q];
    if (c == m->sep && q < m->end) {
      if (!taken) put(d, col, n, (csv_cell){start, q == start ? CSV_NULL : q - start});
      col++;
      taken = false;
      start = q + 1;
      if (m->narrow && col == d->enough) {
        csv_seen seen = pass_fields(m, *line, &q);
        if (seen != CSV_SEEN) return seen;
        if (q - *line >= d->plan->max_columns && too_many(d, *line, q)) return CSV_SLOW;
        *ncols = d->nfile;
        return end_of_line(m, q, line);
      }
    } else if ((unsigned char)c == m->quote && q < m->end) {
      if (q != start || taken) continue;
      csv_seen seen = quoted_field(d, m, q, col, n, &start, err);
      if (seen != CSV_SEEN) return seen;
      taken = true;
    } else if (q >= m->end || marks_ends(m, q, start)) {
      break;
    }
  }
  uint32_t end = m->pair && q < m->end ? q - 1 : q;
  if (!taken) put(d, col, n, (csv_cell){start, end == start ? CSV_NULL : end - start});
  *ncols = col + 1;
  return end_of_line(m, q, line);
}

/* ---- rows ----------------------------------------------------------------------------------- */

static void clear_row(csv_cells *d, uint32_t n) {
  for (int i = 0; i < d->nslots; i++) d->cell[(size_t)i * CSV_STRIDE + n] = (csv_cell){0, CSV_NULL};
  d->bad[n] = 0;
}

/* Is the number of fields right? Too few: the rest is null already. */
static mill_status check_count(csv_cells *d, uint32_t n, uint32_t ncols, mill_error *err) {
  if (ncols > (uint64_t)d->plan->max_columns)
    return mill_fail(err, MILL_E_MALFORMED_CSV_RECORD, "badRecord",
                     "it has more fields than maxColumns", NULL);
  if (ncols != d->nfile && d->count) d->bad[n] = 1;
  return MILL_OK;
}

/* Take over d->row, whose record is at[0, size). */
static mill_status take_row(csv_cells *d, uint32_t n, const char *at, size_t size,
                            mill_error *err) {
  clear_row(d, n);
  for (size_t i = 0; i < d->row.n && i < d->nfile; i++)
    if (d->slot[i] >= 0) d->cell[(size_t)d->slot[i] * CSV_STRIDE + n] = d->row.cell[i];
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

/* Is there nothing in the line at p, by the rule of the reader? */
static bool is_blank(const csv_marks *m, uint32_t at) {
  const char *p = m->data + at, *end = m->data + m->end;
  if (m->multi) return m->pair ? *p == '\r' : *p == m->last;
  while (p < end && (unsigned char)*p <= ' ' && *p != m->last && !(m->either && *p == '\r')) p++;
  return p == end || *p == m->last || (m->either && *p == '\r');
}

/* The record at [from, to) as the corrupt record's column shows it: without its line end. */
static csv_cell whole_line(const csv_marks *m, uint32_t from, uint32_t to) {
  bool last = to > from && m->data[to - 1] == m->last;
  if (m->pair) {
    if (last && to - 1 > from && m->data[to - 2] == '\r') to -= 2;
  } else {
    to -= last;
    if (m->either && to > from && m->data[to - 1] == '\r') to--;
  }
  return (csv_cell){from, to - from};
}

/* Rows of the window by the fast scan, until it is empty, the batch full, or a line is special. */
static mill_status fast_rows(csv_cells *d, io_window *w, uint32_t *n, bool *special,
                             mill_error *err) {
  csv_marks m;
  uint32_t at = (uint32_t)w->at;
  uint64_t stop =
      w->stop > w->offset ? w->stop - w->offset : 0; /* records from here on are not ours */
  marks_begin(&m, &d->source, true);
  m.narrow = d->enough < d->nfile;
  marks_at(&m, at);
  if (stop > m.end) stop = m.end;
  d->base = w->data;
  *special = false;
  while (*n < MILL_BATCH && at < stop) {
    uint32_t line = at, ncols = 0;
    unsigned char c = (unsigned char)m.data[line];
    if (c <= ' ' || c == d->plan->comment) {
      *special = c == d->plan->comment || is_blank(&m, line);
      if (*special) break;
    }
    d->bad[*n] = 0;
    csv_seen seen = scan_line(d, &m, &at, *n, &ncols, err);
    if (seen == CSV_FAILED) return MILL_E_OUT_OF_MEMORY;
    if (seen != CSV_SEEN) {
      *special = seen == CSV_SLOW;
      break;
    }
    d->line[*n] = whole_line(&m, line, at);
    for (uint32_t k = ncols; k < d->nfile; k++) put(d, k, *n, (csv_cell){0, CSV_NULL});
    MILL_TRY(check_count(d, *n, ncols, err));
    ++*n;
    w->at = at;
  }
  return MILL_OK;
}

mill_status mill_csv_cells_next(csv_cells *d, uint32_t *n, mill_error *err) {
  io_window *w = d->source.window;
  mill_text_reset(&d->row.side);
  while (*n < MILL_BATCH) {
    bool special = true, found = true;
    if (d->source.fast && w->at < w->have) MILL_TRY(fast_rows(d, w, n, &special, err));
    if (*n == MILL_BATCH) break;
    if (!special && *n) break; /* more bytes are needed: the views must end first */
    uint32_t before = *n;
    MILL_TRY(slow_row(d, n, &found, err));
    if (!found || *n == before) break;
  }
  return MILL_OK;
}

/* ---- life ----------------------------------------------------------------------------------- */

mill_status mill_csv_cells_init(csv_cells *d, const csv_plan *plan, mill_memory *m, uint32_t nfile,
                                int nslots, mill_arena *a, mill_error *err) {
  *d = (csv_cells){.plan = plan, .nfile = nfile, .nslots = nslots};
  mill_csv_row_init(&d->row, m);
  d->slot = mill_arena_alloc(a, ((size_t)nfile + 1) * sizeof *d->slot);
  d->to = mill_arena_alloc(a, ((size_t)nfile + 1) * sizeof *d->to);
  d->cell = mill_arena_alloc(a, ((size_t)nslots + 1) * CSV_STRIDE * sizeof *d->cell);
  return d->slot && d->to && d->cell ? MILL_OK : mill_oom(m, (size_t)nslots * MILL_BATCH, err);
}

void mill_csv_cells_place(csv_cells *d) {
  csv_cell *nowhere = d->cell + (size_t)d->nslots * CSV_STRIDE;
  for (uint32_t i = 0; i < d->nfile; i++)
    d->to[i] = d->slot[i] < 0 ? nowhere : d->cell + (size_t)d->slot[i] * CSV_STRIDE;
  d->to[d->nfile] = nowhere;
  d->enough = d->count ? UINT32_MAX : 0;
  for (uint32_t i = 0; i < d->nfile && !d->count; i++)
    if (d->slot[i] >= 0) d->enough = i + 1;
  if (d->enough == 0) d->enough = 1;
}

void mill_csv_cells_clear(csv_cells *d) { mill_csv_row_clear(&d->row); }
