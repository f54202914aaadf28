#include "base/thread.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "base/clock.h"

enum { POOL_MAX = 256 };
static _Atomic int64_t poll_every = 100000000; /* nanoseconds */

/* One run: shared by its workers, guarded by the pool's lock where not atomic. */
typedef struct run {
  mill_task f;
  void *arg;
  size_t ntasks;
  atomic_size_t next;
  atomic_bool stop;
  size_t failed_task; /* lowest so far; ntasks: none */
  mill_error *err;
  atomic_uint_fast64_t
      *span; /* one a worker: its next task << 32 | its end. NULL: all from `next` */
  int spans;
  mill_watch watch; /* begins with the run; long, and not zeroed */
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

/* ---- watches -------------------------------------------------------------------------------- */

static _Thread_local mill_watch *inside;

static bool is_stopped(const mill_watch *w) {
  return __atomic_load_n(&w->stopped, __ATOMIC_ACQUIRE);
}

/* Whom this thread may ask about w; NULL: nobody. */
static mill_watch *asked_for(mill_watch *w) {
  while (w && w->poll == NULL) w = w->outer;
  return w && w->owner == &inside ? w : NULL;
}

void mill_watch_begin(mill_watch *w, mill_poll poll, void *poll_arg) {
  const mill_watch *before = asked_for(inside);
  w->outer = inside;
  w->poll = poll;
  w->poll_arg = poll_arg;
  w->owner = &inside;
  w->asked = before ? before->asked : mill_monotonic_rough();
  w->done = 0;
  w->stopped = false;
  mill_error_clear(&w->why);
  inside = w;
}

/* The time of the last question counts for the outer one, too. */
void mill_watch_end(mill_watch *w) {
  mill_watch *outer = asked_for(w->outer);
  if (w->poll && outer) outer->asked = w->asked;
  inside = w->outer;
}

void mill_watch_every(int64_t nanos) { poll_every = nanos; }

/* Only its owner stops a watch. */
static mill_status ask(mill_watch *w, mill_error *err) {
  w->asked = mill_monotonic_rough();
  mill_error_clear(&w->why);
  mill_status s = w->poll(w->poll_arg, __atomic_load_n(&w->done, __ATOMIC_RELAXED), &w->why);
  if (s == MILL_OK) return s;
  w->why.condition = s;
  __atomic_store_n(&w->stopped, true, __ATOMIC_RELEASE);
  if (err) *err = w->why;
  return s;
}

static mill_status check(mill_watch *w, mill_error *err) {
  for (const mill_watch *q = w; q; q = q->outer) {
    if (!is_stopped(q)) continue;
    if (err) *err = q->why;
    return q->why.condition;
  }
  mill_watch *q = asked_for(w);
  return q && mill_monotonic_rough() - q->asked >= poll_every ? ask(q, err) : MILL_OK;
}

mill_status mill_watch_check(mill_error *err) { return check(inside, err); }

/* ---- the pool ------------------------------------------------------------------------------- */

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

static uint64_t span_of(size_t from, size_t to) { return (uint64_t)from << 32 | to; }
static size_t span_left(uint64_t span) { return (span & UINT32_MAX) - (span >> 32); }

/* The next task of the worker's own span. */
static bool own_task(run *r, int worker, size_t *task) {
  uint64_t span = atomic_load(&r->span[worker]);
  while (span_left(span) > 0)
    if (atomic_compare_exchange_weak(&r->span[worker], &span, span + (1ull << 32))) {
      *task = span >> 32;
      return true;
    }
  return false;
}

/* The upper half of the longest span that is left becomes the worker's. */
static bool take_half(run *r, int worker) {
  for (;;) {
    int longest = 0;
    for (int i = 1; i < r->spans; i++)
      if (span_left(atomic_load(&r->span[i])) > span_left(atomic_load(&r->span[longest])))
        longest = i;
    uint64_t span = atomic_load(&r->span[longest]);
    size_t left = span_left(span), to = span & UINT32_MAX, from = to - (left + 1) / 2;
    if (left == 0) return false;
    if (!atomic_compare_exchange_strong(&r->span[longest], &span, span_of(span >> 32, from)))
      continue;
    atomic_store(&r->span[worker], span_of(from, to));
    return true;
  }
}

static bool take(run *r, int worker, size_t *task) {
  if (r->span == NULL) {
    *task = atomic_fetch_add(&r->next, 1);
    return *task < r->ntasks;
  }
  do {
    if (own_task(r, worker, task)) return true;
  } while (take_half(r, worker));
  return false;
}

/* Does an error make the task pointless? */
static bool pointless(mill_pool *p, const run *r, size_t task) {
  if (!r->stop) return false;
  pthread_mutex_lock(&p->lock);
  bool behind = task > r->failed_task;
  pthread_mutex_unlock(&p->lock);
  return behind;
}

/* Take one task; false: there are none, or the run has been stopped. */
static bool step(mill_pool *p, run *r, int worker) {
  size_t task;
  mill_error err;
  mill_error_clear(&err);
  if (r->stop && r->span == NULL) return false;
  mill_status s = check(&r->watch, &err);
  if (s != MILL_OK) {
    failed(p, r, 0, &err);
    return false;
  }
  if (!take(r, worker, &task)) return false;
  if (pointless(p, r, task)) return true;
  s = r->f(r->arg, task, worker, &err);
  if (s != MILL_OK) {
    err.condition = s;
    failed(p, r, task, &err);
  }
  __atomic_add_fetch(&r->watch.done, 1, __ATOMIC_RELAXED);
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
    inside = &r->watch;
    while (step(p, r, a.number))
      ;
    inside = NULL;
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

/* Wait until no worker is inside the run, asking meanwhile. */
static void drain(mill_pool *p, run *r) {
  mill_watch *w = asked_for(&r->watch);
  pthread_mutex_lock(&p->lock);
  p->current = NULL;
  while (p->active > 0) {
    struct timespec until = mill_monotonic_after(poll_every > 1000000 ? poll_every : 1000000);
    if (!w) {
      pthread_cond_wait(&p->idle, &p->lock);
    } else if (pthread_cond_timedwait(&p->idle, &p->lock, &until) != 0 && p->active > 0) {
      pthread_mutex_unlock(&p->lock);
      mill_error err;
      if (!r->stop && check(&r->watch, &err) != MILL_OK) failed(p, r, 0, &err);
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

static mill_status run_tasks(mill_pool *p, run *r, bool near, mill_poll poll, void *poll_arg,
                             mill_error *err) {
  if (r->ntasks == 0) return MILL_OK;
  mill_error local;
  atomic_uint_fast64_t span[POOL_MAX];
  r->failed_task = r->ntasks;
  r->err = &local;
  mill_watch_begin(&r->watch, poll, poll_arg);
  bool mine = p->threads > 1 && r->ntasks > 1 && !atomic_exchange(&p->busy, true);
  if (mine && near && r->ntasks < UINT32_MAX) {
    r->span = span;
    r->spans = p->threads;
    for (size_t i = 0, n = (size_t)p->threads; i < n; i++)
      atomic_init(&span[i], span_of(r->ntasks * i / n, r->ntasks * (i + 1) / n));
  }
  if (mine) {
    start_workers(p);
    pthread_mutex_lock(&p->lock);
    p->current = r;
    p->generation++;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
  }
  while (step(p, r, 0))
    ;
  if (mine) {
    drain(p, r);
    p->busy = false;
  }
  mill_watch_end(&r->watch);
  return outcome(r, &local, err);
}

static void run_init(run *r, mill_task f, void *arg, size_t ntasks) {
  memset(r, 0, offsetof(run, watch));
  r->f = f;
  r->arg = arg;
  r->ntasks = ntasks;
}

mill_status mill_pool_run_poll(mill_pool *p, size_t ntasks, mill_task f, void *arg, mill_poll poll,
                               void *poll_arg, mill_error *err) {
  run r;
  run_init(&r, f, arg, ntasks);
  return run_tasks(p, &r, false, poll, poll_arg, err);
}

mill_status mill_pool_run_near(mill_pool *p, size_t ntasks, mill_task f, void *arg, mill_poll poll,
                               void *poll_arg, mill_error *err) {
  run r;
  run_init(&r, f, arg, ntasks);
  return run_tasks(p, &r, true, poll, poll_arg, err);
}

mill_status mill_pool_run(mill_pool *p, size_t ntasks, mill_task f, void *arg, mill_error *err) {
  return mill_pool_run_poll(p, ntasks, f, arg, NULL, NULL, err);
}
