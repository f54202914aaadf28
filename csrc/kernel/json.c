/* JSON in texts: get_json_object, json_array_length, json_object_keys, json_tuple.
**
** A path is `$` and then steps: .name, ['name'], [n], [*], .*. A value taken out is a text as it is,
** anything else compact JSON; what a [*] finds is one array, or the value itself where it is one. A
** text that is no JSON, a path that is none, and a null are null. */
#include "base/json.h"
#include "base/number.h"
#include "kernel/bytes_int.h"
#include "kernel/json_quick.h"

enum { JSON_PAD = 64 }; /* zeros that json_quick.h wants behind a text */

typedef struct json_step {
  enum { NAME, INDEX, EACH } kind;
  const char *name;
  size_t n;
  int64_t index;
} json_step;

typedef struct json_path {
  bool legal, wild;
  int n;
  json_step *step;
} json_path;

/* ---- paths ---------------------------------------------------------------------------------- */

/* [n], [*] or ['name']; moves *at behind it. */
static bool read_bracket(bytes s, size_t *at, json_step *step) {
  size_t k = *at + 1;
  if (k < s.n && s.p[k] == '\'') {
    const char *end = memchr(s.p + k + 1, '\'', s.n - k - 1);
    if (end == NULL) return false;
    *step = (json_step){NAME, s.p + k + 1, (size_t)(end - s.p) - k - 1, 0};
    k = (size_t)(end - s.p) + 1;
  } else if (k < s.n && s.p[k] == '*') {
    *step = (json_step){EACH, NULL, 0, 0};
    k++;
  } else {
    size_t start = k;
    *step = (json_step){INDEX, NULL, 0, 0};
    for (; k < s.n && k - start < 18 && s.p[k] >= '0' && s.p[k] <= '9'; k++)
      step->index = step->index * 10 + (s.p[k] - '0');
    if (k == start) return false;
  }
  *at = k + 1;
  return k < s.n && s.p[k] == ']';
}

static bool read_name(bytes s, size_t *at, json_step *step) {
  size_t k = *at + 1, start = k;
  while (k < s.n && s.p[k] != '.' && s.p[k] != '[') k++;
  *at = k;
  bool star = k - start == 1 && s.p[start] == '*';
  *step = star ? (json_step){EACH, NULL, 0, 0} : (json_step){NAME, s.p + start, k - start, 0};
  return k > start;
}

static mill_status read_path(mill_arena *a, bytes s, json_path *out, mill_error *err) {
  *out = (json_path){.legal = s.n > 0 && *s.p == '$'};
  out->step = mill_arena_alloc(a, (s.n + 1) * sizeof *out->step);
  char *own = mill_arena_strndup(a, s.p, s.n);
  if (out->step == NULL || own == NULL) return mill_oom(a->memory, s.n, err);
  s.p = own;
  for (size_t at = 1; out->legal && at < s.n; out->n++) {
    json_step *step = &out->step[out->n];
    out->legal = s.p[at] == '['   ? read_bracket(s, &at, step)
                 : s.p[at] == '.' ? read_name(s, &at, step)
                                  : false;
    out->wild |= out->legal && step->kind == EACH;
  }
  return MILL_OK;
}

/* ---- looking -------------------------------------------------------------------------------- */

typedef struct json_found {
  const mill_json *first;
  size_t n;
  mill_text *list; /* of all, where the path is wild */
  mill_error *err;
} json_found;

static mill_status note(json_found *f, const mill_json *j) {
  if (f->n++ == 0) f->first = j;
  if (f->list == NULL) return MILL_OK;
  MILL_TRY(mill_text_addc(f->list, f->n > 1 ? ',' : '[', f->err));
  return mill_json_write(j, f->list, f->err);
}

static const mill_json *item_at(const mill_json *j, const json_step *s) {
  if (j->kind == MILL_JSON_OBJECT && s->kind == NAME) {
    for (const mill_json *m = j->child; m; m = m->next)
      if (m->name_size == s->n && memcmp(m->name, s->name, s->n) == 0) return m;
    return NULL;
  }
  if (j->kind != MILL_JSON_ARRAY || s->kind != INDEX) return NULL;
  const mill_json *m = j->child;
  for (int64_t k = 0; m && k < s->index; k++) m = m->next;
  return m;
}

static mill_status look(json_found *f, const mill_json *j, const json_path *p, int at) {
  for (; at < p->n; at++) {
    const json_step *s = &p->step[at];
    if (s->kind == EACH) {
      bool inside = j->kind == MILL_JSON_ARRAY;
      for (const mill_json *m = inside ? j->child : NULL; m; m = m->next)
        MILL_TRY(look(f, m, p, at + 1));
      return MILL_OK;
    }
    j = item_at(j, s);
    if (j == NULL) return MILL_OK;
  }
  if (j->kind == MILL_JSON_NULL && !p->wild && p->n > 0) return MILL_OK;
  return note(f, j);
}

/* ---- a path without [*]: one pass, no tree -------------------------------------------------- */

/* What a walk came to. */
typedef enum walked { FOUND, NOTHING, ASK_TREE } walked;

static walked member(mill_json_reader *r, const json_step *s, mill_json_token *value) {
  for (;;) {
    mill_json_token t = mill_json_next(r);
    if (t != MILL_JSON_NAME) return NOTHING;
    if (r->escaped) return ASK_TREE;
    bool same = r->size == s->n && memcmp(r->text, s->name, s->n) == 0;
    *value = mill_json_next(r);
    if (same) return FOUND;
    if (!mill_json_skip(r, *value)) return NOTHING;
  }
}

static walked item(mill_json_reader *r, int64_t index, mill_json_token *value) {
  for (;; index--) {
    *value = mill_json_next(r);
    if (*value == MILL_JSON_ARRAY_END || *value == MILL_JSON_ERROR) return NOTHING;
    if (index == 0) return FOUND;
    if (!mill_json_skip(r, *value)) return NOTHING;
  }
}

/* Move to the value that the path leads to; *value is its first token. */
static walked walk(mill_json_reader *r, const json_path *p, mill_json_token *value) {
  *value = mill_json_next(r);
  for (int at = 0; at < p->n; at++) {
    const json_step *s = &p->step[at];
    if (*value != (s->kind == NAME ? MILL_JSON_OBJECT : MILL_JSON_ARRAY)) return NOTHING;
    walked w = s->kind == NAME ? member(r, s, value) : item(r, s->index, value);
    if (w != FOUND) return w;
  }
  if (*value == MILL_JSON_NULL && p->n > 0) return NOTHING;
  return *value == MILL_JSON_END || *value == MILL_JSON_ERROR ? NOTHING : FOUND;
}

/* Where a text, an integer, true or false stands in `s`; all after it must be JSON too. */
static walked plain_value(const json_path *p, bytes s, bytes *out) {
  mill_json_reader r;
  mill_json_token t;
  mill_json_start(&r, s.p, s.n, 0);
  walked w = walk(&r, p, &t);
  if (w != FOUND) return w;
  if (t == MILL_JSON_OBJECT || t == MILL_JSON_ARRAY || t == MILL_JSON_NUMBER || r.escaped)
    return ASK_TREE;
  *out = (bytes){r.text, r.size};
  if (t == MILL_JSON_TRUE) *out = (bytes){"true", 4};
  if (t == MILL_JSON_FALSE) *out = (bytes){"false", 5};
  if (t == MILL_JSON_NULL) *out = (bytes){"null", 4};
  while ((t = mill_json_next(&r)) != MILL_JSON_END)
    if (t == MILL_JSON_ERROR) return NOTHING;
  return FOUND;
}

/* ---- the same over texts of the usual form, without tokens ----------------------------------- */

/* Move to the value of the member; false: not there, or the reader of tokens must tell. */
static bool quick_member(json_walk *w, const json_step *s) {
  for (char c = json_next_char(w); c == '{' || c == ','; c = json_next_char(w)) {
    w->p++;
    if (json_next_char(w) != '"') return false;
    const char *name = w->p + 1, *q = json_text_end(name);
    if (!mill_json_quick_name(w)) return false;
    if ((size_t)(q - name) == s->n && memcmp(name, s->name, s->n) == 0) return true;
    if (!mill_json_quick_value(w)) return false;
  }
  return false;
}

static bool quick_item(json_walk *w, int64_t index) {
  if (json_next_char(w) != '[') return false;
  for (w->p++; index > 0; index--, w->p++)
    if (json_next_char(w) == ']' || !mill_json_quick_value(w) || json_next_char(w) != ',')
      return false;
  return json_next_char(w) != ']';
}

/* Is the text of a value what would be written for it? Only plain ASCII, integers, no blanks; of anything
** else the tree must tell. */
static bool is_compact(bytes s) {
  bool inside = false;
  char before = 0;
  for (size_t i = 0; i < s.n; before = s.p[i++]) {
    unsigned char c = (unsigned char)s.p[i];
    if (c < ' ' || c >= 0x7f || c == '\\') return false;
    if (c == '"') {
      inside = !inside;
      continue;
    }
    if (inside) continue;
    bool exponent = c == 'e' && before >= '0' && before <= '9';
    if (c == ' ' || c == '.' || c == '+' || c == '\'' || exponent || (c >= 'A' && c <= 'Z') ||
        (c == '0' && before == '-'))
      return false;
  }
  return true;
}

/* A text, an integer or what is_compact; anything else is for the reader of tokens. */
static bool quick_take(json_walk *w, bytes *out) {
  char c = json_next_char(w);
  const char *from = w->p;
  if (c == '"') {
    const char *q = json_text_end(from + 1);
    *out = (bytes){from + 1, (size_t)(q - from) - 1};
    w->p = q + 1;
    return q < w->end && *q == '"';
  }
  if (c == '[' || c == '{') {
    if (!mill_json_quick_value(w)) return false;
    *out = (bytes){from, (size_t)(w->p - from)};
    return is_compact(*out);
  }
  if ((c != '-' && (c < '0' || c > '9')) || !json_pass_number(w)) return false;
  *out = (bytes){from, (size_t)(w->p - from)};
  return memchr(from, '.', out->n) == NULL;
}

/* What is left of the objects and arrays that the path led into: their end must be reached. */
static bool quick_rest(json_walk *w, const json_path *p) {
  for (int at = p->n - 1; at >= 0; at--, w->p++) {
    bool object = p->step[at].kind == NAME;
    char c = json_next_char(w);
    for (; c == ','; c = json_next_char(w)) {
      w->p++;
      if ((object && !mill_json_quick_name(w)) || !mill_json_quick_value(w)) return false;
    }
    if (c != (object ? '}' : ']')) return false;
  }
  return true;
}

/* As plain_value; false: ask that. The walk is over a copy with zeros behind it, *out is in `s`. */
static bool quick_value(json_builder *b, const json_path *p, bytes s, bytes *out) {
  mill_text_reset(&b->text);
  if (p->n > JSON_QUICK_DEPTH || mill_text_reserve(&b->text, s.n + JSON_PAD, b->err) != MILL_OK)
    return false;
  memcpy(b->text.data, s.p, s.n);
  memset(b->text.data + s.n, 0, JSON_PAD);
  json_walk w = {.b = b, .p = b->text.data, .end = b->text.data + s.n, .depth = p->n};
  for (int at = 0; at < p->n; at++) {
    const json_step *step = &p->step[at];
    if (!(step->kind == NAME ? quick_member(&w, step) : quick_item(&w, step->index))) return false;
  }
  if (!quick_take(&w, out) || !quick_rest(&w, p)) return false;
  out->p = s.p + (out->p - b->text.data);
  return true;
}

/* ---- trees ---------------------------------------------------------------------------------- */

/* Fractions are doubles: 1.50 is 1.5. */
static bool write_doubles(mill_arena *a, mill_json *j) {
  char buf[MILL_DOUBLE_TEXT];
  double d;
  if (j->kind == MILL_JSON_NUMBER && mill_parse_double(j->text, j->size, &d)) {
    j->size = (size_t)mill_double_text(d, buf);
    j->text = mill_arena_strndup(a, buf, j->size);
    if (j->text == NULL) return false;
  }
  for (mill_json *m = j->child; m; m = m->next)
    if (!write_doubles(a, m)) return false;
  return true;
}

/* The tree of the value that a text begins with, in the arena; NULL where it is no JSON. */
static mill_status tree_of(mill_arena *a, bytes s, mill_json **out, mill_error *err) {
  mill_error ignored;
  mill_json_reader r;
  mill_json *j = NULL;
  *out = NULL;
  mill_error_clear(&ignored);
  mill_json_start(&r, s.p, s.n, 0);
  mill_json_token first = mill_json_next(&r);
  if (first == MILL_JSON_END || first == MILL_JSON_ERROR) return MILL_OK;
  if (!mill_json_skip(&r, first)) return MILL_OK;
  mill_status parsed = mill_json_parse(s.p, (size_t)(r.p - s.p), a, &j, &ignored);
  if (parsed != MILL_OK && parsed != MILL_E_OUT_OF_MEMORY) return MILL_OK;
  if (parsed != MILL_OK || !write_doubles(a, j)) return mill_oom(a->memory, s.n, err);
  *out = j;
  return MILL_OK;
}

static mill_status take(mill_call *call, json_builder *b, bytes s, const json_path *p,
                        mill_text *text, mill_vector *out, size_t i, mill_error *err) {
  bytes value;
  mill_arena *scratch = b->scratch;
  if (p->legal && !p->wild && quick_value(b, p, s, &value)) {
    put_view(out, i, value.p, value.n);
    return MILL_OK;
  }
  walked w = !p->legal ? NOTHING : p->wild ? ASK_TREE : plain_value(p, s, &value);
  if (w == FOUND) return put_copy(call, out, i, value.p, value.n, err);
  mill_json *j = NULL;
  json_found f = {.list = p->wild ? text : NULL, .err = err};
  mill_text_reset(text);
  if (w == ASK_TREE) MILL_TRY(tree_of(scratch, s, &j, err));
  if (j) MILL_TRY(look(&f, j, p, 0));
  if (f.n == 0) return mill_set_null(call, out, i, err);
  if (f.n > 1) {
    MILL_TRY(mill_text_addc(text, ']', err));
    return put_text(call, out, i, text, err);
  }
  if (f.first->kind == MILL_JSON_TEXT && !p->wild)
    return put_copy(call, out, i, f.first->text, f.first->size, err);
  mill_text_reset(text);
  MILL_TRY(mill_json_write(f.first, text, err));
  return put_text(call, out, i, text, err);
}

KERNEL_HEAD(k_get) {
  mill_arena scratch;
  mill_text text;
  json_path fixed, path;
  mill_json_reader reader;
  mill_status status = MILL_OK;
  static const mill_json_rules rules = {
      .max_depth = MILL_JSON_DEPTH, .max_number = INT64_MAX, .max_text = INT64_MAX};
  json_builder b = {.rules = &rules, .scratch = &scratch, .reader = &reader, .err = err};
  mill_arena_init(&scratch, call->ctx->memory);
  mill_text_init(&text, call->ctx->memory);
  mill_text_init(&b.text, call->ctx->memory);
  if (args[1]->mask == 0) status = read_path(call->arena, bytes_of(args[1]), &fixed, err);
  for (size_t i = 0; i < n && status == MILL_OK; i++) {
    if (!mill_valid_bit(out->valid, i)) continue;
    path = fixed;
    if (args[1]->mask) status = read_path(&scratch, bytes_at(args[1], i), &path, err);
    if (status == MILL_OK) status = take(call, &b, bytes_at(args[0], i), &path, &text, out, i, err);
    mill_arena_reset(&scratch);
  }
  mill_text_clear(&b.text);
  mill_text_clear(&text);
  mill_arena_clear(&scratch);
  return status;
}

/* ---- arrays and objects --------------------------------------------------------------------- */

/* The items of an array, by its tokens; -1: the text does not begin with one. */
static int32_t items_of(bytes s) {
  mill_json_reader r;
  int32_t n = 0;
  mill_json_start(&r, s.p, s.n, 0);
  if (mill_json_next(&r) != MILL_JSON_ARRAY) return -1;
  for (mill_json_token t; (t = mill_json_next(&r)) != MILL_JSON_ARRAY_END; n++)
    if (t == MILL_JSON_END || !mill_json_skip(&r, t)) return -1;
  return n;
}

KERNEL_HEAD(k_length) {
  int32_t *r = out->data;
  MILL_EACH(out, n, i) {
    r[i] = items_of(bytes_at(args[0], i));
    if (r[i] < 0) MILL_TRY(mill_set_null(call, out, i, err));
  }
  return MILL_OK;
}

static mill_status keys_row(mill_call *call, const mill_json *j, mill_vector *out, size_t i,
                            mill_error *err) {
  mill_vector *list = &out->child[0];
  uint32_t start = list->size;
  if (j == NULL || j->kind != MILL_JSON_OBJECT) return mill_set_null(call, out, i, err);
  for (const mill_json *m = j->child; m; m = m->next) {
    MILL_TRY(mill_vector_reserve(list, list->size + 1, call->arena, err));
    MILL_TRY(put_copy(call, list, list->size, m->name, m->name_size, err));
    list->size++;
  }
  ((mill_span *)out->data)[i] = (mill_span){start, list->size - start};
  return MILL_OK;
}

KERNEL_HEAD(k_keys) {
  mill_arena scratch;
  mill_status status = MILL_OK;
  mill_arena_init(&scratch, call->ctx->memory);
  for (size_t i = 0; i < n && status == MILL_OK; i++) {
    mill_json *j;
    if (!mill_valid_bit(out->valid, i)) continue;
    status = tree_of(&scratch, bytes_at(args[0], i), &j, err);
    if (status == MILL_OK) status = keys_row(call, j, out, i, err);
    mill_arena_reset(&scratch);
  }
  mill_arena_clear(&scratch);
  return status;
}

/* ---- json_tuple ----------------------------------------------------------------------------- */

static mill_status bind_tuple(mill_binding *b, mill_error *err) {
  uint32_t n = (uint32_t)b->nargs - 1;
  mill_field *f = mill_arena_alloc(b->arena, n * sizeof *f);
  if (f == NULL) return mill_oom(b->ctx->memory, n * sizeof *f, err);
  for (int i = 0; i < b->nargs; i++)
    if (b->arg_type[i]->id != MILL_STRING)
      return mill_fail(err, MILL_E_DATATYPE_MISMATCH_NON_STRING_TYPE, "sqlExpr",
                       mill_bind_sql(b, err), "funcName", "`json_tuple`", NULL);
  for (uint32_t c = 0; c < n; c++) {
    const char *name = mill_error_fmt(err, "c%u", c);
    f[c] =
        (mill_field){mill_arena_strndup(b->arena, name, strlen(name)), b->arg_type[0], true, NULL};
    if (f[c].name == NULL) return mill_oom(b->ctx->memory, 8, err);
  }
  mill_error_clear(err);
  b->result = mill_type_struct(b->ctx->types, f, n);
  return b->result ? MILL_OK : mill_oom(b->ctx->memory, n * sizeof *f, err);
}

/* Append the text of the last member of that name, or null. */
static mill_status append_member(mill_call *call, const mill_json *j, const mill_vector *name,
                                 size_t i, mill_text *text, mill_vector *to, mill_error *err) {
  const mill_json *found = NULL;
  mill_vector null;
  bytes key = mill_vector_valid(name, i) ? bytes_at(name, i) : (bytes){NULL, 0};
  for (const mill_json *m = j && key.p ? j->child : NULL; m; m = m->next)
    if (m->name_size == key.n && memcmp(m->name, key.p, key.n) == 0) found = m;
  mill_vector_null(&null, to->type);
  if (found == NULL || found->kind == MILL_JSON_NULL)
    return mill_vector_append(to, &null, NULL, 1, false, call->arena, err);
  mill_text_reset(text);
  MILL_TRY(found->kind == MILL_JSON_TEXT ? mill_text_add(text, found->text, found->size, err)
                                         : mill_json_write(found, text, err));
  mill_str s = mill_str_view(text->data ? text->data : "", text->size);
  mill_vector one = {.type = to->type, .data = &s, .size = 1};
  return mill_vector_append(to, &one, NULL, 1, true, call->arena, err);
}

static mill_status tuple_rows(mill_call *call, const mill_vector *const *args, size_t n,
                              uint32_t *counts, mill_vector *out, mill_error *err) {
  mill_arena scratch;
  mill_text text;
  mill_status s = MILL_OK;
  mill_arena_init(&scratch, call->ctx->memory);
  mill_text_init(&text, call->ctx->memory);
  for (size_t i = 0; i < n && s == MILL_OK; i++) {
    mill_json *j = NULL;
    if (mill_vector_valid(args[0], i)) s = tree_of(&scratch, bytes_at(args[0], i), &j, err);
    if (j && j->kind != MILL_JSON_OBJECT) j = NULL;
    counts[i] = 1;
    for (int c = 1; c < call->nargs && s == MILL_OK; c++)
      s = append_member(call, j, args[c], i, &text, &out[c - 1], err);
    mill_arena_reset(&scratch);
  }
  mill_text_clear(&text);
  mill_arena_clear(&scratch);
  return s;
}

const mill_function mill_family_json[] = {
    {.name = "get_json_object",
     .types = "string, string -> string",
     .kernel = k_get,
     .flags = MILL_FN_NULLABLE,
     .usage = "get_json_object(json_txt, path)",
     .doc = "What a path leads to in a JSON text.",
     .example = "SELECT get_json_object('{\"a\":\"b\"}', '$.a') -> b"},
    {.name = "json_array_length",
     .types = "!string -> int",
     .kernel = k_length,
     .flags = MILL_FN_NULLABLE,
     .usage = "json_array_length(jsonArray)",
     .doc = "How many items an array in JSON has.",
     .example = "SELECT json_array_length('[1,2,3,4]') -> 4"},
    {.name = "json_object_keys",
     .types = "!string -> array<string>",
     .kernel = k_keys,
     .flags = MILL_FN_NULLABLE,
     .usage = "json_object_keys(json_object)",
     .doc = "The names of an object in JSON.",
     .example = "SELECT json_object_keys('{\"f1\":1,\"f2\":2}') -> [\"f1\",\"f2\"]"},
    {.name = "json_tuple",
     .types = "any, any, any*",
     .kind = MILL_GENERATOR,
     .bind = bind_tuple,
     .generate = tuple_rows,
     .flags = MILL_FN_NULLS,
     .usage = "json_tuple(jsonStr, p1, p2, ..., pn)",
     .doc = "The members of those names of an object in JSON, as columns.",
     .example = "SELECT json_tuple('{\"a\":1,\"b\":2}', 'a', 'b') -> 1"},
    {0}};
