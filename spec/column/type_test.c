/* Types: one pointer a type, Spark's texts, JSON both ways. */
#include "column/type.h"

#include "../check.h"
#include "base/text.h"

static mill_memory *m;
static mill_types *types;
static mill_error err;

static void want(mill_status (*f)(const mill_type *, mill_text *, mill_error *), const mill_type *t,
                 const char *expected) {
  mill_text out;
  mill_text_init(&out, m);
  CHECK(f(t, &out, &err) == MILL_OK);
  CHECK_STR(out.data, expected);
  mill_text_clear(&out);
}

static void test_interned(void) {
  CHECK(mill_type_decimal(types, 10, 2) == mill_type_decimal(types, 10, 2));
  CHECK(mill_type_decimal(types, 10, 0) == mill_type_of(MILL_DECIMAL));
  CHECK(mill_type_decimal(types, 10, 2) != mill_type_decimal(types, 11, 2));
  CHECK(mill_type_decimal(types, 19, 2)->width == 16);
  const mill_type *i = mill_type_of(MILL_INT);
  CHECK(mill_type_array(types, i, true) == mill_type_array(types, i, true));
  CHECK(mill_type_array(types, i, false) != mill_type_array(types, i, true));
  CHECK(mill_type_of(MILL_VECTOR)->fields[3].type ==
        mill_type_array(types, mill_type_of(MILL_DOUBLE), false));
  mill_field a[] = {{"a", i, true, NULL}}, b[] = {{"b", i, false, NULL}};
  const mill_type *x = mill_type_struct(types, a, 1), *y = mill_type_struct(types, b, 1);
  CHECK(x != y && !mill_type_same(x, y, true) && mill_type_same(x, y, false));
}

static const mill_type *sample(void) {
  const mill_type *s = mill_type_of(MILL_STRING);
  mill_field f[] = {
      {"a", mill_type_of(MILL_INT), false, NULL},
      {"b c", mill_type_map(types, s, mill_type_decimal(types, 5, 2), true), true, NULL},
      {"d", mill_type_array(types, mill_type_of(MILL_BIGINT), true), true, "{\"x\":1}"}};
  return mill_type_struct(types, f, 3);
}

static void test_texts(void) {
  const mill_type *t = sample();
  want(mill_type_sql, t,
       "STRUCT<a: INT NOT NULL, `b c`: MAP<STRING, DECIMAL(5,2)>, d: ARRAY<BIGINT>>");
  want(mill_type_simple, t, "struct<a:int,b c:map<string,decimal(5,2)>,d:array<bigint>>");
  want(mill_type_sql, mill_type_interval(types, MILL_INTERVAL_DT, MILL_DAY, MILL_HOUR),
       "INTERVAL DAY TO HOUR");
  want(mill_type_sql, mill_type_of(MILL_TIME), "TIME(6)");
  mill_text out;
  mill_text_init(&out, m);
  CHECK(mill_type_ddl(t, true, &out, &err) == MILL_OK);
  CHECK_STR(out.data, "a INT NOT NULL,`b c` MAP<STRING, DECIMAL(5,2)>,d ARRAY<BIGINT>");
  mill_text_clear(&out);
}

static void test_json(void) {
  const mill_type *t = sample(), *back = NULL;
  const char *json =
      "{\"type\":\"struct\",\"fields\":[{\"name\":\"a\",\"type\":\"integer\",\"nullable\":false,"
      "\"metadata\":{}},{\"name\":\"b c\",\"type\":{\"type\":\"map\",\"keyType\":\"string\","
      "\"valueType\":\"decimal(5,2)\",\"valueContainsNull\":true},\"nullable\":true,\"metadata\":{}"
      "},"
      "{\"name\":\"d\",\"type\":{\"type\":\"array\",\"elementType\":\"long\",\"containsNull\":true}"
      ","
      "\"nullable\":true,\"metadata\":{\"x\":1}}]}";
  want(mill_type_json, t, json);
  CHECK(mill_type_from_json(types, json, strlen(json), &back, &err) == MILL_OK);
  CHECK(back == t, "the same type");
  CHECK(mill_type_from_json(types, "\"nope\"", 6, &back, &err) == MILL_E_INVALID_JSON_DATA_TYPE);
}

/* Fail every allocation in turn: an error or the right answer, never a leak. */
static void test_no_memory(void) {
  for (uint64_t k = 1; k < 40; k++) {
    mill_memory *small = mill_memory_new(0);
    mill_memory_fail_at(small, k, true);
    mill_types *pool = mill_types_new(small);
    if (pool) {
      const mill_type *d = mill_type_decimal(pool, 7, 3);
      if (d) d = mill_type_array(pool, d, true);
      CHECK(d == NULL || d->fields[0].type->scale == 3);
    }
    mill_types_free(pool);
    CHECK(mill_memory_read(small).used == 0);
    mill_memory_free(small);
  }
}

int main(void) {
  m = mill_memory_new(0);
  types = mill_types_new(m);
  mill_error_clear(&err);
  test_interned();
  test_texts();
  test_json();
  test_no_memory();
  mill_types_free(types);
  CHECK(mill_memory_read(m).used == 0);
  mill_memory_free(m);
  return check_done();
}
