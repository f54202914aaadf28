/* Frequent items; see frequent_int.h.
**
** Bytes: head of eight (words before the counts, version 1, family 10, lg of the most and of the present slots,
** flags, 0), the number of items (4), 0 (4), the number of values, the offset, the counts (8 each), the items, and
** at last the number of NULLs, high byte first. Numbers go with a byte that tells their type, texts with their
** size, booleans as bits, structs field by field. */
#include <stdlib.h>

#include "kernel/frequent_int.h"

enum {
  FIRST_ROOM = 6,
  FIRST_BYTES = 256,
  FIRST_LG = 3,
  FAMILY = 10,
  EMPTY_FLAGS = 5,
  HEAD = 32,
  MAX_NESTING = 16
};

/* ---- the table ------------------------------------------------------------------------------ */

/* Three quarters of the slots are used. */
static uint32_t capacity(uint32_t lg) { return (uint32_t)(3ull << lg >> 2); }

static uint32_t most_lg(int32_t tracked) {
  uint32_t lg = FIRST_LG;
  while (capacity(lg) < (uint32_t)tracked) lg++;
  return lg;
}

static mill_status take_slots(mill_arena *a, mill_frequent *s, uint32_t lg, mill_error *err) {
  size_t size = sizeof *s->slot << lg;
  s->slot = mill_arena_alloc(a, size);
  s->lg_slots = lg;
  return s->slot ? MILL_OK : mill_oom(a->memory, size, err);
}

static mill_status take_counts(mill_arena *a, mill_frequent *s, uint32_t room, mill_error *err) {
  int64_t *count = mill_arena_take(a, room * sizeof *count);
  if (count == NULL) return mill_oom(a->memory, room * sizeof *count, err);
  if (s->item && s->item->size) memcpy(count, s->count, s->item->size * sizeof *count);
  s->count = count;
  s->room = room;
  return MILL_OK;
}

mill_status mill_frequent_open(mill_arena *a, mill_frequent *s, const mill_type *t, int32_t tracked,
                               mill_error *err) {
  *s = (mill_frequent){.tracked = tracked};
  mill_vector *item = mill_arena_alloc(a, sizeof *item);
  if (item == NULL) return mill_oom(a->memory, sizeof *item, err);
  MILL_TRY(mill_vector_init(item, t, FIRST_ROOM, a, err));
  MILL_TRY(take_counts(a, s, FIRST_ROOM, err));
  MILL_TRY(take_slots(a, s, FIRST_LG, err));
  s->item = item;
  return MILL_OK;
}

/* Integers, which most often come, are not worth a call. */
static inline bool same_item(const mill_vector *item, uint32_t k, const mill_vector *v,
                             uint32_t i) {
  switch (item->type->phys) {
  case MILL_PHYS_I32: return ((const int32_t *)item->data)[k] == MILL_AT(int32_t, v, i);
  case MILL_PHYS_I64: return ((const int64_t *)item->data)[k] == MILL_AT(int64_t, v, i);
  default: return mill_vector_equal(item, k, v, i);
  }
}

static inline uint32_t *find(const mill_frequent *s, const mill_vector *v, uint32_t i, uint64_t h) {
  uint32_t mask = (1u << s->lg_slots) - 1, k = (uint32_t)h & mask;
  while (s->slot[k] && !same_item(s->item, s->slot[k] - 1, v, i)) k = (k + 1) & mask;
  return &s->slot[k];
}

static uint64_t hash_of(const mill_vector *v, uint32_t i) {
  uint64_t h;
  mill_vector_hash(v, &i, 1, false, &h);
  return h;
}

static void fill_slots(mill_frequent *s) {
  for (uint32_t k = 0; k < s->item->size; k++) *find(s, s->item, k, hash_of(s->item, k)) = k + 1;
}

static mill_status rehash(mill_arena *a, mill_frequent *s, uint32_t lg, mill_error *err) {
  MILL_TRY(take_slots(a, s, lg, err));
  fill_slots(s);
  return MILL_OK;
}

static int by_size(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static mill_status median_of(mill_arena *a, const mill_frequent *s, int64_t *median,
                             mill_error *err) {
  size_t n = s->item->size, size = n * sizeof *s->count;
  int64_t *copy = mill_alloc(a->memory, size);
  if (copy == NULL) return mill_oom(a->memory, size, err);
  memcpy(copy, s->count, size);
  qsort(copy, n, sizeof *copy, by_size);
  *median = copy[n / 2];
  mill_free(a->memory, copy, size);
  return MILL_OK;
}

/* Room for a long text. Blocks double, so that what is left behind stays less than the last one. */
static mill_status take_bytes(mill_arena *a, mill_frequent *s, size_t n, char **out,
                              mill_error *err) {
  if (s->bytes_room - s->used < n) {
    size_t room = 2 * s->bytes_room > FIRST_BYTES ? 2 * s->bytes_room : FIRST_BYTES;
    if (room < n) room = n;
    char *p = mill_arena_take(a, room);
    if (p == NULL) return mill_oom(a->memory, room, err);
    s->bytes = p;
    s->bytes_room = room;
    s->used = 0;
  }
  *out = s->bytes + s->used;
  s->used += n;
  return MILL_OK;
}

static mill_status house_text(mill_arena *a, mill_frequent *s, mill_str *text, mill_error *err) {
  char *p = NULL;
  uint32_t n = text->size;
  if (n <= MILL_STR_INLINE) return MILL_OK;
  MILL_TRY(take_bytes(a, s, n, &p, err));
  memcpy(p, text->u.ptr, n);
  *text = mill_str_view(p, n);
  return MILL_OK;
}

/* The first n rows are what is left: put their long texts into the other block. */
static mill_status move_texts(mill_arena *a, mill_frequent *s, uint32_t n, mill_error *err) {
  mill_str *text = s->item->data;
  char *before = s->bytes;
  size_t room = s->bytes_room;
  s->bytes = s->spare;
  s->bytes_room = s->spare_room;
  s->used = 0;
  for (uint32_t k = 0; k < n; k++) MILL_TRY(house_text(a, s, &text[k], err));
  s->spare = before;
  s->spare_room = room;
  return MILL_OK;
}

/* Items `kept[0..n)` become the first n. Structs are copied anew. */
static mill_status keep_items(mill_arena *a, mill_frequent *s, const uint32_t *kept, uint32_t n,
                              mill_error *err) {
  mill_vector item;
  size_t width = s->item->type->width;
  if (s->item->type->phys == MILL_PHYS_STRUCT) {
    MILL_TRY(mill_vector_gather(&item, s->item, kept, n, false, a, err));
    *s->item = item;
    return MILL_OK;
  }
  for (uint32_t k = 0; k < n; k++)
    memmove((char *)s->item->data + k * width, (char *)s->item->data + kept[k] * width, width);
  s->item->size = n;
  return s->item->type->phys == MILL_PHYS_STR ? move_texts(a, s, n, err) : MILL_OK;
}

/* Take the median off all counts; what has none left goes. */
static mill_status purge(mill_arena *a, mill_frequent *s, mill_error *err) {
  int64_t median = 0;
  uint32_t n = 0, size = s->item->size;
  MILL_TRY(median_of(a, s, &median, err));
  uint32_t *kept = mill_alloc(a->memory, size * sizeof *kept);
  if (kept == NULL) return mill_oom(a->memory, size * sizeof *kept, err);
  for (uint32_t k = 0; k < size; k++) {
    if (s->count[k] <= median) continue;
    s->count[n] = s->count[k] - median;
    kept[n++] = k;
  }
  mill_status status = keep_items(a, s, kept, n, err);
  mill_free(a->memory, kept, size * sizeof *kept);
  MILL_TRY(status);
  s->offset += median;
  memset(s->slot, 0, sizeof *s->slot << s->lg_slots);
  fill_slots(s);
  return MILL_OK;
}

/* Row i of v as the last item. */
static mill_status append_item(mill_arena *a, mill_frequent *s, const mill_vector *v, uint32_t i,
                               mill_error *err) {
  bool text = v->type->phys == MILL_PHYS_STR;
  MILL_TRY(mill_vector_append(s->item, v, &i, 1, !text, a, err));
  return text ? house_text(a, s, (mill_str *)s->item->data + s->item->size - 1, err) : MILL_OK;
}

mill_status mill_frequent_add(mill_arena *a, mill_frequent *s, const mill_vector *v, uint32_t i,
                              int64_t weight, mill_error *err) {
  return mill_frequent_add_hashed(a, s, v, i, hash_of(v, i), weight, err);
}

mill_status mill_frequent_add_hashed(mill_arena *a, mill_frequent *s, const mill_vector *v,
                                     uint32_t i, uint64_t hash, int64_t weight, mill_error *err) {
  uint32_t *slot = find(s, v, i, hash);
  s->total += weight;
  if (*slot) {
    s->count[*slot - 1] += weight;
    return MILL_OK;
  }
  if (s->item->size == s->room) MILL_TRY(take_counts(a, s, 2 * s->room, err));
  MILL_TRY(append_item(a, s, v, i, err));
  s->count[s->item->size - 1] = weight;
  *slot = s->item->size;
  if (s->item->size <= capacity(s->lg_slots)) return MILL_OK;
  return s->lg_slots < most_lg(s->tracked) ? rehash(a, s, s->lg_slots + 1, err) : purge(a, s, err);
}

/* Counts rows i.. while they are known; where it stopped. */
#define COUNT_KNOWN(T)                                                                             \
  do {                                                                                             \
    const T *item = s->item->data;                                                                 \
    for (; i < n; i++) {                                                                           \
      const T x = MILL_AT(T, v, i);                                                                \
      uint32_t k = (uint32_t)hash[i] & mask;                                                       \
      while (slot[k] && !MILL_WORD_SAME(item[slot[k] - 1], x)) k = (k + 1) & mask;                 \
      if (slot[k] == 0) break;                                                                     \
      count[slot[k] - 1]++;                                                                        \
    }                                                                                              \
  } while (0)

static size_t count_known(mill_frequent *s, const mill_vector *v, size_t i, size_t n,
                          const uint64_t *hash) {
  const uint32_t *slot = s->slot, mask = (1u << s->lg_slots) - 1;
  int64_t *count = s->count;
  size_t first = i;
  switch (v->type->phys) {
    MILL_WORD_CASES(COUNT_KNOWN)
  default: break;
  }
  s->total += (int64_t)(i - first);
  return i;
}

mill_status mill_frequent_add_rows(mill_arena *a, mill_frequent *s, const mill_vector *v, size_t n,
                                   const uint64_t *hash, mill_error *err) {
  for (size_t i = 0; (i = count_known(s, v, i, n, hash)) < n; i++)
    MILL_TRY(mill_frequent_add_hashed(a, s, v, (uint32_t)i, hash[i], 1, err));
  return MILL_OK;
}

static int by_count(const void *a, const void *b, void *arg) {
  const int64_t *count = arg;
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  if (count[x] != count[y]) return count[x] < count[y] ? 1 : -1;
  return (x > y) - (x < y);
}

mill_status mill_frequent_sorted(mill_arena *a, const mill_frequent *s, uint32_t **out,
                                 mill_error *err) {
  uint32_t n = s->item ? s->item->size : 0;
  *out = mill_arena_take(a, (n + 1) * sizeof **out);
  if (*out == NULL) return mill_oom(a->memory, n * sizeof **out, err);
  for (uint32_t k = 0; k < n; k++) (*out)[k] = k;
  if (n) qsort_r(*out, n, sizeof **out, by_count, s->count);
  return MILL_OK;
}

/* ---- items as bytes ------------------------------------------------------------------------- */

bool mill_frequent_storable(const mill_type *t) {
  switch (t->id) {
  case MILL_NULL:
  case MILL_BINARY:
  case MILL_ARRAY:
  case MILL_MAP:
  case MILL_VARIANT:
  case MILL_VECTOR:
  case MILL_INTERVAL:
  case MILL_INTERVAL_YM:
  case MILL_INTERVAL_DT: return false;
  default: break;
  }
  for (uint32_t i = 0; i < t->nfields; i++)
    if (!mill_frequent_storable(t->fields[i].type)) return false;
  return true;
}

/* The byte in front of a number of the type. */
static uint8_t sign_of(const mill_type *t) {
  switch (t->phys) {
  case MILL_PHYS_I8: return 2;
  case MILL_PHYS_I16: return 3;
  case MILL_PHYS_F64: return 4;
  case MILL_PHYS_F32: return 6;
  case MILL_PHYS_I32: return 9;
  default: return 12;
  }
}

/* Small decimals are integers of four bytes, and of eight. */
static size_t number_width(const mill_type *t) {
  if (t->id != MILL_DECIMAL) return t->width;
  return t->precision <= 9 ? 4 : t->precision <= 18 ? 8 : 16;
}

static mill_status write_item(const mill_vector *v, uint32_t i, mill_text *to, int depth,
                              mill_error *err) {
  const mill_type *t = v->type;
  uint8_t head[2] = {1, sign_of(t)};
  if (depth) { /* in structs anything may be NULL */
    head[0] = mill_vector_valid(v, i);
    MILL_TRY(mill_text_add(to, (const char *)head, 1, err));
    if (!head[0]) return MILL_OK;
  }
  uint32_t k = mill_vector_at(v, i);
  if (t->phys == MILL_PHYS_STRUCT) {
    for (uint32_t f = 0; f < t->nfields; f++)
      MILL_TRY(write_item(&v->child[f], k, to, depth + 1, err));
    return MILL_OK;
  }
  if (t->phys == MILL_PHYS_STR) {
    const mill_str *s = (const mill_str *)v->data + k;
    MILL_TRY(mill_text_add(to, (const char *)&s->size, 4, err));
    return mill_text_add(to, mill_str_data(s), s->size, err);
  }
  size_t width = number_width(t);
  if (t->id == MILL_DECIMAL) head[1] = width == 4 ? 9 : 12;
  if (t->phys != MILL_PHYS_BOOL) MILL_TRY(mill_text_add(to, (const char *)head + 1, 1, err));
  return mill_text_add(to, (const char *)v->data + (size_t)k * t->width, width, err);
}

/* Booleans at the top are bits, the first the lowest. */
static mill_status write_bits(const mill_vector *v, mill_text *to, mill_error *err) {
  for (uint32_t i = 0; i < v->size; i += 8) {
    char byte = 0;
    for (uint32_t k = i; k < v->size && k < i + 8; k++)
      byte = (char)(byte | MILL_AT(uint8_t, v, k) << (k - i));
    MILL_TRY(mill_text_add(to, &byte, 1, err));
  }
  return MILL_OK;
}

static mill_status write_all(const mill_frequent *s, mill_text *to, mill_error *err) {
  uint32_t n = s->item ? s->item->size : 0;
  uint8_t head[HEAD] = {n ? 4 : 1,
                        1,
                        FAMILY,
                        (uint8_t)most_lg(s->tracked),
                        (uint8_t)(n ? s->lg_slots : FIRST_LG),
                        n ? 0 : EMPTY_FLAGS};
  uint8_t nulls[8];
  memcpy(head + 8, &n, 4);
  memcpy(head + 16, &s->total, 8);
  memcpy(head + 24, &s->offset, 8);
  MILL_TRY(mill_text_add(to, (const char *)head, n ? HEAD : 8, err));
  MILL_TRY(mill_text_add(to, (const char *)s->count, n * sizeof *s->count, err));
  if (n && s->item->type->phys == MILL_PHYS_BOOL) MILL_TRY(write_bits(s->item, to, err));
  for (uint32_t k = 0; k < n && s->item->type->phys != MILL_PHYS_BOOL; k++)
    MILL_TRY(write_item(s->item, k, to, 0, err));
  for (int k = 0; k < 8; k++) nulls[k] = (uint8_t)((uint64_t)s->nulls >> (56 - 8 * k));
  return mill_text_add(to, (const char *)nulls, 8, err);
}

mill_status mill_frequent_write(mill_call *call, const mill_frequent *s, mill_vector *out, size_t i,
                                mill_error *err) {
  mill_text text;
  mill_text_init(&text, call->ctx->memory);
  mill_status status = write_all(s, &text, err);
  if (status == MILL_OK) status = put_copy(call, out, i, text.data, text.size, err);
  mill_text_clear(&text);
  return status;
}

/* ---- reading -------------------------------------------------------------------------------- */

static bool take(bytes *in, void *to, size_t n) {
  if (in->n < n) return false;
  memcpy(to, in->p, n);
  in->p += n, in->n -= n;
  return true;
}

static bool read_number(bytes *in, const mill_type *t, void *to) {
  mill_i128 wide = 0;
  int32_t small;
  int64_t large;
  uint8_t sign;
  size_t width = number_width(t);
  if (t->phys != MILL_PHYS_BOOL && !take(in, &sign, 1)) return false;
  if (t->id != MILL_DECIMAL) return take(in, to, width);
  bool ok = width == 4   ? take(in, &small, 4)
            : width == 8 ? take(in, &large, 8)
                         : take(in, &wide, 16);
  if (!ok) return false;
  if (width < 16) wide = width == 4 ? small : large;
  large = (int64_t)wide;
  memcpy(to, t->phys == MILL_PHYS_I128 ? (void *)&wide : (void *)&large, t->width);
  return true;
}

/* Append one item to v. */
static mill_status read_item(mill_call *call, bytes *in, mill_vector *v, int depth, bool *ok,
                             mill_error *err) {
  const mill_type *t = v->type;
  uint8_t valid = 1;
  uint32_t i = v->size, size;
  *ok = depth < MAX_NESTING && (depth == 0 || take(in, &valid, 1));
  if (!*ok) return MILL_OK;
  if (!valid) {
    mill_vector null;
    mill_vector_null(&null, t);
    return mill_vector_append(v, &null, NULL, 1, true, call->arena, err);
  }
  MILL_TRY(mill_vector_reserve(v, i + 1, call->arena, err));
  if (t->phys == MILL_PHYS_STRUCT) {
    for (uint32_t f = 0; f < t->nfields && *ok; f++)
      MILL_TRY(read_item(call, in, &v->child[f], depth + 1, ok, err));
  } else if (t->phys == MILL_PHYS_STR) {
    *ok = take(in, &size, 4) && size <= in->n;
    if (!*ok) return MILL_OK;
    MILL_TRY(put_copy(call, v, i, in->p, size, err));
    in->p += size, in->n -= size;
  } else {
    *ok = read_number(in, t, (char *)v->data + (size_t)i * t->width);
  }
  v->size = i + 1;
  return MILL_OK;
}

static mill_status read_items(mill_call *call, bytes *in, uint32_t n, mill_vector *v, bool *ok,
                              mill_error *err) {
  if (v->type->phys != MILL_PHYS_BOOL) {
    for (uint32_t k = 0; k < n && *ok; k++) MILL_TRY(read_item(call, in, v, 0, ok, err));
    return MILL_OK;
  }
  *ok = n <= 2 && in->n >= 1;
  if (!*ok) return MILL_OK;
  MILL_TRY(mill_vector_reserve(v, n, call->arena, err));
  for (uint32_t k = 0; k < n; k++) ((uint8_t *)v->data)[k] = (uint8_t)(*in->p >> k & 1);
  v->size = n;
  in->p++, in->n--;
  return MILL_OK;
}

mill_status mill_frequent_read(mill_call *call, bytes in, const mill_type *t, int32_t tracked,
                               mill_frequent *s, bool *ok, mill_error *err) {
  const uint8_t *p = (const uint8_t *)in.p;
  uint32_t n = 0;
  *ok = in.n >= 16 && p[1] == 1 && p[2] == FAMILY && (p[0] == 1 || (p[0] == 4 && in.n >= HEAD + 8));
  if (!*ok) return MILL_OK;
  MILL_TRY(mill_frequent_open(call->arena, s, t, tracked, err));
  for (int k = 0; k < 8; k++) s->nulls = (int64_t)((uint64_t)s->nulls << 8 | p[in.n - 8 + k]);
  if (p[0] == 1) return MILL_OK;
  memcpy(&n, p + 8, 4);
  in.n -= 8;
  *ok = n <= (in.n - HEAD) / 8;
  if (!*ok) return MILL_OK;
  mill_vector item;
  bytes rest = {in.p + HEAD + 8 * (size_t)n, in.n - HEAD - 8 * (size_t)n};
  MILL_TRY(mill_vector_init(&item, t, FIRST_ROOM, call->arena, err));
  MILL_TRY(read_items(call, &rest, n, &item, ok, err));
  for (uint32_t k = 0; k < n && *ok; k++) {
    int64_t count = (int64_t)mill_sketch_load(p + HEAD + 8 * (size_t)k, 8);
    *ok = count > 0;
    if (*ok) MILL_TRY(mill_frequent_add(call->arena, s, &item, k, count, err));
  }
  s->total = (int64_t)mill_sketch_load(p + 16, 8);
  s->offset += (int64_t)mill_sketch_load(p + 24, 8);
  return MILL_OK;
}
