/* CSV files. kernel/csv_write.c makes the fields; a line without any byte is left out. */
#include <string.h>

#include "base/utf8.h"
#include "io/csv_int.h"
#include "io/write_int.h"

/* Sixteen bytes, compared at once. */
typedef uint8_t block __attribute__((vector_size(16)));

/* The options, and what of them is asked for every value. */
typedef struct csv_plain {
  csv_writer writer;
  bool *direct;  /* of each column: no value needs quotes, or is long */
  block mark[6]; /* bytes with a meaning, each as a block */
} csv_plain;

/* ---- options -------------------------------------------------------------------------------- */

/* Letters and digits, so that the name stays one of a file here; none leaves the name without an extension. */
static mill_status read_extension(mill_encoder *e, mill_options o, mill_error *err) {
  const char *v = mill_option_text(o, "extension");
  if (v == NULL) return MILL_OK;
  size_t n = strlen(v);
  bool fine = n < sizeof e->suffix - 8; /* room for the codec's */
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

static void note_marks(csv_plain *c) {
  const csv_writer *w = &c->writer;
  const char mark[6] = {w->sep[0], '\n', '\r', w->newline.s[0], w->quote.s[0], w->escape.s[0]};
  for (int i = 0; i < 6; i++) memset(&c->mark[i], mark[i], sizeof c->mark[i]);
}

static mill_status note_direct(csv_plain *c, mill_encoder *e, mill_error *err) {
  const mill_type *t = e->schema;
  c->direct = mill_arena_alloc(&e->arena, t->nfields * sizeof *c->direct);
  if (c->direct == NULL) return mill_oom(e->memory, t->nfields * sizeof *c->direct, err);
  for (uint32_t i = 0; i < t->nfields; i++)
    c->direct[i] = c->writer.plain && mill_value_short(t->fields[i].type);
  return MILL_OK;
}

static mill_status csv_configure(mill_encoder *e, const mill_write *w, mill_error *err) {
  mill_options o = w->options;
  if (e->nline_end > 2)
    return mill_fail(err, MILL_E_INVALID_LINE_SEPARATOR_TOO_LONG, "length",
                     mill_error_fmt(err, "%zu", e->nline_end), NULL);
  csv_plain *c = mill_arena_alloc(&e->arena, sizeof *c);
  if (c == NULL) return mill_oom(e->memory, sizeof *c, err);
  e->plan = c;
  MILL_TRY(read_extension(e, o, err));
  int n = mill_utf8_length(e->line_end, e->nline_end);
  csv_char newline = {{0}, (uint8_t)(n ? n : 1)};
  memcpy(newline.s, e->line_end, newline.n);
  bool formats = mill_texts_have_formats(&e->texts);
  MILL_TRY(mill_csv_writer(&c->writer, o, newline, formats, err));
  note_marks(c);
  return note_direct(c, e, err);
}

/* ---- values --------------------------------------------------------------------------------- */

/* What is not as it may stand: bytes with a meaning, and those beyond ASCII. */
static inline block odd_bytes(const csv_plain *c, block v) {
  block odd = v & 0x80;
  for (int i = 0; i < 6; i++) odd |= (block)(v == c->mark[i]);
  return odd;
}

static inline block block_at(const char *p) {
  block v;
  memcpy(&v, p, sizeof v);
  return v;
}

static inline bool any(block v) {
  uint64_t half[2];
  memcpy(half, &v, sizeof half);
  return (half[0] | half[1]) != 0;
}

/* Copy a text to `to`, which has 16 bytes more; false: it holds odd bytes. Blocks overlap at its end. */
static inline bool copy_plain(const csv_plain *c, const mill_str *s, char *to) {
  static const block no_size = {0,   0,   0,   0,   255, 255, 255, 255,
                                255, 255, 255, 255, 255, 255, 255, 255};
  const char *p = mill_str_data(s);
  size_t n = s->size;
  block odd = {0}, v;
  if (n <= MILL_STR_INLINE) { /* zeros stand behind it */
    memcpy(to, s->prefix, MILL_STR_INLINE);
    return !any(odd_bytes(c, block_at((const char *)s) & no_size));
  }
  if (n < sizeof v) {
    memcpy(&v, p, 8);
    memcpy((char *)&v + 8, p + n - 8, 8);
    memcpy(to, p, 8);
    memcpy(to + n - 8, p + n - 8, 8);
    return !any(odd_bytes(c, v));
  }
  for (size_t i = 0;; i = i + 2 * sizeof v < n ? i + sizeof v : n - sizeof v) {
    v = block_at(p + i);
    odd |= odd_bytes(c, v);
    memcpy(to + i, &v, sizeof v);
    if (i == n - sizeof v) return !any(odd);
  }
}

/* A text that stands in the file as it is; *done false: it takes a closer look. */
static inline mill_status put_plain(const csv_plain *c, const mill_str *s, bool first,
                                    mill_text *out, bool *done, mill_error *err) {
  const csv_writer *w = &c->writer;
  size_t n = s->size;
  *done = false;
  if (n == 0 || w->quote_all) return MILL_OK;
  unsigned char begin = (unsigned char)s->prefix[0];
  unsigned char end = (unsigned char)mill_str_data(s)[n - 1];
  if ((w->trim_leading && begin <= ' ') || (w->trim_trailing && end <= ' ')) return MILL_OK;
  if (first && begin == (unsigned char)w->comment.s[0]) return MILL_OK;
  MILL_TRY(mill_text_reserve(out, n + sizeof(block), err));
  *done = copy_plain(c, s, out->data + out->size);
  if (*done) out->size += n;
  return MILL_OK;
}

static mill_status put_text(mill_encoder *e, const mill_str *s, bool first, mill_text *out,
                            mill_error *err) {
  const csv_plain *c = e->plan;
  const char *p;
  size_t n;
  bool done;
  MILL_TRY(put_plain(c, s, first, out, &done, err));
  if (done) return MILL_OK;
  MILL_TRY(mill_io_utf8(e, s, &p, &n, err));
  return mill_csv_put(&c->writer, p, p + n, false, first, out, err);
}

static mill_status put_value(mill_encoder *e, const mill_vector *v, uint32_t k, bool first,
                             mill_text *out, mill_error *err) {
  const csv_plain *c = e->plan;
  mill_text *t = &e->scratch;
  if (v->type->id == MILL_STRING)
    return put_text(e, (const mill_str *)v->data + k, first, out, err);
  mill_text_reset(t);
  MILL_TRY(v->type->id == MILL_BINARY ? mill_csv_bytes((const mill_str *)v->data + k, t, err)
                                      : mill_value_put(&e->texts, v, k, t, err));
  return mill_csv_put(&c->writer, t->data, t->data + t->size, false, first, out, err);
}

static mill_status csv_header(mill_encoder *e, mill_text *out, mill_error *err) {
  const csv_writer *w = &((const csv_plain *)e->plan)->writer;
  if (!w->header) return MILL_OK;
  for (uint32_t i = 0; i < e->schema->nfields; i++) {
    const char *name = e->schema->fields[i].name;
    if (i) MILL_TRY(mill_text_add(out, w->sep, w->nsep, err));
    MILL_TRY(mill_csv_put(w, name, name + strlen(name), false, i == 0, out, err));
  }
  return mill_text_add(out, e->line_end, e->nline_end, err);
}

static mill_status csv_row_out(mill_encoder *e, const mill_vector *col, uint32_t at, mill_text *out,
                               mill_error *err) {
  const csv_plain *c = e->plan;
  const csv_writer *w = &c->writer;
  size_t before = out->size;
  for (uint32_t i = 0; i < e->schema->nfields; i++) {
    const mill_vector *v = &col[i];
    uint32_t k = mill_vector_at(v, at);
    if (out->capacity - out->size <= CSV_SEPARATOR + MILL_VALUE_TEXT)
      MILL_TRY(mill_text_reserve(out, CSV_SEPARATOR + MILL_VALUE_TEXT, err));
    if (i && w->nsep == 1) out->data[out->size++] = w->sep[0];
    if (i && w->nsep > 1) MILL_TRY(mill_text_add(out, w->sep, w->nsep, err));
    if (!mill_valid_bit(v->valid, k))
      MILL_TRY(mill_csv_put_null(w, i == 0, out, err));
    else if (c->direct[i])
      out->size =
          (size_t)(mill_value_put_short(&e->texts, v, k, out->data + out->size) - out->data);
    else
      MILL_TRY(put_value(e, v, k, i == 0, out, err));
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
