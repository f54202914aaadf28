/* A pool of worker threads and one way to use it: a loop over task numbers, run in parallel.
**
** Tasks are taken in ascending order. When one fails, those after it that have not begun are not
** run; the error reported is that of the lowest task that failed, so it is the same at any number
** of threads. The caller works too, as worker 0. A run inside a task, or while another run holds
** the pool, is done inline by its caller. */
#ifndef MILL_BASE_THREAD_H
#define MILL_BASE_THREAD_H

#include "base/memory.h"

typedef struct mill_pool mill_pool;

/* threads counts the caller: 1 starts none. Threads start at the first run that can use them. */
mill_status mill_pool_new(mill_memory *m, int threads, mill_pool **out,
                          mill_error *err) MILL_USE_RESULT;
void mill_pool_free(mill_pool *p);
int mill_pool_threads(const mill_pool *p);

typedef mill_status (*mill_task)(void *arg, size_t task, int worker, mill_error *err);
/* Asked on the caller's thread between its tasks, in mill_pool_check and while it waits, at most about every 100 ms;
** `done` counts finished tasks. Anything but MILL_OK stops the run with that error. */
typedef mill_status (*mill_poll)(void *arg, size_t done, mill_error *err);

/* For tasks that take long: not MILL_OK when the run, or one around it, was cancelled; then the task
** returns it. On the caller's thread it is poll that is asked. */
mill_status mill_pool_check(mill_error *err) MILL_USE_RESULT;

mill_status mill_pool_run(mill_pool *p, size_t ntasks, mill_task f, void *arg,
                          mill_error *err) MILL_USE_RESULT;
mill_status mill_pool_run_poll(mill_pool *p, size_t ntasks, mill_task f, void *arg, mill_poll poll,
                               void *poll_arg, mill_error *err) MILL_USE_RESULT;

#endif
