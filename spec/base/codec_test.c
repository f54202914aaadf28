/* Round trips, several members in a file, every truncation and bit flip. */
#include "base/codec.h"
#include "base/packer.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../check.h"

static mill_memory *m;
static char base[] = "/tmp/tidemill_codec_XXXXXX";
static char path[200];

static void fill(char *p, size_t n) {
  uint32_t x = 7;
  for (size_t i = 0; i < n; i++) {
    x = x * 1664525u + 1013904223u;
    p[i] = (char)('a' + (x >> 28));
  }
}

static void write_file(const void *p, size_t n) {
  CHECK(mill_file_replace(NULL, m, path, p, n, NULL) == MILL_OK);
}

/* Bytes read, or -1 on an error. */
static long read_back(mill_codec c, char *p, size_t n) {
  mill_reader *r;
  size_t got = 0;
  mill_error err;
  mill_error_clear(&err);
  if (mill_reader_open(NULL, m, path, c, &r, &err) != MILL_OK) return -1;
  mill_status s = mill_reader_read(r, p, n, &got, &err);
  char rest[4096]; /* a checksum counts at the end: read on */
  for (size_t more = got == n; more && s == MILL_OK; got += more)
    s = mill_reader_read(r, rest, sizeof rest, &more, &err);
  mill_reader_free(r);
  return s == MILL_OK ? (long)got : -1;
}

static void round_trip(mill_codec c, size_t n) {
  char *p = malloc(n + 1), *q = malloc(n + 1);
  fill(p, n);
  mill_writer *w;
  unlink(path);
  CHECK(mill_writer_open(NULL, m, path, c, &w, NULL) == MILL_OK);
  for (size_t i = 0; i < n;) {
    size_t k = n - i < 70001 ? n - i : 70001;
    CHECK(mill_writer_write(w, p + i, k, NULL) == MILL_OK);
    i += k;
  }
  CHECK(mill_writer_write(w, NULL, 0, NULL) == MILL_OK);
  CHECK(mill_writer_close(w, NULL) == MILL_OK);
  CHECK(read_back(c, q, n + 1) == (long)n && memcmp(p, q, n) == 0);
  free(p);
  free(q);
}

static void damage(mill_codec c) {
  char q[4000];
  round_trip(c, 300);
  mill_text t;
  mill_text_init(&t, m);
  CHECK(mill_file_load(NULL, m, path, 0, &t, NULL) == MILL_OK);
  int bad = 0;
  for (size_t n = 1; n < t.size; n++) {
    CHECK(mill_file_replace(NULL, m, path, t.data, n, NULL) == MILL_OK);
    long got = read_back(c, q, sizeof q);
    if (got != -1) printf("# codec %d: cut to %zu of %zu gives %ld\n", (int)c, n, t.size, got);
    bad += got != -1;
  }
  CHECK(bad == 0);
  char want[300];
  fill(want, 300);
  for (size_t i = 0; i < t.size * 8; i++) {
    t.data[i / 8] = (char)(t.data[i / 8] ^ 1 << i % 8);
    CHECK(mill_file_replace(NULL, m, path, t.data, t.size, NULL) == MILL_OK);
    long got = read_back(c, q, sizeof q);
    bool wrong = got != -1 && !(got == 300 && memcmp(q, want, 300) == 0);
    if (wrong) printf("# codec %d: bit %zu gives %ld\n", (int)c, i, got);
    bad += wrong;
    t.data[i / 8] = (char)(t.data[i / 8] ^ 1 << i % 8);
  }
  CHECK(bad == 0, "%d", bad);
  size_t n = t.size; /* two members */
  CHECK(mill_text_reserve(&t, n, NULL) == MILL_OK);
  CHECK(mill_text_add(&t, t.data, n, NULL) == MILL_OK);
  write_file(t.data, t.size);
  CHECK(read_back(c, q, sizeof q) == 600);
  mill_text_clear(&t);
}

/* 256 MiB of zeros in some 30 KB: refused by the ratio. */
static void bomb(void) {
  mill_writer *w;
  size_t n = 1 << 20;
  char *zeros = calloc(1, n), *q = malloc(n);
  unlink(path);
  CHECK(mill_writer_open(NULL, m, path, MILL_CODEC_ZSTD, &w, NULL) == MILL_OK);
  for (int i = 0; i < 256; i++)
    if (mill_writer_write(w, zeros, n, NULL) != MILL_OK) CHECK(0);
  CHECK(mill_writer_close(w, NULL) == MILL_OK);
  CHECK(read_back(MILL_CODEC_ZSTD, q, n) == -1);
  free(zeros);
  free(q);
}

static void frames(void) {
  mill_text a, b;
  mill_text_init(&a, m);
  mill_text_init(&b, m);
  CHECK(mill_zstd_pack("hello", 5, 3, &a, NULL) == MILL_OK);
  CHECK(mill_zstd_unpack(a.data, a.size, 5, &b, NULL) == MILL_OK && b.size == 5);
  CHECK(mill_zstd_unpack(a.data, a.size, 4, &b, NULL) == MILL_E_CORRUPT_FILE);
  CHECK(mill_zstd_unpack(a.data, a.size - 1, 5, &b, NULL) == MILL_E_CORRUPT_FILE);
  mill_text_clear(&a);
  mill_text_clear(&b);
}

/* What the packer makes, in blocks of several sizes, the reader gives back; not what is damaged. */
static void packed(mill_codec c, mill_packing kind) {
  enum { N = 700000 };
  char *p = malloc(N), *q = malloc(N + 1);
  mill_text t;
  mill_packer *k;
  fill(p, N);
  mill_text_init(&t, m);
  CHECK(mill_packer_new(m, kind, -1, &k, NULL) == MILL_OK);
  CHECK(mill_packer_add(k, p, 600000, &t, NULL) == MILL_OK);
  CHECK(mill_packer_add(k, p + 600000, N - 600000, &t, NULL) == MILL_OK);
  mill_packer_free(k);
  write_file(t.data, t.size);
  CHECK(read_back(c, q, N + 1) == N && memcmp(p, q, N) == 0);
  write_file(t.data, t.size - 1);
  CHECK(read_back(c, q, N + 1) == -1);
  t.data[t.size / 2] ^= 0x55;
  write_file(t.data, t.size);
  long n = read_back(c, q, N + 1);
  CHECK(n == -1 ||
        (n == N && memcmp(p, q, N) != 0)); /* blocks of snappy and LZ4 have no checksum */
  write_file("\x04\x22\x4d\x18\x64\x40\xa7\x0c", 8);
  CHECK(read_back(c, q, N + 1) == -1);
  mill_text_clear(&t);
  free(p);
  free(q);
}

int main(void) {
  m = mill_memory_new(0);
  CHECK(mkdtemp(base) != NULL);
  strcpy(path, base);
  strcat(path, "/data");
  for (mill_codec c = MILL_CODEC_NONE; c <= MILL_CODEC_DEFLATE; c++) {
    round_trip(c, 0);
    round_trip(c, 1000003);
  }
  damage(MILL_CODEC_GZIP);
  damage(MILL_CODEC_ZSTD);
  packed(MILL_CODEC_BZIP2, MILL_PACK_BZIP2);
  packed(MILL_CODEC_SNAPPY, MILL_PACK_SNAPPY_HADOOP);
  packed(MILL_CODEC_LZ4, MILL_PACK_LZ4_HADOOP);
  bomb();
  frames();
  CHECK(mill_codec_of_path("a/b.csv.gz") == MILL_CODEC_GZIP);
  CHECK(mill_codec_of_path("a/b.csv") == MILL_CODEC_NONE);
  CHECK(mill_folder_remove(NULL, base, NULL) == MILL_OK);
  CHECK(mill_memory_read(m).blocks == 0);
  mill_memory_free(m);
  return check_done();
}
