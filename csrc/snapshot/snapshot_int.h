/* What the writer and the reader of the container share: fixed places and numbers in the file.
** Private to csrc/snapshot. */
#ifndef MILL_SNAPSHOT_INT_H
#define MILL_SNAPSHOT_INT_H

#include <string.h>

#include "base/hash.h"
#include "snapshot/container.h"

#define SNAPSHOT_MAGIC "TIDEMILL"

enum {
  SNAPSHOT_MAGIC_SIZE = 8,
  SNAPSHOT_HEADER = 16,         /* magic, version, flags */
  SNAPSHOT_TRAILER = 40,        /* footer offset, stored, content; hash; magic */
  SNAPSHOT_TRAILER_SUMMED = 24, /* the part that the hash covers */
  SNAPSHOT_FOOTER_MAX = 64 << 20,
};

static inline void snapshot_put(void *to, uint64_t v, int bytes) {
  for (int i = 0; i < bytes; i++) ((uint8_t *)to)[i] = (uint8_t)(v >> 8 * i);
}

static inline uint64_t snapshot_get(const void *from, int bytes) {
  uint64_t v = 0;
  for (int i = 0; i < bytes; i++) v |= (uint64_t)((const uint8_t *)from)[i] << 8 * i;
  return v;
}

/* What a packed section lists of each of its frames. */
typedef struct snapshot_entry {
  uint64_t hash;
  uint32_t stored, content;
} snapshot_entry;

/* XXH64 with seed 0. */
static inline uint64_t snapshot_hash(const void *p, size_t n) {
  return (uint64_t)mill_xxh64_bytes(p, n, 0);
}

#endif
