/* Expression nodes: see expr.h. */
#include "plan/expr.h"

mill_expr *mill_expr_new(mill_arena *a, mill_expr_kind kind) {
  mill_expr *e = mill_arena_alloc(a, sizeof *e);
  if (e == NULL) return NULL;
  e->kind = kind;
  e->start = e->stop = -1;
  return e;
}
