/* Metrics against values counted by hand: see csrc/ml/metrics_int.h. */
#include "../check.h"

#include <math.h>

#include "ml/metrics_int.h"

static void near(double got, double want) {
  CHECK(fabs(got - want) <= 1e-12 * fmax(1.0, fabs(want)), "%.17g, want %.17g", got, want);
}

static void regression(void) {
  /* scikit-learn's example: mse 0.375, mae 0.5, r2 0.948608.. */
  const double y[] = {3, -0.5, 2, 7}, p[] = {2.5, 0.0, 2, 8};
  mill_regression_metrics m = {0}, doubled = {0};
  for (int i = 0; i < 4; i++) mill_regression_add(&m, y[i], p[i], 1);
  for (int i = 0; i < 4; i++) mill_regression_add(&doubled, y[i], p[i], i == 3 ? 2 : 1);
  mill_regression_add(&m, 1e9, -1e9, 0); /* of no weight */
  near(mill_regression_mse(&m), 0.375);
  near(mill_regression_mae(&m), 0.5);
  near(mill_regression_r2(&m, false), 1 - 1.5 / 29.1875);
  near(mill_regression_r2(&m, true), 1 - 1.5 / 62.25);
  near(mill_regression_explained(&m),
       ((2.5 - 2.875) * (2.5 - 2.875) + 2.875 * 2.875 + 0.875 * 0.875 + 5.125 * 5.125) / 4);
  near(mill_regression_mse(&doubled), 2.5 / 5);
}

static void binary(void) {
  /* scores 0.9+ 0.8- 0.8+ 0.3- : ROC points (0,.5) (.5,1) (1,1) */
  mill_scored row[] = {{0.3, 0, 1}, {0.8, 1, 1}, {0.9, 1, 1}, {0.8, 0, 1}};
  mill_binary_metrics m;
  mill_binary_metrics_of(row, 4, 0, &m);
  CHECK(m.n == 3 && m.cut[0].score == 0.9 && m.cut[2].score == 0.3);
  near(mill_binary_roc(&m), 0.5 * 0.75 + 0.5);
  near(mill_binary_pr(&m), 0.5 * 1 + 0.5 * (1 + 2.0 / 3) / 2);
  near(mill_binary_f1(&m, 1), 2 * (2.0 / 3) * 1 / (2.0 / 3 + 1));
  mill_scored none[1], many[10];
  mill_binary_metrics_of(none, 0, 0, &m);
  near(mill_binary_roc(&m), 0.5);
  for (int i = 0; i < 10; i++) many[i] = (mill_scored){i, i > 6, 1};
  mill_binary_metrics_of(many, 10, 3, &m); /* groups of three; the last has one */
  CHECK(m.n == 4 && m.cut[0].score == 7 && m.cut[3].score == 0 && m.positives == 3);
  near(mill_binary_roc(&m), 1);
}

static void classes(void) {
  const double y[] = {0, 0, 1, 1, 2, 2}, p[] = {0, 1, 1, 1, 2, 7};
  mill_memory *memory = mill_memory_new(0);
  mill_arena a;
  mill_error err;
  mill_class_metrics m;
  mill_error_clear(&err);
  mill_arena_init(&a, memory);
  CHECK(mill_class_metrics_of(y, p, NULL, 6, &a, &m, &err) == MILL_OK && m.n == 3);
  near(m.hits / m.weight, 4.0 / 6);
  near(mill_class_metric_of(&m, MILL_PRECISION, 1, 1), 2.0 / 3);
  near(mill_class_metric_of(&m, MILL_RECALL, 1, 2), 0.5);
  near(mill_class_metric_of(&m, MILL_FALSE_POSITIVE, 1, 1), 0.25);
  near(mill_class_metric_of(&m, MILL_F_MEASURE, 1, 1), 0.8);
  near(mill_class_metric_of(&m, MILL_F_MEASURE, 2, 1), 5 * (2.0 / 3) / (4 * (2.0 / 3) + 1));
  near(mill_class_metric_mean(&m, MILL_RECALL, 1), 4.0 / 6);
  CHECK(mill_class_metrics_of(y, p, NULL, 0, &a, &m, &err) == MILL_OK && m.n == 0);
  mill_arena_clear(&a);
  mill_memory_free(memory);
}

int main(void) {
  regression();
  binary();
  classes();
  return check_done();
}
