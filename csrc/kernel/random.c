/* rand, randn, uniform: Spark's XORShiftRandom, so that a seed gives the numbers that Spark gives
** for as many partitions as there are morsels: morsel m, the upper bits of a row's position, has the
** generator of seed + m.
**
** Row r of a morsel needs the generator's state after all rows before it. For rand random_jump.h finds it, so
** rows can be computed in any order by any worker. randn rejects pairs (Java's polar method) and must
** walk; it remembers where it stopped, and a worker that asks for earlier rows walks from the start. */
#include <math.h>
#include <pthread.h>

#include "base/number.h"
#include "base/xorshift.h"
#include "kernel/kernel_int.h"
#include "kernel/random_jump.h"

#define KERNEL_HEAD(NAME)                                                                          \
  static mill_status NAME(mill_call *call, const mill_vector *const *args, size_t n,               \
                          mill_vector *out, mill_error *err)

typedef struct {
  uint64_t state;
  double spare;
  bool has_spare;
  uint64_t row; /* its position */
} walker;

typedef struct {
  mill_jump jump;
  pthread_mutex_t lock;
  walker at; /* randn, guarded by the lock */
} random_plan;

/* ---- the generator -------------------------------------------------------------------------- */

/* Before the two steps of a row. */
static uint64_t state_at(const random_plan *plan, uint64_t position) {
  return mill_jump_state(&plan->jump, position, 2);
}

/* At the start of the morsel of a position. */
static walker walk_from(const random_plan *plan, uint64_t position) {
  return (walker){.state = mill_jump_first(&plan->jump, position),
                  .row = position >> MILL_MORSEL_BITS << MILL_MORSEL_BITS};
}

static double next_double(uint64_t *s) {
  mill_xorshift r = {*s};
  double v = mill_xorshift_double(&r);
  *s = r.state;
  return v;
}

/* Java's Random.nextGaussian: pairs in the unit disc, the second kept for the next call. */
static double next_gaussian(walker *w) {
  if (w->has_spare) {
    w->has_spare = false;
    return w->spare;
  }
  double a, b, square;
  do {
    a = 2 * next_double(&w->state) - 1;
    b = 2 * next_double(&w->state) - 1;
    square = a * a + b * b;
  } while (square >= 1 || square == 0);
  double by = sqrt(-2 * log(square) / square);
  w->spare = b * by;
  w->has_spare = true;
  return a * by;
}

/* ---- kernels -------------------------------------------------------------------------------- */

/* A step waits for the one before it, so the rows go in four parts at once, each with its own state. */
KERNEL_HEAD(k_rand) {
  enum { PARTS = 4 };
  const random_plan *plan = call->state;
  size_t each = n / PARTS;
  uint64_t s[PARTS] = {state_at(plan, call->first_row)};
  double *r = out->data;
  (void)args, (void)err;
  for (int k = 1; k < PARTS; k++) s[k] = mill_jump_by(&plan->jump, s[k - 1], 2 * each);
  for (size_t i = 0; i < each; i++)
    for (int k = 0; k < PARTS; k++) r[k * each + i] = next_double(&s[k]);
  for (size_t i = PARTS * each; i < n; i++) r[i] = next_double(&s[PARTS - 1]);
  return MILL_OK;
}

KERNEL_HEAD(k_randn) {
  random_plan *plan = (random_plan *)(uintptr_t)call->state;
  double *r = out->data;
  (void)args, (void)err;
  pthread_mutex_lock(&plan->lock);
  walker w = plan->at;
  pthread_mutex_unlock(&plan->lock);
  if (w.row > call->first_row || w.row >> MILL_MORSEL_BITS != call->first_row >> MILL_MORSEL_BITS)
    w = walk_from(plan, call->first_row);
  for (; w.row < call->first_row; w.row++) next_gaussian(&w);
  for (size_t i = 0; i < n; i++) r[i] = next_gaussian(&w);
  w.row += n;
  pthread_mutex_lock(&plan->lock);
  if (w.row > plan->at.row) plan->at = w;
  pthread_mutex_unlock(&plan->lock);
  return MILL_OK;
}

static void put_whole(mill_vector *out, size_t i, mill_i128 v) {
  switch (out->type->phys) {
  case MILL_PHYS_I8: ((int8_t *)out->data)[i] = (int8_t)v; break;
  case MILL_PHYS_I16: ((int16_t *)out->data)[i] = (int16_t)v; break;
  case MILL_PHYS_I32: ((int32_t *)out->data)[i] = (int32_t)v; break;
  case MILL_PHYS_I64: ((int64_t *)out->data)[i] = (int64_t)v; break;
  default: ((mill_i128 *)out->data)[i] = v;
  }
}

static mill_status put_decimal(mill_call *call, double d, size_t i, mill_vector *out,
                               mill_error *err) {
  mill_i128 v;
  const mill_type *t = out->type;
  if (mill_decimal_from_double(d, t->precision, t->scale, &v)) {
    put_whole(out, i, v);
    return MILL_OK;
  }
  if (!call->set->ansi) return mill_set_null(call, out, i, err);
  char text[MILL_DOUBLE_TEXT];
  mill_double_text(d, text);
  return mill_call_fail(call, err, MILL_E_NUMERIC_VALUE_OUT_OF_RANGE_WITH_SUGGESTION, "value", text,
                        "precision", mill_error_fmt(err, "%d", t->precision), "scale",
                        mill_error_fmt(err, "%d", t->scale), "config", "\"spark.sql.ansi.enabled\"",
                        NULL);
}

/* uniform(min, max): min + (max - min) * rand, cut to the type. A bound that is null makes all null, a seed is 0
** then. */
KERNEL_HEAD(k_uniform) {
  const random_plan *plan = call->state;
  uint64_t s = state_at(plan, call->first_row);
  bool real = args[0]->type->id == MILL_DOUBLE;
  for (size_t i = 0; i < n && !(mill_vector_valid(args[0], 0) && mill_vector_valid(args[1], 0));
       i++)
    MILL_TRY(mill_set_null(call, out, i, err));
  for (size_t i = 0; i < n; i++) {
    double lo = real ? MILL_AT(double, args[0], i) : (double)mill_int_at(args[0], i);
    double hi = real ? MILL_AT(double, args[1], i) : (double)mill_int_at(args[1], i);
    double x = lo + (hi - lo) * next_double(&s);
    switch (out->type->id) {
    case MILL_DOUBLE: ((double *)out->data)[i] = x; break;
    case MILL_FLOAT: ((float *)out->data)[i] = (float)x; break;
    case MILL_DECIMAL: MILL_TRY(put_decimal(call, x, i, out, err)); break;
    default: put_whole(out, i, (int64_t)x);
    }
  }
  return MILL_OK;
}

/* ---- binding -------------------------------------------------------------------------------- */

static mill_status bind_seed(mill_binding *b, int arg, mill_error *err) {
  void *mem;
  mill_vector v;
  uint64_t seed = b->set->seed;
  MILL_TRY(mill_bind_alloc(b, sizeof(random_plan), &mem, err));
  random_plan *plan = mem;
  mill_settings_once(b->set);
  if (arg < b->nargs) {
    MILL_TRY(mill_bind_constant(b, arg, &v, err));
    seed = mill_vector_valid(&v, 0) ? (uint64_t)(int64_t)mill_int_at(&v, 0) : 0;
  }
  mill_jump_init(&plan->jump, seed);
  plan->at = walk_from(plan, 0);
  pthread_mutex_init(&plan->lock, NULL);
  b->state = plan;
  b->nullable = false;
  return MILL_OK;
}

static mill_status bind_rand(mill_binding *b, mill_error *err) {
  if (b->nargs == 1 && b->arg_type[0]->id != MILL_INT && b->arg_type[0]->id != MILL_BIGINT &&
      b->arg_type[0]->id != MILL_NULL)
    return mill_bind_wrong_type(b, 0, "(\"INT\" or \"BIGINT\")", err);
  if (b->nargs == 1 && b->arg_value[0] == NULL)
    return mill_fail(err, MILL_E_SEED_EXPRESSION_IS_UNFOLDABLE, "seedExpr",
                     mill_error_fmt(err, "\"%s\"", mill_arg_sql(b, 0)), "exprWithSeed",
                     mill_bind_sql(b, err), NULL);
  MILL_TRY(mill_bind_types(b, b->nargs ? "#bigint -> double" : "-> double", err));
  return bind_seed(b, 0, err);
}

/* The type of the numbers: DOUBLE where there is one, then FLOAT, then the last DECIMAL; NULL: the
** wider of two integral types. */
static const mill_type *real_of(const mill_binding *b) {
  const mill_type *t = NULL;
  for (int i = 0; i < 2; i++) {
    const mill_type *a = b->cast_to[i];
    if (a->id == MILL_DOUBLE || (t && t->id == MILL_DOUBLE)) {
      t = mill_type_of(MILL_DOUBLE);
    } else if (a->id == MILL_FLOAT || (a->id == MILL_DECIMAL && !(t && t->id == MILL_FLOAT))) {
      t = a;
    }
  }
  return t;
}

static mill_status bind_uniform(mill_binding *b, mill_error *err) {
  static const char *const names[] = {"`min`", "`max`", "`seed`"};
  const bool same[] = {true, true, false};
  MILL_TRY(mill_bind_types(
      b, b->nargs == 2 ? "!numeric, !numeric -> $1" : "!numeric, !numeric, !int|bigint -> $1",
      err));
  for (int i = 0; i < b->nargs; i++)
    if (b->arg_value[i] == NULL)
      return mill_fail(err, MILL_E_DATATYPE_MISMATCH_NON_FOLDABLE_INPUT, "sqlExpr",
                       mill_bind_sql(b, err), "inputName", names[i], "inputType",
                       "integer or floating-point", "inputExpr",
                       mill_error_fmt(err, "\"%s\"", mill_arg_sql(b, i)), NULL);
  const mill_type *real = real_of(b);
  for (int i = 0; real && i < 2; i++) b->cast_to[i] = mill_type_of(MILL_DOUBLE);
  MILL_TRY(mill_bind_common(b, same, err));
  b->result = real ? real : b->cast_to[0];
  MILL_TRY(bind_seed(b, 2, err));
  b->safe = b->result->id != MILL_DECIMAL;
  b->nullable = b->arg_nullable[0] || b->arg_nullable[1] || (!b->safe && !b->set->ansi);
  return MILL_OK;
}

/* The place of a row: its morsel in the upper bits, as a partition of Spark has. */
KERNEL_HEAD(k_position) {
  (void)args, (void)err;
  for (size_t i = 0; i < n; i++) ((int64_t *)out->data)[i] = (int64_t)(call->first_row + i);
  return MILL_OK;
}
KERNEL_HEAD(k_morsel) {
  (void)args, (void)err;
  for (size_t i = 0; i < n; i++)
    ((int32_t *)out->data)[i] = (int32_t)((call->first_row + i) >> MILL_MORSEL_BITS);
  return MILL_OK;
}

const mill_function mill_family_random[] = {
    {.name = "monotonically_increasing_id",
     .types = "-> bigint",
     .kernel = k_position,
     .flags = MILL_FN_NONDETERMINISTIC | MILL_FN_NEVER_NULL | MILL_FN_NO_RAISE,
     .usage = "monotonically_increasing_id()",
     .doc = "A number that grows from row to row, with gaps.",
     .example = "SELECT monotonically_increasing_id() -> 0"},
    {.name = "spark_partition_id",
     .types = "-> int",
     .kernel = k_morsel,
     .flags = MILL_FN_NONDETERMINISTIC | MILL_FN_NEVER_NULL | MILL_FN_NO_RAISE,
     .usage = "spark_partition_id()",
     .doc = "The number of the part of the source that the row is in.",
     .example = "SELECT spark_partition_id() -> 0"},
    {.name = "rand",
     .types = "any?",
     .bind = bind_rand,
     .kernel = k_rand,
     .flags = MILL_FN_NONDETERMINISTIC | MILL_FN_NULLS | MILL_FN_NO_RAISE | MILL_FN_NEVER_NULL,
     .alias = "=random",
     .usage = "rand([seed])",
     .doc = "A random number of [0, 1), another one for each row.",
     .example = "SELECT rand(0) -> 0.7604953758285915"},
    {.name = "randn",
     .types = "any?",
     .bind = bind_rand,
     .kernel = k_randn,
     .flags = MILL_FN_NONDETERMINISTIC | MILL_FN_NULLS | MILL_FN_NO_RAISE | MILL_FN_NEVER_NULL,
     .usage = "randn([seed])",
     .doc = "A random number of the standard normal distribution, another one for each row.",
     .example = "SELECT randn(0) -> 1.6034991609278433"},
    {.name = "uniform",
     .types = "any, any, any?",
     .bind = bind_uniform,
     .kernel = k_uniform,
     .flags = MILL_FN_NONDETERMINISTIC | MILL_FN_NULLS,
     .usage = "uniform(min, max[, seed])",
     .doc = "A random number between two bounds, another one for each row.",
     .example = "SELECT uniform(10, 20, 0) -> 17"},
    {0}};
