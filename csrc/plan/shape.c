/* What a tree is made of, by which the optimiser sees at once that a rule has nothing to do in it: for
** most small queries that is so for most rules. One walk finds all of it; where it cannot be sure,
** something is there. */
#include "plan/plan_int.h"

static unsigned of_node(const mill_node *n) {
  switch (n->kind) {
  case MILL_N_FILTER: return MILL_HAS_FILTER;
  case MILL_N_JOIN: return MILL_HAS_JOIN;
  case MILL_N_PROJECT: return MILL_HAS_PROJECT;
  case MILL_N_AGGREGATE: return MILL_HAS_AGGREGATE;
  case MILL_N_WINDOW: return MILL_HAS_WINDOW;
  case MILL_N_LIMIT: return MILL_HAS_LIMIT;
  default: return 0;
  }
}

static bool is_boolean(const mill_expr *e) { return e->type && e->type->id == MILL_BOOLEAN; }

/* What the kind and the operands of e say. *closed, which begins as "so are its operands": could it be
** computed without a row? */
static unsigned of_expr(const mill_expr *e, bool *closed) {
  switch (e->kind) {
  case MILL_X_LITERAL:
  case MILL_X_ALIAS:
  case MILL_X_LAMBDA:
  case MILL_X_VARIABLE: return 0;
  case MILL_X_CAST: return MILL_HAS_CAST | (*closed ? MILL_HAS_CONSTANT : 0);
  case MILL_X_EXTRACT:
  case MILL_X_FIELD: return *closed ? MILL_HAS_CONSTANT : 0;
  case MILL_X_CALL:
    *closed = *closed && (e->fn == NULL || e->fn->kind == MILL_SCALAR);
    return (*closed ? MILL_HAS_CONSTANT : 0) |
           (is_boolean(e) && e->nargs && is_boolean(e->args[0]) ? MILL_HAS_BOOLEAN : 0);
  default: *closed = false; return e->query ? MILL_HAS_QUERY : 0;
  }
}

static unsigned look_all(const mill_expr *const *list, int n, bool *closed);

static unsigned look_window(const mill_window *v, bool *closed) {
  return look_all(v->partition, v->npartition, closed) | look_all(v->order, v->norder, closed) |
         look_all(&v->from_offset, 1, closed) | look_all(&v->to_offset, 1, closed);
}

/* A constant that is known is not looked into. */
static unsigned look(const mill_expr *e, bool *closed) {
  if (e->value) return mill_vector_valid(e->value, 0) ? 0 : MILL_HAS_NULL;
  unsigned has = 0;
  if (e->nargs) has |= look_all(e->args, e->nargs, closed);
  if (e->norder) has |= look_all(e->order, e->norder, closed);
  if (e->filter) has |= look_all(&e->filter, 1, closed);
  if (e->window) has |= look_window(e->window, closed);
  return has | of_expr(e, closed);
}

static unsigned look_all(const mill_expr *const *list, int n, bool *closed) {
  unsigned has = 0;
  for (int i = 0; i < n; i++) {
    bool own = true;
    if (list[i]) has |= look(list[i], &own);
    *closed = *closed && own;
  }
  return has;
}

unsigned mill_n_shape(const mill_node *n) {
  bool closed = true;
  unsigned has = of_node(n) | look_all(n->exprs, n->nexprs, &closed) |
                 look_all(n->keys, n->nkeys, &closed) | look_all(n->aggs, n->naggs, &closed) |
                 look_all(n->values, n->nvalues, &closed);
  for (int i = 0; i < n->nchildren; i++) has |= mill_n_shape(n->child[i]);
  return has;
}
