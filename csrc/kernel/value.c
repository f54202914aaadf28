/* A value as text, as CAST AS STRING gives it and as a SQL literal: see cast.h. */
#include "base/number.h"
#include "kernel/cast_int.h"
#include "kernel/variant_int.h"

enum { MAX_DEPTH = 1000 };

static mill_status put(value_printer *p, const char *s) {
  return mill_text_adds(p->out, s, p->err);
}

static mill_status print(value_printer *p, const mill_vector *v, size_t i, int depth);

static mill_status print_item(value_printer *p, const mill_vector *v, size_t i, int depth) {
  if (v->type->id == MILL_NULL || !mill_vector_valid(v, i)) return put(p, "null");
  return print(p, v, i, depth + 1);
}

static mill_status print_list(value_printer *p, const mill_vector *v, size_t i, int depth) {
  mill_span s = ((const mill_span *)v->data)[mill_vector_at(v, i)];
  bool map = v->type->id == MILL_MAP;
  MILL_TRY(put(p, map ? "{" : "["));
  for (uint32_t k = 0; k < s.size; k++) {
    if (k) MILL_TRY(put(p, ", "));
    MILL_TRY(print_item(p, &v->child[0], s.start + k, depth));
    if (!map) continue;
    MILL_TRY(put(p, " -> "));
    MILL_TRY(print_item(p, &v->child[1], s.start + k, depth));
  }
  return put(p, map ? "}" : "]");
}

static mill_status print_bare_list(value_printer *p, const mill_vector *v, uint32_t k, int depth) {
  mill_span s = ((const mill_span *)v->data)[mill_vector_at(v, k)];
  MILL_TRY(put(p, "["));
  for (uint32_t i = 0; i < s.size; i++) {
    if (i) MILL_TRY(put(p, ","));
    MILL_TRY(print(p, &v->child[0], s.start + i, depth + 1));
  }
  return put(p, "]");
}

/* ML vectors as their classes print them: [1.0,2.0] or (size,[indices],[values]). */
static mill_status print_vector(value_printer *p, const mill_vector *v, uint32_t k, int depth) {
  const mill_vector *c = v->child;
  bool dense = ((const int8_t *)c[0].data)[mill_vector_at(&c[0], k)] == 1;
  if (dense) return print_bare_list(p, &c[3], k, depth);
  int32_t size = ((const int32_t *)c[1].data)[mill_vector_at(&c[1], k)];
  MILL_TRY(mill_text_printf(p->out, p->err, "(%d,", (int)size));
  MILL_TRY(print_bare_list(p, &c[2], k, depth));
  MILL_TRY(put(p, ","));
  MILL_TRY(print_bare_list(p, &c[3], k, depth));
  return put(p, ")");
}

/* A variant that is a text without quotes, a scalar as its cast prints it, others as JSON; inside other
** values always JSON, in UTC. */
static mill_status print_variant(value_printer *p, const mill_vector *v, size_t i, int depth) {
  mill_variant one = mill_variant_at(v, i);
  mill_variant_item x;
  const mill_zone *zone = depth ? mill_zone_utc() : mill_session_zone(p->set);
  if (!mill_variant_read(&one, &x)) return mill_variant_fail(&one, p->err);
  if (depth || x.kind >= MILL_VARIANT_ARRAY) return mill_variant_json(&one, zone, p->out, p->err);
  return mill_variant_plain(&x, zone, p->out, p->err);
}

mill_status mill_value_json(const mill_settings *set, const mill_vector *v, size_t i,
                            mill_text *out, mill_error *err) {
  mill_variant one = mill_variant_at(v, i);
  if (!mill_variant_valid(&one)) return mill_variant_fail(&one, err);
  return mill_variant_json(&one, mill_session_zone(set), out, err);
}

static mill_status print_struct(value_printer *p, const mill_vector *v, size_t i, int depth) {
  uint32_t k = mill_vector_at(v, i);
  if (v->type->id == MILL_VARIANT) return print_variant(p, v, i, depth);
  if (v->type->id == MILL_VECTOR) return print_vector(p, v, k, depth);
  MILL_TRY(put(p, "{"));
  for (uint32_t c = 0; c < v->type->nfields; c++) {
    if (c) MILL_TRY(put(p, ", "));
    MILL_TRY(print_item(p, &v->child[c], k, depth));
  }
  return put(p, "}");
}

static mill_status print_number(value_printer *p, const mill_vector *v, uint32_t k) {
  char buf[MILL_DECIMAL_TEXT];
  switch (v->type->id) {
  case MILL_FLOAT: mill_float_text(((const float *)v->data)[k], buf); break;
  case MILL_DOUBLE: mill_double_text(((const double *)v->data)[k], buf); break;
  case MILL_DECIMAL: mill_decimal_format(mill_int_at(v, k), v->type->scale, buf); break;
  default: mill_int_text((int64_t)mill_int_at(v, k), buf); break;
  }
  return put(p, buf);
}

/* What no cast prints, in a row that is printed: the bytes that st_asbinary gives. */
static mill_status print_shape(value_printer *p, const mill_str *s) {
  for (uint32_t i = MILL_SHAPE_HEAD; i < s->size; i++)
    MILL_TRY(mill_text_printf(p->out, p->err, "%02X", (unsigned char)mill_str_data(s)[i]));
  return MILL_OK;
}

static mill_status print_atom(value_printer *p, const mill_vector *v, uint32_t k) {
  switch (v->type->id) {
  case MILL_BOOLEAN: return put(p, ((const uint8_t *)v->data)[k] ? "true" : "false");
  case MILL_STRING:
  case MILL_BINARY: {
    const mill_str *s = (const mill_str *)v->data + k;
    return mill_text_add(p->out, mill_str_data(s), s->size, p->err);
  }
  case MILL_DATE:
  case MILL_TIMESTAMP:
  case MILL_TIMESTAMP_NTZ:
  case MILL_TIME: return mill_print_datetime(p, v->type, (int64_t)mill_int_at(v, k));
  case MILL_TIMESTAMP_NANOS:
  case MILL_TIMESTAMP_NTZ_NANOS:
    return mill_print_nanos(p, v->type, ((const mill_i128 *)v->data)[k]);
  case MILL_GEOMETRY:
  case MILL_GEOGRAPHY: return print_shape(p, (const mill_str *)v->data + k);
  case MILL_INTERVAL_YM:
  case MILL_INTERVAL_DT: return mill_print_interval(p, v->type, (int64_t)mill_int_at(v, k));
  case MILL_INTERVAL: return mill_print_calendar(p, (const mill_interval *)v->data + k);
  default: return print_number(p, v, k);
  }
}

static mill_status print(value_printer *p, const mill_vector *v, size_t i, int depth) {
  if (depth > MAX_DEPTH) return put(p, "...");
  switch (v->type->phys) {
  case MILL_PHYS_NONE: return put(p, "NULL");
  case MILL_PHYS_LIST: return print_list(p, v, i, depth);
  case MILL_PHYS_STRUCT: return print_struct(p, v, i, depth);
  default: {
    mill_vector flat = *v; /* addressed by the value's own index from here on */
    uint32_t k = mill_vector_at(v, i);
    flat.mask = MILL_FLAT;
    flat.index = NULL;
    return print_atom(p, &flat, k);
  }
  }
}

mill_status mill_value_text(const mill_settings *set, const mill_vector *v, size_t i,
                            mill_text *out, mill_error *err) {
  value_printer p = {set, out, err};
  if (v->type->id == MILL_NULL || !mill_vector_valid(v, i)) return put(&p, "NULL");
  return print(&p, v, i, 0);
}

/* ---- SQL literals --------------------------------------------------------------------------- */

static mill_status put_quoted(value_printer *p, const mill_str *s) {
  const char *c = mill_str_data(s), *end = c + s->size;
  MILL_TRY(put(p, "'"));
  for (; c < end; c++) {
    if (*c == '\\' || *c == '\'') MILL_TRY(put(p, "\\"));
    MILL_TRY(mill_text_addc(p->out, *c, p->err));
  }
  return put(p, "'");
}

static mill_status put_hex(value_printer *p, const mill_str *s) {
  MILL_TRY(put(p, "X'"));
  for (uint32_t i = 0; i < s->size; i++)
    MILL_TRY(mill_text_printf(p->out, p->err, "%02X", (unsigned char)mill_str_data(s)[i]));
  return put(p, "'");
}

/* A fraction that has no literal of its own is a cast of its name. */
static mill_status put_fraction(value_printer *p, const mill_vector *v, size_t i) {
  bool wide = v->type->id == MILL_DOUBLE;
  double d = wide ? MILL_AT(double, v, i) : (double)MILL_AT(float, v, i);
  char buf[MILL_DOUBLE_TEXT];
  if (d - d != 0)
    return mill_text_printf(p->out, p->err, "CAST('%s' AS %s)",
                            d != d  ? "NaN"
                            : d > 0 ? "Infinity"
                                    : "-Infinity",
                            wide ? "DOUBLE" : "FLOAT");
  if (wide) {
    mill_double_text(d, buf);
    return mill_text_printf(p->out, p->err, "%sD", buf);
  }
  mill_float_text((float)d, buf);
  return mill_text_printf(p->out, p->err, "CAST('%s' AS FLOAT)", buf);
}

static mill_status put_around(value_printer *p, const mill_vector *v, size_t i, const char *before,
                              const char *after) {
  MILL_TRY(put(p, before));
  MILL_TRY(print(p, v, i, 0));
  return put(p, after);
}

/* ARRAY(1, 2), MAP('a', 1), NAMED_STRUCT('x', 1). */
static mill_status put_items(value_printer *p, const mill_vector *v, uint32_t k, const char *name) {
  bool fields = v->type->id == MILL_STRUCT, map = v->type->id == MILL_MAP;
  mill_span s = {0, v->type->nfields};
  if (!fields) s = ((const mill_span *)v->data)[k];
  MILL_TRY(put(p, name));
  for (uint32_t i = 0; i < s.size; i++) {
    if (i) MILL_TRY(put(p, ", "));
    if (fields) MILL_TRY(mill_text_printf(p->out, p->err, "'%s', ", v->type->fields[i].name));
    size_t at = fields ? k : s.start + i;
    MILL_TRY(mill_value_sql(p->set, &v->child[fields ? i : 0], at, p->out, p->err));
    if (!map) continue;
    MILL_TRY(put(p, ", "));
    MILL_TRY(mill_value_sql(p->set, &v->child[1], at, p->out, p->err));
  }
  return put(p, ")");
}

mill_status mill_value_sql(const mill_settings *set, const mill_vector *v, size_t i, mill_text *out,
                           mill_error *err) {
  value_printer p = {set, out, err};
  if (v->type->id == MILL_NULL) return put(&p, "NULL");
  if (!mill_vector_valid(v, i)) {
    MILL_TRY(put(&p, "CAST(NULL AS "));
    MILL_TRY(mill_type_sql(v->type, out, err));
    return put(&p, ")");
  }
  const mill_str *s =
      v->type->phys == MILL_PHYS_STR ? (const mill_str *)v->data + mill_vector_at(v, i) : NULL;
  switch (v->type->id) {
  case MILL_STRING: return put_quoted(&p, s);
  case MILL_BINARY: return put_hex(&p, s);
  case MILL_TINYINT: return put_around(&p, v, i, "", "Y");
  case MILL_SMALLINT: return put_around(&p, v, i, "", "S");
  case MILL_BIGINT: return put_around(&p, v, i, "", "L");
  case MILL_FLOAT:
  case MILL_DOUBLE: return put_fraction(&p, v, i);
  case MILL_DECIMAL: return put_around(&p, v, i, "", "BD");
  case MILL_DATE: return put_around(&p, v, i, "DATE '", "'");
  case MILL_TIMESTAMP: return put_around(&p, v, i, "TIMESTAMP '", "'");
  case MILL_TIMESTAMP_NTZ: return put_around(&p, v, i, "TIMESTAMP_NTZ '", "'");
  case MILL_TIME: return put_around(&p, v, i, "TIME '", "'");
  case MILL_TIMESTAMP_NANOS: return put_around(&p, v, i, "TIMESTAMP_LTZ '", "'");
  case MILL_TIMESTAMP_NTZ_NANOS: return put_around(&p, v, i, "TIMESTAMP_NTZ '", "'");
  case MILL_ARRAY: return put_items(&p, v, mill_vector_at(v, i), "ARRAY(");
  case MILL_MAP: return put_items(&p, v, mill_vector_at(v, i), "MAP(");
  case MILL_STRUCT: return put_items(&p, v, mill_vector_at(v, i), "NAMED_STRUCT(");
  default: return print(&p, v, i, 0);
  }
}
