/* MILL_HOT: functions that are one loop over plain values. gcc vectorises these at -O3 only, comparisons of doubles
** only where they need no traps, and twice, for the processor at hand. Not under a sanitizer: the choice runs before
** its library is there. */
#ifndef MILL_BASE_HOT_H
#define MILL_BASE_HOT_H

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) &&                             \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define MILL_HOT                                                                                   \
  __attribute__((optimize("O3", "no-trapping-math"), target_clones("avx2", "default")))
#else
#define MILL_HOT
#endif

#endif
