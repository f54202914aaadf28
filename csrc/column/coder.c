/* Strings that repeat, as codes; see coder.h.
**
**     slot[hash]     code + 1, open addressing, half empty
**     index[row]     code: the vector's index
*/
#include "column/coder.h"

#include "base/hash.h"

enum { SLOTS = 2 * MILL_CODES, NO_CODE = UINT32_MAX };

struct mill_coder {
  uint32_t *index;
  uint32_t room, rows; /* that `index` has room for; that may come in all */
  uint32_t null;       /* the code of nulls */
  uint16_t slot[SLOTS];
};

mill_status mill_coder_new(mill_vector *v, const mill_type *type, uint32_t rows, mill_arena *a,
                           mill_coder **out, mill_error *err) {
  mill_coder *c = mill_arena_alloc(a, sizeof *c);
  if (c == NULL) return mill_oom(a->memory, sizeof *c, err);
  MILL_TRY(mill_vector_init(v, type, MILL_CODES, a, err));
  c->room = MILL_BATCH; /* most columns that have too many show it soon */
  c->rows = rows;
  c->index = mill_arena_take(a, c->room * sizeof *c->index);
  if (c->index == NULL) return mill_oom(a->memory, c->room, err);
  c->null = NO_CODE;
  v->index = c->index;
  *out = c;
  return MILL_OK;
}

static mill_status make_room(mill_coder *c, mill_vector *v, size_t n, mill_arena *a,
                             mill_error *err) {
  size_t want = c->room;
  if (v->size + n <= want) return MILL_OK;
  if (want < c->rows) want = c->rows;
  while (want < v->size + n) want *= 2;
  uint32_t *index = mill_arena_take(a, want * sizeof *index);
  if (index == NULL) return mill_oom(a->memory, want * sizeof *index, err);
  memcpy(index, c->index, v->size * sizeof *index);
  c->index = index;
  c->room = (uint32_t)want;
  v->index = index;
  return MILL_OK;
}

/* What tells most strings apart: size and prefix, and two more words. With up to KNOWN bytes those are all of it. */
enum { KNOWN = 20 };
typedef struct words {
  uint64_t head, middle, end;
} words;

static inline words words_of(const mill_str *s) {
  bool near = s->size <= MILL_STR_INLINE;
  const char *rest = s->u.rest, *middle = near ? rest : s->u.ptr + 4,
             *end = near ? rest : s->u.ptr + s->size - 8;
  words w;
  memcpy(&w.head, s, 8);
  memcpy(&w.middle, middle, 8);
  memcpy(&w.end, end, 8);
  return w;
}

static inline uint64_t hash_of(const mill_str *s, words w) {
  if (s->size > KNOWN) return mill_hash_bytes(s->u.ptr, s->size);
  uint64_t h = (w.head ^ (w.middle << 23 | w.middle >> 41)) * 0x9e3779b97f4a7c15ull;
  h = (h ^ h >> 29 ^ w.end) * 0xd6e8feb86659fd93ull;
  return h >> 32;
}

static inline bool is_entry(const mill_str *e, const mill_str *s, words w) {
  words other = words_of(e);
  if (((other.head ^ w.head) | (other.middle ^ w.middle) | (other.end ^ w.end)) != 0) return false;
  return s->size <= KNOWN || memcmp(e->u.ptr, s->u.ptr, s->size) == 0;
}

/* The code of a new entry, NO_CODE: there are too many. */
static mill_status add(mill_vector *v, const mill_str *s, mill_arena *a, uint32_t *code,
                       mill_error *err) {
  *code = NO_CODE;
  if (v->entries == MILL_CODES) return MILL_OK;
  mill_str own = s ? *s : (mill_str){0};
  if (own.size > MILL_STR_INLINE) {
    own.u.ptr = mill_arena_strndup(a, s->u.ptr, s->size);
    if (own.u.ptr == NULL) return mill_oom(a->memory, s->size, err);
  }
  if (s == NULL) MILL_TRY(mill_vector_set_null(v, v->entries, a, err));
  ((mill_str *)v->data)[v->entries] = own;
  *code = v->entries++;
  return MILL_OK;
}

/* The code of a string; its slot where there is none yet. */
static inline __attribute__((always_inline)) uint32_t find(const mill_coder *c,
                                                           const mill_vector *v, const mill_str *s,
                                                           size_t *slot) {
  words w = words_of(s);
  size_t at = hash_of(s, w) & (SLOTS - 1);
  for (; c->slot[at]; at = (at + 1) & (SLOTS - 1))
    if (is_entry((mill_str *)v->data + c->slot[at] - 1, s, w)) return c->slot[at] - 1u;
  *slot = at;
  return NO_CODE;
}

/* The code of value k of `src`, a new one if need be; NO_CODE: there are too many. */
static inline __attribute__((always_inline)) mill_status code_of(mill_coder *c, mill_vector *v,
                                                                 const mill_vector *src, uint32_t k,
                                                                 mill_arena *a, uint32_t *code,
                                                                 mill_error *err) {
  if (src->type->phys == MILL_PHYS_NONE || !mill_valid_bit(src->valid, k)) {
    if (c->null == NO_CODE) MILL_TRY(add(v, NULL, a, &c->null, err));
    *code = c->null;
    return MILL_OK;
  }
  const mill_str *s = (const mill_str *)src->data + k;
  size_t slot = 0;
  *code = find(c, v, s, &slot);
  if (*code != NO_CODE) return MILL_OK;
  MILL_TRY(add(v, s, a, code, err));
  if (*code != NO_CODE) c->slot[slot] = (uint16_t)(*code + 1);
  return MILL_OK;
}

/* Values that are codes already: each is looked for once. */
static mill_status append_codes(mill_coder *c, mill_vector *v, const mill_vector *src,
                                const uint32_t *sel, size_t n, mill_arena *a, bool *fits,
                                mill_error *err) {
  uint32_t ours[MILL_CODES], *to = c->index + v->size;
  memset(ours, 0xff, src->entries * sizeof *ours);
  for (size_t i = 0; i < n; i++) {
    uint32_t k = mill_vector_at(src, sel ? sel[i] : i);
    if (ours[k] == NO_CODE) MILL_TRY(code_of(c, v, src, k, a, &ours[k], err));
    if (!(*fits = ours[k] != NO_CODE)) return MILL_OK;
    to[i] = ours[k];
  }
  v->size += (uint32_t)n;
  return MILL_OK;
}

mill_status mill_coder_append(mill_coder *c, mill_vector *v, const mill_vector *src,
                              const uint32_t *sel, size_t n, mill_arena *a, bool *fits,
                              mill_error *err) {
  *fits = true;
  MILL_TRY(make_room(c, v, n, a, err));
  if (src->entries && src->entries <= MILL_CODES)
    return append_codes(c, v, src, sel, n, a, fits, err);
  uint32_t *to = c->index + v->size;
  for (size_t i = 0; i < n; i++) {
    uint32_t k = mill_vector_at(src, sel ? sel[i] : i);
    MILL_TRY(code_of(c, v, src, k, a, &to[i], err));
    if (!(*fits = to[i] != NO_CODE)) return MILL_OK;
  }
  v->size += (uint32_t)n;
  return MILL_OK;
}

mill_status mill_coder_end(mill_vector *v, uint32_t rows, mill_arena *a, mill_error *err) {
  mill_vector flat;
  uint32_t room = v->size < MILL_BATCH ? MILL_BATCH : 2 * v->size;
  if (room < rows) room = rows;
  MILL_TRY(mill_vector_init(&flat, v->type, 0, a, err));
  flat.data = mill_arena_take(a, room * sizeof(mill_str)); /* nobody looks behind the rows */
  if (flat.data == NULL) return mill_oom(a->memory, room * sizeof(mill_str), err);
  flat.capacity = room;
  MILL_TRY(mill_vector_append(&flat, v, NULL, v->size, false, a, err));
  *v = flat;
  return MILL_OK;
}
