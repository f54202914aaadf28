/* max_by(x, y, k) and min_by(x, y, k): the x of the k rows with the largest or smallest y, best
** first, equals in the order of the rows. A state keeps at most four times k rows: then it sorts
** and cuts. */
#include <stdlib.h>

#include "kernel/agg_int.h"

enum { MAX_K = 100000, SLACK = 4 };

typedef struct {
  mill_vector *value, *key;
} top;

typedef struct {
  uint32_t k;
  bool largest;
} top_plan;

typedef struct {
  const mill_vector *key;
  int sign;
} sort_keys;

static int by_key(const void *a, const void *b, void *arg) {
  const sort_keys *s = arg;
  uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
  int c = s->sign * mill_vector_compare(s->key, i, s->key, j);
  return c ? c : (i > j) - (i < j);
}

static mill_status open_top(mill_call *call, top *s, const mill_vector *value,
                            const mill_vector *key, mill_error *err) {
  if (s->key) return MILL_OK;
  mill_vector *v = mill_arena_alloc(call->arena, 2 * sizeof *v);
  if (v == NULL) return mill_oom(call->arena->memory, 2 * sizeof *v, err);
  MILL_TRY(mill_vector_init(&v[0], value->type, 8, call->arena, err));
  MILL_TRY(mill_vector_init(&v[1], key->type, 8, call->arena, err));
  s->value = &v[0];
  s->key = &v[1];
  return MILL_OK;
}

/* Sort, and keep the best k. */
static mill_status cut(mill_call *call, top *s, mill_error *err) {
  const top_plan *plan = call->state;
  uint32_t n = s->key->size, *order = mill_arena_alloc(call->arena, (n + 1) * sizeof *order);
  if (order == NULL) return mill_oom(call->arena->memory, n * sizeof *order, err);
  for (uint32_t i = 0; i < n; i++) order[i] = i;
  sort_keys keys = {s->key, plan->largest ? -1 : 1};
  qsort_r(order, n, sizeof *order, by_key, &keys);
  uint32_t kept = n < plan->k ? n : plan->k;
  mill_vector value, key;
  MILL_TRY(mill_vector_gather(&value, s->value, order, kept, false, call->arena, err));
  MILL_TRY(mill_vector_gather(&key, s->key, order, kept, false, call->arena, err));
  *s->value = value;
  *s->key = key;
  return MILL_OK;
}

static mill_status add_row(mill_call *call, top *s, const mill_vector *value,
                           const mill_vector *key, uint32_t row, mill_error *err) {
  const top_plan *plan = call->state;
  MILL_TRY(open_top(call, s, value, key, err));
  MILL_TRY(mill_vector_append(s->value, value, &row, 1, true, call->arena, err));
  MILL_TRY(mill_vector_append(s->key, key, &row, 1, true, call->arena, err));
  return s->key->size >= SLACK * plan->k + 64 ? cut(call, s, err) : MILL_OK;
}

AGG_UPDATE(top_update) {
  if (args[1]->type->phys == MILL_PHYS_NONE) return MILL_OK;
  AGG_ROWS(args[1], n, i)
  MILL_TRY(add_row(call, states[i], args[0], args[1], (uint32_t)i, err));
  return MILL_OK;
}

AGG_MERGE(top_merge) {
  const mill_vector *items = &partial->child[0];
  for (size_t i = 0; i < n; i++) {
    if (!mill_vector_valid(partial, i)) continue;
    mill_span s = MILL_AT(mill_span, partial, i);
    for (uint32_t k = 0; k < s.size; k++)
      MILL_TRY(add_row(call, states[i], &items->child[0], &items->child[1], s.start + k, err));
  }
  return MILL_OK;
}

AGG_OUTPUT(top_save) {
  mill_span *r = out->data;
  mill_vector *items = &out->child[0];
  for (size_t i = 0; i < n; i++) {
    const top *s = states[i];
    uint32_t size = s->key ? s->key->size : 0;
    r[i] = (mill_span){items->size, size};
    if (size == 0) continue;
    mill_vector child[2] = {*s->value, *s->key};
    mill_vector rows = {.type = items->type, .child = child, .mask = MILL_FLAT, .size = size};
    MILL_TRY(mill_vector_append(items, &rows, NULL, size, false, call->arena, err));
  }
  return MILL_OK;
}

AGG_OUTPUT(top_final) {
  mill_span *r = out->data;
  for (size_t i = 0; i < n; i++) {
    top *s = states[i];
    r[i] = (mill_span){out->child[0].size, 0};
    if (s->key == NULL) {
      MILL_TRY(mill_set_null(call, out, i, err));
      continue;
    }
    MILL_TRY(cut(call, s, err));
    r[i].size = s->value->size;
    MILL_TRY(
        mill_vector_append(&out->child[0], s->value, NULL, r[i].size, false, call->arena, err));
  }
  return MILL_OK;
}

static const mill_aggregate top_agg = {.state_size = sizeof(top),
                                       .update = top_update,
                                       .merge = top_merge,
                                       .save = top_save,
                                       .final = top_final};

mill_status mill_bind_top(mill_binding *b, bool largest, mill_error *err) {
  void *mem;
  mill_vector k;
  mill_types *types = b->ctx->types;
  MILL_TRY(mill_bind_types(b, "any, any, #int -> $1", err));
  MILL_TRY(mill_bind_alloc(b, sizeof(top_plan), &mem, err));
  MILL_TRY(mill_bind_constant(b, 2, &k, err));
  int32_t count = mill_vector_valid(&k, 0) ? MILL_AT(int32_t, &k, 0) : 0;
  if (count < 1 || count > MAX_K)
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_VALUE_OUT_OF_RANGE, "sqlExpr",
                     mill_bind_sql(b, err), "exprName", "`k`", "valueRange", "[1, 100000]",
                     "currentValue", mill_error_fmt(err, "%d", (int)count), NULL);
  *(top_plan *)mem = (top_plan){(uint32_t)count, largest};
  b->state = mem;
  b->nullable = true;
  b->aggregate = &top_agg;
  b->result = mill_type_array(types, b->arg_type[0], true);
  const mill_type *fields[] = {b->arg_type[0], b->arg_type[1]};
  MILL_TRY(mill_bind_partial(b, 2, fields, err));
  b->partial = mill_type_array(types, b->partial, true);
  return b->result && b->partial ? MILL_OK : mill_oom(b->ctx->memory, sizeof k, err);
}
