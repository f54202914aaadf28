/* ML transformers in a plan: mill_stage_bind gives the columns that a stage adds as bound
** expressions, which become an ordinary PROJECT here (over a FILTER where the stage drops rows). So
** transformers are pruned, pushed through, fused and run on streams by the rules for any other
** expression, and nothing below analysis knows of stages. */
#include <string.h>

#include "ml/stage.h"
#include "plan/plan_int.h"

/* The bound expression over the columns of `child` by position, as a resolved one. */
static const mill_expr *unbind(mill_planner *w, const mill_bound *b, const mill_node *child);

static mill_binding *binding(mill_planner *w, const mill_bound *b) {
  mill_binding *k = mill_w_alloc(w, sizeof *k);
  if (k == NULL) return NULL;
  *k = (mill_binding){.ctx = w->ctx,
                      .set = &w->set,
                      .fn = b->fn,
                      .name = b->fn ? b->fn->name : "cast",
                      .nargs = b->nargs,
                      .arg_type = b->arg_type,
                      .cast_to = (const mill_type **)b->arg_type,
                      .result = b->type,
                      .nullable = b->nullable,
                      .kernel = b->kernel,
                      .state = (void *)b->state,
                      .arena = w->arena};
  return k;
}

static mill_expr *unbind_call(mill_planner *w, const mill_bound *b, mill_expr *e) {
  e->binding = binding(w, b);
  if (b->fn) {
    e->fn = b->fn;
    e->name = b->fn->name;
  } else {
    e->target = b->type;
    e->hidden = true;
    e->mode = b->can_raise ? MILL_CAST_ANSI : MILL_CAST_LEGACY;
  }
  return e->binding ? e : NULL;
}

static const mill_expr *unbind_node(mill_planner *w, const mill_bound *b, const mill_node *child) {
  if (b->kind == MILL_B_COLUMN) return child->output[b->index];
  mill_expr_kind kind = b->kind == MILL_B_FIELD     ? MILL_X_FIELD
                        : b->kind == MILL_B_LITERAL ? MILL_X_LITERAL
                        : b->fn                     ? MILL_X_CALL
                                                    : MILL_X_CAST;
  mill_expr *e = mill_x_new(w, kind, NULL);
  const mill_expr **args = mill_w_alloc(w, ((size_t)b->nargs + 1) * sizeof *args);
  if (e == NULL || args == NULL) return NULL;
  e->type = b->type;
  e->nullable = b->nullable;
  e->index = b->index;
  e->value = b->value;
  e->args = args;
  e->nargs = b->nargs;
  for (int i = 0; i < b->nargs; i++)
    if ((args[i] = unbind(w, b->args[i], child)) == NULL) return NULL;
  if (b->kind == MILL_B_FIELD) e->name = args[0]->type->fields[b->index].name;
  return b->kind == MILL_B_CALL ? unbind_call(w, b, e) : e;
}

static const mill_expr *unbind(mill_planner *w, const mill_bound *b, const mill_node *child) {
  if (!mill_w_enter(w)) return NULL;
  const mill_expr *e = unbind_node(w, b, child);
  mill_w_leave(w);
  return e;
}

static mill_expr *added(mill_planner *w, const mill_stage_binding *s, int i,
                        const mill_node *child) {
  const mill_field *f = &s->field[i];
  const mill_expr *e = unbind(w, s->expr[i], child);
  mill_expr *a = e ? mill_x_alias(w, e, f->name) : NULL;
  if (a == NULL) return NULL;
  a->metadata = f->metadata;
  a->nullable = f->nullable;
  return a;
}

typedef struct looking {
  mill_planner *w;
  const mill_node *child;
} looking;

/* mill_peek over the rows of child: SELECT column [WHERE column IS NOT NULL] LIMIT 1. */
static mill_status first_row(void *arg, int column, bool skip_null, mill_table **out,
                             mill_error *err) {
  looking *l = arg;
  mill_planner *w = l->w;
  mill_exprs items = {0};
  const mill_expr *c = l->child->output[column];
  if (l->child->streaming)
    return mill_fail(err, MILL_E_ILLEGAL_ARGUMENT, "stage", "transform", "reason",
                     mill_error_fmt(err,
                                    "the size of the vectors in `%s` is not in its metadata, and "
                                    "a stream has no first row to look at",
                                    c->name),
                     NULL);
  const mill_node *n = l->child;
  if (skip_null) n = mill_w_filter(w, n, mill_x_bound(w, "isnotnull", 1, c));
  if (n && mill_exprs_add(w, &items, c)) n = mill_w_project(w, n, &items);
  mill_node *top = n ? mill_w_unary(w, MILL_N_LIMIT, n) : NULL;
  if (top == NULL) return w->status;
  top->to = 1;
  return mill_plan_rows(w, top, false, out);
}

/* The columns of child, those of the stage put in by name or at the end. */
static const mill_node *apply(mill_planner *w, const mill_node *child, struct mill_stage *stage) {
  mill_stage_binding s;
  mill_exprs items = {0};
  const mill_type *schema = mill_w_schema(w, child->output, child->noutput);
  if (schema == NULL) return NULL;
  looking l = {w, child};
  mill_peek peek = {first_row, &l};
  w->status = mill_stage_bind(stage, w->ctx, &w->set, schema, &peek, w->arena, &s, w->err);
  if (w->status != MILL_OK) return NULL;
  if (s.keep) {
    child = mill_w_filter(w, child, unbind(w, s.keep, child));
    if (child == NULL) return NULL;
  }
  if (s.n == 0) return child;
  bool *used = mill_w_alloc(w, (size_t)s.n + 1);
  if (used == NULL) return NULL;
  for (int i = 0; i < child->noutput; i++) {
    const mill_expr *item = child->output[i];
    for (int k = 0; k < s.n; k++) {
      if (!mill_w_same_name(w, s.field[k].name, child->output[i]->name)) continue;
      item = added(w, &s, k, child);
      used[k] = true;
    }
    if (!mill_exprs_add(w, &items, item)) return NULL;
  }
  for (int k = 0; k < s.n; k++)
    if (!used[k] && !mill_exprs_add(w, &items, added(w, &s, k, child))) return NULL;
  return mill_w_project(w, child, &items);
}

/* A composite's parts in turn. */
static const mill_node *transform(mill_planner *w, const mill_node *child,
                                  struct mill_stage *stage) {
  struct mill_stage *const *parts;
  int n = mill_stage_parts(stage, &parts);
  if (n == 0) return apply(w, child, stage);
  for (int i = 0; i < n && child; i++) child = transform(w, child, parts[i]);
  return child;
}

const mill_node *mill_analyse_transform(mill_planner *w, const mill_node *n,
                                        const mill_scope *outer) {
  const mill_node *child = mill_analyse(w, n->child[0], outer);
  return child ? transform(w, child, n->stage) : NULL;
}
