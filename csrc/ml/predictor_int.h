/* What stages with a features column and a prediction share. Private to csrc/ml. */
#ifndef MILL_ML_PREDICTOR_INT_H
#define MILL_ML_PREDICTOR_INT_H

#include "kernel/function.h"
#include "ml/points_int.h"
#include "ml/stage_int.h"

/* The features column, and with `fitting` label and weight columns are there and of a legal type
** (Spark's validateAndTransformSchema). features may be NULL. */
mill_status mill_predictor_inputs(mill_binder *b, bool fitting, const mill_bound **features,
                                  mill_error *err) MILL_USE_RESULT;
/* A features column of vectors, or of lists of numbers without nulls, as clustering takes them; its
** name must be exact, as in Spark. x may be NULL. */
mill_status mill_predictor_features(mill_binder *b, const mill_bound **x,
                                    mill_error *err) MILL_USE_RESULT;
/* The vector of row i, of the model's width; errors of the row where it is not. */
mill_status mill_predictor_row(const mill_call *call, const mill_vector *v, size_t i, int width,
                               mill_vec *out, mill_error *err) MILL_USE_RESULT;
/* The columns of mill_predictor_inputs checked, and their rows of `width` features read. Give
** mill_points_clear in any case. */
mill_status mill_predictor_points(mill_work *w, int width, mill_points *out,
                                  mill_error *err) MILL_USE_RESULT;
/* A dense vector, or sparse where that takes less memory (Spark's Vector.compressed). */
mill_status mill_answer_compressed(mill_answer *a, const double *v, int n,
                                   mill_error *err) MILL_USE_RESULT;
/* A table of n rows and `cols` columns of doubles, column by column in `v`. */
mill_status mill_answer_columns(mill_answer *a, const char *const *names, int cols,
                                const double *const *v, size_t n, mill_error *err) MILL_USE_RESULT;
/* Is a name in a list ended by NULL? */
bool mill_name_in(const char *name, const char *const *list);

/* A struct of doubles as an attribute: which number a name stands for. */
typedef struct mill_named {
  const char *name;
  double value;
} mill_named;
/* The entry of that name, or NULL. */
const mill_named *mill_named_find(const mill_named *list, int n, const char *name);

#endif
