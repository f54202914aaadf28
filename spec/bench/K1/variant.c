/* Variants in the binary form of Parquet that the engine's have too (csrc/base/variant.h): made of JSON, read by a
** path, changed, taken apart, described. The plain way to do that by hand, for values of the shape that the data has:
** objects, arrays, texts shorter than 64 bytes, integers; containers of less than 256 bytes, so that counts, numbers of
** names and offsets are bytes.
**
** A row is its dictionary, then its value, which begins at `t->value[k]`. */
#include <stdbool.h>
#include <stdlib.h>

#include "kernel.h"

enum { NAMES = 32, PARTS = 32 };

/* Malformed variants are errors: what is read must lie in the bytes that there are. */
static void must(bool good) {
  if (!good) abort();
}

/* ---- dictionaries --------------------------------------------------------------------------- */

typedef struct names {
  const char *at[NAMES];
  size_t size[NAMES];
  unsigned n;
} names;

static unsigned number_of(names *d, const char *p, size_t n) {
  unsigned k = 0;
  while (k < d->n && (d->size[k] != n || memcmp(d->at[k], p, n) != 0)) k++;
  if (k == d->n) d->at[d->n] = p, d->size[d->n++] = n;
  return k;
}

static char *put_names(char *w, const names *d) {
  unsigned end = 0;
  *w++ = 1;
  *w++ = (char)d->n;
  *w++ = 0;
  for (unsigned k = 0; k < d->n; k++) *w++ = (char)(end += (unsigned)d->size[k]);
  for (unsigned k = 0; k < d->n; k++) w = put(w, d->at[k], d->size[k]);
  return w;
}

static void read_names(const unsigned char *p, const unsigned char *end, names *d) {
  d->n = p[1];
  must(p[0] == 1 && 3 + d->n + p[2 + d->n] <= end - p);
  for (unsigned k = 0; k < d->n; k++) {
    must(p[2 + k] <= p[3 + k]);
    d->at[k] = (const char *)p + 3 + d->n + p[2 + k];
    d->size[k] = (size_t)(p[3 + k] - p[2 + k]);
  }
}

static int order(const names *d, unsigned a, unsigned b) {
  size_t least = d->size[a] < d->size[b] ? d->size[a] : d->size[b];
  int c = memcmp(d->at[a], d->at[b], least);
  return c ? c : (int)d->size[a] - (int)d->size[b];
}

/* ---- making --------------------------------------------------------------------------------- */

/* Members of an open object, or elements of an array. */
typedef struct parts {
  unsigned n;
  unsigned char id[PARTS], at[PARTS];
} parts;

/* Members are sorted by their names. */
static void add_member(parts *x, const names *d, unsigned id, size_t at) {
  unsigned k = x->n++;
  for (; k > 0 && order(d, x->id[k - 1], id) > 0; k--)
    x->id[k] = x->id[k - 1], x->at[k] = x->at[k - 1];
  x->id[k] = (unsigned char)id, x->at[k] = (unsigned char)at;
}

/* The head goes in front of the values, which stand from `from` to w. */
static char *put_head(char *from, char *w, const parts *x, bool object) {
  size_t size = (size_t)(w - from), head = 2 + x->n * (object ? 2u : 1u) + 1;
  memmove(from + head, from, size);
  *from++ = object ? 2 : 3;
  *from++ = (char)x->n;
  if (object) from = put(from, (const char *)x->id, x->n);
  from = put(from, (const char *)x->at, x->n);
  *from = (char)size;
  return w + head;
}

static char *put_integer(char *w, int64_t v) {
  int log = v == (int8_t)v ? 0 : v == (int16_t)v ? 1 : v == (int32_t)v ? 2 : 3;
  *w++ = (char)((3 + log) << 2);
  return put(w, (const char *)&v, (size_t)1 << log);
}

static char *make(char *w, const char **p, names *d) {
  char *from = w, close = **p == '{' ? '}' : ']';
  parts x = {0};
  if (**p == '"') {
    for (w++, ++*p; **p != '"'; ++*p) {
      *p += **p == '\\';
      *w++ = **p;
    }
    ++*p;
    *from = (char)((w - from - 1) << 2 | 1);
    return w;
  }
  if (**p != '{' && **p != '[') {
    const char *digits = *p;
    while (**p == '-' || (**p >= '0' && **p <= '9')) ++*p;
    return put_integer(w, get_int(digits, *p));
  }
  for (++*p; **p != close; *p += **p == ',') {
    if (close == '}') {
      const char *name = ++*p;
      while (**p != '"') ++*p;
      add_member(&x, d, number_of(d, name, (size_t)(*p - name)), (size_t)(w - from));
      *p += 2;
    } else {
      x.at[x.n++] = (unsigned char)(w - from);
    }
    w = make(w, p, d);
  }
  ++*p;
  return put_head(from, w, &x, close == '}');
}

void k_parse_json(const table *t, result *r) {
  char *w = r->bytes, value[LONGEST];
  int64_t from = 0;
  for (size_t k = 0; k < t->rows; from = t->js.end[k++]) {
    const char *p = t->js.bytes + from;
    names d;
    d.n = 0;
    size_t n = (size_t)(make(value, &p, &d) - value);
    w = put_names(w, &d);
    r->values[k] = w - r->bytes;
    w = put(w, value, n);
    r->end[k] = w - r->bytes;
  }
}

/* ---- reading -------------------------------------------------------------------------------- */

typedef struct container {
  bool object;
  unsigned n;
  const unsigned char *id, *at, *data, *end;
} container;

static container open(const unsigned char *p, const unsigned char *end) {
  must(end - p >= 2 && (p[0] & 3) >= 2);
  container c = {(p[0] & 3) == 2, p[1], p + 2, p + 2, NULL, end};
  if (c.object) c.at += c.n;
  c.data = c.at + c.n + 1;
  must(c.data <= end);
  return c;
}

static const unsigned char *part(const container *c, unsigned k) {
  must(c->at[k] < c->end - c->data);
  return c->data + c->at[k];
}

static unsigned name(const container *c, const names *d, unsigned k) {
  must(c->id[k] < d->n);
  return c->id[k];
}

static const unsigned char *find(const container *c, const names *d, const char *what, size_t n) {
  for (unsigned k = 0; k < c->n; k++) {
    unsigned id = name(c, d, k);
    if (d->size[id] == n && memcmp(d->at[id], what, n) == 0) return part(c, k);
  }
  return NULL;
}

static size_t bytes_of(const unsigned char *p, const unsigned char *end) {
  size_t n;
  must(p < end);
  if ((p[0] & 3) == 0) {
    must(p[0] >> 2 >= 3 && p[0] >> 2 <= 6);
    n = 1 + ((size_t)1 << ((p[0] >> 2) - 3));
  } else if ((p[0] & 3) == 1) {
    n = 1 + (size_t)(p[0] >> 2);
  } else {
    container c = open(p, end);
    n = (size_t)(c.data - p) + c.at[c.n];
  }
  must(n <= (size_t)(end - p));
  return n;
}

static int64_t integer(const unsigned char *p, const unsigned char *end) {
  must((p[0] & 3) == 0);
  int shift = 64 - 8 * (int)(bytes_of(p, end) - 1);
  uint64_t v;
  memcpy(&v, p + 1, sizeof v);
  return (int64_t)(v << shift) >> shift;
}

/* Parts and their parts to the last one. */
static void check(const unsigned char *p, const unsigned char *end, const names *d) {
  if ((p[0] & 3) < 2) {
    must(bytes_of(p, end) > 0);
    return;
  }
  container c = open(p, end);
  for (unsigned k = 0; k < c.n; k++) {
    if (c.object) must(name(&c, d, k) < d->n);
    check(part(&c, k), end, d);
  }
}

/* Every row k with its dictionary d, its value from p to e; what has been written stands before w. */
#define EACH_VARIANT(name, body)                                                                   \
  static void name(const table *t, result *r) {                                                    \
    char *w = r->bytes;                                                                            \
    int64_t from = 0;                                                                              \
    for (size_t k = 0; k < t->rows; from = t->v.end[k++]) {                                        \
      const unsigned char *p = (const unsigned char *)t->v.bytes + t->value[k];                    \
      const unsigned char *e = (const unsigned char *)t->v.bytes + t->v.end[k];                    \
      names d;                                                                                     \
      read_names((const unsigned char *)t->v.bytes + from, p, &d);                                 \
      body r->end[k] = w - r->bytes;                                                               \
    }                                                                                              \
  }

EACH_VARIANT(k_variant_get, {
  container c = open(p, e);
  c = open(find(&c, &d, "user", 4), e);
  r->values[k] = integer(find(&c, &d, "v", 1), e);
})

EACH_VARIANT(k_variant_insert, {
  container c = open(p, e);
  check(p, e, &d);
  unsigned id = number_of(&d, "z", 1);
  char *value = put_names(w, &d);
  char *to = value;
  parts x;
  x.n = c.n;
  memcpy(x.id, c.id, c.n);
  memcpy(x.at, c.at, c.n);
  add_member(&x, &d, id, c.at[c.n]);
  to = put(to, (const char *)c.data, c.at[c.n]);
  to = put_integer(to, t->i[k]);
  w = put_head(value, to, &x, true);
  r->values[k] = value - r->bytes;
})

/* The place of each member, its name, its value and where the dictionary is that the value needs. */
EACH_VARIANT(k_variant_explode, {
  container c = open(p, e);
  int64_t *end = r->more + k * 4 * 4;
  must(c.n <= 4);
  for (unsigned m = 0; m < c.n; m++) {
    const unsigned char *value = part(&c, m);
    unsigned id = name(&c, &d, m);
    w = put(w, d.at[id], d.size[id]);
    *end++ = w - r->bytes;
    w = put(w, (const char *)value, bytes_of(value, e));
    *end++ = w - r->bytes;
    *end++ = m;
    *end++ = from;
  }
  r->narrow[k] = (int32_t)c.n;
})

#define WORD(w, text) put(w, text, sizeof text - 1)

static char *put_schema(char *w, const unsigned char *p, const unsigned char *e, const names *d) {
  must(bytes_of(p, e) > 0);
  if ((p[0] & 3) == 0) return WORD(w, "BIGINT");
  if ((p[0] & 3) == 1) return WORD(w, "STRING");
  container c = open(p, e);
  if (!c.object) { /* elements have one type here, which each is compared with */
    char *first = WORD(w, "ARRAY<"), *end = put_schema(first, part(&c, 0), e, d), other[LONGEST];
    for (unsigned m = 1; m < c.n; m++) {
      size_t n = (size_t)(put_schema(other, part(&c, m), e, d) - other);
      if (n != (size_t)(end - first) || memcmp(first, other, n) != 0) end = WORD(first, "VARIANT");
    }
    *end++ = '>';
    return end;
  }
  w = WORD(w, "OBJECT<");
  for (unsigned m = 0; m < c.n; m++) {
    if (m > 0) w = WORD(w, ", ");
    w = put(w, d->at[name(&c, d, m)], d->size[c.id[m]]);
    w = WORD(w, ": ");
    w = put_schema(w, part(&c, m), e, d);
  }
  *w++ = '>';
  return w;
}

EACH_VARIANT(k_schema_of_variant, { w = put_schema(w, p, e, &d); })

const kernel_case variant_cases[] = {
    {"variant.parse_json", k_parse_json, NOTHING},
    {"variant_get.variant_get", k_variant_get, INT64},
    {"variant_edit.variant_insert", k_variant_insert, NOTHING},
    {"variant_schema.schema_of_variant", k_schema_of_variant, TEXT},
    {"variant_explode.variant_explode", k_variant_explode, NOTHING},
    {NULL, NULL, NOTHING}};
