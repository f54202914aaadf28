/* Aggregates that keep the values of a group: collect_list, collect_set, listagg, mode,
** percentiles.
**
** A bag is a growable vector in the arena of the states. It travels as an ARRAY. collect_set thins
** its bag whenever it has doubled; mode, and percentile_approx of decimals, sort row numbers at the end.
** Other percentiles keep plain words (agg_percentile.c). */
#include <math.h>
#include <stdlib.h>

#include "base/text.h"
#include "kernel/agg_collect_int.h"
#include "kernel/agg_int.h"

enum { FIRST_VALUES = 8, FIRST_LIMIT = 64 };

typedef struct {
  mill_vector *v;
  uint32_t limit; /* sets: thin out at this size */
} bag;

typedef mill_collect_plan collect_plan;

/* ---- bags ----------------------------------------------------------------------------------- */

static mill_status bag_open(mill_call *call, bag *s, const mill_type *t, mill_error *err) {
  if (s->v) return MILL_OK;
  s->v = mill_arena_alloc(call->arena, sizeof *s->v);
  if (s->v == NULL) return mill_oom(call->arena->memory, sizeof *s->v, err);
  s->limit = FIRST_LIMIT;
  return mill_vector_init(s->v, t, FIRST_VALUES, call->arena, err);
}

/* Keep the first of equal values; `order` gets their rows. */
static mill_status distinct_rows(mill_call *call, const mill_vector *v, uint32_t *order,
                                 uint32_t *count, mill_error *err) {
  uint32_t size = 16, n = 0;
  while (size < v->size * 2) size *= 2;
  uint32_t *slot = mill_alloc(call->arena->memory, size * sizeof *slot);
  if (slot == NULL) return mill_oom(call->arena->memory, size * sizeof *slot, err);
  memset(slot, 0, size * sizeof *slot);
  for (uint32_t i = 0; i < v->size; i++) {
    uint64_t h;
    mill_vector_hash(v, &i, 1, false, &h);
    uint32_t k = (uint32_t)h & (size - 1);
    while (slot[k] && !mill_vector_equal(v, slot[k] - 1, v, i)) k = (k + 1) & (size - 1);
    if (slot[k]) continue;
    slot[k] = i + 1;
    order[n++] = i;
  }
  mill_free(call->arena->memory, slot, size * sizeof *slot);
  *count = n;
  return MILL_OK;
}

static mill_status thin(mill_call *call, bag *s, mill_error *err) {
  uint32_t n = 0, *order = mill_arena_alloc(call->arena, s->v->size * sizeof *order);
  mill_vector kept;
  if (order == NULL) return mill_oom(call->arena->memory, s->v->size, err);
  MILL_TRY(distinct_rows(call, s->v, order, &n, err));
  if (n < s->v->size) {
    MILL_TRY(mill_vector_gather(&kept, s->v, order, n, false, call->arena, err));
    *s->v = kept;
  }
  s->limit = n * 2 < FIRST_LIMIT ? FIRST_LIMIT : n * 2;
  return MILL_OK;
}

static mill_status bag_add(mill_call *call, bag *s, const mill_vector *v, uint32_t row,
                           mill_error *err) {
  const collect_plan *plan = call->state;
  MILL_TRY(bag_open(call, s, v->type, err));
  MILL_TRY(mill_vector_append(s->v, v, &row, 1, true, call->arena, err));
  return plan->set && s->v->size >= s->limit ? thin(call, s, err) : MILL_OK;
}

AGG_UPDATE(bag_update) {
  if (args[0]->type->phys == MILL_PHYS_NONE) return MILL_OK;
  AGG_ROWS(args[0], n, i) MILL_TRY(bag_add(call, states[i], args[0], (uint32_t)i, err));
  return MILL_OK;
}

AGG_MERGE(bag_merge) {
  for (size_t i = 0; i < n; i++) {
    if (!mill_vector_valid(partial, i)) continue;
    mill_span s = MILL_AT(mill_span, partial, i);
    for (uint32_t k = 0; k < s.size; k++)
      MILL_TRY(bag_add(call, states[i], &partial->child[0], s.start + k, err));
  }
  return MILL_OK;
}

AGG_OUTPUT(bag_save) {
  mill_span *r = out->data;
  for (size_t i = 0; i < n; i++) {
    const bag *s = states[i];
    uint32_t size = s->v ? s->v->size : 0;
    r[i] = (mill_span){out->child[0].size, size};
    if (size)
      MILL_TRY(mill_vector_append(&out->child[0], s->v, NULL, size, false, call->arena, err));
  }
  return MILL_OK;
}

AGG_OUTPUT(set_save) {
  for (size_t i = 0; i < n; i++)
    if (((bag *)states[i])->v) MILL_TRY(thin(call, states[i], err));
  return bag_save(call, states, n, out, err);
}

/* ---- listagg -------------------------------------------------------------------------------- */

static mill_status join_bag(const bag *s, const mill_str *gap, mill_text *text, mill_error *err) {
  for (uint32_t k = 0; k < s->v->size; k++) {
    const mill_str *x = (const mill_str *)s->v->data + k;
    if (k) MILL_TRY(mill_text_add(text, mill_str_data(gap), gap->size, err));
    MILL_TRY(mill_text_add(text, mill_str_data(x), x->size, err));
  }
  return MILL_OK;
}

AGG_OUTPUT(listagg_final) {
  const collect_plan *plan = call->state;
  mill_str *r = out->data;
  for (size_t i = 0; i < n; i++) {
    const bag *s = states[i];
    mill_text text;
    char *p = NULL;
    if (s->v == NULL || s->v->size == 0) {
      MILL_TRY(mill_set_null(call, out, i, err));
      continue;
    }
    mill_text_init(&text, call->ctx->memory);
    mill_status status = join_bag(s, &plan->gap, &text, err);
    if (status == MILL_OK) status = mill_bytes_take(call, text.size, &p, err);
    if (status == MILL_OK && text.size) memcpy(p, text.data, text.size);
    if (status == MILL_OK) r[i] = mill_str_done(call, p, text.size);
    mill_text_clear(&text);
    MILL_TRY(status);
  }
  return MILL_OK;
}

/* ---- sorted values -------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b, void *v) {
  uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
  int c = mill_vector_compare(v, i, v, j);
  return c ? c : (i > j) - (i < j);
}

static mill_status sorted_rows(mill_call *call, mill_vector *v, uint32_t **order, mill_error *err) {
  *order = mill_arena_alloc(call->arena, v->size * sizeof **order);
  if (*order == NULL) return mill_oom(call->arena->memory, v->size, err);
  for (uint32_t i = 0; i < v->size; i++) (*order)[i] = i;
  qsort_r(*order, v->size, sizeof **order, by_value, v);
  return MILL_OK;
}

/* The most frequent value; of several the smallest. */
AGG_OUTPUT(mode_final) {
  mill_vector null;
  mill_vector_null(&null, out->type);
  out->size = 0;
  for (size_t i = 0; i < n; i++) {
    const bag *s = states[i];
    uint32_t best = 0, most = 0, *order;
    if (s->v == NULL || s->v->size == 0) {
      MILL_TRY(mill_vector_append(out, &null, NULL, 1, false, call->arena, err));
      continue;
    }
    MILL_TRY(sorted_rows(call, s->v, &order, err));
    for (uint32_t k = 0, run = 0; k < s->v->size; k++) {
      run = k && mill_vector_compare(s->v, order[k], s->v, order[k - 1]) == 0 ? run + 1 : 1;
      if (run > most) most = run, best = order[k];
    }
    MILL_TRY(mill_vector_append(out, s->v, &best, 1, false, call->arena, err));
  }
  return MILL_OK;
}

static uint32_t nearest_rank(uint32_t n, double p) {
  double k = ceil(p * n) - 1;
  return k < 0 ? 0 : k >= n ? n - 1 : (uint32_t)k;
}

/* Put one answer a percentage into `to` (the result or the elements of its arrays). */
static mill_status put_values(mill_call *call, mill_vector *v, mill_vector *to, mill_error *err) {
  const collect_plan *plan = call->state;
  uint32_t *order;
  MILL_TRY(sorted_rows(call, v, &order, err));
  for (uint32_t k = 0; k < plan->np; k++) {
    uint32_t row = order[nearest_rank(v->size, plan->p[k])];
    MILL_TRY(mill_vector_append(to, v, &row, 1, true, call->arena, err));
  }
  return MILL_OK;
}

AGG_OUTPUT(approx_final) {
  const collect_plan *plan = call->state;
  mill_vector null;
  mill_vector_null(&null, out->type);
  mill_span *r = out->data;
  if (!plan->as_array) out->size = 0;
  for (size_t i = 0; i < n; i++) {
    const bag *s = states[i];
    if (s->v == NULL || s->v->size == 0) {
      if (plan->as_array)
        MILL_TRY(mill_set_null(call, out, i, err));
      else
        MILL_TRY(mill_vector_append(out, &null, NULL, 1, false, call->arena, err));
      continue;
    }
    if (plan->as_array) r[i] = (mill_span){out->child[0].size, plan->np};
    MILL_TRY(put_values(call, s->v, plan->as_array ? &out->child[0] : out, err));
  }
  return MILL_OK;
}

/* ---- binding -------------------------------------------------------------------------------- */

#define BAG(NAME, UPDATE, SAVE, FINAL)                                                             \
  static const mill_aggregate NAME = {.state_size = sizeof(bag),                                   \
                                      .update = UPDATE,                                            \
                                      .merge = bag_merge,                                          \
                                      .save = SAVE,                                                \
                                      .final = FINAL};
BAG(list_agg, bag_update, bag_save, bag_save)
BAG(set_agg, bag_update, set_save, set_save)
BAG(listagg_agg, bag_update, bag_save, listagg_final)
BAG(mode_agg, bag_update, bag_save, mode_final)
BAG(approx_agg, bag_update, bag_save, approx_final)

static mill_status open_plan(mill_binding *b, collect_plan **plan, mill_error *err) {
  void *mem;
  MILL_TRY(mill_bind_alloc(b, sizeof **plan, &mem, err));
  *plan = b->state = mem;
  b->nullable = true;
  return MILL_OK;
}

static mill_status set_partial(mill_binding *b, const mill_type *item, mill_error *err) {
  b->partial = mill_type_array(b->ctx->types, item, false);
  return b->partial ? MILL_OK : mill_oom(b->ctx->memory, sizeof *item, err);
}

static mill_status bind_collect(mill_binding *b, mill_error *err) {
  collect_plan *plan;
  MILL_TRY(open_plan(b, &plan, err));
  plan->set = b->aggregate == &set_agg;
  MILL_TRY(set_partial(b, b->arg_type[0], err));
  b->result = b->partial;
  b->nullable = false;
  return MILL_OK;
}

static mill_status bind_listagg(mill_binding *b, mill_error *err) {
  collect_plan *plan;
  mill_vector gap;
  bool binary = b->arg_type[0]->id == MILL_BINARY;
  MILL_TRY(open_plan(b, &plan, err));
  MILL_TRY(mill_bind_types(b, binary ? "binary, #binary? -> binary" : "string, #string? -> string",
                           err));
  b->nullable = true;
  MILL_TRY(mill_bind_constant(b, 1, &gap, err));
  if (gap.type && mill_vector_valid(&gap, 0)) plan->gap = MILL_AT(mill_str, &gap, 0);
  return set_partial(b, b->cast_to[0], err);
}

static mill_status bind_mode(mill_binding *b, mill_error *err) {
  collect_plan *plan;
  MILL_TRY(open_plan(b, &plan, err));
  b->result = b->arg_type[0];
  return set_partial(b, b->result, err);
}

/* The percentages of a constant DOUBLE or ARRAY<DOUBLE>. */
static mill_status read_percentages(mill_binding *b, collect_plan *plan, mill_error *err) {
  mill_vector v;
  void *mem;
  bool array = b->arg_type[1]->id == MILL_ARRAY;
  if (b->arg_value[1] == NULL)
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_NON_FOLDABLE_INPUT, "sqlExpr",
                     mill_bind_sql(b, err), "inputName", "`percentage`", "inputType",
                     mill_bind_type_sql(b, b->arg_type[1], err), "inputExpr",
                     mill_error_fmt(err, "\"%s\"", b->arg_sql[1]), NULL);
  b->cast_to[1] =
      mill_convert_to(b->ctx->types, array ? "array<double>" : "double", b->arg_type[1]);
  if (b->cast_to[1] == NULL)
    return mill_bind_wrong_type(b, 1, "(\"DOUBLE\" or \"ARRAY<DOUBLE>\")", err);
  MILL_TRY(mill_bind_constant(b, 1, &v, err));
  bool null = !mill_vector_valid(&v, 0);
  mill_span s = array && !null ? MILL_AT(mill_span, &v, 0) : (mill_span){0, !null};
  plan->as_array = array;
  plan->np = s.size;
  MILL_TRY(mill_bind_alloc(b, (s.size + 1) * sizeof *plan->p, &mem, err));
  plan->p = mem;
  for (uint32_t k = 0; k < s.size; k++) {
    const mill_vector *from = array ? &v.child[0] : &v;
    null |= !mill_vector_valid(from, s.start + k);
    plan->p[k] = null ? 0 : ((const double *)from->data)[mill_vector_at(from, s.start + k)];
    if (plan->p[k] >= 0 && plan->p[k] <= 1) continue;
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_VALUE_OUT_OF_RANGE, "sqlExpr",
                     mill_bind_sql(b, err), "exprName", "percentage", "valueRange", "[0.0, 1.0]",
                     "currentValue", mill_error_fmt(err, "%g", plan->p[k]), NULL);
  }
  if (!null) return MILL_OK;
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_UNEXPECTED_NULL, "sqlExpr", mill_bind_sql(b, err),
                   "exprName", "percentage", NULL);
}

static mill_status finish_percentile(mill_binding *b, const collect_plan *plan,
                                     const mill_type *item, mill_error *err) {
  b->result = plan->as_array ? mill_type_array(b->ctx->types, item, false) : item;
  if (b->result == NULL) return mill_oom(b->ctx->memory, sizeof *item, err);
  return set_partial(b, b->cast_to[0], err);
}

/* Exact percentiles compute in DOUBLE; those of intervals are intervals again. */
static mill_status bind_exact(mill_binding *b, collect_plan *plan, mill_error *err) {
  const mill_type *t = mill_convert_to(b->ctx->types, "numeric|ym|dt", b->arg_type[0]);
  if (t == NULL) return mill_bind_wrong_type(b, 0, "(\"NUMERIC\" or \"ANSI INTERVAL\")", err);
  bool interval = t->id == MILL_INTERVAL_YM || t->id == MILL_INTERVAL_DT;
  plan->between = strcmp(b->fn->name, "percentile_disc") != 0;
  b->cast_to[0] = interval ? t : mill_type_of(MILL_DOUBLE);
  if (b->nargs > 2) {
    b->cast_to[2] = mill_convert_to(b->ctx->types, "bigint", b->arg_type[2]);
    if (b->cast_to[2] == NULL) return mill_bind_wrong_type(b, 2, "\"INTEGRAL\"", err);
  }
  return finish_percentile(b, plan, interval ? mill_type_of(t->id) : b->cast_to[0], err);
}

static mill_status bind_percentile(mill_binding *b, mill_error *err) {
  collect_plan *plan;
  MILL_TRY(open_plan(b, &plan, err));
  MILL_TRY(read_percentages(b, plan, err));
  return bind_exact(b, plan, err);
}

static mill_status bind_median(mill_binding *b, mill_error *err) {
  void *mem;
  collect_plan *plan;
  MILL_TRY(open_plan(b, &plan, err));
  MILL_TRY(mill_bind_alloc(b, sizeof *plan->p, &mem, err));
  plan->p = mem;
  plan->p[0] = 0.5;
  plan->np = 1;
  return bind_exact(b, plan, err);
}

static mill_status bind_approx(mill_binding *b, mill_error *err) {
  collect_plan *plan;
  MILL_TRY(open_plan(b, &plan, err));
  MILL_TRY(read_percentages(b, plan, err));
  const mill_type *t = mill_convert_to(
      b->ctx->types, "numeric|date|timestamp|timestamp_ntz|time|ym|dt", b->arg_type[0]);
  if (b->arg_type[0]->id == MILL_STRING) t = mill_type_of(MILL_DOUBLE);
  if (t == NULL) return mill_bind_wrong_type(b, 0, "\"NUMERIC\"", err);
  b->cast_to[0] = t;
  if (t->phys == MILL_PHYS_I128) b->aggregate = &approx_agg;
  return finish_percentile(b, plan, t, err);
}

#define COLLECT_SAID(NAME, ALIAS, TYPES, SAID, BIND, AGG, USAGE, DOC, EXAMPLE)                     \
  {                                                                                                \
    .name = NAME, .alias = ALIAS, .types = TYPES, .said = SAID, .kind = MILL_AGGREGATE,            \
    .bind = BIND, .aggregate = &AGG, .usage = USAGE, .doc = DOC, .example = EXAMPLE                \
  }
#define COLLECT_DEF(NAME, ALIAS, TYPES, BIND, AGG, USAGE, DOC, EXAMPLE)                            \
  COLLECT_SAID(NAME, ALIAS, TYPES, NULL, BIND, AGG, USAGE, DOC, EXAMPLE)

const mill_function mill_family_agg_collect[] = {
    COLLECT_DEF("collect_list", "=array_agg", "any", bind_collect, list_agg, "collect_list(expr)",
                "The values that are not null, in the order of the rows.",
                "SELECT collect_list(col) FROM VALUES (1), (2), (1) AS tab(col) -> [1,2,1]"),
    COLLECT_DEF("collect_set", NULL, "any", bind_collect, set_agg, "collect_set(expr)",
                "The different values that are not null, in the order of first appearance.",
                "SELECT collect_set(col) FROM VALUES (1), (2), (1) AS tab(col) -> [1,2]"),
    {.name = "listagg",
     .alias = "string_agg",
     .types = "any, any?",
     .fill = ", NULL",
     .kind = MILL_AGGREGATE,
     .bind = bind_listagg,
     .aggregate = &listagg_agg,
     .usage = "listagg(expr[, delimiter])",
     .doc = "The texts one after the other.",
     .example = "SELECT listagg(col) FROM VALUES ('a'), ('b'), ('c') AS tab(col) -> abc"},
    COLLECT_DEF("mode", NULL, "any, any?", bind_mode, mode_agg, "mode(col[, deterministic])",
                "The most frequent value; of several the smallest.",
                "SELECT mode(col) FROM VALUES (0), (10), (10) AS tab(col) -> 10"),
    COLLECT_DEF("median", NULL, "any", bind_median, mill_percentile_agg, "median(col)",
                "The middle value, or the mean of the two in the middle.",
                "SELECT median(col) FROM VALUES (0), (10) AS tab(col) -> 5.0"),
    COLLECT_DEF(
        "percentile", "percentile_cont", "any, any, any?", bind_percentile, mill_percentile_agg,
        "percentile(col, percentage[, frequency])",
        "The value below which that share of the values lies, between two values if need be.",
        "SELECT percentile(col, 0.3) FROM VALUES (0), (10) AS tab(col) -> 3.0"),
    COLLECT_DEF("percentile_disc", NULL, "any, any", bind_percentile, mill_percentile_agg,
                "percentile_disc(percentage) WITHIN GROUP (ORDER BY col)",
                "The first value that has at least that share of the values up to it.",
                "SELECT percentile_disc(0.25) WITHIN GROUP (ORDER BY col) FROM VALUES (0), (10) AS "
                "tab(col) -> 0.0"),
    COLLECT_SAID("percentile_approx", "approx_percentile", "any, any, any?", ", , 10000",
                 bind_approx, mill_rank_agg, "percentile_approx(col, percentage[, accuracy])",
                 "The value of the nearest rank.",
                 "SELECT percentile_approx(col, 0.5, 100) FROM VALUES (0), (6), (7), (9), (10) AS "
                 "tab(col) -> 7"),
    {0}};
