/* Finished trees: see tree_int.h. */
#include <math.h>
#include <string.h>

#include "ml/tree_int.h"

static mill_status make_set(mill_tree_node *d, mill_arena *a, mill_error *err) {
  size_t words = ((size_t)d->categories + 63) / 64;
  uint64_t *set = mill_arena_alloc(a, (words + 1) * sizeof *set);
  if (set == NULL) return mill_oom(a->memory, words * sizeof *set, err);
  for (int k = 0; k < d->nleft; k++)
    set[d->left_categories[k] >> 6] |= 1ull << (d->left_categories[k] & 63);
  d->left_set = set;
  return MILL_OK;
}

mill_status mill_tree_finish(mill_tree *t, mill_arena *a, mill_error *err) {
  int *depth = mill_arena_alloc(a, ((size_t)t->n + 1) * sizeof *depth);
  if (depth == NULL) return mill_oom(a->memory, (size_t)t->n * sizeof *depth, err);
  t->depth = t->leaves = 0;
  for (int i = 0; i < t->n; i++) {
    mill_tree_node *d = &t->node[i];
    if (depth[i] > t->depth) t->depth = depth[i];
    if (d->left < 0) {
      d->leaf = t->leaves++;
      continue;
    }
    depth[d->left] = depth[d->right] = depth[i] + 1;
    if (d->categories >= 0) MILL_TRY(make_set(d, a, err));
  }
  return MILL_OK;
}

/* Values that are no category go where Spark's complement of the smaller side sends them. */
static bool category_goes_left(const mill_tree_node *d, double v) {
  bool by_left = d->nleft <= d->categories / 2;
  if (!(v >= 0 && v < d->categories) || v != floor(v)) return !by_left;
  int c = (int)v;
  return d->left_set[c >> 6] >> (c & 63) & 1;
}

int mill_tree_leaf_of(const mill_tree *t, const mill_vec *x) {
  int at = 0;
  for (const mill_tree_node *d = t->node; d->left >= 0; d = &t->node[at]) {
    if (d->feature >= x->size) return -1;
    double v = mill_vec_get(x, d->feature);
    bool left = d->categories < 0 ? v <= d->threshold : category_goes_left(d, v);
    at = left ? d->left : d->right;
  }
  return at;
}

void mill_tree_importances(const mill_tree *t, double *out) {
  double sum = 0.0;
  memset(out, 0, (size_t)t->width * sizeof *out);
  for (int i = 0; i < t->n; i++) {
    const mill_tree_node *d = &t->node[i];
    double weight = 0.0;
    if (d->left < 0) continue;
    for (int c = 0; c < t->classes; c++) weight += mill_tree_stats(t, i)[c];
    out[d->feature] += d->gain * weight;
  }
  for (int f = 0; f < t->width; f++) sum += out[f];
  for (int f = 0; f < t->width && sum != 0.0; f++) out[f] /= sum;
}
