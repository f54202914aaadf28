#include "kernel/random_jump.h"

#include "base/xorshift.h"

static uint64_t apply(const uint64_t column[64], uint64_t s) {
  uint64_t r = 0;
  for (; s; s &= s - 1) r ^= column[__builtin_ctzll(s)];
  return r;
}

void mill_jump_init(mill_jump *j, uint64_t seed) {
  j->seed = seed;
  for (int b = 0; b < 64; b++) j->power[0].column[b] = mill_xorshift_step(1ull << b);
  for (int k = 1; k < 64; k++)
    for (int b = 0; b < 64; b++)
      j->power[k].column[b] = apply(j->power[k - 1].column, j->power[k - 1].column[b]);
}

uint64_t mill_jump_first(const mill_jump *j, uint64_t position) {
  return mill_xorshift_hash(j->seed + (position >> MILL_MORSEL_BITS));
}

uint64_t mill_jump_state(const mill_jump *j, uint64_t position, uint64_t steps) {
  uint64_t n = (position & ((1ull << MILL_MORSEL_BITS) - 1)) * steps;
  return mill_jump_by(j, mill_jump_first(j, position), n);
}

uint64_t mill_jump_by(const mill_jump *j, uint64_t state, uint64_t n) {
  for (int k = 0; n; k++, n >>= 1)
    if (n & 1) state = apply(j->power[k].column, state);
  return state;
}
