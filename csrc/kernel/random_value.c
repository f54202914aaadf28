/* uuid, randstr, shuffle: random values as Spark's generators make them, so that a seed gives what Spark gives for
** as many partitions as there are morsels (random.c).
**
** randstr takes one step of XORShiftRandom a character. uuid takes four words of a Mersenne Twister a row and walks;
** it remembers where workers stopped, and one that asks for earlier rows walks from the start. What shuffle takes
** hangs on the lengths of the rows before it: only the first row of a morsel has Spark's own generator, others one
** by their place. */
#include <pthread.h>

#include "base/hash.h"
#include "base/mersenne.h"
#include "base/xorshift.h"
#include "kernel/bytes_int.h"
#include "kernel/list_int.h"
#include "kernel/random_jump.h"

/* The value of a constant integer argument, 0 where it is null, `otherwise` where it was left out. */
static mill_status whole_of(mill_binding *b, int i, int64_t otherwise, int64_t *out,
                            mill_error *err) {
  mill_vector v;
  *out = otherwise;
  if (i >= b->nargs) return MILL_OK;
  MILL_TRY(mill_bind_constant(b, i, &v, err));
  *out = mill_vector_valid(&v, 0) ? (int64_t)mill_int_at(&v, 0) : 0;
  return MILL_OK;
}

/* A seed: a constant INT or BIGINT; NULL as if it had been left out. */
static mill_status seed_of(mill_binding *b, int i, const char *function, uint64_t *out,
                           mill_error *err) {
  mill_settings_once(b->set);
  *out = b->set->seed;
  if (i >= b->nargs || b->arg_type[i]->id == MILL_NULL) return MILL_OK;
  bool whole = b->arg_type[i]->id == MILL_INT || b->arg_type[i]->id == MILL_BIGINT;
  if (!whole || b->arg_value[i] == NULL)
    return mill_fail(err, MILL_E_INVALID_PARAMETER_VALUE_LONG, "parameter", "`seed`",
                     "functionName", function, "invalidValue",
                     mill_error_fmt(err, "\"%s\"", mill_arg_sql(b, i)), NULL);
  return whole_of(b, i, 0, (int64_t *)out, err);
}

/* ---- randstr -------------------------------------------------------------------------------- */

typedef struct randstr {
  mill_jump jump;
  size_t length;
} randstr;

static mill_status unfolded(mill_binding *b, int i, const char *name, const char *type,
                            mill_error *err) {
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_NON_FOLDABLE_INPUT, "sqlExpr",
                   mill_bind_sql(b, err), "inputName", name, "inputType", type, "inputExpr",
                   mill_error_fmt(err, "\"%s\"", mill_arg_sql(b, i)), NULL);
}

static mill_status bind_randstr(mill_binding *b, mill_error *err) {
  randstr *r;
  int64_t length, seed;
  bool many = b->nargs > 1;
  MILL_TRY(mill_bind_types(b, many ? "int, !int|bigint -> string" : "int -> string", err));
  if (b->arg_value[0] == NULL) return unfolded(b, 0, "`length`", "integer", err);
  if (many && b->arg_value[1] == NULL) return unfolded(b, 1, "`seed`", "integer", err);
  MILL_TRY(whole_of(b, 0, 0, &length, err));
  MILL_TRY(whole_of(b, 1, (int64_t)b->set->seed, &seed, err));
  if (length < 0)
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_VALUE_OUT_OF_RANGE, "sqlExpr",
                     mill_bind_sql(b, err), "exprName", "`length`", "valueRange", "[0, 2147483647]",
                     "currentValue", mill_error_fmt(err, "%d", (int)length), NULL);
  BIND_NEW(b, randstr, r, err);
  mill_settings_once(b->set);
  mill_jump_init(&r->jump, (uint64_t)seed);
  r->length = (size_t)length;
  b->state = r;
  b->nullable = false;
  return MILL_OK;
}

static char letter(mill_xorshift *g) {
  static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  int32_t v = mill_xorshift_int(g) % 62;
  return letters[v < 0 ? -v : v];
}

KERNEL_HEAD(k_randstr) {
  const randstr *r = call->state;
  mill_xorshift g = {mill_jump_state(&r->jump, call->first_row, r->length)};
  (void)args;
  for (size_t i = 0; i < n; i++) {
    char *p = NULL;
    MILL_TRY(mill_bytes_take(call, r->length, &p, err));
    for (size_t k = 0; k < r->length; k++) p[k] = letter(&g);
    ((mill_str *)out->data)[i] = mill_str_done(call, p, r->length);
  }
  return MILL_OK;
}

/* ---- uuid ----------------------------------------------------------------------------------- */

typedef struct twister {
  mill_mersenne m;
  uint64_t row; /* its position */
} twister;

enum { WALKERS = 8 };

/* Where workers stopped last, each in a morsel of its own. */
typedef struct uuids {
  uint64_t seed;
  pthread_mutex_t lock;
  twister at[WALKERS]; /* guarded by the lock, as `oldest` is */
  int oldest;
} uuids;

static void restart(const uuids *u, twister *t, uint64_t position) {
  mill_mersenne_init(&t->m, u->seed + (position >> MILL_MORSEL_BITS));
  t->row = position >> MILL_MORSEL_BITS << MILL_MORSEL_BITS;
}

static mill_status bind_uuid(mill_binding *b, mill_error *err) {
  uuids *u;
  BIND_NEW(b, uuids, u, err);
  MILL_TRY(seed_of(b, 0, "`UUID`", &u->seed, err));
  pthread_mutex_init(&u->lock, NULL);
  for (int k = 0; k < WALKERS; k++) u->at[k].row = UINT64_MAX; /* before no row */
  b->state = u;
  b->result = mill_type_of(MILL_STRING);
  b->nullable = false;
  b->shown = mill_error_fmt(err, "uuid()");
  return MILL_OK;
}

/* The n nibbles of w from the one `at` on, counted from the upper end. */
static inline char *write_hex(uint64_t w, int at, int n, char *p) {
  static const char digit[] = "0123456789abcdef";
  for (int k = at; k < at + n; k++) *p++ = digit[w >> (60 - 4 * k) & 15];
  return p;
}

/* Version 4 of RFC 9562. */
static void write_uuid(uint64_t high, uint64_t low, char *p) {
  high = (high & ~0xf000ull) | 0x4000;
  low = (low | 1ull << 63) & ~(1ull << 62);
  p = write_hex(high, 0, 8, p);
  *p++ = '-';
  p = write_hex(high, 8, 4, p);
  *p++ = '-';
  p = write_hex(high, 12, 4, p);
  *p++ = '-';
  p = write_hex(low, 0, 4, p);
  *p++ = '-';
  write_hex(low, 4, 12, p);
}

/* The generator at `row`: from the walker of its morsel that is the least way before it, or from the start. Which one
** it was, or the oldest, is told for put_back. */
static int walk_to(uuids *u, uint64_t row, twister *t) {
  int best = -1;
  pthread_mutex_lock(&u->lock);
  for (int k = 0; k < WALKERS; k++) {
    uint64_t at = u->at[k].row;
    if (at > row || at >> MILL_MORSEL_BITS != row >> MILL_MORSEL_BITS) continue;
    if (best < 0 || at > u->at[best].row) best = k;
  }
  bool found = best >= 0;
  if (found) *t = u->at[best];
  if (!found) best = u->oldest, u->oldest = (u->oldest + 1) % WALKERS;
  pthread_mutex_unlock(&u->lock);
  if (!found) restart(u, t, row);
  for (; t->row < row; t->row++)
    for (int k = 0; k < 4; k++) (void)mill_mersenne_next(&t->m);
  return best;
}

static void put_back(uuids *u, int walker, const twister *t) {
  pthread_mutex_lock(&u->lock);
  u->at[walker] = *t;
  pthread_mutex_unlock(&u->lock);
}

KERNEL_HEAD(k_uuid) {
  uuids *u = (uuids *)(uintptr_t)call->state;
  twister t;
  (void)args;
  int walker = walk_to(u, call->first_row, &t);
  for (size_t i = 0; i < n; i++, t.row++) {
    char *p = NULL;
    MILL_TRY(mill_bytes_take(call, 36, &p, err));
    uint64_t high = mill_mersenne_long(&t.m);
    write_uuid(high, mill_mersenne_long(&t.m), p);
    ((mill_str *)out->data)[i] = mill_str_done(call, p, 36);
  }
  put_back(u, walker, &t);
  return MILL_OK;
}

/* ---- shuffle -------------------------------------------------------------------------------- */

static mill_status bind_shuffle(mill_binding *b, mill_error *err) {
  uint64_t *seed;
  const mill_type *t = b->arg_type[0];
  if (t->id != MILL_ARRAY && t->id != MILL_NULL)
    return mill_bind_wrong_type(b, 0, "\"ARRAY\"", err);
  BIND_NEW(b, uint64_t, seed, err);
  MILL_TRY(seed_of(b, 1, "`shuffle`", seed, err));
  b->state = seed;
  b->result =
      t->id == MILL_ARRAY ? t : mill_type_array(b->ctx->types, mill_type_of(MILL_NULL), true);
  b->cast_to[0] = b->result;
  b->nullable = b->arg_nullable[0];
  b->shown = mill_error_fmt(err, "shuffle(%s)", mill_arg_sql(b, 0));
  return b->result ? MILL_OK : mill_oom(b->arena->memory, sizeof *t, err);
}

/* Fisher and Yates, inside out: what lies from `start` on in random order. */
static void mix(mill_mersenne *m, uint32_t *place, uint32_t start, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    uint32_t k = (uint32_t)mill_mersenne_below(m, (int32_t)i + 1);
    place[i] = place[k];
    place[k] = start + i;
  }
}

KERNEL_HEAD(k_shuffle) {
  uint64_t seed = *(const uint64_t *)call->state;
  mill_vector *list = &out->child[0];
  mill_mersenne m;
  for (size_t i = 0; i < n; i++) {
    if (!mill_vector_valid(args[0], i)) {
      MILL_TRY(mill_set_null(call, out, i, err));
      continue;
    }
    mill_span s = span_at(args[0], i);
    uint64_t position = call->first_row + i, row = position & ((1ull << MILL_MORSEL_BITS) - 1);
    uint64_t own = seed + (position >> MILL_MORSEL_BITS);
    uint32_t *place = mill_arena_alloc(call->arena, (s.size + 1) * sizeof *place);
    if (place == NULL) return mill_oom(call->arena->memory, s.size * sizeof *place, err);
    mill_mersenne_init(&m, row ? mill_hash_combine(own, row) : own);
    mix(&m, place, s.start, s.size);
    ((mill_span *)out->data)[i] = (mill_span){list->size, s.size};
    MILL_TRY(mill_vector_append(list, &args[0]->child[0], place, s.size, false, call->arena, err));
  }
  return MILL_OK;
}

const mill_function mill_family_random_value[] = {
    {.name = "uuid",
     .types = "any?",
     .kernel = k_uuid,
     .bind = bind_uuid,
     .flags = MILL_FN_NONDETERMINISTIC | MILL_FN_NULLS | MILL_FN_NEVER_NULL,
     .usage = "uuid([seed])",
     .doc = "A random id, another one for each row.",
     .example = "SELECT uuid(0) -> 269567e9-5d09-4af5-b20f-16851fc4a81a"},
    {.name = "randstr",
     .types = "any, any?",
     .kernel = k_randstr,
     .bind = bind_randstr,
     .flags = MILL_FN_NONDETERMINISTIC | MILL_FN_NULLS | MILL_FN_NEVER_NULL,
     .usage = "randstr(length[, seed])",
     .doc = "A text of so many random letters and digits, another one for each row.",
     .example = "SELECT randstr(3, 0) -> ceV"},
    {.name = "shuffle",
     .types = "any, any?",
     .kernel = k_shuffle,
     .bind = bind_shuffle,
     .flags = MILL_FN_NONDETERMINISTIC | MILL_FN_NULLS,
     .usage = "shuffle(array[, seed])",
     .doc = "The elements in random order.",
     .example = "SELECT shuffle(array(1, 20, 3, 5), 0) -> [5,1,20,3]"},
    {0}};
