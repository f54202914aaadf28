/* Groups by key; see groups.h. */
#include "column/groups.h"

enum { FIRST_GROUPS = 32 };

/* ---- layout --------------------------------------------------------------------------------- */

/* Words of a value; -1: it has no fixed form. */
static int words_of(const mill_type *t) {
  switch (t->phys) {
  case MILL_PHYS_NONE: return 0;
  case MILL_PHYS_I128:
  case MILL_PHYS_INTERVAL: return 2;
  case MILL_PHYS_STR: return t->collation == MILL_UTF8_BINARY ? 2 : -1;
  case MILL_PHYS_LIST:
  case MILL_PHYS_STRUCT: return -1;
  default: return 1;
  }
}

mill_status mill_group_layout_init(mill_group_layout *l, const mill_type *const *type, int nkeys,
                                   mill_arena *a, mill_error *err) {
  *l = (mill_group_layout){.nkeys = nkeys, .plain = nkeys <= MILL_GROUP_KEYS};
  l->type = mill_arena_alloc(a, (size_t)(nkeys + 1) * sizeof *l->type);
  l->at = mill_arena_alloc(a, (size_t)(nkeys + 1) * sizeof *l->at);
  l->size = mill_arena_alloc(a, (size_t)(nkeys + 1) * sizeof *l->size);
  if (!l->type || !l->at || !l->size) return mill_oom(a->memory, (size_t)nkeys, err);
  for (int k = 0; k < nkeys; k++) {
    int words = words_of(type[k]);
    l->type[k] = type[k];
    l->at[k] = l->words;
    l->size[k] = words > 0 ? (uint32_t)words : 0;
    l->words += l->size[k];
    l->plain &= words >= 0;
    if (type[k]->phys == MILL_PHYS_STR && !l->strings) l->string_at = l->at[k];
    l->strings |= type[k]->phys == MILL_PHYS_STR;
  }
  return MILL_OK;
}

/* ---- keys of a batch ------------------------------------------------------------------------ */

mill_status mill_group_keys_init(mill_group_keys *k, const mill_group_layout *l, mill_arena *a,
                                 mill_error *err) {
  *k = (mill_group_keys){0};
  k->word = mill_arena_take(a, (size_t)MILL_BATCH * (l->words + 1) * sizeof *k->word);
  k->null_room = mill_arena_take(a, MILL_BATCH * sizeof *k->null_room);
  k->hash = mill_arena_take(a, MILL_BATCH * sizeof *k->hash);
  return k->word && k->null_room && k->hash ? MILL_OK : mill_oom(a->memory, MILL_BATCH, err);
}

#define PUT(T, EXPR)                                                                               \
  do {                                                                                             \
    const T *x_ = v->data;                                                                         \
    for (uint32_t i = 0; i < n; i++, to += words) {                                                \
      const T x = x_[i & v->mask];                                                                 \
      *to = (uint64_t)(EXPR);                                                                      \
    }                                                                                              \
  } while (0)

static uint64_t float_word(double d) {
  uint64_t w;
  if (d != d) return 0x7ff8000000000000ull;
  d += 0.0; /* -0.0 becomes 0.0 */
  memcpy(&w, &d, 8);
  return w;
}

static void put_words(uint64_t *to, uint32_t words, const mill_vector *v, uint32_t n) {
  switch (v->type->phys) {
  case MILL_PHYS_NONE: break;
  case MILL_PHYS_BOOL: PUT(uint8_t, x); break;
  case MILL_PHYS_I8: PUT(int8_t, (int64_t)x); break;
  case MILL_PHYS_I16: PUT(int16_t, (int64_t)x); break;
  case MILL_PHYS_I32: PUT(int32_t, (int64_t)x); break;
  case MILL_PHYS_I64: PUT(int64_t, x); break;
  case MILL_PHYS_F32: PUT(float, float_word((double)x)); break;
  case MILL_PHYS_F64: PUT(double, float_word(x)); break;
  default:
    for (uint32_t i = 0; i < n; i++, to += words)
      memcpy(to, (const char *)v->data + (size_t)(i & v->mask) * 16, 16);
  }
}

static bool has_nulls(const mill_vector *v, uint32_t n) {
  if (v->type->phys == MILL_PHYS_NONE) return true;
  if (v->valid == NULL) return false;
  if (v->mask == 0) return !mill_valid_bit(v->valid, 0);
  for (uint32_t i = 0; i < n / 64; i++)
    if (v->valid[i] != ~0ull) return true;
  uint64_t last = n % 64 ? (1ull << n % 64) - 1 : 0;
  return last && (v->valid[n / 64] & last) != last;
}

static void put_nulls(mill_group_keys *k, const mill_group_layout *l, int key, const mill_vector *v,
                      uint32_t n) {
  uint32_t words = l->size[key];
  if (k->null == NULL) k->null = memset(k->null_room, 0, n * sizeof *k->null);
  for (uint32_t i = 0; i < n; i++) {
    if (v->type->phys != MILL_PHYS_NONE && mill_vector_valid(v, i)) continue;
    k->null[i] |= 1ull << key;
    for (uint32_t w = 0; w < words; w++) k->word[(size_t)i * l->words + l->at[key] + w] = 0;
  }
}

static inline uint64_t mix(uint64_t a, uint64_t b) {
  __uint128_t p = (__uint128_t)(a ^ 0xa0761d6478bd642full) * (b ^ 0xe7037ed1a0b428dbull);
  return (uint64_t)p ^ (uint64_t)(p >> 64);
}

static uint64_t hash_long(const uint64_t *view) {
  const mill_str *s = (const mill_str *)(const void *)view;
  const char *p = s->u.ptr;
  uint64_t h = s->size, w;
  uint32_t left = s->size;
  for (; left >= 8; p += 8, left -= 8) {
    memcpy(&w, p, 8);
    h = mix(h, w);
  }
  memcpy(&w, s->u.ptr + s->size - 8, 8); /* long strings have at least 13 bytes */
  return mix(h, w);
}

static bool is_long(const uint64_t *view) { return (uint32_t)*view > MILL_STR_INLINE; }

/* Those of a long string will be read. */
static inline void ask_for_bytes(const uint64_t *view) {
  if (is_long(view)) __builtin_prefetch(((const mill_str *)(const void *)view)->u.ptr);
}

static bool any_long(const uint64_t *view, uint32_t words, uint32_t n) {
  bool yes = false;
  for (uint32_t i = 0; i < n; i++) yes |= is_long(view + (size_t)i * words);
  return yes;
}

/* The bytes of the long strings of a row are asked for that many rows before they are hashed. */
enum { HASH_AHEAD = 12 };

static inline void ask_for_row(const mill_group_layout *l, const uint64_t *row) {
  for (int c = 0; c < l->nkeys; c++)
    if (l->type[c]->phys == MILL_PHYS_STR) ask_for_bytes(row + l->at[c]);
}

/* Words are mixed one after the other; long strings by their bytes. */
static void hash_rows(mill_group_keys *k, const mill_group_layout *l, uint32_t n) {
  uint32_t words = l->words;
  if (words == 1) {
    for (uint32_t i = 0; i < n; i++) k->hash[i] = mix(k->word[i], 1);
  } else if (!k->has_long) {
    for (uint32_t i = 0; i < n; i++) {
      uint64_t h = 1;
      for (uint32_t w = 0; w < words; w++) h = mix(h, k->word[(size_t)i * words + w]);
      k->hash[i] = h;
    }
  } else {
    for (uint32_t i = 0; i < n; i++) {
      uint64_t h = 1;
      const uint64_t *row = k->word + (size_t)i * words;
      if (i + HASH_AHEAD < n) ask_for_row(l, row + (size_t)HASH_AHEAD * words);
      for (int c = 0; c < l->nkeys; c++) {
        const uint64_t *x = row + l->at[c];
        uint32_t size = l->size[c];
        if (l->type[c]->phys == MILL_PHYS_STR && is_long(x))
          h = mix(h, hash_long(x));
        else
          for (uint32_t w = 0; w < size; w++) h = mix(h, x[w]);
      }
      k->hash[i] = h;
    }
  }
  for (uint32_t i = 0; k->null && i < n; i++)
    if (k->null[i]) k->hash[i] = mix(k->hash[i], k->null[i]);
}

void mill_group_keys_set(mill_group_keys *k, const mill_group_layout *l, const mill_vector *key,
                         uint32_t n) {
  k->null = NULL;
  k->has_long = false;
  k->value = key;
  if (!l->plain) {
    for (int c = 0; c < l->nkeys; c++) mill_vector_hash(&key[c], NULL, n, c > 0, k->hash);
    return;
  }
  for (int c = 0; c < l->nkeys; c++) put_words(k->word + l->at[c], l->words, &key[c], n);
  for (int c = 0; c < l->nkeys; c++)
    if (has_nulls(&key[c], n)) put_nulls(k, l, c, &key[c], n);
  for (int c = 0; c < l->nkeys; c++)
    if (l->type[c]->phys == MILL_PHYS_STR) k->has_long |= any_long(k->word + l->at[c], l->words, n);
  hash_rows(k, l, n);
}

/* ---- the table ------------------------------------------------------------------------------ */

mill_status mill_groups_init(mill_groups *g, const mill_group_layout *l, mill_memory *m,
                             mill_arena *a, mill_error *err) {
  *g = (mill_groups){.layout = l, .memory = m, .arena = a};
  if (l->plain) return MILL_OK;
  g->key = mill_arena_alloc(a, (size_t)(l->nkeys + 1) * sizeof *g->key);
  if (g->key == NULL) return mill_oom(m, (size_t)l->nkeys, err);
  for (int k = 0; k < l->nkeys; k++)
    MILL_TRY(mill_vector_init(&g->key[k], l->type[k], FIRST_GROUPS, a, err));
  return MILL_OK;
}

void mill_groups_close(mill_groups *g) {
  mill_free(g->memory, g->slot, g->nslots * sizeof *g->slot);
  g->slot = NULL;
  g->nslots = 0;
}

void mill_groups_clear(mill_groups *g) {
  if (g->layout == NULL) return;
  mill_groups_close(g);
  mill_free(g->memory, g->row, (size_t)g->capacity * g->layout->words * sizeof *g->row);
  if (g->null) mill_free(g->memory, g->null, g->capacity * sizeof *g->null);
  mill_free(g->memory, g->hash, g->capacity * sizeof *g->hash);
  *g = (mill_groups){0};
}

static mill_status grow_words(mill_groups *g, uint64_t **p, uint32_t words, uint32_t want,
                              mill_error *err) {
  size_t have = (size_t)g->capacity * words * 8, need = (size_t)want * words * 8;
  if (need == 0) return MILL_OK;
  uint64_t *q = mill_realloc(g->memory, *p, have, need);
  if (q == NULL) return mill_oom(g->memory, need, err);
  *p = q;
  return MILL_OK;
}

/* On failure the arrays may differ in size; those already larger are cut back, so that capacity
** tells the truth. */
static mill_status grow_rows(mill_groups *g, uint32_t want, mill_error *err) {
  uint32_t words = g->layout->words;
  if (!g->layout->plain) words = 0;
  mill_groups was = *g;
  MILL_TRY(grow_words(g, &g->row, words, want, err));
  mill_status s = grow_words(g, &g->hash, 1, want, err);
  if (s == MILL_OK && g->null) s = grow_words(g, &g->null, 1, want, err);
  if (s == MILL_OK) {
    g->capacity = want;
    return MILL_OK;
  }
  mill_free(g->memory, g->row, (size_t)want * words * 8);
  mill_free(g->memory, g->hash, (g->hash == was.hash ? was.capacity : want) * sizeof *g->hash);
  mill_free(g->memory, g->null, was.capacity * sizeof *g->null);
  g->row = g->hash = g->null = NULL;
  g->capacity = g->n = 0;
  mill_groups_close(g);
  return s;
}

static mill_status rehash(mill_groups *g, size_t groups, mill_error *err) {
  size_t want = g->nslots ? 2 * g->nslots : 2 * FIRST_GROUPS;
  while (want < 2 * (groups + 1)) want *= 2;
  uint64_t *to = mill_calloc(g->memory, want * sizeof *to);
  if (to == NULL) return mill_oom(g->memory, want * sizeof *to, err);
  for (uint32_t k = 0; k < g->n; k++) {
    size_t i = g->hash[k] & (want - 1);
    while (to[i]) i = (i + 1) & (want - 1);
    to[i] = (g->hash[k] >> 32 << 32) | (k + 1);
  }
  mill_groups_close(g);
  g->slot = to;
  g->nslots = want;
  return MILL_OK;
}

mill_status mill_groups_reserve(mill_groups *g, uint32_t n, mill_error *err) {
  if (n > g->capacity) MILL_TRY(grow_rows(g, n, err));
  return 2 * (size_t)(n + 1) > g->nslots ? rehash(g, n, err) : MILL_OK;
}

static bool same_strings(const mill_group_layout *l, const uint64_t *a, const uint64_t *b) {
  for (int c = 0; c < l->nkeys; c++) {
    const uint64_t *x = a + l->at[c], *y = b + l->at[c];
    uint32_t words = l->size[c];
    if (words > 0 && x[0] != y[0]) return false;
    if (words < 2 || x[1] == y[1]) continue;
    if (l->type[c]->phys != MILL_PHYS_STR || !is_long(x)) return false;
    const mill_str *s = (const mill_str *)(const void *)x, *t = (const mill_str *)(const void *)y;
    if (memcmp(s->u.ptr, t->u.ptr, s->size) != 0) return false;
  }
  return true;
}

static inline bool same_words(const uint64_t *a, const uint64_t *b, uint32_t words) {
  uint64_t d = 0;
  for (uint32_t w = 0; w < words; w++) d |= a[w] ^ b[w];
  return d == 0;
}

static bool same_values(const mill_groups *g, uint32_t group, const mill_group_keys *k,
                        uint32_t i) {
  for (int c = 0; c < g->layout->nkeys; c++)
    if (!mill_vector_equal(&g->key[c], group, &k->value[c], i)) return false;
  return true;
}

/* Is row i the key of `group`? bare: keys are `words` words and none is null. */
static inline bool same_key(const mill_groups *g, uint32_t group, const mill_group_keys *k,
                            uint32_t i, uint32_t words, bool bare) {
  const mill_group_layout *l = g->layout;
  if (!l->plain) return g->hash[group] == k->hash[i] && same_values(g, group, k, i);
  const uint64_t *a = g->row + (size_t)group * words, *b = k->word + (size_t)i * words;
  if (!bare && (g->null ? g->null[group] : 0) != (k->null ? k->null[i] : 0)) return false;
  return same_words(a, b, words) || (l->strings && same_strings(l, a, b));
}

/* Long strings of a new row get bytes of their own. */
static mill_status own_strings(mill_groups *g, uint64_t *row, mill_error *err) {
  for (int c = 0; c < g->layout->nkeys; c++) {
    uint64_t *x = row + g->layout->at[c];
    if (g->layout->type[c]->phys != MILL_PHYS_STR || !is_long(x)) continue;
    mill_str *s = (mill_str *)(void *)x;
    char *p = mill_arena_strndup(g->arena, s->u.ptr, s->size);
    if (p == NULL) return mill_oom(g->memory, s->size, err);
    s->u.ptr = p;
  }
  return MILL_OK;
}

static mill_status need_nulls(mill_groups *g, mill_error *err) {
  if (g->null) return MILL_OK;
  g->null = mill_calloc(g->memory, (size_t)(g->capacity ? g->capacity : 1) * sizeof *g->null);
  return g->null ? MILL_OK : mill_oom(g->memory, g->capacity * sizeof *g->null, err);
}

/* Keys are stored as they are shown: 0.0 for -0.0, at any depth. Values [from, to) of v. */
static void drop_minus_zero(mill_vector *v, uint32_t from, uint32_t to) {
  switch (v->type->phys) {
  case MILL_PHYS_F32:
    for (uint32_t i = from; i < to; i++) ((float *)v->data)[i] += 0.0f;
    break;
  case MILL_PHYS_F64:
    for (uint32_t i = from; i < to; i++) ((double *)v->data)[i] += 0.0;
    break;
  case MILL_PHYS_LIST:
    for (uint32_t i = from; i < to; i++) {
      const mill_span s = ((const mill_span *)v->data)[i];
      if (mill_vector_valid(v, i)) drop_minus_zero(&v->child[0], s.start, s.start + s.size);
    }
    break;
  case MILL_PHYS_STRUCT:
    for (uint32_t c = 0; c < v->type->nfields; c++) drop_minus_zero(&v->child[c], from, to);
    break;
  default: break;
  }
}

static mill_status add_group(mill_groups *g, const mill_group_keys *k, uint32_t i,
                             mill_error *err) {
  const mill_group_layout *l = g->layout;
  if (g->n == g->capacity) {
    if (g->capacity > UINT32_MAX / 2) return mill_oom(g->memory, SIZE_MAX, err);
    MILL_TRY(grow_rows(g, g->capacity ? 2 * g->capacity : FIRST_GROUPS, err));
  }
  if (!l->plain) {
    for (int c = 0; c < l->nkeys; c++) {
      MILL_TRY(mill_vector_append(&g->key[c], &k->value[c], &i, 1, true, g->arena, err));
      drop_minus_zero(&g->key[c], g->n, g->n + 1);
    }
  } else {
    if (k->null && k->null[i]) MILL_TRY(need_nulls(g, err));
    uint64_t *row = l->words ? g->row + (size_t)g->n * l->words : NULL; /* keys of VOID have none */
    for (uint32_t w = 0; w < l->words; w++) row[w] = k->word[(size_t)i * l->words + w];
    if (g->null) g->null[g->n] = k->null ? k->null[i] : 0;
    if (l->strings && !g->borrows) MILL_TRY(own_strings(g, row, err));
  }
  g->hash[g->n++] = k->hash[i];
  return MILL_OK;
}

/* Ask for what row i + SLOT_AHEAD needs of a large table, and for the group that the slot of row
** i + ROW_AHEAD, asked for before, seems to hold. */
enum { LARGE_SLOTS = 1 << 14, SLOT_AHEAD = 96, ROW_AHEAD = 48, TOGETHER = 128 };

static inline void look_ahead(const mill_groups *g, const mill_group_keys *k, uint32_t i,
                              uint32_t n, uint32_t words) {
  if (i + SLOT_AHEAD < n) __builtin_prefetch(&g->slot[k->hash[i + SLOT_AHEAD] & (g->nslots - 1)]);
  if (i + ROW_AHEAD >= n) return;
  uint32_t at = (uint32_t)g->slot[k->hash[i + ROW_AHEAD] & (g->nslots - 1)];
  if (at) __builtin_prefetch(g->row + (size_t)(at - 1) * words);
}

/* The groups of rows whose key stands in the first place its hash leads to, which are most; the others
** are listed. Two loops without a branch: a processor has the memory of many rows under way. */
static inline __attribute__((always_inline)) uint32_t find_first(const mill_groups *g,
                                                                 const mill_group_keys *k,
                                                                 uint32_t n, uint32_t *group,
                                                                 uint32_t *other, uint32_t words) {
  uint32_t at[MILL_BATCH], others = 0;
  const size_t mask = g->nslots - 1;
  for (uint32_t i = 0; i < n; i++) at[i] = (uint32_t)g->slot[k->hash[i] & mask];
  for (uint32_t i = 0; i < n; i++) {
    const uint32_t first = at[i] - (at[i] > 0); /* a free place leads to a group that differs */
    const uint64_t *a = g->row + (size_t)first * words, *b = k->word + (size_t)i * words;
    group[i] = first;
    other[others] = i;
    others += !same_words(a, b, words);
  }
  return others;
}

/* The same for keys with long strings, of which those of some rows are asked for together. */
static inline __attribute__((always_inline)) uint32_t find_first_long(const mill_groups *g,
                                                                      const mill_group_keys *k,
                                                                      uint32_t n, uint32_t *group,
                                                                      uint32_t *other,
                                                                      uint32_t words) {
  uint32_t at[TOGETHER], others = 0;
  const uint64_t *string = g->row + g->layout->string_at;
  const size_t mask = g->nslots - 1;
  for (uint32_t from = 0; from < n; from += TOGETHER) {
    const uint32_t m = n - from < TOGETHER ? n - from : TOGETHER;
    for (uint32_t i = 0; i < m; i++) {
      const uint64_t h = k->hash[from + i], slot = g->slot[h & mask];
      at[i] = slot >> 32 == h >> 32 ? (uint32_t)slot : 0;
    }
    for (uint32_t i = 0; i < m; i++)
      __builtin_prefetch(string + (size_t)(at[i] - (at[i] > 0)) * words);
    for (uint32_t i = 0; i < m; i++) ask_for_bytes(string + (size_t)(at[i] - (at[i] > 0)) * words);
    for (uint32_t i = 0; i < m; i++) {
      group[from + i] = at[i] - 1;
      other[others] = from + i;
      others += !(at[i] && same_key(g, at[i] - 1, k, from + i, words, true));
    }
  }
  return others;
}

/* mill_groups_find, compiled for each of the common widths. */
static inline __attribute__((always_inline)) mill_status find_keys(mill_groups *g,
                                                                   const mill_group_keys *k,
                                                                   uint32_t n, uint32_t *group,
                                                                   uint32_t words, bool bare,
                                                                   mill_error *err) {
  uint32_t other[MILL_BATCH], others = n;
  const bool first = bare && words && g->n > 0 && g->nslots > 0;
  if (first) others = (k->has_long ? find_first_long : find_first)(g, k, n, group, other, words);
  for (uint32_t o = 0; o < others; o++) {
    const uint32_t i = first ? other[o] : o;
    if (2 * (size_t)(g->n + 1) > g->nslots) MILL_TRY(rehash(g, g->n, err));
    if (!first && words && g->nslots >= LARGE_SLOTS) look_ahead(g, k, i, n, words);
    uint64_t h = k->hash[i], tag = h >> 32;
    size_t s = h & (g->nslots - 1);
    for (;; s = (s + 1) & (g->nslots - 1)) {
      uint64_t slot = g->slot[s];
      uint32_t at = (uint32_t)slot;
      if (at == 0) {
        MILL_TRY(add_group(g, k, i, err));
        g->slot[s] = tag << 32 | g->n;
        group[i] = g->n - 1;
        break;
      }
      if (slot >> 32 == tag && same_key(g, at - 1, k, i, words, bare)) {
        group[i] = at - 1;
        break;
      }
    }
  }
  return MILL_OK;
}

mill_status mill_groups_find(mill_groups *g, const mill_group_keys *k, uint32_t n, uint32_t *group,
                             mill_error *err) {
  const mill_group_layout *l = g->layout;
  uint32_t words = l->plain ? l->words : 0;
  bool bare = l->plain && !g->null && !k->null;
  g->has_long |= k->has_long;
  if (bare && words == 1) return find_keys(g, k, n, group, 1, true, err);
  if (bare && words == 2) return find_keys(g, k, n, group, 2, true, err);
  return find_keys(g, k, n, group, words, bare, err);
}

void mill_groups_look(const mill_groups *g, const mill_group_keys *k, uint32_t n, uint32_t *group) {
  uint32_t words = g->layout->plain ? g->layout->words : 0;
  for (uint32_t i = 0; i < n; i++) {
    if (words && g->nslots >= LARGE_SLOTS) look_ahead(g, k, i, n, words);
    uint64_t h = k->hash[i];
    group[i] = UINT32_MAX;
    for (size_t s = h & (g->nslots - 1); g->nslots; s = (s + 1) & (g->nslots - 1)) {
      uint32_t at = (uint32_t)g->slot[s];
      if (at == 0) break;
      if (g->slot[s] >> 32 != h >> 32 || !same_key(g, at - 1, k, i, words, false)) continue;
      group[i] = at - 1;
      break;
    }
  }
}

mill_status mill_groups_room(mill_groups *g, uint32_t n, mill_error *err) {
  return n > g->capacity ? grow_rows(g, n, err) : MILL_OK;
}

static mill_status room_for_more(mill_groups *g, uint32_t n, mill_error *err) {
  uint64_t want = g->capacity ? g->capacity : FIRST_GROUPS;
  while (want < (uint64_t)g->n + n) want *= 2;
  if (want > UINT32_MAX) return mill_oom(g->memory, SIZE_MAX, err);
  return mill_groups_room(g, (uint32_t)want, err);
}

mill_status mill_groups_append(mill_groups *g, const mill_group_keys *k, uint32_t n,
                               mill_error *err) {
  const mill_group_layout *l = g->layout;
  mill_groups_close(g);
  g->has_long |= k->has_long;
  MILL_TRY(room_for_more(g, n, err));
  if (!l->plain) {
    for (uint32_t i = 0; i < n; i++) MILL_TRY(add_group(g, k, i, err));
    return MILL_OK;
  }
  if (k->null) MILL_TRY(need_nulls(g, err));
  if (l->words)
    memcpy(g->row + (size_t)g->n * l->words, k->word, (size_t)n * l->words * sizeof *g->row);
  memcpy(g->hash + g->n, k->hash, n * sizeof *g->hash);
  for (uint32_t i = 0; g->null && i < n; i++) g->null[g->n + i] = k->null ? k->null[i] : 0;
  uint64_t *row = g->row + (size_t)g->n * l->words;
  for (uint32_t i = 0; k->has_long && !g->borrows && i < n; i++)
    MILL_TRY(own_strings(g, row + (size_t)i * l->words, err));
  g->n += n;
  return MILL_OK;
}

/* One loop for each of the common widths. */
static void scatter(const uint64_t *from, uint32_t words, const uint32_t *to, uint32_t n,
                    uint64_t *restrict out) {
  switch (words) {
  case 1:
    for (uint32_t i = 0; i < n; i++) out[to[i]] = from[i];
    break;
  case 2:
    for (uint32_t i = 0; i < n; i++) memcpy(out + 2 * (size_t)to[i], from + 2 * (size_t)i, 16);
    break;
  case 3:
    for (uint32_t i = 0; i < n; i++) memcpy(out + 3 * (size_t)to[i], from + 3 * (size_t)i, 24);
    break;
  case 4:
    for (uint32_t i = 0; i < n; i++) memcpy(out + 4 * (size_t)to[i], from + 4 * (size_t)i, 32);
    break;
  default:
    for (uint32_t i = 0; i < n; i++)
      for (uint32_t w = 0; w < words; w++)
        out[(size_t)to[i] * words + w] = from[(size_t)i * words + w];
  }
}

mill_status mill_groups_reorder(mill_groups *g, const uint32_t *to, mill_error *err) {
  const size_t words = g->layout->words, n = g->n;
  mill_groups_close(g);
  if (n == 0) return MILL_OK;
  uint64_t *row = words ? mill_alloc(g->memory, n * words * sizeof *row) : NULL;
  uint64_t *hash = mill_alloc(g->memory, n * sizeof *hash);
  uint64_t *null = g->null ? mill_alloc(g->memory, n * sizeof *null) : NULL;
  if (hash == NULL || (words && row == NULL) || (g->null && null == NULL)) {
    mill_free(g->memory, row, n * words * sizeof *row);
    mill_free(g->memory, hash, n * sizeof *hash);
    mill_free(g->memory, null, n * sizeof *null);
    return mill_oom(g->memory, n * (words + 1) * sizeof *row, err);
  }
  mill_groups was = *g;
  if (words) scatter(was.row, (uint32_t)words, to, was.n, row);
  scatter(was.hash, 1, to, was.n, hash);
  if (null) scatter(was.null, 1, to, was.n, null);
  g->row = row;
  g->hash = hash;
  g->null = null;
  g->capacity = was.n;
  mill_groups_clear(&was);
  return MILL_OK;
}

mill_group_keys mill_groups_view(const mill_groups *g, uint32_t at) {
  return (mill_group_keys){.word = g->layout->words ? g->row + (size_t)at * g->layout->words : NULL,
                           .null = g->null ? g->null + at : NULL,
                           .hash = g->hash + at,
                           .has_long = g->has_long};
}

bool mill_groups_same(const mill_groups *a, uint32_t x, const mill_groups *b, uint32_t y) {
  const mill_group_layout *l = a->layout;
  if (a->hash[x] != b->hash[y]) return false;
  for (int c = 0; !l->plain && c < l->nkeys; c++)
    if (!mill_vector_equal(&a->key[c], x, &b->key[c], y)) return false;
  if (!l->plain) return true;
  if ((a->null ? a->null[x] : 0) != (b->null ? b->null[y] : 0)) return false;
  const uint64_t *p = a->row + (size_t)x * l->words, *q = b->row + (size_t)y * l->words;
  return same_words(p, q, l->words) || (l->strings && same_strings(l, p, q));
}

/* ---- out of the table ----------------------------------------------------------------------- */

/* One loop for each of the common widths; there are no words when all keys are NULL by type. */
static void copy_rows(const uint64_t *row, uint32_t words, const uint32_t *group, uint32_t n,
                      uint64_t *restrict out) {
  switch (words) {
  case 0: break;
  case 1:
    for (uint32_t i = 0; i < n; i++) out[i] = row[group[i]];
    break;
  case 2:
    for (uint32_t i = 0; i < n; i++) memcpy(out + 2 * (size_t)i, row + 2 * (size_t)group[i], 16);
    break;
  default:
    for (uint32_t i = 0; i < n; i++)
      for (uint32_t w = 0; w < words; w++)
        out[(size_t)i * words + w] = row[(size_t)group[i] * words + w];
  }
}

mill_status mill_groups_keys(const mill_groups *g, const uint32_t *group, uint32_t n,
                             mill_group_keys *out, mill_arena *a, mill_error *err) {
  const mill_group_layout *l = g->layout;
  if (l->nkeys == 0) return MILL_OK;
  for (uint32_t i = 0; i < n; i++) out->hash[i] = g->hash[group[i]];
  out->null = NULL;
  out->has_long = g->has_long;
  if (l->plain) {
    copy_rows(g->row, l->words, group, n, out->word);
    if (g->null == NULL) return MILL_OK;
    out->null = out->null_room;
    for (uint32_t i = 0; i < n; i++) out->null[i] = g->null[group[i]];
    return MILL_OK;
  }
  mill_vector *v = mill_arena_alloc(a, (size_t)(l->nkeys + 1) * sizeof *v);
  if (v == NULL) return mill_oom(a->memory, (size_t)l->nkeys, err);
  for (int k = 0; k < l->nkeys; k++)
    MILL_TRY(mill_vector_gather(&v[k], &g->key[k], group, n, false, a, err));
  out->value = v;
  return MILL_OK;
}

#define ROW(i) (g[i]->row[(size_t)group[i] * words + at])
#define GET(T)                                                                                     \
  for (uint32_t i = 0; i < n; i++) ((T *)out->data)[i] = (T)ROW(i)

static double word_float(uint64_t w) {
  double d;
  memcpy(&d, &w, 8);
  return d;
}

static void get_words(const mill_groups *const *g, const uint32_t *group, uint32_t n, uint32_t at,
                      mill_vector *out) {
  uint32_t words = n ? g[0]->layout->words : 0;
  switch (out->type->phys) {
  case MILL_PHYS_NONE: break;
  case MILL_PHYS_BOOL:
  case MILL_PHYS_I8: GET(uint8_t); break;
  case MILL_PHYS_I16: GET(uint16_t); break;
  case MILL_PHYS_I32: GET(uint32_t); break;
  case MILL_PHYS_I64: GET(uint64_t); break;
  case MILL_PHYS_F32:
    for (uint32_t i = 0; i < n; i++) ((float *)out->data)[i] = (float)word_float(ROW(i));
    break;
  case MILL_PHYS_F64:
    for (uint32_t i = 0; i < n; i++) ((double *)out->data)[i] = word_float(ROW(i));
    break;
  default:
    for (uint32_t i = 0; i < n; i++) memcpy((char *)out->data + (size_t)i * 16, &ROW(i), 16);
  }
}

mill_status mill_groups_values(const mill_groups *const *g, const uint32_t *group, uint32_t n,
                               mill_vector *out, mill_arena *a, mill_error *err) {
  const mill_group_layout *l = n ? g[0]->layout : NULL;
  for (int k = 0; l && k < l->nkeys; k++) {
    MILL_TRY(mill_vector_init(&out[k], l->type[k], n, a, err));
    if (!l->plain) {
      for (uint32_t i = 0; i < n; i++)
        MILL_TRY(mill_vector_append(&out[k], &g[i]->key[k], &group[i], 1, false, a, err));
      continue;
    }
    out[k].size = n;
    get_words(g, group, n, l->at[k], &out[k]);
    for (uint32_t i = 0; i < n; i++)
      if (g[i]->null && (g[i]->null[group[i]] >> k & 1))
        MILL_TRY(mill_vector_set_null(&out[k], i, a, err));
  }
  return MILL_OK;
}
