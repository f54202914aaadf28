/* Aggregates over all rows, sketches, and a window over the rows of a thousand partitions. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "kernel.h"

/* The one row of a result. */
static void one(result *r, double v) {
  r->reals[0] = v;
  r->count = 1;
}

/* Room for `least` items at least, twice as much as there was. */
static void *more_room(void *list, size_t *room, size_t least, size_t width) {
  *room = *room * 2 > least ? *room * 2 : least;
  list = realloc(list, *room * width);
  if (list == NULL) abort();
  return list;
}

static void k_sum(const table *t, result *r) {
  int64_t sum = 0;
  for (size_t k = 0; k < t->rows; k++)
    if (__builtin_add_overflow(sum, t->i[k], &sum)) abort();
  one(r, (double)sum);
}

/* Sums of doubles are exact in the engine; row K2 prices that. */
static void k_avg(const table *t, result *r) {
  double sum = 0;
  for (size_t k = 0; k < t->rows; k++) sum += t->x[k];
  one(r, sum / (double)t->rows);
}

static void k_decimal_sum(const table *t, result *r) {
  __int128 sum = 0;
  for (size_t k = 0; k < t->rows; k++) sum += t->m[k];
  one(r, (double)sum / 100);
}

static void k_max(const table *t, result *r) {
  int64_t most = INT64_MIN;
  for (size_t k = 0; k < t->rows; k++) most = t->i[k] + t->j[k] > most ? t->i[k] + t->j[k] : most;
  one(r, (double)most);
}

static void k_max_by(const table *t, result *r) {
  size_t most = 0;
  for (size_t k = 1; k < t->rows; k++) most = t->i[k] > t->i[most] ? k : most;
  one(r, t->x[most]);
}

static void k_bit_xor(const table *t, result *r) {
  int64_t bits = 0;
  for (size_t k = 0; k < t->rows; k++) bits ^= t->i[k];
  one(r, (double)bits);
}

/* Welford's update, as Spark's. */
static void k_stddev(const table *t, result *r) {
  double mean = 0, squares = 0;
  for (size_t k = 0; k < t->rows; k++) {
    double delta = t->x[k] - mean;
    mean += delta / (double)(k + 1);
    squares += delta * (t->x[k] - mean);
  }
  one(r, sqrt(squares / (double)(t->rows - 1)));
}

static void k_corr(const table *t, result *r) {
  double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;
  for (size_t k = 0; k < t->rows; k++) {
    double dx = t->x[k] - mx, dy = t->y[k] - my, n = (double)(k + 1);
    mx += dx / n;
    my += dy / n;
    xx += dx * (t->x[k] - mx);
    yy += dy * (t->y[k] - my);
    xy += dx * (t->y[k] - my);
  }
  one(r, xy / sqrt(xx * yy));
}

/* A list that grows: nobody knows how many rows will come, nor has memory for them. */
static void k_collect_list(const table *t, result *r) {
  int64_t *list = NULL;
  size_t n = 0, room = 0;
  for (size_t k = 0; k < t->rows; k++) {
    if (n == room) list = more_room(list, &room, n + 1, sizeof *list);
    list[n++] = t->i[k];
  }
  free(list);
  one(r, (double)n);
}

/* Hoare's selection of the value at a place. */
static double nth(double *v, size_t n, size_t at) {
  size_t low = 0, high = n - 1;
  while (low < high) {
    double pivot = v[low + (high - low) / 2];
    size_t i = low, j = high;
    while (i <= j) {
      while (v[i] < pivot) i++;
      while (v[j] > pivot) j--;
      if (i > j) break;
      double swap = v[i];
      v[i++] = v[j];
      v[j] = swap;
      if (j-- == 0) break;
    }
    if (at <= j)
      high = j;
    else if (at >= i)
      low = i;
    else
      break;
  }
  return v[at];
}

static void k_percentile(const table *t, result *r) {
  double *copy = (double *)(void *)r->more;
  memcpy(copy, t->x, t->rows * sizeof *copy);
  double low = nth(copy, t->rows, (t->rows - 1) / 2), high = nth(copy, t->rows, t->rows / 2);
  one(r, (low + high) / 2);
}

/* Counts of 1000 values in a table of open addresses. */
static void k_mode(const table *t, result *r) {
  enum { SLOTS = 4096 };
  static int64_t key[SLOTS], count[SLOTS];
  memset(count, 0, sizeof count);
  for (size_t k = 0; k < t->rows; k++) {
    size_t at = mix((uint64_t)t->j[k]) % SLOTS;
    while (count[at] > 0 && key[at] != t->j[k]) at = (at + 1) % SLOTS;
    key[at] = t->j[k];
    count[at]++;
  }
  int64_t best = 0;
  for (size_t at = 0; at < SLOTS; at++) best = count[at] > count[best] ? (int64_t)at : best;
  one(r, (double)key[best]);
}

/* A text that grows, and its length in characters. */
static void k_listagg(const table *t, result *r) {
  char *list = NULL;
  size_t n = 0, room = 0, characters = 0;
  for (size_t k = 0; k < t->rows; k++) {
    size_t size = (size_t)(t->s.end[k] - text_from(&t->s, k));
    if (n + 1 + size > room) list = more_room(list, &room, n + 1 + size, 1);
    if (k > 0) list[n++] = ',';
    n = (size_t)(put(list + n, t->s.bytes + text_from(&t->s, k), size) - list);
  }
  for (size_t k = 0; k < n; k++) characters += (list[k] & 0xc0) != 0x80;
  free(list);
  one(r, (double)characters);
}

/* Ben-Haim and Tom-Tov: a bin a value, then the two that are closest become one. */
static void k_histogram(const table *t, result *r) {
  enum { BINS = 5 };
  double x[BINS + 1], n[BINS + 1];
  size_t bins = 0;
  for (size_t k = 0; k < t->rows; k++) {
    size_t at = 0;
    while (at < bins && x[at] < t->x[k]) at++;
    if (at < bins && x[at] == t->x[k]) {
      n[at]++;
      continue;
    }
    memmove(x + at + 1, x + at, (bins - at) * sizeof *x);
    memmove(n + at + 1, n + at, (bins - at) * sizeof *n);
    x[at] = t->x[k];
    n[at] = 1;
    if (++bins <= BINS) continue;
    size_t least = 0;
    for (size_t b = 1; b + 1 < bins; b++)
      least = x[b + 1] - x[b] < x[least + 1] - x[least] ? b : least;
    double both = n[least] + n[least + 1];
    x[least] = (x[least] * n[least] + x[least + 1] * n[least + 1]) / both;
    n[least] = both;
    bins--;
    memmove(x + least + 1, x + least + 2, (bins - least - 1) * sizeof *x);
    memmove(n + least + 1, n + least + 2, (bins - least - 1) * sizeof *n);
  }
  one(r, x[0]);
}

static uint64_t turn(uint64_t x, int n) { return x << n | x >> (64 - n); }

/* XXH64 of a word with the seed 42, by which Spark hashes. */
static uint64_t xxh64(uint64_t v) {
  const uint64_t p1 = 0x9e3779b185ebca87, p2 = 0xc2b2ae3d27d4eb4f, p3 = 0x165667b19e3779f9;
  const uint64_t p4 = 0x85ebca77c2b2ae63, p5 = 0x27d4eb2f165667c5;
  uint64_t h = 42 + p5 + 8;
  h = turn(h ^ turn(v * p2, 31) * p1, 27) * p1 + p4;
  h = (h ^ h >> 33) * p2;
  h = (h ^ h >> 29) * p3;
  return h ^ h >> 32;
}

static void k_distinct(const table *t, result *r) {
  enum { BITS = 9 };
  static uint8_t most[1 << BITS];
  memset(most, 0, sizeof most);
  for (size_t k = 0; k < t->rows; k++) {
    uint64_t h = xxh64((uint64_t)t->i[k]);
    uint8_t zeros = (uint8_t)(__builtin_clzll(h << BITS | 1 << (BITS - 1)) + 1);
    uint8_t *at = &most[h >> (64 - BITS)];
    *at = zeros > *at ? zeros : *at;
  }
  one(r, most[0]);
}

/* MurmurHash3_x64_128 of a word with the seed 9001, by which all sketches of DataSketches hash. */
static void murmur(uint64_t k, uint64_t out[2]) {
  uint64_t a = 9001 ^ turn(k * 0x87c37b91114253d5, 31) * 0x4cf5ad432745937f, b = 9001;
  a ^= 8, b ^= 8;
  a += b, b += a;
  a = mix(a), b = mix(b);
  out[0] = a + b;
  out[1] = a + 2 * b;
}

/* HLL_8 of DataSketches: the highest rank of each register, and the historic estimate. */
static void k_hll(const table *t, result *r) {
  enum { BITS = 12 };
  static uint8_t most[1 << BITS];
  double all = 1 << BITS, estimate = 0;
  memset(most, 0, sizeof most);
  for (size_t k = 0; k < t->rows; k++) {
    uint64_t h[2];
    murmur((uint64_t)t->i[k], h);
    uint8_t rank = (uint8_t)(__builtin_clzll(h[1] | 1) + 1);
    uint8_t *at = &most[h[0] & ((1 << BITS) - 1)];
    if (rank <= *at) continue;
    estimate += (1 << BITS) / all;
    all += ldexp(1, -rank) - ldexp(1, -*at);
    *at = rank;
  }
  one(r, estimate);
}

/* The least hashes below a bound that falls as the table of 2 * 4096 fills. `sum`: with a number of
** each, that of equal hashes summed. */
static void least_hashes(const table *t, result *r, bool summed) {
  enum { SLOTS = 16384, KEPT = 4096 };
  static uint64_t slot[SLOTS], again[SLOTS];
  static double sum[SLOTS], sum_again[SLOTS];
  uint64_t theta = INT64_MAX, h[2];
  size_t used = 0;
  memset(slot, 0, sizeof slot);
  memset(sum, 0, sizeof sum);
  for (size_t k = 0; k < t->rows; k++) {
    murmur((uint64_t)t->i[k], h);
    *h >>= 1;
    if (*h >= theta || *h == 0) continue;
    size_t at = *h % SLOTS;
    while (slot[at] != 0 && slot[at] != *h) at = (at + 1) % SLOTS;
    used += slot[at] == 0;
    slot[at] = *h;
    if (summed) sum[at] += t->x[k];
    if (used < 2 * KEPT) continue;
    theta /= 2;
    used = 0;
    memset(again, 0, sizeof again);
    for (size_t old = 0; old < SLOTS; old++) {
      if (slot[old] == 0 || slot[old] >= theta) continue;
      size_t to = slot[old] % SLOTS;
      while (again[to] != 0) to = (to + 1) % SLOTS;
      again[to] = slot[old];
      sum_again[to] = sum[old];
      used++;
    }
    memcpy(slot, again, sizeof slot);
    memcpy(sum, sum_again, sizeof sum);
  }
  one(r, (double)used);
}

static void k_theta(const table *t, result *r) { least_hashes(t, r, false); }
static void k_tuple(const table *t, result *r) { least_hashes(t, r, true); }

static int by_value(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* Karnin, Lang and Liberty: a full level is sorted and every other value goes to the next. */
static void k_kll(const table *t, result *r) {
  enum { LEVELS = 24, ROOM = 400 };
  static int64_t level[LEVELS][2 * ROOM];
  size_t n[LEVELS] = {0};
  for (size_t k = 0; k < t->rows; k++) {
    level[0][n[0]++] = t->i[k];
    for (int l = 0; n[l] >= ROOM && l + 1 < LEVELS; l++) {
      qsort(level[l], n[l], sizeof **level, by_value);
      for (size_t at = k & 1; at < n[l]; at += 2) level[l + 1][n[l + 1]++] = level[l][at];
      n[l] = 0;
    }
  }
  one(r, (double)n[0]);
}

/* Spark's: a multiplier a row, the product folded to 31 bits. */
static void k_count_min(const table *t, result *r) {
  enum { DEPTH = 7, WIDTH = 2000 };
  static const uint64_t factor[DEPTH] = {1170105035, 234785527,  1360544799, 205897768,
                                         1149283029, 1832048431, 709393584};
  static int64_t count[DEPTH][WIDTH];
  for (size_t k = 0; k < t->rows; k++)
    for (uint64_t d = 0; d < DEPTH; d++) {
      uint64_t h = factor[d] * (uint64_t)t->i[k];
      h += (uint64_t)((int64_t)h >> 32);
      count[d][(uint32_t)(h & INT32_MAX) % WIDTH]++;
    }
  one(r, (double)count[0][0]);
}

static void k_bitmap(const table *t, result *r) {
  static uint8_t bits[4096];
  memset(bits, 0, sizeof bits);
  for (size_t k = 0; k < t->rows; k++) bits[t->j[k] / 8] |= (uint8_t)(1 << t->j[k] % 8);
  int64_t n = 0;
  for (size_t k = 0; k < sizeof bits; k++) n += __builtin_popcount(bits[k]);
  one(r, (double)n);
}

/* One pass of a radix sort of row numbers by 11 bits of a column. */
static void radix(const int64_t *v, const int64_t *from, int64_t *to, size_t n, int shift) {
  static size_t start[2049];
  memset(start, 0, sizeof start);
  for (size_t k = 0; k < n; k++) start[(((uint64_t)v[from[k]] >> shift) & 2047) + 1]++;
  for (size_t b = 0; b < 2048; b++) start[b + 1] += start[b];
  for (size_t k = 0; k < n; k++) to[start[((uint64_t)v[from[k]] >> shift) & 2047]++] = from[k];
}

/* Row numbers by j, then by n (20 bits, as i of the values). */
static int64_t *ordered(const table *t, result *r) {
  int64_t *wide = r->more, *a = wide + t->rows, *b = a + t->rows;
  for (size_t k = 0; k < t->rows; k++) {
    wide[k] = t->n[k];
    a[k] = (int64_t)k;
  }
  radix(wide, a, b, t->rows, 0);
  radix(wide, b, a, t->rows, 11);
  radix(t->j, a, b, t->rows, 0);
  return b;
}

static void k_rank(const table *t, result *r) {
  int64_t *order = ordered(t, r), n = 0, rank = 0;
  for (size_t at = 0; at < t->rows; at++) {
    int64_t k = order[at], before = at > 0 ? order[at - 1] : k;
    if (at == 0 || t->j[k] != t->j[before]) n = rank = 0;
    n++;
    if (n == 1 || t->n[k] != t->n[before]) rank = n;
    r->values[at] = rank;
  }
}

static void k_lag(const table *t, result *r) {
  int64_t *order = ordered(t, r);
  for (size_t at = 0; at < t->rows; at++) {
    int64_t k = order[at], before = at > 0 ? order[at - 1] : -1;
    r->values[at] = before >= 0 && t->j[k] == t->j[before] ? t->i[before] : 0;
  }
}

static void k_count_if(const table *t, result *r) {
  int64_t n = 0;
  for (size_t k = 0; k < t->rows; k++) n += t->i[k] > t->j[k];
  one(r, (double)n);
}

static void k_kurtosis(const table *t, result *r) {
  double n = 0, mean = 0, m2 = 0, m3 = 0, m4 = 0;
  for (size_t k = 0; k < t->rows; k++) {
    n++;
    double delta = t->x[k] - mean, part = delta / n, square = delta * part * (n - 1);
    mean += part;
    m4 += square * part * part * (n * n - 3 * n + 3) + 6 * part * part * m2 - 4 * part * m3;
    m3 += square * part * (n - 2) - 3 * part * m2;
    m2 += square;
  }
  one(r, n * m4 / (m2 * m2) - 3);
}

/* Distinct values in a table of open addresses that grows. */
static void k_collect_set(const table *t, result *r) {
  size_t slots = 1024, used = 0;
  int64_t *key = calloc(slots, sizeof *key);
  for (size_t k = 0; k < t->rows; k++) {
    if (2 * used >= slots) {
      int64_t *old = key;
      key = calloc(2 * slots, sizeof *key);
      for (size_t at = 0; at < slots; at++) {
        if (old[at] == 0) continue;
        size_t to = mix((uint64_t)old[at]) % (2 * slots);
        while (key[to] != 0) to = (to + 1) % (2 * slots);
        key[to] = old[at];
      }
      free(old);
      slots *= 2;
    }
    int64_t v = t->n[k] + 1;
    size_t at = mix((uint64_t)v) % slots;
    while (key[at] != 0 && key[at] != v) at = (at + 1) % slots;
    used += key[at] == 0;
    key[at] = v;
  }
  free(key);
  one(r, (double)used);
}

static void k_row_number(const table *t, result *r) {
  int64_t *order = ordered(t, r), n = 0;
  for (size_t at = 0; at < t->rows; at++) {
    int64_t k = order[at];
    if (at == 0 || t->j[k] != t->j[order[at - 1]]) n = 0;
    r->values[at] = ++n;
  }
}

/* A running sum: of all rows that are equal by n. */
static void k_running_sum(const table *t, result *r) {
  int64_t *order = ordered(t, r), sum = 0;
  for (size_t at = 0; at < t->rows;) {
    size_t stop = at;
    if (at == 0 || t->j[order[at]] != t->j[order[at - 1]]) sum = 0;
    for (; stop < t->rows && t->j[order[stop]] == t->j[order[at]] &&
           t->n[order[stop]] == t->n[order[at]];
         stop++)
      if (__builtin_add_overflow(sum, t->i[order[stop]], &sum)) abort();
    while (at < stop) r->values[at++] = sum;
  }
}

/* The first quarter of a partition is 1: sizes of its parts differ by one at most. */
static void k_ntile(const table *t, result *r) {
  int64_t *order = ordered(t, r);
  for (size_t from = 0, stop; from < t->rows; from = stop) {
    for (stop = from; stop < t->rows && t->j[order[stop]] == t->j[order[from]];) stop++;
    size_t n = stop - from, part = n / 4, larger = n % 4, at = from;
    for (size_t tile = 1; tile <= 4; tile++)
      for (size_t left = part + (tile <= larger); left > 0; left--) r->values[at++] = (int64_t)tile;
  }
}

const kernel_case aggregate_cases[] = {{"agg_sum.sum", k_sum, REAL},
                                       {"agg_sum.avg", k_avg, REAL},
                                       {"agg_sum.decimal", k_decimal_sum, REAL},
                                       {"agg_pick.max", k_max, REAL},
                                       {"agg_pick.max_by", k_max_by, REAL},
                                       {"agg_pick.bit_xor", k_bit_xor, REAL},
                                       {"agg_moments.stddev", k_stddev, REAL},
                                       {"agg_moments.corr", k_corr, REAL},
                                       {"agg_collect.collect_list", k_collect_list, REAL},
                                       {"agg_collect.percentile", k_percentile, REAL},
                                       {"agg_collect.percentile_approx", k_percentile, NOTHING},
                                       {"agg_collect.mode", k_mode, NOTHING},
                                       {"agg_listagg.listagg", k_listagg, REAL},
                                       {"agg_histogram.histogram_numeric", k_histogram, NOTHING},
                                       {"agg_frequent.approx_top_k", k_mode, NOTHING},
                                       {"agg_distinct.approx_count_distinct", k_distinct, NOTHING},
                                       {"sketch_hll.hll_sketch_agg", k_hll, NOTHING},
                                       {"sketch_theta.theta_sketch_agg", k_theta, NOTHING},
                                       {"sketch_tuple.tuple_sketch_agg", k_tuple, NOTHING},
                                       {"sketch_kll.kll_sketch_agg", k_kll, NOTHING},
                                       {"sketch_count_min.count_min_sketch", k_count_min, NOTHING},
                                       {"bitmap.bitmap_construct_agg", k_bitmap, REAL},
                                       {"window.rank", k_rank, INT64},
                                       {"window.lag", k_lag, INT64},
                                       {"agg_sum.count_if", k_count_if, REAL},
                                       {"agg_moments.kurtosis", k_kurtosis, REAL},
                                       {"agg_collect.collect_set", k_collect_set, REAL},
                                       {"window.row_number", k_row_number, INT64},
                                       {"window.running_sum", k_running_sum, INT64},
                                       {"window.ntile", k_ntile, INT64},
                                       {NULL, NULL, NOTHING}};
