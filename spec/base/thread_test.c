#include "base/thread.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "../check.h"

enum { TASKS = 1000 };
static atomic_int ran[TASKS];
static mill_pool *pool;

static mill_status count(void *arg, size_t task, int worker, mill_error *err) {
  (void)arg, (void)worker, (void)err;
  atomic_fetch_add(&ran[task], 1);
  return MILL_OK;
}

static mill_status fail_from(void *arg, size_t task, int worker, mill_error *err) {
  (void)worker;
  if (task < *(size_t *)arg) return MILL_OK;
  return mill_fail(err, MILL_E_INTERNAL_ERROR, "message", mill_error_fmt(err, "task %zu", task),
                   NULL);
}

static mill_status nested(void *arg, size_t task, int worker, mill_error *err) {
  (void)task, (void)worker;
  return mill_pool_run(pool, 10, count, arg, err);
}

static mill_status refuse(void *arg, size_t done, mill_error *err) {
  (void)arg, (void)done;
  return mill_fail(err, MILL_E_INTERNAL_ERROR, "message", "stopped", NULL);
}

static mill_status slow(void *arg, size_t task, int worker, mill_error *err) {
  (void)arg, (void)task, (void)worker, (void)err;
  struct timespec t = {0, 5000000};
  nanosleep(&t, NULL);
  return MILL_OK;
}

/* Ends only when it is stopped. */
static mill_status until_stopped(void *arg, size_t task, int worker, mill_error *err) {
  (void)arg, (void)task, (void)worker;
  for (;;) MILL_TRY(mill_watch_check(err));
}

static mill_status nested_until_stopped(void *arg, size_t task, int worker, mill_error *err) {
  (void)task, (void)worker;
  return mill_pool_run(pool, 3, until_stopped, arg, err);
}

/* A refusal reaches tasks that have begun, runs inside them, and runs of a caller that is watched. */
static void stopping(void) {
  mill_error err;
  mill_watch w;
  mill_watch_every(0);
  mill_task tasks[] = {until_stopped, nested_until_stopped};
  for (int i = 0; i < 2; i++) {
    mill_error_clear(&err);
    CHECK(mill_pool_run_poll(pool, 8, tasks[i], NULL, refuse, NULL, &err) == MILL_E_INTERNAL_ERROR);
    CHECK(strstr(mill_error_message(&err), "stopped") != NULL);
    CHECK(mill_watch_check(&err) == MILL_OK);
    mill_watch_begin(&w, refuse, NULL);
    mill_error_clear(&err);
    CHECK(mill_pool_run(pool, 8, tasks[i], NULL, &err) == MILL_E_INTERNAL_ERROR);
    CHECK(strstr(mill_error_message(&err), "stopped") != NULL);
    CHECK(mill_watch_check(&err) == MILL_E_INTERNAL_ERROR);
    mill_watch_end(&w);
  }
  CHECK(mill_watch_check(&err) == MILL_OK);
  mill_watch_every(100000000);
}

static void with_threads(mill_memory *m, int threads) {
  mill_error err;
  mill_error_clear(&err);
  CHECK(mill_pool_new(m, threads, &pool, &err) == MILL_OK);
  memset(ran, 0, sizeof ran);
  for (int k = 0; k < 50; k++) CHECK(mill_pool_run(pool, TASKS, count, NULL, &err) == MILL_OK);
  int wrong = 0;
  for (int i = 0; i < TASKS; i++) wrong += ran[i] != 50;
  CHECK(wrong == 0);
  memset(ran, 0, sizeof ran);
  for (int k = 0; k < 50; k++)
    CHECK(mill_pool_run_near(pool, TASKS, count, NULL, NULL, NULL, &err) == MILL_OK);
  for (int i = 0; i < TASKS; i++) wrong += ran[i] != 50;
  CHECK(wrong == 0);
  size_t from = 37;
  for (int k = 0; k < 20; k++) {
    CHECK(mill_pool_run_near(pool, TASKS, fail_from, &from, NULL, NULL, &err) ==
          MILL_E_INTERNAL_ERROR);
    CHECK(strstr(mill_error_message(&err), "task 37") != NULL);
  }
  CHECK(mill_pool_run_near(pool, TASKS, slow, NULL, refuse, NULL, &err) == MILL_E_INTERNAL_ERROR);
  CHECK(mill_pool_run(pool, TASKS, fail_from, &from, &err) == MILL_E_INTERNAL_ERROR);
  CHECK(strstr(mill_error_message(&err), "task 37") != NULL);
  int before = ran[3];
  CHECK(mill_pool_run(pool, 5, nested, NULL, &err) == MILL_OK && ran[3] == before + 5);
  CHECK(mill_pool_run_poll(pool, TASKS, slow, NULL, refuse, NULL, &err) == MILL_E_INTERNAL_ERROR);
  CHECK(mill_pool_run(pool, 0, count, NULL, &err) == MILL_OK);
  stopping();
  mill_pool_free(pool);
}

int main(void) {
  mill_memory *m = mill_memory_new(0);
  with_threads(m, 1);
  with_threads(m, 2);
  with_threads(m, 5);
  CHECK(mill_memory_read(m).blocks == 0);
  mill_memory_free(m);
  return check_done();
}
