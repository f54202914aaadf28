/* Joins that do not stream: those that also give right rows which no left row met (RIGHT, FULL), and
** SEMI and ANTI whose left side is the table. All rows at once, as a scan.
**
** RIGHT and FULL: the left rows probe in turn, since each marks the rows it meets; then the rows of
** the table without a mark follow. */
#include "exec/join_int.h"

/* The end of the probe: rows go to one part of what is kept. */
typedef struct keep_step {
  mill_step base;
  mill_sink *sink;
  size_t part;
} keep_step;

static mill_status push_keep(mill_step *s, mill_batch *b, mill_error *err) {
  keep_step *k = (keep_step *)s;
  return k->sink->push(k->sink, k->part, b, err);
}

static mill_status push_left(void *arg, mill_batch *b, mill_error *err) {
  mill_step *probe = arg;
  return probe->push(probe, b, err);
}

static mill_status probe_left(mill_join_table *t, keep_step *end, mill_error *err) {
  const mill_op *op = t->op;
  mill_scan *left = NULL;
  mill_step *probe = NULL;
  MILL_TRY(mill_exec_scan(t->x, op->child[0], &left, err));
  mill_status s = mill_join_probe(t->x, op, t, &probe, err);
  if (s == MILL_OK) {
    probe->next = &end->base;
    s = mill_exec_each(t->x, left, push_left, probe, err);
    probe->free(probe);
  }
  mill_scan_unref(left);
  return s;
}

static mill_status outer_join(mill_join_table *t, mill_scan **out, mill_error *err) {
  mill_kept *k = NULL;
  MILL_TRY(mill_kept_new(t->x, t->op->schema, &k, err));
  mill_sink *sink = mill_kept_sink(k);
  keep_step end = {.base = {.x = t->x, .push = push_keep}, .sink = sink};
  mill_status s = sink->begin(sink, 2, err);
  if (s == MILL_OK) s = probe_left(t, &end, err);
  if (s == MILL_OK) s = sink->end_morsel(sink, end.part++, err);
  if (s == MILL_OK) s = mill_join_unmatched(t, &end.base, err);
  if (s == MILL_OK) s = sink->end_morsel(sink, end.part, err);
  if (s == MILL_OK) return mill_kept_scan(k, out, err);
  mill_kept_free(k);
  return s;
}

static mill_status semi_join(mill_join_table *t, mill_scan **out, mill_error *err) {
  mill_table *rows = NULL;
  MILL_TRY(mill_table_new(t->x->ctx->memory, t->op->schema, &rows, err));
  mill_status s = mill_join_semi(t, rows, err);
  if (s == MILL_OK) s = mill_scan_table(rows, out, err);
  mill_table_unref(rows);
  return s;
}

/* The table's side is on disk already: so goes the other. */
static mill_status disk_join(mill_join_table *t, mill_scan **out, mill_error *err) {
  MILL_TRY(mill_pipeline_run(t->x, t->op->child[t->op->build_left], mill_join_left(t), err));
  return mill_join_scan(t, out, err);
}

mill_status mill_join_whole(const mill_exec *x, const mill_op *op, mill_scan **out,
                            mill_error *err) {
  mill_join_table *t = NULL;
  *out = NULL;
  mill_status s = mill_join_build(x, op, &t, err);
  if (s == MILL_OK && mill_join_on_disk(t)) {
    s = disk_join(t, out, err);
  } else if (s == MILL_OK) {
    s = op->build_left ? semi_join(t, out, err) : outer_join(t, out, err);
  }
  mill_join_free(t);
  return s;
}
