/* A table of the catalogue as a relation: its files by the reader of its format.
**
** A managed table has the files that its partitions list. Of an external one the folder tells, or, with
** partition columns, the folders of the partitions that the catalogue knows. Rows come in the table's
** columns whatever the files hold: they are read by that schema. */
#include <stdlib.h>
#include <string.h>

#include "io/reader.h"
#include "plan/warehouse_int.h"

#include "base/json.h"

static void unpin(void *c) { mill_catalog_unpin(c); }

static bool pin(mill_planner *w) {
  mill_catalog *c = mill_session_warehouse(w->session)->catalog;
  w->status = mill_catalog_pin(c, w->err);
  if (w->status == MILL_OK) w->status = mill_plan_keep(w->plan, c, unpin, w->err);
  return w->status == MILL_OK;
}

/* ---- schemas -------------------------------------------------------------------------------- */

static const mill_type *relaxed(mill_planner *w, const mill_type *t) {
  mill_types *types = w->ctx->types;
  if (t->id == MILL_STRING && t->string_kind != MILL_PLAIN_STRING)
    return mill_type_string(types, t->collation, MILL_PLAIN_STRING, 0);
  if (t->id == MILL_ARRAY) return mill_type_array(types, relaxed(w, t->fields[0].type), true);
  if (t->id == MILL_MAP)
    return mill_type_map(types, relaxed(w, t->fields[0].type), relaxed(w, t->fields[1].type), true);
  if (t->id != MILL_STRUCT) return t;
  mill_field *f = mill_w_alloc(w, (t->nfields + 1) * sizeof *f);
  if (f == NULL) return NULL;
  for (uint32_t i = 0; i < t->nfields; i++) {
    f[i] = t->fields[i];
    f[i].metadata = mill_char_metadata(w, f[i].type, f[i].metadata);
    f[i].type = relaxed(w, f[i].type);
    f[i].nullable = true;
    if (f[i].type == NULL) return NULL;
  }
  return mill_type_struct(types, f, t->nfields);
}

const mill_type *mill_table_schema(mill_planner *w, const mill_catalog_table *t) {
  const mill_type *schema = relaxed(w, t->schema);
  if (schema == NULL && w->status == MILL_OK) w->status = mill_oom(w->ctx->memory, 1, w->err);
  return schema;
}

/* ---- files ---------------------------------------------------------------------------------- */

const char *mill_partition_place(mill_planner *w, const mill_catalog_table *t,
                                 const mill_catalog_partition *p) {
  if (p->location) return p->location;
  return *p->path ? mill_w_printf(w, "%s/%s", t->location, p->path) : t->location;
}

typedef struct path_list {
  const char **at;
  size_t n;
} path_list;

/* What the reader is to open. */
static bool list_paths(mill_planner *w, const mill_catalog_table *t,
                       const mill_catalog_partition *p, size_t n, path_list *out) {
  bool managed = t->kind == MILL_TABLE_MANAGED;
  mill_file_info info;
  size_t most = 1;
  for (size_t i = 0; i < n; i++) most += managed ? p[i].nfiles : 1;
  out->at = mill_w_alloc(w, (most + 1) * sizeof *out->at);
  if (out->at == NULL) return false;
  if (!managed && t->partitions.n == 0) {
    out->at[out->n++] = t->location;
  } else if (!managed) {
    for (size_t i = 0; i < n; i++) out->at[out->n++] = mill_partition_place(w, t, &p[i]);
  } else {
    for (size_t i = 0; i < n; i++)
      for (size_t k = 0; k < p[i].nfiles; k++)
        out->at[out->n++] = mill_w_printf(w, "%s/%s", t->location, p[i].file[k].name);
  }
  if (managed) return w->status == MILL_OK;
  size_t kept = 0;
  for (size_t i = 0; i < out->n && w->status == MILL_OK; i++) {
    w->status = mill_file_stat(w->ctx->files, out->at[i], &info, w->err);
    if (info.exists) out->at[kept++] = out->at[i];
  }
  out->n = kept;
  return w->status == MILL_OK;
}

static void unref_table(void *t) { mill_table_unref(t); }

static const mill_node *no_rows(mill_planner *w, const mill_type *schema) {
  mill_table *t = NULL;
  mill_node *n = mill_w_node(w, MILL_N_TABLE, NULL);
  w->status = mill_table_new(w->ctx->memory, schema, &t, w->err);
  if (w->status == MILL_OK) w->status = mill_plan_keep(w->plan, t, unref_table, w->err);
  if (n == NULL || w->status) return NULL;
  n->table = t;
  return mill_table_output(w, n, schema) ? n : NULL;
}

static bool is_folder(mill_planner *w, const char *path) {
  mill_file_info info;
  return mill_file_stat(w->ctx->files, path, &info, NULL) == MILL_OK && info.folder;
}

/* With the options of the table, and where its partition values begin. */
static mill_source *source_of(mill_planner *w, const mill_catalog_table *t, const mill_type *schema,
                              const path_list *paths) {
  mill_source *s = mill_w_alloc(w, sizeof *s);
  mill_option *o = mill_w_alloc(w, (size_t)(t->options.n + 2) * sizeof *o);
  if (s == NULL || o == NULL) return NULL;
  int n = t->options.n;
  if (n) memcpy(o, t->options.at, (size_t)n * sizeof *o);
  if (is_folder(w, t->location)) o[n++] = (mill_option){"basePath", t->location};
  *s = (mill_source){.format = t->provider,
                     .npaths = (int)paths->n,
                     .paths = paths->at,
                     .options = o,
                     .noptions = n,
                     .schema = schema};
  return s;
}

/* What rows have in a column that was added to the table after them: its DEFAULT then; NULL and no error:
** the column was there. */
static const mill_expr *added_later(mill_planner *w, const mill_field *f, int generation) {
  const char *in = mill_metadata_text(w, f, "ADDED_IN");
  if (in == NULL || atoi(in) <= generation) return NULL;
  const char *text = mill_metadata_text(w, f, "EXISTS_DEFAULT");
  mill_scope none = {0};
  const mill_expr *e = text ? mill_w_parse(w, text, strlen(text)) : NULL;
  return mill_x_cast(w, mill_resolve(w, &none, e), f->type);
}

/* Field i of the table over rows that were written at that generation. */
static const mill_expr *column_of(mill_planner *w, const mill_node *n, const mill_field *f,
                                  int generation) {
  const mill_expr *c = added_later(w, f, generation);
  if (c || w->status) return mill_x_alias(w, c, f->name);
  if (mill_find_column(w, n->output, n->noutput, f->name, &c) == 0)
    return mill_x_alias(w, mill_x_null(w, f->type), f->name);
  return c->type == f->type ? c : mill_x_alias(w, mill_x_cast(w, c, f->type), f->name);
}

/* n's columns as the table calls them, in its order. */
static const mill_node *called(mill_planner *w, const mill_catalog_table *t, const mill_node *n,
                               const mill_type *schema, int generation) {
  mill_exprs l = {0};
  if (n == NULL) return NULL;
  for (uint32_t i = 0; i < schema->nfields; i++)
    if (!mill_exprs_add(w, &l, column_of(w, n, &schema->fields[i], generation))) return NULL;
  mill_node *p = mill_w_project(w, n, &l);
  const char **parts = mill_w_alloc(w, 3 * sizeof *parts);
  if (p == NULL || parts == NULL) return NULL;
  parts[0] = "spark_catalog", parts[1] = t->database, parts[2] = t->name;
  for (int i = 0; i < p->noutput; i++) {
    mill_expr *o = mill_x_column(w, p->output[i]);
    if (o == NULL) return NULL;
    o->parts = parts;
    o->nparts = 3;
    o->name = schema->fields[i].name;
    o->metadata = schema->fields[i].metadata;
    p->output[i] = o;
  }
  return p;
}

/* The rows of the files, which were all written at that generation. */
static const mill_node *rows_of(mill_planner *w, const mill_catalog_table *t,
                                const mill_type *schema, const mill_catalog_partition *p, size_t n,
                                int generation) {
  path_list paths = {0};
  if (!list_paths(w, t, p, n, &paths)) return NULL;
  if (paths.n == 0 && !mill_read_known(t->provider))
    return called(w, t, no_rows(w, schema), schema, generation);
  mill_node *s = mill_w_node(w, MILL_N_SOURCE, NULL);
  mill_source *source = source_of(w, t, schema, &paths);
  if (s == NULL || source == NULL) return NULL;
  s->source = source;
  return called(w, t, mill_analyse_source(w, s), schema, generation);
}

/* Those of p's files that were written at the generation. */
static const mill_catalog_partition *written_at(mill_planner *w, const mill_catalog_partition *p,
                                                size_t n, int generation, size_t *files) {
  mill_catalog_partition *q = mill_w_alloc(w, (n + 1) * sizeof *q);
  *files = 0;
  for (size_t i = 0; q && i < n; i++) {
    q[i] = p[i];
    q[i].nfiles = 0;
    q[i].file = mill_w_alloc(w, (p[i].nfiles + 1) * sizeof *q[i].file);
    for (size_t k = 0; q[i].file && k < p[i].nfiles; k++)
      if (p[i].file[k].generation == generation) q[i].file[q[i].nfiles++] = p[i].file[k];
    *files += q[i].nfiles;
  }
  return q;
}

/* One after the other, what was written at each generation. */
static const mill_node *by_generation(mill_planner *w, const mill_catalog_table *t,
                                      const mill_type *schema, const mill_catalog_partition *p,
                                      size_t n) {
  mill_node *all = mill_w_node(w, MILL_N_UNION, NULL);
  const mill_node **child = mill_w_alloc(w, (size_t)(t->generation + 2) * sizeof *child);
  const mill_node *first = NULL;
  size_t files;
  int parts = 0;
  if (all == NULL || child == NULL) return NULL;
  for (int g = 0; g <= t->generation; g++) {
    const mill_catalog_partition *q = written_at(w, p, n, g, &files);
    if (files == 0 && (g < t->generation || parts)) continue;
    child[parts] = rows_of(w, t, schema, q, n, g);
    if (child[parts] == NULL) return NULL;
    if (parts++ == 0) first = child[0];
  }
  if (parts == 1) return first;
  all->child = child;
  all->nchildren = parts;
  all->all = true;
  all->analysed = false;
  const mill_node *u = mill_analyse(w, all, NULL);
  return called(w, t, u, schema, t->generation);
}

const mill_node *mill_table_files(mill_planner *w, const mill_catalog_table *t,
                                  const mill_catalog_partition *p, size_t n) {
  const mill_type *schema = mill_table_schema(w, t);
  if (schema == NULL || !pin(w)) return NULL;
  return t->generation ? by_generation(w, t, schema, p, n) : rows_of(w, t, schema, p, n, 0);
}

const mill_node *mill_table_relation(mill_planner *w, const mill_catalog_table *t) {
  mill_catalog_partition *p;
  size_t n;
  mill_catalog *c = mill_w_catalog(w);
  if (c == NULL) return NULL;
  w->status = mill_catalog_partitions(c, t, "", w->arena, &p, &n, w->err);
  return w->status ? NULL : mill_table_files(w, t, p, n);
}
