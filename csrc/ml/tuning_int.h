/* Choosing parameters by trial: what CrossValidator and TrainValidationSplit share. Private to
** csrc/ml. Every map of estimatorParamMaps is fitted to one part of the rows and measured on
** another; the best one, the first of equals, is fitted to all rows. Models are fitted one after the
** other: each fit uses all threads. */
#ifndef MILL_ML_TUNING_INT_H
#define MILL_ML_TUNING_INT_H

#include "ml/stage_int.h"

typedef struct mill_tuning {
  mill_work *work;
  mill_stage *estimator, *evaluator;
  const mill_json *maps;
  int n; /* maps */
  bool larger;
  mill_stage **tried; /* collectSubModels: the models so far, owned; NULL: they are not kept */
  int ntried;
} mill_tuning;

/* Spark's errors where a part is missing. Rounds: how often mill_tuning_try is called. Give
** mill_tuning_clear once it succeeded. */
mill_status mill_tuning_init(mill_tuning *t, mill_work *w, int rounds,
                             mill_error *err) MILL_USE_RESULT;
void mill_tuning_clear(mill_tuning *t);
/* The metric of each map, fitted to `train`, on `test`: into metric[0..n). */
mill_status mill_tuning_try(mill_tuning *t, mill_dataset *train, mill_dataset *test, double *metric,
                            mill_error *err) MILL_USE_RESULT;
/* Fit the best map to all rows; it becomes the model's part. */
mill_status mill_tuning_finish(mill_tuning *t, const double *metric,
                               mill_error *err) MILL_USE_RESULT;
/* The seed; where none is set that of Spark's class in Scala. */
static inline uint64_t mill_tuning_seed(const mill_stage *s, int64_t otherwise) {
  return (uint64_t)(mill_has(s, "seed") ? mill_get_long(s, "seed") : otherwise);
}
/* What the estimator adds. */
mill_status mill_tuning_bind(mill_binder *b, mill_error *err) MILL_USE_RESULT;

#define MILL_P_COLLECT                                                                             \
  {                                                                                                \
    "collectSubModels", MILL_PARAM_BOOLEAN, "false", NULL,                                         \
        "keep every model that was tried: subModels"                                               \
  }
#define MILL_P_ESTIMATOR                                                                           \
  { "estimator", MILL_PARAM_STAGE, NULL, NULL, "what is fitted: an estimator or a Pipeline" }
#define MILL_P_EVALUATOR                                                                           \
  { "evaluator", MILL_PARAM_STAGE, NULL, NULL, "what measures the predictions" }
#define MILL_P_MAPS                                                                                \
  {                                                                                                \
    "estimatorParamMaps", MILL_PARAM_MAPS, NULL, NULL,                                             \
        "the parameters to try, as ParamGridBuilder makes them"                                    \
  }

#endif
