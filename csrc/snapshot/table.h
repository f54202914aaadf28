/* Tables in snapshots: the schema in the metadata, each column of each chunk a section of its own, so
** that a reader takes the columns it wants.
**
** A table `name` takes the sections "name/<chunk>/<column>", both counted from 0; column_int.h draws
** what is in one. Its description is a JSON object:
**
**     {"name":"rows","schema":{..Spark's schema JSON..},"rows":70000,"chunks":[65536,4464]}
**
** A file of kind "table" has that as its metadata. Memory: writing holds one chunk, a scan one chunk
** of the wanted columns a worker. */
#ifndef MILL_SNAPSHOT_TABLE_H
#define MILL_SNAPSHOT_TABLE_H

#include "column/scan.h"
#include "snapshot/container.h"

/* Write the table's sections and append its description, a JSON object, to `meta`. */
mill_status mill_snapshot_add_table(mill_snapshot_writer *w, const char *name, const mill_table *t,
                                    mill_text *meta, mill_error *err) MILL_USE_RESULT;
/* Read it back by that description. */
mill_status mill_snapshot_read_table(const mill_snapshot *s, const mill_json *meta,
                                     mill_types *types, mill_table **out,
                                     mill_error *err) MILL_USE_RESULT;

/* A file that holds one table. */
mill_status mill_table_save(const mill_files *fs, const mill_table *t, const char *path,
                            mill_error *err) MILL_USE_RESULT;
mill_status mill_table_load(const mill_files *fs, mill_memory *m, mill_types *types,
                            const char *path, mill_table **out, mill_error *err) MILL_USE_RESULT;

/* The same a chunk at a time, for tables larger than memory. With `before` (may be NULL) the rows of
** that scan come first. Takes all rows, does not free them. Here as in a scan of several files names
** and types must agree, or CANNOT_MERGE_SCHEMAS; where they differ in what may be null, all may be. */
mill_status mill_table_save_rows(const mill_context *ctx, mill_scan *before, mill_rows *rows,
                                 const char *path, uint64_t *written,
                                 mill_error *err) MILL_USE_RESULT;
/* One file after the other (at least one), all of one schema. A morsel is a chunk. The files stay open for the scan's life, so one
** that is replaced meanwhile is read as it was. */
mill_status mill_table_scan(const mill_context *ctx, const char *const *paths, size_t npaths,
                            mill_scan **out, mill_error *err) MILL_USE_RESULT;
#endif
