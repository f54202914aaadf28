/* ALTER TABLE: properties, columns, names. What Spark refuses for tables of files is refused. */
#include <string.h>
#include <strings.h>

#include "plan/warehouse_int.h"

static const char *full_name(mill_planner *w, const mill_catalog_table *t) {
  return mill_w_full_name(w, (mill_table_name){t->database, t->name});
}

static bool unsupported(mill_planner *w, const mill_node *n, const mill_catalog_table *t,
                        const char *operation) {
  (void)MILL_W_FAIL_AT(w, n, MILL_E_UNSUPPORTED_FEATURE_TABLE_OPERATION, "tableName",
                       full_name(w, t), "operation", operation, NULL);
  return false;
}

/* ---- columns -------------------------------------------------------------------------------- */

static int field_of(mill_planner *w, const mill_type *schema, const char *name) {
  for (uint32_t i = 0; i < schema->nfields; i++)
    if (mill_w_same_name(w, schema->fields[i].name, name)) return (int)i;
  return -1;
}

static bool set_schema(mill_planner *w, mill_catalog_table *t, const mill_field *f, uint32_t n) {
  t->schema = mill_type_struct(w->ctx->types, f, n);
  if (t->schema == NULL) w->status = mill_oom(w->ctx->memory, n, w->err);
  return t->schema != NULL;
}

/* Rows that are there already have the DEFAULT as it is now: their files are told from later ones by the
** table's generation. */
static bool mark_generation(mill_planner *w, mill_catalog_table *t, mill_field *f, int generation) {
  f->metadata = mill_metadata_set(w, f->metadata, "ADDED_IN", mill_w_printf(w, "%d", generation));
  t->generation = generation;
  return f->metadata != NULL;
}

/* New columns stand behind the others, before those of partitions. */
static bool add_columns(mill_planner *w, const mill_node *n, mill_catalog_table *t) {
  const mill_definition *d = n->definition;
  const mill_type *old = t->schema;
  uint32_t before = old->nfields - (uint32_t)t->partitions.n, at = before;
  mill_field *f = mill_w_alloc(w, (old->nfields + (size_t)d->ncolumns + 1) * sizeof *f);
  int generation = t->generation + 1;
  if (d->refused) return unsupported(w, n, t, d->refused);
  if (f == NULL) return false;
  memcpy(f, old->fields, before * sizeof *f);
  const mill_type *texts = mill_collate_texts(w, t->collation);
  if (w->status) return false;
  for (int i = 0; i < d->ncolumns; i++, at++) {
    const mill_column *c = d->columns[i];
    const char *name = c->parts[c->nparts - 1];
    if (c->nparts > 1) return unsupported(w, n, t, "ADD COLUMN with qualified column");
    if (!mill_column_field(w, "ALTER TABLE ADD COLUMNS", c, &f[at])) return false;
    f[at].type = mill_collate_default(w, f[at].type, texts);
    if (f[at].type == NULL) return false;
    bool twice = field_of(w, old, name) >= 0;
    for (uint32_t k = before; k < at; k++) twice |= mill_w_same_name(w, f[k].name, name);
    if (twice)
      return (void)MILL_W_FAIL_AT(w, n, MILL_E_COLUMN_ALREADY_EXISTS, "columnName",
                                  mill_w_quoted_parts(w, &name, 1), NULL),
             false;
    if (c->preset && t->kind == MILL_TABLE_EXTERNAL)
      return unsupported(w, n, t, "ADD COLUMN with DEFAULT to an external table");
    if (c->preset && !mark_generation(w, t, &f[at], generation)) return false;
  }
  memcpy(f + at, old->fields + before, (old->nfields - before) * sizeof *f);
  return set_schema(w, t, f, old->nfields + (uint32_t)d->ncolumns);
}

static bool no_column(mill_planner *w, const mill_node *n, const mill_catalog_table *t,
                      const char *name) {
  const mill_node *rows = mill_table_relation(w, t);
  mill_expr *e = rows ? mill_x_name(w, name) : NULL;
  if (e == NULL) return false;
  mill_scope s = mill_scope_of(rows, NULL);
  e->text = n->text, e->start = n->start, e->stop = n->stop;
  (void)mill_unresolved(w, &s, e);
  return false;
}

static bool change_type(mill_planner *w, const mill_node *n, const mill_catalog_table *t,
                        const mill_column *c, mill_field *f) {
  if (c->comment) f->metadata = mill_metadata_set(w, f->metadata, "comment", c->comment);
  if (c->first || c->after) return unsupported(w, n, t, "ALTER COLUMN ... FIRST | AFTER");
  if (c->type == f->type) return true;
  (void)MILL_W_FAIL_AT(
      w, n, MILL_E_NOT_SUPPORTED_CHANGE_COLUMN, "table", full_name(w, t), "originName",
      mill_w_quoted_parts(w, &f->name, 1), "originType", mill_w_quoted_type(w, f->type), "newName",
      mill_w_quoted_parts(w, &f->name, 1), "newType", mill_w_quoted_type(w, c->type), NULL);
  return false;
}

static bool change_default(mill_planner *w, const mill_column *c, mill_field *f) {
  if (c->preset && !mill_check_default(w, "ALTER TABLE ALTER COLUMN", f->name, f->type, c->preset,
                                       c->preset_text))
    return false;
  f->metadata =
      mill_metadata_set(w, f->metadata, "CURRENT_DEFAULT", c->preset ? c->preset_text : NULL);
  return w->status == MILL_OK;
}

static bool alter_columns(mill_planner *w, const mill_node *n, mill_catalog_table *t) {
  const mill_definition *d = n->definition;
  mill_field *f = mill_w_alloc(w, (t->schema->nfields + 1) * sizeof *f);
  if (f == NULL) return false;
  memcpy(f, t->schema->fields, t->schema->nfields * sizeof *f);
  if (d->ncolumns > 1) return unsupported(w, n, t, "ALTER COLUMN with several columns");
  const mill_column *c = d->columns[0];
  int at = field_of(w, t->schema, c->parts[0]);
  if (at < 0) return no_column(w, n, t, c->parts[0]);
  if (c->nparts > 1) return unsupported(w, n, t, "ALTER COLUMN with qualified column");
  switch (d->change) {
  case MILL_CHANGE_TYPE:
    if (!change_type(w, n, t, c, &f[at])) return false;
    break;
  case MILL_CHANGE_COMMENT:
    f[at].metadata = mill_metadata_set(w, f[at].metadata, "comment", c->comment);
    break;
  case MILL_CHANGE_PRESET:
    if (!change_default(w, c, &f[at])) return false;
    break;
  case MILL_CHANGE_NULLS: return unsupported(w, n, t, "ALTER COLUMN ... SET NOT NULL");
  case MILL_CHANGE_PLACE: return unsupported(w, n, t, "ALTER COLUMN ... FIRST | AFTER");
  }
  return w->status == MILL_OK && set_schema(w, t, f, t->schema->nfields);
}

/* ---- names ---------------------------------------------------------------------------------- */

static bool rename_table(mill_planner *w, const mill_node *n, const mill_catalog_table *t) {
  mill_table_name to;
  const mill_catalog_table *old;
  if (!mill_w_table_name(w, n, n->columns, n->ncolumns, &to)) return false;
  if (n->ncolumns == 1) to.database = t->database;
  if (strcmp(to.database, t->database) != 0)
    return (void)MILL_W_FAIL_AT(w, n, MILL_E_LEGACY_1073, "db", t->database, "newName", to.database,
                                NULL),
           false;
  if (!mill_w_new_name(w, n, to.name) || !mill_w_find_table(w, to, &old)) return false;
  if (old)
    return (void)MILL_W_FAIL_AT(w, n, MILL_E_TABLE_OR_VIEW_ALREADY_EXISTS, "relationName",
                                mill_w_quoted_parts(w, (const char *[]){to.database, to.name}, 2),
                                NULL),
           false;
  w->status = mill_catalog_table_rename(mill_w_catalog(w), t, to.database, to.name, w->err);
  return w->status == MILL_OK;
}

/* ---- all ------------------------------------------------------------------------------------ */

/* The record as it is to be; false: refused. */
static bool changed_table(mill_planner *w, const mill_node *n, mill_catalog_table *t) {
  const mill_definition *d = n->definition;
  switch (d->alter) {
  case MILL_ALTER_PROPERTIES:
    return mill_merge_properties(w, t->properties, d->properties, d->unset, &t->properties);
  case MILL_ALTER_COMMENT: t->comment = d->comment; return true;
  case MILL_ALTER_COLLATION: t->collation = d->collation; return true;
  case MILL_ALTER_SERDE:
    if (d->refused) return unsupported(w, n, t, d->refused);
    return mill_merge_properties(w, t->options, d->options, false, &t->options);
  case MILL_ALTER_LOCATION:
    if (d->nspecs) return unsupported(w, n, t, "ALTER TABLE PARTITION SET LOCATION");
    t->location = mill_w_location(w, n, d->location);
    t->kind = MILL_TABLE_EXTERNAL;
    return t->location != NULL;
  case MILL_ALTER_ADD_COLUMNS: return add_columns(w, n, t);
  case MILL_ALTER_COLUMN: return alter_columns(w, n, t);
  case MILL_ALTER_REPLACE_COLUMNS: return unsupported(w, n, t, "REPLACE COLUMNS");
  case MILL_ALTER_DROP_COLUMNS: return unsupported(w, n, t, "DROP COLUMN");
  case MILL_ALTER_RENAME_COLUMN: return unsupported(w, n, t, "RENAME COLUMN");
  case MILL_ALTER_CONSTRAINT: return unsupported(w, n, t, "ADD CONSTRAINT");
  case MILL_ALTER_CLUSTER: t->clusters = d->clusters; return true;
  default: return unsupported(w, n, t, "ALTER TABLE");
  }
}

static const char *operation_of(const mill_definition *d) {
  switch (d->alter) {
  case MILL_ALTER_ADD_COLUMNS: return "ALTER TABLE ... ADD COLUMN";
  case MILL_ALTER_COLUMN: return "ALTER TABLE ... ALTER COLUMN";
  case MILL_ALTER_DROP_COLUMNS: return "ALTER TABLE ... DROP COLUMNS";
  case MILL_ALTER_RENAME_COLUMN: return "ALTER TABLE ... RENAME COLUMN";
  case MILL_ALTER_REPLACE_COLUMNS: return "ALTER TABLE ... REPLACE COLUMNS";
  default: return "ALTER TABLE";
  }
}

/* A view has columns of its query, and ALTER VIEW for the rest. */
static bool refuse_view(mill_planner *w, const mill_node *n, const mill_catalog_table *t) {
  const mill_definition *d = n->definition;
  const char *name = n->parts[n->nparts - 1];
  bool column = d->alter >= MILL_ALTER_ADD_COLUMNS && d->alter <= MILL_ALTER_COLUMN;
  if (column)
    (void)MILL_W_FAIL_AT(w, n, MILL_E_EXPECT_TABLE_NOT_VIEW_NO_ALTERNATIVE, "viewName",
                         full_name(w, t), "operation", operation_of(d), NULL);
  else
    (void)MILL_W_FAIL_AT(w, n, MILL_E_EXPECT_TABLE_NOT_VIEW_USE_ALTER_VIEW, "operation",
                         "ALTER TABLE", "viewName", mill_w_quoted_parts(w, &name, 1), NULL);
  return false;
}

static bool alter(mill_planner *w, const mill_node *n) {
  const mill_catalog_table *t = mill_w_need_table(w, n);
  if (t == NULL) return false;
  bool comment = n->definition->alter == MILL_ALTER_COMMENT;
  if (t->kind == MILL_TABLE_VIEW && !n->view && !comment) return refuse_view(w, n, t);
  if (n->definition->alter == MILL_ALTER_RENAME) return rename_table(w, n, t);
  mill_catalog_table changed = *t;
  if (!changed_table(w, n, &changed)) return false;
  w->status = mill_catalog_table_put(mill_w_catalog(w), &changed, w->err);
  return w->status == MILL_OK;
}

const mill_node *mill_alter_table(mill_planner *w, const mill_node *n) {
  const mill_definition *d = n->definition;
  switch (d->alter) {
  case MILL_ALTER_ADD_PARTITION:
  case MILL_ALTER_DROP_PARTITION:
  case MILL_ALTER_RENAME_PARTITION: {
    const mill_catalog_table *t = mill_w_need_own_table(w, n, operation_of(d));
    return t ? mill_alter_partitions(w, n, t) : NULL;
  }
  case MILL_ALTER_RECOVER_PARTITIONS: return mill_repair(w, n);
  default: break;
  }
  if (mill_w_temporary(w, n->parts, n->nparts))
    return MILL_W_FAIL_AT(w, n, MILL_E_EXPECT_TABLE_NOT_VIEW_USE_ALTER_VIEW, "operation",
                          "ALTER TABLE", "viewName", mill_w_quoted_parts(w, n->parts, n->nparts),
                          NULL);
  if (!mill_w_begin(w)) return NULL;
  return mill_w_end(w, alter(w, n)) ? mill_nothing(w) : NULL;
}
