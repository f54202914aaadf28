/* Text files: one STRING column, a value a line, bytes as they are; a null is an empty line. */
#include <stdio.h>

#include "io/write_int.h"

static bool text_takes(const mill_type *t) { return t->id == MILL_STRING; }

static mill_status text_configure(mill_encoder *e, const mill_write *w, mill_error *err) {
  (void)w;
  if (e->schema->nfields == 1) return MILL_OK;
  return mill_fail(err, MILL_E_TEXT_NEEDS_ONE_COLUMN, "count",
                   mill_error_fmt(err, "%u", e->schema->nfields), NULL);
}

static mill_status text_row(mill_encoder *e, const mill_vector *col, uint32_t at, mill_text *out,
                            mill_error *err) {
  const mill_vector *v = &col[0];
  if (mill_vector_valid(v, at))
    MILL_TRY(mill_value_put(&e->texts, v, mill_vector_at(v, at), out, err));
  return mill_text_add(out, e->line_end, e->nline_end, err);
}

const io_output mill_output_text = {.name = "text",
                                    .suffix = ".txt",
                                    .takes = text_takes,
                                    .configure = text_configure,
                                    .row = text_row};
