/* The Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998), seeded and read as Apache Commons Math does it: the
** numbers behind Spark's uuid and shuffle. */
#ifndef MILL_BASE_MERSENNE_H
#define MILL_BASE_MERSENNE_H

#include <stdint.h>

enum { MILL_MERSENNE_N = 624 };

typedef struct mill_mersenne {
  uint32_t word[MILL_MERSENNE_N];
  uint32_t at;
} mill_mersenne;

void mill_mersenne_init(mill_mersenne *m, uint64_t seed);
uint32_t mill_mersenne_next(mill_mersenne *m);
uint64_t mill_mersenne_long(mill_mersenne *m);
/* [0, bound), bound > 0 */
int32_t mill_mersenne_below(mill_mersenne *m, int32_t bound);

#endif
