/* CSV into vectors: rows are split first, up to a batch of them, then converted column by column.
**
** In the common form (one-byte separator, lines) bytes that mean anything are found 64 at a time as
** bit masks, so that plain fields cost a few instructions; a line that holds more than plain and
** simply quoted fields goes through mill_csv_split. */
#include <strings.h>

#include "base/utf8.h"
#include "io/csv_int.h"
#include "io/quick_int.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

typedef struct csv_decoder {
  io_decoder base;
  mill_memory *memory;
  const io_job *job;
  const csv_plan *plan;
  mill_arena arena;   /* of this decoder */
  mill_arena scratch; /* texts of one batch */
  csv_source source;
  csv_row row;    /* the row that takes the long way; its side text is the batch's */
  int *slot;      /* of each file column; -1: not wanted */
  uint32_t nfile; /* columns that a record should have */
  int ncols;      /* wanted columns */
  int corrupt;    /* which of them is the corrupt record's; -1: none */
  bool count;     /* all columns are wanted: records of other lengths are malformed */
  uint64_t **bits;
  csv_cell *cell; /* slot * MILL_BATCH + row */
  csv_cell line[MILL_BATCH];
  uint8_t bad[MILL_BATCH];
  uint32_t sel[MILL_BATCH];
  const char *base_text; /* cells count from here */
} csv_decoder;

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
static inline void put(csv_decoder *d, uint32_t col, uint32_t n, const char *p, const char *q,
                       bool quoted) {
  int slot = col < d->nfile ? d->slot[col] : -1;
  if (slot < 0) return;
  uint32_t size = (uint32_t)(q - p);
  if (size == 0 && (!quoted || !*d->plan->null_value)) size = CSV_NULL;
  d->cell[(size_t)slot * MILL_BATCH + n] = (csv_cell){(uint32_t)(p - d->base_text), size};
}

/* A quoted field at p whose opening mark has been taken: its end when it is plain text between two
** quotes and a separator or line end follows, else NULL. */
static inline const char *simple_quoted(const csv_decoder *d, marks *m, const char *p) {
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
static inline scanned scan_line(csv_decoder *d, marks *m, const char **line, uint32_t n,
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

static void clear_row(csv_decoder *d, uint32_t n) {
  for (int i = 0; i < d->ncols; i++) d->cell[(size_t)i * MILL_BATCH + n] = (csv_cell){0, CSV_NULL};
  d->bad[n] = 0;
}

/* Is the number of fields right? Too few: the rest is null already. */
static mill_status check_count(csv_decoder *d, uint32_t n, uint32_t ncols, mill_error *err) {
  if (ncols > (uint64_t)d->plan->max_columns)
    return mill_fail(err, MILL_E_MALFORMED_CSV_RECORD, "badRecord",
                     "it has more fields than maxColumns", NULL);
  if (ncols != d->nfile && d->count) d->bad[n] = 1;
  return MILL_OK;
}

/* Take over d->row, whose record is at[0, size). */
static mill_status take_row(csv_decoder *d, uint32_t n, const char *at, size_t size,
                            mill_error *err) {
  clear_row(d, n);
  for (size_t i = 0; i < d->row.n && i < d->nfile; i++)
    if (d->slot[i] >= 0) d->cell[(size_t)d->slot[i] * MILL_BATCH + n] = d->row.cell[i];
  d->line[n] = (csv_cell){(uint32_t)(at - d->base_text), (uint32_t)size};
  return check_count(d, n, (uint32_t)d->row.n, err);
}

/* The line at w->at by the long way. False: no whole line there. */
static mill_status slow_row(csv_decoder *d, io_window *w, uint32_t *n, bool *found,
                            mill_error *err) {
  const char *at;
  size_t size;
  (void)w;
  MILL_TRY(mill_csv_record(&d->source, *n == 0, &d->row, &at, &size, found, err));
  if (!*found) return MILL_OK;
  d->base_text = d->row.base;
  MILL_TRY(take_row(d, *n, at, size, err));
  ++*n;
  return MILL_OK;
}

static bool is_blank(const char *p, const char *end) {
  while (p < end && (unsigned char)*p <= ' ' && !line_char(*p)) p++;
  return p == end || line_char(*p);
}

/* Rows of the window by the fast scan, until it is empty, the batch full, or a line is special. */
static mill_status fast_rows(csv_decoder *d, io_window *w, uint32_t *n, bool *special,
                             mill_error *err) {
  const char *p = w->data + w->at;
  marks m = {.end = w->data + w->have,
             .sep = d->plan->sep[0],
             .quote = (char)(d->plan->quote == CSV_NONE ? d->plan->sep[0] : d->plan->quote),
             .escape = (char)(d->plan->escape == CSV_NONE ? d->plan->sep[0] : d->plan->escape)};
  d->base_text = w->data;
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
      if (d->slot[c] >= 0) d->cell[(size_t)d->slot[c] * MILL_BATCH + *n] = (csv_cell){0, CSV_NULL};
    MILL_TRY(check_count(d, *n, ncols, err));
    ++*n;
    w->at = (size_t)(p - w->data);
  }
  return MILL_OK;
}

/* Up to a batch of rows into d->cell. 0: the end of the range. */
static mill_status split_rows(csv_decoder *d, io_window *w, uint32_t *n, mill_error *err) {
  mill_text_reset(&d->row.side);
  while (*n < MILL_BATCH) {
    bool special = true, found = true;
    if (d->plan->simple && w->at < w->have) MILL_TRY(fast_rows(d, w, n, &special, err));
    if (*n == MILL_BATCH) break;
    if (!special && *n) break; /* more bytes are needed: the views must end first */
    uint32_t before = *n;
    MILL_TRY(slow_row(d, w, n, &found, err));
    if (!found || *n == before) break;
  }
  return MILL_OK;
}

/* ---- columns -------------------------------------------------------------------------------- */

static inline const char *cell_text(const csv_decoder *d, csv_cell c) {
  return c.at & CSV_SIDE ? d->row.side.data + (c.at & ~CSV_SIDE) : d->base_text + c.at;
}

/* A view built from whole words: texts have IO_PAD bytes behind them. */
static inline mill_str view_of(const char *p, uint32_t n) {
  if (n > MILL_STR_INLINE) return mill_str_view(p, n);
  uint64_t low, high;
  mill_str s = {n, {0}, {{0}}};
  memcpy(&low, p, 8);
  memcpy(&high, p + 8, 8);
  low = n >= 8 ? low : low & ((1ull << (8 * n)) - 1);
  high = n <= 8 ? 0 : high & ((1ull << (8 * (n - 8))) - 1);
  memcpy(s.prefix, &low, 4);
  uint64_t rest = low >> 32 | high << 32;
  memcpy(s.u.rest, &rest, 8);
  return s;
}

static mill_status repaired(csv_decoder *d, const char *p, size_t n, mill_str *out,
                            mill_error *err) {
  mill_text t;
  mill_text_init(&t, d->memory);
  mill_status s = mill_utf8_repair(p, n, &t, err);
  char *own = s == MILL_OK ? mill_arena_strndup(&d->scratch, t.data ? t.data : "", t.size) : NULL;
  if (s == MILL_OK && !own) s = mill_oom(d->memory, t.size, err);
  if (own) *out = mill_str_view(own, t.size);
  mill_text_clear(&t);
  return s;
}

static inline void null_at(mill_vector *v, uint32_t i) { v->valid[i >> 6] &= ~(1ull << (i & 63)); }

/* Texts; `check`: some of them may be broken UTF-8. BINARY is the bytes as they are. */
static mill_status text_column(csv_decoder *d, const csv_cell *cell, mill_vector *v, uint32_t n,
                               bool check, uint32_t *nulls, mill_error *err) {
  mill_str *out = v->data;
  for (uint32_t i = 0; i < n; i++) {
    if (cell[i].size == CSV_NULL) {
      null_at(v, i);
      ++*nulls;
      continue;
    }
    const char *p = cell_text(d, cell[i]);
    if (check && !mill_utf8_valid(p, cell[i].size))
      MILL_TRY(repaired(d, p, cell[i].size, &out[i], err));
    else
      out[i] = view_of(p, cell[i].size);
  }
  return MILL_OK;
}

/* The loop of one physical type, with a quick way for plain texts. */
#define TYPED_COLUMN(NAME, CTYPE, QUICK)                                                           \
  static void NAME(csv_decoder *d, const csv_cell *cell, mill_vector *v, uint32_t n,               \
                   uint32_t *nulls) {                                                              \
    CTYPE *out = v->data;                                                                          \
    for (uint32_t i = 0; i < n; i++) {                                                             \
      const char *p = cell[i].size == CSV_NULL ? NULL : cell_text(d, cell[i]);                     \
      if (p && ((QUICK) || mill_io_value(&d->plan->rules, v->type, p, cell[i].size, &out[i])))     \
        continue;                                                                                  \
      null_at(v, i);                                                                               \
      ++*nulls;                                                                                    \
      d->bad[i] |= p != NULL;                                                                      \
    }                                                                                              \
  }

static inline bool quick_i32(const csv_decoder *d, const mill_type *t, const char *p, size_t n,
                             int32_t *out) {
  int64_t x;
  if (t->id == MILL_DATE) return n == 10 && !d->plan->rules.date_pattern && quick_date(p, out);
  if (t->id != MILL_INT || n > 10 || !quick_integer(p, n, &x) || x != (int32_t)x) return false;
  *out = (int32_t)x;
  return true;
}

static inline bool quick_i64(const mill_type *t, const char *p, size_t n, int64_t *out) {
  if (t->id == MILL_BIGINT) return quick_integer(p, n, out);
  return t->id == MILL_DECIMAL && quick_decimal(p, n, t->scale, out) &&
         mill_decimal_fits(*out, t->precision);
}

TYPED_COLUMN(column_bool, uint8_t, false)
TYPED_COLUMN(column_i8, int8_t, false)
TYPED_COLUMN(column_i16, int16_t, false)
TYPED_COLUMN(column_i32, int32_t, quick_i32(d, v->type, p, cell[i].size, &out[i]))
TYPED_COLUMN(column_i64, int64_t, quick_i64(v->type, p, cell[i].size, &out[i]))
TYPED_COLUMN(column_f32, float, false)
TYPED_COLUMN(column_f64, double, false)
TYPED_COLUMN(column_i128, mill_i128, false)

/* Values that equal nullValue are null too. */
static void mark_null_values(csv_decoder *d, csv_cell *cell, uint32_t n) {
  const char *word = d->plan->null_value;
  size_t size = strlen(word);
  for (uint32_t i = 0; size && i < n; i++)
    if (cell[i].size == size && memcmp(cell_text(d, cell[i]), word, size) == 0)
      cell[i].size = CSV_NULL;
}

static mill_status convert_column(csv_decoder *d, int slot, mill_vector *v, uint32_t n, bool check,
                                  mill_error *err) {
  csv_cell *cell = d->cell + (size_t)slot * MILL_BATCH;
  uint32_t nulls = 0;
  mark_null_values(d, cell, n);
  v->valid = d->bits[slot];
  memset(v->valid, 0xff, MILL_BATCH / 8);
  switch (v->type->phys) {
  case MILL_PHYS_STR:
    MILL_TRY(text_column(d, cell, v, n, check && v->type->id == MILL_STRING, &nulls, err));
    break;
  case MILL_PHYS_BOOL: column_bool(d, cell, v, n, &nulls); break;
  case MILL_PHYS_I8: column_i8(d, cell, v, n, &nulls); break;
  case MILL_PHYS_I16: column_i16(d, cell, v, n, &nulls); break;
  case MILL_PHYS_I32: column_i32(d, cell, v, n, &nulls); break;
  case MILL_PHYS_I64: column_i64(d, cell, v, n, &nulls); break;
  case MILL_PHYS_F32: column_f32(d, cell, v, n, &nulls); break;
  case MILL_PHYS_F64: column_f64(d, cell, v, n, &nulls); break;
  default: column_i128(d, cell, v, n, &nulls); break;
  }
  if (nulls == 0) v->valid = NULL;
  return MILL_OK;
}

/* The record's text where it is malformed, else null. */
static mill_status corrupt_column(csv_decoder *d, mill_vector *v, uint32_t n, bool check,
                                  mill_error *err) {
  csv_cell *cell = d->cell + (size_t)d->corrupt * MILL_BATCH;
  uint32_t nulls = 0;
  for (uint32_t i = 0; i < n; i++) cell[i] = d->bad[i] ? d->line[i] : (csv_cell){0, CSV_NULL};
  v->valid = d->bits[d->corrupt];
  memset(v->valid, 0xff, MILL_BATCH / 8);
  return text_column(d, cell, v, n, check, &nulls, err);
}

/* What the mode makes of malformed rows. */
static mill_status apply_mode(csv_decoder *d, uint32_t *n, const uint32_t **sel, mill_error *err) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < *n; i++) {
    if (d->bad[i] && d->job->mode == IO_FAIL_FAST) {
      int size = (int)(d->line[i].size < 200 ? d->line[i].size : 200);
      return mill_fail(err, MILL_E_MALFORMED_RECORD, "badRecord",
                       mill_error_fmt(err, "%.*s", size, d->base_text + d->line[i].at),
                       "failFastMode", "FAILFAST", NULL);
    }
    if (!d->bad[i]) d->sel[kept++] = i;
  }
  if (d->job->mode != IO_DROP_MALFORMED || kept == *n) return MILL_OK;
  *n = kept;
  *sel = d->sel;
  return MILL_OK;
}

static mill_status csv_next(io_decoder *base, io_window *w, mill_vector *cols, uint32_t *n,
                            const uint32_t **sel, mill_error *err) {
  csv_decoder *d = (csv_decoder *)base;
  do {
    *n = 0;
    *sel = NULL;
    mill_arena_clear(&d->scratch);
    MILL_TRY(split_rows(d, w, n, err));
    if (*n == 0) return MILL_OK;
    MILL_TRY(mill_text_reserve(&d->row.side, IO_PAD, err));
    for (int i = 0; i < d->ncols; i++)
      if (i != d->corrupt) MILL_TRY(convert_column(d, i, &cols[i], *n, !w->valid, err));
    if (d->corrupt >= 0) MILL_TRY(corrupt_column(d, &cols[d->corrupt], *n, !w->valid, err));
    MILL_TRY(apply_mode(d, n, sel, err));
  } while (*n == 0);
  return MILL_OK;
}

/* ---- headers -------------------------------------------------------------------------------- */

static mill_status wrong_header(csv_decoder *d, uint32_t i, mill_error *err) {
  const mill_type *t = d->job->data;
  return mill_fail(err, MILL_E_MALFORMED_CSV_RECORD, "badRecord",
                   mill_error_fmt(err, "the header's column %u is not `%s` of the schema", i + 1,
                                  i < t->nfields ? t->fields[i].name : ""),
                   NULL);
}

/* enforceSchema=false: the header must name the schema's columns. */
static mill_status check_header(csv_decoder *d, mill_error *err) {
  const mill_type *t = d->job->data;
  uint32_t k = 0;
  for (uint32_t i = 0; i < t->nfields; i++) {
    const char *name = t->fields[i].name;
    if (strcasecmp(name, d->plan->corrupt) == 0) continue;
    if (k >= d->row.n || d->row.cell[k].size == CSV_NULL) return wrong_header(d, i, err);
    csv_cell c = d->row.cell[k++];
    const char *got = csv_text(&d->row, c);
    int differ = d->job->settings.case_sensitive ? strncmp(got, name, c.size)
                                                 : strncasecmp(got, name, c.size);
    if (strlen(name) != c.size || differ) return wrong_header(d, i, err);
  }
  return k == d->row.n ? MILL_OK : wrong_header(d, k, err);
}

static mill_status csv_start(io_decoder *base, io_window *w, bool first, mill_error *err) {
  csv_decoder *d = (csv_decoder *)base;
  const char *at;
  size_t size;
  bool found;
  MILL_TRY(mill_csv_begin(&d->source, w, d->plan, first, err));
  if (!first || !d->plan->header) return MILL_OK;
  mill_text_reset(&d->row.side);
  MILL_TRY(mill_csv_record(&d->source, true, &d->row, &at, &size, &found, err));
  return found && !d->plan->enforce_schema ? check_header(d, err) : MILL_OK;
}

static void csv_free(io_decoder *base) {
  csv_decoder *d = (csv_decoder *)base;
  mill_csv_row_clear(&d->row);
  mill_arena_clear(&d->scratch);
  mill_arena_clear(&d->arena);
  mill_free(d->memory, d, sizeof *d);
}

/* ---- setting up ----------------------------------------------------------------------------- */

/* Which file column goes to which slot. The corrupt record's column is not in the files. */
static mill_status map_columns(csv_decoder *d, const int *columns, int n, mill_error *err) {
  const mill_type *t = d->job->data;
  d->slot = mill_arena_alloc(&d->arena, (t->nfields + 1) * sizeof *d->slot);
  d->bits = mill_arena_alloc(&d->arena, ((size_t)n + 1) * sizeof *d->bits);
  d->cell = mill_arena_alloc(&d->arena, ((size_t)n + 1) * MILL_BATCH * sizeof *d->cell);
  if (!d->slot || !d->bits || !d->cell) return mill_oom(d->memory, 1 << 16, err);
  int wanted = 0;
  for (uint32_t i = 0; i < t->nfields; i++) {
    int slot = -1;
    for (int k = 0; k < n; k++)
      if (columns[k] == (int)i) slot = k;
    if (strcasecmp(t->fields[i].name, d->plan->corrupt) == 0) {
      d->corrupt = slot;
      continue;
    }
    d->slot[d->nfile++] = slot;
    wanted += slot >= 0;
  }
  d->ncols = n;
  d->count = wanted == (int)d->nfile;
  for (int i = 0; i < n; i++)
    if (!(d->bits[i] = mill_arena_alloc(&d->arena, MILL_BATCH / 8)))
      return mill_oom(d->memory, MILL_BATCH / 8, err);
  return MILL_OK;
}

mill_status mill_csv_decoder(const io_job *job, const int *columns, int n, io_decoder **out,
                             mill_error *err) {
  mill_memory *m = io_memory(job);
  MILL_TRY(mill_io_check_corrupt(job, columns, n, ((const csv_plan *)job->plan)->corrupt, err));
  csv_decoder *d = mill_calloc(m, sizeof *d);
  if (!d) return mill_oom(m, sizeof *d, err);
  d->base = (io_decoder){csv_start, csv_next, csv_free};
  d->memory = m;
  d->job = job;
  d->plan = job->plan;
  d->corrupt = -1;
  mill_arena_init(&d->arena, m);
  mill_arena_init(&d->scratch, m);
  mill_csv_row_init(&d->row, m);
  mill_status s = map_columns(d, columns, n, err);
  if (s != MILL_OK) {
    csv_free(&d->base);
    return s;
  }
  *out = &d->base;
  return MILL_OK;
}
