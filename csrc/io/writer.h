/* Writing rows as files of a named format, all or nothing.
**
** Files go to a hidden folder beside their place and are moved in when all are written and
** flushed; then _SUCCESS is made. A failure removes what was written, and what stood there before
** stays, also under overwrite: the old files go after the new ones are in place. */
#ifndef MILL_IO_WRITER_H
#define MILL_IO_WRITER_H

#include "column/context.h"
#include "column/option.h"

typedef enum mill_save_mode {
  MILL_SAVE_ERROR, /* PATH_ALREADY_EXISTS when the folder is there */
  MILL_SAVE_APPEND,
  MILL_SAVE_OVERWRITE,
  MILL_SAVE_IGNORE,
} mill_save_mode;

typedef struct mill_write {
  const char *format, *path;
  mill_options options;
  mill_save_mode mode;
  const char *const *partition_by;
  int npartition_by;
  struct mill_names
      *files; /* of APPEND: gets the names of the new files, below the path, and there is no
                               _SUCCESS; NULL: nobody asks */
  const char *(*conf)(void *arg, const char *key); /* as in mill_read */
  void *conf_arg;
} mill_write;

/* append, overwrite, error, errorifexists, default, ignore in any case; INVALID_SAVE_MODE. */
mill_status mill_save_mode_of(const char *name, mill_save_mode *out,
                              mill_error *err) MILL_USE_RESULT;
/* Takes all rows; frees `rows` in any case. `written` (may be NULL): how many. */
mill_status mill_write_run(const mill_context *ctx, const mill_settings *set, const mill_write *w,
                           mill_rows *rows, uint64_t *written, mill_error *err) MILL_USE_RESULT;

#endif
