/* Hash aggregation. Rows are grouped in parts, which are merged at the end (aggregate_merge.c); groups
** come in the order of their first rows (aggregate_place.c). DISTINCT calls are taken apart first
** (distinct.c).
**
** Where all calls are exact, so that nobody can tell how rows were put together, a worker goes on with
** its part from morsel to morsel, unless each morsel brings groups of its own. Else a part takes
** some morsels in turn, as long as it has few groups, which are the same morsels at any number of
** threads, and parts are merged in the order of the morsels: so are the answers.
**
** When memory nears the limit, parts go to disk (aggregate_spill.c): at the end of a morsel, exact ones
** also within it.
**
** Where most rows open a group of their own, or the groups are beyond the caches, grouping is left to the
** end (aggregate_loose.c).
**
** What a thread needs to look at a batch is taken from a list when a morsel begins and put back at
** its end: as many are made as morsels run at once. */
#include <stddef.h>
#include <string.h>

#include "base/hash.h"
#include "base/thread.h"
#include "exec/aggregate_int.h"

enum {
  FIRST_STATES = 8,
  NEAR_STATES = 1 << 18,
  MANY_GROUPS = 256,
  CARRY_GROUPS = 16384,
  RELIEVE_GROUPS = 16384,
  STRIDES = 32
};
enum {
  FEW_ROWS_EACH = 8
};                     /* rows of a batch that each group has on the average, to be one of few */
enum { RUN_ROWS = 2 }; /* of a run with the same keys, on the average, to be looked up as one */
/* Rows of a part between which it may give up grouping; from the lower number on where another part
** has. It does where there seem to be more groups than that. */
enum {
  JUDGED = 16
}; /* of so many parts that begin, one groups its rows to see if that is worth it again */
enum { TRY_AGAIN_ROWS = 4096, TRY_ROWS = 16384, TRY_LAST_ROWS = 32768, LOOSE_GROUPS = 300000 };

mill_call mill_agg_call(const mill_agg_plan *p, int call, mill_arena *a) {
  const mill_bound_aggregate *b = &p->op->aggs[call];
  return (mill_call){.ctx = p->x->ctx,
                     .set = p->x->set,
                     .fn = b->fn,
                     .result = b->type,
                     .arg_type = b->arg_type,
                     .nargs = b->nargs,
                     .state = b->state,
                     .arena = a,
                     .text = b->text,
                     .start = b->start,
                     .stop = b->stop};
}

/* ---- parts ---------------------------------------------------------------------------------- */

mill_status mill_agg_part_init(mill_agg_part *p, const mill_agg_plan *plan, mill_error *err) {
  mill_memory *m = plan->x->ctx->memory;
  *p = (mill_agg_part){.plan = plan};
  mill_arena_init(&p->arena, m);
  return mill_groups_init(&p->groups, &plan->layout, m, &p->arena, err);
}

void mill_agg_part_clear(mill_agg_part *p) {
  if (p->plan == NULL) return;
  mill_agg_runs_free(p);
  mill_agg_shares_clear(p);
  mill_agg_loose_clear(p);
  mill_groups_clear(&p->groups);
  mill_free(p->arena.memory, p->state, (size_t)p->capacity * p->plan->state_size);
  mill_free(p->arena.memory, p->span, p->span_room * sizeof *p->span);
  mill_arena_clear(&p->arena);
}

static mill_status grow_states(mill_agg_part *p, uint32_t want, mill_error *err) {
  size_t size = p->plan->state_size, have = p->capacity * size;
  if (size == 0 || want <= p->capacity) return MILL_OK;
  char *s = mill_realloc(p->arena.memory, p->state, have, want * size);
  if (s == NULL) return mill_oom(p->arena.memory, want * size, err);
  memset(s + have, 0, want * size - have);
  p->state = s;
  p->capacity = want;
  return MILL_OK;
}

mill_status mill_agg_part_reserve(mill_agg_part *p, uint32_t n, mill_error *err) {
  MILL_TRY(mill_groups_reserve(&p->groups, n, err));
  return grow_states(p, n, err);
}

/* States for the groups from `from` on. */
static mill_status make_states(mill_agg_part *p, uint32_t from, mill_error *err) {
  const mill_agg_plan *plan = p->plan;
  uint32_t n = p->groups.n, want = p->capacity ? p->capacity : FIRST_STATES;
  while (want < n) want *= 2;
  MILL_TRY(grow_states(p, want, err));
  for (int i = 0; i < plan->op->naggs; i++) {
    const mill_aggregate *impl = plan->op->aggs[i].impl;
    mill_call call = mill_agg_call(plan, i, &p->arena);
    if (plan->shares[i]) continue;
    for (uint32_t g = from; impl->init && g < n; g++) impl->init(&call, mill_agg_state(p, g, i));
  }
  return MILL_OK;
}

mill_status mill_agg_find(mill_agg_part *p, const mill_group_keys *k, uint32_t n, uint32_t *group,
                          mill_error *err) {
  uint32_t before = p->groups.n;
  if (p->plan->op->nkeys == 0) {
    p->groups.n = 1;
    memset(group, 0, n * sizeof *group);
  } else {
    MILL_TRY(mill_groups_find(&p->groups, k, n, group, err));
  }
  return p->groups.n > before ? make_states(p, before, err) : MILL_OK;
}

mill_status mill_agg_append(mill_agg_part *p, const mill_group_keys *k, uint32_t n, uint32_t *group,
                            mill_error *err) {
  uint32_t before = p->groups.n;
  MILL_TRY(mill_groups_append(&p->groups, k, n, err));
  for (uint32_t i = 0; i < n; i++) group[i] = before + i;
  return make_states(p, before, err);
}

/* ---- batches -------------------------------------------------------------------------------- */

typedef struct agg_worker agg_worker;
struct agg_worker {
  agg_worker *next_free, *next;
  mill_agg_part *part; /* that goes on; NULL: none */
  size_t morsel;       /* the last */
  uint64_t before;     /* what it added to parts that have ended */
  mill_program *by, *program;
  mill_vector *out; /* keys; then, of `program`, each call's filter and arguments */
  mill_group_keys keys;
  mill_agg_perfect *perfect; /* NULL: none */
  bool columns;              /* all keys are */
  bool based, is_few;        /* base is of this batch; few of it are */
  mill_few_groups few;
  mill_arena own, scratch;
  uint32_t group[MILL_BATCH];
  char *base[MILL_BATCH]; /* the states of each row's group */
  void *states[MILL_BATCH];
};

/* The states of each row's group; of many groups they are asked for ahead of their use. */
static void find_states(const mill_agg_part *p, agg_worker *w, uint32_t n) {
  const uint32_t size = p->plan->state_size;
  const bool keys = p->plan->op->nkeys > 0;
  if (w->based) return;
  w->based = true;
  for (uint32_t r = 0; r < n; r++) w->base[r] = p->state + (keys ? (size_t)w->group[r] * size : 0);
  if ((size_t)p->groups.n * size < NEAR_STATES) return;
  for (uint32_t r = 0; r < n; r++) {
    __builtin_prefetch(w->base[r], 1);
    __builtin_prefetch(w->base[r] + size - 1, 1);
  }
}

/* The rows a call counts, where it does not count all. */
static mill_status update_some(mill_agg_part *p, agg_worker *w, int i, const mill_vector *v,
                               uint32_t n, const mill_vector **args, uint32_t *kept,
                               mill_error *err) {
  const mill_bound_aggregate *a = &p->plan->op->aggs[i];
  const mill_vector *arg = v + 1;
  uint32_t rows[MILL_BATCH];
  const uint8_t *yes = v[0].data;
  *kept = 0;
  for (uint32_t r = 0; r < n; r++)
    if (mill_vector_valid(&v[0], r) && yes[mill_vector_at(&v[0], r)]) rows[(*kept)++] = r;
  for (int k = 0; k < a->nargs; k++) {
    mill_vector *c = mill_arena_alloc(&w->scratch, sizeof *c);
    if (c == NULL) return mill_oom(w->scratch.memory, sizeof *c, err);
    MILL_TRY(mill_vector_gather(c, &arg[k], rows, *kept, false, &w->scratch, err));
    args[k] = c;
  }
  find_states(p, w, n);
  for (uint32_t r = 0; r < *kept; r++) w->states[r] = w->base[rows[r]] + p->plan->offset[i];
  return MILL_OK;
}

static bool any_null(const mill_vector *const *args, int n) {
  for (int k = 0; k < n; k++)
    if (args[k]->valid || args[k]->index || args[k]->type->phys == MILL_PHYS_NONE) return true;
  return false;
}

/* All rows; at once where they are of one group, or of few. */
static mill_status update_call(mill_agg_part *p, agg_worker *w, int i, const mill_vector *v,
                               uint32_t n, mill_error *err) {
  const mill_bound_aggregate *a = &p->plan->op->aggs[i];
  const mill_vector *arg = v + (a->filter ? 1 : 0);
  mill_call call = mill_agg_call(p->plan, i, &p->arena);
  const mill_vector **args = mill_arena_alloc(&w->scratch, (size_t)(a->nargs + 1) * sizeof *args);
  uint32_t kept = n;
  if (args == NULL) return mill_oom(w->scratch.memory, n, err);
  for (int k = 0; k < a->nargs; k++) args[k] = &arg[k];
  if (a->filter) {
    MILL_TRY(update_some(p, w, i, v, n, args, &kept, err));
    if (kept == 0) return MILL_OK;
  }
  if (p->plan->op->nkeys == 0 && a->impl->update_all)
    return a->impl->update_all(&call, mill_agg_state(p, 0, i), args, kept, err);
  if (w->is_few && a->impl->update_few && !a->filter && !any_null(args, a->nargs)) {
    w->few.states = p->state + p->plan->offset[i];
    return a->impl->update_few(&call, &w->few, args, n, err);
  }
  find_states(p, w, n);
  for (uint32_t r = 0; r < n && !a->filter; r++) w->states[r] = w->base[r] + p->plan->offset[i];
  return a->impl->update(&call, w->states, args, kept, err);
}

static mill_status run_keys(agg_worker *w, const mill_batch *b, mill_error *err) {
  return mill_program_run(w->by, b, w->out, err);
}

/* changed[i]: the place of row i > 0 in the key's data is another than that of the row before. False: the key is
** not a dictionary. */
static bool mark_changes(const mill_vector *v, const mill_batch *b, uint8_t *restrict changed) {
  const uint32_t *index = v->index, *sel = b->sel;
  if (v->mask == 0 && index == NULL) return true;
  if (v->mask == 0 || index == NULL) return false;
  if (sel)
    for (uint32_t i = 1; i < b->n; i++) changed[i] |= index[sel[i]] != index[sel[i - 1]];
  else
    for (uint32_t i = 1; i < b->n; i++) changed[i] |= index[i] != index[i - 1];
  return true;
}

/* The first row of each run of rows that have the same places in all keys, where these are dictionaries, as what a
** join finds is; how many. 0: the runs are not worth it. */
static uint32_t find_runs(const mill_op *op, const mill_batch *b, uint8_t *changed, uint32_t *row) {
  const uint32_t *last = NULL;
  uint32_t runs = 0;
  memset(changed, 0, b->n);
  changed[0] = 1;
  for (int k = 0; k < op->nkeys; k++) {
    const mill_vector *v = &b->col[op->keys[k]->index];
    if (last && v->index == last) continue; /* of the same table */
    if (!mark_changes(v, b, changed)) return 0;
    last = v->index;
  }
  for (uint32_t i = 0; i < b->n; i++) {
    row[runs] = mill_batch_row(b, i);
    runs += changed[i];
  }
  return runs <= b->n / RUN_ROWS ? runs : 0;
}

/* The group of each row, looked up once a run of rows with the same keys. *done: false where that is not worth it. */
static mill_status find_by_runs(mill_agg_part *p, agg_worker *w, const mill_batch *b, bool *done,
                                mill_error *err) {
  uint8_t changed[MILL_BATCH];
  uint32_t row[MILL_BATCH], group[MILL_BATCH];
  mill_batch firsts = *b;
  if (!w->columns || b->n == 0) return MILL_OK;
  firsts.n = find_runs(p->plan->op, b, changed, row);
  firsts.sel = row;
  if (firsts.n == 0) return MILL_OK;
  MILL_TRY(run_keys(w, &firsts, err));
  mill_group_keys_set(&w->keys, &p->plan->layout, w->out, firsts.n);
  MILL_TRY(mill_agg_find(p, &w->keys, firsts.n, group, err));
  for (uint32_t i = 0, run = 0; i < b->n; i++) {
    run += changed[i];
    w->group[i] = group[run - 1];
  }
  *done = true;
  return MILL_OK;
}

/* The group of each row. Perfect hashing takes columns as they are. */
static mill_status find_rows(mill_agg_part *p, agg_worker *w, const mill_batch *b,
                             mill_error *err) {
  const mill_op *op = p->plan->op;
  bool done = op->nkeys == 0;
  if (done) return mill_agg_find(p, NULL, 0, w->group, err);
  if (!w->columns) MILL_TRY(run_keys(w, b, err));
  if (w->perfect) {
    const mill_vector **key = mill_arena_alloc(&w->scratch, (size_t)op->nkeys * sizeof *key);
    if (key == NULL) return mill_oom(w->scratch.memory, 1, err);
    for (int k = 0; k < op->nkeys; k++)
      key[k] = w->columns ? &b->col[op->keys[k]->index] : &w->out[k];
    MILL_TRY(mill_agg_perfect_find(w->perfect, p, w->morsel, key, w->columns ? b->sel : NULL, b->n,
                                   &w->keys, &w->scratch, w->group, &done, err));
  }
  if (!done) MILL_TRY(find_by_runs(p, w, b, &done, err));
  if (done) return MILL_OK;
  if (w->columns) MILL_TRY(run_keys(w, b, err));
  mill_group_keys_set(&w->keys, &p->plan->layout, w->out, b->n);
  return mill_agg_find(p, &w->keys, b->n, w->group, err);
}

/* Forget the batch before; are the groups of this one few, for its rows? */
static void begin_rows(const mill_agg_part *p, agg_worker *w, uint32_t n) {
  w->based = false;
  w->is_few =
      p->plan->op->nkeys > 0 && p->groups.n <= MILL_FEW_GROUPS && p->groups.n <= n / FEW_ROWS_EACH;
  w->few.group = w->group;
  w->few.ngroups = p->groups.n;
  w->few.stride = p->plan->state_size;
  w->few.counted = false;
}

static mill_status update(mill_agg_part *p, agg_worker *w, const mill_batch *b, mill_error *err) {
  const mill_op *op = p->plan->op;
  const mill_vector *v = w->out + op->nkeys;
  mill_arena_reset(&w->scratch);
  MILL_TRY(find_rows(p, w, b, err));
  begin_rows(p, w, b->n);
  MILL_TRY(mill_program_run(w->program, b, w->out + op->nkeys, err));
  for (int i = 0; i < op->naggs; i++) {
    if (!p->plan->shares[i]) MILL_TRY(update_call(p, w, i, v, b->n, err));
    v += op->aggs[i].nargs + (op->aggs[i].filter ? 1 : 0);
  }
  return MILL_OK;
}

static mill_status keep_loose(mill_agg_part *p, agg_worker *w, const mill_batch *b,
                              mill_error *err) {
  mill_vector *arg = w->out + p->plan->op->nkeys;
  MILL_TRY(run_keys(w, b, err));
  mill_group_keys_set(&w->keys, &p->plan->layout, w->out, b->n);
  MILL_TRY(mill_program_run(w->program, b, arg, err));
  return mill_agg_loose_push(p, &w->keys, arg, b->n, err);
}

/* ---- the sink ------------------------------------------------------------------------------- */

typedef struct agg_sink {
  mill_sink base;
  mill_agg_plan plan;
  bool exact;      /* nobody can tell in which order rows and parts were put together */
  bool plain;      /* states point to nothing, calls have no filter: parts may give up grouping */
  bool given_up;   /* atomic: a part has */
  bool scatters;   /* atomic: parts that begin keep their rows for the pieces of the hash */
  bool apart;      /* atomic: morsels bring groups of their own */
  uint32_t pieces; /* atomic: of the hash, for rows that are kept; 0: none have been */
  mill_agg_part *
      *part; /* by the morsel it began with, NULL: none did; gathered: behind those the more */
  mill_agg_part **more; /* others that began with the same morsel */
  agg_worker **worker;  /* of each stride of morsels that runs */
  size_t n, nparts, nmore, more_room;
  uint32_t groups;            /* of the last part that was finished: the next will have as many */
  const mill_agg_part *ended; /* atomic: that part where there are no keys, for states to heed */
  agg_worker *all, *free;
  pthread_mutex_t lock;
  mill_agg_spill spill;
  mill_arena own;
} agg_sink;

/* A sink that could be full has its morsels run in turn, as the host's calls must. */
static bool never_full(mill_sink *s) {
  (void)s;
  return false;
}

static void judge_calls(agg_sink *k) {
  const mill_op *op = k->plan.op;
  k->exact = true;
  k->plain = op->nkeys > 0;
  for (int i = 0; i < op->naggs; i++) {
    k->exact &= op->aggs[i].impl->exact;
    k->plain &= op->aggs[i].impl->combine != NULL && op->aggs[i].filter == NULL;
  }
}

static mill_status begin(mill_sink *s, size_t morsels, mill_error *err) {
  agg_sink *k = (agg_sink *)s;
  mill_memory *m = s->x->ctx->memory;
  k->n = morsels;
  k->nparts = morsels + 1;
  judge_calls(k);
  s->stride = k->exact ? 1 : (morsels + STRIDES - 1) / STRIDES;
  k->part = mill_calloc(m, (morsels + 1) * sizeof *k->part);
  k->worker = mill_calloc(m, (morsels + 1) * sizeof *k->worker);
  return k->part && k->worker ? MILL_OK : mill_oom(m, morsels, err);
}

static void worker_free(agg_sink *k, agg_worker *w) {
  mill_memory *m = k->base.x->ctx->memory;
  mill_program_free(w->by);
  mill_program_free(w->program);
  mill_agg_perfect_clear(w->perfect);
  mill_arena_clear(&w->own);
  mill_arena_clear(&w->scratch);
  mill_free(m, w, sizeof *w);
}

static mill_status worker_new(agg_sink *k, agg_worker **out, mill_error *err) {
  mill_memory *m = k->base.x->ctx->memory;
  agg_worker *w = mill_alloc(m, sizeof *w);
  if (w == NULL) return mill_oom(m, sizeof *w, err);
  memset(w, 0, offsetof(agg_worker, group));
  mill_arena_init(&w->own, m);
  mill_arena_init(&w->scratch, m);
  w->out = mill_arena_alloc(&w->own, (size_t)(k->plan.nexprs + 1) * sizeof *w->out);
  mill_status s = w->out ? MILL_OK : mill_oom(m, 1, err);
  if (s == MILL_OK && k->plan.op->nkeys)
    s = mill_group_keys_init(&w->keys, &k->plan.layout, &w->own, err);
  if (s == MILL_OK) s = mill_agg_perfect_new(&k->plan, &w->own, &w->perfect, err);
  w->columns = true;
  for (int i = 0; i < k->plan.op->nkeys; i++)
    w->columns &= k->plan.op->keys[i]->kind == MILL_B_COLUMN;
  const mill_exec *x = k->base.x;
  int nkeys = k->plan.op->nkeys;
  if (s == MILL_OK) s = mill_program_new(x->ctx, x->set, k->plan.exprs, nkeys, &w->by, err);
  if (s == MILL_OK)
    s = mill_program_new(x->ctx, x->set, k->plan.exprs + nkeys, k->plan.nexprs - nkeys, &w->program,
                         err);
  if (s != MILL_OK) {
    worker_free(k, w);
    return s;
  }
  pthread_mutex_lock(&k->lock);
  w->next = k->all;
  k->all = w;
  pthread_mutex_unlock(&k->lock);
  *out = w;
  return MILL_OK;
}

/* One that has not gone beyond the morsel: parts take them in ascending order. */
static mill_status take_worker(agg_sink *k, size_t morsel, agg_worker **out, mill_error *err) {
  pthread_mutex_lock(&k->lock);
  agg_worker **at = &k->free;
  while (*at && (*at)->part && (*at)->morsel > morsel) at = &(*at)->next_free;
  *out = *at;
  if (*out) *at = (*out)->next_free;
  pthread_mutex_unlock(&k->lock);
  return *out ? MILL_OK : worker_new(k, out, err);
}

static void put_worker(agg_sink *k, agg_worker *w) {
  pthread_mutex_lock(&k->lock);
  w->next_free = k->free;
  k->free = w;
  pthread_mutex_unlock(&k->lock);
}

/* Note a part that begins with the morsel, which is the only one to do so now. */
static mill_status note_part(agg_sink *k, size_t morsel, mill_agg_part *p, mill_error *err) {
  if (k->part[morsel] == NULL) {
    k->part[morsel] = p;
    return MILL_OK;
  }
  pthread_mutex_lock(&k->lock);
  mill_status s = mill_grow(k->base.x->ctx->memory, (void **)&k->more, &k->more_room, k->nmore + 1,
                            sizeof *k->more, err);
  if (s == MILL_OK) k->more[k->nmore++] = p;
  pthread_mutex_unlock(&k->lock);
  return s;
}

/* The state of all rows begins with what another part's can tell it. */
static mill_status heed(agg_sink *k, mill_agg_part *p, mill_error *err) {
  const mill_agg_plan *plan = &k->plan;
  const mill_agg_part *ended = __atomic_load_n(&k->ended, __ATOMIC_ACQUIRE);
  uint32_t group;
  if (ended == NULL) return MILL_OK;
  MILL_TRY(mill_agg_find(p, NULL, 1, &group, err));
  for (int i = 0; i < plan->op->naggs; i++) {
    const mill_aggregate *impl = plan->op->aggs[i].impl;
    mill_call call = mill_agg_call(plan, i, &p->arena);
    if (impl->heed && !plan->shares[i])
      MILL_TRY(impl->heed(&call, mill_agg_state(p, 0, i), mill_agg_state(ended, 0, i), err));
  }
  return MILL_OK;
}

static mill_status begin_part(agg_sink *k, size_t morsel, mill_agg_part **out, mill_error *err) {
  mill_memory *m = k->base.x->ctx->memory;
  mill_agg_part *p = mill_calloc(m, sizeof *p);
  *out = NULL;
  if (p == NULL) return mill_oom(m, sizeof *p, err);
  mill_status s = note_part(k, morsel, p, err);
  if (s != MILL_OK) {
    mill_free(m, p, sizeof *p);
    return s;
  }
  MILL_TRY(mill_agg_part_init(p, &k->plan, err));
  *out = p;
  p->gives_up = morsel % JUDGED && __atomic_load_n(&k->scatters, __ATOMIC_ACQUIRE);
  uint32_t like = __atomic_load_n(&k->groups, __ATOMIC_RELAXED);
  if (k->plan.op->nkeys == 0) return heed(k, p, err);
  if (like < MANY_GROUPS) return MILL_OK;
  if (p->gives_up || __atomic_load_n(&k->given_up, __ATOMIC_RELAXED)) return MILL_OK;
  return mill_agg_part_reserve(p, like + like / 8, err);
}

/* Will the part's rows be found by a list, if they go on as they are? */
static bool will_serve(const agg_sink *k, const agg_worker *w, const mill_agg_part *p) {
  const uint64_t rows =
      (uint64_t)k->n * MILL_CHUNK / (uint64_t)mill_pool_threads(k->base.x->ctx->pool);
  return mill_agg_perfect_serves(w->perfect, rows > p->rows ? rows : p->rows);
}

/* Bytes of groups that are beyond the caches of all threads together, and of one; rows of a group, a thread,
** that make up for merging it. */
enum { NEAR_BYTES = 20 << 20, FAR_BYTES = 32 << 20, MERGE_ROWS = 16 };
enum { LIST_SHARE = 4 }; /* entries of a list for each row so far, where keys come in their order */
/* A part scatters its rows if, behind so many, that share of them in 256 opened a group, which has no more
** bytes of long strings than that. */
enum { NOTE_ROWS = 49152, SCATTER_ROWS = 65536, SCATTER_SHARE = 150, STRING_BYTES = 16 };

/* Rows are kept because there seem to be so many groups: into how many pieces of the hash do they go? */
static void note_pieces(agg_sink *k, uint64_t groups) {
  const uint64_t rows = (uint64_t)k->n * MILL_CHUNK;
  uint32_t none = 0, n = mill_agg_pieces(&k->plan, groups < rows ? groups : rows);
  __atomic_compare_exchange_n(&k->pieces, &none, n, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

/* Keys' long strings would have to be copied with each row. */
static bool may_scatter(const agg_sink *k, const mill_agg_part *p) {
  const uint64_t each = 16 + 8 * (uint64_t)p->plan->layout.words;
  return k->exact && k->plain && p->plan->layout.plain &&
         mill_arena_bytes(&p->arena) < STRING_BYTES * (uint64_t)p->groups.n &&
         !mill_spill_needed(k->base.x->ctx, (uint64_t)k->n * MILL_CHUNK * each);
}

/* Is keeping rows better than finding the groups of each by a list? It is where the groups are far beyond the
** caches; and where those of all threads are, unless there are as many rows as make up for having to merge
** them. Keys that come in their order are found near the last ones, and widen the list as they come. */
static bool beyond_list(const agg_sink *k, const agg_worker *w, const mill_agg_part *p,
                        uint64_t groups) {
  const uint64_t rows = (uint64_t)k->n * MILL_CHUNK;
  const uint64_t threads = (uint64_t)mill_pool_threads(k->base.x->ctx->pool);
  const uint64_t each = 24 + 8 * (uint64_t)k->plan.layout.words + k->plan.state_size;
  if (!k->exact || mill_agg_perfect_serves(w->perfect, LIST_SHARE * p->rows)) return false;
  if (groups > rows) groups = rows;
  if (groups > FAR_BYTES / each) return true;
  return threads > 1 && groups * threads > NEAR_BYTES / each &&
         rows < MERGE_ROWS * threads * groups;
}

/* Give up grouping where there seem to be very many groups: n rows of G groups, equally likely, hit the
** group of a row before about n * n / 2G times. What other parts have met counts only where nobody can
** tell. */
static void judge_part(agg_sink *k, const agg_worker *w, mill_agg_part *p, uint32_t rows) {
  const bool again = k->exact && __atomic_load_n(&k->given_up, __ATOMIC_RELAXED);
  p->rows += rows;
  if (p->noted_rows == 0 && p->rows >= NOTE_ROWS) {
    p->noted_rows = p->rows;
    p->noted_groups = p->groups.n;
  }
  if (p->rows >= TRY_LAST_ROWS && p->rows - rows < TRY_LAST_ROWS && p->groups.n <= CARRY_GROUPS)
    __atomic_store_n(&k->scatters, false, __ATOMIC_RELAXED);
  if (!k->plain || p->gives_up || p->rows < (again ? TRY_AGAIN_ROWS : TRY_ROWS) ||
      p->rows >= TRY_LAST_ROWS)
    return;
  const uint64_t hits = p->rows - p->groups.n;
  const uint64_t groups = hits ? p->rows * p->rows / (2 * hits) : UINT64_MAX;
  if (will_serve(k, w, p) ? !beyond_list(k, w, p, groups) : groups <= LOOSE_GROUPS) return;
  note_pieces(k, groups);
  p->gives_up = true;
  __atomic_store_n(&k->given_up, true, __ATOMIC_RELAXED);
  if (may_scatter(k, p)) __atomic_store_n(&k->scatters, true, __ATOMIC_RELEASE);
}

/* Bytes that parts like this one would take, as many as are filled at once and one being written. */
static uint64_t next_parts(const agg_sink *k, const mill_agg_part *p) {
  uint64_t each = 64 + p->plan->state_size + 8 * p->plan->layout.words;
  uint64_t bytes = each * mill_agg_count(p) + mill_arena_bytes(&p->arena);
  return bytes * ((uint64_t)mill_pool_threads(k->base.x->ctx->pool) + 1);
}

/* Rows that were kept are arranged while they are in the caches. */
static mill_status end_part(agg_sink *k, mill_agg_part *p, mill_error *err) {
  __atomic_store_n(&k->groups, p->groups.n, __ATOMIC_RELAXED);
  mill_groups_close(&p->groups);
  if (k->plan.op->nkeys == 0) __atomic_store_n(&k->ended, p, __ATOMIC_RELEASE);
  if (k->plan.op->nkeys == 0 || !mill_spill_needed(k->base.x->ctx, next_parts(k, p)))
    return p->loose ? mill_agg_arrange(p, __atomic_load_n(&k->pieces, __ATOMIC_RELAXED), err)
                    : MILL_OK;
  return mill_agg_spill_part(p, &k->spill, err);
}

/* Within a morsel: a part of some size goes to disk when memory nears the limit. */
static mill_status relieve(agg_sink *k, agg_worker *w, mill_error *err) {
  mill_agg_part *p = w->part;
  if (mill_agg_count(p) < RELIEVE_GROUPS || !mill_spill_needed(k->base.x->ctx, next_parts(k, p)))
    return MILL_OK;
  const mill_agg_span *last = &p->span[p->nspans - 1];
  w->before += mill_agg_count(p) - last->first;
  w->part = NULL;
  return end_part(k, p, err);
}

static mill_status push(mill_sink *s, size_t morsel, mill_batch *b, mill_error *err) {
  agg_sink *k = (agg_sink *)s;
  agg_worker **w = &k->worker[morsel / s->stride];
  if (*w == NULL) MILL_TRY(take_worker(k, morsel, w, err));
  if ((*w)->morsel != morsel) (*w)->before = 0;
  (*w)->morsel = morsel;
  if ((*w)->part == NULL) MILL_TRY(begin_part(k, morsel, &(*w)->part, err));
  mill_agg_part *p = (*w)->part;
  MILL_TRY(mill_agg_span_begin(p, morsel, (*w)->before, err));
  if (p->gives_up) {
    MILL_TRY(keep_loose(p, *w, b, err));
  } else {
    MILL_TRY(update(p, *w, b, err));
    judge_part(k, *w, p, b->n);
  }
  return k->exact ? relieve(k, *w, err) : MILL_OK;
}

/* Do so many of the last rows of a part open a group that looking each up, in a table that is beyond the nearer
** caches, costs more than what is left to be merged is less? Then rows are kept, and grouped in pieces of the
** hash, one after the other. */
static bool better_scattered(agg_sink *k, const mill_agg_part *p) {
  const uint64_t rows = p->rows - p->noted_rows, opened = p->groups.n - p->noted_groups;
  if (p->noted_rows == 0 || p->rows < SCATTER_ROWS || opened * 256 <= rows * SCATTER_SHARE ||
      !may_scatter(k, p))
    return false;
  note_pieces(k, opened < rows ? p->groups.n * rows / (rows - opened) : UINT64_MAX);
  __atomic_store_n(&k->scatters, true, __ATOMIC_RELEASE);
  return true;
}

/* Did the last morsel bring about as many new groups for its rows as the first? Then another would. */
static bool brings_own(const mill_agg_part *p) {
  if (p->nspans < 2) return false;
  const mill_agg_span *last = &p->span[p->nspans - 1], *second = &p->span[1];
  double now = (double)(p->groups.n - last->first) / (double)(p->rows - last->rows);
  return now > 0.875 * (double)second->first / (double)second->rows;
}

/* Does the part take another morsel? */
static bool goes_on(agg_sink *k, const agg_worker *w, const mill_agg_part *p) {
  if (p->gives_up) return false;
  if (p->groups.n > CARRY_GROUPS && !(k->exact && will_serve(k, w, p))) {
    if (better_scattered(k, p)) return false;
    if (!k->exact || __atomic_load_n(&k->apart, __ATOMIC_RELAXED)) return false;
    if (brings_own(p)) {
      __atomic_store_n(&k->apart, true, __ATOMIC_RELAXED);
      return false;
    }
  }
  return !k->exact || k->plan.op->nkeys == 0 ||
         !mill_spill_needed(k->base.x->ctx, next_parts(k, p));
}

static mill_status end_morsel(mill_sink *s, size_t morsel, mill_error *err) {
  agg_sink *k = (agg_sink *)s;
  agg_worker *w = k->worker[morsel / s->stride];
  bool last = morsel + 1 == k->n || (morsel + 1) % s->stride == 0;
  if (w == NULL) return MILL_OK;
  mill_agg_part *p = w->part;
  if (p && (!goes_on(k, w, p) || (last && !k->exact))) {
    w->part = NULL;
    MILL_TRY(end_part(k, p, err));
  }
  if (!last) return MILL_OK;
  k->worker[morsel / s->stride] = NULL;
  put_worker(k, w);
  return MILL_OK;
}

static bool may_share(const mill_bound_aggregate *a) {
  return a->impl->common && !a->distinct && !a->filter;
}

/* Is what call b makes of its rows what call a makes of them? Then one state serves both: sum and avg. */
static bool same_state(const mill_bound_aggregate *a, const mill_bound_aggregate *b) {
  if (a->nargs && b->nargs && a->args[0]->index != b->args[0]->index) return false;
  const mill_aggregate *x = a->impl, *y = b->impl;
  if (!may_share(a) || !may_share(b) || x->update != y->update || x->merge != y->merge ||
      a->nargs != b->nargs)
    return false;
  for (int i = 0; i < a->nargs; i++)
    if (!mill_bound_same(a->args[i], b->args[i])) return false;
  return true;
}

/* The same where one state serves both: of the first argument, which is a column mostly. */
static uint64_t state_hash(const mill_bound_aggregate *a) {
  return mill_hash_word((uint64_t)(uintptr_t)a->impl->merge ^
                        mill_hash_word((uint64_t)(a->nargs ? a->args[0]->index : -1)));
}

/* Places of the calls' states, which are found by hash: those of a multiple of 16 bytes may hold what is aligned so. */
static mill_status place_states(mill_agg_plan *p, mill_arena *a, mill_error *err) {
  const mill_op *op = p->op;
  uint32_t align = 8, buckets = 16;
  while (buckets < (uint32_t)op->naggs) buckets *= 2;
  int *head = mill_arena_alloc(a, buckets * sizeof *head);
  int *next = mill_arena_alloc(a, ((size_t)op->naggs + 1) * sizeof *next);
  if (head == NULL || next == NULL) return mill_oom(a->memory, buckets, err);
  for (int i = 0; i < op->naggs; i++) {
    const mill_bound_aggregate *c = &op->aggs[i];
    int *first = &head[state_hash(c) & (buckets - 1)], j = may_share(c) ? *first - 1 : -1;
    while (j >= 0 && !same_state(&op->aggs[j], &op->aggs[i])) j = next[j] - 1;
    p->shares[i] = j >= 0;
    if (j >= 0) {
      p->offset[i] = p->offset[j];
      continue;
    }
    if (may_share(c)) {
      next[i] = *first;
      *first = i + 1;
    }
    const uint32_t size = c->impl->state_size, own = size % 16 ? 8 : 16;
    p->offset[i] = (p->state_size + own - 1) & ~(own - 1);
    p->state_size = p->offset[i] + ((size + 7) & ~7u);
    align = own > align ? own : align;
  }
  p->state_size = (p->state_size + align - 1) & ~(align - 1);
  return MILL_OK;
}

static mill_status make_plan(agg_sink *k, const mill_op *op, mill_arena *a, mill_error *err) {
  mill_agg_plan *p = &k->plan;
  const mill_type **type = mill_arena_alloc(a, (size_t)(op->nkeys + 1) * sizeof *type);
  int n = op->nkeys;
  for (int i = 0; i < op->naggs; i++) n += op->aggs[i].nargs + (op->aggs[i].filter ? 1 : 0);
  k->plan.exprs = mill_arena_alloc(a, (size_t)(n + 1) * sizeof *k->plan.exprs);
  p->offset = mill_arena_alloc(a, (size_t)(op->naggs + 1) * sizeof *p->offset);
  p->shares = mill_arena_alloc(a, (size_t)(op->naggs + 1) * sizeof *p->shares);
  if (!type || !k->plan.exprs || !p->offset || !p->shares)
    return mill_oom(a->memory, (size_t)n, err);
  p->x = k->base.x;
  p->op = op;
  for (int i = 0; i < op->nkeys; i++) {
    k->plan.exprs[k->plan.nexprs++] = op->keys[i];
    type[i] = op->keys[i]->type;
  }
  for (int i = 0; i < op->naggs; i++) {
    const mill_bound_aggregate *c = &op->aggs[i];
    if (c->filter) k->plan.exprs[k->plan.nexprs++] = c->filter;
    for (int j = 0; j < c->nargs; j++) k->plan.exprs[k->plan.nexprs++] = c->args[j];
  }
  MILL_TRY(place_states(p, a, err));
  return mill_group_layout_init(&p->layout, type, op->nkeys, a, err);
}

static mill_status gather_parts(agg_sink *k, mill_error *err) {
  size_t have = k->nparts * sizeof *k->part, need = have + k->nmore * sizeof *k->part;
  if (k->nmore == 0) return MILL_OK;
  mill_agg_part **all = mill_realloc(k->base.x->ctx->memory, k->part, have, need);
  if (all == NULL) return mill_oom(k->base.x->ctx->memory, need, err);
  memcpy(all + k->nparts, k->more, need - have);
  k->part = all;
  k->nparts += k->nmore;
  k->nmore = 0;
  return MILL_OK;
}

static mill_status finish(agg_sink *k, mill_scan **out, mill_error *err) {
  mill_table *t = NULL;
  bool any = false;
  for (size_t i = 0; i < k->n; i++) any |= k->part[i] != NULL;
  if (!any && k->plan.op->nkeys == 0) { /* one row always */
    uint32_t group;
    mill_agg_part *p;
    MILL_TRY(begin_part(k, 0, &p, err));
    MILL_TRY(mill_agg_find(p, NULL, 1, &group, err));
  }
  MILL_TRY(gather_parts(k, err));
  if (mill_agg_needs_disk(&k->plan, k->part, k->nparts))
    return mill_agg_finish_disk(&k->plan, k->part, k->nparts, &k->spill, out, err);
  MILL_TRY(mill_table_new(k->base.x->ctx->memory, k->plan.op->schema, &t, err));
  mill_status s = mill_agg_finish(&k->plan, k->part, k->nparts, t, err);
  if (s == MILL_OK) s = mill_scan_table(t, out, err);
  mill_table_unref(t);
  return s;
}

static void part_free(mill_memory *m, mill_agg_part *p) {
  if (p == NULL) return;
  mill_agg_part_clear(p);
  mill_free(m, p, sizeof *p);
}

static void sink_clear(agg_sink *k) {
  mill_memory *m = k->base.x->ctx->memory;
  for (size_t i = 0; k->part && i < k->nparts; i++) part_free(m, k->part[i]);
  for (size_t i = 0; i < k->nmore; i++) part_free(m, k->more[i]);
  for (agg_worker *w = k->all, *next; w; w = next) {
    next = w->next;
    worker_free(k, w);
  }
  if (k->part) mill_free(m, k->part, k->nparts * sizeof *k->part);
  mill_free(m, k->more, k->more_room * sizeof *k->more);
  if (k->worker) mill_free(m, k->worker, (k->n + 1) * sizeof *k->worker);
  mill_spill_free(k->spill.file);
  pthread_mutex_destroy(&k->spill.lock);
  pthread_mutex_destroy(&k->lock);
}

/* Is the result the same for as many rows of any kind? */
static bool only_counts(const mill_op *op) {
  if (op->nkeys) return false;
  for (int i = 0; i < op->naggs; i++) {
    const mill_bound_aggregate *a = &op->aggs[i];
    if (a->filter) return false;
    for (int k = 0; k < a->nargs; k++)
      if (a->args[k]->kind != MILL_B_LITERAL) return false;
  }
  return true;
}

/* The sink for one aggregation; what it needs lives in its arena. */
static mill_status sink_new(const mill_exec *x, const mill_op *op, agg_sink **out,
                            mill_error *err) {
  mill_memory *m = x->ctx->memory;
  agg_sink *k = *out = mill_calloc(m, sizeof *k);
  if (k == NULL) return mill_oom(m, sizeof *k, err);
  k->base = (mill_sink){.x = x, .begin = begin, .push = push, .end_morsel = end_morsel};
  k->base.counts = only_counts(op);
  mill_arena_init(&k->own, m);
  pthread_mutex_init(&k->lock, NULL);
  pthread_mutex_init(&k->spill.lock, NULL);
  if (mill_op_needs_host(op)) k->base.full = never_full;
  return make_plan(k, op, &k->own, err);
}

static void sink_free(void *sink) {
  agg_sink *k = sink;
  if (k == NULL) return;
  mill_memory *m = k->base.x->ctx->memory;
  sink_clear(k);
  mill_arena_clear(&k->own);
  mill_free(m, k, sizeof *k);
}

mill_status mill_exec_aggregate(const mill_exec *x, const mill_op *op, mill_scan **out,
                                mill_error *err) {
  agg_sink *k = NULL;
  *out = NULL;
  if (mill_agg_any_distinct(op)) return mill_agg_distinct(x, op, out, err);
  mill_status s = sink_new(x, op, &k, err);
  if (s == MILL_OK) s = mill_pipeline_run(x, op->child[0], &k->base, err);
  if (s == MILL_OK) s = finish(k, out, err);
  sink_free(k);
  return s;
}

/* Rows made as they are asked for; *out stays NULL where the groups are few, or on disk. */
static mill_status scan_groups(agg_sink *k, mill_sink *to, int first, mill_scan **out,
                               mill_error *err) {
  mill_agg_merged *groups = NULL;
  MILL_TRY(gather_parts(k, err));
  if (k->plan.op->nkeys == 0 || mill_agg_needs_disk(&k->plan, k->part, k->nparts)) return MILL_OK;
  mill_status s = mill_agg_merged_new(&k->plan, k->part, k->nparts, &groups, err);
  if (s == MILL_OK && groups)
    s = mill_agg_scan_new(&k->plan, groups, to, first, sink_free, k, out, err);
  if (s != MILL_OK) mill_agg_merged_free(groups);
  return s;
}

mill_status mill_exec_aggregate_for(const mill_exec *x, const mill_op *op, mill_sink *to, int first,
                                    mill_scan **out, mill_error *err) {
  agg_sink *k = NULL;
  *out = NULL;
  if (mill_agg_any_distinct(op)) return mill_agg_distinct(x, op, out, err);
  mill_status s = sink_new(x, op, &k, err);
  if (s == MILL_OK) s = mill_pipeline_run(x, op->child[0], &k->base, err);
  if (s == MILL_OK) s = scan_groups(k, to, first, out, err);
  if (s == MILL_OK && *out) return MILL_OK;
  if (s == MILL_OK) s = finish(k, out, err);
  sink_free(k);
  return s;
}
