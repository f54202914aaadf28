/* Aggregates that pick a value: min, max, first, last, any_value, max_by, min_by, mode; and the
** ones over bits and booleans. */
#include "kernel/agg_int.h"

/* ---- min and max of plain values ------------------------------------------------------------ */

typedef struct {
  union {
    uint8_t u8;
    int8_t i8;
    int16_t i16;
    int32_t i32;
    int64_t i64;
    float f32;
    double f64;
  } value;
  bool set;
} small_best;

typedef struct {
  union {
    mill_i128 i128;
  } value;
  bool set;
} wide_best;

/* NaN is the largest: it wins max and loses min. Of 0.0 and -0.0 the first is kept, which is why the
** fractions are not exact. */
#define BETTER_MAX(x, y) ((x) > (y) || ((x) != (x) && (y) == (y)))
#define BETTER_MIN(x, y) ((x) < (y) || ((x) == (x) && (y) != (y)))
#define INT_MAX_OF(x, y) ((x) > (y))
#define INT_MIN_OF(x, y) ((x) < (y))

#define BEST(NAME, STATE, M, T, BETTER)                                                            \
  static inline void NAME##_put(STATE *s, const T x) {                                             \
    if (!s->set || BETTER(x, s->value.M)) s->value.M = x;                                          \
    s->set = true;                                                                                 \
  }                                                                                                \
  AGG_UPDATE(NAME) {                                                                               \
    const T *x = args[0]->data;                                                                    \
    (void)call, (void)err;                                                                         \
    if (args[0]->valid == NULL && args[0]->mask) {                                                 \
      for (size_t i = 0; i < n; i++) NAME##_put(states[i], x[i]);                                  \
      return MILL_OK;                                                                              \
    }                                                                                              \
    AGG_ROWS(args[0], n, i) NAME##_put(states[i], MILL_AT(T, args[0], i));                         \
    return MILL_OK;                                                                                \
  }                                                                                                \
  MILL_HOT static T NAME##_plain(const T *restrict x, size_t n) {                                  \
    T best = x[0];                                                                                 \
    for (size_t i = 1; i < n; i++) best = BETTER(x[i], best) ? x[i] : best;                        \
    return best;                                                                                   \
  }                                                                                                \
  static mill_status NAME##_all(mill_call *call, void *state, const mill_vector *const *args,      \
                                size_t n, mill_error *err) {                                       \
    const mill_vector *v = args[0];                                                                \
    (void)call, (void)err;                                                                         \
    if (n > 0 && v->valid == NULL && v->mask) {                                                    \
      NAME##_put(state, NAME##_plain(v->data, n));                                                 \
      return MILL_OK;                                                                              \
    }                                                                                              \
    AGG_ROWS(v, n, i) NAME##_put(state, MILL_AT(T, v, i));                                         \
    return MILL_OK;                                                                                \
  }                                                                                                \
  AGG_MERGE(NAME##_merge) {                                                                        \
    const mill_vector *const args[] = {partial};                                                   \
    return NAME(call, states, args, n, err);                                                       \
  }                                                                                                \
  AGG_COMBINE(NAME##_combine) {                                                                    \
    (void)call, (void)err;                                                                         \
    for (size_t i = 0; i < n; i++) {                                                               \
      const STATE *x = from[i];                                                                    \
      if (x->set) NAME##_put(to[i], x->value.M);                                                   \
    }                                                                                              \
    return MILL_OK;                                                                                \
  }

#define BEST_SET(S, STATE, T, MAX, MIN)                                                            \
  BEST(max_##S, STATE, S, T, MAX)                                                                  \
  BEST(min_##S, STATE, S, T, MIN)
BEST_SET(u8, small_best, uint8_t, INT_MAX_OF, INT_MIN_OF)
BEST_SET(i8, small_best, int8_t, INT_MAX_OF, INT_MIN_OF)
BEST_SET(i16, small_best, int16_t, INT_MAX_OF, INT_MIN_OF)
BEST_SET(i32, small_best, int32_t, INT_MAX_OF, INT_MIN_OF)
BEST_SET(i64, small_best, int64_t, INT_MAX_OF, INT_MIN_OF)
BEST_SET(i128, wide_best, mill_i128, INT_MAX_OF, INT_MIN_OF)
BEST_SET(f32, small_best, float, BETTER_MAX, BETTER_MIN)
BEST_SET(f64, small_best, double, BETTER_MAX, BETTER_MIN)

AGG_OUTPUT(small_out) {
  size_t width = out->type->width;
  for (size_t i = 0; i < n; i++) {
    const small_best *s = states[i];
    memcpy((char *)out->data + i * width, &s->value, width);
    if (!s->set) MILL_TRY(mill_set_null(call, out, i, err));
  }
  return MILL_OK;
}

AGG_OUTPUT(wide_out) {
  for (size_t i = 0; i < n; i++) {
    const wide_best *s = states[i];
    ((mill_i128 *)out->data)[i] = s->value.i128;
    if (!s->set) MILL_TRY(mill_set_null(call, out, i, err));
  }
  return MILL_OK;
}

/* ---- cells: strings and nested values, first, last, any_value ------------------------------- */

typedef struct {
  bool ignore_nulls, largest;
} pick_plan;

/* Strings in the order of their bytes: most show by their prefix that they are not the best. */
static mill_status string_best(mill_call *call, void *const *states, const mill_vector *v, size_t n,
                               mill_error *err) {
  const pick_plan *plan = call->state;
  AGG_ROWS(v, n, i) {
    mill_cell *c = states[i];
    int order = c->set ? mill_str_compare(&MILL_AT(mill_str, v, i), &c->u.str) : 0;
    if (c->set && (plan->largest ? order <= 0 : order >= 0)) continue;
    MILL_TRY(mill_cell_set(call, c, v, i, err));
  }
  return MILL_OK;
}

AGG_UPDATE(cell_best) {
  const pick_plan *plan = call->state;
  const mill_type *t = args[0]->type;
  if (t->phys == MILL_PHYS_NONE) return MILL_OK;
  if (t->phys == MILL_PHYS_STR && t->collation == MILL_UTF8_BINARY)
    return string_best(call, states, args[0], n, err);
  AGG_ROWS(args[0], n, i) {
    mill_cell *c = states[i];
    if (c->set) {
      mill_vector best = mill_cell_view(c, t);
      int order = mill_vector_compare(args[0], i, &best, 0);
      if (plan->largest ? order <= 0 : order >= 0) continue;
    }
    MILL_TRY(mill_cell_set(call, c, args[0], i, err));
  }
  return MILL_OK;
}

AGG_MERGE(cell_best_merge) {
  const mill_vector *const args[] = {partial};
  return cell_best(call, states, args, n, err);
}

AGG_OUTPUT(cell_out) {
  for (size_t i = 0; i < n; i++) MILL_TRY(mill_cell_put(call, states[i], out, i, err));
  return MILL_OK;
}

static bool skipped(const mill_call *call, const mill_vector *v, size_t i) {
  const pick_plan *plan = call->state;
  return plan->ignore_nulls && (v->type->phys == MILL_PHYS_NONE || !mill_vector_valid(v, i));
}

AGG_UPDATE(first_update) {
  for (size_t i = 0; i < n; i++) {
    mill_cell *c = states[i];
    if (!c->set && !skipped(call, args[0], i)) MILL_TRY(mill_cell_set(call, c, args[0], i, err));
  }
  return MILL_OK;
}

AGG_UPDATE(last_update) {
  for (size_t i = 0; i < n; i++)
    if (!skipped(call, args[0], i)) MILL_TRY(mill_cell_set(call, states[i], args[0], i, err));
  return MILL_OK;
}

/* The travelling form tells an unset cell from a null one: (value, set). */
AGG_MERGE(first_merge) {
  for (size_t i = 0; i < n; i++) {
    mill_cell *c = states[i];
    if (!c->set && MILL_AT(uint8_t, &partial->child[1], i))
      MILL_TRY(mill_cell_set(call, c, &partial->child[0], i, err));
  }
  return MILL_OK;
}

AGG_MERGE(last_merge) {
  for (size_t i = 0; i < n; i++)
    if (MILL_AT(uint8_t, &partial->child[1], i))
      MILL_TRY(mill_cell_set(call, states[i], &partial->child[0], i, err));
  return MILL_OK;
}

AGG_OUTPUT(edge_save) {
  uint8_t *set = out->child[1].data;
  for (size_t i = 0; i < n; i++) {
    const mill_cell *c = states[i];
    MILL_TRY(mill_cell_put(call, c, &out->child[0], i, err));
    set[i] = c->set;
  }
  return MILL_OK;
}

/* ---- max_by, min_by ------------------------------------------------------------------------- */

typedef struct {
  mill_cell value, key;
} pair;

static mill_status by_row(mill_call *call, pair *p, const mill_vector *value,
                          const mill_vector *key, size_t i, mill_error *err) {
  const pick_plan *plan = call->state;
  if (p->key.set) {
    mill_vector best = mill_cell_view(&p->key, key->type);
    int order = mill_vector_compare(key, i, &best, 0);
    if (plan->largest ? order < 0 : order > 0) return MILL_OK; /* of equal ones the last */
  }
  MILL_TRY(mill_cell_set(call, &p->key, key, i, err));
  return mill_cell_set(call, &p->value, value, i, err);
}

static mill_status by_rows(mill_call *call, void *const *states, const mill_vector *value,
                           const mill_vector *key, size_t n, mill_error *err) {
  if (key->type->phys == MILL_PHYS_NONE) return MILL_OK;
  AGG_ROWS(key, n, i) MILL_TRY(by_row(call, states[i], value, key, i, err));
  return MILL_OK;
}

#define LAST_BEST(T)                                                                               \
  do {                                                                                             \
    const T *x = key->data;                                                                        \
    T best = x[0];                                                                                 \
    for (size_t i = 1; i < n; i++) {                                                               \
      bool less = largest ? MILL_WORD_MORE(best, x[i]) : MILL_WORD_MORE(x[i], best);               \
      at = less ? at : i;                                                                          \
      best = less ? best : x[i];                                                                   \
    }                                                                                              \
  } while (0)

/* The row of the best of n words. */
static size_t last_best(const mill_vector *key, size_t n, bool largest) {
  size_t at = 0;
  switch (key->type->phys) {
    MILL_WORD_CASES(LAST_BEST)
  default: break;
  }
  return at;
}

static mill_status by_all(mill_call *call, void *state, const mill_vector *const *args, size_t n,
                          mill_error *err) {
  const pick_plan *plan = call->state;
  const mill_vector *key = args[1];
  if (key->type->phys == MILL_PHYS_NONE || n == 0) return MILL_OK;
  if (mill_phys_is_word(key->type->phys) && key->mask && !key->index && !key->valid)
    return by_row(call, state, args[0], key, last_best(key, n, plan->largest), err);
  AGG_ROWS(key, n, i) MILL_TRY(by_row(call, state, args[0], key, i, err));
  return MILL_OK;
}

AGG_UPDATE(by_update) { return by_rows(call, states, args[0], args[1], n, err); }
AGG_MERGE(by_merge) {
  return by_rows(call, states, &partial->child[0], &partial->child[1], n, err);
}

AGG_OUTPUT(by_save) {
  for (size_t i = 0; i < n; i++) {
    const pair *p = states[i];
    MILL_TRY(mill_cell_put(call, &p->value, &out->child[0], i, err));
    MILL_TRY(mill_cell_put(call, &p->key, &out->child[1], i, err));
  }
  return MILL_OK;
}

AGG_OUTPUT(by_final) {
  for (size_t i = 0; i < n; i++)
    MILL_TRY(mill_cell_put(call, &((const pair *)states[i])->value, out, i, err));
  return MILL_OK;
}

/* ---- bits and booleans ---------------------------------------------------------------------- */

typedef struct {
  int64_t bits;
  bool set;
} bits;

static int64_t integer_at(const mill_vector *v, size_t i) { return (int64_t)mill_int_at(v, i); }

#define FOLD_CASE(WIDTH, T, STEP)                                                                  \
  case WIDTH:                                                                                      \
    for (size_t i = 0; i < n; i++) {                                                               \
      const int64_t x = ((const T *)v->data)[i];                                                   \
      sum = STEP;                                                                                  \
    }                                                                                              \
    break;

/* EMPTY is what a fold of no rows would be. */
#define FOLD(NAME, STEP, EMPTY)                                                                    \
  static inline void NAME##_put(bits *s, const int64_t x) {                                        \
    const int64_t sum = s->set ? s->bits : (EMPTY);                                                \
    s->bits = STEP;                                                                                \
    s->set = true;                                                                                 \
  }                                                                                                \
  AGG_UPDATE(NAME) {                                                                               \
    (void)call, (void)err;                                                                         \
    AGG_ROWS(args[0], n, i) NAME##_put(states[i], integer_at(args[0], i));                         \
    return MILL_OK;                                                                                \
  }                                                                                                \
  AGG_MERGE(NAME##_merge) {                                                                        \
    const mill_vector *const args[] = {partial};                                                   \
    return NAME(call, states, args, n, err);                                                       \
  }                                                                                                \
  MILL_HOT static int64_t NAME##_plain(const mill_vector *v, size_t n, int64_t sum) {              \
    switch (v->type->width) {                                                                      \
      FOLD_CASE(1, int8_t, STEP)                                                                   \
      FOLD_CASE(2, int16_t, STEP)                                                                  \
      FOLD_CASE(4, int32_t, STEP)                                                                  \
      FOLD_CASE(8, int64_t, STEP)                                                                  \
    }                                                                                              \
    return sum;                                                                                    \
  }                                                                                                \
  static mill_status NAME##_all(mill_call *call, void *state, const mill_vector *const *args,      \
                                size_t n, mill_error *err) {                                       \
    const mill_vector *v = args[0];                                                                \
    bits part = *(const bits *)state, *s = &part;                                                  \
    (void)call, (void)err;                                                                         \
    if (n > 0 && v->valid == NULL && v->mask && v->index == NULL) {                                \
      part.bits = NAME##_plain(v, n, part.set ? part.bits : (EMPTY));                              \
      part.set = true;                                                                             \
    } else {                                                                                       \
      AGG_ROWS(v, n, i) NAME##_put(s, integer_at(v, i));                                           \
    }                                                                                              \
    *(bits *)state = part;                                                                         \
    return MILL_OK;                                                                                \
  }
FOLD(fold_and, sum &x, -1)
FOLD(fold_or, sum | x, 0)
FOLD(fold_xor, sum ^ x, 0)

AGG_OUTPUT(bits_out) {
  for (size_t i = 0; i < n; i++) {
    const bits *s = states[i];
    switch (out->type->width) {
    case 1: ((int8_t *)out->data)[i] = (int8_t)s->bits; break;
    case 2: ((int16_t *)out->data)[i] = (int16_t)s->bits; break;
    case 4: ((int32_t *)out->data)[i] = (int32_t)s->bits; break;
    default: ((int64_t *)out->data)[i] = s->bits; break;
    }
    if (!s->set) MILL_TRY(mill_set_null(call, out, i, err));
  }
  return MILL_OK;
}

/* ---- binding -------------------------------------------------------------------------------- */

#define FIXED(S, STATE, OUT, EXACT)                                                                \
  {                                                                                                \
    .state_size = sizeof(STATE), .update = S, .update_all = S##_all, .merge = S##_merge,           \
    .combine = S##_combine, .save = OUT, .final = OUT, .exact = EXACT                              \
  }
#define FIXED_SET(S)                                                                               \
  {                                                                                                \
    FIXED(S##_u8, small_best, small_out, true), FIXED(S##_i8, small_best, small_out, true),        \
        FIXED(S##_i16, small_best, small_out, true), FIXED(S##_i32, small_best, small_out, true),  \
        FIXED(S##_i64, small_best, small_out, true), FIXED(S##_i128, wide_best, wide_out, true),   \
        FIXED(S##_f32, small_best, small_out, false), FIXED(S##_f64, small_best, small_out, false) \
  }
static const mill_aggregate max_aggs[] = FIXED_SET(max), min_aggs[] = FIXED_SET(min);
static const mill_aggregate best_cell = {.state_size = sizeof(mill_cell),
                                         .update = cell_best,
                                         .merge = cell_best_merge,
                                         .save = cell_out,
                                         .final = cell_out};
static const mill_aggregate first_agg = {.state_size = sizeof(mill_cell),
                                         .update = first_update,
                                         .merge = first_merge,
                                         .save = edge_save,
                                         .final = cell_out};
static const mill_aggregate last_agg = {.state_size = sizeof(mill_cell),
                                        .update = last_update,
                                        .merge = last_merge,
                                        .save = edge_save,
                                        .final = cell_out};
static const mill_aggregate by_agg = {.state_size = sizeof(pair),
                                      .update = by_update,
                                      .update_all = by_all,
                                      .merge = by_merge,
                                      .save = by_save,
                                      .final = by_final};
#define FOLD_AGG(NAME)                                                                             \
  {                                                                                                \
    .state_size = sizeof(bits), .update = NAME, .update_all = NAME##_all, .merge = NAME##_merge,   \
    .save = bits_out, .final = bits_out                                                            \
  }
static const mill_aggregate and_agg = FOLD_AGG(fold_and);
static const mill_aggregate or_agg = FOLD_AGG(fold_or);
static const mill_aggregate xor_agg = FOLD_AGG(fold_xor);

static mill_status make_plan(mill_binding *b, bool ignore_nulls, bool largest, mill_error *err) {
  void *mem;
  MILL_TRY(mill_bind_alloc(b, sizeof(pick_plan), &mem, err));
  *(pick_plan *)mem = (pick_plan){ignore_nulls, largest};
  b->state = mem;
  b->nullable = true;
  return MILL_OK;
}

static mill_status bind_best(mill_binding *b, bool largest, mill_error *err) {
  const mill_type *t = b->arg_type[0];
  MILL_TRY(make_plan(b, true, largest, err));
  if (!mill_type_orderable(t)) return mill_bind_unordered(b, b->fn->name, t, err);
  b->result = b->partial = t;
  bool fixed = t->phys >= MILL_PHYS_BOOL && t->phys <= MILL_PHYS_F64;
  b->aggregate = !fixed ? &best_cell : &(largest ? max_aggs : min_aggs)[t->phys - MILL_PHYS_BOOL];
  return MILL_OK;
}

static mill_status bind_max(mill_binding *b, mill_error *err) { return bind_best(b, true, err); }
static mill_status bind_min(mill_binding *b, mill_error *err) { return bind_best(b, false, err); }

/* first(x[, ignoreNulls]): the planner writes IGNORE NULLS as the second argument. */
static mill_status bind_edge(mill_binding *b, mill_error *err) {
  bool ignore = false;
  if (b->nargs == 2) {
    const mill_vector *v = b->arg_value[1];
    if (b->arg_type[1]->id != MILL_BOOLEAN || !mill_bind_literal(b, 1) || !mill_vector_valid(v, 0))
      return mill_fail(err, MILL_E_LEGACY_1210, "funcName", b->fn->name, NULL);
    ignore = MILL_AT(uint8_t, v, 0);
  }
  MILL_TRY(make_plan(b, ignore, false, err));
  b->result = b->arg_type[0];
  const mill_type *fields[] = {b->result, mill_type_of(MILL_BOOLEAN)};
  return mill_bind_partial(b, 2, fields, err);
}

static mill_status bind_by(mill_binding *b, mill_error *err) {
  bool largest = strcmp(b->fn->name, "max_by") == 0;
  MILL_TRY(make_plan(b, true, largest, err));
  if (!mill_type_orderable(b->arg_type[1]))
    return mill_bind_unordered(b, b->fn->name, b->arg_type[1], err);
  if (b->nargs == 3) return mill_bind_top(b, largest, err);
  b->result = b->arg_type[0];
  const mill_type *fields[] = {b->arg_type[0], b->arg_type[1]};
  return mill_bind_partial(b, 2, fields, err);
}

static mill_status bind_bits(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "integral -> $1", err));
  b->partial = b->result;
  b->nullable = true;
  return MILL_OK;
}

static mill_status bind_bool(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "boolean -> boolean", err));
  b->partial = b->result;
  b->nullable = true;
  return MILL_OK;
}

#define PICK_DEF(NAME, ALIAS, TYPES, BIND, AGG, USAGE, DOC, EXAMPLE)                               \
  {                                                                                                \
    .name = NAME, .alias = ALIAS, .types = TYPES, .kind = MILL_AGGREGATE, .bind = BIND,            \
    .aggregate = AGG, .usage = USAGE, .doc = DOC, .example = EXAMPLE                               \
  }

const mill_function mill_family_agg_pick[] = {
    PICK_DEF("max", NULL, "any", bind_max, NULL, "max(expr)", "The largest value.",
             "SELECT max(col) FROM VALUES (10), (50), (20) AS tab(col) -> 50"),
    PICK_DEF("min", NULL, "any", bind_min, NULL, "min(expr)", "The smallest value.",
             "SELECT min(col) FROM VALUES (10), (-1), (20) AS tab(col) -> -1"),
    PICK_DEF("first", "first_value", "any, any?", bind_edge, &first_agg,
             "first(expr[, isIgnoreNull])", "The value of the first row.",
             "SELECT first(col) FROM VALUES (10), (5), (20) AS tab(col) -> 10"),
    PICK_DEF("last", "last_value", "any, any?", bind_edge, &last_agg, "last(expr[, isIgnoreNull])",
             "The value of the last row.",
             "SELECT last(col) FROM VALUES (10), (5), (20) AS tab(col) -> 20"),
    PICK_DEF("any_value", NULL, "any, any?", bind_edge, &first_agg,
             "any_value(expr[, isIgnoreNull])", "Some value of the group: the first.",
             "SELECT any_value(col) FROM VALUES (10), (5), (20) AS tab(col) -> 10"),
    PICK_DEF("max_by", NULL, "any, any, any?", bind_by, &by_agg, "max_by(x, y[, k])",
             "The x of the row with the largest y, or of the k such rows.",
             "SELECT max_by(x, y) FROM VALUES ('a', 10), ('b', 50), ('c', 20) AS tab(x, y) -> b"),
    PICK_DEF("min_by", NULL, "any, any, any?", bind_by, &by_agg, "min_by(x, y[, k])",
             "The x of the row with the smallest y, or of the k such rows.",
             "SELECT min_by(x, y) FROM VALUES ('a', 10), ('b', 50), ('c', 20) AS tab(x, y) -> a"),
    PICK_DEF("bit_and", NULL, "any", bind_bits, &and_agg, "bit_and(expr)",
             "The bits that all values have.",
             "SELECT bit_and(col) FROM VALUES (3), (5) AS tab(col) -> 1"),
    PICK_DEF("bit_or", NULL, "any", bind_bits, &or_agg, "bit_or(expr)",
             "The bits that some value has.",
             "SELECT bit_or(col) FROM VALUES (3), (5) AS tab(col) -> 7"),
    PICK_DEF("bit_xor", NULL, "any", bind_bits, &xor_agg, "bit_xor(expr)",
             "The bits that an odd number of values have.",
             "SELECT bit_xor(col) FROM VALUES (3), (5) AS tab(col) -> 6"),
    PICK_DEF("bool_and", "every", "any", bind_bool, &and_agg, "bool_and(expr)",
             "True where all values are.",
             "SELECT bool_and(col) FROM VALUES (true), (true), (true) AS tab(col) -> true"),
    PICK_DEF("bool_or", "any,some", "any", bind_bool, &or_agg, "bool_or(expr)",
             "True where some value is.",
             "SELECT bool_or(col) FROM VALUES (true), (false), (false) AS tab(col) -> true"),
    {0}};
