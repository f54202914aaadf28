/* The format arrow: Arrow IPC files and streams, told apart by how they begin.
**
** Spark has no such source; names, types and values are those that createDataFrame gives an Arrow table
** (column/arrow_type.h). The schema is the first file's; other files' columns are found by name, a
** missing one is null, and one of a type that does not fit is an error. With a schema of the user's
** the files' columns are read as its types where they hold all values.
**
** A file is cut into pieces of bytes as texts are; a record batch belongs to the piece that it begins
** in. Only the buffers of wanted columns are read; a batch in memory is handed on in windows of
** MILL_BATCH rows. */
#include <strings.h>

#include "base/timezone.h"
#include "io/arrow_int.h"

typedef struct arrow_decoder {
  io_decoder base;
  const io_job *job;
  io_arrow_file file;
  io_arrow_batch batch;
  mill_arena arena; /* for life */
  mill_arena rows;  /* of the window handed out last */
  const mill_type **type;
  const int *columns;
  int n;
  size_t number, block; /* the file that is open (SIZE_MAX: none), the next block */
  uint64_t to;
  int64_t at;     /* rows of the batch handed out */
  uint64_t given; /* rows of the piece handed out */
} arrow_decoder;

/* ---- schema --------------------------------------------------------------------------------- */

static bool plain_texts(const mill_type *t) {
  for (uint32_t i = 0; i < t->nfields; i++)
    if (!plain_texts(t->fields[i].type)) return false;
  return t->string_kind == MILL_PLAIN_STRING;
}

/* Where the file says how Spark calls a column, and that holds its values, it is taken: times without
** zone, interval fields, collations and metadata have no other place. */
static mill_status refine(io_job *job, const io_arrow_file *f, mill_error *err) {
  const mill_type *spark;
  mill_error ignored;
  size_t bytes = (job->data->nfields + 1) * sizeof(mill_field);
  mill_error_clear(&ignored);
  mill_status s =
      mill_type_from_json(job->context.types, f->spark, strlen(f->spark), &spark, &ignored);
  if (s == MILL_E_OUT_OF_MEMORY) return mill_oom(io_memory(job), bytes, err);
  if (s != MILL_OK || spark->id != MILL_STRUCT) return MILL_OK;
  mill_field *to = mill_arena_alloc(&job->arena, bytes);
  if (to == NULL) return mill_oom(io_memory(job), bytes, err);
  for (uint32_t i = 0; i < job->data->nfields; i++) {
    to[i] = job->data->fields[i];
    const mill_field *as = i < spark->nfields ? &spark->fields[i] : &to[i];
    if (strcmp(as->name, to[i].name) != 0 || !plain_texts(as->type) ||
        !mill_arrow_reads_as(&f->schema.child[i], as->type))
      continue;
    to[i].type = as->type;
    to[i].metadata = as->metadata;
  }
  job->data = mill_type_struct(job->context.types, to, job->data->nfields);
  return job->data ? MILL_OK : mill_oom(io_memory(job), bytes, err);
}

static mill_status schema_of(io_job *job, size_t number, mill_error *err) {
  io_arrow_file f;
  mill_arrow_file_init(&f, io_memory(job));
  mill_status s = mill_arrow_file_open(&f, job, number, true, err);
  if (s == MILL_OK)
    s = mill_arrow_to_schema(job->context.types, &f.schema, mill_io_prefers_ntz(job), &job->data,
                             err);
  s = mill_io_in_file(err, job->files.file[number].path, s);
  if (s == MILL_OK && f.spark) s = refine(job, &f, err);
  mill_arrow_file_clear(&f);
  return s;
}

/* The first file's that is not empty, nor damaged where those are passed over. */
static mill_status infer(io_job *job, mill_error *err) {
  for (size_t i = 0; i < job->files.n; i++) {
    if (job->files.file[i].size == 0) continue;
    mill_status s = schema_of(job, i, err);
    if (s == MILL_OK || s == MILL_E_OUT_OF_MEMORY ||
        s == MILL_E_UNSUPPORTED_DATA_TYPE_FOR_ARROW_CONVERSION)
      return s;
    if (s != MILL_E_CORRUPT_FILE || !job->ignore_corrupt)
      return mill_io_failed_read(job, i, s, err);
    if (err) mill_error_clear(err);
  }
  return mill_fail(err, MILL_E_UNABLE_TO_INFER_SCHEMA, "format", job->format->title, NULL);
}

static mill_status wrong_type(const arrow_decoder *d, const mill_field *want,
                              const mill_arrow_type *have, mill_error *err) {
  const mill_type *t;
  mill_memory *m = io_memory(d->job);
  MILL_TRY(mill_arrow_to_type(d->job->context.types, have, mill_io_prefers_ntz(d->job), &t, err));
  return mill_fail(err, MILL_E_USER_SPECIFIED_AND_ACTUAL_SCHEMA_MISMATCH, "schema",
                   mill_error_fmt(err, "`%s` %s", want->name, mill_type_quoted(m, want->type, err)),
                   "actualSchema",
                   mill_error_fmt(err, "`%s` %s", have->name, mill_type_quoted(m, t, err)), NULL);
}

/* Where the wanted columns are in the file that was just opened. */
static mill_status find_columns(arrow_decoder *d, mill_error *err) {
  const mill_arrow_type *schema = &d->file.schema;
  bool exact = d->job->settings.case_sensitive;
  for (int k = 0; k < d->n; k++) {
    const mill_field *want = &d->job->data->fields[d->columns[k]];
    io_arrow_wanted *w = &d->batch.want[k];
    *w = (io_arrow_wanted){-1, want->type};
    for (uint32_t i = 0; i < schema->nchildren && w->field < 0; i++)
      if ((exact ? strcmp(schema->child[i].name, want->name)
                 : strcasecmp(schema->child[i].name, want->name)) == 0)
        w->field = (int)i;
    if (w->field >= 0 && !mill_arrow_reads_as(&schema->child[w->field], want->type))
      return wrong_type(d, want, &schema->child[w->field], err);
  }
  return MILL_OK;
}

/* ---- rows ----------------------------------------------------------------------------------- */

static mill_status seek(io_decoder *base, size_t number, uint64_t from, uint64_t to,
                        mill_error *err) {
  arrow_decoder *d = (arrow_decoder *)base;
  d->batch.rows = d->at = 0;
  d->given = 0;
  d->block = d->to = 0;
  if (d->number != number) {
    d->number = SIZE_MAX;
    mill_arrow_batch_forget(&d->batch);
    MILL_TRY(mill_arrow_file_open(&d->file, d->job, number, false, err));
    MILL_TRY(find_columns(d, err));
    d->number = number;
  }
  d->to = to;
  while (d->block < d->file.nblocks &&
         (d->file.block[d->block].dictionary || d->file.block[d->block].at < from))
    d->block++;
  return MILL_OK;
}

/* Load the next record batch with rows; *more false: there is none. */
static mill_status next_batch(arrow_decoder *d, bool *more, mill_error *err) {
  *more = true;
  while (d->at == d->batch.rows) {
    while (d->block < d->file.nblocks && d->file.block[d->block].dictionary) d->block++;
    *more = d->block < d->file.nblocks && d->file.block[d->block].at < d->to;
    if (!*more) return MILL_OK;
    d->at = 0;
    MILL_TRY(mill_arrow_batch_load(&d->batch, d->block++, err));
  }
  return MILL_OK;
}

static mill_status next(io_decoder *base, io_window *w, mill_vector *cols, uint32_t *n,
                        const uint32_t **sel, mill_error *err) {
  arrow_decoder *d = (arrow_decoder *)base;
  mill_arrow_reader r = {&d->rows, d->batch.zone, d->file.path};
  bool more;
  (void)w;
  (void)sel;
  *n = 0;
  MILL_TRY(next_batch(d, &more, err));
  if (!more) return MILL_OK;
  int64_t left = d->batch.rows - d->at;
  uint32_t rows = left < MILL_BATCH ? (uint32_t)left : MILL_BATCH;
  mill_arena_reset(&d->rows);
  for (int k = 0; k < d->n; k++) {
    if (d->batch.want[k].field < 0)
      mill_vector_null(&cols[k], d->type[k]);
    else
      MILL_TRY(
          mill_arrow_read(&r, &d->batch.array[k], d->type[k], d->at, rows, true, &cols[k], err));
  }
  base->row = d->given;
  d->given += rows;
  d->at += rows;
  *n = rows;
  return MILL_OK;
}

/* ---- life ----------------------------------------------------------------------------------- */

static void decoder_free(io_decoder *base) {
  arrow_decoder *d = (arrow_decoder *)base;
  mill_memory *m = io_memory(d->job);
  mill_arrow_batch_clear(&d->batch);
  mill_arrow_file_clear(&d->file);
  mill_arena_clear(&d->rows);
  mill_arena_clear(&d->arena);
  mill_free(m, d, sizeof *d);
}

static mill_status new_decoder(const io_job *job, const int *columns, int n, io_decoder **out,
                               mill_error *err) {
  mill_memory *m = io_memory(job);
  arrow_decoder *d = mill_calloc(m, sizeof *d);
  if (d == NULL) return mill_oom(m, sizeof *d, err);
  d->base = (io_decoder){.seek = seek, .next = next, .free = decoder_free};
  d->job = job;
  d->columns = columns;
  d->n = d->batch.nwant = n;
  d->number = SIZE_MAX;
  mill_arena_init(&d->arena, m);
  mill_arena_init(&d->rows, m);
  mill_arrow_file_init(&d->file, m);
  mill_arrow_batch_init(&d->batch, &d->file);
  d->batch.nwant = n;
  d->batch.zone = job->settings.zone;
  d->type = mill_arena_alloc(&d->arena, ((size_t)n + 1) * sizeof *d->type);
  d->batch.want = mill_arena_alloc(&d->arena, ((size_t)n + 1) * sizeof *d->batch.want);
  if (d->type == NULL || d->batch.want == NULL) {
    decoder_free(&d->base);
    return mill_oom(m, (size_t)n * sizeof *d->batch.want, err);
  }
  for (int k = 0; k < n; k++) d->type[k] = job->data->fields[columns[k]].type;
  *out = &d->base;
  return MILL_OK;
}

/* By bytes, as texts are. */
static mill_status cut(io_job *job, io_piece piece, void *arg, double *rows, mill_error *err) {
  (void)rows;
  return mill_io_cut(job, piece, arg, err);
}

static mill_status configure(io_job *job, mill_error *err) {
  (void)err;
  job->times = true;
  return MILL_OK;
}

static bool takes(const mill_type *t) {
  for (uint32_t i = 0; i < t->nfields; i++)
    if (!takes(t->fields[i].type)) return false;
  return t->id != MILL_VECTOR && t->id != MILL_MATRIX;
}

const io_format mill_format_arrow = {.name = "arrow",
                                     .title = "Arrow",
                                     .configure = configure,
                                     .infer = infer,
                                     .takes = takes,
                                     .decoder = new_decoder,
                                     .cut = cut};
