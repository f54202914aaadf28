/* Texts as codes of the substrings that are frequent in them, after FSST [Boncz, Neumann, Leis: "FSST: Fast
** Random Access String Compression", PVLDB 13(11), 2020].
**
** A symbol has 1 to 8 bytes, its code one; the code 255 stands before a byte that begins no symbol. What is
** packed here is unpacked as a whole, so symbols may cross the borders of strings, and the bytes are cut into
** four lanes of a quarter each, worked on side by side: while one waits for its table the others go on.
**
**     k u8 | sizes of k symbols | their bytes | bytes of lanes 0 to 3, u32 each | codes of lanes 0 to 3
**
** A table is trained on 16 KiB of the bytes: about 0.2 ms. Packing and unpacking are three and two times as
** fast as zstd at level 1, of which the result has 1.3 times the size. Little-endian; what a table is and what
** comes of the bytes depends on them alone. */
#ifndef MILL_BASE_FSST_H
#define MILL_BASE_FSST_H

#include "base/text.h"

typedef struct mill_fsst mill_fsst;

/* A table for n bytes like these, in the arena; NULL: out of memory. */
mill_fsst *mill_fsst_train(const char *p, size_t n, mill_arena *a) MILL_USE_RESULT;
/* How many bytes n bytes take, without the table; `scratch` has 2 * n + 8. */
size_t mill_fsst_measure(const mill_fsst *f, const char *p, size_t n, char *scratch);
/* Append n bytes, packed; at most MILL_FSST_MOST. */
enum { MILL_FSST_MOST = 1 << 30 };
mill_status mill_fsst_pack(const mill_fsst *f, const char *p, size_t n, mill_text *out,
                           mill_error *err) MILL_USE_RESULT;
/* All n packed bytes into `out`, which has room for exactly `content`; false: they are malformed, or other
** than so many come of them. */
bool mill_fsst_unpack(const char *p, size_t n, char *out, size_t content) MILL_USE_RESULT;

#endif
