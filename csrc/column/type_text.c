/* Types as text: SQL ("ARRAY<INT>"), DDL of a schema ("a INT,b STRING") and Spark's simpleString
** ("array<int>"); see type.h. One writer serves all three: style says which words it uses. */
#include <ctype.h>
#include <string.h>

#include "base/collation.h"
#include "base/json.h"
#include "base/text.h"
#include "column/type.h"

enum { MAX_DEPTH = 1000 };

typedef enum { SQL, SIMPLE } style;

typedef struct {
  style style;
  mill_text *out;
  mill_error *err;
} writer;

static const char *const sql_names[MILL_TYPE_COUNT] = {
    [MILL_NULL] = "VOID",
    [MILL_BOOLEAN] = "BOOLEAN",
    [MILL_TINYINT] = "TINYINT",
    [MILL_SMALLINT] = "SMALLINT",
    [MILL_INT] = "INT",
    [MILL_BIGINT] = "BIGINT",
    [MILL_FLOAT] = "FLOAT",
    [MILL_DOUBLE] = "DOUBLE",
    [MILL_DECIMAL] = "DECIMAL",
    [MILL_STRING] = "STRING",
    [MILL_BINARY] = "BINARY",
    [MILL_DATE] = "DATE",
    [MILL_TIMESTAMP] = "TIMESTAMP",
    [MILL_TIMESTAMP_NTZ] = "TIMESTAMP_NTZ",
    [MILL_TIME] = "TIME",
    [MILL_TIMESTAMP_NANOS] = "TIMESTAMP_LTZ",
    [MILL_TIMESTAMP_NTZ_NANOS] = "TIMESTAMP_NTZ",
    [MILL_INTERVAL_YM] = "INTERVAL",
    [MILL_INTERVAL_DT] = "INTERVAL",
    [MILL_INTERVAL] = "INTERVAL",
    [MILL_ARRAY] = "ARRAY",
    [MILL_MAP] = "MAP",
    [MILL_STRUCT] = "STRUCT",
    [MILL_VARIANT] = "VARIANT",
    [MILL_VECTOR] = "VECTOR",
    [MILL_MATRIX] = "MATRIX",
    [MILL_GEOMETRY] = "GEOMETRY",
    [MILL_GEOGRAPHY] = "GEOGRAPHY",
};

static mill_status put(writer *w, const char *s) { return mill_text_adds(w->out, s, w->err); }

/* A word of the language: as it stands in SQL, in lower case in a simpleString. */
static mill_status word(writer *w, const char *s) {
  size_t at = w->out->size;
  MILL_TRY(put(w, s));
  for (; w->style == SIMPLE && at < w->out->size; at++)
    if (w->out->data[at] >= 'A' && w->out->data[at] <= 'Z') w->out->data[at] |= 32;
  return MILL_OK;
}

static bool is_identifier(const char *s) {
  if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || *s == '_')) return false;
  for (s++; *s; s++)
    if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9') ||
          *s == '_'))
      return false;
  return true;
}

static mill_status put_name(writer *w, const char *name) {
  if (w->style == SIMPLE || is_identifier(name)) return put(w, name);
  MILL_TRY(put(w, "`"));
  for (; *name; name++) {
    if (*name == '`') MILL_TRY(put(w, "`"));
    MILL_TRY(mill_text_addc(w->out, *name, w->err));
  }
  return put(w, "`");
}

static mill_status write_interval(writer *w, const mill_type *t) {
  static const char *const ym[] = {"YEAR", "MONTH"};
  static const char *const dt[] = {"DAY", "HOUR", "MINUTE", "SECOND"};
  const char *const *field = t->id == MILL_INTERVAL_YM ? ym : dt;
  MILL_TRY(word(w, " "));
  MILL_TRY(word(w, field[t->start]));
  if (t->end == t->start) return MILL_OK;
  MILL_TRY(word(w, " TO "));
  return word(w, field[t->end]);
}

static mill_status write_string(writer *w, const mill_type *t) {
  if (t->string_kind == MILL_PLAIN_STRING)
    MILL_TRY(word(w, "STRING"));
  else {
    MILL_TRY(word(w, t->string_kind == MILL_CHAR ? "CHAR" : "VARCHAR"));
    MILL_TRY(mill_text_printf(w->out, w->err, "(%u)", t->length));
  }
  if (t->collation == MILL_UTF8_BINARY && !t->written) return MILL_OK;
  char name[MILL_COLLATION_NAME];
  mill_collation_name(t->collation, name);
  for (char *c = name; w->style == SQL && *c; c++) *c = (char)toupper((unsigned char)*c);
  MILL_TRY(word(w, " COLLATE "));
  return put(w, name);
}

static mill_status write_type(writer *w, const mill_type *t, int depth);

static mill_status write_fields(writer *w, const mill_type *t, int depth) {
  MILL_TRY(word(w, "STRUCT<"));
  for (uint32_t i = 0; i < t->nfields; i++) {
    const mill_field *f = &t->fields[i];
    if (i) MILL_TRY(put(w, w->style == SQL ? ", " : ","));
    MILL_TRY(put_name(w, f->name));
    MILL_TRY(put(w, w->style == SQL ? ": " : ":"));
    MILL_TRY(write_type(w, f->type, depth + 1));
    if (w->style == SQL && !f->nullable) MILL_TRY(put(w, " NOT NULL"));
  }
  return put(w, ">");
}

static mill_status write_items(writer *w, const mill_type *t, int depth) {
  MILL_TRY(word(w, sql_names[t->id]));
  MILL_TRY(put(w, "<"));
  MILL_TRY(write_type(w, t->fields[0].type, depth + 1));
  if (t->nfields > 1) {
    MILL_TRY(put(w, w->style == SQL ? ", " : ","));
    MILL_TRY(write_type(w, t->fields[1].type, depth + 1));
  }
  return put(w, ">");
}

static mill_status write_type(writer *w, const mill_type *t, int depth) {
  if (depth > MAX_DEPTH) return put(w, "...");
  switch (t->id) {
  case MILL_STRING: return write_string(w, t);
  case MILL_STRUCT: return write_fields(w, t, depth);
  case MILL_ARRAY:
  case MILL_MAP: return write_items(w, t, depth);
  case MILL_DECIMAL:
    MILL_TRY(word(w, "DECIMAL"));
    return mill_text_printf(w->out, w->err, "(%d,%d)", t->precision, t->scale);
  case MILL_TIME:
  case MILL_TIMESTAMP_NANOS:
  case MILL_TIMESTAMP_NTZ_NANOS:
    MILL_TRY(word(w, sql_names[t->id]));
    return mill_text_printf(w->out, w->err, "(%d)", t->precision);
  case MILL_GEOMETRY:
  case MILL_GEOGRAPHY:
    MILL_TRY(word(w, sql_names[t->id]));
    if (t->length == MILL_SRID_ANY) return word(w, "(ANY)");
    return mill_text_printf(w->out, w->err, "(%u)", t->length);
  case MILL_INTERVAL_YM:
  case MILL_INTERVAL_DT: MILL_TRY(word(w, "INTERVAL")); return write_interval(w, t);
  default: return word(w, sql_names[t->id]);
  }
}

mill_status mill_type_sql(const mill_type *t, mill_text *out, mill_error *err) {
  writer w = {SQL, out, err};
  return write_type(&w, t, 0);
}

mill_status mill_type_simple(const mill_type *t, mill_text *out, mill_error *err) {
  writer w = {SIMPLE, out, err};
  return write_type(&w, t, 0);
}

/* DEFAULT and COMMENT of a column, from its metadata. */
static mill_status put_metadata(writer *w, const char *metadata) {
  mill_arena a;
  mill_json *j;
  if (metadata == NULL) return MILL_OK;
  mill_arena_init(&a, w->out->memory);
  mill_status s = mill_json_parse(metadata, strlen(metadata), &a, &j, w->err);
  const char *preset = s ? NULL : mill_json_text(j, "CURRENT_DEFAULT", NULL);
  const char *comment = s ? NULL : mill_json_text(j, "comment", NULL);
  if (s == MILL_OK && preset) s = mill_text_printf(w->out, w->err, " DEFAULT %s", preset);
  if (s == MILL_OK && comment) s = mill_text_adds(w->out, " COMMENT '", w->err);
  for (const char *c = comment; c && *c && s == MILL_OK; c++)
    s = *c == '\'' ? mill_text_adds(w->out, "\\'", w->err) : mill_text_addc(w->out, *c, w->err);
  if (s == MILL_OK && comment) s = mill_text_addc(w->out, '\'', w->err);
  mill_arena_clear(&a);
  return s;
}

mill_status mill_type_ddl(const mill_type *schema, bool nullability, mill_text *out,
                          mill_error *err) {
  writer w = {SQL, out, err};
  for (uint32_t i = 0; i < schema->nfields; i++) {
    const mill_field *f = &schema->fields[i];
    if (i) MILL_TRY(put(&w, ","));
    MILL_TRY(put_name(&w, f->name));
    MILL_TRY(put(&w, " "));
    MILL_TRY(write_type(&w, f->type, 1));
    if (nullability && !f->nullable) MILL_TRY(put(&w, " NOT NULL"));
    MILL_TRY(put_metadata(&w, f->metadata));
  }
  return MILL_OK;
}

const char *mill_type_quoted(mill_memory *m, const mill_type *t, mill_error *err) {
  mill_text text;
  mill_text_init(&text, m);
  mill_status s = mill_type_sql(t, &text, err);
  const char *out = s == MILL_OK ? mill_error_fmt(err, "\"%s\"", text.data) : "a type";
  mill_text_clear(&text);
  return out;
}
