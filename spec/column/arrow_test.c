/* Arrow's C interfaces: what other libraries hand in is read where it lies, what is handed out is released
** exactly once, in any order, and a failing allocation leaves nothing behind. The structs are written by
** hand from https://arrow.apache.org/docs/format/CDataInterface.html. */
#include <errno.h>
#include <stdlib.h>

#include "../check.h"
#include "base/timezone.h"
#include "column/arrow_c.h"
#include "column/arrow_type.h"

static mill_memory *memory;
static mill_types *types;
static mill_zones *zones;
static mill_context context;
static mill_settings settings;
static mill_error err;

/* ---- a producer: static structs that count their releases ------------------------------------- */

static int schemas, arrays, streams; /* not released yet */

static void free_schema(struct ArrowSchema *s) {
  for (int64_t i = 0; i < s->n_children; i++)
    if (s->children[i]->release) s->children[i]->release(s->children[i]);
  if (s->dictionary && s->dictionary->release) s->dictionary->release(s->dictionary);
  s->release = NULL;
  schemas--;
}

static void free_array(struct ArrowArray *a) {
  for (int64_t i = 0; i < a->n_children; i++)
    if (a->children[i]->release) a->children[i]->release(a->children[i]);
  if (a->dictionary && a->dictionary->release) a->dictionary->release(a->dictionary);
  a->release = NULL;
  arrays--;
}

static struct ArrowSchema schema_of(const char *format, const char *name) {
  schemas++;
  return (struct ArrowSchema){
      .format = format, .name = name, .flags = ARROW_FLAG_NULLABLE, .release = free_schema};
}

static struct ArrowArray array_of(int64_t length, int64_t offset, int64_t nulls,
                                  const void **buffers, int64_t n) {
  arrays++;
  return (struct ArrowArray){.length = length,
                             .null_count = nulls,
                             .offset = offset,
                             .buffers = buffers,
                             .n_buffers = n,
                             .release = free_array};
}

enum { COLUMNS = 5 };

static struct ArrowSchema child_schema[COLUMNS], value_schema, element_schema;
static struct ArrowSchema *child_schemas[COLUMNS], *element_schemas[1];
static bool stray_child; /* give the boolean column a child */

/* i INT, s STRING, d STRING by a dictionary, l ARRAY<SMALLINT>, t BOOLEAN */
static struct ArrowSchema make_schema(void) {
  static const char *const formats[COLUMNS] = {"i", "u", "c", "+l", "b"};
  static const char *const names[COLUMNS] = {"i", "s", "d", "l", "t"};
  for (int k = 0; k < COLUMNS; k++) {
    child_schema[k] = schema_of(formats[k], names[k]);
    child_schemas[k] = &child_schema[k];
  }
  value_schema = schema_of("u", "");
  child_schema[2].dictionary = &value_schema;
  element_schema = schema_of("s", "item");
  element_schemas[0] = &element_schema;
  child_schema[3].children = element_schemas;
  child_schema[3].n_children = 1;
  if (stray_child) {
    child_schema[4].children = element_schemas;
    child_schema[4].n_children = 1;
  }
  struct ArrowSchema root = schema_of("+s", "");
  root.children = child_schemas;
  root.n_children = COLUMNS;
  return root;
}

static struct ArrowArray child_array[COLUMNS], value_array, element_array;
static struct ArrowArray *child_arrays[COLUMNS], *element_arrays[1];

/* Rows 3..6 of columns that have offsets of their own. */
static struct ArrowArray make_array(void) {
  static const int32_t i[] = {-1, -1, 10, 11, 12, 13, 14, 15, 16};
  static const uint8_t i_valid[] = {0x9f, 0x01}; /* rows 5 and 6 of nine are null */
  static const int32_t s_at[] = {0, 1, 3, 3, 6, 7, 22, 23};
  static const char s_bytes[] = "abbcccdthe longest textf";
  static const int8_t d[] = {0, 0, 0, 1, 0, 2, 1};
  static const int32_t v_at[] = {0, 3, 3, 7};
  static const char v_bytes[] = "redblue";
  static const int32_t l_at[] = {0, 1, 1, 2, 4, 4, 5, 6};
  static const int16_t e[] = {100, 101, 102, 103, 104, 105};
  static const uint8_t t[] = {0x55};
  static const void *ib[] = {i_valid, i}, *sb[] = {NULL, s_at, s_bytes}, *db[] = {NULL, d};
  static const void *vb[] = {NULL, v_at, v_bytes}, *lb[] = {NULL, l_at}, *eb[] = {NULL, e};
  static const void *tb[] = {NULL, t}, *rb[] = {NULL};
  child_array[0] = array_of(7, 2, 2, ib, 2);
  child_array[1] = array_of(7, 0, 0, sb, 3);
  child_array[2] = array_of(7, 0, 0, db, 2);
  value_array = array_of(3, 0, 0, vb, 3);
  child_array[2].dictionary = &value_array;
  child_array[3] = array_of(7, 0, 0, lb, 2);
  element_array = array_of(6, 0, 0, eb, 2);
  element_arrays[0] = &element_array;
  child_array[3].children = element_arrays;
  child_array[3].n_children = 1;
  child_array[4] = array_of(7, 0, 0, tb, 2);
  struct ArrowArray root = array_of(4, 3, 0, rb, 1);
  for (int k = 0; k < COLUMNS; k++) child_arrays[k] = &child_array[k];
  root.children = child_arrays;
  root.n_children = COLUMNS;
  return root;
}

static int give, fail_schema, fail_next; /* arrays left; errno to fail with */

static int get_schema(struct ArrowArrayStream *s, struct ArrowSchema *out) {
  (void)s;
  if (fail_schema) return fail_schema;
  *out = make_schema();
  return 0;
}

static int get_next(struct ArrowArrayStream *s, struct ArrowArray *out) {
  (void)s;
  if (fail_next) return fail_next;
  *out = give-- > 0 ? make_array() : (struct ArrowArray){0};
  return 0;
}

static const char *last_error(struct ArrowArrayStream *s) {
  (void)s;
  return "no more paper";
}

static void free_stream(struct ArrowArrayStream *s) {
  s->release = NULL;
  streams--;
}

static struct ArrowArrayStream make_stream(void) {
  streams++;
  give = 1;
  return (struct ArrowArrayStream){get_schema, get_next, last_error, free_stream, NULL};
}

static bool all_released(void) { return schemas == 0 && arrays == 0 && streams == 0; }

/* ---- reading what was given -------------------------------------------------------------------- */

static mill_batch *first_batch(mill_scan *s, mill_cursor **c) {
  static const int all[COLUMNS] = {0, 1, 2, 3, 4};
  mill_batch *b = NULL;
  *c = NULL;
  if (s->open(s, &context, all, COLUMNS, c, &err) != MILL_OK) return NULL;
  if ((*c)->seek(*c, 0, &err) != MILL_OK || (*c)->next(*c, &b, &err) != MILL_OK) return NULL;
  return b;
}

static bool text_is(const mill_vector *v, uint32_t i, const char *want) {
  const mill_str *s = (const mill_str *)v->data + mill_vector_at(v, i);
  return mill_vector_valid(v, i) && s->size == strlen(want) &&
         memcmp(mill_str_data(s), want, s->size) == 0;
}

static void test_import(void) {
  struct ArrowArrayStream in = make_stream();
  mill_scan *s = NULL;
  mill_cursor *c;
  CHECK(mill_arrow_import(&context, &settings, false, NULL, &in, &s, &err) == MILL_OK);
  CHECK(in.release == NULL && streams == 0 && schemas == 0 && arrays > 0);
  mill_batch *b = first_batch(s, &c);
  CHECK(b && b->n == 4);
  const mill_vector *v = b->col;
  CHECK(((const int32_t *)v[0].data)[1] == 14 && !mill_vector_valid(&v[0], 0));
  CHECK(!mill_vector_valid(&v[0], 1) && ((const int32_t *)v[0].data)[2] == 15);
  CHECK(text_is(&v[1], 0, "ccc") && text_is(&v[1], 2, "the longest text") == false);
  CHECK(text_is(&v[1], 2, "the longest tex") && text_is(&v[1], 3, "t"));
  CHECK(text_is(&v[2], 0, "") && text_is(&v[2], 1, "red") && text_is(&v[2], 2, "blue"));
  const mill_span *l = v[3].data;
  CHECK(l[0].size == 2 && l[1].size == 0 && l[2].size == 1 && l[3].size == 1);
  CHECK(((const int16_t *)v[3].child[0].data)[l[2].start] == 104);
  CHECK(((const uint8_t *)v[4].data)[0] == 0 && ((const uint8_t *)v[4].data)[1] == 1);
  CHECK(c->next(c, &b, &err) == MILL_OK && b == NULL);
  c->free(c);
  mill_scan_unref(s);
  CHECK(all_released());
}

static void test_refusals(void) {
  struct ArrowArrayStream in = make_stream();
  mill_scan *s = NULL;
  fail_schema = EIO;
  CHECK(mill_arrow_import(&context, &settings, false, NULL, &in, &s, &err) ==
        MILL_E_ARROW_STREAM_FAILED);
  CHECK(strstr(mill_error_message(&err), "no more paper") != NULL && all_released());
  mill_error_clear(&err);
  fail_schema = 0;
  fail_next = ENOMEM;
  in = make_stream();
  CHECK(mill_arrow_import(&context, &settings, false, NULL, &in, &s, &err) == MILL_E_OUT_OF_MEMORY);
  mill_error_clear(&err);
  fail_next = 0;
  CHECK(all_released());
  CHECK(mill_arrow_import(&context, &settings, false, NULL, &in, &s, &err) ==
        MILL_E_ARROW_STREAM_FAILED);
  mill_error_clear(&err);
}

/* A simple type has no children, whatever a producer says. */
static void test_children(void) {
  struct ArrowArrayStream in = make_stream();
  mill_scan *s = NULL;
  stray_child = true;
  CHECK(mill_arrow_import(&context, &settings, false, NULL, &in, &s, &err) ==
        MILL_E_ARROW_STREAM_FAILED);
  stray_child = false;
  CHECK(strstr(mill_error_message(&err), "children") != NULL && all_released());
  mill_error_clear(&err);
}

static void test_single(void) {
  struct ArrowArray array = make_array();
  struct ArrowSchema schema = make_schema();
  struct ArrowArrayStream in;
  mill_scan *s = NULL;
  CHECK(mill_arrow_stream_of(memory, &array, &schema, &in, &err) == MILL_OK);
  CHECK(array.release == NULL && schema.release == NULL);
  CHECK(mill_arrow_import(&context, &settings, false, NULL, &in, &s, &err) == MILL_OK &&
        s->rows == 4);
  mill_scan_unref(s);
  CHECK(all_released());
}

/* ---- handing out ------------------------------------------------------------------------------- */

static mill_table *make_table(uint32_t n) {
  mill_table *t;
  mill_arena a;
  mill_vector col[3];
  mill_field inner[] = {{"x", mill_type_of(MILL_DOUBLE), true, NULL}};
  mill_field f[] = {{"id", mill_type_of(MILL_BIGINT), false, NULL},
                    {"s", mill_type_of(MILL_STRING), true, NULL},
                    {"st", mill_type_struct(types, inner, 1), true, NULL}};
  const mill_type *schema = mill_type_struct(types, f, 3);
  mill_arena_init(&a, memory);
  if (mill_table_new(memory, schema, &t, &err) != MILL_OK) abort();
  for (int k = 0; k < 3; k++)
    if (mill_vector_init(&col[k], f[k].type, MILL_BATCH, &a, &err) != MILL_OK) abort();
  for (uint32_t i = 0; i < n; i++) {
    ((int64_t *)col[0].data)[i] = i;
    ((mill_str *)col[1].data)[i] = mill_str_view("a text that is long", i % 20);
    ((double *)col[2].child[0].data)[i] = i / 2.0;
    if (i % 10 == 0 && mill_vector_set_null(&col[1], i, &a, &err) != MILL_OK) abort();
  }
  mill_batch b = {.n = n, .ncols = 3, .col = col};
  if (mill_table_append(t, &b, &err) != MILL_OK) abort();
  mill_arena_clear(&a);
  return t;
}

static void test_export(void) {
  mill_table *t = make_table(100);
  const void *where = t->chunk[0]->col[0].data;
  struct ArrowArrayStream out;
  struct ArrowSchema schema;
  struct ArrowArray a, end;
  CHECK(mill_arrow_export(t, types, "Europe/Berlin", &out, &err) == MILL_OK);
  mill_table_unref(t);
  CHECK(out.get_schema(&out, &schema) == 0 && strcmp(schema.format, "+s") == 0);
  CHECK(schema.n_children == 3 && strcmp(schema.children[0]->format, "l") == 0);
  CHECK((schema.children[0]->flags & ARROW_FLAG_NULLABLE) == 0);
  CHECK(strcmp(schema.children[2]->children[0]->name, "x") == 0);
  CHECK(out.get_next(&out, &a) == 0 && a.length == 100 && a.n_children == 3);
  CHECK(out.get_next(&out, &end) == 0 && end.release == NULL);
  CHECK(a.children[0]->buffers[1] == where); /* where it lies */
  out.release(&out);
  struct ArrowSchema moved_schema = *schema.children[2]; /* children outlive their parents */
  schema.children[2]->release = NULL;
  schema.release(&schema);
  CHECK(schema.release == NULL && strcmp(moved_schema.children[0]->format, "g") == 0);
  moved_schema.release(&moved_schema);
  struct ArrowArray moved = *a.children[1];
  a.children[1]->release = NULL;
  a.release(&a);
  CHECK(a.release == NULL && moved.null_count == 10 && moved.n_buffers == 3);
  const int32_t *at = moved.buffers[1];
  CHECK(at[19] - at[18] == 18 && at[11] == at[10]);
  CHECK(memcmp((const char *)moved.buffers[2] + at[18], "a text that is lon", 18) == 0);
  CHECK((((const uint8_t *)moved.buffers[0])[1] & 0x0c) == 0x08);
  moved.release(&moved);
}

/* ---- memory ------------------------------------------------------------------------------------ */

/* Out and in again with allocation n failing, until none does. */
static bool round_trip(mill_table *t) {
  struct ArrowArrayStream out;
  mill_scan *s = NULL;
  if (mill_arrow_export(t, types, "UTC", &out, &err) != MILL_OK) return false;
  if (mill_arrow_import(&context, &settings, false, NULL, &out, &s, &err) != MILL_OK) return false;
  bool whole = s->rows == 100;
  mill_scan_unref(s);
  return whole;
}

static void test_failing(void) {
  mill_table *t = make_table(100);
  CHECK(round_trip(t)); /* types are interned */
  size_t used = mill_memory_read(memory).used;
  int tried = 0, leaks = 0, odd = 0;
  for (bool whole = false; !whole && tried < 1000; tried++) {
    mill_error_clear(&err);
    mill_memory_fail_at(memory, (uint64_t)tried + 1, false);
    whole = round_trip(t);
    mill_memory_fail_at(memory, 0, false);
    leaks += mill_memory_read(memory).used != used;
    odd += !whole && err.condition != MILL_E_OUT_OF_MEMORY;
  }
  CHECK(tried > 10 && tried < 1000 && leaks == 0 && odd == 0, "%d tried, %d leak, %d odd", tried,
        leaks, odd);
  mill_table_unref(t);
  for (int n = 0; n < 60; n++) { /* foreign arrays are released too */
    struct ArrowArrayStream in = make_stream();
    mill_scan *s = NULL;
    mill_memory_fail_at(memory, (uint64_t)n + 1, false);
    if (mill_arrow_import(&context, &settings, false, NULL, &in, &s, &err) == MILL_OK)
      mill_scan_unref(s);
    mill_memory_fail_at(memory, 0, false);
    mill_error_clear(&err);
    leaks += !all_released();
  }
  CHECK(leaks == 0);
}

static void test_formats(void) {
  static const char *const formats[] = {
      "n",          "b",        "c",    "C",       "s",          "S",
      "i",          "I",        "l",    "L",       "e",          "f",
      "g",          "z",        "Z",    "u",       "U",          "vz",
      "vu",         "w:4",      "tdD",  "tdm",     "tts",        "ttm",
      "ttu",        "ttn",      "tss:", "tsm:UTC", "tsu:+01:00", "tsn:Europe/Berlin",
      "tDs",        "tDu",      "tiM",  "tiD",     "tin",        "d:10,2",
      "d:76,0,256", "d:9,9,32", "+l",   "+L",      "+vl",        "+vL",
      "+w:3",       "+m",       "+s",   "+r"};
  mill_arena a;
  mill_arena_init(&a, memory);
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
    mill_arrow_type t = {0};
    CHECK(mill_arrow_parse_format(&a, formats[i], &t));
    CHECK_STR(mill_arrow_format(&a, &t), formats[i]);
  }
  static const char *const bad[] = {"",   "x",   "w:",  "w:-1", "d:1", "d:1,1,7",
                                    "tx", "tsu", "ttx", "+",    "+q"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    mill_arrow_type t = {0};
    CHECK(!mill_arrow_parse_format(&a, bad[i], &t), "%s", bad[i]);
  }
  mill_arena_clear(&a);
}

int main(void) {
  memory = mill_memory_new(0);
  types = mill_types_new(memory);
  zones = mill_zones_new(memory);
  context = (mill_context){.memory = memory, .types = types, .zones = zones};
  settings.zone = mill_zone_utc();
  mill_error_clear(&err);
  test_formats();
  test_import();
  test_refusals();
  test_children();
  test_single();
  test_export();
  test_failing();
  mill_zones_free(zones);
  mill_types_free(types);
  CHECK(mill_memory_read(memory).used == 0);
  mill_memory_free(memory);
  return check_done();
}
