/* Streaming operators: filter, project, expand, generate; sample.c has the other. */
#include <stddef.h>
#include <string.h>

#include "exec/condition.h"
#include "exec/exec_int.h"

typedef struct program_step {
  mill_step base;
  mill_program *program;
  mill_vector *out;
  int n;
  mill_batch batch;
  uint32_t some;  /* generate: rows it takes at once */
  uint32_t held;  /* filter: rows that are counted, but not pushed yet */
  uint64_t place; /* of those it makes or pushes next */
  uint32_t sel[MILL_BATCH];
} program_step;

static void program_free(mill_step *s) {
  program_step *p = (program_step *)s;
  mill_memory *m = s->x->ctx->memory;
  mill_program_free(p->program);
  mill_free(m, p->out, (size_t)(p->n + 1) * sizeof *p->out);
  mill_free(m, p, sizeof *p);
}

static mill_status program_new(const mill_exec *x, const mill_op *op,
                               const mill_bound *const *exprs, int n,
                               mill_status (*push)(mill_step *, mill_batch *, mill_error *),
                               mill_step **out, mill_error *err) {
  mill_memory *m = x->ctx->memory;
  program_step *p = mill_alloc(m, sizeof *p);
  if (p == NULL) return mill_oom(m, sizeof *p, err);
  memset(p, 0, offsetof(program_step, sel));
  p->base = (mill_step){.x = x, .op = op, .push = push, .free = program_free};
  p->n = n;
  p->out = mill_calloc(m, (size_t)(n + 1) * sizeof *p->out);
  if (p->out == NULL) {
    mill_free(m, p, sizeof *p);
    return mill_oom(m, 1, err);
  }
  mill_status s = mill_program_new(x->ctx, x->set, exprs, n, &p->program, err);
  if (s != MILL_OK) {
    program_free(&p->base);
    return s;
  }
  *out = &p->base;
  return MILL_OK;
}

/* ---- filter --------------------------------------------------------------------------------- */

static mill_status push_filter(mill_step *s, mill_batch *b, mill_error *err) {
  program_step *p = (program_step *)s;
  uint32_t n = 0;
  MILL_TRY(mill_program_select(p->program, b, p->sel, &n, err));
  if (n == 0) return MILL_OK;
  p->batch = *b;
  if (n < b->n) {
    p->batch.n = n;
    p->batch.sel = p->sel;
  }
  return s->next->push(s->next, &p->batch, err);
}

/* Rows without columns, as many as pass; a batch of them at a time, and what is left at the end of the morsel. */
static mill_status push_held(program_step *p, uint32_t n, mill_error *err) {
  if (n == 0) return MILL_OK;
  p->batch = (mill_batch){.n = n, .first = p->place};
  p->place += n;
  p->held -= n;
  return p->base.next->push(p->base.next, &p->batch, err);
}

static mill_status push_counted(mill_step *s, mill_batch *b, mill_error *err) {
  program_step *p = (program_step *)s;
  uint32_t n = 0;
  MILL_TRY(mill_program_select(p->program, b, NULL, &n, err));
  if (p->held == 0) p->place = b->first;
  p->held += n;
  return p->held < MILL_BATCH ? MILL_OK : push_held(p, MILL_BATCH, err);
}

static mill_status end_counted(mill_step *s, mill_error *err) {
  program_step *p = (program_step *)s;
  return push_held(p, p->held, err);
}

static void begin_filter(mill_step *s, const mill_scan *scan, size_t morsel, const int *columns) {
  mill_program_assume(((program_step *)s)->program, scan, morsel, columns);
}

void mill_step_counts(mill_step *s) {
  if (s->op->kind != MILL_OP_FILTER) return;
  s->push = push_counted;
  s->end = end_counted;
}

static mill_status filter_new(const mill_exec *x, const mill_op *op, mill_step **out,
                              mill_error *err) {
  mill_memory *m = x->ctx->memory;
  int n = mill_conditions(op->predicate, NULL);
  const mill_bound **list = mill_alloc(m, (size_t)n * sizeof *list);
  if (list == NULL) return mill_oom(m, (size_t)n, err);
  mill_conditions(op->predicate, list);
  mill_conditions_arrange(list, n);
  mill_status s = program_new(x, op, list, n, push_filter, out, err);
  if (s == MILL_OK) (*out)->begin = begin_filter;
  mill_free(m, list, (size_t)n * sizeof *list);
  return s;
}

/* ---- project -------------------------------------------------------------------------------- */

/* Columns pass as they are, or as dictionaries over the rows that count; the program computes the
** rest. */
typedef struct project_step {
  mill_step base;
  mill_program *program; /* NULL: there are only columns */
  mill_vector *out, *made;
  mill_arena own, scratch;
} project_step;

static bool passes(const mill_bound *b) { return b->kind == MILL_B_COLUMN; }

static mill_status column_as_dense(project_step *p, const mill_batch *b, const mill_vector *c,
                                   mill_vector *out, mill_error *err) {
  bool nested = c->type->phys == MILL_PHYS_LIST || c->type->phys == MILL_PHYS_STRUCT;
  *out = *c;
  if (c->mask == 0 && c->index == NULL) return MILL_OK;
  if (nested) return mill_vector_gather(out, c, b->sel, b->n, false, &p->scratch, err);
  out->index = b->sel;
  out->mask = MILL_FLAT;
  if (c->index == NULL) return MILL_OK;
  uint32_t *index = mill_arena_take(&p->scratch, b->n * sizeof *index);
  if (index == NULL) return mill_oom(p->scratch.memory, b->n, err);
  for (uint32_t i = 0; i < b->n; i++) index[i] = c->index[b->sel[i]];
  out->index = index;
  return MILL_OK;
}

static mill_status push_project(mill_step *s, mill_batch *b, mill_error *err) {
  project_step *p = (project_step *)s;
  mill_batch next = {.n = b->n, .ncols = (uint32_t)s->op->nexprs, .col = p->out, .first = b->first};
  if (p->program) MILL_TRY(mill_program_run(p->program, b, p->made, err));
  mill_arena_reset(&p->scratch);
  for (int i = 0, k = 0; i < s->op->nexprs; i++) {
    const mill_bound *e = s->op->exprs[i];
    if (!passes(e))
      p->out[i] = p->made[k++];
    else if (p->program && b->sel)
      MILL_TRY(column_as_dense(p, b, &b->col[e->index], &p->out[i], err));
    else
      p->out[i] = b->col[e->index];
  }
  if (p->program == NULL) next.sel = b->sel;
  return s->next->push(s->next, &next, err);
}

static void project_free(mill_step *s) {
  project_step *p = (project_step *)s;
  mill_program_free(p->program);
  mill_arena_clear(&p->own);
  mill_arena_clear(&p->scratch);
  mill_free(s->x->ctx->memory, p, sizeof *p);
}

static mill_status project_new(const mill_exec *x, const mill_op *op, mill_step **out,
                               mill_error *err) {
  mill_memory *m = x->ctx->memory;
  project_step *p = mill_calloc(m, sizeof *p);
  if (p == NULL) return mill_oom(m, sizeof *p, err);
  p->base = (mill_step){.x = x, .op = op, .push = push_project, .free = project_free};
  mill_arena_init(&p->own, m);
  mill_arena_init(&p->scratch, m);
  size_t n = (size_t)op->nexprs + 1;
  const mill_bound **rest = mill_arena_alloc(&p->own, n * sizeof *rest);
  p->out = mill_arena_alloc(&p->own, n * sizeof *p->out);
  p->made = mill_arena_alloc(&p->own, n * sizeof *p->made);
  int k = 0;
  mill_status s = rest && p->out && p->made ? MILL_OK : mill_oom(m, n, err);
  for (int i = 0; s == MILL_OK && i < op->nexprs; i++)
    if (!passes(op->exprs[i])) rest[k++] = op->exprs[i];
  if (k) s = mill_program_new(x->ctx, x->set, rest, k, &p->program, err);
  if (s != MILL_OK) {
    project_free(&p->base);
    return s;
  }
  *out = &p->base;
  return MILL_OK;
}

/* ---- expand --------------------------------------------------------------------------------- */

/* The rows of a batch stand together: all sets of the first row, then of the second. */
static mill_status push_expand(mill_step *s, mill_batch *b, mill_error *err) {
  program_step *p = (program_step *)s;
  int width = s->op->nexprs;
  MILL_TRY(mill_program_run(p->program, b, p->out, err));
  for (int k = 0; k < s->op->nsets; k++) {
    p->batch = (mill_batch){
        .n = b->n, .ncols = (uint32_t)width, .col = p->out + k * width, .first = b->first};
    MILL_TRY(s->next->push(s->next, &p->batch, err));
  }
  return MILL_OK;
}

/* ---- generate ------------------------------------------------------------------------------- */

/* Columns of the batch that go on beside the generated ones. */
static uint32_t passing_columns(const mill_op *op) {
  return op->schema->nfields - op->generator->type->nfields;
}

/* A column of generated rows: those that `pick` names, nulls for NO_ROW. */
static const uint32_t NO_ROW = UINT32_MAX;

static mill_status take_made(mill_vector *out, const mill_vector *made, const uint32_t *pick,
                             uint32_t n, mill_arena *a, mill_error *err) {
  mill_vector null;
  mill_vector_null(&null, made->type);
  MILL_TRY(mill_vector_init(out, made->type, n, a, err));
  for (uint32_t i = 0, stop; i < n; i = stop) {
    bool none = pick[i] == NO_ROW;
    for (stop = i + 1; stop < n && !none && pick[stop] != NO_ROW;) stop++;
    MILL_TRY(mill_vector_append(out, none ? &null : made, none ? NULL : pick + i, stop - i, false,
                                a, err));
  }
  return MILL_OK;
}

/* Row i of the output belongs to row from[i] of the batch, and is the generated row pick[i], or with
** no `pick` start + i. */
static mill_status pass_batch(mill_step *s, const mill_batch *b, const uint32_t *from,
                              const uint32_t *pick, uint32_t start, uint32_t n,
                              const mill_vector *made, mill_arena *a, mill_error *err) {
  const mill_op *op = s->op;
  uint32_t ncols = op->schema->nfields, passing = passing_columns(op);
  mill_vector *cols = mill_arena_alloc(a, (ncols + 1) * sizeof *cols);
  if (cols == NULL) return mill_oom(a->memory, ncols, err);
  for (uint32_t c = 0; c < passing; c++)
    MILL_TRY(mill_vector_gather(&cols[c], &b->col[op->columns[c]], from, n, false, a, err));
  for (uint32_t c = passing; c < ncols; c++) {
    const mill_vector *v = &made[c - passing];
    MILL_TRY(pick ? take_made(&cols[c], v, pick, n, a, err)
                  : mill_vector_slice(&cols[c], v, start, a, err));
  }
  mill_batch out = {.n = n, .ncols = ncols, .col = cols};
  out.first = mill_place_made(&((program_step *)s)->place, b->first, n);
  return s->next->push(s->next, &out, err);
}

/* One output row for each generated row, and with `outer` a row of nulls where there is none. The
** generated columns are made whole, then passed on in batches; `a` is emptied for each. */
static mill_status pass_rows(mill_step *s, const mill_batch *b, const uint32_t *counts,
                             const mill_vector *made, mill_arena *a, mill_error *err) {
  uint32_t from[MILL_BATCH], pick[MILL_BATCH], n = 0, at = 0;
  for (uint32_t i = 0; i < b->n; i++) {
    bool null = counts[i] == 0 && s->op->outer;
    uint32_t rows = null ? 1 : counts[i];
    for (uint32_t k = 0; k < rows; k++) {
      from[n] = mill_batch_row(b, i);
      pick[n++] = null ? NO_ROW : at + k;
      if (n < MILL_BATCH) continue;
      MILL_TRY(pass_batch(s, b, from, pick, 0, n, made, a, err));
      mill_arena_reset(a);
      n = 0;
    }
    at += counts[i];
  }
  return n ? pass_batch(s, b, from, pick, 0, n, made, a, err) : MILL_OK;
}

/* The same where every generated row is one of the output: those are cut, not picked. */
static mill_status pass_all(mill_step *s, const mill_batch *b, const uint32_t *counts,
                            const mill_vector *made, mill_arena *a, mill_error *err) {
  uint32_t from[MILL_BATCH], row = 0, taken = 0; /* rows of `row` that have been passed */
  uint64_t total = 0;
  bool columns = passing_columns(s->op) > 0;
  for (uint32_t i = 0; i < b->n; i++) total += counts[i];
  for (uint64_t start = 0, n; start < total; start += n) {
    n = total - start < MILL_BATCH ? total - start : MILL_BATCH;
    for (uint32_t k = 0; columns && k < n;) {
      uint32_t left = counts[row] - taken, some = left < n - k ? left : (uint32_t)n - k;
      uint32_t at = mill_batch_row(b, row);
      for (uint32_t j = 0; j < some; j++) from[k++] = at;
      taken += some;
      if (taken == counts[row]) row++, taken = 0;
    }
    MILL_TRY(pass_batch(s, b, from, NULL, (uint32_t)start, (uint32_t)n, made, a, err));
    mill_arena_reset(a);
  }
  return MILL_OK;
}

/* The rows go into the generator in parts that make a few batches each, going by what the last part
** made: its arguments, and what it makes of them, stand in memory whole. */
enum { MADE_AT_ONCE = 8 * MILL_BATCH, FASTER = 8 };

static void reckon_part(program_step *p, const uint32_t *counts, uint32_t n) {
  uint64_t made = 1, most = (uint64_t)n * FASTER;
  for (uint32_t i = 0; i < n; i++) made += counts[i];
  uint64_t want = (uint64_t)n * MADE_AT_ONCE / made;
  want = want > most ? most : want;
  if (want >= 64) want -= want % 64; /* such columns are cut without a copy */
  p->some = want < 1 ? 1 : want > MILL_BATCH ? MILL_BATCH : (uint32_t)want;
}

static mill_status generate_into(program_step *p, mill_batch *b, mill_arena *a, mill_error *err) {
  const mill_bound *g = p->base.op->generator;
  uint32_t nmade = g->type->nfields;
  uint32_t *counts = mill_arena_alloc(a, (b->n + 1) * sizeof *counts);
  mill_vector *made = mill_arena_alloc(a, (nmade + 1) * sizeof *made);
  const mill_vector **args = mill_arena_alloc(a, (size_t)(p->n + 1) * sizeof *args);
  if (counts == NULL || made == NULL || args == NULL) return mill_oom(a->memory, 1, err);
  for (int i = 0; i < p->n; i++) args[i] = &p->out[i];
  for (uint32_t c = 0; c < nmade; c++)
    MILL_TRY(mill_vector_init(&made[c], g->type->fields[c].type, b->n, a, err));
  mill_call call = {.ctx = p->base.x->ctx,
                    .set = p->base.x->set,
                    .fn = g->fn,
                    .result = g->type,
                    .arg_type = g->arg_type,
                    .nargs = g->nargs,
                    .state = g->state,
                    .arena = a,
                    .text = g->text,
                    .start = g->start,
                    .stop = g->stop,
                    .first_row = b->first};
  MILL_TRY(p->base.op->generate(&call, args, b->n, counts, made, err));
  reckon_part(p, counts, b->n);
  mill_arena passed;
  mill_arena_init(&passed, a->memory);
  mill_status status =
      (p->base.op->outer ? pass_rows : pass_all)(&p->base, b, counts, made, &passed, err);
  mill_arena_clear(&passed);
  return status;
}

/* n rows of the batch from its row `from` on. */
static mill_status part_of(program_step *p, const mill_batch *b, uint32_t from, uint32_t n,
                           mill_arena *a, mill_batch *out, mill_error *err) {
  *out = *b;
  out->n = n;
  out->first = b->first + from;
  if (n == b->n) return MILL_OK;
  if (b->sel) {
    out->sel = b->sel + from;
    return MILL_OK;
  }
  if (from % 64) {
    for (uint32_t i = 0; i < n; i++) p->sel[i] = from + i;
    out->sel = p->sel;
    return MILL_OK;
  }
  out->col = mill_arena_alloc(a, (b->ncols + 1) * sizeof *out->col);
  if (out->col == NULL) return mill_oom(a->memory, b->ncols * sizeof *out->col, err);
  for (uint32_t c = 0; c < b->ncols; c++)
    MILL_TRY(mill_vector_slice(&out->col[c], &b->col[c], from, a, err));
  return MILL_OK;
}

static mill_status generate_part(program_step *p, const mill_batch *b, uint32_t from, uint32_t n,
                                 mill_error *err) {
  mill_arena a;
  mill_batch part;
  mill_arena_init(&a, p->base.x->ctx->memory);
  mill_status status = part_of(p, b, from, n, &a, &part, err);
  if (status == MILL_OK) status = mill_program_run(p->program, &part, p->out, err);
  if (status == MILL_OK) status = generate_into(p, &part, &a, err);
  mill_arena_clear(&a);
  return status;
}

static mill_status push_generate(mill_step *s, mill_batch *b, mill_error *err) {
  program_step *p = (program_step *)s;
  for (uint32_t from = 0, n; from < b->n; from += n) {
    uint32_t most = p->some ? p->some : 1;
    n = b->n - from < most ? b->n - from : most;
    MILL_TRY(generate_part(p, b, from, n, err));
  }
  return MILL_OK;
}

/* ---- all ------------------------------------------------------------------------------------ */

mill_status mill_step_new(const mill_exec *x, const mill_op *op, mill_step **out, mill_error *err) {
  switch (op->kind) {
  case MILL_OP_FILTER: return filter_new(x, op, out, err);
  case MILL_OP_PROJECT: return project_new(x, op, out, err);
  case MILL_OP_EXPAND:
    return program_new(x, op, op->exprs, op->nexprs * op->nsets, push_expand, out, err);
  case MILL_OP_GENERATE:
    return program_new(x, op, op->generator->args, op->generator->nargs, push_generate, out, err);
  default: return mill_step_sample(x, op, out, err);
  }
}

static bool uses_host(const mill_bound *b) {
  if (b == NULL) return false;
  if (b->kind == MILL_B_HOST) return true;
  for (int i = 0; i < b->nargs; i++)
    if (uses_host(b->args[i])) return true;
  return false;
}

static bool list_uses_host(const mill_bound *const *l, int n) {
  for (int i = 0; i < n; i++)
    if (uses_host(l[i])) return true;
  return false;
}

bool mill_op_needs_host(const mill_op *op) {
  int nexprs = op->kind == MILL_OP_EXPAND ? op->nexprs * op->nsets : op->nexprs;
  bool host = uses_host(op->predicate) || uses_host(op->condition) || uses_host(op->generator) ||
              list_uses_host(op->exprs, nexprs) || list_uses_host(op->keys, op->nkeys);
  if (op->kind == MILL_OP_JOIN) host |= list_uses_host(op->right_keys, op->nkeys);
  for (int i = 0; i < op->naggs; i++) host |= list_uses_host(op->aggs[i].args, op->aggs[i].nargs);
  for (int i = 0; i < op->nsorts; i++) host |= uses_host(op->sorts[i].expr);
  for (int i = 0; i < op->nwindows; i++)
    host |= list_uses_host(op->windows[i].call.args, op->windows[i].call.nargs);
  return host;
}
