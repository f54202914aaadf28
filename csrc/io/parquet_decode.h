/* Decoding the encodings of Parquet's pages (apache/parquet-format, Encodings.md).
**
** All work on bytes in memory that are followed by PARQUET_PAD readable bytes, which page buffers
** are. They check every length against the end of the bytes and answer false when the bytes are cut
** or broken; what stands in the output is then undefined. Integers are little-endian in files and
** read as such by plain loads: like the snapshot's, this code is for little-endian machines.
** Private to csrc/io. */
#ifndef MILL_IO_PARQUET_DECODE_H
#define MILL_IO_PARQUET_DECODE_H

#include "column/vector.h"

enum { PARQUET_PAD = 64 };

/* Runs of equal values and bit-packed groups of eight, the hybrid of levels, indices, booleans. */
typedef struct parquet_rle {
  const uint8_t *at, *end;
  uint32_t width; /* bits a value, 0..32 */
  uint32_t left;  /* values left in the run */
  bool packed;    /* bits at `at`, `bit` of them used */
  uint32_t value; /* of a run of equal ones */
  uint32_t bit;
} parquet_rle;

bool mill_parquet_rle_start(parquet_rle *r, const void *p, size_t n, uint32_t width);
bool mill_parquet_rle_u32(parquet_rle *r, uint32_t *out, size_t n);
bool mill_parquet_rle_u8(parquet_rle *r, uint8_t *out, size_t n); /* width at most 8 */
/* How many of the next n values are the same, without reading them; that value. 0: unknown, the next
** run is packed. False: broken. */
bool mill_parquet_rle_peek(parquet_rle *r, size_t n, size_t *same, uint32_t *value);
bool mill_parquet_rle_skip(parquet_rle *r, size_t n);
/* Of the next n values those at row[0..k) - base, which ascend. */
bool mill_parquet_rle_some(parquet_rle *r, size_t n, const uint32_t *row, size_t k, uint32_t base,
                           uint32_t *out);

/* n values of `width` bits from bit `bit` of p on, least significant bits first. */
void mill_parquet_unpack_bits(const uint8_t *p, uint32_t bit, uint32_t width, uint32_t *out,
                              size_t n);
/* Levels in the deprecated BIT_PACKED encoding: most significant bits first. */
bool mill_parquet_levels_packed(const void *p, size_t size, uint32_t width, uint8_t *out, size_t n);

/* DELTA_BINARY_PACKED: at most `most` numbers to out; *n of them, *used bytes. */
bool mill_parquet_read_delta(const void *p, size_t size, size_t most, int64_t *out, size_t *n,
                             size_t *used);
/* BYTE_STREAM_SPLIT: n values of `width` bytes. */
void mill_parquet_join_streams(const uint8_t *p, size_t n, size_t width, uint8_t *out);

#endif
