#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/uuid.h"

/* The errno that a call fails with before it is made, else 0. */
static int refused(const mill_files *fs, mill_file_call call, const char *path) {
  return fs && fs->before ? fs->before(fs->arg, call, path) : 0;
}

static mill_status io_error(mill_error *err, const char *what, const char *path, int code) {
  const char *p = mill_error_fmt(err, "%s", path);
  if (code == ENOENT) return mill_fail(err, MILL_E_PATH_NOT_FOUND, "path", p, NULL);
  if (code == EEXIST) return mill_fail(err, MILL_E_PATH_ALREADY_EXISTS, "outputPath", p, NULL);
  return mill_fail(err, MILL_E_FILE_ACCESS, "operation", what, "path", p, "reason",
                   mill_error_fmt(err, "%s", strerror(code)), NULL);
}

mill_status mill_file_open(const mill_files *fs, mill_memory *m, const char *path,
                           mill_file_mode mode, mill_file *out, mill_error *err) {
  static const int flags[] = {O_RDONLY, O_WRONLY | O_CREAT | O_EXCL, O_WRONLY | O_CREAT | O_APPEND,
                              O_RDWR};
  *out = (mill_file){fs, -1, NULL, m};
  out->path = mill_strdup(m, path);
  if (!out->path) return mill_oom(m, strlen(path), err);
  int code = refused(fs, MILL_CALL_OPEN, path);
  if (!code && (out->fd = open(path, flags[mode] | O_CLOEXEC, 0666)) < 0) code = errno;
  if (!code) return MILL_OK;
  mill_file_clear(out);
  return io_error(err, "open", path, code);
}

void mill_file_clear(mill_file *f) {
  if (f->fd >= 0) close(f->fd);
  f->fd = -1;
  mill_strfree(f->memory, f->path);
  f->path = NULL;
}

static mill_status read_loop(mill_file *f, int64_t at, void *p, size_t n, size_t *got,
                             mill_error *err) {
  size_t done = 0;
  while (done < n) {
    int code = refused(f->files, MILL_CALL_READ, f->path);
    ssize_t k = code      ? -1
                : at >= 0 ? pread(f->fd, (char *)p + done, n - done, (off_t)at + (off_t)done)
                          : read(f->fd, (char *)p + done, n - done);
    if (k < 0 && !code) code = errno;
    if (k < 0 && code == EINTR) continue;
    if (k < 0) return io_error(err, "read", f->path, code);
    if (k == 0) break;
    done += (size_t)k;
  }
  *got = done;
  return MILL_OK;
}

mill_status mill_file_read(mill_file *f, void *p, size_t n, size_t *got, mill_error *err) {
  return read_loop(f, -1, p, n, got, err);
}

mill_status mill_file_read_at(mill_file *f, uint64_t at, void *p, size_t n, size_t *got,
                              mill_error *err) {
  return read_loop(f, (int64_t)at, p, n, got, err);
}

mill_status mill_file_write(mill_file *f, const void *p, size_t n, mill_error *err) {
  for (size_t done = 0; done < n;) {
    int code = refused(f->files, MILL_CALL_WRITE, f->path);
    ssize_t k = code ? -1 : write(f->fd, (const char *)p + done, n - done);
    if (k < 0 && !code) code = errno;
    if (k < 0 && code == EINTR) continue;
    if (k < 0) return io_error(err, "write", f->path, code);
    done += (size_t)k;
  }
  return MILL_OK;
}

mill_status mill_file_write_at(mill_file *f, uint64_t at, const void *p, size_t n,
                               mill_error *err) {
  for (size_t done = 0; done < n;) {
    int code = refused(f->files, MILL_CALL_WRITE, f->path);
    ssize_t k = code ? -1 : pwrite(f->fd, (const char *)p + done, n - done, (off_t)(at + done));
    if (k < 0 && !code) code = errno;
    if (k < 0 && code == EINTR) continue;
    if (k < 0) return io_error(err, "write", f->path, code);
    done += (size_t)k;
  }
  return MILL_OK;
}

mill_status mill_file_scratch(const mill_files *fs, mill_memory *m, const char *folder,
                              mill_file *out, mill_error *err) {
  static const char name[] = "/tidemill-XXXXXX";
  *out = (mill_file){fs, -1, NULL, m};
  size_t n = strlen(folder);
  char *path = mill_alloc(m, n + sizeof name);
  if (!path) return mill_oom(m, n + sizeof name, err);
  memcpy(path, folder, n);
  memcpy(path + n, name, sizeof name);
  out->path = path;
  int code = refused(fs, MILL_CALL_OPEN, path);
#ifdef O_TMPFILE /* never has a name, where the file system knows such files */
  if (!code) out->fd = open(folder, O_TMPFILE | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
#endif
  if (!code && out->fd < 0) {
    if ((out->fd = mkostemp(path, O_CLOEXEC)) < 0) code = errno; /* mode 0600 */
    if (!code && unlink(path) != 0) code = errno;
  }
  if (!code) return MILL_OK;
  mill_status s = io_error(err, "create a temporary file", path, code);
  mill_file_clear(out);
  return s;
}

mill_status mill_file_sync(mill_file *f, mill_error *err) {
  int code = refused(f->files, MILL_CALL_SYNC, f->path);
  if (!code && fsync(f->fd) != 0) code = errno;
  return code ? io_error(err, "flush", f->path, code) : MILL_OK;
}

mill_status mill_file_truncate(mill_file *f, uint64_t n, mill_error *err) {
  int code = refused(f->files, MILL_CALL_WRITE, f->path);
  if (!code && ftruncate(f->fd, (off_t)n) != 0) code = errno;
  return code ? io_error(err, "cut", f->path, code) : MILL_OK;
}

static mill_file_info info_of(const struct stat *st) {
  return (mill_file_info){.exists = true,
                          .folder = S_ISDIR(st->st_mode),
                          .size = (uint64_t)st->st_size,
                          .inode = (uint64_t)st->st_ino,
                          .mtime_millis =
                              (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000};
}

mill_status mill_file_examine(const mill_file *f, mill_file_info *out, mill_error *err) {
  struct stat st;
  int code = refused(f->files, MILL_CALL_LIST, f->path);
  if (!code && fstat(f->fd, &st) != 0) code = errno;
  if (code) return io_error(err, "look at", f->path, code);
  *out = info_of(&st);
  return MILL_OK;
}

mill_status mill_file_size(const mill_file *f, uint64_t *out, mill_error *err) {
  mill_file_info info;
  MILL_TRY(mill_file_examine(f, &info, err));
  *out = info.size;
  return MILL_OK;
}

bool mill_file_same(const mill_file *a, const mill_file *b) {
  struct stat x, y;
  if (fstat(a->fd, &x) != 0 || fstat(b->fd, &y) != 0) return false;
  return x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

void mill_file_push(mill_file *f, size_t n, size_t *since) {
  *since += n;
  if (*since < MILL_FILE_PUSH) return;
  *since = 0;
#ifdef SYNC_FILE_RANGE_WRITE
  int told = sync_file_range(f->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
  (void)told; /* mill_file_sync tells of errors */
#else
  (void)f;
#endif
}

mill_status mill_file_stat(const mill_files *fs, const char *path, mill_file_info *out,
                           mill_error *err) {
  struct stat st;
  memset(out, 0, sizeof *out);
  int code = refused(fs, MILL_CALL_LIST, path);
  if (!code && stat(path, &st) != 0) code = errno;
  if (code == ENOENT || code == ENOTDIR) return MILL_OK;
  if (code) return io_error(err, "look at", path, code);
  *out = info_of(&st);
  return MILL_OK;
}

static mill_status load_open(mill_file *f, size_t limit, mill_text *out, mill_error *err) {
  size_t got;
  do {
    MILL_TRY(mill_text_reserve(out, 65536, err));
    size_t room = out->capacity - out->size - 1;
    MILL_TRY(mill_file_read(f, out->data + out->size, room, &got, err));
    out->size += got;
    out->data[out->size] = 0;
    if (limit && out->size > limit) return io_error(err, "read", f->path, EFBIG);
    if (got < room) break;
  } while (got);
  return MILL_OK;
}

mill_status mill_file_load(const mill_files *fs, mill_memory *m, const char *path, size_t limit,
                           mill_text *out, mill_error *err) {
  mill_file f;
  MILL_TRY(mill_file_open(fs, m, path, MILL_FILE_READ, &f, err));
  mill_status s = load_open(&f, limit, out, err);
  mill_file_clear(&f);
  return s;
}

mill_status mill_path_join(mill_text *out, const char *a, const char *b, mill_error *err) {
  size_t n = strlen(a);
  MILL_TRY(mill_text_add(out, a, n, err));
  if (n && a[n - 1] != '/') MILL_TRY(mill_text_addc(out, '/', err));
  return mill_text_adds(out, b, err);
}

/* The folder that holds path: "." for a bare name. */
static mill_status parent(mill_text *out, const char *path, mill_error *err) {
  const char *slash = strrchr(path, '/');
  if (!slash) return mill_text_adds(out, ".", err);
  return mill_text_add(out, path, slash == path ? 1 : (size_t)(slash - path), err);
}

mill_status mill_folder_sync(const mill_files *fs, const char *path, mill_error *err) {
  int code = refused(fs, MILL_CALL_SYNC, path), fd = -1;
  if (!code && (fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) code = errno;
  if (!code && fsync(fd) != 0 && errno != EINVAL) code = errno;
  if (fd >= 0) close(fd);
  return code ? io_error(err, "flush", path, code) : MILL_OK;
}

/* The folder's name is made first: when memory fails, nothing has moved. */
static mill_status rename_and_sync(const mill_files *fs, mill_memory *m, const char *from,
                                   const char *to, mill_error *err) {
  mill_text folder;
  mill_text_init(&folder, m);
  mill_status s = parent(&folder, to, err);
  int code = s == MILL_OK ? refused(fs, MILL_CALL_RENAME, to) : 0;
  if (s == MILL_OK && !code && rename(from, to) != 0) code = errno;
  if (code) s = io_error(err, "rename to", to, code);
  if (s == MILL_OK) s = mill_folder_sync(fs, folder.data, err);
  mill_text_clear(&folder);
  return s;
}

mill_status mill_file_publish(const mill_files *fs, mill_memory *m, const char *from,
                              const char *to, mill_error *err) {
  mill_file f;
  MILL_TRY(mill_file_open(fs, m, from, MILL_FILE_READ, &f, err));
  mill_status s = mill_file_sync(&f, err);
  mill_file_clear(&f);
  return s == MILL_OK ? rename_and_sync(fs, m, from, to, err) : s;
}

mill_status mill_file_remove(const mill_files *fs, const char *path, mill_error *err) {
  int code = refused(fs, MILL_CALL_REMOVE, path);
  if (!code && unlink(path) != 0) code = errno;
  return code && code != ENOENT ? io_error(err, "remove", path, code) : MILL_OK;
}

static int make_one(const mill_files *fs, const char *path) {
  int code = refused(fs, MILL_CALL_MKDIR, path);
  if (code) return code;
  if (mkdir(path, 0777) == 0) return 0;
  struct stat st;
  if (errno == EEXIST) return stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? 0 : ENOTDIR;
  return errno;
}

mill_status mill_file_link(const mill_files *fs, mill_memory *m, const char *from, const char *to,
                           mill_error *err) {
  mill_text folder;
  mill_text_init(&folder, m);
  mill_status s = parent(&folder, to, err);
  int code = s == MILL_OK ? refused(fs, MILL_CALL_RENAME, to) : 0;
  if (s == MILL_OK && !code && link(from, to) != 0 && errno != EEXIST) code = errno;
  if (code) s = io_error(err, "link", to, code);
  if (s == MILL_OK) s = mill_folder_sync(fs, folder.data, err);
  mill_text_clear(&folder);
  return s;
}

mill_status mill_folder_make(const mill_files *fs, const char *path, mill_error *err) {
  char part[4096];
  size_t n = strlen(path);
  if (n >= sizeof part) return io_error(err, "make folder", path, ENAMETOOLONG);
  for (size_t i = 1; i <= n; i++) {
    if (path[i] != '/' && path[i] != 0) continue;
    memcpy(part, path, i);
    part[i] = 0;
    int code = make_one(fs, part);
    if (code) return io_error(err, "make folder", part, code);
  }
  return MILL_OK;
}

void mill_names_init(mill_names *l, mill_memory *m) {
  memset(l, 0, sizeof *l);
  mill_arena_init(&l->arena, m);
}

void mill_names_clear(mill_names *l) {
  mill_memory *m = l->arena.memory;
  mill_free(m, l->name, l->capacity * sizeof *l->name);
  mill_arena_clear(&l->arena);
  mill_names_init(l, m);
}

mill_status mill_names_add(mill_names *l, const char *name, mill_error *err) {
  MILL_TRY(
      mill_grow(l->arena.memory, (void **)&l->name, &l->capacity, l->n + 1, sizeof *l->name, err));
  l->name[l->n] = mill_arena_strndup(&l->arena, name, strlen(name));
  if (!l->name[l->n]) return mill_oom(l->arena.memory, strlen(name), err);
  l->n++;
  return MILL_OK;
}

static int by_bytes(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

void mill_names_sort(mill_names *l) {
  if (l->n > 1) qsort(l->name, l->n, sizeof *l->name, by_bytes);
}

mill_status mill_folder_list(const mill_files *fs, const char *path, mill_names *out,
                             mill_error *err) {
  int code = refused(fs, MILL_CALL_LIST, path);
  DIR *d = code ? NULL : opendir(path);
  if (!d) return io_error(err, "list", path, code ? code : errno);
  mill_status s = MILL_OK;
  struct dirent *e;
  while (s == MILL_OK && (errno = 0, e = readdir(d)))
    if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
      s = mill_names_add(out, e->d_name, err);
  code = s == MILL_OK ? errno : 0;
  closedir(d);
  if (code) return io_error(err, "list", path, code);
  mill_names_sort(out);
  return s;
}

/* The folders that hold two names, found before a rename: what comes after must not fail for want
** of memory. */
typedef struct parents {
  mill_text a, b;
} parents;

static mill_status find_parents(parents *p, mill_memory *m, const char *a, const char *b,
                                mill_error *err) {
  mill_text_init(&p->a, m);
  mill_text_init(&p->b, m);
  MILL_TRY(parent(&p->a, a, err));
  return parent(&p->b, b, err);
}

static mill_status sync_parents(const mill_files *fs, const parents *p, mill_error *err) {
  MILL_TRY(mill_folder_sync(fs, p->b.data, err));
  return strcmp(p->a.data, p->b.data) ? mill_folder_sync(fs, p->a.data, err) : MILL_OK;
}

static void clear_parents(parents *p) {
  mill_text_clear(&p->a);
  mill_text_clear(&p->b);
}

static int move_folder(const char *from, const char *to) {
  if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  return rename(from, to) == 0 ? 0 : errno;
}

mill_status mill_folder_move(const mill_files *fs, mill_memory *m, const char *from, const char *to,
                             mill_error *err) {
  parents p;
  mill_status s = find_parents(&p, m, from, to, err);
  if (s == MILL_OK) {
    int code = refused(fs, MILL_CALL_RENAME, to);
    if (!code) code = move_folder(from, to);
    s = code ? io_error(err, "rename to", to, code) : sync_parents(fs, &p, err);
  }
  clear_parents(&p);
  return s;
}

/* Without an exchange in one step: b steps aside, a takes its place. */
static int swap_slowly(mill_memory *m, const char *a, const char *b) {
  mill_text aside;
  mill_text_init(&aside, m);
  int code = mill_text_printf(&aside, NULL, "%s.aside", a) == MILL_OK ? 0 : ENOMEM;
  if (!code && rename(b, aside.data) != 0) code = errno;
  if (!code && rename(a, b) != 0) {
    code = errno;
    if (rename(aside.data, b) != 0) code = errno;
  } else if (!code && rename(aside.data, a) != 0) {
    code = errno;
  }
  mill_text_clear(&aside);
  return code;
}

static int swap_folders(mill_memory *m, const char *a, const char *b) {
  if (renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) == 0) return 0;
  return errno == EINVAL || errno == ENOSYS ? swap_slowly(m, a, b) : errno;
}

mill_status mill_folder_swap(const mill_files *fs, mill_memory *m, const char *a, const char *b,
                             mill_error *err) {
  parents p;
  mill_status s = find_parents(&p, m, a, b, err);
  if (s == MILL_OK) {
    int code = refused(fs, MILL_CALL_RENAME, b);
    if (!code) code = swap_folders(m, a, b);
    s = code ? io_error(err, "exchange", b, code) : sync_parents(fs, &p, err);
  }
  clear_parents(&p);
  return s;
}

/* ---- removing folders ------------------------------------------------------------------------ */

/* Clean-up must work when memory has run out, so the path of each entry is built in one buffer. */
enum { REMOVE_PATH = 4096, REMOVE_DEPTH = 200 };

static mill_status remove_tree(const mill_files *fs, char *path, size_t n, int depth,
                               mill_error *err);

static mill_status remove_entries(const mill_files *fs, DIR *d, char *path, size_t n, int depth,
                                  mill_error *err) {
  mill_status s = MILL_OK;
  struct dirent *e;
  while (s == MILL_OK && (errno = 0, e = readdir(d))) {
    size_t k = strlen(e->d_name);
    if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
    if (n + k + 2 > REMOVE_PATH) return io_error(err, "remove", path, ENAMETOOLONG);
    path[n] = '/';
    memcpy(path + n + 1, e->d_name, k + 1);
    s = remove_tree(fs, path, n + 1 + k, depth + 1, err);
    path[n] = 0;
  }
  return s == MILL_OK && errno ? io_error(err, "list", path, errno) : s;
}

static mill_status remove_tree(const mill_files *fs, char *path, size_t n, int depth,
                               mill_error *err) {
  struct stat st;
  if (lstat(path, &st) != 0)
    return errno == ENOENT ? MILL_OK : io_error(err, "remove", path, errno);
  if (!S_ISDIR(st.st_mode)) return mill_file_remove(fs, path, err);
  if (depth > REMOVE_DEPTH) return io_error(err, "remove", path, ELOOP);
  int code = refused(fs, MILL_CALL_LIST, path);
  DIR *d = code ? NULL : opendir(path);
  if (!d) return io_error(err, "list", path, code ? code : errno);
  mill_status s = remove_entries(fs, d, path, n, depth, err);
  closedir(d);
  if (s != MILL_OK) return s;
  code = refused(fs, MILL_CALL_REMOVE, path);
  if (!code && rmdir(path) != 0) code = errno;
  return code ? io_error(err, "remove", path, code) : MILL_OK;
}

mill_status mill_folder_remove(const mill_files *fs, const char *path, mill_error *err) {
  char buf[REMOVE_PATH];
  size_t n = strlen(path);
  if (n >= sizeof buf) return io_error(err, "remove", path, ENAMETOOLONG);
  memcpy(buf, path, n + 1);
  return remove_tree(fs, buf, n, 0, err);
}

static mill_status lock_file(const mill_files *fs, mill_memory *m, const char *path, int how,
                             mill_file *out, bool *held, mill_error *err) {
  *held = false;
  MILL_TRY(mill_file_open(fs, m, path, MILL_FILE_APPEND, out, err));
  if (flock(out->fd, how | LOCK_NB) == 0) return MILL_OK;
  int code = errno;
  *held = code == EWOULDBLOCK;
  mill_file_clear(out);
  return *held ? MILL_OK : io_error(err, "lock", path, code);
}

mill_status mill_file_lock(const mill_files *fs, mill_memory *m, const char *path, mill_file *out,
                           bool *held, mill_error *err) {
  return lock_file(fs, m, path, LOCK_EX, out, held, err);
}

mill_status mill_file_lock_shared(const mill_files *fs, mill_memory *m, const char *path,
                                  mill_file *out, bool *held, mill_error *err) {
  return lock_file(fs, m, path, LOCK_SH, out, held, err);
}

/* Does the path still name the file? */
static bool is_at(const mill_file *f, const char *path) {
  struct stat x, y;
  if (fstat(f->fd, &x) != 0 || stat(path, &y) != 0) return false;
  return x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

mill_status mill_file_edit(const mill_files *fs, mill_memory *m, const char *path, mill_file *out,
                           bool *held, mill_error *err) {
  for (;;) {
    *held = false;
    MILL_TRY(mill_file_open(fs, m, path, MILL_FILE_EDIT, out, err));
    bool locked = flock(out->fd, LOCK_EX | LOCK_NB) == 0;
    int code = locked ? 0 : errno;
    if (locked && is_at(out, path)) return MILL_OK;
    mill_file_clear(out);
    *held = code == EWOULDBLOCK;
    if (*held) return MILL_OK;
    if (code) return io_error(err, "lock", path, code);
  }
}

/* ---- temporary names ------------------------------------------------------------------------ */

static bool ends(const char *s, const char *with) {
  size_t n = strlen(s), k = strlen(with);
  return n > k && strcmp(s + n - k, with) == 0;
}

/* The lock of a name, if its owner is dead: nobody holds it, and it still is that file's. */
static mill_status dead_name(const mill_files *fs, mill_memory *m, const char *path, mill_file *out,
                             bool *dead, mill_error *err) {
  struct stat st;
  *dead = false;
  mill_status s = mill_file_open(fs, m, path, MILL_FILE_READ, out, err);
  if (s != MILL_OK) return s;
  *dead = flock(out->fd, LOCK_EX | LOCK_NB) == 0 && fstat(out->fd, &st) == 0 && st.st_nlink > 0;
  if (!*dead) mill_file_clear(out);
  return MILL_OK;
}

/* Remove the names ".*SUFFIX" of dead owners; what cannot be opened or removed stays. */
static mill_status remove_dead(const mill_files *fs, mill_memory *m, const char *folder,
                               const char *suffix, mill_error *err) {
  mill_error ignored;
  mill_text path;
  int code = refused(fs, MILL_CALL_LIST, folder);
  DIR *d = code ? NULL : opendir(folder);
  if (d == NULL) return io_error(err, "list", folder, code ? code : errno);
  mill_text_init(&path, m);
  mill_status s = MILL_OK;
  for (struct dirent *e; s == MILL_OK && (e = readdir(d)) != NULL;) {
    mill_file lock;
    bool dead;
    if (e->d_name[0] != '.' || !ends(e->d_name, suffix)) continue;
    mill_text_reset(&path);
    s = mill_path_join(&path, folder, e->d_name, err);
    mill_error_clear(&ignored);
    if (s != MILL_OK || dead_name(fs, m, path.data, &lock, &dead, &ignored) != MILL_OK || !dead)
      continue;
    if (mill_folder_remove(fs, path.data, &ignored) != MILL_OK) mill_error_clear(&ignored);
    mill_file_clear(&lock);
  }
  closedir(d);
  mill_text_clear(&path);
  return s;
}

mill_status mill_folder_sweep(const mill_files *fs, mill_memory *m, const char *path,
                              mill_error *err) {
  return remove_dead(fs, m, path, ".tmp", err);
}

/* Make the name ours; false: a sweep came between, another name is drawn. */
static bool claim(mill_file *f) {
  struct stat st;
  if (flock(f->fd, LOCK_EX | LOCK_NB) != 0)
    return errno != EWOULDBLOCK; /* no locks here: no sweep */
  return fstat(f->fd, &st) == 0 && st.st_nlink > 0;
}

static mill_status draw(mill_text *name, const char *folder, const char *suffix, mill_error *err) {
  char id[MILL_UUID];
  mill_uuid(id);
  MILL_TRY(mill_path_join(name, folder, ".", err));
  return mill_text_printf(name, err, "%s%s", id, suffix);
}

static mill_status temporary_file(const mill_files *fs, mill_memory *m, const char *folder,
                                  mill_text *name, mill_file *out, mill_error *err) {
  MILL_TRY(remove_dead(fs, m, folder, ".tmp", err));
  for (;;) {
    MILL_TRY(draw(name, folder, ".tmp", err));
    MILL_TRY(mill_file_open(fs, m, name->data, MILL_FILE_CREATE, out, err));
    if (claim(out)) return MILL_OK;
    mill_file_clear(out);
    mill_text_reset(name);
  }
}

mill_status mill_file_temporary(const mill_files *fs, mill_memory *m, const char *path,
                                mill_text *name, mill_file *out, mill_error *err) {
  mill_text folder;
  *out = (mill_file){fs, -1, NULL, m};
  mill_text_init(&folder, m);
  mill_status s = parent(&folder, path, err);
  if (s == MILL_OK) s = temporary_file(fs, m, folder.data, name, out, err);
  mill_text_clear(&folder);
  return s;
}

mill_status mill_folder_temporary(const mill_files *fs, mill_memory *m, const char *folder,
                                  mill_text *name, mill_file *lock, mill_error *err) {
  *lock = (mill_file){fs, -1, NULL, m};
  MILL_TRY(remove_dead(fs, m, folder, ".staging", err));
  for (;;) {
    MILL_TRY(draw(name, folder, ".staging", err));
    MILL_TRY(mill_folder_make(fs, name->data, err));
    mill_status s = mill_file_open(fs, m, name->data, MILL_FILE_READ, lock, err);
    if (s == MILL_OK && claim(lock)) return MILL_OK;
    mill_file_clear(lock);
    if (s != MILL_OK) {
      rmdir(name->data);
      return s;
    }
    mill_text_reset(name);
  }
}

mill_status mill_file_replace(const mill_files *fs, mill_memory *m, const char *path, const void *p,
                              size_t n, mill_error *err) {
  mill_text name;
  mill_file f;
  mill_text_init(&name, m);
  mill_status s = mill_file_temporary(fs, m, path, &name, &f, err);
  bool made = s == MILL_OK;
  if (s == MILL_OK) s = mill_file_write(&f, p, n, err);
  if (s == MILL_OK) s = mill_file_sync(&f, err);
  if (s == MILL_OK) s = rename_and_sync(fs, m, name.data, path, err);
  if (made && s != MILL_OK) unlink(name.data);
  mill_file_clear(&f);
  mill_text_clear(&name);
  return s;
}
