/* Windows of Arrow arrays as vectors; see arrow_read.h.
**
** A window starts at any row, so bits are shifted into words of their own; values keep their place
** where it is aligned. Lists read the window of their child that the rows' offsets span. Nulls get
** defined values: zeros, empty texts and lists. */
#include "column/arrow_read.h"

#include "base/calendar.h"
#include "base/timezone.h"

typedef struct window {
  const mill_arrow_reader *r;
  const mill_arrow_array *a;
  size_t at; /* in the buffers */
  uint32_t n;
  mill_vector *out;
  mill_error *err;
} window;

enum { BYTES_MAX = 1 << 30 };

mill_status mill_arrow_corrupt(const mill_arrow_reader *r, const char *reason, mill_error *err) {
  return mill_fail(err, MILL_E_CORRUPT_FILE, "path",
                   mill_error_fmt(err, "%s", r->path ? r->path : "(Arrow data)"), "reason", reason,
                   NULL);
}

static mill_status corrupt(const window *w, const char *reason) {
  return mill_arrow_corrupt(w->r, reason, w->err);
}

static mill_status overflow(const window *w, const char *what) {
  return mill_fail(w->err, MILL_E_DATETIME_OVERFLOW, "operation",
                   mill_error_fmt(w->err, "read %s of the Arrow column %s", what,
                                  w->a->type->name ? w->a->type->name : ""),
                   NULL);
}

static mill_status take(const window *w, size_t n, size_t width, void **out) {
  *out = NULL;
  if (n == 0 || width == 0) return MILL_OK;
  *out = n > SIZE_MAX / 2 / width ? NULL : mill_arena_take(w->r->arena, n * width);
  return *out ? MILL_OK : mill_oom(w->r->arena->memory, n * width, w->err);
}

/* ---- checks --------------------------------------------------------------------------------- */

static bool holds(mill_arrow_buffer b, size_t n, size_t bits) {
  return n == 0 || (b.data != NULL && n <= (SIZE_MAX - 7) / bits && b.size >= (n * bits + 7) / 8);
}

static const char *check_buffers(const mill_arrow_array *a, size_t n) {
  const mill_arrow_type *t = a->type;
  static const char *const wrong = "a buffer is shorter than its rows need";
  size_t bits = t->width;
  if (a->valid.data && !holds(a->valid, n, 1)) return wrong;
  if (t->index_width) return holds(a->buffer[0], n, t->index_width) ? NULL : wrong;
  switch (t->kind) {
  case MILL_ARROW_NULL:
  case MILL_ARROW_STRUCT:
  case MILL_ARROW_RUN_END:
  case MILL_ARROW_LIST_FIXED: return NULL;
  case MILL_ARROW_BYTES:
  case MILL_ARROW_LIST:
  case MILL_ARROW_MAP: return n == 0 || holds(a->buffer[0], n + 1, bits) ? NULL : wrong;
  case MILL_ARROW_LIST_VIEW:
    return holds(a->buffer[0], n, bits) && holds(a->buffer[1], n, bits) ? NULL : wrong;
  case MILL_ARROW_BYTES_VIEW: bits = 128; break;
  case MILL_ARROW_BYTES_FIXED: bits = (size_t)t->size * 8; break;
  default: break;
  }
  return bits == 0 || holds(a->buffer[0], n, bits) ? NULL : wrong;
}

static const char *check_children(const mill_arrow_array *a, size_t n) {
  const mill_arrow_type *t = a->type;
  size_t size = t->size > 0 ? (size_t)t->size : 0;
  if (t->index_width) return NULL;
  if (t->kind == MILL_ARROW_STRUCT)
    for (uint32_t i = 0; i < t->nchildren; i++)
      if ((size_t)a->child[i].length < n) return "a field is shorter than its struct";
  if (t->kind == MILL_ARROW_LIST_FIXED &&
      (size && n > (size_t)INT64_MAX / size ? true : (size_t)a->child[0].length < n * size))
    return "a list's elements are fewer than its rows need";
  if (t->kind == MILL_ARROW_MAP && a->child[0].type->child[0].kind == MILL_ARROW_NULL &&
      a->child[0].length > 0)
    return "a null as the key of a map";
  if (t->kind == MILL_ARROW_RUN_END && a->child[0].length > a->child[1].length)
    return "there are more run ends than values";
  return NULL;
}

/* Rows that cost no byte of a file are bounded, or a short one could keep a reader busy for ever. */
static bool too_many(const mill_arrow_array *a, size_t n) {
  mill_arrow_kind k = a->type->kind;
  bool free = k == MILL_ARROW_NULL || k == MILL_ARROW_RUN_END ||
              (k == MILL_ARROW_STRUCT && a->type->nchildren == 0) ||
              (k == MILL_ARROW_LIST_FIXED && a->type->size == 0) ||
              (k == MILL_ARROW_BYTES_FIXED && a->type->size == 0);
  return free && !a->type->index_width && n > INT32_MAX;
}

mill_status mill_arrow_check(const mill_arrow_reader *r, const mill_arrow_array *a,
                             mill_error *err) {
  if (a->length < 0 || a->offset < 0 || a->length > INT64_MAX / 4096 - a->offset)
    return mill_arrow_corrupt(r, "an array's length is out of range", err);
  size_t n = (size_t)(a->offset + a->length);
  const char *wrong = too_many(a, n) ? "an array of more than 2^31 rows" : check_buffers(a, n);
  if (!wrong) wrong = check_children(a, n);
  if (wrong) return mill_arrow_corrupt(r, wrong, err);
  for (uint32_t i = 0; a->type->index_width == 0 && i < a->type->nchildren; i++)
    MILL_TRY(mill_arrow_check(r, &a->child[i], err));
  return MILL_OK;
}

/* ---- nulls ---------------------------------------------------------------------------------- */

/* Bits [at, at + 64) as a word; those beyond the buffer are 0. */
static uint64_t bits_at(mill_arrow_buffer b, size_t at) {
  size_t byte = at / 8;
  unsigned shift = at % 8;
  uint64_t word = 0;
  for (size_t k = 0; k < 8 && byte + k < b.size; k++) word |= (uint64_t)b.data[byte + k] << 8 * k;
  word >>= shift;
  if (shift && byte + 8 < b.size) word |= (uint64_t)b.data[byte + 8] << (64 - shift);
  return word;
}

static mill_status read_valid(const window *w) {
  void *mem;
  bool any = false;
  size_t words = ((size_t)w->n + 63) / 64;
  if (w->a->valid.data == NULL || w->n == 0) return MILL_OK;
  MILL_TRY(take(w, words, sizeof(uint64_t), &mem));
  uint64_t *to = mem;
  for (size_t i = 0; i < words; i++) to[i] = bits_at(w->a->valid, w->at + i * 64);
  if (w->n % 64) to[words - 1] |= ~0ull << w->n % 64;
  for (size_t i = 0; i < words; i++) any |= to[i] != ~0ull;
  w->out->valid = any ? to : NULL;
  return MILL_OK;
}

static bool is_valid(const window *w, size_t i) { return mill_valid_bit(w->out->valid, i); }

/* n nulls of any type. */
static mill_status read_nulls(const window *w) {
  const mill_type *t = w->out->type;
  MILL_TRY(mill_vector_init(w->out, t, w->n, w->r->arena, w->err));
  w->out->size = w->n;
  w->out->valid = mill_arena_alloc(w->r->arena, ((size_t)w->n / 64 + 1) * sizeof(uint64_t));
  return w->out->valid ? MILL_OK : mill_oom(w->r->arena->memory, w->n / 8, w->err);
}

/* ---- numbers -------------------------------------------------------------------------------- */

static const unsigned char *place(const window *w, size_t width) {
  return w->n ? w->a->buffer[0].data + w->at * width : NULL;
}

/* Values as they are. */
static mill_status point(const window *w) {
  size_t width = w->out->type->width;
  const unsigned char *from = place(w, width);
  if ((uintptr_t)from % width == 0) {
    w->out->data = (void *)(uintptr_t)from;
    return MILL_OK;
  }
  MILL_TRY(take(w, w->n, width, &w->out->data));
  memcpy(w->out->data, from, w->n * width);
  return MILL_OK;
}

#define WIDEN(T)                                                                                   \
  do {                                                                                             \
    T x;                                                                                           \
    for (size_t i = 0; i < n; i++) {                                                               \
      memcpy(&x, from + i * sizeof x, sizeof x);                                                   \
      to[i] = (int64_t)x;                                                                          \
    }                                                                                              \
  } while (0)

/* Integers of any width as 64 bits; unsigned ones of 64 bits as their pattern. */
static void widen(const unsigned char *from, uint16_t width, bool is_signed, size_t n,
                  int64_t *restrict to) {
  switch (width) {
  case 8:
    if (is_signed)
      WIDEN(int8_t);
    else
      WIDEN(uint8_t);
    break;
  case 16:
    if (is_signed)
      WIDEN(int16_t);
    else
      WIDEN(uint16_t);
    break;
  case 32:
    if (is_signed)
      WIDEN(int32_t);
    else
      WIDEN(uint32_t);
    break;
  default: WIDEN(int64_t); break;
  }
}

static mill_status load_ints(const window *w, uint16_t width, bool is_signed, int64_t **out) {
  void *mem;
  MILL_TRY(take(w, w->n, sizeof(int64_t), &mem));
  *out = mem;
  if (w->n) widen(place(w, width / 8), width, is_signed, w->n, mem);
  return MILL_OK;
}

static mill_status read_int(const window *w) {
  const mill_arrow_type *t = w->a->type;
  uint8_t width = w->out->type->width;
  int64_t *from;
  if (t->is_signed && t->width == width * 8 && w->out->type->id != MILL_DECIMAL) return point(w);
  MILL_TRY(load_ints(w, t->width, t->is_signed, &from));
  MILL_TRY(take(w, w->n, width, &w->out->data));
  switch (width) {
  case 2:
    for (size_t i = 0; i < w->n; i++) ((int16_t *)w->out->data)[i] = (int16_t)from[i];
    break;
  case 4:
    for (size_t i = 0; i < w->n; i++) ((int32_t *)w->out->data)[i] = (int32_t)from[i];
    break;
  case 8: w->out->data = from; break;
  default:
    for (size_t i = 0; i < w->n; i++) ((mill_i128 *)w->out->data)[i] = (uint64_t)from[i];
    break;
  }
  return MILL_OK;
}

/* IEEE 754 half precision: a float's exponent and fraction are wider, so each has its float. */
static float half(uint16_t h) {
  uint32_t sign = (uint32_t)(h & 0x8000u) << 16, e = h >> 10 & 31, m = h & 1023, bits;
  float f;
  if (e == 0) {
    f = (float)m * 0x1p-24f;
    return sign ? -f : f;
  }
  bits = sign | (e == 31 ? 255 : e + 112) << 23 | m << 13;
  memcpy(&f, &bits, sizeof f);
  return f;
}

static float single(const unsigned char *p, bool narrow) {
  float f;
  uint16_t h;
  if (narrow) {
    memcpy(&h, p, sizeof h);
    return half(h);
  }
  memcpy(&f, p, sizeof f);
  return f;
}

static mill_status read_float(const window *w) {
  const mill_arrow_type *t = w->a->type;
  size_t width = t->width / 8;
  if (width == w->out->type->width) return point(w);
  MILL_TRY(take(w, w->n, w->out->type->width, &w->out->data));
  const unsigned char *from = place(w, width);
  if (w->out->type->id == MILL_FLOAT)
    for (size_t i = 0; i < w->n; i++) ((float *)w->out->data)[i] = single(from + i * width, true);
  else
    for (size_t i = 0; i < w->n; i++)
      ((double *)w->out->data)[i] = single(from + i * width, width == 2);
  return MILL_OK;
}

static mill_status read_bool(const window *w) {
  MILL_TRY(take(w, w->n, 1, &w->out->data));
  uint8_t *to = w->out->data;
  for (size_t i = 0; i < w->n; i += 64) {
    uint64_t word = bits_at(w->a->buffer[0], w->at + i);
    size_t end = w->n - i < 64 ? w->n - i : 64;
    for (size_t k = 0; k < end; k++) to[i + k] = word >> k & 1;
  }
  return MILL_OK;
}

/* The number at p; false: it needs more than 128 bits. */
static bool wide_int(const unsigned char *p, uint16_t width, mill_i128 *out) {
  int32_t i32;
  int64_t i64;
  mill_i128 above;
  if (width == 32) {
    memcpy(&i32, p, sizeof i32);
    *out = i32;
  } else if (width == 64) {
    memcpy(&i64, p, sizeof i64);
    *out = i64;
  } else {
    memcpy(out, p, sizeof *out);
  }
  if (width < 256) return true;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  memcpy(&above, p, sizeof above);
  memcpy(out, p + sizeof above, sizeof *out);
#else
  memcpy(&above, p + sizeof above, sizeof above);
#endif
  return above == (*out < 0 ? -1 : 0);
}

static mill_status read_decimal(const window *w) {
  uint16_t width = w->a->type->width;
  mill_i128 x, limit = mill_pow10(w->a->type->precision);
  bool narrow = w->out->type->width == 8;
  MILL_TRY(take(w, w->n, w->out->type->width, &w->out->data));
  for (size_t i = 0; i < w->n; i++) {
    bool fits = wide_int(w->a->buffer[0].data + (w->at + i) * (width / 8), width, &x) &&
                x < limit && x > -limit;
    if (!fits && is_valid(w, i)) return corrupt(w, "a decimal is beyond its precision");
    if (!fits) x = 0;
    if (narrow)
      ((int64_t *)w->out->data)[i] = (int64_t)x;
    else
      ((mill_i128 *)w->out->data)[i] = x;
  }
  return MILL_OK;
}

/* ---- times ---------------------------------------------------------------------------------- */

static mill_status read_date(const window *w) {
  int64_t *from;
  if (w->a->type->width == 32) return point(w);
  MILL_TRY(load_ints(w, 64, true, &from));
  MILL_TRY(take(w, w->n, sizeof(int32_t), &w->out->data));
  for (size_t i = 0; i < w->n; i++) {
    int64_t day = mill_floor_div(from[i], 86400000);
    if (day != (int32_t)day && is_valid(w, i)) return overflow(w, "a date");
    ((int32_t *)w->out->data)[i] = (int32_t)day;
  }
  return MILL_OK;
}

static const int64_t thousands[] = {1, 1000, 1000000, 1000000000};

static mill_status read_time(const window *w) {
  int64_t scale = thousands[3 - w->a->type->unit / 3], *v;
  MILL_TRY(load_ints(w, w->a->type->width, true, &v));
  for (size_t i = 0; i < w->n; i++) {
    bool fits = v[i] >= 0 && v[i] < 86400 * (1000000000 / scale);
    if (!fits && is_valid(w, i)) return overflow(w, "a time of day");
    v[i] = fits ? v[i] * scale : 0;
  }
  w->out->data = v;
  return MILL_OK;
}

/* Any unit to microseconds. `whole`: nothing may be cut off. */
static mill_status to_micros(const window *w, bool whole, int64_t *v) {
  uint8_t unit = w->a->type->unit;
  int64_t scale = unit == 9 ? 1000 : thousands[2 - unit / 3];
  for (size_t i = 0; i < w->n; i++) {
    bool fits = true;
    if (unit == 9) {
      fits = !whole || v[i] % scale == 0;
      v[i] = mill_floor_div(v[i], scale);
    } else {
      fits = !__builtin_mul_overflow(v[i], scale, &v[i]);
    }
    if (!fits && is_valid(w, i)) return overflow(w, "a time that microseconds cannot hold");
  }
  return MILL_OK;
}

static mill_status read_micros(const window *w, bool whole, bool local) {
  int64_t *v;
  if (w->a->type->unit == 6 && !local) return point(w);
  MILL_TRY(load_ints(w, 64, true, &v));
  MILL_TRY(to_micros(w, whole, v));
  for (size_t i = 0; local && i < w->n; i++)
    if (is_valid(w, i) && !mill_zone_to_utc(w->r->zone, v[i], &v[i]))
      return overflow(w, "a local time");
  w->out->data = v;
  return MILL_OK;
}

static mill_status read_timestamp(const window *w) {
  bool local = w->a->type->zone == NULL && w->out->type->id == MILL_TIMESTAMP && w->r->zone &&
               !mill_zone_is_utc(w->r->zone);
  return read_micros(w, false, local);
}

static mill_status read_interval(const window *w) {
  size_t width = w->a->type->width / 8;
  int32_t i32[2];
  int64_t nanos;
  if (width == 4) return point(w);
  MILL_TRY(take(w, w->n, sizeof(mill_interval), &w->out->data));
  mill_interval *to = w->out->data;
  for (size_t i = 0; i < w->n; i++) {
    const unsigned char *p = place(w, width) + i * width;
    memcpy(i32, p, sizeof i32);
    to[i] = (mill_interval){.days = i32[0], .micros = (int64_t)i32[1] * 1000};
    if (width == 8) continue;
    memcpy(&nanos, p + 8, sizeof nanos);
    if (nanos % 1000 && is_valid(w, i))
      return overflow(w, "an interval that is no whole microseconds");
    to[i] = (mill_interval){i32[0], i32[1], nanos / 1000};
  }
  return MILL_OK;
}

/* ---- texts and bytes ------------------------------------------------------------------------ */

/* As mill_str_view; `room`: 16 bytes can be read at p. */
static inline mill_str view_at(const char *p, uint32_t n, bool room) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  if (n <= MILL_STR_INLINE && room) {
    uint32_t lo;
    uint64_t hi;
    mill_str s = {n, {0}, {{0}}};
    memcpy(&lo, p, sizeof lo);
    memcpy(&hi, p + 4, sizeof hi);
    if (n < 4) lo &= (1u << 8 * n) - 1;
    hi = n <= 4 ? 0 : hi & ~0ull >> 8 * (MILL_STR_INLINE - n);
    memcpy(s.prefix, &lo, sizeof lo);
    memcpy(s.u.rest, &hi, sizeof hi);
    return s;
  }
#endif
  (void)room;
  return mill_str_view(p, n);
}

static inline int64_t offset_at(const unsigned char *p, size_t i, uint16_t width) {
  int32_t i32;
  int64_t i64;
  if (width == 32) {
    memcpy(&i32, p + i * 4, sizeof i32);
    return i32;
  }
  memcpy(&i64, p + i * 8, sizeof i64);
  return i64;
}

static inline mill_status read_bytes_of(const window *w, uint16_t width) {
  const unsigned char *offsets = place(w, width / 8);
  mill_arrow_buffer data = w->a->buffer[1];
  const char *bytes = data.data ? (const char *)data.data : "";
  mill_str *to = w->out->data;
  int64_t from = w->n ? offset_at(offsets, 0, width) : 0;
  if (from < 0) return corrupt(w, "an offset is negative");
  for (size_t i = 0; i < w->n; i++) {
    int64_t end = offset_at(offsets, i + 1, width);
    if (end < from || (uint64_t)end > data.size) return corrupt(w, "an offset is out of range");
    if (end - from > BYTES_MAX) return corrupt(w, "a value is longer than 1 GiB");
    if (is_valid(w, i))
      to[i] = view_at(bytes + from, (uint32_t)(end - from), data.size - (uint64_t)from >= 16);
    else
      to[i] = (mill_str){0};
    from = end;
  }
  return MILL_OK;
}

static mill_status read_bytes(const window *w) {
  MILL_TRY(take(w, w->n, sizeof(mill_str), &w->out->data));
  return w->a->type->width == 32 ? read_bytes_of(w, 32) : read_bytes_of(w, 64);
}

static mill_status read_views(const window *w) {
  struct {
    uint32_t size;
    char prefix[4];
    int32_t buffer, offset;
  } v;
  MILL_TRY(take(w, w->n, sizeof(mill_str), &w->out->data));
  mill_str *to = w->out->data;
  for (size_t i = 0; i < w->n; i++) {
    const unsigned char *p = place(w, 16) + i * 16;
    to[i] = (mill_str){0};
    if (!is_valid(w, i)) continue;
    memcpy(&v, p, sizeof v);
    if (v.size <= MILL_STR_INLINE) {
      to[i] = mill_str_view((const char *)p + 4, v.size);
      continue;
    }
    if (v.size > BYTES_MAX) return corrupt(w, "a value is longer than 1 GiB");
    if (v.buffer < 0 || (size_t)v.buffer >= w->a->nviews || v.offset < 0 ||
        (uint64_t)v.offset + v.size > w->a->views[v.buffer].size)
      return corrupt(w, "a view is out of range");
    to[i] = mill_str_view((const char *)w->a->views[v.buffer].data + v.offset, v.size);
  }
  return MILL_OK;
}

static mill_status read_fixed(const window *w) {
  size_t size = (size_t)w->a->type->size;
  MILL_TRY(take(w, w->n, sizeof(mill_str), &w->out->data));
  mill_str *to = w->out->data;
  for (size_t i = 0; i < w->n; i++)
    to[i] = is_valid(w, i) && size
                ? mill_str_view((const char *)w->a->buffer[0].data + (w->at + i) * size, size)
                : (mill_str){0};
  return MILL_OK;
}

/* ---- nested --------------------------------------------------------------------------------- */

static mill_status new_children(const window *w, uint32_t n) {
  w->out->child = mill_arena_alloc(w->r->arena, ((size_t)n + 1) * sizeof(mill_vector));
  return w->out->child ? MILL_OK : mill_oom(w->r->arena->memory, n * sizeof(mill_vector), w->err);
}

/* The elements [from, from + n) of all lists; a map's child is a struct, whose fields are meant. */
static mill_status read_elements(const window *w, int64_t from, uint64_t n) {
  const mill_arrow_array *child = w->a->child;
  const mill_type *t = w->out->type;
  if (from < 0 || n > UINT32_MAX || (uint64_t)from + n > (uint64_t)child->length)
    return corrupt(w, "a list is out of its elements' range");
  MILL_TRY(new_children(w, t->nfields));
  if (t->id != MILL_MAP)
    return mill_arrow_read(w->r, child, t->fields[0].type, from, (uint32_t)n, false, w->out->child,
                           w->err);
  for (uint32_t c = 0; c < 2; c++)
    MILL_TRY(mill_arrow_read(w->r, &child->child[c], t->fields[c].type, child->offset + from,
                             (uint32_t)n, false, &w->out->child[c], w->err));
  for (size_t i = 0; i < n; i++)
    if (!mill_vector_valid(&w->out->child[0], i)) return corrupt(w, "a null as the key of a map");
  return MILL_OK;
}

static mill_status read_list(const window *w) {
  uint16_t width = w->a->type->width;
  const unsigned char *offsets = place(w, width / 8);
  MILL_TRY(take(w, w->n, sizeof(mill_span), &w->out->data));
  mill_span *to = w->out->data;
  int64_t first = w->n ? offset_at(offsets, 0, width) : 0, from = first;
  for (size_t i = 0; i < w->n; i++) {
    int64_t end = offset_at(offsets, i + 1, width);
    if (from < 0 || end < from || end - first > UINT32_MAX)
      return corrupt(w, "an offset is out of range");
    to[i] = is_valid(w, i) ? (mill_span){(uint32_t)(from - first), (uint32_t)(end - from)}
                           : (mill_span){0, 0};
    from = end;
  }
  return read_elements(w, first, (uint64_t)(from - first));
}

static mill_status read_list_view(const window *w) {
  uint16_t width = w->a->type->width;
  const unsigned char *offsets = place(w, width / 8);
  const unsigned char *sizes = w->n ? w->a->buffer[1].data + w->at * (width / 8) : NULL;
  int64_t first = INT64_MAX, last = 0;
  MILL_TRY(take(w, w->n, sizeof(mill_span), &w->out->data));
  mill_span *to = w->out->data;
  for (size_t i = 0; i < w->n; i++) {
    int64_t from = offset_at(offsets, i, width), size = offset_at(sizes, i, width);
    if (!is_valid(w, i) || size == 0) continue;
    if (from < 0 || size < 0 || from > w->a->child->length || size > w->a->child->length - from)
      return corrupt(w, "a list is out of its elements' range");
    if (from < first) first = from;
    if (from + size > last) last = from + size;
  }
  if (first > last) first = last;
  if (last - first > UINT32_MAX) return corrupt(w, "a list is out of its elements' range");
  for (size_t i = 0; i < w->n; i++) {
    int64_t size = offset_at(sizes, i, width);
    to[i] = is_valid(w, i) && size
                ? (mill_span){(uint32_t)(offset_at(offsets, i, width) - first), (uint32_t)size}
                : (mill_span){0, 0};
  }
  return read_elements(w, first, (uint64_t)(last - first));
}

static mill_status read_list_fixed(const window *w) {
  uint64_t size = (uint64_t)w->a->type->size;
  MILL_TRY(take(w, w->n, sizeof(mill_span), &w->out->data));
  if (w->n && size > UINT32_MAX / w->n) return corrupt(w, "a list has too many elements");
  for (size_t i = 0; i < w->n; i++)
    ((mill_span *)w->out->data)[i] =
        is_valid(w, i) ? (mill_span){(uint32_t)(i * size), (uint32_t)size} : (mill_span){0, 0};
  return read_elements(w, (int64_t)(w->at * size), w->n * size);
}

static mill_status read_struct(const window *w) {
  const mill_type *t = w->out->type;
  MILL_TRY(new_children(w, t->nfields));
  for (uint32_t c = 0; c < t->nfields; c++)
    MILL_TRY(mill_arrow_read(w->r, &w->a->child[c], t->fields[c].type, (int64_t)w->at, w->n, false,
                             &w->out->child[c], w->err));
  return MILL_OK;
}

/* ---- dictionaries and runs ------------------------------------------------------------------ */

static mill_status read_dictionary(const window *w, bool top) {
  const mill_arrow_type *t = w->a->type;
  const mill_vector *d = w->a->dictionary;
  int64_t *from;
  void *mem;
  mill_vector nulls = *w->out;
  MILL_TRY(load_ints(w, t->index_width, t->index_signed, &from));
  MILL_TRY(take(w, w->n, sizeof(uint32_t), &mem));
  uint32_t *index = mem;
  for (size_t i = 0; i < w->n; i++) {
    bool valid = mill_valid_bit(nulls.valid, i);
    if (valid && (uint64_t)from[i] >= d->size - 1)
      return corrupt(w, "a value is not in its dictionary");
    index[i] = valid ? (uint32_t)from[i] + 1 : 0;
  }
  if (top && w->n && d->type->phys != MILL_PHYS_LIST && d->type->phys != MILL_PHYS_STRUCT) {
    *w->out = *d;
    w->out->index = index;
    w->out->size = w->n;
    w->out->capacity = 0;
    return MILL_OK;
  }
  return mill_vector_gather(w->out, d, index, w->n, false, w->r->arena, w->err);
}

mill_status mill_arrow_dictionary_add(const mill_arrow_reader *r, const mill_arrow_array *a,
                                      const mill_type *type, mill_vector *values, mill_error *err) {
  mill_vector v;
  if (values->type == NULL) {
    MILL_TRY(mill_vector_init(values, type, 0, r->arena, err));
    mill_vector_null(&v, type);
    MILL_TRY(mill_vector_append(values, &v, NULL, 1, false, r->arena, err));
  }
  if (a == NULL) return MILL_OK;
  if (a->length > UINT32_MAX - 1 - values->size)
    return mill_arrow_corrupt(r, "a dictionary has too many values", err);
  MILL_TRY(mill_arrow_check(r, a, err));
  MILL_TRY(mill_arrow_read(r, a, type, 0, (uint32_t)a->length, false, &v, err));
  return mill_vector_append(values, &v, NULL, (size_t)a->length, true, r->arena, err);
}

/* The first run that ends behind row `at`. */
static int64_t find_run(const mill_arrow_array *ends, size_t at, uint16_t width) {
  int64_t lo = 0, hi = ends->length;
  while (lo < hi) {
    int64_t mid = lo + (hi - lo) / 2;
    int64_t end;
    widen(ends->buffer[0].data + (size_t)(ends->offset + mid) * (width / 8), width, true, 1, &end);
    if (end > (int64_t)at)
      hi = mid;
    else
      lo = mid + 1;
  }
  return lo;
}

static mill_status read_runs(const window *w) {
  const mill_arrow_array *ends = &w->a->child[0], *values = &w->a->child[1];
  uint16_t width = ends->type->width;
  void *mem;
  mill_vector v;
  int64_t first = find_run(ends, w->at, width), run = first, end = 0;
  MILL_TRY(take(w, w->n, sizeof(uint32_t), &mem));
  for (size_t i = 0; i < w->n; run++) {
    if (run >= ends->length) return corrupt(w, "runs end before the rows do");
    widen(ends->buffer[0].data + (size_t)(ends->offset + run) * (width / 8), width, true, 1, &end);
    if (end <= (int64_t)(w->at + i)) return corrupt(w, "run ends do not rise");
    for (; i < w->n && (int64_t)(w->at + i) < end; i++)
      ((uint32_t *)mem)[i] = (uint32_t)(run - first);
  }
  MILL_TRY(mill_arrow_read(w->r, values, w->out->type, first, (uint32_t)(run - first), false, &v,
                           w->err));
  return mill_vector_gather(w->out, &v, mem, w->n, false, w->r->arena, w->err);
}

/* ---- all ------------------------------------------------------------------------------------ */

static mill_status read_values(const window *w) {
  switch (w->a->type->kind) {
  case MILL_ARROW_BOOL: return read_bool(w);
  case MILL_ARROW_INT: return read_int(w);
  case MILL_ARROW_FLOAT: return read_float(w);
  case MILL_ARROW_DECIMAL: return read_decimal(w);
  case MILL_ARROW_BYTES: return read_bytes(w);
  case MILL_ARROW_BYTES_VIEW: return read_views(w);
  case MILL_ARROW_BYTES_FIXED: return read_fixed(w);
  case MILL_ARROW_DATE: return read_date(w);
  case MILL_ARROW_TIME: return read_time(w);
  case MILL_ARROW_TIMESTAMP: return read_timestamp(w);
  case MILL_ARROW_DURATION: return read_micros(w, true, false);
  case MILL_ARROW_INTERVAL: return read_interval(w);
  case MILL_ARROW_LIST:
  case MILL_ARROW_MAP: return read_list(w);
  case MILL_ARROW_LIST_VIEW: return read_list_view(w);
  case MILL_ARROW_LIST_FIXED: return read_list_fixed(w);
  case MILL_ARROW_STRUCT: return read_struct(w);
  case MILL_ARROW_RUN_END: return read_runs(w);
  default: return read_nulls(w);
  }
}

mill_status mill_arrow_read(const mill_arrow_reader *r, const mill_arrow_array *a,
                            const mill_type *type, int64_t at, uint32_t n, bool top,
                            mill_vector *out, mill_error *err) {
  window w = {r, a, (size_t)(a->offset + at), n, out, err};
  *out = (mill_vector){.type = type, .mask = MILL_FLAT, .size = n};
  if (at < 0 || at + (int64_t)n > a->length) return corrupt(&w, "rows are out of range");
  MILL_TRY(read_valid(&w));
  return a->type->index_width ? read_dictionary(&w, top) : read_values(&w);
}
