/* DecisionTreeClassifier: classes by yes-or-no questions about the features; see tree_int.h. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ml/classifier_int.h"
#include "ml/tree_int.h"

enum { MOST_CLASSES = 100 }; /* that are counted where the metadata states none */

static const mill_param params[] = {
    {"cacheNodeIds", MILL_PARAM_BOOLEAN, "false", NULL, "kept for Spark, without effect"},
    {"checkpointInterval", MILL_PARAM_INT, "10", "[-1,-1]|[1,]", "kept for Spark, without effect"},
    MILL_P_FEATURES,
    {"impurity", MILL_PARAM_STRING, "\"gini\"", "~gini|entropy", "what splits make smaller"},
    MILL_P_LABEL,
    {"leafCol", MILL_PARAM_STRING, "\"\"", NULL, "column for the number of the leaf; \"\": none"},
    {"maxBins", MILL_PARAM_INT, "32", "[2,]", "bins of a feature, at least its categories"},
    {"maxDepth", MILL_PARAM_INT, "5", "[0,30]", "levels below the root at most"},
    {"maxMemoryInMB", MILL_PARAM_INT, "256", "[0,]", "kept for Spark, without effect"},
    {"minInfoGain", MILL_PARAM_DOUBLE, "0.0", "[0,]", "least gain of a split"},
    {"minInstancesPerNode", MILL_PARAM_INT, "1", "[1,]", "least rows on each side of a split"},
    {"minWeightFractionPerNode", MILL_PARAM_DOUBLE, "0.0", "[0,0.5)",
     "least share of all weight on each side of a split"},
    MILL_P_PREDICTION,
    MILL_P_PROBABILITY,
    {"pruneTree", MILL_PARAM_BOOLEAN, "true", NULL, "join leaves that predict the same"},
    MILL_P_RAW,
    MILL_P_SEED("159147643"),
    MILL_P_THRESHOLDS,
    MILL_P_WEIGHT,
    {0}};

/* ---- training ------------------------------------------------------------------------------------ */

/* How many categories the metadata of the features column states for each. */
static mill_status read_categories(mill_work *w, int width, int **out, mill_error *err) {
  const mill_field *f;
  mill_attr *attrs = NULL;
  int n = -1, *categories = mill_arena_alloc(w->scratch, ((size_t)width + 1) * sizeof *categories);
  if (categories == NULL) return mill_oom(w->ctx->memory, (size_t)width * sizeof *categories, err);
  *out = categories;
  MILL_TRY(mill_data_field(w, mill_get_text(w->stage, "featuresCol"), &f, err));
  if (f->metadata == NULL) return MILL_OK;
  MILL_TRY(mill_attrs_read(f->metadata, w->scratch, &attrs, &n, err));
  for (int i = 0; attrs && i < n && i < width; i++) {
    if (attrs[i].kind == MILL_ATTR_BINARY) categories[i] = 2;
    if (attrs[i].kind != MILL_ATTR_NOMINAL) continue;
    if (attrs[i].nvals <= 0)
      return mill_ml_refuse(err, w->stage,
                            "feature %d is nominal, but its metadata does not state "
                            "how many values it has.",
                            i);
    categories[i] = attrs[i].nvals;
  }
  return MILL_OK;
}

static mill_status count_classes(mill_work *w, const mill_points *p, int *classes,
                                 mill_error *err) {
  int stated;
  MILL_TRY(mill_classes_check(w, p, false, classes, err));
  MILL_TRY(mill_classes_stated(w, &stated, err));
  if (!stated && *classes > MOST_CLASSES)
    return mill_data_fail(w, err, "the label %d is above %d; index the labels to have more classes",
                          *classes - 1, MOST_CLASSES - 1);
  if (stated && *classes > stated)
    return mill_data_fail(w, err, "the label column states %d classes, but has the label %d",
                          stated, *classes - 1);
  if (stated) *classes = stated;
  return MILL_OK;
}

static mill_status check_thresholds(const mill_stage *s, int classes, mill_error *err) {
  const mill_json *list = mill_has(s, "thresholds") ? mill_get_json(s, "thresholds") : NULL;
  if (list == NULL || (int)list->n == classes) return MILL_OK;
  return mill_ml_refuse(err, s, "there are %d thresholds for %d classes.", (int)list->n, classes);
}

static mill_status fit_points(mill_work *w, const mill_points *p, mill_error *err) {
  const mill_stage *s = w->stage;
  mill_tree_options o = {.impurity = mill_get_is(s, "impurity", "gini") ? MILL_GINI : MILL_ENTROPY,
                         .max_depth = mill_get_int(s, "maxDepth"),
                         .max_bins = mill_get_int(s, "maxBins"),
                         .min_instances = mill_get_int(s, "minInstancesPerNode"),
                         .min_gain = mill_get_double(s, "minInfoGain"),
                         .min_weight_fraction = mill_get_double(s, "minWeightFractionPerNode"),
                         .prune = mill_get_bool(s, "pruneTree"),
                         .seed = mill_get_long(s, "seed")};
  mill_tree_bins b;
  int *categories = NULL;
  if (p->n == 0) return mill_ml_refuse(err, s, "there are no rows to train on.");
  if (p->width == 0) return mill_ml_refuse(err, s, "the vectors have no values.");
  MILL_TRY(count_classes(w, p, &o.classes, err));
  MILL_TRY(check_thresholds(s, o.classes, err));
  MILL_TRY(read_categories(w, p->width, &categories, err));
  mill_tree *t = mill_model_new(w->model, sizeof *t);
  if (t == NULL) return mill_oom(w->ctx->memory, sizeof *t, err);
  mill_status status = mill_tree_bins_make(w, p, categories, &o, &b, err);
  if (status == MILL_OK) status = mill_tree_grow(w, p, &b, &o, mill_model_arena(w->model), t, err);
  mill_tree_bins_clear(&b);
  return status;
}

static mill_status fit(mill_work *w, mill_error *err) {
  mill_points p;
  mill_status s = mill_points_read(w, "featuresCol", "labelCol", "weightCol", 0, &p, err);
  if (s == MILL_OK) s = fit_points(w, &p, err);
  mill_points_clear(&p);
  return s;
}

/* ---- predicting ---------------------------------------------------------------------------------- */

static mill_status leaf_of(const mill_call *call, const mill_vector *v, size_t i, int *leaf,
                           mill_error *err) {
  const mill_tree *t = call->state;
  if (!mill_vector_valid(v, i)) return mill_row_null(call, err);
  mill_vec x = mill_vec_at(v, i);
  *leaf = mill_tree_leaf_of(t, &x);
  if (*leaf >= 0) return MILL_OK;
  return mill_row_fail(call, err, "the vector has %d values, the tree takes %d", x.size, t->width);
}

static mill_status predict_raw(mill_call *call, const mill_vector *const *args, size_t n,
                               mill_vector *out, mill_error *err) {
  const mill_tree *t = call->state;
  for (size_t i = 0; i < n; i++) {
    int leaf;
    double *raw;
    MILL_TRY(leaf_of(call, args[0], i, &leaf, err));
    MILL_TRY(mill_vec_put(out, i, t->classes, call->arena, &raw, err));
    memcpy(raw, mill_tree_stats(t, leaf), (size_t)t->classes * sizeof *raw);
  }
  return MILL_OK;
}

static mill_status predict_leaf(mill_call *call, const mill_vector *const *args, size_t n,
                                mill_vector *out, mill_error *err) {
  const mill_tree *t = call->state;
  for (size_t i = 0; i < n; i++) {
    int leaf;
    MILL_TRY(leaf_of(call, args[0], i, &leaf, err));
    ((double *)out->data)[i] = t->node[leaf].leaf;
  }
  return MILL_OK;
}

static bool normalise(double *v, int n) {
  double sum = 0.0;
  for (int i = 0; i < n; i++) sum += v[i];
  for (int i = 0; i < n && sum != 0.0; i++) v[i] /= sum;
  return sum != 0.0;
}

static mill_status bind_fit(mill_binder *b, mill_error *err) {
  MILL_TRY(mill_classifier_bind_fit(b, err));
  return mill_bind_output(b, mill_get_text(b->stage, "leafCol"), mill_type_of(MILL_DOUBLE), false,
                          NULL, NULL, err);
}

static mill_status bind_model(mill_binder *b, mill_error *err) {
  const mill_tree *t = mill_model_data(b->stage);
  const mill_bound *x, *raw, *leaf;
  char text[80];
  mill_classifier *c = mill_arena_alloc(b->arena, sizeof *c);
  if (c == NULL) return mill_oom(b->ctx->memory, sizeof *c, err);
  *c = (mill_classifier){.classes = t->classes, .probability = normalise};
  MILL_TRY(mill_predictor_inputs(b, false, &x, err));
  MILL_TRY(mill_bind_kernel(b, "DecisionTreeClassificationModel", predict_raw, MILL_FN_NULLS,
                            mill_type_of(MILL_VECTOR), t, &x, 1, &raw, err));
  MILL_TRY(mill_classifier_bind(b, c, t->classes, raw, err));
  MILL_TRY(mill_bind_kernel(b, "predictLeaf", predict_leaf, MILL_FN_NULLS,
                            mill_type_of(MILL_DOUBLE), t, &x, 1, &leaf, err));
  snprintf(text, sizeof text, "{\"ml_attr\":{\"num_vals\":%d,\"type\":\"nominal\"}}", t->leaves);
  char *metadata = mill_arena_strndup(b->arena, text, strlen(text));
  if (metadata == NULL) return mill_oom(b->ctx->memory, sizeof text, err);
  return mill_bind_output(b, mill_get_text(b->stage, "leafCol"), mill_type_of(MILL_DOUBLE), false,
                          metadata, leaf, err);
}

/* ---- telling ------------------------------------------------------------------------------------- */

static const char *const attributes[] = {
    "depth",       "featureImportances", "nodeData",      "numClasses",
    "numFeatures", "numNodes",           "toDebugString", NULL};

static mill_status answer_text(const mill_stage *s, const mill_tree *t, mill_answer *out,
                               mill_error *err) {
  mill_text text;
  mill_text_init(&text, mill_answer_context(out)->memory);
  mill_status status = mill_text_printf(
      &text, err, "%s: uid=%s, depth=%d, numNodes=%d, numClasses=%d, numFeatures=%d\n",
      mill_stage_class_name(mill_stage_class_of(s)), mill_stage_uid(s), t->depth, t->n, t->classes,
      t->width);
  if (status == MILL_OK) status = mill_tree_describe(t, &text, err);
  if (status == MILL_OK) status = mill_answer_text(out, text.data, err);
  mill_text_clear(&text);
  return status;
}

/* Sparse, as in Spark: the features that are used. */
static mill_status answer_importances(const mill_tree *t, mill_answer *out, mill_error *err) {
  mill_arena a;
  mill_arena_init(&a, mill_answer_context(out)->memory);
  double *v = mill_arena_alloc(&a, (size_t)t->width * sizeof *v);
  int32_t *index = mill_arena_alloc(&a, (size_t)t->width * sizeof *index);
  mill_status s = v && index ? MILL_OK : mill_oom(a.memory, (size_t)t->width * sizeof *v, err);
  if (s == MILL_OK) {
    int n = 0;
    mill_tree_importances(t, v);
    for (int f = 0; f < t->width; f++)
      if (v[f] != 0.0) index[n] = f, v[n++] = v[f];
    s = mill_answer_vec(out, &(mill_vec){t->width, n, index, v}, err);
  }
  mill_arena_clear(&a);
  return s;
}

static mill_status attribute(const mill_stage *s, const char *name, mill_answer *out,
                             mill_error *err) {
  const mill_tree *t = mill_model_data(s);
  if (strcmp(name, "depth") == 0) return mill_answer_int(out, t->depth, err);
  if (strcmp(name, "numNodes") == 0) return mill_answer_int(out, t->n, err);
  if (strcmp(name, "numClasses") == 0) return mill_answer_int(out, t->classes, err);
  if (strcmp(name, "numFeatures") == 0) return mill_answer_int(out, t->width, err);
  if (strcmp(name, "nodeData") == 0) return mill_tree_answer(t, out, err);
  if (strcmp(name, "toDebugString") == 0) return answer_text(s, t, out, err);
  return answer_importances(t, out, err);
}

static mill_status save(const mill_stage *s, mill_saver *w, mill_error *err) {
  return mill_tree_save(mill_model_data(s), w, err);
}

static mill_status load(mill_stage *s, mill_loader *r, mill_error *err) {
  mill_tree *t = mill_model_new(s, sizeof *t);
  if (t == NULL) return mill_oom(mill_model_arena(s)->memory, sizeof *t, err);
  return mill_tree_load(t, r, mill_model_arena(s), err);
}

const mill_stage_class mill_class_DecisionTreeClassifier = {
    .name = "DecisionTreeClassifier",
    .package = "classification",
    .role = MILL_ESTIMATOR,
    .doc = "Fits a tree of yes-or-no questions that tells classes apart.",
    .example = "local model = ml.classification.DecisionTreeClassifier{ maxDepth = 3 }:fit(df)\n"
               "print(model.toDebugString)",
    .params = params,
    .model = "DecisionTreeClassificationModel",
    .check = mill_classifier_check,
    .bind = bind_fit,
    .fit = fit,
};

const mill_stage_class mill_class_DecisionTreeClassificationModel = {
    .name = "DecisionTreeClassificationModel",
    .package = "classification",
    .role = MILL_MODEL,
    .doc = "Predicts a class by the questions of a tree.",
    .params = params,
    .check = mill_classifier_check,
    .bind = bind_model,
    .attributes = attributes,
    .attribute = attribute,
    .save = save,
    .load = load,
};
