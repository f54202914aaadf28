/* Arrow's schemas in FlatBuffers, both ways (format/Schema.fbs of Arrow). */
#include "io/arrow_int.h"

enum { /* fields of Field */
       F_NAME,
       F_NULLABLE,
       F_TYPE_TYPE,
       F_TYPE,
       F_DICTIONARY,
       F_CHILDREN,
       F_METADATA,
};

enum { /* members of the union Type */
       T_NULL = 1,
       T_INT,
       T_FLOAT,
       T_BINARY,
       T_UTF8,
       T_BOOL,
       T_DECIMAL,
       T_DATE,
       T_TIME,
       T_TIMESTAMP,
       T_INTERVAL,
       T_LIST,
       T_STRUCT,
       T_UNION,
       T_FIXED_BINARY,
       T_FIXED_LIST,
       T_MAP,
       T_DURATION,
       T_LARGE_BINARY,
       T_LARGE_UTF8,
       T_LARGE_LIST,
       T_RUN_END,
       T_BINARY_VIEW,
       T_UTF8_VIEW,
       T_LIST_VIEW,
       T_LARGE_LIST_VIEW,
};

static const char SPARK_KEY[] = "org.apache.spark.sql.parquet.row.metadata";

/* ---- reading -------------------------------------------------------------------------------- */

typedef struct reading {
  const mill_arrow_reader *r;
  uint32_t fields;
  bool oom;
  mill_error *err;
} reading;

static mill_status corrupt(const reading *p, const char *reason) {
  return mill_arrow_corrupt(p->r, reason, p->err);
}

static uint8_t unit_of(int64_t unit) { return unit >= 0 && unit <= 3 ? (uint8_t)(unit * 3) : 0; }

static bool is_int_width(int64_t w) { return w == 8 || w == 16 || w == 32 || w == 64; }

static const char *number(io_flat_table t, int64_t kind, mill_arrow_type *out) {
  if (kind == T_INT) {
    int64_t width = mill_flat_int(t, 0, 4, 0);
    out->kind = MILL_ARROW_INT;
    out->width = (uint16_t)width;
    out->is_signed = mill_flat_int(t, 1, 1, 0) != 0;
    return is_int_width(width) ? NULL : "an integer of an odd width";
  }
  if (kind == T_FLOAT) {
    int64_t precision = mill_flat_int(t, 0, 2, 0);
    out->kind = MILL_ARROW_FLOAT;
    out->width = (uint16_t)(16 << (precision & 3));
    return precision >= 0 && precision <= 2 ? NULL : "a float of an odd width";
  }
  int64_t width = mill_flat_int(t, 2, 4, 128);
  out->kind = MILL_ARROW_DECIMAL;
  out->precision = (int)mill_flat_int(t, 0, 4, 0);
  out->scale = (int)mill_flat_int(t, 1, 4, 0);
  out->width = (uint16_t)width;
  static const int most[] = {9, 18, 38, 76};
  int k = width == 32 ? 0 : width == 64 ? 1 : width == 128 ? 2 : width == 256 ? 3 : -1;
  return k >= 0 && out->precision >= 1 && out->precision <= most[k] ? NULL
                                                                    : "a decimal of an odd width";
}

static const char *temporal(reading *p, io_flat_table t, int64_t kind, mill_arrow_type *out) {
  int64_t unit = mill_flat_int(t, 0, 2, kind == T_TIMESTAMP || kind == T_INTERVAL ? 0 : 1);
  out->width = 64;
  out->unit = unit_of(unit);
  switch (kind) {
  case T_DATE:
    out->kind = MILL_ARROW_DATE;
    if (unit == 0) out->width = 32;
    break;
  case T_TIME:
    out->kind = MILL_ARROW_TIME;
    if (unit < 2) out->width = 32;
    if (mill_flat_int(t, 1, 4, 32) != out->width) return "a time of an odd width";
    break;
  case T_TIMESTAMP:
    out->kind = MILL_ARROW_TIMESTAMP;
    out->zone = mill_flat_text(t, 1, p->r->arena, &p->oom);
    if (out->zone && !*out->zone) out->zone = NULL;
    break;
  case T_DURATION: out->kind = MILL_ARROW_DURATION; break;
  default:
    out->kind = MILL_ARROW_INTERVAL;
    out->width = unit == 0 ? 32 : unit == 1 ? 64 : 128;
    break;
  }
  return unit >= 0 && unit <= (kind == T_DATE       ? 1
                               : kind == T_INTERVAL ? 2
                                                    : 3)
             ? NULL
             : "an unknown unit";
}

static const char *bytes(io_flat_table t, int64_t kind, mill_arrow_type *out) {
  out->text = kind == T_UTF8 || kind == T_LARGE_UTF8 || kind == T_UTF8_VIEW;
  out->width = kind == T_LARGE_BINARY || kind == T_LARGE_UTF8 ? 64 : 32;
  out->kind = MILL_ARROW_BYTES;
  if (kind == T_BINARY_VIEW || kind == T_UTF8_VIEW) out->kind = MILL_ARROW_BYTES_VIEW;
  if (kind != T_FIXED_BINARY) return NULL;
  out->kind = MILL_ARROW_BYTES_FIXED;
  out->size = (int32_t)mill_flat_int(t, 0, 4, 0);
  return out->size >= 0 ? NULL : "a negative size";
}

static const char *nested(io_flat_table t, int64_t kind, mill_arrow_type *out) {
  out->width = kind == T_LARGE_LIST || kind == T_LARGE_LIST_VIEW ? 64 : 32;
  switch (kind) {
  case T_LIST:
  case T_LARGE_LIST: out->kind = MILL_ARROW_LIST; break;
  case T_LIST_VIEW:
  case T_LARGE_LIST_VIEW: out->kind = MILL_ARROW_LIST_VIEW; break;
  case T_MAP: out->kind = MILL_ARROW_MAP; break;
  case T_STRUCT: out->kind = MILL_ARROW_STRUCT; break;
  case T_RUN_END: out->kind = MILL_ARROW_RUN_END; break;
  case T_FIXED_LIST:
    out->kind = MILL_ARROW_LIST_FIXED;
    out->size = (int32_t)mill_flat_int(t, 0, 4, 0);
    return out->size >= 0 ? NULL : "a negative size";
  default: /* a union: types, and the offsets of a dense one */
    out->kind = MILL_ARROW_UNKNOWN;
    out->other = "union";
    out->size = mill_flat_int(t, 0, 2, 0) == 1 ? 2 : 1;
    break;
  }
  return NULL;
}

static const char *type_of(reading *p, io_flat_table t, int64_t kind, mill_arrow_type *out) {
  switch (kind) {
  case T_NULL: out->kind = MILL_ARROW_NULL; return NULL;
  case T_BOOL:
    out->kind = MILL_ARROW_BOOL;
    out->width = 1;
    return NULL;
  case T_INT:
  case T_FLOAT:
  case T_DECIMAL: return number(t, kind, out);
  case T_DATE:
  case T_TIME:
  case T_TIMESTAMP:
  case T_INTERVAL:
  case T_DURATION: return temporal(p, t, kind, out);
  case T_BINARY:
  case T_UTF8:
  case T_LARGE_BINARY:
  case T_LARGE_UTF8:
  case T_BINARY_VIEW:
  case T_UTF8_VIEW:
  case T_FIXED_BINARY: return bytes(t, kind, out);
  case T_LIST:
  case T_STRUCT:
  case T_UNION:
  case T_FIXED_LIST:
  case T_MAP:
  case T_LARGE_LIST:
  case T_RUN_END:
  case T_LIST_VIEW:
  case T_LARGE_LIST_VIEW: return nested(t, kind, out);
  default: return "a type that is not known";
  }
}

/* How many children each kind must have; -1: any number. */
static const char *wrong_children(const mill_arrow_type *t) {
  const mill_arrow_type *c = t->child;
  switch (t->kind) {
  case MILL_ARROW_STRUCT:
  case MILL_ARROW_UNKNOWN: return NULL;
  case MILL_ARROW_MAP:
    return t->nchildren == 1 && c->kind == MILL_ARROW_STRUCT && c->nchildren == 2 && !c->index_width
               ? NULL
               : "a map without key and value";
  case MILL_ARROW_LIST:
  case MILL_ARROW_LIST_VIEW:
  case MILL_ARROW_LIST_FIXED: return t->nchildren == 1 ? NULL : "a list without elements";
  case MILL_ARROW_RUN_END:
    return t->nchildren == 2 && c->kind == MILL_ARROW_INT && c->is_signed && c->width > 8 &&
                   !c->index_width
               ? NULL
               : "malformed runs";
  default: return t->nchildren == 0 ? NULL : "a simple type with children";
  }
}

static const char *read_encoding(io_flat_table field, mill_arrow_type *out) {
  io_flat_table d = mill_flat_sub(field, F_DICTIONARY);
  if (d.at == 0) return NULL;
  io_flat_table index = mill_flat_sub(d, 1);
  int64_t width = index.at ? mill_flat_int(index, 0, 4, 0) : 32;
  out->dictionary = mill_flat_int(d, 0, 8, 0);
  out->index_width = (uint8_t)width;
  out->index_signed = index.at == 0 || mill_flat_int(index, 1, 1, 0) != 0;
  return is_int_width(width) ? NULL : "a dictionary's index of an odd width";
}

/* The value of a key of a list of pairs; NULL: it has none. */
static const char *value_of(reading *p, io_flat_vector pairs, const char *key) {
  for (uint32_t i = 0; i < pairs.n && !p->oom; i++) {
    io_flat_table pair = mill_flat_element(pairs, i);
    const char *k = mill_flat_text(pair, 0, p->r->arena, &p->oom);
    if (k && strcmp(k, key) == 0) return mill_flat_text(pair, 1, p->r->arena, &p->oom);
  }
  return NULL;
}

static mill_status read_fields(reading *p, io_flat_vector v, int depth, mill_arrow_type *out);

static mill_status read_field(reading *p, io_flat_table t, int depth, mill_arrow_type *out) {
  int64_t kind = mill_flat_int(t, F_TYPE_TYPE, 1, 0);
  if (++p->fields > MILL_ARROW_FIELDS) return corrupt(p, "more than 100000 fields");
  out->name = mill_flat_text(t, F_NAME, p->r->arena, &p->oom);
  if (out->name == NULL) out->name = "";
  out->nullable = mill_flat_int(t, F_NULLABLE, 1, 0) != 0;
  const char *mark = value_of(p, mill_flat_list(t, F_METADATA, 4), "variant");
  out->variant = mark && strcmp(mark, "true") == 0;
  const char *wrong = type_of(p, mill_flat_sub(t, F_TYPE), kind, out);
  if (!wrong) wrong = read_encoding(t, out);
  if (wrong) return corrupt(p, wrong);
  if (p->oom) return mill_oom(p->r->arena->memory, 64, p->err);
  MILL_TRY(read_fields(p, mill_flat_list(t, F_CHILDREN, 4), depth + 1, out));
  wrong = wrong_children(out);
  return wrong ? corrupt(p, wrong) : MILL_OK;
}

static mill_status read_fields(reading *p, io_flat_vector v, int depth, mill_arrow_type *out) {
  if (depth > MILL_ARROW_DEPTH) return corrupt(p, "types nest deeper than 200 levels");
  if (v.n > MILL_ARROW_FIELDS) return corrupt(p, "more than 100000 fields");
  out->child = mill_arena_alloc(p->r->arena, ((size_t)v.n + 1) * sizeof *out->child);
  if (out->child == NULL) return mill_oom(p->r->arena->memory, v.n * sizeof *out->child, p->err);
  out->nchildren = v.n;
  for (uint32_t i = 0; i < v.n; i++) {
    MILL_TRY(read_field(p, mill_flat_element(v, i), depth, &out->child[i]));
    if (v.flat->bad) return corrupt(p, "malformed metadata");
  }
  return MILL_OK;
}

mill_status mill_arrow_read_schema(const mill_arrow_reader *r, io_flat_table schema,
                                   mill_arrow_type *out, const char **spark, mill_error *err) {
  reading p = {r, 0, false, err};
  int64_t big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
  *out = (mill_arrow_type){.kind = MILL_ARROW_STRUCT};
  if (schema.at == 0) return corrupt(&p, "it has no schema");
  if (mill_flat_int(schema, 0, 2, 0) != big)
    return mill_fail(err, MILL_E_NOT_IMPLEMENTED, "feature",
                     "Reading Arrow data of the other byte order", NULL);
  MILL_TRY(read_fields(&p, mill_flat_list(schema, 1, 4), 0, out));
  *spark = value_of(&p, mill_flat_list(schema, 2, 4), SPARK_KEY);
  if (p.oom) return mill_oom(r->arena->memory, 64, err);
  return schema.flat->bad ? corrupt(&p, "malformed metadata") : MILL_OK;
}

/* ---- building ------------------------------------------------------------------------------- */

static uint32_t table_of(io_flat_builder *b, const int64_t *value, const int *width, int n) {
  mill_flat_begin(b);
  for (int i = 0; i < n; i++) mill_flat_set_int(b, i, value[i], width[i]);
  return mill_flat_end(b);
}

/* The type's own table; *kind is its place in the union. */
static uint32_t build_type(io_flat_builder *b, const mill_arrow_type *t, int *kind) {
  static const int int_widths[] = {4, 1}, decimal_widths[] = {4, 4, 4}, unit_widths[] = {2, 4};
  int64_t unit = t->unit / 3;
  uint32_t zone;
  switch (t->kind) {
  case MILL_ARROW_INT:
    *kind = T_INT;
    return table_of(b, (int64_t[]){t->width, t->is_signed}, int_widths, 2);
  case MILL_ARROW_FLOAT:
    *kind = T_FLOAT;
    return table_of(b, (int64_t[]){t->width == 32 ? 1 : 2}, unit_widths, 1);
  case MILL_ARROW_DECIMAL:
    *kind = T_DECIMAL;
    return table_of(b, (int64_t[]){t->precision, t->scale, t->width}, decimal_widths, 3);
  case MILL_ARROW_DATE: *kind = T_DATE; return table_of(b, (int64_t[]){0}, unit_widths, 1);
  case MILL_ARROW_TIME:
    *kind = T_TIME;
    return table_of(b, (int64_t[]){unit, t->width}, unit_widths, 2);
  case MILL_ARROW_TIMESTAMP:
    *kind = T_TIMESTAMP;
    zone = t->zone ? mill_flat_put_text(b, t->zone) : 0;
    mill_flat_begin(b);
    mill_flat_set_ref(b, 1, zone);
    mill_flat_set_int(b, 0, unit, 2);
    return mill_flat_end(b);
  case MILL_ARROW_DURATION: *kind = T_DURATION; return table_of(b, &unit, unit_widths, 1);
  case MILL_ARROW_INTERVAL:
    *kind = T_INTERVAL;
    return table_of(b, (int64_t[]){t->width == 32 ? 0 : 2}, unit_widths, 1);
  default:
    *kind = t->kind == MILL_ARROW_NULL     ? T_NULL
            : t->kind == MILL_ARROW_BOOL   ? T_BOOL
            : t->kind == MILL_ARROW_LIST   ? T_LIST
            : t->kind == MILL_ARROW_MAP    ? T_MAP
            : t->kind == MILL_ARROW_STRUCT ? T_STRUCT
            : t->text                      ? T_UTF8
                                           : T_BINARY;
    return table_of(b, NULL, NULL, 0);
  }
}

/* A list of one pair. */
static uint32_t build_pairs(io_flat_builder *b, const char *key, const char *value) {
  uint32_t k = mill_flat_put_text(b, key), v = mill_flat_put_text(b, value);
  mill_flat_begin(b);
  mill_flat_set_ref(b, 0, k);
  mill_flat_set_ref(b, 1, v);
  uint32_t pair = mill_flat_end(b);
  return mill_flat_put_refs(b, &pair, 1);
}

static uint32_t build_fields(io_flat_builder *b, const mill_arrow_type *t);

static uint32_t build_field(io_flat_builder *b, const mill_arrow_type *t) {
  int kind;
  uint32_t pairs = t->variant ? build_pairs(b, "variant", "true") : 0;
  uint32_t children = build_fields(b, t);
  uint32_t name = mill_flat_put_text(b, t->name ? t->name : "");
  uint32_t type = build_type(b, t, &kind);
  mill_flat_begin(b);
  mill_flat_set_ref(b, F_NAME, name);
  mill_flat_set_ref(b, F_TYPE, type);
  mill_flat_set_ref(b, F_CHILDREN, children);
  mill_flat_set_ref(b, F_METADATA, pairs);
  mill_flat_set_int(b, F_TYPE_TYPE, kind, 1);
  mill_flat_set_int(b, F_NULLABLE, t->nullable, 1);
  return mill_flat_end(b);
}

static uint32_t build_fields(io_flat_builder *b, const mill_arrow_type *t) {
  size_t bytes = ((size_t)t->nchildren + 1) * sizeof(uint32_t);
  uint32_t *ref = mill_alloc(b->memory, bytes), out = 0;
  if (ref == NULL) {
    if (b->status == MILL_OK) b->status = mill_oom(b->memory, bytes, b->err);
    return 0;
  }
  for (uint32_t i = 0; i < t->nchildren; i++) ref[i] = build_field(b, &t->child[i]);
  out = mill_flat_put_refs(b, ref, t->nchildren);
  mill_free(b->memory, ref, bytes);
  return out;
}

uint32_t mill_arrow_build_schema(io_flat_builder *b, const mill_arrow_type *fields,
                                 const char *spark) {
  uint32_t list = build_fields(b, fields), pairs = spark ? build_pairs(b, SPARK_KEY, spark) : 0;
  mill_flat_begin(b);
  mill_flat_set_ref(b, 2, pairs);
  mill_flat_set_ref(b, 1, list);
  mill_flat_set_int(b, 0, __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__, 2);
  return mill_flat_end(b);
}
