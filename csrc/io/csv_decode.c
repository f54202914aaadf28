/* CSV into vectors: rows are split into cells first (csv_scan.c), up to a batch of them, then
** converted column by column (csv_column.c). */
#include <strings.h>

#include "base/timezone.h"
#include "io/csv_int.h"

typedef struct csv_decoder {
  io_decoder base;
  mill_memory *memory;
  const io_job *job;
  const csv_plan *plan;
  mill_arena arena;   /* of this decoder */
  mill_arena scratch; /* texts of one batch */
  csv_cells cells;
  int ncols;   /* wanted columns */
  bool texts;  /* one of them is a STRING */
  int corrupt; /* which of them is the corrupt record's; -1: none */
  bool counts; /* no column is wanted: lines are counted */
  bool counted;
  uint64_t left;     /* rows that were counted and not given */
  uint64_t **bits;   /* of nulls, of each column */
  uint32_t *nulls;   /* of the batch */
  csv_codes **codes; /* of each column, NULL: it is no text, or has too many */
  void **flat;       /* what a column's values have as their place */
  bool begun, coded; /* there was a batch; there was a second one */
  csv_variants variants;
  uint8_t *state; /* of each VARIANT column */
  uint32_t sel[MILL_BATCH];
} csv_decoder;

/* ---- columns -------------------------------------------------------------------------------- */

/* Values that equal nullValue are null too. */
static void mark_null_values(csv_decoder *d, csv_cell *cell, uint32_t n) {
  const char *word = d->plan->null_value;
  size_t size = d->plan->null_size;
  for (uint32_t i = 0; size && i < n; i++)
    if (cell[i].size == size && memcmp(csv_cell_text(&d->cells, cell[i]), word, size) == 0)
      cell[i].size = CSV_NULL;
}

/* n records of the batch; `check` as in mill_csv_convert. */
static mill_status convert_column(csv_decoder *d, int slot, mill_vector *v, uint32_t n, bool check,
                                  mill_error *err) {
  csv_cell *cell = d->cells.cell + (size_t)slot * CSV_STRIDE;
  csv_codes *k = d->codes[slot];
  if (v->type->id == MILL_VARIANT)
    return mill_csv_variant_column(&d->cells, &d->variants, &d->state[slot], cell, v, n,
                                   &d->scratch, err);
  mark_null_values(d, cell, n);
  return k ? mill_csv_convert_codes(&d->cells, k, cell, v, n, check, &d->scratch, &d->nulls[slot],
                                    err)
           : mill_csv_convert(&d->cells, cell, v, n, check, &d->scratch, &d->nulls[slot], err);
}

/* The record's text where it is malformed, else null. */
static mill_status corrupt_column(csv_decoder *d, mill_vector *v, uint32_t n, bool check,
                                  mill_error *err) {
  csv_cell *cell = d->cells.cell + (size_t)d->corrupt * CSV_STRIDE;
  for (uint32_t i = 0; i < n; i++) {
    uint32_t row = d->cells.from + i;
    cell[i] = d->cells.bad[row] ? d->cells.line[row] : (csv_cell){0, CSV_NULL};
  }
  return mill_csv_convert(&d->cells, cell, v, n, check, &d->scratch, &d->nulls[d->corrupt], err);
}

/* Plain texts begin as codes when there is more than a batch: for few rows that would be most of the work. */
static mill_status make_codes(csv_decoder *d, const mill_vector *cols, mill_error *err) {
  bool now = d->begun && !d->coded;
  d->coded = d->begun;
  d->begun = true;
  for (int i = 0; i < d->ncols && now; i++) {
    const mill_type *t = cols[i].type;
    if (t->id == MILL_STRING && t->collation == MILL_UTF8_BINARY && i != d->corrupt)
      MILL_TRY(mill_csv_codes_new(d->memory, t, &d->codes[i], err));
  }
  return MILL_OK;
}

/* Columns get their bits of nulls, and those that were codes their values' place; those without a null lose the
** bits, or become codes. */
static void begin_columns(csv_decoder *d, mill_vector *cols) {
  for (int i = 0; i < d->ncols; i++) {
    if (cols[i].type->id == MILL_VARIANT) continue;
    if (cols[i].index) cols[i].data = d->flat[i];
    d->flat[i] = cols[i].data;
    cols[i].index = NULL;
    cols[i].entries = 0;
    cols[i].valid = memset(d->bits[i], 0xff, MILL_BATCH / 8);
    d->nulls[i] = 0;
    if (d->codes[i] == NULL || !d->codes[i]->many) continue;
    mill_csv_codes_free(d->codes[i], d->memory);
    d->codes[i] = NULL;
  }
}

static mill_status end_columns(csv_decoder *d, mill_vector *cols, mill_error *err) {
  for (int i = 0; i < d->ncols; i++) {
    if (cols[i].type->id == MILL_VARIANT) continue;
    if (d->codes[i] && !d->codes[i]->many)
      MILL_TRY(mill_csv_codes_show(d->codes[i], &cols[i], err));
    else if (d->nulls[i] == 0)
      cols[i].valid = NULL;
  }
  return MILL_OK;
}

/* A batch: some hundred records at a time, whose texts become values before the next ones are looked at. */
static mill_status read_batch(csv_decoder *d, io_window *w, mill_vector *cols, uint32_t *n,
                              mill_error *err) {
  *n = 0;
  mill_arena_clear(&d->scratch);
  mill_text_reset(&d->cells.row.side);
  MILL_TRY(make_codes(d, cols, err));
  begin_columns(d, cols);
  for (;;) {
    MILL_TRY(mill_csv_cells_next(&d->cells, n, err));
    uint32_t more = *n - d->cells.from;
    if (more == 0) break;
    bool check = d->texts && !mill_io_valid(w);
    for (int i = 0; i < d->ncols; i++)
      if (i != d->corrupt) MILL_TRY(convert_column(d, i, &cols[i], more, check, err));
    if (d->corrupt >= 0) MILL_TRY(corrupt_column(d, &cols[d->corrupt], more, check, err));
  }
  return *n ? end_columns(d, cols, err) : MILL_OK;
}

/* What the mode makes of malformed rows. */
static mill_status apply_mode(csv_decoder *d, uint32_t *n, const uint32_t **sel, mill_error *err) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < *n; i++) {
    if (d->cells.bad[i] && d->job->mode == IO_FAIL_FAST) {
      int size = (int)(d->cells.line[i].size < 200 ? d->cells.line[i].size : 200);
      return mill_fail(err, MILL_E_MALFORMED_RECORD, "badRecord",
                       mill_error_fmt(err, "%.*s", size, d->cells.base + d->cells.line[i].at),
                       "failFastMode", "FAILFAST", NULL);
    }
    if (!d->cells.bad[i]) d->sel[kept++] = i;
  }
  if (d->job->mode != IO_DROP_MALFORMED || kept == *n) return MILL_OK;
  *n = kept;
  *sel = d->sel;
  return MILL_OK;
}

static mill_status next_counted(csv_decoder *d, uint32_t *n, mill_error *err) {
  if (!d->counted) MILL_TRY(mill_csv_count(&d->cells.source, &d->left, err));
  d->counted = true;
  *n = d->left < MILL_BATCH ? (uint32_t)d->left : MILL_BATCH;
  d->left -= *n;
  return MILL_OK;
}

static mill_status csv_next(io_decoder *base, io_window *w, mill_vector *cols, uint32_t *n,
                            const uint32_t **sel, mill_error *err) {
  csv_decoder *d = (csv_decoder *)base;
  if (d->counts) return next_counted(d, n, err);
  do {
    *sel = NULL;
    MILL_TRY(read_batch(d, w, cols, n, err));
    if (*n == 0) return MILL_OK;
    MILL_TRY(
        mill_value_check(&d->plan->rules, err)); /* a zone that could not be read is no bad text */
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

/* enforceSchema=false: the header must name the schema's columns, unless none of them is wanted. */
static mill_status check_header(csv_decoder *d, mill_error *err) {
  const mill_type *t = d->job->data;
  uint32_t k = 0;
  for (uint32_t i = 0; i < t->nfields; i++) {
    const char *name = t->fields[i].name;
    if (strcmp(name, d->plan->corrupt) == 0) continue;
    if (k >= d->cells.row.n || d->cells.row.cell[k].size == CSV_NULL)
      return wrong_header(d, i, err);
    csv_cell c = d->cells.row.cell[k++];
    const char *got = csv_text(&d->cells.row, c);
    int differ = d->job->settings.case_sensitive ? strncmp(got, name, c.size)
                                                 : strncasecmp(got, name, c.size);
    if (strlen(name) != c.size || differ) return wrong_header(d, i, err);
  }
  return k == d->cells.row.n ? MILL_OK : wrong_header(d, k, err);
}

static mill_status csv_start(io_decoder *base, io_window *w, bool first, mill_error *err) {
  csv_decoder *d = (csv_decoder *)base;
  const char *at;
  size_t size;
  bool found;
  d->counted = false;
  if (d->ncols) memset(d->state, 0, (size_t)d->ncols);
  MILL_TRY(mill_csv_begin(&d->cells.source, w, d->plan, first, err));
  if (!first || !d->plan->header) return MILL_OK;
  mill_text_reset(&d->cells.row.side);
  MILL_TRY(mill_csv_record(&d->cells.source, true, &d->cells.row, &at, &size, &found, err));
  bool checked = found && !d->plan->enforce_schema && (d->ncols || d->plan->all_columns);
  return checked ? check_header(d, err) : MILL_OK;
}

static void csv_free(io_decoder *base) {
  csv_decoder *d = (csv_decoder *)base;
  for (int i = 0; d->codes && i < d->ncols; i++) mill_csv_codes_free(d->codes[i], d->memory);
  mill_csv_cells_clear(&d->cells);
  mill_csv_variants_clear(&d->variants);
  mill_arena_clear(&d->scratch);
  mill_arena_clear(&d->arena);
  mill_free(d->memory, d, sizeof *d);
}

/* ---- setting up ----------------------------------------------------------------------------- */

/* Which file column goes to which slot. The corrupt record's column is not in the files. */
static mill_status map_columns(csv_decoder *d, const int *columns, int n, mill_error *err) {
  const mill_type *t = d->job->data;
  csv_cells *c = &d->cells;
  MILL_TRY(mill_csv_cells_init(c, d->plan, d->memory, t->nfields, n, &d->arena, err));
  d->bits = mill_arena_alloc(&d->arena, ((size_t)n + 1) * sizeof *d->bits);
  d->nulls = mill_arena_alloc(&d->arena, ((size_t)n + 1) * sizeof *d->nulls);
  d->state = mill_arena_alloc(&d->arena, (size_t)n + 1);
  d->codes = mill_arena_alloc(&d->arena, ((size_t)n + 1) * sizeof *d->codes);
  d->flat = mill_arena_alloc(&d->arena, ((size_t)n + 1) * sizeof *d->flat);
  if (!d->bits || !d->nulls || !d->state || !d->codes || !d->flat)
    return mill_oom(d->memory, 1 << 16, err);
  int wanted = 0;
  c->nfile = 0;
  for (uint32_t i = 0; i < t->nfields; i++) {
    int slot = -1;
    for (int k = 0; k < n; k++)
      if (columns[k] == (int)i) slot = k;
    if (strcmp(t->fields[i].name, d->plan->corrupt) == 0) {
      d->corrupt = slot;
      continue;
    }
    c->slot[c->nfile++] = slot;
    wanted += slot >= 0;
  }
  d->ncols = n;
  c->count = wanted == (int)c->nfile || d->plan->all_columns;
  d->counts = n == 0 && !c->count && mill_csv_counts(d->plan);
  for (int i = 0; i < n; i++) d->texts |= t->fields[columns[i]].type->id == MILL_STRING;
  for (int i = 0; i < n; i++)
    if (!(d->bits[i] = mill_arena_alloc(&d->arena, MILL_BATCH / 8)))
      return mill_oom(d->memory, MILL_BATCH / 8, err);
  return MILL_OK;
}

mill_status mill_csv_decoder(const io_job *job, const int *columns, int n, io_decoder **out,
                             mill_error *err) {
  mill_memory *m = io_memory(job);
  MILL_TRY(mill_io_check_corrupt(job, columns, n, ((const csv_plan *)job->plan)->corrupt, err));
  if (job->single) return mill_csv_single_decoder(job, columns, n, out, err);
  csv_decoder *d = mill_calloc(m, sizeof *d);
  if (!d) return mill_oom(m, sizeof *d, err);
  d->base = (io_decoder){csv_start, csv_next, csv_free, NULL, 0, NULL};
  d->memory = m;
  d->job = job;
  d->plan = job->plan;
  d->corrupt = -1;
  mill_arena_init(&d->arena, m);
  mill_arena_init(&d->scratch, m);
  mill_csv_row_init(&d->cells.row, m);
  mill_csv_variants_init(&d->variants, m);
  mill_status s = map_columns(d, columns, n, err);
  if (s != MILL_OK) {
    csv_free(&d->base);
    return s;
  }
  *out = &d->base;
  return MILL_OK;
}
