/* Math functions: answers of Spark 4.3 (conformance: functions/math, functions/math_args). */
#include "call.h"

static void test_reals(void) {
  want("2.0", "sqrt", "INT:4", NULL);
  want("NaN", "sqrt", "INT:-4", NULL);
  want("NULL", "ln", "INT:0", NULL);
  want("3.0", "log", "INT:2", "INT:8", NULL);
  want("8.0", "power", "INT:2", "INT:3", NULL);
  want("NaN", "pow", "DOUBLE:1", "DOUBLE:NaN", NULL);
  want("1.3169578969248166", "acosh", "INT:2", NULL);
  want("-0.0", "sign", "DOUBLE:-0.0", NULL);
  want("120", "factorial", "DECIMAL(2,1):5.7", NULL);
  want("NULL", "factorial", "INT:21", NULL);
  want("3", "width_bucket", "DECIMAL(2,1):4.7", "DECIMAL(1,1):0.4", "DECIMAL(2,1):9.9", "INT:6",
       NULL);
  want("7", "width_bucket", "DECIMAL(2,1):9.9", "DECIMAL(1,1):0.4", "DECIMAL(2,1):9.9", "INT:6",
       NULL);
  want("3.141592653589793", "pi", NULL);
  want("!DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", "pow", "INT:2", "BOOLEAN:true", NULL);
}

static void test_rounding(void) {
  want("2.6", "round", "DECIMAL(4,3):2.567", "INT:1", NULL);
  want_type("DECIMAL(3,1)");
  want("2", "bround", "DECIMAL(2,1):2.5", "INT:0", NULL);
  want_type("DECIMAL(2,0)");
  want("0", "bround", "DECIMAL(2,1):2.5", "INT:-1", NULL);
  want("-2", "bround", "DECIMAL(2,1):-2.5", "INT:0", NULL);
  want("4.0", "bround", "DOUBLE:3.5", "INT:0", NULL);
  want("20", "bround", "INT:25", "INT:-1", NULL);
  want("!ARITHMETIC_OVERFLOW", "round", "TINYINT:127", "INT:-1", NULL);
  want("2.68", "round", "DOUBLE:2.675", "INT:2", NULL);
  want("4", "ceil", "DECIMAL(3,2):3.14", NULL);
  want_type("DECIMAL(2,0)");
  want("100", "ceil", "DECIMAL(5,4):3.1415", "INT:-2", NULL);
  want_type("DECIMAL(3,0)");
  want("0", "ceil", "DECIMAL(5,4):-3.1415", "INT:-2", NULL);
  want("-100", "floor", "DECIMAL(5,4):-3.1415", "INT:-2", NULL);
  want("3.15", "ceil", "DOUBLE:3.1415", "INT:2", NULL);
  want_type("DECIMAL(18,2)");
  want("1300", "ceil", "BIGINT:1234", "INT:-2", NULL);
  want("4", "ceil", "FLOAT:3.5", NULL);
  want_type("BIGINT");
  want("!ARITHMETIC_OVERFLOW", "ceil", "DOUBLE:1e30", NULL);
  want("0", "floor", "DOUBLE:NaN", NULL);
  want("99999999999999999999", "floor", "DECIMAL(21,1):99999999999999999999.5", NULL);
  want("NULL", "ceil", "VOID:NULL", "INT:1", NULL);
  want_type("DECIMAL(22,1)");
}

static void test_bases(void) {
  want("FF", "hex", "INT:255", NULL);
  want("11", "hex", "DECIMAL(3,1):17.9", NULL);
  want("4D696C6C", "hex", "STRING:Mill", NULL);
  want("Mill", "unhex", "STRING:4D696C6C", NULL);
  want("NULL", "unhex", "STRING:0g", NULL);
  want("1101", "bin", "INT:13", NULL);
  want("13", "conv", "STRING:1101", "INT:2", "INT:10", NULL);
  want("!ARITHMETIC_OVERFLOW", "conv", "STRING:FFFFFFFFFFFFFFFFFF", "INT:16", "INT:16", NULL);
}

/* Spark's first rows of rand(0) and randn(0). */
static void test_random(void) {
  want("0.7604953758285915", "rand", "INT:0", NULL);
  want("1.6034991609278433", "randn", "INT:0", NULL);
  want("0.02390696427502892", "random", "INT:5", NULL);
  want("3", "uniform", "INT:1", "INT:10", "INT:3", NULL);
}

int main(void) {
  bench_open();
  test_reals();
  test_rounding();
  test_bases();
  test_random();
  return bench_close();
}
