/* Implicit casts and common types under ANSI rules; see coerce.h.
**
** The rules are those of Spark's AnsiTypeCoercion, DecimalPrecision and Cast: an integer widens
** along TINYINT < SMALLINT < INT < BIGINT, an integer next to a FLOAT becomes DOUBLE, a string
** next to another atomic type takes that type (BIGINT beside integers, DOUBLE beside fractions),
** nested types widen item by item. */
#include "kernel/coerce.h"

#include <string.h>
#include <strings.h>

#include "kernel/variant_int.h"

enum { MAX_DEPTH = 1000, MAX_PRECISION = 38 };

static bool is_atomic(const mill_type *t) {
  return t->id >= MILL_BOOLEAN && t->id <= MILL_INTERVAL_DT;
}
static bool is_datetime(const mill_type *t) {
  return t->id == MILL_DATE || t->id == MILL_TIMESTAMP || t->id == MILL_TIMESTAMP_NTZ;
}
static bool is_stamp(const mill_type *t) { return is_datetime(t) || mill_type_is_nanos(t); }
static bool is_approximate(const mill_type *t) {
  return t->id == MILL_FLOAT || t->id == MILL_DOUBLE;
}

const mill_type *mill_decimal_for(mill_types *types, const mill_type *t) {
  switch (t->id) {
  case MILL_TINYINT: return mill_type_decimal(types, 3, 0);
  case MILL_SMALLINT: return mill_type_decimal(types, 5, 0);
  case MILL_INT: return mill_type_decimal(types, 10, 0);
  case MILL_BIGINT: return mill_type_decimal(types, 20, 0);
  case MILL_FLOAT: return mill_type_decimal(types, 14, 7);
  case MILL_DOUBLE: return mill_type_decimal(types, 30, 15);
  case MILL_DECIMAL: return t;
  default: return NULL;
  }
}

static int integral_digits(const mill_type *t) {
  static const int digits[] = {3, 5, 10, 20};
  return t->id == MILL_DECIMAL ? t->precision - t->scale : digits[t->id - MILL_TINYINT];
}

/* A decimal that holds all of both; beyond 38 digits the fraction gives way. */
static const mill_type *wider_decimal(mill_types *types, const mill_type *a, const mill_type *b) {
  int scale = a->scale > b->scale ? a->scale : b->scale;
  int ra = a->precision - a->scale, rb = b->precision - b->scale;
  int precision = (ra > rb ? ra : rb) + scale;
  if (precision > MAX_PRECISION) {
    scale -= precision - MAX_PRECISION;
    if (scale < 0) scale = 0;
    precision = MAX_PRECISION;
  }
  return mill_type_decimal(types, precision, scale);
}

static const mill_type *common_numeric(mill_types *types, const mill_type *a, const mill_type *b) {
  bool da = a->id == MILL_DECIMAL, db = b->id == MILL_DECIMAL;
  if (da || db) {
    if (is_approximate(a) || is_approximate(b)) return mill_type_of(MILL_DOUBLE);
    if (da && !db && integral_digits(a) >= integral_digits(b)) return a;
    if (db && !da && integral_digits(b) >= integral_digits(a)) return b;
    const mill_type *x = mill_decimal_for(types, a), *y = mill_decimal_for(types, b);
    return x && y ? wider_decimal(types, x, y) : NULL;
  }
  mill_type_id wide = a->id > b->id ? a->id : b->id;
  if (wide == MILL_FLOAT && a->id != b->id) wide = MILL_DOUBLE;
  return mill_type_of(wide);
}

static const mill_type *common_datetime(const mill_type *a, const mill_type *b) {
  if (a->id == MILL_TIMESTAMP || b->id == MILL_TIMESTAMP) return mill_type_of(MILL_TIMESTAMP);
  return mill_type_of(MILL_TIMESTAMP_NTZ);
}

/* Next to nanoseconds other times count them too; an instant wins over a local time. */
static const mill_type *common_nanos(mill_types *types, const mill_type *a, const mill_type *b) {
  int p = mill_type_is_nanos(a) ? a->precision : 0, q = mill_type_is_nanos(b) ? b->precision : 0;
  bool instant = a->id == MILL_TIMESTAMP || a->id == MILL_TIMESTAMP_NANOS ||
                 b->id == MILL_TIMESTAMP || b->id == MILL_TIMESTAMP_NANOS;
  return mill_type_nanos(types, instant ? MILL_TIMESTAMP_NANOS : MILL_TIMESTAMP_NTZ_NANOS,
                         p > q ? p : q);
}

static const mill_type *common_interval(mill_types *types, const mill_type *a, const mill_type *b) {
  int start = a->start < b->start ? a->start : b->start;
  int end = a->end > b->end ? a->end : b->end;
  return mill_type_interval(types, a->id, start, end);
}

static const mill_type *common_strings(mill_types *types, const mill_type *a, const mill_type *b) {
  if (a->collation != b->collation) return NULL;
  if (a->written && mill_type_same(a, b, true)) return a;
  return mill_type_string(types, a->collation, MILL_PLAIN_STRING, 0);
}

/* A string beside another atomic type. */
static const mill_type *beside_string(const mill_type *t) {
  if (mill_type_integral(t)) return mill_type_of(MILL_BIGINT);
  if (mill_type_numeric(t)) return mill_type_of(MILL_DOUBLE);
  if (t->id == MILL_INTERVAL_YM || t->id == MILL_INTERVAL_DT) return NULL;
  return is_atomic(t) || t->id == MILL_VARIANT ? t : NULL;
}

/* Does casting a not-null `from` to `to` possibly give null (so that items must become
** nullable)? */
static bool force_nullable(const mill_type *from, const mill_type *to) {
  return from->id == MILL_NULL && to->id != MILL_NULL;
}

static const mill_type *common(mill_types *types, const mill_type *a, const mill_type *b,
                               int depth);

static const mill_type *common_struct(mill_types *types, const mill_type *a, const mill_type *b,
                                      int depth) {
  if (a->nfields != b->nfields) return NULL;
  mill_field few[16], *f = few;
  mill_arena arena;
  mill_arena_init(&arena, mill_types_memory(types));
  if (a->nfields > 16) f = mill_arena_alloc(&arena, a->nfields * sizeof *f);
  const mill_type *out = NULL;
  uint32_t i = 0;
  for (; f && i < a->nfields; i++) {
    const mill_field *x = &a->fields[i], *y = &b->fields[i];
    const mill_type *t =
        strcasecmp(x->name, y->name) == 0 ? common(types, x->type, y->type, depth) : NULL;
    if (t == NULL) break;
    f[i] = (mill_field){x->name, t,
                        x->nullable || y->nullable || force_nullable(x->type, t) ||
                            force_nullable(y->type, t),
                        NULL};
  }
  if (f && i == a->nfields) out = mill_type_struct(types, f, a->nfields);
  mill_arena_clear(&arena);
  return out;
}

static const mill_type *common_nested(mill_types *types, const mill_type *a, const mill_type *b,
                                      int depth) {
  if (a->id != b->id || depth > MAX_DEPTH) return NULL;
  if (a->id == MILL_STRUCT) return common_struct(types, a, b, depth + 1);
  if (a->id != MILL_ARRAY && a->id != MILL_MAP) return NULL;
  const mill_type *x = common(types, a->fields[0].type, b->fields[0].type, depth + 1);
  if (x == NULL) return NULL;
  bool nulls = a->contains_null || b->contains_null;
  if (a->id == MILL_ARRAY)
    return mill_type_array(types, x,
                           nulls || force_nullable(a->fields[0].type, x) ||
                               force_nullable(b->fields[0].type, x));
  const mill_type *y = common(types, a->fields[1].type, b->fields[1].type, depth + 1);
  if (y == NULL) return NULL;
  return mill_type_map(types, x, y,
                       nulls || force_nullable(a->fields[1].type, y) ||
                           force_nullable(b->fields[1].type, y));
}

static const mill_type *common(mill_types *types, const mill_type *a, const mill_type *b,
                               int depth) {
  if (a == b) return a;
  if (a->id == MILL_NULL) return b;
  if (b->id == MILL_NULL) return a;
  if (mill_type_numeric(a) && mill_type_numeric(b)) return common_numeric(types, a, b);
  if (is_datetime(a) && is_datetime(b)) return common_datetime(a, b);
  if (is_stamp(a) && is_stamp(b)) return common_nanos(types, a, b);
  if (a->id == MILL_STRING && b->id == MILL_STRING) return common_strings(types, a, b);
  if (a->id == MILL_STRING) return beside_string(b);
  if (b->id == MILL_STRING) return beside_string(a);
  if (a->id != b->id) return NULL;
  if (a->id == MILL_INTERVAL_YM || a->id == MILL_INTERVAL_DT) return common_interval(types, a, b);
  if (a->id == MILL_TIME)
    return mill_type_time(types, a->precision > b->precision ? a->precision : b->precision);
  if (mill_type_is_shape(a)) return mill_type_shape(types, a->id, MILL_SRID_ANY);
  return common_nested(types, a, b, depth);
}

const mill_type *mill_common_type(mill_types *types, const mill_type *a, const mill_type *b) {
  return common(types, a, b, 0);
}

const mill_type *mill_common_column(mill_types *types, const mill_type *a, const mill_type *b) {
  return common(types, a, b, 0);
}

/* The same but for names and nullability. */
static bool same_shape(const mill_type *a, const mill_type *b, int depth) {
  bool nested = a->id == MILL_STRUCT || a->id == MILL_ARRAY || a->id == MILL_MAP;
  if (!nested || a->id != b->id || a->nfields != b->nfields || depth > MAX_DEPTH) return a == b;
  for (uint32_t i = 0; i < a->nfields; i++)
    if (!same_shape(a->fields[i].type, b->fields[i].type, depth + 1)) return false;
  return true;
}

bool mill_promotes_text(const mill_type *a, const mill_type *b) {
  if (a->id == MILL_NULL || b->id == MILL_NULL) return false;
  if ((a->id == MILL_STRING) != (b->id == MILL_STRING)) return true;
  for (uint32_t i = 0; a->id == b->id && i < a->nfields && i < b->nfields; i++)
    if (mill_promotes_text(a->fields[i].type, b->fields[i].type)) return true;
  return false;
}

bool mill_same_shape(const mill_type *a, const mill_type *b) { return same_shape(a, b, 0); }

const mill_type *mill_common_value(mill_types *types, const mill_type *a, const mill_type *b) {
  return mill_promotes_text(a, b) ? NULL : mill_common_column(types, a, b);
}

/* Is the common type of the two one that loses nothing and reads no text (findTightestCommonType)? */
static bool tight(const mill_type *a, const mill_type *b, int depth) {
  if (a == b || a->id == MILL_NULL || b->id == MILL_NULL) return true;
  if (a->id == MILL_STRING || b->id == MILL_STRING) return a->id == b->id;
  bool da = a->id == MILL_DECIMAL, db = b->id == MILL_DECIMAL;
  if (da || db) {
    const mill_type *d = da ? a : b, *other = da ? b : a;
    return mill_type_integral(other) && integral_digits(d) >= integral_digits(other);
  }
  for (uint32_t i = 0; a->id == b->id && i < a->nfields && i < b->nfields && depth < MAX_DEPTH; i++)
    if (!tight(a->fields[i].type, b->fields[i].type, depth + 1)) return false;
  return true;
}

const mill_type *mill_operand_type(mill_types *types, const mill_type *a, const mill_type *b) {
  bool nested = a->nfields && b->nfields;
  return nested && !tight(a, b, 0) ? NULL : mill_compared_type(types, a, b);
}

const mill_type *mill_compared_type(mill_types *types, const mill_type *a, const mill_type *b) {
  const mill_type *t = mill_common_type(types, a, b);
  return t == NULL && same_shape(a, b, 0) ? a : t;
}

/* ---- store assignment and implicit casts ---------------------------------------------------- */

static bool can_store(const mill_type *from, const mill_type *to, int depth);

static bool can_store_nested(const mill_type *from, const mill_type *to, int depth) {
  if (from->nfields != to->nfields || depth > MAX_DEPTH) return false;
  if (from->id == MILL_STRUCT) {
    for (uint32_t i = 0; i < from->nfields; i++) {
      const mill_field *f = &from->fields[i], *t = &to->fields[i];
      if ((f->nullable && !t->nullable) || !can_store(f->type, t->type, depth + 1)) return false;
    }
    return true;
  }
  if (from->id != MILL_ARRAY && from->id != MILL_MAP) return false;
  if (from->contains_null && !to->contains_null) return false;
  for (uint32_t i = 0; i < from->nfields; i++)
    if (!can_store(from->fields[i].type, to->fields[i].type, depth + 1)) return false;
  return true;
}

static bool can_store(const mill_type *from, const mill_type *to, int depth) {
  if (from == to || from->id == MILL_NULL) return true;
  if (mill_type_numeric(from) && mill_type_numeric(to)) return true;
  if (to->id == MILL_STRING) return is_atomic(from) || from->id == MILL_INTERVAL;
  if (is_datetime(from) && is_datetime(to)) return true;
  if (from->id != to->id) return false;
  if (from->id == MILL_INTERVAL_YM || from->id == MILL_INTERVAL_DT || from->id == MILL_TIME)
    return true;
  return can_store_nested(from, to, depth);
}

bool mill_can_store(const mill_type *from, const mill_type *to) { return can_store(from, to, 0); }

bool mill_implicit_cast(const mill_type *from, const mill_type *to, bool foldable) {
  (void)foldable; /* ANSI rules have no exception for literals left */
  if (from == to || from->id == MILL_NULL) return true;
  if (from->id == MILL_STRING && (is_atomic(to) || to->id == MILL_VARIANT)) return true;
  if ((from->id == MILL_ARRAY && to->id == MILL_ARRAY) ||
      (from->id == MILL_MAP && to->id == MILL_MAP)) {
    if (from->contains_null && !to->contains_null) return false;
    for (uint32_t i = 0; i < from->nfields; i++)
      if (!mill_implicit_cast(from->fields[i].type, to->fields[i].type, false)) return false;
    return true;
  }
  return can_store(from, to, 0);
}

/* ---- casts that may be written -------------------------------------------------------------- */

static bool can_cast(const mill_type *from, const mill_type *to, bool ansi, int depth);

static bool can_cast_nested(const mill_type *from, const mill_type *to, bool ansi, int depth) {
  if (from->nfields != to->nfields || depth > MAX_DEPTH) return false;
  if (from->id == MILL_STRUCT) {
    for (uint32_t i = 0; i < from->nfields; i++) {
      const mill_field *f = &from->fields[i], *t = &to->fields[i];
      bool nullable = f->nullable || force_nullable(f->type, t->type);
      if ((nullable && !t->nullable) || !can_cast(f->type, t->type, ansi, depth + 1)) return false;
    }
    return true;
  }
  if (from->contains_null && !to->contains_null) return false; /* VOID without NULLs: empty */
  for (uint32_t i = 0; i < from->nfields; i++)
    if (!can_cast(from->fields[i].type, to->fields[i].type, ansi, depth + 1)) return false;
  return true;
}

static bool can_cast_string(const mill_type *to) {
  return is_atomic(to) || to->id == MILL_INTERVAL;
}

static bool can_cast_numeric(const mill_type *from, const mill_type *to, bool ansi) {
  if (mill_type_numeric(to) || to->id == MILL_BOOLEAN || to->id == MILL_TIMESTAMP) return true;
  if (to->id == MILL_BINARY) return !ansi && mill_type_integral(from);
  bool interval = to->id == MILL_INTERVAL_YM || to->id == MILL_INTERVAL_DT;
  bool exact = mill_type_integral(from) || from->id == MILL_DECIMAL;
  return interval && exact;
}

/* A shape of any SRID may stand for one; on the earth and on a plane where the SRID is the same. */
static bool can_cast_shape(const mill_type *from, const mill_type *to) {
  if (from->id == to->id) return to->length == MILL_SRID_ANY;
  return mill_type_is_shape(to) && from->length == to->length && from->length != MILL_SRID_ANY;
}

static bool can_cast_interval(const mill_type *from, const mill_type *to) {
  bool exact = mill_type_integral(to) || to->id == MILL_DECIMAL;
  return from->id == to->id || exact;
}

static bool can_cast(const mill_type *from, const mill_type *to, bool ansi, int depth) {
  if (from == to || from->id == MILL_NULL) return true;
  if (to->id == MILL_VARIANT) return mill_variant_takes(from, false);
  if (from->id == MILL_VARIANT) return mill_variant_gives(to);
  if (mill_type_is_shape(from)) return can_cast_shape(from, to);
  if (to->id == MILL_STRING) return true;
  if (mill_type_is_nanos(to))
    return is_stamp(from) || from->id == MILL_STRING || from->id == MILL_TIME;
  if (mill_type_numeric(from)) return can_cast_numeric(from, to, ansi);
  switch (from->id) {
  case MILL_STRING: return can_cast_string(to);
  case MILL_BOOLEAN:
    return mill_type_numeric(to) || to->id == MILL_BOOLEAN || (!ansi && to->id == MILL_TIMESTAMP);
  case MILL_DATE:
    if (!ansi && (mill_type_numeric(to) || to->id == MILL_BOOLEAN)) return true;
    return is_datetime(to);
  case MILL_TIMESTAMP:
    if (to->id == MILL_BOOLEAN) return !ansi;
    return is_datetime(to) || mill_type_numeric(to) || to->id == MILL_TIME;
  case MILL_TIMESTAMP_NTZ:
  case MILL_TIMESTAMP_NANOS:
  case MILL_TIMESTAMP_NTZ_NANOS: return is_datetime(to) || to->id == MILL_TIME;
  case MILL_TIME:
    return to->id == MILL_TIME || to->id == MILL_TIMESTAMP || to->id == MILL_TIMESTAMP_NTZ ||
           mill_type_integral(to) || to->id == MILL_DECIMAL;
  case MILL_INTERVAL_YM:
  case MILL_INTERVAL_DT: return can_cast_interval(from, to);
  case MILL_ARRAY:
  case MILL_MAP:
  case MILL_STRUCT: return from->id == to->id && can_cast_nested(from, to, ansi, depth);
  default: return false;
  }
}

bool mill_can_cast(const mill_type *from, const mill_type *to, bool ansi) {
  return can_cast(from, to, ansi, 0);
}
