/* to_xml: a struct as an XML document, as Spark's generator indents it. Members whose names begin with
** attributePrefix are attributes, that of the name valueTag is the text, arrays are elements of one name; nulls are
** left out, or written as nullValue. */
#include <string.h>

#include "kernel/csv_text.h"
#include "kernel/format_call.h"
#include "kernel/plain_copy.h"

enum { MAX_DEPTH = 1000 };

/* What a name is by the options, found out once. */
typedef struct xml_name {
  const char *text; /* of an attribute without the prefix */
  size_t size;
  bool attribute, value, sound; /* sound: an element can have it */
  const char *tags; /* of a name whose depth is known: what begins its element, up to the '>', and
                                   what ends it behind a text; else NULL */
  size_t opens, closes;
} xml_name;

/* A type with the names of its members, or the one form of its elements, or those of keys and values. */
typedef struct xml_form {
  xml_name name;
  bool attributes; /* some of the parts are */
  struct xml_form *part;
} xml_form;

typedef struct to_xml {
  const char *row_tag, *prefix, *value_tag, *null_value, *item_tag, *indent;
  size_t prefix_size, null_size,
      step; /* step: bytes of `indent`; 0: all is one line, which is ended */
  xml_name row, item;
  xml_form form;
  mill_value_texts texts;
  bool plain; /* no formats of dates and times: the texts of short values need no escapes */
} to_xml;

typedef struct writing {
  const to_xml *rules;
  mill_text *out, *scratch;
  mill_error *err;
  int depth;
  bool open;  /* the start tag waits for its > */
  bool lines; /* the element that ended last was on lines of its own */
} writing;

/* ---- names ---------------------------------------------------------------------------------- */

static bool is_sound(const char *name) {
  bool fine = *name != 0;
  for (const char *p = name; *p; p++) {
    unsigned char c = (unsigned char)*p;
    bool letter = (unsigned char)((c | 32) - 'a') < 26 || c == '_' || c == ':' || c >= 128;
    bool later = (unsigned char)(c - '0') < 10 || c == '-' || c == '.';
    fine = fine && (letter || (later && p > name));
  }
  return fine;
}

static xml_name name_of(const to_xml *t, const char *text) {
  bool value = strcmp(text, t->value_tag) == 0;
  bool attribute = !value && strncmp(text, t->prefix, t->prefix_size) == 0;
  const char *bare = text + (attribute ? t->prefix_size : 0);
  return (xml_name){.text = bare,
                    .size = strlen(bare),
                    .attribute = attribute,
                    .value = value,
                    .sound = is_sound(bare)};
}

/* Of an element whatever it begins with. */
static xml_name element_name(const to_xml *t, const char *text) {
  return (xml_name){.text = text,
                    .size = strlen(text),
                    .value = strcmp(text, t->value_tag) == 0,
                    .sound = is_sound(text)};
}

/* "\n    <name" and "</name>", `depth` elements deep. */
static mill_status make_tags(mill_binding *b, const to_xml *t, xml_name *x, size_t depth,
                             mill_error *err) {
  size_t blanks = depth && t->step ? 1 + depth * t->step : 0;
  void *mem;
  x->opens = blanks + 1 + x->size;
  x->closes = 3 + x->size;
  MILL_TRY(mill_bind_alloc(b, x->opens + x->closes + PLAIN_COPY_ROOM, &mem, err));
  char *p = mem;
  x->tags = p;
  if (blanks) *p++ = '\n';
  for (size_t i = 0; blanks && i < depth; i++, p += t->step) memcpy(p, t->indent, t->step);
  *p++ = '<';
  memcpy(p, x->text, x->size);
  p += x->size;
  memcpy(p, "</", 2);
  memcpy(p + 2, x->text, x->size);
  p[2 + x->size] = '>';
  return MILL_OK;
}

/* Elements of an array stand as deep as the array; how deep the members of maps stand is left open. */
static mill_status make_form(mill_binding *b, const to_xml *t, const mill_type *type, size_t depth,
                             xml_form *out, mill_error *err) {
  void *parts;
  if (type->nfields == 0) return MILL_OK;
  MILL_TRY(mill_bind_alloc(b, type->nfields * sizeof *out->part, &parts, err));
  out->part = parts;
  for (uint32_t i = 0; i < type->nfields; i++) {
    xml_form *part = &out->part[i];
    if (type->fields[i].name) part->name = name_of(t, type->fields[i].name);
    out->attributes |= part->name.attribute;
    bool known = type->id == MILL_STRUCT && depth > 0 && depth < MAX_DEPTH;
    if (known && !part->name.attribute) MILL_TRY(make_tags(b, t, &part->name, depth, err));
    size_t deeper = type->id == MILL_ARRAY ? depth : known ? depth + !part->name.value : 0;
    MILL_TRY(make_form(b, t, type->fields[i].type, deeper, part, err));
  }
  return MILL_OK;
}

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
               {&t->item_tag, "arrayElementName", "item"},
               {&t->indent, "indent", "    "}};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    const char *v = mill_option_text(o, texts[i].key);
    *texts[i].to = v ? v : texts[i].otherwise;
  }
  t->prefix_size = strlen(t->prefix);
  t->step = strlen(t->indent);
  t->null_size = t->null_value ? strlen(t->null_value) : 0;
  t->plain = !mill_texts_have_formats(&t->texts);
  t->item = element_name(t, t->item_tag);
  t->row = element_name(t, t->row_tag);
  if (!t->row.value) MILL_TRY(make_tags(b, t, &t->row, 0, err));
  MILL_TRY(make_form(b, t, type, !t->row.value, &t->form, err));
  b->state = t;
  b->nullable = true;
  b->shown = mill_error_fmt(err, "to_xml(%s)", mill_arg_sql(b, 0));
  return MILL_OK;
}

/* ---- marks ---------------------------------------------------------------------------------- */

static mill_status put(writing *w, const char *p, size_t n) {
  return mill_text_add(w->out, p, n, w->err);
}

static mill_status escaped(writing *w, const char *p, size_t n, bool attribute) {
  static const uint8_t special[256] = {['&'] = 1, ['<'] = 1, ['"'] = 2};
  uint8_t most = attribute ? 2 : 1; /* a quote has a meaning in attributes alone */
  const char *end = p + n, *from = p;
  for (; p < end; p++) {
    uint8_t c = special[(unsigned char)*p];
    if (c == 0 || c > most) continue;
    MILL_TRY(put(w, from, (size_t)(p - from)));
    MILL_TRY(*p == '&' ? put(w, "&amp;", 5) : *p == '<' ? put(w, "&lt;", 4) : put(w, "&quot;", 6));
    from = p + 1;
  }
  return put(w, from, (size_t)(p - from));
}

static mill_status close_tag(writing *w) {
  bool open = w->open;
  w->open = false;
  return open ? put(w, ">", 1) : MILL_OK;
}

static mill_status new_line(writing *w) {
  const to_xml *t = w->rules;
  if (w->depth == 0 || t->step == 0) return MILL_OK;
  MILL_TRY(put(w, "\n", 1));
  for (int left = w->depth; left > 0; left--) MILL_TRY(put(w, t->indent, t->step));
  return MILL_OK;
}

static mill_status check_name(writing *w, const xml_name *name) {
  return name->sound
             ? MILL_OK
             : mill_fail(w->err, MILL_E_MALFORMED_XML, "reason",
                         mill_error_fmt(w->err, "no element can have the name '%s'", name->text),
                         NULL);
}

static mill_status begin(writing *w, const xml_name *name) {
  MILL_TRY(check_name(w, name));
  MILL_TRY(close_tag(w));
  if (name->tags == NULL) MILL_TRY(new_line(w));
  if (++w->depth > MAX_DEPTH)
    return mill_fail(w->err, MILL_E_MALFORMED_XML, "reason",
                     "a value nests deeper than 1,000 levels", NULL);
  w->open = true;
  w->lines = false;
  if (name->tags) return put(w, name->tags, name->opens);
  MILL_TRY(put(w, "<", 1));
  return put(w, name->text, name->size);
}

static mill_status end(writing *w, const xml_name *name) {
  w->depth--;
  if (w->open) {
    w->open = false;
    w->lines = true;
    return put(w, "/>", 2);
  }
  if (w->lines && w->rules->step) {
    if (w->depth == 0) MILL_TRY(put(w, "\n", 1));
    MILL_TRY(new_line(w));
  }
  w->lines = true;
  if (name->tags) return put(w, name->tags + name->opens, name->closes);
  MILL_TRY(put(w, "</", 2));
  MILL_TRY(put(w, name->text, name->size));
  return put(w, ">", 1);
}

/* ---- values --------------------------------------------------------------------------------- */

static mill_status value(writing *w, const xml_form *form, const mill_vector *v, size_t i);

static inline bool is_null(const mill_vector *v, size_t i) {
  return v->type->id == MILL_NULL || !mill_vector_valid(v, i);
}

static mill_status characters(writing *w, const char *p, size_t n) {
  MILL_TRY(close_tag(w));
  return escaped(w, p, n, false);
}

static uint64_t needs_escape(uint64_t x) { return plain_has(x, '&') | plain_has(x, '<'); }

/* A whole element around a text, or around one of the short texts, that needs no escapes; *done false: it is none,
** and nothing has been written. */
static inline mill_status plain_element(writing *w, const xml_name *name, const mill_vector *v,
                                        uint32_t k, bool *done) {
  const bool text = v->type->id == MILL_STRING;
  *done = false;
  if (name->tags == NULL || !name->sound || name->value) return MILL_OK;
  if (!text && !(w->rules->plain && mill_value_short(v->type))) return MILL_OK;
  const mill_str *s = text ? (const mill_str *)v->data + k : NULL;
  MILL_TRY(mill_text_reserve(
      w->out, name->opens + name->closes + (text ? s->size : MILL_VALUE_TEXT) + 2 * PLAIN_COPY_ROOM,
      w->err));
  char *to = w->out->data + w->out->size;
  if (w->open) *to++ = '>';
  to = plain_put(to, name->tags, name->opens);
  *to++ = '>';
  if (!text)
    to = mill_value_put_short(&w->rules->texts, v, k, to);
  else if (plain_copy(to, mill_str_data(s), s->size, needs_escape))
    to += s->size;
  else
    return MILL_OK;
  to = plain_put(to, name->tags + name->opens, name->closes);
  w->out->size = (size_t)(to - w->out->data);
  w->open = false;
  w->lines = *done = true;
  return MILL_OK;
}

static mill_status child_element(writing *w, const xml_name *name, const xml_form *form,
                                 const mill_vector *v, size_t i) {
  if (is_null(v, i) && w->rules->null_value == NULL) return MILL_OK;
  if (name->value) return value(w, form, v, i);
  MILL_TRY(begin(w, name));
  MILL_TRY(value(w, form, v, i));
  return end(w, name);
}

static mill_status attribute(writing *w, const xml_name *name, const mill_vector *v, size_t i) {
  bool null = is_null(v, i);
  const char *text = w->rules->null_value;
  if (null && text == NULL) return MILL_OK;
  mill_text_reset(w->scratch);
  if (!null)
    MILL_TRY(mill_value_put(&w->rules->texts, v, mill_vector_at(v, i), w->scratch, w->err));
  MILL_TRY(check_name(w, name));
  MILL_TRY(put(w, " ", 1));
  MILL_TRY(put(w, name->text, name->size));
  MILL_TRY(put(w, "=\"", 2));
  MILL_TRY(null ? escaped(w, text, w->rules->null_size, true)
                : escaped(w, w->scratch->data ? w->scratch->data : "", w->scratch->size, true));
  return put(w, "\"", 1);
}

static mill_status child(writing *w, const xml_name *name, const xml_form *form,
                         const mill_vector *v, size_t i) {
  if (is_null(v, i) || v->type->id != MILL_ARRAY) return child_element(w, name, form, v, i);
  mill_span s = ((const mill_span *)v->data)[mill_vector_at(v, i)];
  for (uint32_t k = s.start; k < s.start + s.size; k++)
    MILL_TRY(child_element(w, name, form->part, &v->child[0], k));
  return MILL_OK;
}

static mill_status members(writing *w, const xml_form *form, const mill_vector *v, uint32_t k) {
  const xml_form *part = form->part;
  uint32_t n = v->type->nfields;
  for (uint32_t m = 0; m < n && form->attributes; m++)
    if (part[m].name.attribute) MILL_TRY(attribute(w, &part[m].name, &v->child[m], k));
  for (uint32_t m = 0; m < n; m++) {
    const mill_vector *c = &v->child[m];
    bool done = part[m].name.attribute;
    if (!done && !is_null(c, k))
      MILL_TRY(plain_element(w, &part[m].name, c, mill_vector_at(c, k), &done));
    if (!done) MILL_TRY(child(w, &part[m].name, &part[m], c, k));
  }
  return MILL_OK;
}

static mill_status entries(writing *w, const xml_form *form, const mill_vector *v, mill_span s) {
  mill_text text;
  mill_status status = MILL_OK;
  mill_text_init(&text, w->out->memory);
  for (int pass = 0; pass < 2; pass++)
    for (uint32_t k = s.start; k < s.start + s.size && status == MILL_OK; k++) {
      const mill_vector *keys = &v->child[0];
      mill_text_reset(&text);
      status = mill_value_put(&w->rules->texts, keys, mill_vector_at(keys, k), &text, w->err);
      if (status != MILL_OK) break;
      xml_name name = name_of(w->rules, text.data ? text.data : "");
      if (name.attribute != (pass == 0)) continue;
      status = pass == 0 ? attribute(w, &name, &v->child[1], k)
                         : child(w, &name, &form->part[1], &v->child[1], k);
    }
  mill_text_clear(&text);
  return status;
}

static mill_status atom(writing *w, const mill_vector *v, uint32_t k) {
  mill_type_id id = v->type->id;
  if (id == MILL_STRING) {
    const mill_str *s = (const mill_str *)v->data + k;
    return characters(w, mill_str_data(s), s->size);
  }
  if (w->rules->plain && mill_value_short(v->type)) {
    MILL_TRY(close_tag(w));
    return mill_value_put(&w->rules->texts, v, k, w->out, w->err);
  }
  if (id == MILL_INTERVAL || id == MILL_INTERVAL_YM || id == MILL_INTERVAL_DT || id == MILL_VARIANT)
    return mill_fail(w->err, MILL_E_UNSUPPORTED_DATATYPE, "typeName",
                     mill_type_quoted(w->out->memory, v->type, w->err), NULL);
  mill_text_reset(w->scratch);
  MILL_TRY(id == MILL_BINARY ? mill_csv_bytes((const mill_str *)v->data + k, w->scratch, w->err)
                             : mill_value_put(&w->rules->texts, v, k, w->scratch, w->err));
  return characters(w, w->scratch->data ? w->scratch->data : "", w->scratch->size);
}

static mill_status value(writing *w, const xml_form *form, const mill_vector *v, size_t i) {
  if (is_null(v, i)) return characters(w, w->rules->null_value, w->rules->null_size);
  uint32_t k = mill_vector_at(v, i);
  switch (v->type->id) {
  case MILL_STRUCT: return members(w, form, v, k);
  case MILL_MAP: return entries(w, form, v, ((const mill_span *)v->data)[k]);
  case MILL_ARRAY: return child(w, &w->rules->item, form, v, i);
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
    s = child_element(&w, &t->row, &t->form, args[0], i);
    if (s == MILL_OK && t->step == 0) s = mill_text_addc(&text, '\n', err);
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
