/* Records of JSON into rows. A record is a line, or with multiLine the whole file; an object is a
** row, an array a row for each of its objects. Malformed records are what the mode makes of them:
** PERMISSIVE a row with what could be read and the record's text in the corrupt record's column. */
#include <strings.h>

#include "base/utf8.h"
#include "io/json_int.h"

typedef struct json_text {
  const char *p;
  size_t n;
} json_text;

typedef struct json_decoder {
  io_decoder base;
  mill_memory *memory;
  const io_job *job;
  const json_plan *plan;
  mill_arena arena, scratch;
  json_builder builder;
  json_column root; /* the wanted columns, the corrupt record's left out */
  int *slot;        /* which of the root's columns a wanted one is; -1: the corrupt record's */
  int ncols;
  int corrupt; /* -1: not wanted */
  bool marked; /* the option encoding says what the bytes are */
  mill_json_reader reader;
  json_text record; /* of the array at hand */
  bool in_array, array_bad, done;
  uint32_t array_from; /* its first row in this batch */
  json_text line[MILL_BATCH];
  uint8_t bad[MILL_BATCH];
  uint32_t sel[MILL_BATCH];
  _Alignas(16) mill_str corrupt_text[MILL_BATCH]; /* as all values of 16 bytes are */
  uint64_t corrupt_valid[MILL_BATCH_WORDS];
} json_decoder;

/* ---- records -------------------------------------------------------------------------------- */

static mill_status end_row(json_decoder *d, uint32_t *n, json_text record, bool bad) {
  d->line[*n] = record;
  d->bad[*n] = bad;
  ++*n;
  return MILL_OK;
}

/* A row of nulls. */
static mill_status lost_row(json_decoder *d, uint32_t *n, json_text record, bool bad) {
  for (uint32_t i = 0; i < d->root.type->nfields; i++)
    d->root.child[i].vector.valid[*n >> 6] &= ~(1ull << (*n & 63));
  return end_row(d, n, record, bad);
}

/* An array is read as rows only when all of it can be: its items are objects. */
static bool all_objects(const json_decoder *d, json_text record) {
  mill_json_reader r;
  mill_json_start(&r, record.p, record.n, d->plan->read.options);
  if (json_next(&d->plan->read, &r) != MILL_JSON_ARRAY) return false;
  for (;;) {
    mill_json_token t = json_next(&d->plan->read, &r);
    if (t == MILL_JSON_ARRAY_END) return true;
    if (t != MILL_JSON_OBJECT || !mill_json_pass(&d->plan->read, &r, t)) return false;
  }
}

/* Rows of the array at hand, as many as there is room for. */
static mill_status take_items(json_decoder *d, uint32_t *n) {
  d->array_from = *n;
  while (*n < MILL_BATCH) {
    if (json_next(&d->plan->read, &d->reader) != MILL_JSON_OBJECT) {
      d->in_array = false;
      break;
    }
    json_put one = mill_json_take(&d->builder, &d->root, *n, MILL_JSON_OBJECT);
    if (one == JSON_FAILED) return d->builder.status;
    d->array_bad |= one != JSON_GOOD;
    MILL_TRY(end_row(d, n, d->record, false));
  }
  for (uint32_t i = d->array_from; d->array_bad && i < *n; i++) d->bad[i] = 1;
  return MILL_OK;
}

/* singleVariantColumn: the record is one value, of any kind. */
static mill_status take_whole(json_decoder *d, json_text record, uint32_t *n) {
  mill_json_start(&d->reader, record.p, record.n, d->plan->read.options);
  if (mill_json_at_end(&d->reader)) return MILL_OK;
  mill_json_token t = json_next(&d->plan->read, &d->reader);
  json_put one = d->root.type->nfields
                     ? mill_json_take(&d->builder, &d->root.child[0], *n, t)
                     : (mill_json_pass(&d->plan->read, &d->reader, t) ? JSON_GOOD : JSON_BAD);
  if (one == JSON_FAILED) return d->builder.status;
  return one == JSON_GOOD ? end_row(d, n, record, false) : lost_row(d, n, record, true);
}

/* Without the option encoding a record that begins with a zero byte, or one behind it, is UTF-16 or
** UTF-32, as RFC 4627 tells them apart. */
static io_charset wide_charset(const json_decoder *d, json_text t) {
  const unsigned char *p = (const unsigned char *)t.p;
  if (d->marked || t.n < 2 || (p[0] && p[1])) return IO_UTF8;
  bool four = t.n >= 4;
  if (p[0]) return four && !p[2] && !p[3] ? IO_UTF32LE : IO_UTF16LE;
  if (p[1]) return IO_UTF16BE;
  return four && !p[2] && p[3] ? IO_UTF32BE : IO_UTF8;
}

static mill_status narrowed(json_decoder *d, io_charset c, json_text *t) {
  size_t room = 3 * t->n + 4, made = 0;
  char *p = mill_arena_alloc(&d->scratch, room + IO_PAD);
  if (p == NULL) return mill_oom(d->memory, room, d->builder.err);
  (void)mill_io_charset_decode(c, (const unsigned char *)t->p, t->n, false, p, &made);
  *t = (json_text){p, made};
  return MILL_OK;
}

static mill_status take_record(json_decoder *d, json_text record, bool valid, uint32_t *n) {
  io_charset wide = wide_charset(d, record);
  if (wide != IO_UTF8) MILL_TRY(narrowed(d, wide, &record));
  if (!valid && !mill_utf8_valid(record.p, record.n)) return lost_row(d, n, record, true);
  if (d->job->single) return take_whole(d, record, n);
  json_put quick = JSON_BROKEN;
  if (d->plan->quick) quick = mill_json_quick(&d->builder, &d->root, *n, record.p, record.n);
  if (quick == JSON_FAILED) return d->builder.status;
  if (quick != JSON_BROKEN) return end_row(d, n, record, quick != JSON_GOOD);
  mill_json_start(&d->reader, record.p, record.n, d->plan->read.options);
  if (mill_json_at_end(&d->reader)) return MILL_OK;
  mill_json_token t = json_next(&d->plan->read, &d->reader);
  if (t == MILL_JSON_OBJECT) {
    json_put one = mill_json_take(&d->builder, &d->root, *n, t);
    if (one == JSON_FAILED) return d->builder.status;
    return one == JSON_BROKEN ? lost_row(d, n, record, true)
                              : end_row(d, n, record, one != JSON_GOOD);
  }
  if (t == MILL_JSON_ARRAY && all_objects(d, record)) {
    d->record = record;
    d->in_array = true;
    d->array_bad = false;
    return take_items(d, n);
  }
  return lost_row(d, n, record, true);
}

/* With multiLine the file's whole text is one record. */
static mill_status whole_record(json_decoder *d, io_window *w, uint32_t *n, mill_error *err) {
  if (d->done) return MILL_OK;
  while (!w->eof) MILL_TRY(mill_io_fill(w, err));
  d->done = true;
  return take_record(d, (json_text){w->data + w->at, w->have - w->at}, mill_io_valid(w), n);
}

static mill_status take_rows(json_decoder *d, io_window *w, uint32_t *n, mill_error *err) {
  if (d->in_array) MILL_TRY(take_items(d, n));
  if (d->plan->multi) return whole_record(d, w, n, err);
  while (*n < MILL_BATCH) {
    json_text line;
    bool found;
    MILL_TRY(mill_io_line(w, d->plan->line, *n == 0, &line.p, &line.n, &found, err));
    if (!found) break;
    MILL_TRY(take_record(d, line, mill_io_valid(w), n));
  }
  return MILL_OK;
}

/* ---- batches -------------------------------------------------------------------------------- */

static mill_status corrupt_column(json_decoder *d, mill_vector *v, uint32_t n, mill_error *err) {
  memset(d->corrupt_valid, 0, sizeof d->corrupt_valid);
  for (uint32_t i = 0; i < n; i++) {
    if (!d->bad[i]) continue;
    json_text t = d->line[i];
    if (!mill_utf8_valid(t.p, t.n)) {
      mill_text_reset(&d->builder.text);
      MILL_TRY(mill_utf8_repair(t.p, t.n, &d->builder.text, err));
      t = (json_text){mill_arena_strndup(&d->scratch, d->builder.text.data, d->builder.text.size),
                      d->builder.text.size};
      if (t.p == NULL) return mill_oom(d->memory, t.n, err);
    }
    d->corrupt_text[i] = mill_str_view(t.p, t.n);
    d->corrupt_valid[i >> 6] |= 1ull << (i & 63);
  }
  *v = (mill_vector){.type = v->type, .mask = MILL_FLAT, .data = d->corrupt_text};
  v->valid = d->corrupt_valid;
  return MILL_OK;
}

static mill_status apply_mode(json_decoder *d, uint32_t *n, const uint32_t **sel, mill_error *err) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < *n; i++) {
    if (d->bad[i] && d->job->mode == IO_FAIL_FAST) {
      int size = (int)(d->line[i].n < 200 ? d->line[i].n : 200);
      return mill_fail(err, MILL_E_MALFORMED_RECORD, "badRecord",
                       mill_error_fmt(err, "%.*s", size, d->line[i].p), "failFastMode", "FAILFAST",
                       NULL);
    }
    if (!d->bad[i]) d->sel[kept++] = i;
  }
  if (d->job->mode != IO_DROP_MALFORMED || kept == *n) return MILL_OK;
  *n = kept;
  *sel = d->sel;
  return MILL_OK;
}

static mill_status json_decode(io_decoder *base, io_window *w, mill_vector *cols, uint32_t *n,
                               const uint32_t **sel, mill_error *err) {
  json_decoder *d = (json_decoder *)base;
  d->builder.err = err;
  do {
    uint32_t rows = 0;
    *sel = NULL;
    mill_arena_clear(&d->scratch);
    mill_json_reset(&d->root, MILL_BATCH);
    MILL_TRY(take_rows(d, w, &rows, err));
    *n = rows;
    if (rows == 0) return MILL_OK;
    mill_json_vector(&d->root);
    for (int i = 0; i < d->ncols; i++)
      if (d->slot[i] >= 0) cols[i] = d->root.vector.child[d->slot[i]];
    if (d->corrupt >= 0) MILL_TRY(corrupt_column(d, &cols[d->corrupt], rows, err));
    MILL_TRY(apply_mode(d, n, sel, err));
  } while (*n == 0);
  return MILL_OK;
}

static mill_status json_start(io_decoder *base, io_window *w, bool first, mill_error *err) {
  json_decoder *d = (json_decoder *)base;
  d->in_array = d->done = false;
  return first || d->plan->multi ? MILL_OK : mill_io_first_line(w, d->plan->line, err);
}

/* ---- life ----------------------------------------------------------------------------------- */

static void json_free(io_decoder *base) {
  json_decoder *d = (json_decoder *)base;
  mill_json_builder_clear(&d->builder);
  mill_arena_clear(&d->scratch);
  mill_arena_clear(&d->arena);
  mill_free(d->memory, d, sizeof *d);
}

static mill_status make_root(json_decoder *d, const int *columns, int n, mill_error *err) {
  const mill_type *t = d->job->data;
  mill_field *f = mill_arena_alloc(&d->arena, ((size_t)n + 1) * sizeof *f);
  d->slot = mill_arena_alloc(&d->arena, ((size_t)n + 1) * sizeof *d->slot);
  if (f == NULL || d->slot == NULL) return mill_oom(d->memory, 1 << 12, err);
  uint32_t k = 0;
  for (int i = 0; i < n; i++) {
    d->slot[i] = -1;
    if (strcmp(t->fields[columns[i]].name, d->plan->corrupt) == 0) {
      d->corrupt = i;
      continue;
    }
    d->slot[i] = (int)k;
    f[k++] = t->fields[columns[i]];
  }
  d->ncols = n;
  const mill_type *root = mill_type_struct(d->job->context.types, f, k);
  if (root == NULL) return mill_oom(d->memory, 1 << 12, err);
  return mill_json_column(&d->root, root, MILL_BATCH, &d->arena, err);
}

mill_status mill_io_json_decoder(const io_job *job, const int *columns, int n, io_decoder **out,
                                 mill_error *err) {
  mill_memory *m = io_memory(job);
  MILL_TRY(mill_io_check_corrupt(job, columns, n, ((const json_plan *)job->plan)->corrupt, err));
  json_decoder *d = mill_calloc(m, sizeof *d);
  if (d == NULL) return mill_oom(m, sizeof *d, err);
  d->base = (io_decoder){json_start, json_decode, json_free, NULL, 0, NULL};
  d->memory = m;
  d->job = job;
  d->plan = job->plan;
  d->corrupt = -1;
  d->marked =
      mill_option_text(job->options, "encoding") || mill_option_text(job->options, "charset");
  mill_arena_init(&d->arena, m);
  mill_arena_init(&d->scratch, m);
  d->builder = (json_builder){.rules = &d->plan->read,
                              .memory = m,
                              .arena = &d->arena,
                              .scratch = &d->scratch,
                              .reader = &d->reader};
  mill_text_init(&d->builder.text, m);
  mill_status s = make_root(d, columns, n, err);
  if (s != MILL_OK) {
    json_free(&d->base);
    return s;
  }
  *out = &d->base;
  return MILL_OK;
}
