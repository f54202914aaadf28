/* The pool of interned types; see type.h. Texts are in type_text.c, JSON in type_json.c.
**
** Types without parameters are static. The rest live in the pool's arena and are found through a
** chained hash table over their contents; parts of a type are interned before it, so contents
** compare by pointer except for names and metadata. One mutex guards the table. */
#include "column/type.h"

#include <pthread.h>
#include <string.h>

typedef struct entry {
  mill_type type; /* first: a type's address is its entry's */
  struct entry *next;
  uint64_t hash;
} entry;

struct mill_types {
  int refs; /* atomic */
  mill_memory *memory;
  mill_arena arena;
  pthread_mutex_t lock;
  entry **slot;
  size_t nslots, count; /* nslots is a power of two */
};

/* ---- static types --------------------------------------------------------------------------- */

#define PLAIN(ID, PHYS, WIDTH) [ID] = {.id = ID, .phys = PHYS, .width = WIDTH}

static const mill_type plain[MILL_TYPE_COUNT];

static const mill_type int_array;
static const mill_type double_array;
static const mill_field int_element[] = {{"element", &plain[MILL_INT], false, NULL}};
static const mill_field double_element[] = {{"element", &plain[MILL_DOUBLE], false, NULL}};
static const mill_type int_array = {
    .id = MILL_ARRAY, .phys = MILL_PHYS_LIST, .width = 8, .nfields = 1, .fields = int_element};
static const mill_type double_array = {
    .id = MILL_ARRAY, .phys = MILL_PHYS_LIST, .width = 8, .nfields = 1, .fields = double_element};

static const mill_field variant_fields[] = {{"value", &plain[MILL_BINARY], false, NULL},
                                            {"metadata", &plain[MILL_BINARY], false, NULL}};
static const mill_field vector_fields[] = {{"type", &plain[MILL_TINYINT], false, NULL},
                                           {"size", &plain[MILL_INT], true, NULL},
                                           {"indices", &int_array, true, NULL},
                                           {"values", &double_array, true, NULL}};
static const mill_field matrix_fields[] = {{"type", &plain[MILL_TINYINT], false, NULL},
                                           {"numRows", &plain[MILL_INT], false, NULL},
                                           {"numCols", &plain[MILL_INT], false, NULL},
                                           {"colPtrs", &int_array, true, NULL},
                                           {"rowIndices", &int_array, true, NULL},
                                           {"values", &double_array, true, NULL},
                                           {"isTransposed", &plain[MILL_BOOLEAN], false, NULL}};

static const mill_type plain[MILL_TYPE_COUNT] = {
    PLAIN(MILL_NULL, MILL_PHYS_NONE, 0),
    PLAIN(MILL_BOOLEAN, MILL_PHYS_BOOL, 1),
    PLAIN(MILL_TINYINT, MILL_PHYS_I8, 1),
    PLAIN(MILL_SMALLINT, MILL_PHYS_I16, 2),
    PLAIN(MILL_INT, MILL_PHYS_I32, 4),
    PLAIN(MILL_BIGINT, MILL_PHYS_I64, 8),
    PLAIN(MILL_FLOAT, MILL_PHYS_F32, 4),
    PLAIN(MILL_DOUBLE, MILL_PHYS_F64, 8),
    [MILL_DECIMAL] = {.id = MILL_DECIMAL, .phys = MILL_PHYS_I64, .width = 8, .precision = 10},
    PLAIN(MILL_STRING, MILL_PHYS_STR, 16),
    PLAIN(MILL_BINARY, MILL_PHYS_STR, 16),
    PLAIN(MILL_DATE, MILL_PHYS_I32, 4),
    PLAIN(MILL_TIMESTAMP, MILL_PHYS_I64, 8),
    PLAIN(MILL_TIMESTAMP_NTZ, MILL_PHYS_I64, 8),
    [MILL_TIME] = {.id = MILL_TIME, .phys = MILL_PHYS_I64, .width = 8, .precision = 6},
    [MILL_TIMESTAMP_NANOS] = {.id = MILL_TIMESTAMP_NANOS,
                              .phys = MILL_PHYS_I128,
                              .width = 16,
                              .precision = 9},
    [MILL_TIMESTAMP_NTZ_NANOS] = {.id = MILL_TIMESTAMP_NTZ_NANOS,
                                  .phys = MILL_PHYS_I128,
                                  .width = 16,
                                  .precision = 9},
    [MILL_INTERVAL_YM] = {.id = MILL_INTERVAL_YM,
                          .phys = MILL_PHYS_I32,
                          .width = 4,
                          .start = MILL_YEAR,
                          .end = MILL_MONTH},
    [MILL_INTERVAL_DT] = {.id = MILL_INTERVAL_DT,
                          .phys = MILL_PHYS_I64,
                          .width = 8,
                          .start = MILL_DAY,
                          .end = MILL_SECOND},
    PLAIN(MILL_INTERVAL, MILL_PHYS_INTERVAL, 16),
    [MILL_VARIANT] = {.id = MILL_VARIANT,
                      .phys = MILL_PHYS_STRUCT,
                      .nfields = 2,
                      .fields = variant_fields},
    [MILL_VECTOR] = {.id = MILL_VECTOR,
                     .phys = MILL_PHYS_STRUCT,
                     .nfields = 4,
                     .fields = vector_fields},
    [MILL_MATRIX] = {.id = MILL_MATRIX,
                     .phys = MILL_PHYS_STRUCT,
                     .nfields = 7,
                     .fields = matrix_fields},
    [MILL_GEOMETRY] = {.id = MILL_GEOMETRY,
                       .phys = MILL_PHYS_STR,
                       .width = 16,
                       .length = MILL_SRID_NONE},
    [MILL_GEOGRAPHY] = {.id = MILL_GEOGRAPHY,
                        .phys = MILL_PHYS_STR,
                        .width = 16,
                        .length = MILL_SRID_EARTH},
};

const mill_type *mill_type_of(mill_type_id id) { return &plain[id]; }

/* ---- the pool ------------------------------------------------------------------------------- */

mill_types *mill_types_new(mill_memory *m) {
  mill_types *types = mill_calloc(m, sizeof *types);
  if (types == NULL) return NULL;
  types->memory = m;
  types->refs = 1;
  mill_arena_init(&types->arena, m);
  if (pthread_mutex_init(&types->lock, NULL) != 0) {
    mill_free(m, types, sizeof *types);
    return NULL;
  }
  return types;
}

mill_types *mill_types_ref(mill_types *types) {
  __atomic_add_fetch(&types->refs, 1, __ATOMIC_RELAXED);
  return types;
}

void mill_types_free(mill_types *types) {
  if (types == NULL || __atomic_sub_fetch(&types->refs, 1, __ATOMIC_ACQ_REL) != 0) return;
  mill_memory *m = types->memory;
  pthread_mutex_destroy(&types->lock);
  mill_free(m, types->slot, types->nslots * sizeof *types->slot);
  mill_arena_clear(&types->arena);
  mill_free(m, types, sizeof *types);
}

mill_memory *mill_types_memory(const mill_types *types) { return types->memory; }

static uint64_t fold(uint64_t h, uint64_t x) {
  h = (h ^ x) * 0x9e3779b97f4a7c15ull;
  return h ^ (h >> 29);
}

static uint64_t fold_text(uint64_t h, const char *s) {
  if (s == NULL) return fold(h, 1);
  for (; *s; s++) h = fold(h, (unsigned char)*s);
  return fold(h, 2);
}

static uint64_t hash_type(const mill_type *t) {
  uint64_t h = fold(t->id, (uint64_t)t->precision << 32 | t->scale);
  h = fold(h, (uint64_t)t->start << 8 | t->end);
  h = fold(h, (uint64_t)t->collation << 16 | (uint64_t)t->written << 8 | t->string_kind);
  h = fold(h, (uint64_t)t->length << 1 | t->contains_null);
  for (uint32_t i = 0; i < t->nfields; i++) {
    const mill_field *f = &t->fields[i];
    h = fold(fold_text(h, f->name), (uint64_t)(uintptr_t)f->type);
    h = fold_text(fold(h, f->nullable), f->metadata);
  }
  return h;
}

static bool same_text(const char *a, const char *b) {
  return a == b || (a && b && strcmp(a, b) == 0);
}

static bool identical(const mill_type *a, const mill_type *b) {
  if (a->id != b->id || a->precision != b->precision || a->scale != b->scale ||
      a->start != b->start || a->end != b->end || a->collation != b->collation ||
      a->written != b->written || a->string_kind != b->string_kind || a->length != b->length ||
      a->contains_null != b->contains_null || a->nfields != b->nfields)
    return false;
  for (uint32_t i = 0; i < a->nfields; i++) {
    const mill_field *f = &a->fields[i], *g = &b->fields[i];
    if (f->type != g->type || f->nullable != g->nullable || strcmp(f->name, g->name) != 0 ||
        !same_text(f->metadata, g->metadata))
      return false;
  }
  return true;
}

static bool grow_slots(mill_types *types) {
  size_t n = types->nslots ? types->nslots * 2 : 64;
  entry **slot = mill_calloc(types->memory, n * sizeof *slot);
  if (slot == NULL) return types->nslots != 0; /* fuller chains will do */
  for (size_t i = 0; i < types->nslots; i++)
    for (entry *e = types->slot[i], *next; e; e = next) {
      next = e->next;
      e->next = slot[e->hash & (n - 1)];
      slot[e->hash & (n - 1)] = e;
    }
  mill_free(types->memory, types->slot, types->nslots * sizeof *slot);
  types->slot = slot;
  types->nslots = n;
  return true;
}

/* A copy of the fields whose names and metadata belong to the pool. */
static const mill_field *own_fields(mill_types *types, const mill_field *f, uint32_t n) {
  mill_field *out = mill_arena_alloc(&types->arena, n * sizeof *out);
  for (uint32_t i = 0; out && i < n; i++) {
    out[i] = f[i];
    out[i].name = mill_arena_strndup(&types->arena, f[i].name, strlen(f[i].name));
    if (f[i].metadata)
      out[i].metadata = mill_arena_strndup(&types->arena, f[i].metadata, strlen(f[i].metadata));
    if (out[i].name == NULL || (f[i].metadata && out[i].metadata == NULL)) return NULL;
  }
  return out;
}

static const mill_type *add(mill_types *types, const mill_type *t, uint64_t h) {
  if (types->count >= types->nslots && !grow_slots(types)) return NULL;
  entry *e = mill_arena_alloc(&types->arena, sizeof *e);
  if (e == NULL) return NULL;
  e->type = *t;
  e->hash = h;
  if (t->nfields) {
    e->type.fields = own_fields(types, t->fields, t->nfields);
    if (e->type.fields == NULL) return NULL;
  }
  e->next = types->slot[h & (types->nslots - 1)];
  types->slot[h & (types->nslots - 1)] = e;
  types->count++;
  return &e->type;
}

static const mill_type *intern(mill_types *types, const mill_type *t) {
  uint64_t h = hash_type(t);
  const mill_type *found = NULL;
  pthread_mutex_lock(&types->lock);
  entry *e = types->nslots ? types->slot[h & (types->nslots - 1)] : NULL;
  for (; e && !found; e = e->next)
    if (e->hash == h && identical(&e->type, t)) found = &e->type;
  if (found == NULL) found = add(types, t, h);
  pthread_mutex_unlock(&types->lock);
  return found;
}

/* ---- constructors --------------------------------------------------------------------------- */

const mill_type *mill_type_decimal(mill_types *types, int precision, int scale) {
  if (precision == 10 && scale == 0) return &plain[MILL_DECIMAL];
  mill_type t = plain[MILL_DECIMAL];
  t.precision = (uint8_t)precision;
  t.scale = (uint8_t)scale;
  if (precision > 18) {
    t.phys = MILL_PHYS_I128;
    t.width = 16;
  }
  return intern(types, &t);
}

const mill_type *mill_type_string(mill_types *types, int collation, int kind, uint32_t length) {
  if (collation == MILL_UTF8_BINARY && kind == MILL_PLAIN_STRING) return &plain[MILL_STRING];
  mill_type t = plain[MILL_STRING];
  t.collation = (uint16_t)collation;
  t.string_kind = (uint8_t)kind;
  t.length = kind == MILL_PLAIN_STRING ? 0 : length;
  return intern(types, &t);
}

const mill_type *mill_type_collated(mill_types *types, int collation) {
  if (collation != MILL_UTF8_BINARY)
    return mill_type_string(types, collation, MILL_PLAIN_STRING, 0);
  mill_type t = plain[MILL_STRING];
  t.written = true;
  return intern(types, &t);
}

const mill_type *mill_type_time(mill_types *types, int precision) {
  mill_type t = plain[MILL_TIME];
  if (precision == t.precision) return &plain[MILL_TIME];
  t.precision = (uint8_t)precision;
  return intern(types, &t);
}

const mill_type *mill_type_nanos(mill_types *types, mill_type_id id, int precision) {
  mill_type t = plain[id];
  if (precision == t.precision) return &plain[id];
  t.precision = (uint8_t)precision;
  return intern(types, &t);
}

const mill_type *mill_type_shape(mill_types *types, mill_type_id id, uint32_t srid) {
  mill_type t = plain[id];
  if (srid == t.length) return &plain[id];
  t.length = srid;
  return intern(types, &t);
}

const mill_type *mill_type_interval(mill_types *types, mill_type_id id, int start, int end) {
  mill_type t = plain[id];
  if (start == t.start && end == t.end) return &plain[id];
  t.start = (uint8_t)start;
  t.end = (uint8_t)end;
  return intern(types, &t);
}

const mill_type *mill_type_array(mill_types *types, const mill_type *element, bool contains_null) {
  if (!contains_null && element == &plain[MILL_INT]) return &int_array;
  if (!contains_null && element == &plain[MILL_DOUBLE]) return &double_array;
  mill_field f = {"element", element, contains_null, NULL};
  mill_type t = {.id = MILL_ARRAY,
                 .phys = MILL_PHYS_LIST,
                 .width = sizeof(uint64_t),
                 .contains_null = contains_null,
                 .nfields = 1,
                 .fields = &f};
  return intern(types, &t);
}

const mill_type *mill_type_map(mill_types *types, const mill_type *key, const mill_type *value,
                               bool contains_null) {
  mill_field f[2] = {{"key", key, false, NULL}, {"value", value, contains_null, NULL}};
  mill_type t = {.id = MILL_MAP,
                 .phys = MILL_PHYS_LIST,
                 .width = sizeof(uint64_t),
                 .contains_null = contains_null,
                 .nfields = 2,
                 .fields = f};
  return intern(types, &t);
}

const mill_type *mill_type_struct(mill_types *types, const mill_field *fields, uint32_t n) {
  mill_type t = {.id = MILL_STRUCT, .phys = MILL_PHYS_STRUCT, .nfields = n, .fields = fields};
  return intern(types, &t);
}

static bool same(const mill_type *a, const mill_type *b, bool names, int depth) {
  if (a == b) return true;
  if (a->id != b->id || a->nfields != b->nfields || depth > 1000) return false;
  if (a->precision != b->precision || a->scale != b->scale || a->start != b->start ||
      a->end != b->end || a->collation != b->collation || a->string_kind != b->string_kind ||
      a->length != b->length)
    return false;
  for (uint32_t i = 0; i < a->nfields; i++) {
    if (names && strcmp(a->fields[i].name, b->fields[i].name) != 0) return false;
    if (!same(a->fields[i].type, b->fields[i].type, names, depth + 1)) return false;
  }
  return true;
}

bool mill_type_holds(const mill_type *t, mill_type_id id) {
  for (uint32_t i = 0; i < t->nfields; i++)
    if (mill_type_holds(t->fields[i].type, id)) return true;
  return t->id == id;
}

bool mill_type_same(const mill_type *a, const mill_type *b, bool names) {
  return same(a, b, names, 0);
}
