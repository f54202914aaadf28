/* The table function sql_keywords(): the words of the grammar, and whether they are reserved, which none is but with
** spark.sql.ansi.enforceReservedKeywords. */
#include <string.h>

#include "plan/warehouse_int.h"

static const struct {
  const char *word;
  bool reserved;
} keywords[] = {
#define MILL_KEYWORD(word, strict, reserved) {#word, reserved},
#include "plan/keyword.def"
#undef MILL_KEYWORD
};

/* Spark lists no token that has two spellings. */
static bool is_listed(const char *word) {
  static const char *const twofold[] = {"REGEXP", "RLIKE", "TEMP", "TEMPORARY"};
  for (size_t i = 0; i < sizeof twofold / sizeof *twofold; i++)
    if (strcmp(word, twofold[i]) == 0) return false;
  return true;
}

const mill_node *mill_sql_keywords(mill_planner *w, const mill_node *n) {
  static const char *const names[] = {"keyword", "reserved"};
  enum { COUNT = sizeof keywords / sizeof *keywords };
  if (n->nexprs)
    return MILL_W_FAIL_AT(w, n, MILL_E_WRONG_NUM_ARGS_WITHOUT_SUGGESTION, "functionName",
                          mill_w_quoted_parts(w, &n->name, 1), "expectedNum", "0", "actualNum",
                          mill_error_fmt(w->err, "%d", n->nexprs), "docroot",
                          "https://spark.apache.org/docs/latest", NULL);
  const char *set = mill_session_get(w->session, "spark.sql.ansi.enforceReservedKeywords");
  bool enforced = set && strcmp(set, "true") == 0;
  const char *cells[2 * COUNT];
  int rows = 0;
  for (int i = 0; i < COUNT; i++) {
    if (!is_listed(keywords[i].word)) continue;
    cells[2 * rows] = keywords[i].word;
    cells[2 * rows++ + 1] = enforced && keywords[i].reserved ? "true" : "false";
  }
  return mill_answer(w, names, "SB", cells, rows);
}
