/* The cheapest tree of inner joins, by dynamic programming over sets of relations.
**
** Columns that equalities tie together are a class: of a class with columns in both sides of a join
** one equality is the join's key, as within each side they are equal already. So c = s and s = n
** link c with n too. A set's rows come from taking away its smallest relation: each class shared
** with the rest divides by the values that the class can have, which are no more than the smallest
** of its relations has rows. Keys of several columns have no more values than the smaller of two
** relations that share them has rows.
**
** The larger side of a join is the probe side. A row that is put into a table costs as much as some
** that look one up, and larger tables are slower to look into. */
#include "plan/order_joins_int.h"

enum { MOST = 10, SETS = 1 << MOST, MOST_CLASSES = 32, BUILD_COST = 4 };

typedef struct class {
  const mill_expr *column[MOST]; /* of each relation, NULL: none */
  uint32_t members;              /* bit k: relation k */
  double values;
} class;

typedef struct other {
  const mill_expr *e;
  uint32_t uses, side[2]; /* side: of an equality, else 0 */
} other;

typedef struct best {
  double cost, rows; /* cost < 0: not linked */
  uint32_t left;     /* the probe side; 0: a relation */
} best;

typedef struct tree {
  const mill_join_set *s;
  class *classes;
  other *others;
  best *best;
  int nclasses, nothers;
} tree;

/* ---- classes -------------------------------------------------------------------------------- */

static int relation_of(const mill_join_set *s, const mill_expr *column) {
  for (int k = 0; k < s->n; k++)
    if (mill_x_find_id(s->relation[k]->output, s->relation[k]->noutput, column->id)) return k;
  return -1;
}

static uint32_t relations_of(const mill_join_set *s, const mill_expr *e) {
  uint32_t uses = 0;
  for (int k = 0; k < s->n; k++)
    if (mill_x_uses_any(e, s->relation[k]->output, s->relation[k]->noutput)) uses |= 1u << k;
  return uses;
}

static class *class_of(tree *t, int k, const mill_expr *column) {
  for (int c = 0; c < t->nclasses; c++) {
    const mill_expr *x = t->classes[c].column[k];
    if (x && x->id == column->id) return &t->classes[c];
  }
  return NULL;
}

static class *new_class(tree *t) {
  if (t->nclasses == MOST_CLASSES) return NULL;
  t->classes[t->nclasses] = (class){.members = 0};
  return &t->classes[t->nclasses++];
}

static void put(class *c, int k, const mill_expr *column) {
  c->column[k] = column;
  c->members |= 1u << k;
}

/* Tie two columns of relations j and k; false where a class would have two columns of one. */
static bool tie(tree *t, int j, const mill_expr *a, int k, const mill_expr *b) {
  class *x = class_of(t, j, a), *y = class_of(t, k, b);
  if (j == k || (x && x == y)) return j != k;
  if (x == NULL && y == NULL) x = new_class(t);
  if (x == NULL && y == NULL) return false;
  if (x && y) {
    if (x->members & y->members) return false;
    for (int i = 0; i < t->s->n; i++)
      if (y->column[i]) put(x, i, y->column[i]);
    *y = t->classes[--t->nclasses];
    return true;
  }
  class *c = x ? x : y;
  if ((c->members >> j & 1 && c->column[j]->id != a->id) ||
      (c->members >> k & 1 && c->column[k]->id != b->id))
    return false;
  put(c, j, a);
  put(c, k, b);
  return true;
}

static void add_predicate(tree *t, const mill_expr *e) {
  const mill_join_set *s = t->s;
  bool equal = mill_x_is_call(e, "=");
  if (equal && e->args[0]->kind == MILL_X_COLUMN && e->args[1]->kind == MILL_X_COLUMN) {
    int j = relation_of(s, e->args[0]), k = relation_of(s, e->args[1]);
    if (j >= 0 && k >= 0 && tie(t, j, e->args[0], k, e->args[1])) return;
  }
  other *o = &t->others[t->nothers++];
  *o = (other){.e = e, .uses = relations_of(s, e)};
  for (int i = 0; equal && i < 2; i++) o->side[i] = relations_of(s, e->args[i]);
}

static void count_values(tree *t) {
  for (int c = 0; c < t->nclasses; c++) {
    double least = -1;
    for (int k = 0; k < t->s->n; k++)
      if (t->classes[c].column[k] && (least < 0 || t->s->base[k] < least)) least = t->s->base[k];
    t->classes[c].values = least > 1 ? least : 1;
  }
}

/* ---- rows ----------------------------------------------------------------------------------- */

static bool inside(uint32_t a, uint32_t b) { return (a & ~b) == 0; }

/* Does the equality of two expressions link the sets? */
static bool other_links(const other *o, uint32_t a, uint32_t b) {
  for (int i = 0; i < 2; i++)
    if (o->side[i] && o->side[!i] && inside(o->side[i], a) && inside(o->side[!i], b)) return true;
  return false;
}

static bool linked(const tree *t, uint32_t a, uint32_t b) {
  for (int c = 0; c < t->nclasses; c++)
    if ((t->classes[c].members & a) && (t->classes[c].members & b)) return true;
  for (int i = 0; i < t->nothers; i++)
    if (other_links(&t->others[i], a, b)) return true;
  return false;
}

/* Rows for each row of `rest` when relation k joins it. */
static double growth(const tree *t, uint32_t rest, int k) {
  const mill_join_set *s = t->s;
  double values = 1, most = s->base[k];
  for (int c = 0; c < t->nclasses; c++)
    if (t->classes[c].column[k] && (t->classes[c].members & rest)) values *= t->classes[c].values;
  for (int j = 0; j < s->n; j++) {
    int shared = 0;
    for (int c = 0; rest >> j & 1 && c < t->nclasses; c++)
      shared += t->classes[c].column[k] && t->classes[c].column[j];
    if (shared > 1 && s->base[j] < most) most = s->base[j];
  }
  if (values > most) values = most > 1 ? most : 1;
  for (int i = 0; i < t->nothers; i++)
    if (other_links(&t->others[i], rest, 1u << k)) values *= 10;
  return s->rows[k] / values;
}

/* Rows of a set of more than one: those without its smallest relation, of those whose leaving keeps
** the rest linked, grown by it. Where there is none, equalities of several relations link two parts. */
static double rows_of(const tree *t, uint32_t set, const best *x, const best *y) {
  const mill_join_set *s = t->s;
  int least = -1;
  for (int k = 0; k < s->n; k++) {
    uint32_t rest = set & ~(1u << k);
    if (!(set >> k & 1) || t->best[rest].cost < 0 || !linked(t, rest, 1u << k)) continue;
    if (least < 0 || s->base[k] < s->base[least]) least = k;
  }
  if (least < 0) return x->rows * y->rows / 10;
  uint32_t rest = set & ~(1u << least);
  return t->best[rest].rows * growth(t, rest, least);
}

/* ---- the search ----------------------------------------------------------------------------- */

static double join_cost(const best *probe, const best *build) {
  double look = build->rows > 500000 ? 2 : build->rows > 30000 ? 1.5 : 1;
  return probe->cost + build->cost + look * probe->rows + BUILD_COST * build->rows;
}

/* The best way to make a set from two that are linked. */
static void find_best(tree *t, uint32_t set) {
  best *b = &t->best[set];
  *b = (best){.cost = -1};
  for (uint32_t left = (set - 1) & set; left; left = (left - 1) & set) {
    const best *x = &t->best[left], *y = &t->best[set & ~left];
    if (x->cost < 0 || y->cost < 0 || x->rows < y->rows) continue;
    if (x->rows == y->rows && left < (set & ~left)) continue;
    if (!linked(t, left, set & ~left)) continue;
    if (b->cost < 0) b->rows = rows_of(t, set, x, y);
    double cost = join_cost(x, y) + b->rows;
    if (b->cost >= 0 && cost >= b->cost) continue;
    b->cost = cost;
    b->left = left;
  }
}

/* What the join of the sets asks of them: equalities of classes, and what could not be asked before. */
static const mill_expr *condition(mill_planner *w, const tree *t, uint32_t a, uint32_t b) {
  const mill_expr *on = NULL;
  for (int c = 0; c < t->nclasses; c++) {
    const class *x = &t->classes[c];
    if (!(x->members & a) || !(x->members & b)) continue;
    const mill_expr *l = x->column[__builtin_ctz(x->members & a)];
    const mill_expr *r = x->column[__builtin_ctz(x->members & b)];
    const mill_expr *e = mill_x_bound(w, "=", 2, l, r);
    on = e ? mill_x_and(w, on, e) : NULL;
    if (on == NULL) return NULL;
  }
  for (int i = 0; i < t->nothers; i++) {
    uint32_t uses = t->others[i].uses;
    bool before = (inside(uses, a) && (a & (a - 1))) || (inside(uses, b) && (b & (b - 1)));
    if (before || !inside(uses, a | b)) continue;
    on = mill_x_and(w, on, t->others[i].e);
    if (on == NULL) return NULL;
  }
  return on;
}

static const mill_node *make(mill_planner *w, const tree *t, uint32_t set) {
  const best *b = &t->best[set];
  if (b->left == 0) return t->s->relation[__builtin_ctz(set)];
  const mill_node *left = make(w, t, b->left), *right = make(w, t, set & ~b->left);
  const mill_expr *on = left && right ? condition(w, t, b->left, set & ~b->left) : NULL;
  const mill_node *n = on ? mill_w_join(w, MILL_JOIN_INNER, left, right, on) : NULL;
  mill_node *copy = n ? mill_w_node_copy(w, n) : NULL;
  if (copy) copy->rows = b->rows > 1 ? b->rows : 1;
  return copy;
}

bool mill_join_tree(mill_planner *w, const mill_join_set *s, const mill_node **out) {
  uint32_t all = (1u << s->n) - 1;
  tree t = {.s = s};
  *out = NULL;
  if (s->n > MOST) return true;
  t.classes = mill_w_alloc(w, MOST_CLASSES * sizeof *t.classes);
  t.others = mill_w_alloc(w, (size_t)(s->predicates.n + 1) * sizeof *t.others);
  t.best = mill_w_alloc(w, ((size_t)all + 1) * sizeof *t.best);
  if (t.classes == NULL || t.others == NULL || t.best == NULL) return false;
  for (int i = 0; i < s->predicates.n; i++) add_predicate(&t, s->predicates.at[i]);
  count_values(&t);
  for (uint32_t set = 1; set <= all; set++) {
    if (set & (set - 1)) {
      find_best(&t, set);
    } else {
      int k = __builtin_ctz(set);
      t.best[set] = (best){0, s->rows[k], 0};
    }
  }
  if (t.best[all].cost < 0) return true;
  *out = make(w, &t, all);
  return *out != NULL;
}
