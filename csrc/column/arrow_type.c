/* Arrow's types to Spark's and back; see arrow_type.h. */
#include "column/arrow_type.h"

#include <stdio.h>

bool mill_arrow_has_validity(const mill_arrow_type *t) {
  return t->kind != MILL_ARROW_NULL && t->kind != MILL_ARROW_RUN_END &&
         t->kind != MILL_ARROW_UNKNOWN;
}

int mill_arrow_buffers(const mill_arrow_type *t) {
  if (t->index_width) return 1;
  switch (t->kind) {
  case MILL_ARROW_NULL:
  case MILL_ARROW_STRUCT:
  case MILL_ARROW_RUN_END:
  case MILL_ARROW_LIST_FIXED: return 0;
  case MILL_ARROW_UNKNOWN: return t->size;
  case MILL_ARROW_BYTES:
  case MILL_ARROW_LIST_VIEW: return 2;
  default: return 1;
  }
}

/* ---- to Spark's types ----------------------------------------------------------------------- */

static const char *kind_name(mill_error *err, const mill_arrow_type *a) {
  static const char *const names[] = {
      "null",       "bool",        "int",          "float",          "decimal",
      "binary",     "binary_view", "fixed_binary", "date",           "time",
      "timestamp",  "duration",    "interval",     "list",           "list_view",
      "fixed_list", "map",         "struct",       "run_end_encoded"};
  if (a->kind == MILL_ARROW_UNKNOWN) return a->other ? a->other : "unknown";
  if (a->kind == MILL_ARROW_DECIMAL)
    return mill_error_fmt(err, "decimal%d(%d, %d)", a->width, a->precision, a->scale);
  return names[a->kind];
}

static mill_status unsupported(const mill_arrow_type *a, mill_error *err) {
  return mill_fail(err, MILL_E_UNSUPPORTED_DATA_TYPE_FOR_ARROW_CONVERSION, "data_type",
                   kind_name(err, a), "column", a->name ? mill_error_fmt(err, "%s", a->name) : "",
                   NULL);
}

static const mill_type *int_type(mill_types *types, const mill_arrow_type *a) {
  static const mill_type_id ids[] = {MILL_TINYINT, MILL_SMALLINT, MILL_INT, MILL_BIGINT};
  int k = a->width == 8 ? 0 : a->width == 16 ? 1 : a->width == 32 ? 2 : 3;
  if (!a->is_signed) k++;
  return k == 4 ? mill_type_decimal(types, 20, 0) : mill_type_of(ids[k]);
}

/* Types without children; NULL: none, or (then *oom) no memory. */
static const mill_type *leaf_type(mill_types *types, const mill_arrow_type *a, bool ntz,
                                  bool *oom) {
  const mill_type *t = NULL;
  switch (a->kind) {
  case MILL_ARROW_NULL: return mill_type_of(MILL_NULL);
  case MILL_ARROW_BOOL: return mill_type_of(MILL_BOOLEAN);
  case MILL_ARROW_INT: t = int_type(types, a); break;
  case MILL_ARROW_FLOAT: return mill_type_of(a->width == 64 ? MILL_DOUBLE : MILL_FLOAT);
  case MILL_ARROW_DECIMAL:
    if (a->precision < 1 || a->precision > MILL_DECIMAL_MAX || a->scale < 0 ||
        a->scale > a->precision)
      return NULL;
    t = mill_type_decimal(types, a->precision, a->scale);
    break;
  case MILL_ARROW_BYTES:
  case MILL_ARROW_BYTES_VIEW: return mill_type_of(a->text ? MILL_STRING : MILL_BINARY);
  case MILL_ARROW_BYTES_FIXED: return mill_type_of(MILL_BINARY);
  case MILL_ARROW_DATE: return mill_type_of(MILL_DATE);
  case MILL_ARROW_TIME: return mill_type_of(MILL_TIME);
  case MILL_ARROW_TIMESTAMP:
    return mill_type_of(a->zone == NULL && ntz ? MILL_TIMESTAMP_NTZ : MILL_TIMESTAMP);
  case MILL_ARROW_DURATION: return mill_type_of(MILL_INTERVAL_DT);
  case MILL_ARROW_INTERVAL: return mill_type_of(a->width == 32 ? MILL_INTERVAL_YM : MILL_INTERVAL);
  default: return NULL;
  }
  *oom = t == NULL;
  return t;
}

static bool is_bytes(const mill_arrow_type *a, const char *name) {
  bool plain = a->kind == MILL_ARROW_BYTES || a->kind == MILL_ARROW_BYTES_VIEW;
  return plain && !a->text && a->name && strcmp(a->name, name) == 0;
}

/* What Spark hands out for a VARIANT: a struct of two, the second of which bears a mark. */
static bool is_variant(const mill_arrow_type *a) {
  return a->kind == MILL_ARROW_STRUCT && a->nchildren == 2 && is_bytes(&a->child[0], "value") &&
         is_bytes(&a->child[1], "metadata") && a->child[1].variant;
}

static mill_status struct_type(mill_types *types, const mill_arrow_type *a, bool ntz,
                               const mill_type **out, mill_error *err) {
  mill_memory *m = mill_types_memory(types);
  size_t bytes = ((size_t)a->nchildren + 1) * sizeof(mill_field);
  mill_field *f = mill_calloc(m, bytes);
  if (f == NULL) return mill_oom(m, bytes, err);
  mill_status s = MILL_OK;
  for (uint32_t i = 0; i < a->nchildren && s == MILL_OK; i++) {
    f[i].name = a->child[i].name ? a->child[i].name : "";
    f[i].nullable = a->child[i].nullable;
    s = mill_arrow_to_type(types, &a->child[i], ntz, &f[i].type, err);
  }
  if (s == MILL_OK) *out = mill_type_struct(types, f, a->nchildren);
  if (s == MILL_OK && *out == NULL) s = mill_oom(m, bytes, err);
  mill_free(m, f, bytes);
  return s;
}

/* A map's child is a struct of two, the first of them without nulls. */
static bool map_entries(const mill_arrow_type *a) {
  return a->nchildren == 1 && a->child[0].kind == MILL_ARROW_STRUCT &&
         a->child[0].index_width == 0 && a->child[0].nchildren == 2;
}

static mill_status nested_type(mill_types *types, const mill_arrow_type *a, bool ntz,
                               const mill_type **out, mill_error *err) {
  const mill_type *x, *y;
  if (is_variant(a)) {
    *out = mill_type_of(MILL_VARIANT);
    return MILL_OK;
  }
  if (a->kind == MILL_ARROW_STRUCT) return struct_type(types, a, ntz, out, err);
  if (a->kind == MILL_ARROW_RUN_END) return mill_arrow_to_type(types, &a->child[1], ntz, out, err);
  if (a->kind == MILL_ARROW_MAP) {
    const mill_arrow_type *entry = a->child;
    if (!map_entries(a)) return unsupported(a, err);
    MILL_TRY(mill_arrow_to_type(types, &entry->child[0], ntz, &x, err));
    MILL_TRY(mill_arrow_to_type(types, &entry->child[1], ntz, &y, err));
    *out = mill_type_map(types, x, y, entry->child[1].nullable);
  } else {
    MILL_TRY(mill_arrow_to_type(types, &a->child[0], ntz, &x, err));
    *out = mill_type_array(types, x, a->child[0].nullable);
  }
  return *out ? MILL_OK : mill_oom(mill_types_memory(types), 64, err);
}

mill_status mill_arrow_to_type(mill_types *types, const mill_arrow_type *a, bool ntz,
                               const mill_type **out, mill_error *err) {
  bool oom = false;
  if (a->kind >= MILL_ARROW_LIST && a->kind < MILL_ARROW_UNKNOWN)
    return nested_type(types, a, ntz, out, err);
  *out = leaf_type(types, a, ntz, &oom);
  if (oom) return mill_oom(mill_types_memory(types), 64, err);
  return *out ? MILL_OK : unsupported(a, err);
}

mill_status mill_arrow_to_schema(mill_types *types, const mill_arrow_type *fields, bool ntz,
                                 const mill_type **out, mill_error *err) {
  return struct_type(types, fields, ntz, out, err);
}

/* ---- what can be read as what --------------------------------------------------------------- */

static bool int_reads_as(const mill_arrow_type *a, const mill_type *t) {
  if (t->id == MILL_DECIMAL)
    return !a->is_signed && a->width == 64 && t->precision >= 20 && t->scale == 0;
  if (!mill_type_integral(t)) return false;
  int bits = t->width * 8;
  return a->is_signed ? bits >= a->width : bits > a->width;
}

static bool children_read_as(const mill_arrow_type *a, const mill_type *t) {
  if (a->nchildren != t->nfields) return false;
  for (uint32_t i = 0; i < t->nfields; i++)
    if (strcmp(a->child[i].name ? a->child[i].name : "", t->fields[i].name) != 0 ||
        !mill_arrow_reads_as(&a->child[i], t->fields[i].type))
      return false;
  return true;
}

static bool nested_reads_as(const mill_arrow_type *a, const mill_type *t) {
  switch (a->kind) {
  case MILL_ARROW_STRUCT:
    return t->id == MILL_VARIANT ? is_variant(a) : t->id == MILL_STRUCT && children_read_as(a, t);
  case MILL_ARROW_RUN_END: return mill_arrow_reads_as(&a->child[1], t);
  case MILL_ARROW_MAP:
    return t->id == MILL_MAP && map_entries(a) &&
           mill_arrow_reads_as(&a->child->child[0], t->fields[0].type) &&
           mill_arrow_reads_as(&a->child->child[1], t->fields[1].type);
  default: return t->id == MILL_ARRAY && mill_arrow_reads_as(&a->child[0], t->fields[0].type);
  }
}

bool mill_arrow_reads_as(const mill_arrow_type *a, const mill_type *t) {
  switch (a->kind) {
  case MILL_ARROW_NULL: return true;
  case MILL_ARROW_BOOL: return t->id == MILL_BOOLEAN;
  case MILL_ARROW_INT: return int_reads_as(a, t);
  case MILL_ARROW_FLOAT: return t->id == MILL_DOUBLE || (t->id == MILL_FLOAT && a->width <= 32);
  case MILL_ARROW_DECIMAL:
    return t->id == MILL_DECIMAL && t->scale == a->scale && t->precision >= a->precision;
  case MILL_ARROW_BYTES:
  case MILL_ARROW_BYTES_VIEW: return t->id == (a->text ? MILL_STRING : MILL_BINARY);
  case MILL_ARROW_BYTES_FIXED: return t->id == MILL_BINARY;
  case MILL_ARROW_DATE: return t->id == MILL_DATE;
  case MILL_ARROW_TIME: return t->id == MILL_TIME;
  case MILL_ARROW_TIMESTAMP:
    return t->id == MILL_TIMESTAMP || (t->id == MILL_TIMESTAMP_NTZ && a->zone == NULL);
  case MILL_ARROW_DURATION: return t->id == MILL_INTERVAL_DT;
  case MILL_ARROW_INTERVAL: return t->id == (a->width == 32 ? MILL_INTERVAL_YM : MILL_INTERVAL);
  case MILL_ARROW_UNKNOWN: return false;
  default: return nested_reads_as(a, t);
  }
}

/* ---- from Spark's types --------------------------------------------------------------------- */

static mill_status child_from(mill_arena *a, const mill_type *t, const char *name, bool nullable,
                              const char *zone, mill_arrow_type *out, mill_error *err) {
  return mill_arrow_from_type(a, t, name, nullable, zone, out, err);
}

static mill_status new_children(mill_arena *a, mill_arrow_type *out, uint32_t n, mill_error *err) {
  size_t bytes = ((size_t)n + 1) * sizeof *out->child;
  out->nchildren = n;
  out->child = mill_arena_alloc(a, bytes);
  return out->child ? MILL_OK : mill_oom(a->memory, bytes, err);
}

static mill_status struct_from(mill_arena *a, const mill_type *t, const char *zone,
                               mill_arrow_type *out, mill_error *err) {
  MILL_TRY(new_children(a, out, t->nfields, err));
  for (uint32_t i = 0; i < t->nfields; i++)
    MILL_TRY(child_from(a, t->fields[i].type, t->fields[i].name, t->fields[i].nullable, zone,
                        &out->child[i], err));
  if (t->id == MILL_VARIANT) out->child[1].variant = true;
  return MILL_OK;
}

static mill_status nested_from(mill_arena *a, const mill_type *t, const char *zone,
                               mill_arrow_type *out, mill_error *err) {
  mill_arrow_type *to = out;
  if (t->phys == MILL_PHYS_STRUCT) {
    out->kind = MILL_ARROW_STRUCT;
    return struct_from(a, t, zone, out, err);
  }
  out->kind = t->id == MILL_MAP ? MILL_ARROW_MAP : MILL_ARROW_LIST;
  out->width = 32;
  MILL_TRY(new_children(a, out, 1, err));
  if (t->id == MILL_ARRAY)
    return child_from(a, t->fields[0].type, "element", t->contains_null, zone, out->child, err);
  to = out->child;
  *to = (mill_arrow_type){.kind = MILL_ARROW_STRUCT, .name = "entries"};
  MILL_TRY(new_children(a, to, 2, err));
  MILL_TRY(child_from(a, t->fields[0].type, "key", false, zone, &to->child[0], err));
  return child_from(a, t->fields[1].type, "value", t->contains_null, zone, &to->child[1], err);
}

static void leaf_from(const mill_type *t, const char *zone, mill_arrow_type *out) {
  switch (t->id) {
  case MILL_BOOLEAN: out->kind = MILL_ARROW_BOOL; break;
  case MILL_FLOAT:
  case MILL_DOUBLE: out->kind = MILL_ARROW_FLOAT; break;
  case MILL_DECIMAL: out->kind = MILL_ARROW_DECIMAL; break;
  case MILL_STRING:
  case MILL_BINARY: out->kind = MILL_ARROW_BYTES; break;
  case MILL_DATE: out->kind = MILL_ARROW_DATE; break;
  case MILL_TIME: out->kind = MILL_ARROW_TIME; break;
  case MILL_TIMESTAMP:
  case MILL_TIMESTAMP_NTZ: out->kind = MILL_ARROW_TIMESTAMP; break;
  case MILL_INTERVAL_DT: out->kind = MILL_ARROW_DURATION; break;
  case MILL_INTERVAL_YM:
  case MILL_INTERVAL: out->kind = MILL_ARROW_INTERVAL; break;
  case MILL_NULL: out->kind = MILL_ARROW_NULL; break;
  default: out->kind = MILL_ARROW_INT; break;
  }
  out->width = (uint16_t)(out->kind == MILL_ARROW_DECIMAL ? 128
                          : out->kind == MILL_ARROW_BYTES ? 32
                          : out->kind == MILL_ARROW_BOOL  ? 1
                                                          : t->width * 8);
  out->is_signed = true;
  out->text = t->id == MILL_STRING;
  out->unit = t->id == MILL_TIME ? 9 : 6;
  out->precision = t->precision;
  out->scale = t->scale;
  out->zone = t->id == MILL_TIMESTAMP ? zone : NULL;
}

mill_status mill_arrow_from_type(mill_arena *a, const mill_type *t, const char *name, bool nullable,
                                 const char *zone, mill_arrow_type *out, mill_error *err) {
  *out = (mill_arrow_type){.name = name, .nullable = nullable};
  if (t->phys == MILL_PHYS_STRUCT || t->phys == MILL_PHYS_LIST)
    return nested_from(a, t, zone, out, err);
  if (mill_type_is_nanos(t) || mill_type_is_shape(t))
    return mill_fail(err, MILL_E_UNSUPPORTED_DATATYPE, "typeName",
                     mill_type_quoted(a->memory, t, err), NULL);
  leaf_from(t, zone, out);
  return MILL_OK;
}

/* ---- format strings of the C data interface ------------------------------------------------- */

static char unit_letter(uint8_t unit) {
  return unit == 0 ? 's' : unit == 3 ? 'm' : unit == 6 ? 'u' : 'n';
}

static const char *int_format(uint16_t width, bool is_signed) {
  static const char *const s[] = {"c", "s", "i", "l"}, *const u[] = {"C", "S", "I", "L"};
  int k = width == 8 ? 0 : width == 16 ? 1 : width == 32 ? 2 : 3;
  return is_signed ? s[k] : u[k];
}

static const char *nested_format(const mill_arrow_type *t) {
  bool large = t->width == 64;
  switch (t->kind) {
  case MILL_ARROW_LIST: return large ? "+L" : "+l";
  case MILL_ARROW_LIST_VIEW: return large ? "+vL" : "+vl";
  case MILL_ARROW_MAP: return "+m";
  case MILL_ARROW_RUN_END: return "+r";
  default: return "+s";
  }
}

const char *mill_arrow_format(mill_arena *a, const mill_arrow_type *t) {
  char b[96];
  const char *zone = t->zone ? t->zone : "";
  switch (t->kind) {
  case MILL_ARROW_NULL: return "n";
  case MILL_ARROW_BOOL: return "b";
  case MILL_ARROW_INT: return int_format(t->width, t->is_signed);
  case MILL_ARROW_FLOAT: return t->width == 16 ? "e" : t->width == 32 ? "f" : "g";
  case MILL_ARROW_DECIMAL:
    snprintf(b, sizeof b, t->width == 128 ? "d:%d,%d" : "d:%d,%d,%d", t->precision, t->scale,
             t->width);
    break;
  case MILL_ARROW_BYTES: return t->width == 64 ? (t->text ? "U" : "Z") : (t->text ? "u" : "z");
  case MILL_ARROW_BYTES_VIEW: return t->text ? "vu" : "vz";
  case MILL_ARROW_BYTES_FIXED: snprintf(b, sizeof b, "w:%d", t->size); break;
  case MILL_ARROW_DATE: return t->width == 32 ? "tdD" : "tdm";
  case MILL_ARROW_TIME: snprintf(b, sizeof b, "tt%c", unit_letter(t->unit)); break;
  case MILL_ARROW_TIMESTAMP: snprintf(b, sizeof b, "ts%c:%.80s", unit_letter(t->unit), zone); break;
  case MILL_ARROW_DURATION: snprintf(b, sizeof b, "tD%c", unit_letter(t->unit)); break;
  case MILL_ARROW_INTERVAL: return t->width == 32 ? "tiM" : t->width == 64 ? "tiD" : "tin";
  case MILL_ARROW_LIST_FIXED: snprintf(b, sizeof b, "+w:%d", t->size); break;
  default: return nested_format(t);
  }
  return mill_arena_strndup(a, b, strlen(b));
}

static bool set_unit(char c, uint8_t *unit) {
  *unit = c == 's' ? 0 : c == 'm' ? 3 : c == 'u' ? 6 : 9;
  return c == 's' || c == 'm' || c == 'u' || c == 'n';
}

/* "t.." */
static bool parse_temporal(mill_arena *a, const char *f, mill_arrow_type *out) {
  size_t n = strlen(f);
  if (n < 3) return false;
  char c = f[2];
  switch (f[1]) {
  case 'd':
    out->kind = MILL_ARROW_DATE;
    out->width = c == 'D' ? 32 : 64;
    return n == 3 && (c == 'D' || c == 'm');
  case 't':
    out->kind = MILL_ARROW_TIME;
    out->width = c == 's' || c == 'm' ? 32 : 64;
    return n == 3 && set_unit(c, &out->unit);
  case 's':
    out->kind = MILL_ARROW_TIMESTAMP;
    out->width = 64;
    if (n < 4 || f[3] != ':' || !set_unit(c, &out->unit)) return false;
    out->zone = n > 4 ? mill_arena_strndup(a, f + 4, n - 4) : NULL;
    return n == 4 || out->zone;
  case 'D':
    out->kind = MILL_ARROW_DURATION;
    out->width = 64;
    return n == 3 && set_unit(c, &out->unit);
  case 'i':
    out->kind = MILL_ARROW_INTERVAL;
    out->width = c == 'M' ? 32 : c == 'D' ? 64 : 128;
    return n == 3 && (c == 'M' || c == 'D' || c == 'n');
  default: return false;
  }
}

/* "+.." */
static bool parse_nested(const char *f, mill_arrow_type *out) {
  static const struct {
    const char *format;
    mill_arrow_kind kind;
    uint16_t width;
  } kinds[] = {{"+l", MILL_ARROW_LIST, 32},       {"+L", MILL_ARROW_LIST, 64},
               {"+vl", MILL_ARROW_LIST_VIEW, 32}, {"+vL", MILL_ARROW_LIST_VIEW, 64},
               {"+m", MILL_ARROW_MAP, 32},        {"+s", MILL_ARROW_STRUCT, 0},
               {"+r", MILL_ARROW_RUN_END, 0}};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (strcmp(f, kinds[i].format) == 0) {
      out->kind = kinds[i].kind;
      out->width = kinds[i].width;
      return true;
    }
  out->kind = MILL_ARROW_LIST_FIXED;
  return sscanf(f, "+w:%d", &out->size) == 1 && out->size >= 0;
}

static bool parse_number(char c, mill_arrow_type *out) {
  static const char letters[] = "cCsSiIlL";
  const char *at = strchr(letters, c);
  if (at) {
    out->kind = MILL_ARROW_INT;
    out->width = (uint16_t)(8 << (at - letters) / 2);
    out->is_signed = (at - letters) % 2 == 0;
    return true;
  }
  out->kind = MILL_ARROW_FLOAT;
  out->width = c == 'e' ? 16 : c == 'f' ? 32 : 64;
  return c == 'e' || c == 'f' || c == 'g';
}

static bool parse_letter(char c, mill_arrow_type *out) {
  if (c == 'n' || c == 'b') {
    out->kind = c == 'n' ? MILL_ARROW_NULL : MILL_ARROW_BOOL;
    out->width = c == 'b';
    return true;
  }
  if (strchr("uUzZ", c)) {
    out->kind = MILL_ARROW_BYTES;
    out->width = c == 'u' || c == 'z' ? 32 : 64;
    out->text = c == 'u' || c == 'U';
    return true;
  }
  return parse_number(c, out);
}

bool mill_arrow_parse_format(mill_arena *a, const char *f, mill_arrow_type *out) {
  size_t n = strlen(f);
  int width = 128;
  if (n == 0) return false;
  if (n == 1) return parse_letter(*f, out);
  if (*f == 't') return parse_temporal(a, f, out);
  if (*f == '+' && f[1] != 'u') return parse_nested(f, out);
  if (*f == 'v' && n == 2) {
    out->kind = MILL_ARROW_BYTES_VIEW;
    out->text = f[1] == 'u';
    return f[1] == 'u' || f[1] == 'z';
  }
  if (*f == 'w') {
    out->kind = MILL_ARROW_BYTES_FIXED;
    return sscanf(f, "w:%d", &out->size) == 1 && out->size >= 0;
  }
  if (*f == 'd') {
    out->kind = MILL_ARROW_DECIMAL;
    if (sscanf(f, "d:%d,%d,%d", &out->precision, &out->scale, &width) < 2) return false;
    out->width = (uint16_t)width;
    return width == 32 || width == 64 || width == 128 || width == 256;
  }
  out->kind = MILL_ARROW_UNKNOWN;
  out->other = "union";
  return *f == '+';
}
