/* Training data: rows of a data set in memory, or batch by batch. Private to csrc/ml. */
#ifndef MILL_ML_POINTS_INT_H
#define MILL_ML_POINTS_INT_H

#include "ml/stage_int.h"

/* The rows of a data set in memory: row-major doubles, or sparse rows where the first batch is
** smaller so. */
typedef struct mill_points {
  mill_memory *memory;
  size_t n;
  int width;      /* features; 0 with no rows */
  double *x;      /* dense: n rows of width; NULL: sparse */
  size_t *start;  /* sparse: n + 1 */
  int32_t *index; /* sparse */
  double *value;  /* sparse */
  double *label;  /* NULL: not asked for */
  double *weight; /* NULL: not asked for (or weightCol is not set): all 1 */
  size_t held;    /* values stored so far; private, like capacity */
  size_t capacity[5];
} mill_points;

enum {
  MILL_POINTS_DENSE = 1, /* dense whatever the data */
  MILL_POINTS_ANY = 2,   /* NaN and infinite features pass */
};

/* Read the columns of these parameters' names ("featuresCol", "labelCol", "weightCol"; NULL: leave
** out; a parameter that is not set is left out too). Labels and weights may be of any numeric type.
** Rows are in the order of the data. Spark's errors (USER_RAISED_EXCEPTION): null or infinite or NaN features, labels and
** weights, negative weights; and vectors of different sizes. Give mill_points_clear in any case. */
mill_status mill_points_read(mill_work *w, const char *features, const char *label,
                             const char *weight, unsigned flags, mill_points *out,
                             mill_error *err) MILL_USE_RESULT;
void mill_points_clear(mill_points *p);
mill_vec mill_points_row(const mill_points *p, size_t i);
static inline double mill_points_weight(const mill_points *p, size_t i) {
  return p->weight ? p->weight[i] : 1.0;
}

/* USER_RAISED_EXCEPTION: the data has what the stage does not take. */
mill_status mill_data_fail(mill_work *w, mill_error *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4), cold)) MILL_USE_RESULT;

/* Other columns: open the named ones and walk the batches. f gets each batch; strings last until it
** returns. */
mill_status mill_data_walk(mill_work *w, const char *const *columns, int n,
                           mill_status (*f)(void *arg, const mill_batch *b, mill_error *err),
                           void *arg, mill_error *err) MILL_USE_RESULT;
/* The same for one column of vectors, none of which may be NULL: f gets each. No rows at all are an
** error. */
mill_status mill_data_vectors(mill_work *w, const char *column,
                              mill_status (*f)(void *arg, const mill_vec *x, mill_error *err),
                              void *arg, mill_error *err) MILL_USE_RESULT;
/* USER_RAISED_EXCEPTION: a vector of another size than those before it. */
mill_status mill_data_other_size(mill_work *w, const char *column, int before, int size,
                                 mill_error *err) __attribute__((cold)) MILL_USE_RESULT;
/* Value of a numeric column of any type as a double (not null there). */
double mill_number_at(const mill_vector *v, size_t i);
/* The field of the data's schema, in the session's case rule; FIELD_NOT_FOUND. */
mill_status mill_data_field(mill_work *w, const char *column, const mill_field **out,
                            mill_error *err) MILL_USE_RESULT;

#endif
