/* How a class of stages defines itself, and what the classes share. Private to csrc/ml.
**
** One class, one file. string_indexer.c holds StringIndexer and its model: parameter tables, vtables
** and two `const mill_stage_class mill_class_StringIndexer` definitions, which class.def lists. An
** estimator's skeleton:
**
**     static const mill_param params[] = {MILL_P_FEATURES, MILL_P_LABEL, MILL_P_PREDICTION,
**         {"regParam", MILL_PARAM_DOUBLE, "0.0", "[0,]", "weight of the penalty"}, {0}};
**     const mill_stage_class mill_class_LinearRegression = {
**         .name = "LinearRegression", .package = "regression", .role = MILL_ESTIMATOR,
**         .doc = "...", .example = "...", .params = params, .model = "LinearRegressionModel",
**         .bind = bind_schema, .fit = fit};
**     const mill_stage_class mill_class_LinearRegressionModel = {
**         .name = "LinearRegressionModel", .role = MILL_MODEL, ..., .bind = bind_model,
**         .attributes = names, .attribute = attribute, .save = save, .load = load};
**
** Parameters. The table checks values when they are set; `check` adds what a table cannot say. The
** getters below read them by name; a name that is not in the table is a programming error.
**
** Models. fit fills `work->model`, a new stage of the class named by `.model` that has the
** estimator's uid and parameters, with one struct from mill_model_new; all that the struct points to
** comes from mill_model_arena, so there is nothing to free. After fit a model never changes, and its
** kernels read it from any thread.
**
** Binding. `bind` gets the input schema and adds columns: mill_bind_input finds and checks an input
** column, mill_bind_kernel makes a call of a kernel (mill_kernel of kernel/function.h) on it whose
** call->state is what you give, mill_bind_output adds the column with its metadata. Estimators have
** a bind too: what their model will add, with NULL expressions; it is Spark's transformSchema, runs
** before every fit, and gives the errors about columns.
**
** points_int.h reads the rows to train on, vec_int.h has vectors, attr_int.h column metadata.
**
** Determinism: what a fit computes must not depend on the number of threads: cut data into blocks
** of fixed size, combine the parts in order. */
#ifndef MILL_ML_STAGE_INT_H
#define MILL_ML_STAGE_INT_H

#include "base/json.h"
#include "ml/attr_int.h"
#include "ml/stage.h"
#include "ml/vec_int.h"

/* ---- classes --------------------------------------------------------------------------------- */

typedef struct mill_binder mill_binder;
typedef struct mill_saver mill_saver;
typedef struct mill_loader mill_loader;
typedef struct mill_answer mill_answer;

/* What fit and evaluate work on. */
typedef struct mill_work {
  const mill_stage *stage;
  mill_dataset *data;
  const mill_context *ctx;
  const mill_settings *set;
  mill_arena *scratch; /* cleared when the call ends; for what is small */
  mill_stage *model;   /* fit: to be filled */
} mill_work;

struct mill_stage_class {
  const char *name, *package; /* "feature", "classification", "ml" for Pipeline, .. */
  mill_stage_role role;
  const char *doc;     /* one line, own words */
  const char *example; /* Lua, printed by help; NULL for models */
  const mill_param *params;
  const char *model; /* estimators: the class that fit fills */
  /* After a parameter was set: is it legal with what the table cannot say (sorted splits, ..)? */
  mill_status (*check)(const mill_stage *s, const char *param, mill_error *err);
  mill_status (*bind)(mill_binder *b, mill_error *err);
  mill_status (*fit)(mill_work *w, mill_error *err);
  mill_status (*evaluate)(mill_work *w, double *metric, bool *larger_is_better, mill_error *err);
  /* Fitted attributes, NULL at the end ("coefficients", "summary.rmse"). An attribute that this
  ** model has not (no summary after load) is MILL_E_ATTRIBUTE_NOT_SUPPORTED or left to
  ** has_attribute. */
  const char *const *attributes;
  bool (*has_attribute)(const mill_stage *s, const char *name); /* NULL: all are there */
  mill_status (*attribute)(const mill_stage *s, const char *name, mill_answer *out,
                           mill_error *err);
  /* Models that need no fit: fill `model` from JSON; NULL: there is no such way. */
  mill_status (*make)(mill_stage *model, const mill_json *values, mill_error *err);
  /* Models with a summary of any rows: fill work->model, a copy of work->stage without data. */
  mill_status (*summarise)(mill_work *w, mill_error *err);
  mill_status (*save)(const mill_stage *s, mill_saver *w, mill_error *err);
  mill_status (*load)(mill_stage *s, mill_loader *r, mill_error *err);
};

#define MILL_CLASS(name) extern const mill_stage_class mill_class_##name;
#include "ml/class.def"
#undef MILL_CLASS

/* `valid` of a parameter:
**   [0,]  [0,)  (0,1]  (0,)   interval; an empty end is unbounded, with ")" it leaves out infinity
**   [-1,-1]|[1,]              union of intervals
**   skip|error|keep           one of these names; with "~" in front in any case; "||" is part of one
** NaN passes where "nan" stands at the end: "[0,]|nan", and where there is no `valid`.
** For lists: "each [0,1]" every element. */
#define MILL_P_FEATURES                                                                            \
  { "featuresCol", MILL_PARAM_STRING, "\"features\"", NULL, "column of the feature vectors" }
#define MILL_P_LABEL                                                                               \
  { "labelCol", MILL_PARAM_STRING, "\"label\"", NULL, "column of the labels" }
#define MILL_P_WEIGHT                                                                              \
  { "weightCol", MILL_PARAM_STRING, NULL, NULL, "column of row weights; none: every row counts 1" }
#define MILL_P_PREDICTION                                                                          \
  { "predictionCol", MILL_PARAM_STRING, "\"prediction\"", NULL, "column for the predictions" }
#define MILL_P_PROBABILITY                                                                         \
  {                                                                                                \
    "probabilityCol", MILL_PARAM_STRING, "\"probability\"", NULL,                                  \
        "column for the probability of each class"                                                 \
  }
#define MILL_P_RAW                                                                                 \
  {                                                                                                \
    "rawPredictionCol", MILL_PARAM_STRING, "\"rawPrediction\"", NULL,                              \
        "column for the confidence in each class"                                                  \
  }
#define MILL_P_INPUT                                                                               \
  { "inputCol", MILL_PARAM_STRING, NULL, NULL, "column to read" }
#define MILL_P_INPUTS                                                                              \
  { "inputCols", MILL_PARAM_STRINGS, NULL, NULL, "columns to read" }
#define MILL_P_OUTPUT                                                                              \
  { "outputCol", MILL_PARAM_STRING, "uid", NULL, "column to add" }
#define MILL_P_OUTPUTS                                                                             \
  { "outputCols", MILL_PARAM_STRINGS, NULL, NULL, "columns to add, one for each input" }
#define MILL_P_SEED(preset)                                                                        \
  { "seed", MILL_PARAM_LONG, preset, NULL, "start of the random numbers" }

/* ---- reading parameters ------------------------------------------------------------------------ */

/* Set, or has a default? The getters need one or the other: without they give 0, "" or none. */
bool mill_has(const mill_stage *s, const char *param);
bool mill_get_bool(const mill_stage *s, const char *param);
int mill_get_int(const mill_stage *s, const char *param);
int64_t mill_get_long(const mill_stage *s, const char *param);
double mill_get_double(const mill_stage *s, const char *param);
/* Lives until the parameter is set anew. Names of columns that are "" mean: no such column. */
const char *mill_get_text(const mill_stage *s, const char *param);
bool mill_get_is(const mill_stage *s, const char *param, const char *text); /* in any case */
/* The parsed value (NULL: neither set nor default): lists, vectors, matrices, maps. */
const mill_json *mill_get_json(const mill_stage *s, const char *param);
/* Lists as arrays in `a`; *n = 0 where there is none. */
mill_status mill_get_texts(const mill_stage *s, const char *param, mill_arena *a,
                           const char *const **out, int *n, mill_error *err) MILL_USE_RESULT;
mill_status mill_get_doubles(const mill_stage *s, const char *param, mill_arena *a,
                             const double **out, int *n, mill_error *err) MILL_USE_RESULT;
mill_status mill_get_ints(const mill_stage *s, const char *param, mill_arena *a,
                          const int32_t **out, int *n, mill_error *err) MILL_USE_RESULT;
/* A MATRIX column by column. */
mill_status mill_get_matrix(const mill_stage *s, const char *param, mill_arena *a,
                            const double **out, int *rows, int *cols,
                            mill_error *err) MILL_USE_RESULT;
/* STAGES, STAGE: borrowed. */
int mill_get_stages(const mill_stage *s, const char *param, mill_stage *const **out);
/* A list of numbers inside a parsed value (DOUBLE_LISTS). */
mill_status mill_json_doubles(const mill_json *j, mill_arena *a, const double **out, int *n,
                              mill_error *err) MILL_USE_RESULT;
/* The number in a parsed value; texts "NaN", "Infinity", "-Infinity" too. */
double mill_json_number(const mill_json *j);
/* inputCol/outputCol or inputCols/outputCols as two lists of one length; Spark's errors for both or
** none of them, and for lengths that differ. */
mill_status mill_get_columns(const mill_stage *s, mill_arena *a, const char *const **in,
                             const char *const **out, int *n, mill_error *err) MILL_USE_RESULT;

/* A value that class or settings do not allow: IllegalArgumentException in Spark. */
mill_status mill_ml_refuse(mill_error *err, const mill_stage *s, const char *fmt, ...)
    __attribute__((format(printf, 3, 4), cold));

/* ---- models -------------------------------------------------------------------------------------- */

mill_arena *mill_model_arena(mill_stage *model);
/* The model's struct: zeroed, in the model's arena. NULL: out of memory. Once for each model. */
void *mill_model_new(mill_stage *model, size_t size);
const void *mill_model_data(const mill_stage *model);
/* Copies in the arena; NULL: out of memory. */
double *mill_model_doubles(mill_stage *model, const double *p, size_t n);
/* Stages inside a model (PipelineModel, CrossValidatorModel: the best one): takes references. */
mill_status mill_model_parts(mill_stage *model, mill_stage *const *parts, int n,
                             mill_error *err) MILL_USE_RESULT;
/* Models that tuning tried: takes references, NULLs are left out. */
mill_status mill_model_tried(mill_stage *model, mill_stage *const *tried, int n,
                             mill_error *err) MILL_USE_RESULT;
/* A copy of `stage` with the values of one of its MAPS (an item of mill_get_json), which may go to
** stages inside Pipelines. */
mill_status mill_stage_with(const mill_stage *stage, const mill_json *map, mill_stage **out,
                            mill_error *err) MILL_USE_RESULT;

/* ---- binding -------------------------------------------------------------------------------------------- */

struct mill_binder {
  mill_stage *stage;
  const mill_context *ctx;
  const mill_settings *set;
  const mill_type *schema; /* of the input */
  mill_arena *arena;       /* of the plan: for states of kernels */
  mill_stage_binding *out;
  const mill_peek *peek; /* NULL: only the schema is asked for */
  int capacity;
};

/* What an input column may be. */
enum {
  MILL_IN_NUMERIC = 1, /* integers, float, double, decimal */
  MILL_IN_VECTOR = 2,
  MILL_IN_STRING = 4,
  MILL_IN_BOOLEAN = 8,
  MILL_IN_STRINGS = 16, /* array<string> */
  MILL_IN_ARRAY = 32,   /* array of anything */
  MILL_IN_ANY = ~0,
};
/* The input column called `name`: its expression and its field (either may be NULL).
** FIELD_NOT_FOUND, or IllegalArgumentException for another type. */
mill_status mill_bind_input(mill_binder *b, const char *name, unsigned kinds,
                            const mill_bound **expr, const mill_field **field,
                            mill_error *err) MILL_USE_RESULT;
/* A cast where needed: to DOUBLE (null only where e is), or to any type, as the session casts. */
mill_status mill_bind_double(mill_binder *b, const mill_bound *e, const mill_bound **out,
                             mill_error *err) MILL_USE_RESULT;
mill_status mill_bind_to(mill_binder *b, const mill_bound *e, const mill_type *to,
                         const mill_bound **out, mill_error *err) MILL_USE_RESULT;
/* A call. MILL_FN_ flags as in kernel/function.h: without MILL_FN_NULLS a null argument gives null
** (Spark's functions on vectors fail on null: give MILL_FN_NULLS and mill_row_null there);
** MILL_FN_NULLABLE: the result may be null; MILL_FN_NO_RAISE: no row can fail. `name` is shown by
** EXPLAIN and errors. */
mill_status mill_bind_kernel(mill_binder *b, const char *name, mill_kernel kernel, unsigned flags,
                             const mill_type *type, const void *state,
                             const mill_bound *const *args, int n, const mill_bound **out,
                             mill_error *err) MILL_USE_RESULT;
/* Add an output column; name "" or NULL: nothing is added. IllegalArgumentException when there is
** one already. */
mill_status mill_bind_output(mill_binder *b, const char *name, const mill_type *type, bool nullable,
                             const char *metadata, const mill_bound *expr,
                             mill_error *err) MILL_USE_RESULT;
/* The same, but a column of that name is replaced. */
mill_status mill_bind_replace(mill_binder *b, const char *name, const mill_type *type,
                              bool nullable, const char *metadata, const mill_bound *expr,
                              mill_error *err) MILL_USE_RESULT;
/* Only rows where e is true are kept. Twice: where both are. */
mill_status mill_bind_keep(mill_binder *b, const mill_bound *e, mill_error *err) MILL_USE_RESULT;

/* Errors of kernels on a row: FAILED_EXECUTE_UDF with the reason. */
mill_status mill_row_fail(const mill_call *call, mill_error *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4), cold));
mill_status mill_row_null(const mill_call *call, mill_error *err) __attribute__((cold));

/* ---- attributes ------------------------------------------------------------------------------------------- */

mill_status mill_answer_double(mill_answer *a, double v, mill_error *err) MILL_USE_RESULT;
mill_status mill_answer_int(mill_answer *a, int32_t v, mill_error *err) MILL_USE_RESULT;
mill_status mill_answer_long(mill_answer *a, int64_t v, mill_error *err) MILL_USE_RESULT;
mill_status mill_answer_bool(mill_answer *a, bool v, mill_error *err) MILL_USE_RESULT;
mill_status mill_answer_text(mill_answer *a, const char *v, mill_error *err) MILL_USE_RESULT;
mill_status mill_answer_null(mill_answer *a, mill_error *err) MILL_USE_RESULT;
mill_status mill_answer_vec(mill_answer *a, const mill_vec *v, mill_error *err) MILL_USE_RESULT;
mill_status mill_answer_dense(mill_answer *a, const double *v, int n,
                              mill_error *err) MILL_USE_RESULT;
/* Column by column. */
mill_status mill_answer_matrix(mill_answer *a, const double *v, int rows, int cols,
                               mill_error *err) MILL_USE_RESULT;
/* Lists: of numbers, of texts, n lists of `width` numbers (row-major), of texts of counts[i] each. */
mill_status mill_answer_doubles(mill_answer *a, const double *v, size_t n,
                                mill_error *err) MILL_USE_RESULT;
mill_status mill_answer_ints(mill_answer *a, const int32_t *v, size_t n,
                             mill_error *err) MILL_USE_RESULT;
mill_status mill_answer_longs(mill_answer *a, const int64_t *v, size_t n,
                              mill_error *err) MILL_USE_RESULT;
mill_status mill_answer_texts(mill_answer *a, const char *const *v, size_t n,
                              mill_error *err) MILL_USE_RESULT;
mill_status mill_answer_double_lists(mill_answer *a, const double *v, size_t n, size_t width,
                                     mill_error *err) MILL_USE_RESULT;
mill_status mill_answer_text_lists(mill_answer *a, const char *const *const *v, const int *counts,
                                   size_t n, mill_error *err) MILL_USE_RESULT;
/* Rows of your own: as a list of Rows (a tree's nodes), or as a DataFrame. Take over the reference. */
void mill_answer_table_move(mill_answer *a, mill_table *t);
void mill_answer_frame_move(mill_answer *a, mill_table *t);
const mill_context *mill_answer_context(const mill_answer *a);

/* ---- persistence ------------------------------------------------------------------------------------------- */

/* Named pieces of a model; parameters, uid and parts are saved by the machinery. Names are unique
** in a class. Reading: what is missing or of another kind or size is CORRUPT_FILE; results come
** from the model's arena. */
mill_status mill_save_doubles(mill_saver *w, const char *name, const double *v, size_t n,
                              mill_error *err) MILL_USE_RESULT;
mill_status mill_save_ints(mill_saver *w, const char *name, const int32_t *v, size_t n,
                           mill_error *err) MILL_USE_RESULT;
mill_status mill_save_longs(mill_saver *w, const char *name, const int64_t *v, size_t n,
                            mill_error *err) MILL_USE_RESULT;
mill_status mill_save_texts(mill_saver *w, const char *name, const char *const *v, size_t n,
                            mill_error *err) MILL_USE_RESULT;
mill_status mill_save_double(mill_saver *w, const char *name, double v,
                             mill_error *err) MILL_USE_RESULT;
mill_status mill_save_long(mill_saver *w, const char *name, int64_t v,
                           mill_error *err) MILL_USE_RESULT;

mill_status mill_load_doubles(mill_loader *r, const char *name, const double **v, size_t *n,
                              mill_error *err) MILL_USE_RESULT;
mill_status mill_load_ints(mill_loader *r, const char *name, const int32_t **v, size_t *n,
                           mill_error *err) MILL_USE_RESULT;
mill_status mill_load_longs(mill_loader *r, const char *name, const int64_t **v, size_t *n,
                            mill_error *err) MILL_USE_RESULT;
mill_status mill_load_texts(mill_loader *r, const char *name, const char *const **v, size_t *n,
                            mill_error *err) MILL_USE_RESULT;
mill_status mill_load_double(mill_loader *r, const char *name, double *v,
                             mill_error *err) MILL_USE_RESULT;
mill_status mill_load_long(mill_loader *r, const char *name, int64_t *v,
                           mill_error *err) MILL_USE_RESULT;
/* CORRUPT_FILE: pieces that do not fit each other (check sizes and indices before you use them). */
mill_status mill_load_damaged(mill_loader *r, mill_error *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4), cold)) MILL_USE_RESULT;

#endif
