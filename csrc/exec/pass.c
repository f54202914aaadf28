/* Rows that pass through filters and select lists one batch at a time, without a copy.
**
** Between a pull reader and who asks for its rows a table would cost more than cheap expressions do,
** so they run on the caller's thread and the last step's batch is handed out as it is: it may have a
** selection, and columns that are constant or dictionaries. Cheap are expressions over values of
** fixed width and structs of such; others gain more from all threads (mill_run_table). */
#include "exec/exec_int.h"

enum { MAX_CHAIN = 64 };

typedef struct pass {
  mill_rows base;
  mill_memory *memory;
  mill_run run;
  mill_exec x;
  mill_shared *shared;
  mill_rows *in;
  mill_step *first;
  mill_step end;
  mill_batch made; /* by the last push; its columns are the step's */
  bool came;       /* did a row come through? */
} pass;

static bool fixed_width(const mill_type *t) {
  if (t->phys == MILL_PHYS_STR || t->phys == MILL_PHYS_LIST) return false;
  for (uint32_t i = 0; t->phys == MILL_PHYS_STRUCT && i < t->nfields; i++)
    if (!fixed_width(t->fields[i].type)) return false;
  return true;
}

static bool cheap(const mill_bound *b) {
  if (b == NULL || b->kind == MILL_B_LITERAL) return true;
  if (b->kind == MILL_B_HOST || b->kind == MILL_B_LAMBDA || !fixed_width(b->type)) return false;
  for (int i = 0; i < b->nargs; i++)
    if (!cheap(b->args[i])) return false;
  return true;
}

/* The operators above the reader, top first; 0: the tree is no such chain. */
static int chain_of(const mill_op *op, const mill_op **chain, const mill_op **source) {
  int n = 0;
  for (; n < MAX_CHAIN && (op->kind == MILL_OP_FILTER || op->kind == MILL_OP_PROJECT); n++) {
    if (op->kind == MILL_OP_FILTER && !cheap(op->predicate)) return 0;
    for (int i = 0; op->kind == MILL_OP_PROJECT && i < op->nexprs; i++)
      if (op->exprs[i]->kind != MILL_B_COLUMN && !cheap(op->exprs[i])) return 0;
    chain[n] = op;
    op = op->child[0];
  }
  *source = op;
  return op->kind == MILL_OP_ROWS ? n : 0;
}

static mill_status push_end(mill_step *s, mill_batch *b, mill_error *err) {
  pass *p = (pass *)((char *)s - offsetof(pass, end));
  (void)err;
  p->made = *b;
  p->came = true;
  return MILL_OK;
}

static mill_status next(mill_rows *rows, mill_batch **out, mill_error *err) {
  pass *p = (pass *)rows;
  mill_batch *b;
  if (p->run.poll) MILL_TRY(p->run.poll(p->run.poll_arg, -1, 0, err));
  for (p->came = false; !p->came;) {
    MILL_TRY(p->in->next(p->in, &b, err));
    if (b == NULL) break;
    MILL_TRY(p->first->push(p->first, b, err));
  }
  *out = p->came ? &p->made : NULL;
  return MILL_OK;
}

static void free_rows(mill_rows *rows) {
  pass *p = (pass *)rows;
  for (mill_step *s = p->first, *after; s && s != &p->end; s = after) {
    after = s->next;
    s->free(s);
  }
  if (p->in) p->in->free(p->in);
  mill_shared_clear(p->memory, p->shared);
  mill_free(p->memory, p, sizeof *p);
}

static mill_status open_steps(pass *p, const mill_op *const *chain, int n, const mill_op *source,
                              mill_error *err) {
  mill_step **at = &p->first;
  p->end = (mill_step){.x = &p->x, .push = push_end};
  while (n-- > 0) {
    mill_step *s = NULL;
    MILL_TRY(mill_step_new(&p->x, chain[n], &s, err));
    s->next = &p->end;
    *at = s;
    at = &s->next;
  }
  p->in = source->open(source->open_arg, err);
  return p->in ? MILL_OK : err->condition;
}

mill_status mill_run_pass(const mill_run *run, const mill_op *root, mill_rows **out,
                          mill_error *err) {
  const mill_op *chain[MAX_CHAIN], *source;
  int n = chain_of(root, chain, &source);
  *out = NULL;
  if (n == 0) return MILL_OK;
  pass *p = mill_calloc(run->ctx->memory, sizeof *p);
  if (p == NULL) return mill_oom(run->ctx->memory, sizeof *p, err);
  p->base = (mill_rows){root->schema, next, free_rows, false};
  p->memory = run->ctx->memory;
  p->run = *run;
  p->x = (mill_exec){&p->run, run->ctx, run->set, &p->shared};
  mill_status s = open_steps(p, chain, n, source, err);
  if (s == MILL_OK)
    *out = &p->base;
  else
    free_rows(&p->base);
  return s;
}
