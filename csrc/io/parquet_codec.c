/* Unpacking pages; see parquet_codec.h. Sizes come from page headers that were checked against the
** file; every codec writes into a buffer of that size and no further. */
#include "io/parquet_codec.h"

#include <lz4.h>
#include <string.h>
#include <zlib.h>

#include "base/brotli.h"
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

/* Hadoop's frames: the content's size, then raw blocks, each behind its stored size, until there is as
** much; big-endian words. Writers with a small buffer cut large contents into several blocks. */
static bool lz4_frame(const uint8_t **at, const uint8_t *end, uint8_t **to, size_t content) {
  while (content) {
    if (end - *at < 4 || content > INT_MAX) return false;
    uint32_t stored = big_endian(*at);
    *at += 4;
    if (stored > (size_t)(end - *at) || stored > INT_MAX) return false;
    int n = LZ4_decompress_safe((const char *)*at, (char *)*to, (int)stored, (int)content);
    if (n <= 0) return false;
    *at += stored;
    *to += n;
    content -= (size_t)n;
  }
  return true;
}

static bool lz4_hadoop(const void *p, size_t n, void *out, size_t size) {
  const uint8_t *at = p, *end = at + n;
  uint8_t *to = out, *stop = to + size;
  while (end - at >= 4) {
    uint32_t content = big_endian(at);
    at += 4;
    if (content > (size_t)(stop - to) || !lz4_frame(&at, end, &to, content)) return false;
  }
  return at == end && to == stop;
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
  case PARQUET_BROTLI: MILL_TRY(mill_brotli_unpack(m, p, n, out, size, &ok, err)); break;
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
