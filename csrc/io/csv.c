/* CSV: the format and its options; see csv_int.h. */
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "io/csv_int.h"

/* ---- options -------------------------------------------------------------------------------- */

static const char *text_option(const io_job *job, const char *key, const char *otherwise) {
  const char *v = mill_option_text(job->options, key);
  return v ? v : otherwise;
}

/* One byte; an empty text is none. */
static mill_status byte_option(const io_job *job, const char *key, int otherwise, int *out,
                               mill_error *err) {
  const char *v = mill_option_text(job->options, key);
  *out = v == NULL ? otherwise : *v ? (unsigned char)*v : CSV_NONE;
  size_t n = v ? strlen(v) : 0;
  if (n < 2 || (size_t)mill_utf8_length(v, n) == n) return MILL_OK;
  return mill_fail(err, MILL_E_OPTION_VALUE_EXCEEDS_ONE_CHARACTER, "paramName", key, "actualValue",
                   v, NULL);
}

static mill_status unescaped_option(const io_job *job, csv_unescaped *out, mill_error *err) {
  static const struct {
    const char *name;
    csv_unescaped how;
  } ways[] = {{"STOP_AT_DELIMITER", CSV_STOP_AT_DELIMITER},
              {"STOP_AT_CLOSING_QUOTE", CSV_STOP_AT_CLOSING_QUOTE},
              {"BACK_TO_DELIMITER", CSV_BACK_TO_DELIMITER},
              {"SKIP_VALUE", CSV_SKIP_VALUE},
              {"RAISE_ERROR", CSV_RAISE_ERROR}};
  const char *v = text_option(job, "unescapedQuoteHandling", "STOP_AT_DELIMITER");
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
    if (strcasecmp(v, ways[i].name) == 0) {
      *out = ways[i].how;
      return MILL_OK;
    }
  return mill_fail(err, MILL_E_INVALID_OPTION_VALUE, "paramName", "unescapedQuoteHandling", "kind",
                   "STOP_AT_DELIMITER, STOP_AT_CLOSING_QUOTE, BACK_TO_DELIMITER, SKIP_VALUE or "
                   "RAISE_ERROR",
                   "value", v, NULL);
}

static mill_status flags(io_job *job, csv_plan *p, mill_error *err) {
  mill_options o = job->options;
  MILL_TRY(mill_option_bool(o, "header", false, &p->header, err));
  MILL_TRY(mill_option_bool(o, "inferSchema", false, &p->infer, err));
  MILL_TRY(mill_option_bool(o, "multiLine", false, &p->multi, err));
  MILL_TRY(mill_option_bool(o, "ignoreLeadingWhiteSpace", false, &p->trim_leading, err));
  MILL_TRY(mill_option_bool(o, "ignoreTrailingWhiteSpace", false, &p->trim_trailing, err));
  MILL_TRY(mill_option_bool(o, "enforceSchema", true, &p->enforce_schema, err));
  MILL_TRY(mill_option_bool(o, "preferDate", true, &p->prefer_date, err));
  bool prune = mill_io_is_set(job, "spark.sql.csv.parser.columnPruning.enabled", true);
  MILL_TRY(mill_option_bool(o, "columnPruning", prune, &prune, err));
  p->all_columns = !prune;
  p->times = mill_io_is_set(job, "spark.sql.timeType.enabled", false);
  MILL_TRY(mill_option_int(o, "maxColumns", 20480, &p->max_columns, err));
  MILL_TRY(mill_option_int(o, "maxCharsPerColumn", -1, &p->max_chars, err));
  return mill_option_double(o, "samplingRatio", 1.0, &p->sampling, err);
}

static bool line_char(int c) { return c == '\n' || c == '\r'; }

/* Are the characters that mean something one byte each, and none the same as another? */
static bool simple(const csv_plan *p) {
  int sep = (unsigned char)p->sep[0];
  return p->nsep == 1 && !p->trim_leading && !p->trim_trailing && p->max_chars < 0 &&
         p->quote != sep && p->escape != sep && p->escape != CSV_NONE && !line_char(sep) &&
         !line_char(p->quote) && !line_char(p->escape);
}

static mill_status csv_configure(io_job *job, mill_error *err) {
  csv_plan *p = mill_arena_alloc(&job->arena, sizeof *p);
  if (p == NULL) return mill_oom(io_memory(job), sizeof *p, err);
  job->plan = p;
  MILL_TRY(mill_csv_separator(job->options, p->sep, &p->nsep, err));
  MILL_TRY(flags(job, p, err));
  MILL_TRY(mill_io_separator(job, &p->line, err));
  MILL_TRY(mill_io_rules_formats(&p->rules, job, err));
  MILL_TRY(byte_option(job, "quote", '"', &p->quote, err));
  MILL_TRY(byte_option(job, "escape", '\\', &p->escape, err));
  int usual = p->escape != p->quote ? p->escape : CSV_NONE;
  MILL_TRY(byte_option(job, "charToEscapeQuoteEscaping", usual, &p->escape_escape, err));
  MILL_TRY(byte_option(job, "comment", CSV_NONE, &p->comment, err));
  p->null_value = text_option(job, "nullValue", "");
  p->null_size = strlen(p->null_value);
  p->empty_value = text_option(job, "emptyValue", "");
  MILL_TRY(unescaped_option(job, &p->unescaped, err));
  p->corrupt = mill_io_corrupt_name(job);
  p->ntz = mill_io_prefers_ntz(job);
  p->simple = simple(p);
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
                                   .configure = csv_configure,
                                   .infer = mill_csv_infer,
                                   .takes = csv_takes,
                                   .variants = true,
                                   .whole = csv_whole,
                                   .decoder = mill_csv_decoder,
                                   .chained = csv_chained,
                                   .line_of = csv_line_of,
                                   .seam = mill_csv_seam};
