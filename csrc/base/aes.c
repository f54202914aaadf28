/* See aes.h. The functions are those of openssl/evp.h and rand.h (3.0 and 1.1), declared here so that the headers
** need not be there. */
#include "base/aes.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>

enum { SET_IV_SIZE = 0x9, GET_TAG = 0x10, SET_TAG = 0x11 }; /* EVP_CTRL_AEAD_.. */

static struct {
  pthread_once_t once;
  bool there;
  void *(*new)(void);
  void (*free)(void *);
  int (*init)(void *, const void *cipher, void *engine, const void *key, const void *iv, int enc);
  int (*update)(void *, void *out, int *size, const void *in, int n);
  int (*final)(void *, void *out, int *size);
  int (*control)(void *, int what, int n, void *p);
  int (*random)(unsigned char *, int);
  const void *(*cipher[9])(void); /* mode * 3 + key */
} crypto = {.once = PTHREAD_ONCE_INIT};

static bool find(void *library, const char *name, void *to) {
  void *f = library ? dlsym(library, name) : NULL;
  memcpy(to, &f, sizeof f);
  return f != NULL;
}

/* The library stays open as long as the process. */
static void open_library(void) {
  static const char *const ciphers[] = {"EVP_aes_128_ecb", "EVP_aes_192_ecb", "EVP_aes_256_ecb",
                                        "EVP_aes_128_cbc", "EVP_aes_192_cbc", "EVP_aes_256_cbc",
                                        "EVP_aes_128_gcm", "EVP_aes_192_gcm", "EVP_aes_256_gcm"};
  void *h = dlopen("libcrypto.so.3", RTLD_NOW | RTLD_LOCAL);
  if (h == NULL) h = dlopen("libcrypto.so.1.1", RTLD_NOW | RTLD_LOCAL);
  bool there =
      find(h, "EVP_CIPHER_CTX_new", &crypto.new) && find(h, "EVP_CIPHER_CTX_free", &crypto.free) &&
      find(h, "EVP_CipherInit_ex", &crypto.init) && find(h, "EVP_CipherUpdate", &crypto.update) &&
      find(h, "EVP_CipherFinal_ex", &crypto.final) &&
      find(h, "EVP_CIPHER_CTX_ctrl", &crypto.control) && find(h, "RAND_bytes", &crypto.random);
  for (int i = 0; i < 9; i++) there = there && find(h, ciphers[i], &crypto.cipher[i]);
  crypto.there = there;
}

static mill_status need_library(mill_error *err) {
  pthread_once(&crypto.once, open_library);
  if (crypto.there) return MILL_OK;
  return mill_fail(err, MILL_E_LIBRARY_NOT_AVAILABLE, "feature", "AES", "library", "libcrypto",
                   "package", "libssl3", NULL);
}

/* The steps that both ways have in common; false: the library refuses. */
static bool begin(void *c, const mill_aes *a, int encrypt) {
  int size, key = a->key_size == 16 ? 0 : a->key_size == 24 ? 1 : 2;
  const void *cipher = crypto.cipher[(int)a->mode * 3 + key]();
  if (crypto.init(c, cipher, NULL, NULL, NULL, encrypt) != 1) return false;
  if (a->mode == MILL_AES_GCM && crypto.control(c, SET_IV_SIZE, MILL_AES_GCM_IV, NULL) != 1)
    return false;
  if (crypto.init(c, NULL, NULL, a->key, a->iv, encrypt) != 1) return false;
  return a->aad_size == 0 || crypto.update(c, NULL, &size, a->aad, (int)a->aad_size) == 1;
}

static bool run(void *c, const void *in, size_t n, char *out, size_t *size) {
  int first = 0, last = 0;
  if (n && crypto.update(c, out, &first, in, (int)n) != 1) return false;
  if (crypto.final(c, out + first, &last) != 1) return false;
  *size = (size_t)(first + last);
  return true;
}

static mill_status start(size_t n, size_t aad, void **c, const char **reason, mill_error *err) {
  *reason = NULL;
  *c = NULL;
  MILL_TRY(need_library(err));
  if (n > INT_MAX - 64 || aad > INT_MAX) *reason = "the value is too long";
  if (*reason) return MILL_OK;
  *c = crypto.new();
  return *c ? MILL_OK
            : mill_fail(err, MILL_E_INTERNAL_ERROR, "message", "libcrypto has no memory", NULL);
}

mill_status mill_aes_encrypt(const mill_aes *a, const void *in, size_t n, void *out, size_t *size,
                             const char **reason, mill_error *err) {
  void *c;
  *size = 0;
  MILL_TRY(start(n, a->aad_size, &c, reason, err));
  if (c == NULL) return MILL_OK;
  bool ok = begin(c, a, 1) && run(c, in, n, out, size);
  if (ok && a->mode == MILL_AES_GCM) {
    ok = crypto.control(c, GET_TAG, MILL_AES_TAG, (char *)out + *size) == 1;
    *size += MILL_AES_TAG;
  }
  crypto.free(c);
  if (!ok) *reason = "libcrypto refuses";
  return MILL_OK;
}

mill_status mill_aes_decrypt(const mill_aes *a, const void *in, size_t n, void *out, size_t *size,
                             const char **reason, mill_error *err) {
  void *c;
  bool gcm = a->mode == MILL_AES_GCM;
  char tag[MILL_AES_TAG];
  *size = 0;
  MILL_TRY(start(n, a->aad_size, &c, reason, err));
  if (c == NULL) return MILL_OK;
  if (gcm && n < MILL_AES_TAG) *reason = "Input data too short to contain an expected tag length";
  if (!gcm && n % MILL_AES_BLOCK)
    *reason = "Input length must be multiple of 16 when decrypting with padded cipher";
  bool ok = *reason == NULL && begin(c, a, 0);
  if (ok && gcm) {
    n -= MILL_AES_TAG;
    memcpy(tag, (const char *)in + n, sizeof tag);
    ok = crypto.control(c, SET_TAG, MILL_AES_TAG, tag) == 1;
  }
  if (ok && (gcm || n)) ok = run(c, in, n, out, size);
  crypto.free(c);
  if (!ok && *reason == NULL)
    *reason = gcm ? "Tag mismatch!"
                  : "Given final block not properly padded. Such issues can arise if a bad key is "
                    "used during decryption.";
  return MILL_OK;
}

mill_status mill_aes_random(void *out, size_t n, mill_error *err) {
  MILL_TRY(need_library(err));
  if (crypto.random(out, (int)n) == 1) return MILL_OK;
  return mill_fail(err, MILL_E_INTERNAL_ERROR, "message", "libcrypto has no random bytes", NULL);
}
