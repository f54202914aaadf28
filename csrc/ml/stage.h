/* ML stages: estimators, transformers, models, evaluators; the same handle for all.
**
** A class is a static `mill_stage_class` in its own file (ml/string_indexer.c, ml/kmeans.c, ...)
** with a table of parameters; ml/class.def lists the classes. From the tables come the Lua
** constructors, validation, printing, help and persistence. A stage is a class and parameter
** values; a model is a stage of its model class with data (`model`), immutable once fitted. Stages
** are shared by reference count.
**
** Transformers are expressions: mill_stage_bind gives, for an input schema, the columns to add and
** perhaps a row filter as bound expressions whose kernels read the model. So pipelines are lazy,
** fuse with queries and run on streams. Errors are Spark's; parameters name their owner
** ("StringIndexer.handleInvalid"). */
#ifndef MILL_ML_STAGE_H
#define MILL_ML_STAGE_H

#include "column/chunk.h"
#include "kernel/bound.h"

/* Values of parameters as JSON text: NaN and infinities are "NaN", "Infinity", "-Infinity"; a VECTOR
** is {"type":1,"values":[..]} or {"type":0,"size":n,"indices":[..],"values":[..]}; a MATRIX is
** {"numRows":n,"numCols":n,"values":[..],"isTransposed":b} with values column by column; MAPS are a
** list of maps, each a list of {"parent":uid,"name":param,"value":json}. */
typedef enum mill_param_kind {
  MILL_PARAM_BOOLEAN,
  MILL_PARAM_INT,
  MILL_PARAM_LONG,
  MILL_PARAM_FLOAT,
  MILL_PARAM_DOUBLE,
  MILL_PARAM_STRING,
  MILL_PARAM_STRINGS,
  MILL_PARAM_INTS,
  MILL_PARAM_DOUBLES,
  MILL_PARAM_DOUBLE_LISTS, /* list of lists of doubles */
  MILL_PARAM_STRING_LISTS,
  MILL_PARAM_VECTOR,
  MILL_PARAM_MATRIX,
  MILL_PARAM_STAGES, /* Pipeline.stages */
  MILL_PARAM_STAGE,  /* CrossValidator.estimator, .evaluator */
  MILL_PARAM_MAPS,   /* CrossValidator.estimatorParamMaps */
} mill_param_kind;

typedef struct mill_stage mill_stage;
typedef struct mill_stage_class mill_stage_class;

typedef struct mill_param {
  const char *name;
  mill_param_kind kind;
  const char *preset; /* default as JSON text; NULL: none, "uid" for uid-derived output names */
  const char
      *valid; /* "[0,)", "(0,1]", "skip|error|keep", NULL: anything; shown in help and errors */
  const char *doc; /* one line, own words */
} mill_param;

typedef enum mill_stage_role {
  MILL_TRANSFORMER,
  MILL_ESTIMATOR,
  MILL_MODEL,
  MILL_EVALUATOR,
} mill_stage_role;

/* The data an estimator reads: rows of some columns, as often as it likes, and derived data sets.
** */
typedef struct mill_dataset mill_dataset;
struct mill_dataset {
  const mill_context *ctx;
  const mill_settings *set;
  const mill_type *schema;
  /* rows of the named columns, in order */
  mill_status (*open)(mill_dataset *d, const char *const *columns, int n, mill_rows **out,
                      mill_error *err);
  mill_status (*transform)(mill_dataset *d, mill_stage *stage, mill_dataset **out, mill_error *err);
  /* row subsets for CrossValidator: Spark's MLUtils.kFold */
  mill_status (*fold)(mill_dataset *d, int folds, int which, bool training, uint64_t seed,
                      const char *fold_column, mill_dataset **out, mill_error *err);
  /* rows whose rand(seed) is below `ratio`, or (training false) the others: TrainValidationSplit */
  mill_status (*split)(mill_dataset *d, double ratio, bool training, uint64_t seed,
                       mill_dataset **out, mill_error *err);
  void (*free)(mill_dataset *d);
};

/* What a transformer does to a schema. */
typedef struct mill_stage_binding {
  int n;
  mill_field *field;       /* columns added, in order */
  const mill_bound **expr; /* over the input columns by position */
  const mill_bound *keep;  /* rows to keep, or NULL: all */
} mill_stage_binding;

const mill_stage_class *mill_stage_class_find(const char *name,
                                              size_t n); /* "StringIndexerModel" */
const mill_stage_class *mill_stage_class_at(size_t i);   /* NULL at the end */
const char *mill_stage_class_name(const mill_stage_class *c);
const char *mill_stage_class_package(
    const mill_stage_class *c); /* "feature", "classification", ... */
const char *mill_stage_class_doc(const mill_stage_class *c);
const char *mill_stage_class_example(const mill_stage_class *c); /* Lua, or NULL */
/* Estimators: the class of what fit gives, else NULL. Fitted attributes that its stages may have. */
const char *mill_stage_class_model(const mill_stage_class *c);
const char *mill_stage_class_attribute(const mill_stage_class *c, int i); /* NULL at the end */
/* Do its models summarise other rows than those of training (mill_stage_summarise)? */
bool mill_stage_class_summarises(const mill_stage_class *c);
mill_stage_role mill_stage_class_role(const mill_stage_class *c);
const mill_param *mill_stage_class_param(const mill_stage_class *c, int i); /* NULL at the end */

/* uid NULL: a new one, "StringIndexer_5f3a...". */
mill_status mill_stage_new(const mill_context *ctx, const mill_stage_class *c, const char *uid,
                           mill_stage **out, mill_error *err) MILL_USE_RESULT;
/* A model from its own values as JSON instead of a fit (StringIndexerModel.from_labels). */
mill_status mill_stage_make(const mill_context *ctx, const mill_stage_class *c, const char *json,
                            size_t n, mill_stage **out, mill_error *err) MILL_USE_RESULT;
mill_stage *mill_stage_ref(mill_stage *s);
void mill_stage_unref(mill_stage *s);
const mill_stage_class *mill_stage_class_of(const mill_stage *s);
const char *mill_stage_uid(const mill_stage *s);

/* Parameters travel as JSON text; stages inside parameters go by mill_stage_set_stages. Values are
** checked against the table (INVALID_PARAMETER_VALUE-like errors that name class, parameter, value
** and what is valid). */
mill_status mill_stage_set(mill_stage *s, const char *param, const char *json, size_t n,
                           mill_error *err) MILL_USE_RESULT;
mill_status mill_stage_set_stages(mill_stage *s, const char *param, mill_stage *const *stages,
                                  int n, mill_error *err) MILL_USE_RESULT;
/* Back to the default, where there is one. */
mill_status mill_stage_clear(mill_stage *s, const char *param, mill_error *err) MILL_USE_RESULT;
bool mill_stage_is_set(const mill_stage *s, const char *param);
/* The set value or the default as JSON text; an error when there is neither. */
struct mill_text;
mill_status mill_stage_get(const mill_stage *s, const char *param, struct mill_text *out,
                           mill_error *err) MILL_USE_RESULT;
/* Same class and parameters, new handle (copy()); models share their data. */
mill_status mill_stage_copy(const mill_stage *s, mill_stage **out, mill_error *err) MILL_USE_RESULT;

/* The first row of the input, for transformers that must know the size of vectors whose metadata does
** not say it (Spark's VectorAssembler): the column's value in a table of that row, or no row. With
** `skip_null` the first row where the column is not null. */
typedef struct mill_peek {
  mill_status (*first)(void *arg, int column, bool skip_null, mill_table **out, mill_error *err);
  void *arg;
} mill_peek;

/* Transformers and models. `peek` NULL: only the schema is asked for, expressions may be NULL. */
mill_status mill_stage_bind(mill_stage *s, const mill_context *ctx, const mill_settings *set,
                            const mill_type *schema, const mill_peek *peek, mill_arena *a,
                            mill_stage_binding *out, mill_error *err) MILL_USE_RESULT;
/* Stages that a composite (PipelineModel) applies in turn; n = 0: the stage binds itself. */
int mill_stage_parts(const mill_stage *s, mill_stage *const **parts);
/* Models that tuning tried and kept, fold by fold, in the order of the maps; not saved. */
int mill_stage_tried(const mill_stage *s, mill_stage *const **tried);

/* Estimators: the fitted model (Pipeline and CrossValidator as well). Evaluators: the metric. */
mill_status mill_stage_fit(mill_stage *s, mill_dataset *d, mill_stage **model,
                           mill_error *err) MILL_USE_RESULT;
mill_status mill_stage_evaluate(mill_stage *s, mill_dataset *d, double *metric,
                                bool *larger_is_better, mill_error *err) MILL_USE_RESULT;

/* A copy of a model whose summary is that of the rows of d (Spark's model.evaluate). */
mill_status mill_stage_summarise(mill_stage *model, mill_dataset *d, mill_stage **out,
                                 mill_error *err) MILL_USE_RESULT;

/* Fitted attributes by Spark's names (labels, coefficients, intercept, summary.*): one-row tables
** of one column, so that every type can travel, lists of rows, or what is a DataFrame in Spark
** (`frame`); names are listed for help and __index. */
const char *mill_stage_attribute_at(const mill_stage *s, int i);
mill_status mill_stage_attribute(const mill_stage *s, const char *name, mill_table **out,
                                 bool *frame, mill_error *err) MILL_USE_RESULT;

/* One snapshot file (csrc/snapshot/container.h); overwrite false: PATH_ALREADY_EXISTS. */
mill_status mill_stage_save(const mill_stage *s, const mill_context *ctx, const char *path,
                            bool overwrite, mill_error *err) MILL_USE_RESULT;
mill_status mill_stage_load(const mill_context *ctx, const char *path, mill_stage **out,
                            mill_error *err) MILL_USE_RESULT;

#endif
