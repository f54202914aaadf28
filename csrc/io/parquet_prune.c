/* See parquet_prune.h. */
#include "io/parquet_prune.h"

#include <string.h>

#include "base/hash.h"

#define L(kind) PARQUET_LOGICAL_##kind

enum { INDEX_MOST = 16 << 20 };

/* ---- probes --------------------------------------------------------------------------------- */

/* Are bounds in the file in the order of the values that are read? */
static bool is_ordered(const parquet_field *f, const mill_type *t, const parquet_conversion *c) {
  parquet_meaning m = mill_parquet_meaning(f);
  int32_t physical = f->element->type;
  bool bytes = physical == PARQUET_BYTE_ARRAY || physical == PARQUET_FIXED;
  bool whole = physical == PARQUET_INT32 || physical == PARQUET_INT64;
  if (physical == PARQUET_INT96 || t->collation != MILL_UTF8_BINARY) return false;
  if (c->rebase != PARQUET_CORRECTED &&
      (t->id == MILL_DATE || t->id == MILL_TIMESTAMP || t->id == MILL_TIMESTAMP_NTZ))
    return false;
  if (bytes) return (m.kind == L(DECIMAL)) == (t->id == MILL_DECIMAL) && m.kind != L(FLOAT16);
  if (whole && c->to < c->from) return false;
  bool large = m.kind == L(INTEGER) && !m.is_signed && m.width == (int)c->from * 8;
  return !large || c->to > c->from;
}

mill_status mill_parquet_probes(const parquet_read *p, const parquet_footer *f,
                                const parquet_calendar *calendar, const mill_test *tests, int n,
                                mill_arena *a, parquet_probe **out, int *count, mill_error *err) {
  *count = 0;
  *out = mill_arena_alloc(a, ((size_t)n + 1) * sizeof **out);
  if (!*out) return mill_oom(a->memory, (size_t)n * sizeof **out, err);
  for (int i = 0; i < n; i++) {
    const mill_field *field = &p->job->data->fields[tests[i].column];
    parquet_probe *o = &(*out)[*count];
    parquet_plan plan;
    mill_status s = mill_parquet_match(a, p->job->context.types, f, &p->rules, calendar,
                                       &(parquet_wanted){field, NULL}, 1, &plan, err);
    if (s == MILL_E_OUT_OF_MEMORY) return s;
    if (s != MILL_OK) { /* who reads the column will say so */
      if (err) mill_error_clear(err);
      continue;
    }
    *o = (parquet_probe){.test = &tests[i], .type = field->type};
    if (plan.node[0].shape == PARQUET_FLAT) {
      o->leaf = plan.leaf[0].field;
      o->conversion = plan.leaf[0].conversion;
      o->ordered = is_ordered(o->leaf, field->type, &o->conversion);
    } else if (plan.node[0].shape != PARQUET_ABSENT) {
      continue;
    }
    ++*count;
  }
  return MILL_OK;
}

/* ---- bounds --------------------------------------------------------------------------------- */

typedef struct bound {
  mill_vector vector;
  mill_u128 cell;
} bound;

/* A value in PLAIN encoding without a length; false: no bound. */
static bool read_bound(const parquet_probe *p, const thrift_bytes *b, bound *out) {
  const parquet_conversion *c = &p->conversion;
  bool bytes = p->leaf->element->type == PARQUET_BYTE_ARRAY;
  mill_str text = mill_str_view(b->p ? b->p : "", b->n);
  const void *from = bytes ? (const void *)&text : b->p;
  if (!bytes && b->n != c->from) return false;
  out->vector = (mill_vector){.type = p->type, .data = &out->cell};
  if (c->run) return c->run(c, from, 1, &out->cell, NULL) == MILL_OK;
  memcpy(&out->cell, from, c->to);
  return true;
}

static bool is_nan(const parquet_probe *p, const bound *b) {
  float f;
  double d;
  memcpy(&f, &b->cell, sizeof f);
  memcpy(&d, &b->cell, sizeof d);
  return (p->type->id == MILL_FLOAT && f != f) || (p->type->id == MILL_DOUBLE && d != d);
}

/* Both bounds or none: where one is NaN the writer did not know better. */
static void set_bounds(const parquet_probe *p, const thrift_bytes *min, const thrift_bytes *max,
                       bound b[2], mill_range *r) {
  if (!p->ordered || !read_bound(p, min, &b[0]) || !read_bound(p, max, &b[1])) return;
  if (is_nan(p, &b[0]) || is_nan(p, &b[1])) return;
  r->min = &b[0].vector;
  r->max = &b[1].vector;
}

static bool chunk_may_hold(const parquet_chunk_meta *c, const parquet_probe *p) {
  const parquet_statistics *s = &c->statistics;
  bool number =
      p->leaf->element->type != PARQUET_BYTE_ARRAY && p->leaf->element->type != PARQUET_FIXED;
  bool new = s->has &THRIFT_HAS(5) && s->has &THRIFT_HAS(6);
  bool old = number && s->has & THRIFT_HAS(1) && s->has & THRIFT_HAS(2);
  bound b[2];
  mill_range r = {.nulls = s->has & THRIFT_HAS(3) ? s->null_count : -1};
  if (!(c->has & THRIFT_HAS(12))) return true;
  r.all_null = r.nulls == c->values;
  if (new)
    set_bounds(p, &s->min, &s->max, b, &r);
  else if (old)
    set_bounds(p, &s->old_min, &s->old_max, b, &r);
  return mill_test_may_pass(p->test, &r);
}

bool mill_parquet_group_may_hold(const parquet_footer *f, size_t group, const parquet_probe *probes,
                                 int n) {
  static const mill_range absent = {.nulls = 1, .all_null = true};
  for (int i = 0; i < n; i++) {
    const parquet_probe *p = &probes[i];
    if (!(p->leaf ? chunk_may_hold(parquet_chunk_of(f, group, p->leaf->leaf), p)
                  : mill_test_may_pass(p->test, &absent)))
      return false;
  }
  return true;
}

mill_status mill_parquet_may_hold(const io_job *job, size_t file, uint64_t from, uint64_t to,
                                  const mill_test *tests, int n, bool *yes, mill_error *err) {
  const parquet_read *p = job->plan;
  const parquet_footer *f = p->footer[file];
  parquet_calendar calendar;
  parquet_probe *probes;
  mill_arena a;
  int count;
  *yes = true;
  if (!f || to == UINT64_MAX) return MILL_OK;
  mill_arena_init(&a, io_memory(job));
  mill_status s = mill_parquet_find_calendar(p, f, &calendar, err);
  if (s == MILL_OK) s = mill_parquet_probes(p, f, &calendar, tests, n, &a, &probes, &count, err);
  if (s == MILL_OK)
    *yes = mill_parquet_group_may_hold(f, mill_parquet_group_of(f, from), probes, count);
  mill_arena_clear(&a);
  return s;
}

/* ---- indexes -------------------------------------------------------------------------------- */

/* Bytes of the file in the arena; NULL: they are not there. */
static mill_status load(const parquet_footer *f, mill_file *file, int64_t at, int64_t n,
                        mill_arena *a, char **out, mill_error *err) {
  size_t got;
  *out = NULL;
  if (at < 0 || n <= 0 || n > INDEX_MOST || (uint64_t)at + (uint64_t)n > f->size) return MILL_OK;
  char *p = mill_arena_take(a, (size_t)n);
  if (!p) return mill_oom(a->memory, (size_t)n, err);
  MILL_TRY(mill_file_read_at(file, (uint64_t)at, p, (size_t)n, &got, err));
  if (got == (size_t)n) *out = p;
  return MILL_OK;
}

/* A struct of the file; *out NULL: it is not there, or damaged. */
static mill_status load_struct(const parquet_footer *f, mill_file *file, const thrift_struct *of,
                               int64_t at, int64_t n, mill_arena *a, void **out, mill_error *err) {
  char *p;
  size_t used;
  *out = NULL;
  MILL_TRY(load(f, file, at, n, a, &p, err));
  if (!p) return MILL_OK;
  void *made = mill_arena_alloc(a, of->size);
  if (!made) return mill_oom(a->memory, of->size, err);
  mill_status s = mill_thrift_read(of, p, (size_t)n, f->path, a, made, &used, err);
  if (s == MILL_OK) *out = made;
  if (s != MILL_OK && s != MILL_E_OUT_OF_MEMORY && err) mill_error_clear(err);
  return s == MILL_E_OUT_OF_MEMORY ? s : MILL_OK;
}

static bool in_order(const parquet_offset_index *x, uint64_t rows) {
  if (x->pages.n == 0 || x->pages.at[0].first_row != 0) return false;
  for (uint32_t i = 0; i < x->pages.n; i++) {
    const parquet_location *l = &x->pages.at[i];
    if (l->offset < 0 || l->first_row < 0 || (uint64_t)l->first_row >= rows) return false;
    if (i && (l->first_row <= l[-1].first_row || l->offset <= l[-1].offset)) return false;
  }
  return true;
}

mill_status mill_parquet_page_index(const parquet_footer *f, mill_file *file, size_t group,
                                    int leaf, mill_arena *a, const parquet_offset_index **out,
                                    mill_error *err) {
  const parquet_chunk *c = &f->meta.groups.at[group].chunks.at[leaf];
  void *x = NULL;
  *out = NULL;
  if (!(c->has & THRIFT_HAS(4)) || !(c->has & THRIFT_HAS(5))) return MILL_OK;
  MILL_TRY(load_struct(f, file, &mill_parquet_offset_index, c->offset_index, c->offset_index_length,
                       a, &x, err));
  if (x && in_order(x, (uint64_t)f->meta.groups.at[group].rows)) *out = x;
  return MILL_OK;
}

static mill_status column_index(const parquet_footer *f, mill_file *file, size_t group, int leaf,
                                uint32_t pages, mill_arena *a, const parquet_column_index **out,
                                mill_error *err) {
  const parquet_chunk *c = &f->meta.groups.at[group].chunks.at[leaf];
  void *made = NULL;
  *out = NULL;
  if (!(c->has & THRIFT_HAS(6)) || !(c->has & THRIFT_HAS(7))) return MILL_OK;
  MILL_TRY(load_struct(f, file, &mill_parquet_column_index, c->column_index, c->column_index_length,
                       a, &made, err));
  const parquet_column_index *x = made;
  if (x && x->null_pages.n == pages && x->min.n == pages && x->max.n == pages) *out = x;
  return MILL_OK;
}

static bool page_may_hold(const parquet_column_index *x, uint32_t page, const parquet_probe *p) {
  bound b[2];
  bool counted = x->has & THRIFT_HAS(5) && x->nulls.n == x->null_pages.n;
  mill_range r = {.nulls = counted ? x->nulls.at[page] : -1, .all_null = x->null_pages.at[page]};
  if (r.all_null)
    r.nulls = 1;
  else
    set_bounds(p, &x->min.at[page], &x->max.at[page], b, &r);
  return mill_test_may_pass(p->test, &r);
}

/* ---- Bloom filters -------------------------------------------------------------------------- */

/* The bytes that a value was hashed by: those of the file, where what is read is the same. */
static bool plain_bytes(const parquet_probe *p, uint32_t i, const void **at, size_t *n) {
  const mill_vector *v = p->test->value;
  size_t k = mill_vector_at(v, i);
  if (p->conversion.run) return false;
  if (p->type->phys == MILL_PHYS_STR) {
    const mill_str *s = (const mill_str *)v->data + k;
    *at = mill_str_data(s);
    *n = s->size;
    return true;
  }
  *at = (const char *)v->data + k * p->conversion.to;
  *n = p->conversion.to;
  return p->type->phys == MILL_PHYS_I32 || p->type->phys == MILL_PHYS_I64;
}

/* Blocks of eight words; the upper half of the hash picks one, the lower a bit of each word. */
static bool bloom_has(const uint8_t *blocks, uint32_t bytes, uint64_t hash) {
  static const uint32_t salt[8] = {0x47b6137bU, 0x44974d91U, 0x8824ad5bU, 0xa2b7289dU,
                                   0x705495c7U, 0x2df1424bU, 0x9efc4947U, 0x5c6bfb31U};
  uint64_t block = ((hash >> 32) * (bytes / 32)) >> 32;
  for (int i = 0; i < 8; i++) {
    uint32_t word, bit = (uint32_t)hash * salt[i] >> 27;
    memcpy(&word, blocks + block * 32 + (size_t)i * 4, 4);
    if (!(word >> bit & 1)) return false;
  }
  return true;
}

/* The filter's blocks; NULL: none that is known. */
static mill_status load_bloom(const parquet_footer *f, mill_file *file, const parquet_chunk_meta *c,
                              mill_arena *a, const uint8_t **blocks, uint32_t *bytes,
                              mill_error *err) {
  enum { HEAD = 64 };
  parquet_bloom h;
  char *head, *rest;
  size_t used;
  *blocks = NULL;
  if (!(c->has & THRIFT_HAS(14)) || c->bloom_offset < 0) return MILL_OK;
  uint64_t left = f->size - ((uint64_t)c->bloom_offset < f->size ? (uint64_t)c->bloom_offset : 0);
  MILL_TRY(load(f, file, c->bloom_offset, left < HEAD ? (int64_t)left : HEAD, a, &head, err));
  if (!head) return MILL_OK;
  mill_status s = mill_thrift_read(&mill_parquet_bloom, head, left < HEAD ? left : HEAD, f->path, a,
                                   &h, &used, err);
  if (s == MILL_E_OUT_OF_MEMORY) return s;
  if (s != MILL_OK) {
    if (err) mill_error_clear(err);
    return MILL_OK;
  }
  bool known = h.algorithm.has & THRIFT_HAS(1) && h.hash.has & THRIFT_HAS(1) &&
               h.compression.has & THRIFT_HAS(1) && h.bytes >= 32 && h.bytes % 32 == 0;
  if (!known) return MILL_OK;
  MILL_TRY(load(f, file, c->bloom_offset + (int64_t)used, h.bytes, a, &rest, err));
  *blocks = (const uint8_t *)rest;
  *bytes = (uint32_t)h.bytes;
  return MILL_OK;
}

static mill_status bloom_may_hold(const parquet_footer *f, mill_file *file, size_t group,
                                  const parquet_probe *p, mill_arena *a, bool *yes,
                                  mill_error *err) {
  const uint8_t *blocks;
  uint32_t bytes;
  const void *at;
  size_t n;
  *yes = true;
  if (!p->leaf || (p->test->kind != MILL_TEST_EQUAL && p->test->kind != MILL_TEST_IN))
    return MILL_OK;
  MILL_TRY(load_bloom(f, file, parquet_chunk_of(f, group, p->leaf->leaf), a, &blocks, &bytes, err));
  for (uint32_t i = 0; blocks && i < p->test->n; i++)
    if (!plain_bytes(p, i, &at, &n) ||
        bloom_has(blocks, bytes, (uint64_t)mill_xxh64_bytes(at, n, 0)))
      return MILL_OK;
  *yes = !blocks;
  return MILL_OK;
}

/* ---- ranges --------------------------------------------------------------------------------- */

/* Of the ranges what lies in pages that may hold a wanted row; n + pages ranges at most. */
static mill_status cut_ranges(const parquet_offset_index *pages, const parquet_column_index *index,
                              const parquet_probe *p, uint64_t rows, mill_arena *a,
                              parquet_rows **ranges, size_t *n, mill_error *err) {
  size_t k = 0, at = 0, bytes = (*n + pages->pages.n + 1) * sizeof **ranges;
  parquet_rows *out = mill_arena_take(a, bytes);
  if (!out) return mill_oom(a->memory, bytes, err);
  for (uint32_t i = 0; i < pages->pages.n; i++) {
    if (!page_may_hold(index, i, p)) continue;
    uint64_t from = (uint64_t)pages->pages.at[i].first_row;
    uint64_t to = i + 1 < pages->pages.n ? (uint64_t)pages->pages.at[i + 1].first_row : rows;
    while (at < *n && (*ranges)[at].to <= from) at++;
    for (size_t r = at; r < *n && (*ranges)[r].from < to; r++) {
      uint64_t low = (*ranges)[r].from > from ? (*ranges)[r].from : from;
      uint64_t high = (*ranges)[r].to < to ? (*ranges)[r].to : to;
      if (k && out[k - 1].to == low)
        out[k - 1].to = high;
      else
        out[k++] = (parquet_rows){low, high};
    }
  }
  *ranges = out;
  *n = k;
  return MILL_OK;
}

mill_status mill_parquet_ranges(const parquet_footer *f, mill_file *file, size_t group,
                                const parquet_probe *probes, int n, mill_arena *a,
                                parquet_rows **out, size_t *count, mill_error *err) {
  uint64_t rows = (uint64_t)f->meta.groups.at[group].rows;
  bool yes = mill_parquet_group_may_hold(f, group, probes, n);
  *out = mill_arena_take(a, sizeof **out);
  if (!*out) return mill_oom(a->memory, sizeof **out, err);
  **out = (parquet_rows){0, rows};
  for (int i = 0; i < n && yes; i++)
    MILL_TRY(bloom_may_hold(f, file, group, &probes[i], a, &yes, err));
  *count = yes;
  for (int i = 0; i < n && *count; i++) {
    const parquet_offset_index *pages = NULL;
    const parquet_column_index *index = NULL;
    if (!probes[i].leaf) continue;
    MILL_TRY(mill_parquet_page_index(f, file, group, probes[i].leaf->leaf, a, &pages, err));
    if (!pages) continue;
    MILL_TRY(column_index(f, file, group, probes[i].leaf->leaf, pages->pages.n, a, &index, err));
    if (index) MILL_TRY(cut_ranges(pages, index, &probes[i], rows, a, out, count, err));
  }
  return MILL_OK;
}
