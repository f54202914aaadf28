/* hll_sketch_agg, hll_union_agg, hll_union, hll_sketch_estimate: HyperLogLog sketches (Flajolet, Fusy, Gandouet,
** Meunier 2007) in the format HLL_8 of Apache DataSketches.
**
** A value's hash gives a coupon: 26 bits of address and a rank. A sketch keeps its first coupons in a list, then in
** a hash set, both exact up to collisions of coupons, and at last the highest rank of each of 2^lgK registers. A
** stream of values is estimated by the historic inverse probability (Cohen 2014; Ting 2014), which a union of
** registers loses: from then on Ertl's estimator (2017) takes its place.
**
** Bytes, little endian: head (size in words, version 1, family 7, lgK, lg of coupon slots, flags, number of listed
** coupons, mode); then 2^n coupons, behind a count of those in a set; or, at 8, the doubles hip, kxq0, kxq1, the
** number of empty registers, a zero, and the registers at 40. */
#include <math.h>

#include "kernel/hll_int.h"
#include "kernel/sketch_int.h"

enum {
  LIST,
  SET,
  REGISTERS, /* modes, as the format numbers them */
  TYPE_HLL8 = 2 << 2,
  FAMILY = 7,
  LEAST_LG_K = 4,
  MOST_LG_K = 21,
  DEFAULT_LG_K = 12,
  LIST_LG = 3,
  SET_LG = 5,
  REGISTERS_AT = 40,
  FLAG_EMPTY = 4,
  FLAG_COMPACT = 8,
  FLAG_MERGED = 16,
  ADDRESS_BITS = 26
};

typedef struct {
  uint8_t lg_k, mode, lg_slots; /* lg_k 0: not opened */
  bool merged;                  /* registers were united: no history */
  uint32_t count;               /* coupons */
  uint32_t *slot;
  uint8_t *reg;
  double hip, kxq0, kxq1;
  uint32_t zeros;
} sketch;

/* ---- coupons -------------------------------------------------------------------------------- */

static uint32_t coupon_of(const uint64_t hash[2]) {
  uint32_t address = (uint32_t)hash[0] & ((1u << ADDRESS_BITS) - 1);
  uint32_t zeros = hash[1] ? (uint32_t)__builtin_clzll(hash[1]) : 64;
  return ((zeros > 62 ? 62 : zeros) + 1) << ADDRESS_BITS | address;
}

static mill_status take_slots(mill_arena *a, int lg, uint32_t **out, mill_error *err) {
  size_t size = sizeof(uint32_t) << lg;
  *out = mill_arena_alloc(a, size);
  return *out ? MILL_OK : mill_oom(a->memory, size, err);
}

static mill_status open_sketch(mill_arena *a, sketch *s, int lg_k, mill_error *err) {
  *s = (sketch){.lg_k = (uint8_t)lg_k, .mode = LIST, .lg_slots = LIST_LG};
  return take_slots(a, LIST_LG, &s->slot, err);
}

/* The slot of a coupon, or the empty one where it belongs. */
static uint32_t *find_slot(uint32_t *slot, int lg, uint32_t coupon) {
  uint32_t mask = (1u << lg) - 1, k = coupon & mask;
  uint32_t stride = (coupon & ((1u << ADDRESS_BITS) - 1)) >> lg | 1;
  while (slot[k] && slot[k] != coupon) k = (k + stride) & mask;
  return &slot[k];
}

/* Distinct coupons among n values, of 2^26 addresses and ranks that halve: n - n^2 / 6 / 2^26. */
static double coupons_estimate(uint32_t n) {
  return (double)n + (double)n * ((double)n - 1) / (6.0 * (1 << ADDRESS_BITS));
}

/* ---- registers ------------------------------------------------------------------------------ */

static void count_rank(sketch *s, int rank, int sign) {
  double w = sign * ldexp(1, -rank);
  if (rank < 32)
    s->kxq0 += w;
  else
    s->kxq1 += w;
}

static void raise_rank(sketch *s, uint8_t *reg, uint8_t rank) {
  s->hip += (double)(1u << s->lg_k) / (s->kxq0 + s->kxq1);
  s->zeros -= *reg == 0;
  count_rank(s, *reg, -1);
  count_rank(s, rank, 1);
  *reg = rank;
}

static inline void add_rank(sketch *s, uint32_t coupon) {
  uint8_t rank = (uint8_t)(coupon >> ADDRESS_BITS);
  uint8_t *reg = &s->reg[coupon & ((1u << s->lg_k) - 1)];
  if (rank > *reg) raise_rank(s, reg, rank);
}

static mill_status take_registers(mill_arena *a, sketch *s, mill_error *err) {
  size_t m = (size_t)1 << s->lg_k;
  s->reg = mill_arena_alloc(a, m);
  if (s->reg == NULL) return mill_oom(a->memory, m, err);
  s->mode = REGISTERS;
  s->lg_slots = 0;
  s->zeros = (uint32_t)m;
  s->kxq0 = (double)m;
  s->kxq1 = s->hip = 0;
  return MILL_OK;
}

static mill_status promote_to_registers(mill_arena *a, sketch *s, mill_error *err) {
  uint32_t n = 1u << s->lg_slots;
  MILL_TRY(take_registers(a, s, err));
  for (uint32_t k = 0; k < n; k++)
    if (s->slot[k]) add_rank(s, s->slot[k]);
  s->hip = coupons_estimate(s->count);
  s->slot = NULL;
  return MILL_OK;
}

/* What the registers alone tell, for those that were put in from elsewhere. */
static void recount(sketch *s) {
  s->zeros = 0;
  s->kxq0 = s->kxq1 = 0;
  for (size_t k = 0; k < (size_t)1 << s->lg_k; k++) {
    s->zeros += s->reg[k] == 0;
    count_rank(s, s->reg[k], 1);
  }
}

static void forget_history(sketch *s) {
  s->merged = true;
  s->hip = 0;
}

/* Fewer registers: those with the same low bits of their address become one. */
static void shrink(sketch *s, int lg_k) {
  size_t mask = ((size_t)1 << lg_k) - 1;
  for (size_t k = mask + 1; k < (size_t)1 << s->lg_k; k++)
    if (s->reg[k] > s->reg[k & mask]) s->reg[k & mask] = s->reg[k];
  s->lg_k = (uint8_t)lg_k;
  forget_history(s);
  recount(s);
}

/* ---- adding --------------------------------------------------------------------------------- */

static mill_status rehash(mill_arena *a, sketch *s, int lg, mill_error *err) {
  uint32_t *slot;
  MILL_TRY(take_slots(a, lg, &slot, err));
  for (uint32_t k = 0; k < 1u << s->lg_slots; k++)
    if (s->slot[k]) *find_slot(slot, lg, s->slot[k]) = s->slot[k];
  s->mode = SET;
  s->slot = slot;
  s->lg_slots = (uint8_t)lg;
  return MILL_OK;
}

static mill_status add_listed(mill_arena *a, sketch *s, uint32_t coupon, mill_error *err) {
  for (uint32_t k = 0; k < s->count; k++)
    if (s->slot[k] == coupon) return MILL_OK;
  s->slot[s->count++] = coupon;
  if (s->count < 1u << LIST_LG) return MILL_OK;
  return s->lg_k < 8 ? promote_to_registers(a, s, err) : rehash(a, s, SET_LG, err);
}

static mill_status add_coupon(mill_arena *a, sketch *s, uint32_t coupon, mill_error *err) {
  if (s->mode == LIST) return add_listed(a, s, coupon, err);
  if (s->mode == REGISTERS) {
    add_rank(s, coupon);
    return MILL_OK;
  }
  uint32_t *slot = find_slot(s->slot, s->lg_slots, coupon);
  s->count += *slot == 0;
  *slot = coupon;
  if (4 * (uint64_t)s->count <= 3ull << s->lg_slots) return MILL_OK;
  return s->lg_slots >= s->lg_k - 3 ? promote_to_registers(a, s, err)
                                    : rehash(a, s, s->lg_slots + 1, err);
}

static mill_status copy_sketch(mill_arena *a, sketch *to, const sketch *from, mill_error *err) {
  *to = *from;
  if (from->mode == REGISTERS) {
    size_t m = (size_t)1 << from->lg_k;
    to->reg = mill_arena_take(a, m);
    if (to->reg == NULL) return mill_oom(a->memory, m, err);
    memcpy(to->reg, from->reg, m);
    return MILL_OK;
  }
  MILL_TRY(take_slots(a, from->lg_slots, &to->slot, err));
  memcpy(to->slot, from->slot, sizeof *to->slot << from->lg_slots);
  return MILL_OK;
}

static mill_status add_coupons(mill_arena *a, sketch *to, const sketch *from, mill_error *err) {
  for (uint32_t k = 0; k < 1u << from->lg_slots; k++)
    if (from->slot[k]) MILL_TRY(add_coupon(a, to, from->slot[k], err));
  return MILL_OK;
}

static void unite_registers(sketch *to, const sketch *from) {
  size_t mask = ((size_t)1 << to->lg_k) - 1;
  for (size_t k = 0; k < (size_t)1 << from->lg_k; k++)
    if (from->reg[k] > to->reg[k & mask]) to->reg[k & mask] = from->reg[k];
  forget_history(to);
  recount(to);
}

/* `to` becomes the union, of the smaller number of registers. */
static mill_status unite(mill_arena *a, sketch *to, const sketch *from, mill_error *err) {
  if (to->lg_k == 0) return copy_sketch(a, to, from, err);
  if (from->mode != REGISTERS) return add_coupons(a, to, from, err);
  if (to->mode != REGISTERS) {
    sketch few = *to;
    MILL_TRY(copy_sketch(a, to, from, err));
    if (few.lg_k < to->lg_k) shrink(to, few.lg_k);
    return add_coupons(a, to, &few, err);
  }
  if (from->lg_k < to->lg_k) shrink(to, from->lg_k);
  unite_registers(to, from);
  return MILL_OK;
}

static double estimate(const sketch *s) {
  if (s->lg_k == 0) return 0;
  if (s->mode != REGISTERS) return coupons_estimate(s->count);
  return s->merged ? mill_hll_ertl(s->reg, s->lg_k, 62) : s->hip;
}

/* ---- bytes ---------------------------------------------------------------------------------- */

static size_t size_of(const sketch *s) {
  if (s->mode == REGISTERS) return REGISTERS_AT + ((size_t)1 << s->lg_k);
  return (s->mode == SET ? 12 : 8) + (sizeof(uint32_t) << s->lg_slots);
}

static void write_registers(const sketch *s, uint8_t *p) {
  memcpy(p + 8, &s->hip, 8);
  memcpy(p + 16, &s->kxq0, 8);
  memcpy(p + 24, &s->kxq1, 8);
  mill_sketch_store(p + 32, s->zeros, 4);
  memcpy(p + REGISTERS_AT, s->reg, (size_t)1 << s->lg_k);
}

static void write_sketch(const sketch *s, uint8_t *p) {
  static const uint8_t words[] = {2, 3, 10};
  bool list = s->mode == LIST;
  p[0] = words[s->mode];
  p[1] = 1;
  p[2] = FAMILY;
  p[3] = s->lg_k;
  p[4] = s->lg_slots;
  p[5] = (uint8_t)((list && s->count == 0 ? FLAG_EMPTY : 0) | (s->merged ? FLAG_MERGED : 0));
  p[6] = list ? (uint8_t)s->count : 0;
  p[7] = (uint8_t)(TYPE_HLL8 | s->mode);
  if (s->mode == REGISTERS) {
    write_registers(s, p);
    return;
  }
  if (!list) mill_sketch_store(p + 8, s->count, 4);
  memcpy(p + (list ? 8 : 12), s->slot, sizeof *s->slot << s->lg_slots);
}

static bool valid_coupon(uint32_t c) { return c >> ADDRESS_BITS > 0 && c >> ADDRESS_BITS < 64; }

static mill_status read_coupons(mill_arena *a, sketch *s, bytes in, bool *ok, mill_error *err) {
  const uint8_t *p = (const uint8_t *)in.p;
  bool list = (p[7] & 3) == LIST;
  size_t at = list ? 8 : 12, lg = p[4];
  *ok = in.n >= at && lg <= MOST_LG_K;
  if (!*ok) return MILL_OK;
  uint64_t n = p[5] & FLAG_COMPACT ? (list ? p[6] : mill_sketch_load(p + 8, 4)) : 1ull << lg;
  *ok = n <= (in.n - at) / 4 || (p[5] & FLAG_EMPTY);
  if (!*ok || (p[5] & FLAG_EMPTY)) return MILL_OK;
  for (uint64_t k = 0; k < n && *ok; k++) {
    uint32_t c = (uint32_t)mill_sketch_load(p + at + 4 * k, 4);
    *ok = c == 0 || valid_coupon(c);
    if (c && *ok) MILL_TRY(add_coupon(a, s, c, err));
  }
  return MILL_OK;
}

static mill_status read_registers(mill_arena *a, sketch *s, bytes in, bool *ok, mill_error *err) {
  const uint8_t *p = (const uint8_t *)in.p;
  size_t m = (size_t)1 << s->lg_k;
  *ok = in.n >= REGISTERS_AT + m;
  for (size_t k = 0; *ok && k < m; k++) *ok = p[REGISTERS_AT + k] < 64;
  if (!*ok) return MILL_OK;
  MILL_TRY(take_registers(a, s, err));
  memcpy(s->reg, p + REGISTERS_AT, m);
  recount(s);
  s->hip = mill_sketch_double(p + 8);
  if ((p[5] & FLAG_MERGED) || !(s->hip >= 0) || s->hip > 1e30) forget_history(s);
  return MILL_OK;
}

/* *ok: the bytes are a sketch of the format that is written here, compact or not. */
static mill_status read_sketch(mill_arena *a, sketch *s, bytes in, bool *ok, mill_error *err) {
  static const uint8_t words[] = {2, 3, 10};
  const uint8_t *p = (const uint8_t *)in.p;
  *ok = in.n >= 8 && p[1] == 1 && p[2] == FAMILY && p[3] >= LEAST_LG_K && p[3] <= MOST_LG_K &&
        (p[7] & 3) <= REGISTERS && p[0] == words[p[7] & 3];
  if (!*ok) return MILL_OK;
  if ((p[7] & 3) != REGISTERS) {
    MILL_TRY(open_sketch(a, s, p[3], err));
    return read_coupons(a, s, in, ok, err);
  }
  *s = (sketch){.lg_k = p[3]};
  *ok = (p[7] & 12) == TYPE_HLL8;
  return *ok ? read_registers(a, s, in, ok, err) : MILL_OK;
}

static mill_status read_row(mill_call *call, const mill_vector *v, size_t i, sketch *s,
                            mill_error *err) {
  bool ok;
  MILL_TRY(read_sketch(call->arena, s, bytes_at(v, i), &ok, err));
  return ok ? MILL_OK : mill_sketch_fail(call, MILL_E_HLL_INVALID_INPUT_SKETCH_BUFFER, err);
}

static mill_status put_sketch(mill_call *call, const sketch *s, mill_vector *out, size_t i,
                              mill_error *err) {
  uint8_t *p;
  size_t n = size_of(s);
  MILL_TRY(mill_sketch_take(call, n, &p, err));
  write_sketch(s, p);
  put_view(out, i, (const char *)p, n);
  return MILL_OK;
}

/* ---- aggregates ----------------------------------------------------------------------------- */

typedef struct {
  int lg_k;
  bool strict; /* a union of sketches of one lgK alone */
} plan;

static int default_lg_k(const mill_call *call) { return ((const plan *)call->state)->lg_k; }

AGG_UPDATE(sketch_update) {
  if (args[0]->type->phys == MILL_PHYS_NONE) return MILL_OK;
  AGG_ROWS(args[0], n, i) {
    sketch *s = states[i];
    if (s->lg_k == 0) MILL_TRY(open_sketch(call->arena, s, default_lg_k(call), err));
  }
  for (size_t from = 0; from < n; from += MILL_SKETCH_ROWS) {
    mill_sketch_rows r;
    MILL_TRY(mill_sketch_hash(call, args[0], from, n, &r, err));
    for (uint32_t k = 0; k < r.n; k++) {
      sketch *s = states[r.row[k]];
      uint32_t coupon = coupon_of(r.hash[k]);
      if (s->mode == REGISTERS)
        add_rank(s, coupon);
      else
        MILL_TRY(add_coupon(call->arena, s, coupon, err));
    }
  }
  return MILL_OK;
}

static mill_status fail_different(const mill_call *call, int left, int right, mill_error *err) {
  return mill_call_fail(call, err, MILL_E_HLL_UNION_DIFFERENT_LG_K, "left",
                        mill_error_fmt(err, "%d", left), "right", mill_error_fmt(err, "%d", right),
                        "function", mill_error_fmt(err, "`%s`", call->fn->name), NULL);
}

AGG_UPDATE(union_update) {
  const mill_vector *allow = args[1];
  if (args[0]->type->phys == MILL_PHYS_NONE) return MILL_OK;
  AGG_ROWS(args[0], n, i) {
    sketch *s = states[i], one;
    bool any = allow->type->phys != MILL_PHYS_NONE && mill_vector_valid(allow, i) &&
               MILL_AT(uint8_t, allow, i);
    MILL_TRY(read_row(call, args[0], i, &one, err));
    if (s->lg_k && s->lg_k != one.lg_k && !any) return fail_different(call, s->lg_k, one.lg_k, err);
    MILL_TRY(unite(call->arena, s, &one, err));
  }
  return MILL_OK;
}

static mill_status unite_states(mill_call *call, sketch *to, const sketch *from, mill_error *err) {
  bool strict = ((const plan *)call->state)->strict;
  if (strict && to->lg_k && to->lg_k != from->lg_k)
    return fail_different(call, to->lg_k, from->lg_k, err);
  return unite(call->arena, to, from, err);
}

AGG_MERGE(sketch_merge) {
  AGG_ROWS(partial, n, i) {
    sketch one;
    MILL_TRY(read_row(call, partial, i, &one, err));
    MILL_TRY(unite_states(call, states[i], &one, err));
  }
  return MILL_OK;
}

AGG_COMBINE(sketch_combine) {
  for (size_t i = 0; i < n; i++) {
    const sketch *s = from[i];
    if (s->lg_k) MILL_TRY(unite_states(call, to[i], s, err));
  }
  return MILL_OK;
}

AGG_OUTPUT(sketch_save) {
  for (size_t i = 0; i < n; i++) {
    const sketch *s = states[i];
    if (s->lg_k)
      MILL_TRY(put_sketch(call, s, out, i, err));
    else
      MILL_TRY(mill_set_null(call, out, i, err));
  }
  return MILL_OK;
}

AGG_OUTPUT(sketch_final) {
  for (size_t i = 0; i < n; i++) {
    const sketch *s = states[i];
    uint32_t none[1 << LIST_LG] = {0};
    sketch empty = {.lg_k = (uint8_t)default_lg_k(call), .lg_slots = LIST_LG, .slot = none};
    MILL_TRY(put_sketch(call, s->lg_k ? s : &empty, out, i, err));
  }
  return MILL_OK;
}

static const mill_aggregate sketch_agg = {.state_size = sizeof(sketch),
                                          .update = sketch_update,
                                          .merge = sketch_merge,
                                          .combine = sketch_combine,
                                          .save = sketch_save,
                                          .final = sketch_final};
static const mill_aggregate union_agg = {.state_size = sizeof(sketch),
                                         .update = union_update,
                                         .merge = sketch_merge,
                                         .combine = sketch_combine,
                                         .save = sketch_save,
                                         .final = sketch_final};

/* ---- functions ------------------------------------------------------------------------------ */

KERNEL_HEAD(sketch_estimate) {
  int64_t *r = out->data;
  MILL_EACH(out, n, i) {
    sketch s;
    MILL_TRY(read_row(call, args[0], i, &s, err));
    r[i] = (int64_t)floor(estimate(&s) + 0.5);
  }
  return MILL_OK;
}

KERNEL_HEAD(sketch_union) {
  MILL_EACH(out, n, i) {
    sketch a, b;
    MILL_TRY(read_row(call, args[0], i, &a, err));
    MILL_TRY(read_row(call, args[1], i, &b, err));
    if (a.lg_k != b.lg_k && !MILL_AT(uint8_t, args[2], i))
      return fail_different(call, a.lg_k, b.lg_k, err);
    MILL_TRY(unite(call->arena, &a, &b, err));
    MILL_TRY(put_sketch(call, &a, out, i, err));
  }
  return MILL_OK;
}

static mill_status open_plan(mill_binding *b, int32_t lg_k, mill_error *err) {
  void *mem;
  MILL_TRY(mill_bind_alloc(b, sizeof(plan), &mem, err));
  *(plan *)mem = (plan){.lg_k = lg_k};
  b->state = mem;
  b->nullable = false;
  b->partial = b->result;
  return MILL_OK;
}

static mill_status bind_agg(mill_binding *b, mill_error *err) {
  int32_t lg_k;
  MILL_TRY(mill_bind_types(b, "!int|bigint|string|binary, !int -> binary", err));
  if (!mill_sketch_constant(b, 1, &lg_k))
    return mill_sketch_bind_fail(b, MILL_E_HLL_K_MUST_BE_CONSTANT, err);
  MILL_TRY(
      mill_sketch_range(b->fn->name, MILL_E_HLL_INVALID_LG_K, lg_k, LEAST_LG_K, MOST_LG_K, err));
  return open_plan(b, lg_k, err);
}

static mill_status bind_union_agg(mill_binding *b, mill_error *err) {
  const mill_vector *allow = b->arg_value[1];
  MILL_TRY(mill_bind_types(b, "!binary, !boolean -> binary", err));
  MILL_TRY(open_plan(b, DEFAULT_LG_K, err));
  ((plan *)b->state)->strict =
      allow && !(mill_vector_valid(allow, 0) && MILL_AT(uint8_t, allow, 0));
  return MILL_OK;
}

const mill_function mill_family_sketch_hll[] = {
    {.name = "hll_sketch_agg",
     .types = "any, any?",
     .fill = ", 12",
     .kind = MILL_AGGREGATE,
     .flags = MILL_FN_LATE,
     .bind = bind_agg,
     .aggregate = &sketch_agg,
     .usage = "hll_sketch_agg(expr[, lgConfigK])",
     .doc = "A HyperLogLog sketch of the different values, with 2^lgConfigK registers.",
     .example = "SELECT hll_sketch_estimate(hll_sketch_agg(col, 12)) FROM VALUES (1), (1), (2), "
                "(3) AS tab(col) -> 3"},
    {.name = "hll_union_agg",
     .types = "any, any?",
     .fill = ", false",
     .kind = MILL_AGGREGATE,
     .bind = bind_union_agg,
     .aggregate = &union_agg,
     .usage = "hll_union_agg(expr[, allowDifferentLgConfigK])",
     .doc = "The union of HyperLogLog sketches.",
     .example = "SELECT hll_sketch_estimate(hll_union_agg(sketch)) FROM (SELECT "
                "hll_sketch_agg(col) AS sketch FROM VALUES (1), (2) AS tab(col) UNION ALL SELECT "
                "hll_sketch_agg(col) FROM VALUES (2), (3) AS tab(col)) -> 3"},
    {.name = "hll_sketch_estimate",
     .types = "!binary -> bigint",
     .kernel = sketch_estimate,
     .usage = "hll_sketch_estimate(expr)",
     .doc = "About how many different values a HyperLogLog sketch has seen.",
     .example = "SELECT hll_sketch_estimate(hll_sketch_agg(col)) FROM VALUES (1), (1), (2) AS "
                "tab(col) -> 2"},
    {.name = "hll_union",
     .types = "!binary, !binary, !boolean? -> binary",
     .fill = ", , false",
     .kernel = sketch_union,
     .usage = "hll_union(first, second[, allowDifferentLgConfigK])",
     .doc = "The union of two HyperLogLog sketches.",
     .example = "SELECT hll_sketch_estimate(hll_union(hll_sketch_agg(col1), hll_sketch_agg(col2))) "
                "FROM VALUES (1, 4), (2, 4), (3, 4) AS tab(col1, col2) -> 4"},
    {0}};
