/* From the schema of a Parquet file to Spark's types. Follows Spark's ParquetToSparkSchemaConverter;
** a schema that Spark itself left in the file's keys goes before what the file's types say. Private
** to csrc/io. */
#ifndef MILL_IO_PARQUET_SCHEMA_H
#define MILL_IO_PARQUET_SCHEMA_H

#include "column/type.h"
#include "io/parquet_footer.h"

/* What a leaf's or group's annotation says, the newer LogicalType before the older ConvertedType. */
typedef struct parquet_meaning {
  int kind; /* PARQUET_LOGICAL_; 0: none; PARQUET_MEANS_INTERVAL */
  int precision, scale;
  bool utc, is_signed;
  int unit, width;
} parquet_meaning;
enum { PARQUET_MEANS_INTERVAL = 60 };
parquet_meaning mill_parquet_meaning(const parquet_field *f);

/* The settings of a read, by Spark's names. */
typedef struct parquet_rules {
  bool binary_as_string, infer_ntz, nanos_as_long, case_sensitive, field_ids, vectorised;
} parquet_rules;

/* Is the repeated group or leaf `r` of the LIST `list` itself the element? */
bool mill_parquet_is_element(const parquet_field *list, const parquet_field *r);
/* The repeated field of an annotated list or map when it has the shape of one, else NULL. */
const parquet_field *mill_parquet_list_of(const parquet_field *f);
const parquet_field *mill_parquet_map_of(const parquet_field *f);

/* All nullable, at any depth. */
mill_status mill_parquet_schema(mill_types *types, const parquet_footer *f, const parquet_rules *r,
                                const mill_type **out, mill_error *err) MILL_USE_RESULT;
/* Of the members of one group, whatever its annotation says. */
mill_status mill_parquet_group(mill_types *types, const parquet_field *f, const parquet_rules *r,
                               const mill_type **out, mill_error *err) MILL_USE_RESULT;
/* Spark's StructType.merge. CANNOT_MERGE_SCHEMAS, with both as DDL. */
mill_status mill_parquet_merge(mill_types *types, const mill_type *a, const mill_type *b,
                               bool case_sensitive, const mill_type **out,
                               mill_error *err) MILL_USE_RESULT;
/* The physical type with its annotation, for messages, in err's own text. */
const char *mill_parquet_type_text(const parquet_field *f, mill_error *err);

#endif
