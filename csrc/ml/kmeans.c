/* KMeans: k groups of rows around their means. Lloyd's algorithm: every row goes to its nearest
** centre, every centre to the mean of its rows, until no centre moves by more than tol. With the
** cosine distance rows and centres count by their direction. Starts are in kmeans_start.c. As Spark's
** KMeans; the training cost is that of the last round's assignment. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ml/blocks_int.h"
#include "ml/dense_int.h"
#include "ml/kmeans_int.h"
#include "ml/predictor_int.h"

static const mill_param params[] = {
    {"distanceMeasure", MILL_PARAM_STRING, "\"euclidean\"", "euclidean|cosine", "how near is told"},
    MILL_P_FEATURES,
    {"initMode", MILL_PARAM_STRING, "\"k-means||\"", "random|k-means||", "where it begins"},
    {"initSteps", MILL_PARAM_INT, "2", "[1,]", "rounds of k-means||"},
    {"intermediateStorageLevel", MILL_PARAM_STRING, "\"MEMORY_AND_DISK\"",
     "MEMORY_AND_DISK|MEMORY_ONLY|DISK_ONLY|OFF_HEAP", "kept for Spark, without effect"},
    {"k", MILL_PARAM_INT, "2", "[2,]", "how many groups"},
    {"maxBlockSizeInMB", MILL_PARAM_DOUBLE, "0.0", "[0,]", "kept for Spark, without effect"},
    {"maxIter", MILL_PARAM_INT, "20", "[0,]", "rounds at most"},
    MILL_P_PREDICTION,
    MILL_P_SEED("-1689246527"),
    {"solver", MILL_PARAM_STRING, "\"auto\"", "auto|row|block", "kept for Spark, without effect"},
    {"tol", MILL_PARAM_DOUBLE, "1.0E-4", "[0,]", "stop when no centre moves further"},
    MILL_P_WEIGHT,
    {0}};

typedef struct model {
  mill_centres centres;
  bool has_summary;
  int rounds, k;
  double cost;
  int64_t *sizes; /* k */
} model;

/* ---- training ------------------------------------------------------------------------------------ */

/* A block's part: | cost | weight of each centre's rows | their sums |, or only counts. */
typedef struct round_job {
  const mill_kmeans_data *d;
  const mill_centres *c;
} round_job;

static mill_status assign(void *arg, size_t from, size_t to, double *part, mill_error *err) {
  (void)err;
  const round_job *j = arg;
  double *weight = part + 1, *sum = weight + j->c->k;
  for (size_t i = from; i < to; i++) {
    double cost, w = mill_points_weight(j->d->p, i);
    mill_vec x = mill_points_row(j->d->p, i);
    int at = mill_centres_nearest(j->c, &x, j->d->norm[i], &cost);
    part[0] += cost * w;
    weight[at] += w;
    mill_vec_add(&x, j->c->cosine ? w / j->d->norm[i] : w, sum + (size_t)at * (size_t)j->c->width);
  }
  return MILL_OK;
}

/* Move the centres to their means; did all stay within tol? */
static bool move(mill_centres *c, double *part, double tol) {
  bool settled = true;
  const double *weight = part + 1;
  for (int i = 0; i < c->k; i++) {
    double *mean = part + 1 + c->k + (size_t)i * (size_t)c->width, moved = 0.0;
    const double *old = c->at + (size_t)i * (size_t)c->width;
    if (!(weight[i] > 0)) continue;
    for (int f = 0; f < c->width; f++) mean[f] *= 1.0 / weight[i];
    if (c->cosine) {
      double norm = mill_norm2(mean, c->width);
      for (int f = 0; f < c->width; f++) mean[f] *= 1.0 / norm;
      moved = 1.0 - mill_dot(mean, old, c->width) / (mill_norm2(mean, c->width) * c->norm[i]);
      settled &= moved <= tol;
    } else {
      for (int f = 0; f < c->width; f++) moved += (mean[f] - old[f]) * (mean[f] - old[f]);
      settled &= moved <= tol * tol;
    }
    mill_centres_set(c, i, mean);
  }
  return settled;
}

static mill_status iterate(const mill_kmeans_data *d, model *m, mill_error *err) {
  const mill_stage *s = d->work->stage;
  mill_centres *c = &m->centres;
  mill_blocks b;
  size_t width = 1 + (size_t)c->k + (size_t)c->k * (size_t)c->width;
  double *sum = mill_arena_alloc(d->work->scratch, width * sizeof *sum);
  if (sum == NULL) return mill_oom(d->work->ctx->memory, width * sizeof *sum, err);
  mill_status status = mill_blocks_init(&b, d->work->ctx, d->p->n, width, err);
  round_job j = {d, c};
  bool settled = false;
  for (; status == MILL_OK && m->rounds < mill_get_int(s, "maxIter") && !settled; m->rounds++) {
    status = mill_blocks_sum(&b, assign, &j, sum, err);
    if (status != MILL_OK) break;
    m->cost = sum[0];
    settled = move(c, sum, mill_get_double(s, "tol"));
  }
  mill_blocks_clear(&b);
  return status;
}

static mill_status count_members(void *arg, size_t from, size_t to, double *part, mill_error *err) {
  (void)err;
  const round_job *j = arg;
  for (size_t i = from; i < to; i++) {
    double cost;
    mill_vec x = mill_points_row(j->d->p, i);
    part[mill_centres_nearest(j->c, &x, j->d->norm[i], &cost)] += 1.0;
  }
  return MILL_OK;
}

static mill_status count_all(const mill_kmeans_data *d, model *m, mill_arena *a, mill_error *err) {
  mill_blocks b;
  size_t k = (size_t)d->k;
  double *count = mill_arena_alloc(d->work->scratch, k * sizeof *count);
  m->sizes = mill_arena_alloc(a, k * sizeof *m->sizes);
  if (count == NULL || m->sizes == NULL) return mill_oom(a->memory, k * sizeof *count, err);
  round_job j = {d, &m->centres};
  mill_status s = mill_blocks_init(&b, d->work->ctx, d->p->n, k, err);
  if (s == MILL_OK) s = mill_blocks_sum(&b, count_members, &j, count, err);
  mill_blocks_clear(&b);
  for (size_t i = 0; i < k && s == MILL_OK; i++) m->sizes[i] = (int64_t)count[i];
  m->has_summary = true;
  m->k = d->k;
  return s;
}

static mill_status measure_norms(mill_kmeans_data *d, bool cosine, mill_error *err) {
  d->norm = mill_arena_alloc(d->work->scratch, d->p->n * sizeof *d->norm);
  if (d->norm == NULL) return mill_oom(d->work->ctx->memory, d->p->n * sizeof *d->norm, err);
  for (size_t i = 0; i < d->p->n; i++) {
    mill_vec x = mill_points_row(d->p, i);
    d->norm[i] = mill_vec_norm(&x);
    if (cosine && d->norm[i] == 0.0)
      return mill_data_fail(d->work, err,
                            "the cosine distance is not defined for a vector of zeros");
  }
  return MILL_OK;
}

static mill_status fit_points(mill_work *w, const mill_points *p, mill_error *err) {
  const mill_stage *s = w->stage;
  bool cosine = mill_get_is(s, "distanceMeasure", "cosine");
  mill_kmeans_data d = {.work = w,
                        .p = p,
                        .k = mill_get_int(s, "k"),
                        .steps = mill_get_int(s, "initSteps"),
                        .seed = mill_get_long(s, "seed")};
  mill_arena *a = mill_model_arena(w->model);
  if (p->n == 0) return mill_ml_refuse(err, s, "there are no rows to train on.");
  if (p->width == 0) return mill_ml_refuse(err, s, "the vectors have no values.");
  model *m = mill_model_new(w->model, sizeof *m);
  if (m == NULL) return mill_oom(w->ctx->memory, sizeof *m, err);
  MILL_TRY(measure_norms(&d, cosine, err));
  size_t most = p->n < (size_t)d.k ? p->n : (size_t)d.k;
  MILL_TRY(mill_centres_init(&m->centres, (int)most + 1, p->width, cosine, a, err));
  if (mill_get_is(s, "initMode", "random"))
    MILL_TRY(mill_kmeans_random(&d, &m->centres, err));
  else
    MILL_TRY(mill_kmeans_parallel(&d, &m->centres, err));
  MILL_TRY(iterate(&d, m, err));
  return count_all(&d, m, a, err);
}

static mill_status fit(mill_work *w, mill_error *err) {
  mill_points p;
  mill_status s = mill_points_read(w, "featuresCol", NULL, "weightCol", 0, &p, err);
  if (s == MILL_OK) s = fit_points(w, &p, err);
  mill_points_clear(&p);
  return s;
}

/* ---- binding ------------------------------------------------------------------------------------- */

static mill_status bind_fit(mill_binder *b, mill_error *err) {
  MILL_TRY(mill_predictor_features(b, NULL, err));
  if (mill_has(b->stage, "weightCol") && *mill_get_text(b->stage, "weightCol"))
    MILL_TRY(
        mill_bind_input(b, mill_get_text(b->stage, "weightCol"), MILL_IN_NUMERIC, NULL, NULL, err));
  return mill_bind_output(b, mill_get_text(b->stage, "predictionCol"), mill_type_of(MILL_INT),
                          false, NULL, NULL, err);
}

/* Row i as a vector; floats are widened into `room`. */
static mill_status row_of(const mill_call *call, const mill_vector *v, size_t i, int width,
                          double *room, mill_vec *x, mill_error *err) {
  if (v->type->id == MILL_VECTOR) return mill_predictor_row(call, v, i, width, x, err);
  if (!mill_vector_valid(v, i)) return mill_row_null(call, err);
  mill_span s = ((const mill_span *)v->data)[mill_vector_at(v, i)];
  if (s.size != (uint32_t)width)
    return mill_row_fail(call, err, "the array has %u values, the model takes %d", s.size, width);
  for (uint32_t k = 0; k < s.size; k++) room[k] = mill_number_at(&v->child[0], s.start + k);
  *x = (mill_vec){width, width, NULL, room};
  return MILL_OK;
}

static mill_status predict(mill_call *call, const mill_vector *const *args, size_t n,
                           mill_vector *out, mill_error *err) {
  const model *m = call->state;
  size_t bytes = ((size_t)m->centres.width + 1) * sizeof(double);
  double *room = mill_arena_alloc(call->arena, bytes);
  if (room == NULL) return mill_oom(call->ctx->memory, bytes, err);
  for (size_t i = 0; i < n; i++) {
    mill_vec x;
    double cost;
    MILL_TRY(row_of(call, args[0], i, m->centres.width, room, &x, err));
    double norm = mill_vec_norm(&x);
    if (m->centres.cosine && norm == 0.0)
      return mill_row_fail(call, err, "the cosine distance is not defined for a vector of zeros");
    ((int32_t *)out->data)[i] = mill_centres_nearest(&m->centres, &x, norm, &cost);
  }
  return MILL_OK;
}

static mill_status bind_model(mill_binder *b, mill_error *err) {
  const model *m = mill_model_data(b->stage);
  const mill_bound *x, *y;
  char text[80];
  MILL_TRY(mill_predictor_features(b, &x, err));
  MILL_TRY(mill_bind_kernel(b, "KMeansModel", predict, MILL_FN_NULLS, mill_type_of(MILL_INT), m, &x,
                            1, &y, err));
  snprintf(text, sizeof text, "{\"ml_attr\":{\"num_vals\":%d,\"type\":\"nominal\"}}", m->centres.k);
  char *metadata = mill_arena_strndup(b->arena, text, strlen(text));
  if (metadata == NULL) return mill_oom(b->ctx->memory, sizeof text, err);
  return mill_bind_output(b, mill_get_text(b->stage, "predictionCol"), mill_type_of(MILL_INT),
                          false, metadata, y, err);
}

/* ---- telling ------------------------------------------------------------------------------------- */

static const char *const attributes[] = {"clusterCenters",
                                         "numFeatures",
                                         "summary.clusterSizes",
                                         "summary.featuresCol",
                                         "summary.k",
                                         "summary.numIter",
                                         "summary.predictionCol",
                                         "summary.trainingCost",
                                         NULL};

static bool has_attribute(const mill_stage *s, const char *name) {
  return strncmp(name, "summary.", 8) != 0 || ((const model *)mill_model_data(s))->has_summary;
}

static mill_status attribute(const mill_stage *s, const char *name, mill_answer *out,
                             mill_error *err) {
  const model *m = mill_model_data(s);
  const mill_centres *c = &m->centres;
  if (strcmp(name, "clusterCenters") == 0)
    return mill_answer_double_lists(out, c->at, (size_t)c->k, (size_t)c->width, err);
  if (strcmp(name, "numFeatures") == 0) return mill_answer_int(out, c->width, err);
  name += strlen("summary.");
  if (strcmp(name, "clusterSizes") == 0) return mill_answer_longs(out, m->sizes, (size_t)m->k, err);
  if (strcmp(name, "k") == 0) return mill_answer_int(out, m->k, err);
  if (strcmp(name, "numIter") == 0) return mill_answer_int(out, m->rounds, err);
  if (strcmp(name, "trainingCost") == 0) return mill_answer_double(out, m->cost, err);
  return mill_answer_text(out, mill_get_text(s, name), err);
}

static mill_status save(const mill_stage *s, mill_saver *w, mill_error *err) {
  const model *m = mill_model_data(s);
  size_t k = (size_t)m->centres.k;
  MILL_TRY(mill_save_long(w, "clusters", m->centres.k, err));
  MILL_TRY(mill_save_long(w, "cosine", m->centres.cosine, err));
  return mill_save_doubles(w, "clusterCenters", m->centres.at, k * (size_t)m->centres.width, err);
}

static mill_status load(mill_stage *s, mill_loader *r, mill_error *err) {
  int64_t k, cosine;
  size_t n;
  const double *at;
  model *m = mill_model_new(s, sizeof *m);
  if (m == NULL) return mill_oom(mill_model_arena(s)->memory, sizeof *m, err);
  MILL_TRY(mill_load_long(r, "clusters", &k, err));
  MILL_TRY(mill_load_long(r, "cosine", &cosine, err));
  MILL_TRY(mill_load_doubles(r, "clusterCenters", &at, &n, err));
  if (k < 1 || k > INT32_MAX || n == 0 || n % (size_t)k || n / (size_t)k > INT32_MAX)
    return mill_load_damaged(r, err, "%lld clusters do not fit %zu numbers", (long long)k, n);
  int width = (int)(n / (size_t)k);
  MILL_TRY(mill_centres_init(&m->centres, (int)k, width, cosine != 0, mill_model_arena(s), err));
  m->centres.k = (int)k;
  for (int i = 0; i < m->centres.k; i++)
    mill_centres_set(&m->centres, i, at + (size_t)i * (size_t)width);
  return MILL_OK;
}

const mill_stage_class mill_class_KMeans = {
    .name = "KMeans",
    .package = "clustering",
    .role = MILL_ESTIMATOR,
    .doc = "Divides rows into k groups around their means.",
    .example = "local model = ml.clustering.KMeans{ k = 3, seed = 1 }:fit(df)\n"
               "print(model.clusterCenters[1][1], model.summary.trainingCost)",
    .params = params,
    .model = "KMeansModel",
    .bind = bind_fit,
    .fit = fit,
};

const mill_stage_class mill_class_KMeansModel = {
    .name = "KMeansModel",
    .package = "clustering",
    .role = MILL_MODEL,
    .doc = "Tells to which group a row is nearest.",
    .params = params,
    .bind = bind_model,
    .attributes = attributes,
    .has_attribute = has_attribute,
    .attribute = attribute,
    .save = save,
    .load = load,
};
