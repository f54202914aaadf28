/* Table functions that say what the language has: sql_keywords, collations; and python_worker_logs, which
** Spark has switched off. SHOW COLLATIONS has the rows of collations without their catalogue. */
#include <string.h>

#include "base/collation.h"
#include "plan/warehouse_int.h"

enum { COLLATION_CELLS = 9 };

/* Spark does not list the words that stand for others. */
static bool is_listed(const char *word) {
  static const char *const others[] = {"REGEXP", "RLIKE", "TEMP", "TEMPORARY"};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (strcmp(word, others[i]) == 0) return false;
  return true;
}

static const mill_node *keywords(mill_planner *w) {
  static const char *const names[] = {"keyword", "reserved"};
#define MILL_KEYWORD(WORD, STRICT, RESERVED) {#WORD, RESERVED},
  static const struct {
    const char *word;
    bool reserved;
  } all[] = {
#include "base/keyword.def"
  };
#undef MILL_KEYWORD
  size_t n = sizeof all / sizeof *all;
  const char *enforced = mill_session_get(w->session, "spark.sql.ansi.enforceReservedKeywords");
  bool strict = w->set.ansi && strcmp(enforced, "true") == 0;
  const char **cells = mill_w_alloc(w, 2 * n * sizeof *cells);
  int rows = 0;
  for (size_t i = 0; cells && i < n; i++) {
    if (!is_listed(all[i].word)) continue;
    cells[2 * rows] = all[i].word;
    cells[2 * rows++ + 1] = strict && all[i].reserved ? "true" : "false";
  }
  return cells ? mill_answer(w, names, "SB", cells, rows) : NULL;
}

/* NAME to ICU_VERSION: that of Spark 4.3, whose collations these are. */
static bool describe(mill_planner *w, const mill_collation_fact *fact, const char **cells) {
  char name[MILL_COLLATION_NAME];
  mill_collation_name(fact->id, name);
  cells[0] = mill_w_copy(w, name, strlen(name));
  cells[1] = fact->language;
  cells[2] = fact->country;
  cells[3] = fact->id & MILL_COLLATE_AI ? "ACCENT_INSENSITIVE" : "ACCENT_SENSITIVE";
  cells[4] = fact->id & MILL_COLLATE_CI ? "CASE_INSENSITIVE" : "CASE_SENSITIVE";
  cells[5] = fact->id & MILL_COLLATE_TRIM ? "RTRIM" : "NO_PAD";
  cells[6] = fact->id >= MILL_COLLATE_STEP ? "78.3.0.0" : NULL;
  return cells[0] != NULL;
}

const mill_node *mill_collation_table(mill_planner *w, const char *pattern, bool catalog) {
  static const char *const names[COLLATION_CELLS] = {
      "CATALOG",          "SCHEMA",        "NAME",
      "LANGUAGE",         "COUNTRY",       "ACCENT_SENSITIVITY",
      "CASE_SENSITIVITY", "PAD_ATTRIBUTE", "ICU_VERSION"};
  int skip = catalog ? 0 : 2, width = COLLATION_CELLS - skip, rows = 0;
  mill_collation_fact fact;
  size_t n = 0;
  while (mill_collation_at(n, &fact)) n++;
  const char **cells = mill_w_alloc(w, n * COLLATION_CELLS * sizeof *cells);
  for (size_t i = 0; cells && i < n && mill_collation_at(i, &fact); i++) {
    const char **row = cells + rows * width;
    if (!describe(w, &fact, row + 2 - skip)) return NULL;
    if (!mill_show_matches(pattern, row[2 - skip])) continue;
    if (catalog) row[0] = "SYSTEM", row[1] = "BUILTIN";
    rows++;
  }
  return cells ? mill_answer(w, names + skip, catalog ? "sssssssss" : "sssssss", cells, rows)
               : NULL;
}

const mill_node *mill_fact_table(mill_planner *w, const mill_node *n, const char *name) {
  if (strcmp(name, "python_worker_logs") == 0)
    return MILL_W_FAIL_AT(w, n, MILL_E_FEATURE_NOT_ENABLED, "featureName", "Python Worker Logging",
                          "configKey", "spark.sql.pyspark.worker.logging.enabled", "configValue",
                          "true", NULL);
  if (n->nexprs)
    return MILL_W_FAIL_AT(w, n, MILL_E_WRONG_NUM_ARGS_WITHOUT_SUGGESTION, "functionName",
                          mill_w_quoted_parts(w, &n->name, 1), "expectedNum", "0", "actualNum",
                          mill_error_fmt(w->err, "%d", n->nexprs), "docroot",
                          "https://spark.apache.org/docs/latest", NULL);
  return strcmp(name, "collations") == 0 ? mill_collation_table(w, NULL, true) : keywords(w);
}
