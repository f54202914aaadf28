/* Comparisons, null tests, boolean logic and IN.
**
** Both sides are cast to their common type; order and equality are those of column/order.c (NaN is
** the largest number and equals itself). Numbers compare in branchless loops; strings look at
** length and prefix first; nested values go through mill_vector_compare. AND, OR and NOT here are
** the eager, three-valued forms: the planner uses bound kinds of their own for AND and OR. */
#include "kernel/bound.h"
#include "kernel/coerce.h"
#include "kernel/kernel_int.h"

typedef enum { EQ, NE, LT, LE, GT, GE } relation;

#define KERNEL_HEAD(NAME)                                                                          \
  static mill_status NAME(mill_call *call, const mill_vector *const *args, size_t n,               \
                          mill_vector *out, mill_error *err)

/* ---- comparisons ---------------------------------------------------------------------------- */

#define INTEGERS(S, T)                                                                             \
  MILL_KERNEL2(eq_##S, T, T, uint8_t, x == y)                                                      \
  MILL_KERNEL2(ne_##S, T, T, uint8_t, x != y)                                                      \
  MILL_KERNEL2(lt_##S, T, T, uint8_t, x < y)                                                       \
  MILL_KERNEL2(le_##S, T, T, uint8_t, x <= y)                                                      \
  MILL_KERNEL2(gt_##S, T, T, uint8_t, x > y)                                                       \
  MILL_KERNEL2(ge_##S, T, T, uint8_t, x >= y)
#define FLOATS(S, T)                                                                               \
  MILL_KERNEL2(eq_##S, T, T, uint8_t, (x == y) | ((x != x) & (y != y)))                            \
  MILL_KERNEL2(ne_##S, T, T, uint8_t, (x != y) & ((x == x) | (y == y)))                            \
  MILL_KERNEL2(lt_##S, T, T, uint8_t, (x < y) | ((x == x) & (y != y)))                             \
  MILL_KERNEL2(le_##S, T, T, uint8_t, (x <= y) | (y != y))                                         \
  MILL_KERNEL2(gt_##S, T, T, uint8_t, (x > y) | ((y == y) & (x != x)))                             \
  MILL_KERNEL2(ge_##S, T, T, uint8_t, (x >= y) | (x != x))
INTEGERS(u8, uint8_t)
INTEGERS(i8, int8_t)
INTEGERS(i16, int16_t)
INTEGERS(i32, int32_t)
INTEGERS(i64, int64_t)
INTEGERS(i128, mill_i128)
FLOATS(f32, float)
FLOATS(f64, double)

#define ROWS(NAME, EXPR)                                                                           \
  KERNEL_HEAD(NAME) {                                                                              \
    uint8_t *r = out->data;                                                                        \
    const mill_vector *a = args[0], *b = args[1];                                                  \
    (void)call, (void)err;                                                                         \
    MILL_EACH(out, n, i) r[i] = (EXPR);                                                            \
    return MILL_OK;                                                                                \
  }
#define STR(v) (&MILL_AT(mill_str, v, i))

/* Views of short texts are equal where their words are: one loop without branches over all rows, NULL
** or not. False: b is no constant of that kind. */
static bool same_as_short(const mill_vector *a, const mill_vector *b, size_t n, bool yes,
                          uint8_t *restrict r) {
  uint64_t text[2];
  const mill_str *s = b->data;
  if (b->mask != 0 || b->index || a->mask == 0 || a->index || !mill_valid_bit(b->valid, 0) ||
      s->size > MILL_STR_INLINE)
    return false;
  memcpy(text, s, sizeof text);
  const uint64_t *x = a->data;
  for (size_t i = 0; i < n; i++)
    r[i] = (uint8_t)((((x[2 * i] ^ text[0]) | (x[2 * i + 1] ^ text[1])) == 0) == yes);
  return true;
}

static bool quick_equal(const mill_vector *const *args, size_t n, bool yes, uint8_t *r) {
  return same_as_short(args[0], args[1], n, yes, r) || same_as_short(args[1], args[0], n, yes, r);
}

#define EQUALITY(NAME, YES)                                                                        \
  KERNEL_HEAD(NAME) {                                                                              \
    uint8_t *r = out->data;                                                                        \
    const mill_vector *a = args[0], *b = args[1];                                                  \
    (void)call, (void)err;                                                                         \
    if (quick_equal(args, n, YES, r)) return MILL_OK;                                              \
    MILL_EACH(out, n, i) r[i] = mill_str_equal(STR(a), STR(b)) == (YES);                           \
    return MILL_OK;                                                                                \
  }
EQUALITY(eq_str, true)
EQUALITY(ne_str, false)
ROWS(lt_str, mill_str_compare(STR(a), STR(b)) < 0)
ROWS(le_str, mill_str_compare(STR(a), STR(b)) <= 0)
ROWS(gt_str, mill_str_compare(STR(a), STR(b)) > 0)
ROWS(ge_str, mill_str_compare(STR(a), STR(b)) >= 0)
ROWS(eq_any, mill_vector_compare(a, i, b, i) == 0)
ROWS(ne_any, mill_vector_compare(a, i, b, i) != 0)
ROWS(lt_any, mill_vector_compare(a, i, b, i) < 0)
ROWS(le_any, mill_vector_compare(a, i, b, i) <= 0)
ROWS(gt_any, mill_vector_compare(a, i, b, i) > 0)
ROWS(ge_any, mill_vector_compare(a, i, b, i) >= 0)

#define RELATIONS(S)                                                                               \
  { eq_##S, ne_##S, lt_##S, le_##S, gt_##S, ge_##S }

static mill_kernel kernel_of(relation op, const mill_type *t) {
  static const mill_kernel table[][6] = {
      [MILL_PHYS_NONE] = RELATIONS(any),     [MILL_PHYS_BOOL] = RELATIONS(u8),
      [MILL_PHYS_I8] = RELATIONS(i8),        [MILL_PHYS_I16] = RELATIONS(i16),
      [MILL_PHYS_I32] = RELATIONS(i32),      [MILL_PHYS_I64] = RELATIONS(i64),
      [MILL_PHYS_I128] = RELATIONS(i128),    [MILL_PHYS_F32] = RELATIONS(f32),
      [MILL_PHYS_F64] = RELATIONS(f64),      [MILL_PHYS_STR] = RELATIONS(str),
      [MILL_PHYS_INTERVAL] = RELATIONS(any), [MILL_PHYS_LIST] = RELATIONS(any),
      [MILL_PHYS_STRUCT] = RELATIONS(any)};
  bool plain = t->phys != MILL_PHYS_STR || t->collation == MILL_UTF8_BINARY;
  return table[plain ? t->phys : MILL_PHYS_LIST][op];
}

/* `<=>` as the planner writes it, for values of any type: maps and variants are alike bit by bit. */
static bool planners(const mill_binding *b) { return strcmp(b->fn->name, "same") == 0; }

static mill_status bind_relation(mill_binding *b, relation op, mill_error *err) {
  const mill_type *t = mill_operand_type(b->ctx->types, b->arg_type[0], b->arg_type[1]);
  if (t == NULL) return mill_bind_operands_differ(b, err);
  if (!mill_type_orderable(t) && !planners(b)) return mill_bind_unordered(b, b->fn->name, t, err);
  b->cast_to[0] = b->cast_to[1] = t;
  b->result = mill_type_of(MILL_BOOLEAN);
  b->kernel = kernel_of(op, t);
  return MILL_OK;
}

#define BIND_RELATION(NAME, OP)                                                                    \
  static mill_status NAME(mill_binding *b, mill_error *err) { return bind_relation(b, OP, err); }
BIND_RELATION(bind_eq, EQ)
BIND_RELATION(bind_ne, NE)
BIND_RELATION(bind_lt, LT)
BIND_RELATION(bind_le, LE)
BIND_RELATION(bind_gt, GT)
BIND_RELATION(bind_ge, GE)

/* ---- <=> ------------------------------------------------------------------------------------ */

KERNEL_HEAD(null_safe) {
  const mill_vector *a = args[0], *b = args[1];
  const mill_kernel equal = (mill_kernel) * (const mill_kernel *)call->state;
  uint8_t *r = out->data;
  if (a->valid == NULL && b->valid == NULL) return equal(call, args, n, out, err);
  for (size_t i = 0; i < n; i++) {
    bool va = mill_vector_valid(a, i), vb = mill_vector_valid(b, i);
    r[i] = va && vb ? mill_vector_compare(a, i, b, i) == 0 : va == vb;
  }
  return MILL_OK;
}

static mill_status bind_null_safe(mill_binding *b, mill_error *err) {
  void *mem;
  MILL_TRY(bind_relation(b, EQ, err));
  MILL_TRY(mill_bind_alloc(b, sizeof(mill_kernel), &mem, err));
  *(mill_kernel *)mem = b->kernel;
  b->state = mem;
  b->kernel = null_safe;
  b->nullable = false;
  return MILL_OK;
}

/* ---- null tests and logic ------------------------------------------------------------------- */

KERNEL_HEAD(is_null) {
  uint8_t *r = out->data;
  (void)call, (void)err;
  bool none = args[0]->type->phys == MILL_PHYS_NONE;
  for (size_t i = 0; i < n; i++) r[i] = none || !mill_vector_valid(args[0], i);
  return MILL_OK;
}

KERNEL_HEAD(is_not_null) {
  uint8_t *r = out->data;
  MILL_TRY(is_null(call, args, n, out, err));
  for (size_t i = 0; i < n; i++) r[i] = !r[i];
  return MILL_OK;
}

KERNEL_HEAD(is_nan) {
  uint8_t *r = out->data;
  bool wide = args[0]->type->phys == MILL_PHYS_F64;
  (void)call, (void)err;
  for (size_t i = 0; i < n; i++) {
    double x = wide ? MILL_AT(double, args[0], i) : MILL_AT(float, args[0], i);
    r[i] = mill_vector_valid(args[0], i) && x != x;
  }
  return MILL_OK;
}

MILL_KERNEL1(not_bool, uint8_t, uint8_t, !x)

/* AND (decided = 0) and OR (decided = 1) without nulls. */
MILL_HOT static mill_status plain_logic(const mill_vector *const *args, size_t n,
                                        uint8_t *restrict r, uint8_t decided) {
  const uint8_t *x = args[0]->data, *y = args[1]->data;
  if (args[0]->mask == 0 || args[1]->mask == 0) {
    const uint8_t *v = args[0]->mask ? x : y, one = args[0]->mask ? y[0] : x[0];
    const bool both_constant = args[0]->mask == args[1]->mask;
    for (size_t i = 0; i < n; i++) {
      const uint8_t other = v[both_constant ? 0 : i];
      r[i] = decided ? other | one : other & one;
    }
  } else if (decided) {
    for (size_t i = 0; i < n; i++) r[i] = x[i] | y[i];
  } else {
    for (size_t i = 0; i < n; i++) r[i] = x[i] & y[i];
  }
  return MILL_OK;
}

/* Kleene's AND (decided = 0) and OR (decided = 1): the deciding value wins over null. */
static mill_status logic(mill_call *call, const mill_vector *const *args, size_t n,
                         mill_vector *out, uint8_t decided, mill_error *err) {
  uint8_t *r = out->data;
  if (args[0]->valid == NULL && args[1]->valid == NULL) return plain_logic(args, n, r, decided);
  for (size_t i = 0; i < n; i++) {
    bool va = mill_vector_valid(args[0], i), vb = mill_vector_valid(args[1], i);
    bool x = va && MILL_AT(uint8_t, args[0], i), y = vb && MILL_AT(uint8_t, args[1], i);
    bool settled = (va && x == decided) || (vb && y == decided);
    r[i] = settled ? decided : !decided;
    if (!settled && !(va && vb)) MILL_TRY(mill_set_null(call, out, i, err));
  }
  return MILL_OK;
}

KERNEL_HEAD(and_bool) { return logic(call, args, n, out, 0, err); }
KERNEL_HEAD(or_bool) { return logic(call, args, n, out, 1, err); }

static mill_status bind_logic(mill_binding *b, mill_error *err) {
  const mill_type *boolean = mill_type_of(MILL_BOOLEAN);
  for (int i = 0; i < b->nargs; i++) {
    const mill_type *t = b->arg_type[i];
    if (t->id != MILL_BOOLEAN && t->id != MILL_NULL && t->id != MILL_STRING)
      return b->arg_type[0] != b->arg_type[1] ? mill_bind_operands_differ(b, err)
                                              : mill_bind_operand_wrong(b, t, "\"BOOLEAN\"", err);
    b->cast_to[i] = boolean;
  }
  for (int i = 0; i < 2; i++) /* a text needs a boolean beside it */
    if (b->arg_type[i]->id == MILL_STRING && b->arg_type[1 - i]->id != MILL_BOOLEAN)
      return mill_bind_operand_wrong(b, b->arg_type[i], "\"BOOLEAN\"", err);
  b->result = boolean;
  return MILL_OK;
}

/* ---- IN ------------------------------------------------------------------------------------- */

/* All list items are constants: they stand in one vector and a table of row numbers + 1, so that a
** probe costs the same for ten items and a million. */
typedef struct {
  mill_vector items;
  uint32_t *slot, mask;
  bool has_null;
} in_set;

enum { FEW_ITEMS = 12 };

/* A few strings that are all inline: two words each to compare. */
static bool few_strings(const in_set *s, const mill_type *t) {
  if (t->phys != MILL_PHYS_STR || t->collation != MILL_UTF8_BINARY) return false;
  for (uint32_t k = 0; k < s->items.size; k++)
    if (((const mill_str *)s->items.data)[k].size > MILL_STR_INLINE) return false;
  return s->items.size <= FEW_ITEMS;
}

static void in_strings(const in_set *s, const mill_vector *v, size_t n, uint8_t *r) {
  uint64_t item[FEW_ITEMS][2], x[2];
  memcpy(item, s->items.data, s->items.size * sizeof *item);
  for (size_t i = 0; i < n; i++) {
    memcpy(x, (const mill_str *)v->data + ((uint32_t)i & v->mask), sizeof x);
    bool found = false;
    for (uint32_t k = 0; k < s->items.size; k++)
      found |= ((x[0] ^ item[k][0]) | (x[1] ^ item[k][1])) == 0;
    r[i] = found;
  }
}

/* A few words: a pass over the rows an item. */
#define IN_WORDS(T)                                                                                \
  for (uint32_t k = 0; k < s->items.size; k++) {                                                   \
    const T *x = v->data, item = ((const T *)s->items.data)[k];                                    \
    for (size_t i = 0; i < n; i++) r[i] |= MILL_WORD_SAME(x[i], item);                             \
  }

MILL_HOT static void in_words(const in_set *s, const mill_vector *v, size_t n,
                              uint8_t *restrict r) {
  memset(r, 0, n);
  switch (v->type->phys) {
    MILL_WORD_CASES(IN_WORDS)
  default: break;
  }
}

/* By a loop of its own, null rows as any; false: no such loop is for these. */
static bool in_few(const in_set *s, const mill_vector *v, size_t n, uint8_t *r) {
  if (few_strings(s, v->type))
    in_strings(s, v, n, r);
  else if (mill_phys_is_word(v->type->phys) && v->mask && s->items.size <= FEW_ITEMS)
    in_words(s, v, n, r);
  else
    return false;
  return true;
}

KERNEL_HEAD(in_constants) {
  const in_set *s = call->state;
  uint64_t hash[MILL_BATCH];
  uint8_t *r = out->data;
  if (in_few(s, args[0], n, r)) {
    for (size_t i = 0; (args[0]->valid || s->has_null) && i < n; i++)
      if (!mill_vector_valid(args[0], i) || (!r[i] && s->has_null))
        MILL_TRY(mill_set_null(call, out, i, err));
    return MILL_OK;
  }
  for (size_t from = 0; from < n; from += MILL_BATCH) {
    size_t stop = n - from < MILL_BATCH ? n : from + MILL_BATCH;
    uint32_t row[MILL_BATCH];
    for (size_t i = from; i < stop; i++) row[i - from] = (uint32_t)i;
    mill_vector_hash(args[0], row, stop - from, false, hash);
    for (size_t i = from; i < stop; i++) {
      r[i] = 0;
      bool null = !mill_vector_valid(args[0], i);
      for (uint32_t k = (uint32_t)hash[i - from] & s->mask; !null && s->slot[k];
           k = (k + 1) & s->mask)
        if (mill_vector_compare(args[0], i, &s->items, s->slot[k] - 1) == 0) r[i] = 1;
      if (null || (!r[i] && s->has_null)) MILL_TRY(mill_set_null(call, out, i, err));
    }
  }
  return MILL_OK;
}

const mill_vector *mill_bound_in_items(const mill_bound *b) {
  return b->kind == MILL_B_CALL && b->kernel == in_constants ? &((const in_set *)b->state)->items
                                                             : NULL;
}

KERNEL_HEAD(in_values) {
  uint8_t *r = out->data;
  for (size_t i = 0; i < n; i++) {
    bool null = !mill_vector_valid(args[0], i), found = false;
    for (int k = 1; !null && !found && k < call->nargs; k++)
      if (mill_vector_valid(args[k], i)) found = mill_vector_compare(args[0], i, args[k], i) == 0;
    for (int k = 1; !found && k < call->nargs; k++) null |= !mill_vector_valid(args[k], i);
    r[i] = found;
    if (null && !found) MILL_TRY(mill_set_null(call, out, i, err));
  }
  return MILL_OK;
}

static mill_status fill_slots(mill_binding *b, in_set *s, mill_error *err) {
  void *mem;
  uint32_t size = 16;
  while (size < s->items.size * 2) size *= 2;
  s->mask = size - 1;
  MILL_TRY(mill_bind_alloc(b, size * sizeof *s->slot, &mem, err));
  s->slot = mem;
  for (uint32_t i = 0; i < s->items.size; i++) {
    uint64_t h;
    mill_vector_hash(&s->items, &i, 1, false, &h);
    uint32_t k = (uint32_t)h & s->mask;
    while (s->slot[k]) k = (k + 1) & s->mask;
    s->slot[k] = i + 1;
  }
  return MILL_OK;
}

static mill_status bind_in_set(mill_binding *b, mill_error *err) {
  void *mem;
  MILL_TRY(mill_bind_alloc(b, sizeof(in_set), &mem, err));
  in_set *s = mem;
  MILL_TRY(mill_vector_init(&s->items, b->cast_to[0], (uint32_t)b->nargs, b->arena, err));
  for (int i = 1; i < b->nargs; i++) {
    mill_vector v;
    MILL_TRY(mill_bind_constant(b, i, &v, err));
    if (mill_vector_valid(&v, 0))
      MILL_TRY(mill_vector_append(&s->items, &v, NULL, 1, false, b->arena, err));
    else
      s->has_null = true;
  }
  b->state = s;
  b->kernel = in_constants;
  return fill_slots(b, s, err);
}

/* Rows are compared whatever their fields are called. */
static bool rows_of_one_shape(mill_binding *b) {
  const mill_type *t = b->arg_type[0];
  for (int i = 1; t && t->id == MILL_STRUCT && i < b->nargs; i++)
    t = mill_compared_type(b->ctx->types, t, b->arg_type[i]);
  if (t == NULL || t->id != MILL_STRUCT) return false;
  for (int i = 0; i < b->nargs; i++) b->cast_to[i] = t;
  return true;
}

static mill_status bind_in(mill_binding *b, mill_error *err) {
  if (!rows_of_one_shape(b)) MILL_TRY(mill_bind_common(b, NULL, err));
  bool constant = true;
  for (int i = 1; i < b->nargs; i++) constant &= b->arg_value[i] != NULL;
  if (!mill_type_orderable(b->cast_to[0])) return mill_bind_unordered(b, "in", b->cast_to[0], err);
  b->result = mill_type_of(MILL_BOOLEAN);
  b->kernel = in_values;
  return constant && b->cast_to[0]->id != MILL_NULL ? bind_in_set(b, err) : MILL_OK;
}

#define RELATION_DEF(NAME, ALIAS, BIND, DOC, EXAMPLE)                                              \
  {                                                                                                \
    .name = NAME, .alias = ALIAS, .types = "any, any", .bind = BIND,                               \
    .flags = MILL_FN_OPERATOR | MILL_FN_NO_RAISE, .usage = "expr1 " NAME " expr2", .doc = DOC,     \
    .example = EXAMPLE                                                                             \
  }

static mill_status bind_between(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_common(b, NULL, err));
  b->result = mill_type_of(MILL_BOOLEAN);
  return MILL_OK;
}

const mill_function mill_family_compare[] = {
    RELATION_DEF("=", "==", bind_eq, "True where both are equal.", "SELECT 2 = 2 -> true"),
    RELATION_DEF("!=", "<>", bind_ne, "True where the two differ.", "SELECT 1 != 2 -> true"),
    RELATION_DEF("<", NULL, bind_lt, "True where the first is smaller.", "SELECT 1 < 2 -> true"),
    RELATION_DEF("<=", NULL, bind_le, "True where the first is not larger.",
                 "SELECT 2 <= 2 -> true"),
    RELATION_DEF(">", NULL, bind_gt, "True where the first is larger.", "SELECT 2 > 1 -> true"),
    RELATION_DEF(">=", NULL, bind_ge, "True where the first is not smaller.",
                 "SELECT 2 >= 1 -> true"),
    {.name = "<=>",
     .types = "any, any",
     .bind = bind_null_safe,
     .flags = MILL_FN_OPERATOR | MILL_FN_NULLS | MILL_FN_NO_RAISE | MILL_FN_NEVER_NULL,
     .usage = "expr1 <=> expr2",
     .doc = "As =, but null equals null and the answer is never null.",
     .example = "SELECT NULL <=> NULL -> true"},
    {.name = "same",
     .types = "any, any",
     .bind = bind_null_safe,
     .flags =
         MILL_FN_HIDDEN | MILL_FN_OPERATOR | MILL_FN_NULLS | MILL_FN_NO_RAISE | MILL_FN_NEVER_NULL,
     .usage = "expr1 same expr2",
     .doc = "As <=>, also for types without an order: a join with values of one's own rows."},
    {.name = "equal_null",
     .types = "any, any",
     .bind = bind_null_safe,
     .flags = MILL_FN_NULLS | MILL_FN_NO_RAISE | MILL_FN_NEVER_NULL,
     .usage = "equal_null(expr1, expr2)",
     .doc = "As =, but null equals null and the answer is never null.",
     .example = "SELECT equal_null(NULL, NULL) -> true"},
    {.name = "and",
     .types = "any, any",
     .bind = bind_logic,
     .kernel = and_bool,
     .flags = MILL_FN_OPERATOR | MILL_FN_NULLS | MILL_FN_NO_RAISE,
     .usage = "expr1 and expr2",
     .doc = "True where both are true.",
     .example = "SELECT true and false -> false"},
    {.name = "or",
     .types = "any, any",
     .bind = bind_logic,
     .kernel = or_bool,
     .flags = MILL_FN_OPERATOR | MILL_FN_NULLS | MILL_FN_NO_RAISE,
     .usage = "expr1 or expr2",
     .doc = "True where either is true.",
     .example = "SELECT true or false -> true"},
    {.name = "not",
     .types = "boolean -> boolean",
     .kernel = not_bool,
     .flags = MILL_FN_OPERATOR | MILL_FN_NO_RAISE,
     .alias = "!",
     .usage = "not expr",
     .doc = "True where the value is false.",
     .example = "SELECT not true -> false"},
    {.name = "in",
     .types = "any, any*",
     .bind = bind_in,
     .flags = MILL_FN_OPERATOR | MILL_FN_NULLS | MILL_FN_NO_RAISE,
     .usage = "expr1 in(expr2, expr3, ...)",
     .doc = "True where the first equals one of the others.",
     .example = "SELECT 1 in(1, 2, 3) -> true"},
    {.name = "between",
     .types = "any, any, any",
     .bind = bind_between,
     .lowered = "(($1) >= ($2) AND ($1) <= ($3))",
     .flags = MILL_FN_LAZY,
     .usage = "input between lower and upper",
     .doc = "True where the first lies between the two others or equals one.",
     .example = "SELECT 0.5 between 0.1 AND 1.0 -> true"},
    {.name = "isnull",
     .types = "any -> boolean",
     .kernel = is_null,
     .flags = MILL_FN_NULLS | MILL_FN_NO_RAISE | MILL_FN_NEVER_NULL,
     .usage = "isnull(expr)",
     .doc = "True where the value is null.",
     .example = "SELECT isnull(1) -> false"},
    {.name = "isnotnull",
     .types = "any -> boolean",
     .kernel = is_not_null,
     .flags = MILL_FN_NULLS | MILL_FN_NO_RAISE | MILL_FN_NEVER_NULL,
     .usage = "isnotnull(expr)",
     .doc = "True where the value is not null.",
     .example = "SELECT isnotnull(1) -> true"},
    {.name = "isnan",
     .types = "double|float -> boolean",
     .kernel = is_nan,
     .flags = MILL_FN_NULLS | MILL_FN_NO_RAISE | MILL_FN_NEVER_NULL,
     .usage = "isnan(expr)",
     .doc = "True where the value is not a number.",
     .example = "SELECT isnan(cast('NaN' as double)) -> true"},
    {0}};
