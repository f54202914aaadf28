/* from_xml and schema_of_xml: documents as structs, by the rules of Spark's reader of XML.
**
** Members of a struct are the child elements of their name, the attributes behind attributePrefix, and texts as
** valueTag; elements of one name are the items of an array, in maps keys. A value that is none of its type, or a
** document that is not well-formed, makes the record malformed: what was read before it stays, what comes behind
** it in its element is lost. */
#include <string.h>
#include <strings.h>

#include "base/timezone.h"
#include "base/xml.h"
#include "kernel/csv_text.h"
#include "kernel/format_call.h"

typedef struct xml_rules {
  csv_plan guess; /* only its rules of values */
  const char *prefix, *value_tag, *null_value;
  bool trim, attributes, local_names, case_sensitive;
} xml_rules;

typedef struct from_xml {
  xml_rules rules;
  bool fail_fast;
  int corrupt; /* member for the text of malformed records; -1: none */
} from_xml;

static const char *text_option(mill_options o, const char *key, const char *otherwise) {
  const char *v = mill_option_text(o, key);
  return v ? v : otherwise;
}

static mill_status read_rules(mill_binding *b, mill_options o, xml_rules *r, mill_error *err) {
  bool exclude;
  r->prefix = text_option(o, "attributePrefix", "_");
  r->value_tag = text_option(o, "valueTag", "_VALUE");
  r->null_value = mill_option_text(o, "nullValue");
  r->case_sensitive = b->set->case_sensitive;
  r->guess.prefer_date = r->guess.times = true;
  MILL_TRY(mill_option_bool(o, "ignoreSurroundingSpaces", true, &r->trim, err));
  MILL_TRY(mill_option_bool(o, "ignoreNamespace", false, &r->local_names, err));
  MILL_TRY(mill_option_bool(o, "excludeAttribute", false, &exclude, err));
  r->attributes = !exclude;
  return mill_call_rules(b, o, &r->guess.rules, err);
}

static bytes trimmed(const xml_rules *r, bytes s) {
  while (r->trim && s.n && (unsigned char)*s.p <= ' ') s.p++, s.n--;
  while (r->trim && s.n && (unsigned char)s.p[s.n - 1] <= ' ') s.n--;
  return s;
}

static bool is_blank(bytes s) {
  for (size_t i = 0; i < s.n; i++)
    if ((unsigned char)s.p[i] > ' ') return false;
  return true;
}

static const char *name_of(const xml_rules *r, const mill_xml *x) {
  return r->local_names ? mill_xml_local(x) : x->name;
}

/* ---- values --------------------------------------------------------------------------------- */

/* One record on its way into columns. */
typedef struct reading {
  const xml_rules *rules;
  json_builder builder; /* for items of lists */
  bytes document;
} reading;

typedef enum took { TOOK, TOOK_BAD, TOOK_FAILED } took;

static void set_valid(json_column *c, uint32_t row, bool on) {
  uint64_t bit = 1ull << (row & 63), *word = &c->vector.valid[row >> 6];
  *word = on ? *word | bit : *word & ~bit;
}

static took take_boolean(bytes s, uint8_t *out) {
  *out = (s.n == 1 && *s.p == '1') || (s.n == 4 && strncasecmp(s.p, "true", 4) == 0);
  bool no = (s.n == 1 && *s.p == '0') || (s.n == 5 && strncasecmp(s.p, "false", 5) == 0);
  return *out || no ? TOOK : TOOK_BAD;
}

/* A text into row `row` of a column of an atomic type. */
static took take_text(reading *g, json_column *c, uint32_t row, bytes s) {
  const xml_rules *r = g->rules;
  void *to = (char *)c->vector.data + (size_t)row * c->type->width;
  s = trimmed(r, s);
  set_valid(c, row, false);
  if (r->null_value && strlen(r->null_value) == s.n && memcmp(r->null_value, s.p, s.n) == 0)
    return TOOK;
  if (c->type->id == MILL_STRING) {
    char *own = mill_arena_strndup(g->builder.scratch, s.p, s.n);
    if (own == NULL) g->builder.status = mill_oom(g->builder.memory, s.n, g->builder.err);
    if (own == NULL) return TOOK_FAILED;
    *(mill_str *)to = mill_str_view(own, s.n);
  } else if (c->type->id == MILL_BOOLEAN) {
    if (take_boolean(s, to) == TOOK_BAD) return TOOK_BAD;
  } else if (c->type->phys == MILL_PHYS_STR ||
             !mill_value_parse(&r->guess.rules, c->type, s.p, s.n, to)) {
    g->builder.status = mill_value_check(&r->guess.rules, g->builder.err);
    return g->builder.status == MILL_OK ? TOOK_BAD : TOOK_FAILED;
  }
  set_valid(c, row, true);
  return TOOK;
}

static took take_element(reading *g, json_column *c, uint32_t row, const mill_xml *x);

/* A new item of the list in row `row`; NULL: no memory. */
static json_column *add_item(reading *g, json_column *c, uint32_t row, uint32_t *at) {
  json_column *item = &c->child[c->type->id == MILL_MAP ? 1 : 0];
  mill_span *s = (mill_span *)c->vector.data + row;
  bool first = !mill_valid_bit(c->vector.valid, row);
  if (!mill_json_add_item(&g->builder, item)) return NULL;
  if (first) *s = (mill_span){item->size, 0};
  set_valid(c, row, true);
  *at = item->size++;
  set_valid(item, *at, false);
  s->size++;
  return item;
}

/* A value that goes into a column or, where that is an array, behind its items. */
static took put_element(reading *g, json_column *c, uint32_t row, const mill_xml *x) {
  uint32_t at;
  if (c->type->id != MILL_ARRAY) return take_element(g, c, row, x);
  json_column *item = add_item(g, c, row, &at);
  if (item == NULL) return TOOK_FAILED;
  took t = take_element(g, item, at, x);
  if (t == TOOK_BAD) item->size--, ((mill_span *)c->vector.data)[row].size--;
  return t;
}

static took put_value(reading *g, json_column *c, uint32_t row, bytes s) {
  uint32_t at;
  if (c->type->id == MILL_STRUCT || c->type->id == MILL_MAP) return TOOK_BAD;
  if (c->type->id != MILL_ARRAY) return take_text(g, c, row, s);
  json_column *item = add_item(g, c, row, &at);
  return item ? take_text(g, item, at, s) : TOOK_FAILED;
}

static json_column *member(const reading *g, json_column *c, const char *prefix, const char *name) {
  size_t n = strlen(prefix);
  for (uint32_t i = 0; i < c->type->nfields; i++) {
    const char *own = c->type->fields[i].name;
    int differ = g->rules->case_sensitive ? strncmp(own, prefix, n) : strncasecmp(own, prefix, n);
    if (!differ)
      differ = g->rules->case_sensitive ? strcmp(own + n, name) : strcasecmp(own + n, name);
    if (!differ) return &c->child[i];
  }
  return NULL;
}

static took take_attributes(reading *g, json_column *c, uint32_t row, const mill_xml *x) {
  for (const mill_xml *a = g->rules->attributes ? x->attribute : NULL; a; a = a->next) {
    json_column *m = member(g, c, g->rules->prefix, name_of(g->rules, a));
    took t = m ? put_value(g, m, row, (bytes){a->text, a->size}) : TOOK;
    if (t != TOOK) return t;
  }
  return TOOK;
}

static took take_struct(reading *g, json_column *c, uint32_t row, const mill_xml *x) {
  for (uint32_t i = 0; i < c->type->nfields; i++) set_valid(&c->child[i], row, false);
  set_valid(c, row, true);
  took t = take_attributes(g, c, row, x);
  for (const mill_xml *y = x->child; y && t == TOOK; y = y->next) {
    bytes s = {y->text, y->size};
    bool text = y->kind == MILL_XML_TEXT && !is_blank(s);
    if (y->kind != MILL_XML_ELEMENT && !text) continue;
    json_column *m = member(g, c, "", text ? g->rules->value_tag : name_of(g->rules, y));
    if (m) t = text ? put_value(g, m, row, s) : put_element(g, m, row, y);
  }
  return t;
}

static took put_entry(reading *g, json_column *c, uint32_t row, const char *prefix,
                      const mill_xml *x) {
  uint32_t at, key;
  json_column *keys = &c->child[0];
  const char *name = x->kind == MILL_XML_TEXT ? g->rules->value_tag : name_of(g->rules, x);
  size_t n = strlen(prefix), size = n + strlen(name);
  char *own = mill_arena_alloc(g->builder.scratch, size + 1);
  if (own == NULL) g->builder.status = mill_oom(g->builder.memory, size, g->builder.err);
  if (own == NULL || !mill_json_add_item(&g->builder, keys)) return TOOK_FAILED;
  memcpy(own, prefix, n);
  memcpy(own + n, name, size - n);
  json_column *item = add_item(g, c, row, &at);
  if (item == NULL) return TOOK_FAILED;
  key = keys->size++;
  ((mill_str *)keys->vector.data)[key] = mill_str_view(own, size);
  set_valid(keys, key, true);
  return x->kind == MILL_XML_ELEMENT ? take_element(g, item, at, x)
                                     : put_value(g, item, at, (bytes){x->text, x->size});
}

static took take_map(reading *g, json_column *c, uint32_t row, const mill_xml *x) {
  took t = TOOK;
  ((mill_span *)c->vector.data)[row] = (mill_span){c->child[1].size, 0};
  set_valid(c, row, true);
  for (const mill_xml *a = g->rules->attributes ? x->attribute : NULL; a && t == TOOK; a = a->next)
    t = put_entry(g, c, row, g->rules->prefix, a);
  for (const mill_xml *y = x->child; y && t == TOOK; y = y->next) {
    bool text = y->kind == MILL_XML_TEXT && !is_blank((bytes){y->text, y->size});
    if (y->kind == MILL_XML_ELEMENT || text) t = put_entry(g, c, row, "", y);
  }
  return t;
}

/* The first text that is not blank; *nested: there are elements. */
static bytes text_of(const mill_xml *x, bool *nested) {
  bytes s = {"", 0};
  for (const mill_xml *y = x->child; y; y = y->next) {
    *nested |= y->kind == MILL_XML_ELEMENT;
    bytes own = {y->text, y->size};
    if (y->kind == MILL_XML_TEXT && s.n == 0 && !is_blank(own)) s = own;
  }
  return s;
}

static took take_element(reading *g, json_column *c, uint32_t row, const mill_xml *x) {
  bool nested = false;
  switch (c->type->id) {
  case MILL_STRUCT: return take_struct(g, c, row, x);
  case MILL_MAP: return take_map(g, c, row, x);
  case MILL_ARRAY: return put_element(g, c, row, x);
  default: break;
  }
  bytes s = text_of(x, &nested);
  if (nested && c->type->id == MILL_STRING)
    return take_text(g, c, row, (bytes){g->document.p + x->from, x->to - x->from});
  if (nested) return TOOK_BAD;
  set_valid(c, row, false);
  return s.n || c->type->id == MILL_STRING ? take_text(g, c, row, s) : TOOK;
}

/* ---- from_xml ------------------------------------------------------------------------------- */

static mill_status bind_from_xml(mill_binding *b, mill_error *err) {
  from_xml *f;
  mill_options o;
  MILL_TRY(mill_bind_types(b, "!string, any, any? -> string", err));
  BIND_NEW(b, from_xml, f, err);
  MILL_TRY(mill_call_schema(b, 1, &b->result, err));
  if (mill_type_holds(b->result, MILL_VARIANT))
    return mill_fail(err, MILL_E_UNSUPPORTED_DATATYPE, "typeName", "\"VARIANT\"", NULL);
  if (b->result->id != MILL_STRUCT)
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_INVALID_XML_SCHEMA, "sqlExpr",
                     mill_error_fmt(err, "\"from_xml(%s)\"", mill_arg_sql(b, 0)), "schema",
                     mill_bind_type_sql(b, b->result, err), NULL);
  MILL_TRY(mill_call_options(b, 2, &o, err));
  MILL_TRY(read_rules(b, o, &f->rules, err));
  MILL_TRY(mill_call_mode(b, o, &f->fail_fast, err));
  MILL_TRY(mill_call_corrupt(b, o, b->result, &f->corrupt, err));
  b->state = f;
  b->nullable = true;
  b->shown = mill_error_fmt(err, "from_xml(%s)", mill_arg_sql(b, 0));
  return MILL_OK;
}

static const mill_xml *root_element(const mill_xml *root) {
  const mill_xml *x = root ? root->child : NULL;
  while (x && x->kind != MILL_XML_ELEMENT) x = x->next;
  return x;
}

static mill_status read_row(mill_call *call, reading *g, json_column *root, uint32_t row, bytes s,
                            mill_arena *tree, mill_error *err) {
  const from_xml *f = call->state;
  mill_xml *x;
  const char *reason;
  MILL_TRY(mill_xml_parse(s.p, s.n, false, tree, &x, &reason, err));
  g->document = s;
  set_valid(root, row, true);
  const mill_xml *top = root_element(x);
  took t = top ? take_struct(g, root, row, top) : TOOK_BAD;
  if (t == TOOK_FAILED) return g->builder.status;
  if (t == TOOK_BAD && f->fail_fast) return mill_call_malformed(call, s, err);
  if (f->corrupt < 0) return MILL_OK;
  json_column *c = &root->child[f->corrupt];
  ((mill_str *)c->vector.data)[row] = mill_str_view(s.p, s.n);
  set_valid(c, row, t == TOOK_BAD);
  return MILL_OK;
}

KERNEL_HEAD(k_from_xml) {
  const from_xml *f = call->state;
  json_column root;
  mill_arena tree;
  mill_status s = MILL_OK;
  reading g = {
      .rules = &f->rules,
      .builder = {
          .memory = call->ctx->memory, .arena = call->arena, .scratch = call->arena, .err = err}};
  MILL_TRY(mill_json_column(&root, call->result, (uint32_t)n + 1, call->arena, err));
  mill_arena_init(&tree, call->ctx->memory);
  for (uint32_t i = 0; i < n && s == MILL_OK; i++) {
    if (mill_vector_valid(args[0], i))
      s = read_row(call, &g, &root, i, bytes_at(args[0], i), &tree, err);
    mill_arena_reset(&tree);
  }
  mill_arena_clear(&tree);
  mill_json_vector(&root);
  *out = root.vector;
  out->size = (uint32_t)n;
  return s;
}

/* ---- schema_of_xml -------------------------------------------------------------------------- */

typedef struct guessing {
  mill_binding *binding;
  xml_rules rules;
  bool infer;
  mill_status status;
  mill_error *err;
} guessing;

/* Members that are being found, in the order of their names. */
typedef struct members {
  mill_field *at;
  uint32_t n, capacity;
} members;

static void *get(guessing *g, size_t n) {
  void *p = g->status == MILL_OK ? mill_arena_alloc(g->binding->arena, n) : NULL;
  if (p == NULL && g->status == MILL_OK) g->status = mill_oom(g->binding->arena->memory, n, g->err);
  return p;
}

static const mill_type *of_text(guessing *g, bytes s) {
  s = trimmed(&g->rules, s);
  bool null = g->rules.null_value && strlen(g->rules.null_value) == s.n &&
              memcmp(g->rules.null_value, s.p, s.n) == 0;
  if (!g->infer) return mill_type_of(MILL_STRING);
  if (s.n == 0 || null) return mill_type_of(MILL_NULL);
  const mill_type *t = mill_csv_guess(&g->rules.guess, g->binding->ctx->types, s.p, s.n);
  if (t && t->id == MILL_INT) return mill_type_of(MILL_BIGINT);
  return t && t->id == MILL_DECIMAL ? mill_type_of(MILL_DOUBLE) : t;
}

static const mill_type *widen(guessing *g, const mill_type *a, const mill_type *b);

static bool add_member(guessing *g, members *m, const char *name, const mill_type *t, bool merge) {
  uint32_t i = 0;
  while (i < m->n && strcmp(m->at[i].name, name) < 0) i++;
  if (i < m->n && strcmp(m->at[i].name, name) == 0) {
    const mill_type *old = m->at[i].type;
    mill_types *types = g->binding->ctx->types;
    bool list = old->id == MILL_ARRAY;
    const mill_type *item = merge ? NULL : widen(g, list ? old->fields[0].type : old, t);
    m->at[i].type = merge ? widen(g, old, t) : item ? mill_type_array(types, item, true) : NULL;
    return m->at[i].type != NULL;
  }
  if (m->n == m->capacity) {
    uint32_t capacity = m->capacity ? 2 * m->capacity : 8;
    mill_field *grown = get(g, capacity * sizeof *grown);
    if (grown == NULL) return false;
    if (m->n) memcpy(grown, m->at, m->n * sizeof *grown);
    m->at = grown;
    m->capacity = capacity;
  }
  memmove(m->at + i + 1, m->at + i, (m->n - i) * sizeof *m->at);
  m->at[i] = (mill_field){name, t, true, NULL};
  m->n++;
  return true;
}

static const mill_type *struct_of(guessing *g, const members *m) {
  const mill_type *t = mill_type_struct(g->binding->ctx->types, m->at, m->n);
  if (t == NULL && g->status == MILL_OK)
    g->status = mill_oom(g->binding->arena->memory, 64, g->err);
  return t;
}

/* A struct with the members of both; what is no struct counts as its text. */
static const mill_type *widen_struct(guessing *g, const mill_type *a, const mill_type *b) {
  members m = {NULL, 0, 0};
  const mill_type *const both[] = {a, b};
  for (int k = 0; k < 2; k++) {
    bool plain = both[k]->id != MILL_STRUCT;
    if (plain && !add_member(g, &m, g->rules.value_tag, both[k], true)) return NULL;
    for (uint32_t i = 0; !plain && i < both[k]->nfields; i++)
      if (!add_member(g, &m, both[k]->fields[i].name, both[k]->fields[i].type, true)) return NULL;
  }
  return struct_of(g, &m);
}

static bool is_number(const mill_type *t) { return t->id == MILL_BIGINT || t->id == MILL_DOUBLE; }
static bool is_day(const mill_type *t) {
  return t->id == MILL_DATE || t->id == MILL_TIMESTAMP || t->id == MILL_TIMESTAMP_NTZ;
}

static const mill_type *widen(guessing *g, const mill_type *a, const mill_type *b) {
  if (a == NULL || b == NULL) return NULL;
  if (a == b || b->id == MILL_NULL) return a;
  if (a->id == MILL_NULL) return b;
  if (a->id == MILL_STRUCT || b->id == MILL_STRUCT) return widen_struct(g, a, b);
  bool list = a->id == MILL_ARRAY || b->id == MILL_ARRAY;
  if (list) {
    const mill_type *x = a->id == MILL_ARRAY ? a->fields[0].type : a;
    const mill_type *y = b->id == MILL_ARRAY ? b->fields[0].type : b, *item = widen(g, x, y);
    return item ? mill_type_array(g->binding->ctx->types, item, true) : NULL;
  }
  if (is_number(a) && is_number(b)) return mill_type_of(MILL_DOUBLE);
  return mill_type_of(is_day(a) && is_day(b) ? MILL_TIMESTAMP : MILL_STRING);
}

static const mill_type *of_element(guessing *g, const mill_xml *x, bool top);

static bool add_contents(guessing *g, members *m, const mill_xml *x) {
  const xml_rules *r = &g->rules;
  for (const mill_xml *a = r->attributes ? x->attribute : NULL; a; a = a->next) {
    const char *name = name_of(r, a);
    size_t n = strlen(r->prefix), size = strlen(name);
    char *own = get(g, n + size + 1);
    if (own == NULL) return false;
    memcpy(own, r->prefix, n);
    memcpy(own + n, name, size);
    if (!add_member(g, m, own, of_text(g, (bytes){a->text, a->size}), false)) return false;
  }
  for (const mill_xml *y = x->child; y; y = y->next) {
    bytes s = {y->text, y->size};
    bool text = y->kind == MILL_XML_TEXT && !is_blank(s);
    if (y->kind != MILL_XML_ELEMENT && !text) continue;
    const mill_type *t = text ? of_text(g, s) : of_element(g, y, false);
    if (t == NULL || !add_member(g, m, text ? r->value_tag : name_of(r, y), t, false)) return false;
  }
  return true;
}

/* Within a document an element with nothing but a text is that text's type. */
static const mill_type *of_element(guessing *g, const mill_xml *x, bool top) {
  members m = {NULL, 0, 0};
  if (!add_contents(g, &m, x)) return NULL;
  if (!top && m.n == 0) return mill_type_of(MILL_NULL);
  bool plain = !top && m.n == 1 && strcmp(m.at[0].name, g->rules.value_tag) == 0 &&
               m.at[0].type->nfields == 0;
  return plain ? m.at[0].type : struct_of(g, &m);
}

/* Types of which nothing is known are texts. */
static const mill_type *settled(guessing *g, const mill_type *t) {
  mill_types *types = g->binding->ctx->types;
  if (t == NULL || t->id == MILL_NULL) return t ? mill_type_of(MILL_STRING) : NULL;
  if (t->id == MILL_ARRAY) {
    const mill_type *item = settled(g, t->fields[0].type);
    return item ? mill_type_array(types, item, true) : NULL;
  }
  if (t->id != MILL_STRUCT) return t;
  members m = {get(g, (t->nfields + 1) * sizeof(mill_field)), t->nfields, t->nfields};
  for (uint32_t i = 0; m.at && i < t->nfields; i++) {
    m.at[i] = t->fields[i];
    if ((m.at[i].type = settled(g, t->fields[i].type)) == NULL) return NULL;
  }
  return m.at ? struct_of(g, &m) : NULL;
}

static mill_status guess_document(guessing *g, bytes s, const char *corrupt,
                                  const mill_type **out) {
  mill_xml *root;
  const char *reason;
  members broken = {NULL, 0, 0};
  MILL_TRY(mill_xml_parse(s.p, s.n, false, g->binding->arena, &root, &reason, g->err));
  const mill_xml *top = root_element(root);
  if (top == NULL) add_member(g, &broken, corrupt, mill_type_of(MILL_STRING), false);
  *out = top ? settled(g, of_element(g, top, true)) : struct_of(g, &broken);
  if (*out == NULL && g->status == MILL_OK)
    g->status = mill_oom(g->binding->arena->memory, sizeof **out, g->err);
  return g->status;
}

static mill_status bind_schema_of_xml(mill_binding *b, mill_error *err) {
  guessing g = {.binding = b, .err = err};
  mill_options o;
  bytes s = {"", 0};
  const mill_type *t = NULL;
  MILL_TRY(mill_bind_types(b, "!string, any? -> string", err));
  MILL_TRY(mill_call_options(b, 1, &o, err));
  MILL_TRY(mill_call_sample(b, "xml", &s, err));
  MILL_TRY(read_rules(b, o, &g.rules, err));
  MILL_TRY(mill_option_bool(o, "inferSchema", true, &g.infer, err));
  MILL_TRY(
      guess_document(&g, s, text_option(o, "columnNameOfCorruptRecord", "_corrupt_record"), &t));
  b->state = (void *)(uintptr_t)t;
  b->nullable = false;
  b->shown = mill_error_fmt(err, "schema_of_xml(%s)", mill_arg_sql(b, 0));
  return MILL_OK;
}

KERNEL_HEAD(k_schema_of_xml) {
  (void)args;
  return mill_call_ddl(call, call->state, out, n, err);
}

const mill_function mill_family_xml_read[] = {
    {.name = "from_xml",
     .types = "!string, any, any?",
     .kernel = k_from_xml,
     .bind = bind_from_xml,
     .flags = MILL_FN_NULLS | MILL_FN_NULLABLE,
     .usage = "from_xml(xmlStr, schema[, options])",
     .doc = "The struct of a schema that an XML document says.",
     .example = "SELECT from_xml('<p><a>1</a><b>0.8</b></p>', 'a INT, b DOUBLE') -> "
                "{\"a\":1,\"b\":0.8}"},
    {.name = "schema_of_xml",
     .types = "!string, any?",
     .kernel = k_schema_of_xml,
     .bind = bind_schema_of_xml,
     .usage = "schema_of_xml(xml[, options])",
     .doc = "The schema that an XML document suggests, as DDL.",
     .example = "SELECT schema_of_xml('<p><a>1</a></p>') -> STRUCT<a: BIGINT>"},
    {0}};
