/* Classifiers: see classifier_int.h. */
#include "ml/classifier_int.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- labels ------------------------------------------------------------------------------------ */

mill_status mill_classes_check(mill_work *w, const mill_points *p, bool weighted, int *classes,
                               mill_error *err) {
  double most = -1.0;
  for (size_t i = 0; i < p->n; i++) {
    double y = p->label[i];
    if (y < 0 || y != floor(y) || y > INT32_MAX - 1)
      return mill_data_fail(w, err, "a label in `%s` is no class (0, 1, 2, ..): %g",
                            mill_get_text(w->stage, "labelCol"), y);
    if (!weighted || mill_points_weight(p, i) > 0) most = fmax(most, y);
  }
  *classes = (int)most + 1;
  return MILL_OK;
}

mill_status mill_classes_stated(mill_work *w, int *classes, mill_error *err) {
  const mill_field *f;
  MILL_TRY(mill_data_field(w, mill_get_text(w->stage, "labelCol"), &f, err));
  *classes = f->metadata ? mill_attr_classes(f->metadata, w->scratch) : 0;
  return MILL_OK;
}

mill_status mill_classifier_check(const mill_stage *s, const char *param, mill_error *err) {
  if (strcmp(param, "thresholds") != 0) return MILL_OK;
  const mill_json *list = mill_get_json(s, "thresholds");
  int zeros = 0;
  for (const mill_json *v = list ? list->child : NULL; v; v = v->next)
    zeros += mill_json_number(v) == 0.0;
  return zeros < 2 ? MILL_OK : mill_ml_refuse(err, s, "at most one of thresholds may be 0.");
}

/* ---- kernels ----------------------------------------------------------------------------------- */

static int largest(const double *v, int n) {
  int best = 0;
  for (int i = 1; i < n; i++)
    if (v[i] > v[best]) best = i;
  return best;
}

/* The class of the largest v / threshold, the first of equals. */
static int pick(const mill_classifier *c, const double *v) {
  if (c->thresholds == NULL) return largest(v, c->classes);
  int best = 0;
  double most = -INFINITY;
  for (int i = 0; i < c->classes; i++) {
    double scaled = v[i] / c->thresholds[i];
    if (scaled > most) most = scaled, best = i;
  }
  return best;
}

double mill_classifier_predict(const mill_classifier *c, const double *raw, double *scratch) {
  if (c->binary) {
    double t = c->threshold;
    double cut = t == 0.0 ? -INFINITY : t == 1.0 ? INFINITY : log(t / (1.0 - t));
    return raw[1] > cut;
  }
  if (c->thresholds == NULL) return largest(raw, c->classes);
  memcpy(scratch, raw, (size_t)c->classes * sizeof *raw);
  c->probability(scratch, c->classes);
  return pick(c, scratch);
}

static mill_status no_probability(mill_call *call, mill_error *err) {
  return mill_row_fail(call, err, "the raw predictions are all 0, there are no probabilities");
}

static mill_status to_probability(mill_call *call, const mill_vector *const *args, size_t n,
                                  mill_vector *out, mill_error *err) {
  const mill_classifier *c = call->state;
  for (size_t i = 0; i < n; i++) {
    double *v;
    mill_vec raw = mill_vec_at(args[0], i);
    MILL_TRY(mill_vec_put(out, i, raw.size, call->arena, &v, err));
    mill_vec_spread(&raw, v);
    if (!c->probability(v, c->classes)) return no_probability(call, err);
  }
  return MILL_OK;
}

static mill_status raw_to_class(mill_call *call, const mill_vector *const *args, size_t n,
                                mill_vector *out, mill_error *err) {
  const mill_classifier *c = call->state;
  double *y = out->data, *scratch = mill_arena_alloc(call->arena, (size_t)c->classes * sizeof *y);
  if (scratch == NULL) return mill_oom(call->ctx->memory, (size_t)c->classes * sizeof *y, err);
  for (size_t i = 0; i < n; i++)
    y[i] = mill_classifier_predict(c, mill_vec_at(args[0], i).value, scratch);
  return MILL_OK;
}

static mill_status probability_to_class(mill_call *call, const mill_vector *const *args, size_t n,
                                        mill_vector *out, mill_error *err) {
  (void)err;
  const mill_classifier *c = call->state;
  double *y = out->data;
  for (size_t i = 0; i < n; i++) {
    const double *v = mill_vec_at(args[0], i).value;
    y[i] = c->binary ? v[1] > c->threshold : pick(c, v);
  }
  return MILL_OK;
}

/* ---- binding ----------------------------------------------------------------------------------- */

static const char *name_of(const mill_binder *b, const char *param) {
  return mill_get_text(b->stage, param);
}

mill_status mill_classifier_bind_fit(mill_binder *b, mill_error *err) {
  const mill_type *vector = mill_type_of(MILL_VECTOR);
  MILL_TRY(mill_predictor_inputs(b, true, NULL, err));
  MILL_TRY(mill_bind_output(b, name_of(b, "predictionCol"), mill_type_of(MILL_DOUBLE), false, NULL,
                            NULL, err));
  MILL_TRY(mill_bind_output(b, name_of(b, "rawPredictionCol"), vector, false, NULL, NULL, err));
  return mill_bind_output(b, name_of(b, "probabilityCol"), vector, false, NULL, NULL, err);
}

static mill_status read_thresholds(mill_binder *b, mill_classifier *c, int stated,
                                   mill_error *err) {
  int n = 0;
  if (!mill_has(b->stage, "thresholds")) return MILL_OK;
  MILL_TRY(mill_get_doubles(b->stage, "thresholds", b->arena, &c->thresholds, &n, err));
  if (n == stated) return MILL_OK;
  return mill_ml_refuse(err, b->stage, "there are %d thresholds for %d classes.", n, stated);
}

mill_status mill_classifier_bind(mill_binder *b, mill_classifier *c, int stated,
                                 const mill_bound *raw, mill_error *err) {
  const mill_type *vector = mill_type_of(MILL_VECTOR), *number = mill_type_of(MILL_DOUBLE);
  const mill_bound *probability, *prediction;
  char text[80];
  MILL_TRY(read_thresholds(b, c, stated, err));
  snprintf(text, sizeof text, "{\"ml_attr\":{\"num_attrs\":%d}}", stated);
  const char *attributes = mill_arena_strndup(b->arena, text, strlen(text));
  snprintf(text, sizeof text, "{\"ml_attr\":{\"num_vals\":%d,\"type\":\"nominal\"}}", stated);
  const char *values = mill_arena_strndup(b->arena, text, strlen(text));
  if (attributes == NULL || values == NULL) return mill_oom(b->ctx->memory, sizeof text, err);
  MILL_TRY(mill_bind_kernel(b, "raw2probability", to_probability, MILL_FN_NULLS, vector, c, &raw, 1,
                            &probability, err));
  bool from_raw = *name_of(b, "rawPredictionCol") || !*name_of(b, "probabilityCol");
  MILL_TRY(mill_bind_kernel(b, from_raw ? "raw2prediction" : "probability2prediction",
                            from_raw ? raw_to_class : probability_to_class, MILL_FN_NULLS, number,
                            c, from_raw ? &raw : &probability, 1, &prediction, err));
  MILL_TRY(
      mill_bind_output(b, name_of(b, "rawPredictionCol"), vector, false, attributes, raw, err));
  MILL_TRY(mill_bind_output(b, name_of(b, "probabilityCol"), vector, false, attributes, probability,
                            err));
  return mill_bind_output(b, name_of(b, "predictionCol"), number, false, values, prediction, err);
}
