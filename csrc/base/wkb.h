/* Shapes as well-known binary (OGC Simple Features, ISO SQL/MM dimensions): checked and written anew.
**
**     shape  := order type body          order: a byte, 0 big-endian or 1 little; type: 32 bits
**     type   := kind + 1000 (Z), + 2000 (M), + 3000 (ZM)
**     kinds     1 point, 2 line, 3 polygon, 4..6 many of those, 7 many of any
**
** The checks, and their order, are those of Spark's reader: coordinates are numbers (a point of NaNs is
** the empty one), a line has no single point, rings are closed and have four points or more. */
#ifndef MILL_BASE_WKB_H
#define MILL_BASE_WKB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mill_wkb_fault {
  char text[64];
  size_t at; /* the byte */
} mill_wkb_fault;

/* Write the shape of n bytes at `in` to `out`, which has room for n, in the order of bytes asked for;
** what stands behind the shape is left out. `earth`: coordinates are degrees and must be on it.
** False: the bytes are none, `fault` says why. */
bool mill_wkb_copy(const char *in, size_t n, bool earth, bool little, char *out, size_t *made,
                   mill_wkb_fault *fault);

/* Is there such a spatial reference system; `earth`: one that counts degrees? */
bool mill_srid_known(int64_t srid, bool earth);

#endif
