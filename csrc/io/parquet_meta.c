/* The tables that read and write parquet_int.h's structs; see thrift.h. Numbers and names are those
** of parquet.thrift. */
#include <stddef.h>

#include "io/parquet_int.h"

#define COUNT(a) (uint16_t)(sizeof(a) / sizeof *(a))
#define ONE(id, kind, type, member)                                                                \
  { id, THRIFT_##kind, false, offsetof(type, member), NULL }
#define SUB(id, type, member, of)                                                                  \
  { id, THRIFT_STRUCT, false, offsetof(type, member), &of }
#define MANY(id, kind, type, member)                                                               \
  { id, THRIFT_##kind, true, offsetof(type, member), NULL }
#define SUBS(id, type, member, of)                                                                 \
  { id, THRIFT_STRUCT, true, offsetof(type, member), &of }
#define TABLE(name, type, fields, required)                                                        \
  const thrift_struct name = {#type, fields, COUNT(fields), sizeof(type), required}
#define HAS THRIFT_HAS

/* Unions that say all by which member is there. */
static const thrift_field mark_fields[] = {{1, THRIFT_MARK, false, 0, NULL},
                                           {2, THRIFT_MARK, false, 0, NULL},
                                           {3, THRIFT_MARK, false, 0, NULL}};
static TABLE(marks, parquet_empty, mark_fields, 0);

/* ---- the schema ----------------------------------------------------------------------------- */

static const thrift_field decimal_fields[] = {ONE(1, I32, parquet_decimal, scale),
                                              ONE(2, I32, parquet_decimal, precision)};
static TABLE(decimal, parquet_decimal, decimal_fields, HAS(1) | HAS(2));
static const thrift_field time_fields[] = {ONE(1, BOOL, parquet_time, utc),
                                           SUB(2, parquet_time, unit, marks)};
static TABLE(time_of, parquet_time, time_fields, HAS(1) | HAS(2));
static const thrift_field integer_fields[] = {ONE(1, I8, parquet_integer, width),
                                              ONE(2, BOOL, parquet_integer, is_signed)};
static TABLE(integer, parquet_integer, integer_fields, HAS(1) | HAS(2));
static const thrift_field variant_fields[] = {ONE(1, I8, parquet_variant, version)};
static TABLE(variant, parquet_variant, variant_fields, 0);
static const thrift_field geo_fields[] = {ONE(1, BYTES, parquet_geo, crs),
                                          ONE(2, I32, parquet_geo, algorithm)};
static TABLE(geo, parquet_geo, geo_fields, 0);

static const thrift_field logical_fields[] = {
    {PARQUET_LOGICAL_STRING, THRIFT_MARK, false, 0, NULL},
    {PARQUET_LOGICAL_MAP, THRIFT_MARK, false, 0, NULL},
    {PARQUET_LOGICAL_LIST, THRIFT_MARK, false, 0, NULL},
    {PARQUET_LOGICAL_ENUM, THRIFT_MARK, false, 0, NULL},
    SUB(PARQUET_LOGICAL_DECIMAL, parquet_logical, decimal, decimal),
    {PARQUET_LOGICAL_DATE, THRIFT_MARK, false, 0, NULL},
    SUB(PARQUET_LOGICAL_TIME, parquet_logical, time, time_of),
    SUB(PARQUET_LOGICAL_TIMESTAMP, parquet_logical, time, time_of),
    SUB(PARQUET_LOGICAL_INTEGER, parquet_logical, integer, integer),
    {PARQUET_LOGICAL_UNKNOWN, THRIFT_MARK, false, 0, NULL},
    {PARQUET_LOGICAL_JSON, THRIFT_MARK, false, 0, NULL},
    {PARQUET_LOGICAL_BSON, THRIFT_MARK, false, 0, NULL},
    {PARQUET_LOGICAL_UUID, THRIFT_MARK, false, 0, NULL},
    {PARQUET_LOGICAL_FLOAT16, THRIFT_MARK, false, 0, NULL},
    SUB(PARQUET_LOGICAL_VARIANT, parquet_logical, variant, variant),
    SUB(PARQUET_LOGICAL_GEOMETRY, parquet_logical, geo, geo),
    SUB(PARQUET_LOGICAL_GEOGRAPHY, parquet_logical, geo, geo)};
static TABLE(logical, parquet_logical, logical_fields, 0);

static const thrift_field element_fields[] = {
    ONE(1, I32, parquet_element, type),       ONE(2, I32, parquet_element, type_length),
    ONE(3, I32, parquet_element, repetition), ONE(4, BYTES, parquet_element, name),
    ONE(5, I32, parquet_element, children),   ONE(6, I32, parquet_element, converted),
    ONE(7, I32, parquet_element, scale),      ONE(8, I32, parquet_element, precision),
    ONE(9, I32, parquet_element, field_id),   SUB(10, parquet_element, logical, logical)};
static TABLE(element, parquet_element, element_fields, HAS(4));

/* ---- row groups ----------------------------------------------------------------------------- */

static const thrift_field statistics_fields[] = {
    ONE(1, BYTES, parquet_statistics, old_max),  ONE(2, BYTES, parquet_statistics, old_min),
    ONE(3, I64, parquet_statistics, null_count), ONE(4, I64, parquet_statistics, distinct_count),
    ONE(5, BYTES, parquet_statistics, max),      ONE(6, BYTES, parquet_statistics, min),
    ONE(7, BOOL, parquet_statistics, max_exact), ONE(8, BOOL, parquet_statistics, min_exact)};
static TABLE(statistics, parquet_statistics, statistics_fields, 0);

static const thrift_field sizes_fields[] = {ONE(1, I64, parquet_size_statistics, byte_array_bytes),
                                            MANY(2, I64, parquet_size_statistics, repetition),
                                            MANY(3, I64, parquet_size_statistics, definition)};
static TABLE(sizes, parquet_size_statistics, sizes_fields, 0);

static const thrift_field key_value_fields[] = {ONE(1, BYTES, parquet_key_value, key),
                                                ONE(2, BYTES, parquet_key_value, value)};
static TABLE(key_value, parquet_key_value, key_value_fields, HAS(1));

static const thrift_field encoding_stats_fields[] = {ONE(1, I32, parquet_encoding_stats, page_type),
                                                     ONE(2, I32, parquet_encoding_stats, encoding),
                                                     ONE(3, I32, parquet_encoding_stats, count)};
static TABLE(encoding_stats, parquet_encoding_stats, encoding_stats_fields,
             HAS(1) | HAS(2) | HAS(3));

static const thrift_field chunk_meta_fields[] = {
    ONE(1, I32, parquet_chunk_meta, type),
    MANY(2, I32, parquet_chunk_meta, encodings),
    MANY(3, BYTES, parquet_chunk_meta, path),
    ONE(4, I32, parquet_chunk_meta, codec),
    ONE(5, I64, parquet_chunk_meta, values),
    ONE(6, I64, parquet_chunk_meta, uncompressed),
    ONE(7, I64, parquet_chunk_meta, compressed),
    SUBS(8, parquet_chunk_meta, key_values, key_value),
    ONE(9, I64, parquet_chunk_meta, data_page),
    ONE(10, I64, parquet_chunk_meta, index_page),
    ONE(11, I64, parquet_chunk_meta, dictionary_page),
    SUB(12, parquet_chunk_meta, statistics, statistics),
    SUBS(13, parquet_chunk_meta, encoding_stats, encoding_stats),
    ONE(14, I64, parquet_chunk_meta, bloom_offset),
    ONE(15, I32, parquet_chunk_meta, bloom_length),
    SUB(16, parquet_chunk_meta, sizes, sizes)};
static TABLE(chunk_meta, parquet_chunk_meta, chunk_meta_fields,
             HAS(1) | HAS(4) | HAS(5) | HAS(7) | HAS(9));

static const thrift_field chunk_fields[] = {
    ONE(1, BYTES, parquet_chunk, file_path),         ONE(2, I64, parquet_chunk, file_offset),
    SUB(3, parquet_chunk, meta, chunk_meta),         ONE(4, I64, parquet_chunk, offset_index),
    ONE(5, I32, parquet_chunk, offset_index_length), ONE(6, I64, parquet_chunk, column_index),
    ONE(7, I32, parquet_chunk, column_index_length), SUB(8, parquet_chunk, crypto, marks)};
static TABLE(chunk, parquet_chunk, chunk_fields, 0);

static const thrift_field sorting_fields[] = {ONE(1, I32, parquet_sorting, column),
                                              ONE(2, BOOL, parquet_sorting, descending),
                                              ONE(3, BOOL, parquet_sorting, nulls_first)};
static TABLE(sorting, parquet_sorting, sorting_fields, HAS(1) | HAS(2) | HAS(3));

static const thrift_field group_fields[] = {
    SUBS(1, parquet_group, chunks, chunk),   ONE(2, I64, parquet_group, bytes),
    ONE(3, I64, parquet_group, rows),        SUBS(4, parquet_group, sorting, sorting),
    ONE(5, I64, parquet_group, file_offset), ONE(6, I64, parquet_group, compressed),
    ONE(7, I16, parquet_group, ordinal)};
static TABLE(group, parquet_group, group_fields, HAS(1) | HAS(3));

static const thrift_field file_fields[] = {ONE(1, I32, parquet_file, version),
                                           SUBS(2, parquet_file, schema, element),
                                           ONE(3, I64, parquet_file, rows),
                                           SUBS(4, parquet_file, groups, group),
                                           SUBS(5, parquet_file, key_values, key_value),
                                           ONE(6, BYTES, parquet_file, created_by),
                                           SUBS(7, parquet_file, orders, marks),
                                           SUB(8, parquet_file, encryption, marks)};
TABLE(mill_parquet_file, parquet_file, file_fields, HAS(2) | HAS(3) | HAS(4));

/* ---- pages ---------------------------------------------------------------------------------- */

static const thrift_field data_page_fields[] = {
    ONE(1, I32, parquet_data_page, values), ONE(2, I32, parquet_data_page, encoding),
    ONE(3, I32, parquet_data_page, definition), ONE(4, I32, parquet_data_page, repetition),
    SUB(5, parquet_data_page, statistics, statistics)};
static TABLE(data_page, parquet_data_page, data_page_fields, HAS(1) | HAS(2) | HAS(3) | HAS(4));

static const thrift_field dictionary_page_fields[] = {
    ONE(1, I32, parquet_dictionary_page, values), ONE(2, I32, parquet_dictionary_page, encoding),
    ONE(3, BOOL, parquet_dictionary_page, sorted)};
static TABLE(dictionary_page, parquet_dictionary_page, dictionary_page_fields, HAS(1) | HAS(2));

static const thrift_field data_page_v2_fields[] = {
    ONE(1, I32, parquet_data_page_v2, values),
    ONE(2, I32, parquet_data_page_v2, nulls),
    ONE(3, I32, parquet_data_page_v2, rows),
    ONE(4, I32, parquet_data_page_v2, encoding),
    ONE(5, I32, parquet_data_page_v2, definition_bytes),
    ONE(6, I32, parquet_data_page_v2, repetition_bytes),
    ONE(7, BOOL, parquet_data_page_v2, compressed),
    SUB(8, parquet_data_page_v2, statistics, statistics)};
static TABLE(data_page_v2, parquet_data_page_v2, data_page_v2_fields,
             HAS(1) | HAS(2) | HAS(3) | HAS(4) | HAS(5) | HAS(6));

static const thrift_field page_fields[] = {ONE(1, I32, parquet_page, type),
                                           ONE(2, I32, parquet_page, uncompressed),
                                           ONE(3, I32, parquet_page, compressed),
                                           ONE(4, I32, parquet_page, crc),
                                           SUB(5, parquet_page, data, data_page),
                                           {6, THRIFT_MARK, false, 0, NULL}, /* an index page */
                                           SUB(7, parquet_page, dictionary, dictionary_page),
                                           SUB(8, parquet_page, data2, data_page_v2)};
TABLE(mill_parquet_page, parquet_page, page_fields, HAS(1) | HAS(2) | HAS(3));

/* ---- page indexes, Bloom filters ------------------------------------------------------------ */

static const thrift_field location_fields[] = {ONE(1, I64, parquet_location, offset),
                                               ONE(2, I32, parquet_location, bytes),
                                               ONE(3, I64, parquet_location, first_row)};
static TABLE(location, parquet_location, location_fields, HAS(1) | HAS(2) | HAS(3));

static const thrift_field offset_index_fields[] = {
    SUBS(1, parquet_offset_index, pages, location),
    MANY(2, I64, parquet_offset_index, byte_array_bytes)};
TABLE(mill_parquet_offset_index, parquet_offset_index, offset_index_fields, HAS(1));

static const thrift_field column_index_fields[] = {
    MANY(1, BOOL, parquet_column_index, null_pages), MANY(2, BYTES, parquet_column_index, min),
    MANY(3, BYTES, parquet_column_index, max),       ONE(4, I32, parquet_column_index, order),
    MANY(5, I64, parquet_column_index, nulls),       MANY(6, I64, parquet_column_index, repetition),
    MANY(7, I64, parquet_column_index, definition)};
TABLE(mill_parquet_column_index, parquet_column_index, column_index_fields,
      HAS(1) | HAS(2) | HAS(3) | HAS(4));

static const thrift_field bloom_fields[] = {
    ONE(1, I32, parquet_bloom, bytes), SUB(2, parquet_bloom, algorithm, marks),
    SUB(3, parquet_bloom, hash, marks), SUB(4, parquet_bloom, compression, marks)};
TABLE(mill_parquet_bloom, parquet_bloom, bloom_fields, HAS(1) | HAS(2) | HAS(3) | HAS(4));
