/* Putting a staged folder in its place; see write_int.h.
**
** A new folder is renamed whole; one that replaces another is exchanged with it in one step, so at
** every moment there is either the old content or the new. Files that join a folder are renamed into
** it one by one: each is whole, and a failure removes those that went before. */
#include <stdlib.h>

#include "io/write_int.h"

enum { PUBLISH_DEPTH = 200 };

/* ---- the target ----------------------------------------------------------------------------- */

mill_status mill_io_target_init(io_target *t, const mill_context *ctx, const char *path,
                                mill_error *err) {
  mill_file_info info;
  *t = (io_target){.files = ctx->files, .memory = ctx->memory, .lock = {.fd = -1}};
  mill_text_init(&t->path, ctx->memory);
  mill_text_init(&t->staging, ctx->memory);
  MILL_TRY(mill_io_plain_path(path, &t->path, err));
  if (t->path.size == 0)
    return mill_fail(err, MILL_E_FILE_ACCESS, "operation", "write", "path", "''", "reason",
                     "the path is empty", NULL);
  MILL_TRY(mill_file_stat(t->files, t->path.data, &info, err));
  t->exists = info.exists;
  char *real = info.exists ? realpath(t->path.data, NULL) : NULL;
  if (real == NULL) return MILL_OK;
  mill_text_reset(&t->path);
  mill_status s = mill_text_adds(&t->path, real, err);
  free(real);
  return s;
}

void mill_io_target_clear(io_target *t) {
  mill_error ignored;
  mill_error_clear(&ignored);
  if (t->staging.size && mill_folder_remove(t->files, t->staging.data, &ignored))
    mill_error_clear(&ignored); /* hidden, and the next write beside it tries again */
  mill_file_clear(&t->lock);
  mill_text_clear(&t->staging);
  mill_text_clear(&t->path);
}

/* ---- what a folder may hold ----------------------------------------------------------------- */

static bool begins(const char *s, const char *with) { return strncmp(s, with, strlen(with)) == 0; }

static bool ours(const char *name, bool folder) {
  size_t n = strlen(name);
  if (folder)
    return strchr(name, '=') || strcmp(name, "_spark_metadata") == 0 ||
           (name[0] == '.' && n > 8 && strcmp(name + n - 8, ".staging") == 0);
  if (name[0] == '.') return n > 4 && strcmp(name + n - 4, ".crc") == 0 && ours(name + 1, false);
  return begins(name, "part-") || begins(name, "_SUCCESS") || begins(name, "_metadata") ||
         begins(name, "_common_metadata") || begins(name, "_committed_") ||
         begins(name, "_started_");
}

static mill_status check_folder(io_target *t, const char *path, int depth, mill_error *err) {
  mill_names names;
  mill_text child;
  mill_file_info info;
  mill_names_init(&names, t->memory);
  mill_text_init(&child, t->memory);
  mill_status s = mill_folder_list(t->files, path, &names, err);
  for (size_t i = 0; i < names.n && s == MILL_OK; i++) {
    const char *name = names.name[i];
    mill_text_reset(&child);
    s = mill_path_join(&child, path, name, err);
    if (s == MILL_OK) s = mill_file_stat(t->files, child.data, &info, err);
    if (s != MILL_OK) break;
    if (depth > PUBLISH_DEPTH || !ours(name, info.folder))
      s = mill_fail(err, MILL_E_OVERWRITE_REFUSED, "path", t->path.data, "name", name, NULL);
    else if (info.folder && strchr(name, '='))
      s = check_folder(t, child.data, depth + 1, err);
  }
  mill_text_clear(&child);
  mill_names_clear(&names);
  return s;
}

/* ---- staging -------------------------------------------------------------------------------- */

/* In the folder itself, or beside it. */
static mill_status stage_in(io_target *t, bool inside, mill_error *err) {
  mill_text parent;
  if (inside)
    return mill_folder_temporary(t->files, t->memory, t->path.data, &t->staging, &t->lock, err);
  const char *slash = strrchr(t->path.data, '/');
  size_t n = slash ? (size_t)(slash - t->path.data) + 1 : 0;
  mill_text_init(&parent, t->memory);
  mill_status s =
      n ? mill_text_add(&parent, t->path.data, n, err) : mill_text_adds(&parent, ".", err);
  if (s == MILL_OK) s = mill_folder_make(t->files, parent.data, err);
  if (s == MILL_OK)
    s = mill_folder_temporary(t->files, t->memory, parent.data, &t->staging, &t->lock, err);
  mill_text_clear(&parent);
  return s;
}

mill_status mill_io_stage(io_target *t, io_publish how, mill_error *err) {
  mill_file_info info;
  if (how != IO_PUBLISH_NEW) {
    MILL_TRY(mill_file_stat(t->files, t->path.data, &info, err));
    if (!info.folder)
      return mill_fail(err, MILL_E_OVERWRITE_REFUSED, "path", t->path.data, "name", "a file", NULL);
  }
  if (how == IO_PUBLISH_REPLACE || how == IO_PUBLISH_DYNAMIC)
    MILL_TRY(check_folder(t, t->path.data, 0, err));
  mill_status s = stage_in(t, how == IO_PUBLISH_APPEND || how == IO_PUBLISH_DYNAMIC, err);
  if (s != MILL_OK) mill_text_reset(&t->staging);
  return s;
}

/* ---- moving in ------------------------------------------------------------------------------ */

typedef struct mover {
  io_target *target;
  mill_names moved; /* where files went */
  bool swap;        /* folders with files are exchanged as they are */
  mill_error *err;
} mover;

/* A folder of partition values takes the place of the one before. */
static mill_status move_folder(mover *m, const char *from, const char *to) {
  io_target *t = m->target;
  mill_file_info info;
  mill_text parent;
  MILL_TRY(mill_file_stat(t->files, to, &info, m->err));
  if (info.exists) return mill_folder_swap(t->files, t->memory, from, to, m->err);
  mill_text_init(&parent, t->memory);
  mill_status s = mill_text_add(&parent, to, (size_t)(strrchr(to, '/') - to), m->err);
  if (s == MILL_OK) s = mill_folder_make(t->files, parent.data, m->err);
  if (s == MILL_OK) s = mill_folder_move(t->files, t->memory, from, to, m->err);
  mill_text_clear(&parent);
  return s;
}

static mill_status move_all(mover *m, const char *from, const char *to, int depth);

static mill_status move_one(mover *m, const char *from, const char *to, int depth, bool *whole) {
  io_target *t = m->target;
  mill_file_info info;
  MILL_TRY(mill_file_stat(t->files, from, &info, m->err));
  if (info.folder) return move_all(m, from, to, depth + 1);
  if (m->swap && depth > 0) {
    *whole = true; /* it holds files: the caller moves it as one */
    return MILL_OK;
  }
  MILL_TRY(mill_names_add(&m->moved, to, m->err));
  return mill_file_publish(t->files, t->memory, from, to, m->err);
}

static mill_status move_all(mover *m, const char *from, const char *to, int depth) {
  io_target *t = m->target;
  mill_names names;
  mill_text a, b;
  bool whole = false;
  mill_names_init(&names, t->memory);
  mill_text_init(&a, t->memory);
  mill_text_init(&b, t->memory);
  mill_status s = mill_folder_list(t->files, from, &names, m->err);
  if (s == MILL_OK && !m->swap) s = mill_folder_make(t->files, to, m->err);
  for (size_t i = 0; i < names.n && s == MILL_OK && !whole; i++) {
    mill_text_reset(&a);
    mill_text_reset(&b);
    s = mill_path_join(&a, from, names.name[i], m->err);
    if (s == MILL_OK) s = mill_path_join(&b, to, names.name[i], m->err);
    if (s == MILL_OK) s = move_one(m, a.data, b.data, depth, &whole);
  }
  if (s == MILL_OK && whole) s = move_folder(m, from, to);
  mill_text_clear(&a);
  mill_text_clear(&b);
  mill_names_clear(&names);
  return s;
}

/* The files in the staging folder, by their names below it. */
static mill_status list_staged(io_target *t, const char *folder, const char *below, mill_names *out,
                               mill_error *err) {
  mill_names names;
  mill_text path, name;
  mill_file_info info;
  mill_names_init(&names, t->memory);
  mill_text_init(&path, t->memory);
  mill_text_init(&name, t->memory);
  mill_status s = mill_folder_list(t->files, folder, &names, err);
  for (size_t i = 0; i < names.n && s == MILL_OK; i++) {
    mill_text_reset(&path);
    mill_text_reset(&name);
    s = mill_path_join(&path, folder, names.name[i], err);
    if (s == MILL_OK) s = mill_text_printf(&name, err, "%s%s", below, names.name[i]);
    if (s == MILL_OK) s = mill_file_stat(t->files, path.data, &info, err);
    if (s == MILL_OK && info.folder) s = mill_text_addc(&name, '/', err);
    if (s == MILL_OK)
      s = info.folder ? list_staged(t, path.data, name.data, out, err)
                      : mill_names_add(out, name.data, err);
  }
  mill_text_clear(&name);
  mill_text_clear(&path);
  mill_names_clear(&names);
  return s;
}

static mill_status move_in(io_target *t, bool swap, mill_names *files, mill_error *err) {
  mover m = {.target = t, .swap = swap, .err = err};
  mill_names_init(&m.moved, t->memory);
  mill_status s = MILL_OK;
  if (files) s = list_staged(t, t->staging.data, "", files, err);
  if (s == MILL_OK) s = move_all(&m, t->staging.data, t->path.data, 0);
  for (size_t i = 0; i < m.moved.n && s != MILL_OK; i++) {
    mill_error ignored;
    mill_error_clear(&ignored);
    if (mill_file_remove(t->files, m.moved.name[i], &ignored) != MILL_OK) continue;
  }
  mill_names_clear(&m.moved);
  return s;
}

static mill_status put_mark(io_target *t, const char *folder, mill_error *err) {
  mill_text path;
  mill_text_init(&path, t->memory);
  mill_status s = mill_path_join(&path, folder, "_SUCCESS", err);
  if (s == MILL_OK) s = mill_file_replace(t->files, t->memory, path.data, "", 0, err);
  mill_text_clear(&path);
  return s;
}

mill_status mill_io_publish(io_target *t, io_publish how, bool mark, mill_names *files,
                            mill_error *err) {
  bool whole = how == IO_PUBLISH_NEW || how == IO_PUBLISH_REPLACE;
  if (mark && whole) MILL_TRY(put_mark(t, t->staging.data, err));
  switch (how) {
  case IO_PUBLISH_NEW:
    MILL_TRY(mill_folder_move(t->files, t->memory, t->staging.data, t->path.data, err));
    mill_text_reset(&t->staging);
    break;
  case IO_PUBLISH_REPLACE:
    MILL_TRY(mill_folder_swap(t->files, t->memory, t->staging.data, t->path.data, err));
    break;
  default: MILL_TRY(move_in(t, how == IO_PUBLISH_DYNAMIC, files, err));
  }
  return mark && !whole ? put_mark(t, t->path.data, err) : MILL_OK;
}
