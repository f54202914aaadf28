#include "base/mersenne.h"

enum { N = MILL_MERSENNE_N, M = 397 };

/* init_by_array of the reference, over the seed's two halves. */
void mill_mersenne_init(mill_mersenne *m, uint64_t seed) {
  const uint32_t key[] = {(uint32_t)(seed >> 32), (uint32_t)seed};
  uint32_t *w = m->word;
  w[0] = 19650218u;
  for (uint32_t i = 1; i < N; i++) w[i] = 1812433253u * (w[i - 1] ^ w[i - 1] >> 30) + i;
  uint32_t i = 1, j = 0;
  for (int k = N; k; k--) {
    w[i] = (w[i] ^ (w[i - 1] ^ w[i - 1] >> 30) * 1664525u) + key[j] + j;
    if (++i == N) w[0] = w[N - 1], i = 1;
    j ^= 1;
  }
  for (int k = N - 1; k; k--) {
    w[i] = (w[i] ^ (w[i - 1] ^ w[i - 1] >> 30) * 1566083941u) - i;
    if (++i == N) w[0] = w[N - 1], i = 1;
  }
  w[0] = 0x80000000u;
  m->at = N;
}

static uint32_t twisted(uint32_t far, uint32_t upper, uint32_t lower) {
  uint32_t y = (upper & 0x80000000u) | (lower & 0x7fffffffu);
  return far ^ y >> 1 ^ (0x9908b0dfu & (0u - (y & 1)));
}

static void refill(mill_mersenne *m) {
  uint32_t *w = m->word;
  int k = 0;
  for (; k < N - M; k++) w[k] = twisted(w[k + M], w[k], w[k + 1]);
  for (; k < N - 1; k++) w[k] = twisted(w[k + M - N], w[k], w[k + 1]);
  w[k] = twisted(w[M - 1], w[k], w[0]);
  m->at = 0;
}

uint32_t mill_mersenne_next(mill_mersenne *m) {
  if (m->at == N) refill(m);
  uint32_t y = m->word[m->at++];
  y ^= y >> 11;
  y ^= y << 7 & 0x9d2c5680u;
  y ^= y << 15 & 0xefc60000u;
  return y ^ y >> 18;
}

uint64_t mill_mersenne_long(mill_mersenne *m) {
  uint64_t high = mill_mersenne_next(m);
  return high << 32 | mill_mersenne_next(m);
}

int32_t mill_mersenne_below(mill_mersenne *m, int32_t bound) {
  if ((bound & -bound) == bound)
    return (int32_t)((int64_t)bound * (mill_mersenne_next(m) >> 1) >> 31);
  for (;;) {
    int32_t bits = (int32_t)(mill_mersenne_next(m) >> 1), v = bits % bound;
    if ((int64_t)bits - v + (bound - 1) <= INT32_MAX) return v;
  }
}
