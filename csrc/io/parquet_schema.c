/* See parquet_schema.h. */
#include "io/parquet_schema.h"

#include <string.h>
#include <strings.h>

#include "base/decimal.h"

#define L(kind) PARQUET_LOGICAL_##kind

/* ---- annotations ---------------------------------------------------------------------------- */

static parquet_meaning integer(int width, bool is_signed) {
  return (parquet_meaning){.kind = L(INTEGER), .width = width, .is_signed = is_signed};
}

static parquet_meaning time_of(int kind, int unit) {
  return (parquet_meaning){.kind = kind, .utc = true, .unit = unit};
}

static parquet_meaning of_converted(const parquet_element *e) {
  static const uint8_t plain[] = {[PARQUET_UTF8] = L(STRING),
                                  [PARQUET_MAP] = L(MAP),
                                  [PARQUET_MAP_KEY_VALUE] = L(MAP),
                                  [PARQUET_LIST] = L(LIST),
                                  [PARQUET_ENUM] = L(ENUM),
                                  [PARQUET_DATE] = L(DATE),
                                  [PARQUET_JSON] = L(JSON),
                                  [PARQUET_BSON] = L(BSON),
                                  [PARQUET_INTERVAL] = PARQUET_MEANS_INTERVAL};
  int32_t c = e->converted;
  if (!(e->has & THRIFT_HAS(6)) || c < 0 || c > PARQUET_INTERVAL) return (parquet_meaning){0};
  switch (c) {
  case PARQUET_DECIMAL:
    return (parquet_meaning){.kind = L(DECIMAL), .precision = e->precision, .scale = e->scale};
  case PARQUET_TIME_MILLIS: return time_of(L(TIME), PARQUET_UNIT_MILLIS);
  case PARQUET_TIME_MICROS: return time_of(L(TIME), PARQUET_UNIT_MICROS);
  case PARQUET_TIMESTAMP_MILLIS: return time_of(L(TIMESTAMP), PARQUET_UNIT_MILLIS);
  case PARQUET_TIMESTAMP_MICROS: return time_of(L(TIMESTAMP), PARQUET_UNIT_MICROS);
  default: break;
  }
  if (c >= PARQUET_UINT_8 && c <= PARQUET_UINT_64) return integer(8 << (c - PARQUET_UINT_8), false);
  if (c >= PARQUET_INT_8 && c <= PARQUET_INT_64) return integer(8 << (c - PARQUET_INT_8), true);
  return (parquet_meaning){.kind = plain[c]};
}

static int unit_of(const parquet_time *t) {
  for (int u = PARQUET_UNIT_MILLIS; u <= PARQUET_UNIT_NANOS; u++)
    if (t->unit.has & THRIFT_HAS(u)) return u;
  return 0;
}

parquet_meaning mill_parquet_meaning(const parquet_field *f) {
  const parquet_element *e = f->element;
  const parquet_logical *l = &e->logical;
  if (!(e->has & THRIFT_HAS(10)) || l->has == 0) return of_converted(e);
  parquet_meaning m = {.kind = __builtin_ctzll(l->has)};
  if (m.kind == L(UNKNOWN) && e->has & THRIFT_HAS(6)) return of_converted(e); /* INTERVAL */
  if (m.kind == L(DECIMAL)) {
    m.precision = l->decimal.precision;
    m.scale = l->decimal.scale;
  } else if (m.kind == L(TIME) || m.kind == L(TIMESTAMP)) {
    m.utc = l->time.utc;
    m.unit = unit_of(&l->time);
  } else if (m.kind == L(INTEGER)) {
    m.width = l->integer.width;
    m.is_signed = l->integer.is_signed;
  }
  return m;
}

static const char *meaning_text(parquet_meaning m, mill_error *err) {
  static const char *const names[] = {
      [L(STRING)] = "STRING",      [L(MAP)] = "MAP",         [L(LIST)] = "LIST",
      [L(ENUM)] = "ENUM",          [L(DATE)] = "DATE",       [L(UNKNOWN)] = "UNKNOWN",
      [L(JSON)] = "JSON",          [L(BSON)] = "BSON",       [L(UUID)] = "UUID",
      [L(FLOAT16)] = "FLOAT16",    [L(VARIANT)] = "VARIANT", [L(GEOMETRY)] = "GEOMETRY",
      [L(GEOGRAPHY)] = "GEOGRAPHY"};
  static const char *const units[] = {"?", "MILLIS", "MICROS", "NANOS"};
  if (m.kind == PARQUET_MEANS_INTERVAL) return "INTERVAL";
  if (m.kind == L(DECIMAL)) return mill_error_fmt(err, "DECIMAL(%d,%d)", m.precision, m.scale);
  if (m.kind == L(INTEGER))
    return mill_error_fmt(err, "INTEGER(%d,%s)", m.width, m.is_signed ? "true" : "false");
  if (m.kind == L(TIME) || m.kind == L(TIMESTAMP))
    return mill_error_fmt(err, "%s(%s,%s)", m.kind == L(TIME) ? "TIME" : "TIMESTAMP", units[m.unit],
                          m.utc ? "true" : "false");
  bool known = m.kind > 0 && m.kind <= L(GEOGRAPHY) && names[m.kind];
  return known ? names[m.kind] : "?";
}

const char *mill_parquet_type_text(const parquet_field *f, mill_error *err) {
  static const char *const names[] = {"BOOLEAN", "INT32",  "INT64",  "INT96",
                                      "FLOAT",   "DOUBLE", "BINARY", "FIXED_LEN_BYTE_ARRAY"};
  const char *name = parquet_is_leaf(f) ? names[f->element->type] : "group";
  parquet_meaning m = mill_parquet_meaning(f);
  return m.kind ? mill_error_fmt(err, "%s (%s)", name, meaning_text(m, err)) : name;
}

/* ---- shapes --------------------------------------------------------------------------------- */

static bool repeated(const parquet_field *f) { return f->element->repetition == PARQUET_REPEATED; }

bool mill_parquet_is_element(const parquet_field *list, const parquet_field *r) {
  size_t n = strlen(list->name);
  return parquet_is_leaf(r) || r->n != 1 || strcmp(r->name, "array") == 0 ||
         (strncmp(r->name, list->name, n) == 0 && strcmp(r->name + n, "_tuple") == 0);
}

const parquet_field *mill_parquet_list_of(const parquet_field *f) {
  if (parquet_is_leaf(f) || mill_parquet_meaning(f).kind != L(LIST)) return NULL;
  return f->n == 1 && repeated(&f->child[0]) ? &f->child[0] : NULL;
}

const parquet_field *mill_parquet_map_of(const parquet_field *f) {
  if (parquet_is_leaf(f) || mill_parquet_meaning(f).kind != L(MAP) || f->n != 1) return NULL;
  const parquet_field *r = &f->child[0];
  return repeated(r) && !parquet_is_leaf(r) && r->n == 2 ? r : NULL;
}

/* ---- types ---------------------------------------------------------------------------------- */

typedef struct converter {
  mill_types *types;
  const parquet_rules *rules;
  mill_error *err;
} converter;

static mill_status illegal(const converter *c, const parquet_field *f) {
  return mill_fail(c->err, MILL_E_PARQUET_TYPE_ILLEGAL, "parquetType",
                   mill_parquet_type_text(f, c->err), NULL);
}

static mill_status made(const converter *c, const mill_type *t, const mill_type **out) {
  *out = t;
  return t ? MILL_OK : mill_oom(mill_types_memory(c->types), sizeof *t, c->err);
}

static mill_status decimal(const converter *c, const parquet_field *f, parquet_meaning m,
                           const mill_type **out) {
  if (m.precision > MILL_DECIMAL_MAX)
    return mill_fail(c->err, MILL_E_DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION, "precision",
                     mill_error_fmt(c->err, "%d", m.precision), "maxPrecision", "38", NULL);
  if (m.precision < 1 || m.scale < 0 || m.scale > m.precision) return illegal(c, f);
  return made(c, mill_type_decimal(c->types, m.precision, m.scale), out);
}

static mill_status int32_type(const converter *c, const parquet_field *f, parquet_meaning m,
                              const mill_type **out) {
  mill_type_id id = MILL_INT;
  if (m.kind == L(DECIMAL)) return m.precision > 9 ? illegal(c, f) : decimal(c, f, m, out);
  if (m.kind == L(DATE))
    id = MILL_DATE;
  else if (m.kind == L(INTEGER) && m.width <= 32)
    id = m.width == 8    ? (m.is_signed ? MILL_TINYINT : MILL_SMALLINT)
         : m.width == 16 ? (m.is_signed ? MILL_SMALLINT : MILL_INT)
                         : (m.is_signed ? MILL_INT : MILL_BIGINT);
  else if (m.kind && m.kind != L(UNKNOWN))
    return illegal(c, f);
  *out = mill_type_of(id);
  return MILL_OK;
}

static mill_status int64_type(const converter *c, const parquet_field *f, parquet_meaning m,
                              const mill_type **out) {
  mill_type_id id = MILL_BIGINT;
  if (m.kind == L(DECIMAL)) return m.precision > 18 ? illegal(c, f) : decimal(c, f, m, out);
  if (m.kind == L(INTEGER) && m.width == 64 && !m.is_signed)
    return made(c, mill_type_decimal(c->types, 20, 0), out);
  if (m.kind == L(TIMESTAMP) && (m.unit == PARQUET_UNIT_MILLIS || m.unit == PARQUET_UNIT_MICROS))
    id = m.utc || !c->rules->infer_ntz ? MILL_TIMESTAMP : MILL_TIMESTAMP_NTZ;
  else if (m.kind == L(TIME) && !m.utc && m.unit == PARQUET_UNIT_MICROS)
    id = MILL_TIME;
  else if (m.kind == L(TIME) && !m.utc && m.unit == PARQUET_UNIT_NANOS)
    return made(c, mill_type_time(c->types, 9), out);
  else if (m.kind && m.kind != L(UNKNOWN) && !(m.kind == L(INTEGER) && m.width == 64) &&
           !(m.kind == L(TIMESTAMP) && c->rules->nanos_as_long))
    return illegal(c, f);
  *out = mill_type_of(id);
  return MILL_OK;
}

static mill_status bytes_type(const converter *c, const parquet_field *f, parquet_meaning m,
                              const mill_type **out) {
  bool fixed = f->element->type == PARQUET_FIXED;
  if (m.kind == L(DECIMAL)) return decimal(c, f, m, out);
  if (m.kind == PARQUET_MEANS_INTERVAL)
    return mill_fail(c->err, MILL_E_PARQUET_TYPE_NOT_SUPPORTED, "parquetType",
                     mill_parquet_type_text(f, c->err), NULL);
  if (m.kind == 0 || m.kind == L(UNKNOWN) || (m.kind == L(BSON) && !fixed) ||
      m.kind == L(GEOMETRY) || m.kind == L(GEOGRAPHY)) {
    bool text = m.kind == 0 && !fixed && c->rules->binary_as_string;
    *out = mill_type_of(text ? MILL_STRING : MILL_BINARY);
    return MILL_OK;
  }
  if (fixed || (m.kind != L(STRING) && m.kind != L(ENUM) && m.kind != L(JSON)))
    return illegal(c, f);
  *out = mill_type_of(MILL_STRING);
  return MILL_OK;
}

static mill_status leaf_type(const converter *c, const parquet_field *f, const mill_type **out) {
  parquet_meaning m = mill_parquet_meaning(f);
  switch (f->element->type) {
  case PARQUET_BOOLEAN: *out = mill_type_of(MILL_BOOLEAN); return MILL_OK;
  case PARQUET_FLOAT: *out = mill_type_of(MILL_FLOAT); return MILL_OK;
  case PARQUET_DOUBLE: *out = mill_type_of(MILL_DOUBLE); return MILL_OK;
  case PARQUET_INT96: *out = mill_type_of(MILL_TIMESTAMP); return MILL_OK;
  case PARQUET_INT32: return int32_type(c, f, m, out);
  case PARQUET_INT64: return int64_type(c, f, m, out);
  default: return bytes_type(c, f, m, out);
  }
}

static mill_status group_type(const converter *c, const parquet_field *f, const mill_type **out);

/* Of a field by itself, whether it is repeated or not. */
static mill_status type_of(const converter *c, const parquet_field *f, const mill_type **out) {
  return parquet_is_leaf(f) ? leaf_type(c, f, out) : group_type(c, f, out);
}

/* A struct's member: repeated ones are arrays. */
static mill_status member_type(const converter *c, const parquet_field *f, const mill_type **out) {
  MILL_TRY(type_of(c, f, out));
  return repeated(f) ? made(c, mill_type_array(c->types, *out, true), out) : MILL_OK;
}

static mill_status struct_type(const converter *c, const parquet_field *f, const mill_type **out) {
  mill_memory *m = mill_types_memory(c->types);
  mill_field *fields = mill_calloc(m, (f->n + 1ull) * sizeof *fields);
  if (!fields) return mill_oom(m, f->n * sizeof *fields, c->err);
  mill_status s = MILL_OK;
  for (uint32_t i = 0; i < f->n && s == MILL_OK; i++) {
    fields[i] = (mill_field){f->child[i].name, NULL, true, NULL};
    s = member_type(c, &f->child[i], &fields[i].type);
  }
  if (s == MILL_OK) s = made(c, mill_type_struct(c->types, fields, f->n), out);
  mill_free(m, fields, (f->n + 1ull) * sizeof *fields);
  return s;
}

static mill_status group_type(const converter *c, const parquet_field *f, const mill_type **out) {
  parquet_meaning m = mill_parquet_meaning(f);
  const parquet_field *r;
  const mill_type *key, *value;
  if (m.kind == L(VARIANT)) {
    *out = mill_type_of(MILL_VARIANT);
    return MILL_OK;
  }
  if (m.kind == L(LIST)) {
    r = mill_parquet_list_of(f);
    if (!r) return illegal(c, f);
    if (mill_parquet_is_element(f, r))
      MILL_TRY(type_of(c, r, &value));
    else
      MILL_TRY(member_type(c, &r->child[0], &value));
    return made(c, mill_type_array(c->types, value, true), out);
  }
  if (m.kind == L(MAP)) {
    r = mill_parquet_map_of(f);
    if (!r) return illegal(c, f);
    MILL_TRY(member_type(c, &r->child[0], &key));
    MILL_TRY(member_type(c, &r->child[1], &value));
    return made(c, mill_type_map(c->types, key, value, true), out);
  }
  return m.kind ? illegal(c, f) : struct_type(c, f, out);
}

mill_status mill_parquet_group(mill_types *types, const parquet_field *f, const parquet_rules *r,
                               const mill_type **out, mill_error *err) {
  converter c = {types, r, err};
  return struct_type(&c, f, out);
}

/* ---- Spark's own schema --------------------------------------------------------------------- */

/* The same type with everything in it nullable. */
static mill_status nullable(const converter *c, const mill_type *t, const mill_type **out) {
  mill_memory *m = mill_types_memory(c->types);
  *out = t;
  if (t->id != MILL_ARRAY && t->id != MILL_MAP && t->id != MILL_STRUCT) return MILL_OK;
  mill_field *f = mill_calloc(m, (t->nfields + 1ull) * sizeof *f);
  if (!f) return mill_oom(m, t->nfields * sizeof *f, c->err);
  mill_status s = MILL_OK;
  for (uint32_t i = 0; i < t->nfields && s == MILL_OK; i++) {
    f[i] = t->fields[i];
    f[i].nullable = true;
    s = nullable(c, t->fields[i].type, &f[i].type);
  }
  if (s == MILL_OK)
    s = made(c,
             t->id == MILL_ARRAY ? mill_type_array(c->types, f[0].type, true)
             : t->id == MILL_MAP ? mill_type_map(c->types, f[0].type, f[1].type, true)
                                 : mill_type_struct(c->types, f, t->nfields),
             out);
  mill_free(m, f, (t->nfields + 1ull) * sizeof *f);
  return s;
}

mill_status mill_parquet_schema(mill_types *types, const parquet_footer *f, const parquet_rules *r,
                                const mill_type **out, mill_error *err) {
  const thrift_bytes *own = mill_parquet_key(f, "org.apache.spark.sql.parquet.row.metadata");
  converter c = {types, r, err};
  const mill_type *t = NULL;
  if (own && own->n) {
    mill_status s = mill_type_from_json(types, own->p, own->n, &t, err);
    if (s == MILL_E_OUT_OF_MEMORY) return s;
    if (s == MILL_OK && t->id == MILL_STRUCT) return nullable(&c, t, out);
    if (err) mill_error_clear(err);
  }
  return struct_type(&c, f->root, out);
}

/* ---- merging -------------------------------------------------------------------------------- */

static mill_status merge(const converter *c, const mill_type *a, const mill_type *b,
                         const mill_type **out);

static uint32_t find(const converter *c, const mill_type *t, const char *name) {
  for (uint32_t i = 0; i < t->nfields; i++)
    if ((c->rules->case_sensitive ? strcmp : strcasecmp)(t->fields[i].name, name) == 0) return i;
  return UINT32_MAX;
}

static mill_status merge_structs(const converter *c, const mill_type *a, const mill_type *b,
                                 const mill_type **out) {
  mill_memory *m = mill_types_memory(c->types);
  size_t bytes = ((size_t)a->nfields + b->nfields + 1) * sizeof(mill_field);
  mill_field *f = mill_calloc(m, bytes);
  if (!f) return mill_oom(m, bytes, c->err);
  mill_status s = MILL_OK;
  uint32_t n = a->nfields;
  for (uint32_t i = 0; i < n && s == MILL_OK; i++) {
    uint32_t k = find(c, b, a->fields[i].name);
    f[i] = a->fields[i];
    if (k != UINT32_MAX) s = merge(c, f[i].type, b->fields[k].type, &f[i].type);
  }
  for (uint32_t i = 0; i < b->nfields; i++)
    if (find(c, a, b->fields[i].name) == UINT32_MAX) f[n++] = b->fields[i];
  if (s == MILL_OK) s = made(c, mill_type_struct(c->types, f, n), out);
  mill_free(m, f, bytes);
  return s;
}

static mill_status merge(const converter *c, const mill_type *a, const mill_type *b,
                         const mill_type **out) {
  const mill_type *key, *value;
  *out = a;
  if (a == b || b->id == MILL_NULL) return MILL_OK;
  if (a->id == MILL_NULL) {
    *out = b;
    return MILL_OK;
  }
  if (a->id == MILL_STRUCT && b->id == MILL_STRUCT) return merge_structs(c, a, b, out);
  if (a->id == MILL_ARRAY && b->id == MILL_ARRAY) {
    MILL_TRY(merge(c, a->fields[0].type, b->fields[0].type, &value));
    return made(c, mill_type_array(c->types, value, true), out);
  }
  if (a->id == MILL_MAP && b->id == MILL_MAP) {
    MILL_TRY(merge(c, a->fields[0].type, b->fields[0].type, &key));
    MILL_TRY(merge(c, a->fields[1].type, b->fields[1].type, &value));
    return made(c, mill_type_map(c->types, key, value, true), out);
  }
  if (a->id == MILL_DECIMAL && b->id == MILL_DECIMAL && a->scale == b->scale) {
    *out = a->precision > b->precision ? a : b;
    return MILL_OK;
  }
  return mill_fail(c->err, MILL_E_CANNOT_MERGE_SCHEMAS, "left", "", "right", "", NULL);
}

mill_status mill_parquet_merge(mill_types *types, const mill_type *a, const mill_type *b,
                               bool case_sensitive, const mill_type **out, mill_error *err) {
  parquet_rules rules = {.case_sensitive = case_sensitive};
  converter c = {types, &rules, err};
  mill_status s = merge(&c, a, b, out);
  if (s != MILL_E_CANNOT_MERGE_SCHEMAS || !err) return s;
  mill_text x, y;
  mill_text_init(&x, mill_types_memory(types));
  mill_text_init(&y, mill_types_memory(types));
  mill_error_clear(err);
  s = mill_type_ddl(a, false, &x, err);
  if (s == MILL_OK) s = mill_type_ddl(b, false, &y, err);
  if (s == MILL_OK)
    s = mill_fail(err, MILL_E_CANNOT_MERGE_SCHEMAS, "left", x.data ? x.data : "", "right",
                  y.data ? y.data : "", NULL);
  mill_text_clear(&x);
  mill_text_clear(&y);
  return s;
}
