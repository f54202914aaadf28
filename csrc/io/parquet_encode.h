/* The encodings of Parquet, from values to bytes, as Encodings.md of apache/parquet-format has them.
**
** Values come as they stand in a PLAIN page: little-endian words of 4 or 8 bytes, FIXED values back
** to back, BYTE_ARRAY values behind a length of 4 bytes. Each function appends to `out`; on failure
** what it has appended so far stays. Pure; any thread. Private to csrc/io. */
#ifndef MILL_IO_PARQUET_ENCODE_H
#define MILL_IO_PARQUET_ENCODE_H

#include "base/text.h"

/* Bits that hold 0..max. */
static inline int parquet_width(uint64_t max) { return max ? 64 - __builtin_clzll(max) : 0; }

/* The hybrid of run lengths and bit packing: runs of 8 and more equal values, the rest packed in
** eights. `width` 1..32; with width 0 (a dictionary of one entry) one run says all. */
mill_status mill_parquet_rle(const uint32_t *v, size_t n, int width, mill_text *out,
                             mill_error *err) MILL_USE_RESULT;
/* The same for levels and booleans, which are bytes. */
mill_status mill_parquet_rle_bytes(const uint8_t *v, size_t n, int width, mill_text *out,
                                   mill_error *err) MILL_USE_RESULT;
/* n times the same value. */
mill_status mill_parquet_run(size_t n, uint32_t v, int width, mill_text *out,
                             mill_error *err) MILL_USE_RESULT;
/* n booleans, a byte each, as bits. */
mill_status mill_parquet_bits(const uint8_t *v, size_t n, mill_text *out,
                              mill_error *err) MILL_USE_RESULT;
/* DELTA_BINARY_PACKED of n words of `size` 4 or 8 bytes: blocks of 128 differences in four groups. */
mill_status mill_parquet_delta(const char *plain, size_t n, int size, mill_text *out,
                               mill_error *err) MILL_USE_RESULT;
/* DELTA_LENGTH_BYTE_ARRAY, DELTA_BYTE_ARRAY; `fixed`: bytes a FIXED value, 0 for BYTE_ARRAY. */
mill_status mill_parquet_delta_length(const char *plain, size_t n, mill_text *out,
                                      mill_error *err) MILL_USE_RESULT;
mill_status mill_parquet_delta_prefix(const char *plain, size_t n, uint32_t fixed, mill_text *out,
                                      mill_error *err) MILL_USE_RESULT;
/* BYTE_STREAM_SPLIT: first bytes of all values, then second ones, .. */
mill_status mill_parquet_split(const char *plain, size_t n, uint32_t size, mill_text *out,
                               mill_error *err) MILL_USE_RESULT;

#endif
