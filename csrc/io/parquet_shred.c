/* Shredding: rows of a column as entries of one of its leaves, with the levels that say where lists
** begin and what is null (Dremel, Melnik et al. 2010).
**
** A column that is a leaf itself needs no entries of its own: values that stand as they have to are
** used where they are. Else the entries begin as the rows, and each step of the leaf's path takes
** them one node down: null ones stop, lists become their elements. */
#include "base/calendar.h"
#include "io/parquet_write_int.h"

#define NOT_THERE UINT32_MAX
enum { JULIAN_EPOCH = 2440588, INT96_BYTES = 12 };

typedef struct entries {
  uint32_t n;
  uint8_t *def, *rep;
  uint32_t *at; /* position in the vector; NOT_THERE: null on the way */
} entries;

static mill_status take(mill_arena *a, size_t n, size_t item, void *out, mill_error *err) {
  void *p = mill_arena_take(a, (n ? n : 1) * item);
  if (p == NULL) return mill_oom(a->memory, n * item, err);
  memcpy(out, &p, sizeof p);
  return MILL_OK;
}

static mill_status take_entries(mill_arena *a, size_t n, entries *out, mill_error *err) {
  if (n >= NOT_THERE) return mill_oom(a->memory, n, err);
  MILL_TRY(take(a, n, 1, &out->def, err));
  MILL_TRY(take(a, n, 1, &out->rep, err));
  MILL_TRY(take(a, n, sizeof *out->at, &out->at, err));
  out->n = (uint32_t)n;
  return MILL_OK;
}

static mill_status null_in_required(const parquet_write_leaf *leaf, mill_error *err) {
  return mill_fail(err, MILL_E_INTERNAL_ERROR, "message",
                   mill_error_fmt(err, "a null in the column %.*s, which has none by its schema",
                                  (int)leaf->path[0].n, leaf->path[0].p),
                   NULL);
}

/* ---- values --------------------------------------------------------------------------------- */

/* A word as readers of the old calendar expect it. */
static mill_status rebased(const parquet_write_leaf *leaf, int64_t *days, mill_error *err) {
  if (*days >= MILL_GREGORIAN_DAY || leaf->rebase == PARQUET_CORRECTED) return MILL_OK;
  if (leaf->rebase == PARQUET_EXCEPTION)
    return mill_fail(err, MILL_E_WRITE_ANCIENT_DATETIME, "format", "Parquet", "config",
                     leaf->convert == PARQUET_AS_INT96
                         ? "spark.sql.parquet.int96RebaseModeInWrite"
                         : "spark.sql.parquet.datetimeRebaseModeInWrite",
                     NULL);
  *days = mill_julian_of_gregorian(*days);
  return MILL_OK;
}

/* Microseconds whose local date in the session's zone is rebased. */
static mill_status rebased_micros(const parquet_plan *p, const parquet_write_leaf *leaf,
                                  int64_t *micros, mill_error *err) {
  if (leaf->rebase == PARQUET_CORRECTED || *micros >= (MILL_GREGORIAN_DAY + 1) * MILL_MICROS_DAY)
    return MILL_OK;
  int64_t shift = leaf->type->id == MILL_TIMESTAMP
                      ? (int64_t)mill_zone_offset_at(p->settings->zone, *micros) * 1000000
                      : 0;
  int64_t local = *micros + shift, day = mill_floor_div(local, MILL_MICROS_DAY);
  int64_t moved = day;
  MILL_TRY(rebased(leaf, &moved, err));
  *micros += (moved - day) * MILL_MICROS_DAY;
  return MILL_OK;
}

static void put_int96(char *to, int64_t micros) {
  int64_t day = mill_floor_div(micros, MILL_MICROS_DAY);
  int64_t nanos = (micros - day * MILL_MICROS_DAY) * 1000;
  int32_t julian = (int32_t)(day + JULIAN_EPOCH);
  memcpy(to, &nanos, 8);
  memcpy(to + 8, &julian, 4);
}

static void put_fixed(char *to, mill_i128 v, uint32_t width) {
  for (uint32_t i = width; i-- > 0; v >>= 8) to[i] = (char)v;
}

/* Value k of a vector of 8 to 64 bits. */
static inline int64_t integer_at(const mill_vector *v, uint32_t k) {
  switch (v->type->phys) {
  case MILL_PHYS_I8: return ((const int8_t *)v->data)[k];
  case MILL_PHYS_I16: return ((const int16_t *)v->data)[k];
  case MILL_PHYS_I32: return ((const int32_t *)v->data)[k];
  default: return ((const int64_t *)v->data)[k];
  }
}

static mill_status put_times(const parquet_plan *p, const parquet_write_leaf *leaf,
                             const mill_vector *v, const uint32_t *at, uint32_t n, char *to,
                             mill_error *err) {
  for (uint32_t i = 0; i < n; i++) {
    int64_t x = integer_at(v, at ? at[i] : i), day = x;
    switch (leaf->convert) {
    case PARQUET_AS_INT32: /* a date to be rebased */
      MILL_TRY(rebased(leaf, &day, err));
      memcpy(to + (size_t)i * 4, &(int32_t){(int32_t)day}, 4);
      break;
    case PARQUET_AS_INT96:
      MILL_TRY(rebased_micros(p, leaf, &x, err));
      put_int96(to + (size_t)i * INT96_BYTES, x);
      break;
    case PARQUET_AS_MICROS: /* nanoseconds, never negative */
      memcpy(to + (size_t)i * 8, &(int64_t){x / 1000}, 8);
      break;
    default:
      MILL_TRY(rebased_micros(p, leaf, &x, err));
      if (leaf->convert == PARQUET_AS_MILLIS) x = mill_floor_div(x, 1000);
      memcpy(to + (size_t)i * 8, &x, 8);
    }
  }
  return MILL_OK;
}

static void put_decimals(const parquet_write_leaf *leaf, const mill_vector *v, const uint32_t *at,
                         uint32_t n, char *to) {
  bool wide = v->type->phys == MILL_PHYS_I128;
  for (uint32_t i = 0; i < n; i++) {
    uint32_t k = at ? at[i] : i;
    mill_i128 x = wide ? ((const mill_i128 *)v->data)[k] : ((const int64_t *)v->data)[k];
    put_fixed(to + (size_t)i * leaf->width, x, leaf->width);
  }
}

static void put_int32(const mill_vector *v, const uint32_t *at, uint32_t n, int32_t *to) {
  for (uint32_t i = 0; i < n; i++) to[i] = (int32_t)integer_at(v, at ? at[i] : i);
}

#define GATHER(type)                                                                               \
  for (uint32_t i = 0; i < n; i++) ((type *)to)[i] = ((const type *)v->data)[at[i]];

static void gather(const mill_vector *v, const uint32_t *at, uint32_t n, void *to) {
  switch (v->type->width) {
  case 1: GATHER(uint8_t) break;
  case 4: GATHER(uint32_t) break;
  case 8: GATHER(uint64_t) break;
  default: GATHER(mill_str) break;
  }
}

/* Values of a vector at given positions (all of them with NULL) as the leaf's physical type. */
static mill_status convert(const parquet_plan *p, const parquet_write_leaf *leaf,
                           const mill_vector *v, const uint32_t *at, uint32_t n, mill_arena *a,
                           const void **out, mill_error *err) {
  bool words = leaf->convert == PARQUET_AS_WORD || leaf->convert == PARQUET_AS_BYTES ||
               (leaf->convert == PARQUET_AS_INT32 && v->type->phys == MILL_PHYS_I32 &&
                leaf->rebase == PARQUET_CORRECTED);
  void *to = NULL;
  *out = v->data;
  if (n == 0 || (words && at == NULL)) return MILL_OK;
  size_t width = words ? v->type->width : leaf->width;
  MILL_TRY(take(a, n, width, &to, err));
  *out = to;
  if (words)
    gather(v, at, n, to);
  else if (leaf->convert == PARQUET_AS_FIXED)
    put_decimals(leaf, v, at, n, to);
  else if (leaf->convert == PARQUET_AS_INT32 && leaf->rebase == PARQUET_CORRECTED)
    put_int32(v, at, n, to);
  else
    MILL_TRY(put_times(p, leaf, v, at, n, to, err));
  return MILL_OK;
}

/* ---- a column that is a leaf ---------------------------------------------------------------- */

static bool null_type(const mill_vector *v) { return v->type->id == MILL_NULL; }

/* Definition levels of the rows, and the positions of those that have a value. */
static mill_status flat_nulls(const parquet_write_leaf *leaf, const mill_vector *v,
                              const uint32_t *at, uint32_t n, mill_arena *a, uint32_t **value_at,
                              parquet_run *out, mill_error *err) {
  uint8_t *def = NULL;
  uint32_t *to = NULL, k = 0;
  MILL_TRY(take(a, n, 1, &def, err));
  MILL_TRY(take(a, n, sizeof *to, &to, err));
  for (uint32_t i = 0; i < n; i++) {
    uint32_t row = mill_vector_at(v, at ? at[i] : i);
    bool valid = !null_type(v) && mill_valid_bit(v->valid, row);
    def[i] = valid;
    to[k] = row;
    k += valid;
  }
  if (k < n && !leaf->step->optional) return null_in_required(leaf, err);
  if (k < n) out->def = def;
  out->nvalues = k;
  *value_at = to;
  return MILL_OK;
}

static mill_status shred_flat(const parquet_plan *p, const parquet_write_leaf *leaf,
                              const mill_vector *v, const uint32_t *at, uint32_t n, mill_arena *a,
                              parquet_run *out, mill_error *err) {
  uint32_t *value_at = NULL;
  bool plain = v->index == NULL && v->mask == MILL_FLAT;
  *out = (parquet_run){.n = n, .nvalues = n};
  if (v->valid || null_type(v)) {
    MILL_TRY(flat_nulls(leaf, v, at, n, a, &value_at, out, err));
    if (plain && at == NULL && out->nvalues == n) value_at = NULL;
  } else if (at || !plain) {
    MILL_TRY(take(a, n, sizeof *value_at, &value_at, err));
    for (uint32_t i = 0; i < n; i++) value_at[i] = mill_vector_at(v, at ? at[i] : i);
  }
  return convert(p, leaf, v, value_at, out->nvalues, a, &out->value, err);
}

/* ---- nested columns ------------------------------------------------------------------------- */

static bool all_null(const mill_vector *v) {
  bool nested = v->type->phys == MILL_PHYS_LIST || v->type->phys == MILL_PHYS_STRUCT;
  return null_type(v) || (nested && v->child == NULL);
}

/* Null entries stop, the others move to their place in the vector's data. */
static mill_status enter(const parquet_write_leaf *leaf, const parquet_step *s,
                         const mill_vector *v, entries *e, mill_error *err) {
  bool none = all_null(v);
  for (uint32_t i = 0; i < e->n; i++) {
    if (e->at[i] == NOT_THERE) continue;
    uint32_t k = mill_vector_at(v, e->at[i]);
    bool valid = !none && mill_valid_bit(v->valid, k);
    if (!valid && !s->optional) return null_in_required(leaf, err);
    e->at[i] = valid ? k : NOT_THERE;
    e->def[i] = (uint8_t)(e->def[i] + (valid && s->optional));
  }
  return MILL_OK;
}

/* Lists become their elements; an empty one stays as one entry. */
static mill_status open_lists(const parquet_step *s, const mill_vector *v, entries *e,
                              mill_arena *a, mill_error *err) {
  const mill_span *span = v->data;
  entries to;
  size_t total = 0, k = 0;
  for (uint32_t i = 0; i < e->n; i++) {
    uint32_t size = e->at[i] == NOT_THERE ? 0 : span[e->at[i]].size;
    total += size ? size : 1;
  }
  MILL_TRY(take_entries(a, total, &to, err));
  for (uint32_t i = 0; i < e->n; i++) {
    mill_span l = e->at[i] == NOT_THERE ? (mill_span){0, 0} : span[e->at[i]];
    to.def[k] = l.size ? s->def : e->def[i];
    to.rep[k] = e->rep[i];
    to.at[k++] = l.size ? l.start : NOT_THERE;
    for (uint32_t j = 1; j < l.size; j++, k++) {
      to.def[k] = s->def;
      to.rep[k] = s->rep;
      to.at[k] = l.start + j;
    }
  }
  *e = to;
  return MILL_OK;
}

static mill_status shred_nested(const parquet_plan *p, const parquet_write_leaf *leaf,
                                const mill_vector *v, const uint32_t *at, uint32_t n, mill_arena *a,
                                parquet_run *out, mill_error *err) {
  entries e;
  uint32_t *value_at = NULL, k = 0;
  MILL_TRY(take_entries(a, n, &e, err));
  memset(e.def, 0, n);
  memset(e.rep, 0, n);
  for (uint32_t i = 0; i < n; i++) e.at[i] = at ? at[i] : i;
  const parquet_step *s = leaf->step;
  for (;; s++) {
    MILL_TRY(enter(leaf, s, v, &e, err));
    if (s->kind == PARQUET_STEP_LIST && v->child) MILL_TRY(open_lists(s, v, &e, a, err));
    if (s->kind == PARQUET_STEP_END || v->child == NULL) break;
    v = &v->child[s->child];
  }
  MILL_TRY(take(a, e.n, sizeof *value_at, &value_at, err));
  for (uint32_t i = 0; i < e.n; i++)
    if (e.at[i] != NOT_THERE) value_at[k++] = e.at[i];
  *out = (parquet_run){.n = e.n, .nvalues = k, .def = e.def};
  if (leaf->max_rep) out->rep = e.rep;
  return convert(p, leaf, v, value_at, k, a, &out->value, err);
}

mill_status mill_parquet_shred(const parquet_plan *p, const parquet_write_leaf *leaf,
                               const mill_vector *v, const uint32_t *at, uint32_t n, mill_arena *a,
                               parquet_run *out, mill_error *err) {
  return leaf->step->kind == PARQUET_STEP_END ? shred_flat(p, leaf, v, at, n, a, out, err)
                                              : shred_nested(p, leaf, v, at, n, a, out, err);
}
