/* Tables in snapshots: the schema in the metadata, each column of each chunk a section of its own, so
** that a reader takes the columns it wants.
**
** A table `name` takes the sections "name/<chunk>/<column>", both counted from 0, each one page
** (page_int.h), and "name/zones/<column>" (zone.c). Its description is a JSON object:
**
**     {"name":"rows","pages":4,"schema":{..Spark's schema JSON..},"rows":70000,"chunks":[65536,4464]}
**
** Zones are 8,192 rows of a chunk each. With "pages" 3 no text is packed; with 2, in files of version 2, a zone
** is a chunk. Without, in those of version 1, the columns are as column_int.h draws them, and there are no zones.
**
** A table that rows were appended to is in parts, one after the other, of which each has sections as a table:
**
**     "chunks":[65536,4464,10,10],"parts":[["rows",2,9],["rows.9120",1,1],["rows.9377",1,1]]
**
** with the number of chunks of each and that of the zones in its sections, of which the first are those of the chunks. An append writes a part behind the others, so it costs what its rows cost, and
** a new footer. So that small ones do not gather, once the last FOLD chunks hold no more rows, each, than those
** behind it together, their rows are written once more into the new part: of n appended rows each is written about
** log n / log FOLD times, and few chunks are small. What was written before is dead in the file, which is
** written anew, and replaced in one step, once more than half of it is dead: a constant factor in all.
**
** A file of kind "table" has that as its metadata. Memory: writing holds a few chunks a thread, a scan
** one chunk of the wanted columns a worker. */
#ifndef MILL_SNAPSHOT_TABLE_H
#define MILL_SNAPSHOT_TABLE_H

#include "column/scan.h"
#include "snapshot/container.h"

/* A file that holds one table. */
mill_status mill_table_save(const mill_files *fs, const mill_table *t, const char *path,
                            mill_error *err) MILL_USE_RESULT;
mill_status mill_table_load(const mill_files *fs, mill_memory *m, mill_types *types,
                            const char *path, mill_table **out, mill_error *err) MILL_USE_RESULT;

/* The same by batches, for tables larger than memory: pages are made and packed by all threads of the
** context's pool, with the same bytes at any number of them. Takes all rows, does not free them. */
mill_status mill_table_save_rows(const mill_context *ctx, mill_rows *rows, const char *path,
                                 uint64_t *written, mill_error *err) MILL_USE_RESULT;
/* The rows behind those of the file, which grows in place, all or nothing; files before version 4 are
** written anew. Waits for others who append to it. Here as in a scan of several files names and types
** must agree, or CANNOT_MERGE_SCHEMAS; where they differ in what may be null, all may be. */
mill_status mill_table_append_rows(const mill_context *ctx, mill_rows *rows, const char *path,
                                   uint64_t *written, mill_error *err) MILL_USE_RESULT;
/* One file after the other (at least one), all of one schema. A morsel is a chunk. The files stay open
** for the scan's life, so one that is replaced meanwhile is read as it was. A narrowed scan passes over
** the zones that its tests rule out, and does not read chunks of which none is left. */
mill_status mill_table_scan(const mill_context *ctx, const char *const *paths, size_t npaths,
                            mill_scan **out, mill_error *err) MILL_USE_RESULT;
#endif
