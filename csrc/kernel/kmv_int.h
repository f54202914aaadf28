/* Samples of hashes, the core of theta and tuple sketches (Dasgupta, Lang, Rhodes, Thaler: A framework for
** estimating stream expression cardinalities, 2016). Private to csrc/kernel.
**
** A sample keeps the hashes below theta, at most 2^lgK of them once it is trimmed: then theta is the least hash
** that was left out. So the result does not hang on the order in which values, or samples, came. The number of
** different values is about count / theta. Each hash may carry a summary. */
#ifndef MILL_KERNEL_KMV_INT_H
#define MILL_KERNEL_KMV_INT_H

#include "kernel/sketch_int.h"

#define MILL_KMV_ALL ((uint64_t)INT64_MAX) /* theta of a sample that has left out nothing */

enum { MILL_KMV_SUM, MILL_KMV_MIN, MILL_KMV_MAX, MILL_KMV_ONE }; /* modes, as bytes number them */

typedef union mill_summary {
  double real;
  int64_t integer; /* 32 bits wide, as Spark's */
} mill_summary;

/* How summaries of the same hash become one, and how many hashes are kept. */
typedef struct mill_kmv_rule {
  int lg_k; /* 0: no limit */
  uint8_t mode;
  bool real;
} mill_kmv_rule;

typedef struct mill_kmv_entry {
  uint64_t hash; /* 0: free */
  mill_summary summary;
} mill_kmv_entry;

typedef struct mill_kmv {
  mill_kmv_entry *slot; /* NULL: not opened */
  uint64_t theta;
  uint32_t count;
  uint8_t lg_slots;
  bool some; /* some value was there, though none may be left */
} mill_kmv;

mill_status mill_kmv_open(mill_arena *a, mill_kmv *s, mill_error *err) MILL_USE_RESULT;
mill_status mill_kmv_put(mill_arena *a, mill_kmv *s, const mill_kmv_rule *rule, uint64_t hash,
                         mill_summary x, mill_error *err) MILL_USE_RESULT;
/* Most hashes of many are above theta. */
static inline mill_status mill_kmv_add(mill_arena *a, mill_kmv *s, const mill_kmv_rule *rule,
                                       uint64_t hash, mill_summary x, mill_error *err) {
  s->some = true;
  if (hash == 0 || hash >= s->theta) return MILL_OK;
  return mill_kmv_put(a, s, rule, hash, x, err);
}
/* Of hashed rows those stay that mill_kmv_add may keep. */
static inline void mill_kmv_sieve(mill_kmv *s, mill_sketch_rows *r) {
  const uint64_t theta = s->theta;
  uint32_t n = 0;
  s->some |= r->n > 0;
  for (uint32_t k = 0; k < r->n; k++) {
    uint64_t hash = r->hash[k][0];
    r->row[n] = r->row[k];
    r->hash[n][0] = hash;
    n += hash >> 1 < theta;
  }
  r->n = n;
}
/* `to` becomes the union or intersection with `from`, or what of it is not in `from`. */
mill_status mill_kmv_unite(mill_arena *a, mill_kmv *to, const mill_kmv *from,
                           const mill_kmv_rule *rule, mill_error *err) MILL_USE_RESULT;
mill_status mill_kmv_intersect(mill_arena *a, mill_kmv *to, const mill_kmv *from,
                               const mill_kmv_rule *rule, mill_error *err) MILL_USE_RESULT;
/* The same state by state, `combine` of aggregates (function.h) whose call's state begins with the rule. */
mill_status mill_kmv_union_combine(mill_call *call, void *const *to, void *const *from, size_t n,
                                   mill_error *err) MILL_USE_RESULT;
mill_status mill_kmv_intersection_combine(mill_call *call, void *const *to, void *const *from,
                                          size_t n, mill_error *err) MILL_USE_RESULT;
/* A sample that will be united with another has no use for hashes above that one's theta: `heed` of aggregates. */
mill_status mill_kmv_heed(mill_call *call, void *state, const void *other,
                          mill_error *err) MILL_USE_RESULT;
mill_status mill_kmv_subtract(mill_arena *a, mill_kmv *to, const mill_kmv *from,
                              mill_error *err) MILL_USE_RESULT;
/* The entries of a trimmed sample in the order of their hashes. */
mill_status mill_kmv_sorted(mill_arena *a, mill_kmv *s, const mill_kmv_rule *rule,
                            mill_kmv_entry **out, mill_error *err) MILL_USE_RESULT;

/* theta as a share of all hashes; the number of different values. */
double mill_kmv_share(const mill_kmv *s);
double mill_kmv_estimate(const mill_kmv *s);

/* An entry as hashes of sketches are: 63 bits, never 0. */
static inline uint64_t mill_kmv_hash(const uint64_t hash[2]) { return hash[0] >> 1; }

/* ---- theta sketches (sketch_theta.c) ---- */

/* What bytes are: good, of another family (its name in *family), or none. */
mill_status mill_theta_read(mill_call *call, const mill_vector *v, size_t i, mill_kmv *s,
                            mill_error *err) MILL_USE_RESULT;
/* The name of a family that is not `wanted`, or NULL. */
const char *mill_sketch_other_family(bytes in, int wanted);

#endif
