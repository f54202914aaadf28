#include "base/codec.h"

#define ZSTD_STATIC_LINKING_ONLY /* custom allocators */
#include <string.h>
#include <strings.h>
#include <zlib.h>
#include <zstd.h>

#include "base/bzip2.h"
#include "base/codec_memory.h"
#include "base/hadoop.h"

enum {
  CODEC_BUFFER = 256 * 1024,
  CODEC_WINDOW_LOG = 27,
  CODEC_RATIO = 10000,         /* content : stored, looked at above .. */
  CODEC_RATIO_FROM = 64 << 20, /* .. so many bytes */
};

static bool ends_with(const char *s, const char *suffix) {
  size_t n = strlen(s), k = strlen(suffix);
  return n >= k && strcasecmp(s + n - k, suffix) == 0;
}

mill_codec mill_codec_of_path(const char *path) {
  if (ends_with(path, ".gz") || ends_with(path, ".gzip")) return MILL_CODEC_GZIP;
  if (ends_with(path, ".zst")) return MILL_CODEC_ZSTD;
  if (ends_with(path, ".deflate")) return MILL_CODEC_DEFLATE;
  if (ends_with(path, ".bz2")) return MILL_CODEC_BZIP2;
  if (ends_with(path, ".snappy")) return MILL_CODEC_SNAPPY;
  if (ends_with(path, ".lz4")) return MILL_CODEC_LZ4;
  return MILL_CODEC_NONE;
}

mill_codec mill_codec_of_name(const char *name) {
  static const struct {
    const char *name;
    mill_codec codec;
  } all[] = {{"none", MILL_CODEC_NONE},       {"uncompressed", MILL_CODEC_NONE},
             {"gzip", MILL_CODEC_GZIP},       {"zstd", MILL_CODEC_ZSTD},
             {"deflate", MILL_CODEC_DEFLATE}, {"bzip2", MILL_CODEC_BZIP2},
             {"snappy", MILL_CODEC_SNAPPY},   {"lz4", MILL_CODEC_LZ4}};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (strcasecmp(name, all[i].name) == 0) return all[i].codec;
  return MILL_CODEC_UNKNOWN;
}

const char *mill_codec_suffix(mill_codec c) {
  static const char *const suffixes[] = {"",     ".gz",     ".zst", ".deflate",
                                         ".bz2", ".snappy", ".lz4", ""};
  return suffixes[c];
}

mill_status mill_codec_unknown(const char *name, mill_error *err) {
  return mill_fail(err, MILL_E_CODEC_NOT_AVAILABLE, "codecName", mill_error_fmt(err, "%s", name),
                   "availableCodecs",
                   "none, gzip (.gz), zstd (.zst), deflate (.deflate), bzip2 (.bz2), snappy "
                   "(.snappy) and lz4 (.lz4)",
                   NULL);
}

void *mill_z_alloc(void *m, uInt items, uInt size) {
  size_t n = (size_t)items * size + 16;
  size_t *p = mill_alloc(m, n);
  if (!p) return NULL;
  *p = n;
  return (char *)p + 16;
}

void *mill_zstd_alloc(void *m, size_t size) {
  size_t *p = mill_alloc(m, size + 16);
  if (!p) return NULL;
  *p = size + 16;
  return (char *)p + 16;
}

void mill_z_free(void *m, void *p) {
  if (!p) return;
  size_t *block = (size_t *)((char *)p - 16);
  mill_free(m, block, *block);
}

static ZSTD_customMem funnel(mill_memory *m) {
  return (ZSTD_customMem){mill_zstd_alloc, mill_z_free, m};
}

static mill_status corrupt(mill_error *err, const char *path, const char *reason) {
  return mill_fail(err, MILL_E_CORRUPT_FILE, "path", mill_error_fmt(err, "%s", path), "reason",
                   mill_error_fmt(err, "%s", reason), NULL);
}

/* ---- reading ---- */

struct mill_reader {
  mill_memory *memory;
  mill_codec codec;
  mill_file file;
  z_stream z;
  ZSTD_DCtx *zstd;
  mill_bzip2 *bzip2;
  mill_hadoop *hadoop;
  char *in;
  size_t at, have;
  uint64_t taken, made; /* stored bytes read, content given out */
  bool eof, inside;     /* inside: a member or frame has begun and not ended */
  const char *damage;   /* what the next read reports: the bytes before it have been given out */
};

static mill_status start_decoder(mill_reader *r, mill_error *err) {
  if (r->codec == MILL_CODEC_NONE) return MILL_OK;
  r->in = mill_alloc(r->memory, CODEC_BUFFER);
  if (!r->in) return mill_oom(r->memory, CODEC_BUFFER, err);
  if (r->codec == MILL_CODEC_BZIP2) return mill_bzip2_open(r->memory, &r->bzip2, err);
  if (r->codec == MILL_CODEC_SNAPPY || r->codec == MILL_CODEC_LZ4)
    return mill_hadoop_open(r->memory, r->codec == MILL_CODEC_SNAPPY, &r->hadoop, err);
  if (r->codec == MILL_CODEC_ZSTD) {
    r->zstd = ZSTD_createDCtx_advanced(funnel(r->memory));
    if (!r->zstd ||
        ZSTD_isError(ZSTD_DCtx_setParameter(r->zstd, ZSTD_d_windowLogMax, CODEC_WINDOW_LOG)))
      return mill_oom(r->memory, 1 << 17, err);
    return MILL_OK;
  }
  r->z = (z_stream){.zalloc = mill_z_alloc, .zfree = mill_z_free, .opaque = r->memory};
  int bits = r->codec == MILL_CODEC_GZIP ? 15 + 16 : 15;
  return inflateInit2(&r->z, bits) == Z_OK ? MILL_OK : mill_oom(r->memory, 1 << 16, err);
}

mill_status mill_reader_open(const mill_files *fs, mill_memory *m, const char *path, mill_codec c,
                             mill_reader **out, mill_error *err) {
  if (c == MILL_CODEC_UNKNOWN) return mill_codec_unknown(path, err);
  mill_reader *r = mill_calloc(m, sizeof *r);
  if (!r) return mill_oom(m, sizeof *r, err);
  r->memory = m;
  r->codec = c;
  r->file.fd = -1;
  mill_status s = mill_file_open(fs, m, path, MILL_FILE_READ, &r->file, err);
  if (s == MILL_OK) s = start_decoder(r, err);
  if (s != MILL_OK) {
    mill_reader_free(r);
    return s;
  }
  *out = r;
  return MILL_OK;
}

void mill_reader_free(mill_reader *r) {
  if (!r) return;
  if (r->z.state) inflateEnd(&r->z);
  ZSTD_freeDCtx(r->zstd);
  mill_bzip2_free(r->bzip2);
  mill_hadoop_free(r->hadoop);
  if (r->in) mill_free(r->memory, r->in, CODEC_BUFFER);
  mill_file_clear(&r->file);
  mill_free(r->memory, r, sizeof *r);
}

/* One step of the decoder from r->in to p; *made bytes came out. */
static mill_status inflate_step(mill_reader *r, char *p, size_t n, size_t *made, mill_error *err) {
  uInt room = n > 1u << 30 ? 1u << 30 : (uInt)n;
  r->z.next_in = (Bytef *)(r->in + r->at);
  r->z.avail_in = (uInt)(r->have - r->at);
  r->z.next_out = (Bytef *)p;
  r->z.avail_out = room;
  r->inside = true;
  int code = inflate(&r->z, Z_NO_FLUSH);
  r->at = r->have - r->z.avail_in;
  *made = room - r->z.avail_out;
  if (code == Z_MEM_ERROR) return mill_oom(r->memory, 1 << 15, err);
  if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
    r->damage = r->z.msg ? r->z.msg : "damaged compressed data";
  if (code == Z_STREAM_END) {
    r->inside = false;
    inflateReset(&r->z);
  }
  return MILL_OK;
}

static mill_status zstd_step(mill_reader *r, char *p, size_t n, size_t *made) {
  ZSTD_inBuffer in = {r->in, r->have, r->at};
  ZSTD_outBuffer out = {p, n, 0};
  size_t code = ZSTD_decompressStream(r->zstd, &out, &in);
  if (ZSTD_isError(code)) r->damage = ZSTD_getErrorName(code);
  r->at = in.pos;
  *made = out.pos;
  r->inside = code != 0;
  return MILL_OK;
}

static mill_status step(mill_reader *r, char *p, size_t n, size_t *made, mill_error *err) {
  const char *in = r->in + r->at;
  size_t have = r->have - r->at, used = 0;
  if (r->codec == MILL_CODEC_ZSTD) return zstd_step(r, p, n, made);
  if (r->codec == MILL_CODEC_BZIP2)
    MILL_TRY(mill_bzip2_step(r->bzip2, in, have, &used, p, n, made, &r->inside, &r->damage, err));
  else if (r->hadoop)
    MILL_TRY(mill_hadoop_step(r->hadoop, in, have, &used, p, n, made, &r->inside, &r->damage, err));
  else
    return inflate_step(r, p, n, made, err);
  r->at += used;
  return MILL_OK;
}

mill_status mill_reader_read(mill_reader *r, void *p, size_t n, size_t *got, mill_error *err) {
  if (r->codec == MILL_CODEC_NONE) return mill_file_read(&r->file, p, n, got, err);
  size_t done = 0;
  *got = 0;
  while (done < n && !r->damage) {
    if (r->at == r->have && !r->eof) {
      MILL_TRY(mill_file_read(&r->file, r->in, CODEC_BUFFER, &r->have, err));
      r->at = 0;
      r->taken += r->have;
      r->eof = r->have < CODEC_BUFFER;
    }
    if (r->at == r->have && !r->inside) break;
    size_t made = 0, before = r->at;
    MILL_TRY(step(r, (char *)p + done, n - done, &made, err));
    done += made;
    r->made += made;
    if (r->made > CODEC_RATIO_FROM && r->made / CODEC_RATIO > r->taken)
      r->damage = "holds more than 10,000 times its size";
    else if (!r->damage && !made && r->at == before && r->at == r->have && r->eof)
      r->damage = "ends in the middle of the compressed data";
  }
  *got = done;
  return r->damage ? corrupt(err, r->file.path, r->damage) : MILL_OK;
}

/* ---- writing ---- */

struct mill_writer {
  mill_memory *memory;
  mill_codec codec;
  mill_file file;
  z_stream z;
  ZSTD_CCtx *zstd;
  char *out;
  size_t used, pushed;
};

static mill_status start_encoder(mill_writer *w, mill_error *err) {
  w->out = mill_alloc(w->memory, CODEC_BUFFER);
  if (!w->out) return mill_oom(w->memory, CODEC_BUFFER, err);
  if (w->codec == MILL_CODEC_NONE) return MILL_OK;
  if (w->codec == MILL_CODEC_ZSTD) {
    w->zstd = ZSTD_createCCtx_advanced(funnel(w->memory));
    if (!w->zstd) return mill_oom(w->memory, 1 << 17, err);
    ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_checksumFlag, 1);
    return MILL_OK;
  }
  w->z = (z_stream){.zalloc = mill_z_alloc, .zfree = mill_z_free, .opaque = w->memory};
  int bits = w->codec == MILL_CODEC_GZIP ? 15 + 16 : 15;
  int code = deflateInit2(&w->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY);
  return code == Z_OK ? MILL_OK : mill_oom(w->memory, 1 << 18, err);
}

static mill_status open_writer(const mill_files *fs, mill_memory *m, const char *path, mill_codec c,
                               mill_file_mode mode, mill_writer **out, mill_error *err) {
  if (c > MILL_CODEC_DEFLATE) return mill_codec_unknown(path, err);
  mill_writer *w = mill_calloc(m, sizeof *w);
  if (!w) return mill_oom(m, sizeof *w, err);
  w->memory = m;
  w->codec = c;
  w->file.fd = -1;
  mill_status s = mill_file_open(fs, m, path, mode, &w->file, err);
  if (s == MILL_OK) s = start_encoder(w, err);
  if (s != MILL_OK) {
    mill_writer_free(w);
    return s;
  }
  *out = w;
  return MILL_OK;
}

mill_status mill_writer_open(const mill_files *fs, mill_memory *m, const char *path, mill_codec c,
                             mill_writer **out, mill_error *err) {
  return open_writer(fs, m, path, c, MILL_FILE_CREATE, out, err);
}

mill_status mill_writer_append(const mill_files *fs, mill_memory *m, const char *path, mill_codec c,
                               mill_writer **out, mill_error *err) {
  return open_writer(fs, m, path, c, MILL_FILE_APPEND, out, err);
}

void mill_writer_free(mill_writer *w) {
  if (!w) return;
  if (w->z.state) deflateEnd(&w->z);
  ZSTD_freeCCtx(w->zstd);
  if (w->out) mill_free(w->memory, w->out, CODEC_BUFFER);
  mill_file_clear(&w->file);
  mill_free(w->memory, w, sizeof *w);
}

static mill_status put_out(mill_writer *w, const void *p, size_t n, mill_error *err) {
  MILL_TRY(mill_file_write(&w->file, p, n, err));
  mill_file_push(&w->file, n, &w->pushed);
  return MILL_OK;
}

static mill_status flush_out(mill_writer *w, mill_error *err) {
  size_t n = w->used;
  w->used = 0;
  return n ? put_out(w, w->out, n, err) : MILL_OK;
}

/* Pass bytes through the encoder; `end` finishes the stream. */
static mill_status deflate_all(mill_writer *w, const char *p, size_t n, bool end, mill_error *err) {
  do {
    uInt take = n > 1u << 30 ? 1u << 30 : (uInt)n;
    w->z.next_in = (Bytef *)(uintptr_t)p;
    w->z.avail_in = take;
    int code;
    do {
      w->z.next_out = (Bytef *)(w->out + w->used);
      w->z.avail_out = (uInt)(CODEC_BUFFER - w->used);
      code = deflate(&w->z, end && take == n ? Z_FINISH : Z_NO_FLUSH);
      w->used = CODEC_BUFFER - w->z.avail_out;
      if (code == Z_STREAM_ERROR) return corrupt(err, w->file.path, "zlib refused the data");
      if (w->z.avail_out == 0) MILL_TRY(flush_out(w, err));
    } while (w->z.avail_in || (end && take == n && code != Z_STREAM_END));
    p += take;
    n -= take;
  } while (n);
  return MILL_OK;
}

static mill_status zstd_all(mill_writer *w, const char *p, size_t n, bool end, mill_error *err) {
  ZSTD_inBuffer in = {p, n, 0};
  for (;;) {
    ZSTD_outBuffer out = {w->out, CODEC_BUFFER, w->used};
    size_t code = ZSTD_compressStream2(w->zstd, &out, &in, end ? ZSTD_e_end : ZSTD_e_continue);
    if (ZSTD_isError(code)) return mill_oom(w->memory, 1 << 20, err);
    w->used = out.pos;
    if (out.pos == CODEC_BUFFER) MILL_TRY(flush_out(w, err));
    if (end ? code == 0 : in.pos == n) return MILL_OK;
  }
}

mill_status mill_writer_write(mill_writer *w, const void *p, size_t n, mill_error *err) {
  if (n == 0) return MILL_OK; /* p may be NULL */
  if (w->codec == MILL_CODEC_ZSTD) return zstd_all(w, p, n, false, err);
  if (w->codec != MILL_CODEC_NONE) return deflate_all(w, p, n, false, err);
  if (n > CODEC_BUFFER - w->used) MILL_TRY(flush_out(w, err));
  if (n > CODEC_BUFFER) return put_out(w, p, n, err);
  memcpy(w->out + w->used, p, n);
  w->used += n;
  return MILL_OK;
}

mill_status mill_writer_close(mill_writer *w, mill_error *err) {
  mill_status s = w->codec == MILL_CODEC_ZSTD   ? zstd_all(w, NULL, 0, true, err)
                  : w->codec != MILL_CODEC_NONE ? deflate_all(w, NULL, 0, true, err)
                                                : MILL_OK;
  if (s == MILL_OK) s = flush_out(w, err);
  if (s == MILL_OK) s = mill_file_sync(&w->file, err);
  mill_writer_free(w);
  return s;
}

/* ---- single frames ---- */

mill_status mill_zstd_pack(const void *p, size_t n, int level, mill_text *out, mill_error *err) {
  ZSTD_CCtx *c = ZSTD_createCCtx_advanced(funnel(out->memory));
  if (!c) return mill_oom(out->memory, 1 << 17, err);
  ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
  ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, level);
  mill_status s = mill_text_reserve(out, ZSTD_compressBound(n), err);
  if (s == MILL_OK) {
    size_t k = ZSTD_compress2(c, out->data + out->size, out->capacity - out->size, p, n);
    if (ZSTD_isError(k))
      s = mill_oom(out->memory, n, err);
    else
      out->size += k;
  }
  ZSTD_freeCCtx(c);
  return s;
}

mill_status mill_zstd_unpack(const void *p, size_t n, size_t limit, mill_text *out,
                             mill_error *err) {
  ZSTD_DCtx *d = ZSTD_createDCtx_advanced(funnel(out->memory));
  if (!d) return mill_oom(out->memory, 1 << 17, err);
  ZSTD_DCtx_setParameter(d, ZSTD_d_windowLogMax, CODEC_WINDOW_LOG);
  ZSTD_inBuffer in = {p, n, 0};
  size_t start = out->size, code = 1;
  mill_status s = MILL_OK;
  while (s == MILL_OK && code != 0) {
    s = mill_text_reserve(out, 65536, err);
    if (s != MILL_OK) break;
    ZSTD_outBuffer to = {out->data + out->size, out->capacity - out->size - 1, 0};
    size_t before = in.pos;
    code = ZSTD_decompressStream(d, &to, &in);
    out->size += to.pos;
    if (ZSTD_isError(code))
      s = corrupt(err, "(frame)", ZSTD_getErrorName(code));
    else if (out->size - start > limit)
      s = corrupt(err, "(frame)", "more data than it should hold");
    else if (code && in.pos == n && before == n && to.pos == 0)
      s = corrupt(err, "(frame)", "ends in the middle of the compressed data");
  }
  if (s == MILL_OK && in.pos != n) s = corrupt(err, "(frame)", "more bytes after the frame");
  ZSTD_freeDCtx(d);
  return s;
}

/* A decoder in a block of its own, for whole frames. Making one asks the processor what it can do, which
** takes longer than a page on a virtual machine: they are kept. */
static ZSTD_DCtx *take_decoder(mill_memory *m, size_t size) {
  void *block = mill_spare_take(m, MILL_SPARE_ZSTD, size);
  if (block) return block;
  block = mill_alloc(m, size);
  return block ? ZSTD_initStaticDCtx(block, size) : NULL;
}

mill_status mill_zstd_unpack_into(mill_memory *m, const void *p, size_t n, void *out, size_t size,
                                  mill_error *err) {
  size_t own = ZSTD_estimateDCtxSize();
  ZSTD_DCtx *d = take_decoder(m, own);
  if (!d) return mill_oom(m, own, err);
  size_t got = ZSTD_decompressDCtx(d, out, size, p, n);
  mill_spare_give(m, MILL_SPARE_ZSTD, d, own);
  if (ZSTD_isError(got)) return corrupt(err, "(frame)", ZSTD_getErrorName(got));
  return got == size ? MILL_OK : corrupt(err, "(frame)", "less data than it should hold");
}

/* A block of 128 KiB of equal bytes takes 4, so no frame grows by more than 2^15. */
static const char *not_exact(const void *p, size_t n, size_t content) {
  ZSTD_frameHeader h;
  if (n < 4 || ZSTD_getFrameHeader(&h, p, n) != 0 || h.frameType != ZSTD_frame)
    return "no frame of compressed data";
  if (h.frameContentSize != content || content / n > 1 << 15)
    return "the compressed data states another size";
  if (h.dictID != 0 || !h.checksumFlag) return "compressed data of a foreign kind";
  return ZSTD_findFrameCompressedSize(p, n) == n ? NULL : "the compressed data has another length";
}

mill_status mill_zstd_unpack_exact_into(mill_memory *m, const void *p, size_t n, void *out,
                                        size_t content, mill_error *err) {
  const char *reason = not_exact(p, n, content);
  return reason ? corrupt(err, "(frame)", reason)
                : mill_zstd_unpack_into(m, p, n, out, content, err);
}

mill_status mill_zstd_unpack_exact(const void *p, size_t n, size_t content, mill_text *out,
                                   mill_error *err) {
  const char *reason = not_exact(p, n, content);
  if (reason) return corrupt(err, "(frame)", reason);
  MILL_TRY(mill_text_reserve(out, content, err));
  MILL_TRY(mill_zstd_unpack_into(out->memory, p, n, out->data + out->size, content, err));
  out->size += content;
  out->data[out->size] = 0;
  return MILL_OK;
}
