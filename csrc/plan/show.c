/* SHOW. Patterns: * stands for anything, | between alternatives. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plan/warehouse_int.h"

static bool like(const char *p, const char *s) {
  for (; *p && *p != '|'; p++, s++) {
    if (*p == '*') {
      for (const char *r = s;; r++) {
        if (like(p + 1, r)) return true;
        if (*r == '\0') break;
      }
      break;
    }
    if ((*p | 32) != (*s | 32)) break;
  }
  if ((*p == '\0' || *p == '|') && *s == '\0') return true;
  return false;
}

bool mill_show_matches(const char *pattern, const char *s) {
  for (const char *p = pattern; p; p = strchr(p, '|'), p = p ? p + 1 : NULL)
    if (like(p, s)) return true;
  return pattern == NULL;
}

static int by_name(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names of the functions that there are, further names among them, those of operators not. */
static int function_names(mill_planner *w, const mill_node *node, const char ***out) {
  const char *pattern = node->alias;
  const mill_function *fn;
  const mill_function_store *own = mill_session_functions(w->session);
  mill_catalog *c = node->system ? NULL : mill_w_catalog(w);
  const char *database = mill_w_named_database(w, node);
  mill_word_list lasting = {0};
  if (c && database) w->status = mill_catalog_names(c, 'f', database, w->arena, &lasting, w->err);
  if (w->status) return 0;
  size_t most = 1 + own->n + (size_t)lasting.n;
  int n = 0;
  for (size_t i = 0; (fn = mill_function_at(i)) != NULL; i++) {
    most++;
    for (const char *s = fn->alias; s && *s; s++) most += *s == ',' || s == fn->alias;
  }
  const char **cells = mill_w_alloc(w, most * sizeof *cells);
  for (size_t i = 0; cells && !node->system && i < own->n; i++) {
    if (mill_show_matches(pattern, own->at[i].name)) cells[n++] = own->at[i].name;
  }
  for (int i = 0; cells && i < (int)lasting.n; i++) {
    const char *name = mill_w_printf(w, "spark_catalog.%s.%s", database, lasting.at[i]);
    if (name && mill_show_matches(pattern, lasting.at[i])) cells[n++] = name;
  }
  for (size_t i = 0; cells && !node->user && (fn = mill_function_at(i)) != NULL; i++) {
    if (fn->flags & MILL_FN_HIDDEN) continue;
    if (mill_show_matches(pattern, fn->name)) cells[n++] = fn->name;
    for (const char *s = fn->alias; s && *s;) {
      s += strspn(s, " ,=");
      size_t size = strcspn(s, ",");
      const char *name = mill_w_copy(w, s, size);
      if (name && mill_show_matches(pattern, name)) cells[n++] = name;
      s += size;
    }
  }
  if (cells) qsort(cells, (size_t)n, sizeof *cells, by_name);
  *out = cells;
  return n;
}

static const mill_node *functions(mill_planner *w, const mill_node *n) {
  static const char *const names[] = {"function"};
  const char **cells = NULL;
  int rows = function_names(w, n, &cells);
  return cells ? mill_answer(w, names, "s", cells, rows) : NULL;
}

/* ---- tables and views ----------------------------------------------------------------------- */

/* Of the catalogue, then temporary views. */
static const mill_node *tables(mill_planner *w, const mill_node *n) {
  static const char *const names[] = {"namespace", "tableName", "isTemporary"};
  static const char *const view_names[] = {"namespace", "viewName", "isTemporary"};
  bool views = strcmp(n->name, "VIEWS") == 0;
  bool global = n->nparts == 1 && strcasecmp(n->parts[0], "global_temp") == 0;
  const char *database = global ? "global_temp" : mill_w_named_database(w, n), *v;
  mill_word_list stored = {0};
  const mill_catalog_table *t;
  int rows = 0, temporary = 0;
  if (database == NULL || (!global && !mill_w_need_database(w, n, database))) return NULL;
  if (!global) {
    w->status = mill_catalog_names(mill_w_catalog(w), 't', database, w->arena, &stored, w->err);
    if (w->status) return NULL;
  }
  while (mill_session_view_at(w->session, temporary, false)) temporary++;
  int globals = 0;
  while (global && mill_session_view_at(w->session, globals, true)) globals++;
  const char **cells =
      mill_w_alloc(w, (size_t)(3 * (stored.n + temporary + globals) + 3) * sizeof *cells);
  if (cells == NULL) return NULL;
  for (int i = 0; i < stored.n; i++) {
    if (!mill_show_matches(n->alias, stored.at[i])) continue;
    if (views) {
      if (!mill_w_find_table(w, (mill_table_name){database, stored.at[i]}, &t)) return NULL;
      if (t == NULL || t->kind != MILL_TABLE_VIEW) continue;
    }
    cells[3 * rows] = database, cells[3 * rows + 1] = stored.at[i], cells[3 * rows++ + 2] = "false";
  }
  for (int g = global; g >= 0; g--)
    for (int i = 0; (v = mill_session_view_at(w->session, i, g)) != NULL; i++) {
      if (!mill_show_matches(n->alias, v)) continue;
      cells[3 * rows] = g ? "global_temp" : "";
      cells[3 * rows + 1] = v, cells[3 * rows++ + 2] = "true";
    }
  return mill_answer(w, views ? view_names : names, "ssb", cells, rows);
}

static const mill_node *table_extended(mill_planner *w, const mill_node *n) {
  static const char *const names[] = {"namespace", "tableName", "isTemporary", "information"};
  const char *database = mill_w_named_database(w, n);
  mill_word_list stored;
  const mill_catalog_table *t;
  int rows = 0;
  if (database == NULL || !mill_w_need_database(w, n, database)) return NULL;
  w->status = mill_catalog_names(mill_w_catalog(w), 't', database, w->arena, &stored, w->err);
  if (w->status) return NULL;
  const char **cells = mill_w_alloc(w, (size_t)(4 * stored.n + 4) * sizeof *cells);
  for (int i = 0; cells && i < stored.n; i++) {
    if (!mill_show_matches(n->alias, stored.at[i])) continue;
    if (!mill_w_find_table(w, (mill_table_name){database, stored.at[i]}, &t) || t == NULL)
      return NULL;
    cells[4 * rows] = database, cells[4 * rows + 1] = t->name, cells[4 * rows + 2] = "false";
    cells[4 * rows + 3] = mill_table_information(w, t);
    if (cells[4 * rows++ + 3] == NULL) return NULL;
  }
  return cells ? mill_answer(w, names, "ssbs", cells, rows) : NULL;
}

static const mill_node *columns(mill_planner *w, const mill_node *n) {
  static const char *const names[] = {"col_name"};
  const mill_node *q = mill_analyse_relation(w, n, NULL);
  const char **cells = q ? mill_w_alloc(w, (size_t)(q->noutput + 1) * sizeof *cells) : NULL;
  for (int i = 0; cells && i < q->noutput; i++) cells[i] = q->output[i]->name;
  return cells ? mill_answer(w, names, "s", cells, q->noutput) : NULL;
}

/* ---- properties, text ----------------------------------------------------------------------- */

static const mill_node *properties(mill_planner *w, const mill_node *n) {
  static const char *const names[] = {"key", "value"};
  if (mill_w_temporary(w, n->parts, n->nparts)) return mill_answer(w, names, "ss", NULL, 0);
  const mill_catalog_table *t = mill_w_need_table(w, n);
  if (t == NULL) return NULL;
  mill_options o = t->properties;
  const char **cells = mill_w_alloc(w, (size_t)(2 * o.n + 2) * sizeof *cells);
  int rows = 0;
  if (cells == NULL) return NULL;
  if (n->alias) {
    const char *value = NULL;
    for (int i = 0; i < o.n; i++)
      if (strcmp(o.at[i].key, n->alias) == 0) value = o.at[i].value;
    cells[0] = n->alias;
    cells[1] = value ? value
                     : mill_w_printf(w, "Table spark_catalog.%s.%s does not have property: %s",
                                     t->database, t->name, n->alias);
    return mill_answer(w, names, "ss", cells, 1);
  }
  const char *last = NULL;
  for (int i = 0; i < o.n; i++) { /* by key */
    const mill_option *next = NULL;
    for (int k = 0; k < o.n; k++)
      if ((last == NULL || strcmp(o.at[k].key, last) > 0) &&
          (next == NULL || strcmp(o.at[k].key, next->key) < 0))
        next = &o.at[k];
    if (next == NULL) break;
    cells[2 * rows] = last = next->key, cells[2 * rows++ + 1] = next->value;
  }
  return mill_answer(w, names, "ss", cells, rows);
}

static const char *literal(mill_planner *w, const char *s) {
  const char *text = "'";
  for (; *s; s++) text = mill_w_printf(w, *s == '\'' || *s == '\\' ? "%s\\%c" : "%s%c", text, *s);
  return mill_w_printf(w, "%s'", text);
}

static const char *bare(mill_planner *w, const char *name) {
  const char *p = name;
  while ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || *p == '_' ||
         (p > name && *p >= '0' && *p <= '9'))
    p++;
  return p > name && *p == '\0' ? name : mill_w_quoted_parts(w, &name, 1);
}

static const char *option_lines(mill_planner *w, const char *text, const char *title,
                                mill_options o) {
  if (o.n == 0) return text;
  text = mill_w_printf(w, "%s%s (\n", text, title);
  const char *last = NULL;
  for (int i = 0; i < o.n; i++) {
    const mill_option *next = NULL;
    for (int k = 0; k < o.n; k++)
      if ((last == NULL || strcmp(o.at[k].key, last) > 0) &&
          (next == NULL || strcmp(o.at[k].key, next->key) < 0))
        next = &o.at[k];
    if (next == NULL) break;
    text = mill_w_printf(w, "%s%s  %s = %s", text, last ? ",\n" : "", literal(w, next->key),
                         literal(w, next->value ? next->value : ""));
    last = next->key;
  }
  return mill_w_printf(w, "%s)\n", text);
}

static const char *type_sql(mill_planner *w, const mill_type *t) {
  mill_text s;
  if (w->status) return "";
  mill_text_init(&s, w->ctx->memory);
  w->status = mill_type_sql(t, &s, w->err);
  const char *text = w->status ? "" : mill_w_copy(w, s.data, s.size);
  mill_text_clear(&s);
  if (t->id == MILL_STRING && t->collation == MILL_UTF8_BINARY && !t->written)
    return mill_w_printf(w, "%s COLLATE UTF8_BINARY", text);
  return text;
}

static const char *name_list(mill_planner *w, mill_word_list l) {
  const char *text = "(";
  for (int i = 0; i < l.n; i++)
    text = mill_w_printf(w, "%s%s%s", text, i ? ", " : "", bare(w, l.at[i]));
  return mill_w_printf(w, "%s)", text);
}

static const char *create_text(mill_planner *w, const mill_catalog_table *t) {
  bool view = t->kind == MILL_TABLE_VIEW;
  const char *text =
      view ? mill_w_printf(w, "CREATE VIEW %s.%s (\n", bare(w, t->database), bare(w, t->name))
           : mill_w_printf(w, "CREATE TABLE spark_catalog.%s.%s (\n", bare(w, t->database),
                           bare(w, t->name));
  for (uint32_t i = 0; i < t->schema->nfields; i++) {
    const mill_field *f = &t->schema->fields[i];
    const char *preset = mill_metadata_text(w, f, "CURRENT_DEFAULT");
    const char *comment = mill_metadata_text(w, f, "comment");
    text = mill_w_printf(w, "%s%s  %s%s%s", text, i ? ",\n" : "", bare(w, f->name), view ? "" : " ",
                         view ? "" : type_sql(w, f->type));
    if (preset) text = mill_w_printf(w, "%s DEFAULT %s", text, preset);
    if (comment) text = mill_w_printf(w, "%s COMMENT %s", text, literal(w, comment));
  }
  text = mill_w_printf(w, "%s)\n", text);
  if (!view) text = mill_w_printf(w, "%sUSING %s\n", text, t->provider);
  if (!view) text = option_lines(w, text, "OPTIONS", t->options);
  if (t->partitions.n)
    text = mill_w_printf(w, "%sPARTITIONED BY %s\n", text, name_list(w, t->partitions));
  if (t->clusters.n) text = mill_w_printf(w, "%sCLUSTER BY %s\n", text, name_list(w, t->clusters));
  if (t->nbuckets) {
    text = mill_w_printf(w, "%sCLUSTERED BY %s\n", text, name_list(w, t->buckets));
    if (t->sorts.n) text = mill_w_printf(w, "%sSORTED BY %s\n", text, name_list(w, t->sorts));
    text = mill_w_printf(w, "%sINTO %d BUCKETS\n", text, t->nbuckets);
  }
  if (t->comment && *t->comment)
    text = mill_w_printf(w, "%sCOMMENT %s\n", text, literal(w, t->comment));
  if (t->kind == MILL_TABLE_EXTERNAL)
    text = mill_w_printf(w, "%sLOCATION 'file:%s'\n", text, t->location);
  text = option_lines(w, text, "TBLPROPERTIES", t->properties);
  if (view)
    text = mill_w_printf(w, "%sWITH SCHEMA %s\nAS %s\n", text,
                         t->schema_mode ? t->schema_mode : "COMPENSATION", t->text);
  return text;
}

static const mill_node *create_table(mill_planner *w, const mill_node *n) {
  static const char *const names[] = {"createtab_stmt"};
  if (n->alias && mill_w_temporary(w, n->parts, n->nparts))
    return MILL_W_FAIL_AT(w, n, MILL_E_UNSUPPORTED_SHOW_CREATE_TABLE_ON_TEMPORARY_VIEW, "tableName",
                          mill_w_quoted_parts(w, n->parts, n->nparts), NULL);
  if (mill_w_temporary(w, n->parts, n->nparts))
    return MILL_W_FAIL_AT(w, n, MILL_E_EXPECT_PERMANENT_VIEW_NOT_TEMP, "operation",
                          "SHOW CREATE TABLE", "viewName",
                          mill_w_quoted_parts(w, n->parts, n->nparts), NULL);
  const mill_catalog_table *t = mill_w_need_table(w, n);
  if (t == NULL) return NULL;
  if (n->extended && n->alias)
    return MILL_W_FAIL_AT(
        w, n, MILL_E_UNSUPPORTED_SHOW_CREATE_TABLE_ON_DATA_SOURCE_TABLE_WITH_AS_SERDE, "tableName",
        mill_w_full_name(w, (mill_table_name){t->database, t->name}), NULL);
  if (n->extended)
    return MILL_W_FAIL_AT(w, n, MILL_E_LEGACY_1274, "table",
                          mill_w_full_name(w, (mill_table_name){t->database, t->name}), NULL);
  const char *text = create_text(w, t);
  return text && w->status == MILL_OK ? mill_answer(w, names, "s", &text, 1) : NULL;
}

/* ---- databases, collations ------------------------------------------------------------------ */

static const mill_node *databases(mill_planner *w, const mill_node *n) {
  static const char *const names[] = {"namespace"};
  mill_word_list list;
  mill_catalog *c = mill_w_catalog(w);
  int rows = 0;
  if (c == NULL) return NULL;
  w->status = mill_catalog_names(c, 'd', NULL, w->arena, &list, w->err);
  const char **cells = w->status ? NULL : mill_w_alloc(w, (size_t)(list.n + 1) * sizeof *cells);
  for (int i = 0; cells && i < list.n; i++)
    if (mill_show_matches(n->alias, list.at[i])) cells[rows++] = list.at[i];
  return cells ? mill_answer(w, names, "s", cells, rows) : NULL;
}

static const mill_node *collations(mill_planner *w, const mill_node *n) {
  return mill_collation_table(w, n->alias, false);
}

static const mill_node *catalogs(mill_planner *w, const mill_node *n) {
  static const char *const names[] = {"catalog"};
  const char *cell = "spark_catalog";
  return mill_answer(w, names, "s", &cell, mill_show_matches(n->alias, cell));
}

static const mill_node *current(mill_planner *w) {
  static const char *const names[] = {"catalog", "namespace"};
  const char *cells[] = {"spark_catalog", mill_w_database(w)};
  return mill_answer(w, names, "ss", cells, 1);
}

const mill_node *mill_show(mill_planner *w, const mill_node *n) {
  static const struct {
    const char *what;
    const mill_node *(*show)(mill_planner *w, const mill_node *n);
  } all[] = {{"FUNCTIONS", functions},
             {"TABLES", tables},
             {"VIEWS", tables},
             {"COLUMNS", columns},
             {"TABLE EXTENDED", table_extended},
             {"TBLPROPERTIES", properties},
             {"PARTITIONS", mill_show_partitions},
             {"CREATE TABLE", create_table},
             {"DATABASES", databases},
             {"COLLATIONS", collations},
             {"CATALOGS", catalogs},
             {"DATABASE RECORDS", mill_show_database_records},
             {"TABLE RECORDS", mill_show_table_records},
             {"TABLE RECORD", mill_show_table_record},
             {"COLUMN RECORDS", mill_show_column_records},
             {"CACHED", mill_show_cached}};
  n = mill_identifier(w, n);
  if (n == NULL) return NULL;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (strcmp(n->name, all[i].what) == 0) return all[i].show(w, n);
  return current(w);
}
