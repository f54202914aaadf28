/* Casts: a sample of Spark 4.3's answers (conformance: sql/casts), one a pair of types and
** outcome. */
#include "call.h"

static const struct {
  bool trying;
  const char *value, *to, *want;
} cases[] = {
    {false, "BOOLEAN:true", "BOOLEAN", "true"},
    {false, "BOOLEAN:true", "TINYINT", "1"},
    {false, "BOOLEAN:true", "INT", "1"},
    {false, "BOOLEAN:true", "BIGINT", "1"},
    {false, "BOOLEAN:true", "DECIMAL(5,2)", "1.00"},
    {false, "BOOLEAN:true", "BINARY", "!DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION"},
    {false, "BOOLEAN:true", "DATE", "!DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION"},
    {false, "BOOLEAN:true", "TIMESTAMP", "!DATATYPE_MISMATCH.CAST_WITH_CONF_SUGGESTION"},
    {false, "BOOLEAN:true", "STRING", "true"},
    {false, "BOOLEAN:false", "SMALLINT", "0"},
    {false, "BOOLEAN:false", "DOUBLE", "0.0"},
    {false, "BOOLEAN:false", "TIMESTAMP_NTZ", "!DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION"},
    {false, "TINYINT:0", "BOOLEAN", "false"},
    {false, "TINYINT:0", "TINYINT", "0"},
    {false, "TINYINT:0", "INT", "0"},
    {false, "TINYINT:0", "BIGINT", "0"},
    {false, "TINYINT:0", "DECIMAL(5,2)", "0.00"},
    {false, "TINYINT:0", "BINARY", "!DATATYPE_MISMATCH.CAST_WITH_CONF_SUGGESTION"},
    {false, "TINYINT:0", "DATE", "!DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION"},
    {false, "TINYINT:0", "TIMESTAMP", "1970-01-01 00:00:00"},
    {false, "TINYINT:0", "STRING", "0"},
    {false, "TINYINT:-128", "SMALLINT", "-128"},
    {false, "TINYINT:-128", "DOUBLE", "-128.0"},
    {false, "TINYINT:-128", "TIMESTAMP_NTZ", "!DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION"},
    {false, "SMALLINT:300", "BOOLEAN", "true"},
    {false, "SMALLINT:300", "TINYINT", "!CAST_OVERFLOW"},
    {false, "SMALLINT:300", "INT", "300"},
    {false, "SMALLINT:300", "BIGINT", "300"},
    {false, "SMALLINT:300", "DECIMAL(5,2)", "300.00"},
    {false, "SMALLINT:300", "BINARY", "!DATATYPE_MISMATCH.CAST_WITH_CONF_SUGGESTION"},
    {false, "SMALLINT:300", "DATE", "!DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION"},
    {false, "SMALLINT:300", "TIMESTAMP", "1970-01-01 00:05:00"},
    {false, "SMALLINT:300", "STRING", "300"},
    {false, "SMALLINT:-32768", "SMALLINT", "-32768"},
    {false, "SMALLINT:-32768", "DOUBLE", "-32768.0"},
    {false, "SMALLINT:-32768", "DECIMAL(5,2)", "!NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION"},
    {false, "SMALLINT:-32768", "TIMESTAMP_NTZ", "!DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION"},
    {false, "INT:0", "BOOLEAN", "false"},
    {false, "INT:0", "TINYINT", "0"},
    {false, "INT:0", "INT", "0"},
    {false, "INT:0", "BIGINT", "0"},
    {false, "INT:0", "DECIMAL(5,2)", "0.00"},
    {false, "INT:0", "BINARY", "!DATATYPE_MISMATCH.CAST_WITH_CONF_SUGGESTION"},
    {false, "INT:0", "DATE", "!DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION"},
    {false, "INT:0", "TIMESTAMP", "1970-01-01 00:00:00"},
    {false, "INT:0", "STRING", "0"},
    {false, "INT:1", "SMALLINT", "1"},
    {false, "INT:1", "DOUBLE", "1.0"},
    {false, "INT:1", "TIMESTAMP_NTZ", "!DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION"},
    {false, "INT:2147483647", "SMALLINT", "!CAST_OVERFLOW"},
    {false, "INT:2147483647", "DECIMAL(5,2)", "!NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION"},
    {false, "BIGINT:5", "BOOLEAN", "true"},
    {false, "BIGINT:5", "TINYINT", "5"},
    {false, "BIGINT:5", "INT", "5"},
    {false, "BIGINT:5", "BIGINT", "5"},
    {false, "BIGINT:5", "DECIMAL(5,2)", "5.00"},
    {false, "BIGINT:5", "BINARY", "!DATATYPE_MISMATCH.CAST_WITH_CONF_SUGGESTION"},
    {false, "BIGINT:5", "DATE", "!DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION"},
    {false, "BIGINT:5", "TIMESTAMP", "1970-01-01 00:00:05"},
    {false, "BIGINT:5", "STRING", "5"},
    {false, "BIGINT:9223372036854775807", "SMALLINT", "!CAST_OVERFLOW"},
    {false, "BIGINT:9223372036854775807", "INT", "!CAST_OVERFLOW"},
    {false, "BIGINT:9223372036854775807", "DOUBLE", "9.223372036854776E18"},
    {false, "BIGINT:3000000000", "DECIMAL(5,2)", "!NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION"},
    {false, "BIGINT:3000000000", "TIMESTAMP_NTZ", "!DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION"},
    {false, "DOUBLE:1.5", "BOOLEAN", "true"},
    {false, "DOUBLE:1.5", "TINYINT", "1"},
    {false, "DOUBLE:1.5", "INT", "1"},
    {false, "DOUBLE:1.5", "BIGINT", "1"},
    {false, "DOUBLE:1.5", "DECIMAL(5,2)", "1.50"},
    {false, "DOUBLE:1.5", "BINARY", "!DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION"},
    {false, "DOUBLE:1.5", "DATE", "!DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION"},
    {false, "DOUBLE:1.5", "TIMESTAMP", "1970-01-01 00:00:01.5"},
    {false, "DOUBLE:1.5", "STRING", "1.5"},
    {false, "DOUBLE:-2.5", "SMALLINT", "-2"},
    {false, "DOUBLE:-2.5", "DOUBLE", "-2.5"},
    {false, "DOUBLE:-2.5", "TIMESTAMP_NTZ", "!DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION"},
    {false, "DOUBLE:1e10", "TINYINT", "!CAST_OVERFLOW"},
    {false, "DOUBLE:1e10", "SMALLINT", "!CAST_OVERFLOW"},
    {false, "DOUBLE:1e10", "DECIMAL(10,0)", "!NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION"},
    {false, "DOUBLE:1e20", "INT", "!CAST_OVERFLOW"},
    {false, "DOUBLE:1e20", "BIGINT", "!CAST_OVERFLOW"},
    {false, "DOUBLE:1e300", "TIMESTAMP", "!CAST_OVERFLOW"},
    {false, "DECIMAL(3,2):1.50", "BOOLEAN", "true"},
    {false, "DECIMAL(3,2):1.50", "TINYINT", "1"},
    {false, "DECIMAL(3,2):1.50", "INT", "1"},
    {false, "DECIMAL(3,2):1.50", "BIGINT", "1"},
    {false, "DECIMAL(3,2):1.50", "DECIMAL(5,2)", "1.50"},
    {false, "DECIMAL(3,2):1.50", "BINARY", "!DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION"},
    {false, "DECIMAL(3,2):1.50", "DATE", "!DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION"},
    {false, "DECIMAL(3,2):1.50", "TIMESTAMP", "1970-01-01 00:00:01.5"},
    {false, "DECIMAL(3,2):1.50", "STRING", "1.50"},
    {false, "DECIMAL(2,1):-2.5", "SMALLINT", "-2"},
    {false, "DECIMAL(2,1):-2.5", "DOUBLE", "-2.5"},
    {false, "DECIMAL(2,1):-2.5", "TIMESTAMP_NTZ", "!DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION"},
    {false, "DECIMAL(5,2):300.00", "TINYINT", "!CAST_OVERFLOW"},
    {false, "STRING:12", "BOOLEAN", "!CAST_INVALID_INPUT"},
    {false, "STRING:12", "TINYINT", "12"},
    {false, "STRING:12", "INT", "12"},
    {false, "STRING:12", "BIGINT", "12"},
    {false, "STRING:12", "DECIMAL(5,2)", "12.00"},
    {false, "STRING:12", "BINARY", "12"},
    {false, "STRING:12", "DATE", "!CAST_INVALID_INPUT"},
    {false, "STRING:12", "TIMESTAMP", "!CAST_INVALID_INPUT"},
    {false, "STRING:12", "STRING", "12"},
    {false, "STRING:x", "SMALLINT", "!CAST_INVALID_INPUT"},
    {false, "STRING:x", "INT", "!CAST_INVALID_INPUT"},
    {false, "STRING:x", "BIGINT", "!CAST_INVALID_INPUT"},
    {false, "STRING:x", "DOUBLE", "!CAST_INVALID_INPUT"},
    {false, "STRING:x", "DECIMAL(5,2)", "!CAST_INVALID_INPUT"},
    {false, "STRING:x", "TIMESTAMP_NTZ", "!CAST_INVALID_INPUT"},
    {false, "DATE:2024-05-06", "BOOLEAN", "!DATATYPE_MISMATCH.CAST_WITH_CONF_SUGGESTION"},
    {false, "DATE:2024-05-06", "TINYINT", "!DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION"},
    {false, "DATE:2024-05-06", "INT", "!DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION"},
    {false, "DATE:2024-05-06", "BIGINT", "!DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION"},
    {false, "DATE:2024-05-06", "DECIMAL(5,2)", "!DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION"},
    {false, "DATE:2024-05-06", "BINARY", "!DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION"},
    {false, "DATE:2024-05-06", "DATE", "2024-05-06"},
    {false, "DATE:2024-05-06", "TIMESTAMP", "2024-05-06 00:00:00"},
    {false, "DATE:2024-05-06", "STRING", "2024-05-06"},
    {false, "DATE:0001-01-01", "SMALLINT", "!DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION"},
    {false, "DATE:0001-01-01", "DOUBLE", "!DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION"},
    {false, "DATE:0001-01-01", "TIMESTAMP_NTZ", "0001-01-01 00:00:00"},
    {false, "TIMESTAMP:2024-05-06 07:08:09.123456", "TINYINT", "!CAST_OVERFLOW"},
    {false, "TIMESTAMP:2024-05-06 07:08:09.123456", "INT", "1714979289"},
    {false, "TIMESTAMP:2024-05-06 07:08:09.123456", "BIGINT", "1714979289"},
    {false, "TIMESTAMP:2024-05-06 07:08:09.123456", "DECIMAL(10,0)", "1714979289"},
    {false, "TIMESTAMP:2024-05-06 07:08:09.123456", "DATE", "2024-05-06"},
    {false, "TIMESTAMP:2024-05-06 07:08:09.123456", "TIMESTAMP", "2024-05-06 07:08:09.123456"},
    {false, "TIMESTAMP:2024-05-06 07:08:09.123456", "STRING", "2024-05-06 07:08:09.123456"},
    {false, "TIMESTAMP:1969-12-31 23:59:59.5", "SMALLINT", "-1"},
    {false, "TIMESTAMP:1969-12-31 23:59:59.5", "DOUBLE", "-0.5"},
    {false, "TIMESTAMP:1969-12-31 23:59:59.5", "TIMESTAMP_NTZ", "1969-12-31 23:59:59.5"},
    {false, "TIMESTAMP:9999-12-31 00:00:00", "SMALLINT", "!CAST_OVERFLOW"},
    {false, "TIMESTAMP:9999-12-31 00:00:00", "INT", "!CAST_OVERFLOW"},
    {false, "TIMESTAMP_NTZ:2024-05-06 07:08:09.5", "DATE", "2024-05-06"},
    {false, "TIMESTAMP_NTZ:2024-05-06 07:08:09.5", "TIMESTAMP", "2024-05-06 07:08:09.5"},
    {false, "TIMESTAMP_NTZ:2024-05-06 07:08:09.5", "STRING", "2024-05-06 07:08:09.5"},
    {false, "STRING: 12 ", "DOUBLE", "12.0"},
    {false, "STRING:1e3", "DECIMAL(5,2)", "!NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION"},
    {false, "STRING:T", "BOOLEAN", "true"},
    {false, "STRING:2024-05-06", "DATE", "2024-05-06"},
    {false, "STRING:2024-05-06", "TIMESTAMP", "2024-05-06 00:00:00"},
    {false, "STRING:2024-5-6", "TIMESTAMP_NTZ", "2024-05-06 00:00:00"},
    {true, "TIMESTAMP:9999-12-31 00:00:00", "TINYINT", "NULL"},
    {false, "STRING:127.9", "TINYINT", "!CAST_INVALID_INPUT"},
};

static void test_cases(void) {
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    mill_vector *v = value_of(cases[i].value), out;
    const mill_type *to = type_named(cases[i].to, strlen(cases[i].to));
    mill_error_clear(&B.err);
    mill_status s = cast_value(v, to, cases[i].trying ? MILL_CAST_TRY : MILL_CAST_ANSI, &out);
    char got[256];
    if (s != MILL_OK)
      snprintf(got, sizeof got, "!%s", mill_condition_name(s));
    else
      snprintf(got, sizeof got, "%s", text_of(&out));
    CHECK(strcmp(got, cases[i].want) == 0, "CAST(%s AS %s): got <%s> want <%s>", cases[i].value,
          cases[i].to, got, cases[i].want);
  }
}

/* Elements are cast one by one; what stands under a null struct or list is not looked at. */
static void test_nested(void) {
  mill_vector *list = column_of(mill_type_of(MILL_STRING), "1;x;3");
  mill_span spans[] = {{0, 1}, {1, 1}, {2, 1}};
  uint64_t valid[] = {5};
  mill_vector array = {.type = type_named("ARRAY<STRING>", 13),
                       .data = spans,
                       .valid = valid,
                       .child = list,
                       .mask = MILL_FLAT,
                       .size = 3};
  mill_vector one, out;
  const mill_type *ints = type_named("ARRAY<INT>", 10);
  for (size_t i = 0; i < 3; i++) {
    if (mill_vector_constant(&one, &array, i, &B.arena, &B.err) != MILL_OK) return;
    mill_status s = cast_value(&one, ints, MILL_CAST_ANSI, &out);
    CHECK(s == MILL_OK, "%s", mill_error_message(&B.err));
    CHECK_STR(text_of(&out), i == 0 ? "[1]" : i == 1 ? "NULL" : "[3]");
  }
}

static void test_intervals(void) {
  static const char *const c[][3] = {
      {"STRING:1-2", "INTERVAL YEAR TO MONTH", "INTERVAL '1-2' YEAR TO MONTH"},
      {"STRING:1 2:3:4.5", "INTERVAL DAY TO SECOND", "INTERVAL '1 02:03:04.5' DAY TO SECOND"},
      {"STRING: 5 ", "INTERVAL DAY", "INTERVAL '5' DAY"},
      {"STRING:INTERVAL -'1-2' YEAR TO MONTH", "INTERVAL YEAR TO MONTH",
       "INTERVAL '-1-2' YEAR TO MONTH"},
      {"STRING:1 year 2 months 3 days 4 hours", "INTERVAL", "1 years 2 months 3 days 4 hours"},
      {"BIGINT:9223372036854775807", "INTERVAL DAY TO SECOND", "!CAST_OVERFLOW"},
      {"STRING:12", "INTERVAL YEAR TO MONTH", "!INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING"}};
  for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
    mill_vector *v = value_of(c[i][0]), out;
    mill_error_clear(&B.err);
    mill_status s = cast_value(v, type_named(c[i][1], strlen(c[i][1])), MILL_CAST_ANSI, &out);
    char got[128];
    snprintf(got, sizeof got, "%s%s", s ? "!" : "", s ? mill_condition_name(s) : text_of(&out));
    CHECK_STR(got, c[i][2]);
  }
}

int main(void) {
  bench_open();
  test_cases();
  test_nested();
  test_intervals();
  return bench_close();
}
