/* Cutting an analysed streaming plan into nodes of a query (stream_plan.h).
**
** The optimised tree is cut at what keeps something between batches or begins a stream: sources,
** watermarks, groups, deduplication, limits. What lies between two cuts is a segment, a physical
** tree whose leaves are the rows of the cuts below; it runs as a batch query does, once a batch, or,
** where it is cheap, as its rows are asked for.
** Tables that are joined to a stream are scans of such a tree. Keys and arguments of an operator
** are computed by the segment below it, so operators see columns only.
**
** Everything lives in the arena of a stream_plan, which the query owns. */
#include "plan/stream_plan.h"

#include <stdlib.h>
#include <strings.h>

#include "exec/run.h"
#include "plan/plan_int.h"
#include "plan/stream_check.h"

enum { MAX_SOURCES = 256 };

typedef struct stream_plan { /* what the nodes stand in */
  mill_plan *plan;
  mill_arena arena;
  struct mill_scan_list *scans;
} stream_plan;

typedef struct segment {
  mill_session *session;
  const mill_op *op;
  const mill_type *schema;
  mill_rows **slot; /* rows of the cuts, until the leaf that stands for them takes them */
} segment;

typedef struct cutter {
  mill_planner *w;
  mill_lowering needed; /* which columns are */
  stream_plan *owner;
  mill_output_mode mode;
  mill_stream_source *source[MAX_SOURCES];
  mill_stream_op *op[MAX_SOURCES]; /* made so far, for failures */
  int nsources, nops;
} cutter;

/* A node of the query and which of its columns has which id. */
typedef struct flow {
  mill_stream_node *node;
  const uint64_t *ids;
  int n;
} flow;

static bool flow_of(cutter *c, const mill_node *n, flow *out);

/* ---- segments ------------------------------------------------------------------------------- */

static mill_rows *take_slot(void *arg, mill_error *err) {
  mill_rows **slot = arg, *r = *slot;
  (void)err;
  *slot = NULL;
  return r;
}

static mill_status run_segment(void *arg, const mill_stream_batch *b, mill_rows **in, int n,
                               mill_rows **out, mill_error *err) {
  segment *s = arg;
  mill_table *t = NULL;
  mill_run run = {.ctx = b->ctx, .set = b->set};
  run.poll = mill_session_poll(s->session, &run.poll_arg);
  for (int i = 0; i < n; i++) s->slot[i] = in[i];
  mill_status status = mill_run_pass(&run, s->op, out, err);
  if (status == MILL_OK && *out == NULL) status = mill_run_table(&run, s->op, &t, err);
  for (int i = 0; i < n; i++)
    if (s->slot[i]) s->slot[i]->free(s->slot[i]);
  if (status != MILL_OK) return status;
  if (t == NULL) {
    (*out)->schema = s->schema;
    return MILL_OK;
  }
  t->schema = s->schema;
  return mill_stream_table_rows(t, out, err);
}

static mill_stream_node *new_node(cutter *c, mill_stream_kind kind, int nchildren) {
  mill_stream_node *n = mill_w_alloc(c->w, sizeof *n);
  mill_stream_node **child = mill_w_alloc(c->w, ((size_t)nchildren + 1) * sizeof *child);
  if (n == NULL || child == NULL) return NULL;
  n->kind = kind;
  n->nchildren = nchildren;
  n->child = child;
  return n;
}

/* A pull reader over `child`'s rows as an operator of a physical tree. */
static bool rows_op(cutter *c, mill_lowering *l, const flow *f, mill_rows **slot,
                    mill_lowered *out) {
  mill_op *op = mill_op_make(l, MILL_OP_ROWS, NULL);
  if (op == NULL) return false;
  (void)c;
  op->schema = f->node->schema;
  op->open = take_slot;
  op->open_arg = slot;
  *out = (mill_lowered){op, f->ids, f->n};
  return true;
}

typedef struct cutting { /* a segment in the making */
  mill_lowering l;
  segment *segment;
  mill_stream_node *node;
} cutting;

static const mill_node *pushed_source(const mill_node *n);

static bool is_cut(const cutter *c, const mill_node *n) {
  if (!n->streaming) return false;
  switch (n->kind) {
  case MILL_N_SOURCE:
  case MILL_N_WATERMARK:
  case MILL_N_AGGREGATE:
  case MILL_N_DEDUP: return true;
  case MILL_N_LIMIT: return c->mode == MILL_APPEND;
  case MILL_N_JOIN: return n->child[0]->streaming && n->child[1]->streaming;
  default: return pushed_source(n) != NULL;
  }
}

static int count_cuts(const cutter *c, const mill_node *n) {
  int count = 0;
  if (is_cut(c, n)) return 1;
  for (int i = 0; i < n->nchildren; i++) count += count_cuts(c, n->child[i]);
  return count;
}

/* The cuts at or below n become children of the segment and leaves of its tree. */
static bool add_cuts(cutter *c, cutting *s, const mill_node *n) {
  flow f;
  if (!is_cut(c, n)) {
    for (int i = 0; i < n->nchildren; i++)
      if (!add_cuts(c, s, n->child[i])) return false;
    return true;
  }
  int at = s->l.nleaves;
  mill_leaf *leaf = &s->l.leaves[at];
  if (!flow_of(c, n, &f)) return false;
  leaf->node = n;
  s->node->child[at] = f.node;
  s->l.nleaves++;
  return rows_op(c, &s->l, &f, &s->segment->slot[at], &leaf->with);
}

static bool begin_segment(cutter *c, const mill_node *n, cutting *s) {
  int cuts = count_cuts(c, n);
  *s = (cutting){.l = c->needed};
  s->segment = mill_w_alloc(c->w, sizeof *s->segment);
  s->node = new_node(c, MILL_STREAM_SEGMENT, cuts);
  s->l.leaves = mill_w_alloc(c->w, ((size_t)cuts + 1) * sizeof *s->l.leaves);
  if (s->segment == NULL || s->node == NULL || s->l.leaves == NULL) return false;
  s->segment->session = c->w->session;
  s->segment->slot = mill_w_alloc(c->w, ((size_t)cuts + 1) * sizeof(mill_rows *));
  return s->segment->slot && add_cuts(c, s, n);
}

/* The segment that computes `low`; none when that is what a cut gives already. */
static bool end_segment(cutter *c, cutting *s, const mill_lowered *low, const mill_type *schema,
                        flow *out) {
  struct mill_scan_list *last = s->l.scans;
  if (last) {
    while (last->next) last = last->next;
    last->next = c->owner->scans;
    c->owner->scans = s->l.scans;
    s->l.scans = NULL;
  }
  if (low->op == NULL) return false;
  *out = (flow){s->node, low->ids, low->n};
  if (low->op->kind == MILL_OP_ROWS && low->op->schema == schema) {
    out->node = s->node->child[0];
    return true;
  }
  s->segment->op = low->op;
  s->segment->schema = schema;
  s->node->schema = schema;
  s->node->build = run_segment;
  s->node->arg = s->segment;
  return true;
}

/* Rows of `n`, any tree over cuts. */
static bool segment_flow(cutter *c, const mill_node *n, flow *out) {
  cutting s;
  mill_lowered low = {0};
  if (!begin_segment(c, n, &s)) return false;
  bool ok = mill_lower(&s.l, n, &low);
  return end_segment(c, &s, ok ? &low : &(mill_lowered){0}, ok ? low.op->schema : NULL, out);
}

/* ---- sources -------------------------------------------------------------------------------- */

static bool source_flow(cutter *c, const mill_node *n, flow *out) {
  mill_planner *w = c->w;
  mill_stream_node *node = new_node(c, MILL_STREAM_SOURCE, 0);
  uint64_t *ids = mill_w_alloc(w, ((size_t)n->noutput + 1) * sizeof *ids);
  if (node == NULL || ids == NULL) return false;
  if (c->nsources == MAX_SOURCES)
    return MILL_W_FAIL(w, MILL_E_PLAN_TOO_DEEP, "limit", "256 sources", NULL) != NULL;
  for (int i = 0; i < n->noutput; i++) ids[i] = n->output[i]->id;
  node->source = c->nsources;
  node->schema = n->source->stream->schema;
  c->source[c->nsources++] = n->source->stream;
  *out = (flow){node, ids, n->noutput};
  return true;
}

/* Comparisons of columns with constants: what Spark's readers of CSV and JSON take over. */
static bool is_pushable(const mill_expr *e) {
  static const char *const both[] = {"and",    "or",        "not",        "=",        "<=>",
                                     "<",      "<=",        ">",          ">=",       "in",
                                     "isnull", "isnotnull", "startswith", "endswith", "contains"};
  bool known = false;
  if (e->value || e->kind == MILL_X_LITERAL || e->kind == MILL_X_COLUMN) return true;
  if (e->kind == MILL_X_SCALAR_QUERY) return true; /* a constant by then */
  if (e->kind == MILL_X_CAST && e->hidden) return e->args[0]->kind == MILL_X_LITERAL;
  for (size_t i = 0; i < sizeof both / sizeof *both; i++) known |= mill_x_is_call(e, both[i]);
  for (int i = 0; known && i < e->nargs; i++) known = is_pushable(e->args[i]);
  return known;
}

/* Part a filter over a source into what its reader takes over and the rest. */
static const mill_node *part_filter(mill_planner *w, const mill_node *n) {
  const mill_expr *taken = NULL, *rest = NULL;
  mill_exprs parts = {0};
  if (n->kind != MILL_N_FILTER || n->child[0]->kind != MILL_N_SOURCE) return n;
  if (!mill_x_conjuncts(w, n->exprs[0], &parts)) return NULL;
  for (int i = 0; i < parts.n && w->status == MILL_OK; i++) {
    bool push = is_pushable(parts.at[i]);
    const mill_expr *e = mill_x_and(w, push ? taken : rest, parts.at[i]);
    *(push ? &taken : &rest) = e;
  }
  if (w->status) return NULL;
  if (taken == NULL || rest == NULL) return n;
  return mill_w_filter(w, mill_w_filter(w, n->child[0], taken), rest);
}

/* The source that a filter is read with: rows it drops do not count as input, as in Spark. */
static const mill_node *pushed_source(const mill_node *n) {
  if (n->kind != MILL_N_FILTER || n->child[0]->kind != MILL_N_SOURCE) return NULL;
  const mill_source *s = n->child[0]->source;
  bool format =
      s->stream && (strcasecmp(s->format, "csv") == 0 || strcasecmp(s->format, "json") == 0);
  return format && is_pushable(n->exprs[0]) ? n->child[0] : NULL;
}

static bool pushed_flow(cutter *c, const mill_node *n, flow *out) {
  cutting s;
  flow f;
  mill_lowered low = {0};
  if (!begin_segment(c, n->child[0], &s)) return false;
  bool ok = mill_lower(&s.l, n, &low);
  if (!end_segment(c, &s, ok ? &low : &(mill_lowered){0}, ok ? low.op->schema : NULL, &f))
    return false;
  mill_stream_node *source = f.node->child[0];
  source->build = f.node->build;
  source->arg = f.node->arg;
  source->schema = f.node->schema;
  *out = (flow){source, f.ids, f.n};
  return true;
}

/* ---- watermarks ----------------------------------------------------------------------------- */

static int position(const flow *f, uint64_t id) {
  for (int i = 0; i < f->n; i++)
    if (f->ids[i] == id) return i;
  return -1;
}

/* Above a stateful operator a watermark may be set anew. */
static bool has_watermark(const mill_stream_node *n) {
  if (n->kind == MILL_STREAM_WATERMARK) return true;
  if (n->kind == MILL_STREAM_OPERATOR) return false;
  for (int i = 0; i < n->nchildren; i++)
    if (has_watermark(n->child[i])) return true;
  return false;
}

static bool watermark_flow(cutter *c, const mill_node *n, flow *out) {
  mill_planner *w = c->w;
  flow f;
  mill_stream_node *node = new_node(c, MILL_STREAM_WATERMARK, 1);
  if (node == NULL || !flow_of(c, n->child[0], &f)) return false;
  if (has_watermark(f.node) && mill_w_conf(w, "spark.sql.streaming.statefulOperator.allowMultiple"))
    return MILL_W_FAIL(w, MILL_E_STREAM_MANY_WATERMARKS, "config",
                       "spark.sql.streaming.statefulOperator.allowMultiple", NULL) != NULL;
  node->child[0] = f.node;
  node->schema = f.node->schema;
  node->column = position(&f, n->exprs[0]->id);
  node->delay = n->from;
  *out = (flow){node, f.ids, f.n};
  return true;
}

/* ---- stateful operators --------------------------------------------------------------------- */

static bool operator_flow(cutter *c, mill_stream_op *op, const flow *in, const uint64_t *ids, int n,
                          flow *out) {
  mill_planner *w = c->w;
  if (c->nops == MAX_SOURCES) {
    mill_stream_op_free(op);
    return MILL_W_FAIL(w, MILL_E_PLAN_TOO_DEEP, "limit", "256 stateful operators", NULL) != NULL;
  }
  c->op[c->nops++] = op;
  mill_stream_node *node = new_node(c, MILL_STREAM_OPERATOR, 1);
  if (node == NULL) return false;
  node->op = op;
  node->child[0] = in->node;
  node->schema = op->schema;
  *out = (flow){node, ids, n};
  return true;
}

typedef struct group_input { /* columns that the segment below a group computes */
  const mill_bound **expr;
  const char **name;
  uint64_t *id;
  int n;
} group_input;

/* A place in `args`, to be set to the column when the segment stands. */
typedef struct group_place {
  const mill_bound **at;
  int column;
} group_place;

typedef struct grouping {
  group_input in;
  group_place *place;
  int nplaces;
  mill_bound_aggregate *aggs;
  const mill_expr **named; /* keys, then aggregates that are used */
  int naggs;
} grouping;

static void add_column(group_input *g, const mill_bound *b) {
  g->expr[g->n] = b;
  g->name[g->n] = "c";
  g->id[g->n++] = 0;
}

static void add_place(grouping *g, const mill_bound **at) {
  if (*at == NULL || (*at)->kind == MILL_B_LITERAL) return;
  g->place[g->nplaces++] = (group_place){at, g->in.n};
  add_column(&g->in, *at);
}

static bool grouping_init(cutter *c, const mill_node *n, grouping *g) {
  mill_planner *w = c->w;
  size_t most = (size_t)n->nkeys + 1;
  for (int i = 0; i < n->naggs; i++) most += (size_t)n->aggs[i]->args[0]->nargs + 1;
  *g = (grouping){0};
  g->in.expr = mill_w_alloc(w, most * sizeof *g->in.expr);
  g->in.name = mill_w_alloc(w, most * sizeof *g->in.name);
  g->in.id = mill_w_alloc(w, most * sizeof *g->in.id);
  g->place = mill_w_alloc(w, most * sizeof *g->place);
  g->aggs = mill_w_alloc(w, ((size_t)n->naggs + 1) * sizeof *g->aggs);
  g->named = mill_w_alloc(w, (size_t)(n->nkeys + n->naggs + 1) * sizeof *g->named);
  return w->status == MILL_OK;
}

/* Keys and arguments over the rows that are grouped. */
static bool grouping_columns(mill_lowering *l, const mill_node *n, const mill_lowered *in,
                             grouping *g) {
  for (int i = 0; i < n->nkeys; i++) {
    const mill_bound *key = mill_lower_group_key(l, n, i, in);
    if (key == NULL) return false;
    add_column(&g->in, key);
    g->named[i] = n->keys[i];
  }
  for (int i = 0; i < n->naggs; i++) {
    mill_bound_aggregate *a = &g->aggs[g->naggs];
    if (!mill_used(l, n->aggs[i]->id)) continue;
    if (!mill_lower_aggregate_call(l, n->aggs[i]->args[0], in, a)) return false;
    for (int k = 0; k < a->nargs; k++) add_place(g, (const mill_bound **)&a->args[k]);
    add_place(g, &a->filter);
    g->named[n->nkeys + g->naggs++] = n->aggs[i];
  }
  return true;
}

static mill_event_time event_time_of(const mill_expr *const *columns, int n) {
  for (int i = 0; i < n; i++)
    if (mill_watermark_of(columns[i]->metadata, NULL))
      return (mill_event_time){i, columns[i]->type->id == MILL_STRUCT};
  return (mill_event_time){-1, false};
}

/* Names and ids of what the group gives. */
static const mill_type *group_schema(cutter *c, const grouping *g, int n, uint64_t **ids) {
  mill_field *f = mill_w_alloc(c->w, ((size_t)n + 1) * sizeof *f);
  *ids = mill_w_alloc(c->w, ((size_t)n + 1) * sizeof **ids);
  if (f == NULL || *ids == NULL) return NULL;
  for (int i = 0; i < n; i++) {
    const mill_expr *e = g->named[i];
    f[i] =
        (mill_field){e->kind == MILL_X_ALIAS ? e->parts[0] : e->name, e->type, e->nullable, NULL};
    (*ids)[i] = e->id;
  }
  return mill_op_schema(&c->needed, f, n);
}

static bool new_group(cutter *c, const mill_node *n, const grouping *g, const flow *in, flow *out) {
  mill_planner *w = c->w;
  int width = n->nkeys + g->naggs;
  uint64_t *ids = NULL;
  mill_stream_op *op = NULL;
  int *keys = mill_w_alloc(w, ((size_t)n->nkeys + 1) * sizeof *keys);
  const mill_type *schema = group_schema(c, g, width, &ids);
  if (keys == NULL || schema == NULL) return false;
  for (int i = 0; i < n->nkeys; i++) keys[i] = i;
  mill_stream_aggregate d = {.input = in->node->schema,
                             .schema = schema,
                             .keys = keys,
                             .nkeys = n->nkeys,
                             .aggs = g->aggs,
                             .naggs = g->naggs,
                             .time = event_time_of(n->keys, n->nkeys)};
  w->status = mill_stream_aggregate_new(w->ctx, &d, &op, w->err);
  return w->status == MILL_OK && operator_flow(c, op, in, ids, width, out);
}

static bool group_flow(cutter *c, const mill_node *n, flow *out) {
  cutting s;
  grouping g;
  flow f;
  mill_lowered in = {0}, low = {0};
  if (!begin_segment(c, n->child[0], &s)) return false;
  bool ok = mill_lower_group_input(&s.l, n, &in) && grouping_init(c, n, &g) &&
            grouping_columns(&s.l, n, &in, &g) &&
            mill_op_project(&s.l, in.op, g.in.expr, g.in.id, g.in.name, g.in.n, &low);
  if (!end_segment(c, &s, ok ? &low : &(mill_lowered){0}, ok ? low.op->schema : NULL, &f))
    return false;
  for (int i = 0; i < g.nplaces; i++) {
    *g.place[i].at = mill_b_column(&s.l, low.op, g.place[i].column);
    if (*g.place[i].at == NULL) return false;
  }
  return new_group(c, n, &g, &f, out);
}

static bool dedup_flow(cutter *c, const mill_node *n, flow *out) {
  mill_planner *w = c->w;
  flow f;
  mill_stream_op *op = NULL;
  const mill_node *child = n->child[0];
  if (!flow_of(c, child, &f)) return false;
  int *keys = mill_w_alloc(w, ((size_t)n->nkeys + 1) * sizeof *keys);
  if (keys == NULL) return false;
  mill_event_time time = event_time_of(child->output, child->noutput);
  mill_stream_dedup d = {.input = f.node->schema,
                         .keys = keys,
                         .nkeys = n->nkeys,
                         .time = time,
                         .within = n->within_watermark};
  for (int i = 0; i < n->nkeys; i++) {
    keys[i] = position(&f, n->keys[i]->id);
    d.evict |= time.column >= 0 && n->keys[i]->id == child->output[time.column]->id;
  }
  if (time.column >= 0) {
    const mill_expr *e = child->output[time.column];
    (void)mill_watermark_of(e->metadata, &d.delay);
    d.delay *= 1000;
    d.time.column = position(&f, e->id);
  }
  w->status = mill_stream_dedup_new(w->ctx, &d, &op, w->err);
  return w->status == MILL_OK && operator_flow(c, op, &f, f.ids, f.n, out);
}

static bool limit_flow(cutter *c, const mill_node *n, flow *out) {
  mill_planner *w = c->w;
  flow f;
  mill_stream_op *op = NULL;
  if (!flow_of(c, n->child[0], &f)) return false;
  w->status = mill_stream_limit_new(w->ctx, f.node->schema, n->to, &op, w->err);
  return w->status == MILL_OK && operator_flow(c, op, &f, f.ids, f.n, out);
}

static bool cut_flow(cutter *c, const mill_node *n, flow *out) {
  mill_planner *w = c->w;
  switch (n->kind) {
  case MILL_N_SOURCE: return source_flow(c, n, out);
  case MILL_N_FILTER: return pushed_flow(c, n, out);
  case MILL_N_WATERMARK: return watermark_flow(c, n, out);
  case MILL_N_AGGREGATE: return group_flow(c, n, out);
  case MILL_N_DEDUP: return dedup_flow(c, n, out);
  case MILL_N_LIMIT: return limit_flow(c, n, out);
  default:
    return MILL_W_FAIL(w, MILL_E_UNSUPPORTED_FEATURE_TABLE_OPERATION, "tableName", "stream",
                       "operation", "joins of two streams", NULL) != NULL;
  }
}

static bool flow_of(cutter *c, const mill_node *n, flow *out) {
  if (!mill_w_enter(c->w)) return false;
  bool ok = is_cut(c, n) ? cut_flow(c, n, out) : segment_flow(c, n, out);
  mill_w_leave(c->w);
  return ok && c->w->status == MILL_OK;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static bool cut_plan(cutter *c, const mill_node *root, flow *out) {
  cutting s;
  mill_lowered low = {0};
  const mill_node *n = mill_infer_not_null(c->w, root);
  if (n) n = mill_lowering_begin(&c->needed, n);
  if (n) n = mill_n_up(c->w, n, part_filter);
  if (n == NULL || !begin_segment(c, n, &s)) return false;
  bool ok =
      mill_lower(&s.l, n, &low) && mill_lower_output(&s.l, &low, root->output, root->noutput, &low);
  return end_segment(c, &s, ok ? &low : &(mill_lowered){0}, c->owner->plan->schema, out) &&
         c->w->status == MILL_OK;
}

static void release(void *arg) {
  stream_plan *s = arg;
  mill_plan *plan = s->plan;
  mill_lowering_release(s->scans);
  mill_arena_clear(&s->arena);
  mill_free(mill_session_memory(plan->session), s, sizeof *s);
  mill_plan_unref(plan);
}

static mill_query_spec spec_of(const mill_planner *w, const mill_stream_options *o) {
  const char *kept = mill_session_get(w->session, "spark.sql.streaming.numRecentProgressUpdates");
  const char *policy = mill_session_get(w->session, "spark.sql.streaming.multipleWatermarkPolicy");
  mill_query_spec s = {.name = o->name,
                       .checkpoint = o->checkpoint,
                       .mode = o->mode,
                       .trigger = o->trigger,
                       .interval = o->interval,
                       .sink = o->sink,
                       .set = w->set};
  s.policy_max = policy && strcasecmp(policy, "max") == 0;
  s.no_data_batches = mill_w_conf(w, "spark.sql.streaming.noDataMicroBatches.enabled");
  s.one_watermark = !mill_w_conf(w, "spark.sql.streaming.statefulOperator.allowMultiple");
  s.keep_progress = kept ? atoi(kept) - 1 : 99;
  return s;
}

static mill_status new_query(cutter *c, const mill_node *root, mill_query_spec *spec,
                             mill_query **out, mill_error *err) {
  flow f;
  if (cut_plan(c, root, &f)) {
    spec->root = f.node;
    spec->sources = c->source;
    spec->nsources = c->nsources;
    spec->owner = c->owner;
    spec->release = release;
    return mill_query_new(c->w->ctx, spec, out, err);
  }
  for (int i = 0; i < c->nops; i++) mill_stream_op_free(c->op[i]);
  spec->sink->free(spec->sink);
  release(c->owner);
  return c->w->status;
}

mill_status mill_plan_query(mill_plan *p, const mill_stream_options *o, mill_query **out,
                            mill_error *err) {
  mill_planner w;
  mill_memory *m = mill_session_memory(p->session);
  mill_status s = mill_plan_check_stream(p, o->mode, err);
  if (s == MILL_OK) s = mill_plan_begin(p, &w, err);
  stream_plan *owner = s == MILL_OK ? mill_calloc(m, sizeof *owner) : NULL;
  cutter *c = owner ? mill_calloc(m, sizeof *c) : NULL;
  if (s == MILL_OK && c == NULL) s = mill_oom(m, sizeof *c, err);
  if (s != MILL_OK) {
    if (owner) mill_free(m, owner, sizeof *owner);
    o->sink->free(o->sink);
    return s;
  }
  owner->plan = mill_plan_ref(p);
  mill_arena_init(&owner->arena, m);
  w.arena = &owner->arena;
  c->w = &w;
  c->needed.w = &w;
  c->owner = owner;
  c->mode = o->mode;
  mill_query_spec spec = spec_of(&w, o);
  s = new_query(c, p->root, &spec, out, err);
  mill_free(m, c, sizeof *c);
  return s;
}

/* ---- modes ---------------------------------------------------------------------------------- */

static const char *const modes[] = {"append", "update", "complete"};

bool mill_output_mode_of(const char *name, mill_output_mode *out) {
  for (int i = 0; i < 3; i++) {
    if (strcasecmp(name, modes[i]) != 0) continue;
    *out = (mill_output_mode)i;
    return true;
  }
  return false;
}

mill_status mill_plan_check_stream(const mill_plan *p, mill_output_mode mode, mill_error *err) {
  return mill_stream_check(p->root, modes[mode], err);
}
