/* Functions that choose: if, when, coalesce and its kin, greatest, least, nanvl.
**
** if, when, coalesce, nvl2 are lazy in Spark: the planner turns them into CASE and COALESCE nodes.
** The kernels here are their eager forms, right wherever no argument can fail. */
#include <math.h>

#include "kernel/coerce.h"
#include "kernel/kernel_int.h"

#define KERNEL_HEAD(NAME)                                                                          \
  static mill_status NAME(mill_call *call, const mill_vector *const *args, size_t n,               \
                          mill_vector *out, mill_error *err)

/* Fill pick[] by CHOICE for row i, then copy. Rows beyond a batch never come. */
#define PICK_KERNEL(NAME, CHOICE)                                                                  \
  KERNEL_HEAD(NAME) {                                                                              \
    int32_t *pick = mill_arena_alloc(call->arena, (n + 1) * sizeof *pick);                         \
    if (pick == NULL) return mill_oom(call->arena->memory, n * sizeof *pick, err);                 \
    for (size_t i = 0; i < n; i++) pick[i] = CHOICE;                                               \
    return mill_pick_rows(call, args, pick, n, out, err);                                          \
  }

static bool is_true(const mill_vector *v, size_t i) {
  return v->type->phys == MILL_PHYS_BOOL && mill_vector_valid(v, i) && MILL_AT(uint8_t, v, i);
}

static int32_t first_not_null(const mill_vector *const *args, int nargs, size_t i) {
  for (int k = 0; k < nargs; k++)
    if (args[k]->type->phys != MILL_PHYS_NONE && mill_vector_valid(args[k], i)) return k;
  return -1;
}

static int32_t first_true(const mill_vector *const *args, int nargs, size_t i) {
  int k = 0;
  for (; k + 1 < nargs; k += 2)
    if (is_true(args[k], i)) return k + 1;
  return k < nargs ? k : -1;
}

/* The largest (sign 1) or smallest (sign -1) of the values that are not null. */
static int32_t extreme(const mill_vector *const *args, int nargs, size_t i, int sign) {
  int32_t best = -1;
  for (int k = 0; k < nargs; k++) {
    if (!mill_vector_valid(args[k], i)) continue;
    if (best < 0 || sign * mill_vector_compare(args[k], i, args[best], i) > 0) best = k;
  }
  return best;
}

static bool equal_rows(const mill_vector *a, const mill_vector *b, size_t i) {
  return mill_vector_valid(a, i) && mill_vector_valid(b, i) && mill_vector_compare(a, i, b, i) == 0;
}

PICK_KERNEL(k_if, is_true(args[0], i) ? 1 : 2)
PICK_KERNEL(k_when, first_true(args, call->nargs, i))
PICK_KERNEL(pick_first, first_not_null(args, call->nargs, i))
PICK_KERNEL(k_nvl2, mill_vector_valid(args[0], i) ? 1 : 2)
PICK_KERNEL(pick_greatest, extreme(args, call->nargs, i, 1))
PICK_KERNEL(pick_least, extreme(args, call->nargs, i, -1))

/* r = the further of r and the values of v, a pass an argument. */
#define EXTREME(T, R, V, SIGN)                                                                     \
  do {                                                                                             \
    T *restrict r_ = (R);                                                                          \
    const T *v_ = (V)->data, one_ = *v_;                                                           \
    if ((V)->mask)                                                                                 \
      for (size_t i = 0; i < n; i++) r_[i] = FURTHER(v_[i], r_[i], SIGN);                          \
    else                                                                                           \
      for (size_t i = 0; i < n; i++) r_[i] = FURTHER(one_, r_[i], SIGN);                           \
  } while (0)
#define FURTHER(X, Y, SIGN) (((SIGN) > 0) == ((X) > (Y)) ? (X) : (Y))

/* Whole numbers without nulls, dates and times among them; false: another type, or a null. */
MILL_HOT static bool extreme_words(const mill_vector *const *args, int nargs, int sign, size_t n,
                                   mill_vector *out) {
  mill_phys phys = out->type->phys;
  if (phys != MILL_PHYS_I32 && phys != MILL_PHYS_I64) return false;
  for (int k = 0; k < nargs; k++)
    if (args[k]->type->phys != phys || args[k]->valid) return false;
  mill_copy_fixed(out, args[0], n);
  for (int k = 1; k < nargs; k++) {
    if (phys == MILL_PHYS_I32)
      EXTREME(int32_t, out->data, args[k], sign);
    else
      EXTREME(int64_t, out->data, args[k], sign);
  }
  return true;
}

/* Values of one width whose first argument has few nulls: that one, and what stands for its nulls. */
static bool fill_nulls(const mill_vector *const *args, size_t n, mill_vector *out) {
  const mill_vector *first = args[0], *then = args[1];
  size_t width = out->type->width;
  bool words = mill_phys_is_word(out->type->phys) && first->type->phys == out->type->phys;
  if (!words || !first->mask || then->type->phys != out->type->phys || then->valid) return false;
  mill_copy_fixed(out, first, n);
  for (size_t from = 0; first->valid && from < n; from += 64) {
    uint64_t nulls = ~first->valid[from / 64];
    if (n - from < 64) nulls &= ((uint64_t)1 << (n - from)) - 1;
    for (; nulls; nulls &= nulls - 1) {
      size_t i = from + (size_t)__builtin_ctzll(nulls);
      memcpy((char *)out->data + i * width, (const char *)then->data + (i & then->mask) * width,
             width);
    }
  }
  return true;
}

KERNEL_HEAD(k_coalesce) {
  if (call->nargs > 1 && fill_nulls(args, n, out)) return MILL_OK;
  return pick_first(call, args, n, out, err);
}

KERNEL_HEAD(k_greatest) {
  if (extreme_words(args, call->nargs, 1, n, out)) return MILL_OK;
  return pick_greatest(call, args, n, out, err);
}

KERNEL_HEAD(k_least) {
  if (extreme_words(args, call->nargs, -1, n, out)) return MILL_OK;
  return pick_least(call, args, n, out, err);
}

PICK_KERNEL(k_nullif, equal_rows(args[0], args[1], i) ? -1 : 0)
PICK_KERNEL(pick_null_where, mill_vector_valid(args[1], i) && MILL_AT(uint8_t, args[1], i) ? -1 : 0)

/* Words are copied, and bits cleared where the condition holds, 64 rows at a time. */
KERNEL_HEAD(k_null_where) {
  const mill_vector *v = args[0], *where = args[1];
  bool words = mill_phys_is_word(out->type->phys) && v->type->phys == out->type->phys;
  if (!words || v->valid || where->valid || !where->mask || where->type->phys != MILL_PHYS_BOOL)
    return pick_null_where(call, args, n, out, err);
  const uint8_t *flag = where->data;
  mill_copy_fixed(out, v, n);
  for (size_t from = 0; from < n; from += 64) {
    uint64_t nulls = 0;
    size_t stop = n - from < 64 ? n - from : 64;
    for (size_t i = 0; i < stop; i++) nulls |= (uint64_t)(flag[from + i] != 0) << i;
    if (nulls == 0) continue;
    MILL_TRY(mill_vector_need_valid(out, call->arena, err));
    out->valid[from / 64] &= ~nulls;
  }
  return MILL_OK;
}

static bool is_nan(const mill_vector *v, size_t i) {
  if (v->type->id == MILL_FLOAT) return isnan(MILL_AT(float, v, i));
  return isnan(MILL_AT(double, v, i));
}
PICK_KERNEL(k_nanvl, !mill_vector_valid(args[0], i) ? -1 : is_nan(args[0], i) ? 1 : 0)

/* ---- binding -------------------------------------------------------------------------------- */

static mill_status want_boolean(mill_binding *b, int i, mill_error *err) {
  mill_type_id id = b->arg_type[i]->id;
  if (id != MILL_BOOLEAN && id != MILL_NULL) return mill_bind_wrong_type(b, i, "\"BOOLEAN\"", err);
  b->cast_to[i] = mill_type_of(MILL_BOOLEAN);
  return MILL_OK;
}

static mill_status no_memory(mill_binding *b, mill_error *err) {
  return mill_oom(b->ctx->memory, (size_t)b->nargs, err);
}

static mill_status bind_if(mill_binding *b, mill_error *err) {
  const bool same[] = {false, true, true};
  MILL_TRY(want_boolean(b, 0, err));
  MILL_TRY(mill_bind_common(b, same, err));
  b->result = b->cast_to[1];
  b->nullable = b->arg_nullable[1] || b->arg_nullable[2];
  return MILL_OK;
}

static mill_status bind_nvl2(mill_binding *b, mill_error *err) {
  const bool same[] = {false, true, true};
  MILL_TRY(mill_bind_common(b, same, err));
  b->result = b->cast_to[1];
  b->nullable = b->arg_nullable[1] || b->arg_nullable[2];
  return MILL_OK;
}

static mill_status bind_when(mill_binding *b, mill_error *err) {
  bool *same = mill_arena_alloc(b->arena, (size_t)b->nargs);
  if (same == NULL) return no_memory(b, err);
  bool otherwise = b->nargs % 2 == 1;
  b->nullable = !otherwise;
  for (int i = 0; i < b->nargs; i++) {
    same[i] = i % 2 == 1 || (otherwise && i == b->nargs - 1);
    if (!same[i] && b->arg_type[i]->id == MILL_NULL) /* CASE WHEN NULL, unlike if(NULL, ..) */
      return mill_bind_wrong_type(b, i, "\"BOOLEAN\"", err);
    if (!same[i]) MILL_TRY(want_boolean(b, i, err));
    b->nullable |= same[i] && b->arg_nullable[i];
  }
  MILL_TRY(mill_bind_common(b, same, err));
  b->result = b->cast_to[1];
  return MILL_OK;
}

static mill_status bind_coalesce(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_common(b, NULL, err));
  b->result = b->cast_to[0];
  b->nullable = true;
  for (int i = 0; i < b->nargs; i++) b->nullable &= b->arg_nullable[i];
  return MILL_OK;
}

static mill_status bind_nvl(mill_binding *b, mill_error *err) {
  const mill_function *own = b->fn;
  b->fn = mill_function_find("coalesce", 8);
  mill_status s = bind_coalesce(b, err);
  b->fn = own;
  return s;
}

/* Unlike elsewhere a text does not take the type of its neighbours here. */
static bool mixes_texts(const mill_binding *b) {
  bool text = false, other = false;
  for (int i = 0; i < b->nargs; i++) {
    text |= b->arg_type[i]->id == MILL_STRING;
    other |= b->arg_type[i]->id != MILL_STRING && b->arg_type[i]->id != MILL_NULL;
  }
  return text && other;
}

static mill_status bind_extreme(mill_binding *b, mill_error *err) {
  if (mixes_texts(b)) return mill_bind_diff_types(b, NULL, err);
  MILL_TRY(mill_bind_common(b, NULL, err));
  b->result = b->cast_to[0];
  if (!mill_type_orderable(b->result)) return mill_bind_unordered(b, b->fn->name, b->result, err);
  b->nullable = true;
  for (int i = 0; i < b->nargs; i++) b->nullable &= b->arg_nullable[i];
  return MILL_OK;
}

/* The eager kernel is for sides of one type; others are compared as what holds both (`lowered`). */
static mill_status bind_nullif(mill_binding *b, mill_error *err) {
  const mill_type *t = mill_common_type(b->ctx->types, b->arg_type[0], b->arg_type[1]);
  if (t == NULL) return mill_bind_operands_differ(b, err);
  if (!mill_type_orderable(t)) return mill_bind_unordered(b, "=", t, err);
  b->result = b->cast_to[0];
  b->nullable = true;
  return MILL_OK;
}

static mill_status bind_nanvl(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "double|float, double|float -> $1", err));
  if (b->cast_to[0] != b->cast_to[1]) b->cast_to[0] = b->cast_to[1] = mill_type_of(MILL_DOUBLE);
  b->result = b->cast_to[0];
  b->nullable = b->arg_nullable[0] || b->arg_nullable[1];
  return MILL_OK;
}

const mill_function mill_family_conditional[] = {
    {.name = "if",
     .types = "any, any, any",
     .bind = bind_if,
     .kernel = k_if,
     .flags = MILL_FN_NULLS | MILL_FN_LAZY | MILL_FN_NO_RAISE,
     .usage = "if(expr1, expr2, expr3)",
     .doc = "The second value where the first is true, else the third.",
     .example = "SELECT if(1 < 2, 'a', 'b') -> a"},
    {.name = "when",
     .types = "any, any, any*",
     .bind = bind_when,
     .kernel = k_when,
     .flags = MILL_FN_NULLS | MILL_FN_LAZY | MILL_FN_NO_RAISE,
     .usage = "CASE WHEN expr1 THEN expr2 [WHEN expr3 THEN expr4]* [ELSE expr5] END",
     .doc = "The value after the first true condition, else the last one or null.",
     .example = "SELECT CASE WHEN 1 > 0 THEN 1 WHEN 2 > 0 THEN 2.0 ELSE 1.2 END -> 1.0"},
    {.name = "coalesce",
     .types = "any, any*",
     .bind = bind_coalesce,
     .kernel = k_coalesce,
     .flags = MILL_FN_NULLS | MILL_FN_LAZY | MILL_FN_NO_RAISE,
     .usage = "coalesce(expr1, expr2, ...)",
     .doc = "The first value that is not null.",
     .example = "SELECT coalesce(NULL, 1, NULL) -> 1"},
    {.name = "nvl",
     .types = "any, any",
     .bind = bind_nvl,
     .kernel = k_coalesce,
     .flags = MILL_FN_NULLS | MILL_FN_LAZY | MILL_FN_NO_RAISE,
     .lowered = "coalesce($1, $2)",
     .usage = "nvl(expr1, expr2)",
     .doc = "The first value, or the second where the first is null.",
     .example = "SELECT nvl(NULL, array('2')) -> [\"2\"]"},
    {.name = "ifnull",
     .types = "any, any",
     .bind = bind_nvl,
     .kernel = k_coalesce,
     .flags = MILL_FN_NULLS | MILL_FN_LAZY | MILL_FN_NO_RAISE,
     .lowered = "coalesce($1, $2)",
     .usage = "ifnull(expr1, expr2)",
     .doc = "The first value, or the second where the first is null.",
     .example = "SELECT ifnull(NULL, array('2')) -> [\"2\"]"},
    {.name = "nvl2",
     .types = "any, any, any",
     .bind = bind_nvl2,
     .kernel = k_nvl2,
     .flags = MILL_FN_NULLS | MILL_FN_LAZY | MILL_FN_NO_RAISE,
     .lowered = "if(isnotnull($1), $2, $3)",
     .usage = "nvl2(expr1, expr2, expr3)",
     .doc = "The second value where the first is not null, else the third.",
     .example = "SELECT nvl2(NULL, 2, 1) -> 1"},
    {.name = "nullif",
     .types = "any, any",
     .bind = bind_nullif,
     .kernel = k_nullif,
     .flags = MILL_FN_NULLS | MILL_FN_NULLABLE,
     .lowered = "`~null_where`($1, ($1) = ($2))",
     .usage = "nullif(expr1, expr2)",
     .doc = "Null where both are equal, else the first.",
     .example = "SELECT nullif(2, 2) -> NULL"},
    {.name = "~null_where", /* not CASE: the value is drawn for all rows, as the comparison's is */
     .types = "any, boolean -> $1",
     .kernel = k_null_where,
     .flags = MILL_FN_NULLS | MILL_FN_NULLABLE | MILL_FN_NO_RAISE | MILL_FN_HIDDEN,
     .usage = "null_where(expr, condition)",
     .doc = "Null where the condition is true, else the value."},
    {.name = "zeroifnull",
     .types = "any",
     .flags = MILL_FN_LAZY,
     .bind = bind_coalesce,
     .lowered = "coalesce($1, 0)",
     .usage = "zeroifnull(expr)",
     .doc = "The value, or zero where it is null.",
     .example = "SELECT zeroifnull(NULL) -> 0"},
    {.name = "nullifzero",
     .types = "any",
     .flags = MILL_FN_LAZY,
     .bind = bind_coalesce,
     .lowered = "CASE WHEN ($1) = 0 THEN NULL ELSE $1 END",
     .usage = "nullifzero(expr)",
     .doc = "The value, or null where it is zero.",
     .example = "SELECT nullifzero(0) -> NULL"},
    {.name = "greatest",
     .types = "any, any, any*",
     .bind = bind_extreme,
     .kernel = k_greatest,
     .flags = MILL_FN_NULLS | MILL_FN_NO_RAISE,
     .usage = "greatest(expr, ...)",
     .doc = "The largest of the values that are not null.",
     .example = "SELECT greatest(10, 9, 2, 4, 3) -> 10"},
    {.name = "least",
     .types = "any, any, any*",
     .bind = bind_extreme,
     .kernel = k_least,
     .flags = MILL_FN_NULLS | MILL_FN_NO_RAISE,
     .usage = "least(expr, ...)",
     .doc = "The smallest of the values that are not null.",
     .example = "SELECT least(10, 9, 2, 4, 3) -> 2"},
    {.name = "nanvl",
     .types = "double|float, double|float",
     .bind = bind_nanvl,
     .kernel = k_nanvl,
     .flags = MILL_FN_NULLS | MILL_FN_NO_RAISE,
     .usage = "nanvl(expr1, expr2)",
     .doc = "The first value, or the second where the first is not a number.",
     .example = "SELECT nanvl(cast('NaN' as double), 123) -> 123.0"},
    {0}};
