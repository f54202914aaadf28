/* AES (FIPS 197) in the modes ECB, CBC (padding of PKCS 7) and GCM (a tag of 16 bytes behind the text, SP 800-38D),
** through OpenSSL's libcrypto, which is opened at first use. Where it is not there a call is
** LIBRARY_NOT_AVAILABLE and names Debian's package.
**
** Threads: any. */
#ifndef MILL_BASE_AES_H
#define MILL_BASE_AES_H

#include "base/memory.h"

enum { MILL_AES_BLOCK = 16, MILL_AES_TAG = 16, MILL_AES_GCM_IV = 12 };

typedef enum mill_aes_mode { MILL_AES_ECB, MILL_AES_CBC, MILL_AES_GCM } mill_aes_mode;

typedef struct mill_aes {
  mill_aes_mode mode;
  const void *key;
  size_t key_size; /* 16, 24 or 32 */
  const void *iv;  /* 16 bytes, of GCM 12; NULL with ECB */
  const void *aad; /* GCM */
  size_t aad_size;
} mill_aes;

/* in[0, n) into `out`, which has n + 16 bytes; *size of them are written. *reason (static) is set where it is
** not to be: a wrong length, padding or tag. */
mill_status mill_aes_encrypt(const mill_aes *a, const void *in, size_t n, void *out, size_t *size,
                             const char **reason, mill_error *err) MILL_USE_RESULT;
mill_status mill_aes_decrypt(const mill_aes *a, const void *in, size_t n, void *out, size_t *size,
                             const char **reason, mill_error *err) MILL_USE_RESULT;
/* Bytes that nobody can guess. */
mill_status mill_aes_random(void *out, size_t n, mill_error *err) MILL_USE_RESULT;

#endif
