/* WITH RECURSIVE: a query that starts from some rows and goes on from those that its last step gave.
**
** Analysed, it is a leaf: ctes[0] the anchor, ctes[1] the step, `table` the rows that the step reads, whose
** content changes from step to step while plans stand upon it. Lowered, it runs: the anchor's rows, then
** the step over the rows before, until a step gives none (Spark: UnionLoop). */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kernel/coerce.h"
#include "plan/plan_int.h"

/* ---- who refers to whom ----------------------------------------------------------------------- */

typedef struct reference {
  const char *name;
  bool found;
} reference;

static void look(reference *r, const mill_node *n);

static int look_in(const mill_expr *e, void *arg) {
  if (e->query && !e->query->analysed) look(arg, e->query);
  return 0;
}

static void look_at(reference *r, const mill_expr *const *list, int n) {
  for (int i = 0; i < n; i++)
    if (list[i]) mill_x_any(list[i], look_in, r);
}

/* A query named in a WITH hides one of that name outside: from the next on, or, RECURSIVE, in itself too. */
static bool look_in_with(reference *r, const mill_node *n) {
  for (int i = 0; i < n->nctes && !r->found; i++) {
    bool hides = n->ctes[i]->alias && strcasecmp(n->ctes[i]->alias, r->name) == 0;
    if (!hides || !n->recursive) look(r, n->ctes[i]);
    if (hides) return false;
  }
  return true;
}

static void look(reference *r, const mill_node *n) {
  if (n->kind == MILL_N_RELATION && n->nparts == 1 && strcasecmp(n->parts[0], r->name) == 0)
    r->found = true;
  look_at(r, n->exprs, n->nexprs);
  look_at(r, n->keys, n->nkeys);
  look_at(r, n->values, n->nvalues);
  look_at(r, n->aggs, n->naggs);
  if (!look_in_with(r, n)) return;
  for (int i = 0; i < n->nchildren && !r->found; i++) look(r, n->child[i]);
}

bool mill_refers_to(const mill_node *n, const char *name) {
  reference r = {name, false};
  look(&r, n);
  return r.found;
}

/* ---- analysis --------------------------------------------------------------------------------- */

/* A reference stands where each of its rows counts for itself; EXCEPT and INTERSECT may have it on either side. */
static bool well_placed(mill_planner *w, const mill_node *n, const mill_table *self, bool bad);

typedef struct placed {
  mill_planner *w;
  const mill_table *self;
  bool bad, ok;
} placed;

static int placed_at(const mill_expr *e, void *arg) {
  placed *p = arg;
  if (e->query) p->ok = p->ok && well_placed(p->w, e->query, p->self, p->bad);
  return 0;
}

static bool queries_placed(mill_planner *w, const mill_node *n, const mill_table *self, bool bad) {
  placed p = {w, self, bad, true};
  for (int i = 0; i < n->nexprs; i++)
    if (n->exprs[i]) mill_x_any(n->exprs[i], placed_at, &p);
  return p.ok;
}

static bool well_placed(mill_planner *w, const mill_node *n, const mill_table *self, bool bad) {
  if (n->kind == MILL_N_TABLE && n->table == self && bad) {
    (void)MILL_W_NOTE(w, MILL_E_INVALID_RECURSIVE_REFERENCE_PLACE, NULL);
    return false;
  }
  bad |= (n->kind == MILL_N_AGGREGATE && n->naggs) || n->kind == MILL_N_SORT ||
         (n->kind == MILL_N_WINDOW && !n->set_operation);
  for (int i = 0; i < n->nchildren; i++) {
    bool side = n->kind == MILL_N_JOIN && !n->set_operation &&
                (n->join == MILL_JOIN_FULL || (i == 0 && n->join == MILL_JOIN_RIGHT) ||
                 (i == 1 && (n->join == MILL_JOIN_LEFT || n->join == MILL_JOIN_SEMI ||
                             n->join == MILL_JOIN_ANTI)));
    if (!well_placed(w, n->child[i], self, bad || side)) return false;
  }
  return queries_placed(w, n, self, bad);
}

static void unref_table(void *t) { mill_table_unref(t); }

/* What the step reads: a table of the anchor's columns that is filled anew for each step. */
static mill_node *working_table(mill_planner *w, const mill_node *anchor) {
  mill_node *n = mill_w_node(w, MILL_N_TABLE, NULL);
  mill_field *f = mill_w_alloc(w, ((size_t)anchor->noutput + 1) * sizeof *f);
  if (n == NULL || f == NULL) return NULL;
  for (int i = 0; i < anchor->noutput; i++)
    f[i] = (mill_field){anchor->output[i]->name, anchor->output[i]->type, true, NULL};
  const mill_type *schema = mill_type_struct(w->ctx->types, f, (uint32_t)anchor->noutput);
  if (schema == NULL) w->status = mill_oom(w->ctx->memory, 1, w->err);
  if (w->status == MILL_OK) w->status = mill_table_new(w->ctx->memory, schema, &n->table, w->err);
  if (w->status == MILL_OK) w->status = mill_plan_keep(w->plan, n->table, unref_table, w->err);
  if (w->status) return NULL;
  n->table->live = true;
  return mill_table_output(w, n, schema) ? n : NULL;
}

static bool nests(const mill_type *t) {
  return t->id == MILL_ARRAY || t->id == MILL_MAP || t->id == MILL_STRUCT;
}

/* The anchor's type has the last word: the step's column becomes it where both would widen to it. */
static const mill_type *type_of_step(mill_planner *w, const mill_type *anchor,
                                     const mill_type *step) {
  if (anchor == step) return step;
  if (!nests(anchor) && !nests(step) && mill_common_type(w->ctx->types, anchor, step) == anchor)
    return anchor;
  return MILL_W_FAIL(w, MILL_E_CANNOT_MERGE_INCOMPATIBLE_DATA_TYPE, "left",
                     mill_w_quoted_type(w, anchor), "right", mill_w_quoted_type(w, step), NULL);
}

static const mill_node *as_anchor(mill_planner *w, const mill_node *anchor, const mill_node *step) {
  const mill_type **types = mill_w_alloc(w, (size_t)(step->noutput + 1) * sizeof *types);
  if (types == NULL) return NULL;
  if (anchor->noutput != step->noutput)
    return MILL_W_FAIL(w, MILL_E_NUM_COLUMNS_MISMATCH, "operator", "UNION", "firstNumColumns",
                       mill_error_fmt(w->err, "%d", anchor->noutput), "invalidOrdinalNum", "second",
                       "invalidNumColumns", mill_error_fmt(w->err, "%d", step->noutput), NULL);
  for (int i = 0; i < step->noutput; i++) {
    types[i] = type_of_step(w, anchor->output[i]->type, step->output[i]->type);
    if (types[i] == NULL) return NULL;
  }
  return mill_cast_outputs(w, step, types);
}

static const mill_node *invalid(mill_planner *w, const mill_node *a) {
  return MILL_W_FAIL_AT(w, a, MILL_E_INVALID_RECURSIVE_CTE, NULL);
}

static const mill_node *loop_of(mill_planner *w, const mill_node *a, const mill_node *u,
                                const mill_scope *outer) {
  const mill_node *anchor = mill_analyse(w, u->child[0], outer);
  mill_node *self = anchor ? working_table(w, anchor) : NULL;
  if (self == NULL) return NULL;
  if (a->ncolumns && a->ncolumns != anchor->noutput)
    return MILL_W_FAIL_AT(w, a, MILL_E_ASSIGNMENT_ARITY_MISMATCH, "numExpr",
                          mill_error_fmt(w->err, "%d", a->ncolumns), "numTarget",
                          mill_error_fmt(w->err, "%d", anchor->noutput), NULL);
  const struct mill_cte *before = mill_push_cte(w, a->alias, self, a->ncolumns ? a->columns : NULL);
  const mill_node *step = w->ctes ? mill_analyse(w, u->child[1], outer) : NULL;
  w->ctes = before;
  if (step) step = as_anchor(w, anchor, step);
  mill_node *n = step ? mill_w_node(w, MILL_N_RECURSION, NULL) : NULL;
  const mill_node **parts = mill_w_alloc(w, 2 * sizeof *parts);
  if (n == NULL || parts == NULL || !well_placed(w, step, self->table, false)) return NULL;
  parts[0] = anchor, parts[1] = step;
  n->ctes = parts, n->nctes = 2;
  n->table = self->table;
  n->to = a->to;
  n->from = -1;
  return mill_table_output(w, n, self->table->schema) ? n : NULL;
}

/* q, the query of a, perhaps below queries of its own. */
static const mill_node *recursive(mill_planner *w, const mill_node *a, const mill_node *q,
                                  const mill_scope *outer) {
  if (q->kind == MILL_N_WITH) {
    const struct mill_cte *before = w->ctes;
    for (int i = 0; i < q->nctes; i++) {
      if (mill_refers_to(q->ctes[i], a->alias)) return invalid(w, a);
      if (!mill_define_cte(w, q, i, outer)) return NULL;
    }
    const mill_node *r = recursive(w, a, q->child[0], outer);
    w->ctes = before;
    return r;
  }
  bool distinct = q->kind == MILL_N_DISTINCT && q->child[0]->kind == MILL_N_UNION;
  if (distinct) return MILL_W_FAIL_AT(w, a, MILL_E_UNION_NOT_SUPPORTED_IN_RECURSIVE_CTE, NULL);
  if (q->kind != MILL_N_UNION || q->nchildren != 2 || mill_refers_to(q->child[0], a->alias))
    return invalid(w, a);
  return loop_of(w, a, q, outer);
}

const mill_node *mill_analyse_recursive(mill_planner *w, const mill_node *a,
                                        const mill_scope *outer) {
  return recursive(w, a, a->child[0], outer);
}

/* ---- running ---------------------------------------------------------------------------------- */

static int64_t setting(const mill_planner *w, const char *key, int64_t preset) {
  const char *v = mill_session_get(w->session, key);
  return v ? strtoll(v, NULL, 10) : preset;
}

/* The chunks of one table as the end of another. */
static bool append(mill_planner *w, mill_table *to, const mill_table *from) {
  for (size_t i = 0; i < from->nchunks && w->status == MILL_OK; i++)
    w->status = mill_table_add_move(to, mill_chunk_ref(from->chunk[i]), w->err);
  return w->status == MILL_OK;
}

/* rand(seed) and its like: each step draws with another seed, counted up as Spark does. */
static const mill_expr *shift_seed(mill_planner *w, const mill_expr *e, void *arg) {
  const int64_t *by = arg;
  int at = mill_seed_argument(e);
  if (at < 0 || e->nargs <= at) return NULL;
  const mill_expr *seed = e->args[at];
  if (seed->value == NULL || !mill_vector_valid(seed->value, 0)) return NULL;
  bool small = seed->type->id == MILL_INT;
  if (!small && seed->type->id != MILL_BIGINT) return NULL;
  int64_t v = small ? *(const int32_t *)seed->value->data : *(const int64_t *)seed->value->data;
  mill_expr *c = mill_x_copy(w, e);
  if (c == NULL) return NULL;
  c->args[at] = mill_x_bigint(w, (int64_t)((uint64_t)v + (uint64_t)*by));
  return c->args[at] ? mill_bind_call(w, NULL, c) : NULL;
}

static const mill_node *shift_node(mill_planner *w, const mill_node *n, int64_t by) {
  const mill_node *m = mill_n_map_exprs(w, n, shift_seed, &by);
  mill_node *copy = m ? mill_w_node_copy(w, m) : NULL;
  for (int i = 0; copy && i < copy->nchildren; i++) {
    copy->child[i] = shift_node(w, m->child[i], by);
    if (copy->child[i] == NULL) return NULL;
  }
  return copy;
}

static int draws_at(const mill_expr *e, void *arg) {
  (void)arg;
  return mill_x_draws(e);
}

static bool draws(const mill_node *n) {
  for (int i = 0; i < n->nexprs; i++)
    if (n->exprs[i] && mill_x_any(n->exprs[i], draws_at, NULL)) return true;
  for (int i = 0; i < n->nchildren; i++)
    if (draws(n->child[i])) return true;
  return false;
}

/* One step: its rows go to `all` and become what the next one reads; *more: there were some. */
static bool run_step(mill_planner *w, const mill_node *n, const mill_node *query, mill_table *all,
                     bool *more) {
  mill_table *rows = NULL;
  w->status = mill_plan_rows(w, query, false, &rows);
  if (w->status) return false;
  *more = rows->rows > 0;
  mill_table_reset(n->table);
  bool ok = append(w, all, rows) && append(w, n->table, rows);
  mill_table_unref(rows);
  return ok;
}

static bool too_many(mill_planner *w, mill_status what, const char *name, int64_t limit) {
  (void)MILL_W_NOTE(w, what, name, mill_error_fmt(w->err, "%lld", (long long)limit), NULL);
  return false;
}

static bool run_all(mill_planner *w, const mill_node *n, mill_table *all) {
  int64_t levels = n->to >= 0 ? n->to : setting(w, "spark.sql.cteRecursionLevelLimit", 100);
  int64_t most = setting(w, "spark.sql.cteRecursionRowLimit", 1000000);
  bool more = true, drawn = draws(n->ctes[1]);
  if (!run_step(w, n, n->ctes[0], all, &more)) return false;
  for (int64_t level = 1; more; level++) {
    if (n->from >= 0 && (int64_t)all->rows >= n->from) return true; /* no more are asked for */
    const mill_node *step = drawn ? shift_node(w, n->ctes[1], level - 1) : n->ctes[1];
    if (step == NULL || !run_step(w, n, step, all, &more)) return false;
    if (more && levels >= 0 && level >= levels)
      return too_many(w, MILL_E_RECURSION_LEVEL_LIMIT_EXCEEDED, "levelLimit", levels);
    if (most >= 0 && (int64_t)all->rows > most)
      return too_many(w, MILL_E_RECURSION_ROW_LIMIT_EXCEEDED, "rowLimit", most);
  }
  return true;
}

mill_table *mill_run_recursion(mill_planner *w, const mill_node *n) {
  mill_table *all = NULL;
  w->status = mill_table_new(w->ctx->memory, n->table->schema, &all, w->err);
  if (w->status) return NULL;
  bool ok = run_all(w, n, all);
  mill_table_reset(n->table);
  if (ok) return all;
  mill_table_unref(all);
  return NULL;
}
