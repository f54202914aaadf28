/* What a writer that died has left: files of a table that no commit lists.
**
** Before files are written, a line of _catalog/writing names the folder that they go to; it is removed when they
** are committed, before the lock is given up. Who begins a transaction and finds one, under the lock, removes the files
** of that folder which the catalogue does not know. The note is not flushed: after the machine itself has
** failed, files may stay that take room and mean nothing. */
#include <string.h>

#include "catalog/catalog.h"

static mill_status note_path(mill_catalog *c, mill_text *out, mill_error *err) {
  return mill_path_join(out, mill_catalog_warehouse(c), "_catalog/writing", err);
}

mill_status mill_catalog_note(mill_catalog *c, const mill_files *fs, mill_memory *m,
                              const char *location, mill_error *err) {
  mill_text path;
  mill_file f;
  mill_text_init(&path, m);
  mill_status s = note_path(c, &path, err);
  if (s == MILL_OK) s = mill_file_open(fs, m, path.data, MILL_FILE_APPEND, &f, err);
  if (s == MILL_OK) {
    s = mill_file_write(&f, location, strlen(location), err);
    if (s == MILL_OK) s = mill_file_write(&f, "\n", 1, err);
    mill_file_clear(&f);
  }
  mill_text_clear(&path);
  return s;
}

typedef struct note {
  mill_catalog *c;
  const mill_files *files;
  mill_memory *memory;
} note;

static void forget(void *arg) {
  const note *n = arg;
  mill_text path;
  mill_text_init(&path, n->memory);
  mill_error ignored;
  mill_error_clear(&ignored);
  if (note_path(n->c, &path, NULL) != MILL_OK ||
      mill_file_remove(n->files, path.data, &ignored) != MILL_OK)
    mill_error_clear(&ignored); /* it is found and obeyed once more */
  mill_text_clear(&path);
}

mill_status mill_catalog_commit(mill_catalog *c, const mill_files *fs, mill_memory *m, bool wrote,
                                mill_error *err) {
  note n = {c, fs, m};
  return mill_ledger_commit(mill_catalog_ledger(c), wrote ? forget : NULL, &n, err);
}

/* ---- removing ------------------------------------------------------------------------------- */

typedef struct recovery {
  mill_catalog *c;
  const mill_files *files;
  mill_arena arena;
  mill_catalog_partition *partition; /* of the table that lives in the folder */
  size_t n;
} recovery;

static mill_status find_table(recovery *r, const char *location, mill_error *err) {
  mill_word_list databases, tables;
  const mill_catalog_table *t;
  MILL_TRY(mill_catalog_names(r->c, 'd', NULL, &r->arena, &databases, err));
  for (int i = 0; i < databases.n; i++) {
    MILL_TRY(mill_catalog_names(r->c, 't', databases.at[i], &r->arena, &tables, err));
    for (int k = 0; k < tables.n; k++) {
      MILL_TRY(mill_catalog_table_get(r->c, databases.at[i], tables.at[k], &r->arena, &t, err));
      if (t == NULL || t->location == NULL || strcmp(t->location, location) != 0) continue;
      return mill_catalog_partitions(r->c, t, "", &r->arena, &r->partition, &r->n, err);
    }
  }
  return MILL_OK;
}

static bool is_listed(const recovery *r, const char *name) {
  for (size_t i = 0; i < r->n; i++)
    for (size_t k = 0; k < r->partition[i].nfiles; k++)
      if (strcmp(r->partition[i].file[k].name, name) == 0) return true;
  return false;
}

/* `below`: the path of the folder below the table's. */
static mill_status remove_unlisted(recovery *r, const char *folder, const char *below, int depth,
                                   mill_error *err) {
  mill_names names;
  mill_text path, name;
  mill_file_info info;
  mill_memory *m = r->arena.memory;
  mill_names_init(&names, m);
  mill_text_init(&path, m);
  mill_text_init(&name, m);
  mill_status s = mill_folder_list(r->files, folder, &names, err);
  for (size_t i = 0; i < names.n && s == MILL_OK; i++) {
    mill_text_reset(&path);
    mill_text_reset(&name);
    s = mill_path_join(&path, folder, names.name[i], err);
    if (s == MILL_OK) s = mill_text_printf(&name, err, "%s%s", below, names.name[i]);
    if (s == MILL_OK) s = mill_file_stat(r->files, path.data, &info, err);
    if (s != MILL_OK) break;
    if (info.folder && strchr(names.name[i], '=') && depth < 64) {
      s = mill_text_addc(&name, '/', err);
      if (s == MILL_OK) s = remove_unlisted(r, path.data, name.data, depth + 1, err);
    } else if (!info.folder && strncmp(names.name[i], "part-", 5) == 0 &&
               !is_listed(r, name.data)) {
      bool dropped; /* perhaps others still read it */
      s = mill_catalog_dropped(r->c, path.data, &dropped, err);
      if (s == MILL_OK && !dropped) s = mill_file_remove(r->files, path.data, err);
    }
  }
  mill_text_clear(&name);
  mill_text_clear(&path);
  mill_names_clear(&names);
  return s;
}

static mill_status recover(recovery *r, const char *location, mill_error *err) {
  mill_file_info info;
  r->n = 0;
  MILL_TRY(mill_file_stat(r->files, location, &info, err));
  if (!info.folder) return MILL_OK;
  MILL_TRY(mill_folder_sweep(r->files, r->arena.memory, location, err));
  MILL_TRY(find_table(r, location, err));
  return remove_unlisted(r, location, "", 0, err);
}

mill_status mill_catalog_recover(mill_catalog *c, const mill_files *fs, mill_memory *m,
                                 mill_error *err) {
  mill_text path, location;
  mill_file_info info;
  recovery r = {.c = c, .files = fs};
  mill_text_init(&path, m);
  mill_text_init(&location, m);
  mill_arena_init(&r.arena, m);
  mill_status s = note_path(c, &path, err);
  if (s == MILL_OK) s = mill_file_stat(fs, path.data, &info, err);
  if (s == MILL_OK && info.exists) {
    s = mill_file_load(fs, m, path.data, 1 << 16, &location, err);
    for (char *line = location.data, *end; s == MILL_OK && line && *line; line = end + 1) {
      end = strchr(line, '\n');
      if (end == NULL) break; /* cut off: nothing was written there yet */
      *end = '\0';
      s = recover(&r, line, err);
    }
    if (s == MILL_OK) s = mill_file_remove(fs, path.data, err);
  }
  mill_arena_clear(&r.arena);
  mill_text_clear(&location);
  mill_text_clear(&path);
  return s;
}
