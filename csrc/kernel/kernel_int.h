/* What the families share: binding helpers, typed loops, string results. Private to csrc/kernel.
**
** How to write a family. Put `MILL_FAMILY(name)` into family.def and write name.c with
**
**     static mill_status k_upper(mill_call *call, const mill_vector *const *args, size_t n,
**                                mill_vector *out, mill_error *err) { ... }
**     const mill_function mill_family_name[] = {
**         {.name = "upper", .types = "string -> string", .kernel = k_upper,
**          .flags = MILL_FN_NO_RAISE, .usage = "upper(str)", .doc = "...",
**          .example = "SELECT upper('tide') -> TIDE"},
**         {0}};
**
** - Kernels are typed at bind time: where the physical type varies, give a `bind` that calls
**   mill_bind_types and then sets b->kernel from a table; never switch on types inside a row loop.
** - Numeric kernels use MILL_MAP1/MILL_MAP2: a pure loop for flat arguments and one for each
**   constant side, which the compiler vectorises. They compute on null rows too; so the expression
**   must be harmless for any bits (no division, no pointers).
** - Kernels that follow pointers, may fail or cost much a row loop with MILL_EACH, which skips rows
**   that are not valid. Read arguments with MILL_AT.
** - A failing loop computes everything first and ORs a flag; only when the flag is up does a second
**   loop look for the first valid row that is at fault (see arithmetic.c).
** - String results: mill_bytes_take for the bytes, then mill_str_done. Results that are a part of
**   an input string are views of it (mill_str_view): never copy them.
** - List results: append to out->child[0] after mill_vector_reserve, set spans, keep child.size.
** - Constants known at bind time (#): mill_bind_constant gives the value after its cast; put what
**   it compiles to into b->state (arena memory, read-only afterwards). */
#ifndef MILL_KERNEL_KERNEL_INT_H
#define MILL_KERNEL_KERNEL_INT_H

#include <stdio.h>

#include "base/hot.h"
#include "base/thread.h"
#include "kernel/function.h"

#define MILL_FAMILY(name) extern const mill_function mill_family_##name[];
#include "kernel/family.def"
#undef MILL_FAMILY

/* ---- binding -------------------------------------------------------------------------------- */

/* WRONG_NUM_ARGS unless b->nargs fits the entries of `types`. mill_function_bind has called it. */
mill_status mill_bind_count(mill_binding *b, const char *types, mill_error *err) MILL_USE_RESULT;
/* b->nullable by the null rule: some argument is, or the flags say so. */
void mill_bind_nullable(mill_binding *b);
/* Cast the arguments marked in `same` (NULL: all) to their common type. DATA_DIFF_TYPES. */
mill_status mill_bind_common(mill_binding *b, const bool *same, mill_error *err) MILL_USE_RESULT;
/* UNSUPPORTED_TIME_TYPE where the session does not have times of day. */
mill_status mill_bind_times(const mill_binding *b, mill_error *err) MILL_USE_RESULT;
/* The type that `from` becomes for "numeric|ym|dt" and the like, or NULL. */
const mill_type *mill_convert_to(mill_types *types, const char *alternatives,
                                 const mill_type *from);
/* Value of argument i after its cast, as a constant vector; NULL out->type when it is not
** foldable. */
mill_status mill_bind_constant(mill_binding *b, int i, mill_vector *out,
                               mill_error *err) MILL_USE_RESULT;
bool mill_bind_literal(const mill_binding *b, int i);
/* Zeroed memory of the binding's arena in *out. */
mill_status mill_bind_alloc(mill_binding *b, size_t size, void **out,
                            mill_error *err) MILL_USE_RESULT;

/* Parts of messages, in the error's own text: "substring(a, b)" in double quotes; a type in double
** quotes; first, second, ... */
const char *mill_bind_sql(mill_binding *b, mill_error *err);
/* The types of all arguments, or of some, with `gap` between them. */
const char *mill_bind_type_list(mill_binding *b, const bool *some, const char *gap,
                                mill_error *err);
const char *mill_bind_type_sql(mill_binding *b, const mill_type *t, mill_error *err);
const char *mill_ordinal(int i);

/* DATATYPE_MISMATCH errors. `required` is the finished text: "\"INT\"". */
mill_status mill_bind_wrong_type(mill_binding *b, int i, const char *required, mill_error *err)
    __attribute__((cold));
mill_status mill_bind_diff_types(mill_binding *b, const bool *same, mill_error *err)
    __attribute__((cold));
mill_status mill_bind_operands_differ(mill_binding *b, mill_error *err) __attribute__((cold));
mill_status mill_bind_operand_wrong(mill_binding *b, const mill_type *t, const char *required,
                                    mill_error *err) __attribute__((cold));
mill_status mill_bind_unordered(mill_binding *b, const char *name, const mill_type *t,
                                mill_error *err) __attribute__((cold));

/* ---- loops ---------------------------------------------------------------------------------- */

#define MILL_AT(T, v, i) (((const T *)(v)->data)[(uint32_t)(i) & (v)->mask])

/* The rows among n whose bits are set, in order, by words of 64: a loop that asks row by row guesses
** wrong wherever nulls come and go, and pays more for that than for the row. i is a place in the
** word `left`, whose bits are the rows still to come. */
static inline uint64_t mill_valid_word(const uint64_t *valid, size_t i, size_t n) {
  uint64_t word = valid ? valid[i >> 6] : UINT64_MAX;
  return n - i < 64 ? word & ((1ull << (n - i)) - 1) : word;
}
static inline bool mill_next_row(const uint64_t *valid, size_t n, size_t *i, size_t *left) {
  while (*left == 0) {
    *i = (*i | 63) + 1;
    if (*i >= n) return false;
    *left = mill_valid_word(valid, *i, n);
  }
  *i = (*i & ~(size_t)63) + (size_t)__builtin_ctzll(*left);
  return true;
}
#define MILL_ROWS(valid, n, i)                                                                     \
  for (size_t i = 0, i##_left = (n) ? mill_valid_word(valid, 0, n) : 0;                            \
       mill_next_row(valid, n, &i, &i##_left); i##_left &= i##_left - 1)
#define MILL_EACH(out, n, i) MILL_ROWS((out)->valid, n, i)

/* Rows of a vector that are not null. */
static inline size_t mill_count_valid(const mill_vector *v, size_t n) {
  size_t count = 0;
  if (v->type->phys == MILL_PHYS_NONE) return 0;
  if (v->valid == NULL) return n;
  if (v->mask == 0) return mill_vector_valid(v, 0) ? n : 0;
  for (size_t i = 0; i < n; i += 64)
    count += (size_t)__builtin_popcountll(mill_valid_word(v->valid, i, n));
  return count;
}

/* r = EXPR of x (type A) into R, one loop without branches. */
#define MILL_MAP1(A, R, EXPR)                                                                      \
  do {                                                                                             \
    const A *x_ = args[0]->data;                                                                   \
    R *restrict r_ = out->data;                                                                    \
    if (args[0]->mask) {                                                                           \
      for (size_t i = 0; i < n; i++) {                                                             \
        const A x = x_[i];                                                                         \
        r_[i] = (R)(EXPR);                                                                         \
      }                                                                                            \
    } else {                                                                                       \
      const A x = x_[0];                                                                           \
      const R one_ = (R)(EXPR);                                                                    \
      for (size_t i = 0; i < n; i++) r_[i] = one_;                                                 \
    }                                                                                              \
  } while (0)

/* r = EXPR of x (type A) and y (type B) into R. */
#define MILL_MAP2(A, B, R, EXPR)                                                                   \
  do {                                                                                             \
    const A *x_ = args[0]->data;                                                                   \
    const B *y_ = args[1]->data;                                                                   \
    R *restrict r_ = out->data;                                                                    \
    if (args[0]->mask && args[1]->mask) {                                                          \
      for (size_t i = 0; i < n; i++) {                                                             \
        const A x = x_[i];                                                                         \
        const B y = y_[i];                                                                         \
        r_[i] = (R)(EXPR);                                                                         \
      }                                                                                            \
    } else if (args[0]->mask) {                                                                    \
      const B y = y_[0];                                                                           \
      for (size_t i = 0; i < n; i++) {                                                             \
        const A x = x_[i];                                                                         \
        r_[i] = (R)(EXPR);                                                                         \
      }                                                                                            \
    } else {                                                                                       \
      const A x = x_[0];                                                                           \
      const uint32_t m_ = args[1]->mask;                                                           \
      for (size_t i = 0; i < n; i++) {                                                             \
        const B y = y_[(uint32_t)i & m_];                                                          \
        r_[i] = (R)(EXPR);                                                                         \
      }                                                                                            \
    }                                                                                              \
  } while (0)

/* Loops over values that are words (mill_phys_is_word), once for each type of them: the cases of a
** switch by physical type, where F(T) is a statement for words of type T. Equal and more are those of
** mill_vector_compare: NaN is equal to itself and above all numbers. */
#define MILL_WORD_CASES(F)                                                                         \
  case MILL_PHYS_BOOL: F(uint8_t); break;                                                          \
  case MILL_PHYS_I8: F(int8_t); break;                                                             \
  case MILL_PHYS_I16: F(int16_t); break;                                                           \
  case MILL_PHYS_I32: F(int32_t); break;                                                           \
  case MILL_PHYS_I64: F(int64_t); break;                                                           \
  case MILL_PHYS_F32: F(float); break;                                                             \
  case MILL_PHYS_F64:                                                                              \
    F(double);                                                                                     \
    break;
#define MILL_WORD_SAME(x, y) ((x) == (y) || ((x) != (x) && (y) != (y)))
#define MILL_WORD_MORE(x, y) ((x) > (y) || ((x) != (x) && (y) == (y)))

/* Kernels whose whole body is such a loop. */
#define MILL_KERNEL1(NAME, A, R, EXPR)                                                             \
  MILL_HOT static mill_status NAME(mill_call *call, const mill_vector *const *args, size_t n,      \
                                   mill_vector *out, mill_error *err) {                            \
    (void)call, (void)err;                                                                         \
    MILL_MAP1(A, R, EXPR);                                                                         \
    return MILL_OK;                                                                                \
  }
#define MILL_KERNEL2(NAME, A, B, R, EXPR)                                                          \
  MILL_HOT static mill_status NAME(mill_call *call, const mill_vector *const *args, size_t n,      \
                                   mill_vector *out, mill_error *err) {                            \
    (void)call, (void)err;                                                                         \
    MILL_MAP2(A, B, R, EXPR);                                                                      \
    return MILL_OK;                                                                                \
  }

/* Value i of an integer or decimal vector of any width; of FLOAT or DOUBLE. */
static inline mill_i128 mill_int_at(const mill_vector *v, size_t i) {
  switch (v->type->phys) {
  case MILL_PHYS_BOOL: return MILL_AT(uint8_t, v, i);
  case MILL_PHYS_I8: return MILL_AT(int8_t, v, i);
  case MILL_PHYS_I16: return MILL_AT(int16_t, v, i);
  case MILL_PHYS_I32: return MILL_AT(int32_t, v, i);
  case MILL_PHYS_I64: return MILL_AT(int64_t, v, i);
  default: return MILL_AT(mill_i128, v, i);
  }
}

static inline mill_status mill_set_null(mill_call *call, mill_vector *out, size_t i,
                                        mill_error *err) {
  return mill_vector_set_null(out, i, call->arena, err);
}

/* Fixed-width values of a flat or constant vector into the n rows of a flat one. */
static inline void mill_copy_fixed(mill_vector *out, const mill_vector *v, size_t n) {
  size_t width = v->type->width;
  if (v->mask) memcpy(out->data, v->data, n * width);
  for (size_t i = 0; !v->mask && i < n; i++) memcpy((char *)out->data + i * width, v->data, width);
}

/* Row i of the result is row i of args[pick[i]], or null where pick[i] < 0. All have out's type. */
mill_status mill_pick_rows(mill_call *call, const mill_vector *const *args, const int32_t *pick,
                           size_t n, mill_vector *out, mill_error *err) MILL_USE_RESULT;

/* The session's time zone; UTC where none is set. */
struct mill_zone;
const struct mill_zone *mill_session_zone(const mill_settings *set);

/* ---- string results ------------------------------------------------------------------------- */

/* Room for n bytes that live as long as the batch. Ask for the most that the row may need, then
** mill_str_done gives back what it did not use. */
static inline mill_status mill_bytes_take(mill_call *call, size_t n, char **p, mill_error *err) {
  mill_arena *a = call->arena;
  if (n > INT32_MAX) return mill_oom(a->memory, n, err);
  if ((size_t)(a->end - a->at) >= n + 16) { /* no zeroing on the usual path */
    *p = a->at;
    a->at += (n + 15) & ~(size_t)15;
    return MILL_OK;
  }
  MILL_TRY(mill_watch_check(err)); /* once a block of the arena: few rows may make much */
  *p = mill_arena_alloc(a, n ? n : 1);
  return *p ? MILL_OK : mill_oom(a->memory, n, err);
}

/* The string of the first n bytes at p, which mill_bytes_take gave out last. */
static inline mill_str mill_str_done(mill_call *call, char *p, size_t n) {
  size_t keep = n <= MILL_STR_INLINE ? 0 : (n + 15) & ~(size_t)15;
  mill_str s = mill_str_view(p, n);
  call->arena->at = p + keep;
  return s;
}

#endif
