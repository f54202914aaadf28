/* approx_count_distinct: HyperLogLog++ (Heule, Nunkesser, Hall 2013) over Spark's 64-bit hashes.
**
** Registers are those of Spark. Few values are counted linearly and many by the raw estimate, as
** there; between the two, where the paper corrects by measured tables, Ertl's estimator (2017) is
** taken, which needs none. */
#include <math.h>

#include "base/hash.h"
#include "kernel/agg_int.h"
#include "kernel/hll_int.h"

typedef struct {
  int p; /* 2^p registers */
} hll_plan;

typedef struct {
  uint8_t *reg;
} hll;

/* ---- hashes of Spark's XxHash64Function ----------------------------------------------------- */

static uint64_t hash_double(double d) {
  int64_t w;
  if (d != d)
    w = 0x7ff8000000000000;
  else
    d += 0.0, memcpy(&w, &d, 8);
  return (uint64_t)mill_xxh64_long(w, 42);
}

static uint64_t hash_float(float f) {
  int32_t w;
  if (f != f)
    w = 0x7fc00000;
  else
    f += 0.0f, memcpy(&w, &f, 4);
  return (uint64_t)mill_xxh64_int(w, 42);
}

static uint64_t hash_row(const mill_vector *v, uint32_t row) {
  uint32_t k = mill_vector_at(v, row);
  uint64_t h;
  switch (v->type->phys) {
  case MILL_PHYS_BOOL: return (uint64_t)mill_xxh64_int(((const uint8_t *)v->data)[k], 42);
  case MILL_PHYS_I8: return (uint64_t)mill_xxh64_int(((const int8_t *)v->data)[k], 42);
  case MILL_PHYS_I16: return (uint64_t)mill_xxh64_int(((const int16_t *)v->data)[k], 42);
  case MILL_PHYS_I32: return (uint64_t)mill_xxh64_int(((const int32_t *)v->data)[k], 42);
  case MILL_PHYS_I64: return (uint64_t)mill_xxh64_long(((const int64_t *)v->data)[k], 42);
  case MILL_PHYS_F32: return hash_float(((const float *)v->data)[k]);
  case MILL_PHYS_F64: return hash_double(((const double *)v->data)[k]);
  case MILL_PHYS_STR: {
    uint64_t room;
    mill_bytes_key s = mill_text_key(v->type, (const mill_str *)v->data + k, &room);
    return (uint64_t)mill_xxh64_bytes(s.p, s.n, 42);
  }
  default: mill_vector_hash(v, &row, 1, false, &h); return h;
  }
}

/* ---- registers ------------------------------------------------------------------------------ */

static mill_status open_registers(mill_call *call, hll *s, mill_error *err) {
  size_t m = (size_t)1 << ((const hll_plan *)call->state)->p;
  if (s->reg) return MILL_OK;
  s->reg = mill_arena_alloc(call->arena, m);
  return s->reg ? MILL_OK : mill_oom(call->arena->memory, m, err);
}

AGG_UPDATE(hll_update) {
  int p = ((const hll_plan *)call->state)->p;
  if (args[0]->type->phys == MILL_PHYS_NONE) return MILL_OK;
  AGG_ROWS(args[0], n, i) MILL_TRY(open_registers(call, states[i], err));
  AGG_ROWS(args[0], n, i) {
    hll *s = states[i];
    uint64_t h = hash_row(args[0], (uint32_t)i);
    uint8_t rank = (uint8_t)(__builtin_clzll(h << p | 1ull << (p - 1)) + 1);
    uint8_t *reg = &s->reg[h >> (64 - p)];
    if (rank > *reg) *reg = rank;
  }
  return MILL_OK;
}

AGG_MERGE(hll_merge) {
  size_t m = (size_t)1 << ((const hll_plan *)call->state)->p;
  for (size_t i = 0; i < n; i++) {
    if (!mill_vector_valid(partial, i)) continue;
    const mill_str *x = &MILL_AT(mill_str, partial, i);
    const uint8_t *from = (const uint8_t *)mill_str_data(x);
    hll *s = states[i];
    if (x->size != m) continue;
    MILL_TRY(open_registers(call, s, err));
    for (size_t k = 0; k < m; k++)
      if (from[k] > s->reg[k]) s->reg[k] = from[k];
  }
  return MILL_OK;
}

AGG_OUTPUT(hll_save) {
  size_t m = (size_t)1 << ((const hll_plan *)call->state)->p;
  mill_str *r = out->data;
  for (size_t i = 0; i < n; i++) {
    const hll *s = states[i];
    if (s->reg)
      r[i] = mill_str_view((const char *)s->reg, m);
    else
      MILL_TRY(mill_set_null(call, out, i, err));
  }
  return MILL_OK;
}

/* ---- estimates ------------------------------------------------------------------------------ */

static double sigma(double x) {
  double y = 1, z = x, before;
  if (x == 1) return INFINITY;
  do {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  } while (z != before);
  return z;
}

static double tau(double x) {
  double y = 1, z = 1 - x, before;
  if (x == 0 || x == 1) return 0;
  do {
    x = sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) * (1 - x) * y;
  } while (z != before);
  return z / 3;
}

double mill_hll_ertl(const uint8_t *reg, int p, int q) {
  size_t m = (size_t)1 << p, count[66] = {0};
  for (size_t k = 0; k < m; k++) count[reg[k]]++;
  double z = (double)m * tau(1 - (double)count[q + 1] / (double)m);
  for (int k = q; k >= 1; k--) z = 0.5 * (z + (double)count[k]);
  z += (double)m * sigma((double)count[0] / (double)m);
  return (double)m * (double)m / (2 * 0.6931471805599453 * z);
}

static double estimate(const uint8_t *reg, int p) {
  static const double thresholds[] = {10,   20,   40,    80,    220,   400,    900,   1800,
                                      3100, 6500, 11500, 20000, 50000, 120000, 350000};
  size_t m = (size_t)1 << p, zeros = 0;
  double inverse = 0;
  for (size_t k = 0; k < m; k++) {
    inverse += 1.0 / (double)(1ull << reg[k]);
    zeros += reg[k] == 0;
  }
  if (zeros) {
    double linear = (double)m * log((double)m / (double)zeros);
    bool few = p - 4 < 15 ? linear <= thresholds[p - 4] : true;
    if (few) return linear;
  }
  double alpha = p == 4   ? 0.673
                 : p == 5 ? 0.697
                 : p == 6 ? 0.709
                          : 0.7213 / (1 + 1.079 / (double)m);
  double raw = alpha * (double)m * (double)m / inverse;
  return raw < 5 * (double)m ? mill_hll_ertl(reg, p, 64 - p) : raw;
}

AGG_OUTPUT(hll_final) {
  int p = ((const hll_plan *)call->state)->p;
  int64_t *r = out->data;
  (void)err;
  for (size_t i = 0; i < n; i++) {
    const hll *s = states[i];
    r[i] = s->reg ? (int64_t)floor(estimate(s->reg, p) + 0.5) : 0;
  }
  return MILL_OK;
}

static const mill_aggregate hll_agg = {.state_size = sizeof(hll),
                                       .update = hll_update,
                                       .merge = hll_merge,
                                       .save = hll_save,
                                       .final = hll_final};

static mill_status bind_hll(mill_binding *b, mill_error *err) {
  mill_vector v;
  void *mem;
  double rsd = 0.05;
  bool said = b->nargs > 1,
       literal = said && b->arg_value[1] && mill_vector_valid(b->arg_value[1], 0);
  mill_type_id id = said ? b->arg_type[1]->id : MILL_DOUBLE;
  if (said && (!literal || (id != MILL_DOUBLE && id != MILL_DECIMAL)))
    return mill_fail(err, MILL_E_LEGACY_1104, NULL);
  MILL_TRY(mill_bind_types(b, "any, #double? -> bigint", err));
  MILL_TRY(mill_bind_alloc(b, sizeof(hll_plan), &mem, err));
  MILL_TRY(mill_bind_constant(b, 1, &v, err));
  if (v.type && mill_vector_valid(&v, 0)) rsd = MILL_AT(double, &v, 0);
  int p = rsd > 0 ? (int)ceil(2 * log(1.106 / rsd) / log(2.0)) : 0;
  if (rsd > 0 && p < 4)
    return mill_fail(err, MILL_E_FAILED_FUNCTION_CALL, "funcName", "`approx_count_distinct`", NULL);
  if (p < 4 || p > 24)
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_VALUE_OUT_OF_RANGE, "sqlExpr",
                     mill_bind_sql(b, err), "exprName", "relativeSD", "valueRange",
                     "(0.000270, 0.390000]", "currentValue", mill_error_fmt(err, "%g", rsd), NULL);
  ((hll_plan *)mem)->p = p;
  b->state = mem;
  b->nullable = false;
  b->partial = mill_type_of(MILL_BINARY);
  return MILL_OK;
}

const mill_function mill_family_agg_distinct[] = {
    {.name = "approx_count_distinct",
     .types = "any, any?",
     .kind = MILL_AGGREGATE,
     .bind = bind_hll,
     .aggregate = &hll_agg,
     .usage = "approx_count_distinct(expr[, relativeSD])",
     .doc = "About how many different values there are.",
     .example = "SELECT approx_count_distinct(col1) FROM VALUES (1), (1), (2), (2), (3) AS "
                "tab(col1) -> 3"},
    {0}};
