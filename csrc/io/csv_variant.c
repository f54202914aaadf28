/* CSV into VARIANT: cells of VARIANT columns, and with singleVariantColumn whole records as objects.
**
** A cell becomes the first of LONG, DECIMAL, DATE, TIMESTAMP, BOOLEAN and text that it is. What a column
** has once left behind in a piece of a file it does not come back to, as in Spark's parser: behind a text
** all are texts. An empty cell is a null inside the variant. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/variant.h"
#include "io/csv_int.h"

enum { AS_LONG, AS_DECIMAL, AS_DATE, AS_TIMESTAMP, AS_BOOLEAN, AS_TEXT };

static bool is_word(const char *p, size_t n, const char *word) {
  return strlen(word) == n && strncasecmp(p, word, n) == 0;
}

/* Append the cell as that type; *is false: it is none. */
static mill_status put_as(const csv_plan *plan, mill_variant_builder *b, int as, const char *p,
                          size_t n, bool *is, mill_error *err) {
  int64_t whole;
  int32_t days;
  mill_i128 digits;
  int precision, scale;
  char plain[MILL_VALUE_DECIMAL];
  const mill_type *time = mill_type_of(plan->ntz ? MILL_TIMESTAMP_NTZ : MILL_TIMESTAMP);
  *is = true;
  switch (as) {
  case AS_LONG:
    *is = mill_value_guess(&plan->rules, mill_type_of(MILL_BIGINT), p, n, &whole);
    return *is ? mill_variant_put_long(b, whole, err) : MILL_OK;
  case AS_DECIMAL:
    n = mill_value_plain_decimal(&plan->rules, p, n, plain);
    *is = n && mill_decimal_parse_free(plain, n, &digits, &precision, &scale) && scale >= 0 &&
          plain[0] > ' ' && plain[n - 1] > ' ';
    return *is ? mill_variant_put_decimal(b, digits, scale, err) : MILL_OK;
  case AS_DATE:
    *is = plan->prefer_date && (plan->rules.date_pattern || n == 10) &&
          mill_value_guess(&plan->rules, mill_type_of(MILL_DATE), p, n, &days);
    return *is ? mill_variant_put_time(b, MILL_VARIANT_DATE, days, err) : MILL_OK;
  case AS_TIMESTAMP:
    *is = mill_value_guess(&plan->rules, time, p, n, &whole);
    return *is ? mill_variant_put_time(
                     b, plan->ntz ? MILL_VARIANT_TIMESTAMP_NTZ : MILL_VARIANT_TIMESTAMP, whole, err)
               : MILL_OK;
  case AS_BOOLEAN:
    *is = is_word(p, n, "true") || is_word(p, n, "false");
    return *is ? mill_variant_put_bool(b, (*p | 32) == 't', err) : MILL_OK;
  default: return mill_variant_put_text(b, MILL_VARIANT_STRING, p, n, err);
  }
}

static bool is_null(const csv_plan *plan, const char *p, csv_cell c) {
  return c.size == CSV_NULL ||
         (c.size == plan->null_size && memcmp(p, plan->null_value, c.size) == 0);
}

static mill_status put_cell(const csv_plan *plan, mill_variant_builder *b, uint8_t *state,
                            const char *p, csv_cell c, mill_error *err) {
  if (is_null(plan, p, c)) return mill_variant_put_null(b, err);
  for (bool is = false;; ++*state) {
    MILL_TRY(put_as(plan, b, c.size ? *state : AS_TEXT, p, c.size, &is, err));
    if (is) return MILL_OK;
  }
}

/* ---- results -------------------------------------------------------------------------------- */

void mill_csv_variants_init(csv_variants *v, mill_memory *m) {
  mill_variant_open(&v->builder, m);
  mill_text_init(&v->names, m);
}

void mill_csv_variants_clear(csv_variants *v) {
  mill_variant_close(&v->builder);
  mill_text_clear(&v->names);
}

/* Row i of a VARIANT vector becomes a copy of what was built. */
static mill_status store(csv_variants *v, mill_vector *out, uint32_t i, mill_arena *a,
                         mill_error *err) {
  mill_text_reset(&v->names);
  MILL_TRY(mill_variant_metadata(&v->builder, &v->names, err));
  const mill_text *part[2] = {&v->builder.out, &v->names};
  for (int k = 0; k < 2; k++) {
    char *own = mill_arena_strndup(a, part[k]->data, part[k]->size);
    if (own == NULL) return mill_oom(a->memory, part[k]->size, err);
    ((mill_str *)out->child[k].data)[i] = mill_str_view(own, part[k]->size);
  }
  return MILL_OK;
}

mill_status mill_csv_variant_column(csv_cells *d, csv_variants *v, uint8_t *state,
                                    const csv_cell *cell, mill_vector *out, uint32_t n,
                                    mill_arena *scratch, mill_error *err) {
  if (d->from == 0)
    MILL_TRY(mill_vector_init(out, mill_type_of(MILL_VARIANT), MILL_BATCH, scratch, err));
  for (uint32_t i = 0; i < n; i++) {
    const char *p = cell[i].size == CSV_NULL ? "" : csv_cell_text(d, cell[i]);
    mill_variant_reset(&v->builder);
    MILL_TRY(put_cell(d->plan, &v->builder, state, p, cell[i], err));
    MILL_TRY(store(v, out, d->from + i, scratch, err));
  }
  return MILL_OK;
}

/* ---- records as objects --------------------------------------------------------------------- */

typedef struct csv_single {
  io_decoder base;
  const io_job *job;
  const csv_plan *plan;
  mill_memory *memory;
  mill_arena arena, scratch; /* of the decoder; of one batch */
  csv_source source;
  csv_row row;
  csv_variants variants;
  const char **name; /* of the header; NULL: _c0, _c1, .. */
  size_t *name_size;
  size_t nnames;
  uint8_t *state; /* a column */
  size_t nstates;
  int variant, corrupt; /* places among the wanted columns; -1: not wanted */
  uint8_t bad[MILL_BATCH];
  uint32_t sel[MILL_BATCH];
} csv_single;

static mill_status read_header(csv_single *d, mill_error *err) {
  const char *at;
  size_t size;
  bool found;
  mill_text_reset(&d->row.side);
  MILL_TRY(mill_csv_record(&d->source, true, &d->row, &at, &size, &found, err));
  d->nnames = found ? d->row.n : 0;
  d->name = mill_arena_alloc(&d->arena, (d->nnames + 1) * sizeof *d->name);
  d->name_size = mill_arena_alloc(&d->arena, (d->nnames + 1) * sizeof *d->name_size);
  if (d->name == NULL || d->name_size == NULL) return mill_oom(d->memory, d->nnames, err);
  for (size_t i = 0; i < d->nnames; i++) {
    csv_cell c = d->row.cell[i];
    d->name_size[i] = c.size == CSV_NULL ? 0 : c.size;
    d->name[i] =
        mill_arena_strndup(&d->arena, d->name_size[i] ? csv_text(&d->row, c) : "", d->name_size[i]);
    if (d->name[i] == NULL) return mill_oom(d->memory, c.size, err);
  }
  return MILL_OK;
}

static mill_status single_start(io_decoder *base, io_window *w, bool first, mill_error *err) {
  csv_single *d = (csv_single *)base;
  if (d->nstates) memset(d->state, 0, d->nstates);
  d->name = NULL;
  MILL_TRY(mill_csv_begin(&d->source, w, d->plan, first, err));
  return first && d->plan->header ? read_header(d, err) : MILL_OK;
}

static mill_status put_record(csv_single *d, mill_error *err) {
  mill_variant_builder *b = &d->variants.builder;
  mill_variant_frame f;
  size_t n = d->name && d->row.n > d->nnames ? d->nnames : d->row.n;
  char own[24];
  while (d->nstates < n) {
    size_t room = d->nstates;
    MILL_TRY(mill_grow(d->memory, (void **)&d->state, &d->nstates, n, 1, err));
    memset(d->state + room, 0, d->nstates - room);
  }
  mill_variant_reset(b);
  MILL_TRY(mill_variant_begin(b, &f, err));
  for (size_t i = 0; i < n; i++) {
    csv_cell c = d->row.cell[i];
    int size = d->name ? 0 : snprintf(own, sizeof own, "_c%zu", i);
    MILL_TRY(d->name ? mill_variant_name(b, &f, d->name[i], d->name_size[i], err)
                     : mill_variant_name(b, &f, own, (size_t)size, err));
    const char *p = c.size == CSV_NULL ? "" : csv_text(&d->row, c);
    MILL_TRY(put_cell(d->plan, b, &d->state[i], p, c, err));
  }
  return mill_variant_end_object(b, &f, err);
}

/* One record into row i; two cells of one name make it malformed, and so does another number of cells
** than the header has, but those are kept. */
static mill_status take_record(csv_single *d, uint32_t i, mill_vector *cols, const char *at,
                               size_t size, mill_error *err) {
  mill_status s = put_record(d, err);
  bool twice = s == MILL_E_VARIANT_DUPLICATE_KEY;
  d->bad[i] = twice || (d->name && d->row.n != d->nnames);
  if (d->bad[i] && d->job->mode == IO_FAIL_FAST) {
    mill_error_clear(err);
    return mill_fail(err, MILL_E_MALFORMED_RECORD, "badRecord",
                     mill_error_fmt(err, "%.*s", (int)(size < 200 ? size : 200), at),
                     "failFastMode", "FAILFAST", NULL);
  }
  if (s != MILL_OK && !twice) return s;
  if (twice) mill_error_clear(err);
  if (d->variant >= 0)
    MILL_TRY(twice ? mill_vector_set_null(&cols[d->variant], i, &d->scratch, err)
                   : store(&d->variants, &cols[d->variant], i, &d->scratch, err));
  if (d->corrupt < 0) return MILL_OK;
  if (!d->bad[i]) return mill_vector_set_null(&cols[d->corrupt], i, &d->scratch, err);
  char *own = mill_arena_strndup(&d->scratch, at, size);
  if (own == NULL) return mill_oom(d->memory, size, err);
  ((mill_str *)cols[d->corrupt].data)[i] = mill_str_view(own, size);
  return MILL_OK;
}

static mill_status single_next(io_decoder *base, io_window *w, mill_vector *cols, uint32_t *n,
                               const uint32_t **sel, mill_error *err) {
  csv_single *d = (csv_single *)base;
  uint32_t kept = 0;
  const char *at;
  size_t size;
  bool found = true;
  (void)w;
  *sel = NULL;
  *n = 0;
  mill_arena_reset(&d->scratch);
  if (d->variant >= 0)
    MILL_TRY(mill_vector_init(&cols[d->variant], mill_type_of(MILL_VARIANT), MILL_BATCH,
                              &d->scratch, err));
  if (d->corrupt >= 0)
    MILL_TRY(mill_vector_init(&cols[d->corrupt], mill_type_of(MILL_STRING), MILL_BATCH, &d->scratch,
                              err));
  while (*n < MILL_BATCH) {
    mill_text_reset(&d->row.side);
    MILL_TRY(mill_csv_record(&d->source, true, &d->row, &at, &size, &found, err));
    if (!found) break;
    MILL_TRY(take_record(d, *n, cols, at, size, err));
    if (!d->bad[*n] || d->job->mode != IO_DROP_MALFORMED) d->sel[kept++] = *n;
    ++*n;
  }
  if (kept == *n) return MILL_OK;
  if (kept == 0 && found) return single_next(base, w, cols, n, sel, err);
  *n = kept;
  *sel = d->sel;
  return MILL_OK;
}

static void single_free(io_decoder *base) {
  csv_single *d = (csv_single *)base;
  mill_csv_row_clear(&d->row);
  mill_csv_variants_clear(&d->variants);
  mill_free(d->memory, d->state, d->nstates);
  mill_arena_clear(&d->scratch);
  mill_arena_clear(&d->arena);
  mill_free(d->memory, d, sizeof *d);
}

mill_status mill_csv_single_decoder(const io_job *job, const int *columns, int n, io_decoder **out,
                                    mill_error *err) {
  mill_memory *m = io_memory(job);
  csv_single *d = mill_calloc(m, sizeof *d);
  if (d == NULL) return mill_oom(m, sizeof *d, err);
  d->base = (io_decoder){single_start, single_next, single_free, NULL, 0, NULL};
  d->job = job;
  d->plan = job->plan;
  d->memory = m;
  d->variant = d->corrupt = -1;
  for (int i = 0; i < n; i++)
    *(job->data->fields[columns[i]].type->id == MILL_VARIANT ? &d->variant : &d->corrupt) = i;
  mill_arena_init(&d->arena, m);
  mill_arena_init(&d->scratch, m);
  mill_csv_row_init(&d->row, m);
  mill_csv_variants_init(&d->variants, m);
  *out = &d->base;
  return MILL_OK;
}
