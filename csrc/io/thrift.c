/* The compact protocol; see thrift.h. Follows Apache Thrift's thrift-compact-protocol.md:
**
**   field    | delta << 4 | type |  or  | type | zigzag id |, then the value; the byte 0 ends a struct
**   list     | count << 4 | type |  or  | 0xf0 | type | varint count |, then the elements
**   bool     in a field: the type itself (1 true, 2 false); in a list: a byte
**   i16-i64  zigzag varints; binary: varint length and bytes; double: 8 bytes; uuid: 16 */
#include "io/thrift.h"

#include <string.h>

enum wire {
  W_STOP,
  W_TRUE,
  W_FALSE,
  W_BYTE,
  W_I16,
  W_I32,
  W_I64,
  W_DOUBLE,
  W_BINARY,
  W_LIST,
  W_SET,
  W_MAP,
  W_STRUCT,
  W_UUID
};

static const uint8_t wire_of[] = {W_TRUE, W_BYTE,   W_I16,    W_I32,
                                  W_I64,  W_BINARY, W_STRUCT, W_STRUCT};
static const uint8_t size_of[] = {sizeof(bool),    sizeof(int8_t),  sizeof(int16_t),
                                  sizeof(int32_t), sizeof(int64_t), sizeof(thrift_bytes)};

typedef struct any_list {
  void *at;
  uint32_t n;
} any_list;

static size_t element_size(const thrift_field *f) {
  return f->kind == THRIFT_STRUCT ? f->of->size : size_of[f->kind];
}

/* ---- reading -------------------------------------------------------------------------------- */

/* `broken` is set once and for ever; what is read after that is 0. */
typedef struct input {
  const uint8_t *at, *end;
  mill_arena *arena;
  const char *broken;
  bool memory; /* broken for want of memory */
} input;

static uint64_t fail(input *in, const char *why) {
  if (!in->broken) in->broken = why;
  in->at = in->end;
  return 0;
}

static uint8_t get_byte(input *in) {
  return in->at < in->end ? *in->at++ : (uint8_t)fail(in, "it ends too early");
}

static uint64_t get_varint(input *in) {
  uint64_t v = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    uint8_t b = get_byte(in);
    v |= (uint64_t)(b & 0x7f) << shift;
    if (b < 0x80) return v;
  }
  return fail(in, "a number is too long");
}

static int64_t get_zigzag(input *in) {
  uint64_t v = get_varint(in);
  return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

static const uint8_t *get_bytes(input *in, uint64_t n) {
  const uint8_t *p = in->at;
  if (n > (uint64_t)(in->end - in->at)) {
    fail(in, "a length is beyond its end");
    return NULL;
  }
  in->at += n;
  return p;
}

/* The head of a list; every element takes a byte at least. */
static uint32_t get_list(input *in, uint8_t *type) {
  uint8_t head = get_byte(in);
  *type = head & 0xf;
  uint64_t n = head >> 4 == 15 ? get_varint(in) : head >> 4;
  return n > (uint64_t)(in->end - in->at) ? (uint32_t)fail(in, "a count is beyond its end")
                                          : (uint32_t)n;
}

/* The next field's type; *id goes from the last field's number to this one's. */
static uint8_t get_field(input *in, int64_t *id) {
  uint8_t head = get_byte(in);
  if (in->broken || (head & 0xf) == W_STOP) return W_STOP;
  *id = head >> 4 ? *id + (head >> 4) : get_zigzag(in);
  return head & 0xf;
}

static void skip(input *in, uint8_t type, int depth);

static void skip_map(input *in, int depth) {
  uint64_t n = get_varint(in);
  uint8_t types = n ? get_byte(in) : 0;
  if (n > (uint64_t)(in->end - in->at)) fail(in, "a count is beyond its end");
  for (uint64_t i = 0; i < n && !in->broken; i++) {
    skip(in, (types >> 4) == W_FALSE ? W_BYTE : types >> 4, depth);
    skip(in, (types & 0xf) == W_FALSE ? W_BYTE : types & 0xf, depth);
  }
}

static void skip_list(input *in, int depth) {
  uint8_t type;
  uint32_t n = get_list(in, &type);
  if (type == W_TRUE || type == W_FALSE) type = W_BYTE;
  for (uint32_t i = 0; i < n && !in->broken; i++) skip(in, type, depth);
}

static void skip_struct(input *in, int depth) {
  int64_t id = 0;
  for (uint8_t t; (t = get_field(in, &id)) != W_STOP;) skip(in, t, depth);
}

static void skip(input *in, uint8_t type, int depth) {
  if (depth >= THRIFT_DEPTH) {
    fail(in, "it nests too deep");
    return;
  }
  switch (type) {
  case W_TRUE:
  case W_FALSE: break;
  case W_BYTE: get_byte(in); break;
  case W_I16:
  case W_I32:
  case W_I64: get_varint(in); break;
  case W_DOUBLE: get_bytes(in, 8); break;
  case W_UUID: get_bytes(in, 16); break;
  case W_BINARY: get_bytes(in, get_varint(in)); break;
  case W_LIST:
  case W_SET: skip_list(in, depth + 1); break;
  case W_MAP: skip_map(in, depth + 1); break;
  case W_STRUCT: skip_struct(in, depth + 1); break;
  default: fail(in, "a field has no known type");
  }
}

static void read_struct(input *in, const thrift_struct *of, char *out, int depth);

static int64_t get_integer(input *in, int64_t low, int64_t high) {
  int64_t v = get_zigzag(in);
  return v < low || v > high ? (int64_t)fail(in, "a number is out of range") : v;
}

static void read_value(input *in, const thrift_field *f, char *to, int depth) {
  uint64_t n;
  switch ((thrift_kind)f->kind) {
  case THRIFT_BOOL: *(bool *)to = get_byte(in) == W_TRUE; break;
  case THRIFT_I8: *(int8_t *)to = (int8_t)get_byte(in); break;
  case THRIFT_I16: *(int16_t *)to = (int16_t)get_integer(in, INT16_MIN, INT16_MAX); break;
  case THRIFT_I32: *(int32_t *)to = (int32_t)get_integer(in, INT32_MIN, INT32_MAX); break;
  case THRIFT_I64: *(int64_t *)to = get_zigzag(in); break;
  case THRIFT_BYTES:
    n = get_varint(in);
    const char *p = (const char *)get_bytes(in, n);
    *(thrift_bytes *)to = p ? (thrift_bytes){p, (uint32_t)n} : (thrift_bytes){0};
    break;
  case THRIFT_STRUCT: read_struct(in, f->of, to, depth + 1); break;
  case THRIFT_MARK: skip(in, W_STRUCT, depth); break;
  }
}

static void read_list(input *in, const thrift_field *f, char *to, int depth) {
  uint8_t type;
  uint32_t n = get_list(in, &type);
  size_t size = element_size(f);
  bool same = type == wire_of[f->kind] || (f->kind == THRIFT_BOOL && type == W_FALSE);
  if (n && !same) fail(in, "a list has elements of another type");
  char *at = n && !in->broken ? mill_arena_alloc(in->arena, n * size) : NULL;
  if (n && !in->broken && !at) {
    in->memory = true;
    fail(in, "memory");
  }
  for (uint32_t i = 0; i < n && !in->broken; i++) read_value(in, f, at + i * size, depth + 1);
  if (!in->broken) memcpy(to, &(any_list){at, n}, sizeof(any_list));
}

static const thrift_field *find(const thrift_struct *of, int64_t id) {
  for (uint16_t i = 0; i < of->n; i++)
    if (of->field[i].id == id) return &of->field[i];
  return NULL;
}

static bool fits(const thrift_field *f, uint8_t type) {
  if (f->list) return type == W_LIST || type == W_SET;
  return type == wire_of[f->kind] || (f->kind == THRIFT_BOOL && type == W_FALSE);
}

static void read_struct(input *in, const thrift_struct *of, char *out, int depth) {
  int64_t id = 0;
  uint64_t has = 0;
  if (depth >= THRIFT_DEPTH) fail(in, "it nests too deep");
  for (uint8_t type; (type = get_field(in, &id)) != W_STOP;) {
    const thrift_field *f = find(of, id);
    if (!f || !fits(f, type) || has & THRIFT_HAS(f->id)) {
      skip(in, type, depth);
      continue;
    }
    has |= THRIFT_HAS(f->id);
    if (f->list)
      read_list(in, f, out + f->offset, depth);
    else if (f->kind == THRIFT_BOOL)
      *(bool *)(out + f->offset) = type == W_TRUE;
    else
      read_value(in, f, out + f->offset, depth);
  }
  if ((has & of->required) != of->required) fail(in, "a required field is missing");
  memcpy(out, &has, sizeof has);
}

mill_status mill_thrift_read(const thrift_struct *of, const void *p, size_t n, const char *path,
                             mill_arena *a, void *out, size_t *used, mill_error *err) {
  input in = {.at = p, .end = (const uint8_t *)p + n, .arena = a};
  memset(out, 0, of->size);
  read_struct(&in, of, out, 0);
  if (in.memory) return mill_oom(a->memory, n, err);
  if (in.broken)
    return mill_fail(err, MILL_E_CORRUPT_FILE, "path", path, "reason",
                     mill_error_fmt(err, "its %s cannot be read: %s", of->name, in.broken), NULL);
  *used = (size_t)(in.at - (const uint8_t *)p);
  return MILL_OK;
}

/* ---- writing -------------------------------------------------------------------------------- */

static mill_status put_varint(mill_text *out, uint64_t v, mill_error *err) {
  char buf[10];
  size_t n = 0;
  for (; v >= 0x80; v >>= 7) buf[n++] = (char)(v | 0x80);
  buf[n++] = (char)v;
  return mill_text_add(out, buf, n, err);
}

static mill_status put_zigzag(mill_text *out, int64_t v, mill_error *err) {
  return put_varint(out, (uint64_t)v << 1 ^ (uint64_t)(v >> 63), err);
}

static mill_status write_value(const thrift_field *f, const char *from, mill_text *out,
                               mill_error *err) {
  const thrift_bytes *b = (const thrift_bytes *)from;
  switch ((thrift_kind)f->kind) {
  case THRIFT_BOOL: return mill_text_addc(out, *(const bool *)from ? W_TRUE : W_FALSE, err);
  case THRIFT_I8: return mill_text_addc(out, (char)*(const int8_t *)from, err);
  case THRIFT_I16: return put_zigzag(out, *(const int16_t *)from, err);
  case THRIFT_I32: return put_zigzag(out, *(const int32_t *)from, err);
  case THRIFT_I64: return put_zigzag(out, *(const int64_t *)from, err);
  case THRIFT_BYTES:
    MILL_TRY(put_varint(out, b->n, err));
    return mill_text_add(out, b->p, b->n, err);
  case THRIFT_MARK: return mill_text_addc(out, W_STOP, err);
  case THRIFT_STRUCT: break;
  }
  return mill_thrift_write(f->of, from, out, err);
}

static mill_status write_list(const thrift_field *f, const char *from, mill_text *out,
                              mill_error *err) {
  any_list l;
  memcpy(&l, from, sizeof l);
  uint8_t type = wire_of[f->kind];
  if (l.n < 15) {
    MILL_TRY(mill_text_addc(out, (char)(l.n << 4 | type), err));
  } else {
    MILL_TRY(mill_text_addc(out, (char)(0xf0 | type), err));
    MILL_TRY(put_varint(out, l.n, err));
  }
  for (uint32_t i = 0; i < l.n; i++)
    MILL_TRY(write_value(f, (const char *)l.at + i * element_size(f), out, err));
  return MILL_OK;
}

mill_status mill_thrift_write(const thrift_struct *of, const void *in, mill_text *out,
                              mill_error *err) {
  uint64_t has;
  int last = 0;
  memcpy(&has, in, sizeof has);
  for (uint16_t i = 0; i < of->n; i++) {
    const thrift_field *f = &of->field[i];
    const char *from = (const char *)in + f->offset;
    if (!(has & THRIFT_HAS(f->id))) continue;
    uint8_t type = f->list ? W_LIST : wire_of[f->kind];
    if (f->kind == THRIFT_BOOL && !f->list) type = *(const bool *)from ? W_TRUE : W_FALSE;
    if (f->id - last < 16) {
      MILL_TRY(mill_text_addc(out, (char)((f->id - last) << 4 | type), err));
    } else {
      MILL_TRY(mill_text_addc(out, (char)type, err));
      MILL_TRY(put_zigzag(out, f->id, err));
    }
    last = f->id;
    if (f->list)
      MILL_TRY(write_list(f, from, out, err));
    else if (f->kind != THRIFT_BOOL)
      MILL_TRY(write_value(f, from, out, err));
  }
  return mill_text_addc(out, W_STOP, err);
}
