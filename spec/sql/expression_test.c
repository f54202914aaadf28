/* Expressions parse as SqlBaseParser.g4 says; errors are those of Spark 4.3. */
#include "tree.h"

static tree_world w;

#define IS(sql, want) CHECK_STR(tree(&w, sql), want)

static void test_precedence(void) {
  IS("1 + 2 * 3", "(+ 1 (* 2 3))");
  IS("a OR b AND c", "(or a (and b c))");
  IS("NOT a = b AND c", "(and (not (= a b)) c)");
  IS("a AND b AND c AND d", "(and (and a b) (and c d))");
  IS("a AND b AND c", "(and (and a b) c)");
  IS("1 = 2 = true", "(= (= 1 2) true)");
  IS("a <> b", "(not (= a b))");
  IS("a | b ^ c & d << 1 + 2", "(| a (^ b (& c (<< d (+ 1 2)))))");
  IS("a >> 1 > b >>> 2", "(> (>> a 1) (>>> b 2))");
  IS("a || b || 'x'", "(concat (concat a b) 'x')");
  IS("- a * -2", "(* (- a) -2)");
  IS("a DIV 2 % 3", "(% (div a 2) 3)");
  IS("a = b IS NULL", "(isnull (= a b))");
  IS("a IS NULL = b", "PARSE_SYNTAX_ERROR");
}

static void test_predicates(void) {
  IS("a NOT BETWEEN 1 AND 2 AND b", "(and (not (between a 1 2)) b)");
  IS("a IN (1, 2)", "(in a 1 2)");
  IS("a NOT IN (SELECT 1)", "(not (in-query a))");
  IS("(a, b) IN (SELECT 1, 2)", "(in-query a b)");
  IS("a LIKE 'x' ESCAPE '!'", "(like a 'x' '!')");
  IS("a LIKE ANY ('x', 'y')", "(likeany a 'x' 'y')");
  IS("a NOT LIKE ALL ('x', b)", "(and (not (like a 'x')) (not (like a b)))");
  IS("a IS NOT DISTINCT FROM b", "(<=> a b)");
  IS("a IS NOT TRUE", "(not (<=> a true))");
  IS("a RLIKE 'x'", "(rlike a 'x')");
  IS("a IN ()", "INVALID_SQL_SYNTAX.EMPTY_IN_PREDICATE");
  IS("a LIKE 'b' ESCAPE 'cd'", "INVALID_ESC");
}

static void test_literals(void) {
  IS("2147483648", "2147483648L");
  IS("1.50", "dec3,2:150");
  IS("1e3", "1000D");
  IS("'a' \"b\" r'\\n'", "'ab\\n'");
  IS("'it''s \\'x\\' \\u0041\\101'", "'it's 'x' AA'");
  IS("DATE'1970-01-02'", "date:1");
  IS("TIMESTAMP '1970-01-01 00:00:01'", "ts:1000000");
  IS("INTERVAL 1 YEAR 2 MONTHS", "ym0-1:14");
  IS("INTERVAL '1 day -2 hours'", "dt0-1:79200000000");
  IS("INTERVAL '1 2:03:04.5' DAY TO SECOND", "dt0-3:93784500000");
  IS("INTERVAL '-1-2' YEAR TO MONTH", "ym0-1:-14");
  IS("DATE'x'", "INVALID_TYPED_LITERAL");
  IS("300Y", "INVALID_NUMERIC_LITERAL_RANGE");
  IS("N'x'", "UNSUPPORTED_TYPED_LITERAL");
  IS("INTERVAL 1 MONTH 1 DAY", "_LEGACY_ERROR_TEMP_0029");
  IS("INTERVAL '1-13' YEAR TO MONTH", "INVALID_INTERVAL_FORMAT.INTERVAL_PARSING");
}

static void test_calls(void) {
  IS("count(*)", "(count 1)");
  IS("count(DISTINCT a, b)", "(count distinct a b)");
  IS("first(a IGNORE NULLS)", "(first ignore-nulls a)");
  IS("sum(a) OVER (PARTITION BY b ORDER BY c ROWS 1 PRECEDING)", "(over (sum a))");
  IS("transform(a, x -> x + 1)", "(transform a (lambda x (+ x 1)))");
  IS("aggregate(a, 0, (x, y) -> x + y)", "(aggregate a 0 (lambda x y (+ x y)))");
  IS("f(a => 1)", "(f (named a 1))");
  IS("extract(YEAR FROM a)", "(extract 'YEAR' a)");
  IS("trim(BOTH 'x' FROM a)", "(trim 'x' a)");
  IS("trim(a)", "(trim a)");
  IS("substring(a FROM 2 FOR 3)", "(substring a 2 3)");
  IS("position('a' IN b)", "(locate 'a' b 1)");
  IS("dateadd(DAY, 1, a)", "(timestampadd 'DAY' 1 a)");
  IS("datediff(day, b)", "(datediff day b)");
  IS("CASE a WHEN 1 THEN 2 ELSE 3 END", "(when (= a 1) 2 3)");
  IS("CASE", "CASE");
  IS("current_date", "current_date"); /* a column of the name comes first */
  IS("(1, 2 AS b)", "(struct 1 (alias b 2))");
  IS("struct(1, a AS x)", "(struct 1 (alias x a))");
}

static void test_operands(void) {
  IS("a.b.c[0].d", "(get (get a.b.c 0) 'd')");
  IS("f(x).y::INT", "(cast (get (f x) 'y'))");
  IS("v:a.b[0]", "(alias b (variant_get v '$.a.b[0]' 'variant'))");
  IS("t.*", "(* t)");
  IS("* EXCEPT (a, b)", "(*)");
  IS(":p + ?", "(+ (param p) (param ?))");
  IS("`a b`.`c``d`", "a b.c`d");
  IS("a AS b", "(alias b a)");
  IS("stack(1) AS (x, y)", "(alias x y (stack 1))");
  IS("a from", "(alias from a)");
  IS("EXISTS (SELECT 1)", "(exists)");
  IS("((SELECT 1) + 1)", "(+ (scalar) 1)");
  IS("a b c", "PARSE_SYNTAX_ERROR");
  IS("CAST(a AS MAP<STRING, ARRAY<STRUCT<x: INT>>>) > b", "(> (cast a) b)");
  IS("CAST(a AS NOPE)", "UNSUPPORTED_DATATYPE");
  IS("CAST(a AS VARCHAR)", "DATATYPE_MISSING_SIZE");
}

static void test_depth(void) {
  enum { N = 200000 };
  char *s = malloc(2 * N + 2);
  memset(s, '(', N);
  s[N] = '1';
  memset(s + N + 1, ')', N);
  s[2 * N + 1] = '\0';
  IS(s, "FAILED_TO_PARSE_TOO_COMPLEX");
  for (int i = 0; i < N; i++) memcpy(s + 2 * i, "- ", 2);
  s[2 * N] = 'a';
  IS(s, "FAILED_TO_PARSE_TOO_COMPLEX");
  free(s);
}

int main(void) {
  tree_open(&w);
  test_precedence();
  test_predicates();
  test_literals();
  test_calls();
  test_operands();
  test_depth();
  tree_close(&w);
  return check_done();
}
