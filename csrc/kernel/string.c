/* Functions of texts that need no pattern: parts, positions, case, padding, joining.
**
** Positions count characters from 1; on BINARY they count bytes. A part of an input is a view of
** it. Texts of ASCII bytes take the short path everywhere. */
#include "base/collation.h"
#include "base/find.h"
#include "base/utf8.h"
#include "kernel/bytes_int.h"
#include "kernel/find_rows.h"

static size_t find(bytes in, bytes what, size_t from) {
  if (what.n == 0) return from;
  if (from >= in.n) return SIZE_MAX;
  const char *p = mill_find(in.p + from, in.n - from, what.p, what.n);
  return p ? (size_t)(p - in.p) : SIZE_MAX;
}

/* ---- lengths -------------------------------------------------------------------------------- */

enum { AHEAD = 12 }; /* rows whose bytes are asked for before they are counted */

KERNEL_HEAD(k_length) {
  bool binary = args[0]->type->id == MILL_BINARY;
  int32_t *r = out->data;
  (void)call, (void)err;
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(args[0], i);
    if (!binary && i + AHEAD < n) __builtin_prefetch(MILL_AT(mill_str, args[0], i + AHEAD).u.ptr);
    r[i] = (int32_t)(binary ? s.n : mill_utf8_count(s.p, s.n));
  }
  return MILL_OK;
}

KERNEL_HEAD(k_octet_length) {
  int32_t *r = out->data;
  (void)call, (void)err;
  MILL_EACH(out, n, i) r[i] = (int32_t)bytes_at(args[0], i).n;
  return MILL_OK;
}

KERNEL_HEAD(k_bit_length) {
  int32_t *r = out->data;
  (void)call, (void)err;
  MILL_EACH(out, n, i) r[i] = (int32_t)(bytes_at(args[0], i).n * 8);
  return MILL_OK;
}

/* ---- case ----------------------------------------------------------------------------------- */

static mill_status fold_case(mill_call *call, bytes s, mill_case how, mill_vector *out, size_t i,
                             mill_error *err) {
  mill_text text;
  mill_text_init(&text, call->ctx->memory);
  int id = out->type->collation;
  mill_status status = mill_collation_cases(id, how, s.p, s.n)
                           ? mill_collation_case(id, how, s.p, s.n, &text, err)
                           : mill_utf8_case(how, s.p, s.n, &text, err);
  if (status == MILL_OK)
    status = put_copy(call, out, i, text.data ? text.data : "", text.size, err);
  mill_text_clear(&text);
  return status;
}

static mill_status case_rows(mill_call *call, const mill_vector *v, size_t n, mill_vector *out,
                             mill_case how, mill_error *err) {
  mill_str *r = out->data;
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(v, i);
    char *p = NULL;
    if (how != MILL_INITCAP) MILL_TRY(mill_bytes_take(call, s.n, &p, err));
    if (p && mill_utf8_ascii_case(how, s.p, s.n, p))
      r[i] = mill_str_done(call, p, s.n);
    else
      MILL_TRY(fold_case(call, s, how, out, i, err));
  }
  return MILL_OK;
}

KERNEL_HEAD(k_upper) { return case_rows(call, args[0], n, out, MILL_UPPER, err); }
KERNEL_HEAD(k_lower) { return case_rows(call, args[0], n, out, MILL_LOWER, err); }
KERNEL_HEAD(k_initcap) { return case_rows(call, args[0], n, out, MILL_INITCAP, err); }

/* ---- parts ---------------------------------------------------------------------------------- */

/* Characters [from, to) of the text, both cut to what it has. */
static void put_part(mill_vector *out, size_t i, bytes s, int64_t from, int64_t to, bool binary) {
  if (from < 0) from = 0;
  if (to <= from || from >= (int64_t)s.n) {
    put_view(out, i, "", 0);
    return;
  }
  size_t a = (size_t)from, b = to > (int64_t)s.n ? s.n : (size_t)to;
  if (!binary && !mill_utf8_ascii(s.p, b)) { /* what is behind the part does not count */
    a = mill_utf8_offset(s.p, s.n, (size_t)from);
    b = a + mill_utf8_offset(s.p + a, s.n - a, (size_t)(to - from));
  }
  put_view(out, i, s.p + a, b - a);
}

static void put_substring(mill_vector *out, size_t i, bytes s, int64_t pos, int64_t length,
                          bool binary) {
  int64_t count = pos < 0 ? (int64_t)(binary ? s.n : mill_utf8_count(s.p, s.n)) : 0;
  int64_t from = pos > 0 ? pos - 1 : pos < 0 ? count + pos : 0;
  put_part(out, i, s, from, from + length, binary);
}

KERNEL_HEAD(k_substring) {
  bool binary = args[0]->type->id == MILL_BINARY;
  (void)err;
  MILL_EACH(out, n, i) {
    int64_t length = call->nargs > 2 ? MILL_AT(int32_t, args[2], i) : (int64_t)1 << 40;
    put_substring(out, i, bytes_at(args[0], i), MILL_AT(int32_t, args[1], i), length, binary);
  }
  return MILL_OK;
}

KERNEL_HEAD(k_left) {
  bool binary = args[0]->type->id == MILL_BINARY;
  (void)call, (void)err;
  MILL_EACH(out, n, i)
  put_part(out, i, bytes_at(args[0], i), 0, MILL_AT(int32_t, args[1], i), binary);
  return MILL_OK;
}

KERNEL_HEAD(k_right) {
  (void)call, (void)err;
  MILL_EACH(out, n, i) {
    int64_t k = MILL_AT(int32_t, args[1], i);
    bytes s = bytes_at(args[0], i);
    if (k <= 0)
      put_view(out, i, "", 0);
    else
      put_substring(out, i, s, -k, (int64_t)1 << 40, false);
  }
  return MILL_OK;
}

/* The part before delimiter number `count` from the left, or behind it from the right. */
KERNEL_HEAD(k_substring_index) {
  (void)call, (void)err;
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(args[0], i), d = bytes_at(args[1], i);
    int64_t count = MILL_AT(int32_t, args[2], i);
    size_t at = 0, from = 0, to = s.n;
    if (d.n == 0 || count == 0) {
      put_view(out, i, "", 0);
      continue;
    }
    for (size_t next = 0; count > 0 && (at = find(s, d, next)) != SIZE_MAX; next = at + 1)
      if (--count == 0) to = at;
    for (size_t end = s.n; count < 0 && end >= d.n; end--) {
      if (memcmp(s.p + end - d.n, d.p, d.n) != 0) continue;
      if (++count == 0) from = end;
    }
    put_view(out, i, s.p + from, to - from);
  }
  return MILL_OK;
}

/* ---- trimming ------------------------------------------------------------------------------- */

enum { TRIM_LEFT = 1, TRIM_RIGHT = 2 };

static bool has_char(bytes set, const char *p, size_t n) {
  for (size_t at = 0; at < set.n;) {
    int length;
    mill_utf8_decode(set.p + at, set.n - at, &length);
    if ((size_t)length == n && memcmp(set.p + at, p, n) == 0) return true;
    at += (size_t)length;
  }
  return false;
}

static bytes trim(bytes s, bytes set, int sides) {
  int length;
  if (set.n == 1 && (uint8_t)*set.p < 0x80) {
    while ((sides & TRIM_LEFT) && s.n && *s.p == *set.p) s.p++, s.n--;
    while ((sides & TRIM_RIGHT) && s.n && s.p[s.n - 1] == *set.p) s.n--;
    return s;
  }
  while ((sides & TRIM_LEFT) && s.n) {
    mill_utf8_decode(s.p, s.n, &length);
    if (!has_char(set, s.p, (size_t)length)) break;
    s.p += length;
    s.n -= (size_t)length;
  }
  while ((sides & TRIM_RIGHT) && s.n) {
    size_t k = 1;
    while (k < s.n && k < 4 && ((unsigned char)s.p[s.n - k] & 0xc0) == 0x80) k++;
    if (!has_char(set, s.p + s.n - k, k)) break;
    s.n -= k;
  }
  return s;
}

/* trim(chars, str) as TRIM(chars FROM str), but btrim(str, chars). */
static mill_status trim_rows(mill_call *call, const mill_vector *const *args, size_t n,
                             mill_vector *out, int sides, int text) {
  const mill_vector *chars = call->nargs > 1 ? args[1 - text] : NULL;
  const mill_vector *str = call->nargs > 1 ? args[text] : args[0];
  MILL_EACH(out, n, i) {
    bytes s = trim(bytes_at(str, i), chars ? bytes_at(chars, i) : (bytes){" ", 1}, sides);
    put_view(out, i, s.p, s.n);
  }
  return MILL_OK;
}

KERNEL_HEAD(k_trim) {
  (void)err;
  return trim_rows(call, args, n, out, TRIM_LEFT | TRIM_RIGHT, 1);
}
KERNEL_HEAD(k_btrim) {
  (void)err;
  return trim_rows(call, args, n, out, TRIM_LEFT | TRIM_RIGHT, 0);
}
KERNEL_HEAD(k_ltrim) {
  (void)err;
  return trim_rows(call, args, n, out, TRIM_LEFT, 1);
}
KERNEL_HEAD(k_rtrim) {
  (void)err;
  return trim_rows(call, args, n, out, TRIM_RIGHT, 1);
}

/* ---- finding -------------------------------------------------------------------------------- */

KERNEL_HEAD(k_contains) {
  uint8_t *r = out->data;
  bytes x = args[1]->mask == 0 ? bytes_of(args[1]) : (bytes){"", 0};
  const char *at[MILL_FIND_ROWS];
  (void)call, (void)err;
  if (x.n == 0) {
    MILL_EACH(out, n, i) r[i] = find(bytes_at(args[0], i), bytes_at(args[1], i), 0) != SIZE_MAX;
    return MILL_OK;
  }
  for (size_t from = 0, part; from < n; from += part) {
    part = n - from < MILL_FIND_ROWS ? n - from : MILL_FIND_ROWS;
    mill_find_rows(args[0], out->valid, from, part, x.p, x.n, at);
    for (size_t i = 0; i < part; i++) r[from + i] = at[i] != NULL;
  }
  return MILL_OK;
}

KERNEL_HEAD(k_startswith) {
  uint8_t *r = out->data;
  (void)call, (void)err;
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(args[0], i), x = bytes_at(args[1], i);
    r[i] = x.n <= s.n && memcmp(s.p, x.p, x.n) == 0;
  }
  return MILL_OK;
}

KERNEL_HEAD(k_endswith) {
  uint8_t *r = out->data;
  (void)call, (void)err;
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(args[0], i), x = bytes_at(args[1], i);
    r[i] = x.n <= s.n && memcmp(s.p + s.n - x.n, x.p, x.n) == 0;
  }
  return MILL_OK;
}

/* Characters before byte `at`, and one: a position. */
static int32_t position(bytes s, size_t at) {
  return at == SIZE_MAX ? 0 : (int32_t)mill_utf8_count(s.p, at) + 1;
}

KERNEL_HEAD(k_instr) {
  int32_t *r = out->data;
  (void)call, (void)err;
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(args[0], i);
    r[i] = position(s, find(s, bytes_at(args[1], i), 0));
  }
  return MILL_OK;
}

/* Where the last start of x in s[0, until + x.n) is. */
static size_t find_back(bytes s, bytes x, size_t until) {
  if (x.n > s.n) return SIZE_MAX;
  size_t at = until < s.n - x.n ? until : s.n - x.n;
  for (;; at--) {
    if (memcmp(s.p + at, x.p, x.n) == 0) return at;
    if (at == 0) return SIZE_MAX;
  }
}

/* The given one of the places of x from character `from` on, or, where that is negative, from there
** counted from the end back to the start. Places may overlap. */
static int32_t nth_place(bytes s, bytes x, int32_t from, int32_t occurrence) {
  if (x.n == 0) return 1;
  int64_t chars = mill_utf8_count(s.p, s.n), first = from < 0 ? chars + from : (int64_t)from - 1;
  if (from == 0 || first < 0 || first >= chars) return 0;
  size_t at = mill_utf8_offset(s.p, s.n, (size_t)first);
  for (bool again = false; occurrence > 0 && at != SIZE_MAX; occurrence--, again = true) {
    if (again && from < 0 && at == 0) return 0;
    at = from < 0 ? find_back(s, x, at - again) : find(s, x, at + again);
  }
  return position(s, at);
}

KERNEL_HEAD(k_instr_from) {
  int32_t *r = out->data;
  MILL_EACH(out, n, i) {
    int32_t occurrence = call->nargs > 3 ? MILL_AT(int32_t, args[3], i) : 1;
    if (occurrence < 1)
      return mill_call_fail(call, err, MILL_E_INVALID_PARAMETER_VALUE_OCCURRENCE, "functionName",
                            "`instr`", "parameter", "`occurrence`", "actual",
                            mill_error_fmt(err, "%d", (int)occurrence), NULL);
    r[i] = nth_place(bytes_at(args[0], i), bytes_at(args[1], i), MILL_AT(int32_t, args[2], i),
                     occurrence);
  }
  return MILL_OK;
}

static mill_status bind_instr(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "string, string, int?, int? -> int", err));
  b->kernel = b->nargs > 2 ? k_instr_from : k_instr;
  if (b->nargs == 3)
    b->shown = mill_error_fmt(err, "instr(%s, %s, %s, 1)", mill_arg_sql(b, 0), mill_arg_sql(b, 1),
                              mill_arg_sql(b, 2));
  return MILL_OK;
}

/* A place that is null is before the text: nothing is found there. */
KERNEL_HEAD(k_locate) {
  int32_t *r = out->data;
  for (size_t i = 0; i < n; i++) {
    r[i] = 0;
    if (call->nargs > 2 && !mill_vector_valid(args[2], i)) continue;
    if (!mill_vector_valid(args[0], i) || !mill_vector_valid(args[1], i)) {
      MILL_TRY(mill_set_null(call, out, i, err));
      continue;
    }
    bytes s = bytes_at(args[1], i), x = bytes_at(args[0], i);
    int32_t from = call->nargs > 2 ? MILL_AT(int32_t, args[2], i) : 1;
    size_t start = from < 1 ? SIZE_MAX : mill_utf8_offset(s.p, s.n, (size_t)from - 1);
    r[i] = from < 1 ? 0 : x.n == 0 ? 1 : start > s.n ? 0 : position(s, find(s, x, start));
  }
  return MILL_OK;
}

/* ---- building ------------------------------------------------------------------------------- */

KERNEL_HEAD(k_replace) {
  mill_str *r = out->data;
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(args[0], i), x = bytes_at(args[1], i);
    bytes by = call->nargs > 2 ? bytes_at(args[2], i) : (bytes){"", 0};
    size_t count = 0, at = 0, from = 0;
    char *p = NULL, *q;
    for (; x.n && (at = find(s, x, from)) != SIZE_MAX; from = at + x.n)
      if (++count % TEXT_WATCHED == 0) MILL_TRY(mill_watch_check(err));
    if (count == 0) {
      put_view(out, i, s.p, s.n);
      continue;
    }
    MILL_TRY(mill_bytes_take(call, s.n + count * by.n, &p, err));
    q = p;
    for (from = 0; (at = find(s, x, from)) != SIZE_MAX; from = at + x.n) {
      if (count-- % TEXT_WATCHED == 0) MILL_TRY(mill_watch_check(err));
      memcpy(q, s.p + from, at - from);
      q += at - from;
      memcpy(q, by.p, by.n);
      q += by.n;
    }
    memcpy(q, s.p + from, s.n - from);
    r[i] = mill_str_done(call, p, (size_t)(q - p) + s.n - from);
  }
  return MILL_OK;
}

KERNEL_HEAD(k_repeat) {
  mill_str *r = out->data;
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(args[0], i);
    int32_t times = MILL_AT(int32_t, args[1], i);
    size_t count = times > 0 && s.n ? (size_t)times : 0;
    char *p = NULL;
    if (count > INT32_MAX / (s.n ? s.n : 1)) return mill_oom(call->ctx->memory, count * s.n, err);
    MILL_TRY(mill_bytes_take(call, count * s.n, &p, err));
    for (size_t k = 0; k < count; k++) memcpy(p + k * s.n, s.p, s.n);
    r[i] = mill_str_done(call, p, count * s.n);
  }
  return MILL_OK;
}

KERNEL_HEAD(k_space) {
  mill_str *r = out->data;
  MILL_EACH(out, n, i) {
    int32_t count = MILL_AT(int32_t, args[0], i);
    size_t size = count > 0 ? (size_t)count : 0;
    char *p = NULL;
    MILL_TRY(mill_bytes_take(call, size, &p, err));
    memset(p, ' ', size);
    r[i] = mill_str_done(call, p, size);
  }
  return MILL_OK;
}

/* Padding to `length` characters by whole and broken copies of `pad`. A few single bytes are put as a block of
** fixed size, of which the text or the next row takes what is too much. */
static mill_status pad_row(mill_call *call, bytes s, int64_t length, bytes pad, bool left,
                           mill_vector *out, size_t i, mill_error *err) {
  int64_t have = (int64_t)mill_utf8_count(s.p, s.n), missing = length - have;
  if (missing <= 0 || pad.n == 0) {
    put_part(out, i, s, 0, length, false);
    return MILL_OK;
  }
  size_t whole = (size_t)missing, rest = 0;
  if (pad.n > 1) {
    size_t chars = mill_utf8_count(pad.p, pad.n);
    whole = (size_t)missing / chars;
    rest = mill_utf8_offset(pad.p, pad.n, (size_t)missing % chars);
  }
  if (whole > INT32_MAX / pad.n) return mill_oom(call->ctx->memory, whole * pad.n, err);
  size_t size = whole * pad.n + rest;
  char *p = NULL;
  enum { BLOCK = 32 };
  bool few = pad.n == 1 && whole <= BLOCK;
  MILL_TRY(mill_bytes_take(call, s.n + size + few * BLOCK, &p, err));
  char *q = left ? p : p + s.n;
  if (few)
    memset(q, *pad.p, BLOCK);
  else if (pad.n == 1)
    memset(q, *pad.p, whole);
  for (size_t k = 0; pad.n > 1 && k < whole; k++) {
    if (k % TEXT_WATCHED == TEXT_WATCHED - 1) MILL_TRY(mill_watch_check(err));
    memcpy(q + k * pad.n, pad.p, pad.n);
  }
  if (rest) memcpy(q + whole * pad.n, pad.p, rest);
  memcpy(left ? p + size : p, s.p, s.n);
  ((mill_str *)out->data)[i] = mill_str_done(call, p, s.n + size);
  return MILL_OK;
}

static mill_status pad_rows(mill_call *call, const mill_vector *const *args, size_t n,
                            mill_vector *out, bool left, mill_error *err) {
  MILL_EACH(out, n, i) {
    bytes pad = call->nargs > 2 ? bytes_at(args[2], i) : (bytes){" ", 1};
    int64_t length = MILL_AT(int32_t, args[1], i);
    MILL_TRY(pad_row(call, bytes_at(args[0], i), length, pad, left, out, i, err));
  }
  return MILL_OK;
}

/* BINARY by bytes, with zeros where nothing is said. */
static mill_status pad_bytes(mill_call *call, const mill_vector *const *args, size_t n,
                             mill_vector *out, mill_error *err) {
  bool left = *call->fn->name == 'l';
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(args[0], i), pad = call->nargs > 2 ? bytes_at(args[2], i) : (bytes){"", 1};
    size_t size = MILL_AT(int32_t, args[1], i) < 0 ? 0 : (size_t)MILL_AT(int32_t, args[1], i);
    if (size > s.n && pad.n == 0) size = s.n;
    char *p = NULL;
    MILL_TRY(mill_bytes_take(call, size + 1, &p, err));
    size_t missing = size > s.n ? size - s.n : 0;
    char *q = left ? p : p + s.n;
    for (size_t k = 0; k < missing; k++) {
      if (k % TEXT_WATCHED == TEXT_WATCHED - 1) MILL_TRY(mill_watch_check(err));
      q[k] = pad.p[k % pad.n];
    }
    if (size) memcpy(left ? p + missing : p, s.p, size - missing);
    ((mill_str *)out->data)[i] = mill_str_done(call, p, size);
  }
  return MILL_OK;
}

static mill_status bind_pad(mill_binding *b, mill_error *err) {
  bool bytes_only =
      b->arg_type[0]->id == MILL_BINARY && (b->nargs == 2 || b->arg_type[2]->id == MILL_BINARY);
  if (!bytes_only) return mill_bind_types(b, "string, int, string? -> string", err);
  MILL_TRY(mill_bind_types(b, "binary, int, binary? -> binary", err));
  b->kernel = pad_bytes;
  if (b->nargs == 2)
    b->shown = mill_error_fmt(err, "%s(%s, %s, X'00')", b->fn->name, mill_arg_sql(b, 0),
                              mill_arg_sql(b, 1));
  return MILL_OK;
}

KERNEL_HEAD(k_lpad) { return pad_rows(call, args, n, out, true, err); }
KERNEL_HEAD(k_rpad) { return pad_rows(call, args, n, out, false, err); }

/* Each character of `from` becomes the one at its place in `to`, or vanishes. */
static mill_status translate_row(mill_call *call, bytes s, bytes from, bytes to, mill_vector *out,
                                 size_t i, mill_error *err) {
  char *p = NULL, *q;
  MILL_TRY(mill_bytes_take(call, s.n * 4, &p, err));
  q = p;
  for (size_t at = 0; at < s.n;) {
    int length, other;
    mill_utf8_decode(s.p + at, s.n - at, &length);
    size_t k = 0, index = 0;
    for (; k < from.n; index++) {
      mill_utf8_decode(from.p + k, from.n - k, &other);
      if (other == length && memcmp(from.p + k, s.p + at, (size_t)length) == 0) break;
      k += (size_t)other;
    }
    bytes put = {s.p + at, (size_t)length};
    if (k < from.n) {
      size_t start = mill_utf8_offset(to.p, to.n, index);
      other = 0;
      if (start < to.n) mill_utf8_decode(to.p + start, to.n - start, &other);
      put = (bytes){to.p + start, (size_t)other};
    }
    memcpy(q, put.p, put.n);
    q += put.n;
    at += (size_t)length;
  }
  ((mill_str *)out->data)[i] = mill_str_done(call, p, (size_t)(q - p));
  return MILL_OK;
}

enum { VANISHES = 256 };

/* What each byte becomes where both lists are ASCII, so that bytes beyond it stay as they are. */
static bool translate_map(const mill_vector *const *args, int16_t map[256]) {
  if (args[1]->mask || args[2]->mask) return false;
  bytes from = bytes_of(args[1]), to = bytes_of(args[2]);
  if (!mill_utf8_ascii(from.p, from.n) || !mill_utf8_ascii(to.p, to.n)) return false;
  for (int c = 0; c < 256; c++) map[c] = (int16_t)c;
  for (size_t k = from.n; k-- > 0;)
    map[(uint8_t)from.p[k]] = k < to.n ? (int16_t)to.p[k] : VANISHES;
  return true;
}

static mill_status translate_bytes(mill_call *call, bytes s, const int16_t map[256], bool shrinks,
                                   mill_vector *out, size_t i, mill_error *err) {
  char *p = NULL, *q;
  MILL_TRY(mill_bytes_take(call, s.n, &p, err));
  if (!shrinks) {
    for (size_t k = 0; k < s.n; k++) p[k] = (char)map[(uint8_t)s.p[k]];
    ((mill_str *)out->data)[i] = mill_str_done(call, p, s.n);
    return MILL_OK;
  }
  q = p;
  for (size_t k = 0; k < s.n; k++) {
    int16_t c = map[(uint8_t)s.p[k]];
    *q = (char)c;
    q += c != VANISHES;
  }
  ((mill_str *)out->data)[i] = mill_str_done(call, p, (size_t)(q - p));
  return MILL_OK;
}

KERNEL_HEAD(k_translate) {
  int16_t map[256];
  if (translate_map(args, map)) {
    bool shrinks = false;
    for (int c = 0; c < 256; c++) shrinks |= map[c] == VANISHES;
    MILL_EACH(out, n, i)
    MILL_TRY(translate_bytes(call, bytes_at(args[0], i), map, shrinks, out, i, err));
    return MILL_OK;
  }
  MILL_EACH(out, n, i)
  MILL_TRY(translate_row(call, bytes_at(args[0], i), bytes_at(args[1], i), bytes_at(args[2], i),
                         out, i, err));
  return MILL_OK;
}

KERNEL_HEAD(k_ascii) {
  int32_t *r = out->data;
  int length;
  (void)call, (void)err;
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(args[0], i);
    r[i] = s.n ? mill_utf8_decode(s.p, s.n, &length) : 0;
  }
  return MILL_OK;
}

KERNEL_HEAD(k_chr) {
  (void)call, (void)err;
  MILL_EACH(out, n, i) {
    int64_t v = MILL_AT(int64_t, args[0], i);
    char buf[MILL_STR_INLINE];
    int size = v < 0 ? 0 : mill_utf8_encode((int32_t)(v & 0xff), buf);
    put_view(out, i, buf, (size_t)size);
  }
  return MILL_OK;
}

/* ---- concat --------------------------------------------------------------------------------- */

KERNEL_HEAD(concat_texts) {
  mill_str *r = out->data;
  MILL_EACH(out, n, i) {
    size_t size = 0;
    char *p = NULL, *q;
    for (int k = 0; k < call->nargs; k++) size += MILL_AT(mill_str, args[k], i).size;
    MILL_TRY(mill_bytes_take(call, size + MILL_STR_INLINE, &p, err));
    q = p;
    for (int k = 0; k < call->nargs; k++) q = copy_string(q, &MILL_AT(mill_str, args[k], i));
    r[i] = mill_str_done(call, p, size);
  }
  return MILL_OK;
}

KERNEL_HEAD(concat_lists) {
  mill_span *r = out->data;
  uint32_t *sel = NULL;
  uint32_t room = 0;
  for (size_t i = 0; i < n; i++) {
    r[i] = (mill_span){out->child[0].size, 0};
    if (!mill_valid_bit(out->valid, i)) continue;
    for (int k = 0; k < call->nargs; k++) {
      mill_span s = MILL_AT(mill_span, args[k], i);
      if (s.size > room) {
        room = s.size * 2;
        sel = mill_arena_alloc(call->arena, room * sizeof *sel);
        if (sel == NULL) return mill_oom(call->arena->memory, room * sizeof *sel, err);
      }
      for (uint32_t j = 0; j < s.size; j++) sel[j] = s.start + j;
      MILL_TRY(
          mill_vector_append(&out->child[0], args[k]->child, sel, s.size, false, call->arena, err));
      r[i].size += s.size;
    }
  }
  return MILL_OK;
}

/* Arrays and something else; a NULL without a type stands for a text. */
static mill_status mixed_concat(mill_binding *b, mill_error *err) {
  void *mem;
  MILL_TRY(mill_bind_alloc(b, (size_t)b->nargs * sizeof *b->arg_type, &mem, err));
  const mill_type **types = mem;
  for (int i = 0; i < b->nargs; i++)
    types[i] = b->arg_type[i]->id == MILL_NULL ? mill_type_of(MILL_STRING) : b->arg_type[i];
  b->arg_type = types;
  return mill_bind_diff_types(b, NULL, err);
}

static mill_status bind_concat(mill_binding *b, mill_error *err) {
  bool binary = b->nargs > 0, list = false;
  for (int i = 0; i < b->nargs; i++) {
    binary &= b->arg_type[i]->id == MILL_BINARY;
    list |= b->arg_type[i]->id == MILL_ARRAY;
  }
  b->kernel = list ? concat_lists : concat_texts;
  if (!list) return mill_bind_types(b, binary ? "binary* -> binary" : "string* -> string", err);
  for (int i = 0; i < b->nargs; i++)
    if (b->arg_type[i]->id != MILL_ARRAY) return mixed_concat(b, err);
  MILL_TRY(mill_bind_common(b, NULL, err));
  b->result = b->cast_to[0];
  return MILL_OK;
}

/* Nulls are left out; arrays give their elements. Only a null separator makes null. */
static mill_status join_row(mill_call *call, const mill_vector *const *args, size_t i,
                            mill_text *text, mill_error *err) {
  bytes gap = bytes_at(args[0], i);
  bool first = true;
  for (int k = 1; k < call->nargs; k++) {
    if (args[k]->type->phys == MILL_PHYS_NONE || !mill_vector_valid(args[k], i)) continue;
    bool list = args[k]->type->id == MILL_ARRAY;
    mill_span span = list ? MILL_AT(mill_span, args[k], i) : (mill_span){(uint32_t)i, 1};
    const mill_vector *v = list ? args[k]->child : args[k];
    for (uint32_t j = 0; j < span.size; j++) {
      if (!mill_vector_valid(v, span.start + j)) continue;
      bytes s = bytes_at(v, span.start + j);
      if (!first) MILL_TRY(mill_text_add(text, gap.p, gap.n, err));
      MILL_TRY(mill_text_add(text, s.p, s.n, err));
      first = false;
    }
  }
  return MILL_OK;
}

KERNEL_HEAD(k_concat_ws) {
  mill_text text;
  mill_status s = MILL_OK;
  mill_text_init(&text, call->ctx->memory);
  for (size_t i = 0; s == MILL_OK && i < n; i++) {
    if (!mill_vector_valid(args[0], i)) {
      s = mill_set_null(call, out, i, err);
      continue;
    }
    mill_text_reset(&text);
    s = join_row(call, args, i, &text, err);
    if (s == MILL_OK) s = put_copy(call, out, i, text.data ? text.data : "", text.size, err);
  }
  mill_text_clear(&text);
  return s;
}

static mill_status bind_concat_ws(mill_binding *b, mill_error *err) {
  for (int i = 0; i < b->nargs; i++) {
    bool list = i > 0 && b->arg_type[i]->id == MILL_ARRAY;
    b->cast_to[i] =
        mill_convert_to(b->ctx->types, list ? "array<string>" : "string", b->arg_type[i]);
    if (b->cast_to[i] == NULL)
      return mill_bind_wrong_type(b, i, i ? "(\"ARRAY<STRING>\" or \"STRING\")" : "\"STRING\"",
                                  err);
  }
  b->result = mill_type_of(MILL_STRING);
  b->nullable = b->arg_nullable[0];
  return MILL_OK;
}

/* Of bytes, Spark calls a method whose result it takes for nullable. */
static mill_status bind_within(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, b->fn->types, err));
  b->nullable |= b->cast_to[0]->id == MILL_BINARY && b->cast_to[1]->id == MILL_BINARY;
  return MILL_OK;
}

#define STRING_SAID(NAME, ALIAS, TYPES, SAID, KERNEL, USAGE, DOC, EXAMPLE)                         \
  {                                                                                                \
    .name = NAME, .alias = ALIAS, .types = TYPES, .said = SAID, .kernel = KERNEL,                  \
    .flags = MILL_FN_NO_RAISE, .usage = USAGE, .doc = DOC, .example = EXAMPLE                      \
  }
#define STRING_DEF(NAME, ALIAS, TYPES, KERNEL, USAGE, DOC, EXAMPLE)                                \
  STRING_SAID(NAME, ALIAS, TYPES, NULL, KERNEL, USAGE, DOC, EXAMPLE)

const mill_function mill_family_string[] = {
    STRING_DEF("length", "char_length,character_length,len", "string|binary -> int", k_length,
               "length(expr)", "How many characters, or bytes of a BINARY, there are.",
               "SELECT length('Tide') -> 4"),
    STRING_DEF("octet_length", NULL, "string|binary -> int", k_octet_length, "octet_length(expr)",
               "How many bytes there are.", "SELECT octet_length('Tide') -> 4"),
    STRING_DEF("bit_length", NULL, "string|binary -> int", k_bit_length, "bit_length(expr)",
               "How many bits there are.", "SELECT bit_length('Tide') -> 32"),
    STRING_DEF("upper", "ucase", "string -> $1", k_upper, "upper(str)", "In upper case.",
               "SELECT upper('Tide') -> TIDE"),
    STRING_DEF("lower", "lcase", "string -> $1", k_lower, "lower(str)", "In lower case.",
               "SELECT lower('Tide') -> tide"),
    STRING_DEF("initcap", NULL, "string -> $1", k_initcap, "initcap(str)",
               "The first letter of each word in upper case, the rest in lower case.",
               "SELECT initcap('tide mill') -> Tide Mill"),
    STRING_SAID("substring", "substr", "string|binary, int, int? -> $1", ", , 2147483647",
                k_substring, "substring(str, pos[, len])",
                "The part from a position on, counted from the end where it is negative.",
                "SELECT substring('tidemill', 5) -> mill"),
    STRING_DEF("left", NULL, "string|binary, int -> $1", k_left, "left(str, len)",
               "The first characters.", "SELECT left('tidemill', 4) -> tide"),
    {.name = "right",
     .types = "string, int -> $1",
     .kernel = k_right,
     .flags = MILL_FN_NO_RAISE | MILL_FN_NULLABLE,
     .usage = "right(str, len)",
     .doc = "The last characters.",
     .example = "SELECT right('tidemill', 4) -> mill"},
    STRING_DEF("substring_index", NULL, "string, string, int -> $1", k_substring_index,
               "substring_index(str, delim, count)",
               "What stands before the delimiter's occurrence number count, or behind it.",
               "SELECT substring_index('a.b.c', '.', 2) -> a.b"),
    STRING_DEF("trim", NULL, "string, string? -> string", k_trim, "trim([trimStr, ]str)",
               "Without blanks, or the given characters, at both ends.",
               "SELECT trim('  mill  ') -> mill"),
    STRING_DEF("btrim", NULL, "string, string? -> $1", k_btrim, "btrim(str[, trimStr])",
               "Without blanks, or the given characters, at both ends.",
               "SELECT btrim('xmillx', 'x') -> mill"),
    STRING_DEF("ltrim", NULL, "string, string? -> string", k_ltrim, "ltrim([trimStr, ]str)",
               "Without blanks, or the given characters, at the start.",
               "SELECT ltrim('  mill') -> mill"),
    STRING_DEF("rtrim", NULL, "string, string? -> string", k_rtrim, "rtrim([trimStr, ]str)",
               "Without blanks, or the given characters, at the end.",
               "SELECT rtrim('mill  ') -> mill"),
    {.name = "contains",
     .types = "string|binary, string|binary -> boolean",
     .bind = bind_within,
     .kernel = k_contains,
     .flags = MILL_FN_NO_RAISE,
     .usage = "contains(left, right)",
     .doc = "True where the second is found in the first.",
     .example = "SELECT contains('tidemill', 'mill') -> true"},
    {.name = "startswith",
     .types = "string|binary, string|binary -> boolean",
     .bind = bind_within,
     .kernel = k_startswith,
     .flags = MILL_FN_NO_RAISE,
     .usage = "startswith(left, right)",
     .doc = "True where the first starts with the second.",
     .example = "SELECT startswith('tidemill', 'tide') -> true"},
    {.name = "endswith",
     .types = "string|binary, string|binary -> boolean",
     .bind = bind_within,
     .kernel = k_endswith,
     .flags = MILL_FN_NO_RAISE,
     .usage = "endswith(left, right)",
     .doc = "True where the first ends in the second.",
     .example = "SELECT endswith('tidemill', 'mill') -> true"},
    {.name = "instr",
     .types = "string, string, int?, int?",
     .bind = bind_instr,
     .usage = "instr(str, substr[, position[, occurrence]])",
     .doc = "The position of the second in the first, 0 where it is not found.",
     .example = "SELECT instr('tidemill', 'mill') -> 5"},
    {.name = "locate",
     .alias = "position",
     .types = "string, string, int? -> int",
     .said = ", , 1",
     .kernel = k_locate,
     .flags = MILL_FN_NULLS | MILL_FN_NO_RAISE,
     .usage = "locate(substr, str[, pos])",
     .doc = "The position of the first in the second, from pos on.",
     .example = "SELECT locate('l', 'tidemill', 2) -> 7"},
    STRING_SAID("replace", NULL, "string, string, string? -> $1", ", , ''", k_replace,
                "replace(str, search[, replace])",
                "Each occurrence of one text replaced by another.",
                "SELECT replace('tidemill', 'l', 'L') -> tidemiLL"),
    STRING_DEF("repeat", NULL, "string, int -> $1", k_repeat, "repeat(str, n)",
               "The text n times over.", "SELECT repeat('ab', 3) -> ababab"),
    STRING_DEF("space", NULL, "int -> string", k_space, "space(n)", "A text of n blanks.",
               "SELECT concat(space(2), '1') ->   1"),
    {.name = "lpad",
     .types = "any, any, any?",
     .said = ", , ' '",
     .bind = bind_pad,
     .kernel = k_lpad,
     .flags = MILL_FN_NO_RAISE,
     .usage = "lpad(str, len[, pad])",
     .doc = "Padded on the left, or cut, to a length; a BINARY by bytes.",
     .example = "SELECT lpad('mill', 7, '*') -> ***mill"},
    {.name = "rpad",
     .types = "any, any, any?",
     .said = ", , ' '",
     .bind = bind_pad,
     .kernel = k_rpad,
     .flags = MILL_FN_NO_RAISE,
     .usage = "rpad(str, len[, pad])",
     .doc = "Padded on the right, or cut, to a length; a BINARY by bytes.",
     .example = "SELECT rpad('mill', 7, '*') -> mill***"},
    STRING_DEF("translate", NULL, "string, string, string -> $1", k_translate,
               "translate(input, from, to)",
               "Each character of the second replaced by the one at its place in the third.",
               "SELECT translate('tidemill', 'tm', 'TM') -> TideMill"),
    STRING_DEF("ascii", NULL, "string -> int", k_ascii, "ascii(str)",
               "The code point of the first character, 0 for an empty text.",
               "SELECT ascii('Tide') -> 84"),
    STRING_DEF("chr", "char", "bigint -> string", k_chr, "chr(expr)",
               "The character with that code, which is taken modulo 256.", "SELECT chr(77) -> M"),
    {.name = "concat",
     .types = "any*",
     .bind = bind_concat,
     .flags = MILL_FN_NO_RAISE,
     .alias = "||",
     .usage = "concat(col1, col2, ..., colN)",
     .doc = "The texts, bytes or arrays one after the other.",
     .example = "SELECT concat('Tide', 'mill') -> Tidemill"},
    {.name = "concat_ws",
     .types = "any, any*",
     .bind = bind_concat_ws,
     .kernel = k_concat_ws,
     .flags = MILL_FN_NULLS | MILL_FN_NO_RAISE,
     .usage = "concat_ws(sep[, str | array(str)]+)",
     .doc = "The texts that are not null with a separator between them.",
     .example = "SELECT concat_ws('-', 'tide', 'mill') -> tide-mill"},
    {0}};
