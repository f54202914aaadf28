/* What the fuzz targets of SQL share: a session that touches no file but its own for spilled rows, and
** whose work ends after a number of polls, so that the same bytes always come to the same end. */
#ifndef MILL_SPEC_FUZZ_SESSION_H
#define MILL_SPEC_FUZZ_SESSION_H

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/thread.h"
#include "sql/parse.h"

#define FUZZ_TEMP "/tmp"

enum { FUZZ_SESSION_MEMORY = 48 << 20, FUZZ_POLLS = 3000 };

static long fuzz_polls;

static inline mill_status fuzz_poll(void *arg, double done, uint64_t rows, mill_error *err) {
  (void)arg, (void)done, (void)rows;
  if (++fuzz_polls < FUZZ_POLLS) return MILL_OK;
  return mill_fail(err, MILL_E_OPERATION_CANCELED, "operationId", "the fuzzer", NULL);
}

static inline int fuzz_refuse(void *arg, mill_file_call call, const char *path) {
  static const char spill[] = FUZZ_TEMP "/tidemill-";
  (void)arg, (void)call;
  return strncmp(path, spill, sizeof spill - 1) == 0 && !strchr(path + sizeof spill - 1, '/')
             ? 0
             : EACCES;
}

static inline mill_session *fuzz_session(void) {
  mill_session *s = NULL;
  mill_error err;
  const mill_session_options o = {.threads = 1, .memory = FUZZ_SESSION_MEMORY, .temp = FUZZ_TEMP};
  mill_error_clear(&err);
  if (mill_session_new(&o, &s, &err) != MILL_OK) abort();
  mill_files *files = (mill_files *)(uintptr_t)mill_session_context(s)->files;
  files->before = fuzz_refuse;
  mill_session_parser(s, mill_sql_expr, mill_sql_parse);
  mill_session_progress(s, fuzz_poll, NULL);
  mill_watch_every(0);
  fuzz_polls = 0;
  return s;
}

/* One statement from its text to its rows. */
static inline mill_status fuzz_statement(mill_session *s, const char *text, size_t n,
                                         mill_error *err) {
  mill_plan *p = NULL;
  mill_table *t = NULL;
  mill_status status = mill_plan_new(s, &p, err);
  if (status == MILL_OK) status = mill_sql_parse(p, text, n, err);
  if (status == MILL_OK) status = mill_plan_analyse(p, NULL, err);
  if (status == MILL_OK) status = mill_plan_collect(p, &t, err);
  mill_table_unref(t);
  mill_plan_unref(p);
  return status;
}

#endif
