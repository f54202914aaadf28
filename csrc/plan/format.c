/* Formats by name; see format.h. A snapshot is one file, so its path names the file: overwrite
** replaces it in one step, append lets it grow, all or nothing. Several are read one after the
** other, found as other files are: paths, folders, patterns. */
#include "plan/format.h"

#include <strings.h>

#include "base/file.h"
#include "base/text.h"
#include "base/thread.h"
#include "base/uuid.h"
#include "snapshot/table.h"

static bool is_snapshot(const char *format) { return strcasecmp(format, "snapshot") == 0; }

bool mill_format_readable(const char *format) {
  return is_snapshot(format) || mill_read_known(format);
}

/* ---- reading -------------------------------------------------------------------------------- */

static mill_status wrong_schema(const mill_context *ctx, const mill_type *user,
                                const mill_type *actual, mill_error *err) {
  mill_text x, y;
  mill_text_init(&x, ctx->memory);
  mill_text_init(&y, ctx->memory);
  mill_status s = mill_type_ddl(user, false, &x, err);
  if (s == MILL_OK) s = mill_type_ddl(actual, false, &y, err);
  if (s == MILL_OK)
    s = mill_fail(err, MILL_E_USER_SPECIFIED_AND_ACTUAL_SCHEMA_MISMATCH, "schema",
                  x.data ? x.data : "", "actualSchema", y.data ? y.data : "", NULL);
  mill_text_clear(&x);
  mill_text_clear(&y);
  return s;
}

static mill_status open_listed(const mill_context *ctx, const mill_read *r,
                               const mill_read_files *files, mill_scan **out, mill_error *err) {
  size_t bytes = (files->n + 1) * sizeof(char *);
  if (files->n == 0)
    return mill_fail(err, MILL_E_UNABLE_TO_INFER_SCHEMA, "format", "snapshot", NULL);
  const char **paths = mill_alloc(ctx->memory, bytes);
  if (!paths) return mill_oom(ctx->memory, bytes, err);
  for (size_t i = 0; i < files->n; i++) paths[i] = files->file[i].path;
  mill_status s = mill_table_scan(ctx, paths, files->n, out, err);
  mill_free(ctx->memory, paths, bytes);
  if (s != MILL_OK || !r->schema || mill_type_same(r->schema, (*out)->schema, true)) return s;
  s = wrong_schema(ctx, r->schema, (*out)->schema, err);
  mill_scan_unref(*out);
  return s;
}

static mill_status open_snapshots(const mill_context *ctx, const mill_read *r, mill_scan **out,
                                  mill_error *err) {
  mill_read_files files;
  MILL_TRY(mill_read_list(ctx, r, &files, err));
  mill_status s = open_listed(ctx, r, &files, out, err);
  mill_read_files_clear(&files);
  return s;
}

mill_status mill_format_open(const mill_context *ctx, const mill_settings *set, const mill_read *r,
                             mill_scan **out, mill_error *err) {
  return is_snapshot(r->format) ? open_snapshots(ctx, r, out, err)
                                : mill_read_open(ctx, set, r, out, err);
}

/* ---- writing -------------------------------------------------------------------------------- */

static mill_status write_snapshot(const mill_context *ctx, const mill_write *w, mill_rows *rows,
                                  uint64_t *written, mill_error *err) {
  mill_file_info info;
  const char *path = mill_error_fmt(err, "%s", w->path);
  if (w->npartition_by)
    return mill_fail(err, MILL_E_NOT_IMPLEMENTED, "feature", "Partitioning a snapshot", NULL);
  MILL_TRY(mill_file_stat(ctx->files, w->path, &info, err));
  if (info.exists && w->mode == MILL_SAVE_IGNORE) return MILL_OK;
  if (info.exists && w->mode == MILL_SAVE_ERROR)
    return mill_fail(err, MILL_E_PATH_ALREADY_EXISTS, "outputPath", path, NULL);
  if (info.folder)
    return mill_fail(err, MILL_E_FILE_ACCESS, "operation", "write", "path", path, "reason",
                     "it is a folder, and a snapshot is a file", NULL);
  if (info.exists && w->mode == MILL_SAVE_APPEND)
    return mill_table_append_rows(ctx, rows, w->path, written, err);
  return mill_table_save_rows(ctx, rows, w->path, written, err);
}

/* A file of its own in the folder. */
static mill_status write_part(const mill_context *ctx, const mill_write *w, mill_rows *rows,
                              uint64_t *written, mill_error *err) {
  char id[MILL_UUID];
  mill_text name, path;
  mill_uuid(id);
  mill_text_init(&name, ctx->memory);
  mill_text_init(&path, ctx->memory);
  mill_status s = mill_text_printf(&name, err, "part-00000-%s.snapshot", id);
  if (s == MILL_OK) s = mill_path_join(&path, w->path, name.data, err);
  if (s == MILL_OK && w->npartition_by)
    s = mill_fail(err, MILL_E_NOT_IMPLEMENTED, "feature", "Partitioning a snapshot", NULL);
  if (s == MILL_OK) s = mill_names_add(w->files, name.data, err);
  if (s == MILL_OK) s = mill_table_save_rows(ctx, rows, path.data, written, err);
  mill_text_clear(&path);
  mill_text_clear(&name);
  rows->free(rows);
  return s;
}

typedef struct poll_of {
  mill_progress ask;
  void *arg;
} poll_of;

static mill_status poll(void *arg, size_t done, mill_error *err) {
  const poll_of *p = arg;
  (void)done;
  return p->ask(p->arg, -1, 0, err);
}

static mill_status write_rows(const mill_context *ctx, const mill_settings *set,
                              const mill_write *w, mill_rows *rows, uint64_t *written,
                              mill_error *err) {
  if (!is_snapshot(w->format)) return mill_write_run(ctx, set, w, rows, written, err);
  if (w->files) return write_part(ctx, w, rows, written, err);
  if (written) *written = 0;
  mill_status s = write_snapshot(ctx, w, rows, written, err);
  rows->free(rows);
  return s;
}

mill_status mill_format_write(mill_session *session, const mill_settings *set, const mill_write *w,
                              mill_rows *rows, uint64_t *written, mill_error *err) {
  mill_watch watch;
  poll_of p = {0};
  p.ask = mill_session_poll(session, &p.arg);
  mill_watch_begin(&watch, p.ask ? poll : NULL, &p);
  mill_status s = write_rows(mill_session_context(session), set, w, rows, written, err);
  mill_watch_end(&watch);
  return s;
}
