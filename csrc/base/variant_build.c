/* Building variants; see variant.h. The bytes are those that Spark's builder makes: the least width
** for integers, offsets and ids, names numbered as they come, members sorted by name. */
#include "base/variant.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

typedef struct variant_part {
  uint32_t id; /* of the name; of elements 0 */
  size_t at;   /* where the value begins, from the container's start */
} variant_part;

enum {
  SHORT_MOST = 63,
  FIRST_SLOTS = 16,
  PARTS_MOST = (128 << 20) / 4,
  KNOWN_MOST = 256, /* names that are kept for the next value */
  FEW = 16          /* members that are sorted by insertion */
};

void mill_variant_open(mill_variant_builder *b, mill_memory *m) {
  *b = (mill_variant_builder){.memory = m};
  mill_text_init(&b->out, m);
  mill_text_init(&b->names, m);
  mill_text_init(&b->made, m);
  mill_text_init(&b->base, m);
}

static void forget_names(mill_variant_builder *b) {
  mill_text_reset(&b->names);
  b->nknown = b->nmade = 0;
  b->nranked = b->nsorted = 0;
  if (b->nslots) memset(b->slot, 0, b->nslots * sizeof *b->slot);
}

static void empty(mill_variant_builder *b, uint32_t nnames) {
  mill_text_reset(&b->out);
  b->nnames = nnames;
  b->nparts = 0;
  b->depth = 0;
}

void mill_variant_reset(mill_variant_builder *b) {
  empty(b, 0);
  b->nbase = 0;
  b->adopted = NULL;
  mill_text_reset(&b->base);
  if (b->nknown > KNOWN_MOST) forget_names(b);
}

void mill_variant_close(mill_variant_builder *b) {
  mill_text_clear(&b->out);
  mill_text_clear(&b->names);
  mill_text_clear(&b->made);
  mill_text_clear(&b->base);
  mill_free(b->memory, b->name_end, b->name_room * sizeof *b->name_end);
  mill_free(b->memory, b->slot, b->nslots * sizeof *b->slot);
  mill_free(b->memory, b->part, b->part_room * sizeof *b->part);
  mill_variant_open(b, b->memory);
}

/* ---- bytes ---------------------------------------------------------------------------------- */

static inline void put_number(char *p, uint64_t v, size_t n) {
  p[0] = (char)v; /* one byte nearly always */
  for (size_t i = 1; i < n; i++) p[i] = (char)(v >> 8 * i);
}

static size_t width_of(uint64_t most) {
  return most <= 0xff ? 1 : most <= 0xffff ? 2 : most <= 0xffffff ? 3 : 4;
}

static mill_status too_large(mill_error *err) {
  return mill_fail(err, MILL_E_VARIANT_SIZE_LIMIT, "sizeLimit", "128.0 MiB", NULL);
}

/* A primitive: its head byte and n bytes of a number. */
static mill_status put_fixed(mill_variant_builder *b, unsigned id, uint64_t v, size_t n,
                             mill_error *err) {
  MILL_TRY(mill_text_reserve(&b->out, 1 + sizeof v, err));
  char *p = b->out.data + b->out.size;
  *p++ = (char)(id << 2);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  memcpy(p, &v, sizeof v); /* what is behind n bytes is written over */
#else
  for (size_t i = 0; i < n; i++) p[i] = (char)(v >> 8 * i);
#endif
  b->out.size += 1 + n;
  return MILL_OK;
}

/* ---- primitives ----------------------------------------------------------------------------- */

mill_status mill_variant_put_null(mill_variant_builder *b, mill_error *err) {
  return put_fixed(b, 0, 0, 0, err);
}

mill_status mill_variant_put_bool(mill_variant_builder *b, bool v, mill_error *err) {
  return put_fixed(b, v ? 1 : 2, 0, 0, err);
}

mill_status mill_variant_put_long(mill_variant_builder *b, int64_t v, mill_error *err) {
  int log = v == (int8_t)v ? 0 : v == (int16_t)v ? 1 : v == (int32_t)v ? 2 : 3;
  return put_fixed(b, 3 + (unsigned)log, (uint64_t)v, (size_t)1 << log, err);
}

mill_status mill_variant_put_double(mill_variant_builder *b, double v, mill_error *err) {
  uint64_t bits;
  memcpy(&bits, &v, sizeof bits);
  return put_fixed(b, 7, bits, 8, err);
}

mill_status mill_variant_put_float(mill_variant_builder *b, float v, mill_error *err) {
  uint32_t bits;
  memcpy(&bits, &v, sizeof bits);
  return put_fixed(b, 14, bits, 4, err);
}

mill_status mill_variant_put_decimal(mill_variant_builder *b, mill_i128 v, int scale,
                                     mill_error *err) {
  char buf[18];
  int log = scale <= 9 && mill_decimal_fits(v, 9)     ? 0
            : scale <= 18 && mill_decimal_fits(v, 18) ? 1
                                                      : 2;
  size_t n = (size_t)4 << log;
  buf[0] = (char)((8 + log) << 2);
  buf[1] = (char)scale;
  put_number(buf + 2, (uint64_t)v, n < 8 ? n : 8);
  if (n == 16) put_number(buf + 10, (uint64_t)((mill_u128)v >> 64), 8);
  return mill_text_add(&b->out, buf, n + 2, err);
}

mill_status mill_variant_put_time(mill_variant_builder *b, mill_variant_kind kind, int64_t v,
                                  mill_error *err) {
  if (kind == MILL_VARIANT_DATE) return put_fixed(b, 11, (uint64_t)v, 4, err);
  return put_fixed(b, kind == MILL_VARIANT_TIMESTAMP ? 12 : 13, (uint64_t)v, 8, err);
}

mill_status mill_variant_put_text(mill_variant_builder *b, mill_variant_kind kind, const char *p,
                                  size_t n, mill_error *err) {
  if (b->out.size + n > MILL_VARIANT_LIMIT) return too_large(err);
  if (kind == MILL_VARIANT_UUID)
    MILL_TRY(put_fixed(b, 20, 0, 0, err));
  else if (kind == MILL_VARIANT_BINARY || n > SHORT_MOST)
    MILL_TRY(put_fixed(b, kind == MILL_VARIANT_BINARY ? 15 : 16, n, 4, err));
  else
    MILL_TRY(mill_text_addc(&b->out, (char)(n << 2 | 1), err));
  return mill_text_add(&b->out, p, n, err);
}

/* ---- names ---------------------------------------------------------------------------------- */

static const char *name_of(const mill_variant_builder *b, uint32_t id, size_t *n) {
  uint32_t from = id ? b->name_end[id - 1] : 0;
  *n = b->name_end[id] - from;
  return b->names.data + from;
}

static uint32_t *slot_of(const mill_variant_builder *b, const char *p, size_t n) {
  size_t mask = b->nslots - 1, size = 0;
  for (size_t k = mill_hash_bytes(p, n) & mask;; k = (k + 1) & mask) {
    if (b->slot[k] == 0) return &b->slot[k];
    const char *name = name_of(b, b->slot[k] - 1, &size);
    if (size == n && (n == 0 || memcmp(name, p, n) == 0)) return &b->slot[k];
  }
}

static mill_status more_slots(mill_variant_builder *b, mill_error *err) {
  size_t n = b->nslots ? b->nslots * 2 : FIRST_SLOTS, size = 0;
  uint32_t *slot = mill_calloc(b->memory, n * sizeof *slot);
  if (slot == NULL) return mill_oom(b->memory, n * sizeof *slot, err);
  mill_free(b->memory, b->slot, b->nslots * sizeof *slot);
  b->slot = slot;
  b->nslots = n;
  for (uint32_t i = 0; i < b->nknown; i++) {
    const char *name = name_of(b, i, &size);
    *slot_of(b, name, size) = i + 1;
  }
  return MILL_OK;
}

/* Forget the known names from `first` on: the last first, so that no other name's way to its slot leads
** over one that is free now. */
static void drop_names(mill_variant_builder *b, uint32_t first) {
  size_t n = 0;
  if (b->nknown > first) b->nranked = b->nsorted = 0;
  while (b->nknown > first) {
    const char *name = name_of(b, b->nknown - 1, &n);
    *slot_of(b, name, n) = 0;
    b->nknown--;
  }
  b->names.size = b->nknown ? b->name_end[b->nknown - 1] : 0;
  if (b->nmade > b->nknown) b->nmade = 0;
}

static inline bool is_name(const mill_variant_builder *b, uint32_t id, const char *p, size_t n) {
  size_t size = 0;
  const char *name = name_of(b, id, &size);
  if (size != n) return false;
  for (size_t i = 0; i < n; i++) /* names are short */
    if (name[i] != p[i]) return false;
  return true;
}

/* The name is new, behind those of the dictionary. */
static mill_status add_name(mill_variant_builder *b, const char *p, size_t n, mill_error *err) {
  drop_names(b, b->nnames);
  if ((size_t)b->nknown * 2 >= b->nslots) MILL_TRY(more_slots(b, err));
  if (b->names.size + n > MILL_VARIANT_LIMIT) return too_large(err);
  MILL_TRY(mill_grow(b->memory, (void **)&b->name_end, &b->name_room, (size_t)b->nknown + 1,
                     sizeof *b->name_end, err));
  uint32_t *slot = slot_of(b, p, n);
  MILL_TRY(mill_text_add(&b->names, p, n, err));
  b->name_end[b->nknown++] = (uint32_t)b->names.size;
  b->nranked = b->nsorted = 0;
  *slot = b->nknown;
  b->nnames = b->nknown;
  return MILL_OK;
}

static mill_status intern(mill_variant_builder *b, const char *p, size_t n, uint32_t *id,
                          mill_error *err) {
  *id = b->nnames;
  if (b->nnames < b->nknown && is_name(b, b->nnames, p, n)) {
    b->nnames++;
    return MILL_OK;
  }
  uint32_t place = b->nnames ? *slot_of(b, p, n) : 0;
  if (place == 0 || place > b->nnames) return add_name(b, p, n, err);
  *id = place - 1;
  return MILL_OK;
}

/* All names of `v`, each under its number; false: there is a name twice, or none where one should be. */
static mill_status take_names(mill_variant_builder *b, const mill_variant *v, bool *good,
                              mill_error *err) {
  uint32_t count = mill_variant_names(v), id = 0;
  const char *name = NULL;
  size_t n = 0;
  *good = (size_t)count < v->metadata_size;
  for (uint32_t i = 0; i < count && *good; i++) {
    *good = mill_variant_name_at(v, i, &name, &n);
    if (!*good) break;
    MILL_TRY(intern(b, name, n, &id, err));
    *good = id == i;
  }
  return MILL_OK;
}

mill_status mill_variant_adopt(mill_variant_builder *b, const mill_variant *v, mill_error *err) {
  bool good = v->metadata_size > 0 && v->metadata_size / 4 <= v->size + 16;
  if (good && b->base.size == v->metadata_size &&
      memcmp(b->base.data, v->metadata, v->metadata_size) == 0) {
    empty(b, b->nbase);
    b->adopted = v->metadata;
    return MILL_OK;
  }
  mill_variant_reset(b);
  if (!good) return MILL_OK;
  MILL_TRY(take_names(b, v, &good, err));
  if (!good || b->nnames == 0) {
    mill_variant_reset(b);
    return MILL_OK;
  }
  MILL_TRY(mill_text_add(&b->base, v->metadata, v->metadata_size, err));
  b->nbase = b->nnames;
  b->adopted = v->metadata;
  return MILL_OK;
}

static mill_status make_metadata(mill_variant_builder *b, mill_error *err) {
  size_t size = b->nnames ? b->name_end[b->nnames - 1] : 0;
  uint64_t most = size > b->nnames ? size : b->nnames;
  size_t width = width_of(most), head = 1 + (b->nnames + 2) * width;
  b->nmade = 0;
  mill_text_reset(&b->made);
  MILL_TRY(mill_text_reserve(&b->made, head + size, err));
  char *p = b->made.data;
  *p++ = (char)(1 | (width - 1) << 6);
  put_number(p, b->nnames, width);
  put_number(p + width, 0, width);
  for (uint32_t i = 0; i < b->nnames; i++) put_number(p + (i + 2) * width, b->name_end[i], width);
  b->made.size = head;
  if (size) MILL_TRY(mill_text_add(&b->made, b->names.data, size, err));
  b->nmade = b->nnames;
  return MILL_OK;
}

mill_status mill_variant_made(mill_variant_builder *b, const mill_text **out, mill_error *err) {
  bool base = b->adopted && b->nnames == b->nbase;
  if (!base && (b->nmade == 0 || b->nmade != b->nnames)) MILL_TRY(make_metadata(b, err));
  *out = base ? &b->base : &b->made;
  return MILL_OK;
}

mill_status mill_variant_metadata(mill_variant_builder *b, mill_text *out, mill_error *err) {
  const mill_text *made;
  MILL_TRY(mill_variant_made(b, &made, err));
  return mill_text_add(out, made->data, made->size, err);
}

/* ---- containers ----------------------------------------------------------------------------- */

mill_status mill_variant_begin(mill_variant_builder *b, mill_variant_frame *f, mill_error *err) {
  *f = (mill_variant_frame){b->out.size, b->nparts};
  if (++b->depth > MILL_VARIANT_DEPTH) return mill_fail(err, MILL_E_MALFORMED_VARIANT, NULL);
  return MILL_OK;
}

/* Room for n parts more. */
static inline mill_status more_parts(mill_variant_builder *b, const mill_variant_frame *f, size_t n,
                                     mill_error *err) {
  if (b->out.size > MILL_VARIANT_LIMIT || b->nparts - f->parts > PARTS_MOST) return too_large(err);
  if (b->nparts + n <= b->part_room) return MILL_OK;
  return mill_grow(b->memory, (void **)&b->part, &b->part_room, b->nparts + n, sizeof *b->part,
                   err);
}

static inline mill_status add_part(mill_variant_builder *b, const mill_variant_frame *f,
                                   uint32_t id, mill_error *err) {
  MILL_TRY(more_parts(b, f, 1, err));
  b->part[b->nparts++] = (variant_part){id, b->out.size - f->start};
  return MILL_OK;
}

mill_status mill_variant_name(mill_variant_builder *b, const mill_variant_frame *f, const char *p,
                              size_t n, mill_error *err) {
  uint32_t id = 0;
  MILL_TRY(intern(b, p, n, &id, err));
  return add_part(b, f, id, err);
}

/* Names that were adopted have their numbers already. */
mill_status mill_variant_name_again(mill_variant_builder *b, const mill_variant_frame *f,
                                    const mill_variant *v, const mill_variant_item *object,
                                    uint32_t i, const char *p, size_t n, mill_error *err) {
  if (!mill_variant_adopted(b, v)) return mill_variant_name(b, f, p, n, err);
  return add_part(b, f, mill_variant_name_id(object, i), err);
}

mill_status mill_variant_item_begins(mill_variant_builder *b, const mill_variant_frame *f,
                                     mill_error *err) {
  return add_part(b, f, 0, err);
}

static int by_name(const void *x, const void *y, void *builder) {
  const variant_part *p = x, *q = y;
  size_t n = 0, m = 0;
  const char *a = name_of(builder, p->id, &n), *c = name_of(builder, q->id, &m);
  int order = mill_variant_order(a, n, c, m);
  return order ? order : (p->at > q->at) - (p->at < q->at);
}

/* Are the ranks of the names known? They are found once that costs no more than comparing names has cost. */
static bool rank_names(mill_variant_builder *b) {
  size_t n = 0, m = 0;
  if (b->nranked) return true;
  if (b->nknown > MILL_VARIANT_RANKED || b->nsorted++ < b->nknown) return false;
  for (uint32_t i = 0; i < b->nknown; i++) {
    const char *name = name_of(b, i, &n);
    b->rank[i] = 0;
    for (uint32_t k = 0; k < b->nknown; k++) {
      const char *other = name_of(b, k, &m);
      if (mill_variant_order(other, m, name, n) < 0) b->rank[i]++;
    }
  }
  b->nranked = b->nknown;
  return true;
}

static inline int order_of(mill_variant_builder *b, bool ranked, const variant_part *x,
                           const variant_part *y) {
  return ranked ? b->rank[x->id] - b->rank[y->id] : by_name(x, y, b);
}

/* How many of the members from `first` on come in ascending order, each with another name than that before. */
static size_t in_order(mill_variant_builder *b, bool ranked, size_t first) {
  size_t i = first + 1;
  if (ranked)
    while (i < b->nparts && b->rank[b->part[i - 1].id] < b->rank[b->part[i].id]) i++;
  else
    while (i < b->nparts && b->part[i - 1].id != b->part[i].id &&
           by_name(&b->part[i - 1], &b->part[i], b) < 0)
      i++;
  return i;
}

/* Members of a copied object come sorted, those of others nearly. */
static void sort_members(mill_variant_builder *b, bool ranked, size_t first, size_t i) {
  if (b->nparts - first > FEW) {
    qsort_r(b->part + first, b->nparts - first, sizeof *b->part, by_name, b);
    return;
  }
  for (; i < b->nparts; i++) {
    variant_part one = b->part[i];
    size_t k = i;
    for (; k > first && order_of(b, ranked, &b->part[k - 1], &one) > 0; k--)
      b->part[k] = b->part[k - 1];
    b->part[k] = one;
  }
}

/* Members with one name: the last one stays, or an error. */
static mill_status settle_doubles(mill_variant_builder *b, size_t first, mill_error *err) {
  size_t kept = first, size = 0;
  for (size_t i = first + 1; i < b->nparts; i++) {
    bool same = b->part[i].id == b->part[kept].id;
    if (same && !b->last_wins) {
      const char *name = name_of(b, b->part[i].id, &size);
      return mill_fail(err, MILL_E_VARIANT_DUPLICATE_KEY, "key",
                       mill_error_fmt(err, "%.*s", (int)(size < 500 ? size : 500), name), NULL);
    }
    b->part[kept += !same] = b->part[i];
  }
  if (b->nparts > first) b->nparts = kept + 1;
  return MILL_OK;
}

/* Push the head in front of the values: sizes, ids and offsets. */
static mill_status push_head(mill_variant_builder *b, const mill_variant_frame *f, bool object,
                             mill_error *err) {
  size_t count = b->nparts - f->parts, values = b->out.size - f->start;
  uint32_t most = 0;
  for (size_t i = f->parts; b->nnames > 256 && i < b->nparts; i++)
    if (b->part[i].id > most) most = b->part[i].id;
  size_t wide = count > 255 ? 4 : 1, ids = object ? width_of(most) : 0, width = width_of(values);
  size_t head = 1 + wide + count * ids + (count + 1) * width;
  if (b->out.size + head > MILL_VARIANT_LIMIT) return too_large(err);
  MILL_TRY(mill_text_reserve(&b->out, head, err));
  char *p = b->out.data + f->start;
  memmove(p + head, p, values);
  b->out.size += head;
  unsigned bits = (unsigned)(width - 1);
  if (object) bits |= (unsigned)(ids - 1) << 2;
  if (wide == 4) bits |= object ? 16u : 4u;
  *p++ = (char)(bits << 2 | (object ? 2 : 3));
  put_number(p, count, wide);
  p += wide;
  const variant_part *part = b->part + f->parts;
  if (width == 1 && ids <= 1) {
    for (size_t i = 0; i < count * ids; i++) *p++ = (char)part[i].id;
    for (size_t i = 0; i < count; i++) *p++ = (char)part[i].at;
  } else {
    for (size_t i = 0; object && i < count; i++, p += ids) put_number(p, part[i].id, ids);
    for (size_t i = 0; i < count; i++, p += width) put_number(p, part[i].at, width);
  }
  put_number(p, values, width);
  b->nparts = f->parts;
  b->depth--;
  return MILL_OK;
}

mill_status mill_variant_end_object(mill_variant_builder *b, const mill_variant_frame *f,
                                    mill_error *err) {
  bool ranked = rank_names(b);
  size_t sorted = in_order(b, ranked, f->parts);
  if (sorted < b->nparts) {
    sort_members(b, ranked, f->parts, sorted);
    MILL_TRY(settle_doubles(b, f->parts, err));
  }
  return push_head(b, f, true, err);
}

mill_status mill_variant_end_array(mill_variant_builder *b, const mill_variant_frame *f,
                                   mill_error *err) {
  return push_head(b, f, false, err);
}

/* ---- copies --------------------------------------------------------------------------------- */

static mill_status copy(mill_variant_builder *b, const mill_variant *v, mill_error *err);

static mill_status copy_bytes(mill_variant_builder *b, const mill_variant *v, mill_error *err) {
  if (b->out.size + v->size > MILL_VARIANT_LIMIT) return too_large(err);
  return mill_text_add(&b->out, v->value, v->size, err);
}

static mill_status copy_parts(mill_variant_builder *b, const mill_variant *v,
                              const mill_variant_item *x, mill_error *err) {
  mill_variant_frame f;
  mill_variant part;
  const char *name = "";
  size_t n = 0;
  bool object = x->kind == MILL_VARIANT_OBJECT;
  MILL_TRY(mill_variant_begin(b, &f, err));
  for (uint32_t i = 0; i < x->count; i++) {
    bool good = object ? mill_variant_member(v, x, i, &name, &n, &part)
                       : mill_variant_element(v, x, i, &part);
    if (!good) return mill_variant_fail(v, err);
    MILL_TRY(object ? mill_variant_name(b, &f, name, n, err)
                    : mill_variant_item_begins(b, &f, err));
    MILL_TRY(copy(b, &part, err));
  }
  return object ? mill_variant_end_object(b, &f, err) : mill_variant_end_array(b, &f, err);
}

static mill_status copy(mill_variant_builder *b, const mill_variant *v, mill_error *err) {
  mill_variant_item x;
  if (!mill_variant_read(v, &x)) return mill_variant_fail(v, err);
  if (x.kind == MILL_VARIANT_OBJECT || x.kind == MILL_VARIANT_ARRAY)
    return copy_parts(b, v, &x, err);
  mill_variant own = *v;
  return mill_variant_trim(&own) ? copy_bytes(b, &own, err) : mill_variant_fail(v, err);
}

mill_status mill_variant_put(mill_variant_builder *b, const mill_variant *v, mill_error *err) {
  mill_variant own = *v;
  mill_variant_checker c = {.left = 0};
  if (!mill_variant_adopted(b, v))
    return mill_variant_valid(v) ? copy(b, v, err) : mill_variant_fail(v, err);
  if (!mill_variant_check(&c, v) || !mill_variant_check_part(&c, &own, 0))
    return mill_variant_fail(v, err);
  return copy_bytes(b, &own, err);
}

mill_status mill_variant_put_part(mill_variant_builder *b, mill_variant_checker *c,
                                  const mill_variant *part, mill_error *err) {
  mill_variant own = *part;
  if (!mill_variant_adopted(b, part)) return mill_variant_put(b, part, err);
  c->left = part->size;
  if (!mill_variant_check_part(c, &own, 0)) return mill_variant_fail(part, err);
  return copy_bytes(b, &own, err);
}

mill_status mill_variant_put_members(mill_variant_builder *b, const mill_variant_frame *f,
                                     mill_variant_checker *c, const mill_variant_small *x,
                                     uint32_t from, uint32_t to, mill_error *err) {
  enum { BLOCK = 16 }; /* bytes that are copied at once where that many can be read */
  MILL_TRY(more_parts(b, f, to - from, err));
  for (uint32_t i = from; i < to; i++) {
    size_t at = x->offsets[i], room = x->room - at;
    const unsigned char *p = x->data + at;
    if (at >= x->room || !(x->ids[i] < c->good || mill_variant_check_name(c, x->ids[i])))
      return mill_variant_fail(&c->last, err);
    size_t n = mill_variant_small_bytes(p, room);
    if (n == 0) {
      mill_variant part = {(const char *)p, c->last.metadata, room, c->last.metadata_size};
      c->left = room;
      if (!mill_variant_check_part(c, &part, 0)) return mill_variant_fail(&part, err);
      n = part.size;
    }
    if (b->out.size + n > MILL_VARIANT_LIMIT) return too_large(err);
    MILL_TRY(mill_text_reserve(&b->out, n + BLOCK, err));
    b->part[b->nparts++] = (variant_part){x->ids[i], b->out.size - f->start};
    if (n <= BLOCK && room >= BLOCK)
      memcpy(b->out.data + b->out.size, p, BLOCK);
    else
      memcpy(b->out.data + b->out.size, p, n);
    b->out.size += n;
  }
  return MILL_OK;
}
