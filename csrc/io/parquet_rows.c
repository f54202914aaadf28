/* Rows of Parquet files: the decoder of pieces; see parquet_read.h.
**
** With tests (mill_scan.narrow) the rows of a group that may be wanted come as ranges, and the columns
** of tests are read first, one after the other, the one first that has left out the most so far. Where
** few rows are left, other columns are read for those alone, and they are the batch's selection; a batch
** without any passes the other columns by. A test of texts is asked once for each entry of a dictionary.
** What tests do never changes what comes out, but for rows that fail one of them. */
#include <string.h>

#include "base/bits.h"
#include "io/parquet_prune.h"

/* One test of a column: what entries of its dictionary fulfil. */
typedef struct tested {
  const mill_test *test;
  const void *dictionary; /* that `passes` is about */
  uint64_t *passes;       /* as bits */
  uint32_t entries;
} tested;

/* A column that is tested, and what its tests did so far. */
typedef struct tested_column {
  int column; /* which of the wanted ones */
  tested *tests;
  int n;
  bool idle; /* in this row group nearly all rows fulfil them: not asked any more */
  uint64_t seen, passed;
} tested_column;

enum { RATE_AFTER = 8 * MILL_BATCH, FEW = 2 /* few rows: at most this part of a batch */ };

typedef struct parquet_decoder {
  io_decoder base;
  const parquet_read *read;
  mill_memory *memory;
  parquet_wanted *wanted;
  parquet_codes *codes; /* one a wanted column, and one that stays off */
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
  tested_column *tested; /* the most selective first */
  int nprobes, ntested;

  size_t group; /* SIZE_MAX: not in one */
  mill_arena group_arena;
  parquet_rows *range; /* of the group: what may be wanted */
  size_t nranges, at;
  uint64_t *place;           /* of each leaf: rows of the group before what it gives next */
  uint64_t row, start, stop; /* of the group; start, stop: the piece */
  mill_arena batch;
  uint32_t passed; /* of a batch: how many rows fulfil the tests so far */
  bool listed;     /* which: they are few, some.row; else `in` tells */
  uint64_t in[MILL_BATCH / 64];
  uint32_t row_of[MILL_BATCH];
  parquet_some some;
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

/* The tests of wanted column k. Only columns by themselves are looked at. */
static mill_status add_tested(parquet_decoder *d, int k, mill_error *err) {
  tested_column *t = &d->tested[d->ntested];
  size_t bytes = ((size_t)d->ntests + 1) * sizeof *t->tests;
  if (d->plan.node[k].shape != PARQUET_FLAT) return MILL_OK;
  *t = (tested_column){.column = k, .tests = mill_arena_alloc(&d->arena, bytes)};
  if (!t->tests) return mill_oom(d->memory, bytes, err);
  for (int i = 0; i < d->ntests; i++)
    if (d->columns[k] == d->tests[i].column) t->tests[t->n++].test = &d->tests[i];
  d->ntested += t->n > 0;
  return MILL_OK;
}

static mill_status find_tested(parquet_decoder *d, mill_error *err) {
  d->tested = mill_arena_alloc(&d->arena, ((size_t)d->n + 1) * sizeof *d->tested);
  if (!d->tested) return mill_oom(d->memory, (size_t)d->n * sizeof *d->tested, err);
  for (int k = 0; k < d->n; k++) MILL_TRY(add_tested(d, k, err));
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
                             &d->codes[d->n], d->memory);
  for (int k = 0; k < d->n; k++)
    if (d->plan.node[k].shape == PARQUET_FLAT) d->column[d->plan.node[k].leaf].codes = &d->codes[k];
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

/* As many entries of a dictionary as bits, all of them set, as long as the row group. */
static mill_status all_entries(parquet_decoder *d, uint32_t n, uint64_t **out, mill_error *err) {
  const size_t bytes = (mill_bits_words(n) + 1) * sizeof **out;
  *out = mill_arena_take(&d->group_arena, bytes);
  if (*out == NULL) return mill_oom(d->memory, bytes, err);
  mill_bits_fill(*out, n);
  return MILL_OK;
}

/* Can a row of the group pass, by the dictionary of a tested column that holds all its values? */
static mill_status dictionary_may_pass(parquet_decoder *d, const tested_column *t, bool *yes,
                                       mill_error *err) {
  parquet_column *c = &d->column[d->plan.node[t->column].leaf];
  bool whole;
  *yes = true;
  for (int i = 0; i < t->n; i++)
    if (t->tests[i].test->kind == MILL_TEST_IS_NULL) return MILL_OK;
  MILL_TRY(mill_parquet_page_dictionary(c, &whole, err));
  if (!whole) return MILL_OK;
  uint64_t *entries;
  MILL_TRY(all_entries(d, c->entries, &entries, err));
  mill_vector all = {.type = c->leaf->type, .data = c->dictionary, .mask = MILL_FLAT};
  for (int i = 0; i < t->n; i++) mill_test_filter(t->tests[i].test, &all, c->entries, entries);
  *yes = mill_bits_count(entries, c->entries) > 0;
  return MILL_OK;
}

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
  for (int i = 0; i < d->ntested; i++) {
    bool yes = true;
    d->tested[i].idle = false;
    for (int k = 0; k < d->tested[i].n; k++) d->tested[i].tests[k].dictionary = NULL;
    if (d->nranges) MILL_TRY(dictionary_may_pass(d, &d->tested[i], &yes, err));
    if (!yes) d->nranges = 0;
  }
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

/* The rows that are in, where they are few; else NULL. */
static const parquet_some *few(parquet_decoder *d, uint32_t rows) {
  if (d->listed) return &d->some;
  if (d->passed > rows / FEW) return NULL;
  d->listed = true;
  d->some = (parquet_some){d->row_of, mill_bits_list(d->in, rows, d->row_of)};
  return &d->some;
}

static mill_status read_column(parquet_decoder *d, int i, uint32_t rows, const parquet_some *some,
                               mill_vector *out, mill_error *err) {
  const parquet_node *node = &d->plan.node[i];
  if (node->shape == PARQUET_ABSENT) {
    mill_vector_null(out, node->type);
    return MILL_OK;
  }
  if (node->shape != PARQUET_FLAT)
    return mill_parquet_assemble(node, d->column, rows, &d->batch, out, err);
  MILL_TRY(catch_up(d, node->leaf, rows, err));
  return mill_parquet_column_flat(&d->column[node->leaf], rows, some, out, err);
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
static mill_status ask_entries(parquet_decoder *d, const parquet_column *c, tested *t,
                               const mill_vector *v, mill_error *err) {
  uint32_t entries = v->entries ? v->entries : c->entries + 1;
  mill_vector all = {.type = v->type, .data = v->data, .valid = v->valid, .mask = MILL_FLAT};
  if (t->dictionary == v->data && t->entries == entries) return MILL_OK;
  if (!v->entries) all.valid = c->dictionary_valid;
  MILL_TRY(all_entries(d, entries, &t->passes, err));
  mill_test_filter(t->test, &all, entries, t->passes);
  t->dictionary = v->data;
  t->entries = entries;
  return MILL_OK;
}

static void keep_entries(parquet_decoder *d, const uint64_t *passes, const mill_vector *v,
                         uint32_t rows) {
  uint32_t k = 0;
  for (uint32_t from = 0; from < rows && !d->listed; from += 64) {
    const uint32_t n = rows - from < 64 ? rows - from : 64;
    uint64_t word = 0;
    for (uint32_t i = 0; i < n; i++)
      word |= (uint64_t)mill_valid_bit(passes, v->index[from + i]) << i;
    d->in[from / 64] &= word;
  }
  for (uint32_t i = 0; d->listed && i < d->some.n; i++) {
    const uint32_t at = d->row_of[i];
    d->row_of[k] = at;
    k += mill_valid_bit(passes, v->index[at]);
  }
  if (d->listed) d->some.n = k;
}

static mill_status ask(parquet_decoder *d, const parquet_column *c, tested *t, const mill_vector *v,
                       uint32_t rows, mill_error *err) {
  if (v->index) {
    MILL_TRY(ask_entries(d, c, t, v, err));
    keep_entries(d, t->passes, v, rows);
  } else if (d->listed) {
    d->some.n = mill_test_some(t->test, v, d->row_of, d->some.n);
  } else {
    mill_test_filter(t->test, v, rows, d->in);
  }
  return MILL_OK;
}

/* Ask the tests of a column of the rows that are in. */
static mill_status read_tested(parquet_decoder *d, tested_column *t, uint32_t rows,
                               mill_vector *cols, mill_error *err) {
  const parquet_some *some = few(d, rows);
  const parquet_column *c = &d->column[d->plan.node[t->column].leaf];
  mill_vector *v = &cols[t->column];
  MILL_TRY(read_column(d, t->column, rows, some, v, err));
  for (int i = 0; i < t->n; i++) MILL_TRY(ask(d, c, &t->tests[i], v, rows, err));
  t->seen += d->passed;
  d->passed = d->listed ? d->some.n : mill_bits_count(d->in, rows);
  t->passed += d->passed;
  return MILL_OK;
}

/* Most rows that are left out first; a column that leaves out next to none rests until the next row
** group. */
static void rate(parquet_decoder *d) {
  for (int i = 0; i < d->ntested; i++) {
    tested_column t = d->tested[i];
    t.idle |= t.seen >= RATE_AFTER && t.passed > t.seen / 16 * 15;
    int k = i;
    for (; k > 0 && t.passed * d->tested[k - 1].seen < d->tested[k - 1].passed * t.seen; k--)
      d->tested[k] = d->tested[k - 1];
    d->tested[k] = t;
  }
}

/* The tested columns, until no row is left. */
static mill_status read_all_tested(parquet_decoder *d, uint32_t rows, mill_vector *cols,
                                   mill_error *err) {
  mill_bits_fill(d->in, rows);
  d->passed = rows;
  d->listed = false;
  for (int i = 0; i < d->ntested && d->passed; i++)
    if (!d->tested[i].idle) MILL_TRY(read_tested(d, &d->tested[i], rows, cols, err));
  return MILL_OK;
}

static bool is_read(const parquet_decoder *d, int column) {
  for (int i = 0; i < d->ntested; i++)
    if (d->tested[i].column == column) return !d->tested[i].idle;
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

/* Where few rows are wanted, they are the selection; else that is left to the filter, which is better
** at batches without gaps. */
static mill_status parquet_next(io_decoder *base, io_window *w, mill_vector *cols, uint32_t *n,
                                const uint32_t **sel, mill_error *err) {
  parquet_decoder *d = (parquet_decoder *)base;
  uint32_t rows;
  (void)w;
  *n = 0;
  *sel = NULL;
  for (;;) {
    rows = next_rows(d);
    if (rows == 0) return MILL_OK;
    d->passed = rows;
    if (d->ntested) rate(d);
    if (d->ntested) MILL_TRY(read_all_tested(d, rows, cols, err));
    if (d->passed) break;
    d->row += rows;
  }
  const parquet_some *some = d->ntested ? few(d, rows) : NULL;
  mill_arena_reset(&d->batch);
  MILL_TRY(read_levels(d, rows, err));
  for (int i = 0; i < d->n; i++)
    if (!is_read(d, i)) MILL_TRY(read_column(d, i, rows, some, &cols[i], err));
  *sel = some ? some->row : NULL;
  *n = some ? some->n : rows;
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
  for (int i = 0; d->codes && i < d->n; i++) mill_parquet_codes_clear(&d->codes[i]);
  if (d->codes) mill_free(m, d->codes, ((size_t)d->n + 1) * sizeof *d->codes);
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
  d->codes = mill_calloc(m, ((size_t)n + 1) * sizeof *d->codes);
  if (!d->wanted || !d->codes) {
    parquet_free(&d->base);
    return mill_oom(m, sizeof *d->wanted, err);
  }
  for (int i = 0; i < n; i++) d->wanted[i].field = &job->data->fields[columns[i]];
  *out = &d->base;
  return MILL_OK;
}
