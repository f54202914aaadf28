#include "base/thread.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"

enum { POOL_MAX = 256 };
static const int64_t poll_every = 100000000; /* nanoseconds */

/* One run: shared by its workers, guarded by the pool's lock where not atomic. */
typedef struct run {
  mill_task f;
  void *arg;
  size_t ntasks;
  atomic_size_t next, done;
  atomic_bool stop, cancelled; /* cancelled: by poll */
  size_t failed_task;          /* lowest so far; ntasks: none */
  mill_error *err;
} run;

struct mill_pool {
  mill_memory *memory;
  int threads, started;
  pthread_mutex_t lock;
  pthread_cond_t work, idle;
  run *current;
  uint64_t generation;
  int active; /* workers inside the current run */
  atomic_bool busy, closing;
  pthread_t id[POOL_MAX];
};

typedef struct worker_arg {
  mill_pool *pool;
  int number;
} worker_arg;

mill_status mill_pool_new(mill_memory *m, int threads, mill_pool **out, mill_error *err) {
  mill_pool *p = mill_calloc(m, sizeof *p);
  if (!p) return mill_oom(m, sizeof *p, err);
  p->memory = m;
  p->threads = threads < 1 ? 1 : threads > POOL_MAX ? POOL_MAX : threads;
  pthread_condattr_t attr;
  bool ok = pthread_mutex_init(&p->lock, NULL) == 0 && pthread_condattr_init(&attr) == 0 &&
            pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 &&
            pthread_cond_init(&p->work, NULL) == 0 && pthread_cond_init(&p->idle, &attr) == 0;
  if (!ok) {
    mill_free(m, p, sizeof *p);
    return mill_fail(err, MILL_E_INTERNAL_ERROR, "message", "no thread primitives left", NULL);
  }
  pthread_condattr_destroy(&attr);
  *out = p;
  return MILL_OK;
}

int mill_pool_threads(const mill_pool *p) { return p->threads; }

void mill_pool_free(mill_pool *p) {
  if (!p) return;
  pthread_mutex_lock(&p->lock);
  p->closing = true;
  pthread_cond_broadcast(&p->work);
  pthread_mutex_unlock(&p->lock);
  for (int i = 0; i < p->started; i++) pthread_join(p->id[i], NULL);
  pthread_mutex_destroy(&p->lock);
  pthread_cond_destroy(&p->work);
  pthread_cond_destroy(&p->idle);
  mill_free(p->memory, p, sizeof *p);
}

/* Keep the error of the lowest failed task. */
static void failed(mill_pool *p, run *r, size_t task, const mill_error *err) {
  pthread_mutex_lock(&p->lock);
  if (task < r->failed_task) {
    r->failed_task = task;
    if (r->err) *r->err = *err;
  }
  r->stop = true;
  pthread_mutex_unlock(&p->lock);
}

/* ---- inside tasks ------------------------------------------------------------------------------ */

/* The run that a thread works for, and the one around it. Who may ask has a poll. */
typedef struct watch {
  struct watch *outer;
  mill_pool *pool;
  run *run;
  mill_poll poll;
  void *poll_arg;
  int64_t asked;
} watch;

static _Thread_local watch *watching;

/* Ask poll when it is time; false when it wants the run to end. */
static bool ask(watch *w) {
  if (w->poll == NULL || mill_monotonic() - w->asked < poll_every) return true;
  w->asked = mill_monotonic();
  mill_error err;
  mill_error_clear(&err);
  mill_status s = w->poll(w->poll_arg, w->run->done, &err);
  if (s == MILL_OK) return true;
  err.condition = s;
  w->run->cancelled = true;
  failed(w->pool, w->run, 0, &err);
  return false;
}

mill_status mill_pool_check(mill_error *err) {
  for (watch *w = watching; w; w = w->outer)
    if (w->run->cancelled || !ask(w))
      return mill_fail(err, MILL_E_INTERNAL_ERROR, "message", "cancelled", NULL); /* told already */
  return MILL_OK;
}

/* Take tasks until there are none; with `poll` set, one at a time between questions. */
static bool step(mill_pool *p, run *r, int worker) {
  if (r->stop) return false;
  size_t task = atomic_fetch_add(&r->next, 1);
  if (task >= r->ntasks) return false;
  mill_error err;
  mill_error_clear(&err);
  mill_status s = r->f(r->arg, task, worker, &err);
  if (s != MILL_OK) {
    err.condition = s;
    failed(p, r, task, &err);
  }
  atomic_fetch_add(&r->done, 1);
  return true;
}

static void *worker_main(void *argument) {
  worker_arg a = *(worker_arg *)argument;
  mill_pool *p = a.pool;
  mill_free(p->memory, argument, sizeof a);
  uint64_t seen = 0;
  pthread_mutex_lock(&p->lock);
  while (!p->closing) {
    if (!p->current || p->generation == seen) {
      pthread_cond_wait(&p->work, &p->lock);
      continue;
    }
    seen = p->generation;
    run *r = p->current;
    p->active++;
    pthread_mutex_unlock(&p->lock);
    watch own = {.pool = p, .run = r};
    watching = &own;
    while (step(p, r, a.number))
      ;
    watching = NULL;
    pthread_mutex_lock(&p->lock);
    if (--p->active == 0) pthread_cond_signal(&p->idle);
  }
  pthread_mutex_unlock(&p->lock);
  return NULL;
}

/* Start the workers that are still missing; fewer than wanted is no error. Signals stay with the
** host. */
static void start_workers(mill_pool *p) {
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  while (p->started < p->threads - 1) {
    worker_arg *a = mill_alloc(p->memory, sizeof *a);
    if (!a) break;
    *a = (worker_arg){p, p->started + 1};
    if (pthread_create(&p->id[p->started], NULL, worker_main, a) != 0) {
      mill_free(p->memory, a, sizeof *a);
      break;
    }
    p->started++;
  }
  pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* Wait until no worker is inside the run, asking poll meanwhile. */
static void drain(mill_pool *p, run *r, mill_poll poll, void *poll_arg) {
  pthread_mutex_lock(&p->lock);
  p->current = NULL;
  while (p->active > 0) {
    struct timespec until = mill_monotonic_after(poll_every);
    if (!poll) {
      pthread_cond_wait(&p->idle, &p->lock);
    } else if (pthread_cond_timedwait(&p->idle, &p->lock, &until) != 0 && p->active > 0) {
      pthread_mutex_unlock(&p->lock);
      mill_error err;
      mill_error_clear(&err);
      if (!r->stop && poll(poll_arg, r->done, &err) != MILL_OK) {
        r->cancelled = true;
        failed(p, r, 0, &err);
      }
      pthread_mutex_lock(&p->lock);
    }
  }
  pthread_mutex_unlock(&p->lock);
}

static mill_status outcome(const run *r, mill_error *local, mill_error *err) {
  if (r->failed_task >= r->ntasks) return MILL_OK;
  if (err) *err = *local;
  return local->condition;
}

/* Work through the tasks on the caller's thread, asking poll now and then. */
static void work(mill_pool *p, run *r, mill_poll poll, void *poll_arg) {
  watch own = {watching, p, r, poll, poll_arg, mill_monotonic()};
  watching = &own;
  while (step(p, r, 0)) (void)ask(&own);
  watching = own.outer;
}

mill_status mill_pool_run_poll(mill_pool *p, size_t ntasks, mill_task f, void *arg, mill_poll poll,
                               void *poll_arg, mill_error *err) {
  if (ntasks == 0) return MILL_OK;
  mill_error local;
  run r = {.f = f, .arg = arg, .ntasks = ntasks, .failed_task = ntasks, .err = &local};
  bool mine = p->threads > 1 && ntasks > 1 && !atomic_exchange(&p->busy, true);
  if (mine) {
    start_workers(p);
    pthread_mutex_lock(&p->lock);
    p->current = &r;
    p->generation++;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
  }
  work(p, &r, poll, poll_arg);
  if (mine) {
    drain(p, &r, poll, poll_arg);
    p->busy = false;
  }
  return outcome(&r, &local, err);
}

mill_status mill_pool_run(mill_pool *p, size_t ntasks, mill_task f, void *arg, mill_error *err) {
  return mill_pool_run_poll(p, ntasks, f, arg, NULL, NULL, err);
}
