/* Spark's data types, interned.
**
** A `mill_types` pool belongs to a session. Every type it hands out lives as long as the pool and
** is unique, so two types are equal exactly when their pointers are: `a == b`. Struct types carry
** field names, nullability and metadata (JSON text, where ML keeps feature names), and those are
** part of their identity; `mill_type_same` ignores them. Primitive types are shared by all pools.
** Thread-safe.
**
** Physical layout by type (what mill_vector.data points to):
**
**   BOOLEAN               uint8_t 0/1       DECIMAL p <= 18   int64_t unscaled
**   TINYINT..BIGINT       int8_t..int64_t   DECIMAL p > 18    mill_i128 unscaled
**   FLOAT, DOUBLE         float, double     STRING, BINARY    mill_str
**   DATE                  int32_t days      INTERVAL          mill_interval
**   TIMESTAMP, _NTZ       int64_t micros    ARRAY, MAP        mill_span into children
**   TIME                  int64_t nanos     STRUCT            nothing; one child a field
**   TIMESTAMP(7..9)       mill_i128 nanos   GEOMETRY,         mill_str: the SRID in four bytes,
**   and _NTZ(7..9)                          GEOGRAPHY         little-endian, and the shape as WKB
**   INTERVAL_YM           int32_t months    VARIANT           as STRUCT<value BINARY, metadata
**   BINARY> INTERVAL_DT           int64_t micros    NULL              nothing; every row is null
**
** VECTOR and MATRIX (Spark's ML types) are laid out as the structs of Spark's own UDTs:
**   VECTOR  STRUCT<type TINYINT, size INT, indices ARRAY<INT>, values ARRAY<DOUBLE>>   type 0
**   sparse, 1 dense MATRIX  STRUCT<type TINYINT, numRows INT, numCols INT, colPtrs ARRAY<INT>,
**   rowIndices ARRAY<INT>,
**                  values ARRAY<DOUBLE>, isTransposed BOOLEAN> */
#ifndef MILL_COLUMN_TYPE_H
#define MILL_COLUMN_TYPE_H

#include "base/error.h"
#include "base/memory.h"

typedef enum mill_type_id {
  MILL_NULL, /* Spark's VOID */
  MILL_BOOLEAN,
  MILL_TINYINT,
  MILL_SMALLINT,
  MILL_INT,
  MILL_BIGINT,
  MILL_FLOAT,
  MILL_DOUBLE,
  MILL_DECIMAL,
  MILL_STRING,
  MILL_BINARY,
  MILL_DATE,
  MILL_TIMESTAMP,
  MILL_TIMESTAMP_NTZ,
  MILL_TIME,
  MILL_TIMESTAMP_NANOS, /* TIMESTAMP_LTZ(p), p above 6 */
  MILL_TIMESTAMP_NTZ_NANOS,
  MILL_INTERVAL_YM,
  MILL_INTERVAL_DT,
  MILL_INTERVAL, /* CalendarInterval: months, days, microseconds */
  MILL_ARRAY,
  MILL_MAP,
  MILL_STRUCT,
  MILL_VARIANT,
  MILL_VECTOR,
  MILL_MATRIX,
  MILL_GEOMETRY,
  MILL_GEOGRAPHY,
  MILL_TYPE_COUNT
} mill_type_id;

typedef enum mill_phys {
  MILL_PHYS_NONE, /* NULL */
  MILL_PHYS_BOOL,
  MILL_PHYS_I8,
  MILL_PHYS_I16,
  MILL_PHYS_I32,
  MILL_PHYS_I64,
  MILL_PHYS_I128,
  MILL_PHYS_F32,
  MILL_PHYS_F64,
  MILL_PHYS_STR,
  MILL_PHYS_INTERVAL,
  MILL_PHYS_LIST,   /* ARRAY: one child; MAP: key and value children */
  MILL_PHYS_STRUCT, /* STRUCT, VARIANT, VECTOR, MATRIX */
} mill_phys;

/* Is a value a word or less: a boolean, an integer, a time, a float? */
static inline bool mill_phys_is_word(mill_phys p) {
  return p >= MILL_PHYS_BOOL && p <= MILL_PHYS_F64 && p != MILL_PHYS_I128;
}

/* Fields of day-time and year-month interval types, in Spark's order. */
enum { MILL_YEAR, MILL_MONTH };
enum { MILL_DAY, MILL_HOUR, MILL_MINUTE, MILL_SECOND };

/* Collations: ids of base/collation.h. MILL_NO_COLLATION: of texts made of several that differ. */
enum { MILL_UTF8_BINARY, MILL_UTF8_LCASE, MILL_NO_COLLATION = 0xFFFF };
enum { MILL_PLAIN_STRING, MILL_CHAR, MILL_VARCHAR }; /* string kinds */
/* SRIDs: of plain coordinates, of longitude and latitude; GEOMETRY(ANY) has one for each value. */
enum { MILL_SRID_NONE = 0, MILL_SRID_EARTH = 4326 };
#define MILL_SRID_ANY UINT32_MAX
enum { MILL_SHAPE_HEAD = 4 }; /* bytes of the SRID in a value */

typedef struct mill_type mill_type;

typedef struct mill_field {
  const char *name;
  const mill_type *type;
  bool nullable;
  const char *metadata; /* JSON object text, or NULL */
} mill_field;

struct mill_type {
  mill_type_id id;
  mill_phys phys;
  uint8_t width;            /* bytes a value in mill_vector.data; 0 where there is none */
  uint8_t precision, scale; /* DECIMAL; TIME has a precision of 0..9, timestamps of nanos 7..9 */
  uint8_t start, end;       /* INTERVAL_YM, INTERVAL_DT: first and last field */
  uint8_t string_kind;      /* STRING: plain, CHAR(length), VARCHAR(length) */
  bool contains_null;       /* ARRAY elements, MAP values */
  uint16_t collation;       /* STRING */
  bool written;             /* STRING COLLATE UTF8_BINARY: STRING, but for what it is called */
  uint32_t length;          /* CHAR, VARCHAR; the SRID of a GEOMETRY or GEOGRAPHY */
  uint32_t nfields; /* ARRAY 1 ("element"), MAP 2 ("key", "value"), STRUCT n, and the UDT layouts */
  const mill_field *fields;
};

typedef struct mill_types mill_types;
mill_types *mill_types_new(mill_memory *m); /* NULL: out of memory */
/* One more that has to call mill_types_free; the last call frees. */
mill_types *mill_types_ref(mill_types *types);
void mill_types_free(mill_types *types);
mill_memory *mill_types_memory(const mill_types *types);

/* Types without parameters, and the common instances: DECIMAL is DECIMAL(10,0), STRING is
** UTF8_BINARY, INTERVAL_YM is YEAR TO MONTH, INTERVAL_DT is DAY TO SECOND, TIME is TIME(6),
** timestamps of nanoseconds have 9 digits, GEOMETRY is GEOMETRY(0), GEOGRAPHY is GEOGRAPHY(4326).
** Not for ARRAY, MAP, STRUCT. */
const mill_type *mill_type_of(mill_type_id id);

/* The rest give NULL when out of memory. */
const mill_type *mill_type_decimal(mill_types *types, int precision,
                                   int scale); /* 1..38, 0..precision */
const mill_type *mill_type_string(mill_types *types, int collation, int kind, uint32_t length);
/* STRING COLLATE name. With UTF8_BINARY it is the same type as STRING and is called by what was written. */
const mill_type *mill_type_collated(mill_types *types, int collation);
const mill_type *mill_type_time(mill_types *types, int precision);
/* TIMESTAMP_LTZ(p) or TIMESTAMP_NTZ(p) for p of 7..9, by the id of nanoseconds. */
const mill_type *mill_type_nanos(mill_types *types, mill_type_id id, int precision);
const mill_type *mill_type_shape(mill_types *types, mill_type_id id, uint32_t srid);
const mill_type *mill_type_interval(mill_types *types, mill_type_id id, int start, int end);
const mill_type *mill_type_array(mill_types *types, const mill_type *element, bool contains_null);
const mill_type *mill_type_map(mill_types *types, const mill_type *key, const mill_type *value,
                               bool contains_null);
const mill_type *mill_type_struct(mill_types *types, const mill_field *fields,
                                  uint32_t n); /* copies names */

/* Equal but for nullability, field metadata, what STRING is called (and with `names` false, field names) at every
** depth. */
bool mill_type_same(const mill_type *a, const mill_type *b, bool names);

/* Spark's DDL / SQL text: "INT", "DECIMAL(10,2)", "STRUCT<a: INT, b: STRING NOT NULL>",
** "ARRAY<INT>". mill_type_ddl is a schema as df.schema.toDDL gives it: "a INT,b STRING"
** (back-quotes where needed). mill_type_simple is Spark's simpleString: "int", "struct<a:int>",
** "array<string>". */
struct mill_text;
mill_status mill_type_sql(const mill_type *t, struct mill_text *out,
                          mill_error *err) MILL_USE_RESULT;
mill_status mill_type_ddl(const mill_type *schema, bool nullability, struct mill_text *out,
                          mill_error *err) MILL_USE_RESULT;
mill_status mill_type_simple(const mill_type *t, struct mill_text *out,
                             mill_error *err) MILL_USE_RESULT;
/* The SQL text in double quotes, inside err's own text, for message parameters. */
const char *mill_type_quoted(mill_memory *m, const mill_type *t, mill_error *err);
/* Spark's schema JSON ({"type":"struct","fields":[..]}), both ways. */
mill_status mill_type_json(const mill_type *t, struct mill_text *out,
                           mill_error *err) MILL_USE_RESULT;
mill_status mill_type_from_json(mill_types *types, const char *s, size_t n, const mill_type **out,
                                mill_error *err) MILL_USE_RESULT;

/* Is it of that type, or has it one of it at any depth? */
bool mill_type_holds(const mill_type *t, mill_type_id id);
static inline bool mill_type_is_nanos(const mill_type *t) {
  return t->id == MILL_TIMESTAMP_NANOS || t->id == MILL_TIMESTAMP_NTZ_NANOS;
}
static inline bool mill_type_is_shape(const mill_type *t) {
  return t->id == MILL_GEOMETRY || t->id == MILL_GEOGRAPHY;
}
static inline bool mill_type_integral(const mill_type *t) {
  return t->id >= MILL_TINYINT && t->id <= MILL_BIGINT;
}
static inline bool mill_type_numeric(const mill_type *t) {
  return t->id >= MILL_TINYINT && t->id <= MILL_DECIMAL;
}

#endif
