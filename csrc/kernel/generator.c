/* Generators: explode, posexplode, inline, stack and their outer forms.
**
** b->result is a STRUCT whose fields are the output columns. A row without elements gives no rows,
** or with the outer form one row of nulls. Where the lists of a batch lie one behind the other their
** elements are passed as they are, else gathered by one append a column and batch. */
#include "kernel/coerce.h"
#include "kernel/list_words.h"

/* State of the ones over lists. */
typedef struct {
  bool outer, position, spread; /* spread: the fields of the elements are the columns */
} explode_plan;

/* The elements of all rows, one after the other. */
typedef struct {
  uint32_t *sel; /* NULL: from `start` on; MILL_NO_ELEMENT stands for the row of nulls */
  uint32_t start;
  size_t total;
} taken;

static void count_elements(mill_call *call, const mill_vector *v, size_t n, uint32_t *counts,
                           taken *t, bool *straight) {
  const explode_plan *plan = call->state;
  uint32_t next = 0;
  *t = (taken){0};
  *straight = true;
  for (size_t i = 0; i < n; i++) {
    mill_span s = span_at(v, i);
    counts[i] = s.size == 0 && plan->outer ? 1 : s.size;
    *straight &= s.size == counts[i] && (s.size == 0 || t->total == 0 || s.start == next);
    if (t->total == 0) t->start = s.start;
    if (s.size) next = s.start + s.size;
    t->total += counts[i];
  }
}

static mill_status take_elements(mill_call *call, const mill_vector *v, size_t n, uint32_t *counts,
                                 taken *t, mill_error *err) {
  const explode_plan *plan = call->state;
  size_t at = 0;
  bool straight;
  count_elements(call, v, n, counts, t, &straight);
  if (t->total > UINT32_MAX) return mill_oom(call->arena->memory, t->total, err);
  if (straight && !plan->spread) return MILL_OK;
  uint32_t *sel = mill_arena_take(call->arena, (t->total + 1) * sizeof *sel);
  if (sel == NULL) return mill_oom(call->arena->memory, t->total * sizeof *sel, err);
  for (size_t i = 0; i < n; i++) {
    mill_span s = span_at(v, i);
    for (uint32_t k = 0; k < s.size; k++) sel[at++] = s.start + k;
    if (s.size == 0 && plan->outer) sel[at++] = MILL_NO_ELEMENT;
  }
  t->sel = sel;
  return MILL_OK;
}

/* Elements that lie one behind the other, without a copy. */
static mill_status view_elements(mill_call *call, mill_vector *to, const mill_vector *from,
                                 const taken *t, mill_error *err) {
  if (t->start % 64 == 0 || from->mask == 0)
    return mill_vector_slice(to, from, t->start, call->arena, err);
  *to = *from;
  to->capacity = 0;
  to->data = (char *)from->data + (size_t)t->start * from->type->width;
  to->size = (uint32_t)t->total;
  return MILL_OK;
}

/* Append the elements; runs between rows of nulls in one go. */
static mill_status append_elements(mill_call *call, mill_vector *to, const mill_vector *from,
                                   const taken *t, mill_error *err) {
  mill_vector null;
  const uint32_t *sel = t->sel;
  uint32_t *rows = NULL;
  bool plain = from->valid == NULL && from->index == NULL && from->type->width;
  if (sel == NULL && (plain || t->start % 64 == 0)) return view_elements(call, to, from, t, err);
  if (sel == NULL) {
    sel = rows = mill_arena_take(call->arena, t->total * sizeof *rows);
    if (rows == NULL) return mill_oom(call->arena->memory, t->total * sizeof *rows, err);
    for (size_t i = 0; i < t->total; i++) rows[i] = t->start + (uint32_t)i;
  }
  mill_vector_null(&null, to->type);
  for (size_t i = 0; i < t->total;) {
    size_t stop = i;
    while (stop < t->total && sel[stop] != MILL_NO_ELEMENT) stop++;
    MILL_TRY(mill_vector_append(to, from, sel + i, stop - i, false, call->arena, err));
    for (i = stop; i < t->total && sel[i] == MILL_NO_ELEMENT; i++)
      MILL_TRY(mill_vector_append(to, &null, NULL, 1, false, call->arena, err));
  }
  return MILL_OK;
}

static mill_status put_positions(mill_call *call, mill_vector *to, const uint32_t *counts,
                                 const taken *t, size_t n, mill_error *err) {
  MILL_TRY(mill_vector_reserve(to, (uint32_t)t->total, call->arena, err));
  int32_t *r = to->data;
  for (size_t i = 0, at = 0; i < n; i++)
    for (int32_t k = 0; k < (int32_t)counts[i]; k++, at++) {
      r[at] = k;
      if (t->sel && t->sel[at] == MILL_NO_ELEMENT) MILL_TRY(mill_set_null(call, to, at, err));
    }
  to->size = (uint32_t)t->total;
  return MILL_OK;
}

/* The fields of structs as columns: null where the struct is. */
static mill_status append_fields(mill_call *call, mill_vector *out, const mill_vector *items,
                                 const taken *t, mill_error *err) {
  for (size_t i = 0; i < t->total; i++)
    if (t->sel[i] != MILL_NO_ELEMENT && !mill_vector_valid(items, t->sel[i]))
      t->sel[i] = MILL_NO_ELEMENT;
  for (uint32_t c = 0; c < items->type->nfields; c++)
    MILL_TRY(append_elements(call, &out[c], &items->child[c], t, err));
  return MILL_OK;
}

static mill_status explode_rows(mill_call *call, const mill_vector *const *args, size_t n,
                                uint32_t *counts, mill_vector *out, mill_error *err) {
  const explode_plan *plan = call->state;
  const mill_vector *v = args[0];
  taken t;
  MILL_TRY(take_elements(call, v, n, counts, &t, err));
  if (t.total == 0) return MILL_OK;
  if (plan->position) MILL_TRY(put_positions(call, out++, counts, &t, n, err));
  const mill_vector *child = v->child;
  mill_vector none[2] = {{0}};
  if (child == NULL) { /* a constant null: its rows have no elements */
    for (uint32_t c = 0; c < v->type->nfields; c++)
      mill_vector_null(&none[c], v->type->fields[c].type);
    child = none;
  }
  if (plan->spread && child != none) return append_fields(call, out, child, &t, err);
  uint32_t columns = plan->spread ? v->type->fields[0].type->nfields : v->type->nfields;
  for (uint32_t c = 0; c < columns; c++)
    MILL_TRY(append_elements(call, &out[c], plan->spread ? &child[0] : &child[c], &t, err));
  return MILL_OK;
}

static mill_status bind_fields(mill_binding *b, const mill_field *f, uint32_t n, mill_error *err) {
  b->result = mill_type_struct(b->ctx->types, f, n);
  return b->result ? MILL_OK : mill_oom(b->ctx->memory, sizeof *f, err);
}

static mill_status open_plan(mill_binding *b, bool outer, bool position, bool spread,
                             mill_error *err) {
  void *mem;
  MILL_TRY(mill_bind_alloc(b, sizeof(explode_plan), &mem, err));
  *(explode_plan *)mem = (explode_plan){outer, position, spread};
  b->state = mem;
  return MILL_OK;
}

static mill_status bind_explode(mill_binding *b, mill_error *err) {
  const mill_type *t = b->arg_type[0];
  bool outer = strstr(b->fn->name, "_outer") != NULL, map = t->id == MILL_MAP;
  bool position = strncmp(b->fn->name, "pos", 3) == 0;
  if (t->id != MILL_ARRAY && !map) return mill_bind_wrong_type(b, 0, "(\"ARRAY\" or \"MAP\")", err);
  MILL_TRY(open_plan(b, outer, position, false, err));
  mill_field f[3];
  uint32_t n = 0;
  if (position) f[n++] = (mill_field){"pos", mill_type_of(MILL_INT), outer, NULL};
  f[n++] = (mill_field){map ? "key" : "col", t->fields[0].type, outer || (!map && t->contains_null),
                        NULL};
  if (map) f[n++] = (mill_field){"value", t->fields[1].type, outer || t->contains_null, NULL};
  return bind_fields(b, f, n, err);
}

static mill_status bind_inline(mill_binding *b, mill_error *err) {
  const mill_type *t = b->arg_type[0];
  bool outer = strstr(b->fn->name, "_outer") != NULL;
  if (t->id != MILL_ARRAY || t->fields[0].type->id != MILL_STRUCT)
    return mill_bind_wrong_type(b, 0, "\"ARRAY<STRUCT>\"", err);
  MILL_TRY(open_plan(b, outer, false, true, err));
  const mill_type *item = t->fields[0].type;
  mill_field *f = mill_arena_alloc(b->arena, (item->nfields + 1) * sizeof *f);
  if (f == NULL) return mill_oom(b->ctx->memory, item->nfields * sizeof *f, err);
  for (uint32_t i = 0; i < item->nfields; i++) {
    f[i] = item->fields[i];
    f[i].nullable |= outer || t->contains_null;
  }
  return bind_fields(b, f, item->nfields, err);
}

/* ---- stack ---------------------------------------------------------------------------------- */

static mill_status stack_rows(mill_call *call, const mill_vector *const *args, size_t n,
                              uint32_t *counts, mill_vector *out, mill_error *err) {
  uint32_t rows = *(const uint32_t *)call->state, columns = call->result->nfields;
  const mill_vector **column = mill_arena_take(call->arena, rows * sizeof *column);
  mill_vector null;
  if (column == NULL) return mill_oom(call->arena->memory, rows * sizeof *column, err);
  for (uint32_t i = 0; i < n; i++) counts[i] = rows;
  for (uint32_t c = 0; c < columns; c++) {
    mill_vector_null(&null, out[c].type);
    for (uint32_t k = 0; k < rows; k++) {
      uint64_t arg = 1 + c + (uint64_t)k * columns;
      bool given = arg < (uint64_t)call->nargs && args[arg]->type->phys != MILL_PHYS_NONE;
      column[k] = given ? args[arg] : &null;
    }
    MILL_TRY(mill_list_interleave(call, &out[c], column, (int)rows, 1, n, err));
  }
  return MILL_OK;
}

static mill_status stack_differs(mill_binding *b, uint32_t column, int left, int right,
                                 mill_error *err) {
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_STACK_COLUMN_DIFF_TYPES, "sqlExpr",
                   mill_bind_sql(b, err), "columnIndex", mill_error_fmt(err, "%u", column),
                   "leftParamIndex", mill_error_fmt(err, "%d", left), "leftType",
                   mill_bind_type_sql(b, b->arg_type[left], err), "rightParamIndex",
                   mill_error_fmt(err, "%d", right), "rightType",
                   mill_bind_type_sql(b, b->arg_type[right], err), NULL);
}

/* One column: every `columns`-th argument from the first, all of one type but for nulls. */
static mill_status stack_column(mill_binding *b, uint32_t column, uint32_t columns,
                                const mill_type **out, mill_error *err) {
  int first = 0;
  *out = mill_type_of(MILL_NULL);
  for (int i = (int)column + 1; i < b->nargs; i += (int)columns) {
    if (b->arg_type[i]->id == MILL_NULL) continue;
    bool text = first && (*out)->id == MILL_STRING && mill_type_same(b->arg_type[i], *out, true);
    if (first && b->arg_type[i] != *out && !text) return stack_differs(b, column, first, i, err);
    if (first) continue;
    first = i;
    *out = b->arg_type[i];
  }
  for (int i = (int)column + 1; i < b->nargs; i += (int)columns) b->cast_to[i] = *out;
  return MILL_OK;
}

static mill_status bind_stack(mill_binding *b, mill_error *err) {
  mill_vector v;
  void *mem;
  if (b->arg_value[0] == NULL)
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_NON_FOLDABLE_INPUT, "sqlExpr",
                     mill_bind_sql(b, err), "inputName", "`n`", "inputType", "\"INT\"", "inputExpr",
                     mill_error_fmt(err, "\"%s\"", mill_arg_sql(b, 0)), NULL);
  if (b->arg_type[0]->id != MILL_INT) return mill_bind_wrong_type(b, 0, "\"INT\"", err);
  MILL_TRY(mill_bind_constant(b, 0, &v, err));
  int32_t rows = mill_vector_valid(&v, 0) ? MILL_AT(int32_t, &v, 0) : 0;
  if (rows < 1)
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_VALUE_OUT_OF_RANGE, "sqlExpr",
                     mill_bind_sql(b, err), "exprName", "`n`", "valueRange", "(0, 2147483647]",
                     "currentValue", mill_error_fmt(err, "%d", (int)rows), NULL);
  uint32_t values = (uint32_t)b->nargs - 1;
  uint32_t columns = (uint32_t)(((uint64_t)values + (uint32_t)rows - 1) / (uint32_t)rows);
  MILL_TRY(mill_bind_alloc(b, sizeof(uint32_t), &mem, err));
  *(uint32_t *)mem = (uint32_t)rows;
  b->state = mem;
  mill_field *f = mill_arena_alloc(b->arena, columns * sizeof *f);
  if (f == NULL) return mill_oom(b->ctx->memory, columns * sizeof *f, err);
  for (uint32_t c = 0; c < columns; c++) {
    const char *name = mill_error_fmt(err, "col%u", c);
    f[c] = (mill_field){mill_arena_strndup(b->arena, name, strlen(name)), NULL, true, NULL};
    if (f[c].name == NULL) return mill_oom(b->ctx->memory, 8, err);
    MILL_TRY(stack_column(b, c, columns, &f[c].type, err));
  }
  mill_error_clear(err);
  return bind_fields(b, f, columns, err);
}

#define GENERATOR(NAME, TYPES, BIND, ROWS, NAMED, USAGE, DOC, EXAMPLE)                             \
  {                                                                                                \
    .name = NAME, .types = TYPES, .kind = MILL_GENERATOR, .bind = BIND, .generate = ROWS,          \
    .flags = MILL_FN_NULLS | (NAMED), .usage = USAGE, .doc = DOC, .example = EXAMPLE               \
  }

const mill_function mill_family_generator[] = {
    GENERATOR("explode", "any", bind_explode, explode_rows, MILL_FN_NAMED, "explode(collection)",
              "A row for each element of the array or entry of the map.",
              "SELECT explode(array(10, 20)) -> 10"),
    GENERATOR("explode_outer", "any", bind_explode, explode_rows, MILL_FN_NAMED,
              "explode_outer(collection)",
              "As explode, with a row of nulls where there is no element.",
              "SELECT explode_outer(array(10, 20)) -> 10"),
    GENERATOR("posexplode", "any", bind_explode, explode_rows, MILL_FN_NAMED,
              "posexplode(collection)", "As explode, with the number of the element from 0.",
              "SELECT posexplode(array(10, 20)) -> 0"),
    GENERATOR("posexplode_outer", "any", bind_explode, explode_rows, MILL_FN_NAMED,
              "posexplode_outer(collection)",
              "As posexplode, with a row of nulls where there is no element.",
              "SELECT posexplode_outer(array(10, 20)) -> 0"),
    GENERATOR("inline", "any", bind_inline, explode_rows, MILL_FN_NAMED, "inline(input)",
              "A row for each struct of the array, its fields as columns.",
              "SELECT inline(array(struct(1, 'a'))) -> 1"),
    GENERATOR("inline_outer", "any", bind_inline, explode_rows, MILL_FN_NAMED,
              "inline_outer(input)", "As inline, with a row of nulls where there is no element.",
              "SELECT inline_outer(array(struct(1, 'a'))) -> 1"),
    GENERATOR("stack", "any, any, any*", bind_stack, stack_rows, 0, "stack(n, expr1, ..., exprk)",
              "The values cut into n rows.", "SELECT stack(2, 1, 2, 3) -> 1"),
    {0}};
