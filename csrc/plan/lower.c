/* Analysed trees to physical ones (exec/operator.h): one function a kind of node. */
#include <string.h>

#include "plan/cache.h"
#include "plan/plan_int.h"

/* ---- making operators ----------------------------------------------------------------------- */

mill_op *mill_op_make(mill_lowering *l, mill_op_kind kind, const mill_op *child) {
  mill_op *op = mill_w_alloc(l->w, sizeof *op);
  const mill_op **c = mill_w_alloc(l->w, 2 * sizeof *c);
  if (op == NULL || c == NULL) return NULL;
  op->kind = kind;
  op->limit = -1;
  op->estimate = -1;
  op->child = c;
  if (child) {
    c[0] = child;
    op->nchildren = 1;
    op->schema = child->schema;
    op->estimate = child->estimate;
  }
  return op;
}

const mill_type *mill_op_schema(mill_lowering *l, const mill_field *f, int n) {
  const mill_type *t = mill_type_struct(l->w->ctx->types, f, (uint32_t)n);
  if (t == NULL) l->w->status = mill_oom(l->w->ctx->memory, (size_t)n * sizeof *f, l->w->err);
  return t;
}

mill_bound *mill_b_column(mill_lowering *l, const mill_op *op, int i) {
  mill_bound *b = mill_w_alloc(l->w, sizeof *b);
  if (b == NULL) return NULL;
  *b = (mill_bound){.kind = MILL_B_COLUMN,
                    .type = op->schema->fields[i].type,
                    .nullable = op->schema->fields[i].nullable,
                    .deterministic = true,
                    .index = i,
                    .start = -1};
  return b;
}

static bool done(mill_lowered *out, const mill_op *op, const uint64_t *ids, int n) {
  *out = (mill_lowered){op, ids, n};
  return true;
}

/* Are these the child's columns under their names: nothing to compute? */
static bool same_columns(const mill_op *child, const mill_bound *const *exprs,
                         const char *const *names, int n) {
  if ((uint32_t)n != child->schema->nfields) return false;
  for (int i = 0; i < n; i++) {
    const mill_field *f = &child->schema->fields[i];
    if (exprs[i]->kind != MILL_B_COLUMN || exprs[i]->index != i || exprs[i]->type != f->type ||
        exprs[i]->nullable != f->nullable || strcmp(names[i], f->name) != 0)
      return false;
  }
  return true;
}

bool mill_op_project(mill_lowering *l, const mill_op *child, const mill_bound *const *exprs,
                     const uint64_t *ids, const char *const *names, int n, mill_lowered *out) {
  if (same_columns(child, exprs, names, n)) return done(out, child, ids, n);
  mill_op *op = mill_op_make(l, MILL_OP_PROJECT, child);
  mill_field *f = mill_w_alloc(l->w, (size_t)(n + 1) * sizeof *f);
  if (op == NULL || f == NULL) return false;
  for (int i = 0; i < n; i++)
    f[i] = (mill_field){names[i], exprs[i]->type, exprs[i]->nullable, NULL};
  op->exprs = exprs;
  op->nexprs = n;
  op->schema = mill_op_schema(l, f, n);
  return op->schema && done(out, op, ids, n);
}

/* The schema of `columns` (ALIAS or COLUMN) and their ids. */
static const mill_type *named_schema(mill_lowering *l, const mill_expr *const *a, int na,
                                     const mill_expr *const *b, int nb, uint64_t **ids) {
  mill_field *f = mill_w_alloc(l->w, (size_t)(na + nb + 1) * sizeof *f);
  *ids = mill_w_alloc(l->w, (size_t)(na + nb + 1) * sizeof **ids);
  if (f == NULL || *ids == NULL) return NULL;
  for (int i = 0; i < na + nb; i++) {
    const mill_expr *e = i < na ? a[i] : b[i - na];
    const char *name = e->kind == MILL_X_ALIAS ? e->parts[0] : e->name;
    f[i] = (mill_field){name, e->type, e->nullable, NULL};
    (*ids)[i] = e->id;
  }
  return mill_op_schema(l, f, na + nb);
}

/* Does the list give what is there, as it is? */
static bool passes_on(const mill_expr *const *e, int n, const mill_lowered *in) {
  for (int i = 0; i < n; i++)
    if (e[i]->kind != MILL_X_COLUMN || e[i]->id != in->ids[i]) return false;
  return true;
}

/* A column that only a generator below asked for ends there. */
static bool comes_with(mill_planner *w, const mill_lowered *in, const mill_expr *e) {
  return e->kind != MILL_X_COLUMN || mill_w_find_number(w, in->ids, in->n, e->id) >= 0;
}

/* exprs (ALIAS or COLUMN) over `in`. */
static bool project(mill_lowering *l, const mill_lowered *in, const mill_expr *const *all, int nall,
                    mill_lowered *out) {
  int n = 0;
  const mill_expr **e = mill_w_alloc(l->w, (size_t)(nall + 1) * sizeof *e);
  if (e == NULL) return false;
  for (int i = 0; i < nall; i++)
    if (mill_used(l, all[i]->id) && comes_with(l->w, in, all[i])) e[n++] = all[i];
  if (n == in->n && passes_on(e, n, in)) {
    *out = *in;
    return true;
  }
  const mill_bound **b = mill_w_alloc(l->w, (size_t)(n + 1) * sizeof *b);
  const char **names = mill_w_alloc(l->w, (size_t)(n + 1) * sizeof *names);
  uint64_t *ids = mill_w_alloc(l->w, (size_t)(n + 1) * sizeof *ids);
  if (b == NULL || names == NULL || ids == NULL) return false;
  for (int i = 0; i < n; i++) {
    b[i] = mill_lower_expr(l, e[i], in);
    if (b[i] == NULL) return false;
    names[i] = e[i]->kind == MILL_X_ALIAS ? e[i]->parts[0] : e[i]->name;
    ids[i] = e[i]->id;
  }
  return mill_op_project(l, in->op, b, ids, names, n, out);
}

bool mill_lower_output(mill_lowering *l, const mill_lowered *in, const mill_expr *const *output,
                       int n, mill_lowered *out) {
  bool same = in->n == n;
  for (int i = 0; same && i < n; i++) same = in->ids[i] == output[i]->id;
  if (!same) return project(l, in, output, n, out);
  *out = *in;
  return true;
}

/* ---- leaves --------------------------------------------------------------------------------- */

/* The scan of a file, of which no more is read of structs than some expression needs. */
static bool narrowed(mill_lowering *l, mill_scan **scan, const mill_node *n) {
  const mill_part **parts = mill_w_alloc(l->w, ((size_t)n->noutput + 1) * sizeof *parts);
  bool some = false;
  if (parts == NULL) return false;
  if ((*scan)->narrow == NULL || l->explaining) return true;
  for (int i = 0; i < n->noutput; i++) {
    const mill_expr *c = n->output[i];
    if (!mill_used(l, c->id)) continue;
    if (!mill_used_part(l, c->id, c->type, &parts[i])) return false;
    some |= parts[i] != NULL;
  }
  return !some || mill_lower_narrow_scan(l, NULL, 0, parts, scan);
}

static bool scan_op(mill_lowering *l, mill_scan *scan, const mill_node *n, mill_lowered *out) {
  mill_op *op = mill_op_make(l, MILL_OP_SCAN, NULL);
  size_t count = (size_t)n->noutput + 2;
  int *columns = mill_w_alloc(l->w, count * sizeof *columns), k = 0;
  uint64_t *ids = mill_w_alloc(l->w, count * sizeof *ids);
  mill_field *f = mill_w_alloc(l->w, count * sizeof *f);
  if (!op || !columns || !ids || !f) return false;
  if (n->kind == MILL_N_SOURCE) {
    mill_settings_once(&l->w->set); /* files may change */
    op->paths = n->source->paths;
    op->npaths = n->source->npaths;
  }
  op->cached = n->kind == MILL_N_CACHE;
  op->ranged =
      op->cached && mill_w_conf(l->w, "spark.sql.inMemoryColumnarStorage.partitionPruning");
  for (int i = 0; i < n->noutput; i++) {
    if (!mill_used(l, n->output[i]->id)) continue;
    columns[k] = i;
    ids[k] = n->output[i]->id;
    f[k] = scan->schema->fields[i];
    f[k++].metadata = NULL;
  }
  if (scan->hidden && n->nexprs && mill_used(l, n->exprs[0]->id)) {
    columns[k] = n->noutput;
    ids[k] = n->exprs[0]->id;
    f[k++] = (mill_field){n->exprs[0]->name, scan->hidden, false, NULL};
  }
  if (!narrowed(l, &scan, n)) return false;
  op->scan = scan;
  op->columns = columns;
  op->estimate = scan->rows >= 0 ? scan->rows : (double)scan->bytes / 64;
  op->schema = mill_op_schema(l, f, k);
  return op->schema && done(out, op, ids, k);
}

static bool table_scan(mill_lowering *l, mill_table *t, const mill_node *n, mill_lowered *out) {
  mill_scan *scan = NULL;
  struct mill_scan_list *item = mill_w_alloc(l->w, sizeof *item);
  if (item == NULL) return false;
  if (t->live) mill_settings_once(&l->w->set);
  l->w->status = mill_scan_table(t, &scan, l->w->err);
  if (l->w->status) return false;
  *item = (struct mill_scan_list){l->scans, scan};
  l->scans = item;
  return scan_op(l, scan, n, out);
}

static bool cached(mill_lowering *l, const mill_node *n, mill_lowered *out) {
  mill_planner *w = l->w;
  mill_settings_once(&w->set); /* it may be emptied between runs */
  if (mill_cache_off(n->cache)) return mill_lower(l, n->child[0], out);
  if (!l->explaining || mill_cache_rows(n->cache) >= 0) {
    mill_table *kept = mill_cache_fill(w, n);
    return kept && table_scan(l, kept, n, out);
  }
  mill_table *none = NULL;
  const mill_type *schema = mill_w_schema(w, n->output, n->noutput);
  if (schema) w->status = mill_table_new(w->ctx->memory, schema, &none, w->err);
  if (none == NULL) return false;
  bool ok = table_scan(l, none, n, out);
  mill_table_unref(none);
  return ok;
}

static bool values(mill_lowering *l, const mill_node *n, mill_lowered *out) {
  mill_planner *w = l->w;
  int width = n->noutput;
  const mill_type *schema = mill_w_schema(w, n->output, width);
  mill_vector *cols = mill_w_alloc(w, (size_t)(width + 1) * sizeof *cols);
  mill_table *t = NULL;
  if (schema == NULL || cols == NULL) return false;
  w->status = mill_table_new(w->ctx->memory, schema, &t, w->err);
  for (int r = 0; r < n->nrows && w->status == MILL_OK; r++) {
    for (int c = 0; c < width; c++) {
      const mill_expr *e = n->exprs[r * width + c];
      const mill_bound *b = e->value ? NULL : mill_lower_expr(l, e, NULL);
      if (e->value == NULL && (b == NULL || b->value == NULL)) {
        if (!w->status) w->status = mill_constant(l, b, &cols[c]);
        if (w->status) break;
        continue;
      }
      cols[c] = e->value ? *e->value : *b->value;
    }
    mill_batch one = {.n = 1, .ncols = (uint32_t)width, .col = cols};
    if (w->status == MILL_OK) w->status = mill_table_append(t, &one, w->err);
  }
  bool ok = w->status == MILL_OK && table_scan(l, t, n, out);
  if (t) mill_table_unref(t);
  return ok;
}

static bool recursion(mill_lowering *l, const mill_node *n, mill_lowered *out) {
  mill_table *t = mill_run_recursion(l->w, n);
  bool ok = t && table_scan(l, t, n, out);
  mill_table_unref(t);
  return ok;
}

static bool range(mill_lowering *l, const mill_node *n, mill_lowered *out) {
  mill_op *op = mill_op_make(l, MILL_OP_RANGE, NULL);
  uint64_t *ids = NULL;
  if (op == NULL) return false;
  op->from = n->from, op->to = n->to, op->step = n->step;
  op->estimate = mill_n_estimate(n);
  op->schema = named_schema(l, n->output, 1, NULL, 0, &ids);
  return op->schema && done(out, op, ids, 1);
}

/* ---- one child ------------------------------------------------------------------------------ */

static bool filter(mill_lowering *l, const mill_node *n, mill_lowered *out) {
  mill_lowered in;
  if (!mill_lower(l, n->child[0], &in)) return false;
  mill_op *op = mill_op_make(l, MILL_OP_FILTER, in.op);
  if (op == NULL) return false;
  op->predicate = mill_lower_expr(l, n->exprs[0], &in);
  if (op->predicate == NULL) return false;
  op->child[0] = mill_lower_scan_tests(l, op->predicate, in.op);
  return op->child[0] && done(out, op, in.ids, in.n);
}

static bool sorts(mill_lowering *l, const mill_expr *const *e, int n, const mill_lowered *in,
                  mill_op *op) {
  mill_bound_sort *s = mill_w_alloc(l->w, (size_t)(n + 1) * sizeof *s);
  if (s == NULL) return false;
  for (int i = 0; i < n; i++) {
    s[i] = (mill_bound_sort){mill_lower_key(l, e[i]->args[0], in), e[i]->descending,
                             e[i]->nulls_first};
    if (s[i].expr == NULL) return false;
  }
  op->sorts = s;
  op->nsorts = n;
  return true;
}

static bool sort(mill_lowering *l, const mill_node *n, mill_lowered *out) {
  mill_lowered in;
  if (!mill_lower(l, n->child[0], &in)) return false;
  mill_op *op = mill_op_make(l, MILL_OP_SORT, in.op);
  return op && sorts(l, n->exprs, n->nexprs, &in, op) && done(out, op, in.ids, in.n);
}

static bool limit(mill_lowering *l, const mill_node *n, mill_lowered *out) {
  mill_lowered in;
  if (!mill_lower(l, n->child[0], &in)) return false;
  int64_t offset = n->from > 0 ? n->from : 0;
  if (n->kind == MILL_N_LIMIT && in.op->kind == MILL_OP_SORT && in.op->limit < 0 && n->to >= 0) {
    mill_op *top = mill_w_alloc(l->w, sizeof *top);
    if (top == NULL) return false;
    *top = *in.op;
    top->limit = n->to;
    top->offset = offset;
    return done(out, top, in.ids, in.n);
  }
  mill_op *op = mill_op_make(l, n->kind == MILL_N_TAIL ? MILL_OP_TAIL : MILL_OP_LIMIT, in.op);
  if (op == NULL) return false;
  op->limit = n->to;
  op->offset = offset;
  return done(out, op, in.ids, in.n);
}

static bool sample(mill_lowering *l, const mill_node *n, mill_lowered *out) {
  mill_lowered in;
  if (!mill_lower(l, n->child[0], &in)) return false;
  mill_op *op = mill_op_make(l, MILL_OP_SAMPLE, in.op);
  if (op == NULL) return false;
  op->lower = n->lower, op->upper = n->upper, op->seed = n->seed;
  op->replacement = n->replacement;
  return done(out, op, in.ids, in.n);
}

/* Of the child's columns those pass that somebody asks for: they are copied to every row that is
** made of theirs. */
static bool generate(mill_lowering *l, const mill_node *n, mill_lowered *out) {
  mill_lowered in;
  uint64_t *ids = NULL;
  int made = (int)n->exprs[0]->type->nfields, first = n->noutput - made, passing = 0;
  const mill_expr **e = mill_w_alloc(l->w, (size_t)(first + 1) * sizeof *e);
  int *columns = mill_w_alloc(l->w, (size_t)(first + 1) * sizeof *columns);
  if (e == NULL || columns == NULL || !mill_lower(l, n->child[0], &in)) return false;
  mill_op *op = mill_op_make(l, MILL_OP_GENERATE, in.op);
  if (op == NULL) return false;
  for (int i = 0; i < first; i++) {
    if (!mill_passes(l, n, i)) continue;
    const mill_bound *b = mill_lower_expr(l, n->output[i], &in);
    if (b == NULL) return false;
    columns[passing] = b->index;
    e[passing++] = n->output[i];
  }
  l->generator = n->exprs[0];
  op->generator = mill_lower_expr(l, n->exprs[0], &in);
  op->generate = n->exprs[0]->binding->generate;
  op->outer = n->outer;
  op->columns = columns;
  op->schema = named_schema(l, e, passing, n->output + first, made, &ids);
  return op->generator && op->schema && done(out, op, ids, passing + made);
}

/* ---- groups --------------------------------------------------------------------------------- */

/* One row a grouping set: the keys of the set, its id, and the child's columns. */
static bool expand(mill_lowering *l, const mill_node *n, mill_lowered *in) {
  int nkeys = n->nkeys - 1, width = n->nkeys + in->n;
  mill_op *op = mill_op_make(l, MILL_OP_EXPAND, in->op);
  const mill_bound **e = mill_w_alloc(l->w, (size_t)(n->nsets * width + 1) * sizeof *e);
  uint64_t *ids = mill_w_alloc(l->w, (size_t)(width + 1) * sizeof *ids);
  mill_field *f = mill_w_alloc(l->w, (size_t)(width + 1) * sizeof *f);
  bool repeat = mill_sets_repeat(n);
  if (!op || !e || !ids || !f) return false;
  for (int s = 0; s < n->nsets; s++) {
    int64_t id = repeat ? (int64_t)s << nkeys : 0; /* so that equal sets stay apart */
    for (int k = 0; k < nkeys; k++) {
      bool kept = n->sets[s] >> k & 1;
      const mill_expr *key = mill_group_value(l->w, n->keys[k]->args[0]);
      if (key == NULL) return false;
      if (!kept) id |= (int64_t)1 << (nkeys - 1 - k), key = mill_x_null(l->w, key->type);
      e[s * width + k] = mill_lower_expr(l, key, in);
    }
    e[s * width + nkeys] = mill_lower_expr(l, mill_x_bigint(l->w, id), in);
    for (int i = 0; i < in->n; i++) e[s * width + n->nkeys + i] = mill_b_column(l, in->op, i);
    for (int i = 0; i < width; i++)
      if (e[s * width + i] == NULL) return false;
  }
  for (int i = 0; i < width; i++) {
    bool key = i < n->nkeys;
    f[i] = key ? (mill_field){n->keys[i]->parts[0], n->keys[i]->type, i < nkeys, NULL}
               : in->op->schema->fields[i - n->nkeys];
    ids[i] = key ? n->keys[i]->id : in->ids[i - n->nkeys];
  }
  op->exprs = e;
  op->nexprs = width;
  op->nsets = n->nsets;
  op->schema = mill_op_schema(l, f, width);
  *in = (mill_lowered){op, ids, width};
  return op->schema != NULL;
}

bool mill_lower_group_input(mill_lowering *l, const mill_node *n, mill_lowered *out) {
  mill_narrow few = l->narrow;
  return mill_lower(l, n->child[0], out) &&
         (few.aggregate != n || mill_lower_narrow(l, &few, out)) &&
         (n->nsets == 0 || expand(l, n, out));
}

const mill_bound *mill_lower_group_key(mill_lowering *l, const mill_node *n, int i,
                                       const mill_lowered *in) {
  const mill_expr *k = n->keys[i];
  if (n->nsets) return mill_b_column(l, in->op, i);
  k = mill_group_value(l->w, k->kind == MILL_X_ALIAS ? k->args[0] : k);
  return k ? mill_lower_key(l, k, in) : NULL;
}

/* The items that somebody uses. */
static int only_used(const mill_lowering *l, const mill_expr *const *all, int n,
                     const mill_expr **out) {
  int k = 0;
  for (int i = 0; i < n; i++)
    if (mill_used(l, all[i]->id)) out[k++] = all[i];
  return k;
}

bool mill_lower_aggregate(mill_lowering *l, const mill_node *n, mill_lowered *out) {
  mill_lowered in;
  if (!mill_lower_group_input(l, n, &in)) return false;
  mill_op *op = mill_op_make(l, MILL_OP_AGGREGATE, in.op);
  const mill_bound **keys = mill_w_alloc(l->w, (size_t)(n->nkeys + 1) * sizeof *keys);
  mill_bound_aggregate *aggs = mill_w_alloc(l->w, (size_t)(n->naggs + 1) * sizeof *aggs);
  uint64_t *ids = NULL;
  if (!op || !keys || !aggs) return false;
  for (int i = 0; i < n->nkeys; i++) {
    keys[i] = mill_lower_group_key(l, n, i, &in);
    if (keys[i] == NULL) return false;
  }
  const mill_expr **needed = mill_w_alloc(l->w, (size_t)(n->naggs + 1) * sizeof *needed);
  int naggs = needed ? only_used(l, n->aggs, n->naggs, needed) : 0;
  for (int i = 0; i < naggs; i++)
    if (!mill_lower_aggregate_call(l, needed[i]->args[0], &in, &aggs[i])) return false;
  op->keys = keys, op->nkeys = n->nkeys;
  op->aggs = aggs, op->naggs = naggs;
  op->schema = needed ? named_schema(l, n->keys, n->nkeys, needed, naggs, &ids) : NULL;
  return op->schema && done(out, op, ids, n->nkeys + naggs);
}

/* ---- windows -------------------------------------------------------------------------------- */

static mill_op_edge edge_of(mill_frame_bound b) {
  if (b == MILL_UNBOUNDED_PRECEDING || b == MILL_UNBOUNDED_FOLLOWING) return MILL_EDGE_UNBOUNDED;
  return b == MILL_CURRENT_ROW ? MILL_EDGE_CURRENT : MILL_EDGE_OFFSET;
}

/* The value of a frame's edge: rows from the current one, or the order key moved by the offset. */
static const mill_bound *edge_value(mill_lowering *l, const mill_window *v, mill_frame_bound b,
                                    const mill_expr *offset, const mill_lowered *in) {
  mill_planner *w = l->w;
  bool before = b == MILL_PRECEDING;
  const mill_expr *e = offset;
  if (v->unit == MILL_FRAME_ROWS) {
    e = mill_x_cast(w, e, mill_type_of(MILL_BIGINT));
    if (before && e) e = mill_x_bound(w, "-", 1, e);
  } else {
    bool minus = before != v->order[0]->descending;
    const mill_type *key = v->order[0]->args[0]->type;
    if (e->type->id == MILL_STRING && before) e = mill_x_cast(w, e, mill_type_of(MILL_DOUBLE));
    if (e && mill_type_numeric(key)) e = mill_x_explicit_cast(w, e, key);
    if (e == NULL) return NULL;
    e = mill_x_bound(w, minus ? "-" : "+", 2, v->order[0]->args[0], e);
    e = e ? mill_x_cast(w, e, v->order[0]->args[0]->type) : NULL;
  }
  return e ? mill_lower_expr(l, e, in) : NULL;
}

static bool window_call(mill_lowering *l, const mill_expr *e, const mill_lowered *in,
                        mill_op_window *out) {
  const mill_window *v = e->window;
  *out = (mill_op_window){
      .rows = v->unit == MILL_FRAME_ROWS, .from = edge_of(v->from), .to = edge_of(v->to)};
  if (!mill_lower_aggregate_call(l, e->args[0], in, &out->call)) return false;
  if (e->ignore_nulls) out->call.ignore_nulls = true;
  if (out->from == MILL_EDGE_OFFSET) {
    out->from_value = edge_value(l, v, v->from, v->from_offset, in);
    if (out->from_value == NULL) return false;
  }
  if (out->to == MILL_EDGE_OFFSET) {
    out->to_value = edge_value(l, v, v->to, v->to_offset, in);
    if (out->to_value == NULL) return false;
  }
  return true;
}

static mill_op_rank rank_of(const char *name) {
  return strcmp(name, "row_number") == 0 ? MILL_RANK_ROW
         : strcmp(name, "rank") == 0     ? MILL_RANK_SPARSE
                                         : MILL_RANK_DENSE;
}

static bool window_group_limit(mill_lowering *l, const mill_node *n, mill_lowered *out) {
  mill_lowered in;
  if (!mill_lower(l, n->child[0], &in)) return false;
  mill_op *op = mill_op_make(l, MILL_OP_WINDOW_GROUP_LIMIT, in.op);
  const mill_bound **keys = mill_w_alloc(l->w, (size_t)(n->nkeys + 1) * sizeof *keys);
  if (op == NULL || keys == NULL || !sorts(l, n->exprs, n->nexprs, &in, op)) return false;
  for (int i = 0; i < n->nkeys; i++) {
    keys[i] = mill_lower_key(l, n->keys[i], &in);
    if (keys[i] == NULL) return false;
  }
  op->keys = keys, op->nkeys = n->nkeys;
  op->rank = rank_of(n->name);
  op->limit = n->to;
  return done(out, op, in.ids, in.n);
}

bool mill_lower_window(mill_lowering *l, const mill_node *n, mill_lowered *out) {
  mill_lowered in;
  if (!mill_lower(l, n->child[0], &in)) return false;
  const mill_window *v = n->exprs[0]->args[0]->window;
  const mill_expr **needed = mill_w_alloc(l->w, (size_t)(n->nexprs + 1) * sizeof *needed);
  int nneeded = needed ? only_used(l, n->exprs, n->nexprs, needed) : 0;
  if (needed && nneeded == 0) return done(out, in.op, in.ids, in.n);
  mill_op *op = mill_op_make(l, MILL_OP_WINDOW, in.op);
  mill_op_window *calls = mill_w_alloc(l->w, (size_t)(n->nexprs + 1) * sizeof *calls);
  const mill_bound **keys = mill_w_alloc(l->w, (size_t)(v->npartition + 1) * sizeof *keys);
  int width = in.n + nneeded;
  uint64_t *ids = mill_w_alloc(l->w, (size_t)(width + 1) * sizeof *ids);
  mill_field *f = mill_w_alloc(l->w, (size_t)(width + 1) * sizeof *f);
  if (!op || !calls || !keys || !ids || !f || !sorts(l, v->order, v->norder, &in, op)) return false;
  for (int i = 0; i < v->npartition; i++) {
    keys[i] = mill_lower_key(l, v->partition[i], &in);
    if (keys[i] == NULL) return false;
  }
  for (int i = 0; i < nneeded; i++)
    if (!window_call(l, needed[i]->args[0], &in, &calls[i])) return false;
  for (int i = 0; i < width; i++) {
    const mill_expr *a = i < in.n ? NULL : needed[i - in.n];
    f[i] = a ? (mill_field){a->parts[0], a->type, a->nullable, NULL} : in.op->schema->fields[i];
    ids[i] = a ? a->id : in.ids[i];
  }
  op->keys = keys, op->nkeys = v->npartition;
  op->windows = calls, op->nwindows = nneeded;
  op->schema = mill_op_schema(l, f, width);
  return op->schema && done(out, op, ids, width);
}

/* ---- two children and more ------------------------------------------------------------------ */

/* The children of unions right below stand for them: rows come in the same order. */
static bool flatten(mill_lowering *l, mill_op *u) {
  int n = 0, k = 0;
  for (int i = 0; i < u->nchildren; i++)
    n += u->child[i]->kind == MILL_OP_UNION ? u->child[i]->nchildren : 1;
  if (n == u->nchildren) return true;
  const mill_op **child = mill_w_alloc(l->w, (size_t)n * sizeof *child);
  if (child == NULL) return false;
  for (int i = 0; i < u->nchildren; i++) {
    const mill_op *c = u->child[i];
    if (c->kind != MILL_OP_UNION) child[k++] = c;
    for (int j = 0; c->kind == MILL_OP_UNION && j < c->nchildren; j++) child[k++] = c->child[j];
  }
  u->child = child;
  u->nchildren = n;
  return true;
}

static bool lower_union(mill_lowering *l, const mill_node *n, mill_lowered *out) {
  mill_op *op = mill_op_make(l, MILL_OP_UNION, NULL);
  uint64_t *ids = NULL;
  if (op == NULL) return false;
  op->child = mill_w_alloc(l->w, (size_t)(n->nchildren + 1) * sizeof *op->child);
  if (op->child == NULL) return false;
  op->nchildren = n->nchildren;
  const mill_expr **needed = mill_w_alloc(l->w, (size_t)(n->noutput + 1) * sizeof *needed);
  const mill_expr **below = mill_w_alloc(l->w, (size_t)(n->noutput + 1) * sizeof *below);
  if (needed == NULL || below == NULL) return false;
  int width = only_used(l, n->output, n->noutput, needed);
  for (int i = 0; i < n->nchildren; i++) {
    mill_lowered in;
    int k = 0;
    for (int c = 0; c < n->noutput; c++)
      if (mill_used(l, n->output[c]->id)) below[k++] = n->child[i]->output[c];
    if (!mill_lower(l, n->child[i], &in) || !mill_lower_output(l, &in, below, width, &in))
      return false;
    op->child[i] = in.op;
  }
  op->schema = named_schema(l, needed, width, NULL, 0, &ids);
  return op->schema && flatten(l, op) && done(out, op, ids, width);
}

bool mill_lower(mill_lowering *l, const mill_node *n, mill_lowered *out) {
  mill_planner *w = l->w;
  if (n == NULL || w->status || !mill_w_enter(w)) return false;
  bool ok = false;
  mill_lowered in;
  for (int i = 0; i < l->nleaves; i++) {
    if (l->leaves[i].node != n || l->leaves[i].met) continue;
    l->leaves[i].met = true;
    *out = l->leaves[i].with;
    mill_w_leave(w);
    return true;
  }
  switch (n->kind) {
  case MILL_N_TABLE: ok = table_scan(l, n->table, n, out); break;
  case MILL_N_CACHE: ok = cached(l, n, out); break;
  case MILL_N_SOURCE: ok = scan_op(l, n->source->scan, n, out); break;
  case MILL_N_VALUES: ok = values(l, n, out); break;
  case MILL_N_RANGE: ok = range(l, n, out); break;
  case MILL_N_RECURSION: ok = recursion(l, n, out); break;
  case MILL_N_ONE_ROW: {
    mill_op *op = mill_op_make(l, MILL_OP_ONE_ROW, NULL);
    ok = op && (op->schema = mill_op_schema(l, NULL, 0)) && done(out, op, NULL, 0);
    break;
  }
  case MILL_N_PROJECT:
    ok = mill_lower(l, n->child[0], &in) && project(l, &in, n->exprs, n->nexprs, out);
    if (ok && n->all) ok = (out->op = mill_op_make(l, MILL_OP_SHARE, out->op)) != NULL;
    break;
  case MILL_N_FILTER: ok = filter(l, n, out); break;
  case MILL_N_SORT: ok = sort(l, n, out); break;
  case MILL_N_LIMIT:
  case MILL_N_TAIL: ok = limit(l, n, out); break;
  case MILL_N_SAMPLE: ok = sample(l, n, out); break;
  case MILL_N_GENERATE: ok = generate(l, n, out); break;
  case MILL_N_AGGREGATE: ok = mill_lower_aggregate(l, n, out); break;
  case MILL_N_WINDOW_GROUP_LIMIT: ok = window_group_limit(l, n, out); break;
  case MILL_N_WINDOW: ok = mill_lower_window(l, n, out); break;
  case MILL_N_UNION: ok = lower_union(l, n, out); break;
  case MILL_N_JOIN: ok = mill_lower_join(l, n, out); break;
  default:
    (void)MILL_W_FAIL_AT(w, n, MILL_E_UNSUPPORTED_FEATURE_TABLE_OPERATION, "tableName", "",
                         "operation", "this node", NULL);
  }
  mill_w_leave(w);
  return ok && w->status == MILL_OK;
}
