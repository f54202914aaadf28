/* Spark's types as a Parquet schema: ParquetWriteSupport and SparkToParquetSchemaConverter of Spark 4.3.
**
** Lists and maps have three levels; with writeLegacyFormat they are as Spark 1.4 wrote them, and
** decimals are FIXED values. What Parquet has no type for is told by the key-value metadata, which hold
** Spark's schema: Spark and we get the very types back. */
#include <stdlib.h>

#include "base/json.h"
#include "io/parquet_encode.h"
#include "io/parquet_write_int.h"

enum { LEVELS_MAX = 200 };

typedef struct builder {
  mill_encoder *e;
  parquet_plan *p;
  mill_error *err;
  parquet_step *step; /* from the column down to the node at hand */
  thrift_bytes *name;
  uint32_t nsteps, nnames;
  uint8_t def, rep;
  int column;
} builder;

static void *take(builder *b, size_t n, size_t item) {
  return mill_arena_alloc(&b->e->arena, (n ? n : 1) * item);
}

static mill_status oom(builder *b) { return mill_oom(b->e->memory, 1024, b->err); }

static thrift_bytes text_of(const char *s) { return (thrift_bytes){s, (uint32_t)strlen(s)}; }

/* ---- leaves --------------------------------------------------------------------------------- */

static void set_type(parquet_element *x, parquet_write_leaf *l, int32_t physical, uint32_t width,
                     parquet_convert convert, parquet_ordering order) {
  x->has |= THRIFT_HAS(1);
  x->type = l->physical = physical;
  l->width = width;
  l->convert = convert;
  l->order = order;
  if (physical != PARQUET_FIXED) return;
  x->has |= THRIFT_HAS(2);
  x->type_length = (int32_t)width;
}

static void annotate(parquet_element *x, int logical) {
  x->has |= THRIFT_HAS(10);
  x->logical.has = THRIFT_HAS(logical);
}

static void convert_as(parquet_element *x, int32_t converted) {
  x->has |= THRIFT_HAS(6);
  x->converted = converted;
}

static void set_integer(parquet_element *x, parquet_write_leaf *l, int8_t width,
                        int32_t converted) {
  set_type(x, l, PARQUET_INT32, 4, PARQUET_AS_INT32, PARQUET_ORDER_SIGNED);
  convert_as(x, converted);
  annotate(x, PARQUET_LOGICAL_INTEGER);
  x->logical.integer = (parquet_integer){THRIFT_HAS(1) | THRIFT_HAS(2), width, true};
}

/* Bytes of the smallest two's complement that holds all of so many digits. */
static uint32_t bytes_of_digits(int precision) {
  mill_u128 most = (mill_u128)mill_pow10(precision) - 1;
  uint32_t n = 1;
  while (n < 16 && most >> (8 * n - 1) != 0) n++;
  return n;
}

static void set_decimal(const parquet_plan *p, parquet_element *x, parquet_write_leaf *l) {
  const mill_type *t = l->type;
  if (t->precision <= 9 && !p->legacy)
    set_type(x, l, PARQUET_INT32, 4, PARQUET_AS_INT32, PARQUET_ORDER_SIGNED);
  else if (t->precision <= 18 && !p->legacy)
    set_type(x, l, PARQUET_INT64, 8, PARQUET_AS_WORD, PARQUET_ORDER_SIGNED);
  else
    set_type(x, l, PARQUET_FIXED, bytes_of_digits(t->precision), PARQUET_AS_FIXED,
             PARQUET_ORDER_DECIMAL);
  x->has |= THRIFT_HAS(7) | THRIFT_HAS(8);
  x->scale = t->scale;
  x->precision = t->precision;
  convert_as(x, PARQUET_DECIMAL);
  annotate(x, PARQUET_LOGICAL_DECIMAL);
  x->logical.decimal = (parquet_decimal){THRIFT_HAS(1) | THRIFT_HAS(2), t->scale, t->precision};
}

static void set_time(parquet_element *x, parquet_write_leaf *l, parquet_convert convert,
                     int logical, bool utc, int unit) {
  set_type(x, l, PARQUET_INT64, 8, convert, PARQUET_ORDER_SIGNED);
  annotate(x, logical);
  x->logical.time = (parquet_time){THRIFT_HAS(1) | THRIFT_HAS(2), utc, {THRIFT_HAS(unit)}};
}

static void set_timestamp(const parquet_plan *p, parquet_element *x, parquet_write_leaf *l) {
  l->rebase = p->timestamp_unit ? p->rebase : p->rebase_int96;
  if (p->timestamp_unit == 0) {
    set_type(x, l, PARQUET_INT96, 12, PARQUET_AS_INT96, PARQUET_ORDER_NONE);
    return;
  }
  bool millis = p->timestamp_unit == PARQUET_UNIT_MILLIS;
  set_time(x, l, millis ? PARQUET_AS_MILLIS : PARQUET_AS_WORD, PARQUET_LOGICAL_TIMESTAMP, true,
           p->timestamp_unit);
  convert_as(x, millis ? PARQUET_TIMESTAMP_MILLIS : PARQUET_TIMESTAMP_MICROS);
  if (l->rebase != PARQUET_CORRECTED && !millis) l->convert = PARQUET_AS_REBASED;
}

static void set_leaf(const parquet_plan *p, parquet_element *x, parquet_write_leaf *l) {
  switch (l->type->id) {
  case MILL_NULL:
    set_type(x, l, PARQUET_BOOLEAN, 1, PARQUET_AS_NOTHING, PARQUET_ORDER_SIGNED);
    annotate(x, PARQUET_LOGICAL_UNKNOWN);
    return;
  case MILL_BOOLEAN:
    set_type(x, l, PARQUET_BOOLEAN, 1, PARQUET_AS_WORD, PARQUET_ORDER_SIGNED);
    return;
  case MILL_TINYINT: set_integer(x, l, 8, PARQUET_INT_8); return;
  case MILL_SMALLINT: set_integer(x, l, 16, PARQUET_INT_16); return;
  case MILL_DATE:
    l->rebase = p->rebase;
    convert_as(x, PARQUET_DATE);
    annotate(x, PARQUET_LOGICAL_DATE);
    /* fall through */
  case MILL_INT:
  case MILL_INTERVAL_YM:
    set_type(x, l, PARQUET_INT32, 4, PARQUET_AS_INT32, PARQUET_ORDER_SIGNED);
    return;
  case MILL_FLOAT: set_type(x, l, PARQUET_FLOAT, 4, PARQUET_AS_WORD, PARQUET_ORDER_FLOAT); return;
  case MILL_DOUBLE: set_type(x, l, PARQUET_DOUBLE, 8, PARQUET_AS_WORD, PARQUET_ORDER_FLOAT); return;
  case MILL_DECIMAL: set_decimal(p, x, l); return;
  case MILL_STRING:
    convert_as(x, PARQUET_UTF8);
    annotate(x, PARQUET_LOGICAL_STRING);
    /* fall through */
  case MILL_BINARY:
    set_type(x, l, PARQUET_BYTE_ARRAY, 0, PARQUET_AS_BYTES, PARQUET_ORDER_BYTES);
    return;
  case MILL_TIMESTAMP: set_timestamp(p, x, l); return;
  case MILL_TIMESTAMP_NTZ:
    set_time(x, l, PARQUET_AS_WORD, PARQUET_LOGICAL_TIMESTAMP, false, PARQUET_UNIT_MICROS);
    return;
  case MILL_TIME: /* Spark's end at microseconds; those of other files need not */
    if (l->type->precision > 6)
      set_time(x, l, PARQUET_AS_WORD, PARQUET_LOGICAL_TIME, false, PARQUET_UNIT_NANOS);
    else
      set_time(x, l, PARQUET_AS_MICROS, PARQUET_LOGICAL_TIME, false, PARQUET_UNIT_MICROS);
    return;
  default: /* BIGINT, INTERVAL_DT */
    set_type(x, l, PARQUET_INT64, 8, PARQUET_AS_WORD, PARQUET_ORDER_SIGNED);
  }
}

/* ---- nodes ---------------------------------------------------------------------------------- */

/* A node of the schema: a column, a field, or what is inside a list or map. */
typedef struct node {
  const char *name;
  const mill_type *type;
  bool nullable, repeated; /* repeated: the level of a list that writes its elements themselves */
  const char *metadata;
} node;

static mill_status put_node(builder *b, const node *n);

static parquet_element *put_element(builder *b, const char *name, int32_t repetition) {
  parquet_element *x = &b->p->element[b->p->nelements++];
  x->has = THRIFT_HAS(3) | THRIFT_HAS(4);
  x->repetition = repetition;
  x->name = text_of(name);
  return x;
}

static void set_children(parquet_element *x, uint32_t n) {
  x->has |= THRIFT_HAS(5);
  x->children = (int32_t)n;
}

/* parquet.field.id of the field's metadata. */
static mill_status set_field_id(builder *b, const node *n, parquet_element *x) {
  mill_json *j = NULL;
  mill_arena a;
  if (!b->p->field_ids || n->metadata == NULL || strstr(n->metadata, "parquet.field.id") == NULL)
    return MILL_OK;
  mill_arena_init(&a, b->e->memory);
  mill_status s = mill_json_parse(n->metadata, strlen(n->metadata), &a, &j, b->err);
  const mill_json *id = s == MILL_OK ? mill_json_get(j, "parquet.field.id") : NULL;
  if (id && id->kind == MILL_JSON_INTEGER) {
    x->has |= THRIFT_HAS(9);
    x->field_id = (int32_t)strtol(id->text, NULL, 10);
  }
  mill_arena_clear(&a);
  return s;
}

static mill_status put_leaf(builder *b, const node *n, parquet_element *x) {
  parquet_write_leaf *l = &b->p->leaf[b->p->nleaves++];
  parquet_step *step = take(b, b->nsteps + 1, sizeof *step);
  l->path = take(b, b->nnames, sizeof *l->path);
  if (step == NULL || l->path == NULL) return oom(b);
  memcpy(step, b->step, b->nsteps * sizeof *step);
  step[b->nsteps] = (parquet_step){PARQUET_STEP_END, n->nullable, 0, 0, 0};
  memcpy(l->path, b->name, b->nnames * sizeof *l->path);
  l->npath = b->nnames;
  l->column = b->column;
  l->step = step;
  l->type = n->type;
  l->max_def = (uint8_t)(b->def + n->nullable);
  l->max_rep = b->rep;
  set_leaf(b->p, x, l);
  return mill_parquet_leaf_options(b->e, b->p, l, b->err);
}

static mill_status put_fields(builder *b, const node *n, parquet_element *x) {
  const mill_type *t = n->type;
  set_children(x, t->nfields);
  if (t->id == MILL_VARIANT) {
    annotate(x, PARQUET_LOGICAL_VARIANT);
    x->logical.variant = (parquet_variant){THRIFT_HAS(1), 1};
  }
  b->def = (uint8_t)(b->def + n->nullable);
  for (uint32_t i = 0; i < t->nfields; i++) {
    const mill_field *f = &t->fields[i];
    bool variant = t->id == MILL_VARIANT;
    node child = {f->name, f->type, f->nullable && !variant, false, f->metadata};
    b->step[b->nsteps++] = (parquet_step){PARQUET_STEP_FIELD, n->nullable, i, 0, 0};
    MILL_TRY(put_node(b, &child));
    b->nsteps--;
  }
  b->def = (uint8_t)(b->def - n->nullable);
  return MILL_OK;
}

/* What stands between a list and its elements: a repeated group, or nothing in the old form. */
static mill_status put_list(builder *b, const node *n, parquet_element *x) {
  const mill_type *t = n->type;
  bool map = t->id == MILL_MAP, old = b->p->legacy && !map, bare = old && !t->contains_null;
  uint8_t def = (uint8_t)(b->def + n->nullable), outer = b->def;
  convert_as(x, map ? PARQUET_MAP : PARQUET_LIST);
  annotate(x, map ? PARQUET_LOGICAL_MAP : PARQUET_LOGICAL_LIST);
  set_children(x, 1);
  if (!bare) {
    const char *name = map ? "key_value" : old ? "bag" : "list";
    parquet_element *middle = put_element(b, name, PARQUET_REPEATED);
    set_children(middle, t->nfields);
    if (map && b->p->legacy) convert_as(middle, PARQUET_MAP_KEY_VALUE);
    b->name[b->nnames++] = text_of(name);
  }
  b->def = (uint8_t)(def + 1);
  b->rep++;
  for (uint32_t i = 0; i < t->nfields; i++) {
    node child = {map   ? t->fields[i].name
                  : old ? "array"
                        : "element",
                  t->fields[i].type, t->contains_null && (!map || i == 1), bare, NULL};
    b->step[b->nsteps++] = (parquet_step){PARQUET_STEP_LIST, n->nullable, i, b->def, b->rep};
    MILL_TRY(put_node(b, &child));
    b->nsteps--;
  }
  b->rep--;
  b->def = outer;
  if (!bare) b->nnames--;
  return MILL_OK;
}

static mill_status put_node(builder *b, const node *given) {
  node n = *given;
  const mill_type *t = n.type;
  if (b->def > LEVELS_MAX)
    return mill_fail(b->err, MILL_E_NOT_IMPLEMENTED, "feature",
                     "Writing columns to Parquet that nest deeper than 200 levels", NULL);
  if (t->id == MILL_NULL && !n.repeated) n.nullable = true;
  parquet_element *x = put_element(b, n.name,
                                   n.repeated   ? PARQUET_REPEATED
                                   : n.nullable ? PARQUET_OPTIONAL
                                                : PARQUET_REQUIRED);
  MILL_TRY(set_field_id(b, &n, x));
  b->name[b->nnames++] = text_of(n.name);
  mill_status s = t->phys == MILL_PHYS_LIST     ? put_list(b, &n, x)
                  : t->phys == MILL_PHYS_STRUCT ? put_fields(b, &n, x)
                                                : put_leaf(b, &n, x);
  b->nnames--;
  return s;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static void count(const mill_type *t, uint32_t depth, uint32_t *nodes, uint32_t *deepest) {
  *nodes += t->phys == MILL_PHYS_LIST ? 2 : 1;
  if (depth > *deepest) *deepest = depth;
  for (uint32_t i = 0; i < t->nfields; i++) count(t->fields[i].type, depth + 1, nodes, deepest);
}

static mill_status put_key(builder *b, const char *key, const char *value, size_t n) {
  char *own = mill_arena_strndup(&b->e->arena, value, n);
  if (own == NULL) return oom(b);
  b->p->key_value[b->p->nkey_values++] =
      (parquet_key_value){THRIFT_HAS(1) | THRIFT_HAS(2), text_of(key), {own, (uint32_t)n}};
  return MILL_OK;
}

static mill_status put_keys(builder *b) {
  mill_text json;
  const parquet_plan *p = b->p;
  mill_text_init(&json, b->e->memory);
  mill_status s = mill_type_json(b->e->schema, &json, b->err);
  if (s == MILL_OK)
    s = put_key(b, "org.apache.spark.sql.parquet.row.metadata", json.data, json.size);
  mill_text_clear(&json);
  MILL_TRY(s);
  MILL_TRY(put_key(b, "org.apache.spark.version", "4.3.0", 5));
  bool dates = p->rebase == PARQUET_LEGACY, int96 = p->rebase_int96 == PARQUET_LEGACY;
  if (dates) MILL_TRY(put_key(b, "org.apache.spark.legacyDateTime", "", 0));
  if (int96) MILL_TRY(put_key(b, "org.apache.spark.legacyINT96", "", 0));
  if (!dates && !int96) return MILL_OK;
  const char *zone = p->settings->zone_name;
  return put_key(b, "org.apache.spark.timeZone", zone, strlen(zone));
}

mill_status mill_parquet_write_schema(mill_encoder *e, parquet_plan *p, mill_error *err) {
  builder b = {.e = e, .p = p, .err = err};
  uint32_t nodes = 0, deepest = 0;
  count(e->schema, 0, &nodes, &deepest);
  p->element = take(&b, nodes, sizeof *p->element);
  p->leaf = take(&b, nodes, sizeof *p->leaf);
  p->key_value = take(&b, 5, sizeof *p->key_value);
  b.step = take(&b, deepest + 1, sizeof *b.step);
  b.name = take(&b, 2 * ((size_t)deepest + 1), sizeof *b.name);
  if (!p->element || !p->leaf || !p->key_value || !b.step || !b.name) return oom(&b);
  parquet_element *root = put_element(&b, "spark_schema", PARQUET_REQUIRED);
  root->has = THRIFT_HAS(4) | THRIFT_HAS(5);
  set_children(root, e->schema->nfields);
  for (uint32_t i = 0; i < e->schema->nfields; i++) {
    const mill_field *f = &e->schema->fields[i];
    b.column = (int)i;
    node n = {f->name, f->type, f->nullable, false, f->metadata};
    MILL_TRY(put_node(&b, &n));
  }
  return put_keys(&b);
}
