/* Sample sort over normalised keys; see sort_order.h and sort_radix.h. */
#include "exec/sort_order.h"

#include "base/hash.h"
#include "base/thread.h"
#include "exec/sort_codes.h"
#include "exec/spill.h"

enum { DIGIT_BITS = 11, SHORT_RUN = 24, CHECK_ROWS = 4096 };

#define SORT_NAME(x) packed_##x
#define SORT_WORDS 1
#define SORT_ROW 0
#include "exec/sort_radix.h"
#undef SORT_NAME
#undef SORT_ROW
#define SORT_NAME(x) one_##x
#define SORT_ROW 1
#include "exec/sort_radix.h"
#undef SORT_NAME
#undef SORT_WORDS
#define SORT_NAME(x) two_##x
#define SORT_WORDS 2
#include "exec/sort_radix.h"
#undef SORT_NAME
#undef SORT_WORDS
#undef SORT_ROW

/* The call for the layout's kind of entry. */
#define SORT_CALL(L, NAME, ...)                                                                    \
  ((L)->row_bits     ? packed_##NAME(__VA_ARGS__)                                                  \
   : (L)->words == 1 ? one_##NAME(__VA_ARGS__)                                                     \
                     : two_##NAME(__VA_ARGS__))

enum {
  BUCKET_ROWS = 16384, /* entries of a bucket stay in the second-level cache */
  MAX_BUCKETS = 1024,
  SAMPLES = 32, /* a splitter */
  PART_ROWS = 65536,
  CODED_ROWS = 2048,    /* below, comparing strings costs little */
  CODES_ROOM = 1 << 20, /* bytes that ranks may take beside what a row does */
};

typedef struct job {
  const mill_exec *x;
  mill_row_set *set;
  mill_sort_order *o;
  mill_sort_stats *stats; /* nkeys a chunk */
  mill_sort_codes codes;  /* in the place of strings; zeroed: no numbers are made of any */
  size_t *start;          /* first entry of each chunk */
  uint64_t *to, *splitter;
  uint16_t *bucket;
  uint32_t *count; /* buckets x parts */
  size_t *at;      /* where a part's entries go in each bucket */
  size_t nparts, nbuckets;
  size_t *edge; /* nbuckets + 1: first entry of each bucket */
  bool moves;   /* columns go into the buckets as well */
  mill_row_move move;
  bool disorder; /* atomic: some part is not in order */
} job;

/* ---- entries -------------------------------------------------------------------------------- */

static mill_status stats_task(void *arg, size_t chunk, int worker, mill_error *err) {
  job *j = arg;
  int n = j->o->layout.n;
  (void)worker, (void)err;
  mill_sort_stats_chunk(j->set, chunk, j->o->layout.key, n, j->stats + chunk * (size_t)n);
  return MILL_OK;
}

static mill_status encode_task(void *arg, size_t chunk, int worker, mill_error *err) {
  job *j = arg;
  const mill_sort_order *o = j->o;
  uint32_t n = j->set->n[chunk];
  uint64_t *e = o->entry + j->start[chunk] * o->stride;
  const mill_vector *col = j->codes.col ? j->codes.col : j->set->col;
  (void)worker, (void)err;
  mill_sort_encode(&o->layout, col + chunk * j->set->schema->nfields, 0, n, e, o->stride);
  for (uint32_t i = 0; i < n; i++) {
    uint64_t *last = &e[(size_t)i * o->stride + o->stride - 1], row = (uint64_t)chunk << 16 | i;
    *last = o->layout.row_bits ? *last | row : row;
  }
  return MILL_OK;
}

/* Is key i of the layout a string of which there is more than the number tells? */
static bool is_long_text(const job *j, int i) {
  const mill_type *t = j->set->schema->fields[j->o->layout.key[i].column].type;
  return t->phys == MILL_PHYS_STR && t->collation == MILL_UTF8_BINARY &&
         j->stats[i].longest > MILL_SORT_TEXT;
}

/* Are ranks worth trying for key i? They are let go before rows are sorted, and must not be what it fails for. */
static bool wants_codes(const job *j, int i) {
  const size_t n = j->o->n;
  return n >= CODED_ROWS && is_long_text(j, i) &&
         !mill_spill_needed(j->x->ctx, n * MILL_SORT_ROW_BYTES + CODES_ROOM);
}

/* The layout; long strings that repeat become ranks where it would tell less than all without. */
static mill_status make_layout(job *j, const mill_sort_column *key, int nkeys, mill_error *err) {
  mill_sort_layout *l = &j->o->layout;
  bool done;
  mill_sort_layout_make(l, j->set->schema, key, nkeys, j->o->part, j->stats);
  for (int i = -1; l->inexact < nkeys && l->inexact > i;) {
    i = l->inexact;
    if (!wants_codes(j, i)) return MILL_OK;
    if (j->codes.col == NULL) MILL_TRY(mill_sort_codes_init(&j->codes, j->set, err));
    MILL_TRY(mill_sort_codes_add(&j->codes, j->x, j->set, key[i].column, &j->stats[i], &done, err));
    if (!done) return MILL_OK;
    for (int k = 0; k < nkeys; k++)
      if (key[k].column == key[i].column) j->stats[k] = j->stats[i];
    mill_sort_layout_make(l, &j->codes.schema, key, nkeys, j->o->part, j->stats);
  }
  return MILL_OK;
}

static mill_status make_entries(job *j, const mill_sort_column *key, int nkeys, mill_error *err) {
  mill_sort_order *o = j->o;
  mill_memory *m = o->memory;
  struct mill_pool *pool = j->x->ctx->pool;
  size_t chunks = j->set->nchunks; /* 0: the stats of no value */
  size_t bytes = (chunks ? chunks : 1) * (size_t)nkeys * sizeof *j->stats;
  j->stats = mill_calloc(m, bytes + 1);
  o->part = mill_calloc(m, (size_t)(nkeys + 1) * sizeof *o->part);
  if (j->stats == NULL || o->part == NULL) {
    mill_free(m, j->stats, bytes + 1);
    return mill_oom(m, bytes, err);
  }
  o->layout = (mill_sort_layout){.key = key, .n = nkeys, .part = o->part};
  mill_status s = mill_pool_run(pool, chunks, stats_task, j, err);
  for (size_t c = 1; c < chunks; c++)
    mill_sort_stats_join(j->stats, j->stats + c * (size_t)nkeys, nkeys);
  if (s == MILL_OK) s = make_layout(j, key, nkeys, err);
  mill_free(m, j->stats, bytes + 1);
  if (s != MILL_OK) return s;
  uint64_t rows = o->n, last = (uint64_t)chunks << 16;
  mill_sort_layout_pack(&o->layout, rows > last ? rows : last);
  o->stride = mill_sort_stride(&o->layout);
  o->entry = mill_alloc(m, (o->n + 1) * o->stride * sizeof *o->entry);
  j->start = mill_alloc(m, (chunks + 1) * sizeof *j->start);
  if (o->entry == NULL || j->start == NULL) return mill_oom(m, o->n * 8 * o->stride, err);
  for (size_t c = 0, at = 0; c < chunks; at += j->set->n[c++]) j->start[c] = at;
  return mill_pool_run(pool, chunks, encode_task, j, err);
}

/* ---- ties ----------------------------------------------------------------------------------- */

static bool same_key(const uint64_t *a, const uint64_t *b, int words) {
  return a[0] == b[0] && (words == 1 || a[1] == b[1]);
}

static bool behind(const mill_row_set *s, const mill_sort_layout *l, uint64_t a, uint64_t b) {
  return mill_sort_key_compare(s, l->key, l->inexact, l->n, a, b) > 0;
}

/* Merge sort of entries of equal numbers by what the numbers do not tell; only rows are moved. */
static mill_status sort_ties(const mill_row_set *s, const mill_sort_layout *l, uint64_t *e,
                             uint64_t *tmp, size_t n, mill_error *err) {
  size_t stride = (size_t)l->words + 1;
  uint64_t *row = tmp, *other = tmp + n, *from = row, *to = other;
  for (size_t i = 0; i < n; i++) row[i] = e[i * stride + stride - 1];
  for (size_t width = 1; width < n; width *= 2) {
    for (size_t lo = 0; lo < n; lo += 2 * width) {
      size_t mid = lo + width < n ? lo + width : n, hi = lo + 2 * width < n ? lo + 2 * width : n;
      if (mid == hi || !behind(s, l, from[mid - 1], from[mid])) {
        memcpy(to + lo, from + lo, (hi - lo) * sizeof *to);
        continue;
      }
      for (size_t a = lo, b = mid, o = lo; o < hi; o++) {
        if (o % CHECK_ROWS == 0) MILL_TRY(mill_watch_check(err));
        bool left = a < mid && (b >= hi || !behind(s, l, from[a], from[b]));
        to[o] = left ? from[a++] : from[b++];
      }
    }
    uint64_t *t = from;
    from = to;
    to = t;
  }
  for (size_t i = 0; i < n; i++) e[i * stride + stride - 1] = from[i];
  return MILL_OK;
}

static mill_status sort_bucket(const mill_row_set *s, const mill_sort_layout *l, uint64_t *e,
                               uint64_t *tmp, size_t n, uint32_t *count, mill_error *err) {
  size_t stride = mill_sort_stride(l);
  uint64_t rest = l->row_bits ? mill_sort_row_mask(l) : 0;
  SORT_CALL(l, bucket, (void *)e, (void *)tmp, n, rest, count);
  for (size_t i = 0, k; l->inexact < l->n && i < n; i = k) {
    for (k = i + 1; k < n && same_key(e + i * stride, e + k * stride, l->words); k++) {
    }
    if (k - i > 1) MILL_TRY(sort_ties(s, l, e + i * stride, tmp, k - i, err));
  }
  return MILL_OK;
}

mill_status mill_sort_entries(const mill_row_set *s, const mill_sort_layout *l, uint64_t *entry,
                              uint64_t *tmp, size_t n, mill_error *err) {
  uint32_t count[1 << DIGIT_BITS];
  return sort_bucket(s, l, entry, tmp, n, count, err);
}

/* ---- buckets -------------------------------------------------------------------------------- */

static size_t part_rows(const job *j, size_t part) {
  size_t left = j->o->n - part * PART_ROWS;
  return left < PART_ROWS ? left : PART_ROWS;
}

static mill_status classify_task(void *arg, size_t part, int worker, mill_error *err) {
  job *j = arg;
  size_t from = part * PART_ROWS, n = part_rows(j, part), ns = j->nbuckets - 1;
  uint64_t *e = j->o->entry + from * j->o->stride;
  uint32_t *count = j->count + part * j->nbuckets;
  (void)worker, (void)err;
  SORT_CALL(&j->o->layout, classify, (void *)e, n, (void *)j->splitter, ns, j->bucket + from,
            count);
  return MILL_OK;
}

static mill_status scatter_task(void *arg, size_t part, int worker, mill_error *err) {
  job *j = arg;
  size_t from = part * PART_ROWS, n = part_rows(j, part);
  uint64_t *e = j->o->entry + from * j->o->stride;
  const mill_sort_layout *l = &j->o->layout;
  size_t *at = j->at + part * j->nbuckets, stride = j->o->stride;
  uint64_t mask = mill_sort_row_mask(l);
  (void)worker, (void)err;
  for (size_t i = 0; i < n; i += MILL_BATCH) {
    size_t to[MILL_BATCH], m = n - i < MILL_BATCH ? n - i : MILL_BATCH;
    uint64_t row[MILL_BATCH], *some = e + i * stride;
    SORT_CALL(l, scatter, (void *)some, m, j->bucket + from + i, at, (void *)j->to, to);
    if (!j->moves) continue;
    for (size_t k = 0; k < m; k++) row[k] = some[k * stride + stride - 1] & mask;
    mill_row_move_put(&j->move, j->set, row, (uint32_t)m, to);
    for (size_t k = 0; k < m; k++) { /* its new number */
      uint64_t *last = &j->to[to[k] * stride + stride - 1];
      *last = (*last & ~mask) | to[k];
    }
  }
  return MILL_OK;
}

static mill_status bits_task(void *arg, size_t chunk, int worker, mill_error *err) {
  job *j = arg;
  (void)worker, (void)err;
  mill_row_move_bits(&j->move, j->set, chunk);
  return MILL_OK;
}

/* Throw the columns into the buckets as well, if there is room for them. */
static mill_status begin_move(job *j, mill_error *err) {
  mill_sort_order *o = j->o;
  mill_memory *m = o->memory;
  bool *keep = mill_calloc(m, o->width + 1);
  if (keep == NULL) return mill_oom(m, o->width, err);
  for (uint32_t c = 0; c < o->width; c++) keep[c] = o->decoded[c] < 0;
  size_t bytes = mill_row_move_bytes(j->set, keep);
  /* and for the result, which may need as much again */
  j->moves = bytes > 0 && !mill_spill_needed(j->x->ctx, 2 * o->n * bytes);
  mill_status s = j->moves ? mill_row_move_begin(j->set, keep, &j->move, err) : MILL_OK;
  mill_free(m, keep, o->width + 1);
  return s;
}

static mill_status end_move(job *j, mill_error *err) {
  size_t chunks = (j->o->n + MILL_CHUNK - 1) / MILL_CHUNK;
  MILL_TRY(mill_pool_run(j->x->ctx->pool, chunks, bits_task, j, err));
  mill_row_move_end(&j->move, j->set);
  return MILL_OK;
}

static mill_status bucket_task(void *arg, size_t b, int worker, mill_error *err) {
  job *j = arg;
  size_t from = j->edge[b] * j->o->stride;
  (void)worker;
  return mill_sort_entries(j->set, &j->o->layout, j->to + from, j->o->entry + from,
                           j->edge[b + 1] - j->edge[b], err);
}

/* Splitters: every SAMPLES-th of a sorted sample, taken at fixed, scattered places. */
static mill_status choose_splitters(job *j, mill_error *err) {
  mill_sort_order *o = j->o;
  size_t n = j->nbuckets * SAMPLES, words = o->stride, bytes = 2 * n * words * sizeof(uint64_t);
  uint64_t *sample = mill_alloc(o->memory, bytes);
  if (sample == NULL) return mill_oom(o->memory, bytes, err);
  for (size_t i = 0; i < n; i++) {
    size_t at = (size_t)(((unsigned __int128)mill_hash_word(i + 1) * o->n) >> 64);
    memcpy(sample + i * words, o->entry + at * words, words * sizeof *sample);
  }
  mill_sort_layout exact = o->layout; /* ties in the sample do not matter */
  exact.inexact = exact.n;
  mill_status s = mill_sort_entries(j->set, &exact, sample, sample + n * words, n, err);
  for (size_t b = 0; b + 1 < j->nbuckets; b++)
    memcpy(j->splitter + b * words, sample + (b + 1) * SAMPLES * words, words * sizeof *sample);
  mill_free(o->memory, sample, bytes);
  return s;
}

/* Where the entries of each part go, from the counts. */
static void lay_out(job *j) {
  size_t at = 0;
  for (size_t b = 0; b < j->nbuckets; b++) {
    j->edge[b] = at;
    for (size_t p = 0; p < j->nparts; p++) {
      j->at[p * j->nbuckets + b] = at;
      at += j->count[p * j->nbuckets + b];
    }
  }
  j->edge[j->nbuckets] = at;
}

static mill_status run_buckets(job *j, mill_error *err) {
  struct mill_pool *pool = j->x->ctx->pool;
  MILL_TRY(choose_splitters(j, err));
  MILL_TRY(mill_pool_run(pool, j->nparts, classify_task, j, err));
  lay_out(j);
  if (j->moves) MILL_TRY(begin_move(j, err));
  MILL_TRY(mill_pool_run(pool, j->nparts, scatter_task, j, err));
  if (j->moves) MILL_TRY(end_move(j, err));
  return mill_pool_run(pool, j->nbuckets, bucket_task, j, err);
}

static mill_status sort_buckets(job *j, mill_error *err) {
  mill_sort_order *o = j->o;
  mill_memory *m = o->memory;
  size_t stride = o->stride * sizeof(uint64_t);
  j->nparts = (o->n + PART_ROWS - 1) / PART_ROWS;
  for (j->nbuckets = 2; j->nbuckets < MAX_BUCKETS && j->nbuckets * BUCKET_ROWS < o->n;)
    j->nbuckets *= 2;
  size_t cells = j->nparts * j->nbuckets;
  j->to = mill_alloc(m, (o->n + 1) * stride);
  j->splitter = mill_alloc(m, j->nbuckets * stride);
  j->bucket = mill_alloc(m, o->n * sizeof *j->bucket);
  j->count = mill_calloc(m, cells * sizeof *j->count);
  j->at = mill_alloc(m, cells * sizeof *j->at);
  j->edge = mill_alloc(m, (j->nbuckets + 1) * sizeof *j->edge);
  bool ok = j->to && j->splitter && j->bucket && j->count && j->at && j->edge;
  mill_status s = ok ? run_buckets(j, err) : mill_oom(m, o->n * stride, err);
  mill_free(m, j->splitter, j->nbuckets * stride);
  mill_free(m, j->bucket, o->n * sizeof *j->bucket);
  mill_free(m, j->count, cells * sizeof *j->count);
  mill_free(m, j->at, cells * sizeof *j->at);
  mill_free(m, j->edge, (j->nbuckets + 1) * sizeof *j->edge);
  if (s == MILL_OK) {
    uint64_t *t = o->entry;
    o->entry = j->to;
    j->to = t;
  }
  mill_free(m, j->to, (o->n + 1) * stride);
  return s;
}

/* Is a part in order, with the last entry of the one before? */
static mill_status ordered_task(void *arg, size_t part, int worker, mill_error *err) {
  job *j = arg;
  size_t from = part * PART_ROWS, n = part_rows(j, part), before = from > 0;
  const uint64_t *e = j->o->entry + (from - before) * j->o->stride;
  (void)worker, (void)err;
  if (__atomic_load_n(&j->disorder, __ATOMIC_RELAXED)) return MILL_OK;
  if (!SORT_CALL(&j->o->layout, ordered, (const void *)e, n + before))
    __atomic_store_n(&j->disorder, true, __ATOMIC_RELAXED);
  return MILL_OK;
}

static mill_status in_order(job *j, bool *out, mill_error *err) {
  const mill_sort_order *o = j->o;
  *out = false;
  if (o->layout.inexact < o->layout.n) return MILL_OK;
  j->disorder = false;
  size_t parts = (o->n + PART_ROWS - 1) / PART_ROWS;
  MILL_TRY(mill_pool_run(j->x->ctx->pool, parts, ordered_task, j, err));
  *out = !j->disorder;
  return MILL_OK;
}

static mill_status sort_small(job *j, mill_error *err) {
  mill_sort_order *o = j->o;
  size_t bytes = (o->n + 1) * o->stride * sizeof *o->entry;
  uint64_t *tmp = mill_alloc(o->memory, bytes);
  if (tmp == NULL) return mill_oom(o->memory, bytes, err);
  mill_status s = mill_sort_entries(j->set, &o->layout, o->entry, tmp, o->n, err);
  mill_free(o->memory, tmp, bytes);
  return s;
}

/* Which columns the entries tell. Codes stay codes. */
static mill_status note_decoded(const job *j, mill_error *err) {
  mill_sort_order *o = j->o;
  o->width = j->set->schema->nfields;
  o->decoded = mill_alloc(o->memory, (o->width + 1) * sizeof *o->decoded);
  if (o->decoded == NULL) return mill_oom(o->memory, o->width, err);
  for (uint32_t c = 0; c < o->width; c++) {
    o->decoded[c] = -1;
    for (int i = 0; i < o->layout.n && j->set->simple[c]; i++)
      if (o->layout.key[i].column == c &&
          mill_sort_decodes(&o->layout, j->set->schema->fields[c].type, i))
        o->decoded[c] = i;
  }
  return MILL_OK;
}

mill_status mill_sort_order_gather(const mill_sort_order *o, const mill_row_set *s, uint32_t c,
                                   size_t from, uint32_t n, mill_vector *out, mill_arena *a,
                                   mill_error *err) {
  const uint64_t *e = o->entry + from * o->stride;
  if (o->decoded[c] < 0)
    return mill_row_set_gather(s, c, e + o->stride - 1, o->stride, mill_sort_row_mask(&o->layout),
                               n, out, a, err);
  return mill_sort_decode(&o->layout, s->schema->fields[c].type, o->decoded[c], e, o->stride, n,
                          out, a, err);
}

bool mill_sort_order_same(const mill_sort_order *o, const mill_row_set *s, int nkeys, size_t i,
                          size_t k) {
  const mill_sort_layout *l = &o->layout;
  if (!mill_sort_same(l, nkeys, o->entry + i * o->stride, o->entry + k * o->stride)) return false;
  return nkeys <= l->inexact ||
         mill_sort_key_compare(s, l->key, l->inexact, nkeys, mill_sort_order_row(o, i),
                               mill_sort_order_row(o, k)) == 0;
}

void mill_sort_order_breaks(const mill_sort_order *o, const mill_row_set *s, int nkeys, size_t from,
                            uint32_t n, uint8_t *out) {
  const mill_sort_layout *l = &o->layout;
  mill_sort_breaks(l, nkeys, o->entry + from * o->stride, o->stride, n, out);
  for (uint32_t i = 1; l->inexact < l->n && i < n; i++) {
    uint64_t a = mill_sort_order_row(o, from + i - 1), b = mill_sort_order_row(o, from + i);
    if (out[i] < 2 && l->inexact < nkeys &&
        mill_sort_key_compare(s, l->key, l->inexact, nkeys, a, b) != 0)
      out[i] = 2;
    int rest = l->inexact < nkeys ? nkeys : l->inexact;
    if (out[i] == 0 && mill_sort_key_compare(s, l->key, rest, l->n, a, b) != 0) out[i] = 1;
  }
}

mill_status mill_sort_order_make(const mill_exec *x, mill_row_set *set, const mill_sort_column *key,
                                 int nkeys, bool moves, mill_sort_order *out, mill_error *err) {
  *out = (mill_sort_order){.memory = x->ctx->memory, .n = (size_t)set->rows};
  out->layout.n = nkeys;
  job j = {.x = x, .set = set, .o = out, .moves = moves};
  mill_status s = make_entries(&j, key, nkeys, err);
  if (s == MILL_OK) s = note_decoded(&j, err);
  mill_sort_codes_clear(&j.codes);
  mill_free(out->memory, j.start, (set->nchunks + 1) * sizeof *j.start);
  bool done = false;
  if (s == MILL_OK) s = in_order(&j, &done, err);
  if (s == MILL_OK && !done)
    s = out->n <= 2 * BUCKET_ROWS ? sort_small(&j, err) : sort_buckets(&j, err);
  if (s != MILL_OK) mill_sort_order_clear(out);
  return s;
}

void mill_sort_order_clear(mill_sort_order *o) {
  if (o->memory == NULL) return;
  mill_free(o->memory, o->entry, (o->n + 1) * o->stride * sizeof *o->entry);
  mill_free(o->memory, o->decoded, (o->width + 1) * sizeof *o->decoded);
  mill_free(o->memory, o->part, (size_t)(o->layout.n + 1) * sizeof *o->part);
  *o = (mill_sort_order){0};
}
