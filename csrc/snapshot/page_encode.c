/* Vectors of any form to pages; see page_int.h. */
#include "base/hash.h"
#include "snapshot/page_int.h"
#include "snapshot/snapshot_int.h"

typedef struct encoder {
  mill_text *out;
  mill_packer *packer;
  mill_arena *scratch;
  mill_error *err;
} encoder;

/* Rows of a vector: all n of it, or those that sel names. */
typedef struct rows_of {
  const mill_vector *v;
  const uint32_t *sel;
  size_t n;
} rows_of;

static inline uint32_t at(const rows_of *r, size_t i) {
  return mill_vector_at(r->v, r->sel ? r->sel[i] : i);
}

static inline bool valid(const rows_of *r, size_t i) {
  return r->v->type->phys != MILL_PHYS_NONE && mill_valid_bit(r->v->valid, at(r, i));
}

/* Do the rows lie one after the other, from the first of the vector on? */
static bool is_plain(const rows_of *r) {
  return !r->sel && !r->v->index && r->v->mask == MILL_FLAT;
}

static mill_status put_byte(encoder *e, int byte) {
  return mill_text_addc(e->out, (char)byte, e->err);
}

static mill_status put_count(encoder *e, size_t n) {
  char word[4];
  snapshot_put(word, n, 4);
  return mill_text_add(e->out, word, 4, e->err);
}

static mill_status room(encoder *e, size_t n, size_t width, void **out) {
  return page_room(e->scratch, n, width, e->err, out);
}

static size_t nulls_of(const rows_of *r) {
  size_t n = 0;
  if (r->v->type->phys == MILL_PHYS_NONE) return r->n;
  for (size_t i = 0; r->v->valid && i < r->n; i++) n += !valid(r, i);
  return n;
}

/* Bits of the last word behind value n are 1. */
static mill_status put_valid(encoder *e, const rows_of *r) {
  size_t bytes = (r->n + 63) / 64 * 8;
  MILL_TRY(mill_text_reserve(e->out, bytes, e->err));
  char *words = memset(e->out->data + e->out->size, 0xff, bytes);
  for (size_t i = 0; i < r->n; i++)
    if (!valid(r, i)) words[i / 8] = (char)(words[i / 8] & ~(1 << i % 8));
  e->out->size += bytes;
  return MILL_OK;
}

/* ---- values of fixed width ------------------------------------------------------------------ */

/* What stands behind a null: the value before, or the first that there is. */
static void fill_nulls(const rows_of *r, int64_t *x) {
  size_t first = 0;
  while (first < r->n && !valid(r, first)) first++;
  int64_t last = first < r->n ? x[first] : 0;
  for (size_t i = 0; i < r->n; i++) {
    if (valid(r, i)) last = x[i];
    x[i] = last;
  }
}

#define WIDENED(T)                                                                                 \
  do {                                                                                             \
    const T *from = r->v->data;                                                                    \
    if (is_plain(r))                                                                               \
      for (size_t i = 0; i < r->n; i++) x[i] = (int64_t)from[i];                                   \
    else                                                                                           \
      for (size_t i = 0; i < r->n; i++) x[i] = (int64_t)from[at(r, i)];                            \
  } while (0)

/* The values as they are computed with; FLOAT and DOUBLE by their bits. */
static mill_status widen(encoder *e, const rows_of *r, size_t nulls, const int64_t **out) {
  void *mem;
  mill_phys phys = r->v->type->phys;
  *out = r->v->data;
  if ((phys == MILL_PHYS_I64 || phys == MILL_PHYS_F64) && is_plain(r) && nulls == 0) return MILL_OK;
  MILL_TRY(room(e, r->n, sizeof(int64_t), &mem));
  int64_t *x = mem;
  *out = x;
  switch (r->v->type->phys) {
  case MILL_PHYS_BOOL: WIDENED(uint8_t); break;
  case MILL_PHYS_I8: WIDENED(int8_t); break;
  case MILL_PHYS_I16: WIDENED(int16_t); break;
  case MILL_PHYS_I128: WIDENED(mill_i128); break;
  case MILL_PHYS_I32:
  case MILL_PHYS_F32: WIDENED(int32_t); break;
  default: WIDENED(int64_t); break;
  }
  if (nulls) fill_nulls(r, x);
  return MILL_OK;
}

static mill_status put_numbers(encoder *e, const rows_of *r, size_t nulls, int width) {
  const int64_t *x;
  MILL_TRY(widen(e, r, nulls, &x));
  return mill_numbers_put(x, r->n, width, e->scratch, e->out, e->err);
}

static mill_status put_doubles(encoder *e, const rows_of *r, size_t nulls) {
  const int64_t *x;
  MILL_TRY(widen(e, r, nulls, &x));
  return mill_doubles_put((const double *)(const void *)x, r->n, e->scratch, e->out, e->err);
}

/* Values as they are, zeros behind nulls. */
static mill_status put_raw(encoder *e, const rows_of *r) {
  uint8_t width = r->v->type->width;
  MILL_TRY(mill_text_reserve(e->out, r->n * width, e->err));
  char *to = e->out->data + e->out->size;
  for (size_t i = 0; i < r->n; i++)
    if (valid(r, i))
      memcpy(to + i * width, (const char *)r->v->data + (size_t)at(r, i) * width, width);
    else
      memset(to + i * width, 0, width);
  snapshot_swap(to, r->n, r->v->type);
  e->out->size += r->n * width;
  return MILL_OK;
}

static mill_status put_wide(encoder *e, const rows_of *r, size_t nulls) {
  bool narrow = true;
  for (size_t i = 0; narrow && i < r->n; i++) {
    mill_i128 x = ((const mill_i128 *)r->v->data)[at(r, i)];
    narrow = !valid(r, i) || x == (int64_t)x;
  }
  MILL_TRY(put_byte(e, narrow ? PAGE_SPECIAL : PAGE_PLAIN));
  return narrow ? put_numbers(e, r, nulls, 8) : put_raw(e, r);
}

/* ---- strings -------------------------------------------------------------------------------- */

/* Where each string is; NULL where it is null. */
static mill_status find_strings(encoder *e, const rows_of *r, const mill_str ***out) {
  void *mem;
  MILL_TRY(room(e, r->n, sizeof(mill_str *), &mem));
  const mill_str **s = *out = mem, *data = r->v->data;
  if (is_plain(r) && !r->v->valid)
    for (size_t i = 0; i < r->n; i++) s[i] = &data[i];
  else
    for (size_t i = 0; i < r->n; i++) s[i] = valid(r, i) ? &data[at(r, i)] : NULL;
  return MILL_OK;
}

/* Distinct strings in the order of their first rows; slots hold entry + 1. */
typedef struct dictionary {
  const mill_str **entry;
  uint32_t *slot;
  size_t n, mask, most;
} dictionary;

/* Of the size, the first four bytes and the last eight; in the upper bits. */
static uint64_t hash_of(const mill_str *s) {
  uint64_t head, tail;
  memcpy(&head, s, 8);
  memcpy(&tail, s->size <= MILL_STR_INLINE ? s->u.rest : s->u.ptr + s->size - 8, 8);
  return (head ^ (tail ^ tail >> 29) * 0x9e3779b97f4a7c15ull) * 0xd6e8feb86659fd93ull;
}

/* The code of s, or ~ the slot where it would go. */
static int64_t code_of(const dictionary *d, const mill_str *s) {
  size_t i = (size_t)(hash_of(s) >> 32) & d->mask;
  for (; d->slot[i]; i = (i + 1) & d->mask)
    if (mill_str_equal(d->entry[d->slot[i] - 1], s)) return d->slot[i] - 1;
  return ~(int64_t)i;
}

static mill_status start_codes(encoder *e, size_t n, dictionary *d) {
  enum { LEAST = 64 };
  size_t slots = 256;
  void *entry;
  d->most = n / 4 + LEAST;
  while (slots < 2 * d->most) slots *= 2;
  MILL_TRY(room(e, d->most + 1, sizeof *d->entry, &entry));
  d->entry = entry;
  d->mask = slots - 1;
  d->slot = mill_arena_alloc(e->scratch, slots * sizeof *d->slot);
  return d->slot ? MILL_OK : mill_oom(e->scratch->memory, slots * sizeof *d->slot, e->err);
}

/* The code of the string of row i, a new one perhaps; -1: strings repeat too rarely. */
static int64_t enter(dictionary *d, const mill_str *s, size_t i) {
  enum { FIRST = 2048 };
  int64_t code = code_of(d, s);
  if (code >= 0) return code;
  d->entry[d->n] = s;
  d->slot[~code] = (uint32_t)d->n + 1;
  d->n++;
  return d->n <= d->most && d->n <= FIRST + i / 2 ? (int64_t)d->n - 1 : -1;
}

/* Codes of all rows, -1 for nulls; false: there are too many for a dictionary. */
static bool codes_of_rows(const rows_of *r, dictionary *d, int64_t *code) {
  const mill_str *s = r->v->data;
  for (size_t i = 0; i < r->n; i++) {
    uint32_t k = at(r, i);
    code[i] = -1;
    if (mill_valid_bit(r->v->valid, k) && (code[i] = enter(d, &s[k], i)) < 0) return false;
  }
  return true;
}

/* The same of rows that are codes already: each entry is looked at once. */
static bool codes_of_codes(const rows_of *r, dictionary *d, int32_t *of, int64_t *code) {
  const mill_str *s = r->v->data;
  memset(of, 0xff, r->v->entries * sizeof *of);
  for (size_t i = 0; i < r->n; i++) {
    uint32_t k = at(r, i);
    code[i] = of[k];
    if (code[i] >= 0 || !mill_valid_bit(r->v->valid, k)) continue;
    if ((code[i] = enter(d, &s[k], i)) < 0) return false;
    of[k] = (int32_t)code[i];
  }
  return true;
}

/* *few: the strings are to be a dictionary, these are the codes of all rows. */
static mill_status find_codes(encoder *e, const rows_of *r, dictionary *d, int64_t *code,
                              bool *few) {
  void *of;
  *few = false;
  if (r->n > MILL_CHUNK) return MILL_OK;
  MILL_TRY(start_codes(e, r->n, d));
  if (r->v->index && r->v->entries) {
    MILL_TRY(room(e, r->v->entries, sizeof(int32_t), &of));
    *few = codes_of_codes(r, d, of, code);
  } else {
    *few = codes_of_rows(r, d, code);
  }
  *few = *few && d->n && d->n * 2 <= r->n;
  for (size_t i = 0; *few && i < r->n; i++)
    if (code[i] < 0) code[i] = (int64_t)d->n;
  return MILL_OK;
}

/* The form and the strings; of a dictionary their number between the two. */
static mill_status put_strings_of(encoder *e, int form, const mill_str **s, size_t n) {
  size_t head = e->out->size;
  bool packed;
  MILL_TRY(put_byte(e, form));
  if (form == PAGE_SPECIAL) MILL_TRY(put_count(e, n));
  MILL_TRY(mill_strings_put(s, n, e->packer, e->scratch, e->out, &packed, e->err));
  if (packed) e->out->data[head] = (char)(form | PAGE_PACKED);
  return MILL_OK;
}

static mill_status put_dictionary(encoder *e, const dictionary *d, const int64_t *code, size_t n,
                                  size_t head) {
  if (e->out->data[head] == PAGE_NULLS_SOME) { /* the codes tell of them */
    e->out->data[head] = PAGE_NULLS_CODED;
    e->out->size = head + 1;
  }
  MILL_TRY(put_strings_of(e, PAGE_SPECIAL, d->entry, d->n));
  return mill_numbers_put(code, n, 4, e->scratch, e->out, e->err);
}

/* `head` is where the page tells of nulls. */
static mill_status put_strings(encoder *e, const rows_of *r, size_t head) {
  void *code;
  const mill_str **s;
  dictionary d = {0};
  bool few;
  MILL_TRY(room(e, r->n, sizeof(int64_t), &code));
  MILL_TRY(find_codes(e, r, &d, code, &few));
  if (few) return put_dictionary(e, &d, code, r->n, head);
  MILL_TRY(find_strings(e, r, &s));
  return put_strings_of(e, PAGE_PLAIN, s, r->n);
}

/* ---- nested values -------------------------------------------------------------------------- */

static mill_status put_vector(encoder *e, const rows_of *r);

/* A child over rows of its own; a constant null has none. */
static mill_status put_child(encoder *e, const mill_vector *v, uint32_t c, const uint32_t *sel,
                             size_t n) {
  mill_vector null;
  if (!v->child) mill_vector_null(&null, v->type->fields[c].type);
  rows_of child = {v->child ? &v->child[c] : &null, sel, n};
  return put_vector(e, &child);
}

static mill_status put_lists(encoder *e, const rows_of *r) {
  size_t total = 0, n = 0;
  void *sizes, *rows;
  const mill_span *span = r->v->data;
  MILL_TRY(room(e, r->n, sizeof(int64_t), &sizes));
  int64_t *size = sizes;
  for (size_t i = 0; i < r->n; i++) {
    size[i] = valid(r, i) ? span[at(r, i)].size : 0;
    total += (size_t)size[i];
  }
  if (total > UINT32_MAX) return mill_oom(e->scratch->memory, SIZE_MAX, e->err);
  MILL_TRY(mill_numbers_put(size, r->n, 4, e->scratch, e->out, e->err));
  MILL_TRY(room(e, total, sizeof(uint32_t), &rows));
  uint32_t *sel = rows;
  for (size_t i = 0; i < r->n; i++)
    for (uint32_t k = 0; k < (uint32_t)size[i]; k++) sel[n++] = span[at(r, i)].start + k;
  for (uint32_t c = 0; c < r->v->type->nfields; c++) MILL_TRY(put_child(e, r->v, c, sel, total));
  return MILL_OK;
}

static mill_status put_structs(encoder *e, const rows_of *r) {
  const uint32_t *sel = r->sel;
  if (r->v->index) {
    void *mem;
    MILL_TRY(room(e, r->n, sizeof(uint32_t), &mem));
    uint32_t *rows = mem;
    for (size_t i = 0; i < r->n; i++) rows[i] = at(r, i);
    sel = rows;
  }
  for (uint32_t c = 0; c < r->v->type->nfields; c++) MILL_TRY(put_child(e, r->v, c, sel, r->n));
  return MILL_OK;
}

static mill_status put_vector(encoder *e, const rows_of *r) {
  const mill_type *t = r->v->type;
  size_t nulls = nulls_of(r), head = e->out->size + 4;
  bool all = r->n && nulls == r->n && r->n <= MILL_CHUNK && t->phys != MILL_PHYS_STRUCT;
  MILL_TRY(put_count(e, r->n));
  MILL_TRY(put_byte(e, all ? PAGE_NULLS_ALL : nulls ? PAGE_NULLS_SOME : PAGE_NULLS_NONE));
  if (all) return MILL_OK;
  if (nulls) MILL_TRY(put_valid(e, r));
  switch (t->phys) {
  case MILL_PHYS_NONE: return MILL_OK;
  case MILL_PHYS_STR: return put_strings(e, r, head);
  case MILL_PHYS_LIST: return put_lists(e, r);
  case MILL_PHYS_STRUCT: return put_structs(e, r);
  case MILL_PHYS_INTERVAL: return put_raw(e, r);
  case MILL_PHYS_I128: return put_wide(e, r, nulls);
  case MILL_PHYS_F64: return put_doubles(e, r, nulls);
  default: return put_numbers(e, r, nulls, t->width);
  }
}

mill_status mill_page_put(const mill_vector *v, uint32_t n, mill_packer *z, mill_arena *scratch,
                          mill_text *out, mill_error *err) {
  encoder e = {out, z, scratch, err};
  rows_of r = {v, NULL, n};
  return put_vector(&e, &r);
}
