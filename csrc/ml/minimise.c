/* The loop of all optimisers: see minimise_int.h. */
#include "ml/minimise_int.h"

#include <string.h>

#include "ml/dense_int.h"

static void adjust(const mill_search *s, const double *x, const double *grad, double *value,
                   double *adjusted) {
  if (s->method->adjust) s->method->adjust(s, x, grad, value, adjusted);
}

mill_status mill_search_try(mill_search *s, double alpha, double *value, double *slope,
                            mill_error *err) {
  s->method->take(s, alpha, s->trial);
  MILL_TRY(s->f->eval(s->f->arg, s->trial, &s->trial_value, s->trial_grad, err));
  *value = s->trial_value;
  adjust(s, s->trial, s->trial_grad, value, s->trial_adjusted);
  *slope = mill_dot(s->trial_adjusted, s->dir, s->n);
  return MILL_OK;
}

static double *room(mill_arena *a, int n) {
  return mill_arena_alloc(a, ((size_t)n + 1) * sizeof(double));
}

static bool allocate(mill_search *s) {
  s->grad = room(s->arena, s->n);
  s->dir = room(s->arena, s->n);
  s->trial = room(s->arena, s->n);
  s->trial_grad = room(s->arena, s->n);
  s->adjusted_grad = s->method->adjust ? room(s->arena, s->n) : s->grad;
  s->trial_adjusted = s->method->adjust ? room(s->arena, s->n) : s->trial_grad;
  return s->grad && s->dir && s->trial && s->trial_grad && s->adjusted_grad && s->trial_adjusted &&
         s->method->init(s);
}

static mill_status record(mill_arena *a, mill_minimise_trace *t, double value, mill_error *err) {
  if (t->n == t->capacity) {
    int capacity = t->capacity ? 2 * t->capacity : 64;
    double *grown = room(a, capacity);
    if (grown == NULL) return mill_oom(a->memory, (size_t)capacity * sizeof(double), err);
    if (t->n) memcpy(grown, t->value, (size_t)t->n * sizeof(double));
    t->value = grown;
    t->capacity = capacity;
  }
  t->value[t->n++] = value;
  return MILL_OK;
}

/* The last values of f; the first of them counts as infinite until it drops out. */
static void remember(mill_search *s, double value) {
  if (s->nrecent == MILL_MINIMISE_VALUES)
    memmove(s->recent, s->recent + 1, sizeof s->recent - sizeof s->recent[0]);
  else
    s->nrecent++;
  s->recent[s->nrecent - 1] = value;
}

static bool done(const mill_search *s, bool gave_up) {
  if (s->method->settled && s->method->settled(s)) return true;
  if (gave_up || s->iter >= s->o->max_iter) return true;
  double most = -INFINITY;
  for (int i = 0; i < s->nrecent; i++) most = fmax(most, s->recent[i]);
  if (s->nrecent >= 2 && fabs(s->adjusted_value - most) <= s->o->tol * fabs(s->initial_value))
    return true;
  return mill_norm2(s->adjusted_grad, s->n) <= fmax(s->o->tol * fabs(s->adjusted_value), 1e-8);
}

/* One iteration: *moved false, and everything as it was, when a search fails. */
static mill_status iterate(mill_search *s, bool *moved, mill_error *err) {
  double alpha;
  *moved = s->method->direction(s);
  if (!*moved) return MILL_OK;
  MILL_TRY(s->method->step(s, &alpha, moved, err));
  if (!*moved) return MILL_OK;
  double value, slope;
  MILL_TRY(mill_search_try(s, alpha, &value, &slope, err));
  s->method->update(s, s->trial, s->trial_grad);
  size_t bytes = (size_t)s->n * sizeof(double);
  memcpy(s->x, s->trial, bytes);
  memcpy(s->grad, s->trial_grad, bytes);
  if (s->method->adjust) memcpy(s->adjusted_grad, s->trial_adjusted, bytes);
  s->value = s->trial_value;
  s->adjusted_value = value;
  s->iter++;
  remember(s, value);
  return MILL_OK;
}

static mill_status run(mill_search *s, mill_arena *keep, mill_minimise_trace *t, mill_error *err) {
  if (!allocate(s)) return mill_oom(s->arena->memory, (size_t)s->n * sizeof(double), err);
  s->method->forget(s);
  MILL_TRY(s->f->eval(s->f->arg, s->x, &s->value, s->grad, err));
  s->adjusted_value = s->value;
  adjust(s, s->x, s->grad, &s->adjusted_value, s->adjusted_grad);
  s->initial_value = s->adjusted_value;
  s->recent[0] = INFINITY;
  s->nrecent = 1;
  bool failed = false, gave_up = false;
  for (;;) {
    MILL_TRY(record(keep, t, s->adjusted_value, err));
    if (done(s, gave_up)) return MILL_OK;
    bool moved;
    MILL_TRY(iterate(s, &moved, err));
    if (moved) {
      failed = false;
    } else if (!failed) {
      failed = true;
      s->method->forget(s);
    } else {
      gave_up = true;
    }
  }
}

mill_status mill_minimise(const mill_objective *f, const mill_minimise_options *o, mill_memory *m,
                          mill_arena *arena, double *x, mill_minimise_trace *trace,
                          mill_error *err) {
  mill_arena own;
  mill_arena_init(&own, m);
  mill_search s = {.f = f, .o = o, .arena = &own, .n = f->n, .x = x};
  s.method = o->lower ? &mill_method_lbfgsb : o->l1 ? &mill_method_owlqn : &mill_method_lbfgs;
  *trace = (mill_minimise_trace){0};
  mill_status status = run(&s, arena, trace, err);
  mill_arena_clear(&own);
  return status;
}
