/* Records of CSV into columns of cells, up to a batch at a time.
**
** In the common form (one-byte separator, lines) bytes that mean anything are found 64 at a time as
** bit masks, so that plain fields cost a few instructions; a line that holds more than plain and
** simply quoted fields goes through mill_csv_split. */
#include "io/csv_int.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* ---- the fast scan -------------------------------------------------------------------------- */

typedef struct marks {
  const char *block, *end;
  uint64_t mask;
  char sep, quote, escape;
} marks;

/* A bit for each of 64 bytes that is a separator, line end, quote or escape. */
static inline uint64_t find_marks(const marks *m, const char *p) {
  uint64_t out = 0;
#ifdef __SSE2__
  const __m128i sep = _mm_set1_epi8(m->sep), quote = _mm_set1_epi8(m->quote),
                escape = _mm_set1_epi8(m->escape), lf = _mm_set1_epi8('\n'),
                cr = _mm_set1_epi8('\r');
  for (int i = 0; i < 4; i++) {
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
    __m128i a = _mm_or_si128(_mm_cmpeq_epi8(v, sep), _mm_cmpeq_epi8(v, lf));
    __m128i b = _mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, escape));
    __m128i c = _mm_or_si128(_mm_or_si128(a, b), _mm_cmpeq_epi8(v, cr));
    out |= (uint64_t)(unsigned)_mm_movemask_epi8(c) << (16 * i);
  }
#else
  for (int i = 0; i < 64; i++) {
    char c = p[i];
    bool hit = c == m->sep || c == m->quote || c == m->escape || c == '\n' || c == '\r';
    out |= (uint64_t)hit << i;
  }
#endif
  return out;
}

static inline void marks_at(marks *m, const char *p) {
  m->block = p;
  m->mask = p < m->end ? find_marks(m, p) : 0;
}

/* The next marked byte, or end. */
static inline const char *next_mark(marks *m) {
  while (m->mask == 0) {
    m->block += 64;
    if (m->block >= m->end) return m->end;
    m->mask = find_marks(m, m->block);
  }
  const char *p = m->block + __builtin_ctzll(m->mask);
  m->mask &= m->mask - 1;
  return p < m->end ? p : m->end;
}

static inline bool line_char(char c) { return c == '\n' || c == '\r'; }

/* Note field `col` of row n. */
static inline void put(csv_cells *d, uint32_t col, uint32_t n, const char *p, const char *q,
                       bool quoted) {
  int slot = col < d->nfile ? d->slot[col] : -1;
  if (slot < 0) return;
  uint32_t size = (uint32_t)(q - p);
  if (size == 0 && (!quoted || !*d->plan->null_value)) size = CSV_NULL;
  d->cell[(size_t)slot * CSV_STRIDE + n] = (csv_cell){(uint32_t)(p - d->base), size};
}

/* A quoted field at p whose opening mark has been taken: its end when it is plain text between two
** quotes and a separator or line end follows, else NULL. */
static inline const char *simple_quoted(const csv_cells *d, marks *m, const char *p) {
  for (;;) {
    const char *q = next_mark(m);
    if (q == m->end || line_char(*q)) return NULL;
    if ((unsigned char)*q == d->plan->quote) {
      if (q == p + 1 && *d->plan->empty_value) return NULL;
      bool ends = q + 1 == m->end || q[1] == d->plan->sep[0] || line_char(q[1]);
      return ends ? q : NULL;
    }
    if ((unsigned char)*q == d->plan->escape) return NULL;
  }
}

typedef enum scanned { SCAN_ROW, SCAN_SLOW, SCAN_MORE } scanned;

/* Split the line at *line into row n. SCAN_SLOW: it needs the long way. SCAN_MORE: it goes on behind
** the window. */
static inline scanned scan_line(csv_cells *d, marks *m, const char **line, uint32_t n,
                                uint32_t *ncols, bool eof) {
  const char *p = *line, *q;
  uint32_t col = 0;
  for (;; p = q + 1, col++) {
    bool quoted = p < m->end && (unsigned char)*p == d->plan->quote;
    if (quoted) {
      (void)next_mark(m);
      const char *close = simple_quoted(d, m, p);
      if (!close) return SCAN_SLOW;
      put(d, col, n, p + 1, close, true);
    }
    do q = next_mark(m);
    while (q < m->end && *q != d->plan->sep[0] && !line_char(*q));
    if (q == m->end && !eof) return SCAN_MORE;
    if (!quoted) put(d, col, n, p, q, false);
    if (q == m->end || line_char(*q)) break;
  }
  if (q < m->end && *q == '\r') {
    if (q + 1 == m->end && !eof) return SCAN_MORE;
    if (q + 1 < m->end && q[1] == '\n') q = next_mark(m);
  }
  *ncols = col + 1;
  *line = q < m->end ? q + 1 : q;
  return SCAN_ROW;
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

static bool is_blank(const char *p, const char *end) {
  while (p < end && (unsigned char)*p <= ' ' && !line_char(*p)) p++;
  return p == end || line_char(*p);
}

/* Rows of the window by the fast scan, until it is empty, the batch full, or a line is special. */
static mill_status fast_rows(csv_cells *d, io_window *w, uint32_t *n, bool *special,
                             mill_error *err) {
  const char *p = w->data + w->at;
  marks m = {.end = w->data + w->have,
             .sep = d->plan->sep[0],
             .quote = (char)(d->plan->quote == CSV_NONE ? d->plan->sep[0] : d->plan->quote),
             .escape = (char)(d->plan->escape == CSV_NONE ? d->plan->sep[0] : d->plan->escape)};
  d->base = w->data;
  *special = false;
  marks_at(&m, p);
  while (*n < MILL_BATCH && p < m.end && w->offset + (uint64_t)(p - w->data) < w->stop) {
    const char *line = p;
    uint32_t ncols = 0;
    if ((unsigned char)*p <= ' ' || (unsigned char)*p == d->plan->comment) {
      *special = (unsigned char)*p == d->plan->comment || is_blank(p, m.end);
      if (*special) break;
    }
    d->bad[*n] = 0;
    scanned s = scan_line(d, &m, &p, *n, &ncols, w->eof);
    if (s != SCAN_ROW) {
      *special = s == SCAN_SLOW;
      break;
    }
    const char *stop = p;
    while (stop > line && line_char(stop[-1])) stop--;
    d->line[*n] = (csv_cell){(uint32_t)(line - w->data), (uint32_t)(stop - line)};
    for (uint32_t c = ncols; c < d->nfile; c++)
      if (d->slot[c] >= 0) d->cell[(size_t)d->slot[c] * CSV_STRIDE + *n] = (csv_cell){0, CSV_NULL};
    MILL_TRY(check_count(d, *n, ncols, err));
    ++*n;
    w->at = (size_t)(p - w->data);
  }
  return MILL_OK;
}

mill_status mill_csv_cells_next(csv_cells *d, uint32_t *n, mill_error *err) {
  io_window *w = d->source.window;
  mill_text_reset(&d->row.side);
  while (*n < MILL_BATCH) {
    bool special = true, found = true;
    if (d->plan->simple && w->at < w->have) MILL_TRY(fast_rows(d, w, n, &special, err));
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
  d->cell = mill_arena_alloc(a, ((size_t)nslots + 1) * CSV_STRIDE * sizeof *d->cell);
  return d->slot && d->cell ? MILL_OK : mill_oom(m, (size_t)nslots * MILL_BATCH, err);
}

void mill_csv_cells_clear(csv_cells *d) { mill_csv_row_clear(&d->row); }
