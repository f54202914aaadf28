/* Reading files in a named format: paths in, a scan out.
**
**     mill_read r = {.format = "csv", .paths = paths, .npaths = 1, .options = {opts, 2}};
**     MILL_TRY(mill_read_open(ctx, settings, &r, &scan, err));
**
** Opening lists the files (folders to their leaves, globs, names that begin with "_" or "." left
** out), finds partition columns in folder names (k=v, types inferred), infers the schema unless one
** is given, and cuts the files into morsels. The scan's schema is the data columns followed by the
** partition columns, all nullable, as in Spark. Errors while rows are read are FAILED_READ_FILE.*
** with the cause in the hint. A new format is one entry in registry.c. */
#ifndef MILL_IO_READER_H
#define MILL_IO_READER_H

#include "column/option.h"
#include "column/scan.h"

typedef struct mill_read {
  const char *format; /* csv, json, parquet, text; any case */
  const char *const *paths;
  int npaths;
  mill_options options;
  const mill_type *schema; /* the user's, or NULL */
  /* Spark's settings by key (spark.sql.timestampType ..); NULL: defaults. The answer may be NULL. */
  const char *(*conf)(void *arg, const char *key);
  void *conf_arg;
} mill_read;

mill_status mill_read_open(const mill_context *ctx, const mill_settings *set, const mill_read *r,
                           mill_scan **out, mill_error *err) MILL_USE_RESULT;
/* The schema that mill_read_open would give, without cutting the files. */
mill_status mill_read_schema(const mill_context *ctx, const mill_settings *set, const mill_read *r,
                             const mill_type **out, mill_error *err) MILL_USE_RESULT;

/* The leaf files that a read would take, sorted by path. */
typedef struct mill_read_file {
  const char *path;
  uint64_t size;
  int64_t mtime_millis;
  const char **values; /* one a partition column, unescaped; NULL: null */
} mill_read_file;

typedef struct mill_read_files {
  mill_arena arena;
  mill_read_file *file;
  size_t n, capacity;
  const char **names; /* partition columns */
  int npartitions;
} mill_read_files;

mill_status mill_read_list(const mill_context *ctx, const mill_read *r, mill_read_files *out,
                           mill_error *err) MILL_USE_RESULT;
void mill_read_files_clear(mill_read_files *f);

/* Is there a reader of that name? For DATA_SOURCE_NOT_FOUND ahead of a stream's start. */
bool mill_read_known(const char *format);

#endif
