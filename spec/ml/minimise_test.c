/* Optimisers against minima in closed form: see csrc/ml/minimise_int.h. */
#include "../check.h"

#include <float.h>
#include <math.h>

#include "ml/minimise_int.h"

static mill_memory *M;
static int calls;

/* 1/2 sum c[i] (x[i] - m[i])^2 */
static const double C[] = {1.0, 10.0, 100.0, 0.5}, CENTRE[] = {1.0, -2.0, 0.25, 3.0};

static mill_status bowl(void *arg, double *x, double *value, double *g, mill_error *err) {
  (void)arg, (void)err;
  *value = 0.0;
  calls++;
  for (int i = 0; i < 4; i++) {
    double d = x[i] - CENTRE[i];
    *value += 0.5 * C[i] * d * d;
    g[i] = C[i] * d;
  }
  return MILL_OK;
}

static mill_status rosenbrock(void *arg, double *x, double *value, double *g, mill_error *err) {
  (void)arg, (void)err;
  double a = 1 - x[0], b = x[1] - x[0] * x[0];
  *value = a * a + 100 * b * b;
  g[0] = -2 * a - 400 * x[0] * b;
  g[1] = 200 * b;
  return MILL_OK;
}

static mill_status broken(void *arg, double *x, double *value, double *g, mill_error *err) {
  (void)arg, (void)x, (void)err;
  *value = g[0] = NAN;
  return MILL_OK;
}

static mill_status refuses(void *arg, double *x, double *value, double *g, mill_error *err) {
  (void)arg, (void)x, (void)value, (void)g;
  return mill_oom(M, 1, err);
}

static mill_minimise_trace minimise(const mill_objective *f, mill_minimise_options o, double *x,
                                    mill_status *status) {
  static mill_arena a;
  static bool open;
  mill_minimise_trace t;
  mill_error err;
  mill_error_clear(&err);
  if (open) mill_arena_clear(&a);
  mill_arena_init(&a, M);
  open = true;
  *status = mill_minimise(f, &o, M, &a, x, &t, &err);
  if (f == NULL) mill_arena_clear(&a);
  return t;
}

static void check_point(const double *x, const double *want, int n, double tolerance) {
  for (int i = 0; i < n; i++)
    CHECK(fabs(x[i] - want[i]) <= tolerance, "x[%d] = %.12g, want %.12g", i, x[i], want[i]);
}

static void smooth(void) {
  mill_status s;
  mill_objective f = {4, NULL, bowl}, r = {2, NULL, rosenbrock};
  double x[4] = {0}, y[2] = {-1.2, 1.0}, one[] = {1.0, 1.0};
  mill_minimise_trace t =
      minimise(&f, (mill_minimise_options){.max_iter = 100, .tol = 1e-12}, x, &s);
  CHECK(s == MILL_OK && t.n > 2);
  check_point(x, CENTRE, 4, 1e-6);
  for (int i = 1; i < t.n; i++) CHECK(t.value[i] <= t.value[i - 1]);
  t = minimise(&r, (mill_minimise_options){.max_iter = 200, .tol = 1e-12}, y, &s);
  check_point(y, one, 2, 1e-5);
}

/* The minimum of c/2 (x - m)^2 + l |x| is m shrunk by l / c towards 0. */
static void lasso(void) {
  mill_status s;
  mill_objective f = {4, NULL, bowl};
  double x[4] = {0}, l1[] = {0.25, 5.0, 50.0, 0.0}, want[] = {0.75, -1.5, 0.0, 3.0};
  minimise(&f, (mill_minimise_options){.max_iter = 200, .tol = 1e-12, .l1 = l1}, x, &s);
  CHECK(s == MILL_OK && x[2] == 0.0);
  check_point(x, want, 4, 1e-6);
}

static void bounds(void) {
  mill_status s;
  mill_objective f = {4, NULL, bowl};
  double x[4] = {0}, lower[] = {-1.0, -1.0, -INFINITY, -DBL_MAX},
         upper[] = {0.5, 1.0, 1.0, DBL_MAX};
  double want[] = {0.5, -1.0, 0.25, 3.0};
  mill_minimise_options o = {.max_iter = 100, .tol = 1e-12, .lower = lower, .upper = upper};
  minimise(&f, o, x, &s);
  CHECK(s == MILL_OK);
  check_point(x, want, 4, 1e-5);
  mill_objective r = {2, NULL, rosenbrock};
  double y[2] = {-1.2, 1.0}, low[] = {-2.0, -2.0}, high[] = {0.5, 2.0}, corner[] = {0.5, 0.25};
  o = (mill_minimise_options){.max_iter = 200, .tol = 1e-12, .lower = low, .upper = high};
  minimise(&r, o, y, &s);
  check_point(y, corner, 2, 1e-4);
}

static void limits(void) {
  mill_status s;
  mill_objective f = {4, NULL, bowl}, nan = {1, NULL, broken}, stop = {1, NULL, refuses};
  double x[4] = {0}, y[1] = {0};
  calls = 0;
  mill_minimise_trace t = minimise(&f, (mill_minimise_options){.max_iter = 0, .tol = 0}, x, &s);
  CHECK(s == MILL_OK && t.n == 1 && calls == 1 && x[0] == 0.0);
  t = minimise(&f, (mill_minimise_options){.max_iter = 2, .tol = 0}, x, &s);
  CHECK(t.n == 3, "%d", t.n);
  t = minimise(&nan, (mill_minimise_options){.max_iter = 50, .tol = 1e-6}, y, &s);
  CHECK(s == MILL_OK && t.n < 50, "gives up: %d", t.n);
  minimise(&stop, (mill_minimise_options){.max_iter = 50}, y, &s);
  CHECK(s != MILL_OK);
}

/* Every allocation may fail; nothing is left behind. */
static void memory(void) {
  double lower[] = {-1, -1, -1, -1}, upper[] = {1, 1, 1, 1};
  for (uint64_t n = 1;; n++) {
    mill_objective f = {4, NULL, bowl};
    double x[4] = {0};
    mill_arena a;
    mill_error err;
    mill_minimise_trace t;
    mill_error_clear(&err);
    size_t blocks = mill_memory_read(M).blocks;
    mill_arena_init(&a, M);
    mill_memory_fail_at(M, n, false);
    mill_minimise_options o = {.max_iter = 9, .lower = n % 2 ? lower : NULL, .upper = upper};
    mill_status s = mill_minimise(&f, &o, M, &a, x, &t, &err);
    mill_memory_fail_at(M, 0, false);
    mill_arena_clear(&a);
    CHECK(mill_memory_read(M).blocks == blocks);
    if (s == MILL_OK && n > 4) break;
    CHECK(n < 100);
    if (n >= 100) break;
  }
}

int main(void) {
  M = mill_memory_new(0);
  smooth();
  lasso();
  bounds();
  limits();
  memory();
  return check_done();
}
