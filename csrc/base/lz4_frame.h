/* LZ4's frame format, whole buffers at a time (Arrow's LZ4_FRAME). */
#ifndef MILL_BASE_LZ4_FRAME_H
#define MILL_BASE_LZ4_FRAME_H

#include "base/text.h"

/* One frame of exactly `size` bytes, into memory that the caller has; else CORRUPT_FILE. */
mill_status mill_lz4_frame_unpack_into(mill_memory *m, const void *p, size_t n, void *out,
                                       size_t size, mill_error *err) MILL_USE_RESULT;
/* Append a frame. */
mill_status mill_lz4_frame_pack(const void *p, size_t n, mill_text *out,
                                mill_error *err) MILL_USE_RESULT;

#endif
