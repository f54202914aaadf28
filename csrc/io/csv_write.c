/* CSV files. kernel/csv_write.c makes the fields; a line without any byte is left out. */
#include <string.h>

#include "base/utf8.h"
#include "io/csv_int.h"
#include "io/write_int.h"

/* ---- options -------------------------------------------------------------------------------- */

/* Letters and digits, so that the name stays one of a file here. */
static mill_status read_extension(mill_encoder *e, mill_options o, mill_error *err) {
  const char *v = mill_option_text(o, "extension");
  if (v == NULL) return MILL_OK;
  size_t n = strlen(v);
  bool fine = n > 0 && n < sizeof e->suffix - 8; /* room for the codec's */
  for (const char *p = v; *p; p++)
    fine &= (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9');
  if (!fine)
    return mill_fail(err, MILL_E_INVALID_OPTION_VALUE, "paramName", "extension", "kind",
                     "letters and digits", "value", v, NULL);
  e->suffix[0] = '.';
  memcpy(e->suffix + 1, v, n + 1);
  return MILL_OK;
}

static bool csv_takes_written(const mill_type *t) {
  return t->nfields == 0 && t->phys != MILL_PHYS_STRUCT && t->id != MILL_NULL &&
         t->id != MILL_INTERVAL;
}

static mill_status csv_configure(mill_encoder *e, const mill_write *w, mill_error *err) {
  mill_options o = w->options;
  if (e->nline_end > 2)
    return mill_fail(err, MILL_E_INVALID_LINE_SEPARATOR_TOO_LONG, "length",
                     mill_error_fmt(err, "%zu", e->nline_end), NULL);
  csv_writer *c = mill_arena_alloc(&e->arena, sizeof *c);
  if (c == NULL) return mill_oom(e->memory, sizeof *c, err);
  e->plan = c;
  MILL_TRY(read_extension(e, o, err));
  int n = mill_utf8_length(e->line_end, e->nline_end);
  csv_char newline = {{0}, (uint8_t)(n ? n : 1)};
  memcpy(newline.s, e->line_end, newline.n);
  return mill_csv_writer(c, o, newline, e->texts.date || e->texts.timestamp || e->texts.ntz, err);
}

/* ---- values --------------------------------------------------------------------------------- */

static mill_status put_value(mill_encoder *e, const mill_vector *v, uint32_t k, bool first,
                             mill_text *out, mill_error *err) {
  const csv_writer *c = e->plan;
  if (v->type->id == MILL_STRING) {
    const char *p;
    size_t n;
    MILL_TRY(mill_io_utf8(e, (const mill_str *)v->data + k, &p, &n, err));
    return mill_csv_put(c, p, p + n, false, first, out, err);
  }
  if (c->plain && v->type->phys != MILL_PHYS_STR && v->type->id != MILL_INTERVAL_YM &&
      v->type->id != MILL_INTERVAL_DT)
    return mill_value_put(&e->texts, v, k, out, err);
  mill_text *t = &e->scratch;
  mill_text_reset(t);
  MILL_TRY(v->type->id == MILL_BINARY ? mill_csv_bytes((const mill_str *)v->data + k, t, err)
                                      : mill_value_put(&e->texts, v, k, t, err));
  return mill_csv_put(c, t->data, t->data + t->size, false, first, out, err);
}

static mill_status csv_header(mill_encoder *e, mill_text *out, mill_error *err) {
  const csv_writer *c = e->plan;
  if (!c->header) return MILL_OK;
  for (uint32_t i = 0; i < e->schema->nfields; i++) {
    const char *name = e->schema->fields[i].name;
    if (i) MILL_TRY(mill_text_add(out, c->sep, c->nsep, err));
    MILL_TRY(mill_csv_put(c, name, name + strlen(name), false, i == 0, out, err));
  }
  return mill_text_add(out, e->line_end, e->nline_end, err);
}

static mill_status csv_row_out(mill_encoder *e, const mill_vector *col, uint32_t at, mill_text *out,
                               mill_error *err) {
  const csv_writer *c = e->plan;
  size_t before = out->size;
  for (uint32_t i = 0; i < e->schema->nfields; i++) {
    const mill_vector *v = &col[i];
    if (i && c->nsep == 1) MILL_TRY(mill_text_addc(out, c->sep[0], err));
    if (i && c->nsep > 1) MILL_TRY(mill_text_add(out, c->sep, c->nsep, err));
    MILL_TRY(mill_vector_valid(v, at) ? put_value(e, v, mill_vector_at(v, at), i == 0, out, err)
                                      : mill_csv_put_null(c, i == 0, out, err));
  }
  return out->size == before ? MILL_OK : mill_text_add(out, e->line_end, e->nline_end, err);
}

const io_output mill_output_csv = {.name = "csv",
                                   .suffix = ".csv",
                                   .charsets = true,
                                   .takes = csv_takes_written,
                                   .configure = csv_configure,
                                   .header = csv_header,
                                   .row = csv_row_out};
