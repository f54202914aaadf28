/* CREATE, ALTER and DROP of databases, USE. */
#include <string.h>
#include <strings.h>

#include "plan/text_cache.h"
#include "plan/warehouse_int.h"

static const char *place(mill_planner *w, const mill_node *n, const char *name) {
  const char *said = n->definition->location;
  const char *root = mill_catalog_warehouse(mill_session_warehouse(w->session)->catalog);
  return said ? mill_w_location(w, n, said) : mill_w_printf(w, "%s/%s.db", root, name);
}

static bool create(mill_planner *w, const mill_node *n, const char *name) {
  const mill_catalog_database *old;
  const mill_definition *d = n->definition;
  const char *location = place(w, n, name);
  if (!location || !mill_w_new_name(w, n, name) || !mill_w_find_database(w, name, &old))
    return false;
  if (old && n->if_exists) return true;
  if (old)
    return (void)MILL_W_FAIL_AT(w, n, MILL_E_SCHEMA_ALREADY_EXISTS, "schemaName",
                                mill_w_quoted_parts(w, &name, 1), NULL),
           false;
  mill_catalog_database made = {.name = name,
                                .comment = d->comment ? d->comment : "",
                                .location = location,
                                .properties = d->properties};
  w->status = mill_catalog_database_put(mill_w_catalog(w), &made, w->err);
  if (w->status == MILL_OK) w->status = mill_folder_make(w->ctx->files, made.location, w->err);
  return w->status == MILL_OK;
}

static bool drop_contents(mill_planner *w, const char *name, mill_word_list tables,
                          mill_word_list functions) {
  mill_catalog *c = mill_w_catalog(w);
  const mill_catalog_table *t;
  for (int i = 0; i < tables.n && w->status == MILL_OK; i++) {
    w->status = mill_catalog_table_get(c, name, tables.at[i], w->arena, &t, w->err);
    if (w->status == MILL_OK) w->status = mill_catalog_table_drop(c, t, w->err);
  }
  for (int i = 0; i < functions.n && w->status == MILL_OK; i++)
    w->status = mill_catalog_function_drop(c, name, functions.at[i], w->err);
  return w->status == MILL_OK;
}

static bool drop(mill_planner *w, const mill_node *n, const char *name) {
  const mill_catalog_database *d;
  mill_word_list tables, functions;
  if (!mill_w_find_database(w, name, &d)) return false;
  if (d == NULL) return n->if_exists || mill_w_no_database(w, n, name);
  if (strcmp(name, "default") == 0)
    return (void)MILL_W_FAIL_AT(w, n, MILL_E_UNSUPPORTED_FEATURE_DROP_DATABASE, "database",
                                mill_w_full_database(w, name), NULL),
           false;
  mill_catalog *c = mill_w_catalog(w);
  w->status = mill_catalog_names(c, 't', name, w->arena, &tables, w->err);
  if (w->status == MILL_OK)
    w->status = mill_catalog_names(c, 'f', name, w->arena, &functions, w->err);
  if (w->status) return false;
  if (tables.n + functions.n > 0 && !n->all)
    return (void)MILL_W_FAIL_AT(w, n, MILL_E_SCHEMA_NOT_EMPTY, "schemaName",
                                mill_w_quoted_parts(w, &name, 1), NULL),
           false;
  if (!drop_contents(w, name, tables, functions)) return false;
  w->status = mill_catalog_database_drop(c, name, w->err);
  return w->status == MILL_OK;
}

/* `old` with the keys of `change` set, or without them. */
bool mill_merge_properties(mill_planner *w, mill_options old, mill_options change, bool unset,
                           mill_options *out) {
  mill_option *at = mill_w_alloc(w, (size_t)(old.n + change.n + 1) * sizeof *at);
  int n = 0;
  if (at == NULL) return false;
  for (int i = 0; i < old.n; i++) {
    bool named = false;
    for (int k = 0; k < change.n; k++) named |= strcmp(old.at[i].key, change.at[k].key) == 0;
    if (!named) at[n++] = old.at[i];
  }
  for (int k = 0; !unset && k < change.n; k++) at[n++] = change.at[k];
  *out = (mill_options){at, n};
  return true;
}

static bool alter(mill_planner *w, const mill_node *n, const char *name) {
  const mill_definition *d = n->definition;
  const mill_catalog_database *old = mill_w_need_database(w, n, name);
  if (old == NULL) return false;
  mill_catalog_database changed = *old;
  switch (d->alter) {
  case MILL_ALTER_COMMENT: changed.comment = d->comment; break;
  case MILL_ALTER_LOCATION: changed.location = place(w, n, name); break;
  case MILL_ALTER_PROPERTIES:
    if (!mill_merge_properties(w, old->properties, d->properties, d->unset, &changed.properties))
      return false;
    break;
  default: break;
  }
  if (changed.location == NULL) return false;
  w->status = mill_catalog_database_put(mill_w_catalog(w), &changed, w->err);
  return w->status == MILL_OK;
}

static const mill_node *use(mill_planner *w, const mill_node *n) {
  if (n->name && strcasecmp(n->name, "spark_catalog") != 0)
    return MILL_W_FAIL_AT(w, n, MILL_E_CATALOG_NOT_FOUND, "catalogName",
                          mill_w_quoted_parts(w, &n->name, 1), "config",
                          mill_error_fmt(w->err, "\"spark.sql.catalog.%s\"", n->name), NULL);
  if (n->name) return mill_nothing(w);
  const char *name = mill_w_named_database(w, n);
  if (name == NULL || !mill_w_need_database(w, n, name)) return NULL;
  w->status = mill_warehouse_use(mill_session_warehouse(w->session), name, w->err);
  mill_text_cache_clear(mill_session_texts(w->session));
  return w->status ? NULL : mill_nothing(w);
}

const mill_node *mill_database_command(mill_planner *w, const mill_node *n) {
  n = mill_identifier(w, n);
  if (n == NULL) return NULL;
  if (n->kind == MILL_N_USE) return use(w, n);
  const char *name = mill_w_named_database(w, n);
  if (name == NULL || !mill_w_begin(w)) return NULL;
  bool good = n->kind == MILL_N_CREATE_DATABASE ? create(w, n, name)
              : n->kind == MILL_N_DROP_DATABASE ? drop(w, n, name)
                                                : alter(w, n, name);
  return mill_w_end(w, good) ? mill_nothing(w) : NULL;
}
