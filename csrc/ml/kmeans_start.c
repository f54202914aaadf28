/* Where k-means begins, and distances: see kmeans_int.h. */
#include <math.h>
#include <string.h>

#include "ml/blocks_int.h"
#include "ml/dense_int.h"
#include "ml/kmeans_int.h"
#include "ml/sample_int.h"

/* ---- distances ----------------------------------------------------------------------------------- */

mill_status mill_centres_init(mill_centres *c, int most, int width, bool cosine, mill_arena *a,
                              mill_error *err) {
  size_t bytes = ((size_t)most * (size_t)width + 1) * sizeof *c->at;
  *c = (mill_centres){.width = width, .cosine = cosine};
  c->at = mill_arena_alloc(a, bytes);
  c->norm = mill_arena_alloc(a, ((size_t)most + 1) * sizeof *c->norm);
  return c->at && c->norm ? MILL_OK : mill_oom(a->memory, bytes, err);
}

void mill_centres_set(mill_centres *c, int i, const double *v) {
  double *to = c->at + (size_t)i * (size_t)c->width;
  if (c->width && to != v) memcpy(to, v, (size_t)c->width * sizeof *v);
  c->norm[i] = mill_norm2(to, c->width);
}

double mill_vec_norm(const mill_vec *x) { return mill_norm2(x->value, x->n); }

static double distance2(const double *a, const double *b, int n) {
  double s0 = 0.0, s1 = 0.0;
  int i = 0;
  for (; i + 2 <= n; i += 2) {
    double d0 = a[i] - b[i], d1 = a[i + 1] - b[i + 1];
    s0 += d0 * d0;
    s1 += d1 * d1;
  }
  for (; i < n; i++) s0 += (a[i] - b[i]) * (a[i] - b[i]);
  return s0 + s1;
}

static double euclidean(const mill_centres *c, int i, const mill_vec *x, double norm) {
  const double *at = c->at + (size_t)i * (size_t)c->width;
  if (x->index == NULL) return distance2(x->value, at, x->n);
  double d = norm * norm + c->norm[i] * c->norm[i] - 2.0 * mill_vec_dot(x, at);
  /* near the centre little is left of the squares: count exactly */
  return d > 1e-6 * norm * norm ? d : mill_vec_distance2(x, at);
}

int mill_centres_nearest(const mill_centres *c, const mill_vec *x, double norm, double *cost) {
  int best = 0;
  *cost = INFINITY;
  for (int i = 0; i < c->k; i++) {
    double d, gap = c->norm[i] - norm;
    if (c->cosine) {
      const double *at = c->at + (size_t)i * (size_t)c->width;
      d = 1.0 - mill_vec_dot(x, at) / (norm * c->norm[i]);
    } else {
      if (gap * gap >= *cost) continue;
      d = euclidean(c, i, x, norm);
    }
    if (d < *cost) *cost = d, best = i;
  }
  return best;
}

/* ---- rows by chance ------------------------------------------------------------------------------ */

static void shuffle(size_t *row, size_t n, mill_java_random *r) {
  for (size_t i = n; i-- > 1;) {
    size_t j = (size_t)mill_java_random_below(r, (int32_t)i + 1), t = row[j];
    row[j] = row[i];
    row[i] = t;
  }
}

/* How large a share makes it almost sure that `want` of n rows are in (Spark's BinomialBounds). */
static double share_for(size_t want, size_t n) {
  double fraction = (double)want / (double)n, gamma = -log(1e-4) / (double)n;
  double bound = fraction + gamma + sqrt(gamma * gamma + 2 * gamma * fraction);
  return fmin(1.0, fmax(1e-10, bound));
}

/* RDD.takeSample without replacement: the rows' numbers in row[0..*n). */
static mill_status take_sample(const mill_kmeans_data *d, size_t want, int64_t seed, size_t **out,
                               size_t *n, mill_error *err) {
  size_t all = d->p->n;
  size_t *row = mill_arena_alloc(d->work->scratch, (all + 1) * sizeof *row);
  if (row == NULL) return mill_oom(d->work->ctx->memory, all * sizeof *row, err);
  mill_java_random r = mill_java_random_new((uint64_t)seed);
  *out = row;
  *n = 0;
  double fraction = want < all ? share_for(want, all) : 1.0;
  do {
    mill_sampler s = {.fraction = 1.0};
    if (want < all) s = mill_sampler_new(fraction, mill_java_random_int(&r));
    *n = 0;
    for (size_t i = 0; i < all; i++)
      if (mill_sampler_takes(&s)) row[(*n)++] = i;
  } while (*n < want && *n < all);
  shuffle(row, *n, &r);
  if (*n > want) *n = want;
  return MILL_OK;
}

/* ---- different rows ------------------------------------------------------------------------------ */

static void spread(const mill_points *p, size_t row, double *to) {
  mill_vec x = mill_points_row(p, row);
  mill_vec_spread(&x, to);
}

/* Row as a new centre behind the others, unless one is equal to it. */
static void add_centre(const mill_kmeans_data *d, size_t row, mill_centres *c) {
  double *to = c->at + (size_t)c->k * (size_t)c->width;
  spread(d->p, row, to);
  for (int i = 0; i < c->k; i++) {
    const double *other = c->at + (size_t)i * (size_t)c->width;
    int k = 0;
    while (k < c->width && other[k] == to[k]) k++;
    if (k == c->width) return;
  }
  mill_centres_set(c, c->k, to);
  c->k++;
}

static int32_t first_int(int64_t seed) {
  mill_xorshift r = mill_xorshift_new((uint64_t)seed);
  return mill_xorshift_int(&r);
}

mill_status mill_kmeans_random(const mill_kmeans_data *d, mill_centres *out, mill_error *err) {
  size_t *row, n;
  MILL_TRY(take_sample(d, (size_t)d->k, first_int(d->seed), &row, &n, err));
  for (size_t i = 0; i < n; i++) add_centre(d, row[i], out);
  return MILL_OK;
}

/* ---- k-means++ over weighted candidates ---------------------------------------------------------- */

typedef struct local {
  const mill_centres *point;
  const double *weight;
  double *cost;
  int *closest;
  double *count;
  mill_java_random random;
} local;

static const double *point_of(const local *l, int i) {
  return l->point->at + (size_t)i * (size_t)l->point->width;
}

/* The point at which the running sum of weight (times cost) reaches a random share of it. */
static int pick(local *l, const double *cost) {
  double sum = 0.0, so_far = 0.0;
  for (int i = 0; i < l->point->k; i++) sum += l->weight[i] * (cost ? cost[i] : 1.0);
  double r = mill_java_random_double(&l->random) * sum;
  int i = 0;
  while (i < l->point->k && so_far < r) {
    so_far += l->weight[i] * (cost ? cost[i] : 1.0);
    i++;
  }
  return i ? i - 1 : 0;
}

static void choose(local *l, int k, mill_centres *out) {
  for (int i = 0; i < k; i++) {
    mill_centres_set(out, i, point_of(l, pick(l, i ? l->cost : NULL)));
    for (int p = 0; p < l->point->k; p++) {
      double d = distance2(point_of(l, p), out->at + (size_t)i * (size_t)out->width, out->width);
      if (i == 0 || d < l->cost[p]) l->cost[p] = d;
    }
  }
  out->k = k;
}

/* One round of Lloyd's algorithm; did a point change its centre? */
static bool improve(local *l, mill_centres *c, double *sum) {
  bool moved = false;
  size_t width = (size_t)c->width;
  memset(sum, 0, (size_t)c->k * width * sizeof *sum);
  memset(l->count, 0, (size_t)c->k * sizeof *l->count);
  for (int p = 0; p < l->point->k; p++) {
    double cost;
    mill_vec x = {c->width, c->width, NULL, point_of(l, p)};
    int at = mill_centres_nearest(c, &x, l->point->norm[p], &cost);
    mill_axpy(l->weight[p], x.value, sum + (size_t)at * width, c->width);
    l->count[at] += l->weight[p];
    moved |= at != l->closest[p];
    l->closest[p] = at;
  }
  for (int i = 0; i < c->k; i++) {
    double *s = sum + (size_t)i * width;
    if (l->count[i] == 0.0) {
      mill_centres_set(c, i, point_of(l, mill_java_random_below(&l->random, l->point->k)));
      continue;
    }
    for (size_t j = 0; j < width; j++) s[j] *= 1.0 / l->count[i];
    mill_centres_set(c, i, s);
  }
  return moved;
}

static mill_status choose_local(const mill_kmeans_data *d, const mill_centres *candidates,
                                const double *weight, mill_centres *out, mill_error *err) {
  enum { ROUNDS = 30 };
  mill_arena *a = d->work->scratch;
  size_t n = (size_t)candidates->k, bytes = (size_t)d->k * (size_t)out->width * sizeof(double);
  local l = {.point = candidates, .weight = weight, .random = mill_java_random_new(0)};
  l.cost = mill_arena_alloc(a, n * sizeof *l.cost);
  l.closest = mill_arena_alloc(a, n * sizeof *l.closest);
  l.count = mill_arena_alloc(a, (size_t)d->k * sizeof *l.count);
  double *sum = mill_arena_alloc(a, bytes + 1);
  if (!l.cost || !l.closest || !l.count || !sum) return mill_oom(a->memory, bytes, err);
  for (size_t i = 0; i < n; i++) l.closest[i] = -1;
  bool cosine = out->cosine; /* Spark measures candidates as the crow flies in any case */
  out->cosine = false;
  choose(&l, d->k, out);
  for (int i = 0; i < ROUNDS && improve(&l, out, sum); i++) continue;
  out->cosine = cosine;
  return MILL_OK;
}

/* ---- k-means|| ----------------------------------------------------------------------------------- */

typedef struct costs {
  const mill_kmeans_data *d;
  const mill_centres *new_centres;
  double *cost; /* of each row against all picked so far */
} costs;

static mill_status lower_costs(void *arg, size_t from, size_t to, double *part, mill_error *err) {
  (void)err;
  const costs *k = arg;
  for (size_t i = from; i < to; i++) {
    double c;
    mill_vec x = mill_points_row(k->d->p, i);
    mill_centres_nearest(k->new_centres, &x, k->d->norm[i], &c);
    if (c < k->cost[i]) k->cost[i] = c;
    part[0] += k->cost[i];
  }
  return MILL_OK;
}

static mill_status count_rows(void *arg, size_t from, size_t to, double *part, mill_error *err) {
  (void)err;
  const costs *k = arg;
  for (size_t i = from; i < to; i++) {
    double c;
    mill_vec x = mill_points_row(k->d->p, i);
    part[mill_centres_nearest(k->new_centres, &x, k->d->norm[i], &c)] += 1.0;
  }
  return MILL_OK;
}

static mill_status sum_blocks(const mill_kmeans_data *d, size_t width, mill_block_task f, costs *k,
                              double *out, mill_error *err) {
  mill_blocks b;
  mill_status s = mill_blocks_init(&b, d->work->ctx, d->p->n, width, err);
  if (s == MILL_OK) s = mill_blocks_sum(&b, f, k, out, err);
  mill_blocks_clear(&b);
  return s;
}

/* Rows that a step picks, behind picked[0..*n). */
static void draw(const mill_kmeans_data *d, const costs *k, double total, int32_t seed, int step,
                 size_t *picked, size_t *n) {
  mill_xorshift r = mill_xorshift_new((uint64_t)(int64_t)(seed ^ (int32_t)((uint32_t)step << 16)));
  for (size_t i = 0; i < d->p->n; i++)
    if (mill_xorshift_double(&r) < 2.0 * k->cost[i] * d->k / total) picked[(*n)++] = i;
}

static mill_status pick_rows(const mill_kmeans_data *d, bool cosine, size_t **out, size_t *n,
                             mill_error *err) {
  mill_arena *a = d->work->scratch;
  size_t rows = d->p->n, from = 0, taken;
  int32_t seed = first_int(d->seed);
  size_t *first, *picked = mill_arena_alloc(a, (rows * (size_t)d->steps + 1) * sizeof *picked);
  costs k = {.d = d, .cost = mill_arena_alloc(a, rows * sizeof *k.cost)};
  if (picked == NULL || k.cost == NULL) return mill_oom(a->memory, rows * sizeof *picked, err);
  for (size_t i = 0; i < rows; i++) k.cost[i] = INFINITY;
  MILL_TRY(take_sample(d, 1, seed, &first, &taken, err));
  picked[0] = first[0];
  *n = 1;
  for (int step = 0; step < d->steps; step++) {
    mill_centres c;
    double total;
    MILL_TRY(mill_centres_init(&c, (int)(*n - from), d->p->width, cosine, a, err));
    for (; from < *n; from++) {
      double *to = c.at + (size_t)c.k * (size_t)c.width;
      spread(d->p, picked[from], to);
      mill_centres_set(&c, c.k++, to);
    }
    k.new_centres = &c;
    MILL_TRY(sum_blocks(d, 1, lower_costs, &k, &total, err));
    draw(d, &k, total, seed, step, picked, n);
  }
  *out = picked;
  return MILL_OK;
}

mill_status mill_kmeans_parallel(const mill_kmeans_data *d, mill_centres *out, mill_error *err) {
  mill_arena *a = d->work->scratch;
  mill_centres c;
  size_t *picked = NULL, n = 0;
  MILL_TRY(pick_rows(d, out->cosine, &picked, &n, err));
  MILL_TRY(mill_centres_init(&c, (int)n, d->p->width, out->cosine, a, err));
  for (size_t i = 0; i < n; i++) add_centre(d, picked[i], &c);
  if (c.k <= d->k) {
    for (int i = 0; i < c.k; i++) mill_centres_set(out, i, c.at + (size_t)i * (size_t)c.width);
    out->k = c.k;
    return MILL_OK;
  }
  double *weight = mill_arena_alloc(a, (size_t)c.k * sizeof *weight);
  if (weight == NULL) return mill_oom(a->memory, (size_t)c.k * sizeof *weight, err);
  costs k = {.d = d, .new_centres = &c};
  MILL_TRY(sum_blocks(d, (size_t)c.k, count_rows, &k, weight, err));
  return choose_local(d, &c, weight, out, err);
}
