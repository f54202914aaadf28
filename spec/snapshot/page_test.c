/* Pages of every kind there and back, each kind shown to be chosen; and pages with single bits flipped,
** cut off or made up, which must give values or an error whatever they say, since a page is read behind
** a checksum that a forger can make fit. */
#include "snapshot/page_int.h"

#include <math.h>
#include <stdlib.h>

#include "../check.h"

static mill_memory *m;
static mill_error err;
static uint64_t seed = 7;

static uint64_t rnd(void) {
  seed = seed * 6364136223846793005ull + 1442695040888963407ull;
  return seed >> 16 ^ seed >> 40;
}

static void need(mill_status s) {
  if (s != MILL_OK) CHECK(0, "%s", mill_error_message(&err));
}

/* ---- numbers -------------------------------------------------------------------------------- */

enum { PLAIN, PACKED, DELTA, RUNS };

/* The bytes of n numbers, PAGE_SLACK more behind them in memory of their own size. */
static void numbers(const int64_t *v, size_t n, int width, mill_text *out) {
  mill_arena a;
  mill_arena_init(&a, m);
  mill_text_init(out, m);
  need(mill_numbers_put(v, n, width, &a, out, &err));
  mill_arena_clear(&a);
}

static page_reader reader(mill_arena *a, const char *p, size_t n) {
  char *copy = mill_arena_alloc(a, n + PAGE_SLACK);
  if (!copy) abort();
  if (n) memcpy(copy, p, n);
  return (page_reader){.p = copy, .end = copy + n, .arena = a, .scratch = a, .err = &err};
}

static int64_t value(const void *p, size_t i, int width) {
  switch (width) {
  case 1: return ((const int8_t *)p)[i];
  case 2: return ((const int16_t *)p)[i];
  case 4: return ((const int32_t *)p)[i];
  default: return ((const int64_t *)p)[i];
  }
}

static void numbers_back(const int64_t *v, size_t n, int width, int kind, const char *what) {
  mill_text t;
  mill_arena a;
  numbers(v, n, width, &t);
  mill_arena_init(&a, m);
  page_reader r = reader(&a, t.data, t.size);
  void *out = mill_arena_alloc(&a, n * (size_t)width + 8);
  mill_status s = mill_numbers_get(&r, n, width, out);
  bool same = s == MILL_OK && r.p == r.end;
  for (size_t i = 0; same && i < n; i++) same = value(out, i, width) == v[i];
  CHECK(same, "%s, width %d, %zu values: %s", what, width, n, r.wrong ? r.wrong : "others");
  CHECK(kind < 0 || t.data[0] == kind, "%s is of kind %d", what, t.data[0]);
  mill_arena_clear(&a);
  mill_text_clear(&t);
}

enum { MOST = 70000 };
static int64_t x[MOST];

static void each_kind_of_number(void) {
  static const size_t sizes[] = {1, 2, 7, 8, 9, 63, 64, 65, 1000, 65536, MOST};
  for (int width = 1; width <= 8; width *= 2)
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
      size_t n = sizes[k];
      int64_t top = (int64_t)(~0ull >> (65 - 8 * width));
      for (size_t i = 0; i < n; i++) x[i] = -3;
      numbers_back(x, n, width, PACKED, "a constant");
      for (size_t i = 0; i < n; i++) x[i] = rnd() % 2 ? top : -top - 1;
      numbers_back(x, n, width, -1, "extremes");
      for (unsigned bits = 1; bits<8u * (unsigned)width; bits += width> 2 ? 5 : 1) {
        for (size_t i = 0; i < n; i++) x[i] = (int64_t)(rnd() & (((1ull << bits) - 1) >> 1)) - 1;
        numbers_back(x, n, width, -1, "random bits");
      }
      for (size_t i = 0; i < n; i++) x[i] = (int64_t)(i / 1000) % 2;
      numbers_back(x, n, width, n > 2000 && n <= MILL_CHUNK ? RUNS : -1, "runs");
    }
  for (size_t i = 0; i < 1000; i++) x[i] = (int64_t)(i * 1000 + rnd() % 7) - (1ll << 40);
  numbers_back(x, 1000, 8, DELTA, "steps up");
  for (size_t i = 0; i < 1000; i++) x[i] = (1ll << 50) - (int64_t)(i * 1000 + rnd() % 7);
  numbers_back(x, 1000, 8, DELTA, "steps down");
  for (size_t i = 0; i < 1000; i++) x[i] = (int64_t)(rnd() % 50) * 1000000 - 77;
  numbers_back(x, 1000, 8, PACKED, "multiples");
  for (size_t i = 0; i < 1000; i++) x[i] = (int64_t)(rnd() % 50) * 12884901888;
  numbers_back(x, 1000, 8, PACKED, "large multiples");
  for (size_t i = 0; i < 1000; i++) x[i] = (int64_t)(rnd() * rnd());
  numbers_back(x, 1000, 8, PLAIN, "noise");
  numbers_back(x, 0, 8, PLAIN, "nothing");
}

/* A constant may take no bytes at all only as long as it is short. */
static void many_from_nothing(void) {
  static const char constant[] = "\1\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0";
  mill_arena a;
  mill_arena_init(&a, m);
  page_reader r = reader(&a, constant, sizeof constant);
  void *out = mill_arena_alloc(&a, MOST);
  CHECK(mill_numbers_get(&r, MILL_CHUNK, 1, out) == MILL_OK);
  r = reader(&a, constant, sizeof constant);
  CHECK(mill_numbers_get(&r, MILL_CHUNK + 1, 1, out) == MILL_E_CORRUPT_FILE);
  mill_arena_clear(&a);
}

/* ---- doubles -------------------------------------------------------------------------------- */

static void doubles_back(const double *v, size_t n, int form, const char *what) {
  mill_text t;
  mill_arena a;
  mill_arena_init(&a, m);
  mill_text_init(&t, m);
  need(mill_doubles_put(v, n, &a, &t, &err));
  page_reader r = reader(&a, t.data, t.size);
  double *out = mill_arena_alloc(&a, n * sizeof *out + 8);
  mill_status s = mill_doubles_get(&r, n, out);
  CHECK(s == MILL_OK && r.p == r.end && memcmp(out, v, n * sizeof *v) == 0, "%s, %zu values", what,
        n);
  CHECK(form < 0 || t.data[0] == form, "%s", what);
  mill_arena_clear(&a);
  mill_text_clear(&t);
}

static void each_kind_of_double(void) {
  static const double odd[] = {NAN, INFINITY, -INFINITY, -0.0, 0.1 + 0.2, 1e300, 5e-324, 0.0};
  static double v[2000];
  size_t n = sizeof v / sizeof *v;
  doubles_back(odd, sizeof odd / sizeof *odd, -1, "odd ones");
  for (size_t i = 0; i < n; i++) v[i] = (double)(int64_t)(rnd() % 1000000) / 100;
  doubles_back(v, n, PAGE_SPECIAL, "prices");
  for (size_t i = 0; i < 8; i++) v[i * 37] = odd[i];
  doubles_back(v, n, PAGE_SPECIAL, "prices with odd ones");
  for (size_t i = 0; i < n; i++) v[i] = (double)i;
  doubles_back(v, n, PAGE_SPECIAL, "whole numbers");
  for (size_t i = 0; i < n; i++) v[i] = sqrt((double)i + 0.5);
  doubles_back(v, n, PAGE_PLAIN, "roots");
  for (size_t i = 0; i < n; i++) v[i] = NAN;
  doubles_back(v, n, PAGE_PLAIN, "NaN");
  doubles_back(v, 0, -1, "nothing");
}

/* ---- damage --------------------------------------------------------------------------------- */

/* Read every value, so that a sanitizer sees what a damaged page leads to. */
static uint64_t use(const mill_vector *v, size_t n) {
  uint64_t h[64], sum = 0;
  for (size_t at = 0; at < n; at += 64) {
    uint32_t sel[64];
    size_t k = n - at < 64 ? n - at : 64;
    for (size_t i = 0; i < k; i++) sel[i] = (uint32_t)(at + i);
    mill_vector_hash(v, sel, k, false, h);
    for (size_t i = 0; i < k; i++) sum += h[i];
  }
  return sum;
}

static int damaged(const char *p, size_t size, const mill_type *t, uint32_t n) {
  mill_arena a;
  mill_vector v;
  int wrong = 0;
  for (int strings = TABLE_FLAT; strings <= TABLE_CODES; strings++) {
    mill_arena_init(&a, m);
    page_reader r = reader(&a, p, size);
    r.strings = (table_strings)strings;
    mill_error_clear(&err);
    mill_status s = mill_page_get(&r, t, n, &v);
    if (s == MILL_OK)
      use(&v, n);
    else
      wrong += s != MILL_E_CORRUPT_FILE || !r.wrong;
    mill_arena_clear(&a);
  }
  return wrong;
}

static void each_damage(const mill_vector *v, uint32_t n, const char *what) {
  mill_text t;
  mill_arena a;
  int wrong = 0;
  mill_arena_init(&a, m);
  mill_text_init(&t, m);
  need(mill_page_put(v, n, NULL, &a, &t, &err));
  CHECK(damaged(t.data, t.size, v->type, n) == 0, "%s", what);
  size_t step = t.size / 2000 + 1; /* of long pages some */
  for (size_t i = 0; i < t.size * 8; i += step) {
    t.data[i / 8] = (char)(t.data[i / 8] ^ 1 << i % 8);
    wrong += damaged(t.data, t.size, v->type, n);
    t.data[i / 8] = (char)(t.data[i / 8] ^ 1 << i % 8);
  }
  for (size_t i = 0; i < t.size; i += step) wrong += damaged(t.data, i, v->type, n);
  for (int i = 0; i < (step > 1 ? 2000 : 20000); i++) { /* three bytes anywhere */
    char old[3];
    size_t at[3];
    for (int k = 0; k < 3; k++) at[k] = rnd() % (i % 2 && t.size > 40 ? 40 : t.size);
    for (int k = 0; k < 3; k++) old[k] = t.data[at[k]], t.data[at[k]] = (char)rnd();
    wrong += damaged(t.data, t.size, v->type, n);
    for (int k = 3; k-- > 0;) t.data[at[k]] = old[k];
  }
  CHECK(wrong == 0, "%s: %d", what, wrong);
  mill_arena_clear(&a);
  mill_text_clear(&t);
}

/* Syllables in any order; a number and the same words; noise. */
typedef enum text_kind { WORDS, REPEATED, NOISE } text_kind;
enum { TEXT = 72 };

static void make_text(char *to, uint32_t i, text_kind kind) {
  static const char words[] =
      "regular final deposits carefully accounts furious pending ideas, all of it";
  memcpy(to, words, TEXT);
  for (int k = 0; kind == WORDS && k < TEXT; k += 6) memcpy(to + k, words + rnd() % 50, 6);
  for (int k = 0; kind == NOISE && k < TEXT; k++) to[k] = (char)rnd();
  for (int k = 0; kind == REPEATED && k < 4; k++, i /= 10) to[k] = (char)('0' + i % 10);
}

static void make_texts(mill_str *s, char (*text)[TEXT], uint32_t n, uint32_t distinct,
                       text_kind kind) {
  for (uint32_t i = 0; i < n; i++) {
    make_text(text[i], i, kind);
    s[i] = i < distinct ? mill_str_view(text[i], 20 + rnd() % 50) : s[i % distinct];
  }
}

static void packed_text(const mill_str *s, uint32_t n, int form, const char *what) {
  mill_vector v = {.type = mill_type_of(MILL_STRING),
                   .data = (void *)(uintptr_t)s,
                   .mask = MILL_FLAT,
                   .size = n};
  mill_vector back;
  mill_text t;
  mill_arena a;
  mill_packer *z;
  mill_arena_init(&a, m);
  mill_text_init(&t, m);
  need(mill_packer_new(m, MILL_PACK_ZSTD, 1, &z, &err));
  need(mill_page_put(&v, n, z, &a, &t, &err));
  CHECK(t.data[5] == form, "%s is of form %d", what, t.data[5]);
  page_reader r = reader(&a, t.data, t.size);
  need(mill_page_get(&r, v.type, n, &back));
  uint32_t same = 0;
  for (uint32_t i = 0; i < n; i++)
    same += mill_str_equal(&((mill_str *)back.data)[mill_vector_at(&back, i)], &s[i]);
  CHECK(same == n && r.p == r.end, "%s: %u of %u", what, same, n);
  if (form & PAGE_PACKED) each_damage(&v, n, what);
  mill_packer_free(z);
  mill_arena_clear(&a);
  mill_text_clear(&t);
}

/* Long texts are packed where that makes them smaller and zstd does not do much better. */
static void packed_texts(void) {
  enum { N = 3000 };
  static char text[N][TEXT];
  static mill_str s[N];
  make_texts(s, text, N, N, WORDS);
  packed_text(s, N, PAGE_PLAIN | PAGE_PACKED, "words");
  packed_text(s, 500, PAGE_PLAIN, "a short text");
  make_texts(s, text, N, 800, WORDS);
  packed_text(s, N, PAGE_SPECIAL | PAGE_PACKED, "a dictionary of words");
  make_texts(s, text, N, N, REPEATED);
  packed_text(s, N, PAGE_PLAIN, "repeated words");
  make_texts(s, text, N, N, NOISE);
  packed_text(s, N, PAGE_PLAIN, "noise");
}

static void damages(void) {
  static int64_t v[200];
  static mill_i128 wide[200];
  static mill_str s[200];
  static uint64_t valid[4];
  static const char *const names[] = {"a", "bb", "a text of more than twelve bytes", ""};
  mill_vector column = {
      .type = mill_type_of(MILL_BIGINT), .data = v, .mask = MILL_FLAT, .size = 200};
  for (int i = 0; i < 200; i++) v[i] = i / 50;
  each_damage(&column, 200, "runs");
  for (int i = 0; i < 200; i++) v[i] = i * 100000 + i % 3;
  each_damage(&column, 200, "differences");
  for (int i = 0; i < 200; i++) v[i] = (int64_t)(rnd() % 9) * 1000;
  each_damage(&column, 200, "multiples");
  for (int i = 0; i < 4; i++) valid[i] = rnd() * rnd();
  column.valid = valid;
  each_damage(&column, 200, "nulls");
  column.type = mill_type_of(MILL_DOUBLE);
  for (int i = 0; i < 200; i++) {
    double d = i == 77 ? (double)NAN : (double)(i * 7 % 100) / 10;
    memcpy(&v[i], &d, 8);
  }
  each_damage(&column, 200, "doubles");
  column.type = mill_type_of(MILL_STRING);
  column.data = s;
  for (int i = 0; i < 200; i++) s[i] = mill_str_view(names[i % 4], strlen(names[i % 4]));
  each_damage(&column, 200, "a dictionary");
  column.valid = NULL;
  each_damage(&column, 200, "a dictionary without nulls");
  each_damage(&column, 5, "strings");
  mill_types *types = mill_types_new(m);
  column.type = mill_type_decimal(types, 30, 2);
  column.data = wide;
  for (int i = 0; i < 200; i++) wide[i] = i;
  each_damage(&column, 200, "narrow decimals");
  wide[3] = (mill_i128)1 << 80;
  each_damage(&column, 200, "wide decimals");
  static mill_span span[50];
  mill_vector element = {
      .type = mill_type_of(MILL_BIGINT), .data = v, .mask = MILL_FLAT, .size = 200};
  mill_vector list = {.type = mill_type_array(types, element.type, true),
                      .data = span,
                      .child = &element,
                      .mask = MILL_FLAT,
                      .size = 50};
  for (uint32_t i = 0; i < 50; i++) span[i] = (mill_span){i * 3, i % 4};
  each_damage(&list, 50, "lists");
  mill_types_free(types);
}

int main(void) {
  m = mill_memory_new(256 << 20);
  mill_error_clear(&err);
  each_kind_of_number();
  many_from_nothing();
  each_kind_of_double();
  packed_texts();
  damages();
  CHECK(mill_memory_read(m).blocks == 0);
  mill_memory_free(m);
  return check_done();
}
