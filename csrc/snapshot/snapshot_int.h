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
  SNAPSHOT_HEAD = 16,           /* magic, version, flags: the header before version 4 */
  SNAPSHOT_CHECKED = 24,        /* and the end: what the check covers */
  SNAPSHOT_HEADER = 32,         /* and the check */
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

/* Where the blocks of a section are, for a writer that keeps them. */
size_t mill_snapshot_blocks(const mill_snapshot *s, size_t i);
snapshot_entry mill_snapshot_block(const mill_snapshot *s, size_t i, size_t k, uint64_t *offset);

/* XXH64 with seed 0. */
static inline uint64_t snapshot_hash(const void *p, size_t n) {
  return (uint64_t)mill_xxh64_bytes(p, n, 0);
}

/* The header of this version with its end. */
static inline void snapshot_header(char to[SNAPSHOT_HEADER], uint64_t end) {
  memcpy(to, SNAPSHOT_MAGIC, SNAPSHOT_MAGIC_SIZE);
  snapshot_put(to + SNAPSHOT_MAGIC_SIZE, MILL_SNAPSHOT_VERSION, 4);
  snapshot_put(to + 12, 0, 4);
  snapshot_put(to + SNAPSHOT_HEAD, end, 8);
  snapshot_put(to + SNAPSHOT_CHECKED, snapshot_hash(to, SNAPSHOT_CHECKED), 8);
}

#endif
