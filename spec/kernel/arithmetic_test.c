/* Numbers: answers of Spark 4.3 (conformance: coercions, functions/math_args). */
#include "call.h"

static void test_integers(void) {
  want("3", "+", "INT:1", "INT:2", NULL);
  want_type("INT");
  want("4", "+", "STRING:2", "INT:2", NULL);
  want_type("BIGINT");
  want("!ARITHMETIC_OVERFLOW", "+", "INT:2147483647", "INT:1", NULL);
  want("!BINARY_ARITHMETIC_OVERFLOW", "+", "TINYINT:127", "TINYINT:1", NULL);
  want("!ARITHMETIC_OVERFLOW", "*", "BIGINT:9223372036854775807", "BIGINT:2", NULL);
  want("NULL", "try_add", "INT:2147483647", "INT:1", NULL);
  want("1", "%", "INT:7", "INT:3", NULL);
  want("!REMAINDER_BY_ZERO", "%", "INT:1", "INT:0", NULL);
  want("3.5", "/", "INT:7", "INT:2", NULL);
  want("!DIVIDE_BY_ZERO", "/", "INT:7", "INT:0", NULL);
  want("3", "div", "INT:7", "INT:2", NULL);
  want_type("BIGINT");
  want("2", "pmod", "INT:-10", "INT:3", NULL);
  want("!ARITHMETIC_OVERFLOW", "negative", "TINYINT:-128", NULL);
  want("!ARITHMETIC_OVERFLOW", "abs", "INT:-2147483648", NULL);
}

static void test_decimals(void) {
  want("4.50", "+", "INT:2", "DECIMAL(3,2):2.50", NULL);
  want_type("DECIMAL(4,2)");
  want("1.0", "%", "INT:7", "DECIMAL(2,1):1.5", NULL);
  want_type("DECIMAL(2,1)");
  want("0.3333333333333", "/", "DECIMAL(20,5):1", "DECIMAL(18,10):3", NULL);
  want_type("DECIMAL(38,13)");
  want("!NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION", "+",
       "DECIMAL(38,0):99999999999999999999999999999999999999", "INT:1", NULL);
  want("2", "div", "DECIMAL(2,1):5.5", "INT:2", NULL);
  want("1.00", "%", "DECIMAL(2,1):5.5", "DECIMAL(3,2):2.25", NULL);
}

static void test_types(void) {
  want("!DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE", "+", "BOOLEAN:true", "BOOLEAN:true", NULL);
  want("!DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES", "+", "BOOLEAN:true", "INT:2", NULL);
  want("!DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE", "+", "STRING:2", "STRING:2", NULL);
  want("!DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES", "+", "BOOLEAN:true", "VOID:NULL", NULL);
  want("NULL", "+", "VOID:NULL", "VOID:NULL", NULL);
  want_type("DOUBLE");
  want("!WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "abs", "INT:1", "INT:1", NULL);
}

static void test_time(void) {
  want("2024-05-08", "+", "INT:2", "DATE:2024-05-06", NULL);
  want("!DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "+", "BIGINT:2", "DATE:2024-05-06", NULL);
  want("!DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "+", "BOOLEAN:true", "DATE:2024-05-06", NULL);
  want("NULL", "+", "DATE:2024-05-06", "VOID:NULL", NULL);
  want_type("TIMESTAMP");
  want("2024-07-06", "+", "DATE:2024-05-06", "INTERVAL MONTH:2", NULL);
  want("2024-05-08", "+", "INTERVAL DAY:2", "DATE:2024-05-06", NULL);
  want("2024-05-06 02:00:00", "+", "DATE:2024-05-06", "INTERVAL HOUR:2", NULL);
  want("INTERVAL '0-4' YEAR TO MONTH", "*", "SMALLINT:2", "INTERVAL MONTH:2", NULL);
  want("INTERVAL '5 00:00:00' DAY TO SECOND", "*", "FLOAT:2.5", "INTERVAL DAY:2", NULL);
  want("INTERVAL '365' DAY", "-", "DATE:2024-01-01", "DATE:2023-01-01", NULL);
  want("INTERVAL '365 00:00:00' DAY TO SECOND", "-", "TIMESTAMP:2024-01-01", "DATE:2023-01-01",
       NULL);
  want("!INTERVAL_DIVIDED_BY_ZERO", "/", "INTERVAL MONTH:2", "INT:0", NULL);
  want("!DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "+", "INT:1", "INTERVAL DAY:1", NULL);
  want("NULL", "div", "VOID:NULL", "INTERVAL DAY:2", NULL);
  want_type("BIGINT");
}

static void test_compare(void) {
  want("true", "=", "INT:2", "STRING:2", NULL);
  want("true", "=", "DOUBLE:NaN", "DOUBLE:NaN", NULL);
  want("true", "<", "DOUBLE:1", "DOUBLE:NaN", NULL);
  want("true", "=", "DOUBLE:-0.0", "DOUBLE:0", NULL);
  want("true", "<=>", "VOID:NULL", "INT:NULL", NULL);
  want("false", "<=>", "INT:1", "INT:NULL", NULL);
  want("NULL", "=", "INT:1", "INT:NULL", NULL);
  want("true", "in", "INT:1", "INT:3", "INT:1", NULL);
  want("NULL", "in", "INT:1", "INT:3", "INT:NULL", NULL);
  want("false", "in", "INT:1", "INT:3", "INT:4", NULL);
  want("NULL", "and", "BOOLEAN:true", "BOOLEAN:NULL", NULL);
  want("false", "and", "BOOLEAN:false", "BOOLEAN:NULL", NULL);
  want("10", "greatest", "INT:10", "INT:9", "INT:NULL", NULL);
  want("1", "coalesce", "INT:NULL", "INT:1", NULL);
}

int main(void) {
  bench_open();
  test_integers();
  test_decimals();
  test_types();
  test_time();
  test_compare();
  return bench_close();
}
