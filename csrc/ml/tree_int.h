/* Decision trees: growing them on binned features, predicting with them, telling and saving them.
** Private to csrc/ml. As Spark's RandomForest does for one tree over all features:
**
**   tree_bins.c   candidates for splits: thresholds at quantiles, sets of categories; rows to bins
**   tree_grow.c   level by level, each node's best split over histograms of its rows
**   tree.c        the finished tree: pruning, prediction, importances
**   tree_tell.c   toDebugString, nodes as a table, saving and loading
**
** Bins are held feature by feature and a node's rows stand together, so that a histogram is one walk
** over one column. Pairs of node and feature run in parallel; each is computed by one worker, in the
** order of rows. */
#ifndef MILL_ML_TREE_INT_H
#define MILL_ML_TREE_INT_H

#include "ml/points_int.h"
#include "ml/stage_int.h"

typedef enum mill_impurity { MILL_GINI, MILL_ENTROPY } mill_impurity;

typedef struct mill_tree_options {
  mill_impurity impurity;
  int classes, max_depth, max_bins, min_instances;
  double min_gain, min_weight_fraction;
  bool prune;
  int64_t seed;
} mill_tree_options;

/* ---- bins -------------------------------------------------------------------------------------- */

typedef enum mill_feature_kind {
  MILL_CONTINUOUS, /* bin b: threshold[b - 1] < x <= threshold[b] */
  MILL_ORDERED,    /* bin = category; split in the order of their centroids */
  MILL_UNORDERED,  /* bin = category; every division of the categories is a split */
} mill_feature_kind;

typedef struct mill_tree_feature {
  mill_feature_kind kind;
  int splits;
  int bins;
  int categories;    /* -1: continuous */
  double *threshold; /* CONTINUOUS: splits of them */
} mill_tree_feature;

typedef struct mill_tree_bins {
  mill_memory *memory;
  size_t n;
  int width;
  mill_tree_feature *feature;
  uint16_t *bin; /* feature by feature, n each */
  size_t bytes;
  double weight; /* sum */
} mill_tree_bins;

/* categories[f]: how many the metadata states for feature f, or 0. Thresholds come from the arena.
** Give mill_tree_bins_clear in any case. */
mill_status mill_tree_bins_make(mill_work *w, const mill_points *p, const int *categories,
                                const mill_tree_options *o, mill_tree_bins *out,
                                mill_error *err) MILL_USE_RESULT;
void mill_tree_bins_clear(mill_tree_bins *b);

/* ---- trees ------------------------------------------------------------------------------------- */

typedef struct mill_tree_node {
  double prediction, impurity, gain;
  double threshold;    /* continuous: left where value <= threshold */
  double count;        /* rows, whatever their weight */
  int32_t left, right; /* nodes; -1: a leaf */
  int32_t feature;
  int32_t categories; /* of the feature; -1: continuous */
  int32_t nleft;      /* categories that go left, ascending: */
  const int32_t *left_categories;
  const uint64_t *left_set; /* the same as bits */
  int32_t leaf;             /* leaves: number from left to right */
} mill_tree_node;

typedef struct mill_tree {
  mill_memory *memory;
  int n, depth, leaves, classes, width;
  mill_tree_node *node; /* node 0 is the root; children stand behind their parent */
  double *stats;        /* n x classes: weight of each class */
} mill_tree;

static inline const double *mill_tree_stats(const mill_tree *t, int node) {
  return t->stats + (size_t)node * (size_t)t->classes;
}

/* Everything of the tree is in `a`. */
mill_status mill_tree_grow(mill_work *w, const mill_points *p, const mill_tree_bins *b,
                           const mill_tree_options *o, mill_arena *a, mill_tree *out,
                           mill_error *err) MILL_USE_RESULT;
double mill_impurity_of(mill_impurity kind, const double *stats, int classes);
/* The index of the largest, the first of equals. */
int mill_tree_largest(const double *stats, int classes);
/* Fill depth, leaves, leaf numbers and left_set from the nodes. */
mill_status mill_tree_finish(mill_tree *t, mill_arena *a, mill_error *err) MILL_USE_RESULT;
/* The leaf of a vector; -1 when it is too short for the tree. */
int mill_tree_leaf_of(const mill_tree *t, const mill_vec *x);
/* Weighted gains by feature, their sum 1; all 0 for a leaf alone. out has `width` values. */
void mill_tree_importances(const mill_tree *t, double *out);

struct mill_text;
mill_status mill_tree_describe(const mill_tree *t, struct mill_text *out,
                               mill_error *err) MILL_USE_RESULT;
mill_status mill_tree_answer(const mill_tree *t, mill_answer *out, mill_error *err) MILL_USE_RESULT;
mill_status mill_tree_save(const mill_tree *t, mill_saver *w, mill_error *err) MILL_USE_RESULT;
mill_status mill_tree_load(mill_tree *t, mill_loader *r, mill_arena *a,
                           mill_error *err) MILL_USE_RESULT;

#endif
