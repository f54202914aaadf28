/* From paths to leaf files; see reader.h. Follows Spark's InMemoryFileIndex and PartitioningUtils:
** roots are paths, glob matches or the parents of single files; below them names that begin with "."
** or "_" are left out (unless they hold "="), and folders "k=v" between a root and a file are
** partition columns. */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/calendar.h"
#include "base/glob.h"
#include "io/format_int.h"

enum { DISCOVER_DEPTH = 200 };

typedef struct finder {
  io_job *job;
  const mill_files *fs;
  mill_memory *memory;
  mill_names roots; /* paths and matches of globs */
  mill_names bases; /* folders at which partition columns begin */
  const char *name_filter;
  int64_t before, after; /* milliseconds, which modified_at is compared with */
  const mill_zone *zone;
  bool recursive; /* recursiveFileLookup: no partition columns */
  const char
      *root; /* what stands before the partition folders of the first file: root_size bytes */
  size_t root_size;
} finder;

static bool hidden(const char *name) {
  if (strncmp(name, "_metadata", 9) == 0 || strncmp(name, "_common_metadata", 16) == 0)
    return false;
  size_t n = strlen(name);
  return name[0] == '.' || (name[0] == '_' && !strchr(name, '=')) ||
         (n >= 10 && strcmp(name + n - 10, "._COPYING_") == 0);
}

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

/* The local time of a file as if it were UTC: so Spark compares it with the instants of the options. */
static int64_t modified_at(const finder *f, const mill_file_info *info) {
  int64_t micros = info->mtime_millis * 1000;
  return f->zone ? mill_floor_div(mill_zone_to_local(f->zone, micros), 1000) : info->mtime_millis;
}

static mill_status add_file(finder *f, const char *path, const mill_file_info *info,
                            mill_error *err) {
  mill_read_files *l = &f->job->files;
  bool match = true;
  if (f->name_filter)
    MILL_TRY(mill_glob_match(f->memory, f->name_filter, base_name(path), &match, err));
  int64_t modified = modified_at(f, info);
  if (!match || modified >= f->before || modified <= f->after) return MILL_OK;
  MILL_TRY(mill_grow(f->memory, (void **)&l->file, &l->capacity, l->n + 1, sizeof *l->file, err));
  char *own = mill_arena_strndup(&l->arena, path, strlen(path));
  if (!own) return mill_oom(f->memory, strlen(path), err);
  l->file[l->n++] =
      (mill_read_file){.path = own, .size = info->size, .mtime_millis = info->mtime_millis};
  return MILL_OK;
}

static mill_status walk(finder *f, const char *path, int depth, mill_error *err) {
  mill_names names;
  mill_text child;
  if (depth > DISCOVER_DEPTH)
    return mill_fail(err, MILL_E_FILE_ACCESS, "operation", "list", "path",
                     mill_error_fmt(err, "%s", path), "reason", "folders nest too deep", NULL);
  mill_names_init(&names, f->memory);
  mill_text_init(&child, f->memory);
  mill_status s = mill_folder_list(f->fs, path, &names, err);
  for (size_t i = 0; i < names.n && s == MILL_OK; i++) {
    mill_file_info info;
    if (hidden(names.name[i])) continue;
    mill_text_reset(&child);
    s = mill_path_join(&child, path, names.name[i], err);
    if (s == MILL_OK) s = mill_file_stat(f->fs, child.data, &info, err);
    if (s != MILL_OK || !info.exists) continue;
    s = info.folder ? walk(f, child.data, depth + 1, err) : add_file(f, child.data, &info, err);
  }
  mill_text_clear(&child);
  mill_names_clear(&names);
  return s;
}

static mill_status add_parent(finder *f, const char *path, mill_error *err) {
  mill_text parent;
  mill_text_init(&parent, f->memory);
  const char *name = base_name(path);
  size_t n = name == path ? 0 : (size_t)(name - path) - 1;
  mill_status s = mill_text_add(&parent, path, n, err);
  if (s == MILL_OK) s = mill_names_add(&f->bases, parent.data, err);
  mill_text_clear(&parent);
  return s;
}

/* A root: a folder is walked and is a base, a file's parent is one. */
static mill_status add_root(finder *f, const char *path, mill_error *err) {
  mill_file_info info;
  MILL_TRY(mill_file_stat(f->fs, path, &info, err));
  if (!info.exists)
    return mill_fail(err, MILL_E_PATH_NOT_FOUND, "path", mill_error_fmt(err, "%s", path), NULL);
  MILL_TRY(mill_names_add(&f->roots, path, err));
  if (info.folder) {
    MILL_TRY(mill_names_add(&f->bases, path, err));
    return walk(f, path, 0, err);
  }
  if (hidden(base_name(path))) return MILL_OK;
  MILL_TRY(add_parent(f, path, err));
  return add_file(f, path, &info, err);
}

/* "file:" and "file://" name local paths as in Spark; slashes at the end go. */
mill_status mill_io_plain_path(const char *path, mill_text *out, mill_error *err) {
  if (strncmp(path, "file:", 5) == 0) {
    path += 5;
    if (strncmp(path, "//", 2) == 0) path += 2;
  }
  size_t n = strlen(path);
  while (n > 1 && path[n - 1] == '/') n--;
  return mill_text_add(out, path, n, err);
}

static mill_status add_path(finder *f, const char *given, mill_error *err) {
  mill_text path;
  mill_names found;
  mill_file_info info = {0};
  mill_text_init(&path, f->memory);
  mill_names_init(&found, f->memory);
  mill_status s = mill_io_plain_path(given, &path, err);
  if (s == MILL_OK && path.size == 0) s = mill_fail(err, MILL_E_PATH_NOT_FOUND, "path", "''", NULL);
  if (s == MILL_OK) s = mill_file_stat(f->fs, path.data, &info, err);
  if (s == MILL_OK && !info.exists && mill_glob_magic(path.data)) {
    s = mill_glob_expand(f->fs, f->memory, path.data, &found, err);
    if (s == MILL_OK && found.n == 0)
      s = mill_fail(err, MILL_E_PATH_NOT_FOUND, "path", mill_error_fmt(err, "%s", given), NULL);
    for (size_t i = 0; i < found.n && s == MILL_OK; i++) s = add_root(f, found.name[i], err);
  } else if (s == MILL_OK) {
    s = add_root(f, path.data, err);
  }
  mill_names_clear(&found);
  mill_text_clear(&path);
  return s;
}

/* modifiedBefore, modifiedAfter: local times in the session's zone (or the option timeZone). */
static mill_status read_time(finder *f, const char *key, int64_t *out, mill_error *err) {
  const char *v = mill_option_text(f->job->options, key);
  const char *zone_name = mill_option_text(f->job->options, "timeZone");
  int64_t micros;
  if (!v) return MILL_OK;
  mill_timestamp_rules rules = {.zones = f->job->context.zones,
                                .zone = f->job->settings.zone,
                                .now = f->job->settings.now_micros};
  if (zone_name && rules.zones)
    MILL_TRY(mill_zones_find(rules.zones, zone_name, strlen(zone_name), &rules.zone, err));
  if (!mill_timestamp_parse(&rules, v, strlen(v), &micros))
    return mill_fail(err, MILL_E_INVALID_OPTION_VALUE, "paramName", key, "kind",
                     "a timestamp such as 2024-05-06T07:08:09", "value",
                     mill_error_fmt(err, "%s", v), NULL);
  f->zone = rules.zone;
  *out = mill_floor_div(micros, 1000);
  return MILL_OK;
}

static int by_path(const void *a, const void *b) {
  return strcmp(((const mill_read_file *)a)->path, ((const mill_read_file *)b)->path);
}

/* ---- partition columns ---------------------------------------------------------------------- */

static bool in_base(const finder *f, const char *path, size_t n) {
  for (size_t i = 0; i < f->bases.n; i++)
    if (strlen(f->bases.name[i]) == n && memcmp(f->bases.name[i], path, n) == 0) return true;
  return false;
}

static int hex(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

/* %XX resolved, in the arena; NULL: out of memory. */
static char *unescape(mill_arena *a, const char *s, size_t n) {
  char *out = mill_arena_alloc(a, n + 1), *p = out;
  for (size_t i = 0; out && i < n; i++) {
    bool escape = s[i] == '%' && i + 2 < n && hex(s[i + 1]) >= 0 && hex(s[i + 2]) >= 0;
    *p++ = (char)(escape ? hex(s[i + 1]) << 4 | hex(s[i + 2]) : s[i]);
    if (escape) i += 2;
  }
  return out;
}

typedef struct level {
  const char *at, *equals, *end; /* "k=v" within a path */
} level;

static mill_status bad_level(mill_status condition, const level *l, mill_error *err) {
  return mill_fail(err, condition, "columnSpec",
                   mill_error_fmt(err, "%.*s", (int)(l->end - l->at), l->at), NULL);
}

/* The k=v folders between the file's base and itself, outermost first: those right above each other, the last of
** them nearest to the file. */
static mill_status find_levels(const finder *f, const char *path, level *out, int *n,
                               mill_error *err) {
  const char *slash = strrchr(path, '/');
  *n = 0;
  while (slash && !in_base(f, path, (size_t)(slash - path))) {
    const char *from = slash;
    while (from > path && from[-1] != '/') from--;
    const char *equals = memchr(from, '=', (size_t)(slash - from));
    if (equals == NULL && *n) break;
    if (equals && *n < DISCOVER_DEPTH) {
      level l = {from, equals, slash};
      if (equals == from) return bad_level(MILL_E_EMPTY_PARTITION_COLUMN_NAME, &l, err);
      if (equals + 1 == slash) return bad_level(MILL_E_EMPTY_PARTITION_COLUMN_VALUE, &l, err);
      out[(*n)++] = l;
    }
    if (from == path) { /* no base above: the levels of a single file do not count */
      *n = 0;
      break;
    }
    slash = from - 1;
  }
  if (!slash) *n = 0;
  for (int i = 0; i < *n / 2; i++) {
    level t = out[i];
    out[i] = out[*n - 1 - i];
    out[*n - 1 - i] = t;
  }
  return MILL_OK;
}

static mill_status conflict(const mill_read_files *l, const level *levels, int n, const char *path,
                            mill_error *err) {
  char mine[256] = "", others[256] = "";
  for (int i = 0; i < n; i++)
    snprintf(mine + strlen(mine), sizeof mine - strlen(mine), "%s%.*s", i ? ", " : "",
             (int)(levels[i].equals - levels[i].at), levels[i].at);
  for (int i = 0; i < l->npartitions; i++)
    snprintf(others + strlen(others), sizeof others - strlen(others), "%s%s", i ? ", " : "",
             l->names[i]);
  return mill_fail(err, MILL_E_CONFLICTING_PARTITION_COLUMN_NAMES, "distinctPartColLists",
                   mill_error_fmt(err, "(%s) and (%s)", others, mine), "suspiciousPaths",
                   mill_error_fmt(err, "%s", path), NULL);
}

static bool same_names(const io_job *job, const level *levels, int n) {
  const mill_read_files *l = &job->files;
  for (int i = 0; i < n; i++) {
    size_t k = (size_t)(levels[i].equals - levels[i].at);
    if (strlen(l->names[i]) != k) return false;
    int differ = job->settings.case_sensitive ? strncmp(l->names[i], levels[i].at, k)
                                              : strncasecmp(l->names[i], levels[i].at, k);
    if (differ) return false;
  }
  return n == l->npartitions;
}

/* The names of the first file's levels become those of all. */
static mill_status take_names(io_job *job, const level *levels, int n, mill_error *err) {
  mill_read_files *l = &job->files;
  l->npartitions = n;
  l->names = mill_arena_alloc(&l->arena, (size_t)(n + 1) * sizeof *l->names);
  for (int i = 0; l->names && i < n; i++)
    if (!(l->names[i] =
              unescape(&l->arena, levels[i].at, (size_t)(levels[i].equals - levels[i].at))))
      return mill_oom(io_memory(job), 64, err);
  return l->names ? MILL_OK : mill_oom(io_memory(job), 64, err);
}

/* Partition folders of all files must begin below one folder: the first n bytes of a path. */
static mill_status check_root(finder *f, const char *path, size_t n, mill_error *err) {
  if (!f->root) {
    f->root = path;
    f->root_size = n;
  }
  if (n == f->root_size && strncasecmp(path, f->root, n) == 0) return MILL_OK;
  return mill_fail(err, MILL_E_CONFLICTING_DIRECTORY_STRUCTURES, "discoveredBasePaths",
                   mill_error_fmt(err, "%.*s, %.*s", (int)f->root_size, f->root, (int)n, path),
                   NULL);
}

static mill_status read_levels(finder *f, size_t file, mill_error *err) {
  mill_read_files *l = &f->job->files;
  mill_read_file *r = &l->file[file];
  level levels[DISCOVER_DEPTH];
  int n;
  MILL_TRY(find_levels(f, r->path, levels, &n, err));
  if (n) MILL_TRY(check_root(f, r->path, (size_t)(levels[0].at - r->path), err));
  if (file == 0)
    MILL_TRY(take_names(f->job, levels, n, err));
  else if (n != l->npartitions || !same_names(f->job, levels, n))
    return conflict(l, levels, n, r->path, err);
  r->values = mill_arena_alloc(&l->arena, (size_t)(n + 1) * sizeof *r->values);
  if (!r->values) return mill_oom(f->memory, 64, err);
  for (int i = 0; i < n; i++) {
    size_t k = (size_t)(levels[i].end - levels[i].equals - 1);
    r->values[i] = unescape(&l->arena, levels[i].equals + 1, k);
    if (!r->values[i]) return mill_oom(f->memory, k, err);
    if (strcmp(r->values[i], "__HIVE_DEFAULT_PARTITION__") == 0) r->values[i] = NULL;
  }
  return MILL_OK;
}

/* Where some files lie in folders of partition values only those count, and the others may lie right above those
** folders alone; else only those count that lie in a base itself. */
static mill_status drop_strays(finder *f, mill_error *err) {
  mill_read_files *l = &f->job->files;
  level levels[DISCOVER_DEPTH];
  bool partitioned = false;
  size_t kept = 0;
  int n;
  for (size_t i = 0; i < l->n && !partitioned; i++) {
    MILL_TRY(find_levels(f, l->file[i].path, levels, &n, err));
    partitioned = n > 0;
  }
  for (size_t i = 0; i < l->n; i++) {
    const char *path = l->file[i].path, *slash = strrchr(path, '/');
    MILL_TRY(find_levels(f, path, levels, &n, err));
    bool counts = partitioned ? n > 0 : in_base(f, path, slash ? (size_t)(slash - path) : 0);
    if (partitioned && slash)
      MILL_TRY(check_root(f, path, (size_t)((n ? levels[0].at : slash + 1) - path), err));
    if (counts) l->file[kept++] = l->file[i];
  }
  l->n = kept;
  return MILL_OK;
}

/* basePath must be a folder that all paths begin with. */
static mill_status check_base(const finder *f, const char *base, mill_error *err) {
  mill_file_info info = {0};
  if (*base) MILL_TRY(mill_file_stat(f->fs, base, &info, err));
  bool fits = info.exists && info.folder;
  for (size_t i = 0; i < f->roots.n && fits; i++)
    fits = strncmp(f->roots.name[i], base, strlen(base)) == 0;
  if (fits) return MILL_OK;
  return mill_fail(err, MILL_E_INVALID_OPTION_VALUE, "paramName", "basePath", "kind",
                   "a folder that all paths lie in", "value", mill_error_fmt(err, "%s", base),
                   NULL);
}

static mill_status use_base(finder *f, const char *given, mill_error *err) {
  mill_text t;
  mill_text_init(&t, f->memory);
  mill_names_clear(&f->bases);
  mill_status s = mill_io_plain_path(given, &t, err);
  const char *base = t.data ? t.data : "";
  if (s == MILL_OK) s = check_base(f, base, err);
  if (s == MILL_OK) s = mill_names_add(&f->bases, base, err);
  mill_text_clear(&t);
  return s;
}

static mill_status read_partitions(finder *f, mill_error *err) {
  mill_read_files *l = &f->job->files;
  const char *base = mill_option_text(f->job->options, "basePath");
  if (base && !f->recursive) MILL_TRY(use_base(f, base, err));
  if (!f->recursive) MILL_TRY(drop_strays(f, err));
  if (f->recursive || l->n == 0) return take_names(f->job, NULL, 0, err);
  for (size_t i = 0; i < l->n; i++) MILL_TRY(read_levels(f, i, err));
  return MILL_OK;
}

mill_status mill_io_discover(io_job *job, const mill_read *r, mill_error *err) {
  finder f = {.job = job,
              .fs = job->context.files,
              .memory = io_memory(job),
              .before = INT64_MAX,
              .after = INT64_MIN,
              .name_filter = mill_option_text(job->options, "pathGlobFilter")};
  mill_names_init(&f.bases, f.memory);
  mill_names_init(&f.roots, f.memory);
  mill_status s = mill_option_bool(job->options, "recursiveFileLookup", false, &f.recursive, err);
  if (s == MILL_OK) s = read_time(&f, "modifiedBefore", &f.before, err);
  if (s == MILL_OK) s = read_time(&f, "modifiedAfter", &f.after, err);
  for (int i = 0; i < r->npaths && s == MILL_OK; i++) s = add_path(&f, r->paths[i], err);
  if (job->files.n > 1) qsort(job->files.file, job->files.n, sizeof *job->files.file, by_path);
  if (s == MILL_OK) s = read_partitions(&f, err);
  mill_names_clear(&f.bases);
  mill_names_clear(&f.roots);
  return s;
}

mill_status mill_read_list(const mill_context *ctx, const mill_read *r, mill_read_files *out,
                           mill_error *err) {
  io_job job = {.context = *ctx, .options = r->options};
  job.settings.zone = mill_zone_utc();
  mill_arena_init(&job.files.arena, ctx->memory);
  mill_status s = mill_io_discover(&job, r, err);
  *out = job.files;
  if (s != MILL_OK) mill_read_files_clear(out);
  return s;
}

void mill_read_files_clear(mill_read_files *f) {
  mill_memory *m = f->arena.memory;
  if (f->file) mill_free(m, f->file, f->capacity * sizeof *f->file);
  mill_arena_clear(&f->arena);
  *f = (mill_read_files){0};
  mill_arena_init(&f->arena, m);
}
