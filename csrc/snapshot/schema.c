/* Schemas that meet: rows of two may stand in one table when names and types agree. Where they differ
** in what may be null, everything may be. */
#include "snapshot/table_int.h"

static mill_status cannot_merge(const mill_type *a, const mill_type *b, mill_memory *m,
                                mill_error *err) {
  mill_text x, y;
  mill_text_init(&x, m);
  mill_text_init(&y, m);
  mill_status s = mill_type_simple(a, &x, err);
  if (s == MILL_OK) s = mill_type_simple(b, &y, err);
  if (s == MILL_OK)
    s = mill_fail(err, MILL_E_CANNOT_MERGE_SCHEMAS, "left", x.data, "right", y.data, NULL);
  mill_text_clear(&x);
  mill_text_clear(&y);
  return s;
}

static const mill_type *nullable(mill_types *types, const mill_type *t, mill_arena *a);

static const mill_type *nullable_struct(mill_types *types, const mill_type *t, mill_arena *a) {
  mill_field *f = mill_arena_alloc(a, (t->nfields + 1) * sizeof *f);
  if (!f) return NULL;
  for (uint32_t i = 0; i < t->nfields; i++) {
    f[i] = t->fields[i];
    f[i].nullable = true;
    f[i].type = nullable(types, f[i].type, a);
    if (!f[i].type) return NULL;
  }
  return mill_type_struct(types, f, t->nfields);
}

static const mill_type *nullable(mill_types *types, const mill_type *t, mill_arena *a) {
  if (t->id == MILL_STRUCT) return nullable_struct(types, t, a);
  if (t->id != MILL_ARRAY && t->id != MILL_MAP) return t;
  const mill_type *first = nullable(types, t->fields[0].type, a);
  if (!first || t->id == MILL_ARRAY) return first ? mill_type_array(types, first, true) : NULL;
  const mill_type *second = nullable(types, t->fields[1].type, a);
  return second ? mill_type_map(types, first, second, true) : NULL;
}

mill_status mill_snapshot_merge(mill_types *types, const mill_type *a, const mill_type *b,
                                const mill_type **out, mill_error *err) {
  mill_memory *m = mill_types_memory(types);
  *out = a;
  if (a == b) return MILL_OK;
  if (!mill_type_same(a, b, true)) return cannot_merge(a, b, m, err);
  mill_arena arena;
  mill_arena_init(&arena, m);
  *out = nullable(types, a, &arena);
  mill_arena_clear(&arena);
  return *out ? MILL_OK : mill_oom(m, 1024, err);
}
