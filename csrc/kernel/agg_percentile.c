/* median, percentile, percentile_disc, percentile_approx over values of up to eight bytes.
**
** A state keeps its values as 64-bit words that order as the values do, in blocks of the arena, the
** newest first; their order cannot be seen, so states are exact. It travels as an ARRAY. The end finds the
** ranks by quickselect [Hoare, Algorithm 65: find, 1961], pivots by medians of three, a sort where
** that goes wrong. percentile_approx answers exactly (the nearest rank), which every accuracy allows.
** Decimals, which are wider, are sorted as bags (agg_collect.c). */
#include <math.h>
#include <stdlib.h>

#include "kernel/agg_collect_int.h"
#include "kernel/agg_int.h"

enum { FIRST_ROOM = 4, MOST_ROOM = 4096, FEW_WORDS = 12, FEW_RANKS = 4 };

typedef struct block block;
struct block {
  block *next; /* the one before, full */
  uint64_t room;
  uint64_t word[];
};

typedef struct {
  uint64_t *at, *end; /* free room of the newest block */
  block *newest;
} words;

/* ---- values as words ------------------------------------------------------------------------ */

static const uint64_t SIGN = 1ull << 63;

static inline uint64_t word_of_double(double d) {
  uint64_t w;
  if (d != d) d = NAN;
  memcpy(&w, &d, 8);
  if (d != d) w &= ~SIGN;
  return w & SIGN ? ~w : w | SIGN;
}

static double double_of_word(uint64_t w) {
  double d;
  w = w & SIGN ? w & ~SIGN : ~w;
  memcpy(&d, &w, 8);
  return d;
}

static uint64_t word_at(const mill_vector *v, size_t i) {
  switch (v->type->phys) {
  case MILL_PHYS_F32: return word_of_double((double)MILL_AT(float, v, i));
  case MILL_PHYS_F64: return word_of_double(MILL_AT(double, v, i));
  case MILL_PHYS_I8: return (uint64_t)(int64_t)MILL_AT(int8_t, v, i) ^ SIGN;
  case MILL_PHYS_I16: return (uint64_t)(int64_t)MILL_AT(int16_t, v, i) ^ SIGN;
  case MILL_PHYS_I32: return (uint64_t)(int64_t)MILL_AT(int32_t, v, i) ^ SIGN;
  default: return (uint64_t)MILL_AT(int64_t, v, i) ^ SIGN;
  }
}

static void put_word(void *data, const mill_type *t, size_t i, uint64_t w) {
  int64_t x = (int64_t)(w ^ SIGN);
  switch (t->phys) {
  case MILL_PHYS_F32: ((float *)data)[i] = (float)double_of_word(w); break;
  case MILL_PHYS_F64: ((double *)data)[i] = double_of_word(w); break;
  case MILL_PHYS_I8: ((int8_t *)data)[i] = (int8_t)x; break;
  case MILL_PHYS_I16: ((int16_t *)data)[i] = (int16_t)x; break;
  case MILL_PHYS_I32: ((int32_t *)data)[i] = (int32_t)x; break;
  default: ((int64_t *)data)[i] = x; break;
  }
}

/* ---- blocks --------------------------------------------------------------------------------- */

/* A block for `more` values, and for as many again as there were in the one before. */
static mill_status add_block(mill_call *call, words *s, uint64_t more, mill_error *err) {
  uint64_t room = s->newest ? 2 * s->newest->room : FIRST_ROOM;
  if (room > MOST_ROOM) room = MOST_ROOM;
  if (room < more) room = more;
  size_t bytes = sizeof(block) + (size_t)room * sizeof(uint64_t);
  block *b = mill_arena_take(call->arena, bytes);
  if (b == NULL) return mill_oom(call->arena->memory, bytes, err);
  *b = (block){.next = s->newest, .room = room};
  *s = (words){b->word, b->word + room, b};
  return MILL_OK;
}

static inline mill_status add_word(mill_call *call, words *s, uint64_t w, mill_error *err) {
  if (s->at == s->end) MILL_TRY(add_block(call, s, 1, err));
  *s->at++ = w;
  return MILL_OK;
}

static mill_status add_words(mill_call *call, words *s, const uint64_t *w, uint64_t n,
                             mill_error *err) {
  uint64_t fit = (uint64_t)(s->end - s->at);
  if (fit > n) fit = n;
  if (fit) memcpy(s->at, w, fit * sizeof *w);
  s->at += fit;
  if (fit == n) return MILL_OK;
  MILL_TRY(add_block(call, s, n - fit, err));
  memcpy(s->at, w + fit, (n - fit) * sizeof *w);
  s->at += n - fit;
  return MILL_OK;
}

static uint64_t used(const words *s, const block *b) {
  return b == s->newest ? (uint64_t)(s->at - b->word) : b->room;
}

static uint64_t count(const words *s) {
  uint64_t n = 0;
  for (const block *b = s->newest; b; b = b->next) n += used(s, b);
  return n;
}

static void copy_words(const words *s, uint64_t *to) {
  for (const block *b = s->newest; b; b = b->next) {
    memcpy(to, b->word, used(s, b) * sizeof *to);
    to += used(s, b);
  }
}

/* ---- states --------------------------------------------------------------------------------- */

AGG_UPDATE(words_update) {
  const mill_vector *v = args[0];
  if (v->type->phys == MILL_PHYS_NONE) return MILL_OK;
  if (v->type->phys == MILL_PHYS_F64 && v->valid == NULL && v->mask) {
    const double *x = v->data;
    for (size_t i = 0; i < n; i++) MILL_TRY(add_word(call, states[i], word_of_double(x[i]), err));
    return MILL_OK;
  }
  AGG_ROWS(v, n, i) MILL_TRY(add_word(call, states[i], word_at(v, i), err));
  return MILL_OK;
}

static mill_status fail_negative(const mill_call *call, int64_t times, mill_error *err) {
  const mill_collect_plan *plan = call->state;
  return mill_call_fail(call, err, MILL_E_NEGATIVE_VALUES_IN_FREQUENCY_EXPRESSION,
                        "frequencyExpression", mill_error_fmt(err, "\"%s\"", plan->frequency),
                        "negativeValue", mill_error_fmt(err, "%lldL", (long long)times), NULL);
}

/* percentile(x, p, frequency): the value counts as often as the frequency says. */
AGG_UPDATE(percentile_update) {
  const mill_collect_plan *plan = call->state;
  if (!plan->counted) return words_update(call, states, args, n, err);
  if (args[0]->type->phys == MILL_PHYS_NONE) return MILL_OK;
  AGG_ROWS(args[0], n, i) {
    int64_t times = mill_vector_valid(args[2], i) ? MILL_AT(int64_t, args[2], i) : 0;
    if (times < 0) return fail_negative(call, times, err);
    for (; times > 0; times--) MILL_TRY(add_word(call, states[i], word_at(args[0], i), err));
  }
  return MILL_OK;
}

AGG_MERGE(words_merge) {
  for (size_t i = 0; i < n; i++) {
    if (!mill_vector_valid(partial, i)) continue;
    mill_span s = MILL_AT(mill_span, partial, i);
    for (uint32_t k = 0; k < s.size; k++)
      MILL_TRY(add_word(call, states[i], word_at(&partial->child[0], s.start + k), err));
  }
  return MILL_OK;
}

AGG_COMBINE(words_combine) {
  for (size_t i = 0; i < n; i++) {
    const words *x = from[i];
    for (const block *b = x->newest; b; b = b->next)
      MILL_TRY(add_words(call, to[i], b->word, used(x, b), err));
  }
  return MILL_OK;
}

static mill_status list_room(mill_vector *item, uint64_t need, mill_arena *a, mill_error *err) {
  if (need > UINT32_MAX) return mill_oom(a->memory, SIZE_MAX, err);
  return mill_vector_reserve(item, (uint32_t)need, a, err);
}

AGG_OUTPUT(words_save) {
  mill_span *r = out->data;
  mill_vector *item = &out->child[0];
  for (size_t i = 0; i < n; i++) {
    const words *s = states[i];
    uint64_t size = count(s), start = item->size;
    MILL_TRY(list_room(item, start + size, call->arena, err));
    for (const block *b = s->newest; b; b = b->next)
      for (uint64_t k = 0; k < used(s, b); k++)
        put_word(item->data, item->type, item->size++, b->word[k]);
    r[i] = (mill_span){(uint32_t)start, (uint32_t)size};
  }
  return MILL_OK;
}

/* ---- ranks ---------------------------------------------------------------------------------- */

static int by_word(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static void sort_few(uint64_t *x, uint64_t n) {
  for (uint64_t i = 1; i < n; i++) {
    uint64_t w = x[i], k = i;
    for (; k > 0 && x[k - 1] > w; k--) x[k] = x[k - 1];
    x[k] = w;
  }
}

static uint64_t median_of_three(uint64_t a, uint64_t b, uint64_t c) {
  uint64_t low = a < b ? a : b, high = a < b ? b : a;
  return c < low ? low : c > high ? high : c;
}

/* Bring what is less than `pivot` (or_equal: or equal to it) to the front; how many. Without branches
** on values. */
static uint64_t part(uint64_t *x, uint64_t n, uint64_t pivot, bool or_equal) {
  uint64_t k = 0;
  for (uint64_t i = 0; i < n; i++) {
    uint64_t w = x[i];
    x[i] = x[k];
    x[k] = w;
    k += (w < pivot) | (or_equal & (w == pivot));
  }
  return k;
}

/* Bring the word of rank k to x[k], lesser ones before it, larger ones behind. */
static void select_rank(uint64_t *x, uint64_t n, uint64_t k) {
  int tries = 2 * (64 - __builtin_clzll(n | 1)) + 4;
  while (n > FEW_WORDS && tries-- > 0) {
    uint64_t pivot = median_of_three(x[0], x[n / 2], x[n - 1]);
    uint64_t less = part(x, n, pivot, false);
    if (k < less) {
      n = less;
      continue;
    }
    uint64_t same = part(x + less, n - less, pivot, true);
    if (k < less + same) return;
    x += less + same;
    n -= less + same;
    k -= less + same;
  }
  if (n <= FEW_WORDS)
    sort_few(x, n);
  else
    qsort(x, n, sizeof *x, by_word);
}

/* The words of rank k and k + 1; the same twice where there is no other. */
static void two_ranks(uint64_t *x, uint64_t n, uint64_t k, bool sorted, uint64_t two[2]) {
  if (!sorted) select_rank(x, n, k);
  two[0] = two[1] = x[k];
  if (k + 1 == n) return;
  two[1] = x[k + 1];
  for (uint64_t i = k + 2; !sorted && i < n; i++) two[1] = x[i] < two[1] ? x[i] : two[1];
}

static double number_of(const mill_type *t, uint64_t w) {
  return t->phys == MILL_PHYS_F64 ? double_of_word(w) : (double)(int64_t)(w ^ SIGN);
}

/* The value between two neighbours where the percentage lies, as a word. */
static uint64_t interpolate(const mill_type *t, uint64_t *x, uint64_t n, double p, bool down,
                            bool sorted) {
  double position = (double)(n - 1) * p, low = floor(position), high = ceil(position);
  uint64_t two[2], first = down ? n - 1 - (uint64_t)high : (uint64_t)low;
  bool apart = low != high;
  two_ranks(x, n, first, sorted, two);
  double a = number_of(t, two[down && apart]), b = number_of(t, two[!down && apart]);
  double r = !apart || a == b ? a : (high - position) * a + (position - low) * b;
  return t->phys == MILL_PHYS_F64 ? word_of_double(r) : (uint64_t)(int64_t)r ^ SIGN;
}

static uint64_t nearest(const mill_collect_plan *plan, uint64_t *x, uint64_t n, double p,
                        bool sorted) {
  double k = ceil(p * (double)n) - 1;
  uint64_t rank = k < 0 ? 0 : k >= (double)n ? n - 1 : (uint64_t)k;
  if (plan->edge > 0 && p <= plan->edge) rank = 0;
  if (plan->edge > 0 && p > plan->edge && p >= 1 - plan->edge) rank = n - 1;
  if (plan->descending) rank = n - 1 - rank;
  if (!sorted) select_rank(x, n, rank);
  return x[rank];
}

/* Answers of one state, whose values are x[0..n), from row `at` of `to` on. */
static void put_answers(const mill_call *call, uint64_t *x, uint64_t n, mill_vector *to,
                        size_t at) {
  const mill_collect_plan *plan = call->state;
  bool sorted = plan->np > FEW_RANKS;
  if (sorted) qsort(x, n, sizeof *x, by_word);
  for (uint32_t k = 0; k < plan->np; k++) {
    uint64_t w = plan->between ? interpolate(to->type, x, n, plan->p[k], plan->descending, sorted)
                               : nearest(plan, x, n, plan->p[k], sorted);
    put_word(to->data, to->type, at + k, w);
  }
}

static mill_status put_state(mill_call *call, const words *s, uint64_t *x, mill_vector *out,
                             size_t i, mill_error *err) {
  const mill_collect_plan *plan = call->state;
  uint64_t n = count(s);
  if (n == 0 || plan->np == 0) return mill_set_null(call, out, i, err);
  copy_words(s, x);
  if (!plan->as_array) {
    put_answers(call, x, n, out, i);
    return MILL_OK;
  }
  mill_vector *item = &out->child[0];
  MILL_TRY(list_room(item, (uint64_t)item->size + plan->np, call->arena, err));
  ((mill_span *)out->data)[i] = (mill_span){item->size, plan->np};
  put_answers(call, x, n, item, item->size);
  item->size += plan->np;
  return MILL_OK;
}

AGG_OUTPUT(percentile_final) {
  mill_memory *m = call->ctx->memory;
  uint64_t most = 1;
  for (size_t i = 0; i < n; i++) {
    uint64_t size = count(states[i]);
    most = size > most ? size : most;
  }
  uint64_t *x = mill_alloc(m, most * sizeof *x);
  if (x == NULL) return mill_oom(m, most * sizeof *x, err);
  mill_status s = MILL_OK;
  for (size_t i = 0; i < n && s == MILL_OK; i++) s = put_state(call, states[i], x, out, i, err);
  mill_free(m, x, most * sizeof *x);
  return s;
}

const mill_aggregate mill_percentile_agg = {.state_size = sizeof(words),
                                            .update = percentile_update,
                                            .merge = words_merge,
                                            .combine = words_combine,
                                            .save = words_save,
                                            .final = percentile_final,
                                            .exact = true};
const mill_aggregate mill_rank_agg = {.state_size = sizeof(words),
                                      .update = words_update,
                                      .merge = words_merge,
                                      .combine = words_combine,
                                      .save = words_save,
                                      .final = percentile_final,
                                      .exact = true};
