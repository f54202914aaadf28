/* Variants: values whose type travels with them, in the binary form of Parquet (VariantEncoding.md,
** version 1) that Spark's VARIANT has too.
**
** A variant is two byte strings. The metadata are a dictionary of member names:
**
**   | version, offset size | count | count + 1 offsets | bytes of the names |
**
** The value begins with a byte whose low two bits tell its form: a primitive (the upper bits say
** which), a text shorter than 64 bytes, an object or an array:
**
**   object  | header | count | ids of names | count + 1 offsets | values |   sorted by name
**   array   | header | count |                count + 1 offsets | values |
**
** Numbers are little-endian. Names sort as Java sorts them, by UTF-16 units.
**
** Reading never leaves the bytes and never allocates: what is malformed reads as false. A builder
** writes values bottom up: a container's members first, then its head is pushed in front of them. */
#ifndef MILL_BASE_VARIANT_H
#define MILL_BASE_VARIANT_H

#include "base/decimal.h"
#include "base/json.h"
#include "base/timezone.h"

enum { MILL_VARIANT_DEPTH = 1000, MILL_VARIANT_RANKED = 64 };
#define MILL_VARIANT_LIMIT ((size_t)128 << 20) /* bytes of a value, and of its dictionary */

typedef struct mill_variant {
  const char *value, *metadata;
  size_t size, metadata_size;
} mill_variant;

typedef enum mill_variant_kind {
  MILL_VARIANT_NULL,
  MILL_VARIANT_BOOLEAN,
  MILL_VARIANT_LONG, /* integers of 1, 2, 4 and 8 bytes */
  MILL_VARIANT_DOUBLE,
  MILL_VARIANT_FLOAT,
  MILL_VARIANT_DECIMAL, /* without the zeros behind its last digit, as Spark reads it */
  MILL_VARIANT_STRING,
  MILL_VARIANT_BINARY,
  MILL_VARIANT_DATE,
  MILL_VARIANT_TIMESTAMP,
  MILL_VARIANT_TIMESTAMP_NTZ,
  MILL_VARIANT_UUID, /* 16 bytes in `text` */
  MILL_VARIANT_ARRAY,
  MILL_VARIANT_OBJECT,
  MILL_VARIANT_UNKNOWN, /* a primitive of another number, in `integer` */
} mill_variant_kind;

/* A dictionary taken apart: `bytes` of `size` are the names. */
typedef struct mill_variant_dictionary {
  const unsigned char *offset, *bytes;
  size_t width, size;
  uint64_t count; /* 0 too where it is malformed */
} mill_variant_dictionary;

/* A value taken apart. */
typedef struct mill_variant_item {
  mill_variant_kind kind;
  uint8_t scale;    /* DECIMAL */
  int64_t integer;  /* BOOLEAN, LONG, DATE, TIMESTAMP, TIMESTAMP_NTZ */
  double number;    /* DOUBLE, FLOAT */
  mill_i128 digits; /* DECIMAL */
  const char *text; /* STRING, BINARY, UUID */
  size_t size;      /* of text */
  /* containers */
  uint32_t count;
  uint8_t id_size, offset_size;
  const unsigned char *ids, *offsets, *data, *end;
  mill_variant_dictionary names; /* of objects */
} mill_variant_item;

/* Does the one have the dictionary of the other, as most rows have that of the row before? What is known of it, the
** numbers of names above all, holds for both then. */
static inline bool mill_variant_same_names(const mill_variant *a, const mill_variant *b) {
  return a->metadata_size == b->metadata_size &&
         (a->metadata == b->metadata || memcmp(a->metadata, b->metadata, a->metadata_size) == 0);
}

/* An object or array whose counts, numbers of names and offsets are bytes, as those of most are. */
typedef struct mill_variant_small {
  const unsigned char *ids, *offsets, *data; /* ids: of objects */
  size_t room;                               /* bytes from data on */
  uint32_t count;
} mill_variant_small;

/* False: the value is something else, or malformed. */
static inline bool mill_variant_small_read(const mill_variant *v, bool object,
                                           mill_variant_small *out) {
  const unsigned char *p = (const unsigned char *)v->value;
  if (v->size < 3 || p[0] != (object ? 2 : 3)) return false;
  size_t head = 3 + (size_t)p[1] * (object ? 2 : 1);
  if (head > v->size) return false;
  out->count = p[1];
  out->ids = p + 2;
  out->offsets = object ? out->ids + out->count : out->ids;
  out->data = p + head;
  out->room = v->size - head;
  return true;
}
/* Bytes of an integer or a text shorter than 64 bytes, as most parts are, that is all there; 0: it is neither. */
static inline size_t mill_variant_small_bytes(const unsigned char *p, size_t n) {
  unsigned id = p[0] >> 2;
  size_t size = (p[0] & 3) == 1                         ? 1 + (size_t)id
                : (p[0] & 3) == 0 && id >= 3 && id <= 6 ? 1 + ((size_t)1 << (id - 3))
                                                        : 0;
  return size <= n ? size : 0;
}

bool mill_variant_read(const mill_variant *v, mill_variant_item *out) MILL_USE_RESULT;
/* The i-th element of an array, or the value of an object's i-th member; i < count. */
bool mill_variant_element(const mill_variant *v, const mill_variant_item *array, uint32_t i,
                          mill_variant *out) MILL_USE_RESULT;
/* The i-th member of an object and its name. */
bool mill_variant_member(const mill_variant *v, const mill_variant_item *object, uint32_t i,
                         const char **name, size_t *size, mill_variant *out) MILL_USE_RESULT;
/* The number that its name has in the dictionary. */
uint32_t mill_variant_name_id(const mill_variant_item *object, uint32_t i);
/* The place of a member by its name; UINT32_MAX: none. */
uint32_t mill_variant_find(const mill_variant *v, const mill_variant_item *object, const char *name,
                           size_t n);
/* Where a member stood, and the number of its name; UINT32_MAX, which none has: not known of this dictionary. Of
** elements `at` alone. */
typedef struct mill_variant_place {
  uint32_t at, id;
} mill_variant_place;
/* Move to a member, or with `name` NULL to element place->at; *found is false where there is none. The place is that
** in another object, then that in this one. False: malformed. */
bool mill_variant_enter(mill_variant *v, const char *name, size_t n, mill_variant_place *place,
                        bool *found) MILL_USE_RESULT;
/* The same where it can be told at once; false: ask mill_variant_enter. */
static inline bool mill_variant_enter_again(mill_variant *v, bool member,
                                            const mill_variant_place *place) {
  mill_variant_small x;
  if (!mill_variant_small_read(v, member, &x) || place->at >= x.count) return false;
  if (member && x.ids[place->at] != place->id) return false;
  size_t from = x.offsets[place->at];
  if (from >= x.room) return false;
  v->value = (const char *)x.data + from;
  v->size = x.room - from;
  return true;
}
/* The value where it is an integer; else false. */
bool mill_variant_integer(const mill_variant *v, int64_t *out);
/* How many names the dictionary has, and one of them. */
uint32_t mill_variant_names(const mill_variant *v);
bool mill_variant_name_at(const mill_variant *v, uint64_t id, const char **name,
                          size_t *size) MILL_USE_RESULT;
/* Cut off what stands behind the value itself: a part begins in its container's bytes and has all that
** follow. False: malformed. */
bool mill_variant_trim(mill_variant *v) MILL_USE_RESULT;
/* How names sort in an object. */
int mill_variant_order(const char *a, size_t n, const char *b, size_t m);
/* All of it, to the last name: nothing is malformed. Walks over whole values ask first. */
bool mill_variant_valid(const mill_variant *v);
/* Sizes and version alone, for a walk that reads all of it once and tells what is malformed itself. */
bool mill_variant_headed(const mill_variant *v);
/* Or by parts: begin with the whole, then each of its members or elements once, which is cut to its own bytes;
** depth: in how many values it stands.
** Values that share bytes would make a walk endless: there are no more of them than bytes. False: malformed.
** A checker begins zeroed, and may check one value after the other, which stay as they are as long as it does: what it
** finds out of a dictionary that comes again it keeps. */
typedef struct mill_variant_checker {
  mill_variant_dictionary names;
  bool named; /* there is a dictionary that can be read */
  size_t left;
  mill_variant last; /* the value at hand */
  bool again;        /* its dictionary is that of the one before */
  uint32_t good;     /* so many of its first names are well-formed */
} mill_variant_checker;
bool mill_variant_check_names(mill_variant_checker *c, const mill_variant *v) MILL_USE_RESULT;
static inline MILL_USE_RESULT bool mill_variant_check(mill_variant_checker *c,
                                                      const mill_variant *v) {
  bool known = c->again && v->metadata == c->last.metadata &&
               v->metadata_size == c->last.metadata_size && v->size <= MILL_VARIANT_LIMIT;
  if (!known) return mill_variant_check_names(c, v);
  c->left = v->size;
  c->last = *v;
  return true;
}
/* Is there a well-formed name of that number? */
bool mill_variant_check_name(const mill_variant_checker *c, uint64_t id);
bool mill_variant_check_part(mill_variant_checker *c, mill_variant *part,
                             int depth) MILL_USE_RESULT;
/* MALFORMED_VARIANT, or UNKNOWN_PRIMITIVE_TYPE_IN_VARIANT where that is what stands there. */
mill_status mill_variant_fail(const mill_variant *v, mill_error *err) __attribute__((cold));

/* The value as JSON, as Spark writes it; local times of `zone`. */
mill_status mill_variant_json(const mill_variant *v, const mill_zone *zone, mill_text *out,
                              mill_error *err) MILL_USE_RESULT;
/* One that is no container as a text without quotes; texts as they are. */
mill_status mill_variant_plain(const mill_variant_item *x, const mill_zone *zone, mill_text *out,
                               mill_error *err) MILL_USE_RESULT;

/* ---- building ------------------------------------------------------------------------------- */

typedef struct mill_variant_builder {
  mill_memory *memory;
  mill_text out;   /* the value so far */
  mill_text names; /* bytes of the names that are known: those of the dictionary, then some of the
                      value before, which often come again in their order */
  uint32_t *name_end;
  size_t name_room;
  uint32_t nnames, nknown;
  uint32_t *slot; /* hash table of known names: place + 1 */
  size_t nslots;
  mill_text made; /* the dictionary written last, of the first `nmade` known names */
  uint32_t nmade;
  uint8_t rank[MILL_VARIANT_RANKED]; /* of the known names among each other .. */
  uint32_t nranked,
      nsorted; /* .. once as many objects were sorted as there are; 0: they are not known */
  struct variant_part *part; /* members and elements of the open containers */
  size_t part_room, nparts;
  mill_text base;      /* the dictionary adopted last, */
  uint32_t nbase;      /* its names, the first of them all, */
  const char *adopted; /* and where its values have it; NULL: none is */
  bool last_wins;      /* of members with one name; else VARIANT_DUPLICATE_KEY */
  int depth;
} mill_variant_builder;

void mill_variant_open(mill_variant_builder *b, mill_memory *m);
void mill_variant_reset(mill_variant_builder *b); /* an empty one, for the next value */
void mill_variant_close(mill_variant_builder *b);
/* An empty one that has the names of `v` already, in their order: copies of its parts are copies of their
** bytes. It costs little where rows have one dictionary. A dictionary that is malformed, has a name twice or
** is far larger than the value is left. */
mill_status mill_variant_adopt(mill_variant_builder *b, const mill_variant *v,
                               mill_error *err) MILL_USE_RESULT;
/* The dictionary, until the builder's next use; the value is b->out. */
mill_status mill_variant_made(mill_variant_builder *b, const mill_text **out,
                              mill_error *err) MILL_USE_RESULT;
/* The same appended to `out`. */
mill_status mill_variant_metadata(mill_variant_builder *b, mill_text *out,
                                  mill_error *err) MILL_USE_RESULT;

/* Append one value. */
mill_status mill_variant_put_null(mill_variant_builder *b, mill_error *err) MILL_USE_RESULT;
mill_status mill_variant_put_bool(mill_variant_builder *b, bool v, mill_error *err) MILL_USE_RESULT;
mill_status mill_variant_put_long(mill_variant_builder *b, int64_t v,
                                  mill_error *err) MILL_USE_RESULT;
mill_status mill_variant_put_double(mill_variant_builder *b, double v,
                                    mill_error *err) MILL_USE_RESULT;
mill_status mill_variant_put_float(mill_variant_builder *b, float v,
                                   mill_error *err) MILL_USE_RESULT;
mill_status mill_variant_put_decimal(mill_variant_builder *b, mill_i128 v, int scale,
                                     mill_error *err) MILL_USE_RESULT;
/* DATE, TIMESTAMP, TIMESTAMP_NTZ. */
mill_status mill_variant_put_time(mill_variant_builder *b, mill_variant_kind kind, int64_t v,
                                  mill_error *err) MILL_USE_RESULT;
/* STRING, BINARY, UUID. */
mill_status mill_variant_put_text(mill_variant_builder *b, mill_variant_kind kind, const char *p,
                                  size_t n, mill_error *err) MILL_USE_RESULT;
/* A copy of another value; its names become this dictionary's. MALFORMED_VARIANT. */
mill_status mill_variant_put(mill_variant_builder *b, const mill_variant *v,
                             mill_error *err) MILL_USE_RESULT;
/* The same of a part of a value for which `c` was made (mill_variant_check). */
mill_status mill_variant_put_part(mill_variant_builder *b, mill_variant_checker *c,
                                  const mill_variant *part, mill_error *err) MILL_USE_RESULT;
/* Has it the names of `v`, by their numbers? */
static inline bool mill_variant_adopted(const mill_variant_builder *b, const mill_variant *v) {
  return b->adopted != NULL && b->adopted == v->metadata;
}

/* A container: begin, then for each part its name (objects) or mill_variant_item_begins (arrays)
** and its value, then the end. */
typedef struct mill_variant_frame {
  size_t start, parts; /* where the container begins in b->out and among the parts */
} mill_variant_frame;
mill_status mill_variant_begin(mill_variant_builder *b, mill_variant_frame *f,
                               mill_error *err) MILL_USE_RESULT;
mill_status mill_variant_name(mill_variant_builder *b, const mill_variant_frame *f, const char *p,
                              size_t n, mill_error *err) MILL_USE_RESULT;
/* The name that member i of an object of `v` has, `p`. */
mill_status mill_variant_name_again(mill_variant_builder *b, const mill_variant_frame *f,
                                    const mill_variant *v, const mill_variant_item *object,
                                    uint32_t i, const char *p, size_t n,
                                    mill_error *err) MILL_USE_RESULT;
/* Members [from, to) of a small object that is, or is in, the value for which `c` was made, which was adopted:
** names and values. */
mill_status mill_variant_put_members(mill_variant_builder *b, const mill_variant_frame *f,
                                     mill_variant_checker *c, const mill_variant_small *x,
                                     uint32_t from, uint32_t to, mill_error *err) MILL_USE_RESULT;
mill_status mill_variant_item_begins(mill_variant_builder *b, const mill_variant_frame *f,
                                     mill_error *err) MILL_USE_RESULT;
mill_status mill_variant_end_object(mill_variant_builder *b, const mill_variant_frame *f,
                                    mill_error *err) MILL_USE_RESULT;
mill_status mill_variant_end_array(mill_variant_builder *b, const mill_variant_frame *f,
                                   mill_error *err) MILL_USE_RESULT;

/* The value that begins with the token `first`, as Spark's parse_json reads it: an integer is LONG,
** a number in plain digits DECIMAL where 38 are enough, else DOUBLE. *good is false where the text is
** no JSON. */
mill_status mill_variant_put_json(mill_variant_builder *b, mill_json_reader *r,
                                  mill_json_token first, bool *good,
                                  mill_error *err) MILL_USE_RESULT;

#endif
