/* One write from its rows to its folder; see writer.h. */
#include "io/writer.h"

#include <stdlib.h>
#include <strings.h>

#include "io/write_int.h"

typedef struct write_job {
  const mill_context *ctx;
  const mill_settings *set;
  const mill_write *w;
  mill_rows *rows;
  mill_arena arena;
  int *partition; /* columns of rows->schema */
  mill_encoder *encoder;
  io_target target;
  io_parts *parts;
  uint64_t max_records, written;
  bool dynamic, mark;
} write_job;

mill_status mill_save_mode_of(const char *name, mill_save_mode *out, mill_error *err) {
  static const struct {
    const char *name;
    mill_save_mode mode;
  } modes[] = {{"append", MILL_SAVE_APPEND}, {"overwrite", MILL_SAVE_OVERWRITE},
               {"error", MILL_SAVE_ERROR},   {"errorifexists", MILL_SAVE_ERROR},
               {"default", MILL_SAVE_ERROR}, {"ignore", MILL_SAVE_IGNORE}};
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
    if (strcasecmp(modes[i].name, name) == 0) {
      *out = modes[i].mode;
      return MILL_OK;
    }
  return mill_fail(err, MILL_E_INVALID_SAVE_MODE, "mode", mill_error_fmt(err, "\"%s\"", name),
                   NULL);
}

/* ---- columns -------------------------------------------------------------------------------- */

static int find_column(const write_job *j, const char *name) {
  const mill_type *t = j->rows->schema;
  for (uint32_t i = 0; i < t->nfields; i++)
    if ((j->set->case_sensitive ? strcmp(t->fields[i].name, name)
                                : strcasecmp(t->fields[i].name, name)) == 0)
      return (int)i;
  return -1;
}

static mill_status find_partition(write_job *j, int k, mill_error *err) {
  const char *name = j->w->partition_by[k];
  int c = find_column(j, name);
  if (c < 0) {
    mill_text ddl;
    mill_text_init(&ddl, j->ctx->memory);
    mill_status s = mill_type_ddl(j->rows->schema, false, &ddl, err);
    if (s == MILL_OK)
      s = mill_fail(err, MILL_E_PARTITION_COLUMN_NOT_FOUND, "col",
                    mill_error_fmt(err, "`%s`", name), "schemaCatalog", ddl.data ? ddl.data : "",
                    NULL);
    mill_text_clear(&ddl);
    return s;
  }
  for (int i = 0; i < k; i++)
    if (j->partition[i] == c)
      return mill_fail(err, MILL_E_COLUMN_ALREADY_EXISTS, "columnName",
                       mill_error_fmt(err, "`%s`", name), NULL);
  const mill_type *t = j->rows->schema->fields[c].type;
  if (t->nfields || t->phys == MILL_PHYS_STRUCT || t->id == MILL_INTERVAL || t->id == MILL_NULL)
    return mill_fail(err, MILL_E_INVALID_PARTITION_COLUMN_DATA_TYPE, "type",
                     mill_type_quoted(j->ctx->memory, t, err), NULL);
  j->partition[k] = c;
  return MILL_OK;
}

/* The partition columns, and an encoder for the others. */
static mill_status find_columns(write_job *j, mill_error *err) {
  const mill_type *t = j->rows->schema;
  int np = j->w->npartition_by;
  size_t bytes = (t->nfields + 1) * sizeof(mill_field);
  mill_field *f = mill_arena_alloc(&j->arena, bytes);
  j->partition = mill_arena_alloc(&j->arena, ((size_t)np + 1) * sizeof *j->partition);
  if (f == NULL || j->partition == NULL) return mill_oom(j->ctx->memory, bytes, err);
  for (int k = 0; k < np; k++) MILL_TRY(find_partition(j, k, err));
  if (np && (uint32_t)np == t->nfields)
    return mill_fail(err, MILL_E_ALL_PARTITION_COLUMNS_NOT_ALLOWED, NULL);
  uint32_t n = 0;
  for (uint32_t i = 0; i < t->nfields; i++) {
    bool folder = false;
    for (int k = 0; k < np; k++) folder |= j->partition[k] == (int)i;
    if (!folder) f[n++] = t->fields[i];
  }
  const mill_type *data = mill_type_struct(j->ctx->types, f, n);
  if (data == NULL) return mill_oom(j->ctx->memory, bytes, err);
  return mill_encoder_new(j->ctx, j->set, j->w, data, &j->encoder, err);
}

/* ---- options -------------------------------------------------------------------------------- */

/* An option, else the setting of the session, else NULL. */
static const char *option_or_conf(const write_job *j, const char *option, const char *key) {
  const char *v = mill_option_text(j->w->options, option);
  return v ? v : mill_write_conf(j->w, key);
}

static mill_status read_options(write_job *j, mill_error *err) {
  const char *records = option_or_conf(j, "maxRecordsPerFile", "spark.sql.files.maxRecordsPerFile");
  const char *how =
      option_or_conf(j, "partitionOverwriteMode", "spark.sql.sources.partitionOverwriteMode");
  const char *mark = option_or_conf(j, "mapreduce.fileoutputcommitter.marksuccessfuljobs",
                                    "mapreduce.fileoutputcommitter.marksuccessfuljobs");
  if (records) {
    char *end;
    long long n = strtoll(records, &end, 10);
    if (end == records || *end)
      return mill_fail(err, MILL_E_INVALID_OPTION_VALUE, "paramName", "maxRecordsPerFile", "kind",
                       "a number of rows", "value", records, NULL);
    j->max_records = n > 0 ? (uint64_t)n : 0;
  }
  j->mark = mark == NULL || strcasecmp(mark, "false") != 0;
  j->dynamic = how && strcasecmp(how, "dynamic") == 0 && j->w->npartition_by;
  if (how && strcasecmp(how, "dynamic") != 0 && strcasecmp(how, "static") != 0)
    return mill_fail(err, MILL_E_INVALID_OPTION_VALUE, "paramName", "partitionOverwriteMode",
                     "kind", "static or dynamic", "value", how, NULL);
  return MILL_OK;
}

/* ---- the run -------------------------------------------------------------------------------- */

static mill_status take_rows(write_job *j, mill_error *err) {
  mill_batch *b;
  for (;;) {
    MILL_TRY(j->rows->next(j->rows, &b, err));
    if (b == NULL) return mill_io_parts_end(j->parts, err);
    MILL_TRY(mill_io_parts_add(j->parts, b, err));
    j->written += b->n;
  }
}

static mill_status write_files(write_job *j, io_publish how, mill_error *err) {
  io_parts_plan plan = {.ctx = j->ctx,
                        .settings = j->set,
                        .folder = j->target.staging.data,
                        .encoder = j->encoder,
                        .schema = j->rows->schema,
                        .partition = j->partition,
                        .name = j->w->partition_by,
                        .npartition = j->w->npartition_by,
                        .max_records = j->max_records,
                        .lasting = j->rows->lasting};
  MILL_TRY(mill_io_parts_new(&plan, &j->parts, err));
  MILL_TRY(take_rows(j, err));
  return mill_io_publish(&j->target, how, j->mark && j->w->files == NULL, j->w->files, err);
}

static mill_status run(write_job *j, mill_error *err) {
  MILL_TRY(find_columns(j, err));
  MILL_TRY(read_options(j, err));
  MILL_TRY(mill_io_target_init(&j->target, j->ctx, j->w->path, err));
  io_publish how = IO_PUBLISH_NEW;
  if (j->target.exists) {
    if (j->w->mode == MILL_SAVE_IGNORE) return MILL_OK;
    if (j->w->mode == MILL_SAVE_ERROR)
      return mill_fail(err, MILL_E_PATH_ALREADY_EXISTS, "outputPath", j->target.path.data, NULL);
    how = j->w->mode == MILL_SAVE_APPEND ? IO_PUBLISH_APPEND
          : j->dynamic                   ? IO_PUBLISH_DYNAMIC
                                         : IO_PUBLISH_REPLACE;
  }
  MILL_TRY(mill_io_stage(&j->target, how, err));
  return write_files(j, how, err);
}

mill_status mill_write_run(const mill_context *ctx, const mill_settings *set, const mill_write *w,
                           mill_rows *rows, uint64_t *written, mill_error *err) {
  write_job j = {.ctx = ctx, .set = set, .w = w, .rows = rows};
  mill_arena_init(&j.arena, ctx->memory);
  mill_status s = run(&j, err);
  mill_io_parts_free(j.parts);
  if (j.target.memory) mill_io_target_clear(&j.target);
  mill_encoder_free(j.encoder);
  mill_arena_clear(&j.arena);
  rows->free(rows);
  if (written) *written = s == MILL_OK ? j.written : 0;
  return s;
}
