/* The scan over the files of a job: pieces at fixed places, partition columns as constants. A morsel is a
** piece; of many small pieces several, one after the other, so that what is made for each morsel, and put together
** again at the end, is not most of the work. */
#include <string.h>
#include <strings.h>

#include "column/test.h"
#include "io/convert_int.h"
#include "io/seam.h"

typedef struct piece {
  uint32_t file;
  uint64_t from, to;
  size_t number; /* which of all pieces it is */
} piece;

typedef struct file_scan file_scan;
struct file_scan {
  mill_scan base;
  io_job *job;
  piece *piece;
  size_t npieces, capacity;
  size_t *start; /* of each morsel its first piece, and the number of pieces */
  size_t starts; /* the room for them */
  io_seams *seams;
  int *source;      /* for each column of the schema: its data column, or ~partition */
  mill_str *values; /* files x partitions, as 16-byte cells, typed */
  uint8_t *known;   /* not null */
  file_scan *of;    /* the scan that this one narrows, whose job and cells it uses; else NULL */
  mill_arena arena; /* of a narrowed scan: its tests */
  mill_test *tests; /* of data columns */
  const mill_part **parts; /* one a data column; NULL: all of all */
  int ntests;
};

typedef struct file_cursor {
  mill_cursor base;
  mill_memory *memory;
  mill_arena arena;
  io_window window;
  io_decoder *decoder;
  const piece *at, *end; /* end: of the morsel */
  int n, ndata;
  const int *columns;
  mill_vector *data, *out;
  mill_batch batch;
  uint64_t rows, before; /* of the morsel: rows given; rows of its pieces before this one */
  bool done;             /* with the piece */
  io_origin origin;
  mill_arena origin_arena; /* of its file */
  int hidden;              /* which of the columns is _metadata; -1: none */
} file_cursor;

static const uint64_t no_bits[1] = {0};

/* Point the partition columns at the values of the piece's file. */
static void set_partitions(file_cursor *c) {
  const file_scan *s = (const file_scan *)c->base.scan;
  int np = s->job->files.npartitions;
  for (int i = 0; i < c->n; i++) {
    int from = i == c->hidden ? 0 : s->source[c->columns[i]];
    if (from >= 0) continue;
    size_t cell = (size_t)c->at->file * (size_t)np + (size_t)~from;
    c->out[i] = (mill_vector){.type = s->base.schema->fields[c->columns[i]].type,
                              .data = &s->values[cell],
                              .valid = s->known[cell] ? NULL : (uint64_t *)(uintptr_t)no_bits,
                              .mask = 0};
  }
}

/* What is wrong with a file: pass over it (ignoreCorruptFiles, ignoreMissingFiles) or an error. */
static mill_status failed(file_cursor *c, mill_status cause, mill_error *err) {
  const io_job *job = ((const file_scan *)c->base.scan)->job;
  bool skip = (cause == MILL_E_CORRUPT_FILE && job->ignore_corrupt) ||
              (cause == MILL_E_PATH_NOT_FOUND && job->ignore_missing);
  if (cause == MILL_E_OUT_OF_MEMORY) return cause;
  if (!skip) return mill_io_failed_read(job, c->at->file, cause, err);
  c->done = true;
  mill_error_clear(err);
  return MILL_OK;
}

static mill_status open_window(file_cursor *c, const file_scan *s, mill_error *err) {
  const piece *p = c->at;
  MILL_TRY(
      mill_io_seams_open(s->seams, s->job, p->number, p->file, p->from, p->to, &c->window, err));
  return c->decoder->start(c->decoder, &c->window, p->from == 0, err);
}

static mill_status enter_piece(file_cursor *c, mill_error *err) {
  const file_scan *s = (const file_scan *)c->base.scan;
  c->done = false;
  set_partitions(c);
  if (c->hidden >= 0) {
    mill_arena_reset(&c->origin_arena);
    MILL_TRY(
        mill_io_origin_file(&c->origin, &s->job->files.file[c->at->file], &c->origin_arena, err));
  }
  mill_status status = s->job->format->cut
                           ? c->decoder->seek(c->decoder, c->at->file, c->at->from, c->at->to, err)
                           : open_window(c, s, err);
  return status == MILL_OK ? MILL_OK : failed(c, status, err);
}

static mill_status file_seek(mill_cursor *base, size_t number, mill_error *err) {
  file_cursor *c = (file_cursor *)base;
  const file_scan *s = (const file_scan *)base->scan;
  c->at = &s->piece[s->start[number]];
  c->end = &s->piece[s->start[number + 1]];
  c->rows = c->before = 0;
  return enter_piece(c, err);
}

/* The next rows of the piece; none: *n is 0. */
static mill_status next_rows(file_cursor *c, uint32_t *n, const uint32_t **sel, mill_error *err) {
  *n = 0;
  *sel = NULL;
  if (c->done) return MILL_OK;
  mill_status status = c->decoder->next(c->decoder, &c->window, c->data, n, sel, err);
  if (status == MILL_OK) return MILL_OK;
  *n = 0;
  return failed(c, status, err);
}

static mill_status file_next(mill_cursor *base, mill_batch **out, mill_error *err) {
  file_cursor *c = (file_cursor *)base;
  const file_scan *s = (const file_scan *)base->scan;
  uint32_t n;
  const uint32_t *sel;
  *out = NULL;
  MILL_TRY(next_rows(c, &n, &sel, err));
  while (n == 0) {
    if (c->at + 1 == c->end) return MILL_OK;
    if (c->at->to != UINT64_MAX) c->before += c->at->to - c->at->from;
    c->at++;
    MILL_TRY(enter_piece(c, err));
    MILL_TRY(next_rows(c, &n, &sel, err));
  }
  for (int i = 0, k = 0; i < c->n; i++)
    if (i != c->hidden && s->source[c->columns[i]] >= 0) c->out[i] = c->data[k++];
  if (c->hidden >= 0)
    c->out[c->hidden] = mill_io_origin_rows(&c->origin, c->at->from + c->decoder->row);
  c->batch =
      (mill_batch){.n = n, .ncols = (uint32_t)c->n, .sel = sel, .col = c->out, .first = c->rows};
  c->rows += n;
  if (s->job->format->cut) c->batch.first = c->before + c->decoder->row;
  *out = &c->batch;
  return MILL_OK;
}

static void file_cursor_free(mill_cursor *base) {
  file_cursor *c = (file_cursor *)base;
  mill_memory *m = c->memory;
  if (c->decoder) c->decoder->free(c->decoder);
  mill_io_window_clear(&c->window);
  mill_arena_clear(&c->arena);
  mill_arena_clear(&c->origin_arena);
  mill_free(m, c, sizeof *c);
}

static mill_status set_up(file_cursor *c, const file_scan *s, const int *columns, int n,
                          mill_error *err) {
  mill_memory *m = c->memory;
  size_t k = (size_t)n + 1;
  int *own = mill_arena_alloc(&c->arena, 2 * k * sizeof *own);
  c->data = mill_arena_alloc(&c->arena, k * sizeof *c->data);
  c->out = mill_arena_alloc(&c->arena, k * sizeof *c->out);
  if (!own || !c->data || !c->out) return mill_oom(m, k * sizeof *c->out, err);
  int *wanted = own + k;
  for (int i = 0; i < n; i++) {
    own[i] = columns[i];
    if (columns[i] == (int)s->base.schema->nfields)
      c->hidden = i;
    else if (s->source[columns[i]] >= 0)
      wanted[c->ndata++] = s->source[columns[i]];
  }
  c->columns = own;
  c->n = n;
  if (c->hidden >= 0) MILL_TRY(mill_io_origin_init(&c->origin, s->base.hidden, &c->arena, err));
  for (int i = 0; i < c->ndata && !s->job->format->cut; i++)
    MILL_TRY(mill_vector_init(&c->data[i], s->job->data->fields[wanted[i]].type, MILL_BATCH,
                              &c->arena, err));
  MILL_TRY(s->job->format->decoder(s->job, wanted, c->ndata, &c->decoder, err));
  if (c->decoder->narrow) c->decoder->narrow(c->decoder, s->tests, s->ntests, s->parts);
  return MILL_OK;
}

static mill_status file_open(const mill_scan *base, const mill_context *ctx, const int *columns,
                             int n, mill_cursor **out, mill_error *err) {
  const file_scan *s = (const file_scan *)base;
  mill_memory *m = ctx->memory;
  file_cursor *c = mill_calloc(m, sizeof *c);
  if (!c) return mill_oom(m, sizeof *c, err);
  c->base = (mill_cursor){base, file_seek, file_next, file_cursor_free, NULL};
  c->memory = m;
  c->done = true;
  c->hidden = -1;
  mill_arena_init(&c->arena, m);
  mill_arena_init(&c->origin_arena, m);
  mill_io_window_init(&c->window, m);
  mill_status status = set_up(c, s, columns, n, err);
  if (status != MILL_OK) {
    file_cursor_free(&c->base);
    return status;
  }
  *out = &c->base;
  return MILL_OK;
}

static void file_scan_free(mill_scan *base) {
  file_scan *s = (file_scan *)base, *of = s->of;
  io_job *job = s->job;
  mill_memory *m = io_memory(job);
  if (!of) mill_io_seams_free(s->seams, m);
  if (s->piece) mill_free(m, s->piece, s->capacity * sizeof *s->piece);
  if (s->start) mill_free(m, s->start, s->starts * sizeof *s->start);
  mill_arena_clear(&s->arena);
  mill_free(m, s, sizeof *s);
  if (of)
    mill_scan_unref(&of->base);
  else
    mill_io_job_free(job);
}

/* ---- narrowing ------------------------------------------------------------------------------ */

/* Does the partition value of a file fulfil the test? */
static bool value_passes(const file_scan *s, size_t file, const mill_test *t) {
  size_t cell = file * (size_t)s->job->files.npartitions + (size_t)~s->source[t->column];
  mill_vector v = {.type = s->base.schema->fields[t->column].type, .data = &s->values[cell]};
  return s->known[cell] ? mill_test_passes(t, &v, 0) : t->kind == MILL_TEST_IS_NULL;
}

/* Tests of data columns, with values of their own, behind those of the scan that is narrowed. */
static mill_status copy_tests(file_scan *s, const mill_test *tests, int n, mill_error *err) {
  size_t bytes = ((size_t)s->of->ntests + (size_t)n + 1) * sizeof *s->tests;
  s->tests = mill_arena_alloc(&s->arena, bytes);
  if (!s->tests) return mill_oom(s->arena.memory, bytes, err);
  if (s->ntests) memcpy(s->tests, s->of->tests, (size_t)s->ntests * sizeof *s->tests);
  for (int i = 0; i < n; i++) {
    mill_test *t = &s->tests[s->ntests];
    if (s->source[tests[i].column] < 0) continue;
    *t = tests[i];
    t->column = s->source[t->column];
    s->ntests++;
    if (!t->n) continue;
    mill_vector *v = mill_arena_alloc(&s->arena, sizeof *v);
    if (!v) return mill_oom(s->arena.memory, sizeof *v, err);
    t->value = v;
    MILL_TRY(mill_vector_init(v, tests[i].value->type, t->n, &s->arena, err));
    MILL_TRY(mill_vector_append(v, tests[i].value, NULL, t->n, true, &s->arena, err));
  }
  return MILL_OK;
}

static mill_status copy_part(file_scan *s, const mill_part *from, const mill_type *t, mill_part *to,
                             mill_error *err) {
  *to = *from;
  if (!from->fields) return MILL_OK;
  mill_part *f = mill_arena_alloc(&s->arena, (t->nfields + 1ull) * sizeof *f);
  if (!f) return mill_oom(s->arena.memory, t->nfields * sizeof *f, err);
  to->fields = f;
  for (uint32_t i = 0; i < t->nfields; i++)
    MILL_TRY(copy_part(s, &from->fields[i], t->fields[i].type, &f[i], err));
  return MILL_OK;
}

static mill_status copy_parts(file_scan *s, const mill_part *const *parts, mill_error *err) {
  const mill_type *t = s->base.schema;
  size_t bytes = (s->job->data->nfields + 1ull) * sizeof *s->parts;
  if (!parts) return MILL_OK;
  s->parts = mill_arena_alloc(&s->arena, bytes);
  if (!s->parts) return mill_oom(s->arena.memory, bytes, err);
  for (uint32_t i = 0; i < t->nfields; i++) {
    if (!parts[i] || s->source[i] < 0) continue;
    mill_part *own = mill_arena_alloc(&s->arena, sizeof *own);
    if (!own) return mill_oom(s->arena.memory, sizeof *own, err);
    s->parts[s->source[i]] = own;
    MILL_TRY(copy_part(s, parts[i], t->fields[i].type, own, err));
  }
  return MILL_OK;
}

static mill_status keep_pieces(file_scan *s, const mill_test *tests, int n, mill_error *err) {
  const io_job *job = s->job;
  for (size_t i = 0; i < s->of->npieces; i++) {
    const piece *p = &s->of->piece[i];
    bool keep = true;
    for (int k = 0; k < n && keep; k++)
      keep = s->source[tests[k].column] >= 0 || value_passes(s, p->file, &tests[k]);
    if (keep && s->ntests && job->format->may_hold)
      MILL_TRY(
          job->format->may_hold(job, p->file, p->from, p->to, s->tests, s->ntests, &keep, err));
    if (!keep) continue;
    MILL_TRY(mill_grow(io_memory(job), (void **)&s->piece, &s->capacity, s->npieces + 1,
                       sizeof *s->piece, err));
    s->piece[s->npieces++] = *p;
  }
  return MILL_OK;
}

/* ---- morsels -------------------------------------------------------------------------------- */

/* Rows, where the format cuts by rows, else bytes. */
static uint64_t weight(const file_scan *s, const piece *p) {
  uint64_t size = s->job->files.file[p->file].size;
  uint64_t to = p->to == UINT64_MAX && !s->job->format->cut ? size : p->to;
  return to - p->from;
}

/* What a morsel may weigh: little enough for all threads to have their share. */
static uint64_t most_of(const file_scan *s) {
  enum { SHARES = 64 };
  uint64_t total = 0, most = s->job->format->cut ? MILL_CHUNK : IO_MORSEL;
  if (s->npieces < SHARES) return 0;
  for (size_t i = 0; i < s->npieces; i++) {
    uint64_t w = weight(s, &s->piece[i]);
    total += w < most ? w : most;
  }
  return total / SHARES < most ? total / SHARES : most;
}

static mill_status gather(file_scan *s, mill_error *err) {
  uint64_t most = most_of(s), sum = 0;
  void *p = NULL;
  mill_status status =
      mill_grow(io_memory(s->job), &p, &s->starts, s->npieces + 1, sizeof *s->start, err);
  s->start = p;
  MILL_TRY(status);
  s->base.morsels = 0;
  for (size_t i = 0; i < s->npieces; i++) {
    uint64_t w = weight(s, &s->piece[i]);
    if (i == 0 || w > most || sum + w > most) {
      s->start[s->base.morsels++] = i;
      sum = 0;
    }
    sum += w > most ? most : w;
  }
  s->start[s->base.morsels] = s->npieces;
  return MILL_OK;
}

static mill_status file_narrow(const mill_scan *base, const mill_test *tests, int n,
                               const mill_part *const *parts, mill_scan **out, mill_error *err) {
  const file_scan *of = (const file_scan *)base;
  mill_memory *m = io_memory(of->job);
  file_scan *s = mill_calloc(m, sizeof *s);
  if (!s) return mill_oom(m, sizeof *s, err);
  *s = *of;
  s->of = (file_scan *)mill_scan_ref((mill_scan *)(uintptr_t)base);
  s->piece = NULL;
  s->start = NULL;
  s->capacity = s->npieces = s->starts = 0;
  s->base.refs = 1;
  mill_arena_init(&s->arena, m);
  mill_status status = copy_tests(s, tests, n, err);
  if (status == MILL_OK) status = copy_parts(s, parts, err);
  if (status == MILL_OK) status = keep_pieces(s, tests, n, err);
  if (status == MILL_OK) status = gather(s, err);
  if (status != MILL_OK) {
    file_scan_free(&s->base);
    return status;
  }
  *out = &s->base;
  return MILL_OK;
}

/* ---- opening -------------------------------------------------------------------------------- */

mill_status mill_io_cut(const io_job *job, io_piece each, void *arg, mill_error *err) {
  for (size_t i = 0; i < job->files.n; i++) {
    uint64_t size = job->files.file[i].size;
    bool whole = !mill_io_plain(job, i) || (job->format->whole && job->format->whole(job));
    for (uint64_t from = 0; from < size;) {
      uint64_t to =
          whole || size - from < IO_MORSEL + IO_MORSEL / 2 ? UINT64_MAX : from + IO_MORSEL;
      MILL_TRY(each(arg, i, from, to, err));
      if (to == UINT64_MAX) break;
      from = to;
    }
  }
  return MILL_OK;
}

static mill_status add_piece(void *arg, size_t file, uint64_t from, uint64_t to, mill_error *err) {
  file_scan *s = arg;
  MILL_TRY(mill_grow(io_memory(s->job), (void **)&s->piece, &s->capacity, s->npieces + 1,
                     sizeof *s->piece, err));
  s->piece[s->npieces] = (piece){(uint32_t)file, from, to, s->npieces};
  s->npieces++;
  if (from == 0) s->base.bytes += s->job->files.file[file].size;
  return MILL_OK;
}

static mill_status no_value(const mill_field *f, const char *text, io_job *job, mill_error *err) {
  return mill_fail(err, MILL_E_INVALID_PARTITION_VALUE, "value", mill_error_fmt(err, "'%s'", text),
                   "dataType", mill_type_quoted(io_memory(job), f->type, err), "columnName",
                   mill_error_fmt(err, "`%s`", f->name), NULL);
}

/* Type every file's partition values once. */
static mill_status type_values(file_scan *s, mill_error *err) {
  io_job *job = s->job;
  mill_value_rules rules;
  size_t np = (size_t)job->files.npartitions, cells = job->files.n * np + 1;
  s->values = mill_arena_alloc(&job->arena, cells * sizeof *s->values);
  s->known = mill_arena_alloc(&job->arena, cells);
  if (!s->values || !s->known) return mill_oom(io_memory(job), cells * sizeof *s->values, err);
  MILL_TRY(mill_io_rules_init(&rules, job, err));
  const char *validate = mill_io_conf(job, "spark.sql.sources.validatePartitionColumns");
  bool strict = !validate || strcmp(validate, "false") != 0;
  for (uint32_t i = 0; i < s->base.schema->nfields; i++) {
    if (s->source[i] >= 0) continue;
    const mill_field *f = &s->base.schema->fields[i];
    for (size_t k = 0; k < job->files.n; k++) {
      const char *v = job->files.file[k].values[~s->source[i]];
      size_t cell = k * np + (size_t)~s->source[i];
      if (v && f->type->phys == MILL_PHYS_STR) {
        s->values[cell] = mill_str_view(v, strlen(v));
        s->known[cell] = true;
      } else if (v) {
        s->known[cell] = mill_value_parse(&rules, f->type, v, strlen(v), &s->values[cell]);
        if (!s->known[cell] && strict) return no_value(f, v, job, err);
      }
    }
  }
  return MILL_OK;
}

static bool same_name(const io_job *job, const char *a, const char *b) {
  return (job->settings.case_sensitive ? strcmp(a, b) : strcasecmp(a, b)) == 0;
}

/* For each column of the schema: where it comes from. */
static mill_status find_sources(file_scan *s, mill_error *err) {
  io_job *job = s->job;
  uint32_t n = job->schema->nfields;
  s->source = mill_arena_alloc(&job->arena, (n + 1) * sizeof *s->source);
  if (!s->source) return mill_oom(io_memory(job), n * sizeof *s->source, err);
  for (uint32_t i = 0; i < n; i++) {
    s->source[i] = (int)i; /* data columns come first and in their order */
    for (int k = 0; k < job->files.npartitions; k++)
      if (same_name(job, job->schema->fields[i].name, job->files.names[k])) s->source[i] = ~k;
  }
  return MILL_OK;
}

mill_status mill_io_scan(io_job *job, mill_scan **out, mill_error *err) {
  mill_memory *m = io_memory(job);
  file_scan *s = mill_calloc(m, sizeof *s);
  if (!s) {
    mill_io_job_free(job);
    return mill_oom(m, sizeof *s, err);
  }
  s->base = (mill_scan){.schema = job->schema,
                        .rows = -1,
                        .refs = 1,
                        .name = job->format->name,
                        .open = file_open,
                        .free = file_scan_free,
                        .near = job->format->cut != NULL,
                        .narrow = file_narrow};
  s->job = job;
  mill_arena_init(&s->arena, m);
  s->base.hidden = mill_io_origin_type(job);
  mill_status status = s->base.hidden ? find_sources(s, err) : mill_oom(m, sizeof *s, err);
  if (status == MILL_OK) status = type_values(s, err);
  if (status == MILL_OK)
    status = job->format->cut ? job->format->cut(job, add_piece, s, &s->base.rows, err)
                              : mill_io_cut(job, add_piece, s, err);
  if (status == MILL_OK) status = gather(s, err);
  if (status == MILL_OK && !job->format->cut) status = mill_io_seams_new(job, &s->seams, err);
  if (status != MILL_OK) {
    file_scan_free(&s->base);
    return status;
  }
  *out = &s->base;
  return MILL_OK;
}
