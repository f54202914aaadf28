/* Aggregates that keep the values of a group: collect_list, collect_set, mode, percentiles.
**
** A bag is a list of vectors in the arena of the states: the first one doubles up to a limit, then others follow,
** so that many values are not copied as they grow. It travels as an ARRAY. collect_set thins
** its bag whenever it has doubled; mode counts its values in a hash table at the end, and percentile_approx
** of decimals sorts row numbers: they join their bag first.
** Other percentiles keep plain words (agg_percentile.c). */
#include <math.h>
#include <stdlib.h>

#include "base/number.h"
#include "kernel/agg_collect_int.h"
#include "kernel/agg_int.h"
#include "kernel/hash_map_order.h"

enum { FIRST_VALUES = 8, FIRST_LIMIT = 64, PART_VALUES = 1 << 15 };

typedef struct bag_part bag_part;
struct bag_part {
  bag_part *next;
  mill_vector v;
};

typedef struct {
  bag_part *first, *last; /* NULL: nothing came */
  uint32_t size;          /* of all parts */
  uint32_t limit;         /* sets: thin out at this size */
} bag;

typedef mill_collect_plan collect_plan;

/* ---- bags ----------------------------------------------------------------------------------- */

static mill_status add_part(mill_call *call, bag *s, const mill_type *t, uint32_t room,
                            mill_error *err) {
  bag_part *p = mill_arena_alloc(call->arena, sizeof *p);
  if (p == NULL) return mill_oom(call->arena->memory, sizeof *p, err);
  MILL_TRY(mill_vector_builder(&p->v, t, room, call->arena, err));
  if (s->first == NULL) {
    s->first = p;
    s->limit = FIRST_LIMIT;
  } else {
    s->last->next = p;
  }
  s->last = p;
  return MILL_OK;
}

/* A part to which n values can be added. */
static mill_status bag_open(mill_call *call, bag *s, const mill_type *t, size_t n,
                            mill_error *err) {
  if (n > UINT32_MAX - s->size) return mill_oom(call->arena->memory, SIZE_MAX, err);
  const mill_vector *v = s->last ? &s->last->v : NULL;
  if (v && (n <= v->capacity - v->size || v->capacity < PART_VALUES)) return MILL_OK;
  uint32_t least = n < MILL_BATCH ? FIRST_VALUES : PART_VALUES;
  if (v) least = PART_VALUES;
  return add_part(call, s, t, n > least ? (uint32_t)n : least, err);
}

/* Append all values to `to`, as views. */
static mill_status bag_append(mill_call *call, const bag *s, mill_vector *to, mill_error *err) {
  if (to->size > UINT32_MAX - s->size) return mill_oom(call->arena->memory, SIZE_MAX, err);
  if (s->size > to->capacity - to->size)
    MILL_TRY(mill_vector_reserve(to, to->size + s->size, call->arena, err));
  for (const bag_part *p = s->first; p; p = p->next)
    MILL_TRY(mill_vector_append(to, &p->v, NULL, p->v.size, false, call->arena, err));
  return MILL_OK;
}

/* All values of a bag that has some in one vector. */
static mill_status bag_join(mill_call *call, bag *s, mill_vector **out, mill_error *err) {
  bag joined = {0};
  if (s->first != s->last) {
    MILL_TRY(add_part(call, &joined, s->first->v.type, s->size, err));
    MILL_TRY(bag_append(call, s, &joined.first->v, err));
    s->first = s->last = joined.first;
  }
  *out = &s->first->v;
  return MILL_OK;
}

/* Keep the first of equal values; `order` gets their rows. */
static mill_status distinct_rows(mill_call *call, const mill_vector *v, uint32_t *order,
                                 uint32_t *count, mill_error *err) {
  uint32_t size = 16, n = 0;
  while (size < v->size * 2) size *= 2;
  uint32_t *slot = mill_alloc(call->arena->memory, size * sizeof *slot);
  if (slot == NULL) return mill_oom(call->arena->memory, size * sizeof *slot, err);
  memset(slot, 0, size * sizeof *slot);
  for (uint32_t i = 0; i < v->size; i++) {
    uint64_t h;
    mill_vector_hash(v, &i, 1, false, &h);
    uint32_t k = (uint32_t)h & (size - 1);
    while (slot[k] && !mill_vector_equal(v, slot[k] - 1, v, i)) k = (k + 1) & (size - 1);
    if (slot[k]) continue;
    slot[k] = i + 1;
    order[n++] = i;
  }
  mill_free(call->arena->memory, slot, size * sizeof *slot);
  *count = n;
  return MILL_OK;
}

static mill_status thin(mill_call *call, bag *s, mill_error *err) {
  mill_vector *v, kept;
  MILL_TRY(bag_join(call, s, &v, err));
  uint32_t n = 0, *order = mill_arena_alloc(call->arena, v->size * sizeof *order);
  if (order == NULL) return mill_oom(call->arena->memory, v->size, err);
  MILL_TRY(distinct_rows(call, v, order, &n, err));
  if (n < v->size) {
    MILL_TRY(mill_vector_gather(&kept, v, order, n, false, call->arena, err));
    *v = kept;
  }
  s->size = n;
  s->limit = n * 2 < FIRST_LIMIT ? FIRST_LIMIT : n * 2;
  return MILL_OK;
}

/* These rows' values, or with no `rows` the first n ones, in one go. */
static mill_status bag_add(mill_call *call, bag *s, const mill_vector *v, const uint32_t *rows,
                           size_t n, mill_error *err) {
  const collect_plan *plan = call->state;
  if (n == 0) return MILL_OK;
  MILL_TRY(bag_open(call, s, v->type, n, err));
  MILL_TRY(mill_vector_append(&s->last->v, v, rows, n, true, call->arena, err));
  s->size += (uint32_t)n;
  return plan->set && s->size >= s->limit ? thin(call, s, err) : MILL_OK;
}

/* The values of a span that are not null, a batch of them at a time. */
static mill_status bag_add_span(mill_call *call, bag *s, const mill_vector *v, mill_span span,
                                mill_error *err) {
  uint32_t rows[MILL_BATCH], count = 0;
  for (uint32_t k = span.start; k < span.start + span.size; k++) {
    if (mill_vector_valid(v, k)) rows[count++] = k;
    if (count < MILL_BATCH) continue;
    MILL_TRY(bag_add(call, s, v, rows, count, err));
    count = 0;
  }
  return bag_add(call, s, v, rows, count, err);
}

/* Neighbours of one group go in together. */
AGG_UPDATE(bag_update) {
  uint32_t rows[MILL_BATCH], count = 0;
  void *group = NULL;
  if (args[0]->type->phys == MILL_PHYS_NONE) return MILL_OK;
  AGG_ROWS(args[0], n, i) {
    if (count && states[i] != group) {
      MILL_TRY(bag_add(call, group, args[0], rows, count, err));
      count = 0;
    }
    group = states[i];
    rows[count++] = (uint32_t)i;
  }
  return bag_add(call, group, args[0], rows, count, err);
}

static mill_status bag_all(mill_call *call, void *state, const mill_vector *const *args, size_t n,
                           mill_error *err) {
  uint32_t rows[MILL_BATCH], count = 0;
  if (mill_count_valid(args[0], n) == n) return bag_add(call, state, args[0], NULL, n, err);
  if (args[0]->type->phys == MILL_PHYS_NONE) return MILL_OK;
  AGG_ROWS(args[0], n, i) rows[count++] = (uint32_t)i;
  return bag_add(call, state, args[0], rows, count, err);
}

/* The elements of lists. */
AGG_UPDATE(items_update) {
  const mill_vector *item = &args[0]->child[0];
  if (args[0]->type->phys != MILL_PHYS_LIST || item->type->phys == MILL_PHYS_NONE) return MILL_OK;
  AGG_ROWS(args[0], n, i)
  MILL_TRY(bag_add_span(call, states[i], item, MILL_AT(mill_span, args[0], i), err));
  return MILL_OK;
}

AGG_MERGE(bag_merge) {
  for (size_t i = 0; i < n; i++) {
    if (!mill_vector_valid(partial, i)) continue;
    mill_span span = MILL_AT(mill_span, partial, i);
    MILL_TRY(bag_add_span(call, states[i], &partial->child[0], span, err));
  }
  return MILL_OK;
}

AGG_COMBINE(bag_combine) {
  const collect_plan *plan = call->state;
  for (size_t i = 0; i < n; i++) {
    bag *s = to[i], *more = from[i];
    if (more->size == 0) continue;
    if (more->size > UINT32_MAX - s->size) return mill_oom(call->arena->memory, SIZE_MAX, err);
    if (s->first == NULL) {
      *s = *more;
      continue;
    }
    s->last->next = more->first;
    s->last = more->last;
    s->size += more->size;
    if (plan->set && s->size >= s->limit) MILL_TRY(thin(call, s, err));
  }
  return MILL_OK;
}

/* A single list is that of the state, which lives as long. */
AGG_OUTPUT(bag_save) {
  mill_span *r = out->data;
  bag *only = n == 1 && out->child[0].size == 0 ? states[0] : NULL;
  if (only && only->size) {
    mill_vector *v;
    MILL_TRY(bag_join(call, only, &v, err));
    out->child[0] = *v;
    out->child[0].capacity = 0;
    r[0] = (mill_span){0, only->size};
    return MILL_OK;
  }
  for (size_t i = 0; i < n; i++) {
    const bag *s = states[i];
    r[i] = (mill_span){out->child[0].size, s->size};
    if (s->size) MILL_TRY(bag_append(call, s, &out->child[0], err));
  }
  return MILL_OK;
}

AGG_OUTPUT(set_save) {
  for (size_t i = 0; i < n; i++)
    if (((bag *)states[i])->size) MILL_TRY(thin(call, states[i], err));
  return bag_save(call, states, n, out, err);
}

/* ---- sorted values -------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b, void *v) {
  uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
  int c = mill_vector_compare(v, i, v, j);
  return c ? c : (i > j) - (i < j);
}

static mill_status sorted_rows(mill_call *call, mill_vector *v, uint32_t **order, mill_error *err) {
  *order = mill_arena_alloc(call->arena, v->size * sizeof **order);
  if (*order == NULL) return mill_oom(call->arena->memory, v->size, err);
  for (uint32_t i = 0; i < v->size; i++) (*order)[i] = i;
  qsort_r(*order, v->size, sizeof **order, by_value, v);
  return MILL_OK;
}

static int by_row(const void *a, const void *b) {
  uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
  return (i > j) - (i < j);
}

/* The different values of a group in the order in which they came. */
typedef struct {
  uint32_t *first, *last, *times; /* rows where a value stood first and last; how often it came */
  uint32_t *hash, *slot;          /* slots, twice as many as there is room for: number + 1 */
  uint32_t n, most, room;         /* how many; the largest of `times` */
} tally;

static size_t tally_bytes(const tally *t) { return 6 * (size_t)t->room * sizeof *t->first; }

static void tally_clear(mill_memory *m, tally *t) { mill_free(m, t->first, tally_bytes(t)); }

/* Room for twice as many. It grows with the different values, so that a few of them stay close. */
static mill_status tally_grow(mill_memory *m, tally *t, mill_error *err) {
  tally old = *t;
  t->room = old.room ? 2 * old.room : 16;
  t->first = mill_calloc(m, tally_bytes(t));
  if (t->first == NULL) {
    *t = old;
    return mill_oom(m, 2 * tally_bytes(&old), err);
  }
  t->last = t->first + t->room;
  t->times = t->last + t->room;
  t->hash = t->times + t->room;
  t->slot = t->hash + t->room;
  for (int part = 0; old.n && part < 4; part++)
    memcpy(t->first + part * t->room, old.first + part * old.room, old.n * sizeof *t->first);
  for (uint32_t i = 0, mask = 2 * t->room - 1; i < t->n; i++) {
    uint32_t k = t->hash[i] & mask;
    while (t->slot[k]) k = (k + 1) & mask;
    t->slot[k] = i + 1;
  }
  tally_clear(m, &old);
  return MILL_OK;
}

static inline void count_at(tally *t, uint32_t k, uint32_t hash, uint32_t row) {
  if (t->slot[k] == 0) {
    t->first[t->n] = row;
    t->hash[t->n] = hash;
    t->slot[k] = ++t->n;
  }
  uint32_t at = t->slot[k] - 1, times = ++t->times[at];
  t->last[at] = row;
  if (times > t->most) t->most = times;
}

/* Rows first + i, i < n, whose hashes are given, until one has no room; how many. SAME tells whether
** row x is like row y. */
#define COUNT_ROWS(SAME)                                                                           \
  for (; i < n && w.n < w.room; i++) {                                                             \
    uint32_t mask = 2 * w.room - 1, h = (uint32_t)hash[i], k = h & mask, y = first + i;            \
    for (; w.slot[k]; k = (k + 1) & mask) {                                                        \
      uint32_t x = w.first[w.slot[k] - 1];                                                         \
      if (SAME) break;                                                                             \
    }                                                                                              \
    count_at(&w, k, h, y);                                                                         \
  }
#define COUNT_WORDS(T) COUNT_ROWS(MILL_WORD_SAME(((const T *)v->data)[x], ((const T *)v->data)[y]))

static uint32_t count_rows(const mill_vector *v, tally *t, const uint64_t *hash, uint32_t first,
                           uint32_t i, uint32_t n) {
  tally w = *t; /* in registers: what the loops write is no part of it */
  switch (v->type->phys) {
    MILL_WORD_CASES(COUNT_WORDS)
  default: COUNT_ROWS(mill_vector_equal(v, x, v, y)) break;
  }
  *t = w;
  return i;
}

/* The caller clears t, whatever comes of it. */
static mill_status count_values(mill_call *call, const mill_vector *v, tally *t, mill_error *err) {
  mill_memory *m = call->arena->memory;
  uint64_t hash[MILL_BATCH];
  uint32_t row[MILL_BATCH];
  *t = (tally){0};
  for (uint32_t from = 0, n; from < v->size; from += n) {
    n = v->size - from < MILL_BATCH ? v->size - from : MILL_BATCH;
    for (uint32_t i = 0; i < n; i++) row[i] = from + i;
    mill_vector_hash(v, row, n, false, hash);
    for (uint32_t i = 0; i < n;) {
      if (t->n == t->room) MILL_TRY(tally_grow(m, t, err));
      i = count_rows(v, t, hash, from, i, n);
    }
  }
  return MILL_OK;
}

/* Of the values that came most often the one that Spark's map lists first. */
static mill_status first_listed(mill_call *call, const mill_vector *v, const tally *t,
                                uint32_t *best, mill_error *err) {
  uint32_t n = 0;
  size_t room = 2 * (size_t)t->n * sizeof(uint32_t);
  uint32_t *keys = mill_arena_alloc(call->arena, room);
  if (keys == NULL) return mill_oom(call->arena->memory, room, err);
  uint32_t *ties = keys + t->n;
  for (uint32_t k = 0; k < t->n; k++) {
    keys[k] = t->first[k];
    if (t->times[k] == t->most) ties[n++] = keys[k];
  }
  *best = ties[0];
  if (n == 1) return MILL_OK;
  MILL_TRY(mill_hash_map_order(call->arena, v, keys, t->n, err));
  for (uint32_t k = 0; k < t->n; k++) {
    *best = keys[k];
    if (bsearch(best, ties, n, sizeof *ties, by_row)) break;
  }
  return MILL_OK;
}

/* Of the values that came most often the smallest, or the largest. */
static uint32_t end_value(const mill_vector *v, const tally *t, bool largest) {
  uint32_t best = UINT32_MAX;
  for (uint32_t k = 0; k < t->n; k++) {
    if (t->times[k] < t->most) continue;
    int order = best == UINT32_MAX ? 0 : mill_vector_compare(v, t->last[k], v, best);
    if (best == UINT32_MAX || (largest ? order > 0 : order < 0)) best = t->last[k];
  }
  return best;
}

/* The row of the most frequent value; of several the smallest, the largest or the one listed first. */
static mill_status mode_row(mill_call *call, const mill_vector *v, uint32_t *best,
                            mill_error *err) {
  const collect_plan *plan = call->state;
  tally t;
  mill_status status = count_values(call, v, &t, err);
  if (status == MILL_OK && plan->hashed)
    status = first_listed(call, v, &t, best, err);
  else if (status == MILL_OK)
    *best = end_value(v, &t, plan->descending);
  tally_clear(call->arena->memory, &t);
  return status;
}

AGG_OUTPUT(mode_final) {
  mill_vector null;
  mill_vector_null(&null, out->type);
  out->size = 0;
  for (size_t i = 0; i < n; i++) {
    bag *s = states[i];
    mill_vector *v = &null;
    uint32_t best = 0;
    if (s->size) {
      MILL_TRY(bag_join(call, s, &v, err));
      MILL_TRY(mode_row(call, v, &best, err));
    }
    MILL_TRY(mill_vector_append(out, v, &best, 1, false, call->arena, err));
  }
  return MILL_OK;
}

static uint32_t nearest_rank(const collect_plan *plan, uint32_t n, double p) {
  if (p <= plan->edge) return 0;
  if (p >= 1 - plan->edge) return n - 1;
  double k = ceil(p * n) - 1;
  return k < 0 ? 0 : k >= n ? n - 1 : (uint32_t)k;
}

/* Put one answer a percentage into `to` (the result or the elements of its arrays). */
static mill_status put_values(mill_call *call, mill_vector *v, mill_vector *to, mill_error *err) {
  const collect_plan *plan = call->state;
  uint32_t *order;
  MILL_TRY(sorted_rows(call, v, &order, err));
  for (uint32_t k = 0; k < plan->np; k++) {
    uint32_t row = order[nearest_rank(plan, v->size, plan->p[k])];
    MILL_TRY(mill_vector_append(to, v, &row, 1, true, call->arena, err));
  }
  return MILL_OK;
}

AGG_OUTPUT(approx_final) {
  const collect_plan *plan = call->state;
  mill_vector null;
  mill_vector_null(&null, out->type);
  mill_span *r = out->data;
  if (!plan->as_array) out->size = 0;
  for (size_t i = 0; i < n; i++) {
    bag *s = states[i];
    mill_vector *v;
    if (s->size == 0 || plan->np == 0) {
      if (plan->as_array)
        MILL_TRY(mill_set_null(call, out, i, err));
      else
        MILL_TRY(mill_vector_append(out, &null, NULL, 1, false, call->arena, err));
      continue;
    }
    if (plan->as_array) r[i] = (mill_span){out->child[0].size, plan->np};
    MILL_TRY(bag_join(call, s, &v, err));
    MILL_TRY(put_values(call, v, plan->as_array ? &out->child[0] : out, err));
  }
  return MILL_OK;
}

/* ---- binding -------------------------------------------------------------------------------- */

#define BAG(NAME, UPDATE, ALL, SAVE, FINAL)                                                        \
  static const mill_aggregate NAME = {.state_size = sizeof(bag),                                   \
                                      .update = UPDATE,                                            \
                                      .update_all = ALL,                                           \
                                      .merge = bag_merge,                                          \
                                      .combine = bag_combine,                                      \
                                      .save = SAVE,                                                \
                                      .final = FINAL};
BAG(list_agg, bag_update, bag_all, bag_save, bag_save)
BAG(set_agg, bag_update, bag_all, set_save, set_save)
BAG(union_agg, items_update, NULL, set_save, set_save)
BAG(mode_agg, bag_update, bag_all, bag_save, mode_final)
BAG(approx_agg, bag_update, bag_all, bag_save, approx_final)

static mill_status open_plan(mill_binding *b, collect_plan **plan, mill_error *err) {
  void *mem;
  MILL_TRY(mill_bind_alloc(b, sizeof **plan, &mem, err));
  *plan = b->state = mem;
  b->nullable = true;
  return MILL_OK;
}

static mill_status set_partial(mill_binding *b, const mill_type *item, mill_error *err) {
  b->partial = mill_type_array(b->ctx->types, item, false);
  return b->partial ? MILL_OK : mill_oom(b->ctx->memory, sizeof *item, err);
}

static bool unsettable(const mill_type *t) {
  bool found = t->id == MILL_MAP || (t->id == MILL_STRING && t->collation > 0);
  for (uint32_t i = 0; i < t->nfields; i++) found = found || unsettable(t->fields[i].type);
  return found;
}

static mill_status bind_collect(mill_binding *b, mill_error *err) {
  collect_plan *plan;
  const mill_type *item = b->arg_type[0];
  bool lists = b->aggregate == &union_agg;
  MILL_TRY(open_plan(b, &plan, err));
  plan->set = lists || b->aggregate == &set_agg;
  if (lists && item->id != MILL_ARRAY) return mill_bind_wrong_type(b, 0, "\"ARRAY\"", err);
  if (plan->set && unsettable(item))
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_UNSUPPORTED_INPUT_TYPE, "sqlExpr",
                     mill_bind_sql(b, err), "functionName",
                     mill_error_fmt(err, "`%s`", b->fn->name), "dataType",
                     "\"MAP\" or \"COLLATED STRING\"", NULL);
  MILL_TRY(set_partial(b, lists ? item->fields[0].type : item, err));
  b->result = b->partial;
  b->nullable = false;
  return MILL_OK;
}

static mill_status bind_mode(mill_binding *b, mill_error *err) {
  collect_plan *plan;
  MILL_TRY(open_plan(b, &plan, err));
  plan->descending = b->norder && b->order[0].descending;
  plan->hashed = b->norder == 0 && mill_hash_map_orders(b->arg_type[0]);
  b->result = b->arg_type[0];
  return set_partial(b, b->result, err);
}

/* A percentage is a DOUBLE, or several an array of them that can hold no NULL: no text becomes one. */
static mill_status percentage_type(mill_binding *b, const char *required, mill_error *err) {
  const mill_type *given = b->arg_type[1];
  bool array = given->id == MILL_ARRAY;
  const mill_type *t = mill_convert_to(b->ctx->types, array ? "array<double>" : "double", given);
  if (t && array && (given->contains_null || given->fields[0].type->id == MILL_STRING)) t = NULL;
  if (t == NULL)
    return mill_bind_wrong_type(b, 1,
                                required ? required
                                : array  ? "\"ARRAY<DOUBLE>\""
                                         : "\"DOUBLE\"",
                                err);
  b->cast_to[1] = t;
  if (b->arg_value[1]) return MILL_OK;
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_NON_FOLDABLE_INPUT, "sqlExpr",
                   mill_bind_sql(b, err), "inputName", "`percentage`", "inputType",
                   mill_bind_type_sql(b, t, err), "inputExpr",
                   mill_error_fmt(err, "\"%s\"", mill_arg_sql(b, 1)), NULL);
}

/* A DOUBLE as Spark writes it in SQL. */
static const char *double_sql(mill_error *err, double d) {
  char text[MILL_DOUBLE_TEXT];
  mill_double_text(d, text);
  return mill_error_fmt(err, "%sD", text);
}

static mill_status percentage_range(mill_binding *b, const collect_plan *plan, mill_error *err) {
  bool fits = true;
  const char *list = "";
  for (uint32_t k = 0; k < plan->np; k++) {
    fits &= plan->p[k] >= 0 && plan->p[k] <= 1;
    list = mill_error_fmt(err, "%s%s%s", list, k ? "," : "", double_sql(err, plan->p[k]));
  }
  if (fits) return MILL_OK;
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_VALUE_OUT_OF_RANGE, "sqlExpr",
                   mill_bind_sql(b, err), "exprName", "percentage", "valueRange", "[0.0, 1.0]",
                   "currentValue", list, NULL);
}

/* The percentages of a constant DOUBLE or ARRAY<DOUBLE>. */
static mill_status read_percentages(mill_binding *b, collect_plan *plan, const char *required,
                                    mill_error *err) {
  mill_vector v;
  void *mem;
  MILL_TRY(percentage_type(b, required, err));
  MILL_TRY(mill_bind_constant(b, 1, &v, err));
  if (v.type == NULL || !mill_vector_valid(&v, 0))
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_UNEXPECTED_NULL, "sqlExpr",
                     mill_bind_sql(b, err), "exprName", "percentage", NULL);
  plan->as_array = b->cast_to[1]->id == MILL_ARRAY;
  mill_span s = plan->as_array ? MILL_AT(mill_span, &v, 0) : (mill_span){0, 1};
  const mill_vector *from = plan->as_array ? &v.child[0] : &v;
  plan->np = s.size;
  MILL_TRY(mill_bind_alloc(b, (s.size + 1) * sizeof *plan->p, &mem, err));
  plan->p = mem;
  for (uint32_t k = 0; k < s.size; k++)
    plan->p[k] = ((const double *)from->data)[mill_vector_at(from, s.start + k)];
  return percentage_range(b, plan, err);
}

static mill_status finish_percentile(mill_binding *b, const collect_plan *plan,
                                     const mill_type *item, mill_error *err) {
  b->result = plan->as_array ? mill_type_array(b->ctx->types, item, false) : item;
  if (b->result == NULL) return mill_oom(b->ctx->memory, sizeof *item, err);
  return set_partial(b, b->cast_to[0], err);
}

static mill_status bind_frequency(mill_binding *b, collect_plan *plan, mill_error *err) {
  mill_vector v;
  if (b->nargs < 3) return MILL_OK;
  const mill_type *t = b->arg_type[2];
  bool integral = t->phys >= MILL_PHYS_I8 && t->phys <= MILL_PHYS_I64 &&
                  mill_convert_to(b->ctx->types, "integral", t) == t;
  if (!integral && t->id != MILL_NULL) return mill_bind_wrong_type(b, 2, "\"INTEGRAL\"", err);
  b->cast_to[2] = mill_type_of(MILL_BIGINT);
  MILL_TRY(mill_bind_constant(b, 2, &v, err));
  plan->counted = v.type == NULL || !mill_vector_valid(&v, 0) || MILL_AT(int64_t, &v, 0) != 1;
  plan->frequency = mill_arena_strndup(b->arena, mill_arg_sql(b, 2), strlen(mill_arg_sql(b, 2)));
  return plan->frequency ? MILL_OK : mill_oom(b->arena->memory, strlen(mill_arg_sql(b, 2)), err);
}

/* Exact percentiles compute in DOUBLE; those of intervals and times of day are such again. */
static mill_status exact_type(mill_binding *b, mill_error *err) {
  const mill_type *given = b->arg_type[0];
  const mill_type *t = given->id == MILL_STRING
                           ? mill_type_of(MILL_DOUBLE)
                           : mill_convert_to(b->ctx->types, "numeric|ym|dt|time", given);
  bool dated = given->id == MILL_DATE || given->id == MILL_TIMESTAMP ||
               given->id == MILL_TIMESTAMP_NTZ; /* they would be read as times of day */
  if (dated) return mill_fail(err, MILL_E_UNSUPPORTED_TIME_TYPE, NULL);
  if (t == NULL || given->id == MILL_BOOLEAN)
    return mill_bind_wrong_type(b, 0,
                                "((\"NUMERIC\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO "
                                "MONTH\") or \"TIME\")",
                                err);
  bool kept = t->id == MILL_INTERVAL_YM || t->id == MILL_INTERVAL_DT || t->id == MILL_TIME;
  b->cast_to[0] = kept ? t : mill_type_of(MILL_DOUBLE);
  return MILL_OK;
}

static mill_status finish_exact(mill_binding *b, collect_plan *plan, mill_error *err) {
  const mill_type *t = b->cast_to[0];
  bool interval = t->id == MILL_INTERVAL_YM || t->id == MILL_INTERVAL_DT;
  plan->between = strcmp(b->fn->name, "percentile_disc") != 0;
  plan->descending = b->norder && b->order[0].descending;
  return finish_percentile(b, plan, interval ? mill_type_of(t->id) : t, err);
}

static mill_status bind_percentile(mill_binding *b, mill_error *err) {
  collect_plan *plan;
  MILL_TRY(open_plan(b, &plan, err));
  MILL_TRY(exact_type(b, err));
  MILL_TRY(bind_frequency(b, plan, err));
  MILL_TRY(read_percentages(b, plan, NULL, err));
  return finish_exact(b, plan, err);
}

static mill_status bind_median(mill_binding *b, mill_error *err) {
  void *mem;
  collect_plan *plan;
  MILL_TRY(open_plan(b, &plan, err));
  MILL_TRY(exact_type(b, err));
  MILL_TRY(mill_bind_alloc(b, sizeof *plan->p, &mem, err));
  plan->p = mem;
  plan->p[0] = 0.5;
  plan->np = 1;
  return finish_exact(b, plan, err);
}

/* Within 1 / accuracy of the ends the answer is the smallest or the largest value, as Spark's. */
static mill_status bind_accuracy(mill_binding *b, collect_plan *plan, mill_error *err) {
  mill_vector v;
  if (b->nargs < 3) return MILL_OK;
  const mill_type *t = b->arg_type[2];
  if (t->id != MILL_NULL && (mill_convert_to(b->ctx->types, "integral", t) != t))
    return mill_bind_wrong_type(b, 2, "\"INTEGRAL\"", err);
  if (b->arg_value[2] == NULL)
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_NON_FOLDABLE_INPUT, "sqlExpr",
                     mill_bind_sql(b, err), "inputName", "`accuracy`", "inputType",
                     mill_bind_type_sql(b, t, err), "inputExpr",
                     mill_error_fmt(err, "\"%s\"", mill_arg_sql(b, 2)), NULL);
  b->cast_to[2] = mill_type_of(MILL_BIGINT);
  MILL_TRY(mill_bind_constant(b, 2, &v, err));
  if (!mill_vector_valid(&v, 0))
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_UNEXPECTED_NULL, "sqlExpr",
                     mill_bind_sql(b, err), "exprName", "accuracy", NULL);
  int64_t accuracy = MILL_AT(int64_t, &v, 0);
  plan->edge = 1.0 / (double)accuracy;
  if (accuracy > 0 && accuracy <= INT32_MAX) return MILL_OK;
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_VALUE_OUT_OF_RANGE, "sqlExpr",
                   mill_bind_sql(b, err), "exprName", "accuracy", "valueRange", "(0, 2147483647]",
                   "currentValue", mill_error_fmt(err, "%lldL", (long long)accuracy), NULL);
}

static mill_status bind_approx(mill_binding *b, mill_error *err) {
  collect_plan *plan;
  MILL_TRY(open_plan(b, &plan, err));
  const mill_type *t = mill_convert_to(
      b->ctx->types, "numeric|date|timestamp|timestamp_ntz|time|ym|dt", b->arg_type[0]);
  if (b->arg_type[0]->id == MILL_STRING) t = mill_type_of(MILL_DOUBLE);
  if (t == NULL)
    return mill_bind_wrong_type(b, 0,
                                "(\"NUMERIC\" or \"DATE\" or \"TIMESTAMP\" or \"TIMESTAMP_NTZ\" "
                                "or \"INTERVAL YEAR TO MONTH\" or \"INTERVAL DAY TO SECOND\" or "
                                "\"TIME\")",
                                err);
  MILL_TRY(read_percentages(b, plan, "(\"DOUBLE\" or \"ARRAY<DOUBLE>\")", err));
  MILL_TRY(bind_accuracy(b, plan, err));
  b->cast_to[0] = t;
  if (t->phys == MILL_PHYS_I128) b->aggregate = &approx_agg;
  return finish_percentile(b, plan, t, err);
}

#define COLLECT_DEF(NAME, ALIAS, TYPES, FILL, BIND, AGG, USAGE, DOC, EXAMPLE)                      \
  {                                                                                                \
    .name = NAME, .alias = ALIAS, .types = TYPES, .fill = FILL, .kind = MILL_AGGREGATE,            \
    .bind = BIND, .aggregate = &AGG, .usage = USAGE, .doc = DOC, .example = EXAMPLE                \
  }

const mill_function mill_family_agg_collect[] = {
    COLLECT_DEF("collect_list", "=array_agg", "any", NULL, bind_collect, list_agg,
                "collect_list(expr)", "The values that are not null, in the order of the rows.",
                "SELECT collect_list(col) FROM VALUES (1), (2), (1) AS tab(col) -> [1,2,1]"),
    COLLECT_DEF("collect_set", NULL, "any", NULL, bind_collect, set_agg, "collect_set(expr)",
                "The different values that are not null, in the order of first appearance.",
                "SELECT collect_set(col) FROM VALUES (1), (2), (1) AS tab(col) -> [1,2]"),
    COLLECT_DEF("collect_union", NULL, "any", NULL, bind_collect, union_agg, "collect_union(expr)",
                "The different elements of arrays that are not null, in the order of first "
                "appearance.",
                "SELECT collect_union(col) FROM VALUES (array(1, 2)), (array(2, 3)) AS tab(col) -> "
                "[1,2,3]"),
    COLLECT_DEF("mode", NULL, "any?, any?", NULL, bind_mode, mode_agg, "mode(col[, deterministic])",
                "The most frequent value; of several the smallest.",
                "SELECT mode(col) FROM VALUES (0), (10), (10) AS tab(col) -> 10"),
    COLLECT_DEF("median", NULL, "any", NULL, bind_median, mill_percentile_agg, "median(col)",
                "The middle value, or the mean of the two in the middle.",
                "SELECT median(col) FROM VALUES (0), (10) AS tab(col) -> 5.0"),
    COLLECT_DEF(
        "percentile", NULL, "any, any, any?", ", , 1", bind_percentile, mill_percentile_agg,
        "percentile(col, percentage[, frequency])",
        "The value below which that share of the values lies, between two values if need be.",
        "SELECT percentile(col, 0.3) FROM VALUES (0), (10) AS tab(col) -> 3.0"),
    COLLECT_DEF("percentile_cont", NULL, "any, any", NULL, bind_percentile, mill_percentile_agg,
                "percentile_cont(percentage) WITHIN GROUP (ORDER BY col)",
                "The value below which that share of the values lies, between two if need be.",
                "SELECT percentile_cont(0.25) WITHIN GROUP (ORDER BY col) FROM VALUES (0), (10) AS "
                "tab(col) -> 2.5"),
    COLLECT_DEF("percentile_disc", NULL, "any, any", NULL, bind_percentile, mill_percentile_agg,
                "percentile_disc(percentage) WITHIN GROUP (ORDER BY col)",
                "The first value that has at least that share of the values up to it.",
                "SELECT percentile_disc(0.25) WITHIN GROUP (ORDER BY col) FROM VALUES (0), (10) AS "
                "tab(col) -> 0.0"),
    COLLECT_DEF("percentile_approx", "approx_percentile", "any, any, any?", ", , 10000",
                bind_approx, mill_rank_agg, "percentile_approx(col, percentage[, accuracy])",
                "The value of the nearest rank.",
                "SELECT percentile_approx(col, 0.5, 100) FROM VALUES (0), (6), (7), (9), (10) AS "
                "tab(col) -> 7"),
    {0}};
