/* Vectors: storage, slicing and copying rows; see vector.h. Order and hashing are in order.c.
**
** Growth doubles and leaves the old block to its arena, so a builder costs at most twice its size.
** Copies go type by type with one loop each; a run of plain rows is one memcpy. */
#include "column/vector.h"

static uint32_t bitmap_words(uint32_t capacity) {
  return (uint32_t)(((uint64_t)capacity + 63) / 64);
}

static uint32_t child_count(const mill_type *t) { return t->nfields; }

/* Zeroed room for n items of `width` bytes; never NULL with MILL_OK unless there is nothing. */
static mill_status take(mill_arena *a, size_t n, size_t width, void **out, mill_error *err) {
  *out = NULL;
  if (n == 0 || width == 0) return MILL_OK;
  if (n > SIZE_MAX / 2 / width) return mill_oom(a->memory, SIZE_MAX, err);
  *out = mill_arena_alloc(a, n * width);
  return *out ? MILL_OK : mill_oom(a->memory, n * width, err);
}

mill_status mill_vector_init(mill_vector *v, const mill_type *type, uint32_t capacity,
                             mill_arena *a, mill_error *err) {
  void *child;
  *v = (mill_vector){.type = type, .mask = MILL_FLAT, .capacity = capacity};
  MILL_TRY(take(a, capacity, type->width, &v->data, err));
  MILL_TRY(take(a, child_count(type), sizeof(mill_vector), &child, err));
  v->child = child;
  for (uint32_t i = 0; i < child_count(type); i++)
    MILL_TRY(mill_vector_init(&v->child[i], type->fields[i].type, capacity, a, err));
  return MILL_OK;
}

static mill_status grow_valid(mill_vector *v, uint32_t capacity, mill_arena *a, mill_error *err) {
  void *words;
  uint32_t have = bitmap_words(v->capacity), want = bitmap_words(capacity);
  if (v->valid == NULL || want <= have) return MILL_OK;
  MILL_TRY(take(a, want, sizeof(uint64_t), &words, err));
  if (have) memcpy(words, v->valid, have * sizeof(uint64_t));
  memset((uint64_t *)words + have, 0xff, (want - have) * sizeof(uint64_t));
  v->valid = words;
  return MILL_OK;
}

/* The values with room for more, which are zero from value `written` on. */
static mill_status take_more(const mill_vector *v, uint32_t capacity, size_t written, mill_arena *a,
                             void **out, mill_error *err) {
  size_t width = v->type->width, have = v->capacity * width, set = written * width;
  *out = NULL;
  if (width == 0) return MILL_OK;
  if (capacity > SIZE_MAX / 2 / width) return mill_oom(a->memory, SIZE_MAX, err);
  *out = mill_arena_take(a, capacity * width);
  if (*out == NULL) return mill_oom(a->memory, capacity * width, err);
  if (have) memcpy(*out, v->data, have);
  if (set < have) set = have;
  memset((char *)*out + set, 0, capacity * width - set);
  return MILL_OK;
}

/* `written`: the values before that one are there, or will be written whatever comes. */
static mill_status grow(mill_vector *v, uint32_t capacity, size_t written, mill_arena *a,
                        mill_error *err) {
  void *data;
  if (capacity <= v->capacity) return MILL_OK;
  if (v->capacity <= UINT32_MAX / 2 && capacity < 2 * v->capacity) capacity = 2 * v->capacity;
  MILL_TRY(take_more(v, capacity, written, a, &data, err));
  if (v->type->phys == MILL_PHYS_STRUCT)
    for (uint32_t i = 0; i < child_count(v->type); i++)
      MILL_TRY(mill_vector_reserve(&v->child[i], capacity, a, err));
  MILL_TRY(grow_valid(v, capacity, a, err));
  v->data = data;
  v->capacity = capacity;
  return MILL_OK;
}

mill_status mill_vector_reserve(mill_vector *v, uint32_t capacity, mill_arena *a, mill_error *err) {
  return grow(v, capacity, 0, a, err);
}

mill_status mill_vector_need_valid(mill_vector *v, mill_arena *a, mill_error *err) {
  void *words;
  if (v->valid) return MILL_OK;
  uint32_t n = v->capacity ? bitmap_words(v->capacity) : 1;
  MILL_TRY(take(a, n, sizeof(uint64_t), &words, err));
  v->valid = memset(words, 0xff, n * sizeof(uint64_t));
  return MILL_OK;
}

mill_status mill_vector_set_null(mill_vector *v, size_t i, mill_arena *a, mill_error *err) {
  MILL_TRY(mill_vector_need_valid(v, a, err));
  mill_vector_clear_bit(v, i);
  return MILL_OK;
}

/* Bytes that stand behind every constant null: readable, of any type. */
static const uint64_t zero_value[2];
static uint64_t no_valid[1]; /* never written: constants have capacity 0 */

void mill_vector_null(mill_vector *out, const mill_type *type) {
  *out = (mill_vector){.type = type, .data = (void *)(uintptr_t)zero_value, .valid = no_valid};
}

mill_status mill_vector_give_children(mill_vector *v, mill_arena *a, mill_error *err) {
  void *children;
  uint32_t n = child_count(v->type);
  if (v->child || n == 0) return MILL_OK;
  MILL_TRY(take(a, n, sizeof(mill_vector), &children, err));
  v->child = children;
  for (uint32_t i = 0; i < n; i++) {
    const mill_type *type = v->type->fields[i].type;
    if (v->type->phys != MILL_PHYS_STRUCT) {
      MILL_TRY(mill_vector_init(&v->child[i], type, 0, a, err));
      continue;
    }
    mill_vector_null(&v->child[i], type);
    MILL_TRY(mill_vector_give_children(&v->child[i], a, err));
  }
  return MILL_OK;
}

/* Children of a struct as constants of row k; the row of a struct indexes its children directly. */
static mill_status constant_at(mill_vector *out, const mill_vector *v, uint32_t k, mill_arena *a,
                               mill_error *err) {
  void *child;
  uint8_t width = v->type->width;
  *out = (mill_vector){.type = v->type, .child = v->child, .size = 1};
  if (width) out->data = (char *)v->data + (size_t)k * width;
  if (!mill_valid_bit(v->valid, k)) {
    mill_vector_null(out, v->type);
    if (v->type->phys != MILL_PHYS_STRUCT) return MILL_OK;
  }
  if (v->type->phys != MILL_PHYS_STRUCT || child_count(v->type) == 0) return MILL_OK;
  MILL_TRY(take(a, child_count(v->type), sizeof(mill_vector), &child, err));
  out->child = child;
  for (uint32_t i = 0; i < child_count(v->type); i++) {
    if (v->child) {
      const mill_vector *c = &v->child[i];
      MILL_TRY(constant_at(&out->child[i], c, mill_vector_at(c, k), a, err));
    } else {
      mill_vector_null(&out->child[i], v->type->fields[i].type);
    }
  }
  return MILL_OK;
}

mill_status mill_vector_constant(mill_vector *out, const mill_vector *v, size_t i, mill_arena *a,
                                 mill_error *err) {
  return constant_at(out, v, mill_vector_at(v, i), a, err);
}

mill_status mill_vector_slice(mill_vector *out, const mill_vector *v, uint32_t start, mill_arena *a,
                              mill_error *err) {
  void *child;
  *out = *v;
  out->capacity = 0;
  if (v->mask == 0 || start == 0) return MILL_OK;
  if (v->index) {
    out->index = v->index + start;
    return MILL_OK;
  }
  if (v->data) out->data = (char *)v->data + (size_t)start * v->type->width;
  if (v->valid) out->valid = v->valid + start / 64;
  out->size = v->size > start ? v->size - start : 0;
  if (v->type->phys != MILL_PHYS_STRUCT || v->child == NULL) return MILL_OK;
  MILL_TRY(take(a, child_count(v->type), sizeof(mill_vector), &child, err));
  out->child = child;
  for (uint32_t i = 0; i < child_count(v->type); i++)
    MILL_TRY(mill_vector_slice(&out->child[i], &v->child[i], start, a, err));
  return MILL_OK;
}

/* ---- appending ------------------------------------------------------------------------------ */

typedef struct {
  const mill_vector *src;
  const uint32_t *sel;
  size_t n;
  bool deep;
  mill_arena *a;
} rows_of;

/* Where row i of the run lives in src's data. */
static inline uint32_t source(const rows_of *r, size_t i) {
  return mill_vector_at(r->src, r->sel ? r->sel[i] : i);
}

/* One loop for each way to a value: through the selection, the dictionary, or both. */
#define COPY_LOOP(T)                                                                               \
  do {                                                                                             \
    T *restrict y = to;                                                                            \
    const T *x = from;                                                                             \
    const uint32_t *sel = r->sel, *index = r->src->index, mask = r->src->mask;                     \
    if (sel && index)                                                                              \
      for (size_t i = 0; i < n; i++) y[i] = x[index[sel[i]]];                                      \
    else if (index)                                                                                \
      for (size_t i = 0; i < n; i++) y[i] = x[index[i]];                                           \
    else if (sel)                                                                                  \
      for (size_t i = 0; i < n; i++) y[i] = x[sel[i] & mask];                                      \
    else                                                                                           \
      for (size_t i = 0; i < n; i++) y[i] = x[i & mask];                                           \
  } while (0)

static void copy_fixed(void *to, const rows_of *r, uint8_t width) {
  const void *from = r->src->data;
  const size_t n = r->n;
  if (r->sel == NULL && r->src->index == NULL && r->src->mask != 0) {
    memcpy(to, from, r->n * width);
    return;
  }
  switch (width) {
  case 1: COPY_LOOP(uint8_t); break;
  case 2: COPY_LOOP(uint16_t); break;
  case 4: COPY_LOOP(uint32_t); break;
  case 8: COPY_LOOP(uint64_t); break;
  default: COPY_LOOP(mill_i128); break;
  }
}

/* The text before, and the bytes of its own that it was given. */
typedef struct kept_text {
  mill_str text, own;
} kept_text;

static bool same_bytes(const mill_str *a, const mill_str *b) {
  return a->u.ptr == b->u.ptr && a->size == b->size;
}

/* Give the long ones of n strings, copied as views before, bytes of their own. Those that have the bytes of the one
** before, as dictionaries of variants do, share them here too. */
static mill_status own_lot(mill_str *s, size_t n, const uint64_t *valid, size_t first,
                           mill_arena *a, kept_text *kept, mill_error *err) {
  size_t total = 0;
  const mill_str *last = &kept->text;
  for (size_t i = 0; i < n; i++) {
    if (s[i].size <= MILL_STR_INLINE || !mill_valid_bit(valid, first + i)) continue;
    if (!same_bytes(s + i, last)) total += s[i].size;
    last = s + i;
  }
  char *p = total ? mill_arena_take(a, total) : NULL;
  if (total && p == NULL) return mill_oom(a->memory, total, err);
  for (size_t i = 0; i < n; i++) {
    if (!mill_valid_bit(valid, first + i)) {
      s[i] = (mill_str){0};
    } else if (s[i].size > MILL_STR_INLINE) {
      if (!same_bytes(s + i, &kept->text)) {
        kept->text = kept->own = s[i];
        kept->own.u.ptr = memcpy(p, s[i].u.ptr, s[i].size);
        p += s[i].size;
      }
      s[i] = kept->own;
    }
  }
  return MILL_OK;
}

/* So many at a time that little of a block of the arena is left over where the next ones do not fit. */
static mill_status own_bytes(mill_str *s, const uint64_t *valid, size_t first, const rows_of *r,
                             mill_error *err) {
  enum { LOT = 256 };
  kept_text kept = {0};
  for (size_t i = 0; i < r->n; i += LOT)
    MILL_TRY(own_lot(s + i, r->n - i < LOT ? r->n - i : LOT, valid, first + i, r->a, &kept, err));
  return MILL_OK;
}

/* A row of the run that is null, from row i on; r->n where there is none. */
static size_t next_null(const rows_of *r, size_t i) {
  const uint64_t *valid = r->src->valid;
  while (i < r->n && mill_valid_bit(valid, source(r, i))) i++;
  return i;
}

/* The bits of a run that lies as it is go in 64 at a time. Rows that are not written yet have bits of 1. */
static mill_status append_bits(mill_vector *dst, const rows_of *r, mill_error *err) {
  for (size_t i = 0; i < r->n; i += 64) {
    size_t at = dst->size + i, low = at & 63;
    uint64_t nulls = ~r->src->valid[i >> 6];
    if (r->n - i < 64) nulls &= ((uint64_t)1 << (r->n - i)) - 1;
    if (nulls == 0) continue;
    MILL_TRY(mill_vector_need_valid(dst, r->a, err));
    dst->valid[at >> 6] &= ~(nulls << low);
    if (low && nulls >> (64 - low)) dst->valid[(at >> 6) + 1] &= ~(nulls >> (64 - low));
  }
  return MILL_OK;
}

/* A bitmap is made when a null comes, so that values from sources that keep one always are known to
** have none. */
static mill_status append_valid(mill_vector *dst, const rows_of *r, mill_error *err) {
  if (r->src->type->phys == MILL_PHYS_NONE) {
    MILL_TRY(mill_vector_need_valid(dst, r->a, err));
    for (size_t i = 0; i < r->n; i++) mill_vector_clear_bit(dst, dst->size + i);
    return MILL_OK;
  }
  if (r->src->valid == NULL) return MILL_OK;
  if (r->sel == NULL && r->src->index == NULL && r->src->mask) return append_bits(dst, r, err);
  for (size_t i = next_null(r, 0); i < r->n; i = next_null(r, i + 1)) {
    MILL_TRY(mill_vector_need_valid(dst, r->a, err));
    mill_vector_clear_bit(dst, dst->size + i);
  }
  return MILL_OK;
}

/* Bits of rows that are not written yet stay 1, so that appending may only clear. */
static mill_status make_room(mill_vector *dst, size_t n, mill_arena *a, mill_error *err) {
  size_t need = (size_t)dst->size + n;
  if (need > UINT32_MAX) return mill_oom(a->memory, SIZE_MAX, err);
  if (need <= dst->capacity) return MILL_OK;
  const bool number = dst->type->phys >= MILL_PHYS_BOOL && dst->type->phys <= MILL_PHYS_F64;
  return grow(dst, need < 16 ? 16 : (uint32_t)need, number ? need : 0, a, err);
}

static mill_status append_rows(mill_vector *dst, const rows_of *r, mill_error *err);

/* How many elements the run's lists have; *start: where they begin if they lie one behind the other, in children
** that hold values as they are. Else it is UINT32_MAX. */
static size_t count_elements(const rows_of *r, uint32_t *start) {
  const mill_span *from = r->src->data;
  size_t total = 0;
  bool together = true;
  *start = 0;
  for (size_t i = 0; i < r->n; i++) {
    uint32_t k = source(r, i);
    if (!mill_valid_bit(r->src->valid, k) || from[k].size == 0) continue;
    if (total == 0) *start = from[k].start;
    together &= from[k].start == *start + total;
    total += from[k].size;
  }
  for (uint32_t c = 0; c < child_count(r->src->type); c++) {
    const mill_vector *v = &r->src->child[c];
    together &= v->mask && v->index == NULL && v->valid == NULL && v->type->width > 0;
  }
  if (!together) *start = UINT32_MAX;
  return total;
}

static mill_status append_elements(mill_vector *dst, const rows_of *r, size_t total, uint32_t start,
                                   mill_error *err) {
  const mill_span *from = r->src->data;
  uint32_t *sel = NULL;
  size_t at = 0;
  if (start == UINT32_MAX) {
    sel = mill_arena_take(r->a, total * sizeof *sel);
    if (sel == NULL) return mill_oom(r->a->memory, total * sizeof *sel, err);
    for (size_t i = 0; i < r->n; i++) {
      mill_span s = from[source(r, i)];
      if (!mill_valid_bit(r->src->valid, source(r, i))) continue;
      for (uint32_t j = 0; j < s.size; j++) sel[at++] = s.start + j;
    }
  }
  for (uint32_t c = 0; c < child_count(dst->type); c++) {
    mill_vector v = r->src->child[c];
    if (sel == NULL) v.data = (char *)v.data + (size_t)start * v.type->width;
    MILL_TRY(mill_vector_append(&dst->child[c], &v, sel, total, r->deep, r->a, err));
  }
  return MILL_OK;
}

static mill_status append_lists(mill_vector *dst, const rows_of *r, mill_error *err) {
  const mill_span *from = r->src->data;
  mill_span *to = (mill_span *)dst->data + dst->size;
  uint32_t start, at = dst->child[0].size;
  size_t total = count_elements(r, &start);
  if (total > UINT32_MAX - at) return mill_oom(r->a->memory, SIZE_MAX, err);
  for (size_t i = 0; i < r->n; i++) {
    uint32_t k = source(r, i);
    to[i] = (mill_span){at, mill_valid_bit(r->src->valid, k) ? from[k].size : 0};
    at += to[i].size;
  }
  return total ? append_elements(dst, r, total, start, err) : MILL_OK;
}

static mill_status append_structs(mill_vector *dst, const rows_of *r, mill_error *err) {
  const uint32_t *sel = r->sel;
  void *mem = NULL;
  if (r->src->child == NULL) { /* a constant null */
    for (uint32_t c = 0; c < child_count(dst->type); c++) {
      mill_vector null;
      mill_vector_null(&null, dst->type->fields[c].type);
      MILL_TRY(mill_vector_append(&dst->child[c], &null, NULL, r->n, false, r->a, err));
    }
    return MILL_OK;
  }
  if (r->src->index) {
    MILL_TRY(take(r->a, r->n, sizeof(uint32_t), &mem, err));
    for (size_t i = 0; i < r->n; i++) ((uint32_t *)mem)[i] = source(r, i);
    sel = mem;
  }
  for (uint32_t c = 0; c < child_count(dst->type); c++) {
    dst->child[c].size = dst->size;
    MILL_TRY(mill_vector_append(&dst->child[c], &r->src->child[c], sel, r->n, r->deep, r->a, err));
  }
  return MILL_OK;
}

static mill_status append_rows(mill_vector *dst, const rows_of *r, mill_error *err) {
  uint8_t width = dst->type->width;
  MILL_TRY(make_room(dst, r->n, r->a, err));
  MILL_TRY(append_valid(dst, r, err));
  char *to = dst->data ? (char *)dst->data + (size_t)dst->size * width : NULL;
  switch (dst->type->phys) {
  case MILL_PHYS_NONE: break;
  case MILL_PHYS_STR:
    copy_fixed(to, r, width);
    if (r->deep) MILL_TRY(own_bytes((mill_str *)(void *)to, dst->valid, dst->size, r, err));
    break;
  case MILL_PHYS_LIST:
    if (r->src->child == NULL) /* a constant null */
      memset(to, 0, r->n * sizeof(mill_span));
    else
      MILL_TRY(append_lists(dst, r, err));
    break;
  case MILL_PHYS_STRUCT: MILL_TRY(append_structs(dst, r, err)); break;
  default: copy_fixed(to, r, width); break;
  }
  dst->size += (uint32_t)r->n;
  return MILL_OK;
}

mill_status mill_vector_append(mill_vector *dst, const mill_vector *src, const uint32_t *sel,
                               size_t n, bool deep, mill_arena *a, mill_error *err) {
  rows_of r = {src, sel, n, deep, a};
  return n ? append_rows(dst, &r, err) : MILL_OK;
}

mill_status mill_vector_builder(mill_vector *v, const mill_type *t, uint32_t n, mill_arena *a,
                                mill_error *err) {
  const bool number = t->phys >= MILL_PHYS_BOOL && t->phys <= MILL_PHYS_F64;
  MILL_TRY(mill_vector_init(v, t, 0, a, err));
  if (!number || n == 0) return mill_vector_reserve(v, n, a, err);
  v->data = mill_arena_take(a, (size_t)n * t->width);
  if (v->data == NULL) return mill_oom(a->memory, (size_t)n * t->width, err);
  v->capacity = n;
  return MILL_OK;
}

mill_status mill_vector_gather(mill_vector *out, const mill_vector *src, const uint32_t *sel,
                               size_t n, bool deep, mill_arena *a, mill_error *err) {
  bool constant = src->mask == 0 && src->index == NULL;
  if (n > UINT32_MAX) return mill_oom(a->memory, SIZE_MAX, err);
  if (!constant) {
    MILL_TRY(mill_vector_builder(out, src->type, (uint32_t)n, a, err));
    return mill_vector_append(out, src, sel, n, deep, a, err);
  }
  if (!deep) {
    *out = *src;
    out->capacity = 0;
    return MILL_OK;
  }
  mill_vector one;
  MILL_TRY(mill_vector_init(&one, src->type, 1, a, err));
  MILL_TRY(mill_vector_append(&one, src, NULL, 1, true, a, err));
  return mill_vector_constant(out, &one, 0, a, err);
}
