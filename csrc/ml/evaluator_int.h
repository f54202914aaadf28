/* What evaluators share: reading their columns. Private to csrc/ml. */
#ifndef MILL_ML_EVALUATOR_INT_H
#define MILL_ML_EVALUATOR_INT_H

#include "ml/points_int.h"
#include "ml/stage_int.h"

enum { MILL_EVALUATE_COLUMNS = 4 };

/* One column that an evaluator reads; the name comes from a parameter. */
typedef struct mill_evaluate_column {
  const char *param; /* "labelCol"; NULL ends the list. Not read where it is not set or "" */
  unsigned kinds;    /* MILL_IN_.. */
  bool weight;       /* null or negative values are an error of their own */
} mill_evaluate_column;

/* One row: each column as a number; 1 for a weight that is not read. For vectors `at` gives which
** element is the number; vectors as a whole are in vec. */
typedef struct mill_evaluate_row {
  double value[MILL_EVALUATE_COLUMNS];
  mill_vec vec[MILL_EVALUATE_COLUMNS];
} mill_evaluate_row;

typedef mill_status (*mill_evaluate_see)(void *arg, const mill_evaluate_row *r, mill_error *err);

/* Check the columns and call `see` for every row, in order. A NULL is an error. */
mill_status mill_evaluate_walk(mill_work *w, const mill_evaluate_column *columns,
                               mill_evaluate_see see, void *arg, mill_error *err) MILL_USE_RESULT;

#endif
