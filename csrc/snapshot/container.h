/* The snapshot container: one file of named byte sections and a JSON document about them.
**
**     | "TIDEMILL" | version u32 | flags u32 | section frames ... | footer frame | trailer |
**
**     version   3; files before 3 have frames alone, and of 1 are those whose tables are drawn in
**               column_int.h
**     section   blocks of up to 4 MiB of content each, one after the other: the content as it is where
**               stored and content bytes are as many, else a zstd frame of it
**     footer    a zstd frame of JSON: kind, meta, and for each section its name, size and blocks
**               [offset, stored bytes, content bytes, XXH64 of the stored bytes]
**     trailer   footer offset u64, stored u64, content u64, XXH64 of header, footer and these three,
**               "TIDEMILL"
**
** Numbers are little-endian. Blocks stand one after the other without holes from the header to the
** footer, so every byte of the file is under a checksum. Opening checks the trailer, the footer and
** that its blocks tile the file, before anything of their size is allocated. Writing goes to a
** temporary name, is flushed and renamed; a writer that is freed without close leaves nothing.
**
** Errors: CORRUPT_FILE (empty, truncated, damaged, not a snapshot), UNSUPPORTED_SNAPSHOT_VERSION
** (written by a later release). Nothing in a snapshot is ever run. */
#ifndef MILL_SNAPSHOT_CONTAINER_H
#define MILL_SNAPSHOT_CONTAINER_H

#include "base/file.h"
#include "base/json.h"
#include "base/packer.h"

enum { MILL_SNAPSHOT_VERSION = 3, MILL_SNAPSHOT_BLOCK = 4 << 20 };

typedef struct mill_snapshot_writer mill_snapshot_writer;
/* `kind` says what it holds: "table", "model", "pipeline", "state". */
mill_status mill_snapshot_create(const mill_files *fs, mill_memory *m, const char *path,
                                 const char *kind, mill_snapshot_writer **out,
                                 mill_error *err) MILL_USE_RESULT;
/* Begin section `name` (unique, not empty); the one before ends. */
mill_status mill_snapshot_section(mill_snapshot_writer *w, const char *name,
                                  mill_error *err) MILL_USE_RESULT;
mill_status mill_snapshot_add(mill_snapshot_writer *w, const void *p, size_t n,
                              mill_error *err) MILL_USE_RESULT;

/* A section packed ahead, on any thread: its blocks, and what the footer says of each. */
typedef struct mill_snapshot_packed {
  mill_text blocks, entries;
} mill_snapshot_packed;
void mill_snapshot_packed_init(mill_snapshot_packed *p, mill_memory *m);
void mill_snapshot_packed_clear(mill_snapshot_packed *p);
/* Pack n bytes where a sample of them gets smaller by a quarter; `z` packs with MILL_PACK_ZSTD. */
mill_status mill_snapshot_pack(mill_packer *z, const void *p, size_t n, mill_snapshot_packed *out,
                               mill_error *err) MILL_USE_RESULT;
/* The section `name` from what was packed or fetched. */
mill_status mill_snapshot_put(mill_snapshot_writer *w, const char *name,
                              const mill_snapshot_packed *p, mill_error *err) MILL_USE_RESULT;

/* `meta` is a JSON value as text (NULL: {}). Publishes the file, replacing what is there; frees w,
** on failure too. */
mill_status mill_snapshot_close(mill_snapshot_writer *w, const char *meta, size_t n,
                                mill_error *err) MILL_USE_RESULT;
void mill_snapshot_writer_free(mill_snapshot_writer *w); /* gives up; NULL allowed */

typedef struct mill_snapshot mill_snapshot;
mill_status mill_snapshot_open(const mill_files *fs, mill_memory *m, const char *path,
                               mill_snapshot **out, mill_error *err) MILL_USE_RESULT;
void mill_snapshot_free(mill_snapshot *s); /* NULL allowed */
const char *mill_snapshot_path(const mill_snapshot *s);
const char *mill_snapshot_kind(const mill_snapshot *s);
const mill_json *mill_snapshot_meta(const mill_snapshot *s);
/* Sections in file order; size is that of the content. */
size_t mill_snapshot_sections(const mill_snapshot *s);
const char *mill_snapshot_name(const mill_snapshot *s, size_t i);
bool mill_snapshot_find(const mill_snapshot *s, const char *name, size_t *i);
uint64_t mill_snapshot_size(const mill_snapshot *s, size_t i);
/* Append the content of a section, verified. */
mill_status mill_snapshot_read(const mill_snapshot *s, size_t i, mill_text *out,
                               mill_error *err) MILL_USE_RESULT;
/* The same into memory of its size; `stored` is scratch. */
mill_status mill_snapshot_read_into(const mill_snapshot *s, size_t i, void *out, mill_text *stored,
                                    mill_error *err) MILL_USE_RESULT;
/* A section as it is stored, verified, for mill_snapshot_put. */
mill_status mill_snapshot_fetch(const mill_snapshot *s, size_t i, mill_snapshot_packed *out,
                                mill_error *err) MILL_USE_RESULT;
/* CORRUPT_FILE for this snapshot: content that its reader cannot accept. */
mill_status mill_snapshot_damaged(const mill_snapshot *s, mill_error *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4), cold)) MILL_USE_RESULT;

#endif
