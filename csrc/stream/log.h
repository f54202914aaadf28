/* The log of a checkpoint folder: the durable records of a query, one flush each.
**
**     folder/metadata            {"id":"<uuid>"}
**     folder/lock                held while the query runs
**     folder/log/<epoch>.log     a segment: 32-byte header, a BASE frame, further frames
**
**     header  "MILLSTRM" | version u32 | epoch u32 | hash of the query id u64 | XXH64 of these
**     frame   magic u32 | kind u32 | number u64 | batch u64 | size u64 | payload | XXH64 of all,
**             seeded with the epoch
**
** BASE holds everything (offsets, watermarks, all stores); the frames behind it hold the changes of
** one batch each. A segment is written whole under a temporary name, flushed and renamed, so the
** one with the highest epoch is complete; every start makes a new one, and so does a query whose
** changes have outgrown the base. The segment before is kept, older ones go.
**
** Reading: a bad frame with a good one behind it is corruption and refused; a bad frame at the end
** is a write that was torn and is cut off. An append that fails closes the log for good. Without a
** folder nothing is written. */
#ifndef MILL_STREAM_LOG_H
#define MILL_STREAM_LOG_H

#include "base/file.h"
#include "base/uuid.h"

typedef enum mill_record {
  MILL_RECORD_BASE = 1,
  MILL_RECORD_INTENT,
  MILL_RECORD_COMMIT
} mill_record;
enum { MILL_QUERY_ID = MILL_UUID };

typedef struct mill_log {
  const mill_files *files;
  mill_memory *memory;
  mill_text folder, path; /* path of the segment being written */
  char id[MILL_QUERY_ID];
  mill_file lock, file;
  uint32_t epoch;
  uint64_t number, base, written; /* frames; bytes of the base and behind it */
  bool broken, cut;               /* cut: a torn record was dropped at the start */
} mill_log;

/* Take the folder (NULL: none) and read what it holds: `see` gets each record in order. */
typedef mill_status (*mill_log_see)(void *arg, mill_record kind, int64_t batch, const char *p,
                                    size_t n, mill_error *err);
mill_status mill_log_open(mill_log *l, const mill_files *fs, mill_memory *m, const char *folder,
                          mill_log_see see, void *arg, mill_error *err) MILL_USE_RESULT;
void mill_log_clear(mill_log *l);

/* Begin a new segment with this base; appends go there. */
mill_status mill_log_begin(mill_log *l, int64_t batch, const mill_text *base,
                           mill_error *err) MILL_USE_RESULT;
/* Durable when it returns MILL_OK. */
mill_status mill_log_append(mill_log *l, mill_record kind, int64_t batch, const mill_text *payload,
                            mill_error *err) MILL_USE_RESULT;
/* Have the changes outgrown the base? Then the caller begins a new segment. */
bool mill_log_grown(const mill_log *l);

#endif
