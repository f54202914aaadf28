/* Expectations: Spark's hash() and xxhash64(), the test vectors of RFC 1321 and FIPS 180-4. */
#include "base/hash.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../check.h"
#include "base/thread.h"

static bool hex(const uint8_t *p, size_t n, const char *want) {
  char buf[200];
  for (size_t i = 0; i < n; i++) snprintf(buf + 2 * i, 3, "%02x", p[i]);
  return strcmp(buf, want) == 0;
}

static mill_status refuse(void *arg, size_t done, mill_error *err) {
  (void)arg, (void)done;
  return mill_fail(err, MILL_E_OPERATION_CANCELED, NULL);
}

/* Within one long message, not before a short one. */
static void test_stopped(void) {
  enum { LONG = 3 << 20 };
  uint8_t d[64], *p = calloc(LONG, 1);
  mill_watch w;
  mill_error err = {0};
  mill_watch_every(0);
  mill_watch_begin(&w, refuse, NULL);
  CHECK(mill_sha2(256, p, 3, d, &err) == MILL_OK);
  CHECK(mill_sha2(256, p, LONG, d, &err) == MILL_E_OPERATION_CANCELED);
  CHECK(mill_sha2(512, p, LONG, d, &err) == MILL_E_OPERATION_CANCELED);
  CHECK(mill_sha1(p, LONG, d, &err) == MILL_E_OPERATION_CANCELED);
  CHECK(mill_md5(p, LONG, d, &err) == MILL_E_OPERATION_CANCELED);
  mill_watch_end(&w);
  mill_watch_every(100000000);
  mill_error_clear(&err);
  CHECK(mill_md5(p, LONG, d, &err) == MILL_OK);
  free(p);
}

int main(void) {
  uint8_t d[64];
  mill_error err = {0};
  CHECK(mill_md5("abc", 3, d, &err) == MILL_OK);
  CHECK(hex(d, 16, "900150983cd24fb0d6963f7d28e17f72"));
  CHECK(mill_md5("", 0, d, &err) == MILL_OK);
  CHECK(hex(d, 16, "d41d8cd98f00b204e9800998ecf8427e"));
  CHECK(mill_sha1("abc", 3, d, &err) == MILL_OK);
  CHECK(hex(d, 20, "a9993e364706816aba3e25717850c26c9cd0d89d"));
  CHECK(mill_sha2(256, "abc", 3, d, &err) == MILL_OK);
  CHECK(hex(d, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
  CHECK(mill_sha2(224, "abc", 3, d, &err) == MILL_OK);
  CHECK(hex(d, 28, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"));
  CHECK(mill_sha2(512, "abc", 3, d, &err) == MILL_OK);
  CHECK(hex(d, 64,
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"));
  CHECK(mill_sha2(384, "abc", 3, d, &err) == MILL_OK);
  CHECK(hex(d, 48,
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
            "8086072ba1e7cc2358baeca134c825a7"));
  CHECK(mill_murmur3_int(1, 42) == -559580957);
  CHECK(mill_murmur3_long(1, 42) == -1712319331);
  CHECK(mill_murmur3_bytes("Spark", 5, 42) == 228093765);
  CHECK(mill_murmur3_bytes("", 0, 42) == 142593372);
  CHECK(mill_murmur3_bytes2("a", 1, 42) == 853910114 - 2147483647);
  CHECK(mill_murmur3_bytes2("abcde", 5, 42) == 786050031 - 2147483647);
  CHECK(mill_xxh64_int(1, 42) == -6698625589789238999);
  CHECK(mill_xxh64_long(1, 42) == -7001672635703045582);
  CHECK(mill_xxh64_bytes("Spark", 5, 42) == -4294468057691064905);
  CHECK(mill_crc32("Spark", 5) == 1557323817u);
  CHECK(mill_xxh64_bytes("the quick brown fox jumps over the lazy dog", 43, 42) ==
        -2856755173023931444);
  CHECK(mill_hash_bytes("abcdefgh", 8) != mill_hash_bytes("abcdefgi", 8));
  test_stopped();
  return check_done();
}
