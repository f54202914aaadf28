/* Plans: their life, analysis, and runs; see plan.h.
**
** A run works in an arena of its own, so that an analysed plan stays as it is however often it
** runs; the reader of the rows owns that arena, the scans made for the run and a reference to the
** plan. */
#include "plan/plan.h"

#include <string.h>

#include "base/thread.h"
#include "exec/run.h"
#include "plan/cache.h"
#include "plan/plan_int.h"

struct mill_plan_keep {
  struct mill_plan_keep *next;
  void *object;
  void (*release)(void *object);
};

/* The operators of a plan that is collected again and again. */
struct mill_plan_lowered {
  mill_arena arena;
  struct mill_scan_list *scans;
  const mill_op *op;
};

/* ---- life ----------------------------------------------------------------------------------- */

mill_status mill_plan_new(mill_session *s, mill_plan **out, mill_error *err) {
  mill_memory *m = mill_session_memory(s);
  if (mill_session_closed(s)) return mill_fail(err, MILL_E_SESSION_CLOSED, NULL);
  mill_plan *p = mill_calloc(m, sizeof *p);
  if (p == NULL) return mill_oom(m, sizeof *p, err);
  p->session = mill_session_ref(s);
  mill_arena_init(&p->arena, m);
  p->refs = 1;
  *out = p;
  return MILL_OK;
}

mill_plan *mill_plan_ref(mill_plan *p) {
  p->refs++;
  return p;
}

static void lowered_free(mill_memory *m, struct mill_plan_lowered *k) {
  if (k == NULL) return;
  mill_lowering_release(k->scans);
  mill_arena_clear(&k->arena);
  mill_free(m, k, sizeof *k);
}

size_t mill_plan_bytes(const mill_plan *p) {
  return mill_arena_bytes(&p->arena) + (p->lowered ? mill_arena_bytes(&p->lowered->arena) : 0);
}

/* Chains of plans can be long: the plans kept alive are released in a loop, not by recursion. */
void mill_plan_unref(mill_plan *p) {
  if (p == NULL || --p->refs > 0) return;
  mill_session *s = p->session;
  lowered_free(mill_session_memory(s), p->lowered);
  for (struct mill_plan_keep *k = p->keep; k; k = k->next) k->release(k->object);
  mill_arena_clear(&p->arena);
  mill_free(mill_session_memory(s), p, sizeof *p);
  mill_session_unref(s);
}

mill_status mill_plan_keep(mill_plan *p, void *object, void (*release)(void *), mill_error *err) {
  struct mill_plan_keep *k = mill_arena_alloc(&p->arena, sizeof *k);
  if (k == NULL) {
    release(object);
    return mill_oom(p->arena.memory, sizeof *k, err);
  }
  *k = (struct mill_plan_keep){p->keep, object, release};
  p->keep = k;
  return MILL_OK;
}

static void unref_plan(void *p) { mill_plan_unref(p); }

mill_status mill_plan_keep_plan(mill_plan *p, mill_plan *other, mill_error *err) {
  return mill_plan_keep(p, mill_plan_ref(other), unref_plan, err);
}

const mill_node *mill_plan_use(mill_plan *p, mill_plan *other) {
  return mill_plan_keep_plan(p, other, NULL) == MILL_OK ? other->root : NULL;
}

/* ---- analysis ------------------------------------------------------------------------------- */

/* What failed. NULL without a reason can only come from an allocation. */
static mill_status failed(const mill_planner *w) {
  return w->status ? w->status : mill_oom(w->ctx->memory, 1, w->err);
}

/* Watched: constants are computed, scripts run, and texts may be long. */
static const mill_node *analyse(mill_planner *w, const mill_node *root) {
  mill_watch watch;
  mill_session_watch(w->session, &watch);
  const mill_node *out = mill_analyse(w, root, NULL);
  mill_watch_end(&watch);
  return out;
}

mill_status mill_plan_analyse(mill_plan *p, const mill_parameters *params, mill_error *err) {
  mill_planner w;
  MILL_TRY(mill_planner_init(&w, p, err));
  w.set.once = &p->once;
  p->settings = w.set;
  w.params = params;
  const mill_node *root = analyse(&w, p->root);
  p->settings.once = NULL;
  p->deferred = root == NULL && w.deferred;
  if (w.nameless && w.status != MILL_E_OPERATION_CANCELED)
    w.status = mill_oom(w.ctx->memory, 1, err);
  if (root == NULL || w.nameless) return failed(&w);
  p->schema = mill_w_schema(&w, root->output, root->noutput);
  if (p->schema == NULL) return failed(&w);
  p->parsed = p->root;
  p->root = (mill_node *)root;
  p->streaming = root->streaming;
  return MILL_OK;
}

mill_status mill_plan_renew(mill_plan *p, mill_plan **out, mill_error *err) {
  mill_planner w;
  mill_plan *q = NULL;
  MILL_TRY(mill_plan_new(p->session, &q, err));
  mill_status s = mill_planner_init(&w, q, err);
  if (s == MILL_OK) s = mill_plan_keep_plan(q, p, err);
  if (s == MILL_OK) {
    q->root = (mill_node *)mill_renew_ids(&w, p->root);
    if (q->root == NULL) s = failed(&w);
  }
  if (s != MILL_OK) {
    mill_plan_unref(q);
    return s;
  }
  q->parsed = p->parsed;
  q->schema = p->schema;
  q->settings = p->settings;
  q->streaming = p->streaming;
  *out = q;
  return MILL_OK;
}

int mill_plan_column(const mill_plan *p, const char *name, size_t n) {
  int found = -1;
  mill_planner w = {.set = p->settings};
  for (int i = 0; i < p->root->noutput; i++) {
    const char *c = p->root->output[i]->name;
    char copy[256];
    if (n >= sizeof copy || strlen(c) != n) continue;
    memcpy(copy, name, n);
    copy[n] = '\0';
    if (!mill_w_same_name(&w, c, copy)) continue;
    if (found >= 0) return -2;
    found = i;
  }
  return found;
}

/* ---- runs ----------------------------------------------------------------------------------- */

const mill_node *mill_lowering_begin(mill_lowering *l, const mill_node *root) {
  mill_planner *w = l->w;
  const mill_node *n = mill_plan_optimise(w, root);
  if (n == NULL) return NULL;
  if (!mill_prune_columns(l, root, n)) return NULL;
  bool folds = !(l->explaining || n->streaming || mill_rule_excluded(w, "ConstantFolding")) &&
               (mill_n_shape(n) & MILL_HAS_CONSTANT);
  return !folds || mill_raise_constants(l, n) ? n : NULL;
}

static bool physical(mill_lowering *l, const mill_node *root, mill_lowered *out) {
  mill_planner *w = l->w;
  if (root->streaming)
    return MILL_W_FAIL(w, MILL_E_LEGACY_3102, "msg",
                       "Queries with streaming sources must be executed with writeStream.start(), "
                       "or from a streaming table or flow definition within a Spark Declarative "
                       "Pipeline.",
                       NULL) != NULL;
  mill_watch watch;
  mill_session_watch(w->session, &watch);
  const mill_node *n = mill_lowering_begin(l, root);
  bool ok =
      n && mill_lower(l, n, out) && mill_lower_output(l, out, root->output, root->noutput, out);
  mill_watch_end(&watch);
  if (!ok) w->status = failed(w);
  return ok;
}

void mill_lowering_release(struct mill_scan_list *s) {
  for (; s; s = s->next) mill_scan_unref(s->scan);
}

static mill_run run_of(mill_session *s) {
  mill_run r = {.ctx = mill_session_context(s)};
  r.poll = mill_session_poll(s, &r.poll_arg);
  return r;
}

enum { RUN_ROOM = 8 << 10 }; /* bytes that a small query's operators take, in one block */

mill_status mill_plan_rows(mill_planner *w, const mill_node *root, bool coded, mill_table **out) {
  mill_arena arena;
  mill_arena_init(&arena, w->ctx->memory);
  if (!mill_arena_reserve(&arena, RUN_ROOM)) return mill_oom(w->ctx->memory, RUN_ROOM, w->err);
  mill_planner own = *w;
  own.arena = &arena;
  mill_lowering l = {.w = &own};
  mill_lowered r;
  mill_settings_once(&w->set); /* rows that are found on the way to a plan are as they are now */
  if (physical(&l, root, &r)) {
    mill_run run = run_of(w->session);
    own.set.once = NULL;
    run.set = &own.set;
    run.coded = coded;
    own.status = mill_run_table(&run, r.op, out, w->err);
  }
  mill_lowering_release(l.scans);
  mill_arena_clear(&arena);
  return own.status;
}

mill_status mill_plan_begin(mill_plan *p, mill_planner *w, mill_error *err) {
  MILL_TRY(mill_planner_init(w, p, err));
  int64_t now = w->set.now_micros;
  uint64_t seed = w->set.seed;
  w->set = p->settings;
  w->set.once = NULL;
  w->set.now_micros = now;
  w->set.seed = seed;
  return MILL_OK;
}

/* p->lowered := its operators, if they are good for more than one run. */
static mill_status keep_lowered(mill_plan *p, mill_planner *w) {
  bool once = false;
  mill_lowered r;
  struct mill_plan_lowered *k = mill_calloc(w->ctx->memory, sizeof *k);
  if (k == NULL) return mill_oom(w->ctx->memory, sizeof *k, w->err);
  mill_arena_init(&k->arena, w->ctx->memory);
  mill_planner own = *w;
  own.arena = &k->arena;
  own.set.once = &once;
  mill_lowering l = {.w = &own};
  bool ok = physical(&l, p->root, &r);
  k->scans = l.scans;
  if (ok && !once) {
    k->op = r.op;
    p->lowered = k;
    return MILL_OK;
  }
  p->once = true;
  lowered_free(w->ctx->memory, k);
  return own.status;
}

/* The first run is often the only one: what the operators take is kept from the second on. */
mill_status mill_plan_collect(mill_plan *p, mill_table **out, mill_error *err) {
  mill_planner w;
  MILL_TRY(mill_plan_begin(p, &w, err));
  mill_table *t = NULL;
  if (p->collected && !p->once && p->lowered == NULL) MILL_TRY(keep_lowered(p, &w));
  p->collected = true;
  mill_status s;
  if (p->lowered) {
    mill_run run = run_of(p->session);
    run.set = &w.set;
    s = mill_run_table(&run, p->lowered->op, &t, err);
  } else {
    s = mill_plan_rows(&w, p->root, false, &t);
  }
  if (s != MILL_OK) return s;
  t->schema = p->schema;
  *out = t;
  return MILL_OK;
}

typedef struct plan_rows {
  mill_rows base;
  mill_plan *plan;
  mill_rows *rows;
  struct mill_scan_list *scans;
  mill_settings set;
  mill_arena arena;
} plan_rows;

static mill_status rows_next(mill_rows *r, mill_batch **out, mill_error *err) {
  plan_rows *p = (plan_rows *)r;
  return p->rows->next(p->rows, out, err);
}

static void rows_free(mill_rows *r) {
  plan_rows *p = (plan_rows *)r;
  mill_plan *plan = p->plan;
  mill_memory *m = mill_session_memory(plan->session);
  if (p->rows) p->rows->free(p->rows);
  mill_lowering_release(p->scans);
  mill_arena_clear(&p->arena);
  mill_free(m, p, sizeof *p);
  mill_plan_unref(plan);
}

/* What the plan's type may have as NULL and its operators cannot is never NULL, such as constants that were computed:
** Spark writes such columns as required. */
static const mill_type *narrowed(mill_planner *w, const mill_type *t, const mill_type *of) {
  mill_field *f = mill_w_alloc(w, (t->nfields + 1) * sizeof *f);
  if (f == NULL || of->nfields != t->nfields) return t;
  for (uint32_t i = 0; i < t->nfields; i++) {
    f[i] = t->fields[i];
    f[i].nullable &= of->fields[i].nullable;
  }
  const mill_type *n = mill_type_struct(w->ctx->types, f, t->nfields);
  return n ? n : t;
}

mill_status mill_plan_open(mill_plan *p, mill_rows **out, mill_error *err) {
  mill_planner w;
  MILL_TRY(mill_plan_begin(p, &w, err));
  plan_rows *r = mill_calloc(w.ctx->memory, sizeof *r);
  if (r == NULL) return mill_oom(w.ctx->memory, sizeof *r, err);
  r->base = (mill_rows){p->schema, rows_next, rows_free, false};
  r->plan = mill_plan_ref(p);
  r->set = w.set;
  mill_arena_init(&r->arena, w.ctx->memory);
  w.arena = &r->arena;
  mill_lowering l = {.w = &w};
  mill_lowered low;
  bool ok = physical(&l, p->root, &low);
  r->scans = l.scans;
  if (ok) {
    mill_run run = run_of(p->session);
    run.set = &r->set;
    r->base.schema = narrowed(&w, p->schema, low.op->schema);
    w.status = mill_run_open(&run, low.op, &r->rows, err);
  }
  if (w.status != MILL_OK) {
    rows_free(&r->base);
    return w.status;
  }
  r->base.lasting = r->rows->lasting;
  *out = &r->base;
  return MILL_OK;
}

mill_status mill_constant(mill_lowering *l, const mill_bound *b, mill_vector *out) {
  mill_planner *w = l->w;
  mill_program *p = NULL;
  mill_batch one = {.n = 1};
  mill_vector v, copy;
  uint32_t first = 0;
  MILL_TRY(mill_program_new(w->ctx, &w->set, &b, 1, &p, w->err));
  mill_status s = mill_program_run(p, &one, &v, w->err);
  if (s == MILL_OK) s = mill_vector_gather(&copy, &v, &first, 1, true, w->arena, w->err);
  if (s == MILL_OK) s = mill_vector_constant(out, &copy, 0, w->arena, w->err);
  mill_program_free(p);
  return s;
}

/* The plan is run, its rows are counted and dropped, and each operator tells what it did. */
static mill_status explain_run(mill_plan *p, mill_planner *w, const mill_op *op, mill_text *out) {
  mill_meters meters;
  mill_table *t = NULL;
  mill_run run = run_of(p->session);
  MILL_TRY(mill_meters_init(&meters, w->ctx->memory, op, w->err));
  run.set = &w->set;
  run.meters = &meters;
  mill_status s = mill_run_table(&run, op, &t, w->err);
  mill_table_unref(t);
  if (s == MILL_OK) s = mill_explain_physical(w, op, &meters, out);
  mill_meters_clear(&meters);
  return s;
}

static mill_status explain_logical(mill_plan *p, mill_planner *w, const char *mode,
                                   mill_text *out) {
  bool extended = strcmp(mode, "extended") == 0, cost = strcmp(mode, "cost") == 0;
  if (extended && p->parsed) MILL_TRY(mill_explain_logical(w, p->parsed, "Parsed", false, out));
  if (extended || p->root->streaming)
    MILL_TRY(mill_explain_logical(w, p->root, "Analyzed", false, out));
  if (p->root->streaming || !(extended || cost)) return MILL_OK;
  const mill_node *n = mill_plan_optimise(w, p->root);
  return n ? mill_explain_logical(w, n, "Optimized", cost, out) : w->status;
}

static mill_status explain_physical(mill_plan *p, mill_planner *w, const mill_op *op,
                                    const char *mode, mill_text *out) {
  bool codegen = strcmp(mode, "codegen") == 0;
  if (strcmp(mode, "metrics") == 0) return explain_run(p, w, op, out);
  MILL_TRY(codegen || strcmp(mode, "formatted") == 0 ? mill_explain_list(w, op, codegen, out)
                                                     : mill_explain_physical(w, op, NULL, out));
  return strcmp(mode, "extended") == 0 ? MILL_OK : mill_text_addc(out, '\n', w->err);
}

mill_status mill_plan_explain(mill_plan *p, const char *mode, mill_text *out, mill_error *err) {
  mill_planner w;
  mill_arena arena;
  MILL_TRY(mill_plan_begin(p, &w, err));
  mill_arena_init(&arena, w.ctx->memory);
  w.arena = &arena;
  mill_lowering l = {.w = &w, .explaining = strcmp(mode, "metrics") != 0};
  mill_lowered low;
  mill_status s = explain_logical(p, &w, mode, out);
  if (s == MILL_OK && !p->root->streaming)
    s = physical(&l, p->root, &low) ? explain_physical(p, &w, low.op, mode, out) : w.status;
  mill_lowering_release(l.scans);
  mill_arena_clear(&arena);
  return s;
}
