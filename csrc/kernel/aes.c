/* aes_encrypt, aes_decrypt, try_aes_decrypt: AES as Spark lays it out (base/aes.h). What comes out of encrypting
** is the initialisation vector, where the mode has one, and behind it the text; in GCM the tag is the last. */
#include "base/aes.h"

#include <strings.h>

#include "kernel/bytes_int.h"

#define BOTH "`aes_encrypt`/`aes_decrypt`"

typedef struct row {
  bytes text, key, mode, padding, iv, aad;
  mill_aes aes;
} row;

static bool is_word(bytes s, const char *word) {
  return s.n == strlen(word) && strncasecmp(s.p, word, s.n) == 0;
}

static const char *text_of(bytes s, mill_error *err) {
  return mill_error_fmt(err, "%.*s", (int)s.n, s.p);
}

/* ---- checks --------------------------------------------------------------------------------- */

static mill_status check_key(mill_call *call, const row *r, mill_error *err) {
  if (r->key.n == 16 || r->key.n == 24 || r->key.n == 32) return MILL_OK;
  return mill_call_fail(call, err, MILL_E_INVALID_PARAMETER_VALUE_AES_KEY_LENGTH, "parameter",
                        "`key`", "functionName", BOTH, "actualLength",
                        mill_error_fmt(err, "%zu", r->key.n), NULL);
}

static mill_status find_mode(mill_call *call, row *r, mill_error *err) {
  bool usual = is_word(r->padding, "DEFAULT");
  bool pkcs = usual || is_word(r->padding, "PKCS"), none = usual || is_word(r->padding, "NONE");
  r->aes.mode = is_word(r->mode, "ECB")   ? MILL_AES_ECB
                : is_word(r->mode, "CBC") ? MILL_AES_CBC
                                          : MILL_AES_GCM;
  bool known = r->aes.mode != MILL_AES_GCM || is_word(r->mode, "GCM");
  if (known && (r->aes.mode == MILL_AES_GCM ? none : pkcs)) return MILL_OK;
  return mill_call_fail(call, err, MILL_E_UNSUPPORTED_FEATURE_AES_MODE, "mode",
                        text_of(r->mode, err), "padding", text_of(r->padding, err), "functionName",
                        BOTH, NULL);
}

static size_t iv_size(mill_aes_mode m) {
  return m == MILL_AES_ECB ? 0 : m == MILL_AES_CBC ? MILL_AES_BLOCK : MILL_AES_GCM_IV;
}

static mill_status check_extras(mill_call *call, const row *r, mill_error *err) {
  const char *name = mill_error_fmt(err, "`%s`", call->fn->name);
  size_t want = iv_size(r->aes.mode);
  if (r->iv.n && want == 0)
    return mill_call_fail(call, err, MILL_E_UNSUPPORTED_FEATURE_AES_MODE_IV, "mode",
                          text_of(r->mode, err), "functionName", name, NULL);
  if (r->iv.n && r->iv.n != want)
    return mill_call_fail(call, err, MILL_E_INVALID_PARAMETER_VALUE_AES_IV_LENGTH, "parameter",
                          "`iv`", "functionName", BOTH, "mode", text_of(r->mode, err),
                          "actualLength", mill_error_fmt(err, "%zu", r->iv.n), NULL);
  if (r->aad.n && r->aes.mode != MILL_AES_GCM)
    return mill_call_fail(call, err, MILL_E_UNSUPPORTED_FEATURE_AES_MODE_AAD, "mode",
                          text_of(r->mode, err), "functionName", name, NULL);
  return MILL_OK;
}

static mill_status check(mill_call *call, row *r, mill_error *err) {
  MILL_TRY(check_key(call, r, err));
  MILL_TRY(find_mode(call, r, err));
  MILL_TRY(check_extras(call, r, err));
  r->aes.key = r->key.p;
  r->aes.key_size = r->key.n;
  r->aes.aad = r->aad.p;
  r->aes.aad_size = r->aad.n;
  return MILL_OK;
}

static mill_status refused(mill_call *call, const char *reason, mill_error *err) {
  return mill_call_fail(call, err, MILL_E_INVALID_PARAMETER_VALUE_AES_CRYPTO_ERROR, "parameter",
                        "`expr`, `key`", "functionName", BOTH, "detailMessage", reason, NULL);
}

/* ---- rows ----------------------------------------------------------------------------------- */

static mill_status encrypt_row(mill_call *call, row *r, mill_vector *out, size_t i,
                               mill_error *err) {
  char *p = NULL;
  size_t size = 0;
  const char *reason;
  MILL_TRY(check(call, r, err));
  size_t iv = iv_size(r->aes.mode);
  MILL_TRY(mill_bytes_take(call, iv + r->text.n + MILL_AES_BLOCK, &p, err));
  if (r->iv.n)
    memcpy(p, r->iv.p, iv);
  else if (iv)
    MILL_TRY(mill_aes_random(p, iv, err));
  r->aes.iv = iv ? p : NULL;
  MILL_TRY(mill_aes_encrypt(&r->aes, r->text.p, r->text.n, p + iv, &size, &reason, err));
  if (reason) return refused(call, reason, err);
  ((mill_str *)out->data)[i] = mill_str_done(call, p, iv + size);
  return MILL_OK;
}

static mill_status decrypt_row(mill_call *call, row *r, mill_vector *out, size_t i,
                               mill_error *err) {
  char *p = NULL;
  size_t size = 0;
  const char *reason;
  MILL_TRY(check(call, r, err));
  size_t iv = iv_size(r->aes.mode);
  if (r->text.n < iv)
    return refused(call,
                   r->aes.mode == MILL_AES_GCM
                       ? "Invalid buffer arguments"
                       : "IV buffer too short for given offset/length combination",
                   err);
  MILL_TRY(mill_bytes_take(call, r->text.n + MILL_AES_BLOCK, &p, err));
  r->aes.iv = r->text.p;
  MILL_TRY(mill_aes_decrypt(&r->aes, r->text.p + iv, r->text.n - iv, p, &size, &reason, err));
  if (reason) return refused(call, reason, err);
  ((mill_str *)out->data)[i] = mill_str_done(call, p, size);
  return MILL_OK;
}

static row row_at(const mill_vector *const *args, int nargs, size_t i) {
  bool iv = nargs == 6; /* only what encrypts takes one */
  row r = {.text = bytes_at(args[0], i),
           .key = bytes_at(args[1], i),
           .mode = bytes_at(args[2], i),
           .padding = bytes_at(args[3], i),
           .iv = {"", 0},
           .aad = bytes_at(args[iv ? 5 : 4], i)};
  if (iv) r.iv = bytes_at(args[4], i);
  return r;
}

KERNEL_HEAD(k_encrypt) {
  MILL_EACH(out, n, i) {
    row r = row_at(args, 6, i);
    MILL_TRY(encrypt_row(call, &r, out, i, err));
  }
  return MILL_OK;
}

/* With try_ whatever is wrong with the values is null; a library or memory that is missing is not. */
KERNEL_HEAD(k_decrypt) {
  bool lenient = call->fn->name[0] == 't';
  MILL_EACH(out, n, i) {
    row r = row_at(args, 5, i);
    mill_status s = decrypt_row(call, &r, out, i, err);
    bool fatal = s == MILL_E_OUT_OF_MEMORY || s == MILL_E_LIBRARY_NOT_AVAILABLE;
    if (s == MILL_OK) continue;
    if (!lenient || fatal) return s;
    mill_error_clear(err);
    MILL_TRY(mill_set_null(call, out, i, err));
  }
  return MILL_OK;
}

/* What stands for a vector that is not given is another one each time. */
static mill_status bind_encrypt(mill_binding *b, mill_error *err) {
  mill_settings_once(b->set);
  return mill_bind_types(b, b->fn->types, err);
}

#define DECRYPT(NAME, DOC, EXAMPLE)                                                                \
  {                                                                                                \
    .name = NAME, .types = "binary, binary, string?, string?, binary? -> binary",                  \
    .kernel = k_decrypt, .flags = MILL_FN_NULLABLE, .fill = ", , 'GCM', 'DEFAULT', ''",            \
    .usage = NAME "(expr, key[, mode[, padding[, aad]]])", .doc = DOC, .example = EXAMPLE          \
  }

const mill_function mill_family_aes[] = {
    {.name = "aes_encrypt",
     .types = "binary, binary, string?, string?, binary?, binary? -> binary",
     .kernel = k_encrypt,
     .bind = bind_encrypt,
     .flags = MILL_FN_NULLABLE,
     .fill = ", , 'GCM', 'DEFAULT', '', ''",
     .usage = "aes_encrypt(expr, key[, mode[, padding[, iv[, aad]]]])",
     .doc = "The value encrypted by AES in the mode ECB, CBC or GCM.",
     .example = "SELECT base64(aes_encrypt('Spark SQL', '1234567890abcdef', 'ECB', 'PKCS')) -> "
                "3lmwu+Mw0H3fi5NDvcu9lg=="},
    DECRYPT(
        "aes_decrypt", "The value that aes_encrypt was given.",
        "SELECT aes_decrypt(unbase64('3lmwu+Mw0H3fi5NDvcu9lg=='), '1234567890abcdef', 'ECB') -> "
        "Spark SQL"),
    DECRYPT("try_aes_decrypt", "As aes_decrypt, null where that fails.",
            "SELECT try_aes_decrypt(X'00', '1234567890abcdef') -> NULL"),
    {0}};
