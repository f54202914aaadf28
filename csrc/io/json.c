/* JSON: the format and its options; see json_int.h. */
#include <strings.h>

#include "io/json_int.h"

static mill_status syntax_options(io_job *job, json_plan *p, mill_error *err) {
  for (int i = 0; i < MILL_JSON_FLAGS; i++) {
    const mill_json_flag *f = &mill_json_flags[i];
    bool on;
    MILL_TRY(mill_option_bool(job->options, f->name, f->otherwise, &on, err));
    if (on) p->read.options |= f->option;
  }
  p->read.whole = !mill_io_is_set(job, "spark.sql.json.enablePartialResults", true);
  return mill_json_limits(&p->read, job->options, err);
}

static mill_status infer_options(io_job *job, json_plan *p, mill_error *err) {
  mill_options o = job->options;
  MILL_TRY(mill_option_bool(o, "primitivesAsString", false, &p->primitives_as_string, err));
  MILL_TRY(mill_option_bool(o, "prefersDecimal", false, &p->prefers_decimal, err));
  MILL_TRY(mill_option_bool(o, "inferTimestamp", false, &p->infer_timestamp, err));
  MILL_TRY(mill_option_bool(o, "dropFieldIfAllNull", false, &p->drop_all_null, err));
  return mill_option_double(o, "samplingRatio", 1.0, &p->sampling, err);
}

/* Lines of wide characters are found by their separator's bytes: Spark asks for it. */
static mill_status check_charset(const io_job *job, const json_plan *p, mill_error *err) {
  if (job->charset == IO_UTF8 || p->multi) return MILL_OK;
  bool marked = job->charset == IO_UTF16 || job->charset == IO_UTF32;
  if (p->line.text && !marked) return MILL_OK;
  const char *name = mill_option_text(job->options, "encoding");
  if (name == NULL) name = mill_option_text(job->options, "charset");
  return mill_fail(err, MILL_E_INVALID_OPTION_VALUE, "paramName", "encoding", "kind",
                   marked ? "a character set without a byte order mark, or multiLine"
                          : "UTF-8, or the option lineSep beside it",
                   "value", name, NULL);
}

static mill_status json_configure(io_job *job, mill_error *err) {
  json_plan *p = mill_arena_alloc(&job->arena, sizeof *p);
  if (p == NULL) return mill_oom(io_memory(job), sizeof *p, err);
  job->plan = p;
  MILL_TRY(mill_option_bool(job->options, "multiLine", false, &p->multi, err));
  MILL_TRY(syntax_options(job, p, err));
  MILL_TRY(infer_options(job, p, err));
  MILL_TRY(mill_io_separator(job, &p->line, err));
  MILL_TRY(check_charset(job, p, err));
  p->corrupt = mill_io_corrupt_name(job);
  p->quick = mill_json_quick_fits(&p->read);
  MILL_TRY(mill_io_rules_formats(&p->read.values, job, err));
  p->read.values.days = true;
  return MILL_OK;
}

static bool json_takes(const mill_type *t) {
  if (t->id == MILL_MAP && t->fields[0].type->id != MILL_STRING) return false;
  if (t->id == MILL_VARIANT) return true;
  if (t->phys == MILL_PHYS_STRUCT && t->id != MILL_STRUCT) return false;
  for (uint32_t i = 0; i < t->nfields; i++)
    if (!json_takes(t->fields[i].type)) return false;
  return t->id != MILL_INTERVAL;
}

static bool json_whole(const io_job *job) { return ((const json_plan *)job->plan)->multi; }

const io_format mill_format_json = {.name = "json",
                                    .title = "JSON",
                                    .configure = json_configure,
                                    .infer = mill_io_json_infer,
                                    .takes = json_takes,
                                    .variants = true,
                                    .whole = json_whole,
                                    .decoder = mill_io_json_decoder};
