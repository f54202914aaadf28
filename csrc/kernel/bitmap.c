/* bitmap_bit_position, bitmap_bucket_number, bitmap_count, bitmap_construct_agg, bitmap_or_agg, bitmap_and_agg:
** bitmaps of 32768 bits, by which exact counts of different numbers are kept in buckets.
**
** A number belongs to bit (n - 1) mod 32768 of bucket (n - 1) / 32768 + 1; zero and below to bit -n mod 32768 of
** bucket n / 32768. Bit i is bit i mod 8 of byte i / 8. Longer inputs are cut, shorter ones have zeros behind. */
#include "kernel/agg_int.h"
#include "kernel/bytes_int.h"

enum { BITS = 32768, BYTES = BITS / 8 };

KERNEL_HEAD(bit_position) {
  (void)call, (void)err;
  for (size_t i = 0; i < n; i++) {
    int64_t x = MILL_AT(int64_t, args[0], i);
    uint64_t place = x > 0 ? (uint64_t)x - 1 : -(uint64_t)x;
    ((int64_t *)out->data)[i] = (int64_t)(place % BITS);
  }
  return MILL_OK;
}

KERNEL_HEAD(bucket_number) {
  (void)call, (void)err;
  for (size_t i = 0; i < n; i++) {
    int64_t x = MILL_AT(int64_t, args[0], i);
    ((int64_t *)out->data)[i] = x > 0 ? (x - 1) / BITS + 1 : x / BITS;
  }
  return MILL_OK;
}

KERNEL_HEAD(bit_count) {
  (void)call, (void)err;
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(args[0], i);
    int64_t bits = 0;
    for (size_t k = 0; k < s.n; k++) bits += __builtin_popcount((uint8_t)s.p[k]);
    ((int64_t *)out->data)[i] = bits;
  }
  return MILL_OK;
}

/* ---- aggregates ----------------------------------------------------------------------------- */

typedef struct {
  uint8_t *bytes; /* NULL: no row yet */
} bitmap;

static mill_status open_bitmap(mill_call *call, bitmap *s, mill_error *err) {
  if (s->bytes) return MILL_OK;
  s->bytes = mill_arena_alloc(call->arena, BYTES);
  return s->bytes ? MILL_OK : mill_oom(call->arena->memory, BYTES, err);
}

static inline void set_bit(uint8_t *map, int64_t place) {
  uint64_t k = (uint64_t)place;
  map[k / 8] = (uint8_t)(map[k / 8] | 1 << k % 8);
}

static mill_status fail_place(const mill_call *call, int64_t place, mill_error *err) {
  return mill_call_fail(call, err, MILL_E_INVALID_BITMAP_POSITION, "bitPosition",
                        mill_error_fmt(err, "%lld", (long long)place), "bitmapNumBytes",
                        mill_error_fmt(err, "%d", BYTES), "bitmapNumBits",
                        mill_error_fmt(err, "%d", BITS), NULL);
}

AGG_UPDATE(construct_update) {
  if (args[0]->type->phys == MILL_PHYS_NONE) return MILL_OK;
  AGG_ROWS(args[0], n, i) {
    bitmap *s = states[i];
    int64_t place = MILL_AT(int64_t, args[0], i);
    MILL_TRY(open_bitmap(call, s, err));
    if (place < 0 || place >= BITS) return fail_place(call, place, err);
    set_bit(s->bytes, place);
  }
  return MILL_OK;
}

static mill_status construct_all(mill_call *call, void *state, const mill_vector *const *args,
                                 size_t n, mill_error *err) {
  bitmap *s = state;
  if (args[0]->type->phys == MILL_PHYS_NONE || mill_count_valid(args[0], n) == 0) return MILL_OK;
  MILL_TRY(open_bitmap(call, s, err));
  uint8_t *map = s->bytes;
  AGG_ROWS(args[0], n, i) {
    int64_t place = MILL_AT(int64_t, args[0], i);
    if (place < 0 || place >= BITS) return fail_place(call, place, err);
    set_bit(map, place);
  }
  return MILL_OK;
}

static mill_status fold(mill_call *call, bitmap *s, bytes x, bool both, mill_error *err) {
  bool first = s->bytes == NULL;
  size_t size = x.n < BYTES ? x.n : BYTES;
  MILL_TRY(open_bitmap(call, s, err));
  if (first && size) memcpy(s->bytes, x.p, size);
  for (size_t k = 0; !first && k < size; k++) {
    uint8_t y = (uint8_t)x.p[k];
    s->bytes[k] = both ? s->bytes[k] & y : s->bytes[k] | y;
  }
  if (both) memset(s->bytes + size, 0, BYTES - size);
  return MILL_OK;
}

AGG_UPDATE(or_update) {
  AGG_ROWS(args[0], n, i) MILL_TRY(fold(call, states[i], bytes_at(args[0], i), false, err));
  return MILL_OK;
}
AGG_UPDATE(and_update) {
  AGG_ROWS(args[0], n, i) MILL_TRY(fold(call, states[i], bytes_at(args[0], i), true, err));
  return MILL_OK;
}
AGG_MERGE(or_merge) {
  const mill_vector *const args[] = {partial};
  return or_update(call, states, args, n, err);
}
AGG_MERGE(and_merge) {
  const mill_vector *const args[] = {partial};
  return and_update(call, states, args, n, err);
}

AGG_OUTPUT(bitmap_save) {
  for (size_t i = 0; i < n; i++) {
    const bitmap *s = states[i];
    if (s->bytes)
      put_view(out, i, (const char *)s->bytes, BYTES);
    else
      MILL_TRY(mill_set_null(call, out, i, err));
  }
  return MILL_OK;
}

/* Of no rows: no bits, or all of them where those in common were asked for. */
static mill_status put_final(mill_call *call, void *const *states, size_t n, mill_vector *out,
                             int none, mill_error *err) {
  for (size_t i = 0; i < n; i++) {
    bitmap *s = states[i];
    bool empty = s->bytes == NULL;
    MILL_TRY(open_bitmap(call, s, err));
    if (empty) memset(s->bytes, none, BYTES);
    put_view(out, i, (const char *)s->bytes, BYTES);
  }
  return MILL_OK;
}
AGG_OUTPUT(or_final) { return put_final(call, states, n, out, 0, err); }
AGG_OUTPUT(and_final) { return put_final(call, states, n, out, 0xff, err); }

#define BITMAP_AGG(UPDATE, ALL, MERGE, FINAL)                                                      \
  {                                                                                                \
    .state_size = sizeof(bitmap), .update = UPDATE, .update_all = ALL, .merge = MERGE,             \
    .save = bitmap_save, .final = FINAL, .exact = true                                             \
  }
static const mill_aggregate construct_agg =
    BITMAP_AGG(construct_update, construct_all, or_merge, or_final);
static const mill_aggregate or_agg = BITMAP_AGG(or_update, NULL, or_merge, or_final);
static const mill_aggregate and_agg = BITMAP_AGG(and_update, NULL, and_merge, and_final);

/* ---- binding -------------------------------------------------------------------------------- */

static mill_status bind_construct(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "bigint -> binary", err));
  b->nullable = false;
  b->partial = b->result;
  return MILL_OK;
}

/* BINARY itself: not even an untyped NULL. */
static mill_status bind_binary(mill_binding *b, mill_error *err) {
  if (b->arg_type[0]->id != MILL_BINARY) return mill_bind_wrong_type(b, 0, "\"BINARY\"", err);
  bool aggregate = b->fn->kind == MILL_AGGREGATE;
  b->result = mill_type_of(aggregate ? MILL_BINARY : MILL_BIGINT);
  b->partial = b->result;
  mill_bind_nullable(b);
  if (aggregate) b->nullable = false;
  return MILL_OK;
}

const mill_function mill_family_bitmap[] = {
    {.name = "bitmap_bit_position",
     .types = "bigint -> bigint",
     .kernel = bit_position,
     .flags = MILL_FN_NO_RAISE,
     .usage = "bitmap_bit_position(child)",
     .doc = "The bit of a number in the bitmap of its bucket.",
     .example = "SELECT bitmap_bit_position(1) -> 0\nSELECT bitmap_bit_position(123) -> 122"},
    {.name = "bitmap_bucket_number",
     .types = "bigint -> bigint",
     .kernel = bucket_number,
     .flags = MILL_FN_NO_RAISE,
     .usage = "bitmap_bucket_number(child)",
     .doc = "The bucket of a number: 32768 numbers share a bitmap.",
     .example = "SELECT bitmap_bucket_number(123) -> 1\nSELECT bitmap_bucket_number(32769) -> 2"},
    {.name = "bitmap_count",
     .types = "any",
     .bind = bind_binary,
     .kernel = bit_count,
     .flags = MILL_FN_NO_RAISE,
     .usage = "bitmap_count(child)",
     .doc = "How many bits of a bitmap are set.",
     .example = "SELECT bitmap_count(X'1010') -> 2"},
    {.name = "bitmap_construct_agg",
     .types = "any",
     .kind = MILL_AGGREGATE,
     .bind = bind_construct,
     .aggregate = &construct_agg,
     .usage = "bitmap_construct_agg(child)",
     .doc = "The bitmap of the bit positions.",
     .example = "SELECT bitmap_count(bitmap_construct_agg(bitmap_bit_position(col))) FROM VALUES "
                "(1), (2), (3) AS tab(col) -> 3"},
    {.name = "bitmap_or_agg",
     .types = "any",
     .kind = MILL_AGGREGATE,
     .bind = bind_binary,
     .aggregate = &or_agg,
     .usage = "bitmap_or_agg(child)",
     .doc = "The bits that some bitmap has.",
     .example = "SELECT bitmap_count(bitmap_or_agg(col)) FROM VALUES (X'10'), (X'20'), (X'40') AS "
                "tab(col) -> 3"},
    {.name = "bitmap_and_agg",
     .types = "any",
     .kind = MILL_AGGREGATE,
     .bind = bind_binary,
     .aggregate = &and_agg,
     .usage = "bitmap_and_agg(child)",
     .doc = "The bits that all bitmaps have.",
     .example = "SELECT bitmap_count(bitmap_and_agg(col)) FROM VALUES (X'F0'), (X'70'), (X'30') AS "
                "tab(col) -> 2"},
    {0}};
