/* How operators run. Private to csrc/exec.
**
** A tree is cut into pipelines. A pipeline reads a source (a scan), morsel by morsel, pushes each
** batch through steps (filter, project, expand, generate, join probes) and into a sink. Each
** worker has its own steps; a sink keeps what it makes of each morsel apart and combines it in
** morsel order, so that results do not depend on timing. Operators that need all rows first
** (aggregate, sort, window, ..) run the pipeline below them into a table, and are a source
** themselves. */
#ifndef MILL_EXEC_EXEC_INT_H
#define MILL_EXEC_EXEC_INT_H

#include "base/thread.h"
#include "exec/run.h"

typedef struct mill_shared mill_shared;
void mill_shared_clear(mill_memory *m, mill_shared *s);

typedef struct mill_exec {
  const mill_run *run;
  const mill_context *ctx;
  const mill_settings *set;
  mill_shared **shared; /* what SHARE operators have computed so far in this run */
} mill_exec;

/* A streaming operator in one worker. Pushes what it makes of a batch into `next`. */
typedef struct mill_step mill_step;
struct mill_step {
  const mill_exec *x;
  const mill_op *op;
  mill_step *next;
  /* NULL: does not care. Rows of that morsel of the scan come next, column i of them being columns[i] of it;
  ** the scan tells ranges. */
  void (*begin)(mill_step *s, const mill_scan *scan, size_t morsel, const int *columns);
  mill_status (*push)(mill_step *s, mill_batch *b, mill_error *err);
  /* NULL: keeps nothing back. All rows of a morsel have come. */
  mill_status (*end)(mill_step *s, mill_error *err);
  void (*free)(mill_step *s);
};

/* The position of the first of n rows that a step makes of others: they are counted through their morsel,
** whatever they come of; *next, 0 to begin with, is where they go on. */
static inline uint64_t mill_place_made(uint64_t *next, uint64_t of, uint32_t n) {
  if (*next >> MILL_MORSEL_BITS != of >> MILL_MORSEL_BITS)
    *next = of >> MILL_MORSEL_BITS << MILL_MORSEL_BITS;
  *next += n;
  return *next - n;
}

typedef struct mill_sink mill_sink;
struct mill_sink {
  const mill_exec *x;
  mill_status (*begin)(mill_sink *s, size_t morsels, mill_error *err);
  /* called by one worker at a time for one morsel */
  mill_status (*push)(mill_sink *s, size_t morsel, mill_batch *b, mill_error *err);
  /* NULL: takes batches alone. All rows of a morsel, which the sink owns then, on failure too */
  mill_status (*take)(mill_sink *s, size_t morsel, mill_chunk *c, mill_error *err);
  mill_status (*end_morsel)(mill_sink *s, size_t morsel, mill_error *err); /* NULL allowed */
  bool (*full)(mill_sink *s); /* no more rows are wanted; NULL: never. Makes morsels run in turn */
  bool keeps_few;             /* of many rows */
  bool counts;                /* looks at no column, only at how many rows come */
  size_t stride; /* set by begin: a worker takes so many morsels, one after the other; 0: one */
  const struct mill_join_table
      *meets; /* rows without a partner in it are for nothing; NULL: none */
  /* NULL: none, or a column of what comes, by which rows may be told to be for nothing before the steps
  ** have seen them: the numbers of those of n rows of a morsel that may not be, ascending; how many. Any
  ** worker. */
  const mill_bound *first;
  uint32_t (*wanted)(mill_sink *s, size_t morsel, const mill_vector *first, uint32_t n,
                     uint32_t *sel);
  /* May some rows of a morsel be wanted whose column has this range? */
  bool (*may_want)(mill_sink *s, size_t morsel, const mill_range *first);
};

/* The caller's work from here to mill_watch_end (base/thread.h) is watched for the run. */
void mill_run_watch(const mill_run *run, mill_watch *w);
/* Run the pipeline whose last operator is `op` into the sink. */
mill_status mill_pipeline_run(const mill_exec *x, const mill_op *op, mill_sink *sink,
                              mill_error *err) MILL_USE_RESULT;
/* All rows of `op` as a scan, which may use `x` as long as it lives. */
mill_status mill_exec_scan(const mill_exec *x, const mill_op *op, mill_scan **out,
                           mill_error *err) MILL_USE_RESULT;
/* The same, made already: a table where memory suffices (mill_scan_in_memory), else on disk. */
mill_status mill_exec_held(const mill_exec *x, const mill_op *op, mill_scan **out,
                           mill_error *err) MILL_USE_RESULT;
/* The same for a pipeline (kept.c): tables or spilled runs, a morsel each. */
mill_status mill_exec_kept(const mill_exec *x, const mill_op *op, mill_scan **out,
                           mill_error *err) MILL_USE_RESULT;
/* Keeping rows otherwise: the sink's begin, push and end_morsel, then the scan, which takes over the
** rows, also on failure. */
typedef struct mill_kept mill_kept;
mill_status mill_kept_new(const mill_exec *x, const mill_type *schema, mill_kept **out,
                          mill_error *err) MILL_USE_RESULT;
void mill_kept_free(mill_kept *k); /* NULL allowed */
mill_sink *mill_kept_sink(mill_kept *k);
mill_status mill_kept_scan(mill_kept *k, mill_scan **out, mill_error *err) MILL_USE_RESULT;
/* Call `push` with every batch of a scan, all columns, in order. */
mill_status mill_exec_each(const mill_exec *x, const mill_scan *scan,
                           mill_status (*push)(void *arg, mill_batch *b, mill_error *err),
                           void *arg, mill_error *err) MILL_USE_RESULT;
/* Add the rows of a scan to a table. */
mill_status mill_exec_read(const mill_exec *x, mill_scan *scan, mill_table *out,
                           mill_error *err) MILL_USE_RESULT;

/* Operators whose rows are made first: their rows. */
mill_status mill_exec_aggregate(const mill_exec *x, const mill_op *op, mill_scan **out,
                                mill_error *err) MILL_USE_RESULT;
/* The same for a sink that keeps few of them; `first`: where its column `first` is among them, < 0:
** nowhere. The scan does not outlive the operator and the sink. */
mill_status mill_exec_aggregate_for(const mill_exec *x, const mill_op *op, mill_sink *to, int first,
                                    mill_scan **out, mill_error *err) MILL_USE_RESULT;
/* The same of one row that is known without them (known.c); *out stays NULL where it is not. */
mill_status mill_exec_known(const mill_exec *x, const mill_op *op, mill_scan **out,
                            mill_error *err) MILL_USE_RESULT;
mill_status mill_exec_sort_scan(const mill_exec *x, const mill_op *op, mill_scan **out,
                                mill_error *err) MILL_USE_RESULT;
mill_status mill_exec_window_scan(const mill_exec *x, const mill_op *op, mill_scan **out,
                                  mill_error *err) MILL_USE_RESULT;
mill_status mill_exec_group_limit_scan(const mill_exec *x, const mill_op *op, mill_scan **out,
                                       mill_error *err) MILL_USE_RESULT;
mill_status mill_exec_limit_scan(const mill_exec *x, const mill_op *op, mill_scan **out,
                                 mill_error *err) MILL_USE_RESULT;
mill_status mill_exec_tail_scan(const mill_exec *x, const mill_op *op, mill_scan **out,
                                mill_error *err) MILL_USE_RESULT;
mill_status mill_exec_rows_scan(const mill_exec *x, const mill_op *op, mill_scan **out,
                                mill_error *err) MILL_USE_RESULT;
/* Those of the children where they lie; may use `x` as long as it lives. */
mill_status mill_exec_union_scan(const mill_exec *x, const mill_op *op, mill_scan **out,
                                 mill_error *err) MILL_USE_RESULT;

/* Joins: the table of the right side, shared by the probes of all workers. */
typedef struct mill_join_table mill_join_table;
mill_status mill_join_build(const mill_exec *x, const mill_op *op, mill_join_table **out,
                            mill_error *err) MILL_USE_RESULT;
void mill_join_free(mill_join_table *t); /* NULL allowed */
/* Is the table too large for memory, so that both sides go to disk (join_spill.c)? Then no probe is
** made: the left rows are run into the sink, and the scan gives the rows of the join. */
bool mill_join_on_disk(const mill_join_table *t);
mill_sink *mill_join_left(mill_join_table *t);
mill_status mill_join_scan(mill_join_table *t, mill_scan **out, mill_error *err) MILL_USE_RESULT;
/* The column of the source that the expression is, seen above the first n of the steps that follow it;
** -1: it is made there, or rows may not be left out below. */
int mill_source_column(const mill_op *const *step, int n, const mill_bound *e);
/* Can evaluating it be left out without anyone telling? */
bool mill_bound_harmless(const mill_bound *b);
/* What joins want of the source of their pipeline (join_narrow.c): the tests of tables in memory. The
** keys of `t` are looked up above the first n of the steps that follow the source, which gives these
** columns of its scan. The wants and their tables outlive the narrowed scan. */
typedef struct mill_join_wants mill_join_wants;
mill_status mill_join_wants_add(mill_join_wants **w, const mill_join_table *t,
                                const mill_op *const *step, int n, const int *columns,
                                mill_error *err) MILL_USE_RESULT;
mill_status mill_join_wants_narrow(const mill_join_wants *w, mill_scan **scan,
                                   mill_error *err) MILL_USE_RESULT;
void mill_join_wants_free(mill_join_wants *w); /* NULL allowed */
/* RIGHT, FULL and build_left: all rows of the join, which does not stream. */
mill_status mill_join_whole(const mill_exec *x, const mill_op *op, mill_scan **out,
                            mill_error *err) MILL_USE_RESULT;
mill_status mill_join_probe(const mill_exec *x, const mill_op *op, mill_join_table *t,
                            mill_step **out, mill_error *err) MILL_USE_RESULT;
/* SEMI and ANTI with build_left, the table in memory: their rows. */
mill_status mill_join_semi(mill_join_table *t, mill_table *out, mill_error *err) MILL_USE_RESULT;
/* RIGHT, FULL: the right rows that no probe met, as rows of the join, pushed into `to`. */
mill_status mill_join_unmatched(const mill_join_table *t, mill_step *to,
                                mill_error *err) MILL_USE_RESULT;

/* Rows of a large result without a table; *out stays NULL where one does better (pull.c). */
mill_status mill_pull_open(const mill_run *run, const mill_op *root, mill_rows **out,
                           mill_error *err) MILL_USE_RESULT;

/* Steps. */
mill_status mill_step_new(const mill_exec *x, const mill_op *op, mill_step **out,
                          mill_error *err) MILL_USE_RESULT;
/* Of what the step pushes only the number of rows will be looked at. */
void mill_step_counts(mill_step *s);
mill_status mill_step_sample(const mill_exec *x, const mill_op *op, mill_step **out,
                             mill_error *err) MILL_USE_RESULT;
/* Where the run has meters: a step at **at that counts rows as those of `below` and the time of what
** follows as that of `own`; *at is behind it then. */
mill_status mill_step_meter(const mill_exec *x, mill_meter *below, mill_meter *own, mill_step ***at,
                            mill_error *err) MILL_USE_RESULT;
/* Does a SAMPLE see each row of its source? Else what is below it is run first. */
bool mill_sample_streams(const mill_op *op);
/* Is it a step of a pipeline, not a source? */
bool mill_op_streams(const mill_op *op);
/* Does an expression of the operator run on the host's thread? */
bool mill_op_needs_host(const mill_op *op);

/* Sources without a table. */
mill_status mill_source_range(const mill_exec *x, const mill_op *op, mill_scan **out,
                              mill_error *err) MILL_USE_RESULT;
mill_status mill_source_one_row(const mill_exec *x, const mill_op *op, mill_scan **out,
                                mill_error *err) MILL_USE_RESULT;

/* Move the chunks of the tables (NULL: none) into one; small ones are copied together. */
mill_status mill_table_concat(mill_table *const *part, size_t n, mill_table *out,
                              mill_error *err) MILL_USE_RESULT;
/* Copy rows of a table in the given order to the end of `out`. */
mill_status mill_table_take(const mill_table *t, const uint32_t *order, size_t n, mill_table *out,
                            mill_error *err) MILL_USE_RESULT;
/* Column `col` of the given rows (UINT32_MAX: null), as views of the table's strings. */
mill_status mill_table_gather(const mill_table *t, uint32_t col, const uint32_t *rows, uint32_t n,
                              mill_vector *out, mill_arena *a, mill_error *err) MILL_USE_RESULT;
/* Is the value of a row the same as v[i], nulls included? */
bool mill_table_equal(const mill_table *t, uint32_t row, uint32_t col, const mill_vector *v,
                      uint32_t i);
/* The values of exprs over all rows of a table, as a table with those columns. */
mill_status mill_table_map(const mill_exec *x, const mill_table *t, const mill_bound *const *exprs,
                           int n, mill_table **out, mill_error *err) MILL_USE_RESULT;

#endif
