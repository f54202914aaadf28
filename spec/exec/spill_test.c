/* Spill files: rows come back as they were, for every physical type; a full disk and exhausted
** memory are errors that leave no temporary bytes and no memory behind. */
#include "exec/spill.h"

#include <errno.h>

#include "../check.h"
#include "base/file.h"

enum { ROWS = 5000 };

static mill_memory *m;
static mill_types *types;
static mill_temp temp;
static mill_files files;
static mill_context ctx;
static mill_error err;
static mill_arena arena;
static mill_batch batch; /* ROWS rows, more than a batch holds: written in pieces by `sel` */
static const mill_type *schema;

static int writes_left;
static int full_disk(void *arg, mill_file_call call, const char *path) {
  (void)arg, (void)path;
  return call == MILL_CALL_WRITE && writes_left-- <= 0 ? ENOSPC : 0;
}

static mill_vector strings(void) {
  mill_vector v;
  char text[64];
  CHECK(mill_vector_init(&v, mill_type_of(MILL_STRING), ROWS, &arena, &err) == MILL_OK);
  for (int i = 0; i < ROWS; i++) {
    int n = snprintf(text, sizeof text, i % 3 ? "%d" : "%d is a long piece of text", i);
    mill_str s = mill_str_view(text, (size_t)n);
    mill_vector one = {.type = v.type, .data = &s};
    if (i % 7 == 0) mill_vector_null(&one, v.type);
    if (mill_vector_append(&v, &one, NULL, 1, true, &arena, &err) != MILL_OK) break;
  }
  return v;
}

static mill_vector numbers(void) {
  mill_vector v;
  CHECK(mill_vector_init(&v, mill_type_of(MILL_BIGINT), ROWS, &arena, &err) == MILL_OK);
  for (int i = 0; i < ROWS; i++) ((int64_t *)v.data)[i] = (int64_t)i * i - 7;
  v.size = ROWS;
  return v;
}

/* Lists of strings, of 0 to 4 items that overlap with those of other rows. */
static mill_vector lists(const mill_vector *items) {
  mill_vector v;
  const mill_type *t = mill_type_array(types, mill_type_of(MILL_STRING), true);
  CHECK(mill_vector_init(&v, t, ROWS, &arena, &err) == MILL_OK);
  v.child[0] = *items;
  for (uint32_t i = 0; i < ROWS; i++) ((mill_span *)v.data)[i] = (mill_span){i % 900, i % 5};
  v.size = ROWS;
  for (uint32_t i = 0; i < ROWS; i += 11)
    CHECK(mill_vector_set_null(&v, i, &arena, &err) == MILL_OK);
  return v;
}

static mill_vector structs(const mill_vector *a, const mill_vector *b, const mill_type *t) {
  mill_vector v;
  CHECK(mill_vector_init(&v, t, ROWS, &arena, &err) == MILL_OK);
  v.child[0] = *a;
  v.child[1] = *b;
  v.size = ROWS;
  CHECK(mill_vector_set_null(&v, 3, &arena, &err) == MILL_OK);
  return v;
}

static void make_rows(void) {
  mill_vector *col = mill_arena_alloc(&arena, 6 * sizeof *col);
  col[0] = numbers();
  col[1] = strings();
  col[2] = lists(&col[1]);
  mill_field pair[] = {{"n", col[0].type, true, NULL}, {"l", col[2].type, true, NULL}};
  const mill_type *st = mill_type_struct(types, pair, 2);
  col[3] = structs(&col[0], &col[2], st);
  mill_vector_null(&col[4], mill_type_of(MILL_NULL));
  CHECK(mill_vector_constant(&col[5], &col[1], 3, &arena, &err) == MILL_OK);
  mill_field f[] = {{"n", col[0].type, true, NULL}, {"s", col[1].type, true, NULL},
                    {"l", col[2].type, true, NULL}, {"t", st, true, NULL},
                    {"o", col[4].type, true, NULL}, {"c", col[5].type, true, NULL}};
  schema = mill_type_struct(types, f, 6);
  batch = (mill_batch){.ncols = 6, .col = col};
}

/* Rows [from, from + n) in batches of `step`, as rows that a filter kept. */
static mill_status write_rows(mill_spill_run *r, uint32_t from, uint32_t n, uint32_t step) {
  uint32_t sel[MILL_BATCH];
  for (uint32_t at = 0; at < n; at += step) {
    mill_batch b = batch;
    b.n = n - at < step ? n - at : step;
    b.sel = sel;
    for (uint32_t i = 0; i < b.n; i++) sel[i] = from + at + i;
    MILL_TRY(mill_spill_write(r, &b, &err));
  }
  return mill_spill_end(r, &err);
}

static bool same_rows(const mill_spill_run *r, uint32_t from, uint32_t n) {
  mill_rows *rows = NULL;
  uint32_t seen = 0;
  bool same = mill_spill_read(r, &rows, &err) == MILL_OK;
  while (same) {
    mill_batch *b;
    same = rows->next(rows, &b, &err) == MILL_OK;
    if (!same || b == NULL) break;
    for (uint32_t c = 0; c < b->ncols; c++)
      for (uint32_t i = 0; i < b->n; i++)
        same &= mill_vector_equal(&b->col[c], i, &batch.col[c], from + seen + i);
    seen += b->n;
  }
  if (rows) rows->free(rows);
  return same && seen == n;
}

static void test_round_trip(void) {
  static const uint32_t steps[] = {1, 63, 700, MILL_BATCH};
  mill_spill *f = NULL;
  mill_spill_run *r[4] = {0};
  CHECK(mill_spill_new(&ctx, schema, &f, &err) == MILL_OK);
  for (uint32_t k = 0; k < 4; k++) {
    CHECK(mill_spill_run_new(f, &r[k], &err) == MILL_OK);
    CHECK(write_rows(r[k], 3 * k, ROWS - 3 * k, steps[k]) == MILL_OK);
    CHECK(mill_spill_rows(r[k]) == ROWS - 3 * k && mill_spill_bytes(r[k]) > 8 * (ROWS - 3 * k));
  }
  for (uint32_t k = 0; k < 4; k++) CHECK(same_rows(r[k], 3 * k, ROWS - 3 * k), "run %u", k);
  CHECK(same_rows(r[0], 0, ROWS), "a second time");
  CHECK(temp.used > 0 && temp.written >= temp.used && temp.runs == 4);
  for (uint32_t k = 0; k < 4; k++) mill_spill_run_free(r[k]);
  mill_spill_free(f);
  CHECK(temp.used == 0);
}

/* One run of all rows; MILL_OK or what failed. */
static mill_status spill_once(void) {
  mill_spill *f = NULL;
  mill_spill_run *r = NULL;
  mill_status s = mill_spill_new(&ctx, schema, &f, &err);
  if (s == MILL_OK) s = mill_spill_run_new(f, &r, &err);
  if (s == MILL_OK) s = write_rows(r, 0, ROWS, 1000);
  mill_rows *rows = NULL;
  if (s == MILL_OK) s = mill_spill_read(r, &rows, &err);
  for (mill_batch *b = NULL; s == MILL_OK;) {
    s = rows->next(rows, &b, &err);
    if (b == NULL) break;
  }
  if (rows) rows->free(rows);
  mill_spill_run_free(r);
  mill_spill_free(f);
  return s;
}

static void test_full_disk(void) {
  files.before = full_disk;
  for (int n = 0; n < 3; n++) {
    writes_left = n;
    mill_error_clear(&err);
    CHECK(spill_once() == MILL_E_FILE_ACCESS && temp.used == 0);
    CHECK(strstr(mill_error_message(&err), strerror(ENOSPC)) != NULL, "%s",
          mill_error_message(&err));
  }
  files.before = NULL;
  temp.limit = 10000;
  mill_error_clear(&err);
  CHECK(spill_once() == MILL_E_FILE_ACCESS && temp.used == 0);
  CHECK(strstr(mill_error_message(&err), "tempLimit") != NULL);
  temp.limit = 0;
  ctx.temp_folder = "/no/such/folder";
  CHECK(spill_once() == MILL_E_PATH_NOT_FOUND);
  ctx.temp_folder = NULL;
}

static void test_no_memory(void) {
  size_t blocks = mill_memory_read(m).blocks;
  mill_status s = MILL_E_OUT_OF_MEMORY;
  for (uint64_t n = 1; s == MILL_E_OUT_OF_MEMORY; n += 1 + n / 16) {
    mill_memory_fail_at(m, n, true);
    s = spill_once();
    mill_memory_fail_at(m, 0, false);
    if (mill_memory_read(m).blocks != blocks || temp.used != 0) break;
  }
  CHECK(s == MILL_OK && mill_memory_read(m).blocks == blocks && temp.used == 0);
}

static void test_policy(void) {
  CHECK(!mill_spill_due(&ctx));
  ctx.force_spill = true;
  CHECK(mill_spill_due(&ctx));
  mill_memory *small = mill_memory_new(1000);
  mill_context c = {.memory = small};
  CHECK(!mill_spill_due(&c));
  void *p = mill_alloc(small, 801);
  CHECK(p && mill_spill_due(&c));
  mill_free(small, p, 801);
  CHECK(!mill_spill_due(&c));
  mill_memory_free(small);
  ctx.force_spill = false;
}

int main(void) {
  m = mill_memory_new(0);
  types = mill_types_new(m);
  ctx = (mill_context){.memory = m, .types = types, .files = &files, .temp = &temp};
  mill_arena_init(&arena, m);
  make_rows();
  test_round_trip();
  test_full_disk();
  test_no_memory();
  test_policy();
  mill_arena_clear(&arena);
  mill_types_free(types);
  CHECK(mill_memory_read(m).blocks == 0);
  mill_memory_free(m);
  return check_done();
}
