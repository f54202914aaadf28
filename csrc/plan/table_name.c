/* Names of tables and databases, looked up in the catalogue; transactions. See warehouse_int.h. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "plan/text_cache.h"
#include "plan/warehouse_int.h"

mill_catalog *mill_w_catalog(mill_planner *w) {
  mill_warehouse *h = mill_session_warehouse(w->session);
  mill_settings_once(&w->set);
  w->status = mill_warehouse_open(h, w->session, w->err);
  if (w->status == MILL_OK && !mill_ledger_began(mill_catalog_ledger(h->catalog)))
    w->status = mill_ledger_refresh(mill_catalog_ledger(h->catalog), w->err);
  return w->status ? NULL : h->catalog;
}

const char *mill_w_database(mill_planner *w) {
  const char *used = mill_session_warehouse(w->session)->database;
  return w->database ? w->database : used ? used : "default";
}

const char *mill_w_small(mill_planner *w, const char *name) {
  char *s = mill_w_alloc(w, strlen(name) + 1);
  for (size_t i = 0; s && name[i]; i++) s[i] = (char)tolower((unsigned char)name[i]);
  return s;
}

const char *mill_w_fold(mill_planner *w, const char *name) {
  const char *s = w->set.case_sensitive ? name : mill_w_small(w, name);
  return s ? s : name;
}

bool mill_w_table_name(mill_planner *w, const mill_node *n, const char *const *parts, int nparts,
                       mill_table_name *out) {
  bool catalog = nparts > 1 && strcasecmp(parts[0], "spark_catalog") == 0;
  int k = catalog ? nparts - 1 : nparts;
  const char *const *p = parts + (nparts - k);
  if (k > 2 || (catalog && k == 1)) {
    (void)MILL_W_FAIL_AT(w, n, MILL_E_REQUIRES_SINGLE_PART_NAMESPACE, "sessionCatalog",
                         "spark_catalog", "identifier", mill_w_quoted_parts(w, parts, nparts),
                         NULL);
    return false;
  }
  *out = (mill_table_name){k == 2 ? mill_w_fold(w, p[0]) : mill_w_database(w),
                           mill_w_fold(w, p[k - 1])};
  return true;
}

static bool plain(const char *s) {
  const char *p = s;
  while (isalnum((unsigned char)*p) || *p == '_') p++;
  return p > s && *p == '\0';
}

bool mill_w_new_name(mill_planner *w, const mill_node *n, const char *name) {
  if (plain(name)) return true;
  (void)MILL_W_FAIL_AT(w, n, MILL_E_INVALID_SCHEMA_OR_RELATION_NAME, "name",
                       mill_w_quoted_parts(w, &name, 1), NULL);
  return false;
}

const char *mill_w_location(mill_planner *w, const mill_node *n, const char *said) {
  const char *at = strncmp(said, "file:", 5) == 0 ? said + 5 : said;
  while (at[0] == '/' && at[1] == '/') at++;
  if (*at == '\0')
    return MILL_W_FAIL_AT(w, n, MILL_E_INVALID_EMPTY_LOCATION, "location", said, NULL);
  if (*at == '/') return at;
  return mill_w_printf(w, "%s/%s",
                       mill_catalog_warehouse(mill_session_warehouse(w->session)->catalog), at);
}

const char *mill_w_full_name(mill_planner *w, mill_table_name name) {
  const char *parts[] = {"spark_catalog", name.database, name.name};
  return mill_w_quoted_parts(w, parts, 3);
}

const char *mill_w_full_database(mill_planner *w, const char *database) {
  const char *parts[] = {"spark_catalog", database};
  return mill_w_quoted_parts(w, parts, 2);
}

bool mill_w_find_table(mill_planner *w, mill_table_name name, const mill_catalog_table **out) {
  mill_catalog *c = mill_w_catalog(w);
  *out = NULL;
  if (c == NULL) return false;
  w->status = mill_catalog_table_get(c, name.database, name.name, w->arena, out, w->err);
  return w->status == MILL_OK;
}

bool mill_w_find_database(mill_planner *w, const char *name, const mill_catalog_database **out) {
  mill_catalog *c = mill_w_catalog(w);
  *out = NULL;
  if (c == NULL) return false;
  w->status = mill_catalog_database_get(c, name, w->arena, out, w->err);
  return w->status == MILL_OK;
}

const mill_node *mill_w_no_table(mill_planner *w, const mill_node *n) {
  bool alters = n->kind == MILL_N_ALTER_TABLE;
  const char *path;
  if (n->nparts > 2 && n->name == NULL)
    path = mill_w_printf(w, "[%s]", mill_w_quoted_parts(w, n->parts, 2));
  else if (alters || (n->name && n->kind != MILL_N_CACHE_TABLE))
    path =
        mill_w_printf(w, "[`system`.`session`, %s]", mill_w_full_database(w, mill_w_database(w)));
  else
    path = mill_w_search_path(w);
  return MILL_W_FAIL_AT(w, n, MILL_E_TABLE_OR_VIEW_NOT_FOUND, "relationName",
                        mill_w_quoted_parts(w, n->parts, n->nparts), "searchPath", path, NULL);
}

const mill_node *mill_w_no_such_table(mill_planner *w, const mill_node *n, mill_table_name name) {
  mill_node *c = mill_w_node_copy(w, n);
  const char **parts = mill_w_alloc(w, 3 * sizeof *parts);
  if (c == NULL || parts == NULL) return NULL;
  parts[0] = "spark_catalog", parts[1] = name.database, parts[2] = name.name;
  c->parts = parts;
  c->nparts = 3;
  c->name = NULL;
  return mill_w_no_table(w, c);
}

const mill_node *mill_w_no_database(mill_planner *w, const mill_node *n, const char *name) {
  return MILL_W_FAIL_AT(w, n, MILL_E_SCHEMA_NOT_FOUND, "schemaName", mill_w_full_database(w, name),
                        NULL);
}

mill_plan *mill_w_temporary(mill_planner *w, const char *const *parts, int nparts) {
  if (nparts == 1) return mill_session_view(w->session, parts[0], false);
  if (nparts == 2 && strcasecmp(parts[0], "global_temp") == 0)
    return mill_session_view(w->session, parts[1], true);
  bool system = nparts == 3 && strcasecmp(parts[0], "system") == 0;
  if ((nparts == 2 || system) && strcasecmp(parts[nparts - 2], "session") == 0)
    return mill_session_view(w->session, parts[nparts - 1], false);
  return NULL;
}

const char *mill_w_temporary_key(mill_planner *w, const char *const *parts, int nparts) {
  const char *name = mill_w_fold(w, parts[nparts - 1]);
  bool global = nparts == 2 && strcasecmp(parts[0], "global_temp") == 0;
  return global ? mill_w_printf(w, "global_temp.%s", name) : name;
}

const mill_catalog_table *mill_w_need_table(mill_planner *w, const mill_node *n) {
  mill_table_name name;
  const mill_catalog_table *t;
  if (!mill_w_table_name(w, n, n->parts, n->nparts, &name) || !mill_w_find_table(w, name, &t))
    return NULL;
  if (t == NULL) (void)mill_w_no_table(w, n);
  return t;
}

const mill_catalog_table *mill_w_need_own_table(mill_planner *w, const mill_node *n,
                                                const char *operation) {
  if (mill_w_temporary(w, n->parts, n->nparts)) {
    const char *name = n->parts[n->nparts - 1];
    (void)MILL_W_FAIL_AT(w, n, MILL_E_EXPECT_TABLE_NOT_VIEW_NO_ALTERNATIVE, "viewName",
                         mill_w_quoted_parts(w, &name, 1), "operation", operation, NULL);
    return NULL;
  }
  const mill_catalog_table *t = mill_w_need_table(w, n);
  if (t == NULL || t->kind != MILL_TABLE_VIEW) return t;
  (void)MILL_W_FAIL_AT(w, n, MILL_E_EXPECT_TABLE_NOT_VIEW_NO_ALTERNATIVE, "viewName",
                       mill_w_full_name(w, (mill_table_name){t->database, t->name}), "operation",
                       operation, NULL);
  return NULL;
}

const mill_catalog_database *mill_w_need_database(mill_planner *w, const mill_node *n,
                                                  const char *name) {
  const mill_catalog_database *d;
  if (!mill_w_find_database(w, name, &d)) return NULL;
  if (d == NULL) (void)mill_w_no_database(w, n, name);
  return d;
}

const char *mill_w_named_database(mill_planner *w, const mill_node *n) {
  if (n->nparts == 0) return mill_w_database(w);
  bool catalog = strcasecmp(n->parts[0], "spark_catalog") == 0;
  if (catalog && n->nparts == 1) return mill_w_database(w);
  if (n->nparts - catalog == 1) return mill_w_fold(w, n->parts[n->nparts - 1]);
  return (void)MILL_W_FAIL_AT(w, n, MILL_E_REQUIRES_SINGLE_PART_NAMESPACE, "sessionCatalog",
                              "spark_catalog", "identifier",
                              mill_w_quoted_parts(w, n->parts, n->nparts), NULL),
         NULL;
}

/* ---- transactions --------------------------------------------------------------------------- */

bool mill_w_begin(mill_planner *w) {
  if (mill_w_catalog(w) == NULL) return false;
  w->status = mill_warehouse_begin(mill_session_warehouse(w->session), w->session, w->err);
  return w->status == MILL_OK;
}

bool mill_w_end(mill_planner *w, bool good) {
  mill_warehouse *h = mill_session_warehouse(w->session);
  bool commits = good && w->status == MILL_OK;
  bool wrote = w->writing;
  w->writing = false;
  if (commits)
    w->status = mill_warehouse_commit(h, w->session, wrote, w->err);
  else
    mill_warehouse_abandon(h, w->session, wrote);
  return commits && w->status == MILL_OK;
}
