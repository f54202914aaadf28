/* See brotli.h. The functions are those of brotli/decode.h and encode.h (1.0), declared here so that
** the headers need not be there. */
#include "base/brotli.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#include "base/codec_memory.h"

typedef void *(*alloc_function)(void *opaque, size_t size);
typedef void (*free_function)(void *opaque, void *p);

/* BrotliDecoderResult, BrotliEncoderOperation, BrotliEncoderParameter. */
enum { RESULT_SUCCESS = 1, OPERATION_FINISH = 2, PARAMETER_QUALITY = 1, PARAMETER_SIZE_HINT = 5 };

typedef struct functions {
  void *(*decoder_new)(alloc_function, free_function, void *);
  int (*decode)(void *, size_t *, const uint8_t **, size_t *, uint8_t **, size_t *);
  void (*decoder_free)(void *);
  void *(*encoder_new)(alloc_function, free_function, void *);
  int (*set)(void *, int, uint32_t);
  int (*encode)(void *, int, size_t *, const uint8_t **, size_t *, uint8_t **, size_t *);
  int (*is_finished)(void *);
  void (*encoder_free)(void *);
  size_t (*most)(size_t);
} functions;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static functions brotli;
static bool can_decode, can_encode;

static bool find(void *library, const char *name, void *to) {
  void *f = library ? dlsym(library, name) : NULL;
  memcpy(to, &f, sizeof f);
  return f != NULL;
}

/* The libraries stay open as long as the process. */
static void open_libraries(void) {
  void *d = dlopen("libbrotlidec.so.1", RTLD_NOW | RTLD_LOCAL);
  void *e = dlopen("libbrotlienc.so.1", RTLD_NOW | RTLD_LOCAL);
  can_decode = find(d, "BrotliDecoderCreateInstance", &brotli.decoder_new) &&
               find(d, "BrotliDecoderDecompressStream", &brotli.decode) &&
               find(d, "BrotliDecoderDestroyInstance", &brotli.decoder_free);
  can_encode = find(e, "BrotliEncoderCreateInstance", &brotli.encoder_new) &&
               find(e, "BrotliEncoderSetParameter", &brotli.set) &&
               find(e, "BrotliEncoderCompressStream", &brotli.encode) &&
               find(e, "BrotliEncoderIsFinished", &brotli.is_finished) &&
               find(e, "BrotliEncoderDestroyInstance", &brotli.encoder_free) &&
               find(e, "BrotliEncoderMaxCompressedSize", &brotli.most);
}

static mill_status absent(mill_error *err) {
  return mill_fail(err, MILL_E_CODEC_NOT_AVAILABLE, "codecName", "brotli", "availableCodecs",
                   "libraries for it in Debian's package libbrotli1, which is not installed", NULL);
}

mill_status mill_brotli_ready(mill_error *err) {
  pthread_once(&once, open_libraries);
  return can_encode ? MILL_OK : absent(err);
}

mill_status mill_brotli_unpack(mill_memory *m, const void *p, size_t n, void *out, size_t size,
                               bool *ok, mill_error *err) {
  const uint8_t *in = p;
  uint8_t *to = out;
  size_t left = size;
  pthread_once(&once, open_libraries);
  if (!can_decode) return absent(err);
  void *d = brotli.decoder_new(mill_zstd_alloc, mill_z_free, m);
  if (d == NULL) return mill_oom(m, 1 << 16, err);
  int result = brotli.decode(d, &n, &in, &left, &to, NULL);
  brotli.decoder_free(d);
  *ok = result == RESULT_SUCCESS && n == 0 && left == 0;
  return MILL_OK;
}

mill_status mill_brotli_pack(const void *p, size_t n, int quality, mill_text *out,
                             mill_error *err) {
  MILL_TRY(mill_brotli_ready(err));
  size_t most = brotli.most(n), left = n, room = most ? most : 2 * n + 1024;
  const uint8_t *in = p;
  MILL_TRY(mill_text_reserve(out, room, err));
  uint8_t *to = (uint8_t *)out->data + out->size;
  void *e = brotli.encoder_new(mill_zstd_alloc, mill_z_free, out->memory);
  if (e == NULL) return mill_oom(out->memory, 1 << 16, err);
  brotli.set(e, PARAMETER_QUALITY, (uint32_t)quality);
  if (n <= UINT32_MAX) brotli.set(e, PARAMETER_SIZE_HINT, (uint32_t)n);
  bool ok =
      brotli.encode(e, OPERATION_FINISH, &left, &in, &room, &to, NULL) && brotli.is_finished(e);
  brotli.encoder_free(e);
  if (!ok) return mill_oom(out->memory, n, err); /* the library fails for no other reason */
  out->size = (size_t)(to - (uint8_t *)out->data);
  return MILL_OK;
}
