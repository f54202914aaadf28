/* Formats by name, whichever folder knows them: the files of csrc/io, and snapshots, which csrc/io
** may not know. Who reads or writes rows by the name of a format asks here. */
#ifndef MILL_PLAN_FORMAT_H
#define MILL_PLAN_FORMAT_H

#include "io/reader.h"
#include "io/writer.h"
#include "plan/session.h"

bool mill_format_readable(const char *format);
/* As mill_read_open and mill_write_run, for any format. The whole write is watched for the session: it ends
** soon after it is interrupted, and nothing is in its place. */
mill_status mill_format_open(const mill_context *ctx, const mill_settings *set, const mill_read *r,
                             mill_scan **out, mill_error *err) MILL_USE_RESULT;
mill_status mill_format_write(mill_session *session, const mill_settings *set, const mill_write *w,
                              mill_rows *rows, uint64_t *written, mill_error *err) MILL_USE_RESULT;

#endif
