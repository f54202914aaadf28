/* Choosing parameters by trial: see tuning_int.h. */
#include "ml/tuning_int.h"

#include <math.h>

#include "ml/state_int.h"

mill_status mill_tuning_init(mill_tuning *t, mill_work *w, int rounds, mill_error *err) {
  mill_stage *const *estimator, *const *evaluator;
  *t = (mill_tuning){.work = w};
  if (mill_get_stages(w->stage, "estimator", &estimator) != 1)
    return mill_ml_refuse(err, w->stage, "estimator is not set");
  if (mill_get_stages(w->stage, "evaluator", &evaluator) != 1)
    return mill_ml_refuse(err, w->stage, "evaluator is not set");
  if (mill_stage_class_role(mill_stage_class_of(estimator[0])) != MILL_ESTIMATOR)
    return mill_ml_refuse(err, w->stage, "estimator is no estimator");
  if (mill_stage_class_role(mill_stage_class_of(evaluator[0])) != MILL_EVALUATOR)
    return mill_ml_refuse(err, w->stage, "evaluator is no evaluator");
  t->estimator = estimator[0];
  t->evaluator = evaluator[0];
  t->maps = mill_get_json(w->stage, "estimatorParamMaps");
  t->n = t->maps ? (int)t->maps->n : 0;
  if (t->n == 0) return mill_ml_refuse(err, w->stage, "estimatorParamMaps is empty or not set");
  if (!mill_get_bool(w->stage, "collectSubModels")) return MILL_OK;
  size_t bytes = (size_t)rounds * (size_t)t->n * sizeof *t->tried;
  t->tried = mill_arena_alloc(w->scratch, bytes);
  return t->tried ? MILL_OK : mill_oom(w->ctx->memory, bytes, err);
}

void mill_tuning_clear(mill_tuning *t) {
  for (int i = 0; i < t->ntried; i++) mill_stage_unref(t->tried[i]);
  t->ntried = 0;
}

/* The estimator with one map's values, fitted. */
static mill_status fit_map(mill_tuning *t, const mill_json *map, mill_dataset *data,
                           mill_stage **model, mill_error *err) {
  mill_stage *stage;
  MILL_TRY(mill_stage_with(t->estimator, map, &stage, err));
  mill_status s = mill_stage_fit(stage, data, model, err);
  mill_stage_unref(stage);
  return s;
}

static mill_status measure(mill_tuning *t, const mill_json *map, mill_dataset *train,
                           mill_dataset *test, double *metric, mill_error *err) {
  mill_stage *model;
  mill_dataset *scored;
  MILL_TRY(fit_map(t, map, train, &model, err));
  mill_status s = test->transform(test, model, &scored, err);
  if (s == MILL_OK) {
    s = mill_stage_evaluate(t->evaluator, scored, metric, &t->larger, err);
    scored->free(scored);
  }
  if (t->tried)
    t->tried[t->ntried++] = model;
  else
    mill_stage_unref(model);
  return s;
}

mill_status mill_tuning_try(mill_tuning *t, mill_dataset *train, mill_dataset *test, double *metric,
                            mill_error *err) {
  int i = 0;
  for (const mill_json *map = t->maps->child; map; map = map->next)
    MILL_TRY(measure(t, map, train, test, &metric[i++], err));
  return MILL_OK;
}

/* A metric that is no number comes first, as NumPy's argmax has it. */
static int best_of(const mill_tuning *t, const double *metric) {
  int best = 0;
  for (int i = 0; i < t->n; i++) {
    if (isnan(metric[i])) return i;
    if (t->larger ? metric[i] > metric[best] : metric[i] < metric[best]) best = i;
  }
  return best;
}

mill_status mill_tuning_finish(mill_tuning *t, const double *metric, mill_error *err) {
  mill_stage *best;
  const mill_json *map = t->maps->child;
  for (int i = best_of(t, metric); i > 0; i--) map = map->next;
  MILL_TRY(fit_map(t, map, t->work->data, &best, err));
  mill_status s = mill_model_parts(t->work->model, &best, 1, err);
  if (s == MILL_OK) s = mill_model_tried(t->work->model, t->tried, t->ntried, err);
  mill_stage_unref(best);
  return s;
}

mill_status mill_tuning_bind(mill_binder *b, mill_error *err) {
  mill_stage *const *estimator;
  const mill_type *after;
  if (mill_get_stages(b->stage, "estimator", &estimator) != 1) return MILL_OK;
  MILL_TRY(mill_stage_schema(estimator[0], b->ctx, b->set, b->schema, b->arena, &after, err));
  for (uint32_t i = b->schema->nfields; i < after->nfields; i++)
    MILL_TRY(mill_bind_replace(b, after->fields[i].name, after->fields[i].type,
                               after->fields[i].nullable, after->fields[i].metadata, NULL, err));
  return MILL_OK;
}
