/* Hash aggregation: what its files share. Private to them.
**
** Rows are grouped in parts. A part has its groups, and one state a call and group, side by side in a
** block:
**
**     state + g * state_size + offset[call]
*/
#ifndef MILL_EXEC_AGGREGATE_INT_H
#define MILL_EXEC_AGGREGATE_INT_H

#include <pthread.h>

#include "exec/exec_int.h"
#include "column/groups.h"
#include "exec/spill.h"

/* Groups of parts are cut into pieces by the upper bits of their hash: so many on disk. */
enum { MILL_AGG_PIECES = 64, MILL_AGG_SHIFT = 58 };
enum { MILL_AGG_TAG_SHIFT = 26 }; /* the 32 bits below those */

typedef struct mill_agg_plan {
  const mill_exec *x;
  const mill_op *op;
  mill_group_layout layout;
  uint32_t *offset, state_size;
  bool *shares;             /* the call has the state of one before it */
  const mill_bound **exprs; /* keys, then each call's filter and arguments */
  int nexprs;
} mill_agg_plan;

/* Rows of a part that have not been grouped: keys, and the arguments of the calls, which have no filter.
** Those that are literals are constant. */
typedef struct mill_agg_loose {
  mill_groups keys; /* with repetitions */
  mill_vector *arg;
  const uint32_t
      *came;       /* NULL, or where key k came: arguments that do not move still lie there .. */
  uint32_t before; /* .. behind so many groups */
  bool *moves;     /* the argument lies as the keys do */
} mill_agg_loose;

/* What a morsel added to a part: groups and loose rows from `first` on. */
typedef struct mill_agg_span {
  size_t morsel;
  uint64_t rows;   /* of the part, before the morsel */
  uint64_t shift;  /* number in the part + shift, modulo 2^64: place among those of all parts */
  uint64_t before; /* what the morsel added to other parts until then */
  uint32_t first;
} mill_agg_span;

typedef struct mill_agg_part mill_agg_part;

/* aggregate_arrange.c: the groups of a part, or its loose rows, by piece of the hash. Where keys have a
** fixed form they are moved, with their states or arguments, so that a piece lies together. */
typedef struct mill_agg_share {
  mill_agg_part *part; /* NULL: nothing */
  uint32_t owner;      /* its number */
  bool loose, moved;
  uint32_t first, n;
  uint32_t *number; /* by piece: which each was of its part */
  uint32_t *start;  /* of each piece in `number`; one more than there are pieces */
} mill_agg_share;

struct mill_agg_part {
  const mill_agg_plan *plan;
  mill_arena arena; /* long keys, and what states point to */
  mill_groups groups;
  char *state;
  uint32_t capacity;   /* groups that `state` has room for */
  uint64_t rows;       /* that have come */
  uint64_t noted_rows; /* .. until some time, with as many groups */
  uint32_t noted_groups;
  bool gives_up;         /* rows that come are not grouped any more */
  mill_agg_loose *loose; /* those; NULL: none */
  mill_agg_span *span;   /* by morsel, ascending */
  size_t nspans, span_room;
  mill_spill_run **run;    /* on disk: a run a piece, NULL: empty piece */
  uint32_t spilled;        /* groups there */
  uint32_t pieces;         /* into which it is arranged; 0: it is not */
  mill_agg_share share[2]; /* then: its groups, its loose rows */
};

/* Groups and loose rows, which are numbered behind the groups. */
static inline uint32_t mill_agg_count(const mill_agg_part *p) {
  return p->groups.n + (p->loose ? p->loose->keys.n : 0);
}
/* The same, also of a part on disk. */
static inline uint32_t mill_agg_total(const mill_agg_part *p) {
  return p->run ? p->spilled : mill_agg_count(p);
}
static inline uint64_t mill_agg_hash(const mill_agg_part *p, uint32_t i) {
  return i < p->groups.n ? p->groups.hash[i] : p->loose->keys.hash[i - p->groups.n];
}

mill_call mill_agg_call(const mill_agg_plan *p, int call, mill_arena *a);
static inline void *mill_agg_state(const mill_agg_part *p, uint32_t group, int call) {
  return p->state + (size_t)group * p->plan->state_size + p->plan->offset[call];
}
/* Its states will be used. */
static inline void mill_agg_ask(const mill_agg_part *p, uint32_t group) {
  const char *state = p->state + (size_t)group * p->plan->state_size;
  if (p->plan->state_size == 0) return;
  __builtin_prefetch(state, 1);
  __builtin_prefetch(state + p->plan->state_size - 1, 1);
}

mill_status mill_agg_part_init(mill_agg_part *p, const mill_agg_plan *plan,
                               mill_error *err) MILL_USE_RESULT;
/* Room for n groups at once. */
mill_status mill_agg_part_reserve(mill_agg_part *p, uint32_t n, mill_error *err) MILL_USE_RESULT;
void mill_agg_part_clear(mill_agg_part *p);
/* The groups of n keys, with states. */
mill_status mill_agg_find(mill_agg_part *p, const mill_group_keys *k, uint32_t n, uint32_t *group,
                          mill_error *err) MILL_USE_RESULT;

/* Perfect hashing (aggregate_perfect.c). NULL: the keys have none. Lives in `own`, but for what clear
** (NULL allowed) gives back. */
typedef struct mill_agg_perfect mill_agg_perfect;
mill_status mill_agg_perfect_new(const mill_agg_plan *plan, mill_arena *own, mill_agg_perfect **out,
                                 mill_error *err) MILL_USE_RESULT;
void mill_agg_perfect_clear(mill_agg_perfect *c);
/* Will keys like those so far be found without a hash in a part of so many rows? c NULL: never. */
bool mill_agg_perfect_serves(const mill_agg_perfect *c, uint64_t rows);
/* The groups of the n rows sel[i], NULL: the first, of the keys' vectors. *done: false where it does
** not serve these rows. */
mill_status mill_agg_perfect_find(mill_agg_perfect *c, mill_agg_part *p, size_t morsel,
                                  const mill_vector *const *key, const uint32_t *sel, uint32_t n,
                                  mill_group_keys *keys, mill_arena *scratch, uint32_t *group,
                                  bool *done, mill_error *err) MILL_USE_RESULT;

/* Each of n keys as a group of its own, with states. */
mill_status mill_agg_append(mill_agg_part *p, const mill_group_keys *k, uint32_t n, uint32_t *group,
                            mill_error *err) MILL_USE_RESULT;

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
/* Merge one call's states of n groups of `from` into those of `to` that m->group says; what they point
** to goes into `a`. */
mill_status mill_agg_merge_call(mill_agg_part *to, const mill_agg_part *from, int call,
                                const uint32_t *group, uint32_t n, mill_agg_merger *m,
                                mill_arena *a, mill_error *err) MILL_USE_RESULT;

/* Rows of the result: n groups, each of its own part. */
mill_status mill_agg_rows(const mill_agg_plan *plan, mill_agg_part *const *part,
                          const uint32_t *group, uint32_t n, mill_batch *out, mill_arena *a,
                          mill_error *err) MILL_USE_RESULT;
mill_status mill_agg_emit(const mill_agg_plan *plan, mill_agg_part *const *part,
                          const uint32_t *group, uint32_t n, mill_table *out,
                          mill_error *err) MILL_USE_RESULT; /* .. appended to a table */
/* Places (aggregate_place.c): where groups first stood, numbered through the morsels. Note that the part
** goes on with a morsel; number all spans; the place of a group or loose row, *at being a span before
** or at its own, 0 to begin with. */
mill_status mill_agg_span_begin(mill_agg_part *p, size_t morsel, uint64_t before,
                                mill_error *err) MILL_USE_RESULT;
mill_status mill_agg_place_all(const mill_agg_plan *plan, mill_agg_part *const *part, size_t n,
                               uint64_t *total, mill_error *err) MILL_USE_RESULT;
static inline uint64_t mill_agg_place(const mill_agg_part *p, uint32_t number, size_t *at) {
  while (*at + 1 < p->nspans && p->span[*at + 1].first <= number) ++*at;
  return number + p->span[*at].shift;
}

/* Do the parts' keys lie apart? mill_agg_finish where they do; else *done is false. */
mill_status mill_agg_lies_apart(const mill_agg_plan *plan, mill_agg_part **part, size_t n,
                                bool *yes, mill_error *err) MILL_USE_RESULT;
mill_status mill_agg_finish_apart(const mill_agg_plan *plan, mill_agg_part **part, size_t n,
                                  mill_table *out, bool *done, mill_error *err) MILL_USE_RESULT;
/* The parts' groups, merged, in the order of the result; its rows are made from them as they are asked for
** (aggregate_scan.c). The parts are to live as long. *out NULL: mill_agg_finish does better. */
typedef struct mill_agg_merged mill_agg_merged;
typedef struct mill_agg_emitter mill_agg_emitter; /* what a thread needs to make rows */
mill_status mill_agg_merged_new(const mill_agg_plan *plan, mill_agg_part **part, size_t n,
                                mill_agg_merged **out, mill_error *err) MILL_USE_RESULT;
void mill_agg_merged_free(mill_agg_merged *g); /* NULL allowed */
uint64_t mill_agg_merged_count(const mill_agg_merged *g);
mill_status mill_agg_emitter_new(const mill_agg_plan *plan, mill_agg_emitter **out,
                                 mill_error *err) MILL_USE_RESULT;
void mill_agg_emitter_free(mill_agg_emitter *e); /* NULL allowed */
/* Look at groups [at, at + n), at most a batch; the column that call c makes of them; the rows of those
** sel[0..n), each valid until the emitter looks at others. */
void mill_agg_look(const mill_agg_merged *g, mill_agg_emitter *e, uint64_t at, uint32_t n);
mill_status mill_agg_look_call(mill_agg_emitter *e, int call, mill_vector *out,
                               mill_error *err) MILL_USE_RESULT;
mill_status mill_agg_look_rows(mill_agg_emitter *e, const uint32_t *sel, uint32_t n,
                               mill_batch *out, mill_error *err) MILL_USE_RESULT;
/* A scan of them for a sink; first: the column that it tells rows by, < 0: none. The scan takes over the
** groups and the owner of plan and parts, if there is no error. */
mill_status mill_agg_scan_new(const mill_agg_plan *plan, mill_agg_merged *groups, mill_sink *to,
                              int first, void (*drop)(void *owner), void *owner, mill_scan **out,
                              mill_error *err) MILL_USE_RESULT;
/* All parts (NULL: none) as one result: merged by pieces of the hash, in parallel where there are
** many groups. */
mill_status mill_agg_finish(const mill_agg_plan *plan, mill_agg_part **part, size_t n,
                            mill_table *out, mill_error *err) MILL_USE_RESULT;

/* aggregate_loose.c: one more batch of loose rows; n of them update the states of `to` that m->group says;
** all of them made groups of their own. */
mill_status mill_agg_loose_push(mill_agg_part *p, const mill_group_keys *k, const mill_vector *arg,
                                uint32_t n, mill_error *err) MILL_USE_RESULT;
mill_status mill_agg_loose_update(mill_agg_part *to, const mill_agg_loose *from,
                                  const uint32_t *row, uint32_t n, mill_agg_merger *m,
                                  mill_error *err) MILL_USE_RESULT;
/* The states of one call for n rows, each of its own: state[i]. They live in the arena. */
mill_status mill_agg_loose_states(const mill_agg_plan *plan, const mill_agg_loose *from, int call,
                                  const uint32_t *row, uint32_t n, void **state, mill_arena *a,
                                  mill_error *err) MILL_USE_RESULT;
/* The arguments in another order of rows, to[i] that of row i, as far as they can be; came: see there,
** NULL: all are in the same order again. */
mill_status mill_agg_loose_reorder(mill_agg_part *p, const uint32_t *to, const uint32_t *came,
                                   mill_error *err) MILL_USE_RESULT;
mill_status mill_agg_tighten(mill_agg_part *p, mill_agg_merger *m, mill_error *err) MILL_USE_RESULT;
void mill_agg_loose_clear(mill_agg_part *p);

/* n loose rows as groups of their own, behind those of `to`. */
mill_status mill_agg_loose_append(mill_agg_part *to, const mill_agg_loose *from,
                                  const uint32_t *row, uint32_t n, mill_agg_merger *m,
                                  mill_error *err) MILL_USE_RESULT;

/* aggregate_arrange.c: how many pieces, of which each, with its table, stays near, for so many groups; arrange
** a part's groups and loose rows by them, which only merging understands; have them again as they came. */
uint32_t mill_agg_pieces(const mill_agg_plan *plan, uint64_t groups);
mill_status mill_agg_arrange(mill_agg_part *p, uint32_t pieces, mill_error *err) MILL_USE_RESULT;
mill_status mill_agg_restore(mill_agg_part *p, mill_error *err) MILL_USE_RESULT;
void mill_agg_shares_clear(mill_agg_part *p);
/* The piece of the share will be merged: have its memory come. */
void mill_agg_share_ask(const mill_agg_share *s, size_t piece);
/* Where the k-th stands in the part. */
static inline uint32_t mill_agg_entry(const mill_agg_share *s, uint32_t k) {
  return s->moved ? s->first + k : s->number[k];
}

/* aggregate_alone.c: what one piece of the shares has that shares its key with no other: ref[place]
** becomes ALONE | part << 32 | entry. *rest: how many are left, in a->entry: share << 32 | k; UINT32_MAX:
** all, it was not worth it. */
#define MILL_AGG_ALONE (1ull << 63)
typedef struct mill_agg_alone {
  uint32_t *slot, *tag;
  uint64_t *entry;
  bool *shared;
  size_t nslots, room;
} mill_agg_alone;
mill_status mill_agg_take_alone(mill_agg_alone *a, const mill_agg_share *share, size_t n,
                                size_t piece, mill_memory *m, uint64_t *ref, uint32_t *rest,
                                mill_error *err) MILL_USE_RESULT;
void mill_agg_alone_clear(mill_agg_alone *a, mill_memory *m);

/* aggregate_beside.c: may parts be merged where they lie? Then ref[place] of each group becomes ALONE |
** part << 32 | number, NONE (all bits) where a part before has it. *out is to be freed, whatever comes of
** it, when the rows are written. */
typedef struct mill_agg_beside mill_agg_beside;
bool mill_agg_lies_beside(const mill_agg_plan *plan, mill_agg_part *const *part, size_t n);
mill_status mill_agg_merge_beside(const mill_agg_plan *plan, mill_agg_part *const *part, size_t n,
                                  uint64_t *ref, mill_agg_beside **out,
                                  mill_error *err) MILL_USE_RESULT;
void mill_agg_beside_free(mill_agg_beside *b);

/* The groups and loose rows of a part by piece, in their order: order[start[k]] .. order[start[k + 1]].
** start is zeroed; order is an array of as many numbers (mill_agg_count), the caller's to free. */
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
bool mill_agg_any_distinct(const mill_op *op);
mill_status mill_agg_distinct(const mill_exec *x, const mill_op *op, mill_scan **out,
                              mill_error *err) MILL_USE_RESULT;

#endif
