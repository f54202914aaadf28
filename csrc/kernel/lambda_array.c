/* Lambdas over arrays: transform, filter, exists, forall, zip_with. The body runs once over the
** elements of all rows. */
#include "kernel/lambda_int.h"
#include "kernel/list_words.h"

mill_status mill_element_variables(mill_binding *b, int arg, int given, mill_lambda_variables *out,
                                   mill_error *err) {
  (void)arg;
  MILL_TRY(need_type(b, 0, MILL_ARRAY, err));
  const mill_type *t = b->arg_type[0];
  add_variable(out, t->fields[0].type, t->contains_null);
  if (given == 2) add_variable(out, mill_type_of(MILL_INT), false);
  return MILL_OK;
}

static mill_status one_variable(mill_binding *b, int arg, int given, mill_lambda_variables *out,
                                mill_error *err) {
  (void)given;
  return mill_element_variables(b, arg, 1, out, err);
}

/* The body's values over all elements of argument 0; NULL where there are none. */
static mill_status run_body(mill_call *call, const mill_vector *const *args, size_t n, elements *e,
                            const mill_vector **out, mill_error *err) {
  mill_vector x, place;
  *out = NULL;
  MILL_TRY(elements_of(call, args[0], n, e, err));
  if (e->n == 0) return MILL_OK;
  MILL_TRY(element_values(call, args[0]->child, e, &x, err));
  places_of(e, &place);
  const mill_vector *vars[] = {&x, &place};
  return call->lambda->eval(call->lambda, 1, vars, e->row, e->n, out, err);
}

static mill_status nulls_of(mill_call *call, const mill_vector *v, size_t n, mill_vector *out,
                            mill_error *err) {
  for (size_t i = 0; i < n; i++)
    if (is_null(v, i)) MILL_TRY(mill_set_null(call, out, i, err));
  return MILL_OK;
}

/* Row i has the next sizes[i] elements of what was appended. */
static void span_rows(mill_vector *out, const mill_vector *like, size_t n) {
  mill_span *r = out->data;
  uint32_t start = 0;
  for (size_t i = 0; i < n; i++) {
    r[i] = (mill_span){start, span_at(like, i).size};
    start += r[i].size;
  }
}

KERNEL_HEAD(k_transform) {
  elements e;
  const mill_vector *v;
  MILL_TRY(run_body(call, args, n, &e, &v, err));
  if (v) MILL_TRY(mill_vector_append(&out->child[0], v, NULL, e.n, false, call->arena, err));
  span_rows(out, args[0], n);
  return nulls_of(call, args[0], n, out, err);
}

static mill_status bind_transform(mill_binding *b, mill_error *err) {
  MILL_TRY(need_type(b, 0, MILL_ARRAY, err));
  b->nullable = b->arg_nullable[0];
  b->result = mill_type_array(b->ctx->types, b->arg_type[1], b->arg_nullable[1]);
  return b->result ? MILL_OK : mill_oom(b->ctx->memory, 1, err);
}

KERNEL_HEAD(k_filter) {
  elements e;
  const mill_vector *v;
  const uint8_t *keeps = NULL;
  uint32_t kept = 0;
  MILL_TRY(run_body(call, args, n, &e, &v, err));
  if (v) MILL_TRY(flags_of(call, v, e.n, &keeps, err));
  for (uint32_t i = 0, k = 0; i < n; i++) {
    uint32_t first = kept, stop = k + span_at(args[0], i).size;
    for (; k < stop; k++) {
      e.at[kept] = e.at[k];
      kept += keeps[k];
    }
    ((mill_span *)out->data)[i] = (mill_span){first, kept - first};
  }
  if (kept)
    MILL_TRY(
        mill_vector_append(&out->child[0], args[0]->child, e.at, kept, false, call->arena, err));
  return nulls_of(call, args[0], n, out, err);
}

static mill_status bind_filter(mill_binding *b, mill_error *err) {
  MILL_TRY(need_type(b, 0, MILL_ARRAY, err));
  b->nullable = b->arg_nullable[0];
  b->result = b->arg_type[0];
  return need_condition(b, 1, err);
}

/* A value that decides gives the answer; else a null does; else the other one. */
static mill_status quantify(mill_call *call, const mill_vector *const *args, size_t n,
                            mill_vector *out, bool deciding, mill_error *err) {
  elements e;
  const mill_vector *v;
  const uint8_t *flag = NULL;
  uint8_t *r = out->data;
  MILL_TRY(run_body(call, args, n, &e, &v, err));
  if (v) MILL_TRY(flags_of(call, v, e.n, &flag, err));
  bool nulls = v && (v->valid || v->type->id == MILL_NULL);
  for (uint32_t i = 0, k = 0; i < n; i++) {
    uint32_t stop = k + span_at(args[0], i).size, hits = 0, known = stop - k;
    bool unknown = is_null(args[0], i);
    for (uint32_t x = k; x < stop; x++) hits += flag[x];
    for (uint32_t x = k; nulls && x < stop; x++) known -= is_null(v, x);
    bool decided = deciding ? hits > 0 : hits < known;
    unknown |= known < stop - k;
    r[i] = decided == deciding;
    if (unknown && !decided) MILL_TRY(mill_set_null(call, out, i, err));
    k = stop;
  }
  return MILL_OK;
}

KERNEL_HEAD(k_exists) { return quantify(call, args, n, out, true, err); }
KERNEL_HEAD(k_forall) { return quantify(call, args, n, out, false, err); }

static mill_status bind_quantifier(mill_binding *b, mill_error *err) {
  MILL_TRY(need_type(b, 0, MILL_ARRAY, err));
  b->nullable = b->arg_nullable[0] || b->arg_nullable[1];
  b->result = mill_type_of(MILL_BOOLEAN);
  return need_condition(b, 1, err);
}

/* ---- zip_with ------------------------------------------------------------------------------- */

/* Values of one array, sizes[i] of row i; nulls where the array has ended. */
static mill_status padded(mill_call *call, const mill_vector *v, const uint32_t *sizes, size_t n,
                          uint32_t total, mill_vector *out, mill_error *err) {
  const mill_vector *c = v->child;
  if (c == NULL || c->type->phys == MILL_PHYS_NONE) return values_at(call, c, NULL, 0, out, err);
  MILL_TRY(mill_vector_init(out, c->type, total, call->arena, err));
  out->size = 0;
  return mill_list_pad(call, v, sizes, n, total, out, err);
}

static uint32_t longest(const mill_vector *a, const mill_vector *b, size_t i) {
  uint32_t x = span_at(a, i).size, y = span_at(b, i).size;
  return is_null(a, i) || is_null(b, i) ? 0 : x > y ? x : y;
}

/* The longer of two lists in each row; the rows of their elements. */
static mill_status longest_rows(mill_call *call, const mill_vector *const *args, size_t n,
                                uint32_t **sizes, elements *e, mill_error *err) {
  size_t total = 0;
  MILL_TRY(mill_list_places(call, n, sizes, err));
  for (size_t i = 0; i < n; i++) total += (*sizes)[i] = longest(args[0], args[1], i);
  MILL_TRY(elements_new(call, total, e, err));
  for (size_t i = 0; i < n; i++) {
    uint32_t *row = e->row + e->n, size = (*sizes)[i];
    for (uint32_t k = 0; k < size; k++) row[k] = (uint32_t)i;
    e->n += size;
  }
  return MILL_OK;
}

KERNEL_HEAD(k_zip_with) {
  elements e = {0};
  uint32_t *sizes, from = 0;
  mill_vector x, y;
  mill_span *r = out->data;
  MILL_TRY(longest_rows(call, args, n, &sizes, &e, err));
  for (size_t i = 0; i < n; from += sizes[i++]) r[i] = (mill_span){from, sizes[i]};
  MILL_TRY(nulls_of(call, args[0], n, out, err));
  MILL_TRY(nulls_of(call, args[1], n, out, err));
  if (e.n == 0) return MILL_OK;
  MILL_TRY(padded(call, args[0], sizes, n, e.n, &x, err));
  MILL_TRY(padded(call, args[1], sizes, n, e.n, &y, err));
  const mill_vector *v, *vars[] = {&x, &y};
  MILL_TRY(call->lambda->eval(call->lambda, 2, vars, e.row, e.n, &v, err));
  return mill_vector_append(&out->child[0], v, NULL, e.n, false, call->arena, err);
}

static mill_status zip_variables(mill_binding *b, int arg, int given, mill_lambda_variables *out,
                                 mill_error *err) {
  (void)arg, (void)given;
  for (int i = 0; i < 2; i++) MILL_TRY(need_type(b, i, MILL_ARRAY, err));
  for (int i = 0; i < 2; i++) add_variable(out, b->arg_type[i]->fields[0].type, true);
  return MILL_OK;
}

static mill_status bind_zip_with(mill_binding *b, mill_error *err) {
  MILL_TRY(need_type(b, 0, MILL_ARRAY, err));
  b->nullable = b->arg_nullable[0] || b->arg_nullable[1];
  b->result = mill_type_array(b->ctx->types, b->arg_type[2], b->arg_nullable[2]);
  return b->result ? MILL_OK : mill_oom(b->ctx->memory, 1, err);
}

static const mill_lambda_rule indexed = {1, mill_element_variables};
static const mill_lambda_rule single = {1, one_variable};
static const mill_lambda_rule zipped = {2, zip_variables};

#define DEF(NAME, TYPES, RULE, KERNEL, BIND, USAGE, DOC, EXAMPLE)                                  \
  {                                                                                                \
    .name = NAME, .types = TYPES, .lambda = RULE, .kernel = KERNEL, .bind = BIND,                  \
    .flags = MILL_FN_LAMBDA | MILL_FN_NULLS | MILL_FN_NO_RAISE, .usage = USAGE, .doc = DOC,        \
    .example = EXAMPLE                                                                             \
  }

const mill_function mill_family_lambda_array[] = {
    DEF("transform", "any, any", &indexed, k_transform, bind_transform, "transform(expr, func)",
        "The array of the function's values, of an element or of element and index.",
        "SELECT transform(array(1, 2, 3), x -> x + 1) -> [2,3,4]"),
    DEF("filter", "any, any", &indexed, k_filter, bind_filter, "filter(expr, func)",
        "The elements for which the function is true.",
        "SELECT filter(array(1, 2, 3), x -> x % 2 == 1) -> [1,3]"),
    DEF("exists", "any, any", &single, k_exists, bind_quantifier, "exists(expr, pred)",
        "True where the function is true for some element.",
        "SELECT exists(array(1, 2, 3), x -> x % 2 == 0) -> true"),
    DEF("forall", "any, any", &single, k_forall, bind_quantifier, "forall(expr, pred)",
        "True where the function is true for all elements.",
        "SELECT forall(array(1, 2, 3), x -> x % 2 == 0) -> false"),
    DEF("zip_with", "any, any, any", &zipped, k_zip_with, bind_zip_with,
        "zip_with(left, right, func)",
        "The function's values over the elements of two arrays; the shorter one gives nulls.",
        "SELECT zip_with(array(1, 2), array(3, 4), (x, y) -> x + y) -> [4,6]"),
    {0}};
