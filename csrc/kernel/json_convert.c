/* from_json and to_json: texts into values of a schema, and back, by the rules of Spark's reader and
** writer of JSON files (json_value.h, json_write.h).
**
** What is malformed becomes null: an array or map as a whole, of a struct the members that do not
** fit. With mode FAILFAST it is an error. The column that columnNameOfCorruptRecord names, where the
** schema has it, gets the text of a malformed record. */
#include "kernel/format_call.h"
#include "kernel/json_value.h"
#include "kernel/json_write.h"
#include "kernel/list_int.h"

enum { PAD = 64 }; /* zeros that json_value.h wants behind a text */

/* ---- from_json ------------------------------------------------------------------------------ */

typedef struct from_json {
  mill_json_rules rules;
  bool fail_fast;
  bool quick;  /* records of the usual form are taken without tokens */
  int corrupt; /* member for the text of malformed records; -1: none */
} from_json;

static mill_status wrong_schema(mill_binding *b, const mill_type *t, mill_error *err) {
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_INVALID_JSON_SCHEMA, "sqlExpr",
                   mill_error_fmt(err, "\"%s(%s)\"", b->fn->name, mill_arg_sql(b, 0)), "schema",
                   mill_bind_type_sql(b, t, err), NULL);
}

/* A map inside of t whose keys are no texts; NULL: none. */
static const mill_type *odd_map(const mill_type *t) {
  if (t->id == MILL_MAP && t->fields[0].type->id != MILL_STRING) return t;
  for (uint32_t i = 0; i < t->nfields; i++) {
    const mill_type *odd = odd_map(t->fields[i].type);
    if (odd) return odd;
  }
  return NULL;
}

static bool json_root(const mill_type *t) {
  return t->id == MILL_STRUCT || t->id == MILL_ARRAY || t->id == MILL_MAP || t->id == MILL_VARIANT;
}

static mill_status bind_from_json(mill_binding *b, mill_error *err) {
  from_json *f;
  mill_options o;
  MILL_TRY(mill_bind_types(b, "!string, any, any? -> string", err));
  BIND_NEW(b, from_json, f, err);
  MILL_TRY(mill_call_schema(b, 1, &b->result, err));
  if (!json_root(b->result)) return wrong_schema(b, b->result, err);
  const mill_type *odd = odd_map(b->result);
  if (odd)
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_INVALID_JSON_MAP_KEY_TYPE, "schema",
                     mill_bind_type_sql(b, odd, err), NULL);
  MILL_TRY(mill_call_options(b, 2, &o, err));
  MILL_TRY(mill_call_json_rules(b, o, &f->rules, err));
  f->rules.compact = f->rules.values.days = true;
  f->quick = b->result->id == MILL_STRUCT && mill_json_quick_fits(&f->rules);
  MILL_TRY(mill_call_mode(b, o, &f->fail_fast, err));
  MILL_TRY(mill_call_corrupt(b, o, b->result, &f->corrupt, err));
  b->state = f;
  b->nullable = true;
  b->shown = b->result->id == MILL_MAP ? "entries"
                                       : mill_error_fmt(err, "from_json(%s)", mill_arg_sql(b, 0));
  return MILL_OK;
}

static void set_bit(json_column *c, uint32_t row, bool on) {
  uint64_t bit = 1ull << (row & 63), *word = &c->vector.valid[row >> 6];
  *word = on ? *word | bit : *word & ~bit;
}

/* A struct all of whose members are null. */
static void lose_struct(json_column *c, uint32_t row) {
  for (uint32_t i = 0; i < c->type->nfields; i++) set_bit(&c->child[i], row, false);
  set_bit(c, row, true);
}

/* The text with room behind it; a lone object for an array of structs becomes its one element. */
static mill_status padded(mill_call *call, bytes s, char **p, size_t *n, mill_error *err) {
  const mill_type *t = call->result;
  size_t first = 0;
  while (first < s.n && (unsigned char)s.p[first] <= ' ') first++;
  bool wrap = t->id == MILL_ARRAY && t->fields[0].type->id == MILL_STRUCT && first < s.n &&
              s.p[first] == '{';
  MILL_TRY(mill_bytes_take(call, s.n + PAD + 2, p, err));
  memcpy(*p + wrap, s.p, s.n);
  memset(*p + wrap + s.n, 0, PAD);
  if (wrap) **p = '[', (*p)[s.n + 1] = ']';
  *n = s.n + 2 * wrap;
  return MILL_OK;
}

/* Mode FAILFAST: an array in the place of an object has a condition of its own. */
static mill_status malformed(mill_call *call, bytes s, mill_error *err) {
  size_t first = 0;
  while (first < s.n && (unsigned char)s.p[first] <= ' ') first++;
  if (call->result->id != MILL_STRUCT || first == s.n || s.p[first] != '[')
    return mill_call_malformed(call, s, err);
  return mill_call_fail(call, err, MILL_E_MALFORMED_RECORD_JSON_ARRAY, "badRecord",
                        mill_error_fmt(err, "%.*s", (int)(s.n < 200 ? s.n : 200), s.p),
                        "failFastMode", "FAILFAST", NULL);
}

static mill_status read_row(mill_call *call, json_builder *b, json_column *root, uint32_t row,
                            bytes s) {
  const from_json *f = call->state;
  char *p;
  size_t n;
  MILL_TRY(padded(call, s, &p, &n, b->err));
  json_put put = f->quick ? mill_json_quick(b, root, row, p, n) : JSON_BROKEN;
  if (put == JSON_BROKEN) {
    mill_json_start(b->reader, p, n, f->rules.options);
    if (mill_json_at_end(b->reader)) return MILL_OK;
    put = mill_json_take(b, root, row, json_next(&f->rules, b->reader));
  }
  if (put == JSON_FAILED) return b->status;
  bool lost = (put >= JSON_BAD && put <= JSON_BROKEN) || !mill_valid_bit(root->vector.valid, row);
  bool bad = put != JSON_GOOD;
  if (bad && f->fail_fast) return malformed(call, s, b->err);
  if (call->result->id != MILL_STRUCT) return MILL_OK;
  if (lost) lose_struct(root, row);
  if (f->corrupt < 0) return MILL_OK;
  json_column *c = &root->child[f->corrupt];
  ((mill_str *)c->vector.data)[row] = mill_str_view(p, n);
  set_bit(c, row, bad);
  return MILL_OK;
}

KERNEL_HEAD(k_from_json) {
  const from_json *f = call->state;
  json_column root;
  mill_json_reader reader;
  json_builder b = {.rules = &f->rules,
                    .memory = call->ctx->memory,
                    .arena = call->arena,
                    .scratch = call->arena,
                    .reader = &reader,
                    .err = err};
  MILL_TRY(mill_json_column(&root, call->result, (uint32_t)n + 1, call->arena, err));
  mill_text_init(&b.text, call->ctx->memory);
  mill_status s = MILL_OK;
  for (uint32_t i = 0; i < n && s == MILL_OK; i++)
    if (mill_vector_valid(args[0], i)) s = read_row(call, &b, &root, i, bytes_at(args[0], i));
  mill_json_builder_clear(&b);
  mill_json_vector(&root);
  *out = root.vector;
  out->size = (uint32_t)n;
  return s;
}

/* ---- to_json -------------------------------------------------------------------------------- */

typedef struct to_json {
  mill_json_style style;
  mill_value_texts texts;
} to_json;

static mill_status bind_to_json(mill_binding *b, mill_error *err) {
  to_json *t;
  mill_options o;
  MILL_TRY(mill_bind_types(b, "any, any? -> string", err));
  if (b->arg_type[0]->id != MILL_NULL && !json_root(b->arg_type[0]))
    return wrong_schema(b, b->arg_type[0], err);
  BIND_NEW(b, to_json, t, err);
  MILL_TRY(mill_call_options(b, 1, &o, err));
  MILL_TRY(mill_option_bool(o, "ignoreNullFields", true, &t->style.ignore_nulls, err));
  MILL_TRY(mill_option_bool(o, "pretty", false, &t->style.pretty, err));
  MILL_TRY(mill_option_bool(o, "sortKeys", false, &t->style.sort_keys, err));
  MILL_TRY(mill_option_bool(o, "writeNonAsciiCharacterAsCodePoint", false, &t->style.ascii, err));
  MILL_TRY(mill_call_texts(b, o, &t->texts, err));
  MILL_TRY(mill_json_style_names(&t->style, b->arg_type[0], b->arena, err));
  b->state = t;
  b->nullable = true;
  b->shown = mill_error_fmt(err, "to_json(%s)", mill_arg_sql(b, 0));
  return MILL_OK;
}

KERNEL_HEAD(k_to_json) {
  const to_json *t = call->state;
  mill_text text, scratch;
  mill_status s = MILL_OK;
  mill_text_init(&text, call->ctx->memory);
  mill_text_init(&scratch, call->ctx->memory);
  for (size_t i = 0; i < n && s == MILL_OK; i++) {
    if (!mill_valid_bit(out->valid, i)) continue;
    mill_json_writer w = {&t->style, &t->texts, &text, &scratch, err, 0};
    mill_text_reset(&text);
    s = mill_json_put(&w, args[0], i);
    if (s == MILL_OK) s = put_text(call, out, i, &text, err);
  }
  mill_text_clear(&text);
  mill_text_clear(&scratch);
  return s;
}

const mill_function mill_family_json_convert[] = {
    {.name = "from_json",
     .types = "!string, any, any?",
     .kernel = k_from_json,
     .bind = bind_from_json,
     .flags = MILL_FN_NULLS | MILL_FN_NULLABLE,
     .usage = "from_json(jsonStr, schema[, options])",
     .doc = "The value of a schema that a JSON text says.",
     .example = "SELECT from_json('{\"a\":1, \"b\":0.8}', 'a INT, b DOUBLE') -> "
                "{\"a\":1,\"b\":0.8}"},
    {.name = "to_json",
     .types = "any, any?",
     .kernel = k_to_json,
     .bind = bind_to_json,
     .usage = "to_json(expr[, options])",
     .doc = "A struct, array or map as JSON.",
     .example = "SELECT to_json(named_struct('a', 1, 'b', 2)) -> {\"a\":1,\"b\":2}"},
    {0}};
