/* The file source: every file of a folder or pattern once, by time of change.
**
** A file is known by its path (or name, fileNameOnly). The feed's store maps it to the offset under
** which it was claimed, its size and its time, so the query's record says exactly which files a
** batch read; an offset {"logOffset":N} stands for the files claimed as N. latest() claims files;
** claims that were not read yet are given again. Files older than the newest claimed one minus
** maxFileAge are forgotten and never taken. Spark: FileStreamSource.
**
** A table lists all its files. When one that was claimed is gone, rows that were read have been changed or deleted,
** and files that come with it may hold rows that were read before: that is an error, or with
** ignoreChanges those files are read as any other. Delta Lake: the option of the same name. */
#include <stdlib.h>
#include <strings.h>

#include "base/file.h"
#include "base/json.h"
#include "stream/source.h"

typedef enum clean_kind { CLEAN_OFF, CLEAN_DELETE, CLEAN_ARCHIVE } clean_kind;

typedef struct file_source {
  mill_stream_source base;
  const mill_context *ctx;
  mill_arena arena;
  mill_stream_io io;
  mill_read read;
} file_source;

typedef struct file_feed {
  mill_stream_feed base;
  file_source *source;
  mill_store seen, frozen; /* frozen: files that availableNow may take */
  bool is_frozen, latest_first, name_only, recalled, ignore_changes;
  int64_t max_files, max_bytes; /* 0: none */
  int64_t max_age;              /* milliseconds */
  int64_t last;                 /* claimed offset, -1 none */
  int64_t oldest;               /* files changed before are too old */
  clean_kind clean;
  const char *archive;
} file_feed;

typedef struct claim { /* the value of a file in the store */
  int64_t offset;
  uint64_t size;
  int64_t millis;
} claim;

static int64_t offset_of(const char *text) {
  return text ? mill_json_peek_int(text, strlen(text), "logOffset", -1) : -1;
}

static const char *key_of(const file_feed *f, const char *path) {
  const char *slash = strrchr(path, '/');
  return f->name_only && slash ? slash + 1 : path;
}

static claim claim_of(const mill_store_entry *e) {
  claim c = {-1, 0, 0};
  if (e->value_size >= sizeof c) memcpy(&c, mill_store_value(e), sizeof c);
  return c;
}

/* Does the path lie below the folder or pattern that is read? */
static bool is_below(const char *root, const char *path, size_t n) {
  size_t k = strcspn(root, "*?[{");
  while (k > 1 && root[k - 1] == '/') k--;
  return n >= k && strncmp(root, path, k) == 0 && (root[k] != 0 || n == k || path[k] == '/');
}

/* After a start the store is full: the last offset and the newest file follow from it. */
static mill_status recall(file_feed *f, mill_error *err) {
  int64_t newest = INT64_MIN;
  const char *root = f->source->read.paths[0];
  if (f->recalled) return MILL_OK;
  for (size_t i = 0; i < f->seen.nentries; i++) {
    const mill_store_entry *e = f->seen.entry[i];
    if (e == NULL) continue;
    claim c = claim_of(e);
    const char *path = mill_store_value(e) + sizeof c;
    size_t n = e->value_size > sizeof c ? e->value_size - sizeof c : 0;
    if (!is_below(root, path, n))
      return mill_fail(err, MILL_E_STREAMING_SOURCES_CHANGED, "stored",
                       mill_error_fmt(err, "the file %.*s", (int)n, path), "requested",
                       mill_error_fmt(err, "the folder %s", root), NULL);
    if (c.offset > f->last) f->last = c.offset;
    if (c.millis > newest) newest = c.millis;
  }
  if (newest != INT64_MIN) f->oldest = newest - f->max_age;
  f->recalled = true;
  return MILL_OK;
}

/* ---- claiming ------------------------------------------------------------------------------- */

static int by_age(const void *a, const void *b) {
  const mill_read_file *x = a, *y = b;
  if (x->mtime_millis != y->mtime_millis) return x->mtime_millis < y->mtime_millis ? -1 : 1;
  return strcmp(x->path, y->path);
}

static int by_age_down(const void *a, const void *b) { return by_age(b, a); }

static mill_status refuse_change(const file_feed *f, const char *path, mill_error *err) {
  mill_fail(err, MILL_E_STREAMING_SOURCE_TABLE_CHANGED, "table", f->source->io.table, "file", path,
            NULL);
  mill_error_hint(err, "with the option ignoreChanges rows that were written anew come once more; "
                       "or begin with a new checkpoint");
  return MILL_E_STREAMING_SOURCE_TABLE_CHANGED;
}

static int by_key(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Does a table still have every file that was claimed? */
static mill_status check_changes(const file_feed *f, const mill_read_files *files,
                                 mill_error *err) {
  mill_memory *m = f->source->ctx->memory;
  size_t bytes = (files->n + 1) * sizeof(char *);
  const char **there = mill_alloc(m, bytes);
  mill_status s = MILL_OK;
  if (there == NULL) return mill_oom(m, bytes, err);
  for (size_t i = 0; i < files->n; i++) there[i] = files->file[i].path;
  if (files->n) qsort(there, files->n, sizeof *there, by_key);
  for (size_t i = 0; s == MILL_OK && i < f->seen.nentries; i++) {
    const mill_store_entry *e = f->seen.entry[i];
    if (e == NULL || e->value_size <= sizeof(claim)) continue;
    size_t n = e->value_size - sizeof(claim);
    char *path = mill_alloc(m, n + 1);
    if (path == NULL) s = mill_oom(m, n + 1, err);
    if (path == NULL) break;
    memcpy(path, mill_store_value(e) + sizeof(claim), n);
    path[n] = '\0';
    const char *key = path;
    if (!bsearch(&key, there, files->n, sizeof *there, by_key)) s = refuse_change(f, path, err);
    mill_free(m, path, n + 1);
  }
  mill_free(m, there, bytes);
  return s;
}

/* Move the files that are new to the front; returns how many. */
static size_t keep_new(const file_feed *f, mill_read_files *files) {
  size_t n = 0;
  for (size_t i = 0; i < files->n; i++) {
    const char *key = key_of(f, files->file[i].path);
    if (mill_store_get(&f->seen, key, strlen(key))) continue;
    if (files->file[i].mtime_millis < f->oldest) continue;
    if (f->is_frozen && mill_store_get(&f->frozen, key, strlen(key)) == NULL) continue;
    files->file[n++] = files->file[i];
  }
  return n;
}

static size_t within_limits(const file_feed *f, const mill_read_file *file, size_t n, bool all) {
  uint64_t bytes = 0;
  size_t k = 0;
  if (all) return n;
  if (f->max_files && n > (uint64_t)f->max_files) return (size_t)f->max_files;
  if (f->max_bytes == 0) return n;
  for (; k < n; k++) {
    bytes += file[k].size;
    if (k > 0 && bytes > (uint64_t)f->max_bytes) break;
  }
  return k;
}

static mill_status claim_files(file_feed *f, const mill_read_file *file, size_t n,
                               mill_error *err) {
  int64_t newest = INT64_MIN;
  mill_text value;
  mill_text_init(&value, f->source->ctx->memory);
  f->last++;
  mill_status s = MILL_OK;
  for (size_t i = 0; s == MILL_OK && i < n; i++) {
    const char *key = key_of(f, file[i].path);
    claim c = {f->last, file[i].size, file[i].mtime_millis};
    mill_text_reset(&value);
    s = mill_text_add(&value, (const char *)&c, sizeof c, err);
    if (s == MILL_OK) s = mill_text_adds(&value, file[i].path, err);
    if (s == MILL_OK)
      s = mill_store_put(&f->seen, key, strlen(key), value.data, value.size, c.millis, err);
    if (c.millis > newest) newest = c.millis;
  }
  mill_text_clear(&value);
  if (newest - f->max_age > f->oldest) f->oldest = newest - f->max_age;
  return s;
}

static mill_status claim_new(file_feed *f, bool all, mill_error *err) {
  const file_source *src = f->source;
  mill_read_files files;
  MILL_TRY(src->io.list(src->ctx, &src->read, &files, err));
  bool changes = src->io.table && !f->ignore_changes && f->clean == CLEAN_OFF;
  mill_status s = changes ? check_changes(f, &files, err) : MILL_OK;
  size_t n = keep_new(f, &files);
  if (n) qsort(files.file, n, sizeof *files.file, f->latest_first ? by_age_down : by_age);
  n = within_limits(f, files.file, n, all);
  if (s == MILL_OK && n) s = claim_files(f, files.file, n, err);
  src->io.clear(&files);
  return s;
}

static mill_status latest(mill_stream_feed *base, const char *start, bool all, mill_text *out,
                          mill_error *err) {
  file_feed *f = (file_feed *)base;
  int64_t from = offset_of(start);
  MILL_TRY(recall(f, err));
  if (from > f->last) f->last = from;
  if (f->last == from) MILL_TRY(claim_new(f, all, err));
  mill_text_reset(out);
  if (f->last == from) return MILL_OK;
  return mill_text_printf(out, err, "{\"logOffset\":%lld}", (long long)f->last);
}

static mill_status freeze(mill_stream_feed *base, const char *start, mill_error *err) {
  file_feed *f = (file_feed *)base;
  mill_read_files files;
  (void)start;
  MILL_TRY(f->source->io.list(f->source->ctx, &f->source->read, &files, err));
  mill_status s = MILL_OK;
  for (size_t i = 0; s == MILL_OK && i < files.n; i++) {
    const char *key = key_of(f, files.file[i].path);
    s = mill_store_put(&f->frozen, key, strlen(key), "", 0, MILL_NO_TIME, err);
  }
  f->source->io.clear(&files);
  f->is_frozen = true;
  return s;
}

/* ---- reading -------------------------------------------------------------------------------- */

/* Paths of the files claimed behind `from` up to `to`, by offset and time, in the arena. */
static mill_status claimed(const file_feed *f, int64_t from, int64_t to, mill_arena *a,
                           const char ***paths, size_t *n, mill_error *err) {
  mill_read_file *file = mill_arena_alloc(a, (f->seen.rows + 1) * sizeof *file);
  *paths = mill_arena_alloc(a, (f->seen.rows + 1) * sizeof **paths);
  if (file == NULL || *paths == NULL) return mill_oom(a->memory, sizeof *file, err);
  *n = 0;
  for (size_t i = 0; i < f->seen.nentries; i++) {
    const mill_store_entry *e = f->seen.entry[i];
    claim c = e ? claim_of(e) : (claim){-1, 0, 0};
    if (c.offset <= from || c.offset > to) continue;
    const char *p = mill_store_value(e) + sizeof c;
    file[*n] = (mill_read_file){mill_arena_strndup(a, p, e->value_size - sizeof c), c.size,
                                c.millis, NULL};
    if (file[(*n)++].path == NULL) return mill_oom(a->memory, e->value_size, err);
  }
  if (*n) qsort(file, *n, sizeof *file, by_age);
  for (size_t i = 0; i < *n; i++) (*paths)[i] = file[i].path;
  return MILL_OK;
}

static mill_status open_rows(mill_stream_feed *base, const mill_settings *set, const char *start,
                             const char *end, mill_rows **out, mill_error *err) {
  file_feed *f = (file_feed *)base;
  const mill_context *ctx = f->source->ctx;
  mill_read r = f->source->read;
  mill_arena a;
  mill_scan *scan;
  size_t n = 0;
  mill_arena_init(&a, ctx->memory);
  const char **paths;
  mill_status s = claimed(f, offset_of(start), offset_of(end), &a, &paths, &n, err);
  r.paths = paths;
  r.npaths = (int)n;
  if (s == MILL_OK) s = f->source->io.open(ctx, set, &r, &scan, err);
  mill_arena_clear(&a);
  return s == MILL_OK ? mill_stream_scan_rows(ctx, scan, out, err) : s;
}

/* ---- what lies behind ------------------------------------------------------------------------ */

static mill_status clean_file(const file_feed *f, const char *path, mill_error *err) {
  const mill_context *ctx = f->source->ctx;
  mill_text to;
  if (f->clean == CLEAN_DELETE) return mill_file_remove(ctx->files, path, err);
  mill_text_init(&to, ctx->memory);
  mill_status s = mill_path_join(&to, f->archive, path[0] == '/' ? path + 1 : path, err);
  char *slash = s == MILL_OK ? strrchr(to.data, '/') : NULL;
  if (slash) {
    *slash = 0;
    s = mill_folder_make(ctx->files, to.data, err);
    *slash = '/';
  }
  mill_file_info info;
  if (s == MILL_OK) s = mill_file_stat(ctx->files, path, &info, err);
  if (s == MILL_OK && info.exists)
    s = mill_file_publish(ctx->files, ctx->memory, path, to.data, err);
  mill_text_clear(&to);
  return s;
}

/* Spark cleans the files of a batch while it makes the next one; forgets what is too old. */
static mill_status commit(mill_stream_feed *base, const char *end, mill_error *err) {
  file_feed *f = (file_feed *)base;
  uint64_t removed;
  if (f->clean == CLEAN_OFF)
    return f->oldest > INT64_MIN ? mill_store_evict(&f->seen, f->oldest - 1, &removed, err)
                                 : MILL_OK;
  mill_arena a;
  const char **paths;
  size_t n = 0;
  int64_t to = offset_of(end);
  mill_arena_init(&a, f->source->ctx->memory);
  mill_status s = claimed(f, to - 1, to, &a, &paths, &n, err);
  for (size_t i = 0; s == MILL_OK && i < n; i++) s = clean_file(f, paths[i], err);
  mill_arena_clear(&a);
  return s;
}

/* ---- options, life -------------------------------------------------------------------------- */

static mill_status bad_option(const char *name, const char *kind, const char *value,
                              mill_error *err) {
  return mill_fail(err, MILL_E_INVALID_OPTION_VALUE, "paramName", name, "kind", kind, "value",
                   value, NULL);
}

/* "7d", "10 minutes", "1ms" as milliseconds. */
static mill_status duration(mill_options o, const char *name, int64_t otherwise, int64_t *out,
                            mill_error *err) {
  static const struct {
    const char *unit;
    int64_t millis;
  } units[] = {{"ms", 1},      {"s", 1000},    {"m", 60000},
               {"min", 60000}, {"h", 3600000}, {"d", 86400000}};
  const char *text = mill_option_text(o, name);
  char *unit;
  *out = otherwise;
  if (text == NULL) return MILL_OK;
  long long n = strtoll(text, &unit, 10);
  for (size_t i = 0; unit != text && i < sizeof units / sizeof *units; i++)
    if (strcasecmp(unit, units[i].unit) == 0 && !__builtin_mul_overflow(n, units[i].millis, out))
      return MILL_OK;
  return bad_option(name, "a time such as 7d or 30m", text, err);
}

static mill_status limit(mill_options o, const char *name, int64_t *out, mill_error *err) {
  const char *text = mill_option_text(o, name);
  *out = 0;
  if (text == NULL) return MILL_OK;
  char *end;
  long long v = strtoll(text, &end, 10);
  if (end == text || *end || v <= 0) return bad_option(name, "a positive integer", text, err);
  *out = v;
  return MILL_OK;
}

static mill_status read_clean(file_feed *f, mill_options o, mill_error *err) {
  const char *how = mill_option_text(o, "cleanSource");
  f->archive = mill_option_text(o, "sourceArchiveDir");
  if (how == NULL || strcasecmp(how, "off") == 0) return MILL_OK;
  if (strcasecmp(how, "delete") == 0)
    f->clean = CLEAN_DELETE;
  else if (strcasecmp(how, "archive") == 0)
    f->clean = CLEAN_ARCHIVE;
  else
    return bad_option("cleanSource", "ARCHIVE, DELETE or OFF", how, err);
  if (f->clean != CLEAN_ARCHIVE) return MILL_OK;
  const char *path = f->source->read.paths[0];
  if (f->archive == NULL)
    return bad_option("cleanSource", "archive only with the option sourceArchiveDir", how, err);
  if (strncmp(f->archive, path, strlen(path)) == 0)
    return bad_option("sourceArchiveDir", "a folder outside the source", f->archive, err);
  return MILL_OK;
}

static mill_status read_options(file_feed *f, mill_error *err) {
  mill_options o = f->source->read.options;
  MILL_TRY(limit(o, "maxFilesPerTrigger", &f->max_files, err));
  MILL_TRY(limit(o, "maxBytesPerTrigger", &f->max_bytes, err));
  if (f->max_files && f->max_bytes)
    return bad_option("maxBytesPerTrigger", "no number beside maxFilesPerTrigger",
                      mill_option_text(o, "maxBytesPerTrigger"), err);
  MILL_TRY(mill_option_bool(o, "latestFirst", false, &f->latest_first, err));
  MILL_TRY(mill_option_bool(o, "fileNameOnly", false, &f->name_only, err));
  MILL_TRY(mill_option_bool(o, "ignoreChanges", false, &f->ignore_changes, err));
  MILL_TRY(duration(o, "maxFileAge", 7 * 86400000ll, &f->max_age, err));
  /* newest first within a limit: older files come later, and none is too old */
  if (f->latest_first && (f->max_files || f->max_bytes)) f->max_age = INT64_MAX / 4;
  return read_clean(f, o, err);
}

static void free_feed(mill_stream_feed *base) {
  file_feed *f = (file_feed *)base;
  file_source *s = f->source;
  mill_store_clear(&f->seen);
  mill_store_clear(&f->frozen);
  mill_free(s->ctx->memory, f, sizeof *f);
  mill_stream_source_unref(&s->base);
}

static mill_status start_files(mill_stream_source *base, const mill_context *ctx,
                               mill_stream_feed **out, mill_error *err) {
  file_feed *f = mill_calloc(ctx->memory, sizeof *f);
  if (f == NULL) return mill_oom(ctx->memory, sizeof *f, err);
  f->base = (mill_stream_feed){&f->seen, latest, open_rows, commit, freeze, free_feed};
  f->source = (file_source *)mill_stream_source_ref(base);
  f->last = -1;
  f->oldest = INT64_MIN;
  mill_store_init(&f->seen, ctx->memory);
  mill_store_init(&f->frozen, ctx->memory);
  mill_status s = read_options(f, err);
  if (s == MILL_OK)
    *out = &f->base;
  else
    free_feed(&f->base);
  return s;
}

static void free_source(mill_stream_source *base) {
  file_source *s = (file_source *)base;
  mill_memory *m = s->ctx->memory;
  mill_arena_clear(&s->arena);
  mill_free(m, s, sizeof *s);
}

static mill_status copy_read(file_source *s, const mill_read *r, mill_error *err) {
  mill_arena *a = &s->arena;
  mill_option *o = mill_arena_alloc(a, ((size_t)r->options.n + 1) * sizeof *o);
  const char **path = mill_arena_alloc(a, sizeof *path);
  mill_text text;
  s->read = *r;
  s->read.format = mill_arena_strndup(a, r->format, strlen(r->format));
  if (o == NULL || path == NULL || s->read.format == NULL) return mill_oom(a->memory, 64, err);
  *path = mill_arena_strndup(a, r->paths[0], strlen(r->paths[0]));
  for (int i = 0; i < r->options.n; i++) {
    o[i].key = mill_arena_strndup(a, r->options.at[i].key, strlen(r->options.at[i].key));
    o[i].value = mill_arena_strndup(a, r->options.at[i].value, strlen(r->options.at[i].value));
    if (o[i].key == NULL || o[i].value == NULL) return mill_oom(a->memory, 64, err);
  }
  s->read.paths = path;
  s->read.npaths = 1;
  s->read.options.at = o;
  mill_text_init(&text, a->memory);
  mill_status status = mill_text_printf(&text, err, "FileStreamSource[file:%s]", r->paths[0]);
  if (status == MILL_OK) s->base.description = mill_arena_strndup(a, text.data, text.size);
  mill_text_clear(&text);
  if (status == MILL_OK && (*path == NULL || s->base.description == NULL))
    return mill_oom(a->memory, 64, err);
  return status;
}

mill_status mill_stream_files_new(const mill_context *ctx, const mill_stream_io *io,
                                  const mill_read *r, mill_stream_source **out, mill_error *err) {
  file_source *s = mill_calloc(ctx->memory, sizeof *s);
  if (s == NULL) return mill_oom(ctx->memory, sizeof *s, err);
  s->base = (mill_stream_source){r->schema, NULL, 1, start_files, free_source};
  s->ctx = ctx;
  s->io = *io;
  mill_arena_init(&s->arena, ctx->memory);
  mill_status status = copy_read(s, r, err);
  if (io->table) s->io.table = mill_arena_strndup(&s->arena, io->table, strlen(io->table));
  if (status == MILL_OK && io->table && s->io.table == NULL)
    status = mill_oom(ctx->memory, 64, err);
  if (status == MILL_OK)
    *out = &s->base;
  else
    free_source(&s->base);
  return status;
}
