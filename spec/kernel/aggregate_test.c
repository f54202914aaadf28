/* Aggregates, whole and through travelling states: answers of Spark 4.3. */
#include "call.h"

static void test_sums(void) {
  want_agg("3", "count", "INT:1;2;NULL;4", NULL);
  want_agg("30", "sum", "INT:5;10;15", NULL);
  want_type("BIGINT");
  want_agg("!ARITHMETIC_OVERFLOW", "sum", "BIGINT:9223372036854775807;1", NULL);
  want_agg("NULL", "try_sum", "BIGINT:9223372036854775807;1", NULL);
  want_agg("NULL", "sum", "INT:NULL;NULL", NULL);
  want_agg("4.00", "sum", "DECIMAL(3,2):1.50;2.50", NULL);
  want_type("DECIMAL(13,2)");
  want_agg("!ARITHMETIC_OVERFLOW", "sum", "DECIMAL(38,0):99999999999999999999999999999999999999;1",
           NULL);
  want_agg("2.0", "avg", "INT:1;2;3", NULL);
  want_agg("1.50000", "avg", "DECIMAL(2,1):1.5;1.5", NULL);
  want_type("DECIMAL(6,5)");
  want_agg("3.5", "sum", "FLOAT:1.5;2", NULL);
  want_type("DOUBLE");
  want_agg("2", "count_if", "BOOLEAN:true;false;NULL;true", NULL);
}

static void test_picks(void) {
  want_agg("50", "max", "INT:10;50;20", NULL);
  want_agg("NaN", "max", "DOUBLE:10;NaN;20", NULL);
  want_agg("10.0", "min", "DOUBLE:10;NaN;20", NULL);
  want_agg("tidemill-is-long-enough", "max", "STRING:a;tidemill-is-long-enough;b", NULL);
  want_agg("NULL", "first", "INT:NULL;1;2", NULL);
  want_agg("1", "first", "INT:NULL;1;2", "=BOOLEAN:true", NULL);
  want_agg("2", "last", "INT:NULL;1;2", NULL);
  want_agg("y", "max_by", "STRING:x;y;z", "INT:1;3;NULL", NULL);
  want_agg("x", "min_by", "STRING:x;y;z", "INT:1;3;NULL", NULL);
  want_agg("1", "bit_and", "INT:3;5", NULL);
  want_agg("7", "bit_or", "INT:3;5", NULL);
  want_agg("6", "bit_xor", "INT:3;5", NULL);
  want_agg("true", "every", "BOOLEAN:true;true", NULL);
  want_agg("true", "some", "BOOLEAN:true;false", NULL);
}

int main(void) {
  bench_open();
  test_sums();
  test_picks();
  return bench_close();
}
