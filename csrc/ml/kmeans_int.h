/* k-means: distances, starts and the fitted model. Private to csrc/ml. */
#ifndef MILL_ML_KMEANS_INT_H
#define MILL_ML_KMEANS_INT_H

#include "ml/points_int.h"
#include "ml/stage_int.h"

/* Centres to measure against. The distance is the squared Euclidean, or 1 - cosine. */
typedef struct mill_centres {
  int k, width;
  bool cosine;
  double *at;   /* k x width */
  double *norm; /* k */
} mill_centres;

/* Room for up to `most` centres in `a`; k is 0. */
mill_status mill_centres_init(mill_centres *c, int most, int width, bool cosine, mill_arena *a,
                              mill_error *err) MILL_USE_RESULT;
/* Centre i moves to v; its norm follows. */
void mill_centres_set(mill_centres *c, int i, const double *v);
double mill_vec_norm(const mill_vec *x);
/* The nearest centre, the first of equals; *cost is its distance. */
int mill_centres_nearest(const mill_centres *c, const mill_vec *x, double norm, double *cost);

/* Rows with their norms; in cosine none is 0. */
typedef struct mill_kmeans_data {
  mill_work *work;
  const mill_points *p;
  double *norm;
  int k, steps;
  int64_t seed;
} mill_kmeans_data;

/* Where to begin: at most k different rows. Random numbers are Spark's, of one partition. */
mill_status mill_kmeans_random(const mill_kmeans_data *d, mill_centres *out,
                               mill_error *err) MILL_USE_RESULT;
/* k-means||: a few rounds pick about 2 k rows each, by their distance from those picked before; k of
** them are chosen by k-means++. [Bahmani et al., Scalable k-means++, PVLDB 5 (2012)] */
mill_status mill_kmeans_parallel(const mill_kmeans_data *d, mill_centres *out,
                                 mill_error *err) MILL_USE_RESULT;

#endif
