/* schema_of_json: the DDL of what a JSON text is, by the rules of the reader of JSON files (json_guess.h). */
#include "kernel/format_call.h"
#include "kernel/json_guess.h"

static mill_status read_rules(mill_binding *b, guess_rules *r, mill_json_rules *read,
                              mill_error *err) {
  mill_options o;
  MILL_TRY(mill_call_options(b, 1, &o, err));
  MILL_TRY(mill_call_json_rules(b, o, read, err));
  MILL_TRY(mill_option_bool(o, "primitivesAsString", false, &r->primitives_as_string, err));
  MILL_TRY(mill_option_bool(o, "prefersDecimal", false, &r->prefers_decimal, err));
  MILL_TRY(mill_option_bool(o, "inferTimestamp", false, &r->infer_timestamp, err));
  MILL_TRY(mill_option_bool(o, "dropFieldIfAllNull", false, &r->drop_all_null, err));
  r->read = read;
  return MILL_OK;
}

/* Look at the first value of the text, which must be well-formed. */
static mill_status guess_text(guesser *w, guess *root, bytes s) {
  const mill_json_rules *read = w->rules->read;
  mill_json_reader *r = w->reader;
  mill_json_start(r, s.p, s.n, read->options);
  if (mill_json_at_end(r)) return MILL_OK;
  if (!mill_json_pass(read, r, json_next(read, r)))
    return mill_fail(w->err, MILL_E_MALFORMED_JSON, "reason", r->error ? r->error : "too deep",
                     "position", mill_error_fmt(w->err, "%zu", r->at), NULL);
  mill_json_start(r, s.p, s.n, read->options);
  return mill_guess_value(w, root, mill_json_next(r));
}

/* What is left of nothing: a struct without members, an array of such, or a text. */
static const mill_type *empty_of(mill_binding *b, const guess *root) {
  const mill_type *none = mill_type_struct(b->ctx->types, NULL, 0);
  if (root->kind == GUESS_STRUCT) return none;
  bool structs = root->kind == GUESS_ARRAY && root->n && root->member[0]->kind == GUESS_STRUCT;
  return structs && none ? mill_type_array(b->ctx->types, none, true) : mill_type_of(MILL_STRING);
}

static mill_status bind_schema_of_json(mill_binding *b, mill_error *err) {
  guess_rules rules = {0};
  mill_json_rules read = {0};
  mill_json_reader reader;
  mill_text text;
  guess root = {.kind = GUESS_NULL};
  bytes s = {"", 0};
  const mill_type *t = NULL;
  b->shown = mill_error_fmt(err, "schema_of_json(%s)", mill_arg_sql(b, 0));
  MILL_TRY(mill_bind_types(b, "!string, any? -> string", err));
  MILL_TRY(read_rules(b, &rules, &read, err));
  MILL_TRY(mill_call_sample(b, "json", &s, err));
  mill_text_init(&text, b->ctx->memory);
  guesser w = {&rules, b->arena, &root, &reader, &text, err, 0, NULL, 0};
  mill_status status = guess_text(&w, &root, s);
  mill_text_clear(&text);
  MILL_TRY(status);
  MILL_TRY(mill_guess_type(&rules, b->ctx->types, b->arena, &root, &t, err));
  if (t == NULL) t = empty_of(b, &root);
  b->state = (void *)t;
  b->nullable = false;
  return t ? MILL_OK : mill_oom(b->arena->memory, sizeof *t, err);
}

KERNEL_HEAD(k_schema_of_json) {
  (void)args;
  return mill_call_ddl(call, call->state, out, n, err);
}

const mill_function mill_family_json_schema[] = {
    {.name = "schema_of_json",
     .types = "!string, any?",
     .kernel = k_schema_of_json,
     .bind = bind_schema_of_json,
     .usage = "schema_of_json(json[, options])",
     .doc = "The schema that a JSON text suggests, as DDL.",
     .example = "SELECT schema_of_json('[{\"col\":0}]') -> ARRAY<STRUCT<col: BIGINT>>"},
    {0}};
