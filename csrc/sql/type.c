/* Data types and column lists: DECIMAL(10,2), ARRAY<STRUCT<a: INT NOT NULL COMMENT 'x'>>, a INT, b
** STRING. */
#include "base/collation.h"
#include "base/wkb.h"
#include "sql/parser_int.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

static const struct {
  const char *word;
  mill_type_id id;
} simple_types[] = {
    {"BOOLEAN", MILL_BOOLEAN}, {"TINYINT", MILL_TINYINT},
    {"BYTE", MILL_TINYINT},    {"SMALLINT", MILL_SMALLINT},
    {"SHORT", MILL_SMALLINT},  {"INT", MILL_INT},
    {"INTEGER", MILL_INT},     {"BIGINT", MILL_BIGINT},
    {"LONG", MILL_BIGINT},     {"FLOAT", MILL_FLOAT},
    {"REAL", MILL_FLOAT},      {"DOUBLE", MILL_DOUBLE},
    {"DATE", MILL_DATE},       {"TIMESTAMP_LTZ", MILL_TIMESTAMP},
    {"BINARY", MILL_BINARY},   {"TIMESTAMP_NTZ", MILL_TIMESTAMP_NTZ},
    {"VOID", MILL_NULL},       {"NULL", MILL_NULL},
    {"VARIANT", MILL_VARIANT}, {"VECTOR", MILL_VECTOR},
    {"MATRIX", MILL_MATRIX},
};

static const mill_type *made(mill_parser *p, const mill_type *t) {
  if (t) return t;
  mill_p_oom(p, sizeof *t);
  return mill_type_of(MILL_NULL);
}

static const char *quoted(mill_parser *p, const char *s) {
  char *q = mill_p_alloc(p, strlen(s) + 3);
  if (q == NULL) return "";
  sprintf(q, "\"%s\"", s);
  for (char *c = q; *c; c++) *c = (char)toupper((unsigned char)*c);
  return q;
}

/* [(n [, m ..])]: how many numbers, the first two of them. */
static int numbers(mill_parser *p, int64_t *v) {
  int n = 0;
  if (!mill_p_accept(p, MILL_T_LPAREN)) return 0;
  do {
    int64_t x = mill_p_integer(p, INT32_MAX);
    if (n < 2) v[n] = x;
    n++;
  } while (mill_p_accept(p, MILL_T_COMMA));
  mill_p_expect(p, MILL_T_RPAREN);
  return n;
}

static const mill_type *unsupported(mill_parser *p, int from) {
  mill_p_error(p, from, MILL_E_UNSUPPORTED_DATATYPE, "typeName",
               quoted(p, mill_p_fragment(p, from)), NULL);
  return mill_type_of(MILL_NULL);
}

static const mill_type *decimal(mill_parser *p, int from) {
  int64_t v[2] = {10, 0};
  char a[24], b[24];
  if (numbers(p, v) > 2) return unsupported(p, from);
  snprintf(a, sizeof a, "%lld", (long long)v[0]);
  snprintf(b, sizeof b, "%lld", (long long)v[1]);
  if (v[0] > 38) {
    mill_p_error(p, from, MILL_E_DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION, "precision", a,
                 "maxPrecision", "38", NULL);
  } else if (v[1] > v[0]) {
    mill_p_error(p, from, MILL_E_DECIMAL_SCALE_EXCEEDS_PRECISION, "scale", b, "precision", a, NULL);
  } else {
    return made(p, mill_type_decimal(p->rules.ctx->types, v[0] ? (int)v[0] : 1, (int)v[1]));
  }
  return mill_type_of(MILL_DECIMAL);
}

static const mill_type *sized_string(mill_parser *p, int from, int kind) {
  int64_t v[2];
  int n = numbers(p, v);
  if (n == 1)
    return made(p, mill_type_string(p->rules.ctx->types, MILL_UTF8_BINARY, kind, (uint32_t)v[0]));
  if (n > 1) return unsupported(p, from);
  mill_p_error(p, from, MILL_E_DATATYPE_MISSING_SIZE, "type", quoted(p, mill_p_fragment(p, from)),
               NULL);
  return mill_type_of(MILL_STRING);
}

static const mill_type *string(mill_parser *p) {
  if (!mill_p_accept(p, MILL_K_COLLATE)) return mill_type_of(MILL_STRING);
  int from = p->at;
  mill_list parts = {0};
  mill_p_parts(p, &parts);
  const char *name = parts.n ? parts.item[parts.n - 1] : "";
  int id;
  if (!mill_collation_find(name, strlen(name), &id)) {
    mill_p_error(p, from, MILL_E_COLLATION_INVALID_NAME, "collationName", name, "proposals",
                 "UTF8_BINARY, UTF8_LCASE, UNICODE", NULL);
    return mill_type_of(MILL_STRING);
  }
  mill_status s = mill_collation_open(id, p->err);
  if (s != MILL_OK) mill_p_stop(p, s);
  return made(p, mill_type_collated(p->rules.ctx->types, id));
}

static int interval_field(int kind, bool *months) {
  switch (kind) {
  case MILL_K_YEAR: *months = true; return MILL_YEAR;
  case MILL_K_MONTH: *months = true; return MILL_MONTH;
  case MILL_K_DAY: *months = false; return MILL_DAY;
  case MILL_K_HOUR: *months = false; return MILL_HOUR;
  case MILL_K_MINUTE: *months = false; return MILL_MINUTE;
  case MILL_K_SECOND: *months = false; return MILL_SECOND;
  default: return -1;
  }
}

static const char *field_word(mill_parser *p, int token) {
  const mill_token *t = &p->token[token];
  return mill_p_copy(p, p->text + t->start, (size_t)(t->stop - t->start));
}

static const mill_type *interval(mill_parser *p, int from) {
  bool months, to_months;
  int first = interval_field(mill_p_peek(p, 0), &months);
  if (first < 0) return mill_type_of(MILL_INTERVAL);
  p->at++;
  int last = first;
  if (mill_p_is(p, MILL_K_TO) && interval_field(mill_p_peek(p, 1), &to_months) >= 0 &&
      months == to_months) {
    last = interval_field(mill_p_peek(p, 1), &to_months);
    p->at += 2;
    if (last <= first) {
      mill_p_error(p, from, MILL_E_INVALID_INTERVAL_FORMAT_UNSUPPORTED_FROM_TO_EXPRESSION, "input",
                   "", "from", field_word(p, from + 1), "to", field_word(p, from + 3), NULL);
      return mill_type_of(MILL_INTERVAL);
    }
  }
  return made(p, mill_type_interval(p->rules.ctx->types,
                                    months ? MILL_INTERVAL_YM : MILL_INTERVAL_DT, first, last));
}

static bool without_zone(mill_parser *p) {
  if (!mill_p_is(p, MILL_K_WITHOUT) || mill_p_peek(p, 1) != MILL_K_TIME ||
      mill_p_peek(p, 2) != MILL_K_ZONE)
    return false;
  p->at += 3;
  return true;
}

/* TIMESTAMP, TIMESTAMP(6) for microseconds, TIMESTAMP(7..9) for parts of them. */
static const mill_type *timestamp(mill_parser *p, int from, bool ntz) {
  int64_t v[2] = {6, 6};
  int n = numbers(p, v);
  ntz = (p->token[from].kind == MILL_K_TIMESTAMP && without_zone(p)) || ntz;
  if (n > 1) return unsupported(p, from);
  if (v[0] == 6) return mill_type_of(ntz ? MILL_TIMESTAMP_NTZ : MILL_TIMESTAMP);
  if (v[0] >= 7 && v[0] <= 9 && p->rules.set.nanos)
    return made(p,
                mill_type_nanos(p->rules.ctx->types,
                                ntz ? MILL_TIMESTAMP_NTZ_NANOS : MILL_TIMESTAMP_NANOS, (int)v[0]));
  if (v[0] >= 7 && v[0] <= 9) {
    mill_p_error(p, from, MILL_E_FEATURE_NOT_ENABLED, "featureName",
                 "Nanosecond-precision timestamp types", "configKey",
                 "spark.sql.timestampNanosTypes.enabled", "configValue", "true", NULL);
    return mill_type_of(MILL_TIMESTAMP);
  }
  char text[24];
  snprintf(text, sizeof text, "%lld", (long long)v[0]);
  mill_p_error(p, from, MILL_E_INVALID_TIMESTAMP_PRECISION, "precision", text, "type",
               ntz ? "TIMESTAMP_NTZ" : "TIMESTAMP_LTZ", NULL);
  return mill_type_of(MILL_TIMESTAMP);
}

/* GEOMETRY(4326), GEOGRAPHY(ANY). */
static const mill_type *shape(mill_parser *p, int from, mill_type_id id) {
  uint32_t srid = MILL_SRID_ANY;
  mill_p_expect(p, MILL_T_LPAREN);
  if (mill_p_is(p, MILL_K_ANY)) {
    p->at++;
  } else {
    int64_t v = mill_p_integer(p, INT32_MAX);
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)v);
    srid = (uint32_t)v;
    if (!mill_srid_known(v, id == MILL_GEOGRAPHY))
      mill_p_error(p, from, MILL_E_ST_INVALID_SRID_VALUE, "srid", text, NULL);
  }
  mill_p_expect(p, MILL_T_RPAREN);
  return made(p, mill_type_shape(p->rules.ctx->types, id, srid));
}

static const mill_type *time_type(mill_parser *p, int from) {
  int64_t v[2] = {6, 0};
  int n = numbers(p, v);
  without_zone(p);
  if (n > 1) return unsupported(p, from);
  if (v[0] <= 9) return made(p, mill_type_time(p->rules.ctx->types, (int)v[0]));
  char text[24];
  snprintf(text, sizeof text, "%lld", (long long)v[0]);
  mill_p_error(p, from, MILL_E_UNSUPPORTED_TIME_PRECISION, "precision", text, NULL);
  return mill_type_of(MILL_TIME);
}

static const mill_type *incomplete(mill_parser *p, int from, mill_status s) {
  mill_p_error(p, from, s, "elementType", "<INT>", NULL);
  return mill_type_of(MILL_NULL);
}

static const mill_type *array(mill_parser *p, int from) {
  if (!mill_p_accept(p, MILL_T_LT))
    return incomplete(p, from, MILL_E_INCOMPLETE_TYPE_DEFINITION_ARRAY);
  const mill_type *element = mill_p_type(p);
  mill_p_expect(p, MILL_T_GT);
  return made(p, mill_type_array(p->rules.ctx->types, element, true));
}

static const mill_type *map(mill_parser *p, int from) {
  if (!mill_p_accept(p, MILL_T_LT))
    return incomplete(p, from, MILL_E_INCOMPLETE_TYPE_DEFINITION_MAP);
  const mill_type *key = mill_p_type(p);
  mill_p_expect(p, MILL_T_COMMA);
  const mill_type *value = mill_p_type(p);
  mill_p_expect(p, MILL_T_GT);
  return made(p, mill_type_map(p->rules.ctx->types, key, value, true));
}

/* {"comment":"..."} */
static const char *comment_json(mill_parser *p, const char *s) {
  char *out = mill_p_alloc(p, 6 * strlen(s) + 16), *q = out;
  if (out == NULL) return NULL;
  q += sprintf(q, "{\"comment\":\"");
  for (; *s; s++) {
    if (*s == '"' || *s == '\\') {
      *q++ = '\\';
      *q++ = *s;
    } else if ((unsigned char)*s < 0x20) {
      q += sprintf(q, "\\u%04x", *s);
    } else {
      *q++ = *s;
    }
  }
  strcpy(q, "\"}");
  return out;
}

static void column(mill_parser *p, mill_list *out) {
  mill_field *f = mill_p_alloc(p, sizeof *f);
  mill_field dummy;
  if (f == NULL) f = &dummy;
  f->name = mill_p_checked_name(p);
  mill_p_accept(p, MILL_T_COLON);
  f->type = mill_p_type(p);
  f->nullable = true;
  f->metadata = NULL;
  if (mill_p_accept2(p, MILL_K_NOT, MILL_K_NULL) || mill_p_accept2(p, MILL_T_BANG, MILL_K_NULL))
    f->nullable = false;
  if (mill_p_accept(p, MILL_K_COMMENT)) f->metadata = comment_json(p, mill_p_string(p, NULL));
  if (f != &dummy) mill_p_push(p, out, f);
}

static const mill_type *struct_of(mill_parser *p, const mill_list *columns) {
  size_t n = (size_t)columns->n;
  mill_field *fields = mill_p_alloc(p, (n + 1) * sizeof *fields);
  if (fields == NULL) return mill_type_of(MILL_NULL);
  for (size_t i = 0; i < n; i++) fields[i] = *(const mill_field *)columns->item[i];
  return made(p, mill_type_struct(p->rules.ctx->types, fields, (uint32_t)n));
}

const mill_type *mill_p_columns(mill_parser *p) {
  mill_list columns = {0};
  do column(p, &columns);
  while (mill_p_accept(p, MILL_T_COMMA));
  return struct_of(p, &columns);
}

static const mill_type *structure(mill_parser *p, int from) {
  mill_list columns = {0};
  if (mill_p_accept(p, MILL_T_NEQ)) return struct_of(p, &columns);
  if (!mill_p_accept(p, MILL_T_LT))
    return incomplete(p, from, MILL_E_INCOMPLETE_TYPE_DEFINITION_STRUCT);
  if (mill_p_accept(p, MILL_T_GT)) return struct_of(p, &columns);
  const mill_type *t = mill_p_columns(p);
  mill_p_expect(p, MILL_T_GT);
  return t;
}

/* A type of one word, the word taken. */
static const mill_type *simple(mill_parser *p, int from) {
  for (size_t i = 0; i < sizeof simple_types / sizeof *simple_types; i++) {
    p->at = from;
    bool found = mill_p_word(p, 0, simple_types[i].word) && mill_p_peek(p, 1) != MILL_T_LPAREN;
    p->at = from + 1;
    if (found) return mill_type_of(simple_types[i].id);
  }
  bool sized = mill_p_is(p, MILL_T_LPAREN);
  const char *word = field_word(p, from);
  if (sized && strcasecmp(word, "geometry") == 0) return shape(p, from, MILL_GEOMETRY);
  if (sized && strcasecmp(word, "geography") == 0) return shape(p, from, MILL_GEOGRAPHY);
  int64_t ignored[2];
  numbers(p, ignored);
  return unsupported(p, from);
}

static const mill_type *any_type(mill_parser *p) {
  int from = p->at, kind = mill_p_peek(p, 0);
  mill_p_name(p);
  switch (kind) {
  case MILL_K_ARRAY: return array(p, from);
  case MILL_K_MAP: return map(p, from);
  case MILL_K_STRUCT: return structure(p, from);
  case MILL_K_STRING:
    if (mill_p_is(p, MILL_T_LPAREN)) break;
    return string(p);
  case MILL_K_CHAR:
  case MILL_K_CHARACTER: return sized_string(p, from, MILL_CHAR);
  case MILL_K_VARCHAR: return sized_string(p, from, MILL_VARCHAR);
  case MILL_K_DECIMAL:
  case MILL_K_DEC:
  case MILL_K_NUMERIC: return decimal(p, from);
  case MILL_K_INTERVAL: return interval(p, from);
  case MILL_K_TIME: return time_type(p, from);
  case MILL_K_TIMESTAMP: return timestamp(p, from, p->rules.ntz);
  case MILL_K_TIMESTAMP_NTZ: return timestamp(p, from, true);
  case MILL_K_TIMESTAMP_LTZ: return timestamp(p, from, false);
  default: break;
  }
  return p->failed ? mill_type_of(MILL_NULL) : simple(p, from);
}

const mill_type *mill_p_type(mill_parser *p) {
  if (!mill_p_enter(p)) return mill_type_of(MILL_NULL);
  const mill_type *t = any_type(p);
  mill_p_leave(p);
  return t;
}
