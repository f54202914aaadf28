/* Hash joins, the right side: slots and the rows in them; see join_int.h.
**
** Rows stand by slot, so that those of one key lie together. Large tables are dealt out first, into parts
** whose slots and rows fit into a core's cache:
**
**     rows     | chunk 0 | chunk 1 | ..      each counts its rows by part,
**     dealt    | part 0: of chunk 0, of chunk 1, .. | part 1: ..      and writes them behind those before
**     slots    | part 0 | part 1 | ..        each counts and places its own
**
** so no access goes anywhere in memory but those of a part to its own. Rows ascend within a part and
** within a slot, whoever works on which chunk: the result is the same at any number of threads. */
#include <string.h>

#include "base/thread.h"
#include "exec/join_int.h"

enum {
  CHUNK = 1 << 17, /* rows, where there are not MOST_CHUNKS of them */
  MOST_CHUNKS = 64,
  PART = 1 << 15, /* rows, on the average */
  MOST_PARTS = 512,
  MOST_SHARES = 16,
};

typedef struct filling {
  mill_join_table *t;
  uint64_t *word; /* by row; NULL: words are numbers, which are made whenever they are wanted */
  uint8_t *can;
  size_t shares; /* of who goes over all rows */
  bool twice[MOST_SHARES];
  size_t chunk, nchunks; /* rows of a chunk */
  size_t nparts;
  int shift;       /* slot >> shift is the part */
  uint32_t *at;    /* at[chunk * nparts + part]: rows, then where they go */
  uint32_t *stop;  /* of each part */
  uint64_t *dealt; /* words, and the rows they are of */
  uint32_t *dealt_row;
  bool repeated[MOST_PARTS]; /* a word stands twice in the part */
} filling;

/* Tasks, shared out where the table is worth it. */
static mill_status run(filling *f, size_t n, mill_task task, mill_error *err) {
  if (f->t->rows >= MILL_JOIN_FEW) return mill_pool_run(f->t->x->ctx->pool, n, task, f, err);
  for (size_t i = 0; i < n; i++) MILL_TRY(task(f, i, 0, err));
  return MILL_OK;
}

/* ---- a slot a number, a row a slot -------------------------------------------------------------- */

/* Dense keys: a row a slot, as long as no slot wants two. Each share of the slots goes over all rows. */
static mill_status fill_single(void *arg, size_t number, int worker, mill_error *err) {
  filling *f = arg;
  mill_join_table *t = f->t;
  const size_t each = t->nslots / f->shares, low = each * number;
  const size_t high = number + 1 == f->shares ? t->nslots : low + each;
  uint64_t word[MILL_BATCH];
  uint8_t can[MILL_BATCH];
  (void)worker, (void)err;
  for (uint32_t from = 0, n; from < t->rows; from += n) {
    n = t->rows - from < MILL_BATCH ? t->rows - from : MILL_BATCH;
    mill_join_words(t, t->key, from, n, word, can);
    for (uint32_t i = 0; i < n; i++) {
      uint64_t at = word[i];
      if (!can[i] || at < low || at >= high) continue;
      if (t->start[at]) {
        f->twice[number] = true;
        return MILL_OK;
      }
      t->start[at] = from + i + 1;
    }
  }
  return MILL_OK;
}

static mill_status new_slots(mill_join_table *t, mill_error *err) {
  size_t bytes = (t->nslots + 2) * sizeof *t->start;
  t->start = mill_alloc(t->x->ctx->memory, bytes);
  return t->start ? MILL_OK : mill_oom(t->x->ctx->memory, bytes, err);
}

static mill_status fill_dense(filling *f, mill_error *err) {
  mill_join_table *t = f->t;
  MILL_TRY(new_slots(t, err));
  memset(t->start, 0, (t->nslots + 2) * sizeof *t->start);
  MILL_TRY(run(f, f->shares, fill_single, err));
  t->unique = true;
  for (size_t i = 0; i < f->shares; i++) t->unique &= !f->twice[i];
  return MILL_OK;
}

/* ---- dealing ------------------------------------------------------------------------------------ */

static mill_status fill_words(void *arg, size_t chunk, int worker, mill_error *err) {
  filling *f = arg;
  size_t from = chunk * f->chunk, left = f->t->rows - from;
  uint32_t n = (uint32_t)(left < f->chunk ? left : f->chunk);
  (void)worker, (void)err;
  mill_join_words(f->t, f->t->key, (uint32_t)from, n, f->word + from, f->can + from);
  return MILL_OK;
}

/* Some rows of a chunk on the way through it: their words, and which of them have a slot. */
typedef struct block {
  const uint64_t *word;
  const uint8_t *can;
  size_t from, next, stop; /* from: the block's first row; [next, stop) is to come */
  uint64_t made[MILL_BATCH];
  uint8_t made_can[MILL_BATCH];
} block;

static void enter_chunk(const filling *f, size_t chunk, block *b) {
  size_t left = f->t->rows - chunk * f->chunk;
  b->next = chunk * f->chunk;
  b->stop = b->next + (left < f->chunk ? left : f->chunk);
}

/* How many rows the next block has; 0: the chunk ends. */
static uint32_t next_block(const filling *f, block *b) {
  size_t left = b->stop - b->next;
  uint32_t n = left < MILL_BATCH ? (uint32_t)left : MILL_BATCH;
  b->from = b->next;
  b->next += n;
  if (f->word) {
    b->word = f->word + b->from;
    b->can = f->can + b->from;
  } else {
    mill_join_words(f->t, f->t->key, (uint32_t)b->from, n, b->made, b->made_can);
    b->word = b->made;
    b->can = b->made_can;
  }
  return n;
}

static mill_status count_chunk(void *arg, size_t chunk, int worker, mill_error *err) {
  const filling *f = arg;
  uint32_t *count = f->at + chunk * f->nparts;
  block b;
  (void)worker, (void)err;
  enter_chunk(f, chunk, &b);
  for (uint32_t n; (n = next_block(f, &b)) > 0;)
    for (uint32_t i = 0; i < n; i++)
      if (b.can[i]) count[mill_join_slot(f->t, b.word[i]) >> f->shift]++;
  return MILL_OK;
}

static mill_status deal_chunk(void *arg, size_t chunk, int worker, mill_error *err) {
  const filling *f = arg;
  uint32_t *at = f->at + chunk * f->nparts;
  block b;
  (void)worker, (void)err;
  enter_chunk(f, chunk, &b);
  for (uint32_t n; (n = next_block(f, &b)) > 0;)
    for (uint32_t i = 0; i < n; i++) {
      if (!b.can[i]) continue;
      uint32_t to = at[mill_join_slot(f->t, b.word[i]) >> f->shift]++;
      f->dealt[to] = b.word[i];
      f->dealt_row[to] = (uint32_t)b.from + i;
    }
  return MILL_OK;
}

/* From how many rows to where they go. */
static void sum_up(filling *f) {
  uint32_t at = 0;
  for (size_t p = 0; p < f->nparts; p++) {
    for (size_t c = 0; c < f->nchunks; c++) {
      uint32_t *x = &f->at[c * f->nparts + p], n = *x;
      *x = at;
      at += n;
    }
    f->stop[p] = at;
  }
}

static mill_status deal(filling *f, mill_error *err) {
  mill_memory *m = f->t->x->ctx->memory;
  size_t n = f->t->rows;
  f->dealt = mill_alloc(m, (n + 1) * sizeof *f->dealt);
  f->dealt_row = mill_alloc(m, (n + 1) * sizeof *f->dealt_row);
  f->at = mill_calloc(m, (f->nchunks + 1) * f->nparts * sizeof *f->at);
  if (!f->dealt || !f->dealt_row || !f->at) return mill_oom(m, n * 12, err);
  f->stop = f->at + f->nchunks * f->nparts;
  MILL_TRY(run(f, f->nchunks, count_chunk, err));
  sum_up(f);
  return run(f, f->nchunks, deal_chunk, err);
}

static void drop_words(filling *f) {
  mill_memory *m = f->t->x->ctx->memory;
  size_t n = (size_t)f->t->rows + 1;
  mill_free(m, f->word, n * sizeof *f->word);
  mill_free(m, f->can, n);
  f->word = NULL;
  f->can = NULL;
}

static void drop_dealt(filling *f) {
  mill_memory *m = f->t->x->ctx->memory;
  size_t n = (size_t)f->t->rows + 1;
  mill_free(m, f->dealt, n * sizeof *f->dealt);
  mill_free(m, f->dealt_row, n * sizeof *f->dealt_row);
  mill_free(m, f->at, (f->nchunks + 1) * f->nparts * sizeof *f->at);
}

/* ---- placing ------------------------------------------------------------------------------------ */

/* Do two rows of a slot have the same word? A slot of many rows counts as one that does. */
static bool repeats(const mill_join_table *t, uint32_t from, uint32_t to) {
  if (to - from > 8) return true;
  for (uint32_t a = from; a < to; a++)
    for (uint32_t b = a + 1; b < to; b++)
      if (t->dense || t->word[a] == t->word[b]) return true;
  return false;
}

/* start[slot + 1] counts the slot's rows, is made the slot's begin, and by placing rows its end. */
static mill_status place_part(void *arg, size_t part, int worker, mill_error *err) {
  filling *f = arg;
  mill_join_table *t = f->t;
  const size_t low = part << f->shift, next = (part + 1) << f->shift;
  const size_t high = next < t->nslots ? next : t->nslots;
  const uint32_t from = part ? f->stop[part - 1] : 0, stop = f->stop[part];
  uint32_t *start = t->start, at = from;
  (void)worker, (void)err;
  memset(start + low + 1, 0, (high - low) * sizeof *start);
  for (uint32_t i = from; i < stop; i++) start[mill_join_slot(t, f->dealt[i]) + 1]++;
  for (size_t i = low; i < high; i++) {
    uint32_t n = start[i + 1];
    start[i + 1] = at;
    at += n;
  }
  for (uint32_t i = from; i < stop; i++) {
    uint32_t place = start[mill_join_slot(t, f->dealt[i]) + 1]++;
    t->row[place] = f->dealt_row[i];
    if (t->word) t->word[place] = f->dealt[i];
  }
  bool twice = false;
  at = from;
  for (size_t i = low; i < high && !twice; i++) {
    uint32_t to = start[i + 1];
    if (to - at > 1) twice = repeats(t, at, to);
    at = to;
  }
  f->repeated[part] = twice;
  return MILL_OK;
}

static mill_status place(filling *f, mill_error *err) {
  mill_join_table *t = f->t;
  mill_memory *m = t->x->ctx->memory;
  t->row = mill_alloc(m, ((size_t)t->rows + 1) * sizeof *t->row);
  if (!t->dense) t->word = mill_alloc(m, ((size_t)t->rows + 1) * sizeof *t->word);
  if (t->row == NULL || (!t->dense && t->word == NULL)) return mill_oom(m, t->rows, err);
  t->start[0] = 0;
  MILL_TRY(run(f, f->nparts, place_part, err));
  t->unique = true;
  for (size_t i = 0; i < f->nparts; i++) t->unique &= !f->repeated[i];
  return MILL_OK;
}

/* ---- all of it ---------------------------------------------------------------------------------- */

/* Words of all rows, where they are hashes, or ranks are made of them. */
static mill_status make_words(filling *f, mill_error *err) {
  mill_join_table *t = f->t;
  mill_memory *m = t->x->ctx->memory;
  size_t n = (size_t)t->rows + 1;
  if (t->numbers && !t->nbits) return MILL_OK;
  f->word = mill_alloc(m, n * sizeof *f->word);
  f->can = mill_alloc(m, n);
  if (f->word == NULL || f->can == NULL) return mill_oom(m, n * 9, err);
  MILL_TRY(run(f, f->nchunks, fill_words, err));
  return t->nbits ? mill_join_rank(t, f->word, f->can, f->shares, err) : MILL_OK;
}

static void choose_parts(filling *f) {
  const size_t last = f->t->nslots ? f->t->nslots - 1 : 0;
  size_t most = 1;
  while (most < MOST_PARTS && f->t->rows / most > PART) most *= 2;
  for (f->shift = 0; last >> f->shift >= most;) f->shift++;
  f->nparts = (last >> f->shift) + 1;
}

/* Slots of rows in a list: all but those of unique dense keys. */
static mill_status list_slots(filling *f, mill_error *err) {
  MILL_TRY(make_words(f, err));
  if (f->t->start == NULL) MILL_TRY(new_slots(f->t, err));
  choose_parts(f);
  MILL_TRY(deal(f, err));
  drop_words(f);
  return place(f, err);
}

static void look_for_nulls(mill_join_table *t) {
  for (int k = 0; k < t->op->nkeys; k++)
    for (uint32_t i = 0; t->key[k].valid && i < t->rows && !t->has_null_key; i++)
      t->has_null_key = !mill_vector_valid(&t->key[k], i);
}

mill_status mill_join_fill(mill_join_table *t, mill_error *err) {
  size_t n = t->rows;
  filling f = {.t = t, .shares = 1, .chunk = CHUNK};
  mill_join_choose(t);
  if (!t->dense && !t->nbits) {
    for (t->nslots = 16, t->shift = 60; t->nslots < 2 * n; t->shift--) t->nslots *= 2;
  }
  if (n >= MILL_JOIN_FEW) f.shares = (size_t)mill_pool_threads(t->x->ctx->pool);
  if (f.shares > MOST_SHARES) f.shares = MOST_SHARES;
  while (n / f.chunk >= MOST_CHUNKS) f.chunk *= 2;
  f.nchunks = n / f.chunk + 1;
  mill_status s = t->dense ? fill_dense(&f, err) : MILL_OK;
  if (s == MILL_OK && !t->unique) {
    s = list_slots(&f, err);
    drop_words(&f);
    drop_dealt(&f);
  }
  look_for_nulls(t);
  return s;
}
