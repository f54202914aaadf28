/* count, count_if, sum, avg, their try_ forms: aggregates that add.
**
** Integers, decimals and intervals add exactly in 128 bits, so that the order and the grouping of
** partial sums cannot be seen, rows can be taken back out, and an overflow is decided on the final
** value only. So do fractions, in exact sums of doubles (exact_sum.h). */
#include "base/decimal.h"
#include "kernel/agg_int.h"
#include "kernel/coerce.h"
#include "kernel/exact_sum.h"

typedef struct {
  int64_t count;
} counter;

typedef struct {
  mill_i128 sum;
  int64_t count;
  bool over; /* 128 bits were not enough */
} exact_sum;

/* The sum of integers of up to 32 bits, which are fewer than 2^47, in 16 bytes: 80 bits of it, count.
**
**     low: the sum's lower 64 bits     rest: | the sum's upper 16 bits | count, 48 bits |
*/
typedef struct {
  uint64_t low, rest;
} small_sum;

typedef struct {
  mill_exact_sum sum;
  int64_t count;
} double_sum;

/* Bound state of sum and avg. */
typedef struct {
  bool trying, average;
  int scale; /* decimals */
} sum_plan;

/* ---- few groups ----------------------------------------------------------------------------- */

/* What a batch brings to each group is summed up before it is added to the group's state: twice, for
** even rows and odd ones, so that a row need not wait for the one before. */

static void *few_state(const mill_few_groups *g, uint32_t k) {
  return g->states + (size_t)k * g->stride;
}

static const uint32_t *few_rows(mill_few_groups *g, size_t n) {
  uint32_t odd[MILL_FEW_GROUPS];
  const uint32_t *group = g->group;
  if (g->counted) return g->rows;
  memset(g->rows, 0, g->ngroups * sizeof *g->rows);
  memset(odd, 0, g->ngroups * sizeof *odd);
  for (size_t i = 0; i + 1 < n; i += 2) {
    g->rows[group[i]]++;
    odd[group[i + 1]]++;
  }
  if (n % 2) g->rows[group[n - 1]]++;
  for (uint32_t k = 0; k < g->ngroups; k++) g->rows[k] += odd[k];
  g->counted = true;
  return g->rows;
}

/* ---- count ---------------------------------------------------------------------------------- */

/* Rows in which no argument is null. */
static bool all_valid(const mill_call *call, const mill_vector *const *args, size_t i) {
  for (int k = 0; k < call->nargs; k++)
    if (args[k]->type->phys == MILL_PHYS_NONE || !mill_vector_valid(args[k], i)) return false;
  return true;
}

static void add_counts(mill_call *call, void *const *states, const mill_vector *const *args,
                       size_t n, int64_t step) {
  bool any_null = false;
  for (int k = 0; k < call->nargs; k++)
    any_null |= args[k]->valid != NULL || args[k]->type->phys == MILL_PHYS_NONE;
  if (!any_null) {
    for (size_t i = 0; i < n; i++) ((counter *)states[i])->count += step;
    return;
  }
  if (call->nargs == 1) {
    if (args[0]->type->phys == MILL_PHYS_NONE) return;
    AGG_ROWS(args[0], n, i)((counter *)states[i])->count += step;
    return;
  }
  for (size_t i = 0; i < n; i++)
    if (all_valid(call, args, i)) ((counter *)states[i])->count += step;
}

AGG_UPDATE(count_update) {
  (void)err;
  add_counts(call, states, args, n, 1);
  return MILL_OK;
}

AGG_UPDATE(count_retract) {
  (void)err;
  add_counts(call, states, args, n, -1);
  return MILL_OK;
}

static mill_status count_all(mill_call *call, void *state, const mill_vector *const *args, size_t n,
                             mill_error *err) {
  counter *c = state;
  int64_t total = (int64_t)n;
  (void)err;
  if (call->nargs == 1) {
    c->count += (int64_t)mill_count_valid(args[0], n);
    return MILL_OK;
  }
  for (size_t i = 0; i < n; i++) total -= !all_valid(call, args, i);
  c->count += total;
  return MILL_OK;
}

AGG_FEW(count_few) {
  const uint32_t *rows = few_rows(g, n);
  (void)call, (void)args, (void)err;
  for (uint32_t k = 0; k < g->ngroups; k++) ((counter *)few_state(g, k))->count += rows[k];
  return MILL_OK;
}

AGG_UPDATE(count_if_update) {
  (void)call, (void)err;
  AGG_ROWS(args[0], n, i)((counter *)states[i])->count += MILL_AT(uint8_t, args[0], i);
  return MILL_OK;
}

MILL_HOT static int64_t sum_of_flags(const uint8_t *flag, size_t n) {
  int64_t total = 0;
  for (size_t i = 0; i < n; i++) total += flag[i];
  return total;
}

static mill_status count_if_all(mill_call *call, void *state, const mill_vector *const *args,
                                size_t n, mill_error *err) {
  int64_t *count = &((counter *)state)->count;
  (void)call, (void)err;
  if (args[0]->mask && args[0]->valid == NULL)
    *count += sum_of_flags(args[0]->data, n);
  else
    AGG_ROWS(args[0], n, i) *count += MILL_AT(uint8_t, args[0], i);
  return MILL_OK;
}

AGG_UPDATE(count_if_retract) {
  (void)call, (void)err;
  AGG_ROWS(args[0], n, i)((counter *)states[i])->count -= MILL_AT(uint8_t, args[0], i);
  return MILL_OK;
}

AGG_MERGE(count_merge) {
  (void)call, (void)err;
  for (size_t i = 0; i < n; i++) ((counter *)states[i])->count += MILL_AT(int64_t, partial, i);
  return MILL_OK;
}

AGG_COMBINE(count_combine) {
  (void)call, (void)err;
  for (size_t i = 0; i < n; i++) ((counter *)to[i])->count += ((const counter *)from[i])->count;
  return MILL_OK;
}

AGG_OUTPUT(count_out) {
  int64_t *r = out->data;
  (void)call, (void)err;
  for (size_t i = 0; i < n; i++) r[i] = ((const counter *)states[i])->count;
  return MILL_OK;
}

static const mill_aggregate count_agg = {.state_size = sizeof(counter),
                                         .update = count_update,
                                         .merge = count_merge,
                                         .save = count_out,
                                         .final = count_out,
                                         .update_all = count_all,
                                         .retract = count_retract,
                                         .update_few = count_few,
                                         .combine = count_combine,
                                         .exact = true,
                                         .common = true};
static const mill_aggregate count_if_agg = {.state_size = sizeof(counter),
                                            .update = count_if_update,
                                            .update_all = count_if_all,
                                            .merge = count_merge,
                                            .save = count_out,
                                            .final = count_out,
                                            .retract = count_if_retract,
                                            .combine = count_combine,
                                            .exact = true};

static mill_status bind_count(mill_binding *b, mill_error *err) {
  const mill_type *bigint = mill_type_of(MILL_BIGINT);
  (void)err;
  b->result = b->partial = bigint;
  b->nullable = false;
  return MILL_OK;
}

static mill_status bind_count_if(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "boolean -> bigint", err));
  return bind_count(b, err);
}

/* ---- sums of small integers ------------------------------------------------------------------ */

enum { COUNT_BITS = 48 };

static inline void small_add(small_sum *s, int64_t x, int64_t count) {
  uint64_t low = s->low + (uint64_t)x;
  int64_t up = (low < s->low) - (x < 0);
  s->low = low;
  s->rest += (uint64_t)count + ((uint64_t)up << COUNT_BITS);
}

static int64_t small_count(const small_sum *s) {
  return (int64_t)(s->rest & ((1ull << COUNT_BITS) - 1));
}
static mill_i128 small_value(const small_sum *s) {
  return (mill_i128)((unsigned __int128)(int64_t)((int64_t)s->rest >> COUNT_BITS) << 64 | s->low);
}

static void small_add_sum(small_sum *s, mill_i128 sum, int64_t count) {
  mill_i128 all = small_value(s) + sum;
  uint64_t up = (uint64_t)((unsigned __int128)all >> 64);
  *s = (small_sum){(uint64_t)all, up << COUNT_BITS | (uint64_t)(small_count(s) + count)};
}

/* Sum of n plain values, fewer than 2^31: loops of plain vector additions. Of small ones so many are added
** in 32 bits as fit there. */
#define PLAIN_SUM(S, T, SUM, FIT)                                                                  \
  MILL_HOT static mill_i128 plain_sum_##S(const T *restrict x, size_t n) {                         \
    int64_t all = 0;                                                                               \
    for (size_t from = 0; from < n; from += (FIT)) {                                               \
      const size_t stop = n - from < (FIT) ? n : from + (FIT);                                     \
      SUM sum = 0;                                                                                 \
      for (size_t i = from; i < stop; i++) sum += x[i];                                            \
      all += sum;                                                                                  \
    }                                                                                              \
    return all;                                                                                    \
  }
PLAIN_SUM(i8, int8_t, int32_t, (size_t)1 << 23)
PLAIN_SUM(i16, int16_t, int32_t, (size_t)1 << 15)
PLAIN_SUM(i32, int32_t, int64_t, (size_t)1 << 31)

/* In two 64-bit halves, the upper one of values moved up to be positive. */
MILL_HOT static mill_i128 plain_sum_i64(const int64_t *restrict x, size_t n) {
  uint64_t high = 0, low = 0;
  for (size_t i = 0; i < n; i++) {
    high += ((uint64_t)x[i] ^ 1ull << 63) >> 32;
    low += (uint32_t)x[i];
  }
  return (mill_i128)((int64_t)high - ((int64_t)n << 31)) * 4294967296 + low;
}

/* A batch's sum of a group, and in the lower bits how many rows it has. */
enum { FEW_BITS = 12 };
_Static_assert(MILL_BATCH < 1 << FEW_BITS, "as many rows can be counted");

static void small_add_few(const mill_few_groups *g, const int64_t *even, const int64_t *odd) {
  for (uint32_t k = 0; k < g->ngroups; k++) {
    const int64_t sum = even[k] + odd[k];
    if (sum) small_add(few_state(g, k), sum >> FEW_BITS, sum & ((1 << FEW_BITS) - 1));
  }
}

#define SMALL(S, T)                                                                                \
  AGG_UPDATE(sum_##S) {                                                                            \
    (void)call, (void)err;                                                                         \
    if (args[0]->valid == NULL && args[0]->mask) {                                                 \
      const T *x = args[0]->data;                                                                  \
      for (size_t i = 0; i < n; i++) small_add(states[i], x[i], 1);                                \
      return MILL_OK;                                                                              \
    }                                                                                              \
    AGG_ROWS(args[0], n, i) small_add(states[i], MILL_AT(T, args[0], i), 1);                       \
    return MILL_OK;                                                                                \
  }                                                                                                \
  AGG_UPDATE(unsum_##S) {                                                                          \
    (void)call, (void)err;                                                                         \
    AGG_ROWS(args[0], n, i) small_add(states[i], -(int64_t)MILL_AT(T, args[0], i), -1);            \
    return MILL_OK;                                                                                \
  }                                                                                                \
  static mill_status sum_all_##S(mill_call *call, void *state, const mill_vector *const *args,     \
                                 size_t n, mill_error *err) {                                      \
    (void)call, (void)err;                                                                         \
    if (args[0]->valid == NULL && args[0]->mask) {                                                 \
      small_add_sum(state, plain_sum_##S(args[0]->data, n), (int64_t)n);                           \
      return MILL_OK;                                                                              \
    }                                                                                              \
    AGG_ROWS(args[0], n, i) small_add(state, MILL_AT(T, args[0], i), 1);                           \
    return MILL_OK;                                                                                \
  }                                                                                                \
  AGG_FEW(few_##S) {                                                                               \
    const T *x = args[0]->data;                                                                    \
    const uint32_t mask = args[0]->mask, *group = g->group;                                        \
    int64_t even[MILL_FEW_GROUPS], odd[MILL_FEW_GROUPS];                                           \
    (void)call, (void)err;                                                                         \
    memset(even, 0, g->ngroups * sizeof *even);                                                    \
    memset(odd, 0, g->ngroups * sizeof *odd);                                                      \
    for (size_t i = 0; i + 1 < n; i += 2) {                                                        \
      even[group[i]] += (int64_t)x[i & mask] * (1 << FEW_BITS) + 1;                                \
      odd[group[i + 1]] += (int64_t)x[(i + 1) & mask] * (1 << FEW_BITS) + 1;                       \
    }                                                                                              \
    if (n % 2) even[group[n - 1]] += (int64_t)x[(n - 1) & mask] * (1 << FEW_BITS) + 1;             \
    small_add_few(g, even, odd);                                                                   \
    return MILL_OK;                                                                                \
  }
SMALL(i8, int8_t)
SMALL(i16, int16_t)
SMALL(i32, int32_t)

/* ---- exact sums ----------------------------------------------------------------------------- */

/* What the states of small and other integers have in common: their value. */
static exact_sum exact_value(const void *state, bool small) {
  const small_sum *s = state;
  return small ? (exact_sum){small_value(s), small_count(s), false} : *(const exact_sum *)state;
}

static void exact_add(exact_sum *s, mill_i128 sum, int64_t count, bool over) {
  s->count += count;
  s->over |= over | __builtin_add_overflow(s->sum, sum, &s->sum);
}

AGG_UPDATE(sum_i64) {
  (void)call, (void)err;
  AGG_ROWS(args[0], n, i) {
    exact_sum *s = states[i];
    s->sum += MILL_AT(int64_t, args[0], i);
    s->count++;
  }
  return MILL_OK;
}

AGG_UPDATE(unsum_i64) {
  (void)call, (void)err;
  AGG_ROWS(args[0], n, i) {
    exact_sum *s = states[i];
    s->sum -= MILL_AT(int64_t, args[0], i);
    s->count--;
  }
  return MILL_OK;
}

static mill_status sum_all_i64(mill_call *call, void *state, const mill_vector *const *args,
                               size_t n, mill_error *err) {
  exact_sum *s = state;
  (void)call, (void)err;
  if (args[0]->valid == NULL && args[0]->mask) {
    s->sum += plain_sum_i64(args[0]->data, n);
    s->count += (int64_t)n;
    return MILL_OK;
  }
  AGG_ROWS(args[0], n, i) {
    s->sum += MILL_AT(int64_t, args[0], i);
    s->count++;
  }
  return MILL_OK;
}

AGG_FEW(few_i64) {
  const int64_t *x = args[0]->data;
  const uint32_t mask = args[0]->mask, *group = g->group, *rows = few_rows(g, n);
  int64_t high[MILL_FEW_GROUPS];
  uint64_t low[MILL_FEW_GROUPS];
  (void)call, (void)err;
  memset(high, 0, g->ngroups * sizeof *high);
  memset(low, 0, g->ngroups * sizeof *low);
  for (size_t i = 0; i < n; i++) {
    const int64_t v = x[i & mask];
    high[group[i]] += v >> 32;
    low[group[i]] += (uint32_t)v;
  }
  for (uint32_t k = 0; k < g->ngroups; k++)
    if (rows[k])
      exact_add(few_state(g, k), (mill_i128)high[k] * 4294967296 + low[k], rows[k], false);
  return MILL_OK;
}

AGG_UPDATE(sum_i128) {
  (void)call, (void)err;
  AGG_ROWS(args[0], n, i) {
    exact_sum *s = states[i];
    s->over |= __builtin_add_overflow(s->sum, MILL_AT(mill_i128, args[0], i), &s->sum);
    s->count++;
  }
  return MILL_OK;
}

AGG_UPDATE(unsum_i128) {
  (void)call, (void)err;
  AGG_ROWS(args[0], n, i) {
    exact_sum *s = states[i];
    s->over |= __builtin_sub_overflow(s->sum, MILL_AT(mill_i128, args[0], i), &s->sum);
    s->count--;
  }
  return MILL_OK;
}

AGG_MERGE(exact_merge) {
  (void)call, (void)err;
  const mill_vector *sum = &partial->child[0], *count = &partial->child[1];
  for (size_t i = 0; i < n; i++) {
    bool valid = mill_vector_valid(sum, i);
    exact_add(states[i], valid ? MILL_AT(mill_i128, sum, i) : 0, MILL_AT(int64_t, count, i),
              !valid);
  }
  return MILL_OK;
}

AGG_MERGE(small_merge) {
  (void)call, (void)err;
  const mill_vector *sum = &partial->child[0], *count = &partial->child[1];
  for (size_t i = 0; i < n; i++)
    small_add_sum(states[i], MILL_AT(mill_i128, sum, i), MILL_AT(int64_t, count, i));
  return MILL_OK;
}

AGG_COMBINE(exact_combine) {
  (void)call, (void)err;
  for (size_t i = 0; i < n; i++) {
    const exact_sum *x = from[i];
    exact_add(to[i], x->sum, x->count, x->over);
  }
  return MILL_OK;
}

AGG_COMBINE(small_combine) {
  (void)call, (void)err;
  for (size_t i = 0; i < n; i++) small_add_sum(to[i], small_value(from[i]), small_count(from[i]));
  return MILL_OK;
}

static mill_status save_exact(mill_call *call, void *const *states, size_t n, mill_vector *out,
                              bool small, mill_error *err) {
  mill_i128 *sum = out->child[0].data;
  int64_t *count = out->child[1].data;
  for (size_t i = 0; i < n; i++) {
    const exact_sum s = exact_value(states[i], small);
    sum[i] = s.sum;
    count[i] = s.count;
    if (s.over) MILL_TRY(mill_vector_set_null(&out->child[0], i, call->arena, err));
  }
  return MILL_OK;
}

AGG_OUTPUT(exact_save) { return save_exact(call, states, n, out, false, err); }
AGG_OUTPUT(small_save) { return save_exact(call, states, n, out, true, err); }

static void store_exact(mill_vector *out, size_t i, mill_i128 v) {
  switch (out->type->phys) {
  case MILL_PHYS_I32: ((int32_t *)out->data)[i] = (int32_t)v; break;
  case MILL_PHYS_I64: ((int64_t *)out->data)[i] = (int64_t)v; break;
  default: ((mill_i128 *)out->data)[i] = v; break;
  }
}

static bool exact_fits(const mill_type *t, mill_i128 v) {
  if (t->id == MILL_DECIMAL) return mill_decimal_fits(v, t->precision);
  return t->phys == MILL_PHYS_I32 ? v == (int32_t)v : v == (int64_t)v;
}

static mill_status sum_overflow(mill_call *call, mill_vector *out, size_t i, mill_i128 v,
                                mill_error *err) {
  const sum_plan *plan = call->state;
  const mill_type *t = out->type;
  bool decimal = t->id == MILL_DECIMAL;
  if (plan->trying || (decimal && !call->set->ansi)) return mill_set_null(call, out, i, err);
  if (t->id == MILL_BIGINT && !call->set->ansi) {
    store_exact(out, i, v);
    return MILL_OK;
  }
  if (!decimal && t->id != MILL_BIGINT)
    return mill_call_fail(call, err, MILL_E_INTERVAL_ARITHMETIC_OVERFLOW_WITH_SUGGESTION,
                          "functionName", "`try_add`", NULL);
  const char *name = decimal ? plan->average ? "try_avg" : "try_sum" : "try_add";
  return mill_call_fail(
      call, err, MILL_E_ARITHMETIC_OVERFLOW, "message",
      decimal ? "Overflow in sum of decimals" : "overflow", "alternative",
      mill_error_fmt(err, " Use '%s' to tolerate overflow and return NULL instead.", name),
      "config", "\"spark.sql.ansi.enabled\"", NULL);
}

static mill_status final_exact(mill_call *call, void *const *states, size_t n, mill_vector *out,
                               bool small, mill_error *err) {
  for (size_t i = 0; i < n; i++) {
    const exact_sum s = exact_value(states[i], small);
    if (s.count == 0) {
      MILL_TRY(mill_set_null(call, out, i, err));
    } else if (s.over || !exact_fits(out->type, s.sum)) {
      MILL_TRY(sum_overflow(call, out, i, s.sum, err));
    } else {
      store_exact(out, i, s.sum);
    }
  }
  return MILL_OK;
}

AGG_OUTPUT(exact_final) { return final_exact(call, states, n, out, false, err); }
AGG_OUTPUT(small_final) { return final_exact(call, states, n, out, true, err); }

/* ---- averages of exact sums ----------------------------------------------------------------- */

static mill_status final_mean(mill_call *call, void *const *states, size_t n, mill_vector *out,
                              bool small, mill_error *err) {
  double *r = out->data;
  for (size_t i = 0; i < n; i++) {
    const exact_sum s = exact_value(states[i], small);
    if (s.count == 0) MILL_TRY(mill_set_null(call, out, i, err));
    r[i] = s.count ? (double)s.sum / (double)s.count : 0;
  }
  return MILL_OK;
}

AGG_OUTPUT(exact_mean) { return final_mean(call, states, n, out, false, err); }
AGG_OUTPUT(small_mean) { return final_mean(call, states, n, out, true, err); }

/* Decimals and intervals: divided exactly, HALF_UP. */
static mill_status final_scaled(mill_call *call, void *const *states, size_t n, mill_vector *out,
                                bool small, mill_error *err) {
  const sum_plan *plan = call->state;
  const mill_type *t = out->type;
  int scale = t->id == MILL_DECIMAL ? t->scale : 0;
  int precision = t->id == MILL_DECIMAL ? t->precision : MILL_DECIMAL_MAX;
  for (size_t i = 0; i < n; i++) {
    const exact_sum s = exact_value(states[i], small);
    mill_i128 v = 0;
    if (s.count == 0) {
      MILL_TRY(mill_set_null(call, out, i, err));
    } else if (s.over || !mill_decimal_fits(s.sum, MILL_DECIMAL_MAX) ||
               (t->id != MILL_DECIMAL && !exact_fits(t, s.sum)) ||
               !mill_decimal_div(s.sum, plan->scale, s.count, 0, precision, scale, &v) ||
               !exact_fits(t, v)) {
      MILL_TRY(sum_overflow(call, out, i, 0, err));
    } else {
      store_exact(out, i, v);
    }
  }
  return MILL_OK;
}

AGG_OUTPUT(scaled_mean) { return final_scaled(call, states, n, out, false, err); }
AGG_OUTPUT(small_scaled_mean) { return final_scaled(call, states, n, out, true, err); }

/* ---- sums of fractions ---------------------------------------------------------------------- */

/* Two parts of doubles that are added without rounding (exact_sum.h). */
typedef double both_parts __attribute__((vector_size(16)));
enum { FEW_ROWS = 512 }; /* cut at a time */

static mill_status step_few(mill_call *call, const mill_few_groups *g, const uint32_t *group,
                            const double *x, size_t n, mill_error *err) {
  for (size_t i = 0; i < n; i++) {
    double_sum *s = few_state(g, group[i]);
    MILL_TRY(mill_exact_step(&s->sum, x[i], 1, call->arena, err));
  }
  return MILL_OK;
}

static void add_parts(both_parts *even, both_parts *odd, const uint32_t *group, const double *high,
                      const double *low, size_t n) {
  for (size_t i = 0; i + 1 < n; i += 2) {
    even[group[i]] += (both_parts){high[i], low[i]};
    odd[group[i + 1]] += (both_parts){high[i + 1], low[i + 1]};
  }
  if (n % 2) even[group[n - 1]] += (both_parts){high[n - 1], low[n - 1]};
}

/* Values are added part by part, those that are too far apart one by one. */
static mill_status add_few(mill_call *call, mill_few_groups *g, const double *x, size_t n,
                           mill_error *err) {
  mill_exact_cut cut;
  both_parts even[MILL_FEW_GROUPS], odd[MILL_FEW_GROUPS];
  double high[FEW_ROWS], low[FEW_ROWS];
  const uint32_t *rows = few_rows(g, n);
  bool near = mill_exact_cut_for(x, n, &cut);
  memset(even, 0, g->ngroups * sizeof *even);
  memset(odd, 0, g->ngroups * sizeof *odd);
  for (size_t at = 0, k; at < n; at += k) {
    k = n - at < FEW_ROWS ? n - at : FEW_ROWS;
    if (near && mill_exact_split(&cut, x + at, k, high, low))
      add_parts(even, odd, g->group + at, high, low, k);
    else
      MILL_TRY(step_few(call, g, g->group + at, x + at, k, err));
  }
  for (uint32_t k = 0; k < g->ngroups; k++) {
    double_sum *s = few_state(g, k);
    const both_parts both = even[k] + odd[k];
    s->count += rows[k];
    if (both[0] != 0) MILL_TRY(mill_exact_step(&s->sum, both[0], 1, call->arena, err));
    if (both[1] != 0) MILL_TRY(mill_exact_step(&s->sum, both[1], 1, call->arena, err));
  }
  return MILL_OK;
}

#define FRACTION(S, T)                                                                             \
  static mill_status step_##S(mill_call *call, void *const *states, const mill_vector *x,          \
                              size_t n, int sign, mill_error *err) {                               \
    AGG_ROWS(x, n, i) {                                                                            \
      double_sum *s = states[i];                                                                   \
      MILL_TRY(mill_exact_step(&s->sum, (double)MILL_AT(T, x, i), sign, call->arena, err));        \
      s->count += sign;                                                                            \
    }                                                                                              \
    return MILL_OK;                                                                                \
  }                                                                                                \
  AGG_UPDATE(sum_##S) { return step_##S(call, states, args[0], n, 1, err); }                       \
  AGG_UPDATE(unsum_##S) { return step_##S(call, states, args[0], n, -1, err); }                    \
  static mill_status sum_all_##S(mill_call *call, void *state, const mill_vector *const *args,     \
                                 size_t n, mill_error *err) {                                      \
    double x[MILL_BATCH];                                                                          \
    double_sum *s = state;                                                                         \
    if (sizeof(T) == sizeof *x && args[0]->valid == NULL && args[0]->mask) {                       \
      s->count += (int64_t)n;                                                                      \
      return mill_exact_add_all(&s->sum, args[0]->data, n, call->arena, err);                      \
    }                                                                                              \
    for (size_t i = 0, k; i < n;) {                                                                \
      for (k = 0; i < n && k < MILL_BATCH; i++)                                                    \
        if (mill_vector_valid(args[0], i)) x[k++] = (double)MILL_AT(T, args[0], i);                \
      MILL_TRY(mill_exact_add_all(&s->sum, x, k, call->arena, err));                               \
      s->count += (int64_t)k;                                                                      \
    }                                                                                              \
    return MILL_OK;                                                                                \
  }                                                                                                \
  AGG_FEW(few_##S) {                                                                               \
    double x[MILL_BATCH];                                                                          \
    if (sizeof(T) == sizeof *x && args[0]->mask) return add_few(call, g, args[0]->data, n, err);   \
    for (size_t i = 0; i < n; i++) x[i] = (double)MILL_AT(T, args[0], i);                          \
    return add_few(call, g, x, n, err);                                                            \
  }
FRACTION(f32, float)
FRACTION(f64, double)

AGG_MERGE(double_merge) {
  const mill_vector *wide = &partial->child[3], *count = &partial->child[4];
  for (size_t i = 0; i < n; i++) {
    double_sum *s = states[i];
    for (int k = 0; k < MILL_EXACT_PARTS; k++)
      MILL_TRY(
          mill_exact_step(&s->sum, MILL_AT(double, &partial->child[k], i), 1, call->arena, err));
    if (mill_vector_valid(wide, i)) {
      const mill_str *bytes = &MILL_AT(mill_str, wide, i);
      MILL_TRY(mill_exact_load(&s->sum, mill_str_data(bytes), bytes->size, call->arena, err));
    }
    s->count += MILL_AT(int64_t, count, i);
  }
  return MILL_OK;
}

AGG_COMBINE(double_combine) {
  for (size_t i = 0; i < n; i++) {
    double_sum *s = to[i];
    const double_sum *x = from[i];
    MILL_TRY(mill_exact_add_sum(&s->sum, &x->sum, call->arena, err));
    s->count += x->count;
  }
  return MILL_OK;
}

AGG_OUTPUT(double_save) {
  for (size_t i = 0; i < n; i++) {
    char *bytes;
    const double_sum *s = states[i];
    for (int k = 0; k < MILL_EXACT_PARTS; k++)
      ((double *)out->child[k].data)[i] = mill_exact_part(&s->sum, k);
    ((int64_t *)out->child[4].data)[i] = s->count;
    if (!mill_exact_is_wide(&s->sum)) {
      MILL_TRY(mill_set_null(call, &out->child[3], i, err));
      continue;
    }
    MILL_TRY(mill_bytes_take(call, MILL_EXACT_BYTES, &bytes, err));
    mill_exact_save(&s->sum, bytes);
    ((mill_str *)out->child[3].data)[i] = mill_str_done(call, bytes, MILL_EXACT_BYTES);
  }
  return MILL_OK;
}

AGG_OUTPUT(double_final) {
  const sum_plan *plan = call->state;
  double *r = out->data;
  for (size_t i = 0; i < n; i++) {
    const double_sum *s = states[i];
    r[i] = mill_exact_value(&s->sum);
    if (plan->average && s->count) r[i] /= (double)s->count;
    if (s->count == 0) MILL_TRY(mill_set_null(call, out, i, err));
  }
  return MILL_OK;
}

/* ---- binding -------------------------------------------------------------------------------- */

#define SMALL_AGG(S, FINAL)                                                                        \
  {                                                                                                \
    .state_size = sizeof(small_sum), .update = sum_##S, .merge = small_merge, .save = small_save,  \
    .final = FINAL, .update_all = sum_all_##S, .retract = unsum_##S, .update_few = few_##S,        \
    .combine = small_combine, .exact = true, .common = true                                        \
  }
#define EXACT_AGG(S, FINAL, ALL, FEW)                                                              \
  {                                                                                                \
    .state_size = sizeof(exact_sum), .update = sum_##S, .merge = exact_merge, .save = exact_save,  \
    .final = FINAL, .update_all = ALL, .retract = unsum_##S, .update_few = FEW,                    \
    .combine = exact_combine, .exact = true, .common = true                                        \
  }
#define EXACT_SET(FINAL, SMALL_FINAL)                                                              \
  {                                                                                                \
    SMALL_AGG(i8, SMALL_FINAL), SMALL_AGG(i16, SMALL_FINAL), SMALL_AGG(i32, SMALL_FINAL),          \
        EXACT_AGG(i64, FINAL, sum_all_i64, few_i64), EXACT_AGG(i128, FINAL, NULL, NULL)            \
  }
#define DOUBLE_AGG(S)                                                                              \
  {                                                                                                \
    .state_size = sizeof(double_sum), .update = sum_##S, .merge = double_merge,                    \
    .save = double_save, .final = double_final, .update_all = sum_all_##S, .retract = unsum_##S,   \
    .update_few = few_##S, .combine = double_combine, .exact = true, .common = true                \
  }
static const mill_aggregate exact_sums[] = EXACT_SET(exact_final, small_final);
static const mill_aggregate exact_means[] = EXACT_SET(exact_mean, small_mean);
static const mill_aggregate scaled_means[] = EXACT_SET(scaled_mean, small_scaled_mean);
static const mill_aggregate double_sums[] = {DOUBLE_AGG(f32), DOUBLE_AGG(f64)};

static int capped(int digits) { return digits > MILL_DECIMAL_MAX ? MILL_DECIMAL_MAX : digits; }

static const mill_type *sum_type(mill_binding *b, const mill_type *t, bool average) {
  mill_types *types = b->ctx->types;
  switch (t->id) {
  case MILL_DECIMAL:
    return average ? mill_type_decimal(types, capped(t->precision + 4), capped(t->scale + 4))
                   : mill_type_decimal(types, capped(t->precision + 10), t->scale);
  case MILL_INTERVAL_YM:
  case MILL_INTERVAL_DT: return average ? mill_type_of(t->id) : t;
  default:
    return average || !mill_type_integral(t) ? mill_type_of(MILL_DOUBLE)
                                             : mill_type_of(MILL_BIGINT);
  }
}

static void pick_sum(mill_binding *b, const mill_type *t, bool average) {
  if (t->id == MILL_FLOAT || t->id == MILL_DOUBLE) {
    b->aggregate = &double_sums[t->id == MILL_DOUBLE];
    return;
  }
  int column = t->phys - MILL_PHYS_I8;
  const mill_aggregate *set = !average                ? exact_sums
                              : mill_type_integral(t) ? exact_means
                                                      : scaled_means;
  b->aggregate = &set[column];
}

static mill_status bind_sum(mill_binding *b, bool average, bool trying, mill_error *err) {
  void *mem;
  const mill_type *t = mill_convert_to(b->ctx->types, "numeric|ym|dt", b->arg_type[0]);
  if (b->arg_type[0]->id == MILL_NULL) t = mill_type_of(MILL_DOUBLE);
  if (b->arg_type[0]->id == MILL_STRING || b->arg_type[0]->id == MILL_TIMESTAMP)
    t = mill_type_of(MILL_DOUBLE);
  if (t == NULL) return mill_bind_wrong_type(b, 0, "\"NUMERIC\" or \"ANSI INTERVAL\"", err);
  MILL_TRY(mill_bind_alloc(b, sizeof(sum_plan), &mem, err));
  *(sum_plan *)mem = (sum_plan){trying, average, t->id == MILL_DECIMAL ? t->scale : 0};
  b->state = mem;
  b->cast_to[0] = t;
  b->result = sum_type(b, t, average);
  b->nullable = true;
  pick_sum(b, t, average);
  bool fraction = t->id == MILL_FLOAT || t->id == MILL_DOUBLE;
  const mill_type *real = mill_type_of(MILL_DOUBLE), *count = mill_type_of(MILL_BIGINT);
  const mill_type *parts[] = {real, real, real, mill_type_of(MILL_BINARY), count};
  const mill_type *whole[] = {mill_type_decimal(b->ctx->types, MILL_DECIMAL_MAX, 0), count};
  if (b->result == NULL || whole[0] == NULL) return mill_oom(b->ctx->memory, sizeof whole, err);
  return fraction ? mill_bind_partial(b, 5, parts, err) : mill_bind_partial(b, 2, whole, err);
}

static mill_status bind_plain_sum(mill_binding *b, mill_error *err) {
  return bind_sum(b, false, false, err);
}
static mill_status bind_try_sum(mill_binding *b, mill_error *err) {
  return bind_sum(b, false, true, err);
}
static mill_status bind_avg(mill_binding *b, mill_error *err) {
  return bind_sum(b, true, false, err);
}
static mill_status bind_try_avg(mill_binding *b, mill_error *err) {
  return bind_sum(b, true, true, err);
}

#define SUM_DEF(NAME, ALIAS, BIND, DOC, EXAMPLE)                                                   \
  {                                                                                                \
    .name = NAME, .alias = ALIAS, .types = "any", .kind = MILL_AGGREGATE, .bind = BIND,            \
    .usage = NAME "(expr)", .doc = DOC, .example = EXAMPLE                                         \
  }

const mill_function mill_family_agg_sum[] = {
    {.name = "count",
     .types = "any, any*",
     .kind = MILL_AGGREGATE,
     .bind = bind_count,
     .aggregate = &count_agg,
     .usage = "count(expr[, expr...])",
     .doc = "How many rows there are in which no argument is null.",
     .example = "SELECT count(col) FROM VALUES (NULL), (5), (5), (20) AS tab(col) -> 3"},
    {.name = "count_if",
     .types = "any",
     .kind = MILL_AGGREGATE,
     .bind = bind_count_if,
     .aggregate = &count_if_agg,
     .usage = "count_if(expr)",
     .doc = "How many rows the condition holds for.",
     .example =
         "SELECT count_if(col % 2 = 0) FROM VALUES (NULL), (0), (1), (2), (3) AS tab(col) -> 2"},
    SUM_DEF("sum", NULL, bind_plain_sum, "The sum of the values that are not null.",
            "SELECT sum(col) FROM VALUES (5), (10), (15) AS tab(col) -> 30"),
    SUM_DEF("try_sum", NULL, bind_try_sum, "As sum, but null where it does not fit.",
            "SELECT try_sum(col) FROM VALUES (5), (10), (15) AS tab(col) -> 30"),
    SUM_DEF("avg", "mean", bind_avg, "The mean of the values that are not null.",
            "SELECT avg(col) FROM VALUES (1), (2), (3) AS tab(col) -> 2.0"),
    SUM_DEF("try_avg", NULL, bind_try_avg, "As avg, but null where the sum does not fit.",
            "SELECT try_avg(col) FROM VALUES (1), (2), (3) AS tab(col) -> 2.0"),
    {0}};
