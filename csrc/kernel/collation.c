/* collate, collation, and searches in texts whose collation is not UTF8_BINARY: equal is what the collation says
** of single code points, and what is given is the text as it was. The planner puts the functions named
** collated_.. in the place of those without it. Spark: CollationSupport, CollationAwareUTF8String. */
#include "base/collation.h"

#include "base/utf8.h"
#include "kernel/agg_int.h"
#include "kernel/bytes_int.h"

/* ---- texts as keys --------------------------------------------------------------------------- */

mill_bytes_key mill_text_key(const mill_type *t, const mill_str *s, uint64_t *room) {
  mill_bytes_key k = {mill_str_data(s), s->size};
  bool text = t->id == MILL_STRING && t->collation;
  if (text && t->collation & MILL_COLLATE_TRIM)
    while (k.n && k.p[k.n - 1] == ' ') k.n--;
  if (!text || k.n == 0 || t->collation == MILL_COLLATE_TRIM) return k;
  *room = mill_collation_hash(t->collation, k.p, k.n);
  return (mill_bytes_key){(const char *)room, sizeof *room};
}

/* ---- collate -------------------------------------------------------------------------------- */

KERNEL_HEAD(k_copy) {
  (void)call, (void)err;
  MILL_EACH(out, n, i)((mill_str *)out->data)[i] = MILL_AT(mill_str, args[0], i);
  return MILL_OK;
}

static mill_status bind_collate(mill_binding *b, mill_error *err) {
  int id;
  bool null = b->arg_type[0]->id == MILL_NULL;
  if (b->arg_type[0]->id != MILL_STRING && !null)
    return mill_bind_wrong_type(b, 0, "\"STRING\"", err);
  if (b->arg_value[1] == NULL || b->arg_type[1]->id != MILL_STRING ||
      !mill_vector_valid(b->arg_value[1], 0))
    return mill_fail(err, MILL_E_NON_FOLDABLE_ARGUMENT, "funcName", "`collate`", "paramName",
                     "`collationName`", "paramType", "\"STRING\"", NULL);
  bytes name = bytes_of(b->arg_value[1]);
  if (!mill_collation_find(name.p, name.n, &id))
    return mill_fail(err, MILL_E_COLLATION_INVALID_NAME, "collationName",
                     mill_error_fmt(err, "%.*s", (int)name.n, name.p), "proposals",
                     "UTF8_BINARY, UTF8_LCASE, UNICODE", NULL);
  MILL_TRY(mill_collation_open(id, err));
  b->cast_to[0] = null ? mill_type_of(MILL_STRING) : b->arg_type[0];
  b->cast_to[1] = b->arg_type[1];
  b->result = mill_type_collated(b->ctx->types, id);
  b->nullable = b->arg_nullable[0];
  return b->result ? MILL_OK : mill_oom(b->ctx->memory, 1, err);
}

typedef struct named {
  char text[MILL_COLLATION_NAME + 16];
} named;

KERNEL_HEAD(k_name) {
  const named *s = call->state;
  (void)args, (void)err;
  for (size_t i = 0; i < n; i++) put_view(out, i, s->text, strlen(s->text));
  return MILL_OK;
}

static mill_status bind_name(mill_binding *b, mill_error *err) {
  char name[MILL_COLLATION_NAME];
  named *s;
  bool null = b->arg_type[0]->id == MILL_NULL;
  if (b->arg_type[0]->id != MILL_STRING && !null)
    return mill_bind_wrong_type(b, 0, "\"STRING\"", err);
  BIND_NEW(b, named, s, err);
  int id = b->arg_type[0]->collation;
  snprintf(s->text, sizeof s->text, "%s%s", id == MILL_NO_COLLATION ? "" : "SYSTEM.BUILTIN.",
           mill_collation_name(id, name));
  b->state = s;
  b->cast_to[0] = null ? mill_type_of(MILL_STRING) : b->arg_type[0];
  b->result = mill_type_of(MILL_STRING);
  b->nullable = false;
  return MILL_OK;
}

/* ---- texts as code points ------------------------------------------------------------------- */

typedef struct points {
  int32_t *code; /* as the collation sees them */
  uint32_t *at;  /* where each begins; at[n] is the end */
  size_t n;
} points;

enum { DOTTED_I = 0x130 };

/* `pairs`: i with a dot above it is the one letter that it is the lower case of, where that counts. */
static mill_status take_points(mill_call *call, int id, bytes s, bool pairs, points *out,
                               mill_error *err) {
  size_t room = s.n + 1;
  out->code = mill_arena_take(call->arena, room * sizeof *out->code);
  out->at = mill_arena_take(call->arena, room * sizeof *out->at);
  if (out->code == NULL || out->at == NULL) return mill_oom(call->ctx->memory, room * 8, err);
  out->n = 0;
  int32_t dot; /* 0: case counts, or is the collator's matter */
  (void)mill_collation_fold_two(id, DOTTED_I, &dot);
  for (size_t i = 0; i < s.n;) {
    int length;
    int32_t code = mill_utf8_decode(s.p + i, s.n - i, &length);
    bool second = pairs && dot && code == dot && out->n && out->code[out->n - 1] == 'i';
    if (second)
      out->n--;
    else
      out->at[out->n] = (uint32_t)i;
    bool whole = second || (dot && code == DOTTED_I);
    out->code[out->n++] = whole ? DOTTED_I : mill_collation_fold(id, code);
    i += (size_t)length;
  }
  out->at[out->n] = (uint32_t)s.n;
  return MILL_OK;
}

static bool match_at(const points *s, size_t at, const points *what) {
  return at + what->n <= s->n && memcmp(s->code + at, what->code, what->n * sizeof *s->code) == 0;
}

/* The first match from `at` on; s->n: none. */
static size_t find(const points *s, size_t at, const points *what) {
  for (; at + what->n <= s->n; at++)
    if (match_at(s, at, what)) return at;
  return s->n;
}

static bool holds(const points *set, int32_t code) {
  for (size_t i = 0; i < set->n; i++)
    if (set->code[i] == code) return true;
  return false;
}

/* ---- kernels -------------------------------------------------------------------------------- */

static int id_of(const mill_call *call) { return call->arg_type[0]->collation; }

/* What is searched for, or in: blanks at the end that do not count are not there. */
static bytes searched(int id, bytes s) {
  while (id & MILL_COLLATE_TRIM && s.n && s.p[s.n - 1] == ' ') s.n--;
  return s;
}

/* The text that equal ones share. */
KERNEL_HEAD(k_key) {
  int id = id_of(call);
  MILL_EACH(out, n, i) {
    bytes s = searched(id, bytes_at(args[0], i));
    char *p = NULL, *q;
    MILL_TRY(mill_bytes_take(call, s.n * 4, &p, err));
    q = p;
    for (size_t k = 0; k < s.n;) {
      int length;
      int32_t code = mill_utf8_decode(s.p + k, s.n - k, &length), more;
      q += mill_utf8_encode(mill_collation_fold_two(id, code, &more), q);
      if (more) q += mill_utf8_encode(more, q);
      k += (size_t)length;
    }
    ((mill_str *)out->data)[i] = mill_str_done(call, p, (size_t)(q - p));
  }
  return MILL_OK;
}

static mill_status replace_row(mill_call *call, bytes s, bytes from, bytes to, mill_vector *out,
                               size_t i, mill_error *err) {
  points text, what;
  mill_text t;
  MILL_TRY(take_points(call, id_of(call), s, true, &text, err));
  MILL_TRY(take_points(call, id_of(call), from, true, &what, err));
  if (what.n == 0) return put_copy(call, out, i, s.p, s.n, err);
  mill_text_init(&t, call->ctx->memory);
  mill_status status = MILL_OK;
  for (size_t at = 0; at < text.n && status == MILL_OK;) {
    size_t next = find(&text, at, &what);
    status = mill_text_add(&t, s.p + text.at[at], text.at[next] - text.at[at], err);
    if (next < text.n && status == MILL_OK) status = mill_text_add(&t, to.p, to.n, err);
    at = next < text.n ? next + what.n : next;
  }
  if (status == MILL_OK) status = put_text(call, out, i, &t, err);
  mill_text_clear(&t);
  return status;
}

KERNEL_HEAD(k_replace) {
  MILL_EACH(out, n, i) {
    bytes to = call->nargs > 2 ? bytes_at(args[2], i) : (bytes){"", 0};
    MILL_TRY(replace_row(call, bytes_at(args[0], i), bytes_at(args[1], i), to, out, i, err));
  }
  return MILL_OK;
}

KERNEL_HEAD(k_translate) {
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(args[0], i), with = bytes_at(args[2], i);
    points text, from, to;
    mill_text t;
    MILL_TRY(take_points(call, id_of(call), bytes_at(args[1], i), false, &from, err));
    MILL_TRY(take_points(call, id_of(call), s, holds(&from, DOTTED_I), &text, err));
    MILL_TRY(take_points(call, 0, with, false, &to, err));
    mill_text_init(&t, call->ctx->memory);
    mill_status status = MILL_OK;
    for (size_t k = 0; k < text.n && status == MILL_OK; k++) {
      size_t at = 0;
      while (at < from.n && from.code[at] != text.code[k]) at++;
      if (at == from.n)
        status = mill_text_add(&t, s.p + text.at[k], text.at[k + 1] - text.at[k], err);
      else if (at < to.n)
        status = mill_text_add(&t, with.p + to.at[at], to.at[at + 1] - to.at[at], err);
    }
    if (status == MILL_OK) status = put_text(call, out, i, &t, err);
    mill_text_clear(&t);
    MILL_TRY(status);
  }
  return MILL_OK;
}

/* (text, characters, ends): ends has bit 1 for the start and bit 2 for the end. */
KERNEL_HEAD(k_trim) {
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(args[0], i);
    int ends = MILL_AT(int32_t, args[2], i);
    points text, set;
    MILL_TRY(take_points(call, id_of(call), bytes_at(args[1], i), false, &set, err));
    MILL_TRY(take_points(call, id_of(call), s, holds(&set, DOTTED_I), &text, err));
    size_t from = 0, to = text.n;
    while (ends & 1 && from < to && holds(&set, text.code[from])) from++;
    while (ends & 2 && to > from && holds(&set, text.code[to - 1])) to--;
    MILL_TRY(put_copy(call, out, i, s.p + text.at[from], text.at[to] - text.at[from], err));
  }
  return MILL_OK;
}

/* The part number `at` of those between the delimiters, from 1, or from the end when negative. */
static bytes part_of(bytes s, const points *text, const points *delimiter, int32_t at) {
  size_t parts = 1, from = 0;
  for (size_t k = 0; (k = find(text, k, delimiter)) < text->n; k += delimiter->n) parts++;
  size_t wanted = at > 0 ? (size_t)at : (size_t)((int64_t)parts + at + 1);
  if (at < -(int64_t)parts || wanted < 1 || wanted > parts) return (bytes){"", 0};
  for (size_t k = 1; k < wanted; k++) from = find(text, from, delimiter) + delimiter->n;
  size_t to = find(text, from, delimiter);
  return (bytes){s.p + text->at[from], text->at[to] - text->at[from]};
}

KERNEL_HEAD(k_split_part) {
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(args[0], i);
    points text, delimiter;
    int32_t at = MILL_AT(int32_t, args[2], i);
    if (at == 0) return mill_call_fail(call, err, MILL_E_INVALID_INDEX_OF_ZERO, NULL);
    MILL_TRY(take_points(call, id_of(call), s, true, &text, err));
    bytes between = searched(id_of(call), bytes_at(args[1], i));
    MILL_TRY(take_points(call, id_of(call), between, true, &delimiter, err));
    bytes part = delimiter.n           ? part_of(s, &text, &delimiter, at)
                 : at == 1 || at == -1 ? s
                                       : (bytes){"", 0};
    MILL_TRY(put_copy(call, out, i, part.p, part.n, err));
  }
  return MILL_OK;
}

/* What is before delimiter number `count`, or behind it from the end when negative; those that overlap count. */
static bytes index_of(bytes s, const points *text, const points *delimiter, int32_t count) {
  if (count == 0 || delimiter->n == 0) return (bytes){"", 0};
  if (count > 0) {
    size_t at = 0;
    for (int32_t k = 0; (at = find(text, at, delimiter)) < text->n; at++)
      if (++k == count) return (bytes){s.p, text->at[at]};
    return s;
  }
  for (size_t at = text->n; at-- > 0;) {
    if (!match_at(text, at, delimiter) || ++count < 0) continue;
    size_t from = text->at[at + delimiter->n];
    return (bytes){s.p + from, s.n - from};
  }
  return s;
}

KERNEL_HEAD(k_substring_index) {
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(args[0], i);
    points text, delimiter;
    MILL_TRY(take_points(call, id_of(call), s, true, &text, err));
    bytes between = searched(id_of(call), bytes_at(args[1], i));
    MILL_TRY(take_points(call, id_of(call), between, true, &delimiter, err));
    bytes part = index_of(s, &text, &delimiter, MILL_AT(int32_t, args[2], i));
    MILL_TRY(put_copy(call, out, i, part.p, part.n, err));
  }
  return MILL_OK;
}

#define COLLATED(NAME, TYPES, KERNEL, EXAMPLE)                                                     \
  {                                                                                                \
    .name = NAME, .types = TYPES, .kernel = KERNEL, .flags = MILL_FN_HIDDEN, .usage = NAME "(..)", \
    .doc = "For the planner: as the function without the prefix, by the collation.",               \
    .example = EXAMPLE                                                                             \
  }

const mill_function mill_family_collation[] = {
    {.name = "collate",
     .types = "any, any",
     .bind = bind_collate,
     .kernel = k_copy,
     .flags = MILL_FN_NO_RAISE,
     .usage = "collate(expr, collationName)",
     .doc = "The text, compared and searched by that collation from here on.",
     .example = "SELECT collate('a', 'UTF8_LCASE') = 'A' -> true"},
    {.name = "collation",
     .types = "any",
     .bind = bind_name,
     .kernel = k_name,
     .flags = MILL_FN_NULLS | MILL_FN_NEVER_NULL | MILL_FN_NO_RAISE,
     .usage = "collation(expr)",
     .doc = "The name of the collation of a text.",
     .example = "SELECT collation('a') -> SYSTEM.BUILTIN.UTF8_BINARY"},
    COLLATED("collated_key", "string -> string", k_key,
             "SELECT collated_key(collate('aB', 'UTF8_LCASE')) -> ab"),
    COLLATED("collated_replace", "string, string, string? -> $1", k_replace,
             "SELECT collated_replace(collate('aB', 'UTF8_LCASE'), 'b', '-') -> a-"),
    COLLATED("collated_translate", "string, string, string -> $1", k_translate,
             "SELECT collated_translate(collate('aB', 'UTF8_LCASE'), 'b', '-') -> a-"),
    COLLATED("collated_trim", "string, string, int -> $1", k_trim,
             "SELECT collated_trim(collate('XaX', 'UTF8_LCASE'), 'x', 1) -> aX"),
    COLLATED("collated_split_part", "string, string, int -> $1", k_split_part,
             "SELECT collated_split_part(collate('aXb', 'UTF8_LCASE'), 'x', 2) -> b"),
    COLLATED("collated_substring_index", "string, string, int -> $1", k_substring_index,
             "SELECT collated_substring_index(collate('aXb', 'UTF8_LCASE'), 'x', 1) -> a"),
    {0}};
