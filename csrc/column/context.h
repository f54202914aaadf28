/* What a session lends to every layer: memory, types, threads, files, time, settings.
**
** The session (csrc/plan/session.h) builds one and keeps it for its life. Layers below take it as
** their first argument and never keep state of their own elsewhere. */
#ifndef MILL_COLUMN_CONTEXT_H
#define MILL_COLUMN_CONTEXT_H

#include "column/type.h"

struct mill_pool;
struct mill_files;
struct mill_zones;
struct mill_zone;
struct mill_clock;

/* Bytes of a session's spill files; atomic. */
typedef struct mill_temp {
  uint64_t limit;   /* on disk at once; 0: none */
  uint64_t used;    /* on disk now */
  uint64_t written; /* ever, compressed */
  uint64_t runs;    /* ever */
} mill_temp;

typedef struct mill_context {
  mill_memory *memory;
  mill_types *types;
  struct mill_pool *pool;
  const struct mill_files *files;
  struct mill_zones *zones;
  struct mill_clock *clock;
  const char *temp_folder; /* spill files; NULL: the system's */
  mill_temp *temp;         /* their bytes; NULL: not counted */
  bool force_spill;        /* tests: every blocking operator spills at once */
} mill_context;

/* How texts of dates and times are read that have a pattern: by it, as Spark 2 read them, or by it with an error where
** Spark 2 read another value. */
typedef enum mill_time_policy {
  MILL_TIMES_CORRECTED,
  MILL_TIMES_LEGACY,
  MILL_TIMES_EXCEPTION
} mill_time_policy;

/* Settings that change what an expression means; pinned when a query is analysed. */
typedef struct mill_settings {
  bool ansi;                    /* spark.sql.ansi.enabled */
  bool case_sensitive;          /* spark.sql.caseSensitive */
  const struct mill_zone *zone; /* spark.sql.session.timeZone */
  const char *zone_name;
  int64_t now_micros;          /* current_timestamp of this query */
  uint64_t seed;               /* for rand() without a seed */
  const char *database, *user; /* current_schema(), current_user(): borrowed from the session */
  const char *path;            /* of SET PATH (plan/sql_path.h), borrowed too; NULL: the default */
  bool ntz;                    /* spark.sql.timestampType is TIMESTAMP_NTZ */
  bool bounded;                /* spark.sql.decimalOperations.allowPrecisionLoss is false */
  bool times;                  /* spark.sql.timeType.enabled */
  bool nanos;                  /* spark.sql.timestampNanosTypes.enabled */
  bool paths;                  /* spark.sql.path.enabled */
  bool last_wins;              /* spark.sql.mapKeyDedupPolicy is LAST_WIN */
  uint8_t time_policy;         /* spark.sql.legacy.timeParserPolicy, a mill_time_policy */
  bool *once; /* set by who uses what only this query has; NULL: nobody asks. One thread */
} mill_settings;

/* What is made with these settings is good for this query alone: it hangs on the clock, the seed, files
** as they are now, .. */
static inline void mill_settings_once(const mill_settings *s) {
  if (s->once) *s->once = true;
}
static inline int64_t mill_settings_now(const mill_settings *s) {
  mill_settings_once(s);
  return s->now_micros;
}

/* A pull source of batches: how static inputs, estimators and sinks read rows without knowing who
** makes them. next gives NULL at the end; a batch is valid until the next call. */
struct mill_batch;
typedef struct mill_rows mill_rows;
struct mill_rows {
  const mill_type *schema;
  mill_status (*next)(mill_rows *r, struct mill_batch **out, mill_error *err);
  void (*free)(mill_rows *r);
  bool lasting; /* the values of all batches stay until free: to keep rows, keep the vectors */
};

#endif
