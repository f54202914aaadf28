/* A durable map from keys to texts with transactions: what a catalogue is kept in.
**
**     folder/catalog.log     the map: a header, a frame with everything, a frame a commit
**     folder/lock            held by the one who writes
**
**     header  "MILLCATA" | version u32 | 0 u32 | epoch u64 | XXH64 of these
**     frame   magic u32 | 0 u32 | number u64 | size u64 | changes | XXH64 of all, seeded with the epoch
**     change  what u8 (put, append, remove) | key size u32 | value size u64 | key | value
**
** One writes at a time: begin waits for the lock. A commit is one frame, flushed before it counts; a
** frame that was torn is cut off by the next who writes, one that is broken with a good one behind it
** is CORRUPT_FILE. When the changes have outgrown the map, the file is written anew under a temporary
** name and renamed, with another epoch. Those who read hold no lock and never wait: refresh takes over
** what others have committed since. Who has read a file keeps it open: a name that leads to the same inode
** leads to the same file then, and not to a later one that was given the number again.
**
** Numbers are little-endian. Memory: the map. Not thread-safe: a ledger belongs to its session. */
#ifndef MILL_CATALOG_LEDGER_H
#define MILL_CATALOG_LEDGER_H

#include "base/file.h"

typedef struct mill_ledger mill_ledger;

/* Nothing is made on disk before the first commit. */
mill_status mill_ledger_open(const mill_files *fs, mill_memory *m, const char *folder,
                             mill_ledger **out, mill_error *err) MILL_USE_RESULT;
void mill_ledger_free(mill_ledger *s); /* NULL allowed */

/* Read what has been committed since; the version grows when there was anything. Texts that were handed
** out are valid until then. */
mill_status mill_ledger_refresh(mill_ledger *s, mill_error *err) MILL_USE_RESULT;
uint64_t mill_ledger_version(const mill_ledger *s);

/* The value, NUL-terminated, and its size; NULL: none. */
const char *mill_ledger_get(const mill_ledger *s, const char *key, size_t *n);
/* Keys in byte order: the first that is not below `key`, and those behind it; NULL at the end. */
size_t mill_ledger_seek(const mill_ledger *s, const char *key);
const char *mill_ledger_key(const mill_ledger *s, size_t i);
const char *mill_ledger_value(const mill_ledger *s, size_t i, size_t *n);

/* begin refreshes, under the lock. `wait` is asked every few milliseconds while another one holds it; its
** error ends the wait. Changes are seen from the commit on. A commit that fails leaves everything as it
** was; it ends the transaction in any case. */
typedef mill_status (*mill_ledger_wait)(void *arg, mill_error *err);
mill_status mill_ledger_begin(mill_ledger *s, mill_ledger_wait wait, void *arg,
                              mill_error *err) MILL_USE_RESULT;
bool mill_ledger_began(const mill_ledger *s);
mill_status mill_ledger_put(mill_ledger *s, const char *key, const char *value, size_t n,
                            mill_error *err) MILL_USE_RESULT;
/* Behind the value that is there. */
mill_status mill_ledger_append(mill_ledger *s, const char *key, const char *value, size_t n,
                               mill_error *err) MILL_USE_RESULT;
mill_status mill_ledger_remove(mill_ledger *s, const char *key, mill_error *err) MILL_USE_RESULT;
/* `done`, unless NULL, is called when the commit counts, before the lock is given up. */
typedef void (*mill_ledger_done)(void *arg);
mill_status mill_ledger_commit(mill_ledger *s, mill_ledger_done done, void *arg,
                               mill_error *err) MILL_USE_RESULT;
void mill_ledger_rollback(mill_ledger *s);

#endif
