/* Greenwald-Khanna summaries: see quantile_int.h.
**
** A sample (value, g, delta) stands for g values; its rank lies between the sum of the g up to it and
** that plus delta. Compressing joins neighbours while g + g' + delta' stays below 2 e n. */
#include "ml/quantile_int.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFER = 50000, COMPRESS = 10000 };

typedef struct sample {
  double value;
  int64_t g, delta;
} sample;

struct mill_quantiles {
  mill_memory *memory;
  double error;
  int64_t count; /* of values in samples */
  sample *samples;
  size_t n, room;
  double *buffer;
  size_t held, buffer_room;
};

mill_status mill_quantiles_new(mill_memory *m, double relative_error, mill_quantiles **out,
                               mill_error *err) {
  mill_quantiles *q = mill_calloc(m, sizeof *q);
  *out = q;
  if (q == NULL) return mill_oom(m, sizeof *q, err);
  q->memory = m;
  q->error = relative_error;
  return MILL_OK;
}

void mill_quantiles_free(mill_quantiles *q) {
  if (q == NULL) return;
  if (q->samples) mill_free(q->memory, q->samples, q->room * sizeof *q->samples);
  if (q->buffer) mill_free(q->memory, q->buffer, q->buffer_room * sizeof *q->buffer);
  mill_free(q->memory, q, sizeof *q);
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  if (x != y) return x < y ? -1 : 1;
  return (signbit(y) != 0) - (signbit(x) != 0);
}

/* The buffered values, sorted, merged into the samples. */
static mill_status insert_buffer(mill_quantiles *q, mill_error *err) {
  if (q->held == 0) return MILL_OK;
  size_t room = q->n + q->held, at = 0, n = 0;
  sample *merged = mill_alloc(q->memory, room * sizeof *merged);
  if (merged == NULL) return mill_oom(q->memory, room * sizeof *merged, err);
  qsort(q->buffer, q->held, sizeof *q->buffer, compare);
  for (size_t i = 0; i < q->held; i++) {
    double v = q->buffer[i];
    while (at < q->n && q->samples[at].value <= v) merged[n++] = q->samples[at++];
    q->count++;
    bool edge = n == 0 || (at == q->n && i == q->held - 1);
    int64_t delta = edge ? 0 : (int64_t)floor(2 * q->error * (double)q->count);
    merged[n++] = (sample){v, 1, delta};
  }
  while (at < q->n) merged[n++] = q->samples[at++];
  if (q->samples) mill_free(q->memory, q->samples, q->room * sizeof *q->samples);
  q->samples = merged;
  q->n = n;
  q->room = room;
  q->held = 0;
  return MILL_OK;
}

/* In place, from the end: the samples that stay are written downwards and then moved to the front. */
static void compress(mill_quantiles *q) {
  if (q->n < 2) return;
  double limit = 2 * q->error * (double)q->count;
  sample *s = q->samples, first = s[0], head = s[q->n - 1];
  size_t to = q->n;
  for (size_t i = q->n - 2; i >= 1; i--) {
    if ((double)(s[i].g + head.g + head.delta) < limit) {
      head.g += s[i].g;
    } else {
      s[--to] = head;
      head = s[i];
    }
  }
  s[--to] = head;
  if (first.value <= head.value) s[--to] = first;
  q->n -= to;
  memmove(s, s + to, q->n * sizeof *s);
}

mill_status mill_quantiles_add(mill_quantiles *q, double v, mill_error *err) {
  if (q->held == q->buffer_room) {
    void *p = q->buffer;
    mill_status s = mill_grow(q->memory, &p, &q->buffer_room, q->held + 1, sizeof *q->buffer, err);
    q->buffer = p;
    if (s != MILL_OK) return s;
  }
  q->buffer[q->held++] = v;
  if (q->held < BUFFER) return MILL_OK;
  MILL_TRY(insert_buffer(q, err));
  if (q->n >= COMPRESS) compress(q);
  return MILL_OK;
}

mill_status mill_quantiles_finish(mill_quantiles *q, mill_error *err) {
  MILL_TRY(insert_buffer(q, err));
  compress(q);
  return MILL_OK;
}

bool mill_quantiles_at(const mill_quantiles *q, double p, double *out) {
  if (q->n == 0) return false;
  const sample *s = q->samples;
  int64_t target = 0;
  for (size_t i = 0; i < q->n; i++)
    if (s[i].g + s[i].delta > target) target = s[i].g + s[i].delta;
  target /= 2;
  *out = s[q->n - 1].value;
  if (p <= q->error || q->n == 1) {
    *out = s[0].value;
    return true;
  }
  if (p >= 1 - q->error) return true;
  int64_t rank = (int64_t)ceil(p * (double)q->count), low = s[0].g;
  for (size_t i = 0; i + 1 < q->n; low += s[++i].g)
    if (low + s[i].delta - target <= rank && rank <= low + target) {
      *out = s[i].value;
      break;
    }
  return true;
}
