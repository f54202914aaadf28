/* SAMPLE: rows by Spark's draws, so that a seed picks the rows that Spark picks of as many partitions
** as there are morsels.
**
** Without replacement a row stays whose draw of XORShiftRandom, seeded with seed + morsel, lies in
** [lower, upper). With it a row comes as often as a Poisson variable of mean `upper` says: uniform
** draws of the generator Well19937c [Panneton, L'Ecuyer, Matsumoto, Improved long-period generators
** based on linear recurrences modulo 2, 2006], seeded with the morsel's number of java.util.Random,
** are multiplied until their product falls below exp(-mean) [Knuth]. Draws belong to the
** rows that reach the operator, so a source stands directly below it or below its projections
** (mill_sample_streams). */
#include <math.h>
#include <string.h>

#include "base/xorshift.h"
#include "exec/exec_int.h"

/* ---- Well19937c ----------------------------------------------------------------------------- */

enum { WORDS = 624 };

typedef struct well {
  uint32_t word[WORDS];
  uint32_t at;
} well;

/* The state of Java's Well19937c.setSeed(long). */
static void well_seed(well *w, int64_t seed) {
  w->word[0] = (uint32_t)((uint64_t)seed >> 32);
  w->word[1] = (uint32_t)seed;
  for (uint32_t i = 2; i < WORDS; i++) {
    int64_t l = (int32_t)w->word[i - 2];
    w->word[i] = (uint32_t)(1812433253ull * (uint64_t)(l ^ (l >> 30)) + i);
  }
  w->at = 0;
}

static uint32_t well_bits(well *w, int bits) {
  uint32_t *v = w->word, i = w->at, before = (i + WORDS - 1) % WORDS;
  uint32_t last = (i + WORDS - 2) % WORDS;
  uint32_t m1 = v[(i + 70) % WORDS], m2 = v[(i + 179) % WORDS], m3 = v[(i + 449) % WORDS];
  uint32_t z0 = (v[before] & 0x80000000u) ^ (v[last] & 0x7fffffffu);
  uint32_t z1 = v[i] ^ v[i] << 25 ^ m1 ^ m1 >> 27;
  uint32_t z2 = m2 >> 9 ^ m3 ^ m3 >> 1, z3 = z1 ^ z2;
  uint32_t z4 = z0 ^ z1 ^ z1 << 9 ^ z2 ^ z2 << 21 ^ z3 ^ z3 >> 21;
  v[i] = z3;
  v[before] = z4;
  v[last] &= 0x80000000u;
  w->at = before;
  z4 ^= z4 << 7 & 0xe46e1700u;
  z4 ^= z4 << 15 & 0x9b868000u;
  return z4 >> (32 - bits);
}

static double well_double(well *w) {
  uint64_t high = well_bits(w, 26);
  return (double)(high << 26 | well_bits(w, 26)) * 0x1p-52;
}

static uint32_t poisson(well *w, double mean) {
  double least = exp(-mean), product = 1;
  uint32_t n = 0;
  while (n < 1000 * mean) {
    product *= well_double(w);
    if (product < least) break;
    n++;
  }
  return n;
}

/* ---- the step ------------------------------------------------------------------------------- */

/* Means above this are drawn in parts: the product would leave DOUBLE's range. */
static const double MOST = 40;

typedef struct sample_step {
  mill_step base;
  uint64_t morsel, row; /* of the next draw; rows begin at 1: no morsel yet */
  mill_xorshift random;
  well *well; /* with replacement */
  uint32_t sel[MILL_BATCH], n;
  mill_batch batch;
} sample_step;

/* How often the next row comes. */
static uint32_t draw(sample_step *p) {
  const mill_op *op = p->base.op;
  p->row++;
  if (p->well == NULL) {
    double u = mill_xorshift_double(&p->random);
    return u >= op->lower && u < op->upper;
  }
  double parts = floor(op->upper / MOST) + 1;
  uint32_t n = 0;
  for (double k = 0; op->upper > 0 && k < parts; k++) n += poisson(p->well, op->upper / parts);
  return n;
}

static void begin(sample_step *p, uint64_t morsel) {
  uint64_t seed = p->base.op->seed;
  p->morsel = morsel;
  p->row = 0;
  p->random = mill_xorshift_new(seed + morsel);
  if (p->well == NULL) return;
  mill_java_random java = mill_java_random_new(seed);
  int64_t drawn = mill_java_random_long(&java);
  for (uint64_t k = 0; k < morsel; k++) drawn = mill_java_random_long(&java);
  well_seed(p->well, drawn);
}

/* Stand before the draw of a source position. */
static void seek(sample_step *p, uint64_t position) {
  const uint64_t row = position & ((1ull << MILL_MORSEL_BITS) - 1);
  const uint64_t morsel = position >> MILL_MORSEL_BITS;
  if (morsel != p->morsel || row < p->row) begin(p, morsel);
  while (p->row < row) draw(p);
}

static mill_status flush(sample_step *p, const mill_batch *b, mill_error *err) {
  if (p->n == 0) return MILL_OK;
  p->batch = *b;
  p->batch.n = p->n;
  p->batch.sel = p->sel;
  p->n = 0;
  return p->base.next->push(p->base.next, &p->batch, err);
}

static mill_status push(mill_step *s, mill_batch *b, mill_error *err) {
  sample_step *p = (sample_step *)s;
  for (uint32_t i = 0; i < b->n; i++) {
    uint32_t row = mill_batch_row(b, i);
    seek(p, b->first + row);
    for (uint32_t times = draw(p); times > 0; times--) {
      p->sel[p->n++] = row;
      if (p->n == MILL_BATCH) MILL_TRY(flush(p, b, err));
    }
  }
  return flush(p, b, err);
}

static void sample_free(mill_step *s) {
  sample_step *p = (sample_step *)s;
  mill_memory *m = s->x->ctx->memory;
  if (p->well) mill_free(m, p->well, sizeof *p->well);
  mill_free(m, p, sizeof *p);
}

mill_status mill_step_sample(const mill_exec *x, const mill_op *op, mill_step **out,
                             mill_error *err) {
  mill_memory *m = x->ctx->memory;
  sample_step *p = mill_calloc(m, sizeof *p);
  if (p == NULL) return mill_oom(m, sizeof *p, err);
  p->base = (mill_step){.x = x, .op = op, .push = push, .free = sample_free};
  p->morsel = UINT64_MAX;
  *out = &p->base;
  if (!op->replacement) return MILL_OK;
  p->well = mill_alloc(m, sizeof *p->well);
  if (p->well) return MILL_OK;
  *out = NULL;
  sample_free(&p->base);
  return mill_oom(m, sizeof *p->well, err);
}

bool mill_sample_streams(const mill_op *op) {
  const mill_op *child = op->child[0];
  while (child->kind == MILL_OP_PROJECT) child = child->child[0];
  return !mill_op_streams(child);
}
