/* Columns as bytes in files before version 2 (page_int.h draws those of today). One vector of n
** values, depth first:
**
**     n u32 | nulls u8 | validity words, if nulls | values | children
**
**     fixed width   n values, little-endian; zero where null
**     strings       n sizes u32, then the bytes of all; size 0 where null
**     lists, maps   n sizes u32; children hold the elements of all rows in order
**     structs       nothing; children hold n values each
**     VOID          nothing; nulls is 1
**
** Bits of the last word behind value n are 1. Private to csrc/snapshot. */
#ifndef MILL_SNAPSHOT_COLUMN_INT_H
#define MILL_SNAPSHOT_COLUMN_INT_H

#include "column/vector.h"
#include "snapshot/container.h"

/* The whole of `bytes` as one flat vector of n values in the arena. CORRUPT_FILE, naming `what`, for
** bytes that are no such column: what is allocated is bounded by the bytes there are, and values that
** other code relies on (booleans, decimals, map keys, ML vectors) are checked. */
mill_status mill_snapshot_decode(const mill_snapshot *s, const char *what, const mill_text *bytes,
                                 const mill_type *type, uint32_t n, mill_arena *a, mill_vector *out,
                                 mill_error *err) MILL_USE_RESULT;
/* NULL, or what is wrong with the first n values of fixed width. */
const char *mill_snapshot_wrong_values(const mill_vector *v, uint32_t n);
/* NULL, or what is wrong with the first n values of a decoded VECTOR or MATRIX. */
const char *mill_snapshot_check_ml(const mill_vector *v, uint32_t n);

/* Between the file's order of bytes and the machine's, in place. */
static inline void snapshot_swap(void *values, size_t n, const mill_type *t) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  (void)values, (void)n, (void)t;
#else
  static const uint8_t interval[] = {4, 4, 8};
  uint8_t *p = values;
  for (size_t i = 0; i < n; i++)
    for (int part = 0; part < (t->phys == MILL_PHYS_INTERVAL ? 3 : 1); part++) {
      size_t width = t->phys == MILL_PHYS_INTERVAL ? interval[part] : t->width;
      for (size_t k = 0; k < width / 2; k++) {
        uint8_t byte = p[k];
        p[k] = p[width - 1 - k];
        p[width - 1 - k] = byte;
      }
      p += width;
    }
#endif
}

#endif
