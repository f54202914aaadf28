/* CSV: the format and its options; see csv_int.h. */
#include "base/utf8.h"
#include "io/csv_int.h"

static mill_status csv_configure(io_job *job, mill_error *err) {
  csv_plan *p = mill_arena_alloc(&job->arena, sizeof *p);
  bool prune = mill_io_is_set(job, "spark.sql.csv.parser.columnPruning.enabled", true);
  if (p == NULL) return mill_oom(io_memory(job), sizeof *p, err);
  job->plan = p;
  MILL_TRY(mill_csv_options(p, job->options, err));
  MILL_TRY(mill_option_bool(job->options, "columnPruning", prune, &prune, err));
  MILL_TRY(mill_io_separator(job, &p->line, err));
  size_t length = p->line.text ? mill_utf8_count(p->line.text, p->line.size) : 0;
  if (length > 2)
    return mill_fail(err, MILL_E_INVALID_LINE_SEPARATOR_TOO_LONG, "length",
                     mill_error_fmt(err, "%zu", length), NULL);
  MILL_TRY(mill_io_rules_formats(&p->rules, job, err));
  p->all_columns = !prune;
  p->times = mill_io_is_set(job, "spark.sql.timeType.enabled", false);
  p->corrupt = mill_io_corrupt_name(job);
  p->ntz = mill_io_prefers_ntz(job);
  return MILL_OK;
}

static bool csv_takes(const mill_type *t) {
  return t->id == MILL_STRING || t->id == MILL_BINARY || io_flat(t) || t->id == MILL_INTERVAL_YM ||
         t->id == MILL_INTERVAL_DT || t->id == MILL_VARIANT;
}

static bool csv_chained(const io_job *job) {
  const csv_plan *p = job->plan;
  return p->multi && p->simple && p->comment == CSV_NONE;
}

static bool csv_whole(const io_job *job) {
  const csv_plan *p = job->plan;
  return (job->single && p->header) || (p->multi && !csv_chained(job));
}

static io_separator csv_line_of(const io_job *job, const io_window *w) {
  return mill_csv_line_end(job->plan, w);
}

const io_format mill_format_csv = {.name = "csv",
                                   .title = "CSV",
                                   .configure = csv_configure,
                                   .infer = mill_csv_infer,
                                   .takes = csv_takes,
                                   .variants = true,
                                   .whole = csv_whole,
                                   .decoder = mill_csv_decoder,
                                   .chained = csv_chained,
                                   .line_of = csv_line_of,
                                   .seam = mill_csv_seam};
