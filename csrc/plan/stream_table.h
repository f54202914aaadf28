/* Tables of the catalogue as sources and sinks of streams. */
#ifndef MILL_PLAN_STREAM_TABLE_H
#define MILL_PLAN_STREAM_TABLE_H

#include "plan/session.h"
#include "stream/sink.h"

/* Adds the rows of each batch to a table, exactly once: the files and the batch's number are committed
** together. The files of an external table are put into its folder as the file sink does. */
mill_status mill_stream_table_sink(mill_session *s, const char *database, const char *name,
                                   mill_stream_sink **out, mill_error *err) MILL_USE_RESULT;

#endif
