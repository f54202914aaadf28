/* Arrow buffers from vectors; see arrow_write.h. One loop a kind; rows are reached through the caller's
** positions, then through the vector's own form. */
#include "column/arrow_write.h"

typedef struct rows_of {
  const mill_vector *v;
  const uint32_t *at;
  size_t n;
  mill_error *err;
} rows_of;

static inline uint32_t source(const rows_of *r, size_t i) {
  return mill_vector_at(r->v, r->at ? r->at[i] : i);
}

static inline bool is_valid(const rows_of *r, size_t i) {
  return mill_valid_bit(r->v->valid, source(r, i));
}

/* ---- life ----------------------------------------------------------------------------------- */

/* What the type's child is made from. */
static const mill_type *child_from(const mill_arrow_column *c, uint32_t i) {
  if (c->type->kind == MILL_ARROW_MAP) return c->from; /* the entries have the map's fields */
  return c->from->fields[i].type;
}

mill_status mill_arrow_column_init(mill_arrow_column *c, mill_memory *m, const mill_arrow_type *t,
                                   const mill_type *from, mill_error *err) {
  *c = (mill_arrow_column){.type = t, .from = from};
  mill_text_init(&c->valid, m);
  mill_text_init(&c->buffer[0], m);
  mill_text_init(&c->buffer[1], m);
  if (t->nchildren == 0) return MILL_OK;
  c->child = mill_calloc(m, t->nchildren * sizeof *c->child);
  if (c->child == NULL) return mill_oom(m, t->nchildren * sizeof *c->child, err);
  c->nchildren = t->nchildren;
  for (uint32_t i = 0; i < t->nchildren; i++)
    MILL_TRY(mill_arrow_column_init(&c->child[i], m, &t->child[i], child_from(c, i), err));
  return MILL_OK;
}

void mill_arrow_column_clear(mill_arrow_column *c) {
  if (c->valid.memory == NULL) return; /* its parent's init did not come to it */
  for (uint32_t i = 0; i < c->nchildren; i++) mill_arrow_column_clear(&c->child[i]);
  if (c->child) mill_free(c->valid.memory, c->child, c->nchildren * sizeof *c->child);
  mill_text_clear(&c->valid);
  mill_text_clear(&c->buffer[0]);
  mill_text_clear(&c->buffer[1]);
  *c = (mill_arrow_column){0};
}

void mill_arrow_column_reset(mill_arrow_column *c) {
  c->rows = c->nulls = 0;
  mill_text_reset(&c->valid);
  mill_text_reset(&c->buffer[0]);
  mill_text_reset(&c->buffer[1]);
  for (uint32_t i = 0; i < c->nchildren; i++) mill_arrow_column_reset(&c->child[i]);
}

size_t mill_arrow_column_bytes(const mill_arrow_column *c) {
  size_t n = c->valid.size + c->buffer[0].size + c->buffer[1].size;
  for (uint32_t i = 0; i < c->nchildren; i++) n += mill_arrow_column_bytes(&c->child[i]);
  return n;
}

/* ---- bits ----------------------------------------------------------------------------------- */

/* Room for bits up to `bits`, new bytes zero. */
static mill_status need_bits(mill_text *t, uint64_t bits, mill_error *err) {
  size_t bytes = (size_t)((bits + 7) / 8);
  if (bytes <= t->size) return MILL_OK;
  MILL_TRY(mill_text_reserve(t, bytes - t->size, err));
  memset(t->data + t->size, 0, bytes - t->size);
  t->size = bytes;
  return MILL_OK;
}

static inline void set_bit(mill_text *t, uint64_t i, bool on) {
  t->data[i / 8] = (char)(t->data[i / 8] | on << i % 8);
}

/* The rows before the first null have no bits yet. */
static mill_status begin_valid(mill_arrow_column *c, mill_error *err) {
  MILL_TRY(need_bits(&c->valid, c->rows, err));
  if (c->rows) memset(c->valid.data, 0xff, (size_t)(c->rows / 8));
  for (uint64_t i = c->rows / 8 * 8; i < c->rows; i++) set_bit(&c->valid, i, true);
  return MILL_OK;
}

static mill_status append_valid(mill_arrow_column *c, const rows_of *r) {
  uint64_t nulls = 0;
  if (r->v->valid)
    for (size_t i = 0; i < r->n; i++) nulls += !is_valid(r, i);
  if (nulls == 0 && c->nulls == 0) return MILL_OK;
  if (c->nulls == 0) MILL_TRY(begin_valid(c, r->err));
  MILL_TRY(need_bits(&c->valid, c->rows + r->n, r->err));
  for (size_t i = 0; i < r->n; i++) set_bit(&c->valid, c->rows + i, is_valid(r, i));
  c->nulls += nulls;
  return MILL_OK;
}

static mill_status append_bools(mill_arrow_column *c, const rows_of *r) {
  const uint8_t *from = r->v->data;
  MILL_TRY(need_bits(&c->buffer[0], c->rows + r->n, r->err));
  for (size_t i = 0; i < r->n; i++)
    set_bit(&c->buffer[0], c->rows + i, is_valid(r, i) && from[source(r, i)]);
  return MILL_OK;
}

/* ---- fixed widths --------------------------------------------------------------------------- */

/* Room for n more values at the end of a buffer, which counts them already. */
static mill_status extend(mill_text *t, size_t n, size_t width, char **to, mill_error *err) {
  *to = NULL;
  if (n > SIZE_MAX / 2 / width) return mill_oom(t->memory, SIZE_MAX, err);
  MILL_TRY(mill_text_reserve(t, n * width, err));
  *to = t->data + t->size;
  t->size += n * width;
  return MILL_OK;
}

#define COPY_LOOP(T)                                                                               \
  do {                                                                                             \
    const T *from = r->v->data;                                                                    \
    for (size_t i = 0; i < r->n; i++) memcpy(to + i * sizeof(T), &from[source(r, i)], sizeof(T));  \
  } while (0)

static void zero_nulls(char *to, const rows_of *r, size_t width) {
  for (size_t i = 0; r->v->valid && i < r->n; i++)
    if (!is_valid(r, i)) memset(to + i * width, 0, width);
}

static mill_status append_values(mill_arrow_column *c, const rows_of *r) {
  size_t width = c->from->width;
  char *to;
  MILL_TRY(extend(&c->buffer[0], r->n, width, &to, r->err));
  if (r->at == NULL && r->v->index == NULL && r->v->mask != 0) {
    memcpy(to, r->v->data, r->n * width);
  } else {
    switch (width) {
    case 1: COPY_LOOP(uint8_t); break;
    case 2: COPY_LOOP(uint16_t); break;
    case 4: COPY_LOOP(uint32_t); break;
    case 8: COPY_LOOP(uint64_t); break;
    default: COPY_LOOP(mill_i128); break;
    }
  }
  zero_nulls(to, r, width);
  return MILL_OK;
}

static mill_status append_decimals(mill_arrow_column *c, const rows_of *r) {
  const int64_t *from = r->v->data;
  char *to;
  if (c->from->width == sizeof(mill_i128)) return append_values(c, r);
  MILL_TRY(extend(&c->buffer[0], r->n, sizeof(mill_i128), &to, r->err));
  for (size_t i = 0; i < r->n; i++) {
    mill_i128 x = is_valid(r, i) ? from[source(r, i)] : 0;
    memcpy(to + i * sizeof x, &x, sizeof x);
  }
  return MILL_OK;
}

static mill_status append_intervals(mill_arrow_column *c, const rows_of *r) {
  const mill_interval *from = r->v->data;
  char *to;
  MILL_TRY(extend(&c->buffer[0], r->n, 16, &to, r->err));
  for (size_t i = 0; i < r->n; i++, to += 16) {
    mill_interval x = is_valid(r, i) ? from[source(r, i)] : (mill_interval){0};
    int64_t nanos;
    if (__builtin_mul_overflow(x.micros, 1000, &nanos))
      return mill_fail(r->err, MILL_E_INTERVAL_ARITHMETIC_OVERFLOW_WITHOUT_SUGGESTION, NULL);
    memcpy(to, &x.months, 4);
    memcpy(to + 4, &x.days, 4);
    memcpy(to + 8, &nanos, 8);
  }
  return MILL_OK;
}

/* ---- offsets -------------------------------------------------------------------------------- */

/* Room for n more offsets; *last is where they go on. */
static mill_status extend_offsets(mill_arrow_column *c, const rows_of *r, char **to,
                                  int64_t *last) {
  mill_text *t = &c->buffer[0];
  int32_t end = 0;
  if (t->size == 0) MILL_TRY(mill_text_add(t, (const char *)&end, sizeof end, r->err));
  memcpy(&end, t->data + t->size - sizeof end, sizeof end);
  *last = end;
  return extend(t, r->n, sizeof end, to, r->err);
}

static mill_status too_long(const mill_arrow_column *c, mill_error *err) {
  return mill_fail(err, MILL_E_ARROW_BATCH_TOO_LARGE, "column", c->type->name ? c->type->name : "",
                   NULL);
}

static mill_status append_texts(mill_arrow_column *c, const rows_of *r) {
  const mill_str *from = r->v->data;
  char *to;
  int64_t end;
  size_t total = 0;
  for (size_t i = 0; i < r->n; i++)
    if (is_valid(r, i)) total += from[source(r, i)].size;
  if (total > INT32_MAX - c->buffer[1].size) return too_long(c, r->err);
  MILL_TRY(extend_offsets(c, r, &to, &end));
  MILL_TRY(mill_text_reserve(&c->buffer[1], total, r->err));
  for (size_t i = 0; i < r->n; i++) {
    const mill_str *s = &from[source(r, i)];
    if (is_valid(r, i) && s->size) {
      memcpy(c->buffer[1].data + end, mill_str_data(s), s->size);
      end += s->size;
    }
    int32_t offset = (int32_t)end;
    memcpy(to + i * sizeof offset, &offset, sizeof offset);
  }
  c->buffer[1].size = (size_t)end;
  return MILL_OK;
}

static mill_status append_elements(mill_arrow_column *c, const rows_of *r, const uint32_t *at,
                                   size_t n) {
  if (c->type->kind != MILL_ARROW_MAP)
    return mill_arrow_column_append(&c->child[0], &r->v->child[0], at, n, r->err);
  mill_arrow_column *entries = &c->child[0];
  for (uint32_t i = 0; i < 2; i++)
    MILL_TRY(mill_arrow_column_append(&entries->child[i], &r->v->child[i], at, n, r->err));
  entries->rows += n;
  return MILL_OK;
}

static mill_status append_lists(mill_arrow_column *c, const rows_of *r) {
  const mill_span *from = r->v->data;
  mill_memory *m = c->valid.memory;
  char *to;
  int64_t end;
  size_t total = 0, k = 0;
  for (size_t i = 0; i < r->n; i++)
    if (is_valid(r, i)) total += from[source(r, i)].size;
  if (total > INT32_MAX - c->child[0].rows) return too_long(c, r->err);
  MILL_TRY(extend_offsets(c, r, &to, &end));
  uint32_t *at = mill_alloc(m, (total + 1) * sizeof *at);
  if (at == NULL) return mill_oom(m, total * sizeof *at, r->err);
  for (size_t i = 0; i < r->n; i++) {
    mill_span s = is_valid(r, i) ? from[source(r, i)] : (mill_span){0, 0};
    for (uint32_t j = 0; j < s.size; j++) at[k++] = s.start + j;
    int32_t offset = (int32_t)(end + (int64_t)k);
    memcpy(to + i * sizeof offset, &offset, sizeof offset);
  }
  mill_status status = total ? append_elements(c, r, at, total) : MILL_OK;
  mill_free(m, at, (total + 1) * sizeof *at);
  return status;
}

static mill_status append_structs(mill_arrow_column *c, const rows_of *r) {
  mill_memory *m = c->valid.memory;
  mill_vector null;
  mill_status s = MILL_OK;
  if (c->type->nchildren == 0) return MILL_OK;
  uint32_t *at = mill_alloc(m, (r->n + 1) * sizeof *at);
  if (at == NULL) return mill_oom(m, r->n * sizeof *at, r->err);
  for (size_t i = 0; i < r->n; i++) at[i] = source(r, i);
  for (uint32_t i = 0; i < c->type->nchildren && s == MILL_OK; i++) {
    mill_vector_null(&null, c->from->fields[i].type);
    s = mill_arrow_column_append(&c->child[i], r->v->child ? &r->v->child[i] : &null, at, r->n,
                                 r->err);
  }
  mill_free(m, at, (r->n + 1) * sizeof *at);
  return s;
}

/* ---- all ------------------------------------------------------------------------------------ */

static mill_status append_kind(mill_arrow_column *c, const rows_of *r) {
  switch (c->type->kind) {
  case MILL_ARROW_NULL: c->nulls += r->n; return MILL_OK;
  case MILL_ARROW_BOOL: return append_bools(c, r);
  case MILL_ARROW_DECIMAL: return append_decimals(c, r);
  case MILL_ARROW_BYTES: return append_texts(c, r);
  case MILL_ARROW_LIST:
  case MILL_ARROW_MAP: return append_lists(c, r);
  case MILL_ARROW_STRUCT: return append_structs(c, r);
  case MILL_ARROW_INTERVAL:
    if (c->type->width == 128) return append_intervals(c, r);
    return append_values(c, r);
  default: return append_values(c, r);
  }
}

mill_status mill_arrow_column_append(mill_arrow_column *c, const mill_vector *v, const uint32_t *at,
                                     size_t n, mill_error *err) {
  rows_of r = {v, at, n, err};
  if (n == 0) return MILL_OK;
  if (c->type->kind != MILL_ARROW_NULL) MILL_TRY(append_valid(c, &r));
  MILL_TRY(append_kind(c, &r));
  c->rows += n;
  return MILL_OK;
}
