/* Bucketizer: the number of the interval that a value lies in.
**
** n + 1 ascending splits make n buckets [split, next split); the last one includes its end. Values
** outside are an error. handleInvalid is about NaN and null: an error, dropped rows, or one more
** bucket ("keep"). Reference: Spark's ml.feature.Bucketizer. */
#include <math.h>
#include <string.h>

#include "base/number.h"
#include "ml/stage_int.h"

static const mill_param params[] = {
    MILL_P_INPUT,
    MILL_P_INPUTS,
    MILL_P_OUTPUT,
    MILL_P_OUTPUTS,
    {"splits", MILL_PARAM_DOUBLES, NULL, NULL, "ends of the buckets, three or more, ascending"},
    {"splitsArray", MILL_PARAM_DOUBLE_LISTS, NULL, NULL, "splits for each of inputCols"},
    {"handleInvalid", MILL_PARAM_STRING, "\"error\"", "error|skip|keep",
     "what to do with NaN and null"},
    {0}};

typedef struct buckets {
  int n; /* splits */
  const double *split;
  bool keep;
} buckets;

/* ---- parameters ----------------------------------------------------------------------------------- */

static mill_status check_splits(const mill_stage *s, const mill_json *list, mill_error *err) {
  double last = 0;
  bool first = true;
  if (list->n < 3) return mill_ml_refuse(err, s, "splits are three numbers or more");
  for (const mill_json *c = list->child; c; c = c->next, first = false) {
    double v = mill_json_number(c);
    if (isnan(v) || (!first && v <= last))
      return mill_ml_refuse(err, s, "splits must ascend; %g follows %g", v, last);
    last = v;
  }
  return MILL_OK;
}

static mill_status check(const mill_stage *s, const char *param, mill_error *err) {
  if (strcmp(param, "splits") == 0) return check_splits(s, mill_get_json(s, param), err);
  if (strcmp(param, "splitsArray") != 0) return MILL_OK;
  for (const mill_json *c = mill_get_json(s, param)->child; c; c = c->next)
    MILL_TRY(check_splits(s, c, err));
  return MILL_OK;
}

/* ---- kernels ---------------------------------------------------------------------------------------- */

/* The last split that is not above v; v lies between the first and the last. Java's order of doubles:
** -0.0 is below 0.0. */
static int search(const buckets *b, double v) {
  int low = 0, high = b->n - 1;
  while (high - low > 1) {
    int mid = low + (high - low) / 2;
    double split = b->split[mid];
    bool above = split > v || (split == 0 && v == 0 && signbit(v) && !signbit(split));
    if (above) {
      high = mid;
    } else {
      low = mid;
    }
  }
  return low;
}

static mill_status k_bucket(mill_call *call, const mill_vector *const *args, size_t n,
                            mill_vector *out, mill_error *err) {
  const buckets *b = call->state;
  double low = b->split[0], high = b->split[b->n - 1], *to = out->data;
  for (size_t i = 0; i < n; i++) {
    uint32_t k = (uint32_t)i & args[0]->mask;
    double v = ((const double *)args[0]->data)[k];
    if (!mill_valid_bit(args[0]->valid, k) || isnan(v)) {
      if (!b->keep)
        return mill_row_fail(call, err,
                             "the value is NaN or NULL; Bucketizer.handleInvalid = \"keep\" or "
                             "\"skip\" allows for that");
      to[i] = b->n - 1;
    } else if (v == high) {
      to[i] = b->n - 2;
    } else if (v < low || v > high || (v == low && signbit(v) && !signbit(low) && v == 0)) {
      return mill_row_fail(call, err,
                           "the value %g lies outside the splits, which reach from %g to %g", v,
                           low, high);
    } else {
      to[i] = search(b, v);
    }
  }
  return MILL_OK;
}

static mill_status k_number(mill_call *call, const mill_vector *const *args, size_t n,
                            mill_vector *out, mill_error *err) {
  (void)call, (void)err;
  for (size_t i = 0; i < n; i++) {
    uint32_t k = (uint32_t)i & args[0]->mask;
    ((uint8_t *)out->data)[i] =
        mill_valid_bit(args[0]->valid, k) && !isnan(((const double *)args[0]->data)[k]);
  }
  return MILL_OK;
}

/* ---- bind --------------------------------------------------------------------------------------------- */

/* Buckets are called "0.0, 1.5" by their ends. */
static const char *metadata(mill_binder *b, const buckets *k) {
  const char **vals = mill_arena_alloc(b->arena, (size_t)k->n * sizeof *vals);
  char name[2 * MILL_DOUBLE_TEXT + 4];
  if (vals == NULL) return NULL;
  for (int i = 0; i + 1 < k->n; i++) {
    int n = mill_double_text(k->split[i], name);
    memcpy(name + n, ", ", 2);
    n += 2 + mill_double_text(k->split[i + 1], name + n + 2);
    vals[i] = mill_arena_strndup(b->arena, name, (size_t)n);
    if (vals[i] == NULL) return NULL;
  }
  mill_attr at = {.kind = MILL_ATTR_NOMINAL, .nvals = k->n - 1, .vals = vals, .ordinal = 1};
  return mill_attr_write(&at, b->arena);
}

static mill_status bind_column(mill_binder *b, const mill_json *splits, const char *in,
                               const char *out, mill_error *err) {
  const mill_bound *e, *call;
  buckets *k = mill_arena_alloc(b->arena, sizeof *k);
  if (k == NULL) return mill_oom(b->ctx->memory, sizeof *k, err);
  MILL_TRY(mill_bind_input(b, in, MILL_IN_NUMERIC, &e, NULL, err));
  MILL_TRY(mill_bind_double(b, e, &e, err));
  MILL_TRY(mill_json_doubles(splits, b->arena, &k->split, &k->n, err));
  k->keep = mill_get_is(b->stage, "handleInvalid", "keep");
  const char *meta = metadata(b, k);
  if (meta == NULL) return mill_oom(b->ctx->memory, 1, err);
  if (mill_get_is(b->stage, "handleInvalid", "skip")) {
    MILL_TRY(mill_bind_kernel(b, "Bucketizer", k_number, MILL_FN_NULLS | MILL_FN_NO_RAISE,
                              mill_type_of(MILL_BOOLEAN), NULL, &e, 1, &call, err));
    MILL_TRY(mill_bind_keep(b, call, err));
  }
  const mill_type *type = mill_type_of(MILL_DOUBLE);
  MILL_TRY(mill_bind_kernel(b, "Bucketizer", k_bucket, MILL_FN_NULLS, type, k, &e, 1, &call, err));
  return mill_bind_output(b, out, type, true, meta, call, err);
}

static mill_status bind(mill_binder *b, mill_error *err) {
  const char *const *in, *const *out;
  int n;
  MILL_TRY(mill_get_columns(b->stage, b->arena, &in, &out, &n, err));
  bool many = mill_has(b->stage, "inputCols");
  const mill_json *splits = mill_get_json(b->stage, many ? "splitsArray" : "splits");
  if (splits == NULL || mill_has(b->stage, many ? "splits" : "splitsArray"))
    return mill_ml_refuse(err, b->stage, "%s goes with %s", many ? "splitsArray" : "splits",
                          many ? "inputCols" : "inputCol");
  if (!many) return bind_column(b, splits, in[0], out[0], err);
  if ((size_t)n != splits->n)
    return mill_ml_refuse(err, b->stage, "there are %d inputCols, but %zu lists in splitsArray", n,
                          splits->n);
  const mill_json *list = splits->child;
  for (int i = 0; i < n; i++, list = list->next) MILL_TRY(bind_column(b, list, in[i], out[i], err));
  return MILL_OK;
}

const mill_stage_class mill_class_Bucketizer = {
    .name = "Bucketizer",
    .package = "feature",
    .role = MILL_TRANSFORMER,
    .doc = "Numbers the intervals that values lie in.",
    .example = "ml.feature.Bucketizer{ inputCol = \"age\", outputCol = \"group\",\n"
               "  splits = { 0, 18, 65, math.huge } }:transform(df):show()",
    .params = params,
    .check = check,
    .bind = bind,
};
