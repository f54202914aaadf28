/* What a stage is made of: for the machinery (stage.c, param.c, save.c), not for classes. Private to
** csrc/ml.
**
**     mill_stage -- class, uid, one value a parameter
**         `-- mill_model (models): arena with the class's struct, stages inside; shared by copies
*/
#ifndef MILL_ML_STATE_INT_H
#define MILL_ML_STATE_INT_H

#include "ml/stage_int.h"

typedef struct mill_param_value {
  mill_arena arena; /* of text and json */
  const char *text; /* NULL: not set */
  size_t size;
  mill_json *json;
  mill_stage **stages; /* STAGES, STAGE */
  int nstages;         /* -1: not set */
} mill_param_value;

typedef struct mill_model {
  int refs; /* atomic */
  mill_arena arena;
  void *data;
  mill_stage **parts; /* references */
  int nparts;
  mill_stage **tried; /* references */
  int ntried;
} mill_model;

struct mill_stage {
  const mill_context *ctx;
  const mill_stage_class *class;
  int refs; /* atomic */
  int nparams;
  mill_arena arena; /* of uid and defaults */
  const char *uid;
  mill_json **preset; /* defaults, parsed; NULL: none */
  mill_param_value *value;
  mill_model *model; /* models: NULL until fitted */
};

/* Number of a parameter in the class's table, -1: none. */
int mill_param_find(const mill_stage_class *c, const char *name);
/* INVALID_PARAMETER: is the value of the kind and in the range of p? */
mill_status mill_param_check(const mill_stage *s, const mill_param *p, const mill_json *j,
                             const char *text, mill_error *err) MILL_USE_RESULT;
/* The value set, or the default, or NULL. */
const mill_json *mill_param_json(const mill_stage *s, int i);
void mill_param_value_clear(mill_stage *s, mill_param_value *v);
/* A new model for s, which has none. */
mill_status mill_stage_need_model(mill_stage *s, mill_error *err) MILL_USE_RESULT;
/* The values of `from` for parameters that s has too; stages inside are shared. */
mill_status mill_stage_take_params(mill_stage *s, const mill_stage *from,
                                   mill_error *err) MILL_USE_RESULT;

/* The schema after `stage`: the columns of mill_stage_bind added or replaced; for pipelines of all
** stages in turn. The temporaries are in `a`. */
mill_status mill_stage_schema(mill_stage *stage, const mill_context *ctx, const mill_settings *set,
                              const mill_type *schema, mill_arena *a, const mill_type **out,
                              mill_error *err) MILL_USE_RESULT;

#endif
