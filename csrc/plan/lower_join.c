/* Joins: the equalities of the condition become keys, the rest stays. */
#include <string.h>

#include "plan/plan_int.h"

typedef struct join_keys {
  const mill_bound **left, **right;
  int n;
  bool null_safe;
  const mill_expr *rest;
} join_keys;

static bool only(const mill_expr *e, const mill_node *side) {
  return mill_x_uses_only(e, side->output, side->noutput) &&
         mill_x_uses_any(e, side->output, side->noutput);
}

/* Is e an equality between the sides? Then *a belongs to the left, *b to the right. */
static bool equality(const mill_expr *e, bool plain, const mill_node *n, const mill_expr **a,
                     const mill_expr **b) {
  bool equal =
      plain ? mill_x_is_call(e, "=") : mill_x_is_call(e, "<=>") || mill_x_is_call(e, "same");
  if (!equal || !mill_x_deterministic(e)) return false;
  *a = e->args[0], *b = e->args[1];
  if (only(*a, n->child[0]) && only(*b, n->child[1])) return true;
  *a = e->args[1], *b = e->args[0];
  return only(*a, n->child[0]) && only(*b, n->child[1]);
}

static bool split(mill_lowering *l, const mill_node *n, const mill_lowered *left,
                  const mill_lowered *right, join_keys *k) {
  mill_exprs c = {0};
  const mill_expr *a, *b;
  bool plain = false;
  if (n->nexprs == 0) return true;
  if (!mill_x_conjuncts(l->w, n->exprs[0], &c)) return false;
  for (int i = 0; i < c.n; i++) plain |= equality(c.at[i], true, n, &a, &b);
  k->null_safe = !plain;
  k->left = mill_w_alloc(l->w, (size_t)(c.n + 1) * sizeof *k->left);
  k->right = mill_w_alloc(l->w, (size_t)(c.n + 1) * sizeof *k->right);
  if (k->left == NULL || k->right == NULL) return false;
  for (int i = 0; i < c.n; i++) {
    if (!equality(c.at[i], plain, n, &a, &b)) {
      k->rest = mill_x_and(l->w, k->rest, c.at[i]);
      if (k->rest == NULL) return false;
      continue;
    }
    k->left[k->n] = mill_lower_expr(l, a, left);
    k->right[k->n] = mill_lower_expr(l, b, right);
    if (k->left[k->n] == NULL || k->right[k->n] == NULL) return false;
    k->n++;
  }
  return true;
}

static mill_op_join kind_of(const mill_node *n) {
  switch (n->join) {
  case MILL_JOIN_LEFT: return n->intersect ? MILL_OP_SINGLE : MILL_OP_LEFT;
  case MILL_JOIN_RIGHT: return MILL_OP_RIGHT;
  case MILL_JOIN_FULL: return MILL_OP_FULL;
  case MILL_JOIN_SEMI: return n->all ? MILL_OP_MARK : MILL_OP_SEMI;
  case MILL_JOIN_ANTI: return n->all ? MILL_OP_NULL_AWARE_ANTI : MILL_OP_ANTI;
  default: return MILL_OP_INNER;
  }
}

static bool keeps_right(mill_op_join j) {
  return j != MILL_OP_SEMI && j != MILL_OP_ANTI && j != MILL_OP_NULL_AWARE_ANTI &&
         j != MILL_OP_MARK;
}

enum { MANY_ROWS = 10000 };

/* Is side a of the join much the smaller? */
static bool smaller(const mill_node *a, const mill_node *b) {
  double left = mill_n_estimate(a), right = mill_n_estimate(b);
  return right > MANY_ROWS && right > 2 * left;
}

/* The smaller side of an inner join is its right one, which goes into the table. */
static const mill_node *by_size(mill_lowering *l, const mill_node *n) {
  if (kind_of(n) != MILL_OP_INNER || !smaller(n->child[0], n->child[1])) return n;
  mill_node *c = mill_w_node_copy(l->w, n);
  if (c == NULL) return NULL;
  c->child[0] = n->child[1];
  c->child[1] = n->child[0];
  return c;
}

/* ---- aggregates below joins ------------------------------------------------------------------ */

/* The AGGREGATE below projections and filters, and its key that column *id stands for. */
static const mill_node *aggregate_below(const mill_node *n, uint64_t *id) {
  for (; n->kind == MILL_N_PROJECT || n->kind == MILL_N_FILTER; n = n->child[0]) {
    const mill_expr *e = NULL;
    if (n->kind == MILL_N_FILTER) continue;
    for (int i = 0; i < n->nexprs; i++)
      if (n->exprs[i]->id == *id) e = n->exprs[i];
    if (e && e->kind == MILL_X_ALIAS) e = e->args[0];
    if (e == NULL || e->kind != MILL_X_COLUMN) return NULL;
    *id = e->id;
  }
  return n->kind == MILL_N_AGGREGATE && n->nsets == 0 ? n : NULL;
}

static bool add_narrow(mill_lowering *l, const mill_expr *left, const mill_expr *right,
                       const mill_node *n, const mill_lowered *a, mill_narrow *out) {
  uint64_t id = right->id;
  if (right->kind != MILL_X_COLUMN || out->n == MILL_NARROW_KEYS) return true;
  const mill_node *g = aggregate_below(n->child[1], &id);
  for (int i = 0; g && i < g->nkeys; i++) {
    const mill_expr *key = g->keys[i];
    if (key->id != id) continue;
    out->aggregate = g;
    out->key[out->n] = key->kind == MILL_X_ALIAS ? key->args[0] : key;
    out->few_key[out->n] = mill_lower_expr(l, left, a);
    return out->few_key[out->n++] != NULL;
  }
  return true;
}

/* Where the right side groups many rows by the join's keys and the left side has few: the left
** rows are computed once, and the rows to group are those that have a partner there. */
static bool narrow_right(mill_lowering *l, const mill_node *n, mill_lowered *a, mill_narrow *out) {
  mill_op_join j = kind_of(n);
  mill_exprs c = {0};
  const mill_expr *x, *y;
  *out = (mill_narrow){0};
  if (n->nexprs == 0 || j == MILL_OP_RIGHT || j == MILL_OP_FULL || j == MILL_OP_MARK ||
      j == MILL_OP_NULL_AWARE_ANTI)
    return true;
  if (!mill_x_conjuncts(l->w, n->exprs[0], &c)) return false;
  for (int i = 0; i < c.n; i++)
    if (equality(c.at[i], true, n, &x, &y) && !add_narrow(l, x, y, n, a, out)) return false;
  if (out->aggregate == NULL) return true;
  double many = mill_n_estimate(out->aggregate->child[0]);
  if (many < MANY_ROWS || 20 * mill_n_estimate(n->child[0]) > many) {
    *out = (mill_narrow){0};
    return true;
  }
  out->few = mill_op_make(l, MILL_OP_SHARE, a->op);
  a->op = out->few;
  return out->few != NULL;
}

bool mill_lower_narrow(mill_lowering *l, const mill_narrow *few, mill_lowered *in) {
  mill_op *op = mill_op_make(l, MILL_OP_JOIN, in->op);
  const mill_bound **keys = mill_w_alloc(l->w, MILL_NARROW_KEYS * sizeof *keys);
  const mill_bound **others = mill_w_alloc(l->w, MILL_NARROW_KEYS * sizeof *others);
  if (op == NULL || keys == NULL || others == NULL) return false;
  for (int i = 0; i < few->n; i++) {
    others[i] = few->few_key[i];
    keys[i] = mill_lower_expr(l, few->key[i], in);
    if (keys[i] == NULL) return false;
  }
  op->child[1] = few->few;
  op->nchildren = 2;
  op->join = MILL_OP_SEMI;
  op->keys = keys;
  op->right_keys = others;
  op->nkeys = few->n;
  in->op = op;
  return true;
}

/* Both sides of the join. */
static bool lower_sides(mill_lowering *l, const mill_node *n, mill_lowered *a, mill_lowered *b) {
  mill_narrow outer = l->narrow;
  if (!mill_lower(l, n->child[0], a) || !narrow_right(l, n, a, &l->narrow)) return false;
  if (l->narrow.aggregate == NULL) l->narrow = outer;
  bool ok = mill_lower(l, n->child[1], b);
  l->narrow = outer;
  return ok;
}

bool mill_lower_join(mill_lowering *l, const mill_node *n, mill_lowered *out) {
  mill_lowered a, b;
  join_keys k = {0};
  n = by_size(l, n);
  if (n == NULL || !lower_sides(l, n, &a, &b) || !split(l, n, &a, &b, &k)) return false;
  mill_op *op = mill_op_make(l, MILL_OP_JOIN, a.op);
  if (op == NULL) return false;
  op->child[1] = b.op;
  op->nchildren = 2;
  op->join = kind_of(n);
  op->keys = k.left, op->right_keys = k.right, op->nkeys = k.n;
  op->null_safe = k.null_safe && k.n > 0;
  op->build_left = k.n > 0 && (op->join == MILL_OP_SEMI || op->join == MILL_OP_ANTI) &&
                   smaller(n->child[0], n->child[1]);
  if (k.rest) {
    op->condition = mill_lower_expr2(l, k.rest, &a, &b);
    if (op->condition == NULL) return false;
  }
  bool right = keeps_right(op->join), mark = op->join == MILL_OP_MARK;
  int width = a.n + (right ? b.n : 0) + mark;
  mill_field *f = mill_w_alloc(l->w, (size_t)(width + 1) * sizeof *f);
  uint64_t *ids = mill_w_alloc(l->w, (size_t)(width + 1) * sizeof *ids);
  if (f == NULL || ids == NULL) return false;
  bool left_null = op->join == MILL_OP_RIGHT || op->join == MILL_OP_FULL;
  bool right_null =
      op->join == MILL_OP_LEFT || op->join == MILL_OP_FULL || op->join == MILL_OP_SINGLE;
  for (int i = 0; i < width; i++) {
    if (i < a.n) {
      f[i] = a.op->schema->fields[i];
      f[i].nullable |= left_null;
      ids[i] = a.ids[i];
    } else if (right) {
      f[i] = b.op->schema->fields[i - a.n];
      f[i].nullable |= right_null;
      ids[i] = b.ids[i - a.n];
    } else {
      f[i] = (mill_field){"exists", mill_type_of(MILL_BOOLEAN), true, NULL};
      ids[i] = n->output[n->noutput - 1]->id;
    }
  }
  op->schema = mill_op_schema(l, f, width);
  *out = (mill_lowered){op, ids, width};
  return op->schema != NULL;
}
