/* Tables in snapshots: a schema in the metadata, columns as sections, chunk by chunk.
**
** A table `name` takes the sections "name/0", "name/1", .. one a chunk. A chunk's section holds for
** each column, depth first: the count of values, whether there are nulls, the validity words, the
** values little-endian (strings as lengths, then bytes) and the children of nested types. */
#ifndef MILL_SNAPSHOT_TABLE_H
#define MILL_SNAPSHOT_TABLE_H

#include "column/chunk.h"
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

#endif
