/* The tuple sketches' aggregates and functions, _double and _integer, and what combines them with theta sketches:
** samples of hashes (kmv_int.h) with a number each, in the compact format of Apache DataSketches.
**
** Bytes, little endian: head of eight (words before the entries, version 3, family 9, kind 1, 0, flags, hash of the
** seed), then their number and theta in the words that the head tells of, and the entries in the order of their
** hashes: hash, number (a double, or an integer of four bytes), mode. */
#include <math.h>
#include <strings.h>

#include "kernel/kmv_int.h"

enum { FAMILY = 9, LEAST_LG_K = 4, MOST_LG_K = 26, READ_ONLY = 2, EMPTY = 4, COMPACT = 8 };

typedef struct {
  mill_kmv_rule rule; /* first: samples take it as theirs */
} plan;

/* ---- bytes ---------------------------------------------------------------------------------- */

static size_t entry_size(const mill_kmv_rule *rule) { return 8 + (rule->real ? 8 : 4) + 1; }

static void write_head(const mill_kmv *s, uint8_t *p) {
  bool estimated = s->theta < MILL_KMV_ALL, short_one = s->count == 1 && !estimated;
  p[0] = estimated ? 3 : short_one || !s->some ? 1 : 2;
  p[1] = 3;
  p[2] = FAMILY;
  p[3] = 1;
  p[5] = (uint8_t)(READ_ONLY | COMPACT | (s->some ? 0 : EMPTY));
  mill_sketch_store(p + 6, MILL_SKETCH_SEED_HASH, 2);
  if (p[0] > 1) mill_sketch_store(p + 8, s->count, 4);
  if (p[0] > 2) mill_sketch_store(p + 16, s->theta, 8);
}

static mill_status put_sketch(mill_call *call, mill_kmv *s, const mill_kmv_rule *rule,
                              mill_vector *out, size_t i, mill_error *err) {
  mill_kmv_entry *e;
  uint8_t head[24] = {0}, *p;
  MILL_TRY(mill_kmv_sorted(call->arena, s, rule, &e, err));
  write_head(s, head);
  size_t at = 8 * (size_t)head[0], size = at + s->count * entry_size(rule);
  MILL_TRY(mill_sketch_take(call, size, &p, err));
  memcpy(p, head, at);
  for (uint32_t k = 0; k < s->count; k++, at += entry_size(rule)) {
    memcpy(p + at, &e[k].hash, 8);
    memcpy(p + at + 8, &e[k].summary, rule->real ? 8 : 4);
    p[at + entry_size(rule) - 1] = rule->mode;
  }
  put_view(out, i, (const char *)p, size);
  return MILL_OK;
}

static mill_status fail_input(const mill_call *call, bytes in, mill_error *err) {
  const char *other = mill_sketch_other_family(in, FAMILY);
  if (other == NULL) return mill_sketch_fail(call, MILL_E_TUPLE_INVALID_INPUT_SKETCH_BUFFER, err);
  return mill_call_fail(call, err, MILL_E_TUPLE_INVALID_INPUT_SKETCH_BUFFER_FAMILY, "function",
                        mill_error_fmt(err, "`%s`", call->fn->name), "expectedFamily", "TUPLE",
                        "actualFamily", other, NULL);
}

static mill_summary read_summary(const uint8_t *p, bool real) {
  int32_t x;
  memcpy(&x, p, sizeof x);
  return real ? (mill_summary){.real = mill_sketch_double(p)} : (mill_summary){.integer = x};
}

static mill_status read_sketch(mill_call *call, const mill_vector *v, size_t i, bool real,
                               mill_kmv *s, mill_error *err) {
  static const mill_kmv_rule all = {0};
  const mill_kmv_rule width = {.real = real};
  bytes in = bytes_at(v, i);
  const uint8_t *p = (const uint8_t *)in.p;
  bool head = in.n >= 8 && p[1] == 3 && p[2] == FAMILY && p[3] == 1 &&
              mill_sketch_load(p + 6, 2) == MILL_SKETCH_SEED_HASH && p[0] >= 1 && p[0] <= 3;
  bool empty = head && (p[5] & EMPTY);
  if (!head || (!empty && in.n < 8 * (size_t)p[0])) return fail_input(call, in, err);
  MILL_TRY(mill_kmv_open(call->arena, s, err));
  if (empty) return MILL_OK;
  size_t at = 8 * (size_t)p[0];
  uint64_t count = p[0] > 1 ? mill_sketch_load(p + 8, 4) : 1;
  s->some = true;
  if (p[0] > 2) s->theta = mill_sketch_load(p + 16, 8);
  if (s->theta > MILL_KMV_ALL || count > (in.n - at) / entry_size(&width))
    return fail_input(call, in, err);
  for (uint64_t k = 0; k < count; k++, at += entry_size(&width)) {
    uint64_t hash = mill_sketch_load(p + at, 8);
    if (hash == 0 || hash >= s->theta) return fail_input(call, in, err);
    MILL_TRY(mill_kmv_add(call->arena, s, &all, hash, read_summary(p + at + 8, real), err));
  }
  return MILL_OK;
}

/* ---- aggregates ----------------------------------------------------------------------------- */

static const mill_kmv_rule *rule_of(const mill_call *call) {
  return &((const plan *)call->state)->rule;
}

static mill_summary given(const mill_kmv_rule *rule, const mill_vector *v, size_t i) {
  if (rule->mode == MILL_KMV_ONE)
    return rule->real ? (mill_summary){.real = 1} : (mill_summary){.integer = 1};
  return rule->real ? (mill_summary){.real = MILL_AT(double, v, i)}
                    : (mill_summary){.integer = MILL_AT(int32_t, v, i)};
}

AGG_UPDATE(tuple_update) {
  const mill_kmv_rule *rule = rule_of(call);
  if (args[0]->type->phys == MILL_PHYS_NONE || args[1]->type->phys == MILL_PHYS_NONE)
    return MILL_OK;
  AGG_ROWS(args[0], n, i) {
    mill_kmv *s = states[i];
    if (s->slot == NULL && mill_vector_valid(args[1], i))
      MILL_TRY(mill_kmv_open(call->arena, s, err));
  }
  for (size_t from = 0; from < n; from += MILL_SKETCH_ROWS) {
    mill_sketch_rows r;
    MILL_TRY(mill_sketch_hash(call, args[0], from, n, &r, err));
    for (uint32_t k = 0; k < r.n; k++) {
      uint32_t i = r.row[k];
      if (mill_vector_valid(args[1], i))
        MILL_TRY(mill_kmv_add(call->arena, states[i], rule, mill_kmv_hash(r.hash[k]),
                              given(rule, args[1], i), err));
    }
  }
  return MILL_OK;
}

static mill_status tuple_update_all(mill_call *call, void *state, const mill_vector *const *args,
                                    size_t n, mill_error *err) {
  const mill_kmv_rule *rule = rule_of(call);
  mill_kmv *s = state;
  mill_sketch_rows r;
  if (args[0]->type->phys == MILL_PHYS_NONE || args[1]->type->phys == MILL_PHYS_NONE)
    return MILL_OK;
  if (s->slot == NULL) MILL_TRY(mill_kmv_open(call->arena, s, err));
  for (size_t from = 0; from < n; from += MILL_SKETCH_ROWS) {
    MILL_TRY(mill_sketch_hash(call, args[0], from, n, &r, err));
    mill_sketch_drop_nulls(&r, args[1]);
    mill_kmv_sieve(s, &r);
    for (uint32_t k = 0; k < r.n; k++)
      MILL_TRY(mill_kmv_add(call->arena, s, rule, mill_kmv_hash(r.hash[k]),
                            given(rule, args[1], r.row[k]), err));
  }
  return MILL_OK;
}

AGG_UPDATE(union_update) {
  const mill_kmv_rule *rule = rule_of(call);
  if (args[0]->type->phys == MILL_PHYS_NONE) return MILL_OK;
  AGG_ROWS(args[0], n, i) {
    mill_kmv one;
    MILL_TRY(read_sketch(call, args[0], i, rule->real, &one, err));
    MILL_TRY(mill_kmv_unite(call->arena, states[i], &one, rule, err));
  }
  return MILL_OK;
}

AGG_UPDATE(intersection_update) {
  const mill_kmv_rule *rule = rule_of(call);
  if (args[0]->type->phys == MILL_PHYS_NONE) return MILL_OK;
  AGG_ROWS(args[0], n, i) {
    mill_kmv one;
    MILL_TRY(read_sketch(call, args[0], i, rule->real, &one, err));
    MILL_TRY(mill_kmv_intersect(call->arena, states[i], &one, rule, err));
  }
  return MILL_OK;
}

AGG_MERGE(union_merge) {
  const mill_vector *const args[] = {partial};
  return union_update(call, states, args, n, err);
}

AGG_MERGE(intersection_merge) {
  const mill_vector *const args[] = {partial};
  return intersection_update(call, states, args, n, err);
}

AGG_OUTPUT(tuple_save) {
  for (size_t i = 0; i < n; i++) {
    mill_kmv *s = states[i];
    if (s->slot)
      MILL_TRY(put_sketch(call, s, rule_of(call), out, i, err));
    else
      MILL_TRY(mill_set_null(call, out, i, err));
  }
  return MILL_OK;
}

AGG_OUTPUT(tuple_final) {
  for (size_t i = 0; i < n; i++) {
    mill_kmv *s = states[i];
    if (s->slot == NULL) MILL_TRY(mill_kmv_open(call->arena, s, err));
    MILL_TRY(put_sketch(call, s, rule_of(call), out, i, err));
  }
  return MILL_OK;
}

#define TUPLE_AGG(UPDATE, ALL, KIND, HEED, EXACT)                                                  \
  {                                                                                                \
    .state_size = sizeof(mill_kmv), .update = UPDATE, .update_all = ALL, .merge = KIND##_merge,    \
    .combine = mill_kmv_##KIND##_combine, .heed = HEED, .save = tuple_save, .final = tuple_final,  \
    .exact = EXACT                                                                                 \
  }
/* Sums of doubles hang on their order. */
static const mill_aggregate real_agg =
    TUPLE_AGG(tuple_update, tuple_update_all, union, mill_kmv_heed, false);
static const mill_aggregate whole_agg =
    TUPLE_AGG(tuple_update, tuple_update_all, union, mill_kmv_heed, true);
static const mill_aggregate real_union = TUPLE_AGG(union_update, NULL, union, mill_kmv_heed, false);
static const mill_aggregate whole_union = TUPLE_AGG(union_update, NULL, union, mill_kmv_heed, true);
static const mill_aggregate real_common =
    TUPLE_AGG(intersection_update, NULL, intersection, NULL, false);
static const mill_aggregate whole_common =
    TUPLE_AGG(intersection_update, NULL, intersection, NULL, true);

/* ---- functions of one sketch ---------------------------------------------------------------- */

static bool is_real(const mill_call *call) { return strstr(call->fn->name, "_double") != NULL; }

KERNEL_HEAD(tuple_estimate) {
  MILL_EACH(out, n, i) {
    mill_kmv s;
    MILL_TRY(read_sketch(call, args[0], i, is_real(call), &s, err));
    ((double *)out->data)[i] = mill_kmv_estimate(&s);
  }
  return MILL_OK;
}

KERNEL_HEAD(tuple_theta) {
  MILL_EACH(out, n, i) {
    mill_kmv s;
    MILL_TRY(read_sketch(call, args[0], i, is_real(call), &s, err));
    ((double *)out->data)[i] = mill_kmv_share(&s);
  }
  return MILL_OK;
}

static double real_summary(const mill_kmv_entry *e, uint32_t n, int mode) {
  double r = n && mode != MILL_KMV_ONE ? e[0].summary.real : (double)n;
  for (uint32_t k = 1; k < n && mode != MILL_KMV_ONE; k++) {
    double x = e[k].summary.real;
    r = mode == MILL_KMV_SUM ? r + x : mode == MILL_KMV_MIN ? (x < r ? x : r) : (x > r ? x : r);
  }
  return r;
}

static int64_t whole_summary(const mill_kmv_entry *e, uint32_t n, int mode) {
  int64_t r = n && mode != MILL_KMV_ONE ? e[0].summary.integer : (int64_t)n;
  for (uint32_t k = 1; k < n && mode != MILL_KMV_ONE; k++) {
    int64_t x = e[k].summary.integer;
    r = mode == MILL_KMV_SUM ? r + x : mode == MILL_KMV_MIN ? (x < r ? x : r) : (x > r ? x : r);
  }
  return r;
}

KERNEL_HEAD(tuple_summary) {
  static const mill_kmv_rule all = {0};
  const mill_kmv_rule *rule = rule_of(call);
  MILL_EACH(out, n, i) {
    mill_kmv s;
    mill_kmv_entry *e;
    MILL_TRY(read_sketch(call, args[0], i, rule->real, &s, err));
    MILL_TRY(mill_kmv_sorted(call->arena, &s, &all, &e, err));
    if (rule->real)
      ((double *)out->data)[i] = real_summary(e, s.count, rule->mode);
    else
      ((int64_t *)out->data)[i] = whole_summary(e, s.count, rule->mode);
  }
  return MILL_OK;
}

/* ---- functions of two sketches -------------------------------------------------------------- */

/* What stands beside the hashes of a theta sketch: what changes nothing in the mode. */
static mill_summary neutral(const mill_kmv_rule *rule) {
  static const double real[] = {0, HUGE_VAL, -HUGE_VAL, 1};
  static const int32_t whole[] = {0, INT32_MAX, INT32_MIN, 1};
  return rule->real ? (mill_summary){.real = real[rule->mode]}
                    : (mill_summary){.integer = whole[rule->mode]};
}

/* The second operand: a tuple sketch, or a theta sketch where the function's name says so. */
static mill_status read_second(mill_call *call, const mill_vector *v, size_t i, mill_kmv *s,
                               mill_error *err) {
  const mill_kmv_rule *rule = rule_of(call);
  if (strstr(call->fn->name, "_theta_") == NULL) return read_sketch(call, v, i, rule->real, s, err);
  MILL_TRY(mill_theta_read(call, v, i, s, err));
  for (size_t k = 0; k < (size_t)1 << s->lg_slots; k++)
    if (s->slot[k].hash) s->slot[k].summary = neutral(rule);
  return MILL_OK;
}

KERNEL_HEAD(tuple_union) {
  const mill_kmv_rule *rule = rule_of(call);
  MILL_EACH(out, n, i) {
    mill_kmv a, b, all = {0};
    MILL_TRY(read_sketch(call, args[0], i, rule->real, &a, err));
    MILL_TRY(read_second(call, args[1], i, &b, err));
    MILL_TRY(mill_kmv_unite(call->arena, &all, &a, rule, err));
    MILL_TRY(mill_kmv_unite(call->arena, &all, &b, rule, err));
    MILL_TRY(put_sketch(call, &all, rule, out, i, err));
  }
  return MILL_OK;
}

KERNEL_HEAD(tuple_intersection) {
  const mill_kmv_rule *rule = rule_of(call);
  MILL_EACH(out, n, i) {
    mill_kmv a, b;
    MILL_TRY(read_sketch(call, args[0], i, rule->real, &a, err));
    MILL_TRY(read_second(call, args[1], i, &b, err));
    MILL_TRY(mill_kmv_intersect(call->arena, &a, &b, rule, err));
    MILL_TRY(put_sketch(call, &a, rule, out, i, err));
  }
  return MILL_OK;
}

KERNEL_HEAD(tuple_difference) {
  const mill_kmv_rule *rule = rule_of(call);
  MILL_EACH(out, n, i) {
    mill_kmv a, b;
    MILL_TRY(read_sketch(call, args[0], i, rule->real, &a, err));
    MILL_TRY(read_second(call, args[1], i, &b, err));
    MILL_TRY(mill_kmv_subtract(call->arena, &a, &b, err));
    MILL_TRY(put_sketch(call, &a, rule, out, i, err));
  }
  return MILL_OK;
}

/* ---- binding -------------------------------------------------------------------------------- */

static mill_status fail_null(mill_binding *b, const char *name, mill_error *err) {
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_UNEXPECTED_NULL, "sqlExpr", mill_bind_sql(b, err),
                   "exprName", name, NULL);
}

static mill_status fail_open(mill_binding *b, int i, const char *name, const char *type,
                             mill_error *err) {
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_NON_FOLDABLE_INPUT, "sqlExpr",
                   mill_bind_sql(b, err), "inputName", name, "inputType", type, "inputExpr",
                   mill_arg_sql(b, i), NULL);
}

static mill_status fail_hint(mill_binding *b, const char *said, mill_error *err) {
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_TYPE_CHECK_FAILURE_WITH_HINT, "sqlExpr",
                   mill_bind_sql(b, err), "msg", said, "hint", "", NULL);
}

static mill_status bind_lg_k(mill_binding *b, int i, mill_kmv_rule *rule, mill_error *err) {
  mill_vector v;
  if (i >= b->nargs) return MILL_OK;
  if (b->arg_value[i] == NULL) return fail_open(b, i, "lgNomEntries", "int", err);
  MILL_TRY(mill_bind_constant(b, i, &v, err));
  if (!mill_vector_valid(&v, 0)) return fail_null(b, "lgNomEntries", err);
  rule->lg_k = MILL_AT(int32_t, &v, 0);
  if (rule->lg_k >= LEAST_LG_K && rule->lg_k <= MOST_LG_K) return MILL_OK;
  return fail_hint(b,
                   mill_error_fmt(err,
                                  "[SKETCH_INVALID_LG_NOM_ENTRIES] lgNomEntries of `%s` must be "
                                  "from %d to %d, but is %d.",
                                  b->fn->name, LEAST_LG_K, MOST_LG_K, rule->lg_k),
                   err);
}

static mill_status bind_mode(mill_binding *b, int i, mill_kmv_rule *rule, mill_error *err) {
  static const char *const names[] = {"sum", "min", "max", "alwaysone"};
  mill_vector v;
  if (i >= b->nargs) return MILL_OK;
  if (b->arg_value[i] == NULL) return fail_open(b, i, "mode", "string", err);
  MILL_TRY(mill_bind_constant(b, i, &v, err));
  if (!mill_vector_valid(&v, 0)) return fail_null(b, "mode", err);
  bytes name = bytes_at(&v, 0);
  for (uint8_t k = 0; k < 4; k++) {
    if (strlen(names[k]) != name.n || strncasecmp(names[k], name.p, name.n) != 0) continue;
    rule->mode = k;
    return MILL_OK;
  }
  return fail_hint(b,
                   mill_error_fmt(err,
                                  "[TUPLE_INVALID_SKETCH_MODE] `%s` knows the modes sum, min, max "
                                  "and alwaysone, not '%.*s'.",
                                  b->fn->name, (int)name.n, name.p),
                   err);
}

static mill_status open_plan(mill_binding *b, mill_kmv_rule **rule, mill_error *err) {
  void *mem;
  MILL_TRY(mill_bind_alloc(b, sizeof(plan), &mem, err));
  *rule = &((plan *)mem)->rule;
  (*rule)->real = strstr(b->fn->name, "_double") != NULL;
  b->state = mem;
  return MILL_OK;
}

static mill_status bind_agg(mill_binding *b, mill_error *err) {
  mill_kmv_rule *rule;
  MILL_TRY(open_plan(b, &rule, err));
  MILL_TRY(mill_sketch_bind_key(b, false, err));
  const mill_type *key = b->cast_to[0];
  MILL_TRY(mill_bind_types(
      b, rule->real ? "any, double, int, string -> binary" : "any, int, int, string -> binary",
      err));
  b->cast_to[0] = key;
  MILL_TRY(bind_lg_k(b, 2, rule, err));
  MILL_TRY(bind_mode(b, 3, rule, err));
  b->aggregate = rule->real ? &real_agg : &whole_agg;
  b->nullable = false;
  b->partial = b->result;
  return MILL_OK;
}

static mill_status bind_union_agg(mill_binding *b, mill_error *err) {
  mill_kmv_rule *rule;
  MILL_TRY(open_plan(b, &rule, err));
  MILL_TRY(mill_bind_types(b, "binary, int, string -> binary", err));
  MILL_TRY(bind_lg_k(b, 1, rule, err));
  MILL_TRY(bind_mode(b, 2, rule, err));
  b->aggregate = rule->real ? &real_union : &whole_union;
  b->nullable = false;
  b->partial = b->result;
  return MILL_OK;
}

static mill_status bind_common_agg(mill_binding *b, mill_error *err) {
  mill_kmv_rule *rule;
  MILL_TRY(open_plan(b, &rule, err));
  MILL_TRY(mill_bind_types(b, "binary, string -> binary", err));
  MILL_TRY(bind_mode(b, 1, rule, err));
  b->aggregate = rule->real ? &real_common : &whole_common;
  b->nullable = false;
  b->partial = b->result;
  return MILL_OK;
}

static mill_status bind_summary(mill_binding *b, mill_error *err) {
  mill_kmv_rule *rule;
  MILL_TRY(open_plan(b, &rule, err));
  MILL_TRY(mill_bind_types(
      b, rule->real ? "!binary, !string -> double" : "!binary, !string -> bigint", err));
  return bind_mode(b, 1, rule, err);
}

static mill_status bind_union(mill_binding *b, mill_error *err) {
  mill_kmv_rule *rule;
  MILL_TRY(open_plan(b, &rule, err));
  MILL_TRY(mill_bind_types(b, "!binary, !binary, !int, !string -> binary", err));
  MILL_TRY(bind_lg_k(b, 2, rule, err));
  return bind_mode(b, 3, rule, err);
}

static mill_status bind_intersection(mill_binding *b, mill_error *err) {
  mill_kmv_rule *rule;
  MILL_TRY(open_plan(b, &rule, err));
  MILL_TRY(mill_bind_types(b, "!binary, !binary, !string -> binary", err));
  return bind_mode(b, 2, rule, err);
}

static mill_status bind_difference(mill_binding *b, mill_error *err) {
  mill_kmv_rule *rule;
  MILL_TRY(open_plan(b, &rule, err));
  return mill_bind_types(b, "!binary, !binary -> binary", err);
}

/* ---- catalogue ------------------------------------------------------------------------------ */

#define OF_ONE(T, V)                                                                               \
  "tuple_sketch_agg_" T "(k, v)) FROM VALUES (1, 10" V "), (1, 20" V "), (2, 5" V ") AS tab(k, v)"
#define OF_TWO(T, V)                                                                               \
  "(tuple_sketch_agg_" T "(a, 1" V "), tuple_sketch_agg_" T "(b, 2" V                              \
  "))) FROM VALUES (1, 4), (2, 4), (3, 1) AS tab(a, b)"
#define OF_THETA(T, V)                                                                             \
  "(tuple_sketch_agg_" T "(a, 1" V                                                                 \
  "), theta_sketch_agg(b))) FROM VALUES (1, 4), (2, 4), (3, 1) AS tab(a, b)"
#define OF_GROUPS(T, V)                                                                            \
  "FROM (SELECT tuple_sketch_agg_" T "(k, 1" V                                                     \
  ") AS sketch FROM VALUES (1), (2) AS tab(k) UNION ALL SELECT tuple_sketch_agg_" T "(k, 1" V      \
  ") FROM VALUES (2), (3) AS tab(k))"
#define ESTIMATE(T) "SELECT tuple_sketch_estimate_" T "("

#define AGGREGATE(NAME, FLAGS, TYPES, FILL, BIND, AGG, USAGE, DOC, EXAMPLE)                        \
  {                                                                                                \
    .name = NAME, .flags = FLAGS, .types = TYPES, .fill = FILL, .kind = MILL_AGGREGATE,            \
    .bind = BIND, .aggregate = &AGG, .usage = NAME USAGE, .doc = DOC, .example = EXAMPLE           \
  }
#define FUNCTION(NAME, FLAGS, TYPES, FILL, BIND, KERNEL, USAGE, DOC, EXAMPLE)                      \
  {                                                                                                \
    .name = NAME, .flags = FLAGS, .types = TYPES, .fill = FILL, .bind = BIND, .kernel = KERNEL,    \
    .usage = NAME USAGE, .doc = DOC, .example = EXAMPLE                                            \
  }
#define PAIR_UNION(NAME, OF, WITH, T, V)                                                           \
  FUNCTION(NAME, MILL_FN_NAMED, "any, any, any?, any?", ", , 12, 'sum'", bind_union, tuple_union,  \
           "(first, second[, lgNomEntries[, mode]])",                                              \
           "The union of a tuple sketch and a " WITH " sketch.",                                   \
           ESTIMATE(T) NAME OF(T, V) " -> 4.0")
#define PAIR_INTERSECTION(NAME, OF, WITH, T, V)                                                    \
  FUNCTION(NAME, 0, "any, any, any?", ", , 'sum'", bind_intersection, tuple_intersection,          \
           "(first, second[, mode])", "What a tuple sketch and a " WITH " sketch have in common.", \
           ESTIMATE(T) NAME OF(T, V) " -> 1.0")
#define PAIR_DIFFERENCE(NAME, OF, WITH, T, V)                                                      \
  FUNCTION(NAME, 0, "any, any", NULL, bind_difference, tuple_difference, "(first, second)",        \
           "What a tuple sketch has and a " WITH " sketch has not.",                               \
           ESTIMATE(T) NAME OF(T, V) " -> 2.0")

/* The functions of sketches with doubles (V is "D") or integers (V is ""). */
#define TUPLE_SET(T, V, AGG, UNION, COMMON, SUM)                                                   \
  AGGREGATE("tuple_sketch_agg_" T, MILL_FN_NAMED, "any, any, any?, any?", ", , 12, 'sum'",         \
            bind_agg, AGG, "(key, summary[, lgNomEntries[, mode]])",                               \
            "A tuple sketch: a theta sketch of the keys with a number each, put together by mode " \
            "(sum, min, max or alwaysone).",                                                       \
            ESTIMATE(T) OF_ONE(T, V) " -> 2.0"),                                                   \
      AGGREGATE("tuple_union_agg_" T, MILL_FN_NAMED, "any, any?, any?", ", 12, 'sum'",             \
                bind_union_agg, UNION, "(child[, lgNomEntries[, mode]])",                          \
                "The union of tuple sketches.",                                                    \
                ESTIMATE(T) "tuple_union_agg_" T "(sketch)) " OF_GROUPS(T, V) " -> 3.0"),          \
      AGGREGATE("tuple_intersection_agg_" T, 0, "any, any?", ", 'sum'", bind_common_agg, COMMON,   \
                "(child[, mode])", "What tuple sketches have in common.",                          \
                ESTIMATE(T) "tuple_intersection_agg_" T "(sketch)) " OF_GROUPS(T, V) " -> 1.0"),   \
      FUNCTION("tuple_sketch_estimate_" T, 0, "!binary -> double", NULL, NULL, tuple_estimate,     \
               "(child)", "About how many different keys a tuple sketch stands for.",              \
               ESTIMATE(T) OF_ONE(T, V) " -> 2.0"),                                                \
      FUNCTION("tuple_sketch_theta_" T, 0, "!binary -> double", NULL, NULL, tuple_theta,           \
               "(child)", "The share of all hashes that a tuple sketch looks at.",                 \
               "SELECT tuple_sketch_theta_" T "(" OF_ONE(T, V) " -> 1.0"),                         \
      FUNCTION("tuple_sketch_summary_" T, 0, "any, any?", ", 'sum'", bind_summary, tuple_summary,  \
               "(child[, mode])", "The numbers of a tuple sketch put together.",                   \
               "SELECT tuple_sketch_summary_" T "(" OF_ONE(T, V) " -> " SUM),                      \
      PAIR_UNION("tuple_union_" T, OF_TWO, "tuple", T, V),                                         \
      PAIR_UNION("tuple_union_theta_" T, OF_THETA, "theta", T, V),                                 \
      PAIR_INTERSECTION("tuple_intersection_" T, OF_TWO, "tuple", T, V),                           \
      PAIR_INTERSECTION("tuple_intersection_theta_" T, OF_THETA, "theta", T, V),                   \
      PAIR_DIFFERENCE("tuple_difference_" T, OF_TWO, "tuple", T, V),                               \
      PAIR_DIFFERENCE("tuple_difference_theta_" T, OF_THETA, "theta", T, V)

const mill_function mill_family_sketch_tuple[] = {
    TUPLE_SET("double", "D", real_agg, real_union, real_common, "35.0"),
    TUPLE_SET("integer", "", whole_agg, whole_union, whole_common, "35"),
    {0}};
