#include "kernel/count_distinct.h"

#include "base/hash.h"
#include "kernel/agg_int.h"

enum { FIRST_BITS = 2, LIST_BITS = 3, NEAR_BITS = 6, LARGE_BITS = 12, BLOCK = 256 };

typedef struct word_set {
  union {
    uint64_t one; /* without slots: the value that is not 0; 0: none */
    uint64_t *slot;
  } u;
  uint32_t n; /* values, with 0 */
  uint8_t bits;
  bool zero;
} word_set;

/* ---- sets ----------------------------------------------------------------------------------- */

static inline size_t slots_of(const word_set *s) { return s->bits ? (size_t)1 << s->bits : 0; }

static inline bool is_list(const word_set *s) { return s->bits <= LIST_BITS; }

/* The place of a value that is not 0, or the free one where it would stand. */
static inline size_t place_of(const word_set *s, uint64_t word, uint64_t hash) {
  const size_t mask = ((size_t)1 << s->bits) - 1;
  size_t at = is_list(s) ? 0 : hash & mask;
  while (s->u.slot[at] != 0 && s->u.slot[at] != word) at = (at + 1) & mask;
  return at;
}

/* Has a table of so many bits room for n values? A list can be full, of other slots five in eight are taken. */
static inline bool has_room(int bits, size_t n) {
  return bits <= LIST_BITS ? n <= (size_t)1 << bits : 8 * n <= 5 * ((size_t)1 << bits);
}

/* Slots for n values; small sets grow by four, which moves their values less often. */
static mill_status reserve(mill_call *call, word_set *s, size_t n, mill_error *err) {
  int bits = s->bits ? s->bits : FIRST_BITS;
  while (!has_room(bits, n)) bits += bits >= LIST_BITS && bits < LARGE_BITS ? 2 : 1;
  if (bits == s->bits) return MILL_OK;
  const word_set was = *s;
  uint64_t *slot = mill_arena_alloc(call->arena, sizeof *slot << bits);
  if (slot == NULL) return mill_oom(call->arena->memory, sizeof *slot << bits, err);
  s->u.slot = slot;
  s->bits = (uint8_t)bits;
  if (was.bits == 0 && was.u.one)
    slot[place_of(s, was.u.one, mill_hash_word(was.u.one))] = was.u.one;
  for (size_t i = 0; i < slots_of(&was); i++)
    if (was.u.slot[i])
      slot[place_of(s, was.u.slot[i], mill_hash_word(was.u.slot[i]))] = was.u.slot[i];
  return MILL_OK;
}

/* Add a value that is not in the set. */
static mill_status add_new(mill_call *call, word_set *s, uint64_t word, uint64_t hash,
                           mill_error *err) {
  if (s->n == UINT32_MAX) return mill_oom(call->arena->memory, SIZE_MAX, err);
  if (word == 0) {
    s->zero = true;
  } else if (s->bits == 0 && s->u.one == 0) {
    s->u.one = word;
  } else {
    MILL_TRY(reserve(call, s, (size_t)s->n + 1, err));
    s->u.slot[place_of(s, word, hash)] = word;
  }
  s->n++;
  return MILL_OK;
}

/* A list is looked through to its end, free places and all: it is a few words of one cache line. */
static inline bool list_holds(const word_set *s, uint64_t word) {
  bool found = false;
  for (size_t i = 0; i < (size_t)1 << FIRST_BITS; i++) found |= s->u.slot[i] == word;
  if (s->bits == FIRST_BITS) return found;
  for (size_t i = (size_t)1 << FIRST_BITS; i < (size_t)1 << LIST_BITS; i++)
    found |= s->u.slot[i] == word;
  return found;
}

static inline bool holds(const word_set *s, uint64_t word, uint64_t hash) {
  if (word == 0) return s->zero;
  if (s->bits == 0) return s->u.one == word;
  return is_list(s) ? list_holds(s, word) : s->u.slot[place_of(s, word, hash)] == word;
}

static inline mill_status add(mill_call *call, word_set *s, uint64_t word, mill_error *err) {
  const uint64_t hash = mill_hash_word(word);
  return holds(s, word, hash) ? MILL_OK : add_new(call, s, word, hash, err);
}

/* ---- words of values ------------------------------------------------------------------------ */

static uint64_t float_word(double d) {
  uint64_t w;
  if (d != d) return 0x7ff8000000000000ull;
  d += 0.0; /* -0.0 becomes 0.0 */
  memcpy(&w, &d, 8);
  return w;
}

#define WORDS(T, EXPR)                                                                             \
  for (uint32_t i = 0; i < n; i++) {                                                               \
    const T x = ((const T *)v->data)[mill_vector_at(v, from + i)];                                 \
    word[i] = (uint64_t)(EXPR);                                                                    \
  }                                                                                                \
  break

static void words_of(const mill_vector *v, size_t from, uint32_t n, uint64_t *word) {
  switch (v->type->phys) {
  case MILL_PHYS_BOOL: WORDS(uint8_t, x);
  case MILL_PHYS_I8: WORDS(int8_t, (int64_t)x);
  case MILL_PHYS_I16: WORDS(int16_t, (int64_t)x);
  case MILL_PHYS_I32: WORDS(int32_t, (int64_t)x);
  case MILL_PHYS_I64: WORDS(int64_t, x);
  case MILL_PHYS_F32: WORDS(float, float_word((double)x));
  default: WORDS(double, float_word(x));
  }
}

/* ---- the call ------------------------------------------------------------------------------- */

/* Some rows; where they go in large sets is asked for ahead. */
static mill_status add_block(mill_call *call, word_set *const *set, const mill_vector *v,
                             size_t from, uint32_t n, mill_error *err) {
  uint64_t word[BLOCK], hash[BLOCK];
  words_of(v, from, n, word);
  for (uint32_t i = 0; i < n; i++) hash[i] = mill_hash_word(word[i]);
  for (uint32_t i = 0; i < n; i++)
    if (set[i]->bits >= NEAR_BITS)
      __builtin_prefetch(&set[i]->u.slot[hash[i] & (((size_t)1 << set[i]->bits) - 1)], 1);
  for (uint32_t i = 0; i < n; i++)
    if (!holds(set[i], word[i], hash[i]) && mill_vector_valid(v, from + i))
      MILL_TRY(add_new(call, set[i], word[i], hash[i], err));
  return MILL_OK;
}

AGG_UPDATE(set_update) {
  for (size_t from = 0; from < n; from += BLOCK) {
    uint32_t block = n - from < BLOCK ? (uint32_t)(n - from) : BLOCK;
    MILL_TRY(add_block(call, (word_set *const *)states + from, args[0], from, block, err));
  }
  return MILL_OK;
}

AGG_MERGE(set_merge) {
  const mill_vector *word = &partial->child[0];
  for (size_t i = 0; i < n; i++) {
    if (!mill_vector_valid(partial, i)) continue;
    const mill_span s = MILL_AT(mill_span, partial, i);
    for (uint32_t k = s.start; k < s.start + s.size; k++)
      MILL_TRY(add(call, states[i], (uint64_t)MILL_AT(int64_t, word, k), err));
  }
  return MILL_OK;
}

static mill_status copy_set(mill_call *call, word_set *to, const word_set *from, mill_error *err) {
  const size_t bytes = slots_of(from) * sizeof *from->u.slot;
  uint64_t *slot = bytes ? mill_arena_take(call->arena, bytes) : NULL;
  if (bytes && slot == NULL) return mill_oom(call->arena->memory, bytes, err);
  *to = *from;
  if (bytes) to->u.slot = memcpy(slot, from->u.slot, bytes);
  return MILL_OK;
}

/* Values come in the order of their hash: room for all of them is made first, else they would crowd in
** the front of a table that is filled from there. */
static mill_status unite(mill_call *call, word_set *to, const word_set *from, mill_error *err) {
  if (from->n == 0) return MILL_OK;
  if (to->n == 0) return copy_set(call, to, from, err);
  if (from->zero) MILL_TRY(add(call, to, 0, err));
  if (from->bits == 0) return from->u.one ? add(call, to, from->u.one, err) : MILL_OK;
  MILL_TRY(reserve(call, to, (size_t)to->n + from->n, err));
  for (size_t i = 0; i < slots_of(from); i++)
    if (from->u.slot[i]) MILL_TRY(add(call, to, from->u.slot[i], err));
  return MILL_OK;
}

AGG_COMBINE(set_combine) {
  for (size_t i = 0; i < n; i++) MILL_TRY(unite(call, to[i], from[i], err));
  return MILL_OK;
}

/* The words of a set, at the end of a list's items. */
static mill_status put_words(mill_call *call, const word_set *s, mill_vector *item,
                             mill_error *err) {
  uint64_t word[BLOCK];
  uint32_t n = 0;
  mill_vector v = {.type = item->type, .data = word, .mask = MILL_FLAT, .size = BLOCK};
  if (s->zero) word[n++] = 0;
  if (s->bits == 0 && s->u.one) word[n++] = s->u.one;
  for (size_t i = 0; i < slots_of(s); i++) {
    if (s->u.slot[i]) word[n++] = s->u.slot[i];
    if (n < BLOCK) continue;
    MILL_TRY(mill_vector_append(item, &v, NULL, n, false, call->arena, err));
    n = 0;
  }
  return n ? mill_vector_append(item, &v, NULL, n, false, call->arena, err) : MILL_OK;
}

AGG_OUTPUT(set_save) {
  mill_span *r = out->data;
  for (size_t i = 0; i < n; i++) {
    const word_set *s = states[i];
    r[i] = (mill_span){out->child[0].size, s->n};
    MILL_TRY(put_words(call, s, &out->child[0], err));
  }
  return MILL_OK;
}

AGG_OUTPUT(set_final) {
  int64_t *r = out->data;
  (void)call, (void)err;
  for (size_t i = 0; i < n; i++) r[i] = ((const word_set *)states[i])->n;
  return MILL_OK;
}

const mill_aggregate mill_count_distinct = {.state_size = sizeof(word_set),
                                            .update = set_update,
                                            .merge = set_merge,
                                            .save = set_save,
                                            .final = set_final,
                                            .combine = set_combine,
                                            .exact = true,
                                            .common = true};
