/* The catalogue of a warehouse: databases, tables, views, functions, and which files a table has.
**
**     warehouse/_catalog/catalog.log   the ledger (ledger.h) ..
**     d/<database>                     .. a database
**     t/<database>/<name>              a table or view
**     f/<database>/<name>              a function: its text; behind a zero byte the path it was made with
**     p/<database>/<table>/<partition> a partition, "y=2024/r=n" as its folder is called; "" for all of a
**                                      table without partition columns
**     s/<table id>/<query id>          the last batch that a streaming query has added to the table
**     x/<path>                         a file that no table has any more
**
** A managed table consists of the files that its partitions list, so that a statement that writes takes
** effect as a whole, with its commit: files that are not listed do not exist. The files of an external
** table are those in its folder.
**
** Files that a commit drops are removed when nobody can be reading them: who plans to read pins the
** catalogue (a shared lock on _catalog/readers, in whatever process), and mill_catalog_sweep removes files
** only while nobody does.
**
** Names are as they are stored: the caller folds their case. Records are decoded into the caller's
** arena. A transaction is the ledger's: begin, changes, commit. */
#ifndef MILL_CATALOG_CATALOG_H
#define MILL_CATALOG_CATALOG_H

#include "catalog/ledger.h"
#include "column/option.h"
#include "column/type.h"

typedef struct mill_catalog mill_catalog;

typedef struct mill_word_list {
  const char *const *at;
  int n;
} mill_word_list;

typedef struct mill_catalog_database {
  const char *name, *comment, *location;
  mill_options properties;
} mill_catalog_database;

typedef enum mill_table_kind {
  MILL_TABLE_MANAGED,
  MILL_TABLE_EXTERNAL,
  MILL_TABLE_VIEW
} mill_table_kind;

typedef struct mill_catalog_table {
  const char *database, *name, *id; /* id: of this table, whatever its name */
  mill_table_kind kind;
  const char *provider, *location, *comment; /* NULL: none */
  const char *collation;                     /* of new text columns; NULL: none said */
  const mill_type *schema;                   /* partition columns last */
  mill_word_list partitions, buckets, sorts, clusters;
  int nbuckets;
  int generation; /* counts columns added with a DEFAULT: files know at which they were written */
  mill_options options, properties;
  int64_t created_millis, rows, bytes; /* rows, bytes: of ANALYZE; -1: not known */
  const char *statistics;              /* of columns, JSON object by name; NULL: none */
  /* of a view */
  const char *text, *text_database, *text_path, *schema_mode; /* text_path: of SET PATH */
  mill_word_list text_columns;                                /* as its query calls them */
  mill_options text_settings;
} mill_catalog_table;

typedef struct mill_catalog_function {
  const char *database, *name, *definition; /* the CREATE FUNCTION statement */
  const char *path;                         /* of SET PATH when it was made; NULL: none */
} mill_catalog_function;

typedef struct mill_catalog_file {
  const char *name; /* below the folder of the table */
  uint64_t size;
  int generation; /* of the table when it was written */
} mill_catalog_file;

typedef struct mill_catalog_partition {
  const char *path;     /* "y=2024/r=n", or "" */
  const char *location; /* NULL: in the table's folder */
  mill_catalog_file *file;
  size_t nfiles;
} mill_catalog_partition;

/* `warehouse` need not exist: the first commit makes it. */
mill_status mill_catalog_open(const mill_files *fs, mill_memory *m, mill_types *types,
                              const char *warehouse, mill_catalog **out,
                              mill_error *err) MILL_USE_RESULT;
void mill_catalog_free(mill_catalog *c); /* NULL allowed */
mill_ledger *mill_catalog_ledger(mill_catalog *c);
const char *mill_catalog_warehouse(const mill_catalog *c);

/* *out NULL: there is none. The database `default` always is. */
mill_status mill_catalog_database_get(mill_catalog *c, const char *name, mill_arena *a,
                                      const mill_catalog_database **out,
                                      mill_error *err) MILL_USE_RESULT;
mill_status mill_catalog_table_get(mill_catalog *c, const char *database, const char *name,
                                   mill_arena *a, const mill_catalog_table **out,
                                   mill_error *err) MILL_USE_RESULT;
mill_status mill_catalog_function_get(mill_catalog *c, const char *database, const char *name,
                                      mill_arena *a, const mill_catalog_function **out,
                                      mill_error *err) MILL_USE_RESULT;
/* Names in order: of databases ('d', database ignored), tables and views ('t'), functions ('f'). */
mill_status mill_catalog_names(mill_catalog *c, char what, const char *database, mill_arena *a,
                               mill_word_list *out, mill_error *err) MILL_USE_RESULT;
/* The partitions whose path begins with `below`, which is "" or ends a level ("y=2024"), by path. */
mill_status mill_catalog_partitions(mill_catalog *c, const mill_catalog_table *t, const char *below,
                                    mill_arena *a, mill_catalog_partition **out, size_t *n,
                                    mill_error *err) MILL_USE_RESULT;

/* Changes, within a transaction of the ledger. */
mill_status mill_catalog_database_put(mill_catalog *c, const mill_catalog_database *d,
                                      mill_error *err) MILL_USE_RESULT;
mill_status mill_catalog_database_drop(mill_catalog *c, const char *name,
                                       mill_error *err) MILL_USE_RESULT;
mill_status mill_catalog_table_put(mill_catalog *c, const mill_catalog_table *t,
                                   mill_error *err) MILL_USE_RESULT;
/* With its partitions. Of a managed one all is dropped that lies in its folder, listed or not: what streams have
** staged, what a batch has moved there that was not committed. */
mill_status mill_catalog_table_drop(mill_catalog *c, const mill_catalog_table *t,
                                    mill_error *err) MILL_USE_RESULT;
/* The record under the new name, its partitions with it; the files stay where they are. */
mill_status mill_catalog_table_rename(mill_catalog *c, const mill_catalog_table *t,
                                      const char *database, const char *name,
                                      mill_error *err) MILL_USE_RESULT;
mill_status mill_catalog_function_put(mill_catalog *c, const mill_catalog_function *f,
                                      mill_error *err) MILL_USE_RESULT;
mill_status mill_catalog_function_drop(mill_catalog *c, const char *database, const char *name,
                                       mill_error *err) MILL_USE_RESULT;
/* A partition without files; its own place, or NULL. */
mill_status mill_catalog_partition_put(mill_catalog *c, const mill_catalog_table *t,
                                       const char *path, const char *location,
                                       mill_error *err) MILL_USE_RESULT;
/* Its files are dropped; `keep`: the partition stays, empty. */
mill_status mill_catalog_partition_drop(mill_catalog *c, const mill_catalog_table *t,
                                        const mill_catalog_partition *p, bool keep,
                                        mill_error *err) MILL_USE_RESULT;
/* One more file, below the folder of the table, in the partition. */
mill_status mill_catalog_file_add(mill_catalog *c, const mill_catalog_table *t, const char *path,
                                  const char *file, uint64_t size, mill_error *err) MILL_USE_RESULT;
/* The partition has the files of `p` alone; those that it has no more are the caller's to drop. */
mill_status mill_catalog_files_put(mill_catalog *c, const mill_catalog_table *t,
                                   const mill_catalog_partition *p,
                                   mill_error *err) MILL_USE_RESULT;
mill_status mill_catalog_file_drop(mill_catalog *c, const mill_catalog_table *t, const char *file,
                                   mill_error *err) MILL_USE_RESULT;

/* recover.c: files are about to be written to the folder; they are committed (`wrote`: with such a note);
** what one who failed or died on the way left there goes. Under the lock. */
mill_status mill_catalog_note(mill_catalog *c, const mill_files *fs, mill_memory *m,
                              const char *location, mill_error *err) MILL_USE_RESULT;
mill_status mill_catalog_commit(mill_catalog *c, const mill_files *fs, mill_memory *m, bool wrote,
                                mill_error *err) MILL_USE_RESULT;
mill_status mill_catalog_recover(mill_catalog *c, const mill_files *fs, mill_memory *m,
                                 mill_error *err) MILL_USE_RESULT;

/* The last batch of a streaming query that the table holds; -1: none. It is told by the id of the table, and
** goes with it. */
mill_status mill_catalog_stream_get(mill_catalog *c, const mill_catalog_table *t, const char *query,
                                    int64_t *batch, mill_error *err) MILL_USE_RESULT;
mill_status mill_catalog_stream_put(mill_catalog *c, const mill_catalog_table *t, const char *query,
                                    int64_t batch, mill_error *err) MILL_USE_RESULT;

/* Nothing that is listed now is removed until every pin is gone. */
mill_status mill_catalog_pin(mill_catalog *c, mill_error *err) MILL_USE_RESULT;
void mill_catalog_unpin(mill_catalog *c);
/* Remove files that were dropped, when nobody has a pin. Fails silently: the next one tries again. */
void mill_catalog_sweep(mill_catalog *c);
/* Is the file one that waits for that? */
mill_status mill_catalog_dropped(const mill_catalog *c, const char *path, bool *out,
                                 mill_error *err) MILL_USE_RESULT;

#endif
