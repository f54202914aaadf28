/* The metadata of Parquet files, as parquet.thrift of apache/parquet-format has it (2.12).
**
**     "PAR1" | column chunks: pages | indexes, Bloom filters | file metadata | its length u32 | "PAR1"
**
** Each struct is read and written through its table (thrift.h): `has` holds THRIFT_HAS bits of the
** field numbers, given behind each member. Enumerations are int32_t as found in the file: values may
** be unknown. Everything is allocated in the arena that is passed to mill_thrift_read; texts are
** views of the bytes read. Private to csrc/io. */
#ifndef MILL_IO_PARQUET_INT_H
#define MILL_IO_PARQUET_INT_H

#include "io/thrift.h"

#define PARQUET_MAGIC "PAR1"
#define PARQUET_MAGIC_ENCRYPTED "PARE"
enum { PARQUET_FOOTER_MAX = 64 << 20, PARQUET_TAIL = 8 };

/* Physical types. */
enum {
  PARQUET_BOOLEAN,
  PARQUET_INT32,
  PARQUET_INT64,
  PARQUET_INT96,
  PARQUET_FLOAT,
  PARQUET_DOUBLE,
  PARQUET_BYTE_ARRAY,
  PARQUET_FIXED /* FIXED_LEN_BYTE_ARRAY */
};
enum { PARQUET_REQUIRED, PARQUET_OPTIONAL, PARQUET_REPEATED };
/* ConvertedType, the older annotation. */
enum {
  PARQUET_UTF8,
  PARQUET_MAP,
  PARQUET_MAP_KEY_VALUE,
  PARQUET_LIST,
  PARQUET_ENUM,
  PARQUET_DECIMAL,
  PARQUET_DATE,
  PARQUET_TIME_MILLIS,
  PARQUET_TIME_MICROS,
  PARQUET_TIMESTAMP_MILLIS,
  PARQUET_TIMESTAMP_MICROS,
  PARQUET_UINT_8,
  PARQUET_UINT_16,
  PARQUET_UINT_32,
  PARQUET_UINT_64,
  PARQUET_INT_8,
  PARQUET_INT_16,
  PARQUET_INT_32,
  PARQUET_INT_64,
  PARQUET_JSON,
  PARQUET_BSON,
  PARQUET_INTERVAL
};
/* The member of the union LogicalType that is set: the bit of its number in `has`. */
enum {
  PARQUET_LOGICAL_STRING = 1,
  PARQUET_LOGICAL_MAP,
  PARQUET_LOGICAL_LIST,
  PARQUET_LOGICAL_ENUM,
  PARQUET_LOGICAL_DECIMAL,
  PARQUET_LOGICAL_DATE,
  PARQUET_LOGICAL_TIME,
  PARQUET_LOGICAL_TIMESTAMP,
  PARQUET_LOGICAL_INTEGER = 10,
  PARQUET_LOGICAL_UNKNOWN,
  PARQUET_LOGICAL_JSON,
  PARQUET_LOGICAL_BSON,
  PARQUET_LOGICAL_UUID,
  PARQUET_LOGICAL_FLOAT16,
  PARQUET_LOGICAL_VARIANT,
  PARQUET_LOGICAL_GEOMETRY,
  PARQUET_LOGICAL_GEOGRAPHY
};
enum { PARQUET_UNIT_MILLIS = 1, PARQUET_UNIT_MICROS, PARQUET_UNIT_NANOS };
enum {
  PARQUET_PLAIN = 0,
  PARQUET_PLAIN_DICTIONARY = 2, /* of dictionary pages and of indices into them, before 2.0 */
  PARQUET_RLE,
  PARQUET_BIT_PACKED, /* levels only; most significant bit first */
  PARQUET_DELTA_BINARY_PACKED,
  PARQUET_DELTA_LENGTH_BYTE_ARRAY,
  PARQUET_DELTA_BYTE_ARRAY,
  PARQUET_RLE_DICTIONARY,
  PARQUET_BYTE_STREAM_SPLIT
};
enum {
  PARQUET_UNCOMPRESSED,
  PARQUET_SNAPPY,
  PARQUET_GZIP,
  PARQUET_LZO,
  PARQUET_BROTLI,
  PARQUET_LZ4, /* Hadoop's framing, deprecated */
  PARQUET_ZSTD,
  PARQUET_LZ4_RAW
};
enum { PARQUET_DATA_PAGE, PARQUET_INDEX_PAGE, PARQUET_DICTIONARY_PAGE, PARQUET_DATA_PAGE_V2 };
enum { PARQUET_UNORDERED, PARQUET_ASCENDING, PARQUET_DESCENDING };

/* What becomes of dates and times before 1582-10-15, Spark's rebase modes. */
typedef enum parquet_rebase {
  PARQUET_CORRECTED, /* they are as they stand */
  PARQUET_LEGACY,    /* in the file the Julian calendar holds */
  PARQUET_EXCEPTION,
  PARQUET_NO_MODE /* an option that names none: an error where a file needs one */
} parquet_rebase;

/* A struct or union whose members have no content of their own. */
typedef struct parquet_empty {
  uint64_t has;
} parquet_empty;

typedef struct parquet_strings {
  thrift_bytes *at;
  uint32_t n;
} parquet_strings;
typedef struct parquet_bools {
  bool *at;
  uint32_t n;
} parquet_bools;
typedef struct parquet_ints {
  int32_t *at;
  uint32_t n;
} parquet_ints;
typedef struct parquet_longs {
  int64_t *at;
  uint32_t n;
} parquet_longs;

/* ---- the schema ----------------------------------------------------------------------------- */

typedef struct parquet_decimal {
  uint64_t has;
  int32_t scale, precision; /* 1, 2 */
} parquet_decimal;
typedef struct parquet_time {
  uint64_t has;
  bool utc;           /* 1: isAdjustedToUTC */
  parquet_empty unit; /* 2: a PARQUET_UNIT_ bit */
} parquet_time;
typedef struct parquet_integer {
  uint64_t has;
  int8_t width;   /* 1: bitWidth 8, 16, 32, 64 */
  bool is_signed; /* 2 */
} parquet_integer;
typedef struct parquet_variant {
  uint64_t has;
  int8_t version; /* 1 */
} parquet_variant;
typedef struct parquet_geo {
  uint64_t has;
  thrift_bytes crs;  /* 1 */
  int32_t algorithm; /* 2, GEOGRAPHY */
} parquet_geo;

typedef struct parquet_logical {
  uint64_t has; /* one PARQUET_LOGICAL_ bit */

  parquet_decimal decimal;
  parquet_time time; /* TIME, TIMESTAMP */
  parquet_integer integer;
  parquet_variant variant;
  parquet_geo geo; /* GEOMETRY, GEOGRAPHY */
} parquet_logical;

/* The schema is a tree in preorder; its first element is the root. */
typedef struct parquet_element {
  uint64_t has;
  int32_t type;            /* 1; absent: a group */
  int32_t type_length;     /* 2: bytes of a FIXED */
  int32_t repetition;      /* 3 */
  thrift_bytes name;       /* 4 */
  int32_t children;        /* 5 */
  int32_t converted;       /* 6 */
  int32_t scale;           /* 7 */
  int32_t precision;       /* 8 */
  int32_t field_id;        /* 9 */
  parquet_logical logical; /* 10 */
} parquet_element;

/* ---- row groups ----------------------------------------------------------------------------- */

typedef struct parquet_statistics {
  uint64_t has;
  thrift_bytes old_max, old_min; /* 1, 2: signed comparison of whatever type; deprecated */
  int64_t null_count;            /* 3 */
  int64_t distinct_count;        /* 4 */
  thrift_bytes max, min;         /* 5, 6: PLAIN encoding without a length */
  bool max_exact, min_exact;     /* 7, 8 */
} parquet_statistics;

typedef struct parquet_size_statistics {
  uint64_t has;
  int64_t byte_array_bytes;             /* 1 */
  parquet_longs repetition, definition; /* 2, 3: how often each level occurs */
} parquet_size_statistics;

typedef struct parquet_key_value {
  uint64_t has;
  thrift_bytes key, value; /* 1, 2 */
} parquet_key_value;
typedef struct parquet_key_values {
  parquet_key_value *at;
  uint32_t n;
} parquet_key_values;

typedef struct parquet_encoding_stats {
  uint64_t has;
  int32_t page_type, encoding, count; /* 1, 2, 3 */
} parquet_encoding_stats;

typedef struct parquet_chunk_meta {
  uint64_t has;
  int32_t type;                     /* 1 */
  parquet_ints encodings;           /* 2 */
  parquet_strings path;             /* 3 */
  int32_t codec;                    /* 4 */
  int64_t values;                   /* 5: with nulls, of repeated columns all elements */
  int64_t uncompressed, compressed; /* 6, 7: bytes with page headers */
  parquet_key_values key_values;    /* 8 */
  int64_t data_page;                /* 9: offset of the first */
  int64_t index_page;               /* 10 */
  int64_t dictionary_page;          /* 11 */
  parquet_statistics statistics;    /* 12 */
  struct {
    parquet_encoding_stats *at;
    uint32_t n;
  } encoding_stats;              /* 13 */
  int64_t bloom_offset;          /* 14 */
  int32_t bloom_length;          /* 15 */
  parquet_size_statistics sizes; /* 16 */
} parquet_chunk_meta;

typedef struct parquet_chunk {
  uint64_t has;
  thrift_bytes file_path;      /* 1: another file; not read */
  int64_t file_offset;         /* 2 */
  parquet_chunk_meta meta;     /* 3 */
  int64_t offset_index;        /* 4 */
  int32_t offset_index_length; /* 5 */
  int64_t column_index;        /* 6 */
  int32_t column_index_length; /* 7 */
  parquet_empty crypto;        /* 8: encrypted */
} parquet_chunk;

typedef struct parquet_sorting {
  uint64_t has;
  int32_t column;               /* 1 */
  bool descending, nulls_first; /* 2, 3 */
} parquet_sorting;

typedef struct parquet_group {
  uint64_t has;
  struct {
    parquet_chunk *at;
    uint32_t n;
  } chunks;      /* 1: one a leaf of the schema */
  int64_t bytes; /* 2: uncompressed */
  int64_t rows;  /* 3 */
  struct {
    parquet_sorting *at;
    uint32_t n;
  } sorting;           /* 4 */
  int64_t file_offset; /* 5 */
  int64_t compressed;  /* 6 */
  int16_t ordinal;     /* 7 */
} parquet_group;

typedef struct parquet_file {
  uint64_t has;
  int32_t version; /* 1 */
  struct {
    parquet_element *at;
    uint32_t n;
  } schema;     /* 2 */
  int64_t rows; /* 3 */
  struct {
    parquet_group *at;
    uint32_t n;
  } groups;                      /* 4 */
  parquet_key_values key_values; /* 5 */
  thrift_bytes created_by;       /* 6 */
  struct {
    parquet_empty *at; /* the bit 1: TypeDefinedOrder, bounds as the type says */
    uint32_t n;
  } orders;                 /* 7: one a leaf */
  parquet_empty encryption; /* 8: a plain footer over encrypted columns */
} parquet_file;

/* ---- pages ---------------------------------------------------------------------------------- */

typedef struct parquet_data_page {
  uint64_t has;
  int32_t values, encoding, definition, repetition; /* 1-4: count, then encodings */
  parquet_statistics statistics;                    /* 5 */
} parquet_data_page;
typedef struct parquet_dictionary_page {
  uint64_t has;
  int32_t values, encoding; /* 1, 2 */
  bool sorted;              /* 3 */
} parquet_dictionary_page;
typedef struct parquet_data_page_v2 {
  uint64_t has;
  int32_t values, nulls, rows, encoding;      /* 1-4 */
  int32_t definition_bytes, repetition_bytes; /* 5, 6 */
  bool compressed;                            /* 7; absent: true */
  parquet_statistics statistics;              /* 8 */
} parquet_data_page_v2;

typedef struct parquet_page {
  uint64_t has;
  int32_t type;                       /* 1 */
  int32_t uncompressed, compressed;   /* 2, 3: bytes behind this header */
  int32_t crc;                        /* 4: of the compressed bytes */
  parquet_data_page data;             /* 5 */
  parquet_dictionary_page dictionary; /* 7 */
  parquet_data_page_v2 data2;         /* 8 */
} parquet_page;

/* ---- page indexes, Bloom filters ------------------------------------------------------------ */

typedef struct parquet_location {
  uint64_t has;
  int64_t offset;    /* 1 */
  int32_t bytes;     /* 2: with the header */
  int64_t first_row; /* 3: in the row group */
} parquet_location;
typedef struct parquet_offset_index {
  uint64_t has;
  struct {
    parquet_location *at;
    uint32_t n;
  } pages;                        /* 1 */
  parquet_longs byte_array_bytes; /* 2 */
} parquet_offset_index;
typedef struct parquet_column_index {
  uint64_t has;
  parquet_bools null_pages;             /* 1 */
  parquet_strings min, max;             /* 2, 3 */
  int32_t order;                        /* 4 */
  parquet_longs nulls;                  /* 5 */
  parquet_longs repetition, definition; /* 6, 7 */
} parquet_column_index;
typedef struct parquet_bloom {
  uint64_t has;
  int32_t bytes;                              /* 1: behind this header */
  parquet_empty algorithm, hash, compression; /* 2-4: the bit 1 each: BLOCK, XXHASH, UNCOMPRESSED */
} parquet_bloom;

extern const thrift_struct mill_parquet_file, mill_parquet_page, mill_parquet_offset_index,
    mill_parquet_column_index, mill_parquet_bloom;

#endif
