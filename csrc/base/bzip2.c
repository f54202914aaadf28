/* bzip2; see bzip2.h. The declarations below are the library's binary interface, version 1.0. */
#include "base/bzip2.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#include "base/codec_memory.h"

typedef struct bz_stream {
  char *next_in;
  unsigned avail_in, total_in_low, total_in_high;
  char *next_out;
  unsigned avail_out, total_out_low, total_out_high;
  void *state;
  void *(*alloc)(void *, int, int);
  void (*free)(void *, void *);
  void *opaque;
} bz_stream;

enum { RUN, FLUSH, FINISH };
enum { OK = 0, FINISH_OK = 3, STREAM_END = 4, MEMORY = -3 };
enum { LEVEL = 9, STEP = 1 << 30 };

static struct {
  pthread_once_t once;
  bool there;
  int (*read_init)(bz_stream *, int verbosity, int small);
  int (*read)(bz_stream *);
  int (*read_end)(bz_stream *);
  int (*write_init)(bz_stream *, int level, int verbosity, int work);
  int (*write)(bz_stream *, int action);
  int (*write_end)(bz_stream *);
} library = {.once = PTHREAD_ONCE_INIT};

static bool symbol(void *handle, const char *name, void *to) {
  void *p = dlsym(handle, name);
  memcpy(to, &p, sizeof p);
  return p != NULL;
}

/* The handle stays for the life of the process. */
static void load(void) {
  void *h = dlopen("libbz2.so.1.0", RTLD_NOW | RTLD_LOCAL);
  if (h == NULL) h = dlopen("libbz2.so.1", RTLD_NOW | RTLD_LOCAL);
  library.there = h && symbol(h, "BZ2_bzDecompressInit", &library.read_init) &&
                  symbol(h, "BZ2_bzDecompress", &library.read) &&
                  symbol(h, "BZ2_bzDecompressEnd", &library.read_end) &&
                  symbol(h, "BZ2_bzCompressInit", &library.write_init) &&
                  symbol(h, "BZ2_bzCompress", &library.write) &&
                  symbol(h, "BZ2_bzCompressEnd", &library.write_end);
}

static mill_status need_library(mill_error *err) {
  pthread_once(&library.once, load);
  if (library.there) return MILL_OK;
  mill_status s = mill_fail(err, MILL_E_CODEC_NOT_AVAILABLE, "codecName", "bzip2",
                            "availableCodecs", "none, gzip, zstd, deflate, snappy and lz4", NULL);
  mill_error_hint(err, "bzip2 needs the library libbz2: install the package libbz2-1.0.");
  return s;
}

static void *take(void *m, int items, int size) {
  return mill_z_alloc(m, (unsigned)items, (unsigned)size);
}

/* ---- reading -------------------------------------------------------------------------------- */

struct mill_bzip2 {
  mill_memory *memory;
  bz_stream z;
  bool open;
};

mill_status mill_bzip2_open(mill_memory *m, mill_bzip2 **out, mill_error *err) {
  MILL_TRY(need_library(err));
  *out = mill_calloc(m, sizeof **out);
  if (*out == NULL) return mill_oom(m, sizeof **out, err);
  (*out)->memory = m;
  return MILL_OK;
}

static void end(mill_bzip2 *b) {
  if (b->open) library.read_end(&b->z);
  b->open = false;
}

void mill_bzip2_free(mill_bzip2 *b) {
  if (b == NULL) return;
  end(b);
  mill_free(b->memory, b, sizeof *b);
}

mill_status mill_bzip2_step(mill_bzip2 *b, const char *in, size_t n, size_t *used, char *out,
                            size_t room, size_t *made, bool *inside, const char **damage,
                            mill_error *err) {
  *used = *made = 0;
  if (!b->open) {
    *inside = false;
    if (n == 0) return MILL_OK;
    b->z = (bz_stream){.alloc = take, .free = mill_z_free, .opaque = b->memory};
    if (library.read_init(&b->z, 0, 0) != OK) return mill_oom(b->memory, 1 << 22, err);
    b->open = true;
  }
  unsigned give = (unsigned)(n < STEP ? n : STEP), want = (unsigned)(room < STEP ? room : STEP);
  b->z.next_in = (char *)(uintptr_t)in;
  b->z.avail_in = give;
  b->z.next_out = out;
  b->z.avail_out = want;
  int code = library.read(&b->z);
  *used = give - b->z.avail_in;
  *made = want - b->z.avail_out;
  *inside = code != STREAM_END;
  if (code == MEMORY) return mill_oom(b->memory, 1 << 22, err);
  if (code == STREAM_END)
    end(b);
  else if (code != OK)
    *damage = "damaged compressed data";
  return MILL_OK;
}

/* ---- writing -------------------------------------------------------------------------------- */

static mill_status pack(bz_stream *z, const char *p, size_t n, mill_text *out, mill_error *err) {
  for (int code = FINISH_OK; code != STREAM_END;) {
    unsigned give = (unsigned)(n < STEP ? n : STEP);
    MILL_TRY(mill_text_reserve(out, 1 << 16, err));
    size_t room = out->capacity - out->size - 1;
    unsigned want = (unsigned)(room < STEP ? room : STEP);
    z->next_in = (char *)(uintptr_t)p;
    z->avail_in = give;
    z->next_out = out->data + out->size;
    z->avail_out = want;
    code = library.write(z, give == n ? FINISH : RUN);
    if (code < 0) return mill_fail(err, MILL_E_INTERNAL_ERROR, "message", "libbz2 failed", NULL);
    p += give - z->avail_in;
    n -= give - z->avail_in;
    out->size += want - z->avail_out;
  }
  return MILL_OK;
}

mill_status mill_bzip2_pack(const void *p, size_t n, mill_text *out, mill_error *err) {
  MILL_TRY(need_library(err));
  bz_stream z = {.alloc = take, .free = mill_z_free, .opaque = out->memory};
  if (library.write_init(&z, LEVEL, 0, 0) != OK) return mill_oom(out->memory, 1 << 23, err);
  mill_status s = pack(&z, p, n, out, err);
  library.write_end(&z);
  return s;
}
