/* Pipeline: stages one after the other. fit goes through them in order: estimators are fitted to the
** data as transformed so far (nothing is transformed behind the last estimator), and the models and
** transformers make a PipelineModel, which applies them in turn. */
#include "ml/stage_int.h"

static const mill_param params[] = {
    {"stages", MILL_PARAM_STAGES, NULL, NULL, "estimators and transformers, in order"}, {0}};

static mill_status check_stages(const mill_stage *s, mill_error *err) {
  mill_stage *const *stages;
  int n = mill_get_stages(s, "stages", &stages);
  if (!mill_has(s, "stages")) return mill_ml_refuse(err, s, "stages is not set");
  for (int i = 0; i < n; i++) {
    const mill_stage_class *c = mill_stage_class_of(stages[i]);
    if (mill_stage_class_role(c) == MILL_EVALUATOR)
      return mill_ml_refuse(err, s, "%s is neither an estimator nor a transformer",
                            mill_stage_class_name(c));
  }
  return MILL_OK;
}

/* Part i of the model: the stage itself, or the model fitted to `data`. */
static mill_status make_part(mill_stage *stage, mill_dataset *data, mill_stage **out,
                             mill_error *err) {
  if (mill_stage_class_role(mill_stage_class_of(stage)) == MILL_ESTIMATOR)
    return mill_stage_fit(stage, data, out, err);
  return mill_stage_copy(stage, out, err);
}

static int last_estimator(mill_stage *const *stages, int n) {
  for (int i = n - 1; i >= 0; i--)
    if (mill_stage_class_role(mill_stage_class_of(stages[i])) == MILL_ESTIMATOR) return i;
  return -1;
}

static mill_status fit_all(mill_work *w, mill_stage *const *stages, int n, mill_stage **parts,
                           mill_error *err) {
  mill_dataset *data = w->data;
  int last = last_estimator(stages, n);
  mill_status s = MILL_OK;
  for (int i = 0; i < n && s == MILL_OK; i++) {
    s = make_part(stages[i], data, &parts[i], err);
    if (s != MILL_OK || i >= last) continue;
    mill_dataset *next = NULL;
    s = data->transform(data, parts[i], &next, err);
    if (data != w->data) data->free(data);
    data = next;
  }
  if (data && data != w->data) data->free(data);
  return s;
}

static mill_status fit(mill_work *w, mill_error *err) {
  mill_stage *const *stages;
  MILL_TRY(check_stages(w->stage, err));
  int n = mill_get_stages(w->stage, "stages", &stages);
  mill_stage **parts = mill_arena_alloc(w->scratch, ((size_t)n + 1) * sizeof *parts);
  if (parts == NULL) return mill_oom(w->ctx->memory, (size_t)n * sizeof *parts, err);
  mill_status s = fit_all(w, stages, n, parts, err);
  if (s == MILL_OK) s = mill_model_parts(w->model, parts, n, err);
  for (int i = 0; i < n; i++) mill_stage_unref(parts[i]);
  return s;
}

/* A pipeline without stages changes nothing. */
static mill_status bind(mill_binder *b, mill_error *err) {
  (void)b, (void)err;
  return MILL_OK;
}

const mill_stage_class mill_class_Pipeline = {
    .name = "Pipeline",
    .package = "ml",
    .role = MILL_ESTIMATOR,
    .doc = "Fits stages one after the other, each to the rows as the ones before it leave them.",
    .example = "local model = ml.Pipeline{ stages = { indexer, assembler, regression } }:fit(df)\n"
               "model:transform(df):show()",
    .params = params,
    .model = "PipelineModel",
    .bind = bind,
    .fit = fit,
};

const mill_stage_class mill_class_PipelineModel = {
    .name = "PipelineModel",
    .package = "ml",
    .role = MILL_MODEL,
    .doc = "The fitted stages of a Pipeline, applied in order.",
    .bind = bind,
};
