/* Partitions of tables: their paths, and the statements about them. Spark: PartitioningUtils,
** ExternalCatalogUtils, ddl.scala. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kernel/cast.h"
#include "plan/warehouse_int.h"

static const char *full_name(mill_planner *w, const mill_catalog_table *t) {
  return mill_w_full_name(w, (mill_table_name){t->database, t->name});
}

static const mill_field *field_of(mill_planner *w, const mill_catalog_table *t, const char *name) {
  for (uint32_t i = 0; i < t->schema->nfields; i++)
    if (mill_w_same_name(w, t->schema->fields[i].name, name)) return &t->schema->fields[i];
  return NULL;
}

static const char *partition_column(mill_planner *w, const mill_catalog_table *t,
                                    const char *name) {
  for (int i = 0; i < t->partitions.n; i++)
    if (mill_w_same_name(w, t->partitions.at[i], name)) return t->partitions.at[i];
  return NULL;
}

static bool unknown_column(mill_planner *w, const mill_node *n, const mill_catalog_table *t,
                           const char *name) {
  (void)MILL_W_FAIL_AT(w, n, MILL_E_PARTITIONS_NOT_FOUND, "partitionList",
                       mill_w_quoted_parts(w, &name, 1), "tableName", full_name(w, t), NULL);
  return false;
}

/* ---- paths ---------------------------------------------------------------------------------- */

/* As Spark names folders: control characters and those that mean something in paths as %XX. */
static bool add_escaped(mill_planner *w, mill_text *t, const char *p, size_t n) {
  for (size_t i = 0; i < n && w->status == MILL_OK; i++) {
    unsigned char c = (unsigned char)p[i];
    bool plain = c > 0x1f && c != 0x7f && strchr("\"#%'*/:=?\\{[]^", c) == NULL;
    w->status =
        plain ? mill_text_addc(t, (char)c, w->err) : mill_text_printf(t, w->err, "%%%02X", c);
  }
  return w->status == MILL_OK;
}

/* A constant whose computation fails tells why when it is run. */
static bool no_value(mill_planner *w, const mill_expr *value, const mill_expr *e) {
  mill_table *t = NULL;
  mill_exprs l = {0};
  if (mill_x_foldable(e) && mill_exprs_add(w, &l, mill_x_alias(w, e, "value"))) {
    const mill_node *row = mill_w_project(w, mill_w_node(w, MILL_N_ONE_ROW, NULL), &l);
    if (row) w->status = mill_plan_rows(w, row, false, &t);
    mill_table_unref(t);
  }
  if (w->status == MILL_OK)
    (void)MILL_W_FAIL_AT(w, value, MILL_E_NON_PARTITION_VALUE, "value", mill_w_quoted_sql(w, e),
                         NULL);
  return false;
}

/* The value as the column's type has it, in text; NULL and the default's name become the default. */
static bool add_value(mill_planner *w, mill_text *t, const mill_field *f, const mill_expr *value) {
  static const char nothing[] = "__HIVE_DEFAULT_PARTITION__";
  mill_scope none = {0};
  const mill_vector *v = NULL;
  const mill_expr *e = mill_x_cast(w, mill_resolve(w, &none, value), f->type);
  if (e == NULL) return false;
  if (!mill_w_evaluate(w, e, &v)) return no_value(w, value, e);
  mill_text s;
  mill_text_init(&s, w->ctx->memory);
  bool null = !mill_vector_valid(v, 0);
  if (!null) w->status = mill_value_text(&w->set, v, 0, &s, w->err);
  bool empty = null || s.size == 0;
  bool good = w->status == MILL_OK &&
              add_escaped(w, t, empty ? nothing : s.data, empty ? sizeof nothing - 1 : s.size);
  mill_text_clear(&s);
  return good;
}

static const mill_expr *value_for(mill_planner *w, const mill_partition_spec *spec,
                                  const char *name) {
  for (int i = 0; i < spec->n; i++)
    if (mill_w_same_name(w, spec->names[i], name)) return spec->values[i];
  return NULL;
}

static bool check_spec(mill_planner *w, const mill_node *n, const mill_catalog_table *t,
                       const mill_partition_spec *spec, bool all) {
  for (int i = 0; i < spec->n; i++)
    if (partition_column(w, t, spec->names[i]) == NULL)
      return unknown_column(w, n, t, spec->names[i]);
  for (int i = 0; all && i < t->partitions.n; i++)
    if (value_for(w, spec, t->partitions.at[i]) == NULL)
      return unknown_column(w, n, t, t->partitions.at[i]);
  return true;
}

const char *mill_partition_path(mill_planner *w, const mill_node *n, const mill_catalog_table *t,
                                const mill_partition_spec *spec, bool all) {
  mill_text path;
  if (!check_spec(w, n, t, spec, all)) return NULL;
  mill_text_init(&path, w->ctx->memory);
  bool good = true;
  for (int i = 0; i < t->partitions.n && good; i++) {
    const char *name = t->partitions.at[i];
    const mill_expr *value = value_for(w, spec, name);
    if (value == NULL) break;
    if (path.size) w->status = mill_text_addc(&path, '/', w->err);
    good = w->status == MILL_OK && add_escaped(w, &path, name, strlen(name));
    if (good) w->status = mill_text_addc(&path, '=', w->err);
    good = w->status == MILL_OK && add_value(w, &path, field_of(w, t, name), value);
  }
  const char *text = good ? mill_w_copy(w, path.size ? path.data : "", path.size) : NULL;
  mill_text_clear(&path);
  return text;
}

/* Does the partition have the values that the spec gives? */
static bool covers(mill_planner *w, const mill_catalog_table *t, const mill_partition_spec *spec,
                   const char *const *level, const char *path) {
  const char *p = path;
  for (int i = 0; i < t->partitions.n; i++) {
    const char *end = strchr(p, '/');
    size_t n = end ? (size_t)(end - p) : strlen(p);
    if (value_for(w, spec, t->partitions.at[i]) &&
        (strlen(level[i]) != n || strncmp(level[i], p, n) != 0))
      return false;
    p += n + (end != NULL);
  }
  return true;
}

bool mill_partitions_of(mill_planner *w, const mill_node *n, const mill_catalog_table *t,
                        const mill_partition_spec *spec, mill_catalog_partition **out,
                        size_t *count) {
  mill_catalog *c = mill_w_catalog(w);
  if (c == NULL || (spec && !check_spec(w, n, t, spec, false))) return false;
  w->status = mill_catalog_partitions(c, t, "", w->arena, out, count, w->err);
  if (w->status || spec == NULL) return w->status == MILL_OK;
  const char **level = mill_w_alloc(w, (size_t)(t->partitions.n + 1) * sizeof *level);
  for (int i = 0; level && i < t->partitions.n; i++) {
    const char *name = t->partitions.at[i];
    const mill_expr *value = value_for(w, spec, name);
    const mill_catalog_table one = {
        .database = t->database, .name = t->name, .schema = t->schema, .partitions = {&name, 1}};
    const mill_partition_spec part = {.names = &name, .values = &value, .n = 1};
    level[i] = value ? mill_partition_path(w, n, &one, &part, true) : "";
    if (level[i] == NULL) return false;
  }
  size_t kept = 0;
  for (size_t i = 0; level && i < *count; i++)
    if (covers(w, t, spec, level, (*out)[i].path)) (*out)[kept++] = (*out)[i];
  *count = kept;
  return level != NULL;
}

/* ---- ALTER TABLE .. PARTITION --------------------------------------------------------------- */

static bool find(mill_planner *w, const mill_catalog_table *t, const char *path,
                 mill_catalog_partition **out) {
  size_t n;
  mill_catalog_partition *p;
  w->status = mill_catalog_partitions(mill_w_catalog(w), t, path, w->arena, &p, &n, w->err);
  *out = NULL;
  for (size_t i = 0; i < n && w->status == MILL_OK; i++)
    if (strcmp(p[i].path, path) == 0) *out = &p[i];
  return w->status == MILL_OK;
}

/* "PARTITION (`y` = 2024, `r` = n)" */
static const char *shown(mill_planner *w, const char *path) {
  const char *text = "PARTITION (";
  while (*path) {
    const char *end = strchr(path, '/'), *equals = strchr(path, '=');
    size_t n = end ? (size_t)(end - path) : strlen(path);
    text = mill_w_printf(w, "%s%s`%.*s` = %.*s", text, text[11] ? ", " : "", (int)(equals - path),
                         path, (int)(n - (size_t)(equals - path) - 1), equals + 1);
    path += n + (end != NULL);
  }
  return mill_w_printf(w, "%s)", text);
}

static bool refuse(mill_planner *w, const mill_node *n, mill_condition why, const char *path,
                   const mill_catalog_table *t) {
  const char *name[] = {t->database, t->name};
  (void)MILL_W_FAIL_AT(w, n, why, "partitionList", shown(w, path), "tableName",
                       mill_w_quoted_parts(w, name, 2), NULL);
  return false;
}

static bool add_one(mill_planner *w, const mill_node *n, const mill_catalog_table *t,
                    const mill_partition_spec *spec) {
  mill_catalog_partition *old;
  const char *path = mill_partition_path(w, n, t, spec, true);
  if (path == NULL || !find(w, t, path, &old)) return false;
  if (old) return n->if_exists || refuse(w, n, MILL_E_PARTITIONS_ALREADY_EXIST, path, t);
  if (spec->location && t->kind == MILL_TABLE_MANAGED)
    return (void)MILL_W_FAIL_AT(w, n, MILL_E_UNSUPPORTED_FEATURE_TABLE_OPERATION, "tableName",
                                full_name(w, t), "operation",
                                "a LOCATION of a managed table's partition", NULL),
           false;
  const char *location = spec->location ? mill_w_location(w, n, spec->location) : NULL;
  if (w->status) return false;
  w->status = mill_catalog_partition_put(mill_w_catalog(w), t, path, location, w->err);
  if (w->status || t->kind != MILL_TABLE_EXTERNAL || location) return w->status == MILL_OK;
  const char *place = mill_w_printf(w, "%s/%s", t->location, path);
  if (place) w->status = mill_folder_make(w->ctx->files, place, w->err);
  return w->status == MILL_OK;
}

static bool drop_one(mill_planner *w, const mill_node *n, const mill_catalog_table *t,
                     const mill_partition_spec *spec) {
  mill_catalog_partition *p;
  size_t count;
  if (!mill_partitions_of(w, n, t, spec, &p, &count)) return false;
  if (count == 0 && !n->if_exists) {
    const char *path = mill_partition_path(w, n, t, spec, false);
    return path && refuse(w, n, MILL_E_PARTITIONS_NOT_FOUND, path, t);
  }
  for (size_t i = 0; i < count && w->status == MILL_OK; i++)
    w->status = mill_catalog_partition_drop(mill_w_catalog(w), t, &p[i], false, w->err);
  return w->status == MILL_OK;
}

/* Files of a managed table keep their folders: the list says what they belong to. Their partition values
** come from the folders' names, so the files are moved. */
static bool rename_one(mill_planner *w, const mill_node *n, const mill_catalog_table *t) {
  const mill_definition *d = n->definition;
  mill_catalog_partition *old, *there;
  const char *from = mill_partition_path(w, n, t, d->specs[0], true);
  const char *to = from ? mill_partition_path(w, n, t, d->specs[1], true) : NULL;
  if (to == NULL || !find(w, t, from, &old) || !find(w, t, to, &there)) return false;
  if (old == NULL) return refuse(w, n, MILL_E_PARTITIONS_NOT_FOUND, from, t);
  if (there) return refuse(w, n, MILL_E_PARTITIONS_ALREADY_EXIST, to, t);
  mill_catalog *c = mill_w_catalog(w);
  w->status = mill_catalog_partition_put(c, t, to, old->location, w->err);
  for (size_t i = 0; i < old->nfiles && w->status == MILL_OK; i++) {
    const char *base = strrchr(old->file[i].name, '/');
    const char *name = mill_w_printf(w, "%s/%s", to, base ? base + 1 : old->file[i].name);
    const char *a = mill_w_printf(w, "%s/%s", t->location, old->file[i].name);
    const char *b = name ? mill_w_printf(w, "%s/%s", t->location, name) : NULL;
    const char *place = b ? mill_w_printf(w, "%s/%s", t->location, to) : NULL;
    if (a == NULL || place == NULL) return false;
    w->status = mill_folder_make(w->ctx->files, place, w->err);
    if (w->status == MILL_OK)
      w->status = mill_file_link(w->ctx->files, w->ctx->memory, a, b, w->err);
    if (w->status == MILL_OK)
      w->status = mill_catalog_file_add(c, t, to, name, old->file[i].size, w->err);
  }
  if (w->status == MILL_OK) w->status = mill_catalog_partition_drop(c, t, old, false, w->err);
  return w->status == MILL_OK;
}

const mill_node *mill_alter_partitions(mill_planner *w, const mill_node *n,
                                       const mill_catalog_table *t) {
  const mill_definition *d = n->definition;
  static const char *const actions[] = {"ALTER TABLE ADD PARTITION", "ALTER TABLE DROP PARTITION",
                                        "ALTER TABLE RENAME PARTITION"};
  if (t->partitions.n == 0)
    return MILL_W_FAIL_AT(w, n, MILL_E_LEGACY_1251, "action",
                          actions[d->alter - MILL_ALTER_ADD_PARTITION], "tableName", t->name, NULL);
  if (!mill_w_begin(w)) return NULL;
  bool good = true;
  for (int i = 0; i < d->nspecs && good; i++) {
    if (d->alter == MILL_ALTER_RENAME_PARTITION) {
      good = rename_one(w, n, t);
      break;
    }
    good = d->alter == MILL_ALTER_ADD_PARTITION ? add_one(w, n, t, d->specs[i])
                                                : drop_one(w, n, t, d->specs[i]);
  }
  return mill_w_end(w, good) ? mill_nothing(w) : NULL;
}

/* ---- SHOW PARTITIONS ------------------------------------------------------------------------ */

const mill_node *mill_show_partitions(mill_planner *w, const mill_node *n) {
  static const char *const names[] = {"partition"};
  const mill_definition *d = n->definition;
  mill_catalog_partition *p;
  size_t count;
  const mill_catalog_table *t =
      mill_w_need_own_table(w, n, n->alias ? n->alias : "SHOW PARTITIONS");
  if (t == NULL) return NULL;
  if (t->partitions.n == 0)
    return MILL_W_FAIL_AT(w, n, MILL_E_INVALID_PARTITION_OPERATION_PARTITION_SCHEMA_IS_EMPTY,
                          "name", full_name(w, t), NULL);
  if (!mill_partitions_of(w, n, t, d->nspecs ? d->specs[0] : NULL, &p, &count)) return NULL;
  const char **cells = mill_w_alloc(w, (count + 1) * sizeof *cells);
  for (size_t i = 0; cells && i < count; i++) cells[i] = p[i].path;
  return cells ? mill_answer(w, names, "s", cells, (int)count) : NULL;
}

/* ---- MSCK REPAIR TABLE ---------------------------------------------------------------------- */

/* Folders of an external table that are named as partitions. */
static bool recover(mill_planner *w, const mill_catalog_table *t, const char *place,
                    const char *path, int depth) {
  mill_names names;
  mill_catalog_partition *old;
  mill_file_info info;
  if (depth == t->partitions.n) {
    if (!find(w, t, path, &old)) return false;
    if (old == NULL)
      w->status = mill_catalog_partition_put(mill_w_catalog(w), t, path, NULL, w->err);
    return w->status == MILL_OK;
  }
  mill_names_init(&names, w->ctx->memory);
  w->status = mill_folder_list(w->ctx->files, place, &names, w->err);
  for (size_t i = 0; i < names.n && w->status == MILL_OK; i++) {
    const char *equals = strchr(names.name[i], '='), *column = t->partitions.at[depth];
    size_t k = equals ? (size_t)(equals - names.name[i]) : 0;
    if (k != strlen(column) || strncasecmp(names.name[i], column, k) != 0) continue;
    const char *below = mill_w_printf(w, "%s/%s", place, names.name[i]);
    if (below) w->status = mill_file_stat(w->ctx->files, below, &info, w->err);
    if (w->status || !info.folder) continue;
    recover(w, t, below,
            *path ? mill_w_printf(w, "%s/%s", path, names.name[i])
                  : mill_w_copy(w, names.name[i], strlen(names.name[i])),
            depth + 1);
  }
  mill_names_clear(&names);
  return w->status == MILL_OK;
}

const mill_node *mill_repair(mill_planner *w, const mill_node *n) {
  const char *operation = n->kind == MILL_N_REPAIR && n->alias == NULL
                              ? "MSCK REPAIR TABLE"
                              : "ALTER TABLE RECOVER PARTITIONS";
  const mill_catalog_table *t = mill_w_need_own_table(w, n, n->alias ? n->alias : operation);
  mill_file_info info;
  if (t == NULL) return NULL;
  if (t->partitions.n == 0)
    return MILL_W_FAIL_AT(w, n, MILL_E_NOT_A_PARTITIONED_TABLE, "operation", operation,
                          "tableIdentWithDB", full_name(w, t), NULL);
  if (t->kind == MILL_TABLE_MANAGED) return mill_nothing(w); /* its list is the truth */
  w->status = mill_file_stat(w->ctx->files, t->location, &info, w->err);
  if (w->status || !info.exists) return w->status ? NULL : mill_nothing(w);
  if (!mill_w_begin(w)) return NULL;
  return mill_w_end(w, recover(w, t, t->location, "", 0)) ? mill_nothing(w) : NULL;
}
