/* Unpacking pages; see parquet_codec.h. Sizes come from page headers that were checked against the
** file; every codec writes into a buffer of that size and no further. */
#include "io/parquet_codec.h"

#include <lz4.h>
#include <string.h>
#include <zlib.h>

#include "base/codec.h"
#include "base/codec_memory.h"
#include "base/snappy.h"

static const char *const names[] = {"UNCOMPRESSED", "SNAPPY", "GZIP", "LZO",
                                    "BROTLI",       "LZ4",    "ZSTD", "LZ4_RAW"};

const char *mill_parquet_codec_name(int32_t codec) {
  return codec >= 0 && codec <= PARQUET_LZ4_RAW ? names[codec] : "an unknown codec";
}

static mill_status damaged(int32_t codec, const char *path, mill_error *err) {
  return mill_fail(err, MILL_E_CORRUPT_FILE, "path", path, "reason",
                   mill_error_fmt(err, "a page is not what its codec %s would write",
                                  mill_parquet_codec_name(codec)),
                   NULL);
}

/* One gzip member after the other (some writers use zlib's wrapper instead). */
static bool gunzip(mill_memory *m, const void *p, size_t n, void *out, size_t size, bool *memory) {
  z_stream z = {.zalloc = mill_z_alloc, .zfree = mill_z_free, .opaque = m};
  *memory = inflateInit2(&z, 15 + 32) != Z_OK;
  if (*memory) return false;
  z.next_in = (Bytef *)(uintptr_t)p;
  z.avail_in = (uInt)n;
  z.next_out = out;
  z.avail_out = (uInt)size;
  int r = Z_OK;
  while ((r = inflate(&z, Z_NO_FLUSH)) == Z_STREAM_END && z.avail_in && z.avail_out)
    if (inflateReset(&z) != Z_OK) break;
  bool ok = r == Z_STREAM_END && z.avail_out == 0;
  *memory = r == Z_MEM_ERROR;
  inflateEnd(&z);
  return ok;
}

static bool lz4_raw(const void *p, size_t n, void *out, size_t size) {
  return n <= INT_MAX && size <= INT_MAX &&
         LZ4_decompress_safe(p, out, (int)n, (int)size) == (int)size;
}

static uint32_t big_endian(const uint8_t *p) {
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Hadoop's frames: content size and stored size as big-endian words ahead of each raw block. */
static bool lz4_hadoop(const void *p, size_t n, void *out, size_t size) {
  const uint8_t *at = p;
  uint8_t *to = out;
  while (n >= 8) {
    uint32_t content = big_endian(at), stored = big_endian(at + 4);
    if (content > size || stored > n - 8 || !lz4_raw(at + 8, stored, to, content)) return false;
    at += 8 + (size_t)stored;
    n -= 8 + (size_t)stored;
    to += content;
    size -= content;
  }
  return n == 0 && size == 0;
}

mill_status mill_parquet_unpack(mill_memory *m, int32_t codec, const void *p, size_t n, void *out,
                                size_t size, const char *path, mill_error *err) {
  bool ok = false, memory = false;
  switch (codec) {
  case PARQUET_UNCOMPRESSED:
    ok = n == size;
    if (ok) memcpy(out, p, n);
    break;
  case PARQUET_SNAPPY: ok = mill_snappy_unpack(p, n, out, size); break;
  case PARQUET_GZIP: ok = gunzip(m, p, n, out, size, &memory); break;
  case PARQUET_ZSTD: {
    mill_status s = mill_zstd_unpack_into(m, p, n, out, size, err);
    if (s == MILL_OK || s == MILL_E_OUT_OF_MEMORY) return s;
    break;
  }
  case PARQUET_LZ4: ok = lz4_hadoop(p, n, out, size) || lz4_raw(p, n, out, size); break;
  case PARQUET_LZ4_RAW: ok = lz4_raw(p, n, out, size); break;
  default:
    return mill_fail(err, MILL_E_CODEC_NOT_AVAILABLE, "codecName", mill_parquet_codec_name(codec),
                     NULL);
  }
  if (memory) return mill_oom(m, 1 << 16, err);
  if (ok) return MILL_OK;
  if (err) mill_error_clear(err);
  return damaged(codec, path, err);
}
