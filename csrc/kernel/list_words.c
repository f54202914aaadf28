/* See list_words.h. Words are sorted by insertion in short runs, which are then merged. */
#include "kernel/list_words.h"

#include <stdlib.h>

/* ---- finding -------------------------------------------------------------------------------- */

static bool is_item(const mill_vector *c, uint32_t k) {
  return c->type->phys != MILL_PHYS_NONE && mill_vector_valid(c, k);
}

#define FIND(T)                                                                                    \
  for (size_t i = 0; i < n; i++) {                                                                 \
    mill_span s = mill_valid_bit(valid, i) ? span_at(list, i) : (mill_span){0, 0};                 \
    const T *p = (const T *)c->data + s.start, y = MILL_AT(T, x, i);                               \
    uint32_t k = 0;                                                                                \
    while (k < s.size && !(MILL_WORD_SAME(p[k], y) && mill_valid_bit(known, (size_t)s.start + k))) \
      k++;                                                                                         \
    at[i] = k < s.size ? s.start + k : MILL_NO_ELEMENT;                                            \
  }

static uint32_t find_value(const mill_vector *c, mill_span s, const mill_vector *x, size_t i) {
  for (uint32_t k = s.start; k < s.start + s.size; k++)
    if (is_item(c, k) && mill_vector_compare(c, k, x, i) == 0) return k;
  return MILL_NO_ELEMENT;
}

void mill_list_find(const mill_vector *list, const mill_vector *x, const uint64_t *valid, size_t n,
                    uint32_t *at) {
  const mill_vector *c = list->child;
  if (mill_list_words(c) && x->type->phys == c->type->phys) {
    const uint64_t *known = c->valid;
    switch (c->type->phys) {
      MILL_WORD_CASES(FIND)
    default: break;
    }
    return;
  }
  for (size_t i = 0; i < n; i++)
    at[i] = mill_valid_bit(valid, i) && is_item(x, (uint32_t)i)
                ? find_value(c, span_at(list, i), x, i)
                : MILL_NO_ELEMENT;
}

#define BEST(T)                                                                                    \
  for (size_t i = 0; i < n; i++) {                                                                 \
    mill_span s = span_at(list, i);                                                                \
    const T *p = (const T *)c->data + s.start;                                                     \
    uint32_t k = 0;                                                                                \
    while (known && k < s.size && !mill_valid_bit(known, (size_t)s.start + k)) k++;                \
    at[i] = k < s.size ? s.start + k : MILL_NO_ELEMENT;                                            \
    T best = k < s.size ? p[k] : 0;                                                                \
    for (k++; k < s.size; k++) {                                                                   \
      bool better = sign > 0 ? MILL_WORD_MORE(p[k], best) : MILL_WORD_MORE(best, p[k]);            \
      if (!better || !mill_valid_bit(known, (size_t)s.start + k)) continue;                        \
      best = p[k];                                                                                 \
      at[i] = s.start + k;                                                                         \
    }                                                                                              \
  }

static uint32_t best_value(const mill_vector *c, mill_span s, int sign) {
  uint32_t best = MILL_NO_ELEMENT;
  for (uint32_t k = s.start; k < s.start + s.size; k++) {
    if (!is_item(c, k)) continue;
    if (best == MILL_NO_ELEMENT || sign * mill_vector_compare(c, k, c, best) > 0) best = k;
  }
  return best;
}

void mill_list_best(const mill_vector *list, int sign, size_t n, uint32_t *at) {
  const mill_vector *c = list->child;
  if (mill_list_words(c)) {
    const uint64_t *known = c->valid;
    switch (c->type->phys) {
      MILL_WORD_CASES(BEST)
    default: break;
    }
    return;
  }
  for (size_t i = 0; i < n; i++) at[i] = best_value(c, span_at(list, i), sign);
}

/* ---- taking and making ---------------------------------------------------------------------- */

#define PICK(T)                                                                                    \
  for (size_t i = 0; i < n; i++)                                                                   \
  ((T *)out->data)[i] = ((const T *)child->data)[at[i] == MILL_NO_ELEMENT ? 0 : at[i]]

/* Words without nulls, of which there is one at least; `missing`: some rows have no element. */
static mill_status pick_words(mill_call *call, const mill_vector *child, const uint32_t *at,
                              size_t n, bool missing, mill_vector *out, mill_error *err) {
  switch (child->type->phys) {
    MILL_WORD_CASES(PICK)
  default: break;
  }
  out->size = (uint32_t)n;
  if (!missing) return MILL_OK;
  MILL_TRY(mill_vector_need_valid(out, call->arena, err));
  for (size_t from = 0; from < n; from += 64) {
    uint64_t some = 0;
    size_t stop = n - from < 64 ? n - from : 64;
    for (size_t i = 0; i < stop; i++) some |= (uint64_t)(at[from + i] == MILL_NO_ELEMENT) << i;
    out->valid[from / 64] &= ~some;
  }
  return MILL_OK;
}

mill_status mill_list_pick(mill_call *call, const mill_vector *child, uint32_t *at, size_t n,
                           mill_vector *out, mill_error *err) {
  uint32_t some = MILL_NO_ELEMENT, missing = 0;
  mill_vector null;
  out->size = 0; /* rows are appended */
  out->valid = NULL;
  for (size_t i = 0; i < n; i++) {
    if (at[i] == MILL_NO_ELEMENT)
      missing++;
    else
      some = at[i];
  }
  if (some == MILL_NO_ELEMENT) {
    mill_vector_null(&null, out->type);
    return mill_vector_append(out, &null, NULL, n, false, call->arena, err);
  }
  if (mill_list_words(child) && !child->valid && n <= out->capacity &&
      child->type->phys == out->type->phys)
    return pick_words(call, child, at, n, missing > 0, out, err);
  for (size_t i = 0; missing && i < n; i++) {
    if (at[i] != MILL_NO_ELEMENT) continue;
    MILL_TRY(mill_set_null(call, out, i, err)); /* appending clears bits and sets none */
    at[i] = some;
  }
  return mill_vector_append(out, child, at, n, false, call->arena, err);
}

static inline uint32_t at_most(uint32_t a, uint32_t b) { return a < b ? a : b; }

/* One loop a row: how long it is decides, not whether some are missing. */
#define PAD(T)                                                                                     \
  for (size_t i = 0; i < n; i++) {                                                                 \
    static const T nothing = 0;                                                                    \
    const mill_span s = span_at(list, i);                                                          \
    const T *p = s.size ? (const T *)list->child->data + s.start : &nothing;                       \
    const uint32_t last = s.size ? s.size - 1 : 0;                                                 \
    for (uint32_t k = 0; k < sizes[i]; k++) ((T *)to->data)[at + k] = p[at_most(k, last)];         \
    missing |= s.size < sizes[i];                                                                  \
    at += sizes[i];                                                                                \
  }

static void clear_bits(uint64_t *valid, size_t from, size_t n) {
  for (size_t some; n > 0; from += some, n -= some) {
    some = 64 - from % 64 < n ? 64 - from % 64 : n;
    valid[from / 64] &= ~(UINT64_MAX >> (64 - some) << from % 64);
  }
}

/* Words without nulls, with room for all; what is null has the value of the row's last. */
static mill_status pad_words(mill_call *call, const mill_vector *list, const uint32_t *sizes,
                             size_t n, mill_vector *to, mill_error *err) {
  size_t at = 0;
  bool missing = false;
  switch (to->type->phys) {
    MILL_WORD_CASES(PAD)
  default: break;
  }
  to->size = (uint32_t)at;
  if (!missing) return MILL_OK;
  MILL_TRY(mill_vector_need_valid(to, call->arena, err));
  for (size_t i = at = 0; i < n; at += sizes[i++]) {
    uint32_t some = at_most(span_at(list, i).size, sizes[i]);
    clear_bits(to->valid, at + some, sizes[i] - some);
  }
  return MILL_OK;
}

mill_status mill_list_pad(mill_call *call, const mill_vector *list, const uint32_t *sizes, size_t n,
                          size_t total, mill_vector *to, mill_error *err) {
  const mill_vector *child = list->child;
  mill_vector null;
  if (child == NULL || child->type->phys == MILL_PHYS_NONE) {
    mill_vector_null(&null, to->type);
    return mill_vector_append(to, &null, NULL, total, false, call->arena, err);
  }
  MILL_TRY(mill_vector_reserve(to, (uint32_t)total, call->arena, err));
  if (mill_list_words(child) && !child->valid && child->type->phys == to->type->phys)
    return pad_words(call, list, sizes, n, to, err);
  uint32_t *at;
  MILL_TRY(mill_list_places(call, total, &at, err));
  for (size_t i = 0, all = 0; i < n; i++) {
    mill_span s = span_at(list, i);
    for (uint32_t k = 0; k < sizes[i]; k++) at[all++] = k < s.size ? s.start + k : MILL_NO_ELEMENT;
  }
  return mill_list_pick(call, child, at, total, to, err);
}

/* Every nargs-th value from `to` on, which has room for them. */
#define SPREAD(T)                                                                                  \
  for (size_t i = 0; i < n; i++) ((T *)to)[i * every] = ((const T *)v->data)[(uint32_t)i & v->mask]

static void spread(void *to, const mill_vector *v, size_t every, size_t n) {
  switch (v->type->width) {
  case 1: SPREAD(uint8_t); break;
  case 2: SPREAD(uint16_t); break;
  case 4: SPREAD(uint32_t); break;
  case 8: SPREAD(uint64_t); break;
  default: SPREAD(mill_i128); break;
  }
}

static mill_status spread_nulls(mill_call *call, mill_vector *to, const mill_vector *v,
                                size_t first, size_t every, size_t n, mill_error *err) {
  for (size_t i = 0; v->valid && i < n; i++)
    if (!mill_vector_valid(v, i))
      MILL_TRY(mill_vector_set_null(to, first + i * every, call->arena, err));
  return MILL_OK;
}

mill_status mill_list_interleave(mill_call *call, mill_vector *to, const mill_vector *const *args,
                                 int nargs, int step, size_t n, mill_error *err) {
  size_t every = (size_t)(nargs + step - 1) / (size_t)step, total = every * n;
  mill_phys phys = to->type->phys;
  bool plain = phys != MILL_PHYS_NONE && phys != MILL_PHYS_LIST && phys != MILL_PHYS_STRUCT;
  for (int a = 0; a < nargs; a += step) plain &= args[a]->type->phys == phys;
  if (total > UINT32_MAX - to->size) return mill_oom(call->arena->memory, total, err);
  if (!plain) {
    for (uint32_t i = 0; i < n; i++)
      for (int a = 0; a < nargs; a += step)
        MILL_TRY(mill_vector_append(to, args[a], &i, 1, false, call->arena, err));
    return MILL_OK;
  }
  MILL_TRY(mill_vector_reserve(to, to->size + (uint32_t)total, call->arena, err));
  char *data = (char *)to->data + (size_t)to->size * to->type->width;
  for (size_t c = 0; c < every; c++) {
    const mill_vector *v = args[c * (size_t)step];
    spread(data + c * to->type->width, v, every, n);
    MILL_TRY(spread_nulls(call, to, v, to->size + c, every, n, err));
  }
  to->size += (uint32_t)total;
  return MILL_OK;
}

/* ---- sorting -------------------------------------------------------------------------------- */

enum { RUN = 16 };

#define SORTER(T)                                                                                  \
  static void insert_##T(T *v, size_t n, bool down) {                                              \
    for (size_t k = 1; k < n; k++) {                                                               \
      T x = v[k];                                                                                  \
      size_t at = k;                                                                               \
      if (down)                                                                                    \
        for (; at > 0 && MILL_WORD_MORE(x, v[at - 1]); at--) v[at] = v[at - 1];                    \
      else                                                                                         \
        for (; at > 0 && MILL_WORD_MORE(v[at - 1], x); at--) v[at] = v[at - 1];                    \
      v[at] = x;                                                                                   \
    }                                                                                              \
  }                                                                                                \
  static void merge_##T(const T *a, size_t n, const T *b, size_t m, T *to, bool down) {            \
    while (n > 0 && m > 0) {                                                                       \
      bool second = down ? MILL_WORD_MORE(*b, *a) : MILL_WORD_MORE(*a, *b);                        \
      *to++ = second ? *b : *a;                                                                    \
      a += !second, n -= !second;                                                                  \
      b += second, m -= second;                                                                    \
    }                                                                                              \
    memcpy(to, n ? a : b, (n + m) * sizeof *to);                                                   \
  }                                                                                                \
  /* Sorts v; `other` has room for as many. */                                                     \
  static mill_status sort_##T(T *v, T *other, size_t n, bool down, mill_error *err) {              \
    T *from = v, *to = other;                                                                      \
    if (n <= 2 * RUN) {                                                                            \
      insert_##T(v, n, down);                                                                      \
      return MILL_OK;                                                                              \
    }                                                                                              \
    for (size_t k = 0; k < n; k += RUN) {                                                          \
      if (k % LIST_LONG == 0) MILL_TRY(mill_watch_check(err));                                     \
      insert_##T(v + k, n - k < RUN ? n - k : RUN, down);                                          \
    }                                                                                              \
    for (size_t width = RUN; width < n; width *= 2) {                                              \
      for (size_t k = 0; k < n; k += 2 * width) {                                                  \
        if (width >= LIST_LONG || k % LIST_LONG == 0) MILL_TRY(mill_watch_check(err));             \
        size_t left = n - k < width ? n - k : width;                                               \
        size_t right = n - k - left < width ? n - k - left : width;                                \
        merge_##T(from + k, left, from + k + left, right, to + k, down);                           \
      }                                                                                            \
      T *swap = from;                                                                              \
      from = to;                                                                                   \
      to = swap;                                                                                   \
    }                                                                                              \
    if (from != v) memcpy(v, from, n * sizeof *v);                                                 \
    return MILL_OK;                                                                                \
  }
SORTER(uint8_t)
SORTER(int8_t)
SORTER(int16_t)
SORTER(int32_t)
SORTER(int64_t)
SORTER(float)
SORTER(double)

/* The words of row i that are not null in order from row `first` of `to` on; where the nulls go
** stays free. */
static mill_status sort_words(mill_call *call, const mill_vector *c, mill_span s,
                              mill_list_order how, mill_vector *to, mill_error *err) {
  size_t width = c->type->width;
  uint32_t nulls = 0, first = to->size, n = 0;
  void *other = NULL;
  for (uint32_t k = s.start; c->valid && k < s.start + s.size; k++)
    nulls += !mill_valid_bit(c->valid, k);
  uint32_t front = how.nulls_last ? 0 : nulls, behind = how.nulls_last ? s.size - nulls : 0;
  if (s.size > to->capacity - to->size)
    MILL_TRY(mill_vector_reserve(to, to->size + s.size, call->arena, err));
  char *v = (char *)to->data + (size_t)(first + front) * width;
  if (nulls == 0) {
    memcpy(v, (const char *)c->data + s.start * width, s.size * width);
    n = s.size;
  }
  for (uint32_t k = s.start; nulls && k < s.start + s.size; k++)
    if (mill_valid_bit(c->valid, k))
      memcpy(v + n++ * width, (const char *)c->data + k * width, width);
  for (uint32_t k = 0; k < nulls; k++)
    MILL_TRY(mill_vector_set_null(to, first + behind + k, call->arena, err));
  if (n > 2 * RUN && (other = mill_arena_take(call->arena, n * width)) == NULL)
    return mill_oom(call->arena->memory, n * width, err);
#define SORT(T) MILL_TRY(sort_##T((T *)(void *)v, other, n, how.descending, err))
  switch (c->type->phys) {
    MILL_WORD_CASES(SORT)
  default: break;
  }
  to->size += s.size;
  return MILL_OK;
}

typedef struct sorter {
  const mill_vector *v;
  mill_list_order how;
  uint32_t compared;
  bool stopped; /* what is left goes fast, in any order */
} sorter;

static int by_value(const void *x, const void *y, void *arg) {
  sorter *s = arg;
  uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
  if (++s->compared % LIST_LONG == 0 && mill_watch_check(NULL) != MILL_OK) s->stopped = true;
  if (s->stopped) return (a > b) - (a < b);
  bool va = mill_vector_valid(s->v, a), vb = mill_vector_valid(s->v, b);
  int c = va && vb ? mill_vector_compare(s->v, a, s->v, b) : va - vb;
  if (va && vb ? s->how.descending : s->how.nulls_last) c = -c;
  return c ? c : (a > b) - (a < b);
}

mill_status mill_list_sort(mill_call *call, const mill_vector *list, size_t i, mill_list_order how,
                           mill_vector *out, mill_error *err) {
  mill_span s = span_at(list, i);
  const mill_vector *c = list->child;
  mill_vector *to = &out->child[0];
  if (s.size > UINT32_MAX - to->size) return mill_oom(call->arena->memory, s.size, err);
  ((mill_span *)out->data)[i] = (mill_span){to->size, s.size};
  if (s.size == 0) return MILL_OK;
  if (mill_list_words(c)) return sort_words(call, c, s, how, to, err);
  uint32_t *order = mill_arena_take(call->arena, s.size * sizeof *order);
  if (order == NULL) return mill_oom(call->arena->memory, s.size * sizeof *order, err);
  for (uint32_t k = 0; k < s.size; k++) order[k] = s.start + k;
  sorter by = {c, how, 0, false};
  if (c->type->phys != MILL_PHYS_NONE) qsort_r(order, s.size, sizeof *order, by_value, &by);
  if (by.stopped) return mill_watch_check(err);
  return mill_vector_append(to, c, order, s.size, false, call->arena, err);
}
