/* Tables of every type there and back, by values compared here one by one; damage to what the
** checksums cannot see (a forged column) is told. */
#include "snapshot/table.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "../check.h"

static mill_memory *m;
static mill_types *types;
static char base[] = "/tmp/tidemill_tables_XXXXXX";
static char path[200];
static mill_error err;

static uint64_t seed = 42;
static uint64_t rnd(void) {
  seed = seed * 6364136223846793005ull + 1442695040888963407ull;
  return seed >> 16 ^ seed >> 40;
}

/* ---- random vectors ------------------------------------------------------------------------- */

static void need(mill_status s) {
  if (s != MILL_OK) CHECK(0, "%s", mill_error_message(&err));
}

static void *mem(mill_arena *a, size_t n) {
  void *p = mill_arena_alloc(a, n ? n : 1);
  if (!p) abort();
  return p;
}

static void make(mill_vector *v, const mill_type *t, uint32_t n, int nulls, mill_arena *a);

static void make_strings(mill_vector *v, uint32_t n, mill_arena *a) {
  for (uint32_t i = 0; i < n; i++) {
    size_t size = rnd() % 4 == 0 ? rnd() % 60 : rnd() % 14;
    char *p = mem(a, size);
    for (size_t k = 0; k < size; k++)
      p[k] = (char)(v->type->id == MILL_BINARY ? rnd() : 97 + rnd() % 26);
    ((mill_str *)v->data)[i] = mill_str_view(p, size);
  }
}

/* Lists with elements between them that belong to none. */
static void make_lists(mill_vector *v, uint32_t n, int nulls, mill_arena *a) {
  uint32_t at = 0;
  for (uint32_t i = 0; i < n; i++) {
    uint32_t size = (uint32_t)(rnd() % 4);
    at += (uint32_t)(rnd() % 3);
    ((mill_span *)v->data)[i] = (mill_span){at, size};
    at += size;
  }
  for (uint32_t c = 0; c < v->type->nfields; c++)
    make(&v->child[c], v->type->fields[c].type, at, v->type->id == MILL_MAP && c == 0 ? 0 : nulls,
         a);
}

static void make_fixed(mill_vector *v, uint32_t n) {
  const mill_type *t = v->type;
  for (uint32_t i = 0; i < n; i++) {
    char *p = (char *)v->data + (size_t)i * t->width;
    for (int k = 0; k < t->width; k++) p[k] = (char)rnd();
    if (t->phys == MILL_PHYS_BOOL) *p &= 1;
    if (t->phys == MILL_PHYS_I128) *(mill_i128 *)(void *)p %= mill_pow10(t->precision);
    if (t->id == MILL_DECIMAL && t->width == 8)
      *(int64_t *)(void *)p %= (int64_t)mill_pow10(t->precision);
    if (t->phys == MILL_PHYS_F64 && i % 5 == 0) *(double *)(void *)p = i % 2 ? -0.0 : (double)NAN;
  }
}

static void set_ints(mill_vector *list, uint32_t row, const int32_t *p, uint32_t n, mill_arena *a) {
  mill_vector one = {
      .type = list->type->fields[0].type, .data = (void *)(uintptr_t)p, .mask = MILL_FLAT};
  ((mill_span *)list->data)[row] = (mill_span){list->child[0].size, n};
  need(mill_vector_append(&list->child[0], &one, NULL, n, false, a, &err));
}

static void set_doubles(mill_vector *list, uint32_t row, uint32_t n, mill_arena *a) {
  double d[16];
  for (int i = 0; i < 16; i++) d[i] = (double)(rnd() % 1000) / 8;
  mill_vector one = {.type = list->type->fields[0].type, .data = d, .mask = MILL_FLAT};
  ((mill_span *)list->data)[row] = (mill_span){list->child[0].size, n};
  need(mill_vector_append(&list->child[0], &one, NULL, n, false, a, &err));
}

static void start_struct(mill_vector *v, uint32_t n, mill_arena *a) {
  for (uint32_t c = 0; c < v->type->nfields; c++) {
    need(mill_vector_init(&v->child[c], v->type->fields[c].type, 0, a, &err));
    need(mill_vector_reserve(&v->child[c], n, a, &err));
    v->child[c].size = n;
  }
}

/* (10, [1, 4, 9]) and [.., ..]; of a dense one size and indices are null. */
static void make_ml_vectors(mill_vector *v, uint32_t n, mill_arena *a) {
  static const int32_t indices[] = {1, 4, 9};
  mill_vector *f = v->child;
  start_struct(v, n, a);
  for (uint32_t i = 0; i < n; i++) {
    bool dense = rnd() % 2;
    ((int8_t *)f[0].data)[i] = dense;
    ((int32_t *)f[1].data)[i] = 10;
    if (dense) {
      need(mill_vector_set_null(&f[1], i, a, &err));
      need(mill_vector_set_null(&f[2], i, a, &err));
    } else {
      set_ints(&f[2], i, indices, 3, a);
    }
    set_doubles(&f[3], i, dense ? (uint32_t)(rnd() % 5) : 3, a);
  }
}

/* 2 x 3 matrices, dense or with three values. */
static void make_matrices(mill_vector *v, uint32_t n, mill_arena *a) {
  static const int32_t starts[] = {0, 1, 1, 3}, index[] = {1, 0, 1};
  mill_vector *f = v->child;
  start_struct(v, n, a);
  for (uint32_t i = 0; i < n; i++) {
    bool dense = rnd() % 2;
    ((int8_t *)f[0].data)[i] = dense;
    ((int32_t *)f[1].data)[i] = 2;
    ((int32_t *)f[2].data)[i] = 3;
    ((uint8_t *)f[6].data)[i] = 0;
    if (dense) {
      need(mill_vector_set_null(&f[3], i, a, &err));
      need(mill_vector_set_null(&f[4], i, a, &err));
    } else {
      set_ints(&f[3], i, starts, 4, a);
      set_ints(&f[4], i, index, 3, a);
    }
    set_doubles(&f[5], i, dense ? 6 : 3, a);
  }
}

/* n values, with nulls every now and then, of which the data stays random. */
static void make(mill_vector *v, const mill_type *t, uint32_t n, int nulls, mill_arena *a) {
  need(mill_vector_init(v, t, 0, a, &err));
  need(mill_vector_reserve(v, n, a, &err));
  v->size = n;
  if (t->id == MILL_VECTOR)
    make_ml_vectors(v, n, a);
  else if (t->id == MILL_MATRIX)
    make_matrices(v, n, a);
  else if (t->phys == MILL_PHYS_STRUCT)
    for (uint32_t c = 0; c < t->nfields; c++) make(&v->child[c], t->fields[c].type, n, nulls, a);
  else if (t->phys == MILL_PHYS_LIST)
    make_lists(v, n, nulls, a);
  else if (t->phys == MILL_PHYS_STR)
    make_strings(v, n, a);
  else
    make_fixed(v, n);
  for (uint32_t i = 0; i < n; i++)
    if (t->id == MILL_NULL || (nulls && rnd() % (uint64_t)nulls == 0))
      need(mill_vector_set_null(v, i, a, &err));
}

/* ---- exact comparison ----------------------------------------------------------------------- */

static bool same(const mill_vector *a, uint32_t i, const mill_vector *b, uint32_t j) {
  const mill_type *t = a->type;
  if (t != b->type) return false;
  i = mill_vector_at(a, i);
  j = mill_vector_at(b, j);
  bool valid = mill_valid_bit(a->valid, i);
  if (valid != mill_valid_bit(b->valid, j)) return false;
  if (!valid || t->phys == MILL_PHYS_NONE) return true;
  if (t->phys == MILL_PHYS_STR)
    return mill_str_equal((mill_str *)a->data + i, (mill_str *)b->data + j);
  if (t->phys == MILL_PHYS_STRUCT) {
    for (uint32_t c = 0; c < t->nfields; c++)
      if (!same(&a->child[c], i, &b->child[c], j)) return false;
    return true;
  }
  if (t->phys != MILL_PHYS_LIST)
    return memcmp((char *)a->data + (size_t)i * t->width, (char *)b->data + (size_t)j * t->width,
                  t->width) == 0;
  mill_span x = ((mill_span *)a->data)[i], y = ((mill_span *)b->data)[j];
  for (uint32_t c = 0; x.size == y.size && c < t->nfields; c++)
    for (uint32_t k = 0; k < x.size; k++)
      if (!same(&a->child[c], x.start + k, &b->child[c], y.start + k)) return false;
  return x.size == y.size;
}

static bool same_tables(const mill_table *a, const mill_table *b) {
  if (a->schema != b->schema || a->rows != b->rows || a->nchunks != b->nchunks) return false;
  for (size_t k = 0; k < a->nchunks; k++) {
    if (a->chunk[k]->n != b->chunk[k]->n || a->chunk[k]->ncols != b->chunk[k]->ncols) return false;
    for (uint32_t c = 0; c < a->chunk[k]->ncols; c++)
      for (uint32_t i = 0; i < a->chunk[k]->n; i++)
        if (!same(&a->chunk[k]->col[c], i, &b->chunk[k]->col[c], i)) {
          printf("# chunk %zu, column %s, row %u\n", k, a->schema->fields[c].name, i);
          return false;
        }
  }
  return true;
}

/* ---- schemas -------------------------------------------------------------------------------- */

static const mill_type *schema_of(const char *json) {
  const mill_type *t = NULL;
  CHECK(mill_type_from_json(types, json, strlen(json), &t, &err) == MILL_OK, "%s",
        mill_error_message(&err));
  return t;
}

static const char *const plain[] = {
    "void",
    "boolean",
    "byte",
    "short",
    "integer",
    "long",
    "float",
    "double",
    "decimal(4,2)",
    "decimal(18,0)",
    "decimal(19,3)",
    "decimal(38,38)",
    "string",
    "char(5)",
    "varchar(9)",
    "binary",
    "date",
    "timestamp",
    "timestamp_ntz",
    "time(3)",
    "interval",
    "interval year",
    "interval year to month",
    "interval day to second",
    "interval hour to minute",
    "variant",
};

#define UDT(name)                                                                                  \
  "{\"type\":\"udt\",\"class\":\"org.apache.spark.ml.linalg." name "\",\"sqlType\":null}"
static const char nested[] =
    "{\"type\":\"struct\",\"fields\":["
    "{\"name\":\"list\",\"type\":{\"type\":\"array\",\"elementType\":\"string\",\"containsNull\":"
    "true}},"
    "{\"name\":\"lists\",\"type\":{\"type\":\"array\",\"elementType\":{\"type\":\"array\","
    "\"elementType\":"
    "\"void\",\"containsNull\":true},\"containsNull\":false}},"
    "{\"name\":\"map\",\"type\":{\"type\":\"map\",\"keyType\":\"string\",\"valueType\":\"decimal("
    "38,5)\","
    "\"valueContainsNull\":true}},"
    "{\"name\":\"a \\\"b\\\", `c`\\n\\u00e9\",\"type\":{\"type\":\"struct\",\"fields\":["
    "{\"name\":\"x\",\"type\":\"integer\",\"nullable\":false},{\"name\":\"y\",\"type\":{\"type\":"
    "\"struct\","
    "\"fields\":[{\"name\":\"z\",\"type\":{\"type\":\"map\",\"keyType\":\"long\",\"valueType\":"
    "\"variant\","
    "\"valueContainsNull\":false}}]}}]},\"nullable\":false,\"metadata\":{\"ml_attr\":{\"n\":[1,2."
    "50,\"x\"]}}},"
    "{\"name\":\"nothing\",\"type\":{\"type\":\"struct\",\"fields\":[]}},"
    "{\"name\":\"folded\",\"type\":\"string\",\"metadata\":{\"__COLLATIONS\":{\"folded\":"
    "\"spark.UTF8_LCASE\"}}},"
    "{\"name\":\"vector\",\"type\":" UDT(
        "VectorUDT") "},"
                     "{\"name\":\"matrix\",\"type\":" UDT(
                         "MatrixUDT") "},"
                                      "{\"name\":\"vectors\",\"type\":{\"type\":\"array\","
                                      "\"elementType\":" UDT(
                                          "VectorUDT") ","
                                                       "\"containsNull\":true}}]}";

static const mill_type *plain_schema(void) {
  char text[4000] = "{\"type\":\"struct\",\"fields\":[";
  for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
    snprintf(text + strlen(text), 100, "%s{\"name\":\"c%zu\",\"type\":\"%s\"}", i ? "," : "", i,
             plain[i]);
  strcat(text, "]}");
  return schema_of(text);
}

/* A table of the schema with chunks of these sizes. */
static mill_table *table_of(const mill_type *schema, const uint32_t *rows, int nchunks, int nulls) {
  mill_table *t;
  need(mill_table_new(m, schema, &t, &err));
  for (int k = 0; k < nchunks; k++) {
    mill_chunk *c;
    need(mill_chunk_new(m, schema, 0, &c, &err));
    for (uint32_t i = 0; i < schema->nfields; i++)
      make(&c->col[i], schema->fields[i].type, rows[k], nulls, &c->arena);
    c->n = rows[k];
    need(mill_table_add_move(t, c, &err));
  }
  return t;
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void round_trip(const mill_type *schema, const uint32_t *rows, int nchunks, int nulls) {
  mill_table *t = table_of(schema, rows, nchunks, nulls), *back = NULL;
  CHECK(mill_table_save(NULL, t, path, &err) == MILL_OK, "%s", mill_error_message(&err));
  CHECK(mill_table_load(NULL, m, types, path, &back, &err) == MILL_OK, "%s",
        mill_error_message(&err));
  CHECK(back && same_tables(t, back), "%d chunks, nulls %d", nchunks, nulls);
  mill_table_unref(t);
  mill_table_unref(back);
}

static void round_trips(const mill_type *schema) {
  static const uint32_t shapes[][4] = {{0}, {1}, {63}, {64}, {65}, {0, 2049, 700, 1}};
  static const int chunks[] = {1, 1, 1, 1, 1, 4}, rates[] = {0, 1, 3, 1000};
  round_trip(schema, shapes[0], 0, 0);
  for (int i = 0; i < 6; i++)
    for (int k = 0; k < 4; k++) round_trip(schema, shapes[i], chunks[i], rates[k]);
}

static void full_chunks(void) {
  static const uint32_t rows[] = {MILL_CHUNK, MILL_CHUNK};
  const mill_type *schema = schema_of(
      "{\"type\":\"struct\",\"fields\":[{\"name\":\"i\",\"type\":\"long\"},{\"name\":\"s\","
      "\"type\":"
      "\"string\"},{\"name\":\"l\",\"type\":{\"type\":\"array\",\"elementType\":\"double\","
      "\"containsNull\":true}}]}");
  round_trip(schema, rows, 2, 0);
  round_trip(schema, rows, 2, 7);
}

/* Constants and dictionaries, as operators may leave them. */
static void other_forms(void) {
  static const uint32_t five = 5, order[] = {4, 4, 0, 2, 1};
  const mill_type *schema = schema_of(nested);
  mill_table *t = table_of(schema, &five, 1, 3), *back = NULL;
  mill_chunk *c = t->chunk[0];
  for (uint32_t i = 0; i < schema->nfields; i++) {
    mill_vector v = c->col[i];
    if (i % 3 == 0)
      c->col[i].index = order;
    else if (i % 3 == 1)
      need(mill_vector_constant(&c->col[i], &v, 2, &c->arena, &err));
    else
      mill_vector_null(&c->col[i], v.type);
  }
  CHECK(mill_table_save(NULL, t, path, &err) == MILL_OK, "%s", mill_error_message(&err));
  CHECK(mill_table_load(NULL, m, types, path, &back, &err) == MILL_OK, "%s",
        mill_error_message(&err));
  CHECK(back && same_tables(t, back));
  mill_table_unref(t);
  mill_table_unref(back);
}

/* Equal rows make equal bytes, whatever stands behind their nulls. */
static void same_bytes(void) {
  static const uint32_t rows[] = {300};
  mill_text a, b;
  mill_table *t = table_of(plain_schema(), rows, 1, 2), *back;
  mill_text_init(&a, m);
  mill_text_init(&b, m);
  need(mill_table_save(NULL, t, path, &err));
  need(mill_file_load(NULL, m, path, 0, &a, &err));
  need(mill_table_load(NULL, m, types, path, &back, &err));
  need(mill_table_save(NULL, back, path, &err));
  need(mill_file_load(NULL, m, path, 0, &b, &err));
  CHECK(a.size == b.size && memcmp(a.data, b.data, a.size) == 0);
  mill_table_unref(t);
  mill_table_unref(back);
  mill_text_clear(&a);
  mill_text_clear(&b);
}

/* A loaded table takes more rows as one that was built. */
static void growing(void) {
  static const uint32_t rows[] = {70};
  mill_table *t = table_of(schema_of(nested), rows, 1, 3), *back;
  need(mill_table_save(NULL, t, path, &err));
  need(mill_table_load(NULL, m, types, path, &back, &err));
  mill_batch b = {.n = 70, .ncols = t->schema->nfields, .col = t->chunk[0]->col};
  CHECK(mill_table_append(back, &b, &err) == MILL_OK && back->rows == 140 && back->nchunks == 1);
  bool ok = true;
  for (uint32_t c = 0; c < t->schema->nfields; c++)
    for (uint32_t i = 0; i < 140; i++)
      ok = ok && same(&t->chunk[0]->col[c], i % 70, &back->chunk[0]->col[c], i);
  CHECK(ok);
  mill_table_unref(t);
  mill_table_unref(back);
}

/* ---- scans ---------------------------------------------------------------------------------- */

static mill_context context(void) { return (mill_context){.memory = m, .types = types}; }

/* Columns 2 and 0 of each chunk, in batches. */
static void scanning(void) {
  static const uint32_t rows[] = {5000, 0, 2049};
  static const int columns[] = {12, 4};
  mill_context ctx = context();
  mill_table *t = table_of(plain_schema(), rows, 3, 4);
  mill_scan *scan;
  mill_cursor *c;
  need(mill_table_save(NULL, t, path, &err));
  CHECK(mill_table_scan(&ctx, (const char *const[]){path}, 1, &scan, &err) == MILL_OK, "%s",
        mill_error_message(&err));
  CHECK(scan->schema == t->schema && scan->morsels == 3 && scan->rows == 7049.0);
  CHECK(unlink(path) == 0); /* the scan keeps its file */
  CHECK(scan->open(scan, &ctx, columns, 2, &c, &err) == MILL_OK);
  bool ok = true;
  for (size_t k = 3; k-- > 0;) { /* in any order */
    uint32_t seen = 0;
    mill_batch *b = NULL;
    need(c->seek(c, k, &err));
    for (need(c->next(c, &b, &err)); b; need(c->next(c, &b, &err))) {
      ok = ok && b->ncols == 2 && b->first == seen && b->n <= MILL_BATCH;
      for (uint32_t i = 0; i < b->n; i++, seen++)
        for (int j = 0; j < 2; j++)
          ok = ok && same(&b->col[j], mill_batch_row(b, i), &t->chunk[k]->col[columns[j]], seen);
    }
    ok = ok && seen == rows[k];
  }
  CHECK(ok);
  c->free(c);
  mill_scan_unref(scan);
  mill_table_unref(t);
}

/* ---- narrowed scans ------------------------------------------------------------------------- */

/* How many rows of each chunk come for column 0 [op] value, and do any wanted ones stay away? */
static void narrowed(const char *what, mill_test_kind kind, int64_t value, const char *want) {
  static const int columns[] = {0};
  mill_context ctx = context();
  mill_scan *scan, *few;
  mill_cursor *c;
  char got[8] = "";
  mill_vector v = {.type = mill_type_of(MILL_BIGINT), .data = &value};
  mill_test test = {.kind = kind, .n = kind < MILL_TEST_IS_NULL, .value = &v};
  need(mill_table_scan(&ctx, (const char *const[]){path}, 1, &scan, &err));
  need(scan->narrow(scan, &test, 1, NULL, &few, &err));
  need(few->open(few, &ctx, columns, 1, &c, &err));
  for (size_t k = 0; k < few->morsels; k++) {
    mill_batch *b = NULL;
    need(c->seek(c, k, &err));
    need(c->next(c, &b, &err));
    got[k] = b ? '1' : '0';
  }
  CHECK(strcmp(got, want) == 0, "%s: %s", what, got);
  c->free(c);
  mill_scan_unref(scan);
  mill_scan_unref(few);
}

/* Chunks with 0..99, 100..199 and a null, nulls, none at all. */
static void narrowing(void) {
  static const uint32_t rows[] = {100, 101, 10, 0};
  const mill_type *schema =
      schema_of("{\"type\":\"struct\",\"fields\":[{\"name\":\"i\",\"type\":\"long\"}]}");
  mill_table *t = table_of(schema, rows, 4, 0);
  for (uint32_t i = 0; i < 100; i++) {
    ((int64_t *)t->chunk[0]->col[0].data)[i] = i;
    ((int64_t *)t->chunk[1]->col[0].data)[i] = i + 100;
  }
  need(mill_vector_set_null(&t->chunk[1]->col[0], 100, &t->chunk[1]->arena, &err));
  for (uint32_t i = 0; i < 10; i++)
    need(mill_vector_set_null(&t->chunk[2]->col[0], i, &t->chunk[2]->arena, &err));
  need(mill_table_save(NULL, t, path, &err));
  narrowed("= 99", MILL_TEST_EQUAL, 99, "1000");
  narrowed("= 200", MILL_TEST_EQUAL, 200, "0000");
  narrowed("= -1", MILL_TEST_EQUAL, -1, "0000");
  narrowed("< 100", MILL_TEST_LESS, 100, "1000");
  narrowed("<= 100", MILL_TEST_LESS_EQUAL, 100, "1100");
  narrowed("> 99", MILL_TEST_GREATER, 99, "0100");
  narrowed(">= 99", MILL_TEST_GREATER_EQUAL, 99, "1100");
  narrowed("in (150)", MILL_TEST_IN, 150, "0100");
  narrowed("is null", MILL_TEST_IS_NULL, 0, "0110");
  narrowed("is not null", MILL_TEST_NOT_NULL, 0, "1100");
  mill_table_unref(t);
}

/* A test of column 0: rows that a narrowed scan says it has, and whether it gives just those from..to. */
static bool gives(mill_test_kind kind, const mill_type *type, const void *value, uint64_t from,
                  uint64_t to) {
  static const int columns[] = {0};
  mill_context ctx = context();
  mill_scan *scan, *few;
  mill_cursor *c;
  mill_batch *b;
  uint64_t at = from;
  mill_vector v = {.type = type, .data = (void *)(uintptr_t)value};
  mill_test test = {kind, 0, kind < MILL_TEST_IS_NULL, &v, NULL};
  need(mill_table_scan(&ctx, (const char *const[]){path}, 1, &scan, &err));
  need(scan->narrow(scan, &test, 1, NULL, &few, &err));
  need(few->open(few, &ctx, columns, 1, &c, &err));
  bool ok = few->rows == (double)(to - from);
  for (size_t k = 0; k < few->morsels; k++) {
    need(c->seek(c, k, &err));
    for (need(c->next(c, &b, &err)); b; need(c->next(c, &b, &err))) {
      ok = ok && k * MILL_CHUNK + b->first == at;
      at += b->n;
    }
  }
  c->free(c);
  mill_scan_unref(scan);
  mill_scan_unref(few);
  return ok && at == to;
}

/* 70,000 whole numbers in their order, a null at 20,000. */
static void zones_of_numbers(void) {
  static const uint32_t rows[] = {65536, 4464};
  const mill_type *big = mill_type_of(MILL_BIGINT);
  mill_table *t =
      table_of(schema_of("{\"type\":\"struct\",\"fields\":[{\"name\":\"i\",\"type\":\"long\"}]}"),
               rows, 2, 0);
  for (uint32_t i = 0; i < 70000; i++)
    ((int64_t *)t->chunk[i / MILL_CHUNK]->col[0].data)[i % MILL_CHUNK] = i;
  need(mill_vector_set_null(&t->chunk[0]->col[0], 20000, &t->chunk[0]->arena, &err));
  need(mill_table_save(NULL, t, path, &err));
  CHECK(gives(MILL_TEST_EQUAL, big, &(int64_t){9000}, 8192, 16384));
  CHECK(gives(MILL_TEST_EQUAL, big, &(int64_t){8191}, 0, 8192));
  CHECK(gives(MILL_TEST_LESS, big, &(int64_t){8192}, 0, 8192));
  CHECK(gives(MILL_TEST_LESS_EQUAL, big, &(int64_t){8192}, 0, 16384));
  CHECK(gives(MILL_TEST_GREATER, big, &(int64_t){57343}, 57344, 70000));
  CHECK(gives(MILL_TEST_GREATER, big, &(int64_t){65535}, 65536, 70000));
  CHECK(gives(MILL_TEST_IS_NULL, big, NULL, 16384, 24576));
  mill_table_unref(t);
}

/* Strings whose bounds are cut: they begin with 64 equal bytes, of which nothing is greater in the end. */
static void zones_of_long_strings(void) {
  static const uint32_t rows[] = {24576};
  static char text[3][70];
  const mill_type *binary = mill_type_of(MILL_BINARY);
  mill_table *t =
      table_of(schema_of("{\"type\":\"struct\",\"fields\":[{\"name\":\"s\",\"type\":\"binary\"}]}"),
               rows, 1, 0);
  memset(text[0], 'a', 70);
  memset(text[1], 'b', 70);
  memset(text[2], 0xff, 70);
  for (uint32_t i = 0; i < rows[0]; i++)
    ((mill_str *)t->chunk[0]->col[0].data)[i] = mill_str_view(text[i / 8192], 65 + i % 2);
  need(mill_table_save(NULL, t, path, &err));
  mill_str some = mill_str_view(text[1], 66), most = mill_str_view(text[2], 66);
  mill_str low = mill_str_view(text[0], 65);
  CHECK(gives(MILL_TEST_EQUAL, binary, &some, 8192, 24576)); /* of the last zone nothing is known */
  CHECK(gives(MILL_TEST_EQUAL, binary, &most, 16384, 24576));
  CHECK(gives(MILL_TEST_GREATER, binary, &low, 0, 24576)); /* half of the first zone is greater */
  CHECK(gives(MILL_TEST_GREATER_EQUAL, binary, &some, 8192, 24576));
  mill_table_unref(t);
}

typedef struct table_rows {
  mill_rows base;
  const mill_table *table;
  size_t chunk;
  mill_batch batch;
  int fail;
} table_rows;

static mill_status rows_next(mill_rows *self, mill_batch **out, mill_error *e) {
  table_rows *r = (table_rows *)self;
  *out = NULL;
  if (r->chunk == r->table->nchunks)
    return r->fail ? mill_fail(e, MILL_E_DIVIDE_BY_ZERO, NULL) : MILL_OK;
  const mill_chunk *c = r->table->chunk[r->chunk++];
  r->batch = (mill_batch){.n = c->n, .ncols = c->ncols, .col = c->col};
  *out = &r->batch;
  return MILL_OK;
}

/* Rows by the batch, behind those of a file; a source that fails leaves the old file. */
static void saving_rows(void) {
  static const uint32_t first[] = {MILL_BATCH, 7}, second[] = {MILL_BATCH, 2, 0, MILL_BATCH};
  mill_context ctx = context();
  const mill_type *schema = plain_schema();
  mill_table *a = table_of(schema, first, 2, 3), *b = table_of(schema, second, 4, 3), *back;
  uint64_t written = 0;
  table_rows ra = {{schema, rows_next, NULL, false}, a, 0, {0}, 0},
             rb = {{schema, rows_next, NULL, false}, b, 0, {0}, 0};
  CHECK(mill_table_save_rows(&ctx, &ra.base, path, &written, &err) == MILL_OK && written == 2055);
  CHECK(mill_table_append_rows(&ctx, &rb.base, path, &written, &err) == MILL_OK && written == 4098);
  rb.chunk = 0;
  rb.fail = 1;
  CHECK(mill_table_append_rows(&ctx, &rb.base, path, &written, &err) == MILL_E_DIVIDE_BY_ZERO);
  need(mill_table_load(NULL, m, types, path, &back, &err));
  CHECK(back->rows == 2055 + 4098 && back->nchunks == 2);
  bool ok = back->nchunks == 2;
  for (int t = 0; t < 2 && ok; t++)
    for (size_t k = 0, at = 0; k < (t ? b : a)->nchunks; at += (t ? b : a)->chunk[k++]->n)
      for (uint32_t i = 0; i < (t ? b : a)->chunk[k]->n; i++)
        for (uint32_t c = 0; c < schema->nfields; c++)
          ok = ok &&
               same(&(t ? b : a)->chunk[k]->col[c], i, &back->chunk[t]->col[c], (uint32_t)at + i);
  CHECK(ok);
  mill_table_unref(a);
  mill_table_unref(b);
  mill_table_unref(back);
}

typedef struct fault {
  int left;
} fault;

static int fail_later(void *arg, mill_file_call call, const char *p) {
  (void)call, (void)p;
  return --((fault *)arg)->left == 0 ? 28 /* ENOSPC */ : 0;
}

static uint64_t rows_there(void) {
  mill_table *t;
  need(mill_table_load(NULL, m, types, path, &t, &err));
  uint64_t rows = t->rows, chunks = t->nchunks;
  mill_table_unref(t);
  CHECK(chunks <= 16, "small appends are merged");
  return rows;
}

/* A few rows again and again, while each call on files fails once: the rows of before are there or all of
** them, and who began to read before reads what was. */
static void failing_appends(void) {
  static const uint32_t rows[] = {5};
  static const int columns[] = {0};
  mill_table *t = table_of(plain_schema(), rows, 1, 3);
  mill_context ctx = context(), old = context();
  mill_scan *scan;
  mill_cursor *c;
  mill_batch *b;
  uint64_t have = 5;
  mill_status s = MILL_E_FILE_ACCESS;
  need(mill_table_save(NULL, t, path, &err));
  need(mill_table_scan(&old, (const char *const[]){path}, 1, &scan, &err));
  for (int k = 1; s != MILL_OK && k < 200; k++) {
    fault f = {k};
    mill_files fs = {fail_later, &f};
    table_rows r = {{t->schema, rows_next, NULL, false}, t, 0, {0}, 0};
    mill_error_clear(&err);
    ctx.files = &fs;
    s = mill_table_append_rows(&ctx, &r.base, path, NULL, &err);
    uint64_t now = rows_there();
    CHECK(s == MILL_OK || s == MILL_E_FILE_ACCESS, "%d: %s", k, mill_error_message(&err));
    CHECK(s == MILL_OK ? now == have + 5 : now == have || now == have + 5, "%d", k);
    have = now;
  }
  CHECK(s == MILL_OK);
  need(scan->open(scan, &old, columns, 1, &c, &err));
  need(c->seek(c, 0, &err));
  need(c->next(c, &b, &err));
  CHECK(b && b->n == 5 && scan->rows == 5.0);
  c->free(c);
  mill_scan_unref(scan);
  mill_table_unref(t);
}

/* However rows are appended, few chunks are small, and the file is of a few times the size that they need. */
static void many_appends(void) {
  static const uint32_t three[] = {3}, thousand[] = {1000}, many[] = {40000};
  const mill_type *schema = plain_schema();
  mill_table *t[] = {table_of(schema, three, 1, 3), table_of(schema, thousand, 1, 3),
                     table_of(schema, many, 1, 3)};
  mill_context ctx = context();
  uint64_t rows = 3;
  need(mill_table_save(NULL, t[0], path, &err));
  for (int i = 0; i < 400; i++) {
    mill_table *next = t[i % 40 == 39 ? 2 : i % 8 == 7 ? 1 : 0];
    table_rows r = {{schema, rows_next, NULL, false}, next, 0, {0}, 0};
    need(mill_table_append_rows(&ctx, &r.base, path, NULL, &err));
    rows += next->rows;
  }
  mill_table *back;
  need(mill_table_load(NULL, m, types, path, &back, &err));
  size_t small = 0, at = 0;
  for (size_t k = 0; k < back->nchunks; k++) small += back->chunk[k]->n < MILL_CHUNK;
  CHECK(back->rows == rows && small <= 24, "%zu of %zu chunks are small", small, back->nchunks);
  bool ok = true;
  for (int i = -1; ok && i < 400; i++) {
    const mill_chunk *c = t[i < 0 ? 0 : i % 40 == 39 ? 2 : i % 8 == 7 ? 1 : 0]->chunk[0];
    for (uint32_t k = 0; ok && k < c->n; k += 1 + c->n / 50) {
      uint64_t row = at + k;
      size_t chunk = 0;
      while (row >= back->chunk[chunk]->n) row -= back->chunk[chunk++]->n;
      for (uint32_t f = 0; f < schema->nfields; f++)
        ok = ok && same(&c->col[f], k, &back->chunk[chunk]->col[f], (uint32_t)row);
    }
    at += c->n;
  }
  CHECK(ok && at == rows);
  mill_file_info grown, once;
  CHECK(mill_file_stat(NULL, path, &grown, &err) == MILL_OK);
  need(mill_table_save(NULL, back, path, &err));
  CHECK(mill_file_stat(NULL, path, &once, &err) == MILL_OK);
  CHECK(grown.size < 3 * once.size + (2 << 20), "%zu for %zu", (size_t)grown.size,
        (size_t)once.size);
  mill_table_unref(back);
  for (int i = 0; i < 3; i++) mill_table_unref(t[i]);
}

/* A scan's chunks for who keeps them; memory may fail at any place. */
static void kept_chunks(void) {
  static const uint32_t rows[] = {300, 40};
  mill_context ctx = context();
  const mill_type *schema = plain_schema();
  mill_table *t = table_of(schema, rows, 2, 5);
  mill_scan *scan;
  mill_cursor *c;
  mill_chunk *chunk = NULL;
  int columns[64];
  mill_status s = MILL_E_OUT_OF_MEMORY;
  for (int i = 0; i < 64; i++) columns[i] = i;
  need(mill_table_save(NULL, t, path, &err));
  need(mill_table_scan(&ctx, (const char *const[]){path}, 1, &scan, &err));
  need(scan->open(scan, &ctx, columns, (int)schema->nfields, &c, &err));
  for (uint64_t k = 1; s != MILL_OK && k < 1000; k++) {
    need(c->seek(c, 1, &err));
    mill_memory_fail_at(m, k, false);
    s = c->chunk(c, &chunk, &err);
    mill_memory_fail_at(m, 0, false);
    CHECK(s == MILL_OK || s == MILL_E_OUT_OF_MEMORY);
  }
  c->free(c);
  mill_scan_unref(scan);
  bool ok = chunk && chunk->n == 40 && chunk->full;
  for (uint32_t i = 0; ok && i < 40; i++)
    for (uint32_t k = 0; k < schema->nfields; k++)
      ok = ok && same(&chunk->col[k], i, &t->chunk[1]->col[k], i);
  CHECK(ok);
  mill_chunk_unref(chunk);
  mill_table_unref(t);
}

/* ---- forged content: the container is sound, the column or description in it is not ----------- */

/* A file with the one column of `type`, n rows, whose section holds `p`. */
static mill_status forged(const char *type, unsigned rows, const void *p, size_t n) {
  mill_snapshot_writer *w;
  mill_table *t;
  char meta[400];
  int size =
      snprintf(meta, sizeof meta,
               "{\"name\":\"rows\",\"schema\":{\"type\":\"struct\",\"fields\":[{\"name\":\"c\","
               "\"type\":%s}]},\"rows\":%u,\"chunks\":[%u]}",
               type, rows, rows);
  mill_error_clear(&err);
  need(mill_snapshot_create(NULL, m, path, "table", &w, &err));
  need(mill_snapshot_section(w, "rows/0/0", &err));
  need(mill_snapshot_add(w, p, n, &err));
  need(mill_snapshot_close(w, meta, (size_t)size, &err));
  mill_status s = mill_table_load(NULL, m, types, path, &t, &err);
  if (s == MILL_OK) mill_table_unref(t);
  return s;
}

#define BAD(type, rows, bytes)                                                                     \
  CHECK(forged(type, rows, bytes, sizeof(bytes) - 1) == MILL_E_CORRUPT_FILE, "%s", #bytes)
#define GOOD(type, rows, bytes)                                                                    \
  CHECK(forged(type, rows, bytes, sizeof(bytes) - 1) == MILL_OK, "%s: %s", #bytes,                 \
        mill_error_message(&err))
#define LIST "{\"type\":\"array\",\"elementType\":\"byte\",\"containsNull\":true}"
#define MAP                                                                                        \
  "{\"type\":\"map\",\"keyType\":\"byte\",\"valueType\":\"byte\",\"valueContainsNull\":true}"
#define ONES "\xff\xff\xff\xff\xff\xff\xff\xff"

static void forged_columns(void) {
  GOOD("\"byte\"", 2, "\2\0\0\0\0ab");
  BAD("\"byte\"", 2, "\2\0\0\0\0a");
  BAD("\"byte\"", 2, "\2\0\0\0\0abc");
  BAD("\"byte\"", 2, "\3\0\0\0\0abc");
  BAD("\"byte\"", 2, "\2\0\0\0\2ab");
  BAD("\"byte\"", 2, "\2\0\0\0\1ab");
  GOOD("\"byte\"", 2, "\2\0\0\0\1" ONES "ab");
  BAD("\"boolean\"", 1, "\1\0\0\0\0\2");
  BAD("\"void\"", 1, "\1\0\0\0\0");
  BAD("\"void\"", 1, "\1\0\0\0\1" ONES);
  GOOD("\"decimal(2,0)\"", 1, "\1\0\0\0\0\x63\0\0\0\0\0\0\0");
  BAD("\"decimal(2,0)\"", 1, "\1\0\0\0\0\x64\0\0\0\0\0\0\0");
  GOOD("\"string\"", 2, "\2\0\0\0\0\1\0\0\0\2\0\0\0xyz");
  BAD("\"string\"", 2, "\2\0\0\0\0\1\0\0\0\3\0\0\0xyz");
  BAD("\"string\"", 1, "\1\0\0\0\0\xff\xff\xff\xffxyz");
  BAD("\"string\"", 1, "\1\0\0\0\0\0\0\0\x80xyz");
  GOOD(LIST, 1, "\1\0\0\0\0\2\0\0\0\2\0\0\0\0ab");
  BAD(LIST, 1, "\1\0\0\0\0\3\0\0\0\2\0\0\0\0ab");
  BAD(LIST, 1, "\1\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\0xy");
  BAD(LIST, 2, "\2\0\0\0\0\xff\xff\xff\xff\1\0\0\0\0\0\0\0\0xy");
  GOOD(MAP, 1, "\1\0\0\0\0\1\0\0\0\1\0\0\0\0a\1\0\0\0\0b");
  BAD(MAP, 1, "\1\0\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\0\0\0\0\0a\1\0\0\0\0b");
  BAD("\"byte\"", 65537, "\1\0\1\0\0");
}

static void described(const char *kind, const char *meta) {
  mill_snapshot_writer *w;
  mill_table *t;
  mill_error_clear(&err);
  need(mill_snapshot_create(NULL, m, path, kind, &w, &err));
  need(mill_snapshot_close(w, meta, strlen(meta), &err));
  CHECK(mill_table_load(NULL, m, types, path, &t, &err) == MILL_E_CORRUPT_FILE, "%s", meta);
}

#define TABLE(schema, rest) "{\"name\":\"rows\",\"schema\":" schema "," rest "}"
#define EMPTY "{\"type\":\"struct\",\"fields\":[]}"
#define COLUMN(type) "{\"type\":\"struct\",\"fields\":[{\"name\":\"c\",\"type\":\"" type "\"}]}"
static void forged_descriptions(void) {
  described("model", TABLE(EMPTY, "\"rows\":0,\"chunks\":[]"));
  CHECK(strstr(mill_error_message(&err), "holds a model") != NULL);
  described("table", "[]");
  described("table", "{\"name\":\"rows\",\"rows\":0,\"chunks\":[]}");
  described("table", TABLE(EMPTY, "\"rows\":0"));
  described("table", TABLE(EMPTY, "\"rows\":1,\"chunks\":[]"));
  described("table", TABLE(EMPTY, "\"rows\":65537,\"chunks\":[65537]"));
  described("table", TABLE(EMPTY, "\"rows\":-1,\"chunks\":[-1]"));
  described("table", TABLE(EMPTY, "\"rows\":4294967297,\"chunks\":[4294967297]"));
  described("table", TABLE(EMPTY, "\"rows\":1,\"chunks\":[\"1\"]"));
  described("table", TABLE("\"byte\"", "\"rows\":0,\"chunks\":[]"));
  described("table", TABLE(COLUMN("decimal(39,0)"), "\"rows\":0,\"chunks\":[]"));
  described("table", TABLE(COLUMN("byte"), "\"rows\":1,\"chunks\":[1]")); /* no such section */
}

/* The ML types, field by field: a number, a list of `n` elements. */
#define I1(a) "\1\0\0\0\0" a
#define ARR(n, body) "\1\0\0\0\0" n n "\0" body
#define N0 "\0\0\0\0"
#define N1 "\1\0\0\0"
#define N2 "\2\0\0\0"
#define N3 "\3\0\0\0"
#define F1 "\0\0\0\0\0\0\xf0\x3f"
#define SPARSE(kind, size, indices, values) "\1\0\0\0\0" I1(kind) I1(size) ARR(N1, indices) values
#define MATRIX(kind, rows, cols, starts, indices)                                                  \
  "\1\0\0\0\0" I1(kind) I1(rows) I1(cols) starts indices ARR(N1, F1) I1("\0")
static void forged_ml(void) {
  GOOD(UDT("VectorUDT"), 1, SPARSE("\0", N3, N2, ARR(N1, F1)));
  BAD(UDT("VectorUDT"), 1, SPARSE("\0", N3, N3, ARR(N1, F1))); /* index 3 of 3 */
  BAD(UDT("VectorUDT"), 1, SPARSE("\0", N3, "\xff\xff\xff\xff", ARR(N1, F1)));
  BAD(UDT("VectorUDT"), 1, SPARSE("\0", "\xff\xff\xff\xff", N2, ARR(N1, F1)));
  BAD(UDT("VectorUDT"), 1, SPARSE("\2", N3, N2, ARR(N1, F1)));
  BAD(UDT("VectorUDT"), 1, SPARSE("\0", N3, N2, ARR(N0, ""))); /* an index without its value */
  GOOD(UDT("MatrixUDT"), 1, MATRIX("\1", N1, N1, ARR(N0, ""), ARR(N0, "")));
  BAD(UDT("MatrixUDT"), 1, MATRIX("\1", N2, N1, ARR(N0, ""), ARR(N0, "")));
  GOOD(UDT("MatrixUDT"), 1, MATRIX("\0", N1, N1, ARR(N2, N0 N1), ARR(N1, N0)));
  BAD(UDT("MatrixUDT"), 1, MATRIX("\0", N1, N1, ARR(N2, N0 N2), ARR(N1, N0)));
  BAD(UDT("MatrixUDT"), 1, MATRIX("\0", N1, N1, ARR(N2, N1 N1), ARR(N1, N0)));
  BAD(UDT("MatrixUDT"), 1, MATRIX("\0", N1, N1, ARR(N2, N0 N1), ARR(N1, N1)));
  BAD(UDT("MatrixUDT"), 1, MATRIX("\0", N1, "\xff\xff\xff\x7f", ARR(N2, N0 N1), ARR(N1, N0)));
}

static void failing_memory(void) {
  static const uint32_t rows[] = {20, 3};
  mill_table *t = table_of(schema_of(nested), rows, 2, 3), *back;
  mill_context ctx = context();
  size_t before = mill_memory_read(m).blocks;
  for (int forever = 0; forever < 2; forever++) {
    mill_status s = MILL_E_OUT_OF_MEMORY;
    need(mill_table_save(NULL, t, path, &err));
    for (uint64_t k = 1; s != MILL_OK && k < 5000; k++) {
      mill_memory_fail_at(m, k, forever);
      s = k % 2 ? mill_table_save(NULL, t, path, &err)
                : mill_table_load(NULL, m, types, path, &back, &err);
      mill_memory_fail_at(m, 0, false);
      if (s == MILL_OK && k % 2 == 0) mill_table_unref(back);
      if (s == MILL_OK && k % 2) s = MILL_E_OUT_OF_MEMORY;
      if (mill_memory_read(m).blocks > before + 64) CHECK(0, "a leak at %d", (int)k);
    }
    CHECK(s == MILL_OK);
  }
  mill_scan *scan;
  mill_status s = MILL_E_OUT_OF_MEMORY;
  for (uint64_t k = 1; s != MILL_OK && k < 5000; k++) {
    mill_memory_fail_at(m, k, false);
    s = mill_table_scan(&ctx, (const char *const[]){path}, 1, &scan, &err);
    mill_memory_fail_at(m, 0, false);
    if (s == MILL_OK) mill_scan_unref(scan);
  }
  CHECK(s == MILL_OK);
  need(mill_table_load(NULL, m, types, path, &back, &err));
  CHECK(same_tables(t, back));
  mill_table_unref(t);
  mill_table_unref(back);
}

int main(void) {
  m = mill_memory_new(0);
  types = mill_types_new(m);
  mill_error_clear(&err);
  CHECK(mkdtemp(base) != NULL);
  snprintf(path, sizeof path, "%s/data", base);
  round_trips(plain_schema());
  round_trips(schema_of(nested));
  full_chunks();
  other_forms();
  same_bytes();
  growing();
  scanning();
  narrowing();
  zones_of_numbers();
  zones_of_long_strings();
  saving_rows();
  failing_appends();
  many_appends();
  kept_chunks();
  forged_columns();
  forged_descriptions();
  forged_ml();
  failing_memory();
  CHECK(mill_folder_remove(NULL, base, &err) == MILL_OK);
  mill_types_free(types);
  CHECK(mill_memory_read(m).blocks == 0);
  mill_memory_free(m);
  return check_done();
}
