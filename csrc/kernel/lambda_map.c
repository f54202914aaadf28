/* Lambdas over maps: map_filter, transform_keys, transform_values, map_zip_with. The body runs once
** over the entries of all rows. */
#include "kernel/lambda_int.h"
#include "kernel/list_int.h"

static mill_status entry_variables(mill_binding *b, int arg, int given, mill_lambda_variables *out,
                                   mill_error *err) {
  (void)arg, (void)given;
  MILL_TRY(need_type(b, 0, MILL_MAP, err));
  const mill_type *t = b->arg_type[0];
  add_variable(out, t->fields[0].type, false);
  add_variable(out, t->fields[1].type, t->contains_null);
  return MILL_OK;
}

typedef struct entries {
  elements e;
  mill_vector key, value;
  const mill_vector *body; /* NULL: no entries */
} entries;

static mill_status run_body(mill_call *call, const mill_vector *map, size_t n, entries *x,
                            mill_error *err) {
  x->body = NULL;
  MILL_TRY(elements_of(call, map, n, &x->e, err));
  if (x->e.n == 0) return MILL_OK;
  MILL_TRY(element_values(call, &map->child[0], &x->e, &x->key, err));
  MILL_TRY(element_values(call, &map->child[1], &x->e, &x->value, err));
  const mill_vector *vars[] = {&x->key, &x->value};
  return call->lambda->eval(call->lambda, 1, vars, x->e.row, x->e.n, &x->body, err);
}

/* Row i has the entries that belong to it in e, which are appended. */
static mill_status span_rows(mill_call *call, const mill_vector *map, const elements *e, size_t n,
                             mill_vector *out, mill_error *err) {
  mill_span *r = out->data;
  uint32_t k = 0;
  for (uint32_t i = 0; i < n; i++) {
    uint32_t start = k;
    while (k < e->n && e->row[k] == i) k++;
    r[i] = (mill_span){start, k - start};
    if (is_null(map, i)) MILL_TRY(mill_set_null(call, out, i, err));
  }
  return MILL_OK;
}

static mill_status put(mill_call *call, mill_vector *to, const mill_vector *v, const uint32_t *sel,
                       uint32_t n, mill_error *err) {
  return mill_vector_append(to, v, sel, n, false, call->arena, err);
}

KERNEL_HEAD(k_map_filter) {
  entries x;
  MILL_TRY(run_body(call, args[0], n, &x, err));
  uint32_t kept = 0;
  const uint8_t *keeps = NULL;
  if (x.body) MILL_TRY(flags_of(call, x.body, x.e.n, &keeps, err));
  for (uint32_t i = 0, k = 0; i < n; i++) {
    uint32_t first = kept, stop = k + span_at(args[0], i).size;
    for (; k < stop; k++) {
      x.e.at[kept] = x.e.at[k];
      kept += keeps[k];
    }
    ((mill_span *)out->data)[i] = (mill_span){first, kept - first};
    if (is_null(args[0], i)) MILL_TRY(mill_set_null(call, out, i, err));
  }
  for (int c = 0; kept && c < 2; c++)
    MILL_TRY(put(call, &out->child[c], &args[0]->child[c], x.e.at, kept, err));
  return MILL_OK;
}

static mill_status bind_filter(mill_binding *b, mill_error *err) {
  MILL_TRY(need_type(b, 0, MILL_MAP, err));
  b->nullable = b->arg_nullable[0];
  b->result = b->arg_type[0];
  return need_condition(b, 1, err);
}

KERNEL_HEAD(k_transform_keys) {
  entries x;
  MILL_TRY(run_body(call, args[0], n, &x, err));
  if (x.body) {
    MILL_TRY(put(call, &out->child[0], x.body, NULL, x.e.n, err));
    MILL_TRY(put(call, &out->child[1], &x.value, NULL, x.e.n, err));
  }
  for (uint32_t k = 0, from = 0; from < x.e.n; from = k) {
    while (k < x.e.n && x.e.row[k] == x.e.row[from]) k++;
    MILL_TRY(mill_check_map_keys(call, &out->child[0], from, from, k - from, err));
  }
  MILL_TRY(span_rows(call, args[0], &x.e, n, out, err));
  return mill_map_last_wins(call, out, n, err);
}

static mill_status bind_keys(mill_binding *b, mill_error *err) {
  MILL_TRY(need_type(b, 0, MILL_MAP, err));
  const mill_type *t = b->arg_type[0];
  MILL_TRY(mill_bind_map_key(b, b->arg_type[1], err));
  b->nullable = b->arg_nullable[0];
  b->result = mill_type_map(b->ctx->types, b->arg_type[1], t->fields[1].type, t->contains_null);
  return b->result ? MILL_OK : mill_oom(b->ctx->memory, 1, err);
}

KERNEL_HEAD(k_transform_values) {
  entries x;
  MILL_TRY(run_body(call, args[0], n, &x, err));
  if (x.body) {
    MILL_TRY(put(call, &out->child[0], &x.key, NULL, x.e.n, err));
    MILL_TRY(put(call, &out->child[1], x.body, NULL, x.e.n, err));
  }
  return span_rows(call, args[0], &x.e, n, out, err);
}

static mill_status bind_values(mill_binding *b, mill_error *err) {
  MILL_TRY(need_type(b, 0, MILL_MAP, err));
  const mill_type *t = b->arg_type[0];
  b->nullable = b->arg_nullable[0];
  b->result = mill_type_map(b->ctx->types, t->fields[0].type, b->arg_type[1], b->arg_nullable[1]);
  return b->result ? MILL_OK : mill_oom(b->ctx->memory, 1, err);
}

/* ---- map_zip_with --------------------------------------------------------------------------- */

/* The keys of both maps: those of the first, then those only the second has. */
typedef struct zipping {
  elements e;      /* at: the entry in the first map, UINT32_MAX: none */
  uint32_t *other; /* the entry in the second map */
} zipping;

static uint32_t find_key(const mill_vector *keys, mill_span s, const mill_vector *of, uint32_t k) {
  for (uint32_t i = s.start; i < s.start + s.size; i++)
    if (mill_vector_equal(keys, i, of, k)) return i;
  return UINT32_MAX;
}

static void zip_row(zipping *z, const mill_vector *a, const mill_vector *b, uint32_t row) {
  mill_span s = span_at(a, row), t = span_at(b, row);
  if (is_null(a, row) || is_null(b, row)) return;
  for (uint32_t k = s.start; k < s.start + s.size; k++) {
    z->e.row[z->e.n] = row;
    z->e.at[z->e.n] = k;
    z->other[z->e.n++] = find_key(&b->child[0], t, &a->child[0], k);
  }
  for (uint32_t k = t.start; k < t.start + t.size; k++) {
    if (find_key(&a->child[0], s, &b->child[0], k) != UINT32_MAX) continue;
    z->e.row[z->e.n] = row;
    z->e.at[z->e.n] = UINT32_MAX;
    z->other[z->e.n++] = k;
  }
}

/* Child `c` of one map at the places at[0..n), of the other (or null) where there is none. */
static mill_status either(mill_call *call, const mill_vector *v, const uint32_t *at,
                          const mill_vector *w, const uint32_t *bt, uint32_t n, mill_vector *out,
                          mill_error *err) {
  mill_vector null;
  mill_vector_null(&null, v->type);
  MILL_TRY(mill_vector_init(out, v->type, n, call->arena, err));
  for (uint32_t i = 0; i < n;) {
    bool first = at[i] != UINT32_MAX;
    uint32_t stop = i;
    while (stop < n && (at[stop] != UINT32_MAX) == first) stop++;
    const mill_vector *from = first ? v : w ? w : &null;
    const uint32_t *sel = first ? at + i : w ? bt + i : NULL;
    MILL_TRY(put(call, out, from, sel, stop - i, err));
    i = stop;
  }
  return MILL_OK;
}

KERNEL_HEAD(k_map_zip_with) {
  const mill_vector *a = args[0], *b = args[1];
  size_t total = 0;
  zipping z;
  for (size_t i = 0; i < n; i++) total += (size_t)span_at(a, i).size + span_at(b, i).size;
  MILL_TRY(elements_new(call, total, &z.e, err));
  z.other = mill_arena_take(call->arena, (total + 1) * sizeof *z.other);
  if (z.other == NULL) return mill_oom(call->arena->memory, total, err);
  for (uint32_t i = 0; i < n; i++) zip_row(&z, a, b, i);
  for (size_t i = 0; i < n; i++)
    if (is_null(b, i)) MILL_TRY(mill_set_null(call, out, i, err));
  MILL_TRY(span_rows(call, a, &z.e, n, out, err));
  if (z.e.n == 0) return MILL_OK;
  mill_vector key, x, y;
  MILL_TRY(either(call, &a->child[0], z.e.at, &b->child[0], z.other, z.e.n, &key, err));
  MILL_TRY(either(call, &a->child[1], z.e.at, NULL, NULL, z.e.n, &x, err));
  MILL_TRY(either(call, &b->child[1], z.other, NULL, NULL, z.e.n, &y, err));
  const mill_vector *v, *vars[] = {&key, &x, &y};
  MILL_TRY(call->lambda->eval(call->lambda, 2, vars, z.e.row, z.e.n, &v, err));
  MILL_TRY(put(call, &out->child[0], &key, NULL, z.e.n, err));
  return put(call, &out->child[1], v, NULL, z.e.n, err);
}

/* Both maps with keys of one type. */
static mill_status zip_types(mill_binding *b, mill_error *err) {
  mill_types *pool = b->ctx->types;
  for (int i = 0; i < 2; i++) MILL_TRY(need_type(b, i, MILL_MAP, err));
  const mill_type *t = b->arg_type[0], *u = b->arg_type[1];
  const mill_type *k = mill_common_key(pool, t->fields[0].type, u->fields[0].type);
  if (k == NULL)
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_MAP_ZIP_WITH_DIFF_TYPES, "sqlExpr",
                     mill_bind_sql(b, err), "functionName", "`map_zip_with`", "leftType",
                     mill_bind_type_sql(b, t->fields[0].type, err), "rightType",
                     mill_bind_type_sql(b, u->fields[0].type, err), NULL);
  b->cast_to[0] = mill_type_map(pool, k, t->fields[1].type, t->contains_null);
  b->cast_to[1] = mill_type_map(pool, k, u->fields[1].type, u->contains_null);
  return b->cast_to[0] && b->cast_to[1] ? MILL_OK : mill_oom(b->ctx->memory, 1, err);
}

static mill_status zip_variables(mill_binding *b, int arg, int given, mill_lambda_variables *out,
                                 mill_error *err) {
  (void)arg, (void)given;
  MILL_TRY(zip_types(b, err));
  add_variable(out, b->cast_to[0]->fields[0].type, false);
  for (int i = 0; i < 2; i++) add_variable(out, b->cast_to[i]->fields[1].type, true);
  return MILL_OK;
}

static mill_status bind_zip(mill_binding *b, mill_error *err) {
  MILL_TRY(zip_types(b, err));
  b->nullable = b->arg_nullable[0] || b->arg_nullable[1];
  b->result = mill_type_map(b->ctx->types, b->cast_to[0]->fields[0].type, b->arg_type[2],
                            b->arg_nullable[2]);
  return b->result ? MILL_OK : mill_oom(b->ctx->memory, 1, err);
}

static const mill_lambda_rule entry = {1, entry_variables};
static const mill_lambda_rule zipped = {2, zip_variables};

#define DEF(NAME, TYPES, RULE, KERNEL, BIND, FLAGS, USAGE, DOC, EXAMPLE)                           \
  {                                                                                                \
    .name = NAME, .types = TYPES, .lambda = RULE, .kernel = KERNEL, .bind = BIND,                  \
    .flags = MILL_FN_LAMBDA | MILL_FN_NULLS | FLAGS, .usage = USAGE, .doc = DOC,                   \
    .example = EXAMPLE                                                                             \
  }

const mill_function mill_family_lambda_map[] = {
    DEF("map_filter", "any, any", &entry, k_map_filter, bind_filter, MILL_FN_NO_RAISE,
        "map_filter(expr, func)", "The entries for which the function is true.",
        "SELECT map_filter(map(1, 0, 2, 2, 3, -1), (k, v) -> k > v) -> {1:0,3:-1}"),
    DEF("transform_keys", "any, any", &entry, k_transform_keys, bind_keys, 0,
        "transform_keys(expr, func)", "The map with the function's values as keys.",
        "SELECT transform_keys(map(1, 1, 2, 2), (k, v) -> k + 1) -> {2:1,3:2}"),
    DEF("transform_values", "any, any", &entry, k_transform_values, bind_values, MILL_FN_NO_RAISE,
        "transform_values(expr, func)", "The map with the function's values as values.",
        "SELECT transform_values(map(1, 1, 2, 2), (k, v) -> v + 1) -> {1:2,2:3}"),
    DEF("map_zip_with", "any, any, any", &zipped, k_map_zip_with, bind_zip, MILL_FN_NO_RAISE,
        "map_zip_with(map1, map2, func)",
        "The function's values over the keys of two maps; a map without the key gives null.",
        "SELECT map_zip_with(map(1, 'a'), map(1, 'x'), (k, v1, v2) -> concat(v1, v2)) -> "
        "{1:\"ax\"}"),
    {0}};
