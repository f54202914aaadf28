/* Growing a tree: see tree_int.h. As Spark's RandomForest with one tree and all features: a node's
** split is that of the greatest gain,
**     impurity - weight(left)/weight impurity(left) - weight(right)/weight impurity(right),
** the first of equals by feature and bin; a split counts only when both sides have min_instances rows
** and min_weight_fraction of all weight, and the gain is min_gain at least. Sides without impurity
** and nodes at max_depth are leaves.
**
** Sums of a node or a bin are `classes` weights and the number of rows behind them. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/thread.h"
#include "ml/tree_int.h"

enum { PAIRS = 1 << 18 }; /* nodes x features that are looked at together */

typedef struct sprout {
  size_t from, to;           /* its rows, in grower.row */
  int depth, feature, split; /* split < 0: a leaf */
  bool valid;                /* false: no split was legal at all */
  double impurity, gain;
  double *sum;      /* classes + 1 */
  double *child[2]; /* sums of the sides */
  int left, right;  /* sprouts */
  int nleft;
  int32_t *left_categories;
} sprout;

typedef struct candidate {
  double gain; /* -DBL_MAX: none is legal */
  int split;
} candidate;

/* Of one worker. */
typedef struct bench {
  double *hist; /* bins x (classes + 1) */
  double *side[2];
  int *order; /* ORDERED: categories by centroid */
  int *rank;  /* place of each category in that order */
  double *centroid;
} bench;

typedef struct grower {
  const mill_points *p;
  const mill_tree_bins *b;
  const mill_tree_options *o;
  mill_memory *memory;
  mill_arena *arena;
  int width; /* of sums */
  double least_weight;
  uint32_t *row, *spare; /* rows by node; scratch */
  sprout *node;
  size_t n, capacity;
  bench *bench; /* one a worker */
  candidate *found;
  size_t first; /* of the group of nodes that is looked at */
} grower;

double mill_impurity_of(mill_impurity kind, const double *stats, int classes) {
  double total = 0.0, impurity = kind == MILL_GINI ? 1.0 : 0.0;
  for (int c = 0; c < classes; c++) total += stats[c];
  if (total == 0.0) return 0.0;
  for (int c = 0; c < classes; c++) {
    double f = stats[c] / total;
    if (kind == MILL_GINI)
      impurity -= f * f;
    else if (stats[c] != 0.0)
      impurity -= f * (log(f) / log(2.0));
  }
  return impurity;
}

int mill_tree_largest(const double *stats, int classes) {
  int best = 0;
  for (int c = 1; c < classes; c++)
    if (stats[c] > stats[best]) best = c;
  return best;
}

static double weight_of(const grower *g, const double *sum) {
  double w = 0.0;
  for (int c = 0; c < g->o->classes; c++) w += sum[c];
  return w;
}

/* ---- histograms ---------------------------------------------------------------------------------- */

static void count(const grower *g, const sprout *s, int f, double *hist) {
  const uint16_t *bin = g->b->bin + (size_t)f * g->b->n;
  int width = g->width;
  memset(hist, 0, (size_t)g->b->feature[f].bins * (size_t)width * sizeof *hist);
  for (size_t i = s->from; i < s->to; i++) {
    uint32_t row = g->row[i];
    double *sum = hist + (size_t)bin[row] * (size_t)width;
    sum[(int)g->p->label[row]] += mill_points_weight(g->p, row);
    sum[width - 1] += 1.0;
  }
}

static void add(double *to, const double *from, int width) {
  for (int k = 0; k < width; k++) to[k] += from[k];
}

/* Order the categories by centroid: for more than two classes the impurity, for two the weight of
** class 1; those without rows come last. */
static void sort_categories(const grower *g, bench *w, int bins) {
  for (int c = 0; c < bins; c++) {
    const double *sum = w->hist + (size_t)c * (size_t)g->width;
    double v = DBL_MAX;
    if (weight_of(g, sum) != 0.0)
      v = g->o->classes > 2 ? mill_impurity_of(g->o->impurity, sum, g->o->classes)
                            : sum[g->o->classes - 1];
    w->centroid[c] = v;
    int k = c;
    for (; k > 0 && w->centroid[w->order[k - 1]] > v; k--) w->order[k] = w->order[k - 1];
    w->order[k] = c;
  }
  for (int k = 0; k < bins; k++) w->rank[w->order[k]] = k;
}

/* The histogram of node and feature; for CONTINUOUS and ORDERED each bin then holds the sum up to
** it, in order. */
static void prepare(const grower *g, const sprout *s, int f, bench *w) {
  const mill_tree_feature *t = &g->b->feature[f];
  count(g, s, f, w->hist);
  if (t->kind == MILL_UNORDERED) return;
  if (t->kind == MILL_ORDERED) sort_categories(g, w, t->bins);
  for (int k = 1; k < t->bins; k++) {
    int now = t->kind == MILL_ORDERED ? w->order[k] : k;
    int before = t->kind == MILL_ORDERED ? w->order[k - 1] : k - 1;
    add(w->hist + (size_t)now * (size_t)g->width, w->hist + (size_t)before * (size_t)g->width,
        g->width);
  }
}

/* The sums of both sides of a split. */
static void divide(const grower *g, const sprout *s, int f, int split, bench *w) {
  const mill_tree_feature *t = &g->b->feature[f];
  int width = g->width, last = t->bins - 1;
  const double *total = s->sum;
  double *left = w->side[0], *right = w->side[1];
  if (t->kind == MILL_UNORDERED) {
    memset(left, 0, (size_t)width * sizeof *left);
    for (int c = 0; c < t->bins; c++)
      if ((split + 1) >> c & 1) add(left, w->hist + (size_t)c * (size_t)width, width);
  } else {
    bool ordered = t->kind == MILL_ORDERED;
    int at = ordered ? w->order[split] : split;
    memcpy(left, w->hist + (size_t)at * (size_t)width, (size_t)width * sizeof *left);
    total = w->hist + (size_t)(ordered ? w->order[last] : last) * (size_t)width;
  }
  for (int k = 0; k < width; k++) right[k] = total[k] - left[k];
}

/* ---- the best split ------------------------------------------------------------------------------ */

/* -DBL_MAX: not legal. */
static double gain_of(const grower *g, const sprout *s, const bench *w) {
  const double *left = w->side[0], *right = w->side[1];
  const mill_tree_options *o = g->o;
  double lw = weight_of(g, left), rw = weight_of(g, right), all = lw + rw;
  if (left[g->width - 1] < o->min_instances || right[g->width - 1] < o->min_instances)
    return -DBL_MAX;
  if (lw < g->least_weight || rw < g->least_weight) return -DBL_MAX;
  double gain = s->impurity - lw / all * mill_impurity_of(o->impurity, left, o->classes) -
                rw / all * mill_impurity_of(o->impurity, right, o->classes);
  return gain < o->min_gain ? -DBL_MAX : gain;
}

static mill_status look(void *arg, size_t pair, int worker, mill_error *err) {
  (void)err;
  grower *g = arg;
  int f = (int)(pair % (size_t)g->b->width);
  const sprout *s = &g->node[g->first + pair / (size_t)g->b->width];
  bench *w = &g->bench[worker];
  candidate best = {-DBL_MAX, -1};
  if (g->b->feature[f].splits > 0) {
    prepare(g, s, f, w);
    for (int k = 0; k < g->b->feature[f].splits; k++) {
      divide(g, s, f, k, w);
      double gain = gain_of(g, s, w);
      if (best.split < 0 || gain > best.gain) best = (candidate){gain, k};
    }
  }
  g->found[pair] = best;
  return MILL_OK;
}

/* Does a row with this bin go left? */
static bool goes_left(const mill_tree_feature *t, const bench *w, int split, int bin) {
  if (t->kind == MILL_CONTINUOUS) return bin <= split;
  if (t->kind == MILL_ORDERED) return w->rank[bin] <= split;
  return (split + 1) >> bin & 1;
}

/* The node's rows of the left side first; where the right side begins. */
static size_t part_rows(grower *g, const sprout *s, const bench *w) {
  const mill_tree_feature *t = &g->b->feature[s->feature];
  const uint16_t *bin = g->b->bin + (size_t)s->feature * g->b->n;
  size_t left = s->from, right = 0;
  for (size_t i = s->from; i < s->to; i++) {
    uint32_t row = g->row[i];
    if (goes_left(t, w, s->split, bin[row]))
      g->row[left++] = row;
    else
      g->spare[s->from + right++] = row;
  }
  memcpy(g->row + left, g->spare + s->from, right * sizeof *g->row);
  return left;
}

/* Settle node i by the best of its candidates: a leaf, or split rows and sums of its sides. */
static mill_status settle(void *arg, size_t i, int worker, mill_error *err) {
  (void)err;
  grower *g = arg;
  sprout *s = &g->node[g->first + i];
  bench *w = &g->bench[worker];
  const candidate *list = g->found + i * (size_t)g->b->width;
  candidate best = {-DBL_MAX, -1};
  s->split = -1;
  for (int f = 0; f < g->b->width; f++)
    if (list[f].split >= 0 && (best.split < 0 || list[f].gain > best.gain))
      best = list[f], s->feature = f;
  s->valid = best.split >= 0 && best.gain > -DBL_MAX;
  if (!s->valid || best.gain <= 0 || s->depth == g->o->max_depth) return MILL_OK;
  s->split = best.split;
  s->gain = best.gain;
  prepare(g, s, s->feature, w);
  divide(g, s, s->feature, s->split, w);
  const mill_tree_feature *t = &g->b->feature[s->feature];
  s->nleft = 0;
  for (int c = 0; c < t->categories; c++)
    if (goes_left(t, w, s->split, c)) s->left_categories[s->nleft++] = c;
  for (int k = 0; k < 2; k++) memcpy(s->child[k], w->side[k], (size_t)g->width * sizeof(double));
  s->left = (int)part_rows(g, s, w) - (int)s->from; /* rows, until the children are made */
  return MILL_OK;
}

/* ---- levels -------------------------------------------------------------------------------------- */

static mill_status new_sprout(grower *g, sprout s, mill_error *err) {
  void *p = g->node;
  mill_status status = mill_grow(g->memory, &p, &g->capacity, g->n + 1, sizeof *g->node, err);
  g->node = p;
  if (status != MILL_OK) return status;
  s.impurity = mill_impurity_of(g->o->impurity, s.sum, g->o->classes);
  s.split = -1;
  s.valid = true;
  g->node[g->n++] = s;
  return MILL_OK;
}

static mill_status make_children(grower *g, size_t i, mill_error *err) {
  sprout s = g->node[i];
  if (s.split < 0) return MILL_OK;
  size_t cut = s.from + (size_t)s.left;
  g->node[i].left = (int)g->n;
  MILL_TRY(new_sprout(
      g, (sprout){.from = s.from, .to = cut, .depth = s.depth + 1, .sum = s.child[0]}, err));
  g->node[i].right = (int)g->n;
  return new_sprout(g, (sprout){.from = cut, .to = s.to, .depth = s.depth + 1, .sum = s.child[1]},
                    err);
}

/* Must node i be looked at? The root always; others where they may be split. */
static bool is_open(const grower *g, const sprout *s) {
  return s->depth == 0 || (s->depth < g->o->max_depth && !(fabs(s->impurity) < 0x1p-52));
}

static mill_status give_room(grower *g, sprout *s, mill_error *err) {
  int categories = 1;
  for (int f = 0; f < g->b->width; f++)
    if (g->b->feature[f].categories > categories) categories = g->b->feature[f].categories;
  size_t bytes = (size_t)g->width * sizeof(double);
  s->child[0] = mill_arena_alloc(g->arena, bytes);
  s->child[1] = mill_arena_alloc(g->arena, bytes);
  s->left_categories = mill_arena_alloc(g->arena, (size_t)categories * sizeof(int32_t));
  if (s->child[0] && s->child[1] && s->left_categories) return MILL_OK;
  return mill_oom(g->memory, bytes, err);
}

/* Nodes [first, first + n) are open: split them. */
static mill_status split_group(grower *g, mill_pool *pool, size_t n, mill_error *err) {
  for (size_t i = 0; i < n; i++) MILL_TRY(give_room(g, &g->node[g->first + i], err));
  MILL_TRY(mill_pool_run(pool, n * (size_t)g->b->width, look, g, err));
  MILL_TRY(mill_pool_run(pool, n, settle, g, err));
  for (size_t i = 0; i < n; i++) MILL_TRY(make_children(g, g->first + i, err));
  return MILL_OK;
}

static mill_status grow_all(grower *g, mill_pool *pool, mill_error *err) {
  size_t most = PAIRS / (size_t)g->b->width + 1, at = 0;
  while (at < g->n) {
    size_t n = 0;
    if (!is_open(g, &g->node[at])) {
      at++;
      continue;
    }
    while (at + n < g->n && n < most && is_open(g, &g->node[at + n])) n++;
    g->first = at;
    MILL_TRY(split_group(g, pool, n, err));
    at += n;
  }
  return MILL_OK;
}

/* ---- to the finished tree ------------------------------------------------------------------------ */

/* Node i and what is below it, in preorder; two leaves that predict the same become one. */
static int emit(const grower *g, int i, mill_tree *t) {
  const sprout *s = &g->node[i];
  int at = t->n++;
  mill_tree_node *d = &t->node[at];
  double *stats = t->stats + (size_t)at * (size_t)t->classes;
  memcpy(stats, s->sum, (size_t)t->classes * sizeof *stats);
  *d = (mill_tree_node){.prediction = mill_tree_largest(stats, t->classes),
                        .impurity = s->valid ? s->impurity : -1.0,
                        .count = s->sum[g->width - 1],
                        .left = -1,
                        .right = -1,
                        .categories = -1};
  if (s->split < 0) return at;
  const mill_tree_feature *f = &g->b->feature[s->feature];
  d->gain = s->gain;
  d->feature = s->feature;
  d->categories = f->categories;
  d->nleft = s->nleft;
  d->left_categories = s->left_categories;
  if (f->kind == MILL_CONTINUOUS) d->threshold = f->threshold[s->split];
  int left = emit(g, s->left, t), right = emit(g, s->right, t);
  const mill_tree_node *l = &t->node[left], *r = &t->node[right];
  bool same = l->left < 0 && r->left < 0 && l->prediction == r->prediction;
  d->left = left;
  d->right = right;
  if (!g->o->prune || !same) return at;
  t->n = at + 1;
  d->left = d->right = -1;
  d->gain = 0.0;
  return at;
}

static mill_status finish(const grower *g, mill_arena *a, mill_tree *t, mill_error *err) {
  *t = (mill_tree){.memory = g->memory, .classes = g->o->classes, .width = g->b->width};
  t->node = mill_arena_alloc(a, g->n * sizeof *t->node);
  t->stats = mill_arena_alloc(a, g->n * (size_t)t->classes * sizeof *t->stats);
  if (t->node == NULL || t->stats == NULL) return mill_oom(g->memory, g->n * sizeof *t->node, err);
  emit(g, 0, t);
  for (int i = 0; i < t->n; i++) {
    mill_tree_node *d = &t->node[i];
    if (d->left < 0 || d->nleft == 0) continue;
    int32_t *copy = mill_arena_alloc(a, (size_t)d->nleft * sizeof *copy);
    if (copy == NULL) return mill_oom(g->memory, (size_t)d->nleft * sizeof *copy, err);
    memcpy(copy, d->left_categories, (size_t)d->nleft * sizeof *copy);
    d->left_categories = copy;
  }
  return mill_tree_finish(t, a, err);
}

static mill_status allocate(grower *g, int workers, mill_error *err) {
  size_t bins = 1, w = (size_t)g->width;
  for (int f = 0; f < g->b->width; f++)
    if ((size_t)g->b->feature[f].bins > bins) bins = (size_t)g->b->feature[f].bins;
  g->row = mill_arena_alloc(g->arena, (g->b->n + 1) * sizeof *g->row);
  g->spare = mill_arena_alloc(g->arena, (g->b->n + 1) * sizeof *g->spare);
  g->found = mill_arena_alloc(g->arena, (PAIRS + 2 * (size_t)g->b->width) * sizeof *g->found);
  g->bench = mill_arena_alloc(g->arena, (size_t)workers * sizeof *g->bench);
  bool fine = g->row && g->spare && g->found && g->bench;
  for (int i = 0; fine && i < workers; i++) {
    bench *b = &g->bench[i];
    b->hist = mill_arena_alloc(g->arena, bins * w * sizeof(double));
    b->side[0] = mill_arena_alloc(g->arena, w * sizeof(double));
    b->side[1] = mill_arena_alloc(g->arena, w * sizeof(double));
    b->order = mill_arena_alloc(g->arena, bins * sizeof(int));
    b->rank = mill_arena_alloc(g->arena, bins * sizeof(int));
    b->centroid = mill_arena_alloc(g->arena, bins * sizeof(double));
    fine = b->hist && b->side[0] && b->side[1] && b->order && b->rank && b->centroid;
  }
  return fine ? MILL_OK : mill_oom(g->memory, bins * w * sizeof(double), err);
}

static mill_status plant(grower *g, mill_error *err) {
  double *sum = mill_arena_alloc(g->arena, (size_t)g->width * sizeof *sum);
  if (sum == NULL) return mill_oom(g->memory, (size_t)g->width * sizeof *sum, err);
  for (size_t i = 0; i < g->b->n; i++) {
    g->row[i] = (uint32_t)i;
    sum[(int)g->p->label[i]] += mill_points_weight(g->p, i);
    sum[g->width - 1] += 1.0;
  }
  return new_sprout(g, (sprout){.to = g->b->n, .sum = sum}, err);
}

mill_status mill_tree_grow(mill_work *w, const mill_points *p, const mill_tree_bins *b,
                           const mill_tree_options *o, mill_arena *a, mill_tree *out,
                           mill_error *err) {
  mill_arena scratch;
  mill_arena_init(&scratch, w->ctx->memory);
  grower g = {.p = p,
              .b = b,
              .o = o,
              .memory = w->ctx->memory,
              .arena = &scratch,
              .width = o->classes + 1,
              .least_weight = o->min_weight_fraction * b->weight};
  mill_status s = allocate(&g, mill_pool_threads(w->ctx->pool), err);
  if (s == MILL_OK) s = plant(&g, err);
  if (s == MILL_OK) s = grow_all(&g, w->ctx->pool, err);
  if (s == MILL_OK) s = finish(&g, a, out, err);
  mill_free(g.memory, g.node, g.capacity * sizeof *g.node);
  mill_arena_clear(&scratch);
  return s;
}
