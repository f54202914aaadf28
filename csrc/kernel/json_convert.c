/* from_json and to_json: texts into values of a schema, and back, by the rules of Spark's reader and
** writer of JSON files (json_value.h, json_write.h).
**
** What is malformed becomes null: an array or map as a whole, of a struct the members that do not
** fit. With mode FAILFAST it is an error. The column that columnNameOfCorruptRecord names, where the
** schema has it, gets the text of a malformed record. */
#include <strings.h>

#include "kernel/bytes_int.h"
#include "kernel/json_value.h"
#include "kernel/json_write.h"
#include "kernel/list_int.h"

enum { PAD = 16 };

/* ---- options -------------------------------------------------------------------------------- */

static mill_status not_a_map(mill_error *err) {
  return mill_fail(err, MILL_E_INVALID_OPTIONS_NON_MAP_FUNCTION, NULL);
}

/* Argument i is a constant map of texts, or left out. */
static mill_status options_of(mill_binding *b, int i, mill_vector *out, mill_error *err) {
  MILL_TRY(mill_bind_constant(b, i, out, err));
  if (i >= b->nargs) return MILL_OK;
  if (out->type == NULL || out->type->id != MILL_MAP) return not_a_map(err);
  for (int c = 0; c < 2; c++)
    if (out->type->fields[c].type->id != MILL_STRING)
      return mill_fail(err, MILL_E_INVALID_OPTIONS_NON_STRING_TYPE, "mapType",
                       mill_bind_type_sql(b, out->type, err), NULL);
  return MILL_OK;
}

/* The value of an option; p NULL: not given. */
static bytes option(const mill_vector *map, const char *name) {
  bytes none = {NULL, 0};
  mill_span s = map->type ? span_at(map, 0) : (mill_span){0, 0};
  for (uint32_t k = s.start; k < s.start + s.size; k++) {
    bytes key = bytes_at(&map->child[0], k);
    bool same = key.n == strlen(name) && strncasecmp(key.p, name, key.n) == 0;
    if (same && mill_vector_valid(&map->child[1], k)) return bytes_at(&map->child[1], k);
  }
  return none;
}

static bool is_word(bytes s, const char *word) {
  return s.n == strlen(word) && strncasecmp(s.p, word, s.n) == 0;
}

static bool option_flag(const mill_vector *map, const char *name, bool otherwise) {
  bytes v = option(map, name);
  return v.p ? is_word(v, "true") : otherwise;
}

static mill_status option_pattern(mill_binding *b, const mill_vector *map, const char *name,
                                  bool reading, const mill_pattern **out, mill_error *err) {
  bytes v = option(map, name);
  *out = NULL;
  return v.p ? mill_pattern_new(b->arena, v.p, v.n, reading, out, err) : MILL_OK;
}

/* ---- from_json ------------------------------------------------------------------------------ */

typedef struct from_json {
  mill_json_rules rules;
  bool fail_fast;
  int corrupt; /* member for the text of malformed records; -1: none */
} from_json;

static void syntax(from_json *f, const mill_vector *map) {
  for (int i = 0; i < MILL_JSON_FLAGS; i++) {
    const mill_json_flag *flag = &mill_json_flags[i];
    if (option_flag(map, flag->name, flag->otherwise)) f->rules.options |= flag->option;
  }
}

static mill_status read_rules(mill_binding *b, from_json *f, const mill_vector *map,
                              mill_error *err) {
  mill_value_rules *v = &f->rules.values;
  f->rules.max_depth = MILL_JSON_DEPTH;
  f->rules.max_number = 1000;
  *v = (mill_value_rules){.nan = "NaN", .positive_inf = "Inf", .negative_inf = "-Inf"};
  v->timestamp = (mill_timestamp_rules){.zones = b->ctx->zones,
                                        .zone = mill_session_zone(b->set),
                                        .now = mill_settings_now(b->set),
                                        .allow_zone = true};
  v->ntz = v->timestamp;
  v->ntz.ntz = true;
  v->ntz.allow_zone = false;
  MILL_TRY(option_pattern(b, map, "dateFormat", true, &v->date_pattern, err));
  MILL_TRY(option_pattern(b, map, "timestampFormat", true, &v->timestamp_pattern, err));
  MILL_TRY(option_pattern(b, map, "timestampNTZFormat", true, &v->ntz_pattern, err));
  syntax(f, map);
  return MILL_OK;
}

static mill_status read_mode(from_json *f, const mill_vector *map, mill_error *err) {
  bytes mode = option(map, "mode");
  f->fail_fast = mode.p && is_word(mode, "FAILFAST");
  if (mode.p && is_word(mode, "DROPMALFORMED"))
    return mill_fail(err, MILL_E_PARSE_MODE_UNSUPPORTED, "funcName", "`from_json`", "mode",
                     "DROPMALFORMED", NULL);
  return MILL_OK;
}

static int corrupt_member(const mill_type *t, const mill_vector *map) {
  bytes name = option(map, "columnNameOfCorruptRecord");
  if (name.p == NULL) name = (bytes){"_corrupt_record", 15};
  for (uint32_t i = 0; t->id == MILL_STRUCT && i < t->nfields; i++)
    if (strlen(t->fields[i].name) == name.n && memcmp(t->fields[i].name, name.p, name.n) == 0)
      return t->fields[i].type->id == MILL_STRING ? (int)i : -1;
  return -1;
}

static mill_status wrong_schema(mill_binding *b, const mill_type *t, mill_error *err) {
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_INVALID_JSON_SCHEMA, "sqlExpr",
                   mill_error_fmt(err, "\"%s(%s)\"", b->fn->name, b->arg_sql[0]), "schema",
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
  void *mem;
  mill_vector map;
  const mill_vector *schema = b->arg_value[1];
  MILL_TRY(mill_bind_types(b, "!string, any, any? -> string", err));
  MILL_TRY(mill_bind_alloc(b, sizeof(from_json), &mem, err));
  from_json *f = mem;
  if (schema == NULL || schema->type->id != MILL_STRING || !mill_vector_valid(schema, 0))
    return mill_fail(err, MILL_E_INVALID_SCHEMA_NON_STRING_LITERAL, "inputSchema",
                     mill_error_fmt(err, "\"%s\"", b->arg_sql[1]), NULL);
  bytes text = bytes_of(schema);
  if (b->parse_schema == NULL)
    return mill_fail(err, MILL_E_INTERNAL_ERROR, "message", "no parser of schemas", NULL);
  MILL_TRY(b->parse_schema(b, text.p, text.n, &b->result, err));
  if (!json_root(b->result)) return wrong_schema(b, b->result, err);
  const mill_type *odd = odd_map(b->result);
  if (odd)
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_INVALID_JSON_MAP_KEY_TYPE, "schema",
                     mill_bind_type_sql(b, odd, err), NULL);
  MILL_TRY(options_of(b, 2, &map, err));
  MILL_TRY(read_rules(b, f, &map, err));
  MILL_TRY(read_mode(f, &map, err));
  f->corrupt = corrupt_member(b->result, &map);
  b->state = f;
  b->nullable = true;
  b->shown =
      b->result->id == MILL_MAP ? "entries" : mill_error_fmt(err, "from_json(%s)", b->arg_sql[0]);
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

static mill_status read_row(mill_call *call, json_builder *b, json_column *root, uint32_t row,
                            bytes s) {
  const from_json *f = call->state;
  char *p;
  size_t n;
  MILL_TRY(padded(call, s, &p, &n, b->err));
  mill_json_start(b->reader, p, n, f->rules.options);
  if (mill_json_at_end(b->reader)) return MILL_OK;
  json_put put = mill_json_take(b, root, row, json_next(&f->rules, b->reader));
  if (put == JSON_FAILED) return b->status;
  bool lost = put == JSON_BAD || put == JSON_BROKEN || !mill_valid_bit(root->vector.valid, row);
  bool bad = put != JSON_GOOD;
  if (bad && f->fail_fast)
    return mill_call_fail(call, b->err, MILL_E_MALFORMED_RECORD, "badRecord",
                          mill_error_fmt(b->err, "%.*s", (int)(s.n < 200 ? s.n : 200), s.p),
                          "failFastMode", "FAILFAST", NULL);
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
  void *mem;
  mill_vector map;
  MILL_TRY(mill_bind_types(b, "any, any? -> string", err));
  if (!json_root(b->arg_type[0])) return wrong_schema(b, b->arg_type[0], err);
  MILL_TRY(mill_bind_alloc(b, sizeof(to_json), &mem, err));
  to_json *t = mem;
  MILL_TRY(options_of(b, 1, &map, err));
  t->style.ignore_nulls = option_flag(&map, "ignoreNullFields", true);
  t->style.pretty = option_flag(&map, "pretty", false);
  t->style.ascii = option_flag(&map, "writeNonAsciiCharacterAsCodePoint", false);
  t->texts.settings = *b->set;
  t->texts.settings.zone = mill_session_zone(b->set);
  t->texts.zones = b->ctx->zones;
  MILL_TRY(option_pattern(b, &map, "dateFormat", false, &t->texts.date, err));
  MILL_TRY(option_pattern(b, &map, "timestampFormat", false, &t->texts.timestamp, err));
  MILL_TRY(option_pattern(b, &map, "timestampNTZFormat", false, &t->texts.ntz, err));
  b->state = t;
  b->nullable = b->arg_nullable[0];
  b->shown = mill_error_fmt(err, "to_json(%s)", b->arg_sql[0]);
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
