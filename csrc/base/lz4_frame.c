/* LZ4's frame format; see lz4_frame.h. The library's contexts are its own, of some 200 KiB. */
#include "base/lz4_frame.h"

#include <lz4frame.h>

static mill_status corrupt(mill_error *err, const char *reason) {
  return mill_fail(err, MILL_E_CORRUPT_FILE, "path", "(frame)", "reason",
                   mill_error_fmt(err, "%s", reason), NULL);
}

/* The decoder stops where the output is full or the input ends: only both, with no more expected,
** is a whole frame. */
mill_status mill_lz4_frame_unpack_into(mill_memory *m, const void *p, size_t n, void *out,
                                       size_t size, mill_error *err) {
  LZ4F_dctx *d;
  const char *from = p;
  char *to = out;
  size_t hint = 1;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&d, LZ4F_VERSION)))
    return mill_oom(m, 1 << 18, err);
  while (hint != 0 && !LZ4F_isError(hint)) {
    size_t took = n, made = size;
    hint = LZ4F_decompress(d, to, &made, from, &took, NULL);
    if (took == 0 && made == 0) break;
    from += took;
    to += made;
    n -= took;
    size -= made;
  }
  LZ4F_freeDecompressionContext(d);
  if (LZ4F_isError(hint)) return corrupt(err, LZ4F_getErrorName(hint));
  return hint == 0 && size == 0 ? MILL_OK
                                : corrupt(err, "another amount of data than it should hold");
}

mill_status mill_lz4_frame_pack(const void *p, size_t n, mill_text *out, mill_error *err) {
  size_t bound = LZ4F_compressFrameBound(n, NULL);
  MILL_TRY(mill_text_reserve(out, bound, err));
  size_t made = LZ4F_compressFrame(out->data + out->size, bound, p, n, NULL);
  if (LZ4F_isError(made)) return mill_oom(out->memory, bound, err);
  out->size += made;
  out->data[out->size] = 0;
  return MILL_OK;
}
