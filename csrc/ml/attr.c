/* Column metadata "ml_attr": see attr_int.h. The form is Spark's (ml.attribute.Attribute and
** AttributeGroup):
**
**   a number   {"ml_attr":{"vals":["a","b"],"name":"o","type":"nominal"}}; without "type": numeric
**   a vector   {"ml_attr":{"num_attrs":3,"attrs":{"nominal":[{"vals":[..],"name":"a","idx":0}],
**                "binary":[..],"numeric":[{"name":"b","idx":2}]}}}
**
** Inside a vector an attribute without a name that is numeric is left out. Metadata of another form
** than this counts as none, as a stage cannot know who wrote it. */
#include <string.h>

#include "ml/attr_int.h"

static const char *const kinds[] = {[MILL_ATTR_NUMERIC] = "numeric",
                                    [MILL_ATTR_NOMINAL] = "nominal",
                                    [MILL_ATTR_BINARY] = "binary"};

/* ---- reading -------------------------------------------------------------------------------- */

static mill_status parse(const char *metadata, mill_arena *a, const mill_json **out,
                         mill_error *err) {
  mill_json *j;
  *out = NULL;
  if (metadata == NULL) return MILL_OK;
  MILL_TRY(mill_json_parse(metadata, strlen(metadata), a, &j, err));
  const mill_json *at = mill_json_get(j, "ml_attr");
  if (at && at->kind == MILL_JSON_OBJECT) *out = at;
  return MILL_OK;
}

static mill_status read_values(const mill_json *j, mill_arena *a, mill_attr *out, mill_error *err) {
  const mill_json *vals = mill_json_get(j, "vals");
  out->nvals = (int)mill_json_int(j, "num_vals", 0);
  if (vals == NULL || vals->kind != MILL_JSON_ARRAY) return MILL_OK;
  const char **list = mill_arena_alloc(a, (vals->n + 1) * sizeof *list);
  if (list == NULL) return mill_oom(a->memory, vals->n * sizeof *list, err);
  int n = 0;
  for (const mill_json *c = vals->child; c; c = c->next) list[n++] = c->text ? c->text : "";
  out->vals = list;
  out->nvals = n;
  return MILL_OK;
}

static mill_status read_one(const mill_json *j, mill_attr_kind kind, mill_arena *a, mill_attr *out,
                            mill_error *err) {
  *out = (mill_attr){.kind = kind, .name = mill_json_text(j, "name", NULL), .ordinal = -1};
  const mill_json *ord = mill_json_get(j, "ord");
  if (ord) out->ordinal = ord->kind == MILL_JSON_TRUE;
  if (kind == MILL_ATTR_NUMERIC) {
    out->numeric = j;
    return MILL_OK;
  }
  return read_values(j, a, out, err);
}

mill_status mill_attr_read(const char *metadata, mill_arena *a, mill_attr *out, mill_error *err) {
  const mill_json *j;
  *out = (mill_attr){.ordinal = -1};
  MILL_TRY(parse(metadata, a, &j, err));
  if (j == NULL) return MILL_OK;
  const char *type = mill_json_text(j, "type", "numeric");
  for (int k = MILL_ATTR_NUMERIC; k <= MILL_ATTR_BINARY; k++)
    if (strcmp(type, kinds[k]) == 0) return read_one(j, (mill_attr_kind)k, a, out, err);
  return MILL_OK;
}

mill_status mill_attrs_read(const char *metadata, mill_arena *a, mill_attr **out, int *n,
                            mill_error *err) {
  const mill_json *j;
  *out = NULL;
  *n = -1;
  MILL_TRY(parse(metadata, a, &j, err));
  int64_t size = mill_json_int(j, "num_attrs", -1);
  if (size < 0 || size > INT32_MAX) return MILL_OK;
  *n = (int)size;
  const mill_json *attrs = mill_json_get(j, "attrs");
  if (attrs == NULL) return MILL_OK;
  mill_attr *list = mill_arena_alloc(a, ((size_t)size + 1) * sizeof *list);
  if (list == NULL) return mill_oom(a->memory, (size_t)size * sizeof *list, err);
  for (int i = 0; i < *n; i++) list[i] = (mill_attr){.kind = MILL_ATTR_NUMERIC, .ordinal = -1};
  for (int k = MILL_ATTR_NUMERIC; k <= MILL_ATTR_BINARY; k++) {
    const mill_json *items = mill_json_get(attrs, kinds[k]);
    for (const mill_json *c = items ? items->child : NULL; c; c = c->next) {
      int64_t at = mill_json_int(c, "idx", -1);
      if (at < 0 || at >= size) continue;
      MILL_TRY(read_one(c, (mill_attr_kind)k, a, &list[at], err));
    }
  }
  *out = list;
  return MILL_OK;
}

int mill_attr_classes(const char *metadata, mill_arena *a) {
  mill_attr at;
  if (mill_attr_read(metadata, a, &at, NULL) != MILL_OK) return 0;
  if (at.kind == MILL_ATTR_BINARY) return 2;
  return at.kind == MILL_ATTR_NOMINAL ? at.nvals : 0;
}

/* ---- writing ---------------------------------------------------------------------------------- */

/* A text that is being written; once it fails it stays failed. */
typedef struct out {
  mill_text text;
  mill_status status;
  bool empty; /* no member yet in the object at hand */
} out;

static void put(out *o, const char *s) {
  if (o->status == MILL_OK) o->status = mill_text_adds(&o->text, s, NULL);
}

static void put_quoted(out *o, const char *s) {
  if (o->status == MILL_OK) o->status = mill_json_quote(s, strlen(s), &o->text, NULL);
}

static void put_name(out *o, const char *name) {
  if (!o->empty) put(o, ",");
  o->empty = false;
  put_quoted(o, name);
  put(o, ":");
}

static void put_int(out *o, const char *name, int v) {
  put_name(o, name);
  if (o->status == MILL_OK) o->status = mill_text_printf(&o->text, NULL, "%d", v);
}

static void put_values(out *o, const mill_attr *at) {
  if (at->kind == MILL_ATTR_NOMINAL && at->ordinal >= 0) {
    put_name(o, "ord");
    put(o, at->ordinal ? "true" : "false");
  }
  if (at->vals) {
    put_name(o, "vals");
    for (int i = 0; i < at->nvals; i++) {
      put(o, i ? "," : "[");
      put_quoted(o, at->vals[i]);
    }
    put(o, at->nvals ? "]" : "[]");
  } else if (at->nvals > 0) {
    put_int(o, "num_vals", at->nvals);
  }
}

static void put_statistics(out *o, const mill_json *numeric) {
  static const char *const names[] = {"min", "max", "std", "sparsity"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const mill_json *v = mill_json_get(numeric, names[i]);
    if (v == NULL) continue;
    put_name(o, names[i]);
    if (o->status == MILL_OK) o->status = mill_json_write(v, &o->text, NULL);
  }
}

/* idx < 0: an attribute by itself, with its type. */
static void put_attr(out *o, const mill_attr *at, int idx) {
  put(o, "{");
  o->empty = true;
  if (at->kind == MILL_ATTR_NUMERIC) {
    put_statistics(o, at->numeric);
  } else {
    put_values(o, at);
  }
  if (at->name) {
    put_name(o, "name");
    put_quoted(o, at->name);
  }
  if (idx >= 0) put_int(o, "idx", idx);
  if (idx < 0 && at->kind > MILL_ATTR_NUMERIC) {
    put_name(o, "type");
    put_quoted(o, kinds[at->kind]);
  }
  put(o, "}");
  o->empty = false;
}

static const char *finish(out *o, mill_arena *a) {
  const char *s = NULL;
  if (o->status == MILL_OK) s = mill_arena_strndup(a, o->text.data, o->text.size);
  mill_text_clear(&o->text);
  return s;
}

const char *mill_attr_write(const mill_attr *at, mill_arena *a) {
  out o = {.empty = true};
  mill_text_init(&o.text, a->memory);
  put(&o, "{\"ml_attr\":");
  put_attr(&o, at, -1);
  put(&o, "}");
  return finish(&o, a);
}

static bool worth(const mill_attr *at) {
  static const char *const names[] = {"min", "max", "std", "sparsity"};
  if (at->kind != MILL_ATTR_NUMERIC || at->name) return true;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (mill_json_get(at->numeric, names[i])) return true;
  return false;
}

static void put_kind(out *o, const mill_attr *attrs, int n, mill_attr_kind kind, bool *first) {
  bool any = false;
  for (int i = 0; i < n; i++) {
    if (attrs[i].kind != kind || !worth(&attrs[i])) continue;
    if (!any) {
      o->empty = *first;
      put_name(o, kinds[kind]);
      *first = false;
    }
    put(o, any ? "," : "[");
    put_attr(o, &attrs[i], i);
    any = true;
  }
  if (any) put(o, "]");
}

const char *mill_attrs_write(const mill_attr *attrs, int n, mill_arena *a) {
  static const mill_attr_kind order[] = {MILL_ATTR_NOMINAL, MILL_ATTR_BINARY, MILL_ATTR_NUMERIC};
  out o = {.empty = true};
  mill_text_init(&o.text, a->memory);
  put(&o, "{\"ml_attr\":{");
  put_int(&o, "num_attrs", n);
  if (attrs) {
    bool first = true;
    put_name(&o, "attrs");
    put(&o, "{");
    for (size_t k = 0; k < sizeof order / sizeof *order; k++)
      put_kind(&o, attrs, n, order[k], &first);
    put(&o, "}");
  }
  put(&o, "}}");
  return finish(&o, a);
}
