/* Packing of whole blocks, for formats that keep them apart (Parquet's pages).
**
** A packer keeps the state of its codec between blocks and belongs to one thread. What it makes of a
** block depends on the block alone. */
#ifndef MILL_BASE_PACKER_H
#define MILL_BASE_PACKER_H

#include "base/text.h"

typedef enum mill_packing {
  MILL_PACK_NONE,
  MILL_PACK_SNAPPY,
  MILL_PACK_GZIP,       /* a member */
  MILL_PACK_ZSTD,       /* a frame with a checksum */
  MILL_PACK_LZ4,        /* the block format */
  MILL_PACK_LZ4_HADOOP, /* blocks in Hadoop's frames: content's and block's length, 4 bytes each, most
                           significant first */
  MILL_PACK_SNAPPY_HADOOP, /* the same with snappy */
  MILL_PACK_BZIP2,         /* a stream */
  MILL_PACK_BROTLI,
} mill_packing;

typedef struct mill_packer mill_packer;

/* `level` of GZIP (0-9, -1 the default), ZSTD and BROTLI (0-11). */
mill_status mill_packer_new(mill_memory *m, mill_packing kind, int level, mill_packer **out,
                            mill_error *err) MILL_USE_RESULT;
void mill_packer_free(mill_packer *p); /* NULL allowed */
/* Append the block, packed. */
mill_status mill_packer_add(mill_packer *p, const void *block, size_t n, mill_text *out,
                            mill_error *err) MILL_USE_RESULT;

#endif
