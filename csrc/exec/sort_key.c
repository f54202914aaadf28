/* Normalised sort keys; see sort_key.h. Ranks are made a block at a time, one loop a physical type,
** and put into place by one loop for all. */
#include "exec/sort_key.h"

enum { BLOCK = 512, NO_RANK = 0, RANK_NUMBER, RANK_PREFIX, RANK_TEXT };

static mill_rank full(int bits) { return bits >= 128 ? ~(mill_rank)0 : ((mill_rank)1 << bits) - 1; }

static int width_of(mill_rank v) {
  uint64_t hi = (uint64_t)(v >> 64), lo = (uint64_t)v;
  if (hi) return 128 - __builtin_clzll(hi);
  return lo ? 64 - __builtin_clzll(lo) : 0;
}

/* ---- ranks ---------------------------------------------------------------------------------- */

static uint64_t rank_double(double d) {
  uint64_t w;
  if (d != d) return 0xfff8000000000000ull; /* above infinity */
  d += 0.0;                                 /* -0.0 becomes 0.0 */
  memcpy(&w, &d, sizeof w);
  return w >> 63 ? ~w : w | 1ull << 63;
}

static uint32_t rank_float(float f) {
  uint32_t w;
  if (f != f) return 0xffc00000u;
  f += 0.0f;
  memcpy(&w, &f, sizeof w);
  return w >> 31 ? ~w : w | 1u << 31;
}

static mill_rank rank_interval(const mill_interval *v) {
  uint64_t hi =
      (uint64_t)((uint32_t)v->months ^ 0x80000000u) << 32 | ((uint32_t)v->days ^ 0x80000000u);
  return (mill_rank)hi << 64 | ((uint64_t)v->micros ^ 1ull << 63);
}

static mill_rank rank_i128(mill_i128 v) { return (mill_rank)v ^ (mill_rank)1 << 127; }

/* The first 16 bytes, zeros behind the end. */
static mill_rank rank_prefix(const mill_str *s) {
  uint64_t hi = 0, lo = 0;
  if (s->size <= MILL_STR_INLINE) {
    uint32_t end;
    memcpy(&hi, s->prefix, 8);
    memcpy(&end, s->u.rest + 4, 4);
    return (mill_rank)__builtin_bswap64(hi) << 64 | (uint64_t)__builtin_bswap32(end) << 32;
  }
  memcpy(&hi, s->u.ptr, 8);
  memcpy(&lo, s->u.ptr + 8, s->size < 16 ? s->size - 8 : 8);
  return (mill_rank)__builtin_bswap64(hi) << 64 | __builtin_bswap64(lo);
}

/* `length` bytes and the size: for texts not longer than that. */
static mill_rank rank_text(const mill_str *s, int length) {
  return rank_prefix(s) >> (128 - 8 * length) << 8 | s->size;
}

static bool has_rank(const mill_type *t) {
  if (t->phys == MILL_PHYS_STR) return t->collation == MILL_UTF8_BINARY;
  return t->phys != MILL_PHYS_NONE && t->phys != MILL_PHYS_LIST && t->phys != MILL_PHYS_STRUCT;
}

/* Between which ranks all values of a type lie. */
static void rank_range(const mill_type *t, mill_rank *least, mill_rank *most) {
  mill_rank zero = (mill_rank)1 << 63, half = 0;
  switch (t->phys) {
  case MILL_PHYS_BOOL: *least = 0, *most = 1; return;
  case MILL_PHYS_F32: *least = 0, *most = full(32); return;
  case MILL_PHYS_I8: half = 1u << 7; break;
  case MILL_PHYS_I16: half = 1u << 15; break;
  case MILL_PHYS_I32: half = 1u << 31; break;
  case MILL_PHYS_I64:
  case MILL_PHYS_F64: *least = 0, *most = full(64); return;
  default: *least = 0, *most = full(128); return;
  }
  *least = zero - half;
  *most = zero + half - 1;
}

#define RANK_LOOP(EXPR)                                                                            \
  for (uint32_t i = 0; i < n; i++) {                                                               \
    uint32_t k = mill_vector_at(v, from + i);                                                      \
    out[i] = (EXPR);                                                                               \
  }
#define RANK_INT(T) (uint64_t)(int64_t)((const T *)v->data)[k] ^ 1ull << 63

/* rank_rows for types whose values are words, as their ranks are then. */
static void rank_words(const mill_vector *v, uint32_t from, uint32_t n, uint64_t *out) {
  switch (v->type->phys) {
  case MILL_PHYS_BOOL: RANK_LOOP(((const uint8_t *)v->data)[k]) break;
  case MILL_PHYS_I8: RANK_LOOP(RANK_INT(int8_t)) break;
  case MILL_PHYS_I16: RANK_LOOP(RANK_INT(int16_t)) break;
  case MILL_PHYS_I32: RANK_LOOP(RANK_INT(int32_t)) break;
  case MILL_PHYS_I64: RANK_LOOP(RANK_INT(int64_t)) break;
  case MILL_PHYS_F32: RANK_LOOP(rank_float(((const float *)v->data)[k])) break;
  default: RANK_LOOP(rank_double(((const double *)v->data)[k])) break;
  }
}

/* Ranks of rows [from, from + n); those of nulls mean nothing. */
static void rank_rows(const mill_vector *v, const mill_sort_part *p, uint32_t from, uint32_t n,
                      mill_rank *out) {
  uint64_t word[BLOCK];
  if (mill_phys_is_word(v->type->phys)) {
    rank_words(v, from, n, word);
    for (uint32_t i = 0; i < n; i++) out[i] = word[i];
    return;
  }
  switch (v->type->phys) {
  case MILL_PHYS_I128: RANK_LOOP(rank_i128(((const mill_i128 *)v->data)[k])) break;
  case MILL_PHYS_INTERVAL: RANK_LOOP(rank_interval((const mill_interval *)v->data + k)) break;
  case MILL_PHYS_STR:
    for (uint32_t i = 0; i < n; i++) {
      uint32_t k = mill_vector_at(v, from + i);
      const mill_str *s = (const mill_str *)v->data + k;
      bool valid = mill_valid_bit(v->valid, k);
      out[i] = !valid ? 0 : p->rank == RANK_TEXT ? rank_text(s, p->length) : rank_prefix(s);
    }
    break;
  default: break;
  }
}

/* ---- what rows hold -------------------------------------------------------------------------- */

static void add_value(mill_sort_stats *s, mill_rank r) {
  if (!s->values) s->least = s->most = r;
  if (r < s->least) s->least = r;
  if (r > s->most) s->most = r;
  s->values = true;
}

static void stats_words(const mill_vector *v, uint32_t n, mill_sort_stats *s) {
  uint64_t word[BLOCK], least = UINT64_MAX, most = 0;
  for (uint32_t at = 0; at < n; at += BLOCK) {
    uint32_t m = n - at < BLOCK ? n - at : BLOCK;
    rank_words(v, at, m, word);
    for (uint32_t i = 0; i < m; i++) {
      least = word[i] < least ? word[i] : least;
      most = word[i] > most ? word[i] : most;
    }
  }
  if (n) add_value(s, least), add_value(s, most);
}

static void stats_column(const mill_vector *v, uint32_t n, mill_sort_stats *s) {
  static const mill_sort_part prefix = {.rank = RANK_PREFIX};
  mill_rank rank[BLOCK];
  if (!has_rank(v->type)) {
    for (uint32_t i = 0; i < n && !s->nulls; i++) s->nulls = !mill_vector_valid(v, i);
    return;
  }
  if (mill_phys_is_word(v->type->phys) && v->valid == NULL) {
    stats_words(v, n, s);
    return;
  }
  for (uint32_t at = 0; at < n; at += BLOCK) {
    uint32_t m = n - at < BLOCK ? n - at : BLOCK;
    rank_rows(v, &prefix, at, m, rank);
    for (uint32_t i = 0; i < m; i++) {
      uint32_t k = mill_vector_at(v, at + i);
      if (!mill_valid_bit(v->valid, k)) {
        s->nulls = true;
        continue;
      }
      add_value(s, rank[i]);
      if (v->type->phys != MILL_PHYS_STR) continue;
      uint32_t size = ((const mill_str *)v->data)[k].size;
      if (size > s->longest) s->longest = size;
    }
  }
}

void mill_sort_stats_chunk(const mill_row_set *s, size_t chunk, const mill_sort_column *key, int n,
                           mill_sort_stats *out) {
  const mill_vector *col = s->col + chunk * s->schema->nfields;
  for (int i = 0; i < n; i++) stats_column(&col[key[i].column], s->n[chunk], &out[i]);
}

void mill_sort_stats_join(mill_sort_stats *to, const mill_sort_stats *from, int n) {
  for (int i = 0; i < n; i++) {
    to[i].nulls |= from[i].nulls;
    if (from[i].longest > to[i].longest) to[i].longest = from[i].longest;
    if (!from[i].values) continue;
    add_value(&to[i], from[i].least);
    add_value(&to[i], from[i].most);
  }
}

/* ---- layouts -------------------------------------------------------------------------------- */

/* How one key is ranked, and between which ranks. False: the rank does not tell all. */
static bool part_of(const mill_type *t, const mill_sort_stats *s, mill_sort_part *p) {
  *p = (mill_sort_part){.null_bits = s == NULL || s->nulls, .rank = NO_RANK};
  if (t->phys == MILL_PHYS_NONE || (s && !s->values && has_rank(t))) {
    p->null_bits = 0; /* all are null */
    return true;
  }
  if (!has_rank(t)) return false;
  bool text = t->phys == MILL_PHYS_STR, short_text = text && s && s->longest <= MILL_SORT_TEXT;
  p->rank = short_text ? RANK_TEXT : text ? RANK_PREFIX : RANK_NUMBER;
  if (s)
    p->least = s->least, p->most = s->most;
  else
    rank_range(t, &p->least, &p->most);
  if (short_text) {
    p->length = (uint8_t)(s->longest ? s->longest : 1);
    int shift = 128 - 8 * p->length;
    p->least = p->least >> shift << 8;
    p->most = p->most >> shift << 8 | 255;
  }
  p->bits = (uint8_t)width_of(p->most - p->least);
  return !text || short_text;
}

void mill_sort_layout_make(mill_sort_layout *l, const mill_type *schema,
                           const mill_sort_column *key, int n, mill_sort_part *part,
                           const mill_sort_stats *stats) {
  int used = 0;
  *l = (mill_sort_layout){.key = key, .part = part, .n = n, .inexact = n};
  for (int i = 0; i < n; i++) {
    mill_sort_part *p = &part[i];
    bool exact = part_of(schema->fields[key[i].column].type, stats ? &stats[i] : NULL, p);
    if (used + p->null_bits > 128) p->null_bits = 0, exact = false, p->cut = p->bits;
    used += p->null_bits;
    if (used + p->bits > 128) p->cut = (uint8_t)(used + p->bits - 128);
    used += p->bits - p->cut;
    if (exact && p->cut == 0) continue;
    l->inexact = i;
    break;
  }
  l->used = used;
  l->words = used > 64 ? 2 : 1;
}

void mill_sort_layout_pack(mill_sort_layout *l, uint64_t last) {
  int bits = width_of(last);
  if (bits == 0) bits = 1;
  l->row_bits = l->words == 1 && l->inexact == l->n && l->used + bits <= 64 ? bits : 0;
}

/* ---- encoding ------------------------------------------------------------------------------- */

static inline void put(uint64_t *e, int words, mill_rank v) {
  e[0] |= (uint64_t)(v >> 64);
  if (words == 2) e[1] |= (uint64_t)v;
}

/* encode_block where all is of one word, and no value is null. */
static void encode_words(const mill_sort_layout *l, int i, const mill_vector *v, uint32_t from,
                         uint32_t n, int used, uint64_t *out, uint32_t stride) {
  const mill_sort_part *p = &l->part[i];
  uint64_t word[BLOCK], least = (uint64_t)p->least, most = (uint64_t)p->most;
  uint64_t flag = p->null_bits && l->key[i].nulls_first ? 1ull << (63 - used) : 0;
  int bits = p->bits - p->cut, shift = 64 - used - p->null_bits - bits;
  if (bits == 0) shift = 0; /* all are the least */
  rank_words(v, from, n, word);
  if (l->key[i].descending) {
    for (uint32_t k = 0; k < n; k++)
      out[(size_t)k * stride] |= flag | (most - word[k]) >> p->cut << shift;
  } else {
    for (uint32_t k = 0; k < n; k++)
      out[(size_t)k * stride] |= flag | (word[k] - least) >> p->cut << shift;
  }
}

/* Key bits of n rows, at `used` bits from the top. */
static void encode_block(const mill_sort_layout *l, int i, const mill_vector *v, uint32_t from,
                         uint32_t n, int used, uint64_t *out, uint32_t stride) {
  const mill_sort_part *p = &l->part[i];
  const mill_sort_column *key = &l->key[i];
  mill_rank rank[BLOCK], flag = p->null_bits ? (mill_rank)1 << (127 - used) : 0;
  int bits = p->bits - p->cut, shift = 128 - used - p->null_bits - bits;
  if (l->words == 1 && v->valid == NULL && p->rank == RANK_NUMBER &&
      mill_phys_is_word(v->type->phys)) {
    encode_words(l, i, v, from, n, used, out, stride);
    return;
  }
  if (p->rank != NO_RANK) rank_rows(v, p, from, n, rank);
  for (uint32_t k = 0; k < n; k++) {
    bool valid = mill_vector_valid(v, from + k);
    mill_rank x = valid == key->nulls_first ? flag : 0;
    if (valid && bits) {
      mill_rank r = key->descending ? p->most - rank[k] : rank[k] - p->least;
      x |= r >> p->cut << shift;
    }
    put(out + (size_t)k * stride, l->words, x);
  }
}

void mill_sort_encode(const mill_sort_layout *l, const mill_vector *cols, uint32_t from, uint32_t n,
                      uint64_t *out, uint32_t stride) {
  for (uint32_t at = 0; at < n; at += BLOCK) {
    uint32_t m = n - at < BLOCK ? n - at : BLOCK;
    uint64_t *o = out + (size_t)at * stride;
    int used = 0;
    for (uint32_t k = 0; k < m; k++)
      for (int w = 0; w < l->words; w++) o[(size_t)k * stride + (size_t)w] = 0;
    for (int i = 0; i < l->n && i <= l->inexact; i++) {
      const mill_sort_part *p = &l->part[i];
      encode_block(l, i, &cols[l->key[i].column], from + at, m, used, o, stride);
      used += p->null_bits + p->bits - p->cut;
    }
  }
}

/* ---- decoding ------------------------------------------------------------------------------- */

/* The key's bits lie `shift` bits above the number's end; its null bit above them. */
static int shift_of(const mill_sort_layout *l, int i) {
  int used = 0;
  for (int k = 0; k <= i; k++) used += l->part[k].null_bits + l->part[k].bits - l->part[k].cut;
  return 128 - used;
}

static inline mill_rank number_at(const uint64_t *e, int words) {
  return (mill_rank)e[0] << 64 | (words == 2 ? e[1] : 0);
}

bool mill_sort_decodes(const mill_sort_layout *l, const mill_type *type, int i) {
  const mill_sort_part *p = &l->part[i];
  if (i >= l->inexact || p->rank == NO_RANK) return false;
  switch (type->phys) {
  case MILL_PHYS_BOOL:
  case MILL_PHYS_I8:
  case MILL_PHYS_I16:
  case MILL_PHYS_I32:
  case MILL_PHYS_I64: return true;
  case MILL_PHYS_STR: return p->rank == RANK_TEXT && p->length <= MILL_STR_INLINE;
  default: return false; /* floats: not all zeros and NaNs are alike */
  }
}

static mill_str text_of(mill_rank rank, int length) {
  mill_rank prefix = rank >> 8 << (128 - 8 * length);
  const uint64_t word[] = {__builtin_bswap64((uint64_t)(prefix >> 64)),
                           __builtin_bswap64((uint64_t)prefix)};
  const char *text = (const char *)word;
  mill_str s = {.size = (uint32_t)(rank & 255)};
  memcpy(s.prefix, text, sizeof s.prefix);
  memcpy(s.u.rest, text + sizeof s.prefix, sizeof s.u.rest);
  return s;
}

#define DECODE_WORDS(T, WORD, SIGN)                                                                \
  for (uint32_t k = 0; k < n; k++) {                                                               \
    uint64_t x = (WORD)&mask;                                                                      \
    ((T *)out->data)[k] = (T)((down ? from - x : from + x) ^ (SIGN));                              \
  }
/* All keys of one word lie in its upper part. */
#define DECODE(T, SIGN)                                                                            \
  do {                                                                                             \
    if (l->words == 1) {                                                                           \
      DECODE_WORDS(T, entry[(size_t)k * stride] >> (shift - 64), SIGN)                             \
    } else {                                                                                       \
      DECODE_WORDS(T, (uint64_t)(number_at(entry + (size_t)k * stride, 2) >> shift), SIGN)         \
    }                                                                                              \
  } while (0)

mill_status mill_sort_decode(const mill_sort_layout *l, const mill_type *type, int i,
                             const uint64_t *entry, uint32_t stride, uint32_t n, mill_vector *out,
                             mill_arena *a, mill_error *err) {
  const mill_sort_part *p = &l->part[i];
  bool down = l->key[i].descending;
  int shift = p->bits ? shift_of(l, i) : 127;
  uint64_t mask = (uint64_t)full(p->bits < 64 ? p->bits : 64);
  uint64_t from = (uint64_t)(down ? p->most : p->least);
  MILL_TRY(mill_vector_init(out, type, n ? n : 1, a, err));
  switch (type->phys) {
  case MILL_PHYS_BOOL: DECODE(uint8_t, 0); break;
  case MILL_PHYS_I8: DECODE(uint8_t, 0); break;
  case MILL_PHYS_I16: DECODE(uint16_t, 0); break;
  case MILL_PHYS_I32: DECODE(uint32_t, 0); break;
  case MILL_PHYS_I64: DECODE(uint64_t, 1ull << 63); break;
  default:
    for (uint32_t k = 0; k < n; k++) {
      mill_rank x = number_at(entry + (size_t)k * stride, l->words) >> shift & full(p->bits);
      ((mill_str *)out->data)[k] = text_of(down ? p->most - x : p->least + x, p->length);
    }
  }
  out->size = n;
  if (!p->null_bits) return MILL_OK;
  MILL_TRY(mill_vector_need_valid(out, a, err));
  for (uint32_t k = 0; k < n; k++) {
    bool flag = number_at(entry + (size_t)k * stride, l->words) >> (shift_of(l, i) + p->bits) & 1;
    if (flag == l->key[i].nulls_first) continue;
    mill_vector_clear_bit(out, k);
    if (type->phys == MILL_PHYS_STR) ((mill_str *)out->data)[k] = (mill_str){0};
  }
  return MILL_OK;
}

bool mill_sort_same(const mill_sort_layout *l, int nkeys, const uint64_t *a, const uint64_t *b) {
  if (nkeys == 0) return true;
  mill_rank d = number_at(a, l->words) ^ number_at(b, l->words);
  int shift = shift_of(l, nkeys < l->inexact ? nkeys - 1 : l->inexact - 1);
  return l->inexact == 0 || shift == 128 || d >> shift == 0;
}

void mill_sort_breaks(const mill_sort_layout *l, int nkeys, const uint64_t *entry, uint32_t stride,
                      uint32_t n, uint8_t *out) {
  int all = l->inexact < l->n ? l->inexact : l->n - 1; /* the last key with bits */
  int end = shift_of(l, all),
      first = nkeys == 0 ? 128 : shift_of(l, nkeys - 1 < all ? nkeys - 1 : all);
  mill_rank any = end < 128 ? full(128) >> end << end : 0;
  mill_rank keys = first < 128 ? full(128) >> first << first : 0;
  uint64_t any_hi = (uint64_t)(any >> 64), any_lo = (uint64_t)any;
  uint64_t keys_hi = (uint64_t)(keys >> 64), keys_lo = (uint64_t)keys;
  for (uint32_t i = 1; i < n; i++) {
    const uint64_t *e = entry + (size_t)i * stride, *before = e - stride;
    uint64_t hi = e[0] ^ before[0], lo = l->words == 2 ? e[1] ^ before[1] : 0;
    bool in_keys = (hi & keys_hi) | (lo & keys_lo), in_any = (hi & any_hi) | (lo & any_lo);
    out[i] = (uint8_t)(in_any + in_keys);
  }
  if (n) out[0] = 2;
}

/* ---- words ---------------------------------------------------------------------------------- */

bool mill_sort_words(const mill_vector *v, const mill_sort_column *key, uint32_t n, uint64_t *out) {
  uint64_t null = key->nulls_first ? 0 : UINT64_MAX;
  if (!mill_phys_is_word(v->type->phys)) return false;
  rank_words(v, 0, n, out);
  for (uint32_t i = 0; key->descending && i < n; i++) out[i] = ~out[i];
  for (uint32_t i = 0; v->valid && i < n; i++)
    if (!mill_vector_valid(v, i)) out[i] = null;
  return true;
}

/* ---- comparing ------------------------------------------------------------------------------ */

int mill_sort_key_compare(const mill_row_set *s, const mill_sort_column *key, int first, int n,
                          uint64_t a, uint64_t b) {
  uint32_t i = mill_row_place(a), j = mill_row_place(b);
  for (int k = first; k < n; k++) {
    const mill_vector *x = mill_row_set_col(s, a, key[k].column);
    const mill_vector *y = mill_row_set_col(s, b, key[k].column);
    bool vx = mill_vector_valid(x, i), vy = mill_vector_valid(y, j);
    if (!vx && !vy) continue;
    if (vx != vy) return vx == key[k].nulls_first ? 1 : -1;
    int d = mill_vector_compare(x, i, y, j);
    if (d) return key[k].descending ? -d : d;
  }
  return 0;
}
