/* to_xml: a struct as an XML document, as Spark's generator indents it. Members whose names begin with
** attributePrefix are attributes, that of the name valueTag is the text, arrays are elements of one name; nulls are
** left out, or written as nullValue. */
#include <string.h>

#include "kernel/csv_text.h"
#include "kernel/format_call.h"

enum { MAX_DEPTH = 1000 };

typedef struct to_xml {
  const char *row_tag, *prefix, *value_tag, *null_value, *item;
  size_t prefix_size;
  mill_value_texts texts;
} to_xml;

typedef struct writing {
  const to_xml *rules;
  mill_text *out, *scratch;
  mill_error *err;
  int depth;
  bool open;  /* the start tag waits for its > */
  bool lines; /* the element that ended last was on lines of its own */
} writing;

static mill_status bind_to_xml(mill_binding *b, mill_error *err) {
  to_xml *t;
  mill_options o;
  const mill_type *type = b->arg_type[0];
  MILL_TRY(mill_bind_types(b, "any, any? -> string", err));
  if (type->id != MILL_STRUCT && type->id != MILL_NULL)
    return mill_bind_wrong_type(b, 0, "\"STRUCT\"", err);
  BIND_NEW(b, to_xml, t, err);
  MILL_TRY(mill_call_options(b, 1, &o, err));
  MILL_TRY(mill_call_texts(b, o, &t->texts, err));
  const struct {
    const char **to, *key, *otherwise;
  } texts[] = {{&t->row_tag, "rowTag", "ROW"},
               {&t->prefix, "attributePrefix", "_"},
               {&t->value_tag, "valueTag", "_VALUE"},
               {&t->null_value, "nullValue", NULL},
               {&t->item, "arrayElementName", "item"}};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    const char *v = mill_option_text(o, texts[i].key);
    *texts[i].to = v ? v : texts[i].otherwise;
  }
  t->prefix_size = strlen(t->prefix);
  b->state = t;
  b->nullable = true;
  b->shown = mill_error_fmt(err, "to_xml(%s)", b->arg_sql[0]);
  return MILL_OK;
}

/* ---- marks ---------------------------------------------------------------------------------- */

static mill_status put(writing *w, const char *p, size_t n) {
  return mill_text_add(w->out, p, n, w->err);
}

static mill_status put_all(writing *w, const char *s) { return put(w, s, strlen(s)); }

static mill_status escaped(writing *w, const char *p, size_t n, bool attribute) {
  size_t from = 0; /* what stays as it is goes in runs */
  for (size_t i = 0; i < n; i++) {
    const char *as = p[i] == '&'                ? "&amp;"
                     : p[i] == '<'              ? "&lt;"
                     : p[i] == '"' && attribute ? "&quot;"
                                                : NULL;
    if (as == NULL) continue;
    MILL_TRY(put(w, p + from, i - from));
    MILL_TRY(put_all(w, as));
    from = i + 1;
  }
  return put(w, p + from, n - from);
}

static mill_status close_tag(writing *w) {
  bool open = w->open;
  w->open = false;
  return open ? put(w, ">", 1) : MILL_OK;
}

static mill_status new_line(writing *w) {
  if (w->depth) MILL_TRY(put(w, "\n", 1));
  for (int i = 0; i < w->depth; i++) MILL_TRY(put(w, "    ", 4));
  return MILL_OK;
}

static mill_status check_name(writing *w, const char *name) {
  bool fine = *name != 0;
  for (const char *p = name; *p; p++) {
    unsigned char c = (unsigned char)*p;
    bool letter = (unsigned char)((c | 32) - 'a') < 26 || c == '_' || c == ':' || c >= 128;
    bool later = (unsigned char)(c - '0') < 10 || c == '-' || c == '.';
    fine = fine && (letter || (later && p > name));
  }
  return fine ? MILL_OK
              : mill_fail(w->err, MILL_E_MALFORMED_XML, "reason",
                          mill_error_fmt(w->err, "no element can have the name '%s'", name), NULL);
}

static mill_status begin(writing *w, const char *name) {
  MILL_TRY(check_name(w, name));
  MILL_TRY(close_tag(w));
  MILL_TRY(new_line(w));
  if (++w->depth > MAX_DEPTH)
    return mill_fail(w->err, MILL_E_MALFORMED_XML, "reason",
                     "a value nests deeper than 1,000 levels", NULL);
  MILL_TRY(put(w, "<", 1));
  w->open = true;
  w->lines = false;
  return put_all(w, name);
}

static mill_status end(writing *w, const char *name) {
  w->depth--;
  if (w->open) {
    w->open = false;
    w->lines = true;
    return put(w, "/>", 2);
  }
  if (w->lines) {
    if (w->depth == 0) MILL_TRY(put(w, "\n", 1));
    MILL_TRY(new_line(w));
  }
  w->lines = true;
  MILL_TRY(put(w, "</", 2));
  MILL_TRY(put_all(w, name));
  return put(w, ">", 1);
}

/* ---- values --------------------------------------------------------------------------------- */

static mill_status value(writing *w, const mill_vector *v, size_t i);

static bool is_null(const mill_vector *v, size_t i) {
  return v->type->id == MILL_NULL || !mill_vector_valid(v, i);
}

static mill_status characters(writing *w, const char *p, size_t n) {
  MILL_TRY(close_tag(w));
  return escaped(w, p, n, false);
}

static mill_status child_element(writing *w, const char *name, const mill_vector *v, size_t i) {
  if (is_null(v, i) && w->rules->null_value == NULL) return MILL_OK;
  if (strcmp(name, w->rules->value_tag) == 0) return value(w, v, i);
  MILL_TRY(begin(w, name));
  MILL_TRY(value(w, v, i));
  return end(w, name);
}

static bool is_attribute(const writing *w, const char *name) {
  return strncmp(name, w->rules->prefix, w->rules->prefix_size) == 0 &&
         strcmp(name, w->rules->value_tag) != 0;
}

static mill_status attribute(writing *w, const char *name, const mill_vector *v, size_t i) {
  bool null = is_null(v, i);
  const char *text = w->rules->null_value;
  if (null && text == NULL) return MILL_OK;
  mill_text_reset(w->scratch);
  if (!null)
    MILL_TRY(mill_value_put(&w->rules->texts, v, mill_vector_at(v, i), w->scratch, w->err));
  MILL_TRY(check_name(w, name + w->rules->prefix_size));
  MILL_TRY(put(w, " ", 1));
  MILL_TRY(put_all(w, name + w->rules->prefix_size));
  MILL_TRY(put(w, "=\"", 2));
  MILL_TRY(null ? escaped(w, text, strlen(text), true)
                : escaped(w, w->scratch->data ? w->scratch->data : "", w->scratch->size, true));
  return put(w, "\"", 1);
}

static mill_status child(writing *w, const char *name, const mill_vector *v, size_t i) {
  if (is_null(v, i) || v->type->id != MILL_ARRAY) return child_element(w, name, v, i);
  mill_span s = ((const mill_span *)v->data)[mill_vector_at(v, i)];
  for (uint32_t k = s.start; k < s.start + s.size; k++)
    MILL_TRY(child_element(w, name, &v->child[0], k));
  return MILL_OK;
}

static mill_status members(writing *w, const mill_vector *v, uint32_t k) {
  for (int pass = 0; pass < 2; pass++)
    for (uint32_t m = 0; m < v->type->nfields; m++) {
      const char *name = v->type->fields[m].name;
      if (is_attribute(w, name) != (pass == 0)) continue;
      MILL_TRY(pass == 0 ? attribute(w, name, &v->child[m], k) : child(w, name, &v->child[m], k));
    }
  return MILL_OK;
}

static mill_status entries(writing *w, const mill_vector *v, mill_span s) {
  mill_text name;
  mill_status status = MILL_OK;
  mill_text_init(&name, w->out->memory);
  for (int pass = 0; pass < 2; pass++)
    for (uint32_t k = s.start; k < s.start + s.size && status == MILL_OK; k++) {
      const mill_vector *keys = &v->child[0];
      mill_text_reset(&name);
      status = mill_value_put(&w->rules->texts, keys, mill_vector_at(keys, k), &name, w->err);
      const char *p = name.data ? name.data : "";
      if (status != MILL_OK || is_attribute(w, p) != (pass == 0)) continue;
      status = pass == 0 ? attribute(w, p, &v->child[1], k) : child(w, p, &v->child[1], k);
    }
  mill_text_clear(&name);
  return status;
}

static mill_status atom(writing *w, const mill_vector *v, uint32_t k) {
  mill_type_id id = v->type->id;
  if (id == MILL_INTERVAL || id == MILL_INTERVAL_YM || id == MILL_INTERVAL_DT || id == MILL_VARIANT)
    return mill_fail(w->err, MILL_E_UNSUPPORTED_DATATYPE, "typeName",
                     mill_type_quoted(w->out->memory, v->type, w->err), NULL);
  mill_text_reset(w->scratch);
  MILL_TRY(id == MILL_BINARY ? mill_csv_bytes((const mill_str *)v->data + k, w->scratch, w->err)
                             : mill_value_put(&w->rules->texts, v, k, w->scratch, w->err));
  return characters(w, w->scratch->data ? w->scratch->data : "", w->scratch->size);
}

static mill_status value(writing *w, const mill_vector *v, size_t i) {
  if (is_null(v, i)) return characters(w, w->rules->null_value, strlen(w->rules->null_value));
  uint32_t k = mill_vector_at(v, i);
  switch (v->type->id) {
  case MILL_STRUCT: return members(w, v, k);
  case MILL_MAP: return entries(w, v, ((const mill_span *)v->data)[k]);
  case MILL_ARRAY: return child(w, w->rules->item, v, i);
  default: return atom(w, v, k);
  }
}

KERNEL_HEAD(k_to_xml) {
  mill_text text, scratch;
  mill_status s = MILL_OK;
  mill_text_init(&text, call->ctx->memory);
  mill_text_init(&scratch, call->ctx->memory);
  for (size_t i = 0; i < n && s == MILL_OK; i++) {
    const to_xml *t = call->state;
    writing w = {t, &text, &scratch, err, 0, false, false};
    if (!mill_valid_bit(out->valid, i)) continue;
    mill_text_reset(&text);
    s = child_element(&w, t->row_tag, args[0], i);
    if (s == MILL_OK) s = put_text(call, out, i, &text, err);
  }
  mill_text_clear(&text);
  mill_text_clear(&scratch);
  return s;
}

const mill_function mill_family_xml_write[] = {
    {.name = "to_xml",
     .types = "any, any?",
     .kernel = k_to_xml,
     .bind = bind_to_xml,
     .usage = "to_xml(expr[, options])",
     .doc = "A struct as an XML document.",
     .example = "SELECT to_xml(named_struct('_a', 1, '_VALUE', 'x')) -> <ROW a=\"1\">x</ROW>"},
    {0}};
