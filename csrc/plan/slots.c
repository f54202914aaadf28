/* Prepared statements: parameters that are compared with columns in a FILTER stay open in the analysed
** plan, so that one plan serves all their values. Such a slot is a PARAMETER with a type and without a
** constant value: no rule can look at what stands in it by chance. All other parameters are constants;
** a plan with one of those is no prepared one, but right for its own values.
**
**     mill_plan_prepare    before analysis
**     mill_slot_arguments  at a comparison: its literals from parameters become slots
**     mill_plan_prepared   after analysis: is it all slots?
**     mill_plan_fix        the plan for some values, as if they had been written */
#include <string.h>

#include "plan/plan_int.h"

mill_status mill_plan_prepare(mill_plan *p, const mill_parameters *params, mill_error *err) {
  if (params->n < 1 || params->n > MILL_PLAN_SLOTS) return MILL_OK;
  for (int i = 0; i < params->n; i++) {
    const mill_expr *e = params->values[i];
    if (e->kind != MILL_X_LITERAL || !mill_vector_valid(e->value, 0)) return MILL_OK;
  }
  mill_plan_slots *s = mill_arena_alloc(&p->arena, sizeof *s);
  if (s == NULL) return mill_oom(p->arena.memory, sizeof *s, err);
  s->n = params->n;
  for (int i = 0; i < s->n; i++) s->value[i] = *params->values[i]->value;
  p->slots = s;
  return MILL_OK;
}

const mill_expr *mill_slot_literal(mill_planner *w, int i, const mill_expr *e) {
  if (e == NULL || w->plan->slots == NULL || e->kind != MILL_X_LITERAL) return e;
  mill_expr *c = mill_x_copy(w, e);
  if (c == NULL) return NULL;
  c->index = i + 1;
  w->plan->slots->made[i]++;
  return c;
}

/* Types for which a constant means to a comparison what any other expression of its type does. */
static bool comparable(const mill_type *a, const mill_type *b) {
  if (mill_type_integral(a) && mill_type_integral(b)) return true;
  return a == b && a->id != MILL_DECIMAL && a->id != MILL_NULL && a->nfields == 0;
}

static bool is_comparison(const mill_expr *e) {
  static const char *const names[] = {"=", "<", "<=", ">", ">=", "<=>"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(e->fn->name, names[i]) == 0) return e->nargs == 2;
  return false;
}

bool mill_slot_arguments(mill_planner *w, mill_expr *e) {
  mill_plan_slots *s = w->plan->slots;
  if (s == NULL || !is_comparison(e)) return true;
  for (int i = 0; i < 2; i++) {
    const mill_expr *a = e->args[i], *other = e->args[1 - i];
    if (a->kind != MILL_X_LITERAL || a->index == 0 || other->value ||
        other->kind == MILL_X_LITERAL || other->kind == MILL_X_PARAMETER ||
        !comparable(a->type, other->type))
      continue;
    mill_expr *c = mill_x_copy(w, a);
    if (c == NULL) return false;
    c->kind = MILL_X_PARAMETER;
    c->pretty = mill_w_sql(w, a);
    c->value = NULL;
    c->given = &s->value[a->index - 1];
    s->used[a->index - 1]++;
    e->args[i] = c;
  }
  return true;
}

/* ---- after analysis --------------------------------------------------------------------------- */

static int is_slot(const mill_expr *e, void *arg) {
  (void)arg;
  return e->kind == MILL_X_PARAMETER;
}
/* What makes a plan one for its own values alone. */
static int is_closed(const mill_expr *e, void *arg) {
  (void)arg;
  return (e->kind == MILL_X_LITERAL && e->index != 0) || e->query != NULL;
}

static bool has(const mill_expr *const *list, int n, int (*f)(const mill_expr *e, void *arg)) {
  for (int i = 0; i < n; i++)
    if (list[i] && mill_x_any(list[i], f, NULL)) return true;
  return false;
}

static bool any(const mill_node *n, int (*f)(const mill_expr *e, void *arg)) {
  return has(n->exprs, n->nexprs, f) || has(n->keys, n->nkeys, f) || has(n->aggs, n->naggs, f) ||
         has(n->values, n->nvalues, f);
}

static bool open_below(const mill_node *n) {
  if (any(n, is_closed) || (n->kind != MILL_N_FILTER && any(n, is_slot))) return false;
  for (int i = 0; i < n->nchildren; i++)
    if (!open_below(n->child[i])) return false;
  return true;
}

bool mill_plan_prepared(const mill_plan *p) {
  const mill_plan_slots *s = p->slots;
  if (s == NULL) return false;
  for (int i = 0; i < s->n; i++)
    if (s->made[i] == 0 || s->made[i] != s->used[i]) return false;
  return open_below(p->root);
}

/* ---- values ----------------------------------------------------------------------------------- */

mill_status mill_plan_collect_with(mill_plan *p, const mill_parameters *params, mill_table **out,
                                   mill_error *err) {
  for (int i = 0; i < p->slots->n; i++) p->slots->value[i] = *params->values[i]->value;
  return mill_plan_collect(p, out, err);
}

static const mill_expr *fix_slot(mill_planner *w, const mill_expr *e, void *arg) {
  const mill_parameters *params = arg;
  if (e->kind != MILL_X_PARAMETER) return NULL;
  return mill_x_value(w, params->values[e->index - 1]->value, e->type);
}

static const mill_node *fix(mill_planner *w, const mill_node *n) {
  if (n->kind != MILL_N_FILTER || !any(n, is_slot)) return n;
  return mill_n_map_exprs(w, n, fix_slot, (void *)w->params);
}

mill_status mill_plan_fix(mill_plan *p, mill_plan *given, const mill_parameters *params,
                          mill_plan **out, mill_error *err) {
  mill_planner w;
  mill_plan *q = NULL;
  MILL_TRY(mill_plan_new(p->session, &q, err));
  mill_status s = mill_planner_init(&w, q, err);
  if (s == MILL_OK) s = mill_plan_keep_plan(q, p, err);
  if (s == MILL_OK) s = mill_plan_keep_plan(q, given, err);
  if (s == MILL_OK) {
    w.params = params;
    const mill_node *root = mill_n_up(&w, p->root, fix);
    q->root = root ? (mill_node *)mill_renew_ids(&w, root) : NULL;
    if (q->root == NULL) s = w.status ? w.status : mill_oom(w.ctx->memory, 1, err);
  }
  if (s != MILL_OK) {
    mill_plan_unref(q);
    return s;
  }
  q->schema = p->schema;
  q->settings = p->settings;
  *out = q;
  return MILL_OK;
}
