/* count_min_sketch: how often values occur, from above [Cormode, Muthukrishnan, An improved data stream summary,
** 2005], in the format of Spark's CountMinSketch.
**
** d = log2(1 / (1 - confidence)) rows of w = 2 / eps counters, both rounded up. A value counts in one column of
** each row: integers by a multiplier a row, drawn from java.util.Random(seed), texts and bytes by two hashes.
** Bytes, big endian: version 1, number of values (8), d, w, the multipliers (8 each), the counters row by row. */
#include <math.h>

#include "base/number.h"
#include "base/xorshift.h"
#include "kernel/sketch_int.h"

typedef struct {
  uint32_t depth, width;
  uint64_t
      inverse; /* 2^64 / width, rounded up: a remainder is a product (Lemire, Kaser, Kurz 2019) */
  int64_t *multiplier;
} plan;

typedef struct {
  int64_t *counter; /* NULL: no value yet */
  int64_t total;
} table;

enum { HEAD = 20 };

static const int64_t PRIME = ((int64_t)1 << 31) - 1;

/* ---- counting ------------------------------------------------------------------------------- */

static inline uint32_t column_of_integer(uint64_t inverse, uint32_t width, int64_t multiplier,
                                         int64_t x) {
  uint64_t h = (uint64_t)multiplier * (uint64_t)x;
  h += (uint64_t)((int64_t)h >> 32);
  return (uint32_t)((__uint128_t)(inverse * (h & (uint64_t)PRIME)) * width >> 64);
}

static uint32_t column_of_bytes(const plan *p, uint32_t row, bytes s) {
  int32_t first = mill_murmur3_bytes(s.p, s.n, 0), second = mill_murmur3_bytes(s.p, s.n, first);
  int32_t h = (int32_t)((uint32_t)first + row * (uint32_t)second) % (int32_t)p->width;
  return (uint32_t)(h < 0 ? -h : h);
}

static mill_status open_table(mill_call *call, table *s, mill_error *err) {
  const plan *p = call->state;
  size_t size = (size_t)p->depth * p->width * sizeof *s->counter;
  if (s->counter) return MILL_OK;
  s->counter = mill_arena_alloc(call->arena, size);
  return s->counter ? MILL_OK : mill_oom(call->arena->memory, size, err);
}

static inline void count_integer(const plan *p, table *s, int64_t x) {
  const uint32_t width = p->width, depth = p->depth;
  const uint64_t inverse = p->inverse;
  int64_t *row = s->counter;
  for (uint32_t r = 0; r < depth; r++, row += width)
    row[column_of_integer(inverse, width, p->multiplier[r], x)]++;
}

AGG_UPDATE(count_update) {
  const plan *p = call->state;
  const mill_vector *v = args[0];
  if (v->type->phys == MILL_PHYS_NONE) return MILL_OK;
  bool text = v->type->phys == MILL_PHYS_STR;
  AGG_ROWS(v, n, i) {
    table *s = states[i];
    MILL_TRY(open_table(call, s, err));
    s->total++;
    if (!text) {
      count_integer(p, s, (int64_t)mill_int_at(v, i));
      continue;
    }
    for (uint32_t r = 0; r < p->depth; r++)
      s->counter[(size_t)r * p->width + column_of_bytes(p, r, bytes_at(v, i))]++;
  }
  return MILL_OK;
}

/* ---- bytes ---------------------------------------------------------------------------------- */

static uint8_t *put_big(uint8_t *p, uint64_t x, int n) {
  for (int k = n - 1; k >= 0; k--, x >>= 8) p[k] = (uint8_t)x;
  return p + n;
}

static int64_t get_big(const uint8_t *p, int n) {
  uint64_t x = 0;
  for (int k = 0; k < n; k++) x = x << 8 | p[k];
  return (int64_t)x;
}

static size_t size_of(const plan *p) {
  return HEAD + 8 * ((size_t)p->depth + (size_t)p->depth * p->width);
}

static mill_status put_table(mill_call *call, const table *s, mill_vector *out, size_t i,
                             mill_error *err) {
  const plan *p = call->state;
  size_t cells = (size_t)p->depth * p->width;
  uint8_t *start;
  MILL_TRY(mill_sketch_take(call, size_of(p), &start, err));
  uint8_t *at = put_big(start, 1, 4);
  at = put_big(at, (uint64_t)s->total, 8);
  at = put_big(at, p->depth, 4);
  at = put_big(at, p->width, 4);
  for (uint32_t r = 0; r < p->depth; r++) at = put_big(at, (uint64_t)p->multiplier[r], 8);
  for (size_t k = 0; s->counter && k < cells; k++) at = put_big(at, (uint64_t)s->counter[k], 8);
  put_view(out, i, (const char *)start, size_of(p));
  return MILL_OK;
}

AGG_OUTPUT(count_final) {
  for (size_t i = 0; i < n; i++) MILL_TRY(put_table(call, states[i], out, i, err));
  return MILL_OK;
}

AGG_MERGE(count_merge) {
  const plan *p = call->state;
  AGG_ROWS(partial, n, i) {
    table *s = states[i];
    bytes in = bytes_at(partial, i);
    const uint8_t *from = (const uint8_t *)in.p;
    if (in.n != size_of(p)) continue;
    MILL_TRY(open_table(call, s, err));
    s->total += get_big(from + 4, 8);
    from += HEAD + 8 * (size_t)p->depth;
    for (size_t k = 0; k < (size_t)p->depth * p->width; k++, from += 8)
      s->counter[k] += get_big(from, 8);
  }
  return MILL_OK;
}

AGG_COMBINE(count_combine) {
  const plan *p = call->state;
  for (size_t i = 0; i < n; i++) {
    const table *x = from[i];
    table *s = to[i];
    if (x->counter == NULL) continue;
    MILL_TRY(open_table(call, s, err));
    s->total += x->total;
    for (size_t k = 0; k < (size_t)p->depth * p->width; k++) s->counter[k] += x->counter[k];
  }
  return MILL_OK;
}

static const mill_aggregate count_agg = {.state_size = sizeof(table),
                                         .update = count_update,
                                         .merge = count_merge,
                                         .combine = count_combine,
                                         .save = count_final,
                                         .final = count_final,
                                         .exact = true};

/* ---- binding -------------------------------------------------------------------------------- */

/* Constant argument i, not NULL. */
static mill_status constant(mill_binding *b, int i, const char *name, mill_vector *v,
                            mill_error *err) {
  if (b->arg_value[i] == NULL)
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_NON_FOLDABLE_INPUT, "sqlExpr",
                     mill_bind_sql(b, err), "inputName", mill_error_fmt(err, "`%s`", name),
                     "inputType", mill_bind_type_sql(b, b->arg_type[i], err), "inputExpr",
                     mill_error_fmt(err, "\"%s\"", mill_arg_sql(b, i)), NULL);
  MILL_TRY(mill_bind_constant(b, i, v, err));
  if (v->type->phys != MILL_PHYS_NONE && mill_vector_valid(v, 0)) return MILL_OK;
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_UNEXPECTED_NULL, "sqlExpr", mill_bind_sql(b, err),
                   "exprName", name, NULL);
}

static mill_status share(mill_binding *b, int i, const char *name, const char *range, double below,
                         double *out, mill_error *err) {
  mill_vector v;
  char text[MILL_DOUBLE_TEXT];
  MILL_TRY(constant(b, i, name, &v, err));
  *out = MILL_AT(double, &v, 0);
  if (*out > 0 && *out < below) return MILL_OK;
  mill_double_text(*out, text);
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_VALUE_OUT_OF_RANGE, "sqlExpr",
                   mill_bind_sql(b, err), "exprName", name, "valueRange", range, "currentValue",
                   mill_error_fmt(err, "%sD", text), NULL);
}

/* java.util.Random.nextInt(bound), of a bound that is no power of two. */
static int64_t random_below(mill_java_random *r, int64_t bound) {
  for (;;) {
    int64_t u = mill_java_random_bits(r, 31), x = u % bound;
    if (u - x + (bound - 1) <= INT32_MAX) return x;
  }
}

static mill_status draw_multipliers(mill_binding *b, plan *p, int32_t seed, mill_error *err) {
  void *mem;
  mill_java_random r = mill_java_random_new((uint64_t)(int64_t)seed);
  MILL_TRY(mill_bind_alloc(b, p->depth * sizeof *p->multiplier, &mem, err));
  p->multiplier = mem;
  for (uint32_t k = 0; k < p->depth; k++) p->multiplier[k] = random_below(&r, INT32_MAX);
  return MILL_OK;
}

static mill_status bind_count_min(mill_binding *b, mill_error *err) {
  void *mem;
  double eps, confidence;
  mill_vector seed;
  MILL_TRY(
      mill_bind_types(b, "!integral|string|binary, !double, !double, !integral -> binary", err));
  b->cast_to[3] = mill_type_of(MILL_BIGINT);
  MILL_TRY(share(b, 1, "eps", "(0.0, 1.7976931348623157E308]", INFINITY, &eps, err));
  MILL_TRY(share(b, 2, "confidence", "(0.0, 1.0]", 1, &confidence, err));
  MILL_TRY(constant(b, 3, "seed", &seed, err));
  MILL_TRY(mill_bind_alloc(b, sizeof(plan), &mem, err));
  plan *p = b->state = mem;
  double width = ceil(2 / eps), depth = ceil(-log(1 - confidence) / log(2));
  if (width * depth > INT32_MAX / 8) return mill_oom(b->ctx->memory, INT32_MAX, err);
  p->width = (uint32_t)width;
  p->inverse = UINT64_MAX / p->width + 1;
  p->depth = (uint32_t)depth;
  b->nullable = false;
  b->partial = b->result;
  return draw_multipliers(b, p, (int32_t)MILL_AT(int64_t, &seed, 0), err);
}

const mill_function mill_family_sketch_count_min[] = {
    {.name = "count_min_sketch",
     .types = "any, any, any, any",
     .kind = MILL_AGGREGATE,
     .flags = MILL_FN_NAMED,
     .bind = bind_count_min,
     .aggregate = &count_agg,
     .usage = "count_min_sketch(column, epsilon, confidence, seed)",
     .doc = "A count-min sketch: counts that are at most epsilon times the number of values too "
            "large, with that confidence.",
     .example = "SELECT hex(count_min_sketch(col, 0.5D, 0.5D, 1)) FROM VALUES (1), (2), (1) AS "
                "tab(col) -> "
                "0000000100000000000000030000000100000004000000005D8D6AB90000000000000000000000000"
                "00000000200000000000000010000000000000000"},
    {0}};
