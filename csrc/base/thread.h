/* A pool of worker threads and one way to use it: a loop over task numbers, run in parallel.
**
** Tasks are taken in ascending order (but for mill_pool_run_near). When one fails, those after it that have not begun are not
** run; the error reported is that of the lowest task that failed, so it is the same at any number
** of threads. The caller works too, as worker 0. A run inside a task, or while another run holds
** the pool, is done inline by its caller.
**
** Stopping: a poll that refuses stops its run. Tasks that have begun see it where they call
** mill_watch_check, as do runs inside them; so whoever may work for long calls it every few thousand
** rows. Work of the caller outside of runs is watched between mill_watch_begin and mill_watch_end. */
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
/* Asked on the caller's thread between its tasks and while it waits, at most about every 100 ms;
** `done` counts finished tasks. Anything but MILL_OK stops the run with that error. */
typedef mill_status (*mill_poll)(void *arg, size_t done, mill_error *err);

/* What a thread works under: a run, or a stretch of the caller's own work. Watches lie one in the other. */
typedef struct mill_watch mill_watch;
struct mill_watch {
  mill_watch *outer;
  mill_poll poll; /* NULL: that of the outer one is asked */
  void *poll_arg;
  const void *owner; /* the thread that may ask */
  int64_t asked;
  size_t done;    /* atomic: tasks */
  bool stopped;   /* atomic */
  mill_error why; /* once it is stopped */
};
void mill_watch_begin(mill_watch *w, mill_poll poll, void *poll_arg);
void mill_watch_end(mill_watch *w);
/* MILL_OK, or the error that stopped what this thread works under. Polls when it is time to and the
** thread may. Cheap: some 30 ns. */
mill_status mill_watch_check(mill_error *err) MILL_USE_RESULT;
/* Nanoseconds between polls, for tests; 100 ms at first. */
void mill_watch_every(int64_t nanos);

mill_status mill_pool_run(mill_pool *p, size_t ntasks, mill_task f, void *arg,
                          mill_error *err) MILL_USE_RESULT;
mill_status mill_pool_run_poll(mill_pool *p, size_t ntasks, mill_task f, void *arg, mill_poll poll,
                               void *poll_arg, mill_error *err) MILL_USE_RESULT;
/* The same for tasks that share work with those beside them: each worker begins with a run of its own,
** and takes half of what another has left when it is through. Below a task that failed all are run. */
mill_status mill_pool_run_near(mill_pool *p, size_t ntasks, mill_task f, void *arg, mill_poll poll,
                               void *poll_arg, mill_error *err) MILL_USE_RESULT;

#endif
