/* The file sink (sink.h).
**
**     out/.stage-<batch>/files/..   files of a batch that is not committed yet
**     out/[k=v/..]part-..           files of committed batches
**     out/_spark_metadata/<batch>   "v1", then a line a file
**
** Where a catalogue lists the files of the folder (mill_sink_list), several queries may write into it: their
** staged folders are called .stage-<query>-<batch>, and under the catalogue's lock the files get their second
** name. The staged one goes when the list is committed: what is not listed there may be removed by anybody.
**
** `staged`, kept in the batch's record, has a line a file: size, blank, path below the folder.
** publish() moves what is still staged, checks what has its place already, then writes the list. */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/json.h"
#include "stream/sink.h"

enum { COMPACT_EVERY = 10, LIST_LIMIT = 1 << 30 };

typedef struct file_sink {
  mill_stream_sink base;
  const mill_context *ctx;
  mill_arena arena;
  mill_stream_io io;
  mill_write write;
  mill_text path;            /* of the file at hand */
  mill_sink_list list;       /* arg NULL: `_spark_metadata` */
  const char *stage, *query; /* how staged folders begin; the query's id */
} file_sink;

static mill_status path_of(file_sink *f, const char *name, mill_error *err) {
  mill_text_reset(&f->path);
  return mill_path_join(&f->path, f->write.path, name, err);
}

static mill_status stage_path(file_sink *f, int64_t batch, mill_error *err) {
  char name[80];
  snprintf(name, sizeof name, "%s%lld", f->stage, (long long)batch);
  return path_of(f, name, err);
}

/* Where a batch's files are written; what the writer keeps beside them goes with the stage. */
static mill_status stage_files_path(file_sink *f, int64_t batch, mill_error *err) {
  MILL_TRY(stage_path(f, batch, err));
  return mill_text_adds(&f->path, "/files", err);
}

static mill_status drop_stage(file_sink *f, int64_t batch, mill_error *err) {
  MILL_TRY(stage_path(f, batch, err));
  return mill_folder_remove(f->ctx->files, f->path.data, err);
}

static bool compacts(int64_t batch) { return (batch + 1) % COMPACT_EVERY == 0; }

static mill_status list_path(file_sink *f, int64_t batch, mill_error *err) {
  char name[48];
  snprintf(name, sizeof name, "_spark_metadata/%lld%s", (long long)batch,
           compacts(batch) ? ".compact" : "");
  return path_of(f, name, err);
}

/* ---- opening -------------------------------------------------------------------------------- */

/* The highest batch in the lists, -1: none. */
static mill_status listed(file_sink *f, int64_t *last, mill_error *err) {
  mill_names names;
  mill_file_info info;
  *last = -1;
  MILL_TRY(path_of(f, "_spark_metadata", err));
  MILL_TRY(mill_file_stat(f->ctx->files, f->path.data, &info, err));
  if (!info.exists) return MILL_OK;
  MILL_TRY(mill_folder_sweep(f->ctx->files, f->ctx->memory, f->path.data, err));
  mill_names_init(&names, f->ctx->memory);
  mill_status s = mill_folder_list(f->ctx->files, f->path.data, &names, err);
  for (size_t i = 0; s == MILL_OK && i < names.n; i++) {
    char *end;
    long long b = strtoll(names.name[i], &end, 10);
    bool is_list = end != names.name[i] && (*end == 0 || strcmp(end, ".compact") == 0);
    if (is_list && b > *last) *last = b;
  }
  mill_names_clear(&names);
  return s;
}

/* Stage folders of batches that were never committed. */
static mill_status drop_stages(file_sink *f, int64_t last, mill_error *err) {
  mill_names names;
  mill_names_init(&names, f->ctx->memory);
  mill_status s = mill_folder_list(f->ctx->files, f->write.path, &names, err);
  for (size_t i = 0; s == MILL_OK && i < names.n; i++) {
    size_t n = strlen(f->stage);
    if (strncmp(names.name[i], f->stage, n) != 0 || atoll(names.name[i] + n) <= last) continue;
    s = path_of(f, names.name[i], err);
    if (s == MILL_OK) s = mill_folder_remove(f->ctx->files, f->path.data, err);
  }
  mill_names_clear(&names);
  return s;
}

/* The names of stages are the query's own where others write into the folder, too. */
static mill_status name_stages(file_sink *f, const char *id, mill_error *err) {
  size_t n = strlen(id) + 16;
  char *stage = mill_arena_alloc(&f->arena, n);
  f->query = mill_arena_strndup(&f->arena, id, strlen(id));
  if (stage == NULL || f->query == NULL) return mill_oom(f->ctx->memory, n, err);
  snprintf(stage, n, f->list.arg ? ".stage-%s-" : ".stage-", id);
  f->stage = stage;
  return MILL_OK;
}

static mill_status open_sink(mill_stream_sink *s, const char *id, int64_t last, mill_error *err) {
  file_sink *f = (file_sink *)s;
  int64_t shown;
  MILL_TRY(name_stages(f, id, err));
  MILL_TRY(mill_folder_make(f->ctx->files, f->write.path, err));
  MILL_TRY(f->list.arg ? f->list.last(f->list.arg, id, &shown, err) : listed(f, &shown, err));
  if (shown > last)
    return mill_fail(err, MILL_E_STREAMING_CHECKPOINT_BEHIND_SINK, "path", f->write.path,
                     "sinkBatch", mill_error_fmt(err, "%lld", (long long)shown), "batchId",
                     mill_error_fmt(err, "%lld", (long long)last), NULL);
  return drop_stages(f, last, err);
}

/* ---- staging -------------------------------------------------------------------------------- */

/* Lines for the files below folder/below; folders are walked, hidden names and marks left out. */
static mill_status stage_files(file_sink *f, const char *folder, const char *below, int depth,
                               mill_text *staged, mill_error *err) {
  mill_names names;
  mill_text path, inner;
  mill_file_info info;
  if (depth > 100)
    return mill_fail(err, MILL_E_INTERNAL_ERROR, "message", "too many folders", NULL);
  mill_names_init(&names, f->ctx->memory);
  mill_text_init(&path, f->ctx->memory);
  mill_text_init(&inner, f->ctx->memory);
  mill_status s = mill_path_join(&path, folder, below, err);
  if (s == MILL_OK) s = mill_folder_list(f->ctx->files, path.data, &names, err);
  for (size_t i = 0; s == MILL_OK && i < names.n; i++) {
    const char *name = names.name[i];
    if (name[0] == '.' || (name[0] == '_' && strchr(name, '=') == NULL)) continue;
    mill_text_reset(&inner);
    mill_text_reset(&path);
    s = *below ? mill_path_join(&inner, below, name, err) : mill_text_adds(&inner, name, err);
    if (s == MILL_OK) s = mill_path_join(&path, folder, inner.data, err);
    if (s == MILL_OK) s = mill_file_stat(f->ctx->files, path.data, &info, err);
    if (s == MILL_OK && info.folder)
      s = stage_files(f, folder, inner.data, depth + 1, staged, err);
    else if (s == MILL_OK)
      s = mill_text_printf(staged, err, "%llu %s\n", (unsigned long long)info.size, inner.data);
  }
  mill_names_clear(&names);
  mill_text_clear(&path);
  mill_text_clear(&inner);
  return s;
}

static mill_status write_sink(mill_stream_sink *s, const mill_stream_batch *b, mill_rows *rows,
                              mill_text *staged, mill_error *err) {
  file_sink *f = (file_sink *)s;
  uint64_t n;
  mill_status status = drop_stage(f, b->id, err);
  if (status == MILL_OK) status = mill_folder_make(f->ctx->files, f->path.data, err);
  if (status == MILL_OK) status = stage_files_path(f, b->id, err);
  if (status != MILL_OK) {
    rows->free(rows);
    return status;
  }
  mill_write w = f->write;
  w.path = f->path.data;
  w.mode = MILL_SAVE_ERROR;
  MILL_TRY(f->io.write(f->ctx, b->set, &w, rows, &n, err));
  return stage_files(f, f->path.data, "", 0, staged, err);
}

/* ---- publishing ----------------------------------------------------------------------------- */

/* A staged file gets its place; one that stands there already must be the same. */
static mill_status place(file_sink *f, const char *stage, const char *name, uint64_t size,
                         mill_text *to, mill_error *err) {
  const mill_files *fs = f->ctx->files;
  mill_file_info from, there;
  mill_text_reset(to);
  MILL_TRY(mill_path_join(to, f->write.path, name, err));
  mill_text_reset(&f->path);
  MILL_TRY(mill_path_join(&f->path, stage, name, err));
  MILL_TRY(mill_file_stat(fs, f->path.data, &from, err));
  if (from.exists) {
    char *slash = strrchr(to->data, '/');
    *slash = 0;
    MILL_TRY(mill_folder_make(fs, to->data, err));
    *slash = '/';
    return f->list.arg ? mill_file_link(fs, f->ctx->memory, f->path.data, to->data, err)
                       : mill_file_publish(fs, f->ctx->memory, f->path.data, to->data, err);
  }
  MILL_TRY(mill_file_stat(fs, to->data, &there, err));
  if (there.exists && there.size == size) return MILL_OK;
  return mill_fail(err, MILL_E_CORRUPT_FILE, "path", to->data, "reason",
                   "a file of the last committed batch is gone or was changed", NULL);
}

static mill_status add_line(const char *path, uint64_t size, int64_t millis, mill_text *out,
                            mill_error *err) {
  mill_text url;
  mill_text_init(&url, out->memory);
  char *full = realpath(path, NULL);
  mill_status s = mill_text_printf(&url, err, "file://%s", full ? full : path);
  free(full);
  if (s == MILL_OK) s = mill_text_adds(out, "\n{\"path\":", err);
  if (s == MILL_OK) s = mill_json_quote(url.data, url.size, out, err);
  if (s == MILL_OK)
    s = mill_text_printf(out, err,
                         ",\"size\":%llu,\"isDir\":false,\"modificationTime\":%lld,"
                         "\"blockReplication\":1,\"blockSize\":33554432,\"action\":\"add\"}",
                         (unsigned long long)size, (long long)millis);
  mill_text_clear(&url);
  return s;
}

/* Append the lines of the list of an earlier batch; one that is not there has none. */
static mill_status add_list(file_sink *f, int64_t batch, mill_text *out, mill_error *err) {
  mill_file_info info;
  mill_text t;
  MILL_TRY(list_path(f, batch, err));
  MILL_TRY(mill_file_stat(f->ctx->files, f->path.data, &info, err));
  if (!info.exists) return MILL_OK;
  mill_text_init(&t, f->ctx->memory);
  mill_status s = mill_file_load(f->ctx->files, f->ctx->memory, f->path.data, LIST_LIMIT, &t, err);
  const char *lines = s == MILL_OK && t.data ? strchr(t.data, '\n') : NULL;
  if (lines) s = mill_text_adds(out, lines, err);
  mill_text_clear(&t);
  return s;
}

static mill_status add_earlier(file_sink *f, int64_t batch, mill_text *out, mill_error *err) {
  if (!compacts(batch)) return MILL_OK;
  int64_t from = batch - COMPACT_EVERY;
  for (int64_t i = from < 0 ? 0 : from; i < batch; i++) MILL_TRY(add_list(f, i, out, err));
  return MILL_OK;
}

static mill_status place_all(file_sink *f, const char *stage, const char *staged, size_t n,
                             mill_text *list, mill_error *err) {
  mill_text to, name;
  mill_file_info info;
  mill_text_init(&to, f->ctx->memory);
  mill_text_init(&name, f->ctx->memory);
  mill_status s = MILL_OK;
  for (const char *p = staged, *end = staged + n; s == MILL_OK && p < end;) {
    char *blank;
    uint64_t size = strtoull(p, &blank, 10);
    const char *line_end = memchr(p, '\n', (size_t)(end - p));
    if (line_end == NULL || blank + 1 > line_end) break;
    mill_text_reset(&name);
    s = mill_text_add(&name, blank + 1, (size_t)(line_end - blank - 1), err);
    if (s == MILL_OK) s = place(f, stage, name.data, size, &to, err);
    if (s == MILL_OK) s = mill_file_stat(f->ctx->files, to.data, &info, err);
    if (s == MILL_OK)
      s = f->list.arg ? f->list.add(f->list.arg, name.data, size, err)
                      : add_line(to.data, size, info.mtime_millis, list, err);
    p = line_end + 1;
  }
  mill_text_clear(&to);
  mill_text_clear(&name);
  return s;
}

static mill_status publish_lines(file_sink *f, int64_t batch, const char *staged, size_t n,
                                 mill_text *stage, mill_text *list, mill_error *err) {
  const mill_files *fs = f->ctx->files;
  MILL_TRY(stage_files_path(f, batch, err));
  MILL_TRY(mill_text_adds(stage, f->path.data, err));
  MILL_TRY(mill_text_adds(list, "v1", err));
  MILL_TRY(add_earlier(f, batch, list, err));
  MILL_TRY(place_all(f, stage->data, staged, n, list, err));
  MILL_TRY(path_of(f, "_spark_metadata", err));
  MILL_TRY(mill_folder_make(fs, f->path.data, err));
  MILL_TRY(list_path(f, batch, err));
  MILL_TRY(mill_file_replace(fs, f->ctx->memory, f->path.data, list->data, list->size, err));
  return drop_stage(f, batch, err);
}

static mill_status publish_listed(file_sink *f, int64_t batch, const char *staged, size_t n,
                                  mill_error *err) {
  int64_t shown;
  mill_text stage;
  MILL_TRY(f->list.last(f->list.arg, f->query, &shown, err));
  if (shown >= batch) return drop_stage(f, batch, err); /* done before the crash */
  mill_text_init(&stage, f->ctx->memory);
  mill_status s = stage_files_path(f, batch, err);
  if (s == MILL_OK) s = mill_text_adds(&stage, f->path.data, err);
  if (s == MILL_OK) s = f->list.begin(f->list.arg, err);
  if (s == MILL_OK) {
    s = place_all(f, stage.data, staged, n, NULL, err);
    mill_status ended = f->list.end(f->list.arg, f->query, batch, s == MILL_OK, err);
    if (s == MILL_OK) s = ended;
  }
  mill_text_clear(&stage);
  return s == MILL_OK ? drop_stage(f, batch, err) : s;
}

static mill_status publish(mill_stream_sink *s, int64_t batch, const char *staged, size_t n,
                           mill_error *err) {
  file_sink *f = (file_sink *)s;
  if (f->list.arg) return publish_listed(f, batch, staged, n, err);
  mill_file_info info;
  mill_text stage, list;
  MILL_TRY(list_path(f, batch, err));
  MILL_TRY(mill_file_stat(f->ctx->files, f->path.data, &info, err));
  if (info.exists) return drop_stage(f, batch, err); /* done before the crash */
  mill_text_init(&stage, f->ctx->memory);
  mill_text_init(&list, f->ctx->memory);
  mill_status status = publish_lines(f, batch, staged, n, &stage, &list, err);
  mill_text_clear(&stage);
  mill_text_clear(&list);
  return status;
}

/* ---- life ----------------------------------------------------------------------------------- */

static void free_sink(mill_stream_sink *s) {
  file_sink *f = (file_sink *)s;
  mill_memory *m = f->ctx->memory;
  if (f->list.arg) f->list.free(f->list.arg);
  mill_text_clear(&f->path);
  mill_arena_clear(&f->arena);
  mill_free(m, f, sizeof *f);
}

static const char *copy(file_sink *f, const char *s, bool *ok) {
  char *own = s ? mill_arena_strndup(&f->arena, s, strlen(s)) : NULL;
  *ok &= s == NULL || own != NULL;
  return own;
}

static bool copy_write(file_sink *f, const mill_write *w) {
  bool ok = true;
  mill_option *o = mill_arena_alloc(&f->arena, ((size_t)w->options.n + 1) * sizeof *o);
  const char **by = mill_arena_alloc(&f->arena, ((size_t)w->npartition_by + 1) * sizeof *by);
  if (o == NULL || by == NULL) return false;
  f->write = *w;
  f->write.format = copy(f, w->format, &ok);
  f->write.path = copy(f, w->path, &ok);
  for (int i = 0; i < w->options.n; i++)
    o[i] = (mill_option){copy(f, w->options.at[i].key, &ok), copy(f, w->options.at[i].value, &ok)};
  for (int i = 0; i < w->npartition_by; i++) by[i] = copy(f, w->partition_by[i], &ok);
  f->write.options.at = o;
  f->write.partition_by = by;
  size_t n = strlen(w->path) + 16;
  char *description = mill_arena_alloc(&f->arena, n);
  if (description) snprintf(description, n, "FileSink[%s]", w->path);
  f->base.description = description;
  return ok && description;
}

mill_status mill_sink_file_new(const mill_context *ctx, const mill_stream_io *io,
                               const mill_write *w, mill_stream_sink **out, mill_error *err) {
  const mill_sink_list none = {0};
  return mill_sink_listed_new(ctx, io, w, &none, out, err);
}

mill_status mill_sink_listed_new(const mill_context *ctx, const mill_stream_io *io,
                                 const mill_write *w, const mill_sink_list *list,
                                 mill_stream_sink **out, mill_error *err) {
  file_sink *f = mill_calloc(ctx->memory, sizeof *f);
  if (f == NULL) {
    if (list->arg) list->free(list->arg);
    return mill_oom(ctx->memory, sizeof *f, err);
  }
  f->list = *list;
  f->base = (mill_stream_sink){NULL, false, -1, open_sink, write_sink, publish, free_sink};
  f->ctx = ctx;
  f->io = *io;
  mill_arena_init(&f->arena, ctx->memory);
  mill_text_init(&f->path, ctx->memory);
  if (copy_write(f, w)) {
    *out = &f->base;
    return MILL_OK;
  }
  free_sink(&f->base);
  return mill_oom(ctx->memory, sizeof *f, err);
}
