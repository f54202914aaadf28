/* Running a script: its statements one after another, each a plan of its own that goes when it is done, so
** that a loop takes no more memory the longer it runs. What the last query gave is the script's result.
**
** LEAVE and ITERATE set `jump` to the label that they name, and everything up to that block or loop ends.
** A failed statement is looked for among the handlers of the blocks around it, from the inside out; the
** block that has one ends with it. Running out of memory and being stopped cannot be handled. */
#include "plan/script.h"

#include <ctype.h>
#include <string.h>

#include "base/thread.h"
#include "plan/plan_int.h"

typedef struct runner {
  mill_planner *w;
  mill_table *result; /* of the last query */
  const char *jump;   /* NULL: none under way */
  bool iterate;
  int depth;
} runner;

static bool run_statement(runner *r, const mill_statement *s, const mill_variable_scope *scope);

static bool note(runner *r, mill_status s) {
  if (s != MILL_OK) r->w->status = s;
  return s == MILL_OK;
}

/* ---- plans ------------------------------------------------------------------------------------ */

/* A plan for one statement of the script, which holds the nodes; *out NULL: failed. */
static bool new_plan(runner *r, const mill_variable_scope *scope, mill_plan **out) {
  mill_planner *w = r->w;
  *out = NULL;
  if (!note(r, mill_plan_new(w->session, out, w->err))) return false;
  (*out)->locals = scope;
  (*out)->nested = w->plan->nested;
  if (note(r, mill_plan_keep_plan(*out, w->plan, w->err))) return true;
  mill_plan_unref(*out);
  return false;
}

/* The plan goes; the text that its error points into stays. */
static bool done(runner *r, mill_plan *p, bool ok) {
  mill_error *err = r->w->err;
  if (!ok && err && err->query) {
    mill_status s = r->w->status;
    err->query = mill_w_copy(r->w, err->query, strlen(err->query));
    r->w->status = s;
  }
  mill_plan_unref(p);
  return ok;
}

static bool keep_result(runner *r, mill_plan *p) {
  mill_table *t = NULL;
  if (!note(r, mill_plan_collect(p, &t, r->w->err))) return false;
  mill_table_unref(r->result);
  r->result = t;
  return true;
}

static bool run_node(runner *r, const mill_node *n, const mill_variable_scope *scope) {
  mill_plan *p;
  if (!new_plan(r, scope, &p)) return false;
  p->root = (mill_node *)n;
  bool ok = note(r, mill_plan_analyse(p, r->w->params, r->w->err));
  bool executed_query = n->kind == MILL_N_EXECUTE && ok && p->root->kind == MILL_N_PROJECT;
  if (ok && (executed_query || !mill_n_is_command(n->kind))) ok = keep_result(r, p);
  return done(r, p, ok);
}

/* ---- conditions ------------------------------------------------------------------------------- */

/* The value of an expression, in the planner's arena. */
static const mill_vector *value_of(mill_planner *w, const mill_expr *e, const mill_type **type) {
  mill_scope none = {0};
  e = mill_resolve(w, &none, e);
  while (e && e->kind == MILL_X_ALIAS) e = e->args[0];
  if (e) *type = e->type;
  return mill_w_compute(w, e);
}

static const char *loud_text(mill_planner *w, const mill_expr *e) {
  if (e->text == NULL || e->start < 0) return mill_w_sql(w, e);
  size_t n = (size_t)(e->stop - e->start);
  char *s = mill_w_alloc(w, n + 1);
  for (size_t i = 0; s && i < n; i++)
    s[i] = (char)toupper((unsigned char)e->text[e->start + (int)i]);
  return s ? s : "";
}

/* Does it hold? A null does not. */
static bool holds(mill_planner *w, const mill_expr *e, bool *out) {
  const mill_type *type = NULL;
  const mill_vector *v = value_of(w, e, &type);
  if (v == NULL) return false;
  if (type->id != MILL_BOOLEAN) {
    (void)MILL_W_FAIL_AT(w, e, MILL_E_INVALID_BOOLEAN_STATEMENT, "invalidStatement",
                         loud_text(w, e), NULL);
    return false;
  }
  *out = mill_vector_valid(v, 0) && *(const uint8_t *)v->data != 0;
  return true;
}

/* value = condition, where there is a value. */
static const mill_expr *test_of(mill_planner *w, const mill_expr *value, const mill_expr *e) {
  mill_expr *c = value ? mill_x_call(w, "=", 2, value, e) : NULL;
  if (c == NULL) return e;
  c->text = e->text, c->start = e->start, c->stop = e->stop;
  return c;
}

/* The first of the conditions that holds, or how many there are. */
static bool choose(runner *r, const mill_statement *s, const mill_variable_scope *scope, int *out) {
  mill_plan *p;
  mill_planner w;
  const mill_expr *value = NULL;
  bool ok, hit = false;
  int i = 0;
  if (!new_plan(r, scope, &p)) return false;
  ok = note(r, mill_planner_init(&w, p, r->w->err));
  w.params = r->w->params;
  p->settings = w.set;
  if (ok && s->value) {
    const mill_type *type = NULL;
    const mill_vector *v = value_of(&w, s->value, &type);
    value = v ? mill_x_value(&w, v, type) : NULL;
    ok = value != NULL;
  }
  for (; ok && i < s->nconditions; i++) {
    ok = holds(&w, test_of(&w, value, s->conditions[i]), &hit);
    if (hit) break;
  }
  if (!ok) note(r, w.status ? w.status : mill_oom(w.ctx->memory, 1, w.err));
  *out = i;
  return done(r, p, ok);
}

/* ---- loops ------------------------------------------------------------------------------------ */

static bool same_label(const char *a, const char *b) { return a && b && strcmp(a, b) == 0; }

/* After the body of a loop: does it go on? */
static bool goes_on(runner *r, const mill_statement *s) {
  if (r->jump == NULL) return true;
  if (!same_label(r->jump, s->label)) return false;
  r->jump = NULL;
  return r->iterate;
}

static bool run_loop(runner *r, const mill_statement *s, const mill_variable_scope *scope) {
  int at = 0;
  for (;;) {
    if (!note(r, mill_watch_check(r->w->err))) return false;
    if (s->kind == MILL_S_WHILE && !choose(r, s, scope, &at)) return false;
    if (at > 0) return true;
    if (!run_statement(r, s->parts[0], scope)) return false;
    if (!goes_on(r, s)) return true;
    if (s->kind != MILL_S_REPEAT) continue;
    if (!choose(r, s, scope, &at)) return false;
    if (at == 0) return true;
    at = 0;
  }
}

/* The columns of a row become the variables of the scope. */
static bool set_row(runner *r, mill_variable_scope *scope, const mill_type *schema,
                    const mill_chunk *c, uint32_t row) {
  mill_planner *w = r->w;
  mill_variable_clear(&scope->list);
  for (uint32_t i = 0; i < schema->nfields; i++) {
    const char *name = schema->fields[i].name;
    const char *full[] = {scope->label, name};
    mill_variable *v = NULL;
    if (mill_variable_find(&scope->list, name, w->set.case_sensitive)) {
      (void)MILL_W_FAIL(w, MILL_E_VARIABLE_ALREADY_EXISTS, "variableName",
                        mill_w_quoted_parts(w, full, 2), NULL);
      return false;
    }
    if (!note(r, mill_variable_add(w->ctx->memory, &scope->list, name, NULL, schema->fields[i].type,
                                   &v, w->err)) ||
        !note(r, mill_variable_set(v, &c->col[i], row, w->err)))
      return false;
  }
  return true;
}

static bool run_rows(runner *r, const mill_statement *s, const mill_table *t,
                     mill_variable_scope *scope) {
  for (size_t i = 0; i < t->nchunks; i++)
    for (uint32_t row = 0; row < t->chunk[i]->n; row++) {
      if (!note(r, mill_watch_check(r->w->err)) ||
          !set_row(r, scope, t->schema, t->chunk[i], row) || !run_statement(r, s->parts[0], scope))
        return false;
      if (!goes_on(r, s)) return true;
    }
  return true;
}

static bool run_for(runner *r, const mill_statement *s, const mill_variable_scope *outer) {
  mill_plan *p;
  mill_table *t = NULL;
  if (!new_plan(r, outer, &p)) return false;
  p->root = (mill_node *)s->run;
  bool ok = note(r, mill_plan_analyse(p, r->w->params, r->w->err)) &&
            note(r, mill_plan_collect(p, &t, r->w->err));
  mill_variable_scope scope = {.outer = outer, .label = s->name ? s->name : "<for>"};
  if (ok) ok = run_rows(r, s, t, &scope);
  mill_variable_clear(&scope.list);
  mill_table_unref(t);
  return done(r, p, ok);
}

/* ---- handlers --------------------------------------------------------------------------------- */

/* Is the condition the failed one, or the first part of its name? */
static bool names(const char *condition, const char *failed) {
  size_t n = strlen(condition);
  return strncmp(condition, failed, n) == 0 && (failed[n] == '\0' || failed[n] == '.');
}

/* How well a handler fits, 0: not at all; a name says more than a state, and that more than SQLEXCEPTION. */
static int fits(const mill_handler *h, const char *failed, const char *state) {
  for (int i = 0; i < h->nconditions; i++)
    if (strcmp(h->conditions[i], failed) == 0) return 4;
  for (int i = 0; i < h->nconditions; i++)
    if (names(h->conditions[i], failed)) return 3;
  for (int i = 0; i < h->nstates; i++)
    if (strcmp(h->states[i], state) == 0) return 2;
  bool not_found = strncmp(state, "02", 2) == 0;
  return not_found ? h->not_found : h->exception;
}

static const mill_handler *handler_of(const runner *r, const mill_statement *s) {
  mill_status failed = r->w->status;
  const mill_handler *best = NULL;
  int most = 0;
  if (failed == MILL_E_OUT_OF_MEMORY || failed == MILL_E_OPERATION_CANCELED) return NULL;
  for (int i = 0; i < s->nhandlers; i++) {
    int fit = fits(s->handlers[i], mill_condition_name(failed), mill_condition_sqlstate(failed));
    if (fit <= most) continue;
    best = s->handlers[i];
    most = fit;
  }
  return best;
}

static bool run_handler(runner *r, const mill_handler *h, const mill_variable_scope *around) {
  mill_variable_scope scope = {.outer = around, .label = "<handler>", .handler = true};
  r->w->status = MILL_OK;
  r->jump = NULL;
  mill_error_clear(r->w->err);
  return run_statement(r, h->body, &scope);
}

/* ---- statements ------------------------------------------------------------------------------- */

static bool run_list(runner *r, const mill_statement *s, const mill_variable_scope *scope) {
  for (int i = 0; i < s->nparts && r->jump == NULL; i++)
    if (!run_statement(r, s->parts[i], scope)) return false;
  return true;
}

static bool run_block(runner *r, const mill_statement *s, const mill_variable_scope *outer) {
  mill_variable_scope scope = {.outer = outer, .label = s->label ? s->label : "<block>"};
  bool ok = run_list(r, s, &scope);
  const mill_handler *h = ok ? NULL : handler_of(r, s);
  if (h) ok = run_handler(r, h, &scope);
  mill_variable_clear(&scope.list);
  if (ok && same_label(r->jump, s->label)) r->jump = NULL;
  return ok;
}

static bool run_chosen(runner *r, const mill_statement *s, const mill_variable_scope *scope) {
  int at = 0;
  if (!choose(r, s, scope, &at)) return false;
  return at >= s->nparts || run_statement(r, s->parts[at], scope);
}

static bool run_statement(runner *r, const mill_statement *s, const mill_variable_scope *scope) {
  if (!note(r, mill_watch_check(r->w->err))) return false;
  switch (s->kind) {
  case MILL_S_RUN: return run_node(r, s->run, scope);
  case MILL_S_BLOCK: return run_block(r, s, scope);
  case MILL_S_LIST: return run_list(r, s, scope);
  case MILL_S_IF:
  case MILL_S_CASE: return run_chosen(r, s, scope);
  case MILL_S_WHILE:
  case MILL_S_REPEAT:
  case MILL_S_LOOP: return run_loop(r, s, scope);
  case MILL_S_FOR: return run_for(r, s, scope);
  case MILL_S_LEAVE:
  case MILL_S_ITERATE:
    r->jump = s->label;
    r->iterate = s->kind == MILL_S_ITERATE;
    return true;
  }
  return true;
}

/* ---- the script ------------------------------------------------------------------------------- */

static void unref_table(void *t) { mill_table_unref(t); }

/* The rows of the last query as a node. */
static const mill_node *result_of(runner *r) {
  mill_planner *w = r->w;
  if (r->result == NULL) return mill_nothing(w);
  mill_table *t = r->result;
  r->result = NULL;
  if (!note(r, mill_plan_keep(w->plan, t, unref_table, w->err))) return NULL;
  mill_node *n = mill_w_node(w, MILL_N_TABLE, NULL);
  if (n == NULL) return NULL;
  n->table = t;
  return mill_table_output(w, n, t->schema) ? n : NULL;
}

const mill_node *mill_analyse_script(mill_planner *w, const mill_node *n) {
  runner r = {.w = w};
  bool ok = run_statement(&r, n->script, NULL);
  const mill_node *out = ok ? result_of(&r) : NULL;
  mill_table_unref(r.result);
  return out;
}
