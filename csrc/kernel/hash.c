/* Hashes of rows and digests of bytes: hash, xxhash64, crc32, md5, sha1, sha2.
**
** hash is Spark's Murmur3 and xxhash64 its XXH64, both with seed 42: each argument is hashed with
** the result so far as its seed, a null leaves it as it is, and so do elements and fields, one after
** the other. Decimals of up to 18 digits are hashed as their unscaled number, longer ones as the
** bytes of Java's BigInteger; -0.0 as 0.0, every NaN alike. */
#include <strings.h>

#include "base/hash.h"
#include "kernel/cast.h"
#include "kernel/bytes_int.h"

static int32_t float_bits(float f) {
  int32_t bits;
  if (f == 0) f = 0;
  memcpy(&bits, &f, 4);
  return f != f ? 0x7fc00000 : bits;
}

static int64_t double_bits(double d) {
  int64_t bits;
  if (d == 0) d = 0;
  memcpy(&bits, &d, 8);
  return d != d ? 0x7ff8000000000000 : bits;
}

/* Big-endian two's complement without leading sign bytes; returns where it starts in b[16]. */
static const uint8_t *big_integer(mill_i128 v, uint8_t *b, size_t *n) {
  size_t start = 0;
  for (int k = 15; k >= 0; k--, v >>= 8) b[k] = (uint8_t)v;
  while (start < 15 &&
         ((b[start] == 0 && b[start + 1] < 0x80) || (b[start] == 0xff && b[start + 1] >= 0x80)))
    start++;
  *n = 16 - start;
  return b + start;
}

static const uint8_t *decimal_bytes(const mill_vector *v, uint32_t k, uint8_t *b, size_t *n) {
  return big_integer(((const mill_i128 *)v->data)[k], b, n);
}

/* A whole column into h, one loop a type; NAME##_value is one value, for elements. */
#define COLUMN_LOOP(T, EXPR)                                                                       \
  for (size_t i = 0; i < n; i++) {                                                                 \
    uint32_t k = (uint32_t)i & v->mask;                                                            \
    const T x = ((const T *)v->data)[k];                                                           \
    if (mill_valid_bit(v->valid, k)) h[i] = (EXPR);                                                \
  }                                                                                                \
  break

#define HASHER(NAME, H, OF_INT, OF_LONG, OF_BYTES)                                                 \
  static H NAME##_value(const mill_vector *v, size_t at, H seed);                                  \
  static H NAME##_nested(const mill_vector *v, uint32_t k, H h) {                                  \
    if (v->type->phys == MILL_PHYS_STRUCT) {                                                       \
      for (uint32_t c = 0; c < v->type->nfields; c++) h = NAME##_value(&v->child[c], k, h);        \
      return h;                                                                                    \
    }                                                                                              \
    mill_span s = ((const mill_span *)v->data)[k];                                                 \
    for (uint32_t e = s.start; e < s.start + s.size; e++) h = NAME##_value(&v->child[0], e, h);    \
    return h;                                                                                      \
  }                                                                                                \
  static void NAME##_column(const mill_vector *v, size_t n, H *h) {                                \
    uint8_t b[16];                                                                                 \
    size_t len;                                                                                    \
    switch (v->type->phys) {                                                                       \
    case MILL_PHYS_NONE: break;                                                                    \
    case MILL_PHYS_BOOL: COLUMN_LOOP(uint8_t, OF_INT(x, h[i]));                                    \
    case MILL_PHYS_I8: COLUMN_LOOP(int8_t, OF_INT(x, h[i]));                                       \
    case MILL_PHYS_I16: COLUMN_LOOP(int16_t, OF_INT(x, h[i]));                                     \
    case MILL_PHYS_I32: COLUMN_LOOP(int32_t, OF_INT(x, h[i]));                                     \
    case MILL_PHYS_I64: COLUMN_LOOP(int64_t, OF_LONG(x, h[i]));                                    \
    case MILL_PHYS_F32: COLUMN_LOOP(float, OF_INT(float_bits(x), h[i]));                           \
    case MILL_PHYS_F64: COLUMN_LOOP(double, OF_LONG(double_bits(x), h[i]));                        \
    case MILL_PHYS_STR: COLUMN_LOOP(mill_str, OF_BYTES(mill_str_data(&x), x.size, h[i]));          \
    case MILL_PHYS_INTERVAL:                                                                       \
      COLUMN_LOOP(mill_interval, OF_INT(x.months, OF_INT(x.days, OF_LONG(x.micros, h[i]))));       \
    case MILL_PHYS_I128:                                                                           \
      for (size_t i = 0; i < n; i++) {                                                             \
        uint32_t k = (uint32_t)i & v->mask;                                                        \
        if (!mill_valid_bit(v->valid, k)) continue;                                                \
        if (mill_type_is_nanos(v->type)) {                                                         \
          int rest;                                                                                \
          int64_t micros = mill_nanos_split(((const mill_i128 *)v->data)[k], &rest);               \
          h[i] = OF_INT(rest, OF_LONG(micros, h[i]));                                              \
          continue;                                                                                \
        }                                                                                          \
        const uint8_t *p = decimal_bytes(v, k, b, &len);                                           \
        h[i] = OF_BYTES(p, len, h[i]);                                                             \
      }                                                                                            \
      break;                                                                                       \
    default:                                                                                       \
      for (size_t i = 0; i < n; i++)                                                               \
        if (mill_vector_valid(v, i)) h[i] = NAME##_nested(v, mill_vector_at(v, i), h[i]);          \
    }                                                                                              \
  }                                                                                                \
  static H NAME##_value(const mill_vector *v, size_t at, H seed) {                                 \
    mill_vector one = *v;                                                                          \
    uint32_t k = mill_vector_at(v, at);                                                            \
    if (v->type->phys == MILL_PHYS_NONE || !mill_valid_bit(v->valid, k)) return seed;              \
    if (v->type->phys == MILL_PHYS_LIST || v->type->phys == MILL_PHYS_STRUCT)                      \
      return NAME##_nested(v, k, seed);                                                            \
    one.data = (char *)v->data + (size_t)k * v->type->width;                                       \
    one.valid = NULL, one.index = NULL, one.mask = 0;                                              \
    NAME##_column(&one, 1, &seed);                                                                 \
    return seed;                                                                                   \
  }                                                                                                \
  KERNEL_HEAD(k_##NAME) {                                                                          \
    H *h = out->data;                                                                              \
    (void)err;                                                                                     \
    for (size_t i = 0; i < n; i++) h[i] = 42;                                                      \
    for (int a = 0; a < call->nargs; a++) NAME##_column(args[a], n, h);                            \
    return MILL_OK;                                                                                \
  }

HASHER(murmur3, int32_t, mill_murmur3_int, mill_murmur3_long, mill_murmur3_bytes)
HASHER(xxh64, int64_t, mill_xxh64_int, mill_xxh64_long, mill_xxh64_bytes)

static mill_status bind_hash(mill_binding *b, mill_error *err) {
  const char *name = mill_error_fmt(err, "`%s`", b->fn->name);
  MILL_TRY(mill_bind_types(b, b->fn->types, err));
  for (int i = 0; i < b->nargs; i++) {
    if (mill_type_holds(b->arg_type[i], MILL_MAP))
      return mill_fail(err, MILL_E_DATATYPE_MISMATCH_HASH_MAP_TYPE, "sqlExpr",
                       mill_bind_sql(b, err), "functionName", name, NULL);
    if (mill_type_holds(b->arg_type[i], MILL_VARIANT))
      return mill_fail(err, MILL_E_DATATYPE_MISMATCH_HASH_VARIANT_TYPE, "sqlExpr",
                       mill_bind_sql(b, err), "functionName", name, NULL);
  }
  return MILL_OK;
}

/* ---- digests -------------------------------------------------------------------------------- */

enum { DIGEST_MAX = 64 }; /* bytes of SHA-512, the longest */

static mill_status put_hex(mill_call *call, mill_vector *out, size_t i, const uint8_t *d, size_t n,
                           mill_error *err) {
  static const char digit[] = "0123456789abcdef";
  char text[2 * DIGEST_MAX];
  if (n > DIGEST_MAX) n = DIGEST_MAX;
  for (size_t k = 0; k < n; k++) {
    text[2 * k] = digit[d[k] >> 4];
    text[2 * k + 1] = digit[d[k] & 15];
  }
  return put_copy(call, out, i, text, 2 * n, err);
}

KERNEL_HEAD(k_crc32) {
  int64_t *r = out->data;
  (void)call, (void)err;
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(args[0], i);
    r[i] = mill_crc32(s.p, s.n);
  }
  return MILL_OK;
}

KERNEL_HEAD(k_md5) {
  uint8_t d[16];
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(args[0], i);
    MILL_TRY(mill_md5(s.p, s.n, d, err));
    MILL_TRY(put_hex(call, out, i, d, sizeof d, err));
  }
  return MILL_OK;
}

KERNEL_HEAD(k_sha1) {
  uint8_t d[20];
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(args[0], i);
    MILL_TRY(mill_sha1(s.p, s.n, d, err));
    MILL_TRY(put_hex(call, out, i, d, sizeof d, err));
  }
  return MILL_OK;
}

/* Lengths that are none of SHA-2's give null; 0 is 256. */
KERNEL_HEAD(k_sha2) {
  uint8_t d[64];
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(args[0], i);
    int32_t bits = MILL_AT(int32_t, args[1], i);
    if (bits == 0) bits = 256;
    if (bits != 224 && bits != 256 && bits != 384 && bits != 512) {
      MILL_TRY(mill_set_null(call, out, i, err));
      continue;
    }
    MILL_TRY(mill_sha2(bits, s.p, s.n, d, err));
    MILL_TRY(put_hex(call, out, i, d, (size_t)bits / 8, err));
  }
  return MILL_OK;
}

/* ---- hmac (RFC 2104) ------------------------------------------------------------------------- */

typedef struct digest_kind {
  const char *name;
  int bits; /* 0: MD5; 1: SHA-1; else SHA-2 */
  size_t size, block;
} digest_kind;

static const digest_kind digests[] = {{"MD5", 0, 16, 64},       {"SHA1", 1, 20, 64},
                                      {"SHA224", 224, 28, 64},  {"SHA256", 256, 32, 64},
                                      {"SHA384", 384, 48, 128}, {"SHA512", 512, 64, 128}};

/* In any case; the SHA ones with a hyphen or without. */
static const digest_kind *digest_of(bytes s) {
  char name[8];
  if (s.n == 0 || s.n >= sizeof name) return NULL;
  memcpy(name, s.p, s.n);
  name[s.n] = 0;
  if (s.n > 4 && strncasecmp(name, "SHA-", 4) == 0) memmove(name + 3, name + 4, s.n - 3);
  for (size_t i = 0; i < sizeof digests / sizeof *digests; i++)
    if (strcasecmp(digests[i].name, name) == 0) return &digests[i];
  return NULL;
}

static mill_status run_digest(const digest_kind *k, const void *p, size_t n, uint8_t *out,
                              mill_error *err) {
  if (k->bits == 0) return mill_md5(p, n, out, err);
  return k->bits == 1 ? mill_sha1(p, n, out, err) : mill_sha2(k->bits, p, n, out, err);
}

static mill_status hmac_row(mill_call *call, const digest_kind *k, bytes key, bytes s,
                            mill_vector *out, size_t i, mill_error *err) {
  uint8_t pad[128] = {0}, inner[64], outer[192];
  char *p = NULL;
  if (key.n > k->block)
    MILL_TRY(run_digest(k, key.p, key.n, pad, err));
  else
    memcpy(pad, key.p, key.n);
  MILL_TRY(mill_bytes_take(call, k->block + s.n, &p, err));
  for (size_t b = 0; b < k->block; b++) p[b] = (char)(pad[b] ^ 0x36);
  memcpy(p + k->block, s.p, s.n);
  MILL_TRY(run_digest(k, p, k->block + s.n, inner, err));
  mill_str_done(call, p, 0);
  for (size_t b = 0; b < k->block; b++) outer[b] = pad[b] ^ 0x5c;
  memcpy(outer + k->block, inner, k->size);
  MILL_TRY(run_digest(k, outer, k->block + k->size, inner, err));
  size_t size = k->size < sizeof inner ? k->size : sizeof inner;
  return put_copy(call, out, i, (const char *)inner, size, err);
}

KERNEL_HEAD(k_hmac) {
  MILL_EACH(out, n, i) {
    bytes name = bytes_at(args[2], i);
    const digest_kind *k = digest_of(name);
    if (k == NULL)
      return mill_call_fail(call, err, MILL_E_INVALID_PARAMETER_VALUE_HMAC_ALGORITHM,
                            "functionName", "`hmac`", "parameter", "`algorithm`", "algorithm",
                            mill_error_fmt(err, "'%.*s'", (int)name.n, name.p), NULL);
    if (bytes_at(args[0], i).n == 0)
      return mill_call_fail(call, err, MILL_E_INVALID_PARAMETER_VALUE_HMAC_CRYPTO_ERROR,
                            "functionName", "`hmac`", "parameter", "`key`", "detailMessage",
                            "Empty key", NULL);
    MILL_TRY(hmac_row(call, k, bytes_at(args[0], i), bytes_at(args[1], i), out, i, err));
  }
  return MILL_OK;
}

const mill_function mill_family_hash[] = {
    {.name = "hmac",
     .types = "binary, binary, string? -> binary",
     .kernel = k_hmac,
     .flags = MILL_FN_NULLABLE,
     .fill = ", , 'SHA-256'",
     .usage = "hmac(key, message[, algorithm])",
     .doc = "A message authentication code of the bytes by a key.",
     .example = "SELECT hex(hmac('key', 'mill', 'MD5')) = hex(hmac('key', 'mill', 'md5')) -> true"},
    {.name = "hash",
     .types = "any, any* -> int",
     .kernel = k_murmur3,
     .bind = bind_hash,
     .flags = MILL_FN_NULLS | MILL_FN_NEVER_NULL | MILL_FN_NO_RAISE,
     .usage = "hash(expr1, expr2, ...)",
     .doc = "A hash of the values, by Murmur3.",
     .example = "SELECT hash('Spark', array(123), 2) -> -1321691492"},
    {.name = "xxhash64",
     .types = "any, any* -> bigint",
     .kernel = k_xxh64,
     .bind = bind_hash,
     .flags = MILL_FN_NULLS | MILL_FN_NEVER_NULL | MILL_FN_NO_RAISE,
     .usage = "xxhash64(expr1, expr2, ...)",
     .doc = "A 64-bit hash of the values, by XXH64.",
     .example = "SELECT xxhash64('Spark', array(123), 2) -> 5602566077635097486"},
    {.name = "crc32",
     .types = "binary -> bigint",
     .kernel = k_crc32,
     .flags = MILL_FN_NO_RAISE,
     .usage = "crc32(expr)",
     .doc = "The cyclic redundancy check of the bytes.",
     .example = "SELECT crc32('Spark') -> 1557323817"},
    {.name = "md5",
     .types = "binary -> string",
     .kernel = k_md5,
     .flags = MILL_FN_NO_RAISE,
     .usage = "md5(expr)",
     .doc = "The MD5 digest of the bytes, in hex.",
     .example = "SELECT md5('Spark') -> 8cde774d6f7333752ed72cacddb05126"},
    {.name = "sha",
     .types = "binary -> string",
     .kernel = k_sha1,
     .flags = MILL_FN_NO_RAISE,
     .usage = "sha(expr)",
     .doc = "The SHA-1 digest of the bytes, in hex.",
     .example = "SELECT sha('Spark') -> 85f5955f4b27a9a4c2aab6ffe5d7189fc298b92c",
     .alias = "sha1"},
    {.name = "sha2",
     .types = "binary, int -> string",
     .kernel = k_sha2,
     .flags = MILL_FN_NO_RAISE | MILL_FN_NULLABLE,
     .usage = "sha2(expr, bitLength)",
     .doc = "The SHA-2 digest of the bytes of 224, 256, 384 or 512 bits, in hex.",
     .example = "SELECT sha2('Spark', 256) -> "
                "529bc3b07127ecb7e53a4dcf1991d9152c24537d919178022b2c42657f79a26b"},
    {0}};
