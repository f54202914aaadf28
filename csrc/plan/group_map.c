/* Keys of GROUP BY that hold maps: equal maps may have their entries in another order, so that a key is the
** value with the entries of its maps in the order of their keys (Spark's InsertMapSortInGroupingExpressions).
**
** The function is written as SQL over $1, by the type of the value. */
#include <string.h>

#include "plan/plan_int.h"

/* The text of `value`, of type t, in order; depth: of lambdas, whose variables it names. */
static const char *in_order(mill_planner *w, const char *value, const mill_type *t, int depth);

static const char *struct_in_order(mill_planner *w, const char *value, const mill_type *t,
                                   int depth) {
  const char *list = "";
  for (uint32_t i = 0; list && i < t->nfields; i++) {
    const char *name = t->fields[i].name;
    const char *quoted = mill_w_quoted_parts(w, &name, 1);
    const char *field = mill_w_printf(w, "(%s).%s", value, quoted);
    field = in_order(w, field, t->fields[i].type, depth);
    list = mill_w_printf(w, "%s%s%s AS %s", list, i ? ", " : "", field, quoted);
  }
  return mill_w_printf(w, "IF(isnull(%s), NULL, struct(%s))", value, list);
}

static const char *in_order(mill_planner *w, const char *value, const mill_type *t, int depth) {
  if (value == NULL || !mill_type_holds(t, MILL_MAP)) return value;
  if (t->id == MILL_STRUCT) return struct_in_order(w, value, t, depth);
  const char *e = mill_w_printf(w, "e%d", depth);
  if (t->id == MILL_ARRAY) {
    const char *each = in_order(w, e, t->fields[0].type, depth + 1);
    return mill_w_printf(w, "transform(%s, %s -> %s)", value, e, each);
  }
  const char *of = in_order(w, mill_w_printf(w, "%s.value", e), t->fields[1].type, depth + 1);
  return mill_w_printf(w,
                       "map_from_entries(array_sort(transform(map_entries(%s), %s -> "
                       "struct(%s.key AS key, %s AS value)), (l, r) -> CASE WHEN l.key < r.key "
                       "THEN -1 WHEN l.key > r.key THEN 1 ELSE 0 END))",
                       value, e, e, of);
}

const mill_expr *mill_group_value(mill_planner *w, const mill_expr *e) {
  if (e == NULL || !mill_type_holds(e->type, MILL_MAP)) return e;
  const char *text = in_order(w, "`$1`", e->type, 0);
  const mill_expr *parsed = text ? mill_w_parse(w, text, strlen(text)) : NULL;
  mill_exprs one = {0};
  if (parsed == NULL || !mill_exprs_add(w, &one, e)) return NULL;
  mill_scope s = {.expand = &one};
  mill_expr *c = mill_x_copy(w, mill_resolve(w, &s, parsed));
  if (c) c->type = e->type, c->nullable = e->nullable;
  return c;
}
