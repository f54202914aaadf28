/* Hints of a SELECT: they change no result, but what is given to them is looked at as Spark does.
**
** Those of joins take names (ResolveHints.ResolveJoinStrategyHints), those of partitions a number and columns of
** the SELECT (ResolveCoalesceHints); others are not known and pass. */
#include <string.h>
#include <strings.h>

#include "plan/plan_int.h"

static bool among(const char *name, const char *const *names) {
  while (*names && strcasecmp(name, *names) != 0) names++;
  return *names != NULL;
}

static bool of_join(const mill_expr *h) {
  static const char *const names[] = {
      "BROADCAST",    "BROADCASTJOIN",        "MAPJOIN", "SHUFFLE_MERGE", "MERGE", "MERGEJOIN",
      "SHUFFLE_HASH", "SHUFFLE_REPLICATE_NL", NULL};
  return among(h->name, names);
}

static bool of_columns(const mill_expr *h) {
  static const char *const names[] = {"REPARTITION", "REPARTITION_BY_RANGE", "REBALANCE", NULL};
  return among(h->name, names);
}

/* The class that Spark tells a parameter by. */
static const char *class_of(const mill_expr *e) {
  switch (e->kind) {
  case MILL_X_LITERAL: return "class org.apache.spark.sql.catalyst.expressions.Literal";
  case MILL_X_CAST: return "class org.apache.spark.sql.catalyst.expressions.Cast";
  case MILL_X_STAR: return "class org.apache.spark.sql.catalyst.analysis.UnresolvedStar";
  default: return "class org.apache.spark.sql.catalyst.analysis.UnresolvedFunction";
  }
}

static bool check_join(mill_planner *w, const mill_expr *h) {
  for (int i = 0; i < h->nargs; i++) {
    const mill_expr *e = h->args[i];
    bool text = e->kind == MILL_X_LITERAL && e->value->type->id == MILL_STRING;
    if (text || e->kind == MILL_X_NAME) continue;
    (void)MILL_W_FAIL_AT(w, h, MILL_E_LEGACY_1046, "unsupported", mill_w_quoted_sql(w, e), "class",
                         class_of(e), NULL);
    return false;
  }
  return true;
}

/* A number of partitions: any integral literal but a BIGINT. */
static bool is_number(const mill_expr *e, int64_t *out) {
  if (e->kind != MILL_X_LITERAL || !mill_vector_valid(e->value, 0)) return false;
  switch (e->value->type->id) {
  case MILL_TINYINT: *out = *(const int8_t *)e->value->data; return true;
  case MILL_SMALLINT: *out = *(const int16_t *)e->value->data; return true;
  case MILL_INT: *out = *(const int32_t *)e->value->data; return true;
  default: return false;
  }
}

static bool columns_named(mill_planner *w, const mill_expr *h, int from) {
  const char *bad = NULL;
  for (int i = from; i < h->nargs; i++) {
    if (h->args[i]->kind == MILL_X_NAME) continue;
    const char *sql = mill_w_quoted_sql(w, h->args[i]);
    bad = sql && bad ? mill_w_printf(w, "%s, %s", bad, sql) : sql;
    if (bad == NULL) return false;
  }
  if (bad)
    (void)MILL_W_FAIL_AT(w, h, MILL_E_LEGACY_1047, "hintName", h->name, "invalidParams", bad, NULL);
  return bad == NULL;
}

static bool check_partitions(mill_planner *w, const mill_expr *h) {
  int64_t n = 1;
  bool number = h->nargs && is_number(h->args[0], &n);
  if (!of_columns(h) && (!number || h->nargs > 1))
    return (void)MILL_W_FAIL_AT(w, h, MILL_E_LEGACY_1048, "hintName", h->name, NULL), false;
  if (!columns_named(w, h, number)) return false;
  if (n > 0) return true;
  (void)MILL_W_FAIL_AT(
      w, h, MILL_E_ILLEGAL_ARGUMENT, "stage", h->name, "reason",
      mill_error_fmt(w->err, "the number of partitions is positive, not %lld", (long long)n), NULL);
  return false;
}

/* Parameters are what they are given as. */
static const mill_expr *given(mill_planner *w, const mill_expr *h) {
  const mill_scope none = {0};
  mill_expr *own = mill_x_copy(w, h);
  for (int i = 0; own && i < h->nargs; i++) {
    if (h->args[i]->kind != MILL_X_PARAMETER) continue;
    own->args[i] = mill_resolve(w, &none, h->args[i]);
    if (own->args[i] == NULL) return NULL;
  }
  return own;
}

bool mill_check_hints(mill_planner *w, const mill_node *n) {
  mill_exprs hints = {0};
  for (int i = 0; i < n->nhints; i++)
    if (!mill_exprs_add(w, &hints, given(w, n->hints[i]))) return false;
  for (int i = 0; i < n->nhints; i++)
    if (of_join(hints.at[i]) && !check_join(w, hints.at[i])) return false;
  for (int i = 0; i < n->nhints; i++) {
    bool known = of_columns(hints.at[i]) || strcmp(hints.at[i]->name, "COALESCE") == 0;
    if (known && !check_partitions(w, hints.at[i])) return false;
  }
  return true;
}

bool mill_resolve_hints(mill_planner *w, const mill_node *n, const mill_node *rows,
                        const mill_scope *outer) {
  for (int i = 0; i < n->nhints; i++) {
    const mill_expr *h = n->hints[i];
    for (int k = 0; of_columns(h) && k < h->nargs; k++) {
      const mill_node *child = rows;
      if (h->args[k]->kind == MILL_X_NAME &&
          mill_resolve_above(w, &child, outer, MILL_ORDER_BY, h->args[k]) == NULL)
        return false;
    }
  }
  return true;
}
