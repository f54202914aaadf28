/* Reading the columns of evaluators: see evaluator_int.h. */
#include "ml/evaluator_int.h"

#include <math.h>

typedef struct walk {
  mill_work *work;
  const mill_evaluate_column *column;
  int at[MILL_EVALUATE_COLUMNS]; /* in the batch; -1: not read */
  const char *name[MILL_EVALUATE_COLUMNS];
  mill_evaluate_see see;
  void *arg;
} walk;

static mill_status cell(const walk *k, int c, const mill_vector *v, uint32_t row,
                        mill_evaluate_row *out, mill_error *err) {
  if (!mill_vector_valid(v, row))
    return mill_data_fail(k->work, err, "the column `%s` has a NULL", k->name[c]);
  if (v->type->id == MILL_VECTOR) {
    out->vec[c] = mill_vec_at(v, row);
    return MILL_OK;
  }
  out->value[c] = mill_number_at(v, row);
  if (!k->column[c].weight) return MILL_OK;
  if (!isfinite(out->value[c]) || out->value[c] < 0)
    return mill_data_fail(k->work, err, "a weight in `%s` is negative, NaN or infinite: %g",
                          k->name[c], out->value[c]);
  return MILL_OK;
}

static mill_status see_batch(void *arg, const mill_batch *b, mill_error *err) {
  const walk *k = arg;
  for (uint32_t i = 0; i < b->n; i++) {
    uint32_t row = mill_batch_row(b, i);
    mill_evaluate_row r = {.value = {1.0, 1.0, 1.0, 1.0}};
    for (int c = 0; k->column[c].param; c++)
      if (k->at[c] >= 0) MILL_TRY(cell(k, c, &b->col[k->at[c]], row, &r, err));
    MILL_TRY(k->see(k->arg, &r, err));
  }
  return MILL_OK;
}

mill_status mill_evaluate_walk(mill_work *w, const mill_evaluate_column *columns,
                               mill_evaluate_see see, void *arg, mill_error *err) {
  const char *names[MILL_EVALUATE_COLUMNS];
  mill_stage_binding none = {0};
  mill_binder b = {
      (mill_stage *)(uintptr_t)w->stage, w->ctx, w->set, w->data->schema, w->scratch, &none, 0, 0};
  walk k = {.work = w, .column = columns, .see = see, .arg = arg};
  int n = 0;
  for (int c = 0; columns[c].param; c++) {
    k.at[c] = -1;
    if (!mill_has(w->stage, columns[c].param)) continue;
    k.name[c] = mill_get_text(w->stage, columns[c].param);
    if (*k.name[c] == 0) continue;
    MILL_TRY(mill_bind_input(&b, k.name[c], columns[c].kinds, NULL, NULL, err));
    k.at[c] = n;
    names[n++] = k.name[c];
  }
  return mill_data_walk(w, names, n, see_batch, &k, err);
}
