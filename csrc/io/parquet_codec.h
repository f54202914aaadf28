/* Compressed pages of Parquet files. Private to csrc/io. */
#ifndef MILL_IO_PARQUET_CODEC_H
#define MILL_IO_PARQUET_CODEC_H

#include "io/parquet_int.h"

/* Unpack p[0, n) into exactly `size` bytes at `out`. CORRUPT_FILE, with `path`, when that is not what
** the bytes hold; CODEC_NOT_AVAILABLE for LZO, and for Brotli where its library is not there. */
mill_status mill_parquet_unpack(mill_memory *m, int32_t codec, const void *p, size_t n, void *out,
                                size_t size, const char *path, mill_error *err) MILL_USE_RESULT;
/* "ZSTD"; "an unknown codec". */
const char *mill_parquet_codec_name(int32_t codec);

#endif
