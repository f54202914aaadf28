/* theta_sketch_agg, theta_union_agg, theta_intersection_agg, theta_union, theta_intersection, theta_difference,
** theta_sketch_estimate: samples of hashes (kmv_int.h) in the compact, ordered format of Apache DataSketches.
**
** Bytes, little endian: head of eight (words before the entries, version, family 3, .., flags, hash of the seed),
** then, of version 3, their number and theta in the words that the head tells of, and the hashes in order. Version
** 4 packs them: byte 3 of the head has the bits an entry, byte 4 the bytes of the number; theta where there is one,
** the number, and the differences of neighbours, high bits first. One hash goes behind the head alone. */
#include <math.h>

#include "kernel/kmv_int.h"

enum {
  FAMILY = 3,
  DEFAULT_LG_K = 12,
  LEAST_LG_K = 4,
  MOST_LG_K = 26,
  READ_ONLY = 2,
  EMPTY = 4,
  COMPACT = 8,
  ORDERED = 16,
  SINGLE = 32
};

/* ---- writing -------------------------------------------------------------------------------- */

static void write_head(uint8_t *p, int words, int version, int flags) {
  p[0] = (uint8_t)words;
  p[1] = (uint8_t)version;
  p[2] = FAMILY;
  p[5] = (uint8_t)(READ_ONLY | COMPACT | ORDERED | flags);
  if (!(flags & EMPTY)) mill_sketch_store(p + 6, MILL_SKETCH_SEED_HASH, 2);
}

typedef struct {
  int bits;         /* of an entry */
  int count_bytes;  /* of their number */
  size_t head, all; /* sizes */
} packing;

static packing plan_packing(const mill_kmv_entry *e, uint32_t n, bool estimated) {
  uint64_t any = 0, before = 0;
  packing p = {.head = estimated ? 16 : 8};
  for (uint32_t k = 0; k < n; before = e[k++].hash) any |= e[k].hash - before;
  p.bits = 64 - __builtin_clzll(any | 1);
  p.count_bytes = (39 - __builtin_clz(n)) / 8;
  p.all = p.head + (size_t)p.count_bytes + ((size_t)n * (size_t)p.bits + 7) / 8;
  return p;
}

static void pack_bits(uint8_t *p, uint64_t at, uint64_t x, int bits) {
  for (int k = bits - 1; k >= 0; k--, at++)
    p[at / 8] = (uint8_t)(p[at / 8] | (x >> k & 1) << (7 - at % 8));
}

static uint64_t unpack_bits(const uint8_t *p, uint64_t at, int bits) {
  uint64_t x = 0;
  for (int k = 0; k < bits; k++, at++) x = x << 1 | (p[at / 8] >> (7 - at % 8) & 1);
  return x;
}

static mill_status put_packed(mill_call *call, const mill_kmv *s, const mill_kmv_entry *e,
                              mill_vector *out, size_t i, mill_error *err) {
  bool estimated = s->theta < MILL_KMV_ALL;
  packing how = plan_packing(e, s->count, estimated);
  uint64_t before = 0;
  uint8_t *p;
  MILL_TRY(mill_sketch_take(call, how.all, &p, err));
  write_head(p, estimated ? 2 : 1, 4, 0);
  p[3] = (uint8_t)how.bits;
  p[4] = (uint8_t)how.count_bytes;
  if (estimated) mill_sketch_store(p + 8, s->theta, 8);
  mill_sketch_store(p + how.head, s->count, (size_t)how.count_bytes);
  uint8_t *entries = p + how.head + how.count_bytes;
  for (uint32_t k = 0; k < s->count; before = e[k++].hash)
    pack_bits(entries, (uint64_t)k * (uint64_t)how.bits, e[k].hash - before, how.bits);
  put_view(out, i, (const char *)p, how.all);
  return MILL_OK;
}

/* No hash, or one. */
static mill_status put_short(mill_call *call, const mill_kmv *s, const mill_kmv_entry *e,
                             mill_vector *out, size_t i, mill_error *err) {
  bool estimated = s->theta < MILL_KMV_ALL;
  size_t n = estimated ? 24 : s->count ? 16 : 8;
  uint8_t *p;
  MILL_TRY(mill_sketch_take(call, n, &p, err));
  write_head(p, estimated ? 3 : 1, 3, estimated ? 0 : s->count ? SINGLE : EMPTY);
  float share = 1; /* of the values that were looked at: all */
  if (estimated) memcpy(p + 12, &share, sizeof share);
  if (estimated) mill_sketch_store(p + 16, s->theta, 8);
  if (!estimated && s->count) mill_sketch_store(p + 8, e[0].hash, 8);
  put_view(out, i, (const char *)p, n);
  return MILL_OK;
}

static mill_status put_sketch(mill_call *call, mill_kmv *s, const mill_kmv_rule *rule,
                              mill_vector *out, size_t i, mill_error *err) {
  mill_kmv_entry *e;
  MILL_TRY(mill_kmv_sorted(call->arena, s, rule, &e, err));
  if (s->count > 1 || (s->count == 1 && s->theta < MILL_KMV_ALL))
    return put_packed(call, s, e, out, i, err);
  return put_short(call, s, e, out, i, err);
}

/* ---- reading -------------------------------------------------------------------------------- */

typedef struct {
  const uint8_t *p, *entries;
  size_t n; /* bytes from `entries` on */
  uint64_t count, theta;
  int bits; /* 0: plain hashes */
} layout;

static bool lay_out_packed(layout *l, size_t size) {
  const uint8_t *p = l->p;
  size_t at = p[0] == 2 ? 16 : 8, nb = p[4];
  if (p[0] < 1 || p[0] > 2 || nb < 1 || nb > 4 || p[3] < 1 || p[3] > 63 || size < at + nb)
    return false;
  if (p[0] == 2) l->theta = mill_sketch_load(p + 8, 8);
  l->count = mill_sketch_load(p + at, nb);
  l->bits = p[3];
  l->entries = p + at + nb;
  l->n = size - at - nb;
  return (l->count * (uint64_t)l->bits + 7) / 8 <= l->n;
}

static bool lay_out_plain(layout *l, size_t size) {
  const uint8_t *p = l->p;
  size_t words = p[0] & 63;
  if (words < 1 || words > 3 || size < 8 * words) return false;
  if (words > 1) l->count = mill_sketch_load(p + 8, 4);
  if (words == 1) l->count = 1;
  if (words == 3) l->theta = mill_sketch_load(p + 16, 8);
  l->entries = p + 8 * words;
  l->n = size - 8 * words;
  return l->count <= l->n / 8;
}

static bool lay_out(layout *l, size_t size) {
  const uint8_t *p = l->p;
  if (size < 8 || p[2] != FAMILY || mill_sketch_load(p + 6, 2) != MILL_SKETCH_SEED_HASH)
    return size >= 8 && p[1] == 3 && p[2] == FAMILY && (p[5] & EMPTY);
  if (p[5] & EMPTY) return p[1] == 3 || p[1] == 4;
  return p[1] == 4 ? lay_out_packed(l, size) : p[1] == 3 && lay_out_plain(l, size);
}

const char *mill_sketch_other_family(bytes in, int wanted) {
  static const char *const names[] = {NULL,
                                      "ALPHA",
                                      "QUICKSELECT",
                                      "COMPACT",
                                      "UNION",
                                      "INTERSECTION",
                                      "A_NOT_B",
                                      "HLL",
                                      "QUANTILES",
                                      "TUPLE",
                                      "FREQUENCY",
                                      "RESERVOIR",
                                      "RESERVOIR_UNION",
                                      "VAROPT",
                                      "VAROPT_UNION",
                                      "KLL",
                                      "CPC"};
  int family = in.n >= 8 ? ((const uint8_t *)in.p)[2] : 0;
  return family != wanted && (size_t)family < sizeof names / sizeof *names ? names[family] : NULL;
}

static mill_status fail_input(const mill_call *call, bytes in, mill_error *err) {
  const char *other = mill_sketch_other_family(in, FAMILY);
  if (other == NULL) return mill_sketch_fail(call, MILL_E_THETA_INVALID_INPUT_SKETCH_BUFFER, err);
  return mill_call_fail(call, err, MILL_E_THETA_INVALID_INPUT_SKETCH_BUFFER_FAMILY, "function",
                        mill_error_fmt(err, "`%s`", call->fn->name), "expectedFamily", "COMPACT",
                        "actualFamily", other, NULL);
}

mill_status mill_theta_read(mill_call *call, const mill_vector *v, size_t i, mill_kmv *s,
                            mill_error *err) {
  static const mill_kmv_rule all = {0};
  bytes in = bytes_at(v, i);
  layout l = {.p = (const uint8_t *)in.p, .theta = MILL_KMV_ALL};
  if (!lay_out(&l, in.n)) return fail_input(call, in, err);
  MILL_TRY(mill_kmv_open(call->arena, s, err));
  s->theta = l.theta;
  s->some = l.count > 0 || l.theta < MILL_KMV_ALL;
  uint64_t hash = 0;
  for (uint64_t k = 0; k < l.count; k++) {
    if (l.bits)
      hash += unpack_bits(l.entries, k * (uint64_t)l.bits, l.bits);
    else
      hash = mill_sketch_load(l.entries + 8 * k, 8);
    if (hash == 0 || hash >= l.theta || l.theta > MILL_KMV_ALL) return fail_input(call, in, err);
    MILL_TRY(mill_kmv_add(call->arena, s, &all, hash, (mill_summary){0}, err));
  }
  return MILL_OK;
}

/* ---- aggregates ----------------------------------------------------------------------------- */

AGG_UPDATE(theta_update) {
  if (args[0]->type->phys == MILL_PHYS_NONE) return MILL_OK;
  AGG_ROWS(args[0], n, i) {
    mill_kmv *s = states[i];
    if (s->slot == NULL) MILL_TRY(mill_kmv_open(call->arena, s, err));
  }
  for (size_t from = 0; from < n; from += MILL_SKETCH_ROWS) {
    mill_sketch_rows r;
    MILL_TRY(mill_sketch_hash(call, args[0], from, n, &r, err));
    for (uint32_t k = 0; k < r.n; k++)
      MILL_TRY(mill_kmv_add(call->arena, states[r.row[k]], call->state, mill_kmv_hash(r.hash[k]),
                            (mill_summary){0}, err));
  }
  return MILL_OK;
}

static mill_status theta_update_all(mill_call *call, void *state, const mill_vector *const *args,
                                    size_t n, mill_error *err) {
  mill_kmv *s = state;
  mill_sketch_rows r;
  if (args[0]->type->phys == MILL_PHYS_NONE) return MILL_OK;
  if (s->slot == NULL) MILL_TRY(mill_kmv_open(call->arena, s, err));
  for (size_t from = 0; from < n; from += MILL_SKETCH_ROWS) {
    MILL_TRY(mill_sketch_hash(call, args[0], from, n, &r, err));
    mill_kmv_sieve(s, &r);
    for (uint32_t k = 0; k < r.n; k++)
      MILL_TRY(mill_kmv_add(call->arena, s, call->state, mill_kmv_hash(r.hash[k]),
                            (mill_summary){0}, err));
  }
  return MILL_OK;
}

AGG_UPDATE(union_update) {
  if (args[0]->type->phys == MILL_PHYS_NONE) return MILL_OK;
  AGG_ROWS(args[0], n, i) {
    mill_kmv one;
    MILL_TRY(mill_theta_read(call, args[0], i, &one, err));
    MILL_TRY(mill_kmv_unite(call->arena, states[i], &one, call->state, err));
  }
  return MILL_OK;
}

AGG_UPDATE(intersection_update) {
  if (args[0]->type->phys == MILL_PHYS_NONE) return MILL_OK;
  AGG_ROWS(args[0], n, i) {
    mill_kmv one;
    MILL_TRY(mill_theta_read(call, args[0], i, &one, err));
    MILL_TRY(mill_kmv_intersect(call->arena, states[i], &one, call->state, err));
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

AGG_OUTPUT(theta_save) {
  for (size_t i = 0; i < n; i++) {
    mill_kmv *s = states[i];
    if (s->slot)
      MILL_TRY(put_sketch(call, s, call->state, out, i, err));
    else
      MILL_TRY(mill_set_null(call, out, i, err));
  }
  return MILL_OK;
}

AGG_OUTPUT(theta_final) {
  for (size_t i = 0; i < n; i++) {
    mill_kmv *s = states[i];
    if (s->slot == NULL) MILL_TRY(mill_kmv_open(call->arena, s, err));
    MILL_TRY(put_sketch(call, s, call->state, out, i, err));
  }
  return MILL_OK;
}

#define THETA_AGG(UPDATE, ALL, KIND)                                                               \
  {                                                                                                \
    .state_size = sizeof(mill_kmv), .update = UPDATE, .update_all = ALL, .merge = KIND##_merge,    \
    .combine = mill_kmv_##KIND##_combine, .save = theta_save, .final = theta_final, .exact = true  \
  }
static const mill_aggregate theta_agg = THETA_AGG(theta_update, theta_update_all, union);
static const mill_aggregate union_agg = THETA_AGG(union_update, NULL, union);
static const mill_aggregate intersection_agg = THETA_AGG(intersection_update, NULL, intersection);

/* ---- functions ------------------------------------------------------------------------------ */

KERNEL_HEAD(theta_estimate) {
  int64_t *r = out->data;
  MILL_EACH(out, n, i) {
    mill_kmv s;
    MILL_TRY(mill_theta_read(call, args[0], i, &s, err));
    r[i] = (int64_t)floor(mill_kmv_estimate(&s) + 0.5);
  }
  return MILL_OK;
}

KERNEL_HEAD(theta_union) {
  MILL_EACH(out, n, i) {
    mill_kmv a, b, all = {0};
    mill_kmv_rule rule = {.lg_k = MILL_AT(int32_t, args[2], i)};
    MILL_TRY(mill_sketch_range(call->fn->name, MILL_E_SKETCH_INVALID_LG_NOM_ENTRIES, rule.lg_k,
                               LEAST_LG_K, MOST_LG_K, err));
    MILL_TRY(mill_theta_read(call, args[0], i, &a, err));
    MILL_TRY(mill_theta_read(call, args[1], i, &b, err));
    MILL_TRY(mill_kmv_unite(call->arena, &all, &a, &rule, err));
    MILL_TRY(mill_kmv_unite(call->arena, &all, &b, &rule, err));
    MILL_TRY(put_sketch(call, &all, &rule, out, i, err));
  }
  return MILL_OK;
}

KERNEL_HEAD(theta_intersection) {
  static const mill_kmv_rule rule = {0};
  MILL_EACH(out, n, i) {
    mill_kmv a, b;
    MILL_TRY(mill_theta_read(call, args[0], i, &a, err));
    MILL_TRY(mill_theta_read(call, args[1], i, &b, err));
    MILL_TRY(mill_kmv_intersect(call->arena, &a, &b, &rule, err));
    MILL_TRY(put_sketch(call, &a, &rule, out, i, err));
  }
  return MILL_OK;
}

KERNEL_HEAD(theta_difference) {
  static const mill_kmv_rule rule = {0};
  MILL_EACH(out, n, i) {
    mill_kmv a, b;
    MILL_TRY(mill_theta_read(call, args[0], i, &a, err));
    MILL_TRY(mill_theta_read(call, args[1], i, &b, err));
    MILL_TRY(mill_kmv_subtract(call->arena, &a, &b, err));
    MILL_TRY(put_sketch(call, &a, &rule, out, i, err));
  }
  return MILL_OK;
}

static mill_status open_rule(mill_binding *b, mill_error *err) {
  void *mem;
  int32_t lg_k = 0;
  if (b->nargs > 1 && !mill_sketch_constant(b, 1, &lg_k))
    return mill_sketch_bind_fail(b, MILL_E_THETA_LG_NOM_ENTRIES_MUST_BE_CONSTANT, err);
  if (b->nargs > 1)
    MILL_TRY(mill_sketch_range(b->fn->name, MILL_E_SKETCH_INVALID_LG_NOM_ENTRIES, lg_k, LEAST_LG_K,
                               MOST_LG_K, err));
  MILL_TRY(mill_bind_alloc(b, sizeof(mill_kmv_rule), &mem, err));
  ((mill_kmv_rule *)mem)->lg_k = lg_k;
  b->state = mem;
  b->nullable = false;
  b->partial = b->result;
  return MILL_OK;
}

static mill_status bind_agg(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "any, !int -> binary", err));
  MILL_TRY(mill_sketch_bind_key(b, true, err));
  return open_rule(b, err);
}

static mill_status bind_sketches(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "!binary, !int? -> binary", err));
  return open_rule(b, err);
}

#define OF_TWO "FROM VALUES (1, 4), (2, 4), (3, 1) AS tab(a, b)"
#define OF_GROUPS                                                                                  \
  "FROM (SELECT theta_sketch_agg(col) AS sketch FROM VALUES (1), (2) AS tab(col) UNION ALL "       \
  "SELECT "                                                                                        \
  "theta_sketch_agg(col) FROM VALUES (2), (3) AS tab(col))"

const mill_function mill_family_sketch_theta[] = {
    {.name = "theta_sketch_agg",
     .types = "any, any?",
     .fill = ", 12",
     .kind = MILL_AGGREGATE,
     .flags = MILL_FN_LATE,
     .bind = bind_agg,
     .aggregate = &theta_agg,
     .usage = "theta_sketch_agg(expr[, lgNomEntries])",
     .doc = "A theta sketch of the different values, of up to 2^lgNomEntries hashes.",
     .example = "SELECT theta_sketch_estimate(theta_sketch_agg(col)) FROM VALUES (1), (1), (2) AS "
                "tab(col) -> 2"},
    {.name = "theta_union_agg",
     .types = "any, any?",
     .fill = ", 12",
     .kind = MILL_AGGREGATE,
     .flags = MILL_FN_LATE,
     .bind = bind_sketches,
     .aggregate = &union_agg,
     .usage = "theta_union_agg(expr[, lgNomEntries])",
     .doc = "The union of theta sketches.",
     .example = "SELECT theta_sketch_estimate(theta_union_agg(sketch)) " OF_GROUPS " -> 3"},
    {.name = "theta_intersection_agg",
     .types = "any",
     .kind = MILL_AGGREGATE,
     .bind = bind_sketches,
     .aggregate = &intersection_agg,
     .usage = "theta_intersection_agg(expr)",
     .doc = "What theta sketches have in common.",
     .example = "SELECT theta_sketch_estimate(theta_intersection_agg(sketch)) " OF_GROUPS " -> 1"},
    {.name = "theta_sketch_estimate",
     .types = "!binary -> bigint",
     .kernel = theta_estimate,
     .usage = "theta_sketch_estimate(expr)",
     .doc = "About how many different values a theta sketch stands for.",
     .example = "SELECT theta_sketch_estimate(theta_sketch_agg(col)) FROM VALUES (1), (1), (2) AS "
                "tab(col) -> 2"},
    {.name = "theta_union",
     .types = "!binary, !binary, !int? -> binary",
     .fill = ", , 12",
     .kernel = theta_union,
     .usage = "theta_union(first, second[, lgNomEntries])",
     .doc = "The union of two theta sketches.",
     .example = "SELECT theta_sketch_estimate(theta_union(theta_sketch_agg(a), "
                "theta_sketch_agg(b))) " OF_TWO " -> 4"},
    {.name = "theta_intersection",
     .types = "!binary, !binary -> binary",
     .kernel = theta_intersection,
     .usage = "theta_intersection(first, second)",
     .doc = "What two theta sketches have in common.",
     .example = "SELECT theta_sketch_estimate(theta_intersection(theta_sketch_agg(a), "
                "theta_sketch_agg(b))) " OF_TWO " -> 1"},
    {.name = "theta_difference",
     .types = "!binary, !binary -> binary",
     .kernel = theta_difference,
     .usage = "theta_difference(first, second)",
     .doc = "What the first theta sketch has and the second has not.",
     .example = "SELECT theta_sketch_estimate(theta_difference(theta_sketch_agg(a), "
                "theta_sketch_agg(b))) " OF_TWO " -> 2"},
    {0}};
