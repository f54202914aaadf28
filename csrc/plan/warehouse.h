/* The warehouse of a session: the catalogue behind spark.sql.warehouse.dir, the database in use, and the
** tables that CACHE TABLE keeps.
**
** The catalogue is opened when a statement first needs it. What is cached holds for the version of the
** catalogue that it was read at: a later one is read anew. */
#ifndef MILL_PLAN_WAREHOUSE_H
#define MILL_PLAN_WAREHOUSE_H

#include "catalog/catalog.h"
#include "plan/session.h"

typedef struct mill_cached_table {
  char *key;       /* "database.table", or the name of a view */
  mill_plan *plan; /* a CACHE node */
  uint64_t version;
} mill_cached_table;

typedef struct mill_warehouse {
  mill_memory *memory;
  mill_catalog *catalog; /* NULL: not opened */
  char *database;        /* in use; NULL: default */
  char *path;            /* of SET PATH (sql_path.h); NULL: never said */
  char *preset_path;     /* of spark.sql.defaultPath; NULL: none */
  mill_cached_table *cached;
  size_t ncached, capacity;
} mill_warehouse;

void mill_warehouse_close(mill_warehouse *h); /* what is cached; plans may still read tables */
void mill_warehouse_clear(mill_warehouse *h);
mill_status mill_warehouse_open(mill_warehouse *h, mill_session *s,
                                mill_error *err) MILL_USE_RESULT;
/* A transaction of the catalogue, waiting for others that write; then commit or abandon it. */
mill_status mill_warehouse_begin(mill_warehouse *h, mill_session *s,
                                 mill_error *err) MILL_USE_RESULT;
mill_status mill_warehouse_commit(mill_warehouse *h, mill_session *s, bool wrote,
                                  mill_error *err) MILL_USE_RESULT; /* wrote: files, with a note */
void mill_warehouse_abandon(mill_warehouse *h, mill_session *s, bool wrote);
mill_status mill_warehouse_use(mill_warehouse *h, const char *database,
                               mill_error *err) MILL_USE_RESULT;
mill_status mill_warehouse_path(mill_warehouse *h, const char *path,
                                mill_error *err) MILL_USE_RESULT;
/* What is cached by the key, NULL: nothing. */
mill_cached_table *mill_warehouse_cached(const mill_warehouse *h, const char *key);
/* Keep `plan` by the key, in the place of what was; or drop it. */
mill_status mill_warehouse_cache(mill_warehouse *h, const char *key, mill_plan *plan,
                                 uint64_t version, mill_error *err) MILL_USE_RESULT;
bool mill_warehouse_uncache(mill_warehouse *h, const char *key);

#endif
