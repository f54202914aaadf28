/* What joins want of the rows below them: where the tables of a pipeline's joins are made, its source
** can leave out rows whose keys are in none (mill_scan.narrow). Spark: InjectRuntimeFilter, dynamic
** partition pruning.
**
** Of INNER and SEMI joins, and of the side that looks rows up where the left one is in the table. A key
** is followed down to a column of the source; nothing on the way may fail or draw at random, so that
** the result is the same whether rows are left out or not. Only integer keys: their numbers are a range,
** and bits where those are not many more than the table's rows; the bits of ranks are used as they are.
**
** Cost: a pass over the keys of the table. The joins look up what is left as ever. */
#include <string.h>

#include "exec/join_int.h"

enum { MOST_TESTS = 32, MOST_BITS = 1 << 25, FEW_ROWS = 4096 };

struct mill_join_wants {
  mill_memory *memory;
  int n;
  mill_test test[MOST_TESTS];
  mill_numbers numbers[MOST_TESTS];
  uint64_t *bits[MOST_TESTS]; /* own ones; NULL: none */
};

/* ---- following keys down ---------------------------------------------------------------------- */

bool mill_bound_harmless(const mill_bound *b) { return !b->can_raise && b->deterministic; }

static bool all_harmless(const mill_bound *const *b, int n) {
  for (int i = 0; i < n; i++)
    if (!mill_bound_harmless(b[i])) return false;
  return true;
}

/* Column `index` of what the step gives is this one of what it is given; -1: it is made there, or rows
** may not be left out below. */
static int below(const mill_op *op, int index) {
  switch (op->kind) {
  case MILL_OP_FILTER: return mill_bound_harmless(op->predicate) ? index : -1;
  case MILL_OP_PROJECT:
    if (!all_harmless(op->exprs, op->nexprs) || op->exprs[index]->kind != MILL_B_COLUMN) return -1;
    return op->exprs[index]->index;
  case MILL_OP_JOIN:
    if (op->join == MILL_OP_SINGLE || !all_harmless(op->keys, op->nkeys) ||
        (op->condition && !mill_bound_harmless(op->condition)))
      return -1;
    return index < (int)op->child[0]->schema->nfields ? index : -1;
  default: return -1;
  }
}

int mill_source_column(const mill_op *const *step, int n, const mill_bound *key) {
  int index = key->kind == MILL_B_COLUMN ? key->index : -1;
  while (n > 0 && index >= 0) index = below(step[--n], index);
  return index;
}

/* ---- numbers of a table ------------------------------------------------------------------------ */

static void set_bits(const mill_vector *key, uint32_t rows, const mill_numbers *s, uint64_t *bits) {
  const uint64_t base = (uint64_t)s->base;
  for (uint32_t i = 0; i < rows; i++) {
    if (!mill_valid_bit(key->valid, i)) continue;
    const uint64_t d =
        (key->type->phys == MILL_PHYS_I32 ? (uint64_t)(int64_t)((const int32_t *)key->data)[i]
                                          : (uint64_t)((const int64_t *)key->data)[i]) -
        base;
    bits[d >> 6] |= 1ull << (d & 63);
  }
}

/* The values of key k of the table. */
static void numbers_of(mill_join_wants *w, const mill_join_table *t, int k) {
  mill_numbers *s = &w->numbers[w->n];
  *s = (mill_numbers){.base = t->number[k].base, .range = t->rows ? t->number[k].range : 0};
  if (t->bits && t->op->nkeys == 1) {
    s->bits = t->bits;
    return;
  }
  bool all = t->op->nkeys == 1 && t->unique && s->range == t->rows;
  if (all || s->range > MOST_BITS || s->range / 64 > t->rows + FEW_ROWS) return;
  size_t words = (size_t)s->range / 64 + 1;
  uint64_t *bits = mill_calloc(w->memory, words * sizeof *bits);
  if (bits == NULL) return; /* the range will do */
  w->bits[w->n] = bits;
  s->bits = bits;
  set_bits(&t->key[k], t->rows, s, bits);
}

static bool usable(const mill_join_table *t) {
  mill_op_join j = t->op->join;
  bool meets = j == MILL_OP_INNER || j == MILL_OP_SEMI || t->op->build_left;
  return meets && t->numbers && t->disk == NULL && all_harmless(t->probe_keys, t->op->nkeys);
}

/* ---- the source ------------------------------------------------------------------------------- */

mill_status mill_join_wants_add(mill_join_wants **out, const mill_join_table *t,
                                const mill_op *const *step, int n, const int *columns,
                                mill_error *err) {
  if (!usable(t)) return MILL_OK;
  if (*out == NULL) {
    *out = mill_calloc(t->x->ctx->memory, sizeof **out);
    if (*out == NULL) return mill_oom(t->x->ctx->memory, sizeof **out, err);
    (*out)->memory = t->x->ctx->memory;
  }
  mill_join_wants *w = *out;
  for (int k = 0; k < t->op->nkeys && w->n < MOST_TESTS; k++) {
    int index = mill_source_column(step, n, t->probe_keys[k]);
    mill_phys phys = t->key[k].type->phys;
    if (index < 0 || (phys != MILL_PHYS_I32 && phys != MILL_PHYS_I64)) continue;
    w->test[w->n] =
        (mill_test){.kind = MILL_TEST_AMONG, .column = columns[index], .among = &w->numbers[w->n]};
    numbers_of(w, t, k);
    w->n++;
  }
  return MILL_OK;
}

mill_status mill_join_wants_narrow(const mill_join_wants *w, mill_scan **scan, mill_error *err) {
  mill_scan *few = NULL;
  if (w == NULL || w->n == 0) return MILL_OK;
  MILL_TRY((*scan)->narrow(*scan, w->test, w->n, NULL, &few, err));
  mill_scan_unref(*scan);
  *scan = few;
  return MILL_OK;
}

void mill_join_wants_free(mill_join_wants *w) {
  if (w == NULL) return;
  for (int i = 0; i < MOST_TESTS; i++)
    if (w->bits[i])
      mill_free(w->memory, w->bits[i], ((size_t)w->numbers[i].range / 64 + 1) * sizeof **w->bits);
  mill_free(w->memory, w, sizeof *w);
}
