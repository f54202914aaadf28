/* Plans as the data sets that estimators read: see ml/stage.h and bind/stage.h.
**
** Each derived data set is a plan over the plan before it; nothing is copied. Folds draw as Spark's
** MLUtils.kFold does on one partition: rand() seeded with the first nextLong of java.util.Random. */
#include <stdio.h>
#include <string.h>

#include "bind/stage.h"
#include "ml/stage.h"

typedef struct plan_dataset {
  mill_dataset base;
  mill_plan *p;
} plan_dataset;

static void dataset_free(mill_dataset *d) {
  plan_dataset *s = (plan_dataset *)d;
  mill_plan *p = s->p;
  mill_free(s->base.ctx->memory, s, sizeof *s);
  mill_plan_unref(p); /* last: it may be what keeps the session's memory */
}

static mill_expr *add_expr(mill_plan *p, mill_expr_kind kind, const char *name, int nargs) {
  mill_expr *e = mill_expr_new(&p->arena, kind);
  if (e == NULL) return NULL;
  e->name = name;
  e->nargs = nargs;
  e->args = mill_arena_alloc(&p->arena, ((size_t)nargs + 1) * sizeof *e->args);
  return e->args ? e : NULL;
}

static mill_expr *literal(mill_plan *p, const mill_type *t, const void *data, size_t width) {
  mill_expr *e = add_expr(p, MILL_X_LITERAL, NULL, 0);
  mill_vector *v = mill_arena_alloc(&p->arena, sizeof *v);
  void *copy = mill_arena_alloc(&p->arena, 16);
  if (e == NULL || v == NULL || copy == NULL) return NULL;
  memcpy(copy, data, width);
  *v = (mill_vector){.type = t, .data = copy, .size = 1};
  e->value = v;
  e->type = t;
  return e;
}

static mill_expr *call2(mill_plan *p, const char *name, const mill_expr *a, const mill_expr *b) {
  mill_expr *e = a && b ? add_expr(p, MILL_X_CALL, name, 2) : NULL;
  if (e == NULL) return NULL;
  e->args[0] = a;
  e->args[1] = b;
  return e;
}

/* A plan with one node of `kind` over p's root; exprs are filled by the caller. */
static mill_status over(mill_plan *p, mill_node_kind kind, int nexprs, mill_plan **out,
                        mill_node **node, mill_error *err) {
  MILL_TRY(mill_plan_new(p->session, out, err));
  mill_plan *q = *out;
  mill_node *n = mill_node_new(&q->arena, kind);
  const mill_node **child = n ? mill_arena_alloc(&q->arena, sizeof *child) : NULL;
  const mill_expr **exprs =
      child ? mill_arena_alloc(&q->arena, ((size_t)nexprs + 1) * sizeof *exprs) : NULL;
  if (exprs == NULL || (child[0] = mill_plan_use(q, p)) == NULL) {
    mill_plan_unref(q);
    return mill_oom(p->arena.memory, sizeof *n, err);
  }
  n->child = child;
  n->nchildren = 1;
  n->exprs = exprs;
  n->nexprs = nexprs;
  q->root = n;
  *node = n;
  return MILL_OK;
}

/* Analyse q and wrap it as a data set beside d; q is given up in any case. */
static mill_status settle(mill_dataset *d, mill_plan *q, mill_dataset **out, mill_error *err) {
  mill_status s = mill_plan_analyse(q, NULL, err);
  if (s == MILL_OK) s = mill_dataset_new(q, d->set, out, err);
  mill_plan_unref(q);
  return s;
}

static mill_status dataset_open(mill_dataset *d, const char *const *columns, int n, mill_rows **out,
                                mill_error *err) {
  plan_dataset *s = (plan_dataset *)d;
  mill_plan *q;
  mill_node *node;
  MILL_TRY(over(s->p, MILL_N_PROJECT, n, &q, &node, err));
  mill_status status = MILL_OK;
  for (int i = 0; i < n && status == MILL_OK; i++) {
    int at = mill_plan_column(s->p, columns[i], strlen(columns[i]));
    if (at >= 0) {
      node->exprs[i] = s->p->root->output[at];
      continue;
    }
    mill_expr *e = add_expr(q, MILL_X_TEXT, NULL, 0); /* analysis names the missing column */
    char *name = mill_arena_strndup(&q->arena, columns[i], strlen(columns[i]));
    if (e == NULL || name == NULL) status = mill_oom(q->arena.memory, sizeof *e, err);
    if (e) e->name = name;
    node->exprs[i] = e;
  }
  if (status == MILL_OK) status = mill_plan_analyse(q, NULL, err);
  if (status == MILL_OK) status = mill_plan_open(q, out, err);
  mill_plan_unref(q);
  return status;
}

static void release_stage(void *stage) { mill_stage_unref(stage); }

static mill_status dataset_transform(mill_dataset *d, mill_stage *stage, mill_dataset **out,
                                     mill_error *err) {
  plan_dataset *s = (plan_dataset *)d;
  mill_plan *q;
  mill_node *node;
  MILL_TRY(over(s->p, MILL_N_TRANSFORM, 0, &q, &node, err));
  node->stage = mill_stage_ref(stage);
  mill_status status = mill_plan_keep(q, node->stage, release_stage, err);
  if (status != MILL_OK) {
    mill_plan_unref(q);
    return status;
  }
  return settle(d, q, out, err);
}

/* The first nextLong() of new java.util.Random(seed). */
static int64_t java_next_long(uint64_t seed) {
  const uint64_t mask = (1ull << 48) - 1;
  uint64_t s = (seed ^ 0x5DEECE66Dull) & mask;
  s = (s * 0x5DEECE66Dull + 0xBull) & mask;
  int32_t high = (int32_t)(s >> 16);
  s = (s * 0x5DEECE66Dull + 0xBull) & mask;
  int32_t low = (int32_t)(s >> 16);
  return (int64_t)((uint64_t)(int64_t)high << 32) + low;
}

static const mill_expr *fold_test(mill_plan *q, int folds, int which, bool training,
                                  uint64_t seed) {
  double low = (double)which / folds, high = (double)(which + 1) / folds;
  int64_t draw = java_next_long(seed);
  mill_expr *rand = add_expr(q, MILL_X_CALL, "rand", 1);
  if (rand == NULL) return NULL;
  rand->args[0] = literal(q, mill_type_of(MILL_BIGINT), &draw, sizeof draw);
  const mill_type *number = mill_type_of(MILL_DOUBLE);
  if (rand->args[0] == NULL) return NULL;
  mill_expr *from = call2(q, ">=", rand, literal(q, number, &low, sizeof low));
  mill_expr *to = call2(q, "<", rand, literal(q, number, &high, sizeof high));
  mill_expr *in = call2(q, "and", from, to);
  if (!training || in == NULL) return in;
  mill_expr *no = add_expr(q, MILL_X_CALL, "not", 1);
  if (no) no->args[0] = in;
  return no;
}

static mill_status dataset_fold(mill_dataset *d, int folds, int which, bool training, uint64_t seed,
                                const char *fold_column, mill_dataset **out, mill_error *err) {
  plan_dataset *s = (plan_dataset *)d;
  mill_plan *q;
  mill_node *node;
  MILL_TRY(over(s->p, MILL_N_FILTER, 1, &q, &node, err));
  if (fold_column && *fold_column) {
    mill_expr *column = add_expr(q, MILL_X_TEXT, NULL, 0);
    int32_t k = which;
    if (column) column->name = mill_arena_strndup(&q->arena, fold_column, strlen(fold_column));
    mill_expr *same = call2(q, "=", column, literal(q, mill_type_of(MILL_INT), &k, sizeof k));
    mill_expr *no = same && training ? add_expr(q, MILL_X_CALL, "not", 1) : same;
    if (no && training) no->args[0] = same;
    node->exprs[0] = no;
  } else {
    node->exprs[0] = fold_test(q, folds, which, training, seed);
  }
  if (node->exprs[0] == NULL) {
    mill_plan_unref(q);
    return mill_oom(s->p->arena.memory, sizeof(mill_expr), err);
  }
  return settle(d, q, out, err);
}

static mill_status dataset_split(mill_dataset *d, double ratio, bool training, uint64_t seed,
                                 mill_dataset **out, mill_error *err) {
  plan_dataset *s = (plan_dataset *)d;
  mill_plan *q;
  mill_node *node;
  MILL_TRY(over(s->p, MILL_N_FILTER, 1, &q, &node, err));
  mill_expr *rand = add_expr(q, MILL_X_CALL, "rand", 1);
  if (rand) rand->args[0] = literal(q, mill_type_of(MILL_BIGINT), &seed, sizeof seed);
  if (rand && rand->args[0])
    node->exprs[0] = call2(q, training ? "<" : ">=", rand,
                           literal(q, mill_type_of(MILL_DOUBLE), &ratio, sizeof ratio));
  if (node->exprs[0] == NULL) {
    mill_plan_unref(q);
    return mill_oom(s->p->arena.memory, sizeof(mill_expr), err);
  }
  return settle(d, q, out, err);
}

mill_status mill_dataset_new(mill_plan *p, const mill_settings *set, mill_dataset **out,
                             mill_error *err) {
  const mill_context *ctx = mill_session_context(p->session);
  plan_dataset *s = mill_calloc(ctx->memory, sizeof *s);
  if (s == NULL) return mill_oom(ctx->memory, sizeof *s, err);
  s->base = (mill_dataset){.ctx = ctx,
                           .set = set,
                           .schema = p->schema,
                           .open = dataset_open,
                           .transform = dataset_transform,
                           .fold = dataset_fold,
                           .split = dataset_split,
                           .free = dataset_free};
  s->p = mill_plan_ref(p);
  *out = &s->base;
  return MILL_OK;
}
