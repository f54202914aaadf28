/* histogram_numeric: a histogram of at most nb bins, whose places follow the values [Ben-Haim, Tom-Tov, A streaming
** parallel decision tree algorithm, 2010].
**
** A value joins the bin at its place or makes one. Where there are too many, the two closest become one at their
** weighted mean; of several such pairs one is drawn, by java.util.Random(31183) as Spark and Hive do. */
#include <math.h>
#include <stdlib.h>

#include "base/decimal.h"
#include "base/xorshift.h"
#include "kernel/agg_int.h"

typedef struct {
  double x, y; /* place, weight */
} bin;

typedef struct {
  bin *bin;
  uint32_t n, room;
  mill_java_random random;
} histogram;

typedef struct {
  uint32_t most;
} plan;

enum { FIRST_ROOM = 8, SEED = 31183 };

/* ---- bins ----------------------------------------------------------------------------------- */

static mill_status make_room(mill_call *call, histogram *s, uint32_t need, mill_error *err) {
  if (need <= s->room) return MILL_OK;
  uint32_t room = s->room ? 2 * s->room : FIRST_ROOM;
  if (room < need) room = need;
  bin *b = mill_arena_take(call->arena, room * sizeof *b);
  if (b == NULL) return mill_oom(call->arena->memory, room * sizeof *b, err);
  if (s->n) memcpy(b, s->bin, s->n * sizeof *b);
  if (s->room == 0) s->random = mill_java_random_new(SEED);
  s->bin = b;
  s->room = room;
  return MILL_OK;
}

static double draw(mill_java_random *r) {
  uint64_t high = mill_java_random_bits(r, 26);
  return (double)((high << 27) + mill_java_random_bits(r, 27)) * 0x1p-53;
}

static uint32_t closest_pair(histogram *s) {
  double least = s->bin[1].x - s->bin[0].x;
  uint32_t at = 0, ties = 1;
  for (uint32_t i = 1; i + 1 < s->n; i++) {
    double gap = s->bin[i + 1].x - s->bin[i].x;
    if (gap < least)
      least = gap, at = i, ties = 1;
    else if (gap == least && draw(&s->random) <= 1.0 / ++ties)
      at = i;
  }
  return at;
}

static void trim(histogram *s, uint32_t most) {
  while (s->n > most) {
    uint32_t at = closest_pair(s);
    bin *a = &s->bin[at], *b = a + 1;
    double y = a->y + b->y;
    a->x = a->x * (a->y / y) + b->x / y * b->y;
    a->y = y;
    memmove(b, b + 1, (s->n - at - 2) * sizeof *b);
    s->n--;
  }
}

static mill_status add_value(mill_call *call, histogram *s, double x, mill_error *err) {
  uint32_t low = 0, high = s->n, at = 0;
  while (low < high) {
    at = (low + high) / 2;
    if (s->bin[at].x > x)
      high = at;
    else if (s->bin[at].x < x)
      low = ++at;
    else
      break;
  }
  if (at < s->n && s->bin[at].x == x) {
    s->bin[at].y++;
    return MILL_OK;
  }
  MILL_TRY(make_room(call, s, s->n + 1, err));
  memmove(s->bin + at + 1, s->bin + at, (s->n - at) * sizeof *s->bin);
  s->bin[at] = (bin){x, 1};
  s->n++;
  trim(s, ((const plan *)call->state)->most);
  return MILL_OK;
}

static int by_place(const void *a, const void *b) {
  double x = ((const bin *)a)->x, y = ((const bin *)b)->x;
  return (x > y) - (x < y);
}

static mill_status add_bins(mill_call *call, histogram *s, const bin *b, uint32_t n,
                            mill_error *err) {
  bool first = s->n == 0;
  MILL_TRY(make_room(call, s, s->n + n, err));
  memcpy(s->bin + s->n, b, n * sizeof *b);
  s->n += n;
  if (first) return MILL_OK;
  qsort(s->bin, s->n, sizeof *b, by_place);
  trim(s, ((const plan *)call->state)->most);
  return MILL_OK;
}

/* ---- values --------------------------------------------------------------------------------- */

static double number_at(const mill_vector *v, size_t i) {
  switch (v->type->phys) {
  case MILL_PHYS_F32: return (double)MILL_AT(float, v, i);
  case MILL_PHYS_F64: return MILL_AT(double, v, i);
  default:
    return v->type->id == MILL_DECIMAL ? mill_decimal_to_double(mill_int_at(v, i), v->type->scale)
                                       : (double)mill_int_at(v, i);
  }
}

/* A place as a value of the type: integers and what is counted in them lose the fraction. */
static mill_status put_number(mill_call *call, mill_vector *out, uint32_t i, double x,
                              mill_error *err) {
  const mill_type *t = out->type;
  if (t->id == MILL_DECIMAL) {
    mill_i128 d;
    if (!mill_decimal_from_double(x, t->precision, t->scale, &d))
      return mill_set_null(call, out, i, err);
    if (t->phys == MILL_PHYS_I64)
      ((int64_t *)out->data)[i] = (int64_t)d;
    else
      ((mill_i128 *)out->data)[i] = d;
    return MILL_OK;
  }
  switch (t->phys) {
  case MILL_PHYS_F32: ((float *)out->data)[i] = (float)x; break;
  case MILL_PHYS_F64: ((double *)out->data)[i] = x; break;
  case MILL_PHYS_I8: ((int8_t *)out->data)[i] = (int8_t)(int64_t)x; break;
  case MILL_PHYS_I16: ((int16_t *)out->data)[i] = (int16_t)(int64_t)x; break;
  case MILL_PHYS_I32: ((int32_t *)out->data)[i] = (int32_t)(int64_t)x; break;
  default: ((int64_t *)out->data)[i] = (int64_t)x; break;
  }
  return MILL_OK;
}

/* ---- aggregate ------------------------------------------------------------------------------ */

AGG_UPDATE(histogram_update) {
  if (args[0]->type->phys == MILL_PHYS_NONE) return MILL_OK;
  AGG_ROWS(args[0], n, i) MILL_TRY(add_value(call, states[i], number_at(args[0], i), err));
  return MILL_OK;
}

/* It travels as its bins, x and y in turns. */
AGG_MERGE(histogram_merge) {
  const double *all = partial->child[0].data;
  for (size_t i = 0; i < n; i++) {
    mill_span s = MILL_AT(mill_span, partial, i);
    if (s.size) MILL_TRY(add_bins(call, states[i], (const bin *)(all + s.start), s.size / 2, err));
  }
  return MILL_OK;
}

AGG_OUTPUT(histogram_save) {
  mill_vector *item = &out->child[0];
  for (size_t i = 0; i < n; i++) {
    const histogram *s = states[i];
    MILL_TRY(mill_vector_reserve(item, item->size + 2 * s->n, call->arena, err));
    ((mill_span *)out->data)[i] = (mill_span){item->size, 2 * s->n};
    if (s->n) memcpy((double *)item->data + item->size, s->bin, s->n * sizeof *s->bin);
    item->size += 2 * s->n;
  }
  return MILL_OK;
}

AGG_OUTPUT(histogram_final) {
  mill_vector *item = &out->child[0];
  for (size_t i = 0; i < n; i++) {
    const histogram *s = states[i];
    uint32_t at = item->size;
    if (s->n == 0) {
      MILL_TRY(mill_set_null(call, out, i, err));
      continue;
    }
    MILL_TRY(mill_vector_reserve(item, at + s->n, call->arena, err));
    ((mill_span *)out->data)[i] = (mill_span){at, s->n};
    for (uint32_t k = 0; k < s->n; k++) {
      MILL_TRY(put_number(call, &item->child[0], at + k, s->bin[k].x, err));
      ((double *)item->child[1].data)[at + k] = s->bin[k].y;
    }
    item->size = item->child[0].size = item->child[1].size = at + s->n;
  }
  return MILL_OK;
}

static const mill_aggregate histogram_agg = {.state_size = sizeof(histogram),
                                             .update = histogram_update,
                                             .merge = histogram_merge,
                                             .save = histogram_save,
                                             .final = histogram_final};

/* ---- binding -------------------------------------------------------------------------------- */

static mill_status bind_most(mill_binding *b, mill_error *err) {
  mill_vector v;
  void *mem;
  b->cast_to[1] = mill_convert_to(b->ctx->types, "int", b->arg_type[1]);
  if (b->cast_to[1] == NULL) return mill_bind_wrong_type(b, 1, "\"INT\"", err);
  if (b->arg_value[1] == NULL)
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_NON_FOLDABLE_INPUT, "sqlExpr",
                     mill_bind_sql(b, err), "inputName", "`nb`", "inputType", "\"INT\"",
                     "inputExpr", mill_error_fmt(err, "\"%s\"", mill_arg_sql(b, 1)), NULL);
  MILL_TRY(mill_bind_constant(b, 1, &v, err));
  if (!mill_vector_valid(&v, 0))
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_UNEXPECTED_NULL, "sqlExpr",
                     mill_bind_sql(b, err), "exprName", "nb", NULL);
  int32_t most = MILL_AT(int32_t, &v, 0);
  MILL_TRY(mill_bind_alloc(b, sizeof(plan), &mem, err));
  ((plan *)mem)->most = (uint32_t)most;
  b->state = mem;
  if (most >= 2) return MILL_OK;
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_VALUE_OUT_OF_RANGE, "sqlExpr",
                   mill_bind_sql(b, err), "exprName", "nb", "valueRange", "[2, 2147483647]",
                   "currentValue", mill_error_fmt(err, "%d", (int)most), NULL);
}

static mill_status bind_histogram(mill_binding *b, mill_error *err) {
  mill_types *types = b->ctx->types;
  const mill_type *given = b->arg_type[0];
  const mill_type *t =
      given->id == MILL_STRING
          ? mill_type_of(MILL_DOUBLE)
          : mill_convert_to(types, "numeric|date|timestamp|timestamp_ntz|ym|dt|time", given);
  if (t == NULL)
    return mill_bind_wrong_type(b, 0,
                                "(\"NUMERIC\" or \"DATE\" or \"TIMESTAMP\" or \"TIMESTAMP_NTZ\" "
                                "or \"INTERVAL YEAR TO MONTH\" or \"INTERVAL DAY TO SECOND\" or "
                                "\"TIME\")",
                                err);
  b->cast_to[0] = t;
  MILL_TRY(bind_most(b, err));
  mill_field f[] = {{"x", t, true, NULL}, {"y", mill_type_of(MILL_DOUBLE), true, NULL}};
  const mill_type *item = mill_type_struct(types, f, 2);
  b->result = item ? mill_type_array(types, item, true) : NULL;
  b->partial = mill_type_array(types, mill_type_of(MILL_DOUBLE), false);
  b->nullable = true;
  return b->result && b->partial ? MILL_OK : mill_oom(b->ctx->memory, sizeof *f, err);
}

const mill_function mill_family_agg_histogram[] = {
    {.name = "histogram_numeric",
     .types = "any, any",
     .kind = MILL_AGGREGATE,
     .bind = bind_histogram,
     .aggregate = &histogram_agg,
     .usage = "histogram_numeric(expr, nb)",
     .doc = "A histogram of at most nb bins: where each lies and how many values it has.",
     .example =
         "SELECT histogram_numeric(col, 5) FROM VALUES (0), (1), (2), (10) AS tab(col) -> "
         "[{\"x\":0,\"y\":1.0},{\"x\":1,\"y\":1.0},{\"x\":2,\"y\":1.0},{\"x\":10,\"y\":1.0}]"},
    {0}};
