/* Packing of blocks; see packer.h. */
#include "base/packer.h"

#define ZSTD_STATIC_LINKING_ONLY /* custom allocators */
#include <lz4.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/bzip2.h"
#include "base/brotli.h"
#include "base/codec_memory.h"
#include "base/snappy.h"

/* Hadoop's readers keep 256 KiB for the content of a frame. */
enum { HADOOP_BLOCK = 128 << 10 };

struct mill_packer {
  mill_memory *memory;
  mill_packing kind;
  int level;
  z_stream gzip;
  ZSTD_CCtx *zstd;
  void *lz4;
};

static mill_status open_codec(mill_packer *p, int level, mill_error *err) {
  switch (p->kind) {
  case MILL_PACK_GZIP:
    p->gzip = (z_stream){.zalloc = mill_z_alloc, .zfree = mill_z_free, .opaque = p->memory};
    if (deflateInit2(&p->gzip, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
      return mill_oom(p->memory, 1 << 18, err);
    return MILL_OK;
  case MILL_PACK_ZSTD:
    p->zstd = ZSTD_createCCtx_advanced((ZSTD_customMem){mill_zstd_alloc, mill_z_free, p->memory});
    if (p->zstd == NULL ||
        ZSTD_isError(ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_compressionLevel, level)) ||
        ZSTD_isError(ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_checksumFlag, 1)))
      return mill_oom(p->memory, 1 << 20, err);
    return MILL_OK;
  case MILL_PACK_LZ4:
  case MILL_PACK_LZ4_HADOOP:
    p->lz4 = mill_alloc(p->memory, (size_t)LZ4_sizeofState());
    return p->lz4 ? MILL_OK : mill_oom(p->memory, (size_t)LZ4_sizeofState(), err);
  case MILL_PACK_BROTLI: return mill_brotli_ready(err);
  default: return MILL_OK;
  }
}

mill_status mill_packer_new(mill_memory *m, mill_packing kind, int level, mill_packer **out,
                            mill_error *err) {
  mill_packer *p = mill_calloc(m, sizeof *p);
  if (p == NULL) return mill_oom(m, sizeof *p, err);
  p->memory = m;
  p->kind = kind;
  p->level = level;
  mill_status s = open_codec(p, level, err);
  if (s == MILL_OK)
    *out = p;
  else
    mill_packer_free(p);
  return s;
}

void mill_packer_free(mill_packer *p) {
  if (p == NULL) return;
  if (p->gzip.state) deflateEnd(&p->gzip);
  ZSTD_freeCCtx(p->zstd);
  if (p->lz4) mill_free(p->memory, p->lz4, (size_t)LZ4_sizeofState());
  mill_free(p->memory, p, sizeof *p);
}

/* ---- blocks --------------------------------------------------------------------------------- */

static mill_status failed(mill_error *err, const char *what) {
  return mill_fail(err, MILL_E_INTERNAL_ERROR, "message",
                   mill_error_fmt(err, "a block could not be packed: %s", what), NULL);
}

static mill_status too_large(mill_error *err) {
  return failed(err, "it is larger than the codec's blocks can be");
}

static mill_status add_gzip(mill_packer *p, const void *block, size_t n, mill_text *out,
                            mill_error *err) {
  size_t most = deflateBound(&p->gzip, n) + 32;
  if (n > UINT32_MAX || most > UINT32_MAX) return too_large(err);
  MILL_TRY(mill_text_reserve(out, most, err));
  deflateReset(&p->gzip);
  p->gzip.next_in = (Bytef *)(uintptr_t)block;
  p->gzip.avail_in = (uInt)n;
  p->gzip.next_out = (Bytef *)out->data + out->size;
  p->gzip.avail_out = (uInt)most;
  if (deflate(&p->gzip, Z_FINISH) != Z_STREAM_END) return failed(err, "zlib");
  out->size += most - p->gzip.avail_out;
  return MILL_OK;
}

static mill_status add_zstd(mill_packer *p, const void *block, size_t n, mill_text *out,
                            mill_error *err) {
  MILL_TRY(mill_text_reserve(out, ZSTD_compressBound(n), err));
  size_t k = ZSTD_compress2(p->zstd, out->data + out->size, out->capacity - out->size, block, n);
  if (ZSTD_isError(k))
    return ZSTD_getErrorCode(k) == ZSTD_error_memory_allocation ? mill_oom(p->memory, 1 << 20, err)
                                                                : failed(err, ZSTD_getErrorName(k));
  out->size += k;
  return MILL_OK;
}

static mill_status add_lz4(mill_packer *p, const char *block, size_t n, mill_text *out,
                           mill_error *err) {
  if (n > LZ4_MAX_INPUT_SIZE) return too_large(err);
  int most = LZ4_compressBound((int)n);
  MILL_TRY(mill_text_reserve(out, (size_t)most, err));
  int k = LZ4_compress_fast_extState(p->lz4, block, out->data + out->size, (int)n, most, 1);
  if (k <= 0) return failed(err, "lz4");
  out->size += (size_t)k;
  return MILL_OK;
}

static void put_length(char *to, size_t n) {
  for (int i = 0; i < 4; i++) to[i] = (char)(n >> (24 - 8 * i));
}

static mill_status add_frames(mill_packer *p, const char *block, size_t n, mill_text *out,
                              mill_error *err) {
  for (size_t at = 0; at < n; at += HADOOP_BLOCK) {
    size_t head = out->size, part = n - at < HADOOP_BLOCK ? n - at : HADOOP_BLOCK;
    MILL_TRY(mill_text_add(out, "\0\0\0\0\0\0\0\0", 8, err));
    MILL_TRY(p->lz4 ? add_lz4(p, block + at, part, out, err)
                    : mill_snappy_pack(block + at, part, out, err));
    put_length(out->data + head, part);
    put_length(out->data + head + 4, out->size - head - 8);
  }
  return MILL_OK;
}

mill_status mill_packer_add(mill_packer *p, const void *block, size_t n, mill_text *out,
                            mill_error *err) {
  switch (p->kind) {
  case MILL_PACK_SNAPPY: return mill_snappy_pack(block, n, out, err);
  case MILL_PACK_GZIP: return add_gzip(p, block, n, out, err);
  case MILL_PACK_ZSTD: return add_zstd(p, block, n, out, err);
  case MILL_PACK_LZ4: return add_lz4(p, block, n, out, err);
  case MILL_PACK_BZIP2: return mill_bzip2_pack(block, n, out, err);
  case MILL_PACK_SNAPPY_HADOOP:
  case MILL_PACK_LZ4_HADOOP: return add_frames(p, block, n, out, err);
  case MILL_PACK_BROTLI: return mill_brotli_pack(block, n, p->level, out, err);
  default: return mill_text_add(out, block, n, err);
  }
}
