/* Hash joins, the left side: batches probe the table of the right side (join_int.h).
**
** Keys of a batch are looked up together. Where a left row has at most one partner the batch keeps
** its columns and its positions, and right columns are dictionaries over the table indexed by those
** positions: nothing is copied. Else pairs are listed, up to a batch of them at a time, and the
** columns of both sides are dictionaries over the list. A condition is put to lists of pairs; joins
** that need one partner only (SEMI, ANTI, MARK) try one pair a row and go on with the rows that
** still have none. Without keys every right row is a candidate. Pairs come by left row, then by
** right row. */
#include <stdio.h>
#include <string.h>

#include "base/thread.h"
#include "exec/join_int.h"

typedef struct probe {
  mill_step base;
  mill_join_table *t;
  mill_program *keys, *condition;
  mill_vector *key;
  mill_arena scratch;
  mill_batch *in;
  bool text;                       /* the key is one string, compared byte by byte */
  bool alone;                      /* a row has at most one partner, and no condition decides */
  uint32_t next[MILL_BATCH];       /* place of each row's candidate + 1; 0: no more */
  uint32_t hit[MILL_BATCH], nhits; /* rows that have candidates, to begin with */
  uint32_t stop[MILL_BATCH];       /* where the places end that may have more */
  bool null_key[MILL_BATCH];
  uint8_t met[MILL_BATCH];
  uint32_t left[MILL_BATCH], right[MILL_BATCH]; /* a list of pairs: row of the batch, right row */
  uint32_t position[MILL_BATCH], at[MILL_BATCH];
  uint32_t *found; /* pairs that passed the condition, where outer rows go between them */
  size_t nfound, capacity;
  uint64_t taken, made; /* rows from the left, rows of the result */
  uint64_t place;       /* of the next of those */
  /* A key of codes: next[] of each entry of the column, UNKNOWN until a row asks for it. */
  const void *entries;
  uint32_t nentries, *of_code;
  size_t room;
} probe;

/* ---- rows on their way ---------------------------------------------------------------------- */

enum { MANY_ROWS = 1 << 20 };

/* Memory ran out behind a join that makes many rows of few: that is what the user can change. */
static void blame(const probe *p, mill_error *err) {
  const mill_op *op = p->base.op;
  const mill_type *left = op->child[op->build_left]->schema;
  char keys[256] = "";
  size_t n = 0;
  if (err == NULL || p->made < MANY_ROWS || p->made / 16 < p->taken || err->hint) return;
  for (int k = 0; k < op->nkeys && n < sizeof keys; k++) {
    const mill_bound *b = p->t->probe_keys[k];
    const char *name = b->kind == MILL_B_COLUMN ? left->fields[b->index].name : "an expression";
    n += (size_t)snprintf(keys + n, sizeof keys - n, k ? ", `%s`" : "`%s`", name);
  }
  mill_error_hint(err,
                  op->nkeys ? "the join on %s made %llu rows of the first %llu: equal keys on both "
                              "sides; filter or group before it"
                            : "the join%s without keys made %llu rows of the first %llu; give it a "
                              "condition",
                  keys, (unsigned long long)p->made, (unsigned long long)p->taken);
}

static mill_status pass_on(probe *p, mill_batch *b, mill_error *err) {
  p->made += b->n;
  b->first = mill_place_made(&p->place, p->in->first, b->sel ? b->sel[b->n - 1] + 1 : b->n);
  MILL_TRY(mill_watch_check(err));
  mill_status s = p->base.next->push(p->base.next, b, err);
  if (s == MILL_E_OUT_OF_MEMORY) blame(p, err);
  return s;
}

/* ---- candidates ----------------------------------------------------------------------------- */

static bool same_keys(const probe *p, uint32_t i, uint32_t right) {
  for (int k = 0; k < p->base.op->nkeys; k++)
    if (!mill_vector_equal(&p->t->key[k], right, &p->key[k], i)) return false;
  return true;
}

/* match_from for a key that is one string. */
static uint32_t match_text(const probe *p, uint32_t at, uint64_t word, uint32_t i) {
  const mill_join_table *t = p->t;
  const mill_str *s = (const mill_str *)p->key->data + mill_vector_at(p->key, i);
  const mill_str *of = t->key->data;
  uint32_t stop = p->stop[i];
  while (at < stop && (t->word[at] != word || !mill_str_equal(s, &of[t->row[at]]))) at++;
  return at < stop ? at + 1 : 0;
}

/* The first place + 1 from `at` on, before the row's stop, whose key is that of row i. */
static uint32_t match_from(const probe *p, uint32_t at, uint64_t word, uint32_t i) {
  const mill_join_table *t = p->t;
  uint32_t stop = p->stop[i];
  if (p->text) return match_text(p, at, word, i);
  if (!t->dense)
    while (at < stop && (t->word[at] != word || !(t->numbers || same_keys(p, i, t->row[at])))) at++;
  return at < stop ? at + 1 : 0;
}

/* The rows row[0..n) of the batch, whose words are given, in a table with a list of rows. */
static uint32_t find_lists(probe *p, const uint32_t *row, const uint64_t *word, uint32_t n) {
  const mill_join_table *t = p->t;
  uint32_t hits = 0;
  for (uint32_t k = 0; k < n; k++) {
    size_t slot = mill_join_slot(t, word[k]);
    uint32_t i = row[k], at = t->start[slot];
    p->stop[i] = t->start[slot + 1];
    p->next[i] = at < p->stop[i] ? match_from(p, at, word[k], i) : 0;
    p->hit[hits] = i;
    hits += p->next[i] != 0;
  }
  return hits;
}

static void look_up(probe *p, uint32_t n) {
  const mill_join_table *t = p->t;
  uint64_t word[MILL_BATCH];
  uint32_t row[MILL_BATCH], hits = 0;
  memset(p->next, 0, n * sizeof *p->next);
  n = mill_join_candidates(t, p->key, n, row, word);
  if (t->row) {
    p->nhits = find_lists(p, row, word, n);
    return;
  }
  for (uint32_t k = 0; k < n; k++) {
    uint32_t i = row[k];
    p->next[i] = t->start[word[k]];
    p->stop[i] = 0;
    p->hit[hits] = i;
    hits += p->next[i] != 0;
  }
  p->nhits = hits;
}

/* ---- candidates by code ----------------------------------------------------------------------- */

enum { UNKNOWN = 0xffffffff };

/* The left key where it is one column of codes, and an entry has one place: what is found for an entry
** holds for all its rows. NULL: it is not so. */
static const mill_vector *coded_key(const probe *p, const mill_batch *b) {
  const mill_join_table *t = p->t;
  const mill_op *op = p->base.op;
  if (op->nkeys != 1 || op->null_safe || !t->unique || !t->row) return NULL;
  if (op->join == MILL_OP_MARK || op->join == MILL_OP_NULL_AWARE_ANTI) return NULL;
  if (t->probe_keys[0]->kind != MILL_B_COLUMN) return NULL;
  const mill_vector *v = &b->col[t->probe_keys[0]->index];
  return v->index && v->entries && v->mask ? v : NULL;
}

static mill_status same_entries(probe *p, const mill_vector *v, mill_error *err) {
  if (p->entries == v->data && p->nentries == v->entries) return MILL_OK;
  p->entries = NULL;
  MILL_TRY(mill_grow(p->base.x->ctx->memory, (void **)&p->of_code, &p->room, v->entries,
                     sizeof *p->of_code, err));
  memset(p->of_code, 0xff, v->entries * sizeof *p->of_code);
  p->entries = v->data;
  p->nentries = v->entries;
  return MILL_OK;
}

/* Look up the entries code[0..n) of v. */
static void find_entries(probe *p, const mill_vector *v, const uint32_t *code, uint32_t n) {
  uint64_t word[MILL_BATCH];
  uint32_t row[MILL_BATCH];
  p->key[0] = *v;
  p->key[0].index = code;
  memset(p->next, 0, n * sizeof *p->next);
  uint32_t m = mill_join_candidates(p->t, p->key, n, row, word);
  find_lists(p, row, word, m);
  for (uint32_t i = 0; i < n; i++) p->of_code[code[i]] = p->next[i];
}

static mill_status look_up_codes(probe *p, const mill_batch *b, const mill_vector *v,
                                 mill_error *err) {
  uint32_t fresh[MILL_BATCH], n = 0, hits = 0;
  MILL_TRY(same_entries(p, v, err));
  for (uint32_t i = 0; i < b->n; i++) {
    uint32_t code = v->index[mill_batch_row(b, i)];
    if (p->of_code[code] != UNKNOWN) continue;
    p->of_code[code] = 0;
    fresh[n++] = code;
  }
  if (n) find_entries(p, v, fresh, n);
  for (uint32_t i = 0; i < b->n; i++) {
    p->next[i] = p->stop[i] = p->of_code[v->index[mill_batch_row(b, i)]];
    p->hit[hits] = i;
    hits += p->next[i] != 0;
  }
  p->nhits = hits;
  return MILL_OK;
}

/* The right row that is the candidate of row i. */
static inline uint32_t candidate(const probe *p, uint32_t i) {
  uint32_t at = p->next[i] - 1;
  return p->t->row ? p->t->row[at] : at;
}

static inline void advance(probe *p, uint32_t i) {
  const mill_join_table *t = p->t;
  uint32_t at = p->next[i];
  if (at >= p->stop[i])
    p->next[i] = 0;
  else if (t->dense || p->base.op->nkeys == 0)
    p->next[i] = at + 1;
  else
    p->next[i] = match_from(p, at, t->word[at - 1], i);
}

static mill_status first_candidates(probe *p, mill_batch *b, mill_error *err) {
  int nkeys = p->base.op->nkeys;
  p->in = b;
  p->taken += b->n;
  mill_arena_reset(&p->scratch);
  if (nkeys == 0) {
    for (uint32_t i = 0; i < b->n; i++) p->next[i] = p->t->rows > 0, p->stop[i] = p->t->rows;
    for (uint32_t i = 0; i < b->n; i++) p->hit[i] = i;
    p->nhits = p->t->rows > 0 ? b->n : 0;
    return MILL_OK;
  }
  const mill_vector *codes = coded_key(p, b);
  if (codes) return look_up_codes(p, b, codes, err);
  MILL_TRY(mill_program_run(p->keys, b, p->key, err));
  look_up(p, b->n);
  return MILL_OK;
}

/* ---- batches of the result ------------------------------------------------------------------ */

static bool nested(const mill_vector *v) {
  return v->type->phys == MILL_PHYS_LIST || v->type->phys == MILL_PHYS_STRUCT;
}

/* v at the positions at[0..n), as a dictionary; `made` keeps the index of columns that share one. */
typedef struct composed {
  const uint32_t *from, *to;
} composed;

static mill_status pick(probe *p, const mill_vector *v, const uint32_t *at, uint32_t n,
                        composed *made, mill_vector *out, mill_error *err) {
  *out = *v;
  if (v->mask == 0 && v->index == NULL) return MILL_OK;
  if (nested(v)) return mill_vector_gather(out, v, at, n, false, &p->scratch, err);
  out->index = at;
  out->mask = MILL_FLAT;
  if (v->index == NULL) return MILL_OK;
  if (made->from != v->index) {
    uint32_t *index = mill_arena_alloc(&p->scratch, (size_t)(n + 1) * sizeof *index);
    if (index == NULL) return mill_oom(p->scratch.memory, n, err);
    for (uint32_t i = 0; i < n; i++) index[i] = v->index[at[i]];
    *made = (composed){v->index, index};
  }
  out->index = made->to;
  return MILL_OK;
}

static mill_status right_columns(probe *p, const uint32_t *row, uint32_t n, mill_vector *cols,
                                 mill_error *err) {
  composed none = {NULL, NULL};
  for (uint32_t c = 0; c < p->t->right->schema->nfields; c++)
    MILL_TRY(pick(p, &p->t->col[c], row, n, &none, &cols[c], err));
  return MILL_OK;
}

/* Columns that the operator knows of among those of a left batch. Others come through behind the
** columns of the result. */
static uint32_t own_columns(const probe *p) {
  return p->base.op->child[p->base.op->build_left]->schema->nfields;
}

/* The batch of n pairs: left columns, then right ones, whichever are in the table. */
static mill_status pair_batch(probe *p, const uint32_t *left, const uint32_t *right, uint32_t n,
                              mill_batch *out, mill_error *err) {
  const mill_batch *in = p->in;
  uint32_t nright = p->t->right->schema->nfields, ncols = in->ncols + nright;
  uint32_t own = own_columns(p);
  mill_vector *cols = mill_arena_alloc(&p->scratch, (ncols + 1) * sizeof *cols);
  uint32_t *at = mill_arena_alloc(&p->scratch, (size_t)(n + 1) * sizeof *at);
  composed made = {NULL, NULL};
  if (cols == NULL || at == NULL) return mill_oom(p->scratch.memory, ncols, err);
  for (uint32_t i = 0; i < n; i++) at[i] = mill_batch_row(in, left[i]);
  bool table_first = p->base.op->build_left;
  mill_vector *mine = table_first ? cols + nright : cols;
  for (uint32_t c = 0; c < in->ncols; c++)
    MILL_TRY(pick(p, &in->col[c], at, n, &made, c < own ? &mine[c] : &cols[nright + c], err));
  MILL_TRY(right_columns(p, right, n, table_first ? cols : cols + own, err));
  *out = (mill_batch){.n = n, .ncols = ncols, .col = cols, .first = in->first};
  return MILL_OK;
}

/* Of n listed pairs those that the condition holds for: their places in the list; the batch. */
static mill_status decide(probe *p, uint32_t n, uint32_t *sel, uint32_t *kept, mill_batch *b,
                          mill_error *err) {
  mill_vector yes;
  MILL_TRY(mill_watch_check(err)); /* it may be long until a pair fulfils it */
  MILL_TRY(pair_batch(p, p->left, p->right, n, b, err));
  MILL_TRY(mill_program_run(p->condition, b, &yes, err));
  *kept = 0;
  for (uint32_t i = 0; i < n; i++) {
    sel[*kept] = i;
    *kept += mill_vector_valid(&yes, i) && ((const uint8_t *)yes.data)[mill_vector_at(&yes, i)];
  }
  return MILL_OK;
}

static void mark_right(probe *p, const uint32_t *right, uint32_t n) {
  if (p->t->met == NULL) return;
  for (uint32_t i = 0; i < n; i++) p->t->met[right[i]] = 1;
}

/* ---- at most one partner -------------------------------------------------------------------- */

/* Pair each left row that has a partner, in place; with `outer` the others with the null row. How
** many rows that makes. */
static uint32_t pair_alone(probe *p, bool outer) {
  const mill_batch *in = p->in;
  uint32_t n = 0;
  if (!outer) {
    for (; n < p->nhits; n++) {
      uint32_t i = p->hit[n], at = mill_batch_row(in, i);
      p->position[n] = at;
      p->at[at] = candidate(p, i);
    }
  } else {
    for (; n < in->n; n++) {
      uint32_t at = mill_batch_row(in, n);
      p->position[n] = at;
      p->at[at] = p->next[n] ? candidate(p, n) : p->t->rows;
    }
  }
  for (uint32_t k = 0; p->t->met && k < p->nhits; k++) p->t->met[candidate(p, p->hit[k])] = 1;
  return n;
}

/* Left rows that have a partner (all with `outer`) and the partner's columns, in place. */
static mill_status pass_alone(probe *p, bool outer, mill_error *err) {
  const mill_batch *in = p->in;
  uint32_t nright = p->t->right->schema->nfields, ncols = in->ncols + nright;
  uint32_t own = own_columns(p), n = pair_alone(p, outer);
  if (n == 0) return MILL_OK;
  mill_vector *cols = mill_arena_alloc(&p->scratch, (ncols + 1) * sizeof *cols);
  if (cols == NULL) return mill_oom(p->scratch.memory, ncols, err);
  memcpy(cols, in->col, own * sizeof *cols);
  memcpy(cols + own + nright, in->col + own, (in->ncols - own) * sizeof *cols);
  mill_batch b = {.n = n, .ncols = ncols, .col = cols, .first = in->first, .sel = in->sel};
  if (n < in->n) b.sel = p->position;
  uint32_t size = p->position[n - 1] + 1;
  MILL_TRY(right_columns(p, p->at, size, cols + own, err));
  return pass_on(p, &b, err);
}

/* Positions fit the arrays, and nested columns (which are copied) see none but rows that count. */
static bool in_place(const probe *p) {
  const mill_batch *in = p->in;
  if (!p->alone) return false;
  if (in->sel == NULL) return true;
  for (uint32_t c = 0; c < p->t->right->schema->nfields; c++)
    if (nested(&p->t->col[c])) return false;
  return in->n == 0 || in->sel[in->n - 1] < MILL_BATCH;
}

/* ---- many partners -------------------------------------------------------------------------- */

/* List the next pairs from row *i on; a row's pairs may go on in the next list. With `outer` a row
** that never had a candidate is paired with the null row. */
static uint32_t list_pairs(probe *p, uint32_t *i, bool outer) {
  uint32_t n = 0;
  while (*i < p->in->n && n < MILL_BATCH) {
    if (p->next[*i] == 0) {
      if (outer && !p->met[*i]) p->left[n] = *i, p->right[n++] = p->t->rows;
      ++*i;
      continue;
    }
    p->met[*i] = 1;
    p->left[n] = *i;
    p->right[n++] = candidate(p, *i);
    advance(p, *i);
  }
  return n;
}

static mill_status pass_pairs(probe *p, bool outer, mill_error *err) {
  mill_batch b;
  memset(p->met, 0, p->in->n);
  for (uint32_t i = 0, n; (n = list_pairs(p, &i, outer)) > 0;) {
    mill_arena_reset(&p->scratch);
    uint32_t kept = n;
    if (p->condition) {
      MILL_TRY(decide(p, n, p->position, &kept, &b, err));
      if (kept == 0) continue;
      b.n = kept;
      if (kept < n) b.sel = p->position;
    } else {
      MILL_TRY(pair_batch(p, p->left, p->right, n, &b, err));
    }
    for (uint32_t k = 0; p->t->met && k < kept; k++) {
      uint32_t r = p->right[kept < n ? p->position[k] : k];
      if (r < p->t->rows) p->t->met[r] = 1;
    }
    MILL_TRY(pass_on(p, &b, err));
  }
  return MILL_OK;
}

/* ---- outer joins with a condition ------------------------------------------------------------ */

static mill_status accept_pairs(probe *p, uint32_t n, mill_error *err) {
  mill_batch b;
  uint32_t kept = n;
  mill_memory *m = p->base.x->ctx->memory;
  if (p->condition) {
    MILL_TRY(decide(p, n, p->position, &kept, &b, err));
  } else {
    for (uint32_t i = 0; i < n; i++) p->position[i] = i;
  }
  MILL_TRY(mill_grow(m, (void **)&p->found, &p->capacity, 2 * (p->nfound + kept), sizeof *p->found,
                     err));
  for (uint32_t i = 0; i < kept; i++) {
    uint32_t k = p->position[i];
    p->found[2 * p->nfound] = p->left[k];
    p->found[2 * p->nfound++ + 1] = p->right[k];
  }
  return MILL_OK;
}

/* LEFT, FULL, SINGLE: rows without a partner stand where they stood. Rows [from, to) of the batch, whose
** pairs are all found. */
static mill_status pass_outer(probe *p, uint32_t from, uint32_t to, mill_error *err) {
  mill_batch b;
  uint32_t n = 0;
  size_t at = 0;
  bool single = p->base.op->join == MILL_OP_SINGLE;
  for (uint32_t i = from; i < to; i++) {
    uint32_t rows = 0;
    for (bool more = true; more; rows++) {
      bool hit = at < p->nfound && p->found[2 * at] == i;
      if (!hit && rows > 0) break;
      if (hit && rows > 0 && single)
        return mill_fail(err, MILL_E_SCALAR_SUBQUERY_TOO_MANY_ROWS, NULL);
      p->left[n] = i;
      p->right[n++] = hit ? p->found[2 * at + 1] : p->t->rows;
      if (hit) mark_right(p, p->right + n - 1, 1);
      at += hit;
      more = hit;
      if (n < MILL_BATCH) continue;
      mill_arena_reset(&p->scratch);
      MILL_TRY(pair_batch(p, p->left, p->right, n, &b, err));
      MILL_TRY(pass_on(p, &b, err));
      n = 0;
    }
  }
  if (n == 0) return MILL_OK;
  MILL_TRY(pair_batch(p, p->left, p->right, n, &b, err));
  return pass_on(p, &b, err);
}

enum { PAIRS_WAIT = 8 * MILL_BATCH };

/* Pass on the rows before `to`; pairs of row `to` that are found already wait on. */
static mill_status pass_complete(probe *p, uint32_t *from, uint32_t to, mill_error *err) {
  size_t rest = p->nfound;
  while (rest > 0 && p->found[2 * rest - 2] >= to) rest--;
  size_t waiting = p->nfound - rest;
  p->nfound = rest;
  MILL_TRY(pass_outer(p, *from, to, err));
  if (waiting) memmove(p->found, p->found + 2 * rest, 2 * waiting * sizeof *p->found);
  p->nfound = waiting;
  *from = to;
  return MILL_OK;
}

static mill_status find_outer(probe *p, mill_error *err) {
  uint32_t from = 0;
  p->nfound = 0;
  for (uint32_t i = 0, n; (n = list_pairs(p, &i, false)) > 0;) {
    mill_arena_reset(&p->scratch);
    MILL_TRY(accept_pairs(p, n, err));
    if (p->nfound >= PAIRS_WAIT && i > from) MILL_TRY(pass_complete(p, &from, i, err));
  }
  return pass_outer(p, from, p->in->n, err);
}

/* ---- SEMI, ANTI, MARK ------------------------------------------------------------------------ */

/* met[i]: row i has a partner. Each round tries one candidate of every row that has none yet. */
static mill_status find_met(probe *p, mill_error *err) {
  uint32_t open[MILL_BATCH], n = 0;
  for (uint32_t i = 0; i < p->in->n; i++) {
    p->met[i] = p->next[i] != 0 && p->condition == NULL;
    open[n] = i;
    n += p->next[i] != 0;
  }
  while (n > 0 && p->condition) {
    mill_batch b;
    uint32_t kept, left = 0;
    for (uint32_t k = 0; k < n; k++) {
      p->left[k] = open[k];
      p->right[k] = candidate(p, open[k]);
      advance(p, open[k]);
    }
    mill_arena_reset(&p->scratch);
    MILL_TRY(decide(p, n, p->position, &kept, &b, err));
    for (uint32_t k = 0; k < kept; k++) p->met[p->left[p->position[k]]] = 1;
    for (uint32_t k = 0; k < n; k++)
      if (!p->met[open[k]] && p->next[open[k]]) open[left++] = open[k];
    n = left;
  }
  return MILL_OK;
}

static void find_null_keys(probe *p) {
  for (uint32_t i = 0; i < p->in->n; i++) {
    p->null_key[i] = false;
    for (int k = 0; k < p->base.op->nkeys; k++) p->null_key[i] |= !mill_vector_valid(&p->key[k], i);
  }
}

static bool stays(const probe *p, uint32_t i) {
  switch (p->base.op->join) {
  case MILL_OP_SEMI: return p->met[i];
  case MILL_OP_ANTI: return !p->met[i];
  default: return !p->met[i] && (!p->t->any || !(p->t->has_null_key || p->null_key[i]));
  }
}

static mill_status pass_left(probe *p, mill_error *err) {
  uint32_t n = 0;
  mill_batch b = *p->in;
  if (p->base.op->join == MILL_OP_NULL_AWARE_ANTI) find_null_keys(p);
  if (p->base.op->join == MILL_OP_SEMI && p->condition == NULL) {
    for (; n < p->nhits; n++) p->position[n] = mill_batch_row(p->in, p->hit[n]);
  } else {
    for (uint32_t i = 0; i < p->in->n; i++) {
      p->position[n] = mill_batch_row(p->in, i);
      n += stays(p, i);
    }
  }
  if (n == 0) return MILL_OK;
  if (n < b.n) b.sel = p->position;
  b.n = n;
  return pass_on(p, &b, err);
}

/* The left columns and whether there is a partner: null where IN cannot know. */
static mill_status pass_mark(probe *p, mill_error *err) {
  mill_batch *in = p->in;
  mill_arena *a = &p->scratch;
  mill_arena_reset(a);
  mill_vector *cols = mill_arena_alloc(a, (in->ncols + 1) * sizeof *cols);
  bool nulls = p->base.op->nkeys == 1 && p->condition == NULL;
  uint32_t own = own_columns(p);
  composed made = {NULL, NULL};
  if (cols == NULL) return mill_oom(a->memory, 1, err);
  for (uint32_t i = 0; i < in->n; i++) p->position[i] = mill_batch_row(in, i);
  for (uint32_t c = 0; c < in->ncols; c++) {
    mill_vector *to = &cols[c < own ? c : c + 1];
    *to = in->col[c];
    if (in->sel) MILL_TRY(pick(p, &in->col[c], p->position, in->n, &made, to, err));
  }
  mill_vector *v = &cols[own];
  MILL_TRY(mill_vector_init(v, mill_type_of(MILL_BOOLEAN), in->n, a, err));
  v->size = in->n;
  if (nulls) find_null_keys(p);
  for (uint32_t i = 0; i < in->n; i++) {
    ((uint8_t *)v->data)[i] = p->met[i];
    if (nulls && !p->met[i] && p->t->any && (p->t->has_null_key || p->null_key[i]))
      MILL_TRY(mill_vector_set_null(v, i, a, err));
  }
  mill_batch b = {.n = in->n, .ncols = in->ncols + 1, .col = cols, .first = in->first};
  return pass_on(p, &b, err);
}

/* ---- build_left: which rows of the table have a partner ---------------------------------------- */

static bool is_met(const probe *p, uint32_t r) {
  return __atomic_load_n(&p->t->met[r], __ATOMIC_RELAXED);
}

/* Pairs with rows of the table that have no partner yet. */
static uint32_t list_unmet(probe *p, uint32_t *i) {
  uint32_t n = 0;
  while (*i < p->in->n && n < MILL_BATCH) {
    if (p->next[*i] == 0) {
      ++*i;
      continue;
    }
    p->left[n] = *i;
    p->right[n] = candidate(p, *i);
    n += !is_met(p, p->right[n]);
    advance(p, *i);
  }
  return n;
}

static mill_status push_meet(mill_step *s, mill_batch *b, mill_error *err) {
  probe *p = (probe *)s;
  mill_batch pairs;
  MILL_TRY(first_candidates(p, b, err));
  for (uint32_t i = 0, n, kept; (n = list_unmet(p, &i)) > 0;) {
    MILL_TRY(mill_watch_check(err));
    if (p->condition) {
      mill_arena_reset(&p->scratch);
      MILL_TRY(decide(p, n, p->position, &kept, &pairs, err));
      for (uint32_t k = 0; k < kept; k++)
        __atomic_store_n(&p->t->met[p->right[p->position[k]]], 1, __ATOMIC_RELAXED);
    } else {
      for (uint32_t k = 0; k < n; k++)
        __atomic_store_n(&p->t->met[p->right[k]], 1, __ATOMIC_RELAXED);
    }
  }
  return MILL_OK;
}

/* ---- the step ------------------------------------------------------------------------------- */

static mill_status push_probe(mill_step *s, mill_batch *b, mill_error *err) {
  probe *p = (probe *)s;
  MILL_TRY(first_candidates(p, b, err));
  switch (s->op->join) {
  case MILL_OP_INNER:
  case MILL_OP_RIGHT: return in_place(p) ? pass_alone(p, false, err) : pass_pairs(p, false, err);
  case MILL_OP_LEFT:
  case MILL_OP_FULL:
    if (in_place(p)) return pass_alone(p, true, err);
    return p->condition ? find_outer(p, err) : pass_pairs(p, true, err);
  case MILL_OP_SINGLE: return in_place(p) ? pass_alone(p, true, err) : find_outer(p, err);
  case MILL_OP_MARK: MILL_TRY(find_met(p, err)); return pass_mark(p, err);
  default: MILL_TRY(find_met(p, err)); return pass_left(p, err);
  }
}

static void probe_free(mill_step *s) {
  probe *p = (probe *)s;
  mill_memory *m = s->x->ctx->memory;
  mill_program_free(p->keys);
  mill_program_free(p->condition);
  if (p->key) mill_free(m, p->key, (size_t)(s->op->nkeys + 1) * sizeof *p->key);
  mill_free(m, p->found, p->capacity * sizeof *p->found);
  mill_free(m, p->of_code, p->room * sizeof *p->of_code);
  mill_arena_clear(&p->scratch);
  mill_free(m, p, sizeof *p);
}

mill_status mill_join_probe(const mill_exec *x, const mill_op *op, mill_join_table *t,
                            mill_step **out, mill_error *err) {
  mill_memory *m = x->ctx->memory;
  probe *p = mill_calloc(m, sizeof *p);
  if (p == NULL) return mill_oom(m, sizeof *p, err);
  p->base = (mill_step){.x = x, .op = op, .push = push_probe, .free = probe_free};
  if (op->build_left) p->base.push = push_meet;
  p->t = t;
  p->alone = t->unique && op->condition == NULL;
  p->text = op->nkeys == 1 && !op->null_safe && t->word && t->key->type == t->probe_keys[0]->type &&
            t->key->type->phys == MILL_PHYS_STR && t->key->type->collation == MILL_UTF8_BINARY &&
            t->key->index == NULL && t->key->mask;
  mill_arena_init(&p->scratch, m);
  mill_status s = MILL_OK;
  p->key = mill_calloc(m, (size_t)(op->nkeys + 1) * sizeof *p->key);
  if (p->key == NULL) s = mill_oom(m, 1, err);
  if (s == MILL_OK && op->nkeys)
    s = mill_program_new(x->ctx, x->set, t->probe_keys, op->nkeys, &p->keys, err);
  if (s == MILL_OK && op->condition)
    s = mill_program_new(x->ctx, x->set, &op->condition, 1, &p->condition, err);
  if (s != MILL_OK) {
    probe_free(&p->base);
    return s;
  }
  *out = &p->base;
  return MILL_OK;
}

/* ---- right rows that nobody met -------------------------------------------------------------- */

static mill_status unmatched_some(const mill_join_table *t, const uint32_t *rows, uint32_t n,
                                  mill_step *to, mill_error *err) {
  const mill_type *left = t->op->child[0]->schema;
  uint32_t nleft = left->nfields, ncols = nleft + t->right->schema->nfields;
  mill_arena a;
  mill_arena_init(&a, t->x->ctx->memory);
  mill_vector *cols = mill_arena_alloc(&a, (ncols + 1) * sizeof *cols);
  mill_status s = cols ? MILL_OK : mill_oom(a.memory, 1, err);
  for (uint32_t c = 0; c < nleft && s == MILL_OK; c++)
    mill_vector_null(&cols[c], left->fields[c].type);
  for (uint32_t c = nleft; c < ncols && s == MILL_OK; c++)
    s = mill_vector_gather(&cols[c], &t->col[c - nleft], rows, n, false, &a, err);
  mill_batch b = {.n = n, .ncols = ncols, .col = cols};
  if (s == MILL_OK) s = to->push(to, &b, err);
  mill_arena_clear(&a);
  return s;
}

mill_status mill_join_unmatched(const mill_join_table *t, mill_step *to, mill_error *err) {
  uint32_t rows[MILL_BATCH], n = 0;
  for (uint32_t r = 0; r < t->rows; r++) {
    if (!t->met[r]) rows[n++] = r;
    if (n < MILL_BATCH) continue;
    MILL_TRY(unmatched_some(t, rows, n, to, err));
    n = 0;
  }
  return n ? unmatched_some(t, rows, n, to, err) : MILL_OK;
}
