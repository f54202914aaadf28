/* Generators: rows out of rows, of arrays, maps, structs and loose values. */
#include "call.h"

/* Rows [1,2], null, [3] of ARRAY<INT>. */
static mill_vector lists(void) {
  mill_vector v;
  static mill_span spans[] = {{0, 2}, {0, 0}, {2, 1}};
  static uint64_t valid[] = {5};
  v = (mill_vector){.type = mill_type_array(B.types, mill_type_of(MILL_INT), true),
                    .data = spans,
                    .valid = valid,
                    .child = column_of(mill_type_of(MILL_INT), "1;2;3"),
                    .mask = MILL_FLAT,
                    .size = 3};
  return v;
}

static void rows_of(const char *name, const mill_vector *arg, size_t n, const char *expected) {
  const mill_vector *none = NULL;
  bool nullable = true;
  const char *sql = "x";
  mill_vector out[4];
  uint32_t counts[8], total = 0;
  char got[256] = "";
  mill_binding b = {.ctx = &B.ctx,
                    .set = &B.set,
                    .name = name,
                    .nargs = 1,
                    .fn = mill_function_find(name, strlen(name)),
                    .arg_type = &arg->type,
                    .arg_value = &none,
                    .arg_nullable = &nullable,
                    .arg_sql = &sql,
                    .arena = &B.arena};
  CHECK(mill_function_bind(&b, &B.err) == MILL_OK, "%s", name);
  mill_call call = {.ctx = &B.ctx,
                    .set = &B.set,
                    .fn = b.fn,
                    .result = b.result,
                    .nargs = 1,
                    .state = b.state,
                    .arena = &B.arena,
                    .start = -1};
  for (uint32_t c = 0; c < b.result->nfields; c++)
    if (mill_vector_init(&out[c], b.result->fields[c].type, 0, &B.arena, &B.err) != MILL_OK) return;
  CHECK(b.generate(&call, &arg, n, counts, out, &B.err) == MILL_OK, "%s", name);
  for (size_t i = 0; i < n; i++) total += counts[i];
  for (uint32_t i = 0; i < total; i++)
    for (uint32_t c = 0; c < b.result->nfields; c++) {
      mill_vector one;
      if (mill_vector_constant(&one, &out[c], i, &B.arena, &B.err) != MILL_OK) return;
      size_t at = strlen(got);
      snprintf(got + at, sizeof got - at, "%s%s", c ? "," : i ? " " : "", text_of(&one));
    }
  CHECK(strcmp(got, expected) == 0, "%s: got <%s> want <%s>", name, got, expected);
}

int main(void) {
  bench_open();
  mill_vector v = lists();
  rows_of("explode", &v, 3, "1 2 3");
  rows_of("explode_outer", &v, 3, "1 2 NULL 3");
  rows_of("posexplode", &v, 3, "0,1 1,2 0,3");
  rows_of("posexplode_outer", &v, 3, "0,1 1,2 NULL,NULL 0,3");
  mill_field f[] = {{"col1", mill_type_of(MILL_INT), true, NULL},
                    {"col2", mill_type_of(MILL_STRING), true, NULL}};
  mill_vector child[2] = {*column_of(mill_type_of(MILL_INT), "1;2;3"),
                          *column_of(mill_type_of(MILL_STRING), "a;b;NULL")};
  mill_vector items = {.type = mill_type_struct(B.types, f, 2), .child = child, .mask = MILL_FLAT};
  v.type = mill_type_array(B.types, items.type, true);
  v.child = &items;
  rows_of("inline", &v, 3, "1,a 2,b 3,NULL");
  rows_of("inline_outer", &v, 3, "1,a 2,b NULL,NULL 3,NULL");
  return bench_close();
}
