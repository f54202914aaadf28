/* GROUP BY over a stream: partial states a group, kept between batches.
**
** A batch's rows go into fresh states, one set a touched group, which is found by the words of its
** keys (key_cache.h), or by their bytes where it is new; a group known from before starts
** from its stored partial values, so that order-dependent functions see old rows first. Then the
** partial values are saved, the rows of the output mode come out of the store, and finished groups
** go. Spark: StateStoreRestoreExec and StateStoreSaveExec. */
#include "stream/key_cache.h"
#include "stream/operator.h"

typedef struct aggregate_op {
  mill_stream_op base;
  mill_memory *memory;
  mill_arena arena; /* copies of the description */
  const mill_type *input;
  int *keys, nkeys, naggs;
  const mill_bound_aggregate *aggs;
  size_t *offset, group_size; /* of each aggregate's state within a group's */
  mill_event_time time;
} aggregate_op;

/* One batch. */
typedef struct work {
  aggregate_op *op;
  const mill_stream_batch *b;
  mill_arena arena;        /* what the states point to */
  mill_call *call;         /* one an aggregate */
  mill_store groups, late; /* key -> u32 place in `group`; late keys */
  char **group;
  size_t ngroups, capacity;
  mill_text key;
  mill_key_cache cache;
  char **cached; /* the group of each number of the cache; NULL: its rows are late */
  size_t ncached, cached_capacity;
} work;

static mill_status damaged(const work *w, mill_error *err) {
  return mill_fail(err, MILL_E_CORRUPT_FILE, "path", "state", "reason",
                   mill_error_fmt(err, "a value of operator %s is no such row", w->op->base.name),
                   NULL);
}

/* ---- groups --------------------------------------------------------------------------------- */

static mill_status new_group(work *w, char **out, mill_error *err) {
  char *g = mill_arena_alloc(&w->arena, w->op->group_size);
  if (g == NULL) return mill_oom(w->op->memory, w->op->group_size, err);
  for (int k = 0; k < w->op->naggs; k++)
    if (w->op->aggs[k].impl->init) w->op->aggs[k].impl->init(&w->call[k], g + w->op->offset[k]);
  *out = g;
  return MILL_OK;
}

/* Merge stored values into n fresh groups. */
static mill_status restore(work *w, const mill_store_entry *const *e, char *const *group,
                           uint32_t n, mill_error *err) {
  const aggregate_op *op = w->op;
  mill_vector *v = mill_arena_alloc(&w->arena, ((size_t)op->naggs + 1) * sizeof *v);
  void **states = mill_arena_alloc(&w->arena, (n + 1) * sizeof *states);
  if (v == NULL || states == NULL) return mill_oom(op->memory, sizeof *v, err);
  for (int k = 0; k < op->naggs; k++)
    MILL_TRY(mill_vector_init(&v[k], op->aggs[k].partial, n, &w->arena, err));
  for (uint32_t i = 0; i < n; i++) {
    const char *p = mill_store_value(e[i]);
    mill_row_reader r = {p, p + e[i]->value_size, false};
    for (int k = 0; k < op->naggs; k++) MILL_TRY(mill_row_take(&r, &v[k], &w->arena, err));
    if (r.broken) return damaged(w, err);
  }
  for (int k = 0; k < op->naggs; k++) {
    for (uint32_t i = 0; i < n; i++) states[i] = group[i] + op->offset[k];
    MILL_TRY(op->aggs[k].impl->merge(&w->call[k], states, &v[k], n, err));
  }
  return MILL_OK;
}

/* The group of w->key; *known is its stored entry when this batch has not touched it before. */
static mill_status find_group(work *w, int64_t time, char **out, const mill_store_entry **known,
                              mill_error *err) {
  *known = NULL;
  const mill_store_entry *e = mill_store_get(&w->groups, w->key.data, w->key.size);
  if (e) {
    uint32_t at;
    memcpy(&at, mill_store_value(e), sizeof at);
    *out = w->group[at];
    return MILL_OK;
  }
  void *list = w->group;
  uint32_t at = (uint32_t)w->ngroups;
  mill_status s =
      mill_grow(w->op->memory, &list, &w->capacity, w->ngroups + 1, sizeof(char *), err);
  w->group = list;
  MILL_TRY(s);
  MILL_TRY(new_group(w, out, err));
  MILL_TRY(mill_store_put(&w->groups, w->key.data, w->key.size, (const char *)&at, sizeof at, time,
                          err));
  w->group[w->ngroups++] = *out;
  *known = mill_store_get(&w->op->base.state, w->key.data, w->key.size);
  return MILL_OK;
}

/* ---- a batch of input ----------------------------------------------------------------------- */

typedef struct touched { /* rows of one input batch that count */
  uint32_t n, sel[MILL_BATCH];
  char *group[MILL_BATCH];
  uint32_t number[MILL_BATCH]; /* in the cache */
  uint32_t nknown;
  char *fresh[MILL_BATCH];
  const mill_store_entry *known[MILL_BATCH];
} touched;

static mill_status touch_row(work *w, const mill_vector *const *keys, uint32_t row, touched *t,
                             mill_error *err) {
  const aggregate_op *op = w->op;
  int64_t time = MILL_NO_TIME;
  if (op->time.column >= 0) time = mill_event_time_at(keys[op->time.column], op->time.window, row);
  mill_text_reset(&w->key);
  MILL_TRY(mill_row_put_all(keys, op->nkeys, row, true, &w->key, err));
  if (time <= w->b->late && w->b->mode != MILL_COMPLETE)
    return mill_store_put(&w->late, w->key.data, w->key.size, "", 0, time, err);
  t->sel[t->n] = row;
  MILL_TRY(find_group(w, time, &t->group[t->n], &t->known[t->nknown], err));
  if (t->known[t->nknown]) t->fresh[t->nknown++] = t->group[t->n];
  t->n++;
  return MILL_OK;
}

/* The first row of a key the cache did not know. */
static mill_status touch_new(work *w, const mill_vector *const *keys, uint32_t row, touched *t,
                             mill_error *err) {
  uint32_t before = t->n;
  void *list = w->cached;
  mill_status s =
      mill_grow(w->op->memory, &list, &w->cached_capacity, w->ncached + 1, sizeof *w->cached, err);
  w->cached = list;
  MILL_TRY(s);
  MILL_TRY(touch_row(w, keys, row, t, err));
  w->cached[w->ncached++] = t->n > before ? t->group[before] : NULL;
  return MILL_OK;
}

static mill_status touch_rows(work *w, const mill_batch *in, const mill_vector *const *keys,
                              touched *t, mill_arena *a, mill_error *err) {
  const aggregate_op *op = w->op;
  bool numbered;
  MILL_TRY(mill_key_cache_find(&w->cache, in, op->keys, op->nkeys, t->number, &numbered, a, err));
  for (uint32_t i = 0; i < in->n; i++) {
    uint32_t row = mill_batch_row(in, i);
    if (!numbered) {
      MILL_TRY(touch_row(w, keys, row, t, err));
    } else if (t->number[i] == w->ncached) {
      MILL_TRY(touch_new(w, keys, row, t, err));
    } else {
      t->sel[t->n] = row;
      t->group[t->n] = w->cached[t->number[i]];
      t->n += t->group[t->n] != NULL;
    }
  }
  return MILL_OK;
}

/* Rows where the FILTER column is true; returns how many. */
static uint32_t filtered(const mill_bound_aggregate *a, const mill_batch *in, const touched *t,
                         size_t offset, uint32_t *sel, void **states) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < t->n; i++) {
    bool keep = true;
    if (a->filter) {
      const mill_vector *f =
          a->filter->kind == MILL_B_COLUMN ? &in->col[a->filter->index] : a->filter->value;
      keep = mill_vector_valid(f, t->sel[i]) &&
             ((const uint8_t *)f->data)[mill_vector_at(f, t->sel[i])];
    }
    if (!keep) continue;
    sel[n] = t->sel[i];
    states[n++] = t->group[i] + offset;
  }
  return n;
}

static mill_status update(work *w, int k, const mill_batch *in, const touched *t, mill_arena *a,
                          mill_error *err) {
  const mill_bound_aggregate *agg = &w->op->aggs[k];
  uint32_t sel[MILL_BATCH];
  void *states[MILL_BATCH];
  uint32_t n = filtered(agg, in, t, w->op->offset[k], sel, states);
  if (n == 0) return MILL_OK;
  mill_vector *own = mill_arena_alloc(a, ((size_t)agg->nargs + 1) * sizeof *own);
  const mill_vector **args = mill_arena_alloc(a, ((size_t)agg->nargs + 1) * sizeof *args);
  if (own == NULL || args == NULL) return mill_oom(w->op->memory, sizeof *own, err);
  for (int i = 0; i < agg->nargs; i++) {
    args[i] = &own[i];
    if (agg->args[i]->kind == MILL_B_LITERAL)
      own[i] = *agg->args[i]->value;
    else
      MILL_TRY(mill_vector_gather(&own[i], &in->col[agg->args[i]->index], sel, n, false, a, err));
  }
  return agg->impl->update(&w->call[k], states, args, n, err);
}

static mill_status take_batch(work *w, const mill_batch *in, touched *t, mill_arena *a,
                              mill_error *err) {
  const mill_vector **keys = mill_arena_alloc(a, ((size_t)w->op->nkeys + 1) * sizeof *keys);
  if (keys == NULL) return mill_oom(w->op->memory, sizeof *keys, err);
  for (int k = 0; k < w->op->nkeys; k++) keys[k] = &in->col[w->op->keys[k]];
  t->n = t->nknown = 0;
  MILL_TRY(touch_rows(w, in, keys, t, a, err));
  if (t->nknown) MILL_TRY(restore(w, t->known, t->fresh, t->nknown, err));
  for (int k = 0; k < w->op->naggs; k++) MILL_TRY(update(w, k, in, t, a, err));
  return MILL_OK;
}

static mill_status take_rows(work *w, mill_rows *in, mill_error *err) {
  mill_arena a;
  mill_batch *batch;
  touched *t = mill_alloc(w->op->memory, sizeof *t);
  if (t == NULL) return mill_oom(w->op->memory, sizeof *t, err);
  mill_arena_init(&a, w->op->memory);
  mill_status s = in->next(in, &batch, err);
  while (s == MILL_OK && batch) {
    s = take_batch(w, batch, t, &a, err);
    mill_arena_clear(&a);
    if (s == MILL_OK) s = in->next(in, &batch, err);
  }
  mill_free(w->op->memory, t, sizeof *t);
  return s;
}

/* A query without keys has its one group from the first batch on. */
static mill_status need_global(work *w, mill_error *err) {
  char *group;
  const mill_store_entry *known;
  mill_text_reset(&w->key);
  MILL_TRY(mill_text_adds(&w->key, "", err));
  MILL_TRY(find_group(w, MILL_NO_TIME, &group, &known, err));
  return known ? restore(w, &known, &group, 1, err) : MILL_OK;
}

/* ---- saving --------------------------------------------------------------------------------- */

static mill_status save_some(work *w, size_t from, uint32_t n, mill_text *value, mill_error *err) {
  const aggregate_op *op = w->op;
  mill_vector *v = mill_arena_alloc(&w->arena, ((size_t)op->naggs + 1) * sizeof *v);
  const mill_vector **all = mill_arena_alloc(&w->arena, ((size_t)op->naggs + 1) * sizeof *all);
  if (v == NULL || all == NULL) return mill_oom(op->memory, sizeof *v, err);
  for (int k = 0; k < op->naggs; k++) {
    void *states[MILL_BATCH];
    for (uint32_t i = 0; i < n; i++) states[i] = w->group[from + i] + op->offset[k];
    MILL_TRY(mill_vector_init(&v[k], op->aggs[k].partial, n, &w->arena, err));
    MILL_TRY(op->aggs[k].impl->save(&w->call[k], states, n, &v[k], err));
    all[k] = &v[k];
  }
  for (uint32_t i = 0; i < n; i++) {
    const mill_store_entry *g = w->groups.entry[from + i]; /* in the order of `group` */
    mill_text_reset(value);
    MILL_TRY(mill_row_put_all(all, op->naggs, i, false, value, err));
    MILL_TRY(mill_store_put(&w->op->base.state, mill_store_key(g), g->key_size,
                            value->data ? value->data : "", value->size, g->time, err));
  }
  return MILL_OK;
}

static mill_status save(work *w, mill_error *err) {
  mill_text value;
  mill_status s = MILL_OK;
  mill_text_init(&value, w->op->memory);
  for (size_t i = 0; s == MILL_OK && i < w->ngroups; i += MILL_BATCH) {
    size_t n = w->ngroups - i < MILL_BATCH ? w->ngroups - i : MILL_BATCH;
    s = save_some(w, i, (uint32_t)n, &value, err);
  }
  mill_text_clear(&value);
  w->op->base.counts.updated = w->ngroups;
  return s;
}

/* ---- giving rows ---------------------------------------------------------------------------- */

/* Stored groups as rows at the end of `out`. */
static mill_status give_some(work *w, const mill_store_entry *const *e, uint32_t n, mill_table *out,
                             mill_error *err) {
  const aggregate_op *op = w->op;
  const mill_type *schema = op->base.schema;
  char *group[MILL_BATCH];
  void *states[MILL_BATCH];
  mill_vector *col = mill_arena_alloc(&w->arena, ((size_t)schema->nfields + 1) * sizeof *col);
  if (col == NULL) return mill_oom(op->memory, sizeof *col, err);
  for (uint32_t k = 0; k < schema->nfields; k++)
    MILL_TRY(mill_vector_init(&col[k], schema->fields[k].type, n, &w->arena, err));
  for (uint32_t i = 0; i < n; i++) {
    mill_row_reader r = {e[i]->bytes, e[i]->bytes + e[i]->key_size, false};
    for (int k = 0; k < op->nkeys; k++) MILL_TRY(mill_row_take(&r, &col[k], &w->arena, err));
    if (r.broken) return damaged(w, err);
    MILL_TRY(new_group(w, &group[i], err));
  }
  MILL_TRY(restore(w, e, group, n, err));
  for (int k = 0; k < op->naggs; k++) {
    for (uint32_t i = 0; i < n; i++) states[i] = group[i] + op->offset[k];
    mill_vector *v = &col[op->nkeys + k];
    MILL_TRY(op->aggs[k].impl->final(&w->call[k], states, n, v, err));
    v->size = n;
  }
  mill_batch b = {.n = n, .ncols = schema->nfields, .col = col};
  return mill_table_append(out, &b, err);
}

/* The i-th stored group that may be part of the output: in update mode those of this batch. NULL:
** none here. */
static const mill_store_entry *candidate(const work *w, size_t i) {
  const mill_store *s = &w->op->base.state;
  if (w->b->mode == MILL_UPDATE) {
    const mill_store_entry *g = w->groups.entry[i];
    return mill_store_get(s, g->bytes, g->key_size);
  }
  const mill_store_entry *e = s->entry[i];
  if (e == NULL || w->b->mode == MILL_COMPLETE) return e;
  return e->time != MILL_NO_TIME && e->time <= w->b->watermark ? e : NULL;
}

static mill_status give(work *w, mill_table *out, mill_error *err) {
  const mill_store *s = &w->op->base.state;
  const mill_store_entry *e[MILL_BATCH];
  uint32_t n = 0;
  if (w->b->mode == MILL_APPEND && s->oldest > w->b->watermark) return MILL_OK;
  size_t count = w->b->mode == MILL_UPDATE ? w->ngroups : s->nentries;
  for (size_t i = 0; i < count; i++) {
    if ((e[n] = candidate(w, i)) == NULL || ++n < MILL_BATCH) continue;
    MILL_TRY(give_some(w, e, n, out, err));
    n = 0;
  }
  return n ? give_some(w, e, n, out, err) : MILL_OK;
}

/* ---- the operator --------------------------------------------------------------------------- */

static mill_status work_init(work *w, aggregate_op *op, const mill_stream_batch *b,
                             mill_error *err) {
  *w = (work){.op = op, .b = b};
  mill_arena_init(&w->arena, op->memory);
  mill_store_init(&w->groups, op->memory);
  mill_store_init(&w->late, op->memory);
  mill_text_init(&w->key, op->memory);
  MILL_TRY(mill_key_cache_init(&w->cache, op->input, op->keys, op->nkeys, &w->arena, err));
  w->call = mill_arena_alloc(&w->arena, ((size_t)op->naggs + 1) * sizeof *w->call);
  if (w->call == NULL) return mill_oom(op->memory, sizeof *w->call, err);
  for (int k = 0; k < op->naggs; k++) {
    const mill_bound_aggregate *a = &op->aggs[k];
    w->call[k] = (mill_call){.ctx = b->ctx,
                             .set = b->set,
                             .fn = a->fn,
                             .result = a->type,
                             .arg_type = a->arg_type,
                             .nargs = a->nargs,
                             .state = a->state,
                             .arena = &w->arena,
                             .text = a->text,
                             .start = a->start,
                             .stop = a->stop};
  }
  return MILL_OK;
}

static void work_clear(work *w) {
  mill_free(w->op->memory, w->group, w->capacity * sizeof *w->group);
  mill_free(w->op->memory, w->cached, w->cached_capacity * sizeof *w->cached);
  mill_key_cache_clear(&w->cache);
  mill_arena_clear(&w->arena);
  mill_store_clear(&w->groups);
  mill_store_clear(&w->late);
  mill_text_clear(&w->key);
}

static mill_status run_batch(work *w, mill_rows *in, mill_table *out, mill_error *err) {
  mill_stream_counts *c = &w->op->base.counts;
  MILL_TRY(take_rows(w, in, err));
  if (w->op->nkeys == 0) MILL_TRY(need_global(w, err));
  MILL_TRY(save(w, err));
  c->dropped = w->late.rows;
  MILL_TRY(give(w, out, err));
  if (w->b->mode == MILL_COMPLETE || w->op->time.column < 0) return MILL_OK;
  return mill_store_evict(&w->op->base.state, w->b->watermark, &c->removed, err);
}

static mill_status run(mill_stream_op *base, const mill_stream_batch *b, mill_rows *in,
                       mill_rows **out, mill_error *err) {
  aggregate_op *op = (aggregate_op *)base;
  mill_table *t = NULL;
  work w;
  base->counts = (mill_stream_counts){0};
  mill_status s = work_init(&w, op, b, err);
  if (s == MILL_OK) s = mill_table_new(op->memory, base->schema, &t, err);
  if (s == MILL_OK) s = run_batch(&w, in, t, err);
  work_clear(&w);
  in->free(in);
  if (s == MILL_OK) return mill_stream_table_rows(t, out, err);
  if (t) mill_table_unref(t);
  return s;
}

/* Also where the watermark is in no key and nothing ever goes, as in Spark. */
static bool due(const mill_stream_op *base, mill_output_mode mode) {
  (void)base;
  return mode != MILL_COMPLETE;
}

static void free_op(mill_stream_op *base) {
  aggregate_op *op = (aggregate_op *)base;
  mill_stream_op_clear(base);
  mill_arena_clear(&op->arena);
  mill_free(op->memory, op, sizeof *op);
}

static mill_status describe(aggregate_op *op, const mill_stream_aggregate *d, mill_error *err) {
  op->keys = mill_arena_alloc(&op->arena, ((size_t)d->nkeys + 1) * sizeof *op->keys);
  op->offset = mill_arena_alloc(&op->arena, ((size_t)d->naggs + 1) * sizeof *op->offset);
  mill_bound_aggregate *aggs = mill_arena_alloc(&op->arena, ((size_t)d->naggs + 1) * sizeof *aggs);
  if (op->keys == NULL || op->offset == NULL || aggs == NULL)
    return mill_oom(op->memory, sizeof *aggs, err);
  memcpy(op->keys, d->keys, (size_t)d->nkeys * sizeof *op->keys);
  if (d->naggs) memcpy(aggs, d->aggs, (size_t)d->naggs * sizeof *aggs);
  op->aggs = aggs;
  op->group_size = 16; /* never empty */
  MILL_TRY(mill_stream_op_init(&op->base, &(mill_context){.memory = op->memory}, "stateStoreSave",
                               d->schema, d->input, d->keys, d->nkeys, err));
  for (int k = 0; k < d->naggs; k++) {
    op->offset[k] = op->group_size;
    op->group_size += (aggs[k].impl->state_size + 15u) & ~(size_t)15;
    MILL_TRY(mill_text_printf(&op->base.values, err, "%s%s ", k ? "," : "", aggs[k].fn->name));
    MILL_TRY(mill_type_sql(aggs[k].partial, &op->base.values, err));
  }
  return MILL_OK;
}

mill_status mill_stream_aggregate_new(const mill_context *ctx, const mill_stream_aggregate *d,
                                      mill_stream_op **out, mill_error *err) {
  aggregate_op *op = mill_calloc(ctx->memory, sizeof *op);
  if (op == NULL) return mill_oom(ctx->memory, sizeof *op, err);
  op->memory = ctx->memory;
  op->input = d->input;
  op->nkeys = d->nkeys;
  op->naggs = d->naggs;
  op->time = d->time;
  op->base.due = due;
  op->base.run = run;
  op->base.free = free_op;
  mill_arena_init(&op->arena, ctx->memory);
  mill_store_init(&op->base.state, ctx->memory);
  mill_text_init(&op->base.keys, ctx->memory);
  mill_text_init(&op->base.values, ctx->memory);
  mill_status s = describe(op, d, err);
  if (s == MILL_OK)
    *out = &op->base;
  else
    free_op(&op->base);
  return s;
}
