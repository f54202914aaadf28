/* listagg: texts or bytes one after the other, in the order of the rows or of WITHIN GROUP (ORDER BY ..).
**
** Arguments: value, delimiter, keys. Rows whose value is NULL are left out. Without keys a state is the text so far.
** With keys it is a column of values and one of each key: the end sorts row numbers, equal keys by arrival. Either
** travels as a STRUCT of ARRAYs, a text so far as the only item of one. */
#include <stdlib.h>

#include "kernel/agg_int.h"

enum { FIRST_VALUES = 8, FIRST_KEY = 2, FIRST_BYTES = 32 };

typedef struct {
  mill_str gap;
  int columns; /* the value and its keys */
  const mill_key_order *order;
} listagg_plan;

typedef struct {
  mill_vector *column; /* NULL: no row yet, or no keys */
  char *text;          /* NULL: no row yet, or keys */
  uint32_t size, room;
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

static mill_status grow_text(mill_call *call, listed *s, size_t need, mill_error *err) {
  size_t room = 2 * (size_t)s->room > FIRST_BYTES ? 2 * (size_t)s->room : FIRST_BYTES;
  if (room < need) room = need;
  if (need > INT32_MAX) return mill_oom(call->arena->memory, need, err);
  if (room > INT32_MAX) room = INT32_MAX;
  char *text = mill_arena_take(call->arena, room);
  if (text == NULL) return mill_oom(call->arena->memory, room, err);
  if (s->size) memcpy(text, s->text, s->size);
  s->text = text;
  s->room = (uint32_t)room;
  return MILL_OK;
}

/* One more text behind the others. */
static inline mill_status add_text(mill_call *call, listed *s, const mill_str *gap,
                                   const mill_str *x, mill_error *err) {
  bool first = s->text == NULL;
  size_t between = first ? 0 : gap->size, need = (size_t)s->size + between + x->size;
  if (first || need > s->room) MILL_TRY(grow_text(call, s, need, err));
  char *w = s->text + s->size;
  if (between) memcpy(w, mill_str_data(gap), between);
  w += between;
  if (x->size <= MILL_STR_INLINE && s->room - need >= MILL_STR_INLINE)
    memcpy(w, x->prefix, MILL_STR_INLINE); /* one move; what is beyond the text is written over */
  else
    memcpy(w, mill_str_data(x), x->size);
  s->size = (uint32_t)need;
  return MILL_OK;
}

static bool without_keys(const mill_call *call) {
  return ((const listagg_plan *)call->state)->columns == 1;
}

static const mill_str *gap_of(const mill_call *call) {
  return &((const listagg_plan *)call->state)->gap;
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
  if (without_keys(call)) {
    AGG_ROWS(args[0], n, i)
    MILL_TRY(add_text(call, states[i], gap_of(call), &MILL_AT(mill_str, args[0], i), err));
    return MILL_OK;
  }
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
  if (without_keys(call)) {
    listed *s = state;
    const mill_str *gap = gap_of(call);
    AGG_ROWS(args[0], n, i) MILL_TRY(add_text(call, s, gap, &MILL_AT(mill_str, args[0], i), err));
    return MILL_OK;
  }
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
    mill_span texts = MILL_AT(mill_span, &partial->child[0], i);
    if (texts.size == 0) continue;
    if (without_keys(call)) {
      for (uint32_t k = texts.start; k < texts.start + texts.size; k++)
        MILL_TRY(
            add_text(call, s, gap_of(call), &MILL_AT(mill_str, partial->child[0].child, k), err));
      continue;
    }
    MILL_TRY(open_columns(call, s, err));
    for (int c = 0; c < plan->columns; c++) {
      const mill_vector *from = &partial->child[c];
      mill_span span = MILL_AT(mill_span, from, i);
      MILL_TRY(add_items(call, &s->column[c], &from->child[0], span, err));
    }
  }
  return MILL_OK;
}

AGG_COMBINE(list_combine) {
  const listagg_plan *plan = call->state;
  for (size_t i = 0; i < n; i++) {
    const listed *s = from[i];
    mill_str text = mill_str_view(s->text, s->size);
    if (s->text) MILL_TRY(add_text(call, to[i], gap_of(call), &text, err));
    if (s->column == NULL) continue;
    MILL_TRY(open_columns(call, to[i], err));
    for (int c = 0; c < plan->columns; c++)
      MILL_TRY(mill_vector_append(&((listed *)to[i])->column[c], &s->column[c], NULL,
                                  s->column[c].size, true, call->arena, err));
  }
  return MILL_OK;
}

static mill_status save_texts(mill_call *call, void *const *states, size_t n, mill_vector *list,
                              mill_error *err) {
  for (size_t i = 0; i < n; i++) {
    const listed *s = states[i];
    mill_str text = mill_str_view(s->text, s->size);
    const mill_vector one = {.type = list->child[0].type, .data = &text, .size = 1};
    ((mill_span *)list->data)[i] = (mill_span){list->child[0].size, s->text != NULL};
    if (s->text)
      MILL_TRY(mill_vector_append(&list->child[0], &one, NULL, 1, false, call->arena, err));
  }
  return MILL_OK;
}

AGG_OUTPUT(list_save) {
  const listagg_plan *plan = call->state;
  if (without_keys(call)) return save_texts(call, states, n, &out->child[0], err);
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

/* Texts in this order, into bytes of the result's own. */
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
    const mill_str *s = &x[order[k]];
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
    if (s->text)
      r[i] = mill_str_view(s->text, s->size);
    else if (s->column)
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
                                           .combine = list_combine,
                                           .save = list_save,
                                           .final = list_final};

static mill_status fail_mixed(mill_binding *b, mill_error *err) {
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_DATA_DIFF_TYPES, "sqlExpr", mill_bind_sql(b, err),
                   "functionName", mill_error_fmt(err, "`%s`", b->name), "dataType",
                   mill_error_fmt(err, "(%s or %s)", mill_bind_type_sql(b, b->arg_type[0], err),
                                  mill_bind_type_sql(b, b->arg_type[1], err)),
                   NULL);
}

/* The value and its delimiter: both bytes or both texts. */
static mill_status bind_values(mill_binding *b, listagg_plan *plan, mill_error *err) {
  int given = b->nargs;
  bool binary = b->arg_type[0]->id == MILL_BINARY;
  const mill_type *gap_type = given > 1 ? b->arg_type[1] : mill_type_of(MILL_NULL);
  mill_vector gap;
  bool both = b->arg_type[0]->id == MILL_STRING && gap_type->id == MILL_STRING;
  if (b->arg_type[0]->nfields) return mill_bind_wrong_type(b, 0, "(\"STRING\" or \"BINARY\")", err);
  if (both && gap_type->collation != b->arg_type[0]->collation) return fail_mixed(b, err);
  if (given > 1 && b->arg_value[1] == NULL)
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_NON_FOLDABLE_INPUT, "sqlExpr",
                     mill_bind_sql(b, err), "inputName", "`delimiter`", "inputType",
                     mill_bind_type_sql(b, gap_type, err), "inputExpr",
                     mill_error_fmt(err, "\"%s\"", mill_arg_sql(b, 1)), NULL);
  if (gap_type->id != MILL_NULL && binary != (gap_type->id == MILL_BINARY) &&
      (binary ? gap_type->id == MILL_STRING : true))
    return fail_mixed(b, err);
  b->nargs = given < FIRST_KEY ? given : FIRST_KEY;
  mill_status s =
      mill_bind_types(b, binary ? "binary, binary? -> binary" : "string, string? -> string", err);
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
