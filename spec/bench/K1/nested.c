/* Lists of BIGINT, maps as two lists, vectors as lists of floats. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "kernel.h"

EACH(k_size, narrow, (int32_t)(t->a.end[k] - list_from(&t->a, k)))
EACH(k_element_at, values, t->a.values[list_from(&t->a, k)])

static void k_array(const table *t, result *r) {
  for (size_t k = 0; k < t->rows; k++) {
    r->more[2 * k] = t->i[k];
    r->more[2 * k + 1] = t->j[k];
    r->end[k] = 2 * (int64_t)k + 2;
    r->narrow[k] = 2;
  }
}

EACH_LIST(k_array_contains, a, {
  while (p < e && *p != 7) p++;
  r->flags[k] = p < e;
})

EACH_LIST(k_array_max, a, {
  int64_t most = *p;
  for (; p < e; p++) most = *p > most ? *p : most;
  r->values[k] = most;
})

EACH_LIST(k_array_position, a, {
  const int64_t *from_ = p;
  while (p < e && *p != 7) p++;
  r->values[k] = p < e ? p - from_ + 1 : 0;
})

EACH_LIST(k_slice, a, {
  for (e = e - p > 3 ? p + 3 : e; p < e; p++) *w++ = *p;
  r->narrow[k] = (int32_t)(w - r->more - (k > 0 ? r->end[k - 1] : 0));
})

static void insertion_sort(int64_t *v, size_t n) {
  for (size_t k = 1; k < n; k++) {
    int64_t x = v[k];
    size_t at = k;
    for (; at > 0 && v[at - 1] > x; at--) v[at] = v[at - 1];
    v[at] = x;
  }
}

EACH_LIST(k_sort_array, a, {
  memcpy(w, p, (size_t)(e - p) * sizeof *w);
  insertion_sort(w, (size_t)(e - p));
  r->values[k] = *w;
  w += e - p;
})

static void k_array_join(const table *t, result *r) {
  char *w = r->bytes;
  for (size_t k = 0; k < t->rows; k++) {
    for (int64_t at = list_from(&t->a, k); at < t->a.end[k]; at++) {
      if (at > list_from(&t->a, k)) *w++ = ',';
      w = put_int(w, t->a.values[at]);
    }
    r->end[k] = w - r->bytes;
  }
}

static bool among(const int64_t *p, const int64_t *e, int64_t v) {
  while (p < e && *p != v) p++;
  return p < e;
}

EACH_LIST(k_array_distinct, a, {
  int64_t *first = w;
  for (; p < e; p++)
    if (!among(first, w, *p)) *w++ = *p;
  r->narrow[k] = (int32_t)(w - first);
})

static int64_t *intersect(int64_t *w, const int64_t *p, const int64_t *e, const int64_t *q,
                          const int64_t *stop) {
  int64_t *first = w;
  for (; p < e; p++)
    if (among(q, stop, *p) && !among(first, w, *p)) *w++ = *p;
  return w;
}

EACH_LIST(k_array_intersect, a, {
  int64_t *first = w;
  w = intersect(w, p, e, t->c.values + list_from(&t->c, k), t->c.values + t->c.end[k]);
  r->narrow[k] = (int32_t)(w - first);
})

EACH_LIST(k_reverse, a, {
  r->values[k] = e[-1];
  while (e > p) *w++ = *--e;
})

static void k_sequence(const table *t, result *r) {
  int64_t *w = r->more;
  for (size_t k = 0; k < t->rows; k++) {
    for (int64_t v = 1, last = t->j[k] % 10 + 1; v <= last; v++) *w++ = v;
    r->end[k] = w - r->more;
    r->narrow[k] = (int32_t)(t->j[k] % 10 + 1);
  }
}

EACH_LIST(k_transform, a, {
  r->values[k] = *p + 1;
  while (p < e) *w++ = *p++ + 1;
})

EACH_LIST(k_filter, a, {
  int64_t *first = w;
  for (; p < e; p++)
    if (*p % 2 == 0) *w++ = *p;
  r->narrow[k] = (int32_t)(w - first);
})

EACH_LIST(k_exists, a, {
  while (p < e && *p <= 95) p++;
  r->flags[k] = p < e;
})

EACH_LIST(k_aggregate, a, {
  int64_t sum = 0;
  while (p < e) sum += *p++;
  r->values[k] = sum;
})

/* map_concat(mp, map(5, j)): a key may come once only. */
static void k_map_concat(const table *t, result *r) {
  int64_t *key = r->more, *value = r->more + t->rows * (LIST_ROOM / 2), n = 0;
  for (size_t k = 0; k < t->rows; k++) {
    int64_t first = n;
    bool twice = false;
    for (int64_t at = from_of(t->mp.end, k); at < t->mp.end[k]; at++) {
      key[n] = t->mp.keys[at];
      value[n++] = t->mp.values[at];
    }
    key[n] = 5;
    value[n++] = t->j[k];
    for (int64_t x = first; x < n; x++)
      for (int64_t y = first; y < x; y++) twice |= key[x] == key[y];
    if (twice) abort();
    r->end[k] = n;
    r->narrow[k] = (int32_t)(n - first);
  }
}

static void k_map_get(const table *t, result *r) {
  for (size_t k = 0; k < t->rows; k++) {
    int64_t at = from_of(t->mp.end, k);
    while (at < t->mp.end[k] && t->mp.keys[at] != 3) at++;
    r->flags[k] = at < t->mp.end[k]; /* not NULL */
    r->values[k] = at < t->mp.end[k] ? t->mp.values[at] : 0;
  }
}

static void k_transform_values(const table *t, result *r) {
  int64_t *key = r->more, *value = r->more + t->rows * (LIST_ROOM / 2);
  for (size_t k = 0; k < t->rows; k++) {
    int64_t from = from_of(t->mp.end, k);
    for (int64_t at = from; at < t->mp.end[k]; at++) {
      key[at] = t->mp.keys[at];
      value[at] = t->mp.values[at] + 1;
    }
    r->end[k] = t->mp.end[k];
    r->values[k] = value[from + 2];
  }
}

static void k_map_filter(const table *t, result *r) {
  int64_t *key = r->more, *value = r->more + t->rows * (LIST_ROOM / 2), n = 0;
  for (size_t k = 0; k < t->rows; k++) {
    int64_t first = n;
    for (int64_t at = from_of(t->mp.end, k); at < t->mp.end[k]; at++)
      if (t->mp.values[at] > 0) {
        key[n] = t->mp.keys[at];
        value[n++] = t->mp.values[at];
      }
    r->end[k] = n;
    r->narrow[k] = (int32_t)(n - first);
  }
}

static void k_to_vector(const table *t, result *r) {
  double *w = (double *)(void *)r->more;
  for (size_t k = 0; k < t->rows; k++) {
    for (int64_t at = from_of(t->e.end, k); at < t->e.end[k]; at++) w[at] = t->e.values[at];
    r->end[k] = t->e.end[k];
    r->flags[k] = 1; /* dense */
  }
}

/* Sums in double precision, in the order of the numbers, of lists that must be as long as each other. */
static void k_inner_product(const table *t, result *r) {
  for (size_t k = 0; k < t->rows; k++) {
    int64_t i = from_of(t->e.end, k), j = from_of(t->f.end, k);
    double sum = 0;
    if (t->e.end[k] - i != t->f.end[k] - j) abort();
    for (; i < t->e.end[k]; i++, j++) sum += (double)t->e.values[i] * (double)t->f.values[j];
    r->reals[k] = (double)(float)sum;
  }
}

static void k_cosine(const table *t, result *r) {
  for (size_t k = 0; k < t->rows; k++) {
    int64_t i = from_of(t->e.end, k), j = from_of(t->f.end, k);
    double sum = 0, a = 0, b = 0;
    if (t->e.end[k] - i != t->f.end[k] - j) abort();
    for (; i < t->e.end[k]; i++, j++) {
      double x = (double)t->e.values[i], y = (double)t->f.values[j];
      sum += x * y, a += x * x, b += y * y;
    }
    r->reals[k] = (double)(float)(sum / (sqrt(a) * sqrt(b)));
  }
}

static void k_explode(const table *t, result *r) {
  for (size_t k = 0; k < t->rows; k++)
    for (int64_t at = list_from(&t->a, k); at < t->a.end[k]; at++) {
      r->more[at] = t->a.values[at];
      r->end[k] = at;
    }
}

static void k_stack(const table *t, result *r) {
  for (size_t k = 0; k < t->rows; k++) {
    r->more[2 * k] = t->i[k];
    r->more[2 * k + 1] = t->j[k];
  }
}

static void k_map_entries(const table *t, result *r) {
  for (size_t k = 0; k < t->rows; k++) {
    for (int64_t at = from_of(t->mp.end, k); at < t->mp.end[k]; at++) {
      r->more[2 * at] = t->mp.keys[at];
      r->more[2 * at + 1] = t->mp.values[at];
    }
    r->end[k] = t->mp.end[k];
    r->narrow[k] = (int32_t)(t->mp.end[k] - from_of(t->mp.end, k));
  }
}

EACH_LIST(k_array_append, a, {
  int64_t *first = w;
  while (p < e) *w++ = *p++;
  *w++ = t->i[k];
  r->narrow[k] = (int32_t)(w - first);
})

EACH_LIST(k_array_remove, a, {
  int64_t *first = w;
  for (; p < e; p++)
    if (*p != t->j[k]) *w++ = *p;
  r->narrow[k] = (int32_t)(w - first);
})

EACH_LIST(k_array_insert, a, {
  int64_t *first = w;
  *w++ = *p++;
  *w++ = t->i[k];
  while (p < e) *w++ = *p++;
  r->narrow[k] = (int32_t)(w - first);
})

static void k_array_repeat(const table *t, result *r) {
  int64_t *w = r->more;
  for (size_t k = 0; k < t->rows; k++) {
    for (int64_t n = t->j[k] % 8; n > 0; n--) *w++ = t->i[k];
    r->end[k] = w - r->more;
    r->narrow[k] = (int32_t)(t->j[k] % 8);
  }
}

static int64_t *both(const table *t, size_t k, int64_t *w) {
  for (int64_t at = list_from(&t->a, k); at < t->a.end[k]; at++) *w++ = t->a.values[at];
  for (int64_t at = list_from(&t->c, k); at < t->c.end[k]; at++) *w++ = t->c.values[at];
  return w;
}

static void k_list_concat(const table *t, result *r) {
  int64_t *w = r->more;
  for (size_t k = 0; k < t->rows; k++) {
    int64_t *first = w;
    w = both(t, k, w);
    r->end[k] = w - r->more;
    r->narrow[k] = (int32_t)(w - first);
  }
}

/* Elements of the longer list meet none of the shorter: a flag beside each. */
static void k_arrays_zip(const table *t, result *r) {
  int64_t n = 0, room = (int64_t)t->rows * (LIST_ROOM / 2);
  for (size_t k = 0; k < t->rows; k++) {
    int64_t a = list_from(&t->a, k), na = t->a.end[k] - a, c = list_from(&t->c, k);
    int64_t nc = t->c.end[k] - c, most = na > nc ? na : nc;
    for (int64_t at = 0; at < most; at++, n++) {
      r->more[n] = at < na ? t->a.values[a + at] : 0;
      r->more[room + n] = at < nc ? t->c.values[c + at] : 0;
      r->bytes[2 * n] = at < na;
      r->bytes[2 * n + 1] = at < nc;
    }
    r->end[k] = n;
    r->narrow[k] = (int32_t)most;
  }
}

static void k_array_union(const table *t, result *r) {
  int64_t *w = r->more, all[LIST_ROOM];
  for (size_t k = 0; k < t->rows; k++) {
    int64_t *first = w, *end = both(t, k, all);
    for (const int64_t *p = all; p < end; p++)
      if (!among(first, w, *p)) *w++ = *p;
    r->end[k] = w - r->more;
    r->narrow[k] = (int32_t)(w - first);
  }
}

EACH_LIST(k_array_except, a, {
  const int64_t *q = t->c.values + list_from(&t->c, k);
  int64_t *first = w;
  for (; p < e; p++)
    if (!among(q, t->c.values + t->c.end[k], *p) && !among(first, w, *p)) *w++ = *p;
  r->narrow[k] = (int32_t)(w - first);
})

EACH_LIST(k_arrays_overlap, a, {
  const int64_t *q = t->c.values + list_from(&t->c, k);
  while (p < e && !among(q, t->c.values + t->c.end[k], *p)) p++;
  r->flags[k] = p < e;
})

/* The sum of equal places, none where one list is shorter. */
static void k_zip_with(const table *t, result *r) {
  int64_t *w = r->more;
  for (size_t k = 0; k < t->rows; k++) {
    int64_t a = list_from(&t->a, k), na = t->a.end[k] - a, c = list_from(&t->c, k);
    int64_t nc = t->c.end[k] - c, most = na > nc ? na : nc;
    r->values[k] = t->a.values[a] + t->c.values[c];
    for (int64_t at = 0; at < most; at++, w++) {
      bool some = at < na && at < nc;
      r->bytes[w - r->more] = some;
      *w = some ? t->a.values[a + at] + t->c.values[c + at] : 0;
    }
    r->end[k] = w - r->more;
  }
}

EACH_LIST(k_forall, a, {
  while (p < e && *p < 95) p++;
  r->flags[k] = p == e;
})

/* Keys are made anew, and none may come twice. */
static void k_transform_keys(const table *t, result *r) {
  int64_t *key = r->more, *value = r->more + t->rows * (LIST_ROOM / 2);
  for (size_t k = 0; k < t->rows; k++) {
    int64_t from = from_of(t->mp.end, k), to = t->mp.end[k];
    bool twice = false;
    for (int64_t at = from; at < to; at++) {
      key[at] = t->mp.keys[at] * 10;
      value[at] = t->mp.values[at];
      for (int64_t old = from; old < at; old++) twice |= key[old] == key[at];
    }
    if (twice) abort();
    r->end[k] = to;
    r->values[k] = value[from + 1];
  }
}

/* Two keys from a list, whose values are i and j. */
static void k_map_from_arrays(const table *t, result *r) {
  for (size_t k = 0; k < t->rows; k++) {
    r->more[4 * k] = t->n[k];
    r->more[4 * k + 1] = t->n[k] + 1;
    r->more[4 * k + 2] = t->i[k];
    r->more[4 * k + 3] = t->j[k];
    if (r->more[4 * k] == r->more[4 * k + 1]) abort();
    r->end[k] = 2 * (int64_t)k + 2;
    r->values[k] = t->i[k];
  }
}

static void k_sequence_date(const table *t, result *r) {
  int32_t *w = (int32_t *)(void *)r->more;
  int64_t n = 0;
  for (size_t k = 0; k < t->rows; k++) {
    for (int32_t v = t->d[k], last = v + (int32_t)(t->j[k] % 10); v <= last; v++) w[n++] = v;
    r->end[k] = n;
    r->narrow[k] = (int32_t)(t->j[k] % 10 + 1);
  }
}

static void k_l2_distance(const table *t, result *r) {
  for (size_t k = 0; k < t->rows; k++) {
    int64_t i = from_of(t->e.end, k), j = from_of(t->f.end, k);
    double sum = 0;
    if (t->e.end[k] - i != t->f.end[k] - j) abort();
    for (; i < t->e.end[k]; i++, j++) {
      double gap = (double)t->e.values[i] - (double)t->f.values[j];
      sum += gap * gap;
    }
    r->reals[k] = (double)(float)sqrt(sum);
  }
}

static void k_posexplode(const table *t, result *r) {
  int32_t *place = (int32_t *)(void *)(r->more + t->rows * (LIST_ROOM / 2));
  for (size_t k = 0; k < t->rows; k++) {
    int64_t from = list_from(&t->a, k);
    for (int64_t at = from; at < t->a.end[k]; at++) {
      r->more[at] = t->a.values[at];
      place[at] = (int32_t)(at - from);
    }
  }
}

const kernel_case nested_cases[] = {{"collection.size", k_size, INT32},
                                    {"collection.element_at", k_element_at, INT64},
                                    {"collection.array", k_array, INT32},
                                    {"collection.array_contains", k_array_contains, FLAG},
                                    {"collection.map_get", k_map_get, INT64},
                                    {"array.array_max", k_array_max, INT64},
                                    {"array.array_position", k_array_position, INT64},
                                    {"array.slice", k_slice, INT32},
                                    {"array.sort_array", k_sort_array, INT64},
                                    {"array.array_join", k_array_join, TEXT},
                                    {"array_set.array_distinct", k_array_distinct, INT32},
                                    {"array_set.array_intersect", k_array_intersect, INT32},
                                    {"reverse.list", k_reverse, INT64},
                                    {"sequence.sequence", k_sequence, INT32},
                                    {"lambda_array.transform", k_transform, INT64},
                                    {"lambda_array.filter", k_filter, INT32},
                                    {"lambda_array.exists", k_exists, FLAG},
                                    {"lambda_fold.aggregate", k_aggregate, INT64},
                                    {"lambda_fold.array_sort", k_sort_array, INT64},
                                    {"map.map_concat", k_map_concat, INT32},
                                    {"lambda_map.transform_values", k_transform_values, INT64},
                                    {"lambda_map.map_filter", k_map_filter, INT32},
                                    {"ml_vector.array_to_vector", k_to_vector, NOTHING},
                                    {"vector_math.inner_product", k_inner_product, REAL},
                                    {"vector_math.cosine", k_cosine, REAL},
                                    {"generator.explode", k_explode, NOTHING},
                                    {"generator.stack", k_stack, NOTHING},
                                    {"map.map_entries", k_map_entries, INT32},
                                    {"map.map_from_arrays", k_map_from_arrays, INT64},
                                    {"array.array_append", k_array_append, INT32},
                                    {"array.array_remove", k_array_remove, INT32},
                                    {"array.array_insert", k_array_insert, INT32},
                                    {"array.array_repeat", k_array_repeat, INT32},
                                    {"array.flatten", k_list_concat, INT32},
                                    {"array.arrays_zip", k_arrays_zip, INT32},
                                    {"string.concat_lists", k_list_concat, INT32},
                                    {"array_set.array_union", k_array_union, INT32},
                                    {"array_set.array_except", k_array_except, INT32},
                                    {"array_set.arrays_overlap", k_arrays_overlap, FLAG},
                                    {"lambda_array.zip_with", k_zip_with, INT64},
                                    {"lambda_array.forall", k_forall, FLAG},
                                    {"lambda_map.transform_keys", k_transform_keys, INT64},
                                    {"sequence.sequence_date", k_sequence_date, INT32},
                                    {"vector_math.l2_distance", k_l2_distance, NOTHING},
                                    {"generator.posexplode", k_posexplode, NOTHING},
                                    {NULL, NULL, NOTHING}};
