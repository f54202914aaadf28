/* Perfect hashing of group keys: where all keys are integers or columns of codes (vector.h: entries), and
** few combinations of them are possible, a list from combination to group stands before the groups.
** Only combinations that are not in it yet are looked up by their values.
**
**     combination     | code of key 0 | code of key 1 | ..     each as many bits as it needs
**     code            integers: 0 for null, else value - low + 1, all those met lie in the range
**                     strings:  their number among those that the worker has met
**
** The list belongs to a part. When a key needs more bits, or another range, it begins anew. It is used
** once the part has had a fair share of rows of it. */
#include <stddef.h>
#include <string.h>

#include "base/hot.h"
#include "exec/aggregate_int.h"

enum { MOST_KEYS = 4, MOST_BITS = 21, MOST_STRINGS = 1 << 16, UNKNOWN = UINT32_MAX };
enum { ROWS_SHARE = 4 }; /* entries of the list for each row there has been */

typedef struct perfect_key {
  bool coded;
  uint32_t bits;
  int64_t low, high; /* integers: the range, empty while low > high */
  mill_group_layout layout;
  mill_groups met; /* strings */
  mill_group_keys keys;
  const void *entries; /* those that `code` is for */
  uint32_t *code;
} perfect_key;

struct mill_agg_perfect {
  mill_arena *own;
  const mill_agg_part *part;
  size_t morsel;
  perfect_key key[MOST_KEYS];
  uint32_t *group; /* by combination; of room 2^bits */
  uint32_t bits, room_bits;
  bool off;  /* there are too many combinations */
  bool fits; /* the last batch could be served */
  uint32_t combination[MILL_BATCH], row[MILL_BATCH], at[MILL_BATCH];
};

static bool is_integer(const mill_type *t) {
  return t->phys >= MILL_PHYS_BOOL && t->phys <= MILL_PHYS_I64;
}

static bool is_text(const mill_type *t) {
  return t->phys == MILL_PHYS_STR && t->collation == MILL_UTF8_BINARY;
}

mill_status mill_agg_perfect_new(const mill_agg_plan *plan, mill_arena *own, mill_agg_perfect **out,
                                 mill_error *err) {
  const mill_op *op = plan->op;
  bool columns = true, texts = false;
  *out = NULL;
  if (op->nkeys == 0 || op->nkeys > MOST_KEYS) return MILL_OK;
  for (int k = 0; k < op->nkeys; k++) {
    const mill_type *t = op->keys[k]->type;
    if (!is_integer(t) && !is_text(t)) return MILL_OK;
    texts |= is_text(t);
    columns &= op->keys[k]->kind == MILL_B_COLUMN;
  }
  if (texts && !columns) return MILL_OK; /* codes are those of columns */
  mill_agg_perfect *c = mill_arena_take(own, sizeof *c);
  if (c == NULL) return mill_oom(own->memory, sizeof *c, err);
  memset(c, 0, offsetof(mill_agg_perfect, combination));
  c->own = own;
  for (int k = 0; k < op->nkeys; k++) {
    perfect_key *key = &c->key[k];
    key->high = -1; /* empty: low > high */
    key->coded = is_text(op->keys[k]->type);
    if (!key->coded) continue;
    key->code = mill_arena_take(own, MILL_BATCH * sizeof *key->code);
    if (key->code == NULL) return mill_oom(own->memory, MILL_BATCH, err);
    MILL_TRY(mill_group_layout_init(&key->layout, &op->keys[k]->type, 1, own, err));
    MILL_TRY(mill_group_keys_init(&key->keys, &key->layout, own, err));
    MILL_TRY(mill_groups_init(&key->met, &key->layout, own->memory, own, err));
  }
  *out = c;
  return MILL_OK;
}

void mill_agg_perfect_clear(mill_agg_perfect *c) {
  for (int k = 0; c && k < MOST_KEYS; k++) mill_groups_clear(&c->key[k].met);
}

bool mill_agg_perfect_serves(const mill_agg_perfect *c, uint64_t rows) {
  return c && c->fits && 1ull << c->bits <= rows;
}

/* ---- ranges --------------------------------------------------------------------------------- */

#define RANGE(NAME, T)                                                                             \
  MILL_HOT static void range_##NAME(const T *restrict x, uint32_t n, int64_t *low,                 \
                                    int64_t *high) {                                               \
    T a = x[0], b = x[0];                                                                          \
    for (uint32_t i = 1; i < n; i++) {                                                             \
      a = x[i] < a ? x[i] : a;                                                                     \
      b = x[i] > b ? x[i] : b;                                                                     \
    }                                                                                              \
    *low = a, *high = b;                                                                           \
  }
RANGE(u8, uint8_t)
RANGE(i8, int8_t)
RANGE(i16, int16_t)
RANGE(i32, int32_t)
RANGE(i64, int64_t)

static bool is_plain(const mill_vector *v, const uint32_t *sel) {
  return sel == NULL && v->mask == MILL_FLAT && v->index == NULL && v->valid == NULL;
}

static int64_t integer_at(const mill_vector *v, uint32_t k) {
  switch (v->type->phys) {
  case MILL_PHYS_BOOL: return ((const uint8_t *)v->data)[k];
  case MILL_PHYS_I8: return ((const int8_t *)v->data)[k];
  case MILL_PHYS_I16: return ((const int16_t *)v->data)[k];
  case MILL_PHYS_I32: return ((const int32_t *)v->data)[k];
  default: return ((const int64_t *)v->data)[k];
  }
}

/* The smallest and the largest value; low > high where all are null. */
static void range_of(const mill_vector *v, const uint32_t *sel, uint32_t n, int64_t *low,
                     int64_t *high) {
  if (is_plain(v, sel)) {
    switch (v->type->phys) {
    case MILL_PHYS_BOOL: range_u8(v->data, n, low, high); return;
    case MILL_PHYS_I8: range_i8(v->data, n, low, high); return;
    case MILL_PHYS_I16: range_i16(v->data, n, low, high); return;
    case MILL_PHYS_I32: range_i32(v->data, n, low, high); return;
    default: range_i64(v->data, n, low, high); return;
    }
  }
  *low = INT64_MAX, *high = INT64_MIN;
  for (uint32_t i = 0; i < n; i++) {
    uint32_t k = mill_vector_at(v, sel ? sel[i] : i);
    if (!mill_valid_bit(v->valid, k)) continue;
    int64_t x = integer_at(v, k);
    *low = x < *low ? x : *low;
    *high = x > *high ? x : *high;
  }
}

static uint32_t bits_for(uint64_t values) {
  return values <= 1 ? 0 : 64 - (uint32_t)__builtin_clzll(values - 1);
}

/* Widen the key's range; once more than it must, on the side where it grows. False: too far. */
static bool widen(perfect_key *key, int64_t low, int64_t high) {
  const uint64_t most = 1ull << MOST_BITS;
  if (low > high || (key->low <= low && high <= key->high)) return true;
  if (key->low <= key->high) {
    int64_t more = (key->high - key->low) / 2;
    if (low >= key->low)
      low = key->low;
    else if (low > INT64_MIN + more)
      low -= more;
    if (high <= key->high)
      high = key->high;
    else if (high < INT64_MAX - more)
      high += more;
  }
  if ((uint64_t)high - (uint64_t)low >= most - 1) return false;
  key->low = low;
  key->high = high;
  key->bits = bits_for((uint64_t)(high - low) + 2);
  return true;
}

/* ---- codes ---------------------------------------------------------------------------------- */

/* Number the entries of a coded column. */
static mill_status number_entries(perfect_key *key, const mill_vector *v, mill_error *err) {
  mill_vector flat = *v;
  flat.index = NULL;
  flat.mask = MILL_FLAT;
  flat.size = v->entries;
  mill_group_keys_set(&key->keys, &key->layout, &flat, v->entries);
  MILL_TRY(mill_groups_find(&key->met, &key->keys, v->entries, key->code, err));
  key->entries = v->data;
  while ((1u << key->bits) < key->met.n) key->bits++;
  return MILL_OK;
}

#define ADD(NAME, T)                                                                               \
  MILL_HOT static void add_##NAME(const T *restrict x, uint32_t n, int64_t low, uint32_t shift,    \
                                  uint32_t *restrict to) {                                         \
    const uint32_t less = (uint32_t)(uint64_t)low - 1; /* codes are small: 32 bits tell them */    \
    for (uint32_t i = 0; i < n; i++) to[i] |= ((uint32_t)x[i] - less) << shift;                    \
  }
ADD(u8, uint8_t)
ADD(i8, int8_t)
ADD(i16, int16_t)
ADD(i32, int32_t)
ADD(i64, int64_t)

static void add_integers(const mill_vector *v, const uint32_t *sel, uint32_t n, int64_t low,
                         uint32_t shift, uint32_t *restrict to) {
  if (is_plain(v, sel)) {
    switch (v->type->phys) {
    case MILL_PHYS_BOOL: add_u8(v->data, n, low, shift, to); return;
    case MILL_PHYS_I8: add_i8(v->data, n, low, shift, to); return;
    case MILL_PHYS_I16: add_i16(v->data, n, low, shift, to); return;
    case MILL_PHYS_I32: add_i32(v->data, n, low, shift, to); return;
    default: add_i64(v->data, n, low, shift, to); return;
    }
  }
  for (uint32_t i = 0; i < n; i++) {
    uint32_t k = mill_vector_at(v, sel ? sel[i] : i);
    if (!mill_valid_bit(v->valid, k)) continue;
    to[i] |= (uint32_t)((uint64_t)integer_at(v, k) - (uint64_t)low + 1) << shift;
  }
}

static void add_codes(const mill_vector *v, const uint32_t *sel, uint32_t n, const uint32_t *code,
                      uint32_t shift, uint32_t *restrict to) {
  const uint32_t *index = v->index;
  if (sel)
    for (uint32_t i = 0; i < n; i++) to[i] |= code[index[sel[i] & v->mask]] << shift;
  else
    for (uint32_t i = 0; i < n; i++) to[i] |= code[index[i & v->mask]] << shift;
}

/* ---- the list ------------------------------------------------------------------------------- */

/* Make the keys' ranges and codes those of the batch too. *fits: false if the list cannot be used. */
static mill_status take_batch(mill_agg_perfect *c, int nkeys, const mill_vector *const *key,
                              const uint32_t *sel, uint32_t n, bool *anew, bool *fits,
                              mill_error *err) {
  uint32_t total = 0;
  *fits = false;
  for (int k = 0; k < nkeys; k++) {
    perfect_key *p = &c->key[k];
    int64_t low = p->low, high = p->high;
    uint32_t bits = p->bits;
    if (p->coded) {
      if (key[k]->index == NULL || key[k]->entries == 0 || key[k]->entries > MILL_BATCH)
        return MILL_OK;
      if (p->entries != key[k]->data) MILL_TRY(number_entries(p, key[k], err));
      c->off |= p->met.n > MOST_STRINGS;
    } else {
      range_of(key[k], sel, n, &low, &high);
      int64_t before = p->low;
      c->off |= !widen(p, low, high);
      *anew |= p->low != before;
    }
    *anew |= p->bits != bits;
    total += p->bits;
  }
  c->off |= total > MOST_BITS;
  c->bits = total;
  *fits = !c->off;
  return MILL_OK;
}

/* An empty list. */
static mill_status begin(mill_agg_perfect *c, const mill_agg_part *part, mill_error *err) {
  size_t size = (size_t)1 << c->bits;
  if (c->group == NULL || c->bits > c->room_bits) {
    c->group = mill_arena_take(c->own, size * sizeof *c->group);
    if (c->group == NULL) return mill_oom(c->own->memory, size * sizeof *c->group, err);
    c->room_bits = c->bits;
  }
  memset(c->group, 0xff, size * sizeof *c->group);
  c->part = part;
  return MILL_OK;
}

/* Look up combinations that the list does not know, n of them, by the values of a row each. */
static mill_status find_values(mill_agg_perfect *c, mill_agg_part *p, const mill_vector *const *key,
                               uint32_t n, mill_group_keys *keys, mill_arena *scratch,
                               mill_error *err) {
  int nkeys = p->plan->op->nkeys;
  uint32_t found[MILL_BATCH];
  mill_vector *v = mill_arena_alloc(scratch, (size_t)nkeys * sizeof *v);
  if (v == NULL) return mill_oom(scratch->memory, 1, err);
  for (int k = 0; k < nkeys; k++)
    MILL_TRY(mill_vector_gather(&v[k], key[k], c->row, n, false, scratch, err));
  mill_group_keys_set(keys, &p->plan->layout, v, n);
  MILL_TRY(mill_agg_find(p, keys, n, found, err));
  for (uint32_t i = 0; i < n; i++) c->group[c->combination[c->at[i]]] = found[i];
  return MILL_OK;
}

/* The groups of n combinations. False: the list does not know some. */
static bool look_up(const mill_agg_perfect *c, uint32_t n, uint32_t *restrict group) {
  const uint32_t *list = c->group;
  bool all = true;
  for (uint32_t i = 0; i < n; i++) {
    group[i] = list[c->combination[i]];
    all &= group[i] != UNKNOWN;
  }
  return all;
}

/* The first row of each combination that the list does not know, in order; they count as known from here on. */
static uint32_t unknown_rows(mill_agg_perfect *c, const uint32_t *sel, uint32_t n) {
  uint32_t unknown = 0;
  for (uint32_t i = 0; i < n; i++) {
    uint32_t *group = &c->group[c->combination[i]];
    if (*group != UNKNOWN) continue;
    *group = 0;
    c->row[unknown] = sel ? sel[i] : i;
    c->at[unknown++] = i;
  }
  return unknown;
}

mill_status mill_agg_perfect_find(mill_agg_perfect *c, mill_agg_part *p, size_t morsel,
                                  const mill_vector *const *key, const uint32_t *sel, uint32_t n,
                                  mill_group_keys *keys, mill_arena *scratch, uint32_t *group,
                                  bool *done, mill_error *err) {
  int nkeys = p->plan->op->nkeys;
  bool anew = c->part != p;
  uint32_t shift = 0;
  *done = false;
  if (n == 0) return MILL_OK;
  c->fits = false;
  if (c->off) return MILL_OK;
  for (int k = 0; k < nkeys && c->morsel != morsel; k++) c->key[k].entries = NULL;
  c->morsel = morsel;
  MILL_TRY(take_batch(c, nkeys, key, sel, n, &anew, done, err));
  c->fits = *done;
  if (anew) c->part = NULL;
  uint64_t size = 1ull << c->bits;
  if (*done && size > ROWS_SHARE * (p->rows + n)) *done = false;
  if (!*done) return MILL_OK;
  if (c->part == NULL) MILL_TRY(begin(c, p, err));
  memset(c->combination, 0, n * sizeof *c->combination);
  for (int k = 0; k < nkeys; shift += c->key[k++].bits) {
    const perfect_key *at = &c->key[k];
    if (at->coded)
      add_codes(key[k], sel, n, at->code, shift, c->combination);
    else
      add_integers(key[k], sel, n, at->low, shift, c->combination);
  }
  if (look_up(c, n, group)) return MILL_OK;
  mill_status s = find_values(c, p, key, unknown_rows(c, sel, n), keys, scratch, err);
  if (s == MILL_OK)
    (void)look_up(c, n, group);
  else
    c->part = NULL;
  return s;
}
