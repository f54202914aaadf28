/* Unpacking ahead; see ahead.h. A ring of blocks: the thread fills the one behind the last full one, the
** reader takes from the first. */
#include "io/ahead.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

enum { BLOCKS = 4, BLOCK = 256 << 10 };

struct io_ahead {
  mill_memory *memory;
  mill_reader *reader;
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  char *block[BLOCKS];
  size_t size[BLOCKS];
  size_t first, full; /* blocks taken so far; blocks that wait */
  size_t at;          /* bytes taken of the first */
  bool ended, stop;   /* nothing comes behind the full ones; nobody reads any more */
  mill_status status; /* how it ended */
  mill_error err;
};

/* Fill block k; false: it was the last one. */
static bool fill(io_ahead *a, size_t k) {
  mill_status s = mill_reader_read(a->reader, a->block[k], BLOCK, &a->size[k], &a->err);
  a->status = s;
  return s == MILL_OK && a->size[k] == BLOCK;
}

static void *run(void *arg) {
  io_ahead *a = arg;
  pthread_mutex_lock(&a->lock);
  while (!a->stop && !a->ended) {
    if (a->full == BLOCKS) {
      pthread_cond_wait(&a->changed, &a->lock);
      continue;
    }
    size_t k = (a->first + a->full) % BLOCKS;
    pthread_mutex_unlock(&a->lock);
    bool more = fill(a, k);
    pthread_mutex_lock(&a->lock);
    a->full++;
    a->ended = !more;
    pthread_cond_signal(&a->changed);
  }
  pthread_mutex_unlock(&a->lock);
  return NULL;
}

static void clear(io_ahead *a) {
  for (int i = 0; i < BLOCKS; i++)
    if (a->block[i]) mill_free(a->memory, a->block[i], BLOCK);
  mill_free(a->memory, a, sizeof *a);
}

/* Signals stay with the host. */
static bool start(io_ahead *a) {
  sigset_t all, old;
  if (pthread_mutex_init(&a->lock, NULL) != 0) return false;
  bool ready = pthread_cond_init(&a->changed, NULL) == 0;
  if (ready) {
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    bool started = pthread_create(&a->thread, NULL, run, a) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (started) return true;
    pthread_cond_destroy(&a->changed);
  }
  pthread_mutex_destroy(&a->lock);
  return false;
}

void mill_io_ahead_open(mill_memory *m, mill_reader *r, io_ahead **out) {
  *out = NULL;
  io_ahead *a = mill_calloc(m, sizeof *a);
  if (a == NULL) return;
  a->memory = m;
  a->reader = r;
  bool room = true;
  for (int i = 0; i < BLOCKS; i++) room &= (a->block[i] = mill_alloc(m, BLOCK)) != NULL;
  if (room && start(a))
    *out = a;
  else
    clear(a);
}

mill_status mill_io_ahead_read(io_ahead *a, void *p, size_t n, size_t *got, mill_error *err) {
  mill_status s = MILL_OK;
  *got = 0;
  pthread_mutex_lock(&a->lock);
  while (*got < n) {
    if (a->full == 0 && a->ended) {
      s = a->status;
      if (s != MILL_OK && err) *err = a->err;
      break;
    }
    if (a->full == 0) {
      pthread_cond_wait(&a->changed, &a->lock);
      continue;
    }
    size_t k = a->first % BLOCKS, left = a->size[k] - a->at, take = n - *got;
    if (take > left) take = left;
    pthread_mutex_unlock(&a->lock); /* the block is ours until it is given back */
    if (take) memcpy((char *)p + *got, a->block[k] + a->at, take);
    pthread_mutex_lock(&a->lock);
    *got += take;
    a->at += take;
    if (a->at < a->size[k]) continue;
    a->at = 0;
    a->first++;
    a->full--;
    pthread_cond_signal(&a->changed);
  }
  pthread_mutex_unlock(&a->lock);
  return s;
}

void mill_io_ahead_free(io_ahead *a) {
  if (a == NULL) return;
  pthread_mutex_lock(&a->lock);
  a->stop = true;
  pthread_cond_signal(&a->changed);
  pthread_mutex_unlock(&a->lock);
  pthread_join(a->thread, NULL);
  pthread_cond_destroy(&a->changed);
  pthread_mutex_destroy(&a->lock);
  mill_reader_free(a->reader);
  clear(a);
}
