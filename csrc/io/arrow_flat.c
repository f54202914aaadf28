/* FlatBuffers, read with every place checked and built from the back; see arrow_flat_int.h. */
#include "io/arrow_flat_int.h"

#include <string.h>

/* ---- reading -------------------------------------------------------------------------------- */

static bool inside(io_flat *f, size_t at, size_t n) {
  if (at <= f->size && n <= f->size - at) return true;
  f->bad = true;
  return false;
}

static uint64_t get(io_flat *f, size_t at, size_t width) {
  uint64_t v = 0;
  if (!inside(f, at, width)) return 0;
  for (size_t i = 0; i < width; i++) v |= (uint64_t)f->data[at + i] << 8 * i;
  return v;
}

static int64_t get_signed(io_flat *f, size_t at, int width) {
  uint64_t v = get(f, at, (size_t)width);
  return width == 8 ? (int64_t)v : (int64_t)(v << (64 - 8 * width)) >> (64 - 8 * width);
}

/* Where the reference at `at` leads; 0: nowhere. */
static size_t follow(io_flat *f, size_t at) {
  uint64_t d = get(f, at, 4);
  if (d == 0 || d > f->size - at || at + d >= f->size) {
    f->bad = true;
    return 0;
  }
  return at + (size_t)d;
}

static io_flat_table table_at(io_flat *f, size_t at) {
  io_flat_table t = {f, 0, 0, 0, 0};
  if (at == 0 || !inside(f, at, 4)) return t;
  int64_t vtable = (int64_t)at - get_signed(f, at, 4);
  if (vtable < 0 || !inside(f, (size_t)vtable, 4)) {
    f->bad = true;
    return t;
  }
  uint64_t size = get(f, (size_t)vtable, 2);
  t.size = (uint32_t)get(f, (size_t)vtable + 2, 2);
  if (size < 4 || size % 2 || !inside(f, (size_t)vtable, size) || !inside(f, at, t.size)) {
    f->bad = true;
    return t;
  }
  t.at = at;
  t.slots = (size_t)vtable + 4;
  t.nslots = (uint32_t)(size - 4) / 2;
  return t;
}

io_flat_table mill_flat_root(io_flat *f) { return table_at(f, follow(f, 0)); }

/* The place of a field of `width` bytes; 0: absent. */
static size_t field_at(io_flat_table t, int field, size_t width) {
  if (t.at == 0 || (uint32_t)field >= t.nslots) return 0;
  uint64_t place = get(t.flat, t.slots + (size_t)field * 2, 2);
  if (place == 0) return 0;
  if (place < 4 || place + width > t.size) {
    t.flat->bad = true;
    return 0;
  }
  return t.at + (size_t)place;
}

int64_t mill_flat_int(io_flat_table t, int field, int width, int64_t otherwise) {
  size_t at = field_at(t, field, (size_t)width);
  return at ? get_signed(t.flat, at, width) : otherwise;
}

io_flat_table mill_flat_sub(io_flat_table t, int field) {
  size_t at = field_at(t, field, 4);
  return table_at(t.flat, at ? follow(t.flat, at) : 0);
}

io_flat_vector mill_flat_list(io_flat_table t, int field, size_t width) {
  io_flat_vector v = {t.flat, 0, 0};
  size_t at = field_at(t, field, 4);
  if (at == 0 || (at = follow(t.flat, at)) == 0) return v;
  uint64_t n = get(t.flat, at, 4);
  if (t.flat->bad || !inside(t.flat, at + 4, n * width)) return v;
  return (io_flat_vector){t.flat, at + 4, (uint32_t)n};
}

io_flat_table mill_flat_element(io_flat_vector v, uint32_t i) {
  return table_at(v.flat, i < v.n ? follow(v.flat, v.at + (size_t)i * 4) : 0);
}

int64_t mill_flat_number(io_flat_vector v, size_t at, int width) {
  return get_signed(v.flat, v.at + at, width);
}

const char *mill_flat_text(io_flat_table t, int field, mill_arena *a, bool *oom) {
  io_flat_vector v = mill_flat_list(t, field, 1);
  if (v.at == 0) return NULL;
  if (memchr(t.flat->data + v.at, 0, v.n)) {
    t.flat->bad = true;
    return NULL;
  }
  const char *s = mill_arena_strndup(a, (const char *)t.flat->data + v.at, v.n);
  if (s == NULL) *oom = true;
  return s;
}

/* ---- building ------------------------------------------------------------------------------- */

void mill_flat_init(io_flat_builder *b, mill_memory *m, mill_error *err) {
  *b = (io_flat_builder){.memory = m, .err = err};
}

void mill_flat_clear(io_flat_builder *b) {
  if (b->data) mill_free(b->memory, b->data, b->capacity);
  b->data = NULL;
}

static bool grow(io_flat_builder *b, size_t n) {
  if (b->status != MILL_OK) return false;
  if (b->capacity - b->used >= n) return true;
  size_t want = b->capacity ? b->capacity * 2 : 1024;
  while (want - b->used < n) want *= 2;
  unsigned char *data = want > UINT32_MAX / 2 ? NULL : mill_alloc(b->memory, want);
  if (data == NULL) {
    b->status = mill_oom(b->memory, want, b->err);
    return false;
  }
  if (b->used) memcpy(data + want - b->used, b->data + b->capacity - b->used, b->used);
  mill_flat_clear(b);
  b->data = data;
  b->capacity = want;
  return true;
}

static void push(io_flat_builder *b, const void *p, size_t n) {
  if (n == 0 || !grow(b, n)) return;
  b->used += n;
  if (p)
    memcpy(b->data + b->capacity - b->used, p, n);
  else
    memset(b->data + b->capacity - b->used, 0, n);
}

static void push_int(io_flat_builder *b, uint64_t v, size_t width) {
  unsigned char bytes[8];
  for (size_t i = 0; i < width; i++) bytes[i] = (unsigned char)(v >> 8 * i);
  push(b, bytes, width);
}

/* Zeros, so that after n more bytes the place is a multiple of `align` (counted from the end). */
static void pad(io_flat_builder *b, size_t n, size_t align) {
  push(b, NULL, (align - (b->used + n) % align) % align);
}

static void push_ref(io_flat_builder *b, uint32_t ref) { push_int(b, b->used + 4 - ref, 4); }

uint32_t mill_flat_put_text(io_flat_builder *b, const char *s) {
  size_t n = strlen(s);
  pad(b, n + 1, 4);
  push(b, s, n + 1);
  push_int(b, n, 4);
  return (uint32_t)b->used;
}

uint32_t mill_flat_put_refs(io_flat_builder *b, const uint32_t *ref, uint32_t n) {
  pad(b, 0, 4);
  for (uint32_t i = n; i > 0; i--) push_ref(b, ref[i - 1]);
  push_int(b, n, 4);
  return (uint32_t)b->used;
}

uint32_t mill_flat_put_bytes(io_flat_builder *b, const void *p, uint32_t n, size_t width,
                             size_t align) {
  pad(b, n * width, align);
  push(b, p, n * width);
  push_int(b, n, 4);
  return (uint32_t)b->used;
}

void mill_flat_begin(io_flat_builder *b) {
  memset(b->field, 0, sizeof b->field);
  b->begun = b->used;
}

void mill_flat_set_int(io_flat_builder *b, int field, int64_t v, int width) {
  pad(b, (size_t)width, (size_t)width);
  push_int(b, (uint64_t)v, (size_t)width);
  b->field[field] = (uint32_t)b->used;
}

void mill_flat_set_ref(io_flat_builder *b, int field, uint32_t ref) {
  if (ref == 0) return;
  pad(b, 4, 4);
  push_ref(b, ref);
  b->field[field] = (uint32_t)b->used;
}

uint32_t mill_flat_end(io_flat_builder *b) {
  int n = IO_FLAT_FIELDS;
  while (n > 0 && b->field[n - 1] == 0) n--;
  size_t vtable = 4 + (size_t)n * 2;
  pad(b, 4, 4);
  push_int(b, vtable, 4); /* the vtable will stand right before the table */
  uint32_t table = (uint32_t)b->used;
  for (int i = n; i > 0; i--) push_int(b, b->field[i - 1] ? table - b->field[i - 1] : 0, 2);
  push_int(b, table - b->begun, 2);
  push_int(b, vtable, 2);
  return table;
}

mill_status mill_flat_finish(io_flat_builder *b, uint32_t root, const unsigned char **data,
                             size_t *size) {
  pad(b, 4, 8);
  push_ref(b, root);
  *data = b->data ? b->data + b->capacity - b->used : NULL;
  *size = b->used;
  return b->status;
}
