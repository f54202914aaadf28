/* CSV: the format and its options, and the types that texts suggest; see csv_int.h.
**
** Inference follows Spark: each column starts as unknown and widens INT, BIGINT, DECIMAL, DOUBLE;
** DATE; TIMESTAMP; BOOLEAN; and STRING where the texts do not go together. */
#include <stdio.h>
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
              {"BACK_TO_DELIMITER", CSV_STOP_AT_DELIMITER},
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
  MILL_TRY(mill_option_int(o, "maxColumns", 20480, &p->max_columns, err));
  MILL_TRY(mill_option_int(o, "maxCharsPerColumn", -1, &p->max_chars, err));
  return mill_option_double(o, "samplingRatio", 1.0, &p->sampling, err);
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
  p->empty_value = text_option(job, "emptyValue", "");
  MILL_TRY(unescaped_option(job, &p->unescaped, err));
  p->corrupt = mill_io_corrupt_name(job);
  p->ntz = mill_io_prefers_ntz(job);
  p->simple =
      p->nsep == 1 && p->line.text == NULL && !p->trim_leading && !p->trim_trailing && !p->multi;
  return MILL_OK;
}

static bool csv_takes(const mill_type *t) {
  return t->id == MILL_STRING || t->id == MILL_BINARY || io_flat(t) || t->id == MILL_INTERVAL_YM ||
         t->id == MILL_INTERVAL_DT;
}

static bool csv_whole(const io_job *job) { return ((const csv_plan *)job->plan)->multi; }

/* ---- inference ------------------------------------------------------------------------------ */

typedef struct csv_guess {
  const mill_type *type; /* NULL: only nulls so far */
} csv_guess;

static bool fits(const csv_plan *p, mill_type_id id, const char *s, size_t n) {
  mill_i128 v = 0;
  return mill_io_value(&p->rules, mill_type_of(id), s, n, &v);
}

/* Integers beyond BIGINT: a decimal of as many digits, when all of the text is digits. */
static bool long_integer(const char *s, size_t n, int *digits) {
  size_t sign = n && (*s == '-' || *s == '+');
  for (size_t i = sign; i < n; i++)
    if (s[i] < '0' || s[i] > '9') return false;
  *digits = (int)(n - sign);
  return n > sign && n - sign <= 38;
}

static const mill_type *guess_text(io_job *job, const char *s, size_t n) {
  const csv_plan *p = job->plan;
  int digits = 0;
  if (fits(p, MILL_INT, s, n)) return mill_type_of(MILL_INT);
  if (fits(p, MILL_BIGINT, s, n)) return mill_type_of(MILL_BIGINT);
  if (long_integer(s, n, &digits)) return mill_type_decimal(job->context.types, digits, 0);
  if (fits(p, MILL_DOUBLE, s, n)) return mill_type_of(MILL_DOUBLE);
  bool full = p->rules.date_pattern || n == 10; /* yyyy-MM-dd, nothing shorter */
  if (p->prefer_date && full && fits(p, MILL_DATE, s, n)) return mill_type_of(MILL_DATE);
  if (n >= 6 && p->ntz && fits(p, MILL_TIMESTAMP_NTZ, s, n))
    return mill_type_of(MILL_TIMESTAMP_NTZ);
  if (n >= 6 && fits(p, MILL_TIMESTAMP, s, n)) return mill_type_of(MILL_TIMESTAMP);
  if (fits(p, MILL_BOOLEAN, s, n)) return mill_type_of(MILL_BOOLEAN);
  return mill_type_of(MILL_STRING);
}

static int rank(const mill_type *t) {
  switch (t->id) {
  case MILL_INT: return 1;
  case MILL_BIGINT: return 2;
  case MILL_DECIMAL: return 3;
  case MILL_DOUBLE: return 4;
  default: return 0;
  }
}

static bool is_time(const mill_type *t) {
  return t->id == MILL_DATE || t->id == MILL_TIMESTAMP || t->id == MILL_TIMESTAMP_NTZ;
}

static const mill_type *widen(io_job *job, const mill_type *a, const mill_type *b) {
  if (a == NULL || a == b) return b;
  if (rank(a) && rank(b)) {
    if (a->id == MILL_DECIMAL && b->id == MILL_DECIMAL) return a->precision > b->precision ? a : b;
    const mill_type *wide = rank(a) > rank(b) ? a : b, *other = wide == a ? b : a;
    int need = other->id == MILL_BIGINT ? 20 : 10;
    if (wide->id == MILL_DECIMAL && wide->precision < need)
      return mill_type_decimal(job->context.types, need, 0);
    return wide;
  }
  if (!is_time(a) || !is_time(b)) return mill_type_of(MILL_STRING);
  bool ntz = a->id != MILL_TIMESTAMP && b->id != MILL_TIMESTAMP;
  return mill_type_of(ntz ? MILL_TIMESTAMP_NTZ : MILL_TIMESTAMP);
}

/* The text can stay of the type guessed so far: most texts can. */
static bool stays(const csv_plan *p, const mill_type *t, const char *s, size_t n) {
  return t && (t->id == MILL_STRING || (t->id == MILL_INT && fits(p, MILL_INT, s, n)));
}

static bool is_null(const csv_plan *p, const csv_row *row, csv_cell c) {
  size_t n = strlen(p->null_value);
  return c.size == CSV_NULL || c.size == 0 ||
         (c.size == n && memcmp(csv_text(row, c), p->null_value, n) == 0);
}

static mill_status guess_row(io_job *job, const csv_row *row, csv_guess *g, size_t n,
                             mill_error *err) {
  const csv_plan *p = job->plan;
  for (size_t i = 0; i < n && i < row->n; i++) {
    csv_cell c = row->cell[i];
    if (is_null(p, row, c) || stays(p, g[i].type, csv_text(row, c), c.size)) continue;
    const mill_type *t = guess_text(job, csv_text(row, c), c.size);
    if (t) t = widen(job, g[i].type, t);
    if (t == NULL) return mill_oom(io_memory(job), sizeof *t, err);
    g[i].type = t;
  }
  return MILL_OK;
}

/* Column names: the header's, made unique with their position, or _c0, _c1, .. */
static mill_status name_columns(io_job *job, const csv_row *row, mill_field *f, mill_error *err) {
  const csv_plan *p = job->plan;
  char buf[300];
  for (size_t i = 0; i < row->n; i++) {
    csv_cell c = row->cell[i];
    bool named = p->header && !is_null(p, row, c);
    bool twice = false;
    for (size_t k = 0; named && k < row->n; k++) {
      csv_cell o = row->cell[k];
      twice |= k != i && !is_null(p, row, o) && o.size == c.size &&
               strncasecmp(csv_text(row, o), csv_text(row, c), c.size) == 0;
    }
    int n = named ? snprintf(buf, sizeof buf, twice ? "%.*s%zu" : "%.*s", (int)c.size,
                             csv_text(row, c), i)
                  : snprintf(buf, sizeof buf, "_c%zu", i);
    if (n >= (int)sizeof buf) n = sizeof buf - 1;
    const char *name = named && !twice ? mill_arena_strndup(&job->arena, csv_text(row, c), c.size)
                                       : mill_arena_strndup(&job->arena, buf, (size_t)n);
    if (name == NULL) return mill_oom(io_memory(job), (size_t)n, err);
    f[i] = (mill_field){name, mill_type_of(MILL_STRING), true, NULL};
  }
  return MILL_OK;
}

typedef struct csv_inference {
  mill_field *field;
  csv_guess *guess;
  size_t n;
} csv_inference;

static mill_status infer_file(io_job *job, size_t file, csv_inference *out, csv_row *row,
                              io_window *w, mill_error *err) {
  const csv_plan *p = job->plan;
  csv_source source;
  const char *at;
  size_t size;
  bool found, first = true;
  MILL_TRY(mill_io_window_open(w, job, file, 0, UINT64_MAX, err));
  MILL_TRY(mill_csv_begin(&source, w, p, true, err));
  for (;; first = false) {
    mill_text_reset(&row->side);
    MILL_TRY(mill_csv_record(&source, true, row, &at, &size, &found, err));
    if (!found) return MILL_OK;
    if (first && out->field == NULL) {
      out->n = row->n;
      out->field = mill_arena_alloc(&job->arena, (row->n + 1) * sizeof *out->field);
      out->guess = mill_arena_alloc(&job->arena, (row->n + 1) * sizeof *out->guess);
      if (!out->field || !out->guess) return mill_oom(io_memory(job), row->n, err);
      MILL_TRY(name_columns(job, row, out->field, err));
    }
    if (!p->infer) return MILL_OK;
    if (!(first && p->header)) MILL_TRY(guess_row(job, row, out->guess, out->n, err));
  }
}

mill_status mill_csv_infer(io_job *job, mill_error *err) {
  csv_inference got = {0};
  csv_row row;
  io_window w;
  mill_status s = MILL_OK;
  size_t largest = 0; /* names the columns, as in Spark, which reads large files first */
  for (size_t i = 1; i < job->files.n; i++)
    if (job->files.file[i].size > job->files.file[largest].size) largest = i;
  mill_csv_row_init(&row, io_memory(job));
  for (size_t i = 0; i < job->files.n && s == MILL_OK; i++) {
    mill_io_window_init(&w, io_memory(job));
    s = infer_file(job, i == 0 ? largest : i <= largest ? i - 1 : i, &got, &row, &w, err);
    mill_io_window_clear(&w);
    if (got.field && !((const csv_plan *)job->plan)->infer) break;
  }
  mill_csv_row_clear(&row);
  if (s != MILL_OK) return s;
  for (size_t i = 0; i < got.n; i++)
    if (got.guess[i].type) got.field[i].type = got.guess[i].type;
  job->data = mill_type_struct(job->context.types, got.field, (uint32_t)got.n);
  return job->data ? MILL_OK : mill_oom(io_memory(job), got.n, err);
}

const io_format mill_format_csv = {"csv",     csv_configure, mill_csv_infer,  csv_takes,
                                   csv_whole, false,         mill_csv_decoder};
