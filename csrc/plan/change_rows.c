/* DELETE and UPDATE of snapshot tables: files that hold a row of the condition are written anew, the others
** stay. Spark: DeleteFromTable, UpdateTable, ReplaceData. */
#include <string.h>
#include <strings.h>

#include "plan/warehouse_int.h"

static const char *full_name(mill_planner *w, const mill_catalog_table *t) {
  return mill_w_full_name(w, (mill_table_name){t->database, t->name});
}

bool mill_table_changes(mill_planner *w, const mill_node *n, const mill_catalog_table *t,
                        const char *operation) {
  if (strcasecmp(t->provider, "snapshot") == 0 && t->kind == MILL_TABLE_MANAGED) return true;
  (void)MILL_W_FAIL_AT(w, n,
                       n->kind == MILL_N_DELETE ? MILL_E_UNSUPPORTED_FEATURE_TABLE_OPERATION
                                                : MILL_E_UNSUPPORTED_FEATURE_ROW_OPERATION,
                       "tableName", full_name(w, t), "operation", operation, NULL);
  return false;
}

/* Rows of the files, called by the alias of the statement where it gives one. */
const mill_node *mill_target_rows(mill_planner *w, const mill_node *n, const mill_catalog_table *t,
                                  const mill_catalog_partition *p, size_t count) {
  const mill_node *rows = mill_table_files(w, t, p, count);
  return rows && n->alias ? mill_requalify(w, rows, n->alias, NULL, true) : rows;
}

/* Is the condition true? NULL is not. */
static const mill_expr *holds(mill_planner *w, const mill_expr *condition) {
  return mill_x_call(w, "coalesce", 2, condition, mill_x_bool(w, false));
}

static const mill_node *filtered(mill_planner *w, const mill_node *rows, const mill_expr *e) {
  mill_node *f = mill_w_unary(w, MILL_N_FILTER, rows);
  mill_exprs l = {0};
  if (f == NULL || !mill_exprs_add(w, &l, e)) return NULL;
  f->analysed = false;
  f->exprs = l.at;
  f->nexprs = 1;
  return f;
}

/* Does any row of the file meet the condition? */
static bool touches(mill_planner *w, const mill_node *n, const mill_catalog_table *t,
                    const mill_catalog_partition *p, bool *out) {
  mill_table *found = NULL;
  const mill_node *rows = mill_target_rows(w, n, t, p, 1);
  const mill_node *q = rows ? filtered(w, rows, n->definition->where) : NULL;
  mill_node *limit = q ? mill_w_unary(w, MILL_N_LIMIT, q) : NULL;
  mill_exprs l = {0};
  if (limit == NULL || !mill_exprs_add(w, &l, mill_x_int(w, 1))) return false;
  limit->analysed = false;
  limit->exprs = l.at;
  limit->nexprs = 1;
  const mill_node *analysed = mill_analyse(w, limit, NULL);
  if (analysed == NULL) return false;
  w->status = mill_plan_rows(w, analysed, false, &found);
  *out = found && found->rows > 0;
  mill_table_unref(found);
  return w->status == MILL_OK;
}

/* ---- UPDATE --------------------------------------------------------------------------------- */

static const mill_assignment *assigned(mill_planner *w, const mill_node *n, const char *name) {
  for (int i = 0; i < n->definition->nset; i++) {
    const mill_assignment *a = n->definition->set[i];
    if (mill_w_same_name(w, a->parts[a->nparts - 1], name)) return a;
  }
  return NULL;
}

/* SET names columns of the table, each once. */
bool mill_check_assignments(mill_planner *w, const mill_node *rows, const mill_catalog_table *t,
                            const mill_assignment *const *set, int n) {
  mill_scope s = mill_scope_of(rows, NULL);
  for (int i = 0; i < n; i++) {
    mill_expr *name = mill_x_new(w, MILL_X_NAME, NULL);
    if (name == NULL) return false;
    name->parts = (const char **)set[i]->parts;
    name->nparts = set[i]->nparts;
    name->text = set[i]->text, name->start = set[i]->start, name->stop = set[i]->stop;
    const mill_expr *c = mill_resolve(w, &s, name);
    if (c == NULL) return false;
    if (c->kind != MILL_X_COLUMN)
      return (void)MILL_W_FAIL_AT(w, name, MILL_E_UNSUPPORTED_FEATURE_TABLE_OPERATION, "tableName",
                                  full_name(w, t), "operation", "SET of a field", NULL),
             false;
    for (int k = 0; k < i; k++)
      if (mill_w_same_name(w, set[k]->parts[set[k]->nparts - 1], set[i]->parts[set[i]->nparts - 1]))
        return (void)MILL_W_FAIL_AT(w, name, MILL_E_COLUMN_ALREADY_EXISTS, "columnName",
                                    mill_w_quoted_parts(w, name->parts + name->nparts - 1, 1),
                                    NULL),
               false;
  }
  return true;
}

const mill_expr *mill_assigned_value(mill_planner *w, const mill_scope *s,
                                     const mill_catalog_table *t, const mill_field *f,
                                     const mill_assignment *a) {
  const mill_expr *e = a->value ? mill_resolve(w, s, a->value) : mill_column_default(w, f);
  return mill_stored_value(w, t, f, e);
}

static const mill_node *updated(mill_planner *w, const mill_node *n, const mill_catalog_table *t,
                                const mill_node *rows) {
  mill_scope s = mill_scope_of(rows, NULL);
  mill_exprs l = {0};
  const mill_expr *where = n->definition->where;
  if (!mill_check_assignments(w, rows, t, n->definition->set, n->definition->nset)) return NULL;
  for (uint32_t i = 0; i < t->schema->nfields; i++) {
    const mill_field *f = &t->schema->fields[i];
    const mill_expr *column = rows->output[i], *item = column;
    const mill_assignment *a = assigned(w, n, f->name);
    if (a) {
      item = mill_assigned_value(w, &s, t, f, a);
      if (item && where) item = mill_x_call(w, "if", 3, holds(w, where), item, column);
      item = mill_x_alias(w, item, f->name);
    }
    if (!mill_exprs_add(w, &l, item)) return NULL;
  }
  mill_node *p = mill_w_unary(w, MILL_N_PROJECT, rows);
  if (p == NULL) return NULL;
  p->analysed = false;
  p->exprs = l.at;
  p->nexprs = l.n;
  return mill_analyse(w, p, NULL);
}

static const mill_node *kept(mill_planner *w, const mill_node *n, const mill_node *rows) {
  const mill_expr *e = mill_x_call(w, "not", 1, holds(w, n->definition->where));
  const mill_node *f = filtered(w, rows, e);
  return f ? mill_analyse(w, f, NULL) : NULL;
}

/* ---- both ----------------------------------------------------------------------------------- */

/* The files of p that the statement touches, in `hit`; p keeps the others. */
static bool split(mill_planner *w, const mill_node *n, const mill_catalog_table *t,
                  mill_catalog_partition *p, mill_catalog_partition *hit) {
  size_t kept_files = 0;
  *hit = (mill_catalog_partition){.path = p->path, .location = p->location};
  hit->file = mill_w_alloc(w, (p->nfiles + 1) * sizeof *hit->file);
  for (size_t i = 0; hit->file && i < p->nfiles; i++) {
    mill_catalog_partition one = {p->path, p->location, &p->file[i], 1};
    bool touched = true;
    if (n->definition->where && !touches(w, n, t, &one, &touched)) return false;
    if (touched)
      hit->file[hit->nfiles++] = p->file[i];
    else
      p->file[kept_files++] = p->file[i];
  }
  p->nfiles = kept_files;
  return hit->file != NULL;
}

static bool change_partition(mill_planner *w, const mill_node *n, const mill_catalog_table *t,
                             mill_catalog_partition *p) {
  mill_catalog *c = mill_w_catalog(w);
  mill_catalog_partition hit;
  if (!split(w, n, t, p, &hit)) return false;
  if (hit.nfiles == 0) return true;
  w->status = mill_catalog_files_put(c, t, p, w->err);
  for (size_t i = 0; i < hit.nfiles && w->status == MILL_OK; i++)
    w->status = mill_catalog_file_drop(c, t, hit.file[i].name, w->err);
  if (w->status) return false;
  bool update = n->kind == MILL_N_UPDATE;
  if (!update && n->definition->where == NULL) return true;
  const mill_node *rows = mill_target_rows(w, n, t, &hit, 1);
  if (rows) rows = update ? updated(w, n, t, rows) : kept(w, n, rows);
  return rows && mill_table_write(w, t, rows, false, "");
}

static bool change_table(mill_planner *w, const mill_node *n, const mill_catalog_table *t) {
  bool update = n->kind == MILL_N_UPDATE;
  mill_catalog_partition *p;
  size_t count;
  w->status = mill_catalog_partitions(mill_w_catalog(w), t, "", w->arena, &p, &count, w->err);
  if (w->status) return false;
  if (count == 0) { /* the statement must mean something all the same */
    const mill_node *rows = mill_target_rows(w, n, t, p, 0);
    return rows && (update ? updated(w, n, t, rows) != NULL
                           : n->definition->where == NULL || kept(w, n, rows) != NULL);
  }
  for (size_t i = 0; i < count; i++)
    if (!change_partition(w, n, t, &p[i])) return false;
  return true;
}

bool mill_delete_rows(mill_planner *w, const mill_node *n, const mill_catalog_table *t) {
  return change_table(w, n, t);
}

static bool change(mill_planner *w, const mill_node *n) {
  bool update = n->kind == MILL_N_UPDATE;
  const mill_catalog_table *t = mill_w_need_own_table(w, n, update ? "UPDATE" : "DELETE");
  return t && mill_table_changes(w, n, t, update ? "UPDATE TABLE" : "DELETE") &&
         change_table(w, n, t);
}

const mill_node *mill_change_rows(mill_planner *w, const mill_node *n) {
  if (!mill_w_begin(w)) return NULL;
  return mill_w_end(w, change(w, n)) ? mill_nothing(w) : NULL;
}
