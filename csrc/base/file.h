/* Files: every system call on files goes through a `mill_files`, so that tests can make any of them
** fail.
**
** Writing never leaves a half file: mill_file_replace writes a temporary name in the same folder,
** flushes it, renames it over the old one and flushes the folder. Errors carry the path and the
** system's reason. */
#ifndef MILL_BASE_FILE_H
#define MILL_BASE_FILE_H

#include "base/text.h"

typedef enum mill_file_call {
  MILL_CALL_OPEN,
  MILL_CALL_READ,
  MILL_CALL_WRITE,
  MILL_CALL_SYNC,
  MILL_CALL_RENAME,
  MILL_CALL_REMOVE,
  MILL_CALL_MKDIR,
  MILL_CALL_LIST,
} mill_file_call;

/* before(): asked ahead of each call; 0 lets it pass, else an errno that the call fails with. NULL:
** the system's files. */
typedef struct mill_files {
  int (*before)(void *arg, mill_file_call call, const char *path);
  void *arg;
} mill_files;

typedef struct mill_file {
  const mill_files *files;
  int fd; /* -1: closed */
  char *path;
  mill_memory *memory;
} mill_file;

typedef enum mill_file_mode {
  MILL_FILE_READ,
  MILL_FILE_CREATE,
  MILL_FILE_APPEND,
  MILL_FILE_EDIT, /* to read and write what is there */
} mill_file_mode;

/* CREATE fails with PATH_ALREADY_EXISTS when the file is there; APPEND makes it when it is not. */
mill_status mill_file_open(const mill_files *fs, mill_memory *m, const char *path,
                           mill_file_mode mode, mill_file *out, mill_error *err) MILL_USE_RESULT;
/* Fewer than n only at the end of the file. */
mill_status mill_file_read(mill_file *f, void *p, size_t n, size_t *got,
                           mill_error *err) MILL_USE_RESULT;
mill_status mill_file_read_at(mill_file *f, uint64_t at, void *p, size_t n, size_t *got,
                              mill_error *err) MILL_USE_RESULT;
mill_status mill_file_write(mill_file *f, const void *p, size_t n, mill_error *err) MILL_USE_RESULT;
mill_status mill_file_write_at(mill_file *f, uint64_t at, const void *p, size_t n,
                               mill_error *err) MILL_USE_RESULT;
mill_status mill_file_size(const mill_file *f, uint64_t *out, mill_error *err) MILL_USE_RESULT;
mill_status mill_file_sync(mill_file *f, mill_error *err) MILL_USE_RESULT;
/* Cut the file off behind its first n bytes. */
mill_status mill_file_truncate(mill_file *f, uint64_t n, mill_error *err) MILL_USE_RESULT;
/* Are both of one and the same file? */
bool mill_file_same(const mill_file *a, const mill_file *b);
/* `n` more bytes were written to a file that will be flushed: every MILL_FILE_PUSH of them (counted in
** *since) the system is told to begin, so that the disk works while the rest is made. Never fails. */
enum { MILL_FILE_PUSH = 4 << 20 };
void mill_file_push(mill_file *f, size_t n, size_t *since);
/* A file to write and read, of mode 0600, whose name in `folder` is gone when this returns: its
** bytes are freed when it is cleared or the process ends, however that comes. */
mill_status mill_file_scratch(const mill_files *fs, mill_memory *m, const char *folder,
                              mill_file *out, mill_error *err) MILL_USE_RESULT;
void mill_file_clear(mill_file *f); /* closes; harmless twice and on a zeroed file with fd -1 */

typedef struct mill_file_info {
  bool exists, folder;
  uint64_t size, inode;
  int64_t mtime_millis;
} mill_file_info;
mill_status mill_file_stat(const mill_files *fs, const char *path, mill_file_info *out,
                           mill_error *err) MILL_USE_RESULT;
/* Of an open file. As long as it is open, no other file gets its inode, though its name be gone. */
mill_status mill_file_examine(const mill_file *f, mill_file_info *out,
                              mill_error *err) MILL_USE_RESULT;

/* Append the whole file to `out`; INVALID sizes above `limit` are refused (0: none). */
mill_status mill_file_load(const mill_files *fs, mill_memory *m, const char *path, size_t limit,
                           mill_text *out, mill_error *err) MILL_USE_RESULT;
mill_status mill_file_replace(const mill_files *fs, mill_memory *m, const char *path, const void *p,
                              size_t n, mill_error *err) MILL_USE_RESULT;
/* Flush `from`, rename it to `to`, flush the folder. */
mill_status mill_file_publish(const mill_files *fs, mill_memory *m, const char *from,
                              const char *to, mill_error *err) MILL_USE_RESULT;
mill_status mill_file_remove(const mill_files *fs, const char *path,
                             mill_error *err) MILL_USE_RESULT; /* not there: fine */
/* One more name for a file that was flushed, and flush the folder; there already: fine. */
mill_status mill_file_link(const mill_files *fs, mill_memory *m, const char *from, const char *to,
                           mill_error *err) MILL_USE_RESULT;

mill_status mill_folder_make(const mill_files *fs, const char *path,
                             mill_error *err) MILL_USE_RESULT; /* with its parents */
mill_status mill_folder_sync(const mill_files *fs, const char *path,
                             mill_error *err) MILL_USE_RESULT;
mill_status mill_folder_remove(const mill_files *fs, const char *path, mill_error *err)
    MILL_USE_RESULT; /* with all below; not there: fine */

/* Rename folder `from` to `to`, which must not be there, and flush the folders above. */
mill_status mill_folder_move(const mill_files *fs, mill_memory *m, const char *from, const char *to,
                             mill_error *err) MILL_USE_RESULT;
/* Exchange two folders in one step, as far as the file system can (else `b` is missing for the
** moment between two renames), and flush the folders above. */
mill_status mill_folder_swap(const mill_files *fs, mill_memory *m, const char *a, const char *b,
                             mill_error *err) MILL_USE_RESULT;

/* Names in a folder, sorted by bytes; "." and ".." left out. */
typedef struct mill_names {
  mill_arena arena;
  char **name;
  size_t n, capacity;
} mill_names;
void mill_names_init(mill_names *l, mill_memory *m);
void mill_names_clear(mill_names *l);
mill_status mill_names_add(mill_names *l, const char *name, mill_error *err) MILL_USE_RESULT;
void mill_names_sort(mill_names *l);
mill_status mill_folder_list(const mill_files *fs, const char *path, mill_names *out,
                             mill_error *err) MILL_USE_RESULT;

/* An advisory lock on a file, held until cleared or the process ends.
** CONCURRENT_STREAM_LOG_UPDATE-like errors are the caller's: *held tells that another one has it.
** */
mill_status mill_file_lock(const mill_files *fs, mill_memory *m, const char *path, mill_file *out,
                           bool *held, mill_error *err) MILL_USE_RESULT;
/* The same, held together with others that share it: the exclusive one waits for all of them. */
mill_status mill_file_lock_shared(const mill_files *fs, mill_memory *m, const char *path,
                                  mill_file *out, bool *held, mill_error *err) MILL_USE_RESULT;

/* To write into the file that stands at `path` now, alone of all who ask so, until it is cleared; what
** replaces the file does not ask. *held: another one has it, and nothing is open. */
mill_status mill_file_edit(const mill_files *fs, mill_memory *m, const char *path, mill_file *out,
                           bool *held, mill_error *err) MILL_USE_RESULT;

/* Temporary names are hidden, drawn at random, and locked while their owner lives: what a dead
** process left is known by its free lock, and goes when the next one is made beside it.
**
** A new file for mill_file_publish to put in the place of `path`; `name` is set to its name. */
mill_status mill_file_temporary(const mill_files *fs, mill_memory *m, const char *path,
                                mill_text *name, mill_file *out, mill_error *err) MILL_USE_RESULT;
/* A new folder in `folder`, which must be there; clear `lock` when it has been moved or removed. */
mill_status mill_folder_temporary(const mill_files *fs, mill_memory *m, const char *folder,
                                  mill_text *name, mill_file *lock,
                                  mill_error *err) MILL_USE_RESULT;
/* Remove the temporary files of dead processes from a folder. */
mill_status mill_folder_sweep(const mill_files *fs, mill_memory *m, const char *path,
                              mill_error *err) MILL_USE_RESULT;

/* Append "a/b" with one slash. */
mill_status mill_path_join(mill_text *out, const char *a, const char *b,
                           mill_error *err) MILL_USE_RESULT;

#endif
