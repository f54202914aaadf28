/* Candidates for splits and binned rows: see tree_int.h. As Spark's DecisionTreeMetadata and
** RandomForest.findSplits: thresholds lie half-way between values at equal steps of weight, from a
** sample of at least max(bins^2, 10000) rows; categories are divided in all ways where there are
** more than two classes and few categories, else in the order of their centroids. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/thread.h"
#include "ml/sample_int.h"
#include "ml/tree_int.h"

enum { SAMPLE = 10000, MOST_BINS = 65535 };

typedef struct weighted {
  double value, weight;
  size_t row;
} weighted;

typedef struct job {
  mill_work *work;
  const mill_points *p;
  mill_tree_bins *b;
  mill_arena *arena;
  const size_t *sampled; /* rows */
  size_t nsampled;
  double fraction;
} job;

/* ---- kinds of features --------------------------------------------------------------------------- */

static mill_status classify(mill_work *w, const int *categories, const mill_tree_options *o,
                            int most_bins, mill_tree_bins *b, mill_error *err) {
  int unordered = (int)floor(log(most_bins / 2 + 1) / log(2.0) + 1);
  for (int f = 0; f < b->width; f++) {
    mill_tree_feature *t = &b->feature[f];
    int c = categories ? categories[f] : 0;
    if (c > most_bins)
      return mill_ml_refuse(err, w->stage,
                            "feature %d has %d categories, more than maxBins (%d, at most one a "
                            "row) takes.",
                            f, c, most_bins);
    *t = (mill_tree_feature){.kind = MILL_CONTINUOUS, .categories = -1};
    if (c < 2) continue;
    t->categories = t->bins = c;
    t->kind = o->classes > 2 && c <= unordered ? MILL_UNORDERED : MILL_ORDERED;
    t->splits = t->kind == MILL_UNORDERED ? (1 << (c - 1)) - 1 : c - 1;
  }
  return MILL_OK;
}

/* ---- thresholds ---------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b) {
  const weighted *x = a, *y = b;
  if (x->value != y->value) return x->value < y->value ? -1 : 1;
  return (x->row > y->row) - (x->row < y->row);
}

static double value_of(const mill_points *p, size_t row, int f) {
  mill_vec v = mill_points_row(p, row);
  return mill_vec_get(&v, f);
}

/* Distinct values other than 0 with their weight, and 0 with what is missing to the expected
** weight of the sample. */
static size_t distinct(const job *j, int f, weighted *v) {
  size_t n = 0, out = 0;
  double weight = 0.0;
  for (size_t i = 0; i < j->nsampled; i++) {
    size_t row = j->sampled ? j->sampled[i] : i;
    double x = value_of(j->p, row, f);
    if (x != 0.0) v[n++] = (weighted){x, mill_points_weight(j->p, row), i};
  }
  if (n == 0) return 0;
  for (size_t i = 0; i < n; i++) weight += v[i].weight;
  double rest = j->fraction * j->b->weight - weight;
  if (rest > 0x1p-52 * (double)n * 100) v[n++] = (weighted){0.0, rest, 0};
  qsort(v, n, sizeof *v, by_value);
  for (size_t i = 0; i < n; i++) {
    if (out && v[out - 1].value == v[i].value)
      v[out - 1].weight += v[i].weight;
    else
      v[out++] = v[i];
  }
  return out;
}

static double half_way(const weighted *v, size_t i) { return (v[i - 1].value + v[i].value) / 2.0; }

/* Thresholds at about equal steps of weight, at most `most` of them. */
static int place(const weighted *v, size_t n, int most, double total, double *out) {
  int k = 0;
  if (n <= (size_t)most + 1) {
    for (size_t i = 1; i < n; i++) out[k++] = half_way(v, i);
    return k;
  }
  double stride = total / (most + 1), target = stride, now = v[0].weight;
  for (size_t i = 1; i < n; i++) {
    double before = now;
    now += v[i].weight;
    if (!(fabs(before - target) < fabs(now - target))) continue;
    out[k++] = half_way(v, i);
    target += stride;
  }
  return k;
}

static mill_status find_thresholds(const job *j, int f, int most_bins, mill_error *err) {
  mill_tree_feature *t = &j->b->feature[f];
  mill_memory *m = j->b->memory;
  size_t bytes = (j->nsampled + 2) * sizeof(weighted);
  if (t->kind != MILL_CONTINUOUS) return MILL_OK;
  weighted *v = mill_alloc(m, bytes);
  if (v == NULL) return mill_oom(m, bytes, err);
  size_t n = distinct(j, f, v);
  if (n > 1) t->splits = place(v, n, most_bins - 1, j->fraction * j->b->weight, t->threshold);
  t->bins = t->splits + 1;
  mill_free(m, v, bytes);
  return MILL_OK;
}

/* ---- rows to bins -------------------------------------------------------------------------------- */

static uint16_t bin_of(const mill_tree_feature *t, double x) {
  int low = 0, high = t->splits;
  while (low < high) {
    int mid = low + (high - low) / 2;
    if (t->threshold[mid] < x)
      low = mid + 1;
    else
      high = mid;
  }
  return (uint16_t)low;
}

static mill_status fill_bins(const job *j, int f, mill_error *err) {
  const mill_tree_feature *t = &j->b->feature[f];
  uint16_t *bin = j->b->bin + (size_t)f * j->p->n;
  for (size_t i = 0; i < j->p->n; i++) {
    double x = value_of(j->p, i, f);
    if (t->kind == MILL_CONTINUOUS) {
      bin[i] = bin_of(t, x);
      continue;
    }
    if (!(x >= 0 && x < t->categories))
      return mill_ml_refuse(err, j->work->stage,
                            "feature %d has the categories 0 to %d, but a row %g.", f,
                            t->categories - 1, x);
    bin[i] = (uint16_t)x;
  }
  return MILL_OK;
}

typedef struct prepare_job {
  const job *j;
  int most_bins;
} prepare_job;

static mill_status prepare(void *arg, size_t f, int worker, mill_error *err) {
  (void)worker;
  const prepare_job *k = arg;
  MILL_TRY(find_thresholds(k->j, (int)f, k->most_bins, err));
  return fill_bins(k->j, (int)f, err);
}

/* ---- all ----------------------------------------------------------------------------------------- */

static mill_status draw_sample(job *j, int most_bins, int64_t seed, mill_error *err) {
  size_t need = (size_t)most_bins * (size_t)most_bins;
  if (need < SAMPLE) need = SAMPLE;
  j->fraction = 1.0;
  j->nsampled = j->p->n;
  if (need >= j->p->n) return MILL_OK;
  j->fraction = (double)need / (double)j->p->n;
  mill_xorshift r = mill_xorshift_new((uint64_t)seed);
  mill_sampler s = mill_sampler_new(j->fraction, mill_xorshift_int(&r));
  size_t *rows = mill_arena_alloc(j->arena, j->p->n * sizeof *rows), n = 0;
  if (rows == NULL) return mill_oom(j->arena->memory, j->p->n * sizeof *rows, err);
  for (size_t i = 0; i < j->p->n; i++)
    if (mill_sampler_takes(&s)) rows[n++] = i;
  j->sampled = rows;
  j->nsampled = n;
  return MILL_OK;
}

static mill_status allocate(mill_tree_bins *b, mill_arena *a, mill_error *err) {
  b->feature = mill_arena_alloc(a, ((size_t)b->width + 1) * sizeof *b->feature);
  b->bytes = ((size_t)b->width * b->n + 1) * sizeof *b->bin;
  b->bin = mill_alloc(b->memory, b->bytes);
  return b->feature && b->bin ? MILL_OK : mill_oom(b->memory, b->bytes, err);
}

static mill_status give_thresholds(mill_tree_bins *b, int most_bins, mill_arena *a,
                                   mill_error *err) {
  for (int f = 0; f < b->width; f++) {
    if (b->feature[f].kind != MILL_CONTINUOUS) continue;
    b->feature[f].threshold = mill_arena_alloc(a, (size_t)most_bins * sizeof(double));
    if (b->feature[f].threshold == NULL) return mill_oom(a->memory, (size_t)most_bins, err);
  }
  return MILL_OK;
}

mill_status mill_tree_bins_make(mill_work *w, const mill_points *p, const int *categories,
                                const mill_tree_options *o, mill_tree_bins *b, mill_error *err) {
  *b = (mill_tree_bins){.memory = w->ctx->memory, .n = p->n, .width = p->width};
  int most = p->n < (size_t)o->max_bins ? (int)p->n : o->max_bins;
  if (most > MOST_BINS)
    return mill_ml_refuse(err, w->stage, "maxBins is %d, at most %d are possible.", most,
                          MOST_BINS);
  MILL_TRY(allocate(b, w->scratch, err));
  for (size_t i = 0; i < p->n; i++) b->weight += mill_points_weight(p, i);
  MILL_TRY(classify(w, categories, o, most, b, err));
  MILL_TRY(give_thresholds(b, most, w->scratch, err));
  job j = {.work = w, .p = p, .b = b, .arena = w->scratch};
  MILL_TRY(draw_sample(&j, most, o->seed, err));
  prepare_job k = {&j, most};
  return mill_pool_run(w->ctx->pool, (size_t)p->width, prepare, &k, err);
}

void mill_tree_bins_clear(mill_tree_bins *b) {
  if (b->bin) mill_free(b->memory, b->bin, b->bytes);
  b->bin = NULL;
}
