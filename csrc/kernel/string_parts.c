/* Texts compared, masked and cut by rules: split_part, overlay, levenshtein, soundex, mask, elt,
** find_in_set, quote, luhn_check, sentences, str_to_map, and validity of UTF-8. */
#include <stdio.h>

#include "base/find.h"
#include "base/regex.h"
#include "base/utf8.h"
#include "kernel/bytes_int.h"
#include "kernel/edit_distance.h"
#include "kernel/list_int.h"

/* ---- parts ---------------------------------------------------------------------------------- */

static size_t find_from(bytes s, bytes what, size_t from) {
  if (what.n == 0 || from > s.n) return SIZE_MAX;
  const char *p = mill_find(s.p + from, s.n - from, what.p, what.n);
  return p ? (size_t)(p - s.p) : SIZE_MAX;
}

/* Part `index` of the text, from 0; n of 0 and p NULL where there is none. */
static bytes part_at(bytes s, bytes by, int64_t index) {
  size_t from = 0;
  for (;; index--) {
    size_t at = find_from(s, by, from), end = at == SIZE_MAX ? s.n : at;
    if (index == 0) return (bytes){s.p + from, end - from};
    if (at == SIZE_MAX) return (bytes){"", 0};
    from = at + by.n;
  }
}

static int64_t count_parts(bytes s, bytes by) {
  int64_t k = 1;
  for (size_t from = 0, at; (at = find_from(s, by, from)) != SIZE_MAX; from = at + by.n) k++;
  return k;
}

KERNEL_HEAD(k_split_part) {
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(args[0], i), by = bytes_at(args[1], i);
    int64_t k = MILL_AT(int32_t, args[2], i);
    if (k == 0) return mill_call_fail(call, err, MILL_E_INVALID_INDEX_OF_ZERO, NULL);
    if (k < 0) k += count_parts(s, by) + 1;
    bytes p = k < 1 ? (bytes){"", 0} : part_at(s, by, k - 1);
    put_view(out, i, p.p, p.n);
  }
  return MILL_OK;
}

static size_t offset_of(bytes s, bool binary, int64_t chars) {
  if (chars <= 0) return 0;
  if (binary) return chars > (int64_t)s.n ? s.n : (size_t)chars;
  return mill_utf8_offset(s.p, s.n, (size_t)chars);
}

KERNEL_HEAD(k_overlay) {
  bool binary = args[0]->type->id == MILL_BINARY;
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(args[0], i), by = bytes_at(args[1], i);
    int64_t pos = MILL_AT(int32_t, args[2], i), len = MILL_AT(int32_t, args[3], i);
    bool plain = binary || mill_utf8_ascii(s.p, s.n);
    if (len < 0) len = (int64_t)(binary ? by.n : mill_utf8_count(by.p, by.n));
    int64_t tail = pos + len;
    int64_t size = tail >= 0 ? 0 : (int64_t)(plain ? s.n : mill_utf8_count(s.p, s.n));
    int64_t from = tail > 0 ? tail - 1 : tail < 0 ? size + tail : 0;
    size_t head = offset_of(s, plain, pos - 1), rest = offset_of(s, plain, from);
    char *p = NULL;
    MILL_TRY(mill_bytes_take(call, head + by.n + s.n - rest, &p, err));
    memcpy(p, s.p, head);
    memcpy(p + head, by.p, by.n);
    memcpy(p + head + by.n, s.p + rest, s.n - rest);
    ((mill_str *)out->data)[i] = mill_str_done(call, p, head + by.n + s.n - rest);
  }
  return MILL_OK;
}

static mill_status bind_overlay(mill_binding *b, mill_error *err) {
  bool binary = b->arg_type[0]->id == MILL_BINARY || b->arg_type[1]->id == MILL_BINARY;
  if (binary && b->arg_type[0]->id != b->arg_type[1]->id && b->arg_type[0]->id != MILL_NULL &&
      b->arg_type[1]->id != MILL_NULL)
    return mill_bind_diff_types(b, NULL, err);
  return mill_bind_types(
      b, binary ? "binary, binary, int, int? -> $1" : "string, string, int, int? -> $1", err);
}

KERNEL_HEAD(k_find_in_set) {
  int32_t *r = out->data;
  (void)call, (void)err;
  MILL_EACH(out, n, i) {
    bytes x = bytes_at(args[0], i), s = bytes_at(args[1], i), comma = {",", 1};
    int32_t k = 0;
    r[i] = 0;
    if (memchr(x.p, ',', x.n)) continue;
    for (size_t from = 0; r[i] == 0; k++) {
      size_t at = find_from(s, comma, from), end = at == SIZE_MAX ? s.n : at;
      if (end - from == x.n && memcmp(s.p + from, x.p, x.n) == 0) r[i] = k + 1;
      if (at == SIZE_MAX) break;
      from = at + 1;
    }
  }
  return MILL_OK;
}

KERNEL_HEAD(k_elt) {
  for (size_t i = 0; i < n; i++) {
    int32_t k = mill_vector_valid(args[0], i) ? MILL_AT(int32_t, args[0], i) : 0;
    bool null = !mill_vector_valid(args[0], i), outside = k < 1 || k >= call->nargs;
    if (!null && outside && call->set->ansi)
      return mill_call_fail(call, err, MILL_E_INVALID_ARRAY_INDEX, "indexValue",
                            mill_error_fmt(err, "%d", (int)k), "arraySize",
                            mill_error_fmt(err, "%d", call->nargs - 1), NULL);
    if (null || outside || !mill_vector_valid(args[k], i)) {
      MILL_TRY(mill_set_null(call, out, i, err));
      continue;
    }
    ((mill_str *)out->data)[i] = MILL_AT(mill_str, args[k], i);
  }
  return MILL_OK;
}

static mill_status bind_elt(mill_binding *b, mill_error *err) {
  bool binary = true;
  for (int i = 1; i < b->nargs; i++) binary &= b->arg_type[i]->id == MILL_BINARY;
  MILL_TRY(mill_bind_types(
      b, binary ? "int, binary, binary* -> binary" : "int, string, string* -> string", err));
  b->nullable = true;
  return MILL_OK;
}

/* ---- likeness ------------------------------------------------------------------------------- */

static mill_status decode_points(mill_call *call, bytes s, int32_t **out, size_t *n,
                                 mill_error *err) {
  int32_t *p = mill_arena_alloc(call->arena, (s.n + 1) * sizeof *p);
  if (p == NULL) return mill_oom(call->arena->memory, s.n * sizeof *p, err);
  *n = 0;
  for (size_t at = 0; at < s.n; (*n)++) {
    int length;
    p[*n] = mill_utf8_decode(s.p + at, s.n - at, &length);
    at += (size_t)length;
  }
  *out = p;
  return MILL_OK;
}

KERNEL_HEAD(k_levenshtein) {
  int32_t *r = out->data;
  mill_edit_masks masks = {0};
  MILL_EACH(out, n, i) {
    MILL_TRY(
        mill_edit_distance(call, &masks, bytes_at(args[0], i), bytes_at(args[1], i), &r[i], err));
    if (call->nargs > 2 && r[i] > MILL_AT(int32_t, args[2], i)) r[i] = -1;
  }
  return MILL_OK;
}

/* Jaro's likeness: common characters within half the longer text, less half the transposed ones;
** Winkler raises it by a common prefix of up to four. */
static mill_status jaro_winkler(const int32_t *a, size_t na, const int32_t *b, size_t nb,
                                uint8_t *used, double *out, mill_error *err) {
  size_t longest = na > nb ? na : nb, reach = longest / 2 > 0 ? longest / 2 - 1 : 0;
  size_t common = 0, moved = 0, prefix = 0, k = 0;
  uint8_t *in_a = used, *in_b = used + na;
  *out = na == 0 && nb == 0;
  if (na == 0 && nb == 0) return MILL_OK;
  for (size_t i = 0; i < na; i++) {
    if (i % 64 == 63) MILL_TRY(mill_watch_check(err));
    size_t from = i > reach ? i - reach : 0, to = i + reach + 1 < nb ? i + reach + 1 : nb;
    for (size_t j = from; j < to && !in_a[i]; j++)
      if (!in_b[j] && a[i] == b[j]) in_a[i] = in_b[j] = 1, common++;
  }
  if (common == 0) return MILL_OK;
  for (size_t i = 0; i < na; i++) {
    if (!in_a[i]) continue;
    while (!in_b[k]) k++;
    moved += a[i] != b[k++];
  }
  double m = (double)common;
  double jaro = (m / (double)na + m / (double)nb + (m - (double)moved / 2) / m) / 3;
  while (prefix < 4 && prefix < na && prefix < nb && a[prefix] == b[prefix]) prefix++;
  *out = jaro + (double)prefix * 0.1 * (1 - jaro);
  return MILL_OK;
}

KERNEL_HEAD(k_jaro_winkler) {
  double *r = out->data;
  MILL_EACH(out, n, i) {
    int32_t *a, *b;
    size_t na, nb;
    MILL_TRY(decode_points(call, bytes_at(args[0], i), &a, &na, err));
    MILL_TRY(decode_points(call, bytes_at(args[1], i), &b, &nb, err));
    uint8_t *used = mill_arena_alloc(call->arena, na + nb + 1);
    if (used == NULL) return mill_oom(call->arena->memory, na + nb, err);
    MILL_TRY(jaro_winkler(a, na, b, nb, used, &r[i], err));
  }
  return MILL_OK;
}

KERNEL_HEAD(k_soundex) {
  static const char code[] = "01230127022455012623017202"; /* 7: H and W do not part equal codes */
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(args[0], i);
    char r[4] = {'0', '0', '0', '0'}, last = 0;
    uint8_t first = s.n ? (uint8_t)((s.p[0] | 32) - 'a') : 26;
    if (first >= 26) {
      put_view(out, i, s.p, s.n);
      continue;
    }
    r[0] = (char)('A' + first);
    last = code[first];
    for (size_t k = 1, at = 1; k < s.n && at < 4; k++) {
      uint8_t c = (uint8_t)((s.p[k] | 32) - 'a');
      if (c >= 26) {
        last = '0';
        continue;
      }
      if (code[c] == '7') continue;
      if (code[c] != '0' && code[c] != last) r[at++] = code[c];
      last = code[c];
    }
    MILL_TRY(put_copy(call, out, i, r, 4, err));
  }
  return MILL_OK;
}

KERNEL_HEAD(k_luhn) {
  uint8_t *r = out->data;
  (void)call, (void)err;
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(args[0], i);
    int sum = 0;
    bool digits = s.n > 0;
    for (size_t k = 0; k < s.n && digits; k++) {
      char c = s.p[s.n - 1 - k];
      int d = c - '0';
      digits = c >= '0' && c <= '9';
      if (k & 1) d = d * 2 > 9 ? d * 2 - 9 : d * 2;
      sum += d;
    }
    r[i] = digits && sum % 10 == 0;
  }
  return MILL_OK;
}

/* ---- masks and quotes ----------------------------------------------------------------------- */

/* What stands for a class of characters: nothing where the argument is null. */
static bytes mask_of(const mill_vector *v, size_t i) {
  return mill_vector_valid(v, i) ? bytes_at(v, i) : (bytes){NULL, 0};
}

/* 0 an upper-case letter, 1 a lower-case one, 2 a digit, 3 any other. */
static int class_of_ascii(char c) {
  return c >= '0' && c <= '9' ? 2 : c >= 'A' && c <= 'Z' ? 0 : c >= 'a' && c <= 'z' ? 1 : 3;
}

/* The same of a character. A letter beyond ASCII is what changes with the case. */
static mill_status class_of(mill_call *call, const char *p, size_t n, int *out, mill_error *err) {
  mill_text up, low;
  *out = class_of_ascii(*p);
  if ((uint8_t)*p < 0x80) return MILL_OK;
  mill_text_init(&up, call->ctx->memory);
  mill_text_init(&low, call->ctx->memory);
  mill_status status = mill_utf8_case(MILL_UPPER, p, n, &up, err);
  if (!status) status = mill_utf8_case(MILL_LOWER, p, n, &low, err);
  bool is_up = !status && up.size == n && memcmp(up.data, p, n) == 0;
  bool is_low = !status && low.size == n && memcmp(low.data, p, n) == 0;
  mill_text_clear(&up);
  mill_text_clear(&low);
  *out = is_up == is_low ? 3 : is_up ? 0 : 1;
  return status;
}

static mill_status mask_row(mill_call *call, const mill_vector *const *args, size_t i,
                            mill_vector *out, mill_error *err) {
  bytes s = bytes_at(args[0], i), by[4];
  char *p = NULL, *q;
  size_t seen = 0;
  for (int k = 0; k < 4; k++) by[k] = mask_of(args[k + 1], i);
  MILL_TRY(mill_bytes_take(call, s.n * 4, &p, err));
  q = p;
  for (size_t at = 0; at < s.n;) {
    int length = 1, kind = 3;
    if (++seen % TEXT_WATCHED == 0) MILL_TRY(mill_watch_check(err));
    if ((uint8_t)s.p[at] >= 0x80) mill_utf8_decode(s.p + at, s.n - at, &length);
    MILL_TRY(class_of(call, s.p + at, (size_t)length, &kind, err));
    bytes put = by[kind].p ? by[kind] : (bytes){s.p + at, (size_t)length};
    if (put.n == 1)
      *q = *put.p;
    else
      memcpy(q, put.p, put.n);
    q += put.n;
    at += (size_t)length;
  }
  ((mill_str *)out->data)[i] = mill_str_done(call, p, (size_t)(q - p));
  return MILL_OK;
}

/* What each character of ASCII becomes, where that is one byte and the same in all rows. */
static bool mask_map(const mill_vector *const *args, char map[128]) {
  bytes by[4];
  for (int k = 0; k < 4; k++) {
    if (args[k + 1]->mask) return false;
    by[k] = mask_of(args[k + 1], 0);
    if (by[k].p && by[k].n != 1) return false;
  }
  for (int c = 0; c < 128; c++) {
    int kind = class_of_ascii((char)c);
    map[c] = by[kind].p ? *by[kind].p : (char)c;
  }
  return true;
}

/* Row i by the map; *done false: the text is not ASCII. */
static mill_status mask_bytes(mill_call *call, bytes s, const char map[128], mill_vector *out,
                              size_t i, bool *done, mill_error *err) {
  char *p = NULL;
  *done = mill_utf8_ascii(s.p, s.n);
  if (!*done) return MILL_OK;
  MILL_TRY(mill_bytes_take(call, s.n, &p, err));
  for (size_t from = 0, to; from < s.n; from = to) {
    if (from) MILL_TRY(mill_watch_check(err));
    to = s.n - from < TEXT_WATCHED ? s.n : from + TEXT_WATCHED;
    for (size_t k = from; k < to; k++) p[k] = map[(uint8_t)s.p[k]];
  }
  ((mill_str *)out->data)[i] = mill_str_done(call, p, s.n);
  return MILL_OK;
}

KERNEL_HEAD(k_mask) {
  char map[128];
  bool mapped = mask_map(args, map);
  for (size_t i = 0; i < n; i++) {
    bool done = !mill_vector_valid(args[0], i);
    if (done) MILL_TRY(mill_set_null(call, out, i, err));
    if (!done && mapped) MILL_TRY(mask_bytes(call, bytes_at(args[0], i), map, out, i, &done, err));
    if (!done) MILL_TRY(mask_row(call, args, i, out, err));
  }
  return MILL_OK;
}

static mill_status bind_mask(mill_binding *b, mill_error *err) {
  static const char *const names[] = {"upperChar", "lowerChar", "digitChar", "otherChar"};
  MILL_TRY(mill_bind_types(b, "!string, !string?, !string?, !string?, !string? -> string", err));
  for (int i = 1; i < b->nargs; i++) {
    const mill_vector *v = b->arg_value[i];
    if (v == NULL)
      return mill_fail(err, MILL_E_DATATYPE_MISMATCH_NON_FOLDABLE_INPUT, "sqlExpr",
                       mill_bind_sql(b, err), "inputName",
                       mill_error_fmt(err, "`%s`", names[i - 1]), "inputType", "\"STRING\"",
                       "inputExpr", mill_error_fmt(err, "\"%s\"", mill_arg_sql(b, i)), NULL);
    if (v->type->id != MILL_STRING || !mill_vector_valid(v, 0)) continue;
    bytes s = bytes_of(v);
    if (mill_utf8_count(s.p, s.n) != 1)
      return mill_fail(err, MILL_E_DATATYPE_MISMATCH_INPUT_SIZE_NOT_ONE, "sqlExpr",
                       mill_bind_sql(b, err), "exprName", names[i - 1], NULL);
  }
  return MILL_OK;
}

KERNEL_HEAD(k_quote) {
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(args[0], i);
    char *p = NULL, *q;
    MILL_TRY(mill_bytes_take(call, s.n * 2 + 2, &p, err));
    q = p;
    *q++ = '\'';
    for (size_t k = 0; k < s.n; k++) {
      if (s.p[k] == '\'') *q++ = '\\';
      *q++ = s.p[k];
    }
    *q++ = '\'';
    ((mill_str *)out->data)[i] = mill_str_done(call, p, (size_t)(q - p));
  }
  return MILL_OK;
}

/* ---- UTF-8 ---------------------------------------------------------------------------------- */

KERNEL_HEAD(k_is_valid) {
  uint8_t *r = out->data;
  (void)call, (void)err;
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(args[0], i);
    r[i] = mill_utf8_valid(s.p, s.n);
  }
  return MILL_OK;
}

KERNEL_HEAD(k_make_valid) {
  mill_text text;
  mill_status status = MILL_OK;
  mill_text_init(&text, call->ctx->memory);
  for (size_t i = 0; i < n && status == MILL_OK; i++) {
    if (!mill_valid_bit(out->valid, i)) continue;
    bytes s = bytes_at(args[0], i);
    if (mill_utf8_valid(s.p, s.n)) {
      put_view(out, i, s.p, s.n);
      continue;
    }
    mill_text_reset(&text);
    status = mill_utf8_repair(s.p, s.n, &text, err);
    if (status == MILL_OK) status = put_text(call, out, i, &text, err);
  }
  mill_text_clear(&text);
  return status;
}

/* \x80\x81.. */
static mill_status invalid_utf8(mill_call *call, bytes s, mill_error *err) {
  enum { SHOWN = 40 };
  char text[4 * SHOWN + 1] = "";
  for (size_t k = 0; k < s.n && k < SHOWN; k++)
    snprintf(text + 4 * k, 5, "\\x%02X", (unsigned)(uint8_t)s.p[k]);
  return mill_call_fail(call, err, MILL_E_INVALID_UTF8_STRING, "str",
                        mill_error_fmt(err, "%s", text), NULL);
}

KERNEL_HEAD(k_validate) {
  bool lenient = *call->fn->name == 't';
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(args[0], i);
    if (mill_utf8_valid(s.p, s.n))
      put_view(out, i, s.p, s.n);
    else if (lenient)
      MILL_TRY(mill_set_null(call, out, i, err));
    else
      return invalid_utf8(call, bytes_at(args[0], i), err);
  }
  return MILL_OK;
}

/* ---- sentences and maps --------------------------------------------------------------------- */

static bool is_word(int32_t c) {
  return c >= 128 || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '\'' ||
         c == '_';
}

/* A point between two digits. */
static bool in_number(bytes s, size_t at) {
  return s.p[at] == '.' && at > 0 && at + 1 < s.n && (uint8_t)(s.p[at - 1] - '0') < 10 &&
         (uint8_t)(s.p[at + 1] - '0') < 10;
}

static mill_status push_span(mill_call *call, mill_vector *list, uint32_t start, uint32_t size,
                             mill_error *err) {
  MILL_TRY(mill_vector_reserve(list, list->size + 1, call->arena, err));
  ((mill_span *)list->data)[list->size++] = (mill_span){start, size};
  return MILL_OK;
}

static mill_status push_word(mill_call *call, mill_vector *words, const char *p, size_t n,
                             mill_error *err) {
  MILL_TRY(mill_vector_reserve(words, words->size + 1, call->arena, err));
  ((mill_str *)words->data)[words->size++] = mill_str_view(p, n);
  return MILL_OK;
}

/* Sentences end at . ! or ? before a blank or the end; words are runs of letters and digits. */
KERNEL_HEAD(k_sentences) {
  mill_vector *list = &out->child[0], *words = &list->child[0];
  for (size_t i = 0; i < n; i++) {
    if (!mill_vector_valid(args[0], i)) {
      MILL_TRY(mill_set_null(call, out, i, err));
      continue;
    }
    bytes s = bytes_at(args[0], i);
    uint32_t first = list->size, start = words->size;
    size_t from = 0;
    for (size_t at = 0; at <= s.n; at++) {
      if (at % TEXT_WATCHED == TEXT_WATCHED - 1) MILL_TRY(mill_watch_check(err));
      bool word = at < s.n && (is_word((unsigned char)s.p[at]) || in_number(s, at));
      if (!word && at > from) MILL_TRY(push_word(call, words, s.p + from, at - from, err));
      if (!word) from = at + 1;
      bool mark = at < s.n && !word && (s.p[at] == '.' || s.p[at] == '!' || s.p[at] == '?');
      bool stop = at == s.n || (mark && (at + 1 == s.n || s.p[at + 1] == ' '));
      if (!stop || words->size == start) continue;
      MILL_TRY(push_span(call, list, start, words->size - start, err));
      start = words->size;
    }
    ((mill_span *)out->data)[i] = (mill_span){first, list->size - first};
  }
  return MILL_OK;
}

static mill_status bind_sentences(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "string, string?, string? -> string", err));
  const mill_type *words = mill_type_array(b->ctx->types, mill_type_of(MILL_STRING), false);
  b->nullable = true;
  b->result = words ? mill_type_array(b->ctx->types, words, false) : NULL;
  return b->result ? MILL_OK : mill_oom(b->ctx->memory, 1, err);
}

/* What a text is cut at; `letters`: the empty pattern, which cuts between any two. */
typedef struct splitter {
  mill_search *search;
  bool letters;
} splitter;

/* The first match in [from, to) of the text: where it starts and ends; SIZE_MAX: none. One of nothing
** at the very start does not count. */
static void cut_at(const splitter *cut, bytes s, size_t from, size_t to, size_t *start,
                   size_t *end) {
  mill_search *x = cut->search;
  *start = *end = SIZE_MAX;
  for (size_t at = from; at <= to; at++) {
    if (mill_search_run(x, s.p, to, at) != MILL_FOUND) return;
    bool empty = x->span[0] == x->span[1];
    if (empty && x->span[0] == to && cut->letters) return;
    if (empty && x->span[0] == from) {
      while (at + 1 < to && ((unsigned char)s.p[at + 1] & 0xc0) == 0x80) at++;
      continue;
    }
    *start = x->span[0];
    *end = x->span[1];
    return;
  }
}

static mill_status map_row(mill_call *call, const splitter *pair, const splitter *key, bytes s,
                           mill_vector *out, size_t i, mill_error *err) {
  mill_vector *k = &out->child[0], *v = &out->child[1];
  uint32_t first = k->size;
  for (size_t from = 0;;) {
    size_t start, next, cut, value;
    cut_at(pair, s, from, s.n, &start, &next);
    size_t end = start == SIZE_MAX ? s.n : start;
    cut_at(key, s, from, end, &cut, &value);
    MILL_TRY(push_word(call, k, s.p + from, (cut == SIZE_MAX ? end : cut) - from, err));
    MILL_TRY(push_word(call, v, cut == SIZE_MAX ? "" : s.p + value,
                       cut == SIZE_MAX ? 0 : end - value, err));
    if (cut == SIZE_MAX) MILL_TRY(mill_vector_set_null(v, v->size - 1, call->arena, err));
    for (uint32_t e = first; e + 1 < k->size && !call->set->last_wins; e++)
      if (mill_vector_equal(k, e, k, k->size - 1))
        return mill_call_fail(
            call, err, MILL_E_DUPLICATED_MAP_KEY, "key",
            mill_error_fmt(err, "%.*s", (int)((cut == SIZE_MAX ? end : cut) - from), s.p + from),
            "mapKeyDedupPolicy", "\"spark.sql.mapKeyDedupPolicy\"", NULL);
    if (start == SIZE_MAX) break;
    from = next;
  }
  ((mill_span *)out->data)[i] = (mill_span){first, k->size - first};
  return MILL_OK;
}

KERNEL_HEAD(k_str_to_map) {
  MILL_EACH(out, n, i) {
    const mill_regex *r[2];
    mill_search x[2] = {{0}, {0}};
    mill_status status = MILL_OK;
    for (int k = 0; k < 2 && status == MILL_OK; k++) {
      bytes p = bytes_at(args[k + 1], i);
      status = mill_regex_new(call->arena, p.p, p.n, false, &r[k], err);
      if (status == MILL_OK && r[k] == NULL)
        status = mill_call_fail(call, err, MILL_E_INVALID_PARAMETER_VALUE_PATTERN, "functionName",
                                "`str_to_map`", "parameter", "`regexp`", "value",
                                mill_error_fmt(err, "'%.*s'", (int)p.n, p.p), NULL);
      if (status == MILL_OK) status = mill_search_init(&x[k], r[k], err);
    }
    splitter by[] = {{&x[0], bytes_at(args[1], i).n == 0}, {&x[1], bytes_at(args[2], i).n == 0}};
    if (status == MILL_OK)
      status = map_row(call, &by[0], &by[1], bytes_at(args[0], i), out, i, err);
    mill_search_clear(&x[0]);
    mill_search_clear(&x[1]);
    if (status != MILL_OK) return status;
  }
  return mill_map_last_wins(call, out, n, err);
}

#define DEF(NAME, TYPES, KERNEL, BIND, FLAGS, FILL, USAGE, DOC, EXAMPLE)                           \
  {                                                                                                \
    .name = NAME, .types = TYPES, .kernel = KERNEL, .bind = BIND, .flags = FLAGS, .fill = FILL,    \
    .usage = USAGE, .doc = DOC, .example = EXAMPLE                                                 \
  }

const mill_function mill_family_string_parts[] = {
    DEF("split_part", "string, string, int -> string", k_split_part, NULL, MILL_FN_NULLABLE, NULL,
        "split_part(str, delimiter, partNum)",
        "A part between delimiters, from the end if below 0.",
        "SELECT split_part('11.12.13', '.', 3) -> 13"),
    DEF("overlay", "any, any, int, int?", k_overlay, bind_overlay, MILL_FN_NO_RAISE, ", , , -1",
        "overlay(input, replace, pos[, len])", "The text with a part of it replaced.",
        "SELECT overlay('Spark SQL', '_', 6) -> Spark_SQL"),
    DEF("find_in_set", "string, string -> int", k_find_in_set, NULL, MILL_FN_NO_RAISE, NULL,
        "find_in_set(str, str_array)", "The place of a text in a list with commas, from 1.",
        "SELECT find_in_set('ab', 'abc,b,ab,c,def') -> 3"),
    DEF("elt", "int, any, any*", k_elt, bind_elt, MILL_FN_NULLS, NULL, "elt(n, input1, ...)",
        "The n-th input.", "SELECT elt(1, 'scala', 'java') -> scala"),
    DEF("levenshtein", "string, string, int? -> int", k_levenshtein, NULL, 0, NULL,
        "levenshtein(str1, str2[, threshold])",
        "How many characters to change, add or drop; -1 beyond the threshold.",
        "SELECT levenshtein('kitten', 'sitting') -> 3"),
    DEF("jaro_winkler_similarity", "string, string -> double", k_jaro_winkler, NULL,
        MILL_FN_NULLABLE, NULL, "jaro_winkler_similarity(str1, str2)",
        "The likeness of two texts, from 0 to 1.",
        "SELECT round(jaro_winkler_similarity('MARTHA', 'MARHTA'), 4) -> 0.9611"),
    DEF("soundex", "!string -> string", k_soundex, NULL, 0, NULL, "soundex(str)",
        "A code of how the text sounds in English.", "SELECT soundex('Miller') -> M460"),
    DEF("luhn_check", "string -> boolean", k_luhn, NULL, MILL_FN_NO_RAISE | MILL_FN_NULLABLE, NULL,
        "luhn_check(str)", "True where the check digit of a number is right.",
        "SELECT luhn_check('8112189876') -> true"),
    DEF("mask", "!string, !string?, !string?, !string?, !string?", k_mask, bind_mask,
        MILL_FN_NULLS | MILL_FN_NAMED | MILL_FN_NULLABLE, ", 'X', 'x', 'n', NULL",
        "mask(str[, upperChar[, lowerChar[, digitChar[, otherChar]]]])",
        "The text with letters and digits covered.",
        "SELECT mask('abcd-EFGH-8765-4321') -> xxxx-XXXX-nnnn-nnnn"),
    DEF("quote", "string -> string", k_quote, NULL, MILL_FN_NO_RAISE | MILL_FN_NULLABLE, NULL,
        "quote(str)", "The text in single quotes, those inside escaped.",
        "SELECT quote('Don\\'t') -> 'Don\\'t'"),
    DEF("is_valid_utf8", "string -> boolean", k_is_valid, NULL, MILL_FN_NO_RAISE | MILL_FN_NULLABLE,
        NULL, "is_valid_utf8(str)", "True where the bytes are UTF-8.",
        "SELECT is_valid_utf8('Spark') -> true"),
    DEF("make_valid_utf8", "string -> string", k_make_valid, NULL, MILL_FN_NULLABLE, NULL,
        "make_valid_utf8(str)", "The text with U+FFFD for what is no UTF-8.",
        "SELECT make_valid_utf8('Spark') -> Spark"),
    DEF("validate_utf8", "string -> string", k_validate, NULL, MILL_FN_NULLABLE, NULL,
        "validate_utf8(str)", "The text; an error where it is no UTF-8.",
        "SELECT validate_utf8('Spark') -> Spark"),
    DEF("try_validate_utf8", "string -> string", k_validate, NULL, MILL_FN_NULLABLE, NULL,
        "try_validate_utf8(str)", "The text; null where it is no UTF-8.",
        "SELECT try_validate_utf8('Spark') -> Spark"),
    DEF("sentences", "string, string?, string?", k_sentences, bind_sentences, MILL_FN_NULLS,
        ", '', ''", "sentences(str[, lang[, country]])",
        "The sentences of a text, each an array of words.",
        "SELECT sentences('Hi there! Good morning.') -> "
        "[[\"Hi\",\"there\"],[\"Good\",\"morning\"]]"),
    DEF("str_to_map", "!string, !string?, !string? -> map<string, string>", k_str_to_map, NULL, 0,
        ", ',', ':'", "str_to_map(text[, pairDelim[, keyValueDelim]])",
        "The pairs of a text as a map; delimiters are regular expressions.",
        "SELECT str_to_map('a:1,b:2,c:3', ',', ':') -> {\"a\":\"1\",\"b\":\"2\",\"c\":\"3\"}"),
    {0}};
