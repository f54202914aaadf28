/* Hash joins: from keys to numbers and slots, for build and probe; see join_int.h.
**
** What a batch asks of a table of numbers is answered in one loop: is the number in the range, and
** is its bit set? Rows without a partner, most of them in a selective join, cost no more. */
#include <string.h>

#include "base/hot.h"
#include "base/thread.h"
#include "exec/join_int.h"

/* ---- words ---------------------------------------------------------------------------------- */

/* What key k gives to the words, which the first key begins; numbers out of range have no
** partner. */
#define ADD_NUMBERS(T)                                                                             \
  do {                                                                                             \
    const T *x = v->data;                                                                          \
    if (v->mask && step == 1 && first) {                                                           \
      for (uint32_t i = 0; i < n; i++) {                                                           \
        const uint64_t d = (uint64_t)(int64_t)x[from + i] - base;                                  \
        can[i] &= d < range;                                                                       \
        word[i] = d;                                                                               \
      }                                                                                            \
    } else {                                                                                       \
      for (uint32_t i = 0; i < n; i++) {                                                           \
        const uint64_t d = (uint64_t)(int64_t)x[(from + i) & v->mask] - base;                      \
        can[i] &= d < range;                                                                       \
        word[i] = first ? d * step : word[i] + d * step;                                           \
      }                                                                                            \
    }                                                                                              \
  } while (0)

static void add_numbers(const mill_join_number *k, const mill_vector *v, uint32_t from, uint32_t n,
                        bool first, uint64_t *restrict word, uint8_t *restrict can) {
  const uint64_t base = (uint64_t)k->base, range = k->range, step = k->step;
  switch (v->type->phys) {
  case MILL_PHYS_BOOL: ADD_NUMBERS(uint8_t); break;
  case MILL_PHYS_I8: ADD_NUMBERS(int8_t); break;
  case MILL_PHYS_I16: ADD_NUMBERS(int16_t); break;
  case MILL_PHYS_I32: ADD_NUMBERS(int32_t); break;
  default: ADD_NUMBERS(int64_t); break;
  }
}

void mill_join_words(const mill_join_table *t, const mill_vector *key, uint32_t from, uint32_t n,
                     uint64_t *word, uint8_t *can) {
  int nkeys = t->op->nkeys;
  memset(can, 1, n);
  for (int k = 0; k < nkeys && !t->op->null_safe; k++) {
    if (key[k].valid == NULL && key[k].type->phys != MILL_PHYS_NONE) continue;
    for (uint32_t i = 0; i < n; i++) can[i] &= mill_vector_valid(&key[k], from + i);
  }
  if (t->numbers) {
    for (int k = 0; k < nkeys; k++) add_numbers(&t->number[k], &key[k], from, n, k == 0, word, can);
    return;
  }
  uint32_t row[MILL_BATCH];
  for (uint32_t at = 0; at < n; at += MILL_BATCH) {
    uint32_t m = n - at < MILL_BATCH ? n - at : MILL_BATCH;
    for (uint32_t i = 0; i < m; i++) row[i] = from + at + i;
    for (int k = 0; k < nkeys; k++) mill_vector_hash(&key[k], row, m, k > 0, word + at);
  }
}

/* ---- the form of the words -------------------------------------------------------------------- */

#define RANGE_OF(S, T)                                                                             \
  MILL_HOT static void range_##S(const T *x, const uint64_t *valid, uint32_t n, int64_t *low,      \
                                 int64_t *high) {                                                  \
    T a = (T)*low, b = (T)*high;                                                                   \
    if (valid == NULL)                                                                             \
      for (uint32_t i = 0; i < n; i++) a = x[i] < a ? x[i] : a, b = x[i] > b ? x[i] : b;           \
    else                                                                                           \
      for (uint32_t i = 0; i < n; i++)                                                             \
        if (mill_valid_bit(valid, i)) a = x[i] < a ? x[i] : a, b = x[i] > b ? x[i] : b;            \
    *low = a, *high = b;                                                                           \
  }
RANGE_OF(bool, uint8_t)
RANGE_OF(i8, int8_t)
RANGE_OF(i16, int16_t)
RANGE_OF(i32, int32_t)
RANGE_OF(i64, int64_t)

/* Smallest value and number of values up to the largest; false for a type that is no number. */
static bool range_of(const mill_vector *v, uint32_t n, mill_join_number *out) {
  int64_t low, high; /* of the type the other way round: what there is of no values */
  switch (v->type->phys) {
  case MILL_PHYS_BOOL: low = 1, high = 0, range_bool(v->data, v->valid, n, &low, &high); break;
  case MILL_PHYS_I8:
    low = INT8_MAX, high = INT8_MIN, range_i8(v->data, v->valid, n, &low, &high);
    break;
  case MILL_PHYS_I16:
    low = INT16_MAX, high = INT16_MIN, range_i16(v->data, v->valid, n, &low, &high);
    break;
  case MILL_PHYS_I32:
    low = INT32_MAX, high = INT32_MIN, range_i32(v->data, v->valid, n, &low, &high);
    break;
  case MILL_PHYS_I64:
    low = INT64_MAX, high = INT64_MIN, range_i64(v->data, v->valid, n, &low, &high);
    break;
  default: return false;
  }
  uint64_t range = high < low ? 1 : (uint64_t)high - (uint64_t)low + 1;
  *out = (mill_join_number){low, range, 1};
  return range != 0;
}

/* Slots that `rows` of numbers out of `total` may have one for each number; numbers that may have a
** bit each: as many as the rows are worth, or the probes. */
static bool few_slots(uint64_t total, uint64_t rows) { return total <= 2 * rows + 16384; }

static bool few_bits(const mill_join_table *t, uint64_t total) {
  double probes = t->op->child[t->op->build_left]->estimate;
  uint64_t room = probes > 0 ? probes < 1e6 ? 8 * (uint64_t)probes : 8000000 : 0;
  return total <= 64 * (uint64_t)t->rows + room;
}

void mill_join_choose(mill_join_table *t) {
  const mill_op *op = t->op;
  uint64_t total = 1;
  if (op->nkeys > MILL_JOIN_KEYS || op->null_safe) return;
  for (int k = op->nkeys; k-- > 0;) {
    if (t->probe_keys[k]->type->phys != t->key[k].type->phys) return;
    if (!range_of(&t->key[k], t->rows, &t->number[k])) return;
    t->number[k].step = total;
    if (__builtin_mul_overflow(total, t->number[k].range, &total)) return;
  }
  t->numbers = true;
  t->dense = few_slots(total, t->rows);
  if (t->dense) t->nslots = (size_t)total;
  if (!t->dense && few_bits(t, total)) t->nbits = (size_t)total;
}

/* ---- ranks ---------------------------------------------------------------------------------- */

enum { BLOCK = 65536 };

typedef struct ranking {
  mill_join_table *t;
  uint64_t *word;
  const uint8_t *can;
  size_t shares;
} ranking;

/* Bits of numbers in one share of the range. */
static mill_status set_bits(void *arg, size_t share, int worker, mill_error *err) {
  const ranking *r = arg;
  uint64_t *bits = r->t->bits;
  const uint64_t all = r->t->nbits / 64 + 1, each = all / r->shares + 1;
  const uint64_t low = each * share, high = low + each;
  (void)worker, (void)err;
  for (uint32_t i = 0; i < r->t->rows; i++) {
    const uint64_t at = r->word[i] >> 6;
    if (r->can[i] && at >= low && at < high) bits[at] |= 1ull << (r->word[i] & 63);
  }
  return MILL_OK;
}

MILL_HOT static uint32_t count_bits(const uint64_t *bits, size_t words, uint32_t *before) {
  uint32_t n = 0;
  for (size_t i = 0; i < words; i++) {
    before[i] = n;
    n += (uint32_t)__builtin_popcountll(bits[i]);
  }
  return n;
}

MILL_HOT static void to_ranks(const uint64_t *bits, const uint32_t *before, uint64_t *word,
                              uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    const uint64_t below = bits[word[i] >> 6] & ((1ull << (word[i] & 63)) - 1);
    word[i] = before[word[i] >> 6] + (uint64_t)__builtin_popcountll(below);
  }
}

static mill_status rank_block(void *arg, size_t block, int worker, mill_error *err) {
  const ranking *r = arg;
  uint32_t from = (uint32_t)block * BLOCK;
  uint32_t n = r->t->rows - from < BLOCK ? r->t->rows - from : BLOCK;
  (void)worker, (void)err;
  for (uint32_t i = from; i < from + n; i++)
    if (!r->can[i]) r->word[i] = 0;
  to_ranks(r->t->bits, r->t->before, r->word + from, n);
  return MILL_OK;
}

mill_status mill_join_rank(mill_join_table *t, uint64_t *word, const uint8_t *can, size_t shares,
                           mill_error *err) {
  mill_memory *m = t->x->ctx->memory;
  mill_pool *pool = t->x->ctx->pool;
  size_t words = t->nbits / 64 + 1;
  ranking r = {t, word, can, shares};
  t->bits = mill_calloc(m, words * sizeof *t->bits);
  t->before = mill_alloc(m, words * sizeof *t->before);
  if (t->bits == NULL || t->before == NULL) return mill_oom(m, words * sizeof *t->bits, err);
  MILL_TRY(mill_pool_run(pool, shares, set_bits, &r, err));
  t->nslots = count_bits(t->bits, words, t->before);
  t->dense = true;
  return mill_pool_run(pool, ((size_t)t->rows + BLOCK - 1) / BLOCK, rank_block, &r, err);
}

void mill_join_rank_free(mill_join_table *t) {
  mill_memory *m = t->x->ctx->memory;
  size_t words = t->nbits / 64 + 1;
  mill_free(m, t->bits, words * sizeof *t->bits);
  mill_free(m, t->before, words * sizeof *t->before);
}

/* ---- candidates ----------------------------------------------------------------------------- */

#define IN_RANGE(S, T)                                                                             \
  MILL_HOT static uint32_t in_range_##S(const T *x, uint32_t n, uint64_t base, uint64_t range,     \
                                        uint32_t *restrict row, uint64_t *restrict word) {         \
    uint32_t k = 0;                                                                                \
    for (uint32_t i = 0; i < n; i++) {                                                             \
      const uint64_t d = (uint64_t)(int64_t)x[i] - base;                                           \
      row[k] = i;                                                                                  \
      word[k] = d;                                                                                 \
      k += d < range;                                                                              \
    }                                                                                              \
    return k;                                                                                      \
  }                                                                                                \
  MILL_HOT static uint32_t in_bits_##S(const T *x, uint32_t n, uint64_t base, uint64_t range,      \
                                       const uint64_t *bits, uint32_t *restrict row,               \
                                       uint64_t *restrict word) {                                  \
    uint32_t k = 0;                                                                                \
    for (uint32_t i = 0; i < n; i++) {                                                             \
      const uint64_t d = (uint64_t)(int64_t)x[i] - base, at = d < range ? d : 0;                   \
      row[k] = i;                                                                                  \
      word[k] = at;                                                                                \
      k += (d < range) & (bits[at >> 6] >> (at & 63) & 1);                                         \
    }                                                                                              \
    return k;                                                                                      \
  }
IN_RANGE(i32, int32_t)
IN_RANGE(i64, int64_t)

/* Of n rows those that can have partners, and whose number has a bit where there are bits. */
static uint32_t keep_words(const mill_join_table *t, const uint8_t *can, uint32_t n, uint32_t *row,
                           uint64_t *word) {
  uint32_t k = 0;
  for (uint32_t i = 0; i < n; i++) {
    const uint64_t w = word[i], at = can[i] ? w : 0;
    row[k] = i;
    word[k] = w;
    k += t->bits ? can[i] & (uint32_t)(t->bits[at >> 6] >> (at & 63) & 1) : can[i];
  }
  return k;
}

uint32_t mill_join_candidates(const mill_join_table *t, const mill_vector *key, uint32_t n,
                              uint32_t *row, uint64_t *word) {
  const uint64_t base = (uint64_t)t->number[0].base, range = t->number[0].range;
  bool plain = t->numbers && t->op->nkeys == 1 && key->valid == NULL && key->mask;
  uint8_t can[MILL_BATCH];
  if (plain && key->type->phys == MILL_PHYS_I64)
    n = t->bits ? in_bits_i64(key->data, n, base, range, t->bits, row, word)
                : in_range_i64(key->data, n, base, range, row, word);
  else if (plain && key->type->phys == MILL_PHYS_I32)
    n = t->bits ? in_bits_i32(key->data, n, base, range, t->bits, row, word)
                : in_range_i32(key->data, n, base, range, row, word);
  else {
    mill_join_words(t, key, 0, n, word, can);
    n = keep_words(t, can, n, row, word);
  }
  if (t->bits) to_ranks(t->bits, t->before, word, n);
  return n;
}
