/* The catalogue: records of the ledger by name; see catalog.h. */
#include "catalog/catalog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalog/record_int.h"

struct mill_catalog {
  mill_ledger *ledger;
  const mill_files *files;
  mill_memory *memory;
  mill_types *types;
  char *warehouse;
  mill_text key; /* scratch */
  mill_file readers;
  int pins;
};

/* ---- life ----------------------------------------------------------------------------------- */

mill_status mill_catalog_open(const mill_files *fs, mill_memory *m, mill_types *types,
                              const char *warehouse, mill_catalog **out, mill_error *err) {
  mill_text folder;
  mill_catalog *c = mill_calloc(m, sizeof *c);
  if (c == NULL) return mill_oom(m, sizeof *c, err);
  *c = (mill_catalog){.files = fs, .memory = m, .types = types, .readers = {.fd = -1}};
  mill_text_init(&c->key, m);
  mill_text_init(&folder, m);
  c->warehouse = mill_strdup(m, warehouse);
  mill_status s = c->warehouse ? MILL_OK : mill_oom(m, strlen(warehouse), err);
  if (s == MILL_OK) s = mill_path_join(&folder, warehouse, "_catalog", err);
  if (s == MILL_OK) s = mill_ledger_open(fs, m, folder.data, &c->ledger, err);
  mill_text_clear(&folder);
  if (s != MILL_OK)
    mill_catalog_free(c);
  else
    *out = c;
  return s;
}

void mill_catalog_free(mill_catalog *c) {
  if (c == NULL) return;
  mill_file_clear(&c->readers);
  mill_ledger_free(c->ledger);
  mill_text_clear(&c->key);
  mill_strfree(c->memory, c->warehouse);
  mill_free(c->memory, c, sizeof *c);
}

mill_ledger *mill_catalog_ledger(mill_catalog *c) { return c->ledger; }
const char *mill_catalog_warehouse(const mill_catalog *c) { return c->warehouse; }

/* ---- keys ----------------------------------------------------------------------------------- */

/* c->key := "what/a/b/c", NULL ends. */
static mill_status key_of(mill_catalog *c, char what, const char *a, const char *b, const char *d,
                          mill_error *err) {
  const char *part[] = {a, b, d};
  mill_text_reset(&c->key);
  MILL_TRY(mill_text_addc(&c->key, what, err));
  for (int i = 0; i < 3 && part[i]; i++) {
    MILL_TRY(mill_text_addc(&c->key, '/', err));
    MILL_TRY(mill_text_adds(&c->key, part[i], err));
  }
  return MILL_OK;
}

static mill_status copy(mill_arena *a, const char *s, size_t n, const char **out, mill_error *err) {
  *out = mill_arena_strndup(a, s, n);
  return *out ? MILL_OK : mill_oom(a->memory, n, err);
}

/* ---- reading -------------------------------------------------------------------------------- */

static mill_status default_database(mill_catalog *c, mill_arena *a, mill_catalog_database *d,
                                    mill_error *err) {
  *d = (mill_catalog_database){.name = "default", .comment = "default database"};
  return copy(a, c->warehouse, strlen(c->warehouse), &d->location, err);
}

mill_status mill_catalog_database_get(mill_catalog *c, const char *name, mill_arena *a,
                                      const mill_catalog_database **out, mill_error *err) {
  size_t n;
  *out = NULL;
  MILL_TRY(key_of(c, 'd', name, NULL, NULL, err));
  const char *p = mill_ledger_get(c->ledger, c->key.data, &n);
  bool preset = p == NULL && strcmp(name, "default") == 0;
  if (p == NULL && !preset) return MILL_OK;
  mill_catalog_database *d = mill_arena_alloc(a, sizeof *d);
  if (d == NULL) return mill_oom(a->memory, sizeof *d, err);
  MILL_TRY(preset ? default_database(c, a, d, err) : mill_record_database(p, n, a, d, err));
  *out = d;
  return MILL_OK;
}

mill_status mill_catalog_table_get(mill_catalog *c, const char *database, const char *name,
                                   mill_arena *a, const mill_catalog_table **out, mill_error *err) {
  size_t n;
  *out = NULL;
  MILL_TRY(key_of(c, 't', database, name, NULL, err));
  const char *p = mill_ledger_get(c->ledger, c->key.data, &n);
  if (p == NULL) return MILL_OK;
  mill_catalog_table *t = mill_arena_alloc(a, sizeof *t);
  if (t == NULL) return mill_oom(a->memory, sizeof *t, err);
  MILL_TRY(mill_record_table(p, n, c->types, a, t, err));
  *out = t;
  return MILL_OK;
}

mill_status mill_catalog_function_get(mill_catalog *c, const char *database, const char *name,
                                      mill_arena *a, const mill_catalog_function **out,
                                      mill_error *err) {
  size_t n;
  *out = NULL;
  MILL_TRY(key_of(c, 'f', database, name, NULL, err));
  const char *p = mill_ledger_get(c->ledger, c->key.data, &n);
  if (p == NULL) return MILL_OK;
  mill_catalog_function *f = mill_arena_alloc(a, sizeof *f);
  if (f == NULL) return mill_oom(a->memory, sizeof *f, err);
  MILL_TRY(copy(a, database, strlen(database), &f->database, err));
  MILL_TRY(copy(a, name, strlen(name), &f->name, err));
  const char *end = memchr(p, '\0', n);
  f->path = NULL;
  MILL_TRY(copy(a, p, end ? (size_t)(end - p) : n, &f->definition, err));
  if (end) MILL_TRY(copy(a, end + 1, n - (size_t)(end + 1 - p), &f->path, err));
  *out = f;
  return MILL_OK;
}

static bool begins(const char *s, const char *with) { return strncmp(s, with, strlen(with)) == 0; }

/* Keys of the prefix in c->key: the first and how many. */
static size_t keys_of_prefix(mill_catalog *c, size_t *first) {
  size_t n = 0;
  const char *key;
  *first = mill_ledger_seek(c->ledger, c->key.data);
  while ((key = mill_ledger_key(c->ledger, *first + n)) != NULL && begins(key, c->key.data)) n++;
  return n;
}

mill_status mill_catalog_names(mill_catalog *c, char what, const char *database, mill_arena *a,
                               mill_word_list *out, mill_error *err) {
  size_t first;
  *out = (mill_word_list){0};
  MILL_TRY(key_of(c, what, what == 'd' ? "" : database, what == 'd' ? NULL : "", NULL, err));
  size_t n = keys_of_prefix(c, &first), skip = c->key.size;
  const char **at = mill_arena_alloc(a, (n + 2) * sizeof *at);
  if (at == NULL) return mill_oom(a->memory, n, err);
  bool preset = what == 'd';
  for (size_t i = 0; i < n; i++) {
    const char *name = mill_ledger_key(c->ledger, first + i) + skip;
    int order = strcmp(name, "default");
    if (preset && order > 0) at[out->n++] = "default";
    preset = preset && order < 0;
    MILL_TRY(copy(a, name, strlen(name), &at[out->n++], err));
  }
  if (preset) at[out->n++] = "default";
  out->at = at;
  return MILL_OK;
}

/* "@place\n" if it has one of its own, then "name\tsize\tgeneration\n" for each file. */
static mill_status read_partition(const char *p, size_t n, mill_arena *a,
                                  mill_catalog_partition *out, mill_error *err) {
  const char *end = p + n;
  size_t lines = 0;
  if (n && *p == '@') {
    const char *stop = memchr(p, '\n', n);
    MILL_TRY(copy(a, p + 1, (size_t)(stop - p - 1), &out->location, err));
    p = stop + 1;
  }
  for (const char *q = p; q < end && (q = memchr(q, '\n', (size_t)(end - q))) != NULL; q++) lines++;
  out->file = mill_arena_alloc(a, (lines + 1) * sizeof *out->file);
  if (out->file == NULL) return mill_oom(a->memory, lines * sizeof *out->file, err);
  while (p < end) {
    const char *stop = memchr(p, '\n', (size_t)(end - p));
    const char *tab = stop ? memchr(p, '\t', (size_t)(stop - p)) : NULL;
    if (tab == NULL)
      return mill_fail(err, MILL_E_CORRUPT_FILE, "path", "catalog.log", "reason",
                       "a list of files is not what the catalogue writes", NULL);
    mill_catalog_file *f = &out->file[out->nfiles++];
    MILL_TRY(copy(a, p, (size_t)(tab - p), &f->name, err));
    char *behind;
    f->size = strtoull(tab + 1, &behind, 10);
    f->generation = *behind == '\t' ? atoi(behind + 1) : 0;
    p = stop + 1;
  }
  return MILL_OK;
}

mill_status mill_catalog_partitions(mill_catalog *c, const mill_catalog_table *t, const char *below,
                                    mill_arena *a, mill_catalog_partition **out, size_t *n,
                                    mill_error *err) {
  size_t first, skip, size = strlen(below);
  *n = 0;
  MILL_TRY(key_of(c, 'p', t->database, t->name, "", err));
  skip = c->key.size;
  MILL_TRY(mill_text_adds(&c->key, below, err));
  size_t most = keys_of_prefix(c, &first);
  *out = mill_arena_alloc(a, (most + 1) * sizeof **out);
  if (*out == NULL) return mill_oom(a->memory, most * sizeof **out, err);
  for (size_t i = 0; i < most; i++) {
    const char *path = mill_ledger_key(c->ledger, first + i) + skip;
    size_t bytes;
    if (size && path[size] != '\0' && path[size] != '/') continue;
    mill_catalog_partition *p = &(*out)[*n];
    const char *value = mill_ledger_value(c->ledger, first + i, &bytes);
    MILL_TRY(copy(a, path, strlen(path), &p->path, err));
    MILL_TRY(read_partition(value, bytes, a, p, err));
    ++*n;
  }
  return MILL_OK;
}

/* ---- changes -------------------------------------------------------------------------------- */

mill_status mill_catalog_database_put(mill_catalog *c, const mill_catalog_database *d,
                                      mill_error *err) {
  mill_text t;
  mill_text_init(&t, c->memory);
  mill_status s = key_of(c, 'd', d->name, NULL, NULL, err);
  if (s == MILL_OK) s = mill_record_put_database(d, &t, err);
  if (s == MILL_OK) s = mill_ledger_put(c->ledger, c->key.data, t.data, t.size, err);
  mill_text_clear(&t);
  return s;
}

mill_status mill_catalog_database_drop(mill_catalog *c, const char *name, mill_error *err) {
  MILL_TRY(key_of(c, 'd', name, NULL, NULL, err));
  return mill_ledger_remove(c->ledger, c->key.data, err);
}

mill_status mill_catalog_table_put(mill_catalog *c, const mill_catalog_table *t, mill_error *err) {
  mill_text text;
  mill_text_init(&text, c->memory);
  mill_status s = key_of(c, 't', t->database, t->name, NULL, err);
  if (s == MILL_OK) s = mill_record_put_table(t, &text, err);
  if (s == MILL_OK) s = mill_ledger_put(c->ledger, c->key.data, text.data, text.size, err);
  mill_text_clear(&text);
  return s;
}

/* The record and the keys of the partitions. */
static mill_status forget_table(mill_catalog *c, const mill_catalog_table *t, mill_error *err) {
  size_t first;
  MILL_TRY(key_of(c, 'p', t->database, t->name, "", err));
  size_t n = keys_of_prefix(c, &first);
  for (size_t i = 0; i < n; i++)
    MILL_TRY(mill_ledger_remove(c->ledger, mill_ledger_key(c->ledger, first + i), err));
  MILL_TRY(key_of(c, 't', t->database, t->name, NULL, err));
  return mill_ledger_remove(c->ledger, c->key.data, err);
}

mill_status mill_catalog_stream_get(mill_catalog *c, const mill_catalog_table *t, const char *query,
                                    int64_t *batch, mill_error *err) {
  size_t n;
  MILL_TRY(key_of(c, 's', t->id, query, NULL, err));
  const char *value = mill_ledger_get(c->ledger, c->key.data, &n);
  *batch = value ? atoll(value) : -1;
  return MILL_OK;
}

mill_status mill_catalog_stream_put(mill_catalog *c, const mill_catalog_table *t, const char *query,
                                    int64_t batch, mill_error *err) {
  char value[24];
  int n = snprintf(value, sizeof value, "%lld", (long long)batch);
  MILL_TRY(key_of(c, 's', t->id, query, NULL, err));
  return mill_ledger_put(c->ledger, c->key.data, value, (size_t)n, err);
}

static mill_status drop_streams(mill_catalog *c, const mill_catalog_table *t, mill_error *err) {
  size_t first;
  MILL_TRY(key_of(c, 's', t->id, "", NULL, err));
  size_t n = keys_of_prefix(c, &first);
  for (size_t i = 0; i < n; i++)
    MILL_TRY(mill_ledger_remove(c->ledger, mill_ledger_key(c->ledger, first + i), err));
  return MILL_OK;
}

/* Files below folder/below. Of a table's folder only what tables are made of, so that what somebody else has put
** there stays: parts, hidden names, folders of partitions; of hidden folders all. */
static mill_status drop_below(mill_catalog *c, const mill_catalog_table *t, const char *below,
                              bool hidden, int depth, mill_error *err) {
  mill_names names;
  mill_text path;
  mill_file_info info;
  mill_names_init(&names, c->memory);
  mill_text_init(&path, c->memory);
  mill_status s = mill_path_join(&path, t->location, below, err);
  if (s == MILL_OK) s = mill_folder_list(c->files, path.data, &names, err);
  if (s == MILL_E_FILE_ACCESS && hidden) { /* gone by now: a stream removes what it has staged */
    if (err) mill_error_clear(err);
    s = MILL_OK;
  }
  for (size_t i = 0; i < names.n && s == MILL_OK; i++) {
    const char *name = names.name[i];
    bool concealed = hidden || *name == '.' || *name == '_';
    if (!concealed && strncmp(name, "part-", 5) != 0 && strchr(name, '=') == NULL) continue;
    mill_text_reset(&path);
    if (*below) s = mill_text_printf(&path, err, "%s/", below);
    if (s == MILL_OK) s = mill_text_adds(&path, name, err);
    if (s == MILL_OK) s = key_of(c, 'x', t->location, path.data, NULL, err);
    if (s == MILL_OK) s = mill_file_stat(c->files, c->key.data + 2, &info, err);
    if (s == MILL_OK && info.exists && !info.folder)
      s = mill_ledger_put(c->ledger, c->key.data, "", 0, err);
    if (s == MILL_OK && info.folder && depth < 64)
      s = drop_below(c, t, path.data, concealed && strchr(name, '=') == NULL, depth + 1, err);
  }
  mill_text_clear(&path);
  mill_names_clear(&names);
  return s;
}

/* One writes at a time: nothing comes into the folder before this is committed, but what streams stage. */
static mill_status drop_folder(mill_catalog *c, const mill_catalog_table *t, mill_error *err) {
  mill_file_info info;
  MILL_TRY(mill_file_stat(c->files, t->location, &info, err));
  if (!info.folder) return MILL_OK;
  MILL_TRY(drop_below(c, t, "", false, 0, err));
  return mill_catalog_file_drop(c, t, "", err);
}

mill_status mill_catalog_table_drop(mill_catalog *c, const mill_catalog_table *t, mill_error *err) {
  if (t->kind == MILL_TABLE_MANAGED) MILL_TRY(drop_folder(c, t, err));
  MILL_TRY(drop_streams(c, t, err));
  return forget_table(c, t, err);
}

mill_status mill_catalog_table_rename(mill_catalog *c, const mill_catalog_table *t,
                                      const char *database, const char *name, mill_error *err) {
  size_t first, n;
  mill_catalog_table renamed = *t;
  renamed.database = database;
  renamed.name = name;
  MILL_TRY(key_of(c, 'p', t->database, t->name, "", err));
  size_t count = keys_of_prefix(c, &first), skip = c->key.size;
  for (size_t i = 0; i < count; i++) {
    const char *path = mill_ledger_key(c->ledger, first + i) + skip;
    const char *value = mill_ledger_value(c->ledger, first + i, &n);
    MILL_TRY(key_of(c, 'p', database, name, path, err));
    MILL_TRY(mill_ledger_put(c->ledger, c->key.data, value, n, err));
  }
  MILL_TRY(forget_table(c, t, err));
  return mill_catalog_table_put(c, &renamed, err);
}

mill_status mill_catalog_function_put(mill_catalog *c, const mill_catalog_function *f,
                                      mill_error *err) {
  mill_text t;
  MILL_TRY(key_of(c, 'f', f->database, f->name, NULL, err));
  mill_text_init(&t, c->key.memory);
  mill_status s = mill_text_adds(&t, f->definition, err);
  if (s == MILL_OK && f->path) s = mill_text_addc(&t, '\0', err);
  if (s == MILL_OK && f->path) s = mill_text_adds(&t, f->path, err);
  if (s == MILL_OK) s = mill_ledger_put(c->ledger, c->key.data, t.data, t.size, err);
  mill_text_clear(&t);
  return s;
}

mill_status mill_catalog_function_drop(mill_catalog *c, const char *database, const char *name,
                                       mill_error *err) {
  MILL_TRY(key_of(c, 'f', database, name, NULL, err));
  return mill_ledger_remove(c->ledger, c->key.data, err);
}

/* ---- files ---------------------------------------------------------------------------------- */

static mill_status add_place(mill_text *t, const char *location, mill_error *err) {
  return location ? mill_text_printf(t, err, "@%s\n", location) : MILL_OK;
}

mill_status mill_catalog_partition_put(mill_catalog *c, const mill_catalog_table *t,
                                       const char *path, const char *location, mill_error *err) {
  mill_catalog_partition empty = {.path = path, .location = location};
  return mill_catalog_files_put(c, t, &empty, err);
}

mill_status mill_catalog_files_put(mill_catalog *c, const mill_catalog_table *t,
                                   const mill_catalog_partition *p, mill_error *err) {
  mill_text text;
  mill_text_init(&text, c->memory);
  mill_status s = add_place(&text, p->location, err);
  for (size_t i = 0; i < p->nfiles && s == MILL_OK; i++)
    s = mill_text_printf(&text, err, "%s\t%llu\t%d\n", p->file[i].name,
                         (unsigned long long)p->file[i].size, p->file[i].generation);
  if (s == MILL_OK) s = key_of(c, 'p', t->database, t->name, p->path, err);
  if (s == MILL_OK) s = mill_ledger_put(c->ledger, c->key.data, text.data, text.size, err);
  mill_text_clear(&text);
  return s;
}

mill_status mill_catalog_partition_drop(mill_catalog *c, const mill_catalog_table *t,
                                        const mill_catalog_partition *p, bool keep,
                                        mill_error *err) {
  for (size_t i = 0; i < p->nfiles; i++)
    MILL_TRY(mill_catalog_file_drop(c, t, p->file[i].name, err));
  if (keep) return mill_catalog_partition_put(c, t, p->path, p->location, err);
  MILL_TRY(key_of(c, 'p', t->database, t->name, p->path, err));
  return mill_ledger_remove(c->ledger, c->key.data, err);
}

mill_status mill_catalog_file_add(mill_catalog *c, const mill_catalog_table *t, const char *path,
                                  const char *file, uint64_t size, mill_error *err) {
  mill_text line;
  mill_text_init(&line, c->memory);
  mill_status s =
      mill_text_printf(&line, err, "%s\t%llu\t%d\n", file, (unsigned long long)size, t->generation);
  if (s == MILL_OK) s = key_of(c, 'p', t->database, t->name, path, err);
  if (s == MILL_OK) s = mill_ledger_append(c->ledger, c->key.data, line.data, line.size, err);
  mill_text_clear(&line);
  return s;
}

mill_status mill_catalog_file_drop(mill_catalog *c, const mill_catalog_table *t, const char *file,
                                   mill_error *err) {
  MILL_TRY(key_of(c, 'x', t->location, *file ? file : NULL, NULL, err));
  return mill_ledger_put(c->ledger, c->key.data, "", 0, err);
}

/* ---- removing ------------------------------------------------------------------------------- */

static mill_status readers_path(mill_catalog *c, mill_text *out, mill_error *err) {
  MILL_TRY(mill_path_join(out, c->warehouse, "_catalog/readers", err));
  return MILL_OK;
}

mill_status mill_catalog_pin(mill_catalog *c, mill_error *err) {
  mill_text path;
  bool held = false;
  if (c->pins++ > 0) return MILL_OK;
  mill_text_init(&path, c->memory);
  mill_status s = readers_path(c, &path, err);
  /* Held: someone removes files, which is over at once. */
  do {
    if (s == MILL_OK)
      s = mill_file_lock_shared(c->files, c->memory, path.data, &c->readers, &held, err);
    if (s == MILL_OK && held) usleep(1000);
  } while (s == MILL_OK && held);
  mill_text_clear(&path);
  if (s == MILL_E_FILE_ACCESS) { /* who may not write here removes nothing either */
    if (err) mill_error_clear(err);
    return MILL_OK;
  }
  if (s != MILL_OK) c->pins--;
  return s;
}

void mill_catalog_unpin(mill_catalog *c) {
  if (--c->pins == 0) mill_file_clear(&c->readers);
}

mill_status mill_catalog_dropped(const mill_catalog *c, const char *path, bool *out,
                                 mill_error *err) {
  mill_text key;
  size_t n;
  mill_text_init(&key, c->memory);
  mill_status s = mill_text_printf(&key, err, "x/%s", path);
  *out = s == MILL_OK && mill_ledger_get(c->ledger, key.data, &n) != NULL;
  mill_text_clear(&key);
  return s;
}

/* A folder goes when nothing but empty folders is left in it. */
static void remove_empty(mill_catalog *c, const char *path, int depth) {
  mill_names names;
  mill_text child;
  mill_file_info info;
  mill_names_init(&names, c->memory);
  mill_text_init(&child, c->memory);
  if (depth < 64 && mill_folder_list(c->files, path, &names, NULL) == MILL_OK)
    for (size_t i = 0; i < names.n; i++) {
      mill_text_reset(&child);
      if (mill_path_join(&child, path, names.name[i], NULL) != MILL_OK) break;
      if (mill_file_stat(c->files, child.data, &info, NULL) != MILL_OK || !info.folder) continue;
      remove_empty(c, child.data, depth + 1);
    }
  (void)rmdir(path); /* holds something: stays */
  mill_text_clear(&child);
  mill_names_clear(&names);
}

/* Longer paths first, so that folders come behind what was in them. */
static bool remove_dropped(mill_catalog *c, size_t first, size_t n) {
  bool all = true;
  mill_file_info info;
  for (size_t i = n; i-- > 0;) {
    const char *path = mill_ledger_key(c->ledger, first + i) + 2;
    if (mill_file_stat(c->files, path, &info, NULL) != MILL_OK) return false;
    if (info.folder)
      remove_empty(c, path, 0);
    else if (info.exists && mill_file_remove(c->files, path, NULL) != MILL_OK)
      all = false;
  }
  return all;
}

static mill_status no_wait(void *arg, mill_error *err) {
  (void)arg;
  return mill_fail(err, MILL_E_OPERATION_CANCELED, "operationId", "sweep", NULL);
}

static void forget_dropped(mill_catalog *c, size_t first, size_t n) {
  mill_status s = MILL_OK;
  for (size_t i = 0; i < n && s == MILL_OK; i++)
    s = mill_ledger_remove(c->ledger, mill_ledger_key(c->ledger, first + i), NULL);
  if (s != MILL_OK || mill_ledger_commit(c->ledger, NULL, NULL, NULL) != MILL_OK)
    mill_ledger_rollback(c->ledger);
}

void mill_catalog_sweep(mill_catalog *c) {
  mill_file alone = {.fd = -1};
  mill_text path;
  size_t first;
  bool held = true;
  if (c->pins || mill_ledger_began(c->ledger) || key_of(c, 'x', "", NULL, NULL, NULL) != MILL_OK ||
      keys_of_prefix(c, &first) == 0 ||
      mill_ledger_begin(c->ledger, no_wait, NULL, NULL) != MILL_OK)
    return;
  mill_text_init(&path, c->memory);
  if (readers_path(c, &path, NULL) == MILL_OK &&
      mill_file_lock(c->files, c->memory, path.data, &alone, &held, NULL) == MILL_OK && !held) {
    size_t n = keys_of_prefix(c, &first);
    if (remove_dropped(c, first, n)) forget_dropped(c, first, n);
  }
  mill_file_clear(&alone);
  mill_ledger_rollback(c->ledger);
  mill_text_clear(&path);
}
