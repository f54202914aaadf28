/* vector_inner_product, vector_cosine_similarity, vector_l2_distance, vector_norm, vector_normalize, vector_sum,
** vector_avg: vectors as ARRAY<FLOAT>.
**
** Functions sum in double precision and answer in float. A vector with a NULL in it counts as NULL. vector_sum adds
** floats one by one, and vector_avg keeps the mean of the rows so far, as Spark does. */
#include <math.h>

#include "base/number.h"
#include "kernel/agg_int.h"
#include "kernel/list_int.h"

typedef struct {
  const float *x;
  uint32_t n;
  bool whole; /* no NULL in it */
} floats;

/* Row i. Items of lists are flat. */
static floats floats_at(const mill_vector *v, size_t i) {
  mill_span s = MILL_AT(mill_span, v, i);
  const mill_vector *item = &v->child[0];
  floats f = {(const float *)item->data + s.start, s.size, true};
  for (uint32_t k = 0; item->valid && k < s.size; k++)
    f.whole &= mill_vector_valid(item, s.start + k);
  return f;
}

static mill_status fail_dimensions(const mill_call *call, uint32_t left, uint32_t right,
                                   mill_error *err) {
  return mill_call_fail(call, err, MILL_E_VECTOR_DIMENSION_MISMATCH, "functionName",
                        mill_error_fmt(err, "`%s`", call->fn->name), "leftDim",
                        mill_error_fmt(err, "%u", left), "rightDim",
                        mill_error_fmt(err, "%u", right), NULL);
}

/* ---- two vectors ---------------------------------------------------------------------------- */

static double inner(floats a, floats b) {
  double sum = 0;
  for (uint32_t k = 0; k < a.n; k++) sum += (double)a.x[k] * (double)b.x[k];
  return sum;
}

static double cosine(floats a, floats b) {
  return inner(a, b) / (sqrt(inner(a, a)) * sqrt(inner(b, b)));
}

static double distance(floats a, floats b) {
  double sum = 0;
  for (uint32_t k = 0; k < a.n; k++) {
    double d = (double)a.x[k] - (double)b.x[k];
    sum += d * d;
  }
  return sqrt(sum);
}

typedef struct {
  double (*of)(floats a, floats b);
  bool zero_null; /* of a vector without length: NULL */
} pair_plan;

static bool no_length(floats a) {
  for (uint32_t k = 0; k < a.n; k++)
    if (a.x[k] != 0) return false;
  return true;
}

static mill_status pair(mill_call *call, const mill_vector *const *args, size_t n, mill_vector *out,
                        mill_error *err) {
  const pair_plan *plan = call->state;
  MILL_EACH(out, n, i) {
    floats a = floats_at(args[0], i), b = floats_at(args[1], i);
    if (a.n != b.n) return fail_dimensions(call, a.n, b.n, err);
    bool null = !a.whole || !b.whole || (plan->zero_null && (no_length(a) || no_length(b)));
    if (null)
      MILL_TRY(mill_set_null(call, out, i, err));
    else
      ((float *)out->data)[i] = (float)plan->of(a, b);
  }
  return MILL_OK;
}

/* ---- norms ---------------------------------------------------------------------------------- */

static double norm(floats a, float degree) {
  double sum = 0;
  for (uint32_t k = 0; k < a.n; k++) {
    double x = fabs((double)a.x[k]);
    if (isinf(degree))
      sum = x > sum || x != x ? x : sum;
    else
      sum += degree == 1 ? x : x * x;
    if (sum != sum) break;
  }
  return degree == 2 ? sqrt(sum) : sum;
}

static mill_status check_degree(const mill_call *call, float degree, mill_error *err) {
  if (degree == 1 || degree == 2 || (isinf(degree) && degree > 0)) return MILL_OK;
  char text[MILL_DOUBLE_TEXT];
  mill_float_text(degree, text);
  return mill_call_fail(call, err, MILL_E_INVALID_VECTOR_NORM_DEGREE, "functionName",
                        mill_error_fmt(err, "`%s`", call->fn->name), "degree",
                        mill_error_fmt(err, "%s", text), NULL);
}

static mill_status vector_norm(mill_call *call, const mill_vector *const *args, size_t n,
                               mill_vector *out, mill_error *err) {
  MILL_EACH(out, n, i) {
    floats a = floats_at(args[0], i);
    float degree = MILL_AT(float, args[1], i);
    MILL_TRY(check_degree(call, degree, err));
    if (a.whole)
      ((float *)out->data)[i] = (float)norm(a, degree);
    else
      MILL_TRY(mill_set_null(call, out, i, err));
  }
  return MILL_OK;
}

static mill_status put_floats(mill_call *call, mill_vector *out, size_t i, const float *x,
                              uint32_t n, double over, mill_error *err) {
  mill_vector *item = &out->child[0];
  MILL_TRY(mill_vector_reserve(item, item->size + n, call->arena, err));
  ((mill_span *)out->data)[i] = (mill_span){item->size, n};
  for (uint32_t k = 0; k < n; k++)
    ((float *)item->data)[item->size++] = over == 1 ? x[k] : (float)((double)x[k] / over);
  return MILL_OK;
}

static mill_status vector_normalize(mill_call *call, const mill_vector *const *args, size_t n,
                                    mill_vector *out, mill_error *err) {
  MILL_EACH(out, n, i) {
    floats a = floats_at(args[0], i);
    float degree = MILL_AT(float, args[1], i);
    MILL_TRY(check_degree(call, degree, err));
    double length = a.whole ? norm(a, degree) : 0;
    if (!a.whole || (a.n && length == 0))
      MILL_TRY(mill_set_null(call, out, i, err));
    else
      MILL_TRY(put_floats(call, out, i, a.x, a.n, length, err));
  }
  return MILL_OK;
}

/* ---- aggregates ----------------------------------------------------------------------------- */

typedef struct {
  float *x; /* NULL: no row yet */
  uint32_t n;
  int64_t count;
} total;

/* Take in the sum or mean of `count` rows. */
static mill_status take_in(mill_call *call, total *s, floats f, int64_t count, mill_error *err) {
  bool mean = strcmp(call->fn->name, "vector_avg") == 0;
  if (s->count == 0) {
    s->x = mill_arena_take(call->arena, f.n * sizeof *s->x + 1);
    if (s->x == NULL) return mill_oom(call->arena->memory, f.n * sizeof *s->x, err);
    memcpy(s->x, f.x, f.n * sizeof *s->x);
    s->n = f.n;
    s->count = count;
    return MILL_OK;
  }
  if (s->n != f.n) return fail_dimensions(call, s->n, f.n, err);
  s->count += count;
  for (uint32_t k = 0; k < f.n; k++) {
    float step = (f.x[k] - s->x[k]) * ((float)count / (float)s->count);
    s->x[k] += mean ? step : f.x[k];
  }
  return MILL_OK;
}

AGG_UPDATE(vector_update) {
  AGG_ROWS(args[0], n, i) {
    floats f = floats_at(args[0], i);
    if (f.whole) MILL_TRY(take_in(call, states[i], f, 1, err));
  }
  return MILL_OK;
}

AGG_MERGE(vector_merge) {
  for (size_t i = 0; i < n; i++) {
    int64_t count = MILL_AT(int64_t, &partial->child[1], i);
    if (count) MILL_TRY(take_in(call, states[i], floats_at(&partial->child[0], i), count, err));
  }
  return MILL_OK;
}

AGG_OUTPUT(vector_save) {
  for (size_t i = 0; i < n; i++) {
    const total *s = states[i];
    MILL_TRY(put_floats(call, &out->child[0], i, s->x, s->n, 1, err));
    ((int64_t *)out->child[1].data)[i] = s->count;
  }
  return MILL_OK;
}

AGG_OUTPUT(vector_final) {
  for (size_t i = 0; i < n; i++) {
    const total *s = states[i];
    if (s->count)
      MILL_TRY(put_floats(call, out, i, s->x, s->n, 1, err));
    else
      MILL_TRY(mill_set_null(call, out, i, err));
  }
  return MILL_OK;
}

static const mill_aggregate vector_agg = {.state_size = sizeof(total),
                                          .update = vector_update,
                                          .merge = vector_merge,
                                          .save = vector_save,
                                          .final = vector_final};

/* ---- binding -------------------------------------------------------------------------------- */

static bool is_floats(const mill_type *t) {
  return t->id == MILL_ARRAY && t->fields[0].type->id == MILL_FLOAT;
}

/* Vectors of floats themselves: nothing is cast, not even an untyped NULL. */
static mill_status check_vectors(mill_binding *b, int vectors, mill_error *err) {
  for (int i = 0; i < b->nargs; i++) {
    bool fits = i < vectors ? is_floats(b->arg_type[i]) : b->arg_type[i]->id == MILL_FLOAT;
    if (!fits)
      return mill_bind_wrong_type(b, i, i < vectors ? "\"ARRAY<FLOAT>\"" : "\"FLOAT\"", err);
  }
  b->nullable = true;
  return MILL_OK;
}

static mill_status bind_pair(mill_binding *b, mill_error *err) {
  static const pair_plan plans[] = {{inner, false}, {cosine, true}, {distance, false}};
  const char *name = b->fn->name;
  bool of_inner = strcmp(name, "vector_inner_product") == 0;
  bool of_cosine = strcmp(name, "vector_cosine_similarity") == 0;
  b->state = (void *)(uintptr_t)&plans[of_inner ? 0 : of_cosine ? 1 : 2];
  b->result = mill_type_of(MILL_FLOAT);
  return check_vectors(b, 2, err);
}

static mill_status bind_norm(mill_binding *b, mill_error *err) {
  b->result = mill_type_of(MILL_FLOAT);
  return check_vectors(b, 1, err);
}

static mill_status vector_result(mill_binding *b, mill_error *err) {
  b->result = mill_type_array(b->ctx->types, mill_type_of(MILL_FLOAT), false);
  return b->result ? MILL_OK : mill_oom(b->ctx->memory, sizeof *b->result, err);
}

static mill_status bind_normalize(mill_binding *b, mill_error *err) {
  MILL_TRY(check_vectors(b, 1, err));
  return vector_result(b, err);
}

static mill_status bind_total(mill_binding *b, mill_error *err) {
  MILL_TRY(check_vectors(b, 1, err));
  MILL_TRY(vector_result(b, err));
  const mill_type *fields[] = {b->result, mill_type_of(MILL_BIGINT)};
  return mill_bind_partial(b, 2, fields, err);
}

#define PAIR(NAME, DOC, EXAMPLE)                                                                   \
  {                                                                                                \
    .name = NAME, .types = "any, any", .bind = bind_pair, .kernel = pair,                          \
    .usage = NAME "(array1, array2)", .doc = DOC, .example = EXAMPLE                               \
  }
#define TOTAL(NAME, DOC, EXAMPLE)                                                                  \
  {                                                                                                \
    .name = NAME, .types = "any", .kind = MILL_AGGREGATE, .bind = bind_total,                      \
    .aggregate = &vector_agg, .usage = NAME "(array)", .doc = DOC, .example = EXAMPLE              \
  }

const mill_function mill_family_vector_math[] = {
    PAIR("vector_inner_product", "The sum of the products of the elements.",
         "SELECT vector_inner_product(array(1.0F, 2.0F, 3.0F), array(4.0F, 5.0F, 6.0F)) -> 32.0"),
    PAIR("vector_cosine_similarity",
         "The cosine of the angle between two vectors; NULL where one has no length.",
         "SELECT vector_cosine_similarity(array(1.0F, 0.0F), array(0.0F, 1.0F)) -> 0.0"),
    PAIR("vector_l2_distance", "How far apart two vectors are.",
         "SELECT vector_l2_distance(array(1.0F, 2.0F), array(4.0F, 6.0F)) -> 5.0"),
    {.name = "vector_norm",
     .types = "any, any?",
     .fill = ", 2.0F",
     .bind = bind_norm,
     .kernel = vector_norm,
     .usage = "vector_norm(vector[, degree])",
     .doc = "The length of a vector, by the norm of degree 1.0, 2.0 or infinity.",
     .example = "SELECT vector_norm(array(3.0F, 4.0F)) -> 5.0\n"
                "SELECT vector_norm(array(3.0F, 4.0F), 1.0F) -> 7.0"},
    {.name = "vector_normalize",
     .types = "any, any?",
     .fill = ", 2.0F",
     .bind = bind_normalize,
     .kernel = vector_normalize,
     .usage = "vector_normalize(vector[, degree])",
     .doc = "The vector of length 1 in the same direction; NULL where it has no length.",
     .example = "SELECT vector_normalize(array(3.0F, 4.0F)) -> [0.6,0.8]"},
    TOTAL("vector_sum", "The sum of vectors, element by element.",
          "SELECT vector_sum(col) FROM VALUES (array(1.0F, 2.0F)), (array(3.0F, 4.0F)) AS tab(col) "
          "-> [4.0,6.0]"),
    TOTAL("vector_avg", "The mean of vectors, element by element.",
          "SELECT vector_avg(col) FROM VALUES (array(1.0F, 2.0F)), (array(3.0F, 4.0F)) AS tab(col) "
          "-> [2.0,3.0]"),
    {0}};
