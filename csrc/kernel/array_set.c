/* Arrays as sets: array_distinct, array_union, array_intersect, array_except, arrays_overlap. The
** first of equal elements stays, null equals null. Words of short arrays without nulls are compared with
** each other; other elements are found by their hashes in an open table a row. */
#include "kernel/bytes_int.h"
#include "kernel/list_words.h"

enum { SHORT = 32 }; /* elements that cost less to compare than to hash */

/* Elements seen in a row, of one or two vectors. */
typedef struct seen {
  const mill_vector **vec;
  uint32_t *at, n, *table, mask;
  uint64_t *hash;
} seen;

static mill_status seen_init(mill_call *call, seen *s, size_t room, mill_error *err) {
  size_t size = 32;
  while (size < room * 2) size *= 2;
  *s = (seen){.mask = (uint32_t)size - 1};
  s->vec = mill_arena_alloc(call->arena, (room + 1) * sizeof *s->vec);
  s->at = mill_arena_alloc(call->arena, (room + 1) * sizeof *s->at);
  s->hash = mill_arena_alloc(call->arena, (room + 1) * sizeof *s->hash);
  s->table = mill_arena_alloc(call->arena, size * sizeof *s->table); /* number + 1 */
  return s->vec && s->at && s->hash && s->table ? MILL_OK
                                                : mill_oom(call->arena->memory, room, err);
}

/* Is element k of v among those seen? With `add` it is from now on. */
static bool seen_test(seen *s, const mill_vector *v, uint32_t k, bool add) {
  uint64_t h = 0;
  if (v->type->id != MILL_NULL) mill_vector_hash(v, &k, 1, false, &h);
  uint32_t slot = (uint32_t)h & s->mask;
  for (; s->table[slot]; slot = (slot + 1) & s->mask) {
    uint32_t e = s->table[slot] - 1;
    if (s->hash[e] == h &&
        (v->type->id == MILL_NULL || mill_vector_equal(s->vec[e], s->at[e], v, k)))
      return true;
  }
  if (!add) return false;
  s->vec[s->n] = v, s->at[s->n] = k, s->hash[s->n] = h;
  s->table[slot] = ++s->n;
  return false;
}

typedef enum set_op { DISTINCT, UNION, INTERSECT, EXCEPT } set_op;

static mill_status set_row(mill_call *call, list_out *o, const mill_vector *const *args, size_t i,
                           set_op op, mill_error *err) {
  mill_span x = span_at(args[0], i), y = op == DISTINCT ? (mill_span){0, 0} : span_at(args[1], i);
  seen done, other;
  MILL_TRY(seen_init(call, &done, (size_t)x.size + y.size, err));
  if (op >= INTERSECT) MILL_TRY(seen_init(call, &other, y.size, err));
  for (uint32_t k = 0; op >= INTERSECT && k < y.size; k++) {
    if (k % LIST_LONG == LIST_LONG - 1) MILL_TRY(mill_watch_check(err));
    seen_test(&other, args[1]->child, y.start + k, true);
  }
  for (uint32_t k = x.start; k < x.start + x.size; k++) {
    if (k % LIST_LONG == LIST_LONG - 1) MILL_TRY(mill_watch_check(err));
    if (op >= INTERSECT && seen_test(&other, args[0]->child, k, false) != (op == INTERSECT))
      continue;
    if (!seen_test(&done, args[0]->child, k, true)) MILL_TRY(list_add(o, args[0]->child, k, err));
  }
  for (uint32_t k = y.start; op == UNION && k < y.start + y.size; k++) {
    if (k % LIST_LONG == LIST_LONG - 1) MILL_TRY(mill_watch_check(err));
    if (!seen_test(&done, args[1]->child, k, true)) MILL_TRY(list_add(o, args[1]->child, k, err));
  }
  return MILL_OK;
}

#define WORD_SET(T)                                                                                \
  static bool among_##T(const T *p, uint32_t n, T x) {                                             \
    for (uint32_t k = 0; k < n; k++)                                                               \
      if (MILL_WORD_SAME(p[k], x)) return true;                                                    \
    return false;                                                                                  \
  }                                                                                                \
  static uint32_t set_##T(const T *x, uint32_t n, const T *y, uint32_t m, T *to, set_op op) {      \
    uint32_t size = 0;                                                                             \
    for (uint32_t k = 0; k < n; k++) {                                                             \
      if (op >= INTERSECT && among_##T(y, m, x[k]) != (op == INTERSECT)) continue;                 \
      if (!among_##T(to, size, x[k])) to[size++] = x[k];                                           \
    }                                                                                              \
    for (uint32_t k = 0; op == UNION && k < m; k++)                                                \
      if (!among_##T(to, size, y[k])) to[size++] = y[k];                                           \
    return size;                                                                                   \
  }
WORD_SET(uint8_t)
WORD_SET(int8_t)
WORD_SET(int16_t)
WORD_SET(int32_t)
WORD_SET(int64_t)
WORD_SET(float)
WORD_SET(double)

/* Short lists of words without nulls; *total gets their elements. */
static bool is_short(const mill_vector *v, const uint64_t *valid, size_t n, size_t *total) {
  const mill_vector *c = v->child;
  uint32_t most = 0;
  if (!mill_list_words(c) || c->valid) return false;
  MILL_ROWS(valid, n, i) {
    uint32_t size = span_at(v, i).size;
    if (size > most) most = size;
    *total += size;
  }
  return most <= SHORT;
}

#define SET_ROWS(T)                                                                                \
  MILL_EACH(out, n, i) {                                                                           \
    mill_span s = span_at(x, i), t = y ? span_at(y, i) : (mill_span){0, 0};                        \
    const T *p = (const T *)x->child->data + s.start;                                              \
    const T *q = y ? (const T *)y->child->data + t.start : NULL;                                   \
    uint32_t size = set_##T(p, s.size, q, t.size, (T *)to->data + to->size, op);                   \
    r[i] = (mill_span){to->size, size};                                                            \
    to->size += size;                                                                              \
  }

static mill_status set_words(mill_call *call, const mill_vector *x, const mill_vector *y,
                             size_t total, size_t n, mill_vector *out, set_op op, mill_error *err) {
  mill_span *r = out->data;
  mill_vector *to = out->child;
  if (total > UINT32_MAX - to->size) return mill_oom(call->arena->memory, total, err);
  MILL_TRY(mill_vector_reserve(to, to->size + (uint32_t)total, call->arena, err));
  switch (to->type->phys) {
    MILL_WORD_CASES(SET_ROWS)
  default: break;
  }
  return MILL_OK;
}

static mill_status set_rows(mill_call *call, const mill_vector *const *args, size_t n,
                            mill_vector *out, set_op op, mill_error *err) {
  list_out o;
  size_t total = 0;
  const mill_vector *y = op == DISTINCT ? NULL : args[1];
  if (is_short(args[0], out->valid, n, &total) && (!y || is_short(y, out->valid, n, &total)))
    return set_words(call, args[0], y, total, n, out, op, err);
  list_open(&o, call, out);
  MILL_EACH(out, n, i) {
    MILL_TRY(set_row(call, &o, args, i, op, err));
    list_row(&o, i);
  }
  return list_close(&o, err);
}

KERNEL_HEAD(k_distinct) { return set_rows(call, args, n, out, DISTINCT, err); }
KERNEL_HEAD(k_union) { return set_rows(call, args, n, out, UNION, err); }
KERNEL_HEAD(k_intersect) { return set_rows(call, args, n, out, INTERSECT, err); }
KERNEL_HEAD(k_except) { return set_rows(call, args, n, out, EXCEPT, err); }

/* true where both hold an element; null where that hangs on a null. */
#define OVERLAP_ROWS(T)                                                                            \
  MILL_EACH(out, n, i) {                                                                           \
    mill_span s = span_at(x, i), t = span_at(y, i);                                                \
    const T *p = (const T *)x->child->data + s.start, *q = (const T *)y->child->data + t.start;    \
    uint32_t k = 0;                                                                                \
    while (k < s.size && !among_##T(q, t.size, p[k])) k++;                                         \
    r[i] = k < s.size;                                                                             \
  }

static void overlap_words(const mill_vector *x, const mill_vector *y, size_t n, mill_vector *out) {
  uint8_t *r = out->data;
  switch (x->child->type->phys) {
    MILL_WORD_CASES(OVERLAP_ROWS)
  default: break;
  }
}

KERNEL_HEAD(k_overlap) {
  uint8_t *r = out->data;
  size_t total = 0;
  if (is_short(args[0], out->valid, n, &total) && is_short(args[1], out->valid, n, &total)) {
    overlap_words(args[0], args[1], n, out);
    return MILL_OK;
  }
  MILL_EACH(out, n, i) {
    mill_span x = span_at(args[0], i), y = span_at(args[1], i);
    seen s;
    bool null = false, found = false;
    MILL_TRY(seen_init(call, &s, x.size, err));
    for (uint32_t k = x.start; k < x.start + x.size; k++) {
      bool valid = args[0]->child->type->id != MILL_NULL && mill_vector_valid(args[0]->child, k);
      null |= !valid;
      if (valid) seen_test(&s, args[0]->child, k, true);
    }
    for (uint32_t k = y.start; k < y.start + y.size && !found; k++) {
      bool valid = args[1]->child->type->id != MILL_NULL && mill_vector_valid(args[1]->child, k);
      null |= !valid;
      found = valid && seen_test(&s, args[1]->child, k, false);
    }
    r[i] = found;
    if (!found && null && x.size && y.size) MILL_TRY(mill_set_null(call, out, i, err));
  }
  return MILL_OK;
}

static mill_status bind_distinct(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "array -> $1", err));
  if (!mill_type_orderable(b->cast_to[0]))
    return mill_bind_unordered(b, b->fn->name, b->arg_type[0], err);
  return MILL_OK;
}

static mill_status bind_sets(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_arrays(b, err));
  const mill_type *x = b->cast_to[0], *y = b->cast_to[1];
  if (!mill_type_orderable(x)) return mill_bind_unordered(b, b->fn->name, b->arg_type[0], err);
  bool nulls = b->kernel == k_union       ? x->contains_null || y->contains_null
               : b->kernel == k_intersect ? x->contains_null && y->contains_null
                                          : x->contains_null;
  b->result = mill_type_array(b->ctx->types, x->fields[0].type, nulls);
  return b->result ? MILL_OK : mill_oom(b->ctx->memory, 1, err);
}

static mill_status bind_overlap(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_arrays(b, err));
  if (!mill_type_orderable(b->cast_to[0]))
    return mill_bind_unordered(b, b->fn->name, b->arg_type[0], err);
  b->result = mill_type_of(MILL_BOOLEAN);
  b->nullable |= b->cast_to[0]->contains_null || b->cast_to[1]->contains_null;
  return MILL_OK;
}

#define SET(NAME, KERNEL, DOC, EXAMPLE)                                                            \
  {                                                                                                \
    .name = NAME, .types = "any, any", .kernel = KERNEL, .bind = bind_sets,                        \
    .flags = MILL_FN_NO_RAISE, .usage = NAME "(array1, array2)", .doc = DOC, .example = EXAMPLE    \
  }

const mill_function mill_family_array_set[] = {
    {.name = "array_distinct",
     .types = "array",
     .kernel = k_distinct,
     .bind = bind_distinct,
     .flags = MILL_FN_NO_RAISE,
     .usage = "array_distinct(array)",
     .doc = "The elements, each once.",
     .example = "SELECT array_distinct(array(1, 2, 3, null, 3)) -> [1,2,3,null]"},
    SET("array_union", k_union, "The elements of both arrays, each once.",
        "SELECT array_union(array(1, 2, 3), array(1, 3, 5)) -> [1,2,3,5]"),
    SET("array_intersect", k_intersect, "The elements that are in both arrays, each once.",
        "SELECT array_intersect(array(1, 2, 3), array(1, 3, 5)) -> [1,3]"),
    SET("array_except", k_except, "The elements of the first array that the second has not.",
        "SELECT array_except(array(1, 2, 3), array(1, 3, 5)) -> [2]"),
    {.name = "arrays_overlap",
     .types = "any, any",
     .kernel = k_overlap,
     .bind = bind_overlap,
     .flags = MILL_FN_NO_RAISE,
     .usage = "arrays_overlap(a1, a2)",
     .doc = "True where the arrays share an element.",
     .example = "SELECT arrays_overlap(array(1, 2, 3), array(3, 4, 5)) -> true"},
    {0}};
