/* Brotli (RFC 7932) through the libraries of Google's reference implementation, which are opened at
** first use: few files need them. Where they are not there each call is CODEC_NOT_AVAILABLE and names
** Debian's package.
**
** Threads: any. Memory of a call is from the funnel and given back when it ends. */
#ifndef MILL_BASE_BROTLI_H
#define MILL_BASE_BROTLI_H

#include "base/text.h"

/* *ok: p[0, n) is one whole stream of exactly `size` bytes of content, which are in `out`. */
mill_status mill_brotli_unpack(mill_memory *m, const void *p, size_t n, void *out, size_t size,
                               bool *ok, mill_error *err) MILL_USE_RESULT;
/* Can blocks be packed here? */
mill_status mill_brotli_ready(mill_error *err) MILL_USE_RESULT;
/* Append p[0, n) as one stream; quality 0 to 11. */
mill_status mill_brotli_pack(const void *p, size_t n, int quality, mill_text *out,
                             mill_error *err) MILL_USE_RESULT;

#endif
