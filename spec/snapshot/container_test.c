/* The container: what is written comes back; any damage is told and never a wrong byte. Files are
** taken apart and put together again here by the figure in container.h, with XXH64 and zstd of the
** libraries, so that the format itself is pinned. */
#include "snapshot/container.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/hash.h"

#include "../check.h"

static mill_memory *m;
static char base[] = "/tmp/tidemill_snapshot_XXXXXX";
static char path[200];
static mill_error err;

static void fill(char *p, size_t n, uint32_t x) {
  for (size_t i = 0; i < n; i++) {
    x = x * 1664525u + 1013904223u;
    p[i] = (char)(x >> 28);
  }
}

static mill_status put_section(mill_snapshot_writer *w, const char *name, const char *p, size_t n,
                               size_t step) {
  mill_status s = mill_snapshot_section(w, name, &err);
  for (size_t i = 0; i < n && s == MILL_OK; i += step)
    s = mill_snapshot_add(w, p + i, n - i < step ? n - i : step, &err);
  return s;
}

static bool same_section(const mill_snapshot *s, const char *name, const char *p, size_t n) {
  size_t i;
  mill_text t;
  mill_text_init(&t, m);
  bool ok = mill_snapshot_find(s, name, &i) && mill_snapshot_size(s, i) == n &&
            mill_snapshot_read(s, i, &t, &err) == MILL_OK && t.size == n &&
            (n == 0 || memcmp(t.data, p, n) == 0);
  mill_text_clear(&t);
  return ok;
}

/* Sections of none, one, some and many bytes, added in steps that do and do not meet the blocks. */
static void round_trip(void) {
  size_t big = 2 * MILL_SNAPSHOT_BLOCK + 12345;
  char *p = malloc(big);
  fill(p, big, 1);
  mill_snapshot_writer *w;
  mill_snapshot *s;
  CHECK(mill_snapshot_create(NULL, m, path, "model", &w, &err) == MILL_OK);
  CHECK(put_section(w, "none", p, 0, 1) == MILL_OK);
  CHECK(put_section(w, "one", p, 1, 1) == MILL_OK);
  CHECK(put_section(w, "odd steps", p, big, 70001) == MILL_OK);
  CHECK(put_section(w, "at once", p, big, big) == MILL_OK);
  CHECK(put_section(w, "a \"block\"\n", p, MILL_SNAPSHOT_BLOCK, MILL_SNAPSHOT_BLOCK) == MILL_OK);
  static const char meta[] = " {\"a\": [1, {\"b\": \"\\u00e9\"}]} ";
  CHECK(mill_snapshot_close(w, meta, strlen(meta), &err) == MILL_OK);
  CHECK(mill_snapshot_open(NULL, m, path, &s, &err) == MILL_OK, "%s", mill_error_message(&err));
  CHECK_STR(mill_snapshot_kind(s), "model");
  CHECK_STR(mill_snapshot_path(s), path);
  CHECK(mill_snapshot_sections(s) == 5);
  CHECK_STR(mill_snapshot_name(s, 2), "odd steps");
  CHECK(same_section(s, "none", p, 0));
  CHECK(same_section(s, "one", p, 1));
  CHECK(same_section(s, "odd steps", p, big));
  CHECK(same_section(s, "at once", p, big));
  CHECK(same_section(s, "a \"block\"\n", p, MILL_SNAPSHOT_BLOCK));
  size_t i;
  CHECK(!mill_snapshot_find(s, "two", &i) && !mill_snapshot_find(s, "", &i));
  const mill_json *a = mill_json_get(mill_snapshot_meta(s), "a");
  CHECK(a && a->n == 2);
  CHECK_STR(mill_json_text(a->child->next, "b", "?"), "\xc3\xa9");
  mill_snapshot_free(s);
  free(p);
}

static size_t files_in_base(void) {
  mill_names names;
  mill_names_init(&names, m);
  CHECK(mill_folder_list(NULL, base, &names, &err) == MILL_OK);
  size_t n = names.n;
  mill_names_clear(&names);
  return n;
}

static void small(const char *content) {
  mill_snapshot_writer *w;
  CHECK(mill_snapshot_create(NULL, m, path, "table", &w, &err) == MILL_OK);
  CHECK(put_section(w, "first", content, strlen(content), 7) == MILL_OK);
  CHECK(put_section(w, "second", "0123456789", 10, 10) == MILL_OK);
  CHECK(mill_snapshot_close(w, NULL, 0, &err) == MILL_OK);
}

static const char text[] = "the quick brown fox jumps over the lazy dog, and the dog over the fox";

static bool is_small(void) {
  mill_snapshot *s;
  if (mill_snapshot_open(NULL, m, path, &s, &err) != MILL_OK) return false;
  bool ok =
      same_section(s, "first", text, strlen(text)) && same_section(s, "second", "0123456789", 10);
  mill_snapshot_free(s);
  return ok;
}

/* Giving up, and misuse, leave what was there and nothing else. */
static void giving_up(void) {
  mill_snapshot_writer *w;
  small(text);
  CHECK(mill_snapshot_create(NULL, m, path, "table", &w, &err) == MILL_OK);
  CHECK(put_section(w, "x", text, 10, 10) == MILL_OK);
  mill_snapshot_writer_free(w);
  CHECK(is_small() && files_in_base() == 1);
  CHECK(mill_snapshot_create(NULL, m, path, "table", &w, &err) == MILL_OK);
  CHECK(mill_snapshot_add(w, "x", 1, &err) == MILL_E_INTERNAL_ERROR);
  CHECK(mill_snapshot_close(w, NULL, 0, &err) == MILL_E_INTERNAL_ERROR);
  CHECK(mill_snapshot_create(NULL, m, path, "table", &w, &err) == MILL_OK);
  CHECK(put_section(w, "x", text, 10, 10) == MILL_OK && put_section(w, "x", text, 3, 3) == MILL_OK);
  CHECK(mill_snapshot_close(w, NULL, 0, &err) == MILL_E_INTERNAL_ERROR);
  CHECK(mill_snapshot_create(NULL, m, path, "table", &w, &err) == MILL_OK);
  CHECK(mill_snapshot_close(w, "{]", 2, &err) == MILL_E_INTERNAL_ERROR);
  mill_snapshot_writer_free(NULL);
  CHECK(is_small() && files_in_base() == 1);
}

/* ---- damage --------------------------------------------------------------------------------- */

static void store(const char *p, size_t n) { /* without a flush: there are thousands */
  FILE *f = fopen(path, "wb");
  if (!f || fwrite(p, 1, n, f) != n || fclose(f) != 0) CHECK(0);
}

/* The status of opening and reading all of it. */
static mill_status read_everything(void) {
  mill_snapshot *s;
  mill_text t;
  mill_error_clear(&err);
  mill_status status = mill_snapshot_open(NULL, m, path, &s, &err);
  if (status != MILL_OK) return status;
  mill_text_init(&t, m);
  for (size_t i = 0; i < mill_snapshot_sections(s) && status == MILL_OK; i++)
    status = mill_snapshot_read(s, i, &t, &err);
  mill_text_clear(&t);
  mill_snapshot_free(s);
  return status;
}

static void load(mill_text *t) {
  mill_text_init(t, m);
  CHECK(mill_file_load(NULL, m, path, 0, t, &err) == MILL_OK);
}

static bool names_the_file(void) { return strstr(mill_error_message(&err), path) != NULL; }

static void each_bit(void) {
  mill_text t;
  int wrong = 0;
  small(text);
  load(&t);
  for (size_t i = 0; i < t.size * 8; i++) {
    t.data[i / 8] = (char)(t.data[i / 8] ^ 1 << i % 8);
    store(t.data, t.size);
    mill_status s = read_everything();
    bool version = i / 8 >= 8 && i / 8 < 12;
    bool told = s == MILL_E_CORRUPT_FILE || (version && s == MILL_E_UNSUPPORTED_SNAPSHOT_VERSION);
    if (!told || !names_the_file()) printf("# bit %zu: %s\n", i, mill_condition_name(s));
    wrong += !told || !names_the_file();
    t.data[i / 8] = (char)(t.data[i / 8] ^ 1 << i % 8);
  }
  CHECK(wrong == 0, "%d of %zu", wrong, t.size * 8);
  for (size_t n = 0; n < t.size; n++) {
    store(t.data, n);
    mill_status s = read_everything();
    if (s != MILL_E_CORRUPT_FILE) printf("# cut to %zu: %s\n", n, mill_condition_name(s));
    wrong += s != MILL_E_CORRUPT_FILE || !names_the_file();
  }
  CHECK(wrong == 0, "%d", wrong);
  CHECK(mill_text_addc(&t, 0, &err) == MILL_OK); /* of a writer that did not come to its end */
  store(t.data, t.size);
  CHECK(is_small());
  mill_text_clear(&t);
}

static void said(const char *p, size_t n, mill_status want, const char *words) {
  store(p, n);
  CHECK(read_everything() == want, "%s", mill_error_message(&err));
  CHECK(strstr(mill_error_message(&err), words) != NULL, "%s", mill_error_message(&err));
}

static void each_kind_of_file(void) {
  mill_text t;
  small(text);
  load(&t);
  said("", 0, MILL_E_CORRUPT_FILE, "empty");
  said("PAR1....", 8, MILL_E_CORRUPT_FILE, "not a Tidemill snapshot");
  said("TIDEM", 5, MILL_E_CORRUPT_FILE, "cut off after 5 bytes");
  said(t.data, 40, MILL_E_CORRUPT_FILE, "cut off after 40 bytes");
  said(t.data, t.size - 3, MILL_E_CORRUPT_FILE, "cut off");
  t.data[8] = 5;
  said(t.data, t.size, MILL_E_UNSUPPORTED_SNAPSHOT_VERSION, "version 5");
  t.data[11] = (char)0xff;
  said(t.data, t.size, MILL_E_UNSUPPORTED_SNAPSHOT_VERSION, "version 4278190085");
  t.data[8] = t.data[11] = 0;
  said(t.data, t.size, MILL_E_CORRUPT_FILE, "header");
  t.data[8] = MILL_SNAPSHOT_VERSION;
  t.data[20] ^= 4;
  said(t.data, t.size, MILL_E_CORRUPT_FILE, "header (bytes 0 to 31) fails its checksum");
  t.data[20] ^= 4;
  t.data[36] ^= 4;
  said(t.data, t.size, MILL_E_CORRUPT_FILE, "block 0 of section first at byte 32");
  mill_text_clear(&t);
  mill_snapshot *s;
  CHECK(mill_snapshot_open(NULL, m, base, &s, &err) == MILL_E_CORRUPT_FILE);
  CHECK(strstr(mill_error_message(&err), "folder") != NULL);
  char gone[220];
  snprintf(gone, sizeof gone, "%s.gone", path);
  CHECK(mill_snapshot_open(NULL, m, gone, &s, &err) == MILL_E_PATH_NOT_FOUND);
}

/* ---- growing in place ----------------------------------------------------------------------- */

/* "first" stays where it is, "second" goes, "third" comes. */
static mill_status grow_through(const mill_files *fs) {
  mill_snapshot *from;
  mill_snapshot_writer *w;
  mill_file f;
  bool held;
  size_t first;
  MILL_TRY(mill_file_edit(fs, m, path, &f, &held, &err));
  CHECK(!held);
  mill_status s = mill_snapshot_open(fs, m, path, &from, &err);
  if (s != MILL_OK) {
    mill_file_clear(&f);
    return s;
  }
  s = mill_snapshot_extend(&f, from, &w, &err);
  if (s == MILL_OK) {
    s = mill_snapshot_find(from, "first", &first) ? MILL_OK : MILL_E_INTERNAL_ERROR;
    if (s == MILL_OK) s = mill_snapshot_keep(w, from, first, &err);
    if (s == MILL_OK) s = put_section(w, "third", text, 20, 6);
    if (s == MILL_OK)
      s = mill_snapshot_close(w, "[3]", 3, &err);
    else
      mill_snapshot_writer_free(w);
  }
  mill_snapshot_free(from);
  return s;
}

static bool is_grown(void) {
  mill_snapshot *s;
  size_t i;
  if (mill_snapshot_open(NULL, m, path, &s, &err) != MILL_OK) return false;
  bool ok = same_section(s, "first", text, strlen(text)) && same_section(s, "third", text, 20) &&
            !mill_snapshot_find(s, "second", &i);
  mill_snapshot_free(s);
  return ok;
}

/* Who has opened the file before reads what was; one who gives up leaves no trace; only one grows it at a time. */
static void growing(void) {
  mill_snapshot *old;
  mill_snapshot_writer *w;
  mill_file f, other;
  mill_file_info before, after;
  bool held;
  small(text);
  CHECK(mill_snapshot_open(NULL, m, path, &old, &err) == MILL_OK);
  CHECK(mill_file_stat(NULL, path, &before, &err) == MILL_OK);
  CHECK(mill_file_edit(NULL, m, path, &f, &held, &err) == MILL_OK && !held);
  CHECK(mill_file_edit(NULL, m, path, &other, &held, &err) == MILL_OK && held);
  CHECK(mill_snapshot_extend(&f, old, &w, &err) == MILL_OK);
  CHECK(put_section(w, "third", text, 20, 6) == MILL_OK && is_small());
  mill_snapshot_writer_free(w);
  CHECK(mill_file_stat(NULL, path, &after, &err) == MILL_OK && before.size == after.size);
  CHECK(is_small());
  CHECK(grow_through(NULL) == MILL_OK && is_grown() && files_in_base() == 1);
  CHECK(same_section(old, "second", "0123456789", 10) &&
        !mill_snapshot_find(old, "third", &(size_t){0}));
  mill_snapshot_free(old);
}

static int fail_at(void *arg, mill_file_call call, const char *p) {
  (void)call, (void)p;
  return --*(int *)arg == 0 ? 28 /* ENOSPC */ : 0;
}

static int fail_from(void *arg, mill_file_call call, const char *p) {
  (void)call, (void)p;
  return --*(int *)arg <= 0 ? 5 /* EIO */ : 0;
}

/* Whatever fails, once or from then on, the file is the one or the other, and can grow after that. */
static void failing_growth(void) {
  for (int forever = 0; forever < 2; forever++) {
    mill_status s = MILL_E_FILE_ACCESS;
    for (int k = 1; s != MILL_OK && k < 200; k++) {
      int left = k;
      mill_files fs = {forever ? fail_from : fail_at, &left};
      small(text);
      mill_error_clear(&err);
      s = grow_through(&fs);
      bool grown = is_grown();
      CHECK(s == MILL_OK ? grown : grown || is_small(), "call %d: %s", k, mill_error_message(&err));
      mill_error_clear(&err);
      CHECK(grown || (grow_through(NULL) == MILL_OK && is_grown()), "after call %d", k);
    }
    CHECK(s == MILL_OK);
  }
}

/* The process dies or the power fails: of what was written behind the end in force any part is there, and the
** 16 bytes of the new end are there only with all of it. */
static void torn_growth(void) {
  mill_text before, after;
  small(text);
  load(&before);
  CHECK(grow_through(NULL) == MILL_OK);
  load(&after);
  char head[16];
  memcpy(head, after.data + 16, 16);
  CHECK(memcmp(before.data + 32, after.data + 32, before.size - 32) == 0);
  memcpy(after.data, before.data, 32);
  for (size_t n = before.size; n <= after.size; n++) {
    store(after.data, n);
    CHECK(is_small(), "%zu bytes", n);
    if (n % 16 == 0) CHECK(grow_through(NULL) == MILL_OK && is_grown());
  }
  memcpy(after.data + 16, head, 16);
  for (size_t n = 0; n < after.size; n++) {
    store(after.data, n);
    CHECK(read_everything() == MILL_E_CORRUPT_FILE, "cut to %zu", n);
  }
  for (size_t i = 0; i < after.size; i++) { /* what is dead does not matter */
    after.data[i] ^= 16;
    store(after.data, after.size);
    mill_status s = read_everything();
    CHECK(s == MILL_OK ? is_grown()
                       : s == MILL_E_CORRUPT_FILE || s == MILL_E_UNSUPPORTED_SNAPSHOT_VERSION);
    after.data[i] ^= 16;
  }
  mill_text_clear(&before);
  mill_text_clear(&after);
}

/* ---- forged files: every checksum is right, the content is not ------------------------------- */

static void put64(mill_text *t, uint64_t v) {
  for (int i = 0; i < 8; i++)
    if (mill_text_addc(t, (char)(v >> 8 * i), &err) != MILL_OK) CHECK(0);
}

typedef struct forged {
  mill_text file;
  char entries[2][100]; /* of the blocks, "[offset,stored,content,"hash"]" */
} forged;

/* A header and two blocks "aaaa..", "bbbb.." of 1,000 bytes. */
static void begin_forged(forged *f) {
  char content[1000];
  mill_text_init(&f->file, m);
  if (mill_text_add(&f->file, "TIDEMILL\1\0\0\0\0\0\0\0", 16, &err) != MILL_OK) CHECK(0);
  for (int i = 0; i < 2; i++) {
    size_t at = f->file.size;
    memset(content, 'a' + i, sizeof content);
    if (mill_zstd_pack(content, sizeof content, 3, &f->file, &err) != MILL_OK) CHECK(0);
    snprintf(f->entries[i], sizeof f->entries[i], "[%zu,%zu,1000,\"%016llx\"]", at,
             f->file.size - at,
             (unsigned long long)mill_xxh64_bytes(f->file.data + at, f->file.size - at, 0));
  }
}

/* Footer and trailer; `footer` NULL: keep what is there as the footer's frame from `at` on. */
static mill_status end_forged(forged *f, const char *footer, size_t stated) {
  mill_text sum;
  size_t at = f->file.size;
  if (mill_zstd_pack(footer, strlen(footer), 3, &f->file, &err) != MILL_OK) CHECK(0);
  size_t stored = f->file.size - at;
  put64(&f->file, at);
  put64(&f->file, stored);
  put64(&f->file, stated ? stated : strlen(footer));
  mill_text_init(&sum, m);
  if (mill_text_add(&sum, f->file.data, 16, &err) != MILL_OK ||
      mill_text_add(&sum, f->file.data + at, stored + 24, &err) != MILL_OK)
    CHECK(0);
  put64(&f->file, (uint64_t)mill_xxh64_bytes(sum.data, sum.size, 0));
  mill_text_clear(&sum);
  if (mill_text_add(&f->file, "TIDEMILL", 8, &err) != MILL_OK) CHECK(0);
  store(f->file.data, f->file.size);
  mill_text_clear(&f->file);
  return read_everything();
}

static mill_status forge(const char *fmt, int first, int second) {
  forged f;
  char footer[600];
  begin_forged(&f);
  snprintf(footer, sizeof footer, fmt, f.entries[first], f.entries[second]);
  return end_forged(&f, footer, 0);
}

/* The same with numbers of the first block's entry exchanged. */
static mill_status forge_numbers(const char *offset, const char *stored, const char *content,
                                 const char *size) {
  forged f;
  char footer[600], own[3][24], hash[24];
  begin_forged(&f);
  sscanf(f.entries[0], "[%20[0-9],%20[0-9],%20[0-9],\"%16[0-9a-f]", own[0], own[1], own[2], hash);
  snprintf(footer, sizeof footer,
           "{\"kind\":\"k\",\"sections\":[{\"name\":\"x\",\"blocks\":[[%s,%s,%s,\"%s\"],%s],"
           "\"size\":%s}],\"meta\":{}}",
           offset ? offset : own[0], stored ? stored : own[1], content ? content : own[2], hash,
           f.entries[1], size ? size : "2000");
  return end_forged(&f, footer, 0);
}

#define ONE "{\"kind\":\"k\",\"sections\":[{\"name\":\"x\",\"blocks\":[%s,%s],\"size\":2000}],"
#define TWO                                                                                        \
  "{\"kind\":\"k\",\"sections\":[{\"name\":\"x\",\"blocks\":[%s],\"size\":1000},{\"name\":\"%."    \
  "1s\","                                                                                          \
  "\"blocks\":[],\"size\":0}],\"meta\":{}}"

static void forged_footers(void) {
  CHECK(forge(ONE "\"meta\":{}}", 0, 1) == MILL_OK, "%s", mill_error_message(&err));
  CHECK(forge(ONE "\"meta\":{}}", 1, 0) == MILL_E_CORRUPT_FILE); /* overlap, hole */
  CHECK(forge(ONE "\"meta\":{}}", 0, 0) == MILL_E_CORRUPT_FILE);
  CHECK(forge(TWO, 0, 1) == MILL_E_CORRUPT_FILE); /* the second block is in none */
  CHECK(forge("{\"kind\":\"k\",\"sections\":[{\"name\":\"x\",\"blocks\":[%s],\"size\":1000},"
              "{\"name\":\"x\",\"blocks\":[%s],\"size\":1000}],\"meta\":{}}",
              0, 1) == MILL_E_CORRUPT_FILE);
  CHECK(forge(ONE "\"meta\":{}} ", 0, 1) == MILL_OK);
  CHECK(forge(ONE "\"meta\":{}}x", 0, 1) == MILL_E_CORRUPT_FILE);
  CHECK(forge(ONE "\"meta\":}", 0, 1) == MILL_E_CORRUPT_FILE);
  CHECK(forge(ONE "\"more\":{}}", 0, 1) == MILL_E_CORRUPT_FILE);
  CHECK(forge("[]", 0, 1) == MILL_E_CORRUPT_FILE);
  CHECK(forge("", 0, 1) == MILL_E_CORRUPT_FILE);
  CHECK(forge("{\"kind\":\"k\\u0000\",\"sections\":[],\"meta\":{}}", 0, 1) == MILL_E_CORRUPT_FILE);
}

/* Sizes at the edges of 31, 32, 63 and 64 bits, and lies of one byte. */
static void forged_sizes(void) {
  static const char *const edges[] = {"0",
                                      "1",
                                      "999",
                                      "1001",
                                      "4194304",
                                      "4194305",
                                      "2147483647",
                                      "2147483648",
                                      "4294967295",
                                      "4294967296",
                                      "-1",
                                      "9223372036854775807",
                                      "9223372036854775808",
                                      "18446744073709551615",
                                      "1e3",
                                      "1.0"};
  CHECK(forge_numbers(NULL, NULL, NULL, NULL) == MILL_OK, "%s", mill_error_message(&err));
  for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
    CHECK(forge_numbers(edges[i], NULL, NULL, NULL) == MILL_E_CORRUPT_FILE, "%s", edges[i]);
    CHECK(forge_numbers(NULL, edges[i], NULL, NULL) == MILL_E_CORRUPT_FILE, "%s", edges[i]);
    CHECK(forge_numbers(NULL, NULL, edges[i], NULL) == MILL_E_CORRUPT_FILE, "%s", edges[i]);
    CHECK(forge_numbers(NULL, NULL, NULL, edges[i]) == MILL_E_CORRUPT_FILE, "%s", edges[i]);
  }
  CHECK(forge_numbers(NULL, NULL, "1001", "2001") ==
        MILL_E_CORRUPT_FILE); /* agrees, but for zstd */
  CHECK(forge_numbers(NULL, NULL, "4194304", "4195304") == MILL_E_CORRUPT_FILE);
  static const size_t stated[] = {1,        79,         81,      1u << 26, (1u << 26) + 1,
                                  1u << 31, 1ull << 32, SIZE_MAX};
  for (size_t i = 0; i < sizeof stated / sizeof *stated; i++) {
    forged f;
    begin_forged(&f);
    CHECK(end_forged(&f, "{\"kind\":\"k\",\"sections\":[],\"meta\":{}}", stated[i]) ==
          MILL_E_CORRUPT_FILE);
  }
}

/* A frame that is valid but not ours: bombs, two frames, none, skippable, without checksum. */
static mill_status with_frame(const char *frame, size_t n, size_t content) {
  forged f;
  char footer[400];
  mill_text_init(&f.file, m);
  if (mill_text_add(&f.file, "TIDEMILL\1\0\0\0\0\0\0\0", 16, &err) != MILL_OK ||
      mill_text_add(&f.file, frame, n, &err) != MILL_OK)
    CHECK(0);
  snprintf(footer, sizeof footer,
           "{\"kind\":\"k\",\"sections\":[{\"name\":\"x\",\"blocks\":[[16,%zu,%zu,\"%016llx\"]],"
           "\"size\":%zu}],\"meta\":{}}",
           n, content, (unsigned long long)mill_xxh64_bytes(frame, n, 0), content);
  return end_forged(&f, footer, 0);
}

static void forged_frames(void) {
  mill_text t;
  size_t big = MILL_SNAPSHOT_BLOCK + 1;
  char *zeros = calloc(1, big);
  mill_text_init(&t, m);
  CHECK(mill_zstd_pack(zeros, MILL_SNAPSHOT_BLOCK, 3, &t, &err) == MILL_OK);
  CHECK(with_frame(t.data, t.size, MILL_SNAPSHOT_BLOCK) == MILL_OK);
  mill_text_reset(&t);
  CHECK(mill_zstd_pack(zeros, big, 3, &t, &err) == MILL_OK);
  CHECK(with_frame(t.data, t.size, big) == MILL_E_CORRUPT_FILE);
  CHECK(with_frame(t.data, t.size, MILL_SNAPSHOT_BLOCK) == MILL_E_CORRUPT_FILE);
  mill_text_reset(&t);
  CHECK(mill_zstd_pack(zeros, 10, 3, &t, &err) == MILL_OK);
  CHECK(with_frame(t.data, t.size, 10) == MILL_OK);
  CHECK(mill_zstd_pack(zeros, 10, 3, &t, &err) == MILL_OK);
  CHECK(with_frame(t.data, t.size, 20) == MILL_E_CORRUPT_FILE);
  CHECK(with_frame(t.data, t.size, 10) == MILL_E_CORRUPT_FILE);
  CHECK(with_frame("\x50\x2a\x4d\x18\x04\0\0\0abcd", 12, 4) == MILL_E_CORRUPT_FILE); /* skippable */
  CHECK(with_frame("\x28\xb5\x2f\xfd\x20\x03\x19\0\0abc", 12, 3) == MILL_E_CORRUPT_FILE);
  CHECK(with_frame("\x28\xb5\x2f\xfd", 4, 3) == MILL_E_CORRUPT_FILE);
  CHECK(with_frame("abc", 3, 3) == MILL_E_CORRUPT_FILE);
  mill_text_clear(&t);
  free(zeros);
}

/* ---- faults --------------------------------------------------------------------------------- */

typedef struct fault {
  int left;
  int code;
} fault;

static int fail_later(void *arg, mill_file_call call, const char *p) {
  fault *f = arg;
  (void)call, (void)p;
  return --f->left == 0 ? f->code : 0;
}

static mill_status save_through(const mill_files *fs) {
  mill_snapshot_writer *w;
  mill_error_clear(&err);
  mill_status s = mill_snapshot_create(fs, m, path, "table", &w, &err);
  if (s != MILL_OK) return s;
  s = put_section(w, "only", "new content", 11, 11);
  if (s == MILL_OK) return mill_snapshot_close(w, NULL, 0, &err);
  mill_snapshot_writer_free(w);
  return s;
}

/* Each call on files fails once: the old file stays, or the new one is there (when only the flush
** of the folder failed), and no other. */
static void failing_calls(void) {
  mill_status s = MILL_E_FILE_ACCESS;
  for (int k = 1; s != MILL_OK && k < 100; k++) {
    fault f = {k, 28 /* ENOSPC */};
    mill_files fs = {fail_later, &f};
    small(text);
    s = save_through(&fs);
    if (s == MILL_OK) break;
    CHECK(s == MILL_E_FILE_ACCESS && mill_memory_read(m).blocks == 0, "%d %s", k,
          mill_error_message(&err));
    CHECK(read_everything() == MILL_OK && files_in_base() == 1, "%d", k);
  }
  CHECK(s == MILL_OK);
}

static void failing_memory(void) {
  for (int forever = 0; forever < 2; forever++) {
    mill_status s = MILL_E_OUT_OF_MEMORY;
    for (uint64_t k = 1; s != MILL_OK && k < 1000; k++) {
      mill_memory_fail_at(m, 0, false);
      small(text);
      mill_memory_fail_at(m, k, forever);
      s = save_through(NULL);
      mill_memory_fail_at(m, 0, false);
      CHECK(s == MILL_OK || (s == MILL_E_OUT_OF_MEMORY && is_small()), "%d", (int)k);
      CHECK(files_in_base() == 1 && mill_memory_read(m).blocks == 0);
    }
    small(text);
    s = MILL_E_OUT_OF_MEMORY;
    for (uint64_t k = 1; s != MILL_OK && k < 1000; k++) {
      mill_memory_fail_at(m, k, forever);
      s = read_everything();
      mill_memory_fail_at(m, 0, false);
      CHECK(s == MILL_OK || s == MILL_E_OUT_OF_MEMORY, "%d", (int)k);
      CHECK(mill_memory_read(m).blocks == 0);
    }
    CHECK(s == MILL_OK);
  }
}

int main(void) {
  m = mill_memory_new(0);
  mill_error_clear(&err);
  CHECK(mkdtemp(base) != NULL);
  snprintf(path, sizeof path, "%s/data", base);
  round_trip();
  giving_up();
  each_bit();
  each_kind_of_file();
  growing();
  failing_growth();
  torn_growth();
  forged_footers();
  forged_sizes();
  forged_frames();
  failing_calls();
  failing_memory();
  CHECK(mill_folder_remove(NULL, base, &err) == MILL_OK);
  CHECK(mill_memory_read(m).blocks == 0);
  mill_memory_free(m);
  return check_done();
}
