/* listagg: texts or bytes one after the other, in the order of the rows or of WITHIN GROUP (ORDER BY ..).
**
** Arguments: value, delimiter, keys. A state is a column of values and one of each key; rows whose value is
** NULL are left out. It travels as a STRUCT of ARRAYs. The end sorts row numbers, equal keys by arrival. */
#include <stdlib.h>

#include "kernel/agg_int.h"

enum { FIRST_VALUES = 8, FIRST_KEY = 2 };

typedef struct {
  mill_str gap;
  int columns; /* the value and its keys */
  const mill_key_order *order;
} listagg_plan;

typedef struct {
  mill_vector *column; /* NULL: no row yet */
} listed;

typedef struct {
  const listagg_plan *plan;
  const mill_vector *column;
} sorting;

/* Argument of column c: the delimiter stands between the value and the keys. */
static int argument_of(int c) { return c == 0 ? 0 : c - 1 + FIRST_KEY; }

static mill_status open_columns(mill_call *call, listed *s, mill_error *err) {
  const listagg_plan *plan = call->state;
  size_t bytes = (size_t)plan->columns * sizeof *s->column;
  if (s->column) return MILL_OK;
  mill_vector *columns = mill_arena_alloc(call->arena, bytes);
  if (columns == NULL) return mill_oom(call->arena->memory, bytes, err);
  for (int c = 0; c < plan->columns; c++)
    MILL_TRY(mill_vector_init(&columns[c], call->arg_type[argument_of(c)], FIRST_VALUES,
                              call->arena, err));
  s->column = columns;
  return MILL_OK;
}

/* These rows of the columns. */
static mill_status add_rows(mill_call *call, listed *s, const mill_vector *const *args,
                            const uint32_t *rows, uint32_t count, mill_error *err) {
  const listagg_plan *plan = call->state;
  if (count == 0) return MILL_OK;
  MILL_TRY(open_columns(call, s, err));
  for (int c = 0; c < plan->columns; c++)
    MILL_TRY(mill_vector_append(&s->column[c], args[argument_of(c)], rows, count, true, call->arena,
                                err));
  return MILL_OK;
}

/* Neighbours of one group go in together. */
AGG_UPDATE(list_update) {
  uint32_t rows[MILL_BATCH], count = 0;
  void *group = NULL;
  AGG_ROWS(args[0], n, i) {
    if (count && states[i] != group) {
      MILL_TRY(add_rows(call, group, args, rows, count, err));
      count = 0;
    }
    group = states[i];
    rows[count++] = (uint32_t)i;
  }
  return add_rows(call, group, args, rows, count, err);
}

static mill_status list_all(mill_call *call, void *state, const mill_vector *const *args, size_t n,
                            mill_error *err) {
  uint32_t rows[MILL_BATCH], count = 0;
  AGG_ROWS(args[0], n, i) rows[count++] = (uint32_t)i;
  return add_rows(call, state, args, rows, count, err);
}

/* The items of a list, a batch of them at a time. */
static mill_status add_items(mill_call *call, mill_vector *to, const mill_vector *item,
                             mill_span span, mill_error *err) {
  uint32_t rows[MILL_BATCH];
  for (uint32_t from = 0, n; from < span.size; from += n) {
    n = span.size - from < MILL_BATCH ? span.size - from : MILL_BATCH;
    for (uint32_t k = 0; k < n; k++) rows[k] = span.start + from + k;
    MILL_TRY(mill_vector_append(to, item, rows, n, true, call->arena, err));
  }
  return MILL_OK;
}

AGG_MERGE(list_merge) {
  const listagg_plan *plan = call->state;
  for (size_t i = 0; i < n; i++) {
    listed *s = states[i];
    if (MILL_AT(mill_span, &partial->child[0], i).size == 0) continue;
    MILL_TRY(open_columns(call, s, err));
    for (int c = 0; c < plan->columns; c++) {
      const mill_vector *from = &partial->child[c];
      mill_span span = MILL_AT(mill_span, from, i);
      MILL_TRY(add_items(call, &s->column[c], &from->child[0], span, err));
    }
  }
  return MILL_OK;
}

AGG_OUTPUT(list_save) {
  const listagg_plan *plan = call->state;
  for (int c = 0; c < plan->columns; c++) {
    mill_vector *list = &out->child[c], *item = &list->child[0];
    for (size_t i = 0; i < n; i++) {
      const listed *s = states[i];
      uint32_t size = s->column ? s->column[c].size : 0;
      ((mill_span *)list->data)[i] = (mill_span){item->size, size};
      if (size)
        MILL_TRY(mill_vector_append(item, &s->column[c], NULL, size, false, call->arena, err));
    }
  }
  return MILL_OK;
}

/* ---- the end -------------------------------------------------------------------------------- */

static int compare_keys(const mill_vector *v, const mill_key_order *o, uint32_t a, uint32_t b) {
  bool null_a = v->type->phys == MILL_PHYS_NONE || !mill_vector_valid(v, a);
  bool null_b = v->type->phys == MILL_PHYS_NONE || !mill_vector_valid(v, b);
  if (null_a || null_b) return (null_a - null_b) * (o->nulls_first ? -1 : 1);
  int order = mill_vector_compare(v, a, v, b);
  return o->descending ? -order : order;
}

static int by_keys(const void *a, const void *b, void *arg) {
  const sorting *s = arg;
  uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
  for (int c = 1; c < s->plan->columns; c++) {
    int order = compare_keys(&s->column[c], &s->plan->order[c - 1], i, j);
    if (order) return order;
  }
  return (i > j) - (i < j);
}

/* Texts in this order, or with none in that of the rows, into bytes of the result's own. */
static mill_status join_rows(mill_call *call, const mill_vector *v, const uint32_t *order,
                             mill_str *out, mill_error *err) {
  const listagg_plan *plan = call->state;
  const mill_str *x = v->data;
  const char *gap = mill_str_data(&plan->gap);
  size_t total = (size_t)(v->size - 1) * plan->gap.size;
  char *p = NULL;
  for (uint32_t k = 0; k < v->size; k++) total += x[k].size;
  MILL_TRY(mill_bytes_take(call, total, &p, err));
  char *w = p;
  for (uint32_t k = 0; k < v->size; k++) {
    const mill_str *s = &x[order ? order[k] : k];
    if (k && plan->gap.size) w = (char *)memcpy(w, gap, plan->gap.size) + plan->gap.size;
    if (s->size) w = (char *)memcpy(w, mill_str_data(s), s->size) + s->size;
  }
  *out = mill_str_done(call, p, total);
  return MILL_OK;
}

static mill_status join_sorted(mill_call *call, const mill_vector *column, mill_str *out,
                               mill_error *err) {
  const listagg_plan *plan = call->state;
  mill_memory *m = call->ctx->memory;
  uint32_t n = column[0].size;
  sorting how = {plan, column};
  if (plan->columns == 1) return join_rows(call, &column[0], NULL, out, err);
  uint32_t *order = mill_alloc(m, n * sizeof *order);
  if (order == NULL) return mill_oom(m, n * sizeof *order, err);
  for (uint32_t k = 0; k < n; k++) order[k] = k;
  qsort_r(order, n, sizeof *order, by_keys, &how);
  mill_status s = join_rows(call, &column[0], order, out, err);
  mill_free(m, order, n * sizeof *order);
  return s;
}

AGG_OUTPUT(list_final) {
  mill_str *r = out->data;
  for (size_t i = 0; i < n; i++) {
    const listed *s = states[i];
    if (s->column)
      MILL_TRY(join_sorted(call, s->column, &r[i], err));
    else
      MILL_TRY(mill_set_null(call, out, i, err));
  }
  return MILL_OK;
}

/* ---- binding -------------------------------------------------------------------------------- */

static const mill_aggregate listagg_agg = {.state_size = sizeof(listed),
                                           .update = list_update,
                                           .update_all = list_all,
                                           .merge = list_merge,
                                           .save = list_save,
                                           .final = list_final};

static mill_status fail_mixed(mill_binding *b, mill_error *err) {
  bool binary = b->arg_type[0]->id == MILL_BINARY;
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_DATA_DIFF_TYPES, "sqlExpr", mill_bind_sql(b, err),
                   "functionName", "`listagg`", "dataType",
                   binary ? "(\"BINARY\" or \"STRING\")" : "(\"STRING\" or \"BINARY\")", NULL);
}

/* The value and its delimiter: both bytes or both texts. */
static mill_status bind_values(mill_binding *b, listagg_plan *plan, mill_error *err) {
  int given = b->nargs;
  bool binary = b->arg_type[0]->id == MILL_BINARY;
  const mill_type *gap_type = given > 1 ? b->arg_type[1] : mill_type_of(MILL_NULL);
  mill_vector gap;
  if (gap_type->id != MILL_NULL && binary != (gap_type->id == MILL_BINARY) &&
      (binary ? gap_type->id == MILL_STRING : true))
    return fail_mixed(b, err);
  b->nargs = given < FIRST_KEY ? given : FIRST_KEY;
  mill_status s =
      mill_bind_types(b, binary ? "binary, #binary? -> binary" : "string, #string? -> string", err);
  if (s == MILL_OK) s = mill_bind_constant(b, 1, &gap, err);
  b->nargs = given;
  MILL_TRY(s);
  if (gap.type && mill_vector_valid(&gap, 0)) plan->gap = MILL_AT(mill_str, &gap, 0);
  return MILL_OK;
}

static mill_status bind_listagg(mill_binding *b, mill_error *err) {
  listagg_plan *plan;
  void *mem;
  MILL_TRY(mill_bind_alloc(b, sizeof *plan, &mem, err));
  plan = b->state = mem;
  plan->columns = b->nargs > FIRST_KEY ? b->nargs - 1 : 1;
  plan->order = b->order;
  MILL_TRY(bind_values(b, plan, err));
  b->nullable = true;
  size_t bytes = (size_t)plan->columns * sizeof(mill_field);
  mill_field *f;
  MILL_TRY(mill_bind_alloc(b, bytes, &mem, err));
  f = mem;
  for (int c = 0; c < plan->columns; c++) {
    const mill_type *list = mill_type_array(b->ctx->types, b->cast_to[argument_of(c)], c > 0);
    f[c] = (mill_field){mill_error_fmt(err, "c%d", c), list, false, NULL};
    if (list == NULL) return mill_oom(b->ctx->memory, bytes, err);
  }
  b->partial = mill_type_struct(b->ctx->types, f, (uint32_t)plan->columns);
  return b->partial ? MILL_OK : mill_oom(b->ctx->memory, bytes, err);
}

const mill_function mill_family_agg_listagg[] = {
    {.name = "listagg",
     .alias = "string_agg",
     .types = "any, any?, any*",
     .fill = ", NULL",
     .kind = MILL_AGGREGATE,
     .bind = bind_listagg,
     .aggregate = &listagg_agg,
     .usage = "listagg(expr[, delimiter])",
     .doc = "The texts one after the other, WITHIN GROUP (ORDER BY ..) in that order.",
     .example = "SELECT listagg(col) FROM VALUES ('a'), ('b'), ('c') AS tab(col) -> abc"},
    {0}};
