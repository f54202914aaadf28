/* UNION: the rows of one child after the other, as a scan over theirs.
**
** The morsels are those of the children in order, so that nothing is copied and workers share them
** out. Filters and select lists of a child run on its batches as they are read; what else a child is
** runs when the scan is made: its rows are kept (kept.c) or are a scan already. Positions of rows go
** on being those of the child's morsel. */
#include "exec/exec_int.h"

enum { MAX_CHAIN = 64 };

typedef struct child {
  const mill_op *top, *lowest; /* of the steps, one the child of the other */
  int nsteps;
  bool codes; /* columns of the scan may be codes, whose entries are known by where they lie */
  mill_scan *scan;
  mill_meter *meter;  /* of the operator that the scan is */
  const int *columns; /* of the scan, that the lowest step or the union sees; NULL: all of them */
  size_t first;       /* morsel of the union */
} child;

typedef struct union_scan {
  mill_scan base;
  const mill_exec *x;
  mill_meter *meter;
  child *child;
  int children, n; /* n of them are open */
} union_scan;

/* What the steps make of a batch: at most one, whose columns are the last step's. */
typedef struct end_step {
  mill_step base;
  mill_batch made;
  bool came;
} end_step;

/* A child in one worker. */
typedef struct reader {
  mill_cursor *cursor; /* NULL: not opened yet */
  mill_step *first;
  end_step end;
} reader;

typedef struct union_cursor {
  mill_cursor base;
  mill_memory *memory;
  const mill_context *ctx;
  int *columns;
  int ncols;
  reader *reader;
  int at; /* child */
  size_t morsel;
  mill_vector *cols;
  mill_batch batch;
} union_cursor;

/* ---- children ------------------------------------------------------------------------------- */

static bool passes(const mill_op *op) {
  return (op->kind == MILL_OP_FILTER || op->kind == MILL_OP_PROJECT) && !mill_op_needs_host(op);
}

static bool holds_texts(const mill_type *schema) {
  for (uint32_t i = 0; i < schema->nfields; i++)
    if (schema->fields[i].type->phys >= MILL_PHYS_STR) return true;
  return false;
}

static mill_status open_child(const mill_exec *x, const mill_op *op, child *c, mill_error *err) {
  c->top = op;
  for (; passes(op) && c->nsteps < MAX_CHAIN; op = op->child[0], c->nsteps++) c->lowest = op;
  c->codes = holds_texts(op->schema);
  c->meter = mill_meters_of(x->run->meters, op);
  if (op->kind == MILL_OP_SCAN) {
    c->scan = mill_scan_ref(op->scan);
    c->columns = op->columns;
    return MILL_OK;
  }
  bool host = op->kind == MILL_OP_WINDOW && mill_op_needs_host(op);
  return host ? mill_exec_kept(x, op, &c->scan, err) : mill_exec_scan(x, op, &c->scan, err);
}

static mill_status open_children(union_scan *s, const mill_op *op, mill_error *err) {
  mill_scan *b = &s->base;
  s->child = mill_calloc(s->x->ctx->memory, (size_t)op->nchildren * sizeof *s->child + 1);
  if (s->child == NULL) return mill_oom(s->x->ctx->memory, sizeof *s->child, err);
  for (s->n = 0; s->n < op->nchildren; s->n++) {
    child *c = &s->child[s->n];
    MILL_TRY(open_child(s->x, op->child[s->n], c, err));
    c->first = b->morsels;
    b->morsels += c->scan->morsels;
    b->bytes += c->scan->bytes;
    b->in_turn |= c->scan->in_turn;
    bool known = b->rows >= 0 && c->scan->rows >= 0 && c->nsteps == 0;
    b->rows = known ? b->rows + c->scan->rows : -1;
  }
  return MILL_OK;
}

/* ---- reading -------------------------------------------------------------------------------- */

static mill_status push_end(mill_step *s, mill_batch *b, mill_error *err) {
  end_step *e = (end_step *)s;
  (void)err;
  e->made = *b;
  e->came = true;
  return MILL_OK;
}

static mill_status open_steps(reader *r, const union_scan *s, const child *c, mill_error *err) {
  mill_step **at = &r->first;
  mill_meter *below = c->meter;
  const mill_op *step[MAX_CHAIN], *op = c->top;
  for (int k = 0; k < c->nsteps; k++, op = op->child[0]) step[k] = op;
  r->end.base = (mill_step){.x = s->x, .push = push_end};
  for (int k = c->nsteps; k-- > 0;) {
    mill_meter *own = mill_meters_of(s->x->run->meters, step[k]);
    MILL_TRY(mill_step_meter(s->x, below, own, &at, err));
    MILL_TRY(mill_step_new(s->x, step[k], at, err));
    at = &(*at)->next;
    below = own;
  }
  MILL_TRY(mill_step_meter(s->x, below, s->meter, &at, err));
  *at = &r->end.base;
  return MILL_OK;
}

/* Without steps the scan gives the columns asked for; else those the lowest step knows. */
static mill_status open_reader(union_cursor *c, const child *from, reader *r, mill_error *err) {
  const union_scan *s = (const union_scan *)c->base.scan;
  int n = from->nsteps ? (int)from->lowest->child[0]->schema->nfields : c->ncols;
  int *columns = mill_alloc(c->memory, (size_t)(n + 1) * sizeof *columns);
  if (columns == NULL) return mill_oom(c->memory, (size_t)n * sizeof *columns, err);
  for (int i = 0; i < n; i++) {
    int k = from->nsteps ? i : c->columns[i];
    columns[i] = from->columns ? from->columns[k] : k;
  }
  mill_status st = r->first ? MILL_OK : open_steps(r, s, from, err);
  if (st == MILL_OK) st = from->scan->open(from->scan, c->ctx, columns, n, &r->cursor, err);
  mill_free(c->memory, columns, (size_t)(n + 1) * sizeof *columns);
  return st;
}

static void close_reader(reader *r) {
  if (r->cursor) r->cursor->free(r->cursor);
  for (mill_step *t = r->first, *next; t && t != &r->end.base; t = next) {
    next = t->next;
    t->free(t);
  }
  *r = (reader){0};
}

/* The last child that begins at the morsel or before it. */
static int child_at(const union_scan *s, size_t morsel) {
  int low = 0, high = s->n;
  while (high - low > 1) {
    const int mid = low + (high - low) / 2;
    *(s->child[mid].first <= morsel ? &low : &high) = mid;
  }
  return low;
}

/* Of many children one is open at a time. */
static mill_status cursor_seek(mill_cursor *base, size_t morsel, mill_error *err) {
  enum { MANY = 64 };
  union_cursor *c = (union_cursor *)base;
  const union_scan *s = (const union_scan *)base->scan;
  const int k = child_at(s, morsel);
  if (k != c->at && s->n > MANY && !s->child[c->at].codes) close_reader(&c->reader[c->at]);
  reader *r = &c->reader[k];
  c->at = k;
  c->morsel = morsel - s->child[k].first;
  if (r->cursor == NULL) MILL_TRY(open_reader(c, &s->child[k], r, err));
  return r->cursor->seek(r->cursor, c->morsel, err);
}

static mill_status cursor_next(mill_cursor *base, mill_batch **out, mill_error *err) {
  union_cursor *c = (union_cursor *)base;
  const child *from = &((const union_scan *)base->scan)->child[c->at];
  reader *r = &c->reader[c->at];
  if (from->nsteps == 0) {
    MILL_TRY(r->cursor->next(r->cursor, out, err));
    mill_meter_rows(from->meter, *out ? (*out)->n : 0);
    return MILL_OK;
  }
  for (r->end.came = false; !r->end.came;) {
    MILL_TRY(r->cursor->next(r->cursor, out, err));
    if (*out == NULL) return MILL_OK;
    (*out)->first += (uint64_t)c->morsel << MILL_MORSEL_BITS; /* as in a pipeline */
    MILL_TRY(r->first->push(r->first, *out, err));
  }
  c->batch = r->end.made;
  c->batch.first -= (uint64_t)c->morsel << MILL_MORSEL_BITS;
  for (int i = 0; i < c->ncols; i++) c->cols[i] = r->end.made.col[c->columns[i]];
  c->batch.col = c->cols;
  c->batch.ncols = (uint32_t)c->ncols;
  *out = &c->batch;
  return MILL_OK;
}

static void cursor_free(mill_cursor *base) {
  union_cursor *c = (union_cursor *)base;
  const union_scan *s = (const union_scan *)base->scan;
  size_t n = (size_t)c->ncols + 1;
  for (int k = 0; c->reader && k < s->n; k++) close_reader(&c->reader[k]);
  mill_free(c->memory, c->reader, (size_t)s->n * sizeof *c->reader + 1);
  mill_free(c->memory, c->columns, n * sizeof *c->columns);
  mill_free(c->memory, c->cols, n * sizeof *c->cols);
  mill_free(c->memory, c, sizeof *c);
}

static mill_status union_open(const mill_scan *base, const mill_context *ctx, const int *columns,
                              int n, mill_cursor **out, mill_error *err) {
  const union_scan *s = (const union_scan *)base;
  mill_memory *m = ctx->memory;
  size_t room = (size_t)n + 1;
  union_cursor *c = mill_calloc(m, sizeof *c);
  if (c == NULL) return mill_oom(m, sizeof *c, err);
  c->base = (mill_cursor){base, cursor_seek, cursor_next, cursor_free, NULL};
  c->memory = m;
  c->ctx = ctx;
  c->ncols = n;
  c->columns = mill_alloc(m, room * sizeof *c->columns);
  c->cols = mill_alloc(m, room * sizeof *c->cols);
  c->reader = mill_calloc(m, (size_t)s->n * sizeof *c->reader + 1);
  if (!c->columns || !c->cols || !c->reader) {
    cursor_free(&c->base);
    return mill_oom(m, room * sizeof *c->cols, err);
  }
  for (int i = 0; i < n; i++) c->columns[i] = columns[i];
  *out = &c->base;
  return MILL_OK;
}

static void union_free(mill_scan *base) {
  union_scan *s = (union_scan *)base;
  mill_memory *m = s->x->ctx->memory;
  for (int k = 0; k < s->n; k++) mill_scan_unref(s->child[k].scan);
  mill_free(m, s->child, (size_t)s->children * sizeof *s->child + 1);
  mill_free(m, s, sizeof *s);
}

mill_status mill_exec_union_scan(const mill_exec *x, const mill_op *op, mill_scan **out,
                                 mill_error *err) {
  mill_memory *m = x->ctx->memory;
  union_scan *s = mill_calloc(m, sizeof *s);
  if (s == NULL) return mill_oom(m, sizeof *s, err);
  s->base = (mill_scan){
      .schema = op->schema, .refs = 1, .name = "union", .open = union_open, .free = union_free};
  s->x = x;
  s->meter = mill_meters_of(x->run->meters, op);
  s->children = op->nchildren;
  mill_status st = open_children(s, op, err);
  if (st != MILL_OK) {
    union_free(&s->base);
    return st;
  }
  *out = &s->base;
  return MILL_OK;
}
