/* Where pieces of chained files begin; see seam.h. */
#include "io/seam.h"

#include <pthread.h>

typedef struct seam {
  size_t file;
  uint64_t from, to;
  uint64_t start;    /* of its first record; UINT64_MAX: none begins in it or behind it */
  io_separator line; /* the file's line end */
  bool known;
} seam;

struct io_seams {
  pthread_mutex_t lock;
  seam *at;
  size_t n, capacity;
  mill_memory *memory;
};

static mill_status add_seam(void *arg, size_t file, uint64_t from, uint64_t to, mill_error *err) {
  io_seams *s = arg;
  MILL_TRY(mill_grow(s->memory, (void **)&s->at, &s->capacity, s->n + 1, sizeof *s->at, err));
  s->at[s->n++] = (seam){.file = file, .from = from, .to = to, .known = from == 0};
  return MILL_OK;
}

mill_status mill_io_seams_new(const io_job *job, io_seams **out, mill_error *err) {
  mill_memory *m = io_memory(job);
  *out = NULL;
  if (job->format->seam == NULL || !job->format->chained(job)) return MILL_OK;
  io_seams *s = mill_calloc(m, sizeof *s);
  if (s == NULL) return mill_oom(m, sizeof *s, err);
  s->memory = m;
  if (pthread_mutex_init(&s->lock, NULL) != 0) {
    mill_free(m, s, sizeof *s);
    return mill_oom(m, sizeof *s, err);
  }
  mill_status status = mill_io_cut(job, add_seam, s, err);
  if (status != MILL_OK) {
    mill_io_seams_free(s, m);
    return status;
  }
  *out = s;
  return MILL_OK;
}

void mill_io_seams_free(io_seams *s, mill_memory *m) {
  if (s == NULL) return;
  if (s->at) mill_free(m, s->at, s->capacity * sizeof *s->at);
  pthread_mutex_destroy(&s->lock);
  mill_free(m, s, sizeof *s);
}

static mill_status open_at(const seam *p, const io_job *job, uint64_t start, io_window *w,
                           mill_error *err) {
  uint64_t size = job->files.file[p->file].size, at = start < p->to ? start : p->to;
  MILL_TRY(mill_io_window_open(w, job, p->file, at < size ? at : size, p->to, err));
  w->line = p->line;
  return MILL_OK;
}

/* Note where the piece behind p begins: w is a window on p. Whatever is wrong in p its decoder will
** meet and say; the pieces behind it are empty then. */
static mill_status find_next(const seam *p, seam *next, const io_job *job, uint64_t start,
                             io_window *w, mill_error *err) {
  next->line = p->line;
  next->start = start;
  if (start < p->to) {
    uint64_t at = w->offset + w->at;
    mill_status status = job->format->seam(job, w, p->to, &next->start, err);
    if (status == MILL_E_OUT_OF_MEMORY) return status;
    if (status != MILL_OK) {
      mill_error_clear(err);
      next->start = UINT64_MAX;
    }
    if (status != MILL_OK || w->offset + w->at != at) MILL_TRY(open_at(p, job, start, w, err));
  }
  next->known = true;
  return MILL_OK;
}

/* Open a window on piece k, whose start is known. */
static mill_status open_known(io_seams *s, const io_job *job, size_t k, bool look, io_window *w,
                              mill_error *err) {
  seam *p = &s->at[k], *next = k + 1 < s->n && s->at[k + 1].from ? p + 1 : NULL;
  uint64_t start = p->from ? p->start : 0;
  MILL_TRY(open_at(p, job, start, w, err));
  if (p->from == 0) w->line = p->line = job->format->line_of(job, w);
  return next && !next->known && look ? find_next(p, next, job, start, w, err) : MILL_OK;
}

/* A file's first piece is not looked through: its first rows may be all that is wanted. Who needs the
** second piece does it. */
static mill_status open_piece(io_seams *s, const io_job *job, size_t k, io_window *w,
                              mill_error *err) {
  size_t i = k;
  while (!s->at[i].known) i--;
  for (; i < k; i++) MILL_TRY(open_known(s, job, i, true, w, err));
  return open_known(s, job, k, s->at[k].from != 0, w, err);
}

mill_status mill_io_seams_open(io_seams *s, const io_job *job, size_t k, size_t file, uint64_t from,
                               uint64_t to, io_window *w, mill_error *err) {
  if (s == NULL)
    return mill_io_window_open(w, job, file, from ? from - job->look_back : 0, to, err);
  pthread_mutex_lock(&s->lock);
  mill_status status = open_piece(s, job, k, w, err);
  pthread_mutex_unlock(&s->lock);
  return status;
}
