/* Statements: what parses, which condition and which words the others fail with (answers of Spark
** 4.3), and the shape of plans. */
#include "tree.h"

static tree_world w;

#define OK(sql) CHECK_STR(verdict(&w, sql), "ok")
#define FAILS(sql, want) CHECK_STR(verdict(&w, sql), want)

/* Kinds of the nodes from the root down the first children. */
static const char *spine(const char *sql) {
  static const char *const kinds[] = {
      [MILL_N_RELATION] = "relation", [MILL_N_FUNCTION] = "function",
      [MILL_N_SOURCE] = "source",     [MILL_N_VALUES] = "values",
      [MILL_N_ONE_ROW] = "one-row",   [MILL_N_PROJECT] = "project",
      [MILL_N_FILTER] = "filter",     [MILL_N_AGGREGATE] = "aggregate",
      [MILL_N_SORT] = "sort",         [MILL_N_LIMIT] = "limit",
      [MILL_N_DISTINCT] = "distinct", [MILL_N_GENERATE] = "generate",
      [MILL_N_SAMPLE] = "sample",     [MILL_N_ALIAS] = "alias",
      [MILL_N_PIVOT] = "pivot",       [MILL_N_UNPIVOT] = "unpivot",
      [MILL_N_UNION] = "union",       [MILL_N_SET_OP] = "set-op",
      [MILL_N_WITH] = "with",         [MILL_N_CREATE_VIEW] = "create-view",
      [MILL_N_DESCRIBE] = "describe", [MILL_N_EXPLAIN] = "explain",
  };
  mill_node *root = NULL;
  mill_status s = tree_parse(&w, sql, false, NULL, &root);
  w.text[0] = '\0';
  if (s != MILL_OK) return mill_condition_name(s);
  for (const mill_node *n = root; n; n = n->nchildren ? n->child[0] : NULL) {
    if (n != root) tree_add(&w, " ");
    bool named = (size_t)n->kind < sizeof kinds / sizeof *kinds && kinds[n->kind];
    tree_add(&w, named ? kinds[n->kind] : "?");
  }
  return w.text;
}

#define SPINE(sql, want) CHECK_STR(spine(sql), want)

static void test_shapes(void) {
  SPINE("SELECT DISTINCT a FROM t WHERE a > 1 ORDER BY a LIMIT 3",
        "limit sort distinct project filter relation");
  SPINE("SELECT a, sum(b) FROM t AS u GROUP BY a HAVING sum(b) > 1 QUALIFY rank() OVER (ORDER BY "
        "a) = 1",
        "filter filter aggregate alias relation");
  SPINE("SELECT 1 UNION SELECT 2 INTERSECT ALL SELECT 3", "distinct union project one-row");
  SPINE("SELECT 1 EXCEPT ALL SELECT 2 UNION ALL SELECT 3", "union set-op project one-row");
  SPINE("WITH q(a) AS (SELECT 1) SELECT * FROM q", "with project relation");
  SPINE("FROM t SELECT a", "project relation");
  SPINE("TABLE t", "relation");
  SPINE("VALUES (1, 2), (3, 4) AS t(a, b)", "alias values");
  SPINE("SELECT * FROM t LATERAL VIEW OUTER explode(a) x AS y", "project generate relation");
  SPINE("SELECT * FROM t PIVOT (sum(a) FOR b IN (1, 2 AS two)) AS p",
        "project alias pivot relation");
  SPINE("SELECT * FROM t UNPIVOT (v FOR n IN (a, b AS bb))", "project unpivot relation");
  SPINE("SELECT * FROM t TABLESAMPLE (10 PERCENT) REPEATABLE (7)", "project sample relation");
  SPINE("SELECT * FROM range(10) r", "project alias function");
  SPINE("FROM t |> WHERE a > 1 |> EXTEND a AS b |> AGGREGATE sum(b) GROUP BY a |> ORDER BY a",
        "sort aggregate project filter relation");
  SPINE("CREATE OR REPLACE TEMP VIEW v AS SELECT 1", "create-view project one-row");
  SPINE("CREATE TEMPORARY VIEW v (a INT) USING csv OPTIONS (path '/x', header true)",
        "create-view source");
  SPINE("EXPLAIN EXTENDED SELECT 1", "explain project one-row");
  SPINE("DESCRIBE QUERY SELECT 1", "describe project one-row");
  SPINE("SELECT * FROM parquet.`/a/b`", "project relation");
  SPINE("SELECT sum(a) FROM t HAVING sum(a) > 1", "filter aggregate relation");
}

static const mill_node *parsed(const char *sql) {
  mill_node *n = NULL;
  mill_status s = tree_parse(&w, sql, false, NULL, &n);
  CHECK(s == MILL_OK, "%s", sql);
  return n;
}

static void test_grouping(void) {
  const mill_node *n = parsed("SELECT 1 FROM t GROUP BY CUBE(a, b)");
  CHECK(n->grouping == MILL_GROUP_CUBE && n->nkeys == 2 && n->nsets == 4);
  CHECK(n->sets[0] == 3 && n->sets[1] == 1 && n->sets[2] == 2 && n->sets[3] == 0);
  n = parsed("SELECT 1 FROM t GROUP BY c, ROLLUP(a, b)");
  CHECK(n->nkeys == 3 && n->nsets == 3 && n->sets[0] == 7 && n->sets[1] == 3 && n->sets[2] == 1);
  n = parsed("SELECT 1 FROM t GROUP BY GROUPING SETS ((a, B), (b), ())");
  CHECK(n->nkeys == 2 && n->nsets == 3 && n->sets[0] == 3 && n->sets[1] == 2 && n->sets[2] == 0);
  n = parsed("SELECT 1 FROM t GROUP BY a, b WITH ROLLUP");
  CHECK(n->grouping == MILL_GROUP_ROLLUP && n->nsets == 3);
  n = parsed("SELECT a FROM t GROUP BY ALL");
  CHECK(n->grouping == MILL_GROUP_ALL && n->nkeys == 0);
}

static void test_joins(void) {
  const mill_node *n = parsed("SELECT * FROM a LEFT OUTER JOIN b USING (k, l)")->child[0];
  CHECK(n->join == MILL_JOIN_LEFT && n->ncolumns == 2);
  CHECK(parsed("SELECT * FROM a LEFT ANTI JOIN b ON a.x = b.x")->child[0]->join == MILL_JOIN_ANTI);
  CHECK(parsed("SELECT * FROM a NATURAL FULL JOIN b")->child[0]->natural);
  n = parsed("SELECT * FROM a, LATERAL (SELECT a.x) b")->child[0];
  CHECK(n->lateral && n->join == MILL_JOIN_INNER && n->nexprs == 0);
  /* a, b JOIN c: the comma binds first */
  n = parsed("SELECT * FROM a, b JOIN c ON a.x = c.x")->child[0];
  CHECK(n->nexprs == 1 && n->child[0]->kind == MILL_N_JOIN && n->child[1]->kind == MILL_N_RELATION);
}

static void test_names(void) {
  OK("SELECT 1 FROM");
  OK("SELECT FROM t");
  OK("SELECT 1 AS");
  OK("SELECT 1 LIMIT");
  OK("SELECT sum(1) OVER");
  OK("SELECT CASE");
  OK("SELECT * FROM a OUTER JOIN b");
  OK("SELECT date, timestamp, interval FROM left");
  OK("SELECT t.left FROM t WHERE not");
  FAILS("SELECT x FROM a.b-c", "INVALID_IDENTIFIER");
  FAILS("SELECT 1 AS 'x'", "PARSE_SYNTAX_ERROR");
  FAILS("SELECT 1 x y", "PARSE_SYNTAX_ERROR");
}

/* The failing word and the range of it. */
static void near(const char *sql, const char *word, int start, int stop) {
  CHECK_STR(verdict(&w, sql), "PARSE_SYNTAX_ERROR");
  CHECK_STR(mill_error_value(&w.err, 0), word);
  CHECK(w.err.start == start && w.err.stop == stop, "%s: %d-%d", sql, w.err.start, w.err.stop);
}

static void test_errors(void) {
  near("SELEC 1", "'SELEC'", 0, 5);
  near("SELECT (1", "end of input", 9, 9);
  near("SELECT * FORM t", "'t'", 14, 15);
  near("SELECT 1 FROM t WHERE a = = 1", "'='", 26, 27);
  near("SELECT a.", "end of input", 9, 9);
  near("CREATE", "end of input", 6, 6);
  near("SELECT * FROM a INNER b", "'b'", 22, 23);
  verdict(&w, "SELECT 1)");
  CHECK_STR(mill_error_value(&w.err, 1), ": extra input ')'");
  FAILS("", "PARSE_SYNTAX_ERROR");
  FAILS("/* open", "UNCLOSED_BRACKETED_COMMENT");
  FAILS("SELECT sum(a) OVER w FROM t", "MISSING_WINDOW_SPECIFICATION");
  FAILS("SELECT 1 FROM t WINDOW w AS (), w AS ()",
        "INVALID_SQL_SYNTAX.REPETITIVE_WINDOW_DEFINITION");
  FAILS("SELECT sum(a) OVER (ORDER BY b ROWS b PRECEDING) FROM t",
        "INVALID_SQL_SYNTAX.INVALID_WINDOW_FRAME_BOUND");
  FAILS("SELECT i FROM t ORDER BY i SORT BY i",
        "UNSUPPORTED_FEATURE.COMBINATION_QUERY_RESULT_CLAUSES");
  FAILS("VALUES (1), (2, 3)", "INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH");
  FAILS("WITH a AS (SELECT 1), A AS (SELECT 2) SELECT 1", "DUPLICATED_CTE_NAMES");
  FAILS("SELECT DATE'x' FROM (", "PARSE_SYNTAX_ERROR"); /* syntax before meaning */
  FAILS("LOCK TABLE x", "INVALID_STATEMENT_OR_CLAUSE");
  OK("SELECT sum(a) OVER w FROM t WINDOW w AS (PARTITION BY b)");
  OK("SELECT 1 /* a /* nested */ comment */ -- and the rest\n;;");
}

/* Each allocation of a parse fails once: a clean error, and nothing is lost. */
static void test_no_memory(void) {
  const char *sql =
      "WITH q AS (SELECT a, 'b' || c AS x FROM t GROUP BY CUBE(a, c)) SELECT CAST(x AS "
      "STRUCT<y: INT COMMENT 'z'>), sum(a) OVER w FROM q WINDOW w AS (ORDER BY a)";
  int failures = 0;
  for (uint64_t n = 1; n < 200; n++) {
    mill_arena_clear(&w.arena);
    mill_memory_fail_at(w.memory, n, true);
    const char *v = verdict(&w, sql);
    mill_memory_fail_at(w.memory, 0, false);
    if (strcmp(v, "ok") == 0) break;
    CHECK_STR(v, "OUT_OF_MEMORY");
    failures++;
  }
  CHECK(failures > 3);
}

/* Cut and broken statements give an error or a plan, in linear time. */
static void test_broken(void) {
  const char *sql = "SELECT CASE a WHEN 1 THEN (SELECT b FROM (u)) END, f(x -> x[0]) FROM t JOIN "
                    "(VALUES (1)) v(b) ON a IN (1, 2) WHERE x LIKE 'y' GROUP BY ROLLUP(a)";
  char buf[256];
  size_t n = strlen(sql);
  int errors = 0;
  for (size_t i = 0; i < n; i++) {
    memcpy(buf, sql, i);
    buf[i] = '\0';
    errors += strcmp(verdict(&w, buf), "ok") != 0;
    memcpy(buf, sql, n + 1);
    buf[i] = "(),.'[`"[i % 7];
    errors += strcmp(verdict(&w, buf), "ok") != 0;
    mill_arena_clear(&w.arena);
  }
  CHECK(errors > 100 && errors < (int)(2 * n));
}

static void test_nesting(void) {
  char *s = malloc(9000), *q = s;
  strcpy(s, "SELECT ");
  q += 7;
  for (int i = 0; i < 150; i++, q += 9) memcpy(q, "((SELECT ", 9);
  *q++ = '1';
  for (int i = 0; i < 150; i++, q += 6) memcpy(q, ") + 1)", 6);
  *q = '\0';
  OK(s);
  free(s);
}

int main(void) {
  tree_open(&w);
  test_shapes();
  test_grouping();
  test_joins();
  test_names();
  test_errors();
  test_broken();
  test_nesting();
  test_no_memory();
  tree_close(&w);
  return check_done();
}
