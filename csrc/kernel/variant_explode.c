/* variant_explode, variant_explode_outer: a row a member of an object or element of an array.
**
** A value and its name are views of the argument's bytes, as elements that explode gives are, and so is the
** dictionary where it is small. A large one is made anew with the names of that value: copies of it, one a part,
** could become far more than the container was. */
#include "kernel/variant_int.h"

enum { CHUNK = 256, SHARED_MOST = 512, KNOWN_MOST = 64, ROOM_MOST = 65536 };

/* Output rows that wait to be appended together. */
typedef struct parts {
  mill_call *call;
  mill_vector *out;
  mill_variant_builder b;
  mill_text names;
  size_t n;
  size_t rows;     /* of the batch that are left */
  uint32_t room;   /* of all columns, where it was made by make_room */
  mill_str shared; /* the dictionary of the row at hand */
  mill_variant_checker c;
  uint32_t known; /* of the dictionary's names the first */
  mill_str name[KNOWN_MOST];
  bool keyed; /* they have names */
  bool outer; /* a row of nulls where there is no part */
  int32_t place[CHUNK];
  mill_str key[CHUNK], value[CHUNK], dictionary[CHUNK];
} parts;

static mill_status flush(parts *p, mill_error *err) {
  mill_vector *out = p->out;
  mill_vector halves[2] = {
      {.type = out[2].child[0].type, .data = p->value, .mask = UINT32_MAX},
      {.type = out[2].child[1].type, .data = p->dictionary, .mask = UINT32_MAX}};
  mill_vector from[3] = {{.type = out[0].type, .data = p->place, .mask = UINT32_MAX},
                         {.type = out[1].type, .data = p->key, .mask = UINT32_MAX},
                         {.type = out[2].type, .child = halves, .mask = UINT32_MAX}};
  if (!p->keyed) mill_vector_null(&from[1], out[1].type);
  for (int c = 0; c < 3; c++)
    MILL_TRY(mill_vector_append(&out[c], &from[c], NULL, p->n, false, p->call->arena, err));
  p->n = 0;
  return MILL_OK;
}

static mill_status put_nulls(parts *p, mill_error *err) {
  mill_vector null;
  MILL_TRY(flush(p, err));
  for (int c = 0; c < 3; c++) {
    mill_vector_null(&null, p->out[c].type);
    MILL_TRY(mill_vector_append(&p->out[c], &null, NULL, 1, false, p->call->arena, err));
  }
  return MILL_OK;
}

/* Elements have no keys. */
static mill_status put_no_keys(parts *p, uint32_t n, mill_error *err) {
  mill_vector null;
  mill_vector_null(&null, p->out[1].type);
  return mill_vector_append(&p->out[1], &null, NULL, n, false, p->call->arena, err);
}

static mill_status keep(parts *p, const char **at, size_t n, mill_error *err) {
  char *copy = mill_arena_take(p->call->arena, n + 1);
  if (copy == NULL) return mill_oom(p->call->arena->memory, n + 1, err);
  memcpy(copy, *at, n);
  *at = copy;
  return MILL_OK;
}

/* The part with a dictionary of its own names. */
static mill_status rebuild(parts *p, mill_variant *part, mill_error *err) {
  mill_variant_reset(&p->b);
  mill_text_reset(&p->names);
  MILL_TRY(mill_variant_put(&p->b, part, err));
  MILL_TRY(mill_variant_metadata(&p->b, &p->names, err));
  *part = (mill_variant){p->b.out.data, p->names.data, p->b.out.size, p->names.size};
  MILL_TRY(keep(p, &part->value, part->size, err));
  return keep(p, &part->metadata, part->metadata_size, err);
}

static inline mill_status put_part(parts *p, const mill_variant *v, const mill_variant_item *x,
                                   uint32_t i, mill_error *err) {
  mill_variant part;
  const char *name = "";
  size_t n = 0;
  bool object = x->kind == MILL_VARIANT_OBJECT;
  if (!(object ? mill_variant_member(v, x, i, &name, &n, &part)
               : mill_variant_element(v, x, i, &part)) ||
      !mill_variant_check_part(&p->c, &part, 1))
    return mill_variant_fail(v, err);
  if (p->n == CHUNK || p->keyed != object) MILL_TRY(flush(p, err));
  p->dictionary[p->n] = p->shared;
  if (v->metadata_size > SHARED_MOST) {
    MILL_TRY(rebuild(p, &part, err));
    p->dictionary[p->n] = mill_str_view(part.metadata, part.metadata_size);
  }
  p->keyed = object;
  p->place[p->n] = (int32_t)i;
  p->key[p->n] = mill_str_view(name, n);
  p->value[p->n++] = mill_str_view(part.value, part.size);
  return MILL_OK;
}

/* Begin with a row; the names of its dictionary are made texts once. */
static bool begin_row(parts *p, const mill_variant *v) {
  const char *name;
  size_t n;
  if (!mill_variant_check(&p->c, v)) return false;
  if (p->c.again) return true;
  p->shared = mill_str_view(v->metadata, v->metadata_size);
  p->known = 0;
  while (p->known < KNOWN_MOST && mill_variant_name_at(v, p->known, &name, &n))
    p->name[p->known++] = mill_str_view(name, n);
  return true;
}

/* *to becomes the view of bytes that `before` readable ones precede: made as two words, which are stored as they are. */
static inline void view_part(mill_str *to, const char *p, size_t n, size_t before) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  mill_u128 last;
  if (n > MILL_STR_INLINE) {
    uint32_t prefix;
    memcpy(&prefix, p, sizeof prefix);
    last = (mill_u128)(uintptr_t)p << 64 | (mill_u128)prefix << 32 | (uint32_t)n;
  } else if (n > 0 && before + n >= sizeof last) {
    memcpy(&last, p + n - sizeof last, sizeof last);
    last = last >> 8 * (sizeof last - n) << 32 | (uint32_t)n;
  } else {
    *to = mill_str_view(p, n);
    return;
  }
  memcpy(to, &last, sizeof *to);
#else
  (void)before;
  *to = mill_str_view(p, n);
#endif
}

/* Room for so many rows more; if it must be made, for what all rows need if they are like this one. */
static mill_status make_room(parts *p, uint32_t count, mill_error *err) {
  uint64_t all = (uint64_t)count * p->rows;
  if (p->n) MILL_TRY(flush(p, err));
  if (p->out[0].size + (uint64_t)count <= p->room) return MILL_OK;
  p->room = UINT32_MAX;
  for (int c = 0; c < 3; c++) {
    mill_vector *to = &p->out[c];
    uint64_t need = (uint64_t)to->size + count;
    if (need > UINT32_MAX) return mill_oom(p->call->arena->memory, SIZE_MAX, err);
    if (all <= ROOM_MOST && to->size + all <= UINT32_MAX) need = to->size + all;
    if (need > to->capacity) MILL_TRY(mill_vector_reserve(to, (uint32_t)need, p->call->arena, err));
    if (to->capacity < p->room) p->room = to->capacity;
  }
  return MILL_OK;
}

/* The values of a small container's parts, each cut to its own bytes. */
static bool put_values(mill_variant_checker *c, const mill_variant *v, const mill_variant_small *x,
                       mill_str *to) {
  for (uint32_t k = 0; k < x->count; k++) {
    size_t from = x->offsets[k], room = x->room - from;
    if (from >= x->room) return false;
    const unsigned char *p = x->data + from;
    size_t n = mill_variant_small_bytes(p, room);
    if (n == 0 || c->left == 0) {
      mill_variant part = {(const char *)p, v->metadata, room, v->metadata_size};
      if (!mill_variant_check_part(c, &part, 1)) return false;
      n = part.size;
    } else {
      c->left--;
    }
    view_part(&to[k], (const char *)p, n, (size_t)(p - (const unsigned char *)v->value));
  }
  return true;
}

static bool put_keys(const parts *p, const mill_variant_small *x, mill_str *to) {
  for (uint32_t k = 0; k < x->count; k++) {
    if (x->ids[k] >= p->known) return false;
    to[k] = p->name[x->ids[k]];
  }
  return true;
}

/* Members or elements of a small container, of a small dictionary, in their places at once. */
static mill_status put_small(parts *p, const mill_variant *v, const mill_variant_small *x,
                             bool object, mill_error *err) {
  MILL_TRY(make_room(p, x->count, err));
  mill_vector *out = p->out, *value = &out[2].child[0], *dictionary = &out[2].child[1];
  uint32_t at = out[0].size;
  if (!put_values(&p->c, v, x, (mill_str *)value->data + at) ||
      (object && !put_keys(p, x, (mill_str *)out[1].data + at)))
    return mill_variant_fail(v, err);
  for (uint32_t k = 0; k < x->count; k++) ((int32_t *)out[0].data)[at + k] = (int32_t)k;
  for (uint32_t k = 0; k < x->count; k++) ((mill_str *)dictionary->data)[at + k] = p->shared;
  if (!object) MILL_TRY(put_no_keys(p, x->count, err));
  out[0].size = out[1].size = out[2].size = value->size = dictionary->size = at + x->count;
  return MILL_OK;
}

static mill_status explode_row(parts *p, const mill_vector *arg, size_t i, uint32_t *count,
                               mill_error *err) {
  mill_variant_item x;
  mill_variant_small few;
  mill_variant v = {.metadata = ""};
  x.count = 0;
  if (arg->type->phys != MILL_PHYS_NONE && mill_vector_valid(arg, i)) {
    v = mill_variant_at(arg, i);
    if (!begin_row(p, &v)) return mill_variant_fail(&v, err);
    bool object = mill_variant_small_read(&v, true, &few);
    bool small = v.metadata_size <= SHARED_MOST && p->known < KNOWN_MOST &&
                 (object || mill_variant_small_read(&v, false, &few)) && few.count > 0;
    if (small) *count = few.count;
    if (small) return put_small(p, &v, &few, object, err);
    if (!mill_variant_read(&v, &x) || x.kind == MILL_VARIANT_UNKNOWN)
      return mill_variant_fail(&v, err);
  }
  *count = x.count ? x.count : p->outer;
  if (*count && x.count == 0) return put_nulls(p, err);
  for (uint32_t k = 0; k < x.count; k++) MILL_TRY(put_part(p, &v, &x, k, err));
  return MILL_OK;
}

static mill_status explode_rows(mill_call *call, const mill_vector *const *args, size_t n,
                                uint32_t *counts, mill_vector *out, mill_error *err) {
  parts p;
  mill_status s = MILL_OK;
  p.call = call;
  p.out = out;
  p.n = 0;
  p.keyed = false;
  p.room = 0;
  p.c = (mill_variant_checker){.left = 0};
  p.outer = strstr(call->fn->name, "_outer") != NULL;
  mill_variant_open(&p.b, call->ctx->memory);
  mill_text_init(&p.names, call->ctx->memory);
  for (size_t i = 0; i < n && s == MILL_OK; i++) {
    p.rows = n - i;
    s = explode_row(&p, args[0], i, &counts[i], err);
  }
  if (s == MILL_OK) s = flush(&p, err);
  mill_variant_close(&p.b);
  mill_text_clear(&p.names);
  return s;
}

static mill_status bind_explode(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "!variant -> null", err));
  bool outer = strstr(b->fn->name, "_outer") != NULL;
  mill_field f[] = {{"pos", mill_type_of(MILL_INT), outer, NULL},
                    {"key", mill_type_of(MILL_STRING), true, NULL},
                    {"value", mill_type_of(MILL_VARIANT), outer, NULL}};
  b->result = mill_type_struct(b->ctx->types, f, 3);
  return b->result ? MILL_OK : mill_oom(b->ctx->memory, sizeof f, err);
}

#define EXPLODE(NAME, DOC, EXAMPLE)                                                                \
  {                                                                                                \
    .name = NAME, .types = "!variant", .kind = MILL_GENERATOR,                                     \
    .flags = MILL_FN_NULLS | MILL_FN_NAMED, .bind = bind_explode, .generate = explode_rows,        \
    .usage = NAME "(input)", .doc = DOC, .example = EXAMPLE                                        \
  }

const mill_function mill_family_variant_explode[] = {
    EXPLODE("variant_explode", "A row each member or element of a variant: pos, key, value.",
            "SELECT * FROM variant_explode(parse_json('[\"a\"]')) -> 0, NULL, a"),
    EXPLODE("variant_explode_outer", "As variant_explode, a row of nulls where there is none.",
            "SELECT * FROM variant_explode_outer(parse_json('[]')) -> NULL, NULL, NULL"),
    {0}};
