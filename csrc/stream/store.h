/* A keyed store: what a stateful operator (or a file source) remembers between batches.
**
** Keys and values are bytes (row.h); each entry has a time, by which old ones are found, or
** MILL_NO_TIME. A batch changes the store in place; mill_store_changes then gives the last value of
** every key it touched, which the query writes into the batch's record (log.h), and
** mill_store_settle forgets that they were new. A failed batch ends its query, and the next start
** builds the store from the records again, so there is no undo.
**
**     table    u32 index + 1 of an entry, open addressing, linear probing
**     entries  in order of their first put, with holes where one was removed
**     delta    u32 removed, their keys; u32 put, each: key, value, i64 time
**
** Lookup, put and remove are O(1), changes and settle cost what changed; eviction is O(entries), and
** nothing while no entry is due. */
#ifndef MILL_STREAM_STORE_H
#define MILL_STREAM_STORE_H

#include "stream/row.h"

#define MILL_NO_TIME INT64_MAX

typedef struct mill_store_entry {
  uint64_t hash;
  int64_t time;
  uint32_t at; /* its place among the entries */
  uint32_t key_size, value_size;
  bool changed;
  char bytes[]; /* key, then value */
} mill_store_entry;

typedef struct mill_store {
  mill_memory *memory;
  mill_store_entry **entry;
  size_t nentries, capacity; /* with holes */
  uint32_t *table;
  size_t slots;    /* a power of two, or 0 */
  size_t rows;     /* without holes */
  size_t bytes;    /* of all entries */
  int64_t oldest;  /* no entry has an earlier time; MILL_NO_TIME: none has one */
  uint32_t *dirty; /* places of entries that changed; some may be holes by now */
  size_t ndirty, dirty_capacity;
  mill_text removed;
  uint32_t nremoved;
} mill_store;

void mill_store_init(mill_store *s, mill_memory *m);
void mill_store_clear(mill_store *s);

static inline const char *mill_store_key(const mill_store_entry *e) { return e->bytes; }
static inline const char *mill_store_value(const mill_store_entry *e) {
  return e->bytes + e->key_size;
}

/* NULL: none. Valid until the entry is put again or removed. */
const mill_store_entry *mill_store_get(const mill_store *s, const char *key, size_t n);
mill_status mill_store_put(mill_store *s, const char *key, size_t n, const char *value, size_t m,
                           int64_t time, mill_error *err) MILL_USE_RESULT;
mill_status mill_store_remove(mill_store *s, const mill_store_entry *e,
                              mill_error *err) MILL_USE_RESULT;
/* Remove every entry whose time is <= limit; *removed counts them. */
mill_status mill_store_evict(mill_store *s, int64_t limit, uint64_t *removed,
                             mill_error *err) MILL_USE_RESULT;

/* Append the changes since the last settle, or with `all` everything, as a delta. */
mill_status mill_store_changes(const mill_store *s, bool all, mill_text *out,
                               mill_error *err) MILL_USE_RESULT;
/* What stands is settled: nothing has changed. Closes holes. */
void mill_store_settle(mill_store *s);
/* Take a delta in. On malformed bytes r->broken is set. The store must be settled. */
mill_status mill_store_apply(mill_store *s, mill_row_reader *r, mill_error *err) MILL_USE_RESULT;

#endif
