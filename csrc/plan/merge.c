/* MERGE INTO snapshot tables: target and source are joined, each joined row gets the first clause whose
** condition holds, and the table is written anew with what comes of it. Where rows are only inserted,
** they are added. Spark: RewriteMergeIntoTable, MergeRowsExec. */
#include <string.h>
#include <strings.h>

#include "plan/warehouse_int.h"

#define TARGET_MARK "__target"
#define SOURCE_MARK "__source"
#define ACTION "__action"

typedef struct merge {
  mill_planner *w;
  const mill_node *n;
  const mill_definition *d;
  const mill_catalog_table *t;
  const mill_node *target, *source, *joined; /* analysed, with their marks last */
  const mill_expr *target_mark, *source_mark;
} merge;

static mill_node *unresolved(mill_planner *w, mill_node_kind kind, const mill_node *child) {
  mill_node *n = mill_w_unary(w, kind, child);
  if (n) n->analysed = false;
  return n;
}

/* n's columns and one more. */
static const mill_node *marked(mill_planner *w, const mill_node *n, const mill_expr *mark,
                               const char *name) {
  mill_exprs l = {0};
  for (int i = 0; i < n->noutput; i++)
    if (!mill_exprs_add(w, &l, n->output[i])) return NULL;
  mill_scope none = {0};
  if (!mill_exprs_add(w, &l, mill_x_alias(w, mill_resolve(w, &none, mark), name))) return NULL;
  mill_node *p = mill_w_project(w, n, &l);
  for (int i = 0; p && i < n->noutput; i++) p->output[i] = n->output[i];
  return p;
}

static const mill_node *join(merge *m, mill_join how) {
  mill_planner *w = m->w;
  mill_node *j = mill_w_binary(w, MILL_N_JOIN, m->target, m->source);
  mill_exprs l = {0};
  if (j == NULL || !mill_exprs_add(w, &l, m->d->where)) return NULL;
  j->analysed = false;
  j->join = how;
  j->exprs = l.at;
  j->nexprs = 1;
  return mill_analyse(w, j, NULL);
}

static bool open_sides(merge *m) {
  mill_planner *w = m->w;
  mill_catalog_partition *p;
  size_t count;
  w->status = mill_catalog_partitions(mill_w_catalog(w), m->t, "", w->arena, &p, &count, w->err);
  if (w->status) return false;
  const mill_node *target = mill_target_rows(w, m->n, m->t, p, count);
  const mill_node *source = target ? mill_analyse(w, m->n->child[0], NULL) : NULL;
  if (source == NULL) return false;
  m->target = marked(w, target, mill_x_call(w, "monotonically_increasing_id", 0), TARGET_MARK);
  m->source = marked(w, source, mill_x_bool(w, true), SOURCE_MARK);
  return m->target && m->source;
}

/* ---- clauses -------------------------------------------------------------------------------- */

static const mill_expr *is_set(mill_planner *w, const mill_expr *mark) {
  return mill_x_bound(w, "isnotnull", 1, mark);
}

/* When clause i is the one: which sides are there, and its own condition. */
static const mill_expr *applies(merge *m, const mill_scope *s, const mill_merge_clause *c) {
  mill_planner *w = m->w;
  const mill_expr *t = is_set(w, m->target_mark), *q = is_set(w, m->source_mark);
  const mill_expr *e = c->when == MILL_MATCHED       ? mill_x_and(w, t, q)
                       : c->when == MILL_NOT_MATCHED ? mill_x_bound(w, "not", 1, t)
                                                     : mill_x_bound(w, "not", 1, q);
  if (c->condition == NULL || e == NULL) return e;
  const mill_expr *own = mill_resolve(w, s, c->condition);
  return mill_x_and(w, e,
                    mill_x_bound(w, "coalesce", 2, mill_x_cast(w, own, mill_type_of(MILL_BOOLEAN)),
                                 mill_x_bool(w, false)));
}

/* The number of the first clause that applies, from 1; 0: none. */
static const mill_expr *action(merge *m, const mill_scope *s) {
  const mill_expr *e = mill_x_int(m->w, 0);
  for (int i = m->d->nclauses; i-- > 0 && e;)
    e = mill_x_bound(m->w, "if", 3, applies(m, s, m->d->clauses[i]), mill_x_int(m->w, i + 1), e);
  return e;
}

static const mill_assignment *assigned(merge *m, const mill_merge_clause *c, uint32_t at) {
  const char *name = m->t->schema->fields[at].name;
  for (int i = 0; i < c->nset; i++) {
    const mill_assignment *a = c->set[i];
    if (a->parts == NULL ? (uint32_t)i == at
                         : mill_w_same_name(m->w, a->parts[a->nparts - 1], name))
      return a;
  }
  return NULL;
}

/* Column `at` of the row that clause c makes. */
static const mill_expr *made(merge *m, const mill_scope *s, const mill_merge_clause *c,
                             uint32_t at) {
  mill_planner *w = m->w;
  const mill_field *f = &m->t->schema->fields[at];
  const mill_scope source = mill_scope_of(m->source, NULL);
  if (c->action == MILL_MERGE_DELETE) return m->target->output[at];
  if (c->all)
    return mill_stored_value(w, m->t, f, mill_resolve(w, &source, mill_x_name(w, f->name)));
  const mill_assignment *a = assigned(m, c, at);
  if (a) return mill_assigned_value(w, c->action == MILL_MERGE_INSERT ? &source : s, m->t, f, a);
  return c->action == MILL_MERGE_INSERT ? mill_stored_value(w, m->t, f, mill_column_default(w, f))
                                        : m->target->output[at];
}

static const mill_expr *column(merge *m, const mill_scope *s, const mill_expr *which, uint32_t at) {
  mill_planner *w = m->w;
  const mill_field *f = &m->t->schema->fields[at];
  const mill_expr *e = m->target->output[at];
  for (int i = m->d->nclauses; i-- > 0 && e;) {
    const mill_expr *v = made(m, s, m->d->clauses[i], at);
    e = mill_x_bound(w, "if", 3, mill_x_bound(w, "=", 2, which, mill_x_int(w, i + 1)),
                     mill_x_cast(w, v, e->type), e);
  }
  return mill_x_alias(w, e, f->name);
}

/* Is the row one of the table afterwards? */
static const mill_expr *stays(merge *m, const mill_expr *which) {
  mill_planner *w = m->w;
  const mill_expr *e = is_set(w, m->target_mark); /* no clause: what was there stays */
  for (int i = m->d->nclauses; i-- > 0 && e;)
    e = mill_x_bound(w, "if", 3, mill_x_bound(w, "=", 2, which, mill_x_int(w, i + 1)),
                     mill_x_bool(w, m->d->clauses[i]->action != MILL_MERGE_DELETE), e);
  return e;
}

/* ---- the rows ------------------------------------------------------------------------------- */

static const mill_expr *find(const mill_node *n, const char *name) {
  for (int i = 0; i < n->noutput; i++)
    if (strcmp(n->output[i]->name, name) == 0) return n->output[i];
  return NULL;
}

static const mill_node *result(merge *m) {
  mill_planner *w = m->w;
  m->joined = join(m, MILL_JOIN_FULL);
  if (m->joined == NULL) return NULL;
  m->target_mark = find(m->joined, TARGET_MARK);
  m->source_mark = find(m->joined, SOURCE_MARK);
  mill_scope s = mill_scope_of(m->joined, NULL);
  mill_exprs l = {0}, out = {0};
  if (!mill_exprs_copy(w, &l, m->joined->output, m->joined->noutput) ||
      !mill_exprs_add(w, &l, mill_x_alias(w, action(m, &s), ACTION)))
    return NULL;
  const mill_node *decided = mill_w_project(w, m->joined, &l);
  const mill_expr *which = decided ? find(decided, ACTION) : NULL;
  const mill_node *left = which ? mill_w_filter(w, decided, stays(m, which)) : NULL;
  if (left == NULL) return NULL;
  for (uint32_t i = 0; i < m->t->schema->nfields; i++)
    if (!mill_exprs_add(w, &out, column(m, &s, which, i))) return NULL;
  return mill_w_project(w, left, &out);
}

/* A target row with two source rows has no one fate, unless all of them delete it. */
static bool check_matches(merge *m) {
  mill_planner *w = m->w;
  mill_table *found = NULL;
  int matched = 0;
  bool deletes = true;
  for (int i = 0; i < m->d->nclauses; i++) {
    const mill_merge_clause *c = m->d->clauses[i];
    if (c->when != MILL_MATCHED) continue;
    matched++;
    deletes &= c->action == MILL_MERGE_DELETE && c->condition == NULL;
  }
  if (matched == 0 || (matched == 1 && deletes)) return true;
  const mill_node *j = join(m, MILL_JOIN_INNER);
  mill_node *a = j ? unresolved(w, MILL_N_AGGREGATE, j) : NULL;
  mill_exprs key = {0}, items = {0}, test = {0};
  mill_expr *count = mill_x_call(w, "count", 1, mill_x_int(w, 1));
  if (a == NULL || !mill_exprs_add(w, &key, find(j, TARGET_MARK)) ||
      !mill_exprs_add(w, &items, mill_x_alias(w, count, "n")))
    return false;
  a->keys = key.at, a->nkeys = 1;
  a->exprs = items.at, a->nexprs = 1;
  mill_node *f = unresolved(w, MILL_N_FILTER, a);
  if (f == NULL ||
      !mill_exprs_add(w, &test, mill_x_call(w, ">", 2, mill_x_name(w, "n"), mill_x_int(w, 1))))
    return false;
  f->exprs = test.at, f->nexprs = 1;
  const mill_node *q = mill_analyse(w, f, NULL);
  if (q == NULL) return false;
  w->status = mill_plan_rows(w, q, false, &found);
  bool many = found && found->rows > 0;
  mill_table_unref(found);
  if (many) (void)MILL_W_FAIL_AT(w, m->n, MILL_E_MERGE_CARDINALITY_VIOLATION, NULL);
  return w->status == MILL_OK;
}

static bool check_sets(merge *m) {
  for (int i = 0; i < m->d->nclauses; i++) {
    const mill_merge_clause *c = m->d->clauses[i];
    if (c->nset && c->set[0]->parts &&
        !mill_check_assignments(m->w, m->target, m->t, c->set, c->nset))
      return false;
  }
  return true;
}

static bool run(mill_planner *w, const mill_node *n) {
  merge m = {.w = w, .n = n, .d = n->definition};
  m.t = mill_w_need_own_table(w, n, "MERGE INTO");
  if (m.t == NULL || !mill_table_changes(w, n, m.t, "MERGE INTO TABLE")) return false;
  if (m.d->refused)
    return (void)MILL_W_FAIL_AT(w, n, MILL_E_UNSUPPORTED_FEATURE_TABLE_OPERATION, "tableName",
                                mill_w_full_name(w, (mill_table_name){m.t->database, m.t->name}),
                                "operation", m.d->refused, NULL),
           false;
  if (!open_sides(&m) || !check_sets(&m)) return false;
  const mill_node *rows = result(&m);
  if (rows == NULL || !check_matches(&m)) return false;
  return mill_table_write(w, m.t, rows, true, "");
}

const mill_node *mill_merge(mill_planner *w, const mill_node *n) {
  if (!mill_w_begin(w)) return NULL;
  return mill_w_end(w, run(w, n)) ? mill_nothing(w) : NULL;
}
