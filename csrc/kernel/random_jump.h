/* The state of Spark's XORShiftRandom at any row, without a walk over the rows before it: steps are linear over
** GF(2), so many of them are one product with a power of the step's matrix. Morsel m, the upper bits of a row's
** position, has the generator of seed + m. */
#ifndef MILL_KERNEL_RANDOM_JUMP_H
#define MILL_KERNEL_RANDOM_JUMP_H

#include <stdint.h>

#include "column/vector.h"

typedef struct mill_jump {
  uint64_t seed;
  struct {
    uint64_t column[64]; /* image of each bit */
  } power[64];           /* 2^k steps */
} mill_jump;

void mill_jump_init(mill_jump *j, uint64_t seed);
/* At the start of the morsel of a position; at the position, where rows take so many steps each. */
uint64_t mill_jump_first(const mill_jump *j, uint64_t position);
uint64_t mill_jump_state(const mill_jump *j, uint64_t position, uint64_t steps);
uint64_t mill_jump_by(const mill_jump *j, uint64_t state, uint64_t n); /* n steps behind a state */

#endif
