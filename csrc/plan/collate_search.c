/* Searches in texts whose collation is not UTF8_BINARY: functions of their own do it (kernel/collation.c), or the
** texts are compared as the collation sees them. Spark: CollationSupport. */
#include <string.h>
#include <strings.h>

#include "base/collation.h"
#include "plan/plan_int.h"

bool mill_collate_among(const char *name, const char *const *names) {
  for (int i = 0; names[i]; i++)
    if (strcasecmp(names[i], name) == 0) return true;
  return false;
}

/* The text that is searched says how; the collation of the pattern does not matter. */
static bool patterns(const mill_expr *e) {
  static const char *const names[] = {"like",           "ilike",          "rlike",
                                      "regexp_like",    "regexp_extract", "regexp_extract_all",
                                      "regexp_replace", "regexp_count",   "regexp_instr",
                                      "regexp_substr",  "split",          NULL};
  return mill_collate_among(e->fn->name, names);
}

static bool searches(const mill_expr *e) {
  static const char *const names[] = {"contains", "startswith",  "endswith", "instr",
                                      "locate",   "find_in_set", NULL};
  return mill_collate_among(e->fn->name, names);
}

/* Calls that need to know which letters stand for the same: not where accents do not count, and case does. */
static bool by_letters(const mill_expr *e) {
  static const char *const names[] = {"contains",  "startswith",      "endswith",   "instr",
                                      "locate",    "substring_index", "split_part", "replace",
                                      "translate", "str_to_map",      "trim",       "btrim",
                                      "ltrim",     "rtrim",           NULL};
  return mill_collate_among(e->fn->name, names);
}

/* trim(characters, text): the text comes first to Spark. */
bool mill_collate_text_last(const mill_expr *e) {
  static const char *const names[] = {"trim", "ltrim", "rtrim", NULL};
  return e->nargs == 2 && mill_collate_among(e->fn->name, names);
}

const char *mill_collate_shown(mill_planner *w, const mill_expr *e) {
  if (!mill_x_is_call(e, "btrim")) return mill_w_quoted_sql(w, e);
  const char *text = mill_w_sql(w, e->args[0]);
  if (e->nargs < 2) return mill_error_fmt(w->err, "\"trim(%s)\"", text);
  return mill_error_fmt(w->err, "\"TRIM(BOTH %s FROM %s)\"", mill_w_sql(w, e->args[1]), text);
}

static bool wrong_type(mill_planner *w, const mill_expr *e) {
  const mill_expr *text = e->args[mill_collate_text_last(e)];
  (void)MILL_W_FAIL_AT(w, e, MILL_E_DATATYPE_MISMATCH_UNEXPECTED_INPUT_TYPE, "sqlExpr",
                       mill_collate_shown(w, e), "paramIndex", "first", "inputSql",
                       mill_w_quoted_sql(w, text), "inputType", mill_w_quoted_type(w, text->type),
                       "requiredType", "\"STRING\"", NULL);
  return false;
}

/* The text to search as the collation sees it, shown as it was. */
static const mill_expr *key(mill_planner *w, const mill_expr *e) {
  const mill_expr *x = mill_x_bound(w, "collated_key", 1, e);
  mill_expr *c = x ? mill_x_copy(w, x) : NULL;
  if (c) c->pretty = mill_w_sql(w, e);
  return c;
}

/* What trim takes away where it is not told. */
static const mill_expr *blank(mill_planner *w, const mill_type *t) {
  const mill_expr *e = mill_x_string(w, " ");
  return e ? mill_x_cast(w, e, t) : NULL;
}

/* Another function does it: under the name that the user wrote. */
static const mill_expr *by_collation(mill_planner *w, const mill_expr *e) {
  static const struct {
    const char *name, *other;
    int ends; /* of trim */
  } all[] = {{"replace", "collated_replace", 0},
             {"translate", "collated_translate", 0},
             {"split_part", "collated_split_part", 0},
             {"substring_index", "collated_substring_index", 0},
             {"trim", "collated_trim", 3},
             {"btrim", "collated_trim", 3},
             {"ltrim", "collated_trim", 1},
             {"rtrim", "collated_trim", 2}};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    if (strcmp(e->fn->name, all[i].name) != 0) continue;
    const mill_expr *x;
    if (all[i].ends) {
      /* trim(characters, text) but for btrim(text, characters) */
      bool swapped = strcmp(all[i].name, "btrim") == 0;
      const mill_expr *text = e->nargs < 2 || swapped ? e->args[0] : e->args[1];
      const mill_expr *set = e->nargs < 2 ? blank(w, text->type) : e->args[swapped ? 1 : 0];
      x = mill_x_bound(w, all[i].other, 3, text, set, mill_x_int(w, all[i].ends));
    } else if (e->nargs == 2) {
      x = mill_x_bound(w, all[i].other, 2, e->args[0], e->args[1]);
    } else {
      x = mill_x_bound(w, all[i].other, 3, e->args[0], e->args[1], e->args[2]);
    }
    mill_expr *c = x ? mill_x_copy(w, x) : NULL;
    if (c) c->pretty = mill_w_sql(w, e), c->text = e->text, c->start = e->start, c->stop = e->stop;
    return c;
  }
  return NULL;
}

const mill_expr *mill_collate_search(mill_planner *w, mill_expr *e) {
  const mill_type *t = NULL;
  for (int i = 0; i < e->nargs && t == NULL; i++)
    if (e->args[i]->type && e->args[i]->type->id == MILL_STRING) t = e->args[i]->type;
  if (t == NULL || t->collation == 0) return e;
  bool found = searches(e);
  if (patterns(e) && t->collation > MILL_UTF8_LCASE) return wrong_type(w, e), NULL;
  if (by_letters(e) && (t->collation & MILL_COLLATE_AI) && !(t->collation & MILL_COLLATE_CI))
    return wrong_type(w, e), NULL;
  const mill_expr *other = by_collation(w, e);
  if (other || w->status) return other;
  if (found && e->pretty == NULL) e->pretty = mill_w_sql(w, e);
  for (int i = 0; found && i < e->nargs; i++) {
    if (e->args[i]->type->id == MILL_STRING) e->args[i] = key(w, e->args[i]);
    if (e->args[i] == NULL) return NULL;
  }
  return e;
}
