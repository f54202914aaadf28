/* The allocator funnel and arenas: see memory.h.
**
** Blocks from 1 KiB up come in classes, eight a doubling, with some room for a header before a power of
** two, and are kept when they are freed: what one query gives back the next one takes, without a walk
** through the system's free lists, and for large ones without the system clearing pages in between.
** What is kept counts towards the limit: it goes before an allocation would fail. Only so much is kept; of
** what nobody has asked for longest one goes for another, so that the blocks kept are those that are in use.
**
** Blocks from 128 KiB up are mapped, so that what is given back leaves the process. The system is asked for huge
** pages (2 MiB), which cost a third of what as many small ones do when they are touched first, and are found
** by one look-up of their address:
**
**     blocks below 8 MiB, which are no whole number of them, lie side by side in regions
**         | block | block |    block     | block | not given yet        |     64 MiB, touched as far as it is given
**     larger ones have a mapping each, which begins with a huge page.
**
** A block in a region goes back to the system alone. As the rest of its last page is its neighbour's, it counts as
** large as its class. While a session has little, its small blocks are mapped one by one: the first touch of a huge
** page takes longer than all there is to do. */
#include "base/memory.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/sanitizer.h"

enum { LINE = 64, PAGE = 4096, HUGE_PAGE = 1 << 21, MAPPED_FROM = 1 << 17 };
enum { SHARED_BELOW = 8 << 20, REGION = 64 << 20, SHARED_FROM_USED = 32 << 20 };
/* Classes of kept blocks: (8 + k % 8) << (7 + k / 8) bytes and a header's room, up to 64 MiB. */
enum { KEPT_FROM = 1 << 10, CLASSES = 129 };
static const size_t kept_most = (size_t)1024
                                << 20; /* bytes, and never above an eighth of the limit */
enum { KEEPING = !MILL_ASAN };         /* a kept block would hide its use after free */

/* Blocks kept with their contents, a few of each kind. */
enum { SPARES = 8 };
typedef struct spares {
  int n;
  void *block[SPARES];
  size_t size[SPARES];
} spares;

struct mill_memory {
  pthread_mutex_t lock;
  spares spare[MILL_SPARES];
  void *kept[CLASSES];     /* free blocks, each begins with a pointer to the next */
  uint64_t asked[CLASSES]; /* when a block of the class was wanted last, by `asking` */
  uint64_t asking;
  size_t kept_limit;
  char *region, *region_end; /* what is not given yet */
  atomic_size_t used, peak, kept_bytes;
  /* gone: calls without a live block of their own, since they failed, grew another or were freed. So each
  ** call counts once, in one of them. fail_at: call number, 0 = never */
  atomic_uint_fast64_t calls, gone, fail_at;
  atomic_bool fail_forever;
  size_t limit;
  atomic_int refs;
};

mill_memory *mill_memory_new(size_t limit) {
  mill_memory *m = calloc(1, sizeof *m);
  if (m == NULL) return NULL;
  m->limit = limit;
  atomic_init(&m->refs, 1);
  m->kept_limit = limit && limit / 8 < kept_most ? limit / 8 : kept_most;
  pthread_mutex_init(&m->lock, NULL);
  return m;
}

mill_memory_stats mill_memory_read(const mill_memory *m) {
  const uint64_t gone = atomic_load(&m->gone); /* before `calls`, which threads may add to */
  return (mill_memory_stats){.used = atomic_load(&m->used),
                             .peak = atomic_load(&m->peak),
                             .limit = m->limit,
                             .blocks = (size_t)(atomic_load(&m->calls) - gone),
                             .calls = atomic_load(&m->calls)};
}

void mill_memory_fail_at(mill_memory *m, uint64_t n, bool forever) {
  atomic_store(&m->fail_forever, forever);
  atomic_store(&m->fail_at, n ? atomic_load(&m->calls) + n : 0);
}

/* ---- blocks of the system ------------------------------------------------------------------- */

static size_t class_size(int k) {
  size_t n = (size_t)(8 + k % 8) << (7 + k / 8);
  return n + (n < MAPPED_FROM ? LINE : PAGE);
}

/* The class of a block; CLASSES: none is kept of its size. */
static int class_of(size_t n) {
  if (!KEEPING || n < KEPT_FROM || n > class_size(CLASSES - 1)) return CLASSES;
  int bits = 63 - __builtin_clzll(n), k = 8 * (bits - 10) + (int)(n >> (bits - 3) & 7);
  while (k > 0 && class_size(k - 1) >= n) k--;
  return class_size(k) < n ? k + 1 : k;
}

/* What a block counts as. */
static size_t charge(size_t n) {
  return KEEPING && n >= MAPPED_FROM && n < SHARED_BELOW ? class_size(class_of(n)) : n;
}

static size_t pages(size_t n) { return (n + PAGE - 1) & ~(size_t)(PAGE - 1); }

/* From 2 MiB up at a multiple of that: what is mapped around it goes back. */
static void *map(size_t n) {
  size_t size = pages(n), more = size >= HUGE_PAGE ? HUGE_PAGE : 0;
  char *p = mmap(NULL, size + more, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return NULL;
  if (more == 0) return p;
  size_t before = (HUGE_PAGE - ((uintptr_t)p & (HUGE_PAGE - 1))) & (HUGE_PAGE - 1);
  if (before) munmap(p, before);
  if (more > before) munmap(p + before + size, more - before);
  (void)madvise(p + before, size & ~(size_t)(HUGE_PAGE - 1), MADV_HUGEPAGE);
  return p + before;
}

static void end_region(mill_memory *m) {
  if (m->region < m->region_end) munmap(m->region, (size_t)(m->region_end - m->region));
  m->region = m->region_end = NULL;
}

/* Under the lock. NULL: the system gives no region. */
static void *cut_region(mill_memory *m, size_t size) {
  if ((size_t)(m->region_end - m->region) < size) {
    end_region(m);
    m->region = map(REGION);
    if (m->region == NULL) return NULL;
    m->region_end = m->region + REGION;
  }
  void *p = m->region;
  m->region += size;
  return p;
}

/* A block of a size that is a class's. */
static void *map_shared(mill_memory *m, size_t size) {
  void *p = NULL;
  if (atomic_load_explicit(&m->used, memory_order_relaxed) >= SHARED_FROM_USED) {
    pthread_mutex_lock(&m->lock);
    p = cut_region(m, size);
    pthread_mutex_unlock(&m->lock);
  }
  return p ? p : map(size);
}

static void *system_alloc(mill_memory *m, size_t n) {
  if (n < KEPT_FROM || !KEEPING) return malloc(n);
  if (n < MAPPED_FROM) return aligned_alloc(LINE, (n + LINE - 1) & ~(size_t)(LINE - 1));
  return n < SHARED_BELOW ? map_shared(m, n) : map(n);
}

static void system_free(void *p, size_t n) {
  if (n < MAPPED_FROM || !KEEPING)
    free(p);
  else
    munmap(p, pages(n));
}

/* ---- kept blocks ---------------------------------------------------------------------------- */

static void *pop(mill_memory *m, int k) {
  void *p = m->kept[k];
  if (p == NULL) return NULL;
  memcpy(&m->kept[k], p, sizeof p);
  atomic_fetch_sub_explicit(&m->kept_bytes, class_size(k), memory_order_relaxed);
  return p;
}

static void *take_kept(mill_memory *m, int k) {
  if (atomic_load_explicit(&m->kept_bytes, memory_order_relaxed) == 0) return NULL;
  pthread_mutex_lock(&m->lock);
  void *p = pop(m, k);
  m->asked[k] = ++m->asking;
  pthread_mutex_unlock(&m->lock);
  return p;
}

/* Under the lock: the class, of those asked for less lately than k, whose blocks go first; CLASSES: none. */
static int stalest(const mill_memory *m, int k) {
  int found = CLASSES;
  uint64_t asked = m->asked[k];
  for (int i = 0; i < CLASSES; i++)
    if (m->kept[i] && m->asked[i] < asked) asked = m->asked[found = i];
  return found;
}

/* Under the lock: may so many bytes more be kept? */
static bool has_room(const mill_memory *m, size_t size) {
  size_t kept = atomic_load_explicit(&m->kept_bytes, memory_order_relaxed) + size;
  return kept <= m->kept_limit &&
         (!m->limit || atomic_load_explicit(&m->used, memory_order_relaxed) + kept <= m->limit);
}

static bool keep(mill_memory *m, void *p, int k) {
  size_t size = class_size(k);
  pthread_mutex_lock(&m->lock);
  for (int old; !has_room(m, size) && (old = stalest(m, k)) < CLASSES;)
    system_free(pop(m, old), class_size(old));
  bool room = has_room(m, size);
  if (room) {
    memcpy(p, &m->kept[k], sizeof p);
    m->kept[k] = p;
    atomic_fetch_add_explicit(&m->kept_bytes, size, memory_order_relaxed);
  }
  pthread_mutex_unlock(&m->lock);
  return room;
}

static void free_system(void *p, size_t n) {
  int k = class_of(n);
  system_free(p, k < CLASSES ? class_size(k) : n);
}

/* Under the lock: a spare block of the size, NULL. */
static void *pop_spare(mill_memory *m, spares *s, size_t n) {
  for (int i = s->n; i-- > 0;) {
    if (s->size[i] != n) continue;
    void *p = s->block[i];
    s->block[i] = s->block[--s->n];
    s->size[i] = s->size[s->n];
    atomic_fetch_sub_explicit(&m->kept_bytes, n, memory_order_relaxed);
    return p;
  }
  return NULL;
}

static void drop_kept(mill_memory *m) {
  void *p;
  pthread_mutex_lock(&m->lock);
  for (spares *s = m->spare; s < m->spare + MILL_SPARES; s++)
    while (s->n) {
      size_t n = s->size[s->n - 1];
      free_system(pop_spare(m, s, n), n);
    }
  for (int k = 0; k < CLASSES; k++)
    while ((p = pop(m, k)) != NULL) system_free(p, class_size(k));
  pthread_mutex_unlock(&m->lock);
}

mill_memory *mill_memory_ref(mill_memory *m) {
  atomic_fetch_add_explicit(&m->refs, 1, memory_order_relaxed);
  return m;
}

void mill_memory_free(mill_memory *m) {
  if (m == NULL || atomic_fetch_sub_explicit(&m->refs, 1, memory_order_acq_rel) != 1) return;
  drop_kept(m);
  end_region(m);
  pthread_mutex_destroy(&m->lock);
  free(m);
}

/* ---- allocation ----------------------------------------------------------------------------- */

/* One block less. */
static void note_gone(mill_memory *m) {
  atomic_fetch_add_explicit(&m->gone, 1, memory_order_relaxed);
}

/* May the call go on, with so many bytes more? */
static bool admit(mill_memory *m, uint64_t call, size_t grow) {
  uint64_t fail = atomic_load_explicit(&m->fail_at, memory_order_relaxed);
  if (fail && (call == fail || (call > fail && atomic_load(&m->fail_forever)))) return false;
  size_t used = atomic_fetch_add_explicit(&m->used, grow, memory_order_relaxed) + grow;
  if (m->limit && used > m->limit) {
    atomic_fetch_sub_explicit(&m->used, grow, memory_order_relaxed);
    return false;
  }
  size_t peak = atomic_load_explicit(&m->peak, memory_order_relaxed);
  while (used > peak && !atomic_compare_exchange_weak(&m->peak, &peak, used)) {
  }
  return true;
}

/* Count one call, of a block, and `grow` bytes; false if the call must fail. */
static bool reserve(mill_memory *m, size_t grow) {
  uint64_t call = atomic_fetch_add_explicit(&m->calls, 1, memory_order_relaxed) + 1;
  if (admit(m, call, grow)) return true;
  note_gone(m);
  return false;
}

static void release(mill_memory *m, size_t n) {
  atomic_fetch_sub_explicit(&m->used, n, memory_order_relaxed);
}

static void *block_alloc(mill_memory *m, size_t n) {
  int k = class_of(n);
  void *p = k < CLASSES ? take_kept(m, k) : NULL;
  if (p) return p;
  size_t kept = atomic_load_explicit(&m->kept_bytes, memory_order_relaxed);
  if (m->limit && kept && atomic_load_explicit(&m->used, memory_order_relaxed) + kept > m->limit)
    drop_kept(m);
  return system_alloc(m, k < CLASSES ? class_size(k) : n);
}

static void block_free(mill_memory *m, void *p, size_t n) {
  int k = class_of(n);
  if (k < CLASSES && keep(m, p, k)) return;
  system_free(p, k < CLASSES ? class_size(k) : n);
}

void *mill_alloc(mill_memory *m, size_t n) {
  if (!reserve(m, charge(n))) return NULL;
  void *p = block_alloc(m, n);
  if (p == NULL) {
    release(m, charge(n));
    note_gone(m);
  }
  return p;
}

void *mill_calloc(mill_memory *m, size_t n) {
  void *p = mill_alloc(m, n);
  if (p) memset(p, 0, n);
  return p;
}

/* A large block grows by moving its pages to a larger place: none is copied, none cleared. NULL: it
** cannot, and the block is as it was. */
static void *move_pages(mill_memory *m, void *p, size_t old, size_t n) {
  if (!KEEPING || old < HUGE_PAGE || n <= old || class_of(n) < CLASSES || !reserve(m, n))
    return NULL;
  int k = class_of(old);
  size_t had = pages(k < CLASSES ? class_size(k) : old), moved = pages(old);
  char *q = map(n);
  if (q && mremap(p, moved, moved, MREMAP_MAYMOVE | MREMAP_FIXED, q) == MAP_FAILED) {
    munmap(q, pages(n));
    q = NULL;
  }
  if (q && had > moved) munmap((char *)p + moved, had - moved);
  release(m, charge(q ? old : n));
  note_gone(m);
  return q;
}

void *mill_realloc(mill_memory *m, void *p, size_t old, size_t n) {
  if (p == NULL) return mill_alloc(m, n);
  void *moved = move_pages(m, p, old, n);
  if (moved) return moved;
  if (old >= KEPT_FROM || n >= KEPT_FROM) { /* realloc would lose the alignment */
    void *q = mill_alloc(m, n);
    if (q == NULL) return NULL;
    memcpy(q, p, old < n ? old : n);
    mill_free(m, p, old);
    return q;
  }
  if (!reserve(m, charge(n))) return NULL;
  void *q = realloc(p, n);
  release(m, charge(q ? old : n));
  note_gone(m);
  return q;
}

void mill_free(mill_memory *m, void *p, size_t n) {
  if (p == NULL) return;
  block_free(m, p, n);
  release(m, charge(n));
  note_gone(m);
}

void *mill_spare_take(mill_memory *m, mill_spare kind, size_t n) {
  if (!reserve(m, charge(n))) return NULL;
  pthread_mutex_lock(&m->lock);
  void *p = pop_spare(m, &m->spare[kind], n);
  pthread_mutex_unlock(&m->lock);
  if (p == NULL) {
    release(m, charge(n));
    note_gone(m);
  }
  return p;
}

void mill_spare_give(mill_memory *m, mill_spare kind, void *p, size_t n) {
  spares *s = &m->spare[kind];
  pthread_mutex_lock(&m->lock);
  bool keep_it = KEEPING && s->n < SPARES;
  if (keep_it) {
    s->block[s->n] = p;
    s->size[s->n++] = n;
    atomic_fetch_add_explicit(&m->kept_bytes, n, memory_order_relaxed);
  }
  pthread_mutex_unlock(&m->lock);
  if (!keep_it) {
    mill_free(m, p, n);
    return;
  }
  release(m, charge(n));
  note_gone(m);
}

mill_status mill_oom(const mill_memory *m, size_t wanted, mill_error *err) {
  mill_memory_stats s = mill_memory_read(m);
  return mill_fail(err, MILL_E_OUT_OF_MEMORY, "bytes", mill_error_fmt(err, "%zu", wanted), "used",
                   mill_error_fmt(err, "%zu", s.used), "limit", mill_error_fmt(err, "%zu", s.limit),
                   NULL);
}

mill_status mill_grow(mill_memory *m, void **p, size_t *cap, size_t need, size_t item,
                      mill_error *err) {
  if (need <= *cap) return MILL_OK;
  size_t want = *cap < 8 ? 8 : *cap;
  while (want < need && want <= SIZE_MAX / 2) want *= 2;
  if (want < need || want > SIZE_MAX / item) return mill_oom(m, SIZE_MAX, err);
  void *q = mill_realloc(m, *p, *cap * item, want * item);
  if (q == NULL) return mill_oom(m, want * item, err);
  *p = q;
  *cap = want;
  return MILL_OK;
}

/* A block: this header, then `size` bytes. Blocks grow, four times at first, then twice, up to 256 KiB, so an
** arena costs few calls. One that is mapped takes all of its class: nobody else could have the rest. */
enum { ARENA_BLOCK = 1 << 18 };
typedef struct mill_arena_block {
  struct mill_arena_block *next;
  size_t size;
} mill_arena_block;

void mill_arena_init(mill_arena *a, mill_memory *m) { *a = (mill_arena){.memory = m}; }

typedef struct mill_arena_end {
  struct mill_arena_end *next;
  void (*f)(void *);
  void *what;
} mill_arena_end;

bool mill_arena_at_end(mill_arena *a, void (*f)(void *), void *what) {
  mill_arena_end *e = mill_arena_alloc(a, sizeof *e);
  if (e == NULL) return false;
  *e = (mill_arena_end){a->ends, f, what};
  a->ends = e;
  return true;
}

static void end(mill_arena *a) {
  for (mill_arena_end *e = a->ends; e; e = e->next) e->f(e->what);
  a->ends = NULL;
}

void mill_arena_clear(mill_arena *a) {
  end(a);
  for (mill_arena_block *b = a->head, *next; b; b = next) {
    next = b->next;
    mill_free(a->memory, b, sizeof *b + b->size);
  }
  mill_arena_init(a, a->memory);
}

size_t mill_arena_bytes(const mill_arena *a) {
  size_t bytes = 0;
  for (const mill_arena_block *b = a->head; b; b = b->next) bytes += sizeof *b + b->size;
  return bytes;
}

void mill_arena_reset(mill_arena *a) {
  mill_arena_block *b = a->head;
  if (b == NULL) return;
  end(a);
  for (mill_arena_block *old = b->next, *next; old; old = next) {
    next = old->next;
    mill_free(a->memory, old, sizeof *old + old->size);
  }
  b->next = NULL;
  a->at = (char *)(b + 1);
}

static bool add_block(mill_arena *a, size_t n) {
  size_t size = !a->head ? 1024 : a->head->size < 8192 ? a->head->size * 4 : a->head->size * 2;
  if (size > ARENA_BLOCK) size = ARENA_BLOCK;
  if (size < n) size = n;
  size_t bytes = sizeof(mill_arena_block) + size;
  const int k = bytes < MAPPED_FROM ? CLASSES : class_of(bytes);
  if (k < CLASSES) bytes = class_size(k);
  mill_arena_block *b = mill_alloc(a->memory, bytes);
  if (b == NULL) return false;
  *b = (mill_arena_block){a->head, bytes - sizeof *b};
  a->head = b;
  a->at = (char *)(b + 1);
  a->end = (char *)b + bytes;
  return true;
}

void *mill_arena_take(mill_arena *a, size_t n) {
  if (n > SIZE_MAX / 2) return NULL;
  n = (n + 15) & ~(size_t)15;
  if ((size_t)(a->end - a->at) < n && !add_block(a, n)) return NULL;
  void *p = a->at;
  a->at += n;
  return p;
}

bool mill_arena_reserve(mill_arena *a, size_t n) {
  return (size_t)(a->end - a->at) >= n || (n < SIZE_MAX / 2 && add_block(a, n));
}

void *mill_arena_alloc(mill_arena *a, size_t n) {
  void *p = mill_arena_take(a, n);
  return p ? memset(p, 0, n) : NULL;
}

char *mill_strdup(mill_memory *m, const char *s) {
  size_t n = s ? strlen(s) + 1 : 0;
  char *p = n ? mill_alloc(m, n) : NULL;
  if (p) memcpy(p, s, n);
  return p;
}

void mill_strfree(mill_memory *m, const char *s) {
  if (s) mill_free(m, (char *)s, strlen(s) + 1);
}

char *mill_arena_strndup(mill_arena *a, const char *s, size_t n) {
  char *p = mill_arena_take(a, n + 1);
  if (p == NULL) return NULL;
  memcpy(p, s, n);
  p[n] = 0;
  return p;
}
