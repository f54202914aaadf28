/* Where bytes of a small set stand in a text: a bit for each byte, 64 bytes a word.
**
** Scanners of text formats walk over the set bits instead of the bytes. `p` has blocks * 64 readable
** bytes. With vector units of 16, 32 or 64 bytes, whichever the machine has, a block costs a few
** instructions; elsewhere the bytes are looked at one by one. */
#ifndef MILL_BASE_MARKS_H
#define MILL_BASE_MARKS_H

#include <stddef.h>
#include <stdint.h>

enum { MILL_MARKS = 5 };
typedef struct mill_marks {
  uint64_t of[MILL_MARKS]; /* of each byte of the set, where it is */
} mill_marks;

/* out[i].of[0, n): the bytes of block i that are in the set of n <= MILL_MARKS bytes; what stands behind those is
** undefined. */
void mill_marks_each(const char *p, size_t blocks, const unsigned char *set, int n,
                     mill_marks *out);
/* ends[i]: line feeds and carriage returns; shown[i]: bytes above the blank. */
void mill_marks_lines(const char *p, size_t blocks, uint64_t *ends, uint64_t *shown);

#endif
