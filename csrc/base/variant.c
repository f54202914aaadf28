/* Reading variants; see variant.h. */
#include "base/variant.h"

#include <endian.h>
#include <string.h>

enum { PRIMITIVE, SHORT_TEXT, OBJECT, ARRAY };
enum { BINARY_FROM = 32 }; /* objects of so many members are searched by halves */

static __attribute__((noinline)) uint64_t wide_number(const unsigned char *p, size_t n) {
  uint64_t v = p[0];
  for (size_t i = 1; i < n; i++) v |= (uint64_t)p[i] << 8 * i;
  return v;
}

/* Offsets, ids and counts are of one byte nearly always. */
static inline uint64_t number(const unsigned char *p, size_t n) {
  return __builtin_expect(n == 1, 1) ? p[0] : wide_number(p, n);
}

/* Of n bytes: those of integers are 1, 2, 4 or 8. */
static inline int64_t integer(const unsigned char *p, size_t n) {
  uint16_t two;
  uint32_t four;
  uint64_t eight;
  if (n == 1) return (int8_t)p[0];
  if (n == 2) return memcpy(&two, p, n), (int16_t)le16toh(two);
  if (n == 4) return memcpy(&four, p, n), (int32_t)le32toh(four);
  if (n == 8) return memcpy(&eight, p, n), (int64_t)le64toh(eight);
  unsigned shift = 64 - 8 * (unsigned)n;
  return (int64_t)(number(p, n) << shift) >> shift;
}

/* ---- values --------------------------------------------------------------------------------- */

/* DECIMAL of n bytes behind its scale; Spark drops the zeros at its end. */
static bool read_decimal(const unsigned char *p, size_t n, mill_variant_item *out) {
  mill_u128 bits = number(p + 1, n < 8 ? n : 8);
  out->digits = n == 16 ? (mill_i128)(bits | (mill_u128)number(p + 9, 8) << 64)
                        : (mill_i128)integer(p + 1, n);
  int scale = p[0];
  if (scale > MILL_DECIMAL_MAX || !mill_decimal_fits(out->digits, MILL_DECIMAL_MAX)) return false;
  for (; scale > 0 && out->digits % 10 == 0; scale--) out->digits /= 10;
  out->scale = (uint8_t)scale;
  out->kind = MILL_VARIANT_DECIMAL;
  return true;
}

/* BINARY and long texts: their length, then their bytes. */
static bool read_long(const unsigned char *p, size_t n, mill_variant_item *out) {
  if (n < 5) return false;
  out->size = number(p + 1, 4);
  out->text = (const char *)p + 5;
  return out->size <= n - 5;
}

/* The primitives by number: what they are and how many bytes follow. */
static const struct {
  mill_variant_kind kind;
  uint8_t size;
} primitives[] = {
    {MILL_VARIANT_NULL, 0},      {MILL_VARIANT_BOOLEAN, 0},       {MILL_VARIANT_BOOLEAN, 0},
    {MILL_VARIANT_LONG, 1},      {MILL_VARIANT_LONG, 2},          {MILL_VARIANT_LONG, 4},
    {MILL_VARIANT_LONG, 8},      {MILL_VARIANT_DOUBLE, 8},        {MILL_VARIANT_DECIMAL, 5},
    {MILL_VARIANT_DECIMAL, 9},   {MILL_VARIANT_DECIMAL, 17},      {MILL_VARIANT_DATE, 4},
    {MILL_VARIANT_TIMESTAMP, 8}, {MILL_VARIANT_TIMESTAMP_NTZ, 8}, {MILL_VARIANT_FLOAT, 4},
    {MILL_VARIANT_BINARY, 4},    {MILL_VARIANT_STRING, 4},        {MILL_VARIANT_UNKNOWN, 0},
    {MILL_VARIANT_UNKNOWN, 0},   {MILL_VARIANT_UNKNOWN, 0},       {MILL_VARIANT_UUID, 16},
};

static bool read_primitive(const unsigned char *p, size_t n, mill_variant_item *out) {
  unsigned id = p[0] >> 2;
  if (id >= sizeof primitives / sizeof *primitives) id = 17;
  size_t size = primitives[id].size;
  out->kind = primitives[id].kind;
  if (n - 1 < size) return false;
  switch (out->kind) {
  case MILL_VARIANT_UNKNOWN: out->integer = p[0] >> 2; return true;
  case MILL_VARIANT_BOOLEAN: out->integer = id == 1; return true;
  case MILL_VARIANT_DECIMAL: return read_decimal(p + 1, size - 1, out);
  case MILL_VARIANT_STRING:
  case MILL_VARIANT_BINARY: return read_long(p, n, out);
  case MILL_VARIANT_UUID:
    out->text = (const char *)p + 1;
    out->size = size;
    return true;
  case MILL_VARIANT_DOUBLE: memcpy(&out->number, p + 1, 8); return true;
  case MILL_VARIANT_FLOAT: {
    float f;
    memcpy(&f, p + 1, 4);
    out->number = (double)f;
    return true;
  }
  default: out->integer = size ? integer(p + 1, size) : 0; return true;
  }
}

static inline bool read_container(const unsigned char *p, size_t n, mill_variant_item *out) {
  bool object = (p[0] & 3) == OBJECT;
  unsigned bits = p[0] >> 2;
  bool large = object ? bits >> 4 & 1 : bits >> 2 & 1;
  size_t head = large ? 5 : 2;
  out->kind = object ? MILL_VARIANT_OBJECT : MILL_VARIANT_ARRAY;
  out->offset_size = (uint8_t)((bits & 3) + 1);
  out->id_size = object ? (uint8_t)((bits >> 2 & 3) + 1) : 0;
  if (n < head) return false;
  out->count = (uint32_t)number(p + 1, head - 1);
  uint64_t offsets = head + (uint64_t)out->count * out->id_size;
  uint64_t data = offsets + ((uint64_t)out->count + 1) * out->offset_size;
  if (data > n) return false;
  out->ids = p + head;
  out->offsets = p + offsets;
  out->data = p + data;
  out->end = p + n;
  return true;
}

typedef mill_variant_dictionary names;

static inline bool names_of(const mill_variant *v, names *out) {
  const unsigned char *p = (const unsigned char *)v->metadata;
  out->count = 0;
  if (v->metadata_size < 1 || (p[0] & 15) != 1) return false;
  out->width = (size_t)(p[0] >> 6 & 3) + 1;
  if (v->metadata_size < 1 + out->width) return false;
  uint64_t count = number(p + 1, out->width), head = 1 + (count + 2) * out->width;
  if (head > v->metadata_size) return false;
  out->count = count;
  out->offset = p + 1 + out->width;
  out->bytes = p + head;
  out->size = v->metadata_size - head;
  return true;
}

static inline bool name_at(const names *d, uint64_t id, const char **name, size_t *size) {
  if (id >= d->count) return false;
  uint64_t from = number(d->offset + id * d->width, d->width);
  uint64_t to = number(d->offset + (id + 1) * d->width, d->width);
  if (from > to || to > d->size) return false;
  *name = (const char *)d->bytes + from;
  *size = to - from;
  return true;
}

static inline bool read_value(const mill_variant *v, mill_variant_item *out) {
  const unsigned char *p = (const unsigned char *)v->value;
  out->kind = MILL_VARIANT_NULL;
  out->scale = 0;
  out->count = 0;
  if (v->size == 0) return false;
  switch (p[0] & 3) {
  case PRIMITIVE: return read_primitive(p, v->size, out);
  case SHORT_TEXT:
    out->kind = MILL_VARIANT_STRING;
    out->text = (const char *)p + 1;
    out->size = p[0] >> 2;
    return out->size < v->size;
  case OBJECT: (void)names_of(v, &out->names); /* fallthrough */
  default: return read_container(p, v->size, out);
  }
}

bool mill_variant_read(const mill_variant *v, mill_variant_item *out) { return read_value(v, out); }

bool mill_variant_integer(const mill_variant *v, int64_t *out) {
  const unsigned char *p = (const unsigned char *)v->value;
  if (v->size == 0 || (p[0] & 3) != PRIMITIVE || p[0] >> 2 < 3 || p[0] >> 2 > 6) return false;
  size_t n = (size_t)1 << ((p[0] >> 2) - 3);
  if (v->size <= n) return false;
  *out = integer(p + 1, n);
  return true;
}

/* Bytes of a primitive; 0: it is unknown or not all there. */
static size_t primitive_bytes(const unsigned char *p, size_t n) {
  unsigned id = p[0] >> 2;
  if (id >= sizeof primitives / sizeof *primitives) return 0;
  size_t size = 1 + (size_t)primitives[id].size;
  mill_variant_kind kind = primitives[id].kind;
  if (kind == MILL_VARIANT_UNKNOWN || size > n) return 0;
  return kind == MILL_VARIANT_STRING || kind == MILL_VARIANT_BINARY ? size + number(p + 1, 4)
                                                                    : size;
}

static size_t container_bytes(const unsigned char *p, size_t n) {
  mill_variant_item x;
  if (!read_container(p, n, &x)) return 0;
  return (size_t)(x.data - p) + number(x.offsets + (size_t)x.count * x.offset_size, x.offset_size);
}

bool mill_variant_trim(mill_variant *v) {
  const unsigned char *p = (const unsigned char *)v->value;
  if (v->size == 0) return false;
  size_t n = (p[0] & 3) == SHORT_TEXT  ? 1 + (size_t)(p[0] >> 2)
             : (p[0] & 3) == PRIMITIVE ? primitive_bytes(p, v->size)
                                       : container_bytes(p, v->size);
  bool good = n > 0 && n <= v->size;
  if (good) v->size = n;
  return good;
}

/* ---- containers ----------------------------------------------------------------------------- */

static inline bool part_at(const mill_variant *v, const mill_variant_item *x, uint32_t i,
                           mill_variant *out) {
  uint64_t at = number(x->offsets + (size_t)i * x->offset_size, x->offset_size);
  size_t room = (size_t)(x->end - x->data);
  if (at >= room) return false;
  *out = (mill_variant){(const char *)x->data + at, v->metadata, room - at, v->metadata_size};
  return true;
}

bool mill_variant_element(const mill_variant *v, const mill_variant_item *array, uint32_t i,
                          mill_variant *out) {
  return part_at(v, array, i, out);
}

uint32_t mill_variant_names(const mill_variant *v) {
  const unsigned char *p = (const unsigned char *)v->metadata;
  if (v->metadata_size < 1 || (p[0] & 15) != 1) return 0;
  size_t width = (size_t)(p[0] >> 6 & 3) + 1;
  return v->metadata_size < 1 + width ? 0 : (uint32_t)number(p + 1, width);
}

bool mill_variant_name_at(const mill_variant *v, uint64_t id, const char **name, size_t *size) {
  names d;
  return names_of(v, &d) && name_at(&d, id, name, size);
}

static inline uint64_t id_at(const mill_variant_item *object, uint32_t i) {
  return number(object->ids + (size_t)i * object->id_size, object->id_size);
}

uint32_t mill_variant_name_id(const mill_variant_item *object, uint32_t i) {
  return (uint32_t)id_at(object, i);
}

bool mill_variant_member(const mill_variant *v, const mill_variant_item *object, uint32_t i,
                         const char **name, size_t *size, mill_variant *out) {
  return part_at(v, object, i, out) && name_at(&object->names, id_at(object, i), name, size);
}

/* Java's order: UTF-16 units, which differs from the order of the bytes above U+FFFF alone. */
int mill_variant_order(const char *a, size_t n, const char *b, size_t m) {
  size_t k = 0, least = n < m ? n : m;
  while (k < least && a[k] == b[k]) k++;
  if (k == least) return (n > m) - (n < m);
  unsigned x = (unsigned char)a[k], y = (unsigned char)b[k];
  bool wide_x = x >= 0xf0, wide_y = y >= 0xf0;
  if (wide_x != wide_y && x >= 0xee && y >= 0xee) return wide_x ? -1 : 1;
  return x < y ? -1 : 1;
}

uint32_t mill_variant_find(const mill_variant *v, const mill_variant_item *object, const char *name,
                           size_t n) {
  uint32_t low = 0, high = object->count;
  const names *d = &object->names;
  const char *p = NULL;
  size_t size = 0;
  (void)v;
  if (object->count < BINARY_FROM) {
    for (uint32_t i = 0; i < object->count; i++)
      if (name_at(d, id_at(object, i), &p, &size) && size == n &&
          (n == 0 || (*p == *name && memcmp(p, name, n) == 0)))
        return i;
    return UINT32_MAX;
  }
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (!name_at(d, id_at(object, middle), &p, &size)) return UINT32_MAX;
    int c = mill_variant_order(p, size, name, n);
    if (c == 0) return middle;
    if (c < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return UINT32_MAX;
}

bool mill_variant_enter(mill_variant *v, const char *name, size_t n, mill_variant_place *place,
                        bool *found) {
  mill_variant_item x;
  const char *p;
  size_t size;
  *found = false;
  if (!read_value(v, &x)) return false;
  if (x.kind != (name ? MILL_VARIANT_OBJECT : MILL_VARIANT_ARRAY)) return true;
  uint32_t at = place->at;
  if (name && !(at < x.count && name_at(&x.names, id_at(&x, at), &p, &size) && size == n &&
                memcmp(p, name, n) == 0)) {
    at = mill_variant_find(v, &x, name, n);
    if (at == UINT32_MAX) return true;
  }
  *found = at < x.count;
  if (!*found) return true;
  *place = (mill_variant_place){at, name ? (uint32_t)id_at(&x, at) : 0};
  return part_at(v, &x, at, v);
}

/* ---- is all of it well-formed? -------------------------------------------------------------- */

typedef mill_variant_checker checker;

static size_t valid_at(checker *c, const unsigned char *p, size_t n, int depth);

static inline bool valid_name(const checker *c, uint64_t id) {
  const char *name;
  size_t size;
  return id < c->good || name_at(&c->names, id, &name, &size);
}

static inline bool valid_part(checker *c, const unsigned char *p, size_t n, int depth) {
  if (c->left && depth < MILL_VARIANT_DEPTH && mill_variant_small_bytes(p, n)) {
    c->left--;
    return true;
  }
  return valid_at(c, p, n, depth + 1) != 0;
}

static bool valid_small(checker *c, const mill_variant_small *x, bool object, int depth) {
  if (object && x->count && !c->named) return false;
  for (uint32_t i = 0; i < x->count; i++) {
    size_t at = x->offsets[i];
    if (at >= x->room || (object && !valid_name(c, x->ids[i])) ||
        !valid_part(c, x->data + at, x->room - at, depth))
      return false;
  }
  return true;
}

static size_t valid_parts(checker *c, const unsigned char *p, size_t n, int depth) {
  mill_variant_item x;
  if (!read_container(p, n, &x)) return 0;
  bool object = x.kind == MILL_VARIANT_OBJECT;
  if (object && x.count && !c->named) return 0;
  size_t room = (size_t)(x.end - x.data);
  for (uint32_t i = 0; i < x.count; i++) {
    uint64_t at = number(x.offsets + (size_t)i * x.offset_size, x.offset_size);
    if (at >= room || (object && !valid_name(c, id_at(&x, i))) ||
        !valid_part(c, x.data + at, room - at, depth))
      return 0;
  }
  return (size_t)(x.data - p) + number(x.offsets + (size_t)x.count * x.offset_size, x.offset_size);
}

/* How many bytes it says to have, of containers too; 0: it is malformed. */
static size_t valid_at(checker *c, const unsigned char *p, size_t n, int depth) {
  mill_variant_item x;
  if (depth > MILL_VARIANT_DEPTH || n == 0 || c->left-- == 0) return 0;
  switch (p[0] & 3) {
  case SHORT_TEXT: return (size_t)(p[0] >> 2) < n ? 1 + (size_t)(p[0] >> 2) : 0;
  case PRIMITIVE: {
    size_t size = primitive_bytes(p, n);
    bool decimal = size && primitives[p[0] >> 2].kind == MILL_VARIANT_DECIMAL;
    return size <= n && (!decimal || read_primitive(p, n, &x)) ? size : 0;
  }
  default: break;
  }
  const mill_variant own = {(const char *)p, NULL, n, 0};
  bool object = (p[0] & 3) == OBJECT;
  mill_variant_small few;
  if (!mill_variant_small_read(&own, object, &few)) return valid_parts(c, p, n, depth);
  if (!valid_small(c, &few, object, depth)) return 0;
  return (size_t)(few.data - p) + few.offsets[few.count];
}

bool mill_variant_headed(const mill_variant *v) {
  return v->size <= MILL_VARIANT_LIMIT && v->metadata_size <= MILL_VARIANT_LIMIT &&
         v->metadata_size > 0 && (v->metadata[0] & 15) == 1;
}

bool mill_variant_check_names(checker *c, const mill_variant *v) {
  const char *name;
  size_t size;
  c->left = v->size;
  if (c->last.metadata && mill_variant_same_names(v, &c->last)) {
    while (!c->again && c->named && name_at(&c->names, c->good, &name, &size)) c->good++;
    c->again = true;
    c->last = *v;
    return v->size <= MILL_VARIANT_LIMIT;
  }
  *c = (checker){.left = v->size};
  if (!mill_variant_headed(v)) return false;
  c->named = names_of(v, &c->names);
  c->last = *v;
  return true;
}

bool mill_variant_check_name(const checker *c, uint64_t id) { return valid_name(c, id); }

bool mill_variant_check_part(checker *c, mill_variant *part, int depth) {
  const unsigned char *p = (const unsigned char *)part->value;
  size_t n = c->left && part->size ? mill_variant_small_bytes(p, part->size) : 0;
  if (n) {
    c->left--;
    part->size = n;
    return true;
  }
  n = valid_at(c, p, part->size, depth);
  bool good = n > 0 && n <= part->size;
  if (good) part->size = n;
  return good;
}

bool mill_variant_valid(const mill_variant *v) {
  checker c = {.last = {0}};
  return mill_variant_check(&c, v) && valid_at(&c, (const unsigned char *)v->value, v->size, 0);
}

mill_status mill_variant_fail(const mill_variant *v, mill_error *err) {
  mill_variant_item x;
  if (mill_variant_read(v, &x) && x.kind == MILL_VARIANT_UNKNOWN)
    return mill_fail(err, MILL_E_UNKNOWN_PRIMITIVE_TYPE_IN_VARIANT, "id",
                     mill_error_fmt(err, "%d", (int)x.integer), NULL);
  return mill_fail(err, MILL_E_MALFORMED_VARIANT, NULL);
}
