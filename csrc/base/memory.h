/* The allocator funnel: every byte of the core is allocated here.
**
** A mill_memory belongs to one session and outlives everything allocated from it. It counts bytes
** and blocks, refuses to pass its limit, and can be told to fail at a chosen allocation (tests
** sweep that number). Sizes are given back on free, so blocks carry no header. Thread-safe; one
** atomic add a call.
**
** An arena is a list of blocks freed together: the parse tree of a statement, the state of a query.
** Arenas are single-threaded; what they hand out is aligned to 16 and never moves. */
#ifndef MILL_BASE_MEMORY_H
#define MILL_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef struct mill_memory mill_memory;

/* NULL when the C library has no memory left for the funnel itself. limit 0: none. */
mill_memory *mill_memory_new(size_t limit);
/* One more that has to call mill_memory_free; the last call frees. */
mill_memory *mill_memory_ref(mill_memory *m);
void mill_memory_free(mill_memory *m);

typedef struct mill_memory_stats {
  size_t used, peak, limit; /* bytes */
  size_t blocks;            /* live allocations */
  uint64_t calls;           /* allocations ever asked for */
} mill_memory_stats;
mill_memory_stats mill_memory_read(const mill_memory *m);

/* Fail allocation number `calls + n` (n = 1: the next one), and with `forever` each one after it; n
** = 0: never. */
void mill_memory_fail_at(mill_memory *m, uint64_t n, bool forever);

/* mill_alloc: n > 0 bytes aligned to 64 from 1 KiB up, else to 16. On failure NULL; the caller
** returns mill_oom(). mill_realloc keeps the old block on failure. mill_free accepts NULL. */
void *mill_alloc(mill_memory *m, size_t n) __attribute__((malloc, warn_unused_result));
void *mill_calloc(mill_memory *m, size_t n) __attribute__((malloc, warn_unused_result));
void *mill_realloc(mill_memory *m, void *p, size_t old, size_t n) MILL_USE_RESULT;
void mill_free(mill_memory *m, void *p, size_t n);
/* A text of its own, freed by mill_strfree, its length unchanged. NULL of NULL, or out of memory. */
char *mill_strdup(mill_memory *m, const char *s) MILL_USE_RESULT;
void mill_strfree(mill_memory *m, const char *s);
mill_status mill_oom(const mill_memory *m, size_t wanted, mill_error *err) __attribute__((cold));

/* Blocks whose contents are costly to make, such as the context of a decoder: given back as they are, and
** taken by whoever wants one of the kind and size next. NULL: none is kept; make one of mill_alloc. What
** is given back counts as free, and its memory goes when it is needed. */
typedef enum mill_spare { MILL_SPARE_ZSTD, MILL_SPARES } mill_spare;
void *mill_spare_take(mill_memory *m, mill_spare kind, size_t n) MILL_USE_RESULT;
void mill_spare_give(mill_memory *m, mill_spare kind, void *p, size_t n);

/* Grow an array of `item`-byte elements so that it holds `need`; doubles. On failure it stays
 * as it was. */
mill_status mill_grow(mill_memory *m, void **p, size_t *cap, size_t need, size_t item,
                      mill_error *err) MILL_USE_RESULT;

typedef struct mill_arena {
  mill_memory *memory;
  struct mill_arena_block *head;
  char *at, *end;
  struct mill_arena_end *ends;
} mill_arena;

void mill_arena_init(mill_arena *a, mill_memory *m);
void mill_arena_clear(mill_arena *a);         /* frees every block; the arena can be used again */
size_t mill_arena_bytes(const mill_arena *a); /* of its blocks */
void mill_arena_reset(mill_arena *a);         /* as clear, but the newest block stays for reuse */
void *mill_arena_alloc(mill_arena *a,
                       size_t n) MILL_USE_RESULT; /* zeroed; NULL when out of memory */
void *mill_arena_take(mill_arena *a, size_t n) MILL_USE_RESULT; /* the same, not zeroed */
/* What is taken next, up to n bytes, lies in one block. False when out of memory. */
bool mill_arena_reserve(mill_arena *a, size_t n) MILL_USE_RESULT;
/* Call f(what) when the arena is cleared, before its memory goes: for what others allocated. The
** last one given comes first. False when out of memory: f is not called then. */
bool mill_arena_at_end(mill_arena *a, void (*f)(void *), void *what) MILL_USE_RESULT;
char *mill_arena_strndup(mill_arena *a, const char *s, size_t n) MILL_USE_RESULT;

#endif
