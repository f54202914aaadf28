/* Bound expressions over one batch: mill_program (run.h).
**
** Every node is evaluated over a frame: a list of rows of the batch, or all of them. Values are
** dense, value i belongs to row i of the frame. Equal subexpressions are one node and are computed
** once a frame. Branches that may fail run in a narrower frame, so that a row that does not take
** them never raises; branches that cannot are computed for all rows and picked from.
**
** What depends on one column of codes only (vector.h: entries), and cannot fail, is computed once for
** the entries; rows pick from that, as long as batches have the same entries.
**
** The body of a lambda runs in a frame whose rows are elements: each element stands for the batch's
** row it belongs to, so columns read as ever, and the frame's scope has the variables. */
#include <string.h>

#include "base/bits.h"
#include "base/hash.h"
#include "base/thread.h"
#include "exec/condition.h"
#include "exec/run.h"
#include "kernel/lambda.h"

/* The next condition looks at survivors only below this share of the rows; of columns compared with
** constants, which cost next to nothing a row, far fewer are worth a list. */
enum { FEW_LEFT = 4, FEW_COMPARED = 24 };

typedef struct prog_node {
  const mill_bound *b;
  int nargs;
  struct prog_node **arg;
  uint64_t frame; /* for which `value` was computed; 0: none */
  mill_vector value;
  int column;          /* all that it depends on: NO_COLUMN, a column of strings, or MANY */
  mill_vector by_code; /* its values for the entries below, once it has been asked for them */
  const void *entries;
  uint32_t nentries;
  uint64_t hash;
  struct prog_node *next; /* of those whose hashes fall into one bucket */
} prog_node;

enum { NO_COLUMN = -1, MANY = -2 };

/* The variables of a lambda's elements, around them those of the lambda around it. */
typedef struct prog_scope {
  const struct prog_scope *outer;
  const uint32_t *up; /* element of this scope -> element of the outer one */
  const mill_vector *const *var;
  int first, nvars;
} prog_scope;

typedef struct prog_frame {
  uint64_t id;
  const uint32_t *rows; /* NULL: row i is i */
  uint32_t n;
  const prog_scope *scope;
  const uint32_t *elem; /* row i is this element of the scope; NULL: element i */
} prog_frame;

struct mill_program {
  const mill_context *ctx;
  const mill_settings *set;
  int n;
  prog_node **root;
  mill_test *test; /* of each that is one (condition.h), to select by; value NULL: it is none */
  bool *proven;    /* each that is true of all rows there will be */
  prog_node *
      *bucket; /* all nodes by their hashes; a power of two of buckets, at least one a node */
  uint32_t nodes, buckets;
  mill_arena own, batch;
  const mill_batch *in;
  uint64_t frames;
};

/* ---- building ------------------------------------------------------------------------------- */

static bool same_node(const prog_node *a, const mill_bound *b, prog_node *const *arg) {
  const mill_bound *x = a->b;
  if (x->kind != b->kind || x->type != b->type || x->nargs != b->nargs || x->index != b->index ||
      x->nvars != b->nvars || !b->deterministic || !x->deterministic)
    return false;
  if (b->kind == MILL_B_LITERAL) return x->value == b->value;
  if (x->fn != b->fn || x->kernel != b->kernel || x->host != b->host) return false;
  if (x->state != b->state) return false;
  for (int i = 0; i < b->nargs; i++)
    if (a->arg[i] != arg[i]) return false;
  return true;
}

/* The one column that the node depends on. */
static int depends_on(const mill_bound *b, prog_node *const *arg) {
  int column = NO_COLUMN;
  switch (b->kind) {
  case MILL_B_COLUMN: return b->type->phys == MILL_PHYS_STR ? b->index : MANY;
  case MILL_B_LITERAL:
  case MILL_B_CALL:
  case MILL_B_AND:
  case MILL_B_OR:
  case MILL_B_CASE:
  case MILL_B_COALESCE: break;
  default: return MANY;
  }
  if (b->can_raise || !b->deterministic) return MANY;
  for (int i = 0; i < b->nargs; i++) {
    if (arg[i]->column == MANY) return MANY;
    if (arg[i]->column == NO_COLUMN) continue;
    if (column != NO_COLUMN && column != arg[i]->column) return MANY;
    column = arg[i]->column;
  }
  return column;
}

/* Of what same_node compares. */
static uint64_t hash_node(const mill_bound *b, prog_node *const *arg) {
  const void *what = b->kind == MILL_B_LITERAL ? (const void *)b->value : (const void *)b->fn;
  uint64_t h = mill_hash_word((uint64_t)(uintptr_t)what ^ mill_hash_word((uint64_t)b->kind));
  h = mill_hash_word(h ^ (uint64_t)(uintptr_t)b->type ^ (uint64_t)(uint32_t)b->index << 32);
  h = mill_hash_word(h ^ (uint64_t)(uintptr_t)b->state);
  for (int i = 0; i < b->nargs; i++) h = mill_hash_word(h ^ (uint64_t)(uintptr_t)arg[i]);
  return h;
}

/* Twice the buckets once there is a node for each. */
static mill_status need_bucket(mill_program *p, mill_error *err) {
  if (p->nodes < p->buckets) return MILL_OK;
  uint32_t n = p->buckets ? 2 * p->buckets : 16;
  prog_node **bucket = mill_arena_alloc(&p->own, n * sizeof *bucket);
  if (bucket == NULL) return mill_oom(p->own.memory, n * sizeof *bucket, err);
  memset(bucket, 0, n * sizeof *bucket);
  for (uint32_t i = 0; i < p->buckets; i++)
    for (prog_node *x = p->bucket[i], *next; x; x = next) {
      next = x->next;
      x->next = bucket[x->hash & (n - 1)];
      bucket[x->hash & (n - 1)] = x;
    }
  p->bucket = bucket;
  p->buckets = n;
  return MILL_OK;
}

static mill_status build(mill_program *p, const mill_bound *b, prog_node **out, mill_error *err) {
  prog_node **arg = mill_arena_alloc(&p->own, (size_t)(b->nargs + 1) * sizeof *arg);
  if (arg == NULL) return mill_oom(p->own.memory, 1, err);
  for (int i = 0; i < b->nargs; i++) MILL_TRY(build(p, b->args[i], &arg[i], err));
  MILL_TRY(need_bucket(p, err));
  uint64_t hash = hash_node(b, arg);
  prog_node **bucket = &p->bucket[hash & (p->buckets - 1)];
  for (prog_node *x = *bucket; x; x = x->next) {
    if (x->hash != hash || !same_node(x, b, arg)) continue;
    *out = x;
    return MILL_OK;
  }
  prog_node *n = mill_arena_alloc(&p->own, sizeof *n);
  if (n == NULL) return mill_oom(p->own.memory, sizeof *n, err);
  *n = (prog_node){.b = b,
                   .nargs = b->nargs,
                   .arg = arg,
                   .column = depends_on(b, arg),
                   .hash = hash,
                   .next = *bucket};
  *bucket = n;
  p->nodes++;
  *out = n;
  return MILL_OK;
}

mill_status mill_program_new(const mill_context *ctx, const mill_settings *set,
                             const mill_bound *const *exprs, int n, mill_program **out,
                             mill_error *err) {
  mill_program *p = mill_calloc(ctx->memory, sizeof *p);
  if (p == NULL) return mill_oom(ctx->memory, sizeof *p, err);
  p->ctx = ctx;
  p->set = set;
  p->n = n;
  mill_arena_init(&p->own, ctx->memory);
  mill_arena_init(&p->batch, ctx->memory);
  p->root = mill_arena_alloc(&p->own, (size_t)(n + 1) * sizeof *p->root);
  p->test = mill_arena_alloc(&p->own, (size_t)(n + 1) * sizeof *p->test);
  p->proven = mill_arena_alloc(&p->own, (size_t)(n + 1) * sizeof *p->proven);
  mill_status s = p->root && p->test && p->proven ? MILL_OK : mill_oom(ctx->memory, 1, err);
  for (int i = 0; i < n && s == MILL_OK; i++) {
    s = build(p, exprs[i], &p->root[i], err);
    if (!mill_condition_test(exprs[i], &p->test[i])) p->test[i].value = NULL;
  }
  if (s != MILL_OK) {
    mill_program_free(p);
    return s;
  }
  *out = p;
  return MILL_OK;
}

void mill_program_free(mill_program *p) {
  if (p == NULL) return;
  mill_memory *m = p->ctx->memory;
  mill_arena_clear(&p->own);
  mill_arena_clear(&p->batch);
  mill_free(m, p, sizeof *p);
}

/* ---- evaluation ----------------------------------------------------------------------------- */

static mill_status eval(mill_program *p, prog_node *n, const prog_frame *f, const mill_vector **out,
                        mill_error *err);

static mill_status column(mill_program *p, prog_node *n, const prog_frame *f, mill_error *err) {
  const mill_vector *c = &p->in->col[n->b->index];
  if (c->index == NULL && (f->rows == NULL || c->mask == 0)) {
    n->value = *c;
    return MILL_OK;
  }
  return mill_vector_gather(&n->value, c, f->rows, f->n, false, &p->batch, err);
}

/* Row validity of a result: null where some argument is. */
static mill_status combine_valid(mill_program *p, const mill_vector *const *args, int nargs,
                                 uint32_t n, mill_vector *out, mill_error *err) {
  size_t words = ((size_t)n + 63) / 64;
  for (int k = 0; k < nargs; k++) {
    const mill_vector *v = args[k];
    bool null_type = v->type->id == MILL_NULL;
    if (v->valid == NULL && !null_type) continue;
    if (v->mask == 0 && !null_type && mill_valid_bit(v->valid, 0)) continue;
    MILL_TRY(mill_vector_need_valid(out, &p->batch, err));
    if (v->mask == 0 || null_type) {
      memset(out->valid, 0, words * 8);
    } else {
      for (size_t i = 0; i < words; i++) out->valid[i] &= v->valid[i];
    }
  }
  return MILL_OK;
}

static bool all_constant(const mill_vector *const *args, int n) {
  for (int i = 0; i < n; i++)
    if (args[i]->mask) return false;
  return n > 0;
}

/* ---- batches of large values ---------------------------------------------------------------- */

/* Kernels run to their end. A batch whose texts or arrays are so large that this takes long is given to them a few
** rows at a time, and between these it is asked whether to go on. */
enum { LARGE = 1 << 20, PIECE = 64, LOOKED_AT = 16 };

/* About how many bytes a kernel reads of the rows: a few are looked at. */
static size_t bytes_read(const mill_vector *v, uint32_t rows) {
  bool texts = v->type->phys == MILL_PHYS_STR;
  size_t bytes = 0, looked = 0;
  if (!texts && v->type->phys != MILL_PHYS_LIST) return 0;
  for (uint32_t i = 0; i < rows; i += rows / LOOKED_AT, looked++) {
    if (!mill_vector_valid(v, i)) continue;
    uint32_t at = mill_vector_at(v, i);
    bytes += texts ? ((const mill_str *)v->data)[at].size
                   : sizeof(int64_t) * ((const mill_span *)v->data)[at].size;
  }
  return bytes / looked * rows;
}

static bool is_large(const mill_vector *const *args, int nargs, const mill_vector *out,
                     uint32_t rows) {
  size_t bytes = 0;
  if (rows <= PIECE || out->type->nfields) return false;
  for (int i = 0; i < nargs; i++) {
    if (args[i]->type->phys == MILL_PHYS_STRUCT) return false;
    bytes += bytes_read(args[i], rows);
  }
  return bytes > LARGE;
}

/* The rows from `at` on, a multiple of 64, as a vector. */
static mill_vector rows_from(const mill_vector *v, uint32_t at) {
  mill_vector out = *v;
  if (v->mask == 0) return out;
  out.data = (char *)v->data + (size_t)at * v->type->width;
  if (v->valid) out.valid = v->valid + at / 64;
  out.size = v->size > at ? v->size - at : 0;
  out.capacity = v->capacity > at ? v->capacity - at : 0;
  return out;
}

/* What a kernel made of n <= 64 rows from `at` on, where it put them elsewhere. */
static void put_rows(mill_vector *out, uint32_t at, const mill_vector *made, uint32_t n) {
  mill_vector to = rows_from(out, at);
  size_t width = out->type->width;
  for (uint32_t i = 0; i < n && (made->data != to.data || made->valid != to.valid); i++) {
    bool valid = mill_vector_valid(made, i);
    to.valid[0] = (to.valid[0] & ~(1ull << i)) | (uint64_t)valid << i;
    if (valid && made->data != to.data)
      memcpy((char *)to.data + i * width, (char *)made->data + mill_vector_at(made, i) * width,
             width);
  }
}

static mill_status run_in_pieces(mill_program *p, const prog_node *n, mill_call *call,
                                 const mill_vector *const *args, uint32_t rows, mill_vector *out,
                                 mill_error *err) {
  uint64_t first = call->first_row;
  mill_vector *own = mill_arena_alloc(&p->batch, (size_t)n->nargs * sizeof *own);
  const mill_vector **piece = mill_arena_alloc(&p->batch, (size_t)n->nargs * sizeof *piece);
  if (own == NULL || piece == NULL) return mill_oom(p->batch.memory, sizeof *own, err);
  MILL_TRY(mill_vector_need_valid(out, &p->batch, err));
  for (uint32_t at = 0; at < rows; at += PIECE) {
    uint32_t some = rows - at < PIECE ? rows - at : PIECE;
    MILL_TRY(mill_watch_check(err));
    for (int i = 0; i < n->nargs; i++) {
      own[i] = rows_from(args[i], at);
      piece[i] = &own[i];
    }
    mill_vector made = rows_from(out, at);
    made.size = some;
    call->first_row = first + at;
    MILL_TRY(n->b->kernel(call, piece, some, &made, err));
    put_rows(out, at, &made, some);
  }
  return MILL_OK;
}

static mill_status run_kernel(mill_program *p, prog_node *n, const mill_vector *const *args,
                              uint32_t rows, mill_lambda *lambda, mill_error *err) {
  const mill_bound *b = n->b;
  bool pure = !b->fn || !(b->fn->flags & (MILL_FN_NONDETERMINISTIC | MILL_FN_LAMBDA));
  uint32_t count = pure && all_constant(args, n->nargs) ? 1 : rows;
  mill_call call = {.ctx = p->ctx,
                    .set = p->set,
                    .fn = b->fn,
                    .result = b->type,
                    .arg_type = b->arg_type,
                    .nargs = n->nargs,
                    .state = b->state,
                    .arena = &p->batch,
                    .text = b->text,
                    .start = b->start,
                    .stop = b->stop,
                    .first_row = p->in->first,
                    .lambda = lambda};
  mill_vector out;
  MILL_TRY(mill_vector_init(&out, b->type, rows > 1 ? rows : 1, &p->batch, err));
  out.size = count;
  if (!b->fn || !(b->fn->flags & MILL_FN_NULLS))
    MILL_TRY(combine_valid(p, args, n->nargs, count, &out, err));
  bool large = !lambda && is_large(args, n->nargs, &out, count);
  MILL_TRY(large ? run_in_pieces(p, n, &call, args, count, &out, err)
                 : b->kernel(&call, args, count, &out, err));
  if (count == rows && count != 1) {
    n->value = out;
    return MILL_OK;
  }
  return mill_vector_constant(&n->value, &out, 0, &p->batch, err);
}

static mill_status eval_args(mill_program *p, prog_node *n, const prog_frame *f,
                             const mill_vector ***args, mill_error *err) {
  const mill_vector *v;
  *args = mill_arena_alloc(&p->batch, (size_t)(n->nargs + 1) * sizeof **args);
  mill_vector *own = mill_arena_alloc(&p->batch, (size_t)(n->nargs + 1) * sizeof *own);
  if (*args == NULL || own == NULL) return mill_oom(p->batch.memory, 1, err);
  for (int i = 0; i < n->nargs; i++) { /* copies: a later branch may evaluate the node elsewhere */
    MILL_TRY(eval(p, n->arg[i], f, &v, err));
    own[i] = *v;
    MILL_TRY(mill_vector_give_children(&own[i], &p->batch, err));
    (*args)[i] = &own[i];
  }
  return MILL_OK;
}

static mill_status call(mill_program *p, prog_node *n, const prog_frame *f, mill_error *err) {
  const mill_vector **args;
  MILL_TRY(eval_args(p, n, f, &args, err));
  return run_kernel(p, n, args, f->n, NULL, err);
}

/* ---- lambdas -------------------------------------------------------------------------------- */

typedef struct prog_lambda {
  mill_lambda base;
  mill_program *p;
  const prog_node *call;
  const prog_frame *frame;
} prog_lambda;

static mill_status eval_body(prog_lambda *l, int arg, const mill_vector *const *vars,
                             const uint32_t *row, uint32_t n, const mill_vector **out,
                             mill_error *err) {
  mill_program *p = l->p;
  const prog_frame *f = l->frame;
  const prog_node *lambda = l->call->arg[arg];
  const uint32_t *rows = row, *up = row;
  uint32_t *mem = mill_arena_take(&p->batch, 2 * (size_t)n * sizeof *mem);
  if (mem == NULL) return mill_oom(p->batch.memory, n, err);
  for (uint32_t i = 0; f->rows && i < n; i++) mem[i] = f->rows[row[i]];
  if (f->rows) rows = mem;
  for (uint32_t i = 0; f->elem && i < n; i++) mem[n + i] = f->elem[row[i]];
  if (f->elem) up = mem + n;
  prog_scope s = {f->scope, up, vars, lambda->b->index, lambda->b->nvars};
  prog_frame body = {.id = ++p->frames, .rows = rows, .n = n, .scope = &s};
  return eval(p, lambda->arg[0], &body, out, err);
}

static mill_status lambda_eval(mill_lambda *base, int arg, const mill_vector *const *vars,
                               const uint32_t *row, uint32_t n, const mill_vector **out,
                               mill_error *err) {
  prog_lambda *l = (prog_lambda *)base;
  MILL_TRY(mill_watch_check(err)); /* a row may have millions of elements */
  if (base->arena == NULL) return eval_body(l, arg, vars, row, n, out, err);
  mill_arena keep = l->p->batch;
  l->p->batch = *base->arena;
  mill_status s = eval_body(l, arg, vars, row, n, out, err);
  *base->arena = l->p->batch;
  l->p->batch = keep;
  return s;
}

static mill_status call_lambda(mill_program *p, prog_node *n, const prog_frame *f,
                               mill_error *err) {
  const mill_vector *v, **args = mill_arena_alloc(&p->batch, (size_t)n->nargs * sizeof *args);
  mill_vector *own = mill_arena_alloc(&p->batch, (size_t)n->nargs * sizeof *own);
  if (args == NULL || own == NULL) return mill_oom(p->batch.memory, 1, err);
  for (int i = 0; i < n->nargs; i++) {
    args[i] = &own[i];
    if (n->arg[i]->b->kind == MILL_B_LAMBDA) continue;
    MILL_TRY(eval(p, n->arg[i], f, &v, err));
    own[i] = *v;
  }
  prog_lambda l = {{lambda_eval, NULL}, p, n, f};
  return run_kernel(p, n, args, f->n, &l.base, err);
}

static mill_status variable(mill_program *p, prog_node *n, const prog_frame *f, mill_error *err) {
  const uint32_t *at = f->elem;
  const prog_scope *s = f->scope;
  int k = n->b->index;
  for (; k < s->first || k >= s->first + s->nvars; s = s->outer) {
    uint32_t *up = NULL;
    if (at) {
      up = mill_arena_take(&p->batch, (size_t)f->n * sizeof *up);
      if (up == NULL) return mill_oom(p->batch.memory, f->n, err);
      for (uint32_t i = 0; i < f->n; i++) up[i] = s->up[at[i]];
    }
    at = at ? up : s->up;
  }
  const mill_vector *v = s->var[k - s->first];
  if (at) return mill_vector_gather(&n->value, v, at, f->n, false, &p->batch, err);
  n->value = *v;
  return MILL_OK;
}

/* ---- branches ------------------------------------------------------------------------------- */

/* The rows of f at positions pos[0..n). */
static mill_status narrow(mill_program *p, const prog_frame *f, const uint32_t *pos, uint32_t n,
                          prog_frame *out, mill_error *err) {
  uint32_t *rows = mill_arena_alloc(&p->batch, (size_t)(n + 1) * sizeof *rows), *elem = NULL;
  if (f->scope) elem = mill_arena_alloc(&p->batch, (size_t)(n + 1) * sizeof *elem);
  if (rows == NULL || (f->scope && elem == NULL)) return mill_oom(p->batch.memory, n, err);
  for (uint32_t i = 0; i < n; i++) rows[i] = f->rows ? f->rows[pos[i]] : pos[i];
  for (uint32_t i = 0; elem && i < n; i++) elem[i] = f->elem ? f->elem[pos[i]] : pos[i];
  *out = (prog_frame){.id = ++p->frames, .rows = rows, .n = n, .scope = f->scope, .elem = elem};
  return MILL_OK;
}

static bool can_raise(const prog_node *n, int from) {
  for (int i = from; i < n->nargs; i++)
    if (n->arg[i]->b->can_raise || !n->arg[i]->b->deterministic) return true;
  return false;
}

/* Results of branches: which vector, and which value of it, each row takes. */
typedef struct picks {
  const mill_vector **from;
  uint32_t *source, *index;
  uint32_t n;
} picks;

static mill_status picks_new(mill_program *p, int sources, uint32_t n, picks *out,
                             mill_error *err) {
  out->from = mill_arena_alloc(&p->batch, (size_t)(sources + 1) * sizeof *out->from);
  out->source = mill_arena_alloc(&p->batch, (size_t)(n + 1) * sizeof *out->source);
  out->index = mill_arena_alloc(&p->batch, (size_t)(n + 1) * sizeof *out->index);
  out->n = n;
  return out->from && out->source && out->index ? MILL_OK : mill_oom(p->batch.memory, n, err);
}

static mill_status picks_done(mill_program *p, prog_node *node, const picks *k, mill_error *err) {
  mill_vector *out = &node->value;
  MILL_TRY(mill_vector_init(out, node->b->type, k->n ? k->n : 1, &p->batch, err));
  for (uint32_t i = 0; i < k->n;) { /* runs of rows from one branch */
    uint32_t j = i;
    while (j < k->n && k->source[j] == k->source[i]) j++;
    const mill_vector *v = k->from[k->source[i]];
    MILL_TRY(mill_vector_append(out, v, k->index + i, j - i, false, &p->batch, err));
    i = j;
  }
  out->mask = MILL_FLAT;
  return MILL_OK;
}

static bool is_true(const mill_vector *v, size_t i) {
  return mill_vector_valid(v, i) && ((const uint8_t *)v->data)[mill_vector_at(v, i)];
}

/* CASE: conditions in turn over the rows that no condition before has taken. */
static mill_status branch_case(mill_program *p, prog_node *n, const prog_frame *f,
                               mill_error *err) {
  picks k;
  uint32_t left = f->n, *pos = mill_arena_alloc(&p->batch, (size_t)(f->n + 1) * sizeof *pos);
  uint32_t *hit = mill_arena_alloc(&p->batch, (size_t)(f->n + 1) * sizeof *hit);
  if (pos == NULL || hit == NULL) return mill_oom(p->batch.memory, f->n, err);
  MILL_TRY(picks_new(p, n->nargs, f->n, &k, err));
  for (uint32_t i = 0; i < f->n; i++) pos[i] = i;
  for (int a = 0; a + 1 <= n->nargs && left > 0; a += 2) {
    bool last = a + 1 == n->nargs;
    uint32_t hits = 0, rest = 0;
    prog_frame sub;
    if (!last) {
      const mill_vector *c;
      MILL_TRY(narrow(p, f, pos, left, &sub, err));
      MILL_TRY(eval(p, n->arg[a], &sub, &c, err));
      for (uint32_t i = 0; i < left; i++) {
        if (is_true(c, i)) {
          hit[hits++] = pos[i];
        } else {
          pos[rest++] = pos[i];
        }
      }
    } else {
      memcpy(hit, pos, left * sizeof *hit);
      hits = left;
    }
    left = rest;
    if (hits == 0) continue;
    int value = last ? a : a + 1;
    MILL_TRY(narrow(p, f, hit, hits, &sub, err));
    MILL_TRY(eval(p, n->arg[value], &sub, &k.from[value], err));
    mill_vector *keep = mill_arena_alloc(&p->batch, sizeof *keep);
    if (keep == NULL) return mill_oom(p->batch.memory, sizeof *keep, err);
    *keep = *k.from[value];
    k.from[value] = keep;
    for (uint32_t i = 0; i < hits; i++) k.source[hit[i]] = (uint32_t)value, k.index[hit[i]] = i;
  }
  return picks_done(p, n, &k, err);
}

static mill_status branch_coalesce(mill_program *p, prog_node *n, const prog_frame *f,
                                   mill_error *err) {
  picks k;
  uint32_t left = f->n, *pos = mill_arena_alloc(&p->batch, (size_t)(f->n + 1) * sizeof *pos);
  if (pos == NULL) return mill_oom(p->batch.memory, f->n, err);
  MILL_TRY(picks_new(p, n->nargs, f->n, &k, err));
  for (uint32_t i = 0; i < f->n; i++) pos[i] = i;
  for (int a = 0; a < n->nargs && left > 0; a++) {
    prog_frame sub;
    uint32_t rest = 0;
    mill_vector *keep = mill_arena_alloc(&p->batch, sizeof *keep);
    const mill_vector *v;
    if (keep == NULL) return mill_oom(p->batch.memory, sizeof *keep, err);
    MILL_TRY(narrow(p, f, pos, left, &sub, err));
    MILL_TRY(eval(p, n->arg[a], &sub, &v, err));
    *keep = *v;
    k.from[a] = keep;
    for (uint32_t i = 0; i < left; i++) {
      k.source[pos[i]] = (uint32_t)a;
      k.index[pos[i]] = i;
      if (!mill_vector_valid(v, i)) pos[rest++] = pos[i];
    }
    left = rest;
  }
  return picks_done(p, n, &k, err);
}

/* AND, OR: the second argument only where the first does not decide. */
static mill_status branch_logic(mill_program *p, prog_node *n, const prog_frame *f,
                                mill_error *err) {
  bool deciding = n->b->kind == MILL_B_OR;
  const mill_vector *v, *second = NULL;
  mill_vector first;
  uint32_t left = 0, at = 0, *pos = mill_arena_alloc(&p->batch, (size_t)(f->n + 1) * sizeof *pos);
  if (pos == NULL) return mill_oom(p->batch.memory, f->n, err);
  MILL_TRY(eval(p, n->arg[0], f, &v, err));
  first = *v;
  for (uint32_t i = 0; i < f->n; i++)
    if (!mill_vector_valid(&first, i) || is_true(&first, i) != deciding) pos[left++] = i;
  if (left) {
    prog_frame sub;
    MILL_TRY(narrow(p, f, pos, left, &sub, err));
    MILL_TRY(eval(p, n->arg[1], &sub, &second, err));
  }
  mill_vector *out = &n->value;
  MILL_TRY(mill_vector_init(out, n->b->type, f->n ? f->n : 1, &p->batch, err));
  out->size = f->n;
  uint8_t *data = out->data;
  for (uint32_t i = 0; i < f->n; i++) {
    data[i] = deciding;
    if (at >= left || pos[at] != i) continue;
    bool known = mill_vector_valid(second, at), yes = known && is_true(second, at);
    at++;
    if (known && yes == deciding) continue;
    data[i] = !deciding;
    if (!known || !mill_vector_valid(&first, i))
      MILL_TRY(mill_vector_set_null(out, i, &p->batch, err));
  }
  return MILL_OK;
}

/* ---- dispatch ------------------------------------------------------------------------------- */

static mill_status field(mill_program *p, prog_node *n, const prog_frame *f, mill_error *err) {
  const mill_vector *of;
  MILL_TRY(eval(p, n->arg[0], f, &of, err));
  if (of->mask == 0) {
    if (mill_vector_valid(of, 0))
      return mill_vector_constant(&n->value, &of->child[n->b->index], 0, &p->batch, err);
    mill_vector_null(&n->value, n->b->type);
    return MILL_OK;
  }
  mill_vector c = of->child[n->b->index];
  if (c.index || c.mask == 0)
    MILL_TRY(mill_vector_gather(&c, &of->child[n->b->index], NULL, f->n, false, &p->batch, err));
  n->value = c;
  if (of->valid == NULL) return MILL_OK;
  size_t words = ((size_t)f->n + 63) / 64;
  uint64_t *valid = mill_arena_alloc(&p->batch, (words + 1) * 8);
  if (valid == NULL) return mill_oom(p->batch.memory, words, err);
  for (size_t i = 0; i < words; i++) valid[i] = of->valid[i] & (c.valid ? c.valid[i] : ~0ull);
  n->value.valid = valid;
  return MILL_OK;
}

static mill_status host(mill_program *p, prog_node *n, const prog_frame *f, mill_error *err) {
  const mill_vector **args;
  MILL_TRY(eval_args(p, n, f, &args, err));
  MILL_TRY(mill_vector_init(&n->value, n->b->type, f->n ? f->n : 1, &p->batch, err));
  n->value.size = f->n;
  return n->b->host->call(n->b->host, args, n->nargs, f->n, &n->value, &p->batch, err);
}

static mill_status eval_kind(mill_program *p, prog_node *n, const prog_frame *f, mill_error *err);

/* ---- codes ---------------------------------------------------------------------------------- */

/* Is it worth while to compute the node for the entries of its column? */
static bool has_codes(const mill_program *p, const prog_node *n, const prog_frame *f) {
  if (n->column < 0 || n->nargs == 0 || f->scope) return false;
  const mill_vector *c = &p->in->col[n->column];
  return c->index && c->entries && n->b->type->phys >= MILL_PHYS_BOOL &&
         n->b->type->phys <= MILL_PHYS_F64;
}

static mill_status keep_values(mill_program *p, prog_node *n, const mill_vector *v, uint32_t count,
                               mill_error *err) {
  mill_vector *keep = &n->by_code;
  if (keep->capacity < count) MILL_TRY(mill_vector_init(keep, n->b->type, count, &p->own, err));
  keep->size = 0;
  if (keep->valid) memset(keep->valid, 0xff, ((size_t)keep->capacity + 63) / 64 * 8);
  return mill_vector_append(keep, v, NULL, count, false, &p->own, err);
}

static mill_status eval_entries(mill_program *p, prog_node *n, mill_error *err) {
  const mill_batch *in = p->in;
  const mill_vector *c = &in->col[n->column];
  mill_vector *col = mill_arena_alloc(&p->batch, (in->ncols + 1) * sizeof *col);
  if (col == NULL) return mill_oom(p->batch.memory, in->ncols, err);
  col[n->column] = *c;
  col[n->column].index = NULL;
  col[n->column].mask = MILL_FLAT;
  col[n->column].entries = 0;
  mill_batch entries = {.n = c->entries, .ncols = in->ncols, .col = col};
  prog_frame f = {.id = ++p->frames, .n = c->entries};
  p->in = &entries;
  mill_status s = eval_kind(p, n, &f, err);
  p->in = in;
  if (s == MILL_OK) s = keep_values(p, n, &n->value, c->entries, err);
  n->entries = s == MILL_OK ? c->data : NULL;
  n->nentries = c->entries;
  return s;
}

static mill_status eval_codes(mill_program *p, prog_node *n, const prog_frame *f, mill_error *err) {
  const mill_vector *c = &p->in->col[n->column];
  if (n->entries != c->data || n->nentries != c->entries) MILL_TRY(eval_entries(p, n, err));
  mill_vector by_row = n->by_code;
  by_row.index = c->index;
  by_row.mask = c->mask;
  return mill_vector_gather(&n->value, &by_row, f->rows, f->n, false, &p->batch, err);
}

static mill_status eval_kind(mill_program *p, prog_node *n, const prog_frame *f, mill_error *err) {
  const mill_bound *b = n->b;
  switch (b->kind) {
  case MILL_B_COLUMN: return column(p, n, f, err);
  case MILL_B_LITERAL: n->value = *b->value; return MILL_OK;
  case MILL_B_AND:
  case MILL_B_OR: return can_raise(n, 1) ? branch_logic(p, n, f, err) : call(p, n, f, err);
  case MILL_B_CASE: return can_raise(n, 0) ? branch_case(p, n, f, err) : call(p, n, f, err);
  case MILL_B_COALESCE: return can_raise(n, 1) ? branch_coalesce(p, n, f, err) : call(p, n, f, err);
  case MILL_B_FIELD: return field(p, n, f, err);
  case MILL_B_HOST: return host(p, n, f, err);
  case MILL_B_VARIABLE: return variable(p, n, f, err);
  case MILL_B_CALL:
    return b->fn && (b->fn->flags & MILL_FN_LAMBDA) ? call_lambda(p, n, f, err)
                                                    : call(p, n, f, err);
  default: return call(p, n, f, err);
  }
}

static mill_status eval(mill_program *p, prog_node *n, const prog_frame *f, const mill_vector **out,
                        mill_error *err) {
  if (n->frame != f->id) {
    MILL_TRY(has_codes(p, n, f) ? eval_codes(p, n, f, err) : eval_kind(p, n, f, err));
    n->frame = f->id;
  }
  *out = &n->value;
  return MILL_OK;
}

mill_status mill_program_run(mill_program *p, const mill_batch *in, mill_vector *out,
                             mill_error *err) {
  MILL_TRY(mill_watch_check(err));
  mill_arena_reset(&p->batch);
  p->in = in;
  prog_frame f = {.id = ++p->frames, .rows = in->sel, .n = in->n};
  for (int i = 0; i < p->n; i++) {
    const mill_vector *v;
    MILL_TRY(eval(p, p->root[i], &f, &v, err));
    out[i] = *v;
  }
  return MILL_OK;
}

/* ---- filters -------------------------------------------------------------------------------- */

/* Rows of f that are still in, as a frame of their own. */
static mill_status keep_rows(mill_program *p, prog_frame *f, const uint64_t *keep,
                             mill_error *err) {
  uint32_t *rows = mill_arena_take(&p->batch, (size_t)(f->n + 1) * sizeof *rows);
  if (rows == NULL) return mill_oom(p->batch.memory, f->n, err);
  const uint32_t n = mill_bits_list(keep, f->n, rows);
  for (uint32_t i = 0; f->rows && i < n; i++) rows[i] = f->rows[rows[i]];
  *f = (prog_frame){.id = ++p->frames, .rows = rows, .n = n};
  return MILL_OK;
}

/* Of n rows those for which v is true stay. */
static void and_true(uint64_t *keep, const mill_vector *v, uint32_t n) {
  const uint8_t *yes = v->data;
  uint8_t rest[64] = {0};
  const bool all = v->mask == 0 && mill_vector_valid(v, 0) && yes[0];
  for (uint32_t w = 0; w < mill_bits_words(n) && !all; w++) {
    const uint32_t from = w * 64;
    if (v->mask && n - from < 64) memcpy(rest, yes + from, n - from);
    keep[w] &= v->mask == 0 ? 0 : mill_bits_of(n - from < 64 ? rest : yes + from);
    if (v->mask && v->valid) keep[w] &= v->valid[w];
  }
}

/* Of the frame's rows, which are listed, those that pass the test: a frame of their own. */
static mill_status test_some(mill_program *p, prog_frame *f, const mill_test *t,
                             const mill_vector *v, mill_error *err) {
  uint32_t *rows = mill_arena_take(&p->batch, (size_t)(f->n + 1) * sizeof *rows);
  if (rows == NULL) return mill_oom(p->batch.memory, f->n, err);
  memcpy(rows, f->rows, f->n * sizeof *rows);
  uint32_t n = mill_test_some(t, v, rows, f->n);
  *f = (prog_frame){.id = ++p->frames, .rows = rows, .n = n};
  return MILL_OK;
}

void mill_program_assume(mill_program *p, const mill_scan *scan, size_t morsel,
                         const int *columns) {
  mill_range r;
  for (int i = 0; i < p->n; i++) {
    const mill_test *t = &p->test[i];
    p->proven[i] =
        t->value && scan->range(scan, morsel, columns[t->column], &r) && mill_test_must_pass(t, &r);
  }
}

mill_status mill_program_select(mill_program *p, const mill_batch *in, uint32_t *sel, uint32_t *n,
                                mill_error *err) {
  uint64_t keep[MILL_BATCH / 64]; /* of the frame's rows */
  uint32_t left = in->n;
  MILL_TRY(mill_watch_check(err)); /* a join may ask about many rows before it has one */
  mill_arena_reset(&p->batch);
  p->in = in;
  prog_frame f = {.id = ++p->frames, .rows = in->sel, .n = in->n};
  mill_bits_fill(keep, in->n);
  for (int i = 0; i < p->n && left; i++) {
    if (p->proven[i]) continue;
    const mill_vector *v;
    const mill_bound *b = p->root[i]->b;
    const mill_test *t = p->test[i].value ? &p->test[i] : NULL;
    const mill_vector *c = t ? &in->col[t->column] : NULL;
    const bool quick = t && mill_test_quick(t, c);
    const uint32_t few = f.n / (quick && !f.rows ? FEW_COMPARED : FEW_LEFT);
    if (left < f.n && (b->can_raise || !b->deterministic || left < few || (quick && f.rows))) {
      MILL_TRY(keep_rows(p, &f, keep, err));
      mill_bits_fill(keep, left);
    }
    if (quick && f.rows) {
      MILL_TRY(test_some(p, &f, t, c, err));
      mill_bits_fill(keep, f.n);
      left = f.n;
      continue;
    }
    if (quick) {
      mill_test_filter(t, c, f.n, keep);
    } else {
      MILL_TRY(eval(p, p->root[i], &f, &v, err));
      and_true(keep, v, f.n);
    }
    left = mill_bits_count(keep, f.n);
  }
  *n = left;
  if (sel == NULL) return MILL_OK;
  if (left < f.n) MILL_TRY(keep_rows(p, &f, keep, err));
  if (left && f.rows && f.rows != in->sel) memcpy(sel, f.rows, left * sizeof *sel);
  return MILL_OK;
}
