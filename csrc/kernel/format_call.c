#include "kernel/format_call.h"

#include <strings.h>

#include "kernel/list_int.h"

/* ---- options -------------------------------------------------------------------------------- */

static const char *own_text(mill_binding *b, bytes s) {
  return mill_arena_strndup(b->arena, s.p, s.n);
}

static mill_status copy_options(mill_binding *b, const mill_vector *map, mill_options *out,
                                mill_error *err) {
  mill_span s = span_at(map, 0);
  void *mem;
  MILL_TRY(mill_bind_alloc(b, (s.size + 1) * sizeof(mill_option), &mem, err));
  mill_option *o = mem;
  out->at = o;
  for (uint32_t k = s.start; k < s.start + s.size; k++) {
    if (!mill_vector_valid(&map->child[1], k)) continue;
    o[out->n] = (mill_option){own_text(b, bytes_at(&map->child[0], k)),
                              own_text(b, bytes_at(&map->child[1], k))};
    if (o[out->n].key == NULL || o[out->n].value == NULL)
      return mill_oom(b->arena->memory, sizeof *o, err);
    out->n++;
  }
  return MILL_OK;
}

mill_status mill_call_options(mill_binding *b, int i, mill_options *out, mill_error *err) {
  mill_vector map = {0};
  *out = (mill_options){NULL, 0};
  if (i >= b->nargs) return MILL_OK;
  MILL_TRY(mill_bind_constant(b, i, &map, err));
  if (map.type == NULL || map.type->id != MILL_MAP)
    return mill_fail(err, MILL_E_INVALID_OPTIONS_NON_MAP_FUNCTION, NULL);
  for (int c = 0; c < 2; c++)
    if (map.type->fields[c].type->id != MILL_STRING)
      return mill_fail(err, MILL_E_INVALID_OPTIONS_NON_STRING_TYPE, "mapType",
                       mill_bind_type_sql(b, map.type, err), NULL);
  return mill_vector_valid(&map, 0) ? copy_options(b, &map, out, err) : MILL_OK;
}

mill_status mill_call_mode(mill_binding *b, mill_options o, bool *fail_fast, mill_error *err) {
  const char *mode = mill_option_text(o, "mode");
  *fail_fast = mode && strcasecmp(mode, "FAILFAST") == 0;
  if (mode && strcasecmp(mode, "DROPMALFORMED") == 0)
    return mill_fail(err, MILL_E_PARSE_MODE_UNSUPPORTED, "funcName",
                     mill_error_fmt(err, "`%s`", b->fn->name), "mode", "DROPMALFORMED", NULL);
  return MILL_OK;
}

/* ---- schemas -------------------------------------------------------------------------------- */

/* The same type with all of it nullable. */
static const mill_type *all_nullable(mill_binding *b, const mill_type *t) {
  mill_types *types = b->ctx->types;
  if (t->nfields == 0) return t;
  mill_field *f = mill_arena_alloc(b->arena, t->nfields * sizeof *f);
  if (f == NULL) return NULL;
  for (uint32_t i = 0; i < t->nfields; i++) {
    f[i] = t->fields[i];
    f[i].nullable = true;
    if ((f[i].type = all_nullable(b, f[i].type)) == NULL) return NULL;
  }
  switch (t->id) {
  case MILL_ARRAY: return mill_type_array(types, f[0].type, true);
  case MILL_MAP: return mill_type_map(types, f[0].type, f[1].type, true);
  case MILL_STRUCT: return mill_type_struct(types, f, t->nfields);
  default: return t;
  }
}

mill_status mill_call_schema(mill_binding *b, int i, const mill_type **out, mill_error *err) {
  const mill_vector *v = b->arg_value[i];
  if (v == NULL || v->type->id != MILL_STRING || !mill_vector_valid(v, 0))
    return mill_fail(err, MILL_E_INVALID_SCHEMA_NON_STRING_LITERAL, "inputSchema",
                     mill_error_fmt(err, "\"%s\"", mill_arg_sql(b, i)), NULL);
  bytes text = bytes_of(v);
  if (b->parse_schema == NULL)
    return mill_fail(err, MILL_E_INTERNAL_ERROR, "message", "no parser of schemas", NULL);
  MILL_TRY(b->parse_schema(b, text.p, text.n, out, err));
  *out = all_nullable(b, *out);
  return *out ? MILL_OK : mill_oom(b->arena->memory, sizeof **out, err);
}

mill_status mill_call_corrupt(mill_binding *b, mill_options o, const mill_type *t, int *out,
                              mill_error *err) {
  const char *name = mill_option_text(o, "columnNameOfCorruptRecord");
  if (name == NULL) name = "_corrupt_record";
  *out = -1;
  for (uint32_t i = 0; t->id == MILL_STRUCT && i < t->nfields; i++) {
    if (strcmp(t->fields[i].name, name) != 0) continue;
    if (t->fields[i].type->id != MILL_STRING)
      return mill_fail(err, MILL_E_INVALID_CORRUPT_RECORD_TYPE, "columnName",
                       mill_error_fmt(err, "`%s`", name), "actualType",
                       mill_bind_type_sql(b, t->fields[i].type, err), NULL);
    *out = (int)i;
  }
  return MILL_OK;
}

mill_status mill_call_sample(mill_binding *b, const char *name, bytes *out, mill_error *err) {
  const mill_vector *v = b->arg_value[0];
  if (v && v->type->id == MILL_STRING && mill_vector_valid(v, 0)) {
    *out = bytes_of(v);
    return MILL_OK;
  }
  if (v)
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_UNEXPECTED_NULL, "sqlExpr",
                     mill_bind_sql(b, err), "exprName", name, NULL);
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_NON_FOLDABLE_INPUT, "sqlExpr",
                   mill_bind_sql(b, err), "inputName", mill_error_fmt(err, "`%s`", name),
                   "inputType", "\"STRING\"", "inputExpr",
                   mill_error_fmt(err, "\"%s\"", mill_arg_sql(b, 0)), NULL);
}

mill_status mill_call_ddl(mill_call *call, const mill_type *t, mill_vector *out, size_t n,
                          mill_error *err) {
  mill_text text;
  mill_text_init(&text, call->ctx->memory);
  mill_status s = mill_type_sql(t, &text, err);
  for (size_t i = 0; i < n && s == MILL_OK; i++) s = put_text(call, out, i, &text, err);
  mill_text_clear(&text);
  return s;
}

/* ---- records and values --------------------------------------------------------------------- */

mill_status mill_call_malformed(mill_call *call, bytes s, mill_error *err) {
  return mill_call_fail(call, err, MILL_E_MALFORMED_RECORD, "badRecord",
                        mill_error_fmt(err, "%.*s", (int)(s.n < 200 ? s.n : 200), s.p),
                        "failFastMode", "FAILFAST", NULL);
}

mill_status mill_call_rules(mill_binding *b, mill_options o, mill_value_rules *v, mill_error *err) {
  mill_timestamp_rules t = {.zones = b->ctx->zones,
                            .zone = mill_session_zone(b->set),
                            .now = mill_settings_now(b->set),
                            .allow_zone = true};
  MILL_TRY(mill_value_rules_init(v, o, t, err));
  v->policy = b->set->time_policy;
  return mill_value_rules_formats(v, o, false, b->arena, err);
}

static mill_status pattern_of(mill_binding *b, mill_options o, const char *key,
                              const mill_pattern **out, mill_error *err) {
  const char *v = mill_option_text(o, key);
  *out = NULL;
  return v ? mill_pattern_new_in(b->arena, v, strlen(v), false, mill_option_text(o, "locale"), out,
                                 err)
           : MILL_OK;
}

mill_status mill_call_texts(mill_binding *b, mill_options o, mill_value_texts *t, mill_error *err) {
  const char *zone = mill_option_text(o, "timeZone");
  t->settings = *b->set;
  t->settings.zone = mill_session_zone(b->set);
  t->zones = b->ctx->zones;
  if (zone && t->zones)
    MILL_TRY(mill_zones_find(t->zones, zone, strlen(zone), &t->settings.zone, err));
  MILL_TRY(pattern_of(b, o, "dateFormat", &t->date, err));
  MILL_TRY(pattern_of(b, o, "timestampFormat", &t->timestamp, err));
  MILL_TRY(pattern_of(b, o, "timestampNTZFormat", &t->ntz, err));
  return pattern_of(b, o, "timeFormat", &t->time, err);
}

mill_status mill_call_json_rules(mill_binding *b, mill_options o, mill_json_rules *r,
                                 mill_error *err) {
  MILL_TRY(mill_json_limits(r, o, err));
  for (int i = 0; i < MILL_JSON_FLAGS; i++) {
    const mill_json_flag *flag = &mill_json_flags[i];
    bool on;
    MILL_TRY(mill_option_bool(o, flag->name, flag->otherwise, &on, err));
    if (on) r->options |= flag->option;
  }
  return mill_call_rules(b, o, &r->values, err);
}
