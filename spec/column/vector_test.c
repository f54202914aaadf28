/* Vectors: rows are copied, gathered, ordered and hashed alike in every form; chunks keep them. */
#include "column/chunk.h"

#include "../check.h"

static mill_memory *m;
static mill_types *types;
static mill_arena arena;
static mill_error err;

static void put_text(mill_vector *v, const char *s) {
  mill_str x = mill_str_view(s ? s : "", s ? strlen(s) : 0);
  mill_vector one = {.type = mill_type_of(MILL_STRING), .data = &x};
  if (s == NULL) mill_vector_null(&one, v->type);
  CHECK(mill_vector_append(v, &one, NULL, 1, true, &arena, &err) == MILL_OK);
}

static mill_vector texts(void) {
  mill_vector v;
  CHECK(mill_vector_init(&v, mill_type_of(MILL_STRING), 1, &arena, &err) == MILL_OK);
  put_text(&v, "short");
  put_text(&v, NULL);
  put_text(&v, "longer than twelve bytes");
  return v;
}

static void test_append(void) {
  mill_vector v = texts(), w;
  uint32_t sel[] = {2, 1, 0, 2};
  CHECK(mill_vector_gather(&w, &v, sel, 4, true, &arena, &err) == MILL_OK);
  CHECK(w.size == 4 && !mill_vector_valid(&w, 1) && mill_vector_valid(&w, 3));
  CHECK(mill_vector_equal(&w, 0, &v, 2) && mill_vector_equal(&w, 1, &v, 1));
  CHECK(mill_vector_compare(&w, 0, &v, 0) < 0, "longer < short");
  uint64_t a[3], b[4];
  mill_vector_hash(&v, NULL, 3, false, a);
  mill_vector_hash(&w, NULL, 4, false, b);
  CHECK(a[2] == b[0] && a[1] == b[1] && a[0] == b[2] && a[0] != a[2]);
}

static void test_lists(void) {
  const mill_type *t = mill_type_array(types, mill_type_of(MILL_INT), true);
  int32_t item[] = {1, 2, 3, 4};
  mill_span span[] = {{0, 2}, {2, 0}, {2, 2}};
  mill_vector child = {.type = mill_type_of(MILL_INT), .data = item, .mask = MILL_FLAT, .size = 4};
  mill_vector v = {.type = t, .data = span, .child = &child, .mask = MILL_FLAT, .size = 3}, w;
  uint32_t sel[] = {2, 0};
  CHECK(mill_vector_gather(&w, &v, sel, 2, true, &arena, &err) == MILL_OK);
  CHECK(w.child[0].size == 4 && ((int32_t *)w.child[0].data)[0] == 3);
  CHECK(mill_vector_compare(&v, 0, &w, 1) == 0 && mill_vector_compare(&v, 1, &v, 0) < 0);
  mill_vector c;
  CHECK(mill_vector_constant(&c, &v, 2, &arena, &err) == MILL_OK);
  CHECK(mill_vector_equal(&c, 17, &w, 0));
}

static void test_numbers(void) {
  double d[] = {0.0, -0.0, __builtin_nan(""), 1.0 / 0.0};
  mill_vector v = {.type = mill_type_of(MILL_DOUBLE), .data = d, .mask = MILL_FLAT};
  uint64_t h[4];
  mill_vector_hash(&v, NULL, 4, false, h);
  CHECK(mill_vector_equal(&v, 0, &v, 1) && h[0] == h[1]);
  CHECK(mill_vector_equal(&v, 2, &v, 2) && mill_vector_compare(&v, 2, &v, 3) > 0);
}

static const mill_type *row_type(void) {
  mill_field f[] = {{"i", mill_type_of(MILL_INT), true, NULL},
                    {"s", mill_type_of(MILL_STRING), true, NULL}};
  return mill_type_struct(types, f, 2);
}

static void test_table(void) {
  mill_table *t;
  int32_t id[MILL_BATCH];
  mill_str s[MILL_BATCH];
  CHECK(mill_table_new(m, row_type(), &t, &err) == MILL_OK);
  for (int i = 0; i < MILL_BATCH; i++) {
    id[i] = i;
    s[i] = mill_str_view(i % 2 ? "odd number of the batch" : "even", i % 2 ? 23 : 4);
  }
  mill_vector col[] = {{.type = mill_type_of(MILL_INT), .data = id, .mask = MILL_FLAT},
                       {.type = mill_type_of(MILL_STRING), .data = s, .mask = MILL_FLAT}};
  mill_batch b = {.n = MILL_BATCH, .ncols = 2, .col = col};
  for (int k = 0; k < 40; k++) CHECK(mill_table_append(t, &b, &err) == MILL_OK);
  CHECK(t->rows == 40 * MILL_BATCH && t->nchunks == 2 && t->chunk[0]->n == MILL_CHUNK);
  mill_vector out[2];
  mill_batch view;
  CHECK(mill_chunk_batch(t->chunk[1], MILL_BATCH, 100, out, &arena, &view, &err) == MILL_OK);
  CHECK(((int32_t *)out[0].data)[3] == 3 && mill_vector_equal(&out[1], 3, &col[1], 1));
  mill_table_unref(mill_table_ref(t));
  mill_table_unref(t);
}

/* An append that runs out of memory leaves the table as it was. */
/* Many columns of a chunk are one block of memory, and its rest is used for what comes later. */
static void test_one_piece(void) {
  enum { COLUMNS = 20 };
  mill_chunk *c;
  mill_field f[COLUMNS];
  mill_type row = {.id = MILL_STRUCT, .phys = MILL_PHYS_STRUCT, .fields = f, .nfields = COLUMNS};
  for (int i = 0; i < COLUMNS; i++)
    f[i] = (mill_field){.name = "c", .type = mill_type_of(i % 2 ? MILL_BIGINT : MILL_SMALLINT)};
  const size_t before = mill_memory_read(m).blocks;
  CHECK(mill_chunk_new(m, &row, MILL_CHUNK, &c, &err) == MILL_OK);
  const size_t made = mill_memory_read(m).blocks;
  CHECK(made - before == 3, "the chunk, its columns, their values");
  const char *first = c->col[0].data, *last = c->col[COLUMNS - 1].data;
  CHECK(last - first < (2 + 8) * (COLUMNS / 2) * MILL_CHUNK);
  mill_chunk_unref(c);
}

static void test_no_memory(void) {
  for (uint64_t k = 1; k < 25; k++) {
    mill_table *t;
    mill_memory_fail_at(m, k, true);
    mill_vector v[2];
    int32_t id[] = {1, 2};
    mill_str s[] = {mill_str_view("a string that is long", 21), mill_str_view("b", 1)};
    v[0] = (mill_vector){.type = mill_type_of(MILL_INT), .data = id, .mask = MILL_FLAT};
    v[1] = (mill_vector){.type = mill_type_of(MILL_STRING), .data = s, .mask = MILL_FLAT};
    mill_batch b = {.n = 2, .ncols = 2, .col = v};
    if (mill_table_new(m, row_type(), &t, &err) == MILL_OK) {
      mill_status r = mill_table_append(t, &b, &err);
      CHECK(t->rows == (r == MILL_OK ? 2 : 0), "all or nothing");
      mill_table_unref(t);
    }
    mill_memory_fail_at(m, 0, false);
  }
}

int main(void) {
  m = mill_memory_new(0);
  types = mill_types_new(m);
  mill_arena_init(&arena, m);
  mill_error_clear(&err);
  test_append();
  test_lists();
  test_numbers();
  test_table();
  test_one_piece();
  test_no_memory();
  mill_arena_clear(&arena);
  mill_types_free(types);
  CHECK(mill_memory_read(m).used == 0, "nothing leaks");
  mill_memory_free(m);
  return check_done();
}
