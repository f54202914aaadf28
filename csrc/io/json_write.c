/* JSON files: an object a row, as Spark's writer and Jackson under it make them; see
** kernel/json_write.h. */
#include <string.h>

#include "io/write_int.h"
#include "kernel/json_write.h"

static bool json_takes(const mill_type *t) { return t->id != MILL_INTERVAL; }

static mill_status json_configure(mill_encoder *e, const mill_write *w, mill_error *err) {
  mill_json_style *p = mill_arena_alloc(&e->arena, sizeof *p);
  if (p == NULL) return mill_oom(e->memory, sizeof *p, err);
  e->plan = p;
  const char *keep = mill_write_conf(w, "spark.sql.jsonGenerator.ignoreNullFields");
  bool ignore = keep == NULL || strcmp(keep, "false") != 0;
  MILL_TRY(mill_option_bool(w->options, "ignoreNullFields", ignore, &p->ignore_nulls, err));
  MILL_TRY(
      mill_option_bool(w->options, "writeNonAsciiCharacterAsCodePoint", false, &p->ascii, err));
  MILL_TRY(mill_option_bool(w->options, "pretty", false, &p->pretty, err));
  MILL_TRY(mill_option_bool(w->options, "sortKeys", false, &p->sort_keys, err));
  const mill_type *t = e->schema;
  for (uint32_t i = 0; i < t->nfields; i++)
    for (uint32_t k = 0; k < i; k++)
      if (strcmp(t->fields[i].name, t->fields[k].name) == 0)
        return mill_fail(err, MILL_E_COLUMN_ALREADY_EXISTS, "columnName",
                         mill_error_fmt(err, "`%s`", t->fields[i].name), NULL);
  return mill_json_style_names(p, t, &e->arena, err);
}

static mill_status json_row(mill_encoder *e, const mill_vector *col, uint32_t at, mill_text *out,
                            mill_error *err) {
  mill_json_writer j = {e->plan, &e->texts, out, &e->scratch, err, 0};
  MILL_TRY(mill_json_put_object(&j, col, e->schema, at));
  return mill_text_add(out, e->line_end, e->nline_end, err);
}

const io_output mill_output_json = {.name = "json",
                                    .suffix = ".json",
                                    .charsets = true,
                                    .takes = json_takes,
                                    .configure = json_configure,
                                    .row = json_row};
