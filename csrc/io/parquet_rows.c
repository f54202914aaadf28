/* Rows of Parquet files: the decoder of pieces; see parquet_read.h.
**
** With tests (mill_scan.narrow) the rows of a group that may be wanted come as ranges, and the columns
** of tests are read first: a batch without a row that fulfils them passes the other columns by, and
** where few do they are the batch's selection. A test of texts is asked once for each entry of a
** dictionary. */
#include <string.h>

#include "io/parquet_prune.h"

/* A column that is tested: which of the wanted ones, and what entries of its dictionary fulfil. */
typedef struct tested {
  const mill_test *test;
  int column;
  const void *dictionary; /* that `passes` is about */
  uint8_t *passes;
  uint32_t entries;
} tested;

typedef struct parquet_decoder {
  io_decoder base;
  const parquet_read *read;
  mill_memory *memory;
  parquet_wanted *wanted;
  const int *columns;
  int n;
  const mill_test *tests;
  int ntests;

  size_t number; /* of the file; SIZE_MAX: none */
  mill_file file;
  mill_arena arena; /* of the file: its plan */
  parquet_plan plan;
  parquet_column *column;
  parquet_probe *probe;
  tested *tested;
  int nprobes, ntested;

  size_t group; /* SIZE_MAX: not in one */
  mill_arena group_arena;
  parquet_rows *range; /* of the group: what may be wanted */
  size_t nranges, at;
  uint64_t *place;           /* of each leaf: rows of the group before what it gives next */
  uint64_t row, start, stop; /* of the group; start, stop: the piece */
  mill_arena batch;
  uint8_t mask[MILL_BATCH];
  uint32_t sel[MILL_BATCH];
} parquet_decoder;

static void close_file(parquet_decoder *d) {
  for (int i = 0; d->column && i < d->plan.leaves; i++) mill_parquet_column_clear(&d->column[i]);
  d->column = NULL;
  mill_file_clear(&d->file);
  mill_arena_clear(&d->arena);
  mill_arena_clear(&d->group_arena);
  d->number = d->group = SIZE_MAX;
  d->nprobes = d->ntested = 0;
}

/* Which wanted columns are tested. Only those by themselves are looked at. */
static mill_status find_tested(parquet_decoder *d, mill_error *err) {
  d->tested = mill_arena_alloc(&d->arena, ((size_t)d->ntests + 1) * sizeof *d->tested);
  if (!d->tested) return mill_oom(d->memory, (size_t)d->ntests * sizeof *d->tested, err);
  for (int i = 0; i < d->ntests; i++)
    for (int k = 0; k < d->n; k++) {
      if (d->columns[k] != d->tests[i].column || d->plan.node[k].shape != PARQUET_FLAT) continue;
      d->tested[d->ntested++] = (tested){.test = &d->tests[i], .column = k};
      break;
    }
  return MILL_OK;
}

static mill_status open_file(parquet_decoder *d, size_t number, mill_error *err) {
  const parquet_read *p = d->read;
  const parquet_footer *f = p->footer[number];
  const char *path = p->job->files.file[number].path;
  parquet_calendar calendar;
  close_file(d);
  MILL_TRY(mill_file_open(p->job->context.files, d->memory, path, MILL_FILE_READ, &d->file, err));
  MILL_TRY(mill_parquet_find_calendar(p, f, &calendar, err));
  MILL_TRY(mill_parquet_match(&d->arena, p->job->context.types, f, &p->rules, &calendar, d->wanted,
                              d->n, &d->plan, err));
  size_t n = (size_t)d->plan.leaves + 1;
  d->place = mill_arena_alloc(&d->arena, n * sizeof *d->place);
  d->column = mill_arena_alloc(&d->arena, n * sizeof *d->column);
  if (!d->column || !d->place) return mill_oom(d->memory, n * sizeof *d->column, err);
  for (int i = 0; i < d->plan.leaves; i++)
    mill_parquet_column_init(&d->column[i], &d->plan.leaf[i], f, &d->file, d->plan.leaves,
                             d->memory);
  if (d->ntests) {
    MILL_TRY(mill_parquet_probes(p, f, &calendar, d->tests, d->ntests, &d->arena, &d->probe,
                                 &d->nprobes, err));
    MILL_TRY(find_tested(d, err));
  }
  d->number = number;
  return MILL_OK;
}

/* A file that had no footer when the read was opened: what is wrong with it. */
static mill_status report(const parquet_read *p, size_t file, mill_error *err) {
  parquet_footer *f;
  MILL_TRY(mill_parquet_read_footer(p, file, &f, err));
  mill_parquet_footer_free(f);
  return mill_parquet_damaged(p->job->files.file[file].path, err, "it changed while it was read");
}

/* ---- row groups ----------------------------------------------------------------------------- */

/* All leaves at the first row of the group, with the page index where rows are left out. */
static mill_status enter_group(parquet_decoder *d, const parquet_footer *f, size_t group,
                               mill_error *err) {
  uint64_t rows = (uint64_t)f->meta.groups.at[group].rows;
  d->group = SIZE_MAX;
  mill_arena_clear(&d->group_arena);
  MILL_TRY(mill_parquet_ranges(f, &d->file, group, d->probe, d->nprobes, &d->group_arena, &d->range,
                               &d->nranges, err));
  bool parts = d->nranges > 1 || (d->nranges && d->range[0].to - d->range[0].from < rows);
  for (int i = 0; i < d->plan.leaves && d->nranges; i++) {
    parquet_column *c = &d->column[i];
    MILL_TRY(mill_parquet_column_seek(c, group, err));
    d->place[i] = 0;
    if (parts)
      MILL_TRY(mill_parquet_page_index(f, &d->file, group, c->leaf->field->leaf, &d->group_arena,
                                       &c->index, err));
  }
  for (int i = 0; i < d->ntested; i++) d->tested[i].dictionary = NULL;
  d->group = group;
  d->row = 0;
  d->at = 0;
  return MILL_OK;
}

static mill_status parquet_seek(io_decoder *base, size_t file, uint64_t from, uint64_t to,
                                mill_error *err) {
  parquet_decoder *d = (parquet_decoder *)base;
  const parquet_footer *f = d->read->footer[file];
  if (!f) return report(d->read, file, err);
  if (d->number != file) MILL_TRY(open_file(d, file, err));
  size_t group = mill_parquet_group_of(f, from);
  from -= f->first[group];
  if (group != d->group || from < d->row) MILL_TRY(enter_group(d, f, group, err));
  d->row = d->start = from;
  d->stop = to - f->first[group];
  return MILL_OK;
}

static void parquet_narrow(io_decoder *base, const mill_test *tests, int n,
                           const mill_part *const *parts) {
  parquet_decoder *d = (parquet_decoder *)base;
  d->tests = tests;
  d->ntests = n;
  for (int i = 0; parts && i < d->n; i++) d->wanted[i].part = parts[d->columns[i]];
}

/* ---- batches -------------------------------------------------------------------------------- */

/* A leaf at row d->row; it may lag behind. */
static mill_status catch_up(parquet_decoder *d, int leaf, uint32_t rows, mill_error *err) {
  uint64_t lag = d->row - d->place[leaf];
  if (lag) MILL_TRY(mill_parquet_column_skip(&d->column[leaf], lag, err));
  d->place[leaf] = d->row + rows;
  return MILL_OK;
}

static mill_status read_column(parquet_decoder *d, int i, uint32_t rows, mill_vector *out,
                               mill_error *err) {
  const parquet_node *node = &d->plan.node[i];
  if (node->shape == PARQUET_ABSENT) {
    mill_vector_null(out, node->type);
    return MILL_OK;
  }
  if (node->shape != PARQUET_FLAT)
    return mill_parquet_assemble(node, d->column, rows, &d->batch, out, err);
  MILL_TRY(catch_up(d, node->leaf, rows, err));
  return mill_parquet_column_flat(&d->column[node->leaf], rows, out, err);
}

static mill_status read_levels(parquet_decoder *d, uint32_t rows, mill_error *err) {
  for (int i = 0; i < d->plan.leaves; i++) {
    if (d->plan.leaf[i].alone) continue;
    MILL_TRY(catch_up(d, i, rows, err));
    MILL_TRY(mill_parquet_column_rows(&d->column[i], rows, err));
  }
  return MILL_OK;
}

/* The test of a column whose batch is in dictionary form: one answer an entry. */
static mill_status by_dictionary(parquet_decoder *d, tested *t, const mill_vector *v, uint32_t rows,
                                 mill_error *err) {
  const parquet_column *c = &d->column[d->plan.node[t->column].leaf];
  if (t->dictionary != v->data || t->entries != c->entries) {
    mill_vector all = {.type = v->type, .data = v->data, .mask = MILL_FLAT};
    t->passes = mill_arena_take(&d->group_arena, c->entries + 1ull);
    if (!t->passes) return mill_oom(d->memory, c->entries, err);
    memset(t->passes, 1, c->entries);
    mill_test_filter(t->test, &all, c->entries, t->passes);
    t->passes[c->entries] = t->test->kind == MILL_TEST_IS_NULL;
    t->dictionary = v->data;
    t->entries = c->entries;
  }
  for (uint32_t i = 0; i < rows; i++) d->mask[i] &= t->passes[v->index[i]];
  return MILL_OK;
}

/* The tested columns, and how many rows fulfil all tests. */
static mill_status read_tested(parquet_decoder *d, uint32_t rows, mill_vector *cols,
                               uint32_t *passed, mill_error *err) {
  memset(d->mask, 1, rows);
  for (int i = 0; i < d->ntested; i++) {
    tested *t = &d->tested[i];
    mill_vector *v = &cols[t->column];
    bool again = false;
    for (int k = 0; k < i; k++) again |= d->tested[k].column == t->column;
    if (!again) MILL_TRY(read_column(d, t->column, rows, v, err));
    if (v->index)
      MILL_TRY(by_dictionary(d, t, v, rows, err));
    else
      mill_test_filter(t->test, v, rows, d->mask);
  }
  uint32_t n = 0;
  for (uint32_t i = 0; i < rows; i++) n += d->mask[i];
  *passed = n;
  return MILL_OK;
}

static bool is_tested(const parquet_decoder *d, int column) {
  for (int i = 0; i < d->ntested; i++)
    if (d->tested[i].column == column) return true;
  return false;
}

/* The next rows that may be wanted: from d->row on, none: 0. */
static uint32_t next_rows(parquet_decoder *d) {
  while (d->at < d->nranges && d->range[d->at].to <= d->row) d->at++;
  if (d->at == d->nranges) return 0;
  uint64_t from = d->range[d->at].from > d->row ? d->range[d->at].from : d->row;
  uint64_t stop = d->range[d->at].to < d->stop ? d->range[d->at].to : d->stop;
  if (from >= stop) return 0;
  d->row = from;
  return stop - d->row < MILL_BATCH ? (uint32_t)(stop - d->row) : MILL_BATCH;
}

/* Rows are selected here where few are wanted; else that is left to the filter, which is better at
** batches without gaps. */
static const uint32_t *selection(parquet_decoder *d, uint32_t rows, uint32_t passed, uint32_t *n) {
  uint32_t k = 0;
  *n = rows;
  if (passed > rows / 4) return NULL;
  for (uint32_t i = 0; i < rows; i++) {
    d->sel[k] = i;
    k += d->mask[i];
  }
  *n = k;
  return d->sel;
}

static mill_status parquet_next(io_decoder *base, io_window *w, mill_vector *cols, uint32_t *n,
                                const uint32_t **sel, mill_error *err) {
  parquet_decoder *d = (parquet_decoder *)base;
  uint32_t rows, passed;
  (void)w;
  *n = 0;
  *sel = NULL;
  for (;;) {
    rows = passed = next_rows(d);
    if (rows == 0) return MILL_OK;
    if (d->ntested) MILL_TRY(read_tested(d, rows, cols, &passed, err));
    if (passed) break;
    d->row += rows;
  }
  mill_arena_reset(&d->batch);
  MILL_TRY(read_levels(d, rows, err));
  for (int i = 0; i < d->n; i++)
    if (!is_tested(d, i)) MILL_TRY(read_column(d, i, rows, &cols[i], err));
  *sel = selection(d, rows, passed, n);
  base->row = d->row - d->start;
  d->row += rows;
  return MILL_OK;
}

/* ---- life ----------------------------------------------------------------------------------- */

static void parquet_free(io_decoder *base) {
  parquet_decoder *d = (parquet_decoder *)base;
  mill_memory *m = d->memory;
  close_file(d);
  mill_arena_clear(&d->batch);
  if (d->wanted) mill_free(m, d->wanted, ((size_t)d->n + 1) * sizeof *d->wanted);
  mill_free(m, d, sizeof *d);
}

mill_status mill_parquet_decoder(const io_job *job, const int *columns, int n, io_decoder **out,
                                 mill_error *err) {
  mill_memory *m = io_memory(job);
  parquet_decoder *d = mill_calloc(m, sizeof *d);
  if (!d) return mill_oom(m, sizeof *d, err);
  d->base = (io_decoder){
      .seek = parquet_seek, .next = parquet_next, .free = parquet_free, .narrow = parquet_narrow};
  d->read = job->plan;
  d->memory = m;
  d->n = n;
  d->columns = columns;
  d->number = d->group = SIZE_MAX;
  d->file.fd = -1;
  mill_arena_init(&d->arena, m);
  mill_arena_init(&d->group_arena, m);
  mill_arena_init(&d->batch, m);
  d->wanted = mill_calloc(m, ((size_t)n + 1) * sizeof *d->wanted);
  if (!d->wanted) {
    parquet_free(&d->base);
    return mill_oom(m, sizeof *d->wanted, err);
  }
  for (int i = 0; i < n; i++) d->wanted[i].field = &job->data->fields[columns[i]];
  *out = &d->base;
  return MILL_OK;
}
