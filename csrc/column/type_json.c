/* Types as Spark's schema JSON, both ways; see type.h. A collated string is "string" with its
** collation in the metadata of the field it is in, under its path ("f", "f.element", "f.key"), as
** Spark writes it; CHAR and VARCHAR keep their names. */
#include <stdio.h>
#include <string.h>

#include "base/collation.h"
#include "base/json.h"
#include "column/type.h"

enum { MAX_DEPTH = 1000 };

static const char *const plain_names[MILL_TYPE_COUNT] = {
    [MILL_NULL] = "void",
    [MILL_BOOLEAN] = "boolean",
    [MILL_TINYINT] = "byte",
    [MILL_SMALLINT] = "short",
    [MILL_INT] = "integer",
    [MILL_BIGINT] = "long",
    [MILL_FLOAT] = "float",
    [MILL_DOUBLE] = "double",
    [MILL_STRING] = "string",
    [MILL_BINARY] = "binary",
    [MILL_DATE] = "date",
    [MILL_TIMESTAMP] = "timestamp",
    [MILL_TIMESTAMP_NTZ] = "timestamp_ntz",
    [MILL_INTERVAL] = "interval",
    [MILL_VARIANT] = "variant",
};

/* ---- writing -------------------------------------------------------------------------------- */

static mill_status write_json(const mill_type *t, mill_text *out, int depth, mill_error *err);

static bool collated(const mill_type *t) {
  return t->id == MILL_STRING && t->collation != MILL_UTF8_BINARY;
}

/* What lists and maps call what is in them, in paths. */
static const char *part_name(const mill_type *t, uint32_t i) {
  return t->id == MILL_ARRAY ? ".element" : i ? ".value" : ".key";
}

/* Members "path":"spark.UTF8_LCASE" for the strings in t, but for those in structs. */
static mill_status write_collations(const mill_type *t, mill_text *path, bool *any, mill_text *out,
                                    mill_error *err) {
  if (collated(t)) {
    MILL_TRY(mill_text_adds(out, *any ? "," : "{", err));
    MILL_TRY(mill_json_quote(path->data, path->size, out, err));
    *any = true;
    char name[MILL_COLLATION_NAME];
    return mill_text_printf(out, err, ":\"%s.%s\"",
                            t->collation < MILL_COLLATE_STEP ? "spark" : "icu",
                            mill_collation_name(t->collation, name));
  }
  size_t n = path->size;
  for (uint32_t i = 0; (t->id == MILL_ARRAY || t->id == MILL_MAP) && i < t->nfields; i++) {
    MILL_TRY(mill_text_adds(path, part_name(t, i), err));
    MILL_TRY(write_collations(t->fields[i].type, path, any, out, err));
    path->size = n;
  }
  return MILL_OK;
}

/* The field's own members, then the collations. */
static mill_status join_metadata(const mill_field *f, const mill_text *collations, mill_text *out,
                                 mill_error *err) {
  size_t n = f->metadata ? strlen(f->metadata) : 0;
  if (collations->size == 0) return mill_text_adds(out, n ? f->metadata : "{}", err);
  if (n > 2) MILL_TRY(mill_text_add(out, f->metadata, n - 1, err));
  MILL_TRY(mill_text_adds(out, n > 2 ? ",\"__COLLATIONS\":" : "{\"__COLLATIONS\":", err));
  MILL_TRY(mill_text_add(out, collations->data, collations->size, err));
  return mill_text_adds(out, "}}", err);
}

static mill_status write_metadata(const mill_field *f, mill_text *out, mill_error *err) {
  mill_text path, collations;
  bool any = false;
  mill_text_init(&path, out->memory);
  mill_text_init(&collations, out->memory);
  mill_status s = mill_text_adds(&path, f->name, err);
  if (s == MILL_OK) s = write_collations(f->type, &path, &any, &collations, err);
  if (s == MILL_OK) s = join_metadata(f, &collations, out, err);
  mill_text_clear(&path);
  mill_text_clear(&collations);
  return s;
}

static mill_status write_struct(const mill_type *t, mill_text *out, int depth, mill_error *err) {
  MILL_TRY(mill_text_adds(out, "{\"type\":\"struct\",\"fields\":[", err));
  for (uint32_t i = 0; i < t->nfields; i++) {
    const mill_field *f = &t->fields[i];
    MILL_TRY(mill_text_adds(out, i ? ",{\"name\":" : "{\"name\":", err));
    MILL_TRY(mill_json_quote(f->name, strlen(f->name), out, err));
    MILL_TRY(mill_text_adds(out, ",\"type\":", err));
    MILL_TRY(write_json(f->type, out, depth + 1, err));
    MILL_TRY(mill_text_adds(out, f->nullable ? ",\"nullable\":true" : ",\"nullable\":false", err));
    MILL_TRY(mill_text_adds(out, ",\"metadata\":", err));
    MILL_TRY(write_metadata(f, out, err));
    MILL_TRY(mill_text_adds(out, "}", err));
  }
  return mill_text_adds(out, "]}", err);
}

static mill_status write_list(const mill_type *t, mill_text *out, int depth, mill_error *err) {
  bool map = t->id == MILL_MAP;
  MILL_TRY(mill_text_adds(
      out, map ? "{\"type\":\"map\",\"keyType\":" : "{\"type\":\"array\",\"elementType\":", err));
  MILL_TRY(write_json(t->fields[0].type, out, depth + 1, err));
  if (map) {
    MILL_TRY(mill_text_adds(out, ",\"valueType\":", err));
    MILL_TRY(write_json(t->fields[1].type, out, depth + 1, err));
  }
  return mill_text_printf(out, err, ",\"%s\":%s}", map ? "valueContainsNull" : "containsNull",
                          t->contains_null ? "true" : "false");
}

static mill_status write_udt(const mill_type *t, mill_text *out, int depth, mill_error *err) {
  const char *name = t->id == MILL_VECTOR ? "VectorUDT" : "MatrixUDT";
  MILL_TRY(mill_text_printf(out, err,
                            "{\"type\":\"udt\",\"class\":\"org.apache.spark.ml.linalg.%s\","
                            "\"pyClass\":\"pyspark.ml.linalg.%s\",\"sqlType\":",
                            name, name));
  MILL_TRY(write_struct(t, out, depth, err));
  return mill_text_adds(out, "}", err);
}

static mill_status write_json(const mill_type *t, mill_text *out, int depth, mill_error *err) {
  if (depth > MAX_DEPTH) return mill_oom(out->memory, SIZE_MAX, err);
  switch (t->id) {
  case MILL_STRUCT: return write_struct(t, out, depth, err);
  case MILL_ARRAY:
  case MILL_MAP: return write_list(t, out, depth, err);
  case MILL_VECTOR:
  case MILL_MATRIX: return write_udt(t, out, depth, err);
  default: break;
  }
  bool plain = plain_names[t->id] && t->string_kind == MILL_PLAIN_STRING && !t->written;
  MILL_TRY(mill_text_addc(out, '"', err));
  MILL_TRY(plain ? mill_text_adds(out, plain_names[t->id], err) : mill_type_simple(t, out, err));
  return mill_text_addc(out, '"', err);
}

mill_status mill_type_json(const mill_type *t, mill_text *out, mill_error *err) {
  return write_json(t, out, 0, err);
}

/* ---- reading -------------------------------------------------------------------------------- */

typedef struct {
  mill_types *types;
  mill_arena *arena;
  mill_error *err;
} reader;

static mill_status bad_type(reader *r, const char *text) {
  return mill_fail(r->err, MILL_E_INVALID_JSON_DATA_TYPE, "invalidType", text, NULL);
}

static mill_status made(reader *r, const mill_type *t, const mill_type **out) {
  *out = t;
  return t ? MILL_OK : mill_oom(r->arena->memory, sizeof *t, r->err);
}

static bool interval_fields(const char *s, mill_type_id *id, int *start, int *end) {
  static const char *const names[][4] = {{"year", "month", NULL, NULL},
                                         {"day", "hour", "minute", "second"}};
  char text[48];
  for (int k = 0; k < 2; k++)
    for (int a = 0; a < 4 && names[k][a]; a++)
      for (int b = a; b < 4 && names[k][b]; b++) {
        if (a == b)
          snprintf(text, sizeof text, "interval %s", names[k][a]);
        else
          snprintf(text, sizeof text, "interval %s to %s", names[k][a], names[k][b]);
        if (strcmp(s, text) != 0) continue;
        *id = k ? MILL_INTERVAL_DT : MILL_INTERVAL_YM;
        *start = a;
        *end = b;
        return true;
      }
  return false;
}

static mill_status read_name(reader *r, const char *s, const mill_type **out) {
  int p = 0, scale = 0, start, end;
  mill_type_id id;
  unsigned length = 0;
  for (int k = 0; k < MILL_TYPE_COUNT; k++)
    if (plain_names[k] && strcmp(s, plain_names[k]) == 0)
      return made(r, mill_type_of((mill_type_id)k), out);
  if (strcmp(s, "decimal") == 0) return made(r, mill_type_of(MILL_DECIMAL), out);
  if (strcmp(s, "null") == 0) return made(r, mill_type_of(MILL_NULL), out);
  if (sscanf(s, "decimal(%d,%d)", &p, &scale) == 2 && p > 0 && p <= 38 && scale >= 0 && scale <= p)
    return made(r, mill_type_decimal(r->types, p, scale), out);
  if (sscanf(s, "time(%d)", &p) == 1 && p >= 0 && p <= 9)
    return made(r, mill_type_time(r->types, p), out);
  if (sscanf(s, "timestamp_ltz(%d)", &p) == 1 && p >= 7 && p <= 9)
    return made(r, mill_type_nanos(r->types, MILL_TIMESTAMP_NANOS, p), out);
  if (sscanf(s, "timestamp_ntz(%d)", &p) == 1 && p >= 7 && p <= 9)
    return made(r, mill_type_nanos(r->types, MILL_TIMESTAMP_NTZ_NANOS, p), out);
  if (strcmp(s, "geometry(any)") == 0)
    return made(r, mill_type_shape(r->types, MILL_GEOMETRY, MILL_SRID_ANY), out);
  if (strcmp(s, "geography(any)") == 0)
    return made(r, mill_type_shape(r->types, MILL_GEOGRAPHY, MILL_SRID_ANY), out);
  if (sscanf(s, "geometry(%u)", &length) == 1)
    return made(r, mill_type_shape(r->types, MILL_GEOMETRY, length), out);
  if (sscanf(s, "geography(%u)", &length) == 1)
    return made(r, mill_type_shape(r->types, MILL_GEOGRAPHY, length), out);
  if (sscanf(s, "char(%u)", &length) == 1)
    return made(r, mill_type_string(r->types, 0, MILL_CHAR, length), out);
  if (sscanf(s, "varchar(%u)", &length) == 1)
    return made(r, mill_type_string(r->types, 0, MILL_VARCHAR, length), out);
  if (strncmp(s, "string collate ", 15) == 0) {
    int collation;
    if (!mill_collation_find(s + 15, strlen(s + 15), &collation)) return bad_type(r, s);
    MILL_TRY(mill_collation_open(collation, r->err));
    return made(r, mill_type_collated(r->types, collation), out);
  }
  if (interval_fields(s, &id, &start, &end))
    return made(r, mill_type_interval(r->types, id, start, end), out);
  return bad_type(r, s);
}

static mill_status read_type(reader *r, const mill_json *j, int depth, const mill_type **out);

/* t with the collations that `names` has for the strings in it. */
static mill_status collate(reader *r, const mill_json *names, mill_text *path,
                           const mill_type **t) {
  const mill_type *part[2] = {NULL, NULL}, *old = *t;
  if (old->id == MILL_STRING) {
    const char *name = mill_json_text(names, path->data, "");
    const char *dot = strchr(name, '.');
    int id;
    if (dot == NULL || !mill_collation_find(dot + 1, strlen(dot + 1), &id)) return MILL_OK;
    MILL_TRY(mill_collation_open(id, r->err));
    return made(r, mill_type_string(r->types, id, MILL_PLAIN_STRING, 0), t);
  }
  if (old->id != MILL_ARRAY && old->id != MILL_MAP) return MILL_OK;
  size_t n = path->size;
  for (uint32_t i = 0; i < old->nfields; i++) {
    part[i] = old->fields[i].type;
    MILL_TRY(mill_text_adds(path, part_name(old, i), r->err));
    MILL_TRY(collate(r, names, path, &part[i]));
    path->size = n;
    path->data[n] = 0;
  }
  if (old->id == MILL_ARRAY)
    return made(r, mill_type_array(r->types, part[0], old->contains_null), t);
  return made(r, mill_type_map(r->types, part[0], part[1], old->contains_null), t);
}

/* The metadata without the collations, which are in the type now. */
static mill_status keep_metadata(reader *r, const mill_json *meta, mill_text *text, mill_field *f) {
  for (const mill_json *m = meta->child; m; m = m->next) {
    if (m->name_size == 12 && memcmp(m->name, "__COLLATIONS", 12) == 0) continue;
    MILL_TRY(mill_text_addc(text, text->size ? ',' : '{', r->err));
    MILL_TRY(mill_json_quote(m->name, m->name_size, text, r->err));
    MILL_TRY(mill_text_addc(text, ':', r->err));
    MILL_TRY(mill_json_write(m, text, r->err));
  }
  if (text->size == 0) return MILL_OK;
  MILL_TRY(mill_text_addc(text, '}', r->err));
  f->metadata = mill_arena_strndup(r->arena, text->data, text->size);
  return f->metadata ? MILL_OK : mill_oom(r->arena->memory, text->size, r->err);
}

static mill_status read_field(reader *r, const mill_json *j, int depth, mill_field *f) {
  const mill_json *meta = mill_json_get(j, "metadata");
  const mill_json *collations = mill_json_get(meta, "__COLLATIONS");
  const char *name = mill_json_text(j, "name", NULL);
  if (name == NULL) return bad_type(r, "a field without a name");
  f->name = name;
  f->nullable = mill_json_bool(j, "nullable", true);
  MILL_TRY(read_type(r, mill_json_get(j, "type"), depth + 1, &f->type));
  mill_text text;
  mill_text_init(&text, r->arena->memory);
  mill_status s = MILL_OK;
  if (collations) s = mill_text_adds(&text, name, r->err);
  if (collations && s == MILL_OK) s = collate(r, collations, &text, &f->type);
  mill_text_reset(&text);
  if (s == MILL_OK && meta && meta->kind == MILL_JSON_OBJECT) s = keep_metadata(r, meta, &text, f);
  mill_text_clear(&text);
  return s;
}

static mill_status read_struct(reader *r, const mill_json *j, int depth, const mill_type **out) {
  const mill_json *fields = mill_json_get(j, "fields");
  if (fields == NULL || fields->kind != MILL_JSON_ARRAY) return bad_type(r, "struct");
  mill_field *f = mill_arena_alloc(r->arena, (fields->n + 1) * sizeof *f);
  if (f == NULL) return mill_oom(r->arena->memory, fields->n * sizeof *f, r->err);
  uint32_t n = 0;
  for (const mill_json *k = fields->child; k; k = k->next)
    MILL_TRY(read_field(r, k, depth, &f[n++]));
  return made(r, mill_type_struct(r->types, f, n), out);
}

static mill_status read_object(reader *r, const mill_json *j, int depth, const mill_type **out) {
  const char *kind = mill_json_text(j, "type", "");
  const mill_type *a, *b;
  if (strcmp(kind, "struct") == 0) return read_struct(r, j, depth, out);
  if (strcmp(kind, "array") == 0) {
    MILL_TRY(read_type(r, mill_json_get(j, "elementType"), depth + 1, &a));
    return made(r, mill_type_array(r->types, a, mill_json_bool(j, "containsNull", true)), out);
  }
  if (strcmp(kind, "map") == 0) {
    MILL_TRY(read_type(r, mill_json_get(j, "keyType"), depth + 1, &a));
    MILL_TRY(read_type(r, mill_json_get(j, "valueType"), depth + 1, &b));
    bool nulls = mill_json_bool(j, "valueContainsNull", true);
    return made(r, mill_type_map(r->types, a, b, nulls), out);
  }
  if (strcmp(kind, "udt") == 0) {
    const char *name = mill_json_text(j, "class", mill_json_text(j, "pyClass", ""));
    if (strstr(name, "VectorUDT")) return made(r, mill_type_of(MILL_VECTOR), out);
    if (strstr(name, "MatrixUDT")) return made(r, mill_type_of(MILL_MATRIX), out);
    return bad_type(r, name);
  }
  return bad_type(r, kind);
}

static mill_status read_type(reader *r, const mill_json *j, int depth, const mill_type **out) {
  if (j == NULL || depth > MAX_DEPTH) return bad_type(r, "a type is missing");
  if (j->kind == MILL_JSON_OBJECT) return read_object(r, j, depth, out);
  if (j->kind == MILL_JSON_TEXT) return read_name(r, j->text, out);
  return bad_type(r, "a type is neither text nor object");
}

mill_status mill_type_from_json(mill_types *types, const char *s, size_t n, const mill_type **out,
                                mill_error *err) {
  mill_arena arena;
  mill_json *j;
  mill_arena_init(&arena, mill_types_memory(types));
  reader r = {types, &arena, err};
  mill_status status = mill_json_parse(s, n, &arena, &j, err);
  if (status == MILL_OK) status = read_type(&r, j, 0, out);
  mill_arena_clear(&arena);
  return status;
}
