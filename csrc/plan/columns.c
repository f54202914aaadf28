/* withColumns, drop, withColumnsRenamed: select lists made from the columns that are there. */
#include <string.h>

#include "plan/plan_int.h"

/* The name of |> SET or |> DROP must be there. */
static bool there(mill_planner *w, const mill_node *n, const mill_scope *s,
                  const char *const *name) {
  if (n->name == NULL) return true;
  for (int i = 0; i < s->ncolumns; i++)
    if (mill_w_same_name(w, s->column[i]->name, *name)) return true;
  mill_expr *e = mill_x_new(w, MILL_X_NAME, NULL);
  const char **parts = mill_w_alloc(w, sizeof *parts);
  if (e == NULL || parts == NULL) return false;
  parts[0] = *name;
  e->parts = parts, e->nparts = 1;
  (void)mill_unresolved(w, s, e);
  return false;
}

/* Such columns come last, and each sees those before it. */
static bool is_new(mill_planner *w, const mill_node *child, const char *name) {
  for (int i = 0; i < child->noutput; i++)
    if (mill_w_same_name(w, child->output[i]->name, name)) return false;
  return true;
}

static const mill_node *with_columns(mill_planner *w, const mill_node *n, const mill_node *child,
                                     const mill_scope *outer) {
  mill_scope s = mill_scope_of(child, outer);
  mill_exprs added = {0}, items = {0};
  for (int i = 0; i < n->nexprs; i++) {
    for (int k = 0; k < i; k++)
      if (mill_w_same_name(w, added.at[k]->parts[0], n->exprs[i]->parts[0]))
        return MILL_W_FAIL_AT(w, n, MILL_E_COLUMN_ALREADY_EXISTS, "columnName",
                              mill_w_quoted_parts(w, added.at[k]->parts, 1), NULL);
    s.lateral = is_new(w, child, n->exprs[i]->parts[0]) ? &added : NULL;
    if (!there(w, n, &s, n->exprs[i]->parts) ||
        !mill_exprs_add(w, &added, mill_resolve(w, &s, n->exprs[i])) ||
        !mill_no_aggregate(w, n, added.at[i]))
      return NULL;
    if (mill_x_has_aggregate(added.at[i]) && !mill_x_has_window(added.at[i]))
      return MILL_W_FAIL_AT(w, n->exprs[i], MILL_E_MISSING_GROUP_BY, NULL);
  }
  bool *used = mill_w_alloc(w, (size_t)added.n + 1);
  if (used == NULL) return NULL;
  for (int i = 0; i < child->noutput; i++) {
    const mill_expr *item = child->output[i];
    for (int k = 0; k < added.n; k++) {
      if (!mill_w_same_name(w, added.at[k]->parts[0], child->output[i]->name)) continue;
      item = added.at[k];
      used[k] = true;
    }
    if (!mill_exprs_add(w, &items, item)) return NULL;
  }
  for (int k = 0; k < added.n; k++)
    if (!used[k] && !mill_exprs_add(w, &items, added.at[k])) return NULL;
  return mill_build_project(w, child, &items, NULL);
}

/* Names that are none of the columns are let be. A text drops all columns of that name, a name the one that it means. */
static const mill_node *drop(mill_planner *w, const mill_node *n, const mill_node *child,
                             const mill_scope *outer) {
  mill_scope s = mill_scope_of(child, outer);
  mill_exprs items = {0};
  bool *gone = mill_w_alloc(w, (size_t)child->noutput + 1);
  if (gone == NULL) return NULL;
  for (int i = 0; i < n->nexprs; i++) {
    const mill_expr *x = n->exprs[i], *c = x->kind == MILL_X_COLUMN ? x : NULL;
    if (x->kind == MILL_X_NAME) c = mill_resolve_name_quiet(w, &s, x);
    if (w->status || (x->kind == MILL_X_NAME && x->nparts == 1 && !there(w, n, &s, x->parts)))
      return NULL;
    const char *name = x->kind == MILL_X_TEXT ? x->name : NULL;
    for (int k = 0; k < child->noutput; k++)
      gone[k] |= c ? child->output[k]->id == c->id
                   : name && mill_w_same_name(w, child->output[k]->name, name);
  }
  for (int k = 0; k < child->noutput; k++)
    if (!gone[k] && !mill_exprs_add(w, &items, child->output[k])) return NULL;
  return mill_w_project(w, child, &items);
}

static const mill_node *rename_columns(mill_planner *w, const mill_node *n,
                                       const mill_node *child) {
  mill_exprs items = {0};
  for (int k = 0; k < child->noutput; k++) {
    const mill_expr *item = child->output[k];
    const char *name = item->name;
    for (int i = 0; i + 1 < n->ncolumns; i += 2)
      if (mill_w_same_name(w, name, n->columns[i])) name = n->columns[i + 1];
    if (name != item->name) item = mill_x_alias(w, item, name);
    if (!mill_exprs_add(w, &items, item)) return NULL;
  }
  return mill_w_project(w, child, &items);
}

const mill_node *mill_analyse_columns(mill_planner *w, const mill_node *n,
                                      const mill_scope *outer) {
  const mill_node *child = mill_analyse(w, n->child[0], outer);
  if (child == NULL) return NULL;
  if (n->kind == MILL_N_WITH_COLUMNS) return with_columns(w, n, child, outer);
  return n->kind == MILL_N_DROP ? drop(w, n, child, outer) : rename_columns(w, n, child);
}
