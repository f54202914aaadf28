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
  want_agg("[b, a]", "max_by", "STRING:a;b;c;d", "INT:1;2;NULL;0", "=INT:2", NULL);
  want_agg("[d, a]", "min_by", "STRING:a;b;c;d", "INT:1;2;NULL;0", "=INT:2", NULL);
  want_agg("!DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", "min_by", "STRING:a", "INT:1", "=INT:0", NULL);
  want_agg("-9", "min", "BIGINT:-1;-9;5", NULL);
  want_agg("-8", "sum", "BIGINT:-1;-9;2", NULL);
  want_agg("18446744073709551614", "sum", "DECIMAL(19,0):9223372036854775807;9223372036854775807",
           NULL);
  want_agg("2024-03-01", "max", "DATE:2024-01-01;2024-03-01;NULL", NULL);
  want_agg("1", "bit_and", "INT:3;5", NULL);
  want_agg("7", "bit_or", "INT:3;5", NULL);
  want_agg("6", "bit_xor", "INT:3;5", NULL);
  want_agg("true", "every", "BOOLEAN:true;true", NULL);
  want_agg("true", "some", "BOOLEAN:true;false", NULL);
}

static void test_moments(void) {
  want_agg("0.0", "skewness", "INT:1;2;3", NULL);
  want_agg("-1.5", "kurtosis", "INT:1;2;3", NULL);
  want_agg("NULL", "stddev", "INT:1", NULL);
  want_agg("0.0", "stddev_pop", "INT:3", NULL);
  want_agg("0.0", "covar_samp", "INT:1;4;2", "INT:2;3;7", NULL);
  want_agg("NULL", "corr", "INT:1;1", "INT:2;3", NULL);
  want_agg("1.0", "regr_r2", "INT:1;1", "INT:2;3", NULL);
  want_agg("0.0", "regr_slope", "INT:1;1", "INT:2;3", NULL);
  want_agg("3.5", "regr_sxy", "INT:1;2;3;NULL", "DOUBLE:2;4;5.5;3", NULL);
  want_agg("2.0", "regr_syy", "INT:1;2;3;NULL", "DOUBLE:2;4;5.5;3", NULL);
}

static void test_collect(void) {
  want_agg("[1, 2, 2, 1]", "collect_list", "INT:1;2;2;1;NULL", NULL);
  want_agg("[1, 2]", "collect_set", "INT:1;2;2;1;NULL", NULL);
  want_agg("[]", "collect_list", "INT:NULL", NULL);
  want_agg("x-y-x", "listagg", "STRING:x;y;NULL;x", "=STRING:-", NULL);
  want_agg("NULL", "listagg", "STRING:NULL", NULL);
  want_agg("1", "mode", "INT:1;2;2;1;NULL", NULL);
  want_agg("1.9", "percentile", "INT:1;2;4;10", "=DECIMAL(1,1):0.3", NULL);
  want_agg("2.0", "percentile_disc", "INT:1;2;4;10", "=DECIMAL(1,1):0.3", NULL);
  want_agg("3.0", "median", "INT:1;2;4;10", NULL);
  want_agg("2.0", "percentile_approx", "DECIMAL(11,1):1.5;2;4;10", "=DOUBLE:0.3", NULL);
  want_type("DECIMAL(11,1)");
  want_agg("!DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", "percentile", "INT:1", "=INT:2", NULL);
  want_agg("4", "approx_count_distinct", "INT:1;2;5;9;1", NULL);
}

/* Spark counts 9571 different values in range(10000). */
static void test_estimate(void) {
  const mill_type *t = mill_type_of(MILL_BIGINT);
  const mill_vector *none = NULL;
  bool nullable = false;
  const char *sql = "id";
  mill_binding b = {.ctx = &B.ctx,
                    .set = &B.set,
                    .name = "approx_count_distinct",
                    .nargs = 1,
                    .fn = mill_function_find("approx_count_distinct", 21),
                    .arg_type = &t,
                    .arg_value = &none,
                    .arg_nullable = &nullable,
                    .arg_sql = &sql,
                    .arena = &B.arena};
  CHECK(mill_function_bind(&b, &B.err) == MILL_OK);
  mill_call call = {.ctx = &B.ctx,
                    .set = &B.set,
                    .fn = b.fn,
                    .result = b.result,
                    .nargs = 1,
                    .state = b.state,
                    .arena = &B.arena,
                    .start = -1};
  void *state = mill_arena_alloc(&B.arena, b.aggregate->state_size);
  for (int64_t i = 0; i < 10000; i++) {
    mill_vector v = {.type = t, .data = &i};
    const mill_vector *arg = &v;
    if (b.aggregate->update(&call, &state, &arg, 1, &B.err) != MILL_OK) return;
  }
  int64_t r = 0;
  mill_vector out = {.type = t, .data = &r, .mask = MILL_FLAT, .capacity = 1};
  CHECK(b.aggregate->final(&call, &state, 1, &out, &B.err) == MILL_OK);
  CHECK(r == 9571, "%lld", (long long)r);
}

int main(void) {
  bench_open();
  test_sums();
  test_picks();
  test_moments();
  test_collect();
  test_estimate();
  return bench_close();
}
