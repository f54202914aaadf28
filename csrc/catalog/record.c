/* Databases and tables as JSON objects: members that are not set are left out, and unknown ones are
** passed over, so that an older release reads what a newer one wrote as far as it can. */
#include "catalog/record_int.h"

#include <string.h>

/* ---- writing -------------------------------------------------------------------------------- */

static mill_status put_name(mill_text *t, const char *name, mill_error *err) {
  if (t->size && t->data[t->size - 1] != '{') MILL_TRY(mill_text_addc(t, ',', err));
  MILL_TRY(mill_json_quote(name, strlen(name), t, err));
  return mill_text_addc(t, ':', err);
}

static mill_status put_text(mill_text *t, const char *name, const char *value, mill_error *err) {
  if (value == NULL) return MILL_OK;
  MILL_TRY(put_name(t, name, err));
  return mill_json_quote(value, strlen(value), t, err);
}

static mill_status put_number(mill_text *t, const char *name, int64_t v, mill_error *err) {
  MILL_TRY(put_name(t, name, err));
  return mill_text_printf(t, err, "%lld", (long long)v);
}

static mill_status put_raw(mill_text *t, const char *name, const char *json, mill_error *err) {
  if (json == NULL) return MILL_OK;
  MILL_TRY(put_name(t, name, err));
  return mill_text_adds(t, json, err);
}

static mill_status put_words(mill_text *t, const char *name, mill_word_list l, mill_error *err) {
  if (l.n == 0) return MILL_OK;
  MILL_TRY(put_name(t, name, err));
  for (int i = 0; i < l.n; i++) {
    MILL_TRY(mill_text_addc(t, i ? ',' : '[', err));
    MILL_TRY(mill_json_quote(l.at[i], strlen(l.at[i]), t, err));
  }
  return mill_text_addc(t, ']', err);
}

static mill_status put_options(mill_text *t, const char *name, mill_options o, mill_error *err) {
  if (o.n == 0) return MILL_OK;
  MILL_TRY(put_name(t, name, err));
  MILL_TRY(mill_text_addc(t, '{', err));
  for (int i = 0; i < o.n; i++) MILL_TRY(put_text(t, o.at[i].key, o.at[i].value, err));
  return mill_text_addc(t, '}', err);
}

mill_status mill_record_put_database(const mill_catalog_database *d, mill_text *out,
                                     mill_error *err) {
  MILL_TRY(mill_text_addc(out, '{', err));
  MILL_TRY(put_text(out, "name", d->name, err));
  MILL_TRY(put_text(out, "comment", d->comment, err));
  MILL_TRY(put_text(out, "location", d->location, err));
  MILL_TRY(put_options(out, "properties", d->properties, err));
  return mill_text_addc(out, '}', err);
}

static const char *const kinds[] = {"MANAGED", "EXTERNAL", "VIEW"};

mill_status mill_record_put_table(const mill_catalog_table *t, mill_text *out, mill_error *err) {
  MILL_TRY(mill_text_addc(out, '{', err));
  MILL_TRY(put_text(out, "database", t->database, err));
  MILL_TRY(put_text(out, "name", t->name, err));
  MILL_TRY(put_text(out, "id", t->id, err));
  MILL_TRY(put_text(out, "kind", kinds[t->kind], err));
  MILL_TRY(put_text(out, "provider", t->provider, err));
  MILL_TRY(put_text(out, "location", t->location, err));
  MILL_TRY(put_text(out, "comment", t->comment, err));
  MILL_TRY(put_text(out, "collation", t->collation, err));
  MILL_TRY(put_name(out, "schema", err));
  MILL_TRY(mill_type_json(t->schema, out, err));
  MILL_TRY(put_words(out, "partitions", t->partitions, err));
  MILL_TRY(put_words(out, "buckets", t->buckets, err));
  MILL_TRY(put_words(out, "sorts", t->sorts, err));
  MILL_TRY(put_words(out, "clusters", t->clusters, err));
  MILL_TRY(put_number(out, "bucketCount", t->nbuckets, err));
  MILL_TRY(put_number(out, "generation", t->generation, err));
  MILL_TRY(put_options(out, "options", t->options, err));
  MILL_TRY(put_options(out, "properties", t->properties, err));
  MILL_TRY(put_number(out, "created", t->created_millis, err));
  MILL_TRY(put_number(out, "rows", t->rows, err));
  MILL_TRY(put_number(out, "bytes", t->bytes, err));
  MILL_TRY(put_raw(out, "statistics", t->statistics, err));
  MILL_TRY(put_text(out, "text", t->text, err));
  MILL_TRY(put_text(out, "textDatabase", t->text_database, err));
  MILL_TRY(put_text(out, "textPath", t->text_path, err));
  MILL_TRY(put_text(out, "schemaMode", t->schema_mode, err));
  MILL_TRY(put_words(out, "textColumns", t->text_columns, err));
  MILL_TRY(put_options(out, "textSettings", t->text_settings, err));
  return mill_text_addc(out, '}', err);
}

/* ---- reading -------------------------------------------------------------------------------- */

static mill_status damaged(mill_error *err) {
  return mill_fail(err, MILL_E_CORRUPT_FILE, "path", "catalog.log", "reason",
                   "a record is not what the catalogue writes", NULL);
}

static mill_status take_words(const mill_json *j, const char *name, mill_arena *a,
                              mill_word_list *out, mill_error *err) {
  const mill_json *l = mill_json_get(j, name);
  if (l == NULL) return MILL_OK;
  if (l->kind != MILL_JSON_ARRAY) return damaged(err);
  const char **at = mill_arena_alloc(a, (l->n + 1) * sizeof *at);
  if (at == NULL) return mill_oom(a->memory, l->n, err);
  for (const mill_json *x = l->child; x; x = x->next) {
    if (x->kind != MILL_JSON_TEXT) return damaged(err);
    at[out->n++] = x->text;
  }
  out->at = at;
  return MILL_OK;
}

static mill_status take_options(const mill_json *j, const char *name, mill_arena *a,
                                mill_options *out, mill_error *err) {
  const mill_json *l = mill_json_get(j, name);
  if (l == NULL) return MILL_OK;
  if (l->kind != MILL_JSON_OBJECT) return damaged(err);
  mill_option *at = mill_arena_alloc(a, (l->n + 1) * sizeof *at);
  if (at == NULL) return mill_oom(a->memory, l->n, err);
  for (const mill_json *x = l->child; x; x = x->next) {
    if (x->kind != MILL_JSON_TEXT) return damaged(err);
    at[out->n].key = mill_arena_strndup(a, x->name, x->name_size);
    if (at[out->n].key == NULL) return mill_oom(a->memory, x->name_size, err);
    at[out->n++].value = x->text;
  }
  out->at = at;
  return MILL_OK;
}

static mill_status parse(const char *p, size_t n, mill_arena *a, mill_json **out, mill_error *err) {
  mill_status s = mill_json_parse(p, n, a, out, err);
  if (s == MILL_E_OUT_OF_MEMORY) return s;
  return s != MILL_OK || (*out)->kind != MILL_JSON_OBJECT ? damaged(err) : MILL_OK;
}

mill_status mill_record_database(const char *p, size_t n, mill_arena *a, mill_catalog_database *out,
                                 mill_error *err) {
  mill_json *j;
  MILL_TRY(parse(p, n, a, &j, err));
  *out = (mill_catalog_database){.name = mill_json_text(j, "name", NULL),
                                 .comment = mill_json_text(j, "comment", NULL),
                                 .location = mill_json_text(j, "location", NULL)};
  if (out->name == NULL || out->location == NULL) return damaged(err);
  return take_options(j, "properties", a, &out->properties, err);
}

static mill_status take_schema(const mill_json *j, mill_types *types, mill_arena *a,
                               const mill_type **out, mill_error *err) {
  const mill_json *schema = mill_json_get(j, "schema");
  mill_text t;
  if (schema == NULL) return damaged(err);
  mill_text_init(&t, a->memory);
  mill_status s = mill_json_write(schema, &t, err);
  if (s == MILL_OK) s = mill_type_from_json(types, t.data, t.size, out, err);
  mill_text_clear(&t);
  return s == MILL_OK && (*out)->id != MILL_STRUCT ? damaged(err) : s;
}

static mill_status take_statistics(const mill_json *j, mill_arena *a, const char **out,
                                   mill_error *err) {
  const mill_json *l = mill_json_get(j, "statistics");
  mill_text t;
  if (l == NULL) return MILL_OK;
  mill_text_init(&t, a->memory);
  mill_status s = mill_json_write(l, &t, err);
  if (s == MILL_OK && (*out = mill_arena_strndup(a, t.data, t.size)) == NULL)
    s = mill_oom(a->memory, t.size, err);
  mill_text_clear(&t);
  return s;
}

static mill_status take_kind(const mill_json *j, mill_table_kind *out, mill_error *err) {
  const char *kind = mill_json_text(j, "kind", "");
  for (int i = 0; i < 3; i++)
    if (strcmp(kind, kinds[i]) == 0) {
      *out = (mill_table_kind)i;
      return MILL_OK;
    }
  return damaged(err);
}

mill_status mill_record_table(const char *p, size_t n, mill_types *types, mill_arena *a,
                              mill_catalog_table *out, mill_error *err) {
  mill_json *j;
  MILL_TRY(parse(p, n, a, &j, err));
  *out = (mill_catalog_table){.database = mill_json_text(j, "database", NULL),
                              .name = mill_json_text(j, "name", NULL),
                              .id = mill_json_text(j, "id", ""),
                              .provider = mill_json_text(j, "provider", NULL),
                              .location = mill_json_text(j, "location", NULL),
                              .comment = mill_json_text(j, "comment", NULL),
                              .collation = mill_json_text(j, "collation", NULL),
                              .nbuckets = (int)mill_json_int(j, "bucketCount", 0),
                              .generation = (int)mill_json_int(j, "generation", 0),
                              .created_millis = mill_json_int(j, "created", 0),
                              .rows = mill_json_int(j, "rows", -1),
                              .bytes = mill_json_int(j, "bytes", -1),
                              .text = mill_json_text(j, "text", NULL),
                              .text_database = mill_json_text(j, "textDatabase", NULL),
                              .text_path = mill_json_text(j, "textPath", NULL),
                              .schema_mode = mill_json_text(j, "schemaMode", NULL)};
  MILL_TRY(take_kind(j, &out->kind, err));
  bool view = out->kind == MILL_TABLE_VIEW;
  if (out->database == NULL || out->name == NULL) return damaged(err);
  if (view ? out->text == NULL : out->provider == NULL || out->location == NULL)
    return damaged(err);
  MILL_TRY(take_schema(j, types, a, &out->schema, err));
  MILL_TRY(take_statistics(j, a, &out->statistics, err));
  MILL_TRY(take_words(j, "partitions", a, &out->partitions, err));
  MILL_TRY(take_words(j, "buckets", a, &out->buckets, err));
  MILL_TRY(take_words(j, "sorts", a, &out->sorts, err));
  MILL_TRY(take_words(j, "clusters", a, &out->clusters, err));
  MILL_TRY(take_words(j, "textColumns", a, &out->text_columns, err));
  MILL_TRY(take_options(j, "options", a, &out->options, err));
  MILL_TRY(take_options(j, "properties", a, &out->properties, err));
  return take_options(j, "textSettings", a, &out->text_settings, err);
}
