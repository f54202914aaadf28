/* The snapshot container: one file of named byte sections and a JSON document about them.
**
**     | "TIDEMILL" | version u32 | flags u32 | end u64 | check u64 | section frames ... | footer frame | trailer |
**
**     version   4; before 4 there is neither end nor check, and the file ends with its trailer; before 3
**               blocks are frames alone, and of 1 are those whose tables are drawn in column_int.h
**     end       where the trailer in force ends; check: XXH64 of the 24 bytes before it
**     section   blocks of up to 4 MiB of content each: the content as it is where stored and content bytes
**               are as many, else a zstd frame of it
**     footer    a zstd frame of JSON: kind, meta, and for each section its name, size and blocks
**               [offset, stored bytes, content bytes, XXH64 of the stored bytes]
**     trailer   footer offset u64, stored u64, content u64, XXH64 of the header's first 16 bytes, footer and
**               these three, "TIDEMILL"
**
** Numbers are little-endian. Blocks follow each other without overlap between header and footer, in versions
** before 4 and in files that were written at once without holes; every byte that is read is under a checksum.
** Opening checks header, trailer, footer and where its blocks lie, before anything of their size is allocated.
**
** A new file is written under a temporary name, flushed and renamed; a writer that is freed without close
** leaves nothing. A file of version 4 also grows in place:
**
**     | header | blocks | footer | trailer | new blocks | new footer | new trailer |
**            end ----------------------------^  becomes  ------------------------------^
**
** What is new is written behind the end in force and flushed; then the 16 bytes of end and check, which lie in
** one sector, are written and flushed: that commits. Until then the file is what it was, whatever happens, and
** what stands behind its end counts for nothing; the next writer cuts it off. Readers need no lock: nothing
** before the end in force is ever changed but these 16 bytes, and a reader that meets them half written reads
** them again. Sections that the new footer does not list, as the former footer, are dead until the file is
** written anew. Writers hold the file's lock (flock); a file that replaces it needs none, as rows that were
** appended to the one before are replaced with it.
**
** Errors: CORRUPT_FILE (empty, truncated, damaged, not a snapshot), UNSUPPORTED_SNAPSHOT_VERSION
** (written by a later release). Nothing in a snapshot is ever run. */
#ifndef MILL_SNAPSHOT_CONTAINER_H
#define MILL_SNAPSHOT_CONTAINER_H

#include "base/file.h"
#include "base/json.h"
#include "base/packer.h"

enum { MILL_SNAPSHOT_VERSION = 4, MILL_SNAPSHOT_BLOCK = 4 << 20 };

typedef struct mill_snapshot mill_snapshot;
typedef struct mill_snapshot_writer mill_snapshot_writer;
/* `kind` says what it holds: "table", "model", "pipeline", "state". */
mill_status mill_snapshot_create(const mill_files *fs, mill_memory *m, const char *path,
                                 const char *kind, mill_snapshot_writer **out,
                                 mill_error *err) MILL_USE_RESULT;
/* To grow `path` in place, which has to be of version 4: *from is what it holds, and the writer begins without
** sections. Takes the file, which mill_file_edit gave, on failure too. */
mill_status mill_snapshot_extend(mill_file *file, const mill_snapshot *from,
                                 mill_snapshot_writer **out, mill_error *err) MILL_USE_RESULT;
/* Section i of `from` stays where it is. In the order of the file, before any other section. */
mill_status mill_snapshot_keep(mill_snapshot_writer *w, const mill_snapshot *from, size_t i,
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

/* `meta` is a JSON value as text (NULL: {}). Publishes the file, replacing what is there, or commits what it
** grew by; frees w, on failure too. */
mill_status mill_snapshot_close(mill_snapshot_writer *w, const char *meta, size_t n,
                                mill_error *err) MILL_USE_RESULT;
void mill_snapshot_writer_free(mill_snapshot_writer *w); /* gives up; NULL allowed */

mill_status mill_snapshot_open(const mill_files *fs, mill_memory *m, const char *path,
                               mill_snapshot **out, mill_error *err) MILL_USE_RESULT;
void mill_snapshot_free(mill_snapshot *s); /* NULL allowed */
const char *mill_snapshot_path(const mill_snapshot *s);
const char *mill_snapshot_kind(const mill_snapshot *s);
const mill_json *mill_snapshot_meta(const mill_snapshot *s);
uint32_t mill_snapshot_version(const mill_snapshot *s);
/* Is it open on the file that `f` is open on? */
bool mill_snapshot_is_of(const mill_snapshot *s, const mill_file *f);
/* Bytes of the file, and of them in blocks that the footer lists. */
uint64_t mill_snapshot_bytes(const mill_snapshot *s);
uint64_t mill_snapshot_live(const mill_snapshot *s);
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
