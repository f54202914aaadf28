/* WINDOW_GROUP_LIMIT: rows that a filter of ranks above a window can still want.
**
** A limiter knows of each group (rows of the same keys) the `limit` least order keys it has seen, in a
** heap, and the greatest of them, the bound. A row behind its group's bound has enough rows before it
** and is dropped; ties pass unless they are known to come later in the source and row_number() asks.
** Rows pass in two rounds:
**
**     input -> [a limiter a worker] -> rows that passed, kept in their order (kept.c)
**           -> [the bounds of all limiters] -> the result, a scan
**
** The first drops nearly all of a long group; the second what came before better rows did. Both may let
** rows pass that are not wanted: the window above finds the true ranks, the filter above it drops what
** is left. So order keys are compared by the upper 64 bits of their number (sort_key.h) alone, and a
** limiter whose groups are nearly as many as its rows, or need memory that is short, just lets all pass.
** Which rows pass may depend on threads; the rows of lesser rank do always, so no result can tell.
**
** Cost: a look-up and a comparison a row. Memory: some 60 bytes and `limit` words a group and worker,
** and the rows that passed the first round, which spill. */
#include <pthread.h>

#include "column/groups.h"
#include "exec/exec_int.h"
#include "exec/sort_key.h"
#include "exec/spill.h"

enum { TRY_ROWS = 65536, FIRST_HEAP = 4, MOST_SPAN = 1 << 19 };

/* What is the same for all limiters. */
typedef struct plan {
  const mill_exec *x;
  const mill_op *op;
  mill_arena arena;
  mill_group_layout group_layout;
  mill_sort_layout layout;
  mill_sort_column *sort;
  const mill_bound **exprs; /* keys, then order keys */
  int nexprs;
  bool single; /* one order key, which is a word */
  bool exact;  /* the compared bits tell all about the order; but for the ends, where single */
  bool number; /* one key, a number */
} plan;

/* The keys of a batch: who asks has its own. */
typedef struct asker {
  mill_program *program;
  mill_vector *value;
  mill_group_keys keys;
  mill_arena arena;
  uint64_t word[2 * MILL_BATCH];
  uint64_t number[MILL_BATCH]; /* of keys that are one */
  uint32_t group[MILL_BATCH];
} asker;

/* The least order keys of a group: a heap, the greatest on top. */
typedef struct least {
  uint64_t *word;
  uint32_t n, room;
} least;

typedef struct limiter {
  struct limiter *idle, *next;
  asker ask;
  mill_arena arena; /* long keys, heaps */
  uint64_t base; /* group k < span is that of the number base + k; the others follow, in `groups` */
  uint32_t span;
  mill_groups groups;
  uint64_t *bound; /* of each group; UINT64_MAX while it has too few rows */
  least *least;
  uint32_t capacity, met; /* met: groups that have rows */
  size_t morsel;          /* the last one; the next comes behind it */
  uint64_t rows;
  bool retired;
} limiter;

typedef struct limit_scan {
  mill_scan base;
  mill_memory *memory;
  plan plan;
  mill_scan *rows;
  limiter *limiters;
} limit_scan;

typedef struct limit_sink {
  mill_sink base;
  limit_scan *s;
  mill_sink *to;
  limiter **of; /* of each morsel */
  size_t nof;
  pthread_mutex_t lock; /* guards the lists */
  limiter *idle;
} limit_sink;

/* ---- keys ----------------------------------------------------------------------------------- */

static bool is_number(const mill_type *t) {
  return t->phys == MILL_PHYS_I16 || t->phys == MILL_PHYS_I32 || t->phys == MILL_PHYS_I64;
}

static mill_status plan_init(plan *p, const mill_exec *x, const mill_op *op, mill_error *err) {
  mill_arena *a = &p->arena;
  size_t n = (size_t)op->nkeys + (size_t)op->nsorts + 1;
  *p = (plan){.x = x, .op = op, .nexprs = op->nkeys + op->nsorts};
  mill_arena_init(a, x->ctx->memory);
  const mill_type **type = mill_arena_alloc(a, n * sizeof *type);
  mill_field *f = mill_arena_alloc(a, n * sizeof *f);
  mill_sort_part *part = mill_arena_alloc(a, n * sizeof *part);
  p->exprs = mill_arena_alloc(a, n * sizeof *p->exprs);
  p->sort = mill_arena_alloc(a, n * sizeof *p->sort);
  if (!type || !f || !part || !p->exprs || !p->sort) return mill_oom(a->memory, n, err);
  for (int i = 0; i < op->nkeys; i++) {
    p->exprs[i] = op->keys[i];
    type[i] = op->keys[i]->type;
  }
  for (int i = 0; i < op->nsorts; i++) {
    const mill_bound_sort *s = &op->sorts[i];
    p->exprs[op->nkeys + i] = s->expr;
    f[i] = (mill_field){"key", s->expr->type, true, NULL};
    p->sort[i] = (mill_sort_column){(uint32_t)i, s->descending, s->nulls_first};
  }
  const mill_type *schema = mill_type_struct(x->ctx->types, f, (uint32_t)op->nsorts);
  if (schema == NULL) return mill_oom(a->memory, n, err);
  mill_sort_layout_make(&p->layout, schema, p->sort, op->nsorts, part, NULL);
  uint64_t word;
  mill_vector one = {.type = f[0].type};
  p->single = op->nsorts == 1 && mill_sort_words(&one, p->sort, 0, &word);
  if (p->single) p->layout.words = 1;
  p->exact = p->single || (p->layout.words == 1 && p->layout.inexact == p->layout.n);
  p->number = op->nkeys == 1 && is_number(type[0]);
  return mill_group_layout_init(&p->group_layout, type, op->nkeys, a, err);
}

static mill_status asker_init(asker *k, const plan *p, mill_error *err) {
  mill_arena_init(&k->arena, p->x->ctx->memory);
  k->value = mill_arena_alloc(&k->arena, ((size_t)p->nexprs + 1) * sizeof *k->value);
  if (k->value == NULL) return mill_oom(k->arena.memory, sizeof *k->value, err);
  MILL_TRY(mill_group_keys_init(&k->keys, &p->group_layout, &k->arena, err));
  return mill_program_new(p->x->ctx, p->x->set, p->exprs, p->nexprs, &k->program, err);
}

static void asker_clear(asker *k) {
  mill_program_free(k->program);
  if (k->arena.memory) mill_arena_clear(&k->arena);
}

/* The order keys of the rows that count, at word[i * words], and their group keys. */
static mill_status ask(asker *k, const plan *p, const mill_batch *b, mill_error *err) {
  int nkeys = p->op->nkeys;
  MILL_TRY(mill_program_run(k->program, b, k->value, err));
  if (!p->single || !mill_sort_words(k->value + nkeys, p->sort, b->n, k->word))
    mill_sort_encode(&p->layout, k->value + nkeys, 0, b->n, k->word, (uint32_t)p->layout.words);
  return MILL_OK;
}

#define NUMBERS(T)                                                                                 \
  for (uint32_t i = 0; i < n; i++)                                                                 \
    k->number[i] = (uint64_t)(int64_t)((const T *)v->data)[mill_vector_at(v, i)];

/* The keys as numbers; nulls as what they are not likely to be. */
static void read_numbers(asker *k, uint32_t n) {
  const mill_vector *v = k->value;
  switch (v->type->phys) {
  case MILL_PHYS_I16: NUMBERS(int16_t) break;
  case MILL_PHYS_I32: NUMBERS(int32_t) break;
  default: NUMBERS(int64_t) break;
  }
}

/* Whether all n keys are among the limiter's numbers, so that their groups are known: in k->group.
** Those of the others are wrong. */
static bool near(asker *k, const limiter *l, uint32_t n) {
  bool all = true;
  for (uint32_t i = 0; i < n; i++) {
    uint64_t at = k->number[i] - l->base;
    all &= at < l->span;
    k->group[i] = (uint32_t)at;
  }
  for (uint32_t i = 0; k->value->valid && all && i < n; i++) all = mill_vector_valid(k->value, i);
  return all;
}

/* The groups where not all are near, those of the others as found in l->groups. */
static void merge_groups(asker *k, const limiter *l, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    uint64_t at = k->number[i] - l->base;
    bool is_near = at < l->span && mill_vector_valid(k->value, i);
    if (is_near)
      k->group[i] = (uint32_t)at;
    else if (k->group[i] != UINT32_MAX)
      k->group[i] += l->span;
  }
}

/* ---- limiters ------------------------------------------------------------------------------- */

static void drop_groups(limiter *l) {
  mill_memory *m = l->arena.memory;
  mill_groups_clear(&l->groups);
  mill_free(m, l->bound, l->capacity * sizeof *l->bound);
  mill_free(m, l->least, l->capacity * sizeof *l->least);
  l->bound = NULL;
  l->least = NULL;
  l->capacity = l->met = l->span = 0;
  mill_arena_clear(&l->arena);
}

static void limiter_free(limiter *l) {
  mill_memory *m = l->arena.memory;
  asker_clear(&l->ask);
  drop_groups(l);
  mill_free(m, l, sizeof *l);
}

static mill_status limiter_new(const plan *p, limiter **out, mill_error *err) {
  mill_memory *m = p->x->ctx->memory;
  limiter *l = mill_calloc(m, sizeof *l);
  if (l == NULL) return mill_oom(m, sizeof *l, err);
  mill_arena_init(&l->arena, m);
  mill_status s = asker_init(&l->ask, p, err);
  if (s == MILL_OK) s = mill_groups_init(&l->groups, &p->group_layout, m, &l->arena, err);
  if (s != MILL_OK) {
    limiter_free(l);
    return s;
  }
  *out = l;
  return MILL_OK;
}

/* Bounds for all groups. */
static mill_status reserve(limiter *l, mill_error *err) {
  mill_memory *m = l->arena.memory;
  uint32_t want = l->span + (l->groups.capacity ? l->groups.capacity : 1);
  if (l->span + l->groups.n <= l->capacity) return MILL_OK;
  uint64_t *bound = mill_alloc(m, want * sizeof *bound);
  least *list = mill_calloc(m, want * sizeof *list);
  if (bound == NULL || list == NULL) {
    mill_free(m, bound, want * sizeof *bound);
    mill_free(m, list, want * sizeof *list);
    return mill_oom(m, want * sizeof *list, err);
  }
  if (l->capacity) {
    memcpy(bound, l->bound, l->capacity * sizeof *bound);
    memcpy(list, l->least, l->capacity * sizeof *list);
  }
  for (uint32_t i = l->capacity; i < want; i++) bound[i] = UINT64_MAX;
  mill_free(m, l->bound, l->capacity * sizeof *l->bound);
  mill_free(m, l->least, l->capacity * sizeof *l->least);
  l->bound = bound;
  l->least = list;
  l->capacity = want;
  return MILL_OK;
}

static mill_status grow_heap(limiter *l, least *h, uint32_t limit, mill_error *err) {
  uint32_t room = h->room ? 2 * h->room : FIRST_HEAP;
  if (room > limit) room = limit;
  uint64_t *word = mill_arena_take(&l->arena, room * sizeof *word);
  if (word == NULL) return mill_oom(l->arena.memory, room * sizeof *word, err);
  if (h->n) memcpy(word, h->word, h->n * sizeof *word);
  h->word = word;
  h->room = room;
  return MILL_OK;
}

static void sift_up(uint64_t *word, uint32_t i, uint64_t w) {
  for (; i > 0 && word[(i - 1) / 2] < w; i = (i - 1) / 2) word[i] = word[(i - 1) / 2];
  word[i] = w;
}

static void replace_top(least *h, uint64_t w) {
  uint32_t i = 0;
  for (uint32_t k; (k = 2 * i + 1) < h->n; i = k) {
    if (k + 1 < h->n && h->word[k + 1] > h->word[k]) k++;
    if (h->word[k] <= w) break;
    h->word[i] = h->word[k];
  }
  h->word[i] = w;
}

/* Does a row of the bound's key come behind enough others? */
static bool comes_late(const limiter *l, const plan *p, uint32_t group, uint64_t w) {
  bool end = p->single && (w == 0 || w == UINT64_MAX); /* null, or the value next to it */
  return p->exact && !end && p->op->rank == MILL_RANK_ROW &&
         l->least[group].n == (uint32_t)p->op->limit;
}

/* An order key of the group, not behind its bound. */
static mill_status add(limiter *l, uint32_t group, uint64_t w, const mill_op *op, mill_error *err) {
  least *h = &l->least[group];
  uint32_t limit = (uint32_t)op->limit;
  if (h->n == limit && w == l->bound[group]) return MILL_OK;
  l->met += h->n == 0;
  for (uint32_t i = 0; op->rank == MILL_RANK_DENSE && i < h->n; i++)
    if (h->word[i] == w) return MILL_OK;
  if (h->n == limit) {
    replace_top(h, w);
  } else {
    if (h->n == h->room) MILL_TRY(grow_heap(l, h, limit, err));
    sift_up(h->word, h->n++, w);
  }
  if (h->n == limit) l->bound[group] = h->word[0];
  return MILL_OK;
}

/* The rows of a batch that pass; word and group are those of the limiter's asker. */
static mill_status pass(limiter *l, const plan *p, const mill_batch *b, uint32_t *sel, uint32_t *n,
                        mill_error *err) {
  const uint64_t *word = l->ask.word;
  const uint32_t *group = l->ask.group, words = (uint32_t)p->layout.words;
  uint32_t some = 0, kept = 0;
  for (uint32_t i = 0; i < b->n; i++) {
    sel[some] = i;
    some += word[(size_t)i * words] <= l->bound[group[i]];
  }
  for (uint32_t k = 0; k < some; k++) {
    uint32_t i = sel[k], g = group[i];
    uint64_t w = word[(size_t)i * words];
    if (w > l->bound[g] || (w == l->bound[g] && comes_late(l, p, g, w))) continue;
    MILL_TRY(add(l, g, w, p->op, err));
    sel[kept++] = mill_batch_row(b, i);
  }
  *n = kept;
  return MILL_OK;
}

/* Numbers near those of the first batch have their groups without a search. */
static void choose_span(limiter *l, uint32_t n) {
  const asker *k = &l->ask;
  int64_t first = INT64_MAX, last = INT64_MIN;
  for (uint32_t i = 0; i < n; i++) {
    int64_t x = (int64_t)k->number[i];
    if (!mill_vector_valid(k->value, i)) continue;
    if (x < first) first = x;
    if (x > last) last = x;
  }
  uint64_t range = (uint64_t)last - (uint64_t)first;
  if (first > last || range > MOST_SPAN / 2) return;
  l->base = (uint64_t)first - range / 2;
  l->span = (uint32_t)(2 * range + 1);
}

static mill_status find_groups(limiter *l, const plan *p, uint32_t n, mill_error *err) {
  if (p->op->nkeys == 0) {
    l->groups.n = 1;
    return MILL_OK;
  }
  if (p->number) {
    read_numbers(&l->ask, n);
    if (l->rows == 0) choose_span(l, n);
    if (near(&l->ask, l, n)) return MILL_OK;
  }
  mill_group_keys_set(&l->ask.keys, &p->group_layout, l->ask.value, n);
  MILL_TRY(mill_groups_find(&l->groups, &l->ask.keys, n, l->ask.group, err));
  if (p->number) merge_groups(&l->ask, l, n);
  return MILL_OK;
}

static mill_status limit_batch(limiter *l, const plan *p, const mill_batch *b, uint32_t *sel,
                               uint32_t *n, mill_error *err) {
  MILL_TRY(ask(&l->ask, p, b, err));
  MILL_TRY(find_groups(l, p, b->n, err));
  MILL_TRY(reserve(l, err));
  l->rows += b->n;
  return pass(l, p, b, sel, n, err);
}

/* Is there nothing to gain, or no room? */
static void look_up(limiter *l, const plan *p) {
  const mill_context *ctx = p->x->ctx;
  l->retired = l->rows >= TRY_ROWS && l->met > l->rows / 5 * 4;
  if (ctx->force_spill || !mill_spill_due(ctx)) return;
  l->retired = true;
  drop_groups(l);
}

/* ---- the first round ------------------------------------------------------------------------ */

static mill_status sink_begin(mill_sink *base, size_t morsels, mill_error *err) {
  limit_sink *k = (limit_sink *)base;
  mill_memory *m = base->x->ctx->memory;
  k->of = mill_calloc(m, (morsels + 1) * sizeof(limiter *));
  if (k->of == NULL) return mill_oom(m, morsels * sizeof(limiter *), err);
  k->nof = morsels;
  return k->to->begin(k->to, morsels, err);
}

static mill_status take(limit_sink *k, size_t morsel, limiter **out, mill_error *err) {
  pthread_mutex_lock(&k->lock);
  limiter **at = &k->idle;
  while (*at && (*at)->morsel > morsel) at = &(*at)->idle;
  *out = *at;
  if (*out) *at = (*out)->idle;
  pthread_mutex_unlock(&k->lock);
  if (*out == NULL) {
    MILL_TRY(limiter_new(&k->s->plan, out, err));
    pthread_mutex_lock(&k->lock);
    (*out)->next = k->s->limiters;
    k->s->limiters = *out;
    pthread_mutex_unlock(&k->lock);
  }
  (*out)->morsel = morsel;
  return MILL_OK;
}

static mill_status sink_push(mill_sink *base, size_t morsel, mill_batch *b, mill_error *err) {
  limit_sink *k = (limit_sink *)base;
  uint32_t sel[MILL_BATCH];
  if (k->of[morsel] == NULL) MILL_TRY(take(k, morsel, &k->of[morsel], err));
  limiter *l = k->of[morsel];
  mill_batch some = *b;
  if (!l->retired) {
    MILL_TRY(limit_batch(l, &k->s->plan, b, sel, &some.n, err));
    some.sel = sel;
    look_up(l, &k->s->plan);
  }
  return some.n ? k->to->push(k->to, morsel, &some, err) : MILL_OK;
}

static mill_status sink_end(mill_sink *base, size_t morsel, mill_error *err) {
  limit_sink *k = (limit_sink *)base;
  limiter *l = k->of[morsel];
  if (l) {
    pthread_mutex_lock(&k->lock);
    l->idle = k->idle;
    k->idle = l;
    pthread_mutex_unlock(&k->lock);
  }
  return k->to->end_morsel(k->to, morsel, err);
}

static mill_status first_round(limit_scan *s, mill_error *err) {
  const mill_exec *x = s->plan.x;
  mill_memory *m = s->memory;
  mill_kept *kept = NULL;
  limit_sink k = {.base = {.x = x, .begin = sink_begin, .push = sink_push}, .s = s};
  k.base.end_morsel = sink_end;
  if (pthread_mutex_init(&k.lock, NULL) != 0)
    return mill_fail(err, MILL_E_INTERNAL_ERROR, "message", "no lock left", NULL);
  mill_status st = mill_kept_new(x, s->base.schema, &kept, err);
  if (st == MILL_OK) {
    k.to = mill_kept_sink(kept);
    st = mill_pipeline_run(x, s->plan.op->child[0], &k.base, err);
  }
  mill_free(m, k.of, (k.nof + 1) * sizeof(limiter *));
  pthread_mutex_destroy(&k.lock);
  if (st == MILL_OK) return mill_kept_scan(kept, &s->rows, err);
  mill_kept_free(kept);
  return st;
}

/* ---- the second round ------------------------------------------------------------------------ */

typedef struct limit_cursor {
  mill_cursor base;
  const limit_scan *s;
  mill_cursor *rows; /* with all columns */
  asker ask;
  int *columns;
  uint32_t ncols;
  uint32_t sel[MILL_BATCH], left[MILL_BATCH];
  mill_vector *col;
  mill_batch batch;
} limit_cursor;

static mill_status cursor_seek(mill_cursor *base, size_t morsel, mill_error *err) {
  limit_cursor *c = (limit_cursor *)base;
  return c->rows->seek(c->rows, morsel, err);
}

static void look_groups(limit_cursor *c, const limiter *l, uint32_t n) {
  const plan *p = &c->s->plan;
  if (p->op->nkeys == 0) {
    memset(c->ask.group, 0, n * sizeof *c->ask.group);
    return;
  }
  if (p->number && near(&c->ask, l, n)) return;
  mill_groups_look(&l->groups, &c->ask.keys, n, c->ask.group);
  if (p->number) merge_groups(&c->ask, l, n);
}

/* Of n rows in c->left those that the limiter's bounds let pass. */
static uint32_t within(limit_cursor *c, const limiter *l, uint32_t n, uint32_t rows) {
  uint32_t kept = 0, words = (uint32_t)c->s->plan.layout.words;
  if (l->capacity == 0) return n;
  look_groups(c, l, rows);
  for (uint32_t i = 0; i < n; i++) {
    uint32_t k = c->left[i], g = c->ask.group[k];
    bool out = g != UINT32_MAX && c->ask.word[(size_t)k * words] > l->bound[g];
    c->left[kept] = k;
    kept += !out;
  }
  return kept;
}

static mill_status cursor_next(mill_cursor *base, mill_batch **out, mill_error *err) {
  limit_cursor *c = (limit_cursor *)base;
  mill_batch *b;
  uint32_t n;
  do {
    MILL_TRY(c->rows->next(c->rows, &b, err));
    *out = b;
    if (b == NULL) return MILL_OK;
    MILL_TRY(ask(&c->ask, &c->s->plan, b, err));
    if (c->s->plan.op->nkeys)
      mill_group_keys_set(&c->ask.keys, &c->s->plan.group_layout, c->ask.value, b->n);
    if (c->s->plan.number) read_numbers(&c->ask, b->n);
    n = b->n;
    for (uint32_t i = 0; i < n; i++) c->left[i] = i;
    for (const limiter *l = c->s->limiters; l && n; l = l->next) n = within(c, l, n, b->n);
  } while (n == 0);
  for (uint32_t i = 0; i < n; i++) c->sel[i] = mill_batch_row(b, c->left[i]);
  for (uint32_t i = 0; i < c->ncols; i++) c->col[i] = b->col[c->columns[i]];
  c->batch = (mill_batch){.n = n, .ncols = c->ncols, .col = c->col, .first = b->first};
  c->batch.sel = c->sel;
  *out = &c->batch;
  return MILL_OK;
}

static void cursor_free(mill_cursor *base) {
  limit_cursor *c = (limit_cursor *)base;
  mill_memory *m = c->s->memory;
  if (c->rows) c->rows->free(c->rows);
  asker_clear(&c->ask);
  mill_free(m, c->columns, (c->ncols + 1) * sizeof *c->columns);
  mill_free(m, c->col, (c->ncols + 1) * sizeof *c->col);
  mill_free(m, c, sizeof *c);
}

static mill_status open_rows(limit_cursor *c, const mill_context *ctx, mill_error *err) {
  int n = (int)c->s->base.schema->nfields;
  int *all = mill_arena_alloc(&c->ask.arena, ((size_t)n + 1) * sizeof *all);
  if (all == NULL) return mill_oom(c->s->memory, (size_t)n * sizeof *all, err);
  for (int i = 0; i < n; i++) all[i] = i;
  return c->s->rows->open(c->s->rows, ctx, all, n, &c->rows, err);
}

static mill_status scan_open(const mill_scan *base, const mill_context *ctx, const int *columns,
                             int n, mill_cursor **out, mill_error *err) {
  const limit_scan *s = (const limit_scan *)base;
  mill_memory *m = s->memory;
  limit_cursor *c = mill_calloc(m, sizeof *c);
  if (c == NULL) return mill_oom(m, sizeof *c, err);
  c->base =
      (mill_cursor){.scan = base, .seek = cursor_seek, .next = cursor_next, .free = cursor_free};
  c->s = s;
  c->ncols = (uint32_t)n;
  c->columns = mill_alloc(m, (c->ncols + 1) * sizeof *c->columns);
  c->col = mill_alloc(m, (c->ncols + 1) * sizeof *c->col);
  mill_status st = c->columns && c->col ? MILL_OK : mill_oom(m, sizeof *c->col, err);
  for (int i = 0; i < n && st == MILL_OK; i++) c->columns[i] = columns[i];
  if (st == MILL_OK) st = asker_init(&c->ask, &s->plan, err);
  if (st == MILL_OK) st = open_rows(c, ctx, err);
  if (st != MILL_OK) {
    cursor_free(&c->base);
    return st;
  }
  *out = &c->base;
  return MILL_OK;
}

static void scan_free(mill_scan *base) {
  limit_scan *s = (limit_scan *)base;
  mill_memory *m = s->memory;
  mill_scan_unref(s->rows);
  for (limiter *l = s->limiters, *next; l; l = next) {
    next = l->next;
    limiter_free(l);
  }
  mill_arena_clear(&s->plan.arena);
  mill_free(m, s, sizeof *s);
}

mill_status mill_exec_group_limit_scan(const mill_exec *x, const mill_op *op, mill_scan **out,
                                       mill_error *err) {
  mill_memory *m = x->ctx->memory;
  limit_scan *s = mill_calloc(m, sizeof *s);
  *out = NULL;
  if (s == NULL) return mill_oom(m, sizeof *s, err);
  s->base = (mill_scan){.schema = op->schema,
                        .refs = 1,
                        .name = "window group limit",
                        .open = scan_open,
                        .free = scan_free};
  s->memory = m;
  mill_status st = plan_init(&s->plan, x, op, err);
  if (st == MILL_OK) st = first_round(s, err);
  if (st != MILL_OK) {
    scan_free(&s->base);
    return st;
  }
  s->base.morsels = s->rows->morsels;
  s->base.in_turn = s->rows->in_turn;
  s->base.rows = s->rows->rows;
  *out = &s->base;
  return MILL_OK;
}
