/* Packing texts by a table of symbols; see fsst.h.
**
** Training walks through a sample with the table it has so far, and counts symbols and pairs of neighbours;
** those that cover the most bytes make the next table. Five rounds, on more of the sample each time, let
** symbols of eight bytes grow out of single ones.
**
** A table finds the symbol at a place in two looks: symbols of three bytes and more by a hash of their first
** three, at most one a slot (of two that meet there the less useful one is left out, as in the paper), the
** others by the next two bytes. */
#include "base/fsst.h"

#include <stdlib.h>
#include <string.h>

enum {
  MOST = 255, /* symbols; also the code before a single byte */
  WIDEST = 8,
  LANES = 4,
  HEAD = 4 * LANES, /* bytes of the lanes' sizes */
  SAMPLE = 16 << 10,
  PIECES = 16, /* of the sample, spread over the bytes */
  ROUNDS = 5,
  SLOT_BITS = 10,
  SLOTS = 1 << SLOT_BITS,
  COUNT_BITS = 13,
  COUNTS = 1 << COUNT_BITS,
  GAINS = 1024,
};

/* What a look finds: code, bytes taken << 8, and ALONE for a byte that follows the code 255. */
enum { TAKEN = 8, TAKEN_MASK = 15, ALONE_BIT = 12, ALONE = 1 << ALONE_BIT };

typedef struct symbol {
  uint64_t bytes; /* the first is the lowest; zeros behind the last */
  uint32_t size, gain;
} symbol;

typedef struct slot {
  uint64_t bytes; /* shifted up, so that those of a place can be compared with the same shift */
  uint32_t shift, found;
} slot;

struct mill_fsst {
  slot slot[SLOTS];
  uint16_t two[1 << 16]; /* by the next two bytes, the first lowest */
  symbol symbol[MOST];   /* by code */
  uint32_t n;
};

static inline uint64_t load(const char *p) {
  uint64_t x;
  memcpy(&x, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  x = __builtin_bswap64(x);
#endif
  return x;
}

static inline void put_symbol(char *p, uint64_t x) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  x = __builtin_bswap64(x);
#endif
  memcpy(p, &x, 8);
}

static void put_size(char *p, size_t x) {
  for (int i = 0; i < 4; i++) p[i] = (char)(x >> 8 * i);
}

static uint32_t read_size(const char *p) {
  uint32_t x = 0;
  for (int i = 0; i < 4; i++) x |= (uint32_t)(uint8_t)p[i] << 8 * i;
  return x;
}

/* ---- the table ------------------------------------------------------------------------------ */

static inline uint32_t slot_of(uint64_t bytes) {
  return (uint32_t)(bytes & 0xffffff) * 0x9e3779b1u >> (32 - SLOT_BITS);
}

static void empty_table(mill_fsst *f) {
  f->n = 0;
  for (uint32_t i = 0; i < SLOTS; i++) f->slot[i] = (slot){i == 0, 0, 0}; /* found at no place */
  for (uint32_t b = 0; b < 256; b++) f->two[b] = MOST | 1 << TAKEN | ALONE;
}

/* Two bytes of which the pair is no symbol are as the first. */
static void spread_singles(mill_fsst *f) {
  for (uint32_t i = 1; i < 256; i++) memcpy(f->two + 256 * i, f->two, 256 * sizeof *f->two);
}

static uint32_t found(uint32_t code, uint32_t size) { return code | size << TAKEN; }

/* Give the symbol a code, unless its slot is taken. */
static void add_long(mill_fsst *f, const symbol *s) {
  slot *at = &f->slot[slot_of(s->bytes)];
  if (at->found) return;
  uint32_t shift = 64 - 8 * s->size;
  *at = (slot){s->bytes << shift, shift, found(f->n, s->size)};
  f->symbol[f->n++] = *s;
}

/* The table of n symbols, the most useful first. */
static void make_table(mill_fsst *f, const symbol *s, size_t n) {
  empty_table(f);
  for (size_t i = 0; i < n; i++) {
    if (s[i].size > 2) add_long(f, &s[i]);
    if (s[i].size != 1) continue;
    f->two[s[i].bytes] = (uint16_t)found(f->n, 1);
    f->symbol[f->n++] = s[i];
  }
  spread_singles(f);
  for (size_t i = 0; i < n; i++) {
    if (s[i].size != 2) continue;
    f->two[s[i].bytes] = (uint16_t)found(f->n, 2);
    f->symbol[f->n++] = s[i];
  }
}

/* Without a branch: which of the two it is cannot be foreseen. */
static inline uint32_t look(const mill_fsst *f, uint64_t bytes) {
  const slot *s = &f->slot[slot_of(bytes)];
  uint32_t other = f->two[bytes & 0xffff];
  uint64_t differ = bytes << s->shift ^ s->bytes;
  uint32_t miss = (uint32_t)((int64_t)(differ | -differ) >> 63);
  return s->found ^ ((s->found ^ other) & miss);
}

/* ---- training ------------------------------------------------------------------------------- */

typedef struct trainer {
  symbol *count; /* COUNTS slots; size 0: empty */
  size_t used;
  char sample[SAMPLE + WIDEST];
  size_t size;
  uint32_t at_gain[GAINS];
} trainer;

static void take_sample(trainer *t, const char *p, size_t n) {
  memset(t->sample, 0, sizeof t->sample);
  t->size = n < SAMPLE ? n : SAMPLE;
  if (n <= SAMPLE) {
    memcpy(t->sample, p, n);
    return;
  }
  size_t piece = SAMPLE / PIECES, apart = (n - piece) / (PIECES - 1);
  for (size_t i = 0; i < PIECES; i++) memcpy(t->sample + i * piece, p + i * apart, piece);
}

static void count(trainer *t, uint64_t bytes, uint32_t size) {
  size_t at = (size_t)((bytes + size) * 0x9e3779b97f4a7c15ull >> (64 - COUNT_BITS));
  for (; t->count[at].size; at = (at + 1) % COUNTS) {
    symbol *s = &t->count[at];
    if (s->bytes != bytes || s->size != size) continue;
    s->gain += size;
    return;
  }
  if (t->used > COUNTS / 4 * 3) return;
  t->used++;
  t->count[at] = (symbol){bytes, size, size};
}

static symbol symbol_at(const mill_fsst *f, uint64_t bytes) {
  uint32_t x = look(f, bytes);
  if (x & ALONE) return (symbol){bytes & 255, 1, 0};
  return f->symbol[x & MOST];
}

/* Count symbols, pairs that fit into one, and first bytes, which help where a symbol does not go on. */
static void count_sample(trainer *t, const mill_fsst *f, size_t n) {
  symbol before = {0};
  memset(t->count, 0, COUNTS * sizeof *t->count);
  t->used = 0;
  for (size_t at = 0; at < n;) {
    symbol s = symbol_at(f, load(t->sample + at));
    if (s.size > n - at) return;
    count(t, s.bytes, s.size);
    if (s.size > 1) count(t, s.bytes & 255, 1);
    if (before.size && before.size + s.size <= WIDEST)
      count(t, before.bytes | s.bytes << 8 * before.size, before.size + s.size);
    before = s;
    at += s.size;
  }
}

static int more_useful(const void *a, const void *b) {
  const symbol *x = a, *y = b;
  if (x->gain != y->gain) return x->gain < y->gain ? 1 : -1;
  if (x->size != y->size) return x->size < y->size ? 1 : -1;
  return x->bytes < y->bytes ? -1 : x->bytes > y->bytes;
}

static uint32_t capped(uint32_t gain) { return gain < GAINS - 1 ? gain : GAINS - 1; }

/* Move those that may be among the first MOST to the front, in order. */
static size_t pick(trainer *t) {
  size_t above = 0, n = 0;
  uint32_t least = GAINS;
  memset(t->at_gain, 0, sizeof t->at_gain);
  for (size_t i = 0; i < COUNTS; i++)
    if (t->count[i].size) t->at_gain[capped(t->count[i].gain)]++;
  while (least > 2 && above < MOST) above += t->at_gain[--least];
  for (size_t i = 0; i < COUNTS; i++)
    if (t->count[i].size && t->count[i].gain >= least) t->count[n++] = t->count[i];
  qsort(t->count, n, sizeof *t->count, more_useful);
  return n < MOST ? n : MOST;
}

mill_fsst *mill_fsst_train(const char *p, size_t n, mill_arena *a) {
  mill_fsst *f = mill_arena_take(a, sizeof *f);
  trainer *t = mill_arena_take(a, sizeof *t);
  if (!f || !t || !(t->count = mill_arena_take(a, COUNTS * sizeof *t->count))) return NULL;
  take_sample(t, p, n);
  empty_table(f);
  spread_singles(f);
  for (size_t round = 1; round <= ROUNDS; round++) {
    count_sample(t, f, t->size * round / ROUNDS);
    make_table(f, t->count, pick(t));
  }
  return f;
}

/* ---- packing -------------------------------------------------------------------------------- */

typedef struct lane {
  const char *p, *end;
  char *to;
} lane;

static inline void pack_one(const mill_fsst *f, lane *l) {
  uint64_t bytes = load(l->p);
  uint32_t x = look(f, bytes);
  l->to[0] = (char)x;
  l->to[1] = (char)bytes;
  l->to += 1 + (x >> ALONE_BIT);
  l->p += x >> TAKEN & TAKEN_MASK;
}

/* How many symbols can be read without a look at the end. */
static inline size_t sure(const lane *l) {
  size_t left = (size_t)(l->end - l->p);
  return left / WIDEST;
}

/* The rest of a lane: its last bytes stand alone. */
static void pack_rest(const mill_fsst *f, lane *l) {
  while (l->end - l->p >= WIDEST) pack_one(f, l);
  for (; l->p < l->end; l->p++) {
    *l->to++ = (char)MOST;
    *l->to++ = *l->p;
  }
}

static void pack_lanes(const mill_fsst *f, lane lanes[LANES]) {
  lane a = lanes[0], b = lanes[1], c = lanes[2], d = lanes[3];
  for (;;) {
    size_t n = sure(&a), m = sure(&b), k = sure(&c), j = sure(&d);
    n = n < m ? n : m;
    k = k < j ? k : j;
    n = n < k ? n : k;
    if (n == 0) break;
    while (n--) {
      pack_one(f, &a);
      pack_one(f, &b);
      pack_one(f, &c);
      pack_one(f, &d);
    }
  }
  lanes[0] = a, lanes[1] = b, lanes[2] = c, lanes[3] = d;
  for (int i = 0; i < LANES; i++) pack_rest(f, &lanes[i]);
}

static void cut(const char *p, size_t n, lane lanes[LANES], const char *starts[LANES + 1]) {
  size_t quarter = (n + LANES - 1) / LANES;
  for (size_t i = 0; i <= LANES; i++) starts[i] = p + (i * quarter < n ? i * quarter : n);
  for (size_t i = 0; i < LANES; i++) lanes[i].p = starts[i], lanes[i].end = starts[i + 1];
}

size_t mill_fsst_measure(const mill_fsst *f, const char *p, size_t n, char *scratch) {
  lane l = {p, p + n, scratch};
  pack_rest(f, &l);
  return (size_t)(l.to - scratch);
}

static mill_status put_table(const mill_fsst *f, mill_text *out, mill_error *err) {
  char bytes[WIDEST];
  MILL_TRY(mill_text_addc(out, (char)f->n, err));
  for (uint32_t i = 0; i < f->n; i++) MILL_TRY(mill_text_addc(out, (char)f->symbol[i].size, err));
  for (uint32_t i = 0; i < f->n; i++) {
    put_symbol(bytes, f->symbol[i].bytes);
    MILL_TRY(mill_text_add(out, bytes, f->symbol[i].size, err));
  }
  return MILL_OK;
}

/* Lanes are packed with room for the worst of each, and then moved together. */
mill_status mill_fsst_pack(const mill_fsst *f, const char *p, size_t n, mill_text *out,
                           mill_error *err) {
  lane lanes[LANES];
  const char *starts[LANES + 1];
  MILL_TRY(put_table(f, out, err));
  MILL_TRY(mill_text_reserve(out, HEAD + 2 * n, err));
  char *head = out->data + out->size, *end = head + HEAD;
  cut(p, n, lanes, starts);
  for (size_t i = 0; i < LANES; i++) lanes[i].to = head + HEAD + 2 * (size_t)(starts[i] - p);
  pack_lanes(f, lanes);
  for (size_t i = 0; i < LANES; i++) {
    const char *from = head + HEAD + 2 * (size_t)(starts[i] - p);
    size_t size = (size_t)(lanes[i].to - from);
    put_size(head + 4 * i, size);
    memmove(end, from, size);
    end += size;
  }
  out->size = (size_t)(end - out->data);
  out->data[out->size] = 0;
  return MILL_OK;
}

/* ---- unpacking ------------------------------------------------------------------------------ */

typedef struct table {
  uint64_t bytes[256];
  uint8_t size[256]; /* 0: of a code that is none, which gives nothing */
} table;

typedef struct way {
  const char *p, *end;
  char *to, *to_end;
} way;

/* Four codes at a time, or, where one of them is MOST, the first of them. */
static inline void unpack_some(const table *t, way *w) {
  uint32_t x = read_size(w->p), free = ~x & 0x7f7f7f7f;
  if (!(x & ~(free + 0x7f7f7f7f) & 0x80808080)) {
    for (int i = 0; i < 4; i++, x >>= 8) {
      put_symbol(w->to, t->bytes[x & 255]);
      w->to += t->size[x & 255];
    }
    w->p += 4;
  } else if ((x & 255) == MOST) {
    *w->to++ = w->p[1];
    w->p += 2;
  } else {
    put_symbol(w->to, t->bytes[x & 255]);
    w->to += t->size[x & 255];
    w->p++;
  }
}

/* How often unpack_some can be called without a look at the ends. */
static inline size_t sure_ways(const way *w) {
  size_t in = (size_t)(w->end - w->p) / 4, out = (size_t)(w->to_end - w->to) / (4 * WIDEST);
  return in < out ? in : out;
}

static bool unpack_rest(const table *t, way *w) {
  while (w->p < w->end) {
    uint8_t x = (uint8_t)*w->p++;
    uint64_t bytes = t->bytes[x];
    size_t size = t->size[x];
    if (x == MOST) {
      if (w->p == w->end) return false;
      bytes = (uint8_t)*w->p++;
      size = 1;
    }
    if (size > (size_t)(w->to_end - w->to)) return false;
    for (; size; size--, bytes >>= 8) *w->to++ = (char)bytes;
  }
  return w->to == w->to_end;
}

static bool unpack_ways(const table *t, way ways[LANES]) {
  way a = ways[0], b = ways[1], c = ways[2], d = ways[3];
  for (;;) {
    size_t n = sure_ways(&a), m = sure_ways(&b), k = sure_ways(&c), j = sure_ways(&d);
    n = n < m ? n : m;
    k = k < j ? k : j;
    n = n < k ? n : k;
    if (n == 0) break;
    while (n--) {
      unpack_some(t, &a);
      unpack_some(t, &b);
      unpack_some(t, &c);
      unpack_some(t, &d);
    }
  }
  return unpack_rest(t, &a) && unpack_rest(t, &b) && unpack_rest(t, &c) && unpack_rest(t, &d);
}

/* NULL: malformed. */
static const char *read_table(const char *p, const char *end, table *t) {
  memset(t, 0, sizeof *t);
  if (p == end) return NULL;
  size_t n = (uint8_t)*p++;
  if ((size_t)(end - p) < n) return NULL;
  const char *bytes = p + n;
  for (size_t i = 0; i < n; i++) {
    uint8_t size = (uint8_t)p[i];
    if (size == 0 || size > WIDEST || (size_t)(end - bytes) < size) return NULL;
    t->size[i] = size;
    for (int k = 0; k < size; k++) t->bytes[i] |= (uint64_t)(uint8_t)*bytes++ << 8 * k;
  }
  return bytes;
}

bool mill_fsst_unpack(const char *p, size_t n, char *out, size_t content) {
  table t;
  way ways[LANES];
  const char *end = p + n, *head = read_table(p, end, &t);
  if (!head || (size_t)(end - head) < HEAD) return false;
  size_t quarter = (content + LANES - 1) / LANES;
  p = head + HEAD;
  for (size_t i = 0; i < LANES; i++) {
    size_t size = read_size(head + 4 * i), from = i * quarter, to = from + quarter;
    if (size > (size_t)(end - p)) return false;
    if (from > content) from = content;
    if (to > content) to = content;
    ways[i] = (way){p, p + size, out + from, out + to};
    p += size;
  }
  return p == end && unpack_ways(&t, ways);
}
