/* The format parquet: options, schema, pieces; parquet_rows.c reads them.
**
** Footers are read once, when the read is opened, by all workers; they stay with it. A file whose
** footer cannot be read then is one piece, and whoever comes to that piece reports what is wrong (or
** passes over it: ignoreCorruptFiles). Pieces are rows of a file: a row group each, large ones in
** parts of PART_ROWS where parts can be found without unpacking what is before them.
**
** The schema is that of the first file (_common_metadata, _metadata where they are), or with the
** option mergeSchema that of all. Options: mergeSchema, datetimeRebaseMode, int96RebaseMode; settings:
** those of spark.sql.parquet that Spark's reader has. */
#include <string.h>
#include <strings.h>

#include "base/thread.h"
#include "base/timezone.h"
#include "io/parquet_read.h"

enum { PART_ROWS = 1 << 18 };

/* ---- options -------------------------------------------------------------------------------- */

static bool setting(const io_job *job, const char *name, bool otherwise) {
  char key[96] = "spark.sql.parquet.";
  strncat(key, name, sizeof key - strlen(key) - 1);
  return mill_io_is_set(job, key, otherwise);
}

/* The words of an option are exact, those of a setting are not. */
static parquet_rebase rebase_mode(const io_job *job, const char *option, const char *conf) {
  static const char *const modes[] = {"CORRECTED", "LEGACY", "EXCEPTION"};
  const char *v = mill_option_text(job->options, option);
  bool exact = v != NULL;
  if (!v) v = mill_io_conf(job, conf);
  if (!v) return PARQUET_CORRECTED;
  for (int i = 0; i < PARQUET_NO_MODE; i++)
    if ((exact ? strcmp : strcasecmp)(v, modes[i]) == 0) return (parquet_rebase)i;
  return PARQUET_NO_MODE;
}

static void free_footers(void *arg) {
  parquet_read *p = arg;
  for (size_t i = 0; i < p->n; i++) mill_parquet_footer_free(p->footer[i]);
  if (p->footer) mill_free(io_memory(p->job), p->footer, p->n * sizeof *p->footer);
}

static mill_status parquet_configure(io_job *job, mill_error *err) {
  parquet_read *p = mill_arena_alloc(&job->arena, sizeof *p);
  if (!p || !mill_arena_at_end(&job->arena, free_footers, p))
    return mill_oom(io_memory(job), sizeof *p, err);
  p->job = job;
  job->plan = p;
  p->rules = (parquet_rules){.binary_as_string = setting(job, "binaryAsString", false),
                             .infer_ntz = setting(job, "inferTimestampNTZ.enabled", true),
                             .field_ids = setting(job, "fieldId.read.enabled", false),
                             .nanos_as_long =
                                 mill_io_is_set(job, "spark.sql.legacy.parquet.nanosAsLong", false),
                             .vectorised = setting(job, "enableVectorizedReader", true),
                             .case_sensitive = job->settings.case_sensitive};
  MILL_TRY(mill_option_bool(job->options, "mergeSchema", setting(job, "mergeSchema", false),
                            &p->merge, err));
  p->datetime =
      rebase_mode(job, "datetimeRebaseMode", "spark.sql.parquet.datetimeRebaseModeInRead");
  p->int96 = rebase_mode(job, "int96RebaseMode", "spark.sql.parquet.int96RebaseModeInRead");
  return MILL_OK;
}

static bool parquet_takes(const mill_type *t) {
  if (t->id == MILL_INTERVAL) return false;
  for (uint32_t i = 0; i < t->nfields; i++)
    if (!parquet_takes(t->fields[i].type)) return false;
  return true;
}

/* ---- footers -------------------------------------------------------------------------------- */

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

/* Files that hold a schema and no rows. */
static bool is_summary(const io_job *job, size_t file) {
  const char *name = base_name(job->files.file[file].path);
  return strcmp(name, "_metadata") == 0 || strcmp(name, "_common_metadata") == 0;
}

static bool holds_rows(const io_job *job, size_t file) {
  return !is_summary(job, file) && job->files.file[file].size > 0;
}

static mill_status make_room(parquet_read *p, mill_error *err) {
  size_t n = p->job->files.n;
  if (p->footer || n == 0) return MILL_OK;
  p->footer = mill_calloc(io_memory(p->job), n * sizeof *p->footer);
  if (!p->footer) return mill_oom(io_memory(p->job), n * sizeof *p->footer, err);
  p->n = n;
  return MILL_OK;
}

mill_status mill_parquet_read_footer(const parquet_read *p, size_t file, parquet_footer **out,
                                     mill_error *err) {
  return mill_parquet_footer_read(p->job->context.files, io_memory(p->job),
                                  p->job->files.file[file].path, out, err);
}

/* What is wrong with a file is reported by who comes to its rows. */
static mill_status try_footer(void *arg, size_t file, int worker, mill_error *err) {
  parquet_read *p = arg;
  (void)worker;
  if (p->footer[file] || !holds_rows(p->job, file)) return MILL_OK;
  mill_status s = mill_parquet_read_footer(p, file, &p->footer[file], err);
  if (s == MILL_E_OUT_OF_MEMORY) return s;
  if (err) mill_error_clear(err);
  return MILL_OK;
}

static mill_status read_footers(parquet_read *p, mill_error *err) {
  MILL_TRY(make_room(p, err));
  if (p->job->context.pool && p->n > 1)
    return mill_pool_run(p->job->context.pool, p->n, try_footer, p, err);
  for (size_t i = 0; i < p->n; i++) MILL_TRY(try_footer(p, i, 0, err));
  return MILL_OK;
}

/* ---- the schema ----------------------------------------------------------------------------- */

/* The footer of a file that tells the schema; an error names it as one of a footer. */
static mill_status schema_footer(parquet_read *p, size_t file, mill_error *err) {
  if (p->footer[file]) return MILL_OK;
  mill_status s = mill_parquet_read_footer(p, file, &p->footer[file], err);
  if (s == MILL_OK || s == MILL_E_OUT_OF_MEMORY) return s;
  const io_job *job = p->job;
  bool pass = job->ignore_corrupt || (job->ignore_missing && s == MILL_E_PATH_NOT_FOUND);
  char why[400] = "";
  if (err) strncat(why, mill_error_message(err), sizeof why - 1);
  if (err) mill_error_clear(err);
  return pass ? MILL_OK
              : mill_fail(err, MILL_E_FAILED_READ_FILE_FOOTER, "path", job->files.file[file].path,
                          "reason", why, NULL);
}

/* The file that tells the schema: a summary, or the first one. */
static size_t schema_file(const io_job *job) {
  static const char *const summaries[] = {"_common_metadata", "_metadata"};
  for (int k = 0; k < 2; k++)
    for (size_t i = 0; i < job->files.n; i++)
      if (strcmp(base_name(job->files.file[i].path), summaries[k]) == 0) return i;
  return 0;
}

static mill_status add_schema(parquet_read *p, size_t file, const mill_type **type,
                              mill_error *err) {
  const mill_type *t;
  mill_types *types = p->job->context.types;
  if (p->job->files.file[file].size == 0) return MILL_OK;
  MILL_TRY(schema_footer(p, file, err));
  if (!p->footer[file]) return MILL_OK;
  mill_status s = mill_parquet_schema(types, p->footer[file], &p->rules, &t, err);
  MILL_TRY(mill_io_in_file(err, p->job->files.file[file].path, s));
  if (*type)
    MILL_TRY(mill_parquet_merge(types, *type, t, p->rules.case_sensitive, type, err));
  else
    *type = t;
  return MILL_OK;
}

static mill_status parquet_infer(io_job *job, mill_error *err) {
  parquet_read *p = job->plan;
  const mill_type *t = NULL;
  size_t only = schema_file(job);
  MILL_TRY(make_room(p, err));
  if (p->merge) MILL_TRY(read_footers(p, err));
  for (size_t i = 0; i < p->n; i++)
    if (p->merge || i == only) MILL_TRY(add_schema(p, i, &t, err));
  if (!t) return mill_fail(err, MILL_E_UNABLE_TO_INFER_SCHEMA, "format", job->format->title, NULL);
  if (t->nfields == 0) {
    mill_fail(err, MILL_E_FAILED_READ_FILE_NO_HINT, "path", job->files.file[only].path, NULL);
    mill_error_hint(err, "It has no columns.");
    return MILL_E_FAILED_READ_FILE_NO_HINT;
  }
  job->data = t;
  return MILL_OK;
}

/* ---- pieces --------------------------------------------------------------------------------- */

/* Can rows in the middle of a group be found by passing over pages? */
static bool has_parts(const parquet_footer *f) {
  for (uint32_t i = 0; i < f->leaves; i++)
    if (f->leaf[i]->rep) return false;
  return true;
}

static mill_status cut_file(const parquet_footer *f, size_t file, io_piece piece, void *arg,
                            mill_error *err) {
  bool parts = has_parts(f);
  for (uint32_t g = 0; g < f->meta.groups.n; g++) {
    uint64_t from = f->first[g], stop = f->first[g + 1];
    while (from < stop) {
      uint64_t to = !parts || stop - from < 2 * PART_ROWS ? stop : from + PART_ROWS;
      MILL_TRY(piece(arg, file, from, to, err));
      from = to;
    }
  }
  return MILL_OK;
}

static mill_status parquet_cut(io_job *job, io_piece piece, void *arg, double *rows,
                               mill_error *err) {
  parquet_read *p = job->plan;
  double total = 0;
  bool known = true;
  MILL_TRY(read_footers(p, err));
  for (size_t i = 0; i < p->n; i++) {
    const parquet_footer *f = p->footer[i];
    if (!holds_rows(job, i)) continue;
    if (f) {
      total += (double)f->first[f->meta.groups.n];
      MILL_TRY(cut_file(f, i, piece, arg, err));
    } else {
      known = false;
      MILL_TRY(piece(arg, i, 0, UINT64_MAX, err));
    }
  }
  if (known) *rows = total;
  return MILL_OK;
}

/* ---- calendars ------------------------------------------------------------------------------ */

/* Spark writes into its files which calendar it used; others are read as the options say. */
static parquet_rebase calendar_of(const parquet_footer *f, parquet_rebase otherwise,
                                  const char *since, const char *legacy) {
  const thrift_bytes *version = mill_parquet_key(f, "org.apache.spark.version");
  size_t n = strlen(since);
  if (!version) return otherwise;
  bool older = memcmp(version->p ? version->p : "", since, version->n < n ? version->n : n) < 0;
  return older || mill_parquet_key(f, legacy) ? PARQUET_LEGACY : PARQUET_CORRECTED;
}

mill_status mill_parquet_find_calendar(const parquet_read *p, const parquet_footer *f,
                                       parquet_calendar *out, mill_error *err) {
  const thrift_bytes *zone = mill_parquet_key(f, "org.apache.spark.timeZone");
  *out = (parquet_calendar){
      .datetime = calendar_of(f, p->datetime, "3.0.0", "org.apache.spark.legacyDateTime"),
      .int96 = calendar_of(f, p->int96, "3.1.0", "org.apache.spark.legacyINT96"),
      .zone = p->job->settings.zone};
  if (out->datetime == PARQUET_NO_MODE || out->int96 == PARQUET_NO_MODE) {
    mill_fail(err, MILL_E_FAILED_READ_FILE_NO_HINT, "path", f->path, NULL);
    mill_error_hint(err, "The option %s takes one of CORRECTED, LEGACY, EXCEPTION.",
                    out->int96 == PARQUET_NO_MODE ? "int96RebaseMode" : "datetimeRebaseMode");
    return MILL_E_FAILED_READ_FILE_NO_HINT;
  }
  if (zone && p->job->context.zones)
    MILL_TRY(
        mill_zones_find(p->job->context.zones, zone->p ? zone->p : "", zone->n, &out->zone, err));
  return MILL_OK;
}

const io_format mill_format_parquet = {.name = "parquet",
                                       .title = "Parquet",
                                       .configure = parquet_configure,
                                       .infer = parquet_infer,
                                       .takes = parquet_takes,
                                       .decoder = mill_parquet_decoder,
                                       .cut = parquet_cut,
                                       .may_hold = mill_parquet_may_hold};
