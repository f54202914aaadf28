/* Hash aggregation: what its files share. Private to them.
**
** Each morsel has a part: its groups, and one state a call and group, side by side in a block:
**
**     state + g * state_size + offset[call]
*/
#ifndef MILL_EXEC_AGGREGATE_INT_H
#define MILL_EXEC_AGGREGATE_INT_H

#include <pthread.h>

#include "exec/exec_int.h"
#include "column/groups.h"
#include "exec/spill.h"

enum { MILL_AGG_CODES = 4 }; /* keys that may be codes */

/* Groups of parts are cut into pieces by the upper bits of their hash. */
enum { MILL_AGG_PIECES = 64, MILL_AGG_SHIFT = 58 };

typedef struct mill_agg_plan {
  const mill_exec *x;
  const mill_op *op;
  mill_group_layout layout;
  uint32_t *offset, state_size;
  bool *shares; /* the call has the state of one before it */
} mill_agg_plan;

typedef struct mill_agg_part {
  const mill_agg_plan *plan;
  mill_arena arena; /* long keys, and what states point to */
  mill_groups groups;
  char *state;
  uint32_t capacity;    /* groups that `state` has room for */
  mill_spill_run **run; /* on disk: a run a piece, NULL: empty piece */
  uint32_t spilled;     /* groups there */
} mill_agg_part;

mill_call mill_agg_call(const mill_agg_plan *p, int call, mill_arena *a);
static inline void *mill_agg_state(const mill_agg_part *p, uint32_t group, int call) {
  return p->state + (size_t)group * p->plan->state_size + p->plan->offset[call];
}

mill_status mill_agg_part_init(mill_agg_part *p, const mill_agg_plan *plan,
                               mill_error *err) MILL_USE_RESULT;
/* Room for n groups at once. */
mill_status mill_agg_part_reserve(mill_agg_part *p, uint32_t n, mill_error *err) MILL_USE_RESULT;
void mill_agg_part_clear(mill_agg_part *p);
/* The groups of n keys, with states. */
mill_status mill_agg_find(mill_agg_part *p, const mill_group_keys *k, uint32_t n, uint32_t *group,
                          mill_error *err) MILL_USE_RESULT;

/* Groups by the codes of keys (aggregate_codes.c). The list lives in `own`. *done: false where the
** keys are none; else group[i] is that of row i of the batch. */
typedef struct mill_agg_codes {
  const mill_agg_part *part;
  const void *entries[MILL_AGG_CODES];
  uint32_t *group; /* by combination */
} mill_agg_codes;
mill_status mill_agg_find_codes(mill_agg_codes *c, mill_agg_part *p, const mill_batch *b,
                                mill_group_keys *keys, mill_arena *own, mill_arena *scratch,
                                uint32_t *group, bool *done, mill_error *err) MILL_USE_RESULT;

/* What a thread needs to merge. */
typedef struct mill_agg_merger {
  mill_group_keys keys;
  mill_arena own, scratch;
  uint32_t group[MILL_BATCH];
  void *to[MILL_BATCH], *from[MILL_BATCH];
} mill_agg_merger;
mill_status mill_agg_merger_init(mill_agg_merger *m, const mill_agg_plan *plan,
                                 mill_error *err) MILL_USE_RESULT;
void mill_agg_merger_clear(mill_agg_merger *m);
/* Merge n groups of `from` into `to`, in that order; m->group says where they went. */
mill_status mill_agg_merge(mill_agg_part *to, const mill_agg_part *from, const uint32_t *group,
                           uint32_t n, mill_agg_merger *m, mill_error *err) MILL_USE_RESULT;

/* The same for one call, where m->group says already where they go. */
mill_status mill_agg_merge_call(mill_agg_part *to, const mill_agg_part *from, int call,
                                const uint32_t *group, uint32_t n, mill_agg_merger *m,
                                mill_error *err) MILL_USE_RESULT;

/* Rows of the result: n groups, each of its own part. */
mill_status mill_agg_rows(const mill_agg_plan *plan, mill_agg_part *const *part,
                          const uint32_t *group, uint32_t n, mill_batch *out, mill_arena *a,
                          mill_error *err) MILL_USE_RESULT;
mill_status mill_agg_emit(const mill_agg_plan *plan, mill_agg_part *const *part,
                          const uint32_t *group, uint32_t n, mill_table *out,
                          mill_error *err) MILL_USE_RESULT; /* .. appended to a table */
/* mill_agg_finish where the parts' keys lie apart; else *done is false. */
mill_status mill_agg_finish_apart(const mill_agg_plan *plan, mill_agg_part **part, size_t n,
                                  mill_table *out, bool *done, mill_error *err) MILL_USE_RESULT;
/* All parts (NULL: none) as one result: merged by pieces of the hash, in parallel where there are
** many groups. */
mill_status mill_agg_finish(const mill_agg_plan *plan, mill_agg_part **part, size_t n,
                            mill_table *out, mill_error *err) MILL_USE_RESULT;

/* The groups of a part by piece, in their order: order[start[k]] .. order[start[k + 1]]. start is
** zeroed; order is an array of as many numbers as there are groups, the caller's to free. */
mill_status mill_agg_cut(const mill_agg_part *p, uint32_t **order, uint32_t *start,
                         mill_error *err) MILL_USE_RESULT;

/* The file of an aggregation's parts; made when the first goes to disk. */
typedef struct mill_agg_spill {
  mill_spill *file;
  const mill_type *schema;
  pthread_mutex_t lock;
} mill_agg_spill;
/* Write the part's groups to disk and free their memory. */
mill_status mill_agg_spill_part(mill_agg_part *p, mill_agg_spill *s,
                                mill_error *err) MILL_USE_RESULT;
void mill_agg_runs_free(mill_agg_part *p);
/* mill_agg_finish for parts some of which are on disk or should be: piece after piece, into rows on
** disk in the order of the groups (aggregate_disk.c). */
mill_status mill_agg_finish_disk(const mill_agg_plan *plan, mill_agg_part **part, size_t n,
                                 mill_agg_spill *s, mill_scan **out,
                                 mill_error *err) MILL_USE_RESULT;
/* Is that the way to finish? Yes if parts are on disk, or what is merged might not fit. */
bool mill_agg_needs_disk(const mill_agg_plan *plan, mill_agg_part *const *part, size_t n);

/* An aggregation with DISTINCT calls (distinct.c). */
mill_status mill_agg_distinct(const mill_exec *x, const mill_op *op, mill_scan **out,
                              mill_error *err) MILL_USE_RESULT;

#endif
